//! Speech-to-text engines behind one trait.
//!
//! An engine is one file in `stt/`, one cargo feature and one row in [`ENGINES`].

use crate::decide::event::Hypothesis;
use crate::models::store::DEFAULT_DIR;
use crate::understand::Lang;
use crate::understand::grammar::Grammar;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

pub mod g2p;
pub mod jsgf;
pub mod phrases;
#[cfg(feature = "pocketsphinx")]
pub mod pocketsphinx;
pub mod scripted;
#[cfg(feature = "vosk")]
pub mod vosk;
#[cfg(feature = "whisper")]
pub mod whisper;

/// Nobody waits any more for what a recogniser was asked. Shared between it and whoever asked.
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    pub fn cancel(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

/// A recogniser. Slow; it gets whole utterances.
pub trait Stt: Send {
    /// As in the configuration: `pocketsphinx`, `scripted`, ...
    fn name(&self) -> &'static str;

    /// Makes `grammar` known under `key`, replacing what was there.
    ///
    /// # Errors
    /// Words without a pronunciation, a grammar that the engine does not take.
    fn prepare(&mut self, key: &str, grammar: &Grammar) -> anyhow::Result<()>;

    /// Lets go of what was prepared under `key`, if anything was.
    fn forget(&mut self, key: &str);

    /// The n-best transcripts of one utterance (16 kHz mono i16), best first, at most `n`,
    /// never empty: nonsense and noise give one hypothesis with empty text.
    ///
    /// # Errors
    /// An unknown `key`, or the engine's own failure.
    fn transcribe(&mut self, key: &str, samples: &[i16], n: usize) -> anyhow::Result<Vec<Hypothesis>>;

    /// What it is asked from now on is wanted until `cancel` says otherwise. An engine that looks at it between its steps may
    /// answer anything then; one that never looks only works in vain.
    fn heed(&mut self, cancel: &Cancel) {
        let _ = cancel;
    }

    /// May it be asked for an utterance before that is known to have ended, and its answer be thrown away?
    fn has_head_start(&self) -> bool {
        true
    }

    /// The language of the last utterance, where the engine found it out by itself.
    fn detected(&self) -> Option<Lang> {
        None
    }
}

/// What engines need to know before they start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setup {
    /// The language that is spoken.
    pub lang: Lang,
    /// The folder of `tendero models`.
    pub models: PathBuf,
    /// A Vosk model's folder, or empty for the one in `models` for the language.
    pub vosk_model: PathBuf,
    /// Vosk's library: a path, or a name for the loader.
    pub vosk_library: PathBuf,
    /// PocketSphinx takes noise away before it decodes.
    pub noise_removal: bool,
    /// A Whisper model's folder, or empty for the one in `models` for the language.
    pub whisper_model: PathBuf,
    /// Whisper finds out the language of a request among those that we know.
    pub whisper_detects: bool,
    /// How long Whisper may take for one utterance.
    pub whisper_deadline_ms: u32,
}

impl Default for Setup {
    fn default() -> Self {
        Setup {
            lang: Lang::En,
            models: DEFAULT_DIR.into(),
            vosk_model: PathBuf::new(),
            vosk_library: VOSK_LIBRARY.into(),
            noise_removal: true,
            whisper_model: PathBuf::new(),
            whisper_detects: false,
            whisper_deadline_ms: WHISPER_DEADLINE_MS,
        }
    }
}

/// Longer than anybody waits for a loudspeaker's answer.
pub const WHISPER_DEADLINE_MS: u32 = 8_000;

/// The name by which the loader looks for it.
pub const VOSK_LIBRARY: &str = "libvosk.so";

type Open = fn(&Setup) -> anyhow::Result<Box<dyn Stt>>;

/// One row of the engine table.
#[derive(Debug, Clone, Copy)]
pub struct Engine {
    /// As in the configuration and in `--engine`.
    pub name: &'static str,
    /// The cargo feature that compiles it in; `None`: always compiled.
    pub feature: Option<&'static str>,
    /// What it is, for `tendero doctor` and the like.
    pub about: &'static str,
    /// How to get what it needs at run time.
    pub install: &'static str,
    /// `None` in a build without the feature.
    open: Option<Open>,
}

impl Engine {
    /// Is it part of this build?
    pub fn compiled(&self) -> bool {
        self.open.is_some()
    }
}

/// Every engine that there is, the default first.
pub const ENGINES: &[Engine] = &[
    Engine {
        name: "pocketsphinx",
        feature: Some("pocketsphinx"),
        about: "PocketSphinx with a grammar of the catalogue; offline, light, English",
        install: "sudo apt install libpocketsphinx3 pocketsphinx-en-us",
        #[cfg(feature = "pocketsphinx")]
        open: Some(|setup| Ok(Box::new(pocketsphinx::PocketSphinx::open(setup.noise_removal)?))),
        #[cfg(not(feature = "pocketsphinx"))]
        open: None,
    },
    Engine {
        name: "vosk",
        feature: Some("vosk"),
        about: "Vosk with phrases of the catalogue; offline, any language that has a model",
        install: "scripts/fetch-vosk.sh /opt/vosk, and tendero models pull vosk-model-small-en-us-0.15 (es: vosk-model-small-es-0.42)",
        #[cfg(feature = "vosk")]
        open: Some(|setup| Ok(Box::new(vosk::Vosk::open(setup)?))),
        #[cfg(not(feature = "vosk"))]
        open: None,
    },
    Engine {
        name: "whisper",
        feature: Some("whisper"),
        about: "Whisper with the catalogue's names as a hint; offline, one multilingual model, free text",
        install: "tendero models pull whisper-base-q5_1",
        #[cfg(feature = "whisper")]
        open: Some(|setup| Ok(Box::new(whisper::Whisper::open(setup)?))),
        #[cfg(not(feature = "whisper"))]
        open: None,
    },
    Engine {
        name: "scripted",
        feature: None,
        about: "no recogniser: text in, text out, for tests",
        install: "nothing to install",
        open: Some(|_| Ok(Box::new(scripted::Scripted::default()))),
    },
];

/// The engine that could start, and why those before it could not.
pub struct Opened {
    pub stt: Box<dyn Stt>,
    /// Name and reason, in the order in which they were tried.
    pub passed_over: Vec<(String, String)>,
}

/// As [`open_with`], for English and with everything where it is by default.
///
/// # Errors
/// As [`open_with`].
pub fn open(engines: &[String]) -> anyhow::Result<Opened> {
    open_with(engines, &Setup::default())
}

/// Opens the first of `engines` (names, in order of preference) that can start.
///
/// # Errors
/// None of them can: every name with its reason and what to do.
pub fn open_with(engines: &[String], setup: &Setup) -> anyhow::Result<Opened> {
    let mut passed_over: Vec<(String, String)> = Vec::new();
    for name in engines {
        match open_one(name, setup) {
            Ok(stt) => return Ok(Opened { stt, passed_over }),
            Err(why) => passed_over.push((name.clone(), format!("{why:#}"))),
        }
    }
    let known: Vec<&str> = ENGINES.iter().map(|e| e.name).collect();
    let reasons: Vec<String> = passed_over.iter().map(|(name, why)| format!("{name}: {why}")).collect();
    anyhow::bail!("no speech-to-text engine can start ({}); known engines are {}", reasons.join("; "), known.join(", "))
}

/// Opens the engine called `name`.
///
/// # Errors
/// There is none of that name, this build is without it, or why it can't start.
pub fn open_one(name: &str, setup: &Setup) -> anyhow::Result<Box<dyn Stt>> {
    let engine = ENGINES.iter().find(|e| e.name == name).ok_or_else(|| anyhow::anyhow!("no such engine"))?;
    match (engine.open, engine.feature) {
        (Some(open), _) => open(setup),
        (None, feature) => {
            anyhow::bail!("this build is without it; build with --features {}", feature.unwrap_or(engine.name))
        }
    }
}

/// The one hypothesis for noise, nonsense and silence.
pub fn nothing_heard() -> Vec<Hypothesis> {
    vec![Hypothesis { text: String::new(), confidence: 0.0 }]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_engine_that_starts_is_taken() {
        let opened = open(&["whisperer".into(), "scripted".into()]).unwrap();
        assert_eq!(opened.stt.name(), "scripted");
        assert_eq!(opened.passed_over, [("whisperer".to_owned(), "no such engine".to_owned())]);
    }

    #[test]
    fn none_is_an_error_that_names_them() {
        let error = open(&["whisperer".into()]).err().unwrap().to_string();
        assert!(error.contains("whisperer") && error.contains("pocketsphinx"), "{error}");
    }

    #[test]
    fn names_are_unique() {
        for (at, engine) in ENGINES.iter().enumerate() {
            assert!(ENGINES[..at].iter().all(|e| e.name != engine.name));
        }
    }
}
