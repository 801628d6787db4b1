//! mosquitto's password file: who may connect. Only hashes are in it.
//!
//! A line is `user:$7$ITERATIONS$SALT$HASH`, PBKDF2 with HMAC-SHA-512, salt and hash in base64, as `mosquitto_passwd` of
//! mosquitto 2 writes it. mosquitto reads the file when it starts, and again at a SIGHUP.

use crate::private_file;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as B64;
use ring::pbkdf2;
use std::io;
use std::num::NonZeroU32;
use std::path::Path;

/// As `mosquitto_passwd` has it: a password of ours is random and cannot be guessed from any hash.
const ITERATIONS: NonZeroU32 = NonZeroU32::new(101).expect("101 is not 0");
const SALT: usize = 12;
const HASH: usize = 64;

/// Puts each of `users` (name, password) in place of what the file says of it, drops those that `is_over` names, and
/// leaves all else. The file is replaced whole, with the owner and the mode that it had. `false`: nothing had to change.
///
/// # Errors
/// The file is not there, can't be read or written.
pub fn set(path: &Path, users: &[(&str, &str)], is_over: impl Fn(&str) -> bool) -> io::Result<bool> {
    let text = std::fs::read_to_string(path)?;
    let name_of = |line: &str| line.split(':').next().unwrap_or_default().to_owned();
    let mut lines: Vec<String> = vec![];
    let mut left: Vec<&(&str, &str)> = users.iter().collect();
    for line in text.lines() {
        let name = name_of(line);
        match left.iter().position(|(user, _)| *user == name) {
            Some(at) => {
                let (user, password) = left.remove(at);
                lines.push(if is_of(line, password) { line.into() } else { hashed(user, password)? });
            }
            None if is_over(&name) => {}
            None => lines.push(line.into()),
        }
    }
    for (user, password) in left {
        lines.push(hashed(user, password)?);
    }
    let new = lines.iter().map(|line| format!("{line}\n")).collect::<String>();
    if new == text {
        return Ok(false);
    }
    private_file::replace(path, new.as_bytes())?;
    Ok(true)
}

fn hashed(user: &str, password: &str) -> io::Result<String> {
    let mut salt = [0; SALT];
    getrandom::fill(&mut salt).map_err(io::Error::other)?;
    let mut hash = [0; HASH];
    pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA512, ITERATIONS, &salt, password.as_bytes(), &mut hash);
    Ok(format!("{user}:$7${ITERATIONS}${}${}", B64.encode(salt), B64.encode(hash)))
}

/// Does this line let that password in?
fn is_of(line: &str, password: &str) -> bool {
    let Some((_, rest)) = line.split_once(":$7$") else { return false };
    let mut parts = rest.trim_end().split('$');
    let (Some(iterations), Some(salt), Some(hash)) = (parts.next(), parts.next(), parts.next()) else { return false };
    let (Ok(iterations), Ok(salt), Ok(hash)) = (iterations.parse(), B64.decode(salt), B64.decode(hash)) else {
        return false;
    };
    pbkdf2::verify(pbkdf2::PBKDF2_HMAC_SHA512, iterations, &salt, password.as_bytes(), &hash).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_user_is_put_in_and_the_others_stay() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("passwords");
        assert!(set(&path, &[("casa", "x")], |_| false).is_err(), "whoever reads it must have made it");
        std::fs::write(&path, "corner:$7$101$c2FsdA==$aGFzaA==\npair-1:$7$101$c2FsdA==$aGFzaA==\n# by hand\n").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert!(set(&path, &[("casa", "x"), ("pair-2", "y")], |name| name == "pair-1").unwrap());
        let text = std::fs::read_to_string(&path).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 4, "{text}");
        assert!(lines[0].starts_with("corner:") && lines[1] == "# by hand");
        assert!(lines[2].starts_with("casa:") && is_of(lines[2], "x") && !is_of(lines[2], "y"));
        assert!(is_of(lines[3], "y"));
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
        // The same again changes nothing, another password does.
        assert!(!set(&path, &[("casa", "x")], |_| false).unwrap());
        assert!(set(&path, &[("casa", "z")], |_| false).unwrap());
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text.lines().count(), 4);
        assert!(is_of(text.lines().nth(2).unwrap(), "z"));
    }

    /// What the real tool makes is what we make.
    #[test]
    fn a_line_that_mosquitto_passwd_made_is_read() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let made =
            std::process::Command::new("mosquitto_passwd").arg("-b").arg(file.path()).args(["u", "secret"]).output();
        let Ok(made) = made else {
            println!("left out: mosquitto_passwd is not installed");
            return;
        };
        assert!(made.status.success());
        let text = std::fs::read_to_string(file.path()).unwrap();
        assert!(is_of(text.trim(), "secret") && !is_of(text.trim(), "secrets"), "{text}");
    }
}
