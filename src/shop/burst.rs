//! Do many homes ask for the same rarely bought product at once? Pure: counts and times come in.
//!
//! A programme that says the wake word, or an advert, makes many loudspeakers ask for one product
//! within minutes. Only the shop sees that. [`Rule::is_burst`] compares the homes that asked with
//! how often the product is usually bought; [`Rule::lasts`] says for how long an answer holds, and
//! [`Rule::ruling`] what becomes of an order. Never reads a clock or the book, and never refuses
//! an order: what it holds, an adult of the home can still have.

/// What counts as a burst.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// So many different homes at least, whatever is usual. 0: the guard is off.
    pub min_homes: u32,
    /// Within this time, milliseconds.
    pub window_ms: i64,
}

/// What the book knows of a product at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// Different homes that asked for a price or ordered within the window.
    pub homes: u32,
    /// Bookings in the [`USUAL_MS`] before the window.
    pub bookings: u32,
}

/// What becomes of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ruling {
    Book,
    /// Kept until an adult of the home approves it.
    Hold,
}

/// How far back bookings tell what is usual: 30 days.
pub const USUAL_MS: i64 = 30 * 24 * 3_600_000;
/// So many homes may ask for each one that usually buys: some only want the price, and shops have
/// busy hours.
const ASKS_PER_BOOKING: f64 = 3.0;
/// It must be less likely than one in a million windows that as many homes ask by chance.
const CHANCE: f64 = 1e-6;
/// A burst goes on for so many windows after it was last seen: homes hold an order for some
/// minutes, or wait for an adult, before they send it.
const LASTS_WINDOWS: i64 = 6;

impl Default for Rule {
    /// Five homes within ten minutes.
    fn default() -> Rule {
        Rule { min_homes: 5, window_ms: 10 * 60_000 }
    }
}

impl Rule {
    pub fn is_on(self) -> bool {
        self.min_homes > 0 && self.window_ms > 0
    }

    /// Far more homes than chance explains, if homes ask independently (a Poisson process at the
    /// usual rate). The chance of `n` or more at an expected `m < n` is at most `exp(n - m) (m/n)^n`
    /// (Chernoff's bound; Mitzenmacher and Upfal, Probability and Computing, theorem 5.4).
    pub fn is_burst(self, asked: Asked) -> bool {
        if !self.is_on() || asked.homes < self.min_homes {
            return false;
        }
        let homes = f64::from(asked.homes);
        let usual = self.usual(asked.bookings);
        if usual <= 0.0 {
            return true;
        }
        homes > usual && homes * (homes / usual).ln() - (homes - usual) >= -CHANCE.ln()
    }

    /// How many homes usually ask within a window, at so many bookings in [`USUAL_MS`].
    fn usual(self, bookings: u32) -> f64 {
        ASKS_PER_BOOKING * f64::from(bookings) * self.window_ms as f64 / USUAL_MS as f64
    }

    /// Does a burst that was last seen at `seen_unix_ms` still go on?
    pub fn lasts(self, seen_unix_ms: i64, now_unix_ms: i64) -> bool {
        self.is_on() && now_unix_ms < seen_unix_ms.saturating_add(self.window_ms.saturating_mul(LASTS_WINDOWS))
    }

    /// In a burst, only who bought the product here before gets it at once.
    pub fn ruling(self, in_burst: bool, bought_before: bool) -> Ruling {
        if self.is_on() && in_burst && !bought_before { Ruling::Hold } else { Ruling::Book }
    }

    /// The window in whole minutes, as homes are told it.
    pub fn minutes(self) -> u32 {
        u32::try_from((self.window_ms + 30_000) / 60_000).unwrap_or(u32::MAX).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000;

    #[test]
    fn the_table_holds() {
        let rule = Rule::default();
        let cases: &[(&str, Rule, u32, u32, bool)] = &[
            ("nobody asks", rule, 0, 0, false),
            ("a few homes, never bought before", rule, 4, 0, false),
            ("five homes, never bought before", rule, 5, 0, true),
            ("five hundred homes, never bought before", rule, 500, 0, true),
            ("a dollhouse that is bought once a month", rule, 5, 1, true),
            ("twice a day, and five at once", rule, 5, 60, true),
            ("five hundred a month: five at once may be chance", rule, 5, 500, false),
            ("five hundred a month: eight at once is not", rule, 8, 500, true),
            // 43,200 bookings are one a minute: thirty homes in a window are no surprise.
            ("milk, a busy hour", rule, 50, 43_200, false),
            ("milk, half the town", rule, 90, 43_200, true),
            ("fewer than usual", rule, 5, 1_000_000, false),
            ("other thresholds", Rule { min_homes: 20, ..rule }, 19, 0, false),
            ("other thresholds, reached", Rule { min_homes: 20, ..rule }, 20, 0, true),
            ("a shorter window makes the same number stranger", Rule { window_ms: MINUTE, ..rule }, 5, 500, true),
            ("off", Rule { min_homes: 0, ..rule }, 500, 0, false),
            ("no window", Rule { window_ms: 0, ..rule }, 500, 0, false),
        ];
        for (what, rule, homes, bookings, expected) in cases {
            let asked = Asked { homes: *homes, bookings: *bookings };
            assert_eq!(rule.is_burst(asked), *expected, "{what}");
        }
    }

    #[test]
    fn more_homes_never_end_a_burst_and_more_bookings_never_make_one() {
        let rule = Rule::default();
        for bookings in [0, 1, 10, 100, 1_000, 10_000, 100_000] {
            let first = (0..3_000).find(|homes| rule.is_burst(Asked { homes: *homes, bookings })).unwrap();
            assert!((first..3_000).all(|homes| rule.is_burst(Asked { homes, bookings })), "{bookings}");
            let fewer = Asked { homes: first - 1, bookings: bookings * 10 };
            assert!(!rule.is_burst(fewer), "{bookings}");
        }
    }

    #[test]
    fn only_strangers_wait_and_only_while_it_lasts() {
        let rule = Rule::default();
        assert_eq!(rule.ruling(true, false), Ruling::Hold);
        assert_eq!(rule.ruling(true, true), Ruling::Book);
        assert_eq!(rule.ruling(false, false), Ruling::Book);
        let off = Rule { min_homes: 0, ..rule };
        assert_eq!(off.ruling(true, false), Ruling::Book);
        assert!(rule.lasts(0, 59 * MINUTE) && !rule.lasts(0, 60 * MINUTE) && !off.lasts(0, 1));
        assert_eq!(rule.minutes(), 10);
    }
}
