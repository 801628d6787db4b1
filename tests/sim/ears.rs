//! Sound: who speaks when, what the loudspeaker drowns, and what a speech engine makes of it.

use super::model::Cause;
use super::{Fault, Input, Invariant, World, words};
use crate::world::MINUTE;
use std::cell::RefCell;
use std::collections::HashMap;
use tendero::decide::Now;
use tendero::decide::effect::Effect;
use tendero::decide::event::{Acoustics, Channel, Entropy, Event, Heard, Hypothesis, Turn};
use tendero::decide::reply::Reply;
use tendero::understand::Lang;
use tendero::understand::grammar::Expect;
use tendero::understand::intent::{Intent, Parse};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speaker {
    Household,
    Television,
    /// The device's own voice.
    Loudspeaker,
}

/// What somebody really said, and what was heard of it.
#[derive(Debug, Clone)]
pub struct Utterance {
    pub said: String,
    pub speaker: Speaker,
    pub channel: Channel,
    pub from_ms: u64,
    pub to_ms: u64,
    /// Silence between the wake word and this.
    pub gap_ms: u32,
    /// The turn of the microphone that took it.
    pub turn: Option<Turn>,
    pub while_speaking: bool,
    pub nbest: Vec<Hypothesis>,
    pub entropy: [u8; 32],
    /// What the household wanted when this was said.
    pub wish: Option<Vec<(&'static str, u32)>>,
    /// Said without having listened.
    pub careless: bool,
    /// The turn whose question somebody answers with it.
    pub answers: Option<Turn>,
}

impl Utterance {
    pub fn was_misheard(&self) -> bool {
        self.nbest.first().is_none_or(|best| best.text != self.said)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Listening {
    /// For the wake word.
    #[default]
    Resting,
    Command,
    Turn(Turn),
}

#[derive(Debug, Clone, Default)]
pub(super) struct Ears {
    pub listening: Listening,
    pub expects: Option<(Turn, Expect)>,
    /// The last times at which the loudspeaker sounded.
    sounds: Vec<(u64, u64)>,
}

impl Ears {
    pub fn rest(&mut self) {
        self.listening = Listening::Resting;
    }

    fn sounding_until_ms(&self) -> u64 {
        self.sounds.last().map_or(0, |(_, to_ms)| *to_ms)
    }

    fn sounded(&self, from_ms: u64, to_ms: u64) -> bool {
        self.sounds.iter().any(|(from, to)| *from < to_ms && from_ms < *to)
    }
}

impl World {
    pub(super) fn sounds_between(&self, from_ms: u64, to_ms: u64) -> bool {
        self.ears.sounded(from_ms, to_ms)
    }

    /// The mind says something: it sounds, and the mind hears of its end, if the engine works.
    pub(super) fn say(&mut self, say: u32, channel: &Channel, reply: Reply) {
        self.tally.said(&reply);
        let hangs = *channel == Channel::Voice && self.strikes(Fault::EngineHangs, 5);
        let fails = *channel == Channel::Voice && !hangs && self.strikes(Fault::EngineHangs, 8);
        let heard_out_ms = match channel {
            Channel::Text(_) | Channel::Open(_) => self.ms,
            Channel::Voice if hangs || fails => u64::MAX,
            Channel::Voice => {
                let from_ms = self.ms.max(self.ears.sounding_until_ms());
                let to_ms = from_ms + self.rng.between(500, 6_000);
                if self.ears.sounds.len() == 8 {
                    self.ears.sounds.remove(0);
                }
                self.ears.sounds.push((from_ms, to_ms));
                to_ms
            }
        };
        self.check_reply(&reply);
        self.check_told(say, channel, &reply);
        self.model.told(channel, &reply, heard_out_ms);
        if fails {
            return self.soon(100, 2_000, Input::Event(Event::Unheard { say }));
        }
        if hangs {
            return;
        }
        let settled_ms = heard_out_ms - self.ms + if *channel == Channel::Voice { 300 } else { 1 };
        self.soon(settled_ms, settled_ms + 100, Input::Event(Event::Played { say }));
        if *channel == Channel::Voice && self.strikes(Fault::OwnVoice, 30) {
            self.own_voice(heard_out_ms, &reply);
        }
        self.hears(channel, &reply);
    }

    /// The microphone hears the end of what the loudspeaker says: the phrase, of all things.
    fn own_voice(&mut self, to_ms: u64, reply: &Reply) {
        let said = match reply {
            Reply::ReadBack { .. } | Reply::SayPhrase { .. } => "order it",
            Reply::AskReturn { .. } => "return it",
            Reply::PersonSays { .. } | Reply::PersonJoined { .. } => "what shall i say",
            _ => "cancel that",
        };
        let from_ms = to_ms.saturating_sub(400).max(self.ms);
        let turn = if self.rng.chance(50) { self.ears.expects.as_ref().map(|(turn, _)| *turn) } else { None };
        let utterance = Utterance { turn, ..self.utterance(said, Speaker::Loudspeaker, from_ms) };
        let to_ms = to_ms + if self.rng.chance(50) { 700 } else { 0 };
        self.put(to_ms, Input::Spoken(Utterance { to_ms, ..utterance }));
    }

    pub(super) fn listen(&mut self, turn: Turn, expect: Expect, window_ms: u32) {
        if self.ears.sounding_until_ms() > self.ms {
            self.violate(Invariant::Deaf, "the microphone opened while the speaker talked");
        }
        self.ears.listening = Listening::Turn(turn);
        self.ears.expects = Some((turn, expect.clone()));
        self.model.opens(turn, self.ms);
        if !self.stepping {
            self.answers(turn, &expect, window_ms);
        }
    }

    /// Says the wake word and what follows it; into a microphone that is open already, just that.
    pub(super) fn command(&mut self, said: &str, speaker: Speaker) {
        if !self.muted && self.ears.listening == Listening::Resting {
            self.ears.listening = Listening::Command;
            self.give(Event::Woke { score: 0.8 });
        }
        // Who says the phrase out of the blue has not listened to what is being asked.
        let careless = said == "order it";
        let utterance = Utterance { careless, ..self.utterance(said, speaker, self.ms + 300) };
        self.put(utterance.to_ms, Input::Spoken(utterance));
    }

    pub(super) fn utterance(&mut self, said: &str, speaker: Speaker, from_ms: u64) -> Utterance {
        let speech_ms = self.rng.between(400, 2_000);
        let gap_ms = match speaker {
            Speaker::Television if self.rng.chance(60) => 20,
            Speaker::Household if self.rng.chance(5) => 20,
            _ => 300,
        };
        Utterance {
            said: said.into(),
            speaker,
            channel: Channel::Voice,
            from_ms,
            to_ms: from_ms + speech_ms,
            gap_ms,
            turn: None,
            while_speaking: false,
            nbest: vec![],
            entropy: self.rng.bytes(),
            wish: self.model.wish.clone(),
            careless: false,
            answers: None,
        }
    }

    /// The words have ended: the ears hand them to the engine, if they listened at all.
    pub(super) fn spoken(&mut self, mut utterance: Utterance) {
        match (&utterance.channel, utterance.speaker) {
            // Who typed something else in the meantime does not finish the old line.
            (Channel::Text(_) | Channel::Open(_), _) if utterance.wish != self.model.wish => return,
            (Channel::Text(_) | Channel::Open(_), _) => {
                utterance.nbest = vec![Hypothesis { text: utterance.said.clone(), confidence: 1.0 }];
                return self.put(self.ms + 20, Input::Recognised(utterance));
            }
            _ if self.muted => return,
            // Its tail reaches into the next turn, if the microphone is open by then.
            (Channel::Voice, Speaker::Loudspeaker) => {
                if let Listening::Turn(turn) = self.ears.listening {
                    utterance.turn = Some(turn);
                    self.ears.rest();
                }
            }
            (Channel::Voice, Speaker::Household | Speaker::Television) => {
                utterance.turn = match self.ears.listening {
                    Listening::Resting => return,
                    Listening::Command => None,
                    Listening::Turn(turn) => Some(turn),
                };
                // Meant for an earlier question, which somebody else has answered in the meantime: said without listening.
                utterance.careless |= utterance.turn.is_some() && utterance.wish != self.model.wish;
                self.ears.rest();
            }
        }
        utterance.while_speaking = self.ears.sounded(utterance.from_ms, utterance.to_ms);
        utterance.nbest = self.recognise(&utterance.said);
        if self.strikes(Fault::Mute, 5) {
            // Said, and then muted before the engine has its result.
            self.put(self.ms + 100, Input::Mute);
        }
        if self.strikes(Fault::EngineHangs, 6) {
            return;
        }
        let late_ms = if self.strikes(Fault::EngineHangs, 8) { self.rng.between(20_000, 3 * MINUTE) } else { 0 };
        self.soon(200 + late_ms, 1_500 + late_ms, Input::Recognised(utterance));
    }

    fn recognise(&mut self, said: &str) -> Vec<Hypothesis> {
        let mut best = said.to_owned();
        if self.strikes(Fault::Misheard, 15) {
            best = words::misheard(&mut self.rng, said);
        }
        let confidence = if self.rng.chance(4) { 0.1 } else { 0.9 };
        let mut nbest = vec![Hypothesis { text: best, confidence }];
        if self.strikes(Fault::Misheard, 15) {
            let confidence = confidence - if self.rng.chance(70) { 0.05 } else { 0.3 };
            let text = words::misheard(&mut self.rng, said);
            nbest.push(Hypothesis { text, confidence: f32::max(confidence, 0.0) });
        }
        nbest
    }

    /// A second recogniser mostly hears the same, now and then something else or nothing, and now and then comes too late.
    pub(super) fn hears_again(&mut self, id: u32, cause: &Cause) {
        let Some(heard) = cause.heard.as_ref().filter(|heard| heard.channel == Channel::Voice) else {
            return self.violate(Invariant::SecondEar, "heard again, and nobody has just spoken");
        };
        self.tally.heard_again += 1;
        let first = heard.nbest[0].text.clone();
        self.model.again = Some(cause.clone());
        let text = match self.rng.below(10) {
            0 => String::new(),
            1..=3 => words::misheard(&mut self.rng, &first),
            _ => first,
        };
        if self.rng.chance(90) {
            let nbest = vec![Hypothesis { text, confidence: 0.8 }];
            self.soon(200, 7_000, Input::Event(Event::HeardAgain { id, nbest }));
        }
    }

    /// What it understood otherwise is asked about, and not bought.
    pub(super) fn check_heard_again(&mut self, event: &Event, effects: &[Effect]) {
        let Event::HeardAgain { nbest, .. } = event else { return };
        let parse = self.parse(&nbest[0].text, &Expect::Command);
        if parse.intent != Intent::Reorder || parse.not_an_order.is_some() || parse.lines.is_empty() {
            return;
        }
        let second: Vec<(String, u32)> = parse.lines.into_iter().map(|line| (line.sku, line.qty)).collect();
        for effect in effects {
            let Effect::AskQuote { lines, .. } = effect else { continue };
            let first: Vec<(String, u32)> = lines.iter().map(|line| (line.sku.clone(), line.qty)).collect();
            if first != second {
                self.violate(
                    Invariant::SecondEar,
                    format!("heard {first:?} and then {second:?}, and asks for a price"),
                );
            }
        }
    }

    pub(super) fn recognised(&mut self, utterance: Utterance) {
        let speech_ms = u32::try_from(utterance.to_ms - utterance.from_ms).unwrap();
        let acoustics = match utterance.channel {
            Channel::Text(_) | Channel::Open(_) => Acoustics::default(),
            Channel::Voice => Acoustics {
                gap_ms: utterance.turn.is_none().then_some(utterance.gap_ms),
                speech_ms,
                while_speaking: utterance.while_speaking,
                level_dbfs: Some(super::sibling::LEVEL_DBFS),
                ..Acoustics::default()
            },
        };
        let heard = Heard {
            turn: utterance.turn,
            channel: utterance.channel.clone(),
            lang: Lang::En,
            nbest: utterance.nbest.clone(),
            acoustics,
            entropy: Entropy(utterance.entropy),
        };
        self.model.hears(utterance);
        self.give(Event::Heard(heard));
    }

    /// Hands it to the mind. Parsing the same few sentences again and again would take most of the time, so what
    /// they mean is remembered; that this is the same as [`tendero::decide::mind::Mind::handle`] is checked
    /// wherever a run is played back.
    pub(super) fn hand_over(&mut self, event: &Event, now: Now) -> Vec<Effect> {
        match event {
            Event::Heard(heard) if heard.channel == Channel::Voice => {
                let expect = match (&self.ears.expects, heard.turn) {
                    (Some((turn, expect)), Some(of)) if *turn == of => expect.clone(),
                    _ => Expect::Command,
                };
                let parses = heard.nbest.iter().map(|hypothesis| self.parse(&hypothesis.text, &expect)).collect();
                self.mind.understood(heard.clone(), parses, now)
            }
            _ => self.mind.handle(event.clone(), now),
        }
    }

    fn parse(&self, text: &str, expect: &Expect) -> Parse {
        type Key = (String, Expect, u64);
        thread_local! {
            static KNOWN: RefCell<HashMap<Key, Parse>> = RefCell::new(HashMap::new());
        }
        let household = self.mind.household();
        let products = &self.mind.understanding().catalog().products;
        let buys = products.iter().fold(0, |mask, product| mask << 1 | u64::from(household.buys(&product.sku)));
        let key = (text.to_owned(), expect.clone(), buys);
        KNOWN.with_borrow_mut(|known| {
            let parse = || self.mind.understanding().parse(text, Lang::En, expect, &|sku: &str| household.buys(sku));
            known.entry(key).or_insert_with(parse).clone()
        })
    }
}
