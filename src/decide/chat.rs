//! Talking to a person at the shop: one thread at a time, what is said in it, and what is due in it.
//!
//! What a person writes is data: it is cleaned before it gets here, spoken as a quotation, and never parsed. An offer
//! goes through every guard ([`super::dialogue`]). Nothing in a thread can order, confirm or cancel. A line of ours goes
//! out once it is on disk, and a line of theirs is acknowledged once it is on disk; both are numbered, so that what comes
//! twice, late or in another order is noticed.

mod talk;
#[cfg(test)]
mod tests;

use super::event::{Channel, Entropy};
use super::order::{OrderId, Quote};
use crate::understand::Lang;
use serde::{Deserialize, Serialize};

/// Characters of one message of the household; what comes after them is cut off.
pub const MAX_SAID_CHARS: usize = 500;
/// Lines of a person that wait to be told; the oldest is dropped (it stays in the log).
const MAX_UNTOLD: usize = 20;
/// Lines of a person in one thread: a shop that says more has its thread ended.
const MAX_LINES: u64 = 500;
/// So long a person at the shop may take to answer until the household hears that nobody has, milliseconds.
pub const PERSON_WAIT_MS: u64 = 10 * 60_000;
/// A thread that nobody joined is given up after this time, milliseconds.
pub const REQUEST_LIFE_MS: u64 = 24 * 3_600_000;
/// A conversation in which nothing is said for so long is over, milliseconds.
pub const SILENCE_MS: u64 = 15 * 60_000;
/// So long after its last words the household counts as being in the conversation, quiet hours or not, milliseconds.
const IN_TALK_MS: u64 = 5 * 60_000;
/// What is not fetched by who typed is said aloud after this time, milliseconds.
const UNREAD_MS: u64 = 2 * 60_000;
/// The slowest disk, milliseconds.
const STORING_MS: u64 = 30_000;

/// How a conversation with a person stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ThreadState {
    /// The shop was asked for a person.
    Requested,
    Joined,
    Ended,
}

/// A conversation with a person at the shop, as it is on disk.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Thread {
    /// 128 random bits, hex.
    pub id: String,
    pub state: ThreadState,
    /// By which way the household spoke last; there it hears the answers.
    pub channel: Channel,
    pub lang: Lang,
    /// Who it is, cleaned; empty: nobody yet, or somebody without a name.
    pub person: String,
    /// The number of our last line, and of the last one that the shop has.
    pub said: u64,
    pub acked: u64,
    /// The number of the shop's last line here.
    pub heard: u64,
    /// The household heard that nobody has come yet.
    pub waited: bool,
    /// What the household has not heard yet, oldest first.
    pub untold: Vec<Untold>,
}

/// One line of a conversation, for the log that the household reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChatLine {
    /// From 1 in each direction.
    pub seq: u64,
    pub ours: bool,
    /// Who wrote it; empty: the household, or somebody without a name.
    pub name: String,
    pub text: String,
    pub handoff: Option<Handoff>,
    /// The order that a request is about, or that something was offered.
    pub order: Option<OrderId>,
    pub offer: bool,
    /// Milliseconds since 1970; `None` while the wall clock is unknown.
    pub at_unix_ms: Option<i64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Handoff {
    Requested,
    Joined,
    Ended,
}

/// A message from the shop in a thread: verified, checked and cleaned.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FromShop {
    pub thread: String,
    /// 0: it only acknowledges.
    pub seq: u64,
    /// The number of our last line that the shop has.
    pub ack: u64,
    /// As it may be spoken.
    pub name: String,
    pub text: String,
    pub handoff: Option<Handoff>,
    pub offer: Option<Box<Quote>>,
}

/// A line that the household has not heard yet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Untold {
    pub text: String,
    pub handoff: Option<Handoff>,
    pub offer: Option<Offered>,
    /// Monotonic; `None` after a restart.
    pub came_ms: Option<u64>,
}

/// A price that a person offered, and the random bits that came with it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Offered {
    pub quote: Quote,
    pub entropy: Entropy,
}

/// What is going on in the thread that is on disk.
#[derive(Debug, Default, Clone)]
pub struct Chat {
    /// Writes without an answer yet, in the order in which they were asked for.
    pending: Vec<Pending>,
    /// The number of our last line that is on disk.
    written: u64,
    /// When the thread was begun, as far as this start knows, and when something was said in it last.
    since_ms: u64,
    last_ms: u64,
    /// When the household said something in it.
    household_ms: Option<u64>,
}

/// A line that is being written.
#[derive(Debug, Clone)]
struct Pending {
    ticket: u32,
    thread: String,
    /// The number of our line; `None`: nothing of ours.
    ours: Option<u64>,
    /// What is said once it is on disk.
    reply: Option<(super::mind::Address, super::reply::Reply)>,
    /// The same, once the disk took so long that the household heard it was not kept: should it get there after all.
    late: Option<(super::mind::Address, super::reply::Reply)>,
    until_ms: u64,
}

impl Chat {
    /// Does somebody who typed still wait for an answer?
    pub(super) fn owes_an_answer(&self) -> bool {
        let typed = |pending: &Pending| pending.reply.as_ref().is_some_and(|(to, _)| to.channel != Channel::Voice);
        self.pending.iter().any(typed)
    }
}

impl Thread {
    /// Is it neither over nor given up?
    pub fn is_open(&self) -> bool {
        match self.state {
            ThreadState::Requested | ThreadState::Joined => true,
            ThreadState::Ended => false,
        }
    }
}
