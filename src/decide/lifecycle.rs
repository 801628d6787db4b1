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
/// [`Order::code`] of an order that the shop keeps until its payment is confirmed at the household's bank.
pub const PAYMENT: &str = "payment_authentication";
/// [`Order::code`] of an order that the shop booked after its payment was confirmed.
pub const PAID: &str = "payment_confirmed";
/// [`Order::code`] of an order whose payment was not confirmed in time.
pub const PAYMENT_EXPIRED: &str = "payment_expired";
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
                ReceiptStatus::Accepted => next.code = code.filter(|code| code == APPROVED || code == PAID),
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
        // As is whether the payment was confirmed at the last moment.
        News::Expired if order.state == OrderState::AwaitingPayment => {}
        News::Status(OrderState::Expired, _) if order.code.as_deref() == Some(PAYMENT) => {
            next.code = Some(PAYMENT_EXPIRED.into());
        }
        News::Expired => next.code = Some("expired".into()),
        News::Status(OrderState::Expired, _) => next.code = Some("expired".into()),
        News::Status(OrderState::Accepted, _) if waits_at_shop(order) => next.code = Some(APPROVED.into()),
        News::Status(OrderState::Accepted, _) if order.code.as_deref() == Some(PAYMENT) => {
            next.code = Some(PAID.into())
        }
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
    // Ours, and no word of the shop's on why it does not book.
    if order.state == OrderState::Rejected && order.code.as_deref() == Some(APPROVAL_SENT) {
        order.code = None;
    }
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
            if !is_settled_word(order) {
                order.code = answer.code.as_deref().map(clean_code);
            }
        }
        OrderState::AwaitingAdult
        | OrderState::Held
        | OrderState::Sending
        | OrderState::HeldAtShop
        | OrderState::AwaitingPayment
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

/// Booked after the shop had kept it: its word from before that says nothing of now.
fn is_settled_word(order: &Order) -> bool {
    matches!(order.code.as_deref(), Some(APPROVED | PAID))
}

/// Does the shop keep it for its payment?
fn is_for_payment(code: Option<&str>) -> bool {
    code.map(clean_code).as_deref() == Some(PAYMENT)
}

/// Where an order goes that the shop keeps.
fn kept_back(code: Option<&str>) -> OrderState {
    if is_for_payment(code) { OrderState::AwaitingPayment } else { OrderState::HeldAtShop }
}

/// What the shop says of an order that it keeps for an adult: its payment comes after the approval.
fn kept_for_payment(code: Option<&str>) -> Option<OrderState> {
    is_for_payment(code).then_some(OrderState::AwaitingPayment)
}

/// The shop's late word from before it kept the order says nothing of now.
fn booked_after_all(order: &Order, receipt: &Receipt) -> Option<OrderState> {
    match receipt.status {
        ReceiptStatus::Accepted if matches!(receipt.code.as_deref(), Some(APPROVED | PAID)) => {
            Some(OrderState::Accepted)
        }
        ReceiptStatus::Accepted => (order.code.as_deref() == Some(HELD_BY_SHOP)).then_some(OrderState::Accepted),
        ReceiptStatus::Rejected => Some(OrderState::Rejected),
        ReceiptStatus::Held => kept_for_payment(receipt.code.as_deref()),
    }
}

/// What a receipt makes of an order that waits for its payment, or may have waited too long.
fn paid_after_all(receipt: &Receipt) -> Option<OrderState> {
    match receipt.status {
        ReceiptStatus::Accepted => Some(OrderState::Accepted),
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
            News::KeptBack(code) => Some(kept_back(code.as_deref())),
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
            News::KeptBack(code) => kept_for_payment(code.as_deref()),
            News::HoldOver | News::Withdraws { .. } => None,
        },
        // The bank asks the household, and nobody here can answer for it.
        AwaitingPayment => match news {
            News::Receipt(receipt) => paid_after_all(receipt),
            News::Status(state, _) => after_sending(*state),
            News::Cancelled => Some(Cancelling),
            // It may have been confirmed at the last moment: the shop says.
            News::Expired => Some(Unknown),
            News::Answered(answer) => after_sending(answer.state),
            News::Approved | News::HoldOver | News::KeptBack(_) | News::Withdraws { .. } => None,
        },
        Approving => match news {
            News::Receipt(receipt) => booked_after_all(order, receipt),
            News::Status(state, _) => after_sending(*state),
            News::Cancelled => Some(Cancelling),
            News::Expired => Some(Unknown),
            News::Answered(answer) => after_sending(answer.state),
            // Else the shop's old word crossed our approval.
            News::KeptBack(code) => kept_for_payment(code.as_deref()),
            News::Approved | News::HoldOver | News::Withdraws { .. } => None,
        },
        // The approval may still be on its way: only the shop's last word counts.
        Unknown if order.code.as_deref() == Some(APPROVAL_SENT) => match news {
            News::Receipt(receipt) => booked_after_all(order, receipt),
            News::Status(state, _) => after_sending(*state),
            News::Cancelled => Some(Cancelling),
            News::Answered(answer) => after_sending(answer.state),
            News::KeptBack(code) => kept_for_payment(code.as_deref()),
            News::Approved | News::HoldOver | News::Expired | News::Withdraws { .. } => None,
        },
        // That it waits for its payment is an old word: its time is over.
        Unknown if is_for_payment(order.code.as_deref()) => match news {
            News::Receipt(receipt) => paid_after_all(receipt),
            News::Status(state, _) => after_sending(*state),
            News::Cancelled => Some(Cancelling),
            News::Answered(answer) => after_sending(answer.state),
            News::Approved | News::HoldOver | News::Expired | News::KeptBack(_) | News::Withdraws { .. } => None,
        },
        Unknown => match news {
            News::Receipt(receipt) => Some(booked(receipt)),
            News::Status(state, _) => after_sending(*state),
            News::KeptBack(code) => Some(kept_back(code.as_deref())),
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
            // Approved or paid for already: that word is older. No order is unbooked for its payment.
            News::KeptBack(code) => (!is_settled_word(order) && !is_for_payment(code.as_deref())).then_some(HeldAtShop),
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
        ReceiptStatus::Held => kept_back(receipt.code.as_deref()),
    }
}

/// Which of the shop's states an order can take that was sent and not answered.
fn after_sending(state: OrderState) -> Option<OrderState> {
    use OrderState::*;
    match state {
        Accepted | Shipped | Delivered | Rejected | Cancelled | Expired | Withdrawn | Refunded => Some(state),
        AwaitingAdult | Held | Sending | HeldAtShop | AwaitingPayment | Approving | Cancelling | Withdrawing
        | Unknown => None,
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
        AwaitingAdult | Held | Sending | HeldAtShop | AwaitingPayment | Approving | Cancelling | Withdrawing
        | Unknown => None,
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
        AwaitingAdult | Held | Sending | HeldAtShop | AwaitingPayment | Approving | Accepted | Cancelling | Expired
        | Withdrawing | Unknown => None,
    }
}

#[cfg(test)]
mod tests;
