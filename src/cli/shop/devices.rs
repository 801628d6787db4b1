//! `tendero shop devices` and `tendero shop revoke`: whom the shop trusts.

use super::place::Place;
use anyhow::Context;

#[derive(Debug, clap::Args)]
pub struct List {
    #[command(flatten)]
    place: Place,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
pub struct Revoke {
    #[command(flatten)]
    place: Place,
    /// HOME/DEVICE
    device: String,
}

pub fn list(args: &List) -> anyhow::Result<()> {
    for device in args.place.existing_book()?.devices()? {
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
    let (home, device) = split(&args.device)?;
    let was_trusted = args.place.existing_book()?.revoke(home, device)?;
    anyhow::ensure!(was_trusted, "{} is not trusted; tendero shop devices lists those that are", args.device);
    println!("{} is trusted no longer; what it ordered before stands", args.device);
    Ok(())
}

/// The home and the device that HOME/DEVICE names.
///
/// # Errors
/// It names none.
pub fn split(text: &str) -> anyhow::Result<(&str, &str)> {
    text.split_once('/').with_context(|| format!("\"{text}\" is not HOME/DEVICE, such as casa/kitchen"))
}
