//! A failing input → a small one that fails in the same way.

use crate::check::check;
use crate::generate::Input;
use tendero::understand::grammar::Expect;

/// Parses at most; a text of some hundred words needs a few thousand.
const MAX_TRIES: usize = 20_000;

/// Drops words and then characters, in ever smaller pieces, for as long as the fault stays of this kind.
pub fn shrink(mut input: Input, kind: &str) -> Input {
    let mut tries = 0;
    let mut fails = |input: &Input| {
        tries += 1;
        tries < MAX_TRIES && check(input).is_err_and(|fault| fault.kind == kind)
    };
    for expect in [Expect::Command, Expect::Confirm] {
        let plainer = Input { expect, regulars: 0, ..input.clone() };
        if fails(&plainer) {
            input = plainer;
            break;
        }
    }
    loop {
        let before = input.text.len();
        let words = input.text.split_inclusive(' ').map(str::to_owned).collect();
        input = without(input, words, &mut fails);
        let characters = input.text.chars().map(String::from).collect();
        input = without(input, characters, &mut fails);
        if input.text.len() == before {
            return input;
        }
    }
}

/// `input` with as few of `parts` as still fail.
fn without(mut input: Input, mut parts: Vec<String>, fails: &mut dyn FnMut(&Input) -> bool) -> Input {
    let mut size = parts.len();
    while size > 0 {
        let mut at = 0;
        while at < parts.len() {
            let rest: Vec<String> = parts[..at].iter().chain(parts.iter().skip(at + size)).cloned().collect();
            let smaller = Input { text: rest.concat(), ..input.clone() };
            if fails(&smaller) {
                (input, parts) = (smaller, rest);
            } else {
                at += size;
            }
        }
        size /= 2;
    }
    input
}
