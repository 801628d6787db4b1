//! The thread that empties the queue: looks what is due, tries several orders' events at once, writes down what came of it.
//!
//! It has a connection to the book of its own. Of several workers, the one that holds the lock delivers, and another one goes
//! on where it ended. A crash between an answer and its note delivers an event twice, never not at all.

use super::send::{Answer, Message, send};
use super::{Config, MAX_RETRY_AFTER_MS, is_last, pause_ms};
use crate::clock::Clock;
use crate::deliver::store::StoreError;
use crate::shop::book::Book;
use crate::shop::book::hooks::{Hook, Outcome};
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;

/// How often the queue is looked at; a read alone while nothing is due.
const LOOK: Duration = Duration::from_millis(500);
/// How often a worker asks whether it is the one that delivers, and how long it waits for a book that can't be reached.
const ASIDE: Duration = Duration::from_secs(2);
/// Events that are under way at once, each of another order.
const AT_ONCE: u32 = 8;
/// When the last ones all failed: one at a time, and not more often than this.
const MAX_REST_S: u64 = 60;

/// Delivers until `is_over`. The book must be one of its own.
///
/// # Errors
/// The thread can't be started.
pub fn start(config: Config, book: Book, clock: Clock, is_over: impl Fn() -> bool + Send + 'static) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let postman = Postman { config: Arc::new(config), book, clock, failures: 0, is_lost: false };
    std::thread::Builder::new().name("webhook".into()).spawn(move || runtime.block_on(postman.run(is_over)))?;
    Ok(())
}

struct Postman {
    config: Arc<Config>,
    book: Book,
    clock: Clock,
    /// Rounds in which everything failed, one after the other.
    failures: u32,
    /// The book could not be reached, and that was said.
    is_lost: bool,
}

impl Postman {
    async fn run(mut self, is_over: impl Fn() -> bool) {
        while !is_over() {
            let rest = match self.round().await {
                Ok(rest) => {
                    self.is_lost = false;
                    rest
                }
                Err(why) => {
                    if !std::mem::replace(&mut self.is_lost, true) {
                        tracing::error!("the webhook waits: {why}");
                    }
                    ASIDE
                }
            };
            // In short steps, so that it ends soon after the shop does.
            let mut left = rest;
            while !left.is_zero() && !is_over() {
                let step = left.min(LOOK);
                tokio::time::sleep(step).await;
                left -= step;
            }
        }
    }

    /// How long to rest after it.
    async fn round(&mut self) -> Result<Duration, StoreError> {
        if !self.book.delivers()? {
            return Ok(ASIDE);
        }
        let Some(now) = self.clock.unix_ms() else { return Ok(ASIDE) };
        let limit = if self.failures > 0 { 1 } else { AT_ONCE };
        let due = self.book.due_hooks(now, MAX_RETRY_AFTER_MS, limit)?;
        if due.is_empty() {
            return Ok(LOOK);
        }
        if let Some(why) = self.book.webhook()?.and_then(|target| target.stopped) {
            self.book.stop_webhook(&why, now)?;
            return Ok(LOOK);
        }
        let answers = self.send_all(due, now).await;
        let Some(now) = self.clock.unix_ms() else { return Ok(ASIDE) };
        let taken = answers.iter().filter(|(_, answer)| *answer == Answer::Taken).count();
        let is_gone = answers.iter().any(|(_, answer)| *answer == Answer::Gone);
        let outcomes: Vec<(i64, Outcome)> =
            answers.into_iter().map(|(hook, answer)| (hook.id, outcome(&hook, answer, now))).collect();
        self.book.settle_hooks(&outcomes)?;
        if is_gone {
            tracing::error!(
                "the webhook {} says that it is gone (410): nothing is sent there any more; \
                 what comes is kept: tendero shop webhook list, and retry --all once it is back",
                self.config.address.url
            );
            self.book.stop_webhook(GONE, now)?;
        }
        self.failures = if taken > 0 { 0 } else { self.failures.saturating_add(1) };
        Ok(match self.failures {
            0 => Duration::ZERO,
            failures => Duration::from_secs((1 << failures.min(6)).min(MAX_REST_S)),
        })
    }

    async fn send_all(&self, due: Vec<Hook>, now: i64) -> Vec<(Hook, Answer)> {
        let mut under_way = JoinSet::new();
        for hook in due {
            let config = self.config.clone();
            under_way.spawn(async move {
                let message = Message { id: hook.msg.clone(), timestamp_s: now / 1000, body: hook.body.clone() };
                let answer = send(&config, message, now).await;
                (hook, answer)
            });
        }
        let mut answers = vec![];
        while let Some(done) = under_way.join_next().await {
            // One that panicked stays in the queue as it was.
            answers.extend(done.inspect_err(|why| tracing::error!("a try of the webhook ended: {why}")));
        }
        answers
    }
}

const GONE: &str = "the webhook said that it is gone (410)";

fn outcome(hook: &Hook, answer: Answer, now: i64) -> Outcome {
    let (why, asked_ms) = match answer {
        Answer::Taken => return Outcome::Delivered,
        Answer::Gone => return Outcome::Dead { at_unix_ms: now, why: GONE.into() },
        Answer::Failed { why, retry_after_ms } => (why, retry_after_ms),
    };
    let tries = hook.tries.saturating_add(1);
    let first_unix_ms = hook.first_unix_ms.unwrap_or(now);
    if is_last(tries, first_unix_ms, now) {
        tracing::error!("{} of {} never arrived ({why}); it is kept: tendero shop webhook list", hook.kind, hook.about);
        return Outcome::Dead { at_unix_ms: now, why };
    }
    if tries == 1 {
        tracing::warn!("{} of {} did not arrive ({why}); it is tried again for a day", hook.kind, hook.about);
    }
    // Without chance everybody comes at once, and that is all.
    let chance = getrandom::u32().unwrap_or(200);
    Outcome::Again { first_unix_ms, due_unix_ms: now.saturating_add(pause_ms(tries, asked_ms, chance)), why }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shop::webhook::{MAX_TRIES, MAX_TRYING_MS};

    fn hook(tries: u32, first_unix_ms: Option<i64>) -> Hook {
        Hook {
            id: 7,
            msg: "msg_1".into(),
            about: "casa/kitchen/1".into(),
            kind: "order.booked".into(),
            body: "{}".into(),
            made_unix_ms: 0,
            tries,
            first_unix_ms,
            due_unix_ms: 0,
            dead_unix_ms: None,
            why: None,
        }
    }

    #[test]
    fn a_no_is_tried_again_and_at_last_kept_as_a_dead_letter() {
        let no = |asked| Answer::Failed { why: "it answered 500".into(), retry_after_ms: asked };
        let now = 1_793_533_770_000;
        assert_eq!(outcome(&hook(3, Some(1)), Answer::Taken, now), Outcome::Delivered);
        let Outcome::Again { first_unix_ms, due_unix_ms, .. } = outcome(&hook(0, None), no(None), now) else {
            panic!()
        };
        assert!(first_unix_ms == now && (now + 4_000..=now + 6_000).contains(&due_unix_ms), "{due_unix_ms}");
        // It goes on from its first try, and comes when the receiver wants it to.
        let Outcome::Again { first_unix_ms, due_unix_ms, .. } = outcome(&hook(1, Some(now - 9)), no(Some(90_000)), now)
        else {
            panic!()
        };
        assert_eq!((first_unix_ms, due_unix_ms), (now - 9, now + 90_000));
        let dead = Outcome::Dead { at_unix_ms: now, why: "it answered 500".into() };
        assert_eq!(outcome(&hook(MAX_TRIES - 1, Some(now)), no(None), now), dead);
        assert_eq!(outcome(&hook(1, Some(now - MAX_TRYING_MS)), no(Some(1)), now), dead);
        assert!(matches!(outcome(&hook(0, None), Answer::Gone, now), Outcome::Dead { .. }));
    }
}
