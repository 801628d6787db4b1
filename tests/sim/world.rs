//! The world around the mind: time, disk and what breaks. It hands each event to the mind, and carries
//! out and checks what the mind answers.

mod faults;
mod household;
mod invariants;
mod shop;

use crate::rng::Rng;
use faults::Faults;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;
use tendero::decide::effect::{Effect, Write};
use tendero::decide::event::{Button, Event, Heard, Turn};
use tendero::decide::guard::Verdict;
use tendero::decide::household::{Household, Regular};
use tendero::decide::mind::Mind;
use tendero::decide::order::{Order, OrderId, OrderState, Quote};
use tendero::decide::policy::Policy;
use tendero::decide::reply::Reply;
use tendero::decide::{Now, Wall};
use tendero::understand::Understanding;
use tendero::understand::catalog::{Catalog, Product};
use tendero::understand::grammar::Expect;
use tendero::understand::intent::{Intent, Parse};

const START_UNIX_MS: i64 = 1_795_000_000_000;
const MINUTE: u64 = 60_000;
const HOUR: u64 = 60 * MINUTE;
/// The faults stop after this time, and everything must come to rest within `SETTLE_MS`.
const FAULTS_MS: u64 = 5 * HOUR;
const SETTLE_MS: u64 = 40 * HOUR;
const MAX_EVENTS: usize = 20_000;

/// What the mind is given: an event, or an utterance with its meaning.
#[derive(Debug, Clone)]
enum Input {
    Event(Event),
    Said(Heard, Vec<Parse>),
    Commit {
        ticket: u32,
        writes: Vec<Write>,
    },
    /// An order arrives at the shop.
    Arrive(OrderId),
    CancelArrives(OrderId),
    AskArrives(OrderId),
    /// The outbox looks whether a sent order still has no receipt on disk.
    Outbox(OrderId),
    Act,
}

pub struct World {
    rng: Rng,
    show: bool,
    mono_ms: u64,
    wall_off_ms: Option<i64>,
    mind: Mind,
    disk: Household,
    audits: BTreeMap<OrderId, Vec<Verdict>>,
    queue: BTreeMap<(u64, u64), (u32, Input)>,
    seq: u64,
    /// Rises with each restart: what a life waited for does not reach the next.
    life: u32,
    pub restarts: u32,
    faults: Faults,
    link_up: bool,
    disk_full: bool,
    turn: Option<Turn>,
    bookings: BTreeMap<OrderId, (Order, OrderState)>,
    /// Orders that the shop never had and will not take any more.
    refused: BTreeSet<OrderId>,
    revs: u64,
    /// Orders whose hold has ended.
    leaving: BTreeSet<OrderId>,
    seen: BTreeMap<OrderId, (Quote, u64)>,
    /// When an adult's hand was last on the button.
    hand_ms: Option<u64>,
    /// The last read-back, and whether it was really heard to its end.
    read_back: Option<(Reply, u32, bool)>,
    told: BTreeSet<String>,
    journal: Vec<(Input, Now, String)>,
}

/// Compiling the lexicons takes long; the simulation needs only one of them.
fn understanding() -> Understanding {
    static ONCE: OnceLock<Understanding> = OnceLock::new();
    let make = || Understanding::new(Catalog::from_json(include_str!("../dialogues/catalog.json")).unwrap());
    ONCE.get_or_init(make).clone()
}

fn product(sku: &str) -> &'static Product {
    static ONCE: OnceLock<Understanding> = OnceLock::new();
    ONCE.get_or_init(understanding).catalog().product(sku).unwrap()
}

fn policy() -> Policy {
    Policy {
        max_orders_hour: 4,
        cap_day_minor: 4_000,
        quiet_from_min: 0,
        quiet_to_min: 0,
        duplicate_ms: 30 * MINUTE,
        ..Policy::default()
    }
}

impl World {
    pub fn new(seed: u64, show: bool) -> World {
        let mut rng = Rng::new(seed);
        let mut disk = Household::default();
        for sku in ["heads-4", "coffee-500", "milk-oat", "wine-red"] {
            let last_unit_amount = product(sku).unit_amount;
            disk.regulars
                .insert(sku.into(), Regular { times: 2, usual_qty: 1, last_unit_amount, last_unix_ms: START_UNIX_MS });
        }
        let faults = Faults::some(&mut rng);
        let mind = Mind::new(policy(), understanding(), disk.clone());
        let mut world = World {
            rng,
            show,
            mono_ms: 0,
            wall_off_ms: Some(START_UNIX_MS),
            mind,
            disk,
            audits: BTreeMap::new(),
            queue: BTreeMap::new(),
            seq: 0,
            life: 0,
            restarts: 0,
            faults,
            link_up: true,
            disk_full: false,
            turn: None,
            bookings: BTreeMap::new(),
            refused: BTreeSet::new(),
            revs: 0,
            leaving: BTreeSet::new(),
            seen: BTreeMap::new(),
            hand_ms: None,
            read_back: None,
            told: BTreeSet::new(),
            journal: vec![],
        };
        if show {
            println!("seed {seed}: {:?}", world.faults);
        }
        let mut at_ms = 0;
        while at_ms < FAULTS_MS {
            at_ms += world.rng.between(5_000, 20 * MINUTE);
            world.put(at_ms, Input::Act);
        }
        world
    }

    pub fn booked(&self) -> usize {
        self.bookings.len()
    }

    pub fn cancelled(&self) -> usize {
        self.disk.orders.values().filter(|order| order.state == OrderState::Cancelled).count()
    }

    pub fn run(&mut self) {
        self.until(FAULTS_MS);
        // The faults stop; what is open must come to rest, and the household must hear of it.
        self.faults = Faults::default();
        self.disk_full = false;
        self.wall_off_ms = Some(START_UNIX_MS);
        self.link_up = true;
        self.give(Input::Event(Event::Link { up: true }));
        self.until(FAULTS_MS + SETTLE_MS);
        self.give(Input::Event(Event::Link { up: true }));
        self.until(FAULTS_MS + SETTLE_MS + HOUR);
        self.check_end();
        self.check_replay();
    }

    fn now(&self) -> Now {
        let unix_ms = self.wall_off_ms.map(|off| off + i64::try_from(self.mono_ms).unwrap());
        Now { mono_ms: self.mono_ms, wall: unix_ms.map(|unix_ms| Wall { unix_ms, offset_min: 60 }) }
    }

    fn put(&mut self, at_ms: u64, input: Input) {
        self.seq += 1;
        self.queue.insert((at_ms, self.seq), (self.life, input));
    }

    /// Some time from now, perhaps much later, perhaps twice.
    fn soon(&mut self, from_ms: u64, to_ms: u64, input: Input) {
        let mut ms = self.rng.between(from_ms, to_ms);
        if self.faults.slow && self.rng.chance(10) {
            ms += self.rng.between(1_000, 30 * MINUTE);
        }
        self.put(self.mono_ms + ms, input.clone());
        if self.faults.doubled && self.rng.chance(15) {
            let more = self.rng.between(0, 10 * MINUTE);
            self.put(self.mono_ms + ms + more, input);
        }
    }

    fn until(&mut self, end_ms: u64) {
        for _ in 0..MAX_EVENTS {
            let event_ms = self.queue.first_key_value().map(|((at_ms, _), _)| *at_ms);
            let deadline_ms = self.mind.deadline().map(|deadline| deadline.at_mono_ms);
            let next_ms = [event_ms, deadline_ms].into_iter().flatten().min();
            let Some(next_ms) = next_ms.filter(|next_ms| *next_ms <= end_ms) else {
                self.mono_ms = self.mono_ms.max(end_ms);
                return;
            };
            self.mono_ms = self.mono_ms.max(next_ms);
            if event_ms == Some(next_ms) {
                let (_, (life, input)) = self.queue.pop_first().unwrap();
                self.arrive(life, input);
            } else {
                self.give(Input::Event(Event::Deadline));
                let again = self.mind.deadline();
                assert!(
                    again.is_none_or(|again| again.at_mono_ms > self.mono_ms),
                    "a deadline without progress: {again:?}"
                );
            }
        }
        panic!("events without end");
    }

    fn arrive(&mut self, life: u32, input: Input) {
        let of_this_life = life == self.life;
        match input {
            Input::Act => {
                self.act();
                self.mischief();
            }
            Input::Arrive(id) => self.order_arrives(&id),
            Input::CancelArrives(id) => self.cancel_arrives(&id),
            Input::AskArrives(id) => self.ask_arrives(&id),
            Input::Commit { ticket, writes } if of_this_life => self.commit(ticket, writes),
            Input::Outbox(id) if of_this_life => self.outbox(&id),
            Input::Commit { .. } | Input::Outbox(_) => {}
            // What the broker brings survives a restart; the rest belongs to the life that caused it.
            Input::Event(Event::Receipt(_) | Event::Status(_)) => self.give(input),
            Input::Event(_) | Input::Said(..) if of_this_life => self.give(input),
            Input::Event(_) | Input::Said(..) => {}
        }
    }

    fn restart(&mut self) {
        if self.show {
            println!("{:>9} RESTART", self.mono_ms);
        }
        self.check_replay();
        self.life += 1;
        self.restarts += 1;
        self.turn = None;
        self.read_back = None;
        self.mind = Mind::new(policy(), understanding(), self.disk.clone());
        let up = self.link_up;
        self.give(Input::Event(Event::Link { up }));
    }

    /// Hands the input to the mind, checks and carries out what it answers.
    fn give(&mut self, input: Input) {
        let now = self.now();
        if let Input::Event(Event::Played { say }) = &input
            && let Some((_, waited, done)) = &mut self.read_back
        {
            *done |= waited == say;
        }
        let journalled = input.clone();
        let effects = handle(&mut self.mind, &input, now);
        if self.show {
            println!("{:>9} {:?}\n            -> {}", self.mono_ms, input, serde_json::to_string(&effects).unwrap());
        }
        assert!(effects.len() <= 64, "{} effects", effects.len());
        self.journal.push((journalled, now, serde_json::to_string(&effects).unwrap()));
        if matches!(input, Input::Event(Event::Button(Button::Hold))) {
            self.hand_ms = Some(self.mono_ms);
        }
        let confirms = match &input {
            Input::Said(heard, parses) => {
                heard.turn.is_some()
                    && heard.turn == self.turn
                    && !heard.acoustics.while_speaking
                    && parses[0].intent == Intent::Confirm
            }
            _ => false,
        };
        for effect in effects {
            self.carry_out(effect, confirms, now);
        }
    }

    fn carry_out(&mut self, effect: Effect, confirms: bool, now: Now) {
        match effect {
            Effect::Say { say, reply, .. } => {
                self.told.insert(serde_json::to_value(&reply).unwrap()["reply"].as_str().unwrap().to_owned());
                match (&reply, &mut self.read_back) {
                    (Reply::ReadBack { .. }, _) => self.read_back = Some((reply, say, false)),
                    // The phrase alone is asked for again: the read-back before it still holds.
                    (Reply::SayPhrase { .. }, Some((_, waited, done))) => {
                        *waited = say;
                        *done = false;
                    }
                    (Reply::Because { .. }, _) => {}
                    (_, _) => self.read_back = None,
                }
                self.soon(500, 6_000, Input::Event(Event::Played { say }));
            }
            Effect::Listen { turn, expect, .. } => {
                let heard_out = self.read_back.as_ref().is_none_or(|(_, _, done)| *done);
                assert!(heard_out || expect == Expect::Command, "the microphone opened before the read-back had ended");
                self.turn = Some(turn);
                self.reply_to(turn, &expect);
            }
            Effect::Rest => self.turn = None,
            Effect::AskQuote { request_id, lines, .. } => {
                if self.link_up && !(self.faults.lost && self.rng.chance(20)) {
                    let quote = self.quote(request_id, &lines, now);
                    self.soon(50, 4_000, Input::Event(Event::Quoted(quote)));
                }
            }
            Effect::Store { ticket, writes } => {
                for write in &writes {
                    self.check_write(write, &writes, confirms, now);
                }
                let ms = self.rng.between(1, 40);
                self.put(self.mono_ms + ms, Input::Commit { ticket, writes });
            }
            Effect::Send { order } => {
                self.check_send(&order);
                self.outbox(&order);
            }
            Effect::AskCancel { order, .. } => self.over_the_link(Input::CancelArrives(order)),
            // Its shop has no burst guard yet: it keeps nothing, so nothing is approved there.
            Effect::AskApprove { order } => panic!("an approval of {order}, which the shop does not keep"),
            Effect::AskStatus { order } => self.over_the_link(Input::AskArrives(order)),
        }
    }

    fn commit(&mut self, ticket: u32, writes: Vec<Write>) {
        if self.disk_full {
            self.give(Input::Event(Event::StoreFailed { ticket, why: "disk full".into() }));
            return;
        }
        for write in writes {
            match write {
                Write::Order(order) => {
                    self.disk.orders.insert(order.id.clone(), order);
                }
                Write::Audit { order: Some(id), verdicts, .. } => {
                    self.audits.insert(id, verdicts);
                }
                Write::WrongPins { count } => self.disk.wrong_pins = count,
                Write::Audit { order: None, .. } | Write::ListItem { .. } | Write::Step(_) | Write::Offered { .. } => {}
            }
        }
        // A power cut between the disk and the answer.
        if self.faults.restarts && self.rng.chance(3) {
            self.restart();
        } else {
            self.soon(0, 5, Input::Event(Event::Stored { ticket }));
        }
    }
}

fn handle(mind: &mut Mind, input: &Input, now: Now) -> Vec<Effect> {
    match input.clone() {
        Input::Event(event) => mind.handle(event, now),
        Input::Said(heard, parses) => mind.understood(heard, parses, now),
        other => panic!("{other:?} is not for the mind"),
    }
}
