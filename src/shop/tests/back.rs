//! Withdrawals at the desk: when they are taken, when not, and that the acknowledgement stays the same.

use super::*;

const DAY_S: u64 = 86_400;

impl Bench {
    fn withdraw(&self, order: &Order) -> Withdraw {
        Withdraw {
            aud: self.route.up(Withdraw::KIND),
            order_id: order.order_id.clone(),
            lines: vec![],
            at: Some(Moment::new(self.now())),
        }
    }

    fn answer(&mut self, withdraw: &Withdraw) -> Status {
        let done = self.send(withdraw);
        self.said::<Status>(&done).expect("a status").data
    }

    fn moves(&mut self, order: &Order, state: StatusState) -> Status {
        let done = self.desk.advance(&order.order_id, state).unwrap();
        self.said::<Status>(&done).expect("a status").data
    }

    fn days(&self, days: u64) {
        self.desk.clock.skip(Duration::from_secs(days * DAY_S));
    }

    fn bought(&mut self, seq: u64) -> Order {
        let order = self.order(seq);
        assert_eq!(code(&self.receipt(&order)), "accepted");
        order
    }
}

fn received(status: &Status) -> Option<i64> {
    status.withdrawal.as_ref().map(|answer| answer.received.unix_ms)
}

#[test]
fn a_withdrawal_is_acknowledged_once_and_each_repetition_gets_the_same_time() {
    for before in [None, Some(StatusState::Shipped), Some(StatusState::Delivered)] {
        let mut bench = Bench::new();
        let order = bench.bought(1);
        if let Some(before) = before {
            let status = bench.moves(&order, before);
            assert!(status.since.is_some() && status.withdrawal.is_none(), "{status:?}");
        }
        let withdraw = bench.withdraw(&order);
        let begun = bench.now();
        let first = bench.answer(&withdraw);
        assert_eq!((first.state, first.code.as_deref()), (StatusState::Withdrawn, None), "{before:?}");
        let at = received(&first).expect("a time");
        assert!((begun..=bench.now()).contains(&at));
        bench.days(2);
        let again = bench.withdraw(&order);
        let again = bench.answer(&again);
        assert_eq!((again.state, again.rev, received(&again)), (first.state, first.rev, Some(at)));
        // Nothing is sent any more, and the money goes back once.
        let done = bench.desk.advance(&order.order_id, StatusState::Shipped).unwrap();
        assert!(matches!(done.events[..], [ShopEvent::Refused(_)]));
        let refunded = bench.moves(&order, StatusState::Refunded);
        assert_eq!((refunded.state, received(&refunded)), (StatusState::Refunded, Some(at)));
        let last = bench.withdraw(&order);
        let last = bench.answer(&last);
        assert_eq!((last.state, received(&last)), (StatusState::Refunded, Some(at)));
        // The whole answer to "what became of it?" has it, too.
        let get = OrderGet { aud: bench.route.up(OrderGet::KIND), order_id: order.order_id.clone() };
        let done = bench.send(&get);
        assert_eq!(received(&bench.said::<Status>(&done).unwrap().data), Some(at));
    }
}

#[test]
fn the_time_for_it_begins_with_the_delivery_and_ends_with_its_last_day() {
    let mut bench = Bench::new();
    let order = bench.bought(1);
    // Long under way: that does not count.
    bench.days(20);
    let delivered = bench.moves(&order, StatusState::Delivered).since.unwrap().unix_ms;
    bench.days(14);
    bench.days(1);
    let late = bench.withdraw(&order);
    let status = bench.answer(&late);
    assert_eq!((status.state, status.code.as_deref()), (StatusState::Delivered, Some("too_late")));
    let answer = status.withdrawal.expect("an answer");
    assert_eq!(answer.until.map(|at| at.unix_ms), Some(delivered + 14 * 86_400_000));
    // Without a time of its own, the moment at which it came counts.
    let status = bench.answer(&Withdraw { at: None, ..late.clone() });
    assert_eq!(status.code.as_deref(), Some("too_late"));
    // Somebody who claims to have said it long ago, or in the days to come.
    let long_ago = bench.now() - 8 * 86_400_000;
    bench.days(7);
    for at in [long_ago, bench.now() + 86_400_000] {
        let status = bench.answer(&Withdraw { at: Some(Moment::new(at)), ..late.clone() });
        assert_eq!(status.code.as_deref(), Some("too_late"), "{at}");
    }
    // Said in time, on a day when the broker was away.
    let mut bench = Bench::new();
    let order = bench.bought(1);
    bench.moves(&order, StatusState::Delivered);
    bench.days(14);
    let said = bench.withdraw(&order);
    let bytes = seal(&said, "home/casa/kitchen", &bench.device, bench.now(), 5 * 86_400_000).unwrap();
    bench.days(3);
    let done = bench.desk.handle(&said.aud, &bytes, false).unwrap();
    assert_eq!(bench.said::<Status>(&done).unwrap().data.state, StatusState::Withdrawn);
}

#[test]
fn what_does_not_go_back_stays_and_the_home_hears_why() {
    // What the law excepts, as the quote said so.
    let mut bench = Bench::new();
    bench.desk.terms.withdrawal_days = 0;
    let order = bench.bought(1);
    bench.desk.terms.withdrawal_days = 14;
    let withdraw = bench.withdraw(&order);
    let status = bench.answer(&withdraw);
    assert_eq!((status.state, status.code.as_deref()), (StatusState::Accepted, Some("not_returnable")));
    assert!(status.withdrawal.is_some(), "so that it can't be taken for the answer to a cancellation");
    // A part of an order; all of it by its lines is all of it.
    let order = bench.bought(2);
    let part = |qty| WithdrawLine { sku: "heads".into(), qty };
    let status = bench.answer(&Withdraw { lines: vec![part(1)], ..bench.withdraw(&order) });
    assert_eq!((status.state, status.code.as_deref()), (StatusState::Accepted, Some("not_in_part")));
    let status = bench.answer(&Withdraw { lines: vec![part(2)], ..bench.withdraw(&order) });
    assert_eq!(status.state, StatusState::Withdrawn);
    // What was cancelled, was rejected, or never came.
    let order = bench.bought(3);
    let aud = bench.route.up(Cancel::KIND);
    let cancel = Cancel { aud, order_id: order.order_id.clone(), reason_code: "household".into() };
    let done = bench.send(&cancel);
    bench.said::<Status>(&done).unwrap();
    let withdraw = bench.withdraw(&order);
    let status = bench.answer(&withdraw);
    assert_eq!((status.state, received(&status)), (StatusState::Cancelled, None));
    let mut spoiled = bench.order(4);
    spoiled.total -= 1;
    bench.receipt(&spoiled);
    let withdraw = bench.withdraw(&spoiled);
    assert_eq!(bench.answer(&withdraw).state, StatusState::Rejected);
    let never = Withdraw { order_id: random_hex128(), ..withdraw };
    assert_eq!(bench.answer(&never).state, StatusState::Unknown);
    assert_eq!(bench.answer(&never).state, StatusState::Unknown, "and nothing is remembered of it");
}

#[test]
fn only_the_device_that_ordered_can_withdraw() {
    let mut bench = Bench::new();
    let order = bench.bought(1);
    let forged =
        seal(&bench.withdraw(&order), "home/casa/kitchen", &Keys::from_seed(&[8; 32]), bench.now(), 60_000).unwrap();
    let done = bench.desk.handle(&bench.route.up(Withdraw::KIND), &forged, false).unwrap();
    assert!(done.say.is_empty() && matches!(done.events[..], [ShopEvent::Refused(_)]), "{done:?}");
    let odd = Withdraw { order_id: "../etc".into(), ..bench.withdraw(&order) };
    let done = bench.send(&odd);
    assert!(done.say.is_empty() && matches!(done.events[..], [ShopEvent::Refused(_)]), "{done:?}");
    // Another home, and another device of the same one, both paired: they do not know this order.
    let (own_key, own_route) = (Keys::from_seed(&[1; 32]), bench.route.clone());
    for (home, device) in [("haus", "kitchen"), ("casa", "attic")] {
        bench.device = Keys::from_seed(&[9; 32]);
        bench.desk.book.trust(home, device, &bench.device.public()).unwrap();
        bench.route = Route::new(home, device, "corner").unwrap();
        let withdraw = bench.withdraw(&order);
        assert_eq!(bench.answer(&withdraw).state, StatusState::Unknown, "{home}/{device}");
    }
    (bench.device, bench.route) = (own_key, own_route);
    assert_eq!(bench.desk.book.bookings().unwrap()[0].state, "accepted");
    let withdraw = bench.withdraw(&order);
    assert_eq!(bench.answer(&withdraw).state, StatusState::Withdrawn);
}

/// A book of an earlier version: the days are taken from the quotes that are still there, and what was delivered then can go back.
#[test]
fn an_old_book_learns_what_a_withdrawal_needs() {
    let dir = tempfile::tempdir().unwrap();
    let db = book::of_version(dir.path(), 2);
    db.execute_batch(
        "INSERT INTO quotes VALUES ('h', 'casa', 'kitchen', '{\"withdrawal_days\":30}', 1, 'a');
         INSERT INTO bookings (home, device, order_id, state, rev, body, total, currency, booked_unix_ms)
         VALUES ('casa', 'kitchen', 'a', 'delivered', 3, '{\"quote_hash\":\"h\"}', 1, 'EUR', 1),
                ('casa', 'kitchen', 'b', 'delivered', 3, '{\"quote_hash\":\"gone\"}', 1, 'EUR', 1);",
    )
    .unwrap();
    drop(db);
    let book = Book::open(dir.path()).unwrap();
    let bookings = book.bookings().unwrap();
    let days: Vec<Option<u16>> = bookings.iter().map(|booking| booking.withdrawal_days).collect();
    assert_eq!(days, [Some(30), None]);
    assert_eq!(bookings[0].delivered_unix_ms, None, "nobody knows, so nothing is too late");
    let figures = book.figures().unwrap();
    assert_eq!(figures.orders.get("delivered"), Some(&2));
    assert_eq!(figures.ordered, 0, "their quotes were not counted, so they are none of those that were ordered");
}

super::all![
    a_withdrawal_is_acknowledged_once_and_each_repetition_gets_the_same_time,
    the_time_for_it_begins_with_the_delivery_and_ends_with_its_last_day,
    what_does_not_go_back_stays_and_the_home_hears_why,
    only_the_device_that_ordered_can_withdraw
];
