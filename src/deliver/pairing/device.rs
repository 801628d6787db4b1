//! The device's side: asks the shop until it answers, and then looks whether what it was given works.

use super::code::Code;
use super::{Answer, From, Paired, Request};
use crate::clock::Clock;
use crate::deliver::envelope::{self, CatalogPart};
use crate::deliver::keys::{Keys, PublicKey};
use crate::deliver::link::catalog::Parts;
use crate::deliver::mqtt::{BrokerConfig, Client, TlsFiles, ToPublish, Trouble};
use crate::deliver::talk::{Ended, Talk};
use crate::deliver::topic;
use crate::understand::catalog::Catalog;
use std::path::Path;
use std::time::Duration;

/// How long the shop has to answer.
pub(super) const PATIENCE: Duration = Duration::from_secs(45);
/// The request is said again after this time.
const AGAIN: Duration = Duration::from_secs(3);

/// Why a device is not paired. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum PairError {
    #[error(transparent)]
    Broker(#[from] Trouble),
    #[error(
        "the broker {0} does not know this code: it was used or is over, or the broker has not read its passwords again since the code was printed"
    )]
    Unknown(String),
    #[error("the shop did not answer; see that `tendero shop` runs and is connected to the broker, then try again")]
    NoShop,
    #[error("the broker {0} could not be reached: {1}")]
    Unreachable(String, String),
    #[error("the code is over; ask the shop for a new one")]
    Expired,
    #[error("another speaker has used the code already; if that was none of yours, tell the shop at once")]
    Used,
    #[error(
        "the home has a speaker of the name {0} already; choose another with --device, or let the shop print a code with --replace"
    )]
    DeviceTaken(String),
    #[error("the shop refused: {0}")]
    Refused(String),
    #[error("the shop's answer makes no sense: {0}")]
    Nonsense(&'static str),
    #[error("the machine gave no random numbers: {0}")]
    Random(#[from] getrandom::Error),
    #[error("the message could not be made: {0}")]
    Message(String),
    #[error("the shop's catalogue did not come; see that `tendero shop` runs, then try again")]
    NoCatalog,
}

/// Asks the shop behind `code` to trust this device.
///
/// # Errors
/// [`PairError`].
pub async fn ask(code: &Code, device: &str, keys: &Keys) -> Result<Paired, PairError> {
    let id = code.secret.id();
    let broker = BrokerConfig {
        username: Some(id.clone()),
        password: Some(code.secret.broker_password()),
        // What goes through is sealed with the code's secret: see the parent module.
        tls: TlsFiles { unverified: true, ..TlsFiles::default() },
        session_expiry_s: 0,
        ..BrokerConfig::new(&code.broker)
    };
    let (up, down) = (topic::pair_up(&id), topic::pair_down(&id));
    let client = Client { client_id: id, subscriptions: vec![down.clone()], will: None };
    let mut talk = Talk::start(broker, client, PATIENCE)?;
    let request = Request::new(&code.secret, device, keys);
    let mut again = tokio::time::interval(AGAIN);
    loop {
        let event = tokio::select! {
            event = talk.next() => event.map_err(|ended| ended.of_code(&code.broker))?,
            _ = again.tick() => None,
        };
        match event {
            None => {
                let payload = code.secret.seal(From::Device, &up, &request)?;
                // Not connected yet: it is said again.
                let _ = talk.mqtt.publish(ToPublish { topic: up.clone(), payload, ..ToPublish::default() });
            }
            Some(message) => {
                let answer = code.secret.open::<Answer>(From::Shop, &down, &message.payload);
                message.ack();
                if let Some(answer) = answer {
                    talk.mqtt.stop();
                    return checked(answer, device);
                }
            }
        }
    }
}

/// The shop's catalogue, read as the home that the device now is: so its name, password and certificates work.
///
/// # Errors
/// [`PairError`].
pub async fn first_catalog(paired: &Paired, ca: Option<&Path>, clock: &Clock) -> Result<Catalog, PairError> {
    let key: PublicKey = paired.key.parse().map_err(|_| PairError::Nonsense("its key"))?;
    let broker = BrokerConfig {
        username: Some(paired.home.clone()),
        password: Some(paired.broker.password.clone()),
        tls: TlsFiles { ca: ca.map(Path::to_owned), ..TlsFiles::default() },
        session_expiry_s: 0,
        ..BrokerConfig::new(&paired.broker.url)
    };
    // Not the daemon's own client id: it may be running.
    let client_id = format!("{}.{}.pair", paired.home, paired.device);
    let client = Client { client_id, subscriptions: vec![topic::all_catalog(&paired.shop)], will: None };
    let mut talk = Talk::start(broker, client, PATIENCE)?;
    let mut parts = Parts::default();
    loop {
        let Some(message) = talk.next().await.map_err(|ended| ended.or(PairError::NoCatalog))? else { continue };
        let now = clock.unix_ms().unwrap_or(i64::MIN);
        if let Ok(opened) = envelope::open::<CatalogPart>(&message.payload, &message.topic, &key, now)
            && let Ok(Some(whole)) = parts.add(opened.data.catalog)
        {
            talk.mqtt.stop();
            return Ok(whole);
        }
        message.ack();
    }
}

fn checked(answer: Answer, device: &str) -> Result<Paired, PairError> {
    let paired = match answer {
        Answer::Paired(paired) => *paired,
        Answer::Refused { code } => {
            return Err(match code.as_str() {
                "expired" => PairError::Expired,
                "used" => PairError::Used,
                "device_taken" => PairError::DeviceTaken(device.into()),
                other => PairError::Refused(other.chars().filter(|c| c.is_ascii_graphic()).take(40).collect()),
            });
        }
    };
    let route = topic::Route::new(&paired.home, &paired.device, &paired.shop);
    route.map_err(|_| PairError::Nonsense("its names"))?;
    paired.key.parse::<PublicKey>().map_err(|_| PairError::Nonsense("its key"))?;
    if paired.device != device {
        return Err(PairError::Nonsense("it names another device"));
    }
    Ok(paired)
}

impl Ended {
    fn of_code(self, url: &str) -> PairError {
        match self {
            Ended::Trouble(Trouble::Password { .. }) => PairError::Unknown(url.into()),
            other => other.or(PairError::NoShop),
        }
    }

    /// `silence`: what it means that nothing came.
    pub(super) fn or(self, silence: PairError) -> PairError {
        match self {
            Ended::Trouble(trouble) => PairError::Broker(trouble),
            Ended::Unreachable(url, why) => PairError::Unreachable(url, why),
            Ended::Silence => silence,
        }
    }
}
