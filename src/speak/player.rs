//! Output of sound. [`Player::play`] returns when the last sample has really been heard,
//! since the microphone must not open before that.

use super::tts::Speech;
use crate::clock::Clock;
use std::time::Duration;

/// Plays speech. Lives on the voice's own thread.
pub trait Player {
    /// Blocks until playback has ended.
    ///
    /// # Errors
    /// The device, and what to do about it.
    fn play(&mut self, speech: &Speech) -> anyhow::Result<()>;
}

/// No loudspeaker: the reply only goes to the log, at once.
pub struct Silent;

impl Player for Silent {
    fn play(&mut self, _speech: &Speech) -> anyhow::Result<()> {
        Ok(())
    }
}

/// Pretends to play: the clock moves on by the length of the speech, and `heard` gets the
/// samples. This is how speech that is processed faster than it sounds keeps its place in time.
pub struct Virtual<F> {
    pub clock: Clock,
    pub heard: F,
}

impl<F: FnMut(&Speech)> Player for Virtual<F> {
    fn play(&mut self, speech: &Speech) -> anyhow::Result<()> {
        (self.heard)(speech);
        self.clock.skip(Duration::from_millis(speech.duration_ms()));
        Ok(())
    }
}

#[cfg(feature = "audio")]
pub use device::Device;

#[cfg(feature = "audio")]
mod device {
    use super::{Player, Speech};
    use crate::sound_card::{self, Way};
    use anyhow::Context;
    use rodio::{DeviceSinkBuilder, MixerDeviceSink, buffer::SamplesBuffer};
    use std::num::NonZero;
    use std::time::Duration;

    /// rodio asks the system for a buffer of 100 ms: after the queue is empty, this much may
    /// still be on its way to the loudspeaker.
    const OUTPUT_LATENCY: Duration = Duration::from_millis(120);

    /// A sound card, through rodio. Opened at the first reply and again after a failure, so
    /// that a card that is plugged in later is found.
    pub struct Device {
        name: String,
        sink: Option<MixerDeviceSink>,
    }

    impl Device {
        /// `name`: `default`, or part of the card's name.
        pub fn new(name: &str) -> Device {
            Device { name: name.to_owned(), sink: None }
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
            let mut sink = DeviceSinkBuilder::from_device(device).with_context(hint)?.open_stream().with_context(hint)?;
            sink.log_on_drop(false);
            Ok(sink)
        }
    }

    impl Player for Device {
        fn play(&mut self, speech: &Speech) -> anyhow::Result<()> {
            let sink = match self.sink.take() {
                Some(sink) => sink,
                None => self.open()?,
            };
            let rate = NonZero::new(speech.rate_hz).context("the voice gave sound without a sample rate")?;
            let samples: Vec<f32> = speech.samples.iter().map(|&s| f32::from(s) / 32_768.0).collect();
            let player = rodio::Player::connect_new(sink.mixer());
            player.append(SamplesBuffer::new(NonZero::<u16>::MIN, rate, samples));
            player.sleep_until_end();
            std::thread::sleep(OUTPUT_LATENCY);
            self.sink = Some(sink);
            Ok(())
        }
    }
}
