//! Where a dialogue is played: the mind, the household around it, and time, which passes only as the scene says.

mod find;
mod history;
mod inputs;
mod outcome;
mod shop;

use shop::ShopManner;
use std::collections::{BTreeMap, VecDeque};
use std::sync::OnceLock;
use tendero::decide::event::{Button, Channel, Event, Hypothesis, Turn};
use tendero::decide::find::Found;
use tendero::decide::history::Past;
use tendero::decide::household::Household;
use tendero::decide::mind::Mind;
use tendero::decide::order::OrderId;
use tendero::decide::policy::Policy;
use tendero::decide::sibling::{HeardThere, SharedOrder};
use tendero::decide::{Now, Wall};
use tendero::speak::wording::Wording;
use tendero::understand::catalog::Catalog;
use tendero::understand::{Lang, Understanding};

/// Wednesday 2026-11-18, 00:00 UTC.
const DAY_0_UNIX_MS: i64 = 1_794_960_000_000;
const DAY_MS: i64 = 86_400_000;
/// How long the speaker takes for a reply, and the shop for an answer.
const SAY_MS: u64 = 3_000;
const SHOP_MS: u64 = 200;
/// How long a second recogniser takes.
const SECOND_EAR_MS: u64 = 900;

pub struct Stage {
    mind: Option<Mind>,
    policy: Policy,
    /// What a challenge asks for.
    random_words: String,
    household: Household,
    wording: Wording,
    lang: Lang,
    mono_ms: u64,
    /// Wall clock at `mono_ms` 0; `None`: unknown.
    wall_0: Option<i64>,
    turn: Option<Turn>,
    utterances: u8,
    events: VecDeque<(u64, Event)>,
    shop: ShopManner,
    /// What the shop answers to the next requests without a product's name; nothing, when there is no more.
    found: VecDeque<Found>,
    /// ... and when it is asked what it has of this home.
    history: VecDeque<Option<Vec<Past>>>,
    /// What other speakers have ordered: by speaker and product.
    theirs: BTreeMap<String, BTreeMap<String, SharedOrder>>,
    orders: Vec<OrderId>,
    newest: Option<OrderId>,
    rev: u64,
    /// When the newest order came.
    delivered_unix_ms: Option<i64>,
    voice: Voice,
    /// What a second recogniser hears when it is asked next; silence, when there is no more.
    second: VecDeque<Vec<Hypothesis>>,
    /// What came of the lines so far and nobody has taken yet.
    pub shown: Vec<String>,
    /// The conversation with a person, and the number of their last line.
    thread: String,
    person_seq: u64,
}

enum Voice {
    Works,
    /// Nobody can hear it.
    Fails,
    /// It is never said to its end: what comes next is the restart.
    Cut,
}

/// Compiling the lexicons takes long; once is enough.
fn understanding() -> Understanding {
    static ONCE: OnceLock<Understanding> = OnceLock::new();
    ONCE.get_or_init(|| Understanding::new(catalog())).clone()
}

fn catalog() -> Catalog {
    Catalog::from_json(include_str!("../catalog.json")).unwrap()
}

impl Stage {
    pub fn new() -> Stage {
        Stage {
            mind: None,
            policy: Policy::default(),
            random_words: String::new(),
            household: Household::default(),
            wording: Wording::new().unwrap(),
            lang: Lang::En,
            mono_ms: 0,
            wall_0: Some(DAY_0_UNIX_MS + 18 * 3_600_000),
            turn: None,
            utterances: 0,
            events: VecDeque::new(),
            shop: ShopManner::default(),
            found: VecDeque::new(),
            history: VecDeque::new(),
            theirs: BTreeMap::new(),
            orders: vec![],
            newest: None,
            rev: 0,
            delivered_unix_ms: None,
            voice: Voice::Works,
            second: VecDeque::new(),
            shown: vec![],
            thread: String::new(),
            person_seq: 0,
        }
    }

    fn now(&self) -> Now {
        let unix_ms = self.wall_0.map(|wall_0| wall_0 + i64::try_from(self.mono_ms).unwrap());
        Now { mono_ms: self.mono_ms, wall: unix_ms.map(|unix_ms| Wall { unix_ms, offset_min: 0 }) }
    }

    pub fn act(&mut self, line: &str) {
        if line.is_empty() || line.starts_with('#') {
            return;
        }
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        let words: Vec<&str> = rest.split_whitespace().collect();
        match verb {
            "lang" => {
                self.lang = rest.parse().unwrap();
                self.policy.lang = self.lang;
            }
            "buys" => self.buys(&words),
            "rhythm" => self.rhythm(&words),
            "policy" => self.set_policy(&words),
            "at" => self.at(&words),
            "clock" => self.wall_0 = (rest == "known").then_some(DAY_0_UNIX_MS + 18 * 3_600_000),
            "wait" => self.wait(parse_ms(rest)),
            "hey" => {
                self.event(Event::Woke { score: 0.9 });
                self.hear(rest, None, Channel::Voice);
            }
            "say" => self.hear(rest, self.turn, Channel::Voice),
            "late" => self.hear(rest, Some(Turn(9_999)), Channel::Voice),
            "type" => {
                let (who, text) = rest.split_once(' ').unwrap();
                self.hear(text, None, Channel::Text(who.into()));
            }
            "open" => {
                let (who, text) = rest.split_once(' ').unwrap();
                self.hear(text, None, Channel::Open(who.into()));
            }
            "silence" => self.event(Event::Silence { turn: self.turn }),
            "shop" => self.set_shop(&words, rest),
            "second" => self.second.push_back(second(rest)),
            "guide" => self.set_guide(rest),
            "history" => self.set_history(rest),
            "store" => (self.shop.store_fails, self.shop.store_silent) = (rest == "fails", rest == "silent"),
            "stored" => self.event(Event::Stored { ticket: rest.parse().unwrap() }),
            "receipt" => self.receipt(&words),
            "status" => self.status(&words),
            "button" => self.event(Event::Button(if rest == "hold" { Button::Hold } else { Button::Tap })),
            "pin" => {
                let right = words[0] == "right";
                let channel = Channel::Text(words[1].into());
                self.event(Event::PinGiven { order: None, channel, lang: self.lang, right });
            }
            "voice" => {
                self.voice = match rest {
                    "fails" => Voice::Fails,
                    "cut" => Voice::Cut,
                    _ => Voice::Works,
                }
            }
            "muted" => self.event(Event::Muted { on: true }),
            "link" => self.event(Event::Link { up: rest == "up" }),
            "forged" => self.event(Event::Distrusted { shop: "corner".into(), why: rest.into() }),
            "send-back" => self.event(Event::WithdrawOrder {
                order: self.newest.clone().unwrap(),
                channel: Channel::Text(rest.into()),
                lang: self.lang,
            }),
            "take-back" => self.event(Event::CancelOrder { order: self.newest.clone().unwrap() }),
            "person" => self.person(&words, rest),
            "news" => self.news(&words, rest),
            "read" => self.event(Event::ReadChat { channel: Channel::Text(rest.into()), lang: self.lang }),
            "speakers" => {
                self.household.device = "kitchen".into();
                self.household.siblings = words.iter().map(|name| ((*name).into(), Default::default())).collect();
            }
            "there" => self.there(&words),
            "also" => self.event(Event::HeardThere(HeardThere {
                device: words[0].into(),
                skus: vec![words[1].into()],
                level_cdb: words.get(2).map(|level| level.parse::<i32>().unwrap() * 100),
                snr_cdb: None,
            })),
            "asked" => {
                let order = self.newest.clone().unwrap_or(OrderId("unheard-of".into()));
                self.event(Event::CancelAskedBy { device: rest.into(), order });
            }
            "restart" => {
                self.household = self.mind.take().unwrap().household().clone();
                self.events.clear();
                self.voice = Voice::Works;
                self.mono_ms += if rest.is_empty() { 1_000 } else { parse_ms(rest) };
                self.event(Event::Link { up: true });
            }
            other => panic!("unknown line \"{other}\" in a dialogue"),
        }
    }

    /// `at 18:00` on the first day, `at 3 18:00` three days later; time never goes back.
    fn at(&mut self, words: &[&str]) {
        let (day, time) = if words.len() == 2 { (words[0].parse::<i64>().unwrap(), words[1]) } else { (0, words[0]) };
        let (hour, minute) = time.split_once(':').unwrap();
        let of_day = hour.parse::<i64>().unwrap() * 3_600_000 + minute.parse::<i64>().unwrap() * 60_000;
        let at = DAY_0_UNIX_MS + day * DAY_MS + of_day;
        match self.now().wall {
            Some(wall) if self.mind.is_some() => self.wait(u64::try_from(at - wall.unix_ms).unwrap()),
            _ => self.wall_0 = Some(at),
        }
    }

    /// Lets time pass, with every deadline that falls into it.
    fn wait(&mut self, ms: u64) {
        let until_ms = self.mono_ms + ms;
        for _ in 0..10_000 {
            let due = self.mind.as_ref().and_then(Mind::deadline).map(|deadline| deadline.at_mono_ms);
            match due {
                Some(at_ms) if at_ms <= until_ms => {
                    self.mono_ms = self.mono_ms.max(at_ms);
                    self.event(Event::Deadline);
                    let next = self.mind.as_ref().and_then(Mind::deadline);
                    assert!(
                        next.is_none_or(|next| next.at_mono_ms > self.mono_ms),
                        "a deadline that comes at once: {next:?}"
                    );
                }
                Some(_) | None => {
                    self.mono_ms = self.mono_ms.max(until_ms);
                    return;
                }
            }
        }
        panic!("deadlines without end");
    }

    /// Hands in an event and carries out what follows from it, until nothing moves any more.
    fn event(&mut self, event: Event) {
        self.events.push_back((0, event));
        let mut count = 0;
        while let Some((after_ms, event)) = self.events.pop_front() {
            count += 1;
            assert!(count < 1_000, "events without end");
            self.mono_ms += after_ms;
            let now = self.now();
            let mind = self
                .mind
                .get_or_insert_with(|| Mind::new(self.policy.clone(), understanding(), self.household.clone()));
            let effects = mind.handle(event, now);
            assert!(effects.len() <= 64, "{} effects of one event", effects.len());
            for effect in effects {
                self.carry_out(effect);
            }
        }
    }
}

/// `words | confidence 0.2`; no words: it hears none.
fn second(rest: &str) -> Vec<Hypothesis> {
    let (text, confidence) = rest.split_once(" | confidence ").unwrap_or((rest, "0.8"));
    vec![Hypothesis { text: text.into(), confidence: confidence.parse().unwrap() }]
}

/// `10m`, `8s`, `25h`.
fn parse_ms(text: &str) -> u64 {
    let (number, unit) = text.split_at(text.len() - 1);
    let of_unit = match unit {
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        other => panic!("unknown unit {other}"),
    };
    number.parse::<u64>().unwrap() * of_unit
}
