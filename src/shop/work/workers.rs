//! A worker among others on one book: who it is at the broker, what it does while the book can't be reached, and how the broker
//! knows whether the shop is there.
//!
//! A worker that is alone has the shop's last will itself. Of several, one holds a second connection with that will, under the
//! shop's own client id, and the will waits for [`WILL_DELAY_S`]: when that worker ends, another one takes the same session on
//! before, and the broker says nothing (MQTT 5, 3.1.3.2.2). So the shop is offline when the last worker is gone, and not before.
//! Which one holds it is a lock in the database, which ends with the connection of its holder.

use super::{Input, Work};
use crate::clock::Clock;
use crate::deliver::envelope::{self, Presence, RETAINED_LIFE_MS};
use crate::deliver::keys::Keys;
use crate::deliver::mqtt::{self, BrokerConfig, Mqtt, MqttEvent};
use crate::deliver::store::StoreError;
use crate::deliver::topic;
use crate::shop::ShopConfig;

/// How long nobody may hold the shop's session before the broker says that it is offline.
const WILL_DELAY_S: u32 = 20;
/// The broker hands the orders out to every worker whose session it knows, there or not. What a dead one got comes again from
/// the devices, within seconds, and after this it gets none.
const SESSION_S: u32 = 120;
/// The longest pause between two attempts to reach the book: sixteen seconds.
const MAX_PAUSE_TICKS: u32 = 8;

/// The book can't be written: nothing is taken from the broker.
pub struct Away {
    pause_ticks: u32,
    ticks_left: u32,
}

/// Events of the connection that says whether the shop is there.
struct OfPresence(Input);

impl From<MqttEvent> for OfPresence {
    fn from(event: MqttEvent) -> OfPresence {
        OfPresence(Input::Presence(event))
    }
}

/// Who this worker is at the broker.
pub fn client(shop: &str, worker: i64, keys: &Keys, clock: &Clock) -> mqtt::Client {
    let (client_id, will) = match worker {
        0 => (format!("shop-{shop}"), will(shop, keys, clock)),
        number => (format!("shop-{shop}-{number}"), None),
    };
    mqtt::Client { client_id, subscriptions: vec![topic::all_up_shared(shop), topic::all_pairs_shared()], will }
}

pub fn broker(config: &ShopConfig, worker: i64) -> BrokerConfig {
    let mut broker = config.broker.clone();
    broker.username.get_or_insert_with(|| config.catalog.shop.clone());
    if worker != 0 {
        broker.session_expiry_s = broker.session_expiry_s.min(SESSION_S);
        broker.will_delay_s = WILL_DELAY_S;
    }
    broker
}

fn will(shop: &str, keys: &Keys, clock: &Clock) -> Option<(String, Vec<u8>)> {
    let offline = Presence { aud: topic::shop_state(shop), online: false };
    let now = clock.unix_ms().unwrap_or(0);
    let sealed = envelope::seal(&offline, &topic::shop_source(shop), keys, now, RETAINED_LIFE_MS);
    Some((topic::shop_state(shop), sealed.ok()?))
}

impl Work {
    /// Something other than a message could not be written: it is tried again at the next tick.
    pub(super) fn failed(&mut self, why: &StoreError) {
        match why {
            StoreError::Unreachable { .. } => self.leave(&why.to_string()),
            other => tracing::error!("{other}"),
        }
    }

    /// A shop that can't write is offline; what was not acknowledged, the broker sends again afterwards.
    pub(super) fn leave(&mut self, why: &str) {
        if self.away.is_none() {
            tracing::error!("{why}; nothing is taken from the broker until the book can be written");
            self.away = Some(Away { pause_ticks: 1, ticks_left: 1 });
        }
        self.mqtt.cut();
        if let Some(presence) = self.presence.take() {
            presence.stop();
        }
        // Where this fails the connection is gone, and with it the lock.
        let _ = self.desk.book.lead(false);
    }

    /// Can the book be written? Where it could not, this looks again, after longer and longer pauses.
    pub(super) fn is_there(&mut self) -> bool {
        if let Some(away) = &mut self.away {
            away.ticks_left -= 1;
            if away.ticks_left > 0 {
                return false;
            }
            if let Err(why) = self.desk.book.check() {
                tracing::debug!("{why}");
                away.pause_ticks = (away.pause_ticks * 2).min(MAX_PAUSE_TICKS);
                away.ticks_left = away.pause_ticks;
                return false;
            }
            self.away = None;
            tracing::info!("the book {} is there again", self.desk.book.name().display());
            self.mqtt.restore();
        }
        // Another worker may have come while the connection was lost, and two of one name would push each other off the broker.
        let worker = self.desk.book.worker();
        if worker != self.worker {
            tracing::info!("this is worker {worker} from now on");
            self.worker = worker;
            let subscriptions = std::mem::take(&mut self.client.subscriptions);
            let client = client(&self.desk.catalog.shop, worker, &self.desk.keys, &self.desk.clock);
            self.client = mqtt::Client { subscriptions, ..client };
            self.connect_anew();
        }
        true
    }

    /// A new connection in place of the one that there is.
    pub(super) fn connect_anew(&mut self) {
        let Some(sender) = self.inputs.upgrade() else { return };
        self.mqtt.stop();
        let _runtime = self.runtime.enter();
        match Mqtt::start(self.broker.clone(), self.client.clone(), sender) {
            Ok(mqtt) => self.mqtt = mqtt,
            Err(why) => tracing::error!("{why}"),
        }
    }

    /// Holds the shop's session, or leaves it to another worker: who has no connection itself can't say that the shop is there.
    /// `true`: what is to be done once for all workers is to be done here.
    pub(super) fn lead(&mut self) -> bool {
        if self.worker == 0 {
            return true;
        }
        let leads = match self.desk.book.lead(self.mqtt.is_up()) {
            Ok(leads) => leads,
            Err(why) => {
                self.failed(&why);
                return false;
            }
        };
        match (leads, self.presence.take()) {
            (true, None) => self.presence = self.hold_session(),
            (true, held) => self.presence = held,
            (false, Some(held)) => held.stop(),
            (false, None) => {}
        }
        leads
    }

    fn hold_session(&self) -> Option<Mqtt> {
        let shop = &self.desk.catalog.shop;
        // The session of a worker that was alone: what was meant for that one comes here.
        let will = will(shop, &self.desk.keys, &self.desk.clock);
        let client = mqtt::Client { client_id: format!("shop-{shop}"), subscriptions: vec![], will };
        let (sender, mut events) = tokio::sync::mpsc::channel::<OfPresence>(super::super::QUEUE);
        let inputs = self.inputs.clone();
        let _runtime = self.runtime.enter();
        tokio::spawn(async move {
            while let Some(OfPresence(input)) = events.recv().await {
                let Some(inputs) = inputs.upgrade() else { return };
                if inputs.send(input).await.is_err() {
                    return;
                }
            }
        });
        Mqtt::start(self.broker.clone(), client, sender).inspect_err(|why| tracing::error!("{why}")).ok()
    }

    pub(super) fn presence_event(&mut self, event: MqttEvent) {
        match event {
            MqttEvent::Up { session_present: _ } => {
                self.retain(&Presence { aud: topic::shop_state(&self.desk.catalog.shop), online: true });
            }
            MqttEvent::Message(message) => self.message(message),
            // The other connection says so.
            MqttEvent::Down(trouble) => tracing::debug!("{trouble}"),
            MqttEvent::Denied(trouble) => tracing::error!("{trouble}"),
            MqttEvent::Delivered { .. } => {}
        }
    }
}
