//! Engines side by side, and the whole daemon at rest.
//!
//! `make bench`, or this alone with `cargo bench --features full --bench engines` (`-- hearing`, `-- speaking`, `-- idle` for one of them).
//! Each engine runs in a process of its own, so that its start and its memory are its own; all of them hear the same
//! recordings and say the same sentences. Recordings of people come from `TENDERO_SPEECH_DIR` (default `../shared/speech`), models
//! from `TENDERO_MODELS` (a folder of `tendero models`), Vosk's library from `TENDERO_VOSK_LIBRARY`. What can't start is named
//! with its reason. Times are of this machine in this run: only their ratios compare.

#![allow(clippy::unwrap_used, reason = "a bench ends at the first surprise")]

#[path = "engines/hearing.rs"]
mod hearing;
#[path = "../tests/support/house.rs"]
mod house;
#[path = "engines/idle.rs"]
mod idle;
#[path = "engines/live.rs"]
mod live;
#[path = "support/memory.rs"]
mod memory;
#[path = "engines/speaking.rs"]
mod speaking;

use comfy_table::{Table, presets};
use serde::{Serialize, de::DeserializeOwned};
use std::process::Command;
use std::time::Instant;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["hear", engine] => say(&hearing::measure(engine)),
        ["speak", engine] => say(&speaking::measure(engine)),
        wanted => {
            let wants = |name: &str| wanted.is_empty() || wanted.contains(&name);
            if wants("hearing") {
                hearing::print();
            }
            if wants("speaking") {
                speaking::print();
            }
            if wants("idle") {
                idle::print();
            }
        }
    }
}

/// For the process that asked.
fn say(measured: &Result<impl Serialize, String>) {
    println!("{}", serde_json::to_string(measured).expect("plain figures"));
}

/// What this program measured in a process of its own, or why it can't.
fn in_its_own_process<T: DeserializeOwned>(words: &[&str]) -> Result<T, String> {
    let this = std::env::current_exe().expect("this program has a file");
    let output = Command::new(this).args(words).output().expect("it starts");
    let text = String::from_utf8_lossy(&output.stdout);
    let last = text.lines().last().unwrap_or_default();
    serde_json::from_str(last).unwrap_or_else(|_| {
        let errors = String::from_utf8_lossy(&output.stderr);
        Err(format!("its process ended ({}): {}", output.status, errors.lines().last().unwrap_or_default()))
    })
}

/// The result and the milliseconds that it took.
#[allow(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
fn timed<T>(call: impl FnOnce() -> T) -> (T, f64) {
    let began = Instant::now();
    let result = std::hint::black_box(call());
    (result, began.elapsed().as_secs_f64() * 1e3)
}

/// The value that `part` of all do not exceed.
fn part(values: &[f64], part: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[((sorted.len() - 1) as f64 * part).round() as usize]
}

fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY);
    table.set_header(header.iter().copied());
    table
}

fn mib(kib: i64) -> String {
    format!("{:.0} MiB", kib as f64 / 1024.0)
}
