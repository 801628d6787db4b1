//! espeak-ng, the default voice: small, immediate, and it speaks all three languages.
//! GPL-3.0-or-later: a build with it is, as a whole, under that licence.

use super::{Speech, Tts};
use crate::native::espeak::Espeak;
use crate::understand::Lang;

/// Words a minute: a little slower than the library's 175, since totals are read back.
const RATE_WPM: u32 = 160;
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

    fn synthesise(&mut self, text: &str, lang: Lang) -> anyhow::Result<Speech> {
        let voice = match lang {
            Lang::En => "en",
            Lang::Es => "es",
            Lang::Ro => "ro",
        };
        let (rate_hz, samples) = self.library.synthesise(text, voice, RATE_WPM, PITCH)?;
        Ok(Speech { rate_hz, samples })
    }
}
