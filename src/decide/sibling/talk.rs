//! The conversation among the speakers of one household: taking back what was ordered at another one, and who answers
//! when several hear the same.
//!
//! Nothing but taking back can be asked of a sibling. Of several that hear the same request the loudest goes on, and
//! asks for more than the phrase: whoever stands in the room is seldom heard in two of them, a television often is.

use super::super::Now;
use super::super::dialogue::Cue;
use super::super::effect::{Effect, Write};
use super::super::event::{Acoustics, Channel};
use super::super::mind::{Address, Mind};
use super::super::order::{OrderId, OrderState};
use super::super::reply::{Item, Reply};
use super::super::when::Day;
use super::{HeardThere, MAX_ORDERS, SharedOrder, Sibling, spoken};
use std::collections::{BTreeMap, VecDeque};

/// Another speaker has so long to take an order back, milliseconds.
const ASK_MS: u64 = 30_000;
/// And the shop so long to say whether it does, before nobody waits for that here any more.
const PASSED_ON_MS: u64 = 10 * 60_000;
/// Orders of siblings that are asked for at the same time.
const MAX_ASKS: usize = 8;
/// Two speakers that hear a request within this time have heard the same one, milliseconds by our own clock.
const SAME_MS: u64 = 10_000;
/// Notices that are kept.
const MAX_NOTICES: usize = 16;

/// What is going on with the other speakers.
#[derive(Debug, Default, Clone)]
pub(in super::super) struct Siblings {
    asks: Vec<Ask>,
    /// What they heard lately, and when we learned it.
    notices: VecDeque<(u64, HeardThere)>,
    /// What was heard here last.
    here: Option<HeardHere>,
    /// Which speaker asked to take an order of ours back, for the log.
    pub(in super::super) asked_by: BTreeMap<OrderId, String>,
}

/// An order that another speaker was asked to take back.
#[derive(Debug, Clone)]
struct Ask {
    device: String,
    order: OrderId,
    items: Vec<Item>,
    to: Address,
    until_ms: u64,
    /// It was sent already, and that speaker asked the shop.
    passed_on: bool,
}

#[derive(Debug, Clone)]
pub(in super::super) struct HeardHere {
    skus: Vec<String>,
    level_cdb: Option<i32>,
    snr_cdb: Option<i32>,
    at_ms: u64,
}

/// What "cancel that" led to.
pub(in super::super) enum TakenBack {
    /// The answer comes as soon as it is on disk.
    Here,
    /// Another speaker was asked.
    There(Reply),
    Nothing,
}

impl Siblings {
    pub(in super::super) fn deadline(&self) -> Option<(u64, &'static str)> {
        self.asks.iter().map(|ask| (ask.until_ms, "another speaker's answer")).min()
    }

    /// Does somebody who typed wait for another speaker's answer?
    pub(in super::super) fn owes_an_answer(&self) -> bool {
        self.asks.iter().any(|ask| !ask.passed_on && ask.to.channel != Channel::Voice)
    }

    /// Is no other speaker's answer waited for?
    pub(in super::super) fn is_quiet(&self) -> bool {
        self.asks.iter().all(|ask| ask.passed_on)
    }

    /// What others heard of the same within these seconds, the loudest first.
    fn same(&self, here: &HeardHere, device: &str, now: Now) -> Vec<&HeardThere> {
        let recent = |at_ms: &u64| now.mono_ms.saturating_sub(*at_ms) <= SAME_MS;
        let mut same: Vec<&HeardThere> = self
            .notices
            .iter()
            .filter(|(at_ms, there)| recent(at_ms) && there.device != device && overlap(&there.skus, &here.skus))
            .map(|(_, there)| there)
            .collect();
        same.sort_by_key(|there| std::cmp::Reverse(loudness(there.level_cdb, &there.device)));
        same
    }
}

/// Who is louder; where that is equal or unknown, the name decides, so that both come to the same answer.
fn loudness(level_cdb: Option<i32>, device: &str) -> (Option<i32>, std::cmp::Reverse<&str>) {
    (level_cdb, std::cmp::Reverse(device))
}

fn overlap(a: &[String], b: &[String]) -> bool {
    a.iter().any(|sku| b.contains(sku))
}

/// Hundredths of a decibel: the wire knows no fractions, and both sides must compare the same numbers.
fn centi(db: Option<f32>) -> Option<i32> {
    db.filter(|db| db.is_finite()).map(|db| (db.clamp(-300.0, 300.0) * 100.0).round() as i32)
}

impl Mind {
    /// A snapshot of another speaker's orders, verified.
    pub(in super::super) fn shared_orders(&mut self, device: String, rev: u64, mut orders: Vec<SharedOrder>, now: Now) {
        let Some(known) = self.household.siblings.get_mut(&device).filter(|known| rev > known.rev) else { return };
        orders.retain(SharedOrder::is_sane);
        orders.truncate(MAX_ORDERS);
        let shop = &self.understanding.catalog().shop;
        for order in orders.iter_mut().filter(|order| order.shop != *shop) {
            // Another shop's number for it may be ours for something else.
            order.lines.iter_mut().for_each(|line| line.sku = format!("{}/{}", order.shop, line.sku));
        }
        *known = Sibling { rev, orders: orders.clone() };
        self.write_down(vec![Write::Shared { device: device.clone(), rev, orders }]);
        for ask in std::mem::take(&mut self.siblings.asks) {
            let waits = if ask.device == device { self.answered(ask, now) } else { Some(ask) };
            self.siblings.asks.extend(waits);
        }
    }

    /// Tells who asked what became of it; gives the question back if that is not known yet.
    fn answered(&mut self, mut ask: Ask, now: Now) -> Option<Ask> {
        use OrderState::*;
        let Some(state) = self.shared_order(&ask.device, &ask.order).map(|order| order.state) else { return Some(ask) };
        let (speaker, items) = (spoken(&ask.device), ask.items.clone());
        let reply = match state {
            Cancelled => Reply::CancelledThere { speaker, items },
            Cancelling if ask.passed_on => return Some(ask),
            Cancelling => {
                ask.passed_on = true;
                ask.until_ms = now.mono_ms + PASSED_ON_MS;
                self.tell(ask.to.clone(), Reply::CancelPassedOn { speaker, items });
                return Some(ask);
            }
            Shipped | Delivered | Withdrawing | Withdrawn | Refunded => Reply::CancelRefusedThere { speaker, items },
            Accepted if ask.passed_on => Reply::CancelRefusedThere { speaker, items },
            Rejected | Expired => Reply::OrderStatusThere { speaker, items, state, arrives: None },
            // From before it was asked, or it goes on asking the shop.
            AwaitingAdult | Held | Sending | HeldAtShop | AwaitingPayment | Approving | Accepted | Unknown => {
                return Some(ask);
            }
        };
        self.tell(ask.to, reply);
        None
    }

    /// What was waited for in vain.
    pub(in super::super) fn siblings_due(&mut self, now: Now) {
        for ask in std::mem::take(&mut self.siblings.asks) {
            if now.mono_ms < ask.until_ms {
                self.siblings.asks.push(ask);
            } else if !ask.passed_on {
                self.tell(ask.to, Reply::SpeakerSilent { speaker: spoken(&ask.device), items: ask.items });
            }
        }
    }

    /// The broker can be reached again: a question may have got lost with it.
    pub(in super::super) fn ask_siblings_again(&mut self) {
        let again = self.siblings.asks.iter().filter(|ask| !ask.passed_on);
        let again = again.map(|ask| Effect::AskSibling { device: ask.device.clone(), order: ask.order.clone() });
        self.out.extend(again);
    }

    /// Takes back the order that "cancel that" means, here or at the speaker where it was ordered.
    pub(in super::super) fn take_back(&mut self, skus: &[&str], to: &Address, now: Now) -> TakenBack {
        let here = self.cancellable(skus, now).and_then(|id| self.household.orders.get(&id));
        let here = here.map(|order| ((super::super::ledger::is_unsent(order), order.confirmed.at_unix_ms), order));
        let there = self.cancellable_there(skus, now);
        match (here, there) {
            (None, None) => TakenBack::Nothing,
            (None, Some((_, device, order))) => TakenBack::There(self.ask_sibling(device, &order, to, now)),
            (Some((at, _)), Some((there, device, order))) if there > at => {
                TakenBack::There(self.ask_sibling(device, &order, to, now))
            }
            (Some((_, order)), _) => {
                let id = order.id.clone();
                self.cancel_order(&id, to.clone(), now);
                TakenBack::Here
            }
        }
    }

    /// As at this device: what was not sent before what was, the newest first.
    fn cancellable_there(&self, skus: &[&str], now: Now) -> Option<((bool, i64), String, SharedOrder)> {
        let unix_ms = now.wall.map_or(i64::MIN, |wall| wall.unix_ms);
        let named = |order: &SharedOrder| skus.is_empty() || skus.iter().any(|sku| order.has(sku));
        let in_time = |order: &SharedOrder| order.cancel_until_unix_ms.is_none_or(|until| unix_ms < until);
        let sent = |order: &SharedOrder| match order.state {
            OrderState::Accepted | OrderState::Unknown => in_time(order),
            state => matches!(
                state,
                OrderState::Sending | OrderState::HeldAtShop | OrderState::AwaitingPayment | OrderState::Approving
            ),
        };
        let fits = |order: &SharedOrder| (order.is_unsent() || sent(order)) && order.counts_at(unix_ms) && named(order);
        let newest = self
            .household
            .shared()
            .filter(|(_, order)| fits(order))
            .max_by_key(|(_, order)| (order.is_unsent(), order.confirmed_unix_ms, &order.id));
        newest.map(|(device, order)| ((order.is_unsent(), order.confirmed_unix_ms), device.to_owned(), order.clone()))
    }

    fn ask_sibling(&mut self, device: String, order: &SharedOrder, to: &Address, now: Now) -> Reply {
        let items = self.shared_items(order, to);
        let speaker = spoken(&device);
        if self.link_up == Some(false) || self.siblings.asks.len() >= MAX_ASKS {
            return Reply::SpeakerSilent { speaker, items };
        }
        self.siblings.asks.retain(|ask| ask.order != order.id);
        self.out.push(Effect::AskSibling { device: device.clone(), order: order.id.clone() });
        let until_ms = now.mono_ms + ASK_MS;
        let (order, to) = (order.id.clone(), to.clone());
        self.siblings.asks.push(Ask { device, order, items: items.clone(), to, until_ms, passed_on: false });
        Reply::CancelAskedThere { speaker, items }
    }

    /// The newest order of another speaker that `fits`, newer than `than_unix_ms`, as an answer to "where is it?".
    pub(in super::super) fn status_there(
        &self,
        fits: impl Fn(&SharedOrder) -> bool,
        than_unix_ms: Option<i64>,
        to: &Address,
        now: Now,
    ) -> Option<Reply> {
        let newer = |order: &SharedOrder| than_unix_ms.is_none_or(|than| order.confirmed_unix_ms > than);
        let found = self.household.shared().filter(|(_, order)| fits(order) && newer(order));
        let (device, order) = found.max_by_key(|(_, order)| (order.confirmed_unix_ms, &order.id))?;
        Some(Reply::OrderStatusThere {
            speaker: spoken(device),
            items: self.shared_items(order, to),
            state: order.state,
            arrives: now.wall.map(|wall| Day::of(order.arrives_unix_ms, wall)),
        })
    }

    fn shared_order(&self, device: &str, id: &OrderId) -> Option<&SharedOrder> {
        self.household.siblings.get(device)?.orders.iter().find(|order| order.id == *id)
    }

    fn shared_items(&self, order: &SharedOrder, to: &Address) -> Vec<Item> {
        let item = |line: &super::SharedLine| Item {
            product: self.product_name(&line.sku, &line.title, to.lang),
            qty: line.qty,
        };
        order.lines.iter().map(item).collect()
    }

    /// Another speaker heard something: kept, and told to the conversation.
    pub(in super::super) fn heard_there(&mut self, there: HeardThere, now: Now) {
        if !self.household.siblings.contains_key(&there.device) {
            return;
        }
        if self.siblings.notices.len() == MAX_NOTICES {
            self.siblings.notices.pop_front();
        }
        self.siblings.notices.push_back((now.mono_ms, there.clone()));
        self.step(Cue::HeardThere(there), now);
    }

    /// Something to buy was heard here, after the wake word.
    pub(in super::super) fn hears(&mut self, skus: Vec<String>, acoustics: &Acoustics, now: Now) -> HeardHere {
        let (level_cdb, snr_cdb) = (centi(acoustics.level_dbfs), centi(acoustics.snr_db));
        let here = HeardHere { skus, level_cdb, snr_cdb, at_ms: now.mono_ms };
        self.siblings.here = Some(here.clone());
        here
    }

    pub(in super::super) fn tell_heard(&mut self, here: HeardHere) {
        let HeardHere { skus, level_cdb, snr_cdb, at_ms: _ } = here;
        self.out.push(Effect::TellHeard { skus, level_cdb, snr_cdb });
    }

    /// The loudest other speaker that heard the same.
    pub(in super::super) fn also_heard(&self, here: &HeardHere, now: Now) -> Option<HeardThere> {
        self.siblings.same(here, &self.household.device, now).first().map(|there| (*there).clone())
    }

    /// Did that speaker hear it better than this one?
    pub(in super::super) fn is_louder(&self, there: &HeardThere, here: &HeardHere) -> bool {
        loudness(there.level_cdb, &there.device) > loudness(here.level_cdb, &self.household.device)
    }

    /// What was heard here last, if `there` is the same and it was just now.
    pub(in super::super) fn same_here(&self, there: &HeardThere, now: Now) -> Option<HeardHere> {
        let here = self.siblings.here.as_ref()?;
        let same = overlap(&here.skus, &there.skus) && now.mono_ms.saturating_sub(here.at_ms) <= SAME_MS;
        same.then(|| here.clone())
    }
}
