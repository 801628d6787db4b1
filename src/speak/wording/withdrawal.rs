//! Withdrawal from a purchase: the question, the shop's acknowledgement with its date and time, and why not.

use super::{Speak, text};
use crate::decide::lifecycle::{NOT_RETURNABLE, TOO_LATE};
use crate::decide::reply::Reply;

impl Speak<'_> {
    pub(super) fn back(&self, reply: &Reply) -> String {
        match reply {
            Reply::AskReturn { items, ordered, total } => {
                let args = [("items", text(self.items(items))), ("total", text(self.money(total)))];
                let Some(day) = ordered else { return self.say("ask-return-no-day", &args) };
                let id = if items.len() > 1 { "ask-return-all" } else { "ask-return" };
                let [items, total] = args;
                self.say(id, &[items, total, ("day", text(self.day(*day)))])
            }
            Reply::Withdrawn { items, at: Some(at) } => {
                self.say("withdrawn", &[("items", text(self.items(items))), ("moment", text(self.dated(*at)))])
            }
            Reply::Withdrawn { items, at: None } => self.about("withdrawn-no-time", items),
            Reply::WithdrawalRefused { items, code, until } => match (code.as_str(), until) {
                (TOO_LATE, Some(day)) => self
                    .say("withdrawal-too-late", &[("items", text(self.items(items))), ("day", text(self.day(*day)))]),
                (TOO_LATE, None) => self.about("withdrawal-too-late-no-day", items),
                (NOT_RETURNABLE, _) => self.about("withdrawal-not-returnable", items),
                (other, _) => {
                    let why = text(self.code(other));
                    self.say("withdrawal-refused", &[("items", text(self.items(items))), ("why", why)])
                }
            },
            _ => String::new(),
        }
    }
}
