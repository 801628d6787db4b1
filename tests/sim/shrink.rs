//! What a failure does: it prints its seed, is made as small as it gets, and is written as a journal that
//! `tendero journal replay` shows as a dialogue.
//!
//! Delta debugging (Zeller, Hildebrandt: "Simplifying and isolating failure-inducing input", IEEE TSE 2002) over what
//! went into the run: its faults, what happened of its own accord, and each thing that arrived. A run is smaller only
//! if the same invariant fails in it.

use crate::world::{Delivery, Fault, Invariant, Line, Plan, Violation, World};
use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Runs that shrinking may take; each takes milliseconds.
const MAX_RUNS: u32 = 2_000;

pub struct Failure {
    pub violation: Violation,
    pub plan: Plan,
    /// Events of the smallest run.
    pub events: usize,
    pub journal: PathBuf,
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Failure { violation, plan, events, journal } = self;
        writeln!(f, "seed {} broke {:?}: {}", plan.seed, violation.invariant, violation.what)?;
        writeln!(f, "shrunk to {events} events with {:?}", plan.faults)?;
        writeln!(f, "as a dialogue: tendero journal replay {}", journal.display())?;
        write!(f, "in full: SIM_SEED={} cargo test --test sim -- --nocapture seeded", plan.seed)
    }
}

/// Runs `plan`; a panic is a violation, too.
pub fn run(plan: Plan, record: bool) -> World {
    let mut world = World::new(plan, record);
    world.run_caught();
    world
}

/// The smallest run that fails as `plan` does, written to `dir`. `None`: it does not fail.
pub fn failure(plan: Plan, dir: &Path) -> Option<Failure> {
    let violation = run(plan.clone(), false).violation?;
    let plan = smallest(plan, &violation);
    let mut world = run(plan.clone(), true);
    let violation = world.violation.take()?;
    let record = world.record.take()?;
    let events = record.iter().filter(|line| matches!(line, Line::Entry(_))).count();
    let journal = dir.join(format!("sim-{}.jsonl", plan.seed));
    write(&journal, &record).unwrap_or_else(|error| panic!("{}: {error}", journal.display()));
    Some(Failure { violation, plan, events, journal })
}

fn smallest(mut plan: Plan, violation: &Violation) -> Plan {
    let (mut runs, mut fewest) = (0, u64::MAX);
    // What is left out can make a run longer: the disk's answers, for one, without which it is asked again and again.
    let mut fails = |plan: &Plan| {
        runs += 1;
        let world = run(plan.clone(), false);
        let same = world.violation.is_some_and(|found| found.invariant == violation.invariant);
        let smaller = same && world.events <= fewest && runs < MAX_RUNS;
        fewest = if smaller { world.events } else { fewest };
        smaller
    };
    fails(&plan);
    loop {
        let before = (plan.faults, plan.without.len(), plan.lost.len());
        for fault in Fault::ALL {
            let fewer = Plan { faults: plan.faults.without(fault), ..plan.clone() };
            if plan.faults.has(fault) && fails(&fewer) {
                plan = fewer;
            }
        }
        let acts: Vec<u32> = (1..=World::ACTS).filter(|act| !plan.without.contains(act)).collect();
        let drop = |plan: &Plan, gone: &[u32]| {
            let without = plan.without.iter().copied().chain(gone.iter().copied()).collect();
            Plan { without, ..plan.clone() }
        };
        plan = leave_out(plan, acts, drop, &mut fails);
        // Without the shop's answers nothing comes to rest: to leave them out would make another failure of this one.
        let rests = violation.invariant == Invariant::Rest;
        let arrived = if rests { vec![] } else { run(plan.clone(), false).arrived };
        let arrived: Vec<Delivery> = arrived.into_iter().collect();
        let drop = |plan: &Plan, gone: &[Delivery]| {
            let lost: BTreeSet<Delivery> = plan.lost.iter().chain(gone).copied().collect();
            Plan { lost, ..plan.clone() }
        };
        plan = leave_out(plan, arrived, drop, &mut fails);
        if before == (plan.faults, plan.without.len(), plan.lost.len()) {
            return plan;
        }
    }
}

/// Leaves out as many of `all` as it can: halves, quarters, ... single ones.
fn leave_out<T: Clone>(
    mut plan: Plan,
    mut all: Vec<T>,
    drop: impl Fn(&Plan, &[T]) -> Plan,
    fails: &mut impl FnMut(&Plan) -> bool,
) -> Plan {
    let mut size = all.len();
    while size > 0 {
        let mut at = 0;
        while at < all.len() {
            let gone = &all[at..(at + size).min(all.len())];
            let fewer = drop(&plan, gone);
            if fails(&fewer) {
                plan = fewer;
                all.drain(at..(at + size).min(all.len()));
            } else {
                at += size;
            }
        }
        size /= 2;
    }
    plan
}

/// As the daemon writes a journal; a restart is a further first line.
pub fn write(path: &Path, record: &[Line]) -> std::io::Result<()> {
    let mut file = std::io::BufWriter::new(std::fs::File::create(path)?);
    for line in record {
        match line {
            Line::Start(setup) => serde_json::to_writer(&mut file, setup)?,
            Line::Entry(entry) => serde_json::to_writer(&mut file, entry)?,
        }
        file.write_all(b"\n")?;
    }
    file.flush()
}
