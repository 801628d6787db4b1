//! The random words of a challenge: common, easily told apart by a recogniser, without accents.
//! Chosen by the random bits of the utterance; never by anything that a shop says.

use super::super::event::Entropy;
use crate::understand::Lang;

/// Words in each list: a power of two, so that five random bits choose evenly.
const WORDS: usize = 32;

const EN: [&str; WORDS] = [
    "river", "lamp", "garden", "yellow", "market", "silver", "mountain", "button", "orange", "paper", "winter",
    "kitchen", "tiger", "pocket", "summer", "window", "candle", "island", "monkey", "purple", "castle", "dinner",
    "forest", "guitar", "hammer", "jacket", "lemon", "piano", "rabbit", "saddle", "turtle", "wagon",
];
const ES: [&str; WORDS] = [
    "ventana", "camino", "jarra", "amarillo", "mercado", "plata", "caballo", "zapato", "naranja", "papel", "invierno",
    "cocina", "tigre", "bolsillo", "verano", "puente", "vela", "isla", "mono", "morado", "castillo", "cena", "bosque",
    "guitarra", "martillo", "chaqueta", "tortuga", "piano", "conejo", "nube", "espejo", "barco",
];
const RO: [&str; WORDS] = [
    "drum", "galben", "munte", "argint", "cal", "pantof", "creion", "tigru", "buzunar", "pod", "violet", "castel",
    "pahar", "floare", "ciocan", "pian", "iepure", "nor", "soare", "vulpe", "copac", "dulap", "lac", "morcov", "covor",
    "fluture", "elefant", "pepene", "cuptor", "tractor", "parc", "vapor",
];

/// Two different words. `round` makes another pair of the same random bits, for a second reading.
pub(super) fn words(lang: Lang, entropy: Entropy, round: u8) -> Vec<String> {
    let list = match lang {
        Lang::En => &EN,
        Lang::Es => &ES,
        Lang::Ro => &RO,
    };
    // The last bytes: order ids and nonces are cut from the front.
    let byte = |at: usize| usize::from(entropy.0[at]);
    let first = (byte(30) + usize::from(round) * 7) % WORDS;
    let step = 1 + byte(31) % (WORDS - 1);
    let second = (first + step) % WORDS;
    vec![list[first].to_owned(), list[second].to_owned()]
}

/// Were the words said, in their order?
pub(super) fn were_said(text: &str, words: &[String]) -> bool {
    let text = text.to_lowercase();
    let mut heard = text.split(|c: char| !c.is_alphanumeric());
    !words.is_empty() && words.iter().all(|word| heard.any(|said| said == word))
}
