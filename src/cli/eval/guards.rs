//! `tendero eval guards`: what the guardrails promise, counted.
//!
//! Nine goals, each with a simulated household or broadcast that drives the real mind, parser and wording, and the real
//! fingerprints where sound matters; two rows more show what random words are for. A row says how often the situation really arose, since a guard that never
//! met what it guards against has shown nothing: such a row is missed, whatever its count. The same seed gives
//! the same table.

mod answers;
mod broadcast;
mod home;
mod orders;
mod quantity;
mod replay;
mod short;
mod sound;

use crate::chance::Chance;
use crate::decide::policy::Policy;
use crate::decide::reply::Ask;
use crate::speak::wording::Wording;
use crate::understand::catalog::Catalog;
use crate::understand::{Lang, Understanding};
use comfy_table::{Table, presets::NOTHING};
use home::{Common, Home};
use indicatif::ProgressBar;
use serde_json::json;
use sound::Voices;
use std::process::ExitCode;

const CATALOG: &str = include_str!("../../../demo/catalog.json");
/// What the household buys again and again.
const REGULARS: [&str; 5] =
    ["toothbrush-heads-4", "coffee-instant-200", "milk-whole-1l", "toilet-paper-12", "dishwasher-tablets-60"];
/// What went wrong is shown so often for each row.
const SHOWN: usize = 5;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Other cases of the same kinds.
    #[arg(long, default_value_t = 2017, value_name = "N")]
    seed: u64,
    /// Broadcasts that are staged.
    #[arg(long, default_value_t = 500, value_name = "N")]
    broadcasts: u32,
    /// Replays; synthesis and fingerprints take about ten milliseconds for each.
    #[arg(long, default_value_t = 1000, value_name = "N")]
    replays: u32,
    /// One JSON object instead of a table.
    #[arg(long)]
    json: bool,
}

/// What a row must come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Goal {
    None,
    /// Per cent of the cases that went right.
    AtLeast97,
    /// Nothing: it shows what another policy would let through.
    ToCompare,
}

/// One goal and what became of it.
struct Row {
    name: &'static str,
    goal: Goal,
    cases: u32,
    /// Cases that went wrong.
    wrong: u32,
    examples: Vec<String>,
    /// How often the situation arose.
    arose: Vec<(String, u32)>,
    /// 0: the situation did not arise, and the row shows nothing.
    needs: u32,
    judged_by: &'static str,
}

impl Row {
    fn new(name: &'static str, goal: Goal, cases: u32) -> Row {
        Row { name, goal, cases, wrong: 0, examples: vec![], arose: vec![], needs: 0, judged_by: "words" }
    }

    /// `name` under the policy that is the default; the same under `bare` without random words, to compare.
    fn none_or_compare(policy: &Policy, name: &'static str, bare: &'static str, cases: u32) -> Row {
        let (name, goal) = if policy.random_words { (name, Goal::None) } else { (bare, Goal::ToCompare) };
        Row::new(name, goal, cases)
    }

    fn wrong(&mut self, example: String) {
        self.wrong += 1;
        if !self.examples.contains(&example) && self.examples.len() < SHOWN {
            self.examples.push(example);
        }
    }

    fn arose(&mut self, what: &str, count: u32) {
        self.arose.push((what.into(), count));
    }

    fn per_cent_right(&self) -> f64 {
        100.0 * f64::from(self.cases - self.wrong) / f64::from(self.cases.max(1))
    }

    fn is_met(&self) -> bool {
        self.needs > 0
            && match self.goal {
                Goal::None => self.wrong == 0,
                Goal::AtLeast97 => self.per_cent_right() >= 97.0,
                Goal::ToCompare => true,
            }
    }

    /// The goal, the result, and whether it is met.
    fn told(&self) -> [String; 3] {
        let (goal, result) = match self.goal {
            Goal::None => ("0".to_owned(), format!("{} of {}", self.wrong, self.cases)),
            Goal::AtLeast97 => ("97 % or more".into(), format!("{:.1} % of {}", self.per_cent_right(), self.cases)),
            Goal::ToCompare => ("-".into(), format!("{} of {}", self.wrong, self.cases)),
        };
        let met = match (self.goal, self.is_met(), self.needs) {
            (Goal::ToCompare, true, _) => "",
            (_, true, _) => "met",
            (_, false, 0) => "NOT SHOWN",
            (_, false, _) => "MISSED",
        };
        [goal, result, met.into()]
    }
}

/// Runs the subcommand. The exit status is 1 where a goal is missed.
///
/// # Errors
/// The synthesiser fails, or there is no room for temporary files.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let rows = judge(args)?;
    if args.json {
        println!("{}", report(args, &rows));
    } else {
        print(&rows);
    }
    Ok(if rows.iter().all(Row::is_met) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn judge(args: &Args) -> anyhow::Result<Vec<Row>> {
    let (usual, dearer) = (common(100)?, common(150)?);
    let voices = Voices::open();
    let bar = progress(args);
    let tick = || bar.inc(1);
    // Each row has its own chance: more cases of one change no other.
    let mut chance = Chance::new(args.seed);
    let mut next = || Chance::new(chance.next());
    let (mut broadcasts, mut replays) = (next(), next());
    let (policy, bare) = (Policy::default(), Policy { random_words: false, ..Policy::default() });
    let rows = vec![
        broadcast::row(&usual, voices.as_ref(), args.broadcasts, &policy, &mut broadcasts.clone(), &tick)?,
        broadcast::row(&usual, voices.as_ref(), args.broadcasts, &bare, &mut broadcasts, &tick)?,
        replay::row(&usual, voices.as_ref(), args.replays, &policy, &mut replays.clone(), &tick)?,
        replay::row(&usual, voices.as_ref(), args.replays / 5, &bare, &mut replays, &tick)?,
        quantity::row(&usual, &mut next(), &tick),
        answers::ambiguous(&usual, &mut next(), &tick)?,
        answers::clean(&usual, &mut next(), &tick)?,
        short::row(&usual, voices.as_ref(), &mut next(), &tick)?,
        orders::stale(&usual, &mut next(), &tick),
        orders::clock(&usual, &mut next(), &tick),
        orders::changed(&usual, &dearer, &mut next(), &tick),
    ];
    bar.finish_and_clear();
    Ok(rows)
}

fn progress(args: &Args) -> ProgressBar {
    if args.json {
        return ProgressBar::hidden();
    }
    // About so many cases are in the rows whose number is fixed.
    const FIXED: u64 = 2_720;
    let style = indicatif::ProgressStyle::with_template("{bar:40} {pos}/{len} cases, {eta} left");
    let bar = ProgressBar::new(u64::from(args.broadcasts) * 2 + u64::from(args.replays) * 6 / 5 + FIXED);
    bar.with_style(style.unwrap_or_else(|_| indicatif::ProgressStyle::default_bar()))
}

fn common(price_per_cent: i64) -> anyhow::Result<Common> {
    Ok(Common { understanding: Understanding::new(catalog(price_per_cent)?), wording: Wording::new()? })
}

/// The demo's catalogue; milk may be ordered by the dozen.
fn catalog(price_per_cent: i64) -> anyhow::Result<Catalog> {
    let mut catalog = Catalog::from_json(CATALOG)?;
    for product in &mut catalog.products {
        product.unit_amount = product.unit_amount * price_per_cent / 100;
        if product.sku == quantity::SKU {
            product.max_qty = 99;
        }
    }
    Ok(catalog)
}

/// What a person calls it.
fn spoken<'a>(common: &'a Common, sku: &str, lang: Lang) -> &'a str {
    common.understanding.catalog().product(sku).map_or("", |product| product.spoken_name(lang))
}

/// How somebody asks for it, and confirms.
fn order_words(common: &Common, sku: &str, lang: Lang, chance: &mut Chance) -> (String, String) {
    let (requests, phrases): (&[&str], &[&str]) = match lang {
        Lang::En => (
            &["order {}", "we are out of {}", "order {} please", "we need more {}"],
            &["order it", "yes order it", "order it please"],
        ),
        Lang::Es => {
            (&["pide {}", "necesitamos {}", "compra {} por favor"], &["pide eso", "sí pide eso", "pide eso por favor"])
        }
        Lang::Ro => (
            &["comandă {}", "avem nevoie de {}", "cumpără {} te rog"],
            &["comandă acum", "da comandă acum", "comandă acum te rog"],
        ),
    };
    (chance.pick(requests).replace("{}", spoken(common, sku, lang)), (*chance.pick(phrases)).to_owned())
}

/// `text`, with the random words where the speaker asked for them.
fn with_words(home: &Home, text: &str) -> String {
    match home.asked() {
        Some(Ask::Challenge { words }) => format!("{text} {}", words.join(" ")),
        Some(Ask::Phrase | Ask::Adult) | None => text.to_owned(),
    }
}

/// The phrase, as it is asked for.
fn phrase_for(home: &Home, chance: &mut Chance) -> String {
    let phrases: [&str; 2] = match home.lang {
        Lang::En => ["order it", "yes order it"],
        Lang::Es => ["pide eso", "sí pide eso"],
        Lang::Ro => ["comandă acum", "da comandă acum"],
    };
    let phrase = *chance.pick(&phrases);
    with_words(home, phrase)
}

fn no(lang: Lang) -> &'static str {
    match lang {
        Lang::En | Lang::Es => "no",
        Lang::Ro => "nu",
    }
}

fn print(rows: &[Row]) {
    let mut table = Table::new();
    table.load_style(NOTHING).set_header(["", "goal", "result", "", "judged by"]);
    for row in rows {
        let [goal, result, met] = row.told();
        table.add_row([row.name.to_owned(), goal, result, met, row.judged_by.into()]);
    }
    println!("{}\n\nHow often it arose:", table.trim_fmt());
    for row in rows {
        let arose: Vec<String> = row.arose.iter().map(|(what, count)| format!("{count} {what}")).collect();
        println!("- {}: {}", row.name, arose.join(", "));
    }
    for row in rows.iter().filter(|row| !row.examples.is_empty()) {
        println!("\n{}: {} went wrong, such as", row.name, row.wrong);
        for example in &row.examples {
            println!("  {example}");
        }
    }
}

fn report(args: &Args, rows: &[Row]) -> serde_json::Value {
    let rows: Vec<serde_json::Value> = rows
        .iter()
        .map(|row| {
            let arose: serde_json::Map<String, serde_json::Value> =
                row.arose.iter().map(|(what, count)| (what.clone(), json!(count))).collect();
            let [goal, ..] = row.told();
            json!({
                "name": row.name, "goal": goal, "cases": row.cases, "wrong": row.wrong, "met": row.is_met(),
                "arose": arose, "judged_by": row.judged_by, "examples": row.examples,
            })
        })
        .collect();
    json!({ "seed": args.seed, "rows": rows })
}
