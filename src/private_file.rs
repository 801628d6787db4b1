//! Files that are written whole or not at all: those of the state folder, readable by its owner only, and those of others.

use std::fs::{File, Metadata, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
use std::path::Path;

/// Puts `bytes` in the place of what `path` held. It is on disk when this returns.
///
/// # Errors
/// The disk, or a folder that can't be written; what was there stays.
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let dir = path.parent().ok_or_else(|| io::Error::other("the path has no folder"))?;
    put(path, dir, &std::fs::metadata(dir)?, None, bytes)
}

/// The mode of a secret's file that everybody on this machine may read or write; `None`: it is its owner's and its group's alone, as
/// an administrator hands it to a service.
///
/// # Errors
/// The file is not there.
pub fn open_to_all(path: &Path) -> io::Result<Option<u32>> {
    let mode = std::fs::metadata(path)?.permissions().mode() & 0o777;
    Ok((mode & 0o007 != 0).then_some(mode))
}

/// An administrator writes for the daemon's user, whose folder or file it is.
pub fn give_to_owner(of: &Metadata, file: &File) -> io::Result<()> {
    let is = file.metadata()?;
    if (is.uid(), is.gid()) == (of.uid(), of.gid()) { Ok(()) } else { fchown(file, Some(of.uid()), Some(of.gid())) }
}

/// Temporary files are made with mode 0600, which stays without a `mode`.
fn put(path: &Path, dir: &Path, owner: &Metadata, mode: Option<Permissions>, bytes: &[u8]) -> io::Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let mut file = tempfile::Builder::new().prefix(&format!(".{name}.")).tempfile_in(dir)?;
    file.write_all(bytes)?;
    give_to_owner(owner, file.as_file())?;
    mode.map_or(Ok(()), |mode| file.as_file().set_permissions(mode))?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    File::open(dir)?.sync_all()
}

/// Puts `bytes` in the place of what the file `path` held, which keeps its owner and its mode: somebody else reads it.
///
/// # Errors
/// The file is not there, or the disk; what was there stays.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let was = std::fs::metadata(path)?;
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    put(path, dir, &was, Some(was.permissions()), bytes)
}
