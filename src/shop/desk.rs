//! What the shop does with a message: the whole of its behaviour, without a connection.
//!
//! [`Desk::handle`] takes a topic and a payload, writes to the book, and says what to publish.
//! What it answers to an order is on disk before it is given out. It trusts only what a paired
//! device signed, and books an order at most once.

mod back;
mod chat;
mod find;
mod handover;
mod held;
mod history;
pub mod news;
mod pairing;
mod pay;
mod place;

pub use back::mark;
pub use chat::{CanNot, Does, person};
pub use history::Asked;
pub use pay::{Word, settle};

use super::book::{Book, Booking, Page};
use super::burst;
use super::guide::Guide;
use super::payment;
use super::pricing::{self, Terms};
use super::{Refused, ShopEvent};
use crate::clock::Clock;
use crate::deliver::envelope::{
    self, Body, Cancel, Distrust, Find, Found, Moment, Opened, Order, OrderApprove, OrderGet, Quote, QuoteRefused,
    QuoteRequest, Receipt, ReceiptStatus, Status, StatusState, Withdraw, WithdrawalAnswer,
};
use crate::deliver::handover::Pins;
use crate::deliver::keys::Keys;
use crate::deliver::store::StoreError;
use crate::deliver::topic::{self, Route, shop_source};
use crate::understand::catalog::Catalog;

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;
/// A receipt may be repeated for as long as its key is kept.
const RECEIPT_LIFE_MS: i64 = super::book::KEEP_MS;
/// An order may be under way for at most so long.
const MAX_UNDER_WAY_MS: i64 = 7 * DAY_MS;
/// A device's clock may be ahead by this much.
const SKEW_MS: i64 = 5 * MINUTE_MS;
/// How long after the booking a household may cancel, unless it is shipped earlier.
const CANCEL_MS: i64 = HOUR_MS;

/// A message to publish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Say {
    pub topic: String,
    pub bytes: Vec<u8>,
}

/// What came of a message.
#[derive(Debug, Default)]
pub struct Done {
    /// Publish these now. What must not be lost is in the book's `outgoing` instead.
    pub say: Vec<Say>,
    pub events: Vec<ShopEvent>,
}

pub struct Desk {
    pub book: Book,
    pub keys: Keys,
    pub catalog: Catalog,
    pub guide: Option<Guide>,
    pub terms: Terms,
    pub seller: String,
    pub max_orders_hour: u32,
    pub burst: burst::Rule,
    pub payment: payment::Rule,
    pub clock: Clock,
    /// How often homes asked this worker for what it has on them.
    pub asked: Asked,
}

impl Desk {
    /// Never fails because of what somebody sent: that is a [`ShopEvent::Refused`].
    ///
    /// # Errors
    /// The book can't be read or written; the message must then not be acknowledged.
    pub fn handle(&mut self, topic: &str, payload: &[u8], retained: bool) -> Result<Done, StoreError> {
        if let Some(id) = topic::parse_pair(topic) {
            return self.pair(id, topic, payload, retained);
        }
        let Some((route, kind)) = Route::parse_up(topic).filter(|(route, _)| route.shop() == self.catalog.shop) else {
            return Ok(refused(topic, "other_topic", "it is not a topic of this shop"));
        };
        if retained {
            return Ok(distrusted(topic, &Distrust::Retained));
        }
        let Some(now) = self.clock.unix_ms() else {
            return Ok(refused(
                topic,
                "clock",
                "this machine's clock is not set; set it, and the device will ask again",
            ));
        };
        let Some(pins) = self.book.pins_of(&route)? else {
            return Ok(self.stranger(&route, kind, payload, now));
        };
        let pins = pins.at(now);
        let at = At { route: &route, topic, payload, pins: &pins, now };
        match kind {
            QuoteRequest::KIND => self.quote(at),
            Find::KIND => self.find(at),
            envelope::HistoryGet::KIND => self.history(&at),
            Order::KIND => self.order(at),
            OrderGet::KIND => self.order_get(at),
            OrderApprove::KIND => self.approve(at),
            Cancel::KIND => self.cancel(at),
            Withdraw::KIND => self.withdraw(at),
            envelope::Chat::KIND => self.chat(at),
            envelope::Handover::KIND => self.handover(&at),
            envelope::Consent::KIND => self.consent(at),
            _ => Ok(refused(topic, "unknown_kind", "a kind of message that this shop does not know")),
        }
    }

    fn quote(&mut self, at: At<'_>) -> Result<Done, StoreError> {
        let request = match at.open::<QuoteRequest>(at.now) {
            Ok(opened) => opened.data,
            Err(why) => return Ok(distrusted(at.topic, &why)),
        };
        let no_card = pay::check_coupon(&request);
        let priced = no_card.and_then(|()| pricing::price(&self.catalog, &self.terms, &request, at.now));
        let price = match priced {
            Ok(price) => price,
            Err(none) => {
                let request_id = request.request_id;
                let body = QuoteRefused {
                    aud: at.route.down(QuoteRefused::KIND),
                    request_id,
                    code: none.code.into(),
                    sku: none.sku.clone(),
                };
                let event =
                    ShopEvent::NotQuoted { home: at.route.home().into(), code: none.code.into(), sku: none.sku };
                let say = self.seal(&body, at.now, MINUTE_MS).into_iter().collect();
                return Ok(Done { say, events: vec![event] });
            }
        };
        let life_ms = i64::from(self.terms.valid_s) * 1000;
        let mut events = vec![];
        let Desk { book, keys, catalog, burst: rule, terms, seller, .. } = self;
        let shop = Seller { keys, shop: &catalog.shop };
        let made = book.write_for(at.route.home(), |page| {
            let skus: Vec<&str> = price.lines.iter().map(|line| line.sku.as_str()).collect();
            let surge = held::look(page, &shop, *rule, at.route, &skus, at.now, &mut events)?.told(*rule);
            let coupon = pay::look_at_coupon(page, at.route.home(), &request, &price, &catalog.currency, at.now)?;
            let (discount, coupon_refused) = pay::said(coupon);
            let quote = Quote {
                aud: at.route.down(Quote::KIND),
                quote_id: envelope::random_hex128(),
                request_id: request.request_id,
                nonce: envelope::random_hex128(),
                valid_s: terms.valid_s,
                currency: catalog.currency.clone(),
                lines: price.lines,
                totals: price.totals.less(discount.as_ref()),
                delivery: price.delivery,
                seller: seller.clone(),
                withdrawal_days: terms.withdrawal_days,
                recurring: false,
                because: None,
                surge,
                payment: page.way(at.route.home())?.map(|way| way.payment),
                discount,
                coupon_refused,
            };
            let Some(say) = shop.seal(&quote, at.now, life_ms) else { return Ok(None) };
            let hash = envelope::hash_of_sealed(&say.bytes).expect("what was just sealed has data");
            let body = serde_json::to_string(&quote).expect("a quote that was just sealed is JSON");
            page.add_quote(at.route, &hash, &body, at.now + life_ms)?;
            Ok(Some((quote, say)))
        })?;
        let Some((quote, say)) = made else { return Ok(Done::default()) };
        events.push(ShopEvent::Quoted {
            home: at.route.home().into(),
            device: at.route.device().into(),
            lines: quote.lines.iter().map(|line| (line.sku.clone(), line.qty)).collect(),
            total: quote.totals.total,
            currency: quote.currency,
        });
        Ok(Done { say: vec![say], events })
    }

    /// Key, booking, receipt and what must be said: one transaction.
    fn order(&mut self, at: At<'_>) -> Result<Done, StoreError> {
        // The signature is checked here and the expiry below: a repeated order gets its stored
        // receipt even after it expired.
        let opened = match at.open::<Order>(i64::MIN) {
            Ok(opened) => opened,
            Err(why) => return Ok(distrusted(at.topic, &why)),
        };
        let id = opened.data.order_id.clone();
        if !envelope::is_hex128(&id) {
            return Ok(refused(at.topic, "bad_order_id", "the order id is not 32 hex digits"));
        }
        let Desk { book, keys, catalog, max_orders_hour, burst: rule, payment, .. } = self;
        let shop = Seller { keys, shop: &catalog.shop };
        let (max_orders_hour, rule, payment) = (*max_orders_hour, *rule, &*payment);
        book.write_for(at.route.home(), |page| {
            let mut seq = (!page.is_seq_used(at.route, opened.data.seq)?).then_some(opened.data.seq);
            let mut verdict = place::check(page, &at, &opened, seq.is_some(), max_orders_hour)?;
            if let Some(known) = page.known(at.route, &id)? {
                match (known.order_hash, known.receipt) {
                    (Some(hash), Some(receipt)) if hash == opened.hash => {
                        let mut say = vec![Say { topic: at.route.down(Receipt::KIND), bytes: receipt }];
                        say.extend(shop.news_since(page, &at, &id)?);
                        return Ok(Done { say, events: vec![ShopEvent::Repeated { order_id: id.clone() }] });
                    }
                    (Some(_), _) => {
                        // The first order stands; this answer is for the other content only.
                        let receipt = rejected(&at, &opened, "idempotency_conflict");
                        let say = shop.seal(&receipt, at.now, RECEIPT_LIFE_MS).into_iter().collect();
                        return Ok(Done { say, events: vec![rejected_event(&at, &id, "idempotency_conflict")] });
                    }
                    (None, _) => {
                        verdict = Err("cancelled");
                        seq = None;
                    }
                }
            }
            let mut events = vec![];
            let placed = match verdict {
                Ok(quote) => place::place(page, &shop, &at, &opened, &quote, rule, payment, &mut events)?,
                Err(code) => Err(code),
            };
            let receipt = match placed {
                Ok(receipt) => receipt,
                Err(code) => {
                    events.push(rejected_event(&at, &id, code));
                    rejected(&at, &opened, code)
                }
            };
            let Some(say) = shop.seal(&receipt, at.now, RECEIPT_LIFE_MS) else {
                return Err(StoreError::Seal {
                    order: crate::decide::order::OrderId(id.clone()),
                    why: "its receipt".into(),
                });
            };
            page.remember(at.route, &id, Some(&opened.hash), seq, Some(&say.bytes), at.now)?;
            page.say(&say.topic, &say.bytes)?;
            Ok(Done { say: vec![], events })
        })
    }

    fn order_get(&mut self, at: At<'_>) -> Result<Done, StoreError> {
        let get = match at.open::<OrderGet>(at.now) {
            Ok(opened) => opened.data,
            Err(why) => return Ok(distrusted(at.topic, &why)),
        };
        let Desk { book, keys, catalog, .. } = self;
        let shop = Seller { keys, shop: &catalog.shop };
        book.write_for(at.route.home(), |page| {
            let known = page.known(at.route, &get.order_id)?;
            let booking = page.booking(at.route, &get.order_id)?;
            let mut say = vec![];
            match (known, &booking) {
                (Some(known), booking) => {
                    say.extend(known.receipt.map(|bytes| Say { topic: at.route.down(Receipt::KIND), bytes }));
                    if say.is_empty() {
                        say.extend(shop.status(&at, &get.order_id, 1, StatusState::Cancelled, None));
                    }
                    if booking.is_some() {
                        say.extend(shop.news_since(page, &at, &get.order_id)?);
                    }
                }
                (None, Some(booking)) => {
                    say.extend(shop.status_of(at.route, booking, None, at.now));
                }
                (None, None) => say.extend(shop.status(&at, &get.order_id, 0, StatusState::Unknown, None)),
            }
            Ok(Done { say, events: vec![] })
        })
    }

    /// A device that is not paired hears so, instead of waiting until its order expires. The
    /// answer carries the hash of what came, so it can't be taken for one to another order.
    fn stranger(&self, route: &Route, kind: &str, payload: &[u8], now: i64) -> Done {
        let topic = route.up(kind);
        let mut done =
            refused(&topic, "not_paired", format!("{} is not paired; run: tendero shop pair", route.device_source()));
        let data = (payload.len() <= envelope::MAX_BYTES)
            .then(|| serde_json::from_slice::<serde_json::Value>(payload).ok())
            .flatten()
            .map(|mut value| value["data"].take());
        let text = |name: &str| data.as_ref().and_then(|data| data[name].as_str()).filter(|text| text.len() <= 64);
        if let (Order::KIND, Some(order_id), Some(order_hash)) =
            (kind, text("order_id"), envelope::hash_of_sealed(payload))
        {
            let aud = route.down(Receipt::KIND);
            let receipt = Receipt {
                order_id: order_id.into(),
                code: Some("not_paired".into()),
                ..blank_receipt(aud, order_hash)
            };
            done.say.extend(self.seal(&receipt, now, DAY_MS));
        }
        if let (QuoteRequest::KIND, Some(request_id)) = (kind, text("request_id")) {
            let aud = route.down(QuoteRefused::KIND);
            let body = QuoteRefused { aud, request_id: request_id.into(), code: "not_paired".into(), sku: None };
            done.say.extend(self.seal(&body, now, MINUTE_MS));
        }
        if let (envelope::HistoryGet::KIND, Some(request_id)) = (kind, text("request_id")) {
            let body = envelope::History::none(route.down(envelope::History::KIND), request_id.into(), "not_paired");
            done.say.extend(self.seal(&body, now, MINUTE_MS));
        }
        if let (Find::KIND, Some(request_id)) = (kind, text("request_id")) {
            let body = Found::nothing(route.down(Found::KIND), request_id.into(), "not_paired");
            done.say.extend(self.seal(&body, now, MINUTE_MS));
        }
        done
    }

    fn seal<T: Body>(&self, body: &T, now: i64, life_ms: i64) -> Option<Say> {
        Seller { keys: &self.keys, shop: &self.catalog.shop }.seal(body, now, life_ms)
    }
}

/// A message and where it came in.
struct At<'a> {
    route: &'a Route,
    topic: &'a str,
    payload: &'a [u8],
    pins: &'a Pins,
    now: i64,
}

impl At<'_> {
    fn open<T: Body>(&self, now: i64) -> Result<Opened<T>, Distrust> {
        envelope::open(self.payload, self.topic, self.pins, now)
    }
}

/// Signs for the shop.
struct Seller<'a> {
    keys: &'a Keys,
    shop: &'a str,
}

impl Seller<'_> {
    fn seal<T: Body>(&self, body: &T, now: i64, life_ms: i64) -> Option<Say> {
        let sealed = envelope::seal(body, &shop_source(self.shop), self.keys, now, life_ms);
        let bytes = sealed.inspect_err(|why| tracing::error!("{why}")).ok()?;
        Some(Say { topic: body.aud().into(), bytes })
    }

    fn status(&self, at: &At<'_>, order_id: &str, rev: u64, state: StatusState, code: Option<&str>) -> Option<Say> {
        self.status_on(at.route, order_id, rev, state, code, at.now)
    }

    /// What became of an order after its receipt, if anything did.
    fn news_since(&self, page: &Page<'_>, at: &At<'_>, order_id: &str) -> Result<Option<Say>, StoreError> {
        let booking = page.booking(at.route, order_id)?.filter(|booking| booking.rev > 1);
        Ok(booking.and_then(|booking| self.status_of(at.route, &booking, held::code_of(&booking), at.now)))
    }

    fn status_on(
        &self,
        route: &Route,
        order_id: &str,
        rev: u64,
        state: StatusState,
        code: Option<&str>,
        now: i64,
    ) -> Option<Say> {
        let body = Status {
            aud: route.down(Status::KIND),
            order_id: order_id.into(),
            rev,
            state,
            code: code.map(str::to_owned),
            since: None,
            withdrawal: None,
        };
        self.seal(&body, now, RECEIPT_LIFE_MS)
    }

    /// How an order in the book stands, with the acknowledgement of its withdrawal.
    fn status_of(&self, route: &Route, booking: &Booking, code: Option<&str>, now: i64) -> Option<Say> {
        let until = back::last_day(booking).map(Moment::new);
        let received = booking.withdrawn_unix_ms.map(Moment::new);
        self.answer(route, booking, code, received.map(|received| WithdrawalAnswer { received, until }), now)
    }

    fn answer(
        &self,
        route: &Route,
        booking: &Booking,
        code: Option<&str>,
        withdrawal: Option<WithdrawalAnswer>,
        now: i64,
    ) -> Option<Say> {
        let body = Status {
            aud: route.down(Status::KIND),
            order_id: booking.order_id.clone(),
            rev: booking.rev,
            state: state_of(booking),
            code: code.map(str::to_owned),
            since: booking.since_unix_ms.map(Moment::new),
            withdrawal,
        };
        self.seal(&body, now, RECEIPT_LIFE_MS)
    }
}

fn blank_receipt(aud: String, order_hash: String) -> Receipt {
    Receipt {
        aud,
        order_id: String::new(),
        order_hash,
        status: ReceiptStatus::Rejected,
        code: None,
        shop_order_no: None,
        cancel_until: None,
    }
}

fn rejected(at: &At<'_>, opened: &Opened<Order>, code: &str) -> Receipt {
    let blank = blank_receipt(at.route.down(Receipt::KIND), opened.hash.clone());
    Receipt { order_id: opened.data.order_id.clone(), code: Some(code.into()), ..blank }
}

fn accepted(route: &Route, order_id: &str, order_hash: &str, no: &str, now: i64) -> Receipt {
    Receipt {
        order_id: order_id.into(),
        status: ReceiptStatus::Accepted,
        shop_order_no: Some(no.into()),
        cancel_until: Some(Moment::new(now + CANCEL_MS)),
        ..blank_receipt(route.down(Receipt::KIND), order_hash.into())
    }
}

fn booked_event(route: &Route, order: &Order, shop_order_no: String) -> ShopEvent {
    ShopEvent::Booked {
        order_id: order.order_id.clone(),
        shop_order_no,
        home: route.home().into(),
        device: route.device().into(),
        lines: order.lines.iter().map(|line| (line.sku.clone(), line.qty)).collect(),
        total: order.total,
        currency: order.currency.clone(),
    }
}

fn rejected_event(at: &At<'_>, order_id: &str, code: &str) -> ShopEvent {
    ShopEvent::Rejected { order_id: order_id.into(), home: at.route.home().into(), code: code.into() }
}

fn refused(what: &str, code: &'static str, why: impl std::fmt::Display) -> Done {
    let refused = Refused { what: what.chars().take(200).collect(), code, why: why.to_string() };
    Done { say: vec![], events: vec![ShopEvent::Refused(refused)] }
}

fn distrusted(topic: &str, why: &Distrust) -> Done {
    refused(topic, why.code(), why)
}

fn state_of(booking: &Booking) -> StatusState {
    serde_json::from_value(serde_json::Value::String(booking.state.clone())).unwrap_or(StatusState::Unknown)
}
