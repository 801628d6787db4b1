//! Conversations with households in the book: each line once, in its order, with what must be said of it.

use super::db::{Mismatch, Row, values};
use super::{Book, LOCKING, Page};
use crate::deliver::store::StoreError;
use crate::deliver::topic::Route;
use serde::Serialize;

/// A conversation, as the shop sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Thread {
    pub home: String,
    pub device: String,
    pub thread: String,
    pub shop: String,
    pub language: String,
    /// The order that it may be about.
    pub order_id: Option<String>,
    /// `requested`, `joined` or `ended`.
    pub state: String,
    pub person: String,
    pub opened_unix_ms: i64,
    pub joined_unix_ms: Option<i64>,
    /// The number of the household's last line, of ours, and of ours that are there.
    pub heard: u64,
    pub said: u64,
    pub acked: u64,
}

/// One line of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// Rises over all conversations.
    pub no: i64,
    pub thread: String,
    /// From the household.
    pub up: bool,
    pub seq: u64,
    pub name: String,
    pub text: String,
    pub handoff: Option<String>,
    /// What was offered, for people.
    pub offer: Option<String>,
    pub at_unix_ms: i64,
}

impl Thread {
    /// # Errors
    /// The book holds a name that can't be part of a topic.
    pub fn route(&self) -> Result<Route, crate::deliver::topic::BadName> {
        Route::new(&self.home, &self.device, &self.shop)
    }
}

const THREAD: &str =
    "SELECT home, device, id, shop, lang, order_id, state, person, opened_unix_ms, joined_unix_ms, heard, said,
    acked FROM threads";
const LINE: &str = "SELECT no, thread, up, seq, name, text, handoff, offer, at_unix_ms FROM chat_lines";

fn thread(row: &Row) -> Result<Thread, Mismatch> {
    let number = |at: usize| row.get::<i64>(at).map(i64::unsigned_abs);
    Ok(Thread {
        home: row.get(0)?,
        device: row.get(1)?,
        thread: row.get(2)?,
        shop: row.get(3)?,
        language: row.get(4)?,
        order_id: row.get(5)?,
        state: row.get(6)?,
        person: row.get(7)?,
        opened_unix_ms: row.get(8)?,
        joined_unix_ms: row.get(9)?,
        heard: number(10)?,
        said: number(11)?,
        acked: number(12)?,
    })
}

fn line(row: &Row) -> Result<Line, Mismatch> {
    Ok(Line {
        no: row.get(0)?,
        thread: row.get(1)?,
        up: row.get(2)?,
        seq: row.get::<i64>(3)?.unsigned_abs(),
        name: row.get(4)?,
        text: row.get(5)?,
        handoff: row.get(6)?,
        offer: row.get(7)?,
        at_unix_ms: row.get(8)?,
    })
}

impl Book {
    /// Conversations that go on, oldest first.
    pub fn open_threads(&self) -> Result<Vec<Thread>, StoreError> {
        self.db.all(&format!("{THREAD} WHERE state <> 'ended' ORDER BY opened_unix_ms, id"), &[], thread)
    }

    /// The one whose id begins like that; `None`: none, or several.
    pub fn find_thread(&self, begins: &str) -> Result<Option<Thread>, StoreError> {
        let sql = format!("{THREAD} WHERE ?1 = substr(id, 1, length(?1)) LIMIT 2");
        let found = self.db.all(&sql, values![begins], thread)?;
        Ok(match <[Thread; 1]>::try_from(found) {
            Ok([one]) => Some(one),
            Err(_) => None,
        })
    }

    /// Lines of a conversation after number `after_no`, in the order in which they were written down.
    pub fn chat_lines(&self, of: &Thread, after_no: i64) -> Result<Vec<Line>, StoreError> {
        let sql = format!("{LINE} WHERE home = ?1 AND device = ?2 AND thread = ?3 AND no > ?4 ORDER BY no LIMIT 1000");
        self.db.all(&sql, values![&of.home, &of.device, &of.thread, after_no], line)
    }

    /// What a running shop sells and how, for whoever makes an offer beside it: catalogue, terms, seller, as JSON.
    pub fn lay_out(&mut self, catalog: &str, terms: &str, seller: &str) -> Result<(), StoreError> {
        let sql = "INSERT INTO counter_of_shop (one, catalog, terms, seller) VALUES (1, ?1, ?2, ?3)
                   ON CONFLICT (one) DO UPDATE SET catalog = excluded.catalog, terms = excluded.terms,
                       seller = excluded.seller";
        self.write(|page| page.run(sql, values![catalog, terms, seller]))
    }

    /// What [`Book::lay_out`] wrote last.
    pub fn laid_out(&self) -> Result<Option<(String, String, String)>, StoreError> {
        self.db.first("SELECT catalog, terms, seller FROM counter_of_shop", &[], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
    }
}

impl Page<'_> {
    pub fn thread(&self, route: &Route, id: &str) -> Result<Option<Thread>, StoreError> {
        self.db.first(
            &format!("{THREAD} WHERE home = ?1 AND device = ?2 AND id = ?3{LOCKING}"),
            values![route.home(), route.device(), id],
            thread,
        )
    }

    pub fn put_thread(&self, of: &Thread) -> Result<(), StoreError> {
        self.run(
            "INSERT INTO threads (home, device, id, shop, lang, order_id, state, person, opened_unix_ms, joined_unix_ms,
                 heard, said, acked)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
             ON CONFLICT (home, device, id) DO UPDATE SET shop = excluded.shop, lang = excluded.lang,
                 order_id = excluded.order_id, state = excluded.state, person = excluded.person,
                 opened_unix_ms = excluded.opened_unix_ms, joined_unix_ms = excluded.joined_unix_ms,
                 heard = excluded.heard, said = excluded.said, acked = excluded.acked",
            values![
                &of.home,
                &of.device,
                &of.thread,
                &of.shop,
                &of.language,
                of.order_id.as_deref(),
                &of.state,
                &of.person,
                of.opened_unix_ms,
                of.joined_unix_ms,
                of.heard.cast_signed(),
                of.said.cast_signed(),
                of.acked.cast_signed()
            ],
        )
    }

    /// `bytes`: ours as it is signed, to be said again.
    pub fn put_chat_line(&self, of: &Thread, line: &Line, bytes: Option<&[u8]>) -> Result<(), StoreError> {
        self.run(
            "INSERT INTO chat_lines (home, device, thread, up, seq, name, text, handoff, offer, at_unix_ms, bytes)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
            values![
                &of.home,
                &of.device,
                &of.thread,
                line.up,
                line.seq.cast_signed(),
                &line.name,
                &line.text,
                line.handoff.as_deref(),
                line.offer.as_deref(),
                line.at_unix_ms,
                bytes
            ],
        )
    }

    /// Our lines after number `seq`, as they were signed.
    pub fn chat_bytes(&self, of: &Thread, seq: u64) -> Result<Vec<Vec<u8>>, StoreError> {
        self.db.all(
            "SELECT bytes FROM chat_lines WHERE home = ?1 AND device = ?2 AND thread = ?3 AND up = 0 AND seq > ?4
             AND bytes IS NOT NULL ORDER BY seq LIMIT 20",
            values![&of.home, &of.device, &of.thread, seq.cast_signed()],
            |row| row.get(0),
        )
    }

    /// Threads and lines of a home since a moment.
    pub fn chat_since(&self, home: &str, since_unix_ms: i64) -> Result<(u32, u32), StoreError> {
        self.db.one(
            "SELECT (SELECT count(*) FROM threads WHERE home = ?1 AND opened_unix_ms >= ?2),
                    (SELECT count(*) FROM chat_lines WHERE home = ?1 AND up = 1 AND at_unix_ms >= ?2)",
            values![home, since_unix_ms],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
    }

    pub fn prune_chats(&self, before_unix_ms: i64) -> Result<(), StoreError> {
        self.run("DELETE FROM chat_lines WHERE at_unix_ms < ?1", values![before_unix_ms])?;
        self.run("DELETE FROM threads WHERE opened_unix_ms < ?1", values![before_unix_ms])
    }
}
