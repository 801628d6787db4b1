//! When each unanswered order is published again: doubling pauses with jitter, bounded.

use crate::decide::order::OrderId;
use crate::deliver::mqtt::jittered;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::time::Instant;

pub struct Retries {
    min: Duration,
    max: Duration,
    waiting: BTreeMap<OrderId, Waiting>,
}

struct Waiting {
    at: Instant,
    pause: Duration,
    /// How often the store did not know of it.
    misses: u8,
}

/// A command may overtake the commit that it is about: so often it is looked for again.
const MAX_MISSES: u8 = 3;

impl Retries {
    pub fn new(min: Duration, max: Duration) -> Retries {
        Retries { min, max, waiting: BTreeMap::new() }
    }

    /// The next moment at which something is due.
    pub fn next(&self) -> Option<Instant> {
        self.waiting.values().map(|w| w.at).min()
    }

    pub fn now(&mut self, order: OrderId) {
        self.waiting.insert(order, Waiting { at: Instant::now(), pause: self.min, misses: 0 });
    }

    pub fn is_due(&self, order: &OrderId) -> bool {
        self.waiting.get(order).is_none_or(|w| w.at <= Instant::now())
    }

    /// It was tried; the next time is a longer pause away.
    pub fn tried(&mut self, order: OrderId) {
        let pause = self.waiting.get(&order).map_or(self.min, |w| w.pause);
        let waiting =
            Waiting { at: Instant::now() + jittered(pause), pause: (pause * 2).min(self.max), misses: MAX_MISSES };
        self.waiting.insert(order, waiting);
    }

    /// Forgets what is no longer due.
    pub fn keep<'a>(&mut self, due: impl Iterator<Item = &'a OrderId>) {
        let due: BTreeSet<&OrderId> = due.collect();
        let (now, pause) = (Instant::now(), self.min);
        self.waiting.retain(|order, waiting| {
            if due.contains(order) {
                return true;
            }
            if waiting.at <= now {
                waiting.misses += 1;
                waiting.at = now + pause;
            }
            waiting.misses < MAX_MISSES
        });
    }

    /// Nothing could be tried: everything waits for its pause again.
    pub fn later(&mut self) {
        let at = Instant::now() + self.min;
        self.waiting.values_mut().for_each(|w| w.at = w.at.max(at));
    }
}

/// Sleeps until `at`; for ever if there is nothing to wait for.
pub async fn until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIN: Duration = Duration::from_millis(20);

    fn id(n: u8) -> OrderId {
        OrderId(n.to_string())
    }

    #[tokio::test]
    async fn pauses_double_up_to_the_longest_and_end_when_nothing_is_due() {
        let mut retries = Retries::new(MIN, MIN * 4);
        assert!(retries.is_due(&id(1)), "an order that was never tried is due");
        let mut pauses = vec![];
        for _ in 0..5 {
            let before = Instant::now();
            retries.tried(id(1));
            until(retries.next()).await;
            assert!(retries.is_due(&id(1)));
            pauses.push((Instant::now() - before).as_millis());
        }
        // Half of it is jitter; a busy machine may add to it.
        for (pause, longest) in pauses.into_iter().zip([20, 40, 80, 80, 80]) {
            assert!(pause >= longest / 2, "{pause} of {longest}");
        }
        retries.keep([].iter());
        assert_eq!(retries.next(), None);
    }

    #[tokio::test]
    async fn a_command_that_overtook_its_commit_is_looked_for_again() {
        let mut retries = Retries::new(MIN, MIN);
        retries.now(id(1));
        retries.keep([].iter());
        until(retries.next()).await;
        retries.keep([&id(1)].into_iter());
        assert!(retries.is_due(&id(1)));
        retries.now(id(2));
        for _ in 0..3 {
            until(retries.next()).await;
            retries.keep([].iter());
        }
        assert_eq!(retries.next(), None, "but not for ever");
    }
}
