//! `tendero shop devices` and `tendero shop revoke`: whom the shop trusts.

use super::existing_book;
use anyhow::Context;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub struct List {
    #[arg(long, value_name = "DIR")]
    data_dir: PathBuf,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
pub struct Revoke {
    #[arg(long, value_name = "DIR")]
    data_dir: PathBuf,
    /// HOME/DEVICE
    device: String,
}

pub fn list(args: &List) -> anyhow::Result<()> {
    for device in existing_book(&args.data_dir)?.devices()? {
        if args.json {
            println!("{}", serde_json::to_string(&device)?);
        } else {
            println!("{}/{} {}", device.home, device.device, device.key);
        }
    }
    Ok(())
}

/// A running shop refuses the device from its next message on.
///
/// # Errors
/// A device that the shop does not trust anyway.
pub fn revoke(args: &Revoke) -> anyhow::Result<()> {
    let (home, device) =
        args.device.split_once('/').with_context(|| format!("\"{}\" is not HOME/DEVICE", args.device))?;
    let was_trusted = existing_book(&args.data_dir)?.revoke(home, device)?;
    anyhow::ensure!(was_trusted, "{} is not trusted; tendero shop devices lists those that are", args.device);
    println!("{} is trusted no longer; what it ordered before stands", args.device);
    Ok(())
}
