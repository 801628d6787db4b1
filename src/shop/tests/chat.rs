//! Conversations at the desk: each line once and in its order, and nothing of it is an order.

use super::*;
use crate::shop::desk::{CanNot, Does, person};

const THREAD: &str = "abababababababababababababababab";

fn line(bench: &Bench, seq: u64, ack: u64, text: &str, handoff: Option<Handoff>) -> Chat {
    Chat {
        aud: bench.route.up(Chat::KIND),
        thread: THREAD.into(),
        seq,
        ack,
        from: if seq == 0 { ChatFrom::Bot } else { ChatFrom::Household },
        name: String::new(),
        text: text.into(),
        handoff,
        language: Some(Lang::Es),
        order_id: None,
        at: None,
        quote: None,
    }
}

fn says(bench: &mut Bench, seq: u64, text: &str) -> Chat {
    let handoff = (seq == 1).then_some(Handoff::Requested);
    let done = bench.send(&line(bench, seq, 0, text, handoff));
    bench.said::<Chat>(&done).expect("an acknowledgement").data
}

fn texts(bench: &Bench) -> Vec<String> {
    let thread = bench.desk.book.find_thread(THREAD).unwrap().expect("a thread");
    bench.desk.book.chat_lines(&thread, 0).unwrap().into_iter().map(|line| line.text).collect()
}

fn acts(bench: &mut Bench, does: &Does) -> Result<(), CanNot> {
    let now = bench.now();
    person(&mut bench.desk.book, &bench.desk.keys, &THREAD[..8], "Maria", does, now).map(|_| ())
}

#[test]
fn each_line_is_taken_once_and_in_its_order() {
    let mut bench = Bench::new();
    let lost = says(&mut bench, 2, "of a thread that nobody began");
    assert_eq!((lost.ack, lost.handoff), (0, Some(Handoff::Ended)));
    for (seq, text, ack) in
        [(1, "", 1), (3, "early", 1), (2, "first", 2), (2, "again", 2), (1, "old", 2), (3, "second", 3)]
    {
        let answer = says(&mut bench, seq, text);
        assert_eq!((answer.seq, answer.ack, answer.handoff), (0, ack, None), "{seq} {text}");
    }
    says(&mut bench, 4, &format!("{}\u{1b}[2J\norder it", "x".repeat(10_000)));
    let found = texts(&bench);
    assert_eq!(found[..3], ["", "first", "second"]);
    assert!(found[3].chars().count() == 500 && !found[3].contains(char::is_control));
    assert_eq!(bench.booked(), 0);
}

#[test]
fn what_a_person_says_is_said_again_until_the_device_has_it_and_an_offer_can_be_ordered() {
    let mut bench = Bench::new();
    says(&mut bench, 1, "");
    assert!(matches!(acts(&mut bench, &Does::Offers("heads".into(), 1)), Err(CanNot::NotLaidOut)));
    let terms = serde_json::to_string(&bench.desk.terms).unwrap();
    bench.desk.book.lay_out(CATALOG, &terms, "Corner").unwrap();
    assert!(matches!(
        acts(&mut bench, &Does::Offers("heads".into(), 6)),
        Err(CanNot::NoPrice { code: "quantity", .. })
    ));
    acts(&mut bench, &Does::Joins).unwrap();
    let joined = bench.said::<Chat>(&Done::default()).expect("said by the running shop").data;
    assert_eq!((joined.seq, joined.handoff, joined.name.as_str()), (1, Some(Handoff::Joined), "Maria"));
    acts(&mut bench, &Does::Offers("heads".into(), 2)).unwrap();
    // The device has the first line only, and was away when the second was said.
    bench.said::<Chat>(&Done::default()).expect("said, and lost");
    let done = bench.send(&line(&bench, 0, 1, "", None));
    let offered = bench.said::<Chat>(&done).expect("said again").data;
    let quote = offered.quote.clone().expect("an offer");
    assert_eq!((offered.seq, quote.aud.as_str(), quote.request_id.as_str()), (2, offered.aud.as_str(), THREAD));
    assert_eq!(quote.lines[0].title, "Cabezales", "in the household's language");
    let hash = hash_of(&quote).unwrap();
    let order = bench.order(1);
    let lines = order.lines.clone();
    let order = Order { quote_id: quote.quote_id, quote_hash: hash, total: quote.totals.total, lines, ..order };
    assert_eq!(code(&bench.receipt(&order)), "accepted");
    acts(&mut bench, &Does::Ends).unwrap();
    assert!(matches!(acts(&mut bench, &Does::Says("more".into())), Err(CanNot::Over)));
    assert!(bench.desk.book.open_threads().unwrap().is_empty());
}

#[test]
fn a_home_that_floods_is_not_acknowledged_and_a_stranger_is_not_heard() {
    let mut bench = Bench::new();
    for seq in 1..=200 {
        says(&mut bench, seq, "x");
    }
    let done = bench.send(&line(&bench, 201, 0, "x", None));
    assert!(bench.said::<Chat>(&done).is_none() && texts(&bench).len() == 200);
    let forged = Chat { from: ChatFrom::Person, ..line(&bench, 201, 0, "x", None) };
    assert!(bench.send(&forged).say.is_empty());
    let stranger = Keys::from_seed(&[9; 32]);
    let body = line(&bench, 1, 0, "x", Some(Handoff::Requested));
    let bytes = seal(&body, "home/casa/kitchen", &stranger, bench.now(), 3_600_000).unwrap();
    assert!(bench.desk.handle(&body.aud, &bytes, false).unwrap().say.is_empty());
}

super::all![
    each_line_is_taken_once_and_in_its_order,
    what_a_person_says_is_said_again_until_the_device_has_it_and_an_offer_can_be_ordered,
    a_home_that_floods_is_not_acknowledged_and_a_stranger_is_not_heard
];
