//! What holds on SQLite holds on PostgreSQL; and what several workers on one book must not get wrong.

#[path = "../../../tests/support/receiver.rs"]
mod receiver;
#[path = "../../../tests/support/postgres.rs"]
pub(super) mod server;

use super::*;
use crate::deliver::pairing::{Answer, From as Side, Request, Secret};
use crate::deliver::topic;
use crate::shop::book::pairing::Pairing;
use crate::shop::coupon::{Coupon, fixture};
use receiver::{Receiver, Reply};
use server::PostgresServer;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier};

/// How many desks share a book here.
const WORKERS: usize = 3;
const ROUNDS: u64 = 12;

/// Every test of the desk is in a list; the two that are only about files and catalogues are not for a database.
#[test]
fn no_test_is_forgotten() {
    let files = [
        (include_str!("../tests.rs"), super::ALL.len() + 1),
        (include_str!("back.rs"), back::ALL.len() + 1),
        (include_str!("burst.rs"), bursts::ALL.len()),
        (include_str!("chat.rs"), chat::ALL.len()),
        (include_str!("handover.rs"), handover::ALL.len() + 1),
        (include_str!("history.rs"), history::ALL.len()),
        (include_str!("hooks.rs"), hooks::ALL.len()),
        (include_str!("news.rs"), news::ALL.len()),
        (include_str!("pairing.rs"), pairing::ALL.len()),
        (include_str!("pay.rs"), pay::ALL.len()),
    ];
    for (at, (text, listed)) in files.into_iter().enumerate() {
        assert_eq!(
            text.matches("#[test]\nfn ").count(),
            listed,
            "file {at}: add the test to all!, or say here why not"
        );
    }
}

#[test]
fn the_desk_does_the_same_on_postgresql() {
    let Some(server) = PostgresServer::start() else { return };
    let server = Arc::new(server);
    let made = std::cell::RefCell::new(BTreeSet::new());
    let of = server.clone();
    DATABASES.set(Some(Box::new(move |name| {
        if made.borrow_mut().insert(name.to_owned()) { of.database(name) } else { of.address(name) }
    })));
    for (name, test) in [
        super::ALL,
        back::ALL,
        bursts::ALL,
        chat::ALL,
        handover::ALL,
        history::ALL,
        hooks::ALL,
        news::ALL,
        pairing::ALL,
        pay::ALL,
    ]
    .into_iter()
    .flatten()
    {
        println!("{name}");
        test();
    }
    DATABASES.set(None);
}

/// A desk of the same shop on another book, or on the same once more.
pub(super) fn desk_on(book: Book, other: &Desk) -> Desk {
    Desk {
        book,
        keys: Keys::from_seed(&[2; 32]),
        catalog: other.catalog.clone(),
        guide: other.guide.clone(),
        terms: Terms::default(),
        seller: other.seller.clone(),
        max_orders_hour: other.max_orders_hour,
        burst: burst::Rule::default(),
        payment: other.payment.clone(),
        clock: other.clock.clone(),
        asked: Default::default(),
    }
}

/// Several desks on one book, as in several processes.
struct Shop {
    desks: Vec<Desk>,
    bench: Bench,
}

impl Shop {
    fn new(server: &PostgresServer, name: &str) -> Shop {
        let address = server.database(name);
        let mut bench = Bench::new();
        let desks = (0..WORKERS).map(|n| {
            let book = Book::open_database(&address, true).unwrap();
            assert_eq!(book.serve().unwrap(), i64::try_from(n).unwrap() + 1);
            desk_on(book, &bench.desk)
        });
        let desks: Vec<Desk> = desks.collect();
        // The bench signs, asks and looks, on the same book.
        bench.desk.book = Book::open_database(&address, false).unwrap();
        bench.desk.book.trust("casa", "kitchen", &bench.device.public()).unwrap();
        Shop { desks, bench }
    }

    /// Each message to one desk, all at once; what the desks say at once, and what is then outgoing.
    fn all_at_once(&mut self, messages: &[(String, Vec<u8>)]) -> Vec<(String, Vec<u8>)> {
        let barrier = Barrier::new(messages.len().min(WORKERS));
        let mut shares: Vec<Vec<&(String, Vec<u8>)>> = vec![vec![]; WORKERS];
        messages.iter().enumerate().for_each(|(at, message)| shares[at % WORKERS].push(message));
        let said = std::thread::scope(|scope| {
            let working: Vec<_> = self
                .desks
                .iter_mut()
                .zip(shares)
                .filter(|(_, share)| !share.is_empty())
                .map(|(desk, share)| {
                    let barrier = &barrier;
                    scope.spawn(move || {
                        barrier.wait();
                        let mut said = vec![];
                        for (topic, bytes) in share {
                            let done = desk.handle(topic, bytes, false).unwrap();
                            said.extend(done.say.into_iter().map(|say| (say.topic, say.bytes)));
                        }
                        said
                    })
                })
                .collect();
            working.into_iter().flat_map(|worker| worker.join().unwrap()).collect::<Vec<_>>()
        });
        let mut all = said;
        for desk in &mut self.desks {
            for (id, topic, bytes) in desk.book.outgoing().unwrap() {
                desk.book.said(&[id]).unwrap();
                all.push((topic, bytes));
            }
        }
        all
    }

    fn receipts(&self, said: &[(String, Vec<u8>)]) -> Vec<Receipt> {
        let key = self.bench.desk.keys.public();
        let now = self.bench.now();
        said.iter().filter_map(|(topic, bytes)| Some(open::<Receipt>(bytes, topic, &key, now).ok()?.data)).collect()
    }
}

#[test]
fn workers_on_one_book_get_in_nobodys_way() {
    let Some(server) = PostgresServer::start() else { return };
    the_same_order_at_every_worker_is_booked_once(&server);
    a_home_gets_no_more_orders_than_it_may(&server);
    nobody_slips_past_a_burst(&server);
    one_coupon_is_used_once_whoever_comes(&server);
    a_word_of_the_bank_and_a_cancellation_never_both_count(&server);
    a_code_pairs_one_device(&server);
    what_a_dead_worker_left_is_said_by_another(&server);
    one_of_them_delivers_each_event(&server);
}

fn the_same_order_at_every_worker_is_booked_once(server: &PostgresServer) {
    let mut shop = Shop::new(server, "once");
    shop.desks.iter_mut().for_each(|desk| desk.max_orders_hour = 1_000);
    for seq in 1..=ROUNDS {
        let order = shop.bench.order(seq);
        let message = (order.aud.clone(), shop.bench.sealed(&order));
        let said = shop.all_at_once(&vec![message; WORKERS]);
        let receipts = shop.receipts(&said);
        assert_eq!(receipts.len(), WORKERS);
        assert!(receipts.iter().all(|receipt| *receipt == receipts[0] && code(receipt) == "accepted"), "{receipts:?}");
        assert_eq!(shop.bench.booked(), usize::try_from(seq).unwrap());
    }
    // Different orders of one device: each its own number.
    let orders: Vec<Order> = (0..ROUNDS).map(|n| shop.bench.order(100 + n)).collect();
    let messages: Vec<_> = orders.iter().map(|order| (order.aud.clone(), shop.bench.sealed(order))).collect();
    let said = shop.all_at_once(&messages);
    let numbers: BTreeSet<_> = shop.receipts(&said).into_iter().filter_map(|receipt| receipt.shop_order_no).collect();
    assert_eq!(numbers.len(), orders.len());
}

fn a_home_gets_no_more_orders_than_it_may(server: &PostgresServer) {
    let mut shop = Shop::new(server, "rate");
    let orders: Vec<Order> = (0..9).map(|n| shop.bench.order(100 + n)).collect();
    let messages: Vec<_> = orders.iter().map(|order| (order.aud.clone(), shop.bench.sealed(order))).collect();
    let said = shop.all_at_once(&messages);
    let mut codes: Vec<String> = shop.receipts(&said).iter().map(|receipt| code(receipt).to_owned()).collect();
    codes.sort();
    assert_eq!(codes, [["accepted"; 3], ["rate"; 3], ["rate"; 3]].concat());
    assert_eq!(shop.bench.booked(), 3);
}

fn nobody_slips_past_a_burst(server: &PostgresServer) {
    for round in 0..4 {
        let mut shop = Shop::new(server, &format!("burst{round}"));
        // Quoted before anybody could know; then all order at once.
        shop.bench.desk.burst.min_homes = 0;
        let messages: Vec<_> = (1..=9u8)
            .map(|n| {
                shop.bench.home(n);
                let order = shop.bench.order(1);
                (order.aud.clone(), shop.bench.sealed(&order))
            })
            .collect();
        shop.all_at_once(&messages);
        assert_eq!((shop.bench.booked(), shop.bench.desk.book.held().unwrap().len()), (0, 9));
    }
}

fn one_coupon_is_used_once_whoever_comes(server: &PostgresServer) {
    for round in 0..4u8 {
        let mut shop = Shop::new(server, &format!("coupon{round}"));
        shop.bench.desk.burst.min_homes = 0;
        shop.desks.iter_mut().for_each(|desk| desk.burst.min_homes = 0);
        shop.bench.add(&Coupon { max_uses: Some(2), ..fixture("FEW") });
        // Five homes with two prices each, and room for two of them.
        let mut messages = vec![];
        for n in 1..=5u8 {
            shop.bench.home(n);
            for seq in 1..=2 {
                let quote = shop.bench.priced(&[("heads", 2)], CouponAsked::Code("FEW".into()));
                let order = shop.bench.ordering(&quote, seq);
                let message = (order.aud.clone(), shop.bench.sealed(&order));
                messages.extend([message.clone(), message]);
            }
        }
        let said = shop.all_at_once(&messages);
        assert_eq!(shop.receipts(&said).len(), messages.len());
        assert_eq!((shop.bench.booked(), shop.bench.uses("FEW")), (2, 2));
        let homes: BTreeSet<String> =
            shop.bench.desk.book.bookings().unwrap().into_iter().map(|booking| booking.home).collect();
        assert_eq!(homes.len(), 2);
    }
}

fn a_word_of_the_bank_and_a_cancellation_never_both_count(server: &PostgresServer) {
    let mut shop = Shop::new(server, "bank");
    for seq in 1..=ROUNDS {
        shop.bench.desk.max_orders_hour = 1_000;
        let order = pay::waiting(&mut shop.bench, seq);
        let (aud, order_id) = (shop.bench.route.up(Cancel::KIND), order.order_id.clone());
        let cancel = shop.bench.sealed(&Cancel { aud: aud.clone(), order_id, reason_code: "household".into() });
        let (id, now) = (order.order_id.clone(), shop.bench.now());
        let barrier = Barrier::new(WORKERS);
        let (first, rest) = shop.desks.split_first_mut().unwrap();
        let booked = std::thread::scope(|scope| {
            let words: Vec<_> = rest
                .iter_mut()
                .map(|desk| {
                    let (barrier, id) = (&barrier, &id);
                    scope.spawn(move || {
                        barrier.wait();
                        desk::settle(&mut desk.book, &desk.keys, id, desk::Word::Confirmed, now).unwrap().events
                    })
                })
                .collect();
            barrier.wait();
            first.handle(&aud, &cancel, false).unwrap();
            let events = words.into_iter().flat_map(|word| word.join().unwrap());
            events.filter(|event| matches!(event, ShopEvent::Booked { .. })).count()
        });
        let booking = shop.bench.desk.book.all().unwrap().into_iter().find(|booking| booking.order_id == id).unwrap();
        // Whoever was first: booked at most once, and in the end the household's word holds.
        assert!(booked <= 1, "{booked}");
        assert_eq!(booking.state, "cancelled");
        assert_eq!(booking.payment_state.as_deref() == Some("confirmed"), booked == 1);
    }
}

fn a_code_pairs_one_device(server: &PostgresServer) {
    let mut shop = Shop::new(server, "pairing");
    for round in 0..ROUNDS {
        let secret = Secret::random().unwrap();
        let pairing = Pairing {
            secret: secret.clone(),
            home: "villa".into(),
            url: "mqtts://broker:8883".into(),
            ca: None,
            replaces: true,
            expires_unix_ms: shop.bench.now() + 60_000,
            used_by: None,
        };
        shop.bench.desk.book.give_out(&pairing, "a password").unwrap();
        let messages: Vec<_> = (0..3u8)
            .map(|n| {
                let keys = Keys::from_seed(&[50 + n; 32]);
                let topic = topic::pair_up(&secret.id());
                let request = Request::new(&secret, &format!("speaker-{round}-{n}"), &keys);
                let bytes = secret.seal(Side::Device, &topic, &request).unwrap();
                (topic, bytes)
            })
            .collect();
        let down = topic::pair_down(&secret.id());
        let said = shop.all_at_once(&messages);
        let answers: Vec<Answer> =
            said.iter().map(|(_, bytes)| secret.open(Side::Shop, &down, bytes).unwrap()).collect();
        let paired = answers.iter().filter(|answer| matches!(answer, Answer::Paired(_))).count();
        assert_eq!((answers.len(), paired), (3, 1), "{answers:?}");
    }
    let devices = shop.bench.desk.book.devices().unwrap();
    assert_eq!(devices.iter().filter(|device| device.home == "villa").count(), usize::try_from(ROUNDS).unwrap());
}

fn what_a_dead_worker_left_is_said_by_another(server: &PostgresServer) {
    let mut shop = Shop::new(server, "lease");
    let order = shop.bench.order(1);
    let bytes = shop.bench.sealed(&order);
    shop.desks[2].handle(&order.aud, &bytes, false).unwrap();
    shop.desks[0].book.adopt().unwrap();
    assert!(shop.desks[0].book.outgoing().unwrap().is_empty(), "the third worker is there to say it");
    assert!(shop.desks[0].book.lead(true).unwrap() && !shop.desks[1].book.lead(true).unwrap());
    assert!(shop.desks[0].book.lead(true).unwrap(), "and goes on");
    let third = shop.desks.pop().unwrap();
    assert_eq!(third.book.outgoing().unwrap().len(), 1);
    drop(third);
    let until = shop.bench.desk.clock.machine_ms() + 10_000;
    while shop.desks[0].book.outgoing().unwrap().is_empty() {
        assert!(shop.bench.desk.clock.machine_ms() < until, "nobody says what the third worker had to say");
        std::thread::sleep(Duration::from_millis(20));
        shop.desks[0].book.adopt().unwrap();
        shop.desks[1].book.adopt().unwrap();
    }
    assert!(shop.desks[1].book.outgoing().unwrap().is_empty(), "one of them says it");
    // What was written beside the workers belongs to nobody.
    shop.bench.desk.advance(&order.order_id, StatusState::Shipped).unwrap();
    shop.desks[1].book.adopt().unwrap();
    assert_eq!(shop.desks[1].book.outgoing().unwrap().len(), 1);
    // The next worker takes the number that is free; whoever leads goes, and another one leads.
    let address = server.address("lease");
    assert_eq!(Book::open_database(&address, false).unwrap().serve().unwrap(), 3);
    shop.desks.remove(0);
    while !shop.desks[0].book.lead(true).unwrap() {
        assert!(shop.bench.desk.clock.machine_ms() < until, "nobody leads");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// As many postmen as workers, at a shop system that fails now and then.
fn one_of_them_delivers_each_event(server: &PostgresServer) {
    let mut shop = Shop::new(server, "webhook");
    shop.desks.iter_mut().for_each(|desk| desk.max_orders_hour = 1_000);
    let receiver = Receiver::start(Reply::Status(200));
    receiver.plan(&[Reply::Status(500), Reply::Close]);
    let secret = shop.bench._dir.path().join("secret");
    crate::private_file::write(&secret, receiver::SECRET.as_bytes()).unwrap();
    let address = webhook::Address::parse(&receiver.url(), false).unwrap();
    shop.bench.desk.book.point_webhook(&address.url).unwrap();
    let config = webhook::Config::new(address, webhook::Secrets::load(&secret).unwrap(), None).unwrap();
    let database = server.address("webhook");
    let over: Vec<Arc<AtomicBool>> = (0..WORKERS).map(|_| Arc::default()).collect();
    for over in &over {
        let book = Book::open_database(&database, false).unwrap();
        let over = over.clone();
        let is_over = move || over.load(Ordering::SeqCst);
        webhook::start(config.clone(), book, shop.bench.desk.clock.clone(), is_over).unwrap();
    }
    let clock = shop.bench.desk.clock.clone();
    let until = clock.machine_ms() + 60_000;
    let wait = |what: &str, there: &dyn Fn() -> bool| {
        while !there() {
            assert!(clock.machine_ms() < until, "waited in vain for {what}: {:?}", receiver.came());
            std::thread::sleep(Duration::from_millis(50));
        }
    };
    let mut told = 0;
    for round in 0..2 {
        let orders: Vec<Order> = (0..ROUNDS).map(|n| shop.bench.order(1 + round * 100 + n)).collect();
        let messages: Vec<_> = orders.iter().map(|order| (order.aud.clone(), shop.bench.sealed(order))).collect();
        shop.all_at_once(&messages);
        for order in &orders {
            shop.bench.desk.advance(&order.order_id, StatusState::Shipped).unwrap();
        }
        told += 2 * orders.len();
        wait("every event", &|| receiver.took().len() >= told);
        let took = receiver.took();
        assert_eq!(took.iter().map(|came| &came.id).collect::<BTreeSet<_>>().len(), told, "each once");
        for order in &orders {
            let of: Vec<&str> =
                took.iter().filter(|came| came.order() == order.order_id).map(|came| came.kind()).collect();
            assert_eq!(of, ["order.booked", "order.shipped"]);
        }
        // Whoever delivers ends; another one goes on.
        if round == 0 {
            let held = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = 1953396584";
            assert_eq!(server.sql("webhook", held), "1");
            over[0].store(true, Ordering::SeqCst);
            over[1].store(true, Ordering::SeqCst);
        }
    }
    wait("a note of each", &|| shop.bench.desk.book.hooks().unwrap().is_empty());
    over.iter().for_each(|over| over.store(true, Ordering::SeqCst));
}
