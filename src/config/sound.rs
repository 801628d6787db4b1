//! The sections about sound: what hears, what is told apart, and what speaks.
#![allow(
    rustdoc::broken_intra_doc_links,
    reason = "a comment in the reference file names a section in brackets, as in [policy]"
)]

use crate::decide::second_ear::SecondEarPolicy;
use crate::hear::stt::{VOSK_LIBRARY, WHISPER_DEADLINE_MS};
use crate::hear::wake::openwakeword::THRESHOLD;
use crate::models::store::DEFAULT_DIR;
use crate::speak::tts::ONNXRUNTIME_LIBRARY;
use crate::understand::Lang;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
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
    /// Engines in order of preference: "vosk", "pocketsphinx" (English only), "whisper". The first that can start is used.
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
    /// The folder of a Whisper model that `tendero models pull` installed, or "" for the one in `models` for the home's language.
    pub whisper_model: PathBuf,
    /// "": Whisper hears the home's language. "auto": it finds out for each request which of en, es and ro is spoken, for which
    /// it listens to the request twice.
    pub whisper_language: String,
    /// How long Whisper may take for one utterance, milliseconds, 500 to 60000. What takes longer was not heard.
    pub whisper_deadline_ms: u32,
    /// A second engine that hears large and unsure orders again: "whisper", "vosk" or "pocketsphinx"; "" for none. Where the
    /// two understand other products or quantities, the household is asked which; where the second hears nothing, an order takes
    /// random words. It makes no order easier.
    pub second_engine: String,
    /// Orders from this amount on are heard again, in minor units of the currency of the policy, by the catalogue's prices.
    pub second_ear_from_amount: i64,
    /// What the first engine was less sure of is heard again, too: 0.0 (never) to 1.0 (always).
    pub second_ear_below: f32,
    /// How long the second engine has, milliseconds, 500 to 30000.
    pub second_ear_wait_ms: u32,
}

impl SpeechToText {
    pub(super) fn check(&self) -> Result<(), (&'static str, String)> {
        if self.engines.is_empty() {
            return Err(("engines", "name at least one engine, such as [\"pocketsphinx\"]".into()));
        }
        if !matches!(self.whisper_language.as_str(), "" | AUTO) {
            return Err((
                "whisper_language",
                format!("\"{}\" must be \"\" for [home] language, or \"{AUTO}\"", self.whisper_language),
            ));
        }
        if !(500..=60_000).contains(&self.whisper_deadline_ms) {
            return Err(("whisper_deadline_ms", format!("{} must be from 500 to 60000", self.whisper_deadline_ms)));
        }
        let second = self.second_engine.as_str();
        if !matches!(second, "" | "whisper" | "vosk" | "pocketsphinx") {
            let what = format!("\"{second}\" must be \"whisper\", \"vosk\", \"pocketsphinx\" or \"\"");
            return Err(("second_engine", what));
        }
        if self.engines == [second] {
            return Err((
                "second_engine",
                format!("\"{second}\" is the only first engine, too, and would agree with itself"),
            ));
        }
        if self.second_ear_from_amount < 0 {
            return Err(("second_ear_from_amount", format!("{} is negative", self.second_ear_from_amount)));
        }
        if !(0.0..=1.0).contains(&self.second_ear_below) {
            return Err(("second_ear_below", format!("{} must be from 0.0 to 1.0", self.second_ear_below)));
        }
        if !(500..=30_000).contains(&self.second_ear_wait_ms) {
            return Err(("second_ear_wait_ms", format!("{} must be from 500 to 30000", self.second_ear_wait_ms)));
        }
        Ok(())
    }

    /// When the second engine is asked; `None`: there is none.
    pub(super) fn second_ear(&self) -> Option<SecondEarPolicy> {
        (!self.second_engine.is_empty()).then(|| SecondEarPolicy {
            from_minor: self.second_ear_from_amount,
            below_permille: (self.second_ear_below * 1000.0).round() as u16,
            wait_ms: u64::from(self.second_ear_wait_ms),
        })
    }

    pub(super) fn whisper_detects(&self) -> bool {
        self.whisper_language == AUTO
    }
}

/// Whisper finds the language out.
const AUTO: &str = "auto";

impl Default for SpeechToText {
    fn default() -> Self {
        SpeechToText {
            engines: vec!["pocketsphinx".into()],
            models: DEFAULT_DIR.into(),
            vosk_model: PathBuf::new(),
            vosk_library: VOSK_LIBRARY.into(),
            noise_removal: true,
            whisper_model: PathBuf::new(),
            whisper_language: String::new(),
            whisper_deadline_ms: WHISPER_DEADLINE_MS,
            second_engine: String::new(),
            second_ear_from_amount: 3_000,
            second_ear_below: 0.6,
            second_ear_wait_ms: 6_000,
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
    /// Engines in order of preference: "piper" (a build with the feature, and a voice), "espeak", or "silent" for a device that
    /// only shows its replies. The first that can start and has a voice for the language speaks.
    pub engines: Vec<String>,
    /// Piper's voices by language, each the path of an .onnx file with its .onnx.json beside it: { es = "/opt/piper/voice.onnx" }.
    /// A language that is not named has the one that `tendero models` installed in [stt] models, if there is one.
    pub voices: BTreeMap<Lang, PathBuf>,
    /// ONNX Runtime's library, for Piper: a path, or the name by which the system finds it.
    pub onnxruntime: PathBuf,
    /// What Piper said is kept as sound in the state folder, at most so many MiB, 0 to 1024, and at most [state] keep_words_days.
    /// It holds what was ordered. 0: nothing is kept, and each sentence is made anew.
    pub cache_mib: u32,
}

impl Default for TextToSpeech {
    fn default() -> Self {
        TextToSpeech {
            engines: vec!["espeak".into()],
            voices: BTreeMap::new(),
            onnxruntime: ONNXRUNTIME_LIBRARY.into(),
            cache_mib: 32,
        }
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
