//! A fuzzer for the parser: whatever is said or typed, it does not panic, and what it makes of it holds together.
//!
//! `cargo test --test fuzz` tries 60,000 inputs; `TENDERO_FUZZ=10000000` as many as you like, on all cores, with a line
//! that tells how far it is. Each input comes from its number alone: `TENDERO_FUZZ_INPUT=4711 cargo test --test fuzz -- --nocapture`
//! shows that one, and what it means; `TENDERO_FUZZ_FROM=2000000` goes on where another run stopped. A failure prints number, input and the smallest text that still fails.

#[path = "fuzz/check.rs"]
mod check;
#[path = "fuzz/generate.rs"]
mod generate;
#[path = "support/rng.rs"]
mod rng;
#[path = "fuzz/shrink.rs"]
mod shrink;
#[path = "fuzz/vocabulary.rs"]
mod vocabulary;

use check::{Fault, MAX_BYTES, MAX_TOKENS, check, watch_panics};
use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use tendero::clock::Clock;
use tendero::understand::Lang;
use tendero::understand::grammar::Expect;
use tendero::understand::intent::{Intent, NotAnOrder, Parse};
use vocabulary::Shop;

const INPUTS: u64 = 60_000;
/// Inputs that a thread takes at a time.
const BLOCK: u64 = 500;

#[test]
fn any_text_has_a_meaning_that_holds_together() {
    watch_panics();
    if let Some(number) = number("TENDERO_FUZZ_INPUT") {
        let input = generate::input(number);
        println!("{input:#?}");
        println!("{:#?}", check(&input).unwrap_or_else(|fault| panic!("{}", fault.what)));
        return;
    }
    let asked = number("TENDERO_FUZZ");
    let from = number("TENDERO_FUZZ_FROM").unwrap_or(0);
    let run = Run {
        from,
        count: asked.unwrap_or(INPUTS),
        talks: asked.is_some(),
        next: AtomicU64::new(from),
        ..Run::default()
    };
    // A language is made ready by the first text in it, which would count as that text's time.
    for (lang, shop) in Lang::ALL.into_iter().flat_map(|lang| [(lang, Shop::Small), (lang, Shop::Demo)]) {
        shop.understanding().parse("", lang, &Expect::Command, &|_| false);
    }
    let clock = Clock::system();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| run.work(&clock));
        }
    });
    let found = run.found.into_inner().expect("no thread panics outside of a check");
    let (slowest_us, slowest) = run.slowest.into_inner().expect("no thread panics outside of a check");
    let (orders, confirmations) = (run.orders.into_inner(), run.confirmations.into_inner());
    println!(
        "{} inputs in {} s: {orders} orders, {confirmations} confirmations; the slowest, number {slowest}, took {} ms",
        run.count,
        clock.machine_ms() / 1000,
        slowest_us / 1000
    );
    let told: String = found.iter().map(|(kind, found)| found.tell(kind)).collect();
    assert!(found.is_empty(), "{} kinds of faults\n{told}", found.len());
    // Texts that mean nothing prove nothing.
    assert!(orders >= run.count / 200 && confirmations >= run.count / 200);
}

#[derive(Default)]
struct Run {
    /// The first number, and how many from there.
    from: u64,
    count: u64,
    talks: bool,
    next: AtomicU64,
    orders: AtomicU64,
    confirmations: AtomicU64,
    found: Mutex<BTreeMap<String, Found>>,
    /// Microseconds, and the number of the input.
    slowest: Mutex<(u64, u64)>,
}

/// Of all inputs that fail in one way, the shortest.
struct Found {
    times: u64,
    number: u64,
    length: usize,
}

impl Run {
    fn work(&self, clock: &Clock) {
        loop {
            let from = self.next.fetch_add(BLOCK, Ordering::Relaxed);
            let end = self.from + self.count;
            if from >= end {
                return;
            }
            let mut slowest = (0, 0);
            for number in from..end.min(from + BLOCK) {
                let input = generate::input(number);
                let start_us = clock.machine_us();
                let outcome = check(&input);
                slowest = slowest.max((clock.machine_us() - start_us, number));
                match outcome.map(|parse| parse.intent) {
                    Ok(Intent::Reorder) => drop(self.orders.fetch_add(1, Ordering::Relaxed)),
                    Ok(Intent::Confirm) => drop(self.confirmations.fetch_add(1, Ordering::Relaxed)),
                    Ok(_) => {}
                    Err(fault) => self.note(fault, number, input.text.len()),
                }
            }
            let mut all = self.slowest.lock().expect("no thread panics outside of a check");
            *all = (*all).max(slowest);
            drop(all);
            self.tell(from, clock);
        }
    }

    fn note(&self, fault: Fault, number: u64, length: usize) {
        let mut found = self.found.lock().expect("no thread panics outside of a check");
        if self.talks && !found.contains_key(&fault.kind) {
            eprintln!("number {number}: {}", fault.kind);
        }
        let known = found.entry(fault.kind).or_insert(Found { times: 0, number, length });
        known.times += 1;
        if (length, number) < (known.length, known.number) {
            (known.length, known.number) = (length, number);
        }
    }

    /// Every hundredth of the way.
    fn tell(&self, from: u64, clock: &Clock) {
        let step = (self.count / 100).max(BLOCK);
        let done = from + BLOCK - self.from;
        if !self.talks || done / step == (done - BLOCK) / step {
            return;
        }
        let found = self.found.lock().expect("no thread panics outside of a check");
        let each_s = done * 1000 / clock.machine_ms().max(1);
        let mut out = std::io::stderr().lock();
        // Who does not listen misses nothing.
        let _ = writeln!(out, "{done} of {} inputs, {each_s} a second, {} kinds of faults", self.count, found.len());
    }
}

impl Found {
    fn tell(&self, kind: &str) -> String {
        let input = generate::input(self.number);
        let small = shrink::shrink(input.clone(), kind);
        let fault = check(&small).err().map_or_else(|| "it fails no more".to_owned(), |fault| fault.what);
        format!(
            "{kind}\n  {} times, shortest with TENDERO_FUZZ_INPUT={}: {input:?}\n  smallest: {small:?}\n  {fault}\n",
            self.times, self.number
        )
    }
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} must be a number")))
}

#[test]
fn a_text_is_looked_at_up_to_the_limit_and_not_beyond() {
    for lang in Lang::ALL {
        let order = match lang {
            Lang::En => "order two packs of lentils",
            Lang::Es => "pide dos paquetes de lentejas",
            Lang::Ro => "comandă două pachete de linte",
        };
        let said = |text: &str| Shop::Small.understanding().parse(text, lang, &Expect::Command, &|_| false);
        let padded = |bytes: usize| order.to_owned() + &" ".repeat(bytes - order.len());
        assert_eq!(said(&padded(MAX_BYTES)), said(order), "{lang}");
        refused(&said(&padded(MAX_BYTES + 1)));
        let words = order.split(' ').count();
        let counted = |tokens: usize| order.to_owned() + &" a".repeat(tokens - words);
        assert_ne!(said(&counted(MAX_TOKENS)), said(&counted(MAX_TOKENS + 1)), "{lang}");
        refused(&said(&counted(MAX_TOKENS + 1)));
        refused(&said(&format!("{order} ").repeat(1_000_000 / order.len())));
        refused(&said(&"ă".repeat(500_000)));
    }
}

fn refused(parse: &Parse) {
    let why = Some(NotAnOrder::Unexplained);
    assert_eq!(*parse, Parse { not_an_order: why, ..Parse::nothing(vec![]) });
    assert_eq!(parse.intent, Intent::None);
}
