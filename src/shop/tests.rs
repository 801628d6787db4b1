#[path = "tests/back.rs"]
mod back;
#[path = "tests/burst.rs"]
mod bursts;
#[path = "tests/chat.rs"]
mod chat;
#[path = "tests/find.rs"]
mod find;
#[path = "tests/handover.rs"]
mod handover;
#[path = "tests/history.rs"]
mod history;
#[path = "tests/hooks.rs"]
mod hooks;
#[path = "tests/hostile.rs"]
mod hostile;
#[cfg(feature = "postgres")]
#[path = "tests/moving.rs"]
mod moving;
#[path = "tests/news.rs"]
mod news;
#[path = "tests/pairing.rs"]
mod pairing;
#[path = "tests/pay.rs"]
mod pay;
#[cfg(feature = "postgres")]
#[path = "tests/postgres.rs"]
mod postgres;

use super::desk::{Desk, Done};
use super::*;
use crate::deliver::envelope::*;
use crate::deliver::topic::Route;
use crate::understand::Lang;
use std::time::Duration;

const CATALOG: &str = r#"{"shop":"corner","version":1,"part":1,"parts":1,"currency":"EUR","products":[
    {"sku":"heads","gtin":"4210201746348","title":{"en":"Heads","es":"Cabezales"},"pack":{"count":4,"unit":"piece"},
     "unit_amount":1299,"max_qty":5,"category":"bathroom"},
    {"sku":"coffee","title":{"en":"Coffee"},"pack":{"count":1,"unit":"cup"},"unit_amount":250,"max_qty":9,"category":"drinks",
     "options":[{"name":"size","required":true,"values":[{"value":"large","says":{"en":["large"]}}]}]}]}"#;

/// The address of a folder's database.
type Databases = Box<dyn Fn(&str) -> String>;

thread_local! {
    /// Where the books of this thread's tests are, by the name of a folder; without it in the folder.
    static DATABASES: std::cell::RefCell<Option<Databases>> = const { std::cell::RefCell::new(None) };
}

/// The same book for the same folder.
fn open_book(dir: &Path) -> Book {
    let name = dir.file_name().unwrap().to_str().unwrap();
    match DATABASES.with_borrow(|databases| databases.as_ref().map(|address| address(name))) {
        Some(address) => Book::open_database(&address, true).unwrap(),
        None => Book::open(dir).unwrap(),
    }
}

/// Tests of this file, to be run again on another database.
#[allow(unused_macros, reason = "there may be no other database")]
macro_rules! all {
    ($($test:ident),* $(,)?) => {
        #[cfg(feature = "postgres")]
        pub(in crate::shop::tests) const ALL: &[(&str, fn())] = &[$((stringify!($test), $test)),*];
    };
}
use all;

/// A desk and one paired device.
struct Bench {
    desk: Desk,
    device: Keys,
    route: Route,
    _dir: tempfile::TempDir,
}

impl Bench {
    fn new() -> Bench {
        let dir = tempfile::tempdir().unwrap();
        let mut book = open_book(dir.path());
        let device = Keys::from_seed(&[1; 32]);
        book.trust("casa", "kitchen", &device.public()).unwrap();
        let desk = Desk {
            book,
            keys: Keys::from_seed(&[2; 32]),
            catalog: Catalog::from_json(CATALOG).unwrap(),
            guide: None,
            terms: Terms::default(),
            seller: "Corner".into(),
            max_orders_hour: 3,
            burst: burst::Rule::default(),
            payment: payment::Rule::default(),
            clock: Clock::in_zone(jiff::tz::TimeZone::UTC),
            asked: Default::default(),
        };
        Bench { desk, device, route: Route::new("casa", "kitchen", "corner").unwrap(), _dir: dir }
    }

    fn now(&self) -> i64 {
        self.desk.clock.unix_ms().unwrap()
    }

    fn sealed<T: Body>(&self, body: &T) -> Vec<u8> {
        seal(body, "home/casa/kitchen", &self.device, self.now(), 3_600_000).unwrap()
    }

    fn send<T: Body>(&mut self, body: &T) -> Done {
        let bytes = self.sealed(body);
        self.desk.handle(body.aud(), &bytes, false).unwrap()
    }

    /// Opens the only message of that kind which the shop says, now or from its outgoing list.
    fn said<T: Body>(&mut self, done: &Done) -> Option<Opened<T>> {
        let mut say: Vec<(String, Vec<u8>)> = done.say.iter().map(|s| (s.topic.clone(), s.bytes.clone())).collect();
        for (id, topic, bytes) in self.desk.book.outgoing().unwrap() {
            self.desk.book.said(&[id]).unwrap();
            say.push((topic, bytes));
        }
        let topic = self.route.down(T::KIND);
        let mut found = say.iter().filter(|(t, _)| *t == topic);
        let (topic, bytes) = found.next()?;
        assert!(found.next().is_none(), "two messages of kind {}", T::KIND);
        Some(open(bytes, topic, &self.desk.keys.public(), self.now()).unwrap())
    }

    fn request(&self, lines: &[(&str, u32)]) -> QuoteRequest {
        let lines = lines.iter().map(|(sku, qty)| WantedLine {
            sku: Some((*sku).into()),
            gtin: None,
            text: None,
            qty: *qty,
            options: Default::default(),
        });
        QuoteRequest {
            aud: self.route.up(QuoteRequest::KIND),
            request_id: "r".into(),
            lines: lines.collect(),
            intent: "reorder".into(),
            language: Lang::Es,
            coupon: None,
        }
    }

    fn quote(&mut self) -> Opened<Quote> {
        let done = self.send(&self.request(&[("heads", 2)]));
        self.said(&done).expect("a quote")
    }

    /// The order that fits a quote.
    fn order(&mut self, seq: u64) -> Order {
        let quote = self.quote();
        self.ordering(&quote, seq)
    }

    fn receipt(&mut self, order: &Order) -> Receipt {
        let done = self.send(order);
        self.said(&done).expect("a receipt").data
    }

    fn booked(&self) -> usize {
        self.desk.book.bookings().unwrap().len()
    }
}

fn code(receipt: &Receipt) -> &str {
    receipt.code.as_deref().unwrap_or("accepted")
}

#[test]
fn prices_follow_the_catalogue_or_there_is_none() {
    let mut bench = Bench::new();
    let quote = bench.quote().data;
    assert_eq!(quote.check(), Ok(()));
    assert_eq!((quote.lines[0].title.as_str(), quote.totals.goods, quote.totals.delivery), ("Cabezales", 2_598, 0));
    let small = bench.send(&bench.request(&[("heads", 1)]));
    assert_eq!(
        bench.said::<Quote>(&small).unwrap().data.totals,
        Totals { goods: 1_299, discount: 0, delivery: 390, total: 1_689 }
    );

    for (lines, expected) in [
        (vec![("nothing", 1)], "unknown_product"),
        (vec![("heads", 0)], "quantity"),
        (vec![("heads", 6)], "quantity"),
        (vec![("coffee", 1)], "unknown_option"),
        (vec![], "too_many"),
        (vec![("heads", 1); 51], "too_many"),
    ] {
        let done = bench.send(&bench.request(&lines));
        assert_eq!(bench.said::<QuoteRefused>(&done).unwrap().data.code, expected, "{lines:?}");
    }
}

#[test]
fn the_same_order_gets_the_same_receipt_and_is_booked_once() {
    let mut bench = Bench::new();
    let order = bench.order(1);
    let bytes = bench.sealed(&order);
    let first = bench.desk.handle(&order.aud, &bytes, false).unwrap();
    let first = bench.said::<Receipt>(&first).unwrap();
    assert_eq!((code(&first.data), first.data.shop_order_no.as_deref()), ("accepted", Some("T-000001")));
    assert_eq!(first.data.order_hash, hash_of(&order).unwrap());
    // Again, and again long after it expired.
    bench.desk.clock.skip(Duration::from_secs(7_200));
    let again = bench.desk.handle(&order.aud, &bytes, false).unwrap();
    assert_eq!(bench.said::<Receipt>(&again).unwrap(), first);
    assert_eq!(bench.booked(), 1);
    // Another body under the same id: refused, and the first order stands.
    let other = Order { nonce: random_hex128(), ..order.clone() };
    let conflict = bench.receipt(&other);
    assert_eq!(code(&conflict), "idempotency_conflict");
    assert_ne!(conflict.order_hash, first.data.order_hash, "it can't be taken for an answer to the first");
    assert_eq!(bench.booked(), 1);
}

#[test]
fn an_order_that_is_not_right_is_rejected_with_its_reason() {
    type Spoil = fn(&mut Order, i64);
    let cases: Vec<(&str, Spoil)> = vec![
        ("not_as_quoted", |o, _| o.total -= 1),
        ("not_as_quoted", |o, _| o.lines[0].qty = 1),
        ("not_as_quoted", |o, _| o.lines[0].sku = "coffee".into()),
        ("not_as_quoted", |o, _| o.lines.clear()),
        ("not_as_quoted", |o, _| o.currency = "RON".into()),
        ("quote_unknown", |o, _| o.quote_hash = "0".repeat(64)),
        ("quote_expired", |o, now| o.confirm.at = Moment::new(now + 1)),
        ("expired", |o, now| o.exp = Moment::new(now - 1)),
        ("clock", |o, now| o.confirm.at = Moment::new(now + 3_600_000)),
    ];
    for (expected, spoil) in cases {
        let mut bench = Bench::new();
        let mut order = bench.order(1);
        if expected == "quote_expired" {
            bench.desk.clock.skip(Duration::from_secs(1_000));
        }
        spoil(&mut order, bench.now());
        let receipt = bench.receipt(&order);
        assert_eq!(code(&receipt), expected);
        assert_eq!(bench.booked(), 0, "{expected}");
        assert_eq!(bench.receipt(&order), receipt, "a rejection stays one");
    }
}

#[test]
fn one_quote_one_order_one_number_and_not_too_many() {
    let mut bench = Bench::new();
    let first = bench.order(1);
    assert_eq!(code(&bench.receipt(&first)), "accepted");
    let twice = Order { order_id: random_hex128(), seq: 2, ..first };
    assert_eq!(code(&bench.receipt(&twice)), "quote_used");
    let same_number = bench.order(1);
    assert_eq!(code(&bench.receipt(&same_number)), "seq_reused");
    // Numbers may come out of order: a cable was cut in between.
    for (seq, expected) in [(9, "accepted"), (5, "accepted"), (10, "rate")] {
        let order = bench.order(seq);
        assert_eq!(code(&bench.receipt(&order)), expected);
    }
    assert_eq!(bench.booked(), 3);
}

#[test]
fn what_is_not_from_a_paired_device_books_nothing() {
    let mut bench = Bench::new();
    let order = bench.order(1);
    let bytes = bench.sealed(&order);
    let is_refused = |done: &Done| done.say.is_empty() && matches!(done.events[..], [ShopEvent::Refused(_)]);

    assert!(is_refused(&bench.desk.handle(&order.aud, &bytes, true).unwrap()), "retained");
    let forged = seal(&order, "home/casa/kitchen", &Keys::from_seed(&[8; 32]), bench.now(), 60_000).unwrap();
    assert!(is_refused(&bench.desk.handle(&order.aud, &forged, false).unwrap()), "another key");
    let elsewhere = Route::new("casa", "kitchen", "other").unwrap().up("order");
    assert!(is_refused(&bench.desk.handle(&elsewhere, &bytes, false).unwrap()), "another shop");
    let as_cancel = bench.route.up("cancel");
    assert!(is_refused(&bench.desk.handle(&as_cancel, &bytes, false).unwrap()), "another kind");
    assert!(is_refused(&bench.desk.handle(&order.aud, b"{}", false).unwrap()), "nonsense");
    let odd = Order { order_id: "../etc".into(), ..order.clone() };
    assert!(is_refused(&bench.send(&odd)), "an odd id");

    // A neighbour's device, not paired: it hears so, for the very bytes that it sent.
    bench.route = Route::new("casa", "attic", "corner").unwrap();
    let order = Order { aud: bench.route.up("order"), ..order };
    let receipt = bench.receipt(&order);
    assert_eq!((code(&receipt), &receipt.order_hash), ("not_paired", &hash_of(&order).unwrap()));
    assert_eq!(bench.booked(), 0);
}

#[test]
fn cancelling_before_with_and_after() {
    let mut bench = Bench::new();
    let cancel = |bench: &Bench, order: &Order| Cancel {
        aud: bench.route.up(Cancel::KIND),
        order_id: order.order_id.clone(),
        reason_code: "household".into(),
    };
    // The cancellation overtakes the order.
    let early = bench.order(1);
    let done = bench.send(&cancel(&bench, &early));
    assert_eq!(bench.said::<Status>(&done).unwrap().data.state, StatusState::Cancelled);
    assert_eq!(code(&bench.receipt(&early)), "cancelled");
    assert_eq!(bench.booked(), 0);
    // In time, and a second time.
    let order = bench.order(2);
    assert_eq!(code(&bench.receipt(&order)), "accepted");
    for _ in 0..2 {
        let done = bench.send(&cancel(&bench, &order));
        let status = bench.said::<Status>(&done).unwrap().data;
        assert_eq!((status.state, status.rev), (StatusState::Cancelled, 2));
    }
    // Too late.
    let order = bench.order(3);
    bench.receipt(&order);
    let done = bench.desk.advance(&order.order_id, StatusState::Shipped).unwrap();
    assert_eq!(bench.said::<Status>(&done).unwrap().data.state, StatusState::Shipped);
    let done = bench.send(&cancel(&bench, &order));
    let status = bench.said::<Status>(&done).unwrap().data;
    assert_eq!((status.state, status.code.as_deref()), (StatusState::Shipped, Some("too_late")));
    // An order does not go back.
    let done = bench.desk.advance("T-000002", StatusState::Accepted).unwrap();
    assert!(matches!(done.events[..], [ShopEvent::Refused(_)]));
}

#[test]
fn order_get_tells_what_became_of_it() {
    let mut bench = Bench::new();
    let order = bench.order(1);
    let get = OrderGet { aud: bench.route.up(OrderGet::KIND), order_id: order.order_id.clone() };
    let done = bench.send(&get);
    assert_eq!(bench.said::<Status>(&done).unwrap().data.state, StatusState::Unknown);
    let receipt = bench.receipt(&order);
    let done = bench.send(&get);
    assert_eq!(bench.said::<Receipt>(&done).unwrap().data, receipt);
    bench.desk.advance(&order.order_id, StatusState::Shipped).unwrap();
    let done = Done { say: vec![], events: vec![] };
    bench.said::<Status>(&done).unwrap();
    let done = bench.send(&get);
    assert_eq!(bench.said::<Status>(&done).unwrap().data.state, StatusState::Shipped);
}

#[test]
fn keys_are_kept_for_thirty_days() {
    let mut bench = Bench::new();
    let order = bench.order(1);
    bench.receipt(&order);
    let now = bench.now();
    bench.desk.book.prune(now + book::KEEP_MS - 60_000).unwrap();
    let known = |bench: &mut Bench| {
        let (route, id) = (bench.route.clone(), order.order_id.clone());
        bench.desk.book.write(|page| page.known(&route, &id)).unwrap().is_some()
    };
    assert!(known(&mut bench));
    bench.desk.book.prune(now + book::KEEP_MS + 60_000).unwrap();
    assert!(!known(&mut bench));
    assert_eq!(bench.booked(), 1, "bookings are kept");
}

#[test]
fn a_wrong_catalogue_is_one_clear_line() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("catalog.json");
    for (text, expected) in [
        (CATALOG.replace("\"coffee\"", "\"heads\""), "product heads: this sku appears twice"),
        (CATALOG.replace("1299", "-1"), "product heads: unit_amount is -1"),
        ("<html>".into(), "not valid JSON"),
    ] {
        std::fs::write(&path, text).unwrap();
        let line = load_catalog(&path).unwrap_err().to_string();
        assert!(line.contains(expected) && line.contains("catalog.json") && !line.contains('\n'), "{line}");
    }
    assert!(load_catalog(&dir.path().join("none.json")).unwrap_err().to_string().contains("none.json"));
}

all![
    prices_follow_the_catalogue_or_there_is_none,
    the_same_order_gets_the_same_receipt_and_is_booked_once,
    an_order_that_is_not_right_is_rejected_with_its_reason,
    one_quote_one_order_one_number_and_not_too_many,
    what_is_not_from_a_paired_device_books_nothing,
    cancelling_before_with_and_after,
    order_get_tells_what_became_of_it,
    keys_are_kept_for_thirty_days
];
