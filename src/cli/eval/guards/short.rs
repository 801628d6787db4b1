//! A known reorder takes two turns of the household and less than twenty seconds: from the first sound of the wake word to
//! the first sound of "noted".
//!
//! Speech is as long as the synthesiser makes it, the household's and the speaker's; people pause half a second. What the
//! recogniser and the shop take is taken from their benchmarks, since this must come out the same on every machine.

use super::home::{ANSWER_TRAIL_MS, COMMAND_TRAIL_MS, Common, Home, SETTLING_MS, SHOP_MS, Utterance};
use super::sound::Voices;
use super::{Goal, REGULARS, Row};
use crate::chance::Chance;
use crate::decide::policy::Policy;
use crate::decide::reply::Reply;
use crate::understand::Lang;

/// Each regular product is asked for so often in each language.
const EACH: u32 = 4;
const MOST_MS: u64 = 20_000;
/// From the end of the endpoint's silence to the words (`make bench`, PocketSphinx: 0.56 s on the machine it was built on).
const RECOGNISED_MS: u64 = 600;
/// Until somebody begins to answer.
const REACTION_MS: u64 = 500;

pub fn row(common: &Common, voices: Option<&Voices>, chance: &mut Chance, tick: &dyn Fn()) -> anyhow::Result<Row> {
    let cases: Vec<(Lang, &str)> =
        Lang::ALL.into_iter().flat_map(|lang| REGULARS.into_iter().map(move |sku| (lang, sku))).collect();
    let count = u32::try_from(cases.len())? * EACH;
    let mut row = Row::new("known reorders that take more than two turns or 20 s", Goal::None, count);
    let Some(voices) = voices else {
        row.judged_by = "not judged: install espeak-ng";
        return Ok(row);
    };
    row.judged_by = "sound and words";
    let mut all_ms = vec![];
    for (lang, sku) in cases {
        for _ in 0..EACH {
            let took = reorder(common, voices, lang, sku, &mut Chance::new(chance.next()))?;
            all_ms.extend(took.as_ref().map(|(took_ms, _)| *took_ms));
            match took {
                Some((took_ms, _)) if took_ms < MOST_MS => {}
                Some((took_ms, said)) => row.wrong(format!("{:.1} s: {said}", took_ms as f64 / 1e3)),
                None => row.wrong(format!("{sku} in {lang}: not held after two turns")),
            }
            tick();
        }
    }
    all_ms.sort_unstable();
    row.needs = u32::try_from(all_ms.len())?;
    let at = |part: usize| all_ms.get(all_ms.len().saturating_sub(1) * part / 100).copied().unwrap_or(0);
    row.arose(
        &format!(
            "held, the middle one after {:.1} s, the longest after {:.1} s",
            at(50) as f64 / 1e3,
            at(100) as f64 / 1e3
        ),
        row.needs,
    );
    Ok(row)
}

/// Milliseconds and the read-back, or `None` if the second turn did not order.
fn reorder(
    common: &Common,
    voices: &Voices,
    lang: Lang,
    sku: &str,
    chance: &mut Chance,
) -> anyhow::Result<Option<(u64, String)>> {
    let person = usize::try_from(chance.next() % 64)?;
    let (request, _) = super::order_words(common, sku, lang, chance);
    let mut home = Home::new(common, lang, Policy::default(), &REGULARS, Chance::new(chance.next()));
    home.request(Utterance::of_person(&request, chance));
    home.settle();
    let Some(read_back) = home.read_back().map(|said| said.sentence.clone()) else { return Ok(None) };
    let phrase = super::phrase_for(&home, chance);
    home.reply(Utterance::of_person(&phrase, chance));
    home.run_for(2_000);
    if !matches!(home.said.last().map(|said| &said.reply), Some(Reply::Held { .. })) {
        return Ok(None);
    }
    let asks_ms = voices.say(&format!("hey tendero, {request}"), lang, person, chance)?.len() / 16;
    let answers_ms = voices.say(&phrase, lang, person, chance)?.len() / 16;
    let spoken_ms = u64::try_from(asks_ms + answers_ms)? + voices.speaker_ms(&read_back, lang)?;
    let waits_ms = COMMAND_TRAIL_MS + SHOP_MS + SETTLING_MS + REACTION_MS + ANSWER_TRAIL_MS + 2 * RECOGNISED_MS;
    Ok(Some((spoken_ms + waits_ms, read_back)))
}
