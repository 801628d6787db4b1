//! Piper: a voice is a network (VITS, in ONNX) that turns phonemes into sound. For each language for which somebody trained one.
//!
//! The network runs in ONNX Runtime (MIT), opened at run time; the phonemes are espeak-ng's, opened at run time as well and
//! GPL-3.0-or-later: a build with it is, as a whole, under that licence. piper-rs knows the voice's files and its inputs; it gets
//! phonemes and a session that we made, so its own copy of espeak-ng is left out of the build (`patch/espeak-rs`). Of a voice with
//! several speakers it has the first one speak, and it pads behind each phoneme, but not behind the begin mark as Piper itself does.
//! Downloads nothing.

pub mod voice;

use super::{Pace, Setup, Speech, Tts};
use crate::models::store::Store;
use crate::native::espeak::{Clause, Espeak};
use crate::native::onnxruntime;
use crate::understand::Lang;
use anyhow::{Context, bail, ensure};
use ort::session::Session;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use unicode_normalization::UnicodeNormalization;
use voice::VoiceFiles;

const NAME: &str = "piper";
/// Most threads of the network: more gain little, and the ears and the mind need a core, too.
const MOST_THREADS: usize = 4;
/// Longest sound of one sentence, in seconds; no voice takes longer for the longest that it is given.
const MOST_SECONDS: usize = 60;
/// What a network takes, in this order, since piper-rs gives it by place; the last one only where it has several speakers.
const INPUTS: [&str; 4] = ["input", "input_lengths", "scales", "sid"];

/// The engine.
pub struct Piper {
    espeak: Espeak,
    voices: BTreeMap<Lang, Voice>,
}

/// One language's voice.
struct Voice {
    files: VoiceFiles,
    /// Loaded when it is first needed, that of the home's language at the start: it is large, and memory is short on a board.
    network: Option<piper_rs::Piper>,
    /// Phonemes that it lacks and that were told.
    told: BTreeSet<char>,
}

impl Piper {
    /// With the voices that `setup` names, or those that are in its folder.
    ///
    /// # Errors
    /// No voice can be used, or a library is missing; the message says how to get it.
    pub fn open(setup: &Setup) -> anyhow::Result<Piper> {
        let espeak = Espeak::open()?;
        let mut voices = BTreeMap::new();
        let mut without = Vec::new();
        for lang in Lang::ALL {
            match find(setup, lang).and_then(|path| checked(&path, &espeak)) {
                Ok(files) => drop(voices.insert(lang, Voice { files, network: None, told: BTreeSet::new() })),
                Err(why) => without.push((lang, why)),
            }
        }
        if voices.is_empty() {
            let (_, why) =
                without.into_iter().find(|(lang, _)| *lang == setup.lang).context("every language failed")?;
            return Err(why);
        }
        let minor = ort::MINOR_VERSION;
        let version = onnxruntime::version(&setup.onnxruntime, minor)?;
        // Once in a process: a second time it stays the first.
        ort::init_from(&setup.onnxruntime)
            .with_context(|| format!("ONNX Runtime {version} can't be used; {}", onnxruntime::INSTALL))?
            .with_telemetry(false)
            .commit();
        let mut piper = Piper { espeak, voices };
        if let Some(voice) = piper.voices.get_mut(&setup.lang) {
            voice.load()?;
        }
        for (lang, why) in without {
            let named = setup.voices.get(&lang).is_some_and(|path| !path.as_os_str().is_empty());
            // That there is none for a language that nobody speaks here is no news.
            if named || lang == setup.lang {
                tracing::warn!("piper has no voice for {lang}: {why:#}");
            }
        }
        Ok(piper)
    }
}

fn checked(path: &Path, espeak: &Espeak) -> anyhow::Result<VoiceFiles> {
    let files = VoiceFiles::check(path)?;
    let spoken = espeak.clauses("a", &files.espeak_voice);
    spoken.with_context(|| format!("the voice {} can't be used", path.display())).map(|_| files)
}

/// The network's file for `lang`.
fn find(setup: &Setup, lang: Lang) -> anyhow::Result<PathBuf> {
    if let Some(path) = setup.voices.get(&lang).filter(|path| !path.as_os_str().is_empty()) {
        return Ok(path.clone());
    }
    let folder = Store::new(&setup.models).find(NAME, lang.code()).with_context(|| {
        format!("name the .onnx file of a voice in [tts] voices, {lang} = \"...\"; models/README.md says where there are some")
    })?;
    voice::in_folder(&folder)
}

impl Tts for Piper {
    fn name(&self) -> &'static str {
        NAME
    }

    fn pace(&self, lang: Lang) -> Option<Pace> {
        self.voices.get(&lang).map(|voice| Pace::Slow { voice: voice.files.id.clone() })
    }

    fn synthesise(&mut self, text: &str, lang: Lang) -> anyhow::Result<Speech> {
        let voice = self.voices.get_mut(&lang).with_context(|| format!("there is no voice for {lang}"))?;
        let clauses = self.espeak.clauses(text, &voice.files.espeak_voice)?;
        let phonemes = voice.known(&as_trained(&clauses));
        let rate_hz = voice.files.rate_hz;
        if phonemes.trim().is_empty() {
            return Ok(Speech { rate_hz, samples: vec![] });
        }
        let path = voice.files.path.clone();
        let (sound, _) = voice
            .load()?
            .create(&phonemes, true, None, None, None, None)
            .with_context(|| format!("the voice {} could not speak a sentence", path.display()))?;
        ensure!(
            sound.len() <= MOST_SECONDS * rate_hz as usize,
            "the voice {} gave more than {MOST_SECONDS} s of sound for a sentence of {} characters",
            path.display(),
            text.chars().count()
        );
        let samples = to_i16(&sound)
            .with_context(|| format!("the voice {} gave what is no sound; is the file whole?", path.display()))?;
        Ok(Speech { rate_hz, samples })
    }
}

impl Voice {
    fn load(&mut self) -> anyhow::Result<&mut piper_rs::Piper> {
        if self.network.is_none() {
            let session = session(&self.files.path)
                .with_context(|| format!("the voice {} can't be used", self.files.path.display()))?;
            check_inputs(&session, self.files.speakers)
                .with_context(|| format!("the voice {} can't be used", self.files.path.display()))?;
            self.network = Some(piper_rs::Piper::from_session(session, self.files.config()?));
        }
        self.network.as_mut().context("the network was put there above")
    }

    /// What the voice was trained with of `phonemes`. The rest is not said, which the log tells once.
    fn known(&mut self, phonemes: &str) -> String {
        let (known, lacking): (String, String) = phonemes.chars().partition(|c| self.files.phonemes.contains(c));
        let new: Vec<String> =
            lacking.chars().filter(|&c| self.told.insert(c)).map(|c| c.escape_unicode().to_string()).collect();
        if !new.is_empty() {
            tracing::warn!(
                "the voice {} lacks phonemes and leaves them out: {}",
                self.files.path.display(),
                new.join(" ")
            );
        }
        known
    }
}

fn session(path: &Path) -> anyhow::Result<Session> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let builder = Session::builder()?;
    let failed = |error: ort::Error<ort::session::builder::SessionBuilder>| anyhow::anyhow!("{error}");
    Ok(builder
        .with_intra_threads(cores.saturating_sub(1).clamp(1, MOST_THREADS))
        .map_err(failed)?
        .with_inter_threads(1)
        .map_err(failed)?
        // A thread that spins while it waits takes its core from the ears.
        .with_intra_op_spinning(false)
        .map_err(failed)?
        .commit_from_file(path)?)
}

fn check_inputs(session: &Session, speakers: u32) -> anyhow::Result<()> {
    let inputs: Vec<&str> = session.inputs().iter().map(|input| input.name()).collect();
    let wanted = if speakers > 1 { &INPUTS[..] } else { &INPUTS[..3] };
    if inputs != wanted {
        bail!(
            "its inputs are {}, and those of a voice with {speakers} speakers are {}",
            inputs.join(", "),
            wanted.join(", ")
        );
    }
    ensure!(session.outputs().len() == 1, "it has {} outputs, and a voice has one", session.outputs().len());
    Ok(())
}

/// As Piper's voices were trained: decomposed characters, with the marks of the text, and without the names of languages that
/// espeak-ng puts in brackets where a word is foreign.
fn as_trained(clauses: &[Clause]) -> String {
    let mut text = String::new();
    for clause in clauses {
        let mut bracketed = false;
        for c in clause.phonemes.nfd() {
            match c {
                '(' => bracketed = true,
                ')' => bracketed = false,
                c if !bracketed => text.push(c),
                _ => {}
            }
        }
        text.extend(clause.mark);
        text.push(' ');
    }
    text.trim_end().to_owned()
}

/// As loud as it gets without clipping, as Piper itself does it: networks differ in how loud they are. Silence stays silent.
fn to_i16(sound: &[f32]) -> Option<Vec<i16>> {
    const SILENCE: f32 = 0.01;
    let peak = sound.iter().fold(SILENCE, |peak: f32, sample| peak.max(sample.abs()));
    let whole = sound.iter().all(|sample| sample.is_finite());
    whole.then(|| sound.iter().map(|sample| (sample / peak * f32::from(i16::MAX)) as i16).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phonemes_are_as_voices_were_trained() {
        let clause = |phonemes: &str, mark| Clause { phonemes: phonemes.into(), mark };
        let clauses = [clause("ˈɔːɹdɚ", Some(',')), clause("(en)mˈɪlk(es) ça", Some('.')), clause("ok", None)];
        assert_eq!(as_trained(&clauses), "ˈɔːɹdɚ, mˈɪlk c\u{327}a. ok");
    }

    #[test]
    fn sound_is_brought_to_full_scale_and_nonsense_is_none() {
        assert_eq!(to_i16(&[0.25, -0.5, 0.0]), Some(vec![16_383, -32_767, 0]));
        assert_eq!(to_i16(&[0.001]), Some(vec![3_276]));
        assert_eq!(to_i16(&[0.1, f32::NAN]), None);
        assert_eq!(to_i16(&[f32::INFINITY]), None);
    }
}
