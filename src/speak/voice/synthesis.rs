//! Replies → sound, on a thread of its own: the engine that has a voice for the language, in pieces where it takes long, and what
//! is kept of what was said before.

use crate::speak::phrases::{Key, Phrases};
use crate::speak::player::Stop;
use crate::speak::sentences::sentences;
use crate::speak::tts::{Pace, Speech, Tts};
use crate::understand::Lang;
use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, SyncSender};

/// Sentences whose sound is kept in memory, since "say order it" is said all day.
const RECENT: usize = 64;
/// Behind each sentence but the last, milliseconds. A sound card adds its latency, so that about as much as Piper's own 200 ms is heard.
const PAUSE_MS: usize = 80;

/// A piece of a reply in its order; `None` behind the last, and nothing behind an error.
pub type Piece = anyhow::Result<Option<Speech>>;

/// One reply to be made.
pub(super) struct Job {
    pub text: String,
    pub lang: Lang,
    /// Nobody wants to hear it any more.
    pub stop: Stop,
    pub pieces: SyncSender<Piece>,
}

/// Engines in order of preference, and what they said before.
pub struct Synthesis {
    engines: Vec<Box<dyn Tts>>,
    phrases: Option<Phrases>,
    recent: Recent,
}

/// Until the queue is closed.
pub(super) fn work(synthesis: anyhow::Result<Synthesis>, jobs: &Receiver<Job>) {
    let mut synthesis = synthesis.map_err(|error| format!("{error:#}"));
    while let Ok(Job { text, lang, stop, pieces }) = jobs.recv() {
        match &mut synthesis {
            // Who hushes the voice has left.
            Ok(synthesis) => synthesis.speak(&text, lang, |piece| !stop.is_set() && pieces.send(piece).is_ok()),
            Err(error) => drop(pieces.send(Err(anyhow::anyhow!(error.clone())))),
        }
    }
}

impl Synthesis {
    pub fn new(engines: Vec<Box<dyn Tts>>) -> Synthesis {
        Synthesis { engines, phrases: None, recent: Recent::default() }
    }

    /// What takes long to make is kept there.
    pub fn keeping(self, phrases: Phrases) -> Synthesis {
        Synthesis { phrases: Some(phrases), ..self }
    }

    /// Gives the pieces of a reply to `take` as they are made, until it wants no more.
    pub fn speak(&mut self, text: &str, lang: Lang, mut take: impl FnMut(Piece) -> bool) {
        let pieces = match self.engines.iter().find_map(|engine| engine.pace(lang)) {
            Some(Pace::AtOnce) | None => vec![text.to_owned()],
            Some(Pace::Slow { .. }) => sentences(text),
        };
        let last = pieces.len().saturating_sub(1);
        for (at, piece) in pieces.into_iter().enumerate() {
            match self.piece(&piece, lang) {
                Ok(Made { speech, key }) => {
                    let pause = if at < last { PAUSE_MS * speech.rate_hz as usize / 1000 } else { 0 };
                    let mut heard = speech.clone();
                    heard.samples.resize(speech.samples.len() + pause, 0);
                    let wanted = take(Ok(Some(heard)));
                    // The disk has time while it is played.
                    if let Some((phrases, key)) = self.phrases.as_mut().zip(key) {
                        phrases.put(&key, &speech);
                    }
                    if !wanted {
                        return;
                    }
                }
                Err(error) => {
                    take(Err(error));
                    return;
                }
            }
        }
        take(Ok(None));
    }

    /// By the first engine that can.
    fn piece(&mut self, text: &str, lang: Lang) -> anyhow::Result<Made> {
        let mut failed: Option<anyhow::Error> = None;
        for engine in &mut self.engines {
            let Some(pace) = engine.pace(lang) else { continue };
            if let Some(error) = &failed {
                tracing::warn!("{error:#}; {} speaks instead", engine.name());
            }
            if let Some(speech) = self.recent.get(engine.name(), lang, text) {
                return Ok(Made { speech, key: None });
            }
            let key = match pace {
                Pace::AtOnce => None,
                Pace::Slow { voice } => Some(Key::new(engine.name(), &voice, lang, text)),
            };
            let kept = self.phrases.as_mut().zip(key.as_ref()).and_then(|(phrases, key)| phrases.get(key));
            let (key, made) = match kept {
                Some(speech) => (None, Ok(speech)),
                None => (key, engine.synthesise(text, lang)),
            };
            match made {
                Ok(speech) => {
                    self.recent.keep(engine.name(), lang, text, &speech);
                    return Ok(Made { speech, key });
                }
                Err(error) => failed = Some(error),
            }
        }
        Err(failed.unwrap_or_else(|| anyhow::anyhow!("no engine in [tts] engines has a voice for \"{lang}\"")))
    }
}

/// The sound of a piece; with `key`, it is to be kept under it.
struct Made {
    speech: Speech,
    key: Option<Key>,
}

/// The last sentences and their sound, oldest first.
#[derive(Default)]
struct Recent {
    entries: VecDeque<((&'static str, Lang, String), Speech)>,
}

impl Recent {
    fn get(&self, engine: &str, lang: Lang, text: &str) -> Option<Speech> {
        let known = |(name, of, said): &(&'static str, Lang, String)| *name == engine && *of == lang && said == text;
        self.entries.iter().find(|(key, _)| known(key)).map(|(_, speech)| speech.clone())
    }

    fn keep(&mut self, engine: &'static str, lang: Lang, text: &str, speech: &Speech) {
        if self.entries.len() == RECENT {
            self.entries.pop_front();
        }
        self.entries.push_back(((engine, lang, text.to_owned()), speech.clone()));
    }
}
