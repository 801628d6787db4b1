//! The sections about sound: what hears, what is told apart, and what speaks.

use crate::hear::stt::VOSK_LIBRARY;
use crate::hear::wake::openwakeword::THRESHOLD;
use crate::models::store::DEFAULT_DIR;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Where the sound comes from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Microphone {
    /// "default", a capture device's name or part of it (`tendero audio list`), "pipe" for standard input
    /// (a WAV stream, or raw 16 kHz mono s16le), the path of a WAV or FLAC file, or "off" for text only.
    pub device: String,
    /// The one channel that is heard, counted from 1, such as the one that a HAT has processed already; 0 for all of them,
    /// mixed.
    pub channel: u16,
    /// Whoever may write on `tendero/v1/home/HOME/DEVICE/mute/set` at the broker may mute it ("ON"), and undo that ("OFF"), but
    /// not what was muted at the device.
    pub mute_over_broker: bool,
}

impl Default for Microphone {
    fn default() -> Self {
        Microphone { device: "default".into(), channel: 0, mute_over_broker: false }
    }
}

/// The word that wakes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Wake {
    /// The folder with the two front-end networks, as `make setup` leaves them.
    pub models: PathBuf,
    /// A head of your own in ONNX, or "" for the built-in "hey tendero".
    pub head: String,
    /// Score from which the word counts as heard, above 0.0 to 1.0: higher misses more, and wakes
    /// less often by mistake. See `models/wake/README.md`.
    pub threshold: f32,
}

impl Default for Wake {
    fn default() -> Self {
        Wake { models: "/usr/share/tendero/wake".into(), head: String::new(), threshold: THRESHOLD }
    }
}

/// Sound to words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SpeechToText {
    /// Engines in order of preference: "vosk", "pocketsphinx" (English only). The first that can start is used.
    pub engines: Vec<String>,
    /// The folder into which `tendero models pull` puts models.
    pub models: PathBuf,
    /// The folder of a Vosk model for the home's language, or "" for the one in `models`.
    pub vosk_model: PathBuf,
    /// Vosk's library: a path, or the name by which the system finds it.
    pub vosk_library: PathBuf,
    /// PocketSphinx takes noise away before it decodes: far more is understood in noise, and a request takes about half as long again.
    /// `tendero eval speech`, with and without `--as-it-is`, says what it is worth on recordings of yours.
    pub noise_removal: bool,
}

impl Default for SpeechToText {
    fn default() -> Self {
        SpeechToText {
            engines: vec!["pocketsphinx".into()],
            models: DEFAULT_DIR.into(),
            vosk_model: PathBuf::new(),
            vosk_library: VOSK_LIBRARY.into(),
            noise_removal: true,
        }
    }
}

/// Recordings that are no person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PlaybackConfig {
    /// Refuse what was heard exactly so before, within 90 days: a recording of somebody of the household. For that
    /// the device keeps fingerprints, never sound. Switch it off where somebody speaks through a speech device, which
    /// says the same words in the same way each time. Adverts and shows that are registered are refused always.
    pub refuse_replays: bool,
}

impl Default for PlaybackConfig {
    fn default() -> Self {
        PlaybackConfig { refuse_replays: true }
    }
}

/// Whose voice it is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct VoicesConfig {
    /// A network that tells voices apart, in ONNX: [1, frames, 80] log mel bands to [1, numbers], as WeSpeaker and 3D-Speaker
    /// export theirs; "" for none. It is asked only where the policy's unknown_voice is not "ignore".
    pub network: PathBuf,
}

/// Words to sound.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TextToSpeech {
    /// "espeak", or "silent" for a device that only shows its replies.
    pub engine: String,
}

impl Default for TextToSpeech {
    fn default() -> Self {
        TextToSpeech { engine: "espeak".into() }
    }
}

/// Where the sound goes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Speaker {
    /// "default", a playback device's name or part of it (`tendero audio list`), or "off".
    pub device: String,
    /// A short sound when it was called and waits for what is wanted. It keeps the microphone closed for half a second.
    pub wake_sound: bool,
    /// Listen for "stop" and the wake word while it talks, with what it says taken out of the sound. Nothing else that is said
    /// meanwhile counts. Needs a build with the feature "barge-in", and computes while it talks: `make bench` says how much.
    pub barge_in: bool,
}

impl Default for Speaker {
    fn default() -> Self {
        Speaker { device: "default".into(), wake_sound: false, barge_in: false }
    }
}
