//! Stops a flood and a stuck loop: so many confirmed orders in an hour and in a day, whatever
//! became of them.

use super::{Proposal, Rung, Verdict};
use crate::decide::reply::Reason;

const HOUR_MS: i64 = 3_600_000;

/// The verdict of this guard.
pub fn check(proposal: &Proposal) -> Verdict {
    let Some(wall) = proposal.now.wall else { return Verdict::fine("rate", "wall=unknown".into()) };
    let policy = proposal.policy;
    let hour = proposal.household.count_since(wall.unix_ms - HOUR_MS);
    let day = proposal.household.count_since(wall.unix_ms - 24 * HOUR_MS);
    let inputs = format!("hour={hour} day={day}");
    if hour >= policy.max_orders_hour {
        Verdict::object("rate", Rung::Refuse, Reason::TooManyOrders { orders: hour, hours: 1 }, inputs)
    } else if day >= policy.max_orders_day {
        Verdict::object("rate", Rung::Refuse, Reason::TooManyOrders { orders: day, hours: 24 }, inputs)
    } else {
        Verdict::fine("rate", inputs)
    }
}
