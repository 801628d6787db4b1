//! How the catalogue's index scales: 1,000, 10,000 and 100,000 products side by side.
//!
//! `make bench`, or this alone with `cargo bench --bench catalog` (`-- 1000 20000` for other sizes). The
//! catalogues and what is said to them are made up, the same on every machine (`catalog/shop.rs`). Each
//! size runs in a process of its own, so that memory is that of one catalogue alone. `-- write DIR 10000`
//! writes the catalogue and the utterances to files, for `tendero parse`.

#[path = "support/memory.rs"]
mod memory;
#[path = "../tests/support/rng.rs"]
mod rng;
#[path = "catalog/shop.rs"]
mod shop;
#[path = "catalog/talk.rs"]
mod talk;
#[path = "catalog/words.rs"]
mod words;

use memory::memory_kib;
use rng::Rng;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;
use std::time::Instant;
use tendero::understand::catalog::Catalog;
use tendero::understand::catalog::index::Index;
use tendero::understand::grammar::Expect;
use tendero::understand::lexicon::Lexicon;
use tendero::understand::{Lang, Understanding};

const SIZES: [usize; 3] = [1_000, 10_000, 100_000];
const SEED: u64 = 20_260_101;
/// Utterances of each kind in each language.
const EACH: usize = 60;
/// What the table promises, p99 in milliseconds for a catalogue of at most so many products.
const LIMITS_MS: [(usize, f64); 2] = [(1_000, 2.0), (100_000, 10.0)];

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["measure", size] => measure(size.parse().expect("a number of products")),
        ["write", dir, size] => write(Path::new(dir), size.parse().expect("a number of products")),
        sizes => {
            let sizes: Vec<usize> = sizes.iter().filter_map(|size| size.parse().ok()).collect();
            compare(if sizes.is_empty() { &SIZES } else { &sizes });
        }
    }
}

/// Runs each size in its own process and prints their columns.
fn compare(sizes: &[usize]) {
    let this = std::env::current_exe().expect("this program has a file");
    let mut rows: Vec<(String, Vec<String>)> = Vec::new();
    for (column, size) in sizes.iter().enumerate() {
        let output = Command::new(&this).args(["measure", &size.to_string()]).output().expect("it starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        for line in String::from_utf8_lossy(&output.stdout).lines() {
            let (name, value) = line.split_once('\t').expect("name and value");
            if column == 0 {
                rows.push((name.to_owned(), Vec::new()));
            }
            let row = rows.iter_mut().find(|(n, _)| n == name).expect("every size has the same rows");
            row.1.push(value.to_owned());
        }
    }
    let mut table = comfy_table::Table::new();
    table.load_style(comfy_table::presets::ASCII_MARKDOWN);
    table.set_header(std::iter::once("products".to_owned()).chain(sizes.iter().map(usize::to_string)));
    for (name, values) in rows {
        table.add_row(std::iter::once(name).chain(values));
    }
    println!("{table}");
}

/// One size: a line for each row of the table, name and value.
fn measure(products: usize) {
    let json = shop::catalogue(products, SEED);
    row("JSON of the catalogue", mib(json.len()));
    let before = memory_kib("self", "VmRSS:");
    let (catalog, ms) = timed(|| Catalog::from_json(&json).expect("the catalogue is valid"));
    row("Catalog::from_json", format!("{ms:.0} ms"));
    row("  growth of the resident set", growth(before));
    drop(json);
    // All three are kept until the last is measured: what one gives back would hide what the next one takes.
    let indexes = Lang::ALL.map(|lang| {
        let lexicon = Lexicon::built_in(lang);
        let before = memory_kib("self", "VmRSS:");
        let (index, ms) = timed(|| Index::new(&catalog, &lexicon));
        row(&format!("Index::new, {lang}"), format!("{ms:.0} ms"));
        row(&format!("  of the heap, by its own count, {lang}"), mib(index.heap_bytes()));
        row(&format!("  growth of the resident set, {lang}"), growth(before));
        index
    });
    drop(indexes);
    let skus: Vec<String> = catalog.products.iter().map(|p| p.sku.clone()).collect();
    let mut rng = Rng::new(SEED);
    let us = skus.iter().step_by((products / 500).max(1)).map(|sku| timed(|| catalog.product(sku).is_some()).1 * 1e3);
    row("Catalog::product, p99", format!("{:.1} µs", part(&mut us.collect::<Vec<f64>>(), 0.99)));
    let said = Lang::ALL.map(|lang| talk::utterances(&catalog, lang, EACH, &mut rng));
    let (understanding, ms) = timed(|| Understanding::new(catalog));
    row("Understanding::new", format!("{ms:.0} ms"));
    let regulars: BTreeSet<String> = (0..200).map(|_| skus[rng.index(skus.len())].clone()).collect();
    parse(&understanding, &said, &|sku| regulars.contains(sku), products);
    row("peak resident set, three languages", mib(memory_kib("self", "VmHWM:").unsigned_abs() as usize * 1024));
}

fn parse(
    understanding: &Understanding,
    said: &[Vec<(usize, String)>; 3],
    regular: &dyn Fn(&str) -> bool,
    products: usize,
) {
    let mut all: Vec<f64> = Vec::new();
    let mut kinds: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
    let mut found = 0;
    for (lang, said) in Lang::ALL.into_iter().zip(said) {
        let (_, ms) = timed(|| understanding.parse("hello", lang, &Expect::Command, regular));
        row(&format!("first utterance, {lang}"), format!("{ms:.1} ms"));
        for (kind, text) in said {
            let (parse, ms) = timed(|| understanding.parse(text, lang, &Expect::Command, regular));
            found += usize::from(!parse.lines.is_empty());
            all.push(ms);
            kinds.entry(*kind).or_default().push(ms);
        }
    }
    row("utterances, and those that name a product", format!("{}, {found}", all.len()));
    row("parse, median", show(part(&mut all, 0.5)));
    let p99 = part(&mut all, 0.99);
    let limit = LIMITS_MS.iter().find(|(most, _)| products <= *most).map(|(_, ms)| *ms);
    let judged = limit.map_or(String::new(), |ms| format!(" ({} {ms} ms)", if p99 < ms { "<" } else { "not <" }));
    row("parse, p99", format!("{}{judged}", show(p99)));
    row("parse, longest", show(part(&mut all, 1.0)));
    for (kind, mut ms) in kinds {
        row(&format!("  {}, p99", talk::KINDS[kind]), show(part(&mut ms, 0.99)));
    }
}

fn write(dir: &Path, products: usize) {
    let json = shop::catalogue(products, SEED);
    let catalog = Catalog::from_json(&json).expect("the catalogue is valid");
    std::fs::create_dir_all(dir).expect("the folder can be made");
    std::fs::write(dir.join("catalog.json"), &json).expect("written");
    let mut rng = Rng::new(SEED);
    for lang in Lang::ALL {
        let said = talk::utterances(&catalog, lang, EACH, &mut rng);
        let lines: Vec<String> = said.into_iter().map(|(_, text)| text).collect();
        std::fs::write(dir.join(format!("{lang}.txt")), lines.join("\n") + "\n").expect("written");
    }
}

fn row(name: &str, value: String) {
    println!("{name}\t{value}");
}

/// The result and the milliseconds that it took.
#[allow(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
fn timed<T>(call: impl FnOnce() -> T) -> (T, f64) {
    let began = Instant::now();
    let result = std::hint::black_box(call());
    (result, began.elapsed().as_secs_f64() * 1e3)
}

/// The value that `part` of all do not exceed.
fn part(values: &mut [f64], part: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    values[((values.len() - 1) as f64 * part).round() as usize]
}

fn show(ms: f64) -> String {
    if ms < 1.0 { format!("{:.0} µs", ms * 1e3) } else { format!("{ms:.2} ms") }
}

fn mib(bytes: usize) -> String {
    format!("{:.1} MiB", bytes as f64 / 1024.0 / 1024.0)
}

/// What the resident set grew by since it was `before_kib`.
fn growth(before_kib: i64) -> String {
    format!("{:.1} MiB", (memory_kib("self", "VmRSS:") - before_kib).max(0) as f64 / 1024.0)
}
