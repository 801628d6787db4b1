//! Opening a SQLite file: how it is written to disk, and its schema.
//!
//! Migrations only ever go forward, each in one transaction; a file from a newer version is refused.

use super::error::{StoreError, at};
use rusqlite::{Connection, OpenFlags, TransactionBehavior};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::time::Duration;

/// How long a writer waits for another one.
const BUSY: Duration = Duration::from_secs(5);
/// "tndr": marks the file as ours, so that somebody else's database is never migrated.
pub(super) const APPLICATION_ID: i64 = 0x746e_6472;

/// One step each; the number of steps is the schema's version.
pub(super) const MIGRATIONS: &[&str] = &[
    "
    CREATE TABLE orders (
        id TEXT PRIMARY KEY,
        seq INTEGER NOT NULL UNIQUE,
        state TEXT NOT NULL,
        quote_hash TEXT NOT NULL,
        nonce TEXT NOT NULL,
        expires_unix_ms INTEGER NOT NULL,
        body TEXT NOT NULL
    ) STRICT;
    CREATE INDEX orders_by_state ON orders (state);
    CREATE TABLE outbox (
        order_id TEXT PRIMARY KEY REFERENCES orders (id),
        seq INTEGER NOT NULL UNIQUE,
        bytes BLOB NOT NULL
    ) STRICT;
    CREATE TRIGGER outbox_is_for_ever BEFORE UPDATE ON outbox
        BEGIN SELECT RAISE(ABORT, 'the bytes of an order never change'); END;
    CREATE TABLE audit (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        order_id TEXT,
        heard TEXT NOT NULL,
        verdicts TEXT NOT NULL
    ) STRICT;
    CREATE INDEX audit_by_order ON audit (order_id);
    CREATE TABLE shopping_list (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        sku TEXT NOT NULL,
        qty INTEGER NOT NULL,
        why TEXT NOT NULL
    ) STRICT;
    CREATE TABLE regulars (sku TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT;
    CREATE TABLE counter (one INTEGER PRIMARY KEY CHECK (one = 1), seq INTEGER NOT NULL) STRICT;
    INSERT INTO counter VALUES (1, 0);
",
    "
    ALTER TABLE counter ADD COLUMN wrong_pins INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE audit ADD COLUMN at_unix_ms INTEGER;
    CREATE TABLE steps (
        id INTEGER PRIMARY KEY AUTOINCREMENT, order_id TEXT NOT NULL, body TEXT NOT NULL, UNIQUE (order_id, body)
    ) STRICT;
    CREATE TABLE offered (sku TEXT PRIMARY KEY, at_unix_ms INTEGER NOT NULL) STRICT;
",
    "
    ALTER TABLE counter ADD COLUMN shared_rev INTEGER NOT NULL DEFAULT 0;
    CREATE TABLE siblings (device TEXT PRIMARY KEY, rev INTEGER NOT NULL, orders TEXT NOT NULL) STRICT;
",
    "
    CREATE TABLE told (order_id TEXT PRIMARY KEY REFERENCES orders (id), number INTEGER NOT NULL) STRICT;
",
    "
    CREATE TABLE threads (
        no INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, acked INTEGER NOT NULL, heard INTEGER NOT NULL,
        body TEXT NOT NULL
    ) STRICT;
    CREATE TABLE chat_lines (
        thread TEXT NOT NULL REFERENCES threads (id), ours INTEGER NOT NULL, seq INTEGER NOT NULL, at_unix_ms INTEGER,
        body TEXT NOT NULL, PRIMARY KEY (thread, ours, seq)
    ) STRICT;
",
    "
    CREATE TABLE handovers (no INTEGER PRIMARY KEY AUTOINCREMENT, who TEXT NOT NULL, step TEXT NOT NULL) STRICT;
    CREATE INDEX handovers_by_who ON handovers (who, no);
",
    "
    ALTER TABLE counter ADD COLUMN notices_dropped INTEGER NOT NULL DEFAULT 0;
    CREATE TABLE consent (
        one INTEGER PRIMARY KEY CHECK (one = 1), id TEXT NOT NULL, rev INTEGER NOT NULL, acked INTEGER NOT NULL,
        body TEXT NOT NULL
    ) STRICT;
    CREATE TABLE notices (
        no INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, consent TEXT, expires_unix_ms INTEGER NOT NULL,
        told_unix_ms INTEGER, gone INTEGER NOT NULL DEFAULT 0, body TEXT NOT NULL
    ) STRICT;
",
];

pub fn open(path: &Path) -> Result<Connection, StoreError> {
    open_with(path, APPLICATION_ID, MIGRATIONS)
}

/// Opens or makes a file with another application's number and schema: the shop has its own.
pub fn open_with(path: &Path, application_id: i64, migrations: &[&str]) -> Result<Connection, StoreError> {
    if let Some(dir) = path.parent().filter(|dir| !dir.as_os_str().is_empty()) {
        // What a household buys is nobody else's business.
        let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir);
        made.map_err(|e| StoreError::Access { path: dir.into(), why: e.to_string() })?;
    }
    let mut db = Connection::open(path).map_err(at(path))?;
    db.busy_timeout(BUSY).map_err(at(path))?;
    // The first read tells whether it is a database at all, before anything is changed.
    let found_id: i64 = db.pragma_query_value(None, "application_id", |row| row.get(0)).map_err(at(path))?;
    let tables: i64 = db.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).map_err(at(path))?;
    if found_id != application_id && (found_id != 0 || tables > 0) {
        return Err(StoreError::NotADatabase { path: path.into() });
    }
    db.pragma_update(None, "journal_mode", "WAL").map_err(at(path))?;
    db.pragma_update(None, "synchronous", "FULL").map_err(at(path))?;
    db.pragma_update(None, "foreign_keys", true).map_err(at(path))?;
    migrate(&mut db, path, application_id, migrations)?;
    Ok(db)
}

/// Without making, changing or locking anything. `None`: it has an older schema.
///
/// A store that nobody has open is a whole in its one file. One that somebody writes, or that was cut off, is read together
/// with its log, by the index that is there: SQLite would make a new one.
pub fn open_to_read(path: &Path) -> Result<Option<Connection>, StoreError> {
    let log = path.with_extension("db-wal");
    let how = if log.exists() { "mode=ro&readonly_shm=1" } else { "mode=ro&immutable=1" };
    let name: String = path.as_os_str().as_bytes().iter().map(|&byte| in_uri(byte)).collect();
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(format!("file:{name}?{how}"), flags).map_err(at(path))?;
    db.busy_timeout(BUSY).map_err(at(path))?;
    let pragma = |name: &str| db.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).map_err(at(path));
    if pragma("application_id")? != APPLICATION_ID {
        return Err(StoreError::NotADatabase { path: path.into() });
    }
    let known = i64::try_from(MIGRATIONS.len()).expect("a handful of migrations");
    let found = pragma("user_version")?;
    if found > known {
        return Err(StoreError::Newer { path: path.into(), found, known });
    }
    let said: String = db.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(at(path))?;
    if said != "ok" {
        return Err(StoreError::Damaged { path: path.into(), why: said });
    }
    Ok((found == known).then_some(db))
}

/// A byte of a path in a `file:` URI.
fn in_uri(byte: u8) -> String {
    match byte {
        b'/' | b'.' | b'-' | b'_' | b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    }
}

fn migrate(db: &mut Connection, path: &Path, application_id: i64, migrations: &[&str]) -> Result<(), StoreError> {
    let known = i64::try_from(migrations.len()).expect("a handful of migrations");
    let version =
        |db: &Connection| db.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0)).map_err(at(path));
    if version(db)? == known {
        return Ok(()); // the command line reads beside the daemon: it must not wait for a lock
    }
    let tx = db.transaction_with_behavior(TransactionBehavior::Immediate).map_err(at(path))?;
    let found = version(&tx)?;
    if found > known {
        return Err(StoreError::Newer { path: path.into(), found, known });
    }
    let done = usize::try_from(found).map_err(|_| StoreError::NotADatabase { path: path.into() })?;
    for step in &migrations[done..] {
        tx.execute_batch(step).map_err(at(path))?;
    }
    tx.pragma_update(None, "application_id", application_id).map_err(at(path))?;
    tx.pragma_update(None, "user_version", known).map_err(at(path))?;
    tx.commit().map_err(at(path))
}
