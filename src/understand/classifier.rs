//! Which intent a sentence most likely has: a linear model over [`features`](super::features). Pure.
//!
//! Multinomial logistic regression. Its weights are a text file, one feature a line, that our own
//! [`train`] writes from tables of sentences; they are summed in a fixed order, so the same
//! sentence has the same scores everywhere. Never decides alone that something may be bought.

pub mod train;

use super::Lang;
use super::intent::Intent;
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::Range;

/// Number of intents; scores are arrays with one value for each, in the order of [`Intent::ALL`].
pub const INTENTS: usize = Intent::ALL.len();

/// Weights are written as integers: hundredths of a nat.
const SCALE: f32 = 100.0;

/// Number of the intent, and its weight in hundredths of a nat.
type IntentWeight = (u8, i16);

/// A trained model of one language. Flat, and its names stay where they are: a file is read when its language is first
/// spoken, and somebody waits for the answer.
#[derive(Debug, Clone, Default)]
pub struct Classifier {
    text: Cow<'static, str>,
    /// In ascending order of their names.
    features: Vec<Feature>,
    weights: Vec<IntentWeight>,
}

/// Where the name of a feature stands in the text, and its weights among all.
#[derive(Debug, Clone)]
struct Feature {
    name: Range<u32>,
    weights: Range<u32>,
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

    /// Reads weights: a line for each feature, then a tab, then `intent±weight` for each intent, `#` for comments; the
    /// features in ascending order.
    ///
    /// # Errors
    /// The first line that is not of this shape, or stands before one that it has to follow.
    pub fn from_text(file: &str, text: impl Into<Cow<'static, str>>) -> Result<Classifier, WeightsError> {
        let mut out = Classifier { text: text.into(), ..Classifier::default() };
        let mut start = 0;
        for (at, line) in out.text.split_inclusive('\n').enumerate() {
            let here = start;
            start += line.len();
            let line = line.trim_end_matches(['\n', '\r']);
            if line.starts_with('#') || line.is_empty() {
                continue;
            }
            let wrong = |what: String| WeightsError { file: file.to_owned(), line: at + 1, what };
            let (name, rest) =
                line.split_once('\t').ok_or_else(|| wrong("there is no tab after the feature".into()))?;
            if out.features.last().is_some_and(|last| &out.text[range(&last.name)] >= name) {
                return Err(wrong("its feature has to come after the one of the line before".into()));
            }
            let first = out.weights.len();
            for each in rest.split(' ') {
                out.weights.push(weight(each).map_err(wrong)?);
            }
            out.features.push(Feature { name: span(here..here + name.len()), weights: span(first..out.weights.len()) });
        }
        Ok(out)
    }

    /// A model of features in ascending order.
    fn of(features: impl IntoIterator<Item = (String, Vec<IntentWeight>)>) -> Classifier {
        let (mut names, mut out) = (String::new(), Classifier::default());
        for (name, weights) in features {
            let (start, first) = (names.len(), out.weights.len());
            names.push_str(&name);
            out.weights.extend(weights);
            out.features.push(Feature { name: span(start..names.len()), weights: span(first..out.weights.len()) });
        }
        Classifier { text: names.into(), ..out }
    }

    /// The file that [`Classifier::from_text`] reads.
    pub fn to_text(&self) -> String {
        let line = |feature: &Feature| {
            let weights = self.weights[range(&feature.weights)].iter();
            let each: Vec<String> =
                weights.map(|(i, w)| format!("{}{w:+}", Intent::ALL[usize::from(*i)].name())).collect();
            format!("{}\t{}\n", self.name(feature), each.join(" "))
        };
        self.features.iter().map(line).collect()
    }

    fn name(&self, feature: &Feature) -> &str {
        &self.text[range(&feature.name)]
    }

    /// The weights of a feature; none where it has none.
    fn weights(&self, feature: &str) -> &[IntentWeight] {
        let text = self.text.as_bytes();
        match self.features.binary_search_by(|f| text[range(&f.name)].cmp(feature.as_bytes())) {
            Ok(at) => &self.weights[range(&self.features[at].weights)],
            Err(_) => &[],
        }
    }

    /// Number of features that carry weight.
    pub fn len(&self) -> usize {
        self.features.len()
    }

    /// Whether nothing was learned: then every intent is equally likely.
    pub fn is_empty(&self) -> bool {
        self.features.is_empty()
    }

    /// How likely each intent is for a sentence with these features.
    pub fn likelihood(&self, features: &BTreeSet<String>) -> Likelihood {
        let mut sums = [0i32; INTENTS];
        for (intent, weight) in features.iter().flat_map(|f| self.weights(f)) {
            sums[usize::from(*intent)] += i32::from(*weight);
        }
        let share = share(features.len());
        Likelihood(softmax(&sums.map(|sum| sum as f32 / SCALE * share)))
    }

    /// The `most` features that speak most for `intent` against `other`, heaviest first: (feature, nats).
    pub fn reasons<'f>(
        &self,
        features: &'f BTreeSet<String>,
        (intent, other): (Intent, Intent),
        most: usize,
    ) -> Vec<(&'f str, f32)> {
        let of = |weights: &[IntentWeight], wanted: Intent| {
            let of_it = weights.iter().find(|(i, _)| Intent::ALL[usize::from(*i)] == wanted);
            of_it.map_or(0.0, |(_, w)| f32::from(*w) / SCALE)
        };
        let mut out: Vec<(&str, f32)> = features
            .iter()
            .map(|f| (f.as_str(), self.weights(f)))
            .map(|(f, weights)| (f, of(weights, intent) - of(weights, other)))
            .filter(|(_, nats)| *nats > 0.0)
            .collect();
        out.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(b.0)));
        out.truncate(most);
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

fn span(range: Range<usize>) -> Range<u32> {
    let small = |at: usize| u32::try_from(at).expect("a file of weights is a few megabytes");
    small(range.start)..small(range.end)
}

fn range(span: &Range<u32>) -> Range<usize> {
    span.start as usize..span.end as usize
}

fn weight(text: &str) -> Result<IntentWeight, String> {
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
