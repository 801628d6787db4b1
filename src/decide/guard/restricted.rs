//! Stops alcohol, medicine and other products with an age limit: an adult approves them, and
//! while children are up they are not bought at all.

use super::{Proposal, Rung, Verdict};
use crate::decide::reply::Reason;

/// How a catalogue marks such a product, followed by why: `restricted:alcohol`.
const FLAG: &str = "restricted:";

/// The verdict of this guard.
pub fn check(proposal: &Proposal) -> Verdict {
    let found = proposal
        .products()
        .find_map(|(line, product)| product.flags.iter().find(|flag| flag.starts_with(FLAG)).map(|flag| (line, flag)));
    match found {
        Some((line, flag)) => {
            let rung = if proposal.policy.children_up { Rung::Refuse } else { Rung::Adult };
            let reason = Reason::Restricted { product: proposal.name(&line.sku) };
            Verdict::object("restricted", rung, reason, format!("{}={flag}", line.sku))
        }
        None => Verdict::fine("restricted", "flags=none".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::guard::fixture::{Case, check_table};

    #[test]
    fn the_table_holds() {
        let cases: &[Case] = &[
            ("alcohol", |s| s.wants("wine", 1, 800), Rung::Adult, limited()),
            (
                "alcohol while children are up",
                |s| {
                    s.wants("wine", 1, 800);
                    s.policy.children_up = true
                },
                Rung::Refuse,
                limited(),
            ),
            ("another flag", |s| s.catalog.products[0].flags.push("frozen".into()), Rung::Phrase, None),
        ];
        check_table(check, cases);
    }

    fn limited() -> Option<Reason> {
        Some(Reason::Restricted { product: "wine".into() })
    }
}
