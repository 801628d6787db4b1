//! Stops the night: in the household's quiet hours things go on the list.

use super::{Proposal, Rung, Verdict};
use crate::decide::reply::Reason;

/// The verdict of this guard.
pub fn check(proposal: &Proposal) -> Verdict {
    // An unknown time of day is the clock guard's business.
    let Some(wall) = proposal.now.wall else { return Verdict::fine("hours", "wall=unknown".into()) };
    let minute = wall.minute_of_day();
    let inputs = format!("minute_of_day={minute} quiet={}-{}", proposal.policy.quiet_from_min, proposal.policy.quiet_to_min);
    if proposal.policy.is_quiet(minute) {
        Verdict::object("hours", Rung::List, Reason::QuietHours, inputs)
    } else {
        Verdict::fine("hours", inputs)
    }
}
