//! The world around the mind: disk, shop, link, clock and a household with a will of its own.

use crate::rng::Rng;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;
use tendero::decide::effect::{Effect, Write};
use tendero::decide::event::{Acoustics, Button, Channel, Entropy, Event, Heard, Hypothesis, Turn};
use tendero::decide::guard::{Rung, Verdict};
use tendero::decide::household::{Household, Regular};
use tendero::decide::mind::Mind;
use tendero::decide::order::{
    Delivery, Order, OrderId, OrderState, Quote, QuoteLine, Receipt, ReceiptStatus, StatusUpdate, Wanted,
};
use tendero::decide::policy::Policy;
use tendero::decide::reply::Reply;
use tendero::decide::{Now, Wall};
use tendero::understand::catalog::{Catalog, Product};
use tendero::understand::grammar::Expect;
use tendero::understand::intent::{Because, Change, Intent, Line, NotAnOrder, Parse};
use tendero::understand::{Lang, Understanding};

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

#[derive(Debug)]
struct Faults {
    slow: bool,
    doubled: bool,
    lost: bool,
    restarts: bool,
    link: bool,
    disk: bool,
    clock: bool,
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
        let faults = Faults {
            slow: rng.chance(50),
            doubled: rng.chance(50),
            lost: rng.chance(40),
            restarts: rng.chance(50),
            link: rng.chance(50),
            disk: rng.chance(30),
            clock: rng.chance(40),
        };
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
        self.faults = Faults {
            slow: false,
            doubled: false,
            lost: false,
            restarts: false,
            link: false,
            disk: false,
            clock: false,
        };
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
            Input::Act => self.act(),
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

    /// Something that the household or the world does of its own accord.
    fn act(&mut self) {
        match self.rng.below(16) {
            0..=6 => {
                let sku = ["heads-4", "coffee-500", "milk-oat", "wine-red", "dollhouse"][self.rng.below(5) as usize];
                let qty = u32::try_from(self.rng.between(1, 3)).unwrap();
                self.command(parse(Intent::Reorder, vec![line(sku, qty)]));
            }
            7 => {
                let told = Parse {
                    not_an_order: Some(NotAnOrder::Reported),
                    ..parse(Intent::None, vec![line("dollhouse", 1)])
                };
                self.command(told);
            }
            8 => self.command(parse(Intent::Cancel, vec![])),
            9 => self.command(parse(Intent::Confirm, vec![])),
            10 => self.give(Input::Event(Event::Button(Button::Tap))),
            11 | 12 => self.give(Input::Event(Event::Button(Button::Hold))),
            13 => {
                let order = self.disk.orders.keys().next_back().cloned();
                if let Some(order) = order {
                    self.give(Input::Event(Event::CancelOrder { order }));
                }
            }
            14 => self.command(parse(Intent::Status, vec![])),
            _ => self.give(Input::Event(Event::Muted(true))),
        }
        if self.faults.link && self.rng.chance(30) {
            self.link_up = !self.link_up;
            let up = self.link_up;
            self.give(Input::Event(Event::Link { up }));
        }
        if self.faults.disk && self.rng.chance(25) {
            self.disk_full = !self.disk_full;
        }
        if self.faults.clock && self.rng.chance(25) {
            self.wall_off_ms = match self.rng.below(5) {
                0 => None,
                1 => Some(START_UNIX_MS - 3 * 3_600_000),
                2 => Some(START_UNIX_MS + 2 * 3_600_000),
                3 => Some(4_070_000_000_000),
                _ => Some(START_UNIX_MS),
            };
        }
        if self.faults.restarts && self.rng.chance(20) {
            self.restart();
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

    fn command(&mut self, parse: Parse) {
        self.give(Input::Event(Event::Woke { score: 0.8 }));
        let heard = self.heard(None, "words of a command", false);
        self.soon(500, 3_000, Input::Said(heard, vec![parse]));
    }

    fn heard(&mut self, turn: Option<Turn>, text: &str, while_speaking: bool) -> Heard {
        let gap_ms = if self.rng.chance(10) { 20 } else { 300 };
        Heard {
            turn,
            channel: Channel::Voice,
            lang: Lang::En,
            nbest: vec![Hypothesis { text: text.into(), confidence: if self.rng.chance(5) { 0.1 } else { 0.9 } }],
            acoustics: Acoustics { gap_ms: Some(gap_ms), speech_ms: 800, while_speaking, ..Acoustics::default() },
            entropy: Entropy(self.rng.bytes()),
        }
    }

    /// What the household says into the open microphone.
    fn reply_to(&mut self, turn: Turn, expect: &Expect) {
        let words = match expect {
            Expect::Challenge { words } if self.rng.chance(70) => words.join(" "),
            Expect::Challenge { .. } | Expect::Command | Expect::Confirm | Expect::Choice { .. } => String::new(),
        };
        let (text, parse, while_speaking) = match self.rng.below(20) {
            0..=11 => (format!("order it {words}"), parse(Intent::Confirm, vec![]), false),
            12 => ("yes".into(), parse(Intent::Affirm, vec![]), false),
            13 => ("no".into(), parse(Intent::Deny, vec![]), false),
            14 => {
                ("make it two".into(), Parse { change: Some(Change::Qty(2)), ..parse(Intent::Change, vec![]) }, false)
            }
            15 => ("mumble".into(), parse(Intent::None, vec![]), false),
            16 => (format!("order it {words}"), parse(Intent::Confirm, vec![]), true),
            17 => ("why".into(), parse(Intent::Why, vec![]), false),
            18 => ("cancel that".into(), parse(Intent::Cancel, vec![]), false),
            _ => {
                self.soon(8_000, 9_000, Input::Event(Event::Silence { turn: Some(turn) }));
                return;
            }
        };
        let heard = self.heard(Some(turn), text.trim(), while_speaking);
        self.soon(800, 5_000, Input::Said(heard, vec![parse]));
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
                Write::Audit { order: None, .. } | Write::ListItem { .. } => {}
            }
        }
        // A power cut between the disk and the answer.
        if self.faults.restarts && self.rng.chance(3) {
            self.restart();
        } else {
            self.soon(0, 5, Input::Event(Event::Stored { ticket }));
        }
    }

    /// The outbox sends until the receipt is on disk or the order's time is over.
    fn outbox(&mut self, id: &OrderId) {
        let Some(order) = self.disk.orders.get(id) else { panic!("an order is sent that is not on disk") };
        let expires_unix_ms = order.expires_unix_ms;
        if order.state != OrderState::Sending || self.now().wall.is_some_and(|wall| wall.unix_ms >= expires_unix_ms) {
            return;
        }
        self.over_the_link(Input::Arrive(id.clone()));
        self.put(self.mono_ms + 5 * MINUTE, Input::Outbox(id.clone()));
    }

    fn over_the_link(&mut self, input: Input) {
        let lost = self.faults.lost && self.rng.chance(30);
        if self.link_up && !lost {
            self.soon(20, 2_000, input);
        }
    }

    fn order_arrives(&mut self, id: &OrderId) {
        let order = self.disk.orders[id].clone();
        let rejects = id.0.as_bytes()[0].is_multiple_of(8) || self.refused.contains(id);
        let first = !self.bookings.contains_key(id);
        if let Some((known, _)) = self.bookings.get(id) {
            assert_eq!((&known.quote, &known.nonce), (&order.quote, &order.nonce), "the same id with other bytes");
        }
        let status = if rejects { ReceiptStatus::Rejected } else { ReceiptStatus::Accepted };
        if first && !rejects {
            self.bookings.insert(id.clone(), (order, OrderState::Accepted));
        }
        let receipt = Receipt {
            order_id: id.clone(),
            status,
            code: None,
            shop_order_no: Some("1".into()),
            cancel_until_unix_ms: None,
        };
        self.over_the_link(Input::Event(Event::Receipt(receipt)));
    }

    fn cancel_arrives(&mut self, id: &OrderId) {
        let state = match self.bookings.get_mut(id) {
            Some((_, state)) => {
                if *state == OrderState::Accepted {
                    *state =
                        if id.0.as_bytes()[1].is_multiple_of(2) { OrderState::Cancelled } else { OrderState::Shipped };
                }
                *state
            }
            // The shop never had it, and from now on will not take it.
            None => {
                self.refused.insert(id.clone());
                OrderState::Cancelled
            }
        };
        self.status(id, state);
    }

    fn ask_arrives(&mut self, id: &OrderId) {
        // Asked for only after its signed expiry: an unknown order is not taken any more.
        let state = self.bookings.get(id).map_or(OrderState::Expired, |(_, state)| *state);
        if state == OrderState::Expired {
            self.refused.insert(id.clone());
        }
        self.status(id, state);
    }

    fn status(&mut self, id: &OrderId, state: OrderState) {
        self.revs += 1;
        let update = StatusUpdate { order_id: id.clone(), rev: self.revs, state };
        self.over_the_link(Input::Event(Event::Status(update)));
    }

    fn quote(&mut self, request_id: String, wanted: &[Wanted], now: Now) -> Quote {
        let mut lines: Vec<QuoteLine> = wanted
            .iter()
            .map(|line| {
                let product = product(&line.sku);
                let unit_amount = product.unit_amount;
                let total = unit_amount * i64::from(line.qty);
                let title = product.title(Lang::En).to_owned();
                QuoteLine { sku: line.sku.clone(), title, qty: line.qty, unit_amount, total, options: BTreeMap::new() }
            })
            .collect();
        // A hostile shop swaps the product, or raises the price.
        match self.rng.below(20) {
            0 => lines[0].sku = "dollhouse".into(),
            1 => lines[0].qty += 1,
            2 => {
                lines[0].unit_amount *= 2;
                lines[0].total *= 2;
            }
            _ => {}
        }
        let day = now.wall.map_or(START_UNIX_MS, |wall| wall.unix_ms) + 86_400_000;
        Quote {
            quote_id: format!("q-{request_id}"),
            hash: format!("h-{request_id}"),
            request_id,
            shop: "corner".into(),
            seller: "Corner shop".into(),
            currency: "EUR".into(),
            total: lines.iter().map(|line| line.total).sum(),
            lines,
            delivery: Delivery { earliest_unix_ms: day, latest_unix_ms: day, amount: 0 },
            valid_s: 900,
            withdrawal_days: 14,
            recurring: self.rng.chance(3),
            because: None,
        }
    }

    /// An order is first written only by a confirmation, and only as it was read back.
    fn check_write(&mut self, write: &Write, all: &[Write], confirms: bool, now: Now) {
        let Write::Order(order) = write else { return };
        if let Some((quote, confirmed_ms)) = self.seen.get(&order.id) {
            assert_eq!(quote, &order.quote, "an order changed after it was confirmed");
            let before = self.disk.orders.get(&order.id).map(|order| order.state);
            if order.state == OrderState::Sending && self.leaving.insert(order.id.clone()) {
                assert!(now.wall.is_some(), "an order leaves while the clock is unknown");
            }
            if before == Some(OrderState::AwaitingAdult) && order.state == OrderState::Held {
                assert!(self.hand_ms.is_some_and(|ms| ms > *confirmed_ms), "held without an adult's hand");
            }
            return;
        }
        assert!(confirms, "an order without a confirmation in its turn");
        let Some((Reply::ReadBack { items, total, .. }, _, true)) = &self.read_back else {
            panic!("an order without a read-back that was heard to its end")
        };
        assert_eq!(total.minor, order.quote.total, "another total than was read back");
        let read: Vec<u32> = items.iter().map(|item| item.qty).collect();
        let ordered: Vec<u32> = order.quote.lines.iter().map(|line| line.qty).collect();
        assert_eq!(read, ordered, "another quantity than was read back");
        for (item, line) in items.iter().zip(&order.quote.lines) {
            assert_eq!(item.product, line.title, "another product than was read back");
        }
        let wall = now.wall.expect("an order while the clock is unknown");
        let verdicts = all.iter().find_map(|write| match write {
            Write::Audit { order: Some(id), verdicts, .. } if *id == order.id => Some(verdicts),
            Write::Audit { .. } | Write::Order(_) | Write::ListItem { .. } => None,
        });
        let verdicts = verdicts.expect("an order without its verdicts in the same transaction");
        assert_eq!(verdicts.len(), 19, "a guard was not asked");
        let highest = verdicts.iter().map(|verdict| verdict.rung).max().unwrap();
        assert!(highest <= order.confirmed.rung, "confirmed on a lower rung than the guards ask for");
        assert!(order.confirmed.rung <= Rung::Adult);
        assert_eq!(order.state == OrderState::AwaitingAdult, order.confirmed.rung == Rung::Adult);
        let known =
            self.disk.regulars.contains_key(&order.quote.lines[0].sku) || self.disk.buys(&order.quote.lines[0].sku);
        assert!(known || order.confirmed.rung == Rung::Adult, "a first purchase without an adult");
        if order.confirmed.rung < Rung::Adult {
            let spent = self.disk.spent_on_day(wall) + order.quote.total;
            assert!(spent <= policy().cap_day_minor, "{spent} in a day without an adult");
        }
        self.seen.insert(order.id.clone(), (order.quote.clone(), self.mono_ms));
    }

    fn check_send(&mut self, id: &OrderId) {
        let order = self.disk.orders.get(id).expect("an order is sent that is not on disk");
        assert_eq!(order.state, OrderState::Sending, "sent before that was on disk");
        assert!(self.audits.contains_key(id), "sent without verdicts on disk");
        assert!(self.leaving.contains(id), "sent without its hold having ended at a known time");
    }

    fn check_end(&mut self) {
        assert!(self.mind.is_idle(), "not idle at the end");
        for (id, order) in &self.disk.orders {
            let settled = match order.state {
                OrderState::Accepted | OrderState::Shipped | OrderState::Delivered => self.bookings.contains_key(id),
                OrderState::Cancelled => self.bookings.get(id).is_none_or(|(_, state)| *state == OrderState::Cancelled),
                OrderState::Rejected | OrderState::Expired => !self.bookings.contains_key(id),
                OrderState::AwaitingAdult
                | OrderState::Held
                | OrderState::Sending
                | OrderState::Cancelling
                | OrderState::Withdrawn
                | OrderState::Refunded
                | OrderState::Unknown => false,
            };
            assert!(
                settled,
                "{id} is {} on disk, at the shop {:?}",
                order.state.name(),
                self.bookings.get(id).map(|b| b.1)
            );
            let reply = match order.state {
                OrderState::Accepted => "booked",
                OrderState::Rejected => "rejected_by_shop",
                OrderState::Cancelled => "cancelled",
                _ => continue,
            };
            assert!(self.restarts > 0 || self.told.contains(reply), "{id} is {reply}, and nobody was told");
        }
        for id in self.bookings.keys() {
            assert!(self.seen.contains_key(id), "the shop booked what was never confirmed");
        }
        assert_eq!(self.mind.household().orders, self.disk.orders, "memory and disk differ");
    }

    /// The same events give the same effects, to the byte.
    fn check_replay(&mut self) {
        let journal = std::mem::take(&mut self.journal);
        if self.life > 0 || journal.is_empty() {
            return;
        }
        let household = Household { orders: BTreeMap::new(), ..self.disk.clone() };
        let mut mind = Mind::new(policy(), understanding(), household);
        for (input, now, effects) in journal {
            assert_eq!(serde_json::to_string(&handle(&mut mind, &input, now)).unwrap(), effects, "a replay differs");
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

fn parse(intent: Intent, lines: Vec<Line>) -> Parse {
    Parse { intent, lines, score: 1.0, ..Parse::nothing(vec![]) }
}

fn line(sku: &str, qty: u32) -> Line {
    Line {
        sku: sku.into(),
        qty,
        qty_spoken: true,
        options: BTreeMap::new(),
        score: 1.0,
        words: sku.into(),
        rivals: vec![],
        because: Because::Named,
    }
}
