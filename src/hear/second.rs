//! A second recogniser that hears an utterance again when the household's order makes it worth the time.
//!
//! On a thread of its own, one utterance at a time: what comes while it is at work is not heard, and said so. The samples are in
//! memory only, and gone when it has answered. Never hears anything that nobody asked it to.

use super::ears::EarEvent;
use super::stt::{Stt, nothing_heard};
use super::transcriber::{Grammars, Transcriber, Utterance};
use crate::understand::Lang;
use crate::understand::grammar::Expect;
use anyhow::Context;
use std::sync::mpsc::{SyncSender, sync_channel};

/// The recogniser's thread ends when this is dropped and it has answered.
pub struct SecondEar {
    jobs: SyncSender<(u32, Utterance)>,
}

impl SecondEar {
    /// Makes itself ready for requests in `lang`. `events` gets an [`EarEvent::HeardAgain`] for each utterance that it took.
    ///
    /// # Errors
    /// The thread can't be started.
    pub fn spawn(
        stt: Box<dyn Stt>,
        grammars: Grammars,
        lang: Lang,
        events: impl Fn(EarEvent) + Send + 'static,
    ) -> anyhow::Result<SecondEar> {
        // No room: it takes one when it waits for one.
        let (jobs, todo) = sync_channel::<(u32, Utterance)>(0);
        let mut transcriber = Transcriber::new(stt, grammars);
        let work = move || {
            if let Err(why) = transcriber.prepare(lang, &Expect::Command) {
                tracing::error!("the second ear does not take the catalogue's grammar: {why:#}");
            }
            for (id, utterance) in todo {
                let nbest = transcriber.finish(&utterance).nbest;
                drop(utterance);
                events(EarEvent::HeardAgain { id, nbest });
            }
        };
        std::thread::Builder::new().name("second ear".into()).spawn(work).context("the second ear has no thread")?;
        Ok(SecondEar { jobs })
    }

    /// Has `utterance` heard; without one, or while it is at work, the answer is that nothing was.
    pub(super) fn hear(&self, id: u32, utterance: Option<Utterance>) -> Option<EarEvent> {
        let taken = utterance.is_some_and(|utterance| self.jobs.try_send((id, utterance)).is_ok());
        (!taken).then(|| nothing(id))
    }
}

/// There was nothing to hear, or nobody to hear it.
pub(super) fn nothing(id: u32) -> EarEvent {
    EarEvent::HeardAgain { id, nbest: nothing_heard() }
}
