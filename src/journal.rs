//! Every event with its time, as versioned lines; bounded; can be replayed.
//!
//! The first line of a journal holds what the mind was made of (policy, household,
//! catalogue, a maker's lexicons); each further line one event, its time, and the effects that it had. Since the
//! mind is pure, [`replay`] gets the same effects again, to the byte, or says where not.
//! A further such first line is a restart: a fresh mind of what was on disk then. The daemon begins a
//! file of its own instead; the simulation writes a whole run into one.
//! A journal holds what people said: it is readable by the daemon's user only, and never
//! leaves the device.

use crate::decide::Now;
use crate::decide::effect::Effect;
use crate::decide::event::Event;
use crate::decide::household::Household;
use crate::decide::mind::Mind;
use crate::decide::policy::Policy;
use crate::understand::Understanding;
use crate::understand::catalog::Catalog;
use crate::understand::lexicon::maker::Lexicons;
use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// The file's name in the state folder.
pub const FILE: &str = "journal.jsonl";
/// The format of the lines.
const VERSION: u32 = 1;

/// What the mind was made of.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Setup {
    pub journal: u32,
    pub policy: Policy,
    pub household: Household,
    pub catalog: Catalog,
    /// What a maker added to the lexicons.
    #[serde(default, skip_serializing_if = "Lexicons::is_empty")]
    pub lexicons: Lexicons,
}

impl Setup {
    pub fn of(mind: &Mind) -> Setup {
        Setup {
            journal: VERSION,
            policy: mind.policy().clone(),
            household: mind.household().clone(),
            catalog: mind.understanding().catalog().clone(),
            lexicons: mind.understanding().lexicons().clone(),
        }
    }

    /// A mind as it was when the journal began.
    pub fn mind(self) -> Mind {
        Mind::new(self.policy, Understanding::with_lexicons(self.catalog, self.lexicons), self.household)
    }
}

/// One event and what came of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    pub at: Now,
    pub event: Event,
    pub effects: Vec<Effect>,
}

/// A journal that is being written.
pub struct Journal {
    path: PathBuf,
    file: File,
    written: u64,
    limit: u64,
}

impl Journal {
    /// Begins a journal at `path`; what was there becomes `path` + `.old`. `limit` in bytes.
    ///
    /// # Errors
    /// The file can't be made.
    pub fn begin(path: &Path, limit: u64, setup: &Setup) -> anyhow::Result<Journal> {
        let context = || format!("can't write the journal {}", path.display());
        if path.exists() {
            std::fs::rename(path, old(path)).with_context(context)?;
        }
        let file = OpenOptions::new().create_new(true).append(true).mode(0o600).open(path).with_context(context)?;
        let mut journal = Journal { path: path.to_owned(), file, written: 0, limit };
        journal.line(setup).with_context(context)?;
        Ok(journal)
    }

    /// Writes one entry down. Not fsynced: what must not be lost is in the store.
    ///
    /// # Errors
    /// The disk.
    pub fn write(&mut self, entry: &Entry) -> anyhow::Result<()> {
        self.line(entry).with_context(|| format!("can't write the journal {}", self.path.display()))
    }

    /// Ends this journal and begins the next at the same place.
    ///
    /// # Errors
    /// As [`Journal::begin`].
    pub fn renew(self, setup: &Setup) -> anyhow::Result<Journal> {
        Journal::begin(&self.path, self.limit, setup)
    }

    /// Removes the journal before this one if nothing was written to it since `unix_ms`.
    pub fn drop_old(&self, unix_ms: i64) {
        let old = old(&self.path);
        let written = std::fs::metadata(&old).and_then(|meta| meta.modified()).ok();
        let since_1970 = written.and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
        let is_old = since_1970.is_some_and(|at| i64::try_from(at.as_millis()).unwrap_or(i64::MAX) < unix_ms);
        if is_old && let Err(error) = std::fs::remove_file(&old) {
            tracing::warn!("can't remove the old journal {}: {error}", old.display());
        }
    }

    /// Is it time to begin a new one?
    pub fn is_full(&self) -> bool {
        self.written >= self.limit
    }

    fn line(&mut self, value: &impl Serialize) -> anyhow::Result<()> {
        let mut line = serde_json::to_vec(value)?;
        line.push(b'\n');
        self.file.write_all(&line)?;
        self.written += line.len() as u64;
        Ok(())
    }
}

/// Where the journal before the one at `path` is.
pub fn old(path: &Path) -> PathBuf {
    let mut old = path.as_os_str().to_owned();
    old.push(".old");
    old.into()
}

/// One line of a journal that was run again.
#[derive(Debug, Clone, Copy)]
pub enum Replayed<'a> {
    /// A fresh mind took over.
    Restart,
    /// Its effects were found to be equal.
    Entry(&'a Entry),
}

/// Runs a journal through a fresh mind; `on_line` sees each line after the first. The number of
/// events. A last line that a power cut left half is passed over.
///
/// # Errors
/// Not a journal, another version, or the line at which other effects came out.
pub fn replay(path: &Path, mut on_line: impl FnMut(Replayed)) -> anyhow::Result<usize> {
    let file = File::open(path).with_context(|| format!("can't open the journal {}", path.display()))?;
    let mut lines = BufReader::new(file).lines();
    let first = lines.next().with_context(|| format!("the journal {} is empty", path.display()))??;
    let setup: Setup = serde_json::from_str(&first)
        .with_context(|| format!("{}:1: not the beginning of a journal", path.display()))?;
    let mut mind = fresh(setup, path)?;
    let mut count = 0;
    let mut lines = lines.enumerate().peekable();
    while let Some((index, line)) = lines.next() {
        let line = line.with_context(|| format!("can't read {}", path.display()))?;
        let entry: Entry = match serde_json::from_str(&line) {
            Ok(entry) => entry,
            Err(error) => match serde_json::from_str::<Setup>(&line) {
                Ok(setup) => {
                    mind = fresh(setup, path)?;
                    on_line(Replayed::Restart);
                    continue;
                }
                Err(_) if lines.peek().is_none() => break,
                Err(_) => bail!("{}:{}: not a journal entry: {error}", path.display(), index + 2),
            },
        };
        let effects = mind.handle(entry.event.clone(), entry.at);
        if effects != entry.effects {
            bail!(
                "{}:{}: the replay differs: recorded {}, now {}",
                path.display(),
                index + 2,
                serde_json::to_string(&entry.effects)?,
                serde_json::to_string(&effects)?
            );
        }
        on_line(Replayed::Entry(&entry));
        count += 1;
    }
    Ok(count)
}

fn fresh(setup: Setup, path: &Path) -> anyhow::Result<Mind> {
    if setup.journal != VERSION {
        bail!("{} is a journal of version {}; this program reads version {VERSION}", path.display(), setup.journal);
    }
    Ok(setup.mind())
}
