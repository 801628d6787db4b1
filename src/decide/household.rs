//! What is known of the household: its open orders and its history. Restored from the store
//! at start, and kept current by the mind. Answers questions; never decides.
//! What was bought at another speaker was bought by the household.

use super::Wall;
use super::chat::Thread;
use super::notice::{Consent, Notice};
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
    /// What the shop may tell.
    #[serde(default)]
    pub consent: Consent,
    /// What it told, in the order in which it came: what waits, and what was told lately.
    #[serde(default)]
    pub notices: Vec<Notice>,
}

/// Packs of one product that were bought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Bought {
    at_unix_ms: i64,
    qty: u32,
    /// Minor units a pack.
    unit_amount: i64,
}

/// An order of this speaker or of another one, as far as sums over both need it.
#[derive(Debug, Clone, Copy)]
struct Confirmed {
    state: OrderState,
    at_unix_ms: i64,
    /// Minor units, delivery included, and of that the delivery.
    total: i64,
    delivery_amount: i64,
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
        self.newest(|order| order.state.counts() && order.has(sku))
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
        let bought = self.confirmed().filter(|order| order.state.is_bought());
        bought.max_by_key(|order| order.at_unix_ms).map(|order| order.delivery_amount)
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
        self.spent(|at_unix_ms| at_unix_ms >= from_unix_ms)
    }

    /// What was confirmed on the local day of `wall`, minor units.
    pub fn spent_on_day(&self, wall: Wall) -> i64 {
        let today = wall.local_day();
        self.spent(|unix_ms| Wall { unix_ms, ..wall }.local_day() >= today)
    }

    fn spent(&self, is_meant: impl Fn(i64) -> bool) -> i64 {
        let counts = self.confirmed().filter(|order| order.state.counts() && is_meant(order.at_unix_ms));
        counts.map(|order| order.total).sum()
    }

    /// Every order that was confirmed since then, whatever became of it.
    pub fn count_since(&self, from_unix_ms: i64) -> u32 {
        let count = self.confirmed().filter(|order| order.at_unix_ms >= from_unix_ms).count();
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    /// Every order of the household, whatever became of it, ours first.
    fn confirmed(&self) -> impl Iterator<Item = Confirmed> {
        let here = self.orders.values().map(|order| Confirmed {
            state: order.state,
            at_unix_ms: order.confirmed.at_unix_ms,
            total: order.quote.total,
            delivery_amount: order.quote.delivery.amount,
        });
        let there = self.shared().map(|(_, order)| Confirmed {
            state: order.state,
            at_unix_ms: order.confirmed_unix_ms,
            total: order.total,
            delivery_amount: order.delivery_amount,
        });
        here.chain(there)
    }

    /// The orders of the other speakers, with their names. What one of them says of an order of ours is left out.
    pub fn shared(&self) -> impl Iterator<Item = (&str, &SharedOrder)> {
        let all = self
            .siblings
            .iter()
            .flat_map(|(device, sibling)| sibling.orders.iter().map(|order| (device.as_str(), order)));
        all.filter(|(_, order)| !self.orders.contains_key(&order.id))
    }

    fn bought_lines<'a>(&'a self, sku: &'a str) -> impl Iterator<Item = Bought> + 'a {
        let here = self.orders.values().filter(|order| order.state.is_bought()).flat_map(move |order| {
            let at_unix_ms = order.confirmed.at_unix_ms;
            let lines = order.quote.lines.iter().filter(move |line| line.sku == sku);
            lines.map(move |line| Bought { at_unix_ms, qty: line.qty, unit_amount: line.unit_amount })
        });
        let there = self.shared().filter(|(_, order)| order.state.is_bought()).flat_map(move |(_, order)| {
            let at_unix_ms = order.confirmed_unix_ms;
            let lines = order.lines.iter().filter(move |line| line.sku == sku);
            lines.map(move |line| Bought { at_unix_ms, qty: line.qty, unit_amount: line.unit_amount })
        });
        here.chain(there)
    }
}
