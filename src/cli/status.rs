//! `tendero status`: what the device is doing, once or line by line: for lights.

use crate::config::Config;
use crate::daemon::control::{Ask, Client};
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The daemon's configuration.
    #[arg(long, value_name = "FILE", default_value = "/etc/tendero/tendero.toml")]
    config: PathBuf,
    /// Go on with a line for each change, until the daemon stops.
    #[arg(long)]
    follow: bool,
    /// JSON, one object a line.
    #[arg(long)]
    json: bool,
}

pub fn run(args: Args) -> anyhow::Result<()> {
    let config = Config::load(&args.config)?;
    super::block_on(async {
        let mut client = Client::connect(&config.state.socket).await?;
        client
            .status(&Ask::Status { follow: args.follow }, |status| {
                if args.json {
                    println!("{}", serde_json::to_string(&status)?);
                } else {
                    let muted = if status.muted { "muted" } else { "open" };
                    println!("{} {muted} microphone={}", status.doing.name(), status.microphone.name());
                }
                Ok(())
            })
            .await
    })
}
