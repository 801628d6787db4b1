//! Device, in-process broker and shop, end to end: the way that the demo goes.
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]
#![cfg(feature = "demo-broker")]

#[path = "support/process.rs"]
mod process;
mod support;

use process::{Running, wait_for};
use std::process::{Command, Stdio};
use std::time::Duration;
use support::{Device, SHOP, catalog};
use tendero::clock::Clock;
use tendero::decide::effect::CancelReason;
use tendero::decide::order::{OrderState, ReceiptStatus};
use tendero::deliver::broker;
use tendero::deliver::envelope::StatusState;
use tendero::deliver::link::{LinkCommand, LinkEvent};
use tendero::deliver::mqtt::BrokerConfig;
use tendero::shop::{Shop, ShopConfig, ShopEvent};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_goes_there_and_its_receipt_comes_back() {
    let dir = tempfile::tempdir().unwrap();
    let port = broker::free_port().unwrap();
    broker::spawn(port).unwrap();
    let config = BrokerConfig::new(format!("mqtt://127.0.0.1:{port}"));
    let clock = Clock::system();
    let shop = Shop::start(ShopConfig::new(catalog(), config.clone(), dir.path().join("shop"), clock.clone())).unwrap();
    let mut shop_events = shop.events();
    let mut device = Device::start(config, &dir.path().join("home"), "casa", "kitchen", shop.key().clone(), clock);
    let no = device.until(10, "refusal or connection", |e| matches!(e, LinkEvent::Up).then_some(())).await;
    let () = no;

    // Not paired yet: it hears so at once.
    let request_id = "r1".to_string();
    let lines = vec![tendero::decide::order::Wanted { sku: "heads".into(), qty: 2, options: Default::default() }];
    device
        .link
        .send(LinkCommand::AskQuote { request_id, lang: tendero::understand::Lang::En, lines, coupon: None })
        .await;
    let code = device
        .until(10, "refusal", |e| if let LinkEvent::NotQuoted { code, .. } = e { Some(code.clone()) } else { None })
        .await;
    assert_eq!(code, "not_paired");
    shop.trust("casa", "kitchen", device.keys.public()).await.unwrap();

    let quote = device.quote("heads", 2).await;
    assert_eq!((quote.total, quote.lines[0].total, quote.currency.as_str()), (2_598, 2_598, "EUR"));
    let order = device.confirm(quote).await;
    let receipt =
        device.until(10, "receipt", |e| if let LinkEvent::Receipt(r) = e { Some(r.clone()) } else { None }).await;
    assert_eq!((receipt.status, &receipt.order_id), (ReceiptStatus::Accepted, &order.id));
    device.settle(&order.id, receipt.status, receipt.shop_order_no).await;
    let bookings = shop.bookings().await.unwrap();
    assert_eq!(bookings.len(), 1);
    assert_eq!((bookings[0].order_id.as_str(), bookings[0].total), (order.id.0.as_str(), 2_598));

    // Cut the cable, order, mend it: booked once.
    let quote = device.quote("milk", 3).await;
    assert_eq!(quote.lines[0].title, "Milk fresh", "mark-up is gone");
    device.link.cut();
    device.until(10, "cut", |e| matches!(e, LinkEvent::Down { .. }).then_some(())).await;
    let second = device.confirm(quote).await;
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert_eq!(shop.bookings().await.unwrap().len(), 1);
    device.link.restore();
    let receipt =
        device.until(15, "receipt", |e| if let LinkEvent::Receipt(r) = e { Some(r.clone()) } else { None }).await;
    assert_eq!((receipt.status, &receipt.order_id), (ReceiptStatus::Accepted, &second.id));
    device.settle(&second.id, receipt.status, receipt.shop_order_no).await;

    // The first is shipped; the second is taken back in time.
    shop.advance(&order.id.0, StatusState::Shipped).await.unwrap();
    let status =
        device.until(10, "status", |e| if let LinkEvent::Status(s) = e { Some(s.clone()) } else { None }).await;
    assert_eq!((status.order_id, status.state), (order.id.clone(), OrderState::Shipped));
    let mut cancelling = second.clone();
    cancelling.state = OrderState::Cancelling;
    device.store.commit(vec![tendero::decide::effect::Write::Order(cancelling)]).await.unwrap();
    device.link.send(LinkCommand::AskCancel { order: second.id.clone(), reason: CancelReason::Household }).await;
    let status =
        device.until(10, "status", |e| if let LinkEvent::Status(s) = e { Some(s.clone()) } else { None }).await;
    assert_eq!((status.order_id, status.state), (second.id.clone(), OrderState::Cancelled));
    let booked =
        std::iter::from_fn(|| shop_events.try_recv().ok()).filter(|e| matches!(e, ShopEvent::Booked { .. })).count();
    assert_eq!(booked, 2);

    shop.stop().await;
    device
        .until(10, "the shop's last will", |e| {
            matches!(e, LinkEvent::Shop { shop, online: false } if shop == SHOP).then_some(())
        })
        .await;
    device.link.stop();
}

/// The broker's port for `child_broker`; without it that is an empty test.
const CHILD_PORT: &str = "TENDERO_TEST_BROKER_PORT";

/// Not a test: the broker in a process of its own.
#[test]
fn child_broker() {
    let Ok(port) = std::env::var(CHILD_PORT) else { return };
    broker::run(port.parse().unwrap()).unwrap();
}

fn start_broker(port: u16) -> Running {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["child_broker", "--exact", "--nocapture"]).env(CHILD_PORT, port.to_string());
    let process = Running(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    wait_for("the broker", || broker::is_up(port));
    process
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_broker_dies_between_confirmation_and_receipt_and_there_is_one_booking() {
    let dir = tempfile::tempdir().unwrap();
    let port = broker::free_port().unwrap();
    let mut process = Some(start_broker(port));
    let mut config = BrokerConfig::new(format!("mqtt://127.0.0.1:{port}"));
    config.backoff_min = Duration::from_millis(50);
    config.backoff_max = Duration::from_millis(500);
    let clock = Clock::system();
    let shop = Shop::start(ShopConfig::new(catalog(), config.clone(), dir.path().join("shop"), clock.clone())).unwrap();
    let mut device = Device::start(config, &dir.path().join("home"), "casa", "kitchen", shop.key().clone(), clock);
    shop.trust("casa", "kitchen", device.keys.public()).await.unwrap();
    device.up().await;
    for round in 1..=6 {
        let quote = device.quote("heads", 1).await;
        // Dead before the order goes out, just after, or when the shop may have it already.
        let order = if round % 2 == 0 {
            drop(process.take());
            device.confirm(quote).await
        } else {
            let order = device.confirm(quote).await;
            tokio::time::sleep(Duration::from_millis(round * 3)).await;
            drop(process.take());
            order
        };
        tokio::time::sleep(Duration::from_millis(150)).await;
        process = Some(start_broker(port));
        let receipt = device
            .until(20, "receipt", |e| match e {
                LinkEvent::Receipt(r) if r.order_id == order.id => Some(r.clone()),
                _ => None,
            })
            .await;
        assert_eq!(receipt.status, ReceiptStatus::Accepted);
        device.settle(&order.id, receipt.status, receipt.shop_order_no).await;
        assert_eq!(shop.bookings().await.unwrap().len() as u64, round, "exactly one booking for each order");
    }
    shop.stop().await;
    device.link.stop();
}

/// Not a check: prints what the steps of one order cost. `cargo test --test demo_broker -- --ignored --nocapture`
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "prints figures; proves nothing"]
async fn figures() {
    const ORDERS: usize = 200;
    let dir = tempfile::tempdir().unwrap();
    let port = broker::free_port().unwrap();
    broker::spawn(port).unwrap();
    let config = BrokerConfig::new(format!("mqtt://127.0.0.1:{port}"));
    let clock = Clock::system();
    let mut shop_config = ShopConfig::new(catalog(), config.clone(), dir.path().join("shop"), clock.clone());
    shop_config.max_orders_hour = 100_000;
    let shop = Shop::start(shop_config).unwrap();
    let mut device = Device::start(config, &dir.path().join("home"), "casa", "kitchen", shop.key().clone(), clock);
    shop.trust("casa", "kitchen", device.keys.public()).await.unwrap();
    device.up().await;
    let [mut quoting, mut storing, mut booking] = [vec![], vec![], vec![]];
    for _ in 0..ORDERS {
        let from = tokio::time::Instant::now();
        let quote = device.quote("heads", 1).await;
        quoting.push(from.elapsed());
        let from = tokio::time::Instant::now();
        let order = device.confirm(quote).await;
        storing.push(from.elapsed());
        let from = tokio::time::Instant::now();
        let receipt =
            device.until(10, "receipt", |e| if let LinkEvent::Receipt(r) = e { Some(r.clone()) } else { None }).await;
        booking.push(from.elapsed());
        device.settle(&order.id, receipt.status, receipt.shop_order_no).await;
    }
    for (what, mut times) in [("ask → quote", quoting), ("sign + commit", storing), ("publish → receipt", booking)]
    {
        times.sort();
        println!(
            "{what:18} p50 {:>9.3?}  p99 {:>9.3?}  ({ORDERS} orders)",
            times[ORDERS / 2],
            times[ORDERS * 99 / 100]
        );
    }
    shop.stop().await;
    device.link.stop();
}

/// A demo that was killed leaves no broker behind.
#[test]
fn a_broker_with_a_parent_ends_with_it() {
    let port = broker::free_port().unwrap();
    let mut command = process::program();
    command.args(["broker", "--with-parent", "--port", &port.to_string()]).stdin(Stdio::piped());
    let mut running = Running(command.spawn().unwrap());
    wait_for("the broker", || broker::is_up(port));
    drop(running.0.stdin.take());
    wait_for("its end", || running.0.try_wait().unwrap().is_some());
}
