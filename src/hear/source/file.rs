//! Recordings: WAV (8, 16, 24, 32 bit, float) and FLAC, any rate, any number of channels.
//!
//! Read as a whole: a recording that is cut off or damaged is an error, never half a command.

use super::rate::{RATES_HZ, resample_all, to_i16};
use super::{Read, Source};
use crate::hear::Hop;
use std::collections::VecDeque;
use std::io::{Cursor, ErrorKind};
use std::path::{Path, PathBuf};

/// The largest file, half an hour of CD sound. More is no command.
const MAX_BYTES: u64 = 400 << 20;
/// The longest recording in samples of one channel.
const MAX_FRAMES: usize = 100_000_000;

/// Why a recording can't be heard. Says what, where, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    #[error("{}: can't be read ({why}); check the name and the permissions", path.display())]
    Unreadable { path: PathBuf, why: std::io::Error },
    #[error("{}: is not a WAV or FLAC recording ({looks_like}); convert it with: ffmpeg -i INPUT -ar 16000 -ac 1 OUTPUT.wav", path.display())]
    NotAudio { path: PathBuf, looks_like: &'static str },
    #[error("{}: is empty, it holds no sample; record it again", path.display())]
    Empty { path: PathBuf },
    #[error("{}: is cut off ({why}); copy or record it again", path.display())]
    CutOff { path: PathBuf, why: String },
    #[error("{}: is damaged ({why}); copy or record it again", path.display())]
    Damaged { path: PathBuf, why: String },
    #[error("{}: {what}; convert it with: ffmpeg -i INPUT -ar 16000 -ac 1 OUTPUT.wav", path.display())]
    Unsupported { path: PathBuf, what: String },
}

/// A whole recording as 16 kHz mono.
///
/// # Errors
/// See [`SourceError`].
pub fn read_file(path: &Path) -> Result<Vec<i16>, SourceError> {
    let unreadable = |why| SourceError::Unreadable { path: path.to_owned(), why };
    let size = std::fs::metadata(path).map_err(unreadable)?;
    if size.is_dir() {
        return Err(unreadable(std::io::Error::from(ErrorKind::IsADirectory)));
    }
    if size.len() > MAX_BYTES {
        return Err(SourceError::Unsupported {
            path: path.to_owned(),
            what: format!("has {} MB, and the most is {} MB", size.len() >> 20, MAX_BYTES >> 20),
        });
    }
    decode(&std::fs::read(path).map_err(unreadable)?, path)
}

/// As [`read_file`], of bytes in memory; `path` is for the messages.
///
/// # Errors
/// See [`SourceError`].
pub fn decode(bytes: &[u8], path: &Path) -> Result<Vec<i16>, SourceError> {
    let sound = match bytes {
        [] => return Err(SourceError::Empty { path: path.to_owned() }),
        [b'R', b'I', b'F', b'F', ..] => wav(bytes, path)?,
        [b'f', b'L', b'a', b'C', ..] => flac(bytes, path)?,
        other => return Err(SourceError::NotAudio { path: path.to_owned(), looks_like: looks_like(other) }),
    };
    if sound.mono.is_empty() {
        return Err(SourceError::Empty { path: path.to_owned() });
    }
    let samples = resample_all(&sound.mono, sound.rate_hz)
        .map_err(|e| SourceError::Unsupported { path: path.to_owned(), what: format!("{e:#}") })?;
    Ok(samples.into_iter().map(to_i16).collect())
}

struct Sound {
    rate_hz: u32,
    /// Full scale is 1.0.
    mono: Vec<f32>,
}

/// Mixes channels down as samples arrive.
struct Mixer {
    channels: usize,
    sum: f32,
    at: usize,
    mono: Vec<f32>,
}

impl Mixer {
    fn new(channels: usize) -> Mixer {
        Mixer { channels: channels.max(1), sum: 0.0, at: 0, mono: Vec::new() }
    }

    fn push(&mut self, sample: f32) {
        // A float file may hold what is no number; silence is what it can mean.
        self.sum += if sample.is_finite() { sample } else { 0.0 };
        self.at += 1;
        if self.at == self.channels {
            self.mono.push(self.sum / self.channels as f32);
            (self.sum, self.at) = (0.0, 0);
        }
    }
}

fn check_rate(rate_hz: u32, path: &Path) -> Result<(), SourceError> {
    if RATES_HZ.contains(&rate_hz) {
        return Ok(());
    }
    Err(SourceError::Unsupported { path: path.to_owned(), what: format!("claims a sample rate of {rate_hz} Hz") })
}

fn wav(bytes: &[u8], path: &Path) -> Result<Sound, SourceError> {
    let fault = |e: hound::Error| match e {
        hound::Error::IoError(e) => SourceError::CutOff { path: path.to_owned(), why: e.to_string() },
        hound::Error::FormatError(why) => SourceError::Damaged { path: path.to_owned(), why: why.to_owned() },
        hound::Error::Unsupported => {
            SourceError::Unsupported { path: path.to_owned(), what: "is a kind of WAV that we don't read".into() }
        }
        other => SourceError::Damaged { path: path.to_owned(), why: other.to_string() },
    };
    let mut reader = hound::WavReader::new(Cursor::new(bytes)).map_err(fault)?;
    let spec = reader.spec();
    check_rate(spec.sample_rate, path)?;
    let promised = reader.duration();
    let mut mixer = Mixer::new(spec.channels.into());
    let result: Result<(), hound::Error> = match spec.sample_format {
        hound::SampleFormat::Float => reader.samples::<f32>().try_for_each(|s| s.map(|s| mixer.push(s))),
        hound::SampleFormat::Int => {
            let full_scale = 2_f32.powi(i32::from(spec.bits_per_sample) - 1);
            reader.samples::<i32>().try_for_each(|s| s.map(|s| mixer.push(s as f32 / full_scale)))
        }
    };
    let seconds = |frames: f64| frames / f64::from(spec.sample_rate);
    result.map_err(|e| match e {
        hound::Error::IoError(_) | hound::Error::FormatError(_) => SourceError::CutOff {
            path: path.to_owned(),
            why: format!(
                "{:.1} s of the {:.1} s that its header promises are there",
                seconds(mixer.mono.len() as f64),
                seconds(promised.into())
            ),
        },
        other => fault(other),
    })?;
    Ok(Sound { rate_hz: spec.sample_rate, mono: mixer.mono })
}

fn flac(bytes: &[u8], path: &Path) -> Result<Sound, SourceError> {
    let fault = |e: claxon::Error| match e {
        claxon::Error::IoError(e) if e.kind() == ErrorKind::UnexpectedEof => {
            SourceError::CutOff { path: path.to_owned(), why: "its last frame is not whole".into() }
        }
        claxon::Error::IoError(why) => SourceError::Unreadable { path: path.to_owned(), why },
        claxon::Error::FormatError(why) => SourceError::Damaged { path: path.to_owned(), why: why.to_owned() },
        claxon::Error::Unsupported(what) => SourceError::Unsupported {
            path: path.to_owned(),
            what: format!("is a kind of FLAC that we don't read: {what}"),
        },
    };
    let mut reader = claxon::FlacReader::new(Cursor::new(bytes)).map_err(fault)?;
    let info = reader.streaminfo();
    check_rate(info.sample_rate, path)?;
    let full_scale = 2_f32.powi(i32::try_from(info.bits_per_sample).unwrap_or(16) - 1);
    let mut mixer = Mixer::new(info.channels as usize);
    for sample in reader.samples() {
        mixer.push(sample.map_err(fault)? as f32 / full_scale);
        if mixer.mono.len() > MAX_FRAMES {
            return Err(SourceError::Unsupported { path: path.to_owned(), what: "is longer than any command".into() });
        }
    }
    if let Some(promised) = info.samples.filter(|&n| n > mixer.mono.len() as u64) {
        return Err(SourceError::CutOff {
            path: path.to_owned(),
            why: format!("{} of the {promised} samples that its header promises are there", mixer.mono.len()),
        });
    }
    Ok(Sound { rate_hz: info.sample_rate, mono: mixer.mono })
}

fn looks_like(bytes: &[u8]) -> &'static str {
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(256)]).to_lowercase();
    match bytes {
        [b'O', b'g', b'g', b'S', ..] => "it is Ogg",
        [b'I', b'D', b'3', ..] | [0xff, 0xe0..=0xff, ..] => "it is MP3",
        [b'R', b'F', b'6', b'4', ..] => "it is RF64",
        _ if text.contains("<html") || text.contains("<!doctype") => "it is a web page",
        _ if text.starts_with("version https://git-lfs") => "it is a Git LFS pointer; fetch it with: git lfs pull",
        _ => "it begins neither with RIFF nor with fLaC",
    }
}

/// A recording as a source: as fast as it is read.
#[derive(Debug)]
pub struct Recording {
    waiting: VecDeque<i16>,
}

impl Recording {
    /// # Errors
    /// See [`SourceError`].
    pub fn open(path: &Path) -> Result<Recording, SourceError> {
        Ok(Recording::of(read_file(path)?))
    }

    /// Of samples in memory, 16 kHz mono.
    pub fn of(samples: Vec<i16>) -> Recording {
        Recording { waiting: samples.into() }
    }
}

impl Source for Recording {
    fn read(&mut self, hop: &mut Hop) -> anyhow::Result<Read> {
        Ok(super::feed::take_hop(&mut self.waiting, hop))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hound::{SampleFormat, WavSpec, WavWriter};

    /// One second of 440 Hz at half of full scale.
    fn wav_of(rate_hz: u32, channels: u16, bits: u16, format: SampleFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        let mut writer = WavWriter::new(
            &mut bytes,
            WavSpec { channels, sample_rate: rate_hz, bits_per_sample: bits, sample_format: format },
        )
        .unwrap();
        for i in 0..rate_hz {
            let value = 0.5 * (std::f32::consts::TAU * 440.0 * i as f32 / rate_hz as f32).sin();
            for _ in 0..channels {
                match format {
                    SampleFormat::Float => writer.write_sample(value).unwrap(),
                    SampleFormat::Int => writer.write_sample((value * 2_f32.powi(i32::from(bits) - 1)) as i32).unwrap(),
                }
            }
        }
        writer.finalize().unwrap();
        bytes.into_inner()
    }

    #[test]
    fn every_kind_of_wav_gives_the_same_sound() {
        for (rate_hz, channels, bits, format) in [
            (16_000, 1, 16, SampleFormat::Int),
            (16_000, 1, 8, SampleFormat::Int),
            (44_100, 2, 16, SampleFormat::Int),
            (48_000, 6, 24, SampleFormat::Int),
            (8_000, 1, 32, SampleFormat::Int),
            (22_050, 2, 32, SampleFormat::Float),
        ] {
            let samples = decode(&wav_of(rate_hz, channels, bits, format), Path::new("t.wav")).unwrap();
            assert!(samples.len().abs_diff(16_000) <= 1, "{rate_hz} {bits}: {}", samples.len());
            let middle = &samples[2_000..14_000];
            let power = middle.iter().map(|&s| (f32::from(s) / 32_768.0).powi(2)).sum::<f32>() / middle.len() as f32;
            assert!((power - 0.125).abs() < 0.003, "{rate_hz} {bits}: {power}");
            let crossings = middle.windows(2).filter(|w| (w[0] < 0) != (w[1] < 0)).count();
            assert!(crossings.abs_diff(660) <= 2, "{rate_hz} {bits}: {crossings}");
        }
    }

    #[test]
    fn bad_files_give_one_clear_line() {
        let good = wav_of(16_000, 1, 16, SampleFormat::Int);
        let mut no_samples = good[..44].to_vec();
        no_samples[40..44].fill(0);
        for (bytes, says) in [
            (vec![], "is empty"),
            (no_samples, "is empty"),
            (good[..20_000].to_vec(), "of the 1.0 s that its header promises"),
            (good[..30].to_vec(), "cut off"),
            (b"RIFF\x10\0\0\0JUNKJUNKJUNK".to_vec(), "damaged"),
            (b"<!DOCTYPE html><html>".to_vec(), "web page"),
            (b"OggS\0\0\0".to_vec(), "it is Ogg"),
            (b"ID3\x04".to_vec(), "it is MP3"),
            (b"hello".to_vec(), "neither"),
            (b"fLaC".to_vec(), "cut off"),
            (b"fLaC\xff\xff\xff\xff\xff\xff\xff\xff".to_vec(), ""),
        ] {
            let error = decode(&bytes, Path::new("a/b.wav")).unwrap_err().to_string();
            assert!(error.starts_with("a/b.wav: ") && error.contains(says) && !error.contains('\n'), "{says}: {error}");
        }
    }

    #[test]
    fn a_missing_file_and_a_folder() {
        assert!(read_file(Path::new("/nonexistent/x.wav")).unwrap_err().to_string().contains("check the name"));
        assert!(read_file(Path::new("/")).unwrap_err().to_string().contains("directory"));
    }

    #[test]
    fn no_bytes_panic() {
        let good = wav_of(16_000, 1, 16, SampleFormat::Int);
        for at in 0..44 {
            for value in [0_u8, 1, 0x7f, 0xff] {
                let mut bytes = good[..2_000].to_vec();
                bytes[at] = value;
                let _ = decode(&bytes, Path::new("t.wav"));
            }
        }
    }
}
