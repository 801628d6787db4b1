//! Speech with less noise around it, for recognisers: RNNoise (Valin, "A Hybrid DSP/Deep Learning Approach to Real-Time
//! Full-Band Speech Enhancement", 2018) by way of nnnoiseless, and which part of the sound anybody spoke in.
//!
//! RNNoise takes from the speech, too, and what it leaves is so silent as no model of sound has ever heard. So some of
//! the noise stays, and where there is little of it the sound is left as it was. Works on whole utterances; pure, and
//! uses nothing else of ours: `models/noise/train/prepare` compiles this file by itself.

use nnnoiseless::DenoiseState;

/// RNNoise works at 48 kHz.
const TIMES: usize = 3;
/// 10 ms at 16 kHz.
const FRAME: usize = DenoiseState::FRAME_SIZE / TIMES;
/// Samples at 48 kHz on either side of one that make it: 2 ms.
const REACH: usize = 96;
/// Sums of the filter that are worked out together.
const BLOCK: usize = 32;
/// Passed up to here, Hz; the model of the recogniser hears up to 6 800 Hz.
const CUTOFF_HZ: f32 = 7_600.0;

/// Speech this far above the quietest of the sound (dB, tenths of the loudest and of the quietest frames) is left as it is.
const CLEAN_DB: f32 = 45.0;
/// This far, or less: denoised as much as it ever is. In between, in between.
const NOISY_DB: f32 = 35.0;
/// So much of the sound as it was stays in it.
const RAW_SHARE: f32 = 0.3;
/// What is this far below the loudest of the denoised sound is no speech, dB.
const BELOW_SPEECH_DB: f32 = 25.0;
/// Frames on either side of speech that are kept: quiet consonants, and pauses that tell words apart.
const AROUND_SPEECH: usize = 30;
/// Levels are means over so many frames on either side.
const SMOOTH: usize = 2;
/// Of all frames, those that stand for the loudest and for the quietest.
const TENTH: usize = 10;

/// What a recogniser hears best of `samples` (16 kHz mono): noise taken away as far as that helps, and what lies
/// far from any speech left out, in whole [`FRAME`]s.
pub fn for_recogniser(samples: &[i16]) -> Vec<i16> {
    let denoised = denoise(samples);
    let raw_share = raw_share(spread_db(samples));
    let keep = near_speech(&denoised.levels_dbfs);
    let frames = samples.chunks_exact(FRAME).zip(denoised.samples.chunks_exact(FRAME)).zip(keep);
    let kept = frames.filter(|(_, keep)| *keep).flat_map(|((raw, clean), _)| raw.iter().zip(clean));
    kept.map(|(&raw, clean)| (raw_share * f32::from(raw) + (1.0 - raw_share) * clean).round() as i16).collect()
}

/// How far the loudest is above the quietest, dB.
fn spread_db(samples: &[i16]) -> f32 {
    let level = |frame: &[i16]| level_dbfs(&frame.iter().map(|&s| f32::from(s)).collect::<Vec<f32>>());
    let levels: Vec<f32> = samples.chunks_exact(FRAME).map(level).collect();
    loudest(&levels) - quietest(&levels)
}

/// How much of the sound stays as it was, 0 to 1.
fn raw_share(spread_db: f32) -> f32 {
    RAW_SHARE + (1.0 - RAW_SHARE) * ((spread_db - NOISY_DB) / (CLEAN_DB - NOISY_DB)).clamp(0.0, 1.0)
}

fn loudest(levels: &[f32]) -> f32 {
    let mut sorted = levels.to_vec();
    sorted.sort_unstable_by(|a, b| b.total_cmp(a));
    mean(&sorted[..sorted.len().div_ceil(TENTH)])
}

fn quietest(levels: &[f32]) -> f32 {
    let mut sorted = levels.to_vec();
    sorted.sort_unstable_by(f32::total_cmp);
    mean(&sorted[..sorted.len().div_ceil(TENTH)])
}

fn mean(levels: &[f32]) -> f32 {
    levels.iter().sum::<f32>() / levels.len().max(1) as f32
}

/// Of each frame: is somebody speaking in it or near it?
fn near_speech(levels: &[f32]) -> Vec<bool> {
    let smooth: Vec<f32> = (0..levels.len())
        .map(|at| mean(&levels[at.saturating_sub(SMOOTH)..(at + SMOOTH + 1).min(levels.len())]))
        .collect();
    let floor = loudest(&smooth) - BELOW_SPEECH_DB;
    let mut near = vec![false; levels.len()];
    for (at, _) in smooth.iter().enumerate().filter(|(_, level)| **level >= floor) {
        near[at.saturating_sub(AROUND_SPEECH)..(at + AROUND_SPEECH + 1).min(levels.len())].fill(true);
    }
    near
}

/// What was found out about an utterance.
struct Denoised {
    /// As many as there were, 16 kHz.
    samples: Vec<f32>,
    /// Root mean square of each whole [`FRAME`], dB relative to full scale.
    levels_dbfs: Vec<f32>,
}

/// `samples` (16 kHz mono) with RNNoise's idea of the noise taken away.
fn denoise(samples: &[i16]) -> Denoised {
    let filter = lowpass();
    let up = interpolate(samples, &filter);
    let mut state = DenoiseState::new();
    let mut wide = Vec::with_capacity(up.len() + DenoiseState::FRAME_SIZE);
    let mut out = [0.0; DenoiseState::FRAME_SIZE];
    // It is one frame late: the first that it gives is not yet sound, and the last sound comes after one frame more.
    for at in (0..up.len() + DenoiseState::FRAME_SIZE).step_by(DenoiseState::FRAME_SIZE) {
        let frame: [f32; DenoiseState::FRAME_SIZE] = std::array::from_fn(|i| up.get(at + i).copied().unwrap_or(0.0));
        state.process_frame(&mut out, &frame);
        if at > 0 {
            wide.extend_from_slice(&out);
        }
    }
    let samples: Vec<f32> = decimate(&wide, &filter, samples.len());
    let levels_dbfs = samples.chunks_exact(FRAME).map(level_dbfs).collect();
    Denoised { samples, levels_dbfs }
}

/// Root mean square, dB relative to full scale of 16 bits, not below -96.
fn level_dbfs(samples: &[f32]) -> f32 {
    let power = samples.iter().map(|s| (s / 32_768.0).powi(2)).sum::<f32>() / samples.len().max(1) as f32;
    (10.0 * power.max(1e-12).log10()).max(-96.0)
}

/// A windowed sinc (Hann) at 48 kHz whose sum is 1.
fn lowpass() -> Vec<f32> {
    let reach = REACH as f32;
    let turn = std::f32::consts::PI * 2.0 * CUTOFF_HZ / 48_000.0;
    let taps: Vec<f32> = (0..=2 * REACH)
        .map(|i| {
            let t = i as f32 - reach;
            let sinc = if t == 0.0 { 1.0 } else { (turn * t).sin() / (turn * t) };
            sinc * (0.5 + 0.5 * (std::f32::consts::PI * t / (reach + 1.0)).cos())
        })
        .collect();
    let sum: f32 = taps.iter().sum();
    taps.into_iter().map(|tap| tap / sum).collect()
}

/// 16 → 48 kHz, without delay.
fn interpolate(samples: &[i16], filter: &[f32]) -> Vec<f32> {
    let reach = REACH / TIMES;
    let padded = padded(samples.iter().map(|&s| f32::from(s)), reach);
    // The samples between ours are nought, so only every third tap meets one: which, is the same for every third sample.
    let phase = |phase: usize| {
        let first = if phase == 0 { 0 } else { 1 };
        let met = (first..=2 * reach).map(|at| (&padded[at..], filter[at * TIMES - phase]));
        sums(samples.len(), &met.collect::<Vec<_>>())
    };
    let phases: [Vec<f32>; TIMES] = std::array::from_fn(phase);
    (0..samples.len()).flat_map(|at| phases.each_ref().map(|phase| phase[at] * TIMES as f32)).collect()
}

/// 48 → 16 kHz, without delay: `count` samples.
fn decimate(wide: &[f32], filter: &[f32], count: usize) -> Vec<f32> {
    let reach = REACH / TIMES;
    let phases: [Vec<f32>; TIMES] =
        std::array::from_fn(|phase| padded(wide.iter().copied().skip(phase).step_by(TIMES), reach));
    let met = filter.iter().enumerate().map(|(at, tap)| (&phases[at % TIMES][at / TIMES..], *tap));
    sums(count, &met.collect::<Vec<_>>())
}

/// `signal` with nought on either side of it, and enough for a whole [`BLOCK`] and a filter behind it.
fn padded(signal: impl Iterator<Item = f32>, reach: usize) -> Vec<f32> {
    let before = std::iter::repeat_n(0.0, reach);
    before.chain(signal).chain(std::iter::repeat_n(0.0, BLOCK + 2 * reach)).collect()
}

/// `count` sums, the first of the first value of each signal times its tap, and so on. A block of them at a time, which
/// is what processors do in one step; each adds in the order of the taps, so it is to the last bit what it would be alone.
fn sums(count: usize, taps: &[(&[f32], f32)]) -> Vec<f32> {
    let mut all = Vec::with_capacity(count + BLOCK);
    while all.len() < count {
        let mut block = [0.0; BLOCK];
        for (signal, tap) in taps {
            let values = &signal[all.len()..all.len() + BLOCK];
            block.iter_mut().zip(values).for_each(|(sum, value)| *sum += value * tap);
        }
        all.extend_from_slice(&block);
    }
    all.truncate(count);
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::Chance;

    fn tone(hz: f32, count: usize) -> Vec<i16> {
        (0..count).map(|i| ((i as f32 * std::f32::consts::TAU * hz / 16_000.0).sin() * 9_000.0) as i16).collect()
    }

    #[test]
    fn up_and_down_again_is_the_same_sound() {
        let filter = lowpass();
        for hz in [100.0, 1_000.0, 5_000.0] {
            let sound = tone(hz, 4_000);
            let back = decimate(&interpolate(&sound, &filter), &filter, sound.len());
            let error: Vec<f32> =
                sound.iter().zip(&back).map(|(&a, b)| f32::from(a) - b).skip(200).take(3_600).collect();
            assert!(level_dbfs(&error) < -60.0, "{hz} Hz: {}", level_dbfs(&error));
        }
    }

    /// One sample after the other, and one tap after the other.
    fn plainly(samples: &[i16], filter: &[f32]) -> (Vec<f32>, Vec<f32>) {
        let reach = REACH as i64;
        let at = |values: &[f32], i: i64| usize::try_from(i).ok().and_then(|i| values.get(i)).copied();
        let wide: Vec<f32> = samples.iter().flat_map(|&s| [f32::from(s), f32::NAN, f32::NAN]).collect();
        let filtered = |signal: &[f32], i: i64| -> f32 {
            let values = (0..=2 * reach).map(|tap| (tap, at(signal, i - reach + tap)));
            let met = values.filter_map(|(tap, value)| Some(value.filter(|v| !v.is_nan())? * filter[tap as usize]));
            met.fold(0.0, |sum, value| sum + value)
        };
        let up: Vec<f32> = (0..wide.len() as i64).map(|i| filtered(&wide, i) * TIMES as f32).collect();
        let down = (0..samples.len() as i64).map(|i| filtered(&up, i * TIMES as i64)).collect();
        (up, down)
    }

    #[test]
    fn a_block_of_sums_is_what_each_is_alone() {
        let (filter, mut chance) = (lowpass(), Chance::new(3));
        for count in [1, 2, 31, 32, 33, 700] {
            let sound: Vec<i16> = (0..count).map(|_| chance.float(-30_000.0, 30_000.0) as i16).collect();
            let up = interpolate(&sound, &filter);
            assert_eq!((up.clone(), decimate(&up, &filter, count)), plainly(&sound, &filter), "{count} samples");
        }
    }

    #[test]
    fn noise_is_taken_away() {
        let mut chance = Chance::new(4);
        let hiss: Vec<i16> = (0..48_000).map(|_| chance.float(-2_000.0, 2_000.0) as i16).collect();
        let loud = level_dbfs(&hiss.iter().map(|&s| f32::from(s)).collect::<Vec<_>>());
        let denoised = denoise(&hiss);
        assert_eq!(denoised.samples.len(), hiss.len());
        let left = level_dbfs(&denoised.samples[16_000..]);
        assert!(left < loud - 15.0, "{loud} dB are still {left} dB");
    }

    #[test]
    #[cfg(feature = "espeak")]
    fn a_voice_stays_where_it_was() {
        let Ok(espeak) = crate::native::espeak::Espeak::open() else {
            eprintln!("left out: espeak-ng is not installed");
            return;
        };
        let (rate_hz, samples) = espeak.synthesise("order two packs of coffee", "en-us", 160, 50).unwrap();
        let sound: Vec<f32> = samples.iter().map(|&s| f32::from(s) / 32_768.0).collect();
        let sound = crate::hear::source::rate::resample_all(&sound, rate_hz).unwrap();
        let sound: Vec<i16> = sound.iter().map(|s| (s * 16_000.0) as i16).collect();
        let denoised = denoise(&sound).samples;
        let like = |shift: usize| -> f32 {
            sound.iter().zip(&denoised[shift..]).map(|(&a, &b)| f32::from(a) * b).sum::<f32>()
        };
        let best = (0..400).max_by(|&a, &b| like(a).total_cmp(&like(b))).unwrap();
        assert_eq!(best, 0, "it is late");
    }

    #[test]
    fn a_quiet_room_changes_no_sample_and_what_is_far_from_speech_is_left_out() {
        let mut sound = vec![0_i16; 32_000];
        sound.extend(tone(300.0, 16_000));
        sound.extend(vec![0; 32_000]);
        let heard = for_recogniser(&sound);
        let around = AROUND_SPEECH * FRAME;
        assert!((16_000 + around..16_000 + 4 * around).contains(&heard.len()), "{}", heard.len());
        assert!(sound.windows(heard.len()).any(|piece| piece == heard));
    }

    #[test]
    fn the_louder_the_noise_the_more_of_it_goes() {
        let mut chance = Chance::new(9);
        let mut under = |loud: f32| -> f32 {
            let voice = tone(400.0, 8_000).into_iter().chain(vec![0; 24_000]);
            raw_share(spread_db(&voice.map(|s| s / 2 + chance.float(-loud, loud) as i16).collect::<Vec<i16>>()))
        };
        let (quiet, some, loud) = (under(5.0), under(40.0), under(600.0));
        assert!(quiet == 1.0 && loud == RAW_SHARE && some > loud && some < quiet, "{quiet} {some} {loud}");
    }

    #[test]
    fn very_short_sound_is_no_trouble() {
        for count in [0, 1, 159, 160, 161] {
            let denoised = denoise(&vec![50; count]);
            assert_eq!((denoised.samples.len(), denoised.levels_dbfs.len()), (count, count / FRAME));
        }
    }
}
