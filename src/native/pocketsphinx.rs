//! PocketSphinx (Debian's 0.8+5prealpha), opened at run time: a decoder for whole utterances.
//!
//! A thin, safe wrapper of the calls that we need. It judges nothing: what a score is worth and
//! which grammar is sound is for [`crate::hear::stt`]. The library ends the process on some
//! faults (`E_FATAL`), so the model's files are looked at before it sees them.

use anyhow::{Context, bail, ensure};
use libloading::Library;
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::ptr::{NonNull, null, null_mut};
use std::sync::OnceLock;

const INSTALL: &str = "install it with: sudo apt install libpocketsphinx3 pocketsphinx-en-us";

/// Scores are integers in base 1.0001, cut by ten bits (`SENSCR_SHIFT`): this many nats each.
const NATS: f64 = 1_024.0 * 0.000_099_995;

/// Expansions of the n-best search for each hypothesis that is asked for: most paths differ
/// only in pauses, and the search has no bound of its own.
const EXPANSIONS: usize = 20;

/// An acoustic model and its dictionary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Model {
    /// The folder with `mdef`, `means`, `variances`, ...
    pub hmm: PathBuf,
    /// `word PHONE PHONE ...` lines.
    pub dict: PathBuf,
}

impl Model {
    /// US English where Debian's `pocketsphinx-en-us` puts it.
    pub fn en_us() -> Model {
        let folder = Path::new("/usr/share/pocketsphinx/model/en-us");
        Model { hmm: folder.join("en-us"), dict: folder.join("cmudict-en-us.dict") }
    }

    /// Is every file there, and does it begin as such a file does? A web page that was saved
    /// under a model's name would end the process inside of the library.
    fn check(&self) -> anyhow::Result<()> {
        const S3: &[&[u8]] = &[b"s3\n"];
        const MDEF: &[&[u8]] = &[b"BMDF", b"FDMB", b"0.3"];
        for (name, begins) in [("mdef", MDEF), ("means", S3), ("variances", S3), ("transition_matrices", S3)] {
            let path = self.hmm.join(name);
            let head = head_of(&path)?;
            ensure!(
                begins.iter().any(|b| head.starts_with(b)),
                "{} is no acoustic model file; {INSTALL}",
                path.display()
            );
        }
        for path in [self.hmm.join("feat.params"), self.dict.clone()] {
            let head = head_of(&path)?;
            ensure!(
                !head.is_empty() && !head.starts_with(b"<"),
                "{} is not what it should be; {INSTALL}",
                path.display()
            );
        }
        let weights = ["sendump", "mixture_weights"].map(|name| self.hmm.join(name));
        ensure!(
            weights.iter().any(|path| path.is_file()),
            "{} holds neither sendump nor mixture_weights; {INSTALL}",
            self.hmm.display()
        );
        Ok(())
    }
}

/// What one utterance gave.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Decoded {
    /// Frames of 10 ms that were searched.
    pub frames: u32,
    /// The best path's words and score; `None` if no path reached the end of the grammar.
    pub best: Option<Scored>,
    /// The best path, word by word, fillers such as `<sil>` included.
    pub segments: Vec<Segment>,
    /// Other paths of the lattice, best first; the texts may repeat.
    pub nbest: Vec<Scored>,
}

/// One path through the grammar.
#[derive(Debug, Clone, PartialEq)]
pub struct Scored {
    pub text: String,
    /// Log likelihood, acoustic and grammar together, nats. Comparable within one utterance.
    pub score: f64,
}

/// One word of the best path.
#[derive(Debug, Clone, PartialEq)]
pub struct Segment {
    pub word: String,
    /// First and last frame, 10 ms each.
    pub frames: (u32, u32),
    /// Log likelihood of the sound alone, without the grammar's part, nats.
    pub acoustic: f64,
}

type Ps = *mut c_void;

/// The functions that we call. The libraries are never closed, so the pointers stay valid.
struct Api {
    err_set_logfp: unsafe extern "C" fn(*mut c_void),
    ps_args: unsafe extern "C" fn() -> *const c_void,
    cmd_ln_parse_r: unsafe extern "C" fn(*mut c_void, *const c_void, i32, *mut *mut c_char, i32) -> *mut c_void,
    cmd_ln_free_r: unsafe extern "C" fn(*mut c_void) -> c_int,
    cmd_ln_set_float_r: unsafe extern "C" fn(*mut c_void, *const c_char, f64),
    ps_get_config: unsafe extern "C" fn(Ps) -> *mut c_void,
    ps_init: unsafe extern "C" fn(*mut c_void) -> Ps,
    ps_free: unsafe extern "C" fn(Ps) -> c_int,
    ps_lookup_word: unsafe extern "C" fn(Ps, *const c_char) -> *mut c_char,
    ps_add_word: unsafe extern "C" fn(Ps, *const c_char, *const c_char, c_int) -> c_int,
    ps_set_jsgf_string: unsafe extern "C" fn(Ps, *const c_char, *const c_char) -> c_int,
    ps_set_allphone: unsafe extern "C" fn(Ps, *const c_char, *mut c_void) -> c_int,
    ps_set_search: unsafe extern "C" fn(Ps, *const c_char) -> c_int,
    ps_unset_search: unsafe extern "C" fn(Ps, *const c_char) -> c_int,
    ps_start_utt: unsafe extern "C" fn(Ps) -> c_int,
    ps_process_raw: unsafe extern "C" fn(Ps, *const i16, usize, c_int, c_int) -> c_int,
    ps_end_utt: unsafe extern "C" fn(Ps) -> c_int,
    ps_get_n_frames: unsafe extern "C" fn(Ps) -> c_int,
    ps_get_hyp: unsafe extern "C" fn(Ps, *mut i32) -> *const c_char,
    ps_nbest: unsafe extern "C" fn(Ps) -> *mut c_void,
    ps_nbest_next: unsafe extern "C" fn(*mut c_void) -> *mut c_void,
    ps_nbest_hyp: unsafe extern "C" fn(*mut c_void, *mut i32) -> *const c_char,
    ps_nbest_free: unsafe extern "C" fn(*mut c_void),
    ps_seg_iter: unsafe extern "C" fn(Ps) -> *mut c_void,
    ps_seg_next: unsafe extern "C" fn(*mut c_void) -> *mut c_void,
    ps_seg_word: unsafe extern "C" fn(*mut c_void) -> *const c_char,
    ps_seg_prob: unsafe extern "C" fn(*mut c_void, *mut i32, *mut i32, *mut i32) -> i32,
    ps_seg_frames: unsafe extern "C" fn(*mut c_void, *mut c_int, *mut c_int),
    libc_free: unsafe extern "C" fn(*mut c_void),
    _libraries: [Library; 2],
}

impl Api {
    /// The libraries, opened at the first call.
    fn get() -> anyhow::Result<&'static Api> {
        static API: OnceLock<Api> = OnceLock::new();
        if API.get().is_none() {
            // Two threads that open it at once load the same library; one result is kept.
            let _ = API.set(Api::load()?);
        }
        API.get().context("PocketSphinx was just opened and is gone")
    }

    fn load() -> anyhow::Result<Api> {
        let open = |name: &str| {
            // SAFETY: neither library has initialisers that touch our state.
            unsafe { Library::new(name) }
                .map_err(|e| anyhow::anyhow!("the library {name} can't be opened ({e}); {INSTALL}"))
        };
        let base = open("libsphinxbase.so.3")?;
        let sphinx = open("libpocketsphinx.so.3")?;
        // SAFETY: names and signatures are those of the headers of 0.8+5prealpha, the version
        // that the sonames .so.3 stand for (int32 is int, int16 is short). `free` is libc's, which
        // both libraries link to and which allocated what `ps_lookup_word` returns.
        unsafe {
            // The callback for messages is global: without one none is written. Faults are
            // reported by return values, which we check.
            let set_callback = *base.get::<unsafe extern "C" fn(*const c_void, *mut c_void)>(b"err_set_callback\0")?;
            set_callback(null(), null_mut());
            Ok(Api {
                err_set_logfp: *base.get(b"err_set_logfp\0")?,
                ps_args: *sphinx.get(b"ps_args\0")?,
                cmd_ln_parse_r: *base.get(b"cmd_ln_parse_r\0")?,
                cmd_ln_free_r: *base.get(b"cmd_ln_free_r\0")?,
                cmd_ln_set_float_r: *base.get(b"cmd_ln_set_float_r\0")?,
                ps_get_config: *sphinx.get(b"ps_get_config\0")?,
                ps_init: *sphinx.get(b"ps_init\0")?,
                ps_free: *sphinx.get(b"ps_free\0")?,
                ps_lookup_word: *sphinx.get(b"ps_lookup_word\0")?,
                ps_add_word: *sphinx.get(b"ps_add_word\0")?,
                ps_set_jsgf_string: *sphinx.get(b"ps_set_jsgf_string\0")?,
                ps_set_allphone: *sphinx.get(b"ps_set_allphone\0")?,
                ps_set_search: *sphinx.get(b"ps_set_search\0")?,
                ps_unset_search: *sphinx.get(b"ps_unset_search\0")?,
                ps_start_utt: *sphinx.get(b"ps_start_utt\0")?,
                ps_process_raw: *sphinx.get(b"ps_process_raw\0")?,
                ps_end_utt: *sphinx.get(b"ps_end_utt\0")?,
                ps_get_n_frames: *sphinx.get(b"ps_get_n_frames\0")?,
                ps_get_hyp: *sphinx.get(b"ps_get_hyp\0")?,
                ps_nbest: *sphinx.get(b"ps_nbest\0")?,
                ps_nbest_next: *sphinx.get(b"ps_nbest_next\0")?,
                ps_nbest_hyp: *sphinx.get(b"ps_nbest_hyp\0")?,
                ps_nbest_free: *sphinx.get(b"ps_nbest_free\0")?,
                ps_seg_iter: *sphinx.get(b"ps_seg_iter\0")?,
                ps_seg_next: *sphinx.get(b"ps_seg_next\0")?,
                ps_seg_word: *sphinx.get(b"ps_seg_word\0")?,
                ps_seg_prob: *sphinx.get(b"ps_seg_prob\0")?,
                ps_seg_frames: *sphinx.get(b"ps_seg_frames\0")?,
                libc_free: *base.get(b"free\0")?,
                _libraries: [base, sphinx],
            })
        }
    }
}

/// How much worse than the best a path may be and still live on, each a probability below 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Beams {
    pub state: f64,
    pub word: f64,
    pub phone: f64,
}

/// A decoder: one model, any number of named grammars. About 60 MB of memory, 5 MB without a dictionary.
pub struct Decoder {
    api: &'static Api,
    ps: NonNull<c_void>,
    /// The library may keep pointers to its arguments.
    _arguments: Vec<CString>,
}

// SAFETY: the decoder owns all that it points to and keeps nothing in thread-local storage;
// `&mut self` on every call that changes it keeps two threads out at the same time.
unsafe impl Send for Decoder {}

impl Decoder {
    /// Loads `model` with PocketSphinx's own `options`, such as `("-beam", "1e-80")`.
    ///
    /// # Errors
    /// A missing library or model (the message names the packages), or a refused option.
    pub fn open(model: &Model, options: &[(&str, &str)]) -> anyhow::Result<Decoder> {
        Decoder::with(model, Some(&model.dict), options)
    }

    /// As [`Decoder::open`], but without the dictionary, which is most of a decoder's memory: for a loop over phones.
    ///
    /// # Errors
    /// As [`Decoder::open`].
    pub fn open_without_words(model: &Model, options: &[(&str, &str)]) -> anyhow::Result<Decoder> {
        Decoder::with(model, None, options)
    }

    fn with(model: &Model, dict: Option<&Path>, options: &[(&str, &str)]) -> anyhow::Result<Decoder> {
        let api = Api::get()?;
        model.check()?;
        let path = |path: &Path| {
            path.to_str().map(str::to_owned).with_context(|| format!("the path {} is not UTF-8", path.display()))
        };
        let mut words = vec!["tendero".to_owned(), "-hmm".into(), path(&model.hmm)?];
        if let Some(dict) = dict {
            words.extend(["-dict".to_owned(), path(dict)?]);
        }
        words.extend(options.iter().flat_map(|(name, value)| [(*name).to_owned(), (*value).to_owned()]));
        let arguments =
            words.into_iter().map(CString::new).collect::<Result<Vec<_>, _>>().context("an option holds a NUL byte")?;
        let mut argv: Vec<*mut c_char> = arguments.iter().map(|a| a.as_ptr().cast_mut()).collect();
        let count = i32::try_from(argv.len()).context("too many options")?;
        // SAFETY: `argv` holds `count` NUL-terminated strings, which the library only reads and
        // which live as long as the decoder; `ps_args` is its own static table. `ps_init` keeps a
        // reference of its own to the configuration, so ours is given back.
        let ps = unsafe {
            // The table of options is printed to this thread's log file, callback or not.
            (api.err_set_logfp)(null_mut());
            let config = (api.cmd_ln_parse_r)(null_mut(), (api.ps_args)(), count, argv.as_mut_ptr(), 1);
            ensure!(!config.is_null(), "PocketSphinx refused its options {options:?}");
            let ps = (api.ps_init)(config);
            (api.cmd_ln_free_r)(config);
            ps
        };
        let ps = NonNull::new(ps)
            .with_context(|| format!("PocketSphinx could not load the model in {}; {INSTALL}", model.hmm.display()))?;
        Ok(Decoder { api, ps, _arguments: arguments })
    }

    /// Does the dictionary hold `word`?
    pub fn knows(&self, word: &str) -> bool {
        let Ok(word) = CString::new(word) else { return false };
        // SAFETY: a NUL-terminated string; the result is NULL or a string from `malloc` that is ours.
        unsafe {
            let phones = (self.api.ps_lookup_word)(self.ps.as_ptr(), word.as_ptr());
            if phones.is_null() {
                return false;
            }
            (self.api.libc_free)(phones.cast());
        }
        true
    }

    /// Adds `word` with its `phones`, such as `T EH N D EH R OW`. Grammars that were set before
    /// do not notice.
    ///
    /// # Errors
    /// A phone that the model lacks, or a word that is there already.
    pub fn add_word(&mut self, word: &str, phones: &str) -> anyhow::Result<()> {
        let (c_word, c_phones) = (CString::new(word)?, CString::new(phones)?);
        // SAFETY: NUL-terminated strings, copied by the library.
        let id = unsafe { (self.api.ps_add_word)(self.ps.as_ptr(), c_word.as_ptr(), c_phones.as_ptr(), 0) };
        ensure!(id >= 0, "the dictionary does not take \"{word}\" as {phones}");
        Ok(())
    }

    /// Sets the grammar `name`, replacing it. It is searched with `beams`.
    ///
    /// # Errors
    /// A grammar that the library refuses.
    pub fn set_jsgf(&mut self, name: &str, jsgf: &str, beams: Beams) -> anyhow::Result<()> {
        let (c_name, c_jsgf) = (CString::new(name)?, CString::new(jsgf)?);
        let options = [(c"-beam", beams.state), (c"-wbeam", beams.word), (c"-pbeam", beams.phone)];
        // SAFETY: NUL-terminated strings, parsed and copied by the library. A search takes its beams from the
        // decoder's configuration when it is made, and keeps them; the three names are float options of `ps_args`.
        let code = unsafe {
            let config = (self.api.ps_get_config)(self.ps.as_ptr());
            for (option, value) in options {
                (self.api.cmd_ln_set_float_r)(config, option.as_ptr(), value);
            }
            (self.api.ps_set_jsgf_string)(self.ps.as_ptr(), c_name.as_ptr(), c_jsgf.as_ptr())
        };
        ensure!(code == 0, "PocketSphinx refused the grammar \"{name}\"");
        Ok(())
    }

    /// Sets a loop over all phones as the search `name`: what the sound is like if it may be anything.
    ///
    /// # Errors
    /// The library refuses it.
    pub fn set_phone_loop(&mut self, name: &str) -> anyhow::Result<()> {
        let c_name = CString::new(name)?;
        // SAFETY: a NUL-terminated string; no language model means that all phones are equal.
        let code = unsafe { (self.api.ps_set_allphone)(self.ps.as_ptr(), c_name.as_ptr(), null_mut()) };
        ensure!(code == 0, "PocketSphinx could not set up its phone loop");
        Ok(())
    }

    /// Forgets the search `name`, if there is one. Not the one in use.
    pub fn forget(&mut self, name: &str) {
        if let Ok(name) = CString::new(name) {
            // SAFETY: a NUL-terminated string; an unknown name is refused by a return value.
            unsafe { (self.api.ps_unset_search)(self.ps.as_ptr(), name.as_ptr()) };
        }
    }

    /// Decodes one utterance, 16 kHz mono, as a whole (so that the mean of the cepstrum is
    /// that of the utterance), and at most `n` paths of its lattice.
    ///
    /// # Errors
    /// An unknown `search`, or a failure inside of the library.
    pub fn decode(&mut self, search: &str, samples: &[i16], n: usize) -> anyhow::Result<Decoded> {
        let name = CString::new(search)?;
        let (api, ps) = (self.api, self.ps.as_ptr());
        // SAFETY: `samples` is valid for its length and only read during the call. An utterance
        // that was started is ended, whatever happened between.
        unsafe {
            ensure!((api.ps_set_search)(ps, name.as_ptr()) == 0, "no grammar \"{search}\" was prepared");
            ensure!((api.ps_start_utt)(ps) == 0, "PocketSphinx could not begin an utterance");
            let searched = (api.ps_process_raw)(ps, samples.as_ptr(), samples.len(), 0, 1);
            let ended = (api.ps_end_utt)(ps);
            if searched < 0 || ended < 0 {
                bail!("PocketSphinx failed on an utterance of {} samples", samples.len());
            }
        }
        // SAFETY: the utterance has ended, so its result stays as it is until the next one begins.
        let frames = unsafe { (api.ps_get_n_frames)(ps) };
        let Some(best) = self.path(|score| {
            // SAFETY: as above; the string belongs to the decoder and is copied at once.
            unsafe { (api.ps_get_hyp)(ps, score) }
        }) else {
            return Ok(Decoded { frames: u32::try_from(frames).unwrap_or(0), ..Decoded::default() });
        };
        let segments = self.segments();
        let nbest = if n > 1 { self.nbest(n) } else { vec![] };
        Ok(Decoded { frames: u32::try_from(frames).unwrap_or(0), best: Some(best), segments, nbest })
    }

    fn path(&self, hypothesis: impl Fn(*mut i32) -> *const c_char) -> Option<Scored> {
        let mut score = 0;
        let text = hypothesis(&raw mut score);
        if text.is_null() {
            return None;
        }
        // SAFETY: not NULL, so NUL-terminated; owned by the decoder, and copied here before
        // anything else is asked of it.
        let text = unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned();
        Some(Scored { text, score: f64::from(score) * NATS })
    }

    fn segments(&self) -> Vec<Segment> {
        let mut segments = Vec::new();
        // SAFETY: the iterator is walked to its end, where the library frees it itself; word
        // and frames are copied before the next step.
        unsafe {
            let mut at = (self.api.ps_seg_iter)(self.ps.as_ptr());
            while !at.is_null() {
                let (mut first, mut last) = (0, 0);
                (self.api.ps_seg_frames)(at, &raw mut first, &raw mut last);
                let (mut acoustic, mut grammar, mut backoff) = (0, 0, 0);
                (self.api.ps_seg_prob)(at, &raw mut acoustic, &raw mut grammar, &raw mut backoff);
                let word = (self.api.ps_seg_word)(at);
                if !word.is_null() {
                    let word = CStr::from_ptr(word).to_string_lossy().into_owned();
                    let frame = |f: c_int| u32::try_from(f).unwrap_or(0);
                    segments.push(Segment {
                        word,
                        frames: (frame(first), frame(last)),
                        acoustic: f64::from(acoustic) * NATS,
                    });
                }
                at = (self.api.ps_seg_next)(at);
            }
        }
        segments
    }

    fn nbest(&self, n: usize) -> Vec<Scored> {
        let mut paths = Vec::new();
        // SAFETY: the iterator frees itself when it has no more paths; otherwise we free it.
        unsafe {
            let mut at = (self.api.ps_nbest)(self.ps.as_ptr());
            if at.is_null() {
                return paths;
            }
            for _ in 0..n * EXPANSIONS {
                at = (self.api.ps_nbest_next)(at);
                if at.is_null() {
                    return paths;
                }
                paths.extend(self.path(|score| (self.api.ps_nbest_hyp)(at, score)));
            }
            (self.api.ps_nbest_free)(at);
        }
        paths
    }
}

impl Drop for Decoder {
    fn drop(&mut self) {
        // SAFETY: ours, and not used again.
        unsafe { (self.api.ps_free)(self.ps.as_ptr()) };
    }
}

fn head_of(path: &Path) -> anyhow::Result<Vec<u8>> {
    let mut head = Vec::new();
    let file = std::fs::File::open(path)
        .map_err(|e| anyhow::anyhow!("the model file {} can't be read ({e}); {INSTALL}", path.display()))?;
    file.take(16).read_to_end(&mut head).with_context(|| format!("the model file {} can't be read", path.display()))?;
    Ok(head)
}
