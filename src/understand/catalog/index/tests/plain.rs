//! The index again, told plainly: a trie of every order of every name, and sets of words. Slow, large, and
//! easy to believe; what the real one answers is compared with it.

use super::super::Found;
use crate::understand::Lang;
use crate::understand::catalog::{Catalog, Product};
use crate::understand::lexicon::Lexicon;
use crate::understand::text::{self, Token};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, Clone, Default)]
struct Node {
    next: BTreeMap<u32, u32>,
    ends: Vec<(u32, f32)>,
}

#[derive(Debug, Clone, Default)]
pub struct Plain {
    words: BTreeMap<String, u32>,
    nodes: Vec<Node>,
    by_sound: BTreeMap<String, Vec<u32>>,
    by_deletion: BTreeMap<String, Vec<u32>>,
    by_same_sound: BTreeMap<String, Vec<u32>>,
    spelled: Vec<String>,
    /// The ways in which each word is written in names.
    written: Vec<BTreeSet<String>>,
    /// Word → products that have a name which ends in it (its head), or begins in Spanish and Romanian.
    heads: BTreeMap<u32, BTreeSet<u32>>,
    /// Words of each product's names.
    bags: Vec<BTreeSet<u32>>,
    /// For each product, its options by their words: (option, value) numbers.
    options: Vec<usize>,
    option_sets: Vec<BTreeMap<Vec<String>, (usize, usize)>>,
    longest_option: usize,
}

/// A word of another language than the household's, or in another order, counts a little less.
const FOREIGN: f32 = 0.85;
const REORDERED: f32 = 0.97;
const MISHEARD: f32 = 0.7;
const SYNONYM: f32 = 0.9;
const HOMOPHONE: f32 = 0.9;
const RIVAL: f32 = 0.7;

impl Plain {
    pub fn new(catalog: &Catalog, lexicon: &Lexicon) -> Plain {
        let mut index = Plain { nodes: vec![Node::default()], ..Plain::default() };
        let mut sets: BTreeMap<String, usize> = BTreeMap::new();
        for (at, product) in catalog.products.iter().enumerate() {
            index.bags.push(BTreeSet::new());
            for (name, score) in names(product, lexicon.lang) {
                index.add_name(at, &name, score, lexicon);
            }
            // Products that share a list of options share its index.
            let key = serde_json::to_string(&product.options).unwrap_or_default();
            let next = index.option_sets.len();
            let set = *sets.entry(key).or_insert(next);
            if set == next {
                let options = option_phrases(product, lexicon.lang);
                index.longest_option = options.keys().map(Vec::len).max().unwrap_or(0).max(index.longest_option);
                index.option_sets.push(options);
            }
            index.options.push(set);
        }
        index.index_spellings(lexicon.lang);
        index
    }

    fn add_name(&mut self, product: usize, name: &str, score: f32, lexicon: &Lexicon) {
        let tokens = text::tokens(name, lexicon.lang).unwrap_or_default();
        let mut ids: Vec<u32> = Vec::new();
        for token in &tokens {
            // Joining words may stand inside a name or be left out.
            if lexicon.links.contains(&token.fold) && tokens.len() > 1 {
                continue;
            }
            let key = key(token, lexicon);
            let next = u32::try_from(self.words.len()).expect("a catalogue has far fewer words");
            let id = *self.words.entry(key.clone()).or_insert(next);
            if id == next {
                self.spelled.push(key);
                self.written.push(BTreeSet::new());
            }
            self.written[id as usize].insert(token.text.clone());
            ids.push(id);
        }
        if ids.is_empty() || ids.len() > MAX_NAME {
            return;
        }
        let product_id = u32::try_from(product).expect("a catalogue has far fewer products");
        self.bags[product].extend(&ids);
        // "nappies size three": what follows "size" is not the head.
        let size = tokens
            .iter()
            .filter(|t| !lexicon.links.contains(&t.fold))
            .position(|t| lexicon.not_quantity_after.contains(&t.fold));
        let head =
            if lexicon.lang == Lang::En { ids[size.unwrap_or(ids.len()).clamp(1, ids.len()) - 1] } else { ids[0] };
        self.heads.entry(head).or_default().insert(product_id);
        for (order, ids) in orders(&ids).into_iter().enumerate() {
            let score = if order == 0 { score } else { score * REORDERED };
            let mut node = 0usize;
            for id in ids {
                let fresh = u32::try_from(self.nodes.len()).expect("a trie has far fewer nodes");
                let next = *self.nodes[node].next.entry(id).or_insert(fresh);
                if next == fresh {
                    self.nodes.push(Node::default());
                }
                node = next as usize;
            }
            let ends = &mut self.nodes[node].ends;
            match ends.iter_mut().find(|(p, _)| *p == product_id) {
                Some(end) => end.1 = end.1.max(score),
                None => ends.push((product_id, score)),
            }
        }
    }

    fn index_spellings(&mut self, lang: Lang) {
        for (id, word) in self.spelled.iter().enumerate() {
            if word.chars().count() < 3 || word.starts_with('#') {
                continue;
            }
            let id = u32::try_from(id).expect("a catalogue has far fewer words");
            self.by_same_sound.entry(text::same_sound(word, lang)).or_default().push(id);
            let sound = text::sound_key(word, lang);
            if sound.len() >= 3 {
                self.by_sound.entry(sound).or_default().push(id);
            }
            for shape in deletions(word) {
                self.by_deletion.entry(shape).or_default().push(id);
            }
        }
    }

    /// The longest name that begins at `at`.
    pub fn find(&self, tokens: &[Token], at: usize, lexicon: &Lexicon) -> Option<Found> {
        let mut best: Option<(usize, u32, f32, Vec<u32>)> = None;
        let mut open = vec![(0u32, at, 1.0f32, Vec::<u32>::new())];
        let mut steps = 0;
        while let Some((node, pos, score, path)) = open.pop() {
            steps += 1;
            if steps > MAX_STEPS {
                break;
            }
            let here = &self.nodes[node as usize];
            if !here.ends.is_empty() {
                let better = best.as_ref().is_none_or(|(end, _, s, _)| (pos, score) > (*end, *s));
                // A name that is longer only thanks to a guess does not beat a certain one.
                let certain = best.as_ref().is_some_and(|(_, _, s, _)| *s > score + 0.25);
                if better && !certain {
                    best = Some((pos, node, score, path.clone()));
                }
            }
            let Some(token) = tokens.get(pos) else { continue };
            if pos > at && token.break_before {
                continue;
            }
            for (id, fit, length) in self.readings(tokens, pos, lexicon, pos > at) {
                if let Some(next) = here.next.get(&id) {
                    let mut path = path.clone();
                    path.push(id);
                    open.push((*next, pos + length, score * fit, path));
                }
            }
            if pos > at && lexicon.links.contains(&token.fold) {
                open.push((node, pos + 1, score, path));
            }
        }
        let (end, node, score, path) = best?;
        // "te" is the pronoun; the tea is "té".
        if end == at + 1 && lexicon.light.contains(&tokens[at].fold) && tokens[at].text == tokens[at].fold {
            return None;
        }
        // Links that were skipped after the last word are not part of the name.
        let mut end = end;
        while end > at + 1
            && lexicon.links.contains(&tokens[end - 1].fold)
            && !path.iter().any(|id| self.spelled[*id as usize] == tokens[end - 1].stem)
        {
            end -= 1;
        }
        let mut products: Vec<(usize, f32)> =
            self.nodes[node as usize].ends.iter().map(|(p, s)| (*p as usize, s * score)).collect();
        products.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        let rivals = self.rivals(&path, &products);
        Some(Found { end, products, rivals, fuzzy: score < 0.999, part: false })
    }

    /// Products that the words fit too, with more of their own name unsaid.
    fn rivals(&self, path: &[u32], chosen: &[(usize, f32)]) -> Vec<(usize, f32)> {
        let mut out: Vec<(usize, f32)> = Vec::new();
        for head in path {
            for &product in self.heads.get(head).into_iter().flatten() {
                let product = product as usize;
                let fits = path.iter().all(|id| self.bags[product].contains(id));
                if fits && chosen.iter().all(|(p, _)| *p != product) && out.iter().all(|(p, _)| *p != product) {
                    out.push((product, RIVAL));
                }
            }
        }
        out.truncate(MAX_RIVALS);
        out
    }

    /// The catalogue's words that the token at `pos` may be: (word, fit, tokens used).
    fn readings(&self, tokens: &[Token], pos: usize, lexicon: &Lexicon, inside: bool) -> Vec<(u32, f32, usize)> {
        let token = &tokens[pos];
        let mut out = Vec::new();
        let known = self.words.get(&key(token, lexicon)).copied();
        let exact = known.filter(|id| self.may_be(token, *id, lexicon));
        out.extend(exact.map(|id| (id, 1.0, 1)));
        if known.is_none() || exact.is_some() {
            out.extend(
                lexicon.synonym(&token.stem).filter_map(|stem| self.words.get(stem)).map(|id| (*id, SYNONYM, 1)),
            );
        }
        if known.is_none() && lexicon.knows(&token.fold) && inside && token.stem.len() >= 4 {
            let joiner = lexicon.joiners.contains(&token.fold);
            let alike = self.alike(&token.stem, lexicon.lang).into_iter().filter(|_| !joiner);
            out.extend(alike.map(|id| (id, MISHEARD, 1)));
        }
        if known.is_none() && !lexicon.knows(&token.fold) {
            let sound = text::same_sound(&token.stem, lexicon.lang);
            out.extend(self.by_same_sound.get(&sound).into_iter().flatten().map(|id| (*id, HOMOPHONE, 1)));
        }
        // "tooth brush" for "toothbrush", "para cetamol" for "paracetamol"
        if let Some(next) = tokens.get(pos + 1).filter(|n| !n.break_before) {
            let joined = format!("{}{}", token.fold, next.fold);
            let stem = text::stem(&joined, lexicon.lang);
            let digits = [token, next].iter().any(|t| t.fold.starts_with(|c: char| c.is_ascii_digit()));
            let strange = !digits && (!lexicon.knows(&token.fold) || !lexicon.knows(&next.fold));
            if let Some(id) = self.words.get(&stem).filter(|_| strange && joined.chars().count() >= 5) {
                out.push((*id, 0.95, 2));
            } else if !digits
                && joined.chars().count() >= 7
                && !lexicon.knows(&token.fold)
                && !lexicon.knows(&next.fold)
            {
                out.extend(self.alike(&stem, lexicon.lang).into_iter().map(|id| (id, MISHEARD, 2)));
            }
        }
        if known.is_none() && !lexicon.knows(&token.fold) && token.fold.chars().count() >= if inside { 3 } else { 5 } {
            out.extend(
                self.alike(&token.stem, lexicon.lang)
                    .into_iter()
                    .filter(|id| {
                        inside || self.spelled[*id as usize].chars().count().min(token.stem.chars().count()) >= 5
                    })
                    .map(|id| (id, MISHEARD, 1)),
            );
        }
        out
    }

    /// Whether a token with the stem of a word is a form of it: diacritics that were said must agree
    /// ("Paștele" is not "pastele"), and a word of the grammar must be meant exactly ("vine" is not "vin").
    fn may_be(&self, token: &Token, id: u32, lexicon: &Lexicon) -> bool {
        let agrees = |name: &String| {
            name.chars()
                .zip(token.text.chars())
                .all(|(n, t)| t == n || t.is_ascii() || text::fold(&t.to_string()) != text::fold(&n.to_string()))
        };
        let written = &self.written[id as usize];
        written.iter().any(agrees)
            && (!lexicon.grammatical(&token.fold) || written.iter().any(|w| text::fold(w) == token.fold))
    }

    /// Words of the catalogue that look or sound like `word`.
    fn alike(&self, word: &str, lang: Lang) -> BTreeSet<u32> {
        let length = word.chars().count();
        let allowed = match length {
            0..=2 => 0,
            3..=8 => 1,
            _ => 2,
        };
        let mut out = BTreeSet::new();
        for shape in deletions(word) {
            for &id in self.by_deletion.get(&shape).into_iter().flatten() {
                if strsim::osa_distance(word, &self.spelled[id as usize]) <= allowed {
                    out.insert(id);
                }
            }
        }
        let sound = text::sound_key(word, lang);
        if sound.len() >= 3 && length >= 5 {
            for &id in self.by_sound.get(&sound).into_iter().flatten() {
                if strsim::osa_distance(word, &self.spelled[id as usize]) <= 2.max(length / 2) {
                    out.insert(id);
                }
            }
        }
        out
    }

    /// The longest option phrase of `product` that begins at `at`: (end, option, value).
    pub fn option(&self, product: usize, tokens: &[Token], at: usize) -> Option<(usize, usize, usize)> {
        let set = &self.option_sets[self.options[product]];
        let most = self.longest_option.min(tokens.len() - at);
        (1..=most).rev().find_map(|length| {
            let phrase: Vec<String> = tokens[at..at + length].iter().map(|t| t.stem.clone()).collect();
            set.get(&phrase).map(|(option, value)| (at + length, *option, *value))
        })
    }

    /// Whether any product has an option phrase that begins at `at`.
    pub fn any_option(&self, tokens: &[Token], at: usize) -> Option<usize> {
        let most = self.longest_option.min(tokens.len() - at);
        (1..=most).rev().find_map(|length| {
            let phrase: Vec<String> = tokens[at..at + length].iter().map(|t| t.stem.clone()).collect();
            self.option_sets.iter().any(|set| set.contains_key(&phrase)).then_some(at + length)
        })
    }
}

const MAX_NAME: usize = 8;
const MAX_STEPS: usize = 2_000;
const MAX_RIVALS: usize = 4;

/// The names of a product that count in `lang`, with their weight.
fn names(product: &Product, lang: Lang) -> Vec<(String, f32)> {
    let mut out: Vec<(String, f32)> = Vec::new();
    let own = product.says.get(&lang).into_iter().flatten();
    out.extend(own.map(|name| (name.clone(), 1.0)));
    // What stands after the comma of a title is the size of the pack.
    let head = |title: &str| title.split(',').next().unwrap_or(title).to_owned();
    let titled = if out.is_empty() { 1.0 } else { 0.95 };
    out.push((head(product.title(lang)), titled));
    if lang != Lang::En {
        out.extend(
            product.says.get(&Lang::En).into_iter().flatten().filter(|n| n.contains(' ')).map(|n| (n.clone(), FOREIGN)),
        );
    }
    out
}

fn key(token: &Token, lexicon: &Lexicon) -> String {
    if let Ok(number) = token.fold.parse::<u32>() {
        return format!("#{number}");
    }
    match lexicon.numbers.get(&token.fold) {
        Some(number) if *number != 1 => format!("#{number}"),
        _ => token.stem.clone(),
    }
}

/// The orders in which people say the words of a name: all of them for up to three words.
fn orders(ids: &[u32]) -> Vec<Vec<u32>> {
    match *ids {
        [a, b] => vec![vec![a, b], vec![b, a]],
        [a, b, c] => vec![vec![a, b, c], vec![b, c, a], vec![c, a, b], vec![a, c, b], vec![b, a, c], vec![c, b, a]],
        _ => vec![ids.to_vec()],
    }
}

/// The word and every form of it that lacks one letter: two words within one edit share a form.
fn deletions(word: &str) -> Vec<String> {
    let letters: Vec<char> = word.chars().collect();
    let mut out = vec![word.to_owned()];
    if (3..=24).contains(&letters.len()) {
        out.extend(
            (0..letters.len())
                .map(|skip| letters.iter().enumerate().filter(|(i, _)| *i != skip).map(|(_, c)| c).collect()),
        );
    }
    out
}

fn option_phrases(product: &Product, lang: Lang) -> BTreeMap<Vec<String>, (usize, usize)> {
    let mut out = BTreeMap::new();
    for (o, option) in product.options.iter().enumerate() {
        for (v, value) in option.values.iter().enumerate() {
            let says = value.says.get(&lang).or_else(|| value.says.get(&Lang::En));
            for phrase in says.into_iter().flatten().chain(std::iter::once(&value.value)) {
                let stems: Vec<String> =
                    text::tokens(phrase, lang).unwrap_or_default().into_iter().map(|t| t.stem).collect();
                if !stems.is_empty() {
                    out.entry(stems).or_insert((o, v));
                }
            }
        }
    }
    out
}
