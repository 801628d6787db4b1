//! The two random words of a challenge, through the real recogniser: whoever was asked can say them, and whoever says
//! other words, fewer, or none is not taken for one who did.
//!
//! Synthetic voices in a room with white noise 30 dB under them. English, since PocketSphinx's model is English.
//! The bare phrase where no words are asked for stands beside it, since it is what the words are added to.
//! `TENDERO_SHOW=1` prints what was heard.
#![cfg(all(feature = "pocketsphinx", feature = "espeak"))]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says where")]

#[path = "support/rng.rs"]
mod rng;

use rng::Rng;
use tendero::hear::source::rate;
use tendero::hear::stt::{self, Stt};
use tendero::native::espeak::Espeak;
use tendero::understand::catalog::Catalog;
use tendero::understand::grammar::Expect;
use tendero::understand::intent::Intent;
use tendero::understand::{Lang, Understanding, random_words};

const ROUNDS: usize = 24;
const VOICES: [&str; 4] = ["en-us", "en-us+f2", "en-us+m3", "en-us+m7"];

/// What is said to an open challenge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    Asked,
    /// Two other words, as in a recording of another confirmation.
    Others,
    /// The first of them, and another.
    Half,
    Swapped,
    PhraseAlone,
}

const WRONG: [Answer; 4] = [Answer::Others, Answer::Half, Answer::Swapped, Answer::PhraseAlone];

struct Listener {
    espeak: Espeak,
    stt: Box<dyn Stt>,
    understanding: Understanding,
    rng: Rng,
}

impl Listener {
    fn open() -> Listener {
        let espeak = Espeak::open().expect("espeak-ng is installed: scripts/setup.sh test");
        let stt = stt::open(&["pocketsphinx".into()]).expect("PocketSphinx is installed: scripts/setup.sh test").stt;
        let catalog = Catalog::from_json(include_str!("../demo/catalog.json")).unwrap();
        Listener { espeak, stt, understanding: Understanding::new(catalog), rng: Rng::new(1907) }
    }

    fn pair(&mut self) -> Vec<String> {
        let list = random_words::of(Lang::En);
        let first = self.rng.index(list.len());
        let second = (first + 1 + self.rng.index(list.len() - 1)) % list.len();
        vec![list[first].to_owned(), list[second].to_owned()]
    }

    /// Is `said` taken for the confirmation, with the words that were asked for if there are any?
    fn takes(&mut self, asked: &[String], said: &str) -> bool {
        let expect = match asked {
            [] => Expect::Confirm,
            _ => Expect::Challenge { words: asked.to_vec() },
        };
        let grammar = self.understanding.grammar(Lang::En, &expect);
        self.stt.prepare("answer", &grammar).unwrap();
        let sound = self.sound(said);
        let nbest = self.stt.transcribe("answer", &sound, 5).unwrap();
        let parse = self.understanding.parse(&nbest[0].text, Lang::En, &expect, &|_| false);
        let taken =
            parse.intent == Intent::Confirm && (asked.is_empty() || random_words::were_said(&nbest[0].text, asked));
        if std::env::var_os("TENDERO_SHOW").is_some() {
            println!(
                "asked {asked:?}, said \"{said}\", heard \"{}\" {:.2}: {taken}",
                nbest[0].text, nbest[0].confidence
            );
        }
        taken
    }

    fn sound(&mut self, text: &str) -> Vec<i16> {
        let voice = *self.rng.pick(&VOICES);
        let pace = 130 + u32::try_from(self.rng.below(40)).unwrap();
        let (rate_hz, samples) = self.espeak.synthesise(text, voice, pace, 50).unwrap();
        let sound: Vec<f32> = samples.iter().map(|&sample| f32::from(sample) / 32_768.0).collect();
        let mut sound = rate::resample_all(&sound, rate_hz).unwrap();
        let power = sound.iter().map(|s| s * s).sum::<f32>() / sound.len() as f32;
        let noise = power.sqrt() * 0.0316 * 3.0_f32.sqrt();
        sound.splice(0..0, std::iter::repeat_n(0.0, 3_200));
        sound.extend(std::iter::repeat_n(0.0, 4_800));
        sound
            .iter()
            .map(|s| {
                rate::to_i16((s * 0.6 + noise * (self.rng.between(0, 2_000) as f32 / 1_000.0 - 1.0)).clamp(-1.0, 1.0))
            })
            .collect()
    }
}

#[test]
fn who_was_asked_can_answer_and_nobody_else() {
    let mut listener = Listener::open();
    let (mut bare, mut right, mut wrong) = (0, 0, [0; WRONG.len()]);
    for _ in 0..ROUNDS {
        let asked = listener.pair();
        bare += usize::from(listener.takes(&[], "order it"));
        right += usize::from(answers(&mut listener, &asked, Answer::Asked));
        for (count, answer) in wrong.iter_mut().zip(WRONG) {
            *count += usize::from(answers(&mut listener, &asked, answer));
        }
    }
    println!("{bare} of {ROUNDS} are taken where no words are asked for");
    println!("{right} of {ROUNDS} with the words that were asked for are taken at the first try");
    for (count, answer) in wrong.iter().zip(WRONG) {
        println!("{count} of {ROUNDS} are taken: {answer:?}");
    }
    assert_eq!(wrong, [0; WRONG.len()]);
    assert!(right * 100 >= ROUNDS * 85, "{right} of {ROUNDS}");
}

fn answers(listener: &mut Listener, asked: &[String], answer: Answer) -> bool {
    let other = loop {
        let other = listener.pair();
        if other.iter().all(|word| !asked.contains(word)) {
            break other;
        }
    };
    let words = match answer {
        Answer::Asked => format!(" {}, {}", asked[0], asked[1]),
        Answer::Others => format!(" {}, {}", other[0], other[1]),
        Answer::Half => format!(" {}, {}", asked[0], other[1]),
        Answer::Swapped => format!(" {}, {}", asked[1], asked[0]),
        Answer::PhraseAlone => String::new(),
    };
    listener.takes(asked, &format!("order it,{words}"))
}
