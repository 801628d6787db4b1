//! Conversations with a person at the shop: each line before it goes out, and each that came.
//!
//! Our lines have no gap, so that the shop can take them in their order; what the shop has is known from its own word.

use super::error::{damaged, json};
use super::{Store, StoreError, at};
use crate::decide::chat::{ChatLine, Thread};
use rusqlite::{Connection, Transaction, params};
use std::path::Path;

/// Lines that the shop does not have after so long are not sent any more, milliseconds.
const LIFE_MS: i64 = 24 * 3_600_000;
/// Lines that are sent at once; the next ones follow when the shop has these.
const MAX_DUE: i64 = 20;

/// What is to be said in a thread.
#[derive(Debug, Clone, PartialEq)]
pub struct ChatDue {
    pub thread: Thread,
    /// Ours that the shop does not have, in their order.
    pub lines: Vec<ChatLine>,
}

/// A conversation, for the household to read.
#[derive(Debug, Clone, PartialEq)]
pub struct ChatThread {
    pub thread: Thread,
    pub lines: Vec<ChatLine>,
}

impl Store {
    /// Threads with lines that the shop does not have, and the one that goes on; `only`: that thread alone.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn chat_due(&self, only: Option<&str>, now_unix_ms: i64) -> Result<Vec<ChatDue>, StoreError> {
        let mut due = vec![];
        for thread in threads(&self.db, &self.path, 10)? {
            if only.is_some_and(|only| only != thread.id) {
                continue;
            }
            let since = now_unix_ms.saturating_sub(LIFE_MS);
            let lines = lines(
                &self.db,
                &self.path,
                "SELECT body FROM chat_lines WHERE thread = ?1 AND ours = 1 AND seq > ?2
                 AND coalesce(at_unix_ms, ?3) >= ?3 ORDER BY seq LIMIT ?4",
                params![thread.id, thread.acked.cast_signed(), since, MAX_DUE],
            )?;
            if !lines.is_empty() || thread.is_open() || only.is_some() {
                due.push(ChatDue { thread, lines });
            }
        }
        due.reverse();
        Ok(due)
    }

    /// The shop says how many of our lines it has.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn chat_acked(&mut self, thread: &str, acked: u64) -> Result<(), StoreError> {
        self.db
            .execute(
                "UPDATE threads SET acked = ?2 WHERE id = ?1 AND acked < ?2
                 AND ?2 <= (SELECT max(seq) FROM chat_lines WHERE thread = ?1 AND ours = 1)",
                params![thread, acked.cast_signed()],
            )
            .map(|_| ())
            .map_err(at(&self.path))
    }

    /// The last conversations, newest first, as far as their words are kept.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn chats(&self, count: u32) -> Result<Vec<ChatThread>, StoreError> {
        let threads = threads(&self.db, &self.path, i64::from(count))?;
        let read = |thread: Thread| {
            // Both sides in the order in which they were written down here.
            let sql = "SELECT body FROM chat_lines WHERE thread = ?1 ORDER BY rowid";
            Ok(ChatThread { lines: lines(&self.db, &self.path, sql, [&thread.id])?, thread })
        };
        threads.into_iter().map(read).collect()
    }
}

/// Writes how a thread stands, and a line that is new in it.
pub fn put(tx: &Transaction<'_>, path: &Path, thread: &Thread, line: Option<&ChatLine>) -> Result<(), StoreError> {
    let body = json(path, thread)?;
    tx.execute(
        "INSERT INTO threads (id, acked, heard, body) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (id) DO UPDATE SET acked = max(acked, ?2), heard = max(heard, ?3), body = ?4",
        params![thread.id, thread.acked.cast_signed(), thread.heard.cast_signed(), body],
    )
    .map_err(at(path))?;
    let Some(line) = line else { return Ok(()) };
    let last: i64 = tx
        .query_row(
            "SELECT coalesce(max(seq), 0) FROM chat_lines WHERE thread = ?1 AND ours = ?2",
            params![thread.id, line.ours],
            |row| row.get(0),
        )
        .map_err(at(path))?;
    if line.ours && line.seq.cast_signed() != last + 1 {
        let why = format!("line {} of thread {} does not follow line {last}", line.seq, thread.id);
        return Err(StoreError::Damaged { path: path.into(), why });
    }
    tx.execute(
        "INSERT OR IGNORE INTO chat_lines (thread, ours, seq, at_unix_ms, body) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![thread.id, line.ours, line.seq.cast_signed(), line.at_unix_ms, json(path, line)?],
    )
    .map_err(at(path))?;
    Ok(())
}

/// The thread that goes on, or the last one.
pub fn last(db: &Connection, path: &Path) -> Result<Option<Thread>, StoreError> {
    Ok(threads(db, path, 1)?.into_iter().next())
}

/// Drops the words of before `unix_ms`, and the threads that have none left. Lines without a time go, too.
pub fn forget(tx: &Transaction<'_>, path: &Path, before_unix_ms: i64) -> Result<(), StoreError> {
    let old = "thread IN (SELECT id FROM threads WHERE json_extract(body, '$.state') = 'ended'
               OR coalesce((SELECT max(at_unix_ms) FROM chat_lines WHERE thread = threads.id), 0) < ?1)";
    let sql = format!("DELETE FROM chat_lines WHERE coalesce(at_unix_ms, 0) < ?1 AND {old}");
    tx.execute(&sql, [before_unix_ms]).map_err(at(path))?;
    let empty = "DELETE FROM threads WHERE NOT EXISTS (SELECT 1 FROM chat_lines WHERE thread = threads.id)";
    tx.execute(empty, []).map(|_| ()).map_err(at(path))
}

/// The newest first.
fn threads(db: &Connection, path: &Path, count: i64) -> Result<Vec<Thread>, StoreError> {
    let sql = "SELECT body, acked, (SELECT coalesce(max(seq), 0) FROM chat_lines WHERE thread = id AND ours = 1)
               FROM threads ORDER BY no DESC LIMIT ?1";
    let mut query = db.prepare_cached(sql).map_err(at(path))?;
    let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?));
    let rows = query.query_map([count], read).map_err(at(path))?;
    rows.map(|row| {
        let (body, acked, said) = row.map_err(at(path))?;
        let thread: Thread = serde_json::from_str(&body).map_err(damaged(path))?;
        // The link writes the one beside the mind; the other may count a line that could not be written.
        Ok(Thread { acked: thread.acked.max(acked.unsigned_abs()), said: said.unsigned_abs(), ..thread })
    })
    .collect()
}

fn lines(db: &Connection, path: &Path, sql: &str, params: impl rusqlite::Params) -> Result<Vec<ChatLine>, StoreError> {
    let mut query = db.prepare_cached(sql).map_err(at(path))?;
    let bodies = query.query_map(params, |row| row.get::<_, String>(0)).map_err(at(path))?;
    bodies
        .map(|body| serde_json::from_str(&body.map_err(at(path))?).map_err(damaged(path)))
        .collect::<Result<Vec<_>, _>>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::chat::ThreadState;
    use crate::decide::effect::Write;
    use crate::decide::event::Channel;
    use crate::understand::Lang;

    fn thread(said: u64, heard: u64) -> Thread {
        Thread {
            id: "ab".repeat(16),
            state: ThreadState::Joined,
            channel: Channel::Voice,
            lang: Lang::En,
            person: "Maria".into(),
            said,
            acked: 0,
            heard,
            waited: false,
            untold: vec![],
        }
    }

    fn line(seq: u64, ours: bool, at_unix_ms: i64) -> ChatLine {
        let text = format!("line {seq}");
        ChatLine {
            seq,
            ours,
            name: "".into(),
            text,
            handoff: None,
            order: None,
            offer: false,
            at_unix_ms: Some(at_unix_ms),
        }
    }

    fn write(store: &mut Store, said: u64, line: ChatLine) -> Result<(), StoreError> {
        store.commit(&[Write::Chat { thread: thread(said, 0), line: Some(line) }], &mut |_, _| Ok(vec![]))
    }

    /// A line of theirs is written while one of ours waits for the disk, which then refuses it.
    #[test]
    fn a_line_that_was_never_written_leaves_no_gap_after_a_restart() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("tendero.db");
        let mut store = Store::open(&path).expect("a store");
        write(&mut store, 1, line(1, true, 1_000)).expect("written");
        write(&mut store, 2, line(1, false, 2_000)).expect("written, counting a second line of ours");
        drop(store);
        let mut store = Store::open(&path).expect("after a restart");
        let said = store.household(None).expect("read").thread.map(|thread| thread.said);
        assert_eq!(said, Some(1));
        write(&mut store, 2, line(2, true, 3_000)).expect("it follows");
    }

    #[test]
    fn lines_go_out_in_their_order_until_the_shop_has_them_and_words_are_dropped_in_time() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("tendero.db");
        let mut store = Store::open(&path).expect("a store");
        write(&mut store, 1, line(1, true, 1_000)).expect("written");
        assert!(write(&mut store, 3, line(3, true, 1_000)).is_err(), "a gap");
        write(&mut store, 2, line(2, true, 2_000)).expect("written");
        write(&mut store, 2, line(1, false, 3_000)).expect("written");
        let seqs = |store: &Store| -> Vec<u64> {
            let due = store.chat_due(None, 4_000).expect("read");
            due.iter().flat_map(|due| due.lines.iter().map(|line| line.seq)).collect()
        };
        drop(store);
        let mut store = Store::open(&path).expect("after a restart");
        assert_eq!(seqs(&store), [1, 2]);
        store.chat_acked(&"ab".repeat(16), 1).expect("written");
        store.chat_acked(&"ab".repeat(16), 99).expect("more than there is changes nothing");
        assert_eq!(seqs(&store), [2]);
        assert_eq!(store.household(None).expect("read").thread.map(|thread| thread.acked), Some(1));
        assert_eq!(store.chats(1).expect("read")[0].lines.len(), 3);
        assert_eq!(store.chat_due(None, 2_000 + LIFE_MS + 1).expect("read")[0].lines, [], "not sent days later");
        store.forget_words(2_500).expect("done");
        assert_eq!(store.chats(1).expect("read")[0].lines.len(), 3, "a conversation that goes on is whole");
        store.forget_words(9_999).expect("done");
        assert_eq!(store.chats(9).expect("read"), [], "and then it is gone");
    }
}
