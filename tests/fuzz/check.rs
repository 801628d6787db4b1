//! What must hold for the meaning of any text.

use crate::generate::Input;
use crate::vocabulary::Vocabulary;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use tendero::understand::Understanding;
use tendero::understand::catalog::Catalog;
use tendero::understand::grammar::Expect;
use tendero::understand::intent::{Change, Intent, Line, NotAnOrder, Parse};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The limits of `understand/text.rs`, which are no part of the interface.
pub const MAX_BYTES: usize = 2_000;
pub const MAX_TOKENS: usize = 200;

const NEGATIVE_COMMAND: &str = "a command that confirms, with a negative word";

/// What is wrong. `kind` is the same for all inputs that fail in the same way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub kind: String,
    pub what: String,
}

thread_local! {
    /// Where the last panic of this thread was, while [`check`] watches.
    static PANIC: RefCell<Option<String>> = const { RefCell::new(None) };
    static WATCHING: RefCell<bool> = const { RefCell::new(false) };
}

/// Has panics within [`check`] written down instead of printed. Call it once.
pub fn watch_panics() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if WATCHING.with_borrow(|watching| *watching) {
            let place = panic.location().map(|at| format!("{}:{}", at.file(), at.line())).unwrap_or_default();
            PANIC.set(Some(format!("panic at {place}: {}", panic.payload_as_str().unwrap_or("?"))));
        } else {
            before(panic);
        }
    }));
}

/// Parses the input and looks whether all holds.
///
/// # Errors
/// The first thing that does not.
pub fn check(input: &Input) -> Result<Parse, Fault> {
    WATCHING.set(true);
    let outcome = catch_unwind(AssertUnwindSafe(|| (parse(input), input.twice.then(|| parse(input)))));
    WATCHING.set(false);
    match outcome {
        Ok((once, again)) => match wrong(input, &once, again.as_ref()) {
            None => Ok(once),
            Some(kind) => Err(Fault { kind: kind.to_owned(), what: format!("{kind}: {once:?}") }),
        },
        Err(_) => {
            let what = PANIC.take().unwrap_or_default();
            // The place without the message, which holds lengths and positions.
            let kind = what.splitn(4, ':').take(2).collect::<Vec<_>>().join(":");
            Err(Fault { kind, what })
        }
    }
}

fn parse(input: &Input) -> Parse {
    let Input { lang, shop, expect, regulars, text, .. } = input;
    let buys = |sku: &str| sku.bytes().fold(0, |sum: u8, b| sum.wrapping_add(b)) % 4 < *regulars;
    let understanding: &Understanding = shop.understanding();
    understanding.parse(text, *lang, expect, &buys)
}

fn wrong(input: &Input, parse: &Parse, again: Option<&Parse>) -> Option<&'static str> {
    let catalog = input.shop.understanding().catalog();
    let words = words(&input.text);
    let buys = parse.intent.can_buy();
    let confirms = parse.intent == Intent::Confirm;
    let too_long = input.text.len() > MAX_BYTES || words.len() > MAX_TOKENS;
    let refused =
        parse.intent == Intent::None && parse.lines.is_empty() && parse.not_an_order == Some(NotAnOrder::Unexplained);
    let has = |phrase: &Vec<String>| words.windows(phrase.len()).any(|window| window == phrase);
    let negative = || Vocabulary::of(input.lang).lexicon.negative.iter().any(has);
    let faults = [
        (!(0.0..=1.0).contains(&parse.score), "a score that is none"),
        (again.is_some_and(|again| again != parse), "the same text means something else the second time"),
        (parse.lines.iter().any(|line| line.qty == 0), "a line of no packs"),
        (parse.lines.iter().any(|line| !of_catalog(line, catalog)), "a line that the catalogue does not have"),
        (twice(&parse.lines), "a product on two lines"),
        (parse.change == Some(Change::Qty(0)), "a change to no packs"),
        (words.is_empty() && (buys || !parse.lines.is_empty()), "an order without a word"),
        (too_long && !refused, "a text over the limit is looked at"),
        (buys && parse.not_an_order.is_some(), "an order that is none"),
        (confirms && input.expect != Expect::Command && negative(), "a confirmation with a negative word"),
        (confirms && !answered(&input.expect, &words), "a confirmation without the challenge's words"),
        (buys && matches!(input.expect, Expect::Choice { .. }), "an order as an answer to a choice"),
        (
            (parse.intent.can_buy() || !parse.lines.is_empty()) && matches!(input.expect, Expect::Words { .. }),
            "an order as an answer to a question of the shop",
        ),
        (confirms && !parse.lines.is_empty(), "a confirmation that names products"),
        // Last, so that what is known hides nothing.
        (confirms && negative(), NEGATIVE_COMMAND),
    ];
    faults.into_iter().find_map(|(is_so, kind)| is_so.then_some(kind))
}

fn of_catalog(line: &Line, catalog: &Catalog) -> bool {
    let Some(product) = catalog.product(&line.sku) else { return false };
    let option = |(name, value): (&String, &String)| {
        product.options.iter().any(|o| o.name == *name && o.values.iter().any(|v| v.value == *value))
    };
    let share = |score: f32| (0.0..=1.0).contains(&score);
    line.options.iter().all(option)
        && share(line.score)
        && line.rivals.len() <= 4
        && line.rivals.iter().all(|rival| share(rival.score) && catalog.product(&rival.sku).is_some())
}

fn twice(lines: &[Line]) -> bool {
    let skus: BTreeSet<&str> = lines.iter().map(|line| line.sku.as_str()).collect();
    skus.len() < lines.len()
}

/// Whether the words of a challenge, if there is one, are all in the text.
fn answered(expect: &Expect, said: &[String]) -> bool {
    match expect {
        Expect::Challenge { words: wanted } => {
            wanted.iter().flat_map(|word| words(word)).all(|word| said.contains(&word))
        }
        Expect::Command | Expect::Confirm | Expect::Choice { .. } | Expect::Words { .. } => true,
    }
}

/// The words of a text as the parser takes them: folded, split at all that is no letter or digit, and between the two.
pub fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut last: Option<char> = None;
    for c in text.nfc().flat_map(char::to_lowercase) {
        let c = match c {
            'ş' => 'ș',
            'ţ' => 'ț',
            other => other,
        };
        if !c.is_alphanumeric() {
            last = None;
            continue;
        }
        if last.is_none_or(|last| last.is_numeric() != c.is_numeric()) {
            words.push(String::new());
        }
        last = Some(c);
        words.last_mut().expect("a word was begun").push(c);
    }
    let fold = |word: String| word.nfd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase).collect();
    words.into_iter().map(fold).collect()
}
