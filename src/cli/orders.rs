//! `tendero orders`: what was ordered, why, and how to take it back, before it is sent and after it came.

mod at_shop;

use super::story::{self, Format};
use crate::config::Config;
use crate::daemon::control::{Ask, Client};
use crate::decide::order::{Order, OrderId, OrderState};
use crate::deliver::store::{self, Store};
use anyhow::{bail, ensure};
use clap::Subcommand;
use comfy_table::{Table, presets};
use std::io::{BufRead, IsTerminal, Write};
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
    /// Every order that the shop has of this home, from whichever speaker, newest first: asks the shop.
    Shop {
        /// At most so many.
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
        limit: Option<u32>,
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
    /// Withdraw from a purchase that the shop has, through the running daemon: all of the order goes back.
    Withdraw {
        /// The order's id, or the beginning of it.
        id: String,
        /// Do not ask once more.
        #[arg(long)]
        yes: bool,
    },
}

pub fn run(args: Args) -> anyhow::Result<()> {
    let config = Config::load(&args.config)?;
    let open = || open_book(&config);
    match args.what {
        What::List { json } => list(&open()?, json),
        What::Shop { limit, json } => super::block_on(at_shop::list(&config, limit, json)),
        What::Show { id, guards, json } => {
            let store = open()?;
            let order = find(&store, &id)?;
            let format = if json { Format::Json } else { Format::Words { guards } };
            story::show(&store, &order, config.home.language, format)
        }
        What::Approve { id } => {
            let order = {
                let store = open()?;
                id.map(|id| find(&store, &id)).transpose()?.map(|order| order.id.0)
            };
            let pin = super::pin::ask("PIN")?;
            super::block_on(async {
                let mut client = Client::connect(&config.state.socket).await?;
                client.ask(&Ask::Approve { order, pin }, |reply| println!("{reply}")).await?;
                Ok(())
            })
        }
        What::Cancel { id } => {
            let id = find(&open()?, &id)?.id;
            super::block_on(async {
                let mut client = Client::connect(&config.state.socket).await?;
                client.ask(&Ask::CancelOrder { order: id.0.clone() }, |reply| println!("{reply}")).await?;
                println!("asked to take back {id}; `tendero orders show {id}` tells how it stands");
                Ok(())
            })
        }
        What::Withdraw { id, yes } => {
            let order = find(&open()?, &id)?;
            withdraw(&config, &order, yes)
        }
    }
}

/// Reads the order back, asks once more, and lets the daemon tell the shop.
fn withdraw(config: &Config, order: &Order, yes: bool) -> anyhow::Result<()> {
    let (id, state) = (&order.id, order.state);
    if let Some(received) = order.withdrawal.as_ref().and_then(|withdrawal| withdrawal.received_unix_ms) {
        println!("the shop has this withdrawal already, since {}", local_time(received));
        return Ok(());
    }
    match state {
        OrderState::Accepted | OrderState::Shipped | OrderState::Delivered | OrderState::Withdrawing => {}
        OrderState::AwaitingAdult
        | OrderState::Held
        | OrderState::Sending
        | OrderState::HeldAtShop
        | OrderState::AwaitingPayment
        | OrderState::Approving
        | OrderState::Unknown => {
            bail!("the shop has not accepted order {id} yet; take it back with `tendero orders cancel {id}`")
        }
        OrderState::Rejected
        | OrderState::Cancelling
        | OrderState::Cancelled
        | OrderState::Expired
        | OrderState::Withdrawn
        | OrderState::Refunded => {
            bail!("order {id} is {}: there is nothing to withdraw from", state.name().replace('_', " "))
        }
    }
    let ordered = local_time(order.confirmed.at_unix_ms);
    println!("ordered {ordered}: {}, {}, {}", lines(order), order.quote.total(), state.name());
    if !yes {
        ensure!(std::io::stdin().is_terminal(), "this withdraws from the whole order; say --yes to mean it");
        print!("Withdraw from this purchase, all of it? [y/N] ");
        std::io::stdout().flush()?;
        let mut answer = String::new();
        std::io::stdin().lock().read_line(&mut answer)?;
        if !matches!(answer.trim().to_lowercase().as_str(), "y" | "yes") {
            bail!("nothing was withdrawn");
        }
    }
    super::block_on(async {
        let mut client = Client::connect(&config.state.socket).await?;
        client.ask(&Ask::WithdrawOrder { order: id.0.clone() }, |reply| println!("{reply}")).await?;
        println!("`tendero orders show {id}` tells how it stands, and when the shop received it");
        Ok(())
    })
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
