//! Stops the dollhouse: a product that this household never bought needs an adult, always.

use super::{Proposal, Rung, Verdict};
use crate::decide::reply::Reason;

/// The verdict of this guard.
pub fn check(proposal: &Proposal) -> Verdict {
    let new: Vec<&str> =
        proposal.lines.iter().map(|line| line.sku.as_str()).filter(|sku| !proposal.household.buys(sku)).collect();
    let inputs = format!("new={}", new.join(","));
    match new.first() {
        Some(sku) => Verdict::object("novelty", Rung::Adult, Reason::FirstPurchase { product: proposal.name(sku) }, inputs),
        None => Verdict::fine("novelty", inputs),
    }
}
