//! Simulated homes of the last scene: each a client of the protocol with a key and a connection of its own.
//!
//! No daemon, store or sound: what a home hears comes as words. What it sends is signed, what it
//! believes was signed by the shop and meant for it.

use crate::clock::Clock;
use crate::deliver::envelope::{self, Body, Opened};
use crate::deliver::keys::{Keys, PublicKey};
use crate::deliver::mqtt::{BrokerConfig, Client, Message, Mqtt, MqttEvent, ToPublish};
use crate::deliver::topic::Route;
use crate::understand::Lang;
use anyhow::{Context, bail, ensure};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout, timeout_at};

/// Real time within which an answer must come, repetitions included.
const PATIENCE: Duration = Duration::from_secs(30);
/// Nothing came: the same message goes out again after this time.
const AGAIN: Duration = Duration::from_secs(10);
const MINUTE_MS: i64 = 60_000;
/// How long an order may take, as devices have it.
const ORDER_LIFE_MS: i64 = 24 * 60 * MINUTE_MS;

/// One home with one device.
pub struct Home {
    pub route: Route,
    keys: Keys,
    shop_key: PublicKey,
    clock: Clock,
    mqtt: Mqtt,
    events: mpsc::Receiver<MqttEvent>,
}

/// What the shop said of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    Booked { code: Option<String> },
    Held { code: Option<String> },
    Rejected { code: Option<String> },
}

impl Home {
    /// A new key, and the name `NAME-NUMBER`.
    ///
    /// # Errors
    /// The system has no random numbers, or the shop's name can't be one.
    pub fn identity(name: &str, number: usize, shop: &str) -> anyhow::Result<(Route, Keys)> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).context("the system gives no random numbers")?;
        Ok((
            Route::new(&format!("{name}-{number}"), &format!("{name}-speaker-{number}"), shop)?,
            Keys::from_seed(&seed),
        ))
    }

    /// Connects. The home is there when [`Home::up`] returns.
    ///
    /// # Errors
    /// The broker's URL is wrong.
    pub fn connect(url: &str, route: Route, keys: Keys, shop_key: PublicKey, clock: Clock) -> anyhow::Result<Home> {
        let (sender, events) = mpsc::channel(16);
        let client = Client { client_id: route.client_id(), subscriptions: vec![route.all_down()], will: None };
        let broker = BrokerConfig { username: Some(route.home().into()), ..BrokerConfig::new(url) };
        let mqtt = Mqtt::start(broker, client, sender)?;
        Ok(Home { route, keys, shop_key, clock, mqtt, events })
    }

    /// # Errors
    /// The broker does not take it.
    pub async fn up(&mut self) -> anyhow::Result<()> {
        let end = Instant::now() + PATIENCE;
        while let Ok(Some(event)) = timeout_at(end, self.events.recv()).await {
            if matches!(event, MqttEvent::Up { .. }) {
                return Ok(());
            }
        }
        bail!("{} does not reach the broker", self.route.home())
    }

    /// Asks until a price is there.
    ///
    /// # Errors
    /// None came.
    pub async fn quote(&mut self, sku: &str, qty: u32, lang: Lang) -> anyhow::Result<Opened<envelope::Quote>> {
        let line =
            envelope::WantedLine { sku: Some(sku.into()), gtin: None, text: None, qty, options: Default::default() };
        let request_id = envelope::random_hex128();
        let request = envelope::QuoteRequest {
            aud: self.route.up(envelope::QuoteRequest::KIND),
            request_id: request_id.clone(),
            lines: vec![line],
            intent: "reorder".into(),
            language: lang,
            coupon: None,
        };
        let bytes = self.seal(&request, MINUTE_MS)?;
        let quote = self.until(&request.aud, &bytes, |home, message| {
            home.read::<envelope::Quote>(message).filter(|quote| quote.data.request_id == request_id)
        });
        let quote = quote.await?;
        quote.data.check()?;
        Ok(quote)
    }

    /// Orders what was quoted, properly signed, and says that an adult confirmed it: a device without guards.
    /// The same bytes go out until the shop has answered.
    ///
    /// # Errors
    /// No answer came.
    pub async fn order(&mut self, quote: &Opened<envelope::Quote>) -> anyhow::Result<(String, Answer)> {
        let now = self.now()?;
        let order = envelope::Order {
            aud: self.route.up(envelope::Order::KIND),
            order_id: envelope::random_hex128(),
            seq: 1,
            nonce: envelope::random_hex128(),
            quote_id: quote.data.quote_id.clone(),
            quote_hash: quote.hash.clone(),
            currency: quote.data.currency.clone(),
            lines: quote.data.lines.iter().map(envelope::OrderLine::from).collect(),
            total: quote.data.totals.total,
            exp: envelope::Moment::new(now + ORDER_LIFE_MS),
            confirm: envelope::Confirm {
                rung: "adult".into(),
                spoken: vec!["order it".into()],
                at: envelope::Moment::new(now),
            },
            mandate: None,
        };
        let hash = envelope::hash_of(&order)?;
        let id = order.order_id.clone();
        let bytes = self.seal(&order, ORDER_LIFE_MS)?;
        let answer = self.until(&order.aud, &bytes, |home, message| {
            let receipt = home.read::<envelope::Receipt>(message)?.data;
            (receipt.order_hash == hash).then(|| answer_of(receipt))
        });
        let answer = answer.await?;
        Ok((id, answer))
    }

    /// Waits for the shop to take back what it booked.
    ///
    /// # Errors
    /// It does not.
    pub async fn put_aside(&mut self, id: &str) -> anyhow::Result<Answer> {
        let end = Instant::now() + PATIENCE;
        loop {
            let Ok(Some(event)) = timeout_at(end, self.events.recv()).await else { bail!("{id} stays booked") };
            let MqttEvent::Message(message) = event else { continue };
            let status = self.read::<envelope::Status>(&message);
            message.ack();
            match status.map(|status| status.data) {
                Some(status) if status.order_id == id && status.state == envelope::StatusState::Held => {
                    return Ok(Answer::Held { code: status.code });
                }
                Some(_) | None => {}
            }
        }
    }

    /// An adult of the home approves what the shop keeps.
    ///
    /// # Errors
    /// No answer came.
    pub async fn approve(&mut self, order_id: &str) -> anyhow::Result<Answer> {
        let body =
            envelope::OrderApprove { aud: self.route.up(envelope::OrderApprove::KIND), order_id: order_id.into() };
        let bytes = self.seal(&body, MINUTE_MS)?;
        self.until(&body.aud, &bytes, |home, message| {
            let receipt = home.read::<envelope::Receipt>(message)?.data;
            (receipt.order_id == order_id && receipt.status != envelope::ReceiptStatus::Held)
                .then(|| answer_of(receipt))
        })
        .await
    }

    pub fn leave(self) {
        self.mqtt.stop();
    }

    /// Publishes `bytes` until the message comes that `fits`.
    async fn until<T>(
        &mut self,
        topic: &str,
        bytes: &[u8],
        fits: impl Fn(&Home, &Message) -> Option<T>,
    ) -> anyhow::Result<T> {
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            // What is not taken now goes out with the next round.
            let _ =
                self.mqtt.publish(ToPublish { topic: topic.into(), payload: bytes.to_vec(), ..ToPublish::default() });
            let round = Instant::now() + AGAIN;
            while let Ok(event) = timeout_at(round, self.events.recv()).await {
                let MqttEvent::Message(message) = event.context("the connection has ended")? else { continue };
                let found = fits(self, &message);
                message.ack();
                if let Some(found) = found {
                    return Ok(found);
                }
            }
        }
        bail!("{} got no answer on {topic}", self.route.home())
    }

    /// A message of that kind, if the shop signed it for this device.
    fn read<T: Body>(&self, message: &Message) -> Option<Opened<T>> {
        if message.topic != self.route.down(T::KIND) || message.retained {
            return None;
        }
        envelope::open(&message.payload, &message.topic, &self.shop_key, self.now().ok()?).ok()
    }

    fn seal<T: Body>(&self, body: &T, life_ms: i64) -> anyhow::Result<Vec<u8>> {
        Ok(envelope::seal(body, &self.route.device_source(), &self.keys, self.now()?, life_ms)?)
    }

    fn now(&self) -> anyhow::Result<i64> {
        self.clock.unix_ms().context("this machine's clock is not set")
    }
}

/// Waits for all of them to do the same; they do it at once.
///
/// # Errors
/// The first that failed.
pub async fn all<T, R>(homes: Vec<T>, deed: impl Fn(T) -> R) -> anyhow::Result<Vec<R::Output>>
where
    R: Future + Send + 'static,
    R::Output: Send + 'static,
{
    let tasks: Vec<_> = homes.into_iter().map(|home| tokio::spawn(deed(home))).collect();
    let mut done = vec![];
    for task in tasks {
        done.push(timeout(2 * PATIENCE, task).await.context("a home does not come to an end")??);
    }
    ensure!(!done.is_empty(), "there are no homes");
    Ok(done)
}

fn answer_of(receipt: envelope::Receipt) -> Answer {
    let code = receipt.code;
    match receipt.status {
        envelope::ReceiptStatus::Accepted => Answer::Booked { code },
        envelope::ReceiptStatus::Held => Answer::Held { code },
        envelope::ReceiptStatus::Rejected => Answer::Rejected { code },
    }
}
