//! `tendero doctor`: what is well on this board and what is not, row by row, with the command that mends it.
//!
//! Looks and changes nothing: it makes no file, opens the store read-only, and speaks to a broker under a name of its own,
//! so it can be run beside a daemon. [`probe`] finds facts, [`verdict`] judges them (pure), and the engines are tried in
//! processes of their own ([`trial`]), since a library may end the process that opens it.

mod broker;
mod facts;
mod probe;
mod trial;
mod verdict;

use crate::config::Config;
use anstream::println;
use anstyle::{AnsiColor, Style};
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use verdict::shell::Shell;
use verdict::{Mark, Row};

const CONFIG: &str = "/etc/tendero/tendero.toml";

/// Exit status: 0 nothing stops the speaker from working, though there may be warnings; 1 something does.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The daemon's configuration.
    #[arg(long, value_name = "FILE", default_value = CONFIG)]
    config: PathBuf,
    /// Ask no broker.
    #[arg(long)]
    offline: bool,
    /// Open microphone and loudspeaker, too: half a second is listened to, and a moment of silence played. Not beside a daemon,
    /// which holds both.
    #[arg(long)]
    sound: bool,
    /// One JSON object.
    #[arg(long)]
    json: bool,
    /// Start one engine and say how that went: in a process of its own.
    #[arg(long, value_name = "KIND:NAME", hide = true)]
    try_engine: Option<trial::What>,
}

#[derive(Serialize)]
struct Report<'a> {
    version: u32,
    well: bool,
    rows: &'a [Row],
}

pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    super::init_logs("off");
    if let Some(what) = &args.try_engine {
        return trial::run(what, &Config::load(&args.config)?);
    }
    let rows = rows(args);
    let faults = rows.iter().filter(|row| row.mark == Mark::Fault).count();
    if args.json {
        std::println!("{}", serde_json::to_string(&Report { version: 1, well: faults == 0, rows: &rows })?);
    } else {
        print(&rows);
    }
    Ok(if faults == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// In the order in which one sets a board up.
fn rows(args: &Args) -> Vec<Row> {
    let shell = |sudo| Shell { config: (args.config != Path::new(CONFIG)).then(|| args.config.clone()), sudo };
    let (board, clock) = (probe::board(), probe::clock());
    let loaded = Config::load(&args.config);
    let mut rows = vec![verdict::configuration(&args.config, loaded.as_ref().err(), &shell(false))];
    rows.extend(verdict::board(&board));
    rows.push(verdict::clock(&clock));
    let Ok(config) = loaded else { return rows };
    let state = probe::state(&config);
    let shell = shell(!state.is_ours());
    rows.extend(verdict::lexicon(probe::lexicon(&config)));
    rows.extend(verdict::state(&state));
    rows.push(verdict::daemon(&probe::daemon(&config), &shell));
    rows.push(verdict::sound::microphone(&config, &probe::microphone(&config, args.sound), &shell));
    let listens = config.microphone.device != "off";
    rows.push(verdict::sound::wake(&config, listens.then(|| probe::wake(&config)).as_ref()));
    let catalog = probe::catalog(&config);
    let models = probe::models(&config, &board);
    if listens {
        let tried = trial::hearing(&args.config, &config);
        rows.extend(verdict::engines::hearing(&tried, config.home.language, &models, &shell));
    } else {
        rows.push(verdict::engines::not_needed("speech to text", "the microphone is off"));
    }
    rows.extend(verdict::engines::speaking(&trial::speaking(&args.config, &config)));
    rows.push(verdict::sound::speaker(&probe::speaker(&config, args.sound), &shell));
    rows.push(verdict::models(&models, &config, listens, &shell));
    let book = probe::book(&state, &config);
    rows.push(verdict::shop::pairing(&probe::pairing(&state, &config), &shell));
    rows.push(verdict::shop::catalog(&catalog, &shell));
    rows.push(verdict::shop::broker(&broker::ask(&config, &state, args.offline), &config, &clock));
    rows.push(verdict::shop::pin(&book, &config, &shell));
    rows.extend(verdict::shop::policy(&config));
    rows.extend(verdict::shop::orders(&book, &config, &shell));
    rows
}

fn print(rows: &[Row]) {
    let bold = |colour: AnsiColor| Style::new().fg_color(Some(colour.into())).bold();
    let dim = Style::new().dimmed();
    let width = rows.iter().map(|row| row.area.len()).max().unwrap_or(0);
    for Row { area, mark, says, fix } in rows {
        let (word, style) = match mark {
            Mark::Well => ("ok", Style::new().fg_color(Some(AnsiColor::Green.into()))),
            Mark::Warning => ("warn", bold(AnsiColor::Yellow)),
            Mark::Fault => ("FAULT", bold(AnsiColor::Red)),
            Mark::Off => ("off", dim),
        };
        println!("{style}{word:<5}{style:#}  {area:<width$}  {says}");
        if let Some(fix) = fix {
            println!("{:<5}  {:<width$}  {dim}→{dim:#} {fix}", "", "");
        }
    }
    let count = |mark: Mark| rows.iter().filter(|row| row.mark == mark).count();
    let (faults, warnings) = (count(Mark::Fault), count(Mark::Warning));
    let things = |count: usize, one: &str| format!("{count} {one}{}", if count == 1 { "" } else { "s" });
    match faults {
        0 => println!("Nothing stops the speaker from working; {}.", things(warnings, "warning")),
        _ => println!("{} and {}.", things(faults, "fault"), things(warnings, "warning")),
    }
}
