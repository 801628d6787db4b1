//! What somebody agrees to with which words, and what is over.

use super::consent::Wish;
use super::{Because, Consent, Notice};
use crate::decide::effect::Effect;
use crate::decide::event::{Acoustics, Channel, Entropy, Event, Heard, Hypothesis};
use crate::decide::guard::fixture::{Scene, WEDNESDAY_18};
use crate::decide::mind::Mind;
use crate::decide::reply::Reply;
use crate::decide::{Now, Wall};
use crate::understand::Lang;
use crate::understand::grammar::Expect;
use crate::understand::intent::{Intent, NewsKind};
use crate::understand::{Understanding, catalog::Catalog};
use NewsKind::{News, Offer, Recall, Recipe};
use std::collections::BTreeSet;

#[test]
fn each_kind_is_agreed_to_on_its_own() {
    type Case<'a> = (bool, bool, &'a [NewsKind], &'a [NewsKind], &'a [NewsKind]);
    let cases: &[Case<'_>] = &[
        // on, only, named; before; after
        (true, false, &[Offer], &[], &[Offer]),
        (true, false, &[Recipe], &[Offer], &[Offer, Recipe]),
        (true, false, &[], &[], &[News, Offer]),
        (true, true, &[Recall], &[News, Offer], &[Recall]),
        (false, false, &[Offer], &[Offer, Recipe], &[Recipe]),
        (false, false, &[Offer], &[Recipe], &[Recipe]),
        (false, false, &[], &[News, Offer, Recipe, Recall], &[]),
    ];
    for (on, only, named, before, after) in cases {
        let set = |kinds: &[NewsKind]| kinds.iter().copied().collect::<BTreeSet<_>>();
        let wish = Wish { on: *on, only: *only, kinds: named.to_vec() };
        assert_eq!(wish.kinds_after(&set(before)), set(after), "{wish:?} after {before:?}");
    }
}

#[test]
fn words_say_what_is_wanted_in_each_language() {
    let json = r#"{"shop":"corner","version":1,"part":1,"parts":1,"currency":"EUR","products":[
        {"sku":"coffee","title":{"en":"Ground coffee","es":"Café molido","ro":"Cafea măcinată"},"pack":{"count":1,"unit":"piece"},
         "unit_amount":500,"max_qty":9,"category":"drinks"}]}"#;
    let understanding = Understanding::new(Catalog::from_json(json).expect("a catalogue"));
    type Case<'a> = (Lang, &'a str, Option<bool>, bool, &'a [NewsKind]);
    let cases: &[Case<'_>] = &[
        (Lang::En, "tell me about offers", Some(true), false, &[Offer]),
        (Lang::En, "turn on the offers", Some(true), false, &[Offer]),
        (Lang::En, "tell me about offers and recipes", Some(true), false, &[Offer, Recipe]),
        (Lang::En, "only recalls", Some(true), true, &[Recall]),
        (Lang::En, "tell me only recalls", Some(true), true, &[Recall]),
        (Lang::En, "stop the offers", Some(false), false, &[Offer]),
        (Lang::En, "turn off the announcements", Some(false), false, &[]),
        (Lang::En, "stop the announcements", Some(false), false, &[]),
        (Lang::En, "what's new", None, false, &[]),
        (Lang::En, "tell me about the offers", None, false, &[Offer]),
        (Lang::En, "any recipes", None, false, &[Recipe]),
        (Lang::Es, "avísame de las ofertas", Some(true), false, &[Offer]),
        (Lang::Es, "activa las recetas", Some(true), false, &[Recipe]),
        (Lang::Es, "solo retiradas", Some(true), true, &[Recall]),
        (Lang::Es, "quita las ofertas", Some(false), false, &[Offer]),
        (Lang::Es, "quita los avisos", Some(false), false, &[]),
        (Lang::Es, "qué hay de nuevo", None, false, &[]),
        (Lang::Ro, "anunță-mă de oferte", Some(true), false, &[Offer]),
        (Lang::Ro, "activează ofertele", Some(true), false, &[Offer]),
        (Lang::Ro, "doar rechemări", Some(true), true, &[Recall]),
        (Lang::Ro, "nu mai vreau oferte", Some(false), false, &[Offer]),
        (Lang::Ro, "nu mai vreau rechemări de produse", Some(false), false, &[Recall]),
        (Lang::Ro, "nu mai vreau anunțuri", Some(false), false, &[]),
        (Lang::Ro, "ce mai e nou", None, false, &[]),
    ];
    for (lang, text, switch, only, kinds) in cases {
        let parse = understanding.parse(text, *lang, &Expect::Command, &|_| false);
        let found = (parse.intent, parse.switch, parse.only, parse.kinds.as_slice());
        assert_eq!(found, (Intent::News, *switch, *only, *kinds), "{lang}: {text}");
    }
    for (lang, text) in [
        (Lang::En, "why do you tell me this"),
        (Lang::Es, "por qué me cuentas esto"),
        (Lang::Ro, "de ce îmi spui asta"),
    ] {
        assert_eq!(understanding.parse(text, lang, &Expect::Command, &|_| false).intent, Intent::Why, "{text}");
    }
}

/// The clock is put right, or wrong, and the very next thing is the question.
#[test]
fn what_is_over_by_a_clock_that_jumped_is_not_told() {
    let told_at = |unix_ms: i64| {
        let Scene { catalog, mut household, .. } = Scene::new();
        household.consent = Consent { id: "ab".repeat(16), kinds: [Offer].into(), rev: 1, at_unix_ms: None };
        household.notices.push(Notice {
            id: "cd".repeat(16),
            kind: Offer,
            consent: Some(household.consent.id.clone()),
            texts: [(Lang::En, "Two for one".to_owned())].into(),
            sku: None,
            because: Because::AskedFor,
            expires_unix_ms: WEDNESDAY_18 + 1_000,
            told_unix_ms: None,
        });
        let mut mind = Mind::new(Default::default(), Understanding::new(catalog), household);
        let nbest = vec![Hypothesis { text: "any offers".into(), confidence: 1.0 }];
        let (channel, acoustics) = (Channel::Text("ana".into()), Acoustics::default());
        let heard = Heard { turn: None, channel, lang: Lang::En, nbest, acoustics, entropy: Entropy([7; 32]) };
        let now = Now { mono_ms: 0, wall: Some(Wall { unix_ms, offset_min: 0 }) };
        let effects = mind.handle(Event::Heard(heard), now);
        effects.into_iter().find_map(|effect| if let Effect::Say { reply, .. } = effect { Some(reply) } else { None })
    };
    assert!(matches!(told_at(WEDNESDAY_18), Some(Reply::News { .. })), "{:?}", told_at(WEDNESDAY_18));
    let over = told_at(WEDNESDAY_18 + 1_000);
    assert!(matches!(over, Some(Reply::NoShopNews { .. })), "{over:?}");
}
