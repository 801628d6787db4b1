//! The burst guard at the desk: who is held, who is not, and what becomes of it.

use super::*;

/// Open the book of a shop that was killed.
fn reopened(bench: Bench) -> Bench {
    let Bench { desk, device, route, _dir } = bench;
    let Desk { book, keys, catalog, guide, terms, seller, max_orders_hour, burst, payment, clock, asked } = desk;
    drop(book);
    let book = open_book(_dir.path());
    let desk = Desk { book, keys, catalog, guide, terms, seller, max_orders_hour, burst, payment, clock, asked };
    Bench { desk, device, route, _dir }
}

impl Bench {
    /// From now on it is this home that speaks.
    pub(super) fn home(&mut self, n: u8) {
        let home = format!("home-{n}");
        self.device = Keys::from_seed(&[100 + n; 32]);
        self.desk.book.trust(&home, "kitchen", &self.device.public()).unwrap();
        self.route = Route::new(&home, "kitchen", "corner").unwrap();
    }

    /// A home orders: its order, and the answer.
    fn orders(&mut self, n: u8) -> (Order, Receipt) {
        self.home(n);
        let seq = u64::try_from(self.desk.book.all().unwrap().len()).unwrap() + 1;
        let order = self.order(seq);
        let receipt = self.receipt(&order);
        (order, receipt)
    }

    fn approve(&mut self, order: &Order) -> Done {
        let aud = self.route.up(OrderApprove::KIND);
        self.send(&OrderApprove { aud, order_id: order.order_id.clone() })
    }

    /// What the last status of each order says, and the outgoing list is empty.
    fn statuses(&mut self) -> Vec<(String, StatusState, Option<String>)> {
        let key = self.desk.keys.public();
        let now = self.now();
        let mut all = vec![];
        for (id, topic, bytes) in self.desk.book.outgoing().unwrap() {
            self.desk.book.said(&[id]).unwrap();
            if let Ok(status) = open::<Status>(&bytes, &topic, &key, now) {
                all.push((status.data.order_id, status.data.state, status.data.code));
            }
        }
        all
    }

    fn minutes(&self, minutes: u64) {
        self.desk.clock.skip(Duration::from_secs(60 * minutes));
    }
}

fn said(receipt: &Receipt) -> (ReceiptStatus, &str) {
    (receipt.status, code(receipt))
}

const HELD: (ReceiptStatus, &str) = (ReceiptStatus::Held, "burst");
const BOOKED: (ReceiptStatus, &str) = (ReceiptStatus::Accepted, "accepted");
const APPROVED: (ReceiptStatus, &str) = (ReceiptStatus::Accepted, "approved");

#[test]
fn many_homes_at_once_are_held_and_the_first_of_them_too() {
    let mut bench = Bench::new();
    let mut orders = vec![];
    for n in 1..=4 {
        let (order, receipt) = bench.orders(n);
        assert_eq!(said(&receipt), BOOKED, "home {n} is one of a few");
        orders.push(order);
    }
    assert_eq!(bench.booked(), 4);
    // The fifth home's request for a price is enough; its quote says so.
    bench.home(5);
    let quote = bench.quote().data;
    assert_eq!(quote.surge, Some(Surge { homes: 5, minutes: 10 }));
    assert_eq!(bench.booked(), 0, "the first four are not booked any more");
    let order = bench.order(9);
    let done = bench.send(&order);
    assert!(matches!(done.events[..], [ShopEvent::Held { .. }]));
    let held = bench.said::<Receipt>(&done).unwrap().data;
    assert_eq!((said(&held), &held.shop_order_no), (HELD, &None));
    assert_eq!((bench.booked(), bench.desk.book.held().unwrap().len()), (0, 5));
    // The four who had a receipt heard otherwise; asked again, the answer is what holds now.
    bench.home(1);
    assert_eq!(said(&bench.receipt(&orders[0])), HELD);
}

#[test]
fn those_who_were_booked_first_are_told_in_the_same_transaction() {
    let mut bench = Bench::new();
    let orders: Vec<Order> = (1..=4).map(|n| bench.orders(n).0).collect();
    bench.statuses();
    bench.desk.advance(&orders[0].order_id, StatusState::Shipped).unwrap();
    bench.statuses();
    bench.home(5);
    let request = bench.request(&[("heads", 1)]);
    let done = bench.send(&request);
    assert!(done.events.iter().any(|event| matches!(event, ShopEvent::Burst { homes: 5, .. })));
    let told = bench.statuses();
    let expected: Vec<_> =
        orders[1..].iter().map(|o| (o.order_id.clone(), StatusState::Held, Some("burst".to_owned()))).collect();
    assert_eq!(told, expected, "what was shipped stays");
    assert_eq!(bench.booked(), 1);
    // Once: the next home's request finds nothing more to put aside.
    bench.home(6);
    bench.quote();
    assert_eq!(bench.statuses(), []);
}

#[test]
fn a_home_that_bought_it_before_and_another_product_are_booked_as_usual() {
    let mut bench = Bench::new();
    let (old, receipt) = bench.orders(1);
    assert_eq!(said(&receipt), BOOKED);
    bench.minutes(60);
    for n in 2..=6 {
        bench.home(n);
        bench.quote();
    }
    assert_eq!(said(&bench.orders(1).1), BOOKED, "a regular, whose first order was an hour ago");
    assert_eq!(said(&bench.orders(7).1), HELD);
    // Another product is not in the burst.
    bench.home(8);
    let mut request = bench.request(&[("coffee", 1)]);
    request.lines[0].options.insert("size".into(), "large".into());
    let done = bench.send(&request);
    assert_eq!(bench.said::<Quote>(&done).unwrap().data.surge, None);
    assert!(bench.desk.book.bookings().unwrap().iter().any(|b| b.order_id == old.order_id));
}

#[test]
fn an_adults_approval_books_once_and_a_killed_shop_forgets_nothing() {
    let mut bench = Bench::new();
    for n in 1..=6 {
        bench.orders(n);
    }
    bench.home(6);
    let order = bench.order(50);
    let receipt = bench.receipt(&order);
    assert_eq!(said(&receipt), HELD);
    bench = reopened(bench);
    assert_eq!(said(&bench.orders(7).1), HELD, "the burst is in the book");
    bench.home(6);
    assert_eq!(bench.receipt(&order), receipt, "the same order gets the same answer");
    assert_eq!(bench.booked(), 0);

    // Another home can't approve it.
    bench.home(7);
    let done = bench.approve(&order);
    assert_eq!(bench.said::<Status>(&done).unwrap().data.state, StatusState::Unknown);
    assert_eq!(bench.booked(), 0);

    bench.home(6);
    let done = bench.approve(&order);
    assert!(matches!(&done.events[..], [ShopEvent::Booked { order_id, .. }] if *order_id == order.order_id));
    // Killed before the receipt went out: it is in the book.
    bench = reopened(bench);
    let booked = bench.said::<Receipt>(&Done::default()).unwrap().data;
    assert_eq!(said(&booked), APPROVED);
    assert!(booked.shop_order_no.is_some() && booked.cancel_until.is_some());
    assert_eq!(booked.order_hash, hash_of(&order).unwrap());
    assert_eq!(bench.booked(), 1);
    // Again: by the approval, by the order, by asking.
    let get = OrderGet { aud: bench.route.up(OrderGet::KIND), order_id: order.order_id.clone() };
    let again = [bench.approve(&order), bench.send(&order), bench.send(&get)];
    for done in again {
        assert_eq!(bench.said::<Receipt>(&done).unwrap().data, booked);
        assert_eq!(bench.said::<Status>(&done).unwrap().data.state, StatusState::Accepted);
    }
    assert_eq!(bench.booked(), 1);
    // From now on this home is a regular, and a later burst does not take its order away.
    assert_eq!(said(&bench.orders(6).1), BOOKED);
    bench.minutes(70);
    for n in 10..=15 {
        bench.home(n);
        bench.quote();
    }
    assert_eq!(bench.booked(), 2);
}

#[test]
fn what_nobody_approves_expires_and_can_not_be_approved_later() {
    let mut bench = Bench::new();
    let orders: Vec<Order> = (1..=6).map(|n| bench.orders(n).0).collect();
    bench.statuses();
    assert!(bench.desk.expire_held().unwrap().events.is_empty(), "not yet");
    bench.minutes(61);
    // The approval comes before the shop looked: too late all the same.
    bench.home(6);
    let late = bench.approve(&orders[5]);
    assert!(matches!(late.events[..], [ShopEvent::Moved { state: StatusState::Expired, .. }]));
    bench = reopened(bench);
    assert_eq!(bench.desk.expire_held().unwrap().events.len(), 5);
    let told = bench.statuses();
    assert!(told.len() == 6 && told.iter().all(|(_, state, _)| *state == StatusState::Expired), "{told:?}");
    bench.home(1);
    let done = bench.approve(&orders[0]);
    assert_eq!(bench.said::<Status>(&done).unwrap().data.state, StatusState::Expired);
    // The same order again: held then, and what became of it.
    let done = bench.send(&orders[0]);
    assert_eq!(said(&bench.said::<Receipt>(&done).unwrap().data), HELD);
    assert_eq!(bench.said::<Status>(&done).unwrap().data.state, StatusState::Expired);
    assert!(bench.desk.expire_held().unwrap().events.is_empty());
    assert_eq!((bench.booked(), bench.desk.book.held().unwrap().len()), (0, 0));
}

#[test]
fn what_is_held_can_be_taken_back_and_asked_about() {
    let mut bench = Bench::new();
    let orders: Vec<Order> = (1..=6).map(|n| bench.orders(n).0).collect();
    bench.home(6);
    let get = OrderGet { aud: bench.route.up(OrderGet::KIND), order_id: orders[5].order_id.clone() };
    let done = bench.send(&get);
    assert_eq!(said(&bench.said::<Receipt>(&done).unwrap().data), HELD);
    let cancel = Cancel {
        aud: bench.route.up(Cancel::KIND),
        order_id: orders[5].order_id.clone(),
        reason_code: "household".into(),
    };
    let done = bench.send(&cancel);
    assert_eq!(bench.said::<Status>(&done).unwrap().data.state, StatusState::Cancelled);
    let done = bench.approve(&orders[5]);
    assert_eq!(bench.said::<Status>(&done).unwrap().data.state, StatusState::Cancelled, "too late for the adult");
    assert_eq!((bench.booked(), bench.desk.book.held().unwrap().len()), (0, 5));
    // The shop itself can't ship what is held, nor book it.
    let done = bench.desk.advance(&orders[0].order_id, StatusState::Shipped).unwrap();
    assert!(matches!(done.events[..], [ShopEvent::Refused(_)]));
}

#[test]
fn a_burst_goes_on_for_an_hour_and_then_it_is_over() {
    let mut bench = Bench::new();
    for n in 1..=5 {
        bench.home(n);
        bench.quote();
    }
    // The homes hold their orders for ten minutes before they send them.
    bench.minutes(40);
    assert_eq!(said(&bench.orders(1).1), HELD);
    bench.minutes(61);
    assert_eq!(said(&bench.orders(20).1), BOOKED, "one home asks");
    bench.desk.burst.min_homes = 0;
    for n in 21..=29 {
        assert_eq!(said(&bench.orders(n).1), BOOKED, "the guard is off");
    }
}

#[test]
fn a_product_that_is_often_bought_takes_more_homes() {
    let mut bench = Bench::new();
    bench.desk.max_orders_hour = 10_000;
    bench.desk.burst.min_homes = 0;
    for _ in 0..150 {
        bench.orders(1);
    }
    bench.desk.burst.min_homes = 5;
    bench.minutes(24 * 60);
    // 150 bookings in 30 days: a tenth of a home in ten minutes, with those who only ask.
    for n in 2..=6 {
        bench.home(n);
        let surge = bench.quote().data.surge;
        assert_eq!(surge.is_some(), n == 6, "home {n}");
    }
    let asks = |bench: &mut Bench| bench.desk.book.write(|page| page.homes_asking("heads", 0)).unwrap();
    assert_eq!(asks(&mut bench), 5);
    bench.minutes(11);
    bench.home(1);
    bench.quote();
    assert_eq!(asks(&mut bench), 1, "who asked long ago is forgotten");
}

super::all![
    many_homes_at_once_are_held_and_the_first_of_them_too,
    those_who_were_booked_first_are_told_in_the_same_transaction,
    a_home_that_bought_it_before_and_another_product_are_booked_as_usual,
    an_adults_approval_books_once_and_a_killed_shop_forgets_nothing,
    what_nobody_approves_expires_and_can_not_be_approved_later,
    what_is_held_can_be_taken_back_and_asked_about,
    a_burst_goes_on_for_an_hour_and_then_it_is_over,
    a_product_that_is_often_bought_takes_more_homes
];
