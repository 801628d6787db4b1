//! Sound → peaks of its spectrogram. Pure, and the same on every machine.
//!
//! After A. Wang, "An Industrial-Strength Audio Search Algorithm" (ISMIR 2003): peaks outlive noise, a
//! change of level and a narrow band. The figures are ours, for speech; `tests/fingerprint.rs` measures them.

use rustfft::num_complex::Complex;
use rustfft::{Fft, FftPlanner};
use std::collections::VecDeque;
use std::sync::{Arc, LazyLock};

/// Samples in a frame (64 ms): two harmonics of a low voice stay apart.
pub const FRAME: usize = 1_024;
/// Samples between frames (16 ms).
pub const STEP: usize = 256;
/// The bins that are looked at: 297 to 3,406 Hz, what a telephone or a small loudspeaker passes on.
const LOW_BIN: usize = 19;
pub const BINS: usize = 200;
/// A peak is the greatest within so many bins and frames on each side.
const NEAR_BINS: usize = 4;
const NEAR_FRAMES: usize = 3;
/// A peak stands out of the mean of the frame's bins around it by so many dB.
const STANDS_OUT_DB: f32 = 6.0;
/// and is at most this far under the loudest peak within three quarters of a second on each side: what is
/// quieter is the room.
const QUIETEST_DB: f32 = 24.0;
const LOUD_FRAMES: usize = 48;
/// Of the peaks within so many frames on each side, the strongest count.
const CROWD_FRAMES: usize = 12;
const CROWD: usize = 14;
/// The longest sound, in samples: ten minutes. Frames then fit 16 bits; the rest is left out.
pub const MAX_SAMPLES: usize = 600 * 16_000;

static FFT: LazyLock<Arc<dyn Fft<f32>>> = LazyLock::new(|| FftPlanner::new().plan_fft_forward(FRAME));
static WINDOW: LazyLock<Vec<f32>> =
    LazyLock::new(|| (0..FRAME).map(|i| 0.5 - 0.5 * (std::f32::consts::TAU * i as f32 / FRAME as f32).cos()).collect());

/// A peak of the spectrogram: when and how high, not how loud.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Peak {
    /// Frame, from the beginning of the sound.
    pub at: u16,
    /// Bin, from [`LOW_BIN`] on; below [`BINS`].
    pub bin: u8,
}

#[derive(Debug, Clone, Copy)]
struct Found {
    frame: usize,
    bin: usize,
    db: f32,
}

/// The peaks of 16 kHz mono `samples`, in the order of time and then of pitch.
pub fn peaks(samples: &[i16]) -> Vec<Peak> {
    let samples = &samples[..samples.len().min(MAX_SAMPLES)];
    let kept = thin(&find(samples));
    kept.iter().map(|peak| Peak { at: peak.frame as u16, bin: peak.bin as u8 }).collect()
}

/// Local maxima of the spectrogram.
fn find(samples: &[i16]) -> Vec<Found> {
    let mut scratch = vec![Complex::default(); FFT.get_inplace_scratch_len()];
    let mut recent: VecDeque<Vec<f32>> = VecDeque::with_capacity(2 * NEAR_FRAMES + 1);
    let mut peaks = Vec::new();
    let frames = samples.len().checked_sub(FRAME).map_or(0, |rest| rest / STEP + 1);
    for frame in 0..frames {
        let piece = &samples[frame * STEP..frame * STEP + FRAME];
        recent.push_back(spectrum(piece, &mut scratch));
        if recent.len() == 2 * NEAR_FRAMES + 1 {
            peaks_of(recent.make_contiguous(), frame - NEAR_FRAMES, &mut peaks);
            recent.pop_front();
        }
    }
    peaks
}

/// Power of each bin in dB, 6 dB an octave lifted: speech falls off by about as much.
fn spectrum(piece: &[i16], scratch: &mut [Complex<f32>]) -> Vec<f32> {
    let mut frame: Vec<Complex<f32>> =
        piece.iter().zip(WINDOW.iter()).map(|(&s, w)| Complex::new(f32::from(s) * w, 0.0)).collect();
    FFT.process_with_scratch(&mut frame, scratch);
    (LOW_BIN..LOW_BIN + BINS).map(|bin| 10.0 * (frame[bin].norm_sqr() * (bin * bin) as f32 + 1.0).log10()).collect()
}

fn peaks_of(near: &[Vec<f32>], frame: usize, peaks: &mut Vec<Found>) {
    let spectrum = &near[NEAR_FRAMES];
    for bin in 0..BINS {
        let db = spectrum[bin];
        let bins = bin.saturating_sub(NEAR_BINS)..(bin + NEAR_BINS + 1).min(BINS);
        let around = bin.saturating_sub(3 * NEAR_BINS)..(bin + 3 * NEAR_BINS + 1).min(BINS);
        let mean = spectrum[around.clone()].iter().sum::<f32>() / around.len() as f32;
        if db < mean + STANDS_OUT_DB {
            continue;
        }
        // Of two that are equal the earlier one counts, so that a flat top is one peak.
        let greatest = near.iter().enumerate().all(|(at, other)| {
            other[bins.clone()].iter().zip(bins.clone()).all(|(&x, b)| {
                let earlier = (at, b) < (NEAR_FRAMES, bin);
                x < db || (x == db && !earlier)
            })
        });
        if greatest {
            peaks.push(Found { frame, bin, db });
        }
    }
}

/// Keeps the strongest of each neighbourhood: how many depends on nothing but what is near in time.
fn thin(peaks: &[Found]) -> Vec<Found> {
    let (mut from, mut to) = (0, 0);
    let mut kept = Vec::new();
    for (at, peak) in peaks.iter().enumerate() {
        while peaks[from].frame + LOUD_FRAMES < peak.frame {
            from += 1;
        }
        while to < peaks.len() && peaks[to].frame <= peak.frame + LOUD_FRAMES {
            to += 1;
        }
        let (mut stronger, mut loudest) = (0, f32::MIN);
        for (other_at, other) in (from..to).zip(&peaks[from..to]) {
            loudest = loudest.max(other.db);
            let in_crowd = other.frame.abs_diff(peak.frame) <= CROWD_FRAMES;
            let before = other.db > peak.db || (other.db == peak.db && other_at < at);
            stronger += usize::from(in_crowd && before);
        }
        if stronger < CROWD && peak.db >= loudest - QUIETEST_DB {
            kept.push(*peak);
        }
    }
    kept
}
