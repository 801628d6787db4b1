//! Why the speaker asks or refuses, as data.

use crate::decide::money::Money;
use crate::decide::when::Moment;
use crate::understand::intent::{NewsKind, NotAnOrder};
use serde::{Deserialize, Serialize};

/// Why something is asked or refused. Each can be spoken in every language.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum Reason {
    /// Somebody told of an order ("Alexa ordered me a dollhouse").
    ReportedSpeech {
        words: String,
    },
    /// Products were named, but the words are no order.
    NotAnOrder {
        kind: NotAnOrder,
        words: String,
    },
    /// The command followed the wake word without the pause that people make.
    NoPause,
    /// The voice was hardly louder than the room.
    FarAway,
    /// Another speaker of the household heard the same.
    HeardThere {
        speaker: String,
    },
    /// Another speaker heard it louder, and answers.
    LeftTo {
        speaker: String,
    },
    /// The household wants random words for every order by voice.
    RandomWords,
    /// The shop says that many homes asked for this within the last minutes; zeroes: it does not say how many.
    ManyHomes {
        homes: u32,
        minutes: u32,
    },
    /// The sound of a programme that is registered under this name.
    RegisteredPlayback {
        name: String,
    },
    /// Exactly this recording was heard before.
    Replay,
    /// It was the speaker's own voice.
    OwnVoice,
    ChildrenUp,
    /// Nobody's voice who is enrolled.
    UnknownVoice,
    TextOrdersOff,
    /// Typed where anybody can type.
    OpenChannel,
    FirstPurchase {
        product: String,
    },
    /// More than twice what the household usually buys.
    LargeQuantity {
        product: String,
        qty: u32,
        usual: u32,
    },
    /// Two numbers were heard equally well.
    UnsureQuantity {
        qty: u32,
        other: u32,
    },
    /// "fifteen" and "fifty" sound alike.
    EasilyMisheard {
        qty: u32,
    },
    /// The shop sells at most `max` packs in one order.
    AboveProductLimit {
        product: String,
        max: u32,
    },
    Ambiguous {
        first: String,
        second: String,
    },
    OptionMissing {
        product: String,
        option: String,
    },
    /// "the usual": the last order, which was confirmed then.
    AsLastTime {
        at: Moment,
    },
    AlreadyOrdered {
        product: String,
        at: Moment,
    },
    /// At another speaker of the household, by its name as it is said.
    AlreadyOrderedThere {
        product: String,
        at: Moment,
        speaker: String,
    },
    PriceJump {
        product: String,
        now: Money,
        before: Money,
    },
    DeliveryJump {
        now: Money,
        before: Money,
    },
    OtherCurrency {
        currency: String,
    },
    OverCap {
        total: Money,
        cap: Money,
    },
    OverDayCap {
        total: Money,
        cap: Money,
    },
    OverMonthCap {
        total: Money,
        cap: Money,
    },
    OverHardCap {
        total: Money,
        cap: Money,
    },
    TooManyOrders {
        orders: u32,
        hours: u32,
    },
    /// What was asked for, and what the shop offers instead: the product, the packs or an option differ. An empty
    /// product: there is nothing on that side. No packs: an entry of the log from before they were kept.
    Substituted {
        asked: String,
        #[serde(default)]
        asked_qty: u32,
        offered: String,
        #[serde(default)]
        offered_qty: u32,
    },
    /// The shop's figures do not add up.
    QuoteWrong,
    Recurring {
        product: String,
    },
    Restricted {
        product: String,
    },
    QuietHours,
    UnknownClock,
    QuoteStale,
    UnknownShop {
        shop: String,
    },
    /// The recogniser was not sure.
    Unclear,
    /// A second recogniser heard nothing that it was sure of.
    SecondEarSilent,
    /// A second recogniser understood something else.
    EarsDiffer,
    /// A PIN was wrong, so often in a row.
    WrongPin {
        times: u32,
    },
    /// A person at the shop made this offer.
    OfferedBy {
        name: String,
    },
    /// Its flags are not known, so no guard can judge it.
    NotInCatalog {
        product: String,
    },
    /// An offer calls a product otherwise than the catalogue does.
    OtherName {
        product: String,
    },
    /// Why the shop told something: the household bought that,
    BoughtBefore {
        product: String,
        /// Calendar days; `None`: the wall clock is unknown.
        days_ago: Option<u32>,
    },
    /// or it is called back, and was part of this order,
    RecallOfYours {
        product: String,
        order: String,
        days_ago: Option<u32>,
    },
    /// or somebody agreed to hear such things.
    AgreedTo {
        kind: NewsKind,
    },
    /// While children are up nobody agrees to hear more of the shop.
    NotAgreedChildren,
    /// Nor does who types where anybody can type, or where typed orders are switched off.
    NotAgreedOpen,
    /// The shop proposed it where the household named no product, and why.
    Suggested {
        product: String,
        because: String,
    },
    /// What the shop proposed costs more than the household said that it may.
    AboveLimit {
        product: String,
        now: Money,
        limit: Money,
    },
    /// The shop's text held a wake word, a confirm phrase or mark-up.
    HostileText {
        product: String,
    },
}
