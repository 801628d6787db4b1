//! Voices: what [`Tts`] promises, for each row of [`tts::ENGINES`].

use crate::table::{self, Tried};
use tendero::speak::tts::{self, Speech, Tts};
use tendero::understand::Lang;

const SENTENCES: [(Lang, &str); 3] = [
    (Lang::En, "One pack of toothbrush heads, twelve euros ninety-nine in all, delivered on Tuesday."),
    (Lang::Es, "Un paquete de cabezales de cepillo, doce euros con noventa y nueve en total, el martes."),
    (Lang::Ro, "Un pachet de rezerve pentru periuță, doisprezece euro și nouăzeci și nouă în total, marți."),
];
/// Milliseconds for each character of a sentence: a rushed reader, and a very slow one.
const PACE_MS: std::ops::RangeInclusive<f64> = 25.0..=160.0;
/// The most that any character may take, such as one that is read out by its name.
const MOST_MS: u64 = 2_500;
/// What a sentence's samples are on average at least, of 32,768.
const AUDIBLE: f64 = 200.0;

/// What the suite has to know of a voice.
struct Subject {
    engine: &'static str,
    installed_by_setup: bool,
    /// Says nothing, by intention.
    silent: bool,
    langs: &'static [Lang],
    /// The same text is the same sound.
    deterministic: bool,
    on: &'static str,
    not_proven: &'static str,
}

const SUBJECTS: &[Subject] = &[
    #[cfg(feature = "espeak")]
    Subject {
        engine: "espeak",
        installed_by_setup: true,
        silent: false,
        langs: &Lang::ALL,
        // Its flutter goes on from one text to the next.
        deterministic: false,
        on: "Debian's libespeak-ng and its data",
        not_proven: "how it sounds to people",
    },
    #[cfg(feature = "piper")]
    Subject {
        engine: "piper",
        // Elsewhere the set-up finds no library and says so.
        installed_by_setup: cfg!(any(target_arch = "x86_64", target_arch = "aarch64")),
        silent: false,
        langs: &Lang::ALL,
        deterministic: true,
        on: "the real ONNX Runtime and espeak-ng, voices of tones by tests/piper/make_voice.py",
        not_proven: "that a published voice loads, how it sounds, and how long it takes",
    },
    Subject {
        engine: "silent",
        installed_by_setup: true,
        silent: true,
        langs: &Lang::ALL,
        deterministic: true,
        on: "nothing",
        not_proven: "nothing more: it says nothing",
    },
];

/// With what an engine needs at run time, which stays while it is used.
type Opened = (Box<dyn Tts>, Option<tempfile::TempDir>);

fn open(subject: &Subject) -> anyhow::Result<Opened> {
    match subject.engine {
        "piper" => with_voices(),
        name => Ok((tts::open_one(name, &tts::Setup::default())?, None)),
    }
}

/// Voices of tones, one for each language.
fn with_voices() -> anyhow::Result<Opened> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let onnxruntime = root.join("runtime/onnxruntime/libonnxruntime.so");
    anyhow::ensure!(onnxruntime.is_file(), "scripts/fetch-onnxruntime.sh runtime/onnxruntime was not run");
    let dir = tempfile::tempdir()?;
    let mut voices = std::collections::BTreeMap::new();
    for (lang, espeak) in [(Lang::En, "en-us"), (Lang::Es, "es"), (Lang::Ro, "ro")] {
        let mut make = std::process::Command::new("python3");
        make.arg(root.join("tests/piper/make_voice.py")).arg(dir.path()).args([lang.code(), espeak]);
        anyhow::ensure!(make.status()?.success(), "the voice for {lang} could not be made");
        voices.insert(lang, dir.path().join(format!("{}.onnx", lang.code())));
    }
    let setup = tts::Setup { voices, onnxruntime, models: dir.path().join("models"), ..tts::Setup::default() };
    Ok((tts::open_one("piper", &setup)?, Some(dir)))
}

#[test]
fn every_voice_keeps_what_the_trait_promises() {
    let compiled: Vec<&str> =
        tts::ENGINES.iter().filter(|engine| engine.compiled()).map(|engine| engine.name).collect();
    let named: Vec<&str> = SUBJECTS.iter().map(|subject| subject.engine).collect();
    table::covers("speak::tts::ENGINES", &compiled, &named);
    let rows: Vec<Tried> = SUBJECTS.iter().map(tried).collect();
    table::print("text to speech", &rows);
}

fn tried(subject: &Subject) -> Tried {
    let (engine, _kept) = match open(subject) {
        Ok(opened) => opened,
        Err(why) => return Tried::left_out(subject.engine, format!("{why:#}"), subject.installed_by_setup),
    };
    assert_eq!(engine.name(), subject.engine);
    let mut mouth = Mouth { engine, subject };
    mouth.speaks_every_language();
    mouth.says_the_same_again();
    mouth.bears_every_text();
    let langs: Vec<String> = subject.langs.iter().map(Lang::to_string).collect();
    let mut proven = vec![
        format!("sentences in {}", langs.join(", ")),
        "hostile and odd texts".into(),
        "10,000 characters are spoken or refused".into(),
    ];
    proven.push(if subject.deterministic { "the same twice" } else { "as long twice, not the same" }.into());
    Tried {
        engine: subject.engine.into(),
        on: Ok(subject.on.into()),
        proven: proven.join(", "),
        not_proven: subject.not_proven.into(),
    }
}

struct Mouth<'a> {
    engine: Box<dyn Tts>,
    subject: &'a Subject,
}

fn loudness(speech: &Speech) -> f64 {
    let all: f64 = speech.samples.iter().map(|&sample| f64::from(sample).powi(2)).sum();
    (all / speech.samples.len().max(1) as f64).sqrt()
}

impl Mouth<'_> {
    fn say(&mut self, text: &str, lang: Lang) -> Speech {
        let name = self.subject.engine;
        let short: String = text.chars().take(60).collect();
        let speech = self.engine.synthesise(text, lang).unwrap_or_else(|why| panic!("{name}, {short:?}: {why:#}"));
        assert!((8_000..=48_000).contains(&speech.rate_hz), "{name}, {short:?}: {} Hz", speech.rate_hz);
        let most_ms = MOST_MS * (text.chars().count() as u64 + 2);
        assert!(speech.duration_ms() <= most_ms, "{name}, {short:?}: {} ms", speech.duration_ms());
        speech
    }

    fn speaks_every_language(&mut self) {
        for (lang, text) in SENTENCES.iter().filter(|(lang, _)| self.subject.langs.contains(lang)) {
            let speech = self.say(text, *lang);
            if self.subject.silent {
                assert!(speech.samples.iter().all(|sample| *sample == 0));
                continue;
            }
            let pace_ms = speech.duration_ms() as f64 / text.chars().count() as f64;
            assert!(PACE_MS.contains(&pace_ms), "{} in {lang}: {pace_ms:.0} ms a character", self.subject.engine);
            assert!(loudness(&speech) > AUDIBLE, "{} in {lang}: {:.0}", self.subject.engine, loudness(&speech));
            let cut = speech.samples.iter().filter(|sample| sample.unsigned_abs() >= 32_767).count();
            assert!(cut * 100 < speech.samples.len(), "{} in {lang}: {cut} samples cut off", self.subject.engine);
        }
    }

    /// Whatever was said in between, in whatever language.
    fn says_the_same_again(&mut self) {
        let spoken: Vec<_> = SENTENCES.iter().filter(|(lang, _)| self.subject.langs.contains(lang)).collect();
        let first: Vec<Speech> = spoken.iter().map(|(lang, text)| self.say(text, *lang)).collect();
        let again: Vec<Speech> = spoken.iter().map(|(lang, text)| self.say(text, *lang)).collect();
        for (first, again) in first.iter().zip(&again) {
            if self.subject.deterministic {
                assert!(first == again, "{} says it in another way", self.subject.engine);
            } else {
                let (first, again) = (first.duration_ms(), again.duration_ms());
                assert!(first.abs_diff(again) * 5 <= first, "{}: {first} ms and then {again} ms", self.subject.engine);
            }
        }
    }

    /// None ends it, takes for ever, or leaves it unable to speak.
    fn bears_every_text(&mut self) {
        let lang = self.subject.langs[0];
        let long = "milk and bread ".repeat(667);
        let one_word = "a".repeat(10_000);
        for text in [
            "",
            " ",
            "\n\n\t",
            ".",
            "?!...,;:",
            "🍞🥛 🧈",
            "👩‍👩‍👧‍👦",
            "\u{0}milk\u{0}",
            "\u{7}\u{1b}[31mmilk\u{1b}[0m\r",
            "\u{202e}klim\u{200b}\u{feff}",
            "牛乳 молоко γάλα حليب",
            "e\u{301}\u{301}\u{301}\u{301}",
            "<speak><break time=\"3600s\"/>milk</speak>",
            "<audio src=\"/etc/passwd\"/>milk",
            "<mark name=\"x\"/>milk &amp; &#0; &#xffffffff; bread",
            "[[h@l'oU]] [[",
            "%s%n%d {} ${HOME} $(reboot) `reboot` ../../etc/passwd",
            "12345678901234567890 -1 1e999 0x7f 99,99,99",
            &one_word[..200],
        ] {
            self.say(text, lang);
        }
        // No sentence is so long: it may be refused, in one line.
        for text in [&long, &one_word] {
            if let Err(why) = self.engine.synthesise(text, lang) {
                let why = format!("{why:#}");
                assert!(why.contains("characters") && why.lines().count() == 1, "{}: {why}", self.subject.engine);
            } else {
                self.say(text, lang);
            }
        }
        let (lang, sentence) = SENTENCES[0];
        let after = self.say(sentence, lang);
        assert!(self.subject.silent || loudness(&after) > AUDIBLE, "{} has lost its voice", self.subject.engine);
    }
}
