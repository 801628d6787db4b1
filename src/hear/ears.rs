//! The ears: hops and commands in, [`EarEvent`]s out.
//!
//! [`Ears`] is a state machine: resting (each hop goes to the wake word) or listening (hops are kept until
//! the utterance ends, and decoded). [`spawn`] gives it a thread and a source. While deaf or muted nothing is kept: no sound of that time can be decoded later.

use super::endpoint::{Endpoint, Verdict};
use super::fingerprint::Known;
use super::fingerprint::index::Query;
use super::fingerprint::memory::Kind;
use super::frontend::{Frontend, Measure};
use super::second::{self, SecondEar};
use super::stt::Stt;
pub use super::transcriber::Grammars;
use super::transcriber::{Transcriber, Transcript, Utterance};
use super::voiceprint::Voices;
use super::wake::Wake;
use super::{HOP, Hop};
use crate::clock::Clock;
use crate::decide::event::{Acoustics, Hypothesis, Playback, Turn};
use crate::understand::Lang;
use crate::understand::grammar::Expect;
use over::Over;
use std::collections::VecDeque;
use taking::Taking;
pub use thread::spawn;

/// Takes the speaker's own voice out of a hop.
pub type Cleaner = Box<dyn FnMut(&Hop) -> Hop + Send>;

/// What the daemon tells the ears.
#[derive(Debug, Clone, PartialEq)]
pub enum EarCommand {
    /// Take down one utterance; answers `Heard` or `Silence` with `turn`. A `window_ms`
    /// without speech (counted in samples, not by a clock) ends it.
    Listen { turn: Turn, lang: Lang, expect: Expect, window_ms: u32 },
    /// Back to the wake word.
    Rest,
    /// The speaker begins to talk: drop every sample until `Undeafen`.
    Deafen,
    /// Playback has really ended; hear again after the settling time.
    Undeafen,
    /// Somebody interrupted the speaker with the wake word: what follows once it has fallen silent is a command.
    ListenAfterWake,
    /// Have the second recogniser hear the last utterance; answers `HeardAgain` with `id`.
    HearAgain { id: u32 },
    /// Muted: not one sample is read from the source.
    Mute(bool),
}

/// What the ears tell the daemon.
#[derive(Debug, Clone, PartialEq)]
pub enum EarEvent {
    Woke {
        score: f32,
    },
    Heard {
        turn: Option<Turn>,
        lang: Lang,
        nbest: Vec<Hypothesis>,
        acoustics: Acoustics,
        ms: StageMs,
    },
    Silence {
        turn: Option<Turn>,
    },
    /// What the second recogniser made of the utterance; empty text: nothing.
    HeardAgain {
        id: u32,
        nbest: Vec<Hypothesis>,
    },
    /// The wake word, said while the speaker talks. Only with barge-in.
    WokeOver {
        score: f32,
    },
    /// A word or two, said while the speaker talks: good for stopping it, and for nothing else. Only with barge-in.
    HeardOver {
        lang: Lang,
        nbest: Vec<Hypothesis>,
    },
    /// The wake word was heard, and then a pause: somebody waits for a sign.
    Awaited,
    /// The microphone is gone or failed; the daemon says so and tries again.
    SourceLost {
        why: String,
    },
    SourceBack,
    /// A file or feed has ended.
    End,
}

/// Time spent on one utterance, milliseconds of the machine's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StageMs {
    pub wake: u32,
    pub endpoint: u32,
    /// From the end of the utterance to its words, and whose voice and what recording it is; what was decoded before is not in it.
    pub decode: u32,
}

/// Sound kept while resting, in hops: the wake word's report is late, and a command may have begun.
const PREROLL: usize = 20;
/// Hops without voice after which the wake word's networks pause.
const WAKE_SLEEPS_AFTER: u32 = 25;
/// Hops from before the voice that they are given when they go on: their context.
const WAKE_CONTEXT: usize = 10;
/// Voice right after the report that can still be the wake word's own, in hops.
const WAKE_TAIL: u32 = 3;
/// How long to wait for a command after the wake word.
const WINDOW_MS: u32 = 5_000;
/// Playback's echo in the room, in hops (240 ms).
const SETTLING: u32 = 3;

/// The state machine.
pub struct Ears {
    wake: Box<dyn Wake>,
    transcriber: Transcriber,
    lang: Lang,
    clock: Clock,
    frontend: Frontend,
    /// The last hops that were heard while resting.
    ring: VecDeque<(Hop, Measure)>,
    quiet_hops: u32,
    taking: Option<Taking>,
    deaf: bool,
    settling: u32,
    muted: bool,
    /// What is heard while the speaker talks; `None`: nothing.
    over: Option<Over>,
    /// Recordings that are no person.
    known: Known,
    /// Persons, where the household wants them told from strangers.
    voices: Option<Voices>,
    second: Option<SecondEar>,
    /// The last utterance, until its turn is decided; only where a second recogniser may want it.
    kept: Option<Utterance>,
}

impl Ears {
    /// `lang` is what follows the wake word; `clock` measures the stages.
    pub fn new(wake: Box<dyn Wake>, stt: Box<dyn Stt>, grammars: Grammars, lang: Lang, clock: Clock) -> Ears {
        Ears {
            wake,
            transcriber: Transcriber::new(stt, grammars),
            lang,
            clock,
            frontend: Frontend::default(),
            ring: VecDeque::with_capacity(PREROLL + 1),
            quiet_hops: WAKE_SLEEPS_AFTER,
            taking: None,
            deaf: false,
            settling: 0,
            muted: false,
            over: None,
            known: Known::default(),
            voices: None,
            second: None,
            kept: None,
        }
    }

    /// With the recordings that are known.
    pub fn with_known(self, known: Known) -> Ears {
        Ears { known, ..self }
    }

    /// With the voices that are enrolled: whose each utterance is, the guards hear.
    pub fn with_voices(self, voices: Option<Voices>) -> Ears {
        Ears { voices, ..self }
    }

    /// With a second recogniser.
    pub fn with_second(self, second: Option<SecondEar>) -> Ears {
        Ears { second, ..self }
    }

    /// With barge-in: `clean` takes the speaker's own voice out of a hop, and is given every one while it talks.
    pub fn with_barge_in(self, clean: Cleaner) -> Ears {
        Ears { over: Some(Over::new(clean)), ..self }
    }

    /// While true, not one sample may be read from the source.
    pub fn muted(&self) -> bool {
        self.muted
    }

    /// Prepares the grammar that follows the wake word, so that the first command need not wait.
    ///
    /// # Errors
    /// The engine does not take the grammar.
    pub fn warm_up(&mut self) -> anyhow::Result<()> {
        self.transcriber.prepare(self.lang, &Expect::Command)
    }

    /// Obeys `command`.
    pub fn command(&mut self, command: EarCommand) -> Vec<EarEvent> {
        match command {
            EarCommand::Listen { turn, lang, expect, window_ms } => {
                self.listen_afresh();
                self.transcriber.expect(lang, &expect);
                let endpoint = Endpoint::new(&expect, window_ms);
                self.taking = Some(Taking {
                    turn: Some(turn),
                    lang,
                    expect,
                    endpoint,
                    samples: Vec::new(),
                    measures: Vec::new(),
                    before: 0,
                    tail: 0,
                    awaited: true,
                    while_speaking: false,
                    wake_ms: 0,
                    endpoint_ms: 0,
                });
                vec![]
            }
            EarCommand::HearAgain { id } => {
                let kept = self.kept.take();
                let answer = self.second.as_ref().map_or_else(|| Some(second::nothing(id)), |it| it.hear(id, kept));
                answer.into_iter().collect()
            }
            EarCommand::Rest => {
                self.listen_afresh();
                self.taking = None;
                self.forget_sound();
                vec![]
            }
            EarCommand::Deafen => {
                self.deaf = true;
                // Sound from before the speaker's voice and after it are never one utterance's proof.
                self.taking
                    .iter_mut()
                    .filter(|t| t.endpoint.speech_began_ms().is_some())
                    .for_each(|t| t.while_speaking = true);
                self.forget_sound();
                vec![]
            }
            EarCommand::Undeafen => {
                self.settling = if self.deaf { SETTLING } else { self.settling };
                self.deaf = false;
                if let Some(over) = &mut self.over {
                    // What came over the speaker's voice is never part of what comes after it.
                    over.reset();
                    self.forget_sound();
                }
                vec![]
            }
            EarCommand::ListenAfterWake => {
                self.taking = Some(self.after_wake());
                vec![]
            }
            EarCommand::Mute(muted) => {
                self.muted = muted;
                self.listen_afresh();
                self.forget_sound();
                let unheard = self.taking.take_if(|_| muted);
                unheard.map(|t| EarEvent::Silence { turn: t.turn }).into_iter().collect()
            }
        }
    }

    /// Takes the next 80 ms.
    pub fn push(&mut self, hop: &Hop) -> Vec<EarEvent> {
        if self.muted {
            return vec![];
        }
        if self.deaf {
            return self.listen_over(hop);
        }
        if self.settling > 0 {
            self.settling -= 1;
            return vec![];
        }
        let began = self.clock.machine_ms();
        let measure = self.frontend.push(hop);
        match self.taking.take() {
            Some(taking) => self.listen(taking, hop, measure, began),
            None => self.rest(hop, measure, began),
        }
    }

    /// The source has ended: what was being said is decoded as it is.
    pub fn end(&mut self) -> Vec<EarEvent> {
        let mut events = match self.taking.take() {
            Some(taking) if taking.endpoint.speech_began_ms().is_some() => vec![self.decode(taking)],
            Some(taking) => vec![EarEvent::Silence { turn: taking.turn }],
            None => vec![],
        };
        events.push(EarEvent::End);
        events
    }

    fn rest(&mut self, hop: &Hop, measure: Measure, began: u64) -> Vec<EarEvent> {
        let woke = self.wake_word(hop, measure.voice);
        if self.ring.len() == PREROLL {
            self.ring.pop_front();
        }
        self.ring.push_back((*hop, measure));
        let Some(score) = woke else { return vec![] };
        let mut taking = self.after_wake();
        (taking.tail, taking.wake_ms) = (WAKE_TAIL, elapsed_ms(&self.clock, began));
        self.taking = Some(taking);
        vec![EarEvent::Woke { score }]
    }

    /// A command, from what has just been heard on.
    fn after_wake(&mut self) -> Taking {
        self.listen_afresh();
        self.transcriber.expect(self.lang, &Expect::Command);
        let mut taking = Taking {
            turn: None,
            lang: self.lang,
            expect: Expect::Command,
            endpoint: Endpoint::new(&Expect::Command, WINDOW_MS),
            samples: Vec::with_capacity(PREROLL * HOP * 4),
            measures: Vec::new(),
            before: self.ring.len(),
            tail: 0,
            awaited: false,
            while_speaking: false,
            wake_ms: 0,
            endpoint_ms: 0,
        };
        for (hop, measure) in self.ring.drain(..) {
            taking.samples.extend_from_slice(&hop);
            taking.measures.push(measure);
        }
        taking
    }

    /// The speaker talks: what is left of the sound without it may wake, or be a word that stops it.
    fn listen_over(&mut self, hop: &Hop) -> Vec<EarEvent> {
        let Some(mut over) = self.over.take() else { return vec![] };
        let (clean, measure) = over.take(hop);
        let woke = self.wake_word(&clean, measure.voice);
        if self.ring.len() == PREROLL {
            self.ring.pop_front();
        }
        self.ring.push_back((clean, measure));
        let mut events: Vec<EarEvent> = woke.map(|score| EarEvent::WokeOver { score }).into_iter().collect();
        if let Some(samples) = over.word().filter(|_| events.is_empty()) {
            let heard = self.transcriber.finish(&Utterance { lang: self.lang, expect: Expect::Confirm, samples });
            events.push(EarEvent::HeardOver { lang: heard.lang, nbest: heard.nbest });
        }
        self.over = Some(over);
        events
    }

    /// The networks are the dearest part of resting: they pause in a quiet room, and are given
    /// the sound from just before a voice when they go on.
    fn wake_word(&mut self, hop: &Hop, voice: bool) -> Option<f32> {
        let asleep = self.quiet_hops >= WAKE_SLEEPS_AFTER;
        self.quiet_hops = if voice { 0 } else { self.quiet_hops.saturating_add(1) };
        if asleep && !voice {
            return None;
        }
        if asleep {
            self.wake.reset();
            let skip = self.ring.len().saturating_sub(WAKE_CONTEXT);
            for (earlier, _) in self.ring.iter().skip(skip) {
                // Sound without voice: whatever it reports here was not said.
                let _ = self.wake.push(earlier);
            }
        }
        self.wake.push(hop)
    }

    fn listen(&mut self, mut taking: Taking, hop: &Hop, measure: Measure, began: u64) -> Vec<EarEvent> {
        taking.samples.extend_from_slice(hop);
        taking.measures.push(measure);
        // Voice that goes on without a pause right after the report can be the wake word's end.
        let own = taking.tail > 0 && measure.voice;
        taking.tail = if own { taking.tail - 1 } else { 0 };
        let verdict = taking.endpoint.push(measure.voice && !own);
        taking.endpoint_ms += elapsed_ms(&self.clock, began);
        match verdict {
            Verdict::Waiting | Verdict::Speaking => {
                if taking.may_be_all() {
                    self.transcriber.begin(|| taking.utterance());
                } else if measure.voice {
                    // It is known now that what was begun is not all: the engine has the time until the next pause to stop.
                    self.transcriber.give_up();
                }
                let awaited = taking.is_awaited();
                taking.awaited |= awaited;
                self.taking = Some(taking);
                awaited.then_some(EarEvent::Awaited).into_iter().collect()
            }
            Verdict::Ended => vec![self.decode(taking)],
            Verdict::Silence => {
                self.forget_sound();
                vec![EarEvent::Silence { turn: taking.turn }]
            }
        }
    }

    fn decode(&mut self, taking: Taking) -> EarEvent {
        let began = self.clock.machine_ms();
        let mut acoustics = taking.acoustics();
        let utterance = taking.utterance();
        // Before the words are waited for: they may still be being decoded.
        let sound = (!self.known.is_idle()).then(|| Query::of(taking.voiced()));
        acoustics.voice = self.voices.as_ref().map(|voices| voices.whose(taking.voiced()));
        let Transcript { nbest, lang } = self.transcriber.finish(&utterance);
        // In the language that was found out, if it was.
        self.kept = self.second.is_some().then_some(Utterance { lang, ..utterance });
        let ms = StageMs { wake: taking.wake_ms, endpoint: taking.endpoint_ms, decode: elapsed_ms(&self.clock, began) };
        let keep = !acoustics.while_speaking && nbest.first().is_some_and(|best| !best.text.is_empty());
        acoustics.playback = sound.and_then(|sound| self.compare(&sound, taking.turn, keep));
        self.forget_sound();
        EarEvent::Heard { turn: taking.turn, lang, nbest, acoustics, ms }
    }

    /// Is it a recording? What a person said is remembered, so that its recording will be one.
    fn compare(&mut self, sound: &Query, turn: Option<Turn>, keep: bool) -> Option<Playback> {
        let playback = self.known.playback(sound);
        if keep && playback.is_none() {
            let kind = if turn.is_some() { Kind::Answer } else { Kind::Request };
            self.known.remember(sound, kind, self.clock.unix_ms());
        }
        playback
    }

    /// What was heard before is over: it is neither decoded further nor heard again.
    fn listen_afresh(&mut self) {
        self.kept = None;
        self.transcriber.give_up();
    }

    fn forget_sound(&mut self) {
        self.ring.clear();
        self.wake.reset();
        self.frontend.reset();
        self.quiet_hops = WAKE_SLEEPS_AFTER;
    }
}

fn elapsed_ms(clock: &Clock, began: u64) -> u32 {
    u32::try_from(clock.machine_ms().saturating_sub(began)).unwrap_or(u32::MAX)
}

mod over;
mod taking;
mod thread;

#[cfg(all(test, feature = "espeak"))]
pub(crate) use tests::spoken;

#[cfg(test)]
mod tests;
