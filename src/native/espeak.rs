//! libespeak-ng: text → samples, text → phonemes.
