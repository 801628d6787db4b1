//! The typed conversation: the same dialogue as by voice, over the control socket or over the broker.

use super::control::Answer;
use crate::decide::event::{Acoustics, Channel, Entropy, Heard, Hypothesis};
use crate::decide::mind::Waits;
use crate::deliver::link::Typist;
use crate::understand::Lang;
use std::collections::{BTreeMap, VecDeque};
use tokio::sync::mpsc;

/// The name of the client in [`Channel::Text`].
const CLIENT: &str = "cli";

/// How the name of a client begins that waits for one answer: who gave a PIN, or withdraws from a purchase.
const ASKER: &str = "once-";

/// How the name of a client begins that types over the broker. No name of a bridge or of a client has a slash.
const BROKER: &str = "mqtt/";

/// At most one conversation is typed at a time on the control socket; a PIN is no part of one, nor is a withdrawal.
#[derive(Default)]
pub struct TextClient {
    /// Who waits for replies to the last line.
    waiting: Option<mpsc::Sender<Answer>>,
    /// Replies that count as read as soon as the loop comes by, and whether somebody took them.
    unread: VecDeque<(u32, bool)>,
    /// Who asked for one thing and waits to hear what came of it.
    askers: BTreeMap<String, mpsc::Sender<Answer>>,
    asked: u64,
}

impl TextClient {
    /// A line was typed.
    pub fn says(&mut self, text: String, lang: Lang, entropy: Entropy, answers: mpsc::Sender<Answer>) -> Heard {
        self.wait(answers);
        heard(text, Channel::Text(CLIENT.into()), lang, entropy)
    }

    /// Somebody wants to read what a person at the shop said.
    pub fn reads(&mut self, answers: mpsc::Sender<Answer>) -> Channel {
        self.wait(answers);
        Channel::Text(CLIENT.into())
    }

    fn wait(&mut self, answers: mpsc::Sender<Answer>) {
        if let Some(earlier) = self.waiting.replace(answers) {
            answer(&earlier, Answer::Error { what: "somebody else typed in the meantime".into() });
        }
    }

    /// Somebody gave a PIN, or asks for one thing; the channel on which the answer goes back.
    pub fn answers_once(&mut self, answers: mpsc::Sender<Answer>) -> Channel {
        self.asked += 1;
        let name = format!("{ASKER}{}", self.asked);
        self.askers.retain(|_, client| !client.is_closed());
        self.askers.insert(name.clone(), answers);
        Channel::Text(name)
    }

    pub fn reply(&mut self, to: &str, say: u32, text: String) {
        let client = if to.starts_with(ASKER) { self.askers.remove(to) } else { self.waiting.clone() };
        let taken = client.as_ref().is_some_and(|client| answer(client, Answer::Reply { text }));
        self.unread.push_back((say, taken));
        if let Some(client) = client.filter(|_| to.starts_with(ASKER)) {
            done(&client);
        }
    }

    /// A reply went out over the broker; `taken`: it is there to be read.
    pub fn went_out(&mut self, say: u32, taken: bool) {
        self.unread.push_back((say, taken));
    }

    /// The next reply that nobody waits to read any more, and whether somebody took it.
    pub fn next_read(&mut self) -> Option<(u32, bool)> {
        self.unread.pop_front()
    }

    /// Lets the client go once the mind waits for the household again, or for nothing.
    pub fn finish_if_settled(&mut self, waits: Waits) {
        let listening = match waits {
            Waits::Edge => return,
            Waits::Household => true,
            Waits::Nothing => false,
        };
        if !self.unread.is_empty() {
            return;
        }
        if let Some(client) = self.waiting.take() {
            answer(&client, Answer::Done { listening });
        }
    }
}

/// Typed words as the mind hears them. The default acoustics say that there was no sound.
pub fn heard(text: String, channel: Channel, lang: Lang, entropy: Entropy) -> Heard {
    let nbest = vec![Hypothesis { text, confidence: 1.0 }];
    Heard { turn: None, channel, lang, nbest, acoustics: Acoustics::default(), entropy }
}

/// The channel of somebody who types over the broker.
pub fn channel(from: &Typist) -> Channel {
    match &from.bridge {
        Some(bridge) => Channel::Text(format!("{BROKER}{bridge}/{}", from.client)),
        None => Channel::Open(format!("{BROKER}{}", from.client)),
    }
}

/// Who that is, by the channel's name; `None`: a client of the control socket.
pub fn typist(name: &str) -> Option<Typist> {
    let name = name.strip_prefix(BROKER)?;
    Some(match name.split_once('/') {
        Some((bridge, client)) => Typist { bridge: Some(bridge.into()), client: client.into() },
        None => Typist { bridge: None, client: name.into() },
    })
}

/// Answers without waiting: a client that does not read loses its answer, not our loop. `false`: it did.
pub fn answer(client: &mpsc::Sender<Answer>, with: Answer) -> bool {
    let sent = client.try_send(with);
    if let Err(error) = &sent {
        tracing::debug!("a control client did not take its answer: {error}");
    }
    sent.is_ok()
}

pub fn done(client: &mpsc::Sender<Answer>) {
    answer(client, Answer::Done { listening: false });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_types_over_the_broker_is_found_again_by_the_channels_name() {
        for bridge in [None, Some("messenger")] {
            let from = Typist { bridge: bridge.map(str::to_owned), client: "ana-1".into() };
            let (Channel::Text(name) | Channel::Open(name)) = channel(&from) else { panic!("nobody speaks here") };
            assert_eq!(typist(&name), Some(from));
        }
        assert_eq!(typist(CLIENT), None);
        assert_eq!(typist(&format!("{ASKER}1")), None);
    }
}
