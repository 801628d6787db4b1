//! Output of sound; [`Player::play`] returns when the last sample has really been heard.

use super::tts::Speech;

pub trait Player: Send {
    /// Blocks until playback has ended, or `stop` was called.
    ///
    /// # Errors
    /// The device, and what to do about it.
    fn play(&mut self, speech: &Speech) -> anyhow::Result<()>;
}
