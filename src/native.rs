//! C libraries, most of them opened at run time: the only place with `unsafe`.
//!
//! Opened, not linked, so that the program starts on a machine without them and can say
//! which package is missing.
#![allow(unsafe_code, reason = "this module binds C libraries")]

#[cfg(feature = "audio")]
pub mod alsa;
pub mod clock_sync;
#[cfg(feature = "espeak")]
pub mod espeak;
#[cfg(feature = "piper")]
pub mod onnxruntime;
pub mod pipe;
#[cfg(feature = "pocketsphinx")]
pub mod pocketsphinx;
#[cfg(feature = "vosk")]
pub mod vosk;
