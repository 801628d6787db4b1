//! What the end-to-end tests of the delivery share: a catalogue, a device without a voice, waiting.
#![allow(dead_code, reason = "each test uses its part")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tendero::clock::Clock;
use tendero::decide::effect::Write;
use tendero::decide::guard::Rung;
use tendero::decide::order::{Confirmation, Order, OrderId, OrderState, Quote, ReceiptStatus, Wanted};
use tendero::deliver::envelope::random_hex128;
use tendero::deliver::keys::{Keys, PublicKey};
use tendero::deliver::link::{self, LinkCommand, LinkConfig, LinkEvent, LinkHandle};
use tendero::deliver::mqtt::BrokerConfig;
use tendero::deliver::store::{Store, StoreHandle};
use tendero::deliver::topic::Route;
use tendero::understand::Lang;
use tendero::understand::catalog::Catalog;
use tokio::sync::mpsc;

pub const SHOP: &str = "corner";

pub fn catalog() -> Catalog {
    Catalog::from_json(
        r#"{"shop":"corner","version":3,"part":1,"parts":1,"currency":"EUR","products":[
        {"sku":"heads","gtin":"4210201746348","title":{"en":"Toothbrush heads","es":"Cabezales","ro":"Rezerve"},
         "pack":{"count":4,"unit":"piece"},"unit_amount":1299,"max_qty":5,"category":"bathroom"},
        {"sku":"milk","title":{"en":"Milk <b>fresh</b>"},"pack":{"count":1,"unit":"l"},"unit_amount":109,"max_qty":12,"category":"dairy"}]}"#,
    )
    .expect("the catalogue of the tests is right")
}

/// 0 to `below` - 1 milliseconds, another time at each run.
pub fn random_ms(below: u64) -> Duration {
    let mut bytes = [0u8; 4];
    getrandom::fill(&mut bytes).unwrap();
    Duration::from_millis(u64::from(u32::from_le_bytes(bytes)) % below)
}

/// A device's delivery side: keys, store, link.
pub struct Device {
    pub route: Route,
    pub keys: Arc<Keys>,
    pub clock: Clock,
    pub store: StoreHandle,
    pub link: LinkHandle,
    pub events: mpsc::Receiver<LinkEvent>,
}

impl Device {
    pub fn start(
        broker: BrokerConfig,
        dir: &std::path::Path,
        home: &str,
        device: &str,
        shop_key: PublicKey,
        clock: Clock,
    ) -> Device {
        Device::start_among(broker, dir, (home, device), shop_key, clock, BTreeMap::new())
    }

    /// As [`Device::start`], one of the speakers of a home; `siblings` are the others.
    pub fn start_among(
        broker: BrokerConfig,
        dir: &std::path::Path,
        (home, device): (&str, &str),
        shop_key: PublicKey,
        clock: Clock,
        siblings: BTreeMap<String, PublicKey>,
    ) -> Device {
        let route = Route::new(home, device, SHOP).unwrap();
        let keys = Arc::new(Keys::load_or_make(dir).unwrap());
        let store = Store::open(&dir.join("store.db")).unwrap();
        let store = StoreHandle::spawn(store, link::sealer(keys.clone(), route.clone(), clock.clone())).unwrap();
        let mut config = LinkConfig::new(broker, route.clone(), shop_key, "EUR");
        config.resend_min = Duration::from_millis(500);
        config.resend_max = Duration::from_secs(2);
        config.siblings = siblings.into_iter().map(|(name, key)| (name, key.into())).collect();
        let (link, events) = link::start(config, keys.clone(), store.clone(), clock.clone()).unwrap();
        Device { route, keys, clock, store, link, events }
    }

    /// The first event that `wanted` takes; others are dropped. Panics after `secs`.
    pub async fn until<T>(&mut self, secs: u64, what: &str, mut wanted: impl FnMut(&LinkEvent) -> Option<T>) -> T {
        let mut seen = vec![];
        let wait = async {
            while let Some(event) = self.events.recv().await {
                if let Some(found) = wanted(&event) {
                    return found;
                }
                seen.push(event);
            }
            panic!("the link ended while waiting for {what}");
        };
        match tokio::time::timeout(Duration::from_secs(secs), wait).await {
            Ok(found) => found,
            Err(_) => panic!("no {what} within {secs} s; seen {seen:?}"),
        }
    }

    pub async fn up(&mut self) {
        self.until(15, "connection", |e| matches!(e, LinkEvent::Up).then_some(())).await;
    }

    /// Asks until the shop answers: a request that is lost with a broker is nobody's fault.
    pub async fn quote(&mut self, sku: &str, qty: u32) -> Quote {
        for _ in 0..20 {
            let request_id = random_hex128();
            let lines = vec![Wanted { sku: sku.into(), qty, options: Default::default() }];
            self.link
                .send(LinkCommand::AskQuote { request_id: request_id.clone(), lang: Lang::En, lines, coupon: None })
                .await;
            let answer = async {
                loop {
                    match self.events.recv().await {
                        Some(LinkEvent::Quoted(quote)) if quote.request_id == request_id => return Some(quote),
                        Some(LinkEvent::NotQuoted { request_id: id, .. }) if id == request_id => {
                            tokio::time::sleep(Duration::from_millis(300)).await;
                            return None;
                        }
                        Some(_) => {}
                        None => panic!("the link ended"),
                    }
                }
            };
            if let Ok(Some(quote)) = tokio::time::timeout(Duration::from_secs(2), answer).await {
                return quote;
            }
        }
        panic!("no quote for {sku} after 20 requests");
    }

    /// A confirmed order that is on disk and may be sent.
    pub async fn confirm(&self, quote: Quote) -> Order {
        let now = self.clock.unix_ms().unwrap();
        let order = Order {
            id: OrderId(random_hex128()),
            quote,
            nonce: random_hex128(),
            state: OrderState::Sending,
            lang: Lang::En,
            confirmed: Confirmation { rung: Rung::Phrase, spoken: vec!["order it".into()], at_unix_ms: now },
            hold_until_unix_ms: now,
            expires_unix_ms: now + 3_600_000,
            shop_order_no: None,
            cancel_until_unix_ms: None,
            code: None,
            delivered_unix_ms: None,
            withdrawal: None,
            to_tell: None,
        };
        self.store.commit(vec![Write::Order(order.clone())]).await.unwrap();
        self.link.send(LinkCommand::Send { order: order.id.clone() }).await;
        order
    }

    /// Stores what the shop said, as the mind would.
    pub async fn settle(&self, order: &OrderId, status: ReceiptStatus, no: Option<String>) {
        let id = order.clone();
        let mut order = self.store.read(move |store| store.order(&id)).await.unwrap().unwrap();
        order.state = match status {
            ReceiptStatus::Accepted | ReceiptStatus::Held => OrderState::Accepted,
            ReceiptStatus::Rejected => OrderState::Rejected,
        };
        order.shop_order_no = no;
        self.store.commit(vec![Write::Order(order)]).await.unwrap();
    }
}
