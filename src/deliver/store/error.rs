//! What can go wrong with the store: one line each, with what to do next.

use crate::decide::order::OrderId;
use rusqlite::ErrorCode;
use std::path::{Path, PathBuf};

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("{path}: the disk is full; nothing was written; free some space and say it again")]
    Full { path: PathBuf },
    #[error("{path}: another program keeps the store locked; stop it (is a second tendero running?) and try again")]
    Locked { path: PathBuf },
    #[error("{path} is not a tendero store; name another state folder, or move this file away")]
    NotADatabase { path: PathBuf },
    #[error(
        "{path} was written by a newer tendero (schema {found}, this one knows {known}); install that version again"
    )]
    Newer { path: PathBuf, found: i64, known: i64 },
    #[error("{path} is damaged: {why}; put a backup of the state folder back")]
    Damaged { path: PathBuf, why: String },
    #[error(
        "{path} can't be opened or written: {why}; check that the folder exists and that this user may write there"
    )]
    Access { path: PathBuf, why: String },
    #[error("order {order} is on disk with other content; an order never changes what it orders")]
    OtherContent { order: OrderId },
    #[error("order {order} could not be signed: {why}")]
    Seal { order: OrderId, why: String },
    #[error("{path}: {why}")]
    Sql { path: PathBuf, why: String },
    #[error(
        "the database {path} can't be reached: {why}; nothing was written; check that it runs and lets this user in"
    )]
    Unreachable { path: PathBuf, why: String },
    #[error("{path}: two workers wanted the same rows, and this one gave way ({why}); nothing was written; try again")]
    Conflict { path: PathBuf, why: String },
    #[error(
        "{path} is served by another tendero shop; stop that one, or let both share a PostgreSQL database: --database"
    )]
    Served { path: PathBuf },
    #[error(
        "the book {path} was moved to {to}, which has what came since: name that with --database, or in TENDERO_SHOP_DATABASE. To take this one again after all: tendero shop move --undo"
    )]
    Moved { path: PathBuf, to: String },
    #[error("there is no book in {path}; name the database of your shop, or start the shop on it once")]
    NoBook { path: PathBuf },
    #[error("{path} is not the address of a database: {why}; it is like postgres://user@host/database")]
    Address { path: PathBuf, why: String },
    #[error("the store's thread has ended; restart tendero")]
    Gone,
}

/// Turns SQLite's errors into ours.
pub fn at(path: &Path) -> impl Fn(rusqlite::Error) -> StoreError + '_ {
    move |error| {
        let path = path.to_path_buf();
        let why = error.to_string();
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => StoreError::Full { path },
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Locked { path },
            Some(ErrorCode::NotADatabase) => StoreError::NotADatabase { path },
            Some(ErrorCode::DatabaseCorrupt) => StoreError::Damaged { path, why },
            Some(
                ErrorCode::CannotOpen | ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::SystemIoFailure,
            ) => StoreError::Access { path, why },
            _ => StoreError::Sql { path, why },
        }
    }
}

/// What is kept in a column as JSON.
pub fn json(path: &Path, value: &impl serde::Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(damaged(path))
}

/// A column that holds something else than it should.
pub fn damaged(path: &Path) -> impl Fn(serde_json::Error) -> StoreError + '_ {
    move |why| StoreError::Damaged { path: path.into(), why: why.to_string() }
}
