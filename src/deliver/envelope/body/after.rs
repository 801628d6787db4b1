//! What comes after an order: how it stands, taking it back, withdrawing from the purchase.

use super::Moment;
use crate::decide::order;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Ask what became of an order. The shop answers with the stored receipt, or with a status `unknown`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OrderGet {
    /// The topic that this message is published on.
    pub aud: String,
    pub order_id: String,
}

/// Take an order back. It is cancelled only when the shop's status says so.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Cancel {
    /// The topic that this message is published on.
    pub aud: String,
    pub order_id: String,
    /// `household` or `expired`.
    pub reason_code: String,
}

/// The household withdraws from a purchase. Repeated until the shop answers with a status that has `withdrawal`:
/// `withdrawn`, or how the order stands with a `code`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Withdraw {
    /// The topic that this message is published on.
    pub aud: String,
    pub order_id: String,
    /// What goes back. Empty: all of it, as `tendero` always says.
    #[serde(default)]
    pub lines: Vec<WithdrawLine>,
    /// When the household said so: the moment that counts for the deadline. Not there if the device did not know the time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Moment>,
}

/// One line that goes back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WithdrawLine {
    pub sku: String,
    /// Packs.
    #[schemars(range(min = 1))]
    pub qty: u32,
}

/// An adult of the home approves an order that the shop holds with code `burst`. Repeated until the shop
/// answers: with the receipt `accepted`, code `approved`, once it is booked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OrderApprove {
    /// The topic that this message is published on.
    pub aud: String,
    pub order_id: String,
}

/// News of an order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Status {
    /// The topic that this message is published on.
    pub aud: String,
    pub order_id: String,
    /// Rises with each status of an order; an older one that comes late is dropped.
    pub rev: u64,
    pub state: StatusState,
    /// Why: `too_late` for a cancellation or a withdrawal, `burst` or `payment_authentication` for an order that is held,
    /// or was until it expired; `not_returnable` and `not_in_part` for a withdrawal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Since when it is in this state. With `delivered` it begins the time for a withdrawal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Moment>,
    /// The shop's answer to a withdrawal: with `withdrawn` and `refunded` it is the acknowledgement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawal: Option<WithdrawalAnswer>,
}

/// That the shop received a withdrawal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WithdrawalAnswer {
    /// When it was received. The same each time that it is told.
    pub received: Moment,
    /// The last day for it, where the shop knows when the order was delivered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Moment>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StatusState {
    /// The shop never got this order: send the same bytes again while it is valid.
    Unknown,
    /// Not booked, or not any more. With code `burst` many homes ordered the same product, and an adult of the home must
    /// approve it; with `payment_authentication` the household must confirm the payment in its bank's app.
    Held,
    Accepted,
    Shipped,
    Delivered,
    Rejected,
    Cancelled,
    /// It was held, and nobody approved it, or its payment, in time: nothing was booked.
    Expired,
    Withdrawn,
    Refunded,
}

impl StatusState {
    /// The state that an order takes; `None` when the shop does not know it.
    pub fn order_state(self) -> Option<order::OrderState> {
        use order::OrderState;
        match self {
            StatusState::Unknown => None,
            StatusState::Held => Some(OrderState::HeldAtShop),
            StatusState::Expired => Some(OrderState::Expired),
            StatusState::Accepted => Some(OrderState::Accepted),
            StatusState::Shipped => Some(OrderState::Shipped),
            StatusState::Delivered => Some(OrderState::Delivered),
            StatusState::Rejected => Some(OrderState::Rejected),
            StatusState::Cancelled => Some(OrderState::Cancelled),
            StatusState::Withdrawn => Some(OrderState::Withdrawn),
            StatusState::Refunded => Some(OrderState::Refunded),
        }
    }

    /// As on the wire.
    pub fn name(self) -> &'static str {
        match self {
            StatusState::Unknown => "unknown",
            StatusState::Held => "held",
            StatusState::Expired => "expired",
            StatusState::Accepted => "accepted",
            StatusState::Shipped => "shipped",
            StatusState::Delivered => "delivered",
            StatusState::Rejected => "rejected",
            StatusState::Cancelled => "cancelled",
            StatusState::Withdrawn => "withdrawn",
            StatusState::Refunded => "refunded",
        }
    }
}
