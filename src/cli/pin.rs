//! `tendero pin`: the PIN with which an adult approves an order.

use crate::config::Config;
use crate::daemon::pin::{Pin, PinFile};
use crate::daemon::start::make_private_dir;
use anyhow::{Context, ensure};
use std::io::{BufRead, IsTerminal};
use std::path::PathBuf;

#[derive(Debug, clap::Subcommand)]
pub enum Args {
    /// Set or replace it: 4 to 12 digits, asked for twice on a terminal, else one line of standard input.
    Set(Where),
    /// Remove it: from now on only the button approves.
    Remove(Where),
}

#[derive(Debug, clap::Args)]
pub struct Where {
    /// The daemon's configuration.
    #[arg(long, value_name = "FILE", default_value = "/etc/tendero/tendero.toml")]
    config: PathBuf,
}

pub fn run(args: Args) -> anyhow::Result<()> {
    match args {
        Args::Set(at) => {
            let file = file(&at)?;
            let pin = ask("New PIN")?;
            if std::io::stdin().is_terminal() {
                ensure!(ask("Once more")? == pin, "the two PINs differ; nothing was changed");
            }
            file.set(&pin)?;
            println!("the PIN is set; an adult approves with `tendero orders approve`");
        }
        Args::Remove(at) => {
            let was_set = file(&at)?.remove()?;
            println!("{}; the button approves", if was_set { "the PIN is removed" } else { "no PIN was set" });
        }
    }
    Ok(())
}

/// Asks for a PIN without showing it; not on a terminal, it is the next line of standard input.
///
/// # Errors
/// There is nobody to ask.
pub fn ask(prompt: &str) -> anyhow::Result<Pin> {
    let line = if std::io::stdin().is_terminal() {
        rpassword::prompt_password(format!("{prompt}: ")).context("can't read the PIN from the terminal")?
    } else {
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line).context("can't read the PIN from standard input")?;
        line
    };
    Ok(Pin::new(&line))
}

fn file(at: &Where) -> anyhow::Result<PinFile> {
    let config = Config::load(&at.config)?;
    make_private_dir(&config.state.dir)?;
    Ok(PinFile::new(&config.state.dir))
}
