//! Words → meaning. Pure: no I/O, no clock, no threads, no randomness.
//!
//! [`Understanding`] holds the compiled lexicons and the indexed catalogue; [`parse`] turns
//! one utterance into a [`intent::Parse`]; [`grammar`] writes, from the same data files, the
//! grammar that a speech recogniser listens with, so that what can be parsed can be heard.

pub mod catalog;
pub mod classifier;
mod clauses;
pub mod coupon;
mod features;
pub mod grammar;
pub mod intent;
mod judge;
pub mod labels;
pub mod lexicon;
mod lines;
mod mention;
pub mod message;
mod news;
mod number;
pub mod parse;
mod parts;
pub mod pick;
pub mod pin;
mod quantity;
pub mod random_words;
pub mod search;
mod sentence;
mod text;

use catalog::index::Index;
use classifier::Classifier;
use lexicon::Lexicon;
use lexicon::maker::Lexicons;
use serde::{Deserialize, Serialize};
use std::sync::{Arc, OnceLock};

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

/// The compiled lexicons and the indexed catalogue: everything that parsing needs. Copies share it.
///
/// A language is made ready when it is first needed, which takes a second for 100,000 products: most
/// households speak one. What is parsed does not depend on when that was.
#[derive(Debug, Clone)]
pub struct Understanding {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    catalog: catalog::Catalog,
    lexicons: Lexicons,
    /// In the order of [`Lang::ALL`].
    languages: [OnceLock<Language>; 3],
}

#[derive(Debug)]
struct Language {
    lexicon: Lexicon,
    index: Index,
    classifier: Classifier,
}

impl Understanding {
    /// With the lexicons that are built in.
    pub fn new(catalog: catalog::Catalog) -> Understanding {
        Understanding::with_lexicons(catalog, Lexicons::default())
    }

    /// With what a maker adds to the lexicons.
    pub fn with_lexicons(catalog: catalog::Catalog, lexicons: Lexicons) -> Understanding {
        Understanding { shared: Arc::new(Shared { catalog, lexicons, languages: Default::default() }) }
    }

    /// What a maker added.
    pub fn lexicons(&self) -> &Lexicons {
        &self.shared.lexicons
    }

    pub fn catalog(&self) -> &catalog::Catalog {
        &self.shared.catalog
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
        let Language { lexicon, index, classifier } = self.language(lang);
        parse::parse(&sentence::Context { lexicon, index, classifier, catalog: self.catalog(), regulars }, text, expect)
    }

    /// What `text` shows the intent classifier: short texts, sorted. Empty where nothing was said.
    pub fn features(&self, text: &str, lang: Lang) -> std::collections::BTreeSet<String> {
        let Language { lexicon, index, classifier } = self.language(lang);
        let context = sentence::Context { lexicon, index, classifier, catalog: self.catalog(), regulars: &|_| false };
        parse::look(&context, text).unwrap_or_default()
    }

    /// The grammar for a recogniser that listens for `expect`.
    pub fn grammar(&self, lang: Lang, expect: &grammar::Expect) -> grammar::Grammar {
        let Language { lexicon, index, .. } = self.language(lang);
        grammar::write(self.catalog(), lexicon, index, expect)
    }

    fn language(&self, lang: Lang) -> &Language {
        let slot = match lang {
            Lang::En => 0,
            Lang::Es => 1,
            Lang::Ro => 2,
        };
        self.shared.languages[slot].get_or_init(|| {
            let lexicon = self.shared.lexicons.lexicon(lang);
            let index = Index::new(&self.shared.catalog, &lexicon);
            Language { lexicon, index, classifier: Classifier::built_in(lang) }
        })
    }
}
