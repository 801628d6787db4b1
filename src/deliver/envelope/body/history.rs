//! What a shop has on a household: all of its orders there, whichever speaker they came from, in pages.

use super::{Moment, StatusState};
use crate::understand::Lang;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The most orders of one page.
pub const HISTORY_PAGE: u32 = 50;

/// The household wants to know what the shop has on it. Only orders of the home in the topic may be in the answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HistoryGet {
    /// The topic that this message is published on.
    pub aud: String,
    /// Comes back in the answer; another one for each message.
    #[schemars(length(min = 1, max = 64))]
    pub request_id: String,
    /// At most so many orders; the shop may give fewer.
    #[schemars(range(min = 1, max = 50))]
    pub limit: u32,
    /// The `next` of the page before; without it the newest orders are asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64))]
    pub after: Option<String>,
    /// Products are called in it.
    pub language: Lang,
}

/// The answer to `history.get`: one page, the newest order first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct History {
    /// The topic that this message is published on.
    pub aud: String,
    /// The request that this answers.
    pub request_id: String,
    #[schemars(length(max = 50))]
    pub orders: Vec<PastOrder>,
    /// There are older ones: what to say as `after` for them. Means nothing to anybody but the shop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64))]
    pub next: Option<String>,
    /// Why there is no page: `rate` (asked too often), `bad_page` (an `after` that the shop never gave), `not_paired`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}

/// An order as the shop has it now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PastOrder {
    pub order_id: String,
    /// The shop's own number.
    pub shop_order_no: String,
    /// The speaker that ordered it.
    pub device: String,
    /// `held`: never booked so far.
    pub state: StatusState,
    /// ISO 4217.
    pub currency: String,
    /// Delivery included, minor units.
    pub total: i64,
    #[schemars(length(max = 50))]
    pub lines: Vec<PastLine>,
    /// When it was booked, or came, if it is held.
    pub booked: Moment,
    /// When it took its state, if that was later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Moment>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivered: Option<Moment>,
}

/// One line of an order, as it was read back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PastLine {
    pub sku: String,
    /// As the shop calls it now; the SKU, if it is sold no more.
    pub title: String,
    /// Packs.
    pub qty: u32,
    /// Minor units a pack.
    pub unit_amount: i64,
    /// Minor units.
    pub total: i64,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub options: BTreeMap<String, String>,
}

impl History {
    /// No page, and why.
    pub fn none(aud: String, request_id: String, code: &str) -> History {
        History { aud, request_id, orders: vec![], next: None, code: Some(code.into()) }
    }
}
