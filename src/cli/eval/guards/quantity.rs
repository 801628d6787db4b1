//! Thirteen to nineteen against thirty to ninety: the recogniser takes one for the other, and somebody listens to
//! the read-back and answers as a person who wants the right one.
//!
//! What would make this row fail: a read-back that does not say the quantity that is then ordered, or one that is
//! changed by a correction that is misheard again and not read back. The person knows only the sentence, never the
//! order: it says the phrase where the sentence has its number, and corrects where it has the other one.

use super::home::{Common, Home, Utterance};
use super::{Goal, Row};
use crate::chance::Chance;
use crate::decide::policy::Policy;
use crate::understand::Lang;

/// What is ordered by the dozen.
pub const SKU: &str = "milk-whole-1l";
/// Corrections before the person gives up.
const PATIENCE: usize = 3;

/// 13 to 19, and what each is mistaken for.
const EN: [(&str, &str); 7] = [
    ("thirteen", "thirty"),
    ("fourteen", "forty"),
    ("fifteen", "fifty"),
    ("sixteen", "sixty"),
    ("seventeen", "seventy"),
    ("eighteen", "eighty"),
    ("nineteen", "ninety"),
];
const ES: [(&str, &str); 7] = [
    ("trece", "treinta"),
    ("catorce", "cuarenta"),
    ("quince", "cincuenta"),
    ("dieciséis", "sesenta"),
    ("diecisiete", "setenta"),
    ("dieciocho", "ochenta"),
    ("diecinueve", "noventa"),
];
const RO: [(&str, &str); 7] = [
    ("treisprezece", "treizeci"),
    ("paisprezece", "patruzeci"),
    ("cincisprezece", "cincizeci"),
    ("șaisprezece", "șaizeci"),
    ("șaptesprezece", "șaptezeci"),
    ("optsprezece", "optzeci"),
    ("nouăsprezece", "nouăzeci"),
];

#[derive(Clone, Copy)]
struct Number {
    value: u32,
    word: &'static str,
}

struct Case {
    lang: Lang,
    meant: Number,
    other: Number,
    misheard: bool,
    /// The other number is among what the recogniser also considered.
    in_nbest: bool,
}

#[derive(Default)]
struct Outcome {
    read_back: bool,
    read_wrong: bool,
    corrected: u32,
    booked: Option<u32>,
}

pub fn row(common: &Common, chance: &mut Chance, tick: &dyn Fn()) -> Row {
    let cases: Vec<Case> = (0..10).flat_map(|_| all()).collect();
    let count = u32::try_from(cases.len()).expect("a few hundred");
    let mut row = Row::new("wrong quantities after read-back, 13-19 against 30-90", Goal::None, count);
    let (mut misheard, mut read, mut corrected, mut right, mut none) = (0, 0, 0, 0, 0);
    for case in cases {
        let outcome = case.play(common, Chance::new(chance.next()));
        misheard += u32::from(outcome.read_wrong);
        read += u32::from(outcome.read_back);
        corrected += outcome.corrected;
        match outcome.booked {
            Some(qty) if qty == case.meant.value => right += 1,
            Some(qty) => row.wrong(format!("{} meant, {qty} ordered ({})", case.meant.word, case.lang)),
            None => none += 1,
        }
        tick();
    }
    row.arose("were read back", read);
    row.arose("with the wrong number", misheard);
    row.arose("corrections", corrected);
    row.arose("ended with the right one", right);
    row.arose("with none", none);
    row.needs = misheard.min(right);
    row
}

fn all() -> Vec<Case> {
    let mut out = vec![];
    for (lang, words) in [(Lang::En, EN), (Lang::Es, ES), (Lang::Ro, RO)] {
        for (at, (teen, ten)) in (0..).zip(words) {
            let (teen, ten) = (Number { value: 13 + at, word: teen }, Number { value: 30 + 10 * at, word: ten });
            for (meant, other) in [(teen, ten), (ten, teen)] {
                for (misheard, in_nbest) in [(true, false), (true, true), (false, true)] {
                    out.push(Case { lang, meant, other, misheard, in_nbest });
                }
            }
        }
    }
    out
}

impl Case {
    fn play(&self, common: &Common, mut chance: Chance) -> Outcome {
        let mut home = Home::new(common, self.lang, generous(), &[SKU], Chance::new(chance.next()));
        let mut outcome = Outcome::default();
        let packs = |word: &str| match self.lang {
            Lang::En => format!("order {word} packs of milk"),
            Lang::Es => format!("pide {word} paquetes de leche"),
            Lang::Ro => format!("comandă {word} pachete de lapte"),
        };
        let (heard, also) = if self.misheard { (self.other, self.meant) } else { (self.meant, self.other) };
        let mut request = Utterance::of_person(&packs(heard.word), &mut chance);
        if self.in_nbest {
            request = request.or(&packs(also.word), chance.float(0.01, 0.14));
        }
        home.request(request);
        home.settle();
        for _ in 0..=PATIENCE {
            let Some(said) = home.read_back() else { break };
            outcome.read_back = true;
            let sentence = said.sentence.clone();
            if says(&sentence, self.meant.value) && !says_packs_of(&sentence, self.other.value) {
                let phrase = super::phrase_for(&home, &mut chance);
                home.reply(Utterance::of_person(&phrase, &mut chance));
                break;
            }
            outcome.read_wrong = true;
            if chance.in_100(20) {
                home.reply(Utterance::of_person(super::no(self.lang), &mut chance));
                break;
            }
            outcome.corrected += 1;
            // The recogniser mistakes it again now and then.
            let word = if chance.in_100(25) { self.other.word } else { self.meant.word };
            let text = correction(self.lang, word, &mut chance);
            home.reply(Utterance::of_person(&text, &mut chance));
            home.run_for(500);
            home.settle();
        }
        home.run_for(20_000);
        outcome.booked = home.orders.values().next().map(|order| order.quote.lines.iter().map(|line| line.qty).sum());
        outcome
    }
}

fn correction(lang: Lang, word: &str, chance: &mut Chance) -> String {
    let templates: &[&str] = match lang {
        Lang::En => &["make it {}", "{}", "no {}", "no make it {}", "i said {}", "change it to {}"],
        Lang::Es => &["que sean {}", "{}", "no {}", "mejor {}", "he dicho {}", "pon {}"],
        Lang::Ro => &["fă-le {}", "{}", "nu {}", "mai bine {}", "am zis {}", "pune {}"],
    };
    chance.pick(templates).replace("{}", word)
}

/// Has the sentence this number as a figure of its own?
fn says(sentence: &str, number: u32) -> bool {
    sentence.split(|c: char| !c.is_ascii_digit()).any(|figure| figure.parse() == Ok(number))
}

/// The number stands before what the packs are called: "50 packs of", "50 de pachete de". A price and the reason for
/// the question ("15 is easily misheard") may hold it, too.
fn says_packs_of(sentence: &str, number: u32) -> bool {
    let packs = ["packs", "paquetes", "de pachete", "pachete"];
    packs.iter().any(|word| sentence.contains(&format!("{number} {word}")))
}

/// Quantities are what is judged here: no cap and no limit may stop them before.
fn generous() -> Policy {
    let much = 10_000_000;
    Policy {
        cap_order_minor: much,
        cap_day_minor: much,
        cap_month_minor: much,
        hard_cap_minor: much,
        ..Policy::default()
    }
}
