//! Speech-to-text engines behind one trait.
//!
//! An engine is one file in `stt/`, one cargo feature and one row in [`ENGINES`].

use crate::decide::event::Hypothesis;
use crate::understand::grammar::Grammar;

pub mod g2p;
pub mod jsgf;
#[cfg(feature = "pocketsphinx")]
pub mod pocketsphinx;
pub mod scripted;

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

    /// May it be asked for an utterance before that is known to have ended, and its answer be thrown away?
    fn has_head_start(&self) -> bool {
        true
    }
}

type Open = fn() -> anyhow::Result<Box<dyn Stt>>;

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
        open: Some(|| Ok(Box::new(pocketsphinx::PocketSphinx::open()?))),
        #[cfg(not(feature = "pocketsphinx"))]
        open: None,
    },
    Engine {
        name: "scripted",
        feature: None,
        about: "no recogniser: text in, text out, for tests",
        install: "nothing to install",
        open: Some(|| Ok(Box::new(scripted::Scripted::default()))),
    },
];

/// The engine that could start, and why those before it could not.
pub struct Opened {
    pub stt: Box<dyn Stt>,
    /// Name and reason, in the order in which they were tried.
    pub passed_over: Vec<(String, String)>,
}

/// Opens the first of `engines` (names, in order of preference) that can start.
///
/// # Errors
/// None of them can: every name with its reason and what to do.
pub fn open(engines: &[String]) -> anyhow::Result<Opened> {
    let mut passed_over: Vec<(String, String)> = Vec::new();
    for name in engines {
        match open_one(name) {
            Ok(stt) => return Ok(Opened { stt, passed_over }),
            Err(why) => passed_over.push((name.clone(), format!("{why:#}"))),
        }
    }
    let known: Vec<&str> = ENGINES.iter().map(|e| e.name).collect();
    let reasons: Vec<String> = passed_over.iter().map(|(name, why)| format!("{name}: {why}")).collect();
    anyhow::bail!("no speech-to-text engine can start ({}); known engines are {}", reasons.join("; "), known.join(", "))
}

fn open_one(name: &str) -> anyhow::Result<Box<dyn Stt>> {
    let engine = ENGINES.iter().find(|e| e.name == name).ok_or_else(|| anyhow::anyhow!("no such engine"))?;
    match (engine.open, engine.feature) {
        (Some(open), _) => open(),
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
