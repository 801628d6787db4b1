//! The signature: a detached JWS with an unencoded payload (RFC 7515 appendix F, RFC 7797).
//!
//! One algorithm, one header shape: anything else is refused, so there is nothing to downgrade to.

use crate::deliver::keys::{Keys, PublicKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;

/// The header of every signature.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    b64: bool,
    crit: Vec<String>,
    kid: String,
}

/// A parsed signature; nothing of it is verified yet.
pub struct Parsed<'a> {
    /// Whose key signed, as it claims.
    pub kid: String,
    header: &'a str,
    signature: [u8; 64],
}

/// `BASE64URL(header)..BASE64URL(signature)` over `payload`.
pub fn sign(payload: &[u8], keys: &Keys) -> String {
    let header = Header { alg: "EdDSA".into(), b64: false, crit: vec!["b64".into()], kid: keys.public().to_string() };
    let json = serde_json::to_vec(&header).expect("four plain members are always JSON");
    let header = B64.encode(json);
    let signature = keys.sign(&signing_input(&header, payload));
    format!("{header}..{}", B64.encode(signature))
}

/// # Errors
/// What is wrong with its form.
pub fn parse(sig: &str) -> Result<Parsed<'_>, &'static str> {
    if sig.len() > 1024 {
        return Err("it is too long");
    }
    let (header, signature) = sig.split_once("..").ok_or("it is not a detached JWS")?;
    let json = B64.decode(header).map_err(|_| "its header is not base64url")?;
    let parsed: Header = serde_json::from_slice(&json).map_err(|_| "its header is not {alg, b64, crit, kid}")?;
    if parsed.alg != "EdDSA" || parsed.b64 || parsed.crit != ["b64"] {
        return Err("its header must be alg EdDSA, b64 false, crit [\"b64\"]");
    }
    let signature = B64.decode(signature).map_err(|_| "it is not base64url")?;
    let signature: [u8; 64] = signature.try_into().map_err(|_| "it is not 64 bytes")?;
    Ok(Parsed { kid: parsed.kid, header, signature })
}

impl Parsed<'_> {
    pub fn is_by(&self, key: &PublicKey, payload: &[u8]) -> bool {
        key.verify(&signing_input(self.header, payload), &self.signature)
    }
}

fn signing_input(header: &str, payload: &[u8]) -> Vec<u8> {
    let mut input = Vec::with_capacity(header.len() + 1 + payload.len());
    input.extend_from_slice(header.as_bytes());
    input.push(b'.');
    input.extend_from_slice(payload);
    input
}
