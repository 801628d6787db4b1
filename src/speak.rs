//! What to do → sound.
//!
//! [`wording`] turns a [`crate::decide::reply::Reply`] into a sentence, [`tts`] turns the
//! sentence into samples, [`player`] plays them and says when they have really ended.

pub mod player;
pub mod tts;
pub mod wording;
