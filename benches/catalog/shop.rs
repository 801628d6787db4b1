//! A made-up catalogue of any size, the same on every machine.
//!
//! Its shape is that of a large shop: a few nouns name many products each (Zipf), thousands of brands and
//! product lines name a few each, and what people say is mostly "noun", "kind + noun" or "brand + noun".

use super::rng::Rng;
use super::words::{ADJECTIVES, COLOURS, NOUNS};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// A word that no product has, one letter from [`NEIGHBOURS`] product lines: the worst that can be misheard.
pub const CROWDED: &str = "velontara";
const NEIGHBOURS: usize = 216;

/// The catalogue's JSON.
pub fn catalogue(products: usize, seed: u64) -> String {
    let mut rng = Rng::new(seed);
    let brands = made_up(&mut rng, (products / 20).max(60), 2);
    let lines = made_up(&mut rng, (products / 5).max(100), 3);
    let neighbours = neighbours();
    let makers = Makers { brands, lines, neighbours };
    // Written piece by piece: a tree of the whole would leave a hole in the heap that hides what comes after it.
    let mut out = r#"{"shop":"large","version":1,"part":1,"parts":1,"currency":"EUR","products":["#.to_owned();
    for at in 0..products {
        out.push_str(if at == 0 { "\n" } else { ",\n" });
        out.push_str(&product(&mut rng, at, &makers).to_string());
    }
    out.push_str("\n]}");
    out
}

struct Makers {
    brands: Vec<String>,
    lines: Vec<String>,
    neighbours: Vec<String>,
}

fn product(rng: &mut Rng, at: usize, makers: &Makers) -> Value {
    let noun = in_three(NOUNS[zipf(rng, NOUNS.len())]);
    let kind = in_three(ADJECTIVES[zipf(rng, ADJECTIVES.len())]);
    let brand = &makers.brands[zipf(rng, makers.brands.len())];
    let line = match rng.index(100) {
        0 => Some(&makers.neighbours[rng.index(makers.neighbours.len())]),
        1..50 => Some(&makers.lines[zipf(rng, makers.lines.len())]),
        _ => None,
    };
    let size = [75, 100, 250, 330, 400, 500, 750][rng.index(7)];
    let (plain, full, sized) = (rng.chance(75), rng.chance(50), rng.chance(4));
    let step = 1 + rng.index(6);
    let names = |lang: usize| {
        let (noun, kind) = (noun[lang], kind[lang]);
        let join = |first: &str, second: &str| match lang {
            0 => format!("{first} {second}"),
            _ => format!("{second} {first}"),
        };
        let mut says = vec![join(kind, noun), join(brand, noun)];
        says.extend(plain.then(|| noun.to_owned()));
        says.extend(full.then(|| join(line.unwrap_or(brand), &join(kind, noun))));
        says.extend(sized.then(|| format!("{noun} {} {step}", ["size", "talla", "mărimea"][lang])));
        let maker = line.map_or_else(|| brand.clone(), |line| format!("{brand} {line}"));
        (format!("{}, {size} g", join(&maker, &join(kind, noun))), says)
    };
    let [en, es, ro] = [names(0), names(1), names(2)];
    let options = if rng.chance(3) { vec![colours(rng)] } else { vec![] };
    json!({
        "sku": format!("p-{at:06}"),
        "title": {"en": en.0, "es": es.0, "ro": ro.0},
        "says": {"en": en.1, "es": es.1, "ro": ro.1},
        "pack": {"count": 1, "unit": "piece"},
        "unit_amount": 99 + rng.index(2_000), "max_qty": 20, "category": "goods", "flags": [], "options": options,
    })
}

/// Three or four colours to choose from: lists of options that differ from product to product.
fn colours(rng: &mut Rng) -> Value {
    let first = rng.index(COLOURS.len());
    let some: BTreeSet<usize> =
        (0..3 + rng.index(2)).map(|step| (first + step * (1 + rng.index(5))) % COLOURS.len()).collect();
    let values = some.into_iter().map(|at| {
        let [en, es, ro] = in_three(COLOURS[at]);
        json!({"value": en, "says": {"en": [en], "es": [es], "ro": [ro]}})
    });
    json!({"name": "colour", "required": false, "values": values.collect::<Vec<_>>()})
}

/// Names of makers out of syllables: so alike that a wrong letter often gives another one.
fn made_up(rng: &mut Rng, count: usize, least: usize) -> Vec<String> {
    const STARTS: &[&str] =
        &["b", "br", "c", "d", "dr", "f", "g", "gr", "h", "j", "k", "l", "m", "n", "p", "r", "s", "st", "t", "v", "z"];
    const VOWELS: &[&str] = &["a", "e", "i", "o", "u", "ai", "ea"];
    const ENDS: &[&str] = &["", "", "", "n", "l", "r", "s", "x", "ta", "ndo"];
    let mut seen = BTreeSet::new();
    let mut out = Vec::new();
    while out.len() < count {
        let syllables = least + rng.index(2);
        let mut word: String = (0..syllables).map(|_| format!("{}{}", rng.word(STARTS), rng.word(VOWELS))).collect();
        word.push_str(rng.word(ENDS));
        if seen.insert(word.clone()) {
            out.push(word);
        }
    }
    out
}

/// [`CROWDED`] with each letter but the first replaced by others.
fn neighbours() -> Vec<String> {
    let letters: Vec<char> = CROWDED.chars().collect();
    let others = |at: usize| ('a'..='z').filter(move |c| *c != 's').map(move |c| (at, c));
    let swap = |(at, c): (usize, char)| {
        let mut word = letters.clone();
        word[at] = c;
        word.into_iter().collect::<String>()
    };
    let all: BTreeSet<String> = (1..letters.len()).flat_map(others).map(swap).filter(|w| w != CROWDED).collect();
    all.into_iter().take(NEIGHBOURS).collect()
}

/// The English, Spanish and Romanian of a row.
fn in_three(row: &'static str) -> [&'static str; 3] {
    let parts: Vec<&str> = row.split(" | ").collect();
    parts.try_into().expect("each row has three parts")
}

/// A place in a list of `length`, place k about 1/(k + 4) as likely as the first ones are.
fn zipf(rng: &mut Rng, length: usize) -> usize {
    let part = (rng.next() >> 11) as f64 / (1u64 << 53) as f64;
    let (low, high) = (4f64.ln(), (length as f64 + 4.0).ln());
    (((low + part * (high - low)).exp() - 4.0) as usize).min(length - 1)
}
