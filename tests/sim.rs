//! A seeded simulation of a household, a disk and a shop around the mind, with faults: late,
//! doubled and reordered events, a broker that comes and goes, restarts, power cuts, a full
//! disk, clock jumps. After every effect the invariants are checked; a failing seed prints itself.
//!
//! `SIM_SEEDS=100000 cargo test --test sim` runs more, `SIM_SEED=7 ...` runs one and shows it.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says where")]

#[path = "support/rng.rs"]
mod rng;
#[path = "sim/world.rs"]
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind};
use world::World;

const SEEDS: u64 = 400;

#[test]
fn the_invariants_hold_whatever_happens() {
    if let Some(seed) = number("SIM_SEED") {
        World::new(seed, true).run();
        return;
    }
    let seeds = number("SIM_SEEDS").unwrap_or(SEEDS);
    let mut booked = 0;
    let mut restarts = 0;
    let mut cancelled = 0;
    for seed in 0..seeds {
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            let mut world = World::new(seed, false);
            world.run();
            (world.booked(), world.restarts, world.cancelled())
        }));
        match outcome {
            Ok(counts) => {
                booked += counts.0;
                restarts += u64::from(counts.1);
                cancelled += counts.2;
            }
            Err(_) => panic!(
                "seed {seed} broke an invariant (above); show it with SIM_SEED={seed} cargo test --test sim -- --nocapture"
            ),
        }
    }
    println!("{seeds} worlds: {booked} orders booked, {cancelled} taken back, {restarts} restarts");
    // A simulation in which nothing happens proves nothing.
    assert!(booked as u64 > seeds / 2 && cancelled as u64 > seeds / 20 && restarts > seeds / 10);
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} must be a number")))
}
