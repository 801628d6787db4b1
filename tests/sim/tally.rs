//! What happened in the worlds: a simulation in which nothing happens proves nothing.

use super::{Fault, Faults};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;
use std::mem::Discriminant;
use tendero::decide::household::Household;
use tendero::decide::order::OrderState;
use tendero::decide::reply::Reply;

#[derive(Debug, Clone, Default)]
pub struct Tally {
    pub worlds: u64,
    pub confirmed: u64,
    pub booked: u64,
    pub cancelled: u64,
    pub restarts: u64,
    pub power_cuts: u64,
    /// Orders that nobody meant: somebody was misheard, or careless.
    pub unmeant: u64,
    /// News that a restart or a power cut kept from the household until after it.
    pub told_later: u64,
    /// News that nobody heard, since the voice failed, and that were said again.
    pub told_again: u64,
    /// Orders that two speakers had heard, and orders that the other one was asked to take back.
    pub heard_twice: u64,
    pub asked_there: u64,
    /// Conversations with a person at the shop, and those that the device ended; what was passed on and told in them, what
    /// was offered and read back, and orders of that.
    pub talks: u64,
    pub talks_ended: u64,
    pub passed_on: u64,
    pub person_said: u64,
    pub offers: u64,
    pub offers_ordered: u64,
    /// What the shop told, as often as it was said.
    pub news_told: u64,
    /// Requests without a product's name, questions of the shop, proposals, and orders of what was proposed.
    pub searches: u64,
    pub questions: u64,
    pub ideas: u64,
    pub ideas_ordered: u64,
    /// Utterances that a second recogniser heard again.
    pub heard_again: u64,
    /// Worlds in which each was seen.
    pub faults: BTreeMap<Fault, u64>,
    pub replies: BTreeMap<&'static str, u64>,
    pub waits: BTreeMap<&'static str, u64>,
    pub states: BTreeMap<&'static str, u64>,
    said: BTreeSet<&'static str>,
    waited: BTreeSet<&'static str>,
}

impl Tally {
    pub fn begin(&mut self, faults: Faults) {
        self.worlds = 1;
        for fault in faults.list() {
            self.faults.insert(fault, 1);
        }
    }

    pub fn said(&mut self, reply: &Reply) {
        self.said.insert(name_of(reply));
    }

    /// For what the mind waited.
    pub fn waited(&mut self, why: &'static str) {
        self.waited.insert(why);
    }

    pub fn end(&mut self, household: &Household, booked: usize) {
        self.booked = booked as u64;
        for order in household.orders.values() {
            self.cancelled += u64::from(order.state == OrderState::Cancelled);
            self.states.insert(order.state.name(), 1);
        }
        self.replies = std::mem::take(&mut self.said).into_iter().map(|name| (name, 1)).collect();
        self.waits = std::mem::take(&mut self.waited).into_iter().map(|why| (why, 1)).collect();
    }

    pub fn add(&mut self, other: Tally) {
        self.worlds += other.worlds;
        self.confirmed += other.confirmed;
        self.booked += other.booked;
        self.cancelled += other.cancelled;
        self.restarts += other.restarts;
        self.power_cuts += other.power_cuts;
        self.unmeant += other.unmeant;
        self.told_later += other.told_later;
        self.told_again += other.told_again;
        self.heard_twice += other.heard_twice;
        self.asked_there += other.asked_there;
        self.talks += other.talks;
        self.talks_ended += other.talks_ended;
        self.passed_on += other.passed_on;
        self.person_said += other.person_said;
        self.news_told += other.news_told;
        self.offers += other.offers;
        self.offers_ordered += other.offers_ordered;
        self.searches += other.searches;
        self.questions += other.questions;
        self.ideas += other.ideas;
        self.ideas_ordered += other.ideas_ordered;
        self.heard_again += other.heard_again;
        add_all(&mut self.faults, other.faults);
        add_all(&mut self.replies, other.replies);
        add_all(&mut self.waits, other.waits);
        add_all(&mut self.states, other.states);
    }
}

fn add_all<K: Ord>(to: &mut BTreeMap<K, u64>, from: BTreeMap<K, u64>) {
    for (key, count) in from {
        *to.entry(key).or_default() += count;
    }
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(
            f,
            "{} worlds: {} orders confirmed, {} booked, {} taken back, {} restarts, {} power cuts",
            self.worlds, self.confirmed, self.booked, self.cancelled, self.restarts, self.power_cuts
        )?;
        writeln!(
            f,
            "{} confirmed that nobody meant (misheard or careless), {} news told only after a restart, {} after the voice failed",
            self.unmeant, self.told_later, self.told_again
        )?;
        writeln!(
            f,
            "{} confirmed that another speaker had heard, too; {} asked of the other speaker",
            self.heard_twice, self.asked_there
        )?;
        writeln!(
            f,
            "{} conversations with a person at the shop, {} ended here: {} passed on, {} told, {} offers read back, {} ordered",
            self.talks, self.talks_ended, self.passed_on, self.person_said, self.offers, self.offers_ordered
        )?;
        writeln!(
            f,
            "{} searches: {} questions of the shop, {} proposals, {} ordered; {} heard again by a second ear",
            self.searches, self.questions, self.ideas, self.ideas_ordered, self.heard_again
        )?;
        let list = |counts: Vec<(String, u64)>| {
            let mut line = String::new();
            for (name, count) in counts {
                write!(line, " {name} {count}").expect("writing to a text cannot fail");
            }
            line
        };
        let named = |counts: &BTreeMap<&'static str, u64>| {
            list(counts.iter().map(|(name, count)| (name.replace(' ', "_"), *count)).collect())
        };
        writeln!(
            f,
            "worlds with each fault:{}",
            list(self.faults.iter().map(|(f, n)| (format!("{f:?}"), *n)).collect())
        )?;
        writeln!(f, "worlds with each reply:{}", named(&self.replies))?;
        writeln!(f, "worlds with each wait:{}", named(&self.waits))?;
        write!(f, "worlds with each last state:{}", named(&self.states))
    }
}

/// `read_back`, ...
fn name_of(reply: &Reply) -> &'static str {
    thread_local! {
        static KNOWN: RefCell<HashMap<Discriminant<Reply>, &'static str>> = RefCell::new(HashMap::new());
    }
    KNOWN.with_borrow_mut(|known| {
        let name = || {
            let json = serde_json::to_value(reply).unwrap();
            &*json["reply"].as_str().unwrap().to_owned().leak()
        };
        *known.entry(std::mem::discriminant(reply)).or_insert_with(name)
    })
}
