//! Text-to-speech engines behind one trait, one row for each in [`ENGINES`].

#[cfg(feature = "espeak")]
pub mod espeak;

use crate::understand::Lang;
use anyhow::bail;

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

/// A text-to-speech engine. Slow: it lives on the voice's own thread.
pub trait Tts {
    /// As in the configuration.
    fn name(&self) -> &'static str;

    /// # Errors
    /// What went wrong and what to do about it, for a person.
    fn synthesise(&mut self, text: &str, lang: Lang) -> anyhow::Result<Speech>;
}

/// A row of the engine table.
pub struct Engine {
    pub name: &'static str,
    /// The cargo feature that compiles it in; `None` if it always is.
    pub feature: Option<&'static str>,
    /// `None` when this build is without it.
    pub open: Option<Open>,
}

/// Starts an engine.
pub type Open = fn() -> anyhow::Result<Box<dyn Tts>>;

/// Every engine that the project knows.
pub const ENGINES: &[Engine] = &[
    Engine {
        name: "espeak",
        feature: Some("espeak"),
        #[cfg(feature = "espeak")]
        open: Some(|| Ok(Box::new(espeak::EspeakNg::open()?))),
        #[cfg(not(feature = "espeak"))]
        open: None,
    },
    Engine { name: "silent", feature: None, open: Some(|| Ok(Box::new(Mute))) },
];

/// Opens the engine called `name`.
///
/// # Errors
/// An unknown name, an engine that this build is without, or a missing library.
pub fn open(name: &str) -> anyhow::Result<Box<dyn Tts>> {
    let Some(engine) = ENGINES.iter().find(|engine| engine.name == name) else {
        let known: Vec<_> = ENGINES.iter().map(|engine| engine.name).collect();
        bail!("unknown text-to-speech engine \"{name}\"; known are {}", known.join(", "));
    };
    match (engine.open, engine.feature) {
        (Some(open), _) => open(),
        (None, Some(feature)) => {
            bail!(
                "this build is without the engine \"{name}\"; build it with `cargo build --release --features {feature}`"
            )
        }
        (None, None) => bail!("the engine \"{name}\" can't be opened"),
    }
}

/// Says nothing: for devices without a voice, and tests.
struct Mute;

impl Tts for Mute {
    fn name(&self) -> &'static str {
        "silent"
    }

    fn synthesise(&mut self, _text: &str, _lang: Lang) -> anyhow::Result<Speech> {
        Ok(Speech { rate_hz: 16_000, samples: vec![] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_engine_is_named_with_the_known_ones() {
        let error = open("loud").err().expect("there is no such engine").to_string();
        assert!(error.contains("\"loud\"") && error.contains("espeak"), "{error}");
    }

    #[test]
    fn duration_counts_samples() {
        assert_eq!(Speech { rate_hz: 22_050, samples: vec![0; 44_100] }.duration_ms(), 2_000);
    }
}
