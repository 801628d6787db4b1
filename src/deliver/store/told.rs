//! How far the household has heard the news of each order.

use super::{StoreError, at};
use crate::decide::order::OrderId;
use rusqlite::{Connection, Transaction, params};
use std::collections::BTreeMap;
use std::path::Path;

/// Written again, or late, it never takes anything back. Of an order that is not in the store nothing can be told.
pub fn put(tx: &Transaction<'_>, path: &Path, order: &OrderId, number: u32) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO told SELECT id, ?2 FROM orders WHERE id = ?1
         ON CONFLICT (order_id) DO UPDATE SET number = max(number, excluded.number)",
        params![order.0, number],
    )
    .map_err(at(path))?;
    Ok(())
}

pub fn all(db: &Connection, path: &Path) -> Result<BTreeMap<OrderId, u32>, StoreError> {
    let mut query = db.prepare_cached("SELECT order_id, number FROM told").map_err(at(path))?;
    let rows = query.query_map([], |row| Ok((OrderId(row.get(0)?), row.get(1)?))).map_err(at(path))?;
    rows.map(|row| row.map_err(at(path))).collect()
}
