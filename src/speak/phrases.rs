//! Sentences as sound on disk, for voices that take long: what was said once is there at once, also after a restart.
//!
//! A file for each, called after a hash of voice, language and text, and after how recently it was used: an order that needs no
//! clock, which a Pi lacks at its start. The folder has a bound; what was used longest ago goes first, and what was made longer
//! ago than words are kept goes, too. The names tell nothing to a reader, but the sound does: it says what was ordered, so the
//! folder is its owner's alone and `tendero forget` empties it. Speaking never fails for anything in here.

use super::tts::Speech;
use crate::clock::Clock;
use crate::private_file;
use crate::understand::Lang;
use anyhow::Context;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::DirBuilder;
use std::io::ErrorKind;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

/// The folder's name in the state folder.
pub const DIR: &str = "phrases";
const MAGIC: &[u8; 8] = b"tndr-ph1";
/// Magic, sum of what follows, rate.
const HEAD: usize = 8 + 32 + 4;
/// What the smallest file takes on a disk.
const BLOCK: u64 = 4_096;

/// The folder.
pub struct Phrases {
    dir: PathBuf,
    limit_bytes: u64,
    keep_ms: u64,
    clock: Clock,
    entries: BTreeMap<String, Entry>,
    /// The number that was given last.
    used: u64,
    /// That it can't be written was told.
    told: bool,
}

struct Entry {
    used: u64,
    bytes: u64,
    made_unix_ms: i64,
}

/// What a sentence is found by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key(String);

impl Key {
    /// `voice` tells apart all that sounds different.
    pub fn new(engine: &str, voice: &str, lang: Lang, text: &str) -> Key {
        let mut hash = Sha256::new();
        for part in [engine, voice, lang.code(), text] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        Key(base16ct::lower::encode_string(&hash.finalize()))
    }
}

impl Phrases {
    /// The folder in `state_dir`, with at most `limit_bytes`; what is older than `keep_ms` goes.
    ///
    /// # Errors
    /// The folder can't be made or read.
    pub fn open(state_dir: &Path, limit_bytes: u64, keep_ms: u64, clock: Clock) -> anyhow::Result<Phrases> {
        let dir = state_dir.join(DIR);
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&dir);
        made.with_context(|| format!("can't make the folder {}", dir.display()))?;
        let mut phrases = Phrases { dir, limit_bytes, keep_ms, clock, entries: BTreeMap::new(), used: 0, told: false };
        for path in ours(state_dir)? {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            // A half-done write, and the older of two that a crash left.
            let stale = match parse(&name).zip(std::fs::metadata(&path).ok()) {
                None => Some(path),
                Some(((hash, used), about)) => {
                    let made = about.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
                    let made_unix_ms = made.and_then(|at| i64::try_from(at.as_millis()).ok()).unwrap_or(0);
                    phrases.used = phrases.used.max(used);
                    let entry = Entry { used, bytes: about.len().max(BLOCK), made_unix_ms };
                    let other = phrases.entries.insert(hash.to_owned(), entry);
                    other.map(|other| phrases.path(hash, other.used))
                }
            };
            stale.map(std::fs::remove_file).transpose().unwrap_or_default();
        }
        phrases.make_room(0);
        Ok(phrases)
    }

    /// The sound of a sentence, if it is there and whole.
    pub fn get(&mut self, key: &Key) -> Option<Speech> {
        let entry = self.entries.get(&key.0)?;
        let path = self.path(&key.0, entry.used);
        let Some(speech) = std::fs::read(&path).ok().as_deref().and_then(decode) else {
            // Damaged, or gone: made anew.
            self.drop_entry(&key.0);
            return None;
        };
        self.used += 1;
        let (was, now) = (path, self.path(&key.0, self.used));
        // Where it can't be renamed, it is only forgotten sooner.
        if std::fs::rename(was, now).is_ok()
            && let Some(entry) = self.entries.get_mut(&key.0)
        {
            entry.used = self.used;
        }
        Some(speech)
    }

    /// Keeps the sound of a sentence. A full disk is told once, and nothing is kept.
    pub fn put(&mut self, key: &Key, speech: &Speech) {
        let bytes = encode(speech);
        let size = (bytes.len() as u64).max(BLOCK);
        if size > self.limit_bytes {
            return;
        }
        self.drop_entry(&key.0);
        self.make_room(size);
        self.used += 1;
        match private_file::write(&self.path(&key.0, self.used), &bytes) {
            Ok(()) => {
                let made_unix_ms = self.clock.unix_ms().unwrap_or(0);
                self.entries.insert(key.0.clone(), Entry { used: self.used, bytes: size, made_unix_ms });
                self.told = false;
            }
            Err(_) if self.told => {}
            Err(error) => {
                self.told = true;
                tracing::warn!(
                    "what is said can't be kept in {}: {error}; it is made anew each time",
                    self.dir.display()
                );
            }
        }
    }

    fn make_room(&mut self, size: u64) {
        let now_ms = self.clock.unix_ms();
        let is_old =
            |entry: &Entry| now_ms.is_some_and(|now| entry.made_unix_ms < now.saturating_sub_unsigned(self.keep_ms));
        let old: Vec<String> =
            self.entries.iter().filter(|(_, entry)| is_old(entry)).map(|(hash, _)| hash.clone()).collect();
        old.iter().for_each(|hash| self.drop_entry(hash));
        let mut there: u64 = self.entries.values().map(|entry| entry.bytes).sum();
        while there + size > self.limit_bytes {
            let oldest = self.entries.iter().min_by_key(|(_, entry)| entry.used);
            let Some((hash, bytes)) = oldest.map(|(hash, entry)| (hash.clone(), entry.bytes)) else { break };
            self.drop_entry(&hash);
            there -= bytes;
        }
    }

    fn drop_entry(&mut self, hash: &str) {
        if let Some(entry) = self.entries.remove(hash) {
            // What can't be removed now is found at the next start.
            let _ = std::fs::remove_file(self.path(hash, entry.used));
        }
    }

    fn path(&self, hash: &str, used: u64) -> PathBuf {
        self.dir.join(format!("{hash}.{used}"))
    }
}

/// What of the folder in `state_dir` is ours, half-done writes included, in the order of names; nothing if there is none.
///
/// # Errors
/// The folder can't be read.
pub fn ours(state_dir: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let dir = state_dir.join(DIR);
    let read = || -> std::io::Result<Vec<PathBuf>> {
        let entries = match std::fs::read_dir(&dir) {
            Err(why) if why.kind() == ErrorKind::NotFound => return Ok(vec![]),
            entries => entries?,
        };
        entries.map(|entry| Ok(entry?.path())).collect()
    };
    let mut files = read().with_context(|| format!("can't read the folder {}", dir.display()))?;
    files.retain(|file| {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let half_done = name.strip_prefix('.').and_then(|name| name.rsplit_once('.')).map(|(name, _)| name);
        parse(half_done.unwrap_or(&name)).is_some()
    });
    files.sort();
    Ok(files)
}

/// Deletes all of it: the household does not want it kept.
///
/// # Errors
/// A file can't be removed.
pub fn forget(state_dir: &Path) -> anyhow::Result<()> {
    for file in ours(state_dir)? {
        std::fs::remove_file(&file).with_context(|| format!("can't remove {}", file.display()))?;
    }
    // Whatever else is in it is not ours.
    let _ = std::fs::remove_dir(state_dir.join(DIR));
    Ok(())
}

/// `<64 hex digits>.<number>`
fn parse(name: &str) -> Option<(&str, u64)> {
    let (hash, used) = name.split_once('.')?;
    let number = !used.is_empty() && used.bytes().all(|b| b.is_ascii_digit());
    crate::models::is_sum(hash).then_some(())?;
    number.then(|| used.parse().ok()).flatten().map(|used| (hash, used))
}

fn encode(speech: &Speech) -> Vec<u8> {
    let mut body = Vec::with_capacity(4 + 2 * speech.samples.len());
    body.extend(speech.rate_hz.to_le_bytes());
    speech.samples.iter().for_each(|sample| body.extend(sample.to_le_bytes()));
    [MAGIC.as_slice(), &Sha256::digest(&body), &body].concat()
}

/// `None`: damaged, or of another version.
fn decode(bytes: &[u8]) -> Option<Speech> {
    let body = bytes.strip_prefix(MAGIC)?;
    let (sum, body) = body.split_at_checked(32)?;
    (bytes.len() >= HEAD && *sum == *Sha256::digest(body)).then_some(())?;
    let (rate, samples) = body.split_first_chunk::<4>()?;
    let samples = samples.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect();
    Some(Speech { rate_hz: u32::from_le_bytes(*rate), samples })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    const FOREVER_MS: u64 = 1 << 50;
    const DAY_MS: u64 = 86_400_000;

    fn key(text: &str) -> Key {
        Key::new("piper", "voice", Lang::En, text)
    }

    fn speech(samples: usize) -> Speech {
        Speech { rate_hz: 22_050, samples: (0..samples).map(|at| (at % 301) as i16 - 150).collect() }
    }

    fn open(dir: &Path, limit: u64) -> Phrases {
        Phrases::open(dir, limit, FOREVER_MS, Clock::system()).unwrap()
    }

    #[test]
    fn what_was_kept_is_there_after_a_restart_for_the_same_voice_language_and_text_alone() {
        let dir = tempfile::tempdir().unwrap();
        open(dir.path(), 1 << 20).put(&key("Yes."), &speech(5_000));
        let mut phrases = open(dir.path(), 1 << 20);
        assert_eq!(phrases.get(&key("Yes.")), Some(speech(5_000)));
        for other in [
            key("No."),
            Key::new("espeak", "voice", Lang::En, "Yes."),
            Key::new("piper", "voice2", Lang::En, "Yes."),
            Key::new("piper", "voice", Lang::Es, "Yes."),
        ] {
            assert_eq!(phrases.get(&other), None);
        }
        // Nobody else reads it, and its name does not say it.
        let files = ours(dir.path()).unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((files.len(), mode(&dir.path().join(DIR)), mode(&files[0])), (1, 0o700, 0o600));
        forget(dir.path()).unwrap();
        assert!(!dir.path().join(DIR).exists());
    }

    #[test]
    fn what_was_used_longest_ago_makes_room() {
        let dir = tempfile::tempdir().unwrap();
        // Three of 20 kB fit.
        let mut phrases = open(dir.path(), 62_000);
        ["a", "b", "c"].iter().for_each(|text| phrases.put(&key(text), &speech(10_000)));
        assert!(phrases.get(&key("a")).is_some());
        // Also after a restart.
        drop(phrases);
        let mut phrases = open(dir.path(), 62_000);
        phrases.put(&key("d"), &speech(10_000));
        let there: String = ["a", "b", "c", "d"].into_iter().filter(|text| phrases.get(&key(text)).is_some()).collect();
        assert_eq!(there, "acd");
        phrases.put(&key("too long"), &speech(40_000));
        assert!(phrases.get(&key("too long")).is_none() && phrases.get(&key("d")).is_some());
        assert_eq!(ours(dir.path()).unwrap().len(), 3);
        // A smaller bound holds from the next start on.
        drop(phrases);
        drop(open(dir.path(), 25_000));
        assert_eq!(ours(dir.path()).unwrap().len(), 1);
    }

    #[test]
    fn damage_of_any_kind_is_made_anew() {
        let whole = encode(&speech(3_000));
        let flipped = |at: usize| {
            let mut bytes = whole.clone();
            bytes[at] ^= 1;
            bytes
        };
        let broken: Vec<Vec<u8>> = vec![
            vec![],
            b"<!doctype html>".to_vec(),
            whole[..whole.len() / 2].to_vec(),
            flipped(3),
            flipped(20),
            flipped(41),
            flipped(whole.len() - 1),
        ];
        for bytes in broken {
            let dir = tempfile::tempdir().unwrap();
            let mut phrases = open(dir.path(), 1 << 20);
            phrases.put(&key("x"), &speech(3_000));
            std::fs::write(&ours(dir.path()).unwrap()[0], &bytes).unwrap();
            assert_eq!(phrases.get(&key("x")), None, "{} bytes", bytes.len());
            phrases.put(&key("x"), &speech(3_000));
            assert_eq!(phrases.get(&key("x")), Some(speech(3_000)));
        }
    }

    #[test]
    fn what_is_older_than_words_are_kept_goes_and_strangers_stay() {
        let dir = tempfile::tempdir().unwrap();
        let clock = Clock::system();
        let mut phrases = Phrases::open(dir.path(), 1 << 20, DAY_MS, clock.clone()).unwrap();
        phrases.put(&key("old"), &speech(100));
        let folder = dir.path().join(DIR);
        std::fs::write(folder.join("notes.txt"), "mine").unwrap();
        std::fs::write(folder.join(format!(".{}.7.AbCdEf", "0".repeat(64))), "half").unwrap();
        drop(phrases);
        let phrases = Phrases::open(dir.path(), 1 << 20, DAY_MS, clock.clone()).unwrap();
        assert_eq!((phrases.entries.len(), ours(dir.path()).unwrap().len()), (1, 1), "the half-done one went");
        clock.skip(std::time::Duration::from_secs(2 * 86_400));
        assert!(Phrases::open(dir.path(), 1 << 20, DAY_MS, clock).unwrap().entries.is_empty());
        forget(dir.path()).unwrap();
        assert!(folder.join("notes.txt").exists());
    }

    #[test]
    fn a_folder_that_is_gone_stops_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let mut phrases = open(dir.path(), 1 << 20);
        std::fs::remove_dir(dir.path().join(DIR)).unwrap();
        phrases.put(&key("x"), &speech(100));
        assert_eq!(phrases.get(&key("x")), None);
        // It is there again, and so is its use.
        std::fs::create_dir(dir.path().join(DIR)).unwrap();
        phrases.put(&key("x"), &speech(100));
        assert!(phrases.get(&key("x")).is_some());
        std::fs::write(dir.path().join("file"), "").unwrap();
        assert!(Phrases::open(&dir.path().join("file"), 1 << 20, FOREVER_MS, Clock::system()).is_err());
    }
}
