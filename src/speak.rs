//! What to do → sound.
//!
//! [`wording`] turns a [`crate::decide::reply::Reply`] into a sentence, [`tts`] turns the
//! sentence into samples, [`player`] plays them; [`voice`] does both on threads of its own and
//! says when a reply has really ended. A voice that takes long gets a reply by its [`sentences`],
//! and what it said is kept as sound ([`phrases`]).

pub mod phrases;
pub mod player;
pub mod sentences;
pub mod tts;
pub mod voice;
pub mod wording;
