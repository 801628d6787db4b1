//! Text-to-speech engines behind one trait, one row for each in [`ENGINES`].

#[cfg(feature = "espeak")]
pub mod espeak;
#[cfg(feature = "piper")]
pub mod piper;

use crate::models::store::DEFAULT_DIR;
use crate::understand::Lang;
use anyhow::{Context, bail, ensure};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Synthesised speech: mono i16.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Speech {
    pub rate_hz: u32,
    pub samples: Vec<i16>,
}

impl Speech {
    pub fn duration_ms(&self) -> u64 {
        self.samples.len() as u64 * 1000 / u64::from(self.rate_hz.max(1))
    }
}

/// A text-to-speech engine. It lives on a thread of its own.
pub trait Tts {
    /// As in the configuration.
    fn name(&self) -> &'static str;

    /// How it speaks `lang`; `None`: it has no voice for it.
    fn pace(&self, lang: Lang) -> Option<Pace>;

    /// # Errors
    /// What went wrong and what to do about it, for a person.
    fn synthesise(&mut self, text: &str, lang: Lang) -> anyhow::Result<Speech>;
}

/// How long a voice takes, and so how it is given a reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pace {
    /// Whole replies, each time anew: hardly slower than reading them from a disk.
    AtOnce,
    /// Sentence by sentence, so that the first sounds while the next is made; what was said once is kept.
    Slow {
        /// Tells its sound from that of any other voice of the engine.
        voice: String,
    },
}

/// What engines need to know before they start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setup {
    /// The home's language: its voice is made ready first.
    pub lang: Lang,
    /// The folder of `tendero models`.
    pub models: PathBuf,
    /// Piper's voices, each an .onnx file; empty or absent: the one in `models` for the language.
    pub voices: BTreeMap<Lang, PathBuf>,
    /// ONNX Runtime's library: a path, or a name for the loader.
    pub onnxruntime: PathBuf,
}

impl Default for Setup {
    fn default() -> Self {
        Setup {
            lang: Lang::En,
            models: DEFAULT_DIR.into(),
            voices: BTreeMap::new(),
            onnxruntime: ONNXRUNTIME_LIBRARY.into(),
        }
    }
}

/// The name by which the loader looks for it.
pub const ONNXRUNTIME_LIBRARY: &str = "libonnxruntime.so";

/// A row of the engine table.
pub struct Engine {
    pub name: &'static str,
    /// The cargo feature that compiles it in; `None` if it always is.
    pub feature: Option<&'static str>,
    /// How to get what it needs at run time.
    pub install: &'static str,
    /// `None` when this build is without it.
    open: Option<Open>,
}

impl Engine {
    /// Is it part of this build?
    pub fn compiled(&self) -> bool {
        self.open.is_some()
    }
}

/// Starts an engine.
pub type Open = fn(&Setup) -> anyhow::Result<Box<dyn Tts>>;

/// Every engine that the project knows.
pub const ENGINES: &[Engine] = &[
    Engine {
        name: "espeak",
        feature: Some("espeak"),
        install: "sudo apt install libespeak-ng1 espeak-ng-data",
        #[cfg(feature = "espeak")]
        open: Some(|_| Ok(Box::new(espeak::EspeakNg::open()?))),
        #[cfg(not(feature = "espeak"))]
        open: None,
    },
    Engine {
        name: "piper",
        feature: Some("piper"),
        install: "sudo scripts/fetch-onnxruntime.sh /opt/onnxruntime, and a voice: models/README.md says which",
        #[cfg(feature = "piper")]
        open: Some(|setup| Ok(Box::new(piper::Piper::open(setup)?))),
        #[cfg(not(feature = "piper"))]
        open: None,
    },
    Engine { name: "silent", feature: None, install: "nothing to install", open: Some(|_| Ok(Box::new(Mute))) },
];

/// The engines that could start, in order of preference, and why the others could not.
pub struct Opened {
    pub engines: Vec<Box<dyn Tts>>,
    /// Name and reason, in the order in which they were tried.
    pub passed_over: Vec<(String, String)>,
}

/// Opens those of `engines` (names, in order of preference) that can start: one behind the first stands in for a language that the
/// first has no voice for.
///
/// # Errors
/// None of them can: every name with its reason and what to do.
pub fn open(engines: &[String], setup: &Setup) -> anyhow::Result<Opened> {
    let mut opened = Opened { engines: vec![], passed_over: vec![] };
    for name in engines {
        match open_one(name, setup) {
            Ok(engine) => opened.engines.push(engine),
            Err(why) => opened.passed_over.push((name.clone(), format!("{why:#}"))),
        }
    }
    let known: Vec<&str> = ENGINES.iter().map(|engine| engine.name).collect();
    let reasons: Vec<String> = opened.passed_over.iter().map(|(name, why)| format!("{name}: {why}")).collect();
    ensure!(
        !opened.engines.is_empty(),
        "no text-to-speech engine can start ({}); known engines are {}",
        reasons.join("; "),
        known.join(", ")
    );
    Ok(opened)
}

/// Opens the engine called `name`.
///
/// # Errors
/// There is none of that name, this build is without it, or why it can't start.
pub fn open_one(name: &str, setup: &Setup) -> anyhow::Result<Box<dyn Tts>> {
    let engine = ENGINES.iter().find(|engine| engine.name == name).context("no such engine")?;
    match (engine.open, engine.feature) {
        (Some(open), _) => open(setup),
        (None, feature) => bail!(
            "this build is without it; build it with `cargo build --release --features {}`",
            feature.unwrap_or(engine.name)
        ),
    }
}

/// Says nothing: for devices without a voice, and tests.
struct Mute;

impl Tts for Mute {
    fn name(&self) -> &'static str {
        "silent"
    }

    fn pace(&self, _lang: Lang) -> Option<Pace> {
        Some(Pace::AtOnce)
    }

    fn synthesise(&mut self, _text: &str, _lang: Lang) -> anyhow::Result<Speech> {
        Ok(Speech { rate_hz: 16_000, samples: vec![] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_can_start_are_opened_in_their_order() {
        let opened = open(&["loud".into(), "silent".into()], &Setup::default()).expect("silence always can");
        assert_eq!(opened.engines.iter().map(|engine| engine.name()).collect::<Vec<_>>(), ["silent"]);
        assert_eq!(opened.passed_over, [("loud".to_owned(), "no such engine".to_owned())]);
        let error = open(&["loud".into()], &Setup::default()).err().expect("there is no such engine").to_string();
        assert!(error.contains("loud: no such engine") && error.contains("espeak"), "{error}");
    }

    #[test]
    fn duration_counts_samples() {
        assert_eq!(Speech { rate_hz: 22_050, samples: vec![0; 44_100] }.duration_ms(), 2_000);
    }
}
