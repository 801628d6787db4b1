//! `tendero forget`: deletes everything that the device knows about its household.

use crate::clock::Clock;
use crate::config::Config;
use crate::daemon::{catalogs, pin, start};
use crate::decide::effect::Write;
use crate::deliver::envelope::random_hex128;
use crate::deliver::keys::{KEY_FILE, Keys};
use crate::deliver::link;
use crate::deliver::store::{self, Store, StoreHandle};
use crate::deliver::topic::Route;
use crate::hear::{fingerprint, voiceprint};
use crate::journal;
use crate::speak::phrases;
use anyhow::{Context, bail, ensure};
use std::io::{BufRead, ErrorKind, IsTerminal, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// How long the shop may take to answer that it knows, and how often that is looked at.
const SHOP_WAIT: Duration = Duration::from_secs(10);
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// The names of what the daemon keeps in its state folder.
const OURS: [&str; 8] = [
    store::FILE,
    journal::FILE,
    catalogs::FILE,
    pin::FILE,
    fingerprint::book::FILE,
    fingerprint::memory::FILE,
    voiceprint::book::FILE,
    KEY_FILE,
];

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The daemon's configuration.
    #[arg(long, value_name = "FILE", default_value = "/etc/tendero/tendero.toml")]
    config: PathBuf,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
}

pub fn run(args: Args) -> anyhow::Result<()> {
    let config = Config::load(&args.config)?;
    let dir = &config.state.dir;
    if UnixStream::connect(&config.state.socket).is_ok() {
        bail!(
            "the daemon is running; stop it first (`systemctl stop tendero`), or it would write everything down again"
        );
    }
    if files(dir)?.is_empty() {
        println!("there is nothing to forget in {}", dir.display());
        return Ok(());
    }
    let open = open_orders(dir);
    if !args.yes {
        agree(&config.home.name, dir, open)?;
    }
    // First: what is forgotten can't be withdrawn.
    match super::block_on(withdraw_consent(&config)) {
        Ok(false) => {}
        Ok(true) => println!("the shop knows that nobody here agrees to hear its news any more"),
        Err(why) => println!(
            "the shop could not be told that nobody here agrees to hear its news any more ({why:#}). Ask it to revoke this \
             device; until it does, what it tells reaches nobody who agreed to it, and is dropped"
        ),
    }
    let files = files(dir)?;
    for file in &files {
        match std::fs::remove_file(file) {
            // What SQLite leaves beside a file it takes away itself, a moment after the store was closed.
            Err(why) if why.kind() == ErrorKind::NotFound => {}
            removed => {
                removed.with_context(|| format!("can't remove {}; what came before it is gone", file.display()))?
            }
        }
    }
    // Empty now, unless somebody put something else there.
    let _ = std::fs::remove_dir(dir.join(phrases::DIR));
    println!("forgotten: {} files in {}", files.len(), dir.display());
    println!(
        "the device has no key any more and must be made known to the shop anew. What the shop keeps of your orders, ask the shop."
    );
    Ok(())
}

/// Tells the shop that nothing is agreed to any more, and waits for its word. `false`: there was nothing to withdraw.
///
/// # Errors
/// Why it does not know.
async fn withdraw_consent(config: &Config) -> anyhow::Result<bool> {
    let dir = &config.state.dir;
    let path = dir.join(store::FILE);
    if !path.exists() {
        return Ok(false);
    }
    let mut store = Store::open(&path)?;
    let agreed = store.household(None)?.consent;
    if agreed.kinds.is_empty() && store.consent_due()?.is_none() {
        return Ok(false);
    }
    let clock = Clock::system();
    let withdrawn = agreed.followed_by(random_hex128(), Default::default(), clock.unix_ms());
    store.commit(&[Write::Consent(withdrawn)], &mut |_, _| bail!("no order is written here"))?;
    let keys = Arc::new(Keys::load_or_make(dir)?);
    let route = Route::new(&config.home.name, &config.home.device, &config.shop.name)?;
    let link_config = start::link_config(config, route.clone(), Default::default(), &store)?;
    let store = StoreHandle::spawn(store, link::sealer(keys.clone(), route, clock.clone()))?;
    let (link, mut events) = link::start(link_config, keys, store.clone(), clock)?;
    let told = async {
        loop {
            if store.read(|store| store.consent_due()).await?.is_none() {
                return Ok(true);
            }
            // What else comes is of no use any more.
            let _ = tokio::time::timeout(LOOK_EVERY, events.recv()).await;
        }
    };
    let told = tokio::time::timeout(SHOP_WAIT, told).await;
    link.stop();
    told.unwrap_or_else(|_| bail!("no answer within {} s", SHOP_WAIT.as_secs()))
}

/// What of the state folder is ours: a folder that was named by mistake loses nothing else.
fn files(dir: &Path) -> anyhow::Result<Vec<PathBuf>> {
    if !dir.exists() {
        return Ok(vec![]);
    }
    let entries = std::fs::read_dir(dir).with_context(|| format!("can't read the state folder {}", dir.display()))?;
    let mut files = entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>()?;
    files.retain(|file| file.file_name().and_then(|name| name.to_str()).is_some_and(is_ours));
    files.extend(phrases::ours(dir)?);
    files.sort();
    Ok(files)
}

/// A daemon's file, with what SQLite and half-done writes leave beside it.
fn is_ours(name: &str) -> bool {
    OURS.iter().any(|ours| {
        let rest = name.strip_prefix('.').unwrap_or(name).strip_prefix(ours);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '.']))
    })
}

/// Orders that still wait for something. A store that can't be read does not keep anybody from deleting it.
fn open_orders(dir: &Path) -> usize {
    let path = dir.join(store::FILE);
    let orders = path.exists().then(|| Store::open(&path).and_then(|store| store.orders()));
    orders.and_then(Result::ok).map_or(0, |orders| orders.iter().filter(|order| !order.state.is_settled()).count())
}

fn agree(home: &str, dir: &Path, open: usize) -> anyhow::Result<()> {
    ensure!(std::io::stdin().is_terminal(), "this deletes everything in {}; say --yes to mean it", dir.display());
    println!(
        "This deletes orders, log, journal, shopping list, PIN, fingerprints, voiceprints, spoken sentences and the device's key in {}.",
        dir.display()
    );
    if open > 0 {
        println!("{open} orders are still open: what the shop answers about them will not be heard.");
    }
    print!("Type the home's name, {home}, to go on: ");
    std::io::stdout().flush()?;
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    ensure!(line.trim() == home, "that is not the home's name; nothing was deleted");
    Ok(())
}
