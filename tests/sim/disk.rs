//! The disk, and what ends a life: writes in their order, full, slow, silent; restarts and power cuts.

use super::{Fault, Input, Line, MINUTE, World, policy, understanding};
use std::collections::BTreeMap;
use tendero::decide::chat::{ChatLine, Thread};
use tendero::decide::effect::Write;
use tendero::decide::event::Event;
use tendero::decide::guard::Verdict;
use tendero::decide::household::Household;
use tendero::decide::mind::Mind;
use tendero::decide::order::{Order, OrderId, OrderState};
use tendero::decide::sibling::Sibling;
use tendero::journal::Setup;

#[derive(Debug, Clone)]
pub(super) struct Disk {
    pub household: Household,
    /// Each order as it first was written: the store makes the signed bytes then, and never again.
    pub bytes: BTreeMap<OrderId, Order>,
    pub audits: BTreeMap<OrderId, Vec<Verdict>>,
    /// Every state in which each order ever was.
    pub states: BTreeMap<OrderId, Vec<OrderState>>,
    /// Conversations with a person at the shop, the newest last, and our lines in them by number.
    pub threads: Vec<Thread>,
    pub lines: BTreeMap<(String, u64), ChatLine>,
    /// Something of a conversation could not be written in this life.
    pub chat_refused: bool,
    /// They are said again in a while.
    pub repeats: bool,
    /// Since when a change to this state is tried in this life: a disk can be full for hours.
    tried_ms: BTreeMap<(OrderId, OrderState), u64>,
    /// Which orders an answer is about that is on its way.
    answers: BTreeMap<u32, Vec<OrderId>>,
    /// It writes one after the other.
    busy_until_ms: u64,
}

impl Disk {
    pub fn new(household: Household) -> Disk {
        Disk {
            household,
            bytes: BTreeMap::new(),
            audits: BTreeMap::new(),
            states: BTreeMap::new(),
            threads: vec![],
            lines: BTreeMap::new(),
            chat_refused: false,
            repeats: false,
            tried_ms: BTreeMap::new(),
            answers: BTreeMap::new(),
            busy_until_ms: 0,
        }
    }

    /// The number of our last line in a conversation.
    pub fn said(&self, thread: &str) -> u64 {
        let of_it = self.lines.range((thread.to_owned(), 0)..=(thread.to_owned(), u64::MAX));
        of_it.last().map_or(0, |((_, seq), _)| *seq)
    }

    /// The shop's word on how many of our lines it has.
    pub fn shop_has(&mut self, thread: &str, acked: u64) {
        let said = self.said(thread);
        let newest = self.threads.iter_mut().chain(&mut self.household.thread);
        for known in newest.filter(|known| known.id == thread && acked <= said) {
            known.acked = known.acked.max(acked);
        }
    }

    /// Is there a change of this order that it has not taken?
    pub fn is_tried(&self, id: &OrderId) -> bool {
        self.tried_ms.keys().any(|(of, _)| of == id)
    }

    fn put_chat(&mut self, thread: Thread, line: Option<ChatLine>) {
        if let Some(line) = line.filter(|line| line.ours) {
            self.lines.insert((thread.id.clone(), line.seq), line);
        }
        // The lines that are there count, whatever the mind took for written.
        let thread = Thread { said: self.said(&thread.id), ..thread };
        match self.threads.iter_mut().find(|known| known.id == thread.id) {
            Some(known) => *known = Thread { acked: known.acked.max(thread.acked), ..thread },
            None => self.threads.push(thread),
        }
        self.household.thread = self.threads.last().cloned();
    }

    fn apply(&mut self, write: Write) {
        match write {
            Write::Order(order) => {
                self.bytes.entry(order.id.clone()).or_insert_with(|| order.clone());
                self.states.entry(order.id.clone()).or_default().push(order.state);
                self.household.orders.insert(order.id.clone(), order);
            }
            Write::Audit { order: Some(id), verdicts, .. } => {
                self.audits.insert(id, verdicts);
            }
            Write::Told { order, number } => {
                if self.household.orders.contains_key(&order) {
                    let told = self.household.told.entry(order).or_insert(0);
                    *told = number.max(*told);
                }
            }
            Write::WrongPins { count } => self.household.wrong_pins = count,
            Write::Chat { thread, line } => self.put_chat(thread, line),
            Write::Offered { sku, at_unix_ms } => {
                self.household.offered.insert(sku, at_unix_ms);
            }
            Write::Shared { device, rev, orders } => {
                let known = self.household.siblings.entry(device).or_default();
                if rev > known.rev {
                    *known = Sibling { rev, orders };
                }
            }
            Write::Consent(consent) => {
                let before = std::mem::replace(&mut self.household.consent, consent);
                let of_it = self.household.notices.iter_mut().filter(|kept| kept.consent.as_ref() == Some(&before.id));
                of_it.for_each(|kept| kept.consent = Some(self.household.consent.id.clone()));
            }
            Write::NoticesTold { ids, at_unix_ms } => {
                let told = self.household.notices.iter_mut().filter(|kept| ids.contains(&kept.id));
                told.for_each(|kept| kept.told_unix_ms = kept.told_unix_ms.or(Some(at_unix_ms)));
            }
            Write::NoticesGone { ids } => self.household.notices.retain(|kept| !ids.contains(&kept.id)),
            Write::Audit { order: None, .. } | Write::Step(_) | Write::ListItem { .. } => {}
        }
    }
}

impl World {
    pub(super) fn store(&mut self, ticket: u32, writes: Vec<Write>) {
        for order in orders_of(&writes) {
            self.disk.tried_ms.entry((order.id.clone(), order.state)).or_insert(self.ms);
        }
        let mut ms = self.rng.between(1, 40);
        if self.strikes(Fault::DiskHangs, 8) {
            ms += self.rng.between(10_000, 3 * MINUTE);
        }
        let at_ms = self.disk.busy_until_ms.max(self.ms) + ms;
        self.disk.busy_until_ms = at_ms;
        self.put(at_ms, Input::Commit { ticket, writes });
    }

    /// The disk has its turn: the whole transaction, or none of it.
    pub(super) fn commit(&mut self, ticket: u32, writes: Vec<Write>) {
        if self.is_cut() {
            return self.cut();
        }
        if !self.can_write(&writes) {
            self.disk.chat_refused |= of_chat(&writes);
            return self.soon(0, 5, Input::Event(Event::StoreFailed { ticket, why: "disk full".into() }));
        }
        self.write(writes.clone());
        if self.is_cut() {
            return self.cut();
        }
        if !self.strikes(Fault::DiskHangs, 5) {
            let orders = orders_of(&writes).map(|order| order.id.clone()).collect();
            self.disk.answers.insert(ticket, orders);
            self.soon(0, 5, Input::Event(Event::Stored { ticket }));
        }
    }

    /// The mind hears that it is written.
    pub(super) fn answered(&mut self, ticket: u32) {
        for id in self.disk.answers.remove(&ticket).unwrap_or_default() {
            self.model.is_known(&id, self.ms);
        }
    }

    /// A store that fails on demand.
    pub(super) fn commit_fails(&mut self, ticket: u32, writes: &[Write]) {
        self.disk.chat_refused |= of_chat(writes);
        self.give(Event::StoreFailed { ticket, why: "disk full".into() });
    }

    /// An order is signed when it first is written, which needs the wall clock.
    fn can_write(&self, writes: &[Write]) -> bool {
        let unsigned = |write: &Write| matches!(write, Write::Order(order) if !self.disk.bytes.contains_key(&order.id));
        // Our lines have no gap.
        let gap = |write: &Write| match write {
            Write::Chat { thread, line: Some(line) } => line.ours && line.seq != self.disk.said(&thread.id) + 1,
            _ => false,
        };
        let can_sign = self.now().wall.is_some() || !writes.iter().any(unsigned);
        !self.disk_full && can_sign && !writes.iter().any(gap)
    }

    fn write(&mut self, writes: Vec<Write>) {
        for write in writes {
            if let Write::Order(order) = &write
                && let tried_ms = self.disk.tried_ms.remove(&(order.id.clone(), order.state)).unwrap_or(self.ms)
                && let Some(news) = self.model.owe(self.disk.household.orders.get(&order.id), order, tried_ms, self.ms)
            {
                let what = format!("for an hour nobody was told of {}: {news:?}", order.id);
                self.violate(super::Invariant::Told, what);
            }
            if let Write::Chat { line: Some(line), .. } = &write
                && line.ours
            {
                self.model.line_written(line);
            }
            self.news_written(&write);
            self.disk.apply(write);
        }
    }

    /// Is a change of this order on its way to the disk?
    pub(super) fn is_being_written(&self, id: &OrderId) -> bool {
        let of_it = |write: &Write| matches!(write, Write::Order(order) if order.id == *id);
        let commits = |(life, _, input): &(u32, super::Delivery, Input)| {
            *life == self.life && matches!(input, Input::Commit { writes, .. } if writes.iter().any(of_it))
        };
        self.queue.values().any(commits)
    }

    /// The program ends and starts again. What was handed to the disk gets there.
    pub(super) fn restart(&mut self) {
        let pending: Vec<Vec<Write>> = self
            .queue
            .values()
            .filter(|(life, _, _)| *life == self.life)
            .filter_map(
                |(_, _, input)| if let Input::Commit { writes, .. } = input { Some(writes.clone()) } else { None },
            )
            .collect();
        for writes in pending {
            if self.can_write(&writes) {
                self.write(writes);
            }
        }
        self.tally.restarts += 1;
        self.lose_unwritten();
        self.begin_life();
    }

    /// What was confirmed and did not reach the disk never was an order.
    fn lose_unwritten(&mut self) {
        let unwritten = self.model.orders.keys().filter(|id| !self.disk.bytes.contains_key(*id)).cloned();
        self.model.failed.extend(unwritten.collect::<Vec<_>>());
    }

    /// Everything stops at once; only what is on disk remains.
    pub(super) fn power_cut(&mut self) {
        self.tally.power_cuts += 1;
        self.lose_unwritten();
        if self.strikes(Fault::Clock1970, 50) {
            // No battery: the clock is right once the network has told it.
            self.wall_off_ms = None;
            let ms = self.rng.between(5_000, 30 * MINUTE);
            self.put(self.ms + ms, Input::ClockSet);
        }
        self.begin_life();
    }

    fn begin_life(&mut self) {
        self.life += 1;
        self.born_ms = self.ms;
        self.disk.busy_until_ms = self.ms;
        self.disk.tried_ms.clear();
        self.disk.answers.clear();
        self.ears = super::ears::Ears::default();
        self.tally.told_later += self.model.begin_life();
        self.sibling_forgets();
        self.model.talk.begin_life(self.disk.household.thread.as_ref());
        (self.disk.repeats, self.disk.chat_refused) = (false, false);
        self.mind = Mind::new(policy(&self.plan), understanding(), self.disk.household.clone());
        if let Some(record) = &mut self.record {
            record.push(Line::Start(Box::new(Setup::of(&self.mind))));
        }
        let up = self.link_up;
        self.give(Event::Link { up });
        self.share_again();
    }
}

fn orders_of(writes: &[Write]) -> impl Iterator<Item = &Order> {
    writes.iter().filter_map(|write| if let Write::Order(order) = write { Some(order) } else { None })
}

fn of_chat(writes: &[Write]) -> bool {
    writes.iter().any(|write| matches!(write, Write::Chat { .. }))
}
