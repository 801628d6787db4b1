//! The part of the book that the burst guard looks at: who asked lately for which product, what
//! is usually bought, what is held. Decides nothing.

use super::db::{Value, values};
use super::hooks::Kind;
use super::pay::{HeldFor, payment_state};
use super::{BOOKING, Booking, LOCKING, Page, booking};
use crate::deliver::envelope::StatusState;
use crate::deliver::store::StoreError;
use crate::deliver::topic::Route;
use crate::shop::burst::{Asked, USUAL_MS};

/// Orders that expire in one go; the rest follows with the next tick.
const MANY: u32 = 500;

impl Page<'_> {
    /// Until this transaction has ended nobody else counts who asks for these products, or books them: no order slips past
    /// whoever sees the burst.
    pub fn claim_products(&self, skus: &[&str]) -> Result<(), StoreError> {
        self.db.claim(&skus.iter().map(|sku| format!("product {sku}")).collect::<Vec<_>>())
    }

    /// A home asked for a product, by a request or an order: one row for each home and product.
    pub fn asked(&self, sku: &str, home: &str, now_unix_ms: i64) -> Result<(), StoreError> {
        let sql = "INSERT INTO asks (sku, home, asked_unix_ms) VALUES (?1, ?2, ?3)
                   ON CONFLICT (sku, home) DO UPDATE SET asked_unix_ms = excluded.asked_unix_ms";
        self.run(sql, values![sku, home, now_unix_ms])
    }

    /// Forgets who asked for a product, and when a burst of it was seen, before `before_unix_ms`.
    pub fn forget_asks(&self, sku: &str, before_unix_ms: i64) -> Result<(), StoreError> {
        self.run("DELETE FROM asks WHERE sku = ?1 AND asked_unix_ms < ?2", values![sku, before_unix_ms])
    }

    /// Different homes that asked for a product since a moment.
    pub fn homes_asking(&self, sku: &str, since_unix_ms: i64) -> Result<u32, StoreError> {
        let sql = "SELECT count(*) FROM asks WHERE sku = ?1 AND asked_unix_ms > ?2";
        self.db.one(sql, values![sku, since_unix_ms], |row| row.get(0))
    }

    /// With how often it was booked in [`USUAL_MS`] before `since_unix_ms`.
    pub fn usual(&self, sku: &str, homes: u32, since_unix_ms: i64) -> Result<Asked, StoreError> {
        let sql = "SELECT count(*) FROM lines JOIN bookings USING (no)
                   WHERE sku = ?1 AND lines.booked_unix_ms > ?2 AND lines.booked_unix_ms <= ?3 AND booked = 1";
        let from = since_unix_ms.saturating_sub(USUAL_MS);
        let bookings = self.db.one(sql, values![sku, from, since_unix_ms], |row| row.get(0))?;
        Ok(Asked { homes, bookings })
    }

    /// When a burst of this product was last seen.
    pub fn burst_seen(&self, sku: &str) -> Result<Option<i64>, StoreError> {
        self.db.first("SELECT seen_unix_ms FROM bursts WHERE sku = ?1", values![sku], |row| row.get(0))
    }

    pub fn see_burst(&self, sku: &str, now_unix_ms: i64) -> Result<(), StoreError> {
        let sql = "INSERT INTO bursts (sku, seen_unix_ms) VALUES (?1, ?2)
                   ON CONFLICT (sku) DO UPDATE SET seen_unix_ms = excluded.seen_unix_ms";
        self.run(sql, values![sku, now_unix_ms])
    }

    /// Did this home buy the product here before? What was booked after `since_unix_ms` counts
    /// only once it was shipped, or when an adult approved it: it may be part of the burst.
    pub fn bought_before(&self, sku: &str, home: &str, since_unix_ms: i64) -> Result<bool, StoreError> {
        self.db.exists(
            "SELECT 1 FROM lines JOIN bookings USING (no) WHERE sku = ?1 AND lines.home = ?2 AND (
                 state IN ('shipped', 'delivered')
                 OR state = 'accepted' AND (approved = 1 OR lines.booked_unix_ms <= ?3)) LIMIT 1",
            values![sku, home, since_unix_ms],
        )
    }

    /// What was booked of a product after `since_unix_ms` without an adult's approval at this
    /// shop, or a payment that was confirmed at a bank, and is not shipped. Oldest first.
    pub fn booked_lately(&self, sku: &str, since_unix_ms: i64) -> Result<Vec<Booking>, StoreError> {
        let sql = format!(
            "{BOOKING} WHERE state = 'accepted' AND approved = 0 AND coalesce(payment_state, '') <> '{}'
             AND no IN (SELECT no FROM lines WHERE sku = ?1 AND booked_unix_ms > ?2) ORDER BY no{LOCKING}",
            payment_state::CONFIRMED
        );
        self.bookings_by(&sql, values![sku, since_unix_ms])
    }

    /// What is held and may not be booked any more.
    pub fn held_too_long(&self, now_unix_ms: i64) -> Result<Vec<Booking>, StoreError> {
        let sql = format!("{BOOKING} WHERE state = 'held' AND expires_unix_ms <= ?1 ORDER BY no LIMIT {MANY}{LOCKING}");
        self.bookings_by(&sql, values![now_unix_ms])
    }

    /// Puts an order aside, unbooked, until it expires; gives its new revision.
    pub fn hold(&self, booking: &Booking, expires_unix_ms: i64, now_unix_ms: i64) -> Result<u64, StoreError> {
        let sql = "UPDATE bookings SET state = 'held', held_for = ?5, booked = 0, expires_unix_ms = ?4, rev = rev + 1
                   WHERE home = ?1 AND device = ?2 AND order_id = ?3 RETURNING rev";
        let values = values![&booking.home, &booking.device, &booking.order_id, expires_unix_ms, HeldFor::Burst.code()];
        let rev = self.db.one(sql, values, |row| Ok(row.get::<i64>(0)?.unsigned_abs()))?;
        self.hook(Kind::Held, (&booking.home, &booking.device, &booking.order_id), now_unix_ms)?;
        Ok(rev)
    }

    /// Books what was held: an adult approved it.
    pub fn book_held(&self, route: &Route, order_id: &str, now_unix_ms: i64) -> Result<(), StoreError> {
        self.run(
            "UPDATE bookings SET approved = 1 WHERE home = ?1 AND device = ?2 AND order_id = ?3",
            values![route.home(), route.device(), order_id],
        )?;
        self.now_booked(route, order_id, now_unix_ms)?;
        self.put_state(route, order_id, StatusState::Accepted, now_unix_ms)?;
        self.hook(Kind::Approved, (route.home(), route.device(), order_id), now_unix_ms)
    }

    /// What was held counts as booked, from this moment on.
    pub(super) fn now_booked(&self, route: &Route, order_id: &str, now_unix_ms: i64) -> Result<(), StoreError> {
        self.run(
            "UPDATE bookings SET booked = 1, held_for = NULL, booked_unix_ms = ?4
             WHERE home = ?1 AND device = ?2 AND order_id = ?3",
            values![route.home(), route.device(), order_id, now_unix_ms],
        )?;
        self.run(
            "UPDATE lines SET booked_unix_ms = ?4
             WHERE no = (SELECT no FROM bookings WHERE home = ?1 AND device = ?2 AND order_id = ?3)",
            values![route.home(), route.device(), order_id, now_unix_ms],
        )
    }

    fn bookings_by(&self, sql: &str, values: &[Value]) -> Result<Vec<Booking>, StoreError> {
        self.db.all(sql, values, booking)
    }
}
