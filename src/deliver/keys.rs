//! Ed25519 keys: made at the first start, kept in one file that only its owner can read.
//!
//! A public key is written as `ed25519:` and 43 characters of base64url; the same text is the
//! `kid` of every signature. Never prints or logs a secret key.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use std::fs;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

const PUBLIC_PREFIX: &str = "ed25519:";
const SECRET_PREFIX: &str = "ed25519-secret:";
/// The file's name in the state folder.
pub const KEY_FILE: &str = "key";
/// The key that comes after it, until that is in use.
const NEXT_FILE: &str = "key.next";

/// A key pair. Clones share the secret.
#[derive(Clone)]
pub struct Keys {
    signing: SigningKey,
}

/// Somebody's public key, as it is pinned.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey {
    key: VerifyingKey,
}

/// Why there are no keys.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("{path}: {why}; check that the folder exists and that this user may write there")]
    Io { path: PathBuf, why: std::io::Error },
    #[error(
        "{path} does not hold a key; put the backup of this file back, or delete it to make a new key (then the shop must be told the new one)"
    )]
    NotAKey { path: PathBuf },
    #[error("{path} can be read by others (mode {mode:o}); run: chmod 600 {path}")]
    Exposed { path: PathBuf, mode: u32 },
    #[error("the machine gave no random numbers for a new key: {0}")]
    Random(String),
    #[error("\"{0}\" is not a public key; one looks like ed25519: and 43 letters, digits, - or _")]
    NotPublic(String),
}

impl Keys {
    /// The key pair in `dir/key`; at the first start it is made, fsynced, and moved into place,
    /// so that a crash leaves either no file or a whole one.
    ///
    /// # Errors
    /// [`KeyError`], also when others than the owner may read the file.
    pub fn load_or_make(dir: &Path) -> Result<Keys, KeyError> {
        let path = dir.join(KEY_FILE);
        Keys::load(&path)?.map_or_else(|| Keys::make(dir, &path), Ok)
    }

    /// The key pair in `dir/key`, if it was made.
    ///
    /// # Errors
    /// [`KeyError`], also when others than the owner may read the file.
    pub fn there(dir: &Path) -> Result<Option<Keys>, KeyError> {
        Keys::load(&dir.join(KEY_FILE))
    }

    /// The key pair that comes after the one in `dir/key`: begun before, or made now. A crash leaves it where it is, so that a
    /// hand-over which somebody may have seen goes on with the same one.
    ///
    /// # Errors
    /// [`KeyError`], also when others than the owner may read the file.
    pub fn next_or_make(dir: &Path) -> Result<Keys, KeyError> {
        let path = dir.join(NEXT_FILE);
        Keys::load(&path)?.map_or_else(|| Keys::make(dir, &path), Ok)
    }

    /// The key pair that comes next, if one was begun.
    ///
    /// # Errors
    /// [`KeyError`], also when others than the owner may read the file.
    pub fn next(dir: &Path) -> Result<Option<Keys>, KeyError> {
        Keys::load(&dir.join(NEXT_FILE))
    }

    /// Puts the next key pair in the place of the one in `dir/key`, whose secret is gone then.
    ///
    /// # Errors
    /// [`KeyError`]; one of the two is in place then, and both files are whole.
    pub fn change(dir: &Path) -> Result<(), KeyError> {
        let path = dir.join(KEY_FILE);
        let change = || -> std::io::Result<()> {
            fs::rename(dir.join(NEXT_FILE), &path)?;
            fs::File::open(dir)?.sync_all()
        };
        change().map_err(|why| KeyError::Io { path: path.clone(), why })
    }

    fn load(path: &Path) -> Result<Option<Keys>, KeyError> {
        match fs::read_to_string(path) {
            Ok(text) => Keys::checked(path, &text).map(Some),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(e) if e.kind() == std::io::ErrorKind::InvalidData => Err(KeyError::NotAKey { path: path.into() }),
            Err(why) => Err(KeyError::Io { path: path.into(), why }),
        }
    }

    /// A key pair from 32 bytes: for known-answer tests.
    pub fn from_seed(seed: &[u8; 32]) -> Keys {
        Keys { signing: SigningKey::from_bytes(seed) }
    }

    pub fn public(&self) -> PublicKey {
        PublicKey { key: self.signing.verifying_key() }
    }

    /// The 64 bytes of the Ed25519 signature over `message`.
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.signing.sign(message).to_bytes()
    }

    fn checked(path: &Path, text: &str) -> Result<Keys, KeyError> {
        let meta = fs::metadata(path).map_err(|why| KeyError::Io { path: path.into(), why })?;
        let mode = meta.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(KeyError::Exposed { path: path.into(), mode });
        }
        let seed = text.trim().strip_prefix(SECRET_PREFIX).and_then(|b| B64.decode(b).ok());
        let seed: Option<[u8; 32]> = seed.and_then(|b| b.try_into().ok());
        seed.map(|s| Keys::from_seed(&s)).ok_or_else(|| KeyError::NotAKey { path: path.into() })
    }

    fn make(dir: &Path, path: &Path) -> Result<Keys, KeyError> {
        let mut seed = [0u8; 32];
        getrandom::fill(&mut seed).map_err(|e| KeyError::Random(e.to_string()))?;
        let text = format!("{SECRET_PREFIX}{}\n", B64.encode(seed));
        let write = || -> std::io::Result<()> {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
            let temp = dir.join(format!(".{KEY_FILE}.{}", std::process::id()));
            let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&temp)?;
            file.write_all(text.as_bytes())?;
            crate::private_file::give_to_owner(&fs::metadata(dir)?, &file)?;
            file.sync_all()?;
            // A second process may have been faster: its key stays, and ours is thrown away.
            let linked = fs::hard_link(&temp, path);
            fs::remove_file(&temp)?;
            match linked {
                Err(e) if e.kind() != std::io::ErrorKind::AlreadyExists => Err(e)?,
                Ok(()) | Err(_) => {}
            }
            fs::File::open(dir)?.sync_all()
        };
        write().map_err(|why| KeyError::Io { path: path.into(), why })?;
        let text = fs::read_to_string(path).map_err(|why| KeyError::Io { path: path.into(), why })?;
        Keys::checked(path, &text)
    }
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Keys({})", self.public())
    }
}

impl PublicKey {
    /// Strict verification: small-order keys and non-canonical signatures are refused.
    pub fn verify(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        self.key.verify_strict(message, &Signature::from_bytes(signature)).is_ok()
    }
}

impl std::fmt::Display for PublicKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{PUBLIC_PREFIX}{}", B64.encode(self.key.as_bytes()))
    }
}

impl std::fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self}")
    }
}

impl std::str::FromStr for PublicKey {
    type Err = KeyError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || KeyError::NotPublic(text.chars().take(80).collect());
        let encoded = text.trim().strip_prefix(PUBLIC_PREFIX).ok_or_else(wrong)?;
        let bytes: [u8; 32] = B64.decode(encoded).ok().and_then(|b| b.try_into().ok()).ok_or_else(wrong)?;
        let key = VerifyingKey::from_bytes(&bytes).map_err(|_| wrong())?;
        if key.is_weak() {
            return Err(wrong());
        }
        Ok(PublicKey { key })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_and_only_its_owner_reads_it() {
        let dir = tempfile::tempdir().unwrap();
        let first = Keys::load_or_make(&dir.path().join("state")).unwrap();
        let again = Keys::load_or_make(&dir.path().join("state")).unwrap();
        assert_eq!(first.public(), again.public());
        let path = dir.path().join("state").join(KEY_FILE);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(dir.path().join("state")).unwrap().count(), 1, "no temporary file stays");

        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(Keys::load_or_make(&dir.path().join("state")), Err(KeyError::Exposed { .. })));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(&path, "<html>").unwrap();
        assert!(matches!(Keys::load_or_make(&dir.path().join("state")), Err(KeyError::NotAKey { .. })));
    }

    #[test]
    fn a_key_gives_way_to_the_next_one_and_a_change_that_was_cut_off_goes_on() {
        let dir = tempfile::tempdir().unwrap();
        let first = Keys::load_or_make(dir.path()).unwrap().public();
        assert!(Keys::next(dir.path()).unwrap().is_none());
        let next = Keys::next_or_make(dir.path()).unwrap().public();
        assert_ne!(first, next);
        assert_eq!(Keys::next_or_make(dir.path()).unwrap().public(), next, "the same one after a crash");
        assert_eq!(Keys::load_or_make(dir.path()).unwrap().public(), first, "not in use yet");
        Keys::change(dir.path()).unwrap();
        assert_eq!(Keys::load_or_make(dir.path()).unwrap().public(), next);
        assert!(Keys::next(dir.path()).unwrap().is_none() && Keys::change(dir.path()).is_err());
    }

    #[test]
    fn public_keys_round_trip_and_nonsense_is_refused() {
        let key = Keys::from_seed(&[7; 32]).public();
        assert_eq!(key.to_string().parse::<PublicKey>().unwrap(), key);
        // The last one is the point of small order 1.
        for bad in ["", "ed25519:", "ed25519:AAAA", "rsa:xyz", "ed25519:AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"] {
            assert!(bad.parse::<PublicKey>().is_err(), "{bad}");
        }
    }
}
