//! Muting over the broker: plain "ON" and "OFF", as switches of Home Assistant have it. What it may undo is for the daemon.

use super::Link;
use crate::deliver::mqtt::{Message, ToPublish};

/// `None`: nothing that is to be obeyed. What the broker kept from another time is no wish of now.
pub(super) fn wish(message: &Message) -> Option<bool> {
    let said = std::str::from_utf8(&message.payload).unwrap_or_default().trim();
    let wish = match said.to_ascii_uppercase().as_str() {
        "ON" if !message.retained => Some(true),
        "OFF" if !message.retained => Some(false),
        _ => None,
    };
    if wish.is_none() {
        let kept = if message.retained { ", which must not be retained" } else { "" };
        tracing::warn!("{} takes ON or OFF{kept}; a message there is not taken", message.topic);
    }
    wish
}

impl Link {
    /// Nothing, where the broker has no part in it: its access rules may know nothing of the topic.
    pub(super) fn tell_muted(&mut self, muted: bool) {
        if self.config.mute_over_broker {
            let topic = self.config.route.mute_state();
            let payload = if muted { "ON" } else { "OFF" }.into();
            self.publish(ToPublish { topic, payload, retained: true, ..ToPublish::default() });
        }
    }
}
