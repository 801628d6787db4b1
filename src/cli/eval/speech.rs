//! `tendero eval speech`: recordings of people, clean and with noise under them, and how many are fully understood.
//!
//! A command counts as accepted when its intent, its products, quantities and all of their options are right, as in the
//! public speech-to-intent benchmark, whose way of mixing it uses, too. Orders nothing.

mod mix;

use crate::cli::hear::{Ear, HeardFile};
use crate::hear::source::read_file;
use crate::hear::stt::Setup;
use crate::memory::own_peak_kib;
use crate::understand::Lang;
use crate::understand::intent::{Intent, Parse};
use crate::understand::labels::Wanted;
use crate::understand::lexicon::maker::Lexicons;
use anyhow::{Context as _, ensure};
use comfy_table::{Table, presets::NOTHING};
use indicatif::ProgressBar;
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// The levels of the public benchmark, dB.
const LEVELS_DB: [f64; 7] = [24.0, 21.0, 18.0, 15.0, 12.0, 9.0, 6.0];
const SAMPLES_PER_MS: usize = 16;

/// Published averages over those levels, per cent of commands, both noises of the benchmark. Not measured here.
/// Source: <https://github.com/Picovoice/speech-to-intent-benchmark>.
const PUBLISHED: [(&str, f64); 5] = [
    ("Picovoice Rhino", 97.6),
    ("Microsoft LUIS", 89.9),
    ("IBM Watson", 86.8),
    ("Amazon Lex", 84.5),
    ("Google Dialogflow", 77.6),
];

#[derive(Debug, clap::Args)]
pub struct Args {
    /// A folder with labels.jsonl, one object a line: {"audio","lang","intent","lines":[{"sku","qty","options"}]}, its recordings, and
    /// the catalogue that the labels are about.
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// The catalogue; without it, the one JSON file in DIR.
    #[arg(long, value_name = "FILE")]
    catalog: Option<PathBuf>,
    /// A recording of noise; without it, the one recording that lies in DIR itself.
    #[arg(long, value_name = "FILE")]
    noise: Option<PathBuf>,
    /// How far the loudest speech is above the loudest noise, dB; "clean" for none.
    #[arg(long, value_name = "DB", value_delimiter = ',', value_parser = level)]
    levels: Vec<Level>,
    /// The speech-to-text engine; without it, the first that can start.
    #[arg(long, value_name = "NAME")]
    engine: Option<String>,
    /// Take no noise away before PocketSphinx decodes, as with noise_removal = false under [stt].
    #[arg(long)]
    as_it_is: bool,
    /// Other places in the noise.
    #[arg(long, default_value_t = 2017, value_name = "N")]
    seed: u64,
    /// Only each N-th recording.
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    every: u32,
    /// At most so many recordings.
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// How many misheard recordings of each level are shown.
    #[arg(long, default_value_t = 0, value_name = "N")]
    worst: usize,
    /// One JSON object instead of a table.
    #[arg(long)]
    json: bool,
}

/// Decibels of speech above noise; `None` is without noise.
type Level = Option<f64>;

fn level(text: &str) -> Result<Level, String> {
    match text.trim() {
        "clean" => Ok(None),
        number => match number.parse::<f64>() {
            Ok(db) if (-60.0..=120.0).contains(&db) => Ok(Some(db)),
            _ => Err("a level is a number of decibels from -60 to 120, or \"clean\"".into()),
        },
    }
}

/// A line of `labels.jsonl`: a recording and what is ordered in it.
#[derive(Debug, Deserialize)]
pub struct Label {
    /// Relative to the folder of the labels.
    pub audio: PathBuf,
    pub lang: Lang,
    pub intent: Intent,
    #[serde(default)]
    pub lines: Vec<Wanted>,
}

impl Label {
    /// Intent and every slot, in this order of lines.
    pub fn accepts(&self, parse: &Parse) -> bool {
        parse.intent == self.intent && Wanted::all_of(parse) == self.lines
    }
}

/// What a level came to.
#[derive(Debug, Default)]
struct Row {
    level: Level,
    recordings: usize,
    accepted: usize,
    sound_ms: u64,
    /// For each recording, from its end to its meaning.
    took_ms: Vec<u64>,
    wrong: Vec<String>,
}

impl Row {
    fn rate(&self) -> f64 {
        100.0 * self.accepted as f64 / self.recordings.max(1) as f64
    }

    fn real_time(&self) -> f64 {
        self.took_ms.iter().sum::<u64>() as f64 / self.sound_ms.max(1) as f64
    }

    /// Of `took_ms`, the one that so many of a hundred do not exceed.
    fn percentile_ms(&self, of_100: usize) -> u64 {
        let mut sorted = self.took_ms.clone();
        sorted.sort_unstable();
        sorted.get((sorted.len() * of_100).div_ceil(100).saturating_sub(1)).copied().unwrap_or(0)
    }

    fn name(&self) -> String {
        self.level.map_or("clean".into(), |db| format!("{db} dB"))
    }
}

/// Runs the subcommand.
///
/// # Errors
/// A folder, a label, a recording or a catalogue that can't be read; an engine that can't start.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let every = labels(&args.dir)?.into_iter().step_by(args.every as usize);
    let labels: Vec<Label> = every.take(args.limit.unwrap_or(usize::MAX)).collect();
    let catalog = match &args.catalog {
        Some(file) => file.clone(),
        None => only_one(&args.dir, &["json"])?.with_context(|| {
            format!("{} holds not exactly one JSON file; name the catalogue with --catalog", args.dir.display())
        })?,
    };
    let noise_file = match &args.noise {
        Some(file) => Some(file.clone()),
        None => only_one(&args.dir, &["flac", "wav"])?,
    };
    let noise = noise_file.as_deref().map(read_file).transpose()?;
    let levels = match (args.levels.as_slice(), &noise) {
        ([], None) => vec![None],
        ([], Some(_)) => std::iter::once(None).chain(LEVELS_DB.map(Some)).collect(),
        (given, _) => given.to_vec(),
    };
    ensure!(
        noise.is_some() || levels.iter().all(Option::is_none),
        "there is no noise to mix in: {} holds not exactly one recording beside its folders; name one with --noise",
        args.dir.display()
    );
    let lang = labels[0].lang;
    ensure!(labels.iter().all(|l| l.lang == lang), "the labels are of several languages; judge one at a time");
    let setup = Setup { lang, noise_removal: !args.as_it_is, ..Setup::default() };
    let mut ear = Ear::open_set_up(&catalog, Lexicons::default(), args.engine.as_deref(), &setup)?;
    let bar = progress(labels.len() * levels.len(), args.json);
    let noise = noise.unwrap_or_default();
    let rows = levels
        .iter()
        .map(|level| judge(args, &labels, *level, &noise, &mut ear, &bar))
        .collect::<anyhow::Result<Vec<Row>>>()?;
    bar.finish_and_clear();
    if args.json {
        println!("{}", report(args, &rows));
    } else {
        print(&rows, args.worst);
    }
    Ok(ExitCode::SUCCESS)
}

/// The labels in the folder `dir`, at least one.
///
/// # Errors
/// No `labels.jsonl` there, a line that is no label, or none at all.
pub fn labels(dir: &Path) -> anyhow::Result<Vec<Label>> {
    let file = dir.join("labels.jsonl");
    let text = std::fs::read_to_string(&file)
        .with_context(|| format!("can't read {}; give a folder of labelled recordings", file.display()))?;
    let all: Vec<Label> = text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(at, line)| {
            serde_json::from_str(line).with_context(|| {
                format!("{}, line {}: a label is {{\"audio\",\"lang\",\"intent\",\"lines\"}}", file.display(), at + 1)
            })
        })
        .collect::<anyhow::Result<_>>()?;
    ensure!(!all.is_empty(), "{} names no recording", file.display());
    Ok(all)
}

/// The file in `dir` that ends so, if there is exactly one.
fn only_one(dir: &Path, endings: &[&str]) -> anyhow::Result<Option<PathBuf>> {
    let entries = std::fs::read_dir(dir).with_context(|| format!("can't read the folder {}", dir.display()))?;
    let mut files: Vec<PathBuf> = entries
        .filter_map(|entry| entry.ok().map(|e| e.path()))
        .filter(|path| path.is_file() && path.extension().is_some_and(|e| endings.iter().any(|end| e == *end)))
        .collect();
    Ok(if files.len() == 1 { files.pop() } else { None })
}

fn judge(
    args: &Args,
    labels: &[Label],
    level: Level,
    noise: &[i16],
    ear: &mut Ear,
    bar: &ProgressBar,
) -> anyhow::Result<Row> {
    let mut row = Row { level, ..Row::default() };
    for (at, label) in labels.iter().enumerate() {
        let speech = read_file(&args.dir.join(&label.audio))?;
        // A recording has its own place in the noise at each level, whichever others are judged.
        let place = args.seed ^ ((at as u64 * u64::from(args.every) + 1) << 20) ^ level.map_or(0, f64::to_bits);
        let sound = level.map_or_else(|| speech.clone(), |db| mix::under(&speech, noise, db, place));
        let heard = ear.hear_samples(&sound).with_context(|| format!("{}: can't be heard", label.audio.display()))?;
        row.recordings += 1;
        row.sound_ms += (sound.len() / SAMPLES_PER_MS) as u64;
        row.took_ms.push(heard.decode_ms + heard.parse_ms);
        if label.accepts(&heard.parse) {
            row.accepted += 1;
        } else {
            row.wrong.push(misheard(label, &heard));
        }
        bar.inc(1);
    }
    Ok(row)
}

fn misheard(label: &Label, heard: &HeardFile) -> String {
    let wanted: Vec<String> = label.lines.iter().map(|l| described(l.qty, &l.sku, &l.options)).collect();
    let got: Vec<String> = heard.parse.lines.iter().map(|l| described(l.qty, &l.sku, &l.options)).collect();
    let text = heard.nbest.get(heard.chosen).map_or("", |h| h.text.as_str());
    format!(
        "{}: wanted {} {}; heard \"{text}\", {} {}",
        label.audio.display(),
        label.intent.name(),
        wanted.join(" and "),
        heard.parse.intent.name(),
        got.join(" and ")
    )
}

fn described(qty: u32, sku: &str, options: &BTreeMap<String, String>) -> String {
    let options: Vec<&str> = options.values().map(String::as_str).collect();
    format!("{qty} × {sku} ({})", options.join(", "))
}

fn progress(steps: usize, json: bool) -> ProgressBar {
    if json {
        return ProgressBar::hidden();
    }
    let style = indicatif::ProgressStyle::with_template("{bar:40} {pos}/{len} recordings, {eta} left");
    ProgressBar::new(steps as u64).with_style(style.unwrap_or_else(|_| indicatif::ProgressStyle::default_bar()))
}

/// Mean over the levels with noise, if there are any.
fn average(rows: &[Row]) -> Option<f64> {
    let noisy: Vec<f64> = rows.iter().filter(|r| r.level.is_some()).map(Row::rate).collect();
    (!noisy.is_empty()).then(|| noisy.iter().sum::<f64>() / noisy.len() as f64)
}

fn peak_mib() -> Option<f64> {
    own_peak_kib().map(|kib| kib as f64 / 1_024.0)
}

fn print(rows: &[Row], worst: usize) {
    let mut table = Table::new();
    table.load_style(NOTHING).set_header(["noise", "accepted", "", "of real time", "to the meaning, p50", "p95"]);
    for row in rows {
        table.add_row([
            row.name(),
            format!("{:.1} %", row.rate()),
            format!("{} of {}", row.accepted, row.recordings),
            format!("{:.3}", row.real_time()),
            format!("{} ms", row.percentile_ms(50)),
            format!("{} ms", row.percentile_ms(95)),
        ]);
    }
    println!("{}", table.trim_fmt());
    if let Some(average) = average(rows) {
        println!("\nAverage over the levels with noise: {average:.1} %.");
    }
    println!("Times are from the end of a recording, of which nothing was decoded ahead.");
    if let Some(mib) = peak_mib() {
        println!("Peak resident memory: {mib:.0} MiB.");
    }
    for row in rows.iter().filter(|row| worst > 0 && !row.wrong.is_empty()) {
        println!("\n{}: {} were not accepted, such as", row.name(), row.wrong.len());
        row.wrong.iter().take(worst).for_each(|wrong| println!("  {wrong}"));
    }
    println!(
        "\nPublished averages over 24 to 6 dB, not measured here (Picovoice's speech-to-intent benchmark, its own set of recordings and noises):"
    );
    for (name, percent) in PUBLISHED {
        println!("  {name} {percent:.1} %");
    }
}

fn report(args: &Args, rows: &[Row]) -> serde_json::Value {
    let levels: Vec<serde_json::Value> = rows
        .iter()
        .map(|row| {
            json!({
                "level_db": row.level, "recordings": row.recordings, "accepted": row.accepted, "per_cent": row.rate(),
                "real_time": row.real_time(), "p50_ms": row.percentile_ms(50), "p95_ms": row.percentile_ms(95),
                "wrong": row.wrong.iter().take(args.worst).collect::<Vec<_>>(),
            })
        })
        .collect();
    let published: serde_json::Map<String, serde_json::Value> =
        PUBLISHED.iter().map(|(name, percent)| ((*name).to_owned(), json!(percent))).collect();
    json!({
        "seed": args.seed, "levels": levels, "average_per_cent": average(rows), "peak_mib": peak_mib(),
        "published_not_measured_here": published,
    })
}
