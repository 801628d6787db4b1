//! What a shop system is told, and what is counted: written with what happened, in its order, and never lost.

use super::*;
use crate::shop::book::Placed;
use crate::shop::book::figures::HANDOVER_S;
use crate::shop::book::hooks::{Hook, Outcome};
use crate::shop::desk::{Does, person};

const URL: &str = "https://shop.example/orders";
const DAY_MS: i64 = 24 * 3_600_000;

fn kinds(bench: &Bench) -> Vec<String> {
    bench.desk.book.hooks().unwrap().into_iter().map(|hook| hook.kind).collect()
}

fn due(bench: &Bench, now: i64) -> Vec<Hook> {
    bench.desk.book.due_hooks(now, DAY_MS, 100).unwrap()
}

fn pointed() -> Bench {
    let mut bench = Bench::new();
    bench.desk.book.point_webhook(URL).unwrap();
    bench
}

#[test]
fn each_thing_that_happens_to_an_order_is_told_once() {
    let mut bench = Bench::new();
    let quiet = bench.order(1);
    bench.receipt(&quiet);
    assert!(kinds(&bench).is_empty(), "nobody is told where there is no webhook");

    bench.desk.book.point_webhook(URL).unwrap();
    let order = bench.order(2);
    bench.receipt(&order);
    bench.receipt(&order);
    for state in [StatusState::Shipped, StatusState::Delivered, StatusState::Delivered] {
        bench.desk.advance(&order.order_id, state).unwrap();
    }
    let withdraw =
        Withdraw { aud: bench.route.up(Withdraw::KIND), order_id: order.order_id.clone(), lines: vec![], at: None };
    bench.send(&withdraw);
    bench.send(&withdraw);
    bench.desk.advance(&order.order_id, StatusState::Refunded).unwrap();
    let told = ["order.booked", "order.shipped", "order.delivered", "order.withdrawn", "order.refunded"];
    assert_eq!(kinds(&bench), told);

    let first = bench.desk.book.hooks().unwrap().remove(0);
    assert_eq!(first.about, format!("casa/kitchen/{}", order.order_id));
    assert!(first.msg.starts_with("msg_") && first.msg.len() == 36);
    let body: serde_json::Value = serde_json::from_str(&first.body).unwrap();
    let data = &body["data"];
    assert_eq!(
        (&body["type"], &data["shop"], &data["state"]),
        (&"order.booked".into(), &"corner".into(), &"accepted".into())
    );
    assert_eq!(
        (&data["total"], &data["goods_amount"], &data["delivery_amount"]),
        (&2_598.into(), &2_598.into(), &0.into())
    );
    assert_eq!((&data["lines"][0]["sku"], &data["lines"][0]["qty"]), (&"heads".into(), &2.into()));
    assert!(!first.body.contains("pide eso"), "what was said in the home stays there");
    let last: serde_json::Value = serde_json::from_str(&bench.desk.book.hooks().unwrap()[4].body).unwrap();
    assert_eq!((&last["data"]["rev"], &last["data"]["state"]), (&5.into(), &"refunded".into()));

    // Nobody is told any more; what waits stays.
    assert_eq!(bench.desk.book.unpoint_webhook().unwrap(), 5);
    let order = bench.order(3);
    bench.receipt(&order);
    assert_eq!(kinds(&bench).len(), 5);
}

#[test]
fn what_was_held_approved_or_expired_is_told() {
    let mut bench = pointed();
    bench.desk.burst = burst::Rule { min_homes: 1, ..burst::Rule::default() };
    // Each other home makes the burst.
    let now = bench.now();
    bench.desk.book.write(|page| (0..9).try_for_each(|n| page.asked("heads", &format!("home-{n}"), now))).unwrap();
    let orders = [bench.order(1), bench.order(2)];
    orders.iter().for_each(|order| assert_eq!(code(&bench.receipt(order)), "burst"));
    assert_eq!(kinds(&bench), ["order.held", "order.held"]);
    let approve = OrderApprove { aud: bench.route.up(OrderApprove::KIND), order_id: orders[0].order_id.clone() };
    bench.send(&approve);
    bench.send(&approve);
    bench.desk.clock.skip(Duration::from_secs(7_200));
    bench.desk.expire_held().unwrap();
    assert_eq!(kinds(&bench), ["order.held", "order.held", "order.approved", "order.expired"]);
    let figures = bench.desk.book.figures().unwrap();
    assert_eq!((figures.approved, figures.orders.get("expired")), (1, Some(&1)));
}

#[test]
fn an_event_is_there_exactly_if_its_booking_is() {
    let mut bench = pointed();
    let order = bench.order(1);
    let route = bench.route.clone();
    let exp = order.exp.unix_ms;
    let broken = bench.desk.book.write(|page| {
        page.book(&route, &order, &Placed { expires_unix_ms: exp, ..Placed::default() }, exp)?;
        Err::<(), _>(StoreError::Gone)
    });
    assert!(broken.is_err() && kinds(&bench).is_empty());
    let cancel =
        Cancel { aud: route.up(Cancel::KIND), order_id: order.order_id.clone(), reason_code: "household".into() };
    bench.receipt(&order);
    bench.send(&cancel);
    assert_eq!(kinds(&bench), ["order.booked", "order.cancelled"]);
}

#[test]
fn one_orders_events_wait_for_each_other_and_nothing_is_lost() {
    let mut bench = pointed();
    let [first, second] = [bench.order(1), bench.order(2)];
    bench.receipt(&first);
    bench.desk.advance(&first.order_id, StatusState::Shipped).unwrap();
    bench.receipt(&second);
    let now = bench.now();
    let found = due(&bench, now);
    assert_eq!(found.iter().map(|hook| hook.kind.as_str()).collect::<Vec<_>>(), ["order.booked", "order.booked"]);
    // The first one fails: its order waits, the other does not.
    let again = Outcome::Again { first_unix_ms: now, due_unix_ms: now + 5_000, why: "it answered 500".into() };
    bench.desk.book.settle_hooks(&[(found[0].id, again), (found[1].id, Outcome::Delivered)]).unwrap();
    assert!(due(&bench, now).is_empty());
    let late = due(&bench, now + 5_000);
    assert_eq!((late.len(), late[0].id, late[0].tries, late[0].first_unix_ms), (1, found[0].id, 1, Some(now)));
    // A clock that was a year ahead keeps nothing waiting for a year.
    assert_eq!(due(&bench, now - 365 * DAY_MS).len(), 1);
    // Given up: it is kept, and the next one of its order goes on.
    let dead = Outcome::Dead { at_unix_ms: now, why: "it answered 500".into() };
    bench.desk.book.settle_hooks(&[(found[0].id, dead)]).unwrap();
    assert_eq!(due(&bench, now)[0].kind, "order.shipped");
    let figures = bench.desk.book.figures().unwrap();
    assert_eq!((figures.webhook_waiting, figures.webhook_dead), (1, 1));
    assert_eq!((figures.webhook_delivered, figures.webhook_failed), (1, 2));
    // Again by hand: in the order in which it happened.
    assert_eq!(bench.desk.book.retry_hooks(Some(found[1].id), now).unwrap(), 0, "it was delivered");
    assert_eq!(bench.desk.book.retry_hooks(Some(found[0].id), now).unwrap(), 1);
    assert_eq!((due(&bench, now)[0].kind.as_str(), due(&bench, now)[0].tries), ("order.booked", 0));
    // Gone: what waits and what comes are dead letters, until somebody retries or names another address.
    bench.desk.book.stop_webhook("gone (410)", now).unwrap();
    assert!(due(&bench, now).is_empty());
    let stopped = |bench: &Bench| bench.desk.book.webhook().unwrap().unwrap().stopped;
    bench.desk.book.point_webhook(URL).unwrap();
    assert_eq!(stopped(&bench).as_deref(), Some("gone (410)"));
    assert_eq!(bench.desk.book.retry_hooks(None, now).unwrap(), 2);
    assert_eq!(stopped(&bench), None);
    bench.desk.book.stop_webhook("gone (410)", now).unwrap();
    bench.desk.book.point_webhook("https://shop.example/other").unwrap();
    assert_eq!(stopped(&bench), None);
    // Dead letters go after thirty days, or when they are dropped.
    let all = bench.desk.book.hooks().unwrap();
    assert_eq!(bench.desk.book.drop_hooks(Some(all[0].id)).unwrap(), 1);
    bench.desk.book.prune(now + book::KEEP_MS - 60_000).unwrap();
    assert_eq!(bench.desk.book.hooks().unwrap().len(), 1);
    bench.desk.book.prune(now + book::KEEP_MS + 60_000).unwrap();
    assert!(bench.desk.book.hooks().unwrap().is_empty());
}

#[test]
fn the_numbers_follow_from_the_book() {
    let mut bench = Bench::new();
    let orders = [bench.order(1), bench.order(2), bench.order(3)];
    orders.iter().for_each(|order| drop(bench.receipt(order)));
    bench.desk.advance(&orders[0].order_id, StatusState::Delivered).unwrap();
    let aud = bench.route.up(Withdraw::KIND);
    bench.send(&Withdraw { aud, order_id: orders[0].order_id.clone(), lines: vec![], at: None });
    let aud = bench.route.up(Cancel::KIND);
    bench.send(&Cancel { aud, order_id: orders[1].order_id.clone(), reason_code: "household".into() });
    // Three tellers, as three workers: what each counted is added.
    let tallies = [(("quoted", String::new()), 2), (("rejected", "rate".to_owned()), 1)].into();
    (0..3).for_each(|_| bench.desk.book.add_tallies(&tallies).unwrap());

    // Somebody comes after 40 seconds, and once more, which counts no second time.
    let thread = random_hex128();
    let chat = Chat {
        seq: 1,
        handoff: Some(Handoff::Requested),
        at: None,
        ..Chat::ack(bench.route.up(Chat::KIND), &thread, 0)
    };
    bench.send(&chat);
    assert_eq!(bench.desk.book.figures().unwrap().waiting, 1);
    let at = bench.now() + 40_000;
    let Desk { book, keys, .. } = &mut bench.desk;
    (0..2).for_each(|_| drop(person(book, keys, &thread, "Maria", &Does::Joins, at).unwrap()));

    let figures = bench.desk.book.figures().unwrap();
    assert_eq!((figures.quoted, figures.ordered, figures.conversion_percent()), (6, 3, Some(50)));
    assert_eq!(
        (figures.withdrawn, figures.orders.get("cancelled"), figures.orders.get("accepted")),
        (1, Some(&1), Some(&1))
    );
    assert_eq!(figures.rejected.get("rate"), Some(&3));
    let place = HANDOVER_S.iter().position(|bound| *bound == 60).unwrap();
    assert_eq!((figures.waiting, figures.handovers(), figures.handover[place]), (0, 1, 1));
    assert!((40_000..60_000).contains(&figures.handover_sum_ms), "{}", figures.handover_sum_ms);
    assert!(!figures.webhook);
}

all![
    each_thing_that_happens_to_an_order_is_told_once,
    what_was_held_approved_or_expired_is_told,
    an_event_is_there_exactly_if_its_booking_is,
    one_orders_events_wait_for_each_other_and_nothing_is_lost,
    the_numbers_follow_from_the_book
];
