//! `tendero orders`: what was ordered, why, and how to take it back.

use super::story::{self, Format};
use crate::config::Config;
use crate::daemon::control::{Ask, Client};
use crate::decide::order::{Order, OrderId};
use crate::deliver::store::{self, Store};
use anyhow::bail;
use clap::Subcommand;
use comfy_table::{Table, presets};
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The daemon's configuration.
    #[arg(long, value_name = "FILE", global = true, default_value = "/etc/tendero/tendero.toml")]
    config: PathBuf,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Every order of this device, newest first.
    List {
        #[arg(long)]
        json: bool,
    },
    /// One order in plain words: what was heard, which guards spoke, who confirmed, and what the shop said.
    Show {
        /// The order's id, or the beginning of it.
        id: String,
        /// What each guard looked at, too.
        #[arg(long)]
        guards: bool,
        #[arg(long)]
        json: bool,
    },
    /// Approve an order that waits for an adult, with the PIN, through the running daemon.
    Approve {
        /// The order's id, or the beginning of it [default: the newest that waits].
        id: Option<String>,
    },
    /// Take an order back, through the running daemon.
    Cancel {
        /// The order's id, or the beginning of it.
        id: String,
    },
}

pub fn run(args: Args) -> anyhow::Result<()> {
    let config = Config::load(&args.config)?;
    let store = open_book(&config)?;
    match args.what {
        What::List { json } => list(&store, json),
        What::Show { id, guards, json } => {
            let order = find(&store, &id)?;
            let format = if json { Format::Json } else { Format::Words { guards } };
            story::show(&store, &order, config.home.language, format)
        }
        What::Approve { id } => {
            let order = id.map(|id| find(&store, &id)).transpose()?.map(|order| order.id.0);
            drop(store);
            let pin = super::pin::ask("PIN")?;
            super::block_on(async {
                let mut client = Client::connect(&config.state.socket).await?;
                client.ask(&Ask::Approve { order, pin }, |reply| println!("{reply}")).await?;
                Ok(())
            })
        }
        What::Cancel { id } => {
            let id = find(&store, &id)?.id;
            drop(store);
            super::block_on(async {
                let mut client = Client::connect(&config.state.socket).await?;
                client.ask(&Ask::CancelOrder { order: id.0.clone() }, |reply| println!("{reply}")).await?;
                println!("asked to take back {id}; `tendero orders show {id}` tells how it stands");
                Ok(())
            })
        }
    }
}

/// The daemon's store, beside the daemon.
///
/// # Errors
/// There is none yet, or it can't be opened.
pub fn open_book(config: &Config) -> anyhow::Result<Store> {
    let path = config.state.dir.join(store::FILE);
    if !path.exists() {
        bail!("there is no order book at {}; it is made when `tendero run` starts for the first time", path.display());
    }
    Ok(Store::open(&path)?)
}

fn find(store: &Store, id: &str) -> anyhow::Result<Order> {
    if let Some(order) = store.order(&OrderId(id.to_owned()))? {
        return Ok(order);
    }
    let mut found: Vec<_> = store.orders()?.into_iter().filter(|order| order.id.0.starts_with(id)).collect();
    match found.len() {
        0 => bail!("there is no order {id}; `tendero orders list` shows them"),
        1 => Ok(found.remove(0)),
        many => bail!("{many} orders begin with {id}; give more of the id"),
    }
}

fn list(store: &Store, json: bool) -> anyhow::Result<()> {
    let orders = store.orders()?;
    if json {
        for order in &orders {
            println!("{}", serde_json::to_string(order)?);
        }
        return Ok(());
    }
    if orders.is_empty() {
        println!("no orders yet");
        return Ok(());
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(["order", "confirmed", "state", "total", "what"]);
    for order in &orders {
        table.add_row([
            order.id.0.chars().take(8).collect(),
            local_time(order.confirmed.at_unix_ms),
            order.state.name().replace('_', " "),
            order.quote.total().to_string(),
            lines(order),
        ]);
    }
    println!("{}", table.trim_fmt());
    Ok(())
}

pub fn lines(order: &Order) -> String {
    let lines: Vec<_> = order.quote.lines.iter().map(|line| format!("{} × {}", line.qty, line.title)).collect();
    lines.join(", ")
}

pub fn local_time(unix_ms: i64) -> String {
    jiff::Timestamp::from_millisecond(unix_ms)
        .map(|at| at.to_zoned(jiff::tz::TimeZone::system()).strftime("%Y-%m-%d %H:%M").to_string())
        .unwrap_or_else(|_| "at an unknown time".into())
}
