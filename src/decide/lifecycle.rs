//! What becomes of an order when something happens to it: the only match over its states.
//! Pure, idempotent, and it never goes back: a late or doubled message changes nothing.

use super::guard::hostile_text::clean_code;
use super::order::{Order, OrderState, Receipt, ReceiptStatus};

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
    /// The shop's news of it.
    Status(OrderState),
}

/// [`Order::code`] of an order that the shop keeps back.
pub const HELD_BY_SHOP: &str = "held_by_shop";

/// The order after `news`, or `None` if the news changes nothing.
pub fn next(order: &Order, news: &News) -> Option<Order> {
    let state = next_state(order, news)?;
    let mut next = Order { state, ..order.clone() };
    match news {
        News::Receipt(receipt) => {
            next.code = match receipt.status {
                ReceiptStatus::Accepted => None,
                ReceiptStatus::Rejected => receipt.code.as_deref().map(clean_code),
                ReceiptStatus::Held => Some(HELD_BY_SHOP.into()),
            };
            next.shop_order_no = receipt.shop_order_no.clone().or(next.shop_order_no);
            next.cancel_until_unix_ms = receipt.cancel_until_unix_ms.or(next.cancel_until_unix_ms);
        }
        News::Expired => next.code = Some("expired".into()),
        News::Approved | News::HoldOver | News::Cancelled | News::Status(_) => {}
    }
    (next != *order).then_some(next)
}

fn next_state(order: &Order, news: &News) -> Option<OrderState> {
    use OrderState::*;
    match order.state {
        AwaitingAdult => match news {
            News::Approved => Some(Held),
            News::Cancelled => Some(Cancelled),
            News::Expired => Some(Expired),
            News::HoldOver | News::Receipt(_) | News::Status(_) => None,
        },
        Held => match news {
            News::HoldOver => Some(Sending),
            News::Cancelled => Some(Cancelled),
            News::Expired => Some(Expired),
            // It never left: whoever answers does not answer us.
            News::Approved | News::Receipt(_) | News::Status(_) => None,
        },
        Sending => match news {
            News::Receipt(receipt) => Some(booked(receipt)),
            News::Status(state) => after_sending(*state),
            News::Cancelled => Some(Cancelling),
            News::Expired => Some(Unknown),
            News::Approved | News::HoldOver => None,
        },
        Unknown => match news {
            News::Receipt(receipt) => Some(booked(receipt)),
            News::Status(state) => after_sending(*state),
            News::Cancelled => Some(Cancelling),
            News::Approved | News::HoldOver | News::Expired => None,
        },
        Cancelling => match news {
            News::Receipt(receipt) => match receipt.status {
                ReceiptStatus::Rejected => Some(Rejected),
                // Booked, but the cancellation is on its way.
                ReceiptStatus::Accepted | ReceiptStatus::Held => Some(Cancelling),
            },
            News::Status(Accepted) => order.shop_order_no.is_some().then_some(Accepted),
            News::Status(state) => after_sending(*state),
            News::Expired => order.shop_order_no.is_none().then_some(Unknown),
            News::Approved | News::HoldOver | News::Cancelled => None,
        },
        Accepted => match news {
            News::Status(state) => after_accepted(*state),
            News::Cancelled => Some(Cancelling),
            News::Approved | News::HoldOver | News::Expired | News::Receipt(_) => None,
        },
        Shipped => match news {
            News::Status(state) => after_accepted(*state).filter(|state| *state != Rejected),
            News::Approved | News::HoldOver | News::Expired | News::Receipt(_) | News::Cancelled => None,
        },
        Delivered => match news {
            News::Status(state) => after_accepted(*state).filter(|state| matches!(state, Withdrawn | Refunded)),
            News::Approved | News::HoldOver | News::Expired | News::Receipt(_) | News::Cancelled => None,
        },
        Withdrawn => match news {
            News::Status(state) => (*state == Refunded).then_some(Refunded),
            News::Approved | News::HoldOver | News::Expired | News::Receipt(_) | News::Cancelled => None,
        },
        Rejected | Cancelled | Expired | Refunded => None,
    }
}

/// What the shop's answer makes of an order that was sent.
fn booked(receipt: &Receipt) -> OrderState {
    match receipt.status {
        ReceiptStatus::Accepted => OrderState::Accepted,
        ReceiptStatus::Rejected => OrderState::Rejected,
        ReceiptStatus::Held => OrderState::Sending,
    }
}

/// Which of the shop's states an order can take that was sent and not answered.
fn after_sending(state: OrderState) -> Option<OrderState> {
    use OrderState::*;
    match state {
        Accepted | Shipped | Delivered | Rejected | Cancelled | Expired | Withdrawn | Refunded => Some(state),
        AwaitingAdult | Held | Sending | Cancelling | Unknown => None,
    }
}

/// Which of the shop's states an order can take that the shop has accepted.
fn after_accepted(state: OrderState) -> Option<OrderState> {
    use OrderState::*;
    match state {
        Shipped | Delivered | Rejected | Cancelled | Withdrawn | Refunded => Some(state),
        AwaitingAdult | Held | Sending | Accepted | Cancelling | Expired | Unknown => None,
    }
}
