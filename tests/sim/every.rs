//! Every sequence of steps up to a length, from several starting points; and whole dialogues, cut off everywhere.

use crate::shrink::write;
use crate::world::{ALPHABET, Invariant, Plan, Step, Violation, World};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// One sequence in so many is taken on until all has come to rest, which costs as much as the rest of it.
const SETTLED: u64 = 64;

/// Where sequences begin, besides in silence: what it takes to get there.
pub fn starts() -> [(&'static str, Vec<Step>); 12] {
    [
        ("nothing was said", vec![]),
        ("read back", READ_BACK.to_vec()),
        ("held", held()),
        ("waiting for an adult", adult()),
        ("sent", sent()),
        ("challenged", CHALLENGED.to_vec()),
        ("asked whether it goes back", [&at_shop()[..], &ASKED_BACK].concat()),
        ("the shop asks back", SOUGHT.to_vec()),
        ("the shop proposes", [&SOUGHT[..], &PROPOSED].concat()),
        ("a person is there", THERE.to_vec()),
        ("a person offers", [&THERE[..], &OFFERED].concat()),
        ("going back", [&at_shop()[..], &ASKED_BACK, &GOES_BACK].concat()),
    ]
}

const CHALLENGED: [Step; 4] = asks("order fifteen packs of oat milk");
const READ_BACK: [Step; 4] = asks("order coffee");
/// Written, and said so.
const CONFIRMED: [Step; 3] = [Step::Phrase, Step::Stored, Step::Played];
/// The hold is over.
const LEAVES: [Step; 2] = [Step::Time, Step::Stored];
/// The shop's answer comes.
const ANSWERED: [Step; 3] = [Step::Shop, Step::Stored, Step::Played];
const TAKEN_BACK: [Step; 3] = [Step::Say("cancel that"), Step::Stored, Step::Played];

const ASKED_BACK: [Step; 2] = [Step::Say("i want to return the coffee"), Step::Played];
/// The log, then the order; both are said to have been written.
const GOES_BACK: [Step; 4] = [Step::Say("yes"), Step::Stored, Step::Stored, Step::Played];

/// No product was named: the shop asks back, and proposes two.
const SOUGHT: [Step; 3] =
    [Step::Say("find me a present for a six-year-old under thirty euros"), Step::Quoted, Step::Played];
const PROPOSED: [Step; 3] = [Step::Say("the first one"), Step::Quoted, Step::Played];
/// The first of them, at its price.
const PICKED: [Step; 4] = [Step::Say("the first one"), Step::Quoted, Step::Stored, Step::Played];

/// A person at the shop was asked for, and came; the microphone is open for what they shall be told.
const THERE: [Step; 8] = [
    Step::Say("let me talk to a person"),
    Step::Stored,
    Step::Played,
    Step::Person,
    Step::Person,
    Step::Stored,
    Step::Stored,
    Step::Played,
];
/// Words, an answer, and an offer that is read back.
const OFFERED: [Step; 21] = [
    Step::Say("my cup came broken"),
    Step::Stored,
    Step::Played,
    Step::Person,
    Step::Person,
    Step::Person,
    Step::Stored,
    Step::Stored,
    Step::Played,
    Step::Say("yes"),
    Step::Stored,
    Step::Played,
    Step::Person,
    Step::Person,
    Step::Person,
    Step::Stored,
    Step::Stored,
    Step::Stored,
    Step::Played,
    Step::Played,
    Step::Played,
];

/// A wish, up to the end of its read-back.
const fn asks(words: &'static str) -> [Step; 4] {
    [Step::Say(words), Step::Quoted, Step::Stored, Step::Played]
}

fn adult() -> Vec<Step> {
    [&asks("order a dollhouse")[..], &CONFIRMED].concat()
}

fn at_shop() -> Vec<Step> {
    [&sent()[..], &ANSWERED].concat()
}

fn held() -> Vec<Step> {
    [&READ_BACK[..], &CONFIRMED].concat()
}

fn sent() -> Vec<Step> {
    [&held()[..], &LEAVES].concat()
}

/// Dialogues from beginning to end.
pub fn dialogues() -> [(&'static str, Vec<Step>); 13] {
    let (held, sent, adult) = (held(), sent(), adult());
    let to_the_end = [&LEAVES[..], &ANSWERED].concat();
    let change = asks("make it two");
    let disk = [Step::Phrase, Step::StoreFails, Step::Played];
    let again = [Step::Time, Step::StoreFails, Step::Time, Step::Stored];
    let booked = [Step::Shop, Step::Stored];
    [
        ("a known reorder", [&sent[..], &ANSWERED].concat()),
        ("a challenge", [&CHALLENGED[..], &[Step::Say("yes"), Step::Played], &CONFIRMED, &to_the_end].concat()),
        ("an adult", [&adult[..], &[Step::Hold, Step::Stored, Step::Played], &to_the_end].concat()),
        (
            "a search",
            [&SOUGHT[..], &PROPOSED, &PICKED, &CONFIRMED, &[Step::Hold, Step::Stored, Step::Played], &to_the_end]
                .concat(),
        ),
        ("no adult", [&adult[..], &LEAVES, &[Step::Played]].concat()),
        ("taken back while held", [&held[..], &TAKEN_BACK].concat()),
        ("taken back when sent", [&sent[..], &ANSWERED, &TAKEN_BACK, &ANSWERED].concat()),
        ("sent back", [&at_shop()[..], &ASKED_BACK, &GOES_BACK, &ANSWERED].concat()),
        ("sent back at the command line", [&at_shop()[..], &[Step::SendBack, Step::Stored], &ANSWERED].concat()),
        ("a conversation", [&THERE[..], &[Step::Say("that's all"), Step::Stored, Step::Played, Step::Person]].concat()),
        ("an offer", [&THERE[..], &OFFERED, &CONFIRMED, &to_the_end].concat()),
        ("a change", [&READ_BACK[..], &change, &CONFIRMED, &LEAVES, &booked].concat()),
        (
            "a disk that fails and works again",
            [&READ_BACK[..], &disk, &READ_BACK, &CONFIRMED, &again, &booked].concat(),
        ),
    ]
}

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

/// How many orders `dialogue` leads to.
pub fn orders(dialogue: &[Step]) -> u64 {
    World::led(Plan::quiet(1), dialogue, false).tally.confirmed
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
