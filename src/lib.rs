//! # tendero: a shopkeeper in the loudspeaker
//!
//! One spoken reorder travels through these modules in the order in which they are listed:
//!
//! ```text
//! hear  →  understand  →  decide  →  speak
//!                           │
//!                           └──→  deliver  →  (broker)  →  shop
//! ```
//!
//! * [`hear`]: microphone → words. Samples, wake word, end of speech, speech-to-text.
//! * [`understand`]: words → meaning. Pure.
//! * [`decide`]: meaning → what to do. Pure: dialogue, guardrails, the life of an order.
//! * [`speak`]: what to do → sound.
//! * [`deliver`]: orders → broker. The durable outbox, signed envelopes, MQTT 5.
//! * [`shop`]: the reference shop at the other end.
//!
//! Around them: [`daemon`] is the only loop, [`journal`] writes down what it saw, [`config`]
//! and [`cli`] are how a person reaches it, [`clock`] is the only place that reads the time,
//! [`clean`] is what every text of a shop goes through, [`private_file`] how a file of the state folder is written,
//! [`models`] what fetches and checks what tendero hears and speaks with, [`chance`] what is random and yet the same for a seed, `sound_card` finds a card by its
//! name, `echo` takes the loudspeaker out of the microphone, and [`native`] is the only place with `unsafe`.
//!
//! ## What always holds
//!
//! 1. `understand` and `decide` do no I/O and read no clock: the time and every random
//!    number arrive with the event, so replaying a journal gives the same effects.
//! 2. No order leaves without a verdict of every guard and an explicit confirmation in the
//!    same turn; what is ordered is what was read back.
//! 3. Nothing is "ordered" before it is on disk, and nothing is "booked" before the shop's
//!    signed receipt is.
//! 4. `hear`, `speak` and `deliver` use the types of `understand` and `decide`, and never
//!    each other. `shop` shares only the envelope types.
//! 5. Every wait has a deadline, every queue and retry has a bound.

pub mod decide;
pub mod deliver;
pub mod hear;
pub mod shop;
pub mod speak;
pub mod understand;

pub mod chance;
pub mod clean;
pub mod cli;
pub mod clock;
pub mod config;
pub mod daemon;
#[cfg(feature = "barge-in")]
pub mod echo;
pub mod journal;
pub mod memory;
pub mod models;
pub mod native;
pub mod private_file;
#[cfg(feature = "audio")]
pub mod sound_card;
