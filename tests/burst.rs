//! Many homes order the same within minutes, against Debian's mosquitto: the shop holds, tells, and books
//! only what an adult approves; also when its process is killed again and again in between.
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

#[path = "support/house.rs"]
mod house;
mod support;

use house::broker::Mosquitto;
use house::start_shop;
use std::path::Path;
use std::time::Duration;
use support::{Device, SHOP, catalog, random_ms};
use tendero::clock::Clock;
use tendero::decide::effect::Write;
use tendero::decide::order::{Order, OrderId, OrderState, Receipt, ReceiptStatus};
use tendero::deliver::keys::{Keys, PublicKey};
use tendero::deliver::link::{LinkCommand, LinkEvent};
use tendero::shop::book::Book;
use tendero::shop::{Shop, ShopConfig};

/// Each home has one device; at a broker every device needs a name of its own.
const HOMES: [&str; 8] = ["home-1", "home-2", "home-3", "home-4", "home-5", "home-6", "home-7", "home-8"];

fn mosquitto(dir: &Path) -> Option<Mosquitto> {
    let mut users = vec![(SHOP, "shop secret")];
    users.extend(HOMES.map(|home| (home, "home secret")));
    Mosquitto::start(&dir.join("broker"), &users)
}

fn device(broker: &Mosquitto, dir: &Path, home: &str, shop_key: PublicKey, clock: &Clock) -> Device {
    let name = home.replace("home", "speaker");
    Device::start(broker.config(home), &dir.join(home), home, &name, shop_key, clock.clone())
}

/// Writes what the mind would have written.
async fn set(device: &Device, id: &OrderId, state: OrderState) {
    let wanted = id.clone();
    let order = device.store.read(move |store| store.order(&wanted)).await.unwrap().unwrap();
    device.store.commit(vec![Write::Order(Order { state, ..order })]).await.unwrap();
}

/// What is said of an order next.
#[derive(Debug, PartialEq)]
enum Said {
    Receipt(ReceiptStatus, Option<String>),
    Status(OrderState, Option<String>),
}

async fn said(device: &mut Device, id: &OrderId) -> Said {
    device
        .until(30, "word of the shop", |event| match event {
            LinkEvent::Receipt(Receipt { order_id, status, code, .. }) if order_id == id => {
                Some(Said::Receipt(*status, code.clone()))
            }
            LinkEvent::Status(update) if update.order_id == *id => {
                Some(Said::Status(update.state, update.code.clone()))
            }
            _ => None,
        })
        .await
}

fn held() -> Said {
    Said::Receipt(ReceiptStatus::Held, Some("burst".into()))
}

fn booked_after_all() -> Said {
    Said::Receipt(ReceiptStatus::Accepted, Some("approved".into()))
}

async fn approve(device: &Device, id: &OrderId) {
    set(device, id, OrderState::Approving).await;
    device.link.send(LinkCommand::AskApprove { order: id.clone() }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_burst_is_held_and_told_one_adult_gets_the_order_and_the_rest_expires() {
    let dir = tempfile::tempdir().unwrap();
    let Some(broker) = mosquitto(dir.path()) else { return };
    let clock = Clock::system();
    let shop =
        Shop::start(ShopConfig::new(catalog(), broker.config(SHOP), dir.path().join("shop"), clock.clone())).unwrap();
    let mut homes = vec![];
    for home in &HOMES[..6] {
        let mut device = device(&broker, dir.path(), home, shop.key().clone(), &clock);
        shop.trust(home, &home.replace("home", "speaker"), device.keys.public()).await.unwrap();
        device.up().await;
        homes.push(device);
    }
    let mut orders = vec![];
    // Nobody can know yet.
    for device in &mut homes[..4] {
        let quote = device.quote("heads", 1).await;
        assert_eq!(quote.surge, None);
        let order = device.confirm(quote).await;
        assert_eq!(said(device, &order.id).await, Said::Receipt(ReceiptStatus::Accepted, None));
        set(device, &order.id, OrderState::Accepted).await;
        orders.push(order.id);
    }
    assert_eq!(shop.bookings().await.unwrap().len(), 4);
    for device in &mut homes[4..] {
        let quote = device.quote("heads", 1).await;
        assert!(quote.surge.is_some_and(|surge| surge.homes >= 5 && surge.minutes == 10), "{:?}", quote.surge);
        let order = device.confirm(quote).await;
        assert_eq!(said(device, &order.id).await, held());
        set(device, &order.id, OrderState::HeldAtShop).await;
        orders.push(order.id);
    }
    for (device, id) in homes[..4].iter_mut().zip(&orders) {
        assert_eq!(said(device, id).await, Said::Status(OrderState::HeldAtShop, Some("burst".into())));
        set(device, id, OrderState::HeldAtShop).await;
    }
    assert_eq!((shop.bookings().await.unwrap().len(), shop.held().await.unwrap().len()), (0, 6));

    // One who was booked first, and one who never was, approve.
    for at in [0, 5] {
        approve(&homes[at], &orders[at]).await;
        assert_eq!(said(&mut homes[at], &orders[at]).await, booked_after_all());
        set(&homes[at], &orders[at], OrderState::Accepted).await;
    }
    assert_eq!(shop.bookings().await.unwrap().len(), 2);
    assert!(homes[5].store.due().await.unwrap().is_empty(), "the approval is not repeated any more");

    clock.skip(Duration::from_secs(3_601));
    for at in 1..5 {
        assert_eq!(said(&mut homes[at], &orders[at]).await, Said::Status(OrderState::Expired, None));
    }
    // An adult who comes now comes too late.
    approve(&homes[1], &orders[1]).await;
    let late = said(&mut homes[1], &orders[1]).await;
    assert!(matches!(late, Said::Receipt(ReceiptStatus::Held, _) | Said::Status(OrderState::Expired, _)), "{late:?}");
    assert_eq!((shop.bookings().await.unwrap().len(), shop.held().await.unwrap().len()), (2, 0));
    shop.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shop_that_is_killed_in_a_burst_loses_nothing_and_books_what_was_approved_once() {
    let dir = tempfile::tempdir().unwrap();
    let Some(broker) = mosquitto(dir.path()) else { return };
    let data_dir = dir.path().join("shop");
    let file = dir.path().join("catalog.json");
    std::fs::write(&file, serde_json::to_string(&catalog()).unwrap()).unwrap();
    let key = Keys::load_or_make(&data_dir).unwrap().public();
    let clock = Clock::system();
    let mut homes = vec![];
    for home in HOMES {
        let device = device(&broker, dir.path(), home, key.clone(), &clock);
        let name = home.replace("home", "speaker");
        Book::open(&data_dir).unwrap().trust(home, &name, &device.keys.public()).unwrap();
        homes.push(device);
    }
    let start = {
        let (broker, data_dir) = (broker.config(SHOP), data_dir.clone());
        move || start_shop(&broker, &data_dir, &file)
    };
    let mut shop = start();
    let killer = tokio::spawn(async move {
        for _ in 0..5 {
            tokio::time::sleep(Duration::from_millis(300) + random_ms(1_200)).await;
            // In the middle of whatever it does.
            drop(shop);
            shop = start();
        }
        (shop, start)
    });
    // All at once. The word that counts is the last one: held.
    let waiting: Vec<_> = homes
        .into_iter()
        .map(|mut device| {
            tokio::spawn(async move {
                device.up().await;
                let quote = device.quote("heads", 1).await;
                let id = device.confirm(quote).await.id;
                loop {
                    let word = said(&mut device, &id).await;
                    match word {
                        Said::Receipt(ReceiptStatus::Accepted, None) => set(&device, &id, OrderState::Accepted).await,
                        Said::Receipt(ReceiptStatus::Held, _) | Said::Status(OrderState::HeldAtShop, _) => break,
                        other => panic!("{other:?}"),
                    }
                }
                set(&device, &id, OrderState::HeldAtShop).await;
                (device, id)
            })
        })
        .collect();
    let mut homes = vec![];
    for home in waiting {
        homes.push(home.await.unwrap());
    }
    let (mut shop, start) = killer.await.unwrap();
    let book = |what: fn(&Book) -> usize| what(&Book::open(&data_dir).unwrap());
    let booked: fn(&Book) -> usize = |book| book.bookings().unwrap().len();
    let kept: fn(&Book) -> usize = |book| book.held().unwrap().len();
    assert_eq!((book(booked), book(kept)), (0, HOMES.len()));

    // The shop dies around the approval: it is repeated until the answer is there.
    let (device, id) = &mut homes[2];
    approve(device, id).await;
    for _ in 0..3 {
        tokio::time::sleep(random_ms(60)).await;
        drop(shop);
        shop = start();
    }
    // A killed shop may say again what it said before: held. The mind passes that over.
    let mut word = held();
    while matches!(word, Said::Receipt(ReceiptStatus::Held, _) | Said::Status(OrderState::HeldAtShop, _)) {
        word = said(device, id).await;
    }
    assert_eq!(word, booked_after_all());
    set(device, id, OrderState::Accepted).await;
    // More approvals of the same order, sent while the answer was under way, book nothing more.
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!((book(booked), book(kept)), (1, HOMES.len() - 1));
    println!("{} homes, the shop killed 8 times: 1 booked, {} held", HOMES.len(), HOMES.len() - 1);
}
