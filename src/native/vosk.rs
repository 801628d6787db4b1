//! Vosk (libvosk 0.3.45), opened at run time: a model, and recognisers of whole utterances.
//!
//! A thin, safe wrapper of the calls that we need. It judges nothing. Missing files and most damaged ones come back as errors,
//! but some damage ends the process inside of the library (Kaldi's assertions), so callers let it see nothing that was not summed
//! before. The header is `vosk_api.h`.

use anyhow::{Context, bail, ensure};
use libloading::Library;
use std::collections::BTreeMap;
use std::ffi::{CStr, CString, c_char, c_float, c_int, c_short, c_void};
use std::path::{Path, PathBuf};
use std::ptr::NonNull;
use std::sync::{Mutex, PoisonError};

/// How to get it.
pub const INSTALL: &str = "scripts/fetch-vosk.sh brings libvosk.so; name its path in [stt] vosk_library";

/// Nothing but errors on standard error.
const LOG_LEVEL: c_int = -1;
const RATE_HZ: c_float = 16_000.0;

/// The functions that we call. A library is never closed, so the pointers stay valid.
struct Api {
    vosk_model_new: unsafe extern "C" fn(*const c_char) -> *mut c_void,
    vosk_model_free: unsafe extern "C" fn(*mut c_void),
    vosk_model_find_word: unsafe extern "C" fn(*mut c_void, *const c_char) -> c_int,
    vosk_recognizer_new: unsafe extern "C" fn(*mut c_void, c_float) -> *mut c_void,
    vosk_recognizer_new_grm: unsafe extern "C" fn(*mut c_void, c_float, *const c_char) -> *mut c_void,
    vosk_recognizer_set_max_alternatives: unsafe extern "C" fn(*mut c_void, c_int),
    vosk_recognizer_accept_waveform_s: unsafe extern "C" fn(*mut c_void, *const c_short, c_int) -> c_int,
    vosk_recognizer_final_result: unsafe extern "C" fn(*mut c_void) -> *const c_char,
    vosk_recognizer_reset: unsafe extern "C" fn(*mut c_void),
    vosk_recognizer_free: unsafe extern "C" fn(*mut c_void),
    _library: Library,
}

impl Api {
    /// The library at `path`, opened at the first call. There are as many as paths in a configuration: one.
    fn get(path: &Path) -> anyhow::Result<&'static Api> {
        static OPEN: Mutex<BTreeMap<PathBuf, &'static Api>> = Mutex::new(BTreeMap::new());
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(api) = open.get(path) {
            return Ok(api);
        }
        let api: &'static Api = Box::leak(Box::new(Api::load(path)?));
        open.insert(path.to_owned(), api);
        Ok(api)
    }

    fn load(path: &Path) -> anyhow::Result<Api> {
        // SAFETY: the library's initialisers touch none of our state.
        let library = unsafe { Library::new(path) }
            .map_err(|e| anyhow::anyhow!("the library {} can't be opened ({e}); {INSTALL}", path.display()))?;
        let wrong = || format!("{} is no Vosk 0.3.45; {INSTALL}", path.display());
        // SAFETY: names and signatures are those of vosk_api.h of 0.3.45.
        unsafe {
            let set_log_level =
                *library.get::<unsafe extern "C" fn(c_int)>(b"vosk_set_log_level\0").with_context(wrong)?;
            set_log_level(LOG_LEVEL);
            Ok(Api {
                vosk_model_new: *library.get(b"vosk_model_new\0").with_context(wrong)?,
                vosk_model_free: *library.get(b"vosk_model_free\0").with_context(wrong)?,
                vosk_model_find_word: *library.get(b"vosk_model_find_word\0").with_context(wrong)?,
                vosk_recognizer_new: *library.get(b"vosk_recognizer_new\0").with_context(wrong)?,
                vosk_recognizer_new_grm: *library.get(b"vosk_recognizer_new_grm\0").with_context(wrong)?,
                vosk_recognizer_set_max_alternatives: *library
                    .get(b"vosk_recognizer_set_max_alternatives\0")
                    .with_context(wrong)?,
                vosk_recognizer_accept_waveform_s: *library
                    .get(b"vosk_recognizer_accept_waveform_s\0")
                    .with_context(wrong)?,
                vosk_recognizer_final_result: *library.get(b"vosk_recognizer_final_result\0").with_context(wrong)?,
                vosk_recognizer_reset: *library.get(b"vosk_recognizer_reset\0").with_context(wrong)?,
                vosk_recognizer_free: *library.get(b"vosk_recognizer_free\0").with_context(wrong)?,
                _library: library,
            })
        }
    }
}

/// Can the library be opened?
///
/// # Errors
/// Why not.
pub fn is_there(library: &Path) -> anyhow::Result<()> {
    Api::get(library).map(drop)
}

/// A model in memory. Some hundred MB for a published one.
pub struct Model {
    api: &'static Api,
    model: NonNull<c_void>,
}

// SAFETY: the library counts references to a model with an atomic and only reads it after it was loaded.
unsafe impl Send for Model {}

impl Model {
    /// Loads the model in `folder` with the library at `library`, a path or a name for the loader.
    ///
    /// # Errors
    /// No such library, or a folder that holds no model.
    pub fn open(library: &Path, folder: &Path) -> anyhow::Result<Model> {
        let api = Api::get(library)?;
        let path = folder.to_str().with_context(|| format!("the path {} is not UTF-8", folder.display()))?;
        let path = CString::new(path).context("the path holds a NUL byte")?;
        // SAFETY: a NUL-terminated string; NULL is an error.
        let model = unsafe { (api.vosk_model_new)(path.as_ptr()) };
        let model =
            NonNull::new(model).with_context(|| format!("Vosk can't load the model in {}", folder.display()))?;
        Ok(Model { api, model })
    }

    /// Is `word` in its vocabulary?
    pub fn knows(&self, word: &str) -> bool {
        let Ok(word) = CString::new(word) else { return false };
        // SAFETY: a NUL-terminated string, looked up in a table; -1 is "not there".
        unsafe { (self.api.vosk_model_find_word)(self.model.as_ptr(), word.as_ptr()) >= 0 }
    }

    /// A recogniser for `phrases`, or for anything, which is also what a model with a fixed graph listens for.
    ///
    /// # Errors
    /// The library refuses.
    pub fn recognizer(&self, phrases: Option<&[String]>) -> anyhow::Result<Recognizer> {
        let api = self.api;
        // SAFETY: the model is ours and alive, and the recogniser takes a reference of its own to it; the grammar is a
        // NUL-terminated string of JSON, which it parses and does not keep.
        let recognizer = unsafe {
            match phrases {
                None => (api.vosk_recognizer_new)(self.model.as_ptr(), RATE_HZ),
                Some(phrases) => {
                    let json = CString::new(serde_json::to_string(phrases)?).context("a phrase holds a NUL byte")?;
                    (api.vosk_recognizer_new_grm)(self.model.as_ptr(), RATE_HZ, json.as_ptr())
                }
            }
        };
        Ok(Recognizer { api, recognizer: NonNull::new(recognizer).context("Vosk refused the grammar")? })
    }
}

impl Drop for Model {
    fn drop(&mut self) {
        // SAFETY: ours, and not used again; recognisers hold references of their own.
        unsafe { (self.api.vosk_model_free)(self.model.as_ptr()) };
    }
}

/// Decodes utterances, one at a time.
pub struct Recognizer {
    api: &'static Api,
    recognizer: NonNull<c_void>,
}

// SAFETY: it owns all that it points to but the model, which is only read; `&mut self` keeps two threads out.
unsafe impl Send for Recognizer {}

impl Recognizer {
    /// The library's JSON for one whole utterance, 16 kHz mono: at most `alternatives` paths.
    ///
    /// # Errors
    /// A failure inside of the library.
    pub fn decode(&mut self, samples: &[i16], alternatives: usize) -> anyhow::Result<String> {
        let (api, at) = (self.api, self.recognizer.as_ptr());
        let length = c_int::try_from(samples.len()).context("too long an utterance")?;
        let alternatives = c_int::try_from(alternatives).context("too many alternatives")?;
        // SAFETY: `samples` is valid for its length and only read during the call; the result belongs to the recogniser until
        // the next call and is copied before that.
        unsafe {
            (api.vosk_recognizer_reset)(at);
            (api.vosk_recognizer_set_max_alternatives)(at, alternatives);
            if (api.vosk_recognizer_accept_waveform_s)(at, samples.as_ptr(), length) < 0 {
                bail!("Vosk failed on an utterance of {} samples", samples.len());
            }
            let result = (api.vosk_recognizer_final_result)(at);
            ensure!(!result.is_null(), "Vosk gave no result");
            Ok(CStr::from_ptr(result).to_string_lossy().into_owned())
        }
    }
}

impl Drop for Recognizer {
    fn drop(&mut self) {
        // SAFETY: ours, and not used again.
        unsafe { (self.api.vosk_recognizer_free)(self.recognizer.as_ptr()) };
    }
}
