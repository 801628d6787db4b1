//! What each piece of news makes of an order in each state.

use super::*;
use crate::decide::guard::fixture::Scene;
use OrderState::*;

fn order(state: OrderState, code: Option<&str>) -> Order {
    let mut scene = Scene::new();
    scene.ordered("1", "coffee", state, 0, 700);
    let mut order = scene.household.orders.pop_first().expect("it was just put there").1;
    order.code = code.map(str::to_owned);
    order
}

fn receipt(status: ReceiptStatus, code: Option<&str>) -> News {
    News::Receipt(Receipt {
        order_id: crate::decide::order::OrderId("1".into()),
        status,
        code: code.map(str::to_owned),
        shop_order_no: None,
        cancel_until_unix_ms: None,
    })
}

fn kept() -> News {
    News::KeptBack(Some(BURST.into()))
}

/// What the shop keeps, by each way in and out; `None`: it changes nothing.
#[test]
fn what_the_shop_keeps() {
    use ReceiptStatus as R;
    let burst = Some(BURST);
    let sent = Some(APPROVAL_SENT);
    let (payment, refused) = (Some(PAYMENT), Some("payment_refused"));
    type Row<'a> = (OrderState, Option<&'a str>, News, Option<(OrderState, Option<&'a str>)>);
    let table: Vec<Row<'_>> = vec![
        (Sending, None, receipt(R::Held, burst), Some((HeldAtShop, burst))),
        (Sending, None, receipt(R::Held, None), Some((HeldAtShop, Some(HELD_BY_SHOP)))),
        (Sending, None, kept(), Some((HeldAtShop, burst))),
        (Unknown, Some("expired"), receipt(R::Held, burst), Some((HeldAtShop, burst))),
        (Accepted, None, kept(), Some((HeldAtShop, burst))),
        (Accepted, None, receipt(R::Held, burst), None),
        (Accepted, Some(APPROVED), kept(), None),
        (Shipped, None, kept(), None),
        (Cancelling, None, kept(), None),
        (Cancelling, None, News::Expired, None),
        (Held, None, kept(), None),
        (AwaitingAdult, None, kept(), None),
        (HeldAtShop, burst, kept(), None),
        (HeldAtShop, burst, receipt(R::Held, burst), None),
        // The receipt from before the burst was noticed.
        (HeldAtShop, burst, receipt(R::Accepted, None), None),
        (HeldAtShop, Some(HELD_BY_SHOP), receipt(R::Accepted, None), Some((Accepted, None))),
        (HeldAtShop, burst, receipt(R::Accepted, Some(APPROVED)), Some((Accepted, Some(APPROVED)))),
        (HeldAtShop, burst, receipt(R::Rejected, Some("out_of_stock")), Some((Rejected, Some("out_of_stock")))),
        (HeldAtShop, burst, News::Status(Accepted, None), Some((Accepted, Some(APPROVED)))),
        (HeldAtShop, burst, News::Status(Cancelled, None), Some((Cancelled, burst))),
        // What waits for the household's bank: no hand here lets it go, and no old word takes it back.
        (Sending, None, receipt(R::Held, payment), Some((AwaitingPayment, payment))),
        (Sending, None, News::KeptBack(Some(PAYMENT.into())), Some((AwaitingPayment, payment))),
        (HeldAtShop, burst, receipt(R::Held, payment), Some((AwaitingPayment, payment))),
        (Approving, sent, receipt(R::Held, payment), Some((AwaitingPayment, payment))),
        (Unknown, sent, receipt(R::Held, payment), Some((AwaitingPayment, payment))),
        (Unknown, Some("expired"), receipt(R::Held, payment), Some((AwaitingPayment, payment))),
        (Accepted, None, News::KeptBack(Some(PAYMENT.into())), None),
        (Accepted, Some(PAID), kept(), None),
        (AwaitingPayment, payment, News::Approved, None),
        (AwaitingPayment, payment, receipt(R::Held, payment), None),
        (AwaitingPayment, payment, receipt(R::Held, burst), None),
        (AwaitingPayment, payment, kept(), None),
        (AwaitingPayment, payment, receipt(R::Accepted, Some(PAID)), Some((Accepted, Some(PAID)))),
        (AwaitingPayment, payment, receipt(R::Accepted, None), Some((Accepted, None))),
        (AwaitingPayment, payment, News::Status(Accepted, None), Some((Accepted, Some(PAID)))),
        (AwaitingPayment, payment, receipt(R::Rejected, refused), Some((Rejected, refused))),
        (AwaitingPayment, payment, News::Status(Expired, None), Some((Expired, Some(PAYMENT_EXPIRED)))),
        (AwaitingPayment, payment, News::Cancelled, Some((Cancelling, payment))),
        (AwaitingPayment, payment, withdraws(), None),
        // It may have been confirmed at the last moment: only the shop knows.
        (AwaitingPayment, payment, News::Expired, Some((Unknown, payment))),
        (Unknown, payment, receipt(R::Held, payment), None),
        (Unknown, payment, News::KeptBack(Some(PAYMENT.into())), None),
        (Unknown, payment, receipt(R::Accepted, Some(PAID)), Some((Accepted, Some(PAID)))),
        (Unknown, payment, News::Status(Expired, None), Some((Expired, Some(PAYMENT_EXPIRED)))),
        (Unknown, payment, receipt(R::Rejected, refused), Some((Rejected, refused))),
        // Our own code is no word of the shop on why it does not book.
        (Approving, sent, News::Status(Rejected, None), Some((Rejected, None))),
        (Unknown, sent, News::Status(Rejected, None), Some((Rejected, None))),
        (HeldAtShop, burst, News::Status(Expired, None), Some((Expired, Some("expired")))),
        (HeldAtShop, burst, News::Cancelled, Some((Cancelling, burst))),
        (HeldAtShop, burst, News::HoldOver, None),
        (HeldAtShop, burst, News::Expired, Some((Expired, Some("expired")))),
        (HeldAtShop, Some(HELD_BY_SHOP), News::Expired, Some((Unknown, Some("expired")))),
        (HeldAtShop, burst, News::Approved, Some((Approving, sent))),
        (Approving, sent, News::Approved, None),
        (Approving, sent, kept(), None),
        (Approving, sent, receipt(R::Held, burst), None),
        (Approving, sent, receipt(R::Accepted, None), None),
        (Approving, sent, receipt(R::Accepted, Some(APPROVED)), Some((Accepted, Some(APPROVED)))),
        (Approving, sent, News::Status(Accepted, None), Some((Accepted, Some(APPROVED)))),
        (Approving, sent, News::Status(Expired, None), Some((Expired, Some("expired")))),
        (Approving, sent, News::Cancelled, Some((Cancelling, sent))),
        // It may have arrived: nothing is told before the shop has spoken.
        (Approving, sent, News::Expired, Some((Unknown, sent))),
        (Unknown, sent, receipt(R::Held, burst), None),
        (Unknown, sent, kept(), None),
        (Unknown, sent, receipt(R::Accepted, Some(APPROVED)), Some((Accepted, Some(APPROVED)))),
        (Unknown, sent, News::Status(Expired, None), Some((Expired, Some("expired")))),
    ];
    for (state, code, news, expected) in table {
        let after = next(&order(state, code), &news);
        let after = after.as_ref().map(|order| (order.state, order.code.as_deref()));
        assert_eq!(after, expected, "{} ({code:?}) {news:?}", state.name());
    }
}

fn withdraws() -> News {
    News::Withdraws { at_unix_ms: Some(5) }
}

fn answered(state: OrderState, code: Option<&str>, received_unix_ms: Option<i64>) -> News {
    let answer = WithdrawalAnswer { received_unix_ms, until_unix_ms: None };
    News::Answered(Box::new(Answer { state, since_unix_ms: None, code: code.map(str::to_owned), answer }))
}

/// What goes back, by each way in and out; `None`: it changes nothing.
#[test]
fn what_goes_back() {
    let late = Some(TOO_LATE);
    let ack = |state| answered(state, None, Some(7));
    let refusal = |state| answered(state, late, Some(7));
    let told = |state| News::Status(state, Some(9));
    type Row<'a> = (OrderState, News, Option<(OrderState, Option<&'a str>)>);
    let table: Vec<Row<'_>> = vec![
        (Accepted, withdraws(), Some((Withdrawing, None))),
        (Shipped, withdraws(), Some((Withdrawing, None))),
        (Delivered, withdraws(), Some((Withdrawing, None))),
        // The shop does not have it, or it is over: there is nothing to withdraw from.
        (AwaitingAdult, withdraws(), None),
        (Held, withdraws(), None),
        (Sending, withdraws(), None),
        (HeldAtShop, withdraws(), None),
        (Approving, withdraws(), None),
        (Cancelling, withdraws(), None),
        (Unknown, withdraws(), None),
        (Rejected, withdraws(), None),
        (Cancelled, withdraws(), None),
        (Expired, withdraws(), None),
        (Withdrawing, withdraws(), None),
        (Withdrawn, withdraws(), None),
        (Refunded, withdraws(), None),
        (Withdrawing, ack(Withdrawn), Some((Withdrawn, None))),
        (Withdrawing, ack(Refunded), Some((Refunded, None))),
        (Withdrawing, refusal(Delivered), Some((Delivered, late))),
        (Withdrawing, refusal(Shipped), Some((Shipped, late))),
        // Never back behind where the parcel is known to be.
        (Withdrawing, refusal(Accepted), Some((Shipped, late))),
        (Withdrawing, ack(Cancelled), Some((Cancelled, None))),
        (Withdrawing, told(Withdrawn), Some((Withdrawn, None))),
        (Withdrawing, told(Rejected), Some((Rejected, None))),
        // The parcel goes on, and so does the withdrawal.
        (Withdrawing, told(Delivered), Some((Withdrawing, None))),
        (Withdrawing, told(Accepted), None),
        (Withdrawing, told(Shipped), None),
        // Late words of before, and "cancel that".
        (Withdrawing, receipt(ReceiptStatus::Accepted, None), None),
        (Withdrawing, receipt(ReceiptStatus::Rejected, None), None),
        (Withdrawing, kept(), None),
        (Withdrawing, News::Cancelled, None),
        (Withdrawing, News::Expired, None),
        (Withdrawing, News::Approved, None),
        (Withdrawing, News::HoldOver, None),
        (Withdrawn, told(Refunded), Some((Refunded, None))),
        (Withdrawn, ack(Refunded), Some((Refunded, None))),
        (Withdrawn, told(Delivered), None),
        (Withdrawn, refusal(Delivered), None),
        (Withdrawn, told(Withdrawn), None),
        (Refunded, ack(Withdrawn), None),
        // By telephone, say: the shop's word is enough.
        (Accepted, ack(Withdrawn), Some((Withdrawn, None))),
        (Delivered, told(Refunded), Some((Refunded, None))),
        (Delivered, refusal(Delivered), None),
        (Cancelled, ack(Withdrawn), None),
    ];
    for (state, news, expected) in table {
        let mut order = order(state, None);
        if state == Withdrawing {
            order.withdrawal = Some(Withdrawal { from: Shipped, asked_unix_ms: Some(5), received_unix_ms: None });
        }
        let after = next(&order, &news);
        let after = after.as_ref().map(|order| (order.state, order.code.as_deref()));
        assert_eq!(after, expected, "{} {news:?}", state.name());
    }
}

#[test]
fn the_first_acknowledgement_and_the_first_delivery_are_kept() {
    let told = |state, since| News::Status(state, Some(since));
    let first = order(Shipped, None);
    let ordered = first.confirmed.at_unix_ms;
    let order = next(&first, &told(Delivered, ordered + 100)).expect("it was delivered");
    assert_eq!(order.delivered_unix_ms, Some(ordered + 100));
    // A shop whose clock is wrong: nothing comes before it was ordered.
    let early = next(&first, &told(Delivered, 0)).expect("it was delivered");
    assert_eq!(early.delivered_unix_ms, Some(ordered));
    let order = next(&order, &withdraws()).expect("it goes back");
    let kept = Withdrawal { from: Delivered, asked_unix_ms: Some(5), received_unix_ms: None };
    assert_eq!(order.withdrawal.as_ref(), Some(&kept));
    // Withdrawn by a shop that does not say when; it says so later, and then once more.
    let order = next(&order, &told(Withdrawn, ordered + 300)).expect("the shop says so");
    let order = next(&order, &answered(Withdrawn, None, Some(7))).expect("now with its time");
    assert_eq!(order.withdrawal.as_ref().and_then(|back| back.received_unix_ms), Some(7));
    assert_eq!(next(&order, &answered(Withdrawn, None, Some(8))), None);
    let order = next(&order, &answered(Refunded, None, Some(8))).expect("it was refunded");
    assert_eq!(order.withdrawal.as_ref().and_then(|back| back.received_unix_ms), Some(7));
    // While it goes back, the parcel arrives; refused, it stays delivered.
    let order = next(&first, &withdraws()).expect("it goes back");
    let order = next(&order, &told(Delivered, ordered + 100)).expect("it came");
    assert_eq!((order.state, order.delivered_unix_ms), (Withdrawing, Some(ordered + 100)));
    let order = next(&order, &answered(Shipped, Some(TOO_LATE), None)).expect("refused");
    assert_eq!((order.state, order.code.as_deref()), (Delivered, Some(TOO_LATE)));
    // And asked again, it goes back again.
    assert_eq!(next(&order, &withdraws()).map(|order| order.state), Some(Withdrawing));
}
