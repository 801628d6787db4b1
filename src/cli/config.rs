//! `tendero config`: the reference configuration, or a check of one.

use crate::config::{Config, lexicons, reference};
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Check this file instead of printing the reference.
    #[arg(long, value_name = "FILE")]
    check: Option<PathBuf>,
}

pub fn run(args: Args) -> anyhow::Result<()> {
    match args.check {
        None => print!("{}", reference()),
        Some(path) => {
            let config = Config::load(&path)?;
            lexicons::configured(&config.understand.lexicon_dir)?;
            println!("{}: fine", path.display());
        }
    }
    Ok(())
}
