//! The shop's thread: one queue of messages and commands, worked off in order.
//!
//! A message is acknowledged after the desk has written what came of it; if the book can't be
//! written it is not, and comes again. Never decides anything itself. [`workers`] is about several
//! of them on one book.

mod workers;

use super::book::Book;
use super::book::figures::Tallies;
use super::book::pay::HeldFor;
use super::desk::{Desk, Done, Say};
use super::{Refused, ShopConfig, ShopError, ShopEvent};
use crate::deliver::envelope::{
    self, Body, CatalogPart, Handover, Presence, Profile, QuoteRequest, RETAINED_LIFE_MS, StatusState,
};
use crate::deliver::keys::Keys;
use crate::deliver::mqtt::{self, BrokerConfig, Message, Mqtt, MqttEvent, ToPublish};
use crate::deliver::store::StoreError;
use crate::deliver::topic;
use crate::understand::Lang;
use crate::understand::catalog::Catalog;
use std::collections::HashSet;
use std::time::Duration;
use tokio::sync::{broadcast, mpsc};

/// How often the shop looks for news that another process wrote into its book.
const TICK: Duration = Duration::from_secs(2);
/// A part of the catalogue stays below this many bytes of products, so that it fits an envelope.
const PART_BYTES: usize = 128 * 1024;
/// So many delivered messages are struck from the book at once, or what there is at each tick: each write is an fsync.
const STRIKE_AT: usize = 32;
/// Old keys and quotes are dropped after so many ticks (an hour).
const PRUNE_TICKS: u32 = 1800;
/// How often a message is handled anew because another worker wanted the same rows; then it comes again from the broker.
const TRIES: u32 = 5;

pub enum Input {
    Mqtt(MqttEvent),
    /// Of the connection that says for all workers whether the shop is there.
    Presence(MqttEvent),
    Tick,
    Advance {
        order: String,
        state: StatusState,
    },
    Ask(Box<dyn FnOnce(&mut Desk) + Send>),
    Stop,
}

impl From<MqttEvent> for Input {
    fn from(event: MqttEvent) -> Input {
        Input::Mqtt(event)
    }
}

struct Work {
    desk: Desk,
    mqtt: Mqtt,
    client: mqtt::Client,
    broker: BrokerConfig,
    /// The number of this worker; 0: the book has no other.
    worker: i64,
    /// Where this worker says for all of them whether the shop is there.
    presence: Option<Mqtt>,
    inputs: mpsc::WeakSender<Input>,
    events: broadcast::Sender<ShopEvent>,
    runtime: tokio::runtime::Handle,
    /// Numbers of `outgoing` that are with the broker and not yet acknowledged.
    under_way: HashSet<i64>,
    /// Of those, the ones that the broker has: struck from the book together. A crash before that only says them again.
    delivered: Vec<i64>,
    ticks: u32,
    /// Counted since it was last written down.
    tallies: Tallies,
    /// The book could not be written.
    away: Option<workers::Away>,
}

pub fn start(
    config: ShopConfig,
    keys: Keys,
    book: Book,
    inputs: mpsc::WeakSender<Input>,
    mut queue: mpsc::Receiver<Input>,
    events: broadcast::Sender<ShopEvent>,
) -> Result<(), ShopError> {
    let worker = book.worker();
    let client = workers::client(&config.catalog.shop, worker, &keys, &config.clock);
    let broker = workers::broker(&config, worker);
    let sender = inputs.upgrade().ok_or(ShopError::Gone)?;
    let mqtt = Mqtt::start(broker.clone(), client.clone(), sender.clone())?;
    let desk = Desk {
        book,
        keys,
        catalog: config.catalog,
        guide: config.guide,
        terms: config.terms,
        seller: config.seller,
        max_orders_hour: config.max_orders_hour,
        burst: config.burst,
        payment: config.payment,
        clock: config.clock,
        asked: Default::default(),
    };
    let runtime = tokio::runtime::Handle::current();
    let mut work = Work {
        desk,
        mqtt,
        client,
        broker,
        worker,
        presence: None,
        inputs,
        events,
        runtime,
        under_way: HashSet::new(),
        delivered: vec![],
        ticks: 0,
        tallies: Tallies::new(),
        away: None,
    };
    tokio::spawn(tick(work.inputs.clone()));
    std::thread::Builder::new()
        .name("shop".into())
        .spawn(move || {
            while let Some(input) = queue.blocking_recv() {
                if !work.input(input) {
                    break;
                }
            }
            work.mqtt.stop();
            if let Some(presence) = work.presence {
                presence.stop();
            }
        })
        .map_err(ShopError::Thread)?;
    Ok(())
}

async fn tick(inputs: mpsc::WeakSender<Input>) {
    let mut every = tokio::time::interval(TICK);
    loop {
        every.tick().await;
        let Some(inputs) = inputs.upgrade() else { return };
        if inputs.send(Input::Tick).await.is_err() {
            return;
        }
    }
}

impl Work {
    /// `false` when the shop is to end.
    fn input(&mut self, input: Input) -> bool {
        match input {
            Input::Mqtt(event) => self.mqtt_event(event),
            Input::Presence(event) => self.presence_event(event),
            Input::Tick => self.tick(),
            Input::Advance { order, state } => match self.desk.advance(&order, state) {
                Ok(done) => self.done(done),
                Err(why) => self.failed(&why),
            },
            Input::Ask(job) => job(&mut self.desk),
            Input::Stop => {
                self.strike_delivered();
                self.add_tallies();
                return false;
            }
        }
        true
    }

    fn mqtt_event(&mut self, event: MqttEvent) {
        match event {
            MqttEvent::Up { session_present: _ } => {
                self.strike_delivered();
                self.under_way.clear();
                self.publish_retained();
                self.tell(ShopEvent::Up);
                self.say_outgoing();
            }
            MqttEvent::Down(trouble) if trouble.is_no_shared_subscriptions() => self.subscribe_plainly(),
            MqttEvent::Down(trouble) => self.tell(ShopEvent::Down { why: trouble.to_string() }),
            MqttEvent::Denied(trouble) => tracing::error!("{trouble}"),
            MqttEvent::Delivered { topic: _, mark } => {
                self.delivered.extend(mark.parse::<i64>());
                if self.delivered.len() >= STRIKE_AT {
                    self.strike_delivered();
                }
            }
            MqttEvent::Message(message) => self.message(message),
        }
    }

    /// On disk first, then acknowledged, then answered.
    fn message(&mut self, message: Message) {
        let mut tries = 1;
        let handled = loop {
            match self.desk.handle(&message.topic, &message.payload, message.retained) {
                Err(StoreError::Conflict { .. }) if tries < TRIES => tries += 1,
                handled => break handled,
            }
        };
        match handled {
            Ok(done) => {
                message.ack();
                self.done(done);
            }
            Err(why) => self.leave(&format!("a message on {} could not be booked: {why}", message.topic)),
        }
    }

    fn done(&mut self, done: Done) {
        for event in done.events {
            self.tell(event);
        }
        for Say { topic, bytes } in done.say {
            let message = ToPublish { topic, payload: bytes, ..ToPublish::default() };
            if let Err(why) = self.mqtt.publish(message) {
                tracing::warn!("an answer was not sent: {why}; the device will ask again");
            }
        }
        self.say_outgoing();
    }

    fn strike_delivered(&mut self) {
        if self.delivered.is_empty() {
            return;
        }
        match self.desk.book.said(&self.delivered) {
            Ok(()) => self.delivered.drain(..).for_each(|id| {
                self.under_way.remove(&id);
            }),
            Err(why) => self.failed(&why),
        }
    }

    /// Counts of a book that can't be written stay here until it can.
    fn add_tallies(&mut self) {
        if self.tallies.is_empty() {
            return;
        }
        match self.desk.book.add_tallies(&self.tallies) {
            Ok(()) => self.tallies.clear(),
            Err(why) => self.failed(&why),
        }
    }

    fn say_outgoing(&mut self) {
        if !self.mqtt.is_up() {
            return;
        }
        let outgoing = match self.desk.book.outgoing() {
            Ok(outgoing) => outgoing,
            Err(why) => return self.failed(&why),
        };
        for (id, topic, payload) in outgoing {
            if self.under_way.contains(&id) {
                continue;
            }
            let message = ToPublish { topic, payload, mark: id.to_string(), ..ToPublish::default() };
            if self.mqtt.publish(message).is_err() {
                return; // the next tick or connection goes on from here
            }
            self.under_way.insert(id);
        }
    }

    fn tick(&mut self) {
        if !self.is_there() {
            return;
        }
        self.strike_delivered();
        self.add_tallies();
        if let Err(why) = self.desk.book.adopt() {
            return self.failed(&why);
        }
        match self.desk.expire_held() {
            Ok(done) => self.done(done),
            Err(why) => return self.failed(&why),
        }
        let leads = self.lead();
        self.ticks = self.ticks.wrapping_add(1);
        if leads
            && self.ticks % PRUNE_TICKS == 1
            && let Some(now) = self.desk.clock.unix_ms()
            && let Err(why) = self.desk.book.prune(now)
        {
            self.failed(&why);
        }
    }

    fn publish_retained(&self) {
        let shop = &self.desk.catalog.shop;
        let steps = self.desk.book.steps().unwrap_or_else(|why| {
            tracing::error!("how the key was handed over can't be told: {why}");
            vec![]
        });
        // First: whoever pinned an earlier key believes nothing of the rest before.
        if !steps.is_empty() {
            self.retain(&Handover { aud: topic::shop_handover(shop), steps: steps.clone() });
        }
        let now = self.desk.clock.unix_ms().unwrap_or(i64::MIN);
        let earlier = steps.iter().rev().filter(|step| now < step.until.unix_ms).map(|step| step.from.clone());
        let profile = Profile {
            aud: topic::profile(shop),
            shop: shop.clone(),
            name: self.desk.seller.clone(),
            keys: std::iter::once(self.desk.keys.public().to_string()).chain(earlier).collect(),
            languages: Lang::ALL.to_vec(),
            currency: self.desk.catalog.currency.clone(),
            capabilities: [
                QuoteRequest::KIND,
                envelope::Order::KIND,
                envelope::OrderGet::KIND,
                envelope::OrderApprove::KIND,
                envelope::Cancel::KIND,
                envelope::Withdraw::KIND,
                envelope::Chat::KIND,
                Handover::KIND,
                envelope::Consent::KIND,
                envelope::HistoryGet::KIND,
            ]
            .map(str::to_owned)
            .to_vec(),
        };
        self.retain(&profile);
        for catalog in split(&self.desk.catalog) {
            self.retain(&CatalogPart { aud: topic::catalog(shop, catalog.part), catalog });
        }
        if self.worker == 0 {
            self.retain(&Presence { aud: topic::shop_state(shop), online: true });
        }
    }

    fn retain<T: Body>(&self, body: &T) {
        let now = self.desk.clock.unix_ms().unwrap_or(0);
        let source = topic::shop_source(&self.desk.catalog.shop);
        match envelope::seal(body, &source, &self.desk.keys, now, RETAINED_LIFE_MS) {
            Ok(payload) => {
                let message = ToPublish { topic: body.aud().into(), payload, retained: true, ..ToPublish::default() };
                if let Err(why) = self.mqtt.publish(message) {
                    tracing::warn!("{} was not published: {why}", body.aud());
                }
            }
            Err(why) => tracing::error!("{why}"),
        }
    }

    fn subscribe_plainly(&mut self) {
        tracing::warn!("the broker has no shared subscriptions; this shop must be its only worker");
        self.client.subscriptions = vec![topic::all_up(&self.desk.catalog.shop), topic::all_pairs()];
        self.connect_anew();
    }

    fn tell(&mut self, event: ShopEvent) {
        log(&event);
        if let Some((name, label)) = tally_of(&event) {
            *self.tallies.entry((name, label.into())).or_default() += 1;
        }
        // Nobody has to watch.
        let _ = self.events.send(event);
    }
}

/// As what an event counts where no row of the book stays; the labels are of a few kinds.
fn tally_of(event: &ShopEvent) -> Option<(&'static str, &str)> {
    match event {
        ShopEvent::Quoted { .. } => Some(("quoted", "")),
        ShopEvent::NotQuoted { code, .. } => Some(("not_quoted", code)),
        ShopEvent::Held { code, .. } => Some(("held", *code)),
        ShopEvent::Rejected { code, .. } => Some(("rejected", code)),
        ShopEvent::Chat { handoff: Some(handoff), .. } if handoff == "requested" => Some(("requested", "")),
        ShopEvent::Refused(refused) => Some(("refused", refused.code)),
        ShopEvent::Up
        | ShopEvent::Down { .. }
        | ShopEvent::Booked { .. }
        | ShopEvent::Burst { .. }
        | ShopEvent::Repeated { .. }
        | ShopEvent::Moved { .. }
        | ShopEvent::Chat { .. }
        | ShopEvent::Paired { .. }
        | ShopEvent::Consent { .. }
        | ShopEvent::Found { .. }
        | ShopEvent::History { .. }
        | ShopEvent::KeyChanged { .. } => None,
    }
}

/// The catalogue in parts that fit an envelope each.
fn split(catalog: &Catalog) -> Vec<Catalog> {
    let mut parts: Vec<Vec<_>> = vec![vec![]];
    let mut bytes = 0;
    for product in &catalog.products {
        let size = serde_json::to_string(product).map_or(PART_BYTES, |text| text.len());
        if bytes + size > PART_BYTES && bytes > 0 {
            parts.push(vec![]);
            bytes = 0;
        }
        bytes += size;
        if let Some(part) = parts.last_mut() {
            part.push(product.clone());
        }
    }
    let total = u32::try_from(parts.len()).unwrap_or(u32::MAX);
    (1..).zip(parts).map(|(part, products)| Catalog { part, parts: total, products, ..header(catalog) }).collect()
}

fn header(catalog: &Catalog) -> Catalog {
    Catalog {
        shop: catalog.shop.clone(),
        version: catalog.version,
        part: 1,
        parts: 1,
        currency: catalog.currency.clone(),
        products: vec![],
        skus: Default::default(),
    }
}

/// One readable line for each thing that the shop did.
fn log(event: &ShopEvent) {
    let list = |lines: &[(String, u32)]| {
        lines.iter().map(|(sku, qty)| format!("{qty} x {sku}")).collect::<Vec<_>>().join(", ")
    };
    let money = |minor: i64, currency: &str| crate::decide::money::Money::new(minor, currency).to_string();
    match event {
        ShopEvent::Up => tracing::info!("connected to the broker; taking orders"),
        ShopEvent::Down { why } => tracing::warn!("{why}"),
        ShopEvent::Quoted { home, device, lines, total, currency } => {
            tracing::info!("quoted {} to {home}/{device}: {}", list(lines), money(*total, currency));
        }
        ShopEvent::NotQuoted { home, code, sku } => {
            tracing::info!("no price for {home}: {code} {}", sku.as_deref().unwrap_or_default());
        }
        ShopEvent::Found { home, device, question, proposals, code } => {
            let said = match (question, code) {
                (Some(question), _) => format!("asked \"{question}\""),
                (None, Some(code)) => format!("had nothing ({code})"),
                (None, None) => format!("proposed {}", proposals.join(", ")),
            };
            tracing::info!("{said} to {home}/{device}, who named no product");
        }
        ShopEvent::History { home, device, orders, code: None } => {
            tracing::info!("told {home}/{device} of {orders} orders of its home");
        }
        ShopEvent::History { home, device, orders: _, code: Some(code) } => {
            tracing::info!("told {home}/{device} nothing of its orders: {code}");
        }
        ShopEvent::Booked { shop_order_no, home, device, lines, total, currency, order_id } => {
            tracing::info!(
                "booked {shop_order_no} for {home}/{device}: {}, {} (order {order_id})",
                list(lines),
                money(*total, currency)
            );
        }
        ShopEvent::Held { order_id, home, device, code } => {
            let until = if *code == HeldFor::Payment.code() {
                "its payment is confirmed"
            } else {
                "an adult there approves it"
            };
            tracing::info!("holds order {order_id} of {home}/{device} until {until}");
        }
        ShopEvent::Burst { sku, homes, minutes } => {
            tracing::warn!("{homes} homes asked for {sku} within {minutes} minutes; new buyers need an adult now");
        }
        ShopEvent::Repeated { order_id } => tracing::info!("order {order_id} came again; same receipt"),
        ShopEvent::Rejected { order_id, home, code } => tracing::info!("rejected order {order_id} of {home}: {code}"),
        ShopEvent::Moved { shop_order_no, state, .. } => tracing::info!("{shop_order_no} is {}", state.name()),
        ShopEvent::Chat { home, device, thread, handoff } => {
            let thread: String = thread.chars().take(8).collect();
            match handoff.as_deref() {
                Some("requested") => tracing::info!("{home}/{device} asks for a person: tendero shop chat {thread}"),
                Some(other) => tracing::info!("{home}/{device}: conversation {thread} is {other}"),
                None => tracing::info!("{home}/{device} said something in conversation {thread}"),
            }
        }
        ShopEvent::Consent { home, device, kinds } if kinds.is_empty() => {
            tracing::info!("{home}/{device} wants to hear no news any more");
        }
        ShopEvent::Consent { home, device, kinds } => {
            tracing::info!("{home}/{device} agrees to hear: {}", kinds.join(", "));
        }
        ShopEvent::Paired { home, device } => {
            tracing::info!("{home}/{device} is paired: its orders are booked from now on")
        }
        ShopEvent::KeyChanged { home, device, key } => tracing::info!("{home}/{device} signs with {key} from now on"),
        ShopEvent::Refused(Refused { what, code: _, why }) => tracing::warn!("not used, {what}: {why}"),
    }
}
