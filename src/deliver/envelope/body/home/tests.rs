//! How much of a household's orders fits, and what is not taken.

use super::*;
use crate::deliver::envelope::{MAX_BYTES, open, seal};
use crate::deliver::keys::Keys;

const TOPIC: &str = "tendero/v1/home/casa/kitchen/home/orders";
const NOW: i64 = 1_795_024_800_000;

fn order(id: usize, state: OrderState, title: &str) -> SharedOrder {
    SharedOrder {
        id: OrderId(format!("{id:032}")),
        shop: "corner".into(),
        state,
        lines: vec![SharedLine { sku: "coffee".into(), title: title.into(), qty: 2, unit_amount: 700 }],
        currency: "EUR".into(),
        total: 1_600,
        delivery_amount: 200,
        confirmed_unix_ms: NOW,
        hold_until_unix_ms: NOW + 1,
        expires_unix_ms: NOW + 2,
        arrives_unix_ms: NOW + 3,
        cancel_until_unix_ms: Some(NOW + 4),
    }
}

#[test]
fn what_is_told_arrives_as_it_was() {
    let keys = Keys::from_seed(&[1; 32]);
    let orders = vec![order(1, OrderState::HeldAtShop, "Coffee"), order(2, OrderState::Delivered, "Café")];
    let sent = HomeOrders::of(TOPIC.into(), 9, &orders);
    let bytes = seal(&sent, "home/casa/kitchen", &keys, NOW, 60_000).expect("it can be sealed");
    let opened = open::<HomeOrders>(&bytes, TOPIC, &keys.public(), NOW).expect("it was sealed for this topic");
    assert_eq!(opened.data.rev, 9);
    assert_eq!(opened.data.into_shared("EUR", str::to_owned), Ok(orders));
}

#[test]
fn what_does_not_fit_is_the_oldest_that_is_over() {
    // Newest first; each takes some 900 bytes, so that about seventy fit.
    let long = "x".repeat(500);
    let state = |at: usize| if at.is_multiple_of(10) { OrderState::Sending } else { OrderState::Delivered };
    let orders: Vec<SharedOrder> = (0..180).map(|at| order(at, state(at), &long)).collect();
    let sent = HomeOrders::of(TOPIC.into(), 1, &orders);
    let bytes = serde_json::to_vec(&sent).expect("it is plain data").len();
    assert!(bytes > MAX_SNAPSHOT * 9 / 10 && bytes < MAX_SNAPSHOT + 1_024, "{bytes}");
    let open = sent.orders.iter().filter(|order| order.state == "sending").count();
    assert_eq!(open, 18, "whatever may still come is told of");
    let over: Vec<&str> =
        sent.orders.iter().filter(|order| order.state == "delivered").map(|order| order.order_id.as_str()).collect();
    let newest: Vec<String> = orders.iter().filter(|order| order.state.is_final()).map(|o| o.id.0.clone()).collect();
    assert_eq!(over, newest[..over.len()], "and of the others the newest");
    // The largest that can be made can be sent.
    let wide = vec![SharedLine { title: "\u{1}".repeat(500), ..orders[0].lines[0].clone() }; 50];
    let wide: Vec<SharedOrder> =
        orders.iter().map(|order| SharedOrder { lines: wide.clone(), ..order.clone() }).collect();
    let sealed = seal(&HomeOrders::of(TOPIC.into(), 1, &wide), "h", &Keys::from_seed(&[1; 32]), NOW, 1_000);
    assert!(sealed.is_ok_and(|bytes| bytes.len() < MAX_BYTES));
}

#[test]
fn a_snapshot_with_something_wrong_is_refused_whole_and_a_new_state_is_unknown() {
    type Bend = fn(&mut HomeOrders);
    let table: [(Bend, Result<OrderState, &str>); 7] = [
        (|_| {}, Ok(OrderState::Held)),
        (|sent| sent.orders[0].state = "teleporting".into(), Ok(OrderState::Unknown)),
        (|sent| sent.orders[1].currency = "RON".into(), Err("an order in RON; this household pays in EUR")),
        (|sent| sent.orders[1].total = -1, Err("the figures of order")),
        (|sent| sent.orders[1].lines[0].qty = 0, Err("the figures of order")),
        (|sent| sent.orders[1].lines = vec![], Err("the figures of order")),
        (|sent| sent.orders = vec![sent.orders[0].clone(); 201], Err("a snapshot of 201 orders")),
    ];
    for (bend, expected) in table {
        let mut sent =
            HomeOrders::of(TOPIC.into(), 1, &[order(1, OrderState::Held, "a"), order(2, OrderState::Held, "a")]);
        bend(&mut sent);
        match (sent.into_shared("EUR", str::to_owned), expected) {
            (Ok(orders), Ok(state)) => assert_eq!(orders[0].state, state),
            (Err(why), Err(expected)) => assert!(why.to_string().contains(expected), "{why}"),
            (found, expected) => panic!("{found:?} instead of {expected:?}"),
        }
    }
}

#[test]
fn a_notice_names_a_few_products_and_a_level_that_can_be() {
    let heard = |skus: usize, level_cdb| HomeHeard {
        aud: String::new(),
        skus: vec!["coffee".into(); skus],
        level_cdb,
        snr_cdb: None,
    };
    for (skus, level_cdb, fine) in
        [(1, None, true), (8, Some(-2_000), true), (0, None, false), (9, None, false), (1, Some(i32::MIN), false)]
    {
        assert_eq!(heard(skus, level_cdb).check().is_ok(), fine, "{skus} {level_cdb:?}");
    }
}
