//! PocketSphinx with a grammar of the domain: whole utterances, n-best, an honest confidence.
//!
//! English only (Debian has no other model). Never forces nonsense into a command: `<garbage>`
//! in the grammar is a loop over single phones, and what still fits the grammar badly is
//! dropped by its confidence. See [`likelihood_ratio`] for where that number comes from.

use super::{Cancel, Stt, g2p, jsgf, nothing_heard};
use crate::decide::event::Hypothesis;
use crate::hear::denoise;
use crate::native::pocketsphinx::{Beams, Decoded, Decoder, Model, Scored, Segment};
use crate::understand::grammar::Grammar;
use anyhow::{Context, ensure};
use std::borrow::Cow;
use std::collections::BTreeMap;

mod means;

/// A dearer word than the default, twice as many Gaussians of each frame (of 63 orders at 9 dB one more is right), and no
/// search of the lattice for a better path: with a grammar there is nothing to gain there, and a large one makes it take
/// minutes. The beams are the phone loop's.
const OPTIONS: [(&str, &str); 7] = [
    ("-beam", "1e-60"),
    ("-wbeam", "1e-40"),
    ("-pbeam", "1e-55"),
    ("-wip", "0.2"),
    ("-topn", "8"),
    ("-bestpath", "no"),
    ("-allphone_ci", "yes"),
];
/// Noise and silence are [`denoise`]'s business then.
const WITHOUT_NOISE: [(&str, &str); 2] = [("-remove_noise", "no"), ("-remove_silence", "no")];

/// For the best path: wider than the defaults, which helps in noise.
const WIDE: Beams = Beams { state: 1e-60, word: 1e-40, phone: 1e-55 };
/// The same where noise is removed: what speech is like there, the model knows less well.
const WIDER: Beams = Beams { state: 1e-80, word: 1e-60, phone: 1e-70 };
/// For the n-best of commands: its lattice grows with the square of what the beams let live.
const NARROW: Beams = Beams { state: 1e-40, word: 1e-20, phone: 1e-30 };
/// For the n-best of answers: wider, since a phrase buys, but with the best path's beams that lattice takes ten seconds.
/// The word's, 58 nats, is more than twice what any hypothesis that counts as a rival may be behind.
const ANSWERS: Beams = Beams { state: 1e-45, word: 1e-25, phone: 1e-35 };
/// A word that nothing sounds like: what `<garbage>` is in the grammar for the n-best.
const NEVER: &str = "%never";

/// Words of the garbage loop: one for each phone. No word of a language begins so.
const FILLER: &str = "%";
/// What each phone of the garbage loop costs; words cost nothing. Synthesised voices fit the model
/// so badly that a cheaper loop swallows their commands; a dearer one never wins.
const PHONE_WEIGHT: &str = "1e-6";

/// Names of searches inside of the decoder. Grammars have another prefix.
const PHONE_LOOP: &str = "phones";

/// Less than a tenth of a second holds no word.
const MIN_SAMPLES: usize = 1_600;
/// Longest utterance that is searched, 30 s: the lattice grows with it. The rest is cut off.
const MAX_SAMPLES: usize = 30 * 16_000;
/// Full scale is 32 768; below this nothing is there but rounding.
const SILENT_PEAK: i16 = 12;

/// See [`confidence`].
const MIDDLE_NATS: f64 = -3.5;
const SLOPE: f64 = 3.0;
/// A best hypothesis below this is nonsense that the grammar was bent around.
const FLOOR: f32 = 0.3;
/// What the search for the n-best hears on either side of the words, 0.2 s: more is only room for
/// noise, and its lattice would fill it with words.
const MARGIN_FRAMES: u32 = 20;
/// The same where the wake word stands before them: as much as a path may be wrong about where that ended.
const JOINT_FRAMES: u32 = 3;
const SAMPLES_PER_FRAME: usize = 160;
/// How fast confidence falls from one hypothesis to the next, for each nat of score: acoustic
/// scores of neighbouring frames are far from independent, so a nat is worth much less than one.
const NBEST_SCALE: f64 = 0.03;

/// The engine. Loads its model once; grammars come and go.
pub struct PocketSphinx {
    decoder: Decoder,
    /// The loop over all phones, in a decoder of its own, so that both can be at work at once.
    phones: Decoder,
    /// There is more than one core for that.
    at_once: bool,
    cancel: Cancel,
    /// Else the sound is decoded as it is, by the model as it is.
    noise_removal: bool,
    /// The grammars by name, each with its wake words.
    prepared: BTreeMap<String, Vec<Vec<String>>>,
    #[cfg(feature = "espeak")]
    espeak: Option<crate::native::espeak::Espeak>,
}

impl PocketSphinx {
    /// With Debian's US English model. `noise_removal`: [`denoise`] before each utterance, and wider beams; more is
    /// understood in loud noise, and it takes longer.
    ///
    /// # Errors
    /// A missing library or model; the message says how to install it.
    pub fn open(noise_removal: bool) -> anyhow::Result<PocketSphinx> {
        PocketSphinx::with(&Model::en_us(), noise_removal)
    }

    /// With another model of the same phones.
    ///
    /// # Errors
    /// As [`PocketSphinx::open`].
    pub fn with(model: &Model, noise_removal: bool) -> anyhow::Result<PocketSphinx> {
        let means = if noise_removal { means::moved(model)? } else { None };
        let means = means.as_ref().map(|file| file.path().to_str().context("the path of temporary files is not UTF-8"));
        let means = means.transpose()?.map(|path| ("-mean", path));
        let more: &[_] = if noise_removal { &WITHOUT_NOISE } else { &[] };
        let options: Vec<_> = OPTIONS.iter().chain(more).copied().chain(means).collect();
        let mut decoder = Decoder::open(model, &options)?;
        for phone in g2p::PHONES {
            decoder.add_word(&format!("{FILLER}{phone}"), phone)?;
        }
        let mut phones = Decoder::open_without_words(model, &options)?;
        phones.set_phone_loop(PHONE_LOOP)?;
        decoder.add_word(NEVER, &["ZH"; 20].join(" "))?;
        Ok(PocketSphinx {
            noise_removal,
            decoder,
            phones,
            at_once: std::thread::available_parallelism().is_ok_and(|cores| cores.get() > 1),
            cancel: Cancel::default(),
            prepared: BTreeMap::new(),
            #[cfg(feature = "espeak")]
            espeak: crate::native::espeak::Espeak::open()
                .map_err(|e| tracing::warn!("words outside of the dictionary are guessed from their letters: {e:#}"))
                .ok(),
        })
    }

    fn beams(&self) -> Beams {
        if self.noise_removal { WIDER } else { WIDE }
    }

    /// What is decoded of the sound.
    fn without_noise<'a>(&self, samples: &'a [i16]) -> Cow<'a, [i16]> {
        if self.noise_removal { denoise::for_recogniser(samples).into() } else { samples.into() }
    }

    /// The best path through the grammar of `search`, and the best of any phones at all. They know nothing of one another, so
    /// where there is a core for each, the second, which is quicker, costs no time.
    fn both(&mut self, search: &str, samples: &[i16]) -> anyhow::Result<Option<(Decoded, Decoded)>> {
        let (decoder, phones) = (&mut self.decoder, &mut self.phones);
        if !self.at_once {
            let decoded = decoder.decode(search, samples, 1)?;
            if words_of(&decoded).is_none() || self.cancel.is_cancelled() {
                return Ok(None);
            }
            return Ok(Some((decoded, phones.decode(PHONE_LOOP, samples, 1)?)));
        }
        std::thread::scope(|scope| {
            let thread = std::thread::Builder::new().name("stt phones".into());
            let anything = thread
                .spawn_scoped(scope, || phones.decode(PHONE_LOOP, samples, 1))
                .context("there is no thread for the loop over phones")?;
            let decoded = decoder.decode(search, samples, 1);
            let anything = anything.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            Ok(Some((decoded?, anything?)))
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
        self.decoder.add_word(word, &phones)
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
        let nbest_beams = if grammar.answers { ANSWERS } else { NARROW };
        let jsgf = jsgf::factored(&grammar.jsgf);
        self.decoder.set_jsgf(&search_name(key), &format!("{jsgf}\n{garbage}"), self.beams())?;
        self.decoder.set_jsgf(&nbest_name(key), &format!("{jsgf}\n{never}"), nbest_beams)?;
        let wake = grammar.wake.iter().map(|text| text.split_whitespace().map(str::to_owned).collect());
        self.prepared.insert(key.to_owned(), wake.collect());
        Ok(())
    }

    fn forget(&mut self, key: &str) {
        if self.prepared.remove(key).is_some() {
            self.decoder.forget(&search_name(key));
            self.decoder.forget(&nbest_name(key));
        }
    }

    /// Looks at it before each of its searches.
    fn heed(&mut self, cancel: &Cancel) {
        self.cancel = cancel.clone();
    }

    fn transcribe(&mut self, key: &str, samples: &[i16], n: usize) -> anyhow::Result<Vec<Hypothesis>> {
        ensure!(self.prepared.contains_key(key), "no grammar \"{key}\" was prepared");
        let samples = &samples[..samples.len().min(MAX_SAMPLES)];
        if samples.len() < MIN_SAMPLES || samples.iter().all(|s| s.saturating_abs() < SILENT_PEAK) {
            return Ok(nothing_heard());
        }
        let samples = &*self.without_noise(samples);
        if self.cancel.is_cancelled() {
            return Ok(nothing_heard());
        }
        let Some((decoded, anything)) = self.both(&search_name(key), samples)? else { return Ok(nothing_heard()) };
        let (Some(best), Some(words)) = (&decoded.best, words_of(&decoded)) else { return Ok(nothing_heard()) };
        let (woken, words) = behind_wake_words(&decoded, &self.prepared[key]).unwrap_or((String::new(), words));
        let first = confidence(likelihood_ratio(&decoded, &anything));
        if first < FLOOR || self.cancel.is_cancelled() {
            return Ok(nothing_heard());
        }
        let others = match n {
            0 | 1 => vec![],
            _ => {
                let lead = if woken.is_empty() { MARGIN_FRAMES } else { JOINT_FRAMES };
                self.decoder.decode(&nbest_name(key), &samples[around(words, lead, samples.len())], n)?.nbest
            }
        };
        let others: Vec<Scored> = others.into_iter().map(|path| behind(&woken, path)).collect();
        let ranked = rank(best, &others, first, n.max(1));
        tracing::debug!(grammar = key, nbest = ?ranked, "heard");
        Ok(ranked)
    }
}

/// How sure to be of a path, 0 to 1, from its [`likelihood_ratio`].
///
/// The logistic curve was fitted to orders that people spoke, clean and in a kitchen's noise at 24 and
/// 12 dB (-0.3 to -3.4), and to other words, noise and music (-3.5 and less).
fn confidence(nats_per_frame: f64) -> f32 {
    (1.0 / (1.0 + (-(nats_per_frame - MIDDLE_NATS) * SLOPE).exp())) as f32
}

/// The log likelihood ratio of the grammar's words to any phones at all on the same sound, in nats for
/// each frame: sound that is a command fits the grammar nearly as well as it fits a loop
/// over all phones; other talk does not. (As a confidence measure: Rose and Paul, ICASSP 1990.)
///
/// Only frames of words count, and without the grammar's weights: what lies between and around
/// them is the room, which the loop fits the better the louder it is.
fn likelihood_ratio(decoded: &Decoded, anything: &Decoded) -> f64 {
    let (mut ratio, mut frames) = (0.0, 0);
    for word in decoded.segments.iter().filter(|s| is_word(&s.word)) {
        frames += word.frames.1 - word.frames.0 + 1;
        ratio += word.acoustic - acoustic_within(anything, word.frames);
    }
    ratio / f64::from(frames.max(1))
}

/// Log likelihood of a path's part between two frames. A segment that lies there only partly gives as large a
/// part of its own.
fn acoustic_within(path: &Decoded, (from, to): (u32, u32)) -> f64 {
    let within = |s: &Segment| {
        let (first, last) = (s.frames.0.max(from), s.frames.1.min(to));
        let all = f64::from(s.frames.1 - s.frames.0 + 1);
        if first > last { 0.0 } else { s.acoustic * f64::from(last - first + 1) / all }
    };
    path.segments.iter().map(within).sum()
}

/// First and last frame of the grammar's words, if there are any.
fn words_of(decoded: &Decoded) -> Option<(u32, u32)> {
    let mut words = decoded.segments.iter().filter(|s| is_word(&s.word)).map(|s| s.frames);
    let (first, last) = words.next()?;
    Some((first, words.next_back().map_or(last, |(_, last)| last)))
}

/// The wake words with which the best path begins, and the first and last frame of what was said after them. What else
/// those frames may have been is looked for without them: the lattice grows with the square of what it holds, and
/// with the wake words in it the search takes three times as long.
fn behind_wake_words(decoded: &Decoded, wake: &[Vec<String>]) -> Option<(String, (u32, u32))> {
    let words: Vec<&Segment> = decoded.segments.iter().filter(|s| is_word(&s.word)).collect();
    let says = |phrase: &&Vec<String>| {
        words.len() > phrase.len() && phrase.iter().zip(&words).all(|(word, said)| plain(&said.word) == *word)
    };
    let phrase = wake.iter().filter(says).max_by_key(|phrase| phrase.len())?;
    let (first, last) = (words.get(phrase.len())?, words.last()?);
    Some((phrase.join(" "), (first.frames.0, last.frames.1)))
}

/// A word without the mark of its second pronunciation, `tendero(2)`.
fn plain(word: &str) -> &str {
    word.split('(').next().unwrap_or(word)
}

/// A path of what was said behind the wake words, as it would stand with them.
fn behind(woken: &str, path: Scored) -> Scored {
    let missing = !woken.is_empty() && !path.text.starts_with(woken);
    if missing { Scored { text: format!("{woken} {}", path.text), ..path } } else { path }
}

/// The samples of these frames, of `lead` frames before and a few after.
fn around((first, last): (u32, u32), lead: u32, samples: usize) -> std::ops::Range<usize> {
    let at = |frame: u32| (frame as usize * SAMPLES_PER_FRAME).min(samples);
    at(first.saturating_sub(lead))..at(last + 1 + MARGIN_FRAMES)
}

fn is_word(word: &str) -> bool {
    !word.starts_with(['<', '[', '+']) && !word.starts_with(FILLER) && word != "(NULL)"
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

fn without_fillers(text: &str) -> String {
    text.split_whitespace().filter(|w| !w.starts_with(FILLER)).collect::<Vec<_>>().join(" ")
}

fn search_name(key: &str) -> String {
    format!("grammar {}", key.replace('\0', " "))
}

/// The search for what else it may have been: without the garbage loop.
fn nbest_name(key: &str) -> String {
    format!("n-best {}", key.replace('\0', " "))
}

/// `<garbage>`: one phone after the other, whatever they are. The first stands apart, so that
/// the recursion leads back behind it and not to where a command could still begin.
fn garbage_rules() -> String {
    let phones: Vec<String> = g2p::PHONES.iter().map(|p| format!("/{PHONE_WEIGHT}/ {FILLER}{p}")).collect();
    let name = jsgf::GARBAGE;
    format!("<any> = {};\n<more> = <any> [<more>];\n<{name}> = <any> [<more>];\n", phones.join(" | "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(words: &[&str]) -> Decoded {
        let segment =
            |(at, word): (u32, &&str)| Segment { word: (*word).into(), frames: (10 * at, 10 * at + 9), acoustic: 0.0 };
        Decoded { segments: (0..).zip(words).map(segment).collect(), ..Decoded::default() }
    }

    #[test]
    fn what_stands_behind_the_wake_words_is_found() {
        let wake: Vec<Vec<String>> =
            ["tendero", "hey tendero"].map(|text| text.split(' ').map(str::to_owned).collect()).to_vec();
        let whole = said(&["<s>", "hey", "tendero(2)", "<sil>", "order", "milk", "</s>"]);
        assert_eq!(behind_wake_words(&whole, &wake), Some(("hey tendero".into(), (40, 59))));
        let short = said(&["tendero", "stop"]);
        assert_eq!(behind_wake_words(&short, &wake), Some(("tendero".into(), (10, 19))));
        // Nothing stands behind them, or something before them, or there are none.
        for other in [&["hey", "tendero"][..], &["order", "hey", "tendero"], &["hey", "you"], &[]] {
            assert_eq!(behind_wake_words(&said(other), &wake), None, "{other:?}");
        }
        assert_eq!(behind_wake_words(&whole, &[]), None);
    }

    #[test]
    fn a_path_without_the_wake_words_stands_with_them() {
        let path = |text: &str| Scored { text: text.into(), score: -1.0 };
        assert_eq!(behind("hey tendero", path("order milk")).text, "hey tendero order milk");
        assert_eq!(behind("hey tendero", path("hey tendero order milk")).text, "hey tendero order milk");
        assert_eq!(behind("", path("order milk")).text, "order milk");
    }

    const SMALL: &str = "#JSGF V1.0;\ngrammar g;\n\
        public <utterance> = [order | we need] [two packs of | some] <name> | cancel that | <garbage>;\n\
        <name> = dishwasher tablets | dishwasher salt | oat milk | milk;";

    /// Orders by espeak-ng, clean and in loud noise, and by people where there are recordings of them; with the
    /// grammar of what they may be.
    #[cfg(feature = "espeak")]
    fn orders() -> Vec<(Grammar, Vec<Vec<i16>>)> {
        use crate::understand::{Lang, Understanding, catalog::Catalog, grammar::Expect};
        let mut chance = crate::chance::Chance::new(5);
        let Some(spoken) = crate::hear::ears::spoken("order two packs of dishwasher tablets") else { return vec![] };
        let noisy = spoken.iter().map(|s| s / 4 + chance.float(-500.0, 500.0) as i16).collect();
        let mut all = vec![(Grammar { jsgf: SMALL.into(), ..Grammar::default() }, vec![spoken, noisy])];
        let speech = std::env::var_os("TENDERO_SPEECH_DIR")
            .map_or_else(|| "../shared/speech".into(), std::path::PathBuf::from)
            .join("cafe");
        match std::fs::read_to_string(speech.join("cafe.json")) {
            Ok(catalog) => {
                let understanding = Understanding::new(Catalog::from_json(&catalog).unwrap());
                let mut files: Vec<_> =
                    speech.join("audio").read_dir().unwrap().map(|file| file.unwrap().path()).collect();
                files.sort();
                let people = files.iter().step_by(60).map(|file| crate::hear::source::read_file(file).unwrap());
                all.push((understanding.grammar(Lang::En, &Expect::Command), people.collect()));
            }
            Err(_) => eprintln!("left out: there are no recordings of people in {}", speech.display()),
        }
        all
    }

    #[test]
    #[cfg(feature = "espeak")]
    fn side_by_side_it_hears_what_it_hears_one_after_the_other_and_nothing_when_cancelled() {
        let mut engine = match PocketSphinx::open(true) {
            Ok(engine) => engine,
            Err(why) => return eprintln!("left out: {why:#}"),
        };
        // As if the loop were in the decoder of the words.
        engine.decoder.set_phone_loop(PHONE_LOOP).unwrap();
        let mut heard = 0;
        let orders = orders();
        for (grammar, sounds) in &orders {
            engine.prepare("command", grammar).unwrap();
            for sound in sounds {
                let cleaned = engine.without_noise(sound);
                engine.at_once = true;
                let (decoded, anything) = engine.both(&search_name("command"), &cleaned).unwrap().unwrap();
                assert_eq!(engine.decoder.decode(&search_name("command"), &cleaned, 1).unwrap(), decoded);
                assert_eq!(engine.decoder.decode(PHONE_LOOP, &cleaned, 1).unwrap(), anything);
                let words = engine.transcribe("command", sound, 5).unwrap();
                heard += usize::from(words != nothing_heard());
                let cancel = Cancel::default();
                engine.heed(&cancel);
                cancel.cancel();
                assert_eq!(engine.transcribe("command", sound, 5).unwrap(), nothing_heard());
                engine.heed(&Cancel::default());
                engine.at_once = false;
                assert_eq!(engine.transcribe("command", sound, 5).unwrap(), words, "the next is heard as ever");
            }
        }
        assert!(orders.is_empty() || heard > 0, "none of them was heard");
    }
}
