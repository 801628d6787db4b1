//! `tendero shop`: the reference shop, and what one asks of its data folder.
//!
//! Never touches a device's own state folder.

mod broker_config;
mod catalog;
mod chat;
mod coupon;
mod devices;
mod key;
mod moving;
mod news;
mod orders;
mod pair;
mod payment;
mod place;
mod serve;
mod webhook;

use crate::clock::Clock;
use crate::deliver::envelope::StatusState;
use crate::deliver::keys::PublicKey;
use crate::deliver::topic;
use crate::shop::{ShopEvent, desk};
use anyhow::Context;
use place::Place;

/// Run the reference shop: quotes, bookings with idempotency, signed receipts
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: Option<serve::Serve>,
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
    /// Print the shop's public key, for the device's configuration; or change it
    Key(key::Args),
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
    /// Tell homes what they agreed to hear, or that something they bought is recalled
    #[command(subcommand)]
    News(news::Args),
    /// Say how homes pay, and what their banks answered
    #[command(subcommand)]
    Payment(payment::Command),
    /// Make coupons, list them, and take them out of use
    #[command(subcommand)]
    Coupon(coupon::Command),
    /// List what was booked, and what is held or was
    Orders(orders::Args),
    /// Move the bookings from their file to a PostgreSQL database, all or nothing; the file stays, and is served no more
    Move(moving::Args),
    /// See what the webhook has not taken, and try it again
    #[command(subcommand)]
    Webhook(webhook::Command),
    /// Make a catalogue out of a table
    #[command(subcommand)]
    Catalog(catalog::Command),
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
        (Some(Command::Key(args)), _) => key::run(&args),
        (Some(Command::Pair(args)), _) => pair::run(&args).await,
        (Some(Command::Devices(args)), _) => devices::list(&args),
        (Some(Command::Revoke(args)), _) => devices::revoke(&args),
        (Some(Command::BrokerConfig(args)), _) => broker_config::run(&args),
        (Some(Command::Mark { place, order, state }), _) => mark(&place, &order, state),
        (Some(Command::Chat(args)), _) => chat::run(&args),
        (Some(Command::News(args)), _) => news::run(args),
        (Some(Command::Payment(command)), _) => payment::run(&command),
        (Some(Command::Coupon(command)), _) => coupon::run(&command),
        (Some(Command::Orders(args)), _) => orders::run(&args),
        (Some(Command::Move(args)), _) => moving::run(&args),
        (Some(Command::Webhook(command)), _) => webhook::run(&command),
        (Some(Command::Catalog(command)), _) => catalog::run(&command),
        (None, Some(serve)) => serve::run(serve).await,
        (None, None) => anyhow::bail!("name --catalog, --broker and --data-dir; see tendero shop --help"),
    }
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
