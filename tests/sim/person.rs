//! A person at the shop, and the link between: the household's lines out until the shop has them, theirs in. An honest
//! person answers late or never, offers, and ends; what is said comes doubled, reordered, after the end, or not at all.

use super::{Fault, HOUR, Input, MINUTE, World};
use std::collections::BTreeMap;
use tendero::decide::chat::{ChatLine, FromShop, Handoff};
use tendero::decide::event::{Entropy, Event};
use tendero::decide::guard::hostile_text::{clean_chat, clean_name};
use tendero::decide::order::{Quote, Wanted};

/// Our lines are said again after this time until the shop has them, and not after that.
const REPEAT_MS: u64 = 5 * MINUTE;
const LINE_LIFE_MS: i64 = 24 * HOUR as i64;
/// What a person does in one conversation at most.
const MAX_DEEDS: u32 = 12;

const NAME: &str = "Maria";
const SAYS: [&str; 6] = [
    "Which one was it?",
    "Are you still there?",
    "I will look",
    "We have one left",
    "Shall I send a new one?",
    "Sure.",
];
const OFFERS: [(&str, u32); 7] = [
    ("milk-whole", 1),
    ("coffee-500", 1),
    ("coffee-500", 2),
    ("milk-oat", 1),
    ("heads-4", 1),
    ("dollhouse", 1),
    ("milk-oat", 15),
];

/// A line of the household on its way to the shop; without one it only acknowledges.
#[derive(Debug, Clone)]
pub struct Up {
    thread: String,
    ack: u64,
    line: Option<ChatLine>,
}

/// The shop's book of conversations.
#[derive(Debug, Clone, Default)]
pub(super) struct Counter {
    threads: BTreeMap<String, Told>,
    /// Each line as it first came, by conversation and number.
    seen: BTreeMap<(String, u64), ChatLine>,
}

#[derive(Debug, Clone, Default)]
struct Told {
    /// Of the household's lines.
    heard: u64,
    said: Vec<FromShop>,
    acked: u64,
    joined: bool,
    ended: bool,
    deeds: u32,
}

impl World {
    /// Says what the shop does not have; where there is nothing, how far its own lines are on disk here. `None`: in all
    /// conversations, and asks for what was said while nobody was here.
    pub(super) fn say_due(&mut self, only: Option<&str>) {
        let every = only.is_none();
        let since = self.now().wall.map_or(0, |wall| wall.unix_ms - LINE_LIFE_MS);
        let mut any = false;
        for thread in self.disk.threads.clone() {
            if only.is_some_and(|only| only != thread.id) {
                continue;
            }
            let due = |line: &&ChatLine| line.seq > thread.acked && line.at_unix_ms.unwrap_or(since) >= since;
            let of_it = self.disk.lines.range((thread.id.clone(), 0)..=(thread.id.clone(), u64::MAX));
            let lines: Vec<ChatLine> = of_it.map(|(_, line)| line).filter(due).take(20).cloned().collect();
            if lines.is_empty() && !thread.is_open() && every {
                continue;
            }
            any |= !lines.is_empty();
            let up = |line| Up { thread: thread.id.clone(), ack: thread.heard, line };
            let blank = (every || lines.is_empty()).then(|| up(None));
            for up in lines.into_iter().map(|line| up(Some(line))).chain(blank) {
                self.over_the_link(Input::ChatArrives(up));
            }
        }
        if any && !std::mem::replace(&mut self.disk.repeats, true) {
            self.put(self.ms + REPEAT_MS, Input::ChatRepeats);
        }
    }

    pub(super) fn say_again(&mut self) {
        self.disk.repeats = false;
        self.say_due(None);
    }

    /// A line of the household comes to the shop: it is taken once, in its order, and acknowledged.
    pub(super) fn chat_arrives(&mut self, up: Up) {
        if let Some(line) = &up.line {
            self.check_line_arrives(&up.thread, line);
        }
        let begins = up.line.as_ref().is_some_and(|line| line.seq == 1 && line.handoff == Some(Handoff::Requested));
        if begins {
            self.counter.threads.entry(up.thread.clone()).or_default();
        }
        let Some(told) = self.counter.threads.get_mut(&up.thread) else {
            // The shop does not know it.
            let handoff = Some(Handoff::Ended);
            return self.over_the_link(Input::ChatComes(FromShop { handoff, ..blank(&up.thread, 0) }));
        };
        told.acked = told.acked.max(up.ack.min(told.said.len() as u64));
        let next = up.line.as_ref().filter(|line| line.seq == told.heard + 1);
        if let Some(line) = next {
            told.heard = line.seq;
            told.ended |= line.handoff == Some(Handoff::Ended);
        }
        let (heard, ended, acked) = (told.heard, told.ended, told.acked);
        let again: Vec<FromShop> = told.said.iter().filter(|line| line.seq > acked).cloned().collect();
        if up.line.is_some() {
            self.over_the_link(Input::ChatComes(blank(&up.thread, heard)));
        } else {
            again.into_iter().for_each(|line| self.over_the_link(Input::ChatComes(line)));
        }
        if next.is_some() && !ended && !self.stepping {
            self.somebody_will(&up.thread, begins);
        }
    }

    /// Now and then nobody comes, or answers.
    fn somebody_will(&mut self, thread: &str, begins: bool) {
        if self.rng.chance(if begins { 75 } else { 80 }) {
            let (from_ms, to_ms) = if begins { (5_000, 15 * MINUTE) } else { (2_000, 3 * MINUTE) };
            let ms = self.rng.between(from_ms, to_ms);
            self.put(self.ms + ms, Input::PersonActs(thread.into()));
        }
    }

    /// A person at the shop does the next thing in a conversation. `false`: it is over, or was long enough.
    pub(super) fn person_acts(&mut self, thread: &str) -> bool {
        let Some(told) = self.counter.threads.get_mut(thread).filter(|told| !told.ended) else { return false };
        told.deeds += 1;
        let (joined, deeds) = (std::mem::replace(&mut told.joined, true), told.deeds);
        let roll = if self.stepping { [0, 0, 0, 65][deeds.min(3) as usize] } else { self.rng.below(100) };
        let mut line = blank(thread, 0);
        match roll {
            _ if deeds > MAX_DEEDS => line.handoff = Some(Handoff::Ended),
            _ if !joined => line.handoff = Some(Handoff::Joined),
            // No two lines are the same.
            0..=59 => line.text = format!("{} {deeds}", self.rng.word(&SAYS)),
            60..=89 => {
                let (sku, qty) = if self.stepping { OFFERS[0] } else { *self.rng.pick(&OFFERS) };
                line.text = if self.rng.chance(50) { format!("For you {deeds}:") } else { String::new() };
                line.offer = Some(Box::new(self.honest_offer(thread, sku, qty)));
            }
            _ => line.handoff = Some(Handoff::Ended),
        }
        if self.strikes(Fault::HostilePerson, 40) {
            self.twist_line(&mut line);
        }
        self.person_says(thread, line);
        if !self.stepping && self.rng.chance(50) {
            self.somebody_will(thread, false);
        }
        true
    }

    /// Numbers it, keeps it, and says it.
    fn person_says(&mut self, thread: &str, mut line: FromShop) {
        let Some(told) = self.counter.threads.get_mut(thread) else { return };
        line.seq = told.said.len() as u64 + 1;
        line.ack = told.heard;
        if line.name.is_empty() {
            line.name = NAME.into();
        }
        told.ended |= line.handoff == Some(Handoff::Ended);
        told.said.push(line.clone());
        self.says_down(line);
    }

    /// On its way to the household.
    pub(super) fn says_down(&mut self, line: FromShop) {
        if let Some(quote) = &line.offer {
            self.model.quoted(quote);
        }
        self.model.person_wrote(&line);
        self.over_the_link(Input::ChatComes(line));
    }

    pub(super) fn honest_offer(&mut self, thread: &str, sku: &str, qty: u32) -> Quote {
        let wanted = Wanted { sku: sku.into(), qty, options: BTreeMap::new() };
        let quote = self.honest_quote(thread.into(), &[wanted]);
        let number = self.counter.threads.get(thread).map_or(0, |told| told.said.len());
        let valid_s = match self.rng.below(100) {
            _ if self.stepping => 900,
            0..=19 => 60,
            _ => quote.valid_s,
        };
        Quote { quote_id: format!("o-{thread}-{number}"), hash: format!("oh-{thread}-{number}"), valid_s, ..quote }
    }

    /// A line of the shop comes in: what the link does with it.
    pub(super) fn chat_comes(&mut self, line: FromShop) {
        self.disk.shop_has(&line.thread, line.ack);
        if let Some(quote) = &line.offer {
            self.model.offer_came(quote, self.ms);
        }
        let message = FromShop { name: clean_name(&line.name), text: clean_chat(&line.text), ..line };
        let entropy = Entropy(self.rng.bytes());
        self.give(Event::Chat { message, entropy });
    }

    /// The newest conversation that the shop knows, for who acts in it.
    pub(super) fn newest_talk(&self) -> Option<String> {
        let known = self.disk.threads.iter().rev().map(|thread| thread.id.clone());
        known.into_iter().find(|id| self.counter.threads.contains_key(id))
    }

    /// What the shop has of each conversation in the end.
    pub(super) fn shop_heard(&self, thread: &str) -> u64 {
        self.counter.threads.get(thread).map_or(0, |told| told.heard)
    }

    /// The same number is always the same line.
    fn check_line_arrives(&mut self, thread: &str, line: &ChatLine) {
        let known = self.counter.seen.entry((thread.into(), line.seq)).or_insert_with(|| line.clone());
        if known != line {
            let what = format!("line {} came with other words: {line:?} after {known:?}", line.seq);
            self.violate(super::Invariant::SameBytes, what);
        }
        let on_disk = self.disk.lines.get(&(thread.to_owned(), line.seq)) == Some(line);
        if !on_disk {
            self.violate(super::Invariant::Person, format!("line {} was said before it was on disk", line.seq));
        }
    }
}

/// A line that only acknowledges.
pub(super) fn blank(thread: &str, ack: u64) -> FromShop {
    FromShop {
        thread: thread.into(),
        seq: 0,
        ack,
        name: String::new(),
        text: String::new(),
        handoff: None,
        offer: None,
    }
}
