//! The adults' PIN: set on the device, kept as an Argon2id hash, checked away from the loop.
//!
//! The PIN itself is never written down, logged or put into the journal: the mind hears only whether it was
//! right. It counts the wrong ones and locks; see `decide::approval`.

use crate::private_file;
use anyhow::{Context, bail, ensure};
use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::{Path, PathBuf};

/// Within the state folder.
pub const FILE: &str = "pin";
/// Digits of a PIN.
const DIGITS: std::ops::RangeInclusive<usize> = 4..=12;

/// Digits that no log shows.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Pin(String);

impl Pin {
    pub fn new(digits: &str) -> Pin {
        Pin(digits.trim().to_owned())
    }
}

impl std::fmt::Debug for Pin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pin(••••)")
    }
}

/// The file with the hash, in the PHC string format.
#[derive(Debug, Clone)]
pub struct PinFile {
    path: PathBuf,
}

impl PinFile {
    pub fn new(state_dir: &Path) -> PinFile {
        PinFile { path: state_dir.join(FILE) }
    }

    /// Sets or replaces the PIN. It is on disk when this returns, readable by the owner of the state folder only.
    ///
    /// # Errors
    /// The PIN is too short, too long, not of digits, or the first that anybody would try; or the disk.
    pub fn set(&self, pin: &Pin) -> anyhow::Result<()> {
        check(pin)?;
        // Argon2id with 19 MiB and two passes: OWASP's Password Storage Cheat Sheet.
        let hash = Argon2::default().hash_password(pin.0.as_bytes()).context("the PIN can't be hashed")?;
        private_file::write(&self.path, format!("{hash}\n").as_bytes())
            .with_context(|| format!("can't write the PIN's hash to {}", self.path.display()))
    }

    /// Removes the PIN; `false` when there was none.
    ///
    /// # Errors
    /// The disk.
    pub fn remove(&self) -> anyhow::Result<bool> {
        match fs::remove_file(&self.path) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error).with_context(|| format!("can't remove {}", self.path.display())),
        }
    }

    /// Whether `pin` is the one that was set. Takes about a tenth of a second, and 19 MiB, on purpose.
    ///
    /// # Errors
    /// No PIN is set, or its file is damaged; the message says what to do.
    pub fn is_right(&self, pin: &Pin) -> anyhow::Result<bool> {
        let Some(hash) = self.hash()? else {
            bail!("no PIN is set on this device; set one with `tendero pin set`, or hold the device's button")
        };
        Ok(Argon2::default().verify_password(pin.0.as_bytes(), &hash).is_ok())
    }

    /// Whether one is set.
    ///
    /// # Errors
    /// Its file can't be read, or is damaged.
    pub fn is_set(&self) -> anyhow::Result<bool> {
        Ok(self.hash()?.is_some())
    }

    fn hash(&self) -> anyhow::Result<Option<PasswordHash>> {
        let text = match fs::read_to_string(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).with_context(|| format!("can't read {}", self.path.display())),
        };
        let hash = PasswordHash::new(text.trim()).map_err(|why| {
            anyhow::anyhow!(
                "{} does not hold a PIN's hash ({why}); set the PIN again with `tendero pin set`",
                self.path.display()
            )
        })?;
        Ok(Some(hash))
    }
}

/// Refuses what is no PIN, and what everybody tries first.
fn check(pin: &Pin) -> anyhow::Result<()> {
    let digits = pin.0.as_bytes();
    ensure!(
        DIGITS.contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit),
        "a PIN has {} to {} digits and nothing else",
        DIGITS.start(),
        DIGITS.end()
    );
    let steps_by = |step: i16| digits.windows(2).all(|pair| i16::from(pair[1]) - i16::from(pair[0]) == step);
    ensure!(![-1, 0, 1].into_iter().any(steps_by), "that PIN is among the first that anybody tries; choose another");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn the_right_pin_is_right_and_its_file_holds_a_hash_for_the_owner_only() {
        let dir = tempfile::tempdir().unwrap();
        let file = PinFile::new(dir.path());
        assert!(file.is_right(&Pin::new("4711")).unwrap_err().to_string().contains("tendero pin set"));
        file.set(&Pin::new("4711\n")).unwrap();
        assert!(file.is_right(&Pin::new("4711")).unwrap());
        assert!(!file.is_right(&Pin::new("4712")).unwrap());
        assert!(!file.is_right(&Pin::new("")).unwrap());
        let text = fs::read_to_string(dir.path().join(FILE)).unwrap();
        assert!(text.starts_with("$argon2id$v=19$m=19456,t=2,p=1$") && !text.contains("4711"), "{text}");
        assert_eq!(fs::metadata(dir.path().join(FILE)).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "no temporary file stays");
        file.set(&Pin::new("9035")).unwrap();
        assert!(file.is_right(&Pin::new("9035")).unwrap() && !file.is_right(&Pin::new("4711")).unwrap());
        assert!(file.remove().unwrap() && !file.remove().unwrap());
    }

    #[test]
    fn what_is_no_pin_is_refused_and_a_damaged_file_says_what_to_do() {
        let dir = tempfile::tempdir().unwrap();
        let file = PinFile::new(dir.path());
        for bad in ["", "123", "1234567890123", "12a4", "0000", "1234", "4321", "456789"] {
            assert!(file.set(&Pin::new(bad)).is_err(), "{bad}");
        }
        fs::write(dir.path().join(FILE), "<html>").unwrap();
        assert!(file.is_right(&Pin::new("4711")).unwrap_err().to_string().contains("set the PIN again"));
    }

    #[test]
    fn no_log_shows_a_pin() {
        assert!(!format!("{:?}", Pin::new("4711")).contains("4711"));
    }
}
