//! The link and the shop at its other end: it loses and repeats, books an order once, and tells what
//! became of it. Now and then it is hostile.

use super::{Input, MINUTE, START_UNIX_MS, World, product};
use std::collections::BTreeMap;
use tendero::decide::Now;
use tendero::decide::event::Event;
use tendero::decide::order::{
    Delivery, OrderId, OrderState, Quote, QuoteLine, Receipt, ReceiptStatus, StatusUpdate, Wanted,
};
use tendero::understand::Lang;

impl World {
    /// The outbox sends until the receipt is on disk or the order's time is over.
    pub(super) fn outbox(&mut self, id: &OrderId) {
        let Some(order) = self.disk.orders.get(id) else { panic!("an order is sent that is not on disk") };
        let expires_unix_ms = order.expires_unix_ms;
        if order.state != OrderState::Sending || self.now().wall.is_some_and(|wall| wall.unix_ms >= expires_unix_ms) {
            return;
        }
        self.over_the_link(Input::Arrive(id.clone()));
        self.put(self.mono_ms + 5 * MINUTE, Input::Outbox(id.clone()));
    }

    pub(super) fn over_the_link(&mut self, input: Input) {
        let lost = self.faults.lost && self.rng.chance(30);
        if self.link_up && !lost {
            self.soon(20, 2_000, input);
        }
    }

    pub(super) fn order_arrives(&mut self, id: &OrderId) {
        let order = self.disk.orders[id].clone();
        let rejects = id.0.as_bytes()[0].is_multiple_of(8) || self.refused.contains(id);
        let first = !self.bookings.contains_key(id);
        if let Some((known, _)) = self.bookings.get(id) {
            assert_eq!((&known.quote, &known.nonce), (&order.quote, &order.nonce), "the same id with other bytes");
        }
        let status = if rejects { ReceiptStatus::Rejected } else { ReceiptStatus::Accepted };
        if first && !rejects {
            self.bookings.insert(id.clone(), (order, OrderState::Accepted));
        }
        let receipt = Receipt {
            order_id: id.clone(),
            status,
            code: None,
            shop_order_no: Some("1".into()),
            cancel_until_unix_ms: None,
        };
        self.over_the_link(Input::Event(Event::Receipt(receipt)));
    }

    pub(super) fn cancel_arrives(&mut self, id: &OrderId) {
        let state = match self.bookings.get_mut(id) {
            Some((_, state)) => {
                if *state == OrderState::Accepted {
                    *state =
                        if id.0.as_bytes()[1].is_multiple_of(2) { OrderState::Cancelled } else { OrderState::Shipped };
                }
                *state
            }
            // The shop never had it, and from now on will not take it.
            None => {
                self.refused.insert(id.clone());
                OrderState::Cancelled
            }
        };
        self.status(id, state);
    }

    pub(super) fn ask_arrives(&mut self, id: &OrderId) {
        // Asked for only after its signed expiry: an unknown order is not taken any more.
        let state = self.bookings.get(id).map_or(OrderState::Expired, |(_, state)| *state);
        if state == OrderState::Expired {
            self.refused.insert(id.clone());
        }
        self.status(id, state);
    }

    fn status(&mut self, id: &OrderId, state: OrderState) {
        self.revs += 1;
        let update = StatusUpdate { order_id: id.clone(), rev: self.revs, state, code: None };
        self.over_the_link(Input::Event(Event::Status(update)));
    }

    pub(super) fn quote(&mut self, request_id: String, wanted: &[Wanted], now: Now) -> Quote {
        let mut lines: Vec<QuoteLine> = wanted
            .iter()
            .map(|line| {
                let product = product(&line.sku);
                let unit_amount = product.unit_amount;
                let total = unit_amount * i64::from(line.qty);
                let title = product.title(Lang::En).to_owned();
                QuoteLine { sku: line.sku.clone(), title, qty: line.qty, unit_amount, total, options: BTreeMap::new() }
            })
            .collect();
        // A hostile shop swaps the product, or raises the price.
        match self.rng.below(20) {
            0 => lines[0].sku = "dollhouse".into(),
            1 => lines[0].qty += 1,
            2 => {
                lines[0].unit_amount *= 2;
                lines[0].total *= 2;
            }
            _ => {}
        }
        let day = now.wall.map_or(START_UNIX_MS, |wall| wall.unix_ms) + 86_400_000;
        Quote {
            quote_id: format!("q-{request_id}"),
            hash: format!("h-{request_id}"),
            request_id,
            shop: "corner".into(),
            seller: "Corner shop".into(),
            currency: "EUR".into(),
            total: lines.iter().map(|line| line.total).sum(),
            lines,
            delivery: Delivery { earliest_unix_ms: day, latest_unix_ms: day, amount: 0 },
            valid_s: 900,
            withdrawal_days: 14,
            recurring: self.rng.chance(3),
            because: None,
            surge: None,
        }
    }
}
