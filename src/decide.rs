//! Meaning → what to do. Pure: no I/O, no clock, no threads, no randomness, no edges.
//!
//! [`mind::Mind`] takes an [`event::Event`] and the time and answers with a bounded list of
//! [`effect::Effect`]s, which the daemon carries out. [`dialogue`] is the only match over the
//! states of a conversation; [`guard`] holds one file for each guardrail; [`order`] is the
//! life of an order.

mod approval;
pub mod chat;
pub mod dialogue;
pub mod effect;
pub mod event;
pub mod find;
pub mod guard;
pub mod history;
pub mod household;
pub mod ledger;
pub mod lifecycle;
pub mod mind;
pub mod money;
pub mod notice;
pub mod order;
pub mod policy;
pub mod reply;
pub mod second_ear;
pub mod sibling;
pub mod suggest;
mod told;
pub mod when;

use serde::{Deserialize, Serialize};

/// The time of an event. A Pi has no battery clock: the wall clock can be unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Now {
    /// Milliseconds since the daemon started; never goes back.
    pub mono_ms: u64,
    /// The wall clock, if it is known to be right.
    pub wall: Option<Wall>,
}

/// A wall-clock time and the household's local time of day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Wall {
    /// Milliseconds since 1970-01-01T00:00Z.
    pub unix_ms: i64,
    /// Offset of the household's time zone from UTC at that moment, minutes.
    pub offset_min: i16,
}

impl Wall {
    /// Minutes since local midnight, 0 to 1439.
    pub fn minute_of_day(self) -> u16 {
        let minutes = self.unix_ms.div_euclid(60_000) + i64::from(self.offset_min);
        u16::try_from(minutes.rem_euclid(24 * 60)).expect("a remainder of 1440 fits in 16 bits")
    }

    /// Days since 1970-01-01 in the household's time zone.
    pub fn local_day(self) -> i64 {
        (self.unix_ms.div_euclid(60_000) + i64::from(self.offset_min)).div_euclid(24 * 60)
    }
}
