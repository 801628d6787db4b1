//! `tendero shop news`: tells homes something that they agreed to hear, beside the shop that runs on the same book.

use super::place::Place;
use crate::clock::Clock;
use crate::deliver::envelope::{random_hex128, rfc3339};
use crate::shop::desk::news::{Audience, Telling, tell};
use crate::understand::Lang;
use crate::understand::intent::NewsKind;
use anyhow::Context;

const HOUR_MS: i64 = 3_600_000;

#[derive(Debug, clap::Subcommand)]
pub enum Args {
    /// Tell those who agreed to the kind; of a recall, also every home that bought the product
    Send(Box<Send>),
    /// List what was told, or who agreed to what
    List(List),
}

#[derive(Debug, clap::Args)]
pub struct Send {
    #[command(flatten)]
    place: Place,
    /// news, offer, recipe or recall
    #[arg(long)]
    kind: NewsKind,
    /// What is said, at most 300 characters; a speaker says it in the language of the home, else in one that is there
    #[arg(long, value_name = "TEXT")]
    text_en: Option<String>,
    #[arg(long, value_name = "TEXT")]
    text_es: Option<String>,
    #[arg(long, value_name = "TEXT")]
    text_ro: Option<String>,
    /// The product that it is about
    #[arg(long)]
    sku: Option<String>,
    /// `agreed`: all who agreed to the kind; `bought:SKU`: those of them that bought this product
    #[arg(long, value_name = "HOMES", default_value = "agreed", value_parser = audience)]
    to: Audience,
    /// For how long it is worth hearing: 12h, 7d
    #[arg(long, value_name = "TIME", default_value = "7d", value_parser = life_ms)]
    expires: i64,
    /// As it was printed: tells it to homes that agreed since then, and to no home twice
    #[arg(long, value_name = "ID")]
    id: Option<String>,
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
pub struct List {
    #[command(flatten)]
    place: Place,
    /// What each home agreed to, instead
    #[arg(long)]
    consents: bool,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
}

pub fn run(args: Args) -> anyhow::Result<()> {
    match args {
        Args::Send(args) => send(*args),
        Args::List(args) => list(&args),
    }
}

fn send(args: Send) -> anyhow::Result<()> {
    let texts = [(Lang::En, args.text_en), (Lang::Es, args.text_es), (Lang::Ro, args.text_ro)];
    let texts = texts.into_iter().filter_map(|(lang, text)| Some((lang, text?.trim().to_owned())));
    let telling = Telling {
        news_id: args.id.unwrap_or_else(random_hex128),
        kind: args.kind,
        texts: texts.filter(|(_, text)| !text.is_empty()).collect(),
        sku: args.sku,
        to: args.to,
        life_ms: args.expires,
    };
    let mut book = args.place.existing_book()?;
    let keys = args.place.keys_of(&book)?;
    let now = Clock::system().unix_ms().context("this machine's clock is not set; set it first")?;
    let told = tell(&mut book, &keys, &telling, now)?;
    if args.json {
        let mut value = serde_json::to_value(told)?;
        value["news_id"] = telling.news_id.into();
        println!("{value}");
        return Ok(());
    }
    println!("{} {}: {} homes are told", telling.kind.name(), telling.news_id, told.told);
    if told.known > 0 {
        println!("{} homes were told before", told.known);
    }
    if told.enough > 0 {
        println!(
            "{} homes were told enough today; tomorrow, say the same again with --id {}",
            told.enough, telling.news_id
        );
    }
    Ok(())
}

fn list(args: &List) -> anyhow::Result<()> {
    let book = args.place.existing_book()?;
    let mut table = comfy_table::Table::new();
    table.load_style(comfy_table::presets::UTF8_HORIZONTAL_ONLY);
    if args.consents {
        let consents = book.consents()?;
        if args.json {
            return print_lines(&consents);
        }
        table.set_header(["household", "since", "agreed to"]);
        for consent in &consents {
            let since = rfc3339(consent.at_unix_ms).unwrap_or_default();
            let kinds = if consent.kinds.is_empty() { "nothing" } else { &consent.kinds };
            table.add_row([&format!("{}/{}", consent.home, consent.device), &since, &kinds.to_owned()]);
        }
    } else {
        let news = book.news()?;
        if args.json {
            return print_lines(&news);
        }
        table.set_header(["news", "kind", "said", "until", "to", "homes"]);
        for item in &news {
            let (made, until) = (rfc3339(item.made_unix_ms), rfc3339(item.expires_unix_ms));
            let (made, until) = (made.unwrap_or_default(), until.unwrap_or_default());
            table.add_row([&item.news_id, &item.kind, &made, &until, &item.audience, &item.homes.to_string()]);
        }
    }
    println!("{table}");
    Ok(())
}

/// One JSON object a line.
fn print_lines(all: &[impl serde::Serialize]) -> anyhow::Result<()> {
    for one in all {
        println!("{}", serde_json::to_string(one)?);
    }
    Ok(())
}

fn audience(text: &str) -> Result<Audience, String> {
    match text.split_once(':') {
        None if text == "agreed" => Ok(Audience::Agreed),
        Some(("bought", sku)) if !sku.is_empty() => Ok(Audience::Bought(sku.into())),
        Some(_) | None => Err("say agreed, or bought:SKU".into()),
    }
}

/// `12h`, `7d`.
fn life_ms(text: &str) -> Result<i64, String> {
    let wrong = || "say hours or days, such as 12h or 7d".to_owned();
    let (number, hours) = match (text.strip_suffix('h'), text.strip_suffix('d')) {
        (Some(number), _) => (number, 1),
        (None, Some(number)) => (number, 24),
        (None, None) => return Err(wrong()),
    };
    let number: u32 = number.parse().map_err(|_| wrong())?;
    Ok(i64::from(number) * hours * HOUR_MS)
}
