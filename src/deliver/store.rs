//! The SQLite file that owns every order: state, outbox, audit, shopping list.
//!
//! Write-ahead log, `synchronous=FULL`: what [`Store::commit`] acknowledged survives a power
//! cut. The signed bytes of an order are made once, in the transaction that first writes it, and
//! the same id never gets other bytes. Never decides anything, and never talks to a broker.
//! [`thread::StoreHandle`] runs it on a thread of its own, so that a slow card blocks nobody.

mod chat;
pub(crate) mod error;
mod handover;
pub mod notices;
pub(crate) mod schema;
mod siblings;
pub mod thread;
mod told;
mod words;

pub use chat::{ChatDue, ChatThread};
pub use error::StoreError;
pub use thread::StoreHandle;

use crate::decide::effect::{Step, Write};
use crate::decide::guard::Verdict;
use crate::decide::household::{Household, Regular};
use crate::decide::order::{Order, OrderId, OrderState};
use crate::decide::suggest::pack_lasts_ms;
use error::at;
use rusqlite::{Connection, OptionalExtension, Transaction, params};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The file's name in the state folder.
pub const FILE: &str = "tendero.db";
/// Orders younger than this are given to the mind one by one; older ones only as regulars.
const RECENT_MS: i64 = 40 * 24 * 3_600_000;
/// Audit entries beyond this many are dropped, oldest first.
const MAX_AUDIT: i64 = 20_000;

/// Makes the signed bytes of an order with its sequence number.
pub type Seal<'a> = dyn FnMut(&Order, u64) -> anyhow::Result<Vec<u8>> + 'a;

pub struct Store {
    db: Connection,
    path: PathBuf,
}

/// What the link has to do for an order now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Errand {
    /// Publish its bytes until the receipt is here.
    Send,
    /// Say that an adult approved it until the receipt is here.
    Approve,
    /// Say that the household withdraws from it, and when it said so (milliseconds since 1970), until a status is here.
    Withdraw { asked_unix_ms: Option<i64> },
    /// Ask the shop to cancel it until a status is here.
    Cancel,
    /// Ask what became of it.
    Get,
}

/// An order that waits for the shop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    pub order: OrderId,
    pub errand: Errand,
    /// The signed bytes, the same each time. Empty where they are no longer kept, and not sent any more.
    pub bytes: Vec<u8>,
    /// Milliseconds since 1970.
    pub expires_unix_ms: i64,
}

/// An entry of the audit log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// Milliseconds since 1970; `None`: the wall clock was unknown.
    pub at_unix_ms: Option<i64>,
    pub order: Option<OrderId>,
    pub heard: String,
    pub verdicts: Vec<Verdict>,
}

/// An entry of the shopping list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListEntry {
    pub sku: String,
    pub qty: u32,
    pub why: String,
}

impl Store {
    /// Opens the file, or makes it, and brings it to the current schema.
    ///
    /// # Errors
    /// [`StoreError`]: what is wrong with the file, and what to do.
    pub fn open(path: &Path) -> Result<Store, StoreError> {
        let db = schema::open(path)?;
        Ok(Store { db, path: path.into() })
    }

    /// As it is on disk, for who must change nothing, beside a daemon or without one. `None`: an older tendero wrote it, and
    /// the next start brings it to the form of this one.
    ///
    /// # Errors
    /// [`StoreError`], also where its parts do not fit together.
    pub fn open_to_read(path: &Path) -> Result<Option<Store>, StoreError> {
        let db = schema::open_to_read(path)?;
        Ok(db.map(|db| Store { db, path: path.into() }))
    }

    /// Wrong PINs in a row, as they were counted.
    pub fn wrong_pins(&self) -> Result<u32, StoreError> {
        self.db.query_row("SELECT wrong_pins FROM counter", [], |row| row.get(0)).map_err(self.at())
    }

    /// Writes everything or nothing. When it returns, it is on disk.
    ///
    /// # Errors
    /// [`StoreError`]; nothing of `writes` is then in the store.
    pub fn commit(&mut self, writes: &[Write], seal: &mut Seal<'_>) -> Result<(), StoreError> {
        let path = self.path.clone();
        let tx = self.db.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).map_err(at(&path))?;
        for write in writes {
            match write {
                Write::Order(order) => put_order(&tx, &path, order, seal)?,
                Write::Audit { at_unix_ms, order, heard, verdicts } => {
                    put_audit(&tx, &path, *at_unix_ms, order.as_ref(), heard, verdicts)?;
                }
                Write::Step(step) => put_step(&tx, &path, step)?,
                Write::Offered { sku, at_unix_ms } => {
                    tx.execute("INSERT OR REPLACE INTO offered VALUES (?1, ?2)", params![sku, at_unix_ms])
                        .map_err(at(&path))?;
                }
                Write::Told { order, number } => told::put(&tx, &path, order, *number)?,
                Write::Shared { device, rev, orders } => siblings::put(&tx, &path, device, *rev, orders)?,
                Write::Chat { thread, line } => chat::put(&tx, &path, thread, line.as_ref())?,
                Write::Consent(consent) => notices::put_consent(&tx, &path, consent)?,
                Write::NoticesTold { ids, at_unix_ms } => notices::put_told(&tx, &path, ids, *at_unix_ms)?,
                Write::NoticesGone { ids } => notices::put_gone(&tx, &path, ids)?,
                Write::WrongPins { count } => {
                    tx.execute("UPDATE counter SET wrong_pins = ?1", [count]).map_err(at(&path))?;
                }
                Write::ListItem { sku, qty, why } => {
                    tx.execute("INSERT INTO shopping_list (sku, qty, why) VALUES (?1, ?2, ?3)", params![sku, qty, why])
                        .map_err(at(&path))?;
                }
            }
        }
        tx.commit().map_err(at(&path))
    }

    /// What the mind knows at start: recent orders one by one, and how the household buys.
    /// `now_unix_ms` is `None` while the wall clock is unknown: then all orders are recent.
    pub fn household(&self, now_unix_ms: Option<i64>) -> Result<Household, StoreError> {
        let since = now_unix_ms.map_or(i64::MIN, |now| now.saturating_sub(RECENT_MS));
        let wrong_pins = self.wrong_pins()?;
        let regulars = self.imported()?;
        let mut household = Household { regulars, wrong_pins, offered: self.offered()?, ..Household::default() };
        household.siblings = siblings::all(&self.db, &self.path)?;
        household.told = told::all(&self.db, &self.path)?;
        household.thread = chat::last(&self.db, &self.path)?;
        household.consent = notices::consent(&self.db, &self.path)?;
        household.notices = notices::all(&self.db, &self.path)?;
        let orders = self.orders()?;
        household.pack_lasts_ms = rhythms(&orders);
        for order in orders {
            // What came lately can go back, however long it took to come.
            let lately = order.confirmed.at_unix_ms.max(order.delivered_unix_ms.unwrap_or(i64::MIN)) >= since;
            if lately || !order.state.is_final() {
                household.orders.insert(order.id.clone(), order);
            } else if order.state == OrderState::Delivered {
                remember(&mut household.regulars, &order);
            }
        }
        Ok(household)
    }

    /// Every order, oldest first.
    pub fn orders(&self) -> Result<Vec<Order>, StoreError> {
        let mut query = self.db.prepare_cached("SELECT body FROM orders ORDER BY seq").map_err(self.at())?;
        let bodies = query.query_map([], |row| row.get::<_, String>(0)).map_err(self.at())?;
        bodies.map(|body| self.parse(&body.map_err(self.at())?)).collect()
    }

    pub fn order(&self, id: &OrderId) -> Result<Option<Order>, StoreError> {
        let body: Option<String> = self
            .db
            .query_row("SELECT body FROM orders WHERE id = ?1", [&id.0], |row| row.get(0))
            .optional()
            .map_err(self.at())?;
        body.map(|body| self.parse(&body)).transpose()
    }

    /// The signed bytes of an order; the same for ever.
    pub fn outbox_bytes(&self, id: &OrderId) -> Result<Option<Vec<u8>>, StoreError> {
        self.db
            .query_row("SELECT bytes FROM outbox WHERE order_id = ?1", [&id.0], |row| row.get(0))
            .optional()
            .map_err(self.at())
    }

    /// The orders for which the shop's answer is still missing, oldest first.
    pub fn due(&self) -> Result<Vec<Due>, StoreError> {
        let mut query = self
            .db
            .prepare_cached(
                "SELECT id, state, coalesce(bytes, x''), expires_unix_ms, json_extract(body, '$.withdrawal.asked_unix_ms')
                 FROM orders LEFT JOIN outbox ON order_id = id
                 WHERE state IN ('sending', 'approving', 'cancelling', 'withdrawing', 'unknown') ORDER BY orders.seq",
            )
            .map_err(self.at())?;
        let rows = query
            .query_map([], |row| {
                let errand = match row.get::<_, String>(1)?.as_str() {
                    "sending" => Errand::Send,
                    "approving" => Errand::Approve,
                    "cancelling" => Errand::Cancel,
                    "withdrawing" => Errand::Withdraw { asked_unix_ms: row.get(4)? },
                    _ => Errand::Get,
                };
                Ok(Due { order: OrderId(row.get(0)?), errand, bytes: row.get(2)?, expires_unix_ms: row.get(3)? })
            })
            .map_err(self.at())?;
        rows.map(|row| row.map_err(self.at())).collect()
    }

    /// Orders that the shop has, or keeps unbooked, and of which more news will come, a refund too.
    pub fn open_at_shop(&self) -> Result<Vec<OrderId>, StoreError> {
        let mut query = self
            .db
            .prepare_cached("SELECT id FROM orders WHERE state IN ('held_at_shop', 'awaiting_payment', 'accepted', 'shipped', 'withdrawn') ORDER BY seq DESC LIMIT 50")
            .map_err(self.at())?;
        let rows = query.query_map([], |row| Ok(OrderId(row.get(0)?))).map_err(self.at())?;
        rows.map(|row| row.map_err(self.at())).collect()
    }

    /// What the guards said, oldest first; of one order, or of everything.
    pub fn audit(&self, order: Option<&OrderId>) -> Result<Vec<AuditEntry>, StoreError> {
        let mut query = self
            .db
            .prepare_cached(
                "SELECT order_id, heard, verdicts, at_unix_ms FROM audit WHERE ?1 IS NULL OR order_id = ?1 ORDER BY id",
            )
            .map_err(self.at())?;
        let rows = query
            .query_map([order.map(|id| &id.0)], |row| {
                Ok((row.get::<_, Option<String>>(0)?, row.get(1)?, row.get::<_, String>(2)?, row.get(3)?))
            })
            .map_err(self.at())?;
        rows.map(|row| {
            let (order, heard, verdicts, at_unix_ms) = row.map_err(self.at())?;
            let verdicts = serde_json::from_str(&verdicts).map_err(|e| self.damaged(e))?;
            Ok(AuditEntry { at_unix_ms, order: order.map(OrderId), heard, verdicts })
        })
        .collect()
    }

    /// What happened to an order, oldest first.
    pub fn steps(&self, order: &OrderId) -> Result<Vec<Step>, StoreError> {
        let mut query =
            self.db.prepare_cached("SELECT body FROM steps WHERE order_id = ?1 ORDER BY id").map_err(self.at())?;
        let bodies = query.query_map([&order.0], |row| row.get::<_, String>(0)).map_err(self.at())?;
        bodies.map(|body| serde_json::from_str(&body.map_err(self.at())?).map_err(|e| self.damaged(e))).collect()
    }

    pub fn shopping_list(&self) -> Result<Vec<ListEntry>, StoreError> {
        let mut query =
            self.db.prepare_cached("SELECT sku, qty, why FROM shopping_list ORDER BY id").map_err(self.at())?;
        let rows = query
            .query_map([], |row| Ok(ListEntry { sku: row.get(0)?, qty: row.get(1)?, why: row.get(2)? }))
            .map_err(self.at())?;
        rows.map(|row| row.map_err(self.at())).collect()
    }

    /// What the household buys already, from the shop or from a file; replaces earlier entries
    /// of the same products.
    pub fn import_regulars(&mut self, regulars: &BTreeMap<String, Regular>) -> Result<(), StoreError> {
        let path = self.path.clone();
        let tx = self.db.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).map_err(at(&path))?;
        for (sku, regular) in regulars {
            let body = serde_json::to_string(regular)
                .map_err(|e| StoreError::Damaged { path: path.clone(), why: e.to_string() })?;
            tx.execute("INSERT OR REPLACE INTO regulars (sku, body) VALUES (?1, ?2)", params![sku, body])
                .map_err(at(&path))?;
        }
        tx.commit().map_err(at(&path))
    }

    /// Drops the words of before `unix_ms`: from the log, from the reasons in it, and from orders that wait for nothing
    /// any more, with the signed bytes that hold them. What was ordered, and which guards spoke, stays.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was dropped.
    pub fn forget_words(&mut self, before_unix_ms: i64) -> Result<(), StoreError> {
        let path = self.path.clone();
        // What is deleted is overwritten in the file, too.
        self.db.pragma_update(None, "secure_delete", true).map_err(at(&path))?;
        let tx = self.db.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).map_err(at(&path))?;
        words::forget(&tx, &path, before_unix_ms)?;
        tx.commit().map_err(at(&path))?;
        // Old pages are in the write-ahead log until it is folded in. A reader beside us may hold it up; the next time does it.
        let folded = self.db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        folded.map_err(at(&path))
    }

    /// The file is at most so many pages of 4 KiB: stands in for a full disk in tests.
    #[doc(hidden)]
    pub fn limit_pages(&self, pages: u32) -> Result<(), StoreError> {
        self.db.pragma_update(None, "max_page_count", pages).map_err(self.at())
    }

    /// When each product was suggested last.
    fn offered(&self) -> Result<BTreeMap<String, i64>, StoreError> {
        let mut query = self.db.prepare_cached("SELECT sku, at_unix_ms FROM offered").map_err(self.at())?;
        let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).map_err(self.at())?;
        rows.map(|row| row.map_err(self.at())).collect()
    }

    fn imported(&self) -> Result<BTreeMap<String, Regular>, StoreError> {
        let mut query = self.db.prepare_cached("SELECT sku, body FROM regulars").map_err(self.at())?;
        let rows =
            query.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))).map_err(self.at())?;
        rows.map(|row| {
            let (sku, body) = row.map_err(self.at())?;
            Ok((sku, serde_json::from_str(&body).map_err(|e| self.damaged(e))?))
        })
        .collect()
    }

    fn parse<T: serde::de::DeserializeOwned>(&self, body: &str) -> Result<T, StoreError> {
        serde_json::from_str(body).map_err(|e| self.damaged(e))
    }

    fn damaged(&self, why: serde_json::Error) -> StoreError {
        StoreError::Damaged { path: self.path.clone(), why: why.to_string() }
    }

    fn at(&self) -> impl Fn(rusqlite::Error) -> StoreError + '_ {
        at(&self.path)
    }
}

/// A new order with its bytes, or a new state of one.
fn put_order(tx: &Transaction<'_>, path: &Path, order: &Order, seal: &mut Seal<'_>) -> Result<(), StoreError> {
    let body =
        serde_json::to_string(order).map_err(|e| StoreError::Damaged { path: path.into(), why: e.to_string() })?;
    let known: Option<(String, String)> = tx
        .query_row("SELECT quote_hash, nonce FROM orders WHERE id = ?1", [&order.id.0], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()
        .map_err(at(path))?;
    if let Some(known) = known {
        if known != (order.quote.hash.clone(), order.nonce.clone()) {
            return Err(StoreError::OtherContent { order: order.id.clone() });
        }
        tx.execute(
            "UPDATE orders SET state = ?2, body = ?3 WHERE id = ?1",
            params![order.id.0, order.state.name(), body],
        )
        .map_err(at(path))?;
        return Ok(());
    }
    let seq: i64 =
        tx.query_row("UPDATE counter SET seq = seq + 1 RETURNING seq", [], |row| row.get(0)).map_err(at(path))?;
    let seq_u = u64::try_from(seq)
        .map_err(|_| StoreError::Damaged { path: path.into(), why: format!("sequence number {seq}") })?;
    let bytes = seal(order, seq_u).map_err(|e| StoreError::Seal { order: order.id.clone(), why: format!("{e:#}") })?;
    tx.execute(
        "INSERT INTO orders (id, seq, state, quote_hash, nonce, expires_unix_ms, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![order.id.0, seq, order.state.name(), order.quote.hash, order.nonce, order.expires_unix_ms, body],
    )
    .map_err(at(path))?;
    tx.execute("INSERT INTO outbox (order_id, seq, bytes) VALUES (?1, ?2, ?3)", params![order.id.0, seq, bytes])
        .map_err(at(path))?;
    Ok(())
}

fn put_audit(
    tx: &Transaction<'_>,
    path: &Path,
    at_unix_ms: Option<i64>,
    order: Option<&OrderId>,
    heard: &str,
    verdicts: &[Verdict],
) -> Result<(), StoreError> {
    let verdicts =
        serde_json::to_string(verdicts).map_err(|e| StoreError::Damaged { path: path.into(), why: e.to_string() })?;
    tx.execute(
        "INSERT INTO audit (at_unix_ms, order_id, heard, verdicts) VALUES (?1, ?2, ?3, ?4)",
        params![at_unix_ms, order.map(|id| &id.0), heard, verdicts],
    )
    .map_err(at(path))?;
    tx.execute("DELETE FROM audit WHERE id <= (SELECT max(id) FROM audit) - ?1", [MAX_AUDIT]).map_err(at(path))?;
    Ok(())
}

fn put_step(tx: &Transaction<'_>, path: &Path, step: &Step) -> Result<(), StoreError> {
    let body =
        serde_json::to_string(step).map_err(|e| StoreError::Damaged { path: path.into(), why: e.to_string() })?;
    // A write that nobody answered for comes again.
    tx.execute("INSERT OR IGNORE INTO steps (order_id, body) VALUES (?1, ?2)", params![step.order.0, body])
        .map_err(at(path))?;
    Ok(())
}

/// How long a pack lasts of what is bought in a rhythm.
fn rhythms(orders: &[Order]) -> BTreeMap<String, i64> {
    let mut bought: BTreeMap<&str, Vec<(i64, u32)>> = BTreeMap::new();
    for order in orders.iter().filter(|order| order.state.is_bought()) {
        for line in &order.quote.lines {
            bought.entry(&line.sku).or_default().push((order.confirmed.at_unix_ms, line.qty));
        }
    }
    let rhythm = |(sku, mut purchases): (&str, Vec<(i64, u32)>)| {
        purchases.sort_unstable();
        Some((sku.to_owned(), pack_lasts_ms(&purchases)?))
    };
    bought.into_iter().filter_map(rhythm).collect()
}

/// An old order that arrived becomes part of how the household buys.
fn remember(regulars: &mut BTreeMap<String, Regular>, order: &Order) {
    for line in &order.quote.lines {
        let regular = regulars.entry(line.sku.clone()).or_insert(Regular {
            times: 0,
            usual_qty: line.qty,
            last_unit_amount: line.unit_amount,
            last_unix_ms: i64::MIN,
        });
        regular.times = regular.times.saturating_add(1);
        if order.confirmed.at_unix_ms >= regular.last_unix_ms {
            regular.usual_qty = line.qty;
            regular.last_unit_amount = line.unit_amount;
            regular.last_unix_ms = order.confirmed.at_unix_ms;
        }
    }
}

#[cfg(test)]
mod tests;
