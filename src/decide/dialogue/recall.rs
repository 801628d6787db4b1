//! "What did I buy from you?": the shop is asked, since it knows of every speaker's orders; where it does not answer in time, this
//! speaker tells what it knows itself, and says so.
//!
//! Tells, and does nothing else.

use super::super::Now;
use super::super::effect::Effect;
use super::super::event::Channel;
use super::super::history::{ASKED, MAX_TOLD, Past};
use super::super::mind::Mind;
use super::super::order::QuoteLine;
use super::super::reply::{Bought, Item, Reason, Reply};
use super::super::sibling::SharedLine;
use super::super::when::Moment;
use super::find::PATIENCE_MS;
use super::{State, Talk};
use crate::understand::Lang;
use std::cmp::Reverse;

/// The shop was asked.
#[derive(Debug, Clone)]
pub(in super::super) struct Recalling {
    pub(super) talk: Talk,
    pub(super) request_id: String,
    /// When the household hears that it takes a while; `None`: it has, or it reads.
    tell_ms: Option<u64>,
    until_ms: u64,
}

impl Recalling {
    pub(super) fn until_ms(&self) -> u64 {
        self.tell_ms.unwrap_or(self.until_ms)
    }
}

impl Mind {
    pub(super) fn recall(&mut self, talk: Talk, now: Now) -> State {
        // Without the time nobody can say when it was.
        if now.wall.is_none() || self.link_up == Some(false) || self.shop_online == Some(false) {
            return self.recall_here(talk, now);
        }
        let request_id = self.next_request(&talk);
        self.out.push(Effect::AskHistory { request_id: request_id.clone(), lang: talk.lang(), limit: ASKED });
        let until_ms = now.mono_ms + self.policy.quote_wait_ms;
        let tell_ms = (talk.to.channel == Channel::Voice).then_some(now.mono_ms + PATIENCE_MS);
        let tell_ms = tell_ms.filter(|tell_ms| *tell_ms < until_ms);
        State::Recalling(Box::new(Recalling { talk, request_id, tell_ms, until_ms }))
    }

    /// It takes long, or too long.
    pub(super) fn recalls_long(&mut self, mut recalling: Recalling, now: Now) -> State {
        if recalling.tell_ms.take().is_some() {
            self.say(&recalling.talk.to.clone(), Reply::AskingShop);
            return State::Recalling(Box::new(recalling));
        }
        self.recall_here(recalling.talk, now)
    }

    /// The shop has answered.
    pub(super) fn recalled(&mut self, talk: Talk, past: Option<Vec<Past>>, now: Now) -> State {
        let (Some(past), Some(wall)) = (past, now.wall) else { return self.recall_here(talk, now) };
        let told = past.iter().filter(|past| past.state.counts()).filter_map(|past| {
            let first = past.items.first()?;
            let product = self.product_name(&first.sku, &first.title, talk.lang());
            Some(bought(product, first.qty, past.items.len(), Moment::of(past.at_unix_ms, wall)))
        });
        let reply = Reply::Bought { orders: told.take(MAX_TOLD).collect(), by_shop: true };
        self.close_talk(talk, reply, now)
    }

    pub(super) fn recall_here(&mut self, talk: Talk, now: Now) -> State {
        let reply = self.bought_here(talk.lang(), now);
        self.close_talk(talk, reply, now)
    }

    /// The last orders of this speaker and, as far as they told, of its siblings.
    pub(super) fn bought_here(&self, lang: Lang, now: Now) -> Reply {
        let Some(wall) = now.wall else { return Reply::Refused { reason: Reason::UnknownClock } };
        let name = |sku: &str, title: &str| self.product_name(sku, title, lang);
        let ours = self.household.orders.values().filter(|order| order.state.counts()).filter_map(|order| {
            let QuoteLine { sku, title, qty, .. } = order.quote.lines.first()?;
            let at = order.confirmed.at_unix_ms;
            Some((at, &order.id, bought(name(sku, title), *qty, order.quote.lines.len(), Moment::of(at, wall))))
        });
        let theirs = self.household.shared().filter(|(_, order)| order.counts_at(wall.unix_ms));
        let theirs = theirs.filter_map(|(_, order)| {
            let SharedLine { sku, title, qty, .. } = order.lines.first()?;
            let at = order.confirmed_unix_ms;
            Some((at, &order.id, bought(name(sku, title), *qty, order.lines.len(), Moment::of(at, wall))))
        });
        let mut known: Vec<_> = ours.chain(theirs).collect();
        known.sort_by_key(|(at, id, _)| Reverse((*at, *id)));
        let orders = known.into_iter().take(MAX_TOLD).map(|(_, _, bought)| bought).collect();
        Reply::Bought { orders, by_shop: false }
    }
}

fn bought(product: String, qty: u32, lines: usize, at: Moment) -> Bought {
    let more = u32::try_from(lines.saturating_sub(1)).unwrap_or(u32::MAX);
    Bought { item: Item { product, qty }, more, at }
}
