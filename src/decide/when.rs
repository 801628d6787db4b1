//! Days and times of day as a household speaks of them. Pure arithmetic on [`Wall`]; it never
//! reads a clock or a time zone.

use super::Wall;
use serde::{Deserialize, Serialize};

const MS_A_DAY: i64 = 86_400_000;

/// A calendar day in the household's time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Day {
    /// Days from today: 0 today, 1 tomorrow, -1 yesterday.
    pub days_ahead: i64,
    /// 0 Monday to 6 Sunday.
    pub weekday: u8,
    /// 1 to 31.
    pub day: u8,
    /// 1 to 12.
    pub month: u8,
}

impl Day {
    /// The day of `unix_ms`, seen from `now`.
    pub fn of(unix_ms: i64, now: Wall) -> Day {
        let days = local_ms(unix_ms, now).div_euclid(MS_A_DAY);
        let (month, day) = month_and_day(days);
        // 1970-01-01 was a Thursday.
        let weekday = u8::try_from((days + 3).rem_euclid(7)).expect("a remainder of 7 fits in 8 bits");
        Day { days_ahead: days - now.local_day(), weekday, day, month }
    }
}

/// A time on a calendar day in the household's time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    pub day: Day,
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
}

impl Moment {
    /// The moment `unix_ms`, seen from `now`.
    pub fn of(unix_ms: i64, now: Wall) -> Moment {
        let minute_of_day = local_ms(unix_ms, now).rem_euclid(MS_A_DAY) / 60_000;
        let small = |n: i64| u8::try_from(n).expect("hours and minutes fit in 8 bits");
        Moment { day: Day::of(unix_ms, now), hour: small(minute_of_day / 60), minute: small(minute_of_day % 60) }
    }
}

fn local_ms(unix_ms: i64, now: Wall) -> i64 {
    unix_ms.saturating_add(i64::from(now.offset_min) * 60_000)
}

/// Month and day of month of a day number since 1970-01-01.
/// Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`.
fn month_and_day(days: i64) -> (u8, u8) {
    let day_of_era = (days + 719_468).rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let small = |n: i64| u8::try_from(n).expect("months and days fit in 8 bits");
    (small(month), small(day))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_times_are_those_of_the_calendar() {
        // (unix ms, offset in minutes) → (weekday, day, month, hour, minute); from `date -u -d @...`.
        let cases = [
            (0, 0, (3, 1, 1, 0, 0)),
            (1_795_000_000_000, 0, (2, 18, 11, 11, 6)),
            (1_709_164_800_000, 0, (3, 29, 2, 0, 0)),
            (1_709_164_800_000, -60, (2, 28, 2, 23, 0)),
            (1_709_251_199_000, 120, (4, 1, 3, 1, 59)),
            (4_102_444_799_000, 0, (3, 31, 12, 23, 59)),
        ];
        for (unix_ms, offset_min, want) in cases {
            let got = Moment::of(unix_ms, Wall { unix_ms, offset_min });
            assert_eq!((got.day.weekday, got.day.day, got.day.month, got.hour, got.minute), want, "{unix_ms}");
            assert_eq!(got.day.days_ahead, 0);
        }
        let now = Wall { unix_ms: 1_795_000_000_000, offset_min: 0 };
        assert_eq!(Day::of(now.unix_ms + MS_A_DAY, now).days_ahead, 1);
        assert_eq!(Day::of(now.unix_ms - MS_A_DAY, now).days_ahead, -1);
    }
}
