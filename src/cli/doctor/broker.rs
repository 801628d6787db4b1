//! Asks the broker to let us in, under a client id of our own, and reads whether the shop says that it is there. Leaves no
//! session behind.

use super::facts::{BrokerSeen, State};
use crate::clock::Clock;
use crate::config::Config;
use crate::daemon::start::{broker, shop_key};
use crate::deliver::envelope::{self, Presence};
use crate::deliver::handover::Pins;
use crate::deliver::keys::PublicKey;
use crate::deliver::mqtt::{BrokerConfig, Client, Mqtt, MqttEvent};
use crate::deliver::store::{self, Store};
use crate::deliver::topic::{self, Route};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::timeout;

/// To be let in.
const PATIENCE: Duration = Duration::from_secs(5);
/// For what the broker keeps of the shop, which comes at once or not at all.
const KEPT: Duration = Duration::from_secs(1);
const QUEUE: usize = 16;

pub fn ask(config: &Config, state: &State, offline: bool) -> BrokerSeen {
    if offline {
        return BrokerSeen::NotAsked;
    }
    let Ok(route) = Route::new(&config.home.name, &config.home.device, &config.shop.name) else {
        return BrokerSeen::NotAsked;
    };
    let pins = pins(config, state);
    let asked = crate::cli::block_on(async { Ok(connect(config, &route, pins.as_ref()).await) });
    asked.unwrap_or(BrokerSeen::Silent(0))
}

/// The newest of the shop's keys that is known here.
fn pins(config: &Config, state: &State) -> Option<Pins> {
    let read = Store::open_to_read(&state.dir.join(store::FILE)).ok().flatten();
    match read {
        Some(store) => shop_key(config, &store).ok(),
        None => config.shop.key.parse::<PublicKey>().ok().map(Pins::from),
    }
}

async fn connect(config: &Config, route: &Route, pins: Option<&Pins>) -> BrokerSeen {
    let clock = Clock::system();
    let mut broker = BrokerConfig { session_expiry_s: 0, ..broker(config) };
    broker.username.get_or_insert_with(|| route.home().into());
    let state = topic::shop_state(route.shop());
    // Not the daemon's own client id: it may be running.
    let client_id = format!("{}.doctor", route.client_id());
    let client = Client { client_id, subscriptions: vec![state.clone()], will: None };
    let (events, mut told) = mpsc::channel(QUEUE);
    let mqtt = match Mqtt::start(broker, client, events) {
        Ok(mqtt) => mqtt,
        Err(trouble) => return BrokerSeen::Trouble(trouble),
    };
    // The first word is enough: that it could not be reached, too.
    let first = timeout(PATIENCE, told.recv()).await;
    let seen = match first {
        Ok(Some(MqttEvent::Down(trouble) | MqttEvent::Denied(trouble))) => BrokerSeen::Trouble(trouble),
        Ok(Some(MqttEvent::Up { .. })) => {
            let took_ms = clock.machine_ms();
            BrokerSeen::Answers { took_ms, shop: presence(&mut told, &state, pins, &clock).await }
        }
        // A message before the broker has granted what brings it.
        Ok(Some(MqttEvent::Message(message))) => {
            message.ack();
            BrokerSeen::Answers { took_ms: clock.machine_ms(), shop: None }
        }
        Ok(Some(MqttEvent::Delivered { .. }) | None) | Err(_) => BrokerSeen::Silent(PATIENCE.as_secs()),
    };
    mqtt.stop();
    seen
}

async fn presence(
    told: &mut mpsc::Receiver<MqttEvent>,
    state: &str,
    pins: Option<&Pins>,
    clock: &Clock,
) -> Option<bool> {
    let pins = pins?;
    let read = async {
        while let Some(event) = told.recv().await {
            let MqttEvent::Message(message) = event else { continue };
            let opened = envelope::open::<Presence>(&message.payload, state, pins, clock.unix_ms().unwrap_or(i64::MIN));
            message.ack();
            return opened.ok().map(|state| state.data.online);
        }
        None
    };
    timeout(KEPT, read).await.ok().flatten()
}
