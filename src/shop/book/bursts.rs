//! The part of the book that the burst guard looks at: who asked lately for which product, what
//! is usually bought, what is held. Decides nothing.

use super::{BOOKING, Booking, Page, booking};
use crate::deliver::envelope::StatusState;
use crate::deliver::store::StoreError;
use crate::deliver::store::error::at;
use crate::deliver::topic::Route;
use crate::shop::burst::{Asked, USUAL_MS};
use rusqlite::{OptionalExtension, params};

/// Orders that expire in one go; the rest follows with the next tick.
const MANY: u32 = 500;

/// What is held and what is counted. An order that is held is no booking until it is approved.
pub(super) const MIGRATION: &str = "
    ALTER TABLE bookings ADD COLUMN booked INTEGER NOT NULL DEFAULT 1;
    ALTER TABLE bookings ADD COLUMN approved INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE bookings ADD COLUMN expires_unix_ms INTEGER;
    CREATE INDEX bookings_held ON bookings (expires_unix_ms) WHERE state = 'held';
    CREATE TABLE lines (
        sku TEXT NOT NULL, home TEXT NOT NULL, no INTEGER NOT NULL REFERENCES bookings (no),
        booked_unix_ms INTEGER NOT NULL, PRIMARY KEY (sku, home, no)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX lines_by_age ON lines (sku, booked_unix_ms);
    CREATE INDEX lines_by_no ON lines (no);
    INSERT OR IGNORE INTO lines SELECT json_extract(line.value, '$.sku'), home, no, booked_unix_ms
        FROM bookings, json_each(bookings.body, '$.lines') AS line
        WHERE json_valid(bookings.body) AND json_extract(line.value, '$.sku') IS NOT NULL;
    CREATE TABLE asks (
        sku TEXT NOT NULL, home TEXT NOT NULL, asked_unix_ms INTEGER NOT NULL, PRIMARY KEY (sku, home)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX asks_by_age ON asks (asked_unix_ms);
    CREATE TABLE bursts (sku TEXT PRIMARY KEY, seen_unix_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;
";

impl Page<'_> {
    /// A home asked for a product, by a request or an order: one row for each home and product.
    pub fn asked(&self, sku: &str, home: &str, now_unix_ms: i64) -> Result<(), StoreError> {
        self.run("INSERT OR REPLACE INTO asks VALUES (?1, ?2, ?3)", params![sku, home, now_unix_ms])
    }

    /// Forgets who asked, and which bursts were seen, before `before_unix_ms`.
    pub fn forget_asks(&self, before_unix_ms: i64) -> Result<(), StoreError> {
        self.run("DELETE FROM asks WHERE asked_unix_ms < ?1", [before_unix_ms])
    }

    /// Different homes that asked for a product since a moment.
    pub fn homes_asking(&self, sku: &str, since_unix_ms: i64) -> Result<u32, StoreError> {
        let sql = "SELECT count(*) FROM asks WHERE sku = ?1 AND asked_unix_ms > ?2";
        self.tx.query_row(sql, params![sku, since_unix_ms], |row| row.get(0)).map_err(at(self.path))
    }

    /// With how often it was booked in [`USUAL_MS`] before `since_unix_ms`.
    pub fn usual(&self, sku: &str, homes: u32, since_unix_ms: i64) -> Result<Asked, StoreError> {
        let sql = "SELECT count(*) FROM lines JOIN bookings USING (no)
                   WHERE sku = ?1 AND lines.booked_unix_ms > ?2 AND lines.booked_unix_ms <= ?3 AND booked = 1";
        let from = since_unix_ms.saturating_sub(USUAL_MS);
        let bookings = self.tx.query_row(sql, params![sku, from, since_unix_ms], |row| row.get(0));
        Ok(Asked { homes, bookings: bookings.map_err(at(self.path))? })
    }

    /// When a burst of this product was last seen.
    pub fn burst_seen(&self, sku: &str) -> Result<Option<i64>, StoreError> {
        let sql = "SELECT seen_unix_ms FROM bursts WHERE sku = ?1";
        self.tx.query_row(sql, [sku], |row| row.get(0)).optional().map_err(at(self.path))
    }

    pub fn see_burst(&self, sku: &str, now_unix_ms: i64) -> Result<(), StoreError> {
        self.run("INSERT OR REPLACE INTO bursts VALUES (?1, ?2)", params![sku, now_unix_ms])
    }

    /// Did this home buy the product here before? What was booked after `since_unix_ms` counts
    /// only once it was shipped, or when an adult approved it: it may be part of the burst.
    pub fn bought_before(&self, sku: &str, home: &str, since_unix_ms: i64) -> Result<bool, StoreError> {
        self.exists(
            "SELECT 1 FROM lines JOIN bookings USING (no) WHERE sku = ?1 AND lines.home = ?2 AND (
                 state IN ('shipped', 'delivered')
                 OR state = 'accepted' AND (approved = 1 OR lines.booked_unix_ms <= ?3)) LIMIT 1",
            params![sku, home, since_unix_ms],
        )
    }

    /// What was booked of a product after `since_unix_ms` without an adult's approval at this
    /// shop, and is not shipped. Oldest first.
    pub fn booked_lately(&self, sku: &str, since_unix_ms: i64) -> Result<Vec<Booking>, StoreError> {
        let sql = format!(
            "{BOOKING} WHERE state = 'accepted' AND approved = 0
             AND no IN (SELECT no FROM lines WHERE sku = ?1 AND booked_unix_ms > ?2) ORDER BY no"
        );
        self.bookings_by(&sql, params![sku, since_unix_ms])
    }

    /// What is held and may not be booked any more.
    pub fn held_too_long(&self, now_unix_ms: i64) -> Result<Vec<Booking>, StoreError> {
        let sql = format!("{BOOKING} WHERE state = 'held' AND expires_unix_ms <= ?1 ORDER BY no LIMIT {MANY}");
        self.bookings_by(&sql, [now_unix_ms])
    }

    /// Puts an order aside, unbooked, until it expires; gives its new revision.
    pub fn hold(&self, booking: &Booking, expires_unix_ms: i64) -> Result<u64, StoreError> {
        let sql = "UPDATE bookings SET state = 'held', booked = 0, expires_unix_ms = ?4, rev = rev + 1
                   WHERE home = ?1 AND device = ?2 AND order_id = ?3 RETURNING rev";
        let key = params![booking.home, booking.device, booking.order_id, expires_unix_ms];
        self.tx.query_row(sql, key, |row| Ok(row.get::<_, i64>(0)?.unsigned_abs())).map_err(at(self.path))
    }

    /// Books what was held: an adult approved it.
    pub fn book_held(&self, route: &Route, order_id: &str, now_unix_ms: i64) -> Result<(), StoreError> {
        self.run(
            "UPDATE bookings SET booked = 1, approved = 1, booked_unix_ms = ?4
             WHERE home = ?1 AND device = ?2 AND order_id = ?3",
            params![route.home(), route.device(), order_id, now_unix_ms],
        )?;
        self.run(
            "UPDATE lines SET booked_unix_ms = ?4
             WHERE no = (SELECT no FROM bookings WHERE home = ?1 AND device = ?2 AND order_id = ?3)",
            params![route.home(), route.device(), order_id, now_unix_ms],
        )?;
        self.set_state(route, order_id, StatusState::Accepted, now_unix_ms).map(|_rev| ())
    }

    fn bookings_by(&self, sql: &str, params: impl rusqlite::Params) -> Result<Vec<Booking>, StoreError> {
        let mut query = self.tx.prepare_cached(sql).map_err(at(self.path))?;
        let rows = query.query_map(params, booking).map_err(at(self.path))?;
        rows.map(|row| row.map_err(at(self.path))).collect()
    }
}
