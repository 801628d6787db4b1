//! One conformance suite for every engine behind a trait: recognisers, voices, wake words, and where sound comes from and goes.
//!
//! The same assertions run over every engine of the tables in the crate. An engine without a row here fails the test, and so does
//! one that the set-up installs and that can't start; any other that can't start here is left out, and the table that each test
//! prints says why. The table also says on which model an engine ran, and what that does not prove.

#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

#[path = "engines/hearing.rs"]
mod hearing;
#[cfg(feature = "whisper")]
#[path = "whisper/made.rs"]
mod made;
#[path = "engines/moving.rs"]
mod moving;
#[path = "support/process.rs"]
mod process;
#[path = "support/rng.rs"]
mod rng;
#[path = "engines/sounds.rs"]
mod sounds;
#[path = "engines/speaking.rs"]
mod speaking;
#[path = "engines/table.rs"]
mod table;
#[cfg(feature = "vosk")]
#[path = "vosk/tones.rs"]
mod tones;
#[path = "engines/waking.rs"]
mod waking;
