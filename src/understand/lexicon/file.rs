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
    pub end: bool,
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

/// The lists under `[words]`, named once: what a whole lexicon has, what a maker adds, and what the guard looks at.
/// For their meaning see the fields of [`Lexicon`](super::Lexicon).
macro_rules! word_lists {
    ($($list:ident),+ $(,)?) => {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct Words {
            $(pub $list: Vec<String>,)+
            #[serde(default)]
            pub spoken_units: Option<Vec<String>>,
            pub number_joiner: String,
        }

        /// As [`Words`], of a maker.
        #[derive(Debug, Clone, Default, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub struct MoreWords {
            $(pub $list: Vec<String>,)+
            pub spoken_units: Vec<String>,
            pub number_joiner: Option<String>,
        }

        impl Words {
            fn add(&mut self, more: MoreWords) {
                $(self.$list.extend(more.$list);)+
                // Without a list of its own a language listens for all its units, the maker's among them.
                if let Some(spoken) = &mut self.spoken_units {
                    spoken.extend(more.spoken_units);
                }
                if let Some(joiner) = more.number_joiner {
                    self.number_joiner = joiner;
                }
            }
        }

        impl MoreWords {
            /// Each list by its name in the file.
            fn lists(&self) -> Vec<(&'static str, Vec<&String>)> {
                vec![
                    $((concat!("words.", stringify!($list)), self.$list.iter().collect()),)+
                    ("words.spoken_units", self.spoken_units.iter().collect()),
                    ("words.number_joiner", self.number_joiner.iter().collect()),
                ]
            }
        }
    };
}

word_lists!(
    articles,
    spoken_articles,
    spoken_joiners,
    spoken_and,
    of,
    links,
    joiners,
    corrections,
    corrections_after,
    enough,
    contrast,
    about,
    pointing,
    hesitations,
    reasons,
    times,
    ambiguous,
    negative,
    never_first,
    not_quantity_after,
    each,
    light,
);

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

impl Addition {
    /// Every list and table of words, by its name in the file.
    pub fn lists(&self) -> Vec<(String, Vec<&String>)> {
        let tables = [
            ("numbers", &self.numbers),
            ("number_variants", &self.number_variants),
            ("number_prefixes", &self.number_prefixes),
            ("amounts", &self.amounts),
            ("fractions", &self.fractions),
            ("and_fractions", &self.and_fractions),
        ];
        let groups = [("units", &self.units), ("synonyms", &self.synonyms)];
        let mut out: Vec<(String, Vec<&String>)> = vec![("wake".to_owned(), self.wake.iter().collect())];
        out.extend(self.words.lists().into_iter().map(|(name, list)| (name.to_owned(), list)));
        out.extend(tables.map(|(name, table)| (name.to_owned(), table.keys().collect())));
        for (name, groups) in groups {
            out.extend(groups.iter().map(|(key, list)| (format!("{name}.{key}"), list.iter().collect())));
        }
        out.push(("synonyms".to_owned(), self.synonyms.keys().collect()));
        out
    }

    /// How many words and phrases its lists and tables hold.
    pub fn words(&self) -> usize {
        self.lists().iter().map(|(_, list)| list.len()).sum()
    }
}
