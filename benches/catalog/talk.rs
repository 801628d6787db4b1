//! What people say to a shop of that size: orders in every shape, and talk that is none.

use super::rng::Rng;
use super::shop::CROWDED;
use super::words::TALK;
use tendero::understand::Lang;
use tendero::understand::catalog::{Catalog, Product};

/// What kind of utterance, as the rows of the table.
pub const KINDS: [&str; 10] = [
    "exact name",
    "misheard name",
    "brand + noun",
    "shared noun",
    "full title",
    "several products",
    "no order",
    "25 words of rambling",
    "with an option",
    "worst misheard word",
];

/// `each` utterances of every kind: (number of the kind, text).
pub fn utterances(catalog: &Catalog, lang: Lang, each: usize, rng: &mut Rng) -> Vec<(usize, String)> {
    let mut out = Vec::new();
    for _ in 0..each {
        for kind in 0..KINDS.len() {
            out.push((kind, utterance(catalog, lang, kind, rng)));
        }
    }
    out
}

fn utterance(catalog: &Catalog, lang: Lang, kind: usize, rng: &mut Rng) -> String {
    let language = Lang::ALL.iter().position(|l| *l == lang).expect("one of the three");
    let product = &catalog.products[rng.index(catalog.products.len())];
    let says = &product.says[&lang];
    let any = says[rng.index(says.len())].as_str();
    match KINDS[kind] {
        "exact name" => order(lang, any, rng),
        "misheard name" => order(lang, &misheard(any, rng), rng),
        "brand + noun" => order(lang, &says[1], rng),
        "shared noun" => order(lang, ["milk", "leche", "lapte"][language], rng),
        "full title" => order(lang, product.title(lang).split(',').next().unwrap_or_default(), rng),
        "several products" => several(catalog, lang, rng),
        "no order" => rng.word(TALK[language]).to_owned(),
        "25 words of rambling" => rambling(language, any, rng),
        "with an option" => with_option(catalog, lang, rng),
        "worst misheard word" => order(lang, &format!("{CROWDED} {any} {CROWDED}"), rng),
        other => unreachable!("no kind is called {other}"),
    }
}

fn order(lang: Lang, name: &str, rng: &mut Rng) -> String {
    let frames: &[&str] = match lang {
        Lang::En => &["order {}", "we are out of {}", "the {} ran out", "i need two packs of {} please"],
        Lang::Es => &["pide {}", "se acabó {}", "necesito dos paquetes de {} por favor", "nos quedamos sin {}"],
        Lang::Ro => &["comandă {}", "s-a terminat {}", "am nevoie de două pachete de {} te rog", "nu mai avem {}"],
    };
    rng.word(frames).replace("{}", name)
}

fn several(catalog: &Catalog, lang: Lang, rng: &mut Rng) -> String {
    let mut name = || spoken(&catalog.products[rng.index(catalog.products.len())], lang);
    let [a, b, c] = [name(), name(), name()];
    let list = match lang {
        Lang::En => format!("{a}, two {b} and three packs of {c}"),
        Lang::Es => format!("{a}, dos {b} y tres paquetes de {c}"),
        Lang::Ro => format!("{a}, doi {b} și trei pachete de {c}"),
    };
    order(lang, &list, rng)
}

fn spoken(product: &Product, lang: Lang) -> String {
    product.spoken_name(lang).to_owned()
}

fn rambling(language: usize, name: &str, rng: &mut Rng) -> String {
    let mut words: Vec<String> = Vec::new();
    while words.len() < 24 {
        let talk = rng.word(TALK[language]);
        words.extend(talk.split(' ').map(str::to_owned));
        if rng.chance(30) {
            words.extend(misheard(name, rng).split(' ').map(str::to_owned));
        }
    }
    words.truncate(24);
    words.push(name.to_owned());
    words.join(" ")
}

fn with_option(catalog: &Catalog, lang: Lang, rng: &mut Rng) -> String {
    let choices: Vec<&Product> = catalog.products.iter().filter(|p| !p.options.is_empty()).take(200).collect();
    let product = rng.pick(&choices);
    let values = &product.options[0].values;
    let value = &values[rng.index(values.len())].says[&lang][0];
    match lang {
        Lang::En => order(lang, &format!("{value} {}", spoken(product, lang)), rng),
        Lang::Es | Lang::Ro => order(lang, &format!("{} {value}", spoken(product, lang)), rng),
    }
}

/// One letter of a word is another, is missing, is too many, or has changed places.
fn misheard(name: &str, rng: &mut Rng) -> String {
    let mut words: Vec<Vec<char>> = name.split(' ').map(|w| w.chars().collect()).collect();
    let which = (0..words.len()).max_by_key(|at| words[*at].len()).expect("a name has a word");
    let word = &mut words[which];
    let at = rng.index(word.len() - 1) + 1;
    let letter = rng.word(&["a", "e", "k", "r", "n"]).chars().next().expect("one letter");
    match rng.index(4) {
        0 => word[at] = letter,
        1 => drop(word.remove(at)),
        2 => word.insert(at, letter),
        _ => word.swap(at - 1, at),
    }
    words.into_iter().map(String::from_iter).collect::<Vec<_>>().join(" ")
}
