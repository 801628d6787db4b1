//! `tendero say`: types to a running daemon what one would say.

use crate::config::Config;
use crate::daemon::control::{Ask, Client};
use crate::understand::Lang;
use std::io::{BufRead, IsTerminal, Write};
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The running daemon's configuration.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// The language of the words; else the household's.
    #[arg(long)]
    lang: Option<Lang>,
    /// What one would say, without the wake word. Without it, lines of standard input.
    text: Vec<String>,
}

pub fn run(args: Args) -> anyhow::Result<()> {
    let config = Config::load(&args.config)?;
    super::block_on(async {
        let mut client = Client::connect(&config.state.socket).await?;
        if !args.text.is_empty() {
            return say(&mut client, args.text.join(" "), args.lang).await;
        }
        let prompt = std::io::stdin().is_terminal();
        loop {
            if prompt {
                print!("> ");
                std::io::stdout().flush()?;
            }
            let mut line = String::new();
            if std::io::stdin().lock().read_line(&mut line)? == 0 {
                return Ok(());
            }
            if !line.trim().is_empty() {
                say(&mut client, line.trim().to_owned(), args.lang).await?;
            }
        }
    })
}

async fn say(client: &mut Client, text: String, lang: Option<Lang>) -> anyhow::Result<()> {
    client.ask(&Ask::Say { text, lang }, |reply| println!("{reply}")).await?;
    Ok(())
}
