//! Withdrawal from a purchase in two steps: the household asks, the order is read back, the household says yes.
//!
//! Nothing goes back without both steps, and neither the speaker's own voice nor a recording can say the second one.
//! What the shop does not have yet is cancelled instead, as "cancel that" does: there is nothing to send back. The
//! deadline is looked at here as far as it is known; the shop is the judge.

use super::super::effect::audit;
use super::super::event::{Acoustics, Playback};
use super::super::guard::{Rung, Verdict, confidence, echo};
use super::super::ledger::withdrawn;
use super::super::lifecycle::{NOT_RETURNABLE, TOO_LATE};
use super::super::mind::{Address, Mind};
use super::super::order::{Order, OrderId, OrderState};
use super::super::reply::{Item, Reason, Reply};
use super::super::when::Day;
use super::super::{Now, Wall};
use super::answer::{is_contested, is_negative};
use super::{Proposed, Question, State, Talk};
use crate::understand::intent::{Intent, Parse};

const DAY_MS: i64 = 86_400_000;

/// An order that was read back, to go back.
#[derive(Debug, Clone)]
pub(in super::super) struct GoingBack {
    order: OrderId,
    pub(super) items: Vec<Item>,
}

/// What can be done about taking an order back.
enum Way {
    Withdraw,
    /// The shop does not have it, or need not send it.
    Cancel,
    /// Neither; what the household hears.
    Tell(Reply),
}

impl Mind {
    /// "I want to return the coffee": which order that is, read back with the question whether it shall go back.
    pub(super) fn ask_return(&mut self, talk: Talk, parse: &Parse, now: Now) -> State {
        let Some(order) = self.meant_to_go_back(parse, now).cloned() else {
            return self.close_talk(talk, Reply::NothingToReturn, now);
        };
        match self.way_back(&order, now) {
            Way::Tell(reply) => self.close_talk(talk, reply, now),
            Way::Cancel => {
                // The answer comes as soon as that is on disk.
                self.cancel_order(&order.id, talk.to.clone(), now);
                self.done(&talk)
            }
            Way::Withdraw => {
                let items = self.items(&order);
                let question = GoingBack { order: order.id.clone(), items };
                self.read_back_return(talk, question, now)
            }
        }
    }

    fn read_back_return(&mut self, talk: Talk, back: GoingBack, now: Now) -> State {
        let Some(order) = self.household.orders.get(&back.order) else {
            return self.close_talk(talk, Reply::NothingToReturn, now);
        };
        let ordered = now.wall.map(|wall| Day::of(order.confirmed.at_unix_ms, wall));
        let reply = Reply::AskReturn { items: back.items.clone(), ordered, total: order.quote.total() };
        self.ask(talk, Question::GoBack(back), reply, now)
    }

    /// The only match over intents while the second step is waited for: whatever is no clear yes leaves the order.
    pub(super) fn return_answer(&mut self, mut talk: Talk, back: GoingBack, answer: Proposed, now: Now) -> State {
        let kept = |answered| Reply::NotReturned { items: back.items.clone(), answered };
        talk.spoken.push(answer.text.clone());
        if is_negative(&answer) {
            return self.close_talk(talk, kept(true), now);
        }
        let verdicts = self.verdicts_on_answer(&answer);
        let usable = verdicts.iter().all(|verdict| verdict.reason.is_none());
        let clear = is_clear_yes(&answer.parse) && !is_contested(&answer);
        match answer.parse.intent {
            Intent::Repeat | Intent::Why | Intent::Help if usable => self.read_back_return(talk, back, now),
            // "Return the milk", asked about the coffee: another question.
            Intent::Return if usable && self.names_another(&back.order, &answer.parse) => {
                self.ask_return(talk, &answer.parse, now)
            }
            Intent::Confirm | Intent::Affirm | Intent::Return if usable && clear => {
                self.write_down(vec![audit(Some(back.order.clone()), &talk.spoken.join("; "), verdicts, now)]);
                self.withdraw_now(&back.order, talk.to.clone(), now);
                self.done(&talk)
            }
            Intent::Repeat
            | Intent::Why
            | Intent::Help
            | Intent::Confirm
            | Intent::Affirm
            | Intent::Return
            | Intent::Reorder
            | Intent::ListAdd
            | Intent::Change
            | Intent::Deny
            | Intent::Cancel
            | Intent::Status
            | Intent::History
            | Intent::Price
            | Intent::Find
            | Intent::Handoff
            | Intent::News
            | Intent::Stop
            | Intent::None => {
                self.last_reasons = verdicts.iter().filter_map(|verdict| verdict.reason.clone()).collect();
                self.write_down(vec![audit(Some(back.order.clone()), &talk.spoken.join("; "), verdicts, now)]);
                self.close_talk(talk, kept(false), now)
            }
        }
    }

    /// From the command line or a page, which has asked already.
    pub(in super::super) fn withdraw_at_hand(&mut self, id: &OrderId, to: Address, now: Now) {
        match self.household.orders.get(id) {
            Some(order) if order.state.is_bought() => self.withdraw_now(id, to, now),
            Some(order) => {
                let reply = self.why_not_withdrawn(order, now);
                self.answer_about(to, reply, id);
            }
            None => self.tell(to, Reply::NothingToReturn),
        }
    }

    /// It may have changed, or its time may have ended, since it was read back.
    fn withdraw_now(&mut self, id: &OrderId, to: Address, now: Now) {
        match self.household.orders.get(id).map(|order| self.way_back(order, now)) {
            Some(Way::Withdraw) => self.withdraw_order(id, to, now),
            Some(Way::Cancel) => self.cancel_order(id, to, now),
            Some(Way::Tell(reply)) => self.answer_about(to, reply, id),
            None => self.tell(to, Reply::NothingToReturn),
        }
    }

    /// What is answered where an order can't go back.
    pub(in super::super) fn why_not_withdrawn(&self, order: &Order, now: Now) -> Reply {
        match self.way_back(order, now) {
            Way::Tell(reply) => reply,
            // Asked for twice within one breath of the disk, or held: it is taken back without the shop.
            Way::Withdraw | Way::Cancel => Reply::NothingToReturn,
        }
    }

    /// The newest order that is meant and can be withdrawn from; else the newest that is meant.
    fn meant_to_go_back(&self, parse: &Parse, now: Now) -> Option<&Order> {
        let named = |order: &Order| {
            let asked = &parse.lines;
            asked.is_empty() || asked.iter().any(|asked| order.has(&asked.sku))
        };
        let goes = |order: &Order| named(order) && matches!(self.way_back(order, now), Way::Withdraw);
        self.household.newest(goes).or_else(|| self.household.newest(|order| named(order) && was_made(order.state)))
    }

    fn names_another(&self, id: &OrderId, parse: &Parse) -> bool {
        let order = self.household.orders.get(id);
        parse.lines.iter().any(|line| order.is_none_or(|order| !order.has(&line.sku)))
    }

    fn way_back(&self, order: &Order, now: Now) -> Way {
        use OrderState::*;
        let items = self.items(order);
        match order.state {
            AwaitingAdult | Held | Sending | HeldAtShop | AwaitingPayment | Approving | Cancelling | Unknown => {
                Way::Cancel
            }
            // The law excepts it, and it is not on its way yet.
            Accepted if order.quote.withdrawal_days == 0 && order.is_cancellable(now) => Way::Cancel,
            Accepted | Shipped | Delivered if order.quote.withdrawal_days == 0 => {
                Way::Tell(Reply::WithdrawalRefused { items, code: NOT_RETURNABLE.into(), until: None })
            }
            Accepted | Shipped => Way::Withdraw,
            Delivered => match now.wall.and_then(|wall| Some((wall, last_day(order, wall)?))) {
                Some((_, until)) if until.days_ahead < 0 => {
                    Way::Tell(Reply::WithdrawalRefused { items, code: TOO_LATE.into(), until: Some(until) })
                }
                // In time, or nobody here knows: the shop does.
                Some(_) | None => Way::Withdraw,
            },
            Withdrawing => Way::Tell(Reply::WithdrawalSent { items }),
            Withdrawn => Way::Tell(withdrawn(order, items, now)),
            Refunded => Way::Tell(Reply::Refunded { items }),
            Rejected | Cancelled | Expired => Way::Tell(Reply::NothingToReturn),
        }
    }

    /// What the guards that stand before a second step make of the answer.
    pub(super) fn verdicts_on_answer(&self, answer: &Proposed) -> Vec<Verdict> {
        let acoustics: &Acoustics = &answer.heard.acoustics;
        let own = echo::is_own_voice(&answer.heard, &self.last_said);
        let playback = acoustics.playback.as_ref().map(|playback| match playback {
            Playback::Registered(name) => Reason::RegisteredPlayback { name: name.clone() },
            Playback::Replay => Reason::Replay,
        });
        let unclear = !confidence::is_clear(answer.confidence, &self.policy);
        let judged = |guard: &str, reason: Option<Reason>, inputs: String| match reason {
            Some(reason) => Verdict::object(guard, Rung::Refuse, reason, inputs),
            None => Verdict::fine(guard, inputs),
        };
        vec![
            judged("echo", own.then_some(Reason::OwnVoice), format!("while_speaking={}", acoustics.while_speaking)),
            judged("broadcast", playback, format!("playback={:?}", acoustics.playback)),
            judged("confidence", unclear.then_some(Reason::Unclear), format!("confidence={:.2}", answer.confidence)),
        ]
    }
}

/// A yes in words of the lexicon, or the wish said once more. What the classifier only takes for one ("oh", which is
/// what an engine makes of "no") is none.
fn is_clear_yes(parse: &Parse) -> bool {
    let in_words = parse.template.is_some() && parse.not_an_order.is_none();
    match parse.intent {
        Intent::Return => in_words && parse.leftover.is_empty(),
        intent => in_words && intent.agrees() && parse.evidence.is_none(),
    }
}

/// It is, was or may become a purchase: one can speak of taking it back.
fn was_made(state: OrderState) -> bool {
    state.counts() || matches!(state, OrderState::Withdrawn | OrderState::Refunded)
}

/// The last day on which the household may withdraw, in its own calendar; `None`: nobody here knows when it came.
/// The day of delivery does not count, and the last day counts to its end (Directive 2011/83/EU, article 9;
/// Regulation 1182/71, article 3).
fn last_day(order: &Order, wall: Wall) -> Option<Day> {
    let days = i64::from(order.quote.withdrawal_days);
    order.delivered_unix_ms.map(|at| Day::of(at.saturating_add(days * DAY_MS), wall))
}
