//! Recognisers: what [`Stt`] promises, for each row of [`stt::ENGINES`].

use crate::sounds::{click, noises, odd};
use crate::table::{self, Tried};
use std::collections::BTreeSet;
use tempfile::TempDir;
use tendero::decide::event::Hypothesis;
use tendero::decide::policy::Policy;
use tendero::hear::stt::{self, Stt};
use tendero::understand::grammar::Grammar;

/// What is no word of a grammar, where an engine says so.
const UNKNOWN: &str = "[unk]";
const PHRASES: [&str; 3] = ["order milk", "order bread", "order it"];
/// How much the confidence in the same sound may differ after other sounds: PocketSphinx's does, in the fourth decimal.
const DRIFT: f32 = 0.02;
/// For one utterance, on a machine that does much else. No daemon waits so long; it is what "for ever" is here.
const PATIENCE_MS: u64 = 60_000;
const ALL: &str = "order (milk | bread) | order it";
const FEW: &str = "order it";

/// What the suite has to know of an engine.
struct Subject {
    engine: &'static str,
    installed_by_setup: bool,
    /// Hears words of its grammar only.
    by_grammar: bool,
    /// Opens it on a model that is there, and says which; or why it can't.
    open: fn() -> Result<Open, String>,
    /// [`PHRASES`] as sound that this model understands; `None`: it understands nothing that this machine can say.
    say: Option<fn(&str) -> Vec<i16>>,
    /// Why it does not start without its model; `None`: it needs none.
    without_model: Option<fn() -> String>,
    /// Sounds that say nothing about this engine with its model of this suite.
    left_out: &'static [&'static str],
    not_proven: &'static str,
}

struct Open {
    engine: Box<dyn Stt>,
    on: String,
    /// What must stay while it is used.
    _kept: Option<TempDir>,
}

const SUBJECTS: &[Subject] = &[
    #[cfg(feature = "pocketsphinx")]
    Subject {
        engine: "pocketsphinx",
        installed_by_setup: true,
        by_grammar: true,
        open: || {
            let engine = stt::open(&["pocketsphinx".into()]).map_err(|why| format!("{why:#}"))?.stt;
            Ok(Open { engine, on: "Debian's library and pocketsphinx-en-us, espeak-ng's voice".into(), _kept: None })
        },
        #[cfg(feature = "espeak")]
        say: Some(|words| crate::sounds::spoken(words, "en-us", 140)),
        #[cfg(not(feature = "espeak"))]
        say: None,
        without_model: Some(|| {
            use tendero::hear::stt::pocketsphinx::PocketSphinx;
            let model =
                tendero::native::pocketsphinx::Model { hmm: "/nowhere/en-us".into(), dict: "/nowhere/dict".into() };
            format!("{:#}", PocketSphinx::with(&model, false).err().expect("there is no model"))
        }),
        left_out: &[],
        not_proven: "accuracy with people: tests/cafe.rs, `tendero eval speech`",
    },
    #[cfg(feature = "vosk")]
    Subject {
        engine: "vosk",
        // Elsewhere the set-up finds no library and says so.
        installed_by_setup: cfg!(any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "arm")),
        by_grammar: true,
        open: || {
            let library = crate::tones::library().ok_or("scripts/fetch-vosk.sh runtime/vosk was not run")?;
            let dir = tempfile::tempdir().unwrap();
            let archive = crate::tones::archive(dir.path(), |_, bytes| Some(bytes));
            let done = crate::tones::install(dir.path(), &library, &archive);
            assert!(done.status.success(), "{}", crate::process::stderr(&done));
            let engine = crate::tones::open(&crate::tones::setup(dir.path(), &library))?;
            let on = "the real library 0.3.45, a model of tones by tests/vosk/make_model.py".into();
            Ok(Open { engine, on, _kept: Some(dir) })
        },
        say: Some(crate::tones::say),
        without_model: Some(|| {
            let dir = tempfile::tempdir().unwrap();
            crate::tones::open(&crate::tones::setup(dir.path(), "/nowhere/libvosk.so".as_ref())).err().unwrap()
        }),
        // Five words that loop: where all of them fit alike, there is no end of paths. And a whistle is one of them.
        left_out: &[
            "soft noise",
            "a fan",
            "mains hum",
            "a whistle",
            "each sample against the last",
            "31 s of a quiet room",
        ],
        not_proven: "that a published model loads, its accuracy, long utterances, hum and soft noise",
    },
    #[cfg(feature = "whisper")]
    Subject {
        engine: "whisper",
        installed_by_setup: true,
        by_grammar: false,
        open: || {
            let dir = crate::made::installed(&[]);
            let opened = stt::open_with(&["whisper".into()], &crate::made::setup(dir.path()));
            let engine = opened.map_err(|why| format!("{why:#}"))?.stt;
            let on = "whisper.cpp, a model of random weights by tests/whisper/make_model.py".into();
            Ok(Open { engine, on, _kept: Some(dir) })
        },
        say: None,
        without_model: Some(|| {
            let dir = tempfile::tempdir().unwrap();
            let opened = stt::open_with(&["whisper".into()], &crate::made::setup(dir.path()));
            format!("{:#}", opened.err().expect("there is no model"))
        }),
        // It says two words whatever it hears.
        left_out: &["soft noise", "noise", "loud noise", "a fan", "mains hum", "a whistle"],
        not_proven: "that a published model loads, its accuracy, that it takes noise for nothing",
    },
    Subject {
        engine: "scripted",
        installed_by_setup: true,
        by_grammar: false,
        open: || {
            let engine = stt::open(&["scripted".into()]).map_err(|why| format!("{why:#}"))?.stt;
            Ok(Open { engine, on: "an empty script".into(), _kept: None })
        },
        say: None,
        without_model: None,
        left_out: &[],
        not_proven: "nothing more: it hears nothing",
    },
];

#[test]
fn every_recogniser_keeps_what_the_trait_promises() {
    let compiled: Vec<&str> =
        stt::ENGINES.iter().filter(|engine| engine.compiled()).map(|engine| engine.name).collect();
    let named: Vec<&str> = SUBJECTS.iter().map(|subject| subject.engine).collect();
    table::covers("hear::stt::ENGINES", &compiled, &named);
    let rows: Vec<Tried> = SUBJECTS.iter().map(tried).collect();
    table::print("speech to text", &rows);
}

fn tried(subject: &Subject) -> Tried {
    let Open { engine, on, _kept } = match (subject.open)() {
        Ok(open) => open,
        Err(why) => return Tried::left_out(subject.engine, why, subject.installed_by_setup),
    };
    assert_eq!(engine.name(), subject.engine);
    let mut proven = vec!["grammars and keys", "odd sounds", "noise", "another thread"];
    // It is made in one thread and works in another.
    let (engine, (slowest_ms, slowest)) = std::thread::scope(|scope| {
        let work = scope.spawn(|| {
            // Said once: a voice may say the same in another way.
            let said =
                subject.say.map(|say| PHRASES.map(|phrase| (phrase, say(phrase)))).into_iter().flatten().collect();
            let mut ear = Ear { engine, subject, said, slowest: (0, "nothing".into()) };
            ear.grammars_come_and_go();
            ear.bears_every_sound();
            ear.takes_no_noise_for_words();
            ear.hears_what_was_said();
            ear.hears_the_same_twice();
            ear.hears_no_more_than_its_grammar();
            (ear.engine, ear.slowest)
        });
        work.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    });
    if subject.say.is_some() {
        proven.extend(["words", "n-best", "the same twice", "reuse"]);
    }
    drop(engine);
    if let Some(why) = subject.without_model {
        let why = why();
        let names_a_fix =
            ["apt install", "tendero models", "scripts/", "make setup"].iter().any(|fix| why.contains(fix));
        assert!(names_a_fix && !why.contains('\n'), "{}: {why}", subject.engine);
        proven.push("a missing model is told with what to do");
    }
    let proven = format!("{}; the slowest was {slowest}, {slowest_ms} ms", proven.join(", "));
    Tried { engine: subject.engine.into(), on: Ok(on), proven, not_proven: subject.not_proven.into() }
}

fn grammar(body: &str) -> Grammar {
    let words = body.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty()).map(str::to_owned).collect();
    let jsgf = format!("#JSGF V1.0;\ngrammar g;\npublic <utterance> = {body} | <garbage>;\n");
    Grammar { jsgf, words, ..Grammar::default() }
}

struct Ear<'a> {
    engine: Box<dyn Stt>,
    subject: &'a Subject,
    /// Phrases and their sound; none for an engine that understands nothing that this machine can say.
    said: Vec<(&'static str, Vec<i16>)>,
    /// Milliseconds, and of which sound.
    slowest: (u64, String),
}

impl Ear<'_> {
    /// As [`Stt::transcribe`], which must keep its promises each time.
    fn hear(&mut self, key: &str, what: &str, samples: &[i16], n: usize) -> Vec<Hypothesis> {
        let name = self.subject.engine;
        let began = tendero::clock::Clock::system();
        let nbest = self.engine.transcribe(key, samples, n).unwrap_or_else(|why| panic!("{name}, {what}: {why:#}"));
        let took_ms = began.machine_ms();
        if took_ms > self.slowest.0 {
            self.slowest = (took_ms, what.to_owned());
        }
        assert!(took_ms <= PATIENCE_MS, "{name}, {what}: {took_ms} ms");
        let texts: BTreeSet<&str> = nbest.iter().map(|h| h.text.as_str()).collect();
        assert!(!nbest.is_empty() && nbest.len() <= n.max(1), "{name}, {what}, at most {n}: {nbest:?}");
        assert!(nbest.iter().all(|h| (0.0..=1.0).contains(&h.confidence)), "{name}, {what}: {nbest:?}");
        assert!(
            nbest.windows(2).all(|two| two[0].confidence >= two[1].confidence),
            "{name}, {what}, best first: {nbest:?}"
        );
        assert_eq!(texts.len(), nbest.len(), "{name}, {what}, each text once: {nbest:?}");
        assert!(nbest.len() == 1 || texts.iter().all(|text| !text.is_empty()), "{name}, {what}: {nbest:?}");
        nbest
    }

    fn bearable(&self, sounds: Vec<(&'static str, Vec<i16>)>) -> Vec<(&'static str, Vec<i16>)> {
        sounds.into_iter().filter(|(what, _)| !self.subject.left_out.contains(what)).collect()
    }

    fn prepare(&mut self, key: &str, body: &str) {
        self.engine.prepare(key, &grammar(body)).unwrap_or_else(|why| panic!("{}: {why:#}", self.subject.engine));
    }

    fn grammars_come_and_go(&mut self) {
        let name = self.subject.engine;
        let silence = [0; 16_000];
        let unknown = |ear: &mut Self, key: &str| {
            let why =
                ear.engine.transcribe(key, &silence, 5).expect_err("nothing was prepared under that key").to_string();
            assert!(why.contains(key), "{name}: {why}");
        };
        unknown(self, "first");
        self.engine.forget("first");
        self.prepare("first", ALL);
        self.prepare("second", FEW);
        unknown(self, "third");
        self.hear("first", "silence", &silence, 5);
        self.hear("second", "silence", &silence, 5);
        // Again under the same key, and one that is forgotten beside one that stays.
        self.prepare("first", FEW);
        self.prepare("first", ALL);
        self.engine.forget("second");
        unknown(self, "second");
        self.hear("first", "silence", &silence, 5);
        if self.subject.by_grammar {
            let page = Grammar { jsgf: "<html>".into(), ..Grammar::default() };
            assert!(self.engine.prepare("page", &page).is_err(), "{name} takes a page for a grammar");
            self.hear("first", "silence", &silence, 5);
        }
    }

    fn bears_every_sound(&mut self) {
        self.prepare("first", ALL);
        for (what, samples) in self.bearable(odd()) {
            self.hear("first", what, &samples, 5);
        }
        for n in [0, 1] {
            self.hear("first", "a click", &click(), n);
        }
    }

    /// Less sure than the household is asked again, or nothing at all.
    fn takes_no_noise_for_words(&mut self) {
        self.prepare("first", ALL);
        let unclear = f32::from(Policy::default().min_confidence_permille) / 1000.0;
        for (what, samples) in self.bearable(noises()) {
            let nbest = self.hear("first", what, &samples, 5);
            let best = &nbest[0];
            assert!(best.text.is_empty() || best.confidence < unclear, "{}, {what}: {nbest:?}", self.subject.engine);
        }
    }

    fn hears_what_was_said(&mut self) {
        self.prepare("first", ALL);
        for (phrase, sound) in self.said.clone() {
            for n in [1, 5] {
                let nbest = self.hear("first", phrase, &sound, n);
                assert_eq!(nbest[0].text, phrase, "{}: {nbest:?}", self.subject.engine);
            }
        }
    }

    /// Whatever came in between, and for a second engine's ears, too.
    fn hears_the_same_twice(&mut self) {
        self.prepare("first", ALL);
        let said = self.said.clone();
        let first: Vec<_> = said.iter().map(|(phrase, sound)| self.hear("first", phrase, sound, 5)).collect();
        self.prepare("second", FEW);
        for (what, samples) in self.bearable(noises()).into_iter().take(2) {
            self.hear("second", what, &samples, 5);
            self.hear("first", what, &samples, 5);
        }
        let again: Vec<_> = said.iter().map(|(phrase, sound)| self.hear("first", phrase, sound, 5)).collect();
        let texts = |nbest: &[Hypothesis]| nbest.iter().map(|h| h.text.clone()).collect::<Vec<_>>();
        for (first, again) in first.iter().zip(&again) {
            assert_eq!(texts(first), texts(again), "{}", self.subject.engine);
            let is_as_sure = first.iter().zip(again).all(|(a, b)| (a.confidence - b.confidence).abs() <= DRIFT);
            assert!(is_as_sure, "{}: {first:?} and then {again:?}", self.subject.engine);
        }
    }

    fn hears_no_more_than_its_grammar(&mut self) {
        if !self.subject.by_grammar {
            return;
        }
        for body in [ALL, FEW] {
            self.prepare("first", body);
            let words = grammar(body).words;
            for (phrase, sound) in self.said.clone() {
                for Hypothesis { text, .. } in self.hear("first", phrase, &sound, 5) {
                    let strange = text.split_whitespace().find(|word| *word != UNKNOWN && !words.contains(*word));
                    assert_eq!(strange, None, "{}: \"{text}\" by the grammar {body}", self.subject.engine);
                }
            }
        }
    }
}
