//! The envelope around every message: CloudEvents 1.0, signed, with an expiry and an audience.
//!
//! [`seal`] makes the bytes, [`open`] is the only way to get at what somebody sent: size,
//! shape, key, signature, expiry, audience and nonce are checked before anything is used, and
//! no input makes it panic. Properties of MQTT itself are not signed, so nothing here looks at
//! them. The shapes of the data are in [`body`], the signature is in [`jws`].

pub mod body;
pub mod jws;

pub use body::*;

use super::handover::{MAX_STEPS, Pins, Step, Trusts};
use super::keys::Keys;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// The largest message that anybody reads, bytes.
pub const MAX_BYTES: usize = 256 * 1024;
/// What is retained is true until its sender says otherwise, and renewed at each connection, milliseconds.
pub const RETAINED_LIFE_MS: i64 = 366 * 24 * 3_600_000;
/// JSON numbers beyond this (2^53 - 1) mean different things to different parsers.
pub const MAX_INTEGER: i64 = 9_007_199_254_740_991;

/// Any message: CloudEvents 1.0 in structured JSON, and `sig`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Envelope<T> {
    /// Always `1.0`.
    pub specversion: String,
    /// A new UUID for each message. Bytes that are sent again keep theirs.
    pub id: String,
    /// `home/HOME/DEVICE` or `shop/SHOP`.
    pub source: String,
    /// `tendero.v1.` and the kind.
    #[serde(rename = "type")]
    pub kind: String,
    /// When it was made, RFC 3339 in UTC.
    pub time: String,
    /// After this moment nobody may use it, RFC 3339 in UTC.
    pub expirytime: String,
    /// Always `application/json`.
    pub datacontenttype: String,
    pub data: T,
    /// Detached JWS (RFC 7515, RFC 7797) over the RFC 8785 form of all the other members:
    /// header, two dots, signature.
    pub sig: String,
}

/// The data of one kind of message.
pub trait Body: Serialize + serde::de::DeserializeOwned {
    /// As in the topic: `order`, `quote.request`, ...
    const KIND: &'static str;
    /// The topic that it is meant for. Signed, so that nobody can move it to another one.
    fn aud(&self) -> &str;
    /// The nonce, for the kinds that have one.
    fn nonce(&self) -> Option<&str> {
        None
    }
}

/// A message that was verified.
#[derive(Debug, Clone, PartialEq)]
pub struct Opened<T> {
    pub id: String,
    /// Milliseconds since 1970.
    pub expires_unix_ms: i64,
    pub data: T,
    /// SHA-256 over the RFC 8785 form of the data as it came, hex.
    pub hash: String,
}

/// Why a message is not to be trusted. Such a message has no other effect than a line in the log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Distrust {
    #[error("it has {bytes} bytes; the largest allowed is {MAX_BYTES}")]
    TooLarge { bytes: usize },
    #[error("it is not a CloudEvents 1.0 message in JSON: {0}")]
    Shape(String),
    #[error("it is of kind \"{found}\", expected \"{expected}\"")]
    Kind { expected: &'static str, found: String },
    #[error("its signature is not in the expected form: {0}")]
    Signature(&'static str),
    #[error("it was signed with the key {found}, but {pinned} is pinned")]
    OtherKey { found: String, pinned: String },
    #[error("its signature is wrong: it was changed on the way, or forged")]
    Forged,
    #[error("it expired at {at}")]
    Expired { at: String },
    #[error("its audience is \"{found}\", but it came on \"{topic}\"")]
    Audience { found: String, topic: String },
    #[error("its nonce is missing or is not 32 hex digits")]
    Nonce,
    #[error("it came as a retained message, and this kind never is")]
    Retained,
}

impl Distrust {
    /// A name for each reason, for counting.
    pub fn code(&self) -> &'static str {
        match self {
            Distrust::TooLarge { .. } => "too_large",
            Distrust::Shape(_) => "shape",
            Distrust::Kind { .. } => "other_kind",
            Distrust::Signature(_) => "signature",
            Distrust::OtherKey { .. } => "other_key",
            Distrust::Forged => "forged",
            Distrust::Expired { .. } => "expired",
            Distrust::Audience { .. } => "audience",
            Distrust::Nonce => "nonce",
            Distrust::Retained => "retained",
        }
    }
}

/// Why a message could not be made: a fault of ours, never of the network.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    #[error("a message of kind {kind} can't be written as JSON: {why}")]
    Json { kind: &'static str, why: String },
    #[error("the time {0} ms is not a date that RFC 3339 can write")]
    Time(i64),
    #[error("a message of kind {kind} would have {bytes} bytes; the largest allowed is {MAX_BYTES}")]
    TooLarge { kind: &'static str, bytes: usize },
}

/// Signs `body` for `life_ms` from `now_unix_ms` on. `source` is `home/HOME/DEVICE` or `shop/SHOP`.
///
/// # Errors
/// [`SealError`], when the body has numbers that JSON can't carry or is too large.
pub fn seal<T: Body>(
    body: &T,
    source: &str,
    keys: &Keys,
    now_unix_ms: i64,
    life_ms: i64,
) -> Result<Vec<u8>, SealError> {
    let json = |why: String| SealError::Json { kind: T::KIND, why };
    let unsigned = serde_json::json!({
        "specversion": "1.0",
        "id": uuid_v4(),
        "source": source,
        "type": type_of(T::KIND),
        "time": rfc3339(now_unix_ms).ok_or(SealError::Time(now_unix_ms))?,
        "expirytime": rfc3339(now_unix_ms.saturating_add(life_ms)).ok_or(SealError::Time(life_ms))?,
        "datacontenttype": "application/json",
        "data": serde_json::to_value(body).map_err(|e| json(e.to_string()))?,
    });
    let bytes = sign_value(unsigned, keys).map_err(json)?;
    if bytes.len() > MAX_BYTES {
        return Err(SealError::TooLarge { kind: T::KIND, bytes: bytes.len() });
    }
    Ok(bytes)
}

/// Adds `sig` to an envelope without one, and writes it all in its canonical form.
fn sign_value(mut unsigned: Value, keys: &Keys) -> Result<Vec<u8>, String> {
    check_numbers(&unsigned).map_err(str::to_owned)?;
    let payload = canonical(&unsigned)?;
    unsigned["sig"] = jws::sign(&payload, keys).into();
    canonical(&unsigned)
}

/// Verifies everything that can be verified of a message and gives its data out.
///
/// `topic` is where it came in; `pinned` who may have signed it.
///
/// # Errors
/// [`Distrust`]: the message must not be used, shown or spoken.
pub fn open<T: Body>(bytes: &[u8], topic: &str, pinned: &dyn Trusts, now_unix_ms: i64) -> Result<Opened<T>, Distrust> {
    let data = verify(bytes, T::KIND, pinned, now_unix_ms)?;
    let hash = hash_value(&data.data)?;
    let body: T = serde_json::from_value(data.data).map_err(|e| Distrust::Shape(format!("data: {e}")))?;
    if body.aud() != topic {
        return Err(Distrust::Audience { found: short(body.aud()), topic: short(topic) });
    }
    if body.nonce().is_some_and(|nonce| !is_hex128(nonce)) {
        return Err(Distrust::Nonce);
    }
    Ok(Opened { id: data.id, expires_unix_ms: data.expires_unix_ms, data: body, hash })
}

/// Verifies that a key was handed over: whose signatures count from now on, and the steps that were new. `who`: the source of
/// the messages.
///
/// # Errors
/// [`Distrust`]: it does not lead on from the keys that are `pinned`.
pub fn open_handover(
    bytes: &[u8],
    topic: &str,
    who: &str,
    pinned: &Pins,
    now_unix_ms: i64,
) -> Result<(Pins, Vec<Step>), Distrust> {
    #[derive(Deserialize)]
    struct Claimed {
        data: Handover,
    }
    if bytes.len() > MAX_BYTES {
        return Err(Distrust::TooLarge { bytes: bytes.len() });
    }
    // Not verified yet: the signatures that make it true are in the steps themselves.
    let claimed: Claimed = serde_json::from_slice(bytes).map_err(|e| Distrust::Shape(e.to_string()))?;
    if claimed.data.steps.len() > MAX_STEPS {
        return Err(Distrust::Shape(format!(
            "it has {} steps; at most {MAX_STEPS} are followed",
            claimed.data.steps.len()
        )));
    }
    let mut pins = pinned.clone();
    let followed = pins.follow(who, &claimed.data.steps);
    // Only the newest key says how it got there: an earlier one could leave out the last step.
    open::<Handover>(bytes, topic, pins.newest(), now_unix_ms)?;
    Ok((pins, followed))
}

struct Verified {
    id: String,
    expires_unix_ms: i64,
    data: Value,
}

/// Everything but what is in the data.
fn verify(bytes: &[u8], kind: &'static str, pinned: &dyn Trusts, now_unix_ms: i64) -> Result<Verified, Distrust> {
    if bytes.len() > MAX_BYTES {
        return Err(Distrust::TooLarge { bytes: bytes.len() });
    }
    let mut value: Value = serde_json::from_slice(bytes).map_err(|e| Distrust::Shape(e.to_string()))?;
    let members = value.as_object_mut().ok_or_else(|| Distrust::Shape("it is not an object".into()))?;
    let Some(Value::String(sig)) = members.remove("sig") else {
        return Err(Distrust::Signature("there is none"));
    };
    check_numbers(&value).map_err(|why| Distrust::Shape(why.into()))?;
    let signature = jws::parse(&sig).map_err(Distrust::Signature)?;
    let Some(key) = pinned.key(&signature.kid, now_unix_ms) else {
        let pinned = pinned.expected().to_string();
        return Err(Distrust::OtherKey { found: short(&signature.kid), pinned });
    };
    let payload = canonical(&value).map_err(Distrust::Shape)?;
    if !signature.is_by(key, &payload) {
        return Err(Distrust::Forged);
    }
    // From here on the sender is known; what follows are its own words.
    let text = |name: &'static str| match &value[name] {
        Value::String(text) => Ok(text.as_str()),
        _ => Err(Distrust::Shape(format!("{name} is missing"))),
    };
    if text("specversion")? != "1.0" || text("datacontenttype")? != "application/json" {
        return Err(Distrust::Shape("specversion must be 1.0 and datacontenttype application/json".into()));
    }
    if text("type")? != type_of(kind) {
        return Err(Distrust::Kind { expected: kind, found: short(text("type")?) });
    }
    let expirytime = text("expirytime")?;
    let expires: jiff::Timestamp = expirytime.parse().map_err(|_| Distrust::Shape("expirytime is no date".into()))?;
    if expires.as_millisecond() <= now_unix_ms {
        return Err(Distrust::Expired { at: short(expirytime) });
    }
    let id = short(text("id")?);
    Ok(Verified { id, expires_unix_ms: expires.as_millisecond(), data: value["data"].take() })
}

/// SHA-256 over the RFC 8785 form of `body`, hex.
///
/// # Errors
/// As [`seal`].
pub fn hash_of<T: Body>(body: &T) -> Result<String, SealError> {
    let json = |why: String| SealError::Json { kind: T::KIND, why };
    let value = serde_json::to_value(body).map_err(|e| json(e.to_string()))?;
    hash_value(&value).map_err(|e| json(e.to_string()))
}

/// The hash of the data in bytes that we sealed ourselves; `None` if they are no envelope.
pub fn hash_of_sealed(bytes: &[u8]) -> Option<String> {
    let value: Value = serde_json::from_slice(bytes).ok()?;
    hash_value(value.get("data")?).ok()
}

/// The hash of one member of the data in a message that was verified, as it came; `None` if it is not there.
pub fn hash_of_member(bytes: &[u8], member: &str) -> Option<String> {
    let value: Value = serde_json::from_slice(bytes).ok()?;
    hash_value(value.get("data")?.get(member)?).ok()
}

fn hash_value(value: &Value) -> Result<String, Distrust> {
    let digest = Sha256::digest(canonical(value).map_err(Distrust::Shape)?);
    Ok(base16ct::lower::encode_string(&digest))
}

fn canonical(value: &Value) -> Result<Vec<u8>, String> {
    serde_json_canonicalizer::to_vec(value).map_err(|e| e.to_string())
}

/// Two numbers that differ must not have the same canonical form, or a signed amount could be
/// changed: RFC 8785 writes numbers as doubles, so integers stay within 2^53 and there are no
/// fractions in this protocol at all.
fn check_numbers(value: &Value) -> Result<(), &'static str> {
    match value {
        Value::Number(n) => match n.as_i64() {
            Some(i) if (-MAX_INTEGER..=MAX_INTEGER).contains(&i) => Ok(()),
            Some(_) | None => Err("it holds a number that is not an integer within 2^53"),
        },
        Value::Array(items) => items.iter().try_for_each(check_numbers),
        Value::Object(members) => members.values().try_for_each(check_numbers),
        Value::Null | Value::Bool(_) | Value::String(_) => Ok(()),
    }
}

/// `tendero.v1.order` for `order`.
pub fn type_of(kind: &str) -> String {
    format!("tendero.v1.{kind}")
}

/// 32 hex digits in lower case.
pub fn is_hex128(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

/// 128 random bits as 32 hex digits.
pub fn random_hex128() -> String {
    let mut bytes = [0u8; 16];
    getrandom::fill(&mut bytes).expect("the kernel's random numbers are there once the machine is up");
    base16ct::lower::encode_string(&bytes)
}

fn uuid_v4() -> String {
    let mut bytes = [0u8; 16];
    getrandom::fill(&mut bytes).expect("the kernel's random numbers are there once the machine is up");
    uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
}

/// Milliseconds since 1970 as RFC 3339 in UTC; `None` outside the years that it can write.
pub fn rfc3339(unix_ms: i64) -> Option<String> {
    jiff::Timestamp::from_millisecond(unix_ms).ok().map(|at| at.to_string())
}

/// Somebody else's text on its way to a log: bounded, and without control characters.
fn short(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(120).collect()
}

#[cfg(test)]
mod tests;
