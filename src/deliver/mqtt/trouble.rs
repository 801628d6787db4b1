//! Every way in which a connection can fail, as one line that says what to do.

use super::BrokerConfig;
use rumqttc::v5::mqttbytes::v5::{ConnectReturnCode, DisconnectReasonCode, PubAckReason};
use rumqttc::v5::{ConnectionError, StateError, TlsError};
use std::path::PathBuf;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    #[error(
        "\"{url}\" is not a broker; write mqtt://host:port or mqtts://host:port (user and password have settings of their own)"
    )]
    Url { url: String },
    #[error("{path}: {why}; check the broker settings")]
    File { path: PathBuf, why: String },
    #[error(
        "the broker {url} refused user \"{user}\": the password or the user name is wrong; check the password file and the broker's own list"
    )]
    Password { url: String, user: String },
    #[error("the broker {url} does not let client \"{client}\" in ({code}); check its access rules")]
    Refused { url: String, client: String, code: String },
    #[error("TLS to the broker failed: {why}; check the certificate authority and the host name in the URL")]
    Tls { why: String },
    #[error("the broker {url} can't be reached: {why}; trying again")]
    Unreachable { url: String, why: String },
    #[error("the broker {url} closed the connection: {why}; trying again")]
    Closed { url: String, why: String },
    #[error("the broker says that another client is connected as \"{client}\"; give each device its own name")]
    TakenOver { client: String },
    #[error("the broker does not let us publish on {topic} ({reason}); check its access rules for this user")]
    Denied { topic: String, reason: String },
    #[error("the broker does not grant the subscription to {filters} ({why}); check its access rules for this user")]
    Subscription { filters: String, why: String },
    #[error("the connection was cut on purpose")]
    Cut,
}

impl Trouble {
    /// The broker has no shared subscriptions: a plain one will do for a single worker.
    pub fn is_no_shared_subscriptions(&self) -> bool {
        matches!(self, Trouble::Subscription { why, .. } if why == "SharedSubscriptionsNotSupported" || why == "TopicFilterInvalid")
    }

    pub(super) fn denied(topic: String, reason: PubAckReason) -> Trouble {
        Trouble::Denied { topic, reason: format!("{reason:?}") }
    }

    pub(super) fn from_connection(error: &ConnectionError, config: &BrokerConfig, client: &str) -> Trouble {
        let url = config.url.clone();
        match error {
            ConnectionError::ConnectionRefused(code) => refused(*code, config, client),
            ConnectionError::MqttState(StateError::ConnFail { reason }) => refused(*reason, config, client),
            ConnectionError::MqttState(StateError::ServerDisconnect {
                reason_code: DisconnectReasonCode::SessionTakenOver,
                ..
            }) => Trouble::TakenOver { client: client.into() },
            ConnectionError::Tls(TlsError::Io(e)) if e.get_ref().is_none_or(|inner| !inner.is::<rustls::Error>()) => {
                Trouble::Unreachable { url, why: e.to_string() }
            }
            ConnectionError::Tls(e) => Trouble::Tls { why: e.to_string() },
            ConnectionError::Io(e) => Trouble::Unreachable { url, why: e.to_string() },
            ConnectionError::Timeout(_) => Trouble::Unreachable { url, why: "no answer in time".into() },
            ConnectionError::MqttState(state) => Trouble::Closed { url, why: state.to_string() },
            other => Trouble::Closed { url, why: other.to_string() },
        }
    }
}

fn refused(code: ConnectReturnCode, config: &BrokerConfig, client: &str) -> Trouble {
    match code {
        // Mosquitto says NotAuthorized for a wrong password.
        ConnectReturnCode::BadUserNamePassword | ConnectReturnCode::NotAuthorized => {
            Trouble::Password { url: config.url.clone(), user: config.username.clone().unwrap_or_default() }
        }
        code => Trouble::Refused { url: config.url.clone(), client: client.into(), code: format!("{code:?}") },
    }
}
