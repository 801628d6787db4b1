//! The recogniser at work, with a head start.
//!
//! An utterance ends with a silence, and most of that silence is waiting for somebody who has nothing more to say.
//! [`Transcriber::begin`] decodes meanwhile what was said so far, in a thread of its own. Mostly that was all, and
//! [`Transcriber::finish`] has its words at once; else somebody went on, the engine is told to stop, and it is begun
//! again in the next pause. The words are the same either way, since they are those of the same samples.

use super::stt::{Cancel, Stt, nothing_heard};
use crate::decide::event::Hypothesis;
use crate::understand::Lang;
use crate::understand::grammar::{Expect, Grammar};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

/// Writes the grammar for a language and an expectation.
pub type Grammars = Box<dyn Fn(Lang, &Expect) -> Grammar + Send>;

/// Hypotheses for one utterance.
const NBEST: usize = 5;
/// Threads at most: one that decodes, one that waits for it, and those that are only about to notice that nobody wants them.
const MAX_THREADS: usize = 4;
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
    /// Somebody went on.
    cancel: Cancel,
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

    /// Prepares a grammar while nobody speaks yet, in a thread of its own.
    pub fn expect(&mut self, lang: Lang, expect: &Expect) {
        let expect = expect.clone();
        // Without a thread, or by an engine that refuses, it is prepared when it is needed, and there the log says why.
        drop(self.spawn(move |engine| drop(engine.prepare(lang, &expect))));
    }

    /// Decodes what may be all, instead of what was begun before. Not while too many threads are about to notice
    /// that nobody wants them: on a slow board the work that nobody needs any more must not pile up.
    pub fn begin(&mut self, utterance: impl FnOnce() -> Utterance) {
        self.give_up();
        if !self.has_head_start {
            return;
        }
        let (utterance, cancel) = (Arc::new(utterance()), Cancel::default());
        let (theirs, heeded) = (utterance.clone(), cancel.clone());
        // Without a thread it is decoded when it has ended.
        let thread = self.spawn(move |engine| match heeded.is_cancelled() {
            true => nothing_of(&theirs),
            false => engine.transcribe(&theirs, &heeded),
        });
        self.ahead = thread.map(|thread| Ahead { utterance, cancel, thread });
    }

    /// Somebody goes on, or is not listened to any more: what was begun was not all.
    pub fn give_up(&mut self) {
        if let Some(ahead) = self.ahead.take() {
            ahead.cancel.cancel();
        }
    }

    /// The words. An engine that fails has heard nothing: the household is asked again,
    /// and the log says why.
    pub fn finish(&mut self, utterance: &Utterance) -> Transcript {
        if let Some(ahead) = self.ahead.take_if(|ahead| *ahead.utterance == *utterance) {
            return ahead.thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        }
        self.give_up();
        lock(&self.engine).transcribe(utterance, &Cancel::default())
    }

    /// `None`: not one more thread.
    fn spawn<T: Send + 'static>(&self, work: impl FnOnce(&mut Engine) -> T + Send + 'static) -> Option<JoinHandle<T>> {
        // Each thread holds the engine, and so do we.
        if !self.has_head_start || Arc::strong_count(&self.engine) > MAX_THREADS {
            return None;
        }
        let engine = self.engine.clone();
        std::thread::Builder::new().name("stt".into()).spawn(move || work(&mut lock(&engine))).ok()
    }
}

impl Engine {
    fn transcribe(&mut self, utterance: &Utterance, cancel: &Cancel) -> Transcript {
        self.stt.heed(cancel);
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
    use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
    use std::time::Duration;

    /// Says how many samples it heard and how often it was asked; waits until it may, or nobody wants it.
    pub struct Counts {
        asked: Sender<usize>,
        may: Receiver<()>,
        /// False: it never looks whether anybody still waits.
        heeds: bool,
        cancel: Cancel,
    }

    impl Counts {
        /// With what it is asked, and what lets it answer.
        pub fn new() -> (Counts, Receiver<usize>, Sender<()>) {
            let ((asked, asked_rx), (may, may_rx)) = (channel(), channel());
            (Counts { asked, may: may_rx, heeds: true, cancel: Cancel::default() }, asked_rx, may)
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
        fn heed(&mut self, cancel: &Cancel) {
            if self.heeds {
                self.cancel = cancel.clone();
            }
        }
        fn transcribe(&mut self, _: &str, samples: &[i16], _: usize) -> anyhow::Result<Vec<Hypothesis>> {
            self.asked.send(samples.len())?;
            while !self.cancel.is_cancelled() {
                match self.may.recv_timeout(Duration::from_millis(5)) {
                    Err(RecvTimeoutError::Timeout) => {}
                    Ok(()) => break,
                    Err(RecvTimeoutError::Disconnected) => anyhow::bail!("the test has ended"),
                }
            }
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
        // It is not let go: only that nobody wants it any more ends it.
        transcriber.begin(|| utterance(250));
        assert_eq!(asked.recv().unwrap(), 250, "in the next pause it is begun again");
        may.send(()).unwrap();
        assert_eq!(transcriber.finish(&utterance(250)).nbest[0].text, "250");
        assert_eq!(asked.try_iter().count(), 0);
    }

    #[test]
    fn what_was_given_up_keeps_nobody_waiting() {
        let (mut transcriber, asked, may) = transcriber();
        transcriber.begin(|| utterance(100));
        assert_eq!(asked.recv().unwrap(), 100);
        transcriber.give_up();
        // The first may take one of them, if it has not noticed yet.
        (0..2).for_each(|_| may.send(()).unwrap());
        assert_eq!(transcriber.finish(&utterance(250)).nbest[0].text, "250");
        assert_eq!(asked.try_iter().collect::<Vec<_>>(), [250]);
        // And what a pause before that began is no answer to it.
        transcriber.begin(|| utterance(300));
        assert_eq!(asked.recv().unwrap(), 300);
        (0..2).for_each(|_| may.send(()).unwrap());
        assert_eq!(transcriber.finish(&utterance(400)).nbest[0].text, "400");
    }

    #[test]
    fn work_that_nobody_needs_does_not_pile_up() {
        let (stt, asked, may) = Counts::new();
        let stt = Counts { heeds: false, ..stt };
        let mut transcriber = Transcriber::new(Box::new(stt), Box::new(|_, _| Grammar::default()));
        transcriber.begin(|| utterance(1));
        assert_eq!(asked.recv().unwrap(), 1);
        (2..50).for_each(|count| transcriber.begin(|| utterance(count)));
        assert!(Arc::strong_count(&transcriber.engine) <= MAX_THREADS + 1);
        // The first that was begun, and what is asked for in the end; nothing in between.
        (0..2).for_each(|_| may.send(()).unwrap());
        assert_eq!(transcriber.finish(&utterance(99)).nbest[0].text, "99");
        assert_eq!(asked.try_iter().collect::<Vec<_>>(), [99]);
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
