//! From publish to receipt, next to the bare broker's own there-and-back with messages of the same size, in the same run.

use super::support::{SHOP, random_ms};
use super::{Corner, runtime, table, trust};
use crate::postgres::PostgresServer;
use std::time::Duration;
use tendero::clock::Clock;
use tendero::deliver::envelope::{
    Body, Confirm, Moment, Order, OrderLine, Quote, QuoteRequest, Receipt, ReceiptStatus, WantedLine, open,
    random_hex128, seal,
};
use tendero::deliver::keys::{Keys, PublicKey};
use tendero::deliver::mqtt::{BrokerConfig, Client, Mqtt, MqttEvent, ToPublish};
use tendero::deliver::topic::Route;
use tendero::understand::Lang;
use tokio::sync::mpsc;

/// Homes that order at the same time, each one order after the other.
const AT_ONCE: usize = 16;
const ORDERS_OF_EACH: usize = 60;
/// One home alone: nothing waits for anything else.
const ALONE: usize = 200;
/// Before anything is measured: connections are made, statements prepared.
const WARM_UP: usize = 5;
/// An answer that takes longer is a fault.
const PATIENCE: Duration = Duration::from_secs(60);
/// What the echo answers to.
const ECHO: &str = "echo";

pub fn print() {
    let mut table =
        table(&["publish to receipt (QoS 1, signed, on disk)", "homes", "a second", "p50 ms", "p99 ms", "× broker"]);
    let postgres = PostgresServer::start();
    let mut bare = [0.0; 2];
    let mut rows = vec![("the broker alone, there and back", None, 0), ("SQLite, one worker", None, 1)];
    let addresses: Vec<String> =
        postgres.iter().flat_map(|server| ["one", "two"].map(|name| server.database(name))).collect();
    if let [one, two] = &addresses[..] {
        rows.push(("PostgreSQL, one worker", Some(one.clone()), 1));
        rows.push(("PostgreSQL, two workers", Some(two.clone()), 2));
    }
    for (name, database, workers) in rows {
        let Some(measured) = runtime().block_on(measure(database, workers)) else { return };
        for (at, (homes, took)) in measured.into_iter().enumerate() {
            if workers == 0 {
                bare[at] = took.percentile(50);
            }
            table.add_row([
                name.to_owned(),
                homes.to_string(),
                format!("{:.0}", took.a_second()),
                format!("{:.1}", took.percentile(50)),
                format!("{:.1}", took.percentile(99)),
                format!("{:.1}", took.percentile(50) / bare[at]),
            ]);
        }
    }
    println!("{table}");
    println!("Clients, broker, workers and database share this machine's cores; the broker's TLS is in every row.");
}

/// Of one or of many homes: how long each order took, and all of them together.
struct Took {
    each_us: Vec<u64>,
    all_us: u64,
}

impl Took {
    fn percentile(&self, percent: usize) -> f64 {
        self.each_us[(self.each_us.len() - 1) * percent / 100] as f64 / 1e3
    }

    fn a_second(&self) -> f64 {
        self.each_us.len() as f64 * 1e6 / self.all_us as f64
    }
}

/// One home alone, and then all of them. Without workers somebody echoes what comes.
async fn measure(database: Option<String>, workers: usize) -> Option<Vec<(usize, Took)>> {
    let names: Vec<String> = (0..AT_ONCE).map(|n| format!("home-{n}")).collect();
    let corner = Corner::new(&names.iter().map(String::as_str).collect::<Vec<_>>(), database)?;
    let keys: Vec<Keys> =
        (1..).zip(&names).map(|(n, _)| Keys::from_seed(&[u8::try_from(n).expect("a few homes"); 32])).collect();
    trust(&corner, &names.iter().cloned().zip(keys.iter().map(Keys::public)).collect::<Vec<_>>());
    let running: Vec<_> = (0..workers).map(|worker| corner.worker(worker)).collect();
    let echo = (workers == 0).then(|| tokio::spawn(echo(corner.broker.config(SHOP))));
    let clock = Clock::system();
    let mut homes = vec![];
    for (name, keys) in names.iter().zip(keys) {
        homes.push(Home::new(corner.broker.config(name), name, keys, corner.key.clone(), clock.clone()).await);
    }
    if workers > 0 {
        homes[0].is_served().await;
    }
    let mut measured = vec![];
    for (count, each) in [(1, ALONE), (AT_ONCE, ORDERS_OF_EACH)] {
        let mut prepared = vec![];
        for home in &mut homes[..count] {
            let orders = match workers {
                0 => home.pings(each + WARM_UP),
                _ => home.orders(each + WARM_UP).await,
            };
            prepared.push(orders);
        }
        let (took, back) = together(homes, prepared, &clock).await;
        homes = back;
        measured.push((count, took));
    }
    drop(running);
    if let Some(echo) = echo {
        echo.abort();
    }
    Some(measured)
}

/// Each home sends its own, one after the other; all at the same time.
async fn together(homes: Vec<Home>, prepared: Vec<Vec<ToPublish>>, clock: &Clock) -> (Took, Vec<Home>) {
    let mut idle = homes;
    let waiting = idle.split_off(prepared.len());
    let mut warm = vec![];
    for (mut home, mut orders) in idle.into_iter().zip(prepared) {
        for order in orders.drain(..WARM_UP) {
            home.sends(order).await;
        }
        warm.push((home, orders));
    }
    let began_us = clock.machine_us();
    let tasks: Vec<_> = warm
        .into_iter()
        .map(|(mut home, orders)| {
            tokio::spawn(async move {
                let mut each_us = vec![];
                for order in orders {
                    each_us.push(home.sends(order).await);
                }
                (home, each_us)
            })
        })
        .collect();
    let (mut each_us, mut homes) = (vec![], vec![]);
    for task in tasks {
        let (home, theirs) = task.await.expect("a home does not panic");
        each_us.extend(theirs);
        homes.push(home);
    }
    let all_us = clock.machine_us() - began_us;
    each_us.sort_unstable();
    homes.extend(waiting);
    (Took { each_us, all_us }, homes)
}

/// A device without a store: what it sends is ready before the clock runs.
struct Home {
    mqtt: Mqtt,
    events: mpsc::Receiver<MqttEvent>,
    route: Route,
    keys: Keys,
    shop_key: PublicKey,
    clock: Clock,
    seq: u64,
}

impl Home {
    async fn new(broker: BrokerConfig, name: &str, keys: Keys, shop_key: PublicKey, clock: Clock) -> Home {
        let route = Route::new(name, "kitchen", SHOP).expect("a name of ours");
        let client = Client { client_id: route.client_id(), subscriptions: vec![route.all_down()], will: None };
        let (sender, mut events) = mpsc::channel(1_000);
        let mqtt = Mqtt::start(broker, client, sender).expect("the address of the broker is right");
        while !matches!(events.recv().await, Some(MqttEvent::Up { .. })) {}
        Home { mqtt, events, route, keys, shop_key, clock, seq: 0 }
    }

    fn message<T: Body>(&self, body: &T) -> ToPublish {
        let now = self.clock.unix_ms().expect("the clock is set");
        let payload = seal(body, &self.route.device_source(), &self.keys, now, 3_600_000).expect("a small message");
        ToPublish { topic: body.aud().into(), payload, ..ToPublish::default() }
    }

    /// The next message on `down/KIND`.
    async fn answer(&mut self, kind: &str) -> Vec<u8> {
        let topic = self.route.down(kind);
        loop {
            match tokio::time::timeout(PATIENCE, self.events.recv()).await.expect("an answer within a minute") {
                Some(MqttEvent::Message(message)) => {
                    let (here, payload) = (message.topic == topic, message.payload.clone());
                    message.ack();
                    if here {
                        return payload;
                    }
                }
                Some(MqttEvent::Down(why)) => panic!("{why}"),
                Some(_) => {}
                None => panic!("the client has ended"),
            }
        }
    }

    fn request(&self) -> ToPublish {
        let line =
            WantedLine { sku: Some("heads".into()), gtin: None, text: None, qty: 1, options: Default::default() };
        self.message(&QuoteRequest {
            aud: self.route.up(QuoteRequest::KIND),
            request_id: random_hex128(),
            lines: vec![line],
            intent: "reorder".into(),
            language: Lang::En,
            coupon: None,
        })
    }

    /// Waits until a worker answers.
    async fn is_served(&mut self) {
        loop {
            let request = self.request();
            self.mqtt.publish(request).expect("the broker is there");
            if tokio::time::timeout(Duration::from_secs(1), self.answer(Quote::KIND)).await.is_ok() {
                // What else was asked for meanwhile is answered too.
                tokio::time::sleep(Duration::from_secs(1) + random_ms(10)).await;
                while self.events.try_recv().is_ok() {}
                return;
            }
        }
    }

    async fn orders(&mut self, count: usize) -> Vec<ToPublish> {
        let mut orders = vec![];
        for _ in 0..count {
            let request = self.request();
            self.mqtt.publish(request).expect("the broker is there");
            let quote = self.answer(Quote::KIND).await;
            let now = self.clock.unix_ms().expect("the clock is set");
            let quote = open::<Quote>(&quote, &self.route.down(Quote::KIND), &self.shop_key, now).expect("its quote");
            self.seq += 1;
            orders.push(self.message(&Order {
                aud: self.route.up(Order::KIND),
                order_id: random_hex128(),
                seq: self.seq,
                nonce: random_hex128(),
                quote_id: quote.data.quote_id,
                quote_hash: quote.hash,
                currency: "EUR".into(),
                lines: quote.data.lines.iter().map(OrderLine::from).collect(),
                total: quote.data.totals.total,
                exp: Moment::new(now + 3_600_000),
                confirm: Confirm { rung: "phrase".into(), spoken: vec!["order it".into()], at: Moment::new(now) },
                mandate: None,
            }));
        }
        orders
    }

    /// As large as an order, and answered by [`echo`].
    fn pings(&self, count: usize) -> Vec<ToPublish> {
        const ORDER_BYTES: usize = 1_300;
        let topic = self.route.up(ECHO);
        let ping = || ToPublish { topic: topic.clone(), payload: vec![b'.'; ORDER_BYTES], ..ToPublish::default() };
        (0..count).map(|_| ping()).collect()
    }

    /// Microseconds from the publish to the answer.
    async fn sends(&mut self, message: ToPublish) -> u64 {
        let is_order = !message.topic.ends_with(ECHO);
        let began_us = self.clock.machine_us();
        self.mqtt.publish(message).expect("the broker is there");
        let answer = self.answer(if is_order { Receipt::KIND } else { ECHO }).await;
        let took_us = self.clock.machine_us() - began_us;
        if is_order {
            let topic = self.route.down(Receipt::KIND);
            let receipt = open::<Receipt>(&answer, &topic, &self.shop_key, 0).expect("the shop's receipt");
            assert_eq!(receipt.data.status, ReceiptStatus::Accepted, "{:?}", receipt.data.code);
        }
        took_us
    }
}

/// Answers everything with itself, with the shop's rights at the broker.
async fn echo(broker: BrokerConfig) {
    let all = tendero::deliver::topic::all_up(SHOP);
    let client = Client { client_id: "echo".into(), subscriptions: vec![all], will: None };
    let (sender, mut events) = mpsc::channel(1_000);
    let mqtt = Mqtt::start(broker, client, sender).expect("the address of the broker is right");
    while let Some(event) = events.recv().await {
        let MqttEvent::Message(message) = event else { continue };
        let Some((route, kind)) = Route::parse_up(&message.topic) else { continue };
        let answer = ToPublish { topic: route.down(kind), payload: message.payload.clone(), ..ToPublish::default() };
        message.ack();
        mqtt.publish(answer).expect("the broker is there");
    }
}
