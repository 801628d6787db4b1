//! Files of the state folder: written whole or not at all, and readable by the folder's owner only.

use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, fchown};
use std::path::Path;

/// Puts `bytes` in the place of what `path` held. It is on disk when this returns.
///
/// # Errors
/// The disk, or a folder that can't be written; what was there stays.
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let dir = path.parent().ok_or_else(|| io::Error::other("the path has no folder"))?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    // Temporary files are made with mode 0600.
    let mut file = tempfile::Builder::new().prefix(&format!(".{name}.")).tempfile_in(dir)?;
    file.write_all(bytes)?;
    // An administrator writes for the daemon's user, whose folder it is.
    let owner = std::fs::metadata(dir)?;
    if owner.uid() != file.as_file().metadata()?.uid() {
        fchown(file.as_file(), Some(owner.uid()), Some(owner.gid()))?;
    }
    file.as_file().sync_all()?;
    file.persist(path)?;
    std::fs::File::open(dir)?.sync_all()
}
