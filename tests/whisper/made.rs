//! The model of random weights that tests/whisper/make_model.py makes, installed as anybody installs one.
#![allow(dead_code, reason = "each test uses its part")]

use crate::process::{command, stderr, text};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;
use tendero::hear::stt::Setup;

/// However busy the machine is.
pub const PATIENCE_MS: u32 = 60_000;

pub fn make(dir: &Path, options: &[&str]) -> PathBuf {
    let path = dir.join("made.bin");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/whisper/make_model.py");
    let made = Command::new("python3").arg(script).arg(&path).args(options).status().unwrap();
    assert!(made.success());
    path
}

/// A configuration whose models are in `dir`.
pub fn config(dir: &Path) -> String {
    let path = dir.join("tendero.toml");
    let models = dir.join("models");
    std::fs::write(&path, format!("[stt]\nmodels = \"{}\"\nwhisper_deadline_ms = {PATIENCE_MS}\n", models.display()))
        .unwrap();
    path.to_str().unwrap().to_owned()
}

pub fn install(dir: &Path, model: &Path, langs: &[&str]) -> Output {
    let (config, model) = (config(dir), model.to_str().unwrap());
    let mut args = vec!["models", "--config", &config, "pull", "made", "--file", model, "--engine", "whisper"];
    langs.iter().for_each(|lang| args.extend(["--lang", lang]));
    command(&args)
}

pub fn setup(dir: &Path) -> Setup {
    Setup { models: dir.join("models"), whisper_deadline_ms: PATIENCE_MS, ..Setup::default() }
}

pub fn installed(options: &[&str]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let done = install(dir.path(), &make(dir.path(), options), &["en", "es", "ro"]);
    assert!(done.status.success() && text(&done).contains("1 files, checked"), "{}", stderr(&done));
    dir
}
