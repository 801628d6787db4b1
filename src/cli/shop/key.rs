//! `tendero shop key`: the shop's public key, for a device's configuration; and another one in its place.

use super::place::Place;
use crate::cli::key::DAY_MS;
use crate::clock::Clock;
use crate::deliver::envelope::rfc3339;
use crate::deliver::handover::{MAX_OVERLAP_MS, SHOP_OVERLAP_MS, Step};
use crate::deliver::keys::{KEY_FILE, Keys};
use crate::deliver::topic::shop_source;
use crate::understand::catalog::Catalog;
use anyhow::{Context, ensure};
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct Args {
    #[command(subcommand)]
    rotate: Option<Command>,
    /// Where the shop's key is kept
    #[arg(long, value_name = "DIR", required = true)]
    data_dir: Option<PathBuf>,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Put a new key in the place of this one; paired devices learn it from the old one
    Rotate(Rotate),
}

#[derive(Debug, clap::Args)]
struct Rotate {
    #[command(flatten)]
    place: Place,
    /// What was signed with the old key counts for so many days more; receipts are repeated for 30
    #[arg(long, value_name = "DAYS", default_value_t = SHOP_OVERLAP_MS / DAY_MS, value_parser = clap::value_parser!(i64).range(1..=MAX_OVERLAP_MS / DAY_MS))]
    overlap_days: i64,
}

/// # Errors
/// A folder without a book, a key that can't be read or written. The old key stays in use then.
pub fn run(args: &Args) -> anyhow::Result<()> {
    match (&args.rotate, &args.data_dir) {
        (Some(Command::Rotate(args)), _) => rotate(args),
        (None, Some(data_dir)) => {
            println!("{}", Keys::load_or_make(data_dir)?.public());
            Ok(())
        }
        (None, None) => anyhow::bail!("name --data-dir; see tendero shop key --help"),
    }
}

fn rotate(args: &Rotate) -> anyhow::Result<()> {
    let data_dir = &args.place.data_dir;
    let mut book = args.place.existing_book()?;
    let keys = args.place.keys_of(&book)?;
    let laid_out = book.laid_out()?.context("this shop never started, so nobody has pinned its key yet")?;
    let shop = Catalog::from_json(&laid_out.0)?.shop;
    let now = Clock::system().unix_ms().context("this machine's clock is not set; set it first")?;
    let next = Keys::next_or_make(data_dir)?;
    let step = Step::new(&shop_source(&shop), &keys, &next, now.saturating_add(args.overlap_days * DAY_MS));
    let changed = book.change_key(&step)?;
    ensure!(changed, "somebody else changed the key at the same moment; see tendero shop key");
    Keys::change(data_dir)?;
    println!("{}", next.public());
    println!("What the old key signed counts until {}.", rfc3339(step.until.unix_ms).unwrap_or_default());
    println!("Restart the shop: it signs with the new key then, and its devices learn it at once or when they come.");
    if args.place.database().is_some() {
        println!("Other workers: copy {} to their data folders, then restart them.", data_dir.join(KEY_FILE).display());
    }
    Ok(())
}
