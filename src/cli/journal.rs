//! `tendero journal`: what a daemon wrote down, as a dialogue.

use crate::decide::effect::Effect;
use crate::decide::event::Event;
use crate::journal::{Entry, Replayed, replay};
use crate::speak::wording::Wording;
use clap::Subcommand;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Run the events through a fresh mind, check that the effects are the same to the byte,
    /// and print the dialogue.
    Replay { file: PathBuf },
}

pub fn run(args: Args) -> anyhow::Result<()> {
    let What::Replay { file } = args.what;
    let wording = Wording::new()?;
    let count = replay(&file, |line| match line {
        Replayed::Restart => println!("--- restarted ---"),
        Replayed::Entry(entry) => print_entry(entry, &wording),
    })?;
    println!("{count} events, every effect as it was recorded");
    Ok(())
}

fn print_entry(entry: &Entry, wording: &Wording) {
    let time = clock_time(entry);
    if let Event::Heard(heard) = &entry.event {
        let best = heard.nbest.first().map_or("", |best| best.text.as_str());
        println!("{time}  household  \"{best}\"");
    }
    if let Event::HeardAgain { nbest, .. } = &entry.event {
        println!("{time}  second ear \"{}\"", nbest.first().map_or("", |best| best.text.as_str()));
    }
    for effect in &entry.effects {
        match effect {
            Effect::Say { lang, reply, .. } => println!("{time}  tendero    \"{}\"", wording.sentence(reply, *lang)),
            Effect::Send { order } => println!("{time}  sent       {order}"),
            Effect::AskApprove { order } => println!("{time}  approved   {order}"),
            Effect::AskSibling { device, order } => println!("{time}  cancel     {order} at {device}"),
            Effect::AskCancel { order, .. } => println!("{time}  cancel     {order}"),
            Effect::AskWithdraw { order } => println!("{time}  withdraw   {order}"),
            Effect::Listen { .. }
            | Effect::HearAgain { .. }
            | Effect::Rest
            | Effect::AskQuote { .. }
            | Effect::AskFind { .. }
            | Effect::AskHistory { .. }
            | Effect::Store { .. }
            | Effect::AskStatus { .. }
            | Effect::Chat { .. }
            | Effect::TellConsent
            | Effect::TellHeard { .. } => {}
        }
    }
}

/// The household's time of day, or the seconds since the start while it is unknown.
fn clock_time(entry: &Entry) -> String {
    match entry.at.wall {
        Some(wall) => {
            let minute = wall.minute_of_day();
            format!("{:02}:{:02}:{:02}", minute / 60, minute % 60, wall.unix_ms.div_euclid(1000).rem_euclid(60))
        }
        None => format!("+{:>6}s", entry.at.mono_ms / 1000),
    }
}
