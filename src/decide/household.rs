//! What is known of the household: its open orders and its history. Restored from the store
//! at start, and kept current by the mind. Answers questions; never decides.
//! What was bought at another speaker was bought by the household.

use super::Wall;
use super::chat::Thread;
use super::order::{Order, OrderId, OrderState};
use super::sibling::{SharedOrder, Sibling};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Household {
    /// Orders of the last 40 days, all states.
    pub orders: BTreeMap<OrderId, Order>,
    /// What was delivered before that, or imported from the shop: one entry a product.
    pub regulars: BTreeMap<String, Regular>,
    /// Wrong PINs in a row.
    #[serde(default)]
    pub wrong_pins: u32,
    /// How long a pack of a product lasts that is bought in a rhythm, milliseconds.
    #[serde(default)]
    pub pack_lasts_ms: BTreeMap<String, i64>,
    /// When a product was suggested last, Unix ms.
    #[serde(default)]
    pub offered: BTreeMap<String, i64>,
    /// How much of each order's news the household has heard: the number of the last ([`super::order::ToTell`]).
    #[serde(default)]
    pub told: BTreeMap<OrderId, u32>,
    /// This speaker's own name.
    #[serde(default)]
    pub device: String,
    /// The other speakers, by name: those that the household has named, and no other.
    #[serde(default)]
    pub siblings: BTreeMap<String, Sibling>,
    /// The conversation with a person at the shop, the last one.
    #[serde(default)]
    pub thread: Option<Thread>,
}

/// Packs of one product that were bought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Bought {
    at_unix_ms: i64,
    qty: u32,
    /// Minor units a pack.
    unit_amount: i64,
}

/// How the household buys one product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Regular {
    pub times: u32,
    /// Packs, the usual quantity.
    pub usual_qty: u32,
    /// Minor units a pack, last paid.
    pub last_unit_amount: i64,
    /// Milliseconds since 1970.
    pub last_unix_ms: i64,
}

impl Household {
    /// Was this product ever bought: accepted by the shop, or known from before?
    pub fn buys(&self, sku: &str) -> bool {
        self.regulars.contains_key(sku) || self.bought_lines(sku).next().is_some()
    }

    /// The newest order that is, or may become, a purchase of `sku`.
    pub fn newest_of(&self, sku: &str) -> Option<&Order> {
        self.newest(|order| order.state.counts() && order.quote.lines.iter().any(|line| line.sku == sku))
    }

    /// The newest order that `fits`; equal times are told apart by id, so the answer is always the same.
    pub fn newest(&self, fits: impl Fn(&Order) -> bool) -> Option<&Order> {
        self.orders.values().filter(|order| fits(order)).max_by_key(|order| (order.confirmed.at_unix_ms, &order.id))
    }

    /// Minor units a pack that were paid last, if ever.
    pub fn last_unit_amount(&self, sku: &str) -> Option<i64> {
        self.bought_lines(sku)
            .max_by_key(|bought| bought.at_unix_ms)
            .map(|bought| bought.unit_amount)
            .or_else(|| self.regulars.get(sku).map(|regular| regular.last_unit_amount))
    }

    /// The delivery fee that was paid last, minor units.
    pub fn last_delivery_amount(&self) -> Option<i64> {
        let here = self.newest(|order| is_bought(order.state));
        let here = here.map(|order| (order.confirmed.at_unix_ms, order.quote.delivery.amount));
        let there = self.shared().map(|(_, order)| order).filter(|order| is_bought(order.state));
        let there = there.map(|order| (order.confirmed_unix_ms, order.delivery_amount));
        here.into_iter().chain(there).max_by_key(|(at_unix_ms, _)| *at_unix_ms).map(|(_, amount)| amount)
    }

    /// When it was bought last, Unix ms, and how many packs.
    pub fn last_bought(&self, sku: &str) -> Option<(i64, u32)> {
        let ordered = self.bought_lines(sku).max().map(|bought| (bought.at_unix_ms, bought.qty));
        ordered.or_else(|| self.regulars.get(sku).map(|regular| (regular.last_unix_ms, regular.usual_qty)))
    }

    /// How many packs the household usually buys at once.
    pub fn usual_qty(&self, sku: &str) -> Option<u32> {
        let regular = self.regulars.get(sku).map(|regular| regular.usual_qty);
        regular.or_else(|| self.bought_lines(sku).map(|bought| bought.qty).max())
    }

    /// What the household confirmed since `from_unix_ms` and did not take back, minor units.
    pub fn spent_since(&self, from_unix_ms: i64) -> i64 {
        let here = self.since(from_unix_ms).filter(|order| order.state.counts()).map(|order| order.quote.total);
        let there = self.shared_since(from_unix_ms).filter(|order| order.state.counts()).map(|order| order.total);
        here.chain(there).sum()
    }

    /// What was confirmed on the local day of `wall`, minor units.
    pub fn spent_on_day(&self, wall: Wall) -> i64 {
        let day_of = |unix_ms| Wall { unix_ms, ..wall }.local_day();
        let today = wall.local_day();
        let here = self.orders.values().filter(|order| order.state.counts());
        let here = here.map(|order| (order.confirmed.at_unix_ms, order.quote.total));
        let there = self.shared().map(|(_, order)| order).filter(|order| order.state.counts());
        let there = there.map(|order| (order.confirmed_unix_ms, order.total));
        here.chain(there).filter(|(at_unix_ms, _)| day_of(*at_unix_ms) >= today).map(|(_, total)| total).sum()
    }

    /// Every order that was confirmed since then, whatever became of it.
    pub fn count_since(&self, from_unix_ms: i64) -> u32 {
        let count = self.since(from_unix_ms).count() + self.shared_since(from_unix_ms).count();
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    /// The orders of the other speakers, with their names. What one of them says of an order of ours is left out.
    pub fn shared(&self) -> impl Iterator<Item = (&str, &SharedOrder)> {
        let all = self
            .siblings
            .iter()
            .flat_map(|(device, sibling)| sibling.orders.iter().map(|order| (device.as_str(), order)));
        all.filter(|(_, order)| !self.orders.contains_key(&order.id))
    }

    fn shared_since(&self, from_unix_ms: i64) -> impl Iterator<Item = &SharedOrder> {
        self.shared().map(|(_, order)| order).filter(move |order| order.confirmed_unix_ms >= from_unix_ms)
    }

    fn since(&self, from_unix_ms: i64) -> impl Iterator<Item = &Order> {
        self.orders.values().filter(move |order| order.confirmed.at_unix_ms >= from_unix_ms)
    }

    fn bought_lines<'a>(&'a self, sku: &'a str) -> impl Iterator<Item = Bought> + 'a {
        let here = self.orders.values().filter(|order| is_bought(order.state)).flat_map(move |order| {
            let at_unix_ms = order.confirmed.at_unix_ms;
            let lines = order.quote.lines.iter().filter(move |line| line.sku == sku);
            lines.map(move |line| Bought { at_unix_ms, qty: line.qty, unit_amount: line.unit_amount })
        });
        let there = self.shared().filter(|(_, order)| is_bought(order.state)).flat_map(move |(_, order)| {
            let at_unix_ms = order.confirmed_unix_ms;
            let lines = order.lines.iter().filter(move |line| line.sku == sku);
            lines.map(move |line| Bought { at_unix_ms, qty: line.qty, unit_amount: line.unit_amount })
        });
        here.chain(there)
    }
}

/// The shop took it, and the household kept it.
pub fn is_bought(state: OrderState) -> bool {
    use OrderState::*;
    match state {
        Accepted | Shipped | Delivered => true,
        AwaitingAdult | Held | Sending | HeldAtShop | Approving | Rejected | Cancelling | Cancelled | Expired
        | Withdrawing | Withdrawn | Refunded | Unknown => false,
    }
}
