//! What the shop has of this home, as the household asks for it aloud: one page, the newest orders.

use super::{Ended, Link, LinkEvent, REQUEST_LIFE_MS};
use crate::decide::history::{ASKED, Past, PastItem};
use crate::deliver::envelope::{Body, History, HistoryGet, PastOrder};
use crate::understand::Lang;

/// Lines of one order.
const MAX_LINES: usize = 50;

impl Link {
    pub(super) async fn ask_history(&mut self, request_id: String, lang: Lang, limit: u32) -> Result<(), Ended> {
        let body = HistoryGet {
            aud: self.config.route.up(HistoryGet::KIND),
            request_id: request_id.clone(),
            limit,
            after: None,
            language: lang,
        };
        let sent =
            self.seal(&body, REQUEST_LIFE_MS).is_some_and(|payload| self.request(body.aud, payload, &request_id));
        if !sent {
            return self.tell(LinkEvent::History { request_id, past: None }).await;
        }
        self.wait_for_answer(request_id);
        Ok(())
    }

    /// `None`: somebody else of this speaker asked, `tendero orders shop`.
    pub(super) fn read_history(&mut self, history: History) -> Option<LinkEvent> {
        let request_id = history.request_id;
        self.requests.remove(&request_id)?;
        if let Some(code) = &history.code {
            tracing::warn!("the shop does not tell what it has on this home: {}", self.clean_text(code));
        }
        let orders = history.orders.into_iter().take(ASKED as usize);
        let past = history.code.is_none().then(|| orders.filter_map(|order| self.past(order)).collect());
        Some(LinkEvent::History { request_id, past })
    }

    fn past(&self, order: PastOrder) -> Option<Past> {
        let items = order.lines.into_iter().take(MAX_LINES);
        let items = items.map(|line| PastItem { title: self.clean_text(&line.title), sku: line.sku, qty: line.qty });
        let (state, at_unix_ms) = (order.state.order_state()?, order.booked.unix_ms);
        Some(Past { state, at_unix_ms, items: items.collect() })
    }
}
