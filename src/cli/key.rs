//! `tendero key`: this device's public key, for the shop; and another one in its place.

use crate::clock::Clock;
use crate::config::Config;
use crate::daemon::start::{broker, make_private_dir, shop_key};
use crate::deliver::envelope::rfc3339;
use crate::deliver::handover::{MAX_OVERLAP_MS, MAX_STEPS, OVERLAP_MS, Step};
use crate::deliver::keys::Keys;
use crate::deliver::pairing::change::{self, Change};
use crate::deliver::store::{FILE, Store};
use crate::deliver::topic::Route;
use anyhow::{Context, ensure};
use std::path::PathBuf;

pub const DAY_MS: i64 = 24 * 3_600_000;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    rotate: Option<Rotate>,
    /// The daemon's configuration.
    #[arg(long, value_name = "FILE", default_value = "/etc/tendero/tendero.toml", global = true)]
    config: PathBuf,
}

#[derive(Debug, clap::Subcommand)]
enum Rotate {
    /// Put a new key in the place of this one; the shop and the other speakers of the home learn it from the old one
    Rotate(Overlap),
}

/// How long both keys count.
#[derive(Debug, clap::Args)]
struct Overlap {
    /// What was signed with the old key counts for so many days more
    #[arg(long, value_name = "DAYS", default_value_t = OVERLAP_MS / DAY_MS, value_parser = clap::value_parser!(i64).range(1..=MAX_OVERLAP_MS / DAY_MS))]
    overlap_days: i64,
}

/// # Errors
/// A configuration or a key that can't be read; for a new key also a shop that does not answer. The old key stays in use then.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let config = Config::load(&args.config)?;
    make_private_dir(&config.state.dir)?;
    match args.rotate {
        None => {
            let keys = Keys::load_or_make(&config.state.dir)?;
            println!("{}/{} {}", config.home.name, config.home.device, keys.public());
            Ok(())
        }
        Some(Rotate::Rotate(overlap)) => rotate(&config, &overlap).await,
    }
}

async fn rotate(config: &Config, overlap: &Overlap) -> anyhow::Result<()> {
    ensure!(!config.shop.key.is_empty(), "this device is not paired with a shop; pair it with tendero pair CODE");
    let clock = Clock::system();
    let now = clock.unix_ms().context("this machine's clock is not set; set it first")?;
    let dir = &config.state.dir;
    let route = Route::new(&config.home.name, &config.home.device, &config.shop.name)?;
    let mut store = Store::open(&dir.join(FILE))?;
    let shop = shop_key(config, &store)?;
    let (keys, next) = (Keys::load_or_make(dir)?, Keys::next_or_make(dir)?);
    let steps = steps_to(&next, &mut store, &route, &keys, now.saturating_add(overlap.overlap_days * DAY_MS))?;
    let until = steps.last().and_then(|step| rfc3339(step.until.unix_ms)).unwrap_or_default();
    let change = Change { steps, to_home: !config.home.siblings().is_empty() };
    let bar = indicatif::ProgressBar::new_spinner().with_message(format!("telling {} the new key", config.shop.name));
    bar.enable_steady_tick(std::time::Duration::from_millis(120));
    let told = change::tell(broker(config), &route, &shop, &next, change, &clock).await;
    bar.finish_and_clear();
    told.context(
        "the old key stays in use; once the trouble is mended, the same command goes on with the same new key",
    )?;
    Keys::change(dir)?;
    println!("{}/{} {}", config.home.name, config.home.device, next.public());
    println!("{} knows it. What the old key signed counts until {until}.", config.shop.name);
    println!("A running daemon signs with the old key until it is restarted: systemctl restart tendero");
    Ok(())
}

/// The steps from this device's first key to the next one: the last was begun before, or is new. They are on disk.
fn steps_to(
    next: &Keys,
    store: &mut Store,
    route: &Route,
    keys: &Keys,
    until_unix_ms: i64,
) -> anyhow::Result<Vec<Step>> {
    let who = route.device_source();
    let mut steps = store.key_steps(&who)?;
    let step = Step::new(&who, keys, next, until_unix_ms);
    if steps.last().is_none_or(|last| (&last.from, &last.to) != (&step.from, &step.to)) {
        store.keep_key_steps(&who, std::slice::from_ref(&step))?;
        steps.push(step);
        steps.drain(..steps.len().saturating_sub(MAX_STEPS));
    }
    Ok(steps)
}
