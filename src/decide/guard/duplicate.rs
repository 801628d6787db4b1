//! Stops two members from ordering the same: an order of the product that is open, or recent,
//! on any channel and at any speaker of the household. "These were ordered at nine, in the kitchen. Another one?"

use super::{Proposal, Rung, Verdict};
use crate::decide::order::{Order, OrderId, OrderState};
use crate::decide::reply::Reason;
use crate::decide::sibling::{SharedOrder, spoken};
use crate::decide::when::Moment;

/// The verdict of this guard.
pub fn check(proposal: &Proposal) -> Verdict {
    let Some(wall) = proposal.now.wall else { return Verdict::fine("duplicate", "wall=unknown".into()) };
    let since_unix_ms = wall.unix_ms.saturating_sub_unsigned(proposal.policy.duplicate_ms);
    let found = proposal.lines.iter().find_map(|line| {
        // The newest that objects: one that was delivered must not hide an older one that is still on its way.
        let objects = |order: &Order| {
            order.state.counts()
                && (is_open(order.state) || order.confirmed.at_unix_ms >= since_unix_ms)
                && order.has(&line.sku)
        };
        let here = proposal.household.newest(objects).map(Earlier::here);
        let objects_there = |order: &SharedOrder| {
            order.counts_at(wall.unix_ms)
                && (is_open(order.state) || order.confirmed_unix_ms >= since_unix_ms)
                && order.has(&line.sku)
        };
        let there = proposal.household.shared().filter(|(_, order)| objects_there(order)).map(Earlier::there);
        // Of the same moment, ours is the later one.
        there.chain(here).max_by_key(|earlier| earlier.at_unix_ms).map(|earlier| (line, earlier))
    });
    match found {
        Some((line, earlier)) => {
            let at = Moment::of(earlier.at_unix_ms, wall);
            let product = proposal.name(&line.sku);
            let inputs =
                format!("order={} state={} at_unix_ms={}", earlier.id, earlier.state.name(), earlier.at_unix_ms);
            let (reason, inputs) = match earlier.speaker {
                None => (Reason::AlreadyOrdered { product, at }, inputs),
                Some(name) => {
                    let reason = Reason::AlreadyOrderedThere { product, at, speaker: spoken(name) };
                    (reason, format!("{inputs} speaker={name}"))
                }
            };
            Verdict::object("duplicate", Rung::Challenge, reason, inputs)
        }
        None => Verdict::fine("duplicate", format!("since_unix_ms={since_unix_ms}")),
    }
}

/// An order of before, at this speaker or another one.
struct Earlier<'a> {
    speaker: Option<&'a str>,
    id: &'a OrderId,
    state: OrderState,
    at_unix_ms: i64,
}

impl<'a> Earlier<'a> {
    fn here(order: &'a Order) -> Earlier<'a> {
        Earlier { speaker: None, id: &order.id, state: order.state, at_unix_ms: order.confirmed.at_unix_ms }
    }

    fn there((speaker, order): (&'a str, &'a SharedOrder)) -> Earlier<'a> {
        Earlier { speaker: Some(speaker), id: &order.id, state: order.state, at_unix_ms: order.confirmed_unix_ms }
    }
}

/// It is on its way, so asking again is likely a mistake.
fn is_open(state: OrderState) -> bool {
    use OrderState::*;
    match state {
        // Until the shop has confirmed that it goes back, it may stay.
        AwaitingAdult | Held | Sending | HeldAtShop | AwaitingPayment | Approving | Accepted | Shipped | Cancelling
        | Withdrawing | Unknown => true,
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
            (
                "ordered an hour ago at another speaker",
                |s| s.ordered_there("living-room", "1", "coffee", OrderState::Held, HOUR, 700),
                Rung::Challenge,
                again_there(HOUR),
            ),
            (
                "here an hour ago, there half an hour ago",
                |s| {
                    s.ordered("1", "coffee", OrderState::Accepted, HOUR, 700);
                    s.ordered_there("living-room", "2", "coffee", OrderState::Accepted, HOUR / 2, 700);
                },
                Rung::Challenge,
                again_there(HOUR / 2),
            ),
            (
                "there an hour ago, here half an hour ago",
                |s| {
                    s.ordered_there("living-room", "2", "coffee", OrderState::Accepted, HOUR, 700);
                    s.ordered("1", "coffee", OrderState::Accepted, HOUR / 2, 700);
                },
                Rung::Challenge,
                again(HOUR / 2),
            ),
            (
                "taken back at another speaker",
                |s| s.ordered_there("living-room", "1", "coffee", OrderState::Cancelled, HOUR, 700),
                Rung::Phrase,
                None,
            ),
            (
                "delivered to another speaker's order three days ago",
                |s| s.ordered_there("living-room", "1", "coffee", OrderState::Delivered, 72 * HOUR, 700),
                Rung::Phrase,
                None,
            ),
            (
                "held at a speaker that nobody has heard of since its order expired",
                |s| s.ordered_there("living-room", "1", "coffee", OrderState::Held, 25 * HOUR, 700),
                Rung::Phrase,
                None,
            ),
            (
                "accepted at a speaker that nobody has heard of for six weeks",
                |s| s.ordered_there("living-room", "1", "coffee", OrderState::Accepted, 42 * 24 * HOUR, 700),
                Rung::Phrase,
                None,
            ),
            (
                "a speaker that tells of an order of ours: ours counts",
                |s| {
                    s.ordered_there("living-room", "1", "coffee", OrderState::Accepted, HOUR, 700);
                    s.ordered("1", "coffee", OrderState::Cancelled, HOUR, 700);
                },
                Rung::Phrase,
                None,
            ),
            (
                "another product at another speaker",
                |s| s.ordered_there("living-room", "1", "wine", OrderState::Accepted, HOUR, 700),
                Rung::Phrase,
                None,
            ),
            ("another product", |s| s.ordered("1", "wine", OrderState::Accepted, HOUR, 700), Rung::Phrase, None),
        ];
        check_table(check, cases);
    }

    fn again_there(ago_ms: i64) -> Option<Reason> {
        let now = Wall { unix_ms: WEDNESDAY_18, offset_min: 0 };
        let at = Moment::of(WEDNESDAY_18 - ago_ms, now);
        Some(Reason::AlreadyOrderedThere { product: "coffee".into(), at, speaker: "living room".into() })
    }

    fn again(ago_ms: i64) -> Option<Reason> {
        let now = Wall { unix_ms: WEDNESDAY_18, offset_min: 0 };
        Some(Reason::AlreadyOrdered { product: "coffee".into(), at: Moment::of(WEDNESDAY_18 - ago_ms, now) })
    }
}
