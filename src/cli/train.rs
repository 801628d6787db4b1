//! `tendero train`: tables of utterances in, the weights of the intent classifier out.
//!
//! With `--folds` it judges itself first: each part of the rows by a model that never saw it.

use super::eval::read_tables;
use crate::understand::Lang;
use crate::understand::classifier::train::{Row, Settings, train};
use crate::understand::intent::Intent;
use crate::understand::lexicon::Lexicon;
use anyhow::Context as _;
use indicatif::ProgressBar;
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};

/// Teach the intent classifier from tables of utterances.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The catalogue that the tables are about (JSON).
    #[arg(long, value_name = "FILE")]
    pub catalog: PathBuf,
    /// Tables: one JSON object a line, with "text", "lang" and "intent".
    #[arg(long, value_name = "FILE", required = true, num_args = 1..)]
    pub labels: Vec<PathBuf>,
    /// More tables, each about a catalogue of its own.
    #[arg(long, value_name = "CATALOG:LABELS")]
    pub more: Vec<More>,
    /// A folder with words and sentences of your own (en.toml, es.toml, ro.toml).
    #[arg(long, value_name = "DIR")]
    pub lexicon: Option<PathBuf>,
    /// The language to train; rows of others are skipped.
    #[arg(long)]
    pub lang: Lang,
    /// Where the weights go.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Cross-validate with this many parts.
    #[arg(long, value_name = "N")]
    pub folds: Option<usize>,
    /// Passes over the rows.
    #[arg(long, default_value_t = Settings::default().epochs)]
    pub epochs: u32,
    /// Step size of the first update.
    #[arg(long, default_value_t = Settings::default().rate)]
    pub rate: f32,
    /// Strength of the penalty that leaves features without weight.
    #[arg(long, default_value_t = Settings::default().sparsity)]
    pub sparsity: f32,
    /// Features in fewer rows are not looked at.
    #[arg(long, default_value_t = Settings::default().min_rows)]
    pub min_rows: usize,
    /// Seed of the order in which the rows are seen.
    #[arg(long, default_value_t = Settings::default().seed)]
    pub seed: u64,
}

/// Runs the subcommand.
///
/// # Errors
/// A catalogue or a table that can't be read or is wrong, no row of the language, a file that can't be written.
pub fn run(args: &Args) -> anyhow::Result<()> {
    let settings = Settings {
        epochs: args.epochs,
        rate: args.rate,
        sparsity: args.sparsity,
        min_rows: args.min_rows,
        seed: args.seed,
    };
    let mut rows: Vec<Example> = examples(args, &args.catalog, &args.labels)?;
    for more in &args.more {
        rows.extend(examples(args, &more.catalog, std::slice::from_ref(&more.labels))?);
    }
    anyhow::ensure!(!rows.is_empty(), "the tables hold no row whose \"lang\" is \"{}\"", args.lang);
    if let Some(folds) = args.folds {
        cross_validate(&rows, folds, &settings);
    }
    let rows: Vec<Row> = rows.into_iter().map(|e| e.row).collect();
    let bar = ProgressBar::new(u64::from(settings.epochs));
    let model = train(&rows, &settings, &mut |epoch| bar.set_position(u64::from(epoch)));
    bar.finish_and_clear();
    let right = rows.iter().filter(|(f, i)| model.likelihood(f).best(&|_| true).is_some_and(|(b, _)| b == *i)).count();
    println!(
        "{} rows, {} features with weight; {right} of the rows it learned from are right",
        rows.len(),
        model.len()
    );
    if let Some(out) = &args.out {
        std::fs::write(out, format!("{}{}", origin(args, rows.len(), &settings)?, model.to_text()))
            .with_context(|| format!("can't write {}", out.display()))?;
    }
    Ok(())
}

/// Where the weights come from, as comments: settings, and the sums of the tables and the built-in lexicon as `sha256sum`
/// prints them, so that weights which are older are noticed.
fn origin(args: &Args, rows: usize, settings: &Settings) -> anyhow::Result<String> {
    let Settings { epochs, rate, sparsity, min_rows, seed } = settings;
    let mut out = format!(
        "# Weights of the intent classifier ({}), written by `tendero train` from {rows} rows:\n\
         # epochs {epochs}, rate {rate}, sparsity {sparsity}, min-rows {min_rows}, seed {seed}\n",
        args.lang
    );
    let mut sum = |bytes: &[u8], name: &dyn std::fmt::Display| {
        let sum = base16ct::lower::encode_string(&Sha256::digest(bytes));
        out.push_str(&format!("# sha256 {sum} {name}\n"));
    };
    for file in args.labels.iter().chain(args.more.iter().map(|more| &more.labels)) {
        let bytes = std::fs::read(file).with_context(|| format!("can't read {}", file.display()))?;
        sum(&bytes, &file.display());
    }
    sum(Lexicon::built_in_text(args.lang).as_bytes(), &format!("src/understand/lexicon/{}.toml", args.lang));
    Ok(out)
}

/// A table and the catalogue that it is about.
#[derive(Debug, Clone)]
pub struct More {
    catalog: PathBuf,
    labels: PathBuf,
}

impl std::str::FromStr for More {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (catalog, labels) = text
            .split_once(':')
            .ok_or_else(|| format!("\"{text}\" is not CATALOG:LABELS, two files with a colon between"))?;
        Ok(More { catalog: catalog.into(), labels: labels.into() })
    }
}

struct Example {
    text: String,
    row: Row,
}

fn examples(args: &Args, catalog: &Path, labels: &[PathBuf]) -> anyhow::Result<Vec<Example>> {
    let understanding = super::parse::understanding(catalog, args.lexicon.as_deref())?;
    let rows = read_tables(labels)?.into_iter().filter(|row| row.lang == args.lang);
    Ok(rows
        .map(|row| Example { row: (understanding.features(&row.text, row.lang), row.intent), text: row.text })
        .collect())
}

/// Judges each part of the rows by a model that never saw it.
fn cross_validate(rows: &[Example], folds: usize, settings: &Settings) {
    let mut judged: Vec<(&Example, Intent, f32)> = Vec::new();
    for fold in 0..folds {
        let part = |at: usize| at % folds == fold;
        let seen: Vec<Row> = rows.iter().enumerate().filter(|(at, _)| !part(*at)).map(|(_, e)| e.row.clone()).collect();
        let model = train(&seen, settings, &mut |_| {});
        judged.extend(rows.iter().enumerate().filter(|(at, _)| part(*at)).filter_map(|(_, example)| {
            let likely = model.likelihood(&example.row.0);
            Some((example, likely.best(&|_| true)?.0, likely.of(Intent::Reorder)))
        }));
    }
    let right = judged.iter().filter(|(e, best, _)| e.row.1 == *best).count();
    println!("{right} of {} right by models that never saw them ({:.1} %)", judged.len(), share(right, judged.len()));
    let (orders, others): (Vec<_>, Vec<_>) = judged.iter().partition(|(e, ..)| e.row.1 == Intent::Reorder);
    for least in [0.5, 0.65, 0.8, 0.9, 0.95] {
        let passing = |of: &[&(&Example, Intent, f32)]| of.iter().filter(|(.., p)| *p >= least).count();
        let (taken, wrong) = (passing(&orders), passing(&others));
        println!(
            "  likelihood of an order from {least:.2} on: {taken} of {} orders, {wrong} of {} others",
            orders.len(),
            others.len()
        );
    }
    let mut worst: Vec<_> = others.into_iter().filter(|(.., p)| *p >= 0.8).collect();
    worst.sort_by(|a, b| b.2.total_cmp(&a.2));
    for (example, _, p) in worst.iter().take(10) {
        println!("  taken for an order ({p:.2}): \"{}\"", example.text);
    }
}

fn share(part: usize, of: usize) -> f32 {
    100.0 * part as f32 / of.max(1) as f32
}
