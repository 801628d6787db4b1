//! A book moves from its file to PostgreSQL: all of it or nothing, and what was so before is so afterwards.

use super::postgres::desk_on;
use super::postgres::server::PostgresServer;
use super::*;
use crate::deliver::handover::Step;
use crate::deliver::pairing::Secret;
use crate::shop::book::FILE;
use crate::shop::book::hooks::Outcome;
use crate::shop::book::moving::{self, MoveError};
use crate::shop::book::pairing::Pairing;
use crate::shop::desk::news::{Audience, Telling, tell};
use crate::understand::intent::NewsKind;
use rusqlite::types::Value;
use std::collections::BTreeMap;

const DAY_MS: i64 = 24 * 3_600_000;
const THREAD: &str = "abababababababababababababababab";

/// Every row of every table of a file.
fn rows(dir: &Path) -> BTreeMap<String, Vec<String>> {
    let db = rusqlite::Connection::open(dir.join(FILE)).unwrap();
    let sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
    let mut statement = db.prepare(sql).unwrap();
    let tables: Vec<String> = statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let of = |table: String| {
        let mut statement = db.prepare(&format!("SELECT * FROM {table}")).unwrap();
        let columns = statement.column_count();
        let read = |row: &rusqlite::Row<'_>| {
            Ok(format!("{:?}", (0..columns).map(|at| row.get::<_, Value>(at).unwrap()).collect::<Vec<_>>()))
        };
        let mut rows: Vec<String> = statement.query_map([], read).unwrap().map(Result::unwrap).collect();
        rows.sort();
        (table, rows)
    };
    tables.into_iter().map(of).collect()
}

fn keys(number: u8) -> Keys {
    Keys::from_seed(&[number; 32])
}

/// A shop to which everything has happened: each order with the bytes that came, and its receipt.
struct Full {
    bench: Bench,
    orders: Vec<(String, Vec<u8>, Vec<u8>)>,
}

impl Full {
    fn new() -> Full {
        let mut bench = Bench::new();
        let now = bench.now();
        let book = &mut bench.desk.book;
        book.sign_with(&keys(2).public()).unwrap();
        book.lay_out(CATALOG, &serde_json::to_string(&Terms::default()).unwrap(), "Corner").unwrap();
        book.point_webhook("https://shop.example/orders").unwrap();
        book.add_tallies(&[(("quoted", String::new()), 7)].into()).unwrap();
        let secret = Secret::from_bytes([7; 16]);
        let (home, url) = ("villa".to_owned(), "mqtts://broker:8883".to_owned());
        let expires_unix_ms = now + DAY_MS;
        let pairing = Pairing { secret, home, url, ca: None, replaces: true, expires_unix_ms, used_by: None };
        book.give_out(&pairing, "a password").unwrap();
        let mut full = Full { bench, orders: vec![] };
        full.ordered(1);
        // What was said and is gone: its number must not come again.
        let said: Vec<i64> = full.bench.desk.book.outgoing().unwrap().iter().map(|(id, ..)| *id).collect();
        full.bench.desk.book.said(&said).unwrap();
        full.keys_change(now);
        full.ordered(2);
        full.bench.desk.advance(&full.bench.desk.book.all().unwrap()[1].order_id, StatusState::Shipped).unwrap();
        full.talks_and_agrees(now);
        let due = full.bench.desk.book.due_hooks(now + DAY_MS, DAY_MS, 1).unwrap();
        let dead = Outcome::Dead { at_unix_ms: now, why: "it answered 500".into() };
        full.bench.desk.book.settle_hooks(&[(due[0].id, dead)]).unwrap();
        let db = rusqlite::Connection::open(full.dir().join(FILE)).unwrap();
        db.execute_batch(
            "INSERT INTO bursts VALUES ('heads', 5);
             INSERT INTO payments VALUES ('0a', 'casa', 'token', 'card ending 42', 'pm_1', 1, 5);
             INSERT INTO coupons VALUES ('TEN', NULL, 10, 'EUR', 0, '[]', NULL, 3, NULL, NULL, 1, 5);
             INSERT INTO coupon_uses VALUES ('TEN', 'casa', 'kitchen', 'an order', 5);",
        )
        .unwrap();
        full
    }

    fn dir(&self) -> &Path {
        self.bench._dir.path()
    }

    fn ordered(&mut self, seq: u64) {
        let order = self.bench.order(seq);
        let bytes = self.bench.sealed(&order);
        self.bench.desk.handle(&order.aud, &bytes, false).unwrap();
        let receipt = self.bench.route.down(Receipt::KIND);
        let outgoing = self.bench.desk.book.outgoing().unwrap();
        let (.., receipt) = outgoing.into_iter().rev().find(|(_, topic, _)| *topic == receipt).expect("a receipt");
        self.orders.push((order.aud, bytes, receipt));
    }

    /// The shop's and the speaker's.
    fn keys_change(&mut self, now: i64) {
        let step = Step::new("shop/corner", &keys(2), &keys(4), now + DAY_MS);
        assert!(self.bench.desk.book.change_key(&step).unwrap());
        self.bench.desk.keys = keys(4);
        let steps = vec![Step::new("home/casa/kitchen", &keys(1), &keys(3), now + DAY_MS)];
        self.bench.device = keys(3);
        let done = self.bench.send(&Handover { aud: self.bench.route.up(Handover::KIND), steps });
        assert!(matches!(done.events[..], [ShopEvent::KeyChanged { .. }]), "{done:?}");
    }

    fn talks_and_agrees(&mut self, now: i64) {
        let up = |kind: &str| self.bench.route.up(kind);
        let chat = Chat {
            aud: up(Chat::KIND),
            thread: THREAD.into(),
            seq: 1,
            ack: 0,
            from: ChatFrom::Household,
            name: String::new(),
            text: "¿está fresco? ✓".into(),
            handoff: Some(Handoff::Requested),
            language: Some(Lang::Es),
            order_id: None,
            at: None,
            quote: None,
        };
        let (consent_id, kinds) = ("11".repeat(16), vec![NewsKind::Offer]);
        let consent = Consent { aud: up(Consent::KIND), consent_id, rev: 3, kinds, at: None };
        self.bench.send(&chat);
        self.bench.send(&consent);
        let telling = Telling {
            news_id: "22".repeat(16),
            kind: NewsKind::Offer,
            texts: [(Lang::En, "Heads cost less".to_owned())].into(),
            sku: Some("heads".into()),
            to: Audience::Agreed,
            life_ms: DAY_MS,
        };
        let told = tell(&mut self.bench.desk.book, &self.bench.desk.keys, &telling, now).unwrap();
        assert_eq!(told.told, 1);
    }

    fn moves(&self, url: &str) -> Result<moving::Moved, MoveError> {
        moving::to_database(self.dir(), url, self.bench.now(), |_, done, all| assert!(done <= all))
    }
}

#[test]
fn a_book_moves_whole_and_what_was_answered_is_answered_the_same() {
    let Some(server) = PostgresServer::start() else { return };
    let full = Full::new();
    let before = rows(full.dir());
    for (table, rows) in &before {
        assert!(!rows.is_empty(), "put a row into {table}, so that its move is tried");
    }
    let address = server.database("moved");
    let mut last = (0, 0);
    let moved = moving::to_database(full.dir(), &address, full.bench.now(), |_, done, all| last = (done, all)).unwrap();
    let counts: BTreeMap<String, u64> = before.iter().map(|(table, rows)| (table.clone(), rows.len() as u64)).collect();
    assert_eq!(moved.tables.iter().cloned().collect::<BTreeMap<_, _>>(), counts);
    assert_eq!(last.0, last.1, "each row was written and read");
    assert_eq!(rows(full.dir()), before, "the file is as it was");

    // The file is not served by mistake, and says where its book is.
    let why = Book::open(full.dir()).err().expect("a book that was moved").to_string();
    assert!(why.contains("/moved") && why.contains("tendero shop move --undo") && !why.contains("secret"), "{why}");
    assert!(matches!(full.moves(&address), Err(MoveError::Store(StoreError::Moved { .. }))));

    let Full { bench: old, orders } = full;
    let book = Book::open_database(&address, false).unwrap();
    let was = &old.desk.book;
    assert_eq!(book.all().unwrap(), was.all().unwrap());
    assert_eq!(book.outgoing().unwrap(), was.outgoing().unwrap());
    assert_eq!((book.steps().unwrap(), book.devices().unwrap()), (was.steps().unwrap(), was.devices().unwrap()));
    assert_eq!((book.hooks().unwrap(), book.webhook().unwrap()), (was.hooks().unwrap(), was.webhook().unwrap()));
    assert_eq!(book.hooks().unwrap().iter().filter(|hook| hook.dead_unix_ms.is_some()).count(), 1);
    assert_eq!((book.consents().unwrap(), book.news().unwrap()), (was.consents().unwrap(), was.news().unwrap()));
    assert_eq!((book.laid_out().unwrap(), book.figures().unwrap()), (was.laid_out().unwrap(), was.figures().unwrap()));
    assert_eq!(book.home_password("villa").unwrap(), "a password");
    let thread = book.find_thread(THREAD).unwrap().expect("the conversation");
    assert_eq!(book.chat_lines(&thread, 0).unwrap()[0].text, "¿está fresco? ✓");
    let newest = was.outgoing().unwrap().last().unwrap().0;

    let desk = desk_on(book, &old.desk);
    let mut bench = Bench { desk: Desk { keys: keys(4), ..desk }, ..old };
    for (topic, bytes, receipt) in &orders {
        let done = bench.desk.handle(topic, bytes, false).unwrap();
        assert!(matches!(done.events[..], [ShopEvent::Repeated { .. }]), "{done:?}");
        assert_eq!(&done.say[0].bytes, receipt, "the same receipt, of whichever key");
    }
    // The numbers go on.
    let order = bench.order(3);
    let bytes = bench.sealed(&order);
    bench.desk.handle(&order.aud, &bytes, false).unwrap();
    assert_eq!(bench.desk.book.all().unwrap().last().unwrap().shop_order_no, "T-000003");
    assert!(bench.desk.book.outgoing().unwrap().last().unwrap().0 > newest);
    let reused = bench.order(2);
    bench.send(&reused);
    assert_eq!(bench.booked(), 3, "a number of before is used");
}

#[test]
fn a_book_moves_to_an_empty_database_only_and_not_in_part() {
    let Some(server) = PostgresServer::start() else { return };
    let full = Full::new();
    let mark = full.dir().join("shop.moved");
    let nothing_kept = |name: &str, why: &MoveError| {
        let left = server.sql(name, "SELECT count(*) FROM tendero_shop.bookings");
        assert!(left == "0" && !mark.exists(), "{why}: {left}");
        Book::open(full.dir()).unwrap();
    };

    // A row that the database does not take, and one that it changes on the way.
    let cases = [
        ("refused", "ALTER TABLE tendero_shop.homes ADD CHECK (home <> 'villa')"),
        (
            "changed",
            "CREATE FUNCTION other() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.password := NEW.password || ''x''; RETURN NEW; END';
             CREATE TRIGGER other BEFORE INSERT ON tendero_shop.homes FOR EACH ROW EXECUTE FUNCTION other()",
        ),
        ("column", "ALTER TABLE tendero_shop.homes ADD COLUMN more TEXT"),
        ("table", "CREATE TABLE tendero_shop.more (one BIGINT)"),
    ];
    for (name, sql) in cases {
        let address = server.database(name);
        Book::open_database(&address, true).unwrap();
        server.sql(name, sql);
        let why = full.moves(&address).unwrap_err();
        let expected = match name {
            "refused" => matches!(&why, MoveError::Table { table, .. } if table == "homes"),
            "changed" => matches!(&why, MoveError::Differs { table, .. } if table == "homes"),
            "column" => matches!(&why, MoveError::Shape { table, .. } if table == "homes"),
            _ => matches!(&why, MoveError::Shape { table, .. } if table == "more"),
        };
        assert!(expected, "{name}: {why}");
        nothing_kept(name, &why);
    }
    // Somebody else's book.
    let address = server.database("other");
    Book::open_database(&address, true).unwrap().trust("casa", "kitchen", &keys(1).public()).unwrap();
    let why = full.moves(&address).unwrap_err();
    assert!(matches!(&why, MoveError::NotEmpty { table, rows: 1, .. } if table == "devices"), "{why}");
    nothing_kept("other", &why);

    // A shop that runs.
    let serving = Book::open(full.dir()).unwrap();
    serving.serve().unwrap();
    let address = server.database("served");
    let why = full.moves(&address).unwrap_err();
    assert!(matches!(why, MoveError::Store(StoreError::Served { .. })), "{why}");
    drop(serving);
    full.moves(&address).unwrap();

    // Back again: the file is the book, and the database is none that it could be moved to once more.
    assert!(Book::open(full.dir()).is_err() && mark.exists());
    moving::undo(full.dir()).unwrap();
    assert_eq!(Book::open(full.dir()).unwrap().all().unwrap().len(), 2);
    assert!(matches!(moving::undo(full.dir()), Err(MoveError::NotMoved(_))));
    assert!(matches!(full.moves(&address), Err(MoveError::NotEmpty { .. })));
    let nowhere = tempfile::tempdir().unwrap();
    assert!(matches!(moving::to_database(nowhere.path(), &address, 0, |_, _, _| ()), Err(MoveError::NoBook(_))));
}
