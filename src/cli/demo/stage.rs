//! The stage: broker, shop, daemon and the room, and the patience to wait for each cue.

use super::household::{Household, Person};
use super::tape::Tape;
use super::terminal::Terminal;
use super::Args;
use crate::clock::Clock;
use crate::config::Config;
use crate::daemon::start::{Running, Setup};
use crate::daemon::trace::Trace;
use crate::decide::effect::{Effect, Write};
use crate::decide::guard::Verdict;
use crate::decide::household::Regular;
use crate::decide::order::OrderState;
use crate::decide::reply::Reply;
use crate::deliver::mqtt::BrokerConfig;
use crate::hear::HOP_MS;
use crate::hear::source::feed::{Feed, FeedSource};
use crate::shop::{Shop, ShopConfig, ShopHandle};
use crate::speak::player::{Player, Virtual};
use crate::understand::Understanding;
use anyhow::{Context, bail};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tokio::sync::broadcast;

/// Real time within which each cue must come.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long nothing must happen for a scene to be over, real time.
const CALM: Duration = Duration::from_millis(400);
/// The catalogue that ships with the program.
const CATALOG: &str = include_str!("../../../demo/catalog.json");
/// Local time at which the demo begins: nobody's quiet hours.
const BEGINS_MINUTE: u64 = 18 * 60;

pub struct Stage {
    clock: Clock,
    room: Household,
    tape: Tape,
    terminal: Terminal,
    feed: Feed,
    traces: broadcast::Receiver<Trace>,
    running: Running,
    shop: ShopHandle,
    broker: Broker,
    hold: Duration,
    booked_before: usize,
    _dir: tempfile::TempDir,
}
