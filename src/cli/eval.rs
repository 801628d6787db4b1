//! `tendero eval`: how well it does, on tables of utterances, on recordings, and against the goals of the guardrails.

mod guards;
pub mod speech;

use super::parse::{described, meaning_of};
use crate::understand::Lang;
use crate::understand::grammar::Expect;
use crate::understand::intent::{Intent, Parse};
use crate::understand::labels::{self, Labelled, Right};
use anyhow::Context as _;
use comfy_table::{Table, presets::UTF8_HORIZONTAL_ONLY};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

/// Judge a stage on what people said.
#[derive(Debug, clap::Subcommand)]
pub enum Args {
    /// Parse tables of utterances and compare with what they mean.
    Intents(Intents),
    /// Count what the guardrails let through: broadcasts, replays, misheard quantities, unclear answers, stale orders.
    Guards(guards::Args),
    /// Hear labelled recordings of people, clean and with noise under them, and count what is fully understood.
    Speech(speech::Args),
}

#[derive(Debug, clap::Args)]
pub struct Intents {
    /// Tables: one JSON object a line, {"text","lang","intent","lines":[{"sku","qty","options"}]}.
    #[arg(long, value_name = "FILE", required = true, num_args = 1..)]
    pub labels: Vec<PathBuf>,
    /// The catalogue that the tables are about (JSON).
    #[arg(long, value_name = "FILE")]
    pub catalog: PathBuf,
    /// A folder with words and sentences of your own (en.toml, es.toml, ro.toml).
    #[arg(long, value_name = "DIR")]
    pub lexicon: Option<PathBuf>,
    /// How many of the worst cases are shown.
    #[arg(long, default_value_t = 20, value_name = "N")]
    pub worst: usize,
    /// One JSON object instead of tables.
    #[arg(long)]
    pub json: bool,
}

/// Runs the subcommand. The exit status is 1 where something that is no order could buy, or a goal is missed.
///
/// # Errors
/// A catalogue or a table that can't be read or is wrong; a synthesiser that fails.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    match args {
        Args::Intents(args) => intents(args),
        Args::Guards(args) => guards::run(args),
        Args::Speech(args) => speech::run(args),
    }
}

/// Reads tables of utterances.
///
/// # Errors
/// A file that can't be read, or a line in it that is no row.
pub fn read_tables(files: &[PathBuf]) -> anyhow::Result<Vec<Labelled>> {
    let mut out = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(file)
            .with_context(|| format!("can't read the table {}; give an existing file with --labels", file.display()))?;
        out.extend(labels::read(&text).with_context(|| format!("{} is not a table of utterances", file.display()))?);
    }
    Ok(out)
}

struct Case {
    row: Labelled,
    parse: Parse,
    right: Right,
}

impl Case {
    fn bought(&self) -> bool {
        self.row.bought_by_mistake(&self.parse)
    }
}

fn intents(args: &Intents) -> anyhow::Result<ExitCode> {
    let understanding = super::parse::understanding(&args.catalog, args.lexicon.as_deref())?;
    let rows = read_tables(&args.labels)?;
    anyhow::ensure!(!rows.is_empty(), "the tables hold no row");
    let unknown = rows.iter().flat_map(|r| &r.lines).find(|l| understanding.catalog().product(&l.sku).is_none());
    if let Some(line) = unknown {
        anyhow::bail!(
            "the tables name the product {}, which is not in {}; give the catalogue that they are about with --catalog",
            line.sku,
            args.catalog.display()
        );
    }
    let mut cases: Vec<Case> = rows
        .into_iter()
        .map(|row| {
            let parse = understanding.parse(&row.text, row.lang, &Expect::Command, &|_| false);
            Case { right: row.compare(&parse), row, parse }
        })
        .collect();
    // What could buy by mistake is the worst of all, then what is wrong for sure.
    cases.sort_by(|a, b| {
        let rank = |c: &Case| (c.bought(), !c.right.exact(), c.parse.score);
        rank(b).partial_cmp(&rank(a)).unwrap_or(std::cmp::Ordering::Equal)
    });
    if args.json {
        println!("{}", report(&cases, args.worst));
    } else {
        print(&cases, args.worst);
    }
    let safe = !cases.iter().any(Case::bought);
    Ok(if safe { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Right rows of `cases`, and of how many.
type Share = (usize, usize);

struct Summary {
    name: String,
    exact: Share,
    parts: [(&'static str, Share); 4],
    /// Rows that are no order, and how many of them could buy.
    bought: Share,
}

fn summary(name: String, cases: &[&Case]) -> Summary {
    let count = |right: &dyn Fn(&Right) -> bool| (cases.iter().filter(|c| right(&c.right)).count(), cases.len());
    let others = cases.iter().filter(|c| !c.row.intent.can_buy());
    Summary {
        name,
        exact: count(&|r| r.exact()),
        parts: [
            ("intent", count(&|r| r.intent)),
            ("products", count(&|r| r.products)),
            ("quantities", count(&|r| r.quantities)),
            ("options", count(&|r| r.options)),
        ],
        bought: (cases.iter().filter(|c| c.bought()).count(), others.count()),
    }
}

fn summaries(cases: &[Case]) -> Vec<Summary> {
    let mut out: Vec<Summary> = Lang::ALL
        .into_iter()
        .map(|lang| (lang, cases.iter().filter(|c| c.row.lang == lang).collect::<Vec<_>>()))
        .filter(|(_, of)| !of.is_empty())
        .map(|(lang, of)| summary(lang.to_string(), &of))
        .collect();
    if out.len() > 1 {
        out.push(summary("all".into(), &cases.iter().collect::<Vec<_>>()));
    }
    out
}

/// (wanted, got) → how often.
fn confusion(cases: &[Case]) -> BTreeMap<(Intent, Intent), usize> {
    let mut out = BTreeMap::new();
    for case in cases {
        *out.entry((case.row.intent, case.parse.intent)).or_default() += 1;
    }
    out
}

fn percent((right, of): Share) -> f64 {
    100.0 * right as f64 / of.max(1) as f64
}

fn print(cases: &[Case], worst: usize) {
    let mut table = Table::new();
    table.load_style(UTF8_HORIZONTAL_ONLY);
    table.set_header(["", "rows", "exact", "intent", "products", "quantities", "options", "no order, but could buy"]);
    for s in summaries(cases) {
        let mut row = vec![s.name, s.exact.1.to_string(), format!("{:.1} %", percent(s.exact))];
        row.extend(s.parts.iter().map(|(_, share)| format!("{:.1} %", percent(*share))));
        row.push(format!("{} of {}", s.bought.0, s.bought.1));
        table.add_row(row);
    }
    println!("{table}\n");
    print_confusion(&confusion(cases));
    let wrong: Vec<&Case> = cases.iter().filter(|c| !c.right.exact()).collect();
    if !wrong.is_empty() {
        println!("\nWorst cases ({} of {} that are not exact):", worst.min(wrong.len()), wrong.len());
    }
    for case in wrong.into_iter().take(worst) {
        let flag = if case.bought() { "COULD BUY " } else { "" };
        println!("  {flag}{} \"{}\"", case.row.lang, case.row.text);
        println!("     wanted {}; got {} ({:.2})", wanted(&case.row), meaning_of(&case.parse), case.parse.score);
    }
}

/// A row for each intent that was wanted, and what it was taken for: most of the full square would be empty.
fn print_confusion(counts: &BTreeMap<(Intent, Intent), usize>) {
    let mut table = Table::new();
    table.load_style(UTF8_HORIZONTAL_ONLY);
    table.set_header(["wanted", "rows", "right", "taken for"]);
    for wanted in Intent::ALL {
        let of = |right: bool| counts.iter().filter(move |((w, g), _)| *w == wanted && (w == g) == right);
        let (right, wrong): (usize, usize) = (of(true).map(|(_, n)| n).sum(), of(false).map(|(_, n)| n).sum());
        if right + wrong == 0 {
            continue;
        }
        let mut others: Vec<(usize, &str)> = of(false).map(|((_, got), n)| (*n, got.name())).collect();
        others.sort_unstable_by(|a, b| b.cmp(a));
        let others: Vec<String> = others.iter().map(|(n, got)| format!("{got} {n}")).collect();
        table.add_row([wanted.name().into(), (right + wrong).to_string(), right.to_string(), others.join(", ")]);
    }
    println!("{table}");
}

fn wanted(row: &Labelled) -> String {
    described(row.intent, row.lines.iter().map(|l| (l.qty, l.sku.as_str())))
}

fn report(cases: &[Case], worst: usize) -> serde_json::Value {
    let tables: serde_json::Map<String, serde_json::Value> = summaries(cases)
        .into_iter()
        .map(|s| {
            let mut value =
                json!({ "rows": s.exact.1, "exact": s.exact.0, "not_orders": s.bought.1, "could_buy": s.bought.0 });
            for (name, (right, _)) in s.parts {
                value[name] = json!(right);
            }
            (s.name, value)
        })
        .collect();
    let confusion: Vec<serde_json::Value> = confusion(cases)
        .into_iter()
        .map(|((wanted, got), rows)| json!({ "wanted": wanted, "got": got, "rows": rows }))
        .collect();
    let worst: Vec<serde_json::Value> = cases
        .iter()
        .filter(|c| !c.right.exact())
        .take(worst)
        .map(|c| {
            json!({ "text": c.row.text, "lang": c.row.lang, "wanted": wanted(&c.row), "got": meaning_of(&c.parse),
                    "could_buy": c.bought(), "score": c.parse.score })
        })
        .collect();
    json!({ "tables": tables, "confusion": confusion, "worst": worst })
}
