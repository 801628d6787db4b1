//! The link and an honest shop at its other end: it loses and repeats, quotes, books an order once, and tells what
//! became of it.

use super::{Fault, HOUR, Input, Invariant, MINUTE, START_UNIX_MS, World, product};
use std::collections::{BTreeMap, BTreeSet};
use tendero::decide::event::Event;
use tendero::decide::lifecycle::UNKNOWN_ORDER;
use tendero::decide::order::{
    Delivery, Order, OrderId, OrderState, Quote, QuoteLine, Receipt, ReceiptStatus, StatusUpdate, Wanted,
    WithdrawalAnswer,
};
use tendero::understand::Lang;

#[derive(Debug, Clone, Default)]
pub(super) struct Shop {
    pub bookings: BTreeMap<OrderId, Booking>,
    /// Orders that the shop never had and will not take any more.
    refused: BTreeSet<OrderId>,
    /// Orders about which it told something else than is true.
    pub lied: BTreeSet<OrderId>,
    /// Orders whose withdrawal it has acknowledged.
    pub acknowledged: BTreeSet<OrderId>,
    /// Orders that it does not take back, or does not know.
    pub keeps: BTreeSet<OrderId>,
    pub revs: u64,
}

#[derive(Debug, Clone)]
pub(super) struct Booking {
    /// The bytes that came.
    pub order: Order,
    pub state: OrderState,
    /// Many homes asked for it at once: from then on the shop waits for an adult of this home.
    pub burst_ms: Option<u64>,
    /// It waits for the household's bank instead.
    pub payment: bool,
    /// When the withdrawal came, and stays.
    pub withdrawn_unix_ms: Option<i64>,
}

impl Shop {
    pub fn booked(&self) -> usize {
        self.bookings.len()
    }
}

/// Choices that are the shop's own: cut from the id, so that they stay the same whatever else happens.
fn dice(id: &OrderId, at: usize) -> u8 {
    u8::from_str_radix(&id.0[2 * at..2 * at + 2], 16).unwrap_or(0)
}

impl World {
    /// The outbox sends, or approves, until the shop's answer is on disk or the order's time is over.
    pub(super) fn outbox(&mut self, id: &OrderId) {
        let Some(order) = self.disk.household.orders.get(id) else { return };
        let expires_unix_ms = order.expires_unix_ms;
        let errand = match order.state {
            OrderState::Sending => Input::Arrive(id.clone()),
            OrderState::Approving => Input::ApprovalArrives(id.clone()),
            OrderState::Withdrawing => Input::WithdrawalArrives(id.clone()),
            _ => return,
        };
        let ends = order.state != OrderState::Withdrawing;
        if ends && self.now().wall.is_some_and(|wall| wall.unix_ms >= expires_unix_ms) {
            return;
        }
        self.over_the_link(errand);
        self.put(self.ms + 5 * MINUTE, Input::Outbox(id.clone()));
    }

    pub(super) fn over_the_link(&mut self, input: Input) {
        let lost = self.strikes(Fault::Lost, 25);
        if self.link_up && !lost {
            self.soon(20, 2_000, input);
        }
    }

    pub(super) fn quote_arrives(&mut self, request_id: String, wanted: &[Wanted]) {
        if self.rng.chance(3) {
            let code = "out_of_stock".into();
            return self.over_the_link(Input::Event(Event::NotQuoted { request_id, code }));
        }
        let honest = self.honest_quote(request_id, wanted);
        let quote = self.perhaps_hostile(honest);
        self.model.quoted(&quote);
        self.over_the_link(Input::Event(Event::Quoted(quote)));
    }

    pub(super) fn honest_quote(&mut self, request_id: String, wanted: &[Wanted]) -> Quote {
        let lines: Vec<QuoteLine> = wanted
            .iter()
            .map(|line| {
                let product = product(&line.sku);
                let unit_amount = product.unit_amount;
                let total = unit_amount * i64::from(line.qty);
                let title = product.title(Lang::En).to_owned();
                QuoteLine { sku: line.sku.clone(), title, qty: line.qty, unit_amount, total, options: BTreeMap::new() }
            })
            .collect();
        let day = START_UNIX_MS + i64::try_from(self.ms).unwrap() + 86_400_000;
        Quote {
            quote_id: format!("q-{request_id}"),
            hash: format!("h-{request_id}"),
            request_id,
            shop: "corner".into(),
            seller: "Corner shop".into(),
            currency: "EUR".into(),
            total: lines.iter().map(|line| line.total).sum(),
            lines,
            delivery: Delivery { earliest_unix_ms: day, latest_unix_ms: day, amount: 0 },
            valid_s: if self.rng.chance(10) { 5 } else { 900 },
            withdrawal_days: if self.rng.chance(8) { 0 } else { 14 },
            recurring: false,
            because: None,
            surge: None,
            payment: None,
            coupon: None,
        }
    }

    pub(super) fn order_arrives(&mut self, id: &OrderId) {
        // What was published are the bytes of the first write.
        let Some(order) = self.disk.bytes.get(id).cloned() else {
            return self.violate(Invariant::Confirmed, "an order was sent that never was on disk");
        };
        self.check_arrival(&order);
        let status = self.decide_booking(&order);
        self.answer_order(id, status);
    }

    fn answer_order(&mut self, id: &OrderId, status: ReceiptStatus) {
        let waits = self.shop.bookings.get(id).map(|booking| (booking.burst_ms.is_some(), booking.payment));
        let code = match (waits, status) {
            (Some((true, _)), ReceiptStatus::Held) => Some("burst"),
            (Some((true, _)), _) => Some("approved"),
            (Some((_, true)), ReceiptStatus::Held) => Some("payment_authentication"),
            (Some((_, true)), ReceiptStatus::Accepted) => Some("payment_confirmed"),
            (Some((_, true)), ReceiptStatus::Rejected) => Some("payment_refused"),
            (Some((false, false)) | None, _) => None,
        };
        let receipt = Receipt {
            order_id: id.clone(),
            status,
            code: code.map(str::to_owned),
            shop_order_no: Some("1".into()),
            cancel_until_unix_ms: None,
        };
        self.over_the_link(Input::Event(Event::Receipt(receipt)));
    }

    /// The same order gets the same answer; a new one is booked, kept back or rejected.
    fn decide_booking(&mut self, order: &Order) -> ReceiptStatus {
        let id = &order.id;
        if let Some(booking) = self.shop.bookings.get(id) {
            let same = booking.order == *order;
            let state = booking.state;
            if !same {
                self.violate(Invariant::SameBytes, format!("order {id} came again with other bytes"));
            }
            return match state {
                OrderState::Sending => ReceiptStatus::Held,
                OrderState::Rejected => ReceiptStatus::Rejected,
                _ => ReceiptStatus::Accepted,
            };
        }
        let true_unix_ms = START_UNIX_MS + i64::try_from(self.ms).unwrap();
        let late = order.expires_unix_ms <= true_unix_ms;
        if dice(id, 0).is_multiple_of(10) || late || self.shop.refused.contains(id) {
            self.shop.refused.insert(id.clone());
            return ReceiptStatus::Rejected;
        }
        self.check_booking(order);
        let held = dice(id, 2).is_multiple_of(12);
        let state = if held { OrderState::Sending } else { OrderState::Accepted };
        let burst_ms = (held && dice(id, 5).is_multiple_of(2)).then_some(self.ms);
        let payment = held && burst_ms.is_none() && dice(id, 8).is_multiple_of(2);
        let booking = Booking { order: order.clone(), state, burst_ms, payment, withdrawn_unix_ms: None };
        self.shop.bookings.insert(id.clone(), booking);
        let ends_ms = u64::try_from(order.expires_unix_ms - START_UNIX_MS).unwrap_or(0);
        if burst_ms.is_some() {
            self.put(ends_ms.max(self.ms), Input::ShopMoves(id.clone()));
        } else if held || dice(id, 3).is_multiple_of(3) {
            let ms = self.rng.between(2 * MINUTE, 3 * HOUR);
            self.put(self.ms + ms, Input::ShopMoves(id.clone()));
        }
        if held { ReceiptStatus::Held } else { ReceiptStatus::Accepted }
    }

    /// An adult's word: only now the shop books what it kept back, once, and not after the order's end.
    pub(super) fn approval_arrives(&mut self, id: &OrderId) {
        let true_unix_ms = START_UNIX_MS + i64::try_from(self.ms).unwrap();
        let Some(booking) = self.shop.bookings.get_mut(id) else { return };
        if booking.state == OrderState::Sending && booking.payment {
            // No adult's hand answers for a bank.
            return self.answer_order(id, ReceiptStatus::Held);
        }
        if booking.state == OrderState::Sending {
            let late = booking.order.expires_unix_ms <= true_unix_ms;
            booking.state = if late { OrderState::Expired } else { OrderState::Accepted };
            let confirmed_ms = self.model.orders.get(id).map(|confirmed| confirmed.at_ms);
            let by_hand = self.model.hand_ms.zip(confirmed_ms).is_some_and(|(hand_ms, since)| hand_ms >= since);
            let order = booking.order.clone();
            self.must(by_hand, Invariant::Confirmed, "the shop was told of an approval that no hand gave", &order);
        }
        let state = self.shop.bookings[id].state;
        self.status(id, state);
    }

    /// What the shop kept back is approved there, or not; what is booked is shipped, then delivered.
    pub(super) fn shop_moves(&mut self, id: &OrderId) {
        let true_unix_ms = START_UNIX_MS + i64::try_from(self.ms).unwrap();
        let Some(booking) = self.shop.bookings.get_mut(id) else { return };
        booking.state = match booking.state {
            OrderState::Sending if booking.burst_ms.is_some() => OrderState::Expired,
            OrderState::Sending if booking.payment && booking.order.expires_unix_ms <= true_unix_ms => {
                OrderState::Expired
            }
            OrderState::Sending if dice(id, 4).is_multiple_of(2) => OrderState::Accepted,
            OrderState::Sending => OrderState::Rejected,
            OrderState::Accepted => OrderState::Shipped,
            OrderState::Shipped => OrderState::Delivered,
            OrderState::Withdrawn => OrderState::Refunded,
            settled => settled,
        };
        let state = booking.state;
        if state == OrderState::Shipped {
            self.put(self.ms + HOUR, Input::ShopMoves(id.clone()));
        }
        self.status(id, state);
    }

    pub(super) fn cancel_arrives(&mut self, id: &OrderId) {
        let state = match self.shop.bookings.get_mut(id) {
            Some(booking) => {
                if matches!(booking.state, OrderState::Accepted | OrderState::Sending) {
                    let takes_back = dice(id, 1).is_multiple_of(2) || booking.state == OrderState::Sending;
                    booking.state = if takes_back { OrderState::Cancelled } else { OrderState::Shipped };
                }
                booking.state
            }
            // The shop never had it, and from now on will not take it.
            None => {
                self.shop.refused.insert(id.clone());
                OrderState::Cancelled
            }
        };
        self.status(id, state);
    }

    /// The shop takes back what it has, now and then not; the same word gets the same answer.
    pub(super) fn withdrawal_arrives(&mut self, id: &OrderId) {
        let true_unix_ms = START_UNIX_MS + i64::try_from(self.ms).unwrap();
        self.check_withdrawal_arrives(id);
        let Some(booking) = self.shop.bookings.get_mut(id) else {
            // It never had it; what the link makes of that.
            self.shop.keeps.insert(id.clone());
            let answer = WithdrawalAnswer { received_unix_ms: None, until_unix_ms: None };
            return self.status_with(id, OrderState::Accepted, Some(UNKNOWN_ORDER), Some(answer));
        };
        let refuses = dice(id, 6).is_multiple_of(4) || booking.order.quote.withdrawal_days == 0;
        let mut code = None;
        match booking.state {
            OrderState::Sending => booking.state = OrderState::Cancelled,
            OrderState::Accepted | OrderState::Shipped | OrderState::Delivered if refuses => code = Some("too_late"),
            OrderState::Accepted | OrderState::Shipped | OrderState::Delivered => {
                booking.state = OrderState::Withdrawn;
                booking.withdrawn_unix_ms = Some(true_unix_ms);
            }
            _ => {}
        }
        let state = booking.state;
        if code.is_some() {
            self.shop.keeps.insert(id.clone());
        }
        let answer = (code.is_some() || booking.withdrawn_unix_ms.is_some()).then(|| WithdrawalAnswer {
            received_unix_ms: booking.withdrawn_unix_ms.or(Some(true_unix_ms)),
            until_unix_ms: None,
        });
        if state == OrderState::Withdrawn && dice(id, 7).is_multiple_of(2) {
            self.put(self.ms + HOUR, Input::ShopMoves(id.clone()));
        }
        self.status_with(id, state, code, answer);
    }

    /// What the link does when the broker has lost its session, and with it perhaps the shop's last word.
    pub(super) fn ask_about_open_orders(&mut self) {
        let open =
            |order: &&Order| matches!(order.state, OrderState::Accepted | OrderState::Shipped | OrderState::Withdrawn);
        let open: Vec<OrderId> =
            self.disk.household.orders.values().filter(open).map(|order| order.id.clone()).collect();
        for id in open {
            let booking = self.shop.bookings.get(&id).filter(|booking| booking.state != OrderState::Sending);
            if let Some(state) = booking.map(|booking| booking.state) {
                self.status(&id, state);
            }
        }
    }

    pub(super) fn ask_arrives(&mut self, id: &OrderId) {
        // Asked for only after its signed expiry: an unknown order is not taken any more.
        let state = match self.shop.bookings.get_mut(id) {
            Some(booking) if booking.state == OrderState::Sending => {
                booking.state = OrderState::Rejected;
                booking.state
            }
            Some(booking) => booking.state,
            None => {
                self.shop.refused.insert(id.clone());
                OrderState::Expired
            }
        };
        self.status(id, state);
    }

    fn status(&mut self, id: &OrderId, state: OrderState) {
        let withdrawn = self.shop.bookings.get(id).and_then(|booking| booking.withdrawn_unix_ms);
        let answer = withdrawn.map(|at| WithdrawalAnswer { received_unix_ms: Some(at), until_unix_ms: None });
        self.status_with(id, state, None, answer);
    }

    fn status_with(
        &mut self,
        id: &OrderId,
        state: OrderState,
        code: Option<&str>,
        withdrawal: Option<WithdrawalAnswer>,
    ) {
        self.shop.revs += 1;
        if matches!(state, OrderState::Withdrawn | OrderState::Refunded) {
            self.shop.acknowledged.insert(id.clone());
        }
        let since_unix_ms = Some(START_UNIX_MS + i64::try_from(self.ms).unwrap());
        let (order_id, rev, code) = (id.clone(), self.shop.revs, code.map(str::to_owned));
        let update = StatusUpdate { order_id, rev, state, code, since_unix_ms, withdrawal };
        self.over_the_link(Input::Event(Event::Status(update)));
    }
}
