//! What comes in from the shop: verified, checked for sense, cleaned, and only then an event.

use super::{Link, LinkEvent};
use crate::clean::{self, Hidden, Limits};
use crate::decide::lifecycle::UNKNOWN_ORDER;
use crate::decide::order::{
    OrderId, OrderState, Quote, Receipt, ReceiptStatus, StatusUpdate, Withdrawal, WithdrawalAnswer,
};
use crate::deliver::envelope::{self, Body, Distrust, Opened, StatusState};
use crate::deliver::mqtt::Message;
use crate::deliver::store::{Due, Errand, StoreError};
use crate::deliver::topic;
use crate::understand::catalog::Catalog;

/// Longest title, seller or reason that is shown or spoken, characters.
const MAX_TEXT: usize = 120;
/// Longest code or number of a shop, characters.
const MAX_CODE: usize = 64;

/// Why a message has no effect.
pub(super) enum Unread {
    Distrust(String),
    /// Our own store failed: that is not the shop's fault.
    Store(StoreError),
}

impl From<StoreError> for Unread {
    fn from(error: StoreError) -> Unread {
        Unread::Store(error)
    }
}

impl From<String> for Unread {
    fn from(why: String) -> Unread {
        Unread::Distrust(why)
    }
}

impl From<&str> for Unread {
    fn from(why: &str) -> Unread {
        Unread::Distrust(why.into())
    }
}

impl Link {
    /// The events that a message causes; a message that is not to be trusted causes only that one.
    /// `None`: it could not be kept, and nobody says it again but the broker.
    pub(super) async fn read(&mut self, message: &Message) -> Option<Vec<LinkEvent>> {
        Some(match self.try_read(message).await {
            Ok(events) => events,
            Err(Unread::Distrust(why)) => {
                tracing::warn!("a message on {} is not trusted: {why}", message.topic);
                vec![LinkEvent::Distrusted { shop: self.config.route.shop().into(), why }]
            }
            // The shop says it again: an order without a receipt is published again.
            Err(Unread::Store(error)) => {
                tracing::error!("a message on {} can't be looked up: {error}", message.topic);
                if message.topic == self.config.route.down(envelope::News::KIND) {
                    return None;
                }
                vec![]
            }
        })
    }

    async fn try_read(&mut self, message: &Message) -> Result<Vec<LinkEvent>, Unread> {
        let route = self.config.route.clone();
        let topic = message.topic.as_str();
        if topic == topic::shop_state(route.shop()) {
            let state: Opened<envelope::Presence> = self.open(message)?;
            return Ok(vec![LinkEvent::Shop { shop: route.shop().into(), online: state.data.online }]);
        }
        if topic == topic::shop_handover(route.shop()) {
            self.follow_shop(message).await?;
            return Ok(vec![]);
        }
        if topic.starts_with(&topic::catalog(route.shop(), 0).replace("/0", "/")) {
            let part: Opened<envelope::CatalogPart> = self.open(message)?;
            return Ok(self.catalog_part(part.data.catalog)?);
        }
        if message.retained {
            return Err(Distrust::Retained.to_string().into());
        }
        let is = |kind: &str| topic == route.down(kind);
        if is(envelope::Quote::KIND) {
            let quote = self.open(message)?;
            return Ok(vec![LinkEvent::Quoted(self.quote(quote)?)]);
        }
        if is(envelope::QuoteRefused::KIND) {
            let refused: Opened<envelope::QuoteRefused> = self.open(message)?;
            let request_id = refused.data.request_id;
            self.requests.remove(&request_id).ok_or("a refusal of a quote that we did not ask for")?;
            let code = self.clean(&refused.data.code, MAX_CODE);
            return Ok(vec![LinkEvent::NotQuoted { request_id, code }]);
        }
        if is(envelope::Receipt::KIND) {
            let receipt = self.open(message)?;
            return self.receipt(receipt).await;
        }
        if is(envelope::Status::KIND) {
            let status: Opened<envelope::Status> = self.open(message)?;
            return self.status(status.data).await;
        }
        if is(envelope::Found::KIND) {
            let found: Opened<envelope::Found> = self.open(message)?;
            return Ok(vec![self.read_found(found.data)?]);
        }
        if is(envelope::History::KIND) {
            let history: Opened<envelope::History> = self.open(message)?;
            return Ok(self.read_history(history.data).into_iter().collect());
        }
        if is(envelope::Chat::KIND) {
            return Ok(vec![self.read_chat(message).await?]);
        }
        if is(envelope::News::KIND) {
            return self.read_news(message).await;
        }
        if is(envelope::ConsentAck::KIND) {
            self.consent_acked(message).await?;
            return Ok(vec![]);
        }
        tracing::debug!("a message of a kind that this version does not know: {topic}");
        Ok(vec![])
    }

    pub(super) fn open<T: Body>(&self, message: &Message) -> Result<Opened<T>, String> {
        // While the wall clock is unknown nothing counts as expired; the guards allow no order then.
        let now = self.clock.unix_ms().unwrap_or(i64::MIN);
        envelope::open(&message.payload, &message.topic, &self.config.shop_key, now).map_err(|why| why.to_string())
    }

    fn catalog_part(&mut self, part: Catalog) -> Result<Vec<LinkEvent>, String> {
        if part.shop != self.config.route.shop() {
            return Err("a catalogue of another shop".into());
        }
        let Some(mut catalog) = self.parts.add(part)? else { return Ok(vec![]) };
        for product in &mut catalog.products {
            product.title.values_mut().for_each(|title| *title = self.clean(title, MAX_TEXT));
        }
        Ok(vec![LinkEvent::Catalog(catalog)])
    }

    fn quote(&mut self, opened: Opened<envelope::Quote>) -> Result<Quote, String> {
        let Opened { data, hash, .. } = opened;
        self.requests.remove(&data.request_id).ok_or("a quote that we did not ask for")?;
        self.check_quote(&data)?;
        Ok(data.into_order(self.config.route.shop(), hash, |text| self.clean_text(text)))
    }

    pub(super) fn check_quote(&self, quote: &envelope::Quote) -> Result<(), String> {
        quote.check().map_err(|why| format!("a quote that is wrong: {why}"))?;
        if quote.currency != self.config.currency {
            let found = self.clean(&quote.currency, 8);
            return Err(format!("a quote in {found}; this household pays in {}", self.config.currency));
        }
        Ok(())
    }

    pub(super) fn clean_text(&self, text: &str) -> String {
        self.clean(text, MAX_TEXT)
    }

    /// A receipt counts only for an order of ours, and only for the very bytes that we sent.
    async fn receipt(&self, opened: Opened<envelope::Receipt>) -> Result<Vec<LinkEvent>, Unread> {
        let receipt = opened.data;
        let id = OrderId(receipt.order_id);
        let sent = self.store.outbox_bytes(id.clone()).await?;
        let sent = sent.ok_or("a receipt for an order that is not ours")?;
        if envelope::hash_of_sealed(&sent).as_deref() != Some(receipt.order_hash.as_str()) {
            return Err("a receipt for other content than we ordered".into());
        }
        Ok(vec![LinkEvent::Receipt(Receipt {
            order_id: id,
            status: match receipt.status {
                envelope::ReceiptStatus::Accepted => ReceiptStatus::Accepted,
                envelope::ReceiptStatus::Rejected => ReceiptStatus::Rejected,
                envelope::ReceiptStatus::Held => ReceiptStatus::Held,
            },
            code: receipt.code.map(|code| self.clean(&code, MAX_CODE)),
            shop_order_no: receipt.shop_order_no.map(|no| self.clean(&no, MAX_CODE)),
            cancel_until_unix_ms: receipt.cancel_until.map(|at| at.unix_ms),
        })])
    }

    async fn status(&mut self, status: envelope::Status) -> Result<Vec<LinkEvent>, Unread> {
        let id = OrderId(status.order_id);
        let wanted = id.clone();
        let order = self.store.read(move |store| store.order(&wanted)).await?;
        let order = order.ok_or("a status of an order that is not ours")?;
        let code = status.code.map(|code| self.clean(&code, MAX_CODE));
        let since_unix_ms = status.since.map(|at| at.unix_ms);
        let withdrawal = status.withdrawal.map(|answer| WithdrawalAnswer {
            received_unix_ms: Some(answer.received.unix_ms),
            until_unix_ms: answer.until.map(|at| at.unix_ms),
        });
        let update = |state| {
            let (order_id, rev, code) = (id.clone(), status.rev, code.clone());
            let withdrawal = withdrawal.clone();
            LinkEvent::Status(StatusUpdate { order_id, rev, state, code, since_unix_ms, withdrawal })
        };
        if let Some(state) = status.state.order_state() {
            return Ok(vec![update(state)]);
        }
        debug_assert_eq!(status.state, StatusState::Unknown);
        match order.state {
            // The shop never got it and can't book it any more: nothing was bought.
            OrderState::Unknown if self.clock.unix_ms().is_some_and(|now| now > order.expires_unix_ms) => {
                Ok(vec![update(OrderState::Expired)])
            }
            OrderState::Unknown | OrderState::Sending => {
                if let Some(bytes) = self.store.outbox_bytes(id.clone()).await? {
                    self.send_order(&Due {
                        order: id,
                        errand: Errand::Send,
                        bytes,
                        expires_unix_ms: order.expires_unix_ms,
                    });
                }
                Ok(vec![])
            }
            // It had it once: whoever does not know it can't take it back, and it is asked no more.
            OrderState::Withdrawing => {
                let state = order.withdrawal.map_or(OrderState::Accepted, |Withdrawal { from, .. }| from);
                let withdrawal = Some(WithdrawalAnswer { received_unix_ms: None, until_unix_ms: None });
                let code = Some(UNKNOWN_ORDER.into());
                let update = StatusUpdate { order_id: id, rev: 0, state, code, since_unix_ms: None, withdrawal };
                Ok(vec![LinkEvent::Status(update)])
            }
            OrderState::AwaitingAdult
            | OrderState::Held
            | OrderState::HeldAtShop
            | OrderState::AwaitingPayment
            | OrderState::Approving
            | OrderState::Accepted
            | OrderState::Shipped
            | OrderState::Delivered
            | OrderState::Rejected
            | OrderState::Cancelling
            | OrderState::Cancelled
            | OrderState::Expired
            | OrderState::Withdrawn
            | OrderState::Refunded => Ok(vec![]),
        }
    }

    /// Does it hold a wake word or a phrase that confirms, the household's own included?
    pub(super) fn holds_banned(&self, text: &str) -> bool {
        let limits = Limits { max_chars: MAX_TEXT, banned: &self.config.banned, hidden: Hidden::Gap, drop_marks: true };
        clean::has_banned(text, &limits)
    }

    fn clean(&self, text: &str, max_chars: usize) -> String {
        let banned = &self.config.banned;
        clean::clean(text, &Limits { max_chars, banned, hidden: Hidden::Gap, drop_marks: false })
    }
}
