//! The typed conversation: the same dialogue as by voice, over the control socket.

use super::control::Answer;
use crate::decide::event::{Acoustics, Channel, Entropy, Event, Heard, Hypothesis, Turn};
use crate::understand::Lang;
use std::collections::VecDeque;
use tokio::sync::mpsc;

/// The name of the client in [`Channel::Text`].
const CLIENT: &str = "cli";
/// Somebody who types is given more time than somebody who speaks.
const ANSWER_MS: u64 = 120_000;
/// When the daemon gives up on a conversation that neither ends nor asks: the shop's quote
/// has its own, shorter deadline.
const SETTLE_MS: u64 = 60_000;

/// At most one conversation is typed at a time.
#[derive(Default)]
pub struct TextClient {
    /// Who waits for replies to the last line.
    waiting: Option<mpsc::Sender<Answer>>,
    /// The turn that the next line belongs to, and until when.
    open: Option<(Turn, u64)>,
    /// The conversation is typed, so a `Listen` waits for a line and not for the microphone.
    engaged: bool,
    /// Nothing more comes for this line: the mind listens or rests.
    settled: bool,
    give_up_ms: Option<u64>,
    unread: VecDeque<u32>,
}

impl TextClient {
    /// A line was typed.
    pub fn says(&mut self, text: String, lang: Lang, entropy: Entropy, answers: mpsc::Sender<Answer>, now_ms: u64) -> Heard {
        if let Some(earlier) = self.waiting.replace(answers) {
            answer(&earlier, Answer::Error { what: "somebody else typed in the meantime".into() });
        }
        self.engaged = true;
        self.settled = false;
        self.give_up_ms = Some(now_ms + SETTLE_MS);
        Heard {
            turn: self.open.take().map(|(turn, _)| turn),
            channel: Channel::Text(CLIENT.into()),
            lang,
            nbest: vec![Hypothesis { text, confidence: 1.0 }],
            acoustics: Acoustics::default(),
            entropy,
        }
    }

    pub fn reply(&mut self, say: u32, text: String) {
        self.unread.push_back(say);
        if let Some(client) = &self.waiting {
            answer(client, Answer::Reply { text });
        }
    }

    /// The next reply that counts as read.
    pub fn next_read(&mut self) -> Option<u32> {
        self.unread.pop_front()
    }

    /// Does a `Listen` wait for a typed line?
    pub fn takes_the_turn(&mut self, turn: Turn, now_ms: u64) -> bool {
        if self.engaged {
            self.open = Some((turn, now_ms + ANSWER_MS));
            self.settled = true;
        }
        self.engaged
    }

    /// The conversation is over.
    pub fn rest(&mut self) {
        self.open = None;
        self.settled = true;
        self.engaged = false;
    }

    pub fn deadline_ms(&self) -> Option<u64> {
        self.open.map(|(_, until)| until).into_iter().chain(self.give_up_ms).min()
    }

    /// Silence, if the one who types has left.
    pub fn expired(&mut self, now_ms: u64) -> Option<Event> {
        if self.give_up_ms.is_some_and(|at| at <= now_ms) {
            self.settled = true;
        }
        let (turn, until) = self.open?;
        if until > now_ms {
            return None;
        }
        self.open = None;
        Some(Event::Silence { turn: Some(turn) })
    }

    /// Lets the client go once the mind waits for the household again.
    pub fn finish_if_settled(&mut self) {
        if !self.settled || !self.unread.is_empty() {
            return;
        }
        self.give_up_ms = None;
        if let Some(client) = self.waiting.take() {
            answer(&client, Answer::Done { listening: self.open.is_some() });
        }
    }
}

/// Answers without waiting: a client that does not read loses its answer, not our loop.
pub fn answer(client: &mpsc::Sender<Answer>, with: Answer) {
    if let Err(error) = client.try_send(with) {
        tracing::debug!("a control client did not take its answer: {error}");
    }
}

pub fn done(client: &mpsc::Sender<Answer>) {
    answer(client, Answer::Done { listening: false });
}
