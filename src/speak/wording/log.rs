//! The log of an order as a household reads it: what was heard, which guards spoke, who did what.

use super::{Wording, number, text};
use crate::decide::effect::{By, Step};
use crate::decide::guard::{Rung, Verdict};
use crate::decide::order::Confirmation;
use crate::decide::sibling::spoken;
use crate::understand::Lang;

impl Wording {
    /// What was heard and what each guard made of it; the objections first.
    pub fn audit(&self, heard: &str, verdicts: &[Verdict], lang: Lang) -> Vec<String> {
        let speak = self.speak(lang);
        let words = if heard.is_empty() { speak.say("log-words-gone", &[]) } else { heard.to_owned() };
        let objections = verdicts.iter().filter_map(|verdict| {
            verdict.reason.as_ref().map(|reason| format!("{}: {}", verdict.guard, speak.reason(reason)))
        });
        let fine = verdicts.iter().filter(|verdict| verdict.reason.is_none()).count();
        let fine = (fine > 0).then(|| {
            let count = number(i64::try_from(fine).unwrap_or(i64::MAX));
            speak.say("log-no-objection", &[("count", count)])
        });
        let heard = speak.say("log-heard", &[("words", text(words))]);
        std::iter::once(heard).chain(objections).chain(fine).collect()
    }

    /// How the household confirmed an order.
    pub fn confirmed(&self, confirmed: &Confirmation, lang: Lang) -> String {
        let speak = self.speak(lang);
        let id = match confirmed.rung {
            Rung::Adult => "log-confirmed-adult",
            Rung::Challenge => "log-confirmed-challenge",
            Rung::Phrase | Rung::List | Rung::Refuse => "log-confirmed-phrase",
        };
        let words = match confirmed.spoken.as_slice() {
            [] => speak.say("log-words-gone", &[]),
            spoken => spoken.iter().map(|words| format!("\"{words}\"")).collect::<Vec<_>>().join(", "),
        };
        speak.say(id, &[("words", text(words))])
    }

    /// Who or what brought an order into which state.
    pub fn step(&self, step: &Step, lang: Lang) -> String {
        let speak = self.speak(lang);
        let there =
            step.speaker.as_ref().map(|name| speak.say("by-household-there", &[("speaker", text(spoken(name)))]));
        let who = match step.by {
            By::Household => "by-household",
            By::Button => "by-button",
            By::Pin => "by-pin",
            By::Time => "by-time",
            By::Shop => "by-shop",
        };
        let state = speak.say(&format!("state-{}", step.state.name()), &[]);
        let said = speak
            .say("log-step", &[("who", text(there.unwrap_or_else(|| speak.say(who, &[])))), ("state", text(state))]);
        match (step.by, &step.code) {
            (By::Shop, Some(code)) => format!("{said} {}", speak.code(code)),
            (By::Household | By::Button | By::Pin | By::Time | By::Shop, _) => said,
        }
    }
}
