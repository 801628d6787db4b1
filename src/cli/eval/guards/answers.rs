//! Answers to a read-back: what is no clear yes must not order, and what is one must order at the first try.
//!
//! What would make these rows fail: a parser that takes "I guess so" or "did I order it" for the phrase, and one that
//! misses the phrase with a "please" or an "um". The tables are data (`ambiguous.tsv`, `clean.tsv`), written as
//! people speak, before they were tried.

use super::home::{Common, Home, Utterance};
use super::{Goal, REGULARS, Row};
use crate::chance::Chance;
use crate::decide::policy::Policy;
use crate::understand::Lang;

const AMBIGUOUS: &str = include_str!("ambiguous.tsv");
const CLEAN: &str = include_str!("clean.tsv");
/// Each clean one is said so often: by others, heard with other noise.
const SAYINGS: u32 = 4;

pub fn ambiguous(common: &Common, chance: &mut Chance, tick: &dyn Fn()) -> anyhow::Result<Row> {
    let table = table(AMBIGUOUS)?;
    let count = u32::try_from(table.len())?;
    let mut row = Row::new("ambiguous confirmations accepted", Goal::None, count);
    let mut asked = 0;
    for (lang, text) in table {
        let mut home = asked_home(common, lang, chance);
        asked += u32::from(home.read_back().is_some());
        // Without the words nothing could order, whatever the answer means.
        let text = super::with_words(&home, text);
        home.reply(Utterance::of_person(&text, chance));
        home.run_for(60_000);
        if !home.orders.is_empty() {
            row.wrong(format!("{lang} \"{text}\""));
        }
        tick();
    }
    row.arose("met an open read-back", asked);
    row.needs = (asked * 100).saturating_sub(count * 99);
    Ok(row)
}

pub fn clean(common: &Common, chance: &mut Chance, tick: &dyn Fn()) -> anyhow::Result<Row> {
    let table = table(CLEAN)?;
    let count = u32::try_from(table.len())? * SAYINGS;
    let mut row = Row::new("clean confirmations accepted at the first try", Goal::AtLeast97, count);
    let mut asked = 0;
    for (lang, text) in table {
        for _ in 0..SAYINGS {
            let mut home = asked_home(common, lang, chance);
            asked += u32::from(home.read_back().is_some());
            home.reply(noisy(&super::with_words(&home, text), chance));
            home.run_for(2_000);
            if home.orders.is_empty() {
                row.wrong(format!("{lang} \"{text}\""));
            }
            tick();
        }
    }
    row.arose("met an open read-back", asked);
    row.needs = (asked * 100).saturating_sub(count * 99);
    Ok(row)
}

/// Somebody asked for something that the home buys, and it was read back.
fn asked_home<'a>(common: &'a Common, lang: Lang, chance: &mut Chance) -> Home<'a> {
    let mut home = Home::new(common, lang, Policy::default(), &REGULARS, Chance::new(chance.next()));
    let sku = *chance.pick(&REGULARS);
    let (request, _) = super::order_words(common, sku, lang, chance);
    home.request(Utterance::of_person(&request, chance));
    home.settle();
    home
}

/// The recogniser is less sure now and then, and has other ideas behind its best one: a word left out or said twice.
fn noisy(text: &str, chance: &mut Chance) -> Utterance {
    let mut utterance = Utterance::of_person(text, chance);
    utterance.nbest[0].confidence = chance.float(0.4, 0.97);
    let words: Vec<&str> = text.split(' ').collect();
    if words.len() > 2 && chance.in_100(40) {
        utterance = utterance.or(&words[1..].join(" "), chance.float(0.02, 0.3));
    }
    if chance.in_100(30) {
        utterance = utterance.or(&format!("{} {text}", words[0]), chance.float(0.02, 0.3));
    }
    utterance
}

/// `en<tab>words`; lines that begin with `#` are for people.
fn table(text: &'static str) -> anyhow::Result<Vec<(Lang, &'static str)>> {
    text.lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
        .map(|line| {
            let (lang, words) =
                line.split_once('\t').ok_or_else(|| anyhow::anyhow!("no language in the row \"{line}\""))?;
            Ok((lang.parse().map_err(anyhow::Error::msg)?, words))
        })
        .collect()
}
