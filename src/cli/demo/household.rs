//! The household: voices, the room's noise, and the way into the microphone.

use super::tape::{Tape, resample};
use crate::hear::{HOP, RATE_HZ};
use crate::native::espeak::Espeak;
use crate::speak::tts::Speech;

/// Somebody in the room.
#[derive(Debug, Clone, Copy)]
pub struct Person {
    pub who: &'static str,
    /// An espeak-ng voice with its variant.
    voice: &'static str,
    rate_wpm: u32,
    pitch: u32,
    /// Loudness at the microphone, 1.0 is near.
    gain: f32,
}

pub const DAN: Person = Person { who: "Dan", voice: "en-us+m3", rate_wpm: 150, pitch: 50, gain: 0.7 };
pub const RADU: Person = Person { who: "Radu", voice: "en-us+m1", rate_wpm: 150, pitch: 50, gain: 0.7 };
pub const TELEVISION: Person = Person { who: "television", voice: "en-us+john", rate_wpm: 150, pitch: 50, gain: 0.6 };

/// Pause between the wake word and the request, as one breathes after calling somebody.
const COMMA_MS: usize = 350;
/// Room before the words: until somebody begins to answer.
pub const LEAD_MS: u64 = 640;
/// And after them.
const TRAIL_MS: usize = 1_760;
/// The room: a fan and the street, about 25 dB under a voice.
const ROOM_RMS: f32 = 90.0;

/// Speaks for everybody in the room.
pub struct Household {
    espeak: Espeak,
    room: Noise,
    tape: Tape,
}

impl Household {
    /// # Errors
    /// espeak-ng is missing.
    pub fn new(seed: u64, tape: Tape) -> anyhow::Result<Household> {
        Ok(Household { espeak: Espeak::open()?, room: Noise::new(seed), tape })
    }

    /// What the microphone picks up while `person` says `parts`, with a short pause between
    /// them, in whole hops of 16 kHz mono i16; it is on the tape as well.
    ///
    /// # Errors
    /// espeak-ng's own.
    pub fn says(&mut self, person: Person, parts: &[&str]) -> anyhow::Result<Vec<i16>> {
        let mut speech = silence(LEAD_MS as usize);
        for (index, part) in parts.iter().enumerate() {
            if index > 0 {
                speech.extend(silence(COMMA_MS));
            }
            let (rate_hz, samples) = self.espeak.synthesise(part, person.voice, person.rate_wpm, person.pitch)?;
            let spoken = resample(&Speech { rate_hz, samples });
            speech.extend(trimmed(&spoken).iter().map(|&s| (f32::from(s) * person.gain) as i16));
        }
        speech.extend(silence(TRAIL_MS));
        speech.resize(speech.len().next_multiple_of(HOP), 0);
        for sample in &mut speech {
            *sample = sample.saturating_add(self.room.next_sample());
        }
        self.tape.household(&speech);
        Ok(speech)
    }
}

fn silence(ms: usize) -> Vec<i16> {
    vec![0; ms * RATE_HZ as usize / 1000]
}

/// Without the engine's own silence at both ends, so that pauses are as long as we say.
fn trimmed(samples: &[i16]) -> &[i16] {
    let loud = |s: &i16| s.unsigned_abs() > 300;
    match (samples.iter().position(loud), samples.iter().rposition(loud)) {
        (Some(first), Some(last)) => &samples[first..=last],
        _ => &[],
    }
}

/// Low-passed noise, the same for the same seed (splitmix64, Steele et al. 2014).
struct Noise {
    state: u64,
    level: f32,
}

impl Noise {
    fn new(seed: u64) -> Noise {
        Noise { state: seed, level: 0.0 }
    }

    fn next_sample(&mut self) -> i16 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^= z >> 31;
        // Uniform in -1..1; the one-pole filter at a tenth keeps sqrt(0.1/1.9)/sqrt(3) of it as RMS.
        let white = (z >> 40) as f32 / (1u64 << 23) as f32 - 1.0;
        self.level += 0.1 * (white - self.level);
        (self.level * ROOM_RMS / 0.1325) as i16
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_room_has_the_level_that_it_says_and_repeats_with_its_seed() {
        let take = |seed| {
            let mut noise = Noise::new(seed);
            (0..32_000).map(|_| noise.next_sample()).collect::<Vec<_>>()
        };
        let samples = take(1);
        let rms = (samples.iter().map(|&s| f32::from(s).powi(2)).sum::<f32>() / samples.len() as f32).sqrt();
        assert!((rms - ROOM_RMS).abs() < 0.1 * ROOM_RMS, "{rms}");
        assert_eq!(samples, take(1));
        assert_ne!(samples, take(2));
    }
}
