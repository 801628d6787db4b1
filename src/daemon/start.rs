//! From a configuration to a daemon that runs: opens every edge, in the order in which one
//! that is missing is noticed cheapest.

use super::catalogs::Catalogs;
use super::errand::Errands;
use super::{Daemon, Inbox, Parts, QUEUE, control};
use crate::clock::Clock;
use crate::config::Config;
use crate::decide::household::Regular;
use crate::decide::mind::Mind;
use crate::deliver::keys::{Keys, PublicKey};
use crate::deliver::link::{self, LinkConfig, LinkHandle};
use crate::deliver::mqtt::{BrokerConfig, TlsFiles};
use crate::deliver::store::{Store, StoreHandle};
use crate::deliver::topic::Route;
use crate::hear::ears::{self, EarCommand, EarEvent, Ears};
use crate::hear::source::Source;
use crate::hear::stt;
use crate::hear::wake::openwakeword::OpenWakeWord;
use crate::journal::{Journal, Setup as JournalSetup};
use crate::speak::player::Player;
use crate::speak::tts;
use crate::speak::voice::Voice;
use crate::speak::wording::Wording;
use crate::understand::Understanding;
use anyhow::Context;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use tokio::sync::{broadcast, mpsc};

use super::trace::Trace;

/// Traces that a watcher may be behind.
const TRACES: usize = 4096;

/// What a start needs besides the configuration; the demo brings its own microphone and player.
pub struct Setup {
    pub config: Config,
    pub clock: Clock,
    /// `None`: text only.
    pub source: Option<OpenSource>,
    pub player: Box<dyn FnOnce() -> Box<dyn Player> + Send>,
    /// What the household bought before, as the shop knows it.
    pub regulars: BTreeMap<String, Regular>,
}

/// Opens the microphone; called again when it was lost.
pub type OpenSource = Box<dyn FnMut() -> anyhow::Result<Box<dyn Source>> + Send>;

/// A daemon that is ready, and what one can hold it by.
pub struct Ready {
    pub daemon: Daemon,
    pub link: LinkHandle,
    pub traces: broadcast::Sender<Trace>,
    control: tokio::task::JoinHandle<()>,
}

impl Drop for Ready {
    fn drop(&mut self) {
        self.control.abort();
    }
}
