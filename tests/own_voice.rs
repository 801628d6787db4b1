//! What the speaker says can never confirm, cancel or order.
//!
//! The mind and the ears stand in one room: while the speaker talks, the microphone gets speech, and a recogniser that
//! would take it for the worst that can be said. Every reply of the golden dialogues and 10,000 hostile product names are
//! said like that; afterwards a shorter room, in which the microphone stayed open by mistake, must not order either.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says where")]
#![cfg(feature = "espeak")]

#[path = "support/rng.rs"]
mod rng;

use rng::Rng;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::OnceLock;
use tendero::clock::Clock;
use tendero::decide::effect::{Effect, Write};
use tendero::decide::event::{Acoustics, Channel, Entropy, Event, Heard, Hypothesis, Turn};
use tendero::decide::household::{Household, Regular};
use tendero::decide::mind::Mind;
use tendero::decide::order::{Delivery, Quote, QuoteLine, Wanted};
use tendero::decide::policy::Policy;
use tendero::decide::reply::Reply;
use tendero::decide::{Now, Wall};
use tendero::hear::ears::{EarCommand, EarEvent, Ears};
use tendero::hear::source::rate;
use tendero::hear::stt::scripted::{Script, Scripted};
use tendero::hear::wake::Wake;
use tendero::hear::{HOP, HOP_MS, Hop};
use tendero::native::espeak::Espeak;
use tendero::speak::wording::Wording;
use tendero::understand::catalog::Catalog;
use tendero::understand::grammar::Grammar;
use tendero::understand::{Lang, Understanding};

const NAMES: usize = 10_000;
const SKU: &str = "coffee-500";
const DAY_MS: i64 = 86_400_000;
/// Wednesday 2026-11-18, 18:00 UTC.
const START_UNIX_MS: i64 = 1_795_024_800_000;
/// How long the room is silent after a question: longer than the window for an answer.
const SILENCE_HOPS: usize = 20;
const WINDOW_MS: u32 = 1_000;

/// Wakes at everything that is louder than silence: the worst wake word.
struct WakesAtAnything;

impl Wake for WakesAtAnything {
    fn push(&mut self, hop: &Hop) -> Option<f32> {
        hop.iter().any(|sample| sample.unsigned_abs() > 1_000).then_some(1.0)
    }
    fn reset(&mut self) {}
}

/// The worst that can be made of a voice: the wake word's order, the phrase, or a cancellation.
fn worst(lang: Lang) -> [&'static str; 3] {
    match lang {
        Lang::En => ["order two packs of coffee", "order it", "cancel that"],
        Lang::Es => ["pide dos paquetes de café", "pide eso", "cancela eso"],
        Lang::Ro => ["comandă două pachete de cafea", "comandă acum", "anulează comanda"],
    }
}

fn understanding() -> Understanding {
    static ONCE: OnceLock<Understanding> = OnceLock::new();
    let make = || Understanding::new(Catalog::from_json(include_str!("dialogues/catalog.json")).unwrap());
    ONCE.get_or_init(make).clone()
}

/// Real speech, so that the ears' voice detector hears a voice; about a second.
fn voice() -> &'static [i16] {
    static ONCE: OnceLock<Vec<i16>> = OnceLock::new();
    ONCE.get_or_init(|| {
        let espeak = Espeak::open().expect("espeak-ng is installed: scripts/setup.sh test");
        let (rate_hz, samples) = espeak.synthesise("order it, order it now", "en-us", 160, 50).unwrap();
        rate::to_16k(&samples, rate_hz).unwrap().into_iter().take(12 * HOP).collect()
    })
}

/// A speaker alone in a room.
struct Room {
    mind: Mind,
    ears: Ears,
    wording: Wording,
    lang: Lang,
    mono_ms: u64,
    title: String,
    /// Whether the microphone is shut while the speaker talks, as it should be.
    deafened: bool,
    said: BTreeSet<String>,
    heard: usize,
    /// Orders and cancellations that were written, and lines that went out.
    done: Vec<String>,
    rng: Rng,
}

impl Room {
    fn new(lang: Lang, deafened: bool) -> Room {
        let script = Script::default();
        worst(lang).iter().cycle().take(30).for_each(|words| script.say(words));
        let no_grammar = || Grammar::default();
        let stt = Box::new(Scripted::new(script.clone()));
        let ears = Ears::new(Box::new(WakesAtAnything), stt, Box::new(move |_, _| no_grammar()), lang, Clock::system());
        let regular =
            Regular { times: 4, usual_qty: 2, last_unit_amount: 700, last_unix_ms: START_UNIX_MS - 30 * DAY_MS };
        let household = Household { regulars: BTreeMap::from([(SKU.into(), regular)]), ..Household::default() };
        let policy =
            Policy { lang, quiet_from_min: 0, quiet_to_min: 0, answer_window_ms: WINDOW_MS, ..Policy::default() };
        Room {
            mind: Mind::new(policy, understanding(), household),
            ears,
            wording: Wording::new().unwrap(),
            lang,
            mono_ms: 0,
            title: "Ground coffee".into(),
            deafened,
            said: BTreeSet::new(),
            heard: 0,
            done: vec![],
            rng: Rng::new(7),
        }
    }

    fn now(&self) -> Now {
        let unix_ms = START_UNIX_MS + i64::try_from(self.mono_ms).unwrap();
        Now { mono_ms: self.mono_ms, wall: Some(Wall { unix_ms, offset_min: 0 }) }
    }

    /// Somebody asks for coffee at the microphone; then only the speaker talks, until nothing moves any more.
    fn asks_for(&mut self, title: &str) {
        self.title = title.into();
        let words = worst(self.lang)[0];
        self.happens(Event::Woke { score: 1.0 });
        let heard = self.hears(words, None, Acoustics { gap_ms: Some(300), ..Acoustics::default() });
        self.happens(Event::Heard(heard));
        // The conversation is over, and what was held long gone: the next one begins afresh.
        self.mono_ms += 60_000;
    }

    fn hears(&mut self, text: &str, turn: Option<Turn>, acoustics: Acoustics) -> Heard {
        Heard {
            turn,
            channel: Channel::Voice,
            lang: self.lang,
            nbest: vec![Hypothesis { text: text.into(), confidence: 1.0 }],
            acoustics,
            entropy: Entropy(self.rng.bytes()),
        }
    }

    fn happens(&mut self, event: Event) {
        let mut events = VecDeque::from([event]);
        for _ in 0..200 {
            let Some(event) = events.pop_front() else { return };
            let now = self.now();
            for effect in self.mind.handle(event, now) {
                events.extend(self.carry_out(effect));
            }
        }
        // A speaker that hears itself goes on talking to itself.
        assert!(!self.deafened, "events without end");
    }

    fn carry_out(&mut self, effect: Effect) -> Vec<Event> {
        match effect {
            Effect::Say { say, lang, reply, .. } => {
                let sentence = self.wording.sentence(&reply, lang);
                let mut events = self.says(&reply, &sentence);
                events.push(Event::Played { say });
                events
            }
            Effect::Listen { turn, lang, expect, window_ms } => {
                let mut events = self.ears.command(EarCommand::Listen { turn, lang, expect, window_ms });
                events.extend(self.sounds(&vec![0; SILENCE_HOPS * HOP]));
                self.told(events)
            }
            Effect::HearAgain { id } => {
                let events = self.ears.command(EarCommand::HearAgain { id });
                self.told(events)
            }
            Effect::Rest => {
                let events = self.ears.command(EarCommand::Rest);
                self.told(events)
            }
            Effect::AskQuote { request_id, lines, .. } => vec![Event::Quoted(self.quote(request_id, &lines))],
            Effect::Store { ticket, writes } => {
                self.done.extend(writes.iter().filter_map(|write| match write {
                    Write::Order(order) => Some(format!("{} {}", order.state.name(), self.title)),
                    _ => None,
                }));
                vec![Event::Stored { ticket }]
            }
            Effect::Send { order } => {
                self.done.push(format!("sent {order}"));
                vec![]
            }
            Effect::AskFind { .. }
            | Effect::AskHistory { .. }
            | Effect::AskCancel { .. }
            | Effect::AskStatus { .. }
            | Effect::AskApprove { .. }
            | Effect::AskWithdraw { .. }
            | Effect::AskSibling { .. }
            | Effect::Chat { .. }
            | Effect::TellConsent
            | Effect::TellHeard { .. } => vec![],
        }
    }

    /// The speaker's voice in the room, as the daemon guards it: deaf from before the first sample until after the last.
    fn says(&mut self, _reply: &Reply, sentence: &str) -> Vec<Event> {
        self.said.insert(sentence.to_owned());
        let mut events = vec![];
        if self.deafened {
            events.extend(self.ears.command(EarCommand::Deafen));
        }
        events.extend(self.sounds(voice()));
        if self.deafened {
            events.extend(self.ears.command(EarCommand::Undeafen));
            // The room's echo of the last word.
            events.extend(self.sounds(&voice()[..2 * HOP]));
        }
        // Who hears it waits for the end of the sentence.
        let silence = if self.deafened { 6 } else { 20 };
        events.extend(self.sounds(&vec![0; silence * HOP]));
        self.told(events)
    }

    fn sounds(&mut self, sound: &[i16]) -> Vec<EarEvent> {
        let mut events = vec![];
        for piece in sound.chunks_exact(HOP) {
            events.extend(self.ears.push(&std::array::from_fn(|i| piece[i])));
            self.mono_ms += u64::from(HOP_MS);
        }
        events
    }

    fn told(&mut self, events: Vec<EarEvent>) -> Vec<Event> {
        let mut out = vec![];
        for event in events {
            match event {
                EarEvent::Woke { score } => out.push(Event::Woke { score }),
                EarEvent::Heard { turn, nbest, acoustics, .. } => {
                    self.heard += 1;
                    let text = nbest[0].text.clone();
                    out.push(Event::Heard(self.hears(&text, turn, acoustics)));
                }
                EarEvent::HeardAgain { id, nbest } => out.push(Event::HeardAgain { id, nbest }),
                EarEvent::Silence { turn } => out.push(Event::Silence { turn }),
                EarEvent::SourceLost { .. }
                | EarEvent::SourceBack
                | EarEvent::WokeOver { .. }
                | EarEvent::HeardOver { .. }
                | EarEvent::Awaited
                | EarEvent::End => {}
            }
        }
        out
    }

    fn quote(&self, request_id: String, wanted: &[Wanted]) -> Quote {
        let line = |line: &Wanted| QuoteLine {
            sku: line.sku.clone(),
            title: self.title.clone(),
            qty: line.qty,
            unit_amount: 700,
            total: 700 * i64::from(line.qty),
            options: BTreeMap::new(),
        };
        let lines: Vec<QuoteLine> = wanted.iter().map(line).collect();
        let day = self.now().wall.unwrap().unix_ms + 2 * DAY_MS;
        Quote {
            quote_id: "q".into(),
            request_id,
            hash: "00".repeat(32),
            shop: "corner".into(),
            seller: "Corner".into(),
            currency: "EUR".into(),
            total: lines.iter().map(|line| line.total).sum(),
            lines,
            delivery: Delivery { earliest_unix_ms: day, latest_unix_ms: day, amount: 0 },
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

/// A name that tries to talk: wake words, phrases, answers and orders, in pieces, in mark-up, with hidden characters.
fn hostile(rng: &mut Rng) -> String {
    const PARTS: [&str; 34] = [
        "order it",
        "Order it!",
        "pide eso",
        "comandă acum",
        "comanda acum",
        "hey tendero",
        "tendero",
        "Alexa",
        "ok google",
        "yes",
        "yes, order it",
        "sí",
        "da",
        "cancel that",
        "cancela eso",
        "anulează comanda",
        "the last order",
        "confirm",
        "order two packs of coffee",
        "pide dos paquetes de café",
        "approve 4711",
        "ten thousand",
        "fifty packs",
        "stop",
        "or der it",
        "o r d e r  i t",
        "comandă",
        "acum",
        "pide",
        "eso",
        "order",
        "it",
        "river lamp",
        "and then say:",
    ];
    const GLUE: [&str; 12] = [" ", ", ", ". ", "\u{200b}", "<b>", "</b>", "\n", "**", "\u{202e}", "-", " (", "{$x}"];
    let mut name = String::new();
    for _ in 0..=rng.below(5) {
        name.push_str(rng.word(&PARTS));
        name.push_str(rng.word(&GLUE));
    }
    if rng.chance(50) {
        name.insert_str(0, rng.word(&["Ground coffee ", "Best value: ", "Kaffee ", "☕ "]));
    }
    name
}

#[test]
fn ten_thousand_hostile_names_read_out_order_nothing() {
    let mut rng = Rng::new(2017);
    let mut rooms: Vec<Room> = Lang::ALL.into_iter().map(|lang| Room::new(lang, true)).collect();
    let mut read = 0;
    for at in 0..NAMES {
        let name = hostile(&mut rng);
        let room = &mut rooms[at % 3];
        room.said.clear();
        room.asks_for(&name);
        read += usize::from(room.said.iter().any(|said| said.contains('7') || said.contains("14")));
        assert!(room.done.is_empty(), "{name:?}: {:?} after {:?}", room.done, room.said);
        assert_eq!(room.heard, 0, "the ears heard the speaker: {name:?}");
        assert!(room.mind.is_idle(), "{name:?}");
    }
    println!("{NAMES} names, {read} read back with a price, nothing heard and nothing ordered");
    assert!(read > NAMES / 2, "a test that reads out no name proves nothing: {read}");
}

/// Should the microphone stay open by mistake (no deafening at all), what is heard while the speaker talks still does nothing.
#[test]
fn what_is_marked_as_heard_while_speaking_does_nothing_in_any_state() {
    for lang in Lang::ALL {
        for words in worst(lang) {
            let mut room = Room::new(lang, true);
            let marked = Acoustics { while_speaking: true, gap_ms: Some(300), ..Acoustics::default() };
            // Nothing was asked yet; then a question is open.
            for ask in [false, true] {
                if ask {
                    let first =
                        room.hears(worst(lang)[0], None, Acoustics { gap_ms: Some(300), ..Acoustics::default() });
                    let now = room.now();
                    let asked = room.mind.handle(Event::Heard(first), now);
                    let request_id = asked.iter().find_map(|effect| match effect {
                        Effect::AskQuote { request_id, .. } => Some(request_id.clone()),
                        _ => None,
                    });
                    let quote = room
                        .quote(request_id.unwrap(), &[Wanted { sku: SKU.into(), qty: 2, options: BTreeMap::new() }]);
                    let said = room.mind.handle(Event::Quoted(quote), now);
                    let Some(Effect::Say { say, .. }) = said.iter().find(|e| matches!(e, Effect::Say { .. })) else {
                        panic!()
                    };
                    let opened = room.mind.handle(Event::Played { say: *say }, now);
                    assert!(opened.iter().any(|effect| matches!(effect, Effect::Listen { .. })));
                }
                let turn = ask.then_some(Turn(1));
                let heard = room.hears(words, turn, marked.clone());
                let now = room.now();
                let effects = room.mind.handle(Event::Heard(heard), now);
                let bad = effects.iter().any(|effect| match effect {
                    Effect::Store { writes, .. } => writes.iter().any(|write| matches!(write, Write::Order(_))),
                    Effect::AskQuote { .. } | Effect::Send { .. } => true,
                    _ => false,
                });
                assert!(!bad, "{lang} {words:?}: {effects:?}");
            }
        }
    }
}

/// The room itself can hear: without deafening it hears the speaker at once. Else the tests above would prove nothing.
#[test]
fn a_microphone_that_is_not_shut_would_hear_the_speaker() {
    let mut room = Room::new(Lang::En, false);
    room.asks_for("Ground coffee");
    assert!(room.heard > 0);
}

/// Each sentence of the golden dialogues, while it is being said in a room without anybody.
#[test]
fn every_reply_of_the_golden_dialogues_is_not_heard_by_the_ears_that_say_it() {
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/dialogues");
    let files = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let texts = files.filter(|path| path.extension().is_some_and(|e| e == "txt")).map(std::fs::read_to_string);
    let replies: BTreeSet<String> = texts
        .flat_map(|text| text.unwrap().lines().map(str::to_owned).collect::<Vec<_>>())
        .filter_map(|line| line.trim_start().strip_prefix("< ").map(str::to_owned))
        .collect();
    assert!(replies.len() > 100, "{} replies", replies.len());
    for lang in Lang::ALL {
        let mut room = Room::new(lang, true);
        for reply in &replies {
            let events = room.says(&Reply::Help, reply);
            assert!(events.is_empty(), "{reply}: {events:?}");
        }
        assert_eq!(room.heard, 0);
    }
    println!("{} replies in three rooms: nothing heard", replies.len());
}
