//! Where samples come from: a cpal device, a WAV or FLAC file, a raw pipe, or a feed.
//!
//! Everything behind a [`Source`] is 16 kHz mono, in hops of 80 ms.

use super::Hop;

#[cfg(feature = "audio")]
pub mod cpal;
pub mod feed;
pub mod file;
pub mod pipe;
pub mod rate;

pub use feed::{Feed, Feeder, feed};
pub use file::{Recording, SourceError, read_file};
pub use pipe::Pipe;

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
    /// Fills `hop`. After an error the next call tries to open the device again.
    ///
    /// # Errors
    /// The device or file, what happened, and what to do about it.
    fn read(&mut self, hop: &mut Hop) -> anyhow::Result<Read>;

    /// Muted: lets go of the device, and of every sample that waits. The next
    /// [`Source::read`] takes it up again.
    fn pause(&mut self) {}

    /// Times that sound was lost because it came faster than it was read, since the beginning.
    fn overruns(&self) -> u64 {
        0
    }
}
