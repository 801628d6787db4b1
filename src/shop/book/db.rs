//! One way to speak to both databases: values in, rows out, and everything or nothing.
//!
//! The book's statements are written once, in the SQL that both know, with `?1`, `?2` for values. What differs (locks, how a
//! placeholder is written, how a connection comes back) is in [`sqlite`](super::sqlite) and `postgres`, and the tables are in
//! [`schema`](super::schema). Never knows what the tables are for.

#[cfg(feature = "postgres")]
use super::postgres::Postgres;
use super::sqlite::Sqlite;
use crate::deliver::store::StoreError;
use std::path::{Path, PathBuf};

/// What both databases store. Truth is 0 or 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    Null,
    Int(i64),
    Text(String),
    Bytes(Vec<u8>),
}

/// Values of a statement, in the order of its placeholders.
macro_rules! values {
    ($($value:expr),* $(,)?) => { &[$($crate::shop::book::db::Value::from($value)),*][..] };
}
pub(super) use values;

macro_rules! into_value {
    ($($from:ty => |$value:ident| $made:expr),* $(,)?) => {
        $(impl From<$from> for Value {
            fn from($value: $from) -> Value {
                $made
            }
        })*
    };
}

into_value! {
    i64 => |value| Value::Int(value),
    u32 => |value| Value::Int(value.into()),
    u16 => |value| Value::Int(value.into()),
    bool => |value| Value::Int(value.into()),
    &str => |value| Value::Text(value.into()),
    &String => |value| Value::Text(value.clone()),
    String => |value| Value::Text(value),
    &[u8] => |value| Value::Bytes(value.into()),
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Value {
        value.map_or(Value::Null, Into::into)
    }
}

/// A column that holds something else than the program expects.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("column {column} is not {wanted}")]
pub struct Mismatch {
    column: usize,
    wanted: &'static str,
}

/// What a column can be read as; `None` where it does not fit.
pub trait FromValue: Sized {
    const WANTED: &'static str;
    fn from_value(value: &Value) -> Option<Self>;
}

macro_rules! from_value {
    ($($to:ty, $wanted:literal: $value:ident => $made:expr),* $(,)?) => {
        $(impl FromValue for $to {
            const WANTED: &'static str = $wanted;
            fn from_value($value: &Value) -> Option<$to> {
                $made
            }
        })*
    };
}

from_value! {
    i64, "a number": value => if let Value::Int(number) = value { Some(*number) } else { None },
    u32, "a small number": value => i64::from_value(value)?.try_into().ok(),
    u16, "a small number": value => i64::from_value(value)?.try_into().ok(),
    bool, "0 or 1": value => Some(i64::from_value(value)? != 0),
    String, "text": value => if let Value::Text(text) = value { Some(text.clone()) } else { None },
    Vec<u8>, "bytes": value => if let Value::Bytes(bytes) = value { Some(bytes.clone()) } else { None },
    [u8; 16], "16 bytes": value => Vec::<u8>::from_value(value)?.try_into().ok(),
}

impl<T: FromValue> FromValue for Option<T> {
    const WANTED: &'static str = T::WANTED;
    fn from_value(value: &Value) -> Option<Option<T>> {
        if *value == Value::Null { Some(None) } else { T::from_value(value).map(Some) }
    }
}

/// One row of an answer.
pub struct Row(pub Vec<Value>);

impl Row {
    /// # Errors
    /// [`Mismatch`]: there is no such column, or it holds something else.
    pub fn get<T: FromValue>(&self, column: usize) -> Result<T, Mismatch> {
        self.0.get(column).and_then(T::from_value).ok_or(Mismatch { column, wanted: T::WANTED })
    }
}

/// What one does for all workers of a book, as long as its connection lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Office {
    /// Says whether the shop is there.
    Presence,
    /// Delivers to the webhook.
    Webhook,
}

/// An open database.
pub struct Db {
    engine: Engine,
    name: PathBuf,
}

enum Engine {
    Sqlite(Sqlite),
    #[cfg(feature = "postgres")]
    Postgres(Postgres),
}

/// Calls the same method of whichever database it is.
macro_rules! engine {
    ($db:expr, $engine:ident => $call:expr) => {
        match &$db.engine {
            Engine::Sqlite($engine) => $call,
            #[cfg(feature = "postgres")]
            Engine::Postgres($engine) => $call,
        }
    };
}

impl Db {
    pub fn sqlite(path: &Path) -> Result<Db, StoreError> {
        Ok(Db { engine: Engine::Sqlite(Sqlite::open(path)?), name: path.into() })
    }

    /// `make`: also where there is no book yet.
    #[cfg(feature = "postgres")]
    pub fn postgres(url: &str, make: bool) -> Result<Db, StoreError> {
        let postgres = Postgres::open(url, make)?;
        let name = postgres.name().into();
        Ok(Db { engine: Engine::Postgres(postgres), name })
    }

    /// The file, or the address without its password.
    pub fn name(&self) -> &Path {
        &self.name
    }

    pub fn all<T>(
        &self,
        sql: &str,
        values: &[Value],
        read: impl Fn(&Row) -> Result<T, Mismatch>,
    ) -> Result<Vec<T>, StoreError> {
        let rows = engine!(self, engine => engine.rows(sql, values))?;
        rows.iter().map(|row| read(row).map_err(|why| self.damaged(why))).collect()
    }

    /// The first row, if there is one.
    pub fn first<T>(
        &self,
        sql: &str,
        values: &[Value],
        read: impl Fn(&Row) -> Result<T, Mismatch>,
    ) -> Result<Option<T>, StoreError> {
        Ok(self.all(sql, values, read)?.into_iter().next())
    }

    /// A row that is always there.
    pub fn one<T>(
        &self,
        sql: &str,
        values: &[Value],
        read: impl Fn(&Row) -> Result<T, Mismatch>,
    ) -> Result<T, StoreError> {
        self.first(sql, values, read)?.ok_or_else(|| self.damaged("a row is missing"))
    }

    pub fn exists(&self, sql: &str, values: &[Value]) -> Result<bool, StoreError> {
        Ok(self.first(sql, values, |_| Ok(()))?.is_some())
    }

    /// Row by row, so that a table of any size fits; in a database with a connection of its own only within a transaction.
    pub fn each(&self, sql: &str, mut take: impl FnMut(Row) -> Result<(), StoreError>) -> Result<(), StoreError> {
        engine!(self, engine => engine.each(sql, &mut take))
    }

    /// How many rows it changed.
    pub fn run(&self, sql: &str, values: &[Value]) -> Result<u64, StoreError> {
        engine!(self, engine => engine.run(sql, values))
    }

    /// Everything that `job` does, or nothing; on disk when this returns. Nobody else with the same `claim` is inside at the
    /// same time.
    pub fn transaction<T>(
        &self,
        claim: Option<&str>,
        job: impl FnOnce() -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        engine!(self, engine => engine.begin(claim))?;
        // Also when the job panics.
        let undo = Undo(self);
        let done = job()?;
        std::mem::forget(undo);
        engine!(self, engine => engine.commit()).inspect_err(|_| drop(Undo(self)))?;
        Ok(done)
    }

    /// Until the end of the transaction nobody else is past the same claim.
    pub fn claim(&self, names: &[String]) -> Result<(), StoreError> {
        engine!(self, engine => engine.claim(names))
    }

    /// Serves from now on: as which worker. Numbers from 1, or 0 where only one can serve.
    pub fn serve(&self) -> Result<i64, StoreError> {
        engine!(self, engine => engine.serve())
    }

    /// The worker that this is; it can change when the connection was lost.
    pub fn worker(&self) -> i64 {
        engine!(self, engine => engine.worker())
    }

    /// The workers that serve now.
    pub fn alive(&self) -> Result<Vec<i64>, StoreError> {
        engine!(self, engine => engine.alive())
    }

    /// Is this the one that does `what` for all workers? Only who `may` becomes it, and one connection holds one such lock.
    pub fn lead(&self, what: Office, may: bool) -> Result<bool, StoreError> {
        engine!(self, engine => engine.lead(what, may))
    }

    pub fn damaged(&self, why: impl std::fmt::Display) -> StoreError {
        StoreError::Damaged { path: self.name.clone(), why: why.to_string() }
    }
}

/// Takes a transaction back when it goes out of scope.
struct Undo<'a>(&'a Db);

impl Drop for Undo<'_> {
    fn drop(&mut self) {
        engine!(self.0, engine => engine.rollback());
    }
}
