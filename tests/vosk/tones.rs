//! A model for Vosk whose words are tones (make_model.py), how it is installed, and how its words sound.
#![allow(dead_code, reason = "each test uses its part")]

use crate::process::command;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use tendero::hear::stt::{self, Setup, Stt};
use tendero::understand::Lang;
use zip::write::SimpleFileOptions;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// `None`: the library is not there, and the test is left out.
pub fn library() -> Option<PathBuf> {
    let library = Path::new(ROOT).join("runtime/vosk/libvosk.so");
    if library.is_file() {
        return Some(library);
    }
    println!("left out: {} is not there; scripts/fetch-vosk.sh brings it", library.display());
    None
}

/// The model of tones with `changes` to its files, as an archive.
pub fn archive(dir: &Path, changes: impl Fn(&str, Vec<u8>) -> Option<Vec<u8>>) -> PathBuf {
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
pub fn config(dir: &Path, library: &Path) -> String {
    let path = dir.join("tendero.toml");
    let text =
        format!("[stt]\nmodels = \"{}\"\nvosk_library = \"{}\"\n", dir.join("models").display(), library.display());
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

pub fn install(dir: &Path, library: &Path, archive: &Path) -> std::process::Output {
    let (config, archive) = (config(dir, library), archive.to_str().unwrap().to_owned());
    command(&["models", "--config", &config, "pull", "tones", "--file", &archive, "--engine", "vosk", "--lang", "en"])
}

pub fn setup(dir: &Path, library: &Path) -> Setup {
    Setup { lang: Lang::En, models: dir.join("models"), vosk_library: library.to_owned(), ..Setup::default() }
}

pub fn open(setup: &Setup) -> Result<Box<dyn Stt>, String> {
    stt::open_with(&["vosk".into()], setup).map(|opened| opened.stt).map_err(|why| format!("{why:#}"))
}

/// Tones and noise as make_model.py has them; a word is 150 ms for each of its phones, with 100 ms of noise behind.
pub fn say(words: &str) -> Vec<i16> {
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
