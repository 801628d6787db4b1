//! `tendero chat`: reads what a person at the shop said, and prints the conversations as they are on disk.

use crate::config::Config;
use crate::daemon::control::{Ask, Client};
use crate::decide::chat::{ChatLine, Handoff};
use crate::deliver::envelope::rfc3339;
use crate::deliver::store::{self, Store};
use std::path::PathBuf;

/// Conversations that are printed.
const SHOWN: u32 = 5;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The daemon's configuration.
    #[arg(long, value_name = "FILE", default_value = "/etc/tendero/tendero.toml")]
    config: PathBuf,
    /// Print the last conversations instead, as far as their words are kept.
    #[arg(long)]
    log: bool,
    /// The log as one JSON object a line.
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    let config = Config::load(&args.config)?;
    if !args.log && !args.json {
        return super::block_on(async {
            let mut client = Client::connect(&config.state.socket).await?;
            client.ask(&Ask::ReadChat { lang: None }, |reply| println!("{reply}")).await?;
            Ok(())
        });
    }
    let path = config.state.dir.join(store::FILE);
    anyhow::ensure!(path.exists(), "there is no store at {}; has the daemon run?", path.display());
    let mut chats = Store::open(&path)?.chats(SHOWN)?;
    chats.reverse();
    for chat in &chats {
        for line in &chat.lines {
            if args.json {
                let delivered = line.ours && line.seq <= chat.thread.acked;
                let mut value = serde_json::to_value(line)?;
                value["thread"] = chat.thread.id.clone().into();
                value["delivered"] = delivered.into();
                println!("{value}");
            } else {
                println!("{}", told(line, chat.thread.acked));
            }
        }
    }
    Ok(())
}

fn told(line: &ChatLine, acked: u64) -> String {
    let at = line.at_unix_ms.and_then(rfc3339).unwrap_or_else(|| "(time unknown)".into());
    let who = match (line.ours, line.name.as_str()) {
        (true, _) => "you",
        (false, "") => "the shop",
        (false, name) => name,
    };
    let what = match line.handoff {
        Some(Handoff::Requested) => "(asked for a person)",
        Some(Handoff::Joined) => "(is there)",
        Some(Handoff::Ended) => "(ended it)",
        None if line.offer => "(made an offer)",
        None => "",
    };
    let waits = if line.ours && line.seq > acked { "  (the shop does not have it yet)" } else { "" };
    format!("{at}  {who}: {what}{}{}{waits}", if what.is_empty() || line.text.is_empty() { "" } else { " " }, line.text)
}
