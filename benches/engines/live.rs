//! What somebody waits for: recordings at the pace of a microphone, through the daemon's own ears.
//!
//! Nothing is reckoned: each hop of 80 ms is handed over when it would have been spoken, the ears decide by themselves when to
//! begin and that it has ended, and the clock is read when the words have been parsed. So a head start counts for
//! what it is worth, one that was begun in a pause and thrown away costs what it costs, and so does all else that the ears do.

use crate::part;
use serde::{Deserialize, Serialize};
use std::time::{Duration, Instant};
use tendero::clock::Clock;
use tendero::decide::event::Turn;
use tendero::hear::ears::{EarCommand, EarEvent, Ears};
use tendero::hear::stt::Stt;
use tendero::hear::wake::Wake;
use tendero::hear::{HOP, HOP_MS, Hop};
use tendero::understand::grammar::Expect;
use tendero::understand::{Lang, Understanding};

/// What is this far below the loudest 10 ms of a recording is no voice, as a share of its power (30 dB).
const VOICED: f32 = 0.001;
const FRAME: usize = 160;
/// Room before the first voice, and enough of it after the last for any utterance to end.
const LEAD: usize = 6 * HOP;
const ROOM: usize = 32_000;
const WINDOW_MS: u32 = 5_000;

/// Of each utterance, from the last voiced sample to its meaning, and from its end as the ears declare it.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Waited {
    after_voice_ms: Vec<f64>,
    after_end_ms: Vec<f64>,
}

impl Waited {
    /// p50 and p95 of both.
    pub fn cells(&self) -> Vec<String> {
        let both = [&self.after_voice_ms, &self.after_end_ms];
        both.iter().flat_map(|of| [0.5, 0.95].map(|p| format!("{:.0} ms", part(of, p)))).collect()
    }
}

/// The button has woken it, so to speak.
struct Asleep;

impl Wake for Asleep {
    fn push(&mut self, _: &Hop) -> Option<f32> {
        None
    }
    fn reset(&mut self) {}
}

/// The daemon's ears with one recogniser, and its meaning.
pub struct Live {
    ears: Ears,
    understanding: Understanding,
}

impl Live {
    pub fn new(stt: Box<dyn Stt>, understanding: Understanding) -> Live {
        let grammars = understanding.clone();
        let grammars = Box::new(move |lang, expect: &_| grammars.grammar(lang, expect));
        let mut ears = Ears::new(Box::new(Asleep), stt, grammars, Lang::En, Clock::system());
        ears.warm_up().expect("it took the grammar before");
        Live { ears, understanding }
    }

    /// Each of `sounds` (16 kHz mono) as what was asked for with `expect`. It takes as long as saying them.
    pub fn hear<'a>(&mut self, sounds: impl Iterator<Item = &'a [i16]>, expect: &Expect) -> Waited {
        let mut waited = Waited::default();
        for sound in sounds {
            // One that the ears take for no speech at all is none to wait for.
            if let Some((after_voice, after_end)) = self.one(sound, expect) {
                waited.after_voice_ms.push(after_voice.as_secs_f64() * 1e3);
                waited.after_end_ms.push(after_end.as_secs_f64() * 1e3);
            }
        }
        waited
    }

    #[allow(clippy::disallowed_methods, reason = "a benchmark reads the clock, and has the pace of a microphone")]
    fn one(&mut self, sound: &[i16], expect: &Expect) -> Option<(Duration, Duration)> {
        let (first, last) = voiced(sound);
        let listen_from = first.saturating_sub(LEAD) / HOP;
        let mut sound = sound.to_vec();
        sound.resize(sound.len() + ROOM, 0);
        crate::hearing::room(&mut sound[last..]);
        let mut began = Instant::now();
        for (at, hop) in sound.chunks_exact(HOP).enumerate() {
            if at == listen_from {
                self.ears.command(match expect {
                    Expect::Command => EarCommand::ListenAfterWake,
                    Expect::Confirm | Expect::Choice { .. } | Expect::Challenge { .. } | Expect::Words { .. } => {
                        EarCommand::Listen {
                            turn: Turn(1),
                            lang: Lang::En,
                            expect: expect.clone(),
                            window_ms: WINDOW_MS,
                        }
                    }
                });
                // What came before has no need of a pace.
                began = Instant::now() - time_of(at * HOP);
            }
            if at >= listen_from {
                std::thread::sleep((began + time_of((at + 1) * HOP)).saturating_duration_since(Instant::now()));
            }
            let handed_over = Instant::now();
            for event in self.ears.push(&std::array::from_fn(|i| hop[i])) {
                match event {
                    EarEvent::Heard { lang, nbest, .. } => {
                        let text = &nbest.first().expect("never empty").text;
                        std::hint::black_box(self.understanding.parse(text, lang, expect, &|_| false));
                        return Some((began.elapsed().saturating_sub(time_of(last)), handed_over.elapsed()));
                    }
                    EarEvent::Silence { .. } => return None,
                    _ => {}
                }
            }
        }
        self.ears.command(EarCommand::Rest);
        None
    }
}

fn time_of(samples: usize) -> Duration {
    Duration::from_micros(samples as u64 * u64::from(HOP_MS) * 1_000 / HOP as u64)
}

/// Where the first voiced sample is, and where the last.
fn voiced(sound: &[i16]) -> (usize, usize) {
    let power = |frame: &[i16]| frame.iter().map(|&s| f32::from(s).powi(2)).sum::<f32>();
    let powers: Vec<f32> = sound.chunks_exact(FRAME).map(power).collect();
    let loudest = powers.iter().copied().fold(0.0, f32::max);
    let is_voiced = |power: &f32| *power > loudest * VOICED;
    let (first, last) = (powers.iter().position(is_voiced), powers.iter().rposition(is_voiced));
    (first.unwrap_or(0) * FRAME, last.map_or(sound.len(), |last| (last + 1) * FRAME))
}
