//! The book in a PostgreSQL database, which any number of workers share.
//!
//! A thread of its own holds the connection, so that the desk can wait for an answer wherever it runs, and each wait is bounded.
//! A connection that is lost comes back with the next transaction, never within one. What only this database has is here:
//! advisory locks, so that the orders of one home and those for one product come one after the other; and the numbers of the
//! workers, each held as a lock for as long as its connection lives. Nobody's clock is compared with anybody's.

mod address;
mod connection;

use super::db::{Office, Row, Value};
use crate::deliver::store::StoreError;
use address::Address;
use connection::{Connection, Job, What};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::Duration;

/// Longer than anything that the connection allows a statement.
const PATIENCE: Duration = Duration::from_secs(60);
/// Workers that one book can have.
const MAX_WORKERS: i64 = 1000;
/// Rows that a cursor brings at once.
const FETCH: u32 = 500;
/// "tnsh": the first half of the workers' locks; the second is the worker's number, and 0 for who speaks for all.
const WORKERS: i64 = 0x746e_7368;
/// "tnwh": the lock of who delivers to the webhook.
const WEBHOOK: i64 = 0x746e_7768;

/// What the connection's thread and its owner both know.
#[derive(Default)]
struct Shared {
    serves: AtomicBool,
    /// The worker's number, 0 before it serves.
    worker: AtomicI64,
    /// It does something for all workers: it holds that lock.
    leads: AtomicBool,
}

pub struct Postgres {
    jobs: tokio::sync::mpsc::UnboundedSender<Job>,
    name: PathBuf,
    shared: Arc<Shared>,
}

impl Postgres {
    /// Connects, and makes or migrates the tables.
    pub fn open(url: &str, make: bool) -> Result<Postgres, StoreError> {
        let address = Address::parse(url)?;
        let name = address.name.clone();
        let shared = Arc::new(Shared::default());
        let (jobs, queue) = tokio::sync::mpsc::unbounded_channel();
        let connection = Connection::new(address, shared.clone());
        let access = |why: std::io::Error| StoreError::Access { path: name.clone(), why: why.to_string() };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(access)?;
        std::thread::Builder::new()
            .name("postgres".into())
            .spawn(move || runtime.block_on(connection.run(queue)))
            .map_err(access)?;
        let postgres = Postgres { jobs, name, shared };
        postgres.ask(What::Migrate { make })?;
        Ok(postgres)
    }

    pub fn name(&self) -> &Path {
        &self.name
    }

    pub fn rows(&self, sql: &str, values: &[Value]) -> Result<Vec<Row>, StoreError> {
        Ok(self.ask(What::Statement { sql: sql.into(), values: values.into() })?.rows)
    }

    /// By a cursor, which needs a transaction.
    pub fn each(&self, sql: &str, take: &mut dyn FnMut(Row) -> Result<(), StoreError>) -> Result<(), StoreError> {
        let cursor = format!("rows_{:x}", key_of(sql));
        self.ask(What::Batch { sql: format!("DECLARE {cursor} NO SCROLL CURSOR FOR {sql}") })?;
        loop {
            let rows = self.rows(&format!("FETCH FORWARD {FETCH} FROM {cursor}"), &[])?;
            if rows.is_empty() {
                break;
            }
            rows.into_iter().try_for_each(&mut *take)?;
        }
        self.ask(What::Batch { sql: format!("CLOSE {cursor}") }).map(|_| ())
    }

    pub fn run(&self, sql: &str, values: &[Value]) -> Result<u64, StoreError> {
        Ok(self.ask(What::Statement { sql: sql.into(), values: values.into() })?.changed)
    }

    pub fn begin(&self, claim: Option<&str>) -> Result<(), StoreError> {
        self.ask(What::Begin { claim: claim.map(|name| key_of(name).to_string()) }).map(|_| ())
    }

    pub fn commit(&self) -> Result<(), StoreError> {
        self.ask(What::Commit).map(|_| ())
    }

    pub fn rollback(&self) {
        // Where this fails the connection is gone, and the transaction with it.
        let _ = self.ask(What::Rollback);
    }

    /// In one order for everybody, so that no two wait for each other.
    pub fn claim(&self, names: &[String]) -> Result<(), StoreError> {
        let mut keys: Vec<i64> = names.iter().map(|name| key_of(name)).collect();
        keys.sort_unstable();
        keys.dedup();
        if keys.is_empty() {
            return Ok(());
        }
        let locks: Vec<String> = keys.iter().map(|key| format!("pg_advisory_xact_lock({key})")).collect();
        self.ask(What::Batch { sql: format!("SELECT {}", locks.join(", ")) }).map(|_| ())
    }

    pub fn serve(&self) -> Result<i64, StoreError> {
        self.shared.serves.store(true, Ordering::SeqCst);
        self.ask(What::Serve)?;
        Ok(self.worker())
    }

    pub fn worker(&self) -> i64 {
        self.shared.worker.load(Ordering::SeqCst)
    }

    pub fn alive(&self) -> Result<Vec<i64>, StoreError> {
        let sql = "SELECT objid::bigint FROM pg_locks
                   WHERE locktype = 'advisory' AND classid::bigint = ?1 AND objid > 0 AND objsubid = 2 AND granted
                   AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
        let rows = self.rows(sql, &[Value::Int(WORKERS)])?;
        let numbers = rows.iter().map(|row| row.get(0)).collect::<Result<_, _>>();
        numbers.map_err(|why| StoreError::Damaged { path: self.name.clone(), why: why.to_string() })
    }

    pub fn lead(&self, what: Office, may: bool) -> Result<bool, StoreError> {
        let class = match what {
            Office::Presence => WORKERS,
            Office::Webhook => WEBHOOK,
        };
        let leads = self.shared.leads.load(Ordering::SeqCst);
        if leads != may {
            let function = if may { "pg_try_advisory_lock" } else { "pg_advisory_unlock" };
            let rows = self.rows(&format!("SELECT {function}({class}, 0)::int"), &[])?;
            let done = rows.first().and_then(|row| row.get::<bool>(0).ok()).unwrap_or(false);
            self.shared.leads.store(may && done, Ordering::SeqCst);
        }
        Ok(self.shared.leads.load(Ordering::SeqCst))
    }

    fn ask(&self, what: What) -> Result<connection::Answer, StoreError> {
        let (answer, waiting): (SyncSender<_>, _) = sync_channel(1);
        let gone = || StoreError::Unreachable { path: self.name.clone(), why: "it does not answer".into() };
        self.jobs.send(Job { what, answer }).map_err(|_| gone())?;
        waiting.recv_timeout(PATIENCE).map_err(|_| gone())?
    }
}

/// The number of a lock, the same in each worker. Two names of one number only wait for each other.
fn key_of(name: &str) -> i64 {
    let hash = Sha256::digest(name.as_bytes());
    let (first, _) = hash.split_first_chunk::<8>().expect("SHA-256 has 32 bytes");
    i64::from_be_bytes(*first)
}
