//! The device's side of the conversation with its shop.
//!
//! One task: commands in, events out, both bounded. Everything that comes in is verified with
//! the pinned key of the shop, checked for sense ([`inbox`]) and cleaned before anybody sees it.
//! An order is published again, the same bytes each time, until the store says that its receipt
//! is there. Never decides what to buy and never changes an order.

pub(super) mod catalog;
mod chat;
mod errands;
mod find;
mod handover;
mod history;
mod home;
mod inbox;
mod mute;
mod news;
mod retry;
mod text;

use super::envelope::{self, Body, Presence, QuoteRequest, RETAINED_LIFE_MS, SealError, WantedLine};
use super::handover::{Pins, Step};
use super::keys::{Keys, PublicKey};
use super::mqtt::{self, BrokerConfig, Mqtt, MqttEvent, ToPublish, Trouble};
use super::store::{StoreHandle, thread::Sealer};
use super::topic::{self, Route};
use crate::clock::Clock;
use crate::decide::chat::FromShop;
use crate::decide::effect::CancelReason;
use crate::decide::find::{Found, Seek};
use crate::decide::history::Past;
use crate::decide::notice::Notice;
use crate::decide::order::{OrderId, Quote, Receipt, StatusUpdate, Wanted};
use crate::decide::sibling::{HeardThere, SharedOrder};
use crate::understand::Lang;
use crate::understand::catalog::Catalog;
use crate::understand::coupon::Coupon;
use retry::Retries;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
pub use text::{Typed, Typist};
use tokio::sync::mpsc;

/// Commands and events that may wait.
const QUEUE: usize = 64;
/// Answers that we wait for at the same time; the oldest request is forgotten beyond that.
const MAX_REQUESTS: usize = 16;
/// How long a quote request, a cancellation or a question is worth an answer, milliseconds.
const REQUEST_LIFE_MS: i64 = 60_000;

#[derive(Debug, Clone)]
pub struct LinkConfig {
    pub broker: BrokerConfig,
    pub route: Route,
    /// The shop's pinned key and what came of it: nothing else may have signed what we believe.
    pub shop_key: Pins,
    /// The other speakers of the home, by name, with their pinned keys. Without any, nothing is told to the home.
    pub siblings: BTreeMap<String, Pins>,
    /// How this speaker's own key was handed over, if ever.
    pub steps: Vec<Step>,
    /// Programs that bring typed words, by name, with their pinned keys.
    pub bridges: BTreeMap<String, PublicKey>,
    /// Somebody at the broker may mute the device.
    pub mute_over_broker: bool,
    /// Typed words are taken without a signature, too.
    pub open_text: bool,
    /// The household's currency; a quote in another one is refused.
    pub currency: String,
    /// Wake words of this household, kept out of the shop's texts besides [`crate::clean::BANNED`].
    pub banned: Vec<String>,
    /// Pause before an order without a receipt is published again; doubles up to `resend_max`.
    pub resend_min: Duration,
    pub resend_max: Duration,
}

impl LinkConfig {
    /// The usual pauses: 5 seconds up to 5 minutes.
    pub fn new(
        broker: BrokerConfig,
        route: Route,
        shop_key: impl Into<Pins>,
        currency: impl Into<String>,
    ) -> LinkConfig {
        LinkConfig {
            broker,
            route,
            shop_key: shop_key.into(),
            siblings: BTreeMap::new(),
            steps: vec![],
            bridges: BTreeMap::new(),
            open_text: false,
            mute_over_broker: false,
            currency: currency.into(),
            banned: vec![],
            resend_min: Duration::from_secs(5),
            resend_max: Duration::from_secs(300),
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub enum LinkCommand {
    /// Answers [`LinkEvent::Quoted`] or [`LinkEvent::NotQuoted`], or never.
    AskQuote { request_id: String, lang: Lang, lines: Vec<Wanted>, coupon: Option<Coupon> },
    /// Answers [`LinkEvent::Found`], or never.
    AskFind { request_id: String, lang: Lang, seek: Seek },
    /// Answers [`LinkEvent::History`], or never.
    AskHistory { request_id: String, lang: Lang, limit: u32 },
    /// The order is `sending` in the store: publish it until its receipt is there.
    Send { order: OrderId },
    /// The order is `cancelling` in the store: ask until the shop's status is there.
    AskCancel { order: OrderId, reason: CancelReason },
    /// The order is `approving` in the store: say so until the shop's answer is there.
    AskApprove { order: OrderId },
    /// The order is `withdrawing` in the store: say so until the shop's answer is there.
    AskWithdraw { order: OrderId },
    /// Ask once what became of an order.
    AskStatus { order: OrderId },
    /// An order has changed on disk: the other speakers are told.
    ShareOrders,
    /// Ask another speaker once to take back an order of its own; answers [`LinkEvent::SharedOrders`], or never.
    AskSibling { device: String, order: OrderId },
    /// Tell the other speakers what was just heard; levels in hundredths of a decibel.
    TellHeard { skus: Vec<String>, level_cdb: Option<i32>, snr_cdb: Option<i32> },
    /// Answer typed words.
    AnswerText { to: Typist, lang: Lang, text: String },
    /// Say in this thread what the shop does not have, or how far its lines are on disk here.
    Chat { thread: String },
    /// What the shop may tell has changed on disk: tell it until it says that it knows.
    TellConsent,
    /// Say on the broker whether the device is muted.
    TellMuted { muted: bool },
}

#[derive(Debug, Clone, PartialEq)]
pub enum LinkEvent {
    /// Connected and subscribed.
    Up,
    /// One clear line; the link goes on trying.
    Down {
        why: String,
    },
    Quoted(Quote),
    /// `code`: the shop's, or `offline`.
    NotQuoted {
        request_id: String,
        code: String,
    },
    /// What the shop asks or proposes: verified, checked and cleaned.
    Found {
        request_id: String,
        found: Found,
    },
    /// What the shop has of this home, the newest first: verified and cleaned. `None`: it does not say.
    History {
        request_id: String,
        past: Option<Vec<Past>>,
    },
    Receipt(Receipt),
    Status(StatusUpdate),
    Shop {
        shop: String,
        online: bool,
    },
    /// The orders of another speaker of the home, verified, checked and cleaned.
    SharedOrders {
        device: String,
        rev: u64,
        orders: Vec<SharedOrder>,
    },
    /// The household asked at another speaker to take back an order of this one.
    CancelAskedBy {
        device: String,
        order: OrderId,
    },
    /// Another speaker just heard a wish to buy something.
    HeardThere(HeardThere),
    /// A person at the shop says something, or the shop acknowledges; verified, checked and cleaned.
    Chat(FromShop),
    /// The shop tells something; verified, checked, cleaned, and on disk.
    News(Notice),
    /// Somebody typed; who it is was told apart, and nothing more.
    Typed(Typed),
    /// Somebody at the broker wants it muted, or open again.
    MuteAsked {
        on: bool,
    },
    /// A message that must not be used.
    Distrusted {
        shop: String,
        why: String,
    },
    /// The broker did not take a message: its access rules are wrong.
    Denied {
        why: String,
    },
    /// A newer catalogue of the shop, verified, complete and cleaned.
    Catalog(Catalog),
}

/// Handle of a link; cheap to clone. The link ends when `stop` is called or its events are dropped.
#[derive(Clone)]
pub struct LinkHandle {
    commands: mpsc::Sender<LinkCommand>,
    mqtt: Mqtt,
}

impl LinkHandle {
    /// Waits for its place in the queue; `false` when the link has ended.
    pub async fn send(&self, command: LinkCommand) -> bool {
        self.commands.send(command).await.is_ok()
    }

    /// Drops the connection as if the cable were pulled.
    pub fn cut(&self) {
        self.mqtt.cut();
    }

    pub fn restore(&self) {
        self.mqtt.restore();
    }

    pub fn stop(&self) {
        self.mqtt.stop();
    }
}

/// Makes the signed bytes of orders; lives on the store's thread.
pub fn sealer(keys: Arc<Keys>, route: Route, clock: Clock) -> Sealer {
    Box::new(move |order, seq| {
        let body = envelope::Order::of(order, seq, route.up(envelope::Order::KIND));
        let now = clock.unix_ms().ok_or_else(|| anyhow::anyhow!("the wall clock is unknown"))?;
        let life_ms = order.expires_unix_ms.saturating_sub(now);
        Ok(envelope::seal(&body, &route.device_source(), &keys, now, life_ms)?)
    })
}

/// Starts the link. Needs a tokio runtime.
///
/// # Errors
/// [`Trouble`] when the broker's URL or a file is wrong; nothing was started then.
pub fn start(
    config: LinkConfig,
    keys: Arc<Keys>,
    store: StoreHandle,
    clock: Clock,
) -> Result<(LinkHandle, mpsc::Receiver<LinkEvent>), Trouble> {
    let (commands, commands_rx) = mpsc::channel(QUEUE);
    let (events, events_rx) = mpsc::channel(QUEUE);
    let (mqtt_events, mqtt_rx) = mpsc::channel::<MqttEvent>(QUEUE);
    let route = config.route.clone();
    let now = clock.unix_ms().unwrap_or(0);
    let offline = Presence { aud: route.device_state(), online: false };
    let will = envelope::seal(&offline, &route.device_source(), &keys, now, RETAINED_LIFE_MS);
    let shop = route.shop();
    // The key first: what is retained comes in this order, and may be signed with the new one.
    let mut subscriptions =
        vec![topic::shop_handover(shop), route.all_down(), topic::shop_state(shop), topic::all_catalog(shop)];
    // A broker whose access rules know nothing of it need not be asked by a speaker that is alone.
    subscriptions.extend((!config.siblings.is_empty()).then(|| route.all_home()));
    subscriptions.extend((config.open_text || !config.bridges.is_empty()).then(|| route.text_in()));
    subscriptions.extend(config.mute_over_broker.then(|| route.mute_set()));
    let client = mqtt::Client {
        client_id: route.client_id(),
        subscriptions,
        will: will.ok().map(|bytes| (route.device_state(), bytes)),
    };
    let mut broker = config.broker.clone();
    broker.username.get_or_insert_with(|| route.home().into());
    let mqtt = Mqtt::start(broker, client, mqtt_events)?;
    let retries = Retries::new(config.resend_min, config.resend_max);
    let link = Link {
        config,
        keys,
        store,
        clock,
        mqtt: mqtt.clone(),
        events,
        requests: BTreeMap::new(),
        asked: 0,
        retries,
        reasons: BTreeMap::new(),
        parts: catalog::Parts::default(),
        home: home::Home::default(),
        repeat: chat::Repeat::default(),
        consent: news::Repeat::default(),
        texts: text::Texts::default(),
    };
    tokio::spawn(link.run(commands_rx, mqtt_rx));
    Ok((LinkHandle { commands, mqtt }, events_rx))
}

struct Link {
    config: LinkConfig,
    keys: Arc<Keys>,
    store: StoreHandle,
    clock: Clock,
    mqtt: Mqtt,
    events: mpsc::Sender<LinkEvent>,
    /// Requests for a quote or a proposal without an answer, with the number of the request for their age.
    requests: BTreeMap<String, u64>,
    asked: u64,
    retries: Retries,
    /// Why orders are being cancelled; after a restart it is the household again.
    reasons: BTreeMap<OrderId, CancelReason>,
    parts: catalog::Parts,
    home: home::Home,
    repeat: chat::Repeat,
    consent: news::Repeat,
    texts: text::Texts,
}

/// The daemon no longer listens.
struct Ended;

impl Link {
    async fn run(mut self, mut commands: mpsc::Receiver<LinkCommand>, mut mqtt: mpsc::Receiver<MqttEvent>) {
        loop {
            let (wake, share_at, repeat_at) = (self.retries.next(), self.home.share_at, self.repeat.at);
            let consent_at = self.consent.at;
            let done = tokio::select! {
                command = commands.recv() => match command {
                    Some(command) => self.command(command).await,
                    None => Err(Ended),
                },
                event = mqtt.recv() => match event {
                    Some(event) => self.event(event).await,
                    None => Err(Ended),
                },
                () = retry::until(wake) => self.errands(false).await,
                () = retry::until(share_at) => {
                    self.share_orders().await;
                    Ok(())
                }
                () = retry::until(repeat_at) => {
                    self.chat(None).await;
                    Ok(())
                }
                () = retry::until(consent_at) => {
                    self.tell_consent(false).await;
                    Ok(())
                }
                () = self.events.closed() => Err(Ended),
            };
            if done.is_err() {
                self.mqtt.stop();
                return;
            }
        }
    }

    async fn command(&mut self, command: LinkCommand) -> Result<(), Ended> {
        match command {
            LinkCommand::AskQuote { request_id, lang, lines, coupon } => {
                self.ask_quote(request_id, lang, lines, coupon).await
            }
            LinkCommand::AskFind { request_id, lang, seek } => self.ask_find(request_id, lang, seek).await,
            LinkCommand::AskHistory { request_id, lang, limit } => self.ask_history(request_id, lang, limit).await,
            LinkCommand::Send { order } | LinkCommand::AskApprove { order } | LinkCommand::AskWithdraw { order } => {
                self.retries.now(order);
                self.errands(false).await
            }
            LinkCommand::AskCancel { order, reason } => {
                self.reasons.insert(order.clone(), reason);
                self.retries.now(order);
                self.errands(false).await
            }
            LinkCommand::AskStatus { order } => {
                self.ask_status(&order);
                Ok(())
            }
            LinkCommand::ShareOrders => {
                self.share_orders().await;
                Ok(())
            }
            LinkCommand::AskSibling { device, order } => {
                self.ask_sibling(device, order);
                Ok(())
            }
            LinkCommand::AnswerText { to, lang, text } => {
                self.answer_text(to, lang, text);
                Ok(())
            }
            LinkCommand::Chat { thread } => {
                self.chat(Some(thread)).await;
                Ok(())
            }
            LinkCommand::TellConsent => {
                self.tell_consent(true).await;
                Ok(())
            }
            LinkCommand::TellMuted { muted } => {
                self.tell_muted(muted);
                Ok(())
            }
            LinkCommand::TellHeard { skus, level_cdb, snr_cdb } => {
                self.tell_heard(skus, level_cdb, snr_cdb);
                Ok(())
            }
        }
    }

    async fn event(&mut self, event: MqttEvent) -> Result<(), Ended> {
        match event {
            MqttEvent::Up { session_present } => {
                let online = Presence { aud: self.config.route.device_state(), online: true };
                if let Some(payload) = self.seal(&online, RETAINED_LIFE_MS) {
                    self.publish(ToPublish { topic: online.aud, payload, retained: true, ..ToPublish::default() });
                }
                self.tell(LinkEvent::Up).await?;
                // News may have been lost with the broker's memory.
                if !session_present {
                    self.ask_about_open_orders().await;
                }
                self.tell_handover();
                self.share_orders().await;
                self.chat(None).await;
                self.tell_consent(true).await;
                self.errands(true).await
            }
            MqttEvent::Down(trouble) => self.tell(LinkEvent::Down { why: trouble.to_string() }).await,
            MqttEvent::Delivered { .. } => Ok(()),
            MqttEvent::Denied(trouble) => self.tell(LinkEvent::Denied { why: trouble.to_string() }).await,
            MqttEvent::Message(message) => {
                let route = self.config.route.clone();
                if let Some((device, kind)) = route.parse_home(&message.topic) {
                    self.read_sibling(device, kind, &message).await?;
                    message.ack();
                    return Ok(());
                }
                if message.topic == route.text_in() {
                    self.read_text(&message).await?;
                    message.ack();
                    return Ok(());
                }
                if message.topic == route.mute_set() {
                    let wish = mute::wish(&message);
                    message.ack();
                    return match wish.filter(|_| self.config.mute_over_broker) {
                        Some(on) => self.tell(LinkEvent::MuteAsked { on }).await,
                        None => Ok(()),
                    };
                }
                let Some(events) = self.read(&message).await else {
                    // Not acknowledged: it comes again with the next connection.
                    return Ok(());
                };
                for event in events {
                    self.tell(event).await?;
                }
                message.ack();
                Ok(())
            }
        }
    }

    async fn ask_quote(
        &mut self,
        request_id: String,
        lang: Lang,
        lines: Vec<Wanted>,
        coupon: Option<Coupon>,
    ) -> Result<(), Ended> {
        let body = QuoteRequest {
            aud: self.config.route.up(QuoteRequest::KIND),
            request_id: request_id.clone(),
            lines: lines
                .into_iter()
                .map(|line| WantedLine {
                    sku: Some(line.sku),
                    gtin: None,
                    text: None,
                    qty: line.qty,
                    options: line.options,
                })
                .collect(),
            intent: "reorder".into(),
            language: lang,
            coupon: coupon.map(Into::into),
        };
        let sent =
            self.seal(&body, REQUEST_LIFE_MS).is_some_and(|payload| self.request(body.aud, payload, &request_id));
        if !sent {
            return self.tell(LinkEvent::NotQuoted { request_id, code: "offline".into() }).await;
        }
        self.wait_for_answer(request_id);
        Ok(())
    }

    fn wait_for_answer(&mut self, request_id: String) {
        self.asked += 1;
        self.requests.insert(request_id, self.asked);
        if self.requests.len() > MAX_REQUESTS {
            let oldest = self.requests.iter().min_by_key(|(_, age)| **age).map(|(id, _)| id.clone());
            oldest.map(|id| self.requests.remove(&id));
        }
    }

    /// A message that is worth an answer only for a short time.
    fn request(&self, topic: String, payload: Vec<u8>, correlation: &str) -> bool {
        self.publish(ToPublish {
            topic,
            payload,
            expiry_s: Some(u32::try_from(REQUEST_LIFE_MS / 1000).unwrap_or(60)),
            response_topic: Some(self.config.route.down(envelope::Status::KIND)),
            correlation: Some(correlation.into()),
            ..ToPublish::default()
        })
    }

    fn publish(&self, message: ToPublish) -> bool {
        let topic = message.topic.clone();
        match self.mqtt.publish(message) {
            Ok(()) => true,
            Err(why) => {
                tracing::debug!("not published on {topic}: {why}");
                false
            }
        }
    }

    fn seal<T: Body>(&self, body: &T, life_ms: i64) -> Option<Vec<u8>> {
        let now = self.clock.unix_ms().unwrap_or(0);
        let sealed: Result<_, SealError> =
            envelope::seal(body, &self.config.route.device_source(), &self.keys, now, life_ms);
        sealed.inspect_err(|why| tracing::error!("{why}")).ok()
    }

    async fn tell(&self, event: LinkEvent) -> Result<(), Ended> {
        use tokio::sync::mpsc::error::TrySendError;
        match event {
            // Whoever floods us with forgeries must not be able to hold up what is genuine.
            LinkEvent::Distrusted { .. } | LinkEvent::Denied { .. } => match self.events.try_send(event) {
                Ok(()) | Err(TrySendError::Full(_)) => Ok(()),
                Err(TrySendError::Closed(_)) => Err(Ended),
            },
            LinkEvent::Up
            | LinkEvent::Down { .. }
            | LinkEvent::Quoted(_)
            | LinkEvent::NotQuoted { .. }
            | LinkEvent::Found { .. }
            | LinkEvent::History { .. }
            | LinkEvent::Receipt(_)
            | LinkEvent::Status(_)
            | LinkEvent::Shop { .. }
            | LinkEvent::SharedOrders { .. }
            | LinkEvent::CancelAskedBy { .. }
            | LinkEvent::HeardThere(_)
            | LinkEvent::Typed(_)
            | LinkEvent::MuteAsked { .. }
            | LinkEvent::Chat(_)
            | LinkEvent::News(_)
            | LinkEvent::Catalog(_) => self.events.send(event).await.map_err(|_| Ended),
        }
    }
}
