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
