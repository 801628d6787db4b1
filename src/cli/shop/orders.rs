//! `tendero shop orders`: what was booked, and what is held or was.

use super::place::Place;
use crate::decide::money::Money;
use crate::deliver::envelope::rfc3339;
use crate::shop::book::Book;
use crate::shop::export;
use std::io::Write;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    place: Place,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
    /// A table for spreadsheets (RFC 4180), the newest first
    #[arg(long, conflicts_with = "json")]
    csv: bool,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    let book = args.place.book()?;
    if args.csv {
        return csv(&book);
    }
    let bookings = book.all()?;
    if args.json {
        for booking in &bookings {
            println!("{}", serde_json::to_string(booking)?);
        }
        return Ok(());
    }
    let mut table = comfy_table::Table::new();
    table.load_style(comfy_table::presets::UTF8_HORIZONTAL_ONLY);
    table.set_header(["number", "booked", "household", "lines", "total", "state"]);
    for booking in &bookings {
        let booked = rfc3339(booking.booked_unix_ms).unwrap_or_default();
        let total = Money::new(booking.total, &booking.currency).to_string();
        let state = match (booking.state.as_str(), booking.held_for.as_deref()) {
            ("held", Some(held_for)) => format!("held ({held_for})"),
            (state, _) => state.to_owned(),
        };
        let home = format!("{}/{}", booking.home, booking.device);
        table.add_row([&booking.shop_order_no, &booked, &home, &export::lines(booking), &total, &state]);
    }
    println!("{table}");
    Ok(())
}

/// In parts, so that a book of any size fits.
fn csv(book: &Book) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    let mut before = i64::MAX;
    loop {
        let orders = book.orders_before(before, export::CHUNK)?;
        out.write_all(&export::csv(&orders, before == i64::MAX)?)?;
        match orders.last() {
            Some(last) => before = last.no,
            None => break,
        }
    }
    Ok(out.flush()?)
}
