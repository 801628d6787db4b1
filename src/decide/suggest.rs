//! Suggestions: when something that the household buys regularly should be running out. Pure.
//!
//! Opt-in, at most one a day, outside the quiet hours, each product once between two purchases, and always with the
//! reason. A suggestion is a sentence: it opens no microphone, reads back no price and never orders.

use super::effect::Write;
use super::event::Channel;
use super::mind::{Address, Mind};
use super::reply::Reply;
use super::{Now, Wall};

const DAY_MS: i64 = 86_400_000;
/// While the wall clock is unknown it is looked at this often.
const CLOCK_POLL_MS: u64 = 60_000;
/// Purchases from which a rhythm can be seen: two gaps.
const LEAST_PURCHASES: usize = 3;
/// The gaps may lie this far from their median, per cent, for half of them: else it is no rhythm.
const MOST_DEVIATION_PERCENT: i64 = 35;
/// Offered this part of the time before it should be empty, per cent, so that it can be delivered.
const AHEAD_PERCENT: i64 = 10;
/// After twice the time the habit seems to have ended.
const LATEST_PERCENT: i64 = 200;

/// How long a pack lasts, milliseconds: the median over `purchases`, pairs of Unix time in milliseconds and packs, the
/// oldest first. `None`: too few of them, or no rhythm in them. Purchases of one day count as one.
pub fn pack_lasts_ms(purchases: &[(i64, u32)]) -> Option<i64> {
    let mut days: Vec<(i64, i64)> = vec![];
    for (at_ms, packs) in purchases {
        match days.last_mut() {
            Some((last_ms, sum)) if at_ms - *last_ms < DAY_MS => *sum += i64::from(*packs),
            Some(_) | None => days.push((*at_ms, i64::from(*packs))),
        }
    }
    if days.len() < LEAST_PURCHASES {
        return None;
    }
    let mut lasted: Vec<i64> = days.windows(2).map(|pair| (pair[1].0 - pair[0].0) / pair[0].1.max(1)).collect();
    let median_ms = median(&mut lasted)?;
    let mut off: Vec<i64> = lasted.iter().map(|ms| (ms - median_ms).abs()).collect();
    (median(&mut off)? <= median_ms / 100 * MOST_DEVIATION_PERCENT).then_some(median_ms)
}

fn median(values: &mut [i64]) -> Option<i64> {
    values.sort_unstable();
    values.get(values.len() / 2).copied()
}

/// What should be running out.
struct Due {
    sku: String,
    every_ms: i64,
    since_ms: i64,
}

impl Mind {
    /// Offers what is due, if this is a time for it.
    pub(super) fn suggest(&mut self, now: Now) {
        let Some(wall) = now.wall.filter(|wall| self.may_suggest(*wall)) else { return };
        let Some(due) = self.most_due(wall) else { return };
        let to = Address { channel: Channel::Voice, lang: self.last_lang };
        let days = |ms: i64| u32::try_from((ms + DAY_MS / 2) / DAY_MS).unwrap_or(u32::MAX);
        let reply = Reply::Suggest {
            product: self.product_name(&due.sku, &due.sku, to.lang),
            every_days: days(due.every_ms).max(1),
            days_ago: days(due.since_ms),
        };
        self.household.offered.insert(due.sku.clone(), wall.unix_ms);
        // On disk first: a restart must not offer it again.
        let write = Write::Offered { sku: due.sku, at_unix_ms: wall.unix_ms };
        self.tell_once_stored(vec![write], vec![(to, reply)], false);
    }

    /// The next moment to look, monotonic milliseconds.
    pub(super) fn next_suggestion_ms(&self, now: Now) -> Option<u64> {
        if !self.policy.suggestions {
            return None;
        }
        let Some(wall) = now.wall else { return Some(now.mono_ms + CLOCK_POLL_MS) };
        let minutes = (i64::from(self.policy.suggest_from_min) - i64::from(wall.minute_of_day())).rem_euclid(24 * 60);
        let minutes = if minutes == 0 { 24 * 60 } else { minutes };
        Some(now.mono_ms.saturating_add_signed(minutes * 60_000))
    }

    fn may_suggest(&self, wall: Wall) -> bool {
        let minute = wall.minute_of_day();
        let today = wall.local_day();
        let offered_today = |at: &i64| Wall { unix_ms: *at, ..wall }.local_day() >= today;
        self.policy.suggestions
            && !self.policy.children_up
            && minute >= self.policy.suggest_from_min
            && !self.policy.is_quiet(minute)
            && !self.household.offered.values().any(offered_today)
    }

    /// The product that has been due for the longest part of its time.
    fn most_due(&self, wall: Wall) -> Option<Due> {
        let due = self.household.pack_lasts_ms.iter().filter_map(|(sku, lasts_ms)| self.runs_out(sku, *lasts_ms, wall));
        due.max_by_key(|due| (due.since_ms * 100 / due.every_ms, std::cmp::Reverse(due.sku.clone())))
    }

    fn runs_out(&self, sku: &str, lasts_ms: i64, wall: Wall) -> Option<Due> {
        self.understanding.catalog().product(sku)?;
        let (bought_unix_ms, packs) = self.household.last_bought(sku)?;
        let open = self.household.newest_of(sku).is_some_and(|order| !order.state.is_final());
        let offered = self.household.offered.get(sku).is_some_and(|at| *at >= bought_unix_ms);
        let every_ms = lasts_ms.checked_mul(i64::from(packs.max(1)))?.max(DAY_MS);
        let since_ms = wall.unix_ms.checked_sub(bought_unix_ms)?;
        let part = since_ms.checked_mul(100)? / every_ms;
        let in_time = (100 - AHEAD_PERCENT..=LATEST_PERCENT).contains(&part);
        (in_time && !open && !offered).then(|| Due { sku: sku.to_owned(), every_ms, since_ms })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rhythm_is_the_median_time_that_a_pack_lasts() {
        let at = |days: &[(i64, u32)]| days.iter().map(|(day, packs)| (day * DAY_MS, *packs)).collect::<Vec<_>>();
        type Case<'a> = (&'a str, &'a [(i64, u32)], Option<i64>);
        let cases: &[Case<'_>] = &[
            ("nothing", &[], None),
            ("twice", &[(0, 1), (20, 1)], None),
            ("every three weeks", &[(0, 1), (21, 1), (42, 1), (64, 1)], Some(21)),
            ("two packs last twice as long", &[(0, 1), (10, 2), (30, 1), (40, 1)], Some(10)),
            ("a second order on the same day", &[(0, 1), (0, 1), (20, 1), (30, 1)], Some(10)),
            ("no rhythm", &[(0, 1), (2, 1), (60, 1), (70, 1), (200, 1)], None),
            ("one long holiday", &[(0, 1), (10, 1), (20, 1), (60, 1), (70, 1), (80, 1)], Some(10)),
        ];
        for (name, purchases, days) in cases {
            assert_eq!(pack_lasts_ms(&at(purchases)), days.map(|days| days * DAY_MS), "{name}");
        }
    }
}
