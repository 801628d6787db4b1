//! Log mel filter banks as Kaldi computes them, which is what speaker networks are trained on.
//!
//! Frames of 25 ms every 10 ms, without a mean; pre-emphasis 0.97, Hamming window, power spectrum of 512 points, 80 triangles
//! from 20 Hz to 8 kHz on the mel scale, natural logarithm. Then the mean over the utterance is taken off each band, so
//! that neither the microphone's colour nor its level counts.
//! Source: `compute-fbank-feats --num-mel-bins=80 --window-type=hamming --dither=0` of Kaldi (Povey et al., 2011).

use rustfft::num_complex::Complex;
use rustfft::{Fft, FftPlanner};
use std::sync::Arc;

/// Mel bands of a frame.
pub const BANDS: usize = 80;
const FRAME: usize = 400;
const STEP: usize = 160;
const POINTS: usize = 512;
const LOW_HZ: f32 = 20.0;
const HIGH_HZ: f32 = 8_000.0;
const PRE_EMPHASIS: f32 = 0.97;

/// The transform, its window and its triangles.
pub struct Fbank {
    fft: Arc<dyn Fft<f32>>,
    window: Vec<f32>,
    /// Of each band: its first bin, and the weights from there on.
    triangles: Vec<(usize, Vec<f32>)>,
}

impl Default for Fbank {
    fn default() -> Self {
        let angle = |n: usize| std::f32::consts::TAU * n as f32 / (FRAME - 1) as f32;
        Fbank {
            fft: FftPlanner::new().plan_fft_forward(POINTS),
            window: (0..FRAME).map(|n| 0.54 - 0.46 * angle(n).cos()).collect(),
            triangles: triangles(),
        }
    }
}

impl Fbank {
    /// 16 kHz mono `samples` → frames of [`BANDS`] numbers, one after the other; empty below 25 ms.
    pub fn of(&self, samples: &[i16]) -> Vec<f32> {
        let mut bands: Vec<f32> = samples.windows(FRAME).step_by(STEP).flat_map(|frame| self.frame(frame)).collect();
        let frames = (bands.len() / BANDS).max(1);
        for band in 0..BANDS {
            let mean = bands.iter().skip(band).step_by(BANDS).sum::<f32>() / frames as f32;
            bands.iter_mut().skip(band).step_by(BANDS).for_each(|number| *number -= mean);
        }
        bands
    }

    fn frame(&self, samples: &[i16]) -> Vec<f32> {
        let mean = samples.iter().map(|sample| f32::from(*sample)).sum::<f32>() / FRAME as f32;
        let centred: Vec<f32> = samples.iter().map(|sample| f32::from(*sample) - mean).collect();
        let mut points = vec![Complex::default(); POINTS];
        for (n, point) in points.iter_mut().enumerate().take(FRAME) {
            let before = centred[n.saturating_sub(1)];
            point.re = (centred[n] - PRE_EMPHASIS * before) * self.window[n];
        }
        self.fft.process(&mut points);
        let energy = |(first, weights): &(usize, Vec<f32>)| {
            let sum: f32 = weights.iter().zip(&points[*first..]).map(|(weight, point)| weight * point.norm_sqr()).sum();
            sum.max(f32::EPSILON).ln()
        };
        self.triangles.iter().map(energy).collect()
    }
}

fn mel(hz: f32) -> f32 {
    1_127.0 * (1.0 + hz / 700.0).ln()
}

fn triangles() -> Vec<(usize, Vec<f32>)> {
    let (low, high) = (mel(LOW_HZ), mel(HIGH_HZ));
    let width = (high - low) / (BANDS + 1) as f32;
    let bin_hz = super::super::RATE_HZ as f32 / POINTS as f32;
    let triangle = |band: usize| {
        let left = low + band as f32 * width;
        let weight = |bin: usize| {
            let from_left = (mel(bin as f32 * bin_hz) - left) / width;
            from_left.min(2.0 - from_left)
        };
        let bins = (0..POINTS / 2).map(weight).enumerate().filter(|(_, weight)| *weight > 0.0);
        let (bins, weights): (Vec<usize>, Vec<f32>) = bins.unzip();
        (bins.first().copied().unwrap_or(0), weights)
    };
    (0..BANDS).map(triangle).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Something of every pitch, without a table: n²/37 + 13 n, folded to ±4,000.
    fn sweep() -> Vec<i16> {
        let sample = |n: i64| i16::try_from((n * n / 37 + n * 13) % 8_001 - 4_000).unwrap();
        (0..4_000).map(sample).collect()
    }

    /// What kaldi-native-fbank 1.23 gives for the same sound, without the mean: frame, band, number.
    const KNOWN: &[(usize, usize, f32)] = &[
        (0, 0, 5.4721),
        (0, 40, -3.5001),
        (3, 7, 2.1260),
        (7, 79, -0.1145),
        (11, 23, -1.2609),
        (15, 60, 0.8555),
        (19, 1, -3.5152),
        (22, 50, -2.0461),
        (22, 79, 0.9797),
        (10, 12, -0.8851),
    ];

    #[test]
    fn it_is_what_kaldi_computes() {
        let numbers = Fbank::default().of(&sweep());
        assert_eq!(numbers.len(), 23 * BANDS);
        for (frame, band, expected) in KNOWN {
            let is = numbers[frame * BANDS + band];
            assert!((is - expected).abs() < 2e-3, "frame {frame}, band {band}: {is}, Kaldi {expected}");
        }
    }

    #[test]
    fn level_and_colour_of_the_microphone_do_not_count() {
        let fbank = Fbank::default();
        let quiet: Vec<i16> = sweep().iter().map(|sample| sample / 2 * 2).collect();
        let loud: Vec<i16> = quiet.iter().map(|sample| sample * 4).collect();
        let most =
            fbank.of(&quiet).iter().zip(fbank.of(&loud)).map(|(one, other)| (one - other).abs()).fold(0.0, f32::max);
        assert!(most < 1e-3, "{most}");
        assert!(fbank.of(&[0; 399]).is_empty());
    }
}
