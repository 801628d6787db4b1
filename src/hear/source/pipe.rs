//! Sound from a pipe: raw samples (signed 16 bit, little endian, 16 kHz, mono), or a WAV stream, whose header says what it is.
//!
//! Such as `arecord -q -f S16_LE -r 16000 -c 1 -t raw | tendero run ...`, or `arecord -q -f cd | tendero run ...`.

use super::rate::{Stream as Resampler, to_i16};
use super::{Read, Source};
use crate::hear::{HOP, Hop};
use anyhow::{Context, bail, ensure};
use std::collections::VecDeque;

/// The longest part of a WAV header that is no sound, bytes.
const MAX_CHUNK: u32 = 1 << 20;
/// Frames that are read at once.
const FRAMES: usize = 1_024;

/// A source that reads samples from a stream of bytes.
pub struct Pipe<R> {
    from: R,
    kind: Option<Kind>,
}

enum Kind {
    /// With the bytes that were read to find that out.
    Raw(Vec<u8>),
    Wav(Box<Wav>),
}

/// A WAV stream after its header. The length that it states is not believed: a recording that goes on has none.
struct Wav {
    channels: usize,
    sample: Sample,
    resampler: Resampler,
    waiting: VecDeque<i16>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Sample {
    U8,
    I16,
    I24,
    I32,
    F32,
}

impl Sample {
    fn bytes(self) -> usize {
        match self {
            Sample::U8 => 1,
            Sample::I16 => 2,
            Sample::I24 => 3,
            Sample::I32 | Sample::F32 => 4,
        }
    }

    /// Full scale is 1.0.
    fn value(self, bytes: &[u8]) -> f32 {
        let value = match (self, bytes) {
            (Sample::U8, &[a]) => (f32::from(a) - 128.0) / 128.0,
            (Sample::I16, &[a, b]) => f32::from(i16::from_le_bytes([a, b])) / 32_768.0,
            (Sample::I24, &[a, b, c]) => i32::from_le_bytes([0, a, b, c]) as f32 / 2_147_483_648.0,
            (Sample::I32, &[a, b, c, d]) => i32::from_le_bytes([a, b, c, d]) as f32 / 2_147_483_648.0,
            (Sample::F32, &[a, b, c, d]) => f32::from_le_bytes([a, b, c, d]),
            (Sample::U8 | Sample::I16 | Sample::I24 | Sample::I32 | Sample::F32, _) => 0.0,
        };
        // A float stream may hold what is no number; silence is what it can mean.
        if value.is_finite() { value } else { 0.0 }
    }
}

impl<R: std::io::Read + Send> Pipe<R> {
    pub fn new(from: R) -> Pipe<R> {
        Pipe { from, kind: None }
    }

    fn begin(&mut self) -> anyhow::Result<Kind> {
        let mut first = [0; 4];
        let count = fill(&mut self.from, &mut first)?;
        match &first[..count] {
            b"RIFF" => Ok(Kind::Wav(Box::new(header(&mut self.from)?))),
            b"fLaC" => bail!("the pipe holds a FLAC file; give the file's name, or raw samples or WAV in the pipe"),
            other => Ok(Kind::Raw(other.to_vec())),
        }
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
        let mut kind = match self.kind.take() {
            Some(kind) => kind,
            None => self.begin()?,
        };
        let read = match &mut kind {
            Kind::Raw(first) => raw(&mut self.from, first, hop),
            Kind::Wav(wav) => wav.read(&mut self.from, hop),
        };
        self.kind = Some(kind);
        read
    }
}

fn raw(from: &mut impl std::io::Read, first: &mut Vec<u8>, hop: &mut Hop) -> anyhow::Result<Read> {
    hop.fill(0);
    let mut bytes = [0_u8; HOP * 2];
    let had = first.len();
    bytes[..had].copy_from_slice(first);
    first.clear();
    let filled = had + fill(from, &mut bytes[had..])?;
    // Half a sample at the end is dropped.
    for (pair, to) in bytes[..filled].chunks_exact(2).zip(hop.iter_mut()) {
        *to = i16::from_le_bytes([pair[0], pair[1]]);
    }
    Ok(if filled < 2 { Read::End } else { Read::Hop })
}

impl Wav {
    fn read(&mut self, from: &mut impl std::io::Read, hop: &mut Hop) -> anyhow::Result<Read> {
        let frame = self.sample.bytes() * self.channels;
        let mut bytes = vec![0; frame * FRAMES];
        while self.waiting.len() < HOP {
            let filled = fill(from, &mut bytes)?;
            let mix = |frame: &[u8]| {
                let sum: f32 = frame.chunks_exact(self.sample.bytes()).map(|bytes| self.sample.value(bytes)).sum();
                sum / self.channels as f32
            };
            let mono: Vec<f32> = bytes[..filled].chunks_exact(frame).map(mix).collect();
            self.waiting.extend(self.resampler.push(&mono)?.into_iter().map(to_i16));
            if filled < bytes.len() {
                break;
            }
        }
        Ok(super::feed::take_hop(&mut self.waiting, hop))
    }
}

/// What stands between "RIFF" and the sound.
fn header(from: &mut impl std::io::Read) -> anyhow::Result<Wav> {
    let cut_off = "the pipe's WAV header is cut off; is the program at its other end still running?";
    let mut take = |count: u32| -> anyhow::Result<Vec<u8>> {
        ensure!(count <= MAX_CHUNK, "the pipe's WAV header is damaged: a part of it claims {count} bytes");
        let mut bytes = vec![0; count as usize];
        ensure!(fill(from, &mut bytes)? == bytes.len(), cut_off);
        Ok(bytes)
    };
    ensure!(take(8)?.ends_with(b"WAVE"), "the pipe holds a RIFF file that is no WAV");
    let mut format = None;
    loop {
        let head = take(8)?;
        let size = u32::from_le_bytes([head[4], head[5], head[6], head[7]]);
        match (&head[..4], format) {
            (b"data", Some((sample, channels, rate_hz))) => {
                let resampler = Resampler::new(rate_hz).context("the pipe's WAV header is damaged")?;
                return Ok(Wav { channels, sample, resampler, waiting: VecDeque::new() });
            }
            (b"data", None) => bail!("the pipe's WAV header does not say what its samples are"),
            (b"fmt ", _) => format = Some(format_of(&take(size)?)?),
            // Parts are of an even length.
            _ => drop(take(size.saturating_add(size & 1))?),
        }
    }
}

/// Kind of sample, channels and rate.
fn format_of(chunk: &[u8]) -> anyhow::Result<(Sample, usize, u32)> {
    let word = |at: usize| chunk.get(at..at + 2).map_or(0, |pair| u16::from_le_bytes([pair[0], pair[1]]));
    // The extended form has the real tag further on.
    let tag = if word(0) == 0xFFFE { word(24) } else { word(0) };
    let sample = match (tag, word(14)) {
        (1, 8) => Sample::U8,
        (1, 16) => Sample::I16,
        (1, 24) => Sample::I24,
        (1, 32) => Sample::I32,
        (3, 32) => Sample::F32,
        (tag, bits) => {
            bail!("the pipe holds a kind of WAV that we don't read ({tag}, {bits} bit); try: arecord -f S16_LE")
        }
    };
    let channels = usize::from(word(2));
    ensure!((1..=64).contains(&channels), "the pipe's WAV header claims {channels} channels");
    Ok((sample, channels, u32::from(word(4)) | u32::from(word(6)) << 16))
}

/// As many bytes as there are; fewer only at the end.
fn fill(from: &mut impl std::io::Read, bytes: &mut [u8]) -> anyhow::Result<usize> {
    let mut filled = 0;
    while filled < bytes.len() {
        match from.read(&mut bytes[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
            Err(e) => {
                return Err(e).context("the pipe can't be read; is the program at its other end still running?");
            }
        }
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn raw_is_little_endian_and_padded() {
        let mut pipe = Pipe::new(&[0x01, 0x02, 0xff, 0xff, 0x07][..]);
        let mut hop = [9; HOP];
        assert_eq!(pipe.read(&mut hop).unwrap(), Read::Hop);
        assert_eq!(hop[..3], [0x0201, -1, 0]);
        assert_eq!(pipe.read(&mut hop).unwrap(), Read::End);
        assert_eq!(Pipe::new(&b""[..]).read(&mut hop).unwrap(), Read::End);
    }

    /// A second of 500 Hz in every channel, as a stream whose length nobody knew at its beginning.
    fn stream(rate_hz: u32, channels: u16, bits: u16, format: hound::SampleFormat) -> Vec<u8> {
        let mut bytes = std::io::Cursor::new(Vec::new());
        let spec = hound::WavSpec { channels, sample_rate: rate_hz, bits_per_sample: bits, sample_format: format };
        let mut writer = hound::WavWriter::new(&mut bytes, spec).unwrap();
        for at in 0..rate_hz * u32::from(channels) {
            let turn = std::f32::consts::TAU * 500.0 * (at / u32::from(channels)) as f32 / rate_hz as f32;
            match format {
                hound::SampleFormat::Float => writer.write_sample(0.5 * turn.sin()).unwrap(),
                hound::SampleFormat::Int => {
                    writer.write_sample((0.5 * turn.sin() * 2_f32.powi(i32::from(bits) - 1)) as i32).unwrap();
                }
            }
        }
        writer.finalize().unwrap();
        let mut bytes = bytes.into_inner();
        let data = bytes.windows(4).position(|part| part == b"data").unwrap();
        bytes[data + 4..data + 8].fill(0xff);
        bytes
    }

    #[test]
    fn a_wav_stream_of_any_kind_is_read_to_its_end() {
        use hound::SampleFormat::{Float, Int};
        for (rate_hz, channels, bits, format) in [
            (16_000, 1, 16, Int),
            (44_100, 2, 16, Int),
            (48_000, 4, 24, Int),
            (8_000, 1, 8, Int),
            (96_000, 2, 32, Float),
        ] {
            let bytes = stream(rate_hz, channels, bits, format);
            let mut pipe = Pipe::new(&bytes[..]);
            let (mut hop, mut sound) = ([0; HOP], vec![]);
            while pipe.read(&mut hop).unwrap() == Read::Hop {
                sound.extend(hop);
            }
            assert!((15_000..17_300).contains(&sound.len()), "{rate_hz} {bits}: {}", sound.len());
            let middle = &sound[3_000..13_000];
            let crossings = middle.windows(2).filter(|pair| (pair[0] < 0) != (pair[1] < 0)).count();
            assert!(crossings.abs_diff(625) <= 4, "{rate_hz} {bits}: {crossings}");
            let peak = middle.iter().map(|sample| sample.unsigned_abs()).max().unwrap();
            assert!((15_500..17_300).contains(&peak), "{rate_hz} {bits}: {peak}");
        }
    }

    #[test]
    fn what_is_no_sound_is_refused_with_a_reason() {
        for (bytes, says) in [
            (b"fLaC\0\0\0\0".to_vec(), "FLAC"),
            (b"RIFF....AVI ".to_vec(), "no WAV"),
            (b"RIFF....WAVEfmt ".to_vec(), "cut off"),
            (b"RIFF....WAVEdata\0\0\0\0".to_vec(), "does not say"),
            (b"RIFF....WAVEjunk\xff\xff\xff\xff".to_vec(), "damaged"),
            (stream(2_000, 1, 16, hound::SampleFormat::Int), "damaged"),
        ] {
            let error = format!("{:#}", Pipe::new(&bytes[..]).read(&mut [0; HOP]).unwrap_err());
            assert!(error.contains(says) && !error.contains('\n'), "{says}: {error}");
        }
    }
}
