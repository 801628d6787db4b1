//! The voice's own thread: sentences in, "it has really ended" out.
//!
//! The daemon's loop never waits for sound: synthesis and playback happen here, one reply
//! after the other, and each answers with a [`Spoken`].

use super::player::{Played, Player, Stop};
use super::tts::{Speech, Tts};
use crate::clock::Clock;
use crate::understand::Lang;
use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};

/// Replies that may wait; the mind bounds its announcements well below this.
const QUEUE: usize = 32;
/// Sentences whose sound is kept, since "say order it" is said all day.
const CACHE: usize = 64;

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
    /// Milliseconds of machine time for the synthesis; 0 from the cache.
    pub synthesis_ms: u32,
    /// Length of the speech, milliseconds.
    pub speech_ms: u32,
}

/// The way to the voice's thread. Dropping it ends the thread.
pub struct Voice {
    queue: SyncSender<(Saying, Stop)>,
    stop: Stop,
}

impl Voice {
    /// Starts the thread. `player` is opened on it, since a sound device belongs to its thread.
    pub fn spawn(
        engine: impl FnOnce() -> anyhow::Result<Box<dyn Tts>> + Send + 'static,
        player: impl FnOnce() -> Box<dyn Player> + Send + 'static,
        clock: Clock,
        on_end: impl Fn(Spoken) + Send + 'static,
    ) -> std::io::Result<Voice> {
        let (queue, sayings) = sync_channel(QUEUE);
        std::thread::Builder::new()
            .name("voice".into())
            .spawn(move || work(engine(), player(), &clock, &sayings, &on_end))?;
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

fn work(
    engine: anyhow::Result<Box<dyn Tts>>,
    mut player: Box<dyn Player>,
    clock: &Clock,
    sayings: &Receiver<(Saying, Stop)>,
    on_end: &impl Fn(Spoken),
) {
    let mut engine = engine.map_err(|error| format!("{error:#}"));
    let mut cache = Cache::default();
    while let Ok((saying, stop)) = sayings.recv() {
        if stop.is_set() {
            on_end(Spoken { say: saying.say, error: None, stopped: true, synthesis_ms: 0, speech_ms: 0 });
            continue;
        }
        let began = clock.machine_ms();
        let speech = match (saying.what, &mut engine) {
            (What::Chime, _) => Ok(chime()),
            (What::Words { text, lang }, Ok(engine)) => cache.speech(text, lang, engine.as_mut()),
            (What::Words { .. }, Err(error)) => Err(anyhow::anyhow!(error.clone())),
        };
        let synthesis_ms = u32::try_from(clock.machine_ms() - began).unwrap_or(u32::MAX);
        let ended = speech.and_then(|speech| {
            let played = player.play(&speech, &stop)?;
            Ok((played, u32::try_from(speech.duration_ms()).unwrap_or(u32::MAX)))
        });
        let (error, stopped, speech_ms) = match ended {
            Ok((played, speech_ms)) => (None, played == Played::Stopped, speech_ms),
            Err(error) => (Some(format!("{error:#}")), false, 0),
        };
        on_end(Spoken { say: saying.say, error, stopped, synthesis_ms, speech_ms });
    }
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

/// The last sentences and their sound, oldest first.
#[derive(Default)]
struct Cache {
    entries: VecDeque<((Lang, String), Speech)>,
}

impl Cache {
    fn speech(&mut self, text: String, lang: Lang, engine: &mut dyn Tts) -> anyhow::Result<Speech> {
        let key = (lang, text);
        if let Some((_, speech)) = self.entries.iter().find(|(known, _)| *known == key) {
            return Ok(speech.clone());
        }
        let speech = engine.synthesise(&key.1, lang)?;
        if self.entries.len() == CACHE {
            self.entries.pop_front();
        }
        self.entries.push_back((key, speech.clone()));
        Ok(speech)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::speak::player::Silent;
    use std::sync::mpsc::channel;

    struct Counting(SyncSender<String>);

    impl Tts for Counting {
        fn name(&self) -> &'static str {
            "counting"
        }
        fn synthesise(&mut self, text: &str, _lang: Lang) -> anyhow::Result<Speech> {
            anyhow::ensure!(text != "bad", "the engine refused");
            self.0.send(text.to_owned())?;
            Ok(Speech { rate_hz: 1000, samples: vec![0; text.len()] })
        }
    }

    #[test]
    fn replies_end_in_order_repeats_come_from_the_cache_and_failures_are_told() {
        let (synthesised, engine_calls) = sync_channel(10);
        let (ended, ends) = channel();
        let voice = Voice::spawn(
            move || Ok(Box::new(Counting(synthesised))),
            || Box::new(Silent),
            Clock::system(),
            move |spoken| ended.send(spoken).expect("the test is listening"),
        )
        .expect("a thread can be started");
        for (say, text) in [(1, "hello"), (2, "hello"), (3, "bad")] {
            assert!(voice.say(Saying { say, what: What::Words { text: text.into(), lang: Lang::En } }));
        }
        let ends: Vec<_> = ends.iter().take(3).collect();
        assert_eq!(ends.iter().map(|s| s.say).collect::<Vec<_>>(), [1, 2, 3]);
        assert_eq!(ends[0].speech_ms, 5);
        assert_eq!(ends[2].error.as_deref(), Some("the engine refused"));
        voice.hush();
        assert!(
            voice.say(Saying { say: 4, what: What::Words { text: "hello".into(), lang: Lang::En } }),
            "what comes later is said"
        );
        drop(voice);
        assert_eq!(engine_calls.iter().count(), 1);
    }

    /// Plays for ever, until it is stopped.
    struct Endless(std::sync::mpsc::Sender<()>);

    impl Player for Endless {
        fn play(&mut self, _speech: &Speech, stop: &Stop) -> anyhow::Result<Played> {
            self.0.send(())?;
            while !stop.is_set() {
                std::thread::yield_now();
            }
            Ok(Played::Stopped)
        }
    }

    #[test]
    fn hushed_is_what_sounds_and_what_waits() {
        let (began, begins) = channel();
        let (ended, ends) = channel();
        let (calls, _engine_calls) = sync_channel(10);
        let voice = Voice::spawn(
            move || Ok(Box::new(Counting(calls))),
            move || Box::new(Endless(began)),
            Clock::system(),
            move |spoken| ended.send(spoken).expect("the test is listening"),
        )
        .expect("a thread can be started");
        assert!(
            [1, 2]
                .into_iter()
                .all(|say| voice.say(Saying { say, what: What::Words { text: "long".into(), lang: Lang::En } }))
        );
        begins.recv().expect("the first begins");
        voice.hush();
        let ends: Vec<Spoken> = ends.iter().take(2).collect();
        assert!(ends.iter().all(|spoken| spoken.stopped && spoken.error.is_none()), "{ends:?}");
        assert!(begins.try_recv().is_err(), "the second never began");
    }
}
