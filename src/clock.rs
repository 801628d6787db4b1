//! The only place that reads the time.
//!
//! A [`Clock`] can run ahead of the machine's: the demo skips the hold, and sound that is
//! processed faster than it was spoken moves the clock on by its own length. It never goes back.

use crate::decide::{Now, Wall};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A Pi without network boots in the past; no release of this program is older than this
/// (2026-01-01), so an earlier wall clock is unknown.
const EARLIEST_UNIX_MS: i64 = 1_767_225_600_000;
/// 2100-01-01: a later wall clock is a fault as well.
const LATEST_UNIX_MS: i64 = 4_102_444_800_000;

/// Cheap to clone; clones share the offset.
#[derive(Debug, Clone)]
pub struct Clock {
    start: Instant,
    ahead_ms: Arc<AtomicU64>,
    moved: Arc<tokio::sync::Notify>,
    zone: jiff::tz::TimeZone,
}

impl Clock {
    /// The machine's clock in the machine's time zone.
    pub fn system() -> Clock {
        Clock::in_zone(jiff::tz::TimeZone::system())
    }

    #[allow(clippy::disallowed_methods, reason = "this is the clock")]
    pub fn in_zone(zone: jiff::tz::TimeZone) -> Clock {
        Clock { start: Instant::now(), ahead_ms: Arc::default(), moved: Arc::default(), zone }
    }

    pub fn now(&self) -> Now {
        let ahead = self.ahead_ms.load(Ordering::SeqCst);
        Now { mono_ms: self.machine_ms() + ahead, wall: self.wall(ahead) }
    }

    /// Milliseconds since 1970, or `None` while the wall clock is not to be believed.
    pub fn unix_ms(&self) -> Option<i64> {
        self.now().wall.map(|wall| wall.unix_ms)
    }

    /// Milliseconds of real time since the start, whatever was skipped: for measuring work.
    pub fn machine_ms(&self) -> u64 {
        self.machine_us() / 1000
    }

    /// As [`Clock::machine_ms`], microseconds.
    pub fn machine_us(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_micros()).expect("600 thousand years of uptime")
    }

    /// Lets the clock run ahead by `by`, and wakes whoever waits on [`Clock::moved`].
    pub fn skip(&self, by: Duration) {
        let ms = u64::try_from(by.as_millis()).expect("a skip is hours at the most");
        self.ahead_ms.fetch_add(ms, Ordering::SeqCst);
        self.moved.notify_waiters();
    }

    /// Completes after the next [`Clock::skip`] from this call on, polled or not: who sleeps until a time takes
    /// this first and reads the clock then, so that no skip falls between the two.
    pub fn moved(&self) -> tokio::sync::futures::Notified<'_> {
        self.moved.notified()
    }

    #[allow(clippy::disallowed_methods, reason = "this is the clock")]
    fn wall(&self, ahead_ms: u64) -> Option<Wall> {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
        let unix_ms = i64::try_from(since.as_millis()).ok()?.checked_add_unsigned(ahead_ms)?;
        if !(EARLIEST_UNIX_MS..LATEST_UNIX_MS).contains(&unix_ms) {
            return None;
        }
        let at = jiff::Timestamp::from_millisecond(unix_ms).ok()?;
        let offset_min = i16::try_from(self.zone.to_offset(at).seconds() / 60).ok()?;
        Some(Wall { unix_ms, offset_min })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_skip_before_the_first_poll_is_noticed() {
        let clock = Clock::system();
        let moved = clock.moved();
        clock.skip(Duration::from_secs(600));
        tokio::time::timeout(Duration::from_secs(5), moved).await.expect("the skip was noticed");
    }
}
