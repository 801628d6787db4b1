//! The options of products ("with oat milk", "size four") by the words that say them.

use super::lists::index;
use crate::understand::Lang;
use crate::understand::catalog::{Catalog, Product};
use crate::understand::text::{self, Token};
use std::collections::BTreeMap;

/// (phrase, option, value)
type Choice = (u32, u32, u32);

#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Stems, a space between them → number of the phrase: one look-up answers for every product.
    phrases: BTreeMap<String, u32>,
    /// Which list each product has. Products with equal options share one.
    sets: Vec<u32>,
    /// The choices of each list, sorted.
    choices: Vec<Box<[Choice]>>,
    /// Words of the longest phrase.
    longest: usize,
}

impl Options {
    pub fn new(catalog: &Catalog, lang: Lang) -> Options {
        let mut out = Options::default();
        let mut known: BTreeMap<String, u32> = BTreeMap::new();
        let mut none = None;
        for product in &catalog.products {
            let set = if product.options.is_empty() {
                *none.get_or_insert_with(|| out.add(product, lang))
            } else {
                let key = serde_json::to_string(&product.options).unwrap_or_default();
                *known.entry(key).or_insert_with(|| out.add(product, lang))
            };
            out.sets.push(set);
        }
        out
    }

    /// The longest phrase of `product` that begins at `at`: (end, option, value).
    pub fn of_product(&self, product: usize, tokens: &[Token], at: usize) -> Option<(usize, usize, usize)> {
        let choices = &self.choices[self.set(product)];
        if choices.is_empty() {
            return None;
        }
        let choice = |phrase: u32| {
            let at = choices.binary_search_by_key(&phrase, |(known, ..)| *known).ok()?;
            Some((choices[at].1 as usize, choices[at].2 as usize))
        };
        self.longest(tokens, at, choice).map(|(end, (option, value))| (end, option, value))
    }

    /// The end of the longest phrase of any product that begins at `at`.
    pub fn of_any(&self, tokens: &[Token], at: usize) -> Option<usize> {
        self.longest(tokens, at, |_| Some(())).map(|(end, ())| end)
    }

    pub fn has_any(&self, product: usize) -> bool {
        !self.choices[self.set(product)].is_empty()
    }

    /// Which list of options the product has.
    pub fn set(&self, product: usize) -> usize {
        self.sets[product] as usize
    }

    /// Nodes of the map are counted as full.
    pub fn heap_bytes(&self) -> usize {
        let phrases: usize = self.phrases.keys().map(|p| p.capacity() + size_of::<(String, u32)>()).sum();
        let choices: usize = self.choices.iter().map(|c| size_of_val(c) + size_of_val(&**c)).sum();
        phrases + choices + 4 * self.sets.capacity()
    }

    /// The longest phrase at `at` that `wanted` takes.
    fn longest<T>(&self, tokens: &[Token], at: usize, wanted: impl Fn(u32) -> Option<T>) -> Option<(usize, T)> {
        let mut phrase = String::new();
        let mut best = None;
        for (length, token) in tokens.iter().skip(at).take(self.longest).enumerate() {
            if length > 0 {
                phrase.push(' ');
            }
            phrase.push_str(&token.stem);
            if let Some(found) = self.phrases.get(&phrase).and_then(|number| wanted(*number)) {
                best = Some((at + length + 1, found));
            }
        }
        best
    }

    /// A new list of choices: its number.
    fn add(&mut self, product: &Product, lang: Lang) -> u32 {
        let mut choices: BTreeMap<u32, (u32, u32)> = BTreeMap::new();
        for (o, option) in product.options.iter().enumerate() {
            for (v, value) in option.values.iter().enumerate() {
                let says = value.says.get(&lang).or_else(|| value.says.get(&Lang::En));
                for text in says.into_iter().flatten().chain(std::iter::once(&value.value)) {
                    if let Some(phrase) = self.phrase(text, lang) {
                        choices.entry(phrase).or_insert((index(o), index(v)));
                    }
                }
            }
        }
        self.choices.push(choices.into_iter().map(|(phrase, (option, value))| (phrase, option, value)).collect());
        index(self.choices.len() - 1)
    }

    /// The number of a phrase; `None` where it has no words.
    fn phrase(&mut self, text: &str, lang: Lang) -> Option<u32> {
        let stems: Vec<String> = text::tokens(text, lang).unwrap_or_default().into_iter().map(|t| t.stem).collect();
        if stems.is_empty() {
            return None;
        }
        self.longest = self.longest.max(stems.len());
        let next = index(self.phrases.len());
        Some(*self.phrases.entry(stems.join(" ")).or_insert(next))
    }
}
