//! Replays: recordings of what the household really said to the device, played to it later.
//!
//! What would make this row fail: a recording that the fingerprints do not recognise, in a room with noise and
//! echoes, and then only the guards that judge words stand in its way. Each conversation is spoken live first, by one
//! of six voices in three languages, and must lead to an order; then the same sound is played in another room.

use super::home::{Common, DAY_MS, Home, Utterance};
use super::sound::{self, ROOMS, Room, Voices};
use super::{REGULARS, Row};
use crate::chance::Chance;
use crate::decide::policy::Policy;
use crate::hear::fingerprint::Known;
use crate::hear::fingerprint::book::Book;
use crate::hear::fingerprint::memory::Memory;
use crate::understand::Lang;

/// Replays of one conversation.
const EACH: u32 = 10;

/// Two in five are played in a quiet room, as somebody would who means it.
pub fn room(chance: &mut Chance) -> Room {
    if chance.in_100(40) { Room::Quiet } else { *chance.pick(&ROOMS) }
}

/// How it is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manner {
    /// Request and confirmation, each at its time.
    Whole,
    /// The confirmation, into a read-back that somebody in the room asked for, who then says nothing.
    Confirmation,
}

#[derive(Default)]
struct Tally {
    genuine: u32,
    spoken: u32,
    whole: u32,
    into_read_back: u32,
    met_microphone: u32,
    recognised: u32,
}

pub fn row(
    common: &Common,
    voices: Option<&Voices>,
    cases: u32,
    policy: &Policy,
    chance: &mut Chance,
    tick: &dyn Fn(),
) -> anyhow::Result<Row> {
    let name = "orders from replays of genuine confirmations";
    let mut row = Row::none_or_compare(policy, name, "a fifth of the replays with random_words = false", cases);
    let mut tally = Tally::default();
    let Some(voices) = voices else {
        row.judged_by = "not judged: install espeak-ng";
        return Ok(row);
    };
    row.judged_by = "sound";
    let mut left = cases;
    while left > 0 {
        let now = left.min(EACH);
        conversation(common, voices, policy, now, Chance::new(chance.next()), &mut tally, &mut row)?;
        left -= now;
        (0..now).for_each(|_| tick());
    }
    row.arose(&format!("of {} genuine ones ordered", tally.spoken), tally.genuine);
    row.arose("whole conversations", tally.whole);
    row.arose("into another's read-back", tally.into_read_back);
    row.arose("met the open microphone", tally.met_microphone);
    row.arose("recognised as recordings", tally.recognised);
    // Most that was spoken live must have ordered: fingerprints that take everybody for a recording are no guard.
    row.needs = tally.met_microphone.min((tally.genuine * 100).saturating_sub(tally.spoken * 90));
    Ok(row)
}

/// Somebody orders; then it is played `replays` times, minutes, hours and days later.
fn conversation(
    common: &Common,
    voices: &Voices,
    policy: &Policy,
    replays: u32,
    mut chance: Chance,
    tally: &mut Tally,
    row: &mut Row,
) -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let lang = *chance.pick(&Lang::ALL);
    let sku = *chance.pick(&REGULARS);
    let (request, _) = super::order_words(common, sku, lang, &mut chance);
    let person = usize::try_from(chance.next() % 64).expect("below 64");
    let asked = voices.say(&format!("hey tendero, {request}"), lang, person, &mut chance)?;
    let mut home = Home::new(common, lang, policy.clone(), &REGULARS, Chance::new(chance.next()));
    home.known = Some(Known::new(&Book::default(), Some(Memory::open(dir.path(), Some(home.unix_ms()))?)));
    home.request(said(&request, sound::live(&asked, &mut chance), &mut chance));
    home.settle();
    let phrase = super::phrase_for(&home, &mut chance);
    let confirmed = voices.say(&phrase, lang, person, &mut chance)?;
    home.reply(said(&phrase, sound::live(&confirmed, &mut chance), &mut chance));
    home.run_for(60_000);
    tally.spoken += 1;
    tally.genuine += u32::from(home.orders.len() == 1);
    for _ in 0..replays {
        // Minutes, hours, days: always in the evening hours or at night.
        let later_ms = match chance.next() % 3 {
            0 => chance.between(1, 20) * 60_000,
            1 => chance.between(1, 3) * 3_600_000,
            _ => chance.between(1, 9) * DAY_MS,
        };
        home.run_for(later_ms);
        let manner = if chance.in_100(50) { Manner::Whole } else { Manner::Confirmation };
        let room = room(&mut chance);
        let before = home.orders.len();
        match manner {
            Manner::Whole => {
                tally.whole += 1;
                let sound = sound::played(&asked, room, &mut chance);
                home.request(said(&request, sound, &mut chance));
            }
            Manner::Confirmation => {
                tally.into_read_back += 1;
                let other = *chance.pick(&REGULARS);
                let (request, _) = super::order_words(common, other, lang, &mut chance);
                let voice = voices.say(&format!("hey tendero, {request}"), lang, person + 1, &mut chance)?;
                home.request(said(&request, sound::live(&voice, &mut chance), &mut chance));
            }
        }
        home.settle();
        home.run_for(400);
        let sound = sound::played(&confirmed, room, &mut chance);
        let known = home.known.as_mut().is_some_and(|known| known.playback(&sound).is_some());
        tally.recognised += u32::from(known);
        tally.met_microphone += u32::from(home.answer(said(&phrase, sound, &mut chance)));
        home.run_for(60_000);
        if home.orders.len() > before {
            row.wrong(format!("\"{phrase}\" ({manner:?}, {room:?}, {} min later)", later_ms / 60_000));
        }
    }
    Ok(())
}

fn said(text: &str, sound: crate::hear::fingerprint::index::Query, chance: &mut Chance) -> Utterance {
    Utterance { sound: Some(sound), ..Utterance::of_person(text, chance) }
}
