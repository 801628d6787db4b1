//! Moves a book from its SQLite file to a PostgreSQL database: all of it in one transaction, compared row by row before it is
//! kept, and then the file is marked so that nobody serves it again by mistake.
//!
//! Which tables and columns there are both databases say themselves: one that only one of them has is an error, so nothing is
//! left behind. Changes nothing in the file.

use super::db::{Db, Row, Value, values};
use super::{Book, FILE};
use crate::deliver::envelope::rfc3339;
use crate::deliver::store::StoreError;
use crate::private_file;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Beside the file, once it was moved.
const MARK: &str = "shop.moved";
/// Rows and bytes that one statement writes.
const BATCH_ROWS: usize = 200;
const BATCH_BYTES: usize = 1024 * 1024;
/// Not a table of the book: the number of its schema.
const VERSION: &str = "version";

/// Why a book was not moved. The file can be served as before, and the database has nothing of it, unless it says otherwise.
#[derive(Debug, thiserror::Error)]
pub enum MoveError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("there is no book at {0}; name the data folder of your shop")]
    NoBook(PathBuf),
    #[error("the database {database} has a book already ({rows} rows in {table}); a book is moved to an empty one")]
    NotEmpty { database: PathBuf, table: String, rows: i64 },
    #[error("the table {table} is not the same in the file and in the database ({what}); use one version of tendero")]
    Shape { table: String, what: String },
    #[error("{table}, on its way to the database: {why}")]
    Table { table: String, why: StoreError },
    #[error("the database has other rows in {table} than the file ({there} for {here}); nothing was kept")]
    Differs { table: String, here: String, there: String },
    #[error("the file can't be marked as moved: {path}: {why}; nothing was kept")]
    Mark { path: PathBuf, why: std::io::Error },
    #[error(
        "the database {database} was lost at the last moment ({why}), and nobody can say whether it has kept the book. The file is marked as moved; look whether the database has its orders: tendero shop orders. If it has none: tendero shop move --undo, and again"
    )]
    Unsure { database: PathBuf, why: StoreError },
    #[error("{0} is not marked as moved; there is nothing to undo")]
    NotMoved(PathBuf),
}

/// What was moved: each table with its rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// Without its password.
    pub to: PathBuf,
    pub tables: Vec<(String, u64)>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Mark {
    to: String,
    at: String,
}

/// # Errors
/// [`StoreError::Moved`], if the book of this folder is in a database now.
pub(super) fn not_moved(data_dir: &Path) -> Result<(), StoreError> {
    let path = data_dir.join(MARK);
    let text = match std::fs::read_to_string(&path) {
        Err(why) if matches!(why.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory) => {
            return Ok(());
        }
        read => read.map_err(|why| StoreError::Access { path, why: why.to_string() })?,
    };
    // Whatever stands there: somebody has moved it.
    let to = serde_json::from_str::<Mark>(&text).map_or_else(|_| "a database".into(), |mark| mark.to);
    Err(StoreError::Moved { path: data_dir.join(FILE), to })
}

/// Takes the mark away: the file is the book again, as it was when it was moved.
///
/// # Errors
/// It has no mark, or the folder can't be written.
pub fn undo(data_dir: &Path) -> Result<(), MoveError> {
    let path = data_dir.join(MARK);
    match std::fs::remove_file(&path) {
        Err(why) if why.kind() == std::io::ErrorKind::NotFound => Err(MoveError::NotMoved(data_dir.join(FILE))),
        done => done.map_err(|why| MoveError::Mark { path, why }),
    }
}

/// Copies the book of `data_dir` to the database, which must have none. `progress` hears the table, and how many of how many
/// rows are done: each is written and read once.
///
/// # Errors
/// [`MoveError`].
pub fn to_database(
    data_dir: &Path,
    url: &str,
    now_unix_ms: i64,
    progress: impl FnMut(&str, u64, u64),
) -> Result<Moved, MoveError> {
    let path = data_dir.join(FILE);
    if !path.exists() {
        return Err(MoveError::NoBook(path));
    }
    not_moved(data_dir)?;
    let source = Db::sqlite(&path)?;
    // Whoever serves it must end first, and nobody begins meanwhile.
    source.serve()?;
    let target = Book::open_database(url, true)?.db;
    let tables = tables(&source, &target)?;
    let mut moving = Moving { source: &source, target: &target, progress, done: 0, all: 0 };
    let (failed, marked) = (RefCell::new(None), Cell::new(false));
    let kept = |done: Result<Vec<(String, u64)>, MoveError>| {
        done.map_err(|why| {
            *failed.borrow_mut() = Some(why);
            StoreError::Gone
        })
    };
    // Nobody writes into the file beside this.
    let moved = source.transaction(None, || {
        target.transaction(None, || {
            kept(moving.all_of(&tables).and_then(|moved| {
                // Before it is kept: a crash between the two must not leave two books that can be served.
                mark(data_dir, &target, now_unix_ms)?;
                marked.set(true);
                Ok(moved)
            }))
        })
    });
    let to = target.name().to_owned();
    let why = match moved {
        Ok(tables) => return Ok(Moved { to, tables }),
        Err(why) => why,
    };
    if let Some(why) = failed.into_inner() {
        return Err(why);
    }
    if marked.get() {
        // It was lost while it was being kept.
        match is_empty(&target, &tables) {
            Ok(()) => undo(data_dir)?,
            Err(MoveError::NotEmpty { .. }) => return Ok(Moved { to, tables: moving_counts(&source, &tables)? }),
            Err(_) => return Err(MoveError::Unsure { database: to, why }),
        }
    }
    Err(why.into())
}

fn mark(data_dir: &Path, target: &Db, now_unix_ms: i64) -> Result<(), MoveError> {
    let mark = Mark { to: target.name().display().to_string(), at: rfc3339(now_unix_ms).unwrap_or_default() };
    let text = serde_json::to_string(&mark).expect("texts are JSON") + "\n";
    let path = data_dir.join(MARK);
    private_file::write(&path, text.as_bytes()).map_err(|why| MoveError::Mark { path, why })
}

/// A table as both databases have it.
#[derive(Debug)]
struct Table {
    name: String,
    columns: Vec<String>,
    /// The column whose numbers the database gives out, and the last one that the file gave.
    numbered: Option<(String, i64)>,
}

impl Table {
    fn columns(&self) -> String {
        self.columns.join(", ")
    }
}

/// Every table, each after those that it refers to.
fn tables(source: &Db, target: &Db) -> Result<Vec<Table>, MoveError> {
    let text = |row: &Row| row.get::<String>(0);
    let sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name";
    let names: Vec<String> = source.all(sql, &[], text)?;
    let sql = "SELECT table_name::text, column_name::text, (is_identity = 'YES')::int FROM information_schema.columns
               WHERE table_schema = current_schema() ORDER BY table_name, ordinal_position";
    let there: Vec<(String, String, bool)> = target.all(sql, &[], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    if let Some((table, ..)) = there.iter().find(|(table, ..)| table != VERSION && !names.contains(table)) {
        return Err(MoveError::Shape { table: table.clone(), what: "the file has none".into() });
    }
    let mut waiting = vec![];
    for name in names {
        let columns: Vec<String> =
            source.all("SELECT name FROM pragma_table_info(?1) ORDER BY cid", values![&name], text)?;
        let theirs: Vec<&(String, String, bool)> = there.iter().filter(|(table, ..)| *table == name).collect();
        let (ours, known): (BTreeSet<&str>, BTreeSet<&str>) = (
            columns.iter().map(String::as_str).collect(),
            theirs.iter().map(|(_, column, _)| column.as_str()).collect(),
        );
        if let Some(column) = ours.symmetric_difference(&known).next() {
            return Err(MoveError::Shape { table: name, what: format!("the column {column}") });
        }
        let sql = "SELECT seq FROM sqlite_sequence WHERE name = ?1";
        let last: Option<i64> = source.first(sql, values![&name], |row| row.get(0))?;
        let numbered = theirs.iter().find(|(.., identity)| *identity);
        let numbered = numbered.map(|(_, column, _)| (column.clone(), last.unwrap_or(0)));
        let sql = "SELECT DISTINCT \"table\" FROM pragma_foreign_key_list(?1)";
        let refers: Vec<String> = source.all(sql, values![&name], text)?;
        waiting.push((refers, Table { name, columns, numbered }));
    }
    let mut sorted: Vec<Table> = vec![];
    while !waiting.is_empty() {
        let before = sorted.len();
        let is_ready = |refers: &[String], of: &str, sorted: &[Table]| {
            refers.iter().all(|other| other == of || sorted.iter().any(|table| table.name == *other))
        };
        let (ready, rest): (Vec<_>, Vec<_>) =
            waiting.into_iter().partition(|(refers, table)| is_ready(refers, &table.name, &sorted));
        sorted.extend(ready.into_iter().map(|(_, table)| table));
        waiting = rest;
        assert!(sorted.len() > before, "no two tables of the schema refer to each other");
    }
    Ok(sorted)
}

/// Has the database no book? What the migrations themselves write is none.
fn is_empty(target: &Db, tables: &[Table]) -> Result<(), MoveError> {
    for table in tables {
        let counted = if table.name == "tallies" { " WHERE number <> 0" } else { "" };
        let sql = format!("SELECT count(*) FROM {}{counted}", table.name);
        let rows: i64 = target.one(&sql, &[], |row| row.get(0))?;
        if rows > 0 {
            let (database, table) = (target.name().to_owned(), table.name.clone());
            return Err(MoveError::NotEmpty { database, table, rows });
        }
    }
    Ok(())
}

fn moving_counts(source: &Db, tables: &[Table]) -> Result<Vec<(String, u64)>, MoveError> {
    let count = |table: &Table| -> Result<(String, u64), StoreError> {
        let sql = format!("SELECT count(*) FROM {}", table.name);
        Ok((table.name.clone(), source.one(&sql, &[], |row| row.get::<i64>(0))?.unsigned_abs()))
    };
    Ok(tables.iter().map(count).collect::<Result<_, _>>()?)
}

/// The rows of a table, whatever their order: how many, and the sum of their hashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Sum {
    rows: u64,
    hashes: u128,
}

impl Sum {
    fn add(&mut self, row: &Row) {
        let mut hash = Sha256::new();
        for value in &row.0 {
            let (kind, bytes): (u8, &[u8]) = match value {
                Value::Null => (0, &[]),
                Value::Int(number) => (1, &number.to_be_bytes()),
                Value::Text(text) => (2, text.as_bytes()),
                Value::Bytes(bytes) => (3, bytes),
            };
            hash.update([kind]);
            hash.update((bytes.len() as u64).to_be_bytes());
            hash.update(bytes);
        }
        let digest = hash.finalize();
        let (first, _) = digest.split_first_chunk::<16>().expect("SHA-256 has 32 bytes");
        self.rows += 1;
        self.hashes = self.hashes.wrapping_add(u128::from_be_bytes(*first));
    }
}

impl std::fmt::Display for Sum {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} rows, sum {:032x}", self.rows, self.hashes)
    }
}

struct Moving<'a, P> {
    source: &'a Db,
    target: &'a Db,
    progress: P,
    done: u64,
    all: u64,
}

impl<P: FnMut(&str, u64, u64)> Moving<'_, P> {
    /// Copies, and compares what is there then; within the database's transaction.
    fn all_of(&mut self, tables: &[Table]) -> Result<Vec<(String, u64)>, MoveError> {
        let names: Vec<&str> = tables.iter().map(|table| table.name.as_str()).collect();
        // A shop that starts on it now waits, or finds a book.
        self.target.run(&format!("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE", names.join(", ")), &[])?;
        is_empty(self.target, tables)?;
        self.target.run("DELETE FROM tallies", &[])?;
        self.all = moving_counts(self.source, tables)?.iter().map(|(_, rows)| 2 * rows).sum();
        let mut sums = vec![];
        for table in tables {
            let of = |why| MoveError::Table { table: table.name.clone(), why };
            sums.push(self.copy(table).map_err(of)?);
        }
        for (table, here) in tables.iter().zip(&sums) {
            let there = self.read(table)?;
            if there != *here {
                let (here, there) = (here.to_string(), there.to_string());
                return Err(MoveError::Differs { table: table.name.clone(), here, there });
            }
        }
        Ok(tables.iter().zip(sums).map(|(table, sum)| (table.name.clone(), sum.rows)).collect())
    }

    fn copy(&mut self, table: &Table) -> Result<Sum, StoreError> {
        let (source, target) = (self.source, self.target);
        let (mut sum, mut batch, mut bytes) = (Sum::default(), vec![], 0);
        source.each(&format!("SELECT {} FROM {}", table.columns(), table.name), |row| {
            sum.add(&row);
            bytes += row.0.iter().map(size).sum::<usize>();
            batch.push(row);
            if batch.len() == BATCH_ROWS || bytes >= BATCH_BYTES {
                bytes = 0;
                self.step(&table.name, batch.len());
                insert(target, table, std::mem::take(&mut batch))?;
            }
            Ok(())
        })?;
        self.step(&table.name, batch.len());
        insert(target, table, batch)?;
        if let Some((column, last)) = table.numbered.as_ref().filter(|(_, last)| *last > 0) {
            // No number is given out twice, also none of a row that is gone.
            let sql = format!("SELECT setval(pg_get_serial_sequence('{}', '{column}'), {last})", table.name);
            target.all(&sql, &[], |_| Ok(()))?;
        }
        Ok(sum)
    }

    fn read(&mut self, table: &Table) -> Result<Sum, MoveError> {
        let mut sum = Sum::default();
        let target = self.target;
        target.each(&format!("SELECT {} FROM {}", table.columns(), table.name), |row| {
            sum.add(&row);
            self.step(&table.name, 1);
            Ok(())
        })?;
        Ok(sum)
    }

    fn step(&mut self, table: &str, rows: usize) {
        self.done += rows as u64;
        (self.progress)(table, self.done, self.all);
    }
}

fn size(value: &Value) -> usize {
    match value {
        Value::Null | Value::Int(_) => 8,
        Value::Text(text) => text.len(),
        Value::Bytes(bytes) => bytes.len(),
    }
}

fn insert(target: &Db, table: &Table, rows: Vec<Row>) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    let width = table.columns.len();
    let of_row = |row: usize| {
        let places: Vec<String> = (1..=width).map(|column| format!("?{}", row * width + column)).collect();
        format!("({})", places.join(", "))
    };
    let places: Vec<String> = (0..rows.len()).map(of_row).collect();
    let own = if table.numbered.is_some() { "OVERRIDING SYSTEM VALUE " } else { "" };
    let sql = format!("INSERT INTO {} ({}) {own}VALUES {}", table.name, table.columns(), places.join(", "));
    let values: Vec<Value> = rows.into_iter().flat_map(|row| row.0).collect();
    target.run(&sql, &values).map(|_| ())
}
