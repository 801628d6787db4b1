//! espeak-ng, the default voice: small, immediate, and it speaks all three languages.
//! GPL-3.0-or-later: a build with it is, as a whole, under that licence.

use super::{Pace, Speech, Tts};
use crate::native::espeak::Espeak;
use crate::understand::Lang;

/// The library's own middle, 0 to 100.
const PITCH: u32 = 50;

pub struct EspeakNg {
    library: Espeak,
}

impl EspeakNg {
    /// # Errors
    /// The library or its data is missing; the message names the package.
    pub fn open() -> anyhow::Result<EspeakNg> {
        Ok(EspeakNg { library: Espeak::open()? })
    }
}

impl Tts for EspeakNg {
    fn name(&self) -> &'static str {
        "espeak"
    }

    fn pace(&self, _lang: Lang) -> Option<Pace> {
        Some(Pace::AtOnce)
    }

    fn synthesise(&mut self, text: &str, lang: Lang) -> anyhow::Result<Speech> {
        let (voice, rate_wpm) = voice(lang);
        let (rate_hz, samples) = self.library.synthesise(text, voice, rate_wpm, PITCH)?;
        Ok(Speech { rate_hz, samples })
    }
}

/// espeak-ng's voice and its words a minute. At the library's own 175 it makes five syllables a second, and fewer where words
/// are longer; people speak more (7.8 in Spanish, 6.2 in English: Pellegrino, Coupé and Marsico, 2011).
/// A read-back with its random words must leave an order under twenty seconds.
pub fn voice(lang: Lang) -> (&'static str, u32) {
    match lang {
        Lang::En => ("en", 185),
        Lang::Es => ("es", 190),
        Lang::Ro => ("ro", 210),
    }
}
