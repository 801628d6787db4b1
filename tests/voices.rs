//! `tendero voices` with the real binary, a real network and recordings of synthetic voices.
#![cfg(feature = "espeak")]
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

#[path = "support/process.rs"]
mod process;

use process::{command, command_fed, printed, stderr};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use tendero::native::espeak::Espeak;

const SENTENCES: [&str; 3] = [
    "hey tendero, the toothbrush heads ran out",
    "we are out of coffee, and there is little milk left",
    "please add washing powder to the list for saturday",
];
const NETWORK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/voices/statistics.onnx");

fn record(espeak: &Espeak, path: &Path, text: &str) {
    let (rate_hz, samples) = espeak.synthesise(text, "en-us+f2", 160, 60).unwrap();
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: rate_hz,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(path, spec).unwrap();
    samples.iter().for_each(|sample| writer.write_sample(*sample).unwrap());
    writer.finalize().unwrap();
}

#[test]
fn a_voice_is_enrolled_listed_and_forgotten() {
    let Ok(espeak) = Espeak::open().map_err(|why| eprintln!("left out: {why}")) else { return };
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name).display().to_string();
    let configured = |network: &str| {
        let state = format!("[state]\ndir = \"{}\"\nsocket = \"{}\"\n", at("state"), at("socket"));
        std::fs::write(at("tendero.toml"), format!("{state}[voices]\nnetwork = \"{network}\"\n")).unwrap();
    };
    let recordings: Vec<String> = (0..3).map(|number| at(&format!("{number}.wav"))).collect();
    for (path, sentence) in recordings.iter().zip(SENTENCES) {
        record(&espeak, Path::new(path), sentence);
    }
    let config = at("tendero.toml");
    let voices = |args: &[&str]| command(&[&["voices", "--config", &config], args].concat());
    let enrol = |more: &[&str]| {
        let files: Vec<&str> = recordings.iter().map(String::as_str).collect();
        voices(&[&["enrol", "Ana"], &files[..], more].concat())
    };

    configured("");
    assert!(stderr(&enrol(&["--agreed"])).contains("[voices] network"));
    configured(NETWORK);
    // Nobody is enrolled whom nobody asked.
    let unasked = enrol(&[]);
    assert!(!unasked.status.success() && stderr(&unasked).contains("has to agree first"), "{}", stderr(&unasked));
    assert!(!Path::new(&at("state/voices.json")).exists());

    let enrolled = enrol(&["--agreed"]);
    assert!(enrolled.status.success(), "{}", stderr(&enrolled));
    let said = process::text(&enrolled);
    assert!(said.contains("\"Ana\" is enrolled") && said.contains("unknown_voice"), "{said}");
    assert_eq!(std::fs::metadata(at("state/voices.json")).unwrap().permissions().mode() & 0o777, 0o600);
    let listed: serde_json::Value =
        serde_json::from_str(&printed(&["voices", "--config", &config, "list", "--json"])).unwrap();
    assert_eq!((&listed["name"], &listed["usable"]), (&"Ana".into(), &true.into()), "{listed}");
    assert!(stderr(&voices(&["remove", "Dan"])).contains("nobody is enrolled as \"Dan\""));

    // `forget` deletes voiceprints like everything else.
    let forgotten = command_fed(&["forget", "--config", &config, "--yes"], "");
    assert!(forgotten.status.success(), "{}", stderr(&forgotten));
    assert!(!Path::new(&at("state/voices.json")).exists());
    assert!(process::text(&voices(&["list"])).contains("nobody is enrolled"));
}
