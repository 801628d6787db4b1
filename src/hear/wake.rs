//! Wake-word engines behind one trait.

use super::Hop;

/// A wake-word engine.
pub trait Wake: Send {
    /// One hop of 80 ms; `Some(score)` if the wake word ended in it, 0.0 to 1.0.
    fn push(&mut self, hop: &Hop) -> Option<f32>;

    /// Forgets what it heard.
    fn reset(&mut self);
}
