//! The folder of models on the device: one folder for each, put there in one step, with a record of what is in it.
//!
//! A folder without a record is not ours: it is neither listed nor removed.

use super::fetch::{self, Wanted};
use super::manifest;
use super::sum_of;
use anyhow::{Context, bail, ensure};
use serde::{Deserialize, Serialize};
use std::fs::{File, Permissions, TryLockError};
use std::io::{BufReader, Read, Seek, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Component, Path, PathBuf};
use tempfile::TempDir;

/// Where the administrator's models are, for the daemon to read.
pub const DEFAULT_DIR: &str = "/usr/local/share/tendero/models";
/// What is known of a model, beside its files.
pub const RECORD: &str = "tendero-model.json";
/// Of an archive.
const MAX_FILES: usize = 4096;
const MAX_UNPACKED: u64 = 16 << 30;

/// What was installed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    pub version: u32,
    pub name: String,
    pub engine: String,
    /// ISO 639-1.
    pub languages: Vec<String>,
    pub licence: String,
    pub url: String,
    /// Of what was downloaded.
    pub sha256: String,
    pub files: Vec<manifest::File>,
}

/// The folder.
#[derive(Debug, Clone)]
pub struct Store {
    dir: PathBuf,
}

/// May a model be called so, and its folder?
pub fn is_name(name: &str) -> bool {
    let plain = |b: u8| matches!(b, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.');
    (1..=64).contains(&name.len()) && name.bytes().all(plain) && !name.starts_with('.')
}

impl Store {
    pub fn new(dir: &Path) -> Store {
        Store { dir: dir.to_owned() }
    }

    pub fn folder(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// Every model that was installed, by name. A record that can't be read is told in its model's place.
    ///
    /// # Errors
    /// The folder is there and can't be read.
    pub fn installed(&self) -> anyhow::Result<Vec<(String, anyhow::Result<Record>)>> {
        let entries = match std::fs::read_dir(&self.dir) {
            Ok(entries) => entries,
            Err(why) if why.kind() == std::io::ErrorKind::NotFound => return Ok(vec![]),
            Err(why) => return Err(why).with_context(|| format!("{} can't be read", self.dir.display())),
        };
        let mut found = Vec::new();
        for entry in entries {
            let name = entry?.file_name().to_string_lossy().into_owned();
            if is_name(&name) && self.folder(&name).join(RECORD).is_file() {
                let record = self.record(&name);
                found.push((name, record));
            }
        }
        found.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(found)
    }

    /// # Errors
    /// The model is not installed, or its record is damaged.
    pub fn record(&self, name: &str) -> anyhow::Result<Record> {
        ensure!(is_name(name), "\"{name}\" is no name of a model");
        read_record(&self.folder(name))
    }

    /// Downloads, checks and installs what `record` describes, whose `files` are not known yet.
    ///
    /// # Errors
    /// As [`fetch::fetch`]; an archive that can't be unpacked; another version is installed; somebody else is at it.
    pub async fn pull(
        &self,
        record: Record,
        wanted: &Wanted,
        progress: impl FnMut(u64, Option<u64>),
    ) -> anyhow::Result<Record> {
        let _lock = self.begin(&record)?;
        if let Some(there) = self.there(&record)? {
            return Ok(there);
        }
        let part = self.part(&record.name);
        fetch::fetch(wanted, &part, progress).await?;
        let done = self.install(record, &part)?;
        fetch::discard(&part);
        Ok(done)
    }

    /// Installs a file that is here already, whose sum is `record.sha256`.
    ///
    /// # Errors
    /// As [`Store::pull`], but for the download.
    pub fn take(&self, record: Record, file: &Path) -> anyhow::Result<Record> {
        let _lock = self.begin(&record)?;
        match self.there(&record)? {
            Some(there) => Ok(there),
            None => self.install(record, file),
        }
    }

    /// Keeps others out.
    fn begin(&self, record: &Record) -> anyhow::Result<File> {
        ensure!(is_name(&record.name), "\"{}\" can't be the name of a model: letters, digits, - _ .", record.name);
        let hint = "as root, or with --dir";
        std::fs::create_dir_all(&self.dir).with_context(|| format!("{} can't be made ({hint})", self.dir.display()))?;
        let lock = File::create(self.dir.join(".lock"))
            .with_context(|| format!("{} can't be written ({hint})", self.dir.display()))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => bail!("another `tendero models` is at work in {}", self.dir.display()),
            Err(TryLockError::Error(why)) => return Err(why).context("the folder of models can't be locked"),
        }
        Ok(lock)
    }

    /// What is installed under that name, if it is the very same and whole.
    fn there(&self, record: &Record) -> anyhow::Result<Option<Record>> {
        let folder = self.folder(&record.name);
        if !folder.exists() {
            return Ok(None);
        }
        let there = read_record(&folder).and_then(|there| {
            verify(&folder, &there)?;
            ensure!(there.sha256 == record.sha256, "it is another version");
            Ok(Some(there))
        });
        there.with_context(|| {
            format!("{} is there already; `tendero models remove {}` makes room", folder.display(), record.name)
        })
    }

    fn part(&self, name: &str) -> PathBuf {
        self.dir.join(format!(".{name}.part"))
    }

    /// Unpacks beside, writes the record, and gives it its name in one step.
    fn install(&self, mut record: Record, part: &Path) -> anyhow::Result<Record> {
        let new = tempfile::Builder::new().prefix(".new.").tempdir_in(&self.dir);
        let new = new.with_context(|| format!("{} can't be written", self.dir.display()))?;
        let file = File::open(part).with_context(|| format!("{} can't be read", part.display()))?;
        record.files = if is_zip(&file)? {
            unpack(file, &new).with_context(|| format!("the archive from {} can't be unpacked", record.url))?
        } else {
            let name = record.url.rsplit('/').next().filter(|n| is_name(n)).unwrap_or("model").to_owned();
            vec![write(file, &new, &name, MAX_UNPACKED)?]
        };
        ensure!(!record.files.is_empty(), "the archive from {} is empty", record.url);
        let text = serde_json::to_string_pretty(&record)?;
        write(text.as_bytes(), &new, RECORD, MAX_UNPACKED)?;
        std::fs::set_permissions(new.path(), Permissions::from_mode(0o755))?;
        let folder = self.folder(&record.name);
        std::fs::rename(new.path(), &folder).with_context(|| format!("{} can't be made", folder.display()))?;
        // What it names has moved.
        let _ = new.keep();
        File::open(&self.dir)?.sync_all()?;
        Ok(record)
    }

    /// Deletes a model, and what there is of one whose download was cut off.
    ///
    /// # Errors
    /// There is none of that name, or the disk.
    pub fn remove(&self, name: &str) -> anyhow::Result<()> {
        ensure!(is_name(name), "\"{name}\" is no name of a model");
        let (part, folder) = (self.part(name), self.folder(name));
        let had_part = part.exists();
        fetch::discard(&part);
        if !folder.join(RECORD).is_file() {
            ensure!(had_part, "no model {name} is in {}; `tendero models list` shows them", self.dir.display());
            return Ok(());
        }
        // Out of the way first: half a model never has the name.
        let gone = tempfile::Builder::new().prefix(".gone.").tempdir_in(&self.dir);
        let gone = gone.with_context(|| format!("{} can't be written", self.dir.display()))?;
        std::fs::rename(&folder, gone.path().join(name))
            .with_context(|| format!("{} can't be moved", folder.display()))?;
        gone.close().with_context(|| format!("not everything of {name} could be deleted"))
    }

    /// The first model, by name, for this engine and language.
    ///
    /// # Errors
    /// There is none.
    pub fn find(&self, engine: &str, language: &str) -> anyhow::Result<PathBuf> {
        let fits = |record: &Record| record.engine == engine && record.languages.iter().any(|l| l == language);
        let installed = self.installed()?;
        let mut records = installed.iter().filter_map(|(name, record)| Some((name, record.as_ref().ok()?)));
        let (name, _) = records.find(|(_, record)| fits(record)).with_context(|| {
            format!(
                "no {engine} model for \"{language}\" is in {}; `tendero models list` names them",
                self.dir.display()
            )
        })?;
        Ok(self.folder(name))
    }
}

/// What is known of the model in `folder`.
///
/// # Errors
/// There is no record, or a damaged one.
pub fn read_record(folder: &Path) -> anyhow::Result<Record> {
    let path = folder.join(RECORD);
    let text = std::fs::read_to_string(&path).with_context(|| format!("{} can't be read", path.display()))?;
    let record: Record = serde_json::from_str(&text).with_context(|| format!("{} is damaged", path.display()))?;
    ensure!(record.version == 1, "{} is of another version of tendero", path.display());
    ensure!(record.files.iter().all(|file| is_inside(Path::new(&file.name))), "{} is damaged", path.display());
    Ok(record)
}

/// Sums every file of the model in `folder`.
///
/// # Errors
/// The first file that is not what it was.
pub fn verify(folder: &Path, record: &Record) -> anyhow::Result<()> {
    record.files.iter().try_for_each(|file| verify_file(folder, file))
}

/// # Errors
/// The file is gone, or not what it was.
pub fn verify_file(folder: &Path, file: &manifest::File) -> anyhow::Result<()> {
    let path = folder.join(&file.name);
    let opened = File::open(&path).with_context(|| format!("{} can't be read", path.display()))?;
    let bytes = opened.metadata()?.len();
    ensure!(bytes == file.bytes, "{} has {bytes} bytes instead of {}", path.display(), file.bytes);
    let sum = sum_of(opened).with_context(|| format!("{} can't be read", path.display()))?;
    ensure!(
        sum == file.sha256,
        "{} is not what it was: its sha256 is {sum} instead of {}",
        path.display(),
        file.sha256
    );
    Ok(())
}

fn is_inside(path: &Path) -> bool {
    path.components().next().is_some() && path.components().all(|part| matches!(part, Component::Normal(_)))
}

fn is_zip(mut file: &File) -> anyhow::Result<bool> {
    let mut head = Vec::new();
    file.take(4).read_to_end(&mut head)?;
    file.rewind()?;
    Ok(head == b"PK\x03\x04")
}

/// Files and folders only, none outside; a single folder around all of it is left out.
fn unpack(file: File, to: &TempDir) -> anyhow::Result<Vec<manifest::File>> {
    let mut archive = zip::ZipArchive::new(BufReader::new(file))?;
    ensure!(archive.len() <= MAX_FILES, "it has {} files; {MAX_FILES} are the limit", archive.len());
    let mut names = Vec::new();
    for at in 0..archive.len() {
        let entry = archive.by_index(at)?;
        let is_relative = !entry.name()?.starts_with('/');
        let name = entry.enclosed_name().filter(|name| is_relative && is_inside(name));
        let name = name.with_context(|| format!("file {at} has a name that would lie outside"))?;
        ensure!(!entry.is_symlink(), "\"{}\" is a link", name.display());
        names.push((name, entry.is_dir()));
    }
    let files = names.iter().filter(|(_, is_dir)| !is_dir);
    let around = files.clone().next().and_then(|(name, _)| name.components().next());
    let around = around.filter(|around| {
        files.clone().all(|(name, _)| name.components().count() > 1 && name.components().next() == Some(*around))
    });
    let skipped = usize::from(around.is_some());
    let (mut written, mut left): (Vec<manifest::File>, u64) = (Vec::new(), MAX_UNPACKED);
    for (at, (name, is_dir)) in names.iter().enumerate() {
        if *is_dir {
            continue;
        }
        let name: PathBuf = name.components().skip(skipped).collect();
        let name = name.to_str().context("it has a file whose name is no text")?;
        ensure!(name != RECORD, "it holds a {RECORD} of its own");
        let file = write(archive.by_index(at)?, to, name, left)?;
        left -= file.bytes;
        written.push(file);
    }
    Ok(written)
}

fn write(from: impl Read, to: &TempDir, name: &str, limit: u64) -> anyhow::Result<manifest::File> {
    let path = to.path().join(name);
    let wrong = || format!("{name} can't be written");
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).with_context(wrong)?;
    }
    let mut file = File::create_new(&path).with_context(wrong)?;
    let bytes = std::io::copy(&mut from.take(limit.saturating_add(1)), &mut file).with_context(wrong)?;
    ensure!(bytes <= limit, "it has more than {MAX_UNPACKED} bytes when it is unpacked");
    file.flush().with_context(wrong)?;
    file.set_permissions(Permissions::from_mode(0o644)).with_context(wrong)?;
    file.sync_all().with_context(wrong)?;
    let sha256 = sum_of(File::open(&path)?).with_context(wrong)?;
    Ok(manifest::File { name: name.to_owned(), bytes, sha256 })
}
