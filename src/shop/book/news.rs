//! Who agreed to hear what, and what was told to whom. Decides nothing.

use super::db::{Mismatch, Row, values};
use super::{Book, LOCKING, Page, order_no};
use crate::deliver::store::StoreError;
use crate::deliver::topic::Route;
use serde::Serialize;

/// What a household agreed to at one of its speakers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Consent {
    pub home: String,
    pub device: String,
    pub consent_id: String,
    pub rev: u64,
    /// Names of kinds, apart by spaces; empty: nothing any more.
    pub kinds: String,
    pub at_unix_ms: i64,
}

/// Something that is told to homes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Item {
    pub news_id: String,
    pub kind: String,
    /// By language, JSON.
    pub texts: String,
    pub sku: Option<String>,
    /// `agreed`, or `bought:SKU`.
    pub audience: String,
    pub made_unix_ms: i64,
    pub expires_unix_ms: i64,
    /// Homes that it was told to.
    pub homes: u32,
}

/// When a home bought a product last, at which speaker, and with which order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bought {
    pub home: String,
    pub device: String,
    pub shop_order_no: String,
    pub at_unix_ms: i64,
}

/// Of devices that are trusted.
const CONSENT: &str = "SELECT home, device, consent_id, rev, kinds, at_unix_ms FROM consents
    WHERE EXISTS (SELECT 1 FROM devices WHERE devices.home = consents.home AND devices.device = consents.device)";
const ITEM: &str = "SELECT id, kind, texts, sku, audience, made_unix_ms, expires_unix_ms,
    (SELECT count(*) FROM news_homes WHERE news = news.id) FROM news";

fn consent(row: &Row) -> Result<Consent, Mismatch> {
    Ok(Consent {
        home: row.get(0)?,
        device: row.get(1)?,
        consent_id: row.get(2)?,
        rev: row.get::<i64>(3)?.unsigned_abs(),
        kinds: row.get(4)?,
        at_unix_ms: row.get(5)?,
    })
}

fn item(row: &Row) -> Result<Item, Mismatch> {
    Ok(Item {
        news_id: row.get(0)?,
        kind: row.get(1)?,
        texts: row.get(2)?,
        sku: row.get(3)?,
        audience: row.get(4)?,
        made_unix_ms: row.get(5)?,
        expires_unix_ms: row.get(6)?,
        homes: row.get(7)?,
    })
}

impl Consent {
    pub fn allows(&self, kind: &str) -> bool {
        self.kinds.split(' ').any(|agreed| agreed == kind)
    }
}

impl Book {
    /// What was told, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn news(&self) -> Result<Vec<Item>, StoreError> {
        self.db.all(&format!("{ITEM} ORDER BY made_unix_ms, id"), &[], item)
    }

    /// What each household agreed to.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn consents(&self) -> Result<Vec<Consent>, StoreError> {
        self.db.all(&format!("{CONSENT} ORDER BY home, device"), &[], consent)
    }

    /// Of each home the newest booking with this product, of orders that were not taken back before they left.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn buyers(&self, sku: &str) -> Result<Vec<Bought>, StoreError> {
        // At the speaker that ordered it, or at another one where the shop does not trust that one any more.
        let sql = "SELECT bookings.home, bookings.no, bookings.booked_unix_ms, coalesce(
                       (SELECT device FROM devices
                        WHERE devices.home = bookings.home AND devices.device = bookings.device),
                       (SELECT min(device) FROM devices WHERE devices.home = bookings.home))
                   FROM bookings JOIN lines ON lines.no = bookings.no
                   WHERE sku = ?1 AND booked = 1 AND state <> 'cancelled' ORDER BY bookings.home, bookings.no";
        let all = self.db.all(sql, values![sku], |row| {
            let (home, no, at_unix_ms) = (row.get(0)?, row.get(1)?, row.get(2)?);
            let device: Option<String> = row.get(3)?;
            Ok(device.map(|device| Bought { home, device, shop_order_no: order_no(no), at_unix_ms }))
        })?;
        let mut newest: Vec<Bought> = vec![];
        for bought in all.into_iter().flatten() {
            match newest.last_mut().filter(|last| last.home == bought.home) {
                Some(last) => *last = bought,
                None => newest.push(bought),
            }
        }
        Ok(newest)
    }
}

impl Page<'_> {
    pub fn consent(&self, route: &Route) -> Result<Option<Consent>, StoreError> {
        let sql = format!("{CONSENT} AND home = ?1 AND device = ?2{LOCKING}");
        self.db.first(&sql, values![route.home(), route.device()], consent)
    }

    /// What was agreed to at the speakers of a home, the newest first.
    pub fn consents_of(&self, home: &str) -> Result<Vec<Consent>, StoreError> {
        let sql = format!("{CONSENT} AND home = ?1 ORDER BY rev DESC, device{LOCKING}");
        self.db.all(&sql, values![home], consent)
    }

    pub fn put_consent(&self, of: &Consent) -> Result<(), StoreError> {
        self.run(
            "INSERT INTO consents (home, device, consent_id, rev, kinds, at_unix_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (home, device) DO UPDATE SET consent_id = excluded.consent_id, rev = excluded.rev,
                 kinds = excluded.kinds, at_unix_ms = excluded.at_unix_ms",
            values![&of.home, &of.device, &of.consent_id, of.rev.cast_signed(), &of.kinds, of.at_unix_ms],
        )
    }

    pub fn item(&self, id: &str) -> Result<Option<Item>, StoreError> {
        self.db.first(&format!("{ITEM} WHERE id = ?1"), values![id], item)
    }

    pub fn put_item(&self, of: &Item) -> Result<(), StoreError> {
        self.run(
            "INSERT INTO news (id, kind, texts, sku, audience, made_unix_ms, expires_unix_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING",
            values![
                &of.news_id,
                &of.kind,
                &of.texts,
                of.sku.as_deref(),
                &of.audience,
                of.made_unix_ms,
                of.expires_unix_ms
            ],
        )
    }

    /// Says something to a home, once. `false`: it was said before.
    pub fn tell_home(&self, news: &str, route: &Route, free: bool, bytes: &[u8], now: i64) -> Result<bool, StoreError> {
        let known = "SELECT 1 FROM news_homes WHERE news = ?1 AND home = ?2";
        if self.db.exists(known, values![news, route.home()])? {
            return Ok(false);
        }
        let topic = route.down(<crate::deliver::envelope::News as crate::deliver::envelope::Body>::KIND);
        let outgoing: i64 = self.db.one(
            "INSERT INTO outgoing (topic, bytes, worker) VALUES (?1, ?2, ?3) RETURNING id",
            values![topic, bytes, self.db.worker()],
            |row| row.get(0),
        )?;
        self.run(
            "INSERT INTO news_homes (news, home, device, free, sent_unix_ms, outgoing) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            values![news, route.home(), route.device(), free, now, outgoing],
        )?;
        Ok(true)
    }

    /// What was told to a home since then, besides what needs nobody's consent.
    pub fn told_since(&self, home: &str, since_unix_ms: i64) -> Result<u32, StoreError> {
        let sql = "SELECT count(*) FROM news_homes WHERE home = ?1 AND free = 0 AND sent_unix_ms > ?2";
        self.db.one(sql, values![home, since_unix_ms], |row| row.get(0))
    }

    /// What was not said yet of these kinds is not said any more to this home.
    pub fn unsay_news(&self, home: &str, kinds: &[&str]) -> Result<(), StoreError> {
        let sql = "DELETE FROM outgoing WHERE id IN (SELECT outgoing FROM news_homes JOIN news ON news.id = news
                   WHERE home = ?1 AND free = 0 AND kind = ?2)";
        kinds.iter().try_for_each(|kind| self.run(sql, values![home, *kind]))
    }

    /// What is over, long ago.
    pub fn prune_news(&self, before_unix_ms: i64) -> Result<(), StoreError> {
        let over = "SELECT id FROM news WHERE expires_unix_ms < ?1";
        self.run(&format!("DELETE FROM news_homes WHERE news IN ({over})"), values![before_unix_ms])?;
        self.run("DELETE FROM news WHERE expires_unix_ms < ?1", values![before_unix_ms])
    }
}
