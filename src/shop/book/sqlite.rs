//! The book in a SQLite file: one worker serves it, and whoever else looks waits for its turn.

use super::db::{Office, Row, Value};
use super::schema;
use crate::deliver::store::StoreError;
use crate::deliver::store::error::at;
use crate::deliver::store::schema::open_with;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ToSql};
use std::borrow::Cow;
use std::cell::RefCell;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Beside the file: whoever serves it holds this one locked.
const LOCK: &str = "shop.lock";
/// A worker that was told to end may still be ending.
const LOCK_TRIES: u32 = 50;
const LOCK_PAUSE: Duration = Duration::from_millis(100);

pub struct Sqlite {
    db: Connection,
    path: PathBuf,
    lock: RefCell<Option<File>>,
}

impl Sqlite {
    pub fn open(path: &Path) -> Result<Sqlite, StoreError> {
        let db = open_with(path, schema::APPLICATION_ID, schema::SQLITE)?;
        Ok(Sqlite { db, path: path.into(), lock: RefCell::new(None) })
    }

    pub fn rows(&self, sql: &str, values: &[Value]) -> Result<Vec<Row>, StoreError> {
        let mut statement = self.db.prepare_cached(&dialect(sql)).map_err(at(&self.path))?;
        let columns = statement.column_count();
        let read = |row: &rusqlite::Row<'_>| {
            (0..columns).map(|column| row.get_ref(column).map(value)).collect::<Result<_, _>>().map(Row)
        };
        let rows = statement.query_map(rusqlite::params_from_iter(values), read).map_err(at(&self.path))?;
        rows.map(|row| row.map_err(at(&self.path))).collect()
    }

    pub fn each(&self, sql: &str, take: &mut dyn FnMut(Row) -> Result<(), StoreError>) -> Result<(), StoreError> {
        let mut statement = self.db.prepare(&dialect(sql)).map_err(at(&self.path))?;
        let columns = statement.column_count();
        let mut rows = statement.query([]).map_err(at(&self.path))?;
        while let Some(row) = rows.next().map_err(at(&self.path))? {
            let values = (0..columns).map(|column| row.get_ref(column).map(value)).collect::<Result<_, _>>();
            take(Row(values.map_err(at(&self.path))?))?;
        }
        Ok(())
    }

    pub fn run(&self, sql: &str, values: &[Value]) -> Result<u64, StoreError> {
        let mut statement = self.db.prepare_cached(&dialect(sql)).map_err(at(&self.path))?;
        let changed = statement.execute(rusqlite::params_from_iter(values)).map_err(at(&self.path))?;
        Ok(u64::try_from(changed).unwrap_or(u64::MAX))
    }

    /// Nobody else writes until it ends, so nothing need be claimed.
    pub fn begin(&self, _claim: Option<&str>) -> Result<(), StoreError> {
        self.db.execute_batch("BEGIN IMMEDIATE").map_err(at(&self.path))
    }

    pub fn commit(&self) -> Result<(), StoreError> {
        self.db.execute_batch("COMMIT").map_err(at(&self.path))
    }

    pub fn rollback(&self) {
        // Some errors have rolled it back already.
        if !self.db.is_autocommit() {
            let _ = self.db.execute_batch("ROLLBACK");
        }
    }

    pub fn claim(&self, _names: &[String]) -> Result<(), StoreError> {
        Ok(())
    }

    pub fn serve(&self) -> Result<i64, StoreError> {
        let path = self.path.with_file_name(LOCK);
        let access = |why: std::io::Error| StoreError::Access { path: path.clone(), why: why.to_string() };
        let file = File::options().create(true).append(true).open(&path).map_err(access)?;
        for _ in 0..LOCK_TRIES {
            match file.try_lock() {
                Ok(()) => {
                    *self.lock.borrow_mut() = Some(file);
                    return Ok(self.worker());
                }
                Err(TryLockError::WouldBlock) => std::thread::sleep(LOCK_PAUSE),
                Err(TryLockError::Error(why)) => return Err(access(why)),
            }
        }
        Err(StoreError::Served { path: self.path.clone() })
    }

    pub fn worker(&self) -> i64 {
        0
    }

    pub fn alive(&self) -> Result<Vec<i64>, StoreError> {
        Ok(vec![self.worker()])
    }

    /// Only one serves the file.
    pub fn lead(&self, _what: Office, may: bool) -> Result<bool, StoreError> {
        Ok(may)
    }
}

/// A transaction is alone with the file: it locks no rows.
fn dialect(sql: &str) -> Cow<'_, str> {
    if sql.contains(schema::LOCKING) { sql.replace(schema::LOCKING, "").into() } else { sql.into() }
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Value::Null => ValueRef::Null,
            Value::Int(number) => ValueRef::Integer(*number),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
            Value::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

fn value(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Int(number),
        // No column of ours holds one.
        ValueRef::Real(number) => Value::Text(number.to_string()),
        ValueRef::Text(text) => Value::Text(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Blob(bytes) => Value::Bytes(bytes.into()),
    }
}
