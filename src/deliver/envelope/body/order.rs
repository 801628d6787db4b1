//! A confirmed order, and the shop's answer to it.

use super::{Moment, QuoteLine};
use crate::decide::order;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The household buys. Signed by the device; with the quote that it names it is the contract.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Order {
    /// The topic that this message is published on.
    pub aud: String,
    /// The idempotency key: 128 random bits, 32 hex digits in lower case.
    #[schemars(regex(pattern = "^[0-9a-f]{32}$"))]
    pub order_id: String,
    /// Rises with each order of a device.
    pub seq: u64,
    #[schemars(regex(pattern = "^[0-9a-f]{32}$"))]
    pub nonce: String,
    pub quote_id: String,
    /// SHA-256 over the RFC 8785 form of the quote's data, hex.
    #[schemars(regex(pattern = "^[0-9a-f]{64}$"))]
    pub quote_hash: String,
    pub currency: String,
    pub lines: Vec<OrderLine>,
    /// What the household heard, delivery included, minor units.
    pub total: i64,
    /// After this moment the shop must not book it.
    pub exp: Moment,
    pub confirm: Confirm,
    /// A payment mandate, once there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mandate: Option<String>,
}

/// One line of an order, as it was read back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OrderLine {
    pub sku: String,
    pub qty: u32,
    pub unit_amount: i64,
    pub total: i64,
    #[serde(default)]
    pub options: BTreeMap<String, String>,
}

/// How the household confirmed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Confirm {
    /// `phrase`, `challenge` or `adult`.
    pub rung: String,
    /// What was said, each utterance that led here.
    pub spoken: Vec<String>,
    pub at: Moment,
}

impl Order {
    /// The wire form of a confirmed order.
    pub fn of(order: &order::Order, seq: u64, aud: String) -> Order {
        Order {
            aud,
            order_id: order.id.0.clone(),
            seq,
            nonce: order.nonce.clone(),
            quote_id: order.quote.quote_id.clone(),
            quote_hash: order.quote.hash.clone(),
            currency: order.quote.currency.clone(),
            lines: order
                .quote
                .lines
                .iter()
                .map(|line| OrderLine {
                    sku: line.sku.clone(),
                    qty: line.qty,
                    unit_amount: line.unit_amount,
                    total: line.total,
                    options: line.options.clone(),
                })
                .collect(),
            total: order.quote.total,
            exp: Moment::new(order.expires_unix_ms),
            confirm: Confirm {
                rung: rung_name(order.confirmed.rung).into(),
                spoken: order.confirmed.spoken.clone(),
                at: Moment::new(order.confirmed.at_unix_ms),
            },
            mandate: None,
        }
    }
}

/// As it was quoted.
impl From<&QuoteLine> for OrderLine {
    fn from(line: &QuoteLine) -> OrderLine {
        OrderLine {
            sku: line.sku.clone(),
            qty: line.qty,
            unit_amount: line.unit_amount,
            total: line.total,
            options: line.options.clone(),
        }
    }
}

fn rung_name(rung: crate::decide::guard::Rung) -> &'static str {
    use crate::decide::guard::Rung::*;
    match rung {
        Phrase => "phrase",
        Challenge => "challenge",
        Adult => "adult",
        List => "list",
        Refuse => "refuse",
    }
}

/// The shop's answer to an order. The same order always gets the same receipt, until an order that is held is approved or
/// paid for, or its payment is refused.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Receipt {
    /// The topic that this message is published on.
    pub aud: String,
    pub order_id: String,
    /// SHA-256 over the RFC 8785 form of the order's data as the shop got it, hex.
    #[schemars(regex(pattern = "^[0-9a-f]{64}$"))]
    pub order_hash: String,
    pub status: ReceiptStatus,
    /// Why it was rejected: `expired`, `quote_unknown`, `quote_expired`, `not_as_quoted`, `idempotency_conflict`,
    /// `seq_reused`, `not_paired`, `out_of_stock`, `rate`, `payment_changed`, `coupon_used`; `payment_refused` after it was
    /// held. Why it is held: `burst`, `payment_authentication`. Booked after it was held: `approved`, `payment_confirmed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The shop's own number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shop_order_no: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancel_until: Option<Moment>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReceiptStatus {
    Accepted,
    Rejected,
    /// Not booked: the shop keeps it until it expires. With code `burst`: until an adult of the home approves it. With code
    /// `payment_authentication`: until the household has confirmed the payment in its bank's app.
    Held,
}
