//! A device hands its key over, and nobody else does it for it.

use super::*;
use crate::deliver::handover::{OVERLAP_MS, Step};

all!(
    a_device_hands_its_key_over_and_both_count_for_a_while,
    nobody_else_hands_a_key_over,
    a_device_that_is_trusted_no_longer_hands_nothing_over
);

const WHO: &str = "home/casa/kitchen";

fn keys(number: u8) -> Keys {
    Keys::from_seed(&[number; 32])
}

fn step(bench: &Bench, from: u8, to: u8) -> Step {
    Step::new(WHO, &keys(from), &keys(to), bench.now() + OVERLAP_MS)
}

/// What the shop makes of these steps, in a message signed by the key of this number: the key that it takes.
fn told(bench: &mut Bench, steps: Vec<Step>, by: u8) -> Option<String> {
    bench.device = keys(by);
    let done = bench.send(&Handover { aud: bench.route.up(Handover::KIND), steps });
    bench.said::<HandoverTaken>(&done).map(|taken| taken.data.to)
}

/// Does the shop give a price to the key of this number?
fn counts(bench: &mut Bench, number: u8) -> bool {
    bench.device = keys(number);
    let done = bench.send(&bench.request(&[("heads", 1)]));
    bench.said::<Quote>(&done).is_some()
}

#[test]
fn a_device_hands_its_key_over_and_both_count_for_a_while() {
    let mut bench = Bench::new();
    // Signed before, and under way.
    let order = bench.order(1);
    let bytes = bench.sealed(&order);
    let first = step(&bench, 1, 3);
    for _ in 0..2 {
        assert_eq!(
            told(&mut bench, vec![first.clone()], 3),
            Some(keys(3).public().to_string()),
            "told twice: said twice"
        );
    }
    assert!(counts(&mut bench, 1) && counts(&mut bench, 3));
    bench.desk.handle(&order.aud, &bytes, false).unwrap();
    assert_eq!(bench.booked(), 1);

    let second = step(&bench, 3, 4);
    assert_eq!(told(&mut bench, vec![first, second], 4), Some(keys(4).public().to_string()));
    assert_eq!(bench.desk.book.devices().unwrap()[0].key, keys(4).public().to_string());
    bench.desk.clock.skip(Duration::from_millis(OVERLAP_MS.unsigned_abs()));
    assert!(!counts(&mut bench, 1) && !counts(&mut bench, 3) && counts(&mut bench, 4));
    // An order may be told again for weeks, but not by a key that is over.
    bench.device = keys(3);
    let stale = bench.sealed(&order);
    let done = bench.desk.handle(&order.aud, &stale, false).unwrap();
    assert!(matches!(done.events[..], [ShopEvent::Refused(_)]), "{done:?}");
}

#[test]
fn nobody_else_hands_a_key_over() {
    let mut bench = Bench::new();
    let (genuine, elsewhere) = (step(&bench, 1, 3), Step::new("home/casa/attic", &keys(1), &keys(9), i64::MAX));
    let by_stranger = Step { from: keys(1).public().to_string(), ..step(&bench, 8, 9) };
    for (steps, by) in [
        (vec![by_stranger], 9),
        (vec![elsewhere], 9),
        (vec![genuine.clone()], 1),
        (vec![genuine.clone()], 8),
        (vec![], 9),
    ] {
        assert_eq!(told(&mut bench, steps, by), None, "signed by {by}");
    }
    assert!(counts(&mut bench, 1) && !counts(&mut bench, 9));
    assert!(told(&mut bench, vec![genuine], 3).is_some());
    // Whoever finds the old key while it counts leads nobody away with it.
    let fork = step(&bench, 1, 9);
    assert_eq!(told(&mut bench, vec![fork.clone()], 9), None);
    assert!(counts(&mut bench, 1) && counts(&mut bench, 3) && !counts(&mut bench, 9));
    let many = vec![fork; 65];
    assert_eq!(told(&mut bench, many, 3), None);
}

#[test]
fn a_device_that_is_trusted_no_longer_hands_nothing_over() {
    let mut bench = Bench::new();
    let steps = [step(&bench, 1, 3), step(&bench, 3, 4)];
    assert!(told(&mut bench, steps[..1].to_vec(), 3).is_some());
    bench.desk.book.revoke("casa", "kitchen").unwrap();
    assert_eq!(told(&mut bench, steps.to_vec(), 4), None);
    assert!(!counts(&mut bench, 1) && !counts(&mut bench, 3) && !counts(&mut bench, 4));
    // Trusted anew with another key: what was handed over before is of another device.
    bench.desk.book.trust("casa", "kitchen", &keys(5).public()).unwrap();
    assert!(counts(&mut bench, 5) && !counts(&mut bench, 1) && !counts(&mut bench, 3));
}

/// Two start at once after a change that was cut off: the second finds nothing left to do.
#[test]
fn a_change_that_was_cut_off_is_finished_by_whoever_comes_first() {
    let dir = tempfile::tempdir().unwrap();
    let mut book = Book::open(dir.path()).unwrap();
    let keys = keys_of(&book, dir.path()).unwrap();
    let next = Keys::next_or_make(dir.path()).unwrap();
    assert!(book.change_key(&Step::new("shop/corner", &keys, &next, 0)).unwrap());
    let starts: Vec<_> = (0..8)
        .map(|_| {
            let dir = dir.path().to_owned();
            std::thread::spawn(move || keys_of(&Book::open(&dir).unwrap(), &dir).map(|keys| keys.public()))
        })
        .collect();
    for start in starts {
        assert_eq!(start.join().unwrap().unwrap(), next.public());
    }
    assert_eq!(Keys::load_or_make(dir.path()).unwrap().public(), next.public());
}
