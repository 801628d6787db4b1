//! Stops a flood and a stuck loop: so many confirmed orders in an hour and in a day, whatever
//! became of them, at all speakers of the household together.

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::guard::fixture::{Case, HOUR, Scene, check_table};
    use crate::decide::order::OrderState;

    #[test]
    fn the_table_holds() {
        let cases: &[Case] = &[
            ("one below the hour's limit", |s| flood(s, 5, HOUR / 2), Rung::Phrase, None),
            (
                "the hour's limit",
                |s| flood(s, 6, HOUR / 2),
                Rung::Refuse,
                Some(Reason::TooManyOrders { orders: 6, hours: 1 }),
            ),
            (
                "the day's limit",
                |s| flood(s, 20, 5 * HOUR),
                Rung::Refuse,
                Some(Reason::TooManyOrders { orders: 20, hours: 24 }),
            ),
            (
                "the hour's limit, half of it at another speaker",
                |s| {
                    flood(s, 3, HOUR / 2);
                    for number in 0..3 {
                        let id = format!("there-{number}");
                        s.ordered_there("bedroom", &id, "coffee", OrderState::Cancelled, HOUR / 2, 700);
                    }
                },
                Rung::Refuse,
                Some(Reason::TooManyOrders { orders: 6, hours: 1 }),
            ),
            ("long ago", |s| flood(s, 20, 30 * HOUR), Rung::Phrase, None),
        ];
        check_table(check, cases);
    }

    /// Orders that were all taken back: a flood is a flood.
    fn flood(scene: &mut Scene, count: u32, ago_ms: i64) {
        for number in 0..count {
            scene.ordered(&format!("{number:02}"), "coffee", OrderState::Cancelled, ago_ms, 700);
        }
    }
}
