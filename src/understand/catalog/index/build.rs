//! Catalogue → index, in one pass over the names.
//!
//! A large catalogue says few words often: what a piece of text between two spaces comes to is worked out
//! once, and looked up from then on.

use super::Index;
use super::lists::{Lists, index as number};
use super::names::{self, MAX_NAME};
use super::options::Options;
use super::words::{self, Draft, Words};
use crate::understand::Lang;
use crate::understand::catalog::{Catalog, Product};
use crate::understand::lexicon::Lexicon;
use crate::understand::text;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, DefaultHasher};
use std::ops::Range;

/// A word of another language than the household's counts a little less.
const FOREIGN: f32 = 0.85;

/// Only for looking up: nothing walks along one. Its hasher is the same in every run.
type Lookup<K, V> = HashMap<K, V, BuildHasherDefault<DefaultHasher>>;

pub fn index(catalog: &Catalog, lexicon: &Lexicon) -> Index {
    let mut builder = Builder {
        lexicon,
        texts: Lookup::default(),
        tokens: Vec::new(),
        keys: Lookup::default(),
        drafts: Vec::new(),
        names: names::Builder::default(),
        heads: Vec::new(),
        holders: Vec::new(),
    };
    for (at, product) in catalog.products.iter().enumerate() {
        builder.add(number(at), product);
    }
    let words = Words::new(builder.drafts, lexicon.lang);
    Index {
        names: builder.names.finish(words.len()),
        heads: Lists::new(words.len(), &builder.heads),
        holders: Lists::new(words.len(), &builder.holders),
        options: Options::new(catalog, lexicon.lang),
        words,
    }
}

struct Builder<'a> {
    lexicon: &'a Lexicon,
    /// Piece of text without spaces → its tokens.
    texts: Lookup<&'a str, Range<usize>>,
    tokens: Vec<Piece>,
    keys: Lookup<String, u32>,
    drafts: Vec<Draft>,
    names: names::Builder,
    /// (word, product), by product.
    heads: Vec<(u32, u32)>,
    /// (word, product), by product.
    holders: Vec<(u32, u32)>,
}

/// A token of a name, with what the lexicon says of it.
struct Piece {
    text: String,
    key: String,
    /// The catalogue's word for it, once a name has it.
    word: Option<u32>,
    link: bool,
    /// "size": what follows it is not the head.
    size: bool,
}

impl<'a> Builder<'a> {
    fn add(&mut self, at: u32, product: &'a Product) {
        let mut bag: Vec<u32> = Vec::new();
        for (name, score) in names(product, self.lexicon.lang) {
            let pieces = self.pieces(name);
            let words = self.words(&pieces);
            if words.is_empty() || words.len() > MAX_NAME {
                continue;
            }
            self.heads.push((self.head(&pieces, &words), at));
            self.names.add(&words, at, score);
            bag.extend(words);
        }
        bag.sort_unstable();
        bag.dedup();
        self.holders.extend(bag.into_iter().map(|word| (word, at)));
    }

    /// The tokens of a name, as places in `self.tokens`; none where it is too long.
    ///
    /// Split at spaces first, which no token and no letter with its accents reaches across.
    fn pieces(&mut self, name: &'a str) -> Vec<usize> {
        if name.len() > text::MAX_BYTES {
            return vec![];
        }
        let mut out = Vec::new();
        for text in name.split(' ') {
            let known = self.texts.get(text).cloned();
            out.extend(known.unwrap_or_else(|| self.read(text)));
        }
        if out.len() > text::MAX_TOKENS { vec![] } else { out }
    }

    fn read(&mut self, text: &'a str) -> Range<usize> {
        let start = self.tokens.len();
        let lexicon = self.lexicon;
        for token in text::tokens(text, lexicon.lang).unwrap_or_default() {
            self.tokens.push(Piece {
                key: words::key(&token, lexicon),
                word: None,
                link: lexicon.links.contains(&token.fold),
                size: lexicon.not_quantity_after.contains(&token.fold),
                text: token.text,
            });
        }
        self.texts.insert(text, start..self.tokens.len());
        start..self.tokens.len()
    }

    /// The words of a name. Joining words may stand inside it or be left out.
    fn words(&mut self, pieces: &[usize]) -> Vec<u32> {
        let counts = |at: &&usize| pieces.len() == 1 || !self.tokens[**at].link;
        let counting: Vec<usize> = pieces.iter().filter(counts).copied().collect();
        counting.into_iter().map(|at| self.word(at)).collect()
    }

    fn word(&mut self, at: usize) -> u32 {
        let piece = &mut self.tokens[at];
        if let Some(word) = piece.word {
            return word;
        }
        let next = number(self.drafts.len());
        let word = *self.keys.entry(piece.key.clone()).or_insert(next);
        if word == next {
            self.drafts.push(Draft { key: piece.key.clone(), written: vec![] });
        }
        let written = &mut self.drafts[word as usize].written;
        if !written.contains(&piece.text) {
            written.push(piece.text.clone());
        }
        piece.word = Some(word);
        word
    }

    fn head(&self, pieces: &[usize], words: &[u32]) -> u32 {
        // "nappies size three": what follows "size" is not the head.
        let mut pieces = pieces.iter().map(|at| &self.tokens[*at]).filter(|piece| !piece.link);
        let size = pieces.position(|piece| piece.size);
        match self.lexicon.lang {
            Lang::En => words[size.unwrap_or(words.len()).clamp(1, words.len()) - 1],
            Lang::Es | Lang::Ro => words[0],
        }
    }
}

/// The names of a product that count in `lang`, with their weight.
fn names(product: &Product, lang: Lang) -> impl Iterator<Item = (&str, f32)> {
    let says = |lang: Lang| product.says.get(&lang).into_iter().flatten().map(String::as_str);
    // What stands after the comma of a title is the size of the pack.
    let title = product.title(lang).split(',').next().unwrap_or_default();
    let foreign = says(Lang::En).filter(move |name| lang != Lang::En && name.contains(' '));
    says(lang).map(|name| (name, 1.0)).chain([(title, 1.0)]).chain(foreign.map(|name| (name, FOREIGN)))
}
