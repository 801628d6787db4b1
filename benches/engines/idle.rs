//! The whole daemon at rest: the real program with its default engines, in a room where nobody speaks, connected to a broker.

use crate::house::House;
use crate::house::process::{Running, program};
use crate::memory::memory_kib;
use crate::{mib, table};
use std::io::Write;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tendero::hear::HOP;

/// Until the networks sleep and the first minute's work is done.
const SETTLING: Duration = Duration::from_secs(15);
const WATCHED: Duration = Duration::from_secs(60);
const HOP_TIME: Duration = Duration::from_millis(80);
/// What the daemon shall stay below.
const GOAL_MIB: f64 = 150.0;
const GOAL_PER_CENT: f64 = 2.0;
const WAKE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/runtime/wake");

/// What it took in the time that it was watched.
struct Rest {
    resident_kib: i64,
    proportional_kib: i64,
    of_files_kib: i64,
    peak_kib: i64,
    per_cent: f64,
}

pub fn print() {
    println!(
        "The daemon at rest: wake word, pocketsphinx, espeak, paired and connected; the demo's catalogue; {} s after {} s.",
        WATCHED.as_secs(),
        SETTLING.as_secs()
    );
    let mut rows = table(&["room", "resident", "of it files", "proportional", "peak", "of a core", "goals"]);
    for (room, sound) in [("silent: a soft noise", soft as fn(&mut u32) -> i16), ("no sound at all: zeros", zero)] {
        match rest(sound) {
            Some(rest) => {
                let met = |is: bool| if is { "met" } else { "MISSED" };
                let memory = rest.resident_kib as f64 / 1024.0 < GOAL_MIB;
                let core = rest.per_cent < GOAL_PER_CENT;
                rows.add_row([
                    room.to_owned(),
                    mib(rest.resident_kib),
                    mib(rest.of_files_kib),
                    mib(rest.proportional_kib),
                    mib(rest.peak_kib),
                    format!("{:.2} %", rest.per_cent),
                    format!("{GOAL_MIB} MiB {}, {GOAL_PER_CENT} % {}", met(memory), met(core)),
                ]);
            }
            None => return println!("left out: mosquitto is not installed, or the daemon did not start"),
        }
    }
    println!("{rows}");
}

fn rest(sound: fn(&mut u32) -> i16) -> Option<Rest> {
    let house = House::with_tables(&format!("[wake]\nmodels = \"{WAKE}\"\n"))?;
    let _shop = house.start_shop();
    let config = std::fs::read_to_string(house.config()).ok()?.replacen("device = \"off\"", "device = \"pipe\"", 1);
    let catalog = concat!(env!("CARGO_MANIFEST_DIR"), "/demo/catalog.json");
    let small = house.catalog_file().display().to_string();
    assert!(config.contains("device = \"pipe\"") && config.contains(&small), "{config}");
    let config = config.replacen(&small, catalog, 1);
    std::fs::write(house.config(), config).ok()?;
    let mut command = program();
    command.arg("run").arg("--config").arg(house.config()).env("RUST_LOG", "error").stdin(Stdio::piped());
    let mut child = command.stdout(Stdio::null()).spawn().ok()?;
    let ears = child.stdin.take()?;
    let daemon = Running(child);
    let stop = Arc::new(AtomicBool::new(false));
    let room = std::thread::spawn({
        let stop = Arc::clone(&stop);
        move || breathe(ears, sound, &stop)
    });
    house.wait_until_it_answers();
    std::thread::sleep(SETTLING);
    let pid = daemon.0.id().to_string();
    let (before, began) = (processor(&pid), now());
    std::thread::sleep(WATCHED);
    let took = (processor(&pid) - before).as_secs_f64() / began.elapsed().as_secs_f64();
    let rest = Rest {
        resident_kib: memory_kib(&pid, "VmRSS:"),
        proportional_kib: rollup_kib(&pid, "Pss:"),
        of_files_kib: memory_kib(&pid, "RssFile:"),
        peak_kib: memory_kib(&pid, "VmHWM:"),
        per_cent: took * 100.0,
    };
    stop.store(true, Ordering::SeqCst);
    drop(daemon);
    let _ = room.join();
    (rest.resident_kib > 0).then_some(rest)
}

/// Sound at its own pace, until nobody reads it.
fn breathe(mut ears: impl Write, sound: fn(&mut u32) -> i16, stop: &AtomicBool) {
    let (mut chance, began) = (1, now());
    for hop in 1.. {
        let bytes: Vec<u8> = (0..HOP).flat_map(|_| sound(&mut chance).to_le_bytes()).collect();
        if stop.load(Ordering::SeqCst) || ears.write_all(&bytes).is_err() {
            return;
        }
        std::thread::sleep((HOP_TIME * hop).saturating_sub(began.elapsed()));
    }
}

fn soft(chance: &mut u32) -> i16 {
    *chance = chance.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
    ((*chance >> 26) as i16) - 32
}

fn zero(_: &mut u32) -> i16 {
    0
}

#[allow(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
fn now() -> Instant {
    Instant::now()
}

/// What all of its threads have computed so far: the first number of each `schedstat`, nanoseconds.
fn processor(pid: &str) -> Duration {
    let threads = std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let spent = threads.filter_map(|thread| {
        let text = std::fs::read_to_string(thread.path().join("schedstat")).ok()?;
        text.split_whitespace().next()?.parse::<u64>().ok()
    });
    Duration::from_nanos(spent.sum())
}

/// A line of all of its maps together, KiB.
fn rollup_kib(pid: &str, line: &str) -> i64 {
    let text = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
    let found = text.lines().find_map(|l| l.strip_prefix(line));
    found.and_then(|rest| rest.split_whitespace().next()).and_then(|kib| kib.parse().ok()).unwrap_or(0)
}
