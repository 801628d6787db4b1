//! The Vosk engine with the real library, on a model whose words are tones (tests/vosk/make_model.py): what it proves is the way
//! of samples, grammars, alternatives and errors, not how well speech is recognised.

#![cfg(feature = "vosk")]
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

#[path = "support/process.rs"]
mod process;

use process::{command, stderr, text};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;
use tendero::decide::event::Hypothesis;
use tendero::hear::stt::{self, Setup, Stt};
use tendero::understand::Lang;
use tendero::understand::grammar::Grammar;
use zip::write::SimpleFileOptions;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const KEY: &str = "test";

/// `None`: the library is not there, and the test is left out.
fn library() -> Option<PathBuf> {
    let library = Path::new(ROOT).join("runtime/vosk/libvosk.so");
    if library.is_file() {
        return Some(library);
    }
    println!("left out: {} is not there; scripts/fetch-vosk.sh brings it", library.display());
    None
}

/// The model of tones with `changes` to its files, as an archive.
fn archive(dir: &Path, changes: impl Fn(&str, Vec<u8>) -> Option<Vec<u8>>) -> PathBuf {
    let folder = dir.join("made");
    let made = Command::new("python3").arg(format!("{ROOT}/tests/vosk/make_model.py")).arg(&folder).status().unwrap();
    assert!(made.success());
    let path = dir.join("tones.zip");
    let mut zip = zip::ZipWriter::new(std::fs::File::create(&path).unwrap());
    for name in [
        "am/final.mdl",
        "conf/mfcc.conf",
        "conf/model.conf",
        "graph/HCLr.fst",
        "graph/Gr.fst",
        "graph/words.txt",
        "graph/disambig_tid.int",
        "graph/phones/word_boundary.int",
    ] {
        if let Some(bytes) = changes(name, std::fs::read(folder.join(name)).unwrap()) {
            zip.start_file(format!("tones/{name}"), SimpleFileOptions::default()).unwrap();
            zip.write_all(&bytes).unwrap();
        }
    }
    zip.finish().unwrap();
    path
}

/// A configuration with the library, and `models` in `dir`.
fn config(dir: &Path, library: &Path) -> String {
    let path = dir.join("tendero.toml");
    let text =
        format!("[stt]\nmodels = \"{}\"\nvosk_library = \"{}\"\n", dir.join("models").display(), library.display());
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

fn install(dir: &Path, library: &Path, archive: &Path) -> std::process::Output {
    let (config, archive) = (config(dir, library), archive.to_str().unwrap().to_owned());
    command(&["models", "--config", &config, "pull", "tones", "--file", &archive, "--engine", "vosk", "--lang", "en"])
}

fn setup(dir: &Path, library: &Path) -> Setup {
    Setup { lang: Lang::En, models: dir.join("models"), vosk_library: library.to_owned(), ..Setup::default() }
}

fn open(setup: &Setup) -> Result<Box<dyn Stt>, String> {
    stt::open_with(&["vosk".into()], setup).map(|opened| opened.stt).map_err(|why| format!("{why:#}"))
}

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

/// Tones and noise as make_model.py has them; a word is 150 ms for each of its phones, with 100 ms of noise behind.
fn say(words: &str) -> Vec<i16> {
    let mut samples: Vec<i16> = Vec::new();
    let mut state = 0x2545_f491_u32;
    let mut add = |hz: f64, noise: f64, count: u32| {
        for n in 0..count {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let chance = f64::from(state >> 8) / f64::from(1_u32 << 23) - 1.0;
            let tone = 8000.0 * (std::f64::consts::TAU * hz * f64::from(n) / 16_000.0).sin();
            samples.push((tone + noise * chance) as i16);
        }
    };
    add(0.0, 30.0, 4_800);
    for word in words.split_whitespace() {
        let tones: &[f64] = match word {
            "order" => &[300.0, 600.0],
            "milk" => &[1000.0],
            "bread" => &[1600.0],
            "it" => &[2500.0],
            _ => &[0.0],
        };
        tones.iter().for_each(|hz| add(*hz, if *hz == 0.0 { 3000.0 } else { 30.0 }, 2_400));
        add(0.0, 30.0, 1_600);
    }
    add(0.0, 30.0, 4_800);
    samples
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
