//! What the device is doing, for lights and pages: worked out from what the loop knows, and told to who follows.

use super::Daemon;
use super::control::Answer;
use super::mute::By;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

/// Clients that may follow at the same time.
const FOLLOWERS: usize = 8;

/// The device now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    pub doing: Doing,
    /// Not one sample is read.
    pub muted: bool,
    pub microphone: Microphone,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Doing {
    /// Waits for the wake word.
    Resting,
    /// Somebody is being listened to.
    Listening,
    /// What was said is being worked on: the shop is asked, say.
    Thinking,
    Speaking,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Microphone {
    /// Text only.
    Off,
    On,
    /// Gone; it is looked for again and again.
    Lost,
}

impl Doing {
    pub fn name(self) -> &'static str {
        match self {
            Doing::Resting => "resting",
            Doing::Listening => "listening",
            Doing::Thinking => "thinking",
            Doing::Speaking => "speaking",
        }
    }
}

impl Microphone {
    pub fn name(self) -> &'static str {
        match self {
            Microphone::Off => "off",
            Microphone::On => "on",
            Microphone::Lost => "lost",
        }
    }
}

/// What the loop remembers for it.
pub(super) struct Board {
    /// The ears take down an utterance.
    pub listening: bool,
    pub lost: bool,
    pub muted: Option<By>,
    followers: Vec<mpsc::Sender<Answer>>,
    told: Option<Status>,
}

impl Board {
    pub fn new(muted: Option<By>) -> Board {
        Board { listening: false, lost: false, muted, followers: vec![], told: None }
    }
}

impl Daemon {
    pub(super) fn status(&self) -> Status {
        let doing = if self.sounding > 0 {
            Doing::Speaking
        } else if self.board.listening {
            Doing::Listening
        } else if self.parts.mind.is_in_conversation() {
            Doing::Thinking
        } else {
            Doing::Resting
        };
        let microphone = match (&self.parts.ears, self.board.lost) {
            (None, _) => Microphone::Off,
            (Some(_), false) => Microphone::On,
            (Some(_), true) => Microphone::Lost,
        };
        Status { doing, muted: self.board.muted.is_some(), microphone }
    }

    /// A client wants to know, once or from now on.
    pub(super) fn follow(&mut self, client: mpsc::Sender<Answer>, on: bool) {
        let status = self.status();
        let sent = client.try_send(Answer::Status { status }).is_ok();
        self.board.followers.retain(|follower| !follower.is_closed());
        if !on {
            let _ = client.try_send(Answer::Done { listening: false });
        } else if self.board.followers.len() >= FOLLOWERS {
            let what = format!("{FOLLOWERS} others follow already");
            let _ = client.try_send(Answer::Error { what });
        } else if sent {
            self.board.followers.push(client);
        }
    }

    /// Tells who follows what has changed. Who can't keep up is let go: a light that lags is worse than none.
    pub(super) fn tell_followers(&mut self) {
        let status = self.status();
        if self.board.told != Some(status) {
            self.board.told = Some(status);
            self.board.followers.retain(|follower| follower.try_send(Answer::Status { status }).is_ok());
        }
    }
}
