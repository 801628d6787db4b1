//! Stops the subscription trap: what orders again by itself is not agreed to by voice.

use super::{Proposal, Rung, Verdict};
use crate::decide::reply::Reason;

/// The verdict of this guard.
pub fn check(proposal: &Proposal) -> Verdict {
    let Some(quote) = proposal.quote else { return Verdict::fine("recurring", "quote=none".into()) };
    let inputs = format!("recurring={}", quote.recurring);
    if !quote.recurring {
        return Verdict::fine("recurring", inputs);
    }
    let product = proposal.lines.first().map(|line| proposal.name(&line.sku)).unwrap_or_default();
    Verdict::object("recurring", Rung::Refuse, Reason::Recurring { product }, inputs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::guard::fixture::{Case, check_table};

    #[test]
    fn the_table_holds() {
        let cases: &[Case] = &[
            (
                "a subscription",
                |s| s.quote().recurring = true,
                Rung::Refuse,
                Some(Reason::Recurring { product: "coffee".into() }),
            ),
            ("no quote yet", |s| s.quote = None, Rung::Phrase, None),
        ];
        check_table(check, cases);
    }
}
