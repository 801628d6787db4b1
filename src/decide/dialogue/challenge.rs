//! Draws the random words of a challenge from the random bits of the utterance; never from anything that a shop says.

use super::super::event::Entropy;
use crate::understand::Lang;
use crate::understand::random_words::{COUNT, of};

/// Two different words. `round` makes another pair of the same random bits, for a second reading.
pub(super) fn words(lang: Lang, entropy: Entropy, round: u8) -> Vec<String> {
    let list = of(lang);
    // The last bytes: order ids and nonces are cut from the front.
    let byte = |at: usize| usize::from(entropy.0[at]);
    let first = (byte(30) + usize::from(round) * 7) % COUNT;
    let step = 1 + byte(31) % (COUNT - 1);
    let second = (first + step) % COUNT;
    vec![list[first].to_owned(), list[second].to_owned()]
}
