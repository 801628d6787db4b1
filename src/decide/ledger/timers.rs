//! What becomes due: the ends of holds, of waits for an adult and of orders, and writes that nobody answered.

use super::super::Now;
use super::super::effect::Effect;
use super::super::lifecycle::News;
use super::super::mind::Mind;
use super::super::order::{Order, OrderId, OrderState};
use super::{ANSWER_MS, Ledger, MAX_AGAIN, MAX_OLDER};

/// While the wall clock is unknown it is looked at this often.
const CLOCK_POLL_MS: u64 = 30_000;

/// The shop says itself that a payment came too late; only after this time more it counts as silent.
const PAYMENT_GRACE_MS: u64 = 120_000;

/// Monotonic times, milliseconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Timer {
    pub(super) hold_ms: u64,
    pub(super) expire_ms: u64,
}

impl Ledger {
    /// The next moment at which something is due.
    pub(in super::super) fn deadline(&self, mind: &Mind, now: Now) -> Option<(u64, &'static str)> {
        let retries = self.jobs.values().map(|job| (job.retry_ms, "write again"));
        let timers = mind.open_orders().filter(|order| !self.jobs.contains_key(&order.id)).filter_map(|order| {
            let Some(timer) = self.timers.get(&order.id) else {
                return Some((now.mono_ms + CLOCK_POLL_MS, "the clock is unknown"));
            };
            match order.state {
                OrderState::AwaitingAdult => Some((timer.hold_ms, "an adult's approval")),
                OrderState::Held if timer.hold_ms <= now.mono_ms => {
                    Some((now.mono_ms + CLOCK_POLL_MS, "the clock is unknown"))
                }
                OrderState::Held => Some((timer.hold_ms.min(timer.expire_ms), "end of hold")),
                OrderState::Sending | OrderState::HeldAtShop | OrderState::Approving => {
                    Some((timer.expire_ms, "expiry of an order"))
                }
                OrderState::AwaitingPayment => {
                    Some((timer.expire_ms.saturating_add(PAYMENT_GRACE_MS), "the shop's word on a payment"))
                }
                OrderState::Cancelling
                | OrderState::Accepted
                | OrderState::Shipped
                | OrderState::Unknown
                | OrderState::Delivered
                | OrderState::Rejected
                | OrderState::Cancelled
                | OrderState::Expired
                | OrderState::Withdrawing
                | OrderState::Withdrawn
                | OrderState::Refunded => None,
            }
        });
        retries.chain(timers).min()
    }
}

impl Mind {
    /// Does what is due by now.
    pub(in super::super) fn orders_due(&mut self, now: Now) {
        self.arm_timers(now);
        if self.ledger.again_with_clock && now.wall.is_some() && self.link_up != Some(false) {
            // Only the orders: whatever else is asked again needed no clock.
            self.ledger.again_with_clock = false;
            self.ask_again(|order| order.state == OrderState::Sending, now);
        }
        let retry: Vec<OrderId> = self
            .ledger
            .jobs
            .iter()
            .filter(|(_, job)| job.retry_ms <= now.mono_ms)
            .map(|(id, _)| id.clone())
            .take(MAX_AGAIN)
            .collect();
        for id in retry {
            let ticket = self.next_ticket();
            if let Some(job) = self.ledger.jobs.get_mut(&id) {
                job.older.extend(job.ticket.replace(ticket));
                let too_many = job.older.len().saturating_sub(MAX_OLDER);
                job.older.drain(..too_many);
                job.retry_ms = now.mono_ms + ANSWER_MS;
                self.out.push(Effect::Store { ticket, writes: job.writes() });
            }
        }
        let due: Vec<(OrderId, News)> = self
            .open_orders()
            .filter_map(|order| self.due(order, now).map(|news| (order.id.clone(), news)))
            .take(MAX_AGAIN)
            .collect();
        for (id, news) in due {
            self.post(&id, news, None, now);
        }
    }

    fn due(&self, order: &Order, now: Now) -> Option<News> {
        if self.ledger.jobs.contains_key(&order.id) {
            return None;
        }
        let timer = self.ledger.timers.get(&order.id)?;
        let hold_over = now.mono_ms >= timer.hold_ms;
        let by_wall = now.wall.is_some_and(|wall| wall.unix_ms >= order.expires_unix_ms);
        let expired = now.mono_ms >= timer.expire_ms || by_wall;
        match order.state {
            OrderState::AwaitingAdult => (hold_over || expired).then_some(News::Expired),
            OrderState::Held if expired => Some(News::Expired),
            // No order leaves while the wall clock is unknown.
            OrderState::Held => (hold_over && now.wall.is_some()).then_some(News::HoldOver),
            OrderState::Sending | OrderState::HeldAtShop | OrderState::Approving => expired.then_some(News::Expired),
            OrderState::AwaitingPayment => {
                let silent = now.mono_ms >= timer.expire_ms.saturating_add(PAYMENT_GRACE_MS);
                silent.then_some(News::Expired)
            }
            OrderState::Cancelling
            | OrderState::Accepted
            | OrderState::Shipped
            | OrderState::Delivered
            | OrderState::Rejected
            | OrderState::Cancelled
            | OrderState::Expired
            | OrderState::Withdrawing
            | OrderState::Withdrawn
            | OrderState::Refunded
            | OrderState::Unknown => None,
        }
    }

    /// Orders of an earlier run get their timers as soon as the wall clock is known.
    fn arm_timers(&mut self, now: Now) {
        let Some(wall) = now.wall else { return };
        let policy = &self.policy;
        let mut armed = vec![];
        for order in self.household.orders.values().filter(|order| !order.state.is_final()) {
            if self.ledger.timers.contains_key(&order.id) {
                continue;
            }
            let most_ms = if order.state == OrderState::AwaitingAdult { policy.adult_wait_ms } else { policy.hold_ms };
            let left = |until_unix_ms: i64| u64::try_from(until_unix_ms.saturating_sub(wall.unix_ms)).unwrap_or(0);
            let hold_left_ms =
                if self.ledger.fresh_holds { most_ms } else { left(order.hold_until_unix_ms).min(most_ms) };
            let life_ms = policy.adult_wait_ms.saturating_add(policy.hold_ms).saturating_add(policy.expiry_ms);
            let expire_left_ms = left(order.expires_unix_ms).min(life_ms);
            let timer = Timer { hold_ms: now.mono_ms + hold_left_ms, expire_ms: now.mono_ms + expire_left_ms };
            armed.push((order.id.clone(), timer));
        }
        self.ledger.timers.extend(armed);
    }

    /// How long its hold, or the wait for an adult, goes on, milliseconds; `all_ms` while the time is unknown.
    pub(in super::super) fn hold_left_ms(&self, order: &Order, all_ms: u64, now: Now) -> u64 {
        self.ledger.timers.get(&order.id).map_or(all_ms, |timer| timer.hold_ms.saturating_sub(now.mono_ms))
    }
}
