//! `tendero train`: tables of utterances in, the weights of the intent classifier out.
//!
//! With `--folds` it judges itself first: each part of the rows by a model that never saw it.

use super::eval::read_tables;
use crate::understand::classifier::train::{Row, Settings, train};
use crate::understand::intent::Intent;
use crate::understand::{Lang, Understanding};
use anyhow::Context as _;
use indicatif::ProgressBar;
use std::path::PathBuf;

/// Teach the intent classifier from tables of utterances.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The catalogue that the tables are about (JSON).
    #[arg(long, value_name = "FILE")]
    pub catalog: PathBuf,
    /// Tables: one JSON object a line, with "text", "lang" and "intent".
    #[arg(long, value_name = "FILE", required = true, num_args = 1..)]
    pub labels: Vec<PathBuf>,
    /// The language to train; rows of others are skipped.
    #[arg(long)]
    pub lang: Lang,
    /// Where the weights go.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Cross-validate with this many parts.
    #[arg(long, value_name = "N")]
    pub folds: Option<usize>,
    #[arg(long, default_value_t = Settings::default().epochs)]
    pub epochs: u32,
    #[arg(long, default_value_t = Settings::default().rate)]
    pub rate: f32,
    #[arg(long, default_value_t = Settings::default().sparsity)]
    pub sparsity: f32,
    #[arg(long, default_value_t = Settings::default().min_rows)]
    pub min_rows: usize,
    #[arg(long, default_value_t = Settings::default().seed)]
    pub seed: u64,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    let settings = Settings {
        epochs: args.epochs,
        rate: args.rate,
        sparsity: args.sparsity,
        min_rows: args.min_rows,
        seed: args.seed,
    };
    let understanding = Understanding::new(super::parse::catalog(&args.catalog)?);
    let rows: Vec<Row> = read_tables(&args.labels)?
        .into_iter()
        .filter(|row| row.lang == args.lang)
        .map(|row| (understanding.features(&row.text, row.lang), row.intent))
        .collect();
    anyhow::ensure!(!rows.is_empty(), "the tables hold no row whose \"lang\" is \"{}\"", args.lang);
    if std::env::var("DUMP").is_ok() {
        for (f, i) in &rows {
            println!("{}\t{}", i.name(), f.iter().cloned().collect::<Vec<_>>().join("\t"));
        }
        return Ok(());
    }
    if let Some(folds) = args.folds {
        let texts: Vec<String> = read_tables(&args.labels)?.into_iter().filter(|r| r.lang == args.lang).map(|r| r.text).collect();
        cross_validate(&rows, &texts, folds, &settings);
    }
    let bar = ProgressBar::new(u64::from(settings.epochs));
    let model = train(&rows, &settings, &mut |epoch| bar.set_position(u64::from(epoch)));
    bar.finish_and_clear();
    let right = rows.iter().filter(|(f, i)| model.likelihood(f).best(&|_| true).is_some_and(|(b, _)| b == *i)).count();
    println!("{} rows, {} features with weight; {right} of the rows it learned from are right", rows.len(), model.len());
    if let Some(out) = &args.out {
        std::fs::write(out, model.to_text()).with_context(|| format!("can't write {}", out.display()))?;
    }
    Ok(())
}

fn cross_validate(rows: &[Row], texts: &[String], folds: usize, settings: &Settings) {
    let mut all: Vec<(Intent, Intent, f32, f32)> = Vec::new();
    for fold in 0..folds {
        let part = |at: usize| at % folds == fold;
        let seen: Vec<Row> =
            rows.iter().enumerate().filter(|(at, _)| !part(*at)).map(|(_, row)| row.clone()).collect();
        let model = train(&seen, settings, &mut |_| {});
        for (at, (features, intent)) in rows.iter().enumerate().filter(|(at, _)| part(*at)) {
            let likely = model.likelihood(features);
            let (best, p) = likely.best(&|_| true).expect("there are intents");
            all.push((*intent, best, p, likely.of(Intent::Reorder)));
            let rules = features.iter().find(|f| f.starts_with("rules ")).unwrap();
            eprintln!("CV\t{}\t{}\t{p:.2}\t{:.3}\t{rules}\t{}", intent.name(), best.name(), likely.of(Intent::Reorder), texts[at]);
        }
    }
    let right = all.iter().filter(|(a, b, ..)| a == b).count();
    println!("cross-validated: {right} of {} right ({:.1} %)", all.len(), 100.0 * right as f32 / all.len() as f32);
    for threshold in [0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98] {
        let taken = all.iter().filter(|(w, _, _, p)| *w == Intent::Reorder && *p >= threshold).count();
        let wrong = all.iter().filter(|(w, _, _, p)| *w != Intent::Reorder && *p >= threshold).count();
        let orders = all.iter().filter(|(w, ..)| *w == Intent::Reorder).count();
        println!("  from {threshold:.2} on: {taken} of {orders} orders, {wrong} that are none");
    }
}
