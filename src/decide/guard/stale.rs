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
