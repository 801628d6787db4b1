//! Whisper (whisper.cpp, compiled in): free text in many languages, one utterance at a time, stopped at a deadline.
//!
//! It takes no grammar: the names of the catalogue are handed to it as what was said before, which makes it expect them, and
//! whatever else it hears comes as it is. The words that confirm an order are never handed to it. It gives one text and no rival,
//! since the library shows no others. Loads only models that `tendero models` installed, summed again and looked at
//! ([`mod@file`]) before the library sees them: a faulty one ends the process.

use super::{Setup, Stt, nothing_heard};
use crate::clock::Clock;
use crate::decide::event::Hypothesis;
use crate::models::store::{self, Store};
use crate::models::sum_of;
use crate::understand::Lang;
use crate::understand::grammar::Grammar;
use anyhow::{Context, bail, ensure};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use whisper_rs::{FullParams, SamplingStrategy, WhisperContext, WhisperContextParameters, WhisperState};

pub mod file;

const NAME: &str = "whisper";
/// The largest file that is read into memory: the middle sizes, quantised.
const MAX_BYTES: u64 = 1 << 30;
/// Less than a tenth of a second holds no word.
const MIN_SAMPLES: usize = 1_600;
/// Whisper hears 30 s at once. The rest is cut off.
const MAX_SAMPLES: usize = 30 * 16_000;
/// Shorter sound is followed by silence up to this.
const PADDED: usize = 16_000;
/// Full scale is 32 768; below this nothing is there but rounding.
const SILENT_PEAK: i16 = 12;
/// One core is left for the ears and the voice; more than four gain little.
const MAX_THREADS: usize = 4;
/// Tokens of one answer: a long request has forty.
const MAX_TOKENS: i32 = 128;
/// Tokens of names that are handed to it: it takes 223, and they take time.
const MAX_PROMPT: usize = 160;
/// The model's own estimate that nobody spoke, above which it is believed: Whisper writes sentences into silence.
const NO_SPEECH: f32 = 0.6;
/// Mean log probability of the tokens, below which they were guessed; OpenAI's own bound.
const GUESSED: f32 = -1.0;
/// More tokens than this with less entropy (nats) among the last so many are a loop; OpenAI's own bounds.
const LOOP_TOKENS: usize = 32;
const LOOP_ENTROPY: f32 = 2.4;

/// The engine. Loads its model once.
pub struct Whisper {
    context: WhisperContext,
    /// Of the last utterance; `None` after one that was stopped, whose leavings are nobody's.
    state: Option<WhisperState>,
    /// One for each language that was spoken: the library's texts in them are never freed.
    params: BTreeMap<Lang, FullParams<'static, 'static>>,
    watch: Watch,
    deadline_ms: u64,
    threads: usize,
    /// The language of a request is found out.
    detects: bool,
    detected: Option<Lang>,
    prepared: BTreeMap<String, Prepared>,
}

struct Prepared {
    lang: Lang,
    opens: bool,
    /// Tokens of names.
    prompt: Vec<i32>,
}

/// What the library asks before each step whether to go on.
#[derive(Clone)]
struct Watch {
    clock: Clock,
    until_ms: Arc<AtomicU64>,
    stopped: Arc<AtomicBool>,
}

impl Watch {
    fn begin(&self, deadline_ms: u64) {
        self.until_ms.store(self.clock.machine_ms().saturating_add(deadline_ms), Ordering::SeqCst);
        self.stopped.store(false, Ordering::SeqCst);
    }

    fn is_over(&self) -> bool {
        let over = self.clock.machine_ms() >= self.until_ms.load(Ordering::SeqCst);
        self.stopped.fetch_or(over, Ordering::SeqCst) || over
    }
}

/// Loads the model in `folder` and transcribes a second of silence.
///
/// # Errors
/// It is not what it has to be, or the library does not take it; or the process ends.
pub fn try_model(folder: &Path) -> anyhow::Result<()> {
    let setup = Setup { whisper_model: folder.to_owned(), ..Setup::default() };
    let (context, _) = load(folder)?;
    let whisper = Whisper::with(context, &setup, false);
    let mut state = whisper.context.create_state().context("the library has no memory for the model")?;
    let params = params(Lang::En, whisper.threads, &whisper.watch);
    // Whoever started this process waits for no longer than it wants to.
    whisper.watch.begin(u64::MAX);
    state.full(params, &[0.0; PADDED]).context("Whisper can't work with the model")
}

/// Is the model in `folder` what was installed, and one that the library can be given? Without the library.
///
/// # Errors
/// What is not as it has to be.
pub fn look(folder: &Path) -> anyhow::Result<()> {
    read_model(folder).map(drop)
}

fn load(folder: &Path) -> anyhow::Result<(WhisperContext, file::Outline)> {
    has_instructions()?;
    let (bytes, outline) = read_model(folder)?;
    whisper_rs::install_logging_hooks();
    let context = WhisperContext::new_from_buffer_with_params(&bytes, WhisperContextParameters::default())
        .with_context(|| format!("whisper.cpp does not take the model in {}", folder.display()))?;
    Ok((context, outline))
}

/// The model's file as it was installed.
fn read_model(folder: &Path) -> anyhow::Result<(Vec<u8>, file::Outline)> {
    let record = store::read_record(folder).with_context(|| {
        format!(
            "{} was not installed by `tendero models pull`, and Whisper is let near nothing else: a damaged model ends the process",
            folder.display()
        )
    })?;
    ensure!(record.engine == NAME, "the model in {} is for {}, not for {NAME}", folder.display(), record.engine);
    let [only] = record.files.as_slice() else {
        bail!("the model in {} has {} files, and a Whisper model is one", folder.display(), record.files.len())
    };
    let path = folder.join(&only.name);
    ensure!(only.bytes <= MAX_BYTES, "{} has {} bytes; {MAX_BYTES} is the limit", path.display(), only.bytes);
    let bytes = std::fs::read(&path).with_context(|| format!("{} can't be read", path.display()))?;
    // What was summed is what is looked at and what is loaded, whatever becomes of the file meanwhile.
    let sum = sum_of(bytes.as_slice())?;
    ensure!(
        sum == only.sha256,
        "{} is not what it was: its sha256 is {sum} instead of {}; remove the model and pull it again",
        path.display(),
        only.sha256
    );
    let outline = file::check(&bytes).with_context(|| format!("{} can't be used", path.display()))?;
    Ok((bytes, outline))
}

/// What the library was compiled for, lest the first step end the process.
fn has_instructions() -> anyhow::Result<()> {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::is_x86_feature_detected as has;
        ensure!(
            has!("avx2") && has!("fma") && has!("f16c") && has!("bmi2"),
            "this processor lacks AVX2, FMA, F16C or BMI2, which Whisper is compiled for; use another engine"
        );
    }
    Ok(())
}

/// The same for each utterance in `lang`.
fn params(lang: Lang, threads: usize, watch: &Watch) -> FullParams<'static, 'static> {
    // The likeliest token each time, and once: no chance, and no second pass that takes as long again.
    let mut params = FullParams::new(SamplingStrategy::Greedy { best_of: 1 });
    params.set_temperature(0.0);
    params.set_temperature_inc(0.0);
    params.set_n_threads(i32::try_from(threads).expect("there are four at the most"));
    params.set_language(Some(lang.code()));
    params.set_max_tokens(MAX_TOKENS);
    params.set_no_context(true);
    params.set_single_segment(true);
    params.set_no_timestamps(true);
    params.set_suppress_blank(true);
    params.set_suppress_nst(true);
    params.set_no_speech_thold(NO_SPEECH);
    params.set_logprob_thold(GUESSED);
    params.set_print_special(false);
    params.set_print_progress(false);
    params.set_print_realtime(false);
    params.set_print_timestamps(false);
    let watch = watch.clone();
    // whisper-rs 0.16 calls back through this very type, whatever type it is given: it has to be the box itself.
    let is_over: Box<dyn FnMut() -> bool> = Box::new(move || watch.is_over());
    params.set_abort_callback_safe(is_over);
    params
}

impl Whisper {
    /// With the model that `setup` names, or the one for its language.
    ///
    /// # Errors
    /// A missing model, one that is not what it was, or one for another language; the message says how to get it.
    pub fn open(setup: &Setup) -> anyhow::Result<Whisper> {
        let lang = setup.lang.to_string();
        let folder: PathBuf = match setup.whisper_model.as_os_str().is_empty() {
            true => Store::new(&setup.models)
                .find(NAME, &lang)
                .map_err(|why| anyhow::anyhow!("{why:#}, and `tendero models pull whisper-base-q5_1` brings one"))?,
            false => setup.whisper_model.clone(),
        };
        let (context, outline) = load(&folder)?;
        let knows = store::read_record(&folder)?.languages;
        ensure!(knows.contains(&lang), "the model in {} is for {}, not for {lang}", folder.display(), knows.join(", "));
        ensure!(
            outline.is_multilingual || (setup.lang == Lang::En && !setup.whisper_detects),
            "the model in {} knows English alone; pull one without \".en\" in its name",
            folder.display()
        );
        Ok(Whisper::with(context, setup, setup.whisper_detects))
    }

    fn with(context: WhisperContext, setup: &Setup, detects: bool) -> Whisper {
        let watch = Watch { clock: Clock::system(), until_ms: Arc::default(), stopped: Arc::default() };
        Whisper {
            context,
            state: None,
            params: BTreeMap::new(),
            watch,
            deadline_ms: u64::from(setup.whisper_deadline_ms),
            threads: std::thread::available_parallelism().map_or(1, |n| (n.get() - 1).clamp(1, MAX_THREADS)),
            detects,
            detected: None,
            prepared: BTreeMap::new(),
        }
    }

    /// How long an utterance may take from now on, milliseconds; 0: none is transcribed.
    pub fn set_deadline_ms(&mut self, deadline_ms: u32) {
        self.deadline_ms = u64::from(deadline_ms);
    }

    /// As many of `names` as there is room for, as a list that somebody has just said.
    fn prompt(&self, names: &[String]) -> Vec<i32> {
        let mut prompt = Vec::new();
        for name in names.iter().map(|name| name.trim()).filter(|name| !name.is_empty()) {
            let before = if prompt.is_empty() { " " } else { ", " };
            let text = format!("{before}{}", name.replace('\0', ""));
            // A token is at least a byte: with less room the wrapper would take a negative count for a length.
            let Ok(tokens) = self.context.tokenize(&text, text.len() + 1) else { continue };
            if prompt.len() + tokens.len() > MAX_PROMPT {
                break;
            }
            prompt.extend(tokens);
        }
        prompt
    }

    /// The likeliest of our languages. It costs a second look at the sound, and only its end can be awaited.
    fn detect(&self, state: &mut WhisperState, sound: &[f32]) -> anyhow::Result<Lang> {
        state.pcm_to_mel(sound, self.threads)?;
        let (_, probabilities) = state.lang_detect(0, self.threads)?;
        let of = |lang: Lang| {
            let id = whisper_rs::get_lang_id(lang.code()).and_then(|id| usize::try_from(id).ok());
            id.and_then(|id| probabilities.get(id)).copied().unwrap_or(0.0)
        };
        let likeliest = Lang::ALL.into_iter().max_by(|a, b| of(*a).total_cmp(&of(*b)));
        likeliest.context("there are languages")
    }

    fn heard(&mut self, key: &str, samples: &[i16]) -> anyhow::Result<Vec<Hypothesis>> {
        self.detected = None;
        let prepared = self.prepared.get(key).with_context(|| format!("no grammar \"{key}\" was prepared"))?;
        let samples = &samples[..samples.len().min(MAX_SAMPLES)];
        if samples.len() < MIN_SAMPLES || samples.iter().all(|s| s.saturating_abs() < SILENT_PEAK) {
            return Ok(nothing_heard());
        }
        let mut sound: Vec<f32> = samples.iter().map(|s| f32::from(*s) / 32_768.0).collect();
        sound.resize(sound.len().max(PADDED), 0.0);
        self.watch.begin(self.deadline_ms);
        let late = || {
            format!(
                "Whisper was stopped after {} ms and has heard nothing; a smaller model, or more whisper_deadline_ms, helps",
                self.deadline_ms
            )
        };
        ensure!(!self.watch.is_over(), late());
        let mut state = match self.state.take() {
            Some(state) => state,
            None => self.context.create_state().context("the library has no memory for the model")?,
        };
        let lang = if self.detects && prepared.opens { self.detect(&mut state, &sound)? } else { prepared.lang };
        ensure!(!self.watch.is_over(), late());
        let made = self.params.entry(lang).or_insert_with(|| params(lang, self.threads, &self.watch));
        let mut params: FullParams<'_, '_> = made.clone();
        // Names of one language make it hear another one wrongly.
        if lang == prepared.lang && !prepared.prompt.is_empty() {
            params.set_tokens(&prepared.prompt);
        }
        if let Err(why) = state.full(params, &sound) {
            ensure!(!self.watch.stopped.load(Ordering::SeqCst), late());
            return Err(why).context("Whisper failed");
        }
        let said = read(&state, self.context.token_eot());
        self.state = Some(state);
        self.detected = Some(lang).filter(|_| self.detects && prepared.opens);
        Ok(judge(&said))
    }
}

impl Stt for Whisper {
    fn name(&self) -> &'static str {
        NAME
    }

    fn prepare(&mut self, key: &str, grammar: &Grammar) -> anyhow::Result<()> {
        let prompt = self.prompt(&grammar.names);
        self.prepared.insert(key.to_owned(), Prepared { lang: grammar.lang, opens: grammar.opens, prompt });
        Ok(())
    }

    fn forget(&mut self, key: &str) {
        self.prepared.remove(key);
    }

    fn transcribe(&mut self, key: &str, samples: &[i16], _n: usize) -> anyhow::Result<Vec<Hypothesis>> {
        let heard = self.heard(key, samples)?;
        tracing::debug!(grammar = key, nbest = ?heard, "heard");
        Ok(heard)
    }

    fn detected(&self) -> Option<Lang> {
        self.detected
    }
}

/// What the library wrote down.
#[derive(Debug, Clone, Default, PartialEq)]
struct Said {
    text: String,
    /// Of words: number and log probability.
    tokens: Vec<(i32, f32)>,
    /// The most that any part has, 0 to 1.
    no_speech: f32,
}

fn read(state: &WhisperState, first_special: i32) -> Said {
    let mut said = Said::default();
    for segment in state.as_iter() {
        said.text.push_str(&segment.to_str_lossy().unwrap_or_default());
        said.no_speech = said.no_speech.max(segment.no_speech_probability());
        let tokens = (0..segment.n_tokens()).filter_map(|at| segment.get_token(at)).map(|token| token.token_data());
        said.tokens.extend(tokens.filter(|token| token.id < first_special).map(|token| (token.id, token.plog)));
    }
    said
}

/// Nothing, if nobody spoke, if it was guessed, or if it is a loop; else the text. Its confidence is the geometric mean of
/// its tokens' probabilities, times how sure the model is that somebody spoke. It is not calibrated.
fn judge(said: &Said) -> Vec<Hypothesis> {
    let text = spoken(&said.text);
    let count = said.tokens.len() as f32;
    let mean = said.tokens.iter().map(|(_, log)| log).sum::<f32>() / count;
    // Not a number is none of the comparisons.
    let is_speech = said.no_speech <= NO_SPEECH && mean >= GUESSED;
    if text.is_empty() || !is_speech || is_loop(&said.tokens) {
        return nothing_heard();
    }
    let confidence = (mean.exp() * (1.0 - said.no_speech)).clamp(0.0, 1.0);
    vec![Hypothesis { text, confidence }]
}

/// The same few tokens again and again.
fn is_loop(tokens: &[(i32, f32)]) -> bool {
    if tokens.len() <= LOOP_TOKENS {
        return false;
    }
    let mut counts: BTreeMap<i32, f32> = BTreeMap::new();
    tokens[tokens.len() - LOOP_TOKENS..].iter().for_each(|(id, _)| *counts.entry(*id).or_default() += 1.0);
    let shares = counts.values().map(|count| count / LOOP_TOKENS as f32);
    shares.map(|share| -share * share.ln()).sum::<f32>() < LOOP_ENTROPY
}

/// Without what stands for a sound: "[BLANK_AUDIO]", "(music)", "*sighs*", "♪". Case and punctuation are the parser's.
fn spoken(text: &str) -> String {
    let (mut out, mut inside) = (String::new(), None);
    for c in text.chars() {
        match (inside, c) {
            (Some(end), c) if c == end => inside = None,
            (Some(_), _) | (None, '♪' | '♫') => {}
            (None, '[') => inside = Some(']'),
            (None, '(') => inside = Some(')'),
            (None, '*') => inside = Some('*'),
            (None, c) if c.is_control() => out.push(' '),
            (None, c) => out.push(c),
        }
    }
    let words = out.split_whitespace().collect::<Vec<_>>().join(" ");
    if words.chars().any(char::is_alphanumeric) { words } else { String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str, probability: f32, no_speech: f32) -> Said {
        let tokens = (0..text.split_whitespace().count() as i32).map(|id| (id, probability.ln())).collect();
        Said { text: text.into(), tokens, no_speech }
    }

    #[test]
    fn confidence_is_that_of_the_words_and_of_speech() {
        let heard = judge(&said(" Order two packs of milk.", 0.8, 0.25));
        assert_eq!(heard[0].text, "Order two packs of milk.");
        assert!((heard[0].confidence - 0.6).abs() < 1e-3, "{heard:?}");
    }

    #[test]
    fn what_was_made_up_is_nothing() {
        let looped = Said { text: " milk".repeat(40), tokens: vec![(1, -0.1); 40], no_speech: 0.0 };
        for nothing in [
            said(" Thank you for watching.", 0.9, 0.7),
            said(" order milk", 0.3, 0.0),
            said(" order milk", f32::NAN, 0.0),
            said(" order milk", 0.9, f32::NAN),
            said(" [BLANK_AUDIO]", 0.9, 0.0),
            said(" (music) ♪ *sighs* .", 0.9, 0.0),
            Said::default(),
            looped,
        ] {
            assert_eq!(judge(&nothing), nothing_heard(), "{nothing:?}");
        }
        assert_eq!(spoken(" [MUSIC] Order (coughs) milk\n♪"), "Order milk");
    }
}
