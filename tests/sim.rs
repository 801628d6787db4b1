//! A simulation of a household, its device and a shop around the mind, with faults: every short sequence of events,
//! power cuts at every point of whole dialogues, and seeded worlds. `tests/sim/README.md` says what is in it.
//!
//! `SIM_SEEDS=1000 cargo test --test sim` runs fewer worlds, `SIM_SEED=7 ... -- --nocapture seeded` shows one.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says where")]

#[path = "sim/every.rs"]
mod every;
#[path = "support/rng.rs"]
mod rng;
#[path = "sim/shrink.rs"]
mod shrink;
#[path = "sim/world.rs"]
mod world;

use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use world::{Plan, Tally};

/// `make soak` runs a million.
const SEEDS: u64 = 100_000;
/// One world in so many is played back, event by event, through a fresh mind.
const PLAYED_BACK: u64 = 64;
/// Failures that are shrunk and shown, unless `SIM_FAILURES` says otherwise; more of them say little more.
const MAX_FAILURES: u64 = 3;

#[test]
fn the_invariants_hold_in_seeded_worlds() {
    if let Some(seed) = number("SIM_SEED") {
        let world = shrink::run(Plan::of_seed(seed), true);
        world.print();
        println!("{:?}", Plan::of_seed(seed).faults);
        assert!(world.violation.is_none(), "{:?}", world.violation);
        return;
    }
    let from = number("SIM_FROM").unwrap_or(0);
    let seeds = from..number("SIM_SEEDS").unwrap_or(SEEDS);
    let most = usize::try_from(number("SIM_FAILURES").unwrap_or(MAX_FAILURES)).unwrap();
    let clock = tendero::clock::Clock::system();
    let (tally, failed) = on_all_cores(seeds, most);
    let seconds = clock.machine_ms() as f64 / 1000.0;
    println!("{tally}\n{:.1} s, {:.0} worlds a second", seconds, tally.worlds as f64 / seconds);
    let failures: Vec<String> = failed
        .iter()
        .take(most) // each core may have found one more
        .filter_map(|seed| shrink::failure(Plan::of_seed(*seed), &out_dir()))
        .map(|failure| failure.to_string())
        .collect();
    assert!(failed.is_empty(), "{} worlds failed: seeds {failed:?}\n{}", failed.len(), failures.join("\n"));
    check_coverage(&tally);
}

/// The seeds, shared out among the cores, until `most` have failed; the tally, and the seeds that failed.
fn on_all_cores(seeds: std::ops::Range<u64>, most: usize) -> (Tally, Vec<u64>) {
    let next = AtomicU64::new(seeds.start);
    let failures = AtomicUsize::new(0);
    let all = Mutex::new((Tally::default(), vec![]));
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                let mut tally = Tally::default();
                let mut failed = vec![];
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end || failures.load(Ordering::Relaxed) >= most {
                        break;
                    }
                    let mut world = shrink::run(Plan::of_seed(seed), seed.is_multiple_of(PLAYED_BACK));
                    world.check_replay();
                    if world.violation.is_some() {
                        failed.push(seed);
                        failures.fetch_add(1, Ordering::Relaxed);
                    }
                    tally.add(std::mem::take(&mut world.tally));
                }
                let mut all = all.lock().unwrap();
                all.0.add(tally);
                all.1.extend(failed);
            });
        }
    });
    let (tally, mut failed) = all.into_inner().unwrap();
    failed.sort_unstable();
    (tally, failed)
}

/// A simulation in which nothing happens proves nothing.
fn check_coverage(tally: &Tally) {
    if tally.worlds < 1_000 {
        return;
    }
    assert!(tally.booked > tally.worlds && tally.cancelled > tally.worlds / 2, "too little is bought");
    assert!(tally.restarts > tally.worlds && tally.power_cuts > tally.worlds / 2, "too little breaks");
    assert!(
        tally.told_later > tally.worlds / 20 && tally.told_again > tally.worlds / 20,
        "nothing is told again: {} after a restart, {} after the voice failed",
        tally.told_later,
        tally.told_again
    );
    assert!(
        tally.heard_twice > tally.worlds / 100 && tally.asked_there > tally.worlds / 20,
        "the speakers seldom meet"
    );
    assert!(
        tally.talks > tally.worlds && tally.passed_on > tally.worlds / 2 && tally.person_said > tally.worlds / 4,
        "too little is said to a person, or by one"
    );
    assert!(
        tally.offers > tally.worlds / 10 && tally.offers_ordered > tally.worlds / 50,
        "too little of what a person offers is ordered"
    );
    assert!(tally.news_told > tally.worlds / 2, "the shop tells too little: {}", tally.news_told);
    assert!(
        tally.searches > tally.worlds / 2 && tally.questions > tally.worlds / 4 && tally.ideas > tally.worlds / 4,
        "too little is looked for without a name"
    );
    assert!(tally.ideas_ordered > tally.worlds / 50, "too little of what the shop proposes is ordered");
    assert!(tally.heard_again > tally.worlds / 20, "a second ear is seldom asked: {}", tally.heard_again);
    for fault in world::Fault::ALL {
        assert!(tally.faults.get(&fault).is_some_and(|worlds| *worlds > tally.worlds / 5), "{fault:?} is seldom on");
    }
    assert!(tally.replies.len() >= 44, "only {} of the speaker's replies are reached", tally.replies.len());
    assert!(tally.waits.len() >= 12, "only {} of the mind's waits are reached", tally.waits.len());
}

#[test]
fn every_short_sequence_keeps_the_invariants() {
    // From silence to depth five; from the middle of things, where each step leads further, a little less.
    let depth = usize::try_from(number("SIM_DEPTH").unwrap_or(5)).unwrap();
    for (at, (name, start)) in every::starts().into_iter().enumerate() {
        let depth = if at == 0 { depth } else { depth - 2 };
        match every::sequences(&start, depth) {
            Ok(count) => println!("{name}: {count} sequences of up to {depth} steps"),
            Err(broken) => panic!("{name}: {}", every::report(&broken, &out_dir())),
        }
    }
}

#[test]
fn dialogues_survive_a_cut_at_every_point() {
    for (name, dialogue) in every::dialogues() {
        let orders = every::orders(&dialogue);
        assert!(orders > 0 || name == "a conversation", "{name}: {orders} orders");
        for cut_is_restart in [false, true] {
            match every::cut_everywhere(&dialogue, cut_is_restart) {
                Ok(points) => {
                    assert!(points > 10, "{name}: only {points} points");
                    println!("{name}: cut at {points} points (restart: {cut_is_restart})");
                }
                Err(broken) => panic!("{name} (restart: {cut_is_restart}): {}", every::report(&broken, &out_dir())),
            }
        }
    }
}

fn out_dir() -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} must be a number")))
}

#[test]
fn a_failure_is_shrunk_and_its_journal_can_be_replayed() {
    // An invariant that does not hold: nothing is ever ordered.
    let dir = tempfile::tempdir().unwrap();
    let plan = (0..).map(|seed| Plan { artificial: true, ..Plan::of_seed(seed) });
    let failure = plan.take(100).find_map(|plan| shrink::failure(plan, dir.path())).expect("an order in 100 worlds");
    println!("{failure}");
    let full = shrink::run(Plan { artificial: true, ..Plan::of_seed(failure.plan.seed) }, true);
    let all = full.record.as_ref().map_or(0, Vec::len);
    assert!(failure.events * 4 < all, "{} events of {all} remain", failure.events);
    let replayed = std::process::Command::new(env!("CARGO_BIN_EXE_tendero"))
        .args(["journal", "replay"])
        .arg(&failure.journal)
        .output()
        .unwrap();
    let dialogue = String::from_utf8(replayed.stdout).unwrap();
    println!("{dialogue}");
    assert!(replayed.status.success(), "{}", String::from_utf8_lossy(&replayed.stderr));
    for part in ["household  \"order it", "To order and pay", "sent  ", "every effect as it was recorded"] {
        assert!(dialogue.contains(part), "no {part:?} in\n{dialogue}");
    }
}
