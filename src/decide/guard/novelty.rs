//! Stops the dollhouse: a product that this household never bought needs an adult, always.
//! What was bought at another speaker of the household was bought by the household.

use super::{Proposal, Rung, Verdict};
use crate::decide::reply::Reason;

/// The verdict of this guard.
pub fn check(proposal: &Proposal) -> Verdict {
    let new: Vec<&str> =
        proposal.lines.iter().map(|line| line.sku.as_str()).filter(|sku| !proposal.household.buys(sku)).collect();
    let inputs = format!("new={}", new.join(","));
    match new.first() {
        Some(sku) => {
            Verdict::object("novelty", Rung::Adult, Reason::FirstPurchase { product: proposal.name(sku) }, inputs)
        }
        None => Verdict::fine("novelty", inputs),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::guard::fixture::{Case, HOUR, check_table};
    use crate::decide::order::OrderState;

    #[test]
    fn the_table_holds() {
        let cases: &[Case] = &[
            ("the dollhouse", |s| s.wants("dollhouse", 1, 8_900), Rung::Adult, first()),
            (
                "one new product among known ones",
                |s| {
                    s.lines.push(crate::decide::order::Wanted {
                        sku: "dollhouse".into(),
                        qty: 1,
                        options: Default::default(),
                    })
                },
                Rung::Adult,
                first(),
            ),
            (
                "delivered before",
                |s| {
                    s.wants("dollhouse", 1, 8_900);
                    s.ordered("1", "dollhouse", OrderState::Delivered, 700 * HOUR, 8_900)
                },
                Rung::Phrase,
                None,
            ),
            (
                "bought at another speaker",
                |s| {
                    s.wants("dollhouse", 1, 8_900);
                    s.ordered_there("bedroom", "1", "dollhouse", OrderState::Delivered, 700 * HOUR, 8_900)
                },
                Rung::Phrase,
                None,
            ),
            (
                "only held at another speaker",
                |s| {
                    s.wants("dollhouse", 1, 8_900);
                    s.ordered_there("bedroom", "1", "dollhouse", OrderState::Held, HOUR, 8_900)
                },
                Rung::Adult,
                first(),
            ),
            (
                "only held, never bought",
                |s| {
                    s.wants("dollhouse", 1, 8_900);
                    s.ordered("1", "dollhouse", OrderState::Held, HOUR, 8_900)
                },
                Rung::Adult,
                first(),
            ),
            (
                "taken back before it came",
                |s| {
                    s.wants("dollhouse", 1, 8_900);
                    s.ordered("1", "dollhouse", OrderState::Cancelled, HOUR, 8_900)
                },
                Rung::Adult,
                first(),
            ),
        ];
        check_table(check, cases);
    }

    fn first() -> Option<Reason> {
        Some(Reason::FirstPurchase { product: "dollhouse".into() })
    }
}
