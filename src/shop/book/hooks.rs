//! What a shop system still has to be told of orders: written in the transaction that books, struck once it has them, and kept
//! as dead letters where it never took them.
//!
//! Every change of a booking goes through [`Page::hook`](super::Page), so none is forgotten; without a webhook nothing is
//! written. Knows nothing of HTTP.

use super::db::{Mismatch, Office, Row, values};
use super::{BOOKING, Book, Booking, Page, booking};
use crate::deliver::envelope::{self, StatusState, rfc3339};
use crate::deliver::store::StoreError;
use crate::deliver::topic::Route;
use serde::Serialize;
use serde_json::json;

/// Entries that `tendero shop webhook list` shows.
const LISTED: u32 = 10_000;

/// What happened to an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Booked,
    Held,
    /// Held: the household must confirm the payment at its bank, which the shop's payment provider asks for.
    AuthenticationRequired,
    /// Not booked: the payment was refused.
    PaymentRefused,
    /// Booked, after it was held.
    Approved,
    Shipped,
    Delivered,
    Cancelled,
    Expired,
    Withdrawn,
    Refunded,
}

impl Kind {
    /// What it is that an order took a state; `None`: nothing that happens to a booking.
    pub fn of(state: StatusState) -> Option<Kind> {
        match state {
            StatusState::Accepted => Some(Kind::Booked),
            StatusState::Held => Some(Kind::Held),
            StatusState::Shipped => Some(Kind::Shipped),
            StatusState::Delivered => Some(Kind::Delivered),
            StatusState::Cancelled => Some(Kind::Cancelled),
            StatusState::Expired => Some(Kind::Expired),
            StatusState::Withdrawn => Some(Kind::Withdrawn),
            StatusState::Refunded => Some(Kind::Refunded),
            StatusState::Unknown | StatusState::Rejected => None,
        }
    }

    /// The event's type, as a shop system reads it.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Booked => "order.booked",
            Kind::Held => "order.held",
            Kind::AuthenticationRequired => "payment.authentication_required",
            Kind::PaymentRefused => "payment.refused",
            Kind::Approved => "order.approved",
            Kind::Shipped => "order.shipped",
            Kind::Delivered => "order.delivered",
            Kind::Cancelled => "order.cancelled",
            Kind::Expired => "order.expired",
            Kind::Withdrawn => "order.withdrawn",
            Kind::Refunded => "order.refunded",
        }
    }
}

/// An event on its way, or one that never arrived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hook {
    /// Rises with each event of the book.
    pub id: i64,
    /// The message's id on the wire, the same at each try.
    pub msg: String,
    /// `home/device/order_id`.
    pub about: String,
    /// Such as `order.booked`.
    pub kind: String,
    /// The body as it is sent.
    #[serde(skip)]
    pub body: String,
    pub made_unix_ms: i64,
    pub tries: u32,
    pub first_unix_ms: Option<i64>,
    pub due_unix_ms: i64,
    /// Since when it is a dead letter.
    pub dead_unix_ms: Option<i64>,
    /// What was wrong the last time.
    pub why: Option<String>,
}

/// What came of a try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Delivered,
    Again { first_unix_ms: i64, due_unix_ms: i64, why: String },
    Dead { at_unix_ms: i64, why: String },
}

/// Where events go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    pub url: String,
    /// Nothing is sent there any more, and why.
    pub stopped: Option<String>,
}

const HOOK: &str =
    "SELECT id, msg, about, kind, body, made_unix_ms, tries, first_unix_ms, due_unix_ms, dead_unix_ms, why
    FROM hooks";

fn hook(row: &Row) -> Result<Hook, Mismatch> {
    Ok(Hook {
        id: row.get(0)?,
        msg: row.get(1)?,
        about: row.get(2)?,
        kind: row.get(3)?,
        body: row.get(4)?,
        made_unix_ms: row.get(5)?,
        tries: row.get(6)?,
        first_unix_ms: row.get(7)?,
        due_unix_ms: row.get(8)?,
        dead_unix_ms: row.get(9)?,
        why: row.get(10)?,
    })
}

impl Book {
    /// From now on events are written for this address. One that said that it is gone is tried again only if it is another one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn point_webhook(&mut self, url: &str) -> Result<(), StoreError> {
        let sql = "INSERT INTO webhook (one, url) VALUES (1, ?1) ON CONFLICT (one) DO UPDATE SET url = excluded.url,
                   stopped = CASE WHEN webhook.url = excluded.url THEN webhook.stopped ELSE NULL END";
        self.write(|page| page.run(sql, values![url]))
    }

    /// No events are written from now on, unless another worker is there that delivers them; how many still wait.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn unpoint_webhook(&mut self) -> Result<u32, StoreError> {
        if self.webhook()?.is_some() && self.db.alive()?.iter().all(|worker| *worker == self.db.worker()) {
            self.write(|page| page.run("DELETE FROM webhook", &[]))?;
        }
        self.db.one("SELECT count(*) FROM hooks WHERE dead_unix_ms IS NULL", &[], |row| row.get(0))
    }

    /// Where events go, if anywhere.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn webhook(&self) -> Result<Option<Target>, StoreError> {
        let read = |row: &Row| Ok(Target { url: row.get(0)?, stopped: row.get(1)? });
        self.db.first("SELECT url, stopped FROM webhook", &[], read)
    }

    /// The address is gone for good: what waits is a dead letter, and what comes later will be one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn stop_webhook(&mut self, why: &str, now_unix_ms: i64) -> Result<(), StoreError> {
        self.write(|page| {
            page.run("UPDATE webhook SET stopped = ?1 WHERE stopped IS NULL", values![why])?;
            let sql = "UPDATE hooks SET dead_unix_ms = ?1, why = ?2 WHERE dead_unix_ms IS NULL";
            page.run(sql, values![now_unix_ms, why])
        })
    }

    /// Is this the connection that delivers for all workers?
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn delivers(&self) -> Result<bool, StoreError> {
        self.db.lead(Office::Webhook, true)
    }

    /// Events that are due: the oldest of each order alone, so that an order's events arrive one after the other.
    /// One that is due later than `horizon_ms` from now is so because a clock was wrong.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn due_hooks(&self, now_unix_ms: i64, horizon_ms: i64, limit: u32) -> Result<Vec<Hook>, StoreError> {
        let sql = format!(
            "{HOOK} WHERE dead_unix_ms IS NULL AND (due_unix_ms <= ?1 OR due_unix_ms > ?2) AND NOT EXISTS (
                 SELECT 1 FROM hooks AS earlier
                 WHERE earlier.about = hooks.about AND earlier.dead_unix_ms IS NULL AND earlier.id < hooks.id)
             ORDER BY due_unix_ms, id LIMIT ?3"
        );
        self.db.all(&sql, values![now_unix_ms, now_unix_ms.saturating_add(horizon_ms), limit], hook)
    }

    /// Writes down what came of them, and counts the tries.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn settle_hooks(&mut self, outcomes: &[(i64, Outcome)]) -> Result<(), StoreError> {
        if outcomes.is_empty() {
            return Ok(());
        }
        self.write(|page| {
            let mut delivered = 0;
            for (id, outcome) in outcomes {
                match outcome {
                    Outcome::Delivered => {
                        delivered += 1;
                        page.run("DELETE FROM hooks WHERE id = ?1", values![*id])?;
                    }
                    Outcome::Again { first_unix_ms, due_unix_ms, why } => page.run(
                        "UPDATE hooks SET tries = tries + 1, first_unix_ms = ?2, due_unix_ms = ?3, why = ?4
                         WHERE id = ?1",
                        values![*id, *first_unix_ms, *due_unix_ms, why],
                    )?,
                    Outcome::Dead { at_unix_ms, why } => page.run(
                        "UPDATE hooks SET tries = tries + 1, dead_unix_ms = ?2, why = ?3 WHERE id = ?1",
                        values![*id, *at_unix_ms, why],
                    )?,
                }
            }
            let failed = i64::try_from(outcomes.len()).unwrap_or(i64::MAX) - delivered;
            page.count("webhook", "delivered", delivered)?;
            page.count("webhook", "failed", failed)
        })
    }

    /// Everything that waits or is dead, oldest first; at most ten thousand.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn hooks(&self) -> Result<Vec<Hook>, StoreError> {
        self.db.all(&format!("{HOOK} ORDER BY id LIMIT {LISTED}"), &[], hook)
    }

    /// Dead letters (`None`: all of them) are tried anew, and an address that said that it is gone is asked again. How many.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn retry_hooks(&mut self, id: Option<i64>, now_unix_ms: i64) -> Result<u64, StoreError> {
        self.write(|page| {
            let sql = "UPDATE hooks SET dead_unix_ms = NULL, first_unix_ms = NULL, tries = 0, due_unix_ms = ?2
                       WHERE dead_unix_ms IS NOT NULL AND (id = ?1 OR ?1 < 0)";
            let found = page.db.run(sql, values![id.unwrap_or(-1), now_unix_ms])?;
            page.run("UPDATE webhook SET stopped = NULL", &[])?;
            Ok(found)
        })
    }

    /// Dead letters (`None`: all of them) are forgotten; by its number also one that waits. How many.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn drop_hooks(&mut self, id: Option<i64>) -> Result<u64, StoreError> {
        let sql = "DELETE FROM hooks WHERE id = ?1 OR ?1 < 0 AND dead_unix_ms IS NOT NULL";
        self.db.run(sql, values![id.unwrap_or(-1)])
    }
}

impl Page<'_> {
    /// Will be told to the shop system once this transaction is on disk, if there is one. `of`: home, device, order id.
    pub(super) fn hook(&self, kind: Kind, of: (&str, &str, &str), now_unix_ms: i64) -> Result<(), StoreError> {
        let (home, device, order_id) = of;
        // One question for both, so that a shop without a webhook pays for no more.
        let sql =
            format!("{BOOKING} WHERE home = ?1 AND device = ?2 AND order_id = ?3 AND EXISTS (SELECT 1 FROM webhook)");
        let Some(booking) = self.db.first(&sql, values![home, device, order_id], booking)? else { return Ok(()) };
        let body = body(kind, &booking, now_unix_ms).to_string();
        let msg = format!("msg_{}", envelope::random_hex128());
        let about = format!("{home}/{device}/{order_id}");
        self.run(
            "INSERT INTO hooks (msg, about, kind, body, made_unix_ms, due_unix_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?5)",
            values![msg, about, kind.name(), body, now_unix_ms],
        )
    }

    /// Dead letters hold what a household bought: they go like everything else.
    pub(super) fn prune_hooks(&self, before_unix_ms: i64) -> Result<(), StoreError> {
        self.run("DELETE FROM hooks WHERE dead_unix_ms < ?1", values![before_unix_ms])
    }
}

/// The whole order as it stands, so that a receiver needs no other event to understand this one. What the household said to
/// confirm it is not in there.
fn body(kind: Kind, booking: &Booking, now_unix_ms: i64) -> serde_json::Value {
    let order = &booking.order;
    let lines = order["lines"].as_array().map(Vec::as_slice).unwrap_or_default();
    let goods: i64 = lines.iter().filter_map(|line| line["total"].as_i64()).fold(0, i64::saturating_add);
    let shop = order["aud"].as_str().and_then(Route::parse_up).map(|(route, _)| route.shop().to_owned());
    let at = |unix_ms: Option<i64>| unix_ms.and_then(rfc3339);
    json!({
        "type": kind.name(),
        "timestamp": rfc3339(now_unix_ms),
        "data": {
            "shop": shop,
            "shop_order_no": booking.shop_order_no,
            "order_id": booking.order_id,
            "home": booking.home,
            "device": booking.device,
            "state": booking.state,
            "rev": booking.rev,
            "currency": booking.currency,
            "lines": lines,
            "goods_amount": goods,
            "discount_amount": booking.discount,
            "coupon": booking.coupon,
            "delivery_amount": booking.total.saturating_add(booking.discount).saturating_sub(goods),
            "total": booking.total,
            "payment": booking.payment,
            "payment_state": booking.payment_state,
            "booked": rfc3339(booking.booked_unix_ms),
            "held_until": at(booking.expires_unix_ms.filter(|_| booking.state == StatusState::Held.name())),
            "held_for": booking.held_for,
            "delivered": at(booking.delivered_unix_ms),
            "withdrawn": at(booking.withdrawn_unix_ms),
        }
    })
}
