//! What is known of the household: its open orders and its history. Restored from the store
//! at start, and kept current by the mind. Answers questions; never decides.

use super::Wall;
use super::order::{Order, OrderId, OrderState, QuoteLine};
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
            .max_by_key(|(at_unix_ms, _)| *at_unix_ms)
            .map(|(_, line)| line.unit_amount)
            .or_else(|| self.regulars.get(sku).map(|regular| regular.last_unit_amount))
    }

    /// The delivery fee that was paid last, minor units.
    pub fn last_delivery_amount(&self) -> Option<i64> {
        self.newest(|order| is_bought(order.state)).map(|order| order.quote.delivery.amount)
    }

    /// When it was bought last, Unix ms, and how many packs.
    pub fn last_bought(&self, sku: &str) -> Option<(i64, u32)> {
        let ordered = self.bought_lines(sku).map(|(at_unix_ms, line)| (at_unix_ms, line.qty)).max();
        ordered.or_else(|| self.regulars.get(sku).map(|regular| (regular.last_unix_ms, regular.usual_qty)))
    }

    /// How many packs the household usually buys at once.
    pub fn usual_qty(&self, sku: &str) -> Option<u32> {
        let regular = self.regulars.get(sku).map(|regular| regular.usual_qty);
        regular.or_else(|| self.bought_lines(sku).map(|(_, line)| line.qty).max())
    }

    /// What the household confirmed since `from_unix_ms` and did not take back, minor units.
    pub fn spent_since(&self, from_unix_ms: i64) -> i64 {
        self.since(from_unix_ms).filter(|order| order.state.counts()).map(|order| order.quote.total).sum()
    }

    /// What was confirmed on the local day of `wall`, minor units.
    pub fn spent_on_day(&self, wall: Wall) -> i64 {
        let day_of = |unix_ms| Wall { unix_ms, ..wall }.local_day();
        let today = wall.local_day();
        self.orders
            .values()
            .filter(|order| order.state.counts() && day_of(order.confirmed.at_unix_ms) >= today)
            .map(|order| order.quote.total)
            .sum()
    }

    /// Every order that was confirmed since then, whatever became of it.
    pub fn count_since(&self, from_unix_ms: i64) -> u32 {
        u32::try_from(self.since(from_unix_ms).count()).unwrap_or(u32::MAX)
    }

    fn since(&self, from_unix_ms: i64) -> impl Iterator<Item = &Order> {
        self.orders.values().filter(move |order| order.confirmed.at_unix_ms >= from_unix_ms)
    }

    fn bought_lines<'a>(&'a self, sku: &'a str) -> impl Iterator<Item = (i64, &'a QuoteLine)> {
        self.orders
            .values()
            .filter(|order| is_bought(order.state))
            .flat_map(|order| order.quote.lines.iter().map(move |line| (order.confirmed.at_unix_ms, line)))
            .filter(move |(_, line)| line.sku == sku)
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
