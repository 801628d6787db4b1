//! Output of sound. [`Player::play`] returns when the last sample has really been heard,
//! since the microphone must not open before that.

use super::tts::Speech;
use crate::clock::Clock;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Plays speech. Lives on the voice's own thread.
pub trait Player {
    /// Blocks until playback has ended, which `stop` brings about early. A player that takes no time need not look at it.
    ///
    /// # Errors
    /// The device, and what to do about it.
    fn play(&mut self, speech: &Speech, stop: &Stop) -> anyhow::Result<Played>;
}

/// Is told what goes to the loudspeaker, so that it can be taken out of what the microphone hears.
pub trait Reference: Send {
    /// These samples, mono, are about to be played.
    fn begins(&mut self, samples: &[i16], rate_hz: u32);
    /// The card has taken so much of them by now, 0 to 1.
    fn took(&mut self, share: f64);
    /// The card takes no more of them.
    fn ended(&mut self);
}

/// How playback ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Played {
    Whole,
    Stopped,
}

/// Ends what is said and what waits to be said, but not what is queued later. Clones are one and the same; the
/// default is never set.
#[derive(Debug, Clone, Default)]
pub struct Stop {
    times: Arc<AtomicU64>,
    /// How often it had been set when this was queued.
    before: u64,
}

impl Stop {
    /// From now on for what is queued now.
    pub fn again(&self) -> Stop {
        Stop { times: Arc::clone(&self.times), before: self.times.load(Ordering::SeqCst) }
    }

    pub fn set(&self) {
        self.times.fetch_add(1, Ordering::SeqCst);
    }

    pub fn is_set(&self) -> bool {
        self.times.load(Ordering::SeqCst) != self.before
    }
}

/// No loudspeaker: the reply only goes to the log, at once.
pub struct Silent;

impl Player for Silent {
    fn play(&mut self, _speech: &Speech, _stop: &Stop) -> anyhow::Result<Played> {
        Ok(Played::Whole)
    }
}

/// Pretends to play: the clock moves on by the length of the speech, and `heard` gets the
/// samples. This is how speech that is processed faster than it sounds keeps its place in time.
pub struct Virtual<F> {
    pub clock: Clock,
    pub heard: F,
}

impl<F: FnMut(&Speech)> Player for Virtual<F> {
    fn play(&mut self, speech: &Speech, _stop: &Stop) -> anyhow::Result<Played> {
        (self.heard)(speech);
        self.clock.skip(Duration::from_millis(speech.duration_ms()));
        Ok(Played::Whole)
    }
}

#[cfg(feature = "audio")]
pub use device::Device;

#[cfg(feature = "audio")]
mod device {
    use super::{Played, Player, Reference, Speech, Stop};
    use crate::sound_card::{self, Way};
    use anyhow::{Context, bail};
    use rodio::{ChannelCount, DeviceSinkBuilder, MixerDeviceSink, Sample, SampleRate, Source, buffer::SamplesBuffer};
    use std::num::NonZero;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    /// rodio asks the system for a buffer of 100 ms: after the queue is empty, this much may
    /// still be on its way to the loudspeaker.
    const OUTPUT_LATENCY: Duration = Duration::from_millis(120);
    /// How often it is looked whether playback has ended.
    const STEP: Duration = Duration::from_millis(10);
    /// How much longer than the speech playback may take.
    const PATIENCE: Duration = Duration::from_secs(3);

    /// A sound card, through rodio. Opened at the first reply and again after a failure, so
    /// that a card that is plugged in later is found.
    pub struct Device {
        name: String,
        sink: Option<MixerDeviceSink>,
        reference: Option<Box<dyn Reference>>,
    }

    /// Counts the samples that the card has taken.
    struct Counted {
        inner: SamplesBuffer,
        taken: Arc<AtomicUsize>,
    }

    impl Iterator for Counted {
        type Item = Sample;

        fn next(&mut self) -> Option<Sample> {
            self.taken.fetch_add(1, Ordering::Relaxed);
            self.inner.next()
        }
    }

    impl Source for Counted {
        fn current_span_len(&self) -> Option<usize> {
            self.inner.current_span_len()
        }

        fn channels(&self) -> ChannelCount {
            self.inner.channels()
        }

        fn sample_rate(&self) -> SampleRate {
            self.inner.sample_rate()
        }

        fn total_duration(&self) -> Option<Duration> {
            self.inner.total_duration()
        }
    }

    impl Device {
        /// `name`: `default`, or part of the card's name.
        pub fn new(name: &str) -> Device {
            Device { name: name.to_owned(), sink: None, reference: None }
        }

        /// With somebody who is told what it plays.
        pub fn with_reference(self, reference: Box<dyn Reference>) -> Device {
            Device { reference: Some(reference), ..self }
        }

        fn open(&self) -> anyhow::Result<MixerDeviceSink> {
            let hint = || {
                format!(
                    "can't open the loudspeaker \"{}\". `tendero audio list` shows what there is; set [speaker] device to \
                     part of a name, or to \"off\"",
                    self.name
                )
            };
            let device = sound_card::find(Way::Out, &self.name).with_context(hint)?;
            let mut sink =
                DeviceSinkBuilder::from_device(device).with_context(hint)?.open_stream().with_context(hint)?;
            sink.log_on_drop(false);
            Ok(sink)
        }
    }

    impl Player for Device {
        fn play(&mut self, speech: &Speech, stop: &Stop) -> anyhow::Result<Played> {
            let sink = match self.sink.take() {
                Some(sink) => sink,
                None => self.open()?,
            };
            let rate = NonZero::new(speech.rate_hz).context("the voice gave sound without a sample rate")?;
            let samples: Vec<f32> = speech.samples.iter().map(|&s| f32::from(s) / 32_768.0).collect();
            let player = rodio::Player::connect_new(sink.mixer());
            let taken = Arc::new(AtomicUsize::new(0));
            if let Some(reference) = &mut self.reference {
                reference.begins(&speech.samples, speech.rate_hz);
            }
            let inner = SamplesBuffer::new(NonZero::<u16>::MIN, rate, samples);
            player.append(Counted { inner, taken: Arc::clone(&taken) });
            let played = self.wait(&player, speech, &taken, stop);
            if let Some(reference) = &mut self.reference {
                reference.ended();
            }
            let played = played?;
            std::thread::sleep(OUTPUT_LATENCY);
            self.sink = Some(sink);
            Ok(played)
        }
    }

    impl Device {
        /// Until the last sample is on its way. A card that was unplugged takes no more, and would be waited for in vain.
        fn wait(
            &mut self,
            player: &rodio::Player,
            speech: &Speech,
            taken: &AtomicUsize,
            stop: &Stop,
        ) -> anyhow::Result<Played> {
            let most = Duration::from_millis(speech.duration_ms()) + PATIENCE;
            // A step takes longer on a busy machine, never less.
            for _ in 0..most.as_millis() / STEP.as_millis() {
                if let Some(reference) = &mut self.reference {
                    reference.took(taken.load(Ordering::Relaxed) as f64 / speech.samples.len().max(1) as f64);
                }
                if player.empty() {
                    return Ok(Played::Whole);
                }
                if stop.is_set() {
                    player.stop();
                    return Ok(Played::Stopped);
                }
                std::thread::sleep(STEP);
            }
            bail!(
                "the loudspeaker \"{}\" takes no more sound; plug it in again, or see `tendero audio list`",
                self.name
            )
        }
    }
}
