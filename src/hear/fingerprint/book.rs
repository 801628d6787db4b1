//! The programmes that are registered: adverts and shows, by name, as fingerprints in one file.
//!
//! The same format is what a shop hands out: `protocol/schema/fingerprints.json`. Holds no sound.

use super::index::{Index, MAX_CLIPS, MAX_PEAKS, Print};
use super::peaks::{BINS, Peak};
use crate::hear::RATE_HZ;
use anyhow::{Context, bail, ensure};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The file's name in the state folder.
pub const FILE: &str = "fingerprints.json";
/// What the file says that it is.
const FORMAT: &str = "tendero-fingerprints";
/// Changes with the parameters of [`super::peaks`], since other peaks match nothing.
const VERSION: u32 = 1;
/// The longest name, in characters.
pub const MAX_NAME: usize = 80;
/// The largest file that is read: as many clips as an index holds come to less.
const MAX_BYTES: u64 = 64 << 20;
/// Bytes of a peak: the frame (low byte first) and the bin.
const PEAK_BYTES: usize = 3;

/// Fingerprints of programmes, as they are stored and handed out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FingerprintFile {
    /// "tendero-fingerprints".
    pub format: String,
    /// 1. A reader refuses versions that it does not know.
    pub version: u32,
    /// At most 4,000, each name once.
    pub clips: Vec<Clip>,
}

/// One recording.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Clip {
    /// What the speaker calls it: one line of 1 to 80 characters.
    pub name: String,
    /// Length of the recording, milliseconds.
    pub length_ms: u32,
    /// Base64 of three bytes for each peak of the spectrum: its frame (16 bits, low byte first; frames of 64 ms
    /// begin every 16 ms) and its bin (8 bits; 15.625 Hz wide, bin 0 is at 296.875 Hz, below 200).
    pub peaks: String,
}

/// The registered programmes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Book {
    clips: Vec<(Clip, Print)>,
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
        let size = match std::fs::metadata(path) {
            Ok(found) => found.len(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Book::default()),
            Err(error) => return Err(error).with_context(|| format!("{} can't be read", path.display())),
        };
        let what_to_do = || {
            format!(
                "the registered fingerprints in {} can't be used; move the file away and register the recordings \
                 again with `tendero fingerprints add`, or import the shop's file again",
                path.display()
            )
        };
        ensure!(size <= MAX_BYTES, "{}: it has {} MB", what_to_do(), size >> 20);
        let text = std::fs::read_to_string(path).with_context(what_to_do)?;
        let mut book = Book::default();
        book.import(&text).with_context(what_to_do)?;
        Ok(book)
    }

    /// Writes the book: whole or not at all, readable by its owner only.
    ///
    /// # Errors
    /// The folder can't be written.
    pub fn save(&self, path: &Path) -> anyhow::Result<()> {
        crate::private_file::write(path, self.export(&[])?.as_bytes())
            .with_context(|| format!("the fingerprints can't be written to {}", path.display()))
    }

    /// Registers 16 kHz mono `samples` under `name`; what had that name before is replaced.
    ///
    /// # Errors
    /// A name that can't be spoken, a sound in which there is too little, or no room.
    pub fn add(&mut self, name: &str, samples: &[i16]) -> anyhow::Result<()> {
        let print = Print::of(samples);
        ensure!(
            print.is_enough(),
            "there is too little in the recording of \"{name}\" to know it by; take one with at least a second of \
             speech or music"
        );
        let length_ms = (samples.len() as u64 * 1000 / u64::from(RATE_HZ)).try_into().unwrap_or(u32::MAX);
        self.put(Clip { name: name.trim().into(), length_ms, peaks: pack(print.peaks()) }, print)
    }

    /// Takes `name` out; `false` if it is not there.
    pub fn remove(&mut self, name: &str) -> bool {
        let before = self.clips.len();
        self.clips.retain(|(clip, _)| clip.name != name);
        self.clips.len() < before
    }

    /// In the order of names.
    pub fn clips(&self) -> impl Iterator<Item = &Clip> {
        self.clips.iter().map(|(clip, _)| clip)
    }

    /// The clips with these names, or all, as a file to hand out.
    ///
    /// # Errors
    /// A name that is not there.
    pub fn export(&self, names: &[String]) -> anyhow::Result<String> {
        for name in names {
            ensure!(
                self.clips().any(|clip| clip.name == *name),
                "no recording is registered as \"{name}\"; `tendero fingerprints list` shows them"
            );
        }
        let wanted = |clip: &&Clip| names.is_empty() || names.contains(&clip.name);
        let clips = self.clips().filter(wanted).cloned().collect();
        let file = FingerprintFile { format: FORMAT.into(), version: VERSION, clips };
        Ok(serde_json::to_string_pretty(&file)? + "\n")
    }

    /// Adds what a file holds, and says how many clips that is; same names are replaced. All or nothing.
    ///
    /// # Errors
    /// The text is no such file, of another version, or damaged.
    pub fn import(&mut self, text: &str) -> anyhow::Result<usize> {
        let file: FingerprintFile = serde_json::from_str(text).context("this is no file of fingerprints")?;
        ensure!(file.format == FORMAT, "this is no file of fingerprints: its format is \"{}\"", file.format);
        ensure!(
            file.version == VERSION,
            "the fingerprints are of version {}, and this tendero reads version {VERSION}; ask for a file of that version",
            file.version
        );
        let mut book = self.clone();
        let count = file.clips.len();
        for clip in file.clips {
            let peaks = unpack(&clip.peaks).with_context(|| format!("the clip \"{}\" is damaged", clip.name))?;
            let print = Print::from_peaks(peaks);
            ensure!(print.is_enough(), "the clip \"{}\" holds too little to be known by", clip.name);
            book.put(clip, print)?;
        }
        *self = book;
        Ok(count)
    }

    /// Names, and an index in which each clip has the number of its name.
    pub fn index(&self) -> (Vec<String>, Index) {
        let mut index = Index::default();
        let numbered = (0..).zip(&self.clips).map(|(number, (_, print))| (number, print.clone()));
        for number in index.add(numbered) {
            let name = self.clips.get(usize::from(number)).map_or("", |(clip, _)| clip.name.as_str());
            tracing::warn!("there is no room for the fingerprint of \"{name}\"; remove others to make some");
        }
        (self.clips().map(|clip| clip.name.clone()).collect(), index)
    }

    fn put(&mut self, clip: Clip, print: Print) -> anyhow::Result<()> {
        check_name(&clip.name)?;
        match self.clips.binary_search_by(|(other, _)| other.name.cmp(&clip.name)) {
            Ok(at) => self.clips[at] = (clip, print),
            Err(_) if self.clips.len() >= MAX_CLIPS => {
                bail!("{MAX_CLIPS} recordings are registered, and there is no room for more; remove some")
            }
            Err(at) => self.clips.insert(at, (clip, print)),
        }
        Ok(())
    }
}

/// A name is spoken and printed.
fn check_name(name: &str) -> anyhow::Result<()> {
    let speakable = name.chars().any(char::is_alphanumeric);
    let fits = name.chars().count() <= MAX_NAME && name.trim() == name && !name.chars().any(char::is_control);
    ensure!(
        speakable && fits,
        "{name:?} can't be a name: it takes 1 to {MAX_NAME} characters on one line, some of them letters"
    );
    Ok(())
}

/// Three bytes a peak, as base64.
pub(super) fn pack(peaks: &[Peak]) -> String {
    let bytes: Vec<u8> = peaks.iter().flat_map(|p| [p.at.to_le_bytes()[0], p.at.to_le_bytes()[1], p.bin]).collect();
    BASE64_STANDARD.encode(bytes)
}

/// # Errors
/// No base64, a peak that is cut off, or a bin that there is not.
pub(super) fn unpack(text: &str) -> anyhow::Result<Vec<Peak>> {
    let bytes = BASE64_STANDARD.decode(text)?;
    ensure!(bytes.len().is_multiple_of(PEAK_BYTES), "the last peak is cut off");
    let peak = |b: &[u8]| Peak { at: u16::from_le_bytes([b[0], b[1]]), bin: b[2] };
    let peaks: Vec<Peak> = bytes.chunks_exact(PEAK_BYTES).map(peak).collect();
    ensure!(peaks.len() <= MAX_PEAKS, "{} peaks are more than a clip has", peaks.len());
    ensure!(peaks.iter().all(|p| usize::from(p.bin) < BINS), "a peak lies above the highest bin");
    Ok(peaks)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    /// Something with peaks: tones that change six times a second.
    fn melody(seed: u32) -> Vec<i16> {
        let tone = |at: u32| {
            let mixed = (at + seed * 1_000).wrapping_mul(2_654_435_761);
            400.0 + ((mixed ^ mixed >> 15).wrapping_mul(2_246_822_519) >> 16 & 2_047) as f32
        };
        (0..48_000_u32)
            .map(|i| {
                let phase = i as f32 / RATE_HZ as f32 * std::f32::consts::TAU;
                ((phase * tone(i / 2_600)).sin() * 6_000.0 + (phase * tone(i / 3_100 + 40)).sin() * 6_000.0) as i16
            })
            .collect()
    }

    #[test]
    fn what_is_written_is_read_again_by_its_owner_only() {
        let dir = tempfile::tempdir().unwrap();
        let path = path(dir.path());
        assert_eq!(Book::load(&path).unwrap(), Book::default());
        let mut book = Book::default();
        book.add("the show", &melody(1)).unwrap();
        book.add("an advert", &melody(2)).unwrap();
        book.save(&path).unwrap();
        assert_eq!(Book::load(&path).unwrap(), book);
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(
            book.clips().map(|clip| (clip.name.as_str(), clip.length_ms)).collect::<Vec<_>>(),
            [("an advert", 3_000), ("the show", 3_000)]
        );
        let (names, index) = book.index();
        for (name, seed) in [("the show", 1), ("an advert", 2)] {
            let clip = index.find(&super::super::index::Query::of(&melody(seed)));
            assert_eq!(clip.map(|clip| names[usize::from(clip)].as_str()), Some(name));
        }
        assert!(book.remove("the show") && !book.remove("the show"));
    }

    #[test]
    fn what_is_exported_can_be_imported() {
        let mut book = Book::default();
        book.add("the show", &melody(1)).unwrap();
        book.add("an advert", &melody(2)).unwrap();
        let mut other = Book::default();
        assert_eq!(other.import(&book.export(&["the show".into()]).unwrap()).unwrap(), 1);
        assert!(book.export(&["nothing".into()]).unwrap_err().to_string().contains("fingerprints list"));
        assert_eq!(other.import(&book.export(&[]).unwrap()).unwrap(), 2);
        assert_eq!(other, book);
    }

    #[test]
    fn damaged_files_say_what_to_do_and_change_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let path = path(dir.path());
        let mut book = Book::default();
        book.add("the show", &melody(1)).unwrap();
        let good = book.export(&[]).unwrap();
        for (bad, says) in [
            (good[..good.len() / 2].to_owned(), "no file of fingerprints"),
            (good.replace("\"version\": 1", "\"version\": 9"), "version 9"),
            (good.replace("tendero-fingerprints", "something"), "something"),
            (good.replace("\"peaks\": \"", "\"peaks\": \"A"), "damaged"),
            (good.replace("the show", &"x".repeat(99)), "can't be a name"),
            (good.replace("the show", "a\\nb"), "can't be a name"),
            (r#"{"format": "tendero-fingerprints", "version": 1, "clips": [{"name": "a", "length_ms": 1, "peaks": ""}]}"#.into(), "too little"),
            (r#"{"format": "tendero-fingerprints", "version": 1, "clips": [{"name": "a", "length_ms": 1, "peaks": "AAD/"}]}"#.into(), "damaged"),
        ] {
            let before = book.clone();
            assert!(format!("{:#}", book.import(&bad).unwrap_err()).contains(says), "{says}");
            assert_eq!(book, before);
            std::fs::write(&path, &bad).unwrap();
            let error = format!("{:#}", Book::load(&path).unwrap_err());
            assert!(error.contains(says) && error.contains("fingerprints add") && error.contains("fingerprints.json"), "{error}");
        }
        assert!(book.add("silence", &[0; 48_000]).unwrap_err().to_string().contains("too little"));
        assert!(book.add(" ", &melody(1)).is_err());
    }
}
