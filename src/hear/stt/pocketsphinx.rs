//! PocketSphinx with a grammar of the domain: whole utterances, n-best, an honest confidence.
//!
//! English only (Debian has no other model). Never forces nonsense into a command: `<garbage>`
//! in the grammar is a loop over single phones, and what still fits the grammar badly is
//! dropped by its confidence. See [`confidence`] for where that number comes from.

use super::{Stt, g2p, jsgf, nothing_heard};
use crate::decide::event::Hypothesis;
use crate::native::pocketsphinx::{Decoded, Decoder, Model, Scored};
use crate::understand::grammar::Grammar;
use anyhow::{Context, ensure};
use std::collections::BTreeSet;

/// Wider beams than the defaults, a dearer word, and no search of the lattice for a better path:
/// with a grammar there is nothing to gain there, and a large one makes it take minutes.
const OPTIONS: [(&str, &str); 6] = [
    ("-beam", "1e-60"),
    ("-wbeam", "1e-40"),
    ("-pbeam", "1e-55"),
    ("-wip", "0.2"),
    ("-bestpath", "no"),
    ("-allphone_ci", "yes"),
];

/// Beams for the n-best: its lattice grows with the square of what the beams let live, so the search
/// for it is narrow, and its grammar has no garbage loop.
const NBEST_OPTIONS: [(&str, &str); 5] =
    [("-beam", "1e-40"), ("-wbeam", "1e-20"), ("-pbeam", "1e-30"), ("-wip", "0.2"), ("-bestpath", "no")];
/// A word that nothing sounds like: what `<garbage>` is in the grammar for the n-best.
const NEVER: &str = "%never";

/// Words of the garbage loop: one for each phone. No word of a language begins so.
const FILLER: &str = "%";
/// What each phone of the garbage loop costs; words cost nothing. Synthesised voices fit the model
/// so badly that a cheaper loop swallows their commands; a dearer one never wins.
const PHONE_WEIGHT: &str = "1e-5";

/// Names of searches inside of the decoder. Grammars have another prefix.
const PHONE_LOOP: &str = "phones";

/// Less than a tenth of a second holds no word.
const MIN_SAMPLES: usize = 1_600;
/// Longest utterance that is searched, 30 s: the lattice grows with it. The rest is cut off.
const MAX_SAMPLES: usize = 30 * 16_000;
/// Full scale is 32 768; below this nothing is there but rounding.
const SILENT_PEAK: i16 = 12;

/// See [`confidence`].
const MIDDLE_NATS: f64 = -3.7;
const SLOPE: f64 = 2.0;
/// A best hypothesis below this is nonsense that the grammar was bent around.
const FLOOR: f32 = 0.25;
/// How fast confidence falls from one hypothesis to the next, for each nat of score: acoustic
/// scores of neighbouring frames are far from independent, so a nat is worth much less than one.
const NBEST_SCALE: f64 = 0.03;

/// The engine. Loads its model once; grammars come and go.
pub struct PocketSphinx {
    decoder: Decoder,
    /// Finds what else it may have been.
    narrow: Decoder,
    prepared: BTreeSet<String>,
    #[cfg(feature = "espeak")]
    espeak: Option<crate::native::espeak::Espeak>,
}

impl PocketSphinx {
    /// With Debian's US English model.
    ///
    /// # Errors
    /// A missing library or model; the message says how to install it.
    pub fn open() -> anyhow::Result<PocketSphinx> {
        PocketSphinx::with(&Model::en_us())
    }

    /// With another model of the same phones.
    ///
    /// # Errors
    /// As [`PocketSphinx::open`].
    pub fn with(model: &Model) -> anyhow::Result<PocketSphinx> {
        let mut decoder = Decoder::open(model, &OPTIONS)?;
        for phone in g2p::PHONES {
            decoder.add_word(&format!("{FILLER}{phone}"), phone)?;
        }
        decoder.set_phone_loop(PHONE_LOOP)?;
        let mut narrow = Decoder::open(model, &NBEST_OPTIONS)?;
        narrow.add_word(NEVER, &["ZH"; 20].join(" "))?;
        Ok(PocketSphinx {
            decoder,
            narrow,
            prepared: BTreeSet::new(),
            #[cfg(feature = "espeak")]
            espeak: crate::native::espeak::Espeak::open()
                .map_err(|e| tracing::warn!("words outside of the dictionary are guessed from their letters: {e:#}"))
                .ok(),
        })
    }

    /// Words that the dictionary lacks are said as espeak-ng says them, else by their letters.
    fn pronounce(&mut self, word: &str) -> anyhow::Result<()> {
        if self.decoder.knows(word) {
            return Ok(());
        }
        #[cfg(feature = "espeak")]
        let spoken =
            self.espeak.as_ref().and_then(|e| e.phonemes_ipa(word, "en-us").ok()).and_then(|ipa| g2p::from_ipa(&ipa));
        #[cfg(not(feature = "espeak"))]
        let spoken = None;
        let phones = spoken
            .or_else(|| g2p::from_letters(word))
            .with_context(|| format!("nobody knows how to pronounce \"{word}\"; give the product a name in letters"))?;
        self.decoder.add_word(word, &phones)?;
        self.narrow.add_word(word, &phones)
    }
}

impl Stt for PocketSphinx {
    fn name(&self) -> &'static str {
        "pocketsphinx"
    }

    fn prepare(&mut self, key: &str, grammar: &Grammar) -> anyhow::Result<()> {
        let outline = jsgf::outline(&grammar.jsgf).with_context(|| format!("the grammar \"{key}\" can't be used"))?;
        ensure!(
            outline.words.iter().all(|w| !w.starts_with(FILLER)),
            "the grammar \"{key}\" uses a word that begins with {FILLER}"
        );
        for word in &outline.words {
            self.pronounce(word)?;
        }
        let (garbage, never) = match outline.wants_garbage() {
            true => (garbage_rules(), format!("<{}> = {NEVER};\n", jsgf::GARBAGE)),
            false => Default::default(),
        };
        self.prepared.remove(key);
        self.decoder.set_jsgf(&search_name(key), &format!("{}\n{garbage}", grammar.jsgf))?;
        self.narrow.set_jsgf(&search_name(key), &format!("{}\n{never}", grammar.jsgf))?;
        self.prepared.insert(key.to_owned());
        Ok(())
    }

    fn forget(&mut self, key: &str) {
        if self.prepared.remove(key) {
            self.decoder.forget(&search_name(key));
            self.narrow.forget(&search_name(key));
        }
    }

    fn transcribe(&mut self, key: &str, samples: &[i16], n: usize) -> anyhow::Result<Vec<Hypothesis>> {
        ensure!(self.prepared.contains(key), "no grammar \"{key}\" was prepared");
        let samples = &samples[..samples.len().min(MAX_SAMPLES)];
        if samples.len() < MIN_SAMPLES || samples.iter().all(|s| s.saturating_abs() < SILENT_PEAK) {
            return Ok(nothing_heard());
        }
        let decoded = self.decoder.decode(&search_name(key), samples, 1)?;
        let Some(best) = &decoded.best else { return Ok(nothing_heard()) };
        if without_fillers(&best.text).is_empty() {
            return Ok(nothing_heard());
        }
        let anything = self.decoder.decode(PHONE_LOOP, samples, 1)?;
        let per_frame = (acoustic(&decoded) - acoustic(&anything)) / f64::from(word_frames(&decoded).max(1));
        let first = confidence(per_frame);
        if first < FLOOR {
            return Ok(nothing_heard());
        }
        let others = if n > 1 { self.narrow.decode(&search_name(key), samples, n)?.nbest } else { vec![] };
        Ok(rank(best, &others, first, n.max(1)))
    }
}

/// How sure to be of a path, 0 to 1.
///
/// `per_frame` is the log likelihood ratio of the grammar's best path to a loop over all phones
/// on the same sound, in nats for each frame that the path gives to words: sound that is a
/// command fits the grammar nearly as well as it fits any phones at all; other talk does not.
/// (The likelihood ratio as a confidence measure: Rose and Paul, ICASSP 1990.) The logistic curve was
/// fitted to correct orders of the café recordings against other talk, bare wake words and noise.
fn confidence(per_frame: f64) -> f32 {
    (1.0 / (1.0 + (-(per_frame - MIDDLE_NATS) * SLOPE).exp())) as f32
}

/// The distinct texts, best first: `best`, and of `others` each as much less sure as its score is
/// behind the first of them. Where the narrow search's first choice is another than `best`, both are
/// as sure as each other, which is how the guards learn of a doubt.
fn rank(best: &Scored, others: &[Scored], first: f32, n: usize) -> Vec<Hypothesis> {
    let mut nbest: Vec<Hypothesis> = Vec::new();
    let top = others.first().map_or(best.score, |path| path.score);
    let behind = others.iter().map(|path| (path, (path.score - top).min(0.0)));
    for (path, behind) in std::iter::once((best, 0.0)).chain(behind) {
        let text = without_fillers(&path.text);
        if nbest.len() < n && !text.is_empty() && nbest.iter().all(|h| h.text != text) {
            nbest.push(Hypothesis { text, confidence: first * (behind * NBEST_SCALE).exp() as f32 });
        }
    }
    nbest
}

/// Log likelihood of the sound along the best path, without the grammar's part: weights and
/// penalties would make a long command look worse than a short one.
fn acoustic(decoded: &Decoded) -> f64 {
    decoded.segments.iter().map(|s| s.acoustic).sum()
}

/// Frames of 10 ms that the best path gives to words of the grammar.
fn word_frames(decoded: &Decoded) -> u32 {
    let is_word = |word: &str| !word.starts_with(['<', '[', '+']) && !word.starts_with(FILLER) && word != "(NULL)";
    decoded.segments.iter().filter(|s| is_word(&s.word)).map(|s| s.frames.1.saturating_sub(s.frames.0) + 1).sum()
}

fn without_fillers(text: &str) -> String {
    text.split_whitespace().filter(|w| !w.starts_with(FILLER)).collect::<Vec<_>>().join(" ")
}

fn search_name(key: &str) -> String {
    format!("grammar {}", key.replace('\0', " "))
}

/// `<garbage>`: one phone after the other, whatever they are. The first stands apart, so that
/// the recursion leads back behind it and not to where a command could still begin.
fn garbage_rules() -> String {
    let phones: Vec<String> = g2p::PHONES.iter().map(|p| format!("/{PHONE_WEIGHT}/ {FILLER}{p}")).collect();
    let name = jsgf::GARBAGE;
    format!("<any> = {};\n<more> = <any> [<more>];\n<{name}> = <any> [<more>];\n", phones.join(" | "))
}
