//! Wake-word engines behind one trait.
//!
//! An engine is fed every hop of 80 ms and says when the wake word has just been heard, and
//! nothing else: it neither keeps sound nor knows what happens next. [`openwakeword`] is the
//! real one; [`scripted`] fires where a test says so.

use super::Hop;

pub mod openwakeword;
pub mod scripted;
pub mod trigger;

/// Milliseconds after the end of the wake word by which
/// [`openwakeword::OpenWakeWord`] has reported it (95 of 100 words: by 260 ms; a report is at
/// the end of a hop). A command can have begun by then, so the ears keep the sound from this
/// long before the report. Measured on voices that the head was not trained on, see
/// `models/wake/README.md`.
pub const LATENCY_MS: u32 = 340;
/// Milliseconds before the end of the wake word at which the report can come: a long last
/// vowel is then still sounding, and is not the command.
pub const EARLY_MS: u32 = 180;

/// A wake-word engine.
pub trait Wake: Send {
    /// Takes the next 80 ms. `Some(score)`, 0 to 1, when the wake word has just been heard;
    /// threshold, patience and the pause until it can fire again are the engine's business,
    /// so each wake word is reported once.
    fn push(&mut self, hop: &Hop) -> Option<f32>;

    /// Forgets what it has heard, as if the room had been quiet until now. To be called when
    /// hops were left out (muted, deaf): sound from before a gap must not join with what follows.
    fn reset(&mut self);
}
