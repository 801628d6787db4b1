//! Typed words over the broker: from bridges that sign, each under its own key, and, where the household has opened that
//! way, from anybody who may write on the topic.
//!
//! Who typed is told apart here and nowhere else; what they may do is for the guards. A message that was signed counts
//! once: its moment must be later than the last one of its bridge and than the start of this program, and close to now.

use super::{Ended, Link, LinkEvent, REQUEST_LIFE_MS};
use crate::deliver::envelope::{self, TextIn, TextOut};
use crate::deliver::mqtt::{Message, ToPublish};
use crate::understand::Lang;
use crate::understand::catalog::is_name;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Longest text, characters.
const MAX_TEXT: usize = 500;
/// Longest message, bytes: that text at four bytes each, twice escaped, and an envelope.
const MAX_BYTES: usize = 16 * 1024;
/// A message that was typed longer ago, or ahead by as much, is none of now, milliseconds.
const NEAR_MS: i64 = 60_000;
/// The name of whoever gives none.
const NOBODY: &str = "open";

/// Words that somebody typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Typed {
    pub from: Typist,
    pub text: String,
    pub lang: Option<Lang>,
}

/// Who types over the broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Typist {
    /// The bridge that vouches for them; `None`: nobody does.
    pub bridge: Option<String>,
    pub client: String,
}

/// What is known of the bridges.
#[derive(Default)]
pub struct Texts {
    /// The moment of each bridge's newest message, milliseconds since 1970.
    newest: BTreeMap<String, i64>,
}

/// Without a signature: JSON with these members, or the words alone.
#[derive(Deserialize)]
struct Plain {
    #[serde(default)]
    client: Option<String>,
    text: String,
    #[serde(default)]
    language: Option<Lang>,
}

impl Link {
    /// Somebody typed; nothing, if it is not to be taken.
    pub(super) async fn read_text(&mut self, message: &Message) -> Result<(), Ended> {
        match self.typed(message) {
            Ok(typed) => self.tell(LinkEvent::Typed(typed)).await,
            Err(why) => {
                tracing::warn!("typed words on {} are not taken: {why}", message.topic);
                Ok(())
            }
        }
    }

    fn typed(&mut self, message: &Message) -> Result<Typed, String> {
        if message.retained {
            return Err(envelope::Distrust::Retained.to_string());
        }
        if message.payload.len() > MAX_BYTES {
            return Err(format!("{} bytes; at most {MAX_BYTES} are read", message.payload.len()));
        }
        let json: Option<serde_json::Value> = serde_json::from_slice(&message.payload).ok();
        let signed = json.as_ref().is_some_and(|json| json.get("sig").is_some());
        let typed = if signed { self.signed(message)? } else { self.plain(message, json)? };
        if !is_name(&typed.from.client) {
            return Err("the client must be 1 to 64 of the letters a-z, digits and hyphens".into());
        }
        match typed.text.chars().count() {
            0 => Err("it has no words".into()),
            1..=MAX_TEXT => Ok(typed),
            more => Err(format!("{more} characters; at most {MAX_TEXT} are read")),
        }
    }

    fn signed(&mut self, message: &Message) -> Result<Typed, String> {
        let now = self.clock.unix_ms().ok_or("the time is not known, so nothing can be told from a repetition")?;
        // When this program began: what was typed before may have been here in its last life.
        let since = now.saturating_sub_unsigned(self.clock.now().mono_ms);
        let opened = self.config.bridges.iter().find_map(|(name, key)| {
            let opened = envelope::open::<TextIn>(&message.payload, &message.topic, key, now);
            opened.ok().map(|opened| (name.clone(), opened.data))
        });
        let (bridge, said) = opened.ok_or("no bridge of [text] bridges has signed it for this topic, or it is over")?;
        let at = said.at.unix_ms;
        let newest = self.texts.newest.get(&bridge).copied().unwrap_or(since);
        if at <= newest || (at - now).abs() > NEAR_MS {
            return Err(format!("{bridge} signed it {} ms before now: it was here, or its clock is wrong", now - at));
        }
        self.texts.newest.insert(bridge.clone(), at);
        let from = Typist { bridge: Some(bridge), client: said.client };
        Ok(Typed { from, text: said.text.trim().into(), lang: said.language })
    }

    fn plain(&self, message: &Message, json: Option<serde_json::Value>) -> Result<Typed, String> {
        if !self.config.open_text {
            return Err("it is not signed; name the bridge in [text] bridges, or set [text] open".into());
        }
        let plain = match json {
            Some(json @ serde_json::Value::Object(_)) => serde_json::from_value(json).map_err(|why| why.to_string())?,
            // A text may be JSON by chance: "2", say.
            Some(_) | None => {
                let text = std::str::from_utf8(&message.payload).map_err(|_| "it is no text in UTF-8")?;
                Plain { client: None, text: text.into(), language: None }
            }
        };
        let client = plain.client.unwrap_or_else(|| NOBODY.into());
        Ok(Typed { from: Typist { bridge: None, client }, text: plain.text.trim().into(), lang: plain.language })
    }

    pub(super) fn answer_text(&self, to: Typist, lang: Lang, text: String) {
        let Typist { bridge, client } = to;
        let body = TextOut { aud: self.config.route.text_out(), client, bridge, text, language: lang };
        if let Some(payload) = self.seal(&body, REQUEST_LIFE_MS) {
            let expiry_s = u32::try_from(REQUEST_LIFE_MS / 1000).ok();
            self.publish(ToPublish { topic: body.aud, payload, expiry_s, ..ToPublish::default() });
        }
    }
}
