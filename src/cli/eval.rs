//! `tendero eval`: how well it does on tables and recordings.

use crate::understand::labels::{self, Labelled};
use anyhow::Context as _;
use std::path::PathBuf;

/// Reads tables of utterances.
///
/// # Errors
/// A file that can't be read, or a line in it that is no row.
pub fn read_tables(files: &[PathBuf]) -> anyhow::Result<Vec<Labelled>> {
    let mut out = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(file)
            .with_context(|| format!("can't read the table {}; give an existing file with --labels", file.display()))?;
        out.extend(labels::read(&text).with_context(|| format!("{} is not a table of utterances", file.display()))?);
    }
    Ok(out)
}
