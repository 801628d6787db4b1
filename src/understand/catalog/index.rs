//! Finds products and options in the tokens of a sentence.
//!
//! Every name of every product in one language is in it, words in any order for short names. A word
//! that nobody knows is tried by sound and by edit distance. Never decides between close rivals: it
//! returns them with scores.
//!
//! Made for a hundred thousand products on a small board: all of it lies in flat sorted arrays, and what
//! one search costs is bounded by the number of its steps, of readings of a word, and of the products
//! that the words name. `benches/catalog.rs` measures it.

mod build;
mod lists;
mod names;
mod options;
#[cfg(test)]
mod tests;
mod words;

use super::Catalog;
use crate::understand::lexicon::Lexicon;
use crate::understand::text::{self, Token};
use lists::Lists;
use names::{Names, Path};
use options::Options;
use words::Words;

/// Words that name a product, and the products that they may mean.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// First token after the name.
    pub end: usize,
    /// (position in the catalogue, score 0.0 to 1.0), best first, never empty. All that have the name,
    /// however many: the household's own is to be found among them.
    pub products: Vec<(usize, f32)>,
    /// Other products that the words fit less well.
    pub rivals: Vec<(usize, f32)>,
    /// Whether a word was taken for another that sounds like it.
    pub fuzzy: bool,
    /// Whether only a part of a name was said.
    pub part: bool,
}

/// The names and options of a catalogue in one language.
#[derive(Debug, Clone)]
pub struct Index {
    words: Words,
    names: Names,
    /// Word → products that have a name which ends in it (its head), or begins in Spanish and Romanian.
    heads: Lists,
    /// Word → products that have it in a name.
    holders: Lists,
    options: Options,
}

const MISHEARD: f32 = 0.7;
const SYNONYM: f32 = 0.9;
const HOMOPHONE: f32 = 0.9;
const JOINED: f32 = 0.95;
const RIVAL: f32 = 0.7;
const PART: f32 = 0.75;
/// The longest part of a name that stands for it, in tokens.
const MAX_PART: usize = 5;

/// The most beginnings of names that one search looks at,
const MAX_STEPS: usize = 2_000;
/// and the most words with which it tries to prolong them: two words running that each sound like sixty
/// others are tried in full. What was found until then counts.
const MAX_TRIES: usize = 4_000;
const MAX_RIVALS: usize = 4;

/// A word of the catalogue that tokens may stand for.
#[derive(Debug, Clone, Copy)]
struct Reading {
    word: u32,
    /// 0.0 to 1.0.
    fit: f32,
    /// How many tokens it takes.
    length: usize,
}

/// A beginning of a name, and how far it reaches.
struct Open {
    path: Path,
    /// The token after it.
    at: usize,
    score: f32,
}

impl Index {
    pub fn new(catalog: &Catalog, lexicon: &Lexicon) -> Index {
        build::index(catalog, lexicon)
    }

    /// The longest name that begins at `at`.
    pub fn find(&self, tokens: &[Token], at: usize, lexicon: &Lexicon) -> Option<Found> {
        let Some(best) = self.longest(tokens, at, lexicon) else { return self.part(tokens, at, lexicon) };
        // "te" is the pronoun; the tea is "té".
        if best.at == at + 1 && lexicon.light.contains(&tokens[at].fold) && tokens[at].text == tokens[at].fold {
            return None;
        }
        // Links that were skipped after the last word are not part of the name.
        let mut end = best.at;
        while end > at + 1
            && lexicon.links.contains(&tokens[end - 1].fold)
            && !best.path.words().iter().any(|id| self.words.spelled(*id) == tokens[end - 1].stem)
        {
            end -= 1;
        }
        let named = self.names.products(&best.path);
        let rivals = self.rivals(best.path.words(), &named);
        let mut products: Vec<(usize, f32)> = named.into_iter().map(|(p, s)| (p as usize, s * best.score)).collect();
        // Stable: equals stay in the order of the catalogue.
        products.sort_by(|a, b| b.1.total_cmp(&a.1));
        Some(Found { end, products, rivals, fuzzy: best.score < 0.999, part: false })
    }

    /// Part of a name that only one product has: "the cartridges", "filter cartridges", "poop bags". One word is enough only
    /// where it is the name's head.
    fn part(&self, tokens: &[Token], at: usize, lexicon: &Lexicon) -> Option<Found> {
        let mut held: Vec<&[u32]> = Vec::new();
        let mut found: Option<(usize, u32)> = None;
        for (place, token) in tokens.iter().enumerate().skip(at).take(MAX_PART) {
            if place > at && token.break_before {
                break;
            }
            if place > at && lexicon.links.contains(&token.fold) {
                continue;
            }
            let plain = !lexicon.grammatical(&token.fold) && !lexicon.is_unit(&token.fold) && token.stem.len() >= 4;
            let word = self.words.find(&words::key(token, lexicon)).filter(|id| self.words.may_be(token, *id, lexicon));
            let Some(word) = word.filter(|_| plain || !held.is_empty()) else { break };
            held.push(self.holders.of(word));
            let mut common = lists::common(held.clone());
            let Some(product) = common.next() else { break };
            let only = common.next().is_none();
            // "powder on" is no part of "follow-on milk powder".
            if only && plain && (held.len() > 1 || self.heads.of(word) == [product]) {
                found = Some((place + 1, product));
            }
        }
        let (end, product) = found?;
        Some(Found { end, products: vec![(product as usize, PART)], rivals: vec![], fuzzy: false, part: true })
    }

    /// The longest option phrase of `product` that begins at `at`: (end, option, value).
    pub fn option(&self, product: usize, tokens: &[Token], at: usize) -> Option<(usize, usize, usize)> {
        self.options.of_product(product, tokens, at)
    }

    /// Whether any product has an option phrase that begins at `at`: its end, the longest one.
    pub fn any_option(&self, tokens: &[Token], at: usize) -> Option<usize> {
        self.options.of_any(tokens, at)
    }

    pub fn has_options(&self, product: usize) -> bool {
        self.options.has_any(product)
    }

    /// Which list of options the product has; equal lists have one number.
    pub fn option_set(&self, product: usize) -> usize {
        self.options.set(product)
    }

    /// What it takes of the heap, bytes.
    pub fn heap_bytes(&self) -> usize {
        self.words.heap_bytes()
            + self.names.heap_bytes()
            + self.heads.heap_bytes()
            + self.holders.heap_bytes()
            + self.options.heap_bytes()
    }

    fn longest(&self, tokens: &[Token], at: usize, lexicon: &Lexicon) -> Option<Open> {
        let mut best: Option<Open> = None;
        // Many beginnings meet at one token; what it may be is worked out once.
        let mut read: Vec<Option<Vec<Reading>>> = Vec::new();
        let mut open = vec![Open { path: self.names.begin(), at, score: 1.0 }];
        let mut tries = 0;
        for _ in 0..MAX_STEPS {
            let Some(here) = open.pop().filter(|_| tries < MAX_TRIES) else { break };
            if let Some(token) = tokens.get(here.at).filter(|t| here.at == at || !t.break_before) {
                read.resize(read.len().max(here.at - at + 1), None);
                let readings =
                    read[here.at - at].get_or_insert_with(|| self.readings(tokens, here.at, lexicon, here.at > at));
                tries += readings.len();
                open.extend(readings.iter().filter_map(|r| {
                    let path = self.names.step(&here.path, r.word)?;
                    Some(Open { path, at: here.at + r.length, score: here.score * r.fit })
                }));
                if here.at > at && lexicon.links.contains(&token.fold) {
                    open.push(Open { path: here.path, at: here.at + 1, score: here.score });
                }
            }
            if self.names.is_name(&here.path) && best.as_ref().is_none_or(|b| beats(&here, b)) {
                best = Some(here);
            }
        }
        best
    }

    /// Products that the words fit too, with more of their own name unsaid: at most [`MAX_RIVALS`], by the
    /// word that is their head, then as in the catalogue. `chosen` is sorted by product.
    ///
    /// A word that heads thousands of products costs one walk along them, not one for each.
    fn rivals(&self, path: &[u32], chosen: &[(u32, f32)]) -> Vec<(usize, f32)> {
        let mut out: Vec<(usize, f32)> = Vec::new();
        for (place, head) in path.iter().enumerate() {
            let others = path.iter().enumerate().filter(|(at, _)| *at != place).map(|(_, id)| self.holders.of(*id));
            let lists: Vec<&[u32]> = std::iter::once(self.heads.of(*head)).chain(others).collect();
            let mut chosen = chosen.iter().map(|(product, _)| *product).peekable();
            for product in lists::common(lists) {
                while chosen.next_if(|c| *c < product).is_some() {}
                let known = chosen.peek() == Some(&product) || out.iter().any(|(p, _)| *p == product as usize);
                if known {
                    continue;
                }
                out.push((product as usize, RIVAL));
                if out.len() == MAX_RIVALS {
                    return out;
                }
            }
        }
        out
    }

    /// The catalogue's words that the token at `pos` may be.
    fn readings(&self, tokens: &[Token], pos: usize, lexicon: &Lexicon, inside: bool) -> Vec<Reading> {
        let token = &tokens[pos];
        let mut out = Vec::new();
        let known = self.words.find(&words::key(token, lexicon));
        let exact = known.filter(|id| self.words.may_be(token, *id, lexicon));
        out.extend(exact.map(|word| Reading { word, fit: 1.0, length: 1 }));
        if known.is_none() || exact.is_some() {
            let same = lexicon.synonym(&token.stem).filter_map(|stem| self.words.find(stem));
            out.extend(same.map(|word| Reading { word, fit: SYNONYM, length: 1 }));
        }
        // After the first word of a name, a word that is known otherwise may be a misheard one of it: "cat litre".
        let strange = !lexicon.knows(&token.fold);
        if known.is_none() && !strange && inside && token.stem.len() >= 4 && !lexicon.joiners.contains(&token.fold) {
            let alike = self.words.alike(&token.stem, lexicon.lang).into_iter();
            out.extend(alike.map(|word| Reading { word, fit: MISHEARD, length: 1 }));
        }
        if known.is_none() && strange {
            let alike = self.words.homophones(&token.stem, lexicon.lang);
            out.extend(alike.into_iter().map(|word| Reading { word, fit: HOMOPHONE, length: 1 }));
        }
        self.joined(tokens, pos, lexicon, strange, &mut out);
        let long = token.fold.chars().nth(if inside { 2 } else { 4 }).is_some();
        if known.is_none() && strange && long {
            let heard = token.stem.chars().count();
            let alike = self.words.alike(&token.stem, lexicon.lang).into_iter();
            let fit = alike.filter(|id| inside || self.words.letters(*id).min(heard) >= 5);
            out.extend(fit.map(|word| Reading { word, fit: MISHEARD, length: 1 }));
        }
        out
    }

    /// "tooth brush" for "toothbrush", "para cetamol" for "paracetamol".
    fn joined(&self, tokens: &[Token], pos: usize, lexicon: &Lexicon, strange: bool, out: &mut Vec<Reading>) {
        let Some(next) = tokens.get(pos + 1).filter(|n| !n.break_before) else { return };
        let strange_next = !lexicon.knows(&next.fold);
        let digits = |token: &Token| token.fold.starts_with(|c: char| c.is_ascii_digit());
        if (!strange && !strange_next) || digits(&tokens[pos]) || digits(next) {
            return;
        }
        let joined = format!("{}{}", tokens[pos].fold, next.fold);
        let letters = joined.chars().count();
        let stem = text::stem(&joined, lexicon.lang);
        if let Some(word) = self.words.find(&stem).filter(|_| letters >= 5) {
            out.push(Reading { word, fit: JOINED, length: 2 });
        } else if letters >= 7 && strange && strange_next {
            let alike = self.words.alike(&stem, lexicon.lang);
            out.extend(alike.into_iter().map(|word| Reading { word, fit: MISHEARD, length: 2 }));
        }
    }
}

/// Whether a name is taken instead of the best so far: the longer one, and of equals the surer one.
fn beats(name: &Open, best: &Open) -> bool {
    // A name that is longer only thanks to a guess does not beat a certain one.
    (name.at, name.score) > (best.at, best.score) && best.score <= name.score + 0.25
}
