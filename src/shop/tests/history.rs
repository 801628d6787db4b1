//! What the shop has on a household: all of its own, page by page, and nothing of anybody else's.

use super::*;
use crate::shop::desk::mark;

all!(a_home_reads_all_of_its_orders_in_pages_and_no_others, who_asks_wrongly_or_too_often_reads_nothing);

pub fn get(bench: &Bench, limit: u32, after: Option<String>) -> HistoryGet {
    HistoryGet { aud: bench.route.up(HistoryGet::KIND), request_id: "h-1".into(), limit, after, language: Lang::Es }
}

fn page(bench: &mut Bench, limit: u32, after: Option<String>) -> History {
    let done = bench.send(&get(bench, limit, after));
    bench.said::<History>(&done).expect("an answer").data
}

/// Another speaker, of this home or another.
fn speaker(bench: &mut Bench, home: &str, device: &str) {
    bench.desk.book.trust(home, device, &bench.device.public()).unwrap();
    bench.route = Route::new(home, device, "corner").unwrap();
}

fn ordered(bench: &mut Bench, seq: u64) -> String {
    let order = bench.order(seq);
    let bytes = seal(&order, &bench.route.device_source(), &bench.device, bench.now(), 3_600_000).unwrap();
    let done = bench.desk.handle(&order.aud, &bytes, false).unwrap();
    assert_eq!(code(&bench.said::<Receipt>(&done).expect("a receipt").data), "accepted");
    order.order_id
}

#[test]
fn a_home_reads_all_of_its_orders_in_pages_and_no_others() {
    let mut bench = Bench::new();
    bench.desk.max_orders_hour = 100;
    assert_eq!(page(&mut bench, 3, None).orders, vec![], "nothing yet");
    let mut ours = vec![];
    for seq in 1..=4 {
        speaker(&mut bench, "casa", "kitchen");
        ours.insert(0, ordered(&mut bench, seq));
        speaker(&mut bench, "casa", "bedroom");
        ours.insert(0, ordered(&mut bench, seq));
        // The home's name is the beginning of another one's.
        speaker(&mut bench, "casa-2", "kitchen");
        ordered(&mut bench, seq);
    }
    let now = bench.now();
    mark(&mut bench.desk.book, &bench.desk.keys, &ours[0], StatusState::Shipped, now).unwrap();
    speaker(&mut bench, "casa", "kitchen");
    bench.said::<Receipt>(&Done::default());

    let (mut read, mut after, mut pages) = (vec![], None, 0);
    loop {
        let page = page(&mut bench, 3, after);
        pages += 1;
        assert_eq!(page.code, None);
        read.extend(page.orders);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!((pages, read.iter().map(|order| order.order_id.clone()).collect::<Vec<_>>()), (3, ours));
    let newest = &read[0];
    assert_eq!((newest.device.as_str(), newest.state), ("bedroom", StatusState::Shipped));
    assert_eq!((newest.total, newest.currency.as_str(), newest.since), (2_598, "EUR", Some(Moment::new(now))));
    assert_eq!((newest.lines[0].title.as_str(), newest.lines[0].qty), ("Cabezales", 2));
    assert_eq!((read[1].device.as_str(), read[1].state, read[1].since), ("kitchen", StatusState::Accepted, None));
    // A page that is just full is the last one where there is no more.
    assert_eq!(page(&mut bench, 8, None).next, None);
    // Once it is sold no more, a product is called by its number.
    bench.desk.catalog.products.clear();
    bench.desk.catalog.skus = Default::default();
    assert_eq!(page(&mut bench, 1, None).orders[0].lines[0].title, "heads");
    let all = page(&mut bench, u32::MAX, None);
    assert_eq!(all.orders.len(), 8, "a limit beyond all bounds is the largest one");
}

#[test]
fn who_asks_wrongly_or_too_often_reads_nothing() {
    let mut bench = Bench::new();
    ordered(&mut bench, 1);
    for after in ["", "0", "-1", "x", "9999999999999999999"] {
        let page = page(&mut bench, 3, Some(after.into()));
        assert_eq!((page.orders.len(), page.code.as_deref()), (0, Some("bad_page")), "{after}");
    }
    for request_id in [String::new(), "x".repeat(65)] {
        let done = bench.send(&HistoryGet { request_id, ..get(&bench, 1, None) });
        assert!(done.say.is_empty() && matches!(&done.events[..], [ShopEvent::Refused(_)]), "{done:?}");
    }
    let forged =
        seal(&get(&bench, 1, None), "home/casa/kitchen", &Keys::from_seed(&[9; 32]), bench.now(), 60_000).unwrap();
    let done = bench.desk.handle(&bench.route.up(HistoryGet::KIND), &forged, false).unwrap();
    assert!(done.say.is_empty() && matches!(&done.events[..], [ShopEvent::Refused(_)]), "{done:?}");

    let read = (0..200).filter(|_| page(&mut bench, 1, None).code.is_none()).count();
    assert_eq!(read, 115, "five were asked for wrongly");
    assert_eq!(page(&mut bench, 1, None).code.as_deref(), Some("rate"));
    bench.desk.clock.skip(Duration::from_secs(3_600));
    assert_eq!(page(&mut bench, 1, None).orders.len(), 1);

    // A speaker that was sent away, of a home with orders.
    bench.desk.book.revoke("casa", "kitchen").unwrap();
    let page = page(&mut bench, 1, None);
    assert_eq!((page.orders.len(), page.code.as_deref()), (0, Some("not_paired")));
}
