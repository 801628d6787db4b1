//! Everything that the mind can ask the daemon to do: a closed set.

use super::Now;
use super::chat::{ChatLine, Thread};
use super::event::{Channel, Turn};
use super::find::Seek;
use super::guard::Verdict;
use super::notice::Consent;
use super::order::{Order, OrderId, OrderState, Wanted};
use super::reply::Reply;
use super::sibling::SharedOrder;
use crate::understand::Lang;
use crate::understand::coupon::Coupon;
use crate::understand::grammar::Expect;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "effect", rename_all = "snake_case")]
pub enum Effect {
    /// Say it on that channel; answers `Event::Played { say }` when it has really ended, or `Event::Unheard { say }`.
    Say { say: u32, channel: Channel, lang: Lang, reply: Reply },
    /// Open the microphone for one utterance; answers `Event::Heard` or `Event::Silence` of `turn`.
    Listen { turn: Turn, lang: Lang, expect: Expect, window_ms: u32 },
    /// Have a second recogniser hear the last utterance again; answers `Event::HeardAgain { id }`, or nothing.
    HearAgain { id: u32 },
    /// Back to the wake word.
    Rest,
    /// Ask the shop for a signed price; answers `Event::Quoted` or `Event::NotQuoted`.
    AskQuote {
        request_id: String,
        lang: Lang,
        lines: Vec<Wanted>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        coupon: Option<Coupon>,
    },
    /// Ask the shop what it would propose; answers `Event::Found`.
    AskFind { request_id: String, lang: Lang, seek: Seek },
    /// Ask the shop for the newest orders of this home; answers `Event::History`.
    AskHistory { request_id: String, lang: Lang, limit: u32 },
    /// Write and fsync, in one transaction; answers `Event::Stored` or `Event::StoreFailed`.
    Store { ticket: u32, writes: Vec<Write> },
    /// The outbox may send this order, and goes on until its receipt is stored.
    Send { order: OrderId },
    /// Ask the shop to cancel an order that was already sent.
    AskCancel { order: OrderId, reason: CancelReason },
    /// Tell the shop that an adult approved an order which it keeps, until its answer is stored.
    AskApprove { order: OrderId },
    /// Tell the shop that the household withdraws from an order, until its answer is stored.
    AskWithdraw { order: OrderId },
    /// Ask the shop what became of an order.
    AskStatus { order: OrderId },
    /// Ask another speaker of the household to take back an order of its own; its next snapshot answers.
    AskSibling { device: String, order: OrderId },
    /// Tell the other speakers what was just heard here, and how loud (hundredths of a decibel).
    TellHeard { skus: Vec<String>, level_cdb: Option<i32>, snr_cdb: Option<i32> },
    /// Say in this thread what the shop does not have yet, and how far what it said is on disk here.
    Chat { thread: String },
    /// Tell the shop what it may tell, until it has it.
    TellConsent,
}

/// One durable change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "write", rename_all = "snake_case")]
#[allow(clippy::large_enum_variant, reason = "a transaction has a handful, and most of them are orders")]
pub enum Write {
    /// A new order, or a new state of one. The signed bytes are made when it first is written.
    Order(Order),
    /// What the guards said of a proposal; `order` is set once there is one.
    Audit {
        /// Milliseconds since 1970; `None` while the wall clock is unknown.
        at_unix_ms: Option<i64>,
        order: Option<OrderId>,
        heard: String,
        verdicts: Vec<Verdict>,
    },
    /// What happened to an order, for the household to read; goes with the order's new state.
    Step(Step),
    /// The household has heard the order's news up to this number.
    Told { order: OrderId, number: u32 },
    /// So many wrong PINs in a row were given.
    WrongPins { count: u32 },
    /// This product was suggested.
    Offered { sku: String, at_unix_ms: i64 },
    /// The orders of another speaker, instead of what was known of it.
    Shared { device: String, rev: u64, orders: Vec<SharedOrder> },
    /// How a conversation with a person stands, and a line that is new in it.
    Chat { thread: Thread, line: Option<ChatLine> },
    /// What the shop may tell from now on; what waits under the consent before goes under this one.
    Consent(Consent),
    /// These were told to their end, milliseconds since 1970; 0: the wall clock was unknown.
    NoticesTold { ids: Vec<String>, at_unix_ms: i64 },
    /// These are over, or nobody wants to hear them any more.
    NoticesGone { ids: Vec<String> },
    /// An item for the shopping list.
    ListItem { sku: String, qty: u32, why: String },
}

/// One step in the life of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    pub order: OrderId,
    /// Milliseconds since 1970; `None` while the wall clock is unknown.
    pub at_unix_ms: Option<i64>,
    /// The state that it took.
    pub state: OrderState,
    pub by: By,
    /// Why, as a code, where the shop or the clock gave one.
    pub code: Option<String>,
    /// The speaker at which the household asked for it, unless it was this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speaker: Option<String>,
}

/// Who or what brought an order on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    Household,
    /// An adult's hand on the device.
    Button,
    /// An adult's PIN.
    Pin,
    /// Its hold or its life ended.
    Time,
    Shop,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CancelReason {
    Household,
    Expired,
}

/// An entry of the audit log.
pub(super) fn audit(order: Option<OrderId>, heard: &str, verdicts: Vec<Verdict>, now: Now) -> Write {
    Write::Audit { at_unix_ms: now.wall.map(|wall| wall.unix_ms), order, heard: heard.to_owned(), verdicts }
}
