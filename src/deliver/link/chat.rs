//! The conversation with a person at the shop, on the wire: our lines out until the shop has them, theirs in.
//!
//! Numbers and order are the core's business; here is repeating, acknowledging, and what is cleaned. Never says a line
//! that is not on disk, and never acknowledges one that is not.

use super::{Link, LinkEvent};
use crate::decide::chat;
use crate::decide::guard::hostile_text;
use crate::deliver::envelope::{self, Body, Chat, ChatFrom, Handoff, Moment, Opened};
use crate::deliver::mqtt::{Message, ToPublish, jittered};
use crate::deliver::store::ChatDue;
use std::time::Duration;
use tokio::time::Instant;

/// How long a line is worth delivering: a person reads it hours later, too.
const LIFE_MS: i64 = 24 * 3_600_000;

/// When lines that the shop does not have are said again.
#[derive(Default)]
pub struct Repeat {
    pub at: Option<Instant>,
    pause: Duration,
}

impl Link {
    /// Says what the shop does not have; where there is nothing, says how far its own lines are here.
    pub(super) async fn chat(&mut self, only: Option<String>) {
        let now = self.clock.unix_ms().unwrap_or(0);
        let every = only.is_none();
        let due = match self.store.read(move |store| store.chat_due(only.as_deref(), now)).await {
            Ok(due) => due,
            Err(error) => return tracing::error!("a conversation can't be read: {error}"),
        };
        for due in &due {
            self.say_due(due, every);
        }
        if due.iter().any(|due| !due.lines.is_empty()) {
            let pause = if every { self.repeat.pause.max(self.config.resend_min) } else { self.config.resend_min };
            self.repeat.pause = (pause * 2).min(self.config.resend_max);
            self.repeat.at = Some(Instant::now() + jittered(pause));
        } else if every {
            self.repeat = Repeat::default();
        }
    }

    /// `ask`: what the shop said while nobody was here comes again.
    fn say_due(&self, due: &ChatDue, ask: bool) {
        let blank = Chat::ack(self.config.route.up(Chat::KIND), &due.thread.id, due.thread.heard);
        for line in &due.lines {
            let requested = line.handoff == Some(chat::Handoff::Requested);
            self.publish_chat(&Chat {
                seq: line.seq,
                from: ChatFrom::Household,
                text: line.text.clone(),
                handoff: line.handoff.map(|handoff| match handoff {
                    chat::Handoff::Requested => Handoff::Requested,
                    chat::Handoff::Joined => Handoff::Joined,
                    chat::Handoff::Ended => Handoff::Ended,
                }),
                language: requested.then_some(due.thread.lang),
                order_id: line.order.as_ref().map(|order| order.0.clone()),
                at: line.at_unix_ms.map(Moment::new),
                ..blank.clone()
            });
        }
        if ask || due.lines.is_empty() {
            self.publish_chat(&blank);
        }
    }

    fn publish_chat(&self, body: &Chat) {
        if let Some(payload) = self.seal(body, LIFE_MS) {
            let expiry_s = u32::try_from(LIFE_MS / 1000).ok();
            self.publish(ToPublish { topic: body.aud.clone(), payload, expiry_s, ..ToPublish::default() });
        }
    }

    /// What a person at the shop says: verified, checked, cleaned.
    pub(super) async fn read_chat(&mut self, message: &Message) -> Result<LinkEvent, String> {
        let Opened { data, .. }: Opened<Chat> = self.open(message)?;
        if data.from == ChatFrom::Household || !envelope::is_hex128(&data.thread) {
            return Err("a line of a conversation that the household says itself, or of no thread".into());
        }
        if data.seq > envelope::MAX_INTEGER.unsigned_abs() || data.ack > envelope::MAX_INTEGER.unsigned_abs() {
            return Err("a number of a line that is out of range".into());
        }
        let (thread, acked) = (data.thread.clone(), data.ack);
        let written = self.store.read(move |store| store.chat_acked(&thread, acked)).await;
        written.unwrap_or_else(|error| tracing::error!("what the shop has of a conversation was not kept: {error}"));
        let offer = match data.quote {
            Some(quote) => Some(Box::new(self.offer(quote, &data.thread, data.from, message)?)),
            None => None,
        };
        Ok(LinkEvent::Chat(chat::FromShop {
            thread: data.thread,
            seq: data.seq,
            ack: data.ack,
            name: hostile_text::clean_name(&data.name),
            text: hostile_text::clean_chat(&data.text),
            handoff: data.handoff.map(|handoff| match handoff {
                Handoff::Requested => chat::Handoff::Requested,
                Handoff::Joined => chat::Handoff::Joined,
                Handoff::Ended => chat::Handoff::Ended,
            }),
            offer,
        }))
    }

    /// As any quote, but asked for by a thread instead of a request.
    fn offer(
        &self,
        quote: envelope::Quote,
        thread: &str,
        from: ChatFrom,
        message: &Message,
    ) -> Result<crate::decide::order::Quote, String> {
        if from != ChatFrom::Person {
            return Err("an offer that no person made".into());
        }
        if quote.aud != message.topic || quote.request_id != thread || !envelope::is_hex128(&quote.nonce) {
            return Err("an offer of another conversation, or without a nonce".into());
        }
        let hash = envelope::hash_of_member(&message.payload, "quote").ok_or("an offer without content")?;
        self.check_quote(&quote)?;
        Ok(quote.into_order(self.config.route.shop(), hash, |text| self.clean_text(text)))
    }
}
