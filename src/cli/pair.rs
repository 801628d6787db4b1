//! `tendero pair CODE`: makes this device's keys, exchanges them with the shop's, and writes down what it was given.

use crate::clock::Clock;
use crate::config::{Config, ConfigError, edit};
use crate::daemon::catalogs::Catalogs;
use crate::daemon::start::make_private_dir;
use crate::deliver::keys::Keys;
use crate::deliver::pairing::code::Code;
use crate::deliver::pairing::{Paired, device};
use crate::deliver::topic;
use crate::private_file;
use anyhow::{Context, ensure};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Files of the state folder.
const PASSWORD_FILE: &str = "broker-password";
const CA_FILE: &str = "broker-ca.pem";

#[derive(Debug, clap::Args)]
pub struct Args {
    /// What `tendero shop pair` printed, TENDERO-...
    #[arg(required = true)]
    code: Vec<String>,
    /// The daemon's configuration; it is made if it is not there.
    #[arg(long, value_name = "FILE", default_value = "/etc/tendero/tendero.toml")]
    config: PathBuf,
    /// This device's name within the home [default: as the configuration has it].
    #[arg(long, value_name = "NAME")]
    device: Option<String>,
    /// Pair it although it is paired with a shop already.
    #[arg(long)]
    again: bool,
}

/// # Errors
/// A code that is wrong, used or over; a broker or a shop that does not answer; a file that can't be written. Until all
/// is exchanged and tried nothing of the configuration changes.
pub async fn run(args: &Args) -> anyhow::Result<()> {
    // Whoever types it may leave spaces for the hyphens.
    let code = Code::parse(&args.code.join(" "))?;
    let config = match Config::load(&args.config) {
        Err(ConfigError::Read { why, .. }) if why.kind() == std::io::ErrorKind::NotFound => Config::default(),
        read => read?,
    };
    ensure!(
        config.shop.key.is_empty() || args.again,
        "this device is paired with the shop {} already; --again pairs it anew",
        config.shop.name
    );
    let name = args.device.as_ref().unwrap_or(&config.home.device);
    topic::check("device", name)?;
    make_private_dir(&config.state.dir)?;
    let keys = Keys::load_or_make(&config.state.dir)?;
    let bar = indicatif::ProgressBar::new_spinner().with_message(format!("asking the shop behind {}", code.broker));
    bar.enable_steady_tick(Duration::from_millis(120));
    let paired = device::ask(&code, name, &keys).await?;
    bar.set_message(format!("{} knows this device; reading its catalogue", paired.shop));
    let ca = write_credentials(&config.state.dir, &paired)?;
    let catalog = device::first_catalog(&paired, ca.as_deref(), &Clock::system()).await?;
    bar.finish_and_clear();
    Catalogs::begin(&catalog, &config.state.dir)?;
    // Last: from here on the daemon is that device.
    edit::set(&args.config, &values(&config, &paired, ca.as_deref()))?;
    println!(
        "This is {} of {} now, paired with {} ({} products).\nRestart the daemon: sudo systemctl restart tendero",
        paired.device,
        paired.home,
        paired.seller,
        catalog.products.len()
    );
    Ok(())
}

/// Readable by the daemon's user only; gives the certificate authority's file, if there is one.
fn write_credentials(state_dir: &Path, paired: &Paired) -> anyhow::Result<Option<PathBuf>> {
    let write = |name: &str, text: &str| {
        let path = state_dir.join(name);
        private_file::write(&path, text.as_bytes()).with_context(|| format!("can't write {}", path.display()))?;
        anyhow::Ok(path)
    };
    write(PASSWORD_FILE, &format!("{}\n", paired.broker.password))?;
    paired.broker.ca.as_ref().map(|pem| write(CA_FILE, pem)).transpose()
}

fn values(config: &Config, paired: &Paired, ca: Option<&Path>) -> Vec<(&'static str, &'static str, String)> {
    let path = |path: &Path| path.display().to_string();
    vec![
        ("home", "name", paired.home.clone()),
        ("home", "device", paired.device.clone()),
        ("broker", "url", paired.broker.url.clone()),
        ("broker", "password_file", path(&config.state.dir.join(PASSWORD_FILE))),
        ("broker", "ca_file", ca.map(path).unwrap_or_default()),
        ("shop", "name", paired.shop.clone()),
        ("shop", "key", paired.key.clone()),
        ("shop", "catalog", String::new()),
    ]
}
