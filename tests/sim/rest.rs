//! What must hold at the end, when the faults have stopped and time has passed; and that a run can be played back.

use super::shop::Booking;
use super::{Fault, HOUR, Invariant, Line, START_UNIX_MS, World, understanding};
use tendero::decide::chat::Thread;
use tendero::decide::household::Household;
use tendero::decide::mind::Mind;
use tendero::decide::order::{Order, OrderId, OrderState};

impl World {
    /// What an adult approved, and the shop still keeps, is booked now that nothing fails any more.
    pub(super) fn note_approved(&mut self) {
        let soon_unix_ms = START_UNIX_MS + i64::try_from(self.ms + 2 * HOUR).unwrap();
        // Where a wrong clock is ending it, what is left is to ask the shop.
        let in_time = |order: &&Order| {
            let ends = self.disk.is_tried(&order.id);
            order.state == OrderState::Approving && !ends && order.expires_unix_ms > soon_unix_ms
        };
        let orders = self.disk.household.orders.values().filter(in_time).map(|order| order.id.clone());
        let kept = |id: &OrderId| {
            self.shop.bookings.get(id).is_some_and(|booking| booking.state == OrderState::Sending)
                && !self.shop.lied.contains(id)
        };
        self.model.approved = orders.filter(kept).collect();
    }

    pub(super) fn check_end(&mut self) {
        if self.violation.is_some() {
            return;
        }
        if self.plan.artificial && !self.shop.bookings.is_empty() {
            self.violate(Invariant::Artificial, "something was ordered");
        }
        if !self.mind.is_idle() {
            self.violate(Invariant::Rest, format!("not idle at the end: waits for {:?}", self.mind.deadline()));
        }
        if self.mind.household().orders != self.disk.household.orders {
            self.violate(Invariant::Rest, "memory and disk differ at the end");
        }
        let orders: Vec<(String, OrderState)> =
            self.disk.household.orders.values().map(|order| (order.id.0.clone(), order.state)).collect();
        for (id, state) in orders {
            let id = tendero::decide::order::OrderId(id);
            // What waits there for an adult who did not come is not booked; a clock that was wrong can make it wait for long.
            let waits = |booking: &&Booking| booking.burst_ms.is_some() && booking.state == OrderState::Sending;
            let booking = self.shop.bookings.get(&id).filter(|booking| !waits(booking));
            let at_shop = booking.map(|booking| booking.state);
            let agrees = self.shop.lied.contains(&id) || agree(state, at_shop);
            if !state.is_settled() || !agrees {
                let at_shop = at_shop.map(OrderState::name);
                self.violate(Invariant::Rest, format!("{id} is {} on disk, at the shop {at_shop:?}", state.name()));
            }
        }
        for thread in self.disk.threads.clone() {
            let said = self.disk.said(&thread.id);
            let heard = self.shop_heard(&thread.id);
            // Who lies there may say that it has what it has not; by a clock that jumps a line is too old.
            let excused = [Fault::HostilePerson, Fault::Clock1970, Fault::Clock2099, Fault::ClockHours];
            if heard < said && !excused.iter().any(|fault| self.plan.faults.has(*fault)) {
                self.violate(
                    Invariant::Rest,
                    format!("the shop has {heard} of {said} lines of conversation {}", thread.id),
                );
            }
        }
        // An end that could not be written stands as long as this life.
        let is_open = |home: &Household| home.thread.as_ref().is_some_and(Thread::is_open);
        if is_open(self.mind.household()) || is_open(&self.disk.household) && !self.disk.chat_refused {
            self.violate(Invariant::Rest, "a conversation never ends");
        }
        for id in self.model.approved.clone() {
            let state = self.shop.bookings.get(&id).map(|booking| booking.state);
            if matches!(state, Some(OrderState::Sending | OrderState::Expired | OrderState::Rejected)) {
                self.violate(Invariant::Rest, format!("an adult approved {id}, and the shop never heard of it"));
            }
        }
        if let Some((id, news)) = self.model.untold() {
            self.violate(Invariant::Told, format!("nobody was told of {id}: {news:?}"));
        }
    }

    /// The same events give the same effects, to the byte.
    pub fn check_replay(&mut self) {
        if self.violation.is_some() {
            return;
        }
        let Some(record) = self.record.take() else { return };
        let mut mind: Option<Mind> = None;
        for line in &record {
            match line {
                Line::Start(setup) => {
                    let (policy, household) = (setup.policy.clone(), setup.household.clone());
                    mind = Some(Mind::new(policy, understanding(), household));
                }
                Line::Entry(entry) => {
                    let mind = mind.as_mut().expect("a record begins with a start");
                    let effects = mind.handle(entry.event.clone(), entry.at);
                    if effects != entry.effects {
                        let what = format!("{:?} gave {:?}, played back {effects:?}", entry.event, entry.effects);
                        self.violate(Invariant::Replay, what);
                        break;
                    }
                }
            }
        }
        self.record = Some(record);
    }
}

/// Do the device and an honest shop tell the same of an order?
fn agree(on_disk: OrderState, at_shop: Option<OrderState>) -> bool {
    use OrderState::*;
    match on_disk {
        Accepted => matches!(at_shop, Some(Accepted | Shipped | Delivered)),
        Shipped => matches!(at_shop, Some(Shipped | Delivered)),
        Delivered => at_shop == Some(Delivered),
        Cancelled => at_shop.is_none_or(|state| state == Cancelled),
        Rejected => at_shop.is_none_or(|state| state == Rejected),
        Expired => at_shop.is_none_or(|state| matches!(state, Expired | Rejected)),
        Withdrawn => matches!(at_shop, Some(Withdrawn | Refunded)),
        Refunded => at_shop == Some(Refunded),
        AwaitingAdult | Held | Sending | HeldAtShop | AwaitingPayment | Approving | Cancelling | Withdrawing
        | Unknown => false,
    }
}
