//! `tendero hear`: recordings in, meaning out. For tests, tuning and curiosity.
//!
//! Each file is one utterance, decoded as what one says after the wake word. Never orders anything.

use crate::clock::Clock;
use crate::config::{Config, lexicons};
use crate::decide::event::Hypothesis;
use crate::hear::source::read_file;
use crate::hear::stt::{self, Setup, Stt};
use crate::understand::catalog::Catalog;
use crate::understand::grammar::Expect;
use crate::understand::intent::{Intent, Parse};
use crate::understand::lexicon::maker::Lexicons;
use crate::understand::{Lang, Understanding};
use anyhow::Context;
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

/// Hypotheses that are asked for.
const NBEST: usize = 5;
/// The default engines, in this order.
const ENGINES: [&str; 1] = ["pocketsphinx"];
const KEY: &str = "command";

/// Says what was heard in recordings (WAV or FLAC), and what it means.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The shop's catalogue, a JSON file.
    #[arg(long, value_name = "FILE")]
    pub catalog: PathBuf,
    /// A folder with words and sentences of your own (en.toml, es.toml, ro.toml).
    #[arg(long, value_name = "DIR")]
    pub lexicon: Option<PathBuf>,
    /// The language that is spoken: en, es or ro.
    #[arg(long, default_value = "en")]
    pub lang: Lang,
    /// The speech-to-text engine; without it, the first that can start.
    #[arg(long, value_name = "NAME")]
    pub engine: Option<String>,
    /// A daemon's configuration, for the models and libraries that its [stt] names.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// One JSON line for each file.
    #[arg(long)]
    pub json: bool,
    /// Recordings, each one utterance.
    #[arg(required = true, value_name = "RECORDING")]
    pub files: Vec<PathBuf>,
}

/// Runs the subcommand.
///
/// # Errors
/// The catalogue or the engine can't be used; or some of the files failed (each has had its
/// line on standard error by then).
pub fn run(args: Args) -> anyhow::Result<()> {
    let setup = match &args.config {
        Some(path) => Setup { lang: args.lang, ..Config::load(path)?.stt_setup() },
        None => Setup { lang: args.lang, ..Setup::default() },
    };
    let lexicons = lexicons::given(args.lexicon.as_deref())?;
    let mut ear = Ear::open_set_up(&args.catalog, lexicons, args.engine.as_deref(), &setup)?;
    let progress = progress_bar(args.files.len(), args.json);
    let mut failed = 0;
    for file in &args.files {
        let result = ear.hear(file);
        if let Err(why) = &result {
            failed += 1;
            progress.suspend(|| eprintln!("tendero hear: {why:#}"));
        }
        progress.suspend(|| print(file, &result, args.json))?;
        progress.inc(1);
    }
    progress.finish_and_clear();
    anyhow::ensure!(failed == 0, "{failed} of {} recordings could not be heard", args.files.len());
    Ok(())
}

/// A recogniser and what it needs to understand one catalogue.
pub struct Ear {
    understanding: Understanding,
    stt: Box<dyn Stt>,
    lang: Lang,
    clock: Clock,
}

/// What one recording gave.
#[derive(Debug, Clone)]
pub struct HeardFile {
    pub nbest: Vec<Hypothesis>,
    /// Of `nbest`, the one that was parsed.
    pub chosen: usize,
    pub parse: Parse,
    pub decode_ms: u64,
    pub parse_ms: u64,
}

impl Ear {
    /// With the lexicons that are built in.
    ///
    /// # Errors
    /// The catalogue can't be read, or no engine can start.
    pub fn open(catalog: &Path, lang: Lang, engine: Option<&str>) -> anyhow::Result<Ear> {
        Ear::open_with(catalog, Lexicons::default(), lang, engine)
    }

    /// As [`Ear::open`], with what a maker adds.
    ///
    /// # Errors
    /// As [`Ear::open`].
    pub fn open_with(catalog: &Path, lexicons: Lexicons, lang: Lang, engine: Option<&str>) -> anyhow::Result<Ear> {
        Ear::open_set_up(catalog, lexicons, engine, &Setup { lang, ..Setup::default() })
    }

    /// As [`Ear::open_with`], with everything that engines need to know.
    ///
    /// # Errors
    /// As [`Ear::open`].
    pub fn open_set_up(catalog: &Path, lexicons: Lexicons, engine: Option<&str>, setup: &Setup) -> anyhow::Result<Ear> {
        let lang = setup.lang;
        let text = std::fs::read_to_string(catalog)
            .with_context(|| format!("the catalogue {} can't be read", catalog.display()))?;
        let catalog =
            Catalog::from_json(&text).with_context(|| format!("the catalogue {} can't be used", catalog.display()))?;
        let understanding = Understanding::with_lexicons(catalog, lexicons);
        let names = engine.map_or_else(|| ENGINES.map(str::to_owned).to_vec(), |name| vec![name.to_owned()]);
        let opened = stt::open_with(&names, setup)?;
        let mut stt = opened.stt;
        stt.prepare(KEY, &understanding.grammar(lang, &Expect::Command))?;
        Ok(Ear { understanding, stt, lang, clock: Clock::system() })
    }

    /// Decodes `file` as one utterance and parses it.
    ///
    /// # Errors
    /// The recording can't be read, or the engine failed.
    pub fn hear(&mut self, file: &Path) -> anyhow::Result<HeardFile> {
        let samples = read_file(file)?;
        self.hear_samples(&samples).with_context(|| format!("{}: can't be heard", file.display()))
    }

    /// As [`Ear::hear`], of 16 kHz mono samples.
    ///
    /// # Errors
    /// The engine failed.
    pub fn hear_samples(&mut self, samples: &[i16]) -> anyhow::Result<HeardFile> {
        let began = self.clock.machine_ms();
        let nbest = self.stt.transcribe(KEY, samples, NBEST)?;
        let decoded = self.clock.machine_ms();
        let (chosen, parse) = self.understand(&nbest);
        let parsed = self.clock.machine_ms();
        Ok(HeardFile { nbest, chosen, parse, decode_ms: decoded - began, parse_ms: parsed - decoded })
    }

    /// The best hypothesis decides. Only if it means nothing at all may a less likely one speak,
    /// and then never one that orders: what was not heard first is not bought.
    fn understand(&self, nbest: &[Hypothesis]) -> (usize, Parse) {
        let parse = |h: &Hypothesis| self.understanding.parse(&h.text, self.lang, &Expect::Command, &|_| false);
        let first = nbest.first().map_or_else(|| Parse::nothing(vec![]), parse);
        if first.intent != Intent::None || first.not_an_order.is_some() {
            return (0, first);
        }
        let other = nbest
            .iter()
            .enumerate()
            .skip(1)
            .map(|(at, h)| (at, parse(h)))
            .find(|(_, p)| p.intent != Intent::None && !p.intent.can_buy());
        other.unwrap_or((0, first))
    }
}

#[derive(Serialize)]
struct JsonLine<'a> {
    file: &'a Path,
    transcript: &'a str,
    nbest: &'a [Hypothesis],
    intent: Intent,
    lines: Vec<JsonOrderLine<'a>>,
    leftover: String,
    ms: JsonMs,
}

#[derive(Serialize)]
struct JsonOrderLine<'a> {
    sku: &'a str,
    qty: u32,
    options: &'a BTreeMap<String, String>,
}

#[derive(Serialize)]
struct JsonMs {
    decode: u64,
    parse: u64,
}

#[derive(Serialize)]
struct JsonError<'a> {
    file: &'a Path,
    error: String,
}

fn print(file: &Path, result: &anyhow::Result<HeardFile>, json: bool) -> anyhow::Result<()> {
    let line = match (result, json) {
        (Ok(heard), true) => serde_json::to_string(&json_line(file, heard))?,
        (Err(why), true) => serde_json::to_string(&JsonError { file, error: format!("{why:#}") })?,
        (Ok(heard), false) => readable(file, heard),
        (Err(_), false) => return Ok(()),
    };
    // A reader that has gone (`| head`) is no fault of ours.
    match writeln!(std::io::stdout(), "{line}") {
        Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => Err(e).context("standard output can't be written"),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn json_line<'a>(file: &'a Path, heard: &'a HeardFile) -> JsonLine<'a> {
    JsonLine {
        file,
        transcript: heard.nbest.get(heard.chosen).map_or("", |h| &h.text),
        nbest: &heard.nbest,
        intent: heard.parse.intent,
        lines: heard
            .parse
            .lines
            .iter()
            .map(|line| JsonOrderLine { sku: &line.sku, qty: line.qty, options: &line.options })
            .collect(),
        leftover: heard.parse.leftover.join(" "),
        ms: JsonMs { decode: heard.decode_ms, parse: heard.parse_ms },
    }
}

fn readable(file: &Path, heard: &HeardFile) -> String {
    let best = heard.nbest.get(heard.chosen);
    let text = best.map_or("", |h| h.text.as_str());
    let intent =
        serde_json::to_value(heard.parse.intent).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default();
    let mut out = format!("{}\n", file.display());
    if text.is_empty() {
        out.push_str("  heard nothing that is a command");
    } else {
        out.push_str(&format!(
            "  heard    \"{text}\" ({:.0} % sure)\n  means    {intent}",
            best.map_or(0.0, |h| h.confidence * 100.0)
        ));
    }
    for line in &heard.parse.lines {
        let options: Vec<String> = line.options.iter().map(|(name, value)| format!("{name} {value}")).collect();
        out.push_str(&format!("\n  line     {} × {} {}", line.qty, line.sku, options.join(", ")));
    }
    if !heard.parse.leftover.is_empty() {
        out.push_str(&format!("\n  leftover {}", heard.parse.leftover.join(" ")));
    }
    out.push_str(&format!("\n  took     {} ms to decode, {} ms to parse", heard.decode_ms, heard.parse_ms));
    out
}

/// Only for many files, a person who watches, and an output that goes elsewhere.
fn progress_bar(files: usize, json: bool) -> indicatif::ProgressBar {
    let watched = std::io::stderr().is_terminal() && !std::io::stdout().is_terminal();
    if files < 5 || !watched || !json {
        return indicatif::ProgressBar::hidden();
    }
    let style = indicatif::ProgressStyle::with_template("{bar:40} {pos}/{len} recordings, {eta} left");
    let bar = indicatif::ProgressBar::new(files as u64);
    style.map(|s| bar.clone().with_style(s)).unwrap_or(bar)
}
