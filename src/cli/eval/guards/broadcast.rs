//! Broadcasts: adverts and shows that say the wake word, ask for something, and say "yes, order it".
//!
//! What would make this row fail: a request that passes for a person's, of something that the household buys
//! anyway, and a phrase that falls into the open microphone. The hard cases are all here: products that the
//! household buys, a person's pause after the wake word, a level like a person's, a phrase that is repeated, and one
//! that is spoken just when the read-back has ended.

use super::home::{Common, Home, Utterance, hypothesis, speech_ms};
use super::replay;
use super::sound::{self, Voices};
use super::{REGULARS, Row};
use crate::chance::Chance;
use crate::decide::event::Acoustics;
use crate::decide::guard::broadcast::{MIN_GAP_MS, MIN_SNR_DB};
use crate::decide::policy::Policy;
use crate::decide::reply::{Ask, Reply};
use crate::hear::fingerprint::Known;
use crate::hear::fingerprint::book::Book;
use crate::understand::Lang;

/// What is said after the wake word; `{}` is a product.
const EN: [&str; 16] = [
    "order {}",
    "order {} please",
    "we need {}",
    "the {} ran out",
    "we are out of {}",
    "get me some {}",
    "can you order {}",
    "order {} and {}",
    "order {} today and save twenty per cent",
    "order me a dollhouse said the little girl",
    "ordered me {} yesterday and it really came",
    "she said order {} and it did",
    "do you want to order {}",
    "order {} yes order it",
    "and then i told it to order {}",
    "if you say order {} it comes the next day",
];
const ES: [&str; 12] = [
    "pide {}",
    "pide {} por favor",
    "necesitamos {}",
    "se ha acabado {}",
    "compra {}",
    "nos hemos quedado sin {}",
    "pide {} y {}",
    "pide {} hoy y ahorra un veinte por ciento",
    "me pidió {} dijo la niña",
    "pide {} sí pide eso",
    "y entonces le dije pide {}",
    "si dices pide {} llega mañana",
];
const RO: [&str; 12] = [
    "comandă {}",
    "comandă {} te rog",
    "avem nevoie de {}",
    "s-a terminat {}",
    "cumpără {}",
    "am rămas fără {}",
    "comandă {} și {}",
    "comandă {} astăzi și economisești douăzeci la sută",
    "mi-a comandat {} a spus fetița",
    "comandă {} da comandă acum",
    "și atunci i-am spus comandă {}",
    "dacă spui comandă {} vine mâine",
];
/// What nobody in this household bought before.
const NEW: [&str; 3] = ["dollhouse", "rice-basmati-1kg", "dishwasher-salt-2kg"];

/// When it says the phrase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Timing {
    /// Without waiting for an answer, as a show does.
    AtOnce,
    /// After a pause that somebody guessed.
    Guessed,
    /// Again and again, for twenty seconds.
    Repeated,
    /// It knows how long the read-back takes, and answers like a person.
    Perfect,
    /// In the middle of other words.
    Amid,
}

const TIMINGS: [Timing; 5] = [Timing::AtOnce, Timing::Guessed, Timing::Repeated, Timing::Perfect, Timing::Amid];

struct Broadcast {
    lang: Lang,
    request: String,
    phrase: String,
    timing: Timing,
    acoustics: Acoustics,
    confidence: f32,
    registered: bool,
    /// It asks for something that the household never bought.
    names_new: bool,
    person: usize,
}

/// What came of one.
#[derive(Default)]
struct Outcome {
    parsed: bool,
    challenged: bool,
    read_back: bool,
    heard_phrase: bool,
    ordered: bool,
}

pub fn row(
    common: &Common,
    voices: Option<&Voices>,
    cases: u32,
    policy: &Policy,
    chance: &mut Chance,
    tick: &dyn Fn(),
) -> anyhow::Result<Row> {
    let name = "orders from broadcasts with wake word and \"yes, order it\"";
    let mut row = Row::none_or_compare(policy, name, "the same broadcasts with random_words = false", cases);
    let (mut quick, mut far, mut new) = (0, 0, 0);
    let (mut parsed, mut read, mut challenged, mut heard, mut registered) = (0, 0, 0, 0, 0);
    for _ in 0..cases {
        let broadcast = Broadcast::staged(common, chance);
        let outcome = broadcast.play(common, voices, policy, Chance::new(chance.next()))?;
        parsed += u32::from(outcome.parsed);
        read += u32::from(outcome.read_back);
        challenged += u32::from(outcome.challenged);
        heard += u32::from(outcome.heard_phrase);
        registered += u32::from(broadcast.registered);
        if outcome.ordered {
            let sound = &broadcast.acoustics;
            quick += u32::from(sound.gap_ms.is_some_and(|gap_ms| gap_ms < MIN_GAP_MS));
            far += u32::from(sound.snr_db.is_some_and(|snr_db| snr_db < MIN_SNR_DB));
            new += u32::from(broadcast.names_new);
            row.wrong(format!(
                "\"{}\", then \"{}\" ({:?}, pause {} ms, {:.0} dB over the room{})",
                broadcast.request,
                broadcast.phrase,
                broadcast.timing,
                broadcast.acoustics.gap_ms.unwrap_or(0),
                broadcast.acoustics.snr_db.unwrap_or(0.0),
                if broadcast.registered { ", registered" } else { "" },
            ));
        }
        tick();
    }
    row.arose("asked for something", parsed);
    row.arose("were read back", read);
    row.arose("of these with random words", challenged);
    row.arose("met the open microphone", heard);
    row.arose("were registered", registered);
    row.arose("ordered without a pause", quick);
    row.arose("ordered from far away", far);
    row.arose("ordered something new", new);
    row.judged_by = if voices.is_some() { "words; the registered ones by sound" } else { "words only, none by sound" };
    row.needs = parsed.min(read).min(heard);
    Ok(row)
}

impl Broadcast {
    fn staged(common: &Common, chance: &mut Chance) -> Broadcast {
        let lang = *chance.pick(&Lang::ALL);
        let template = *match lang {
            Lang::En => chance.pick(&EN),
            Lang::Es => chance.pick(&ES),
            Lang::Ro => chance.pick(&RO),
        };
        let mut request = template.to_owned();
        let mut names_new = false;
        while request.contains("{}") {
            let sku = if chance.in_100(70) { *chance.pick(&REGULARS) } else { *chance.pick(&NEW) };
            names_new |= NEW.contains(&sku);
            request = request.replacen("{}", super::spoken(common, sku, lang), 1);
        }
        let phrase = *match lang {
            Lang::En => chance.pick(&["yes order it", "order it", "yes order it now"]),
            Lang::Es => chance.pick(&["sí pide eso", "pide eso", "sí pídelo"]),
            Lang::Ro => chance.pick(&["da comandă acum", "comandă acum", "da comandă-l"]),
        };
        // Three in five are spoken as a person would speak to the device.
        let gap_ms = if chance.in_100(60) { chance.between(150, 700) } else { chance.between(0, 110) };
        let snr_db = if chance.in_100(80) { chance.float(6.0, 25.0) } else { chance.float(-2.0, 5.0) };
        let acoustics = Acoustics {
            gap_ms: Some(u32::try_from(gap_ms).expect("below 700")),
            speech_ms: speech_ms(&request),
            level_dbfs: Some(chance.float(-42.0, -22.0)),
            snr_db: Some(snr_db),
            ..Acoustics::default()
        };
        Broadcast {
            lang,
            request,
            phrase: phrase.into(),
            timing: *chance.pick(&TIMINGS),
            acoustics,
            confidence: chance.float(0.4, 0.97),
            registered: chance.in_100(20),
            names_new,
            person: usize::try_from(chance.next() % 64).expect("below 64"),
        }
    }

    fn play(
        &self,
        common: &Common,
        voices: Option<&Voices>,
        policy: &Policy,
        mut chance: Chance,
    ) -> anyhow::Result<Outcome> {
        let sounds = match voices {
            Some(voices) if self.registered => Some(self.record(voices, &mut chance)?),
            Some(_) | None => None,
        };
        let mut home = Home::new(common, self.lang, policy.clone(), &REGULARS, chance.clone());
        if let Some((book, ..)) = &sounds {
            home.known = Some(Known::new(book, None));
        }
        let mut request = self.words(&self.request);
        request.sound = sounds.as_ref().map(|(_, sound, _)| self.in_room(sound, &mut chance));
        home.request(request);
        // Whether the words by themselves asked for something is the guards' log's affair, too.
        let mut outcome = Outcome { parsed: home.said.is_empty(), ..Outcome::default() };
        let read_ms = home.mono_ms;
        home.run_for(300);
        outcome.read_back = home.asked().is_some();
        outcome.challenged = matches!(home.asked(), Some(Ask::Challenge { .. }));
        outcome.parsed |=
            home.said.iter().any(|said| matches!(said.reply, Reply::Refused { .. } | Reply::ReadBack { .. }));
        for at_ms in self.phrases_at(&home, read_ms, &mut chance) {
            home.run_to(at_ms);
            let text = if self.timing == Timing::Amid { self.amid() } else { self.phrase.clone() };
            let mut answer = self.words(&text);
            answer.sound = sounds.as_ref().map(|(_, _, sound)| self.in_room(sound, &mut chance));
            outcome.heard_phrase |= home.answer(answer);
        }
        home.run_for(60_000);
        // What waits for an adult's hand is no order: a broadcast has none.
        outcome.ordered = home.orders.values().any(|order| !order.state.awaits_adult() && order.state.counts());
        Ok(outcome)
    }

    fn words(&self, text: &str) -> Utterance {
        let acoustics = Acoustics { speech_ms: speech_ms(text), ..self.acoustics.clone() };
        Utterance { nbest: vec![hypothesis(text, self.confidence)], acoustics, sound: None }
    }

    fn phrases_at(&self, home: &Home, read_ms: u64, chance: &mut Chance) -> Vec<u64> {
        match self.timing {
            Timing::AtOnce => vec![read_ms + chance.between(100, 1_500)],
            Timing::Guessed | Timing::Amid => vec![read_ms + chance.between(3_000, 18_000)],
            Timing::Repeated => (1..=8).map(|n| read_ms + n * 2_500).collect(),
            Timing::Perfect => vec![home.speaking_until_ms() + chance.between(250, 1_500)],
        }
    }

    fn amid(&self) -> String {
        match self.lang {
            Lang::En => format!("call now and {} while stocks last", self.phrase),
            Lang::Es => format!("llama ya y {} mientras quede", self.phrase),
            Lang::Ro => format!("sună acum și {} în limita stocului", self.phrase),
        }
    }

    /// The spot as it was registered, and its two parts.
    fn record(&self, voices: &Voices, chance: &mut Chance) -> anyhow::Result<(Book, Vec<i16>, Vec<i16>)> {
        let request = voices.say(&format!("hey tendero, {}", self.request), self.lang, self.person, chance)?;
        let phrase = voices.say(&self.phrase, self.lang, self.person, chance)?;
        let mut whole = request.clone();
        whole.extend(std::iter::repeat_n(0, 48_000));
        whole.extend(&phrase);
        let mut book = Book::default();
        book.add("the spot", &whole)?;
        Ok((book, request, phrase))
    }

    fn in_room(&self, sound: &[i16], chance: &mut Chance) -> crate::hear::fingerprint::index::Query {
        sound::played(sound, replay::room(chance), chance)
    }
}
