//! When somebody has finished, on sound: one word ends soon, a pause to think cuts nothing. Times are counted in samples
//! of the sound, by where the voice really ends in it; no clock is read.

#![cfg(feature = "espeak")]
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

use tendero::clock::Clock;
use tendero::decide::event::Turn;
use tendero::hear::ears::{EarCommand, EarEvent, Ears};
use tendero::hear::source::rate;
use tendero::hear::stt::scripted::{Script, Scripted};
use tendero::hear::wake::scripted::Scripted as NoWake;
use tendero::hear::{HOP, RATE_HZ};
use tendero::native::espeak::Espeak;
use tendero::understand::Lang;
use tendero::understand::grammar::{Expect, Grammar};

const SECOND: usize = RATE_HZ as usize;
/// From the last sound of a one-word answer to its end, milliseconds.
const SOON_MS: usize = 700;

/// Language, voice and words that are a whole answer.
const ANSWERS: [(Lang, &str, &[&str]); 3] = [
    (Lang::En, "en-us", &["yes", "no", "stop", "cancel", "two"]),
    (Lang::Es, "es", &["sí", "no", "para", "cancela", "dos"]),
    (Lang::Ro, "ro", &["da", "nu", "stop", "anulează", "doi"]),
];
/// What is said before a second of silence, and after it.
const COMMANDS: [(Lang, &str, &str, &str); 3] = [
    (Lang::En, "en-us", "order two packs of", "dishwasher tablets"),
    (Lang::Es, "es", "se nos ha acabado", "el papel de cocina"),
    (Lang::Ro, "ro", "s-a terminat", "detergentul de vase"),
];
const PHRASES: [(Lang, &str, &str, &str); 3] = [
    (Lang::En, "en-us", "order it", "turtle, dinner"),
    (Lang::Es, "es", "haz el pedido", "tortuga, cena"),
    (Lang::Ro, "ro", "comandă acum", "țestoasă, cină"),
];
/// Another speaker each: words a minute and pitch.
const SPEAKERS: [(u32, u32); 3] = [(130, 30), (160, 50), (190, 75)];

/// Without silence at either end.
fn spoken(text: &str, voice: &str, (rate_wpm, pitch): (u32, u32)) -> Vec<i16> {
    let espeak = Espeak::open().expect("espeak-ng is installed: scripts/setup.sh test");
    let (rate_hz, samples) = espeak.synthesise(text, voice, rate_wpm, pitch).unwrap();
    let sound = rate::to_16k(&samples, rate_hz).unwrap();
    let loud = |sample: &i16| sample.unsigned_abs() > 300;
    let (first, last) = (sound.iter().position(loud).unwrap(), sound.iter().rposition(loud).unwrap());
    sound[first..=last].to_vec()
}

/// `parts` with silence around and between them, in a room with a fan 30 dB below the voice, and where each part ends.
/// `lead`: samples before it, so that the hops fall differently each time.
fn scene(parts: &[Vec<i16>], lead: usize, pause: usize) -> (Vec<i16>, Vec<usize>) {
    let (mut sound, mut ends) = (vec![0; lead], vec![]);
    for part in parts {
        sound.extend(part);
        ends.push(sound.len());
        sound.extend(vec![0; pause]);
    }
    sound.extend(vec![0; 3 * SECOND]);
    let (mut chance, mut level): (u32, f32) = (lead as u32, 0.0);
    for sample in &mut sound {
        chance = chance.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        level += 0.1 * ((chance >> 8) as f32 / (1 << 23) as f32 - 1.0 - level);
        *sample = sample.saturating_add((level * 600.0) as i16);
    }
    (sound, ends)
}

/// At which samples an utterance ended.
fn ends(sound: &[i16], lang: Lang, expect: &Expect) -> Vec<usize> {
    let script = Script::default();
    (0..9).for_each(|_| script.say("something"));
    let stt = Box::new(Scripted::new(script));
    let mut ears = Ears::new(Box::new(NoWake::at([])), stt, Box::new(|_, _| Grammar::default()), lang, Clock::system());
    let listen = || EarCommand::Listen { turn: Turn(1), lang, expect: expect.clone(), window_ms: 60_000 };
    ears.command(listen());
    let mut ended = vec![];
    for (at, piece) in sound.chunks_exact(HOP).enumerate() {
        let events = ears.push(&std::array::from_fn(|i| piece[i]));
        if events.iter().any(|event| matches!(event, EarEvent::Heard { .. })) {
            ended.push((at + 1) * HOP);
            // What is left would be an utterance of its own.
            ears.command(listen());
        }
    }
    ended
}

fn ms(samples: usize) -> usize {
    samples * 1_000 / SECOND
}

#[test]
fn an_answer_of_one_word_ends_within_700_ms() {
    let challenge = Expect::Challenge { words: vec!["turtle".into(), "dinner".into()] };
    let mut slowest = 0;
    for (lang, voice, words) in ANSWERS {
        for word in words {
            for (number, speaker) in SPEAKERS.into_iter().enumerate() {
                // Where a phrase and two words are waited for, a "no" need not wait for them; what is said slowly is as
                // long as the phrase.
                let short = *word == words[1] && number > 0;
                for expect in std::iter::once(&Expect::Confirm).chain(short.then_some(&challenge)) {
                    let (sound, true_ends) = scene(&[spoken(word, voice, speaker)], SECOND + 427 * number, 0);
                    let ended = ends(&sound, lang, expect);
                    let [end] = ended[..] else { panic!("{lang} \"{word}\" {speaker:?}: {ended:?}") };
                    assert!(end >= true_ends[0], "{lang} \"{word}\" {speaker:?}: cut off");
                    let late_ms = ms(end - true_ends[0]);
                    println!("{lang} {word} {speaker:?} {late_ms} ms");
                    assert!(late_ms <= SOON_MS, "{lang} \"{word}\" {speaker:?} {expect:?}: {late_ms} ms");
                    slowest = slowest.max(late_ms);
                }
            }
        }
    }
    println!("at the latest {slowest} ms after the word");
}

#[test]
fn a_pause_of_a_second_cuts_nothing() {
    let challenge = Expect::Challenge { words: vec![] };
    for (cases, expect) in [(COMMANDS, &Expect::Command), (PHRASES, &challenge)] {
        for (lang, voice, first, second) in cases {
            for (number, speaker) in SPEAKERS.into_iter().enumerate() {
                let parts = [spoken(first, voice, speaker), spoken(second, voice, speaker)];
                let (sound, true_ends) = scene(&parts, SECOND + 311 * number, SECOND);
                let ended = ends(&sound, lang, expect);
                let [end] = ended[..] else { panic!("{lang} \"{first} ... {second}\" {speaker:?}: cut at {ended:?}") };
                assert!(end > true_ends[1], "{lang} \"{first} ... {second}\" {speaker:?}");
                let late_ms = ms(end - true_ends[1]);
                assert!(late_ms <= 1_500, "{lang} \"{first} ... {second}\" {speaker:?}: {late_ms} ms");
            }
        }
    }
}
