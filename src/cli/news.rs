//! `tendero news`: what the shop may tell, what it told, and changing that.

use crate::config::Config;
use crate::daemon::control::{Ask, Client};
use crate::decide::notice::Notice;
use crate::decide::notice::consent::Wish;
use crate::deliver::envelope::rfc3339;
use crate::deliver::store::{self, Store};
use crate::understand::intent::NewsKind;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The daemon's configuration.
    #[arg(long, value_name = "FILE", default_value = "/etc/tendero/tendero.toml")]
    config: PathBuf,
    /// Agree (`on`), agree to nothing else (`only`), or withdraw (`off`); without it, show what is agreed to.
    #[arg(value_name = "on|only|off")]
    switch: Option<Switch>,
    /// news, offer, recipe, recall; without one, `on` means news and offers, and `off` all of them.
    #[arg(value_name = "KIND")]
    kinds: Vec<NewsKind>,
    /// What is agreed to and what was told, as one JSON object.
    #[arg(long, conflicts_with = "switch")]
    json: bool,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Switch {
    On,
    Only,
    Off,
}

pub fn run(args: Args) -> anyhow::Result<()> {
    let config = Config::load(&args.config)?;
    let Some(switch) = args.switch else { return show(&config, args.json) };
    let (on, only) = match switch {
        Switch::On => (true, false),
        Switch::Only => (true, true),
        Switch::Off => (false, false),
    };
    anyhow::ensure!(!only || !args.kinds.is_empty(), "name a kind: tendero news only recall");
    let wish = Wish { on, only, kinds: args.kinds };
    super::block_on(async {
        let mut client = Client::connect(&config.state.socket).await?;
        client.ask(&Ask::NewsWish { wish }, |reply| println!("{reply}")).await?;
        Ok(())
    })
}

fn show(config: &Config, json: bool) -> anyhow::Result<()> {
    let path = config.state.dir.join(store::FILE);
    anyhow::ensure!(path.exists(), "there is no store at {}; has the daemon run?", path.display());
    let store = Store::open(&path)?;
    let household = store.household(None)?;
    let (consent, known) = (household.consent, store.consent_due()?.is_none());
    if json {
        let value = serde_json::json!({
            "consent": consent,
            "shop_knows": known,
            "recalls_of_what_was_bought": config.policy.recalls,
            "dropped": store.notices_dropped()?,
            "told": household.notices,
        });
        println!("{value}");
        return Ok(());
    }
    let kinds: Vec<&str> = consent.kinds.iter().map(|kind| kind.name()).collect();
    let since = consent.at_unix_ms.and_then(rfc3339).map_or(String::new(), |at| format!(", since {at}"));
    match kinds.as_slice() {
        [] => println!("agreed to: nothing{since}"),
        kinds => println!("agreed to: {}{since}", kinds.join(", ")),
    }
    if !known {
        println!("the shop does not know that yet; it is told as soon as it can be reached");
    }
    if config.policy.recalls {
        println!("recalls of what was bought here are told in any case; [policy] recalls = false ends that");
    }
    household.notices.iter().for_each(|notice| println!("{}", told(notice, config)));
    Ok(())
}

fn told(notice: &Notice, config: &Config) -> String {
    let at = notice.told_unix_ms.and_then(rfc3339).unwrap_or_else(|| "not told yet".into());
    let text = notice.texts.get(&config.home.language).or_else(|| notice.texts.values().next());
    format!("{at}  {}: {}", notice.kind.name(), text.map_or("", String::as_str))
}
