//! News of the shop, on the wire: our consent out until the shop has it, and what it tells in.
//!
//! What comes is on disk before its message is acknowledged. What nobody agreed to is dropped without a word; the store counts it.

use super::inbox::Unread;
use super::{Link, LinkEvent};
use crate::decide::guard::hostile_text;
use crate::decide::notice::{Because, Notice};
use crate::deliver::envelope::{self, Body, Consent, ConsentAck, Moment, News, NewsBecause, Opened};
use crate::deliver::mqtt::{Message, ToPublish, jittered};
use crate::deliver::store::notices::Taken;
use std::time::Duration;
use tokio::time::Instant;

/// How long a consent is worth delivering; it is repeated, with another time, as long as the shop does not have it.
const LIFE_MS: i64 = 24 * 3_600_000;
/// What a shop tells is over after this time at the latest.
const MAX_LIFE_MS: i64 = 92 * 24 * 3_600_000;
/// Longest number of a product or an order, characters.
const MAX_CODE: usize = 64;

/// When the consent is said again.
#[derive(Default)]
pub struct Repeat {
    pub at: Option<Instant>,
    pause: Duration,
}

impl Link {
    /// Tells the shop what it may tell, if it does not know yet; `fresh`: it was just changed, or the connection is new.
    pub(super) async fn tell_consent(&mut self, fresh: bool) {
        let due = match self.store.read(|store| store.consent_due()).await {
            Ok(due) => due,
            Err(error) => return tracing::error!("the consent to news can't be read: {error}"),
        };
        let Some(consent) = due else {
            self.consent = Repeat::default();
            return;
        };
        let body = Consent {
            aud: self.config.route.up(Consent::KIND),
            consent_id: consent.id,
            rev: consent.rev,
            kinds: consent.kinds.into_iter().collect(),
            at: consent.at_unix_ms.map(Moment::new),
        };
        if let Some(payload) = self.seal(&body, LIFE_MS) {
            let expiry_s = u32::try_from(LIFE_MS / 1000).ok();
            self.publish(ToPublish { topic: body.aud, payload, expiry_s, ..ToPublish::default() });
        }
        let min = self.config.resend_min;
        let pause = if fresh { min } else { self.consent.pause.max(min) };
        self.consent.pause = (pause * 2).min(self.config.resend_max);
        self.consent.at = Some(Instant::now() + jittered(pause));
    }

    /// The shop has our consent.
    pub(super) async fn consent_acked(&mut self, message: &Message) -> Result<(), Unread> {
        let Opened { data, .. }: Opened<ConsentAck> = self.open(message)?;
        if data.rev > envelope::MAX_INTEGER.unsigned_abs() {
            return Err("a revision of a consent that is out of range".into());
        }
        self.store.read(move |store| store.consent_acked(&data.consent_id, data.rev)).await?;
        Ok(())
    }

    /// What the shop tells: verified, checked, cleaned, and on disk.
    pub(super) async fn read_news(&mut self, message: &Message) -> Result<Vec<LinkEvent>, Unread> {
        let opened: Opened<News> = self.open(message)?;
        // Its number is kept until then.
        let latest = self.clock.unix_ms().map_or(i64::MAX, |now| now.saturating_add(MAX_LIFE_MS));
        let expires_unix_ms = opened.expires_unix_ms.min(latest);
        let data = opened.data;
        let ids_fit = envelope::is_hex128(&data.news_id) && data.consent_id.as_deref().is_none_or(envelope::is_hex128);
        let codes = [&data.sku, &because_sku(&data.because)].into_iter().flatten().all(|sku| sku.len() <= MAX_CODE);
        if !ids_fit || !codes {
            return Err("news without a number, or of a product without one".into());
        }
        let clean = |text: &String| hostile_text::clean_chat(text);
        let texts = data.texts.iter().map(|(lang, text)| (*lang, clean(text)));
        let notice = Notice {
            id: data.news_id,
            kind: data.kind,
            consent: data.consent_id,
            texts: texts.filter(|(_, text)| text.contains(char::is_alphanumeric)).collect(),
            sku: data.sku,
            because: match data.because {
                NewsBecause::BoughtBefore { sku, at } => Because::BoughtBefore { sku, at_unix_ms: at.unix_ms },
                NewsBecause::AskedFor => Because::AskedFor,
                NewsBecause::RecallOfYourOrder { sku, shop_order_no, at } => {
                    let shop_order_no = shop_order_no.chars().take(MAX_CODE).collect();
                    Because::RecallOfYourOrder { sku, shop_order_no, at_unix_ms: at.unix_ms }
                }
            },
            expires_unix_ms,
            told_unix_ms: None,
        };
        if notice.texts.is_empty() {
            return Err("news with nothing to say but what no shop may say".into());
        }
        let kept = notice.clone();
        Ok(match self.store.read(move |store| store.take_notice(&kept)).await? {
            Taken::New => vec![LinkEvent::News(notice)],
            Taken::Known => vec![],
            Taken::Dropped => {
                tracing::info!("the shop told something ({}) that nobody here agreed to; dropped", notice.kind.name());
                vec![]
            }
        })
    }
}

fn because_sku(because: &NewsBecause) -> Option<String> {
    match because {
        NewsBecause::BoughtBefore { sku, .. } | NewsBecause::RecallOfYourOrder { sku, .. } => Some(sku.clone()),
        NewsBecause::AskedFor => None,
    }
}
