//! What follows a change of an order: what is sent, and what the household hears. Only once it is on disk.

use super::super::Now;
use super::super::effect::{CancelReason, Effect};
use super::super::guard::hostile_text::clean_code;
use super::super::lifecycle::{self, News};
use super::super::mind::{Address, Mind};
use super::super::order::{Order, OrderState, Surge};
use super::super::reply::{Item, Reason, Reply};
use super::super::told::{Tidings, tidings};
use super::super::when::{Day, Moment};
use super::Job;

impl Mind {
    pub(super) fn why_not_cancelled(&self, order: &Order) -> Reply {
        let items = self.items(order);
        match order.state {
            OrderState::Cancelling => Reply::CancelAsked { items },
            OrderState::Cancelled => Reply::Cancelled { items },
            OrderState::Shipped | OrderState::Delivered => Reply::CancelRefused { items },
            OrderState::Withdrawing => Reply::WithdrawalStands { items },
            OrderState::AwaitingAdult
            | OrderState::Held
            | OrderState::Sending
            | OrderState::HeldAtShop
            | OrderState::AwaitingPayment
            | OrderState::Approving
            | OrderState::Accepted
            | OrderState::Rejected
            | OrderState::Expired
            | OrderState::Withdrawn
            | OrderState::Refunded
            | OrderState::Unknown => Reply::NothingToCancel,
        }
    }

    /// The shop does not take it back: why, and until when it would have.
    fn withdrawal_refused(&self, order: &Order, job: &Job, now: Now) -> Reply {
        let (code, until_unix_ms) = match &job.news {
            Some(News::Answered(answer)) => {
                (answer.code.as_deref().map(clean_code).unwrap_or_default(), answer.answer.until_unix_ms)
            }
            Some(_) | None => (String::new(), None),
        };
        let until = now.wall.zip(until_unix_ms).map(|(wall, until)| Day::of(until, wall));
        Reply::WithdrawalRefused { items: self.items(order), code, until }
    }

    /// What follows once a change of state is on disk.
    pub(super) fn carry_out(&mut self, before: &Order, order: &Order, job: &Job, now: Now) {
        self.act_on(before, order, now);
        let reply = tidings(Some(before.state), order.state).map(|tidings| match tidings {
            Tidings::WithdrawalRefused => self.withdrawal_refused(order, job, now),
            tidings => self.reply_to(tidings, order, now),
        });
        if order.state.is_final() {
            self.ledger.timers.remove(&order.id);
        }
        if let Some(reply) = reply {
            let loudspeaker = Address::loudspeaker(order);
            let to = job.to.clone().unwrap_or_else(|| loudspeaker.clone());
            // Who asked for it at the speaker hears of an approval from elsewhere, too.
            if job.news == Some(News::Approved) && to.channel != loudspeaker.channel {
                self.tell_news(loudspeaker, reply.clone(), order);
            }
            self.tell_news(to, reply, order);
        }
    }

    /// What is done, besides being told.
    fn act_on(&mut self, before: &Order, order: &Order, now: Now) {
        let id = order.id.clone();
        match order.state {
            OrderState::Held => {
                // However long the disk took: it is held for as long as is said now.
                let hold_ms = now.mono_ms + self.policy.hold_ms;
                self.ledger.timers.entry(id).and_modify(|timer| timer.hold_ms = hold_ms);
            }
            OrderState::Sending if before.state == OrderState::Held => self.out.push(Effect::Send { order: id }),
            OrderState::HeldAtShop => self.last_reasons = why_kept(order),
            OrderState::Approving => self.out.push(Effect::AskApprove { order: id }),
            OrderState::Cancelling if before.state != OrderState::Cancelling => {
                self.out.push(Effect::AskCancel { order: id, reason: CancelReason::Household });
            }
            OrderState::Unknown => self.out.push(Effect::AskStatus { order: id }),
            OrderState::Withdrawing if before.state != OrderState::Withdrawing => {
                self.out.push(Effect::AskWithdraw { order: id });
            }
            // The acknowledgement was lost, or came with it.
            OrderState::Refunded if before.state == OrderState::Withdrawing => {
                let reply = withdrawn(order, self.items(order), now);
                self.tell(Address::loudspeaker(order), reply);
            }
            OrderState::AwaitingAdult
            | OrderState::AwaitingPayment
            | OrderState::Sending
            | OrderState::Accepted
            | OrderState::Shipped
            | OrderState::Delivered
            | OrderState::Rejected
            | OrderState::Cancelling
            | OrderState::Cancelled
            | OrderState::Expired
            | OrderState::Withdrawing
            | OrderState::Withdrawn
            | OrderState::Refunded => {}
        }
    }
}

/// The shop's acknowledgement, with the time that it signed, as the household's calendar has it.
pub(in super::super) fn withdrawn(order: &Order, items: Vec<Item>, now: Now) -> Reply {
    let received = order.withdrawal.as_ref().and_then(|withdrawal| withdrawal.received_unix_ms);
    Reply::Withdrawn { items, at: now.wall.zip(received).map(|(wall, at)| Moment::of(at, wall)) }
}

/// What "why?" answers of an order that the shop keeps.
fn why_kept(order: &Order) -> Vec<Reason> {
    let surge = order.quote.surge.unwrap_or(Surge { homes: 0, minutes: 0 });
    let is_burst = order.code.as_deref() == Some(lifecycle::BURST);
    is_burst.then_some(Reason::ManyHomes { homes: surge.homes, minutes: surge.minutes }).into_iter().collect()
}
