//! The ears: hops and commands in, [`EarEvent`]s out.

use crate::decide::event::{Acoustics, Hypothesis, Turn};
use crate::understand::grammar::Expect;
use crate::understand::Lang;

/// What the daemon tells the ears.
#[derive(Debug, Clone, PartialEq)]
pub enum EarCommand {
    /// Take down one utterance; answers `Heard` or `Silence` with `turn`. A `window_ms`
    /// without speech (counted in samples, not by a clock) ends it.
    Listen { turn: Turn, lang: Lang, expect: Expect, window_ms: u32 },
    /// Back to the wake word.
    Rest,
    /// The speaker begins to talk: drop every sample until `Undeafen`.
    Deafen,
    /// Playback has really ended; hear again after the settling time.
    Undeafen,
    /// Muted: not one sample is read from the source.
    Mute(bool),
}

/// What the ears tell the daemon.
#[derive(Debug, Clone, PartialEq)]
pub enum EarEvent {
    Woke { score: f32 },
    Heard { turn: Option<Turn>, lang: Lang, nbest: Vec<Hypothesis>, acoustics: Acoustics, ms: StageMs },
    Silence { turn: Option<Turn> },
    /// The microphone is gone or failed; the daemon says so and tries again.
    SourceLost { why: String },
    SourceBack,
    /// A file or feed has ended.
    End,
}

/// Time spent on one utterance, milliseconds of the machine's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StageMs {
    pub wake: u32,
    pub endpoint: u32,
    pub decode: u32,
}
