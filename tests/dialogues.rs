//! Golden dialogues: each file under `tests/dialogues/` is a scene with what goes in and what
//! comes out. `UPDATE=1 cargo test --test dialogues` writes the outcome into the files; read
//! the difference before you commit it. How the lines read is in `tests/dialogues/README.md`.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says where")]

#[path = "dialogues/harness/stage.rs"]
mod stage;

use stage::Stage;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

#[test]
fn every_dialogue_goes_as_written() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dialogues");
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|ext| ext == "txt"));
    files.sort();
    assert!(files.len() >= 20, "only {} dialogues in {}", files.len(), folder.display());
    let update = std::env::var_os("UPDATE").is_some();
    let mut wrong = vec![];
    for path in files {
        let written = std::fs::read_to_string(&path).unwrap();
        let played = play(&written);
        if played != written {
            if update {
                std::fs::write(&path, &played).unwrap();
            } else {
                wrong.push(format!("--- {}\n{}", path.display(), difference(&written, &played)));
            }
        }
        assert_eq!(play(&written), played, "{}: the same events gave other effects", path.display());
    }
    assert!(wrong.is_empty(), "{}\n(UPDATE=1 writes what happens now)", wrong.join("\n"));
}

fn difference(written: &str, played: &str) -> String {
    let mut out = String::new();
    let (mut a, mut b) = (written.lines(), played.lines());
    loop {
        match (a.next(), b.next()) {
            (None, None) => return out,
            (x, y) if x == y => {}
            (x, y) => {
                writeln!(out, "  written: {}\n  now:     {}", x.unwrap_or("(end)"), y.unwrap_or("(end)")).unwrap()
            }
        }
    }
}

/// Plays the inputs of a scene and returns it with its outcome.
fn play(scene: &str) -> String {
    let mut stage = Stage::new();
    let mut out = String::new();
    for line in scene.lines().filter(|line| !line.starts_with("    ")) {
        writeln!(out, "{line}").unwrap();
        stage.act(line.trim());
        for said in stage.shown.drain(..) {
            writeln!(out, "    {said}").unwrap();
        }
    }
    out
}
