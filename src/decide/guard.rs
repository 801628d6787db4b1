//! The ladder, and one file for each guardrail under `guard/`.
//!
//! A guard is a pure function of a proposal, the household, its history (that of its other speakers included) and the time. The
//! highest answer wins; every answer is kept with its inputs, and every reason can be said.
//! A guard never changes anything and never asks another guard.

pub mod broadcast;
pub mod budget;
pub mod clock;
pub mod confidence;
pub mod duplicate;
pub mod echo;
#[cfg(test)]
pub(super) mod fixture;

pub mod hostile_text;
pub mod hours;
pub mod novelty;
pub mod price;
pub mod quantity;
pub mod rate;
pub mod recurring;
pub mod restricted;
pub mod shop;
pub mod stale;
pub mod substitution;
pub mod variant;
pub mod who;

use super::Now;
use super::event::Heard;
use super::household::Household;
use super::order::{Quote, Wanted};
use super::policy::Policy;
use super::reply::Reason;
use crate::understand::Lang;
use crate::understand::catalog::{Catalog, Product};
use crate::understand::intent::Parse;
use serde::{Deserialize, Serialize};

/// How hard a purchase is made, from nothing bought to not at all. Ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rung {
    /// Read back, then the two-word phrase that names the action.
    Phrase,
    /// The phrase and two random words, spoken once, within ten seconds.
    Challenge,
    /// A grown-up's hand: the button held for two seconds, or a PIN.
    Adult,
    /// Not bought; it goes on the shopping list.
    List,
    /// Not bought.
    Refuse,
}

/// One guard's answer about one proposal, with what it looked at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    pub guard: String,
    pub rung: Rung,
    /// Why, as a code that the wording can say aloud; `None` when the guard has no objection.
    pub reason: Option<Reason>,
    /// What it looked at, for the audit log: short `name=value` pairs.
    pub inputs: String,
}

impl Verdict {
    /// The guard has no objection: the phrase is enough.
    pub(super) fn fine(guard: &str, inputs: String) -> Verdict {
        Verdict { guard: guard.into(), rung: Rung::Phrase, reason: None, inputs }
    }

    /// Words went to a person at the shop: no purchase, but the log has it.
    pub(super) fn passed_on(inputs: String) -> Verdict {
        Verdict::fine("chat", inputs)
    }

    pub(super) fn object(guard: &str, rung: Rung, reason: Reason, inputs: String) -> Verdict {
        Verdict { guard: guard.into(), rung, reason: Some(reason), inputs }
    }
}

/// What somebody seems to want to buy, and all that is known of how it came about.
/// Before the shop has answered, `quote` is `None`, and guards that need it have no objection.
#[derive(Debug, Clone, Copy)]
pub struct Proposal<'a> {
    /// What was asked for, in packs.
    pub lines: &'a [Wanted],
    /// The utterance that began it.
    pub heard: &'a Heard,
    /// The hypothesis that `parse` comes from.
    pub words: &'a str,
    pub parse: &'a Parse,
    /// The recogniser's confidence in the hypothesis that `parse` comes from, 0.0 to 1.0.
    pub confidence: f32,
    /// What the recogniser's other, nearly as good hypotheses mean.
    pub rivals: &'a [Parse],
    pub quote: Option<&'a Quote>,
    /// Monotonic age of the quote, milliseconds.
    pub quote_age_ms: u64,
    /// Another speaker of the household that heard the same within seconds.
    pub heard_by: Option<&'a str>,
    pub household: &'a Household,
    pub policy: &'a Policy,
    pub catalog: &'a Catalog,
    pub now: Now,
}

impl<'a> Proposal<'a> {
    fn products(&self) -> impl Iterator<Item = (&'a Wanted, &'a Product)> {
        let catalog = self.catalog;
        self.lines.iter().filter_map(move |line| catalog.product(&line.sku).map(|product| (line, product)))
    }

    /// What a person calls the product in the language that was spoken.
    fn name(&self, sku: &str) -> String {
        short_name(self.catalog, sku, self.heard.lang).unwrap_or_else(|| hostile_text::clean(sku))
    }
}

/// What a person calls the product; its title, where several products are called the same.
/// Cleaned. `None`: the catalogue does not have it.
pub(super) fn short_name(catalog: &Catalog, sku: &str, lang: Lang) -> Option<String> {
    let product = catalog.product(sku)?;
    let name = product.spoken_name(lang);
    let shares_it = |other: &Product| {
        other.sku != sku && other.says.get(&lang).is_some_and(|says| says.iter().any(|said| said == name))
    };
    let name = if catalog.products.iter().any(shares_it) { product.title(lang) } else { name };
    Some(hostile_text::clean(name))
}

/// Every guard, in the order in which they speak when several have the same rung.
const GUARDS: [fn(&Proposal) -> Verdict; 19] = [
    echo::check,
    broadcast::check,
    shop::check,
    clock::check,
    rate::check,
    recurring::check,
    substitution::check,
    stale::check,
    budget::check,
    restricted::check,
    who::check,
    hours::check,
    duplicate::check,
    novelty::check,
    quantity::check,
    price::check,
    hostile_text::check,
    confidence::check,
    variant::check,
];

/// Asks every guard, always.
pub fn ladder(proposal: &Proposal) -> Vec<Verdict> {
    GUARDS.iter().map(|check| check(proposal)).collect()
}

/// The highest rung that any guard asks for.
pub fn highest(verdicts: &[Verdict]) -> Rung {
    verdicts.iter().map(|verdict| verdict.rung).max().unwrap_or(Rung::Refuse)
}

/// The reasons of the guards that object, hardest first.
pub fn reasons(verdicts: &[Verdict]) -> Vec<Reason> {
    let mut objections: Vec<&Verdict> = verdicts.iter().filter(|verdict| verdict.reason.is_some()).collect();
    objections.sort_by_key(|verdict| std::cmp::Reverse(verdict.rung));
    objections.into_iter().filter_map(|verdict| verdict.reason.clone()).collect()
}
