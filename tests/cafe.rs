//! Real recordings of people ordering drinks: how many orders are fully right, and whether what
//! is no order stays none. `TENDERO_EVERY=6` takes every sixth recording, `TENDERO_SHOW=1` prints what was wrong.
//! Needs the recordings and PocketSphinx; says plainly when it is left out.
#![cfg(feature = "pocketsphinx")]
#![allow(clippy::unwrap_used, reason = "a test")]

use std::path::{Path, PathBuf};
use tendero::cli::eval::speech::Label;
use tendero::cli::hear::Ear;
use tendero::hear::source::read_file;
use tendero::understand::Lang;

/// At least so many of the clean recordings.
const WANTED_PERCENT: f64 = 93.0;

fn speech() -> Option<PathBuf> {
    let folder =
        std::env::var_os("TENDERO_SPEECH_DIR").map_or_else(|| PathBuf::from("../shared/speech"), PathBuf::from);
    if folder.join("cafe/labels.jsonl").is_file() {
        return Some(folder);
    }
    eprintln!("LEFT OUT: no recordings in {} (set TENDERO_SPEECH_DIR)", folder.display());
    None
}

fn ear(speech: &Path) -> Option<Ear> {
    match Ear::open(&speech.join("cafe/cafe.json"), Lang::En, Some("pocketsphinx")) {
        Ok(ear) => Some(ear),
        Err(why) if format!("{why:#}").contains("apt install") => {
            eprintln!("LEFT OUT: {why:#}");
            None
        }
        Err(why) => panic!("{why:#}"),
    }
}

/// All of them, or each `TENDERO_EVERY`-th.
fn labels(speech: &Path) -> Vec<Label> {
    let every = std::env::var("TENDERO_EVERY").ok().and_then(|n| n.parse().ok()).unwrap_or(1);
    tendero::cli::eval::speech::labels(&speech.join("cafe")).unwrap().into_iter().step_by(every).collect()
}

/// Mixes the kitchen's noise in at `snr_db` under the speech.
fn with_noise(samples: &[i16], noise: &[i16], at: usize, snr_db: f64) -> Vec<i16> {
    let power = |x: &[i16]| x.iter().map(|&s| f64::from(s).powi(2)).sum::<f64>() / x.len().max(1) as f64;
    let noise: Vec<i16> = noise.iter().cycle().skip(at % noise.len()).take(samples.len()).copied().collect();
    let gain = (power(samples) / power(&noise).max(1.0) / 10_f64.powf(snr_db / 10.0)).sqrt();
    samples
        .iter()
        .zip(&noise)
        .map(|(&s, &n)| (f64::from(s) + gain * f64::from(n)).clamp(-32_768.0, 32_767.0) as i16)
        .collect()
}

/// Percent of `labels` that are fully right.
fn measure(
    name: &str,
    ear: &mut Ear,
    speech: &Path,
    labels: &[Label],
    change: impl Fn(usize, Vec<i16>) -> Vec<i16>,
) -> f64 {
    let (mut right, mut decode_ms, mut samples) = (0, 0, 0);
    for (at, label) in labels.iter().enumerate() {
        let sound = change(at, read_file(&speech.join("cafe").join(&label.audio)).unwrap());
        let heard = ear.hear_samples(&sound).unwrap();
        decode_ms += heard.decode_ms;
        samples += sound.len();
        if label.accepts(&heard.parse) {
            right += 1;
        } else if std::env::var_os("TENDERO_SHOW").is_some() {
            let said: Vec<_> = label.lines.iter().map(|l| (&l.sku, l.options.values().collect::<Vec<_>>())).collect();
            println!("{name} wrong: {said:?} heard {:?} as {:?}", heard.nbest, heard.parse.intent);
        }
    }
    let percent = 100.0 * f64::from(right) / labels.len() as f64;
    println!(
        "{name}: {right} of {} fully right, {percent:.1} %, {:.3} of real time",
        labels.len(),
        decode_ms as f64 / (samples as f64 / 16.0)
    );
    percent
}

#[test]
fn clean_orders_are_understood() {
    let Some(speech) = speech() else { return };
    let Some(mut ear) = ear(&speech) else { return };
    let percent = measure("clean", &mut ear, &speech, &labels(&speech), |_, sound| sound);
    assert!(percent >= WANTED_PERCENT, "{percent:.1} % of the orders are fully right; wanted are {WANTED_PERCENT} %");
}

#[test]
fn noise_does_not_ruin_orders() {
    let Some(speech) = speech() else { return };
    let Some(mut ear) = ear(&speech) else { return };
    let noise = read_file(&speech.join("cafe/kitchen.flac")).unwrap();
    let some: Vec<Label> = labels(&speech).into_iter().step_by(3).collect();
    for (snr_db, wanted) in [(24.0, 85.0), (12.0, 80.0)] {
        let percent = measure(&format!("kitchen at {snr_db} dB"), &mut ear, &speech, &some, |at, sound| {
            with_noise(&sound, &noise, at * 40_000, snr_db)
        });
        assert!(percent >= wanted, "{percent:.1} % at {snr_db} dB; wanted are {wanted} %");
    }
}

#[test]
fn what_is_no_order_orders_nothing() {
    let Some(speech) = speech() else { return };
    let Some(mut ear) = ear(&speech) else { return };
    let mut sounds: Vec<(String, Vec<i16>)> = Vec::new();
    let kitchen = read_file(&speech.join("cafe/kitchen.flac")).unwrap();
    sounds.extend(
        kitchen.chunks(5 * 16_000).take(20).enumerate().map(|(i, piece)| (format!("kitchen {i}"), piece.to_vec())),
    );
    sounds.extend([30, 300, 3_000].map(|loud| (format!("white noise {loud}"), white(5 * 16_000, loud))));
    sounds.extend([
        ("silence".to_owned(), vec![0; 48_000]),
        ("nothing".to_owned(), vec![]),
        ("a click".to_owned(), vec![i16::MAX; 40]),
    ]);
    for word in ["computer", "jarvis"] {
        let mut files: Vec<_> =
            std::fs::read_dir(speech.join("wake").join(word)).unwrap().map(|f| f.unwrap().path()).collect();
        files.sort();
        sounds.extend(files.into_iter().step_by(4).map(|f| (f.display().to_string(), read_file(&f).unwrap())));
    }
    let mut ordered = Vec::new();
    let mut silent = 0;
    for (name, sound) in &sounds {
        let heard = ear.hear_samples(sound).unwrap();
        assert!(!heard.nbest.is_empty(), "{name}");
        silent += usize::from(heard.nbest[0].text.is_empty());
        if heard.parse.intent.can_buy() {
            ordered.push((name, heard.nbest));
        }
    }
    println!("no orders: {} sounds, {silent} heard as nothing, {} as an order", sounds.len(), ordered.len());
    // Somebody talks in the kitchen, too, and without noise that is heard better. It would still have to say the wake word before.
    assert!(ordered.len() * 200 <= sounds.len(), "{ordered:?}");
}

/// White noise that is the same at each run.
fn white(count: usize, loud: i32) -> Vec<i16> {
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        ((state >> 16) as i32 % (2 * loud + 1) - loud) as i16
    };
    (0..count).map(|_| next()).collect()
}
