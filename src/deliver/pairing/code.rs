//! A pairing code as people type and scan it: letters and digits in fours, with what tells a slip of the finger.
//!
//! Behind `TENDERO-` stand the bytes below in Crockford's base 32, where small letters, hyphens and spaces do not matter
//! and I, L and O are read as 1 and 0. A QR code holds such a text in its dense alphanumeric mode.
//!
//! | bytes | what |
//! |---|---|
//! | 1 | the version, 1 |
//! | 16 | the secret |
//! | 1 | 1 for TLS, 0 without |
//! | 2 | the broker's port, big-endian |
//! | 1 to 200 | the broker's host |
//! | 3 | the first bytes of SHA-256 over all before |

use super::Secret;
use crate::deliver::mqtt::parse_url;
use data_encoding::{Encoding, Specification};
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

const PREFIX: &str = "TENDERO-";
const VERSION: u8 = 1;
const MAX_HOST: usize = 200;
const CHECK: usize = 3;

/// Crockford's base 32.
pub(super) static SYMBOLS: LazyLock<Encoding> = LazyLock::new(|| {
    let mut of = Specification::new();
    of.symbols.push_str("0123456789ABCDEFGHJKMNPQRSTVWXYZ");
    of.translate.from.push_str("abcdefghjkmnpqrstvwxyzILOilo");
    of.translate.to.push_str("ABCDEFGHJKMNPQRSTVWXYZ110110");
    of.ignore.push_str("- \n\r\t");
    of.encoding().expect("32 symbols, none of them twice")
});

/// What a code says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Code {
    pub secret: Secret,
    /// `mqtt://HOST:PORT` or `mqtts://HOST:PORT`.
    pub broker: String,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadCode {
    #[error("this is no pairing code: one begins with TENDERO- and is printed by `tendero shop pair`")]
    NoCode,
    #[error("the pairing code was cut off or mistyped; type or paste it once more, all of it")]
    Mistyped,
    #[error("the pairing code is of a later version; update tendero on this device")]
    Version,
    #[error("the broker's address {0} is no mqtt://HOST or mqtts://HOST of at most {MAX_HOST} letters")]
    Address(String),
}

impl Code {
    /// # Errors
    /// [`BadCode::Address`].
    pub fn new(secret: Secret, broker: &str) -> Result<Code, BadCode> {
        let (host, port, secure) = parse_url(broker).map_err(|_| BadCode::Address(broker.into()))?;
        if host.len() > MAX_HOST {
            return Err(BadCode::Address(broker.into()));
        }
        Ok(Code { secret, broker: address(&host, port, secure) })
    }

    /// # Errors
    /// [`BadCode`].
    pub fn parse(text: &str) -> Result<Code, BadCode> {
        let text = text.trim();
        let begins = text.get(..PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(PREFIX));
        let rest = if begins { &text[PREFIX.len()..] } else { return Err(BadCode::NoCode) };
        let bytes = SYMBOLS.decode(rest.as_bytes()).map_err(|_| BadCode::Mistyped)?;
        let (body, check) = bytes.split_last_chunk::<CHECK>().ok_or(BadCode::Mistyped)?;
        if check != &checksum(body) {
            return Err(BadCode::Mistyped);
        }
        let (version, body) = body.split_first().ok_or(BadCode::Mistyped)?;
        if *version != VERSION {
            return Err(BadCode::Version);
        }
        let (secret, body) = body.split_first_chunk::<16>().ok_or(BadCode::Mistyped)?;
        let ([secure, high, low], host) = body.split_first_chunk::<3>().ok_or(BadCode::Mistyped)?;
        let host = std::str::from_utf8(host).map_err(|_| BadCode::Mistyped)?;
        Code::new(Secret::from_bytes(*secret), &address(host, u16::from_be_bytes([*high, *low]), *secure != 0))
    }
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (host, port, secure) = parse_url(&self.broker).expect("a code is made of a good address only");
        let mut bytes = vec![VERSION];
        bytes.extend(self.secret.bytes());
        bytes.push(u8::from(secure));
        bytes.extend(port.to_be_bytes());
        bytes.extend(host.as_bytes());
        bytes.extend(checksum(&bytes));
        let text = SYMBOLS.encode(&bytes);
        let fours: Vec<&str> =
            text.as_bytes().chunks(4).map(|four| std::str::from_utf8(four).expect("the symbols are ASCII")).collect();
        write!(f, "{PREFIX}{}", fours.join("-"))
    }
}

fn address(host: &str, port: u16, secure: bool) -> String {
    format!("mqtt{}://{host}:{port}", if secure { "s" } else { "" })
}

fn checksum(bytes: &[u8]) -> [u8; CHECK] {
    *Sha256::digest(bytes).first_chunk().expect("a hash of 32 bytes has three")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code() -> Code {
        Code::new(Secret::from_bytes(*b"sixteen secrets."), "mqtts://broker.example").unwrap()
    }

    #[test]
    fn a_code_is_read_back_however_it_is_typed() {
        let text = code().to_string();
        println!("{text}");
        assert_eq!(code().broker, "mqtts://broker.example:8883");
        for typed in [text.clone(), text.to_lowercase(), text.replace('-', " ").replace("TENDERO ", "TENDERO-")] {
            assert_eq!(Code::parse(&format!(" {typed}\n")), Ok(code()), "{typed}");
        }
        let (prefix, rest) = text.split_at(PREFIX.len());
        let misread = rest.replace('1', "l").replace('0', "O");
        assert_eq!(Code::parse(&format!("{prefix}{misread}")), Ok(code()));
        for url in ["mqtt://10.0.0.7", "mqtts://[fe80::1]:8884", "mqtt://localhost:51883"] {
            let code = Code::new(Secret::from_bytes([9; 16]), url).unwrap();
            assert_eq!(Code::parse(&code.to_string()), Ok(code), "{url}");
        }
    }

    #[test]
    fn each_slip_is_noticed() {
        let text = code().to_string();
        for at in PREFIX.len()..text.len() {
            for other in ["0", "7", "Z", ""] {
                let mut slip = text.clone();
                slip.replace_range(at..=at, other);
                let read = Code::parse(&slip);
                assert!(read == Ok(code()) || read == Err(BadCode::Mistyped), "{slip}: {read:?}");
                assert!(read.is_err() || slip.replace('-', "") == text.replace('-', ""), "{slip}");
            }
            assert!(Code::parse(&text[..at]).is_err());
        }
        for other in ["", "TENDERO-", "hello", "ed25519:AAAA", "TENDÉRO-00", "http://example.org"] {
            assert!(Code::parse(other).is_err(), "{other}");
        }
    }

    #[test]
    fn an_address_that_fits_no_code_is_refused() {
        for bad in ["", "broker", "http://broker", "mqtts://", "mqtt://b/path", &format!("mqtt://{}", "x".repeat(201))]
        {
            let code = Code::new(Secret::from_bytes([9; 16]), bad);
            assert!(matches!(code, Err(BadCode::Address(_))), "{bad}");
        }
    }
}
