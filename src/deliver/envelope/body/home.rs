//! What the speakers of one home tell each other. A shop never sees any of it.

use super::{Body, Moment};
use crate::decide::order::{OrderId, OrderState};
use crate::decide::sibling::{MAX_ORDERS, SharedLine, SharedOrder};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The most that the orders of a snapshot may take, bytes; a whole message is a little larger.
pub const MAX_SNAPSHOT: usize = 64 * 1024;

/// The orders of one speaker for the other speakers of its home, the newest first: those that are open, and those of the
/// last 40 days. Each snapshot takes the place of the one before. Retained.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HomeOrders {
    /// The topic that this message is published on.
    pub aud: String,
    /// Rises with each snapshot; one with the same or a lower number is dropped.
    #[schemars(range(min = 1))]
    pub rev: u64,
    #[schemars(length(max = 200))]
    pub orders: Vec<HomeOrder>,
}

/// One order of a speaker. Amounts are integer minor units.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HomeOrder {
    pub order_id: String,
    pub shop: String,
    /// `awaiting_adult`, `held`, `sending`, `held_at_shop`, `awaiting_payment`, `approving`, `accepted`, `shipped`, `delivered`, `rejected`,
    /// `cancelling`, `cancelled`, `expired`, `withdrawn`, `refunded` or `unknown`; whatever else it says counts as `unknown`.
    pub state: String,
    #[schemars(length(min = 1, max = 50))]
    pub lines: Vec<HomeLine>,
    /// ISO 4217.
    #[schemars(regex(pattern = "^[A-Z]{3}$"))]
    pub currency: String,
    /// Delivery included.
    #[schemars(range(min = 0))]
    pub total: i64,
    #[schemars(range(min = 0))]
    pub delivery: i64,
    pub confirmed_at: Moment,
    /// Until then it can be taken back without asking the shop.
    pub hold_until: Moment,
    /// After this moment the shop must not book it.
    pub exp: Moment,
    pub arrives_by: Moment,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancel_until: Option<Moment>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HomeLine {
    pub sku: String,
    pub title: String,
    /// Packs.
    #[schemars(range(min = 1))]
    pub qty: u32,
    /// Minor units a pack.
    #[schemars(range(min = 0))]
    pub unit_amount: i64,
}

/// The household asks, at this speaker, for an order of another one to be taken back. The other's next snapshot answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HomeCancel {
    /// The topic that this message is published on.
    pub aud: String,
    /// The speaker whose order it is; the others drop it.
    pub device: String,
    pub order_id: String,
}

/// A wish to buy something was just heard here. Only products that the shop is asked about as well, and never words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HomeHeard {
    /// The topic that this message is published on.
    pub aud: String,
    #[schemars(length(min = 1, max = 8))]
    pub skus: Vec<String>,
    /// Level of the speech, hundredths of a decibel relative to full scale.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = -30_000, max = 30_000))]
    pub level_cdb: Option<i32>,
    /// Its level over the noise floor, hundredths of a decibel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = -30_000, max = 30_000))]
    pub snr_cdb: Option<i32>,
}

body!(HomeOrders, "orders");
body!(HomeCancel, "order.cancel");
body!(HomeHeard, "heard");

/// Why a message of another speaker makes no sense, although that speaker signed it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadHome {
    #[error("a snapshot of {0} orders; at most {MAX_ORDERS} are taken")]
    Orders(usize),
    #[error("the figures of order {0} can't be right")]
    Order(String),
    #[error("an order in {found}; this household pays in {expected}")]
    Currency { found: String, expected: String },
    #[error("a notice of no products, of too many, or of a level that no microphone has")]
    Heard,
}

impl HomeOrders {
    /// As many of `orders` as fit; where they don't, the open ones stay before the others, and the newest before older ones.
    pub fn of(aud: String, rev: u64, orders: &[SharedOrder]) -> HomeOrders {
        let mut by_need: Vec<usize> = (0..orders.len()).collect();
        by_need.sort_by_key(|at| (orders[*at].state.is_final(), *at));
        let wire: Vec<HomeOrder> = orders.iter().map(HomeOrder::of).collect();
        let size = |at: usize| serde_json::to_string(&wire[at]).map_or(usize::MAX, |text| text.len() + 1);
        let mut left = MAX_SNAPSHOT;
        let mut kept = vec![false; orders.len()];
        for at in by_need.into_iter().take(MAX_ORDERS) {
            let size = size(at);
            if size <= left {
                left -= size;
                kept[at] = true;
            }
        }
        let orders = wire.into_iter().zip(kept).filter(|(_, kept)| *kept).map(|(order, _)| order).collect();
        HomeOrders { aud, rev, orders }
    }

    /// The orders as the household keeps them, with their texts through `clean`.
    ///
    /// # Errors
    /// The first thing that can't be right: then nothing of the snapshot is used.
    pub fn into_shared(self, currency: &str, clean: impl Fn(&str) -> String) -> Result<Vec<SharedOrder>, BadHome> {
        if self.orders.len() > MAX_ORDERS {
            return Err(BadHome::Orders(self.orders.len()));
        }
        let shared = |order: HomeOrder| {
            if order.currency != currency {
                let found = clean(&order.currency);
                return Err(BadHome::Currency { found, expected: currency.into() });
            }
            let shared = order.into_shared(&clean);
            if shared.is_sane() { Ok(shared) } else { Err(BadHome::Order(clean(&shared.id.0))) }
        };
        self.orders.into_iter().map(shared).collect()
    }
}

impl HomeOrder {
    fn of(order: &SharedOrder) -> HomeOrder {
        let line = |line: &SharedLine| HomeLine {
            sku: line.sku.clone(),
            title: line.title.clone(),
            qty: line.qty,
            unit_amount: line.unit_amount,
        };
        HomeOrder {
            order_id: order.id.0.clone(),
            shop: order.shop.clone(),
            state: order.state.name().into(),
            lines: order.lines.iter().map(line).collect(),
            currency: order.currency.clone(),
            total: order.total,
            delivery: order.delivery_amount,
            confirmed_at: Moment::new(order.confirmed_unix_ms),
            hold_until: Moment::new(order.hold_until_unix_ms),
            exp: Moment::new(order.expires_unix_ms),
            arrives_by: Moment::new(order.arrives_unix_ms),
            cancel_until: order.cancel_until_unix_ms.map(Moment::new),
        }
    }

    fn into_shared(self, clean: &impl Fn(&str) -> String) -> SharedOrder {
        // A state that only a newer version knows: it may be a purchase.
        let state = serde_json::from_value(self.state.into()).unwrap_or(OrderState::Unknown);
        let line = |line: HomeLine| SharedLine {
            title: clean(&line.title),
            sku: line.sku,
            qty: line.qty,
            unit_amount: line.unit_amount,
        };
        SharedOrder {
            id: OrderId(self.order_id),
            shop: self.shop,
            state,
            lines: self.lines.into_iter().map(line).collect(),
            currency: self.currency,
            total: self.total,
            delivery_amount: self.delivery,
            confirmed_unix_ms: self.confirmed_at.unix_ms,
            hold_until_unix_ms: self.hold_until.unix_ms,
            expires_unix_ms: self.exp.unix_ms,
            arrives_unix_ms: self.arrives_by.unix_ms,
            cancel_until_unix_ms: self.cancel_until.map(|at| at.unix_ms),
        }
    }
}

impl HomeHeard {
    /// # Errors
    /// When it can't come from a speaker as we know them.
    pub fn check(&self) -> Result<(), BadHome> {
        let level = |cdb: Option<i32>| cdb.is_none_or(|cdb| (-30_000..=30_000).contains(&cdb));
        let skus = (1..=8).contains(&self.skus.len()) && self.skus.iter().all(|sku| (1..=256).contains(&sku.len()));
        if skus && level(self.level_cdb) && level(self.snr_cdb) { Ok(()) } else { Err(BadHome::Heard) }
    }
}

#[cfg(test)]
mod tests;
