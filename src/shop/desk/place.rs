//! Whether an order may be booked, and how it comes into the book: within the transaction of its message.

use super::{At, HOUR_MS, MAX_UNDER_WAY_MS, SKEW_MS, Seller, accepted, booked_event, held, pay};
use crate::deliver::envelope::{Opened, Order, Quote, Receipt};
use crate::deliver::store::StoreError;
use crate::shop::ShopEvent;
use crate::shop::book::pay::HeldFor;
use crate::shop::book::{Page, Placed};
use crate::shop::burst::{self, Ruling};
use crate::shop::payment;

/// May this order be booked? The code on the wire if not.
pub(super) fn check(
    page: &Page<'_>,
    at: &At<'_>,
    opened: &Opened<Order>,
    seq_is_new: bool,
    max_orders_hour: u32,
) -> Result<Result<Quote, &'static str>, StoreError> {
    let order = &opened.data;
    let exp = order.exp.unix_ms.min(opened.expires_unix_ms);
    if exp <= at.now {
        return Ok(Err("expired"));
    }
    if exp > at.now + MAX_UNDER_WAY_MS || order.confirm.at.unix_ms > at.now + SKEW_MS {
        return Ok(Err("clock"));
    }
    if !seq_is_new {
        return Ok(Err("seq_reused"));
    }
    let Some((quote, valid_until, ordered_by)) = page.quote(at.route, &order.quote_hash)? else {
        return Ok(Err("quote_unknown"));
    };
    if ordered_by.is_some() {
        return Ok(Err("quote_used"));
    }
    // Confirmed in time is in time: the hold and a broker that was away do not count.
    if order.confirm.at.unix_ms > valid_until {
        return Ok(Err("quote_expired"));
    }
    let Some(quote) = serde_json::from_str::<Quote>(&quote).ok().filter(|quote| is_as_quoted(order, quote)) else {
        return Ok(Err("not_as_quoted"));
    };
    if !pay::is_still_paid_so(page, at.route.home(), &quote)? {
        return Ok(Err("payment_changed"));
    }
    if page.booked_since(at.route.home(), at.now - HOUR_MS)? >= max_orders_hour {
        return Ok(Err("rate"));
    }
    Ok(Ok(quote))
}

/// Puts an order in the book, booked or held: its receipt. The code on the wire if it can't be booked after all.
#[allow(clippy::too_many_arguments, reason = "everything that decides on an order meets here once")]
pub(super) fn place(
    page: &Page<'_>,
    shop: &Seller<'_>,
    at: &At<'_>,
    opened: &Opened<Order>,
    quote: &Quote,
    rule: burst::Rule,
    payment: &payment::Rule,
    events: &mut Vec<ShopEvent>,
) -> Result<Result<Receipt, &'static str>, StoreError> {
    let order = &opened.data;
    let skus: Vec<&str> = order.lines.iter().map(|line| line.sku.as_str()).collect();
    let ruling = held::look(page, shop, rule, at.route, &skus, at.now, events)?.ruling;
    // After the products: in one order for everybody, so that no two wait for each other.
    if let Some(discount) = &quote.discount
        && !page.use_coupon(at.route, &order.order_id, &discount.coupon, at.now)?
    {
        return Ok(Err("coupon_used"));
    }
    let needs_payment = payment.needs(quote.payment.as_ref(), order.total, &order.currency);
    let held_for = match ruling {
        Ruling::Hold => Some(HeldFor::Burst),
        Ruling::Book => needs_payment.then_some(HeldFor::Payment),
    };
    let placed = Placed {
        payment: quote.payment.as_ref(),
        discount: quote.discount.as_ref(),
        withdrawal_days: Some(quote.withdrawal_days),
        held_for,
        needs_payment,
        expires_unix_ms: order.exp.unix_ms.min(opened.expires_unix_ms),
    };
    let no = page.book(at.route, order, &placed, at.now)?;
    page.take_quote(&order.quote_hash, &order.order_id)?;
    Ok(Ok(match held_for {
        None => {
            events.push(booked_event(at.route, order, no.clone()));
            accepted(at.route, &order.order_id, &opened.hash, &no, at.now)
        }
        Some(held_for) => {
            events.push(held::event(at.route, &order.order_id, held_for));
            held::receipt(at.route, &order.order_id, &opened.hash, held_for)
        }
    }))
}

fn is_as_quoted(order: &Order, quote: &Quote) -> bool {
    order.quote_id == quote.quote_id
        && order.currency == quote.currency
        && order.total == quote.totals.total
        && order.lines.len() == quote.lines.len()
        && order.lines.iter().zip(&quote.lines).all(|(ours, theirs)| {
            ours.sku == theirs.sku
                && ours.qty == theirs.qty
                && ours.unit_amount == theirs.unit_amount
                && ours.total == theirs.total
                && ours.options == theirs.options
        })
}
