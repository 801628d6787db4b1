//! What follows a change of an order: what is sent, and what the household hears. Only once it is on disk.

use super::super::Now;
use super::super::effect::{CancelReason, Effect};
use super::super::lifecycle::{self, News};
use super::super::mind::{Address, Mind};
use super::super::order::{Order, OrderState, Surge};
use super::super::reply::{Reason, Reply};
use super::{Job, arrives, minutes};

impl Mind {
    pub(super) fn why_not_cancelled(&self, order: &Order) -> Reply {
        let items = self.items(order);
        match order.state {
            OrderState::Cancelling => Reply::CancelAsked { items },
            OrderState::Cancelled => Reply::Cancelled { items },
            OrderState::Shipped | OrderState::Delivered => Reply::CancelRefused { items },
            OrderState::AwaitingAdult
            | OrderState::Held
            | OrderState::Sending
            | OrderState::HeldAtShop
            | OrderState::Approving
            | OrderState::Accepted
            | OrderState::Rejected
            | OrderState::Expired
            | OrderState::Withdrawn
            | OrderState::Refunded
            | OrderState::Unknown => Reply::NothingToCancel,
        }
    }

    /// What follows once a change of state is on disk.
    pub(super) fn carry_out(&mut self, before: &Order, order: &Order, job: &Job, now: Now) {
        let items = self.items(order);
        let id = order.id.clone();
        let reply = match order.state {
            OrderState::Held => {
                // However long the disk took: it is held for as long as is said now.
                let hold_ms = now.mono_ms + self.policy.hold_ms;
                self.ledger.timers.entry(id).and_modify(|timer| timer.hold_ms = hold_ms);
                Some(Reply::Held { items, minutes: minutes(self.policy.hold_ms) })
            }
            OrderState::Sending if before.state == OrderState::Held => {
                self.out.push(Effect::Send { order: id });
                None
            }
            OrderState::Sending => None,
            OrderState::HeldAtShop => {
                self.last_reasons = why_kept(order);
                Some(Reply::HeldByShop { items, code: order.code.clone().unwrap_or_default() })
            }
            OrderState::Approving => {
                self.out.push(Effect::AskApprove { order: id });
                Some(Reply::ApprovalSent { items })
            }
            OrderState::Accepted if before.state == OrderState::Cancelling => Some(Reply::CancelRefused { items }),
            OrderState::Accepted => Some(Reply::Booked { items, arrives: arrives(order, now) }),
            OrderState::Shipped | OrderState::Delivered => match before.state {
                OrderState::Cancelling => Some(Reply::CancelRefused { items }),
                // Its receipt was lost on the way.
                OrderState::Sending | OrderState::HeldAtShop | OrderState::Approving | OrderState::Unknown => {
                    Some(Reply::Booked { items, arrives: arrives(order, now) })
                }
                OrderState::Accepted
                | OrderState::Shipped
                | OrderState::AwaitingAdult
                | OrderState::Held
                | OrderState::Delivered
                | OrderState::Rejected
                | OrderState::Cancelled
                | OrderState::Expired
                | OrderState::Withdrawn
                | OrderState::Refunded => None,
            },
            OrderState::Rejected => Some(Reply::RejectedByShop { items, code: order.code.clone().unwrap_or_default() }),
            OrderState::Cancelled => Some(Reply::Cancelled { items }),
            OrderState::Cancelling if before.state == OrderState::Cancelling => None,
            OrderState::Cancelling => {
                self.out.push(Effect::AskCancel { order: id, reason: CancelReason::Household });
                Some(Reply::CancelAsked { items })
            }
            OrderState::Expired if matches!(before.state, OrderState::AwaitingAdult | OrderState::HeldAtShop) => {
                Some(Reply::NotApproved { items })
            }
            OrderState::Expired => Some(Reply::Expired { items }),
            OrderState::Unknown => {
                self.out.push(Effect::AskStatus { order: id });
                Some(Reply::Lost { items })
            }
            OrderState::AwaitingAdult | OrderState::Withdrawn | OrderState::Refunded => None,
        };
        if order.state.is_final() {
            self.ledger.timers.remove(&order.id);
        }
        if let Some(reply) = reply {
            let loudspeaker = Address::loudspeaker(order);
            let to = job.to.clone().unwrap_or_else(|| loudspeaker.clone());
            // Who asked for it at the speaker hears of an approval from elsewhere, too.
            if job.news == Some(News::Approved) && to.channel != loudspeaker.channel {
                self.tell(loudspeaker, reply.clone());
            }
            self.tell(to, reply);
        }
    }
}

/// What "why?" answers of an order that the shop keeps.
fn why_kept(order: &Order) -> Vec<Reason> {
    let surge = order.quote.surge.unwrap_or(Surge { homes: 0, minutes: 0 });
    let is_burst = order.code.as_deref() == Some(lifecycle::BURST);
    is_burst.then_some(Reason::ManyHomes { homes: surge.homes, minutes: surge.minutes }).into_iter().collect()
}
