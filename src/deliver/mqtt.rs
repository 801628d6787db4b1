//! The MQTT 5 client at the edge: one connection that keeps coming back.
//!
//! Each connection gets a fresh client, so nothing of an old one (packet ids, half-acknowledged
//! publishes) leaks into the next: what must arrive is owned by the outbox, not by this file.
//! The session at the broker persists. [`tls`] loads certificates, [`trouble`] turns every way
//! to fail into one clear line. Never looks into a payload.

mod tls;
mod trouble;

pub use tls::TlsFiles;
pub(crate) use tls::client_config as tls_config;
pub use trouble::Trouble;

use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{
    Filter, LastWill, LastWillProperties, Packet, PubAckReason, Publish, PublishProperties, SubscribeReasonCode,
};
use rumqttc::v5::{AsyncClient, Event, EventLoop, MqttOptions};
use rumqttc::{Outgoing, Transport};
use std::collections::{HashMap, VecDeque};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{mpsc, watch};

/// Largest packet that we take, bytes: the largest envelope and its topic and properties.
const MAX_PACKET: u32 = 300 * 1024;
/// Publishes that may wait for their acknowledgement.
const INFLIGHT: u16 = 20;
/// Requests that may wait for the connection; [`Mqtt::publish`] says so when it is full.
const REQUESTS: usize = 256;
/// A device that was away for so long finds what was meant for it, seconds.
const SESSION_EXPIRY_S: u32 = 7 * 24 * 3600;

/// How to reach a broker.
#[derive(Debug, Clone)]
pub struct BrokerConfig {
    /// `mqtt://host[:port]` or `mqtts://host[:port]`.
    pub url: String,
    /// The user name, usually the home or the shop.
    pub username: Option<String>,
    /// A file with the password in its first line.
    pub password_file: Option<PathBuf>,
    /// The password itself, instead of the file.
    pub password: Option<String>,
    pub tls: TlsFiles,
    pub keep_alive: Duration,
    /// The first pause before connecting again; it doubles up to `backoff_max`.
    pub backoff_min: Duration,
    pub backoff_max: Duration,
    /// How long the broker keeps the session of somebody who is away, seconds.
    pub session_expiry_s: u32,
    /// How long after the connection is lost the broker publishes the last will; not at all if somebody of the same client
    /// id has come by then.
    pub will_delay_s: u32,
}

impl BrokerConfig {
    /// The usual pauses: a quarter of a second up to thirty.
    pub fn new(url: impl Into<String>) -> BrokerConfig {
        BrokerConfig {
            url: url.into(),
            username: None,
            password_file: None,
            password: None,
            tls: TlsFiles::default(),
            keep_alive: Duration::from_secs(20),
            backoff_min: Duration::from_millis(250),
            backoff_max: Duration::from_secs(30),
            session_expiry_s: SESSION_EXPIRY_S,
            will_delay_s: 0,
        }
    }
}

/// Who connects, and what it subscribes to each time.
#[derive(Debug, Clone)]
pub struct Client {
    pub client_id: String,
    pub subscriptions: Vec<String>,
    /// Topic and payload that the broker publishes, retained, when we are gone.
    pub will: Option<(String, Vec<u8>)>,
}

/// What the connection reports. `Up` comes once every subscription is granted.
#[derive(Debug)]
pub enum MqttEvent {
    Up {
        session_present: bool,
    },
    Down(Trouble),
    Message(Message),
    /// The broker has it: not the shop.
    Delivered {
        topic: String,
        mark: String,
    },
    /// The broker did not take it.
    Denied(Trouble),
}

/// A message that came in. It is acknowledged by [`Message::ack`], or comes again.
#[derive(Debug)]
pub struct Message {
    pub topic: String,
    pub payload: Vec<u8>,
    pub retained: bool,
    ack: Option<Box<(AsyncClient, Publish)>>,
}

impl Message {
    /// Tells the broker that we have it. Does nothing when that connection is gone: it comes again.
    pub fn ack(self) {
        if let Some((client, publish)) = self.ack.as_deref() {
            let _ = client.try_ack(publish);
        }
    }
}

/// One message to publish, QoS 1.
#[derive(Debug, Clone, Default)]
pub struct ToPublish {
    pub topic: String,
    pub payload: Vec<u8>,
    pub retained: bool,
    /// Comes back in [`MqttEvent::Delivered`].
    pub mark: String,
    pub expiry_s: Option<u32>,
    pub response_topic: Option<String>,
    pub correlation: Option<String>,
}

/// Not published now; whoever owns the message tries again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotNow {
    #[error("there is no connection to the broker")]
    Offline,
    #[error("too many messages wait for the broker")]
    Busy,
}

/// Handle of a connection; cheap to clone. The connection ends when `stop` is called.
#[derive(Clone)]
pub struct Mqtt {
    live: Arc<Mutex<Option<Live>>>,
    wanted: watch::Sender<Wanted>,
}

struct Live {
    client: AsyncClient,
    /// What was handed to the client and has no packet id yet: in the same order as its requests.
    queued: VecDeque<(String, String)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Connected,
    Cut,
    Stopped,
}

impl Mqtt {
    /// Starts connecting; events come through `events`. Needs a tokio runtime.
    ///
    /// # Errors
    /// [`Trouble`] when the URL or a file is wrong: nothing was started then.
    pub fn start<E>(config: BrokerConfig, client: Client, events: mpsc::Sender<E>) -> Result<Mqtt, Trouble>
    where
        E: From<MqttEvent> + Send + 'static,
    {
        let options = options(&config, &client)?;
        let (wanted, watching) = watch::channel(Wanted::Connected);
        let live = Arc::new(Mutex::new(None));
        let driver = Driver { config, client, options, live: live.clone(), events };
        tokio::spawn(driver.run(watching));
        Ok(Mqtt { live, wanted })
    }

    /// Hands a message to the connection, without waiting.
    ///
    /// # Errors
    /// [`NotNow`]: it was not published.
    pub fn publish(&self, message: ToPublish) -> Result<(), NotNow> {
        let mut live = self.live.lock().expect("nobody panics while holding this lock");
        let live = live.as_mut().ok_or(NotNow::Offline)?;
        let properties = PublishProperties {
            payload_format_indicator: Some(1),
            message_expiry_interval: message.expiry_s,
            response_topic: message.response_topic,
            correlation_data: message.correlation.map(|text| text.into_bytes().into()),
            content_type: Some("application/cloudevents+json".into()),
            ..PublishProperties::default()
        };
        live.client
            .try_publish_with_properties(
                message.topic.clone(),
                QoS::AtLeastOnce,
                message.retained,
                message.payload,
                properties,
            )
            .map_err(|_| NotNow::Busy)?;
        live.queued.push_back((message.topic, message.mark));
        Ok(())
    }

    pub fn is_up(&self) -> bool {
        self.live.lock().expect("nobody panics while holding this lock").is_some()
    }

    /// Drops the TCP connection as if the cable were pulled, and stays away until [`Mqtt::restore`].
    pub fn cut(&self) {
        self.want(Wanted::Cut);
    }

    pub fn restore(&self) {
        self.want(Wanted::Connected);
    }

    /// Ends the connection for good, without a goodbye: the broker publishes the last will.
    pub fn stop(&self) {
        self.want(Wanted::Stopped);
    }

    fn want(&self, wanted: Wanted) {
        self.wanted.send_modify(|now| {
            if *now != Wanted::Stopped {
                *now = wanted;
            }
        });
    }
}

fn options(config: &BrokerConfig, client: &Client) -> Result<MqttOptions, Trouble> {
    let (host, port, secure) = parse_url(&config.url)?;
    let mut options = MqttOptions::new(&client.client_id, host, port);
    options.set_keep_alive(config.keep_alive.max(Duration::from_secs(5)));
    options.set_clean_start(false);
    options.set_session_expiry_interval(Some(config.session_expiry_s));
    options.set_max_packet_size(Some(MAX_PACKET));
    options.set_receive_maximum(Some(INFLIGHT));
    options.set_outgoing_inflight_upper_limit(INFLIGHT);
    options.set_manual_acks(true);
    // Small messages that wait for an answer: Nagle's algorithm would add 40 ms to each.
    let mut network = rumqttc::NetworkOptions::new();
    network.set_tcp_nodelay(true);
    options.set_network_options(network);
    if let Some(user) = &config.username {
        let password = match (&config.password, &config.password_file) {
            (Some(password), _) => password.clone(),
            (None, Some(path)) => String::from_utf8_lossy(&tls::read(path)?).into_owned(),
            (None, None) => String::new(),
        };
        options.set_credentials(user, password.lines().next().unwrap_or_default());
    }
    if let Some((topic, payload)) = &client.will {
        let delay = (config.will_delay_s > 0).then(|| LastWillProperties {
            delay_interval: Some(config.will_delay_s),
            payload_format_indicator: None,
            message_expiry_interval: None,
            content_type: None,
            response_topic: None,
            correlation_data: None,
            user_properties: vec![],
        });
        options.set_last_will(LastWill::new(topic, payload.clone(), QoS::AtLeastOnce, true, delay));
    }
    if secure {
        options.set_transport(Transport::tls_with_config(tls::client_config(&config.tls)?.into()));
    }
    Ok(options)
}

/// Host, port, and whether it is TLS.
///
/// # Errors
/// What is not `mqtt://HOST[:PORT]` or `mqtts://HOST[:PORT]`.
pub fn parse_url(text: &str) -> Result<(String, u16, bool), Trouble> {
    let wrong = || Trouble::Url { url: text.into() };
    let url: http::Uri = text.parse().map_err(|_| wrong())?;
    let (secure, standard_port) = match url.scheme_str() {
        Some("mqtt") => (false, 1883),
        Some("mqtts") => (true, 8883),
        _ => return Err(wrong()),
    };
    let authority = url.authority().ok_or_else(wrong)?;
    let port = authority.as_str().strip_prefix(authority.host()).ok_or_else(wrong)?;
    let port = match port.strip_prefix(':') {
        Some(digits) => digits.parse().map_err(|_| wrong())?,
        None if port.is_empty() => standard_port,
        None => return Err(wrong()),
    };
    if authority.host().is_empty() || port == 0 || !matches!(url.path(), "" | "/") || url.query().is_some() {
        return Err(wrong());
    }
    Ok((authority.host().to_owned(), port, secure))
}

struct Driver<E> {
    config: BrokerConfig,
    client: Client,
    options: MqttOptions,
    live: Arc<Mutex<Option<Live>>>,
    events: mpsc::Sender<E>,
}

/// How a connection ended.
enum Ended {
    Trouble { trouble: Trouble, was_up: bool },
    NobodyListens,
}

impl<E: From<MqttEvent> + Send + 'static> Driver<E> {
    async fn run(self, mut watching: watch::Receiver<Wanted>) {
        let mut pause = self.config.backoff_min;
        let mut reported: Option<String> = None;
        loop {
            let wanted = *watching.borrow_and_update();
            match wanted {
                Wanted::Stopped => return,
                Wanted::Cut => {
                    if watching.changed().await.is_err() {
                        return;
                    }
                    continue;
                }
                Wanted::Connected => {}
            }
            let ended = tokio::select! {
                ended = self.connection() => ended,
                _ = watching.changed() => Ended::Trouble { trouble: Trouble::Cut, was_up: self.is_up() },
            };
            *self.live.lock().expect("nobody panics while holding this lock") = None;
            let Ended::Trouble { trouble, was_up } = ended else { return };
            if was_up {
                pause = self.config.backoff_min;
                reported = None;
            }
            if matches!(trouble, Trouble::TakenOver { .. }) {
                pause = self.config.backoff_max; // two clients of one name must not fight for it
            }
            // The same trouble every few seconds is one line, not a flood.
            let line = trouble.to_string();
            if reported.as_ref() != Some(&line) {
                reported = Some(line);
                if self.events.send(MqttEvent::Down(trouble).into()).await.is_err() {
                    return;
                }
            }
            tokio::select! {
                () = tokio::time::sleep(jittered(pause)) => {}
                changed = watching.changed() => if changed.is_err() { return },
            }
            pause = (pause * 2).min(self.config.backoff_max);
        }
    }

    fn is_up(&self) -> bool {
        self.live.lock().expect("nobody panics while holding this lock").is_some()
    }

    /// One connection, from the TCP handshake to its end.
    async fn connection(&self) -> Ended {
        let (client, mut eventloop) = AsyncClient::new(self.options.clone(), REQUESTS);
        let mut acks = Acks { wanted: self.client.subscriptions.len(), ..Acks::default() };
        loop {
            let event = match eventloop.poll().await {
                Ok(event) => event,
                Err(error) => {
                    let trouble = Trouble::from_connection(&error, &self.config, self.client.client_id.as_str());
                    return Ended::Trouble { trouble, was_up: self.is_up() };
                }
            };
            let told = match event {
                Event::Incoming(packet) => self.incoming(packet, &client, &mut acks).await,
                Event::Outgoing(outgoing) => {
                    self.outgoing(outgoing, &mut acks, &eventloop);
                    Ok(())
                }
            };
            if let Err(ended) = told {
                return ended;
            }
        }
    }

    async fn incoming(&self, packet: Packet, client: &AsyncClient, acks: &mut Acks) -> Result<(), Ended> {
        match packet {
            Packet::ConnAck(connack) => {
                acks.session_present = connack.session_present;
                for filter in &self.client.subscriptions {
                    // A fresh client has room for a handful of requests.
                    // Whoever lets an order be retained is refused at once, not only when the broker hands it out again.
                    let filter = Filter { preserve_retain: true, ..Filter::new(filter, QoS::AtLeastOnce) };
                    let _ = client.try_subscribe_many([filter]);
                }
                if acks.wanted == 0 { self.up(client, acks).await } else { Ok(()) }
            }
            Packet::SubAck(suback) => {
                let refused = suback.return_codes.iter().find(|code| !matches!(code, SubscribeReasonCode::Success(_)));
                if let Some(code) = refused {
                    let trouble = Trouble::Subscription {
                        filters: self.client.subscriptions.join(", "),
                        why: format!("{code:?}"),
                    };
                    return Err(Ended::Trouble { trouble, was_up: false });
                }
                acks.granted += 1;
                if acks.granted == acks.wanted { self.up(client, acks).await } else { Ok(()) }
            }
            Packet::Publish(publish) => {
                let message = Message {
                    topic: String::from_utf8_lossy(&publish.topic).into_owned(),
                    payload: publish.payload.to_vec(),
                    retained: publish.retain,
                    ack: Some(Box::new((client.clone(), publish))),
                };
                self.tell(MqttEvent::Message(message)).await
            }
            Packet::PubAck(puback) => match acks.inflight.remove(&puback.pkid) {
                Some((topic, mark)) => match puback.reason {
                    PubAckReason::Success | PubAckReason::NoMatchingSubscribers => {
                        self.tell(MqttEvent::Delivered { topic, mark }).await
                    }
                    reason => self.tell(MqttEvent::Denied(Trouble::denied(topic, reason))).await,
                },
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }

    /// Matches packet ids to what was handed to the client, in the order of its requests.
    fn outgoing(&self, outgoing: Outgoing, acks: &mut Acks, _eventloop: &EventLoop) {
        let next = || {
            let mut live = self.live.lock().expect("nobody panics while holding this lock");
            live.as_mut().and_then(|live| live.queued.pop_front())
        };
        match outgoing {
            // A collided publish goes out when its packet id is free again.
            Outgoing::AwaitAck(pkid) => acks.collided.extend(next().map(|what| (pkid, what))),
            Outgoing::Publish(pkid) => match acks.collided.remove(&pkid) {
                Some(what) => acks.inflight.extend([(pkid, what)]),
                None => acks.inflight.extend(next().map(|what| (pkid, what))),
            },
            _ => {}
        }
    }

    async fn up(&self, client: &AsyncClient, acks: &Acks) -> Result<(), Ended> {
        let live = Live { client: client.clone(), queued: VecDeque::new() };
        *self.live.lock().expect("nobody panics while holding this lock") = Some(live);
        self.tell(MqttEvent::Up { session_present: acks.session_present }).await
    }

    async fn tell(&self, event: MqttEvent) -> Result<(), Ended> {
        self.events.send(event.into()).await.map_err(|_| Ended::NobodyListens)
    }
}

/// Bookkeeping of one connection.
#[derive(Default)]
struct Acks {
    session_present: bool,
    wanted: usize,
    granted: usize,
    inflight: HashMap<u16, (String, String)>,
    collided: HashMap<u16, (String, String)>,
}

/// Half of it to all of it, at random: many speakers must not come back at the same moment.
pub(crate) fn jittered(pause: Duration) -> Duration {
    let random = getrandom::u32().unwrap_or(u32::MAX / 2);
    pause.mul_f64(0.5 + 0.5 * f64::from(random) / f64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls() {
        assert_eq!(parse_url("mqtt://127.0.0.1").unwrap(), ("127.0.0.1".into(), 1883, false));
        assert_eq!(parse_url("mqtts://broker.example:9999/").unwrap(), ("broker.example".into(), 9999, true));
        assert_eq!(parse_url("mqtt://[::1]:1").unwrap().0, "[::1]");
        for bad in ["", "broker", "http://x", "mqtt://", "mqtt://user:pw@host", "mqtts://host/path"] {
            assert!(parse_url(bad).unwrap_err().to_string().contains("mqtt://"), "{bad}");
        }
    }
}
