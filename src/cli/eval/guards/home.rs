//! One home for one case: the real mind, the real parser and the real words, with a loudspeaker that takes
//! its time, a microphone that is deaf meanwhile, a disk, and a shop. Only the sound's way to words is simulated.
//!
//! It counts nothing and judges nothing: it keeps what was said, written and sent.

use crate::chance::Chance;
use crate::decide::effect::{Effect, Write};
use crate::decide::event::{Acoustics, Channel, Entropy, Event, Heard, Hypothesis, Turn};
use crate::decide::household::{Household, Regular};
use crate::decide::mind::Mind;
use crate::decide::order::{Delivery, Order, OrderId, Quote, QuoteLine, Wanted};
use crate::decide::policy::Policy;
use crate::decide::reply::{Ask, Reply};
use crate::decide::{Now, Wall};
use crate::hear::fingerprint::Known;
use crate::hear::fingerprint::index::Query;
use crate::hear::fingerprint::memory::Kind;
use crate::speak::wording::Wording;
use crate::understand::{Lang, Understanding};
use std::collections::BTreeMap;

/// Wednesday 2026-11-18, 18:00 UTC.
pub const EVENING_UNIX_MS: i64 = 1_795_024_800_000;
pub const DAY_MS: u64 = 86_400_000;
/// The ears wait so long for a command, and an answer, to go on (`hear::endpoint`).
pub const COMMAND_TRAIL_MS: u64 = 1_120;
pub const ANSWER_TRAIL_MS: u64 = 640;
const DECODE_MS: u64 = 120;
pub const SHOP_MS: u64 = 200;
/// The speaker, with the settling time after it: so long for each letter.
const LETTER_MS: u64 = 65;
pub const SETTLING_MS: u64 = 240;
/// Deadlines and effects of one stretch of time; a home that goes round in circles is a fault.
const MAX_STEPS: usize = 100_000;

/// What the cases of a run share.
pub struct Common {
    pub understanding: Understanding,
    pub wording: Wording,
}

/// Words as the ears heard them.
#[derive(Clone, Default)]
pub struct Utterance {
    pub nbest: Vec<Hypothesis>,
    pub acoustics: Acoustics,
    /// The sound itself, where a synthesiser is there: it is looked up among the known ones.
    pub sound: Option<Query>,
}

impl Utterance {
    /// A person two metres away, in a living room.
    pub fn of_person(text: &str, chance: &mut Chance) -> Utterance {
        let acoustics = Acoustics {
            gap_ms: Some(u32::try_from(chance.between(150, 900)).expect("below 900")),
            speech_ms: speech_ms(text),
            level_dbfs: Some(chance.float(-38.0, -20.0)),
            snr_db: Some(chance.float(8.0, 28.0)),
            ..Acoustics::default()
        };
        Utterance { nbest: vec![hypothesis(text, chance.float(0.55, 0.97))], acoustics, sound: None }
    }

    pub fn or(mut self, text: &str, less: f32) -> Utterance {
        let confidence = (self.nbest[0].confidence - less).max(0.0);
        self.nbest.push(hypothesis(text, confidence));
        self
    }
}

pub fn hypothesis(text: &str, confidence: f32) -> Hypothesis {
    Hypothesis { text: text.into(), confidence }
}

/// At about four and a half syllables a second.
pub fn speech_ms(text: &str) -> u32 {
    u32::try_from(text.chars().count() * 75).unwrap_or(u32::MAX).max(300)
}

/// What the speaker said.
pub struct Said {
    pub reply: Reply,
    pub sentence: String,
    /// Orders that were written before it.
    pub orders_before: usize,
}

/// What the shop does with the next request.
pub type Pricing = fn(&mut Quote);

pub struct Home<'a> {
    common: &'a Common,
    pub mind: Mind,
    pub lang: Lang,
    pub mono_ms: u64,
    /// Is the wall clock known? The true time goes on in any case.
    pub clock: bool,
    booted_ms: u64,
    pub known: Option<Known>,
    pub pricing: Option<Pricing>,
    pub last_quote: Option<Quote>,
    queue: BTreeMap<(u64, u64), Event>,
    numbered: u64,
    speaking_until_ms: u64,
    open: Option<Open>,
    pub said: Vec<Said>,
    /// The newest state of each order on disk.
    pub orders: BTreeMap<OrderId, Order>,
    /// Each sending, with the true time.
    pub sent: Vec<(OrderId, i64)>,
    pub chance: Chance,
}

/// The microphone is open for an answer.
struct Open {
    turn: Turn,
    until_ms: u64,
}

impl<'a> Home<'a> {
    pub fn new(common: &'a Common, lang: Lang, policy: Policy, regulars: &[&str], chance: Chance) -> Home<'a> {
        let mut household = Household::default();
        for sku in regulars {
            let unit = common.understanding.catalog().product(sku).map_or(0, |product| product.unit_amount);
            let last_unix_ms = EVENING_UNIX_MS - 20 * DAY_MS.cast_signed();
            let regular = Regular { times: 4, usual_qty: 1, last_unit_amount: unit, last_unix_ms };
            household.regulars.insert((*sku).into(), regular);
        }
        Home {
            mind: Mind::new(Policy { lang, ..policy }, common.understanding.clone(), household),
            common,
            lang,
            mono_ms: 1_000,
            clock: true,
            booted_ms: 0,
            known: None,
            pricing: None,
            last_quote: None,
            queue: BTreeMap::new(),
            numbered: 0,
            speaking_until_ms: 0,
            open: None,
            said: vec![],
            orders: BTreeMap::new(),
            sent: vec![],
            chance,
        }
    }

    /// The true time, which the device may not know.
    pub fn unix_ms(&self) -> i64 {
        EVENING_UNIX_MS + self.mono_ms.cast_signed()
    }

    pub fn money(&self, money: &crate::decide::money::Money) -> String {
        self.common.wording.money(money, self.lang)
    }

    fn now(&self) -> Now {
        let wall = self.clock.then(|| Wall { unix_ms: self.unix_ms(), offset_min: 0 });
        Now { mono_ms: self.mono_ms - self.booted_ms, wall }
    }

    /// The power goes and comes back: what is on disk is there, and the speaker has forgotten the rest.
    pub fn restart(&mut self) {
        let mut household = self.mind.household().clone();
        household.orders.clone_from(&self.orders);
        self.mind = Mind::new(self.mind.policy().clone(), self.common.understanding.clone(), household);
        self.queue.clear();
        self.open = None;
        self.booted_ms = self.mono_ms;
        self.mono_ms += 1_000;
        self.event(Event::Deadline);
    }

    /// The wake word and what follows it. `false`: the microphone was shut.
    pub fn request(&mut self, utterance: Utterance) -> bool {
        if self.speaking_until_ms > self.mono_ms {
            return false;
        }
        self.event(Event::Woke { score: 0.9 });
        let heard = self.taken_down(utterance, Kind::Request);
        let gap_ms = u64::from(heard.0.gap_ms.unwrap_or(0));
        self.run_for(gap_ms + u64::from(heard.0.speech_ms) + COMMAND_TRAIL_MS + DECODE_MS);
        self.hear(heard, None);
        true
    }

    /// Words to the open microphone. What begins while the speaker talks is lost unless most of it comes later,
    /// and then it is heard in full, which favours whoever means harm. `false`: nobody listened.
    pub fn answer(&mut self, utterance: Utterance) -> bool {
        let length_ms = u64::from(utterance.acoustics.speech_ms);
        if self.speaking_until_ms > self.mono_ms + length_ms * 2 / 5 {
            return false;
        }
        self.run_to(self.mono_ms.max(self.speaking_until_ms));
        let Some(Open { turn, .. }) = self.open.take() else { return false };
        let heard = self.taken_down(utterance, Kind::Answer);
        self.run_for(length_ms + ANSWER_TRAIL_MS + DECODE_MS);
        self.hear(heard, Some(turn));
        true
    }

    /// Lets the speaker finish; the pause that a person makes; then the answer.
    pub fn reply(&mut self, utterance: Utterance) -> bool {
        self.settle();
        let pause_ms = self.chance.between(150, 1_500);
        self.run_for(pause_ms);
        self.answer(utterance)
    }

    /// Until the speaker has said what it has to say, and waits.
    pub fn settle(&mut self) {
        for _ in 0..20 {
            let next = self.queue.keys().next().map(|(at_ms, _)| *at_ms);
            match next {
                Some(at_ms) if self.open.is_none() => self.run_to(at_ms),
                Some(_) | None => return,
            }
        }
    }

    /// What is waited for, as far as it was said aloud.
    pub fn asked(&self) -> Option<Ask> {
        self.said.iter().rev().find_map(|said| match &said.reply {
            Reply::ReadBack { ask, .. } | Reply::SayPhrase { ask, .. } => Some(ask.clone()),
            _ => None,
        })
    }

    /// The sentence of the read-back that is open now.
    pub fn read_back(&self) -> Option<&Said> {
        let last = self.said.last()?;
        (self.open.is_some() && matches!(last.reply, Reply::ReadBack { .. })).then_some(last)
    }

    pub fn speaking_until_ms(&self) -> u64 {
        self.speaking_until_ms
    }

    pub fn run_for(&mut self, ms: u64) {
        self.run_to(self.mono_ms + ms);
    }

    /// Time passes, with all that falls into it.
    pub fn run_to(&mut self, until_ms: u64) {
        for _ in 0..MAX_STEPS {
            let queued = self.queue.keys().next().map(|(at_ms, _)| *at_ms);
            let due = self.mind.deadline().map(|deadline| deadline.at_mono_ms + self.booted_ms);
            let silent = self.open.as_ref().map(|open| open.until_ms);
            let Some(next) = queued.into_iter().chain(due).chain(silent).min().filter(|at| *at <= until_ms) else {
                self.mono_ms = self.mono_ms.max(until_ms);
                return;
            };
            self.mono_ms = self.mono_ms.max(next);
            let event = if queued == Some(next) {
                self.queue.pop_first().map_or(Event::Deadline, |(_, event)| event)
            } else if silent == Some(next) {
                Event::Silence { turn: self.open.take().map(|open| open.turn) }
            } else {
                Event::Deadline
            };
            self.event(event);
        }
        panic!("a home that never comes to rest: a fault of the mind's deadlines");
    }

    pub fn event(&mut self, event: Event) {
        let now = self.now();
        for effect in self.mind.handle(event, now) {
            self.carry_out(effect);
        }
    }

    /// As the ears do it: looked up among the known recordings, and remembered if it is none.
    fn taken_down(&mut self, utterance: Utterance, kind: Kind) -> (Acoustics, Vec<Hypothesis>) {
        let Utterance { nbest, mut acoustics, sound } = utterance;
        let unix_ms = self.clock.then(|| self.unix_ms());
        if let (Some(known), Some(sound)) = (&mut self.known, &sound) {
            acoustics.playback = known.playback(sound);
            if acoustics.playback.is_none() {
                known.remember(sound, kind, unix_ms);
            }
        }
        if kind == Kind::Answer {
            acoustics.gap_ms = None;
        }
        (acoustics, nbest)
    }

    fn hear(&mut self, (acoustics, nbest): (Acoustics, Vec<Hypothesis>), turn: Option<Turn>) {
        let entropy = Entropy(self.chance.bytes());
        self.event(Event::Heard(Heard { turn, channel: Channel::Voice, lang: self.lang, nbest, acoustics, entropy }));
    }

    fn later(&mut self, after_ms: u64, event: Event) {
        self.numbered += 1;
        self.queue.insert((self.mono_ms + after_ms, self.numbered), event);
    }

    fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::Say { say, lang, reply, channel: _ } => {
                let sentence = self.common.wording.sentence(&reply, lang);
                let ms = sentence.chars().count() as u64 * LETTER_MS;
                self.said.push(Said { reply, sentence, orders_before: self.orders.len() });
                self.speaking_until_ms = self.speaking_until_ms.max(self.mono_ms) + ms + SETTLING_MS;
                self.later(self.speaking_until_ms - self.mono_ms, Event::Played { say });
            }
            Effect::Listen { turn, window_ms, lang: _, expect: _ } => {
                self.open = Some(Open { turn, until_ms: self.mono_ms + u64::from(window_ms) });
            }
            Effect::Rest => self.open = None,
            Effect::AskQuote { request_id, lines, lang: _, coupon: _ } => {
                let mut quote = self.quote(request_id, &lines);
                if let Some(pricing) = self.pricing {
                    pricing(&mut quote);
                }
                self.last_quote = Some(quote.clone());
                self.later(SHOP_MS, Event::Quoted(quote));
            }
            Effect::Store { ticket, writes } => {
                for write in writes {
                    if let Write::Order(order) = write {
                        self.orders.insert(order.id.clone(), order);
                    }
                }
                self.later(5, Event::Stored { ticket });
            }
            Effect::Send { order } => self.sent.push((order, self.unix_ms())),
            // The cases end before a shop would answer these.
            Effect::AskFind { .. }
            | Effect::AskHistory { .. }
            | Effect::AskCancel { .. }
            | Effect::AskApprove { .. }
            | Effect::AskWithdraw { .. }
            | Effect::AskStatus { .. }
            | Effect::AskSibling { .. }
            | Effect::Chat { .. }
            | Effect::TellConsent
            | Effect::HearAgain { .. }
            | Effect::TellHeard { .. } => {}
        }
    }

    fn quote(&self, request_id: String, wanted: &[Wanted]) -> Quote {
        let catalog = self.common.understanding.catalog();
        let lines: Vec<QuoteLine> = wanted
            .iter()
            .filter_map(|line| {
                let product = catalog.product(&line.sku)?;
                Some(QuoteLine {
                    sku: line.sku.clone(),
                    title: product.title(self.lang).to_owned(),
                    qty: line.qty,
                    unit_amount: product.unit_amount,
                    total: product.unit_amount * i64::from(line.qty),
                    options: line.options.clone(),
                })
            })
            .collect();
        let day_unix_ms = self.unix_ms() + 2 * DAY_MS.cast_signed();
        Quote {
            quote_id: format!("q-{request_id}"),
            request_id,
            hash: "00".repeat(32),
            shop: catalog.shop.clone(),
            seller: "The shop".into(),
            currency: catalog.currency.clone(),
            total: lines.iter().map(|line| line.total).sum(),
            lines,
            delivery: Delivery { earliest_unix_ms: day_unix_ms, latest_unix_ms: day_unix_ms, amount: 0 },
            valid_s: 900,
            withdrawal_days: 14,
            recurring: false,
            because: None,
            surge: None,
            payment: None,
            coupon: None,
        }
    }
}
