//! The guide of a shop: which question to ask somebody who names no product, and what to propose in the end. Pure.
//!
//! A guide is a small file of questions, tagged products and reasons; `protocol/README.md` describes it, [`check`] says
//! what is wrong with one. [`Guide::next`] is all of its behaviour: what fits is narrowed down by the question that
//! splits it best, until at most two products remain or nothing more can be learned. It remembers nothing, writes
//! nothing, and never makes a price.

mod check;
mod reason;
#[cfg(test)]
pub(in crate::shop) mod tests;

pub use check::{GuideError, Problem};

use crate::deliver::envelope::{Find, FindChoice, FindProposal, FindQuestion};
use crate::understand::Lang;
use crate::understand::catalog::{Catalog, Product};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Questions about one wish; a device refuses a fourth one.
pub const MAX_QUESTIONS: usize = 3;
/// Choices that are read out.
pub const MAX_CHOICES: usize = 4;
/// Products that are proposed.
pub const MAX_PROPOSALS: usize = 2;
/// The answer "it does not matter".
const ANY: &str = "any";
/// From this age on one may buy what has an age limit, years.
const GROWN_UP: u32 = 18;
/// A word of a tag that is so long is found in its other forms, too: "dinosaur" in "dinosaurs".
const MIN_STEM_CHARS: usize = 4;
/// What a question must tell at least, bits.
const MIN_GAIN: f64 = 0.01;

/// A text in several languages.
pub type Texts = BTreeMap<Lang, String>;

/// A guide file, checked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Guide {
    /// What products are tagged with, and the words that people say for it. An occasion is a tag of its code.
    #[serde(default)]
    pub tags: BTreeMap<String, BTreeMap<Lang, Vec<String>>>,
    #[serde(default)]
    pub questions: Vec<Question>,
    pub products: Vec<Entry>,
    /// Reasons for a proposal; the first two that hold are said.
    #[serde(default)]
    pub reasons: Vec<Reason>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    pub id: String,
    /// Without the choices: they are read out after it.
    pub ask: Texts,
    pub choices: Vec<Choice>,
}

/// It means products with one of these tags, or of one of these categories of the catalogue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    pub id: String,
    pub words: Texts,
    #[serde(default)]
    pub tags: BTreeSet<String>,
    #[serde(default)]
    pub categories: BTreeSet<String>,
}

/// A product that may be proposed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    pub sku: String,
    /// Whom it suits, years; without it, everybody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ages: Option<Ages>,
    #[serde(default)]
    pub tags: BTreeSet<String>,
    /// What speaks for this one, after a "because".
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub because: Texts,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ages {
    pub from: u32,
    pub to: u32,
}

/// A reason that holds for many products. `{from}`, `{to}` and `{max}` stand for the ages and the limit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    pub when: When,
    pub says: Texts,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// The household named an age, and the product has some.
    Ages,
    /// The household named a limit.
    Price,
    /// The product has the tag, and the household asked for it: by occasion, in words, or as a choice.
    Tag(String),
}

/// What a household hears next.
#[derive(Debug, Clone, PartialEq)]
pub enum Next {
    Ask(FindQuestion),
    /// One or two, the best first.
    Propose(Vec<FindProposal>),
    /// The code on the wire.
    Nothing(&'static str),
}

/// A product that is still in question.
#[derive(Debug, Clone, Copy)]
struct Candidate<'a> {
    entry: &'a Entry,
    product: &'a Product,
}

impl Guide {
    /// What to answer to `find`. The same request gets the same answer.
    pub fn next(&self, catalog: &Catalog, find: &Find) -> Next {
        if find.currency != catalog.currency {
            return Next::Nothing("currency");
        }
        if find.answers.len() > MAX_QUESTIONS {
            return Next::Nothing("too_many_questions");
        }
        let asked_for = self.asked_for(find);
        let candidates = self.candidates(catalog, find, &asked_for);
        if candidates.is_empty() {
            return Next::Nothing("nothing_found");
        }
        if candidates.len() > MAX_PROPOSALS
            && find.answers.len() < MAX_QUESTIONS
            && let Some(question) = self.best_question(&candidates, find)
        {
            return Next::Ask(question);
        }
        Next::Propose(self.proposals(candidates, find, &asked_for))
    }

    /// Tags that the household asked for, by occasion, in words or as a choice.
    fn asked_for(&self, find: &Find) -> BTreeSet<&str> {
        let words: Vec<String> = find.text.split(|c: char| !c.is_alphanumeric()).map(folded).collect();
        let said = |phrase: &str| {
            let parts: Vec<String> = phrase.split_whitespace().map(folded).collect();
            let fits = |(word, part): (&String, &String)| {
                word == part || part.chars().count() >= MIN_STEM_CHARS && word.starts_with(part.as_str())
            };
            !parts.is_empty() && words.windows(parts.len()).any(|here| here.iter().zip(&parts).all(fits))
        };
        let by_words = self.tags.iter().filter(|(tag, says)| {
            find.occasion.as_ref() == Some(tag)
                || says.get(&find.language).is_some_and(|phrases| phrases.iter().any(|phrase| said(phrase)))
        });
        let by_choice = find.answers.iter().filter_map(|answer| self.choice(&answer.question_id, &answer.choice_id));
        by_words
            .map(|(tag, _)| tag.as_str())
            .chain(by_choice.flat_map(|choice| choice.tags.iter().map(String::as_str)))
            .collect()
    }

    fn choice(&self, question_id: &str, choice_id: &str) -> Option<&Choice> {
        let question = self.questions.iter().find(|question| question.id == question_id)?;
        question.choices.iter().find(|choice| choice.id == choice_id)
    }

    /// What is sold, may be paid, suits the age and every answer; of those, what has what was asked for, where any has it.
    fn candidates<'a>(&'a self, catalog: &'a Catalog, find: &Find, asked_for: &BTreeSet<&str>) -> Vec<Candidate<'a>> {
        let answered: Vec<&Choice> =
            find.answers.iter().filter_map(|answer| self.choice(&answer.question_id, &answer.choice_id)).collect();
        let mut candidates: Vec<Candidate<'a>> = self
            .products
            .iter()
            .filter_map(|entry| Some(Candidate { entry, product: catalog.product(&entry.sku)? }))
            .filter(|one| find.max_amount.is_none_or(|max| one.product.unit_amount <= max))
            .filter(|one| find.age.is_none_or(|age| one.suits(age)))
            .filter(|one| answered.iter().all(|choice| one.is(choice)))
            .collect();
        for tag in asked_for {
            if candidates.iter().any(|one| one.entry.tags.contains(*tag)) {
                candidates.retain(|one| one.entry.tags.contains(*tag));
            }
        }
        candidates
    }

    /// The question whose answer tells most about which of them is meant, with the choices that lead somewhere; the first
    /// of those that tell the same.
    fn best_question(&self, candidates: &[Candidate<'_>], find: &Find) -> Option<FindQuestion> {
        let mut best: Option<(f64, &Question, Vec<&Choice>)> = None;
        for question in &self.questions {
            if find.answers.iter().any(|answer| answer.question_id == question.id) {
                continue;
            }
            let leads = |choice: &&Choice| candidates.iter().any(|one| one.is(choice));
            let choices: Vec<&Choice> = question.choices.iter().filter(leads).take(MAX_CHOICES).collect();
            if choices.len() < 2 {
                continue;
            }
            let gain = gain(candidates, &choices);
            if gain > best.as_ref().map_or(MIN_GAIN, |(most, _, _)| *most) {
                best = Some((gain, question, choices));
            }
        }
        let (_, question, choices) = best?;
        let choice =
            |choice: &Choice| FindChoice { id: choice.id.clone(), words: in_language(&choice.words, find.language) };
        Some(FindQuestion {
            question_id: question.id.clone(),
            text: in_language(&question.ask, find.language),
            choices: choices.into_iter().map(choice).collect(),
        })
    }

    /// The best two: most of what was asked for, then those that suit an age most closely, then as in the file.
    fn proposals(
        &self,
        mut candidates: Vec<Candidate<'_>>,
        find: &Find,
        asked_for: &BTreeSet<&str>,
    ) -> Vec<FindProposal> {
        let has = |one: &Candidate<'_>| asked_for.iter().filter(|tag| one.entry.tags.contains(**tag)).count();
        let width = |one: &Candidate<'_>| one.entry.ages.map_or(u32::MAX, |ages| ages.to - ages.from);
        candidates.sort_by_key(|one| (std::cmp::Reverse(has(one)), find.age.map_or(0, |_| width(one))));
        let proposal = |one: &Candidate<'_>| FindProposal {
            sku: one.entry.sku.clone(),
            because: self.because(one.entry, find, asked_for),
        };
        candidates.iter().take(MAX_PROPOSALS).map(proposal).collect()
    }
}

impl Candidate<'_> {
    /// What has an age limit is no present for a child.
    fn suits(&self, age: u32) -> bool {
        let restricted = self.product.flags.iter().any(|flag| flag.starts_with("restricted:"));
        self.entry.ages.is_none_or(|ages| (ages.from..=ages.to).contains(&age)) && !(restricted && age < GROWN_UP)
    }

    fn is(&self, choice: &Choice) -> bool {
        choice.categories.contains(&self.product.category) || !choice.tags.is_disjoint(&self.entry.tags)
    }
}

/// What an answer tells about which of `candidates` is meant, bits: the information gain of a split in which each choice
/// is as likely as it has candidates. A candidate that fits several choices is told apart by none of them.
fn gain(candidates: &[Candidate<'_>], choices: &[&Choice]) -> f64 {
    let sizes: Vec<usize> =
        choices.iter().map(|choice| candidates.iter().filter(|one| one.is(choice)).count()).collect();
    let all: usize = sizes.iter().sum();
    // What no choice leads to would be lost whatever is answered: such a question tells less.
    let missed = candidates.iter().filter(|one| !choices.iter().any(|choice| one.is(choice))).count();
    let bits = |count: usize| (count.max(1) as f64).log2();
    let remains: f64 = sizes.iter().map(|size| *size as f64 / all.max(1) as f64 * bits(*size)).sum();
    let share = (candidates.len() - missed) as f64 / candidates.len().max(1) as f64;
    (bits(candidates.len()) - remains) * share
}

/// The text in `lang`, else in English, else in whatever language there is.
fn in_language(texts: &Texts, lang: Lang) -> String {
    let text = texts.get(&lang).or_else(|| texts.get(&Lang::En)).or_else(|| texts.values().next());
    text.cloned().unwrap_or_default()
}

/// Lower case without accents.
fn folded(word: &str) -> String {
    word.nfd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase).collect()
}
