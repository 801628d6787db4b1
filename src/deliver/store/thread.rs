//! The store on a thread of its own: callers wait without blocking the loop.

use super::{Due, Store, StoreError};
use crate::decide::effect::Write;
use crate::decide::order::{Order, OrderId};
use std::sync::mpsc::{SyncSender, sync_channel};
use tokio::sync::oneshot;

/// Jobs that may wait; a caller beyond that waits for its place.
const QUEUE: usize = 64;

type Job = Box<dyn FnOnce(&mut Worker) + Send>;

/// Makes the signed bytes of an order; lives on the store's thread.
pub type Sealer = Box<dyn FnMut(&Order, u64) -> anyhow::Result<Vec<u8>> + Send>;

struct Worker {
    store: Store,
    seal: Sealer,
}

/// Cheap to clone. The thread ends when the last handle is gone.
#[derive(Clone)]
pub struct StoreHandle {
    jobs: SyncSender<Job>,
}

impl StoreHandle {
    /// Moves the store to its thread.
    ///
    /// # Errors
    /// When the machine has no thread left.
    pub fn spawn(store: Store, seal: Sealer) -> std::io::Result<StoreHandle> {
        let (jobs, queue) = sync_channel::<Job>(QUEUE);
        std::thread::Builder::new().name("store".into()).spawn(move || {
            let mut worker = Worker { store, seal };
            while let Ok(job) = queue.recv() {
                job(&mut worker);
            }
        })?;
        Ok(StoreHandle { jobs })
    }

    /// As [`Store::commit`].
    pub async fn commit(&self, writes: Vec<Write>) -> Result<(), StoreError> {
        self.ask(move |worker| worker.store.commit(&writes, &mut *worker.seal)).await
    }

    /// As [`Store::outbox_bytes`].
    pub async fn outbox_bytes(&self, order: OrderId) -> Result<Option<Vec<u8>>, StoreError> {
        self.read(move |store| store.outbox_bytes(&order)).await
    }

    /// As [`Store::due`].
    pub async fn due(&self) -> Result<Vec<Due>, StoreError> {
        self.read(|store| store.due()).await
    }

    /// As [`Store::forget_words`].
    pub async fn forget_words(&self, before_unix_ms: i64) -> Result<(), StoreError> {
        self.ask(move |worker| worker.store.forget_words(before_unix_ms)).await
    }

    /// Runs anything else on the store's thread.
    pub async fn read<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.ask(move |worker| job(&mut worker.store)).await
    }

    async fn ask<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Worker) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (answer, waiting) = oneshot::channel();
        let mut job: Job = Box::new(move |worker| {
            // A caller that stopped waiting needs no answer.
            let _ = answer.send(job(worker));
        });
        loop {
            match self.jobs.try_send(job) {
                Ok(()) => break,
                Err(std::sync::mpsc::TrySendError::Full(back)) => job = back,
                Err(std::sync::mpsc::TrySendError::Disconnected(_)) => return Err(StoreError::Gone),
            }
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        }
        waiting.await.map_err(|_| StoreError::Gone)?
    }
}
