//! What a lexicon file says, before it is checked: the built-in ones whole, a maker's in parts.
//!
//! [`File::add`] puts a maker's words beside the built-in ones. Never judges them: that is the work of
//! [`guard`](super::guard).

use super::LexiconError;
use crate::understand::intent::{Intent, NotAnOrder};
use crate::understand::text;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;

/// A whole lexicon.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    pub wake: Vec<String>,
    #[serde(default)]
    pub listen: Vec<String>,
    pub words: Words,
    pub numbers: BTreeMap<String, u32>,
    #[serde(default)]
    pub number_variants: BTreeMap<String, u32>,
    #[serde(default)]
    pub number_prefixes: BTreeMap<String, u32>,
    pub amounts: BTreeMap<String, u32>,
    pub fractions: BTreeMap<String, u32>,
    pub and_fractions: BTreeMap<String, u32>,
    pub units: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    pub synonyms: BTreeMap<String, Vec<String>>,
    pub rules: BTreeMap<String, String>,
    pub template: Vec<FileTemplate>,
}

/// The word lists; for their meaning see the fields of [`Lexicon`](super::Lexicon).
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    pub articles: Vec<String>,
    pub spoken_articles: Vec<String>,
    pub spoken_joiners: Vec<String>,
    pub spoken_and: Vec<String>,
    #[serde(default)]
    pub spoken_units: Option<Vec<String>>,
    pub of: Vec<String>,
    pub links: Vec<String>,
    pub joiners: Vec<String>,
    pub corrections: Vec<String>,
    pub corrections_after: Vec<String>,
    pub contrast: Vec<String>,
    pub about: Vec<String>,
    pub times: Vec<String>,
    pub ambiguous: Vec<String>,
    pub negative: Vec<String>,
    pub number_joiner: String,
    #[serde(default)]
    pub never_first: Vec<String>,
    pub not_quantity_after: Vec<String>,
    pub each: Vec<String>,
    pub light: Vec<String>,
}

/// One `[[template]]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileTemplate {
    pub name: String,
    #[serde(default)]
    pub intent: Option<Intent>,
    #[serde(default)]
    pub forbids: Option<NotAnOrder>,
    #[serde(default)]
    pub spares: bool,
    #[serde(default)]
    pub whole: bool,
    #[serde(default)]
    pub depletes: bool,
    #[serde(default)]
    pub prepared: bool,
    #[serde(default)]
    pub start: bool,
    #[serde(default)]
    pub unheard: bool,
    pub say: Vec<String>,
}

/// What a maker adds: the same keys, all of them optional, and `[rules_more]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Addition {
    pub wake: Vec<String>,
    pub listen: Vec<String>,
    pub words: MoreWords,
    pub numbers: BTreeMap<String, u32>,
    pub number_variants: BTreeMap<String, u32>,
    pub number_prefixes: BTreeMap<String, u32>,
    pub amounts: BTreeMap<String, u32>,
    pub fractions: BTreeMap<String, u32>,
    pub and_fractions: BTreeMap<String, u32>,
    pub units: BTreeMap<String, Vec<String>>,
    pub synonyms: BTreeMap<String, Vec<String>>,
    pub rules: BTreeMap<String, String>,
    /// More alternatives of rules that there are.
    pub rules_more: BTreeMap<String, String>,
    pub template: Vec<FileTemplate>,
}

/// As [`Words`], of a maker.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MoreWords {
    pub articles: Vec<String>,
    pub spoken_articles: Vec<String>,
    pub spoken_joiners: Vec<String>,
    pub spoken_and: Vec<String>,
    pub of: Vec<String>,
    pub links: Vec<String>,
    pub joiners: Vec<String>,
    pub corrections: Vec<String>,
    pub corrections_after: Vec<String>,
    pub contrast: Vec<String>,
    pub about: Vec<String>,
    pub times: Vec<String>,
    pub ambiguous: Vec<String>,
    pub negative: Vec<String>,
    pub never_first: Vec<String>,
    pub not_quantity_after: Vec<String>,
    pub each: Vec<String>,
    pub light: Vec<String>,
    pub spoken_units: Vec<String>,
    pub number_joiner: Option<String>,
}

/// Reads a file of either kind.
///
/// # Errors
/// The line, and what is wrong there; an unknown key is an error that lists the known ones.
pub fn read<T: DeserializeOwned>(file: &str, body: &str) -> Result<T, LexiconError> {
    toml::from_str(body).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        let line = body.get(..at).map_or(0, |before| before.matches('\n').count()) + 1;
        let what = error.message().trim().replace('\n', ", ");
        LexiconError::Shape { file: file.into(), what: format!("line {line}: {what}") }
    })
}

impl File {
    /// Appends lists and extends tables; for a key that is in both, the maker's value holds. Rules and templates are
    /// put together where they are compiled.
    pub fn add(&mut self, more: Addition) {
        self.wake.extend(more.wake);
        self.listen.extend(more.listen);
        self.words.add(more.words);
        for (table, with) in [
            (&mut self.numbers, more.numbers),
            (&mut self.number_variants, more.number_variants),
            (&mut self.number_prefixes, more.number_prefixes),
            (&mut self.amounts, more.amounts),
            (&mut self.fractions, more.fractions),
            (&mut self.and_fractions, more.and_fractions),
        ] {
            table.extend(with);
        }
        for (unit, words) in more.units {
            for others in self.units.values_mut() {
                others.retain(|old| !words.iter().any(|new| text::fold(new) == text::fold(old)));
            }
            self.units.entry(unit).or_default().extend(words);
        }
        for (word, others) in more.synonyms {
            self.synonyms.entry(word).or_default().extend(others);
        }
    }
}

impl Words {
    fn add(&mut self, more: MoreWords) {
        for (list, with) in [
            (&mut self.articles, more.articles),
            (&mut self.spoken_articles, more.spoken_articles),
            (&mut self.spoken_joiners, more.spoken_joiners),
            (&mut self.spoken_and, more.spoken_and),
            (&mut self.of, more.of),
            (&mut self.links, more.links),
            (&mut self.joiners, more.joiners),
            (&mut self.corrections, more.corrections),
            (&mut self.corrections_after, more.corrections_after),
            (&mut self.contrast, more.contrast),
            (&mut self.about, more.about),
            (&mut self.times, more.times),
            (&mut self.ambiguous, more.ambiguous),
            (&mut self.negative, more.negative),
            (&mut self.never_first, more.never_first),
            (&mut self.not_quantity_after, more.not_quantity_after),
            (&mut self.each, more.each),
            (&mut self.light, more.light),
        ] {
            list.extend(with);
        }
        // Without a list of its own a language listens for all its units, the maker's among them.
        if let Some(spoken) = &mut self.spoken_units {
            spoken.extend(more.spoken_units);
        }
        if let Some(joiner) = more.number_joiner {
            self.number_joiner = joiner;
        }
    }
}

impl Addition {
    /// Every list and table of words, by its name in the file.
    pub fn lists(&self) -> Vec<(String, Vec<&String>)> {
        let words = &self.words;
        let lists = [
            ("wake", &self.wake),
            ("words.articles", &words.articles),
            ("words.spoken_articles", &words.spoken_articles),
            ("words.spoken_joiners", &words.spoken_joiners),
            ("words.spoken_and", &words.spoken_and),
            ("words.of", &words.of),
            ("words.links", &words.links),
            ("words.joiners", &words.joiners),
            ("words.corrections", &words.corrections),
            ("words.corrections_after", &words.corrections_after),
            ("words.contrast", &words.contrast),
            ("words.about", &words.about),
            ("words.times", &words.times),
            ("words.ambiguous", &words.ambiguous),
            ("words.negative", &words.negative),
            ("words.never_first", &words.never_first),
            ("words.not_quantity_after", &words.not_quantity_after),
            ("words.each", &words.each),
            ("words.light", &words.light),
            ("words.spoken_units", &words.spoken_units),
        ];
        let tables = [
            ("numbers", &self.numbers),
            ("number_variants", &self.number_variants),
            ("number_prefixes", &self.number_prefixes),
            ("amounts", &self.amounts),
            ("fractions", &self.fractions),
            ("and_fractions", &self.and_fractions),
        ];
        let groups = [("units", &self.units), ("synonyms", &self.synonyms)];
        let mut out: Vec<(String, Vec<&String>)> = Vec::new();
        out.extend(lists.map(|(name, list)| (name.to_owned(), list.iter().collect())));
        out.extend(tables.map(|(name, table)| (name.to_owned(), table.keys().collect())));
        for (name, groups) in groups {
            out.extend(groups.iter().map(|(key, list)| (format!("{name}.{key}"), list.iter().collect())));
        }
        out.push(("synonyms".to_owned(), self.synonyms.keys().collect()));
        out.push(("words.number_joiner".to_owned(), words.number_joiner.iter().collect()));
        out
    }

    /// How many words and phrases its lists and tables hold.
    pub fn words(&self) -> usize {
        self.lists().iter().map(|(_, list)| list.len()).sum()
    }
}
