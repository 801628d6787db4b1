//! `tendero button`: what a GPIO script calls when the device's button is pressed.
//!
//! The control socket's file mode decides who may: pressing is an adult's act, so the socket
//! belongs to the daemon's user and group.

use crate::config::Config;
use crate::daemon::control::{Ask, Client};
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The daemon's configuration.
    #[arg(long, value_name = "FILE", default_value = "/etc/tendero/tendero.toml")]
    config: PathBuf,
    press: Press,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Press {
    /// A tap: stops the speaker, or takes back what is held.
    Tap,
    /// The mute button: closes the microphone, or opens it again.
    Mute,
    /// Held for two seconds: an adult approves what waits for it.
    Hold,
}

pub fn run(args: Args) -> anyhow::Result<()> {
    let config = Config::load(&args.config)?;
    let ask = match args.press {
        Press::Tap => Ask::Press { hold: false },
        Press::Hold => Ask::Press { hold: true },
        Press::Mute => Ask::ToggleMute,
    };
    super::block_on(async {
        let mut client = Client::connect(&config.state.socket).await?;
        client.ask(&ask, |reply| println!("{reply}")).await?;
        Ok(())
    })
}
