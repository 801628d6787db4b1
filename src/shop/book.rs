//! The shop's book: whom it trusts, what it quoted, what it booked, what it must still say. In a SQLite file, or in a PostgreSQL
//! database that any number of workers share; only what is below [`db`] knows which.
//!
//! A booking, its idempotency key and its receipt are one transaction; what the shop has to say
//! about it is in that transaction too (`outgoing`), so that no crash can separate them. Never
//! talks to a broker and never decides whether to book.

mod bursts;
pub mod chat;
mod db;
pub mod figures;
mod handover;
pub mod hooks;
pub mod moving;
pub mod news;
pub mod pairing;
pub mod pay;
#[cfg(feature = "postgres")]
mod postgres;
mod schema;
mod sqlite;

use crate::deliver::envelope::{Discount, Payment, StatusState};
use crate::deliver::handover::Pins;
use crate::deliver::keys::PublicKey;
use crate::deliver::store::StoreError;
use crate::deliver::topic::Route;
use db::{Db, Mismatch, Office, Row, Value, values};
use hooks::Kind;
use pay::{HeldFor, payment_state};
use schema::LOCKING;
use serde::Serialize;
use std::path::Path;

/// The file's name in the data folder.
pub const FILE: &str = "shop.db";
/// Keys and quotes are kept this long, because speakers go offline.
pub const KEEP_MS: i64 = 30 * 24 * 3_600_000;

pub struct Book {
    db: Db,
}

/// An order in the book: booked, or held until it is approved or expires.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Booking {
    /// What its number was made of: rises with each order.
    #[serde(skip)]
    pub no: i64,
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
    /// Why it is held, or was until it expired: `burst`, `payment_authentication`.
    pub held_for: Option<String>,
    /// How it is paid, as it was quoted.
    pub payment: Option<serde_json::Value>,
    /// `required`, `confirmed` or `refused`, where the household's bank has to be asked.
    pub payment_state: Option<String>,
    /// The coupon, and what it takes off, minor units.
    pub coupon: Option<String>,
    pub discount: i64,
}

/// How an order comes into the book.
#[derive(Debug, Clone, Copy, Default)]
pub struct Placed<'a> {
    /// What it agrees to, as it was quoted.
    pub payment: Option<&'a Payment>,
    pub discount: Option<&'a Discount>,
    pub withdrawal_days: Option<u16>,
    /// `None`: it is booked.
    pub held_for: Option<HeldFor>,
    /// The household's bank must be asked.
    pub needs_payment: bool,
    pub expires_unix_ms: i64,
}

/// What is known of an order id.
pub struct Known {
    /// `None`: it was cancelled before it came.
    pub order_hash: Option<String>,
    pub receipt: Option<Vec<u8>>,
}

/// Another key is another device: what was signed with the one before does not count any more.
const TRUST: &str = "INSERT INTO devices (home, device, key) VALUES (?1, ?2, ?3)
    ON CONFLICT (home, device) DO UPDATE SET key = excluded.key,
        earlier = CASE WHEN devices.key = excluded.key THEN devices.earlier END";

impl Book {
    /// The SQLite file of a data folder.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::Moved`] if it is in a database now.
    pub fn open(data_dir: &Path) -> Result<Book, StoreError> {
        moving::not_moved(data_dir)?;
        Ok(Book { db: Db::sqlite(&data_dir.join(FILE))? })
    }

    /// The book of a shop, made where there is none: in a database if the shop has one, else in its data folder.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn of_shop(data_dir: &Path, database: Option<&str>) -> Result<Book, StoreError> {
        match database {
            Some(url) => Book::open_database(url, true),
            None => Book::open(data_dir),
        }
    }

    /// The book in a PostgreSQL database, `postgres://user@host/database`. `make`: also where there is none yet.
    ///
    /// # Errors
    /// [`StoreError`]; the address in it has no password.
    #[cfg(feature = "postgres")]
    pub fn open_database(url: &str, make: bool) -> Result<Book, StoreError> {
        Ok(Book { db: Db::postgres(url, make)? })
    }

    /// Without the feature there is no such database.
    ///
    /// # Errors
    /// Always.
    #[cfg(not(feature = "postgres"))]
    pub fn open_database(_url: &str, _make: bool) -> Result<Book, StoreError> {
        let why = "this tendero was built without PostgreSQL; build it with --features postgres".into();
        Err(StoreError::Address { path: "--database".into(), why })
    }

    /// The file, or the address of the database without its password.
    pub fn name(&self) -> &Path {
        self.db.name()
    }

    /// Serves from now on: as which worker. 0: the only one that this book can have.
    ///
    /// # Errors
    /// [`StoreError::Served`]: a SQLite book has its worker.
    pub fn serve(&self) -> Result<i64, StoreError> {
        self.db.serve()
    }

    /// Which worker this is. It is another one when a lost connection came back and somebody had taken its number.
    pub fn worker(&self) -> i64 {
        self.db.worker()
    }

    /// Is this the worker that says for all of them whether the shop is there? Only who `may` becomes or stays it.
    pub fn lead(&self, may: bool) -> Result<bool, StoreError> {
        self.db.lead(Office::Presence, may)
    }

    /// Can the book be reached? Connects where the connection was lost.
    pub fn check(&self) -> Result<(), StoreError> {
        self.db.exists("SELECT 1", &[]).map(|_| ())
    }

    /// Runs `job` in one transaction: everything or nothing.
    ///
    /// # Errors
    /// The job's, or [`StoreError`] when it can't be written.
    pub fn write<T>(&mut self, job: impl FnOnce(&Page<'_>) -> Result<T, StoreError>) -> Result<T, StoreError> {
        self.db.transaction(None, || job(&Page { db: &self.db }))
    }

    /// As [`Book::write`], and no other worker does something for this home at the same time.
    pub fn write_for<T>(
        &mut self,
        home: &str,
        job: impl FnOnce(&Page<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.db.transaction(Some(&format!("home {home}")), || job(&Page { db: &self.db }))
    }

    pub fn trust(&mut self, home: &str, device: &str, key: &PublicKey) -> Result<(), StoreError> {
        self.write(|page| page.run(TRUST, values![home, device, key.to_string()]))
    }

    /// Whose signatures count as this device's; `None`: it is not trusted.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn pins_of(&self, route: &Route) -> Result<Option<Pins>, StoreError> {
        handover::pins_of(&self.db, route)
    }

    pub fn trust_all(&mut self, devices: &[(String, String, PublicKey)]) -> Result<(), StoreError> {
        self.write(|page| {
            devices.iter().try_for_each(|(home, device, key)| page.run(TRUST, values![home, device, key.to_string()]))
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

    /// Every order with a number below `before`, the newest first, at most `limit`.
    pub fn orders_before(&self, before: i64, limit: u32) -> Result<Vec<Booking>, StoreError> {
        let sql = format!("{BOOKING} WHERE no < ?1 ORDER BY no DESC LIMIT ?2");
        self.db.all(&sql, values![before, limit], booking)
    }

    /// As [`Book::orders_before`], of one home.
    pub fn orders_of(&self, home: &str, before: i64, limit: u32) -> Result<Vec<Booking>, StoreError> {
        let sql = format!("{BOOKING} WHERE home = ?1 AND no < ?2 ORDER BY no DESC LIMIT ?3");
        self.db.all(&sql, values![home, before, limit], booking)
    }

    fn list(&self, sql: &str) -> Result<Vec<Booking>, StoreError> {
        self.db.all(sql, &[], booking)
    }

    /// What this worker must still say: number, topic, bytes.
    pub fn outgoing(&self) -> Result<Vec<(i64, String, Vec<u8>)>, StoreError> {
        let sql = "SELECT id, topic, bytes FROM outgoing WHERE worker = ?1 ORDER BY id LIMIT 200";
        self.db.all(sql, values![self.db.worker()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
    }

    /// Takes over what nobody would say: of workers that are gone, and of whoever wrote beside them.
    pub fn adopt(&mut self) -> Result<(), StoreError> {
        let me = self.db.worker();
        let sql = "SELECT DISTINCT worker FROM outgoing WHERE worker <> ?1";
        let others: Vec<i64> = self.db.all(sql, values![me], |row| row.get(0))?;
        if others.is_empty() {
            return Ok(());
        }
        let alive = self.db.alive()?;
        for gone in others.into_iter().filter(|other| !alive.contains(other)) {
            self.db.run("UPDATE outgoing SET worker = ?1 WHERE worker = ?2", values![me, gone])?;
        }
        Ok(())
    }

    /// The broker has them.
    pub fn said(&mut self, ids: &[i64]) -> Result<(), StoreError> {
        self.write(|page| ids.iter().try_for_each(|id| page.run("DELETE FROM outgoing WHERE id = ?1", values![*id])))
    }

    /// Must [`Page::held_too_long`] be looked at? A read alone, so that an idle shop writes nothing.
    pub fn is_anything_held_too_long(&self, now_unix_ms: i64) -> Result<bool, StoreError> {
        let sql = "SELECT 1 FROM bookings WHERE state = 'held' AND expires_unix_ms <= ?1 LIMIT 1";
        self.db.exists(sql, values![now_unix_ms])
    }

    /// Drops keys and quotes older than [`KEEP_MS`].
    pub fn prune(&mut self, now_unix_ms: i64) -> Result<(), StoreError> {
        let before = now_unix_ms.saturating_sub(KEEP_MS);
        self.write(|page| {
            page.prune_chats(before)?;
            page.prune_hooks(before)?;
            page.prune_news(before)?;
            page.run("DELETE FROM asks WHERE asked_unix_ms < ?1", values![before])?;
            page.run("DELETE FROM pairings WHERE expires_unix_ms < ?1", values![now_unix_ms])?;
            page.run("DELETE FROM quotes WHERE valid_until_unix_ms < ?1", values![before])?;
            page.run("DELETE FROM idempotency WHERE made_unix_ms < ?1", values![before])
        })
    }
}

const BOOKING: &str =
    "SELECT no, home, device, order_id, state, rev, body, total, currency, booked_unix_ms, expires_unix_ms,
    since_unix_ms, delivered_unix_ms, withdrawn_unix_ms, withdrawal_days, held_for, payment, payment_state, coupon,
    discount FROM bookings";

fn booking(row: &Row) -> Result<Booking, Mismatch> {
    let body: String = row.get(6)?;
    let payment: Option<String> = row.get(16)?;
    Ok(Booking {
        no: row.get(0)?,
        shop_order_no: order_no(row.get(0)?),
        home: row.get(1)?,
        device: row.get(2)?,
        order_id: row.get(3)?,
        state: row.get(4)?,
        rev: row.get::<i64>(5)?.unsigned_abs(),
        order: serde_json::from_str(&body).unwrap_or_default(),
        total: row.get(7)?,
        currency: row.get(8)?,
        booked_unix_ms: row.get(9)?,
        expires_unix_ms: row.get(10)?,
        since_unix_ms: row.get(11)?,
        delivered_unix_ms: row.get(12)?,
        withdrawn_unix_ms: row.get(13)?,
        withdrawal_days: row.get(14)?,
        held_for: row.get(15)?,
        payment: payment.and_then(|payment| serde_json::from_str(&payment).ok()),
        payment_state: row.get(17)?,
        coupon: row.get(18)?,
        discount: row.get(19)?,
    })
}

fn order_no(no: i64) -> String {
    format!("T-{no:06}")
}

/// A book as an earlier version left it, with so many of the migrations.
#[cfg(test)]
pub fn of_version(data_dir: &Path, migrations: usize) -> rusqlite::Connection {
    let path = data_dir.join(FILE);
    let migrations = &schema::SQLITE[..migrations];
    crate::deliver::store::schema::open_with(&path, schema::APPLICATION_ID, migrations).expect("a new file")
}

/// The book inside one transaction.
pub struct Page<'a> {
    db: &'a Db,
}

impl Page<'_> {
    pub fn known(&self, route: &Route, order_id: &str) -> Result<Option<Known>, StoreError> {
        self.db.first(
            "SELECT order_hash, receipt FROM idempotency WHERE home = ?1 AND device = ?2 AND order_id = ?3",
            values![route.home(), route.device(), order_id],
            |row| Ok(Known { order_hash: row.get(0)?, receipt: row.get(1)? }),
        )
    }

    /// Has another order of this device this number?
    pub fn is_seq_used(&self, route: &Route, seq: u64) -> Result<bool, StoreError> {
        let seq = i64::try_from(seq).unwrap_or(i64::MAX);
        self.db.exists(
            "SELECT 1 FROM idempotency WHERE home = ?1 AND device = ?2 AND seq = ?3",
            values![route.home(), route.device(), seq],
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
            "INSERT INTO idempotency (home, device, order_id, order_hash, seq, receipt, made_unix_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT (home, device, order_id) DO UPDATE SET order_hash = excluded.order_hash, seq = excluded.seq,
                 receipt = excluded.receipt, made_unix_ms = excluded.made_unix_ms",
            values![route.home(), route.device(), order_id, order_hash, seq, receipt, now_unix_ms],
        )
    }

    /// What an order gets from now on that comes again.
    pub fn answer_with(&self, route: &Route, order_id: &str, receipt: &[u8]) -> Result<(), StoreError> {
        self.run(
            "UPDATE idempotency SET receipt = ?4 WHERE home = ?1 AND device = ?2 AND order_id = ?3",
            values![route.home(), route.device(), order_id, receipt],
        )
    }

    pub fn add_quote(&self, route: &Route, hash: &str, body: &str, valid_until_unix_ms: i64) -> Result<(), StoreError> {
        self.run(
            "INSERT INTO quotes (hash, home, device, body, valid_until_unix_ms) VALUES (?1, ?2, ?3, ?4, ?5)",
            values![hash, route.home(), route.device(), body, valid_until_unix_ms],
        )
    }

    /// A quote to this device: its data, until when it is valid, and which order took it.
    pub fn quote(&self, route: &Route, hash: &str) -> Result<Option<(String, i64, Option<String>)>, StoreError> {
        self.db.first(
            "SELECT body, valid_until_unix_ms, ordered_by FROM quotes WHERE hash = ?1 AND home = ?2 AND device = ?3",
            values![hash, route.home(), route.device()],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )
    }

    pub fn take_quote(&self, hash: &str, order_id: &str) -> Result<(), StoreError> {
        self.run("UPDATE quotes SET ordered_by = ?2 WHERE hash = ?1", values![hash, order_id])
    }

    /// Books, or holds, and gives the shop's number of the order.
    pub fn book(
        &self,
        route: &Route,
        order: &crate::deliver::envelope::Order,
        placed: &Placed<'_>,
        now_unix_ms: i64,
    ) -> Result<String, StoreError> {
        let Placed { payment, discount, withdrawal_days, held_for, needs_payment, expires_unix_ms } = placed;
        let (state, booked, kind) = match held_for {
            None => (StatusState::Accepted, true, Kind::Booked),
            Some(HeldFor::Burst) => (StatusState::Held, false, Kind::Held),
            Some(HeldFor::Payment) => (StatusState::Held, false, Kind::AuthenticationRequired),
        };
        let body = serde_json::to_string(order).map_err(|why| self.db.damaged(why))?;
        let payment = payment.map(serde_json::to_string).transpose();
        let payment = payment.map_err(|why| self.db.damaged(why))?;
        let (coupon, discount) = discount.map(|off| (off.coupon.as_str(), off.amount)).unzip();
        let no: i64 = self.db.one(
            "INSERT INTO bookings (home, device, order_id, rev, body, total, currency, booked_unix_ms, state, booked,
                 expires_unix_ms, withdrawal_days, held_for, payment, payment_state, coupon, discount)
             VALUES (?1, ?2, ?3, 1, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16) RETURNING no",
            values![
                route.home(),
                route.device(),
                &order.order_id,
                body,
                order.total,
                &order.currency,
                now_unix_ms,
                state.name(),
                booked,
                *expires_unix_ms,
                *withdrawal_days,
                held_for.map(HeldFor::code),
                payment,
                needs_payment.then_some(payment_state::REQUIRED),
                coupon,
                discount.unwrap_or(0)
            ],
            |row| row.get(0),
        )?;
        for line in &order.lines {
            self.run(
                "INSERT INTO lines (sku, home, no, booked_unix_ms) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
                values![&line.sku, route.home(), no, now_unix_ms],
            )?;
        }
        self.hook(kind, (route.home(), route.device(), &order.order_id), now_unix_ms)?;
        Ok(order_no(no))
    }

    /// A booking by the device that ordered it; nobody else moves it on before this transaction has ended.
    pub fn booking(&self, route: &Route, order_id: &str) -> Result<Option<Booking>, StoreError> {
        self.db.first(
            &format!("{BOOKING} WHERE home = ?1 AND device = ?2 AND order_id = ?3{LOCKING}"),
            values![route.home(), route.device(), order_id],
            booking,
        )
    }

    /// A booking by its id or the shop's number; nobody else moves it on before this transaction has ended.
    pub fn find(&self, order: &str) -> Result<Option<Booking>, StoreError> {
        let no: i64 = order.strip_prefix("T-").and_then(|no| no.parse().ok()).unwrap_or(-1);
        let sql = format!("{BOOKING} WHERE order_id = ?1 OR no = ?2{LOCKING}");
        self.db.first(&sql, values![order, no], booking)
    }

    /// Moves a booking on; gives its new revision. A shop system hears of it.
    pub fn set_state(&self, route: &Route, order_id: &str, state: StatusState, now: i64) -> Result<u64, StoreError> {
        let rev = self.put_state(route, order_id, state, now)?;
        if matches!(state, StatusState::Cancelled | StatusState::Expired | StatusState::Rejected) {
            self.release_coupon(route, order_id)?;
        }
        if let Some(kind) = Kind::of(state) {
            self.hook(kind, (route.home(), route.device(), order_id), now)?;
        }
        Ok(rev)
    }

    fn put_state(&self, route: &Route, order_id: &str, state: StatusState, now: i64) -> Result<u64, StoreError> {
        // The first delivery and the first withdrawal are the ones that count.
        self.db.one(
            "UPDATE bookings SET state = ?4, rev = rev + 1, since_unix_ms = ?5,
                 delivered_unix_ms = CASE WHEN ?4 = 'delivered' THEN coalesce(delivered_unix_ms, ?5) ELSE delivered_unix_ms END,
                 withdrawn_unix_ms = CASE WHEN ?4 = 'withdrawn' THEN coalesce(withdrawn_unix_ms, ?5) ELSE withdrawn_unix_ms END
             WHERE home = ?1 AND device = ?2 AND order_id = ?3 RETURNING rev",
            values![route.home(), route.device(), order_id, state.name(), now],
            |row| Ok(row.get::<i64>(0)?.unsigned_abs()),
        )
    }

    /// Moves a booking on; how it stands then.
    pub fn move_to(&self, route: &Route, order_id: &str, state: StatusState, now: i64) -> Result<Booking, StoreError> {
        self.set_state(route, order_id, state, now)?;
        self.booking(route, order_id)?.ok_or_else(|| self.db.damaged("a booking that was just moved on is gone"))
    }

    /// Orders of a home since a moment, booked or held.
    pub fn booked_since(&self, home: &str, since_unix_ms: i64) -> Result<u32, StoreError> {
        let sql = "SELECT count(*) FROM bookings WHERE home = ?1 AND booked_unix_ms >= ?2";
        self.db.one(sql, values![home, since_unix_ms], |row| row.get(0))
    }

    /// Will be said once this transaction is on disk, by the worker that wrote it or whoever comes in its place.
    pub fn say(&self, topic: &str, bytes: &[u8]) -> Result<(), StoreError> {
        let sql = "INSERT INTO outgoing (topic, bytes, worker) VALUES (?1, ?2, ?3)";
        self.run(sql, values![topic, bytes, self.db.worker()])
    }

    fn run(&self, sql: &str, values: &[Value]) -> Result<(), StoreError> {
        self.db.run(sql, values).map(|_| ())
    }
}
