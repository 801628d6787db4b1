//! Stands where piper-rs expects the crate `espeak-rs`, which would compile espeak-ng (GPL-3.0) into the program, fetch the library
//! sonic from the network while it does, and need it at every start.
//!
//! tendero opens the system's espeak-ng at run time (`src/native/espeak.rs`) and hands piper-rs phonemes, so nothing here is
//! ever called; if it is, it says what to do. It holds no code of espeak-rs, only the names that piper-rs uses.

use std::fmt;

#[derive(Debug, Clone)]
pub struct ESpeakError(pub String);

impl fmt::Display for ESpeakError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ESpeakError {}

pub type ESpeakResult<T> = Result<T, ESpeakError>;

/// # Errors
/// Always: this build has no espeak-ng inside.
pub fn text_to_phonemes(_text: &str, _language: &str, _separator: Option<char>) -> ESpeakResult<Vec<String>> {
    Err(ESpeakError("piper-rs was built without espeak-ng: hand it phonemes, with is_phonemes = true".into()))
}
