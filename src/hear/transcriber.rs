//! The recogniser at work, with a head start.
//!
//! An utterance ends with a silence, and most of that silence is waiting for somebody who has nothing more to say.
//! [`Transcriber::begin`] decodes meanwhile what was said so far, in a thread of its own. Mostly that was all, and
//! [`Transcriber::finish`] has its words at once; else it decodes the whole. The words are the same either way, since
//! they are those of the same samples.

use super::stt::{Stt, nothing_heard};
use crate::decide::event::Hypothesis;
use crate::understand::Lang;
use crate::understand::grammar::{Expect, Grammar};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

/// Writes the grammar for a language and an expectation.
pub type Grammars = Box<dyn Fn(Lang, &Expect) -> Grammar + Send>;

/// Hypotheses for one utterance.
const NBEST: usize = 5;
/// Grammars that stay prepared.
const MAX_GRAMMARS: usize = 6;

/// An engine, its grammars, and what it decodes ahead.
pub struct Transcriber {
    engine: Arc<Mutex<Engine>>,
    has_head_start: bool,
    ahead: Option<Ahead>,
}

/// Sound (16 kHz mono i16) and what may have been said there.
#[derive(Debug, Clone, PartialEq)]
pub struct Utterance {
    pub lang: Lang,
    pub expect: Expect,
    pub samples: Vec<i16>,
}

/// What was said there.
#[derive(Debug, Clone, PartialEq)]
pub struct Transcript {
    /// Best first, never empty.
    pub nbest: Vec<Hypothesis>,
    /// The utterance's, or the one that the engine found out.
    pub lang: Lang,
}

/// Sound that is being decoded, perhaps too early.
struct Ahead {
    utterance: Arc<Utterance>,
    /// False: somebody went on, so what has not begun need not.
    wanted: Arc<AtomicBool>,
    thread: JoinHandle<Transcript>,
}

struct Engine {
    stt: Box<dyn Stt>,
    grammars: Grammars,
    /// Keys of prepared grammars, the one used last at the end.
    prepared: Vec<String>,
}

impl Transcriber {
    pub fn new(stt: Box<dyn Stt>, grammars: Grammars) -> Transcriber {
        let has_head_start = stt.has_head_start();
        let engine = Engine { stt, grammars, prepared: Vec::new() };
        Transcriber { engine: Arc::new(Mutex::new(engine)), has_head_start, ahead: None }
    }

    /// Prepares a grammar, so that the first utterance need not wait for it.
    ///
    /// # Errors
    /// The engine does not take the grammar.
    pub fn prepare(&mut self, lang: Lang, expect: &Expect) -> anyhow::Result<()> {
        lock(&self.engine).prepare(lang, expect).map(drop)
    }

    /// Decodes what may be all. Does nothing while something earlier is still being decoded: on a slow board the
    /// work that nobody needs any more must not pile up.
    pub fn begin(&mut self, utterance: impl FnOnce() -> Utterance) {
        if !self.has_head_start || self.ahead.as_ref().is_some_and(|ahead| !ahead.thread.is_finished()) {
            return;
        }
        let utterance = Arc::new(utterance());
        let wanted = Arc::new(AtomicBool::new(true));
        let (engine, theirs, still_wanted) = (self.engine.clone(), utterance.clone(), wanted.clone());
        let thread = std::thread::Builder::new().name("stt".into()).spawn(move || {
            let mut engine = lock(&engine);
            if still_wanted.load(Ordering::SeqCst) { engine.transcribe(&theirs) } else { nothing_of(&theirs) }
        });
        // Without a thread it is decoded when it has ended.
        self.ahead = thread.ok().map(|thread| Ahead { utterance, wanted, thread });
    }

    /// The words. An engine that fails has heard nothing: the household is asked again,
    /// and the log says why.
    pub fn finish(&mut self, utterance: &Utterance) -> Transcript {
        match self.ahead.take() {
            Some(ahead) if *ahead.utterance == *utterance => {
                ahead.thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            }
            stale => {
                stale.iter().for_each(|ahead| ahead.wanted.store(false, Ordering::SeqCst));
                lock(&self.engine).transcribe(utterance)
            }
        }
    }
}

impl Engine {
    fn transcribe(&mut self, utterance: &Utterance) -> Transcript {
        let result = self
            .prepare(utterance.lang, &utterance.expect)
            .and_then(|key| self.stt.transcribe(&key, &utterance.samples, NBEST));
        match result {
            Ok(nbest) => Transcript { nbest, lang: self.stt.detected().unwrap_or(utterance.lang) },
            Err(why) => {
                tracing::error!("an utterance could not be transcribed: {why:#}");
                nothing_of(utterance)
            }
        }
    }

    fn prepare(&mut self, lang: Lang, expect: &Expect) -> anyhow::Result<String> {
        let key = format!("{lang} {expect:?}");
        if let Some(at) = self.prepared.iter().position(|k| *k == key) {
            self.prepared.remove(at);
        } else {
            if self.prepared.len() >= MAX_GRAMMARS {
                let oldest = self.prepared.remove(0);
                self.stt.forget(&oldest);
            }
            self.stt.prepare(&key, &(self.grammars)(lang, expect))?;
        }
        self.prepared.push(key.clone());
        Ok(key)
    }
}

fn nothing_of(utterance: &Utterance) -> Transcript {
    Transcript { nbest: nothing_heard(), lang: utterance.lang }
}

/// An engine that panicked has failed that utterance, and is asked again for the next.
fn lock(engine: &Mutex<Engine>) -> MutexGuard<'_, Engine> {
    engine.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use std::sync::mpsc::{Receiver, Sender, channel};

    /// Says how many samples it heard and how often it was asked; waits until it may.
    pub struct Counts {
        asked: Sender<usize>,
        may: Receiver<()>,
    }

    impl Counts {
        /// With what it is asked, and what lets it answer.
        pub fn new() -> (Counts, Receiver<usize>, Sender<()>) {
            let ((asked, asked_rx), (may, may_rx)) = (channel(), channel());
            (Counts { asked, may: may_rx }, asked_rx, may)
        }
    }

    impl Stt for Counts {
        fn name(&self) -> &'static str {
            "counts"
        }
        fn prepare(&mut self, _: &str, _: &Grammar) -> anyhow::Result<()> {
            Ok(())
        }
        fn forget(&mut self, _: &str) {}
        fn transcribe(&mut self, _: &str, samples: &[i16], _: usize) -> anyhow::Result<Vec<Hypothesis>> {
            self.asked.send(samples.len())?;
            self.may.recv()?;
            Ok(vec![Hypothesis { text: samples.len().to_string(), confidence: 1.0 }])
        }
    }

    fn transcriber() -> (Transcriber, Receiver<usize>, Sender<()>) {
        let (stt, asked_rx, may) = Counts::new();
        (Transcriber::new(Box::new(stt), Box::new(|_, _| Grammar::default())), asked_rx, may)
    }

    fn utterance(samples: usize) -> Utterance {
        Utterance { lang: Lang::En, expect: Expect::Command, samples: vec![1; samples] }
    }

    #[test]
    fn what_was_all_is_decoded_once() {
        let (mut transcriber, asked, may) = transcriber();
        transcriber.begin(|| utterance(100));
        assert_eq!(asked.recv().unwrap(), 100, "before it is known whether that was all");
        may.send(()).unwrap();
        assert_eq!(transcriber.finish(&utterance(100)).nbest[0].text, "100");
        assert!(asked.try_recv().is_err());
    }

    #[test]
    fn somebody_who_goes_on_is_heard_to_the_end() {
        let (mut transcriber, asked, may) = transcriber();
        transcriber.begin(|| utterance(100));
        assert_eq!(asked.recv().unwrap(), 100);
        transcriber.begin(|| panic!("begun while the first is being decoded"));
        (0..2).for_each(|_| may.send(()).unwrap());
        assert_eq!(transcriber.finish(&utterance(250)).nbest[0].text, "250");
        assert_eq!(asked.try_iter().collect::<Vec<_>>(), [250]);
    }

    #[test]
    fn the_same_sound_under_another_question_is_another_utterance() {
        let (mut transcriber, asked, may) = transcriber();
        transcriber.begin(|| utterance(100));
        assert_eq!(asked.recv().unwrap(), 100);
        (0..2).for_each(|_| may.send(()).unwrap());
        transcriber.finish(&Utterance { expect: Expect::Confirm, ..utterance(100) });
        assert_eq!(asked.try_iter().count(), 1);
    }
}
