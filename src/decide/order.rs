//! Quotes and the life of an order.
//!
//! ```text
//! heard → resolved → quoting → quoted → confirming → confirmed → held → sending → accepted → shipped → delivered
//! exits: abandoned · expired · rejected · cancelling → cancelled
//! back:  accepted, shipped or delivered → withdrawing → withdrawn → refunded; or as it was, if the shop refuses
//! burst: sending or accepted → held_at_shop → (an adult's hand) → approving → accepted
//! pay:   sending or approving → awaiting_payment → (the household's own bank) → accepted, rejected or expired
//! unknown: the answer was lost: ask until expiry, then resend the same bytes
//! ```
//!
//! Everything up to `confirming` lives in the dialogue only; an [`Order`] exists from the
//! confirmation on, and is on disk before anybody hears that it is.

use super::Now;
use super::money::Money;
use crate::understand::Lang;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// An order's idempotency key: 128 random bits as 32 hex digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OrderId(pub String);

impl std::fmt::Display for OrderId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// One line that the household asks a price for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    pub sku: String,
    /// Packs, 1 or more.
    pub qty: u32,
    pub options: BTreeMap<String, String>,
}

/// The shop's signed price for what was asked, already verified by `deliver`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    pub quote_id: String,
    /// The request that it answers.
    pub request_id: String,
    /// SHA-256 over the canonical JSON of the quote's data, hex.
    pub hash: String,
    pub shop: String,
    pub seller: String,
    pub currency: String,
    pub lines: Vec<QuoteLine>,
    /// Everything together, delivery included, less what a coupon takes off, minor units.
    pub total: i64,
    pub delivery: Delivery,
    /// How long the shop stands by it, seconds.
    pub valid_s: u32,
    pub withdrawal_days: u16,
    /// True if it would order again by itself.
    pub recurring: bool,
    /// Why the shop proposes this, in its own words (cleaned).
    pub because: Option<String>,
    /// The shop says that many homes ask for this just now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub surge: Option<Surge>,
    /// How it will be paid; `None`: as was agreed elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment: Option<Box<Payment>>,
    /// What became of the coupon that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coupon: Option<Box<CouponSaid>>,
}

/// How an order is paid. Nothing of a card: what stands behind the id is the shop's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    pub method: PayMethod,
    /// The shop's name for it; another one once it is another way to pay.
    pub id: String,
    /// What the household calls it, in the shop's words (cleaned).
    pub label: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PayMethod {
    Account,
    Invoice,
    Token,
}

/// The shop's word on a coupon.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CouponSaid {
    /// It takes so much off the goods, minor units, 1 or more.
    Taken { amount: i64 },
    /// It takes nothing off. `minimum`: what the goods must come to, minor units, if that is why.
    Refused {
        code: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        minimum: Option<i64>,
    },
}

/// So many homes asked for the same product within so many minutes, far more than usual.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Surge {
    pub homes: u32,
    pub minutes: u32,
}

impl Quote {
    pub fn total(&self) -> Money {
        Money::new(self.total, &self.currency)
    }

    /// What a coupon takes off, minor units.
    pub fn discount(&self) -> i64 {
        match self.coupon.as_deref() {
            Some(CouponSaid::Taken { amount }) => *amount,
            Some(CouponSaid::Refused { .. }) | None => 0,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuoteLine {
    pub sku: String,
    /// As the shop calls it, cleaned of control characters, mark-up and wake words.
    pub title: String,
    pub qty: u32,
    /// Minor units a pack.
    pub unit_amount: i64,
    /// `qty × unit_amount`, minor units.
    pub total: i64,
    pub options: BTreeMap<String, String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// Milliseconds since 1970; the first and last day on which it may come.
    pub earliest_unix_ms: i64,
    pub latest_unix_ms: i64,
    /// Minor units.
    pub amount: i64,
}

/// Where an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderState {
    /// Confirmed, but an adult must still approve it.
    AwaitingAdult,
    /// Confirmed and on disk; can still be taken back without asking anybody.
    Held,
    /// The outbox may send it, and does so until the shop's receipt is on disk.
    Sending,
    /// Sent, and the shop keeps it unbooked: an adult must approve it, or it expires.
    HeldAtShop,
    /// Sent, and the shop keeps it unbooked: the household must confirm the payment in its bank's app, or it expires.
    AwaitingPayment,
    /// An adult approved what the shop keeps; the outbox says so until the shop's answer is on disk.
    Approving,
    Accepted,
    Shipped,
    Delivered,
    Rejected,
    /// Sent, and the household wants it back; only the shop can say that it is cancelled.
    Cancelling,
    Cancelled,
    /// It did not reach the shop in time; nothing was bought.
    Expired,
    /// The household withdraws from the purchase; the outbox says so until the shop's answer is on disk.
    Withdrawing,
    /// The shop has the withdrawal, by its own signed word. A refund may follow.
    Withdrawn,
    Refunded,
    /// It was sent, its time is over, and no answer came: ask with `order.get`.
    Unknown,
}

impl OrderState {
    /// Nothing more will happen to it on this device.
    pub fn is_final(self) -> bool {
        use OrderState::*;
        match self {
            Delivered | Rejected | Cancelled | Expired | Withdrawn | Refunded => true,
            AwaitingAdult | Held | Sending | HeldAtShop | AwaitingPayment | Approving | Accepted | Shipped
            | Cancelling | Withdrawing | Unknown => false,
        }
    }

    /// This device waits for nothing: the shop has it, or it is over.
    pub fn is_settled(self) -> bool {
        use OrderState::*;
        match self {
            Accepted | Shipped | Delivered | Rejected | Cancelled | Expired | Withdrawn | Refunded => true,
            AwaitingAdult | Held | Sending | HeldAtShop | AwaitingPayment | Approving | Cancelling | Withdrawing
            | Unknown => false,
        }
    }

    /// An adult's approval is what it waits for, here or at the shop.
    pub fn awaits_adult(self) -> bool {
        use OrderState::*;
        match self {
            AwaitingAdult | HeldAtShop => true,
            Held | Sending | AwaitingPayment | Approving | Accepted | Shipped | Delivered | Rejected | Cancelling
            | Cancelled | Expired | Withdrawing | Withdrawn | Refunded | Unknown => false,
        }
    }

    /// It is, or may become, a purchase: it counts towards caps and duplicates.
    pub fn counts(self) -> bool {
        use OrderState::*;
        match self {
            AwaitingAdult | Held | Sending | HeldAtShop | AwaitingPayment | Approving | Accepted | Shipped
            | Delivered | Unknown | Cancelling | Withdrawing => true,
            Rejected | Cancelled | Expired | Withdrawn | Refunded => false,
        }
    }

    /// The shop took it, and the household kept it.
    pub fn is_bought(self) -> bool {
        use OrderState::*;
        match self {
            Accepted | Shipped | Delivered => true,
            AwaitingAdult | Held | Sending | HeldAtShop | AwaitingPayment | Approving | Rejected | Cancelling
            | Cancelled | Expired | Withdrawing | Withdrawn | Refunded | Unknown => false,
        }
    }

    /// `held`, `sending`, ...: as in the store and on the wire.
    pub fn name(self) -> &'static str {
        use OrderState::*;
        match self {
            AwaitingAdult => "awaiting_adult",
            Held => "held",
            Sending => "sending",
            HeldAtShop => "held_at_shop",
            AwaitingPayment => "awaiting_payment",
            Approving => "approving",
            Accepted => "accepted",
            Shipped => "shipped",
            Delivered => "delivered",
            Rejected => "rejected",
            Cancelling => "cancelling",
            Cancelled => "cancelled",
            Expired => "expired",
            Withdrawing => "withdrawing",
            Withdrawn => "withdrawn",
            Refunded => "refunded",
            Unknown => "unknown",
        }
    }
}

/// A confirmed order. What it holds is what was read back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Order {
    pub id: OrderId,
    pub quote: Quote,
    /// 128 random bits, hex.
    pub nonce: String,
    pub state: OrderState,
    pub lang: Lang,
    pub confirmed: Confirmation,
    /// When the hold ends and when the order dies, milliseconds since 1970.
    pub hold_until_unix_ms: i64,
    pub expires_unix_ms: i64,
    /// The shop's own number, once its receipt is here.
    pub shop_order_no: Option<String>,
    /// Until when the shop takes a cancellation, milliseconds since 1970.
    pub cancel_until_unix_ms: Option<i64>,
    /// Why it was rejected, is held at the shop or expired, as a code; or that it was `approved`.
    pub code: Option<String>,
    /// When it came, by the shop's word, or when this device heard of it; milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivered_unix_ms: Option<i64>,
    /// The household's withdrawal from this purchase, the newest, and the shop's acknowledgement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawal: Option<Withdrawal>,
    /// Its newest change that the household must hear of, heard or not; `None`: none since this is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_tell: Option<ToTell>,
}

impl Order {
    pub fn has(&self, sku: &str) -> bool {
        self.quote.lines.iter().any(|line| line.sku == sku)
    }

    /// Does the shop still take a cancellation, as far as that is known here?
    pub fn is_cancellable(&self, now: Now) -> bool {
        now.wall.zip(self.cancel_until_unix_ms).is_none_or(|(wall, until)| wall.unix_ms < until)
    }
}

/// A change of an order that the household must hear of. How far it has heard is kept in
/// [`super::household::Household::told`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToTell {
    /// Counts such changes of this order from 1.
    pub number: u32,
    /// Where the order stood before; `None`: it is new.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<OrderState>,
    /// Milliseconds since 1970; `None`: the wall clock was unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_unix_ms: Option<i64>,
}

/// That the household withdraws from a purchase. Times are milliseconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withdrawal {
    /// Where the order stood, by the shop's last word: to there it goes back if the shop refuses.
    pub from: OrderState,
    /// When the household said so; `None`: the wall clock was unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_unix_ms: Option<i64>,
    /// When the shop received it, by its own signed word: the acknowledgement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received_unix_ms: Option<i64>,
}

/// How it was confirmed: evidence for the shop and for the household.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Confirmation {
    /// `phrase`, `challenge` or `adult`.
    pub rung: super::guard::Rung,
    /// What the household said, each utterance that led here.
    pub spoken: Vec<String>,
    /// Milliseconds since 1970.
    pub at_unix_ms: i64,
}

/// The shop's signed answer to an order, already verified by `deliver`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    pub order_id: OrderId,
    pub status: ReceiptStatus,
    /// Machine-readable reason of a rejection, such as `out_of_stock`.
    pub code: Option<String>,
    pub shop_order_no: Option<String>,
    pub cancel_until_unix_ms: Option<i64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReceiptStatus {
    Accepted,
    Rejected,
    /// Not booked: the shop keeps it until an adult approves it, or the household its payment, or it expires.
    Held,
}

/// The shop's news of an order, already verified by `deliver`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusUpdate {
    pub order_id: OrderId,
    /// Rises with each update; an older one that comes late is dropped.
    pub rev: u64,
    pub state: OrderState,
    /// Why, where the shop says so: `burst`, `too_late`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Since when, by the shop's clock; milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since_unix_ms: Option<i64>,
    /// The shop's word on a withdrawal, if this is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawal: Option<WithdrawalAnswer>,
}

/// What the shop says of a withdrawal, beside the order's state. Times are milliseconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WithdrawalAnswer {
    /// When the shop received it.
    pub received_unix_ms: Option<i64>,
    /// On this day the time for it ends, or ended.
    pub until_unix_ms: Option<i64>,
}
