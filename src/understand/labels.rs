//! Tables of utterances with what they mean, to train and to judge the parser with. Pure.
//!
//! One JSON object a line: `{"text","lang","intent","lines":[{"sku","qty","options"}]}`; `qty` is
//! in packs, `options` may be left out and then does not count.

use super::Lang;
use super::intent::{Intent, Line, Parse};
use serde::Deserialize;
use std::collections::BTreeMap;

/// One row of a table.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Labelled {
    pub text: String,
    pub lang: Lang,
    pub intent: Intent,
    #[serde(default)]
    pub lines: Vec<Wanted>,
}

/// A product that a row asks for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub struct Wanted {
    pub sku: String,
    /// Packs.
    pub qty: u32,
    #[serde(default)]
    pub options: BTreeMap<String, String>,
}

impl Wanted {
    /// What a parse asks for, in its order.
    pub fn all_of(parse: &Parse) -> Vec<Wanted> {
        let wanted = |line: &Line| Wanted { sku: line.sku.clone(), qty: line.qty, options: line.options.clone() };
        parse.lines.iter().map(wanted).collect()
    }
}

/// What of a row a parse has right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Right {
    pub intent: bool,
    /// The products; only intents that want some are asked for theirs.
    pub products: bool,
    pub quantities: bool,
    pub options: bool,
}

impl Right {
    pub fn exact(self) -> bool {
        self.intent && self.products && self.quantities && self.options
    }
}

/// A line that is no row.
#[derive(Debug, thiserror::Error)]
#[error("line {line}: {source}; a row is {{\"text\",\"lang\",\"intent\",\"lines\":[{{\"sku\",\"qty\"}}]}}")]
pub struct LabelError {
    pub line: usize,
    source: serde_json::Error,
}

/// Reads a table; empty lines are skipped.
///
/// # Errors
/// The first line that is not a row.
pub fn read(text: &str) -> Result<Vec<Labelled>, LabelError> {
    text.lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(at, line)| serde_json::from_str(line).map_err(|source| LabelError { line: at + 1, source }))
        .collect()
}

impl Labelled {
    /// Compares a parse with the row. The order of products does not count.
    pub fn compare(&self, parse: &Parse) -> Right {
        let intent = parse.intent == self.intent;
        if !matches!(self.intent, Intent::Reorder | Intent::ListAdd) {
            return Right { intent, products: true, quantities: true, options: true };
        }
        let of = |sku: &str| parse.lines.iter().find(|l| l.sku == sku);
        let products = parse.lines.len() == self.lines.len() && self.lines.iter().all(|w| of(&w.sku).is_some());
        let quantities = self.lines.iter().all(|w| of(&w.sku).is_none_or(|l| l.qty == w.qty));
        let options =
            self.lines.iter().all(|w| of(&w.sku).is_none_or(|l| w.options.is_empty() || l.options == w.options));
        Right { intent, products, quantities, options }
    }

    /// Whether the parse could buy though the row is no order: this must never be.
    pub fn bought_by_mistake(&self, parse: &Parse) -> bool {
        parse.intent.can_buy() && !self.intent.can_buy()
    }
}
