//! What the loudspeaker plays, taken out of what the microphone hears: the echo canceller of WebRTC (sonora's AEC3), with the
//! playback as its reference.
//!
//! Stands between `speak`, which tells what goes to the card, and `hear`, which gets the room without it; the two never
//! meet otherwise. Nobody waits here: sound that one side is ahead with is kept, up to a bound.

use crate::hear::source::rate::to_16k;
use crate::hear::{HOP, Hop, RATE_HZ};
use crate::speak::player::Reference;
use sonora::config::EchoCanceller;
use sonora::{AudioProcessing, Config, StreamConfig};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The canceller steps by 10 ms.
const FRAME: usize = RATE_HZ as usize / 100;
/// Playback that may be ahead of the microphone, two seconds; beyond it no echo is found anyway.
const MOST_AHEAD: usize = 2 * RATE_HZ as usize;
/// A card takes sound in pieces: so much is gathered first, so that the reference has no holes.
const GATHERED: usize = HOP * 3 / 2;

/// The two ends of one reference.
pub fn pair() -> (Playback, Canceller) {
    let shared = Arc::new(Mutex::new(Shared::default()));
    (Playback { shared: Arc::clone(&shared), speech: vec![], at: 0 }, Canceller::new(shared))
}

#[derive(Default)]
struct Shared {
    /// On its way to the loudspeaker, 16 kHz mono.
    ahead: VecDeque<i16>,
    /// More of this speech will come.
    sounds: bool,
    /// Samples that came too late, and for which silence stood in: they are left out, so that all that follows keeps
    /// its distance to its echo.
    owed: usize,
}

fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    // Samples stay samples, whoever panicked.
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The loudspeaker's end.
pub struct Playback {
    shared: Arc<Mutex<Shared>>,
    /// What is being played, 16 kHz mono, and how far it has been taken.
    speech: Vec<i16>,
    at: usize,
}

impl Reference for Playback {
    fn begins(&mut self, samples: &[i16], rate_hz: u32) {
        // A rate that no resampler takes no card takes either.
        self.speech = to_16k(samples, rate_hz).unwrap_or_default();
        self.at = 0;
        *lock(&self.shared) = Shared { sounds: true, ..Shared::default() };
    }

    fn took(&mut self, share: f64) {
        let to = ((self.speech.len() as f64 * share) as usize).min(self.speech.len());
        let mut shared = lock(&self.shared);
        let new = self.speech.get(self.at..to).unwrap_or_default();
        let late = shared.owed.min(new.len());
        shared.owed -= late;
        shared.ahead.extend(&new[late..]);
        let over = shared.ahead.len().saturating_sub(MOST_AHEAD);
        shared.ahead.drain(..over);
        self.at = self.at.max(to);
    }

    fn ended(&mut self) {
        lock(&self.shared).sounds = false;
    }
}

/// The microphone's end. Keeps what it has learnt of the room from one reply to the next.
pub struct Canceller {
    shared: Arc<Mutex<Shared>>,
    processing: AudioProcessing,
    /// The reference of this reply has begun to flow.
    flows: bool,
}

impl Canceller {
    fn new(shared: Arc<Mutex<Shared>>) -> Canceller {
        // Without its noise suppression, which costs the wake word more than the noise does.
        let config = Config { echo_canceller: Some(EchoCanceller::default()), ..Config::default() };
        let mono = StreamConfig::new(RATE_HZ, 1);
        let processing = AudioProcessing::builder().config(config).capture_config(mono).render_config(mono).build();
        Canceller { shared, processing, flows: false }
    }

    /// The room without the loudspeaker.
    pub fn clean(&mut self, hop: &Hop) -> Hop {
        let reference = self.reference();
        let mut clean = [0; HOP];
        let mut played = [0; FRAME];
        for (at, frame) in hop.chunks_exact(FRAME).enumerate() {
            let span = at * FRAME..(at + 1) * FRAME;
            let done = self
                .processing
                .process_render_i16(&reference[span.clone()], &mut played)
                .and_then(|()| self.processing.process_capture_i16(frame, &mut clean[span.clone()]));
            if let Err(error) = done {
                // Silence rather than an echo that could be taken for somebody.
                tracing::error!("the echo can't be taken out: {error:?}");
                clean[span].fill(0);
            }
        }
        clean
    }

    fn reference(&mut self) -> Hop {
        let mut shared = lock(&self.shared);
        let mut hop = [0; HOP];
        let begins = shared.ahead.len() >= GATHERED || !shared.sounds;
        self.flows = if self.flows { shared.sounds || !shared.ahead.is_empty() } else { begins };
        if self.flows {
            let count = shared.ahead.len().min(HOP);
            if shared.sounds {
                shared.owed += HOP - count;
            }
            for (sample, to) in shared.ahead.drain(..count).zip(&mut hop) {
                *to = sample;
            }
        }
        hop
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hear::frontend::level_dbfs;

    /// Plays `speech` into a room with `echo`, with the microphone `late` samples behind; what is left of it after the
    /// first seconds, dB relative to what the microphone heard.
    fn left_db(speech: &[i16], late: usize, gain: f32, near: impl Fn(usize) -> i16) -> (f32, Vec<i16>) {
        let (mut playback, mut canceller) = pair();
        playback.begins(speech, RATE_HZ);
        let (mut heard, mut clean) = (vec![], vec![]);
        for start in (0..speech.len() - HOP).step_by(HOP) {
            // A card is ahead by what it buffers.
            playback.took((start + 2 * HOP) as f64 / speech.len() as f64);
            let hop: Hop = std::array::from_fn(|i| {
                let at = start + i;
                let echo = |delay: usize| at.checked_sub(delay).map_or(0.0, |at| f32::from(speech[at]));
                let room = gain * (echo(late) + 0.4 * echo(late + 531) + 0.2 * echo(late + 1_277));
                (room as i16).saturating_add(near(at))
            });
            heard.extend(hop);
            clean.extend(canceller.clean(&hop));
        }
        let from = clean.len() / 2;
        (level_dbfs(&clean[from..]) - level_dbfs(&heard[from..]), clean)
    }

    /// A machine that is busy tells late what the card took; the canceller must not lose its place for that.
    #[test]
    fn what_is_told_late_keeps_its_place() {
        let speech: Vec<i16> = (0..20 * HOP as i16).collect();
        let (mut playback, mut canceller) = pair();
        playback.begins(&speech, RATE_HZ);
        let mut given = vec![];
        for told in [0, 2, 3, 4, 4, 4, 8, 9, 10, 11] {
            playback.took(f64::from(told) / 20.0);
            given.push(canceller.reference());
        }
        let first = given.iter().position(|hop| hop[1] != 0).unwrap();
        for (at, hop) in given.iter().enumerate().skip(first).filter(|(_, hop)| hop.iter().any(|sample| *sample != 0)) {
            assert_eq!(hop[HOP - 1], speech[(at - first + 1) * HOP - 1], "hop {at}");
        }
        assert!(given[first..].iter().any(|hop| hop == &[0; HOP]), "silence stood in");
    }

    #[test]
    #[cfg(feature = "espeak")]
    fn the_speaker_s_own_voice_goes_and_another_stays() {
        let speak = |text: &str| crate::hear::ears::spoken(text);
        let read_back = "One pack of toothbrush heads, four pack, sixteen euros eighty nine in all, delivered by \
                         Wednesday. To order and pay, say: order it. To change it, say what you want instead.";
        let Some(speech) = speak(read_back) else { return };
        for late in [900, 3_200, 5_600] {
            let (left, _) = left_db(&speech, late, 0.4, |_| 0);
            assert!(left < -25.0, "{late} samples late: {left} dB of the echo are left");
        }
        let word = speak("stop it now please").unwrap();
        let from = speech.len() * 3 / 4;
        let near = |at: usize| at.checked_sub(from).and_then(|at| word.get(at)).map_or(0, |sample| sample / 2);
        let (_, clean) = left_db(&speech, 3_200, 0.2, near);
        let said = level_dbfs(&clean[from..(from + word.len()).min(clean.len())]);
        let before = level_dbfs(&clean[from - word.len()..from]);
        assert!(said > before + 15.0, "{said} dBFS of a person over {before} dBFS of echo");
    }
}
