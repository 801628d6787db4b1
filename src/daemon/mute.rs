//! Muting: by a hand at the device or over the broker, kept over a restart.
//!
//! What a hand muted the broker cannot open again: a promise that is made at the device holds until somebody there
//! takes it back.

use super::Daemon;
use crate::decide::event::Event;
use crate::deliver::link::LinkCommand;
use crate::hear::ears::EarCommand;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Who muted it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// The button or the command.
    Hand,
    /// Somebody who may write at the broker.
    Broker,
}

/// What is kept over a restart.
#[derive(Debug, Clone)]
pub struct MuteFile {
    path: PathBuf,
}

impl MuteFile {
    pub const NAME: &str = "muted";

    pub fn new(state_dir: &Path) -> MuteFile {
        MuteFile { path: state_dir.join(MuteFile::NAME) }
    }

    /// `None`: not muted. A file that can't be read counts as muted by hand.
    pub fn read(&self) -> Option<By> {
        match std::fs::read_to_string(&self.path) {
            Ok(text) if text.trim() == "broker" => Some(By::Broker),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Ok(_) | Err(_) => Some(By::Hand),
        }
    }

    fn write(&self, muted: Option<By>) -> std::io::Result<()> {
        let text = match muted {
            Some(By::Hand) => "hand",
            Some(By::Broker) => "broker",
            None => {
                return match std::fs::remove_file(&self.path) {
                    Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
                    Ok(()) | Err(_) => Ok(()),
                };
            }
        };
        std::fs::write(&self.path, text)
    }
}

/// Who has muted it after somebody wished so; `Err`: it stays as it is.
fn after(muted: Option<By>, on: bool, by: By) -> Result<Option<By>, ()> {
    match (muted, on, by) {
        (Some(By::Hand), true, By::Broker | By::Hand) => Ok(Some(By::Hand)),
        (None | Some(By::Broker), true, by) => Ok(Some(by)),
        (Some(By::Hand), false, By::Broker) => Err(()),
        (None | Some(By::Broker | By::Hand), false, By::Broker | By::Hand) => Ok(None),
    }
}

impl Daemon {
    /// The microphone is let go of at once, or taken up again.
    pub(super) fn mute(&mut self, on: bool, by: By) -> Vec<Event> {
        let before = self.board.muted;
        let Ok(muted) = after(before, on, by) else {
            tracing::warn!("muted at the device, so it can't be opened over the broker: tendero mute off");
            self.tell_muted();
            return vec![];
        };
        self.board.muted = muted;
        self.tell_ears(EarCommand::Mute(on));
        if let Err(error) = self.parts.mute_file.write(muted) {
            tracing::error!("muting can't be kept over a restart: {}: {error}", self.parts.mute_file.path.display());
        }
        self.tell_muted();
        if before.is_some() == on {
            return vec![];
        }
        tracing::info!("{}", if on { "muted: the microphone is closed" } else { "the microphone is open again" });
        self.board.listening = false;
        vec![Event::Muted { on }]
    }

    /// Also after each connection.
    pub(super) fn tell_muted(&self) {
        self.parts.errands.send(LinkCommand::TellMuted { muted: self.board.muted.is_some() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_broker_opens_only_what_it_closed() {
        for (before, on, by, then) in [
            (None, true, By::Hand, Ok(Some(By::Hand))),
            (None, true, By::Broker, Ok(Some(By::Broker))),
            (None, false, By::Broker, Ok(None)),
            (Some(By::Broker), false, By::Broker, Ok(None)),
            (Some(By::Broker), true, By::Hand, Ok(Some(By::Hand))),
            (Some(By::Hand), true, By::Broker, Ok(Some(By::Hand))),
            (Some(By::Hand), false, By::Broker, Err(())),
            (Some(By::Hand), false, By::Hand, Ok(None)),
        ] {
            assert_eq!(after(before, on, by), then, "{before:?} {on} {by:?}");
        }
    }

    #[test]
    fn it_is_kept_and_what_is_unreadable_stays_closed() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let file = MuteFile::new(dir.path());
        assert_eq!(file.read(), None);
        for muted in [Some(By::Hand), Some(By::Broker), None, None] {
            file.write(muted).expect("the folder can be written");
            assert_eq!(file.read(), muted);
        }
        std::fs::create_dir(dir.path().join(MuteFile::NAME)).expect("the folder can be written");
        assert_eq!(file.read(), Some(By::Hand));
    }
}
