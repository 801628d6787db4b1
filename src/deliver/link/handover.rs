//! Keys that the shop and the other speakers have handed over: followed, and kept for the next start.

use super::Link;
use crate::deliver::envelope::{self, Body, Handover, RETAINED_LIFE_MS};
use crate::deliver::handover::Pins;
use crate::deliver::mqtt::{Message, ToPublish};
use crate::deliver::topic::{self, sibling_source};

impl Link {
    /// The shop's new key, if its earlier one says so.
    pub(super) async fn follow_shop(&mut self, message: &Message) -> Result<(), String> {
        let who = topic::shop_source(self.config.route.shop());
        self.config.shop_key = self.followed(who, self.config.shop_key.clone(), message).await?;
        Ok(())
    }

    /// The new key of another speaker of the home.
    pub(super) async fn follow_sibling(&mut self, device: &str, message: &Message) -> Result<(), String> {
        let pins = self.config.siblings.get(device).ok_or("[home] speakers names no such speaker")?.clone();
        let who = sibling_source(self.config.route.home(), device);
        let pins = self.followed(who, pins, message).await?;
        self.config.siblings.insert(device.into(), pins);
        Ok(())
    }

    async fn followed(&self, who: String, pins: Pins, message: &Message) -> Result<Pins, String> {
        let now = self.clock.unix_ms().unwrap_or(i64::MIN);
        let opened = envelope::open_handover(&message.payload, &message.topic, &who, &pins, now);
        let (wider, steps) = opened.map_err(|why| why.to_string())?;
        if !steps.is_empty() {
            tracing::info!("{who} signs with {} from now on; its earlier key said so", wider.newest());
            // Where this fails it is followed again at the next connection: the message is retained.
            let kept = self.store.read(move |store| store.keep_key_steps(&who, &steps)).await;
            kept.map_err(|why| format!("the new key could not be kept: {why}"))?;
        }
        Ok(wider)
    }

    /// Tells the other speakers how this one's key was handed over, in case the broker has forgotten it.
    pub(super) fn tell_handover(&self) {
        if self.config.steps.is_empty() || self.config.siblings.is_empty() {
            return;
        }
        let topic = self.config.route.to_home(Handover::KIND);
        let body = Handover { aud: topic.clone(), steps: self.config.steps.clone() };
        if let Some(payload) = self.seal(&body, RETAINED_LIFE_MS) {
            self.publish(ToPublish { topic, payload, retained: true, ..ToPublish::default() });
        }
    }
}
