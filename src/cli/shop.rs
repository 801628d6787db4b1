//! `tendero shop`: the reference shop, and what one asks of its data folder.
//!
//! Never touches a device's own state folder.

mod broker_config;
mod chat;
mod devices;
mod pair;
mod place;

use crate::clock::Clock;
use crate::decide::money::Money;
use crate::deliver::envelope::StatusState;
use crate::deliver::keys::{Keys, PublicKey};
use crate::deliver::mqtt::{BrokerConfig, TlsFiles};
use crate::deliver::topic;
use crate::shop::book::Booking;
use crate::shop::burst::Rule;
use crate::shop::pricing::Terms;
use crate::shop::{self, Shop, ShopConfig, ShopEvent, desk};
use anyhow::Context;
use place::Place;
use std::path::PathBuf;

/// Run the reference shop: quotes, bookings with idempotency, signed receipts
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: Option<Serve>,
}

#[derive(Debug, clap::Args)]
struct Serve {
    /// What the shop sells: a JSON file, see protocol/README.md
    #[arg(long, value_name = "FILE")]
    catalog: PathBuf,
    /// How to help those to choose who name no product: a JSON file, see protocol/README.md
    #[arg(long, value_name = "FILE")]
    guide: Option<PathBuf>,
    /// mqtt://host:port or mqtts://host:port
    #[arg(long, value_name = "URL")]
    broker: String,
    // Not flattened: what is flattened within something optional is never there for clap.
    /// Where the shop's key and its bookings are kept
    #[arg(long, value_name = "DIR")]
    data_dir: PathBuf,
    /// Keep the bookings in PostgreSQL, for any number of workers: postgres://user@host/database
    #[arg(long, value_name = "URL", env = place::ENV, hide_env_values = true)]
    database: Option<String>,
    /// User name at the broker [default: the catalogue's shop]
    #[arg(long, value_name = "NAME")]
    username: Option<String>,
    /// A file with the password at the broker
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// Certificate authority of the broker, PEM [default: the system's]
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// The shop's own certificate and key for the broker, PEM
    #[arg(long, value_name = "FILE", requires = "client_key")]
    client_cert: Option<PathBuf>,
    #[arg(long, value_name = "FILE", requires = "client_cert")]
    client_key: Option<PathBuf>,
    /// The seller's name, as it is read out [default: the catalogue's shop]
    #[arg(long, value_name = "NAME")]
    seller: Option<String>,
    /// Delivery fee in minor units
    #[arg(long, value_name = "MINOR", default_value_t = Terms::default().delivery_minor)]
    delivery_fee: i64,
    /// No delivery fee from this sum of goods on, minor units
    #[arg(long, value_name = "MINOR", default_value_t = Terms::default().free_from_minor)]
    free_from: i64,
    /// A home may withdraw for so many days after the delivery; 0: never, for what the law excepts
    #[arg(long, value_name = "DAYS", default_value_t = Terms::default().withdrawal_days)]
    withdrawal_days: u16,
    /// A home gets at most so many bookings an hour
    #[arg(long, value_name = "N", default_value_t = 30)]
    max_orders_hour: u32,
    /// Hold orders of new buyers for an adult's approval once so many homes ask for the same product, and far more than
    /// usually buy it; 0: never
    #[arg(long, value_name = "N", default_value_t = Rule::default().min_homes)]
    burst_homes: u32,
    /// ... within so many minutes
    #[arg(long, value_name = "MIN", default_value_t = Rule::default().minutes(), value_parser = clap::value_parser!(u32).range(1..=1440))]
    burst_minutes: u32,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Trust a device whose key you know: from now on its orders are booked
    Trust {
        #[command(flatten)]
        place: Place,
        /// HOME/DEVICE, as in the device's configuration
        device: String,
        /// Its public key, ed25519:...
        key: String,
    },
    /// Print a code with which a new speaker of a home pairs itself: `tendero pair CODE` there
    Pair(pair::Args),
    /// List the devices that are trusted
    Devices(devices::List),
    /// Trust a device no longer: from now on nothing of it counts
    Revoke(devices::Revoke),
    /// Print the shop's public key, for the device's configuration
    Key {
        #[arg(long, value_name = "DIR")]
        data_dir: PathBuf,
    },
    /// Say that an order was shipped, delivered, cancelled or refunded; a running shop tells the home within seconds
    Mark {
        #[command(flatten)]
        place: Place,
        /// The shop's number, such as T-000001, or the order's id
        order: String,
        state: Mark,
    },
    /// Print what a broker needs: who may publish and read what, and its settings
    BrokerConfig(broker_config::Args),
    /// Talk to a household that asked for a person; without a conversation, list those that go on
    Chat(chat::Args),
    /// List what was booked, and what is held or was
    Orders {
        #[command(flatten)]
        place: Place,
        /// One JSON object a line
        #[arg(long)]
        json: bool,
    },
}

/// What a shop does with an order itself.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Mark {
    Shipped,
    Delivered,
    Cancelled,
    Refunded,
}

/// Runs until it is interrupted, or answers one question.
///
/// # Errors
/// One line that says what is wrong and what to do.
pub async fn run(args: Args) -> anyhow::Result<()> {
    match (args.command, args.serve) {
        (Some(Command::Trust { place, device, key }), _) => trust(&place, &device, &key),
        (Some(Command::Key { data_dir }), _) => {
            println!("{}", Keys::load_or_make(&data_dir)?.public());
            Ok(())
        }
        (Some(Command::Pair(args)), _) => pair::run(&args).await,
        (Some(Command::Devices(args)), _) => devices::list(&args),
        (Some(Command::Revoke(args)), _) => devices::revoke(&args),
        (Some(Command::BrokerConfig(args)), _) => broker_config::run(&args),
        (Some(Command::Mark { place, order, state }), _) => mark(&place, &order, state),
        (Some(Command::Chat(args)), _) => chat::run(&args),
        (Some(Command::Orders { place, json }), _) => orders(&place, json),
        (None, Some(serve)) => self::serve(serve).await,
        (None, None) => anyhow::bail!("name --catalog, --broker and --data-dir; see tendero shop --help"),
    }
}

async fn serve(args: Serve) -> anyhow::Result<()> {
    // The catalogue first: when it is wrong, nothing is made and nothing is started.
    let catalog = shop::load_catalog(&args.catalog)?;
    let guide = args.guide.as_deref().map(|path| shop::load_guide(path, &catalog)).transpose()?;
    super::init_logs(super::LOGS_OF_A_SERVICE);
    let mut broker = BrokerConfig::new(args.broker);
    broker.username = args.username;
    broker.password_file = args.password_file;
    broker.tls =
        TlsFiles { ca: args.ca, client_cert: args.client_cert, client_key: args.client_key, ..TlsFiles::default() };
    let name = catalog.shop.clone();
    let products = catalog.products.len();
    let place = Place { data_dir: args.data_dir, database: args.database };
    let mut config = ShopConfig::new(catalog, broker, &place.data_dir, Clock::system());
    config.database = place.database().map(str::to_owned);
    config.guide = guide;
    config.seller = args.seller.unwrap_or_else(|| name.clone());
    config.terms = Terms {
        delivery_minor: args.delivery_fee,
        free_from_minor: args.free_from,
        withdrawal_days: args.withdrawal_days,
        ..Terms::default()
    };
    config.max_orders_hour = args.max_orders_hour;
    config.burst = Rule { min_homes: args.burst_homes, window_ms: i64::from(args.burst_minutes) * 60_000 };
    anyhow::ensure!(config.terms.delivery_minor >= 0, "--delivery-fee must not be negative");
    let handle = Shop::start(config)?;
    println!("shop {name}: {products} products, key {}", handle.key());
    let mut terminated = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted?,
        _ = terminated.recv() => {}
    }
    handle.stop().await;
    Ok(())
}

fn trust(place: &Place, device: &str, key: &str) -> anyhow::Result<()> {
    let (home, name) = devices::split(device)?;
    topic::check("home", home)?;
    topic::check("device", name)?;
    let key: PublicKey = key.parse()?;
    place.book()?.trust(home, name, &key)?;
    println!("{home}/{name} is trusted with {key}");
    Ok(())
}

fn mark(place: &Place, order: &str, state: Mark) -> anyhow::Result<()> {
    let state = match state {
        Mark::Shipped => StatusState::Shipped,
        Mark::Delivered => StatusState::Delivered,
        Mark::Cancelled => StatusState::Cancelled,
        Mark::Refunded => StatusState::Refunded,
    };
    let mut book = place.existing_book()?;
    let now = Clock::system().unix_ms().context("this machine's clock is not set; set it first")?;
    let keys = place.keys_of(&book)?;
    let done = desk::mark(&mut book, &keys, order, state, now)?;
    for event in done.events {
        match event {
            ShopEvent::Moved { shop_order_no, state, .. } => println!("{shop_order_no} is {}", state.name()),
            ShopEvent::Refused(refused) => anyhow::bail!("{}: {}; see tendero shop orders", refused.what, refused.why),
            other => anyhow::bail!("{order} was not marked: {other:?}"),
        }
    }
    Ok(())
}

fn orders(place: &Place, json: bool) -> anyhow::Result<()> {
    let bookings = place.book()?.all()?;
    if json {
        for booking in &bookings {
            println!("{}", serde_json::to_string(booking)?);
        }
        return Ok(());
    }
    let mut table = comfy_table::Table::new();
    table.load_style(comfy_table::presets::UTF8_HORIZONTAL_ONLY);
    table.set_header(["number", "booked", "household", "lines", "total", "state"]);
    for booking in &bookings {
        let booked = crate::deliver::envelope::rfc3339(booking.booked_unix_ms).unwrap_or_default();
        let total = Money::new(booking.total, &booking.currency).to_string();
        let home = format!("{}/{}", booking.home, booking.device);
        table.add_row([&booking.shop_order_no, &booked, &home, &lines(booking), &total, &booking.state]);
    }
    println!("{table}");
    Ok(())
}

fn lines(booking: &Booking) -> String {
    let lines = booking.order["lines"].as_array().map(Vec::as_slice).unwrap_or_default();
    let lines: Vec<String> =
        lines.iter().map(|line| format!("{} x {}", line["qty"], line["sku"].as_str().unwrap_or("?"))).collect();
    lines.join(", ")
}
