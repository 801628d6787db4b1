//! 16 kHz mono → level, noise floor and voice activity, hop by hop.
//!
//! Never changes a sample: recognisers get the sound as it was read.

use super::{HOP, Hop};

/// The voice activity detector steps by 16 ms.
const FRAME: usize = 256;
const FRAMES: usize = HOP / FRAME;
/// A frame at or above this score is voice; the figure that earshot's author recommends.
const VOICE: f32 = 0.5;
/// Voiced frames that make a hop voice: one alone is often a click.
const VOICED_FRAMES: usize = 2;
/// Digital silence, dB relative to full scale.
pub const SILENCE_DBFS: f32 = -96.0;
/// How fast the noise floor follows: at once down, slowly up (dB for each hop: 3 dB a second).
const FLOOR_RISE_DB: f32 = 0.24;

/// What a hop is like.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measure {
    /// Root mean square, dB relative to full scale.
    pub level_dbfs: f32,
    /// Level of what is there without speech.
    pub floor_dbfs: f32,
    pub voice: bool,
}

/// Measures hops, one after the other.
#[derive(Default)]
pub struct Frontend {
    detector: Box<earshot::Detector>,
    floor_dbfs: Option<f32>,
}

impl Frontend {
    pub fn push(&mut self, hop: &Hop) -> Measure {
        let voiced = hop.chunks_exact(FRAME).filter(|frame| self.detector.predict_i16(frame) >= VOICE).count();
        debug_assert_eq!(hop.chunks_exact(FRAME).len(), FRAMES);
        let voice = voiced >= VOICED_FRAMES;
        let level_dbfs = level_dbfs(hop);
        let floor = self.floor_dbfs.map_or(level_dbfs, |floor| {
            if level_dbfs < floor {
                level_dbfs
            } else if voice {
                floor
            } else {
                level_dbfs.min(floor + FLOOR_RISE_DB)
            }
        });
        self.floor_dbfs = Some(floor);
        Measure { level_dbfs, floor_dbfs: floor, voice }
    }

    /// Forgets the voice that it follows; the noise of the room stays known.
    pub fn reset(&mut self) {
        self.detector.reset();
    }
}

/// Root mean square of `samples`, dB relative to full scale; [`SILENCE_DBFS`] at the least.
pub fn level_dbfs(samples: &[i16]) -> f32 {
    let power = samples.iter().map(|&s| (f32::from(s) / 32_768.0).powi(2)).sum::<f32>() / samples.len().max(1) as f32;
    (10.0 * power.max(1e-12).log10()).max(SILENCE_DBFS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels() {
        assert_eq!(level_dbfs(&[0; HOP]), SILENCE_DBFS);
        assert_eq!(level_dbfs(&[]), SILENCE_DBFS);
        assert!(level_dbfs(&[i16::MIN; HOP]).abs() < 0.01);
        assert!((level_dbfs(&[16_384; HOP]) + 6.02).abs() < 0.01);
    }

    #[test]
    fn silence_is_no_voice_and_the_floor_follows_down_at_once() {
        let mut frontend = Frontend::default();
        frontend.push(&[1_000; HOP]);
        let measure = frontend.push(&[0; HOP]);
        assert!(!measure.voice);
        assert_eq!(measure.floor_dbfs, SILENCE_DBFS);
    }

    #[test]
    #[cfg(feature = "espeak")]
    fn a_voice_is_found() {
        let Ok(espeak) = crate::native::espeak::Espeak::open() else {
            eprintln!("left out: espeak-ng is not installed");
            return;
        };
        let (rate_hz, samples) = espeak.synthesise("the toothbrush heads ran out", "en-us", 160, 50).unwrap();
        let sound: Vec<f32> = samples.iter().map(|&s| f32::from(s) / 32_768.0).collect();
        let sound = crate::hear::source::rate::resample_all(&sound, rate_hz).unwrap();
        let mut frontend = Frontend::default();
        let voiced = sound
            .chunks_exact(HOP)
            .filter(|piece| {
                let hop: Hop = std::array::from_fn(|i| (piece[i] * 32_767.0) as i16);
                frontend.push(&hop).voice
            })
            .count();
        assert!(voiced >= 8, "{voiced} hops of voice");
    }
}
