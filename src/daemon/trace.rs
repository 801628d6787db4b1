//! What the loop does, for whoever watches it: the demo's terminal, a log, a test.

use crate::decide::Now;
use crate::decide::effect::Effect;
use crate::decide::event::{Channel, Event};
use crate::hear::ears::StageMs;
use crate::speak::voice::Spoken;

/// One step of the daemon. Times in milliseconds of the machine's clock.
#[derive(Debug, Clone, PartialEq)]
pub enum Trace {
    /// `took_us`: understanding and deciding, microseconds.
    Event {
        at: Now,
        event: Event,
        took_us: u64,
    },
    Effect {
        at: Now,
        effect: Effect,
    },
    /// A reply in words.
    Sentence {
        say: u32,
        channel: Channel,
        text: String,
    },
    /// What the ears took for the utterance that follows.
    Ears {
        ms: StageMs,
    },
    Spoken {
        spoken: Spoken,
    },
    /// A durable commit.
    Stored {
        ms: u32,
    },
    SourceEnded,
}
