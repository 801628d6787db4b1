//! What becomes of an order when something happens to it: the only match over its states.
//! Pure, idempotent, and it never goes back: a late or doubled message changes nothing.

use super::guard::hostile_text::clean_code;
use super::order::{Order, OrderState, Receipt, ReceiptStatus, Withdrawal, WithdrawalAnswer};

/// Something that happens to a confirmed order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// An adult's hand.
    Approved,
    /// Nobody took it back in time.
    HoldOver,
    /// Its time is over.
    Expired,
    /// The household takes it back.
    Cancelled,
    Receipt(Receipt),
    /// The shop's news of it, and since when, milliseconds since 1970.
    Status(OrderState, Option<i64>),
    /// The shop keeps it, unbooked, although it may have said otherwise before; its code.
    KeptBack(Option<String>),
    /// The household withdraws from the purchase; when it said so, milliseconds since 1970.
    Withdraws {
        at_unix_ms: Option<i64>,
    },
    /// The shop's word on a withdrawal.
    Answered(Box<Answer>),
}

/// What the shop answers to a withdrawal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// How the order stands now.
    pub state: OrderState,
    /// Since when, milliseconds since 1970.
    pub since_unix_ms: Option<i64>,
    /// Why, if the order does not go back: `too_late`, `not_returnable`.
    pub code: Option<String>,
    pub answer: WithdrawalAnswer,
}

/// [`Order::code`] of an order that the shop keeps back without saying why.
pub const HELD_BY_SHOP: &str = "held_by_shop";
/// [`Order::code`] of an order that the shop keeps because many homes ordered the same.
pub const BURST: &str = "burst";
/// [`Order::code`] of an order that the shop booked after it had kept it.
pub const APPROVED: &str = "approved";
/// The code of an answer to a withdrawal: the shop does not know the order.
pub const UNKNOWN_ORDER: &str = "unknown_order";
/// The code of an answer to a withdrawal that came after its time.
pub const TOO_LATE: &str = "too_late";
/// The code of an answer to a withdrawal from what the law excepts.
pub const NOT_RETURNABLE: &str = "not_returnable";
/// [`Order::code`] of an order whose approval was sent, and may have arrived.
const APPROVAL_SENT: &str = "approval_sent";

/// The order after `news`, or `None` if the news changes nothing.
pub fn next(order: &Order, news: &News) -> Option<Order> {
    let state = next_state(order, news)?;
    let mut next = Order { state, ..order.clone() };
    match news {
        News::Receipt(receipt) => {
            let code = receipt.code.as_deref().map(clean_code);
            match receipt.status {
                // What was taken back keeps why it was held: it matters no more.
                ReceiptStatus::Accepted => next.code = code.filter(|code| code == APPROVED),
                ReceiptStatus::Rejected => next.code = code,
                ReceiptStatus::Held => next.code = Some(code.unwrap_or_else(|| HELD_BY_SHOP.into())),
            }
            next.shop_order_no = receipt.shop_order_no.clone().or(next.shop_order_no);
            next.cancel_until_unix_ms = receipt.cancel_until_unix_ms.or(next.cancel_until_unix_ms);
        }
        News::KeptBack(code) => {
            next.code = Some(code.as_deref().map_or_else(|| HELD_BY_SHOP.into(), clean_code));
        }
        News::Approved if state == OrderState::Approving => next.code = Some(APPROVAL_SENT.into()),
        // Whether the approval arrived is what has to be found out now.
        News::Expired if order.state == OrderState::Approving => {}
        News::Expired => next.code = Some("expired".into()),
        News::Status(OrderState::Expired, _) => next.code = Some("expired".into()),
        News::Status(OrderState::Accepted, _) if waits_at_shop(order) => next.code = Some(APPROVED.into()),
        News::Status(told, since_unix_ms) => moved(&mut next, *told, *since_unix_ms),
        News::Withdraws { at_unix_ms } => {
            next.withdrawal =
                Some(Withdrawal { from: order.state, asked_unix_ms: *at_unix_ms, received_unix_ms: None });
        }
        News::Answered(answer) => {
            moved(&mut next, answer.state, answer.since_unix_ms);
            acknowledged(&mut next, answer);
        }
        News::Approved | News::HoldOver | News::Cancelled => {}
    }
    (next != *order).then_some(next)
}

/// The shop says where the order is.
fn moved(order: &mut Order, told: OrderState, since_unix_ms: Option<i64>) {
    if told == OrderState::Delivered && order.delivered_unix_ms.is_none() {
        // Nothing comes before it was ordered, whatever the shop's clock says.
        order.delivered_unix_ms = since_unix_ms.map(|since| since.max(order.confirmed.at_unix_ms));
    }
    if let Some(withdrawal) = order.withdrawal.as_mut().filter(|_| order.state == OrderState::Withdrawing) {
        withdrawal.from = further(withdrawal.from, told);
    }
}

/// The shop's acknowledgement; the first one counts.
fn acknowledged(order: &mut Order, answer: &Answer) {
    match order.state {
        OrderState::Withdrawn | OrderState::Refunded => {
            let withdrawal = order.withdrawal.get_or_insert(Withdrawal {
                from: answer.state,
                asked_unix_ms: None,
                received_unix_ms: None,
            });
            withdrawal.received_unix_ms = withdrawal.received_unix_ms.or(answer.answer.received_unix_ms);
        }
        // Refused. That an adult approved it matters longer than why it does not go back.
        OrderState::Accepted | OrderState::Shipped | OrderState::Delivered => {
            if order.code.as_deref() != Some(APPROVED) {
                order.code = answer.code.as_deref().map(clean_code);
            }
        }
        OrderState::AwaitingAdult
        | OrderState::Held
        | OrderState::Sending
        | OrderState::HeldAtShop
        | OrderState::Approving
        | OrderState::Rejected
        | OrderState::Cancelling
        | OrderState::Cancelled
        | OrderState::Expired
        | OrderState::Withdrawing
        | OrderState::Unknown => {}
    }
}

/// The later of two states of an order that the shop has; others do not count.
fn further(one: OrderState, other: OrderState) -> OrderState {
    use OrderState::*;
    match (one, other) {
        (Delivered, _) | (_, Delivered) => Delivered,
        (Shipped, _) | (_, Shipped) => Shipped,
        (_, Accepted) => Accepted,
        (one, _) => one,
    }
}

/// Does the shop keep it, approved or not, as far as we know?
fn waits_at_shop(order: &Order) -> bool {
    matches!(order.state, OrderState::HeldAtShop | OrderState::Approving)
}

/// The shop's late word from before it kept the order says nothing of now.
fn booked_after_all(order: &Order, receipt: &Receipt) -> Option<OrderState> {
    match receipt.status {
        ReceiptStatus::Accepted if receipt.code.as_deref() == Some(APPROVED) => Some(OrderState::Accepted),
        ReceiptStatus::Accepted => (order.code.as_deref() == Some(HELD_BY_SHOP)).then_some(OrderState::Accepted),
        ReceiptStatus::Rejected => Some(OrderState::Rejected),
        ReceiptStatus::Held => None,
    }
}

fn next_state(order: &Order, news: &News) -> Option<OrderState> {
    use OrderState::*;
    match order.state {
        AwaitingAdult => match news {
            News::Approved => Some(Held),
            News::Cancelled => Some(Cancelled),
            News::Expired => Some(Expired),
            News::HoldOver
            | News::Receipt(_)
            | News::Status(..)
            | News::KeptBack(_)
            | News::Withdraws { .. }
            | News::Answered(_) => None,
        },
        Held => match news {
            News::HoldOver => Some(Sending),
            News::Cancelled => Some(Cancelled),
            News::Expired => Some(Expired),
            // It never left: whoever answers does not answer us.
            News::Approved
            | News::Receipt(_)
            | News::Status(..)
            | News::KeptBack(_)
            | News::Withdraws { .. }
            | News::Answered(_) => None,
        },
        Sending => match news {
            News::Receipt(receipt) => Some(booked(receipt)),
            News::Status(state, _) => after_sending(*state),
            News::KeptBack(_) => Some(HeldAtShop),
            News::Cancelled => Some(Cancelling),
            News::Expired => Some(Unknown),
            News::Answered(answer) => after_sending(answer.state),
            News::Approved | News::HoldOver | News::Withdraws { .. } => None,
        },
        HeldAtShop => match news {
            News::Approved => Some(Approving),
            News::Receipt(receipt) => booked_after_all(order, receipt),
            News::Status(state, _) => after_sending(*state),
            News::Cancelled => Some(Cancelling),
            // Without our word the shop books nothing of a burst; else it may have.
            News::Expired => Some(if order.code.as_deref() == Some(BURST) { Expired } else { Unknown }),
            News::Answered(answer) => after_sending(answer.state),
            News::HoldOver | News::KeptBack(_) | News::Withdraws { .. } => None,
        },
        Approving => match news {
            News::Receipt(receipt) => booked_after_all(order, receipt),
            News::Status(state, _) => after_sending(*state),
            News::Cancelled => Some(Cancelling),
            News::Expired => Some(Unknown),
            News::Answered(answer) => after_sending(answer.state),
            // The shop's old word crossed our approval.
            News::Approved | News::HoldOver | News::KeptBack(_) | News::Withdraws { .. } => None,
        },
        // The approval may still be on its way: only the shop's last word counts.
        Unknown if order.code.as_deref() == Some(APPROVAL_SENT) => match news {
            News::Receipt(receipt) => booked_after_all(order, receipt),
            News::Status(state, _) => after_sending(*state),
            News::Cancelled => Some(Cancelling),
            News::Answered(answer) => after_sending(answer.state),
            News::Approved | News::HoldOver | News::Expired | News::KeptBack(_) | News::Withdraws { .. } => None,
        },
        Unknown => match news {
            News::Receipt(receipt) => Some(booked(receipt)),
            News::Status(state, _) => after_sending(*state),
            News::KeptBack(_) => Some(HeldAtShop),
            News::Cancelled => Some(Cancelling),
            News::Answered(answer) => after_sending(answer.state),
            News::Approved | News::HoldOver | News::Expired | News::Withdraws { .. } => None,
        },
        Cancelling => match news {
            News::Receipt(receipt) => match receipt.status {
                ReceiptStatus::Rejected => Some(Rejected),
                // Booked, but the cancellation is on its way.
                ReceiptStatus::Accepted | ReceiptStatus::Held => Some(Cancelling),
            },
            News::Status(Accepted, _) => order.shop_order_no.is_some().then_some(Accepted),
            News::Status(state, _) => after_sending(*state),
            News::Answered(answer) => after_sending(answer.state),
            // The household's word stands however late the shop's comes.
            News::Approved
            | News::HoldOver
            | News::Expired
            | News::Cancelled
            | News::KeptBack(_)
            | News::Withdraws { .. } => None,
        },
        Accepted => match news {
            News::Status(state, _) => after_accepted(*state),
            // An adult approved it already: that word is older.
            News::KeptBack(_) => (order.code.as_deref() != Some(APPROVED)).then_some(HeldAtShop),
            News::Cancelled => Some(Cancelling),
            News::Withdraws { .. } => Some(Withdrawing),
            News::Answered(answer) => after_accepted(answer.state),
            News::Approved | News::HoldOver | News::Expired | News::Receipt(_) => None,
        },
        // From here on it only goes on.
        Shipped => handed_over(order, news, |state| state != Rejected),
        Delivered => handed_over(order, news, |state| matches!(state, Withdrawn | Refunded)),
        Withdrawing => match news {
            News::Answered(answer) => answered(order, answer.state),
            News::Status(state, _) => match state {
                // The parcel goes on, and so does the withdrawal.
                Accepted | Shipped | Delivered => Some(Withdrawing),
                state => after_sending(*state),
            },
            // It was said, and may have arrived: nothing takes it back. Until the shop answers it is asked.
            News::Approved
            | News::HoldOver
            | News::Expired
            | News::Cancelled
            | News::Receipt(_)
            | News::KeptBack(_)
            | News::Withdraws { .. } => None,
        },
        Withdrawn => match news {
            News::Answered(answer) if answer.state == Withdrawn => Some(Withdrawn),
            News::Answered(_)
            | News::Status(..)
            | News::Approved
            | News::HoldOver
            | News::Expired
            | News::Receipt(_)
            | News::KeptBack(_)
            | News::Cancelled
            | News::Withdraws { .. } => handed_over(order, news, |state| state == Refunded),
        },
        Rejected | Cancelled | Expired | Refunded => None,
    }
}

/// What the shop's answer makes of an order that was sent.
fn booked(receipt: &Receipt) -> OrderState {
    match receipt.status {
        ReceiptStatus::Accepted => OrderState::Accepted,
        ReceiptStatus::Rejected => OrderState::Rejected,
        ReceiptStatus::Held => OrderState::HeldAtShop,
    }
}

/// Which of the shop's states an order can take that was sent and not answered.
fn after_sending(state: OrderState) -> Option<OrderState> {
    use OrderState::*;
    match state {
        Accepted | Shipped | Delivered | Rejected | Cancelled | Expired | Withdrawn | Refunded => Some(state),
        AwaitingAdult | Held | Sending | HeldAtShop | Approving | Cancelling | Withdrawing | Unknown => None,
    }
}

/// What the shop's word on a withdrawal makes of the order: it is withdrawn, or goes back to where it was.
fn answered(order: &Order, told: OrderState) -> Option<OrderState> {
    use OrderState::*;
    match told {
        Accepted | Shipped | Delivered => {
            Some(order.withdrawal.as_ref().map_or(told, |withdrawal| further(withdrawal.from, told)))
        }
        Rejected | Cancelled | Expired | Withdrawn | Refunded => Some(told),
        AwaitingAdult | Held | Sending | HeldAtShop | Approving | Cancelling | Withdrawing | Unknown => None,
    }
}

/// What news makes of an order that the shop has handed over: only its own further states count.
fn handed_over(order: &Order, news: &News, goes_on: impl Fn(OrderState) -> bool) -> Option<OrderState> {
    match news {
        News::Status(state, _) => after_accepted(*state).filter(|state| goes_on(*state)),
        News::Answered(answer) => after_accepted(answer.state).filter(|state| goes_on(*state)),
        News::Withdraws { .. } => {
            matches!(order.state, OrderState::Shipped | OrderState::Delivered).then_some(OrderState::Withdrawing)
        }
        News::Approved | News::HoldOver | News::Expired | News::Receipt(_) | News::KeptBack(_) | News::Cancelled => {
            None
        }
    }
}

/// Which of the shop's states an order can take that the shop has accepted.
fn after_accepted(state: OrderState) -> Option<OrderState> {
    use OrderState::*;
    match state {
        Shipped | Delivered | Rejected | Cancelled | Withdrawn | Refunded => Some(state),
        AwaitingAdult | Held | Sending | HeldAtShop | Approving | Accepted | Cancelling | Expired | Withdrawing
        | Unknown => None,
    }
}

#[cfg(test)]
mod tests {
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
}
