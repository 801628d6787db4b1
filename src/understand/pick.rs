//! Which of a few texts that were read out somebody means: in words of it, by its place, or none in particular. Pure.
//!
//! Looks at words alone: what ends a question ("stop") is for the parse, and nothing here can buy.

use super::Lang;
use super::text::{self, Token};
use std::collections::BTreeSet;

/// What somebody picked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Picked {
    /// The one at this place, from 0.
    One(usize),
    /// "It doesn't matter", "no sé".
    Any,
    /// "Neither", "ninguno".
    None,
    Unclear,
}

/// "None in particular", as it is said. Contractions as tokens have them: "don t".
const ANY: [(Lang, &[&str]); 3] = [
    (
        Lang::En,
        &[
            "doesn't matter",
            "don't mind",
            "don't care",
            "don't know",
            "no idea",
            "not sure",
            "no preference",
            "whatever",
            "whichever",
            "anything",
            "any of them",
            "either",
            "you choose",
            "all the same",
        ],
    ),
    (
        Lang::Es,
        &[
            "da igual",
            "es igual",
            "no importa",
            "no sé",
            "ni idea",
            "cualquiera",
            "lo que sea",
            "lo que quieras",
            "sin preferencia",
            "elige tú",
        ],
    ),
    (
        Lang::Ro,
        &[
            "nu contează",
            "nu are importanță",
            "nu știu",
            "habar n-am",
            "oricare",
            "orice",
            "mi-e egal",
            "tot una",
            "totuna",
            "indiferent",
            "alege tu",
        ],
    ),
];

/// "None of these".
const NEITHER: [(Lang, &[&str]); 3] = [
    (Lang::En, &["neither", "none", "none of them", "nothing of that"]),
    (Lang::Es, &["ninguno", "ninguna", "ninguno de los dos", "ninguna de las dos"]),
    (Lang::Ro, &["niciunul", "niciuna", "nici unul", "nici una"]),
];

/// What makes the number after it a place: "number two".
const NUMBERED: [&str; 9] =
    ["number", "option", "choice", "numero", "opcion", "numarul", "optiunea", "varianta", "alegerea"];

/// Words for places, of all languages, folded: none of them means anything else in another.
const PLACES: [&[&str]; 4] = [
    &["first", "former", "primero", "primera", "primer", "primul", "prima", "intai"],
    &["second", "latter", "segundo", "segunda", "doilea"],
    &["third", "tercero", "tercera", "tercer", "treilea", "treia"],
    &["fourth", "cuarto", "cuarta", "patrulea", "patra"],
];
const LAST: [&str; 5] = ["last", "ultimo", "ultima", "ultimul", "ultimele"];
/// The one that was not said first, where there are two.
const OTHER: [&str; 4] = ["other", "otro", "otra", "cealalta"];
/// Number words beside "number", folded.
const NUMBERS: [&[&str]; 4] = [
    &["1", "one", "uno", "una", "unu"],
    &["2", "two", "dos", "doi", "doua"],
    &["3", "three", "tres", "trei"],
    &["4", "four", "cuatro", "patru"],
];

/// Which of `choices` somebody means with `text`.
pub fn pick(text: &str, choices: &[String], lang: Lang) -> Picked {
    let Some(tokens) = text::tokens(text, lang) else { return Picked::Unclear };
    if let Some(at) = named(&tokens, choices, lang) {
        return Picked::One(at);
    }
    if let Some(at) = place(text, choices.len()).or_else(|| numbered(&tokens, choices.len())) {
        return Picked::One(at);
    }
    let says = |phrases: &[(Lang, &[&str]); 3]| {
        let of = phrases.iter().find(|(of, _)| *of == lang).map_or(&[][..], |(_, phrases)| phrases);
        of.iter().any(|phrase| holds(&tokens, phrase, lang))
    };
    if says(&ANY) {
        return Picked::Any;
    }
    if says(&NEITHER) { Picked::None } else { Picked::Unclear }
}

/// The words that tell each of `choices` from the others, as they are written.
pub fn telling_words(choices: &[String], lang: Lang) -> Vec<Vec<String>> {
    let tokens: Vec<Vec<Token>> = choices.iter().map(|choice| text::tokens(choice, lang).unwrap_or_default()).collect();
    let stems: Vec<BTreeSet<&str>> =
        tokens.iter().map(|tokens| tokens.iter().map(|token| token.stem.as_str()).collect()).collect();
    let tells = |at: usize, stem: &str| {
        stem.chars().count() > 2 && !stems.iter().enumerate().any(|(other, stems)| other != at && stems.contains(stem))
    };
    let of = |(at, tokens): (usize, &Vec<Token>)| {
        tokens.iter().filter(|token| tells(at, &token.stem)).map(|token| token.text.clone()).collect()
    };
    tokens.iter().enumerate().map(of).collect()
}

/// How one says in this language that it does not matter.
pub fn any_words(lang: Lang) -> &'static [&'static str] {
    ANY.iter().find(|(of, _)| *of == lang).map_or(&[], |(_, words)| words)
}

/// "the first one" of `count` is 0, "the second one" is 1. The words are of all three languages.
pub fn place(words: &str, count: usize) -> Option<usize> {
    let folded = text::fold(words);
    let said = |list: &[&str]| folded.split(|c: char| !c.is_alphanumeric()).any(|word| list.contains(&word));
    let mut places: BTreeSet<usize> =
        PLACES.iter().enumerate().filter(|(_, words)| said(words)).map(|(at, _)| at).collect();
    // Folded, "a doua" is "două": only as it is written it is a place.
    if words.to_lowercase().split(|c: char| !c.is_alphanumeric()).any(|word| word == "doua") {
        places.insert(1);
    }
    if said(&LAST) {
        places.extend(count.checked_sub(1));
    }
    if said(&OTHER) && count == 2 {
        places.insert(1);
    }
    let mut places = places.into_iter();
    places.next().filter(|at| places.next().is_none() && *at < count)
}

/// "number two", or the number alone.
fn numbered(tokens: &[Token], count: usize) -> Option<usize> {
    let at = match tokens {
        [only] => only,
        _ => {
            let at = tokens.iter().position(|token| NUMBERED.contains(&token.fold.as_str()))?;
            tokens.get(at + 1)?
        }
    };
    NUMBERS.iter().position(|words| words.contains(&at.fold.as_str())).filter(|at| *at < count)
}

/// The only one of `choices` whose telling words were said.
fn named(tokens: &[Token], choices: &[String], lang: Lang) -> Option<usize> {
    let telling = telling_words(choices, lang);
    let said = |word: &String| {
        let stem = text::stem(&text::fold(word), lang);
        tokens.iter().any(|token| token.stem == stem)
    };
    let mut named = (0..choices.len()).filter(|at| telling[*at].iter().any(said));
    named.next().filter(|_| named.next().is_none())
}

fn holds(tokens: &[Token], phrase: &str, lang: Lang) -> bool {
    let parts = text::tokens(phrase, lang).unwrap_or_default();
    !parts.is_empty() && tokens.windows(parts.len()).any(|here| here.iter().zip(&parts).all(|(a, b)| a.fold == b.fold))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_picked_by_its_words_or_its_place_and_nothing_else_picks() {
        let en = ["something to build", "something to read", "something to play with outside"];
        let es = ["algo para construir", "algo para leer", "algo para jugar fuera"];
        let ro = ["ceva de construit", "ceva de citit", "ceva de jucat afară"];
        use Picked::*;
        let cases: &[(Lang, &[&str], &str, Picked)] = &[
            (Lang::En, &en, "something to build", One(0)),
            (Lang::En, &en, "to read please", One(1)),
            (Lang::En, &en, "outside", One(2)),
            (Lang::En, &en, "the second one", One(1)),
            (Lang::En, &en, "the last one", One(2)),
            (Lang::En, &en, "number three", One(2)),
            (Lang::En, &en, "two", One(1)),
            (Lang::En, &en, "number nine", Unclear),
            (Lang::En, &en, "the fourth", Unclear),
            (Lang::En, &en, "build or read", Unclear),
            (Lang::En, &en, "something", Unclear),
            (Lang::En, &en, "it doesn't matter", Any),
            (Lang::En, &en, "I don't know", Any),
            (Lang::En, &en, "I don't know, the second one", One(1)),
            (Lang::En, &en, "neither", None),
            (Lang::En, &en, "", Unclear),
            (Lang::Es, &es, "para leer", One(1)),
            (Lang::Es, &es, "la segunda", One(1)),
            (Lang::Es, &es, "no sé", Any),
            (Lang::Es, &es, "me da igual", Any),
            (Lang::Es, &es, "ninguna de las dos", None),
            (Lang::Ro, &ro, "de citit", One(1)),
            (Lang::Ro, &ro, "a doua", One(1)),
            (Lang::Ro, &ro, "ceva", Unclear),
            (Lang::Ro, &ro, "al doilea", One(1)),
            (Lang::Ro, &ro, "nu contează", Any),
            (Lang::Ro, &ro, "nu stiu", Any),
            (Lang::Ro, &ro, "niciunul", None),
        ];
        for (lang, choices, text, want) in cases {
            let choices: Vec<String> = choices.iter().map(|choice| (*choice).to_owned()).collect();
            assert_eq!(pick(text, &choices, *lang), *want, "{text}");
        }
        assert_eq!(place("the other one", 2), Some(1));
        assert_eq!(place("the other one", 3), Option::None);
        assert_eq!(place("the first or the second", 2), Option::None);
    }
}
