//! The world around the mind: time, and what is under way. It hands each event to the mind, and carries out and
//! checks what the mind answers.

mod disk;
mod ears;
mod faults;
mod find;
mod history;
mod hostile;
mod household;
mod invariants;
mod model;
mod notices;
mod person;
mod rest;
mod shop;
mod sibling;
mod steps;
mod tally;
mod words;

use crate::rng::Rng;
pub use faults::{Fault, Faults};
pub use invariants::{Invariant, Violation};
use model::{Cause, Model};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;
pub use steps::{ALPHABET, Step};
pub use tally::Tally;
use tendero::decide::chat::FromShop;
use tendero::decide::effect::{Effect, Write};
use tendero::decide::event::Event;
use tendero::decide::find::Seek;
use tendero::decide::household::{Household, Regular};
use tendero::decide::mind::Mind;
use tendero::decide::notice::Notice;
use tendero::decide::order::{OrderId, OrderState, Wanted};
use tendero::decide::policy::Policy;
use tendero::decide::second_ear::SecondEarPolicy;
use tendero::decide::{Now, Wall};
use tendero::journal::{Entry, Setup};
use tendero::understand::Understanding;
use tendero::understand::catalog::{Catalog, Product};

/// 2026-11-18, 10:13 local time.
pub const START_UNIX_MS: i64 = 1_795_000_000_000;
pub const MINUTE: u64 = 60_000;
pub const HOUR: u64 = 60 * MINUTE;
/// The faults stop after this time, and everything must come to rest within `SETTLE_MS`.
const FAULTS_MS: u64 = 5 * HOUR;
const SETTLE_MS: u64 = 40 * HOUR;
const MAX_EVENTS: usize = 20_000;

/// One run: everything that happens in it follows from this.
#[derive(Debug, Clone)]
pub struct Plan {
    pub seed: u64,
    pub faults: Faults,
    /// Of what happens of its own accord, by number: what is left out. Each has random numbers of its own, so the
    /// others go on as before.
    pub without: BTreeSet<u32>,
    /// What is on its way and never arrives.
    pub lost: BTreeSet<Delivery>,
    /// The power goes at this point of [`World::points`].
    pub cut_at: Option<u64>,
    /// Not the power goes there, but the program is ended and started.
    pub cut_is_restart: bool,
    /// Is each order by voice challenged?
    pub random_words: bool,
    /// Does a second recogniser hear large and unsure orders again?
    pub second_ear: bool,
    /// An invariant that does not hold, for trying out what a failure does.
    pub artificial: bool,
}

impl Plan {
    pub fn of_seed(seed: u64) -> Plan {
        let faults = Faults::some(&mut Rng::new(seed));
        let (random_words, second_ear) = (seed.is_multiple_of(2), seed % 3 == 1);
        Plan { faults, random_words, second_ear, ..Plan::quiet(seed) }
    }

    /// Without any fault.
    pub fn quiet(seed: u64) -> Plan {
        let (faults, without, lost) = (Faults::default(), BTreeSet::new(), BTreeSet::new());
        Plan {
            seed,
            faults,
            without,
            lost,
            cut_at: None,
            cut_is_restart: false,
            random_words: false,
            second_ear: false,
            artificial: false,
        }
    }
}

/// What arrives: the number of the act that it follows from, and which of those it is.
pub type Delivery = (u32, u32);

/// What is under way.
#[derive(Debug, Clone)]
pub enum Input {
    Event(Event),
    /// Something happens of its own accord; by number.
    Act(u32),
    /// Somebody has spoken.
    Spoken(ears::Utterance),
    /// The speech engine has its result.
    Recognised(ears::Utterance),
    Commit {
        ticket: u32,
        writes: Vec<Write>,
    },
    QuoteArrives {
        request_id: String,
        lines: Vec<Wanted>,
    },
    FindArrives {
        request_id: String,
        seek: Seek,
    },
    HistoryArrives {
        request_id: String,
        limit: u32,
    },
    Arrive(OrderId),
    CancelArrives(OrderId),
    ApprovalArrives(OrderId),
    WithdrawalArrives(OrderId),
    AskArrives(OrderId),
    /// The other speaker learns that it shall take an order back.
    SiblingAsked(OrderId),
    /// A line of the household in a conversation comes to the shop, a person there does something, and a line comes back.
    ChatArrives(person::Up),
    PersonActs(String),
    ChatComes(FromShop),
    /// The shop tells something.
    NewsComes(Box<Notice>),
    /// The link looks whether the shop has all our lines.
    ChatRepeats,
    /// The outbox looks whether a sent order still has no receipt on disk.
    Outbox(OrderId),
    /// Something happens to an order at the shop.
    ShopMoves(OrderId),
    /// An adult goes to the button.
    Approve,
    Mute,
    Unmute,
    /// The wall clock is set from the network.
    ClockSet,
}

/// A line of the journal of a run.
#[allow(clippy::large_enum_variant, reason = "nearly all of them are entries")]
#[derive(Debug, Clone)]
pub enum Line {
    Start(Box<Setup>),
    Entry(Entry),
}

#[derive(Clone)]
pub struct World {
    pub(super) plan: Plan,
    faults: Faults,
    rng: Rng,
    /// The act that is going on, and how much followed from it so far.
    act: Delivery,
    ms: u64,
    /// When this life began: the mind's clock starts at nothing.
    born_ms: u64,
    /// How far the wall clock is off; `None`: it is unknown.
    wall_off_ms: Option<i64>,
    mind: Mind,
    queue: BTreeMap<(u64, u64), (u32, Delivery, Input)>,
    seq: u64,
    /// Rises with each restart: what a life waited for does not reach the next.
    life: u32,
    link_up: bool,
    muted: bool,
    disk_full: bool,
    disk: disk::Disk,
    ears: ears::Ears,
    shop: shop::Shop,
    counter: person::Counter,
    bedroom: sibling::Bedroom,
    post: notices::Post,
    model: Model,
    /// Effects and writes so far: the points at which the power can go.
    pub points: u64,
    pub tally: Tally,
    pub violation: Option<Violation>,
    /// What the mind was given so far.
    pub events: u64,
    /// What arrived, in order.
    pub arrived: Vec<Delivery>,
    /// `None`: not kept.
    pub record: Option<Vec<Line>>,
    /// Time passes only when somebody says so.
    stepping: bool,
}

/// Compiling the lexicons takes long; the simulation needs only one of them.
pub fn understanding() -> Understanding {
    static ONCE: OnceLock<Understanding> = OnceLock::new();
    let make = || Understanding::new(Catalog::from_json(include_str!("../dialogues/catalog.json")).unwrap());
    ONCE.get_or_init(make).clone()
}

fn product(sku: &str) -> &'static Product {
    static ONCE: OnceLock<Understanding> = OnceLock::new();
    ONCE.get_or_init(understanding).catalog().product(sku).unwrap()
}

pub fn policy(plan: &Plan) -> Policy {
    let second_ear = SecondEarPolicy { from_minor: 1_200, below_permille: 600, wait_ms: 6_000 };
    Policy {
        random_words: plan.random_words,
        second_ear: plan.second_ear.then_some(second_ear),
        max_orders_hour: 4,
        cap_day_minor: 8_000,
        quiet_from_min: 0,
        quiet_to_min: 0,
        duplicate_ms: 30 * MINUTE,
        ..Policy::default()
    }
}

/// What this household bought before the world began: one pack at a time.
const REGULARS: [&str; 4] = ["heads-4", "coffee-500", "milk-oat", "wine-red"];

fn newcomer() -> Household {
    let mut household = Household { device: sibling::OURS.into(), ..Household::default() };
    household.siblings.insert(sibling::THEIRS.into(), Default::default());
    for sku in REGULARS {
        let last_unit_amount = product(sku).unit_amount;
        let regular = Regular { times: 2, usual_qty: 1, last_unit_amount, last_unix_ms: START_UNIX_MS };
        household.regulars.insert(sku.into(), regular);
    }
    household
}

impl World {
    /// What happens of its own accord: by turns something that the household does, and something that breaks.
    pub const ACTS: u32 = 60;

    /// A world in which nothing happens yet.
    pub fn new(plan: Plan, record: bool) -> World {
        let household = newcomer();
        let mind = Mind::new(policy(&plan), understanding(), household.clone());
        let record = record.then(|| vec![Line::Start(Box::new(Setup::of(&mind)))]);
        World {
            faults: plan.faults,
            rng: Rng::new(plan.seed),
            act: (0, 0),
            ms: 0,
            born_ms: 0,
            wall_off_ms: Some(0),
            mind,
            queue: BTreeMap::new(),
            seq: 0,
            life: 0,
            link_up: true,
            muted: false,
            disk_full: false,
            disk: disk::Disk::new(household),
            ears: ears::Ears::default(),
            shop: shop::Shop::default(),
            counter: person::Counter::default(),
            bedroom: sibling::Bedroom::default(),
            post: notices::Post::default(),
            model: Model::new(),
            points: 0,
            tally: Tally::default(),
            violation: None,
            events: 0,
            arrived: vec![],
            record,
            stepping: false,
            plan,
        }
    }

    /// As [`World::run`], and a panic is a violation.
    pub fn run_caught(&mut self) {
        let ran = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| self.run()));
        if let Err(panic) = ran {
            let what = panic.downcast_ref::<String>().cloned();
            let what = what.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
            self.violation = None;
            self.violate(Invariant::Panic, what.unwrap_or_else(|| "a panic".into()));
        }
    }

    /// Five hours with a household and faults, and forty in which all must come to rest.
    pub fn run(&mut self) {
        self.tally.begin(self.faults);
        let mut schedule = Rng::new(!self.plan.seed);
        let mut at_ms = 0;
        for number in 1..=World::ACTS {
            at_ms += schedule.between(2_000, 2 * FAULTS_MS / u64::from(World::ACTS));
            if !self.plan.without.contains(&number) {
                self.put(at_ms, Input::Act(number));
            }
        }
        self.until(FAULTS_MS.max(at_ms));
        self.settle();
    }

    /// The faults stop; what is open must come to rest, and the household must hear of it.
    pub fn settle(&mut self) {
        self.stepping = false;
        self.mend();
        self.note_approved();
        let from_ms = self.ms;
        self.until(from_ms + SETTLE_MS);
        self.give(Event::Link { up: true });
        self.ask_about_open_orders();
        self.until(from_ms + SETTLE_MS + HOUR);
        self.check_end();
        self.tally.end(&self.disk.household, self.shop.booked());
    }

    pub(super) fn now(&self) -> Now {
        let true_ms = START_UNIX_MS + i64::try_from(self.ms).unwrap();
        let unix_ms = self.wall_off_ms.map(|off_ms| true_ms + off_ms);
        Now { mono_ms: self.ms - self.born_ms, wall: unix_ms.map(|unix_ms| Wall { unix_ms, offset_min: 60 }) }
    }

    pub(super) fn put(&mut self, at_ms: u64, input: Input) {
        self.seq += 1;
        self.act.1 += 1;
        self.queue.insert((at_ms, self.seq), (self.life, self.act, input));
    }

    /// Some time from now, perhaps much later, perhaps twice.
    pub(super) fn soon(&mut self, from_ms: u64, to_ms: u64, input: Input) {
        let mut ms = self.rng.between(from_ms, to_ms);
        if self.strikes(Fault::Late, 10) {
            ms += self.rng.between(1_000, 30 * MINUTE);
        }
        self.put(self.ms + ms, input.clone());
        if self.strikes(Fault::Doubled, 15) {
            let more = self.rng.between(0, 10 * MINUTE);
            self.put(self.ms + ms + more, input);
        }
    }

    fn until(&mut self, end_ms: u64) {
        for _ in 0..MAX_EVENTS {
            if self.violation.is_some() {
                return;
            }
            let event_ms = self.queue.first_key_value().map(|((at_ms, _), _)| *at_ms);
            let deadline_ms = self.mind.deadline().map(|deadline| deadline.at_mono_ms + self.born_ms);
            let next_ms = [event_ms, deadline_ms].into_iter().flatten().min();
            let Some(next_ms) = next_ms.filter(|next_ms| *next_ms <= end_ms) else {
                self.ms = self.ms.max(end_ms);
                return;
            };
            self.ms = self.ms.max(next_ms);
            if event_ms == Some(next_ms) {
                let (_, arrived) = self.queue.pop_first().unwrap();
                self.arrive(arrived);
            } else {
                self.deadline();
            }
        }
        self.violate(Invariant::Bounded, "events without end");
    }

    pub(super) fn deadline(&mut self) {
        let life = self.life;
        self.give(Event::Deadline);
        let again = self.mind.deadline().filter(|_| life == self.life);
        if again.is_some_and(|again| again.at_mono_ms + self.born_ms <= self.ms) {
            self.violate(Invariant::Bounded, format!("a deadline without progress: {again:?}"));
        }
    }

    pub(super) fn arrive(&mut self, (life, delivery, input): (u32, Delivery, Input)) {
        if self.plan.lost.contains(&delivery) {
            return;
        }
        if !matches!(input, Input::Act(_)) {
            self.arrived.push(delivery);
        }
        let of_this_life = life == self.life;
        match input {
            Input::Act(number) => {
                self.act = (number, 0);
                self.rng = Rng::new(self.plan.seed.wrapping_mul(0x2545_f491_4f6c_dd1d) ^ u64::from(number) << 32);
                if number.is_multiple_of(2) {
                    self.mischief()
                } else {
                    self.household_acts()
                }
                match self.rng.below(100) {
                    0..=14 => self.shop_tells(),
                    15..=19 => {
                        let said = self.rng.word(&words::NEWS);
                        self.command(said, ears::Speaker::Household);
                    }
                    _ => {}
                }
            }
            // A loudspeaker falls silent with its device.
            Input::Spoken(utterance) if !of_this_life && utterance.speaker == ears::Speaker::Loudspeaker => {}
            Input::Spoken(utterance) => self.spoken(utterance),
            Input::Approve => self.approve(),
            Input::Mute => self.mute_for_a_while(),
            Input::Unmute => self.mute(false),
            Input::ClockSet => self.wall_off_ms = Some(0),
            Input::QuoteArrives { request_id, lines } => self.quote_arrives(request_id, &lines),
            Input::FindArrives { request_id, seek } => self.find_arrives(request_id, &seek),
            Input::HistoryArrives { request_id, limit } => self.history_arrives(request_id, limit),
            Input::Arrive(id) => self.order_arrives(&id),
            Input::CancelArrives(id) => self.cancel_arrives(&id),
            Input::ApprovalArrives(id) => self.approval_arrives(&id),
            Input::WithdrawalArrives(id) => self.withdrawal_arrives(&id),
            Input::AskArrives(id) => self.ask_arrives(&id),
            Input::SiblingAsked(id) => self.sibling_is_asked(&id),
            Input::ShopMoves(id) => self.shop_moves(&id),
            Input::ChatArrives(up) => self.chat_arrives(up),
            Input::PersonActs(thread) => {
                self.person_acts(&thread);
            }
            Input::ChatComes(line) => self.chat_comes(line),
            Input::NewsComes(notice) => self.news_comes(*notice),
            // What the broker brings survives a restart; the rest belongs to the life that caused it.
            Input::Event(
                event @ (Event::Receipt(_)
                | Event::Status(_)
                | Event::SharedOrders { .. }
                | Event::HeardThere(_)
                | Event::CancelAskedBy { .. }),
            ) => self.give(event),
            Input::Commit { ticket, writes } if of_this_life => self.commit(ticket, writes),
            Input::Outbox(id) if of_this_life => self.outbox(&id),
            Input::ChatRepeats if of_this_life => self.say_again(),
            Input::Recognised(utterance) if of_this_life => self.recognised(utterance),
            Input::Event(event) if of_this_life => self.give(event),
            Input::Commit { .. } | Input::Outbox(_) | Input::ChatRepeats | Input::Recognised(_) | Input::Event(_) => {}
        }
    }

    /// Hands the event to the mind, checks and carries out what it answers.
    pub(super) fn give(&mut self, event: Event) {
        if self.violation.is_some() {
            return;
        }
        self.events += 1;
        let now = self.now();
        let cause = self.understand_cause(&event);
        self.sibling_tells(&event);
        if let Event::Stored { ticket } = &event {
            self.answered(*ticket);
        }
        let effects = self.hand_over(&event, now);
        if let Some(record) = &mut self.record {
            record.push(Line::Entry(Entry { at: now, event: event.clone(), effects: effects.clone() }));
        }
        self.check_sibling(&event, &effects);
        self.check_from_person(&event, &effects);
        self.check_from_news(&event, &effects);
        if let Event::Unheard { say } = event {
            self.news_unheard(say);
        }
        self.check_found(&event, &effects);
        self.check_heard_again(&event, &effects);
        self.check_nothing_to_cancel(&event, &effects);
        self.check_goes_out(&event, &effects);
        if effects.len() > 64 {
            self.violate(Invariant::Bounded, format!("{} effects", effects.len()));
        }
        if let Some(deadline) = self.mind.deadline() {
            self.tally.waited(deadline.why);
        }
        let life = self.life;
        for effect in effects {
            if self.is_cut() {
                self.cut();
            }
            if life != self.life || self.violation.is_some() {
                return;
            }
            self.carry_out(effect, &cause, now);
        }
        if event == (Event::Link { up: true }) && life == self.life {
            self.say_due(None);
        }
    }

    fn carry_out(&mut self, effect: Effect, cause: &Cause, now: Now) {
        match effect {
            Effect::Say { say, channel, reply, .. } => {
                self.check_news(say, &channel, &reply, cause.heard.is_some());
                self.check_history(&reply);
                self.say(say, &channel, reply);
            }
            Effect::Listen { turn, expect, window_ms, .. } => self.listen(turn, expect, window_ms),
            Effect::HearAgain { id } => self.hears_again(id, cause),
            Effect::Rest => self.ears.rest(),
            Effect::AskQuote { request_id, lines, .. } => {
                if lines.is_empty() {
                    self.violate(Invariant::AsReadBack, "the shop is asked for the price of nothing");
                }
                self.nothing_heard_here_yet();
                let again = self.model.again.take();
                self.model.asked(
                    &request_id,
                    &lines,
                    again.as_ref().filter(|_| cause.heard.is_none()).unwrap_or(cause),
                );
                self.over_the_link(Input::QuoteArrives { request_id, lines });
            }
            Effect::AskHistory { request_id, limit, .. } => {
                self.over_the_link(Input::HistoryArrives { request_id, limit });
            }
            Effect::AskFind { request_id, seek, .. } => self.seeks(request_id, seek),
            Effect::Store { ticket, writes } => {
                self.check_writes(&writes, cause, now);
                self.check_chat_write(ticket, &writes, cause);
                self.store(ticket, writes);
            }
            Effect::Send { order } => {
                self.check_send(&order);
                self.outbox(&order);
            }
            Effect::AskCancel { order, .. } => self.over_the_link(Input::CancelArrives(order)),
            Effect::AskApprove { order } => {
                self.check_errand(&order, OrderState::Approving);
                self.outbox(&order);
            }
            Effect::AskWithdraw { order } => {
                self.check_errand(&order, OrderState::Withdrawing);
                self.outbox(&order);
            }
            Effect::AskStatus { order } => self.over_the_link(Input::AskArrives(order)),
            Effect::AskSibling { order, .. } => {
                self.check_ask(&order, cause);
                self.over_the_link(Input::SiblingAsked(order));
            }
            Effect::TellHeard { skus, .. } => self.heard_here(skus),
            Effect::Chat { thread } => self.say_due(Some(&thread)),
            Effect::TellConsent => {
                if self.disk.household.consent.rev == 0 {
                    self.violate(Invariant::News, "the shop is told of a consent that is not on disk");
                }
            }
        }
    }

    /// Is this the point at which the power goes?
    pub(super) fn is_cut(&mut self) -> bool {
        self.points += 1;
        self.plan.cut_at == Some(self.points) || self.faults.has(Fault::PowerCuts) && self.rng.below(1000) < 4
    }
}

impl World {
    /// Prints the run, for whoever looks at one seed.
    pub fn print(&self) {
        for line in self.record.iter().flatten() {
            match line {
                Line::Start(_) => println!("--- restart ---"),
                Line::Entry(entry) => {
                    let effects = serde_json::to_string(&entry.effects).unwrap();
                    println!("{:>9} {:?}\n            -> {effects}", entry.at.mono_ms, entry.event);
                }
            }
        }
    }
}
