//! Vosk with the phrases of the grammar: whole utterances, n-best. For each language for which somebody made a model.
//!
//! Loads only models whose files are what they were when they were installed: a damaged one can end the process inside of
//! the library. What is none of the phrases is heard as `[unk]`, which stays in the text, so that the parser sees that something
//! else was said there.

use super::{Setup, Stt, jsgf, nothing_heard, phrases};
use crate::decide::event::Hypothesis;
use crate::models::store::{self, Store};
use crate::native::vosk::{Model, Recognizer};
use crate::understand::grammar::Grammar;
use anyhow::{Context, ensure};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

const NAME: &str = "vosk";
/// Anything that is none of the phrases. A model without it has to choose one of them.
const UNKNOWN: &str = "[unk]";
/// Paths that are asked for, however few are wanted: confidence is how much of them all a text has.
const ALTERNATIVES: usize = 10;
/// Less than a tenth of a second holds no word.
const MIN_SAMPLES: usize = 1_600;
/// Full scale is 32 768; what moves by no more than this is rounding, at whatever offset. A search finds everything alike in it, and
/// takes long.
const SILENT_SPAN: u16 = 24;
/// Longest utterance that is searched, 30 s. The rest is cut off.
const MAX_SAMPLES: usize = 30 * 16_000;
/// Words that the model lacks, in one line of the log.
const MAX_NAMED: usize = 20;

/// The engine. Loads its model once; grammars come and go.
pub struct Vosk {
    model: Model,
    /// The graph is not fixed, so that it takes a grammar.
    takes_grammars: bool,
    prepared: BTreeMap<String, Prepared>,
    /// Words that the model lacks and that were told.
    told: BTreeSet<String>,
}

struct Prepared {
    recognizer: Recognizer,
    /// Words of the longest wake word that the model lacks: so many `[unk]` at the beginning are it.
    unheard_wake: usize,
}

/// Loads the model in `folder` and decodes a second of silence.
///
/// # Errors
/// The library does not take it; or the process ends.
pub fn try_model(library: &Path, folder: &Path) -> anyhow::Result<()> {
    let model = Model::open(library, folder)?;
    model.recognizer(None)?.decode(&[0; 16_000], ALTERNATIVES).map(drop)
}

impl Vosk {
    /// With the model that `setup` names, or the one for its language.
    ///
    /// # Errors
    /// A missing library, a missing model, or one that is not what it was; the message says how to get it.
    pub fn open(setup: &Setup) -> anyhow::Result<Vosk> {
        let lang = setup.lang.to_string();
        let folder: PathBuf = match setup.vosk_model.as_os_str().is_empty() {
            true => Store::new(&setup.models).find(NAME, &lang)?,
            false => setup.vosk_model.clone(),
        };
        let record = store::read_record(&folder).with_context(|| {
            format!(
                "{} was not installed by `tendero models pull`, and Vosk is let near nothing else: a damaged model ends the process",
                folder.display()
            )
        })?;
        ensure!(
            record.engine == NAME && record.languages.contains(&lang),
            "the model in {} is for {} in {}, not for {NAME} in {lang}",
            folder.display(),
            record.engine,
            record.languages.join(", ")
        );
        store::verify(&folder, &record).context("remove the model and pull it again")?;
        let takes_grammars = folder.join("graph/HCLr.fst").is_file() || folder.join("HCLr.fst").is_file();
        let model = Model::open(&setup.vosk_library, &folder)?;
        if !takes_grammars {
            tracing::warn!("the model {} takes no grammar: it listens for everything in its vocabulary", record.name);
        }
        Ok(Vosk { model, takes_grammars, prepared: BTreeMap::new(), told: BTreeSet::new() })
    }

    /// What of `phrases` the model can hear as a whole. Half a phrase would be another one.
    fn heard(&mut self, key: &str, phrases: BTreeSet<String>) -> anyhow::Result<Vec<String>> {
        let words: BTreeSet<&str> = phrases.iter().flat_map(|phrase| phrase.split(' ')).collect();
        let lacking: BTreeSet<String> =
            words.into_iter().filter(|word| !self.model.knows(word)).map(str::to_owned).collect();
        let new: Vec<&str> = lacking.difference(&self.told).map(String::as_str).collect();
        if !new.is_empty() {
            let named = new[..new.len().min(MAX_NAMED)].join(", ");
            tracing::warn!(
                "the model does not know {} words of the catalogue or the lexicon and can't hear them: {named}{}",
                new.len(),
                if new.len() > MAX_NAMED { ", ..." } else { "" }
            );
        }
        self.told.extend(lacking.iter().cloned());
        let mut heard: Vec<String> =
            phrases.into_iter().filter(|phrase| phrase.split(' ').all(|word| !lacking.contains(word))).collect();
        ensure!(
            !heard.is_empty(),
            "the model knows none of the phrases of the grammar \"{key}\"; is it one of the language that is spoken?"
        );
        if self.model.knows(UNKNOWN) {
            heard.push(UNKNOWN.to_owned());
        }
        Ok(heard)
    }
}

impl Stt for Vosk {
    fn name(&self) -> &'static str {
        NAME
    }

    fn prepare(&mut self, key: &str, grammar: &Grammar) -> anyhow::Result<()> {
        let recognizer = if self.takes_grammars {
            let phrases =
                phrases::phrases(&grammar.jsgf).with_context(|| format!("the grammar \"{key}\" can't be used"))?;
            let heard = self.heard(key, phrases)?;
            self.model.recognizer(Some(&heard))
        } else {
            jsgf::outline(&grammar.jsgf).with_context(|| format!("the grammar \"{key}\" can't be used"))?;
            self.model.recognizer(None)
        };
        let recognizer = recognizer.with_context(|| format!("the grammar \"{key}\" can't be used"))?;
        let lacks = |text: &String| text.split(' ').any(|word| !self.model.knows(word));
        let unheard_wake = grammar.wake.iter().filter(|t| lacks(t)).map(|t| t.split(' ').count()).max().unwrap_or(0);
        self.prepared.insert(key.to_owned(), Prepared { recognizer, unheard_wake });
        Ok(())
    }

    fn forget(&mut self, key: &str) {
        self.prepared.remove(key);
    }

    fn transcribe(&mut self, key: &str, samples: &[i16], n: usize) -> anyhow::Result<Vec<Hypothesis>> {
        let prepared = self.prepared.get_mut(key).with_context(|| format!("no grammar \"{key}\" was prepared"))?;
        let samples = &samples[..samples.len().min(MAX_SAMPLES)];
        if samples.len() < MIN_SAMPLES || is_silent(samples) {
            return Ok(nothing_heard());
        }
        let json = prepared.recognizer.decode(samples, n.max(ALTERNATIVES))?;
        let ranked = rank(&json, prepared.unheard_wake, n.max(1))?;
        tracing::debug!(grammar = key, nbest = ?ranked, "heard");
        Ok(ranked)
    }
}

fn is_silent(samples: &[i16]) -> bool {
    let (least, most) = samples.iter().fold((i16::MAX, i16::MIN), |(least, most), s| (least.min(*s), most.max(*s)));
    samples.is_empty() || most.abs_diff(least) <= SILENT_SPAN
}

/// What the library answers.
#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    alternatives: Vec<Alternative>,
}

#[derive(Deserialize)]
struct Alternative {
    text: String,
    /// Log likelihood of the path, acoustic and grammar together, nats: comparable within one utterance only.
    confidence: f64,
}

/// The distinct texts, best first. A text's confidence is its posterior among the paths that were found, less the share of
/// `[unk]` in the best of them. Where nothing else was found that is 1, whatever was said: it tells rivals, and does not tell nonsense.
fn rank(json: &str, unheard_wake: usize, n: usize) -> anyhow::Result<Vec<Hypothesis>> {
    let answer: Answer = serde_json::from_str(json).context("Vosk's answer can't be read")?;
    let scores = answer.alternatives.iter().map(|a| a.confidence).filter(|score| score.is_finite());
    let best = scores.fold(f64::NEG_INFINITY, f64::max);
    let (mut texts, mut all): (Vec<(String, f64)>, f64) = (Vec::new(), 0.0);
    for path in answer.alternatives.iter().filter(|path| path.confidence.is_finite()) {
        let share = (path.confidence - best).exp();
        all += share;
        let text = without_wake(&path.text, unheard_wake);
        match texts.iter_mut().find(|(known, _)| *known == text) {
            Some((_, shares)) => *shares += share,
            None => texts.push((text, share)),
        }
    }
    texts.sort_by(|a, b| b.1.total_cmp(&a.1));
    let is_words = |text: &str| text.split_whitespace().any(|word| word != UNKNOWN);
    if texts.first().is_none_or(|(text, _)| !is_words(text)) {
        return Ok(nothing_heard());
    }
    texts.retain(|(text, _)| is_words(text));
    texts.truncate(n);
    // Of the best text for all of them: a reading that leaves out what was not understood is no better for it.
    let known = texts.first().map_or(0.0, |(text, _)| {
        let words = text.split_whitespace();
        words.clone().filter(|word| *word != UNKNOWN).count() as f64 / words.count() as f64
    });
    Ok(texts.into_iter().map(|(text, share)| Hypothesis { text, confidence: (share / all * known) as f32 }).collect())
}

/// Without the `[unk]` that a wake word is to a model which lacks it.
fn without_wake(text: &str, unheard: usize) -> String {
    let mut words: Vec<&str> = text.split_whitespace().collect();
    let leading = words.iter().take_while(|word| **word == UNKNOWN).count();
    words.drain(..leading.min(unheard));
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranked(alternatives: &[(&str, f64)], unheard: usize) -> Vec<(String, f32)> {
        let list: Vec<_> =
            alternatives.iter().map(|(text, c)| serde_json::json!({ "text": text, "confidence": c })).collect();
        let json = serde_json::json!({ "alternatives": list }).to_string();
        rank(&json, unheard, 5).unwrap().into_iter().map(|h| (h.text, (h.confidence * 100.0).round() / 100.0)).collect()
    }

    #[test]
    fn confidence_is_the_share_of_what_was_found() {
        let ln3 = 3_f64.ln();
        assert_eq!(
            ranked(&[("two milk", 500.0), ("to milk", 500.0 - ln3)], 0),
            [("two milk".into(), 0.75), ("to milk".into(), 0.25)]
        );
        // The same text on two paths is one.
        assert_eq!(ranked(&[("milk", 7.0), ("bread", 7.0), ("milk", 7.0)], 0)[0], ("milk".into(), 0.67));
        assert_eq!(ranked(&[("order milk", -3.0)], 0), [("order milk".into(), 1.0)]);
    }

    #[test]
    fn what_is_no_phrase_stays_visible_and_costs() {
        assert_eq!(ranked(&[("[unk] order milk [unk]", 1.0)], 0), [("[unk] order milk [unk]".into(), 0.5)]);
        assert_eq!(
            ranked(&[("[unk] milk", 1.0), ("milk", 1.0 - 3_f64.ln())], 0),
            [("[unk] milk".into(), 0.38), ("milk".into(), 0.13)]
        );
        assert_eq!(ranked(&[("[unk] [unk] order milk", 1.0)], 2), [("order milk".into(), 1.0)]);
        for nothing in [&[][..], &[("", 1.0), ("milk", 0.0)], &[("[unk] [unk]", 1.0), ("milk", 0.0)]] {
            assert_eq!(ranked(nothing, 0), [(String::new(), 0.0)]);
        }
        assert_eq!(rank(r#"{"text": ""}"#, 0, 5).unwrap(), nothing_heard());
        assert!(rank("half", 0, 5).is_err());
    }
}
