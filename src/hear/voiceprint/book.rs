//! Who is enrolled: a name, a vector and how alike a voice must be, in one file that only its owner can read.

use super::net::Net;
use crate::decide::event::Voice;
use anyhow::{Context, bail, ensure};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The file's name in the state folder.
pub const FILE: &str = "voices.json";
const FORMAT: &str = "tendero-voices";
const VERSION: u32 = 1;
/// The longest name, in characters.
const MAX_NAME: usize = 40;
const MAX_VOICES: usize = 20;
const MAX_BYTES: u64 = 8 << 20;
/// Fewer recordings say nothing of how much a voice varies.
pub const MIN_RECORDINGS: usize = 3;
/// The recordings of one enrolment must be as alike as this, each to the others.
const MIN_OWN: f32 = 0.3;
/// A voice may be so much less alike than the least alike recording of its enrolment: other days, other rooms. Our choice, and
/// not measured; more lets more strangers in, less turns more of the household away.
const SLACK: f32 = 0.1;

/// As it is stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct VoicesFile {
    format: String,
    version: u32,
    voices: Vec<Enrolled>,
}

/// One who is enrolled.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Enrolled {
    pub name: String,
    /// The network that made the vector, by its sha256.
    network: String,
    /// Base64 of its numbers, f32, low byte first; of length 1.
    vector: String,
    /// The least cosine that counts as this voice, −1.0 to 1.0.
    pub at_least: f32,
    /// When, Unix milliseconds; `None`: the time was not known.
    pub since_unix_ms: Option<i64>,
}

/// The enrolled voices.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Book {
    voices: Vec<(Enrolled, Vec<f32>)>,
}

/// Where the book lies in a state folder.
pub fn path(state_dir: &Path) -> PathBuf {
    state_dir.join(FILE)
}

impl Book {
    /// Reads the book; one that is not there is empty.
    ///
    /// # Errors
    /// The file can't be read or is damaged; the message says what to do.
    pub fn load(path: &Path) -> anyhow::Result<Book> {
        let text = match std::fs::metadata(path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Book::default()),
            found => found.and_then(|found| {
                let whole = found.len() <= MAX_BYTES;
                if whole { std::fs::read_to_string(path) } else { Err(std::io::Error::other("it is too large")) }
            }),
        };
        text.map_err(anyhow::Error::from).and_then(|text| Book::parse(&text)).with_context(|| {
            format!(
                "the enrolled voices in {} can't be used; move the file away and enrol them again with `tendero voices enrol`",
                path.display()
            )
        })
    }

    fn parse(text: &str) -> anyhow::Result<Book> {
        let file: VoicesFile = serde_json::from_str(text)?;
        ensure!(file.format == FORMAT, "its format is \"{}\"", file.format);
        ensure!(file.version == VERSION, "it is of version {}, and this tendero reads version {VERSION}", file.version);
        let unpacked = file.voices.into_iter().map(|voice| {
            let vector =
                unpack(&voice.vector).with_context(|| format!("the voice of \"{}\" is damaged", voice.name))?;
            Ok((voice, vector))
        });
        Ok(Book { voices: unpacked.collect::<anyhow::Result<_>>()? })
    }

    /// Writes the book: whole or not at all, readable by its owner only.
    ///
    /// # Errors
    /// The folder can't be written.
    pub fn save(&self, path: &Path) -> anyhow::Result<()> {
        let voices = self.voices().cloned().collect();
        let file = VoicesFile { format: FORMAT.into(), version: VERSION, voices };
        crate::private_file::write(path, (serde_json::to_string_pretty(&file)? + "\n").as_bytes())
            .with_context(|| format!("the voices can't be written to {}", path.display()))
    }

    /// Enrols `name` by recordings (16 kHz mono) of at least a second of voice each; who had that name before is replaced.
    /// How alike a voice must be later is taken from how alike the recordings are.
    ///
    /// # Errors
    /// A name that can't be used, too few recordings, one with too little voice, or recordings of unlike voices.
    pub fn enrol(
        &mut self,
        name: &str,
        recordings: &[Vec<i16>],
        net: &Net,
        since_unix_ms: Option<i64>,
    ) -> anyhow::Result<()> {
        let name = name.trim();
        let usable = (1..=MAX_NAME).contains(&name.chars().count()) && !name.chars().any(char::is_control);
        ensure!(usable, "\"{name}\" is no name: 1 to {MAX_NAME} characters on one line");
        ensure!(
            recordings.len() >= MIN_RECORDINGS,
            "{} recordings are too few to know a voice by: take {MIN_RECORDINGS} or more",
            recordings.len()
        );
        let mut vectors = Vec::with_capacity(recordings.len());
        for (number, samples) in (1..).zip(recordings) {
            let vector = net.vector(samples)?;
            vectors.push(vector.with_context(|| {
                format!("there is less than a second of voice in recording {number}; say a whole sentence, nearer to the microphone")
            })?);
        }
        let own = own_similarity(&vectors);
        ensure!(
            own >= MIN_OWN,
            "the recordings are not alike ({own:.2}): take them anew in a quiet room, one person alone"
        );
        let vector = mean(vectors.iter());
        let voice = Enrolled {
            name: name.into(),
            network: net.sum().into(),
            vector: pack(&vector),
            at_least: (own - SLACK).max(MIN_OWN),
            since_unix_ms,
        };
        self.remove(name);
        if self.voices.len() >= MAX_VOICES {
            bail!("{MAX_VOICES} voices are enrolled, and there is no room for more; remove some");
        }
        self.voices.push((voice, vector));
        self.voices.sort_by(|(one, _), (other, _)| one.name.cmp(&other.name));
        Ok(())
    }

    /// Takes `name` out; `false` if it is not there.
    pub fn remove(&mut self, name: &str) -> bool {
        let before = self.voices.len();
        self.voices.retain(|(voice, _)| voice.name != name);
        self.voices.len() < before
    }

    /// In the order of names.
    pub fn voices(&self) -> impl Iterator<Item = &Enrolled> {
        self.voices.iter().map(|(voice, _)| voice)
    }

    /// Can this voice be compared with what the network `sum` makes?
    pub fn is_of(voice: &Enrolled, sum: &str) -> bool {
        voice.network == sum
    }

    /// The most alike of the voices that the network `sum` has made, if it is alike enough.
    pub(super) fn whose(&self, sum: &str, vector: &[f32]) -> Voice {
        let comparable = self.voices.iter().filter(|(voice, own)| Book::is_of(voice, sum) && own.len() == vector.len());
        let alike = comparable.map(|(voice, own)| (voice, cosine(own, vector)));
        let Some((voice, similarity)) = alike.max_by(|(_, one), (_, other)| one.total_cmp(other)) else {
            return Voice { name: None, similarity: None };
        };
        let name = (similarity >= voice.at_least).then(|| voice.name.clone());
        Voice { name, similarity: Some(similarity) }
    }
}

/// The least cosine of one recording with the mean of the others.
fn own_similarity(vectors: &[Vec<f32>]) -> f32 {
    let with_others = |at: usize| {
        let others = vectors.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, vector)| vector);
        cosine(&vectors[at], &mean(others))
    };
    (0..vectors.len()).map(with_others).fold(1.0, f32::min)
}

/// Of vectors of one length, and of length 1 again.
fn mean<'a>(vectors: impl Iterator<Item = &'a Vec<f32>>) -> Vec<f32> {
    let mut sum: Vec<f32> = vec![];
    for vector in vectors {
        sum.resize(vector.len(), 0.0);
        sum.iter_mut().zip(vector).for_each(|(sum, number)| *sum += number);
    }
    let length = sum.iter().map(|number| number * number).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
    sum.iter_mut().for_each(|number| *number /= length);
    sum
}

/// Of vectors of length 1.
fn cosine(one: &[f32], other: &[f32]) -> f32 {
    one.iter().zip(other).map(|(one, other)| one * other).sum::<f32>().clamp(-1.0, 1.0)
}

fn pack(vector: &[f32]) -> String {
    BASE64_STANDARD.encode(vector.iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<u8>>())
}

fn unpack(text: &str) -> anyhow::Result<Vec<f32>> {
    let bytes = BASE64_STANDARD.decode(text)?;
    let (numbers, rest) = bytes.as_chunks::<4>();
    let numbers: Vec<f32> = numbers.iter().copied().map(f32::from_le_bytes).collect();
    ensure!(rest.is_empty() && !numbers.is_empty() && numbers.iter().all(|number| number.is_finite()), "no vector");
    Ok(numbers)
}

#[cfg(test)]
mod tests;
