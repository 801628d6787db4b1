//! What the states of a conversation take in: which utterance may enter, what the parser should expect, until when.
//!
//! Never moves a conversation on: the match over transitions is in [`super`].

use super::super::event::{Channel, Heard, Turn};
use super::super::guard::Rung;
use super::super::reply::Reply;
use super::{Admission, Question, State};
use crate::understand::grammar::Expect;

impl Question {
    pub(super) fn expect(&self) -> Expect {
        match self {
            Question::Again | Question::ToPerson { .. } => Expect::Command,
            Question::Which { skus, .. } => Expect::Choice { skus: skus.clone() },
            Question::Confirm(offer) if offer.rung == Rung::Challenge => {
                Expect::Challenge { words: offer.words.clone() }
            }
            Question::Narrow(narrowing) => Expect::Words { choices: narrowing.words() },
            // A yes is enough where there is only one.
            Question::Suggested(suggesting) => match suggesting.skus() {
                skus if skus.len() > 1 => Expect::Choice { skus },
                _ => Expect::Confirm,
            },
            // A number alone is a new quantity there.
            Question::HowMany { .. } | Question::Confirm(_) | Question::PutOnList { .. } | Question::GoBack(_) => {
                Expect::Confirm
            }
        }
    }

    /// What is said where an order that was read back to go back stays; `None`: it is about something to buy.
    pub(super) fn kept(&self, answered: bool) -> Option<Reply> {
        match self {
            Question::GoBack(back) => Some(Reply::NotReturned { items: back.items.clone(), answered }),
            Question::Again
            | Question::Which { .. }
            | Question::HowMany { .. }
            | Question::Confirm(_)
            | Question::PutOnList { .. }
            | Question::Narrow(_)
            | Question::Suggested(_)
            | Question::ToPerson { .. } => None,
        }
    }
}

impl State {
    /// May `heard` enter the conversation as it stands?
    pub(in super::super) fn admits(&self, heard: &Heard) -> Admission {
        let typed = heard.channel != Channel::Voice;
        let otherwise = if typed { Admission::Busy } else { Admission::Late };
        match self {
            State::Idle | State::Closing { .. } if typed || heard.turn.is_none() => Admission::Yes,
            State::Listening { .. } if !typed && heard.turn.is_none() => Admission::Yes,
            State::Answering { ask, turn, .. }
                if ask.talk.to.channel == heard.channel && (typed || *turn == heard.turn) =>
            {
                Admission::Yes
            }
            State::Idle
            | State::Listening { .. }
            | State::Closing { .. }
            | State::Answering { .. }
            | State::Comparing(_)
            | State::Quoting(_)
            | State::Seeking(_)
            | State::Recalling(_)
            | State::Asking { .. }
            | State::Storing { .. } => otherwise,
        }
    }

    pub(in super::super) fn is_of_turn(&self, of: Option<Turn>) -> bool {
        match self {
            State::Listening { .. } => of.is_none(),
            State::Answering { turn, .. } => turn.is_some() && *turn == of,
            State::Idle
            | State::Comparing(_)
            | State::Quoting(_)
            | State::Seeking(_)
            | State::Recalling(_)
            | State::Asking { .. }
            | State::Storing { .. }
            | State::Closing { .. } => false,
        }
    }

    pub(in super::super) fn waits_for_say(&self, of: u32) -> bool {
        match self {
            State::Asking { say, .. } | State::Closing { say, .. } => *say == of,
            State::Idle
            | State::Listening { .. }
            | State::Comparing(_)
            | State::Quoting(_)
            | State::Seeking(_)
            | State::Recalling(_)
            | State::Answering { .. }
            | State::Storing { .. } => false,
        }
    }

    pub(in super::super) fn waits_for_ticket(&self, of: u32) -> bool {
        matches!(self, State::Storing { ticket, .. } if *ticket == of)
    }

    pub(in super::super) fn waits_for_second_ear(&self, of: u32) -> bool {
        matches!(self, State::Comparing(comparing) if comparing.id == of)
    }

    pub(in super::super) fn waits_for_quote(&self, of: &str) -> bool {
        matches!(self, State::Quoting(quoting) if quoting.request_id == of)
    }

    pub(in super::super) fn waits_for_found(&self, of: &str) -> bool {
        matches!(self, State::Seeking(seeking) if seeking.request_id == of)
    }

    pub(in super::super) fn waits_for_history(&self, of: &str) -> bool {
        matches!(self, State::Recalling(recalling) if recalling.request_id == of)
    }

    /// What the parser should expect of the next utterance.
    pub(in super::super) fn expect(&self) -> Expect {
        match self {
            State::Answering { ask, .. } => ask.question.expect(),
            State::Idle
            | State::Listening { .. }
            | State::Comparing(_)
            | State::Quoting(_)
            | State::Seeking(_)
            | State::Recalling(_)
            | State::Asking { .. }
            | State::Storing { .. }
            | State::Closing { .. } => Expect::Command,
        }
    }

    pub(in super::super) fn until_ms(&self) -> Option<u64> {
        match self {
            State::Idle => None,
            State::Comparing(comparing) => Some(comparing.until_ms),
            State::Quoting(quoting) => Some(quoting.until_ms),
            State::Seeking(seeking) => Some(seeking.until_ms()),
            State::Recalling(recalling) => Some(recalling.until_ms()),
            State::Listening { until_ms }
            | State::Asking { until_ms, .. }
            | State::Answering { until_ms, .. }
            | State::Storing { until_ms, .. }
            | State::Closing { until_ms, .. } => Some(*until_ms),
        }
    }

    /// The reason of that deadline.
    pub(in super::super) fn why(&self) -> &'static str {
        match self {
            State::Idle => "nothing",
            State::Listening { .. } => "a command",
            State::Comparing(_) => "a second ear",
            State::Quoting(_) => "a quote",
            State::Seeking(_) => "the shop's advice",
            State::Recalling(_) => "the shop's memory",
            State::Asking { .. } => "the end of a question",
            State::Answering { .. } => "an answer",
            State::Storing { .. } => "the disk",
            State::Closing { .. } => "the end of a reply",
        }
    }
}
