//! Where samples come from: a cpal device, a WAV or FLAC file, a raw pipe, or a feed.

use super::Hop;

/// What a source had to give.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Read {
    /// The hop was filled.
    Hop,
    /// The file or feed has ended; the hop is silence.
    End,
}

/// A stream of 16 kHz mono samples. Blocks at the pace of its device.
pub trait Source: Send {
    /// Fills `hop`.
    ///
    /// # Errors
    /// The device or file, what happened, and what to do about it.
    fn read(&mut self, hop: &mut Hop) -> anyhow::Result<Read>;
}
