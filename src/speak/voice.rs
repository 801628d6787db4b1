//! The voice's own threads: replies in, "it has really ended" out.
//!
//! The daemon's loop never waits for sound: one thread makes it ([`synthesis`]), the other plays it, one reply after the
//! other, and each answers with one [`Spoken`]. Where a voice takes long, a reply's first sentence sounds while its next is made.

pub mod synthesis;

#[cfg(test)]
mod tests;

use super::player::{Played, Player, Stop};
use super::tts::Speech;
use crate::clock::Clock;
use crate::understand::Lang;
use anyhow::bail;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::time::Duration;
use synthesis::{Job, Piece, Synthesis};

/// Replies that may wait; the mind bounds its announcements well below this.
const QUEUE: usize = 32;
/// Sentences that may wait to be played, besides the one that is being made.
const AHEAD: usize = 1;
/// How often it is looked whether somebody hushed the voice while it thinks.
const STEP: Duration = Duration::from_millis(10);
/// How long one sentence may take, the voice's start included, milliseconds. Some take seconds on a small board.
const PATIENCE_MS: u64 = 60_000;

/// One reply to be said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saying {
    pub say: u32,
    pub what: What,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    Words {
        text: String,
        lang: Lang,
    },
    /// A short sign, with no words.
    Chime,
}

/// A reply has ended; `error` if it could not be heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spoken {
    pub say: u32,
    pub error: Option<String>,
    /// Cut short by [`Voice::hush`].
    pub stopped: bool,
    /// Milliseconds of machine time until the first of its sound was there: of the first sentence where the voice takes
    /// long, of the whole reply where it does not; 0 if it was kept from before.
    pub synthesis_ms: u32,
    /// Length of the speech, milliseconds; of one that was cut short, up to the sentence in which it was.
    pub speech_ms: u32,
}

/// The way to the voice's threads. Dropping it ends them.
pub struct Voice {
    queue: SyncSender<(Saying, Stop)>,
    stop: Stop,
}

impl Voice {
    /// Starts the threads. Engines and `player` are opened on them, since both belong to their thread.
    pub fn spawn(
        synthesis: impl FnOnce() -> anyhow::Result<Synthesis> + Send + 'static,
        player: impl FnOnce() -> Box<dyn Player> + Send + 'static,
        clock: Clock,
        on_end: impl Fn(Spoken) + Send + 'static,
    ) -> std::io::Result<Voice> {
        let (queue, sayings) = sync_channel(QUEUE);
        let (jobs, jobs_rx) = sync_channel(QUEUE);
        std::thread::Builder::new().name("synthesis".into()).spawn(move || synthesis::work(synthesis(), &jobs_rx))?;
        std::thread::Builder::new()
            .name("voice".into())
            .spawn(move || work(&jobs, player(), &clock, &sayings, &on_end))?;
        Ok(Voice { queue, stop: Stop::default() })
    }

    /// Queues a reply; false if the queue is full, or the thread is gone.
    pub fn say(&self, saying: Saying) -> bool {
        match self.queue.try_send((saying, self.stop.again())) {
            Ok(()) => true,
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => false,
        }
    }

    /// Falls silent: what is being said ends, and what waits is not begun. Each still answers.
    pub fn hush(&self) {
        self.stop.set();
    }
}

/// How a reply went as far as it could be said.
#[derive(Default)]
struct Said {
    stopped: bool,
    synthesis_ms: Option<u32>,
    speech_ms: u32,
}

fn work(
    jobs: &SyncSender<Job>,
    mut player: Box<dyn Player>,
    clock: &Clock,
    sayings: &Receiver<(Saying, Stop)>,
    on_end: &impl Fn(Spoken),
) {
    while let Ok((Saying { say, what }, stop)) = sayings.recv() {
        let mut said = Said::default();
        let ended = match what {
            _ if stop.is_set() => {
                said.stopped = true;
                Ok(())
            }
            What::Chime => said.plays(&chime(), player.as_mut(), &stop),
            What::Words { text, lang } => said.words(jobs, (text, lang), player.as_mut(), clock, &stop),
        };
        let error = ended.err().map(|error| format!("{error:#}"));
        let (stopped, synthesis_ms) = (said.stopped && error.is_none(), said.synthesis_ms.unwrap_or(0));
        let speech_ms = if error.is_some() { 0 } else { said.speech_ms };
        on_end(Spoken { say, error, stopped, synthesis_ms, speech_ms });
    }
}

impl Said {
    /// Plays the sentences as they come.
    fn words(
        &mut self,
        jobs: &SyncSender<Job>,
        (text, lang): (String, Lang),
        player: &mut dyn Player,
        clock: &Clock,
        stop: &Stop,
    ) -> anyhow::Result<()> {
        let began_ms = clock.machine_ms();
        let (to, pieces) = sync_channel(AHEAD);
        let job = Job { text, lang, stop: stop.clone(), pieces: to };
        match jobs.try_send(job) {
            Ok(()) => {}
            // One sentence has taken as long as all those replies.
            Err(TrySendError::Full(_)) => bail!("the voice can't keep up; choose a faster one in [tts]"),
            Err(TrySendError::Disconnected(_)) => bail!("the voice has ended; restart the daemon"),
        }
        while !self.stopped {
            let Some(speech) = next(&pieces, clock, stop)? else {
                self.stopped = stop.is_set();
                return Ok(());
            };
            let took_ms = u32::try_from(clock.machine_ms() - began_ms).unwrap_or(u32::MAX);
            self.synthesis_ms.get_or_insert(took_ms);
            self.plays(&speech, player, stop)?;
        }
        Ok(())
    }

    fn plays(&mut self, speech: &Speech, player: &mut dyn Player, stop: &Stop) -> anyhow::Result<()> {
        self.stopped = player.play(speech, stop)? == Played::Stopped;
        self.speech_ms = self.speech_ms.saturating_add(u32::try_from(speech.duration_ms()).unwrap_or(u32::MAX));
        Ok(())
    }
}

/// The next sentence; `None`: there is no more, or nobody wants to hear it.
fn next(pieces: &Receiver<Piece>, clock: &Clock, stop: &Stop) -> anyhow::Result<Option<Speech>> {
    let until_ms = clock.machine_ms() + PATIENCE_MS;
    while clock.machine_ms() < until_ms {
        if stop.is_set() {
            return Ok(None);
        }
        match pieces.recv_timeout(STEP) {
            Ok(piece) => return piece,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                bail!("the voice ended in the middle of a reply; restart the daemon")
            }
        }
    }
    bail!("the voice has not made a sentence within {} s; choose a faster one in [tts]", PATIENCE_MS / 1000)
}

/// Two soft tones upwards, 160 ms.
fn chime() -> Speech {
    const RATE_HZ: u32 = 16_000;
    const TONE: usize = 1_280;
    let tone = |hz: f32| {
        (0..TONE).map(move |at| {
            let turn = std::f32::consts::TAU * hz * at as f32 / RATE_HZ as f32;
            // Begins and ends at nothing, so that it does not click.
            let swell = (std::f32::consts::PI * at as f32 / TONE as f32).sin();
            (turn.sin() * swell * 6_000.0) as i16
        })
    };
    Speech { rate_hz: RATE_HZ, samples: tone(880.0).chain(tone(1_175.0)).collect() }
}
