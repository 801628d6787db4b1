//! Raw samples from a pipe: signed 16 bit, little endian, 16 kHz, mono.
//!
//! Such as `arecord -q -f S16_LE -r 16000 -c 1 -t raw | tendero run ...`.

use super::{Read, Source};
use crate::hear::{HOP, Hop};
use anyhow::Context;

/// A source that reads raw samples.
#[derive(Debug)]
pub struct Pipe<R> {
    from: R,
    begun: bool,
}

impl<R: std::io::Read + Send> Pipe<R> {
    pub fn new(from: R) -> Pipe<R> {
        Pipe { from, begun: false }
    }
}

impl Pipe<std::io::Stdin> {
    /// Standard input.
    pub fn stdin() -> Pipe<std::io::Stdin> {
        Pipe::new(std::io::stdin())
    }
}

impl<R: std::io::Read + Send> Source for Pipe<R> {
    fn read(&mut self, hop: &mut Hop) -> anyhow::Result<Read> {
        hop.fill(0);
        let mut bytes = [0_u8; HOP * 2];
        let mut filled = 0;
        while filled < bytes.len() {
            match self.from.read(&mut bytes[filled..]) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
                Err(e) => {
                    return Err(e).context(
                        "the pipe of raw samples can't be read; is the program at its other end still running?",
                    );
                }
            }
        }
        let first = !std::mem::replace(&mut self.begun, true);
        anyhow::ensure!(
            !(first && (bytes.starts_with(b"RIFF") || bytes.starts_with(b"fLaC"))),
            "the pipe holds a WAV or FLAC file, and raw samples were expected; use arecord with -t raw, or give the file's name"
        );
        // Half a sample at the end is dropped.
        for (pair, to) in bytes[..filled].chunks_exact(2).zip(hop.iter_mut()) {
            *to = i16::from_le_bytes([pair[0], pair[1]]);
        }
        Ok(if filled < 2 { Read::End } else { Read::Hop })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn little_endian_and_padded() {
        let mut pipe = Pipe::new(&[0x01, 0x02, 0xff, 0xff, 0x07][..]);
        let mut hop = [9; HOP];
        assert_eq!(pipe.read(&mut hop).unwrap(), Read::Hop);
        assert_eq!(hop[..3], [0x0201, -1, 0]);
        assert_eq!(pipe.read(&mut hop).unwrap(), Read::End);
    }

    #[test]
    fn a_wav_file_is_refused() {
        let error = Pipe::new(&b"RIFF....WAVE"[..]).read(&mut [0; HOP]).unwrap_err().to_string();
        assert!(error.contains("raw samples were expected"), "{error}");
    }
}
