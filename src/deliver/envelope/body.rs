//! The data of every kind of message. The JSON Schemas in `protocol/` are generated from these
//! types, so their comments are what a shop's developer reads.
//!
//! Never checks sums or signatures: [`super::open`] verifies, and whoever uses a body checks its sense.

use super::Body;
use crate::decide::order;
use crate::understand::Lang;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A moment as RFC 3339 text in UTC, milliseconds at the finest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Moment {
    /// Milliseconds since 1970.
    pub unix_ms: i64,
}

impl Moment {
    pub fn new(unix_ms: i64) -> Moment {
        Moment { unix_ms }
    }
}

impl From<Moment> for String {
    fn from(moment: Moment) -> String {
        // A moment outside the years that RFC 3339 knows can only come from a broken clock.
        super::rfc3339(moment.unix_ms).unwrap_or_else(|| "1970-01-01T00:00:00Z".into())
    }
}

impl TryFrom<String> for Moment {
    type Error = String;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        let at: jiff::Timestamp = text.parse().map_err(|e: jiff::Error| e.to_string())?;
        Ok(Moment { unix_ms: at.as_millisecond() })
    }
}

impl JsonSchema for Moment {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Moment".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "format": "date-time", "description": "RFC 3339 in UTC, at most milliseconds"})
    }
}

/// The household asks for a price.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct QuoteRequest {
    /// The topic that this message is published on.
    pub aud: String,
    /// Comes back in the answer.
    pub request_id: String,
    /// 1 to 50 lines.
    #[schemars(length(min = 1, max = 50))]
    pub lines: Vec<WantedLine>,
    /// `reorder`, or `find` for a request in free words.
    pub intent: String,
    pub language: Lang,
}

/// One line of a request: `sku`, `gtin` or `text` says what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WantedLine {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sku: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gtin: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Packs.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub qty: u32,
    #[serde(default)]
    pub options: BTreeMap<String, String>,
}

/// The shop's binding price. The household's order names its hash.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Quote {
    /// The topic that this message is published on.
    pub aud: String,
    pub quote_id: String,
    /// The request that this answers.
    pub request_id: String,
    /// 128 random bits, 32 hex digits in lower case.
    #[schemars(regex(pattern = "^[0-9a-f]{32}$"))]
    pub nonce: String,
    /// For so many seconds the household may confirm it.
    #[schemars(range(min = 1))]
    pub valid_s: u32,
    /// ISO 4217.
    #[schemars(regex(pattern = "^[A-Z]{3}$"))]
    pub currency: String,
    #[schemars(length(min = 1, max = 50))]
    pub lines: Vec<QuoteLine>,
    pub totals: Totals,
    pub delivery: Delivery,
    /// Who sells: the name that is read out.
    pub seller: String,
    /// Days in which the household may withdraw.
    pub withdrawal_days: u16,
    /// True if it would order again by itself.
    #[serde(default)]
    pub recurring: bool,
    /// Why the shop proposes this, for the household.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
    /// Many homes ask for one of these products just now: a device then wants an adult's hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub surge: Option<Surge>,
}

/// So many homes asked for the same product within so many minutes, far more than usual.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Surge {
    pub homes: u32,
    pub minutes: u32,
}

/// One line of a quote. Amounts are integer minor units.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct QuoteLine {
    pub sku: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gtin: Option<String>,
    /// In the language of the request.
    pub title: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pack: Option<crate::understand::catalog::Pack>,
    /// Packs.
    #[schemars(range(min = 1))]
    pub qty: u32,
    /// Minor units a pack.
    #[schemars(range(min = 0))]
    pub unit_amount: i64,
    /// `qty` times `unit_amount`.
    #[schemars(range(min = 0))]
    pub total: i64,
    #[serde(default)]
    pub options: BTreeMap<String, String>,
    /// What this household last paid for a pack, minor units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_paid: Option<i64>,
}

/// Integer minor units; `total` is `goods` plus `delivery`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Totals {
    #[schemars(range(min = 0))]
    pub goods: i64,
    #[schemars(range(min = 0))]
    pub delivery: i64,
    #[schemars(range(min = 0))]
    pub total: i64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Delivery {
    pub earliest: Moment,
    pub latest: Moment,
    /// Minor units.
    #[schemars(range(min = 0))]
    pub amount: i64,
}

/// The shop has no price for a request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct QuoteRefused {
    /// The topic that this message is published on.
    pub aud: String,
    pub request_id: String,
    /// `unknown_product`, `out_of_stock`, `quantity`, `unknown_option`, `not_paired`, `too_many`.
    pub code: String,
    /// The product that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sku: Option<String>,
}

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

/// The shop's answer to an order. The same order always gets the same receipt, until an order that is held is approved.
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
    /// `seq_reused`, `not_paired`, `out_of_stock`, `rate`. Why it is held: `burst`. `approved`: booked after it was held.
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
    /// Not booked: the shop keeps it until it expires. With code `burst`: until an adult of the home approves it.
    Held,
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
    /// Why: `too_late` for a cancellation or a withdrawal, `burst` for an order that is held; `not_returnable` and
    /// `not_in_part` for a withdrawal.
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
    /// Not booked, or not any more: many homes ordered the same product. An adult of the home must approve it.
    Held,
    Accepted,
    Shipped,
    Delivered,
    Rejected,
    Cancelled,
    /// It was held, and nobody approved it in time: nothing was booked.
    Expired,
    Withdrawn,
    Refunded,
}

/// One line of a conversation between a household and a person at the shop, in both directions. Numbered from 1 in each
/// thread and direction: take only the next number, and repeat what is not acknowledged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Chat {
    /// The topic that this message is published on.
    pub aud: String,
    /// 128 random bits, 32 hex digits in lower case; the device makes them.
    #[schemars(regex(pattern = "^[0-9a-f]{32}$"))]
    pub thread: String,
    /// Rises by one. 0: nothing is said, only `ack` counts; with `handoff` `ended` the shop does not know the thread.
    pub seq: u64,
    /// The highest number of the other side that is on disk, with all before it.
    #[serde(default)]
    pub ack: u64,
    pub from: ChatFrom,
    /// Who it is, as it is said aloud. The household gives none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 40))]
    pub name: String,
    /// At most 500 characters from a household, 300 from a shop; what is beyond them is cut off.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handoff: Option<Handoff>,
    /// The language of the household, with `requested`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<Lang>,
    /// The order that it may be about, with `requested`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_id: Option<String>,
    /// When it was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Moment>,
    /// An offer, only from a person: a whole quote, with this message's `aud` and the thread as its `request_id`. An order
    /// names its hash, as that of any quote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quote: Option<Quote>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChatFrom {
    Household,
    /// The shop's or the device's program: nobody wrote it.
    Bot,
    Person,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Handoff {
    /// The household wants a person.
    Requested,
    /// A person is there.
    Joined,
    /// Either side ended it.
    Ended,
}

/// Who a shop is. Retained.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Profile {
    /// The topic that this message is published on.
    pub aud: String,
    pub shop: String,
    /// The name that is read out.
    pub name: String,
    /// Public keys of the shop, the current one first.
    pub keys: Vec<String>,
    pub languages: Vec<Lang>,
    pub currency: String,
    /// Kinds that the shop understands.
    pub capabilities: Vec<String>,
}

/// Whether somebody is there. Retained; the last will says offline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Presence {
    /// The topic that this message is published on.
    pub aud: String,
    pub online: bool,
}

/// One part of a shop's catalogue. Retained.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CatalogPart {
    /// The topic that this message is published on.
    pub aud: String,
    pub catalog: crate::understand::catalog::Catalog,
}

macro_rules! body {
    ($type:ty, $kind:literal) => {
        impl Body for $type {
            const KIND: &'static str = $kind;
            fn aud(&self) -> &str {
                &self.aud
            }
        }
    };
    ($type:ty, $kind:literal, nonce) => {
        impl Body for $type {
            const KIND: &'static str = $kind;
            fn aud(&self) -> &str {
                &self.aud
            }
            fn nonce(&self) -> Option<&str> {
                Some(&self.nonce)
            }
        }
    };
}

mod home;

pub use home::*;

body!(QuoteRequest, "quote.request");
body!(Quote, "quote", nonce);
body!(QuoteRefused, "quote.refused");
body!(Order, "order", nonce);
body!(OrderGet, "order.get");
body!(Cancel, "cancel");
body!(Withdraw, "withdraw");
body!(OrderApprove, "order.approve");
body!(Receipt, "receipt");
body!(Status, "status");
body!(Chat, "chat");
body!(Profile, "profile");
body!(Presence, "state");
body!(CatalogPart, "catalog");

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

/// Why a quote makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadQuote {
    #[error("line {0}: the quantity or an amount is out of range")]
    Line(usize),
    #[error("line {0}: quantity times unit amount is not its total")]
    LineTotal(usize),
    #[error("the lines and the delivery do not add up to the total")]
    Total,
    #[error("it has no lines, or more than 50")]
    Lines,
    #[error("it is valid for no time at all")]
    Validity,
    #[error("its delivery ends before it begins")]
    Delivery,
}

/// The most that one order may come to, minor units: sums of it stay far within 2^53.
const MAX_TOTAL: i64 = 1_000_000_000_000;

impl Quote {
    /// The quote as the household keeps it, with its texts through `clean`.
    pub fn into_order(self, shop: &str, hash: String, clean: impl Fn(&str) -> String) -> order::Quote {
        let lines = self.lines.into_iter().map(|line| order::QuoteLine {
            title: clean(&line.title),
            sku: line.sku,
            qty: line.qty,
            unit_amount: line.unit_amount,
            total: line.total,
            options: line.options,
        });
        order::Quote {
            lines: lines.collect(),
            quote_id: self.quote_id,
            request_id: self.request_id,
            hash,
            shop: shop.into(),
            seller: clean(&self.seller),
            currency: self.currency,
            total: self.totals.total,
            delivery: order::Delivery {
                earliest_unix_ms: self.delivery.earliest.unix_ms,
                latest_unix_ms: self.delivery.latest.unix_ms,
                amount: self.delivery.amount,
            },
            valid_s: self.valid_s,
            withdrawal_days: self.withdrawal_days,
            recurring: self.recurring,
            because: self.because.map(|text| clean(&text)),
            surge: self.surge.map(|surge| order::Surge { homes: surge.homes, minutes: surge.minutes }),
        }
    }

    /// # Errors
    /// The first thing that does not add up.
    pub fn check(&self) -> Result<(), BadQuote> {
        if self.lines.is_empty() || self.lines.len() > 50 {
            return Err(BadQuote::Lines);
        }
        if self.valid_s == 0 {
            return Err(BadQuote::Validity);
        }
        if self.delivery.latest < self.delivery.earliest {
            return Err(BadQuote::Delivery);
        }
        let mut goods: i64 = 0;
        for (at, line) in self.lines.iter().enumerate() {
            if line.qty == 0 || !(0..=MAX_TOTAL).contains(&line.unit_amount) {
                return Err(BadQuote::Line(at + 1));
            }
            if line.unit_amount.checked_mul(i64::from(line.qty)) != Some(line.total) {
                return Err(BadQuote::LineTotal(at + 1));
            }
            goods = goods.checked_add(line.total).filter(|sum| *sum <= MAX_TOTAL).ok_or(BadQuote::Total)?;
        }
        let delivery = self.delivery.amount;
        let adds_up = (0..=MAX_TOTAL).contains(&delivery)
            && self.totals.goods == goods
            && self.totals.delivery == delivery
            && self.totals.total == goods + delivery;
        if adds_up { Ok(()) } else { Err(BadQuote::Total) }
    }
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
