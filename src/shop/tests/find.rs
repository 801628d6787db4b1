//! Those who name no product, at the desk: what a message is answered, and who is answered nothing.

use super::*;
use crate::shop::guide;
use crate::shop::guide::tests::GUIDE;

pub fn find(bench: &Bench) -> Find {
    Find {
        aud: bench.route.up(Find::KIND),
        request_id: "r-1".into(),
        text: "present".into(),
        language: Lang::En,
        max_amount: Some(3_000),
        currency: "EUR".into(),
        age: Some(6),
        occasion: None,
        answers: vec![],
    }
}

fn guided() -> Bench {
    let mut bench = Bench::new();
    bench.desk.catalog = guide::tests::catalog();
    bench.desk.guide = Some(guide::Guide::from_json(GUIDE, &bench.desk.catalog).unwrap());
    bench
}

#[test]
fn a_household_is_asked_back_and_then_proposed_to_and_nothing_is_written() {
    let mut bench = guided();
    let done = bench.send(&find(&bench));
    let found = bench.said::<Found>(&done).expect("an answer").data;
    let question = found.question.expect("a question");
    assert_eq!((found.request_id.as_str(), found.proposals.len(), found.code), ("r-1", 0, None));
    assert_eq!(question.question_id, "kind");
    let answers = vec![FindAnswer { question_id: question.question_id, choice_id: question.choices[0].id.clone() }];
    let done = bench.send(&Find { answers, request_id: "r-2".into(), ..find(&bench) });
    assert!(matches!(&done.events[..], [ShopEvent::Found { proposals, .. }] if proposals.len() == 2), "{done:?}");
    let found = bench.said::<Found>(&done).expect("an answer").data;
    assert_eq!((found.question, found.code), (None, None));
    assert_eq!(found.proposals[0].sku, "blocks");
    assert_eq!(bench.booked(), 0);
}

#[test]
fn without_a_guide_the_shop_says_so_and_what_is_not_signed_for_it_gets_no_answer() {
    let mut bench = Bench::new();
    let done = bench.send(&find(&bench));
    assert_eq!(bench.said::<Found>(&done).expect("an answer").data.code.as_deref(), Some("no_guide"));

    let mut bench = guided();
    let bytes = bench.sealed(&find(&bench));
    let topic = find(&bench).aud;
    let no_answer = |done: &Done| {
        assert!(done.say.is_empty() && matches!(&done.events[..], [ShopEvent::Refused(_)]), "{done:?}");
    };
    no_answer(&bench.desk.handle(&topic, &bytes, true).unwrap());
    no_answer(&bench.desk.handle(&topic, &bytes[1..], false).unwrap());
    let other = Keys::from_seed(&[9; 32]);
    let forged = seal(&find(&bench), "home/casa/kitchen", &other, bench.now(), 60_000).unwrap();
    no_answer(&bench.desk.handle(&topic, &forged, false).unwrap());
    let old = seal(&find(&bench), "home/casa/kitchen", &bench.device, bench.now() - 60_001, 60_000).unwrap();
    no_answer(&bench.desk.handle(&topic, &old, false).unwrap());
    let elsewhere = Find { aud: "tendero/v1/home/casa/kitchen/other/up/find".into(), ..find(&bench) };
    let moved = seal(&elsewhere, "home/casa/kitchen", &bench.device, bench.now(), 60_000).unwrap();
    no_answer(&bench.desk.handle(&topic, &moved, false).unwrap());
    for request_id in [String::new(), "x".repeat(65)] {
        no_answer(&bench.send(&Find { request_id, ..find(&bench) }));
    }

    // Who is not paired hears so.
    bench.route = Route::new("casa", "bedroom", "corner").unwrap();
    let done = bench.send(&find(&bench));
    assert_eq!(bench.said::<Found>(&done).expect("an answer").data.code.as_deref(), Some("not_paired"));
}
