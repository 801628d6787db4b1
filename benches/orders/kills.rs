//! Thousands of orders while devices, broker and shop are killed again and again (SIGKILL): at the end both books are compared.
//!
//! A device is this program again, with a real store and link: it asks for quotes, confirms, stores what the shop says, and
//! begins where its store stands after each kill. What a household would hear is what that store says of an order.

use super::house::Running;
use super::house::broker::Mosquitto;
use super::support::{Device, SHOP, random_ms};
use super::{Corner, runtime, table, trust};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use tendero::clock::Clock;
use tendero::decide::order::{OrderState, Quote, Wanted};
use tendero::deliver::envelope::random_hex128;
use tendero::deliver::keys::Keys;
use tendero::deliver::link::{LinkCommand, LinkEvent};
use tendero::deliver::store::Store;
use tendero::understand::Lang;

/// The word that makes this program a device.
pub const DEVICE: &str = "device";
const HOMES: usize = 20;
/// All homes together; `TENDERO_BENCH_ORDERS` for another number.
const ORDERS: usize = 10_000;
/// Orders of a device that wait for their receipts.
const UNDER_WAY: usize = 4;
/// A quote that does not come is asked for again.
const QUOTE_PATIENCE: Duration = Duration::from_secs(2);

#[derive(Default)]
struct Kills {
    device: usize,
    broker: usize,
    shop: usize,
}

pub fn print() {
    let orders = std::env::var("TENDERO_BENCH_ORDERS").map_or(ORDERS, |n| n.parse().expect("a number of orders"));
    let of_each = orders.div_ceil(HOMES);
    let homes: Vec<String> = (0..HOMES).map(|n| format!("home-{n}")).collect();
    let names: Vec<&str> = homes.iter().map(String::as_str).collect();
    let Some(mut corner) = Corner::new(&names, None) else { return };
    let keys: Vec<_> = homes.iter().map(|home| (home.clone(), keys(&corner, home))).collect();
    trust(&corner, &keys);
    let clock = Clock::system();
    let began_ms = clock.machine_ms();
    let kills = kill_while_they_order(&mut corner, &homes, of_each);
    let took_s = (clock.machine_ms() - began_ms) / 1_000;
    compare(&corner, &homes, &kills, took_s);
}

fn keys(corner: &Corner, home: &str) -> tendero::deliver::keys::PublicKey {
    Keys::load_or_make(&corner.dir.path().join(home)).expect("the folder can be written").public()
}

fn kill_while_they_order(corner: &mut Corner, homes: &[String], of_each: usize) -> Kills {
    let mut shop = Some(corner.worker(0));
    let start = |corner: &Corner, home: &str| Some(spawn(corner, home, of_each));
    let mut devices: Vec<Option<Running>> = homes.iter().map(|home| start(corner, home)).collect();
    let progress = indicatif::ProgressBar::new(homes.len() as u64).with_style(
        indicatif::ProgressStyle::with_template("{elapsed_precise} {pos}/{len} homes have all, {msg}")
            .expect("a template"),
    );
    let mut kills = Kills::default();
    loop {
        std::thread::sleep(Duration::from_millis(150) + random_ms(500));
        for device in &mut devices {
            let ended = device.as_mut().and_then(|running| running.0.try_wait().expect("a child of ours"));
            if let Some(status) = ended {
                assert!(status.success(), "a device ended with {status}");
                *device = None;
            }
        }
        let left: Vec<usize> = (0..devices.len()).filter(|at| devices[*at].is_some()).collect();
        progress.set_position((devices.len() - left.len()) as u64);
        progress.set_message(format!("{} kills", kills.device + kills.broker + kills.shop));
        let Some(at) = left.get(below(left.len())) else { break };
        match below(6) {
            0 => {
                corner.broker.kill();
                std::thread::sleep(random_ms(400));
                corner.broker.restart();
                kills.broker += 1;
            }
            1 => {
                drop(shop.take());
                std::thread::sleep(random_ms(400));
                shop = Some(corner.worker(0));
                kills.shop += 1;
            }
            _ => {
                drop(devices[*at].take());
                devices[*at] = start(corner, &homes[*at]);
                kills.device += 1;
            }
        }
    }
    progress.finish_and_clear();
    kills
}

fn below(bound: usize) -> usize {
    usize::try_from(random_ms(bound.max(1) as u64).as_millis()).expect("a small number")
}

fn spawn(corner: &Corner, home: &str, of_each: usize) -> Running {
    let this = std::env::current_exe().expect("this program has a file");
    let config = corner.broker.config(home);
    let args = [
        DEVICE.to_owned(),
        corner.dir.path().join(home).display().to_string(),
        home.to_owned(),
        config.url,
        corner.broker.dir().display().to_string(),
        corner.key.to_string(),
        of_each.to_string(),
    ];
    Running(Command::new(this).args(args).stdout(Stdio::null()).spawn().expect("this program starts again"))
}

/// The other program: orders until `count` orders stand in its store with the shop's answer.
pub fn device(args: &[String]) {
    let [dir, home, url, broker_dir, shop_key, count] = args else { panic!("started by the bench only") };
    let count: usize = count.parse().expect("a number");
    runtime().block_on(async {
        let mut device = Device::start(
            Mosquitto::reach(url.clone(), Path::new(broker_dir), home),
            Path::new(dir),
            home,
            "kitchen",
            shop_key.parse().expect("the key of the shop"),
            Clock::system(),
        );
        while !step(&mut device, count).await {}
    });
}

/// One order more, if there is room, and what has come. True: all is done.
async fn step(device: &mut Device, count: usize) -> bool {
    let orders = device.store.read(|store| store.orders()).await.expect("the store can be read");
    let open = orders.iter().filter(|order| order.state == OrderState::Sending).count();
    if orders.len() >= count && open == 0 {
        return true;
    }
    if orders.len() >= count || open >= UNDER_WAY {
        if let Ok(Some(event)) = tokio::time::timeout(QUOTE_PATIENCE, device.events.recv()).await {
            take(device, event).await;
        }
        return false;
    }
    let request_id = random_hex128();
    let lines = vec![Wanted { sku: "heads".into(), qty: 1, options: Default::default() }];
    device
        .link
        .send(LinkCommand::AskQuote { request_id: request_id.clone(), lang: Lang::En, lines, coupon: None })
        .await;
    let clock = device.clock.clone();
    let until_ms = clock.machine_ms() + QUOTE_PATIENCE.as_millis() as u64;
    while let left_ms @ 1.. = until_ms.saturating_sub(clock.machine_ms()) {
        let next = tokio::time::timeout(Duration::from_millis(left_ms), device.events.recv()).await;
        let Ok(Some(event)) = next else { break };
        match take(device, event).await {
            Some(Answer::Quote(quote)) if quote.request_id == request_id => {
                device.confirm(*quote).await;
                break;
            }
            Some(Answer::NoQuote(id)) if id == request_id => {
                // The broker is away: not at once again.
                tokio::time::sleep(Duration::from_millis(100)).await;
                break;
            }
            _ => {}
        }
    }
    false
}

enum Answer {
    Quote(Box<Quote>),
    NoQuote(String),
}

/// Stores what the shop said of an order; what is an answer to a request for a price comes back.
async fn take(device: &Device, event: LinkEvent) -> Option<Answer> {
    match event {
        LinkEvent::Quoted(quote) => Some(Answer::Quote(Box::new(quote))),
        LinkEvent::NotQuoted { request_id, .. } => Some(Answer::NoQuote(request_id)),
        LinkEvent::Receipt(receipt) => {
            device.settle(&receipt.order_id, receipt.status, receipt.shop_order_no).await;
            None
        }
        _ => None,
    }
}

fn compare(corner: &Corner, homes: &[String], kills: &Kills, took_s: u64) {
    let bookings = corner.book().bookings().expect("the book can be read");
    let bookings_count = bookings.len();
    let mut booked: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    for booking in bookings {
        booked.entry((booking.home, booking.order_id)).or_default().insert(booking.shop_order_no);
    }
    let (mut confirmed, mut lost, mut wrong) = (0, 0, 0);
    for home in homes {
        let path = corner.dir.path().join(home).join("store.db");
        let orders = Store::open(&path).and_then(|store| store.orders()).expect("a store of ours opens");
        confirmed += orders.len();
        for order in orders {
            let numbers = booked.remove(&(home.clone(), order.id.0)).unwrap_or_default();
            let is_told = order.state == OrderState::Accepted
                && order.shop_order_no.is_some_and(|number| numbers.contains(&number));
            lost += usize::from(numbers.is_empty());
            wrong += usize::from(!is_told);
        }
    }
    let doubled = bookings_count + lost - confirmed;
    let mut table = table(&["", "count", "goal"]);
    table.add_row(["orders that a household confirmed", &confirmed.to_string(), ""]);
    table.add_row(["lost", &lost.to_string(), "0"]);
    table.add_row(["doubled, or never confirmed", &doubled.to_string(), "0"]);
    table.add_row(["the store says otherwise than the shop's book", &wrong.to_string(), "0"]);
    println!("{table}");
    println!(
        "{} kills within {took_s} s: {} of a device, {} of the broker, {} of the shop. {SHOP} runs on SQLite.",
        kills.device + kills.broker + kills.shop,
        kills.device,
        kills.broker,
        kills.shop
    );
    assert_eq!((lost, doubled, wrong), (0, 0, 0));
}
