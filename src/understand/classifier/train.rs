//! Sentences with their intents → [`Classifier`]. Deterministic: the same rows and the same seed
//! give the same bytes.
//!
//! Logistic regression by stochastic gradient descent with the step sizes of AdaGrad (Duchi, Hazan, Singer 2011,
//! "Adaptive subgradient methods") and its proximal step for the L1 norm, which leaves most features without any weight.

use super::{Classifier, INTENTS, SCALE, share, softmax};
use crate::chance::Chance;
use crate::understand::intent::Intent;
use std::collections::{BTreeMap, BTreeSet};

/// How to train.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// Passes over the rows.
    pub epochs: u32,
    /// Step size of the first update.
    pub rate: f32,
    /// Strength of the L1 penalty on each weight, in nats for each row.
    pub sparsity: f32,
    /// Features in fewer rows than this are not looked at.
    pub min_rows: usize,
    /// Seed of the order in which the rows are seen.
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { epochs: 30, rate: 0.5, sparsity: 3e-5, min_rows: 1, seed: 1 }
    }
}

/// One sentence: what it shows, and what it means.
pub type Row = (BTreeSet<String>, Intent);

/// Weights smaller than this, in hundredths of a nat, are left out of the file.
const SMALLEST: i16 = 50;

struct Weight {
    value: [f32; INTENTS],
    /// Sums of squared gradients.
    steps: [f32; INTENTS],
}

/// Trains a model on `rows`; `progress` is told after each pass.
pub fn train(rows: &[Row], settings: &Settings, progress: &mut dyn FnMut(u32)) -> Classifier {
    let names = vocabulary(rows, settings.min_rows);
    let ids: BTreeMap<&str, usize> = names.iter().enumerate().map(|(id, name)| (name.as_str(), id)).collect();
    let coded: Vec<(Vec<usize>, usize, f32)> = rows
        .iter()
        .map(|(features, intent)| {
            let wanted = Intent::ALL.iter().position(|i| i == intent).expect("ALL holds every intent");
            (features.iter().filter_map(|f| ids.get(f.as_str()).copied()).collect(), wanted, share(features.len()))
        })
        .collect();
    let mut weights: Vec<Weight> =
        names.iter().map(|_| Weight { value: [0.0; INTENTS], steps: [1e-6; INTENTS] }).collect();
    let mut order: Vec<usize> = (0..coded.len()).collect();
    let mut chance = Chance::new(settings.seed);
    for epoch in 0..settings.epochs {
        shuffle(&mut order, &mut chance);
        for &at in &order {
            let (features, wanted, share) = &coded[at];
            update(&mut weights, features, *wanted, *share, settings);
        }
        progress(epoch + 1);
    }
    rounded(names, &weights)
}

/// The features that occur in at least `min_rows` rows, sorted.
fn vocabulary(rows: &[Row], min_rows: usize) -> Vec<String> {
    let mut counts: BTreeMap<&String, usize> = BTreeMap::new();
    for feature in rows.iter().flat_map(|(features, _)| features) {
        *counts.entry(feature).or_default() += 1;
    }
    counts.into_iter().filter(|(_, n)| *n >= min_rows).map(|(name, _)| name.clone()).collect()
}

fn update(weights: &mut [Weight], features: &[usize], wanted: usize, share: f32, settings: &Settings) {
    let mut scores = [0.0f32; INTENTS];
    for &f in features {
        for (score, w) in scores.iter_mut().zip(weights[f].value) {
            *score += w * share;
        }
    }
    let likely = softmax(&scores);
    for &f in features {
        let weight = &mut weights[f];
        let each = weight.value.iter_mut().zip(&mut weight.steps).zip(likely).enumerate();
        for (intent, ((value, steps), likely)) in each {
            let gradient = (likely - f32::from(u8::from(intent == wanted))) * share;
            *steps += gradient * gradient;
            let step = settings.rate / steps.sqrt();
            let moved = *value - step * gradient;
            // The proximal step of the L1 norm: toward zero, and not beyond.
            *value = moved.signum() * (moved.abs() - step * settings.sparsity).max(0.0);
        }
    }
}

/// What is added to all weights of a feature alike changes no likelihood: their median is taken away,
/// so that most intents need no weight at all.
fn rounded(names: Vec<String>, weights: &[Weight]) -> Classifier {
    let kept = names.into_iter().zip(weights).filter_map(|(name, weight)| {
        let mut sorted = weight.value;
        sorted.sort_by(f32::total_cmp);
        let median = sorted[INTENTS / 2];
        let each: Vec<(u8, i16)> = (0u8..)
            .zip(weight.value)
            .map(|(intent, w)| (intent, ((w - median) * SCALE).round().clamp(-30_000.0, 30_000.0) as i16))
            .filter(|(_, w)| w.abs() >= SMALLEST)
            .collect();
        (!each.is_empty()).then_some((name, each))
    });
    Classifier::of(kept)
}

/// Fisher and Yates' shuffle: an order that is the same on every machine.
fn shuffle(order: &mut [usize], chance: &mut Chance) {
    for at in (1..order.len()).rev() {
        let other = usize::try_from(chance.between(0, at as u64)).expect("it is below a length");
        order.swap(at, other);
    }
}
