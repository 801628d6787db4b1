//! Stops a Pi that boots in 1970: without a known wall clock there is no order.

use super::{Proposal, Rung, Verdict};
use crate::decide::reply::Reason;

/// The verdict of this guard.
pub fn check(proposal: &Proposal) -> Verdict {
    match proposal.now.wall {
        Some(wall) => Verdict::fine("clock", format!("unix_ms={}", wall.unix_ms)),
        None => Verdict::object("clock", Rung::List, Reason::UnknownClock, "wall=unknown".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::guard::fixture::{Case, check_table};

    #[test]
    fn the_table_holds() {
        let cases: &[Case] = &[("a Pi without network", |s| s.now.wall = None, Rung::List, Some(Reason::UnknownClock))];
        check_table(check, cases);
    }
}
