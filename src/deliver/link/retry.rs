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
}

impl Retries {
    pub fn new(min: Duration, max: Duration) -> Retries {
        Retries { min, max, waiting: BTreeMap::new() }
    }

    /// The next moment at which something is due.
    pub fn next(&self) -> Option<Instant> {
        self.waiting.values().map(|w| w.at).min()
    }

    pub fn now(&mut self, order: OrderId) {
        self.waiting.insert(order, Waiting { at: Instant::now(), pause: self.min });
    }

    pub fn is_due(&self, order: &OrderId) -> bool {
        self.waiting.get(order).is_none_or(|w| w.at <= Instant::now())
    }

    /// It was tried; the next time is a longer pause away.
    pub fn tried(&mut self, order: OrderId) {
        let pause = self.waiting.get(&order).map_or(self.min, |w| w.pause);
        let waiting = Waiting { at: Instant::now() + jittered(pause), pause: (pause * 2).min(self.max) };
        self.waiting.insert(order, waiting);
    }

    /// Forgets what is no longer due.
    pub fn keep<'a>(&mut self, due: impl Iterator<Item = &'a OrderId>) {
        let due: BTreeSet<&OrderId> = due.collect();
        self.waiting.retain(|order, _| due.contains(order));
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
