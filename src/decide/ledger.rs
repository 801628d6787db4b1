//! The confirmed orders: one durable change at a time for each, timers, and what is done once
//! a change is on disk. Nothing is sent, and nothing is announced, before it is written.

mod follow;
mod timers;

use super::Now;
use super::effect::{By, CancelReason, Effect, Step, Write};
use super::event::Channel;
use super::lifecycle::{self, Answer, News};
use super::mind::{Address, Mind};
use super::order::{Order, OrderId, OrderState, Receipt, StatusUpdate, ToTell};
use super::reply::{Item, Reply};
use super::told::tidings;
use super::when::Day;
pub(super) use follow::withdrawn;
use std::collections::{BTreeMap, VecDeque};
use timers::Timer;

/// A change that could not be written is tried again after this time.
const RETRY_MS: u64 = 30_000;
/// A change without an answer of the disk is written again after this time: twice the same is the same.
const ANSWER_MS: u64 = 60_000;
/// News that one order can have waiting; more are dropped, since the shop repeats its own.
const MAX_INBOX: usize = 8;
/// Writes without an answer that one order's change can have; the oldest is given up.
const MAX_OLDER: usize = 16;
/// Orders that are asked about or sent again at one event.
const MAX_AGAIN: usize = 24;

/// Is it still to be sent? Only the clock can tell: days may have passed without power.
fn is_alive(order: &Order, now: Now) -> bool {
    now.wall.is_some_and(|wall| wall.unix_ms < order.expires_unix_ms)
}

/// What is in motion around the household's orders.
#[derive(Debug, Default, Clone)]
pub(super) struct Ledger {
    jobs: BTreeMap<OrderId, Job>,
    inbox: BTreeMap<OrderId, VecDeque<(News, Option<Address>)>>,
    timers: BTreeMap<OrderId, Timer>,
    revs: BTreeMap<OrderId, u64>,
    /// Wall clock unknown at the start: whoever is held gets a whole new hold.
    fresh_holds: bool,
    /// Orders that were on their way wait for the wall clock, to be sent again.
    again_with_clock: bool,
}

/// One durable change on its way to the disk.
#[derive(Debug, Clone)]
struct Job {
    next: Order,
    /// What belongs in the same transaction: the step, and the audit of a new order.
    also: Vec<Write>,
    /// `None`: it failed, and waits for `retry_ms`.
    ticket: Option<u32>,
    /// Earlier writes of the same that nobody has answered for: each may still reach the disk.
    older: Vec<u32>,
    /// When it is written again, unless an answer comes before.
    retry_ms: u64,
    /// `None`: a new order.
    news: Option<News>,
    /// Who wants to hear of it; `None`: the loudspeaker.
    to: Option<Address>,
    told_trouble: bool,
}

impl Job {
    fn new(next: Order, also: Vec<Write>, ticket: u32, now: Now) -> Job {
        let retry_ms = now.mono_ms + ANSWER_MS;
        let older = vec![];
        Job { next, also, ticket: Some(ticket), older, retry_ms, news: None, to: None, told_trouble: false }
    }

    fn has(&self, ticket: u32) -> bool {
        self.ticket == Some(ticket) || self.older.contains(&ticket)
    }

    fn writes(&self) -> Vec<Write> {
        std::iter::once(Write::Order(self.next.clone())).chain(self.also.iter().cloned()).collect()
    }
}

impl Ledger {
    /// A new life: without the time, nobody knows how much of a hold is left.
    pub(super) fn starts(&mut self, now: Now) {
        self.fresh_holds = now.wall.is_none();
    }

    /// Does somebody wait to hear that a change is on disk?
    pub(super) fn owes_an_answer(&self) -> bool {
        self.jobs.values().any(|job| job.ticket.is_some() && job.to.is_some())
    }
}

impl Mind {
    pub(super) fn open_orders(&self) -> impl Iterator<Item = &Order> {
        self.household.orders.values().filter(|order| !order.state.is_final())
    }

    /// Begins to write a newly confirmed order, with what else belongs in the same transaction.
    pub(super) fn create_order(&mut self, order: Order, audit: Write, now: Now) -> u32 {
        let ticket = self.next_ticket();
        let lifetime_ms = u64::try_from(order.expires_unix_ms - order.confirmed.at_unix_ms).unwrap_or(0);
        let hold_ms = u64::try_from(order.hold_until_unix_ms - order.confirmed.at_unix_ms).unwrap_or(0);
        let timer = Timer { hold_ms: now.mono_ms + hold_ms, expire_ms: now.mono_ms + lifetime_ms };
        self.ledger.timers.insert(order.id.clone(), timer);
        let id = order.id.clone();
        // From here on it counts towards caps and duplicates, however slow the disk is.
        self.household.orders.insert(id.clone(), order.clone());
        let also = vec![step_of(&order, By::Household, None, now), audit];
        let job = Job::new(order, also, ticket, now);
        self.out.push(Effect::Store { ticket, writes: job.writes() });
        self.ledger.jobs.insert(id, job);
        ticket
    }

    /// Is this the ticket of an order's change? Then it is in the household from now on.
    pub(super) fn order_stored(&mut self, ticket: u32, now: Now) {
        let Some(id) = self.job_of(ticket) else { return };
        let Some(job) = self.ledger.jobs.remove(&id) else { return };
        let order = job.next.clone();
        let before = self.household.orders.insert(id.clone(), order.clone());
        if let Some(before) = before.filter(|_| job.news.is_some()) {
            if order.state == OrderState::Sending && before.state == OrderState::Held && self.is_taken_back(&id) {
                // Taken back while it was written: it was never sent, so for us it is still held.
                self.household.orders.insert(id.clone(), before);
            } else {
                self.carry_out(&before, &order, &job, now);
            }
        }
        self.read_inbox(&id, now);
    }

    /// Is this the ticket of an order's change? A new order is dropped, anything else tried again.
    pub(super) fn order_not_stored(&mut self, ticket: u32, now: Now) {
        let Some(id) = self.job_of(ticket) else { return };
        let Some(job) = self.ledger.jobs.get_mut(&id) else { return };
        job.older.retain(|older| *older != ticket);
        if job.ticket == Some(ticket) {
            job.ticket = None;
            job.retry_ms = now.mono_ms + RETRY_MS;
        }
        // Another write of the same is still under way.
        if job.ticket.is_some() || job.news.is_none() && !job.older.is_empty() {
            return;
        }
        if job.news.is_none() {
            self.forget_order(&id);
            return;
        }
        if !std::mem::replace(&mut job.told_trouble, true) {
            let (to, order) = (job.to.clone(), job.next.clone());
            let reply = Reply::StoreTrouble { items: self.items(&order) };
            self.tell(to.unwrap_or_else(|| Address::loudspeaker(&order)), reply);
        }
        // A cancellation that came in the meantime takes the place of what failed.
        self.read_inbox(&id, now);
    }

    /// A new order that did not reach the disk never was one.
    fn forget_order(&mut self, id: &OrderId) {
        self.household.orders.remove(id);
        self.ledger.jobs.remove(id);
        self.ledger.timers.remove(id);
        self.ledger.inbox.remove(id);
    }

    pub(super) fn receipt(&mut self, receipt: Receipt, now: Now) {
        let id = receipt.order_id.clone();
        self.post(&id, News::Receipt(receipt), None, now);
    }

    pub(super) fn status_update(&mut self, update: StatusUpdate, now: Now) {
        if !self.household.orders.contains_key(&update.order_id) {
            return;
        }
        // Who does not know an order numbers no news of it.
        if update.code.as_deref() != Some(lifecycle::UNKNOWN_ORDER) {
            let newest = self.ledger.revs.entry(update.order_id.clone()).or_insert(0);
            if update.rev < *newest {
                return;
            }
            *newest = update.rev;
        }
        // Nothing comes later than now.
        let now_unix_ms = now.wall.map(|wall| wall.unix_ms);
        let since_unix_ms =
            update.since_unix_ms.map_or(now_unix_ms, |since| Some(since.min(now_unix_ms.unwrap_or(since))));
        let news = match (update.state, update.withdrawal) {
            (OrderState::HeldAtShop, _) => News::KeptBack(update.code),
            (state, None) => News::Status(state, since_unix_ms),
            (state, Some(answer)) => {
                News::Answered(Box::new(Answer { state, since_unix_ms, code: update.code, answer }))
            }
        };
        self.post(&update.order_id, news, None, now);
    }

    /// Takes an order back; the answer goes to `to` once it is on disk.
    pub(super) fn cancel_order(&mut self, id: &OrderId, to: Address, now: Now) {
        self.post(id, News::Cancelled, Some(to), now);
    }

    /// Withdraws from a purchase; the answer goes to `to` once that is on disk.
    pub(super) fn withdraw_order(&mut self, id: &OrderId, to: Address, now: Now) {
        let at_unix_ms = now.wall.map(|wall| wall.unix_ms);
        self.post(id, News::Withdraws { at_unix_ms }, Some(to), now);
    }

    /// The household asked for it at another speaker. Without an answer of its own: that speaker sees it in our orders.
    pub(super) fn cancel_for(&mut self, id: &OrderId, speaker: String, now: Now) {
        if self.household.orders.contains_key(id) && self.household.siblings.contains_key(&speaker) {
            self.siblings.asked_by.insert(id.clone(), speaker);
            self.post(id, News::Cancelled, None, now);
        }
    }

    /// The order that "cancel that" means: what is held before what was sent, the newest first. A withdrawal that is
    /// under way comes before what was sent, unless a product was named: who says "cancel that" after it means no
    /// other order. It is not taken back; the household hears how it stands.
    pub(super) fn cancellable(&self, skus: &[&str], now: Now) -> Option<OrderId> {
        let named = |order: &Order| skus.is_empty() || skus.iter().any(|sku| order.has(sku));
        let unsent = |order: &Order| is_unsent(order) && named(order);
        let sent = |order: &Order| {
            let is_sent = match order.state {
                OrderState::Sending | OrderState::HeldAtShop | OrderState::AwaitingPayment | OrderState::Approving => {
                    true
                }
                OrderState::Accepted | OrderState::Unknown => order.is_cancellable(now),
                OrderState::AwaitingAdult
                | OrderState::Held
                | OrderState::Shipped
                | OrderState::Delivered
                | OrderState::Rejected
                | OrderState::Cancelling
                | OrderState::Cancelled
                | OrderState::Expired
                | OrderState::Withdrawing
                | OrderState::Withdrawn
                | OrderState::Refunded => false,
            };
            is_sent && named(order)
        };
        let goes_back = |order: &Order| order.state == OrderState::Withdrawing && named(order);
        let newest = self.household.newest(unsent);
        let newest = match skus {
            [] => newest.or_else(|| self.household.newest(goes_back)).or_else(|| self.household.newest(sent)),
            _ => newest.or_else(|| self.household.newest(sent)).or_else(|| self.household.newest(goes_back)),
        };
        newest.map(|order| order.id.clone())
    }

    /// An adult's hand on the button: the newest order that waits for it, here or at the shop.
    pub(super) fn approve_newest(&mut self, now: Now) {
        match self.newest_awaiting_adult() {
            Some(id) => self.approve(&id, None, now),
            None => self.tell(Address { channel: Channel::Voice, lang: self.last_lang }, Reply::NothingToApprove),
        }
    }

    pub(super) fn newest_awaiting_adult(&self) -> Option<OrderId> {
        self.household.newest(|order| order.state.awaits_adult()).map(|order| order.id.clone())
    }

    /// An adult approves this order; the answer goes to `to`, or to the loudspeaker, once it is on disk.
    pub(super) fn approve(&mut self, id: &OrderId, to: Option<Address>, now: Now) {
        self.post(id, News::Approved, to, now);
    }

    /// The broker can be reached again: whatever waits for an answer asks again.
    pub(super) fn send_again(&mut self, now: Now) {
        self.ledger.again_with_clock = now.wall.is_none();
        self.ask_again(|_| true, now);
    }

    fn ask_again(&mut self, of: impl Fn(&Order) -> bool, now: Now) {
        let again: Vec<Effect> = self
            .open_orders()
            .filter(|order| of(order) && !self.ledger.jobs.contains_key(&order.id))
            .filter_map(|order| match order.state {
                OrderState::Sending => is_alive(order, now).then(|| Effect::Send { order: order.id.clone() }),
                OrderState::Cancelling => {
                    Some(Effect::AskCancel { order: order.id.clone(), reason: CancelReason::Household })
                }
                OrderState::Unknown => Some(Effect::AskStatus { order: order.id.clone() }),
                OrderState::Approving => Some(Effect::AskApprove { order: order.id.clone() }),
                OrderState::Withdrawing => Some(Effect::AskWithdraw { order: order.id.clone() }),
                OrderState::AwaitingAdult
                | OrderState::Held
                | OrderState::HeldAtShop
                | OrderState::AwaitingPayment
                | OrderState::Accepted
                | OrderState::Shipped
                | OrderState::Delivered
                | OrderState::Rejected
                | OrderState::Cancelled
                | OrderState::Expired
                | OrderState::Withdrawn
                | OrderState::Refunded => None,
            })
            .take(MAX_AGAIN)
            .collect();
        self.out.extend(again);
    }

    fn job_of(&self, ticket: u32) -> Option<OrderId> {
        self.ledger.jobs.iter().find(|(_, job)| job.has(ticket)).map(|(id, _)| id.clone())
    }

    /// Hands news to an order: at once, or after the change that is being written.
    fn post(&mut self, id: &OrderId, news: News, to: Option<Address>, now: Now) {
        if !self.household.orders.contains_key(id) && !self.ledger.jobs.contains_key(id) {
            if let Some(to) = to {
                self.tell(to, Reply::NothingToCancel);
            }
            return;
        }
        let inbox = self.ledger.inbox.entry(id.clone()).or_default();
        if inbox.len() < MAX_INBOX {
            inbox.push_back((news, to));
        }
        self.read_inbox(id, now);
    }

    fn read_inbox(&mut self, id: &OrderId, now: Now) {
        loop {
            if let Some(job) = self.ledger.jobs.get(id) {
                let waits = job.ticket.is_none();
                let unsent = self.household.orders.get(id).is_some_and(|order| order.state == OrderState::Held);
                if !(waits && unsent && self.is_taken_back(id)) {
                    return;
                }
                self.ledger.jobs.remove(id);
            }
            let Some((news, to)) = self.ledger.inbox.get_mut(id).and_then(VecDeque::pop_front) else {
                self.ledger.inbox.remove(id);
                return;
            };
            self.apply(id, news, to, now);
        }
    }

    /// Is a cancellation waiting for the change that is being written?
    fn is_taken_back(&self, id: &OrderId) -> bool {
        self.ledger.inbox.get(id).is_some_and(|inbox| inbox.iter().any(|(news, _)| *news == News::Cancelled))
    }

    fn apply(&mut self, id: &OrderId, news: News, to: Option<Address>, now: Now) {
        let asked_by = if news == News::Cancelled { self.siblings.asked_by.remove(id) } else { None };
        let Some(order) = self.household.orders.get(id) else { return };
        let Some(mut next) = lifecycle::next(order, &news) else {
            if let Some(to) = to {
                let reply = match news {
                    News::Approved => Reply::NothingToApprove,
                    News::Withdraws { .. } => self.why_not_withdrawn(order, now),
                    News::HoldOver
                    | News::Expired
                    | News::Cancelled
                    | News::Receipt(_)
                    | News::Status(..)
                    | News::KeptBack(_)
                    | News::Answered(_) => self.why_not_cancelled(order),
                };
                self.answer_about(to, reply, id);
            }
            return;
        };
        if tidings(Some(order.state), next.state).is_some() {
            next.to_tell = Some(ToTell::after(order, now));
        }
        if let (News::Approved, OrderState::Held, Some(wall)) = (&news, next.state, now.wall) {
            // The hold begins with the approval; the signed expiry stays as it was.
            next.hold_until_unix_ms = wall.unix_ms.saturating_add_unsigned(self.policy.hold_ms);
        }
        let ticket = self.next_ticket();
        let also = vec![step_of(&next, by(&news, to.as_ref()), asked_by, now)];
        let job = Job { news: Some(news), to, ..Job::new(next, also, ticket, now) };
        self.out.push(Effect::Store { ticket, writes: job.writes() });
        self.ledger.jobs.insert(id.clone(), job);
    }

    /// Is a change of it on its way to the disk?
    pub(super) fn is_being_written(&self, id: &OrderId) -> bool {
        self.ledger.jobs.contains_key(id)
    }

    /// The order's lines as a person calls them.
    pub(super) fn items(&self, order: &Order) -> Vec<Item> {
        let lines = order.quote.lines.iter();
        lines
            .map(|line| Item { product: self.product_name(&line.sku, &line.title, order.lang), qty: line.qty })
            .collect()
    }
}

fn step_of(order: &Order, by: By, speaker: Option<String>, now: Now) -> Write {
    let at_unix_ms = now.wall.map(|wall| wall.unix_ms);
    let (id, code) = (order.id.clone(), order.code.clone());
    Write::Step(Step { order: id, at_unix_ms, state: order.state, by, code, speaker })
}

/// Who brought the news. Only a PIN wants an answer of its own; the button has the loudspeaker.
fn by(news: &News, to: Option<&Address>) -> By {
    match news {
        News::Approved if to.is_some() => By::Pin,
        News::Approved => By::Button,
        News::HoldOver | News::Expired => By::Time,
        News::Cancelled | News::Withdraws { .. } => By::Household,
        News::Receipt(_) | News::Status(..) | News::KeptBack(_) | News::Answered(_) => By::Shop,
    }
}

/// The last day on which it may come, if the wall clock is known.
pub(super) fn arrives(order: &Order, now: Now) -> Option<Day> {
    now.wall.map(|wall| Day::of(order.quote.delivery.latest_unix_ms, wall))
}

/// Whole minutes, rounded to the nearest.
pub(super) fn minutes(ms: u64) -> u32 {
    u32::try_from(ms.saturating_add(30_000) / 60_000).unwrap_or(u32::MAX)
}

/// It never left this device.
pub(super) fn is_unsent(order: &Order) -> bool {
    matches!(order.state, OrderState::Held | OrderState::AwaitingAdult)
}
