//! The shop's SQLite file: whom it trusts, what it quoted, what it booked, what it must still say.
//!
//! A booking, its idempotency key and its receipt are one transaction; what the shop has to say
//! about it is in that transaction too (`outgoing`), so that no crash can separate them. Never
//! talks to a broker and never decides whether to book.

mod bursts;
pub mod chat;
pub mod pairing;

use super::burst::Ruling;
use crate::deliver::envelope::StatusState;
use crate::deliver::keys::PublicKey;
use crate::deliver::store::StoreError;
use crate::deliver::store::error::at;
use crate::deliver::store::schema;
use crate::deliver::topic::Route;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, TransactionBehavior, params};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// The file's name in the data folder.
pub const FILE: &str = "shop.db";
/// "tnsh"
const APPLICATION_ID: i64 = 0x746e_7368;
/// Keys and quotes are kept this long, because speakers go offline.
pub const KEEP_MS: i64 = 30 * 24 * 3_600_000;

const FIRST: &str = "
    CREATE TABLE devices (
        home TEXT NOT NULL, device TEXT NOT NULL, key TEXT NOT NULL, PRIMARY KEY (home, device)
    ) STRICT;
    CREATE TABLE quotes (
        hash TEXT PRIMARY KEY, home TEXT NOT NULL, device TEXT NOT NULL, body TEXT NOT NULL,
        valid_until_unix_ms INTEGER NOT NULL, ordered_by TEXT
    ) STRICT;
    CREATE INDEX quotes_by_age ON quotes (valid_until_unix_ms);
    CREATE TABLE idempotency (
        home TEXT NOT NULL, device TEXT NOT NULL, order_id TEXT NOT NULL,
        order_hash TEXT, seq INTEGER, receipt BLOB, made_unix_ms INTEGER NOT NULL,
        PRIMARY KEY (home, device, order_id), UNIQUE (home, device, seq)
    ) STRICT;
    CREATE INDEX idempotency_by_age ON idempotency (made_unix_ms);
    CREATE TABLE bookings (
        no INTEGER PRIMARY KEY AUTOINCREMENT,
        home TEXT NOT NULL, device TEXT NOT NULL, order_id TEXT NOT NULL,
        state TEXT NOT NULL, rev INTEGER NOT NULL, body TEXT NOT NULL,
        total INTEGER NOT NULL, currency TEXT NOT NULL, booked_unix_ms INTEGER NOT NULL,
        UNIQUE (home, device, order_id)
    ) STRICT;
    CREATE TABLE outgoing (id INTEGER PRIMARY KEY AUTOINCREMENT, topic TEXT NOT NULL, bytes BLOB NOT NULL) STRICT;
";
/// Since when an order is in its state, when it was delivered and withdrawn from, and for how long one may.
const BACK: &str = "
    ALTER TABLE bookings ADD COLUMN since_unix_ms INTEGER;
    ALTER TABLE bookings ADD COLUMN delivered_unix_ms INTEGER;
    ALTER TABLE bookings ADD COLUMN withdrawn_unix_ms INTEGER;
    ALTER TABLE bookings ADD COLUMN withdrawal_days INTEGER;
    UPDATE bookings SET withdrawal_days = (SELECT json_extract(quotes.body, '$.withdrawal_days') FROM quotes
        WHERE json_valid(bookings.body) AND quotes.hash = json_extract(bookings.body, '$.quote_hash'));
";
const MIGRATIONS: &[&str] = &[FIRST, bursts::MIGRATION, BACK, chat::MIGRATION, pairing::MIGRATION];

pub struct Book {
    db: Connection,
    path: PathBuf,
}

/// An order in the book: booked, or held until it is approved or expires.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Booking {
    pub shop_order_no: String,
    pub home: String,
    pub device: String,
    pub order_id: String,
    pub state: String,
    pub rev: u64,
    /// The order's data as it was signed.
    pub order: serde_json::Value,
    /// Minor units.
    pub total: i64,
    pub currency: String,
    /// When it was booked, or came, if it is held.
    pub booked_unix_ms: i64,
    /// After this it may not be booked any more; unknown of what an earlier version booked.
    pub expires_unix_ms: Option<i64>,
    /// Since when it is in its state; unknown of one that was only booked.
    pub since_unix_ms: Option<i64>,
    pub delivered_unix_ms: Option<i64>,
    /// When the household's withdrawal came: what its acknowledgement says.
    pub withdrawn_unix_ms: Option<i64>,
    /// Days after the delivery in which the household may withdraw, by its quote; unknown of what an earlier version booked.
    pub withdrawal_days: Option<u16>,
}

/// What is known of an order id.
pub struct Known {
    /// `None`: it was cancelled before it came.
    pub order_hash: Option<String>,
    pub receipt: Option<Vec<u8>>,
}

impl Book {
    /// # Errors
    /// [`StoreError`].
    pub fn open(data_dir: &Path) -> Result<Book, StoreError> {
        let path = data_dir.join(FILE);
        Ok(Book { db: schema::open_with(&path, APPLICATION_ID, MIGRATIONS)?, path })
    }

    /// Runs `job` in one transaction: everything or nothing.
    ///
    /// # Errors
    /// The job's, or [`StoreError`] when it can't be written.
    pub fn write<T>(&mut self, job: impl FnOnce(&Page<'_>) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let path = self.path.clone();
        let tx = self.db.transaction_with_behavior(TransactionBehavior::Immediate).map_err(at(&path))?;
        let done = job(&Page { tx: &tx, path: &path })?;
        tx.commit().map_err(at(&path))?;
        Ok(done)
    }

    pub fn trust(&mut self, home: &str, device: &str, key: &PublicKey) -> Result<(), StoreError> {
        self.write(|page| {
            page.run("INSERT OR REPLACE INTO devices VALUES (?1, ?2, ?3)", params![home, device, key.to_string()])
        })
    }

    pub fn device_key(&self, route: &Route) -> Result<Option<PublicKey>, StoreError> {
        let key: Option<String> = self
            .db
            .query_row(
                "SELECT key FROM devices WHERE home = ?1 AND device = ?2",
                [route.home(), route.device()],
                |row| row.get(0),
            )
            .optional()
            .map_err(at(&self.path))?;
        key.map(|text| text.parse().map_err(|e| StoreError::Damaged { path: self.path.clone(), why: format!("{e}") }))
            .transpose()
    }

    pub fn trust_all(&mut self, devices: &[(String, String, PublicKey)]) -> Result<(), StoreError> {
        self.write(|page| {
            devices.iter().try_for_each(|(home, device, key)| {
                page.run("INSERT OR REPLACE INTO devices VALUES (?1, ?2, ?3)", params![home, device, key.to_string()])
            })
        })
    }

    /// Every booking, oldest first; not what is held, or was held and never approved.
    pub fn bookings(&self) -> Result<Vec<Booking>, StoreError> {
        self.list(&format!("{BOOKING} WHERE booked = 1 ORDER BY no"))
    }

    /// Every order that is held, oldest first.
    pub fn held(&self) -> Result<Vec<Booking>, StoreError> {
        self.list(&format!("{BOOKING} WHERE state = 'held' ORDER BY no"))
    }

    /// Every order that was booked or held, oldest first.
    pub fn all(&self) -> Result<Vec<Booking>, StoreError> {
        self.list(&format!("{BOOKING} ORDER BY no"))
    }

    fn list(&self, sql: &str) -> Result<Vec<Booking>, StoreError> {
        let mut query = self.db.prepare(sql).map_err(at(&self.path))?;
        let rows = query.query_map([], booking).map_err(at(&self.path))?;
        rows.map(|row| row.map_err(at(&self.path))).collect()
    }

    /// What must still be said: number, topic, bytes.
    pub fn outgoing(&self) -> Result<Vec<(i64, String, Vec<u8>)>, StoreError> {
        let mut query = self
            .db
            .prepare_cached("SELECT id, topic, bytes FROM outgoing ORDER BY id LIMIT 200")
            .map_err(at(&self.path))?;
        let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).map_err(at(&self.path))?;
        rows.map(|row| row.map_err(at(&self.path))).collect()
    }

    /// The broker has them.
    pub fn said(&mut self, ids: &[i64]) -> Result<(), StoreError> {
        self.write(|page| ids.iter().try_for_each(|id| page.run("DELETE FROM outgoing WHERE id = ?1", [id])))
    }

    /// Must [`Page::held_too_long`] be looked at? A read alone, so that an idle shop writes nothing.
    pub fn is_anything_held_too_long(&self, now_unix_ms: i64) -> Result<bool, StoreError> {
        self.db
            .query_row(
                "SELECT 1 FROM bookings WHERE state = 'held' AND expires_unix_ms <= ?1 LIMIT 1",
                [now_unix_ms],
                |_| Ok(()),
            )
            .optional()
            .map(|found| found.is_some())
            .map_err(at(&self.path))
    }

    /// Drops keys and quotes older than [`KEEP_MS`].
    pub fn prune(&mut self, now_unix_ms: i64) -> Result<(), StoreError> {
        let before = now_unix_ms.saturating_sub(KEEP_MS);
        self.write(|page| {
            page.prune_chats(before)?;
            page.run("DELETE FROM pairings WHERE expires_unix_ms < ?1", [now_unix_ms])?;
            page.run("DELETE FROM quotes WHERE valid_until_unix_ms < ?1", [before])?;
            page.run("DELETE FROM idempotency WHERE made_unix_ms < ?1", [before])
        })
    }
}

const BOOKING: &str =
    "SELECT no, home, device, order_id, state, rev, body, total, currency, booked_unix_ms, expires_unix_ms,
    since_unix_ms, delivered_unix_ms, withdrawn_unix_ms, withdrawal_days FROM bookings";

fn booking(row: &Row<'_>) -> rusqlite::Result<Booking> {
    let body: String = row.get(6)?;
    Ok(Booking {
        shop_order_no: order_no(row.get(0)?),
        home: row.get(1)?,
        device: row.get(2)?,
        order_id: row.get(3)?,
        state: row.get(4)?,
        rev: row.get::<_, i64>(5)?.unsigned_abs(),
        order: serde_json::from_str(&body).unwrap_or_default(),
        total: row.get(7)?,
        currency: row.get(8)?,
        booked_unix_ms: row.get(9)?,
        expires_unix_ms: row.get(10)?,
        since_unix_ms: row.get(11)?,
        delivered_unix_ms: row.get(12)?,
        withdrawn_unix_ms: row.get(13)?,
        withdrawal_days: row.get(14)?,
    })
}

fn order_no(no: i64) -> String {
    format!("T-{no:06}")
}

/// The book inside one transaction.
pub struct Page<'a> {
    tx: &'a Transaction<'a>,
    path: &'a Path,
}

impl Page<'_> {
    pub fn known(&self, route: &Route, order_id: &str) -> Result<Option<Known>, StoreError> {
        self.tx
            .query_row(
                "SELECT order_hash, receipt FROM idempotency WHERE home = ?1 AND device = ?2 AND order_id = ?3",
                [route.home(), route.device(), order_id],
                |row| Ok(Known { order_hash: row.get(0)?, receipt: row.get(1)? }),
            )
            .optional()
            .map_err(at(self.path))
    }

    /// Has another order of this device this number?
    pub fn is_seq_used(&self, route: &Route, seq: u64) -> Result<bool, StoreError> {
        let seq = i64::try_from(seq).unwrap_or(i64::MAX);
        self.exists(
            "SELECT 1 FROM idempotency WHERE home = ?1 AND device = ?2 AND seq = ?3",
            params![route.home(), route.device(), seq],
        )
    }

    /// Remembers an order id with its receipt; `seq` is `None` where it must not be taken.
    pub fn remember(
        &self,
        route: &Route,
        order_id: &str,
        order_hash: Option<&str>,
        seq: Option<u64>,
        receipt: Option<&[u8]>,
        now_unix_ms: i64,
    ) -> Result<(), StoreError> {
        let seq = seq.map(|seq| i64::try_from(seq).unwrap_or(i64::MAX));
        self.run(
            "INSERT OR REPLACE INTO idempotency VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![route.home(), route.device(), order_id, order_hash, seq, receipt, now_unix_ms],
        )
    }

    /// What an order gets from now on that comes again.
    pub fn answer_with(&self, route: &Route, order_id: &str, receipt: &[u8]) -> Result<(), StoreError> {
        self.run(
            "UPDATE idempotency SET receipt = ?4 WHERE home = ?1 AND device = ?2 AND order_id = ?3",
            params![route.home(), route.device(), order_id, receipt],
        )
    }

    pub fn add_quote(&self, route: &Route, hash: &str, body: &str, valid_until_unix_ms: i64) -> Result<(), StoreError> {
        self.run(
            "INSERT INTO quotes VALUES (?1, ?2, ?3, ?4, ?5, NULL)",
            params![hash, route.home(), route.device(), body, valid_until_unix_ms],
        )
    }

    /// A quote to this device: its data, until when it is valid, and which order took it.
    pub fn quote(&self, route: &Route, hash: &str) -> Result<Option<(String, i64, Option<String>)>, StoreError> {
        self.tx
            .query_row(
                "SELECT body, valid_until_unix_ms, ordered_by FROM quotes WHERE hash = ?1 AND home = ?2 AND device = ?3",
                [hash, route.home(), route.device()],
                |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
            )
            .optional()
            .map_err(at(self.path))
    }

    pub fn take_quote(&self, hash: &str, order_id: &str) -> Result<(), StoreError> {
        self.run("UPDATE quotes SET ordered_by = ?2 WHERE hash = ?1", [hash, order_id])
    }

    /// Books, or holds, and gives the shop's number of the order.
    pub fn book(
        &self,
        route: &Route,
        order: &crate::deliver::envelope::Order,
        ruling: Ruling,
        expires_unix_ms: i64,
        now_unix_ms: i64,
    ) -> Result<String, StoreError> {
        let (state, booked) = match ruling {
            Ruling::Book => (StatusState::Accepted, true),
            Ruling::Hold => (StatusState::Held, false),
        };
        let body = serde_json::to_string(order)
            .map_err(|e| StoreError::Damaged { path: self.path.into(), why: e.to_string() })?;
        self.run(
            "INSERT INTO bookings (home, device, order_id, rev, body, total, currency, booked_unix_ms, state, booked, expires_unix_ms, withdrawal_days)
             VALUES (?1, ?2, ?3, 1, ?4, ?5, ?6, ?7, ?8, ?9, ?10,
                 (SELECT json_extract(body, '$.withdrawal_days') FROM quotes WHERE hash = ?11))",
            params![
                route.home(), route.device(), order.order_id, body, order.total, order.currency, now_unix_ms,
                state.name(), booked, expires_unix_ms, order.quote_hash
            ],
        )?;
        let no = self.tx.last_insert_rowid();
        for line in &order.lines {
            self.run(
                "INSERT OR IGNORE INTO lines VALUES (?1, ?2, ?3, ?4)",
                params![line.sku, route.home(), no, now_unix_ms],
            )?;
        }
        Ok(order_no(no))
    }

    /// A booking by the device that ordered it.
    pub fn booking(&self, route: &Route, order_id: &str) -> Result<Option<Booking>, StoreError> {
        self.tx
            .query_row(
                &format!("{BOOKING} WHERE home = ?1 AND device = ?2 AND order_id = ?3"),
                [route.home(), route.device(), order_id],
                booking,
            )
            .optional()
            .map_err(at(self.path))
    }

    /// A booking by its id or the shop's number.
    pub fn find(&self, order: &str) -> Result<Option<Booking>, StoreError> {
        let no: i64 = order.strip_prefix("T-").and_then(|no| no.parse().ok()).unwrap_or(-1);
        self.tx
            .query_row(&format!("{BOOKING} WHERE order_id = ?1 OR no = ?2"), params![order, no], booking)
            .optional()
            .map_err(at(self.path))
    }

    /// Moves a booking on; gives its new revision.
    pub fn set_state(&self, route: &Route, order_id: &str, state: StatusState, now: i64) -> Result<u64, StoreError> {
        // The first delivery and the first withdrawal are the ones that count.
        self.tx
            .query_row(
                "UPDATE bookings SET state = ?4, rev = rev + 1, since_unix_ms = ?5,
                     delivered_unix_ms = coalesce(delivered_unix_ms, iif(?4 = 'delivered', ?5, NULL)),
                     withdrawn_unix_ms = coalesce(withdrawn_unix_ms, iif(?4 = 'withdrawn', ?5, NULL))
                 WHERE home = ?1 AND device = ?2 AND order_id = ?3 RETURNING rev",
                params![route.home(), route.device(), order_id, state.name(), now],
                |row| Ok(row.get::<_, i64>(0)?.unsigned_abs()),
            )
            .map_err(at(self.path))
    }

    /// Moves a booking on; how it stands then.
    pub fn move_to(&self, route: &Route, order_id: &str, state: StatusState, now: i64) -> Result<Booking, StoreError> {
        self.set_state(route, order_id, state, now)?;
        let sql = format!("{BOOKING} WHERE home = ?1 AND device = ?2 AND order_id = ?3");
        self.tx.query_row(&sql, [route.home(), route.device(), order_id], booking).map_err(at(self.path))
    }

    /// Orders of a home since a moment, booked or held.
    pub fn booked_since(&self, home: &str, since_unix_ms: i64) -> Result<u32, StoreError> {
        self.tx
            .query_row(
                "SELECT count(*) FROM bookings WHERE home = ?1 AND booked_unix_ms >= ?2",
                params![home, since_unix_ms],
                |row| row.get(0),
            )
            .map_err(at(self.path))
    }

    /// Will be said once this transaction is on disk.
    pub fn say(&self, topic: &str, bytes: &[u8]) -> Result<(), StoreError> {
        self.run("INSERT INTO outgoing (topic, bytes) VALUES (?1, ?2)", params![topic, bytes])
    }

    fn exists(&self, sql: &str, params: impl rusqlite::Params) -> Result<bool, StoreError> {
        self.tx.query_row(sql, params, |_| Ok(())).optional().map(|found| found.is_some()).map_err(at(self.path))
    }

    fn run(&self, sql: &str, params: impl rusqlite::Params) -> Result<(), StoreError> {
        self.tx.execute(sql, params).map(|_| ()).map_err(at(self.path))
    }
}
