//! Orders that are held: of a burst put aside instead of booked, booked when an adult of the home approves them,
//! dropped when they expire. Each change, and what the home is told of it, is in the transaction
//! of the message that caused it. Decides by [`burst::Rule`] alone.

use super::{
    At, Desk, Done, HOUR_MS, RECEIPT_LIFE_MS, Say, Seller, accepted, blank_receipt, booked_event, distrusted, refused,
    state_of,
};
use crate::decide::lifecycle::APPROVED;
use crate::decide::order::OrderId;
use crate::deliver::envelope::{self, Body, Order, OrderApprove, Receipt, ReceiptStatus, Status, StatusState, Surge};
use crate::deliver::store::StoreError;
use crate::deliver::topic::Route;
use crate::shop::ShopEvent;
use crate::shop::book::pay::{HeldFor, payment_state};
use crate::shop::book::{Booking, Page};
use crate::shop::burst::{Rule, Ruling};

/// What the guard found about the products of a request or an order.
pub struct Look {
    pub ruling: Ruling,
    /// The most homes that asked for one of the products that are in a burst.
    homes: Option<u32>,
}

impl Look {
    /// What the home is told with its quote.
    pub fn told(&self, rule: Rule) -> Option<Surge> {
        self.homes.map(|homes| Surge { homes, minutes: rule.minutes() })
    }
}

/// Takes down that a home asks for these products, and looks whether too many do. A burst that is seen
/// for the first time also puts aside what its first homes got booked.
pub fn look(
    page: &Page<'_>,
    shop: &Seller<'_>,
    rule: Rule,
    route: &Route,
    skus: &[&str],
    now: i64,
    events: &mut Vec<ShopEvent>,
) -> Result<Look, StoreError> {
    let mut look = Look { ruling: Ruling::Book, homes: None };
    if !rule.is_on() {
        return Ok(look);
    }
    let since = now.saturating_sub(rule.window_ms);
    page.claim_products(skus)?;
    for sku in skus {
        page.forget_asks(sku, since)?;
        page.asked(sku, route.home(), now)?;
        let homes = page.homes_asking(sku, since)?;
        let lasts = page.burst_seen(sku)?.is_some_and(|seen| rule.lasts(seen, now));
        let is_burst = homes >= rule.min_homes && rule.is_burst(page.usual(sku, homes, since)?);
        if is_burst {
            page.see_burst(sku, now)?;
        }
        if is_burst && !lasts {
            events.push(ShopEvent::Burst { sku: (*sku).into(), homes, minutes: rule.minutes() });
            put_aside(page, shop, sku, since, now, events)?;
        }
        if is_burst || lasts {
            look.homes = look.homes.max(Some(homes));
            if rule.ruling(true, page.bought_before(sku, route.home(), since)?) == Ruling::Hold {
                look.ruling = Ruling::Hold;
            }
        }
    }
    Ok(look)
}

/// The first homes of a burst, which nobody could know for one then: not booked any more, and told so.
fn put_aside(
    page: &Page<'_>,
    shop: &Seller<'_>,
    sku: &str,
    since: i64,
    now: i64,
    events: &mut Vec<ShopEvent>,
) -> Result<(), StoreError> {
    for booking in page.booked_lately(sku, since)? {
        if page.bought_before(sku, &booking.home, since)? {
            continue;
        }
        let route = route_of(&booking, shop)?;
        let expires = booking.expires_unix_ms.or_else(|| order_of(&booking).map(|order| order.exp.unix_ms));
        let rev = page.hold(&booking, expires.unwrap_or(now.saturating_add(HOUR_MS)), now)?;
        // Whoever repeats the order gets the answer that holds now.
        if let Some(hash) = page.known(&route, &booking.order_id)?.and_then(|known| known.order_hash) {
            let sealed = shop.seal(&receipt(&route, &booking.order_id, &hash, HeldFor::Burst), now, RECEIPT_LIFE_MS);
            let sealed = sealed.ok_or_else(|| unsealed(&booking.order_id))?;
            page.answer_with(&route, &booking.order_id, &sealed.bytes)?;
        }
        let code = Some(HeldFor::Burst.code());
        tell(page, shop, &route, &booking.order_id, rev, StatusState::Held, code, now)?;
        events.push(event(&route, &booking.order_id, HeldFor::Burst));
    }
    Ok(())
}

impl Desk {
    /// An adult of the home approves what is held: booked now, once, with a new receipt.
    pub(super) fn approve(&mut self, at: At<'_>) -> Result<Done, StoreError> {
        let approve = match at.open::<OrderApprove>(at.now) {
            Ok(opened) => opened.data,
            Err(why) => return Ok(distrusted(at.topic, &why)),
        };
        let id = approve.order_id;
        let Desk { book, keys, catalog, .. } = self;
        let shop = Seller { keys, shop: &catalog.shop };
        book.write_for(at.route.home(), |page| {
            let Some(booking) = page.booking(at.route, &id)? else {
                // Rejected, cancelled before it came, or never here.
                let state = match page.known(at.route, &id)? {
                    Some(known) if known.receipt.is_some() => StatusState::Rejected,
                    Some(_) => StatusState::Cancelled,
                    None => StatusState::Unknown,
                };
                let rev = u64::from(state != StatusState::Unknown);
                let say = shop.status(&at, &id, rev, state, None).into_iter().collect();
                return Ok(Done { say, events: vec![] });
            };
            if !is_held_for(&booking, HeldFor::Burst) {
                // Approved already, or nothing that an adult here could approve: how it stands.
                let receipt = page.known(at.route, &id)?.and_then(|known| known.receipt);
                let mut say: Vec<Say> =
                    receipt.map(|bytes| Say { topic: at.route.down(Receipt::KIND), bytes }).into_iter().collect();
                say.extend(shop.news_since(page, &at, &id)?);
                return Ok(Done { say, events: vec![] });
            }
            let hash = page.known(at.route, &id)?.and_then(|known| known.order_hash);
            let (Some(order), Some(hash)) = (order_of(&booking), hash) else {
                return Ok(refused(at.topic, "unreadable", "what is held under this id can't be read any more"));
            };
            if booking.expires_unix_ms.is_none_or(|expires| expires <= at.now) {
                return expire(page, &shop, &booking, at.now);
            }
            if booking.payment_state.as_deref() == Some(payment_state::REQUIRED) {
                // Approved, and not paid for yet.
                page.hold_for_payment(at.route, &id, at.now)?;
                let sealed = shop.seal(&receipt(at.route, &id, &hash, HeldFor::Payment), at.now, RECEIPT_LIFE_MS);
                let sealed = sealed.ok_or_else(|| unsealed(&id))?;
                page.answer_with(at.route, &id, &sealed.bytes)?;
                page.say(&sealed.topic, &sealed.bytes)?;
                return Ok(Done { say: vec![], events: vec![event(at.route, &id, HeldFor::Payment)] });
            }
            page.book_held(at.route, &id, at.now)?;
            let receipt = Receipt {
                code: Some(APPROVED.into()),
                ..accepted(at.route, &id, &hash, &booking.shop_order_no, at.now)
            };
            let sealed = shop.seal(&receipt, at.now, RECEIPT_LIFE_MS).ok_or_else(|| unsealed(&id))?;
            page.answer_with(at.route, &id, &sealed.bytes)?;
            page.say(&sealed.topic, &sealed.bytes)?;
            Ok(Done { say: vec![], events: vec![booked_event(at.route, &order, booking.shop_order_no)] })
        })
    }

    /// What nobody approved, or paid for, in time: nothing is booked, and the home is told.
    ///
    /// # Errors
    /// The book's.
    pub fn expire_held(&mut self) -> Result<Done, StoreError> {
        let Some(now) = self.clock.unix_ms() else { return Ok(Done::default()) };
        let Desk { book, keys, catalog, .. } = self;
        let shop = Seller { keys, shop: &catalog.shop };
        if !book.is_anything_held_too_long(now)? {
            return Ok(Done::default());
        }
        book.write(|page| {
            let mut all = Done::default();
            for booking in page.held_too_long(now)? {
                all.events.extend(expire(page, &shop, &booking, now)?.events);
            }
            Ok(all)
        })
    }
}

pub(super) fn expire(page: &Page<'_>, shop: &Seller<'_>, booking: &Booking, now: i64) -> Result<Done, StoreError> {
    let route = route_of(booking, shop)?;
    let rev = page.set_state(&route, &booking.order_id, StatusState::Expired, now)?;
    // Why it was held says why it was not booked.
    let code = code_of(booking).filter(|code| *code == HeldFor::Payment.code());
    tell(page, shop, &route, &booking.order_id, rev, StatusState::Expired, code, now)?;
    let event = ShopEvent::Moved {
        order_id: booking.order_id.clone(),
        shop_order_no: booking.shop_order_no.clone(),
        state: StatusState::Expired,
    };
    Ok(Done { say: vec![], events: vec![event] })
}

/// The signed answer to an order that is held.
pub fn receipt(route: &Route, order_id: &str, order_hash: &str, held_for: HeldFor) -> Receipt {
    Receipt {
        order_id: order_id.into(),
        status: ReceiptStatus::Held,
        code: Some(held_for.code().into()),
        ..blank_receipt(route.down(Receipt::KIND), order_hash.into())
    }
}

pub fn event(route: &Route, order_id: &str, held_for: HeldFor) -> ShopEvent {
    let (home, device, code) = (route.home().into(), route.device().into(), held_for.code());
    ShopEvent::Held { order_id: order_id.into(), home, device, code }
}

/// Is that what it waits for?
pub fn is_held_for(booking: &Booking, held_for: HeldFor) -> bool {
    state_of(booking) == StatusState::Held && booking.held_for.as_deref() == Some(held_for.code())
}

/// The code that goes with the state of an order.
pub fn code_of(booking: &Booking) -> Option<&'static str> {
    match state_of(booking) {
        StatusState::Held | StatusState::Expired => {
            let held_for = [HeldFor::Burst, HeldFor::Payment].into_iter().map(HeldFor::code);
            held_for.into_iter().find(|code| booking.held_for.as_deref() == Some(code))
        }
        StatusState::Unknown
        | StatusState::Accepted
        | StatusState::Shipped
        | StatusState::Delivered
        | StatusState::Rejected
        | StatusState::Cancelled
        | StatusState::Withdrawn
        | StatusState::Refunded => None,
    }
}

/// Says it once this transaction is on disk.
#[allow(clippy::too_many_arguments, reason = "a status has as many parts")]
fn tell(
    page: &Page<'_>,
    shop: &Seller<'_>,
    route: &Route,
    order_id: &str,
    rev: u64,
    state: StatusState,
    code: Option<&str>,
    now: i64,
) -> Result<(), StoreError> {
    let say = shop.status_on(route, order_id, rev, state, code, now);
    let Say { topic, bytes } = say.ok_or_else(|| unsealed(order_id))?;
    debug_assert_eq!(topic, route.down(Status::KIND));
    page.say(&topic, &bytes)
}

pub(super) fn route_of(booking: &Booking, shop: &Seller<'_>) -> Result<Route, StoreError> {
    Route::new(&booking.home, &booking.device, shop.shop)
        .map_err(|e| StoreError::Seal { order: OrderId(booking.order_id.clone()), why: e.to_string() })
}

pub(super) fn order_of(booking: &Booking) -> Option<envelope::Order> {
    serde_json::from_value::<Order>(booking.order.clone()).ok()
}

pub(super) fn unsealed(order_id: &str) -> StoreError {
    StoreError::Seal { order: OrderId(order_id.into()), why: "the shop's answer".into() }
}
