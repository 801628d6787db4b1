//! A microphone, through cpal (ALSA): any rate, format and number of channels → 16 kHz mono.
//!
//! A lost device is an error and the next read opens it again; the caller decides how often.
//! Sound that came faster than it was read is counted and reported, never silently lost.

use super::rate::{Stream as Resampler, to_i16};
use super::{Read, Source};
use crate::hear::{HOP, Hop};
use crate::sound_card::{self, Way};
use ::cpal::traits::{DeviceTrait, StreamTrait};
use ::cpal::{ErrorKind, I24, SampleFormat, SizedSample, SupportedStreamConfig, U24};
use anyhow::bail;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Buffers of the device that may wait to be read; at the usual 10 to 100 ms each, some seconds.
const MAX_WAITING: usize = 128;
/// A device that is open and gives nothing for so long is gone.
const PATIENCE: Duration = Duration::from_secs(3);
/// How long a backend may take to open a device.
const OPENING: Duration = Duration::from_secs(5);

/// A microphone by name.
pub struct Microphone {
    name: String,
    /// The one channel that is taken, from 1; 0: all of them, mixed.
    channel: u16,
    open: Option<Open>,
    overruns: Arc<AtomicU64>,
    reported: u64,
}

struct Open {
    _stream: ::cpal::Stream,
    pieces: Receiver<Vec<f32>>,
    fault: Arc<Mutex<Option<String>>>,
    resampler: Resampler,
    waiting: VecDeque<i16>,
}

impl Microphone {
    /// The device called `name`, or whose name contains it, or `default`. It is opened at the first read. `channel`
    /// counts from 1; 0 mixes them all.
    pub fn new(name: &str, channel: u16) -> Microphone {
        Microphone { name: name.to_owned(), channel, open: None, overruns: Arc::default(), reported: 0 }
    }

    fn report_overruns(&mut self) {
        let overruns = self.overruns();
        if overruns > self.reported {
            tracing::warn!(
                lost = overruns - self.reported,
                in_all = overruns,
                "the microphone was faster than the ears: buffers of sound were lost"
            );
            self.reported = overruns;
        }
    }
}

impl Source for Microphone {
    fn read(&mut self, hop: &mut Hop) -> anyhow::Result<Read> {
        if self.open.is_none() {
            self.open = Some(Open::device(&self.name, self.channel, &self.overruns)?);
        }
        let result = self.open.as_mut().map_or(Ok(()), |open| open.fill());
        if let Err(why) = result {
            self.open = None;
            return Err(why.context(format!(
                "the microphone \"{}\" is gone; plug it in again, or see which there are with: arecord -L",
                self.name
            )));
        }
        self.report_overruns();
        Ok(self.open.as_mut().map_or(Read::End, |open| super::feed::take_hop(&mut open.waiting, hop)))
    }

    fn pause(&mut self) {
        self.open = None;
    }

    fn overruns(&self) -> u64 {
        self.overruns.load(Ordering::Relaxed)
    }
}

impl Open {
    fn device(name: &str, channel: u16, overruns: &Arc<AtomicU64>) -> anyhow::Result<Open> {
        let refused = |e: ::cpal::Error| sound_card::refused(Way::In, name, &e);
        let device = sound_card::find(Way::In, name)?;
        let supported = configuration(&device, name, channel)?;
        let (config, format) = (supported.config(), supported.sample_format());
        let (send, pieces) = sync_channel(MAX_WAITING);
        let fault = Arc::new(Mutex::new(None));
        let channels = usize::from(config.channels).max(1);
        let taker =
            Taker { channels, only: channel.checked_sub(1).map(usize::from), send, overruns: Arc::clone(overruns) };
        let stream = build(&device, config, format, taker, Arc::clone(&fault)).map_err(refused)?;
        stream.play().map_err(refused)?;
        let resampler = Resampler::new(config.sample_rate)?;
        let device = sound_card::name_of(&device);
        tracing::info!(device, rate_hz = config.sample_rate, channels = config.channels, channel, %format, "listening");
        Ok(Open { _stream: stream, pieces, fault, resampler, waiting: VecDeque::new() })
    }

    /// Waits until a whole hop is there.
    fn fill(&mut self) -> anyhow::Result<()> {
        while self.waiting.len() < HOP {
            if let Some(why) = self.fault.lock().unwrap_or_else(PoisonError::into_inner).take() {
                bail!(why);
            }
            match self.pieces.recv_timeout(PATIENCE) {
                Ok(piece) => self.waiting.extend(self.resampler.push(&piece)?.into_iter().map(to_i16)),
                Err(RecvTimeoutError::Timeout) => bail!("it gave no sound for {} s", PATIENCE.as_secs()),
                Err(RecvTimeoutError::Disconnected) => bail!("its stream has ended"),
            }
        }
        Ok(())
    }
}

/// What the device's thread does with its sound.
struct Taker {
    channels: usize,
    /// The one that is taken, from 0; else all are mixed.
    only: Option<usize>,
    send: SyncSender<Vec<f32>>,
    overruns: Arc<AtomicU64>,
}

impl Taker {
    fn take<T: SizedSample>(&self, samples: &[T])
    where
        f32: ::cpal::FromSample<T>,
    {
        use ::cpal::Sample;
        let mix = |frame: &[T]| match self.only.and_then(|only| frame.get(only)) {
            Some(sample) => f32::from_sample(*sample),
            None => frame.iter().map(|s| f32::from_sample(*s)).sum::<f32>() / self.channels as f32,
        };
        let piece: Vec<f32> = samples.chunks_exact(self.channels).map(mix).collect();
        match self.send.try_send(piece) {
            Ok(()) | Err(TrySendError::Disconnected(_)) => {}
            Err(TrySendError::Full(_)) => {
                self.overruns.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}

fn build(
    device: &::cpal::Device,
    config: ::cpal::StreamConfig,
    format: SampleFormat,
    taker: Taker,
    fault: Arc<Mutex<Option<String>>>,
) -> Result<::cpal::Stream, ::cpal::Error> {
    let overruns = Arc::clone(&taker.overruns);
    let on_fault = move |e: ::cpal::Error| match e.kind() {
        ErrorKind::Xrun => {
            overruns.fetch_add(1, Ordering::Relaxed);
        }
        // The stream goes on.
        ErrorKind::DeviceChanged | ErrorKind::RealtimeDenied => tracing::debug!("the microphone's stream: {e}"),
        _ => *fault.lock().unwrap_or_else(PoisonError::into_inner) = Some(e.to_string()),
    };
    macro_rules! stream_of {
        ($kind:ty) => {
            device.build_input_stream(
                config,
                move |samples: &[$kind], _: &_| taker.take(samples),
                on_fault,
                Some(OPENING),
            )
        };
    }
    match format {
        SampleFormat::I8 => stream_of!(i8),
        SampleFormat::I16 => stream_of!(i16),
        SampleFormat::I24 => stream_of!(I24),
        SampleFormat::I32 => stream_of!(i32),
        SampleFormat::I64 => stream_of!(i64),
        SampleFormat::U8 => stream_of!(u8),
        SampleFormat::U16 => stream_of!(u16),
        SampleFormat::U24 => stream_of!(U24),
        SampleFormat::U32 => stream_of!(u32),
        SampleFormat::U64 => stream_of!(u64),
        SampleFormat::F32 => stream_of!(f32),
        SampleFormat::F64 => stream_of!(f64),
        // One-bit sound has no samples that could be mixed.
        _ => Err(ErrorKind::UnsupportedConfig.into()),
    }
}

/// What the device is opened with: its own choice, or one that is wide enough for the channel that is wanted.
fn configuration(device: &::cpal::Device, name: &str, channel: u16) -> anyhow::Result<SupportedStreamConfig> {
    let refused = |e: ::cpal::Error| sound_card::refused(Way::In, name, &e);
    let usual = device.default_input_config().map_err(refused)?;
    if channel <= usual.channels() && !usual.sample_format().is_dsd() {
        return Ok(usual);
    }
    let all: Vec<_> = device.supported_input_configs().map_err(refused)?.collect();
    let most = all.iter().map(|range| range.channels()).max().unwrap_or(0);
    let wide = all.into_iter().filter(|range| range.channels() >= channel && !range.sample_format().is_dsd());
    // The fewest channels that do, and of these what cpal likes best.
    let best = wide.max_by(|a, b| b.channels().cmp(&a.channels()).then(a.cmp_default_heuristics(b)));
    let Some(best) = best else {
        bail!(
            "the microphone \"{name}\" has {most} channels, and channel {channel} is wanted; set [microphone] channel to 0 to mix them"
        );
    };
    Ok(best.try_with_standard_sample_rate().unwrap_or_else(|| best.with_max_sample_rate()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_microphone_that_is_not_there_is_one_clear_line() {
        let error = Microphone::new("no such device", 0).read(&mut [0; HOP]).unwrap_err().to_string();
        assert!(error.contains("no such device") && !error.contains('\n'), "{error}");
    }

    #[test]
    fn channels_are_mixed_and_overruns_counted() {
        let (send, pieces) = sync_channel(1);
        let overruns = Arc::new(AtomicU64::new(0));
        let mut taker = Taker { channels: 2, only: None, send, overruns: Arc::clone(&overruns) };
        taker.take(&[i16::MAX, 0, -16_384, -16_384]);
        taker.take(&[0_u8, 0]);
        let close = |piece: Vec<f32>, wanted: [f32; 2]| piece.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1e-3);
        assert!(close(pieces.recv().unwrap(), [0.5, -0.5]));
        assert_eq!(overruns.load(Ordering::Relaxed), 1);
        taker.only = Some(1);
        taker.take(&[I24::new(0).unwrap(), I24::new(-4_194_304).unwrap(), I24::new(77).unwrap(), I24::new(0).unwrap()]);
        assert!(close(pieces.recv().unwrap(), [-0.5, 0.0]), "the second channel alone");
    }
}
