//! What the speaker can say, as data; `speak::wording` turns it into a sentence.
//!
//! Holds no sentence and no word of any language. Every text that came from a shop has been
//! cleaned by [`super::guard::hostile_text::clean`] before it gets in here.

mod reason;
pub use reason::Reason;

use super::money::Money;
use super::order::{CouponSaid, OrderState, Payment};
use super::when::{Day, Moment};
use crate::understand::intent::NewsKind;
use serde::{Deserialize, Serialize};

/// One product and how many packs of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    pub product: String,
    /// Packs, 1 or more.
    pub qty: u32,
}

/// One of the shop's news: its words, and why this household hears them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ToldNews {
    pub text: String,
    pub because: Reason,
}

/// A product that the shop proposes, at its price in our catalogue, and why; `because` may be empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Idea {
    pub product: String,
    pub amount: Money,
    pub because: String,
}

/// An order of the past: its first product, and how many others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bought {
    pub item: Item,
    pub more: u32,
    pub at: Moment,
}

/// What the household must do to buy what was read back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
pub enum Ask {
    /// Say the phrase.
    Phrase,
    /// Say the phrase and these two words.
    Challenge { words: Vec<String> },
    /// Say the phrase; then an adult holds the button.
    Adult,
}

/// One reply of the speaker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "reply", rename_all = "snake_case")]
pub enum Reply {
    /// Not understood: please say it again.
    NotUnderstood,
    /// Not understood twice; no order.
    GivenUp,
    /// Taken back in the dialogue; no order.
    NothingOrdered,
    /// Nobody answered; no order.
    TimedOut,
    /// A confirmation, but nothing was read back.
    NothingToConfirm,
    /// Another conversation is going on.
    Busy,
    Help,
    /// The reasons behind the last answer; empty if no guard objected.
    Because {
        reasons: Vec<Reason>,
    },
    /// No order, and why.
    Refused {
        reason: Reason,
    },
    /// No order; it is on the shopping list instead, and why.
    Listed {
        items: Vec<Item>,
        reason: Option<Reason>,
    },
    /// Which of the two?
    Choose {
        first: String,
        second: String,
    },
    /// How many of it?
    HowMany {
        first: Item,
        second: Item,
    },
    /// Product, quantity, total, delivery, and how to order with the duty to pay.
    ReadBack {
        items: Vec<Item>,
        total: Money,
        /// First and last day on which it may come.
        earliest: Day,
        latest: Day,
        ask: Ask,
        /// What the household should know first: at most two.
        reasons: Vec<Reason>,
        /// Say the quantities digit by digit as well.
        digits: bool,
        /// How it will be paid, where that is not how the last order was.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        payment: Option<Box<Payment>>,
        /// What became of the coupon that was asked for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        coupon: Option<Box<CouponSaid>>,
    },
    /// The phrase once more: a bare yes does not order (`understood`), or the answer was unclear.
    SayPhrase {
        ask: Ask,
        understood: bool,
    },
    /// On disk and held for `minutes`.
    Held {
        items: Vec<Item>,
        minutes: u32,
    },
    /// On disk; an adult must approve it within `minutes`.
    AwaitingAdult {
        items: Vec<Item>,
        minutes: u32,
    },
    /// Still held after a restart.
    Resumed {
        items: Vec<Item>,
        minutes: u32,
    },
    NothingToApprove,
    /// Something that is bought about every `every_days` days, and last so many days ago, should be running out.
    Suggest {
        product: String,
        every_days: u32,
        days_ago: u32,
    },
    /// The PIN was wrong; `left` tries remain.
    PinWrong {
        left: u32,
    },
    /// Too many wrong PINs: no PIN is taken for `minutes`.
    PinLocked {
        minutes: u32,
    },
    /// The shop's receipt is on disk.
    Booked {
        items: Vec<Item>,
        arrives: Option<Day>,
    },
    RejectedByShop {
        items: Vec<Item>,
        code: String,
    },
    /// Not booked: the shop keeps it until an adult approves it. `code`: `burst`, if many homes ordered the same.
    HeldByShop {
        items: Vec<Item>,
        code: String,
    },
    /// Not booked: the household must confirm the payment in its bank's app, until then. `None`: the wall clock is unknown.
    PaymentAsked {
        items: Vec<Item>,
        total: Money,
        until: Option<Moment>,
    },
    /// A coupon was named, and nothing to buy with it.
    CouponAlone,
    /// Somebody said what looks like the number of a card. It goes nowhere.
    CardNumber,
    /// The shop is told that an adult approved what it keeps.
    ApprovalSent {
        items: Vec<Item>,
    },
    Cancelled {
        items: Vec<Item>,
    },
    /// It was sent already: the shop decides.
    CancelAsked {
        items: Vec<Item>,
    },
    /// The shop did not cancel it.
    CancelRefused {
        items: Vec<Item>,
    },
    NothingToCancel,
    /// Shall this order go back, all of it? It was ordered on that day and cost so much.
    AskReturn {
        items: Vec<Item>,
        /// `None`: the wall clock is unknown.
        ordered: Option<Day>,
        total: Money,
    },
    /// The order stays as it is: the household said no, or (`answered` is false) nothing that was a clear yes.
    NotReturned {
        items: Vec<Item>,
        answered: bool,
    },
    /// There is no order that could go back.
    NothingToReturn,
    /// On disk: the shop is told that the household withdraws from the purchase.
    WithdrawalSent {
        items: Vec<Item>,
    },
    /// "Cancel that" takes no withdrawal back: the shop was told.
    WithdrawalStands {
        items: Vec<Item>,
    },
    /// The shop has the withdrawal; when it received it, by its own signed word.
    Withdrawn {
        items: Vec<Item>,
        at: Option<Moment>,
    },
    /// The shop does not take it back, or would not: `code` is `too_late`, `not_returnable`, or the shop's own.
    WithdrawalRefused {
        items: Vec<Item>,
        code: String,
        /// The last day for it.
        until: Option<Day>,
    },
    /// The shop says that it has paid the money back.
    Refunded {
        items: Vec<Item>,
    },
    /// It was ordered at another speaker, which is asked to cancel it.
    CancelAskedThere {
        speaker: String,
        items: Vec<Item>,
    },
    /// That speaker has cancelled it.
    CancelledThere {
        speaker: String,
        items: Vec<Item>,
    },
    /// It was sent already: that speaker has asked the shop, and the shop decides.
    CancelPassedOn {
        speaker: String,
        items: Vec<Item>,
    },
    /// It is too late.
    CancelRefusedThere {
        speaker: String,
        items: Vec<Item>,
    },
    /// That speaker does not answer.
    SpeakerSilent {
        speaker: String,
        items: Vec<Item>,
    },
    /// It did not reach the shop in time; nothing was bought.
    Expired {
        items: Vec<Item>,
    },
    /// No adult approved it in time; nothing was bought.
    NotApproved {
        items: Vec<Item>,
    },
    /// Its payment was not confirmed in time; nothing was bought.
    NotPaid {
        items: Vec<Item>,
    },
    /// It was sent, and no answer came in time.
    Lost {
        items: Vec<Item>,
    },
    /// It could not be written down: nothing was ordered, nothing is sent.
    StoreFailed,
    /// A change of an order could not be written down; it is tried again.
    StoreTrouble {
        items: Vec<Item>,
    },
    /// No price came in time. Put it on the list?
    ShopSilent {
        items: Vec<Item>,
    },
    /// The shop has no price for it. Put it on the list?
    NotSold {
        items: Vec<Item>,
        code: String,
    },
    /// The shop is asked what it would propose, and has not answered yet.
    AskingShop,
    /// The shop's question, and the answers to choose from. `first`: how one says that it does not matter goes with it.
    ShopAsks {
        text: String,
        choices: Vec<String>,
        first: bool,
    },
    /// What the shop proposes, one or two; which shall it be?
    Ideas {
        ideas: Vec<Idea>,
    },
    /// The shop has nothing to propose: `no_guide`, `nothing_found`, `too_many_questions`, or a code of its own.
    FoundNothing {
        code: String,
    },
    /// The shop cannot be asked, or does not answer.
    NobodyToAsk,
    /// The limit was named in another currency than the shop's prices are in; ISO 4217.
    OtherMoney {
        asked: String,
        shop: String,
    },
    OrderStatus {
        items: Vec<Item>,
        state: OrderState,
        arrives: Option<Day>,
    },
    /// Of an order at another speaker.
    OrderStatusThere {
        speaker: String,
        items: Vec<Item>,
        state: OrderState,
        arrives: Option<Day>,
    },
    NoOrders,
    History {
        product: String,
        qty: u32,
        at: Moment,
        more: u32,
    },
    /// The last orders of this home, the newest first: as the shop has them, or, where it does not say, as far as this speaker
    /// knows.
    Bought {
        orders: Vec<Bought>,
        by_shop: bool,
    },
    Price {
        product: String,
        amount: Money,
    },
    WhichProduct,
    Distrusted {
        shop: String,
    },
    /// On disk: the shop is asked for a person.
    PersonAsked {
        shop: String,
    },
    PersonAskedAlready {
        shop: String,
    },
    /// The shop can't be reached, so nobody can answer.
    PersonOffline {
        shop: String,
    },
    /// So far nobody has come; the shop has the request.
    NobodyThere {
        shop: String,
    },
    /// Nobody has come, and the household does not want it any more.
    PersonNotWanted,
    /// A person is there. Everywhere below, an empty name is that of somebody who did not say it.
    PersonJoined {
        name: String,
        shop: String,
    },
    /// The same, of one who has something to say at once.
    PersonCame {
        name: String,
        shop: String,
    },
    /// What the person wrote, as a quotation.
    PersonSays {
        name: String,
        text: String,
    },
    /// On disk, and on its way to the person.
    PassedOn {
        name: String,
    },
    /// On disk; nobody has come yet.
    PassedOnEarly {
        shop: String,
    },
    /// On disk; the shop can't be reached just now.
    PassedOnLater {
        name: String,
    },
    /// It could not be written down: nothing is passed on.
    ChatNotKept,
    /// Not understood: what shall the person be told?
    TellAgain {
        name: String,
    },
    /// How one says something to the person from now on.
    TellLater {
        name: String,
    },
    /// The household ended it.
    ChatEnded {
        name: String,
    },
    /// The person ended it.
    PersonLeft {
        name: String,
    },
    /// Nothing was said for a long time.
    ChatTimedOut {
        name: String,
    },
    /// An offer of the person is not valid any more.
    OfferOver {
        name: String,
    },
    NothingNew {
        name: String,
    },
    NoConversation,
    /// What the shop tells, as a quotation; `more` wait.
    News {
        shop: String,
        told: Vec<ToldNews>,
        more: u32,
    },
    /// Nothing waits; of these kinds the shop may tell.
    NoShopNews {
        shop: String,
        kinds: Vec<NewsKind>,
    },
    /// On disk: what the shop may tell from now on, and what was just stopped. `recalls`: those of what was bought are told
    /// in any case.
    Consent {
        shop: String,
        kinds: Vec<NewsKind>,
        stopped: Vec<NewsKind>,
        recalls: bool,
    },
    /// It could not be written down: nothing has changed.
    ConsentNotKept,
}
