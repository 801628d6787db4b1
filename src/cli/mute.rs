//! `tendero mute`: closes the microphone at its source, and opens it again.

use crate::config::Config;
use crate::daemon::control::{Ask, Client};
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The daemon's configuration.
    #[arg(long, value_name = "FILE", default_value = "/etc/tendero/tendero.toml")]
    config: PathBuf,
    wish: Wish,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Wish {
    /// Not one sample is read from now on, not after a restart either.
    On,
    /// Listens again.
    Off,
    /// The other of the two: for a mute button.
    Toggle,
}

pub fn run(args: Args) -> anyhow::Result<()> {
    let config = Config::load(&args.config)?;
    let ask = match args.wish {
        Wish::On => Ask::Mute { on: true },
        Wish::Off => Ask::Mute { on: false },
        Wish::Toggle => Ask::ToggleMute,
    };
    super::block_on(async {
        let mut client = Client::connect(&config.state.socket).await?;
        client.ask(&ask, |reply| println!("{reply}")).await?;
        Ok(())
    })
}
