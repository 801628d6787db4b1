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
    /// The shop keeps it, unbooked, although it may have said otherwise before; its code.
    KeptBack(Option<String>),
}

/// [`Order::code`] of an order that the shop keeps back without saying why.
pub const HELD_BY_SHOP: &str = "held_by_shop";
/// [`Order::code`] of an order that the shop keeps because many homes ordered the same.
pub const BURST: &str = "burst";
/// [`Order::code`] of an order that the shop booked after it had kept it.
pub const APPROVED: &str = "approved";
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
        News::Status(OrderState::Expired) => next.code = Some("expired".into()),
        News::Status(OrderState::Accepted) if waits_at_shop(order) => next.code = Some(APPROVED.into()),
        News::Approved | News::HoldOver | News::Cancelled | News::Status(_) => {}
    }
    (next != *order).then_some(next)
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
            News::HoldOver | News::Receipt(_) | News::Status(_) | News::KeptBack(_) => None,
        },
        Held => match news {
            News::HoldOver => Some(Sending),
            News::Cancelled => Some(Cancelled),
            News::Expired => Some(Expired),
            // It never left: whoever answers does not answer us.
            News::Approved | News::Receipt(_) | News::Status(_) | News::KeptBack(_) => None,
        },
        Sending => match news {
            News::Receipt(receipt) => Some(booked(receipt)),
            News::Status(state) => after_sending(*state),
            News::KeptBack(_) => Some(HeldAtShop),
            News::Cancelled => Some(Cancelling),
            News::Expired => Some(Unknown),
            News::Approved | News::HoldOver => None,
        },
        HeldAtShop => match news {
            News::Approved => Some(Approving),
            News::Receipt(receipt) => booked_after_all(order, receipt),
            News::Status(state) => after_sending(*state),
            News::Cancelled => Some(Cancelling),
            // Without our word the shop books nothing of a burst; else it may have.
            News::Expired => Some(if order.code.as_deref() == Some(BURST) { Expired } else { Unknown }),
            News::HoldOver | News::KeptBack(_) => None,
        },
        Approving => match news {
            News::Receipt(receipt) => booked_after_all(order, receipt),
            News::Status(state) => after_sending(*state),
            News::Cancelled => Some(Cancelling),
            News::Expired => Some(Unknown),
            // The shop's old word crossed our approval.
            News::Approved | News::HoldOver | News::KeptBack(_) => None,
        },
        // The approval may still be on its way: only the shop's last word counts.
        Unknown if order.code.as_deref() == Some(APPROVAL_SENT) => match news {
            News::Receipt(receipt) => booked_after_all(order, receipt),
            News::Status(state) => after_sending(*state),
            News::Cancelled => Some(Cancelling),
            News::Approved | News::HoldOver | News::Expired | News::KeptBack(_) => None,
        },
        Unknown => match news {
            News::Receipt(receipt) => Some(booked(receipt)),
            News::Status(state) => after_sending(*state),
            News::KeptBack(_) => Some(HeldAtShop),
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
            News::Approved | News::HoldOver | News::Cancelled | News::KeptBack(_) => None,
        },
        Accepted => match news {
            News::Status(state) => after_accepted(*state),
            // An adult approved it already: that word is older.
            News::KeptBack(_) => (order.code.as_deref() != Some(APPROVED)).then_some(HeldAtShop),
            News::Cancelled => Some(Cancelling),
            News::Approved | News::HoldOver | News::Expired | News::Receipt(_) => None,
        },
        Shipped => match news {
            News::Status(state) => after_accepted(*state).filter(|state| *state != Rejected),
            News::Approved
            | News::HoldOver
            | News::Expired
            | News::Receipt(_)
            | News::KeptBack(_)
            | News::Cancelled => None,
        },
        Delivered => match news {
            News::Status(state) => after_accepted(*state).filter(|state| matches!(state, Withdrawn | Refunded)),
            News::Approved
            | News::HoldOver
            | News::Expired
            | News::Receipt(_)
            | News::KeptBack(_)
            | News::Cancelled => None,
        },
        Withdrawn => match news {
            News::Status(state) => (*state == Refunded).then_some(Refunded),
            News::Approved
            | News::HoldOver
            | News::Expired
            | News::Receipt(_)
            | News::KeptBack(_)
            | News::Cancelled => None,
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
        AwaitingAdult | Held | Sending | HeldAtShop | Approving | Cancelling | Unknown => None,
    }
}

/// Which of the shop's states an order can take that the shop has accepted.
fn after_accepted(state: OrderState) -> Option<OrderState> {
    use OrderState::*;
    match state {
        Shipped | Delivered | Rejected | Cancelled | Withdrawn | Refunded => Some(state),
        AwaitingAdult | Held | Sending | HeldAtShop | Approving | Accepted | Cancelling | Expired | Unknown => None,
    }
}
