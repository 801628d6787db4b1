//! espeak-ng, opened at run time: text → sound, text → phonemes.
//!
//! The C library keeps one global state, so there is one engine in the process, behind a
//! mutex; handles are cheap. It never plays a sound, and never reads its input as mark-up:
//! `<`, `&` and `[[` are spoken or skipped like any other character.

use anyhow::{Context, bail, ensure};
use libloading::Library;
use std::ffi::{CStr, CString, c_char, c_int, c_short, c_uint, c_void};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The sonames that Debian 12 (1.51) and 13 (1.52) install.
const LIBRARY: &str = "libespeak-ng.so.1";
const INSTALL: &str = "install it with: sudo apt install libespeak-ng1 espeak-ng-data";

// Values of `speak_lib.h`, the same in 1.51 and 1.52.
const AUDIO_OUTPUT_SYNCHRONOUS: c_int = 2;
const INITIALIZE_DONT_EXIT: c_int = 0x8000;
const CHARS_UTF8: c_uint = 1;
const POS_CHARACTER: c_int = 1;
const PARAMETER_RATE: c_int = 1;
const PARAMETER_PITCH: c_int = 3;
const PHONEMES_IPA: c_int = 0x02;
const EE_OK: c_int = 0;
/// Milliseconds of sound in one call of the callback.
const BUFFER_MS: c_int = 200;
/// Longest text of one call, in bytes: ten minutes of speech. The rest is cut off.
const MAX_TEXT: usize = 8_192;

type Callback = extern "C" fn(*mut c_short, c_int, *mut c_void) -> c_int;

/// The functions that we call, valid as long as `_library` is loaded.
struct Engine {
    rate_hz: u32,
    synth: unsafe extern "C" fn(*const c_void, usize, c_uint, c_int, c_uint, c_uint, *mut c_uint, *mut c_void) -> c_int,
    set_voice: unsafe extern "C" fn(*const c_char) -> c_int,
    set_parameter: unsafe extern "C" fn(c_int, c_int, c_int) -> c_int,
    text_to_phonemes: unsafe extern "C" fn(*mut *const c_void, c_int, c_int) -> *const c_char,
    _library: Library,
}

/// Loaded once and kept: the C library cannot be initialised twice.
static ENGINE: Mutex<Option<Engine>> = Mutex::new(None);

/// Where the callback puts the sound. Only used while [`ENGINE`] is locked.
static SOUND: Mutex<Vec<i16>> = Mutex::new(Vec::new());

/// A handle to the process's espeak-ng.
#[derive(Debug, Clone)]
pub struct Espeak {
    rate_hz: u32,
}

impl Espeak {
    /// Opens the library, or finds it open.
    ///
    /// # Errors
    /// The library or its voice data is missing; the message names the Debian packages.
    pub fn open() -> anyhow::Result<Espeak> {
        let mut slot = lock(&ENGINE);
        if slot.is_none() {
            *slot = Some(Engine::load()?);
        }
        let rate_hz = slot.as_ref().map_or(0, |engine| engine.rate_hz);
        Ok(Espeak { rate_hz })
    }

    /// Samples in a second of what [`Espeak::synthesise`] returns (22 050 with every stock voice).
    pub fn rate_hz(&self) -> u32 {
        self.rate_hz
    }

    /// Speaks `text` with `voice` (a language or voice name, with an optional variant: `en-us`,
    /// `es+f2`) at `rate_wpm` words a minute (80 to 450) and `pitch` (0 to 100, 50 is normal).
    /// Returns the rate in Hz and mono samples; text without words gives no samples.
    ///
    /// # Errors
    /// An unknown voice, or a failure inside of the library.
    pub fn synthesise(&self, text: &str, voice: &str, rate_wpm: u32, pitch: u32) -> anyhow::Result<(u32, Vec<i16>)> {
        let text = c_text(text);
        let slot = lock(&ENGINE);
        let engine = slot.as_ref().context("espeak-ng is not open")?;
        engine.choose(voice)?;
        engine.set(PARAMETER_RATE, rate_wpm.clamp(80, 450))?;
        engine.set(PARAMETER_PITCH, pitch.min(100))?;
        lock(&SOUND).clear();
        // SAFETY: `text` is NUL-terminated and outlives the call, which in synchronous mode
        // returns only after the last callback; no identifier and no user data are asked for.
        // The global state of the library is ours alone: `slot` holds the lock.
        let code = unsafe {
            (engine.synth)(
                text.as_ptr().cast(),
                text.as_bytes_with_nul().len(),
                0,
                POS_CHARACTER,
                0,
                CHARS_UTF8,
                std::ptr::null_mut(),
                std::ptr::null_mut(),
            )
        };
        let samples = std::mem::take(&mut *lock(&SOUND));
        ensure!(code == EE_OK, "espeak-ng could not speak a text of {} bytes (code {code})", text.as_bytes().len());
        Ok((engine.rate_hz, samples))
    }

    /// How `voice` would pronounce `text`, in the International Phonetic Alphabet, with stress
    /// marks; words are separated by spaces. Text without words gives an empty string.
    ///
    /// # Errors
    /// An unknown voice.
    pub fn phonemes_ipa(&self, text: &str, voice: &str) -> anyhow::Result<String> {
        let clauses = self.clauses(text, voice)?;
        let phonemes: Vec<String> =
            clauses.into_iter().map(|clause| clause.phonemes).filter(|phonemes| !phonemes.is_empty()).collect();
        Ok(phonemes.join(" "))
    }

    /// As [`Espeak::phonemes_ipa`], clause by clause, each with the mark that ended it in the text.
    ///
    /// # Errors
    /// An unknown voice.
    pub fn clauses(&self, text: &str, voice: &str) -> anyhow::Result<Vec<Clause>> {
        let text = c_text(text);
        let bytes = text.as_bytes();
        let slot = lock(&ENGINE);
        let engine = slot.as_ref().context("espeak-ng is not open")?;
        engine.choose(voice)?;
        let mut clauses = Vec::new();
        let begin: *const c_void = text.as_ptr().cast();
        let mut rest = begin;
        // Each call takes at least one byte; the bound keeps a fault of the library finite.
        for _ in 0..=bytes.len() {
            if rest.is_null() {
                break;
            }
            // SAFETY: `rest` points into `text`, which is NUL-terminated and outlives the loop;
            // the library moves it forward inside of the text, or sets it to NULL at its end.
            let clause = unsafe { (engine.text_to_phonemes)(&raw mut rest, CHARS_UTF8 as c_int, PHONEMES_IPA) };
            let read = if rest.is_null() { bytes.len() } else { (rest as usize).saturating_sub(begin as usize) };
            if !clause.is_null() {
                // SAFETY: the library returns a NUL-terminated string in a buffer of its own,
                // which stays as it is until the next call; we copy it before that, under the lock.
                let phonemes = unsafe { CStr::from_ptr(clause) }.to_string_lossy().trim().to_owned();
                clauses.push(Clause { phonemes, mark: mark(&bytes[..read.min(bytes.len())]) });
            }
        }
        Ok(clauses)
    }
}

/// A piece of a text between two marks, as it is pronounced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clause {
    /// IPA.
    pub phonemes: String,
    /// What ended it: one of `,` `;` `:` `.` `?` `!`; `None`: nothing that is written.
    pub mark: Option<char>,
}

/// The mark at the end of what was read. The library reads a character ahead, and quotes and spaces may stand between.
fn mark(read: &[u8]) -> Option<char> {
    let text = String::from_utf8_lossy(read);
    let mut ahead = 1;
    for c in text.chars().rev() {
        match c {
            ',' | ';' | ':' | '.' | '?' | '!' => return Some(c),
            '…' => return Some('.'),
            c if c.is_alphanumeric() && ahead > 0 => ahead -= 1,
            c if c.is_alphanumeric() => return None,
            _ => {}
        }
    }
    None
}

impl Engine {
    fn load() -> anyhow::Result<Engine> {
        // SAFETY: opening runs the library's initialisers; espeak-ng and what it links to have
        // none that touch our state.
        let library = unsafe { Library::new(LIBRARY) }
            .map_err(|e| anyhow::anyhow!("the library {LIBRARY} can't be opened ({e}); {INSTALL}"))?;
        // SAFETY: the names and signatures are those of speak_lib.h, unchanged since revision 10
        // (espeak-ng 1.50). The pointers are kept beside the library that they point into.
        unsafe {
            let initialize = *library
                .get::<unsafe extern "C" fn(c_int, c_int, *const c_char, c_int) -> c_int>(b"espeak_Initialize\0")?;
            let set_callback = *library.get::<unsafe extern "C" fn(Callback)>(b"espeak_SetSynthCallback\0")?;
            let engine = Engine {
                rate_hz: 0,
                synth: *library.get(b"espeak_Synth\0")?,
                set_voice: *library.get(b"espeak_SetVoiceByName\0")?,
                set_parameter: *library.get(b"espeak_SetParameter\0")?,
                text_to_phonemes: *library.get(b"espeak_TextToPhonemes\0")?,
                _library: library,
            };
            // Without DONT_EXIT the library ends the process when its data is missing.
            let rate = initialize(AUDIO_OUTPUT_SYNCHRONOUS, BUFFER_MS, std::ptr::null(), INITIALIZE_DONT_EXIT);
            let Some(rate_hz) = u32::try_from(rate).ok().filter(|&hz| hz > 0) else {
                bail!("espeak-ng found no voice data; {INSTALL}");
            };
            set_callback(take_sound);
            Ok(Engine { rate_hz, ..engine })
        }
    }

    fn choose(&self, voice: &str) -> anyhow::Result<()> {
        // A name of a voice is also a path below the voice folder: let nothing leave it.
        let known = !voice.is_empty()
            && voice.len() <= 40
            && voice.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-_/".contains(&b));
        let code = match CString::new(voice) {
            // SAFETY: a NUL-terminated string that outlives the call; the caller holds the lock.
            Ok(name) if known => unsafe { (self.set_voice)(name.as_ptr()) },
            Ok(_) | Err(_) => bail!(
                "\"{}\" is no name of an espeak-ng voice; list them with: espeak-ng --voices",
                voice.escape_default()
            ),
        };
        ensure!(code == EE_OK, "espeak-ng has no voice \"{voice}\"; list them with: espeak-ng --voices");
        Ok(())
    }

    fn set(&self, parameter: c_int, value: u32) -> anyhow::Result<()> {
        let value = c_int::try_from(value).context("a parameter of espeak-ng is out of range")?;
        // SAFETY: plain integers; the caller holds the lock.
        let code = unsafe { (self.set_parameter)(parameter, value, 0) };
        ensure!(code == EE_OK, "espeak-ng refused {value} for parameter {parameter}");
        Ok(())
    }
}

/// Called by the library with each piece of sound, on the thread that is inside of `synth`.
extern "C" fn take_sound(samples: *mut c_short, count: c_int, _events: *mut c_void) -> c_int {
    let count = usize::try_from(count).unwrap_or(0);
    if !samples.is_null() && count > 0 {
        // SAFETY: the library passes `count` samples that stay valid during this call.
        let piece = unsafe { std::slice::from_raw_parts(samples, count) };
        lock(&SOUND).extend_from_slice(piece);
    }
    0 // go on
}

/// NUL ends a C string, and other control characters mean nothing to a voice.
fn c_text(text: &str) -> CString {
    let end =
        text.char_indices().map(|(at, c)| at + c.len_utf8()).take_while(|&end| end <= MAX_TEXT).last().unwrap_or(0);
    let plain: String = text[..end].chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    CString::new(plain).expect("control characters, NUL among them, were replaced above")
}

/// A panic while the lock was held leaves nothing half done that the next call would not set anew.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `None` where the library is not installed: the test then says so and is left out.
    fn espeak() -> Option<Espeak> {
        Espeak::open().map_err(|e| eprintln!("left out: {e}")).ok()
    }

    #[test]
    fn speaks_and_is_louder_than_silence() {
        let Some(espeak) = espeak() else { return };
        let (rate_hz, samples) = espeak.synthesise("hey tendero", "en-us", 175, 50).unwrap();
        assert_eq!(rate_hz, 22_050);
        assert!((rate_hz / 3..rate_hz * 3).contains(&(samples.len() as u32)), "{} samples", samples.len());
        assert!(samples.iter().any(|s| s.abs() > 3_000));
    }

    #[test]
    fn faster_is_shorter() {
        let Some(espeak) = espeak() else { return };
        let length = |wpm| espeak.synthesise("two packs of toothbrush heads", "en", wpm, 50).unwrap().1.len();
        assert!(length(300) < length(120));
    }

    #[test]
    fn odd_text_is_harmless() {
        let Some(espeak) = espeak() else { return };
        for text in
            ["", " ", "\0", "a\0b", "<speak>", "<mark name=\"x\"/>", "[[h@l'oU]]", "&lt;", "%s%n", "\u{fffd}", "😀"]
        {
            espeak.synthesise(text, "en", 175, 50).unwrap();
            espeak.phonemes_ipa(text, "en").unwrap();
        }
        let long = "order milk. ".repeat(4_000);
        assert!(espeak.phonemes_ipa(&long, "en").unwrap().len() > 1_000);
    }

    #[test]
    fn phonemes_in_three_languages() {
        let Some(espeak) = espeak() else { return };
        assert!(espeak.phonemes_ipa("latte", "en-us").unwrap().contains("lˈɑː"));
        assert!(espeak.phonemes_ipa("leche", "es").unwrap().contains("tʃ"));
        assert!(!espeak.phonemes_ipa("lapte", "ro").unwrap().is_empty());
        assert_eq!(espeak.phonemes_ipa("milk, bread", "en").unwrap().split_whitespace().count(), 2);
    }

    #[test]
    fn clauses_keep_the_marks_that_end_them() {
        let Some(espeak) = espeak() else { return };
        let marks = |text: &str, voice: &str| -> String {
            espeak.clauses(text, voice).unwrap().iter().map(|clause| clause.mark.unwrap_or('-')).collect()
        };
        assert_eq!(marks("Two packs, 12.99 in all; by Friday. Say: order it! Really? Yes", "en"), ",;.:!?-");
        assert_eq!(marks("¿Quieres eso? Son 12,99 euros. ¡Listo!", "es"), "?.!");
        assert_eq!(marks("Am notat: un pachet. Îl țin 10 minute; spune „anulează”.", "ro"), ":.;.");
        assert_eq!(marks("She said: \"yes.\" Then no", "en"), ":.-");
    }

    #[test]
    fn an_unknown_voice_is_an_error() {
        let Some(espeak) = espeak() else { return };
        for voice in ["", "xx-none", "../../etc/passwd", "en\0", "a b"] {
            let error = espeak.synthesise("hello", voice, 175, 50).unwrap_err().to_string();
            assert!(error.contains("espeak-ng --voices"), "{voice:?}: {error}");
        }
    }
}
