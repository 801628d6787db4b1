//! `tendero why`: what was heard last, and what the guards made of it.

use super::{orders, story};
use crate::config::Config;
use crate::speak::wording::Wording;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The daemon's configuration.
    #[arg(long, value_name = "FILE", default_value = "/etc/tendero/tendero.toml")]
    config: PathBuf,
    /// So many requests, the newest last.
    #[arg(long, short = 'n', default_value_t = 1)]
    last: usize,
    /// What each guard looked at, too.
    #[arg(long)]
    guards: bool,
    /// One JSON object a line.
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    let config = Config::load(&args.config)?;
    let store = orders::open_book(&config)?;
    let audit = store.audit(None)?;
    let wording = Wording::new()?;
    if audit.is_empty() && !args.json {
        println!("nothing was asked for yet");
    }
    for entry in audit.iter().skip(audit.len().saturating_sub(args.last)) {
        if args.json {
            println!("{}", serde_json::to_string(entry)?);
        } else {
            story::tell(entry, &wording, config.home.language, args.guards);
            if let Some(order) = entry.order.as_ref().map(|id| store.order(id)).transpose()?.flatten() {
                story::acknowledgement(&order, &wording, config.home.language);
            }
        }
    }
    Ok(())
}
