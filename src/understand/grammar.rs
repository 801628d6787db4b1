//! The grammar that a speech recogniser listens with, written from the same lexicon and
//! catalogue that the parser reads, so that what can be parsed can be heard.
//!
//! Neutral of any engine: a [`Grammar`] is JSGF text and the words in it.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What the dialogue expects next. A smaller grammar is heard better.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expect {
    /// Anything that one can say after the wake word.
    Command,
    /// After a read-back: confirm phrase, yes/no words, cancel, change, repeat, why.
    Confirm,
    /// Like `Confirm`, plus the two random words that were spoken.
    Challenge { words: Vec<String> },
    /// One of a few products, by name or "the first one".
    Choice { skus: Vec<String> },
}

/// A grammar in JSGF and the words that it uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grammar {
    /// JSGF text with one public rule, `<utterance>`. Words are lower case without punctuation.
    pub jsgf: String,
    /// Every word of the grammar; the engine finds a pronunciation for each.
    pub words: BTreeSet<String>,
}
