//! What [`super::probe`] finds out, for [`super::verdict`] to judge.

use crate::cli::models;
use crate::daemon::mute::By;
use crate::daemon::status::Status;
use crate::deliver::mqtt::Trouble;
use std::path::PathBuf;

/// The machine. `None`: it does not say.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Board {
    pub model: Option<String>,
    pub cores: Option<usize>,
    pub memory_mib: Option<u64>,
    /// What programs can still take.
    pub free_mib: Option<u64>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct ClockSeen {
    /// As a person writes it; `None`: not to be believed.
    pub time: Option<String>,
    /// Does a time service set it? `None`: the system does not say.
    pub synchronised: Option<bool>,
}

/// The state folder.
#[derive(Debug, Clone, PartialEq)]
pub struct State {
    pub dir: PathBuf,
    pub there: There,
    /// Whose this process is.
    pub uid: u32,
    /// Of the file system it is on, or would be.
    pub free_mib: Option<u64>,
    pub files: Vec<FileSeen>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum There {
    Folder {
        owner: u32,
        owner_name: String,
        /// Permission bits.
        mode: u32,
        /// By this process.
        writable: bool,
    },
    /// Not yet; whether it can be made, and if not, why.
    Missing { why_not: Option<String> },
    /// Something else stands there, or the way there is closed to this user.
    Not(String),
}

#[derive(Debug, Clone, PartialEq)]
pub struct FileSeen {
    pub path: PathBuf,
    pub owner: u32,
    /// Permission bits.
    pub mode: u32,
    /// A key, a password, or what people said.
    pub secret: bool,
}

impl State {
    /// May this process look into it and change it?
    pub fn is_ours(&self) -> bool {
        match self.there {
            There::Folder { writable, .. } => writable,
            There::Missing { ref why_not } => why_not.is_none(),
            There::Not(_) => false,
        }
    }
}

/// A daemon at the control socket.
#[derive(Debug, Clone, PartialEq)]
pub enum DaemonSeen {
    Runs(Status),
    /// Nobody answers.
    Silent,
    /// This user may not ask.
    Closed,
    Trouble(String),
}

/// A microphone or a loudspeaker.
#[derive(Debug, Clone, PartialEq)]
pub enum DeviceSeen {
    Off,
    /// Standard input of the daemon.
    Pipe,
    Recording(PathBuf),
    #[cfg_attr(not(feature = "audio"), allow(dead_code, reason = "such a build finds no cards"))]
    Card {
        name: String,
        /// As it would be opened; `None`: another program holds it.
        format: Option<String>,
        /// `None`: not tried.
        opened: Option<Result<String, String>>,
    },
    /// Not there, or not usable by this build.
    Not(String),
}

#[derive(Debug, Clone, PartialEq)]
pub struct MicrophoneSeen {
    pub device: DeviceSeen,
    pub muted: Option<By>,
}

/// One engine of the configuration, in its order.
#[derive(Debug, Clone, PartialEq)]
pub struct EngineSeen {
    pub name: String,
    /// `None`: there is no such engine.
    pub known: Option<Known>,
    /// `None`: not tried, since it is no part of this build or of any.
    pub start: Option<Start>,
    /// Names of all there are.
    pub names: Vec<&'static str>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Known {
    pub compiled: bool,
    pub feature: Option<&'static str>,
    pub install: String,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Start {
    /// `did`: what was tried.
    Starts {
        took_ms: u64,
        peak_mib: u64,
        did: String,
    },
    Fails(String),
    /// It ended its process, or was not ready in time.
    Ends(String),
}

/// A model that is recommended for this language and memory.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelSeen {
    pub name: String,
    pub engine: String,
    pub state: models::State,
    /// Where it is, or what brings it.
    pub note: String,
    /// `tendero models pull` brings it.
    pub is_pulled: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub struct ModelsSeen {
    /// The memory that they are meant for, MB; `None`: the board does not say how much it has.
    pub board_mb: Option<u32>,
    pub models: Vec<ModelSeen>,
    /// May this user write in the folder of models?
    pub writable: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Pairing {
    pub shop: String,
    /// The shop's key is set.
    pub pinned: bool,
    /// This device's own; `None`: not made yet.
    pub own: Result<Option<String>, String>,
    /// Another speaker of the home that has the key of this one.
    pub twin: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct CatalogSeen {
    pub shop: String,
    pub version: u64,
    pub products: usize,
    /// Whole days since its file was written.
    pub age_days: Option<i64>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum BrokerSeen {
    NotAsked,
    /// It let us in. The shop's own word on whether it is there; `None`: no word that its key signed.
    Answers {
        took_ms: u64,
        shop: Option<bool>,
    },
    Trouble(Trouble),
    /// It did not answer within so many seconds.
    Silent(u64),
}

/// What the store and the files beside it say.
#[derive(Debug, Clone, PartialEq)]
pub struct Book {
    pub pin: Result<bool, String>,
    pub store: BookState,
    pub journal_mib: Option<u64>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum BookState {
    /// There is none yet.
    New,
    /// An older tendero's.
    Older,
    /// It can't be read.
    Trouble(String),
    Read {
        wrong_pins: u32,
        orders: usize,
        /// For the household: an adult, the time to think again.
        held: usize,
        /// For the shop's answer.
        waiting: usize,
        /// Sent or to be sent, and over: no answer came in time.
        dead: usize,
    },
}
