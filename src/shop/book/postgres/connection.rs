//! The thread that holds the connection: connects, runs one statement after the other, and says what went wrong.
//!
//! Never connects again within a transaction: whatever is left of it fails, and nothing of it is kept.

use super::address::Address;
use super::{MAX_WORKERS, Shared, WORKERS, key_of};
use crate::deliver::store::StoreError;
use crate::shop::book::db::{Row, Value};
use crate::shop::book::schema;
use bytes::BytesMut;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::SyncSender;
use std::time::Duration;
use tokio::time::timeout;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type};
use tokio_postgres::{Client, Error, SimpleQueryMessage, Statement};

/// A little more than what the server allows one, below: then the connection is no use any more.
const STATEMENT: Duration = Duration::from_secs(35);
/// How each connection is set up. A transaction that hangs must not keep a home waiting for ever, and a server whose default is
/// to answer before the disk does is told otherwise.
const SETTINGS: &str = "
    SET search_path TO tendero_shop;
    SET lock_timeout = '10s';
    SET statement_timeout = '30s';
    SET idle_in_transaction_session_timeout = '60s';
    SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3;
    SET client_min_messages = error;
    SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off';
";

pub struct Job {
    pub what: What,
    pub answer: SyncSender<Result<Answer, StoreError>>,
}

pub enum What {
    Migrate {
        make: bool,
    },
    /// Takes a worker's number.
    Serve,
    /// `claim`: the number of a lock.
    Begin {
        claim: Option<String>,
    },
    Commit,
    Rollback,
    Statement {
        sql: String,
        values: Vec<Value>,
    },
    /// Without values, and nobody reads what comes back.
    Batch {
        sql: String,
    },
}

#[derive(Default)]
pub struct Answer {
    pub rows: Vec<Row>,
    pub changed: u64,
}

/// A transaction, as far as this thread knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Inside {
    Nothing,
    Transaction,
    /// A statement failed, or the connection was lost: what follows fails, too, until it is taken back.
    Failed,
}

pub struct Connection {
    address: Address,
    shared: Arc<Shared>,
    session: Option<Session>,
    inside: Inside,
}

struct Session {
    client: Client,
    prepared: HashMap<String, Statement>,
    has_number: bool,
}

impl Connection {
    pub fn new(address: Address, shared: Arc<Shared>) -> Connection {
        Connection { address, shared, session: None, inside: Inside::Nothing }
    }

    /// Until nobody can ask any more.
    pub async fn run(mut self, mut queue: tokio::sync::mpsc::UnboundedReceiver<Job>) {
        while let Some(Job { what, answer }) = queue.recv().await {
            let done = self.job(what).await;
            // Whoever stopped waiting has an error already; what it began must not be kept.
            if answer.send(done).is_err() {
                self.lost();
            }
        }
    }

    async fn job(&mut self, what: What) -> Result<Answer, StoreError> {
        let done = match what {
            What::Migrate { make } => self.migrate(make).await,
            What::Serve => self.session().await.map(|_| Answer::default()),
            What::Begin { claim } => self.begin(claim).await,
            What::Commit => self.commit().await,
            What::Rollback => self.rollback().await,
            What::Statement { sql, values } => self.statement(&sql, &values).await,
            What::Batch { sql } => self.batch(&sql).await,
        };
        if done.is_err() && self.inside == Inside::Transaction {
            self.inside = Inside::Failed;
        }
        done
    }

    async fn begin(&mut self, claim: Option<String>) -> Result<Answer, StoreError> {
        self.inside = Inside::Nothing;
        let claim = claim.map(|key| format!("; SELECT pg_advisory_xact_lock({key})")).unwrap_or_default();
        // Each statement sees what was committed before it: whoever waited for a claim sees what the one before did.
        let begun = self.batch(&format!("BEGIN ISOLATION LEVEL READ COMMITTED{claim}")).await;
        match begun {
            Ok(_) => self.inside = Inside::Transaction,
            // It may have begun, and waited for the claim in vain.
            Err(_) => drop(self.rollback().await),
        }
        begun
    }

    async fn commit(&mut self) -> Result<Answer, StoreError> {
        if self.inside != Inside::Transaction {
            return Err(self.unreachable("the transaction failed before"));
        }
        let done = self.batch("COMMIT").await;
        if done.is_ok() {
            self.inside = Inside::Nothing;
        }
        done
    }

    async fn rollback(&mut self) -> Result<Answer, StoreError> {
        self.inside = Inside::Nothing;
        // Nothing to connect for.
        if self.session.is_none() { Ok(Answer::default()) } else { self.batch("ROLLBACK").await }
    }

    async fn statement(&mut self, sql: &str, values: &[Value]) -> Result<Answer, StoreError> {
        let session = self.session().await?;
        let asked = async {
            let statement = match session.prepared.get(sql) {
                Some(statement) => statement.clone(),
                None => {
                    let statement = session.client.prepare(&dialect(sql)).await?;
                    session.prepared.insert(sql.into(), statement.clone());
                    statement
                }
            };
            let values: Vec<&(dyn ToSql + Sync)> = values.iter().map(|value| value as _).collect();
            if statement.columns().is_empty() {
                return Ok(Answer { rows: vec![], changed: session.client.execute(&statement, &values).await? });
            }
            let found = session.client.query(&statement, &values).await?;
            let read = |row: &tokio_postgres::Row| (0..row.len()).map(|at| row.try_get(at)).collect::<Result<_, _>>();
            let rows = found.iter().map(|row| read(row).map(Row)).collect::<Result<Vec<_>, _>>()?;
            Ok(Answer { changed: 0, rows })
        };
        let done = timeout(STATEMENT, asked).await;
        self.checked(done)
    }

    async fn batch(&mut self, sql: &str) -> Result<Answer, StoreError> {
        let session = self.session().await?;
        let done = timeout(STATEMENT, session.client.batch_execute(sql)).await;
        self.checked(done.map(|done| done.map(|()| Answer::default())))
    }

    /// The connection, made anew where there is none; not within a transaction.
    async fn session(&mut self) -> Result<&mut Session, StoreError> {
        if self.session.as_ref().is_some_and(|session| session.client.is_closed()) {
            self.lost();
        }
        if self.inside == Inside::Failed {
            return Err(self.unreachable("the connection was lost"));
        }
        if self.session.is_none() {
            let client = self.address.connect().await.map_err(|why| self.unreachable(&why))?;
            let set_up = timeout(STATEMENT, client.batch_execute(SETTINGS)).await;
            self.checked(set_up)?;
            self.session = Some(Session { client, prepared: HashMap::new(), has_number: false });
        }
        if self.shared.serves.load(Ordering::SeqCst) {
            self.take_number().await?;
        }
        self.session.as_mut().ok_or(StoreError::Gone)
    }

    /// Once for each connection.
    async fn take_number(&mut self) -> Result<(), StoreError> {
        let Some(session) = self.session.as_mut().filter(|session| !session.has_number) else { return Ok(()) };
        let had = self.shared.worker.load(Ordering::SeqCst);
        let number = timeout(STATEMENT, take_number(&session.client, had)).await;
        // A connection without a number serves nobody.
        let number = match self.checked(number) {
            Ok(number) => number,
            Err(why) => {
                self.lost();
                return Err(why);
            }
        };
        let (Some(session), Some(number)) = (self.session.as_mut(), number) else {
            self.lost();
            return Err(self.unreachable(&format!("{MAX_WORKERS} workers serve this book already")));
        };
        session.has_number = true;
        self.shared.worker.store(number, Ordering::SeqCst);
        Ok(())
    }

    fn lost(&mut self) {
        self.session = None;
        self.shared.leads.store(false, Ordering::SeqCst);
        if self.inside == Inside::Transaction {
            self.inside = Inside::Failed;
        }
    }

    fn unreachable(&self, why: &str) -> StoreError {
        StoreError::Unreachable { path: self.address.name.clone(), why: why.into() }
    }

    /// Turns PostgreSQL's errors into ours, and drops a connection that is no use any more.
    fn checked<T>(&mut self, done: Result<Result<T, Error>, tokio::time::error::Elapsed>) -> Result<T, StoreError> {
        let error = match done {
            Ok(Ok(done)) => return Ok(done),
            Ok(Err(error)) => error,
            Err(_) => {
                self.lost();
                return Err(self.unreachable("it does not answer"));
            }
        };
        let path = self.address.name.clone();
        let Some(told) = error.as_db_error() else {
            // Where it stands with such a connection nobody knows.
            self.lost();
            let is_lost =
                error.is_closed() || std::error::Error::source(&error).is_some_and(|why| why.is::<std::io::Error>());
            let why = cause(&error);
            return Err(if is_lost { self.unreachable(&why) } else { StoreError::Sql { path, why } });
        };
        let why = told.message().to_owned();
        Err(match told.code() {
            code if *code == SqlState::T_R_SERIALIZATION_FAILURE || *code == SqlState::T_R_DEADLOCK_DETECTED => {
                StoreError::Conflict { path, why }
            }
            code if *code == SqlState::LOCK_NOT_AVAILABLE => StoreError::Locked { path },
            code if *code == SqlState::DISK_FULL => StoreError::Full { path },
            code if *code == SqlState::INSUFFICIENT_PRIVILEGE => StoreError::Access { path, why },
            // 57P01 to 57P03: the server ends or begins; 08: the connection; 25P03: it hung; 53300: too many connections.
            code if ["57P", "08", "25P03", "53300"].iter().any(|class| code.code().starts_with(class)) => {
                self.lost();
                StoreError::Unreachable { path, why }
            }
            _ => StoreError::Sql { path, why },
        })
    }

    /// The tables of this version, in a schema of their own.
    async fn migrate(&mut self, make: bool) -> Result<Answer, StoreError> {
        let known = i64::try_from(schema::POSTGRES.len()).expect("a handful of migrations");
        let there = self.statement("SELECT (to_regclass('tendero_shop.version') IS NOT NULL)::int", &[]).await?;
        let is_there = there.rows.first().is_some_and(|row| row.get::<bool>(0) == Ok(true));
        let version = "SELECT number FROM tendero_shop.version";
        let of = |answer: Answer| answer.rows.first().and_then(|row| row.get::<i64>(0).ok()).unwrap_or(0);
        if !is_there && !make {
            return Err(StoreError::NoBook { path: self.address.name.clone() });
        }
        if is_there && of(self.statement(version, &[]).await?) == known {
            return Ok(Answer::default()); // who may only read and write rows can serve, too
        }
        // Workers that start together make it once.
        self.begin(Some(key_of("migration").to_string())).await?;
        let done = async {
            self.batch(
                "CREATE SCHEMA IF NOT EXISTS tendero_shop;
                 CREATE TABLE IF NOT EXISTS tendero_shop.version (number BIGINT NOT NULL)",
            )
            .await?;
            let found = of(self.statement(version, &[]).await?);
            if found > known {
                return Err(StoreError::Newer { path: self.address.name.clone(), found, known });
            }
            for step in &schema::POSTGRES[usize::try_from(found).unwrap_or(0)..] {
                self.batch(step).await?;
            }
            self.batch(&format!("DELETE FROM tendero_shop.version; INSERT INTO tendero_shop.version VALUES ({known})"))
                .await
        };
        match done.await {
            Ok(_) => self.commit().await,
            Err(why) => {
                let _ = self.rollback().await;
                Err(why)
            }
        }
    }
}

/// The number that it had, else the lowest that is free: whoever comes in place of a worker that died also takes on what that
/// one left at the broker.
async fn take_number(client: &Client, had: i64) -> Result<Option<i64>, Error> {
    let first = Some(had).filter(|had| *had > 0);
    for number in first.into_iter().chain(1..=MAX_WORKERS) {
        let sql = format!("SELECT pg_try_advisory_lock({WORKERS}, {number})::int");
        let rows = client.simple_query(&sql).await?;
        let got = rows.iter().any(|row| matches!(row, SimpleQueryMessage::Row(row) if row.get(0) == Some("1")));
        if got {
            return Ok(Some(number));
        }
    }
    Ok(None)
}

/// `?1` is `$1` here; no text of ours has a question mark.
fn dialect(sql: &str) -> String {
    sql.replace('?', "$")
}

/// The error with what is below it.
pub(super) fn cause(error: &Error) -> String {
    let mut text = error.to_string();
    let mut below = std::error::Error::source(error);
    while let Some(why) = below {
        text.push_str(&format!(": {why}"));
        below = why.source();
    }
    text
}

type Trouble = Box<dyn std::error::Error + Sync + Send>;

impl ToSql for Value {
    fn to_sql(&self, to: &Type, out: &mut BytesMut) -> Result<IsNull, Trouble> {
        match (self, to) {
            (Value::Null, _) => Ok(IsNull::Yes),
            (Value::Int(number), &Type::INT4) => i32::try_from(*number)?.to_sql(to, out),
            (Value::Int(number), _) => number.to_sql(&Type::INT8, out),
            (Value::Text(text), _) => text.to_sql(to, out),
            (Value::Bytes(bytes), _) => bytes.to_sql(to, out),
        }
    }

    fn accepts(to: &Type) -> bool {
        [Type::INT8, Type::INT4, Type::TEXT, Type::BYTEA].contains(to)
    }

    fn to_sql_checked(&self, to: &Type, out: &mut BytesMut) -> Result<IsNull, Trouble> {
        let fits = match self {
            Value::Null => true,
            Value::Int(_) => [Type::INT8, Type::INT4].contains(to),
            Value::Text(_) => *to == Type::TEXT,
            Value::Bytes(_) => *to == Type::BYTEA,
        };
        if fits { self.to_sql(to, out) } else { Err(format!("{self:?} is no {to}").into()) }
    }
}

impl<'a> FromSql<'a> for Value {
    fn from_sql(from: &Type, raw: &'a [u8]) -> Result<Value, Trouble> {
        Ok(match *from {
            Type::INT8 => Value::Int(i64::from_sql(from, raw)?),
            Type::INT4 => Value::Int(i32::from_sql(from, raw)?.into()),
            Type::BYTEA => Value::Bytes(raw.into()),
            _ => Value::Text(String::from_sql(from, raw)?),
        })
    }

    fn from_sql_null(_from: &Type) -> Result<Value, Trouble> {
        Ok(Value::Null)
    }

    fn accepts(from: &Type) -> bool {
        [Type::INT8, Type::INT4, Type::TEXT, Type::BYTEA].contains(from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_those_of_postgresql() {
        assert_eq!(dialect("SELECT a FROM b WHERE c = ?1 AND d > ?12"), "SELECT a FROM b WHERE c = $1 AND d > $12");
        for statement in [schema::LOCKING, SETTINGS] {
            assert_eq!(dialect(statement), statement);
        }
    }
}
