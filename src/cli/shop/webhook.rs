//! `tendero shop webhook`: what the shop system has not taken, and what to do with it; and a secret for both sides.

use super::place::Place;
use crate::clock::Clock;
use crate::deliver::envelope::rfc3339;
use crate::shop::webhook::Secrets;
use anyhow::{Context, ensure};

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Print a new secret, for --webhook-secret-file and for the shop system
    Secret,
    /// List what waits, and the dead letters: what was never taken
    List {
        #[command(flatten)]
        place: Place,
        /// One JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// Try dead letters again, from now on for a day; also after the webhook said that it is gone
    Retry(Which),
    /// Forget dead letters, or by its number also one that waits
    Drop(Which),
}

#[derive(Debug, clap::Args)]
pub struct Which {
    #[command(flatten)]
    place: Place,
    /// Its number, as the list shows it
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    id: Option<u32>,
    /// Every dead letter
    #[arg(long)]
    all: bool,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

/// # Errors
/// One line that says what is wrong and what to do.
pub fn run(command: &Command) -> anyhow::Result<()> {
    match command {
        Command::Secret => {
            println!("{}", Secrets::fresh().context("this machine gave no random numbers")?);
            Ok(())
        }
        Command::List { place, json } => list(place, *json),
        Command::Retry(which) => {
            let now = Clock::system().unix_ms().context("this machine's clock is not set; set it first")?;
            let found = which.place.existing_book()?.retry_hooks(which.id.map(i64::from), now)?;
            told(which, found, "tried again", "dead letter")
        }
        Command::Drop(which) => {
            let found = which.place.existing_book()?.drop_hooks(which.id.map(i64::from))?;
            told(which, found, "dropped", "event")
        }
    }
}

fn list(place: &Place, json: bool) -> anyhow::Result<()> {
    let book = place.existing_book()?;
    let hooks = book.hooks()?;
    if json {
        for hook in &hooks {
            println!("{}", serde_json::to_string(hook)?);
        }
        return Ok(());
    }
    match book.webhook()? {
        None => println!("no webhook: start the shop with --webhook"),
        Some(target) => match target.stopped {
            None => println!("to {}", target.url),
            Some(why) => println!("to {}: nothing is sent: {why}; retry --all starts it again", target.url),
        },
    }
    if hooks.is_empty() {
        println!("nothing waits");
        return Ok(());
    }
    let mut table = comfy_table::Table::new();
    table.load_style(comfy_table::presets::UTF8_HORIZONTAL_ONLY);
    table.set_header(["number", "event", "order", "since", "tries", "state", "last answer"]);
    for hook in &hooks {
        let state = match hook.dead_unix_ms {
            Some(_) => "dead".to_owned(),
            None => format!("next try {}", rfc3339(hook.due_unix_ms).unwrap_or_default()),
        };
        let since = rfc3339(hook.made_unix_ms).unwrap_or_default();
        let (id, tries) = (hook.id.to_string(), hook.tries.to_string());
        let why = hook.why.as_deref().unwrap_or_default();
        table.add_row([&id, &hook.kind, &hook.about, &since, &tries, &state, why]);
    }
    println!("{table}");
    Ok(())
}

/// Of one that was named, none is a mistake.
fn told(which: &Which, found: u64, what: &str, of: &str) -> anyhow::Result<()> {
    if let Some(id) = which.id {
        ensure!(found > 0, "there is no {of} {id}; tendero shop webhook list shows those that there are");
    }
    if which.json {
        println!("{}", serde_json::json!({ what.replace(' ', "_"): found }));
    } else {
        println!("{found} {what}");
    }
    Ok(())
}
