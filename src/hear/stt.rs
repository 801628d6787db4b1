//! Speech-to-text engines behind one trait.

use crate::decide::event::Hypothesis;
use crate::understand::grammar::Grammar;

/// A recogniser. Slow: it runs on the ears' thread, whole utterances at a time.
pub trait Stt: Send {
    /// As in the configuration: `pocketsphinx`, `scripted`, ...
    fn name(&self) -> &'static str;

    /// Makes `grammar` known under `key`, replacing what was there.
    ///
    /// # Errors
    /// Words without a pronunciation, a grammar that the engine does not take.
    fn prepare(&mut self, key: &str, grammar: &Grammar) -> anyhow::Result<()>;

    /// The n-best transcripts of one utterance (16 kHz mono i16), best first, at most `n`,
    /// never empty: nonsense and noise give one hypothesis with empty text.
    ///
    /// # Errors
    /// An unknown `key`, or the engine's own failure.
    fn transcribe(&mut self, key: &str, samples: &[i16], n: usize) -> anyhow::Result<Vec<Hypothesis>>;
}
