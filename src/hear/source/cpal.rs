//! A microphone, through cpal (ALSA): any rate, format and number of channels → 16 kHz mono.
//!
//! A lost device is an error and the next read opens it again; the caller decides how often.
//! Sound that came faster than it was read is counted and reported, never silently lost.

use super::rate::{Stream as Resampler, to_i16};
use super::{Read, Source};
use crate::hear::{HOP, Hop};
use ::cpal::traits::{DeviceTrait, HostTrait, StreamTrait};
use ::cpal::{ErrorKind, SampleFormat, SizedSample};
use anyhow::{Context, bail};
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
    /// The device called `name`, or whose name contains it, or `default`. It is opened at the
    /// first read.
    pub fn new(name: &str) -> Microphone {
        Microphone { name: name.to_owned(), open: None, overruns: Arc::default(), reported: 0 }
    }

    /// Buffers that were lost because nobody read them in time, since the beginning.
    pub fn overruns(&self) -> u64 {
        self.overruns.load(Ordering::Relaxed)
    }

    /// The names that [`Microphone::new`] would find.
    ///
    /// # Errors
    /// The sound system can't be reached.
    pub fn names() -> anyhow::Result<Vec<String>> {
        let devices =
            ::cpal::default_host().input_devices().context("the sound devices can't be listed; try: arecord -l")?;
        Ok(devices.map(|device| name_of(&device)).collect())
    }

    fn report_overruns(&mut self) {
        let overruns = self.overruns();
        if overruns > self.reported {
            tracing::warn!(
                lost = overruns - self.reported,
                "the microphone was faster than the ears: buffers of sound were lost"
            );
            self.reported = overruns;
        }
    }
}

impl Source for Microphone {
    fn read(&mut self, hop: &mut Hop) -> anyhow::Result<Read> {
        if self.open.is_none() {
            self.open = Some(Open::device(&self.name, &self.overruns)?);
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
}

impl Open {
    fn device(name: &str, overruns: &Arc<AtomicU64>) -> anyhow::Result<Open> {
        crate::native::alsa::quiet();
        let device = find(name)?;
        let supported = device.default_input_config().map_err(|e| refused(name, &e))?;
        let (config, format) = (supported.config(), supported.sample_format());
        let (send, pieces) = sync_channel(MAX_WAITING);
        let fault = Arc::new(Mutex::new(None));
        let taker = Taker { channels: usize::from(config.channels).max(1), send, overruns: Arc::clone(overruns) };
        let stream = build(&device, config, format, taker, Arc::clone(&fault)).map_err(|e| refused(name, &e))?;
        stream.play().map_err(|e| refused(name, &e))?;
        let resampler = Resampler::new(config.sample_rate)?;
        tracing::info!(device = name_of(&device), rate_hz = config.sample_rate, channels = config.channels, %format, "listening");
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
    send: SyncSender<Vec<f32>>,
    overruns: Arc<AtomicU64>,
}

impl Taker {
    fn take<T: SizedSample>(&self, samples: &[T])
    where
        f32: ::cpal::FromSample<T>,
    {
        use ::cpal::Sample;
        let mix = |frame: &[T]| frame.iter().map(|s| f32::from_sample(*s)).sum::<f32>() / self.channels as f32;
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
        SampleFormat::I32 => stream_of!(i32),
        SampleFormat::U8 => stream_of!(u8),
        SampleFormat::U16 => stream_of!(u16),
        SampleFormat::U32 => stream_of!(u32),
        SampleFormat::F32 => stream_of!(f32),
        SampleFormat::F64 => stream_of!(f64),
        _ => Err(ErrorKind::UnsupportedConfig.into()),
    }
}

fn find(name: &str) -> anyhow::Result<::cpal::Device> {
    let host = ::cpal::default_host();
    if name == "default" {
        return host
            .default_input_device()
            .context("there is no microphone; see which devices there are with: arecord -L");
    }
    let devices: Vec<_> = host.input_devices().context("the sound devices can't be listed; try: arecord -l")?.collect();
    let names: Vec<String> = devices.iter().map(name_of).collect();
    let exact = names.iter().position(|n| n == name);
    let part = || names.iter().position(|n| n.to_lowercase().contains(&name.to_lowercase()));
    let at = exact
        .or_else(part)
        .with_context(|| format!("there is no microphone \"{name}\"; there are: default, {}", names.join(", ")))?;
    devices.into_iter().nth(at).context("the device vanished while it was looked up")
}

/// The name that ALSA knows the device by, with what a person would call it.
fn name_of(device: &::cpal::Device) -> String {
    let id = device.id().map(|id| id.id().to_owned()).unwrap_or_default();
    match device.description() {
        Ok(about) if about.name() != id => format!("{} ({id})", about.name()),
        Ok(_) | Err(_) => id,
    }
}

fn refused(name: &str, e: &::cpal::Error) -> anyhow::Error {
    let hint = match e.kind() {
        ErrorKind::DeviceBusy => "another program holds it; find it with: fuser -v /dev/snd/*",
        ErrorKind::PermissionDenied => "join the group audio with: sudo usermod -aG audio $USER, and log in again",
        _ => "see which devices there are with: arecord -L",
    };
    anyhow::anyhow!("the microphone \"{name}\" can't be opened ({e}); {hint}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_microphone_that_is_not_there_is_one_clear_line() {
        let error = Microphone::new("no such device").read(&mut [0; HOP]).unwrap_err().to_string();
        assert!(error.contains("no such device") && !error.contains('\n'), "{error}");
    }

    #[test]
    fn channels_are_mixed_and_overruns_counted() {
        let (send, pieces) = sync_channel(1);
        let overruns = Arc::new(AtomicU64::new(0));
        let taker = Taker { channels: 2, send, overruns: Arc::clone(&overruns) };
        taker.take(&[i16::MAX, 0, -16_384, -16_384]);
        taker.take(&[0_u8, 0]);
        let piece = pieces.recv().unwrap();
        assert!((piece[0] - 0.5).abs() < 1e-3 && (piece[1] + 0.5).abs() < 1e-3, "{piece:?}");
        assert_eq!(overruns.load(Ordering::Relaxed), 1);
    }
}
