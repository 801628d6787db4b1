//! `tendero run`: the daemon.

use crate::clock::Clock;
use crate::config::{self, Config};
use crate::daemon::start::{Setup, start};
use crate::hear::ears::Cleaner;
use crate::hear::source::{Pipe, Recording, Source};
use crate::speak::player::{Player, Silent};
use anyhow::Context;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use tokio::signal::unix::{SignalKind, signal};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The configuration; `tendero config` prints one to start from.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Run an MQTT broker in this process, on the port of [broker] url. For first steps: it
    /// forgets everything when it stops.
    #[cfg(feature = "demo-broker")]
    #[arg(long)]
    demo_broker: bool,
}

pub fn run(args: Args) -> anyhow::Result<()> {
    let config = Config::load(&args.config)?;
    super::init_logs(super::LOGS_OF_A_SERVICE);
    super::block_on(async move {
        #[cfg(feature = "demo-broker")]
        if args.demo_broker {
            let (_, port, _) = crate::deliver::mqtt::parse_url(&config.broker.url)?;
            crate::deliver::broker::spawn(port).context("can't start the broker in this process")?;
        }
        let (player, canceller) = open_speaker(&config.speaker)?;
        let ready = start(Setup {
            source: open_source(&config.microphone)?,
            player,
            canceller,
            clock: Clock::system(),
            config,
            regulars: BTreeMap::new(),
        })
        .await?;
        let _ = sd_notify::notify(&[sd_notify::NotifyState::Ready]);
        tracing::info!("tendero is listening");
        let ended = ready.run(stop_signal()?).await;
        tracing::info!("tendero has stopped");
        ended
    })
}

/// `None`: text only.
pub(super) fn open_source(microphone: &config::Microphone) -> anyhow::Result<Option<Box<dyn Source>>> {
    let device = microphone.device.as_str();
    if device == "off" {
        return Ok(None);
    }
    if device == "pipe" {
        return Ok(Some(Box::new(Pipe::stdin())));
    }
    let path = Path::new(device);
    if path.extension().is_some() && path.is_file() {
        return Ok(Some(Box::new(Recording::open(path)?)));
    }
    #[cfg(feature = "audio")]
    return Ok(Some(Box::new(crate::hear::source::cpal::Microphone::new(device, microphone.channel))));
    #[cfg(not(feature = "audio"))]
    anyhow::bail!(
        "this build is without sound cards: set [microphone] device to \"off\", or build with --features audio"
    );
}

pub(super) type OpenPlayer = Box<dyn FnOnce() -> Box<dyn Player> + Send>;

pub(super) fn open_player(device: String) -> anyhow::Result<OpenPlayer> {
    if device == "off" {
        return Ok(Box::new(|| Box::new(Silent)));
    }
    #[cfg(feature = "audio")]
    return Ok(Box::new(move || Box::new(crate::speak::player::Device::new(&device))));
    #[cfg(not(feature = "audio"))]
    anyhow::bail!("this build is without sound cards: set [speaker] device to \"off\", or build with --features audio");
}

/// The loudspeaker, and with barge-in what takes it out of the microphone's sound.
#[cfg(all(feature = "audio", feature = "barge-in"))]
fn open_speaker(speaker: &config::Speaker) -> anyhow::Result<(OpenPlayer, Option<Cleaner>)> {
    let device = speaker.device.clone();
    if device == "off" || !speaker.barge_in {
        return Ok((open_player(device)?, None));
    }
    let (playback, mut canceller) = crate::echo::pair();
    let player = move || -> Box<dyn Player> {
        Box::new(crate::speak::player::Device::new(&device).with_reference(Box::new(playback)))
    };
    Ok((Box::new(player), Some(Box::new(move |hop| canceller.clean(hop)))))
}

#[cfg(not(all(feature = "audio", feature = "barge-in")))]
fn open_speaker(speaker: &config::Speaker) -> anyhow::Result<(OpenPlayer, Option<Cleaner>)> {
    anyhow::ensure!(
        !speaker.barge_in,
        "this build is without barge-in: set [speaker] barge_in to false, or build with --features audio,barge-in"
    );
    Ok((open_player(speaker.device.clone())?, None))
}

/// Completes on SIGTERM or Ctrl-C.
fn stop_signal() -> anyhow::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate()).context("can't wait for signals")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("can't wait for signals")?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
