//! What the speakers of one household know of each other's orders: ours, numbered to be told, and theirs as they told them.

use super::{Store, StoreError, at};
use crate::decide::order::Order;
use crate::decide::sibling::{SHARED_MS, SharedOrder, Sibling, to_share};
use rusqlite::{Connection, Transaction, params};
use std::collections::BTreeMap;
use std::path::Path;

impl Store {
    /// Our orders for the other speakers, with a number that is higher than every one before: by one at least, and not
    /// below the wall clock, so that it rises also when this file is gone and made anew.
    ///
    /// # Errors
    /// [`StoreError`]; the number is on disk when this returns.
    pub fn snapshot(&mut self, now_unix_ms: Option<i64>) -> Result<(u64, Vec<SharedOrder>), StoreError> {
        let path = self.path.clone();
        let orders = to_share(&self.recent(now_unix_ms)?, now_unix_ms);
        let tx = self.db.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).map_err(at(&path))?;
        let rev: i64 = tx
            .query_row(
                "UPDATE counter SET shared_rev = max(shared_rev + 1, ?1) RETURNING shared_rev",
                [now_unix_ms.unwrap_or(0)],
                |row| row.get(0),
            )
            .map_err(at(&path))?;
        tx.commit().map_err(at(&path))?;
        let rev = u64::try_from(rev).map_err(|_| StoreError::Damaged { path, why: format!("revision {rev}") })?;
        Ok((rev, orders))
    }

    /// What [`to_share`] can choose from: not the whole history of a household.
    fn recent(&self, now_unix_ms: Option<i64>) -> Result<Vec<Order>, StoreError> {
        let since = now_unix_ms.map_or(i64::MIN, |now| now.saturating_sub(SHARED_MS));
        let mut query = self
            .db
            .prepare_cached(
                "SELECT body FROM orders
                 WHERE state NOT IN ('delivered', 'rejected', 'cancelled', 'expired', 'withdrawn', 'refunded')
                    OR json_extract(body, '$.confirmed.at_unix_ms') >= ?1
                 ORDER BY seq DESC LIMIT 2000",
            )
            .map_err(self.at())?;
        let bodies = query.query_map([since], |row| row.get::<_, String>(0)).map_err(self.at())?;
        bodies.map(|body| self.parse(&body.map_err(self.at())?)).collect()
    }
}

/// Writes what a sibling told, unless something newer of it is there.
pub fn put(
    tx: &Transaction<'_>,
    path: &Path,
    device: &str,
    rev: u64,
    orders: &[SharedOrder],
) -> Result<(), StoreError> {
    let damaged = |why: String| StoreError::Damaged { path: path.into(), why };
    let orders = serde_json::to_string(orders).map_err(|e| damaged(e.to_string()))?;
    let rev = i64::try_from(rev).map_err(|e| damaged(e.to_string()))?;
    tx.execute(
        "INSERT INTO siblings (device, rev, orders) VALUES (?1, ?2, ?3)
         ON CONFLICT (device) DO UPDATE SET rev = ?2, orders = ?3 WHERE rev < ?2",
        params![device, rev, orders],
    )
    .map_err(at(path))?;
    Ok(())
}

/// Every sibling that ever told something.
pub fn all(db: &Connection, path: &Path) -> Result<BTreeMap<String, Sibling>, StoreError> {
    let damaged = |why: String| StoreError::Damaged { path: path.into(), why };
    let mut query = db.prepare_cached("SELECT device, rev, orders FROM siblings").map_err(at(path))?;
    let rows = query
        .query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?, row.get::<_, String>(2)?)))
        .map_err(at(path))?;
    rows.map(|row| {
        let (device, rev, orders) = row.map_err(at(path))?;
        let rev = u64::try_from(rev).map_err(|e| damaged(e.to_string()))?;
        let orders = serde_json::from_str(&orders).map_err(|e| damaged(e.to_string()))?;
        Ok((device, Sibling { rev, orders }))
    })
    .collect()
}
