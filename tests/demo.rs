//! The demo, as the README's first command runs it: the real binary, every scene.

use std::path::Path;
use std::process::Command;

#[test]
fn every_scene_ends_as_it_should_and_leaves_a_recording() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let wav = dir.path().join("demo.wav");
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("runtime/wake");
    let output = Command::new(env!("CARGO_BIN_EXE_tendero"))
        .arg("demo")
        .arg("--wav")
        .arg(&wav)
        .arg("--wake-models")
        .arg(&models)
        .output()
        .expect("the binary was built for this test");
    let shown = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{shown}\n{errors}");
    assert!(!shown.contains('\u{1b}'), "no colours where there is no terminal");
    assert!(shown.contains("All 6 scenes ended as they should."), "{shown}");
    assert!(shown.contains("broadcast says refuse: reported speech"), "{shown}");
    assert!(shown.contains("booked 0, held 500, told 500 homes"), "{shown}");
    assert!(shown.contains("500 are stopped at home, 0 order"), "{shown}");
    assert!(shown.contains("approves: the shop books it, and only it"), "{shown}");

    let recording = hound::WavReader::open(&wav).expect("a WAV file");
    let spec = recording.spec();
    assert_eq!((spec.sample_rate, spec.channels, spec.bits_per_sample), (16_000, 1, 16));
    let seconds = recording.duration() / spec.sample_rate;
    assert!((40..400).contains(&seconds), "the conversation lasts {seconds} s");
}

#[test]
fn networks_that_are_missing_or_web_pages_are_told_in_one_line() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let run = || {
        let output = Command::new(env!("CARGO_BIN_EXE_tendero"))
            .current_dir(dir.path())
            .args(["demo", "--wake-models", "models"])
            .output()
            .expect("the binary was built for this test");
        assert_eq!(output.status.code(), Some(1));
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(message.trim().lines().count(), 1, "{message}");
        assert!(message.contains("make setup") && !message.contains("panicked"), "{message}");
        message
    };
    assert!(run().contains("models"));
    std::fs::create_dir(dir.path().join("models")).expect("the folder can be written");
    for name in ["melspectrogram.onnx", "embedding_model.onnx"] {
        std::fs::write(dir.path().join("models").join(name), "<!doctype html>").expect("the folder can be written");
    }
    assert!(run().contains("models/melspectrogram.onnx"));
}
