//! How a device and a shop that know nothing of each other come to trust each other: a code that a person carries over.
//!
//! The code holds the broker's address and a secret that is good for one device and for minutes. All else follows from
//! the secret (HKDF-SHA-256, RFC 5869): who the device is at the broker meanwhile, and the keys under which both sides
//! seal their one message (ChaCha20-Poly1305, RFC 8439; the topic is bound to it). So whoever carries the messages, the
//! broker and a false one included, can neither read nor change them, and the first connection need not trust any
//! certificate. [`code`] is the code as people type it, and
//! [`device`] the only part that connects. Never writes a file.

pub mod change;
pub mod code;
pub mod device;

use super::keys::{Keys, PublicKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hkdf;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// The first bytes of what is signed and derived: nothing of another protocol can be taken for it.
const PURPOSE: &[u8] = b"tendero pair 1";
/// The largest message, bytes: a broker's certificate authority is the most of it.
pub const MAX_BYTES: usize = 32 * 1024;

/// What makes a code a secret, 128 random bits.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret([u8; 16]);

/// Who seals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum From {
    Device,
    Shop,
}

/// What the device says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Its name within the home.
    pub device: String,
    /// Its public key, `ed25519:...`.
    pub key: String,
    /// That it has the secret key: Ed25519 over `tendero pair 1`, the pairing's id and the device's name, base64url.
    pub proof: String,
}

/// What the shop answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    Paired(Box<Paired>),
    /// `expired`, `used` (another device has it), `device_taken` or `bad_name`.
    Refused {
        code: String,
    },
}

/// All that the device needs from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paired {
    /// The shop's name in the topics.
    pub shop: String,
    /// As it is read out.
    pub seller: String,
    /// The shop's public key, which the device pins.
    pub key: String,
    pub home: String,
    pub device: String,
    pub broker: Broker,
}

/// How the device reaches the broker from now on. The user name is the home.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Broker {
    pub url: String,
    pub password: String,
    /// The broker's certificate authority, PEM; `None`: one that the system knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca: Option<String>,
}

impl std::fmt::Debug for Broker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Broker").field("url", &self.url).field("ca", &self.ca.is_some()).finish_non_exhaustive()
    }
}

#[derive(Serialize, Deserialize)]
struct Sealed {
    nonce: String,
    sealed: String,
}

/// One length of HKDF's output.
struct Length(usize);

impl hkdf::KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Secret({})", self.id())
    }
}

impl Secret {
    /// # Errors
    /// The machine gave no random numbers.
    pub fn random() -> Result<Secret, getrandom::Error> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes)?;
        Ok(Secret(bytes))
    }

    pub fn from_bytes(bytes: [u8; 16]) -> Secret {
        Secret(bytes)
    }

    pub fn bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// Names the pairing: its user at the broker and its topics. 16 hex digits behind `pair-`.
    pub fn id(&self) -> String {
        format!("pair-{}", base16ct::lower::encode_string(&self.derive::<8>(b"id")))
    }

    /// The password of that user, 26 letters and digits.
    pub fn broker_password(&self) -> String {
        code::SYMBOLS.encode(&self.derive::<16>(b"broker"))
    }

    /// A message of one side, for `topic`.
    ///
    /// # Errors
    /// The machine gave no random numbers.
    pub fn seal<T: Serialize>(&self, from: From, topic: &str, body: &T) -> Result<Vec<u8>, getrandom::Error> {
        let mut nonce = [0; NONCE_LEN];
        getrandom::fill(&mut nonce)?;
        Ok(self.seal_with(nonce, from, topic, body))
    }

    fn seal_with<T: Serialize>(&self, nonce: [u8; NONCE_LEN], from: From, topic: &str, body: &T) -> Vec<u8> {
        let mut bytes = serde_json::to_vec(body).expect("strings alone are JSON");
        let aad = Aad::from(topic.as_bytes());
        let sealed = self.key(from).seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad, &mut bytes);
        sealed.expect("the message is far below the cipher's 256 GiB");
        let sealed = Sealed { nonce: B64.encode(nonce), sealed: B64.encode(bytes) };
        serde_json::to_vec(&sealed).expect("strings alone are JSON")
    }

    /// What the other side sealed for `topic`; `None` for whatever else.
    pub fn open<T: DeserializeOwned>(&self, from: From, topic: &str, payload: &[u8]) -> Option<T> {
        if payload.len() > MAX_BYTES {
            return None;
        }
        let Sealed { nonce, sealed } = serde_json::from_slice(payload).ok()?;
        let nonce = Nonce::try_assume_unique_for_key(&B64.decode(nonce).ok()?).ok()?;
        let mut bytes = B64.decode(sealed).ok()?;
        let plain = self.key(from).open_in_place(nonce, Aad::from(topic.as_bytes()), &mut bytes).ok()?;
        serde_json::from_slice(plain).ok()
    }

    fn key(&self, from: From) -> LessSafeKey {
        let bytes: [u8; 32] = self.derive(match from {
            From::Device => b"sealed by the device",
            From::Shop => b"sealed by the shop",
        });
        LessSafeKey::new(UnboundKey::new(&CHACHA20_POLY1305, &bytes).expect("the key has the cipher's 32 bytes"))
    }

    fn derive<const N: usize>(&self, what: &[u8]) -> [u8; N] {
        let mut out = [0; N];
        let key = hkdf::Salt::new(hkdf::HKDF_SHA256, PURPOSE).extract(&self.0);
        let okm = key.expand(&[what], Length(N)).and_then(|okm| okm.fill(&mut out));
        okm.expect("HKDF gives 255 hashes, and this is one at most");
        out
    }
}

impl Request {
    pub fn new(secret: &Secret, device: &str, keys: &Keys) -> Request {
        let proof = keys.sign(&proven(secret, device));
        Request { device: device.into(), key: keys.public().to_string(), proof: B64.encode(proof) }
    }

    /// The device's key, if it has shown that it is its own.
    pub fn key(&self, secret: &Secret) -> Option<PublicKey> {
        let key: PublicKey = self.key.parse().ok()?;
        let proof: [u8; 64] = B64.decode(&self.proof).ok()?.try_into().ok()?;
        key.verify(&proven(secret, &self.device), &proof).then_some(key)
    }
}

fn proven(secret: &Secret, device: &str) -> Vec<u8> {
    [PURPOSE, b" ", secret.id().as_bytes(), b" ", device.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret() -> Secret {
        Secret::from_bytes(*b"sixteen secrets.")
    }

    #[test]
    fn only_the_other_side_opens_it_and_only_on_its_topic() {
        let secret = secret();
        let body = Answer::Refused { code: "expired".into() };
        let bytes = secret.seal(From::Shop, "t/1", &body).unwrap();
        assert_eq!(secret.open::<Answer>(From::Shop, "t/1", &bytes), Some(body.clone()));
        assert_eq!(secret.open::<Answer>(From::Device, "t/1", &bytes), None);
        assert_eq!(secret.open::<Answer>(From::Shop, "t/2", &bytes), None);
        assert_eq!(Secret::from_bytes([7; 16]).open::<Answer>(From::Shop, "t/1", &bytes), None);
        assert_ne!(secret.seal(From::Shop, "t/1", &body).unwrap(), bytes, "a nonce is used once");
    }

    /// Whatever bit is turned, it is nothing, and nothing panics.
    #[test]
    fn what_was_touched_is_nothing() {
        let secret = secret();
        let bytes = secret.seal(From::Device, "t", &Answer::Refused { code: "used".into() }).unwrap();
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut touched = bytes.clone();
                touched[at] ^= 1 << bit;
                // A turned bit in the JSON around it may leave the same text, with a letter in the other case, say.
                let same = serde_json::from_slice::<serde_json::Value>(&touched).ok()
                    == serde_json::from_slice::<serde_json::Value>(&bytes).ok();
                assert!(same || secret.open::<Answer>(From::Device, "t", &touched).is_none(), "byte {at}, bit {bit}");
            }
            assert_eq!(secret.open::<Answer>(From::Device, "t", &bytes[..at]), None);
        }
        assert_eq!(secret.open::<Answer>(From::Device, "t", &vec![b'{'; MAX_BYTES + 1]), None);
    }

    #[test]
    fn a_request_proves_that_the_key_is_the_devices_own() {
        let secret = secret();
        let (ours, theirs) = (Keys::from_seed(&[1; 32]), Keys::from_seed(&[2; 32]));
        let request = Request::new(&secret, "kitchen", &ours);
        assert_eq!(request.key(&secret), Some(ours.public()));
        let stolen = Request { key: theirs.public().to_string(), ..request.clone() };
        assert_eq!(stolen.key(&secret), None);
        assert_eq!(Request { device: "bedroom".into(), ..request.clone() }.key(&secret), None);
        assert_eq!(request.key(&Secret::from_bytes([7; 16])), None, "a proof for another code");
    }

    #[test]
    fn a_secret_is_not_printed() {
        assert_eq!(secret().id().len(), 21);
        assert!(!format!("{:?}", secret()).contains("sixteen"));
    }

    /// So that other languages can check themselves.
    #[test]
    fn known_answers_of_a_pairing() {
        let secret = secret();
        let (device, shop) = (Keys::from_seed(&[9; 32]), Keys::from_seed(&[8; 32]));
        let code = code::Code::new(secret.clone(), "mqtts://broker.example").unwrap();
        let (up, down) = (crate::deliver::topic::pair_up(&secret.id()), crate::deliver::topic::pair_down(&secret.id()));
        let request = Request::new(&secret, "kitchen", &device);
        let paired = Paired {
            shop: "corner".into(),
            seller: "Corner shop".into(),
            key: shop.public().to_string(),
            home: "casa".into(),
            device: "kitchen".into(),
            broker: Broker { url: code.broker.clone(), password: "a password".into(), ca: None },
        };
        let answer = Answer::Paired(Box::new(paired));
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let hex = |from| {
            base16ct::lower::encode_string(&secret.derive::<32>(match from {
                From::Device => b"sealed by the device",
                From::Shop => b"sealed by the shop",
            }))
        };
        let vectors = serde_json::json!({
            "about": "All follows from the secret; the nonces are random in earnest.",
            "secret_hex": base16ct::lower::encode_string(secret.bytes()),
            "broker": code.broker,
            "code": code.to_string(),
            "id": secret.id(),
            "broker_password": secret.broker_password(),
            "key_of_device_hex": hex(From::Device),
            "key_of_shop_hex": hex(From::Shop),
            "device_seed_hex": "09".repeat(32),
            "request": {"topic": up, "plain": request, "message": text(secret.seal_with([1; 12], From::Device, &up, &request))},
            "answer": {"topic": down, "plain": answer, "message": text(secret.seal_with([2; 12], From::Shop, &down, &answer))},
        });
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("protocol/vectors/pairing.json");
        let text = serde_json::to_string_pretty(&vectors).unwrap() + "\n";
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&path, &text).unwrap();
        }
        let found = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(found == text, "{} is out of date; run: UPDATE=1 cargo test --lib known_answers", path.display());
    }
}
