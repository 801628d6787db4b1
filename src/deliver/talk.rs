//! A connection of its own for one question to a shop, beside a daemon that may be running: it ends with the answer, or when the
//! patience is over.

use super::mqtt::{BrokerConfig, Client, Message, Mqtt, MqttEvent, Trouble};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

const QUEUE: usize = 64;

/// A connection for one question.
pub struct Talk {
    pub mqtt: Mqtt,
    events: mpsc::Receiver<MqttEvent>,
    patience: Duration,
    until: Instant,
    /// Why there is no connection, if there is none.
    down: Option<Trouble>,
    url: String,
}

/// Why there is no answer.
pub enum Ended {
    Trouble(Trouble),
    /// Never connected.
    Unreachable(String, String),
    Silence,
}

impl Talk {
    /// Connects; all must be said within `patience`, from now on or since [`Talk::goes_on`].
    ///
    /// # Errors
    /// The address or a file is wrong.
    pub fn start(broker: BrokerConfig, client: Client, patience: Duration) -> Result<Talk, Trouble> {
        let url = broker.url.clone();
        let (sender, events) = mpsc::channel(QUEUE);
        let mqtt = Mqtt::start(broker, client, sender)?;
        Ok(Talk { mqtt, events, patience, until: Instant::now() + patience, down: None, url })
    }

    /// There was an answer, and there is more to ask.
    pub fn goes_on(&mut self) {
        self.until = Instant::now() + self.patience;
    }

    /// The next message; `None`: the connection has just come up.
    ///
    /// # Errors
    /// [`Ended`].
    pub async fn next(&mut self) -> Result<Option<Message>, Ended> {
        loop {
            let Ok(event) = timeout_at(self.until, self.events.recv()).await else {
                self.mqtt.stop();
                return Err(match self.down.take() {
                    Some(trouble) => Ended::Unreachable(self.url.clone(), trouble.to_string()),
                    None => Ended::Silence,
                });
            };
            match event {
                Some(MqttEvent::Up { .. }) => {
                    self.down = None;
                    return Ok(None);
                }
                Some(MqttEvent::Message(message)) => return Ok(Some(message)),
                // No patience helps against these.
                Some(MqttEvent::Down(
                    trouble @ (Trouble::Password { .. }
                    | Trouble::Refused { .. }
                    | Trouble::Tls { .. }
                    | Trouble::Subscription { .. }),
                )) => return self.end(trouble),
                Some(MqttEvent::Down(trouble)) => self.down = Some(trouble),
                Some(MqttEvent::Denied(trouble)) => return self.end(trouble),
                Some(MqttEvent::Delivered { .. }) => {}
                None => return Err(Ended::Silence),
            }
        }
    }

    fn end(&self, trouble: Trouble) -> Result<Option<Message>, Ended> {
        self.mqtt.stop();
        Err(Ended::Trouble(trouble))
    }
}
