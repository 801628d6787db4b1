//! `tendero lexicon`: a maker's own words, checked; and the built-in ones, to learn from.

use crate::config::lexicons;
use crate::understand::Lang;
use crate::understand::lexicon::Lexicon;
use std::path::PathBuf;

/// Check your own words and sentences, or print the built-in ones.
#[derive(Debug, clap::Subcommand)]
pub enum Args {
    /// Check a folder with en.toml, es.toml and ro.toml, and print how much each adds.
    Check {
        #[arg(value_name = "DIR")]
        dir: PathBuf,
    },
    /// Print the built-in file of a language, as an example.
    Show {
        /// en, es or ro.
        lang: Lang,
    },
}

/// Runs the subcommand.
///
/// # Errors
/// The first mistake in a file, or a folder that can't be read.
pub fn run(args: &Args) -> anyhow::Result<()> {
    match args {
        Args::Check { dir } => {
            let lexicons = lexicons::read(dir)?;
            for (lang, added) in lexicons.added() {
                println!("{lang}: {added}");
            }
            if lexicons.is_empty() {
                println!("{}: none of en.toml, es.toml and ro.toml is there; nothing is added", dir.display());
            }
        }
        Args::Show { lang } => print!("{}", Lexicon::built_in_text(*lang)),
    }
    Ok(())
}
