//! Against Debian's mosquitto with TLS, passwords, access rules and persistence: each order is
//! booked exactly once and each receipt arrives, whatever happens to the broker; and what is
//! refused is refused with one clear line.
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

#[path = "support/mosquitto.rs"]
mod broker;
mod support;

use broker::Mosquitto;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use support::{Device, catalog, random_ms};
use tendero::clock::Clock;
use tendero::decide::order::{OrderId, ReceiptStatus};
use tendero::deliver::keys::Keys;
use tendero::deliver::link::LinkEvent;
use tendero::deliver::mqtt::{Client, Mqtt, MqttEvent, ToPublish, Trouble};
use tendero::deliver::topic::Route;
use tendero::shop::{Shop, ShopConfig, ShopHandle};
use tokio::sync::mpsc;

const ORDERS: usize = 24;
const KILLS: usize = 8;
const USERS: &[(&str, &str)] = &[("corner", "shop secret"), ("casa", "home secret"), ("otra", "other secret")];

fn mosquitto(dir: &std::path::Path) -> Option<Mosquitto> {
    Mosquitto::start(&dir.join("broker"), USERS)
}

fn shop(broker: &Mosquitto, dir: &std::path::Path, clock: &Clock) -> ShopHandle {
    let mut config = ShopConfig::new(catalog(), broker.config("corner"), dir.join("shop"), clock.clone());
    config.max_orders_hour = 1_000;
    Shop::start(config).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_order_is_booked_once_although_the_broker_is_killed_again_and_again() {
    let dir = tempfile::tempdir().unwrap();
    let Some(mut broker) = mosquitto(dir.path()) else { return };
    let clock = Clock::system();
    let shop = shop(&broker, dir.path(), &clock);
    let mut device =
        Device::start(broker.config("casa"), &dir.path().join("home"), "casa", "kitchen", shop.key().clone(), clock);
    shop.trust("casa", "kitchen", device.keys.public()).await.unwrap();
    device.up().await;

    let mut quotes = vec![];
    for n in 0..ORDERS {
        quotes.push(device.quote(if n % 2 == 0 { "heads" } else { "milk" }, 1).await);
    }
    // The killer: at random moments, and once it forgets everything as well.
    let killer = tokio::spawn(async move {
        for n in 0..KILLS {
            tokio::time::sleep(random_ms(600)).await;
            broker.kill();
            if n == KILLS / 2 {
                broker.wipe();
            }
            tokio::time::sleep(random_ms(300)).await;
            tokio::task::block_in_place(|| broker.restart());
        }
        broker
    });
    let mut waiting: BTreeSet<OrderId> = BTreeSet::new();
    for quote in quotes {
        waiting.insert(device.confirm(quote).await.id);
        tokio::time::sleep(random_ms(250)).await;
    }
    let mut numbers: BTreeMap<OrderId, String> = BTreeMap::new();
    while !waiting.is_empty() {
        let receipt = device
            .until(30, "receipt of every order", |e| if let LinkEvent::Receipt(r) = e { Some(r.clone()) } else { None })
            .await;
        assert_eq!(receipt.status, ReceiptStatus::Accepted, "{:?}", receipt.code);
        let no = receipt.shop_order_no.clone().unwrap();
        // The same order always gets the same number.
        assert_eq!(numbers.entry(receipt.order_id.clone()).or_insert_with(|| no.clone()), &no);
        if waiting.remove(&receipt.order_id) {
            device.settle(&receipt.order_id, receipt.status, Some(no)).await;
        }
    }
    let broker = killer.await.unwrap();
    let bookings = shop.bookings().await.unwrap();
    let booked: BTreeSet<&str> = bookings.iter().map(|b| b.order_id.as_str()).collect();
    assert_eq!((bookings.len(), booked.len(), numbers.len()), (ORDERS, ORDERS, ORDERS));
    assert!(device.store.due().await.unwrap().is_empty(), "the outbox is drained");
    println!("{ORDERS} orders, {KILLS} kills of the broker: {} booked, {} receipts", bookings.len(), numbers.len());
    shop.stop().await;
    drop(broker);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shop_that_is_killed_finds_its_book_again_and_the_catalogue_arrives() {
    let dir = tempfile::tempdir().unwrap();
    let Some(broker) = mosquitto(dir.path()) else { return };
    let clock = Clock::system();
    let first = shop(&broker, dir.path(), &clock);
    let key = first.key().clone();
    let mut device =
        Device::start(broker.config("casa"), &dir.path().join("home"), "casa", "kitchen", key.clone(), clock.clone());
    first.trust("casa", "kitchen", device.keys.public()).await.unwrap();
    let whole =
        device.until(15, "catalogue", |e| if let LinkEvent::Catalog(c) = e { Some(c.clone()) } else { None }).await;
    assert_eq!((whole.version, whole.products.len()), (3, 2));
    assert_eq!(whole.products[1].title.values().next().unwrap(), "Milk fresh", "cleaned");
    let quote = device.quote("heads", 1).await;
    first.stop().await;
    device
        .until(15, "the shop's last will", |e| matches!(e, LinkEvent::Shop { online: false, .. }).then_some(()))
        .await;

    // Ordered while nobody is there; a new process of the shop takes it from its session.
    let order = device.confirm(quote).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    let second = shop(&broker, dir.path(), &clock);
    assert_eq!(second.key(), &key, "the key is kept");
    let receipt =
        device.until(15, "receipt", |e| if let LinkEvent::Receipt(r) = e { Some(r.clone()) } else { None }).await;
    assert_eq!((&receipt.order_id, receipt.status), (&order.id, ReceiptStatus::Accepted));
    assert_eq!(second.bookings().await.unwrap().len(), 1);
    second.stop().await;
}

async fn down(device: &mut Device) -> String {
    device.until(15, "trouble", |e| if let LinkEvent::Down { why } = e { Some(why.clone()) } else { None }).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_refused_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let Some(broker) = mosquitto(dir.path()) else { return };
    let clock = Clock::system();
    let key = Keys::from_seed(&[3; 32]).public();
    let home = |n: &str| dir.path().join(n);

    let wrong = broker.dir().join("wrong.password");
    std::fs::write(&wrong, "not it\n").unwrap();
    let mut config = broker.config("casa");
    config.password_file = Some(wrong);
    let mut device = Device::start(config, &home("a"), "casa", "kitchen", key.clone(), clock.clone());
    let why = down(&mut device).await;
    assert!(why.contains("refused user \"casa\"") && why.contains("password"), "{why}");
    device.link.stop();

    let mut config = broker.config("casa");
    config.tls.ca = Some(broker.dir().join("other-ca.pem"));
    let mut device = Device::start(config, &home("b"), "casa", "kitchen", key.clone(), clock.clone());
    let why = down(&mut device).await;
    assert!(why.starts_with("TLS to the broker failed") && why.contains("certificate"), "{why}");
    device.link.stop();

    // Another home's topics: the broker takes nothing, and the link says so.
    let mut device = Device::start(broker.config("casa"), &home("c"), "otra", "kitchen", key, clock);
    let why =
        device.until(15, "denial", |e| if let LinkEvent::Denied { why } = e { Some(why.clone()) } else { None }).await;
    assert!(why.contains("tendero/v1/home/otra/kitchen") && why.contains("NotAuthorized"), "{why}");
    device.link.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_homes_may_both_have_a_kitchen() {
    let dir = tempfile::tempdir().unwrap();
    let Some(broker) = mosquitto(dir.path()) else { return };
    let clock = Clock::system();
    let shop = shop(&broker, dir.path(), &clock);
    let kitchen = |home: &str| {
        Device::start(broker.config(home), &dir.path().join(home), home, "kitchen", shop.key().clone(), clock.clone())
    };
    let (mut ours, mut theirs) = (kitchen("casa"), kitchen("otra"));
    for (home, device) in [("casa", &mut ours), ("otra", &mut theirs)] {
        shop.trust(home, "kitchen", device.keys.public()).await.unwrap();
        device.up().await;
    }
    for device in [&mut ours, &mut theirs] {
        device.quote("milk", 1).await;
    }
    // Whoever is pushed off comes back at once, and pushes in turn.
    tokio::time::sleep(Duration::from_millis(500)).await;
    for device in [&mut ours, &mut theirs] {
        while let Ok(event) = device.events.try_recv() {
            assert!(!matches!(event, LinkEvent::Down { .. }), "{event:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_can_neither_write_nor_read_what_is_anothers() {
    let dir = tempfile::tempdir().unwrap();
    let Some(broker) = mosquitto(dir.path()) else { return };
    let other = Route::new("otra", "kitchen", "corner").unwrap();
    let client = |id: &str, filter: String| Client { client_id: id.into(), subscriptions: vec![filter], will: None };

    let (sender, mut spy_events) = mpsc::channel::<MqttEvent>(64);
    let spy = Mqtt::start(broker.config("casa"), client("kitchen", "tendero/v1/home/#".into()), sender).unwrap();
    assert!(matches!(spy_events.recv().await, Some(MqttEvent::Up { .. })));
    let publish = |mqtt: &Mqtt, topic: String| {
        mqtt.publish(ToPublish { topic, payload: b"{}".to_vec(), mark: "m".into(), ..ToPublish::default() })
    };
    publish(&spy, other.up("order")).unwrap();
    match spy_events.recv().await {
        Some(MqttEvent::Denied(Trouble::Denied { topic, reason })) => {
            assert_eq!((topic, reason.as_str()), (other.up("order"), "NotAuthorized"));
        }
        event => panic!("{event:?}"),
    }

    // The shop answers the other home: the spy, subscribed to everything, hears nothing of it.
    let (sender, mut shop_events) = mpsc::channel::<MqttEvent>(64);
    let shop =
        Mqtt::start(broker.config("corner"), client("shop-corner", "tendero/v1/home/+/+/corner/up/#".into()), sender)
            .unwrap();
    assert!(matches!(shop_events.recv().await, Some(MqttEvent::Up { .. })));
    publish(&shop, other.down("receipt")).unwrap();
    publish(&shop, Route::new("casa", "kitchen", "corner").unwrap().down("receipt")).unwrap();
    let heard = tokio::time::timeout(Duration::from_secs(5), spy_events.recv()).await.unwrap();
    match heard {
        Some(MqttEvent::Message(message)) => {
            assert_eq!(message.topic, "tendero/v1/home/casa/kitchen/corner/down/receipt")
        }
        event => panic!("{event:?}"),
    }
    spy.stop();
    shop.stop();
}
