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
        // The newest that objects: one that was delivered must not hide an older one that is still on its way.
        let objects = |order: &Order| {
            order.state.counts()
                && (is_open(order) || order.confirmed.at_unix_ms >= since_unix_ms)
                && order.quote.lines.iter().any(|old| old.sku == line.sku)
        };
        proposal.household.newest(objects).map(|order| (line, order))
    });
    match found {
        Some((line, order)) => {
            let at = Moment::of(order.confirmed.at_unix_ms, wall);
            let reason = Reason::AlreadyOrdered { product: proposal.name(&line.sku), at };
            let inputs =
                format!("order={} state={} at_unix_ms={}", order.id, order.state.name(), order.confirmed.at_unix_ms);
            Verdict::object("duplicate", Rung::Challenge, reason, inputs)
        }
        None => Verdict::fine("duplicate", format!("since_unix_ms={since_unix_ms}")),
    }
}

/// It is on its way, so asking again is likely a mistake.
fn is_open(order: &Order) -> bool {
    use OrderState::*;
    match order.state {
        // Until the shop has confirmed that it goes back, it may stay.
        AwaitingAdult | Held | Sending | HeldAtShop | Approving | Accepted | Shipped | Cancelling | Withdrawing
        | Unknown => true,
        Delivered | Rejected | Cancelled | Expired | Withdrawn | Refunded => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::Wall;
    use crate::decide::guard::fixture::{Case, HOUR, WEDNESDAY_18, check_table};

    #[test]
    fn the_table_holds() {
        let cases: &[Case] = &[
            (
                "ordered an hour ago",
                |s| s.ordered("1", "coffee", OrderState::Accepted, HOUR, 700),
                Rung::Challenge,
                again(HOUR),
            ),
            ("still held", |s| s.ordered("1", "coffee", OrderState::Held, HOUR, 700), Rung::Challenge, again(HOUR)),
            (
                "open for three days",
                |s| s.ordered("1", "coffee", OrderState::Shipped, 72 * HOUR, 700),
                Rung::Challenge,
                again(72 * HOUR),
            ),
            (
                "delivered three days ago",
                |s| s.ordered("1", "coffee", OrderState::Delivered, 72 * HOUR, 700),
                Rung::Phrase,
                None,
            ),
            (
                "delivered three days ago, and an older one is still on its way",
                |s| {
                    s.ordered("1", "coffee", OrderState::Delivered, 72 * HOUR, 700);
                    s.ordered("2", "coffee", OrderState::Sending, 80 * HOUR, 700);
                },
                Rung::Challenge,
                again(80 * HOUR),
            ),
            (
                "taken back an hour ago",
                |s| s.ordered("1", "coffee", OrderState::Cancelled, HOUR, 700),
                Rung::Phrase,
                None,
            ),
            ("another product", |s| s.ordered("1", "wine", OrderState::Accepted, HOUR, 700), Rung::Phrase, None),
        ];
        check_table(check, cases);
    }

    fn again(ago_ms: i64) -> Option<Reason> {
        let now = Wall { unix_ms: WEDNESDAY_18, offset_min: 0 };
        Some(Reason::AlreadyOrdered { product: "coffee".into(), at: Moment::of(WEDNESDAY_18 - ago_ms, now) })
    }
}
