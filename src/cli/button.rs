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
    /// Held for two seconds: an adult approves what waits for it.
    Hold,
}

pub fn run(args: Args) -> anyhow::Result<()> {
    let config = Config::load(&args.config)?;
    let hold = matches!(args.press, Press::Hold);
    super::block_on(async {
        let mut client = Client::connect(&config.state.socket).await?;
        client.ask(&Ask::Press { hold }, |reply| println!("{reply}")).await?;
        Ok(())
    })
}
