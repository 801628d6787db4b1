//! Noise under speech, as the public speech-to-intent benchmark mixes it. Pure.

use crate::chance::Chance;

/// The benchmark compares the loudest pieces of this length, in samples.
const FRAME: usize = 2_048;
/// The highest peak of a mixture: half of full scale.
const PEAK: f64 = 16_383.0;

/// A piece of `noise` under `speech`, so that the loudest frame of the speech is `snr_db` above the loudest frame of
/// that piece; then scaled to half of full scale. `draw` says which piece: the same gives the same.
pub fn under(speech: &[i16], noise: &[i16], snr_db: f64, draw: u64) -> Vec<i16> {
    if speech.is_empty() || noise.is_empty() {
        return speech.to_vec();
    }
    let from = Chance::new(draw).next() % noise.len() as u64;
    let from = usize::try_from(from).expect("below a length");
    let piece: Vec<i16> = noise.iter().cycle().skip(from).take(speech.len()).copied().collect();
    let quiet = loudest(&piece);
    let gain = if quiet > 0.0 { (loudest(speech) / quiet / 10_f64.powf(snr_db / 10.0)).sqrt() } else { 0.0 };
    let mixed: Vec<f64> = speech.iter().zip(&piece).map(|(&s, &n)| f64::from(s) + gain * f64::from(n)).collect();
    let peak = mixed.iter().fold(1.0_f64, |peak, s| peak.max(s.abs()));
    mixed.iter().map(|s| (s * PEAK / peak).round() as i16).collect()
}

/// Energy of the loudest whole frame; of all, where there is none.
fn loudest(samples: &[i16]) -> f64 {
    let energy = |frame: &[i16]| frame.iter().map(|&s| f64::from(s).powi(2)).sum::<f64>();
    samples.chunks(FRAME).filter(|f| f.len() == FRAME || samples.len() < FRAME).map(energy).fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loudest_frames_stand_as_far_apart_as_asked() {
        let tone = |every: usize, loud: i16| -> Vec<i16> {
            (0..40_960)
                .map(|at| {
                    if (at / FRAME).is_multiple_of(every) { if at.is_multiple_of(2) { loud } else { -loud } } else { 0 }
                })
                .collect()
        };
        let (speech, noise) = (tone(4, 9_000), vec![700; 100_000]);
        let mixed = under(&speech, &noise, 12.0, 3);
        // A constant under a tone that changes its sign with each sample: their mean and half their difference.
        let (up, down) = (f64::from(mixed[0]), f64::from(mixed[1]));
        let snr_db = 20.0 * ((up - down) / (up + down)).log10();
        assert!((snr_db - 12.0).abs() < 0.01, "{snr_db}");
        assert_eq!(mixed.iter().map(|s| s.unsigned_abs()).max(), Some(16_383));
    }

    #[test]
    fn the_same_draw_gives_the_same_piece() {
        let noise: Vec<i16> = (0..30_000).map(|at| (at % 997) as i16).collect();
        let speech: Vec<i16> = (0..9_000).map(|at| (at % 77) as i16 * 20).collect();
        assert_eq!(under(&speech, &noise, 6.0, 1), under(&speech, &noise, 6.0, 1));
        assert_ne!(under(&speech, &noise, 6.0, 1), under(&speech, &noise, 6.0, 2));
        assert!(under(&[], &noise, 6.0, 1).is_empty());
        assert_eq!(under(&speech, &[], 6.0, 1), speech);
    }
}
