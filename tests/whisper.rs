//! The Whisper engine with the real library, on a model with random weights that says two words whatever it hears
//! (tests/whisper/make_model.py): what it proves is the way of samples, tokens, deadlines and errors, not how well speech is recognised.

#![cfg(feature = "whisper")]
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

#[path = "whisper/made.rs"]
mod made;
#[path = "support/process.rs"]
mod process;

use made::{PATIENCE_MS, config, install, installed, make, setup};
use process::{command, stderr, text};
use std::path::{Path, PathBuf};
use tendero::hear::stt::whisper::{Whisper, file};
use tendero::hear::stt::{self, Setup, Stt};
use tendero::models::sum_of;
use tendero::understand::Lang;
use tendero::understand::grammar::Grammar;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const KEY: &str = "test";
/// As somebody leaves it who wrote a model's record for a file of his own.
fn forge(dir: &Path, bytes: &[u8], sum: Option<&str>) -> PathBuf {
    let folder = dir.join("models/made");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("made.bin"), bytes).unwrap();
    let sum = sum.map_or_else(|| sum_of(bytes).unwrap(), str::to_owned);
    let record = serde_json::json!({
        "version": 1, "name": "made", "engine": "whisper", "languages": ["en", "es", "ro"], "licence": "unknown",
        "url": "made.bin", "sha256": sum, "files": [{ "name": "made.bin", "bytes": bytes.len(), "sha256": sum }],
    });
    std::fs::write(folder.join("tendero-model.json"), record.to_string()).unwrap();
    folder
}

fn grammar(names: &[&str]) -> Grammar {
    let names = names.iter().map(|name| (*name).to_owned()).collect();
    Grammar { opens: true, names, ..Grammar::default() }
}

/// Noise, the same each time.
fn noise(samples: usize) -> Vec<i16> {
    let mut state = 0x2545_f491_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 18) as i16 - 8_192
    };
    (0..samples).map(|_| next()).collect()
}

#[test]
fn what_the_model_writes_is_heard_the_same_each_time() {
    let dir = installed(&[]);
    let mut engine = stt::open_with(&["whisper".into()], &setup(dir.path())).unwrap().stt;
    assert!(engine.transcribe(KEY, &noise(16_000), 5).is_err(), "nothing was prepared");
    engine.prepare(KEY, &grammar(&["hey tendero", "oat milk", "pâine"])).unwrap();
    for seconds in [1, 4, 30, 40] {
        for _ in 0..2 {
            let nbest = engine.transcribe(KEY, &noise(seconds * 16_000), 5).unwrap();
            assert_eq!(nbest.len(), 1, "the library shows no other: {nbest:?}");
            assert_eq!(nbest[0].text, "order milk");
            assert!((0.9..=1.0).contains(&nbest[0].confidence), "{nbest:?}");
        }
    }
    // Shorter than a second, and with as many names as no model takes.
    let names: Vec<String> = (0..2_000).map(|n| format!("product number {n}")).collect();
    engine.prepare("many", &Grammar { names, ..grammar(&[]) }).unwrap();
    assert_eq!(engine.transcribe("many", &noise(3_000), 5).unwrap()[0].text, "order milk");
    for nothing in [vec![0; 16_000], vec![], noise(100)] {
        assert_eq!(engine.transcribe(KEY, &nothing, 5).unwrap(), stt::nothing_heard());
    }
    assert_eq!(engine.detected(), None, "the language is pinned");
    engine.forget(KEY);
    assert!(engine.transcribe(KEY, &noise(16_000), 5).is_err());
    println!(
        "proven: a quantised model is loaded, hinted at, decoded and judged by whisper.cpp {}",
        whisper_rs::WHISPER_CPP_VERSION
    );
    println!("not proven here: how well a published model hears, how long it takes and what memory it needs");
}

#[test]
fn a_model_that_is_sure_that_nobody_spoke_is_believed() {
    let dir = installed(&["--silent"]);
    let mut engine = Whisper::open(&setup(dir.path())).unwrap();
    engine.prepare(KEY, &grammar(&[])).unwrap();
    assert_eq!(engine.transcribe(KEY, &noise(32_000), 5).unwrap(), stt::nothing_heard());
}

#[test]
fn a_deadline_stops_it_and_the_next_utterance_is_heard() {
    let dir = installed(&[]);
    for detects in [false, true] {
        let mut engine = Whisper::open(&Setup { whisper_detects: detects, ..setup(dir.path()) }).unwrap();
        engine.prepare(KEY, &grammar(&["oat milk"])).unwrap();
        // None at all, and less than the encoder of any model takes.
        for deadline_ms in [0, 1] {
            engine.set_deadline_ms(deadline_ms);
            let why = engine.transcribe(KEY, &noise(16_000), 5).unwrap_err().to_string();
            assert!(why.contains(&format!("stopped after {deadline_ms} ms and has heard nothing")), "{why}");
        }
        engine.set_deadline_ms(PATIENCE_MS);
        assert_eq!(engine.transcribe(KEY, &noise(16_000), 5).unwrap()[0].text, "order milk");
    }
}

#[test]
fn the_language_of_a_request_is_found_out_and_that_of_an_answer_is_known() {
    let dir = installed(&[]);
    let mut engine = Whisper::open(&Setup { whisper_detects: true, ..setup(dir.path()) }).unwrap();
    engine.prepare(KEY, &grammar(&[])).unwrap();
    engine.prepare("answer", &Grammar { lang: Lang::Ro, ..Grammar::default() }).unwrap();
    engine.transcribe(KEY, &noise(16_000), 5).unwrap();
    assert_eq!(engine.detected(), Some(Lang::Es), "the model says so");
    engine.transcribe("answer", &noise(16_000), 5).unwrap();
    assert_eq!(engine.detected(), None);
}

#[test]
fn what_is_missing_is_named_with_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let setup = setup(dir.path());
    let open = |setup: &Setup| format!("{:#}", Whisper::open(setup).err().unwrap());
    let opened = stt::open_with(&["whisper".into(), "scripted".into()], &setup).unwrap();
    let (name, why) = &opened.passed_over[0];
    assert!(name == "whisper" && why.contains("tendero models pull whisper-base-q5_1"), "{why}");
    assert!(why.contains("no whisper model for \"en\""), "{why}");
    // For English, and asked for Spanish; not installed by us; another engine's.
    let made = make(dir.path(), &[]);
    assert!(install(dir.path(), &made, &["en"]).status.success());
    let es = Setup { lang: Lang::Es, ..setup.clone() };
    assert!(open(&es).contains("no whisper model for \"es\""), "{}", open(&es));
    let folder = dir.path().join("models/made");
    let es = Setup { whisper_model: folder.clone(), ..es };
    assert!(open(&es).contains("is for en, not for es"), "{}", open(&es));
    let strange = Setup { whisper_model: dir.path().to_owned(), ..setup.clone() };
    assert!(open(&strange).contains("was not installed by `tendero models pull`"), "{}", open(&strange));
    // One bit of an installed model.
    let path = folder.join("made.bin");
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[1_000_000] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    assert!(open(&setup).contains("is not what it was") && open(&setup).contains("pull it again"), "{}", open(&setup));
}

/// Everything that is wrong with a model is told before the library sees it, which some of it would end: by the real binary, so
/// that such an end would be seen.
#[test]
fn a_faulty_model_is_refused_and_nobody_dies() {
    let dir = tempfile::tempdir().unwrap();
    let good = std::fs::read(make(dir.path(), &[])).unwrap();
    let with = |at: usize, number: u32| {
        let mut bytes = good.clone();
        bytes[at..at + 4].copy_from_slice(&number.to_le_bytes());
        bytes
    };
    let no_space = std::fs::read(make(dir.path(), &["--drop-space"])).unwrap();
    let mut twice = good.clone();
    let name = b"encoder.conv1.bias";
    let at = good.windows(name.len()).position(|window| window == name).unwrap();
    twice[at + 12] = b'2';
    let longer = [good.as_slice(), b"more"].concat();
    let faulty: Vec<(&str, Vec<u8>)> = vec![
        ("it is no Whisper model", b"<!doctype html><title>404</title>".to_vec()),
        ("it ends in the middle", vec![]),
        ("it ends in the middle", good[..good.len() / 2].to_vec()),
        ("it ends in the middle", good[..good.len() - 1].to_vec()),
        ("it ends in the middle", good[..40].to_vec()),
        ("it ends in the middle", longer),
        ("no \" \"", no_space),
        ("51864 to 51866", with(4, 1_000)),
        ("instead of 1500 and 448", with(8, 0)),
        ("and its decoder 64", with(12, 64 << 20)),
        ("can't be shared by 0 heads", with(16, 0)),
        ("layers", with(20, u32::MAX)),
        ("mel bands", with(40, 7)),
        ("type 77", with(44, 2_077)),
        ("mel filters", with(48, 81)),
        ("there twice, or in no Whisper model", twice),
        // A header of fewer layers than there are.
        ("in no Whisper model", with(36, 3)),
        ("it lacks 24 tensors", with(36, 5)),
    ];
    let (catalog, wav) = (format!("{ROOT}/demo/catalog.json"), dir.path().join("noise.wav"));
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 16_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(&wav, spec).unwrap();
    noise(16_000).into_iter().for_each(|sample| writer.write_sample(sample).unwrap());
    writer.finalize().unwrap();
    let config = config(dir.path());
    let hear =
        || command(&["hear", "--config", &config, "--engine", "whisper", "--catalog", &catalog, wav.to_str().unwrap()]);
    for (says, bytes) in &faulty {
        assert!(file::check(bytes).is_err(), "{says}");
        forge(dir.path(), bytes, None);
        let done = hear();
        assert_eq!(done.status.code(), Some(1), "{says}: {:?} {}", done.status, stderr(&done));
        assert!(stderr(&done).contains(says), "{says}: {}", stderr(&done));
        // Nor is it installed.
        std::fs::remove_dir_all(dir.path().join("models")).unwrap();
        let path = dir.path().join("faulty.bin");
        std::fs::write(&path, bytes).unwrap();
        let done = install(dir.path(), &path, &["en"]);
        assert_eq!(done.status.code(), Some(1), "{says}: {}", stderr(&done));
        assert!(
            stderr(&done).contains("was removed again") && stderr(&done).contains(says),
            "{says}: {}",
            stderr(&done)
        );
        assert!(!dir.path().join("models/made").exists());
    }
    // A sum that is another file's; and, with the same commands, the model as it was made.
    forge(dir.path(), &good, Some(&"0".repeat(64)));
    let done = hear();
    assert!(done.status.code() == Some(1) && stderr(&done).contains("is not what it was"), "{}", stderr(&done));
    forge(dir.path(), &good, None);
    let done = hear();
    assert!(done.status.success() && text(&done).contains("order milk"), "{} {}", text(&done), stderr(&done));
    println!("proven: {} faulty files are told apart before whisper.cpp sees them", faulty.len() + 1);
}

/// Wakes at nothing.
#[cfg(feature = "espeak")]
struct NoWake;

#[cfg(feature = "espeak")]
impl tendero::hear::wake::Wake for NoWake {
    fn push(&mut self, _hop: &tendero::hear::Hop) -> Option<f32> {
        None
    }
    fn reset(&mut self) {}
}

#[test]
#[cfg(feature = "espeak")]
fn as_a_second_ear_it_hears_the_same_utterance() {
    use std::sync::mpsc::channel;
    use std::time::Duration;
    use tendero::decide::event::Turn;
    use tendero::hear::ears::{EarCommand, EarEvent, Ears};
    use tendero::hear::second::SecondEar;
    use tendero::hear::stt::scripted::{Script, Scripted};
    use tendero::understand::grammar::Expect;

    let Ok(espeak) = tendero::native::espeak::Espeak::open() else {
        return println!("left out: espeak-ng is not installed");
    };
    let (rate_hz, voice) = espeak.synthesise("order two packs of milk", "en-us", 160, 50).unwrap();
    let mut sound = vec![0; 16_000];
    sound.extend(tendero::hear::source::rate::to_16k(&voice, rate_hz).unwrap());
    sound.extend(vec![0; 32_000]);

    let dir = installed(&[]);
    let whisper = Whisper::open(&setup(dir.path())).unwrap();
    let (events, heard) = channel();
    let grammars = || Box::new(|_, _: &Expect| grammar(&["milk"]));
    let second =
        SecondEar::spawn(Box::new(whisper), grammars(), Lang::En, move |event| drop(events.send(event))).unwrap();
    let script = Script::default();
    let first = Box::new(Scripted::new(script.clone()));
    let mut ears = Ears::new(Box::new(NoWake), first, grammars(), Lang::En, tendero::clock::Clock::system());
    ears = ears.with_second(Some(second));
    // Its thread makes itself ready: until then it takes nothing, and says so.
    for _ in 0..1_000 {
        script.say("order twelve packs of milk");
        ears.command(EarCommand::Listen { turn: Turn(1), lang: Lang::En, expect: Expect::Confirm, window_ms: 5_000 });
        let hops = sound.chunks_exact(tendero::hear::HOP).map(|hop| std::array::from_fn(|at| hop[at]));
        let said: Vec<EarEvent> = hops.flat_map(|hop| ears.push(&hop)).collect();
        assert!(matches!(&said[..], [EarEvent::Heard { .. }]), "{said:?}");
        if ears.command(EarCommand::HearAgain { id: 5 }).is_empty() {
            break;
        }
    }
    let EarEvent::HeardAgain { id: 5, nbest } = heard.recv_timeout(Duration::from_secs(60)).unwrap() else {
        panic!("another event")
    };
    assert_eq!(nbest[0].text, "order milk", "as the model says, whatever it hears");
}
