//! Words → meaning. Pure: no I/O, no clock, no threads, no randomness.
//!
//! [`Understanding`] holds the compiled lexicons and the indexed catalogue; [`parse`] turns
//! one utterance into a [`intent::Parse`]; [`grammar`] writes, from the same data files, the
//! grammar that a speech recogniser listens with, so that what can be parsed can be heard.

pub mod catalog;
pub mod classifier;
mod clauses;
mod features;
pub mod grammar;
pub mod intent;
pub mod labels;
pub mod lexicon;
mod mention;
pub mod parse;
mod quantity;
mod text;

use catalog::index::Index;
use classifier::Classifier;
use lexicon::Lexicon;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The languages that a household can speak. BCP 47 codes in text form.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default, schemars::JsonSchema,
)]
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
    languages: BTreeMap<Lang, Language>,
}

#[derive(Debug, Clone)]
struct Language {
    lexicon: Lexicon,
    index: Index,
    classifier: Classifier,
}

impl Understanding {
    pub fn new(catalog: catalog::Catalog) -> Understanding {
        let languages = Lang::ALL.into_iter().map(|lang| {
            let lexicon = Lexicon::built_in(lang);
            let index = Index::new(&catalog, &lexicon);
            (lang, Language { lexicon, index, classifier: Classifier::built_in(lang) })
        });
        Understanding { languages: languages.collect(), catalog }
    }

    pub fn catalog(&self) -> &catalog::Catalog {
        &self.catalog
    }

    /// The meaning of `text`. `regulars` are the SKUs that this household buys: they win ties.
    /// `expect` is what the dialogue is waiting for: "two" alone means nothing after the wake
    /// word and a new quantity after a read-back. Never fails.
    pub fn parse(
        &self,
        text: &str,
        lang: Lang,
        expect: &grammar::Expect,
        regulars: &dyn Fn(&str) -> bool,
    ) -> intent::Parse {
        let Language { lexicon, index, classifier } = &self.languages[&lang];
        parse::parse(&parse::Context { lexicon, index, classifier, catalog: &self.catalog, regulars }, text, expect)
    }

    /// What `text` shows the intent classifier: short texts, sorted. Empty where nothing was said.
    pub fn features(&self, text: &str, lang: Lang) -> std::collections::BTreeSet<String> {
        let Language { lexicon, index, classifier } = &self.languages[&lang];
        let context = parse::Context { lexicon, index, classifier, catalog: &self.catalog, regulars: &|_| false };
        parse::look(&context, text).unwrap_or_default()
    }

    /// The grammar for a recogniser that listens for `expect`.
    pub fn grammar(&self, lang: Lang, expect: &grammar::Expect) -> grammar::Grammar {
        let Language { lexicon, index, .. } = &self.languages[&lang];
        grammar::write(&self.catalog, lexicon, index, expect)
    }
}
