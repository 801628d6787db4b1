//! The device's side of a change of its key: tells the shop, and the other speakers, until the shop says that it has it.

use super::device::{PATIENCE, PairError};
use crate::clock::Clock;
use crate::deliver::envelope::{self, Body, Handover, HandoverTaken, RETAINED_LIFE_MS};
use crate::deliver::handover::{Pins, Step};
use crate::deliver::keys::Keys;
use crate::deliver::mqtt::{BrokerConfig, Client, ToPublish};
use crate::deliver::talk::Talk;
use crate::deliver::topic::Route;
use std::time::Duration;

/// The message is said again after this time.
const AGAIN: Duration = Duration::from_secs(3);
/// How long the shop may take it, milliseconds.
const LIFE_MS: i64 = 60_000;

/// What is to be told.
pub struct Change {
    /// From this device's first key to the new one.
    pub steps: Vec<Step>,
    /// To the other speakers of the home as well.
    pub to_home: bool,
}

/// Tells it. `next` is the new key; `shop` what the shop's answer must be signed with.
///
/// # Errors
/// [`PairError`]: the shop may have taken the key all the same, so the same one must be told again.
pub async fn tell(
    broker: BrokerConfig,
    route: &Route,
    shop: &Pins,
    next: &Keys,
    change: Change,
    clock: &Clock,
) -> Result<(), PairError> {
    let mut broker = BrokerConfig { session_expiry_s: 0, ..broker };
    broker.username.get_or_insert_with(|| route.home().into());
    let down = route.down(HandoverTaken::KIND);
    // Not the daemon's own client id: it may be running.
    let client =
        Client { client_id: format!("{}.key", route.client_id()), subscriptions: vec![down.clone()], will: None };
    let mut talk = Talk::start(broker, client, PATIENCE)?;
    let sealed = |aud: String, life_ms: i64| {
        let body = Handover { aud, steps: change.steps.clone() };
        let now = clock.unix_ms().unwrap_or(0);
        envelope::seal(&body, &route.device_source(), next, now, life_ms)
            .map_err(|why| PairError::Message(why.to_string()))
    };
    let mut again = tokio::time::interval(AGAIN);
    loop {
        let event = tokio::select! {
            event = talk.next() => event.map_err(|ended| ended.or(PairError::NoShop))?,
            _ = again.tick() => None,
        };
        let Some(message) = event else {
            // Not connected yet: it is said again.
            if change.to_home {
                let topic = route.to_home(Handover::KIND);
                let payload = sealed(topic.clone(), RETAINED_LIFE_MS)?;
                let _ = talk.mqtt.publish(ToPublish { topic, payload, retained: true, ..ToPublish::default() });
            }
            let topic = route.up(Handover::KIND);
            let payload = sealed(topic.clone(), LIFE_MS)?;
            let _ = talk.mqtt.publish(ToPublish { topic, payload, ..ToPublish::default() });
            continue;
        };
        let now = clock.unix_ms().unwrap_or(i64::MIN);
        let taken = envelope::open::<HandoverTaken>(&message.payload, &message.topic, shop, now);
        message.ack();
        if taken.is_ok_and(|taken| taken.data.to == next.public().to_string()) {
            talk.mqtt.stop();
            return Ok(());
        }
    }
}
