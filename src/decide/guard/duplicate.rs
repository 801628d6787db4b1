//! Stops two members from ordering the same: an order of the product that is open, or recent,
//! on any channel. "These were ordered at nine. Another one?"

use super::{Proposal, Rung, Verdict};
use crate::decide::order::{Order, OrderState};
use crate::decide::reply::Reason;
use crate::decide::when::Moment;

/// The verdict of this guard.
pub fn check(proposal: &Proposal) -> Verdict {
    let Some(wall) = proposal.now.wall else { return Verdict::fine("duplicate", "wall=unknown".into()) };
    let since_unix_ms = wall.unix_ms.saturating_sub_unsigned(proposal.policy.duplicate_ms);
    let found = proposal.lines.iter().find_map(|line| {
        let order = proposal.household.newest_of(&line.sku)?;
        (is_open(order) || order.confirmed.at_unix_ms >= since_unix_ms).then_some((line, order))
    });
    match found {
        Some((line, order)) => {
            let at = Moment::of(order.confirmed.at_unix_ms, wall);
            let reason = Reason::AlreadyOrdered { product: proposal.name(&line.sku), at };
            let inputs = format!("order={} state={} at_unix_ms={}", order.id, order.state.name(), order.confirmed.at_unix_ms);
            Verdict::object("duplicate", Rung::Challenge, reason, inputs)
        }
        None => Verdict::fine("duplicate", format!("since_unix_ms={since_unix_ms}")),
    }
}

/// It is on its way, so asking again is likely a mistake.
fn is_open(order: &Order) -> bool {
    use OrderState::*;
    match order.state {
        AwaitingAdult | Held | Sending | Accepted | Shipped | Cancelling | Unknown => true,
        Delivered | Rejected | Cancelled | Expired | Withdrawn | Refunded => false,
    }
}
