//! The air between mouth and microphone: the only part of the demo that is not real.

use super::tape::Tape;
use crate::clock::Clock;
use crate::hear::source::feed::{Feed, Feeder, feed};
use crate::hear::source::{Read, Source};
use crate::hear::{HOP_MS, Hop};
use crate::speak::player::{Player, Virtual};
use crate::speak::tts::Speech;
use anyhow::Context;
use std::time::{Duration, Instant};

/// Hops on their way to the microphone.
const IN_THE_AIR: usize = 256;

type Microphone = Box<dyn Source>;
type OpenPlayer = Box<dyn FnOnce() -> Box<dyn Player> + Send>;

/// Carries sound from the household to the microphone.
pub struct Air {
    feeder: Feeder,
    /// On the sound card.
    aloud: bool,
}

impl Air {
    /// The air, the microphone at its end, and the loudspeaker.
    ///
    /// # Errors
    /// `aloud` in a build without sound cards.
    #[allow(clippy::disallowed_methods, reason = "as for the microphone")]
    pub fn new(clock: Clock, tape: Tape, aloud: bool) -> anyhow::Result<(Air, Microphone, OpenPlayer)> {
        let (feeder, hops) = feed(IN_THE_AIR);
        let microphone = Box::new(Paced { hops, due: Instant::now() });
        let player: OpenPlayer = if aloud {
            open_aloud(tape)?
        } else {
            Box::new(move || Box::new(Virtual { clock, heard: move |speech: &Speech| tape.speaker(speech) }))
        };
        Ok((Air { feeder, aloud }, microphone, player))
    }

    pub fn is_aloud(&self) -> bool {
        self.aloud
    }

    /// Carries `sound` (16 kHz mono i16) to the microphone, and to the room if it is aloud.
    ///
    /// # Errors
    /// The ears have stopped, or the sound card failed.
    pub async fn carry(&self, sound: Vec<i16>) -> anyhow::Result<()> {
        let feeder = self.feeder.clone();
        let heard_in_the_room = if self.aloud { Some(play_aloud(sound.clone())?) } else { None };
        tokio::task::spawn_blocking(move || feeder.push(&sound)).await?.context("the ears have stopped")?;
        match heard_in_the_room {
            Some(playing) => playing.await?,
            None => Ok(()),
        }
    }
}

/// A hop each 80 ms, as from a microphone: what is worked out while somebody speaks costs nobody time. What came while
/// the ears were busy is there at once.
struct Paced {
    hops: Feed,
    /// When the next hop has been spoken.
    due: Instant,
}

/// A read that took longer waited for somebody to begin.
const AT_ONCE: Duration = Duration::from_millis(20);
const HOP_TIME: Duration = Duration::from_millis(HOP_MS as u64);

impl Source for Paced {
    #[allow(clippy::disallowed_methods, reason = "a microphone has a pace of its own, whatever the clock skips")]
    fn read(&mut self, hop: &mut Hop) -> anyhow::Result<Read> {
        let asked = Instant::now();
        let read = self.hops.read(hop)?;
        if asked.elapsed() > AT_ONCE {
            self.due = Instant::now();
        }
        self.due += HOP_TIME;
        std::thread::sleep(self.due.saturating_duration_since(Instant::now()));
        Ok(read)
    }
}

#[cfg(feature = "audio")]
fn open_aloud(tape: Tape) -> anyhow::Result<OpenPlayer> {
    use crate::speak::player::{Device, Played, Stop};

    struct Aloud {
        device: Device,
        tape: Tape,
    }

    impl Player for Aloud {
        fn play(&mut self, speech: &Speech, stop: &Stop) -> anyhow::Result<Played> {
            self.tape.speaker(speech);
            self.device.play(speech, stop)
        }
    }

    Device::new("default").play(&Speech { rate_hz: 16_000, samples: vec![0; 160] }, &Stop::default()).context(
        "there is no sound card to listen on; `make demo` without LISTEN=1 plays the demo silently and writes demo.wav",
    )?;
    Ok(Box::new(move || Box::new(Aloud { device: Device::new("default"), tape })))
}

#[cfg(feature = "audio")]
fn play_aloud(samples: Vec<i16>) -> anyhow::Result<tokio::task::JoinHandle<anyhow::Result<()>>> {
    use crate::speak::player::{Device, Stop};
    let speech = Speech { rate_hz: crate::hear::RATE_HZ, samples };
    Ok(tokio::task::spawn_blocking(move || Device::new("default").play(&speech, &Stop::default()).map(drop)))
}

#[cfg(not(feature = "audio"))]
fn open_aloud(_tape: Tape) -> anyhow::Result<OpenPlayer> {
    anyhow::bail!("this build is without sound cards; build it with --features audio to listen")
}

#[cfg(not(feature = "audio"))]
fn play_aloud(_samples: Vec<i16>) -> anyhow::Result<tokio::task::JoinHandle<anyhow::Result<()>>> {
    anyhow::bail!("this build is without sound cards")
}
