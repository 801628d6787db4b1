//! The front end against ONNX Runtime's numbers, the wake word against synthesised speech, and
//! wrong files. What needs the front-end networks (`make setup`) or espeak-ng says so when it
//! is left out.

use super::*;
use crate::clock::Clock;
use crate::hear::wake::{EARLY_MS, LATENCY_MS};
use crate::hear::{HOP_MS, RATE_HZ};
use std::path::PathBuf;
use std::process::Command;

/// Made by `models/wake/train/fixture.py` with ONNX Runtime.
const CHIRP: &str = include_str!("../../../../models/wake/train/chirp.txt");

fn models_dir() -> Option<PathBuf> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("runtime/wake");
    if dir.join("embedding_model.onnx").exists() {
        return Some(dir);
    }
    eprintln!("LEFT OUT: the wake word networks are not in {}: run `make setup`", dir.display());
    None
}

fn hey_tendero() -> Option<OpenWakeWord> {
    models_dir().map(|dir| OpenWakeWord::open(&dir, HeadModel::HeyTendero, THRESHOLD).expect("opens"))
}

/// The same as in `fixture.py`.
fn chirp(hops: usize) -> Vec<i16> {
    let sample = |n: usize| {
        let t = n as f64 / f64::from(RATE_HZ);
        let level = 0.55 + 0.45 * (std::f64::consts::TAU * 4.0 * t).sin();
        (6000.0 * level * (std::f64::consts::TAU * (150.0 * t + 600.0 * t * t)).sin()).round() as i16
    };
    (0..hops * HOP).map(sample).collect()
}

fn hops(samples: &[i16]) -> impl Iterator<Item = Hop> + '_ {
    samples.chunks(HOP).map(|chunk| {
        let mut hop = [0; HOP];
        hop[..chunk.len()].copy_from_slice(chunk);
        hop
    })
}

/// Milliseconds from the start to the end of each hop at which the wake word was reported.
fn fired_ms(wake: &mut OpenWakeWord, samples: &[i16]) -> Vec<u32> {
    wake.reset();
    (1..).zip(hops(samples)).filter_map(|(n, hop)| wake.push(&hop).map(|_| n * HOP_MS)).collect()
}

/// 16 kHz speech of espeak-ng without silence at its ends, or `None` where it is not installed.
fn espeak(voice: &str, words_a_minute: u32, text: &str) -> Option<Vec<f32>> {
    let output =
        Command::new("espeak-ng").args(["-v", voice, "-s", &words_a_minute.to_string(), "--stdout", text]).output();
    let Ok(output) = output else {
        eprintln!("LEFT OUT: espeak-ng is not installed");
        return None;
    };
    let rate = f64::from(u32::from_le_bytes(output.stdout[24..28].try_into().expect("four bytes")));
    let wide: Vec<f32> =
        output.stdout[44..].chunks_exact(2).map(|b| f32::from(i16::from_le_bytes([b[0], b[1]]))).collect();
    let speech = downsample(&wide, rate);
    let peak = speech.iter().fold(0.0_f32, |most, s| most.max(s.abs()));
    let loud = |s: &f32| s.abs() > 0.02 * peak;
    let (first, last) = (speech.iter().position(loud)?, speech.iter().rposition(loud)?);
    Some(speech[first..=last].iter().map(|s| s / peak * 9000.0).collect())
}

/// Windowed sinc; espeak-ng's 22.05 kHz has sound that would fold over.
fn downsample(wide: &[f32], rate: f64) -> Vec<f32> {
    let ratio = f64::from(RATE_HZ) / rate;
    let reach = 24.0;
    let count = (wide.len() as f64 * ratio) as usize;
    let at = |i: usize| {
        let centre = i as f64 / ratio;
        let near = (centre - reach).max(0.0) as usize..((centre + reach) as usize).min(wide.len());
        let tap = |k: usize| {
            let x = k as f64 - centre;
            let sinc = if x.abs() < 1e-9 {
                1.0
            } else {
                (std::f64::consts::PI * x * ratio).sin() / (std::f64::consts::PI * x * ratio)
            };
            ratio * sinc * (0.5 + 0.5 * (std::f64::consts::PI * x / reach).cos())
        };
        near.map(|k| f64::from(wide[k]) * tap(k)).sum::<f64>() as f32
    };
    (0..count).map(at).collect()
}

/// `speech` after `lead_ms` in white noise `snr_db` below it, with a second of room behind.
fn in_noise(speech: &[f32], lead_ms: u32, snr_db: f32) -> Vec<i16> {
    let lead = (lead_ms * RATE_HZ / 1000) as usize;
    let power = speech.iter().map(|s| s * s).sum::<f32>() / speech.len() as f32;
    let scale = power.sqrt() * 10.0_f32.powf(-snr_db / 20.0) * 12.0_f32.sqrt();
    let mut state: u64 = 7;
    let mut noise = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 40) as f32 / (1 << 24) as f32 - 0.5) * scale
    };
    let total = lead + speech.len() + RATE_HZ as usize;
    (0..total).map(|i| (i.checked_sub(lead).and_then(|i| speech.get(i)).unwrap_or(&0.0) + noise()) as i16).collect()
}

#[test]
fn front_end_and_head_equal_onnx_runtime() {
    let Some(dir) = models_dir() else { return };
    let mut frontend = Frontend::open(&dir).expect("opens");
    let mut wake = OpenWakeWord::open(&dir, HeadModel::HeyTendero, THRESHOLD).expect("opens");
    let (mut embeddings, mut probabilities) = (Vec::new(), Vec::new());
    for hop in hops(&chirp(30)) {
        embeddings.push(frontend.push(&hop));
        wake.push(&hop);
        probabilities.push(wake.probability());
    }
    assert!(embeddings[..9].iter().all(Option::is_none) && embeddings[9..].iter().all(Option::is_some));

    let mut lines = 0;
    for line in CHIRP.lines().filter(|line| !line.starts_with('#')) {
        let (hop, numbers) = line.split_once(':').expect("hop: numbers");
        let hop: usize = hop.parse().expect("a hop");
        let expected: Vec<f32> = numbers.split_whitespace().map(|n| n.parse().expect("a number")).collect();
        let (probability, expected) = expected.split_last().expect("a probability at the end");
        assert!(
            (probabilities[hop] - probability).abs() < 1e-3,
            "hop {hop}: {} is not {probability}",
            probabilities[hop]
        );
        let embedding = embeddings[hop].expect("some after hop 9");
        assert_eq!(expected.len(), EMBEDDING);
        let worst = embedding.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(worst < 1e-3, "hop {hop} differs by {worst}");
        lines += 1;
    }
    assert_eq!(lines, 3);
}

/// The demo's voices and others, in noise, alone and with a command behind a comma's pause.
#[test]
fn fires_on_the_wake_word_when_it_ends() {
    let Some(mut wake) = hey_tendero() else { return };
    let (mut right, mut wrong) = (0, Vec::new());
    for voice in ["en-us+f3", "en-gb+m3", "en+f4", "en-us+m7", "en-gb-scotland+f2", "en-us", "en-gb+f2"] {
        for words_a_minute in [150, 175] {
            let Some(alone) = espeak(voice, words_a_minute, "hey tendero") else { return };
            for text in ["Hey tendero", "Hey tendero, the toothbrush heads ran out", "Hey tendero, cancel that"] {
                let speech = espeak(voice, words_a_minute, text).expect("it spoke a moment ago");
                let word_end_ms = 700 + alone.len() as u32 / 16;
                let fired = fired_ms(&mut wake, &in_noise(&speech, 700, 20.0));
                if fired.len() == 1 && (word_end_ms - EARLY_MS..=word_end_ms + LATENCY_MS).contains(&fired[0]) {
                    right += 1;
                } else {
                    wrong.push(format!(
                        "{voice} at {words_a_minute}: {text:?} ends at {word_end_ms} ms, reported at {fired:?}"
                    ));
                }
            }
        }
    }
    eprintln!("wake word: {right} of {} reported as they end", right + wrong.len());
    assert!(right * 100 >= 95 * (right + wrong.len()), "{wrong:#?}");
}

#[test]
fn does_not_fire_on_anything_else() {
    let Some(mut wake) = hey_tendero() else { return };
    let loud: Vec<f32> = (0..80 * HOP as u64).map(|n| ((n * 2_654_435_761 % 65_521) as f32 - 32_760.0) * 0.5).collect();
    let sounds = [("silence", vec![0; 100 * HOP]), ("noise", in_noise(&loud, 0, 0.0)), ("a chirp", chirp(100))];
    for (name, sound) in sounds {
        assert_eq!(fired_ms(&mut wake, &sound), [0; 0], "{name}");
    }
    // One in forty is what the head is known to confuse; models/wake/README.md names it.
    let near = [
        "hey there",
        "hey tender",
        "hey Trento",
        "ten dollars",
        "the bartender",
        "hey Sandra, come here",
        "hey computer",
        "tender is the night",
        "hey, ten days ago",
        "Cinderella",
        "order the toothbrush heads",
        "A device ordered me a dollhouse",
        "I found toothbrush heads. Shall I order them?",
    ];
    let mut fired = Vec::new();
    for text in near {
        for voice in ["en-us+f3", "en-gb+m3", "en-us"] {
            let Some(speech) = espeak(voice, 160, text) else { return };
            if !fired_ms(&mut wake, &in_noise(&speech, 400, 25.0)).is_empty() {
                fired.push((voice, text));
            }
        }
    }
    eprintln!("wake word: reported for {} of {} phrases that it is not: {fired:?}", fired.len(), near.len() * 3);
    assert!(fired.len() <= 1 && fired.iter().all(|(_, text)| text.starts_with("hey")), "{fired:?}");
}

#[test]
fn reset_forgets_what_was_heard() {
    let Some(mut wake) = hey_tendero() else { return };
    let Some(speech) = espeak("en-us", 160, "hey tendero") else { return };
    let sound = in_noise(&speech, 600, 25.0);
    let fresh = fired_ms(&mut wake, &sound);
    assert_eq!(fresh.len(), 1);
    // The same sound again at once: the pause after a detection does not outlive a reset.
    assert_eq!(fired_ms(&mut wake, &sound), fresh);
    // Half the word before a gap and half behind it is not the word.
    wake.reset();
    let half = (600 + speech.len() / 32) / HOP_MS as usize;
    let before = hops(&sound).take(half).filter(|hop| wake.push(hop).is_some()).count();
    wake.reset();
    let after = hops(&sound).skip(half).filter(|hop| wake.push(hop).is_some()).count();
    assert_eq!((before, after), (0, 0));
}

/// Not a benchmark: it fails only where a hop takes longer than it lasts.
#[test]
fn a_hop_takes_less_than_it_lasts() {
    let Some(mut wake) = hey_tendero() else { return };
    let sound = chirp(100);
    let clock = Clock::system();
    let start = clock.now().mono_ms;
    hops(&sound).for_each(|hop| {
        wake.push(&hop);
    });
    let took_ms = clock.now().mono_ms - start;
    eprintln!("wake word: {:.2} ms a hop of {HOP_MS} ms", took_ms as f64 / 100.0);
    assert!(took_ms < 100 * u64::from(HOP_MS));
}

#[test]
fn a_wrong_front_end_file_is_named_with_its_remedy() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("melspectrogram.onnx");
    let open =
        || format!("{:#}", OpenWakeWord::open(dir.path(), HeadModel::HeyTendero, THRESHOLD).err().expect("must fail"));
    let mut cases = vec![
        ("missing", None, "No such file"),
        ("a page", Some(b"\n<!DOCTYPE html>".to_vec()), "a web page"),
        ("empty", Some(Vec::new()), "empty"),
    ];
    cases.push(("other bytes", Some(vec![8; 5000]), "sha256"));
    if let Some(real) = models_dir() {
        let mut bytes = std::fs::read(real.join("melspectrogram.onnx")).expect("it is there");
        bytes.truncate(700_000);
        cases.push(("half a download", Some(bytes), "only a part"));
    }
    for (name, content, says) in cases {
        if let Some(content) = content {
            std::fs::write(&path, content).expect("written");
        }
        let error = open();
        for part in [path.to_str().expect("text"), "make setup", says] {
            assert!(error.contains(part), "{name}: {error:?} does not say {part:?}");
        }
    }
}

#[test]
fn a_wrong_head_is_an_error() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("head.onnx");
    let open = || Head::open(HeadModel::File(&path)).map(|_| ()).map_err(|error| format!("{error:#}"));
    assert!(open().expect_err("missing").contains("head.onnx"));
    let mut wrong =
        vec![b"<html>".to_vec(), Vec::new(), vec![0xff; 100], b"version https://git-lfs.github.com/spec/v1".to_vec()];
    wrong.extend((1..40).map(|part| HEY_TENDERO[..HEY_TENDERO.len() * part / 40].to_vec()));
    for bytes in wrong {
        std::fs::write(&path, &bytes).expect("written");
        assert!(open().expect_err("wrong").contains("openWakeWord's shape"));
    }
    std::fs::write(&path, HEY_TENDERO).expect("written");
    assert_eq!(open(), Ok(()));
    if let Some(real) = models_dir() {
        // A model, but not a head.
        assert!(Head::open(HeadModel::File(&real.join("melspectrogram.onnx"))).is_err());
    }
}

#[test]
fn a_threshold_outside_its_range_is_an_error() {
    for threshold in [0.0, -1.0, 1.1, f32::NAN] {
        let error =
            OpenWakeWord::open(Path::new("nowhere"), HeadModel::HeyTendero, threshold).err().expect("must fail");
        assert!(error.to_string().contains("threshold"), "{error}");
    }
}

#[test]
fn sums_in_the_manifest_are_those_that_are_checked() {
    let manifest: toml::Table = include_str!("../../../../models/models.toml").parse().expect("valid TOML");
    let models = manifest["model"].as_array().expect("a list of models");
    let sum_of = |file: &str| {
        let files =
            models.iter().filter_map(|model| model.get("files")).flat_map(|files| files.as_array().expect("files"));
        files
            .clone()
            .find(|entry| entry["name"].as_str() == Some(file))
            .unwrap_or_else(|| panic!("{file} is not in the manifest"))
    };
    for name in ["melspectrogram.onnx", "embedding_model.onnx"] {
        let sum = sum_of(name)["sha256"].as_str().expect("a sum");
        assert!(FRONTEND_SUMS.lines().any(|line| line == format!("{sum}  {name}")), "{name}");
    }
    let head = sum_of("hey_tendero.onnx");
    assert_eq!(
        head["sha256"].as_str(),
        Some(base16ct::lower::encode_string(&Sha256::digest(HEY_TENDERO)).as_str()),
        "put the new head's sum into models.toml"
    );
    assert_eq!(head["bytes"].as_integer(), i64::try_from(HEY_TENDERO.len()).ok());
}
