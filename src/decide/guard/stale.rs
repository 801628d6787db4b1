//! Stops a confirmation of an old price: the quote's age by the monotonic clock. Orders that
//! leave late are stopped by their own expiry, in [`crate::decide::ledger`].

use super::{Proposal, Rung, Verdict};
use crate::decide::reply::Reason;

/// The verdict of this guard.
pub fn check(proposal: &Proposal) -> Verdict {
    let Some(quote) = proposal.quote else { return Verdict::fine("stale", "quote=none".into()) };
    let inputs = format!("age_ms={} valid_s={}", proposal.quote_age_ms, quote.valid_s);
    if proposal.quote_age_ms > u64::from(quote.valid_s) * 1000 {
        Verdict::object("stale", Rung::Refuse, Reason::QuoteStale, inputs)
    } else {
        Verdict::fine("stale", inputs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::guard::fixture::{Case, check_table};

    #[test]
    fn the_table_holds() {
        let cases: &[Case] = &[
            ("just in time", |s| s.quote_age_ms = 900_000, Rung::Phrase, None),
            ("too late", |s| s.quote_age_ms = 900_001, Rung::Refuse, Some(Reason::QuoteStale)),
            ("a quote that never was valid", |s| s.quote().valid_s = 0, Rung::Refuse, Some(Reason::QuoteStale)),
        ];
        check_table(check, cases);
    }
}
