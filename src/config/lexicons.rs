//! A maker's lexicon files, read from their folder: `en.toml`, `es.toml`, `ro.toml`, each as one likes.
//!
//! Reads them once, when a program starts; what they mean is for [`crate::understand::lexicon::maker`].

use crate::understand::Lang;
use crate::understand::lexicon::maker::Lexicons;
use anyhow::Context as _;
use std::path::Path;

/// Where a packaged tendero looks for them.
pub const PACKAGED: &str = "/etc/tendero/lexicon";

/// The largest file that is read, bytes: eight times the largest built-in one.
const MAX_BYTES: u64 = 512 * 1024;

/// As the configuration names the folder: "" is none, and the packaged one need not be there.
///
/// # Errors
/// As [`read`].
pub fn configured(dir: &Path) -> anyhow::Result<Lexicons> {
    if dir.as_os_str().is_empty() || (dir == Path::new(PACKAGED) && !dir.exists()) {
        return Ok(Lexicons::default());
    }
    read(dir).context("[understand] lexicon_dir")
}

/// Reads and checks the files of `dir`. Files that do not end in `.toml` are left alone.
///
/// # Errors
/// The folder, or the file and the mistake in it, and what to do.
pub fn read(dir: &Path) -> anyhow::Result<Lexicons> {
    let folder =
        || format!("can't read the lexicon folder {}; name one with en.toml, es.toml or ro.toml in it", dir.display());
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(dir).with_context(folder)? {
        paths.push(entry.with_context(folder)?.path());
    }
    paths.retain(|path| path.extension().is_some_and(|end| end == "toml"));
    paths.sort();
    let mut files = Vec::new();
    for path in paths {
        let name = path.display().to_string();
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let lang: Lang = stem
            .parse()
            .map_err(|what: String| anyhow::anyhow!("{name}: {what}; rename the file or take it out of the folder"))?;
        let size = std::fs::metadata(&path).with_context(|| format!("can't read {name}"))?.len();
        anyhow::ensure!(
            size <= MAX_BYTES,
            "{name}: it has {size} bytes, and at most {MAX_BYTES} are read; make it shorter"
        );
        let text = std::fs::read_to_string(&path).with_context(|| format!("can't read {name}"))?;
        files.push((lang, name, text));
    }
    Ok(Lexicons::new(files)?)
}

/// As an option of a subcommand names the folder: without it, only what is built in.
///
/// # Errors
/// As [`read`].
pub fn given(dir: Option<&Path>) -> anyhow::Result<Lexicons> {
    dir.map_or_else(|| Ok(Lexicons::default()), read)
}
