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
use std::hash::{BuildHasherDefault, Hasher};

use std::ops::Range;

/// A word of another language than the household's counts a little less.
const FOREIGN: f32 = 0.85;
/// What a title weighs where the catalogue has what people say.
const TITLE: f32 = 0.95;

/// Only for looking up: nothing walks along one.
type Lookup<K, V> = HashMap<K, V, BuildHasherDefault<Fnv>>;

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
        pieces: Vec::new(),
        words: Vec::new(),
        bag: Vec::new(),
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
    /// Of the name at hand: places in `tokens`.
    pieces: Vec<usize>,
    /// Of the name at hand: the words that count.
    words: Vec<u32>,
    /// Of the product at hand: the words of all its names.
    bag: Vec<u32>,
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
        for (name, score) in names(product, self.lexicon.lang) {
            self.read(name);
            self.take_words();
            if self.words.is_empty() || self.words.len() > MAX_NAME {
                continue;
            }
            self.heads.push((self.head(), at));
            self.names.add(&self.words, at, score);
            self.bag.extend(&self.words);
        }
        self.bag.sort_unstable();
        self.bag.dedup();
        self.holders.extend(self.bag.drain(..).map(|word| (word, at)));
    }

    /// The tokens of a name; none where it is too long.
    ///
    /// Split at spaces first, which no token and no letter with its accents reaches across.
    fn read(&mut self, name: &'a str) {
        self.pieces.clear();
        if name.len() > text::MAX_BYTES {
            return;
        }
        for text in name.split(' ') {
            let tokens = match self.texts.get(text) {
                Some(tokens) => tokens.clone(),
                None => self.tokenise(text),
            };
            self.pieces.extend(tokens);
        }
        if self.pieces.len() > text::MAX_TOKENS {
            self.pieces.clear();
        }
    }

    fn tokenise(&mut self, text: &'a str) -> Range<usize> {
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

    /// The words of the name that was read. Joining words may stand inside it or be left out.
    fn take_words(&mut self) {
        self.words.clear();
        for place in 0..self.pieces.len() {
            let at = self.pieces[place];
            if self.pieces.len() == 1 || !self.tokens[at].link {
                let word = self.word(at);
                self.words.push(word);
            }
        }
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

    /// What the name is one of: "green tea" is a tea, and so is "té verde".
    fn head(&self) -> u32 {
        let words = &self.words;
        // "nappies size three": what follows "size" is not the head.
        let mut counting = self.pieces.iter().map(|at| &self.tokens[*at]).filter(|piece| !piece.link);
        let size = counting.position(|piece| piece.size);
        match self.lexicon.lang {
            Lang::En => words[size.unwrap_or(words.len()).clamp(1, words.len()) - 1],
            Lang::Es | Lang::Ro => words[0],
        }
    }
}

/// FNV-1a with 64 bits (Fowler, Noll, Vo): quick for short texts, and the same in every run.
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Fnv {
        Fnv(0xcbf2_9ce4_8422_2325)
    }
}

impl Hasher for Fnv {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// The names of a product that count in `lang`, with their weight.
fn names(product: &Product, lang: Lang) -> impl Iterator<Item = (&str, f32)> {
    let says = |lang: Lang| product.says.get(&lang).into_iter().flatten().map(String::as_str);
    // What stands after the comma of a title is the size of the pack.
    let title = product.title(lang).split(',').next().unwrap_or_default();
    let foreign = says(Lang::En).filter(move |name| lang != Lang::En && name.contains(' '));
    // "Nappies" may be the title of three sizes, and what one says for one of them.
    let titled = if says(lang).next().is_some() { TITLE } else { 1.0 };
    says(lang).map(|name| (name, 1.0)).chain([(title, titled)]).chain(foreign.map(|name| (name, FOREIGN)))
}
