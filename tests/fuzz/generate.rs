//! Number → input: several generators, mixed. The same number gives the same input on every machine.

use crate::check::{MAX_BYTES, MAX_TOKENS};
use crate::rng::Rng;
use crate::vocabulary::{Shop, Vocabulary};
use tendero::understand::Lang;
use tendero::understand::grammar::Expect;

/// One text, and what it is parsed with.
#[derive(Debug, Clone)]
pub struct Input {
    pub lang: Lang,
    pub shop: Shop,
    pub expect: Expect,
    /// Of how many products in four the household says that it buys them.
    pub regulars: u8,
    /// Whether it is parsed a second time, for the same meaning: that doubles what an input costs.
    pub twice: bool,
    pub text: String,
}

/// Words of challenges: those of `decide`, and some that a shop or a fault could bring.
const CHALLENGES: [&str; 10] =
    ["amber", "falcon", "yellow", "winter", "órbita", "brânză", "two", "x", "double word", "\u{200b}"];
const PUNCTUATION: [&str; 14] = [",", ".", "?", "!", "¿", "¡", "…", "–", "—", ";", ":", "\"", "'", "("];

pub fn input(number: u64) -> Input {
    let mut rng = Rng::new(number.wrapping_mul(0x5851_f42d_4c95_7f2d));
    let rng = &mut rng;
    let lang = *rng.pick(&Lang::ALL);
    let shop = if rng.chance(50) { Shop::Small } else { Shop::Demo };
    let expect = expect(shop, rng);
    let mut text = text(lang, &expect, rng);
    if let Expect::Challenge { words } = &expect {
        for word in words {
            if rng.chance(70) {
                text.insert_str(border(&text, rng), &format!(" {word} "));
            }
        }
    }
    let regulars = [0, 0, 1, 2, 4][rng.index(5)];
    Input { lang, shop, expect, regulars, twice: rng.chance(12), text }
}

fn expect(shop: Shop, rng: &mut Rng) -> Expect {
    match rng.below(20) {
        0..=8 => Expect::Command,
        9..=13 => Expect::Confirm,
        14..=16 => {
            let count = [2, 2, 2, 2, 1, 0][rng.index(6)];
            Expect::Challenge { words: (0..count).map(|_| (*rng.pick(&CHALLENGES)).to_owned()).collect() }
        }
        17 => Expect::Words { choices: vec!["something to build".into(), "something to read".into()] },
        _ => {
            let products = &shop.understanding().catalog().products;
            let mut skus: Vec<String> = (0..rng.below(5)).map(|_| rng.pick(products).sku.clone()).collect();
            if rng.chance(5) {
                skus.push("sold by nobody".to_owned());
            }
            Expect::Choice { skus }
        }
    }
}

fn text(lang: Lang, expect: &Expect, rng: &mut Rng) -> String {
    let vocabulary = Vocabulary::of(lang);
    let confirm = matches!(expect, Expect::Confirm | Expect::Challenge { .. }) && rng.chance(60);
    match rng.below(100) {
        0..=29 if !confirm => {
            let row = rng.pick(&vocabulary.rows).split(' ').map(str::to_owned).collect();
            mutated(row, vocabulary, rng)
        }
        0..=59 => {
            let mut words = Vec::new();
            for nth in 0..[1, 1, 1, 1, 1, 1, 1, 2, 2, 3][rng.index(10)] {
                words.extend(vocabulary.sentence(confirm && nth == 0, rng));
            }
            if rng.chance(30) { words.join(" ") } else { mutated(words, vocabulary, rng) }
        }
        60..=79 => heap(vocabulary, [1, 2, 3, 3, 4, 4, 5, 6, 8, 14][rng.index(10)], rng),
        80..=87 => (0..rng.between(1, 40)).map(|_| character(rng)).collect(),
        88..=90 => bytes(rng),
        91..=94 => {
            let (mut one, other) = (text(lang, expect, rng), text(lang, expect, rng));
            let (to, from) = (border(&one, rng), border(&other, rng));
            one.truncate(to);
            one.push_str(&other[from..]);
            one
        }
        95..=98 => {
            let words = vocabulary.sentence(true, rng);
            mutated(words, vocabulary, rng)
        }
        _ if rng.chance(50) => long(vocabulary, rng),
        _ => at_a_limit(vocabulary, rng),
    }
}

/// Words of the language, one after the other.
fn heap(vocabulary: &Vocabulary, count: u64, rng: &mut Rng) -> String {
    let mut words: Vec<String> = Vec::new();
    for _ in 0..count {
        words.push(match rng.below(10) {
            0..=5 => rng.pick(&vocabulary.words).clone(),
            6 => rng.pick(&vocabulary.names).clone(),
            7 => vocabulary.number(rng),
            8 => rng.pick(&vocabulary.corrections).clone(),
            _ => rng.pick(&vocabulary.negative).clone(),
        });
        if rng.chance(12) {
            words.push((*rng.pick(&PUNCTUATION)).to_owned());
        }
    }
    words.join(" ")
}

fn mutated(mut words: Vec<String>, vocabulary: &Vocabulary, rng: &mut Rng) -> String {
    for _ in 0..rng.between(1, 4) {
        if words.is_empty() {
            words.push(rng.pick(&vocabulary.words).clone());
        }
        let at = rng.index(words.len());
        let other = rng.index(words.len());
        match rng.below(14) {
            0 => drop(words.remove(at)),
            1 => words.insert(at, words[at].clone()),
            2 => words.swap(at, other),
            3 => {
                let border = border(&words[at], rng);
                let rest = words[at].split_off(border);
                words.insert(at + 1, rest);
            }
            4 if at + 1 < words.len() => {
                let next = words.remove(at + 1);
                words[at].push_str(&next);
            }
            4 | 5 => words[at] = rng.pick(&vocabulary.words).clone(),
            6 => words.insert(at, vocabulary.number(rng)),
            7 => words.insert(at, rng.pick(&vocabulary.corrections).clone()),
            8 => words.insert(at, rng.pick(&vocabulary.negative).clone()),
            9 => words.push(rng.pick(&vocabulary.negative).clone()),
            10 => words[at].push_str(PUNCTUATION[rng.index(PUNCTUATION.len())]),
            11 => {
                let border = border(&words[at], rng);
                words[at].insert(border, character(rng));
            }
            12 => {
                words[at] = if rng.chance(50) { words[at].to_uppercase() } else { rng.pick(&vocabulary.names).clone() }
            }
            _ => {
                let part: Vec<String> = words[at.min(other)..=at.max(other)].to_vec();
                words.extend(part);
            }
        }
    }
    words.join(" ")
}

/// Of any script, with all that makes text hard: right-to-left, marks, emoji, controls, hidden ones, other digits.
fn character(rng: &mut Rng) -> char {
    const RANGES: [(u32, u32); 20] = [
        (0x20, 0x7e),
        (0x61, 0x7a),
        (0x00, 0x1f),
        (0x7f, 0xbf),
        (0xc0, 0x24f),
        (0x300, 0x36f),
        (0x370, 0x52f),
        (0x590, 0x6ff),
        (0x900, 0xdff),
        (0xe00, 0xeff),
        (0x1100, 0x11ff),
        (0x1e00, 0x1fff),
        (0x2000, 0x206f),
        (0x2070, 0x218f),
        (0x2460, 0x24ff),
        (0x3040, 0x9fff),
        (0xac00, 0xd7a3),
        (0xf900, 0xffff),
        (0x1d400, 0x1d7ff),
        (0x1f000, 0x1faff),
    ];
    if rng.chance(15) {
        return *rng.pick(&[
            ' ', ' ', ' ', '\u{200d}', '\u{202e}', '\u{feff}', 'İ', 'ß', 'ﬁ', '\u{1e9e}', '\u{345}', '\u{fdfa}',
        ]);
    }
    let (from, to) = if rng.chance(5) { (0, 0x0010_ffff) } else { *rng.pick(&RANGES) };
    let point = rng.between(u64::from(from), u64::from(to));
    u32::try_from(point).ok().and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER)
}

fn bytes(rng: &mut Rng) -> String {
    let mut bytes: Vec<u8> = (0..rng.between(1, 3)).flat_map(|_| rng.bytes()).collect();
    bytes.truncate(rng.index(bytes.len()) + 1);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A very long word, or very many words.
fn long(vocabulary: &Vocabulary, rng: &mut Rng) -> String {
    if rng.chance(50) {
        let word = match rng.below(3) {
            0 => character(rng).to_string(),
            1 => rng.pick(&vocabulary.words).replace(' ', ""),
            _ => rng.below(1_000).to_string(),
        };
        let times = rng.between(50, 4_000) as usize / word.len().max(1);
        format!("{} {}", vocabulary.sentence(false, rng).join(" "), word.repeat(times))
    } else if rng.chance(50) {
        // A name of a product said a hundred times is the slowest text of all, so there are few of these.
        let word = rng.pick(&vocabulary.words).clone() + " ";
        let times = if rng.chance(90) { rng.between(5, 30) } else { rng.between(30, 250) };
        word.repeat(times as usize)
    } else {
        heap(vocabulary, rng.between(20, 300), rng)
    }
}

/// One byte or token below, at and above what is looked at.
fn at_a_limit(vocabulary: &Vocabulary, rng: &mut Rng) -> String {
    let mut text = vocabulary.sentence(rng.chance(30), rng).join(" ");
    if rng.chance(50) {
        let bytes = MAX_BYTES - 1 + rng.index(3);
        let filler = *rng.pick(&[" ", "a", "1 ", ", ", "ă", "\u{301}", "🥛", "¿"]);
        while text.len() + filler.len() <= bytes {
            text.push_str(filler);
        }
        text.extend(std::iter::repeat_n(' ', bytes - text.len()));
    } else {
        let tokens = crate::check::words(&text).len();
        let filler = *rng.pick(&[" a", " 1", ",x", "'s", " ă"]);
        text.push_str(&filler.repeat((MAX_TOKENS - 1 + rng.index(3)).saturating_sub(tokens)));
    }
    text
}

/// Where two characters of `text` meet, or one of its ends.
fn border(text: &str, rng: &mut Rng) -> usize {
    let mut at = rng.index(text.len() + 1);
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}
