//! What really was: what the household meant, said and heard, what the shop quoted, what was confirmed. Kept apart
//! from the mind, and never asked of it.

use super::ears::Utterance;
use super::{Invariant, World, product, words};
use std::collections::{BTreeMap, BTreeSet};
use tendero::decide::event::{Button, Channel, Event, Heard, Turn};
use tendero::decide::order::{Order, OrderId, OrderState, Quote, Wanted};
use tendero::decide::reply::{Ask, Item, Reply};
use tendero::understand::Lang;

#[derive(Debug, Clone, Default)]
pub(super) struct Model {
    /// What the household wants now, and its words for it.
    pub wish: Option<Vec<(&'static str, u32)>>,
    pub wished: &'static str,
    /// The read-back that is waiting for an answer, one a channel.
    questions: Vec<Question>,
    /// The microphone is open for this turn.
    open: Option<OpenTurn>,
    utterances: Vec<Utterance>,
    requests: BTreeMap<String, Asked>,
    /// What the shop sent for each request, and when it was first heard of.
    quotes: BTreeMap<String, Vec<(Quote, u64)>>,
    pub orders: BTreeMap<OrderId, Confirmed>,
    /// What is on disk, and the household has not heard to its end yet.
    pub owed: BTreeMap<OrderId, News>,
    /// What is being said of it, and has not ended as far as anybody knows.
    saying: Vec<(u32, OrderId, News)>,
    /// In which life something was said last, unless nobody could hear it.
    said: BTreeMap<(OrderId, News), u32>,
    /// What nobody had begun to say when newer news took its place on disk, which the mind hears of a little later.
    late: Vec<(OrderId, News)>,
    /// What was heard to its end with the event that is being handled, and whether the household was owed it.
    heard: Option<(OrderId, News, bool)>,
    /// What was said in this life: "say that again" says it once more, as it was.
    replies: Vec<Reply>,
    /// Somebody just said "say that again".
    asks_again: bool,
    life: u32,
    /// Whether an order shall go back, one a channel.
    backs: Vec<Back>,
    /// What somebody agreed to send back, with both steps, and has not gone back yet.
    agreed: Vec<Vec<Item>>,
    /// Orders from which somebody withdrew at the command line.
    pub back_by_hand: BTreeSet<OrderId>,
    /// Withdrawals that were written, by order and moment.
    pub going_back: BTreeSet<(OrderId, Option<i64>)>,
    /// What was to be written of each order, though it may not have reached the disk.
    pub attempted: BTreeSet<(OrderId, OrderState)>,
    /// When an adult's hand was last on the button.
    pub hand_ms: Option<u64>,
    /// Orders whose hold has ended.
    pub leaving: BTreeSet<OrderId>,
    /// Orders that the household believes were not made, or were taken back.
    pub denied: BTreeSet<OrderId>,
    /// Orders of which the household heard that they could not be written down.
    pub failed: BTreeSet<OrderId>,
}

/// A read-back, as it was heard.
#[derive(Debug, Clone)]
pub(super) struct Question {
    pub channel: Channel,
    pub items: Vec<Item>,
    pub total_minor: i64,
    /// Of a challenge.
    pub words: Vec<String>,
    /// When it has really been heard to its end.
    pub heard_out_ms: u64,
}

/// The question whether an order shall go back, as it was heard.
#[derive(Debug, Clone)]
struct Back {
    channel: Channel,
    items: Vec<Item>,
    heard_out_ms: u64,
}

impl Question {
    pub fn is_for(&self, wish: &[(&'static str, u32)]) -> bool {
        let same =
            |item: &Item, (sku, qty): &(&str, u32)| item.qty == *qty && item.product == product(sku).title(Lang::En);
        self.items.len() == wish.len() && self.items.iter().zip(wish).all(|(item, wish)| same(item, wish))
    }
}

#[derive(Debug, Clone, Copy)]
pub(super) struct OpenTurn {
    pub turn: Turn,
    pub opened_ms: u64,
}

#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub lines: Vec<Wanted>,
    /// The pause before the command that led here.
    pub gap_ms: Option<u32>,
    pub by_voice: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Confirmed {
    /// As it was first written.
    pub order: Order,
    pub at_ms: u64,
    /// Somebody in the household wants it.
    pub meant: bool,
}

/// Why the mind does something: the event that came in, and what is true of it.
#[derive(Debug, Clone, Default)]
pub(super) struct Cause {
    pub heard: Option<Heard>,
    pub utterance: Option<Utterance>,
    /// The turn that it answered while the microphone was open for that.
    pub turn: Option<OpenTurn>,
}

/// What the household must be told of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum News {
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
            Reply::Expired { items } | Reply::NotApproved { items } => (News::Expired, items),
            Reply::Lost { items } => (News::Lost, items),
            Reply::HeldByShop { items, .. } => (News::KeptBack, items),
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
pub(super) fn names(items: &[Item], order: &Order) -> bool {
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
    pub fn question(&self, channel: &Channel) -> Option<&Question> {
        self.questions.iter().find(|question| question.channel == *channel)
    }

    pub fn wish_qty(&mut self, qty: u32) {
        if let Some([line]) = self.wish.as_deref_mut() {
            line.1 = qty;
        }
    }

    pub fn opens(&mut self, turn: Turn, opened_ms: u64) {
        self.open = Some(OpenTurn { turn, opened_ms });
    }

    pub fn hears(&mut self, utterance: Utterance) {
        if self.utterances.len() == 64 {
            self.utterances.remove(0);
        }
        self.utterances.push(utterance);
    }

    pub fn asked(&mut self, request_id: &str, lines: &[Wanted], cause: &Cause) {
        let gap_ms = cause.heard.as_ref().filter(|heard| heard.turn.is_none()).and_then(|heard| heard.acoustics.gap_ms);
        let by_voice = cause.heard.as_ref().is_some_and(|heard| heard.channel == Channel::Voice);
        self.requests.insert(request_id.into(), Asked { lines: lines.to_vec(), gap_ms, by_voice });
    }

    pub fn request(&self, request_id: &str) -> Option<&Asked> {
        self.requests.get(request_id)
    }

    pub fn some_request(&self) -> Option<String> {
        self.requests.keys().next().cloned()
    }

    pub fn quoted(&mut self, quote: &Quote) {
        self.quotes.entry(quote.request_id.clone()).or_default().push((quote.clone(), u64::MAX));
    }

    /// When exactly this quote of the shop came, if ever.
    pub fn came_ms(&self, quote: &Quote) -> Option<u64> {
        self.quotes.get(&quote.request_id)?.iter().find(|(sent, _)| sent == quote).map(|(_, ms)| *ms)
    }

    pub fn newest_is_meant(&self) -> bool {
        self.orders.values().max_by_key(|confirmed| confirmed.at_ms).is_some_and(|confirmed| confirmed.meant)
    }

    /// It is on disk from now on.
    pub fn owe(&mut self, before: Option<&Order>, order: &Order) {
        let before = before.map(|before| before.state);
        if before == Some(order.state) {
            return;
        }
        // Where it only goes on, what was owed still is.
        if let Some(news) = News::of(before, order.state) {
            self.said.remove(&(order.id.clone(), news));
            // The same may have been said when it was true before.
            self.saying.retain(|(_, id, of)| (id, *of) != (&order.id, news));
            let is_being_said = |older: &News| self.saying.iter().any(|(_, id, of)| (id, of) == (&order.id, older));
            let older = self.owed.insert(order.id.clone(), news).filter(|older| !is_being_said(older));
            self.late.extend(older.map(|older| (order.id.clone(), older)));
        }
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
                late.map(|at| self.late.remove(at)).is_some()
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
    fn is_repetition(&self, reply: &Reply) -> bool {
        self.asks_again && self.replies.contains(reply)
    }

    /// The end of a saying: the household has heard it.
    fn heard_out(&mut self, say: u32) {
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
                self.owed.insert(id, news);
            }
        }
    }

    /// Nobody could hear it. How much news that was.
    fn not_heard(&mut self, say: u32) -> u64 {
        let unheard: Vec<_> = self.saying.iter().filter(|(of, _, _)| *of == say).cloned().collect();
        self.saying.retain(|(of, _, _)| *of != say);
        for (_, id, news) in &unheard {
            self.said.insert((id.clone(), *news), self.life.saturating_sub(1));
        }
        unheard.len() as u64
    }

    /// What nobody has heard, although nothing keeps it from being said: a voice that hangs may have said it.
    pub fn untold(&self) -> Option<(&OrderId, News)> {
        let hangs = |id: &OrderId| self.saying.iter().any(|(_, of, _)| of == id);
        self.owed.iter().find(|(id, _)| !hangs(id)).map(|(id, news)| (id, *news))
    }

    /// The household hears it, on `channel`, to its end at `heard_out_ms`.
    pub fn told(&mut self, channel: &Channel, reply: &Reply, heard_out_ms: u64) {
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
        self.told_back(channel, reply, heard_out_ms);
        let words = |ask: &Ask| if let Ask::Challenge { words } = ask { words.clone() } else { vec![] };
        let at = self.questions.iter().position(|question| question.channel == *channel);
        match (reply, at) {
            (Reply::ReadBack { items, total, ask, .. }, at) => {
                if let Some(at) = at {
                    self.questions.remove(at);
                }
                let (items, channel) = (items.clone(), channel.clone());
                self.questions.push(Question {
                    channel,
                    items,
                    total_minor: total.minor,
                    words: words(ask),
                    heard_out_ms,
                });
            }
            // The phrase alone is asked for again: the read-back before it still holds.
            (Reply::SayPhrase { ask, .. }, Some(at)) => {
                self.questions[at].words = words(ask);
                self.questions[at].heard_out_ms = self.questions[at].heard_out_ms.max(heard_out_ms);
            }
            (Reply::Because { .. } | Reply::Busy, _) => {}
            // To a client that types, news come at any time.
            (reply, Some(_)) if *channel != Channel::Voice && is_news(reply) => {}
            (_, Some(at)) => {
                self.questions.remove(at);
            }
            (_, None) => {}
        }
    }

    /// What is asked about an order that may go back.
    fn told_back(&mut self, channel: &Channel, reply: &Reply, heard_out_ms: u64) {
        if *channel != Channel::Voice && is_news(reply) || matches!(reply, Reply::Busy) {
            return;
        }
        self.backs.retain(|back| back.channel != *channel);
        if let Reply::AskReturn { items, .. } = reply {
            let (channel, items) = (channel.clone(), items.clone());
            self.backs.push(Back { channel, items, heard_out_ms });
        }
    }

    pub fn asked_back(&self, channel: &Channel) -> bool {
        self.backs.iter().any(|back| back.channel == *channel)
    }

    /// Somebody says the second step: after all of the question, into a microphone that is open for it.
    fn hears_back(&mut self, heard: &Heard, utterance: &Utterance, in_turn: bool) {
        let typed = heard.channel != Channel::Voice;
        let Some(at) = self.backs.iter().position(|back| back.channel == heard.channel) else { return };
        let own = utterance.while_speaking || utterance.speaker == super::ears::Speaker::Loudspeaker;
        let after = typed || self.backs[at].heard_out_ms <= utterance.from_ms;
        if (typed || in_turn) && after && !own && heard_agrees(heard) {
            let items = self.backs.remove(at).items;
            self.agreed.push(items);
        }
    }

    /// Was this withdrawal said with both steps? Each agreement is good for one.
    pub fn takes_back(&mut self, order: &Order) -> bool {
        let asked_unix_ms = order.withdrawal.as_ref().and_then(|withdrawal| withdrawal.asked_unix_ms);
        if !self.going_back.insert((order.id.clone(), asked_unix_ms)) || self.back_by_hand.contains(&order.id) {
            return true;
        }
        let agreed = self.agreed.iter().position(|items| names(items, order));
        agreed.map(|at| self.agreed.remove(at)).is_some()
    }

    /// A fresh mind: what was open is not any more, and what was being said has to be said again. Of how many orders
    /// the household has still to hear.
    pub fn begin_life(&mut self) -> u64 {
        self.questions.clear();
        self.backs.clear();
        self.open = None;
        self.saying.clear();
        self.late.clear();
        self.replies.clear();
        self.life += 1;
        self.owed.len() as u64
    }
}

impl World {
    /// What is true of an event, before the mind sees it.
    pub(super) fn understand_cause(&mut self, event: &Event) -> Cause {
        let model = &mut self.model;
        model.heard = None;
        let again = |heard: &Heard| heard.nbest.iter().any(|heard| heard.text.contains("again"));
        model.asks_again = matches!(event, Event::Heard(heard) if again(heard));
        match event {
            Event::Heard(heard) => {
                let utterance = model.utterances.iter().find(|known| known.entropy == heard.entropy.0).cloned();
                let voice = heard.channel == Channel::Voice;
                let turn = model.open.take_if(|open| voice && Some(open.turn) == heard.turn);
                if let Some(utterance) = &utterance {
                    model.hears_back(heard, utterance, turn.is_some());
                }
                Cause { heard: Some(heard.clone()), utterance, turn }
            }
            Event::Played { say } => {
                model.heard_out(*say);
                Cause::default()
            }
            Event::Unheard { say } => {
                self.tally.told_again += model.not_heard(*say);
                Cause::default()
            }
            Event::Quoted(quote) => {
                let sent = model.quotes.get_mut(&quote.request_id).into_iter().flatten();
                for (_, ms) in sent.filter(|(sent, _)| sent == quote) {
                    *ms = self.ms.min(*ms);
                }
                Cause::default()
            }
            Event::Silence { turn } => {
                model.open.take_if(|open| Some(open.turn) == *turn);
                Cause::default()
            }
            Event::Muted { on: true } | Event::Button(Button::Tap) => {
                model.open = None;
                Cause::default()
            }
            _ => Cause::default(),
        }
    }

    /// What the household was told once it is not told again without a reason, and nothing is told that it is not owed.
    pub(super) fn check_told(&mut self, say: u32, channel: &Channel, reply: &Reply) {
        // Said once more, it tells nothing new.
        if self.model.is_repetition(reply) {
            return;
        }
        let owed = self.model.is_owed(say, &self.disk.household.orders, reply);
        if !owed && *channel == Channel::Voice {
            self.violate(Invariant::Told, format!("{reply:?} was said, and nobody was owed it"));
        }
        self.model.replies.push(reply.clone());
    }

    /// Nothing is announced before it is on disk, and no text of a shop makes the speaker say what it must not.
    pub(super) fn check_reply(&mut self, reply: &Reply) {
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
fn is_news(reply: &Reply) -> bool {
    let late = matches!(
        reply,
        Reply::CancelAsked { .. }
            | Reply::StoreTrouble { .. }
            | Reply::WithdrawalStands { .. }
            | Reply::NothingToCancel
    );
    late || News::told_by(reply).is_some()
}

fn texts_of_shop(reply: &Reply) -> Vec<&str> {
    use tendero::decide::reply::Reason;
    match reply {
        Reply::ReadBack { items, .. } => items.iter().map(|item| item.product.as_str()).collect(),
        Reply::RejectedByShop { code, .. } | Reply::NotSold { code, .. } | Reply::WithdrawalRefused { code, .. } => {
            vec![code]
        }
        Reply::Distrusted { shop } => vec![shop],
        Reply::PersonSays { name, text } => vec![name, text],
        Reply::PersonJoined { name, .. } | Reply::PersonLeft { name } => vec![name],
        Reply::Refused { reason: Reason::Substituted { offered, .. } } => vec![offered],
        Reply::Refused { reason: Reason::HostileText { product } } => vec![product],
        _ => vec![],
    }
}

/// Do the words that were heard agree that an order goes back, and none that were heard nearly as well object?
fn heard_agrees(heard: &Heard) -> bool {
    const CLOSE: f32 = 0.15;
    let best = heard.nbest[0].confidence;
    heard.nbest.iter().any(|chosen| {
        let near = |other: &&tendero::decide::event::Hypothesis| chosen.confidence - other.confidence <= CLOSE;
        best - chosen.confidence <= CLOSE
            && chosen.confidence >= 0.35
            && words::agrees(&chosen.text)
            && !heard.nbest.iter().filter(near).any(|other| words::is_negative(&other.text))
    })
}

/// Do the words that were heard confirm, whichever hypothesis is believed? Every one that is nearly as good as the
/// one that confirms must say nothing against it.
pub(super) fn heard_confirms(heard: &Heard, challenge: &[String]) -> bool {
    const CLOSE: f32 = 0.15;
    let best = heard.nbest[0].confidence;
    heard.nbest.iter().any(|chosen| {
        let near = |other: &&tendero::decide::event::Hypothesis| chosen.confidence - other.confidence <= CLOSE;
        best - chosen.confidence <= CLOSE
            && chosen.confidence >= 0.35
            && words::confirms(&chosen.text, challenge)
            && !heard.nbest.iter().filter(near).any(|other| words::is_negative(&other.text))
    })
}
