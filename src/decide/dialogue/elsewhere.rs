//! The same wish heard by several speakers of the household: one of them goes on, and the others give way.

use super::super::Now;
use super::super::effect::audit;
use super::super::event::Channel;
use super::super::guard::broadcast;
use super::super::mind::Mind;
use super::super::sibling::{HeardThere, spoken};
use super::{Proposed, Question, State, Talk};
use crate::understand::intent::Intent;

impl Mind {
    /// A wish to buy something begins. By voice, the other speakers learn of it as soon as the shop does.
    pub(super) fn begin(&mut self, talk: Talk, mut proposed: Proposed, now: Now) -> State {
        let is_wish = proposed.parse.intent == Intent::Reorder && proposed.parse.not_an_order.is_none();
        if talk.to.channel != Channel::Voice || !is_wish || self.household.siblings.is_empty() {
            return self.propose(talk, proposed, now);
        }
        let skus = proposed.lines.iter().map(|line| line.sku.clone()).collect();
        let here = self.hears(skus, &proposed.heard.acoustics, now);
        if let Some(there) = self.also_heard(&here, now) {
            if self.is_louder(&there, &here) {
                // It must know that it was heard here, too: then it asks for more than the phrase.
                self.tell_heard(here);
                return self.give_way(&proposed, &there, now);
            }
            proposed.heard_by = Some(there.device);
        }
        let state = self.propose(talk, proposed, now);
        let goes_on = match &state {
            State::Comparing(_) | State::Quoting(_) => true,
            State::Asking { ask, .. } => matches!(ask.question, Question::Which { .. }),
            State::Idle
            | State::Listening { .. }
            | State::Seeking(_)
            | State::Recalling(_)
            | State::Answering { .. }
            | State::Storing { .. }
            | State::Closing { .. } => false,
        };
        if goes_on {
            self.tell_heard(here);
        }
        state
    }

    /// Another speaker heard something while a conversation goes on here that has stored nothing yet. If it is the
    /// same: the quieter one gives way, and the louder one's guards know of it from now on.
    pub(super) fn same_was_heard(&mut self, mut state: State, there: &HeardThere, now: Now) -> State {
        let Some(here) = self.same_here(there, now) else { return state };
        let found = match &mut state {
            State::Comparing(comparing) => Some((&comparing.talk, &mut comparing.proposed)),
            State::Quoting(quoting) => Some((&quoting.talk, &mut quoting.proposed)),
            State::Asking { ask, .. } | State::Answering { ask, .. } => match &mut ask.question {
                Question::Which { proposed, .. } | Question::HowMany { proposed, .. } => Some((&ask.talk, proposed)),
                Question::Confirm(offer) => Some((&ask.talk, &mut offer.proposed)),
                Question::Again
                | Question::PutOnList { .. }
                | Question::GoBack(_)
                | Question::Narrow(_)
                | Question::Suggested(_)
                | Question::ToPerson { .. } => None,
            },
            State::Idle
            | State::Listening { .. }
            | State::Seeking(_)
            | State::Recalling(_)
            | State::Storing { .. }
            | State::Closing { .. } => None,
        };
        let Some((_, proposed)) = found.filter(|(talk, _)| talk.to.channel == Channel::Voice) else { return state };
        if self.is_louder(there, &here) {
            let proposed = proposed.clone();
            return self.give_way(&proposed, there, now);
        }
        // A read-back that is open stays open. The guards are asked again when the phrase is said, and then it takes more.
        proposed.heard_by.get_or_insert_with(|| there.device.clone());
        state
    }

    /// Back to the wake word, without a word: the other speaker answers.
    fn give_way(&mut self, proposed: &Proposed, there: &HeardThere, now: Now) -> State {
        let verdict = broadcast::left_to(&spoken(&there.device), there);
        self.last_reasons = verdict.reason.clone().into_iter().collect();
        self.write_down(vec![audit(None, &proposed.text, vec![verdict], now)]);
        self.rest()
    }
}
