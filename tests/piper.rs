//! Piper with the real ONNX Runtime, real phonemes of espeak-ng, and a voice whose phonemes are tones (tests/piper/make_voice.py): a
//! test reads back from the sound what was said. What it proves is the way from text to sound, in pieces, through the cache, and
//! every error on it; not how a published voice sounds, nor how long one takes.

#![cfg(feature = "piper")]
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

#[path = "support/process.rs"]
mod process;

use process::{command, stderr, text};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tempfile::TempDir;
use tendero::clock::Clock;
use tendero::native::espeak::Espeak;
use tendero::speak::phrases::{self, Phrases};
use tendero::speak::player::{Played, Player, Stop};
use tendero::speak::sentences::sentences;
use tendero::speak::tts::{self, Pace, Setup, Speech, Tts};
use tendero::speak::voice::synthesis::Synthesis;
use tendero::speak::voice::{Saying, Spoken, Voice, What};
use tendero::understand::Lang;
use unicode_normalization::UnicodeNormalization;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
/// Of make_voice.py.
const RATE_HZ: u32 = 22_050;
const PHONEME: usize = 882;
const FIRST: usize = 8;
/// Behind each sentence but the last.
const PAUSE_MS: u64 = 80;
const LONG: Duration = Duration::from_secs(60);
const REPLIES: [(Lang, &str, &str); 3] = [
    (Lang::En, "en-us", "One pack of toothbrush heads, 12.99 in all. To order and pay, say: order it! Is that right?"),
    (Lang::Es, "es", "Un paquete de café, 4,50 euros en total. Para pedir y pagar, di: pide eso. ¿Está bien?"),
    (Lang::Ro, "ro", "Un pachet de cafea, 19 lei în total. Ca să comanzi și să plătești, spune: comandă acum! E bine?"),
];

/// `None`: the library is not there, and the test is left out.
fn runtime() -> Option<PathBuf> {
    static TOLD: OnceLock<()> = OnceLock::new();
    let library = Path::new(ROOT).join("runtime/onnxruntime/libonnxruntime.so");
    if library.is_file() {
        TOLD.get_or_init(|| {
            println!("proven here: Piper's way from text to sound with the real ONNX Runtime and espeak-ng, on a voice of tones");
            println!("not proven here: the sound of a published voice, its pronunciation, its speed and its memory on a board");
        });
        return Some(library);
    }
    println!("left out: {} is not there; scripts/fetch-onnxruntime.sh brings it", library.display());
    None
}

fn make_voice(dir: &Path, name: &str, espeak_voice: &str, more: &[&str]) -> PathBuf {
    let mut make = Command::new("python3");
    make.arg(format!("{ROOT}/tests/piper/make_voice.py")).arg(dir).args([name, espeak_voice]).args(more);
    assert!(make.status().unwrap().success());
    dir.join(format!("{name}.onnx"))
}

/// A voice for each language, and the folder that they are in.
fn setup() -> Option<(TempDir, Setup)> {
    let onnxruntime = runtime()?;
    let dir = tempfile::tempdir().unwrap();
    let voices = REPLIES.map(|(lang, espeak, _)| (lang, make_voice(dir.path(), lang.code(), espeak, &[])));
    let models = dir.path().join("models");
    let setup = Setup { lang: Lang::En, models, voices: BTreeMap::from(voices), onnxruntime };
    Some((dir, setup))
}

fn open(setup: &Setup) -> Result<Box<dyn Tts>, String> {
    let opened = tts::open(&["piper".into()], setup);
    opened.map(|mut opened| opened.engines.remove(0)).map_err(|why| format!("{why:#}"))
}

/// What the tones say, begin and end left out; padding is silent.
fn heard(voice: &Path, samples: &[i16]) -> String {
    let settings: Value = serde_json::from_slice(&std::fs::read(beside(voice)).unwrap()).unwrap();
    let map = settings["phoneme_id_map"].as_object().unwrap();
    let by_id: BTreeMap<usize, &str> =
        map.iter().map(|(phoneme, ids)| (ids[0].as_u64().unwrap() as usize, phoneme.as_str())).collect();
    let tones: String =
        samples.chunks_exact(PHONEME).filter_map(|piece| tone(piece, by_id.len())).map(|id| by_id[&id]).collect();
    tones.strip_prefix('^').and_then(|tones| tones.strip_suffix('$')).unwrap_or_else(|| panic!("{tones}")).to_owned()
}

/// The number whose tone this is.
fn tone(piece: &[i16], ids: usize) -> Option<usize> {
    let power = |id: &usize| {
        let turn = std::f64::consts::TAU * (id + FIRST) as f64 / PHONEME as f64;
        let (sin, cos) = piece.iter().enumerate().fold((0.0, 0.0), |(sin, cos), (at, &sample)| {
            let (s, c) = (turn * at as f64).sin_cos();
            (sin + f64::from(sample) * s, cos + f64::from(sample) * c)
        });
        sin.hypot(cos)
    };
    piece.iter().any(|&sample| sample != 0).then(|| (1..ids).max_by(|a, b| power(a).total_cmp(&power(b))).unwrap())
}

/// What espeak-ng makes of a text, as voices are trained.
fn phonemes(text: &str, voice: &str) -> String {
    let clauses = Espeak::open().unwrap().clauses(text, voice).unwrap();
    let spoken: Vec<String> = clauses.iter().map(|clause| clause.phonemes.nfd().chain(clause.mark).collect()).collect();
    spoken.join(" ")
}

fn beside(voice: &Path) -> PathBuf {
    format!("{}.json", voice.display()).into()
}

#[test]
fn the_sound_says_what_the_text_says_in_three_languages() {
    let Some((_dir, setup)) = setup() else { return };
    let mut engine = open(&setup).unwrap();
    for (lang, espeak, reply) in REPLIES {
        let (voice, sentences) = (&setup.voices[&lang], sentences(reply));
        assert_eq!(sentences.len(), 3, "{sentences:?}");
        for sentence in &sentences {
            let Speech { rate_hz, samples } = engine.synthesise(sentence, lang).unwrap();
            let expected = phonemes(sentence, espeak);
            assert!(expected.chars().count() > 5 && expected.ends_with(['.', '!', '?']), "{expected}");
            assert_eq!((rate_hz, heard(voice, &samples)), (RATE_HZ, expected), "{sentence}");
            assert_eq!(engine.synthesise(sentence, lang).unwrap().samples, samples, "the same, the same");
            // Full scale, without clipping.
            assert!(samples.iter().any(|&sample| sample > 32_000) && !samples.contains(&i16::MIN));
        }
    }
    for nothing in ["", " ", "…", "\n"] {
        assert!(engine.synthesise(nothing, Lang::En).unwrap().samples.len() < RATE_HZ as usize / 4, "{nothing}");
    }
}

#[test]
fn speakers_and_voices_sound_different_and_the_model_folder_has_one() {
    let Some((dir, setup)) = setup() else { return };
    let say = |setup: &Setup| open(setup).unwrap().synthesise("order it", Lang::En).unwrap().samples;
    let one = say(&setup);
    let named = |voice: PathBuf| Setup { voices: BTreeMap::from([(Lang::En, voice)]), ..setup.clone() };
    let other = named(make_voice(dir.path(), "other", "en-us", &["--seed", "2"]));
    let choir = named(make_voice(dir.path(), "choir", "en-us", &["--speakers", "3"]));
    assert_ne!(say(&other), one);
    assert_eq!(say(&choir), one, "without a wish, the first of the speakers");
    let id = |setup: &Setup| match open(setup).unwrap().pace(Lang::En) {
        Some(Pace::Slow { voice }) => voice,
        other => panic!("{other:?}"),
    };
    assert!(id(&other) != id(&setup) && id(&choir) != id(&setup) && id(&setup) == id(&setup));

    // Installed from an archive, and found without a path; one that is half a voice is not kept.
    let config = dir.path().join("tendero.toml");
    std::fs::write(&config, format!("[stt]\nmodels = \"{}\"\n", setup.models.display())).unwrap();
    let pull = |name: &str, files: &[&str]| {
        let zip = dir.path().join(format!("{name}.zip"));
        let mut writer = zip::ZipWriter::new(std::fs::File::create(&zip).unwrap());
        for file in files {
            writer.start_file(*file, zip::write::SimpleFileOptions::default()).unwrap();
            std::io::Write::write_all(&mut writer, &std::fs::read(dir.path().join(file)).unwrap()).unwrap();
        }
        writer.finish().unwrap();
        let (config, zip) = (config.to_str().unwrap(), zip.to_str().unwrap());
        command(&["models", "--config", config, "pull", name, "--file", zip, "--engine", "piper", "--lang", "es"])
    };
    let half = pull("half", &["es.onnx"]);
    assert!(!half.status.success() && stderr(&half).contains("half was removed again"), "{}", stderr(&half));
    assert!(stderr(&half).contains("es.onnx.json can't be read"), "{}", stderr(&half));
    let whole = pull("whole", &["es.onnx", "es.onnx.json"]);
    assert!(whole.status.success() && text(&whole).contains("[tts] engines"), "{}", stderr(&whole));
    let found = Setup { lang: Lang::Es, voices: BTreeMap::new(), ..setup.clone() };
    let mut engine = open(&found).unwrap();
    assert!(engine.pace(Lang::Es).is_some() && engine.pace(Lang::En).is_none());
    assert_eq!(heard(&setup.voices[&Lang::Es], &engine.synthesise("café", Lang::Es).unwrap().samples), "kafˈe");
}

#[test]
fn a_broken_voice_is_named_with_what_is_wrong() {
    let Some((dir, setup)) = setup() else { return };
    let (network, settings) =
        (std::fs::read(&setup.voices[&Lang::En]).unwrap(), std::fs::read(beside(&setup.voices[&Lang::En])).unwrap());
    let changed = |pointer: &str, value: Value| {
        let mut settings: Value = serde_json::from_slice(&settings).unwrap();
        match settings.pointer_mut(pointer) {
            Some(place) => *place = value,
            None => panic!("{pointer}"),
        }
        settings.to_string().into_bytes()
    };
    let few = json!({"_": [0], "^": [1], "$": [2], "a": [3]});
    let page = b"<!doctype html><title>404</title>".to_vec();
    let another = std::fs::read(format!("{ROOT}/models/wake/hey_tendero.onnx")).unwrap();
    for (onnx, json, expected) in [
        (page.clone(), settings.clone(), "a web page, not a model"),
        (vec![], settings.clone(), "the file is empty"),
        (b"version https://git-lfs.github.com/spec/v1\n".to_vec(), settings.clone(), "a Git LFS pointer"),
        (network[..network.len() / 2].to_vec(), settings.clone(), "only a part of one"),
        (network.clone(), page, "describes no Piper voice"),
        (network.clone(), b"{}".to_vec(), "describes no Piper voice"),
        (network.clone(), vec![0xff, 0xfe], "is no JSON"),
        (network.clone(), changed("/audio/sample_rate", json!(0)), "0 Hz lies outside 8000 to 48000"),
        (network.clone(), changed("/phoneme_type", json!("text")), "of the kind \"text\""),
        (network.clone(), changed("/phoneme_id_map", few), "knows 4 phonemes"),
        (network.clone(), changed("/phoneme_id_map/_", json!([])), "the phoneme '_'"),
        (network.clone(), changed("/phoneme_id_map/a", json!([9_999])), "the phoneme 'a'"),
        (network.clone(), changed("/inference/length_scale", json!(0.0)), "are no voice's"),
        (network.clone(), changed("/num_speakers", json!(0)), "it has 0 speakers"),
        (network.clone(), changed("/espeak/voice", json!("xx-none")), "espeak-ng has no voice \"xx-none\""),
        (network.clone(), changed("/num_speakers", json!(2)), "its inputs are input, input_lengths, scales, and"),
        (another, settings.clone(), "its inputs are"),
    ] {
        let path = dir.path().join("broken.onnx");
        std::fs::write(&path, onnx).unwrap();
        std::fs::write(beside(&path), json).unwrap();
        let broken = Setup { voices: BTreeMap::from([(Lang::En, path.clone())]), ..setup.clone() };
        let why = open(&broken).err().unwrap_or_else(|| panic!("it was opened, not: {expected}"));
        assert!(why.contains(expected) && why.contains("broken.onnx"), "{expected}: {why}");
    }
    let why = open(&Setup { voices: BTreeMap::new(), ..setup.clone() }).err().unwrap();
    assert!(why.contains("[tts] voices") && why.contains("no piper model for \"en\""), "{why}");
    let lost = BTreeMap::from([(Lang::En, dir.path().join("lost.onnx"))]);
    let why = open(&Setup { voices: lost, ..setup.clone() }).err().unwrap();
    assert!(why.contains("lost.onnx") && why.contains("NAME.onnx.json"), "{why}");
}

/// `tendero audio say` with this configuration for text to speech, in a process of its own, which must end.
fn say(dir: &Path, tts: &str, sentence: &str) -> Output {
    let config = dir.join("say.toml");
    std::fs::write(&config, format!("[tts]\n{tts}\n")).unwrap();
    let (config, out) = (config.to_str().unwrap().to_owned(), dir.join("said.wav").to_str().unwrap().to_owned());
    let (done, ended) = channel();
    let sentence = sentence.to_owned();
    std::thread::spawn(move || {
        done.send(command(&["audio", "say", "--config", &config, "--out", &out, "--json", &sentence]))
    });
    ended.recv_timeout(LONG).expect("it says what is wrong, and does not wait for ever")
}

#[test]
fn without_the_runtime_the_reason_is_told_at_once_and_the_next_engine_speaks() {
    let dir = tempfile::tempdir().unwrap();
    let voice = make_voice(dir.path(), "en", "en-us", &[]);
    let no_library = dir.path().join("libonnxruntime.so");
    std::fs::write(&no_library, "<html>").unwrap();
    let tts = |engines: &str, library: &str| {
        format!("engines = {engines}\nonnxruntime = \"{library}\"\nvoices = {{ en = \"{}\" }}", voice.display())
    };
    for (library, expected) in [
        ("/nowhere/libonnxruntime.so", "/nowhere/libonnxruntime.so can't be opened"),
        (no_library.to_str().unwrap(), "can't be opened"),
        ("libc.so.6", "libc.so.6 is no ONNX Runtime"),
    ] {
        let alone = say(dir.path(), &tts("[\"piper\"]", library), "hello");
        let told = stderr(&alone);
        assert_eq!(alone.status.code(), Some(1), "{told}");
        assert!(told.contains(expected) && told.contains("scripts/fetch-onnxruntime.sh"), "{told}");
        let helped = say(dir.path(), &tts("[\"piper\", \"espeak\"]", library), "hello");
        assert!(helped.status.success() && stderr(&helped).contains(expected), "{}", stderr(&helped));
    }
    // The program itself needs none of the libraries to start.
    let linked = Command::new("ldd").arg(env!("CARGO_BIN_EXE_tendero")).output().unwrap();
    let names = text(&linked);
    assert!(linked.status.success() && names.contains("libc.so"), "{names}");
    assert!(["onnx", "espeak", "sonic", "ssl"].iter().all(|library| !names.contains(library)), "{names}");
}

#[test]
fn the_real_program_speaks_and_a_language_without_a_voice_has_the_next_engine() {
    let Some(library) = runtime() else { return };
    let dir = tempfile::tempdir().unwrap();
    let voice = make_voice(dir.path(), "es", "es", &[]);
    let tts = format!(
        "engines = [\"piper\", \"espeak\"]\nonnxruntime = \"{}\"\nvoices = {{ es = \"{}\" }}\n[home]\nlanguage = ",
        library.display(),
        voice.display()
    );
    let (first, second) = ("Un paquete de café.", "¿Está bien?");
    let said = say(dir.path(), &format!("{tts}\"es\""), &format!("{first} {second}"));
    assert!(said.status.success(), "{}", stderr(&said));
    let told: Value = serde_json::from_str(&text(&said)).unwrap();
    let pieces: Vec<u64> = told["pieces_ms"].as_array().unwrap().iter().map(|ms| ms.as_u64().unwrap()).collect();
    assert_eq!((pieces.len(), pieces.iter().sum::<u64>()), (2, told["speech_ms"].as_u64().unwrap()));
    let samples: Vec<i16> =
        hound::WavReader::open(dir.path().join("said.wav")).unwrap().into_samples().collect::<Result<_, _>>().unwrap();
    let at = (pieces[0] - PAUSE_MS) as usize * RATE_HZ as usize / 1000;
    assert_eq!(heard(&voice, &samples[..at]), phonemes(first, "es"));
    let english = say(dir.path(), &format!("{tts}\"en\""), "hello");
    assert!(english.status.success() && stderr(&english).contains("piper has no voice for en"), "{}", stderr(&english));
}

/// Keeps what it plays.
struct Collects(Sender<Speech>);

impl Player for Collects {
    fn play(&mut self, speech: &Speech, _stop: &Stop) -> anyhow::Result<Played> {
        self.0.send(speech.clone())?;
        Ok(Played::Whole)
    }
}

#[test]
fn a_reply_is_played_sentence_by_sentence_and_ends_once() {
    let Some((_dir, setup)) = setup() else { return };
    let mut engine = open(&setup).unwrap();
    let ((played, heard), (ended, ends)) = (channel(), channel());
    let engines = setup.clone();
    let voice = Voice::spawn(
        move || Ok(Synthesis::new(tts::open(&["piper".into()], &engines)?.engines)),
        move || Box::new(Collects(played)),
        Clock::system(),
        move |spoken| drop(ended.send(spoken)),
    )
    .unwrap();
    let (lang, _, reply) = REPLIES[0];
    assert!(voice.say(Saying { say: 3, what: What::Words { text: reply.into(), lang } }));
    let spoken: Spoken = ends.recv_timeout(LONG).unwrap();
    drop(voice);
    assert!(ends.recv().is_err(), "and not again");
    let played: Vec<Speech> = heard.iter().collect();
    let expected: Vec<Vec<i16>> =
        sentences(reply).iter().map(|sentence| engine.synthesise(sentence, lang).unwrap().samples).collect();
    assert_eq!(played.len(), 3);
    for (at, (piece, samples)) in played.iter().zip(&expected).enumerate() {
        let pause = piece.samples.len() - samples.len();
        assert!(piece.samples.starts_with(samples) && piece.samples[samples.len()..].iter().all(|&s| s == 0));
        assert_eq!(pause as u64 * 1000 / u64::from(RATE_HZ), if at < 2 { PAUSE_MS } else { 0 });
    }
    let speech_ms: u64 = played.iter().map(Speech::duration_ms).sum();
    assert_eq!((spoken.say, spoken.error, u64::from(spoken.speech_ms)), (3, None, speech_ms));
}

/// Counts what the engine is asked for.
struct Counted {
    engine: Box<dyn Tts>,
    asked: Arc<AtomicUsize>,
}

impl Tts for Counted {
    fn name(&self) -> &'static str {
        self.engine.name()
    }
    fn pace(&self, lang: Lang) -> Option<Pace> {
        self.engine.pace(lang)
    }
    fn synthesise(&mut self, text: &str, lang: Lang) -> anyhow::Result<Speech> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.engine.synthesise(text, lang)
    }
}

/// A daemon's life: says `text` with what `state` holds, and how often the engine was asked.
fn life(setup: &Setup, state: &Path, lang: Lang, text: &str) -> (Vec<Speech>, usize) {
    let asked = Arc::new(AtomicUsize::new(0));
    let engine = Counted { engine: open(setup).unwrap(), asked: Arc::clone(&asked) };
    let phrases = Phrases::open(state, 16 << 20, 1 << 40, Clock::system()).unwrap();
    let mut said = Vec::new();
    Synthesis::new(vec![Box::new(engine)]).keeping(phrases).speak(text, lang, |piece| {
        said.extend(piece.unwrap());
        true
    });
    (said, asked.load(Ordering::SeqCst))
}

#[test]
fn what_was_said_once_is_not_made_again_until_it_is_forgotten() {
    let Some((dir, setup)) = setup() else { return };
    let (lang, _, reply) = REPLIES[1];
    let state = dir.path().join("state");
    std::fs::create_dir(&state).unwrap();
    let (said, asked) = life(&setup, &state, lang, reply);
    assert_eq!((said.len(), asked), (3, 3));
    assert_eq!(life(&setup, &state, lang, reply), (said.clone(), 0), "after a restart");
    let changed = reply.replace("4,50", "4,60");
    assert_eq!(life(&setup, &state, lang, &changed).1, 1, "one of the sentences is another");
    let other = make_voice(dir.path(), "other", "es", &["--seed", "2"]);
    let other = Setup { voices: BTreeMap::from([(Lang::Es, other)]), lang, ..setup.clone() };
    let (in_another_voice, asked) = life(&other, &state, lang, reply);
    assert!(asked == 3 && in_another_voice != said);
    // One byte of each file.
    for file in phrases::ours(&state).unwrap() {
        let mut bytes = std::fs::read(&file).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 0x10;
        std::fs::write(&file, bytes).unwrap();
    }
    assert_eq!(life(&setup, &state, lang, reply), (said.clone(), 3));
    assert_eq!(life(&setup, &state, lang, reply), (said, 0));
    // Nothing in a name, and nothing left.
    let files = phrases::ours(&state).unwrap();
    assert!(files.len() == 7 && files.iter().all(|file| !file.to_string_lossy().contains("paquete")), "{files:?}");
    let config = dir.path().join("forget.toml");
    let socket = dir.path().join("none.sock");
    std::fs::write(&config, format!("[state]\ndir = \"{}\"\nsocket = \"{}\"\n", state.display(), socket.display()))
        .unwrap();
    let forgotten = command(&["forget", "--yes", "--config", config.to_str().unwrap()]);
    assert!(forgotten.status.success() && text(&forgotten).contains("7 files"), "{}", stderr(&forgotten));
    assert!(!state.join(phrases::DIR).exists());
}
