//! A shop that is asked what it has of this home, as a dialogue tells it.

use super::{DAY_MS, SHOP_MS, Stage};
use tendero::decide::event::Event;
use tendero::decide::history::{Past, PastItem};

impl Stage {
    /// `DAYS_AGO STATE QTY SKU [QTY SKU ...] | ...`, the newest first; `none`: no order at all; `refuses`.
    pub(super) fn set_history(&mut self, rest: &str) {
        let now = self.now().wall.unwrap().unix_ms;
        let past = |part: &str| {
            let mut words = part.split_whitespace();
            let mut next = || words.next();
            let ago: i64 = next().unwrap().parse().unwrap();
            let state = serde_json::from_str(&format!("\"{}\"", next().unwrap())).unwrap();
            let mut items = vec![];
            while let Some(qty) = next() {
                let sku = next().unwrap();
                items.push(PastItem { sku: sku.into(), title: format!("The {sku}"), qty: qty.parse().unwrap() });
            }
            Past { state, at_unix_ms: now - ago * DAY_MS, items }
        };
        self.history.push_back(match rest {
            "refuses" => None,
            "none" => Some(vec![]),
            rest => Some(rest.split('|').map(past).collect()),
        });
    }

    pub(super) fn answer_history(&mut self, request_id: String, limit: u32) {
        self.shown.push(format!("= ask the shop for the last {limit} orders of this home"));
        if let Some(past) = self.history.pop_front() {
            self.events.push_back((SHOP_MS, Event::History { request_id, past }));
        }
    }
}
