//! Errands of the loop that take time: writing to the store, talking to the shop. Each kind
//! has one task, so that they are run in the order in which they were given.

use crate::clock::Clock;
use crate::decide::effect::Write;
use crate::deliver::link::{LinkCommand, LinkHandle};
use crate::deliver::store::StoreHandle;
use tokio::sync::mpsc;

/// Errands of one kind that may wait.
const QUEUE: usize = 64;

/// What became of an `Effect::Store`.
#[derive(Debug, Clone, PartialEq)]
pub struct StoreAnswer {
    pub ticket: u32,
    /// One line, and what to do next.
    pub result: Result<(), String>,
    /// Milliseconds of machine time.
    pub ms: u32,
}

struct StoreErrand {
    ticket: u32,
    writes: Vec<Write>,
}

pub struct Errands {
    store: mpsc::Sender<StoreErrand>,
    link: mpsc::Sender<LinkCommand>,
    failed: mpsc::Sender<StoreAnswer>,
    words: StoreHandle,
}

impl Errands {
    /// Starts the two tasks; they end when this is dropped. `answers` gets what became of
    /// each [`Errands::store`].
    pub fn start(store: StoreHandle, link: LinkHandle, clock: Clock, answers: mpsc::Sender<StoreAnswer>) -> Errands {
        let (store_queue, mut writes) = mpsc::channel::<StoreErrand>(QUEUE);
        let (link_queue, mut commands) = mpsc::channel(QUEUE);
        let (failed, words, changed) = (answers.clone(), store.clone(), link_queue.clone());
        tokio::spawn(async move {
            while let Some(StoreErrand { ticket, writes }) = writes.recv().await {
                let began_ms = clock.machine_ms();
                let changes_order = writes.iter().any(|write| matches!(write, Write::Order(_)));
                let result = store.commit(writes).await.map_err(|error| error.to_string());
                if changes_order && result.is_ok() {
                    // The next change, or the next connection, tells of this one as well.
                    let _ = changed.try_send(LinkCommand::ShareOrders);
                }
                let ms = u32::try_from(clock.machine_ms() - began_ms).unwrap_or(u32::MAX);
                if answers.send(StoreAnswer { ticket, result, ms }).await.is_err() {
                    return;
                }
            }
        });
        tokio::spawn(async move {
            while let Some(command) = commands.recv().await {
                if !link.send(command).await {
                    return;
                }
            }
        });
        Errands { store: store_queue, link: link_queue, failed, words }
    }

    /// Writes and fsyncs, in the order of the calls.
    pub fn store(&self, ticket: u32, writes: Vec<Write>) {
        if self.store.try_send(StoreErrand { ticket, writes }).is_err() {
            let result = Err("the disk can't keep up; nothing was written".to_owned());
            // The mind hears of it, or has a deadline of its own.
            let _ = self.failed.try_send(StoreAnswer { ticket, result, ms: 0 });
        }
    }

    /// Drops old words from the store when it has time; the next day tries again what failed.
    pub fn forget_words(&self, before_unix_ms: i64) {
        let store = self.words.clone();
        tokio::spawn(async move {
            if let Err(error) = store.forget_words(before_unix_ms).await {
                tracing::warn!("old words could not be dropped: {error}");
            }
        });
    }

    /// Tells the link. What does not fit is no loss: the outbox sends from the store, and the
    /// mind's waits have deadlines.
    pub fn send(&self, command: LinkCommand) {
        if let Err(error) = self.link.try_send(command) {
            tracing::error!("the link to the broker can't keep up: {error}");
        }
    }
}
