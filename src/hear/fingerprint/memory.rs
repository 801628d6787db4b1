//! What was said to this device, as fingerprints: the same recording again is a replay.
//!
//! The last [`MAX_EACH`] requests and as many answers, for [`MAX_AGE_MS`], one line each in a file of the
//! state folder. Never holds sound or words. A line is appended without waiting for the disk: a power
//! cut can lose the last few seconds of it, never the rest. When somebody deletes the file, all is forgotten.

use super::book::{pack, unpack};
use super::index::{Index, Print, Query};
use anyhow::Context;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// The file's name in the state folder.
pub const FILE: &str = "heard-fingerprints.jsonl";
/// Utterances of each kind that are kept: with a few orders a day, the last months.
pub const MAX_EACH: usize = 200;
/// 90 days.
pub const MAX_AGE_MS: i64 = 90 * 86_400_000;
/// The largest file that is read; what this writes stays far below.
const MAX_BYTES: u64 = 16 << 20;

/// On what occasion it was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// After the wake word: television says such things, too.
    Request,
    /// To the open microphone: confirmations are among them.
    Answer,
}

/// One line of the file.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Line {
    /// `None`: the clock was not known.
    unix_ms: Option<i64>,
    kind: Kind,
    /// As in `fingerprints.json`.
    peaks: String,
}

#[derive(Debug, Clone)]
struct Heard {
    number: u16,
    unix_ms: Option<i64>,
    kind: Kind,
    print: Print,
}

/// Fingerprints of what was said here.
#[derive(Debug)]
pub struct Memory {
    path: PathBuf,
    /// Oldest first.
    heard: VecDeque<Heard>,
    index: Index,
    next: u16,
    /// Lines in the file; it is written anew when it holds twice what counts.
    lines: usize,
}

/// Deletes what a state folder remembers. A daemon that runs forgets it with the next utterance.
///
/// # Errors
/// The file is there and can't be deleted.
pub fn forget(state_dir: &Path) -> anyhow::Result<()> {
    let path = state_dir.join(FILE);
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("{} can't be deleted; delete it by hand", path.display()))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

impl Memory {
    /// Reads what is there; lines that are damaged are left out, and the log says how many.
    /// `unix_ms`: the time, if it is known.
    ///
    /// # Errors
    /// The file is there and can't be read.
    pub fn open(state_dir: &Path, unix_ms: Option<i64>) -> anyhow::Result<Memory> {
        let path = state_dir.join(FILE);
        let text = match std::fs::metadata(&path) {
            Ok(found) if found.len() > MAX_BYTES => {
                anyhow::bail!("{} has grown to {} MB; delete it", path.display(), found.len() >> 20)
            }
            Ok(_) => std::fs::read(&path).with_context(|| format!("{} can't be read", path.display()))?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => vec![],
            Err(error) => return Err(error).with_context(|| format!("{} can't be read", path.display())),
        };
        let text = String::from_utf8_lossy(&text);
        let mut memory =
            Memory { path, heard: VecDeque::new(), index: Index::default(), next: 0, lines: text.lines().count() };
        let (mut damaged, mut timeless) = (0, false);
        for line in text.lines() {
            match serde_json::from_str::<Line>(line)
                .map_err(anyhow::Error::from)
                .and_then(|line| Ok((unpack(&line.peaks)?, line)))
            {
                // A time that was not known then counts from the first start at which one is.
                Ok((peaks, line)) => {
                    timeless |= line.unix_ms.is_none() && unix_ms.is_some();
                    memory.push(Print::from_peaks(peaks), line.kind, line.unix_ms.or(unix_ms));
                }
                Err(_) => damaged += 1,
            }
        }
        if damaged > 0 {
            tracing::warn!("{damaged} damaged lines of {} are left out", memory.path.display());
        }
        memory.drop_old(unix_ms);
        memory.index.add(memory.heard.iter().map(|heard| (heard.number, heard.print.clone())));
        if memory.lines > memory.heard.len() || timeless {
            memory.rewrite();
        }
        Ok(memory)
    }

    /// Was exactly this heard before?
    pub fn has(&mut self, sound: &Query) -> bool {
        self.forget_if_deleted();
        self.index.find(sound).is_some()
    }

    /// Keeps it; what can't be told from other sounds is not kept.
    pub fn remember(&mut self, print: &Print, kind: Kind, unix_ms: Option<i64>) {
        if !print.is_enough() {
            return;
        }
        self.forget_if_deleted();
        let before: Vec<u16> = self.heard.iter().map(|heard| heard.number).collect();
        self.push(print.clone(), kind, unix_ms);
        self.drop_old(unix_ms);
        for number in before {
            if !self.heard.iter().any(|heard| heard.number == number) {
                self.index.remove(number);
            }
        }
        if let Some(newest) = self.heard.back() {
            self.index.add([(newest.number, newest.print.clone())]);
        }
        self.append();
    }

    /// How many utterances are remembered.
    pub fn len(&self) -> usize {
        self.heard.len()
    }

    pub fn is_empty(&self) -> bool {
        self.heard.is_empty()
    }

    fn push(&mut self, print: Print, kind: Kind, unix_ms: Option<i64>) {
        // 65,536 numbers and 400 utterances: a number is free long before it comes again.
        let number = self.next;
        self.next = self.next.wrapping_add(1);
        self.heard.push_back(Heard { number, unix_ms, kind, print });
        if self.heard.iter().filter(|heard| heard.kind == kind).count() > MAX_EACH
            && let Some(oldest) = self.heard.iter().position(|heard| heard.kind == kind)
        {
            self.heard.remove(oldest);
        }
    }

    fn drop_old(&mut self, unix_ms: Option<i64>) {
        let Some(now) = unix_ms else { return };
        self.heard.retain(|heard| heard.unix_ms.is_none_or(|then| now - then <= MAX_AGE_MS));
    }

    fn forget_if_deleted(&mut self) {
        if self.lines > 0 && !self.path.exists() {
            self.heard.clear();
            self.index = Index::default();
            self.lines = 0;
        }
    }

    /// Replays are recognised until the next start even if the disk is full.
    fn append(&mut self) {
        if self.lines >= 2 * (2 * MAX_EACH) {
            return self.rewrite();
        }
        let Some(newest) = self.heard.back() else { return };
        let file = std::fs::OpenOptions::new().append(true).create(true).mode(0o600).open(&self.path);
        match file.and_then(|mut file| file.write_all(line(newest).as_bytes())) {
            Ok(()) => self.lines += 1,
            Err(error) => tracing::warn!("what was heard can't be remembered in {}: {error}", self.path.display()),
        }
    }

    /// Only what counts, whole or not at all.
    fn rewrite(&mut self) {
        let lines: String = self.heard.iter().map(line).collect();
        match crate::private_file::write(&self.path, lines.as_bytes()) {
            Ok(()) => self.lines = self.heard.len(),
            Err(error) => tracing::warn!("{} can't be written: {error}", self.path.display()),
        }
    }
}

fn line(heard: &Heard) -> String {
    let line = Line { unix_ms: heard.unix_ms, kind: heard.kind, peaks: pack(heard.print.peaks()) };
    serde_json::to_string(&line).expect("a line has only numbers and text") + "\n"
}

#[cfg(test)]
mod tests {
    use super::super::peaks::Peak;
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    const NOW: i64 = 1_795_000_000_000;
    const DAY: i64 = 86_400_000;

    /// Peaks as an utterance of two seconds has them, different for each number.
    fn print(number: u32) -> Print {
        let mut state = number.wrapping_mul(0x9e37_79b9) | 1;
        let mut random = move || {
            // xorshift32 (Marsaglia 2003).
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            state >> 8
        };
        let mut peak = |at: u16| Peak { at: at * 2 + (random() % 3) as u16, bin: (random() % 200) as u8 };
        Print::from_peaks((0..60).map(&mut peak).collect())
    }

    /// Is it remembered? An utterance always is what it was.
    fn knows(memory: &mut Memory, number: u32) -> bool {
        memory.has(&Query::of_print(print(number)))
    }

    #[test]
    fn what_was_heard_outlives_a_restart() {
        let dir = tempfile::tempdir().unwrap();
        let mut memory = Memory::open(dir.path(), Some(NOW)).unwrap();
        assert!(!knows(&mut memory, 1));
        memory.remember(&print(1), Kind::Answer, Some(NOW));
        memory.remember(&Print::default(), Kind::Answer, Some(NOW));
        assert!(knows(&mut memory, 1) && !knows(&mut memory, 2) && memory.len() == 1);
        let mut again = Memory::open(dir.path(), Some(NOW + DAY)).unwrap();
        assert!(knows(&mut again, 1) && !knows(&mut again, 2));
        let mode = std::fs::metadata(dir.path().join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn it_goes_with_its_age_also_when_the_clock_was_unknown() {
        let dir = tempfile::tempdir().unwrap();
        let mut memory = Memory::open(dir.path(), None).unwrap();
        memory.remember(&print(1), Kind::Answer, None);
        memory.remember(&print(2), Kind::Request, Some(NOW));
        assert_eq!(Memory::open(dir.path(), Some(NOW + 89 * DAY)).unwrap().len(), 2);
        // The first one's time is what it was when the clock became known: then, and that was written down.
        memory = Memory::open(dir.path(), Some(NOW + 91 * DAY)).unwrap();
        assert_eq!(memory.len(), 1);
        assert!(knows(&mut memory, 1) && !knows(&mut memory, 2));
        memory.remember(&print(3), Kind::Answer, Some(NOW + 400 * DAY));
        assert!(knows(&mut memory, 3) && memory.len() == 1);
    }

    #[test]
    fn television_pushes_out_no_confirmation() {
        let dir = tempfile::tempdir().unwrap();
        let mut memory = Memory::open(dir.path(), Some(NOW)).unwrap();
        memory.remember(&print(0), Kind::Answer, Some(NOW));
        let last = 2 * MAX_EACH as u32 + 300;
        for number in 1..=last {
            memory.remember(&print(number), Kind::Request, Some(NOW));
        }
        assert_eq!(memory.len(), MAX_EACH + 1);
        assert!(knows(&mut memory, 0) && knows(&mut memory, last) && !knows(&mut memory, 1));
        let lines = std::fs::read_to_string(dir.path().join(FILE)).unwrap().lines().count();
        assert!(lines <= 4 * MAX_EACH, "{lines} lines");
        assert_eq!(Memory::open(dir.path(), Some(NOW)).unwrap().len(), MAX_EACH + 1);
    }

    #[test]
    fn to_forget_is_to_delete_the_file() {
        let dir = tempfile::tempdir().unwrap();
        forget(dir.path()).unwrap();
        let mut memory = Memory::open(dir.path(), Some(NOW)).unwrap();
        memory.remember(&print(1), Kind::Answer, Some(NOW));
        forget(dir.path()).unwrap();
        assert!(!knows(&mut memory, 1) && memory.is_empty());
        memory.remember(&print(2), Kind::Answer, Some(NOW));
        assert_eq!(Memory::open(dir.path(), Some(NOW)).unwrap().len(), 1);
    }

    #[test]
    fn a_damaged_line_is_left_out() {
        let dir = tempfile::tempdir().unwrap();
        let mut memory = Memory::open(dir.path(), Some(NOW)).unwrap();
        for number in 0..3 {
            memory.remember(&print(number), Kind::Answer, Some(NOW));
        }
        let path = dir.path().join(FILE);
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, format!("nonsense\n{}", &text[..text.len() - 20])).unwrap();
        let mut again = Memory::open(dir.path(), Some(NOW)).unwrap();
        assert!(knows(&mut again, 0) && knows(&mut again, 1) && !knows(&mut again, 2) && again.len() == 2);
        assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), 2, "written anew without it");
    }
}
