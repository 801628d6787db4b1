//! The typed conversation: the same dialogue as by voice, over the control socket.

use super::control::Answer;
use crate::decide::event::{Acoustics, Channel, Entropy, Heard, Hypothesis};
use crate::decide::mind::Waits;
use crate::understand::Lang;
use std::collections::{BTreeMap, VecDeque};
use tokio::sync::mpsc;

/// The name of the client in [`Channel::Text`].
const CLIENT: &str = "cli";

/// How the name of a client begins that waits for one answer: who gave a PIN, or withdraws from a purchase.
const ASKER: &str = "once-";

/// At most one conversation is typed at a time; a PIN is no part of one, nor is a withdrawal.
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
    /// A line was typed. The default acoustics say that there was no sound.
    pub fn says(&mut self, text: String, lang: Lang, entropy: Entropy, answers: mpsc::Sender<Answer>) -> Heard {
        if let Some(earlier) = self.waiting.replace(answers) {
            answer(&earlier, Answer::Error { what: "somebody else typed in the meantime".into() });
        }
        Heard {
            turn: None,
            channel: Channel::Text(CLIENT.into()),
            lang,
            nbest: vec![Hypothesis { text, confidence: 1.0 }],
            acoustics: Acoustics::default(),
            entropy,
        }
    }

    /// Somebody wants to read what a person at the shop said.
    pub fn reads(&mut self, answers: mpsc::Sender<Answer>) -> Channel {
        if let Some(earlier) = self.waiting.replace(answers) {
            answer(&earlier, Answer::Error { what: "somebody else typed in the meantime".into() });
        }
        Channel::Text(CLIENT.into())
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
