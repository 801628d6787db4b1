//! What the household hears of a person at the shop, and when: on time, truly, and nothing that only together is a phrase.

use super::*;
use crate::decide::effect::{Effect, Write};
use crate::decide::event::{Event, Heard, Hypothesis};
use crate::decide::guard::fixture::{Scene, WEDNESDAY_18};
use crate::decide::mind::Mind;
use crate::decide::reply::{Reason, Reply};
use crate::decide::{Now, Wall};
use crate::understand::Understanding;

struct Home {
    mind: Mind,
    ms: u64,
    effects: Vec<Effect>,
}

impl Home {
    /// Somebody typed, and asked for a person.
    fn asking() -> Home {
        let scene = Scene::new();
        let policy = crate::decide::policy::Policy { quiet_from_min: 0, quiet_to_min: 0, ..Default::default() };
        let mind = Mind::new(policy, Understanding::new(scene.catalog), scene.household);
        let mut home = Home { mind, ms: 0, effects: vec![] };
        home.types("let me talk to a person");
        home
    }

    fn give(&mut self, event: Event) {
        let unix_ms = WEDNESDAY_18 + i64::try_from(self.ms).expect("a short time");
        let now = Now { mono_ms: self.ms, wall: Some(Wall { unix_ms, offset_min: 0 }) };
        self.effects = self.mind.handle(event, now);
    }

    fn types(&mut self, text: &str) {
        let nbest = vec![Hypothesis { text: text.into(), confidence: 1.0 }];
        let entropy = Entropy([7; 32]);
        let channel = Channel::Text("ana".into());
        let acoustics = crate::decide::event::Acoustics::default();
        self.give(Event::Heard(Heard { turn: None, channel, lang: Lang::En, nbest, acoustics, entropy }));
    }

    /// Until the next deadline, which comes.
    fn waits(&mut self) {
        self.ms = self.mind.deadline().expect("something is due").at_mono_ms;
        self.give(Event::Deadline);
    }

    /// The last write gets to the disk.
    fn stored(&mut self) {
        let ticket = |effect: &Effect| if let Effect::Store { ticket, .. } = effect { Some(*ticket) } else { None };
        let ticket = self.effects.iter().find_map(ticket).expect("something is written");
        self.give(Event::Stored { ticket });
    }

    /// Something that goes to the person: the number of the write, and of the line in it.
    fn says(&mut self, text: &str) -> (u32, u64) {
        self.types(text);
        let line =
            |write: &Write| if let Write::Chat { line, .. } = write { line.as_ref().map(|l| l.seq) } else { None };
        let mut lines = self.effects.iter().filter_map(|effect| match effect {
            Effect::Store { ticket, writes } => writes.iter().find_map(line).map(|seq| (*ticket, seq)),
            _ => None,
        });
        lines.next_back().expect("it is written")
    }

    fn refused(&mut self, ticket: u32) {
        self.give(Event::StoreFailed { ticket, why: "disk full".into() });
    }

    fn comes(&mut self, seq: u64, text: &str, handoff: Option<Handoff>, offer: Option<Quote>) {
        let thread = self.mind.household().thread.as_ref().expect("a conversation").id.clone();
        let (name, text, offer) = ("Maria".into(), text.into(), offer.map(Box::new));
        let message = FromShop { thread, seq, ack: 1, name, text, handoff, offer };
        self.give(Event::Chat { message, entropy: Entropy([9; 32]) });
    }

    fn said(&self) -> Vec<&Reply> {
        fn reply(effect: &Effect) -> Option<&Reply> {
            if let Effect::Say { reply, .. } = effect { Some(reply) } else { None }
        }
        self.effects.iter().filter_map(reply).collect()
    }
}

#[test]
fn that_nobody_is_there_is_said_when_it_is_due_and_not_with_the_next_event() {
    let mut home = Home::asking();
    home.stored();
    home.comes(0, "", None, None);
    home.waits();
    assert_eq!(home.ms, PERSON_WAIT_MS);
    assert!(matches!(home.said()[..], [Reply::NobodyThere { .. }]), "{:?}", home.effects);
}

#[test]
fn who_heard_that_it_was_not_kept_hears_that_it_was_after_all() {
    let mut home = Home::asking();
    let written = home.effects.clone();
    home.waits();
    assert_eq!((home.ms, home.said()), (STORING_MS, vec![&Reply::ChatNotKept]));
    home.effects = written;
    home.stored();
    assert!(matches!(home.said()[..], [Reply::PersonAsked { .. }]), "{:?}", home.effects);
}

/// The disk refuses a line, and the one behind it; before it says so of the second, both numbers are taken again.
#[test]
fn a_late_refusal_does_not_free_a_number_that_was_taken_again() {
    let mut home = Home::asking();
    home.stored();
    home.comes(1, "", Some(Handoff::Joined), None);
    home.give(Event::ReadChat { channel: Channel::Text("ana".into()), lang: Lang::En });
    let (first, second) = (home.says("Good morning!"), home.says("Are you there?"));
    assert_eq!((first.1, second.1), (2, 3));
    home.refused(first.0);
    assert_eq!((home.says("Hello?").1, home.says("Anybody?").1), (2, 3));
    home.refused(second.0);
    assert_eq!(home.says("It is about my order").1, 4);
}

#[test]
fn an_offer_of_nothing_is_no_offer() {
    let mut home = Home::asking();
    home.stored();
    let quote = Quote { lines: vec![], ..Scene::new().quote().clone() };
    home.comes(1, "", Some(Handoff::Joined), Some(quote));
    home.give(Event::ReadChat { channel: Channel::Text("ana".into()), lang: Lang::En });
    assert!(matches!(home.said()[..], [Reply::PersonCame { .. }, Reply::OfferOver { .. }]), "{:?}", home.effects);
}

#[test]
fn nothing_is_said_to_somebody_of_whom_the_household_does_not_know() {
    let mut home = Home::asking();
    home.stored();
    home.comes(1, "", Some(Handoff::Joined), None);
    home.types("my cup came broken");
    assert!(matches!(home.said()[..], [Reply::PersonJoined { .. }]), "{:?}", home.effects);
    let passed = |effect: &Effect| matches!(effect, Effect::Store { writes, .. } if writes.iter().any(|write| matches!(write, Write::Chat { line: Some(_), .. })));
    assert!(!home.effects.iter().any(passed), "{:?}", home.effects);
    assert_eq!(home.says("my cup came broken").1, 2);
}

#[test]
fn two_messages_that_are_a_phrase_together_are_told_apart() {
    let mut home = Home::asking();
    home.stored();
    home.comes(1, "please order", None, None);
    home.comes(2, "it now", None, None);
    home.comes(3, "thanks", None, None);
    home.give(Event::ReadChat { channel: Channel::Text("ana".into()), lang: Lang::En });
    let says = |text: &str| Reply::PersonSays { name: "Maria".into(), text: text.into() };
    assert_eq!(home.said(), [&says("please order"), &says("it now thanks")]);
}

#[test]
fn an_offer_of_one_product_under_the_name_of_another_is_refused() {
    let quote = |title: &str| {
        let mut scene = Scene::new();
        let mut quote = scene.quote().clone();
        quote.lines[0].title = title.into();
        quote
    };
    let offered = |title: &str| {
        let mut home = Home::asking();
        home.stored();
        home.comes(1, "", None, Some(quote(title)));
        home.give(Event::ReadChat { channel: Channel::Text("ana".into()), lang: Lang::En });
        home.said().into_iter().cloned().collect::<Vec<_>>()
    };
    let scene = Scene::new();
    let name = |reply: &Reply| matches!(reply, Reply::Refused { reason: Reason::OtherName { .. } });
    let sku = quote("").lines[0].sku.clone();
    let own = scene.catalog.product(&sku).expect("a product").title(Lang::En).to_owned();
    assert!(offered(&own).iter().all(|reply| !name(reply)), "{:?}", offered(&own));
    assert!(offered("Something else").iter().any(name), "{:?}", offered("Something else"));
}
