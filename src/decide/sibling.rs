//! What the other speakers of the household tell: their orders, and what they just heard.
//!
//! A sibling's word is one more reason to ask, and it counts as the household's history. It never makes, approves,
//! changes or sends an order of this device; the only thing that it can ask for is to take one back ([`talk`]).
//! Who said it was verified by `deliver` before it gets here.

mod talk;

use super::guard::hostile_text;
use super::order::{Order, OrderId, OrderState};
use serde::{Deserialize, Serialize};
pub(super) use talk::{Siblings, TakenBack};

/// Orders of one sibling that are kept.
pub const MAX_ORDERS: usize = 200;
/// Lines of one order.
const MAX_LINES: usize = 50;
/// An order is told of for so long after its confirmation, milliseconds.
pub const SHARED_MS: i64 = 40 * 24 * 3_600_000;
/// The most that an order or a pack may come to, minor units: sums stay far within 64 bits.
const MAX_AMOUNT: i64 = 1_000_000_000_000;
/// Longest number and longest title of a product, bytes.
const MAX_SKU: usize = 256;
const MAX_TITLE: usize = 512;

/// Another speaker of this household, as it was heard of last.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sibling {
    /// Rises with each snapshot: an older one, from a broker's memory or from a replay, changes nothing.
    pub rev: u64,
    pub orders: Vec<SharedOrder>,
}

/// An order of another speaker, as far as its siblings need to know it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SharedOrder {
    pub id: OrderId,
    pub shop: String,
    pub state: OrderState,
    pub lines: Vec<SharedLine>,
    /// ISO 4217.
    pub currency: String,
    /// Delivery included, minor units.
    pub total: i64,
    /// Of that the delivery, minor units.
    pub delivery_amount: i64,
    /// Milliseconds since 1970, each of them.
    pub confirmed_unix_ms: i64,
    pub hold_until_unix_ms: i64,
    pub expires_unix_ms: i64,
    /// The last day on which it may come.
    pub arrives_unix_ms: i64,
    pub cancel_until_unix_ms: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SharedLine {
    pub sku: String,
    pub title: String,
    /// Packs.
    pub qty: u32,
    /// Minor units a pack.
    pub unit_amount: i64,
}

/// Another speaker just heard that somebody wants to buy something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeardThere {
    pub device: String,
    pub skus: Vec<String>,
    /// Hundredths of a decibel relative to full scale; `None`: that device does not know.
    pub level_cdb: Option<i32>,
    /// Hundredths of a decibel over the noise floor.
    pub snr_cdb: Option<i32>,
}

impl SharedOrder {
    /// What the siblings are told of an order of this device.
    pub fn of(order: &Order) -> SharedOrder {
        let line = |line: &super::order::QuoteLine| SharedLine {
            sku: line.sku.clone(),
            title: line.title.clone(),
            qty: line.qty,
            unit_amount: line.unit_amount,
        };
        SharedOrder {
            id: order.id.clone(),
            shop: order.quote.shop.clone(),
            state: order.state,
            lines: order.quote.lines.iter().map(line).collect(),
            currency: order.quote.currency.clone(),
            total: order.quote.total,
            delivery_amount: order.quote.delivery.amount,
            confirmed_unix_ms: order.confirmed.at_unix_ms,
            hold_until_unix_ms: order.hold_until_unix_ms,
            expires_unix_ms: order.expires_unix_ms,
            arrives_unix_ms: order.quote.delivery.latest_unix_ms,
            cancel_until_unix_ms: order.cancel_until_unix_ms,
        }
    }

    /// Can its figures be used at all?
    pub fn is_sane(&self) -> bool {
        let amount = |minor: i64| (0..=MAX_AMOUNT).contains(&minor);
        let short = |text: &str| !text.is_empty() && text.len() <= MAX_SKU;
        let line = |line: &SharedLine| {
            short(&line.sku) && line.title.len() <= MAX_TITLE && line.qty > 0 && amount(line.unit_amount)
        };
        (1..=MAX_LINES).contains(&self.lines.len())
            && self.lines.iter().all(line)
            && short(&self.id.0)
            && amount(self.total)
            && amount(self.delivery_amount)
    }

    /// Is it, at that time, still a purchase that may come? What its device never sent is over when its life is, also
    /// if nobody has heard of that device since; and what is as old as this nobody tells of any more.
    pub fn counts_at(&self, unix_ms: i64) -> bool {
        let is_over = self.is_unsent() && self.expires_unix_ms <= unix_ms;
        let is_old = self.confirmed_unix_ms < unix_ms.saturating_sub(SHARED_MS);
        self.state.counts() && !is_over && !is_old
    }

    pub fn has(&self, sku: &str) -> bool {
        self.lines.iter().any(|line| line.sku == sku)
    }

    /// It never left its device.
    fn is_unsent(&self) -> bool {
        matches!(self.state, OrderState::Held | OrderState::AwaitingAdult)
    }
}

/// Which of a device's orders its siblings are told of: the open ones, what counts or was confirmed lately. The newest
/// come first, and where there are too many the open ones stay. `None`: the wall clock is unknown, and all are recent.
pub fn to_share(orders: &[Order], now_unix_ms: Option<i64>) -> Vec<SharedOrder> {
    let since_unix_ms = now_unix_ms.map_or(i64::MIN, |now| now.saturating_sub(SHARED_MS));
    let told = |order: &&Order| !order.state.is_final() || order.confirmed.at_unix_ms >= since_unix_ms;
    let mut told: Vec<&Order> = orders.iter().filter(told).collect();
    let newest_first = |order: &&Order| std::cmp::Reverse((order.confirmed.at_unix_ms, order.id.clone()));
    told.sort_by_key(|order| (order.state.is_final(), newest_first(order)));
    told.truncate(MAX_ORDERS);
    told.sort_by_key(newest_first);
    told.into_iter().map(SharedOrder::of).collect()
}

/// A device's name as it is said: hyphens are spaces, and no phrase of ours is in it.
pub fn spoken(device: &str) -> String {
    hostile_text::clean(&device.replace('-', " "))
}

#[cfg(test)]
mod tests;
