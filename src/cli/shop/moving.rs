//! `tendero shop move`: a book that outgrew its file, to PostgreSQL.

use super::place::Place;
use crate::clock::Clock;
use crate::shop::book::moving;
use anyhow::{Context, ensure};
use indicatif::{ProgressBar, ProgressStyle};

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    place: Place,
    /// The file is the book again, as it was when it was moved: what came since is in the database alone
    #[arg(long)]
    undo: bool,
}

/// # Errors
/// A shop that still runs, a database that has a book, or whatever is wrong on the way: then nothing was moved.
pub fn run(args: &Args) -> anyhow::Result<()> {
    let data_dir = &args.place.data_dir;
    if args.undo {
        moving::undo(data_dir)?;
        println!("The book in {} is served again if the shop is started without --database.", data_dir.display());
        return Ok(());
    }
    let database = args.place.database();
    ensure!(database.is_some(), "name the database with --database postgres://user@host/database");
    let now = Clock::system().unix_ms().context("this machine's clock is not set; set it first")?;
    let bar = ProgressBar::new(0).with_style(
        ProgressStyle::with_template("{bar:30} {percent}% {msg}, {eta} left").expect("the template is a good one"),
    );
    let moved = moving::to_database(data_dir, database.unwrap_or_default(), now, |table, done, all| {
        bar.set_length(all);
        bar.set_position(done);
        bar.set_message(table.to_owned());
    });
    bar.finish_and_clear();
    let moved = moved?;
    let rows: u64 = moved.tables.iter().map(|(_, rows)| rows).sum();
    let of = |name: &str| moved.tables.iter().find(|(table, _)| table == name).map_or(0, |(_, rows)| *rows);
    println!(
        "Moved to {}: {} orders, {rows} rows in {} tables, each compared.",
        moved.to.display(),
        of("bookings"),
        moved.tables.len()
    );
    println!(
        "Start the shop with --database from now on, or TENDERO_SHOP_DATABASE; its key stays in {}.",
        data_dir.display()
    );
    println!(
        "The file is as it was, and is not served any more. To go back to it: tendero shop move --undo --data-dir {}",
        data_dir.display()
    );
    Ok(())
}
