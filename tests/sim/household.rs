//! The household around the mind: what it says and presses, and how it answers a read-back.

use super::{Input, World};
use std::collections::BTreeMap;
use tendero::decide::event::{Acoustics, Button, Channel, Entropy, Event, Heard, Hypothesis, Turn};
use tendero::understand::Lang;
use tendero::understand::grammar::Expect;
use tendero::understand::intent::{Because, Change, Intent, Line, NotAnOrder, Parse};

impl World {
    /// Something that the household does of its own accord.
    pub(super) fn act(&mut self) {
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
    pub(super) fn reply_to(&mut self, turn: Turn, expect: &Expect) {
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
