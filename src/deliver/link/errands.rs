//! What the store says is to be done about an order, again and again until the store says that it is done.

use super::{Ended, Link, REQUEST_LIFE_MS};
use crate::decide::effect::CancelReason;
use crate::decide::order::OrderId;
use crate::deliver::envelope::{self, Body, Moment, OrderApprove, OrderGet, Withdraw};
use crate::deliver::mqtt::ToPublish;
use crate::deliver::store::{Due, Errand};

impl Link {
    /// Runs what is due: everything when the connection is new, else what its pause is over for.
    pub(super) async fn errands(&mut self, all: bool) -> Result<(), Ended> {
        let due = match self.store.due().await {
            Ok(due) => due,
            Err(error) => {
                tracing::error!("the outbox can't be read: {error}");
                self.retries.later();
                return Ok(());
            }
        };
        self.retries.keep(due.iter().map(|due| &due.order));
        self.reasons.retain(|order, _| due.iter().any(|due| due.order == *order));
        for due in due {
            if all || self.retries.is_due(&due.order) {
                self.run_errand(&due);
                self.retries.tried(due.order);
            }
        }
        Ok(())
    }

    fn run_errand(&self, due: &Due) {
        match due.errand {
            Errand::Send => self.send_order(due),
            Errand::Approve => self.ask_approve(&due.order),
            Errand::Cancel => {
                self.ask_cancel(&due.order);
                // The receipt may have been lost: without it a shop's refusal can't be told from older news.
                if self.left_ms(due) <= 0 {
                    self.ask_status(&due.order);
                }
            }
            Errand::Withdraw { asked_unix_ms } => self.ask_withdraw(&due.order, asked_unix_ms),
            Errand::Get => self.ask_status(&due.order),
        }
    }

    /// What is left of an order's life.
    fn left_ms(&self, due: &Due) -> i64 {
        due.expires_unix_ms.saturating_sub(self.clock.unix_ms().unwrap_or(i64::MIN))
    }

    /// The same bytes each time; not any more once they expired.
    pub(super) fn send_order(&self, due: &Due) {
        let left_ms = self.left_ms(due);
        if left_ms <= 0 || due.bytes.is_empty() {
            return;
        }
        let route = &self.config.route;
        self.publish(ToPublish {
            topic: route.up(envelope::Order::KIND),
            payload: due.bytes.clone(),
            mark: due.order.0.clone(),
            expiry_s: Some(u32::try_from(left_ms / 1000).unwrap_or(u32::MAX).max(1)),
            response_topic: Some(route.down(envelope::Receipt::KIND)),
            correlation: Some(due.order.0.clone()),
            ..ToPublish::default()
        });
    }

    fn ask_cancel(&self, order: &OrderId) {
        let body = envelope::Cancel {
            aud: self.config.route.up(envelope::Cancel::KIND),
            order_id: order.0.clone(),
            reason_code: match self.reasons.get(order) {
                Some(CancelReason::Expired) => "expired".into(),
                Some(CancelReason::Household) | None => "household".into(),
            },
        };
        self.seal(&body, REQUEST_LIFE_MS).map(|payload| self.request(body.aud, payload, &order.0));
    }

    fn ask_withdraw(&self, order: &OrderId, asked_unix_ms: Option<i64>) {
        let body = Withdraw {
            aud: self.config.route.up(Withdraw::KIND),
            order_id: order.0.clone(),
            lines: vec![],
            at: asked_unix_ms.map(Moment::new),
        };
        self.seal(&body, REQUEST_LIFE_MS).map(|payload| self.request(body.aud, payload, &order.0));
    }

    fn ask_approve(&self, order: &OrderId) {
        let body = OrderApprove { aud: self.config.route.up(OrderApprove::KIND), order_id: order.0.clone() };
        self.seal(&body, REQUEST_LIFE_MS).map(|payload| self.request(body.aud, payload, &order.0));
    }

    pub(super) fn ask_status(&self, order: &OrderId) {
        let body = OrderGet { aud: self.config.route.up(OrderGet::KIND), order_id: order.0.clone() };
        self.seal(&body, REQUEST_LIFE_MS).map(|payload| self.request(body.aud, payload, &order.0));
    }

    pub(super) async fn ask_about_open_orders(&self) {
        match self.store.read(|store| store.open_at_shop()).await {
            Ok(orders) => orders.iter().for_each(|order| self.ask_status(order)),
            Err(error) => tracing::error!("the orders can't be read: {error}"),
        }
    }
}
