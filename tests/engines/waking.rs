//! Wake words: what [`Wake`] promises, for each engine.

use crate::sounds::{noises, odd};
use crate::table::{self, Tried};
use tendero::hear::wake::Wake;
use tendero::hear::wake::openwakeword::{HeadModel, OpenWakeWord, THRESHOLD};
use tendero::hear::wake::scripted::Scripted;
use tendero::hear::{HOP, Hop};

struct Subject {
    engine: &'static str,
    installed_by_setup: bool,
    open: fn() -> Result<Box<dyn Wake>, String>,
    /// It listens; else it fires where its script says.
    listens: bool,
    on: &'static str,
    not_proven: &'static str,
}

const SUBJECTS: &[Subject] = &[
    Subject {
        engine: "OpenWakeWord",
        installed_by_setup: true,
        open: || {
            let models = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("runtime/wake");
            let engine = OpenWakeWord::open(&models, HeadModel::HeyTendero, THRESHOLD);
            engine.map(|engine| Box::new(engine) as Box<dyn Wake>).map_err(|why| format!("{why:#}"))
        },
        listens: true,
        on: "runtime/wake and the head that is built in, espeak-ng's voices",
        not_proven: "how often people are missed",
    },
    Subject {
        engine: "Scripted",
        installed_by_setup: true,
        open: || Ok(Box::new(Scripted::at([3]))),
        listens: false,
        on: "a script",
        not_proven: "nothing more: it looks at no sample",
    },
];

#[test]
fn every_wake_word_engine_keeps_what_the_trait_promises() {
    let there = table::implementors("hear/wake", "Wake");
    let named: Vec<&str> = SUBJECTS.iter().map(|subject| subject.engine).collect();
    table::covers("src/hear/wake", &there.iter().map(String::as_str).collect::<Vec<_>>(), &named);
    let rows: Vec<Tried> = SUBJECTS.iter().map(tried).collect();
    table::print("wake word", &rows);
}

fn tried(subject: &Subject) -> Tried {
    let mut engine = match (subject.open)() {
        Ok(engine) => engine,
        Err(why) => return Tried::left_out(subject.engine, why, subject.installed_by_setup),
    };
    let mut proven = "scores, odd sounds".to_owned();
    for (what, samples) in odd() {
        // A script fires for whatever sound comes.
        assert!(!subject.listens || fired(engine.as_mut(), &samples).is_empty(), "{}: {what}", subject.engine);
    }
    if subject.listens {
        rejects_what_is_not_the_word(engine.as_mut(), subject.engine);
        #[cfg(feature = "espeak")]
        {
            fires_once_for_each_word(engine.as_mut(), subject.engine);
            forgets_what_was_before_a_reset(engine.as_mut(), subject.engine);
            proven += ", no noise, no other speech, each word once, nothing over a reset";
        }
    }
    Tried { engine: subject.engine.into(), on: Ok(subject.on.into()), proven, not_proven: subject.not_proven.into() }
}

fn hops(samples: &[i16]) -> impl Iterator<Item = Hop> + '_ {
    samples.chunks(HOP).map(|chunk| {
        let mut hop = [0; HOP];
        hop[..chunk.len()].copy_from_slice(chunk);
        hop
    })
}

/// The scores that it reports in this sound, from a quiet room on.
fn fired(engine: &mut dyn Wake, samples: &[i16]) -> Vec<f32> {
    engine.reset();
    let scores: Vec<f32> = hops(samples).filter_map(|hop| engine.push(&hop)).collect();
    assert!(scores.iter().all(|score| (0.0..=1.0).contains(score)), "{scores:?}");
    scores
}

fn rejects_what_is_not_the_word(engine: &mut dyn Wake, name: &str) {
    for (what, samples) in noises() {
        let scores = fired(engine, &samples);
        assert!(scores.is_empty(), "{name}: {what}: {scores:?}");
    }
    #[cfg(feature = "espeak")]
    for text in [
        "the weather of today and of tomorrow, and then the news from all over the world",
        "good morning, did you sleep well? there is coffee in the kitchen",
        "a hand on the tender shoulder of the day",
    ] {
        for voice in ["en-us", "en-us+f2"] {
            let scores = fired(engine, &crate::sounds::spoken(text, voice, 160));
            assert!(scores.is_empty(), "{name}, {voice}: {text}: {scores:?}");
        }
    }
}

#[cfg(feature = "espeak")]
const VOICES: [&str; 4] = ["en-us+f3", "en+f4", "en-us+m7", "en-us"];

#[cfg(feature = "espeak")]
fn fires_once_for_each_word(engine: &mut dyn Wake, name: &str) {
    for voice in VOICES {
        let once = crate::sounds::spoken("hey tendero", voice, 150);
        assert_eq!(fired(engine, &once).len(), 1, "{name}, {voice}");
        // With a command behind it, and again after four seconds of room.
        let with = crate::sounds::spoken("hey tendero, the toothbrush heads ran out", voice, 150);
        let room = crate::sounds::white(4.0, 12, 8);
        let both = [with.clone(), room, with].concat();
        assert_eq!(fired(engine, &both).len(), 2, "{name}, {voice}, twice");
        assert_eq!(fired(engine, &once).len(), 1, "{name}, {voice}, once more");
    }
}

/// The first part of the word, a gap of which nothing was heard, and the rest: nobody has said it.
#[cfg(feature = "espeak")]
fn forgets_what_was_before_a_reset(engine: &mut dyn Wake, name: &str) {
    for voice in VOICES {
        let word = crate::sounds::spoken("hey tendero", voice, 150);
        let middle = word.len() / 2 / HOP * HOP;
        engine.reset();
        let before: Vec<f32> = hops(&word[..middle]).filter_map(|hop| engine.push(&hop)).collect();
        assert!(before.is_empty(), "{name}, {voice}: half a word: {before:?}");
        engine.reset();
        let after: Vec<f32> = hops(&word[middle..]).filter_map(|hop| engine.push(&hop)).collect();
        assert!(after.is_empty(), "{name}, {voice}: the other half: {after:?}");
    }
}
