//! The Vosk engine with the real library, on a model whose words are tones (tests/vosk/make_model.py): what it proves is the way
//! of samples, grammars, alternatives and errors, not how well speech is recognised.

#![cfg(feature = "vosk")]
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

#[path = "support/process.rs"]
mod process;
#[path = "vosk/tones.rs"]
mod tones;

use process::{stderr, text};
use std::path::Path;
use tempfile::TempDir;
use tendero::decide::event::Hypothesis;
use tendero::hear::stt::{self, Setup, Stt};
use tendero::understand::Lang;
use tendero::understand::grammar::Grammar;
use tones::{archive, install, library, open, say, setup};

const KEY: &str = "test";

fn engine() -> Option<(TempDir, Box<dyn Stt>)> {
    let library = library()?;
    let dir = tempfile::tempdir().unwrap();
    let done = install(dir.path(), &library, &archive(dir.path(), |_, bytes| Some(bytes)));
    assert!(done.status.success() && text(&done).contains("8 files, checked"), "{}", stderr(&done));
    let engine = open(&setup(dir.path(), &library)).unwrap();
    Some((dir, engine))
}

fn grammar(body: &str, wake: &[&str]) -> Grammar {
    Grammar {
        jsgf: format!("#JSGF V1.0;\ngrammar g;\npublic <utterance> = {body} | <garbage>;\n"),
        wake: wake.iter().map(|text| (*text).to_owned()).collect(),
        ..Grammar::default()
    }
}

fn heard(engine: &mut Box<dyn Stt>, words: &str) -> Vec<Hypothesis> {
    engine.transcribe(KEY, &say(words), 5).unwrap()
}

#[test]
fn words_of_the_grammar_are_heard_and_nothing_else() {
    let Some((_dir, mut engine)) = engine() else { return };
    engine.prepare(KEY, &grammar("order (milk | bread) | order it", &[])).unwrap();
    for words in ["order milk", "order bread", "order it"] {
        let nbest = heard(&mut engine, words);
        assert_eq!(nbest[0].text, words);
        assert!((0.5..=1.0).contains(&nbest[0].confidence), "{nbest:?}");
        assert!(nbest.len() > 1 && nbest.len() <= 5, "alternatives: {nbest:?}");
        assert!(nbest.windows(2).all(|two| two[0].confidence >= two[1].confidence && two[0].text != two[1].text));
        // A recogniser is the same for the next utterance.
        assert_eq!(heard(&mut engine, words), nbest);
    }
    assert_eq!(engine.transcribe(KEY, &say("order milk"), 1).unwrap().len(), 1);
    // Silence, none at all, a short noise, and what is no word of the model.
    for samples in [vec![0; 16_000], vec![], vec![9; 100], say(""), say("noise noise")] {
        assert_eq!(engine.transcribe(KEY, &samples, 5).unwrap(), stt::nothing_heard());
    }
    // Another grammar: what it lacks is not heard.
    engine.prepare(KEY, &grammar("order it", &[])).unwrap();
    assert!(heard(&mut engine, "order milk").iter().all(|h| !h.text.contains("milk")));
    assert_eq!(heard(&mut engine, "order it")[0].text, "order it");
    engine.forget(KEY);
    assert!(engine.transcribe(KEY, &say("order it"), 5).is_err());
}

#[test]
fn words_that_the_model_lacks_are_left_out_with_their_phrases() {
    let Some((_dir, mut engine)) = engine() else { return };
    engine.prepare(KEY, &grammar("[hey tendero] order (milk | brown bread)", &["hey tendero"])).unwrap();
    assert_eq!(heard(&mut engine, "order milk")[0].text, "order milk");
    // Of "brown bread", "bread" alone would be another product.
    assert!(heard(&mut engine, "order bread").iter().all(|h| !h.text.contains("bread")));
    // The wake word, which it lacks, is no doubt about what follows.
    let woken = heard(&mut engine, "noise order milk");
    assert_eq!(woken[0].text, "order milk", "{woken:?}");
    let why = engine.prepare(KEY, &grammar("compra leche", &[])).unwrap_err().to_string();
    assert!(why.contains("knows none of the phrases"), "{why}");
    assert!(engine.prepare(KEY, &Grammar { jsgf: "<html>".into(), ..Grammar::default() }).is_err());
}

#[test]
fn what_is_missing_is_named_with_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let nowhere = setup(dir.path(), Path::new("/nowhere/libvosk.so"));
    let why = open(&nowhere).err().unwrap();
    assert!(why.contains("no vosk model for \"en\"") && why.contains("tendero models list"), "{why}");
    // Installed without the library: not tried, and the engine says what is missing.
    let made = archive(dir.path(), |_, bytes| Some(bytes));
    let done = install(dir.path(), Path::new("/nowhere/libvosk.so"), &made);
    assert!(done.status.success() && text(&done).contains("not tried"), "{}", stderr(&done));
    let why = open(&nowhere).err().unwrap();
    assert!(why.contains("/nowhere/libvosk.so can't be opened") && why.contains("fetch-vosk.sh"), "{why}");
    let why = open(&Setup { lang: Lang::Es, ..nowhere.clone() }).err().unwrap();
    assert!(why.contains("no vosk model for \"es\""), "{why}");
    let tones = dir.path().join("models/tones");
    let why = open(&Setup { lang: Lang::Es, vosk_model: tones.clone(), ..nowhere.clone() }).err().unwrap();
    assert!(why.contains("for vosk in en, not for vosk in es"), "{why}");
    let why = open(&Setup { vosk_model: dir.path().join("made"), ..nowhere.clone() }).err().unwrap();
    assert!(why.contains("was not installed by `tendero models pull`"), "{why}");
    // A library that is another one; with one that can start behind it, the program goes on.
    let Some(library) = library() else { return };
    let other = Path::new("libc.so.6");
    let why = open(&Setup { vosk_library: other.into(), ..nowhere.clone() }).err().unwrap();
    assert!(why.contains("is no Vosk 0.3.45"), "{why}");
    let opened = stt::open_with(&["vosk".into(), "scripted".into()], &nowhere).unwrap();
    assert_eq!((opened.stt.name(), opened.passed_over.len()), ("scripted", 1));
    // One bit of an installed model.
    let mut bytes = std::fs::read(tones.join("graph/HCLr.fst")).unwrap();
    bytes[100] ^= 1;
    std::fs::write(tones.join("graph/HCLr.fst"), bytes).unwrap();
    let why = open(&setup(dir.path(), &library)).err().unwrap();
    assert!(why.contains("HCLr.fst is not what it was") && why.contains("pull it again"), "{why}");
}

/// Some of these end the process inside of the library: that of the trial, and no other.
#[test]
fn a_broken_model_is_not_installed() {
    let Some(library) = library() else { return };
    let half = |bytes: Vec<u8>| Some(bytes[..bytes.len() / 2].to_vec());
    let page = || Some(b"<!doctype html><title>404</title>".to_vec());
    for name in ["am/final.mdl", "conf/mfcc.conf", "conf/model.conf", "graph/HCLr.fst"] {
        for kind in ["missing", "half", "page"] {
            let dir = tempfile::tempdir().unwrap();
            let broken = archive(dir.path(), |file, bytes| match (file == name, kind) {
                (false, _) => Some(bytes),
                (true, "missing") => None,
                (true, "half") => half(bytes),
                (true, _) => page(),
            });
            let done = install(dir.path(), &library, &broken);
            assert_eq!(done.status.code(), Some(1), "{name} {kind}: {}", stderr(&done));
            assert!(stderr(&done).contains("was removed again"), "{name} {kind}: {}", stderr(&done));
            assert!(!dir.path().join("models/tones").exists());
        }
    }
}
