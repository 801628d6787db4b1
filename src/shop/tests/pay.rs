//! Paying at the desk: what is quoted, what waits for a bank, what its word does; and coupons, used once.

use super::*;
use crate::shop::book::pay::{HeldFor, new_id};
use crate::shop::coupon::{Coupon, Off, fixture};
use crate::shop::desk::{Word, settle};
use crate::shop::payment::Way;

fn way(method: PayMethod) -> Way {
    let token = (method == PayMethod::Token).then_some("card ending 42");
    Way {
        payment: Payment { method, id: new_id(), label: token.map(str::to_owned) },
        token: token.map(|_| "pm_1Nx".to_owned()),
    }
}

impl Bench {
    pub(super) fn pays(&mut self, method: PayMethod) -> String {
        let (home, now) = (self.route.home().to_owned(), self.now());
        self.desk.book.set_way(&home, &way(method), now).unwrap()
    }

    fn settle(&mut self, order: &Order, word: Word) -> Vec<ShopEvent> {
        let now = self.now();
        settle(&mut self.desk.book, &self.desk.keys, &order.order_id, word, now).unwrap().events
    }

    fn refused(&mut self, order: &Order, word: Word) -> &'static str {
        match self.settle(order, word).pop() {
            Some(ShopEvent::Refused(refused)) => refused.code,
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn add(&mut self, coupon: &Coupon) {
        let now = self.now();
        assert!(self.desk.book.add_coupon(coupon, now).unwrap());
    }

    pub(super) fn priced(&mut self, lines: &[(&str, u32)], asked: CouponAsked) -> Opened<Quote> {
        let request = QuoteRequest { coupon: Some(asked), ..self.request(lines) };
        let done = self.send(&request);
        let quote = self.said::<Quote>(&done).expect("a quote");
        assert_eq!(quote.data.check(), Ok(()));
        quote
    }

    /// What the coupon takes off two packs of heads, or why nothing.
    fn tries(&mut self, code: &str) -> Result<i64, String> {
        let quote = self.priced(&[("heads", 2)], CouponAsked::Code(code.into())).data;
        let normal = quote.totals.goods + quote.totals.delivery;
        match (quote.discount, quote.coupon_refused) {
            (Some(off), None) => {
                assert_eq!(quote.totals.total, normal - off.amount);
                Ok(off.amount)
            }
            (None, Some(refused)) => {
                assert_eq!(quote.totals.total, normal);
                Err(refused.code)
            }
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn ordering(&self, quote: &Opened<Quote>, seq: u64) -> Order {
        let now = self.now();
        Order {
            aud: self.route.up(Order::KIND),
            order_id: random_hex128(),
            seq,
            nonce: random_hex128(),
            quote_id: quote.data.quote_id.clone(),
            quote_hash: quote.hash.clone(),
            currency: "EUR".into(),
            lines: quote.data.lines.iter().map(OrderLine::from).collect(),
            total: quote.data.totals.total,
            exp: Moment::new(now + 3_600_000),
            confirm: Confirm { rung: "phrase".into(), spoken: vec!["pide eso".into()], at: Moment::new(now) },
            mandate: None,
        }
    }

    pub(super) fn uses(&self, code: &str) -> u32 {
        self.desk.book.coupons().unwrap().iter().find(|coupon| coupon.code == code).unwrap().used
    }
}

fn said(receipt: &Receipt) -> (ReceiptStatus, &str) {
    (receipt.status, code(receipt))
}

const WAITS: (ReceiptStatus, &str) = (ReceiptStatus::Held, "payment_authentication");
const PAID: (ReceiptStatus, &str) = (ReceiptStatus::Accepted, "payment_confirmed");
const NOT_PAID: (ReceiptStatus, &str) = (ReceiptStatus::Rejected, "payment_refused");

#[test]
fn a_quote_says_how_it_is_paid_and_never_the_token() {
    let mut bench = Bench::new();
    assert_eq!(bench.quote().data.payment, None);
    for method in [PayMethod::Account, PayMethod::Invoice, PayMethod::Token] {
        let id = bench.pays(method);
        let request = bench.request(&[("heads", 2)]);
        let done = bench.send(&request);
        assert!(!String::from_utf8_lossy(&done.say[0].bytes).contains("pm_1Nx"));
        let quote = bench.said::<Quote>(&done).unwrap().data;
        assert_eq!(quote.check(), Ok(()));
        let payment = quote.payment.unwrap();
        assert_eq!((payment.method, &payment.id), (method, &id));
        // The same once more is no other way to pay.
        assert_eq!(bench.pays(method), id);
    }
    // What was quoted with the way before is not booked.
    let order = bench.order(1);
    bench.pays(PayMethod::Invoice);
    assert_eq!(code(&bench.receipt(&order)), "payment_changed");
    assert!(bench.desk.book.forget_ways("casa").unwrap() && !bench.desk.book.forget_ways("casa").unwrap());
    assert_eq!(bench.quote().data.payment, None);
}

#[test]
fn a_large_payment_by_token_waits_for_the_bank_and_others_do_not() {
    let mut bench = Bench::new();
    bench.desk.max_orders_hour = 30;
    // Two packs cost 25.98, three 38.97.
    for (method, qty, waits) in [
        (PayMethod::Token, 2, false),
        (PayMethod::Token, 3, true),
        (PayMethod::Account, 3, false),
        (PayMethod::Invoice, 3, false),
    ] {
        bench.pays(method);
        let request = bench.request(&[("heads", qty)]);
        let done = bench.send(&request);
        let quote = bench.said::<Quote>(&done).unwrap();
        let order = bench.ordering(&quote, u64::from(qty) * 10 + method as u64);
        let receipt = bench.receipt(&order);
        assert_eq!(receipt.status == ReceiptStatus::Held, waits, "{method:?} {qty}");
    }
    assert_eq!((bench.booked(), bench.desk.book.held().unwrap().len()), (3, 1));
}

/// An order of 38.97 by token, and its receipt.
pub(super) fn waiting(bench: &mut Bench, seq: u64) -> Order {
    bench.pays(PayMethod::Token);
    let request = bench.request(&[("heads", 3)]);
    let done = bench.send(&request);
    let quote = bench.said::<Quote>(&done).unwrap();
    let order = bench.ordering(&quote, seq);
    let receipt = bench.receipt(&order);
    assert_eq!((said(&receipt), &receipt.shop_order_no), (WAITS, &None));
    order
}

#[test]
fn the_banks_word_books_once_or_never_and_said_again_changes_nothing() {
    let mut bench = Bench::new();
    let order = waiting(&mut bench, 1);
    assert_eq!(bench.booked(), 0);
    // Nobody at the home answers for a bank.
    let approve = OrderApprove { aud: bench.route.up(OrderApprove::KIND), order_id: order.order_id.clone() };
    let done = bench.send(&approve);
    assert_eq!(said(&bench.said::<Receipt>(&done).unwrap().data), WAITS);

    assert!(matches!(bench.settle(&order, Word::Confirmed)[..], [ShopEvent::Booked { .. }]));
    let told = bench.said::<Receipt>(&Done::default()).unwrap().data;
    assert_eq!((said(&told), told.shop_order_no.as_deref()), (PAID, Some("T-000001")));
    assert!(matches!(bench.settle(&order, Word::Confirmed)[..], [ShopEvent::Repeated { .. }]));
    assert_eq!(bench.refused(&order, Word::Refused), "wrong_state");
    let again = bench.sealed(&order);
    let again = bench.desk.handle(&order.aud, &again, false).unwrap();
    assert_eq!(said(&bench.said::<Receipt>(&again).unwrap().data), PAID);
    assert_eq!(bench.booked(), 1);

    let other = waiting(&mut bench, 2);
    assert!(matches!(bench.settle(&other, Word::Refused)[..], [ShopEvent::Rejected { .. }]));
    assert_eq!(said(&bench.said::<Receipt>(&Done::default()).unwrap().data), NOT_PAID);
    assert!(matches!(bench.settle(&other, Word::Refused)[..], [ShopEvent::Repeated { .. }]));
    assert_eq!(bench.refused(&other, Word::Confirmed), "wrong_state");
    assert_eq!(bench.booked(), 1);
    let unknown = Order { order_id: random_hex128(), ..other };
    assert_eq!(bench.refused(&unknown, Word::Confirmed), "unknown_order");
}

#[test]
fn a_late_word_books_nothing_and_who_took_it_back_is_not_booked() {
    let mut bench = Bench::new();
    let order = waiting(&mut bench, 1);
    bench.desk.clock.skip(Duration::from_secs(3_601));
    // Before anybody has swept: the word itself finds that it is late.
    assert_eq!(bench.refused(&order, Word::Confirmed), "too_late");
    let status = bench.said::<Status>(&Done::default()).unwrap().data;
    assert_eq!((status.state, status.code.as_deref()), (StatusState::Expired, Some("payment_authentication")));
    assert_eq!(bench.refused(&order, Word::Confirmed), "wrong_state");

    let swept = waiting(&mut bench, 2);
    bench.desk.clock.skip(Duration::from_secs(3_601));
    bench.desk.expire_held().unwrap();
    let status = bench.said::<Status>(&Done::default()).unwrap().data;
    assert_eq!((status.state, status.code.as_deref()), (StatusState::Expired, Some("payment_authentication")));
    assert_eq!(bench.refused(&swept, Word::Confirmed), "wrong_state");

    let taken_back = waiting(&mut bench, 3);
    let (aud, order_id) = (bench.route.up(Cancel::KIND), taken_back.order_id.clone());
    let done = bench.send(&Cancel { aud, order_id, reason_code: "household".into() });
    assert_eq!(bench.said::<Status>(&done).unwrap().data.state, StatusState::Cancelled);
    assert_eq!(bench.refused(&taken_back, Word::Confirmed), "wrong_state");
    assert_eq!(bench.booked(), 0);
}

#[test]
fn a_payment_waits_over_a_restart_and_the_shop_system_is_told_to_ask() {
    let mut bench = Bench::new();
    bench.desk.book.point_webhook("http://127.0.0.1:9/").unwrap();
    let order = waiting(&mut bench, 1);
    let dir = bench._dir.path().to_owned();
    bench.desk.book = open_book(&dir);
    assert!(matches!(bench.settle(&order, Word::Confirmed)[..], [ShopEvent::Booked { .. }]));
    let hooks = bench.desk.book.hooks().unwrap();
    let kinds: Vec<&str> = hooks.iter().map(|hook| hook.kind.as_str()).collect();
    assert_eq!(kinds, ["payment.authentication_required", "order.booked"]);
    let asked: serde_json::Value = serde_json::from_str(&hooks[0].body).unwrap();
    let data = &asked["data"];
    assert_eq!((&data["total"], &data["payment"]["method"]), (&3_897.into(), &"token".into()));
    assert_eq!((&data["payment_state"], &data["held_for"]), (&"required".into(), &"payment_authentication".into()));
    assert!(data["held_until"].is_string() && data["payment"]["label"] == "card ending 42");
    assert!(hooks.iter().all(|hook| !hook.body.contains("pm_1Nx")), "a token never leaves the book");
}

#[test]
fn in_a_burst_an_adult_comes_before_the_bank() {
    let mut bench = Bench::new();
    for n in 1..=5 {
        bench.home(n);
        bench.quote();
    }
    bench.home(6);
    bench.pays(PayMethod::Token);
    let request = bench.request(&[("heads", 3)]);
    let done = bench.send(&request);
    let quote = bench.said::<Quote>(&done).unwrap();
    let order = bench.ordering(&quote, 1);
    assert_eq!(said(&bench.receipt(&order)), (ReceiptStatus::Held, HeldFor::Burst.code()));
    assert_eq!(bench.refused(&order, Word::Confirmed), "wrong_state");
    let approve = OrderApprove { aud: bench.route.up(OrderApprove::KIND), order_id: order.order_id.clone() };
    for _ in 0..2 {
        let done = bench.send(&approve);
        assert_eq!(said(&bench.said::<Receipt>(&done).unwrap().data), WAITS);
    }
    assert!(matches!(bench.settle(&order, Word::Confirmed)[..], [ShopEvent::Booked { .. }]));
    assert_eq!(bench.booked(), 1);
}

#[test]
fn a_coupon_takes_off_once_a_home_or_the_reason_is_told() {
    let mut bench = Bench::new();
    let now = bench.now();
    bench.add(&fixture("SPRING"));
    bench.add(&Coupon { off: Off::Percent(10), ..fixture("TENTH") });
    bench.add(&Coupon { off: Off::Amount(i64::MAX), ..fixture("ALL") });
    bench.add(&Coupon { until_unix_ms: Some(now), ..fixture("OVER") });
    bench.add(&Coupon { minimum: 2_599, ..fixture("LARGE") });
    bench.add(&Coupon { skus: vec!["coffee".into()], ..fixture("CUP") });
    bench.add(&Coupon { home: Some("other".into()), ..fixture("THEIRS") });
    bench.add(&Coupon { news: Some(random_hex128()), ..fixture("OFFER") });
    let cases = [
        ("SPRING", Ok(200)),
        ("TENTH", Ok(259)),
        ("ALL", Ok(2_598)),
        ("OVER", Err("coupon_expired")),
        ("LARGE", Err("coupon_minimum")),
        ("CUP", Err("coupon_products")),
        ("THEIRS", Err("unknown_coupon")),
        ("OFFER", Err("unknown_coupon")),
        ("NONE", Err("unknown_coupon")),
        ("no code; DROP TABLE coupons", Err("unknown_coupon")),
    ];
    for (code, expected) in cases {
        assert_eq!(bench.tries(code), expected.map_err(str::to_owned), "{code}");
    }
    let none = bench.priced(&[("heads", 2)], CouponAsked::Mine).data.coupon_refused.unwrap();
    assert_eq!(none.code, "no_coupon");
    bench.add(&Coupon { home: Some("casa".into()), off: Off::Amount(5), ..fixture("MINE") });
    let mine = bench.priced(&[("heads", 2)], CouponAsked::Mine).data.discount.unwrap();
    assert_eq!((mine.coupon.as_str(), mine.amount), ("MINE", 5));
    assert!(!bench.desk.book.add_coupon(&fixture("MINE"), now).unwrap());

    // Two prices with the same coupon: one order has it, also when it is said twice.
    let first = bench.priced(&[("heads", 2)], CouponAsked::Code("SPRING".into()));
    let second = bench.priced(&[("heads", 1)], CouponAsked::Code("SPRING".into()));
    let order = bench.ordering(&first, 1);
    for _ in 0..2 {
        assert_eq!(said(&bench.receipt(&order)), (ReceiptStatus::Accepted, "accepted"));
    }
    let booking = bench.desk.book.bookings().unwrap().remove(0);
    assert_eq!((booking.total, booking.discount, booking.coupon.as_deref()), (2_398, 200, Some("SPRING")));
    let other = bench.ordering(&second, 2);
    assert_eq!(code(&bench.receipt(&other)), "coupon_used");
    assert_eq!((bench.booked(), bench.uses("SPRING"), bench.tries("SPRING")), (1, 1, Err("coupon_used".into())));
    // An order that comes to nothing gives it back.
    let (aud, order_id) = (bench.route.up(Cancel::KIND), order.order_id.clone());
    bench.send(&Cancel { aud, order_id, reason_code: "household".into() });
    assert_eq!((bench.uses("SPRING"), bench.tries("SPRING")), (0, Ok(200)));
}

#[test]
fn a_coupon_for_few_homes_is_used_by_no_more_and_a_given_price_outlives_it() {
    let mut bench = Bench::new();
    bench.add(&Coupon { max_uses: Some(1), ..fixture("FEW") });
    bench.add(&fixture("GONE"));
    let mut orders = vec![];
    for n in 1..=2 {
        bench.home(n);
        let quote = bench.priced(&[("heads", 2)], CouponAsked::Code("FEW".into()));
        orders.push((n, bench.ordering(&quote, 1)));
    }
    let codes: Vec<String> = orders
        .iter()
        .map(|(n, order)| {
            bench.home(*n);
            code(&bench.receipt(order)).to_owned()
        })
        .collect();
    assert_eq!(codes, ["accepted", "coupon_used"]);
    assert_eq!(bench.tries("FEW"), Err("coupon_used_up".into()));
    let quote = bench.priced(&[("heads", 2)], CouponAsked::Code("GONE".into()));
    assert!(bench.desk.book.remove_coupon("GONE").unwrap() && !bench.desk.book.remove_coupon("GONE").unwrap());
    let order = bench.ordering(&quote, 9);
    assert_eq!(code(&bench.receipt(&order)), "accepted");
    // Made anew it is still used by this home.
    bench.add(&fixture("GONE"));
    assert_eq!((bench.tries("GONE"), bench.uses("GONE")), (Err("coupon_used".into()), 1));
}

#[test]
fn the_number_of_a_card_gets_no_price_and_is_no_label() {
    let mut bench = Bench::new();
    let coupon = Some(CouponAsked::Code("4111111111111111".into()));
    let request = QuoteRequest { coupon, ..bench.request(&[("heads", 2)]) };
    let done = bench.send(&request);
    assert_eq!(bench.said::<QuoteRefused>(&done).unwrap().data.code, "card_number");
    assert!(!format!("{:?}", done.events).contains("4111"));
    // What a device checks: a label with one, and a discount that does not fit.
    let honest = bench.priced(&[("heads", 2)], CouponAsked::Mine).data;
    let label = Some("visa 4111 1111 1111 1111".to_owned());
    let payment = Some(Payment { method: PayMethod::Token, id: new_id(), label });
    let discount = |amount| Some(Discount { coupon: "A".into(), amount });
    let totals = |discount, total| Totals { discount, total, ..honest.totals.clone() };
    let plain = Quote { coupon_refused: None, ..honest.clone() };
    let wrong = [
        (Quote { payment, ..honest.clone() }, BadQuote::Payment(BadPayment::CardNumber)),
        (Quote { discount: discount(5), ..honest.clone() }, BadQuote::Coupon),
        (Quote { discount: discount(5), ..plain.clone() }, BadQuote::Discount),
        (Quote { totals: totals(5, 2_593), ..plain.clone() }, BadQuote::Discount),
        (Quote { discount: discount(5), totals: totals(5, 2_598), ..plain.clone() }, BadQuote::Total),
        (Quote { discount: discount(-5), totals: totals(-5, 2_603), ..plain.clone() }, BadQuote::Discount),
        (Quote { discount: discount(2_599), totals: totals(2_599, -1), ..plain.clone() }, BadQuote::Discount),
    ];
    for (quote, why) in wrong {
        assert_eq!(quote.check(), Err(why));
    }
}

all![
    a_quote_says_how_it_is_paid_and_never_the_token,
    a_large_payment_by_token_waits_for_the_bank_and_others_do_not,
    the_banks_word_books_once_or_never_and_said_again_changes_nothing,
    a_late_word_books_nothing_and_who_took_it_back_is_not_booked,
    a_payment_waits_over_a_restart_and_the_shop_system_is_told_to_ask,
    in_a_burst_an_adult_comes_before_the_bank,
    a_coupon_takes_off_once_a_home_or_the_reason_is_told,
    a_coupon_for_few_homes_is_used_by_no_more_and_a_given_price_outlives_it,
    the_number_of_a_card_gets_no_price_and_is_no_label,
];
