//! Stops a runaway evening: caps for an order, a day and a month (30 days) need an adult; above
//! the hard cap nothing is bought. Counts what is on disk, so a restart does not reset it, and what
//! the household's other speakers tell of.

use super::{Proposal, Rung, Verdict};
use crate::decide::Wall;
use crate::decide::money::Money;
use crate::decide::reply::Reason;

const MONTH_MS: i64 = 30 * 86_400_000;

/// The verdict of this guard.
pub fn check(proposal: &Proposal) -> Verdict {
    let Some(quote) = proposal.quote else { return Verdict::fine("budget", "quote=none".into()) };
    let policy = proposal.policy;
    let (day, month) = proposal.now.wall.map_or((0, 0), |wall: Wall| {
        (proposal.household.spent_on_day(wall), proposal.household.spent_since(wall.unix_ms - MONTH_MS))
    });
    let inputs = format!("total={} day={day} month={month}", quote.total);
    let money = |minor: i64| Money::new(minor, &quote.currency);

    if quote.total > policy.hard_cap_minor {
        let reason = Reason::OverHardCap { total: quote.total(), cap: money(policy.hard_cap_minor) };
        return Verdict::object("budget", Rung::Refuse, reason, inputs);
    }
    let over = |spent: i64, cap: i64| spent.saturating_add(quote.total) > cap;
    let reason = if quote.total > policy.cap_order_minor {
        Some(Reason::OverCap { total: quote.total(), cap: money(policy.cap_order_minor) })
    } else if over(day, policy.cap_day_minor) {
        Some(Reason::OverDayCap { total: money(day.saturating_add(quote.total)), cap: money(policy.cap_day_minor) })
    } else if over(month, policy.cap_month_minor) {
        Some(Reason::OverMonthCap {
            total: money(month.saturating_add(quote.total)),
            cap: money(policy.cap_month_minor),
        })
    } else {
        None
    };
    match reason {
        Some(reason) => Verdict::object("budget", Rung::Adult, reason, inputs),
        None => Verdict::fine("budget", inputs),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::guard::fixture::{Case, HOUR, check_table, quote};
    use crate::decide::order::OrderState;

    #[test]
    fn the_table_holds() {
        let cases: &[Case] = &[
            ("at the cap", |s| s.quote = Some(quote(&[("coffee", 1, 5_000)])), Rung::Phrase, None),
            (
                "above the cap of an order",
                |s| s.quote = Some(quote(&[("coffee", 1, 5_001)])),
                Rung::Adult,
                Some(Reason::OverCap { total: eur(5_001), cap: eur(5_000) }),
            ),
            (
                "above the hard cap",
                |s| s.quote = Some(quote(&[("coffee", 1, 30_001)])),
                Rung::Refuse,
                Some(Reason::OverHardCap { total: eur(30_001), cap: eur(30_000) }),
            ),
            (
                "above the cap of a day",
                |s| s.ordered("1", "wine", OrderState::Held, HOUR, 9_301),
                Rung::Adult,
                Some(Reason::OverDayCap { total: eur(10_001), cap: eur(10_000) }),
            ),
            ("at the cap of a day", |s| s.ordered("1", "wine", OrderState::Held, HOUR, 9_300), Rung::Phrase, None),
            (
                "spent yesterday",
                |s| s.ordered("1", "wine", OrderState::Delivered, 19 * HOUR, 9_900),
                Rung::Phrase,
                None,
            ),
            ("taken back today", |s| s.ordered("1", "wine", OrderState::Cancelled, HOUR, 9_900), Rung::Phrase, None),
            (
                "spent today at other speakers",
                |s| {
                    s.ordered_there("bedroom", "1", "wine", OrderState::Held, HOUR, 5_000);
                    s.ordered_there("living-room", "2", "wine", OrderState::Accepted, HOUR, 4_301);
                },
                Rung::Adult,
                Some(Reason::OverDayCap { total: eur(10_001), cap: eur(10_000) }),
            ),
            (
                "taken back today at another speaker",
                |s| s.ordered_there("bedroom", "1", "wine", OrderState::Cancelled, HOUR, 9_900),
                Rung::Phrase,
                None,
            ),
            (
                "an order of ours that another speaker tells of, too, counts once",
                |s| {
                    s.ordered_there("bedroom", "1", "wine", OrderState::Held, HOUR, 9_000);
                    s.ordered("1", "wine", OrderState::Held, HOUR, 9_000);
                },
                Rung::Phrase,
                None,
            ),
            (
                "spent this month at another speaker",
                |s| s.ordered_there("bedroom", "1", "wine", OrderState::Delivered, 600 * HOUR, 39_301),
                Rung::Adult,
                Some(Reason::OverMonthCap { total: eur(40_001), cap: eur(40_000) }),
            ),
            (
                "above the cap of a month",
                |s| s.ordered("1", "wine", OrderState::Delivered, 600 * HOUR, 39_301),
                Rung::Adult,
                Some(Reason::OverMonthCap { total: eur(40_001), cap: eur(40_000) }),
            ),
        ];
        check_table(check, cases);
    }

    fn eur(minor: i64) -> Money {
        Money::new(minor, "EUR")
    }
}
