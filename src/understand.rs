//! Words → meaning. Pure: no I/O, no clock, no threads, no randomness.
//!
//! [`Understanding`] holds the compiled lexicons and the indexed catalogue; [`parse`] turns
//! one utterance into a [`intent::Parse`]; [`grammar`] writes, from the same data files, the
//! grammar that a speech recogniser listens with, so that what can be parsed can be heard.

pub mod catalog;
pub mod grammar;
pub mod intent;
pub mod lexicon;
pub mod parse;

use serde::{Deserialize, Serialize};

/// The languages that a household can speak. BCP 47 codes in text form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Lang {
    #[default]
    En,
    Es,
    Ro,
}

impl Lang {
    pub const ALL: [Lang; 3] = [Lang::En, Lang::Es, Lang::Ro];

    /// `en`, `es` or `ro`.
    pub fn code(self) -> &'static str {
        match self {
            Lang::En => "en",
            Lang::Es => "es",
            Lang::Ro => "ro",
        }
    }
}

impl std::str::FromStr for Lang {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Lang::ALL
            .into_iter()
            .find(|lang| lang.code() == text)
            .ok_or_else(|| format!("unknown language \"{text}\"; known are en, es and ro"))
    }
}

impl std::fmt::Display for Lang {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code())
    }
}

/// The compiled lexicons and the indexed catalogue: everything that parsing needs.
#[derive(Debug, Clone)]
pub struct Understanding {
    catalog: catalog::Catalog,
}

impl Understanding {
    pub fn new(catalog: catalog::Catalog) -> Understanding {
        Understanding { catalog }
    }

    pub fn catalog(&self) -> &catalog::Catalog {
        &self.catalog
    }

    /// The meaning of `text`. `regulars` are the SKUs that this household buys: they win ties.
    /// `expect` is what the dialogue is waiting for: "two" alone means nothing after the wake
    /// word and a new quantity after a read-back. Never fails.
    pub fn parse(&self, text: &str, _lang: Lang, _expect: &grammar::Expect, _regulars: &dyn Fn(&str) -> bool) -> intent::Parse {
        intent::Parse::nothing(text.split_whitespace().map(str::to_owned).collect())
    }

    /// The grammar for a recogniser that listens for `expect`.
    pub fn grammar(&self, _lang: Lang, _expect: &grammar::Expect) -> grammar::Grammar {
        grammar::Grammar { jsgf: String::new(), words: Default::default() }
    }
}
