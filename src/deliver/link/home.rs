//! The conversation with the other speakers of the home: our orders out, theirs in.
//!
//! Only speakers that the household has named are heard, each only under its own key and its own name. What they say
//! is verified and checked for sense here; what to make of it is for the core. Never sends an order, and never takes one.

use super::{Ended, Link, LinkEvent};
use crate::clean::{self, Hidden, Limits};
use crate::decide::order::OrderId;
use crate::decide::sibling::HeardThere;
use crate::deliver::envelope::{self, Body, Handover, HomeCancel, HomeHeard, HomeOrders, Opened, RETAINED_LIFE_MS};
use crate::deliver::mqtt::{Message, ToPublish};
use std::time::Duration;
use tokio::time::Instant;

/// How long another speaker may take an order back that it was asked for: as long as the household waits for it.
const CANCEL_LIFE_MS: i64 = 30_000;
/// A notice is of now, or of no use.
const HEARD_LIFE_MS: i64 = 10_000;
/// A snapshot that could not be published, for want of a clock, a disk or a place in the queue, is tried again after this time.
const AGAIN: Duration = Duration::from_secs(15);
/// Who asked for an order sees how it stands after this time, whatever became of the question.
const ANSWER: Duration = Duration::from_millis(500);
/// Messages that are not believed are logged once in this time.
const WARN_EVERY: Duration = Duration::from_secs(3_600);
/// Longest message that is read, bytes.
const MAX_BYTES: usize = 2 * envelope::MAX_SNAPSHOT;
/// Longest title, characters.
const MAX_TEXT: usize = 120;

/// What is due with the other speakers.
#[derive(Default)]
pub struct Home {
    /// When our orders are told next, if something is to be told.
    pub share_at: Option<Instant>,
    warned: Option<Instant>,
}

impl Link {
    /// Tells the others of our orders, as they are on disk.
    pub(super) async fn share_orders(&mut self) {
        self.home.share_at = None;
        if self.config.siblings.is_empty() || !self.mqtt.is_up() {
            return; // told with the next connection
        }
        self.home.share_at = Some(Instant::now() + AGAIN);
        // An expiry can't be signed without a clock.
        let Some(now) = self.clock.unix_ms() else { return };
        let (rev, mut orders) = match self.store.read(move |store| store.snapshot(Some(now))).await {
            Ok(snapshot) => snapshot,
            Err(error) => return tracing::error!("the orders can't be told to the other speakers: {error}"),
        };
        // What can't be added up, from before the household's currency was another one, would be refused with all the rest.
        orders.retain(|order| order.is_sane() && order.currency == self.config.currency);
        let topic = self.config.route.to_home(HomeOrders::KIND);
        let body = HomeOrders::of(topic.clone(), rev, &orders);
        let Some(payload) = self.seal(&body, RETAINED_LIFE_MS) else { return };
        if self.publish(ToPublish { topic, payload, retained: true, ..ToPublish::default() }) {
            self.home.share_at = None;
        }
    }

    pub(super) fn ask_sibling(&self, device: String, order: OrderId) {
        let body = HomeCancel { aud: self.config.route.to_home(HomeCancel::KIND), device, order_id: order.0 };
        self.to_home(&body, CANCEL_LIFE_MS);
    }

    pub(super) fn tell_heard(&self, skus: Vec<String>, level_cdb: Option<i32>, snr_cdb: Option<i32>) {
        let body = HomeHeard { aud: self.config.route.to_home(HomeHeard::KIND), skus, level_cdb, snr_cdb };
        self.to_home(&body, HEARD_LIFE_MS);
    }

    fn to_home<T: Body>(&self, body: &T, life_ms: i64) {
        let expiry_s = u32::try_from(life_ms / 1000).ok();
        if let Some(payload) = self.seal(body, life_ms) {
            self.publish(ToPublish { topic: body.aud().into(), payload, expiry_s, ..ToPublish::default() });
        }
    }

    /// What another speaker tells; nothing, if it is not to be believed.
    pub(super) async fn read_sibling(&mut self, device: &str, kind: &str, message: &Message) -> Result<(), Ended> {
        // Our own comes back, and an empty message is how a broker is told to forget one.
        if device == self.config.route.device() || message.payload.is_empty() {
            return Ok(());
        }
        let opened = match kind {
            Handover::KIND => self.follow_sibling(device, message).await.map(|()| None),
            _ => self.open_sibling(device, kind, message),
        };
        match opened {
            Ok(Some(event)) => {
                if matches!(event, LinkEvent::CancelAskedBy { .. }) {
                    self.home.share_at = Some(Instant::now() + ANSWER);
                }
                self.tell(event).await
            }
            Ok(None) => Ok(()),
            Err(why) => {
                let is_due = self.home.warned.is_none_or(|at| at.elapsed() >= WARN_EVERY);
                if is_due {
                    self.home.warned = Some(Instant::now());
                    tracing::warn!("a message on {} is not believed: {why}", message.topic);
                }
                Ok(())
            }
        }
    }

    fn open_sibling(&self, device: &str, kind: &str, message: &Message) -> Result<Option<LinkEvent>, String> {
        if message.payload.len() > MAX_BYTES {
            return Err(format!("it has {} bytes; at most {MAX_BYTES} are read", message.payload.len()));
        }
        if message.retained && kind != HomeOrders::KIND {
            return Err(envelope::Distrust::Retained.to_string());
        }
        let device = device.to_owned();
        Ok(match kind {
            HomeOrders::KIND => {
                let snapshot: HomeOrders = self.open_from(&device, message)?.data;
                let rev = snapshot.rev;
                let orders = snapshot.into_shared(&self.config.currency, |text| self.clean_home(text));
                Some(LinkEvent::SharedOrders { device, rev, orders: orders.map_err(|why| why.to_string())? })
            }
            HomeCancel::KIND => {
                let asked: HomeCancel = self.open_from(&device, message)?.data;
                let ours = asked.device == self.config.route.device();
                ours.then(|| LinkEvent::CancelAskedBy { device, order: OrderId(asked.order_id) })
            }
            HomeHeard::KIND => {
                let heard: HomeHeard = self.open_from(&device, message)?.data;
                heard.check().map_err(|why| why.to_string())?;
                let HomeHeard { skus, level_cdb, snr_cdb, .. } = heard;
                Some(LinkEvent::HeardThere(HeardThere { device, skus, level_cdb, snr_cdb }))
            }
            _ => None, // of a later version
        })
    }

    fn open_from<T: Body>(&self, device: &str, message: &Message) -> Result<Opened<T>, String> {
        let key = self.config.siblings.get(device).ok_or("[home] speakers names no such speaker")?;
        let now = self.clock.unix_ms().unwrap_or(i64::MIN);
        envelope::open(&message.payload, &message.topic, key, now).map_err(|why| why.to_string())
    }

    fn clean_home(&self, text: &str) -> String {
        let banned = &self.config.banned;
        clean::clean(text, &Limits { max_chars: MAX_TEXT, banned, hidden: Hidden::Gap, drop_marks: false })
    }
}
