//! `tendero key`: this device's public key, for the shop.

use crate::config::Config;
use crate::deliver::keys::Keys;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The daemon's configuration.
    #[arg(long, value_name = "FILE", default_value = "/etc/tendero/tendero.toml")]
    config: PathBuf,
}

pub fn run(args: Args) -> anyhow::Result<()> {
    let config = Config::load(&args.config)?;
    crate::daemon::start::make_private_dir(&config.state.dir)?;
    let keys = Keys::load_or_make(&config.state.dir)?;
    println!("{}/{} {}", config.home.name, config.home.device, keys.public());
    Ok(())
}
