//! Workers of one shop in processes of their own, on one PostgreSQL and one mosquitto: whatever is killed, each order is booked
//! once and each receipt arrives; and the broker says that the shop is offline when the last worker is gone, and not before.
#![cfg(feature = "postgres")]
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

#[path = "support/corner.rs"]
mod corner;
#[path = "support/house.rs"]
mod house;
#[path = "support/postgres.rs"]
mod postgres;
mod support;

use corner::Corner;
use house::process::program;
use house::{Running, command, json_lines, stderr, text};
use postgres::PostgresServer;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;
use std::path::Path;
use std::time::Duration;
use support::{Device, SHOP, random_ms};
use tendero::clock::Clock;
use tendero::decide::order::{OrderId, OrderState, ReceiptStatus};
use tendero::deliver::keys::Keys;
use tendero::deliver::link::LinkEvent;
use tendero::deliver::mqtt::{Client, Mqtt, MqttEvent};
use tendero::deliver::topic;
use tendero::shop::book::Book;
use tokio::sync::mpsc;

const HOMES: [&str; 6] = ["home-1", "home-2", "home-3", "home-4", "home-5", "home-6"];
const ORDERS_OF_EACH: usize = 8;
const WORKERS: usize = 3;
/// Of workers; after each third one the database is killed as well.
const KILLS: usize = 12;
/// The will waits 20 s; a worker that leads is missed within a few ticks.
const OFFLINE_BY_S: u64 = 45;

/// A shop in a database, and what its homes and its owner do.
struct Shop {
    corner: Corner,
    database: String,
}

impl Deref for Shop {
    type Target = Corner;

    fn deref(&self) -> &Corner {
        &self.corner
    }
}

impl Shop {
    fn new(server: &PostgresServer) -> Option<Shop> {
        let database = server.database("shop");
        Some(Shop { corner: Corner::new(&HOMES, Some(database.clone()))?, database })
    }

    /// `tendero shop WHAT` on the same book.
    fn asks(&self, args: &[&str]) -> std::process::Output {
        let data_dir = self.data_dir().display().to_string();
        let place = ["--data-dir", &data_dir, "--database", &self.database];
        command(&[&["shop", args[0]], &place[..], &args[1..]].concat())
    }

    fn device(&self, home: &str, clock: &Clock) -> Device {
        let dir = self.dir.path().join(home);
        let device = Device::start(self.broker.config(home), &dir, home, "kitchen", self.key.clone(), clock.clone());
        Book::open_database(&self.database, true).unwrap().trust(home, "kitchen", &device.keys.public()).unwrap();
        device
    }
}

/// Orders again and again; the shop's number of each order.
async fn orders(mut device: Device) -> (Device, BTreeMap<OrderId, String>) {
    device.up().await;
    let mut numbers = BTreeMap::new();
    for n in 0..ORDERS_OF_EACH {
        let quote = device.quote(if n % 2 == 0 { "heads" } else { "milk" }, 1).await;
        let id = device.confirm(quote).await.id;
        while !numbers.contains_key(&id) {
            let receipt = device
                .until(90, "receipt", |e| if let LinkEvent::Receipt(r) = e { Some(r.clone()) } else { None })
                .await;
            assert_eq!(receipt.status, ReceiptStatus::Accepted, "{:?}", receipt.code);
            let no = receipt.shop_order_no.clone().unwrap();
            assert_eq!(numbers.entry(receipt.order_id.clone()).or_insert_with(|| no.clone()), &no, "another receipt");
            device.settle(&receipt.order_id, receipt.status, Some(no)).await;
        }
        tokio::time::sleep(random_ms(300)).await;
    }
    (device, numbers)
}

/// What the broker says of the shop, as a home reads it: there or not.
async fn watch(shop: &Shop) -> (Mqtt, mpsc::Receiver<MqttEvent>) {
    let client = Client { client_id: "watcher".into(), subscriptions: vec![topic::shop_state(SHOP)], will: None };
    let (sender, mut events) = mpsc::channel::<MqttEvent>(1_000);
    let mqtt = Mqtt::start(shop.broker.config(HOMES[0]), client, sender).unwrap();
    assert!(matches!(events.recv().await, Some(MqttEvent::Up { .. })));
    (mqtt, events)
}

/// The next word about it within `secs`; `None`: nothing was said.
async fn state(events: &mut mpsc::Receiver<MqttEvent>, secs: u64) -> Option<bool> {
    let next = async {
        loop {
            if let MqttEvent::Message(message) = events.recv().await.unwrap() {
                let envelope: serde_json::Value = serde_json::from_slice(&message.payload).unwrap();
                message.ack();
                return envelope["data"]["online"].as_bool().unwrap();
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(secs), next).await.ok()
}

async fn is_said(events: &mut mpsc::Receiver<MqttEvent>, online: bool, secs: u64) {
    while state(events, secs).await.unwrap_or_else(|| panic!("nobody says within {secs} s: online {online}")) != online
    {
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn orders_survive_whatever_is_killed_and_the_shop_is_there_while_one_worker_is() {
    let Some(mut server) = PostgresServer::start() else { return };
    let Some(shop) = Shop::new(&server) else { return };
    let clock = Clock::system();
    let devices: Vec<Device> = HOMES.iter().map(|home| shop.device(home, &clock)).collect();
    let mut workers: Vec<Option<Running>> = (0..WORKERS).map(|worker| Some(shop.worker(worker))).collect();
    let (watcher, mut states) = watch(&shop).await;
    is_said(&mut states, true, 15).await;

    let ordering: Vec<_> = devices.into_iter().map(|device| tokio::spawn(orders(device))).collect();
    for n in 0..KILLS {
        tokio::time::sleep(Duration::from_millis(300) + random_ms(900)).await;
        let worker = usize::try_from(random_ms(WORKERS as u64).as_millis()).unwrap();
        // In the middle of whatever it does.
        workers[worker] = None;
        tokio::time::sleep(random_ms(600)).await;
        workers[worker] = Some(shop.worker(worker));
        if n % 3 == 2 {
            tokio::time::sleep(random_ms(600)).await;
            server.kill();
            tokio::time::sleep(random_ms(1_500)).await;
            tokio::task::block_in_place(|| server.restart());
        }
    }
    let mut numbers = BTreeMap::new();
    let mut homes = vec![];
    for ordering in ordering {
        let (device, theirs) = ordering.await.unwrap();
        assert!(device.store.due().await.unwrap().is_empty(), "the outbox is drained");
        numbers.extend(theirs);
        homes.push(device);
    }
    booked_once(&shop, &numbers);
    wait_until("nothing is left to say", || server.sql("shop", "SELECT count(*) FROM tendero_shop.outgoing") == "0");
    one_line_for_each_loss(&shop);
    marked_beside_the_workers(&shop, &mut homes[0], &numbers).await;
    wait_until("one says it", || server.sql("shop", "SELECT count(*) FROM tendero_shop.outgoing") == "0");

    // Whoever leads, of the first two or the third: nobody says that the shop is gone.
    as_systemd_does(&shop, &mut workers);
    wait_until("three workers", || server.sql("shop", ALIVE) == "3");
    workers[0] = None;
    workers[1] = None;
    while let Some(online) = state(&mut states, 28).await {
        assert!(online, "one worker is there");
    }
    workers[2] = None;
    is_said(&mut states, false, OFFLINE_BY_S).await;
    workers[1] = Some(shop.worker(1));
    is_said(&mut states, true, OFFLINE_BY_S).await;
    watcher.stop();
    println!("{} orders, {KILLS} kills of workers, {} of PostgreSQL: each booked once", numbers.len(), KILLS / 3);
}

const ALIVE: &str = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = 1953395560 AND objid > 0
    AND objsubid = 2";

/// Starts those again that ended because the database was gone just when they began: what else ended one is a fault.
fn as_systemd_does(shop: &Shop, workers: &mut [Option<Running>]) {
    for (number, worker) in workers.iter_mut().enumerate() {
        if let Some(ended) = worker.as_mut().and_then(|worker| worker.0.try_wait().unwrap()) {
            let log = std::fs::read_to_string(shop.log(number)).unwrap();
            let last = log.lines().last().unwrap_or_default();
            assert!(ended.code() == Some(1) && last.contains("can't be reached"), "worker {number}, {ended}:\n{log}");
            *worker = Some(shop.worker(number));
        }
    }
}

fn wait_until(what: &str, there: impl Fn() -> bool) {
    tokio::task::block_in_place(|| house::wait_for(what, there));
}

fn booked_once(shop: &Shop, numbers: &BTreeMap<OrderId, String>) {
    let bookings = shop.book().bookings().unwrap();
    assert_eq!((bookings.len(), numbers.len()), (HOMES.len() * ORDERS_OF_EACH, HOMES.len() * ORDERS_OF_EACH));
    let booked: BTreeMap<&str, &str> =
        bookings.iter().map(|booking| (booking.order_id.as_str(), booking.shop_order_no.as_str())).collect();
    let told: BTreeMap<&str, &str> = numbers.iter().map(|(id, no)| (id.0.as_str(), no.as_str())).collect();
    assert_eq!(booked, told);
    assert_eq!(booked.values().collect::<BTreeSet<_>>().len(), bookings.len(), "each its own number");
}

/// A worker that loses the database says so once, not with each message.
fn one_line_for_each_loss(shop: &Shop) {
    let mut lost = 0;
    for worker in 0..WORKERS {
        let log = std::fs::read_to_string(shop.log(worker)).unwrap();
        let lines = log.matches("nothing is taken from the broker").count();
        assert!(lines <= KILLS / 3, "{lines} lines:\n{log}");
        assert!(!log.contains("a secret") && !log.contains("a%20secret"), "a password in the log");
        lost += lines;
    }
    assert!(lost > 0, "nobody noticed that the database was gone");
}

/// What is written beside the workers, one of them says.
async fn marked_beside_the_workers(shop: &Shop, device: &mut Device, numbers: &BTreeMap<OrderId, String>) {
    let listed = tokio::task::block_in_place(|| shop.asks(&["orders", "--json"]));
    assert_eq!(json_lines(&text(&listed)).len(), numbers.len(), "{}", stderr(&listed));
    let home = device.route.home().to_owned();
    let bookings = shop.book().bookings().unwrap();
    let booking = bookings.iter().find(|booking| booking.home == home).unwrap();
    let marked = tokio::task::block_in_place(|| shop.asks(&["mark", &booking.shop_order_no, "delivered"]));
    assert!(marked.status.success(), "{}", stderr(&marked));
    let told = device
        .until(20, "delivered", |e| match e {
            LinkEvent::Status(update) if update.order_id.0 == booking.order_id => Some(update.state),
            _ => None,
        })
        .await;
    assert_eq!(told, OrderState::Delivered);
}

#[test]
fn who_can_not_serve_says_why() {
    let Some(server) = PostgresServer::start() else { return };
    let Some(shop) = Shop::new(&server) else { return };
    let refused = |args: &[String], database: &str, expected: &[&str]| {
        let output = program().args(args).env("TENDERO_SHOP_DATABASE", database).output().unwrap();
        let said = stderr(&output);
        assert!(!output.status.success() && expected.iter().all(|word| said.contains(word)), "{said}");
        assert!(!said.contains("a%20secret"), "{said}");
    };
    let with_folder = |dir: &Path| {
        let mut args = shop.args.clone();
        let at = args.iter().position(|arg| arg == "--data-dir").unwrap() + 1;
        args[at] = dir.display().to_string();
        args
    };
    // No book yet, and looking makes none.
    let none = shop.asks(&["devices"]);
    assert!(!none.status.success() && stderr(&none).contains("there is no book"), "{}", stderr(&none));
    // A worker without the shop's key.
    shop_of_key(&shop);
    refused(&with_folder(&shop.dir.path().join("other")), &shop.database, &["another key", "Copy key"]);
    // No database there, no password, no such thing.
    let here = &shop.database;
    refused(&shop.args, &format!("{}none", here.trim_end_matches("shop")), &["postgres://shop@127.0.0.1", "none"]);
    refused(&shop.args, &here.replace("a%20secret", "wrong"), &["password authentication failed"]);
    refused(&shop.args, "mysql://shop@db/shop", &["mysql://shop@db/shop", "postgres://"]);
    refused(&shop.args, "postgres://shop@127.0.0.1:1/shop", &["can't be reached", "127.0.0.1:1"]);
    // A file has one worker.
    let first = Book::open(&shop.data_dir()).unwrap();
    first.serve().unwrap();
    refused(&shop.args, "", &["is served by another tendero shop", "--database"]);
}

/// The book knows the key of its shop.
fn shop_of_key(shop: &Shop) {
    let book = Book::open_database(&shop.database, true).unwrap();
    assert_eq!(book.sign_with(&shop.key).unwrap(), shop.key.to_string());
}

/// A certificate for localhost by an authority, whose PEM comes back.
fn with_tls(server: &PostgresServer) -> String {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::new(vec![]).unwrap();
    params.distinguished_name.push(rcgen::DnType::CommonName, "an authority of the tests");
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let ca = params.self_signed(&key).unwrap().pem();
    let issuer = rcgen::Issuer::new(params, key);
    let key = rcgen::KeyPair::generate().unwrap();
    let own = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
    server.use_certificate(&own.pem(), &key.serialize_pem());
    ca
}

#[test]
fn across_a_network_the_servers_certificate_is_checked() {
    let Some(server) = PostgresServer::start() else { return };
    let dir = tempfile::tempdir().unwrap();
    let ca = dir.path().join("ca.pem");
    std::fs::write(&ca, with_tls(&server)).unwrap();
    let other = dir.path().join("other.pem");
    std::fs::write(&other, rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap().cert.pem())
        .unwrap();
    let address = |host: &str, ca: &Path| {
        let plain = server.address("postgres").replace("127.0.0.1", host);
        format!("{plain}?sslmode=require&sslrootcert={}", ca.display())
    };
    let book = Book::open_database(&address("localhost", &ca), true).unwrap();
    let encrypted = "SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
                     WHERE ssl AND application_name = 'tendero shop'";
    assert_eq!(server.sql("postgres", encrypted), "1");
    drop(book);
    for (host, ca) in [("localhost", &other), ("127.0.0.1", &ca)] {
        let why = Book::open_database(&address(host, ca), true).err().unwrap().to_string();
        assert!(why.contains("certificate"), "{why}");
    }
}

/// As its owner does it: stopped, moved, and gone on with; and back again.
#[test]
fn a_shop_moves_from_its_file_to_the_database() {
    let Some(server) = PostgresServer::start() else { return };
    let dir = tempfile::tempdir().unwrap();
    let (data_dir, database) = (dir.path().display().to_string(), server.database("moved"));
    let asks = |what: &[&str], more: &[&str]| command(&[&["shop"], what, &["--data-dir", &data_dir], more].concat());
    let there = ["--database", database.as_str()];
    let key = Keys::from_seed(&[1; 32]).public().to_string();
    assert!(asks(&["trust", "casa/kitchen", &key], &[]).status.success());
    let refused = |what: &[&str], more: &[&str], why: &str| {
        let output = asks(what, more);
        assert!(output.status.code() == Some(1) && stderr(&output).contains(why), "{}", stderr(&output));
        assert!(!stderr(&output).contains("secret"), "{}", stderr(&output));
    };

    let serving = Book::open(dir.path()).unwrap();
    serving.serve().unwrap();
    refused(&["move"], &there, "is served by another tendero shop");
    drop(serving);
    refused(&["move"], &[], "--database");
    let moved = asks(&["move"], &there);
    assert!(text(&moved).contains("0 orders") && text(&moved).contains("each compared"), "{}", stderr(&moved));
    refused(&["devices"], &[], "was moved to");
    refused(&["move"], &there, "was moved to");
    let listed = text(&asks(&["devices"], &there));
    assert!(listed.contains(&format!("casa/kitchen {key}")), "{listed}");

    assert!(asks(&["move"], &["--undo"]).status.success());
    assert_eq!(text(&asks(&["devices"], &[])), listed);
    refused(&["move"], &there, "has a book already");
    refused(&["move"], &["--undo"], "nothing to undo");
}
