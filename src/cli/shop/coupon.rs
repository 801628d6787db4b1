//! `tendero shop coupon`: what takes something off, for whom, and until when.

use super::place::Place;
use crate::clock::Clock;
use crate::deliver::envelope::{CouponAsked, is_hex128, rfc3339};
use crate::deliver::topic;
use crate::shop::coupon::{Coupon, Off, canonical};
use crate::understand::catalog::Catalog;
use anyhow::{Context, ensure};

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Make a coupon, which a home can use once
    Add(Box<Add>),
    /// List coupons, and how many orders use them
    List {
        #[command(flatten)]
        place: Place,
        /// One JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// Take a coupon out of use; a price that was given with it stands
    Remove {
        #[command(flatten)]
        place: Place,
        code: String,
    },
}

#[derive(Debug, clap::Args)]
pub struct Add {
    #[command(flatten)]
    place: Place,
    /// Letters and digits; how it is written, and with which gaps, does not matter
    code: String,
    /// Takes so much off, minor units
    #[arg(long, value_name = "MINOR", value_parser = clap::value_parser!(i64).range(1..=1_000_000_000_000), required_unless_present = "percent", conflicts_with = "percent")]
    off: Option<i64>,
    /// Takes so many per cent off
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100))]
    percent: Option<u32>,
    /// For goods of at least so much, minor units
    #[arg(long, value_name = "MINOR", default_value_t = 0, value_parser = clap::value_parser!(i64).range(0..=1_000_000_000_000))]
    minimum: i64,
    /// For this product alone; may be repeated
    #[arg(long, value_name = "SKU")]
    sku: Vec<String>,
    /// Until then, such as 2026-12-31T23:59:00Z
    #[arg(long, value_name = "TIME")]
    until: Option<jiff::Timestamp>,
    /// So many homes can use it
    #[arg(long, value_name = "N")]
    max_uses: Option<u32>,
    /// For this home alone: "my coupon"
    #[arg(long, value_name = "NAME")]
    home: Option<String>,
    /// For the homes that were told this news, by the id that tendero shop news send printed: "my coupon"
    #[arg(long, value_name = "ID", conflicts_with = "home")]
    news: Option<String>,
}

/// # Errors
/// One line that says what is wrong and what to do.
pub fn run(command: &Command) -> anyhow::Result<()> {
    match command {
        Command::Add(args) => add(args),
        Command::List { place, json } => list(place, *json),
        Command::Remove { place, code } => {
            let code = canonical(code);
            let was_there = place.existing_book()?.remove_coupon(&code)?;
            ensure!(was_there, "there is no coupon {code}; tendero shop coupon list shows those that there are");
            println!("{code} is out of use");
            Ok(())
        }
    }
}

fn add(args: &Add) -> anyhow::Result<()> {
    let code = canonical(&args.code);
    ensure!(
        CouponAsked::Code(code.clone()).is_sound(),
        "{code:?} is no code: 1 to 24 letters and digits (a-z, 0-9), and nothing that looks like the number of a card"
    );
    let mut book = args.place.existing_book()?;
    let laid_out = book.laid_out()?.context("this shop was never started; start it once: tendero shop --help")?;
    let catalog = Catalog::from_json(&laid_out.0).context("the book's catalogue")?;
    if let Some(sku) = args.sku.iter().find(|sku| catalog.product(sku).is_none()) {
        anyhow::bail!("the catalogue has no product {sku}");
    }
    if let Some(home) = &args.home {
        topic::check("home", home)?;
    }
    if let Some(news) = &args.news {
        ensure!(is_hex128(news), "\"{news}\" is no id of news; tendero shop news list shows them");
    }
    let now = Clock::system().unix_ms().context("this machine's clock is not set; set it first")?;
    let until_unix_ms = args.until.map(jiff::Timestamp::as_millisecond);
    ensure!(until_unix_ms.is_none_or(|until| until > now), "--until is over already");
    let off = match (args.off, args.percent) {
        (Some(amount), _) => Off::Amount(amount),
        (None, percent) => Off::Percent(percent.context("say --off or --percent")?),
    };
    let coupon = Coupon {
        code,
        off,
        currency: catalog.currency,
        minimum: args.minimum,
        skus: args.sku.clone(),
        until_unix_ms,
        max_uses: args.max_uses,
        home: args.home.clone(),
        news: args.news.clone(),
        used: 0,
    };
    let added = book.add_coupon(&coupon, now)?;
    ensure!(added, "there is a coupon {} already; remove it first, or take another code", coupon.code);
    println!("{} is good from now on", coupon.code);
    Ok(())
}

fn list(place: &Place, json: bool) -> anyhow::Result<()> {
    let coupons = place.existing_book()?.coupons()?;
    if json {
        for coupon in &coupons {
            println!("{}", serde_json::to_string(coupon)?);
        }
        return Ok(());
    }
    let mut table = comfy_table::Table::new();
    table.load_style(comfy_table::presets::UTF8_HORIZONTAL_ONLY);
    table.set_header(["coupon", "off", "from", "for", "until", "used"]);
    for coupon in &coupons {
        let money = |minor| crate::decide::money::Money::new(minor, &coupon.currency).to_string();
        let off = match coupon.off {
            Off::Amount(amount) => money(amount),
            Off::Percent(percent) => format!("{percent} %"),
        };
        let mut limits = coupon.skus.clone();
        limits.extend(coupon.home.iter().map(|home| format!("home {home}")));
        limits.extend(coupon.news.iter().map(|news| format!("news {news}")));
        let until = coupon.until_unix_ms.and_then(rfc3339).unwrap_or_default();
        let used = match coupon.max_uses {
            Some(most) => format!("{} of {most}", coupon.used),
            None => coupon.used.to_string(),
        };
        table.add_row([&coupon.code, &off, &money(coupon.minimum), &limits.join(", "), &until, &used]);
    }
    println!("{table}");
    Ok(())
}
