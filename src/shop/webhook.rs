//! Tells a shop system of any kind what happens to orders: signed HTTP POSTs after the "Standard Webhooks" specification
//! (<https://www.standardwebhooks.com>).
//!
//! What is to be told is in the book before anybody is told ([`hooks`](super::book::hooks)); [`deliver`] takes it from there,
//! at least once and one order's events in their order, and [`send`] is a single try. Never books, and never reads more of an
//! answer than its head.

mod deliver;
mod send;

pub use deliver::start;

use crate::deliver::mqtt::{TlsFiles, Trouble, tls_config};
use crate::private_file;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What every secret begins with.
pub const SECRET_PREFIX: &str = "whsec_";
/// Bytes of a secret, by the specification.
const SECRET_BYTES: std::ops::RangeInclusive<usize> = 24..=64;
/// Secrets that sign at once: one, and those that it replaces.
const MAX_SECRETS: usize = 4;
const MAX_URL: usize = 2_000;
/// The pause after the first try, and the longest.
const FIRST_PAUSE_MS: i64 = 5_000;
const MAX_PAUSE_MS: i64 = 2 * 3_600_000;
/// With these pauses, tries for about 24 hours.
const MAX_TRIES: u32 = 23;
/// Whatever the pauses were, an event is not tried for longer than this.
const MAX_TRYING_MS: i64 = 26 * 3_600_000;
/// The longest `Retry-After` that is believed.
const MAX_RETRY_AFTER_MS: i64 = 6 * 3_600_000;

/// Where events go, and what signs them.
#[derive(Debug, Clone)]
pub struct Config {
    pub address: Address,
    pub secrets: Secrets,
    /// For `https`.
    tls: Option<Arc<rustls::ClientConfig>>,
}

impl Config {
    /// `ca`: whom to trust instead of the system's authorities.
    ///
    /// # Errors
    /// No authority that could vouch for an `https` address.
    pub fn new(address: Address, secrets: Secrets, ca: Option<PathBuf>) -> Result<Config, Trouble> {
        let tls = match address.is_tls {
            true => Some(Arc::new(tls_config(&TlsFiles { ca, ..TlsFiles::default() })?)),
            false => None,
        };
        Ok(Config { address, secrets, tls })
    }
}

/// An address that events may go to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    pub url: String,
    is_tls: bool,
    host: String,
    port: u16,
    /// As in the `Host` header.
    authority: String,
    path: String,
    /// Without encryption only this machine is spoken to.
    loopback_only: bool,
}

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ConfigError {
    #[error("{url} can't be a webhook: {why}")]
    Url { url: String, why: &'static str },
    #[error("{path} can't be read: {why}")]
    Read { path: PathBuf, why: String },
    #[error(
        "{path} is open to everybody on this machine (mode {mode:o}), and whoever reads it can invent events; run: chmod o= {path}"
    )]
    Exposed { path: PathBuf, mode: u32 },
    #[error(
        "{path}, line {line}: {why}; a secret is whsec_ and the base64 of 24 to 64 bytes, as tendero shop webhook secret prints it"
    )]
    Secret { path: PathBuf, line: usize, why: &'static str },
}

impl Address {
    /// `https://...`, or `http://` to this machine; with `plain` also `http://` to others.
    ///
    /// # Errors
    /// [`ConfigError::Url`].
    pub fn parse(url: &str, plain: bool) -> Result<Address, ConfigError> {
        let wrong = |why| {
            let shown: String = url.chars().filter(|c| !c.is_control()).take(120).collect();
            // What stands before an @ may be a password.
            let shown = shown.rsplit_once('@').map_or(shown.clone(), |(_, rest)| format!("...@{rest}"));
            ConfigError::Url { url: shown, why }
        };
        if url.len() > MAX_URL {
            return Err(wrong("it has more than 2000 characters"));
        }
        let uri: http::Uri = url.parse().map_err(|_| wrong("it is no URL; it is like https://shop.example/orders"))?;
        let is_tls = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            Some(_) | None => return Err(wrong("it must begin with https://")),
        };
        let authority = uri.authority().ok_or_else(|| wrong("it names no host"))?;
        if authority.as_str().contains('@') {
            return Err(wrong("it has a user in it; the signature says who calls, so leave that out"));
        }
        if url.contains('#') {
            return Err(wrong("it has a fragment (#), which no server sees; leave that out"));
        }
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        if host.is_empty() {
            return Err(wrong("it names no host"));
        }
        let may_be_here = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
        if !is_tls && !plain && !may_be_here {
            return Err(wrong(
                "http:// is for this machine only, since anybody on the way could read the orders; use https://, or --webhook-plain on a network that is yours alone",
            ));
        }
        Ok(Address {
            url: url.to_owned(),
            is_tls,
            port: authority.port_u16().unwrap_or(if is_tls { 443 } else { 80 }),
            authority: authority.to_string(),
            path: uri.path_and_query().map_or("/", |path| path.as_str()).to_owned(),
            loopback_only: !is_tls && !plain,
            host,
        })
    }
}

/// Keys that sign, the newest first. Never printed.
#[derive(Clone)]
pub struct Secrets(Vec<hmac::Key>);

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} secrets", self.0.len())
    }
}

impl Secrets {
    /// A file with a secret in each line. Several sign at once, so that a new one can take the place of an old one.
    ///
    /// # Errors
    /// [`ConfigError`], naming the file and the line, and never what stands there.
    pub fn load(path: &Path) -> Result<Secrets, ConfigError> {
        let unread = |why: std::io::Error| ConfigError::Read { path: path.into(), why: why.to_string() };
        if let Some(mode) = private_file::open_to_all(path).map_err(unread)? {
            return Err(ConfigError::Exposed { path: path.into(), mode });
        }
        let text = std::fs::read_to_string(path).map_err(unread)?;
        let mut keys = vec![];
        for (at, line) in text.lines().enumerate() {
            let line = line.trim();
            let wrong = |why| ConfigError::Secret { path: path.into(), line: at + 1, why };
            if line.is_empty() {
                continue;
            }
            if keys.len() == MAX_SECRETS {
                return Err(wrong("it is the fifth; four sign at the most"));
            }
            let base64 = line.strip_prefix(SECRET_PREFIX).ok_or_else(|| wrong("it does not begin with whsec_"))?;
            let bytes = STANDARD.decode(base64).map_err(|_| wrong("what follows whsec_ is no base64"))?;
            if !SECRET_BYTES.contains(&bytes.len()) {
                return Err(wrong("it has another length"));
            }
            keys.push(hmac::Key::new(hmac::HMAC_SHA256, &bytes));
        }
        if keys.is_empty() {
            return Err(ConfigError::Secret { path: path.into(), line: 1, why: "there is none" });
        }
        Ok(Secrets(keys))
    }

    /// A new one, as it stands in a file.
    ///
    /// # Errors
    /// The machine gave no random numbers.
    pub fn fresh() -> Result<String, getrandom::Error> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)?;
        Ok(format!("{SECRET_PREFIX}{}", STANDARD.encode(bytes)))
    }

    /// The header `webhook-signature`: over id, seconds since 1970 and body.
    fn sign(&self, id: &str, timestamp_s: i64, body: &str) -> String {
        let signed = format!("{id}.{timestamp_s}.{body}");
        let of = |key| format!("v1,{}", STANDARD.encode(hmac::sign(key, signed.as_bytes())));
        self.0.iter().map(of).collect::<Vec<_>>().join(" ")
    }
}

/// How long to wait after try number `tries` (from 1 on): twice as long each time, a fifth more or less by `chance`, so that
/// shops that lost the same receiver do not all come back at once. `asked_ms`: what the receiver asked for.
fn pause_ms(tries: u32, asked_ms: Option<i64>, chance: u32) -> i64 {
    let doubled = FIRST_PAUSE_MS.saturating_mul(1 << tries.saturating_sub(1).min(20)).min(MAX_PAUSE_MS);
    let share = i64::from(chance % 401) - 200;
    let pause = doubled + doubled * share / 1_000;
    pause.max(asked_ms.unwrap_or(0).clamp(0, MAX_RETRY_AFTER_MS))
}

/// Is this the last try of an event?
fn is_last(tries: u32, first_unix_ms: i64, now_unix_ms: i64) -> bool {
    tries >= MAX_TRIES || now_unix_ms.saturating_sub(first_unix_ms) >= MAX_TRYING_MS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_that_everybody_may_read_is_none() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("secret");
        private_file::write(&file, Secrets::fresh().unwrap().as_bytes()).unwrap();
        for (mode, taken) in [(0o600, true), (0o640, true), (0o644, false), (0o602, false), (0o400, true)] {
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
            let loaded = Secrets::load(&file).map(drop);
            let wanted = if taken { Ok(()) } else { Err(ConfigError::Exposed { path: file.clone(), mode }) };
            assert_eq!(loaded, wanted, "{mode:o}");
        }
    }

    #[test]
    fn the_specifications_own_example_is_signed_as_it_says() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("secret");
        private_file::write(&file, b"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n").unwrap();
        let secrets = Secrets::load(&file).unwrap();
        let signed = secrets.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, r#"{"test": 2432232314}"#);
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        let two = format!("{}\nwhsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", Secrets::fresh().unwrap());
        private_file::write(&file, two.as_bytes()).unwrap();
        let both = Secrets::load(&file).unwrap().sign(
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            r#"{"test": 2432232314}"#,
        );
        assert!(both.starts_with("v1,") && both.ends_with(&format!(" {signed}")), "{both}");
    }

    /// What the documentation tells a receiver to run.
    #[test]
    fn the_documented_receiver_believes_what_we_sign_and_nothing_else() {
        let text = include_str!("../../protocol/README.md");
        let code = text.split("```python\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("secret");
        let secret = Secrets::fresh().unwrap();
        private_file::write(&file, format!("{}\n{secret}", Secrets::fresh().unwrap()).as_bytes()).unwrap();
        let (id, body) = ("msg_1", "{\"a\":\"\u{20ac}\"}");
        let signature = Secrets::load(&file).unwrap().sign(id, 1_000, body);
        let program = format!(
            "{code}
h = {{'webhook-id': '{id}', 'webhook-timestamp': '1000', 'webhook-signature': '{signature}'}}
b = '{body}'.encode()
print(verified('{secret}', h, b, 1300), verified('{secret}', h, b, 1301), verified('{secret}', h, b + b' ', 1000),
      verified('{secret}', {{**h, 'webhook-id': 'msg_2'}}, b, 1000), verified('{secret}', {{**h, 'webhook-timestamp': '1001'}}, b, 1000),
      verified('whsec_AAAA', h, b, 1000))"
        );
        let Ok(output) = std::process::Command::new("python3").args(["-c", &program]).output() else {
            println!("left out: python3 is not there");
            return;
        };
        let said = String::from_utf8_lossy(&output.stdout);
        assert_eq!(said.trim(), "True False False False False False", "{}", String::from_utf8_lossy(&output.stderr));
    }

    #[test]
    fn a_wrong_secret_is_told_by_its_line_and_never_shown() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("secret");
        for (text, line, what) in [
            ("", 1, "there is none"),
            ("hunter2hunter2", 1, "does not begin"),
            ("\nwhsec_hunter2!", 2, "no base64"),
            ("whsec_aHVudGVyMg==", 1, "another length"),
        ] {
            private_file::write(&file, text.as_bytes()).unwrap();
            let why = Secrets::load(&file).unwrap_err().to_string();
            assert!(why.contains(what) && why.contains(&format!("line {line}")) && !why.contains("hunter"), "{why}");
        }
        assert!(matches!(Secrets::load(&dir.path().join("none")), Err(ConfigError::Read { .. })));
    }

    #[test]
    fn only_addresses_that_nobody_else_can_read_are_taken() {
        for good in ["https://shop.example/in?a=b", "http://127.0.0.1:8080", "http://[::1]/x", "http://localhost/"] {
            let address = Address::parse(good, false).unwrap();
            assert_eq!(address.loopback_only, !address.is_tls, "{good}");
        }
        for bad in [
            "http://shop.example/",
            "http://10.0.0.1/",
            "http://127.0.0.1.evil.example/",
            "ftp://x/",
            "shop.example",
            "https://",
            "https://user:hunter2@shop.example/",
            "https://shop.example/#x",
            "https://a b/",
            "",
        ] {
            let why = Address::parse(bad, false).unwrap_err().to_string();
            assert!(!why.contains("hunter2"), "{why}");
        }
        assert!(!Address::parse("http://10.0.0.1/", true).unwrap().loopback_only);
        let address = Address::parse("https://shop.example:8443/in?a=b", false).unwrap();
        assert_eq!((address.host.as_str(), address.port, address.path.as_str()), ("shop.example", 8443, "/in?a=b"));
    }

    #[test]
    fn tries_go_on_for_about_a_day_and_end() {
        for chance in [0, 200, 400, u32::MAX] {
            let (mut tries, mut at_ms) = (1, 0);
            while !is_last(tries, 0, at_ms) {
                at_ms += pause_ms(tries, None, chance);
                tries += 1;
            }
            assert!((19 * 3_600_000..29 * 3_600_000).contains(&at_ms), "{tries} tries in {at_ms} ms");
        }
        assert_eq!(
            (pause_ms(1, None, 200), pause_ms(2, None, 200), pause_ms(99, None, 200)),
            (5_000, 10_000, MAX_PAUSE_MS)
        );
        assert!(pause_ms(1, None, 0) < 5_000 && pause_ms(1, None, 400) > 5_000);
        // What the receiver asks for, within reason.
        assert_eq!(pause_ms(1, Some(60_000), 200), 60_000);
        assert_eq!(pause_ms(1, Some(-1), 200), 5_000);
        assert_eq!(pause_ms(1, Some(i64::MAX), 200), MAX_RETRY_AFTER_MS);
        assert!(
            !is_last(MAX_TRIES - 1, 0, MAX_TRYING_MS - 1) && is_last(MAX_TRIES, 0, 1) && is_last(1, 0, MAX_TRYING_MS)
        );
    }
}
