//! A household asks what the shop has on it: all orders of its home here, in pages, the newest first.
//!
//! Reads only. Which home it is says the topic, which its own speaker has signed; nothing in the message can name another.

use super::{At, DAY_MS, Desk, Done, HOUR_MS, MINUTE_MS, ShopEvent, distrusted, refused, state_of};
use crate::deliver::envelope::{Body, HISTORY_PAGE, History, HistoryGet, Moment, PastLine, PastOrder};
use crate::deliver::store::StoreError;
use crate::shop::book::Booking;
use crate::understand::Lang;
use crate::understand::catalog::Catalog;
use std::collections::BTreeMap;

/// The longest name of a request that is given back.
const MAX_ID_CHARS: usize = 64;
/// Pages that a home gets within an hour, of each worker: thousands of orders.
pub const MAX_PAGES_HOUR: u32 = 120;
/// Orders of a page stay below this many bytes, so that it fits an envelope; one order always does.
const PAGE_BYTES: usize = 96 * 1024;
/// Lines of one order: the most that a quote has.
const MAX_LINES: usize = 50;
/// The longest text of a line, characters.
const MAX_TITLE: usize = 200;

/// How often each home asked: since when, and how many pages.
#[derive(Debug, Default)]
pub struct Asked {
    homes: BTreeMap<String, (i64, u32)>,
    swept_unix_ms: i64,
}

impl Asked {
    /// May the home have one more page? Counts it.
    fn may(&mut self, home: &str, now_unix_ms: i64) -> bool {
        // A clock that was set back must not lock anybody out.
        let is_over = |from: i64| !(from..from.saturating_add(HOUR_MS)).contains(&now_unix_ms);
        if !(0..DAY_MS).contains(&now_unix_ms.saturating_sub(self.swept_unix_ms)) {
            self.homes.retain(|_, (from, _)| !is_over(*from));
            self.swept_unix_ms = now_unix_ms;
        }
        let (from, pages) = self.homes.entry(home.into()).or_insert((now_unix_ms, 0));
        if is_over(*from) {
            (*from, *pages) = (now_unix_ms, 0);
        }
        *pages = pages.saturating_add(1);
        *pages <= MAX_PAGES_HOUR
    }
}

impl Desk {
    pub(super) fn history(&mut self, at: &At<'_>) -> Result<Done, StoreError> {
        let get = match at.open::<HistoryGet>(at.now) {
            Ok(opened) => opened.data,
            Err(why) => return Ok(distrusted(at.topic, &why)),
        };
        if get.request_id.is_empty() || get.request_id.chars().count() > MAX_ID_CHARS {
            return Ok(refused(at.topic, "bad_request_id", "the request_id must have 1 to 64 characters"));
        }
        let home = at.route.home();
        let (aud, request_id) = (at.route.down(History::KIND), get.request_id);
        let before = get.after.as_deref().map_or(Some(i64::MAX), |after| after.parse().ok().filter(|no| *no > 0));
        let history = match before {
            _ if !self.asked.may(home, at.now) => History::none(aud, request_id, "rate"),
            None => History::none(aud, request_id, "bad_page"),
            Some(before) => {
                let limit = get.limit.clamp(1, HISTORY_PAGE);
                // One more than is told: so the last page is known to be the last.
                let found = self.book.orders_of(home, before, limit + 1)?;
                let orders = page(&found, limit, &self.catalog, get.language);
                let next = (orders.len() < found.len()).then(|| found[orders.len() - 1].no.to_string());
                History { aud, request_id, orders, next, code: None }
            }
        };
        let event = ShopEvent::History {
            home: home.into(),
            device: at.route.device().into(),
            orders: u32::try_from(history.orders.len()).unwrap_or(u32::MAX),
            code: history.code.clone(),
        };
        let say = self.seal(&history, at.now, MINUTE_MS).into_iter().collect();
        Ok(Done { say, events: vec![event] })
    }
}

/// As many of them as fit, and one at least.
fn page(found: &[Booking], limit: u32, catalog: &Catalog, lang: Lang) -> Vec<PastOrder> {
    let mut bytes = 0;
    let told = found.iter().take(limit as usize).map(|booking| past(booking, catalog, lang));
    told.enumerate()
        .take_while(|(at, order)| {
            bytes += serde_json::to_string(order).map_or(PAGE_BYTES, |text| text.len());
            *at == 0 || bytes <= PAGE_BYTES
        })
        .map(|(_, order)| order)
        .collect()
}

fn past(booking: &Booking, catalog: &Catalog, lang: Lang) -> PastOrder {
    let lines = booking.order["lines"].as_array().map(Vec::as_slice).unwrap_or_default();
    let line = |line: &serde_json::Value| {
        let sku = line["sku"].as_str().unwrap_or_default();
        let title = catalog.product(sku).map_or(sku, |product| product.title(lang));
        PastLine {
            sku: sku.into(),
            title: title.chars().take(MAX_TITLE).collect(),
            qty: line["qty"].as_u64().and_then(|qty| qty.try_into().ok()).unwrap_or(0),
            unit_amount: line["unit_amount"].as_i64().unwrap_or(0),
            total: line["total"].as_i64().unwrap_or(0),
            options: serde_json::from_value(line["options"].clone()).unwrap_or_default(),
        }
    };
    PastOrder {
        order_id: booking.order_id.clone(),
        shop_order_no: booking.shop_order_no.clone(),
        device: booking.device.clone(),
        state: state_of(booking),
        currency: booking.currency.clone(),
        total: booking.total,
        lines: lines.iter().take(MAX_LINES).map(line).collect(),
        booked: Moment::new(booking.booked_unix_ms),
        since: booking.since_unix_ms.map(Moment::new),
        delivered: booking.delivered_unix_ms.map(Moment::new),
    }
}
