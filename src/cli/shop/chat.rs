//! `tendero shop chat`: a person at the shop talks to households, beside the shop that runs on the same data folder.

use super::place::Place;
use crate::clock::Clock;
use crate::deliver::envelope::rfc3339;
use crate::deliver::keys::Keys;
use crate::shop::book::Book;
use crate::shop::book::chat::{Line, Thread};
use crate::shop::desk::{Does, person};
use anyhow::Context;
use std::io::{BufRead, IsTerminal, Write};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

/// How often the book is looked at for new lines.
const LOOK_EVERY: Duration = Duration::from_millis(300);
const HELP: &str = "/offer SKU QTY makes an offer, /end ends the conversation, /quit leaves it open";

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    place: Place,
    /// The conversation to join: its id, or how it begins; without it, list those that go on
    thread: Option<String>,
    /// Who you are, as the household hears it
    #[arg(long = "as", value_name = "NAME", default_value = "", requires = "thread")]
    name: String,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    let mut book = args.place.existing_book()?;
    match &args.thread {
        None => list(&book, args.json),
        Some(thread) => {
            let found = book.find_thread(thread)?;
            let found = found.with_context(|| format!("no conversation, or several, begin with \"{thread}\""))?;
            let keys = args.place.keys_of(&book)?;
            join(&mut book, &keys, &found, args)
        }
    }
}

fn list(book: &Book, json: bool) -> anyhow::Result<()> {
    let threads = book.open_threads()?;
    if json {
        for thread in &threads {
            println!("{}", serde_json::to_string(thread)?);
        }
        return Ok(());
    }
    if threads.is_empty() {
        println!("nobody waits");
        return Ok(());
    }
    let mut table = comfy_table::Table::new();
    table.load_style(comfy_table::presets::UTF8_HORIZONTAL_ONLY);
    table.set_header(["conversation", "since", "household", "language", "state", "who", "about order"]);
    for thread in &threads {
        let since = rfc3339(thread.opened_unix_ms).unwrap_or_default();
        let home = format!("{}/{}", thread.home, thread.device);
        let order = thread.order_id.as_deref().map_or("", |id| &id[..8]);
        let id = &thread.thread[..8];
        table.add_row([id, &since, &home, &thread.language, &thread.state, &thread.person, order]);
    }
    println!("{table}");
    Ok(())
}

/// Joins, shows what comes, and says what is typed, until one side ends it or nothing more is typed.
fn join(book: &mut Book, keys: &Keys, thread: &Thread, args: &Args) -> anyhow::Result<()> {
    let clock = Clock::system();
    let act = |book: &mut Book, does: &Does| -> anyhow::Result<()> {
        let now = clock.unix_ms().context("this machine's clock is not set; set it first")?;
        person(book, keys, &thread.thread, &args.name, does, now)?;
        Ok(())
    };
    let (typed, lines) = channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if typed.send(line).is_err() {
                return;
            }
        }
    });
    act(book, &Does::Joins)?;
    if std::io::stdin().is_terminal() {
        println!("{HELP}");
    }
    let mut shown = 0;
    loop {
        if show(book, thread, &mut shown, args.json)? {
            return Ok(());
        }
        let line = match lines.recv_timeout(LOOK_EVERY) {
            Ok(line) => line,
            Err(RecvTimeoutError::Timeout) => continue,
            Err(RecvTimeoutError::Disconnected) => return Ok(()),
        };
        let words: Vec<&str> = line.split_whitespace().collect();
        let does = match words[..] {
            [] => continue,
            ["/quit"] => return Ok(()),
            ["/end"] => Does::Ends,
            ["/offer", sku, qty] if qty.parse::<u32>().is_ok() => {
                Does::Offers(sku.into(), qty.parse().unwrap_or_default())
            }
            [command, ..] if command.starts_with('/') => {
                eprintln!("{HELP}");
                continue;
            }
            [..] => Does::Says(line),
        };
        // A price that is not there ends no conversation.
        if let Err(why) = act(book, &does) {
            eprintln!("tendero: {why:#}");
        }
    }
}

/// Prints what is new; `true` when the conversation is over.
fn show(book: &Book, thread: &Thread, shown: &mut i64, json: bool) -> anyhow::Result<bool> {
    let mut over = false;
    for line in book.chat_lines(thread, *shown)? {
        *shown = line.no;
        over |= line.handoff.as_deref() == Some("ended");
        if json {
            println!("{}", serde_json::to_string(&line)?);
        } else {
            println!("{}", told(&line));
        }
    }
    std::io::stdout().flush()?;
    Ok(over)
}

fn told(line: &Line) -> String {
    let at = rfc3339(line.at_unix_ms).unwrap_or_default();
    let who = match (line.up, line.name.as_str()) {
        (true, _) => "household",
        (false, "") => "shop",
        (false, name) => name,
    };
    let what = match (&line.handoff, &line.offer) {
        (Some(handoff), _) => format!("({handoff}) {}", line.text),
        (None, Some(offer)) => format!("(offers {offer}) {}", line.text),
        (None, None) => line.text.clone(),
    };
    format!("{at}  {who}: {}", what.trim_end())
}
