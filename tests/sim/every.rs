//! Every sequence of steps up to a length, from several starting points; and whole dialogues, cut off everywhere.

use crate::shrink::write;
use crate::world::{ALPHABET, Invariant, Plan, Step, Violation, World};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// One sequence in so many is taken on until all has come to rest, which costs as much as the rest of it.
const SETTLED: u64 = 64;

/// Where sequences begin, besides in silence: what it takes to get there.
pub const STARTS: [(&str, &[Step]); 6] = [
    ("nothing was said", &[]),
    ("read back", &READ_BACK),
    ("held", &HELD),
    ("waiting for an adult", &ADULT),
    ("sent", &SENT),
    ("challenged", &[Step::Say("order fifteen packs of oat milk"), Step::Quoted, Step::Stored, Step::Played]),
];
const READ_BACK: [Step; 4] = [Step::Say("order coffee"), Step::Quoted, Step::Stored, Step::Played];
const HELD: [Step; 7] =
    [READ_BACK[0], READ_BACK[1], READ_BACK[2], READ_BACK[3], Step::Phrase, Step::Stored, Step::Played];
const ADULT: [Step; 7] = [
    Step::Say("order a dollhouse"),
    Step::Quoted,
    Step::Stored,
    Step::Played,
    Step::Phrase,
    Step::Stored,
    Step::Played,
];
const SENT: [Step; 9] = [HELD[0], HELD[1], HELD[2], HELD[3], HELD[4], HELD[5], HELD[6], Step::Time, Step::Stored];

/// Dialogues from beginning to end.
pub const DIALOGUES: [(&str, &[Step]); 8] = [
    (
        "a known reorder",
        &[
            SENT[0],
            SENT[1],
            SENT[2],
            SENT[3],
            SENT[4],
            SENT[5],
            SENT[6],
            SENT[7],
            SENT[8],
            Step::Shop,
            Step::Stored,
            Step::Played,
        ],
    ),
    (
        "a challenge",
        &[
            Step::Say("order fifteen packs of oat milk"),
            Step::Quoted,
            Step::Stored,
            Step::Played,
            Step::Say("yes"),
            Step::Played,
            Step::Phrase,
            Step::Stored,
            Step::Played,
            Step::Time,
            Step::Stored,
            Step::Shop,
            Step::Stored,
            Step::Played,
        ],
    ),
    (
        "an adult",
        &[
            ADULT[0],
            ADULT[1],
            ADULT[2],
            ADULT[3],
            ADULT[4],
            ADULT[5],
            ADULT[6],
            Step::Hold,
            Step::Stored,
            Step::Played,
            Step::Time,
            Step::Stored,
            Step::Shop,
            Step::Stored,
            Step::Played,
        ],
    ),
    (
        "no adult",
        &[ADULT[0], ADULT[1], ADULT[2], ADULT[3], ADULT[4], ADULT[5], ADULT[6], Step::Time, Step::Stored, Step::Played],
    ),
    (
        "taken back while held",
        &[
            HELD[0],
            HELD[1],
            HELD[2],
            HELD[3],
            HELD[4],
            HELD[5],
            HELD[6],
            Step::Say("cancel that"),
            Step::Stored,
            Step::Played,
        ],
    ),
    (
        "taken back when sent",
        &[
            SENT[0],
            SENT[1],
            SENT[2],
            SENT[3],
            SENT[4],
            SENT[5],
            SENT[6],
            SENT[7],
            SENT[8],
            Step::Shop,
            Step::Stored,
            Step::Played,
            Step::Say("cancel that"),
            Step::Stored,
            Step::Played,
            Step::Shop,
            Step::Stored,
            Step::Played,
        ],
    ),
    (
        "a change",
        &[
            READ_BACK[0],
            READ_BACK[1],
            READ_BACK[2],
            READ_BACK[3],
            Step::Say("make it two"),
            Step::Quoted,
            Step::Stored,
            Step::Played,
            Step::Phrase,
            Step::Stored,
            Step::Played,
            Step::Time,
            Step::Stored,
            Step::Shop,
            Step::Stored,
        ],
    ),
    (
        "a disk that fails and works again",
        &[
            HELD[0],
            HELD[1],
            HELD[2],
            HELD[3],
            HELD[4],
            Step::StoreFails,
            Step::Played,
            HELD[0],
            HELD[1],
            HELD[2],
            HELD[3],
            Step::Phrase,
            Step::Stored,
            Step::Played,
            Step::Time,
            Step::StoreFails,
            Step::Time,
            Step::Stored,
            Step::Shop,
            Step::Stored,
        ],
    ),
];

/// A sequence after which an invariant did not hold.
pub struct Broken {
    pub steps: Vec<Step>,
    pub violation: Violation,
}

/// Tries every sequence of up to `depth` steps after `start`. How many there were.
pub fn sequences(start: &[Step], depth: usize) -> Result<u64, Broken> {
    let next = AtomicUsize::new(0);
    let all = Mutex::new((0, None));
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(first) = ALPHABET.get(at) else { return };
                    let mut walk = Walk { steps: start.to_vec(), count: 0 };
                    let world = World::led(Plan::quiet(1), start, false);
                    let walked = walk.from(&world, *first, depth);
                    let mut all = all.lock().unwrap();
                    all.0 += walk.count;
                    if let Err(broken) = walked {
                        all.1 = Some(broken);
                    }
                }
            });
        }
    });
    let (count, broken) = all.into_inner().unwrap();
    broken.map_or(Ok(count), Err)
}

struct Walk {
    steps: Vec<Step>,
    count: u64,
}

impl Walk {
    /// A step that cannot happen in a world is passed over: whatever comes after it comes without it as well.
    fn from(&mut self, world: &World, step: Step, depth: usize) -> Result<(), Broken> {
        let mut next = world.clone();
        if !next.step(step) {
            return Ok(());
        }
        self.steps.push(step);
        self.count += 1;
        if depth == 1 && self.count.is_multiple_of(SETTLED) {
            next.settle();
        }
        if let Some(violation) = next.violation {
            return Err(Broken { steps: self.steps.clone(), violation });
        }
        if depth > 1 {
            for step in ALPHABET {
                self.from(&next, step, depth - 1)?;
            }
        }
        self.steps.pop();
        Ok(())
    }
}

/// Cuts `dialogue` off at each of its points, before and after each write and before each effect, and takes it to its
/// end. How many points there were.
pub fn cut_everywhere(dialogue: &[Step], cut_is_restart: bool) -> Result<u64, Broken> {
    let whole = World::led(Plan::quiet(1), dialogue, false);
    for at in 0..=whole.points {
        let cut_at = (at > 0).then_some(at);
        let mut world = World::led(Plan { cut_at, cut_is_restart, ..Plan::quiet(1) }, dialogue, true);
        world.settle();
        world.check_replay();
        if let Some(violation) = world.violation.take() {
            let what = format!("cut at point {at}: {}", violation.what);
            let violation = Violation { what, ..violation };
            return Err(Broken { steps: dialogue.to_vec(), violation });
        }
    }
    Ok(whole.points)
}

/// Writes the journal of a broken sequence, and says what to look at.
pub fn report(broken: &Broken, dir: &Path) -> String {
    let Broken { steps, violation } = broken;
    let mut world = World::led(Plan::quiet(1), steps, true);
    if world.violation.is_none() && violation.invariant != Invariant::Panic {
        world.settle();
    }
    let journal = dir.join("sim-steps.jsonl");
    let written = world.record.map(|record| write(&journal, &record));
    format!(
        "{steps:?} broke {:?}: {}\nas a dialogue ({written:?}): tendero journal replay {}",
        violation.invariant,
        violation.what,
        journal.display()
    )
}
