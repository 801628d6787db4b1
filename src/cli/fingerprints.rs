//! `tendero fingerprints`: the adverts and shows whose sound orders nothing.
//!
//! Keeps fingerprints and never sound. A daemon that runs reads them at its next start.

use crate::config::Config;
use crate::hear::RATE_HZ;
use crate::hear::fingerprint::book::{self, Book};
use crate::hear::fingerprint::peaks::MAX_SAMPLES;
use crate::hear::source::read_file;
use anyhow::{Context, ensure};
use clap::Subcommand;
use comfy_table::{Table, presets};
use std::path::{Path, PathBuf};

const RESTART: &str = "a running daemon knows it after a restart: systemctl restart tendero";

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
    /// Register a recording (WAV or FLAC, up to ten minutes) of an advert or a show.
    Add {
        /// What the speaker calls it: "the coffee advert".
        name: String,
        #[arg(value_name = "RECORDING")]
        file: PathBuf,
    },
    /// The recordings that are registered.
    List {
        /// One JSON line for each.
        #[arg(long)]
        json: bool,
    },
    /// Take a recording out.
    Remove { name: String },
    /// Print recordings as a file that can be imported elsewhere: those named, or all.
    Export { names: Vec<String> },
    /// Register what a shop hands out.
    Import {
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
}

pub fn run(args: Args) -> anyhow::Result<()> {
    let config = Config::load(&args.config)?;
    let path = book::path(&config.state.dir);
    let mut book = Book::load(&path)?;
    match args.what {
        What::Add { name, file } => {
            add(&mut book, &name, &file)?;
            save(&book, &config, &path)?;
            println!("\"{}\" is registered; {RESTART}", name.trim());
        }
        What::List { json } => list(&book, json)?,
        What::Remove { name } => {
            ensure!(
                book.remove(name.trim()),
                "no recording is registered as \"{name}\"; `tendero fingerprints list` shows them"
            );
            save(&book, &config, &path)?;
            println!("\"{}\" is no longer registered; {RESTART}", name.trim());
        }
        What::Export { names } => print!("{}", book.export(&names)?),
        What::Import { file } => {
            let text = std::fs::read_to_string(&file).with_context(|| format!("{} can't be read", file.display()))?;
            let count = book.import(&text).with_context(|| format!("{} can't be imported", file.display()))?;
            save(&book, &config, &path)?;
            println!("{count} registered; {RESTART}");
        }
    }
    Ok(())
}

fn add(book: &mut Book, name: &str, file: &Path) -> anyhow::Result<()> {
    let samples = read_file(file)?;
    ensure!(
        samples.len() <= MAX_SAMPLES,
        "{}: is longer than {} minutes; cut it, or register it in pieces",
        file.display(),
        MAX_SAMPLES / RATE_HZ as usize / 60
    );
    book.add(name, &samples).with_context(|| format!("{} can't be registered", file.display()))
}

fn save(book: &Book, config: &Config, path: &Path) -> anyhow::Result<()> {
    crate::daemon::start::make_private_dir(&config.state.dir)?;
    book.save(path)
}

fn list(book: &Book, json: bool) -> anyhow::Result<()> {
    if json {
        for clip in book.clips() {
            println!("{}", serde_json::json!({ "name": clip.name, "length_ms": clip.length_ms }));
        }
        return Ok(());
    }
    if book.clips().next().is_none() {
        println!("no recordings are registered");
        return Ok(());
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(["recording", "length"]);
    for clip in book.clips() {
        table.add_row([clip.name.clone(), format!("{:.1} s", f64::from(clip.length_ms) / 1000.0)]);
    }
    println!("{}", table.trim_fmt());
    Ok(())
}
