//! Dropping what was said once the household no longer wants it kept.

use super::{StoreError, at};
use crate::decide::guard::Verdict;
use crate::decide::order::Order;
use crate::decide::reply::Reason;
use rusqlite::{Transaction, params};
use std::path::Path;

/// Drops the words of before `unix_ms`, in one transaction.
pub fn forget(tx: &Transaction<'_>, path: &Path, before_unix_ms: i64) -> Result<(), StoreError> {
    super::chat::forget(tx, path, before_unix_ms)?;
    super::notices::forget(tx, path, before_unix_ms)?;
    from_log(tx, path, before_unix_ms)?;
    from_orders(tx, path, before_unix_ms)
}

/// Entries without a time are from before the clock was known, or from before times were kept: they go, too.
fn from_log(tx: &Transaction<'_>, path: &Path, before_unix_ms: i64) -> Result<(), StoreError> {
    let old = "SELECT id, verdicts FROM audit WHERE heard <> '' AND coalesce(at_unix_ms, 0) < ?1";
    let rows: Vec<(i64, String)> = collect(tx, path, old, before_unix_ms)?;
    for (id, verdicts) in rows {
        let verdicts: Vec<Verdict> = serde_json::from_str(&verdicts).map_err(damaged(path))?;
        let verdicts: Vec<Verdict> = verdicts.into_iter().map(without_words).collect();
        let verdicts = serde_json::to_string(&verdicts).map_err(damaged(path))?;
        tx.execute("UPDATE audit SET heard = '', verdicts = ?2 WHERE id = ?1", params![id, verdicts])
            .map_err(at(path))?;
    }
    Ok(())
}

fn from_orders(tx: &Transaction<'_>, path: &Path, before_unix_ms: i64) -> Result<(), StoreError> {
    let old = "SELECT id, body FROM orders WHERE json_extract(body, '$.confirmed.at_unix_ms') < ?1
               AND json_array_length(body, '$.confirmed.spoken') > 0";
    let rows: Vec<(String, String)> = collect(tx, path, old, before_unix_ms)?;
    for (id, body) in rows {
        let mut order: Order = serde_json::from_str(&body).map_err(damaged(path))?;
        if !order.state.is_settled() {
            continue;
        }
        order.confirmed.spoken.clear();
        let body = serde_json::to_string(&order).map_err(damaged(path))?;
        tx.execute("UPDATE orders SET body = ?2 WHERE id = ?1", params![id, body]).map_err(at(path))?;
        // It is never sent again, and the id can't get other bytes: the order stays.
        tx.execute("DELETE FROM outbox WHERE order_id = ?1", [&id]).map_err(at(path))?;
    }
    Ok(())
}

fn without_words(mut verdict: Verdict) -> Verdict {
    if let Some(Reason::ReportedSpeech { words } | Reason::NotAnOrder { words, .. }) = &mut verdict.reason {
        words.clear();
    }
    verdict
}

fn collect<Id: rusqlite::types::FromSql>(
    tx: &Transaction<'_>,
    path: &Path,
    sql: &str,
    before_unix_ms: i64,
) -> Result<Vec<(Id, String)>, StoreError> {
    let mut query = tx.prepare_cached(sql).map_err(at(path))?;
    let rows = query.query_map([before_unix_ms], |row| Ok((row.get(0)?, row.get(1)?))).map_err(at(path))?;
    rows.map(|row| row.map_err(at(path))).collect()
}

fn damaged(path: &Path) -> impl Fn(serde_json::Error) -> StoreError + '_ {
    move |why| StoreError::Damaged { path: path.into(), why: why.to_string() }
}
