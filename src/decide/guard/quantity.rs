//! Stops "fifteen" for "fifty" and slips: numbers that sound alike, hypotheses that disagree,
//! more than twice the usual, more than the product's limit.

use super::{Proposal, Rung, Verdict};
use crate::decide::reply::Reason;

/// 13 to 19 are heard as 30 to 90 and the other way round.
pub fn is_easily_misheard(qty: u32) -> bool {
    matches!(qty, 13..=19 | 30 | 40 | 50 | 60 | 70 | 80 | 90)
}

/// The verdict of this guard.
pub fn check(proposal: &Proposal) -> Verdict {
    let qtys: Vec<String> = proposal.lines.iter().map(|line| format!("{}x{}", line.qty, line.sku)).collect();
    let rivals: Vec<String> = rival_qtys(proposal).map(|(_, qty)| qty.to_string()).collect();
    let inputs = format!("asked={} rivals={}", qtys.join(","), rivals.join(","));

    for (line, product) in proposal.products() {
        if line.qty > product.max_qty {
            let reason = Reason::AboveProductLimit { product: proposal.name(&line.sku), max: product.max_qty };
            return Verdict::object("quantity", Rung::Refuse, reason, inputs);
        }
    }
    match objection(proposal) {
        Some(reason) => Verdict::object("quantity", Rung::Challenge, reason, inputs),
        None => Verdict::fine("quantity", inputs),
    }
}

fn objection(proposal: &Proposal) -> Option<Reason> {
    if let Some((qty, other)) = rival_qtys(proposal).find(|(qty, other)| qty != other) {
        return Some(Reason::UnsureQuantity { qty, other });
    }
    proposal.lines.iter().find_map(|line| {
        let usual = proposal.household.usual_qty(&line.sku).unwrap_or(1).max(1);
        if is_easily_misheard(line.qty) {
            Some(Reason::EasilyMisheard { qty: line.qty })
        } else if line.qty > usual.saturating_mul(2) {
            Some(Reason::LargeQuantity { product: proposal.name(&line.sku), qty: line.qty, usual })
        } else {
            None
        }
    })
}

/// (asked, heard in another hypothesis) for products that both name.
fn rival_qtys(proposal: &Proposal) -> impl Iterator<Item = (u32, u32)> {
    proposal.lines.iter().flat_map(|line| {
        let others = proposal.rivals.iter().flat_map(|rival| &rival.lines).filter(|other| other.sku == line.sku);
        others.map(|other| (line.qty, other.qty))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::guard::fixture::line;
    use crate::decide::guard::fixture::{Case, Scene, check_table};
    use crate::understand::intent::Parse;

    #[test]
    fn the_table_holds() {
        let cases: &[Case] = &[
            (
                "fifteen or fifty",
                |s| s.wants("coffee", 15, 700),
                Rung::Challenge,
                Some(Reason::EasilyMisheard { qty: 15 }),
            ),
            (
                "fifty or fifteen",
                |s| s.wants("coffee", 50, 700),
                Rung::Challenge,
                Some(Reason::EasilyMisheard { qty: 50 }),
            ),
            (
                "more than twice the usual",
                |s| s.wants("coffee", 5, 700),
                Rung::Challenge,
                Some(Reason::LargeQuantity { product: "coffee".into(), qty: 5, usual: 2 }),
            ),
            ("twice the usual", |s| s.wants("coffee", 4, 700), Rung::Phrase, None),
            (
                "the hypotheses disagree",
                |s| rival(s, 3),
                Rung::Challenge,
                Some(Reason::UnsureQuantity { qty: 1, other: 3 }),
            ),
            ("the hypotheses agree", |s| rival(s, 1), Rung::Phrase, None),
            (
                "above the limit of the product",
                |s| s.wants("coffee", 61, 700),
                Rung::Refuse,
                Some(Reason::AboveProductLimit { product: "coffee".into(), max: 60 }),
            ),
        ];
        check_table(check, cases);
    }

    fn rival(scene: &mut Scene, qty: u32) {
        scene.rivals = vec![Parse { lines: vec![line("coffee", qty)], ..scene.parse.clone() }];
    }
}
