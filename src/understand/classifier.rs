//! Which intent a sentence most likely has: a linear model over [`features`](super::features). Pure.
//!
//! Multinomial logistic regression. Its weights are a text file, one feature a line, that our own
//! [`train`] writes from tables of sentences; they are summed in a fixed order, so the same
//! sentence has the same scores everywhere. Never decides alone that something may be bought.

pub mod train;

use super::Lang;
use super::intent::Intent;
use std::collections::{BTreeMap, BTreeSet};

/// Number of intents; scores are arrays with one value for each, in the order of [`Intent::ALL`].
pub const INTENTS: usize = Intent::ALL.len();

/// Weights are written as integers: hundredths of a nat.
const SCALE: f32 = 100.0;

/// A trained model of one language.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Classifier {
    /// Feature → (number of the intent, weight in hundredths of a nat).
    weights: BTreeMap<String, Vec<(u8, i16)>>,
}

/// How likely each intent is, 0.0 to 1.0, summing to 1.
#[derive(Debug, Clone, PartialEq)]
pub struct Likelihood([f32; INTENTS]);

/// What is wrong with a file of weights.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{file}, line {line}: {what}; write the file anew with `tendero train`")]
pub struct WeightsError {
    pub file: String,
    pub line: usize,
    pub what: String,
}

impl Classifier {
    /// The model that is compiled in.
    pub fn built_in(lang: Lang) -> Classifier {
        let (file, text) = match lang {
            Lang::En => ("en.tsv", include_str!("../../models/intent/en.tsv")),
            Lang::Es => ("es.tsv", include_str!("../../models/intent/es.tsv")),
            Lang::Ro => ("ro.tsv", include_str!("../../models/intent/ro.tsv")),
        };
        Classifier::from_text(file, text).expect("the files are compiled in, and a test checks them")
    }

    /// Reads weights: a line for each feature, then a tab, then `intent±weight` for each intent, `#` for comments.
    ///
    /// # Errors
    /// The first line that is not of this shape.
    pub fn from_text(file: &str, text: &str) -> Result<Classifier, WeightsError> {
        let mut weights = BTreeMap::new();
        for (at, line) in text.lines().enumerate().filter(|(_, l)| !l.starts_with('#') && !l.is_empty()) {
            let wrong = |what: String| WeightsError { file: file.to_owned(), line: at + 1, what };
            let (feature, rest) =
                line.split_once('\t').ok_or_else(|| wrong("there is no tab after the feature".into()))?;
            let each: Result<Vec<(u8, i16)>, String> = rest.split(' ').map(weight).collect();
            weights.insert(feature.to_owned(), each.map_err(wrong)?);
        }
        Ok(Classifier { weights })
    }

    /// The file that [`Classifier::from_text`] reads.
    pub fn to_text(&self) -> String {
        let line = |(feature, weights): (&String, &Vec<(u8, i16)>)| {
            let each: Vec<String> =
                weights.iter().map(|(i, w)| format!("{}{w:+}", Intent::ALL[usize::from(*i)].name())).collect();
            format!("{feature}\t{}\n", each.join(" "))
        };
        self.weights.iter().map(line).collect()
    }

    /// Number of features that carry weight.
    pub fn len(&self) -> usize {
        self.weights.len()
    }

    /// Whether nothing was learned: then every intent is equally likely.
    pub fn is_empty(&self) -> bool {
        self.weights.is_empty()
    }

    /// How likely each intent is for a sentence with these features.
    pub fn likelihood(&self, features: &BTreeSet<String>) -> Likelihood {
        let mut sums = [0i32; INTENTS];
        for (intent, weight) in features.iter().filter_map(|f| self.weights.get(f)).flatten() {
            sums[usize::from(*intent)] += i32::from(*weight);
        }
        let share = share(features.len());
        Likelihood(softmax(&sums.map(|sum| sum as f32 / SCALE * share)))
    }

    /// The features that speak most for `intent` against `other`, heaviest first: (feature, nats).
    pub fn reasons(&self, features: &BTreeSet<String>, intent: Intent, other: Intent) -> Vec<(String, f32)> {
        let of = |weights: &[(u8, i16)], wanted: Intent| {
            weights
                .iter()
                .find(|(i, _)| Intent::ALL[usize::from(*i)] == wanted)
                .map_or(0.0, |(_, w)| f32::from(*w) / SCALE)
        };
        let mut out: Vec<(String, f32)> = features
            .iter()
            .filter_map(|f| {
                let weights = self.weights.get(f)?;
                Some((f.clone(), of(weights, intent) - of(weights, other)))
            })
            .filter(|(_, nats)| *nats > 0.0)
            .collect();
        out.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        out
    }
}

impl Likelihood {
    pub fn of(&self, intent: Intent) -> f32 {
        Intent::ALL.iter().zip(self.0).find(|(i, _)| **i == intent).map_or(0.0, |(_, p)| p)
    }

    /// The likeliest intent among those that `allowed` lets through, with its likelihood.
    pub fn best(&self, allowed: &dyn Fn(Intent) -> bool) -> Option<(Intent, f32)> {
        Intent::ALL
            .into_iter()
            .zip(self.0)
            .filter(|(intent, _)| allowed(*intent))
            .max_by(|a, b| a.1.total_cmp(&b.1).then_with(|| b.0.cmp(&a.0)))
    }
}

/// What each of `features` features counts: a sentence twice as long is not twice as sure (each row has norm 1).
fn share(features: usize) -> f32 {
    1.0 / (features.max(1) as f32).sqrt()
}

fn weight(text: &str) -> Result<(u8, i16), String> {
    let sign = text.find(['+', '-']).ok_or_else(|| format!("\"{text}\" has no + or -"))?;
    let (name, value) = text.split_at(sign);
    let intent =
        Intent::ALL.iter().position(|i| i.name() == name).ok_or_else(|| format!("there is no intent \"{name}\""))?;
    let value = value.parse().map_err(|_| format!("\"{value}\" is not a whole number between -32768 and 32767"))?;
    Ok((u8::try_from(intent).expect("there are fewer than 256 intents"), value))
}

fn softmax(scores: &[f32; INTENTS]) -> [f32; INTENTS] {
    let top = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let raised = scores.map(|s| (s - top).exp());
    let sum: f32 = raised.iter().sum();
    raised.map(|r| r / sum)
}
