//! What a second recogniser makes of an utterance, against what the first one made of it. Pure.
//!
//! It only ever makes an order harder: where both understood the same, everything goes on as it would have without it; where it
//! heard nothing or came too late, more than the phrase is needed; and where product or quantity differ, the household is asked.

use super::guard::{Rung, Verdict};
use super::order::Wanted;
use super::policy::Policy;
use super::reply::Reason;
use crate::understand::catalog::Catalog;
use serde::{Deserialize, Serialize};

/// Its name in the log.
pub const GUARD: &str = "second_ear";

/// When a second recogniser is asked, and how long it has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecondEarPolicy {
    /// For orders from this amount on, by the catalogue's prices, in minor units of the currency.
    pub from_minor: i64,
    /// And for what the first recogniser was less sure of, 0.0 to 1.0, in per mille.
    pub below_permille: u16,
    /// Later than this it is not waited for, milliseconds.
    pub wait_ms: u64,
}

/// Where a proposal stands with the second recogniser.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) enum SecondEar {
    /// It was not asked, and the sound of the utterance is gone.
    #[default]
    Unasked,
    /// The utterance is the last one: it can be heard again.
    CanBeAsked,
    Asked(Opinion),
}

/// What it said.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Opinion {
    /// What each of them understood, for the log.
    pub(super) first: String,
    pub(super) second: String,
    pub(super) outcome: Outcome,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Outcome {
    Agrees,
    /// It heard nothing that it was sure of, or came too late.
    Silent,
    /// Other packs of the same product, in the line of that index.
    OtherQuantity {
        line: usize,
        first: u32,
        second: u32,
    },
    /// As many packs of another product.
    OtherProduct {
        line: usize,
        first: String,
        second: String,
    },
    /// More than one thing, or something that is no order.
    Otherwise,
    /// They differed, and the household said which it is.
    Settled,
}

impl SecondEar {
    /// The household has said which of the two it meant.
    pub(super) fn settle(&mut self) {
        if let SecondEar::Asked(opinion) = self
            && matches!(opinion.outcome, Outcome::OtherQuantity { .. } | Outcome::OtherProduct { .. })
        {
            opinion.outcome = Outcome::Settled;
        }
    }
}

/// Is a second opinion wanted on `lines`, of which the first recogniser was so sure? A confidence that is not a number is not sure.
pub(super) fn is_wanted(policy: &Policy, catalog: &Catalog, lines: &[Wanted], confidence: f32) -> bool {
    let Some(wants) = &policy.second_ear else { return false };
    let price = |line: &Wanted| {
        let unit_amount = catalog.product(&line.sku).map_or(0, |product| product.unit_amount);
        unit_amount.saturating_mul(i64::from(line.qty))
    };
    let amount = lines.iter().map(price).fold(0, i64::saturating_add);
    let is_sure = confidence * 1000.0 >= f32::from(wants.below_permille);
    amount >= wants.from_minor || !is_sure
}

/// Compares what both understood; `None`: the second heard nothing that it was sure of.
pub(super) fn compare(first: &[Wanted], second: Option<&[Wanted]>) -> Opinion {
    let outcome = match second {
        None => Outcome::Silent,
        Some(second) => outcome(first, second),
    };
    Opinion { first: packs(first), second: second.map_or("nothing".into(), packs), outcome }
}

fn outcome(first: &[Wanted], second: &[Wanted]) -> Outcome {
    if first.len() != second.len() {
        return Outcome::Otherwise;
    }
    let mut differing = first.iter().zip(second).enumerate().filter(|(_, (a, b))| a != b);
    let (Some((line, (a, b))), None) = (differing.next(), differing.next()) else {
        return if first == second { Outcome::Agrees } else { Outcome::Otherwise };
    };
    match (a.sku == b.sku, a.qty == b.qty, a.options == b.options) {
        (true, false, true) => Outcome::OtherQuantity { line, first: a.qty, second: b.qty },
        (false, true, _) => Outcome::OtherProduct { line, first: a.sku.clone(), second: b.sku.clone() },
        (_, _, _) => Outcome::Otherwise,
    }
}

fn packs(lines: &[Wanted]) -> String {
    if lines.is_empty() {
        return "no order".into();
    }
    lines.iter().map(|line| format!("{}x{}", line.qty, line.sku)).collect::<Vec<_>>().join(",")
}

/// The verdict beside those of the guards; `None`: it was not asked. `name` tells what a person calls a product.
pub(super) fn verdict(asked: &SecondEar, name: impl Fn(&str) -> String) -> Option<Verdict> {
    let SecondEar::Asked(Opinion { first, second, outcome }) = asked else { return None };
    let inputs = format!("first={first} second={second}");
    Some(match outcome {
        Outcome::Agrees => Verdict::fine(GUARD, inputs),
        Outcome::Settled => Verdict::fine(GUARD, format!("{inputs} settled=household")),
        Outcome::Silent => Verdict::object(GUARD, Rung::Challenge, Reason::SecondEarSilent, inputs),
        Outcome::OtherQuantity { first, second, .. } => {
            let reason = Reason::UnsureQuantity { qty: *first, other: *second };
            Verdict::object(GUARD, Rung::Refuse, reason, inputs)
        }
        Outcome::OtherProduct { first, second, .. } => {
            let reason = Reason::Ambiguous { first: name(first), second: name(second) };
            Verdict::object(GUARD, Rung::Refuse, reason, inputs)
        }
        Outcome::Otherwise => Verdict::object(GUARD, Rung::Refuse, Reason::EarsDiffer, inputs),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::guard::fixture::Scene;
    use std::collections::BTreeMap;

    type Packs = &'static [(u32, &'static str)];
    /// The cause, what the first and the second understood, and the verdict.
    type Case = (&'static str, Packs, Option<Packs>, (Rung, Option<Reason>));

    fn wanted(packs: &[(u32, &str)]) -> Vec<Wanted> {
        let line = |(qty, sku): &(u32, &str)| Wanted { sku: (*sku).into(), qty: *qty, options: BTreeMap::new() };
        packs.iter().map(line).collect()
    }

    #[test]
    fn the_table_holds() {
        let refuse = |reason| (Rung::Refuse, Some(reason));
        let coffee: Packs = &[(2, "coffee")];
        let both: Packs = &[(2, "coffee"), (1, "wine")];
        let twelve = Reason::UnsureQuantity { qty: 2, other: 12 };
        let wine = Reason::Ambiguous { first: "the coffee".into(), second: "the wine".into() };
        let cases: &[Case] = &[
            ("the same", coffee, Some(&[(2, "coffee")]), (Rung::Phrase, None)),
            ("the same two", both, Some(both), (Rung::Phrase, None)),
            ("nothing, or too late", coffee, None, (Rung::Challenge, Some(Reason::SecondEarSilent))),
            ("another quantity", coffee, Some(&[(12, "coffee")]), refuse(twelve.clone())),
            ("of the first of two", both, Some(&[(12, "coffee"), (1, "wine")]), refuse(twelve)),
            ("another product", coffee, Some(&[(2, "wine")]), refuse(wine)),
            ("another quantity of another product", coffee, Some(&[(1, "wine")]), refuse(Reason::EarsDiffer)),
            ("more products", coffee, Some(both), refuse(Reason::EarsDiffer)),
            ("fewer products", both, Some(coffee), refuse(Reason::EarsDiffer)),
            ("two differences", both, Some(&[(1, "coffee"), (2, "wine")]), refuse(Reason::EarsDiffer)),
            ("no order", coffee, Some(&[]), refuse(Reason::EarsDiffer)),
        ];
        for (cause, first, second, (rung, reason)) in cases {
            let second = second.map(wanted);
            let asked = SecondEar::Asked(compare(&wanted(first), second.as_deref()));
            let verdict = verdict(&asked, |sku| format!("the {sku}")).unwrap();
            assert_eq!((verdict.rung, &verdict.reason), (*rung, reason), "{cause} ({})", verdict.inputs);
            assert!(verdict.inputs.starts_with("first=2xcoffee"), "{cause}: {}", verdict.inputs);
        }
        assert_eq!(verdict(&SecondEar::Unasked, str::to_owned), None);
        assert_eq!(verdict(&SecondEar::CanBeAsked, str::to_owned), None);
    }

    #[test]
    fn another_option_is_another_order() {
        let (plain, mut sweet) = (wanted(&[(1, "latte")]), wanted(&[(1, "latte")]));
        sweet[0].options.insert("sugar".into(), "some".into());
        assert_eq!(compare(&plain, Some(&sweet)).outcome, Outcome::Otherwise);
    }

    #[test]
    fn what_the_household_said_is_no_objection_any_more_and_silence_stays_one() {
        let mut differs = SecondEar::Asked(compare(&wanted(&[(2, "coffee")]), Some(&wanted(&[(12, "coffee")]))));
        differs.settle();
        let settled = verdict(&differs, str::to_owned).unwrap();
        assert_eq!(settled.rung, Rung::Phrase);
        assert_eq!(settled.inputs, "first=2xcoffee second=12xcoffee settled=household");
        let mut silent = SecondEar::Asked(compare(&wanted(&[(2, "coffee")]), None));
        silent.settle();
        assert_eq!(verdict(&silent, str::to_owned).unwrap().rung, Rung::Challenge);
    }

    #[test]
    fn it_is_wanted_for_large_orders_and_for_unsure_ones() {
        let mut scene = Scene::new();
        let one = wanted(&[(1, "coffee")]);
        assert!(!is_wanted(&scene.policy, &scene.catalog, &one, 0.1), "nobody configured one");
        scene.policy.second_ear = Some(SecondEarPolicy { from_minor: 3_000, below_permille: 600, wait_ms: 6_000 });
        let cases = [
            (&[(1, "coffee")][..], 0.9, false),
            (&[(1, "coffee")], 0.6, false),
            (&[(1, "coffee")], 0.59, true),
            (&[(1, "coffee")], f32::NAN, true),
            (&[(5, "coffee")], 0.9, true),
            (&[(4, "coffee")], 0.9, false),
            (&[(2, "coffee"), (2, "wine")], 0.9, true),
            (&[(u32::MAX, "dollhouse"), (u32::MAX, "dollhouse")], 0.9, true),
        ];
        for (packs, confidence, is) in cases {
            assert_eq!(
                is_wanted(&scene.policy, &scene.catalog, &wanted(packs), confidence),
                is,
                "{packs:?} {confidence}"
            );
        }
    }
}
