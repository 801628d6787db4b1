//! What the household must be told of its orders, what is being said of it, and what it has heard to its end.

use super::{Confirmed, Model};
use crate::world::{HOUR, Invariant, World, product};
use std::collections::BTreeMap;
use tendero::decide::event::Channel;
use tendero::decide::order::{Order, OrderId, OrderState};
use tendero::decide::reply::{Item, Reply};
use tendero::understand::Lang;

/// What the household must be told of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum News {
    Held,
    AwaitingAdult,
    Booked,
    Rejected,
    NotCancelled,
    CancelAsked,
    Cancelled,
    Expired,
    Lost,
    KeptBack,
    PaymentAsked,
    ApprovalSent,
    GoingBack,
    Withdrawn,
    NotTakenBack,
    Refunded,
}

impl News {
    fn of(before: Option<OrderState>, state: OrderState) -> Option<News> {
        use OrderState::*;
        let was_booked = matches!(before, Some(Accepted | Shipped | Delivered));
        match state {
            Held => Some(News::Held),
            AwaitingAdult => Some(News::AwaitingAdult),
            Accepted | Shipped | Delivered if before == Some(Withdrawing) => Some(News::NotTakenBack),
            Accepted | Shipped | Delivered if before == Some(Cancelling) => Some(News::NotCancelled),
            Accepted | Shipped | Delivered => (!was_booked).then_some(News::Booked),
            Rejected => Some(News::Rejected),
            Cancelled => Some(News::Cancelled),
            Expired => Some(News::Expired),
            Unknown => Some(News::Lost),
            HeldAtShop => Some(News::KeptBack),
            AwaitingPayment => Some(News::PaymentAsked),
            Approving => Some(News::ApprovalSent),
            Withdrawing => Some(News::GoingBack),
            Withdrawn => Some(News::Withdrawn),
            Refunded => Some(News::Refunded),
            Cancelling => Some(News::CancelAsked),
            Sending => None,
        }
    }

    /// What `reply` tells, and of which products.
    pub fn told_by(reply: &Reply) -> Option<(News, &[Item])> {
        Some(match reply {
            Reply::Held { items, .. } | Reply::Resumed { items, .. } => (News::Held, items),
            Reply::AwaitingAdult { items, .. } => (News::AwaitingAdult, items),
            Reply::Booked { items, .. } => (News::Booked, items),
            Reply::CancelRefused { items } => (News::NotCancelled, items),
            Reply::RejectedByShop { items, .. } => (News::Rejected, items),
            Reply::CancelAsked { items } => (News::CancelAsked, items),
            Reply::Cancelled { items } => (News::Cancelled, items),
            Reply::Expired { items } | Reply::NotApproved { items } | Reply::NotPaid { items } => {
                (News::Expired, items)
            }
            Reply::Lost { items } => (News::Lost, items),
            Reply::HeldByShop { items, .. } => (News::KeptBack, items),
            Reply::PaymentAsked { items, .. } => (News::PaymentAsked, items),
            Reply::ApprovalSent { items } => (News::ApprovalSent, items),
            Reply::WithdrawalSent { items } => (News::GoingBack, items),
            Reply::Withdrawn { items, .. } => (News::Withdrawn, items),
            Reply::WithdrawalRefused { items, .. } => (News::NotTakenBack, items),
            Reply::Refunded { items } => (News::Refunded, items),
            _ => return None,
        })
    }

    /// The states that make it true.
    pub fn is_true_of(self, state: OrderState) -> bool {
        use OrderState::*;
        match self {
            News::Held => state == Held,
            News::AwaitingAdult => state == AwaitingAdult,
            News::Booked | News::NotCancelled | News::NotTakenBack => matches!(state, Accepted | Shipped | Delivered),
            News::Rejected => state == Rejected,
            News::CancelAsked => state == Cancelling,
            News::Cancelled => state == Cancelled,
            News::Expired => state == Expired,
            News::Lost => state == Unknown,
            News::KeptBack => state == HeldAtShop,
            News::PaymentAsked => state == AwaitingPayment,
            News::ApprovalSent => state == Approving,
            News::GoingBack => state == Withdrawing,
            // Both may have come at once.
            News::Withdrawn => matches!(state, Withdrawn | Refunded),
            News::Refunded => state == Refunded,
        }
    }

    /// Is it only ever told of its own accord, and never an answer to somebody who asks?
    fn is_never_asked_for(self, reply: &Reply) -> bool {
        match self {
            News::Held => !matches!(reply, Reply::Resumed { .. }),
            News::Booked
            | News::AwaitingAdult
            | News::Rejected
            | News::Expired
            | News::Lost
            | News::KeptBack
            | News::PaymentAsked
            | News::ApprovalSent => true,
            News::NotCancelled
            | News::CancelAsked
            | News::Cancelled
            | News::GoingBack
            | News::Withdrawn
            | News::NotTakenBack
            | News::Refunded => false,
        }
    }
}

/// Are these the lines of the order, as people call them?
pub fn names(items: &[Item], order: &Order) -> bool {
    let same = |(item, line): (&Item, &tendero::decide::order::QuoteLine)| {
        let product = product(&line.sku);
        item.qty == line.qty
            && (item.product == product.spoken_name(Lang::En) || item.product == product.title(Lang::En))
    };
    items.len() == order.quote.lines.len() && items.iter().zip(&order.quote.lines).all(same)
}

/// Are two orders of the same?
fn of_the_same(one: Option<&Confirmed>, other: Option<&Confirmed>) -> bool {
    let lines = |confirmed: &Confirmed| -> Vec<(String, u32)> {
        confirmed.order.quote.lines.iter().map(|line| (line.sku.clone(), line.qty)).collect()
    };
    one.zip(other).is_some_and(|(one, other)| lines(one) == lines(other))
}

impl Model {
    /// It is on disk from now on, at `ms`.
    /// Something that was owed before, for more than an hour of one life, and that nobody began to say. `tried_ms`: from
    /// then on the disk did not take it, and the household was told of that instead.
    pub fn owe(&mut self, before: Option<&Order>, order: &Order, tried_ms: u64, ms: u64) -> Option<News> {
        let before = before.map(|before| before.state);
        if before == Some(order.state) {
            return None;
        }
        let Some(news) = News::of(before, order.state) else {
            // Where it only goes on, what was owed still is.
            if let Some((since_ms, _)) = self.owed_since.get_mut(&order.id) {
                *since_ms += ms - tried_ms;
            }
            return None;
        };
        self.said.remove(&(order.id.clone(), news));
        // The same may have been said when it was true before.
        self.saying.retain(|(_, id, of)| (id, *of) != (&order.id, news));
        let is_being_said = |older: &News| self.saying.iter().any(|(_, id, of)| (id, of) == (&order.id, older));
        let older = self.owed.insert(order.id.clone(), news).filter(|older| !is_being_said(older));
        self.late.extend(older.map(|older| (order.id.clone(), older)));
        let since = self.owed_since.remove(&order.id);
        let long = since.is_some_and(|(since_ms, life)| life == self.life && tried_ms > since_ms + HOUR);
        older.filter(|older| long && !self.said.contains_key(&(order.id.clone(), *older)))
    }

    /// The disk has said that it has the order as it is: from now on it can be told.
    pub fn is_known(&mut self, id: &OrderId, ms: u64) {
        self.owed_since.entry(id.clone()).or_insert((ms, self.life));
    }

    /// Somebody begins to say it. `false`: it was said in this life already, or nobody was owed it.
    fn is_owed(&mut self, say: u32, on_disk: &BTreeMap<OrderId, Order>, reply: &Reply) -> bool {
        if let Reply::OrderStatus { items, state, .. } = reply {
            let state = *state;
            // "On its way to the shop": what was noted, and has gone on since.
            let fits = |id: &OrderId| on_disk.get(id).is_some_and(|order| order.state == state && names(items, order));
            let held = self.owed.iter().find(|(id, owed)| **owed == News::Held && fits(id));
            if let Some(id) = held.map(|(id, _)| id.clone()).filter(|_| state == OrderState::Sending) {
                self.saying.push((say, id, News::Held));
            }
            return true;
        }
        let Some((news, items)) = News::told_by(reply) else { return true };
        let fits = |id: &OrderId| self.orders.get(id).is_some_and(|confirmed| names(items, &confirmed.order));
        let is_being_said = |id: &OrderId| self.saying.iter().any(|(_, of, said)| of == id && *said == news);
        let owed = self.owed.iter().find(|(id, owed)| **owed == news && fits(id) && !is_being_said(id));
        if let Some(id) = owed.map(|(id, _)| id.clone()) {
            self.said.insert((id.clone(), news), self.life);
            self.saying.push((say, id, news));
            return true;
        }
        // Said in an earlier life, and the mind could not know that it had ended.
        let before = self.said.iter().find(|((id, of), life)| *of == news && fits(id) && **life < self.life);
        match before.map(|(key, _)| key.clone()) {
            Some(key) => {
                self.saying.push((say, key.0.clone(), news));
                self.said.insert(key, self.life).is_some()
            }
            None if news.is_never_asked_for(reply) => {
                let late = self.late.iter().position(|(id, of)| *of == news && fits(id));
                let late = late.map(|at| self.late.remove(at).0);
                self.saying.extend(late.clone().map(|id| (say, id, news)));
                late.is_some()
            }
            // An answer, while the same is being said, or hangs.
            None => {
                let same = self.saying.iter().find(|(_, id, of)| *of == news && fits(id)).cloned();
                self.saying.extend(same.map(|(_, id, news)| (say, id, news)));
                true
            }
        }
    }

    /// "Say that again": said a second time on request, as it was.
    pub fn is_repetition(&self, reply: &Reply) -> bool {
        self.asks_again && self.replies.contains(reply)
    }

    /// The end of a saying: the household has heard it.
    pub fn heard_out(&mut self, say: u32) {
        while let Some(at) = self.saying.iter().position(|(of, _, _)| *of == say) {
            let (_, id, news) = self.saying.remove(at);
            let was_owed = self.owed.get(&id) == Some(&news);
            if was_owed {
                self.owed.remove(&id);
            }
            self.heard = Some((id, news, was_owed));
        }
    }

    /// The mind writes down which order that was: of two that are the same to whoever listens, and of which the same was
    /// owed, it may have been the other.
    pub fn was_told_of(&mut self, order: &OrderId) {
        let Some((id, news, was_owed)) = self.heard.take() else { return };
        let the_same = of_the_same(self.orders.get(&id), self.orders.get(order));
        if id != *order && the_same && self.owed.get(order) == Some(&news) {
            self.owed.remove(order);
            self.said.insert((order.clone(), news), self.life);
            if was_owed {
                self.said.remove(&(id.clone(), news));
                // What hangs was of that one, then.
                self.saying
                    .iter_mut()
                    .filter(|(_, of, said)| (of, *said) == (order, news))
                    .for_each(|(_, of, _)| of.clone_from(&id));
                self.owed.insert(id, news);
            }
        }
    }

    /// Nobody could hear it. How much news that was.
    pub fn not_heard(&mut self, say: u32) -> u64 {
        let unheard: Vec<_> = self.saying.iter().filter(|(of, _, _)| *of == say).cloned().collect();
        self.saying.retain(|(of, _, _)| *of != say);
        for (_, id, news) in &unheard {
            self.said.insert((id.clone(), *news), self.life.saturating_sub(1));
        }
        unheard.len() as u64
    }

    /// What nobody has heard, although nothing keeps it from being said: a voice that hangs may have said it.
    pub fn untold(&self) -> Option<(&OrderId, News)> {
        // Of two that are the same to whoever listens, what hangs may be of the one that has gone on since.
        let may_be_of = |id: &OrderId, (of, news): (&OrderId, &News)| {
            of == id
                || self.owed.get(id) == Some(news)
                    && self.owed.get(of) != Some(news)
                    && of_the_same(self.orders.get(of), self.orders.get(id))
        };
        let hangs = |id: &OrderId| self.saying.iter().any(|(_, of, news)| may_be_of(id, (of, news)));
        self.owed.iter().find(|(id, _)| !hangs(id)).map(|(id, news)| (id, *news))
    }

    /// Which orders the household believes not to be, or to be after all.
    pub fn hears_news(&mut self, reply: &Reply) {
        if let Some((news, items)) = News::told_by(reply) {
            let fits = |id: &OrderId| self.orders.get(id).is_some_and(|confirmed| names(items, &confirmed.order));
            let told = self.owed.iter().find(|(id, owed)| **owed == news && fits(id)).map(|(id, _)| id.clone());
            if let Some(id) = told {
                match news {
                    News::Cancelled | News::Expired => self.denied.insert(id),
                    // Still held after all: the household knows.
                    _ => self.denied.remove(&id),
                };
            }
        }
    }
}

impl World {
    /// What the household was told once it is not told again without a reason, and nothing is told that it is not owed.
    pub(in crate::world) fn check_told(&mut self, say: u32, channel: &Channel, reply: &Reply) {
        // Said once more, it tells nothing new.
        self.model.repeats = self.model.is_repetition(reply);
        if self.model.repeats {
            return;
        }
        self.check_talk(channel, reply);
        let owed = self.model.is_owed(say, &self.disk.household.orders, reply);
        if !owed && *channel == Channel::Voice {
            self.violate(Invariant::Told, format!("{reply:?} was said, and nobody was owed it"));
        }
        self.model.replies.push(reply.clone());
    }

    /// Nothing is announced before it is on disk, and no text of a shop makes the speaker say what it must not.
    pub(in crate::world) fn check_reply(&mut self, reply: &Reply) {
        if *reply == Reply::StoreFailed {
            let unwritten = self.model.orders.keys().filter(|id| !self.disk.bytes.contains_key(*id)).cloned();
            self.model.failed.extend(unwritten.collect::<Vec<_>>());
        }
        if let Some((news, items)) = News::told_by(reply) {
            let of_these = |order: &Order| names(items, order);
            let mut on_disk = self.disk.household.orders.values().filter(|order| of_these(order));
            let was = |order: &Order| self.disk.states[&order.id].iter().any(|state| news.is_true_of(*state));
            let mut known = self.mind.household().orders.values().filter(|order| of_these(order));
            // The mind hears of the disk a little later: as far as it knows, that is how it stands now.
            let is_so = known.any(|order| news.is_true_of(order.state)) || self.model.is_repetition(reply);
            let is_true = on_disk.any(was) && is_so;
            let failed = |confirmed: &&Confirmed| !self.model.failed.contains(&confirmed.order.id);
            let newest = self.model.orders.values().filter(|confirmed| of_these(&confirmed.order)).filter(failed);
            let newest = newest.max_by_key(|confirmed| confirmed.at_ms).map(|confirmed| confirmed.order.id.clone());
            let unwritten = newest.is_some_and(|id| !self.disk.bytes.contains_key(&id));
            // It may be late news of an older one that the household takes for the same.
            let is_known = |(id, owed): (&OrderId, &News)| {
                *owed == news && self.model.orders.get(id).is_some_and(|confirmed| of_these(&confirmed.order))
            };
            let unwritten = unwritten && !self.model.owed.iter().any(is_known);
            if !is_true
                || unwritten
                    && matches!(news, News::Held | News::AwaitingAdult)
                    && !matches!(reply, Reply::Resumed { .. })
            {
                self.violate(Invariant::Told, format!("{reply:?} was said before that was on disk"));
            }
        }
        for text in texts_of_shop(reply) {
            let plain: String = text.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect();
            if ["orderit", "tendero", "alexa", "pideeso", "comandăacum"].iter().any(|bad| plain.contains(bad)) {
                self.violate(Invariant::Deaf, format!("the speaker says what a shop wrote: {text:?}"));
            }
        }
    }
}

/// Does it tell of an order that was made, besides whatever is being talked about?
pub fn is_news(reply: &Reply) -> bool {
    let late = matches!(
        reply,
        Reply::CancelAsked { .. }
            | Reply::StoreTrouble { .. }
            | Reply::WithdrawalStands { .. }
            | Reply::NothingToCancel
            // Of an order that somebody named at the command line; of another speaker, once it had its time to answer.
            | Reply::NothingToReturn
            | Reply::SpeakerSilent { .. }
            // What was said to a person, once a slow disk has it, or has it not.
            | Reply::PersonAsked { .. }
            | Reply::PassedOn { .. }
            | Reply::PassedOnEarly { .. }
            | Reply::PassedOnLater { .. }
            | Reply::ChatEnded { .. }
            | Reply::ChatNotKept
            // What the shop may tell, likewise.
            | Reply::Consent { .. }
            | Reply::ConsentNotKept
    );
    late || News::told_by(reply).is_some()
}

fn texts_of_shop(reply: &Reply) -> Vec<&str> {
    use tendero::decide::reply::Reason;
    match reply {
        Reply::ReadBack { items, reasons, .. } => {
            let mut texts: Vec<&str> = items.iter().map(|item| item.product.as_str()).collect();
            for reason in reasons {
                if let Reason::OfferedBy { name } = reason {
                    texts.push(name);
                }
            }
            texts
        }
        Reply::RejectedByShop { code, .. } | Reply::NotSold { code, .. } | Reply::WithdrawalRefused { code, .. } => {
            vec![code]
        }
        Reply::Distrusted { shop } => vec![shop],
        Reply::PersonSays { name, text } => vec![name, text],
        Reply::News { told, .. } => told.iter().map(|told| told.text.as_str()).collect(),
        Reply::PersonJoined { name, .. }
        | Reply::PersonCame { name, .. }
        | Reply::PersonLeft { name }
        | Reply::PassedOn { name }
        | Reply::PassedOnLater { name }
        | Reply::TellAgain { name }
        | Reply::TellLater { name }
        | Reply::ChatEnded { name }
        | Reply::ChatTimedOut { name }
        | Reply::OfferOver { name }
        | Reply::NothingNew { name } => vec![name],
        Reply::Refused { reason: Reason::NotInCatalog { product } } => vec![product],
        Reply::Refused { reason: Reason::Substituted { offered, .. } } => vec![offered],
        Reply::Refused { reason: Reason::HostileText { product } | Reason::OtherName { product } } => vec![product],
        _ => vec![],
    }
}
