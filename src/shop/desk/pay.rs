//! Payments that wait for a bank's word, and coupons of a request. Each change, and what the home is told of it, is one
//! transaction. Asks no bank: the shop's payment provider does, and its answer comes in by [`settle`].

use super::held::{expire, is_held_for, order_of, unsealed};
use super::{Done, RECEIPT_LIFE_MS, Seller, accepted, blank_receipt, booked_event, refused, state_of};
use crate::clean::holds_card_number;
use crate::decide::lifecycle::PAID;
use crate::deliver::envelope::{
    CouponAsked, CouponRefused, Discount, Quote, QuoteRequest, Receipt, StatusState, Totals,
};
use crate::deliver::keys::Keys;
use crate::deliver::store::StoreError;
use crate::deliver::topic::Route;
use crate::shop::ShopEvent;
use crate::shop::book::pay::{HeldFor, payment_state};
use crate::shop::book::{Book, Booking, Page};
use crate::shop::coupon;
use crate::shop::pricing::{NoPrice, Price};

/// The payment provider's word on an order's payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    Confirmed,
    Refused,
}

/// The number of a card has no place in a request, and gets no price.
pub(super) fn check_coupon(request: &QuoteRequest) -> Result<(), NoPrice> {
    match &request.coupon {
        Some(CouponAsked::Code(code)) if holds_card_number(code) => Err(NoPrice { code: "card_number", sku: None }),
        Some(CouponAsked::Code(_) | CouponAsked::Mine) | None => Ok(()),
    }
}

/// What the coupon of a request takes off, or why nothing.
pub(super) fn look_at_coupon(
    page: &Page<'_>,
    home: &str,
    request: &QuoteRequest,
    price: &Price,
    currency: &str,
    now: i64,
) -> Result<Option<Result<Discount, CouponRefused>>, StoreError> {
    let Some(asked) = &request.coupon else { return Ok(None) };
    let nothing = match asked {
        CouponAsked::Code(_) => coupon::unknown(),
        CouponAsked::Mine => coupon::none(),
    };
    if !asked.is_sound() {
        return Ok(Some(Err(nothing)));
    }
    let coupons = page.coupons_of(home, asked)?;
    let looked = coupons.iter().map(|coupon| {
        let used = page.uses_coupon(home, &coupon.code)?;
        Ok(coupon.apply(&price.lines, currency, used, now))
    });
    let looked = looked.collect::<Result<Vec<_>, StoreError>>()?;
    Ok(Some(coupon::best(looked).unwrap_or(Err(nothing))))
}

/// As a quote says it.
pub(super) fn said(looked: Option<Result<Discount, CouponRefused>>) -> (Option<Discount>, Option<CouponRefused>) {
    match looked {
        Some(Ok(discount)) => (Some(discount), None),
        Some(Err(refused)) => (None, Some(refused)),
        None => (None, None),
    }
}

impl Totals {
    /// With what a coupon takes off, at most the goods.
    pub(super) fn less(self, discount: Option<&Discount>) -> Totals {
        let discount = discount.map_or(0, |discount| discount.amount.clamp(0, self.goods));
        Totals { discount, total: self.total - discount, ..self }
    }
}

/// Does the home still pay as this quote says?
pub(super) fn is_still_paid_so(page: &Page<'_>, home: &str, quote: &Quote) -> Result<bool, StoreError> {
    let Some(quoted) = &quote.payment else { return Ok(true) };
    Ok(page.way(home)?.is_some_and(|way| way.payment == *quoted))
}

/// The payment provider says what became of the payment of an order that waits for it, also beside a shop that runs on the
/// same book: that one then tells the home. Said again, it changes nothing. `order` is its id or the shop's number.
///
/// # Errors
/// The book's; an order that is not there, waits for nothing, or waited too long is a [`ShopEvent::Refused`].
pub fn settle(book: &mut Book, keys: &Keys, order: &str, word: Word, now: i64) -> Result<Done, StoreError> {
    book.write(|page| {
        let Some(booking) = page.find(order)? else {
            return Ok(refused(order, "unknown_order", "there is no such order"));
        };
        // What was signed names the shop.
        let route = booking.order["aud"].as_str().and_then(Route::parse_up).map(|(route, _)| route);
        let route = route.ok_or_else(|| unsealed(&booking.order_id))?;
        let shop = Seller { keys, shop: route.shop() };
        let said_before = match word {
            Word::Confirmed => payment_state::CONFIRMED,
            Word::Refused => payment_state::REFUSED,
        };
        if booking.payment_state.as_deref() == Some(said_before) {
            return Ok(Done { say: vec![], events: vec![ShopEvent::Repeated { order_id: booking.order_id }] });
        }
        if !is_held_for(&booking, HeldFor::Payment) {
            return Ok(refused(order, "wrong_state", why_not(&booking)));
        }
        if booking.expires_unix_ms.is_none_or(|expires| expires <= now) {
            let mut done = expire(page, &shop, &booking, now)?;
            let why = "its time was over: it is not booked; give back what the payment provider has taken";
            done.events.extend(refused(order, "too_late", why).events);
            return Ok(done);
        }
        let known = page.known(&route, &booking.order_id)?.and_then(|known| known.order_hash);
        let (Some(ordered), Some(hash)) = (order_of(&booking), known) else {
            return Ok(refused(order, "unreadable", "what is held under this id can't be read any more"));
        };
        let id = &booking.order_id;
        let (receipt, event) = match word {
            Word::Confirmed => {
                page.book_paid(&route, id, now)?;
                let no = booking.shop_order_no.clone();
                let receipt = Receipt { code: Some(PAID.into()), ..accepted(&route, id, &hash, &no, now) };
                (receipt, booked_event(&route, &ordered, no))
            }
            Word::Refused => {
                page.refuse_payment(&route, id, now)?;
                let code = "payment_refused";
                let blank = blank_receipt(route.down(<Receipt as crate::deliver::envelope::Body>::KIND), hash);
                let receipt = Receipt { order_id: id.clone(), code: Some(code.into()), ..blank };
                let home = route.home().into();
                (receipt, ShopEvent::Rejected { order_id: id.clone(), home, code: code.into() })
            }
        };
        let sealed = shop.seal(&receipt, now, RECEIPT_LIFE_MS).ok_or_else(|| unsealed(id))?;
        page.answer_with(&route, id, &sealed.bytes)?;
        page.say(&sealed.topic, &sealed.bytes)?;
        Ok(Done { say: vec![], events: vec![event] })
    })
}

/// Why a payment provider's word has no effect, and what to do.
fn why_not(booking: &Booking) -> String {
    let state = state_of(booking).name();
    match (state_of(booking), booking.payment_state.as_deref()) {
        (StatusState::Held, _) => "it is held until an adult of the home approves it; say this again after that".into(),
        (_, None) => format!("it is {state}, and its payment needs no bank"),
        (_, Some(payment_state::CONFIRMED)) => {
            format!("its payment was confirmed before, and it is {state}; to take it back: tendero shop mark")
        }
        (_, Some(_)) => format!("it is {state}, and not booked; give back what the payment provider has taken"),
    }
}
