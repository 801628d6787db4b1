//! What to do → sound.
//!
//! [`wording`] turns a [`crate::decide::reply::Reply`] into a sentence, [`tts`] turns the
//! sentence into samples, [`player`] plays them; [`voice`] does both on a thread of its own and
//! says when a reply has really ended.

pub mod player;
pub mod tts;
pub mod voice;
pub mod wording;
