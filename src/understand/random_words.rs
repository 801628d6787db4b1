//! The random words of a challenge: common, easily told apart by a recogniser, without accents.
//!
//! The recogniser listens for all of them, not only for the two that are asked for: a closed grammar takes
//! whatever is said for the nearest that it knows, and then any two words would do.

use super::Lang;

/// Words in each list: a power of two, so that five random bits choose evenly.
pub const COUNT: usize = 32;

const EN: [&str; COUNT] = [
    "river", "lamp", "garden", "yellow", "market", "silver", "velvet", "button", "orange", "paper", "winter",
    "kitchen", "tiger", "pocket", "summer", "window", "candle", "island", "monkey", "purple", "castle", "dinner",
    "forest", "guitar", "hammer", "jacket", "lemon", "piano", "rabbit", "saddle", "turtle", "wagon",
];
const ES: [&str; COUNT] = [
    "ventana", "camino", "jarra", "amarillo", "mercado", "plata", "caballo", "zapato", "naranja", "papel", "invierno",
    "cocina", "tigre", "bolsillo", "verano", "puente", "vela", "isla", "mono", "morado", "castillo", "cena", "bosque",
    "guitarra", "martillo", "chaqueta", "tortuga", "piano", "conejo", "nube", "espejo", "barco",
];
const RO: [&str; COUNT] = [
    "drum", "galben", "munte", "argint", "cal", "pantof", "creion", "tigru", "buzunar", "pod", "violet", "castel",
    "pahar", "floare", "ciocan", "pian", "iepure", "nor", "soare", "vulpe", "copac", "dulap", "lac", "morcov", "covor",
    "fluture", "elefant", "pepene", "cuptor", "tractor", "parc", "vapor",
];

/// The words of a language.
pub fn of(lang: Lang) -> &'static [&'static str; COUNT] {
    match lang {
        Lang::En => &EN,
        Lang::Es => &ES,
        Lang::Ro => &RO,
    }
}

/// Were the words said, in their order?
pub fn were_said(text: &str, words: &[String]) -> bool {
    let text = text.to_lowercase();
    let mut heard = text.split(|c: char| !c.is_alphanumeric());
    !words.is_empty() && words.iter().all(|word| heard.any(|said| said == word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn no_word_stands_twice_in_a_list() {
        for lang in Lang::ALL {
            assert_eq!(of(lang).iter().collect::<BTreeSet<_>>().len(), COUNT, "{lang}");
        }
    }

    #[test]
    fn all_words_must_be_said_and_in_their_order() {
        let words = ["lemon".to_owned(), "wagon".to_owned()];
        for (text, said) in [
            ("order it, Lemon, wagon", true),
            ("lemon wagon order it", true),
            ("order it lemon um wagon", true),
            ("order it wagon lemon", false),
            ("order it lemon", false),
            ("order it lemons wagon", false),
            ("", false),
        ] {
            assert_eq!(were_said(text, &words), said, "{text}");
        }
        assert!(!were_said("order it", &[]), "without words nothing was said");
    }
}
