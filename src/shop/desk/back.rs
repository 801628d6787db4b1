//! What moves an order on after it was booked: the shop's own doing, a cancellation, a withdrawal.
//! Each change, and what the home is told of it, is one transaction.

use super::{At, DAY_MS, Desk, Done, MAX_UNDER_WAY_MS, SKEW_MS, Seller, distrusted, refused, state_of};
use crate::decide::lifecycle::{NOT_RETURNABLE, TOO_LATE};
use crate::decide::order::OrderId;
use crate::deliver::envelope::{self, Cancel, Moment, StatusState, Withdraw, WithdrawalAnswer};
use crate::deliver::keys::Keys;
use crate::deliver::store::StoreError;
use crate::deliver::topic::Route;
use crate::shop::ShopEvent;
use crate::shop::book::{Book, Booking, Page};

/// The code of an answer to a withdrawal from a part of an order: this shop takes back only all of it.
const NOT_IN_PART: &str = "not_in_part";

/// What a withdrawal does to an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ruling {
    /// It goes back. What was not shipped stays.
    Withdraw,
    /// It was held and never bought.
    Cancel,
    /// It stays as it is; why.
    Refuse(&'static str),
    /// It is over already: how it stands is the answer, with the acknowledgement if there was a withdrawal.
    Stands,
}

impl Desk {
    pub(super) fn cancel(&mut self, at: At<'_>) -> Result<Done, StoreError> {
        let cancel = match at.open::<Cancel>(at.now) {
            Ok(opened) => opened.data,
            Err(why) => return Ok(distrusted(at.topic, &why)),
        };
        let id = cancel.order_id;
        if !envelope::is_hex128(&id) {
            return Ok(refused(at.topic, "bad_order_id", "the order id is not 32 hex digits"));
        }
        let Desk { book, keys, catalog, .. } = self;
        let shop = Seller { keys, shop: &catalog.shop };
        book.write_for(at.route.home(), |page| {
            let Some(booking) = page.booking(at.route, &id)? else {
                // It may still be under way: when it comes it is not booked.
                let state = absent(page, &at, &id)?;
                if state == StatusState::Unknown {
                    page.remember(at.route, &id, None, None, None, at.now)?;
                }
                let state = if state == StatusState::Unknown { StatusState::Cancelled } else { state };
                let say = shop.status(&at, &id, 1, state, None).into_iter().collect();
                return Ok(Done { say, events: vec![] });
            };
            let code = match state_of(&booking) {
                StatusState::Accepted | StatusState::Held => {
                    return move_on(page, &shop, at.route, &booking, StatusState::Cancelled, at.now);
                }
                StatusState::Shipped | StatusState::Delivered => Some(TOO_LATE),
                StatusState::Unknown
                | StatusState::Rejected
                | StatusState::Cancelled
                | StatusState::Expired
                | StatusState::Withdrawn
                | StatusState::Refunded => None,
            };
            Ok(Done { say: shop.status_of(at.route, &booking, code, at.now).into_iter().collect(), events: vec![] })
        })
    }

    /// The household withdraws: from now on it is withdrawn, and each repetition gets the same acknowledgement.
    pub(super) fn withdraw(&mut self, at: At<'_>) -> Result<Done, StoreError> {
        let withdraw = match at.open::<Withdraw>(at.now) {
            Ok(opened) => opened.data,
            Err(why) => return Ok(distrusted(at.topic, &why)),
        };
        let id = &withdraw.order_id;
        if !envelope::is_hex128(id) {
            return Ok(refused(at.topic, "bad_order_id", "the order id is not 32 hex digits"));
        }
        let Desk { book, keys, catalog, terms, .. } = self;
        let shop = Seller { keys, shop: &catalog.shop };
        let usual_days = terms.withdrawal_days;
        book.write_for(at.route.home(), |page| {
            let Some(mut booking) = page.booking(at.route, id)? else {
                let state = absent(page, &at, id)?;
                let rev = u64::from(state != StatusState::Unknown);
                return Ok(Done { say: shop.status(&at, id, rev, state, None).into_iter().collect(), events: vec![] });
            };
            booking.withdrawal_days.get_or_insert(usual_days);
            let (code, withdrawal) = match rule(&booking, &withdraw, at.now) {
                Ruling::Withdraw => return move_on(page, &shop, at.route, &booking, StatusState::Withdrawn, at.now),
                Ruling::Cancel => return move_on(page, &shop, at.route, &booking, StatusState::Cancelled, at.now),
                Ruling::Stands => {
                    let say = shop.status_of(at.route, &booking, None, at.now).into_iter().collect();
                    return Ok(Done { say, events: vec![] });
                }
                Ruling::Refuse(code) => {
                    let until = last_day(&booking).map(Moment::new);
                    (code, WithdrawalAnswer { received: Moment::new(at.now), until })
                }
            };
            let say = shop.answer(at.route, &booking, Some(code), Some(withdrawal), at.now).into_iter().collect();
            Ok(Done { say, events: vec![] })
        })
    }

    /// The shop's own doing: `order` is its id or the shop's number.
    ///
    /// # Errors
    /// The book's; an order that is not there or can't move that way is a [`ShopEvent::Refused`].
    pub fn advance(&mut self, order: &str, state: StatusState) -> Result<Done, StoreError> {
        let Some(now) = self.clock.unix_ms() else {
            return Ok(refused(order, "clock", "this machine's clock is not set"));
        };
        mark(&mut self.book, &self.keys, order, state, now)
    }
}

/// Ships, delivers, cancels or refunds an order, also beside a shop that runs on the same book: that one then tells the home.
/// `order` is its id or the shop's number.
///
/// # Errors
/// As [`Desk::advance`].
pub fn mark(book: &mut Book, keys: &Keys, order: &str, state: StatusState, now: i64) -> Result<Done, StoreError> {
    book.write(|page| {
        let Some(booking) = page.find(order)? else {
            return Ok(refused(order, "unknown_order", "there is no such order"));
        };
        let from = state_of(&booking);
        let may = matches!(
            (from, state),
            (StatusState::Accepted, StatusState::Shipped | StatusState::Delivered | StatusState::Cancelled)
                | (StatusState::Shipped, StatusState::Delivered)
                | (StatusState::Delivered | StatusState::Withdrawn, StatusState::Refunded)
        );
        if !may {
            return Ok(refused(
                order,
                "wrong_state",
                format!("it is {} and can't become {}", from.name(), state.name()),
            ));
        }
        // What was signed names the shop.
        let route = booking.order["aud"].as_str().and_then(Route::parse_up).map(|(route, _)| route);
        let unsealed = |why: &str| StoreError::Seal { order: OrderId(booking.order_id.clone()), why: why.into() };
        let route = route.ok_or_else(|| unsealed("the order in the book does not say to which shop it went"))?;
        let shop = Seller { keys, shop: route.shop() };
        move_on(page, &shop, &route, &booking, state, now)
    })
}

/// Moves it on and says so once that is on disk.
fn move_on(
    page: &Page<'_>,
    shop: &Seller<'_>,
    route: &Route,
    booking: &Booking,
    state: StatusState,
    now: i64,
) -> Result<Done, StoreError> {
    let mut moved = page.move_to(route, &booking.order_id, state, now)?;
    moved.withdrawal_days = moved.withdrawal_days.or(booking.withdrawal_days);
    if let Some(say) = shop.status_of(route, &moved, None, now) {
        page.say(&say.topic, &say.bytes)?;
    }
    let event = ShopEvent::Moved { order_id: moved.order_id, shop_order_no: moved.shop_order_no, state };
    Ok(Done { say: vec![], events: vec![event] })
}

/// What is known of an order that is not in the book.
fn absent(page: &Page<'_>, at: &At<'_>, id: &str) -> Result<StatusState, StoreError> {
    Ok(match page.known(at.route, id)? {
        Some(known) if known.receipt.is_some() => StatusState::Rejected,
        Some(_) => StatusState::Cancelled,
        None => StatusState::Unknown,
    })
}

/// The law's last day for a withdrawal, if the delivery is known; milliseconds since 1970.
pub(super) fn last_day(booking: &Booking) -> Option<i64> {
    let days = booking.withdrawal_days.filter(|days| *days > 0)?;
    booking.delivered_unix_ms.map(|at| at.saturating_add(i64::from(days) * DAY_MS))
}

fn rule(booking: &Booking, withdraw: &Withdraw, now: i64) -> Ruling {
    match state_of(booking) {
        StatusState::Held => return Ruling::Cancel,
        StatusState::Accepted | StatusState::Shipped | StatusState::Delivered => {}
        StatusState::Unknown
        | StatusState::Rejected
        | StatusState::Cancelled
        | StatusState::Expired
        | StatusState::Withdrawn
        | StatusState::Refunded => return Ruling::Stands,
    }
    if booking.withdrawal_days == Some(0) {
        return Ruling::Refuse(NOT_RETURNABLE);
    }
    if !is_whole(booking, withdraw) {
        return Ruling::Refuse(NOT_IN_PART);
    }
    // The day on which it was said counts (Directive 2011/83/EU, article 11), as far as a cable can have been cut. The
    // last day counts to its end, wherever the home is.
    let said = withdraw.at.map_or(now, |at| at.unix_ms);
    let said = if said > now.saturating_add(SKEW_MS) { now } else { said.max(now.saturating_sub(MAX_UNDER_WAY_MS)) };
    match last_day(booking) {
        Some(until) if said >= until.saturating_add(DAY_MS) => Ruling::Refuse(TOO_LATE),
        Some(_) | None => Ruling::Withdraw,
    }
}

/// Is it all of the order, or said of all of it?
fn is_whole(booking: &Booking, withdraw: &Withdraw) -> bool {
    let mut said: Vec<(&str, u64)> =
        withdraw.lines.iter().map(|line| (line.sku.as_str(), u64::from(line.qty))).collect();
    let ordered = booking.order["lines"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut ordered: Vec<(&str, u64)> = ordered
        .iter()
        .map(|line| (line["sku"].as_str().unwrap_or_default(), line["qty"].as_u64().unwrap_or_default()))
        .collect();
    said.sort_unstable();
    ordered.sort_unstable();
    said.is_empty() || said == ordered
}
