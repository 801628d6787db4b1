//! Any sample rate → 16 kHz, band-limited (rubato's windowed sinc). Mono.

use crate::hear::RATE_HZ;
use anyhow::{Context, ensure};
use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{Async, FixedAsync, Resampler, SincInterpolationParameters, WindowFunction, calculate_cutoff};

/// Rates that a person could mean; beyond them the header is wrong.
pub const RATES_HZ: std::ops::RangeInclusive<u32> = 4_000..=384_000;

/// Length of the filter in samples of the slower rate, 8 ms: flat to 7 kHz.
const SINC_SAMPLES: usize = 128;

/// A whole recording at once, without delay at its beginning.
///
/// # Errors
/// A rate outside of [`RATES_HZ`], or a failure of the resampler.
pub fn resample_all(samples: &[f32], rate_hz: u32) -> anyhow::Result<Vec<f32>> {
    if rate_hz == RATE_HZ || samples.is_empty() {
        return Ok(samples.to_vec());
    }
    let mut resampler = resampler(rate_hz, 4_096)?;
    let input = InterleavedSlice::new(samples, 1, samples.len()).context("mono sound is one channel")?;
    let output = resampler.process_all(&input, samples.len(), None).context("the sound can't be resampled")?;
    Ok(output.take_data())
}

/// A whole recording of a rate of its own → 16 kHz, both mono, as [`resample_all`].
///
/// # Errors
/// As [`resample_all`].
pub fn to_16k(samples: &[i16], rate_hz: u32) -> anyhow::Result<Vec<i16>> {
    let sound: Vec<f32> = samples.iter().map(|&sample| f32::from(sample) / 32_768.0).collect();
    Ok(resample_all(&sound, rate_hz)?.into_iter().map(to_i16).collect())
}

/// A stream, piece by piece.
pub struct Stream {
    resampler: Option<Async<f32>>,
    waiting: Vec<f32>,
}

impl Stream {
    /// # Errors
    /// As [`resample_all`].
    pub fn new(rate_hz: u32) -> anyhow::Result<Stream> {
        let resampler = (rate_hz != RATE_HZ).then(|| resampler(rate_hz, (rate_hz / 50) as usize)).transpose()?;
        Ok(Stream { resampler, waiting: Vec::new() })
    }

    /// What `samples`, and what waited before them, give at 16 kHz.
    ///
    /// # Errors
    /// A failure of the resampler.
    pub fn push(&mut self, samples: &[f32]) -> anyhow::Result<Vec<f32>> {
        let Some(resampler) = &mut self.resampler else { return Ok(samples.to_vec()) };
        self.waiting.extend_from_slice(samples);
        let mut out = Vec::new();
        let mut at = 0;
        while self.waiting.len() - at >= resampler.input_frames_next() {
            let need = resampler.input_frames_next();
            let mut piece = vec![0.0; resampler.output_frames_next()];
            let room = piece.len();
            let input =
                InterleavedSlice::new(&self.waiting[at..at + need], 1, need).context("mono sound is one channel")?;
            let mut output = InterleavedSlice::new_mut(&mut piece, 1, room).context("mono sound is one channel")?;
            let (read, written) =
                resampler.process_into_buffer(&input, &mut output, None).context("the sound can't be resampled")?;
            out.extend_from_slice(&piece[..written]);
            at += read;
        }
        self.waiting.drain(..at);
        Ok(out)
    }
}

/// Full scale is 1.0; louder is clipped.
pub fn to_i16(sample: f32) -> i16 {
    (sample * 32_768.0).round().clamp(-32_768.0, 32_767.0) as i16
}

fn resampler(rate_hz: u32, chunk: usize) -> anyhow::Result<Async<f32>> {
    ensure!(
        RATES_HZ.contains(&rate_hz),
        "a sample rate of {rate_hz} Hz is not between {} and {} Hz",
        RATES_HZ.start(),
        RATES_HZ.end()
    );
    let ratio = f64::from(RATE_HZ) / f64::from(rate_hz);
    // Downwards, the filter gets longer in samples of the input, so that it stays as steep in those of the output.
    let length = (SINC_SAMPLES as f64 / ratio.min(1.0)).ceil() as usize;
    let window = WindowFunction::BlackmanHarris2;
    let filter = SincInterpolationParameters {
        f_cutoff: Some(calculate_cutoff(SINC_SAMPLES, window)),
        ..SincInterpolationParameters::new(length, window)
    };
    Async::new_sinc(ratio, 1.0, &filter, chunk, 1, FixedAsync::Input).context("the resampler can't start")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sine(rate_hz: u32, tone_hz: f32, seconds: f32) -> Vec<f32> {
        (0..(rate_hz as f32 * seconds) as usize)
            .map(|i| 0.5 * (std::f32::consts::TAU * tone_hz * i as f32 / rate_hz as f32).sin())
            .collect()
    }

    fn power(samples: &[f32]) -> f32 {
        samples.iter().map(|s| s * s).sum::<f32>() / samples.len() as f32
    }

    #[test]
    fn length_and_tone_are_kept() {
        for rate_hz in [8_000, 11_025, 22_050, 32_000, 44_100, 48_000, 96_000] {
            let out = resample_all(&sine(rate_hz, 1_000.0, 1.0), rate_hz).unwrap();
            assert!(out.len().abs_diff(16_000) <= 1, "{rate_hz}: {}", out.len());
            // How much of the sound is that tone, whatever its phase.
            let middle = &out[2_000..14_000];
            let along = |shift: f32| {
                let turn = |i: usize| std::f32::consts::TAU * 1_000.0 * i as f32 / 16_000.0 + shift;
                middle.iter().enumerate().map(|(i, s)| s * turn(i).sin()).sum::<f32>() * 2.0 / middle.len() as f32
            };
            let amplitude = along(0.0).hypot(along(std::f32::consts::FRAC_PI_2));
            assert!((amplitude - 0.5).abs() < 0.005, "{rate_hz}: {amplitude}");
            assert!((power(middle) - 0.125).abs() < 0.001, "{rate_hz}: {}", power(middle));
        }
    }

    #[test]
    fn what_16_khz_can_not_hold_is_filtered_out() {
        let out = resample_all(&sine(48_000, 11_000.0, 1.0), 48_000).unwrap();
        assert!(power(&out) < 1e-6, "{}", power(&out));
    }

    #[test]
    fn a_stream_gives_as_much_as_the_whole() {
        let mut stream = Stream::new(44_100).unwrap();
        let sound = sine(44_100, 440.0, 2.0);
        let total: usize = sound.chunks(999).map(|piece| stream.push(piece).unwrap().len()).sum();
        assert!(total.abs_diff(32_000) < 1_000, "{total}");
    }

    #[test]
    fn silly_rates_are_refused() {
        assert!(resample_all(&[0.0; 100], 1).is_err());
        assert!(Stream::new(5_000_000).is_err());
    }
}
