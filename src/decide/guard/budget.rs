//! Stops a runaway evening: caps for an order, a day and a month (30 days) need an adult; above
//! the hard cap nothing is bought. Counts what is on disk, so a restart does not reset it.

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
        Some(Reason::OverMonthCap { total: money(month.saturating_add(quote.total)), cap: money(policy.cap_month_minor) })
    } else {
        None
    };
    match reason {
        Some(reason) => Verdict::object("budget", Rung::Adult, reason, inputs),
        None => Verdict::fine("budget", inputs),
    }
}
