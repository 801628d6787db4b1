//! What is known of the household: its open orders and its history. Restored from the store
//! at start, and kept current by the mind.

use super::order::{Order, OrderId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Household {
    /// Orders of the last 40 days, all states.
    pub orders: BTreeMap<OrderId, Order>,
    /// What was delivered before that, or imported from the shop: one entry a product.
    pub regulars: BTreeMap<String, Regular>,
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
