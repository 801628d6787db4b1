//! Orders that must not leave, and orders that must be what was said: after seven days without a network, with a
//! clock that is not known, and when the shop's prices and products move in between.

use super::home::{Common, DAY_MS, EVENING_UNIX_MS, Home, Utterance};
use super::{Goal, REGULARS, Row};
use crate::chance::Chance;
use crate::decide::event::Event;
use crate::decide::order::{Order, Quote};
use crate::decide::policy::Policy;
use crate::decide::reply::Reply;
use crate::understand::Lang;
use std::collections::BTreeMap;

const CASES: u32 = 200;

/// An order is confirmed, the network goes, and comes back after seven days; the speaker may restart meanwhile, and
/// may not know the time when it does. What would make it fail: a mind that sends whatever is left, or that trusts a
/// clock which it does not know.
pub fn stale(common: &Common, chance: &mut Chance, tick: &dyn Fn()) -> Row {
    let mut row = Row::new("stale orders sent after seven days offline", Goal::None, CASES);
    let (mut confirmed, mut under_way, mut restarts) = (0, 0, 0);
    for _ in 0..CASES {
        let mut home = bought(common, chance);
        confirmed += u32::from(home.orders.len() == 1);
        // During the hold, or when it was sent into nothing.
        let ms = chance.between(0, 30) * 60_000;
        home.run_for(ms);
        home.event(Event::Link { up: false });
        under_way += u32::from(!home.sent.is_empty());
        let restarted = chance.in_100(50);
        if restarted {
            restarts += 1;
            let after_ms = chance.between(0, 7) * DAY_MS;
            home.run_for(after_ms);
            home.clock = chance.in_100(50);
            home.restart();
            home.run_for(7 * DAY_MS - after_ms);
        } else {
            home.run_for(7 * DAY_MS);
        }
        home.event(Event::Link { up: true });
        home.run_for(60_000);
        home.clock = true;
        home.event(Event::Deadline);
        home.run_for(3_600_000);
        let late = home.sent.iter().any(|(id, at)| home.orders.get(id).is_none_or(|order| *at > order.expires_unix_ms));
        if late {
            row.wrong(format!("restart: {restarted}, states {:?}", states(&home)));
        }
        tick();
    }
    row.arose("were confirmed", confirmed);
    row.arose("had been sent before, without an answer", under_way);
    row.arose("restarts in between", restarts);
    row.needs = confirmed.min(under_way).min(restarts);
    row
}

/// Requests and confirmations with a clock that is unknown from the start, or from the read-back on. What would make
/// it fail: an order that is written all the same. A twin of each case with a known clock must order.
pub fn clock(common: &Common, chance: &mut Chance, tick: &dyn Fn()) -> Row {
    let mut row = Row::new("orders with an unknown clock", Goal::None, CASES);
    let (mut read, mut twins) = (0, 0);
    for case in 0..CASES {
        let seed = chance.next();
        let told = |known: [bool; 2]| {
            let mut chance = Chance::new(seed);
            let (mut home, phrase) = asking(common, &mut chance, known[0]);
            let was_read = home.read_back().is_some();
            home.clock = known[1];
            home.reply(Utterance::of_person(&phrase, &mut chance));
            home.run_for(60_000);
            (was_read, home.orders.len())
        };
        // Half of them lose it between read-back and confirmation.
        let (was_read, orders) = told([case % 2 == 1, false]);
        read += u32::from(was_read);
        twins += u32::from(told([true, true]).1 == 1);
        if orders > 0 {
            row.wrong(format!("known at first: {}", case % 2 == 1));
        }
        tick();
    }
    row.arose("were read back before the clock was lost", read);
    row.arose("of their twins with a clock ordered", twins);
    row.needs = read.min((twins * 100).saturating_sub(CASES * 95));
    row
}

/// How the shop, or the household, changes what was agreed.
const CHANGES: [(&str, super::home::Pricing); 8] = [
    ("dearer than the catalogue", |quote| raise(quote, 130)),
    ("cheaper than the catalogue", |quote| raise(quote, 80)),
    ("another product", |quote| quote.lines[0].sku = "coffee-beans-1kg".into()),
    ("another quantity", |quote| quote.lines[0].qty += 1),
    ("a total that is not the sum", |quote| quote.total += 100),
    ("a delivery fee", fee),
    ("a price that is over at once", |quote| quote.valid_s = 1),
    ("as asked", |_| ()),
];

fn raise(quote: &mut Quote, per_cent: i64) {
    for line in &mut quote.lines {
        line.unit_amount = line.unit_amount * per_cent / 100;
        line.total = line.unit_amount * i64::from(line.qty);
    }
    quote.total = quote.lines.iter().map(|line| line.total).sum();
}

fn fee(quote: &mut Quote) {
    quote.delivery.amount = 390;
    quote.total += 390;
}

/// Price or product moves: in the quote, by a second quote for the same request, by a renewed catalogue, by a price
/// that lapses before the phrase. What would make it fail: an order whose products, quantities or total are not those
/// of the last sentence before it, or an order whose quote changes after it was confirmed.
pub fn changed(common: &Common, dearer: &Common, chance: &mut Chance, tick: &dyn Fn()) -> Row {
    let mut row = Row::new("price or product changed without a new spoken total", Goal::None, CASES);
    let mut tally: BTreeMap<&str, u32> = BTreeMap::new();
    let mut ordered = 0;
    for case in 0..CASES {
        let (name, pricing) = CHANGES[case as usize % CHANGES.len()];
        let mut chance = Chance::new(chance.next());
        let (mut home, _) = asking_with(common, &mut chance, true, Some(pricing));
        if home.read_back().is_some() {
            *tally.entry(if name == "as asked" { "read back as asked" } else { "read back changed" }).or_default() += 1;
            unsettle(&mut home, dearer, &mut chance, &mut tally);
        } else {
            *tally.entry("refused").or_default() += 1;
        }
        // Twice: a lapsed price is read back anew, and the phrase is said to that.
        for _ in 0..2 {
            home.settle();
            let phrase = super::phrase_for(&home, &mut chance);
            home.reply(Utterance::of_person(&phrase, &mut chance));
            home.run_for(2_000);
        }
        let confirmed = home.orders.clone();
        home.run_for(3_600_000);
        ordered += u32::from(!confirmed.is_empty());
        for (id, order) in &confirmed {
            let kept = home.orders.get(id).is_some_and(|later| later.quote == order.quote);
            if !kept || !was_said(&home, order) {
                row.wrong(format!("{name}: {} in all", order.quote.total()));
            }
        }
        tick();
    }
    for (what, count) in &tally {
        row.arose(what, *count);
    }
    row.arose("ended in an order", ordered);
    row.needs = ordered.min(tally.get("read back changed").copied().unwrap_or(0));
    row
}

/// After the read-back, before the phrase.
fn unsettle(home: &mut Home, dearer: &Common, chance: &mut Chance, tally: &mut BTreeMap<&'static str, u32>) {
    let count = match chance.next() % 4 {
        0 => {
            home.mind.set_understanding(dearer.understanding.clone());
            home.event(Event::CatalogChanged { version: 2 });
            "the catalogue changed after it"
        }
        1 => {
            if let Some(quote) = home.last_quote.clone() {
                let mut again = quote;
                raise(&mut again, 150);
                home.event(Event::Quoted(again));
            }
            "a second quote came after it"
        }
        2 => {
            home.pricing = Some(|quote| raise(quote, 120));
            let text = match home.lang {
                Lang::En => "make it two",
                Lang::Es => "que sean dos",
                Lang::Ro => "fă-le două",
            };
            home.reply(Utterance::of_person(text, chance));
            home.run_for(1_000);
            home.settle();
            "the household changed it, and the price went up"
        }
        _ => "nothing more happened",
    };
    *tally.entry(count).or_default() += 1;
}

/// Did the last read-back before the order say its quantities and its total, in words?
fn was_said(home: &Home, order: &Order) -> bool {
    let mut before = home.said.iter().filter(|said| said.orders_before == 0);
    let Some(said) = before.rfind(|said| matches!(said.reply, Reply::ReadBack { .. })) else {
        return false;
    };
    let titles = order.quote.lines.iter().all(|line| said.sentence.contains(&line.title));
    let Reply::ReadBack { items, .. } = &said.reply else { return false };
    let quantities = items.iter().map(|item| item.qty).eq(order.quote.lines.iter().map(|line| line.qty));
    titles && quantities && said.sentence.contains(&home.money(&order.quote.total()))
}

fn states(home: &Home) -> Vec<&'static str> {
    home.orders.values().map(|order| order.state.name()).collect()
}

/// Somebody asks for something usual. The home, and the phrase that the person would say.
fn asking<'a>(common: &'a Common, chance: &mut Chance, clock: bool) -> (Home<'a>, String) {
    asking_with(common, chance, clock, None)
}

fn asking_with<'a>(
    common: &'a Common,
    chance: &mut Chance,
    clock: bool,
    pricing: Option<super::home::Pricing>,
) -> (Home<'a>, String) {
    let lang = *chance.pick(&Lang::ALL);
    let sku = *chance.pick(&REGULARS);
    let (request, phrase) = super::order_words(common, sku, lang, chance);
    let mut home = Home::new(common, lang, Policy::default(), &REGULARS, Chance::new(chance.next()));
    home.clock = clock;
    home.pricing = pricing;
    home.request(Utterance::of_person(&request, chance));
    home.settle();
    let phrase = super::with_words(&home, &phrase);
    (home, phrase)
}

fn bought<'a>(common: &'a Common, chance: &mut Chance) -> Home<'a> {
    let (mut home, phrase) = asking(common, chance, true);
    home.reply(Utterance::of_person(&phrase, chance));
    home.run_for(10_000);
    debug_assert!(home.unix_ms() > EVENING_UNIX_MS);
    home
}
