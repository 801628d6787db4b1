//! What a shop tells besides what becomes of an order: news, offers, recipes and recalls, for who agreed to hear them.
//!
//! Nothing is told that nobody agreed to, but for a recall of something that the household bought, which is a matter of
//! safety. A text is the shop's: it is cleaned before it gets here, spoken as a quotation with the reason why this home was
//! chosen, and never parsed. It opens no microphone, carries no price and orders nothing. It is on disk before the shop's
//! message is acknowledged ([`crate::deliver`]), and it waits for the end of the quiet hours.

pub mod consent;
mod tell;
#[cfg(test)]
mod tests;

use super::mind::Address;
use super::reply::Reply;
use crate::understand::Lang;
use crate::understand::intent::NewsKind;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// What waits to be told; more is not taken.
pub const MAX_WAITING: usize = 20;
/// So many are told at once to who asks for them.
const MAX_AT_ONCE: usize = 3;
/// What could not be heard is said again after this time.
const AGAIN_MS: u64 = 15 * 60_000;
/// While the wall clock is unknown it is looked at this often.
const CLOCK_POLL_MS: u64 = 60_000;
/// So long after something was told "order it" asks the price of what it was about.
const ORDER_IT_MS: u64 = 2 * 60_000;
/// Sayings that are waited for.
const MAX_SAYING: usize = 8;
const DAY_MS: i64 = 24 * 3_600_000;
/// The slowest disk.
const STORING_MS: u64 = 30_000;

/// What the household agreed to hear at this speaker.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// 128 random bits, hex; empty: nobody ever said anything about it. Another one after each withdrawal.
    pub id: String,
    pub kinds: BTreeSet<NewsKind>,
    /// Rises with each change, not below the wall clock, so that it rises also when the store is gone and made anew.
    pub rev: u64,
    /// When somebody said so, milliseconds since 1970; `None`: the wall clock was unknown.
    pub at_unix_ms: Option<i64>,
}

impl Consent {
    /// What is agreed to after this: `kinds`, from that moment on (milliseconds since 1970).
    pub fn followed_by(&self, id: String, kinds: BTreeSet<NewsKind>, at_unix_ms: Option<i64>) -> Consent {
        let at_least = at_unix_ms.and_then(|at| u64::try_from(at).ok()).unwrap_or(0);
        Consent { id, kinds, rev: self.rev.saturating_add(1).max(at_least), at_unix_ms }
    }
}

/// Why this home was chosen, by the shop's word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "because", rename_all = "snake_case")]
pub enum Because {
    BoughtBefore { sku: String, at_unix_ms: i64 },
    AskedFor,
    RecallOfYourOrder { sku: String, shop_order_no: String, at_unix_ms: i64 },
}

/// Something that the shop tells: verified, cleaned, and on disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    pub id: String,
    pub kind: NewsKind,
    /// The consent that it names; `None`: a recall that needs none.
    pub consent: Option<String>,
    /// As it may be spoken; never empty.
    pub texts: BTreeMap<Lang, String>,
    pub sku: Option<String>,
    pub because: Because,
    /// Milliseconds since 1970.
    pub expires_unix_ms: i64,
    /// When it was told to its end; `None`: not yet.
    #[serde(default)]
    pub told_unix_ms: Option<i64>,
}

/// What is going on with them in this life.
#[derive(Debug, Default, Clone)]
pub struct Notices {
    /// Changes of the consent without an answer of the disk yet.
    pending: Vec<Pending>,
    /// What the disk has, while a change is being written.
    on_disk: Option<Consent>,
    /// What is being told, as far as anybody knows: the number of the saying, and which.
    saying: VecDeque<(u32, Vec<String>)>,
    /// Nobody could hear the last one: not before this time again, monotonic milliseconds.
    not_before_ms: u64,
    /// The product of the last one that was told, and when.
    order_it: Option<(String, u64)>,
}

#[derive(Debug, Clone)]
struct Pending {
    ticket: u32,
    after: Consent,
    /// What is said once it is on disk.
    reply: Option<(Address, Reply)>,
    /// The same, once the disk took so long that the household heard it was not kept: should it get there after all.
    late: Option<(Address, Reply)>,
    until_ms: u64,
}

impl Notices {
    /// Does somebody who agreed or withdrew still wait for an answer?
    pub(super) fn owes_an_answer(&self) -> bool {
        self.pending.iter().any(|pending| pending.reply.is_some())
    }
}

impl Notice {
    /// May it be told without anybody's consent? Whether the household really bought that is looked at when it is told.
    pub fn is_own_recall(&self) -> bool {
        self.kind == NewsKind::Recall && matches!(self.because, Because::RecallOfYourOrder { .. })
    }

    /// Does this consent let it be told? [`Notice::is_own_recall`] needs none.
    pub fn is_agreed(&self, consent: &Consent) -> bool {
        !consent.id.is_empty() && self.consent.as_ref() == Some(&consent.id) && consent.kinds.contains(&self.kind)
    }

    /// In the language of the household, else in one that the shop wrote.
    fn text(&self, lang: Lang) -> String {
        self.texts.get(&lang).or_else(|| self.texts.values().next()).cloned().unwrap_or_default()
    }
}
