//! What the household was told of each order, and what it still has to hear. Pure.
//!
//! A change that the household must hear of is numbered, and the number is on disk with the change
//! ([`super::order::ToTell`]). Once it has really been said to its end, or read, that is written too ([`Write::Told`]).
//! What is between the two when the program ends is told after the next start: at least once, the newest of each order
//! only, in words that are true by then. Within one life nothing is told twice. Never decides anything about an order.

use super::effect::Write;
use super::event::Channel;
use super::ledger::{arrives, minutes};
use super::lifecycle::{PAYMENT, PAYMENT_EXPIRED};
use super::mind::{Address, Mind};
use super::order::{Order, OrderId, OrderState, ToTell};
use super::reply::Reply;
use super::when::Moment;
use super::{Now, Wall};
use std::collections::{BTreeMap, VecDeque};

/// What is older than this is not told any more: the household will have asked.
const RECENT_MS: i64 = 7 * 24 * 3_600_000;
/// What was on its way to the shop at the start: its answer may come any moment, and tells more.
const ANSWER_SOON_MS: u64 = 60_000;
/// What could not be heard is said again after this time.
const AGAIN_MS: u64 = 15 * 60_000;
/// While the wall clock is unknown it is looked at this often.
const CLOCK_POLL_MS: u64 = 30_000;
/// Sayings that are waited for; more are not in the queue of any voice.
const MAX_SAYING: usize = 64;

/// What there is to hear of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tidings {
    Held,
    AwaitingAdult,
    HeldByShop,
    PaymentAsked,
    ApprovalSent,
    Booked,
    Rejected,
    CancelAsked,
    Cancelled,
    CancelRefused,
    NotApproved,
    NotPaid,
    Expired,
    Lost,
    WithdrawalSent,
    WithdrawalRefused,
    Withdrawn,
    Refunded,
}

/// What the household must hear of a change from one state to another; `None`: nothing. `before` is `None` for a new order.
pub(super) fn tidings(before: Option<OrderState>, after: OrderState) -> Option<Tidings> {
    use OrderState::*;
    match after {
        AwaitingAdult => Some(Tidings::AwaitingAdult),
        Held => Some(Tidings::Held),
        Sending => None,
        HeldAtShop => Some(Tidings::HeldByShop),
        AwaitingPayment => Some(Tidings::PaymentAsked),
        Approving => Some(Tidings::ApprovalSent),
        Accepted | Shipped | Delivered => match before {
            Some(Withdrawing) => Some(Tidings::WithdrawalRefused),
            Some(Cancelling) => Some(Tidings::CancelRefused),
            // It goes on; that it is booked was told before.
            Some(Accepted | Shipped | Delivered) => None,
            // Its receipt may have been lost on the way.
            None
            | Some(
                AwaitingAdult | Held | Sending | HeldAtShop | AwaitingPayment | Approving | Rejected | Cancelled
                | Expired | Withdrawn | Refunded | Unknown,
            ) => Some(Tidings::Booked),
        },
        Rejected => Some(Tidings::Rejected),
        Cancelling => (before != Some(Cancelling)).then_some(Tidings::CancelAsked),
        Cancelled => Some(Tidings::Cancelled),
        Expired => match before {
            Some(AwaitingAdult | HeldAtShop) => Some(Tidings::NotApproved),
            Some(AwaitingPayment) => Some(Tidings::NotPaid),
            None
            | Some(
                Held | Sending | Approving | Accepted | Shipped | Delivered | Rejected | Cancelling | Cancelled
                | Expired | Withdrawing | Withdrawn | Refunded | Unknown,
            ) => Some(Tidings::Expired),
        },
        Unknown => Some(Tidings::Lost),
        Withdrawing => (before != Some(Withdrawing)).then_some(Tidings::WithdrawalSent),
        Withdrawn => Some(Tidings::Withdrawn),
        Refunded => Some(Tidings::Refunded),
    }
}

/// Does an answer tell what the order's newest news would? "There is nothing to return" says nothing of what became of it.
fn tells_the_newest(answer: &Reply) -> bool {
    matches!(
        answer,
        Reply::CancelAsked { .. }
            | Reply::Cancelled { .. }
            | Reply::WithdrawalSent { .. }
            | Reply::WithdrawalStands { .. }
            | Reply::Withdrawn { .. }
            | Reply::Refunded { .. }
    )
}

/// Which news of which order something tells, and in which state it found the order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct About {
    order: OrderId,
    number: u32,
    state: OrderState,
    /// Who hears it has heard the news; else it is an answer that newer news make old.
    is_news: bool,
}

impl About {
    /// The newest news of it; `None`: there never were any.
    pub(super) fn of(order: &Order) -> Option<About> {
        let number = order.to_tell.as_ref()?.number;
        Some(About { order: order.id.clone(), number, state: order.state, is_news: true })
    }
}

/// What is to be told, and what is being told.
#[derive(Debug, Default, Clone)]
pub(super) struct Telling {
    /// Orders with news that nobody has heard and that nothing says just now, and from when on it may be told;
    /// monotonic, milliseconds.
    waiting: BTreeMap<OrderId, u64>,
    /// Sayings that have not ended, the oldest first, with what they tell.
    saying: VecDeque<(u32, Channel, About)>,
}

impl Mind {
    /// After a start: what is held is told anew, since it can still be taken back; and whatever was reached and never told.
    pub(super) fn restore_news(&mut self, now: Now) {
        let orders: Vec<Order> = self.household.orders.values().cloned().collect();
        for order in orders {
            let left_ms = now.wall.map_or(self.policy.hold_ms, |wall| {
                u64::try_from(order.hold_until_unix_ms - wall.unix_ms).unwrap_or(0).min(self.policy.hold_ms)
            });
            if order.state == OrderState::Held && left_ms > 0 {
                let reply = Reply::Resumed { items: self.items(&order), minutes: minutes(left_ms).max(1) };
                self.tell_news(Address::loudspeaker(&order), reply, &order);
            } else if self.is_untold(&order) {
                let soon = matches!(order.state, OrderState::Held | OrderState::Sending);
                let from_ms = now.mono_ms + if soon { ANSWER_SOON_MS } else { 0 };
                self.telling.waiting.insert(order.id, from_ms);
            }
        }
    }

    /// The oldest news that may be told now, as an announcement; it waits no longer.
    pub(super) fn next_news(&mut self, now: Now) {
        let waiting = self.telling.waiting.keys().filter_map(|id| self.household.orders.get(id));
        let due = waiting.filter(|order| self.news_ms(order, now).is_some_and(|at_ms| at_ms <= now.mono_ms));
        let at = |order: &&Order| (order.to_tell.as_ref().and_then(|news| news.at_unix_ms), order.id.clone());
        let Some(order) = due.min_by_key(at).cloned() else { return };
        self.telling.waiting.remove(&order.id);
        let reply = self.news_of(&order, now);
        self.tell_news(Address::loudspeaker(&order), reply, &order);
    }

    /// The next moment at which waiting news may be told.
    pub(super) fn news_deadline(&self, now: Now) -> Option<(u64, &'static str)> {
        let waiting = self.telling.waiting.keys().filter_map(|id| self.household.orders.get(id));
        waiting.filter_map(|order| self.news_ms(order, now)).min().map(|at_ms| (at_ms, "news that nobody has heard"))
    }

    /// From when on the news of a waiting order may be told; `None`: not now, or not any more.
    fn news_ms(&self, order: &Order, now: Now) -> Option<u64> {
        // A change that is being written has news of its own.
        if !self.is_untold(order) || self.is_being_written(&order.id) {
            return None;
        }
        let from_ms = *self.telling.waiting.get(&order.id)?;
        // Without the time nobody knows what is quiet, old, or still to come.
        let Some(wall) = now.wall else { return Some(from_ms.max(now.mono_ms + CLOCK_POLL_MS)) };
        if !is_recent(order, wall) {
            return None;
        }
        let hurries = order.state.awaits_adult() || order.state == OrderState::AwaitingPayment;
        Some(if hurries { from_ms } else { from_ms.max(self.policy.quiet_ends_ms(now)) })
    }

    /// Did the household never hear the newest of it?
    fn is_untold(&self, order: &Order) -> bool {
        let told = self.household.told.get(&order.id).copied().unwrap_or(0);
        order.to_tell.as_ref().is_some_and(|news| news.number > told)
    }

    /// Says that of an order, and remembers for what it is said.
    pub(super) fn tell_news(&mut self, to: Address, reply: Reply, order: &Order) {
        let about = About::of(order);
        self.telling.waiting.remove(&order.id);
        self.tell_about(to, reply, about);
    }

    /// Answers who asked about an order; not any more, once the order has gone on to newer news.
    pub(super) fn answer_about(&mut self, to: Address, reply: Reply, id: &OrderId) {
        let about = self.household.orders.get(id).and_then(About::of);
        let about = about.map(|about| About { is_news: tells_the_newest(&reply), ..about });
        self.tell_about(to, reply, about);
    }

    /// The last saying tells that news.
    pub(super) fn is_said(&mut self, channel: &Channel, about: Option<About>) {
        let Some(about) = about.filter(|about| about.is_news) else { return };
        if self.telling.saying.len() == MAX_SAYING {
            self.telling.saying.pop_front();
        }
        self.telling.saying.push_back((self.says, channel.clone(), about));
    }

    /// An announcement found no place: its news is told later.
    pub(super) fn not_said(&mut self, about: Option<About>) {
        if let Some(about) = about.filter(|about| about.is_news) {
            self.telling.waiting.insert(about.order, 0);
        }
    }

    /// What an announcement says by now: `reply` as long as nothing has changed; `None`: newer news take its place.
    pub(super) fn still_true(&self, reply: Reply, about: Option<&About>, now: Now) -> Option<Reply> {
        let Some(about) = about else { return Some(reply) };
        let order = self.household.orders.get(&about.order)?;
        if About::of(order).is_none_or(|newest| newest.number != about.number) {
            return None;
        }
        Some(if order.state == about.state || !about.is_news { reply } else { self.news_of(order, now) })
    }

    /// A saying has really ended, or was read: the household was told.
    pub(super) fn heard_out(&mut self, say: u32) {
        let Some(about) = self.take_saying(say).map(|(_, about)| about) else { return };
        let told = self.household.told.entry(about.order.clone()).or_insert(0);
        if *told < about.number {
            *told = about.number;
            self.write_down(vec![Write::Told { order: about.order, number: about.number }]);
        }
    }

    /// A saying could not be heard or read: it is said later, by the loudspeaker.
    pub(super) fn not_heard(&mut self, say: u32, now: Now) {
        let Some((channel, about)) = self.take_saying(say) else { return };
        // Newer news have their own saying.
        let newest = self.household.orders.get(&about.order).and_then(About::of);
        if newest.is_none_or(|newest| newest.number != about.number) {
            return;
        }
        let after_ms = if channel == Channel::Voice { AGAIN_MS } else { 0 };
        self.telling.waiting.insert(about.order, now.mono_ms + after_ms);
    }

    fn take_saying(&mut self, say: u32) -> Option<(Channel, About)> {
        let at = self.telling.saying.iter().position(|(of, _, _)| *of == say)?;
        self.telling.saying.remove(at).map(|(_, channel, about)| (channel, about))
    }

    /// The newest of an order, in words that are true now.
    fn news_of(&self, order: &Order, now: Now) -> Reply {
        let before = order.to_tell.as_ref().and_then(|news| news.from);
        match tidings(before, order.state) {
            Some(tidings) => self.reply_to(tidings, order, now),
            // It went on since: where it stands is all that is known.
            None => Reply::OrderStatus { items: self.items(order), state: order.state, arrives: arrives(order, now) },
        }
    }

    pub(super) fn reply_to(&self, tidings: Tidings, order: &Order, now: Now) -> Reply {
        let items = self.items(order);
        let code = order.code.clone().unwrap_or_default();
        match tidings {
            Tidings::Held => {
                Reply::Held { items, minutes: minutes(self.hold_left_ms(order, self.policy.hold_ms, now)) }
            }
            Tidings::AwaitingAdult => {
                let left_ms = self.hold_left_ms(order, self.policy.adult_wait_ms, now);
                Reply::AwaitingAdult { items, minutes: minutes(left_ms).max(1) }
            }
            Tidings::HeldByShop => Reply::HeldByShop { items, code },
            Tidings::PaymentAsked => Reply::PaymentAsked {
                items,
                total: order.quote.total(),
                until: now.wall.map(|wall| Moment::of(order.expires_unix_ms, wall)),
            },
            Tidings::ApprovalSent => Reply::ApprovalSent { items },
            Tidings::Booked => Reply::Booked { items, arrives: arrives(order, now) },
            Tidings::Rejected => Reply::RejectedByShop { items, code },
            Tidings::CancelAsked => Reply::CancelAsked { items },
            Tidings::Cancelled => Reply::Cancelled { items },
            Tidings::CancelRefused => Reply::CancelRefused { items },
            Tidings::NotPaid => Reply::NotPaid { items },
            // The shop was silent in between.
            Tidings::Expired if code == PAYMENT_EXPIRED || code == PAYMENT => Reply::NotPaid { items },
            Tidings::NotApproved => Reply::NotApproved { items },
            Tidings::Expired => Reply::Expired { items },
            Tidings::Lost => Reply::Lost { items },
            Tidings::WithdrawalSent => Reply::WithdrawalSent { items },
            // Why is kept with the order; until when it would have been in time was in the shop's answer only.
            Tidings::WithdrawalRefused => Reply::WithdrawalRefused { items, code, until: None },
            Tidings::Withdrawn => super::ledger::withdrawn(order, items, now),
            Tidings::Refunded => Reply::Refunded { items },
        }
    }
}

fn is_recent(order: &Order, wall: Wall) -> bool {
    let at_unix_ms = order.to_tell.as_ref().and_then(|news| news.at_unix_ms);
    at_unix_ms.is_none_or(|at_unix_ms| wall.unix_ms.saturating_sub(at_unix_ms) <= RECENT_MS)
}

impl ToTell {
    /// The first news of a new order.
    pub(super) fn first(now: Now) -> ToTell {
        ToTell { number: 1, from: None, at_unix_ms: now.wall.map(|wall| wall.unix_ms) }
    }

    /// The news that `order` goes on from where it is.
    pub(super) fn after(order: &Order, now: Now) -> ToTell {
        let number = order.to_tell.as_ref().map_or(0, |news| news.number).saturating_add(1);
        ToTell { number, from: Some(order.state), ..ToTell::first(now) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use OrderState::*;

    #[test]
    fn what_the_household_must_hear_of_each_change() {
        type Row = (Option<OrderState>, OrderState, Option<Tidings>);
        let table: &[Row] = &[
            (None, Held, Some(Tidings::Held)),
            (None, AwaitingAdult, Some(Tidings::AwaitingAdult)),
            (Some(AwaitingAdult), Held, Some(Tidings::Held)),
            (Some(Held), Sending, None),
            (Some(Sending), HeldAtShop, Some(Tidings::HeldByShop)),
            (Some(HeldAtShop), Approving, Some(Tidings::ApprovalSent)),
            (Some(Sending), AwaitingPayment, Some(Tidings::PaymentAsked)),
            (Some(Approving), AwaitingPayment, Some(Tidings::PaymentAsked)),
            (Some(AwaitingPayment), Accepted, Some(Tidings::Booked)),
            (Some(AwaitingPayment), Expired, Some(Tidings::NotPaid)),
            (Some(Sending), Accepted, Some(Tidings::Booked)),
            (Some(Unknown), Delivered, Some(Tidings::Booked)),
            (Some(Accepted), Shipped, None),
            (Some(Shipped), Delivered, None),
            (Some(Accepted), Cancelling, Some(Tidings::CancelAsked)),
            (Some(Cancelling), Cancelling, None),
            (Some(Cancelling), Accepted, Some(Tidings::CancelRefused)),
            (Some(Cancelling), Delivered, Some(Tidings::CancelRefused)),
            (Some(Cancelling), Cancelled, Some(Tidings::Cancelled)),
            (Some(Sending), Rejected, Some(Tidings::Rejected)),
            (Some(Held), Expired, Some(Tidings::Expired)),
            (Some(AwaitingAdult), Expired, Some(Tidings::NotApproved)),
            (Some(HeldAtShop), Expired, Some(Tidings::NotApproved)),
            (Some(Sending), Unknown, Some(Tidings::Lost)),
            (Some(Delivered), Withdrawing, Some(Tidings::WithdrawalSent)),
            (Some(Withdrawing), Withdrawing, None),
            (Some(Withdrawing), Delivered, Some(Tidings::WithdrawalRefused)),
            (Some(Withdrawing), Withdrawn, Some(Tidings::Withdrawn)),
            // Now with the time at which the shop received it.
            (Some(Withdrawn), Withdrawn, Some(Tidings::Withdrawn)),
            (Some(Withdrawn), Refunded, Some(Tidings::Refunded)),
        ];
        for (before, after, expected) in table {
            assert_eq!(tidings(*before, *after), *expected, "{before:?} -> {after:?}");
        }
    }

    /// Whatever was untold when an order went on silently is told in words that hold where it is now.
    #[test]
    fn what_went_on_silently_is_told_as_it_is_now() {
        let table: &[(Option<OrderState>, OrderState, Option<Tidings>)] = &[
            (None, Sending, None),
            (Some(Sending), Delivered, Some(Tidings::Booked)),
            (Some(Cancelling), Shipped, Some(Tidings::CancelRefused)),
            (Some(Withdrawing), Delivered, Some(Tidings::WithdrawalRefused)),
            (Some(Shipped), Withdrawing, Some(Tidings::WithdrawalSent)),
        ];
        for (from, now, expected) in table {
            assert_eq!(tidings(*from, *now), *expected, "{from:?}, and now {now:?}");
        }
    }

    #[test]
    fn news_are_numbered_from_one() {
        let now = Now { mono_ms: 5, wall: Some(Wall { unix_ms: 77, offset_min: 60 }) };
        assert_eq!(ToTell::first(now), ToTell { number: 1, from: None, at_unix_ms: Some(77) });
        let mut scene = crate::decide::guard::fixture::Scene::new();
        scene.ordered("1", "coffee", Held, 0, 700);
        let mut order = scene.household.orders.pop_first().expect("it was just put there").1;
        // From before news were numbered: the next one is the first.
        assert_eq!(ToTell::after(&order, now), ToTell { number: 1, from: Some(Held), at_unix_ms: Some(77) });
        order.to_tell = Some(ToTell::first(now));
        let unknown = Now { mono_ms: 6, wall: None };
        assert_eq!(ToTell::after(&order, unknown), ToTell { number: 2, from: Some(Held), at_unix_ms: None });
    }
}
