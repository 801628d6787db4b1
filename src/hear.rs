//! Microphone → words.
//!
//! [`source`] gives 16 kHz mono i16 in hops of 80 ms; [`frontend`] measures level and voice
//! activity; [`wake`] looks for the wake word; [`endpoint`] finds where an utterance begins
//! and ends; [`stt`] turns the utterance into n-best words, and [`transcriber`] begins with that before the end is sure; [`second`] hears it again where that
//! is worth it; [`fingerprint`] says whether it is a
//! recording that is known, and [`voiceprint`] whose voice it is. [`check`] judges a microphone. [`ears`] ties them together: a
//! state machine that is fed hops and commands and answers with [`ears::EarEvent`]s.

pub mod check;
#[cfg(feature = "pocketsphinx")]
pub mod denoise;
pub mod ears;
pub mod endpoint;
pub mod fingerprint;
pub mod frontend;
mod onnx;
pub mod second;
pub mod source;
pub mod stt;
pub mod transcriber;
pub mod voiceprint;
pub mod wake;

/// Samples in a second: everything behind [`source`] is 16 kHz mono.
pub const RATE_HZ: u32 = 16_000;
/// Samples in a hop of 80 ms, the step of the wake word networks.
pub const HOP: usize = 1_280;
/// 80 ms of sound, i16 mono 16 kHz.
pub type Hop = [i16; HOP];
/// Milliseconds in a hop.
pub const HOP_MS: u32 = 80;
