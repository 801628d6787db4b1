//! Words → [`Parse`](super::intent::Parse): never fails, says what it did not understand.
