//! Questions and proposals of a shop, as the household hears them.

use super::{Speak, text};
use crate::decide::find::{NO_GUIDE, NOTHING_FOUND, TOO_MANY_QUESTIONS};
use crate::decide::reply::{Idea, Reply};

impl Speak<'_> {
    /// Every reply of a search, and the empty string for any other.
    pub(super) fn find(&self, reply: &Reply) -> String {
        match reply {
            Reply::AskingShop => self.say("asking-shop", &[]),
            Reply::NobodyToAsk => self.say("nobody-to-ask", &[]),
            Reply::OtherMoney { asked, shop } => {
                self.say("other-money", &[("asked", text(self.currency(asked))), ("shop", text(self.currency(shop)))])
            }
            Reply::ShopAsks { text: asked, choices, first } => {
                // The choices follow as a question of their own.
                let asked = asked.trim_end_matches(['?', '.', '!', ':', ' ']).trim_start_matches('¿');
                let choices = self.either("either", choices.iter().cloned());
                let question = self.say("shop-asks", &[("text", text(asked)), ("choices", text(choices))]);
                let hint = first.then(|| self.say("shop-asks-first", &[]));
                self.sentences(std::iter::once(question).chain(hint))
            }
            Reply::Ideas { ideas } => {
                let said = self.either("idea-or", ideas.iter().map(|idea| self.idea(idea)));
                let which = if ideas.len() == 1 { "idea-one" } else { "idea-which" };
                self.sentences([self.say("ideas", &[("ideas", text(said))]), self.say(which, &[])])
            }
            Reply::FoundNothing { code } => self.say(
                match code.as_str() {
                    NO_GUIDE => "found-no-guide",
                    NOTHING_FOUND => "found-nothing",
                    TOO_MANY_QUESTIONS => "found-too-many-questions",
                    _ => "found-no-use",
                },
                &[],
            ),
            _ => String::new(),
        }
    }

    fn idea(&self, idea: &Idea) -> String {
        let args = [("product", text(&idea.product)), ("amount", text(self.money(&idea.amount)))];
        if idea.because.is_empty() {
            return self.say("idea-plain", &args);
        }
        let [product, amount] = args;
        self.say("idea", &[product, amount, ("because", text(&idea.because))])
    }

    /// "euros"; the code of one that has no words here.
    fn currency(&self, code: &str) -> String {
        match code {
            "EUR" | "RON" | "USD" | "GBP" => self.say(&format!("currency-{code}"), &[]),
            other => other.to_owned(),
        }
    }

    /// "a, b, or c".
    fn either(&self, id: &str, all: impl Iterator<Item = String>) -> String {
        let all: Vec<String> = all.collect();
        match all.split_last() {
            Some((last, rest)) if !rest.is_empty() => {
                self.say(id, &[("first", text(rest.join(", "))), ("last", text(last))])
            }
            Some((last, _)) => last.clone(),
            None => String::new(),
        }
    }
}
