//! `tendero shop payment`: how homes pay, and the payment provider's word on an order that waits for it.

use super::place::Place;
use crate::clock::Clock;
use crate::deliver::envelope::{PayMethod, Payment};
use crate::deliver::topic;
use crate::shop::ShopEvent;
use crate::shop::book::pay::new_id;
use crate::shop::desk::{self, Word};
use crate::shop::payment::Way;
use anyhow::{Context, bail, ensure};
use std::io::Read;
use std::path::{Path, PathBuf};

/// The largest file with a token, bytes.
const MAX_FILE: u64 = 4_096;

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Say how a home pays from now on; its speakers name it with the next price
    Set {
        #[command(flatten)]
        place: Place,
        /// The household's name at this shop
        #[arg(long, value_name = "NAME")]
        home: String,
        method: Method,
        #[command(flatten)]
        token: Token,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// List how homes pay; no token is shown
    List {
        #[command(flatten)]
        place: Place,
        /// One JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// Forget how a home pays, and its tokens: from now on as you agreed with it elsewhere
    Remove {
        #[command(flatten)]
        place: Place,
        #[arg(long, value_name = "NAME")]
        home: String,
    },
    /// The household has confirmed the payment at its bank: the order is booked, and a running shop tells the home
    Confirmed(Settled),
    /// The payment was refused: the order is not booked, and a running shop tells the home
    Refused(Settled),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Method {
    Account,
    Invoice,
    Token,
}

#[derive(Debug, clap::Args)]
pub struct Token {
    /// What the household hears of a token: "the card ending in 42"
    #[arg(long, value_name = "TEXT")]
    label: Option<String>,
    /// A file with the name that your payment provider has for the card or the account, never its number; - reads standard input
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
}

impl Token {
    pub fn is_empty(&self) -> bool {
        self.label.is_none() && self.token_file.is_none()
    }
}

#[derive(Debug, clap::Args)]
pub struct Settled {
    #[command(flatten)]
    place: Place,
    /// The shop's number, such as T-000001, or the order's id
    order: String,
}

/// # Errors
/// One line that says what is wrong and what to do.
pub fn run(command: &Command) -> anyhow::Result<()> {
    match command {
        Command::Set { place, home, method, token, json } => set(place, home, *method, token, *json),
        Command::List { place, json } => list(place, *json),
        Command::Remove { place, home } => {
            ensure!(place.existing_book()?.forget_ways(home)?, "nothing is known of how {home} pays");
            println!("how {home} pays is agreed elsewhere");
            Ok(())
        }
        Command::Confirmed(settled) => settle(settled, Word::Confirmed),
        Command::Refused(settled) => settle(settled, Word::Refused),
    }
}

fn set(place: &Place, home: &str, method: Method, token: &Token, json: bool) -> anyhow::Result<()> {
    topic::check("home", home)?;
    let way = way(method, token)?;
    let id = place.existing_book()?.set_way(home, &way, now()?)?;
    if json {
        println!("{}", shown(home, &Payment { id, ..way.payment }));
    } else {
        println!("{home} pays {}, id {id}", named(&way.payment));
    }
    Ok(())
}

/// What the command line says of how a home pays, checked.
///
/// # Errors
/// What is missing, too much, or looks like the number of a card.
pub fn way(method: Method, token: &Token) -> anyhow::Result<Way> {
    let method = match method {
        Method::Account => PayMethod::Account,
        Method::Invoice => PayMethod::Invoice,
        Method::Token => PayMethod::Token,
    };
    let secret = token.token_file.as_deref().map(read).transpose()?;
    let payment = Payment { method, id: new_id(), label: token.label.as_deref().map(|label| label.trim().into()) };
    let way = Way { payment, token: secret };
    way.check().context("with token, give --label and --token-file; with account or invoice neither of them")?;
    Ok(way)
}

fn read(path: &Path) -> anyhow::Result<String> {
    let mut text = String::new();
    let can_not = || format!("can't read the token in {}", path.display());
    if path == Path::new("-") {
        std::io::stdin().lock().take(MAX_FILE).read_to_string(&mut text).with_context(can_not)?;
    } else {
        std::fs::File::open(path)
            .with_context(can_not)?
            .take(MAX_FILE)
            .read_to_string(&mut text)
            .with_context(can_not)?;
    }
    Ok(text.trim().into())
}

fn list(place: &Place, json: bool) -> anyhow::Result<()> {
    for home in place.existing_book()?.ways()? {
        let payment = &home.way.payment;
        if json {
            println!("{}", shown(&home.home, payment));
        } else {
            println!("{} {} {}", home.home, named(payment), payment.id);
        }
    }
    Ok(())
}

fn shown(home: &str, payment: &Payment) -> serde_json::Value {
    serde_json::json!({ "home": home, "method": payment.method.name(), "id": payment.id, "label": payment.label })
}

fn named(payment: &Payment) -> String {
    let label = payment.label.as_deref().map(|label| format!(" \"{label}\"")).unwrap_or_default();
    format!("{}{label}", payment.method.name())
}

fn settle(settled: &Settled, word: Word) -> anyhow::Result<()> {
    let Settled { place, order } = settled;
    let mut book = place.existing_book()?;
    let keys = place.keys_of(&book)?;
    let done = desk::settle(&mut book, &keys, order, word, now()?)?;
    for event in done.events {
        match event {
            ShopEvent::Booked { shop_order_no, .. } => println!("{shop_order_no} is booked"),
            ShopEvent::Rejected { .. } => println!("{order} is not booked: its payment was refused"),
            ShopEvent::Repeated { .. } => println!("{order}: this was said before, and nothing has changed"),
            ShopEvent::Moved { shop_order_no, state, .. } => println!("{shop_order_no} is {}", state.name()),
            ShopEvent::Refused(refused) => bail!("{}: {}; see tendero shop orders", refused.what, refused.why),
            other => bail!("{order} was not settled: {other:?}"),
        }
    }
    Ok(())
}

fn now() -> anyhow::Result<i64> {
    Clock::system().unix_ms().context("this machine's clock is not set; set it first")
}
