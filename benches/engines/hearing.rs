//! Recognisers on the same recordings.
//!
//! The first table is of the work alone: whole recordings, one after the other, as fast as it goes. "Words and meaning" is what a recording
//! costs from its first sample to its intent when nothing was done before its end.
//!
//! The second is of the wait, measured in real time through the daemon's ears ([`crate::live`]), which do most of that work
//! in the silence that ends an utterance: "voice to intent" is from the last voiced sample (within 30 dB of the loudest 10 ms)
//! and so has that silence in it, 1,200 ms for a command and 480 ms for a short answer; "end to intent" is from where the ears
//! declare the end, and is the figure that is to stay below 300 ms.

use crate::live::{Live, Waited};
use crate::memory::memory_kib;
use crate::{in_its_own_process, mib, part, table, timed};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use tendero::cli::eval::speech::{self, Label};
use tendero::hear::RATE_HZ;
use tendero::hear::source::{rate, read_file};
use tendero::hear::stt::{self, Setup};
use tendero::native::espeak::Espeak;
use tendero::understand::catalog::Catalog;
use tendero::understand::grammar::Expect;
use tendero::understand::intent::Intent;
use tendero::understand::labels::Wanted;
use tendero::understand::{Lang, Understanding};

const KEY: &str = "command";
const NBEST: usize = 5;
/// Recordings of people: of all that there are, every third.
const EVERY: usize = 3;
/// Of these, every third again, since they are heard at the pace at which they were spoken.
const EVERY_LIVE: usize = 3;
/// What is said where there are no recordings, in three voices.
const SENTENCES: [&str; 10] = [
    "the toothbrush heads ran out",
    "order two packs of dishwasher tablets",
    "we need milk",
    "order three packs of butter",
    "we are out of toothpaste",
    "add bread to the list",
    "what does the toothpaste cost",
    "cancel that",
    "order rice and milk",
    "how much did i spend",
];
const VOICES: [&str; 3] = ["en-us+f3", "en+f4", "en-us+m7"];
/// Answers to a question, in the same voices: nobody recorded people's.
const ANSWERS: [&str; 4] = ["yes please", "order it", "no thank you", "cancel that"];

/// What one engine came to.
#[derive(Debug, Serialize, Deserialize)]
pub struct Measured {
    start_ms: f64,
    sound_ms: f64,
    /// Of each recording: words, and words to meaning.
    decode_ms: Vec<f64>,
    meaning_ms: Vec<f64>,
    commands: Waited,
    answers: Waited,
    right: usize,
    before_kib: i64,
    after_kib: i64,
    peak_kib: i64,
}

/// A recording and what is right.
struct Said {
    samples: Vec<i16>,
    intent: Intent,
    lines: Vec<Wanted>,
}

/// Recordings, the catalogue that they are about, and where they are from.
struct Material {
    catalog: Catalog,
    said: Vec<Said>,
    from: String,
}

pub fn print() {
    let Material { said, from, .. } = material();
    let seconds: f64 = said.iter().map(|said| said.samples.len() as f64 / f64::from(RATE_HZ)).sum();
    println!("Speech to text: {} recordings, {seconds:.0} s, {from}. The work alone:", said.len());
    let mut rows = table(&[
        "engine",
        "start",
        "of real time",
        "words and meaning, p50",
        "p95",
        "memory",
        "of it the engine",
        "peak",
        "right",
    ]);
    let mut live = table(&["engine", "what", "voice to intent, p50", "p95", "end to intent, p50", "p95"]);
    let mut left_out = Vec::new();
    // One that hears by script hears nothing; one has a switch that changes what it costs.
    let names = stt::ENGINES.iter().map(|engine| engine.name).filter(|name| *name != "scripted");
    let names = names.chain(["pocketsphinx+noise_removal"]);
    for name in names {
        match in_its_own_process::<Measured>(&["hear", name]) {
            Ok(measured) => {
                rows.add_row(row(name, &measured));
                for (what, waited) in [("commands", &measured.commands), ("answers", &measured.answers)] {
                    live.add_row([vec![name.to_owned(), what.to_owned()], waited.cells()].concat());
                }
            }
            Err(why) => left_out.push(format!("{name} is left out: {why}")),
        }
    }
    println!("{rows}");
    println!(
        "\nWaited for in real time: {} of the recordings, and {} answers by espeak-ng.",
        said.len().div_ceil(EVERY_LIVE),
        ANSWERS.len() * VOICES.len()
    );
    println!("{live}");
    left_out.iter().for_each(|line| println!("{line}"));
}

fn row(name: &str, measured: &Measured) -> Vec<String> {
    let work: Vec<f64> = measured.decode_ms.iter().zip(&measured.meaning_ms).map(|(a, b)| a + b).collect();
    let factor = measured.decode_ms.iter().sum::<f64>() / measured.sound_ms;
    vec![
        name.to_owned(),
        format!("{:.0} ms", measured.start_ms),
        format!("{factor:.3}"),
        format!("{:.0} ms", part(&work, 0.5)),
        format!("{:.0} ms", part(&work, 0.95)),
        mib(measured.after_kib),
        mib(measured.after_kib - measured.before_kib),
        mib(measured.peak_kib),
        format!("{} of {}", measured.right, measured.decode_ms.len()),
    ]
}

/// One engine, in this process.
pub fn measure(name: &str) -> Result<Measured, String> {
    let (engine, noise_removal) = name.split_once('+').map_or((name, false), |(engine, _)| (engine, true));
    let Material { catalog, said, .. } = material();
    let understanding = Understanding::new(catalog);
    let grammar = understanding.grammar(Lang::En, &Expect::Command);
    let before_kib = memory_kib("self", "VmRSS:");
    let setup = Setup { noise_removal, ..setup() };
    let (opened, start_ms) = timed(|| -> anyhow::Result<_> {
        let mut engine = stt::open_one(engine, &setup)?;
        engine.prepare(KEY, &grammar)?;
        Ok(engine)
    });
    let mut engine = opened.map_err(|why| format!("{why:#}"))?;
    let (mut decode_ms, mut meaning_ms, mut right) = (vec![], vec![], 0);
    for said in &said {
        let (nbest, ms) = timed(|| engine.transcribe(KEY, &said.samples, NBEST));
        decode_ms.push(ms);
        let text = nbest.map_err(|why| format!("{why:#}"))?.swap_remove(0).text;
        let (parse, ms) = timed(|| understanding.parse(&text, Lang::En, &Expect::Command, &|_| false));
        meaning_ms.push(ms);
        right += usize::from(parse.intent == said.intent && Wanted::all_of(&parse) == said.lines);
    }
    let (after_kib, peak_kib) = (memory_kib("self", "VmRSS:"), memory_kib("self", "VmHWM:"));
    let mut live = Live::new(engine, understanding);
    let commands = live.hear(said.iter().step_by(EVERY_LIVE).map(|said| &said.samples[..]), &Expect::Command);
    let espeak = espeak();
    let answers: Vec<Vec<i16>> =
        ANSWERS.iter().flat_map(|text| VOICES.map(|voice| spoken(&espeak, text, voice))).collect();
    let answers = live.hear(answers.iter().map(|sound| &sound[..]), &Expect::Confirm);
    Ok(Measured {
        start_ms,
        sound_ms: said.iter().map(|said| said.samples.len() as f64 / 16.0).sum(),
        decode_ms,
        meaning_ms,
        commands,
        answers,
        right,
        before_kib,
        after_kib,
        peak_kib,
    })
}

fn setup() -> Setup {
    let mut setup = Setup {
        vosk_library: Path::new(env!("CARGO_MANIFEST_DIR")).join("runtime/vosk/libvosk.so"),
        ..Setup::default()
    };
    if let Some(models) = std::env::var_os("TENDERO_MODELS") {
        setup.models = models.into();
    }
    if let Some(library) = std::env::var_os("TENDERO_VOSK_LIBRARY") {
        setup.vosk_library = library.into();
    }
    setup
}

fn material() -> Material {
    let dir = std::env::var_os("TENDERO_SPEECH_DIR").map_or_else(|| "../shared/speech".into(), PathBuf::from);
    let cafe = dir.join("cafe");
    if cafe.join("labels.jsonl").is_file() { of_people(&cafe) } else { of_espeak() }
}

/// The café orders of the public speech-to-intent benchmark.
fn of_people(cafe: &Path) -> Material {
    let text = std::fs::read_to_string(cafe.join("cafe.json")).expect("it is there");
    let catalog = Catalog::from_json(&text).expect("a valid catalogue");
    let labels = speech::labels(cafe).expect("labels of recordings");
    let said = labels.into_iter().step_by(EVERY).map(|Label { audio, intent, lines, .. }| Said {
        samples: read_file(&cafe.join(audio)).expect("a recording"),
        intent,
        lines,
    });
    let said = said.collect();
    Material { catalog, said, from: format!("people who order coffee ({}, one in {EVERY})", cafe.display()) }
}

/// What is right is what the parser makes of the text.
fn of_espeak() -> Material {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/demo/catalog.json")).expect("it is there");
    let catalog = Catalog::from_json(&text).expect("a valid catalogue");
    let understanding = Understanding::new(catalog.clone());
    let espeak = espeak();
    let mut said = Vec::new();
    for text in SENTENCES {
        let parse = understanding.parse(text, Lang::En, &Expect::Command, &|_| false);
        for voice in VOICES {
            said.push(Said {
                samples: spoken(&espeak, text, voice),
                intent: parse.intent,
                lines: Wanted::all_of(&parse),
            });
        }
    }
    let from =
        "espeak-ng's voices, since TENDERO_SPEECH_DIR has no recordings of people: no word on accuracy".to_owned();
    Material { catalog, said, from }
}

fn espeak() -> Espeak {
    Espeak::open().expect("scripts/setup.sh test installs espeak-ng")
}

/// One of espeak-ng's voices in a quiet room.
fn spoken(espeak: &Espeak, text: &str, voice: &str) -> Vec<i16> {
    let (rate_hz, samples) = espeak.synthesise(text, voice, 150, 50).expect("a sentence can be spoken");
    let mut sound = vec![0; 4_800];
    sound.extend(rate::to_16k(&samples, rate_hz).expect("a usual rate"));
    sound.extend([0; 4_800]);
    room(&mut sound);
    sound
}

/// A soft noise over all of it: no microphone gives zeros.
pub fn room(sound: &mut [i16]) {
    let mut chance: u32 = 1;
    for sample in sound {
        chance = chance.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        *sample = sample.saturating_add(((chance >> 27) as i16) - 16);
    }
}
