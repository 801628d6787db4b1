//! Text-to-speech engines behind one trait.

use crate::understand::Lang;

/// Synthesised speech: mono i16.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Speech {
    pub rate_hz: u32,
    pub samples: Vec<i16>,
}

impl Speech {
    pub fn duration_ms(&self) -> u64 {
        self.samples.len() as u64 * 1000 / u64::from(self.rate_hz.max(1))
    }
}

/// A text-to-speech engine. Slow: the daemon calls it off its loop.
pub trait Tts: Send {
    fn name(&self) -> &'static str;

    /// # Errors
    /// What went wrong and what to do about it, for a person.
    fn synthesise(&mut self, text: &str, lang: Lang) -> anyhow::Result<Speech>;
}
