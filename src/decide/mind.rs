//! The pure core: [`Mind::handle`] takes an event and the time, and answers with effects.
//!
//! Here events find their way: to the conversation ([`super::dialogue`]), to the confirmed
//! orders ([`super::ledger`]), or nowhere, if they belong to a turn that is over. Nothing here
//! reads a clock, draws a random number or decides about a purchase.

use super::Now;
use super::approval::Pins;
use super::chat::Chat;
use super::dialogue::{Admission, Cue, State};
use super::effect::{Effect, Write, audit};
use super::event::{Button, Channel, Event, Heard, Turn};
use super::guard::{self, hostile_text};
use super::household::Household;
use super::ledger::Ledger;
use super::notice::Notices;
use super::order::Order;
use super::policy::Policy;
use super::reply::{Reason, Reply};
use super::sibling::{Siblings, TakenBack};
use super::told::{About, Telling};
use crate::understand::grammar::Expect;
use crate::understand::intent::Parse;
use crate::understand::{Lang, Understanding};
use std::collections::VecDeque;

/// Hypotheses of one utterance that are parsed.
const MAX_PARSED: usize = 5;
/// Announcements that wait for a conversation to end; the oldest is dropped.
const MAX_ANNOUNCEMENTS: usize = 16;
/// A shop that is not trusted is spoken of at most once in this time.
const DISTRUST_EVERY_MS: u64 = 3_600_000;

/// When the mind wants to be woken, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadline {
    pub at_mono_ms: u64,
    pub why: &'static str,
}

/// For whom the conversation waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waits {
    /// No conversation is going on, but for the wake word perhaps.
    Nothing,
    /// The household's answer.
    Household,
    /// The shop, the disk, or the end of a reply.
    Edge,
}

/// To whom something is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) channel: Channel,
    pub(super) lang: Lang,
}

impl Address {
    pub(super) fn loudspeaker(order: &Order) -> Address {
        Address { channel: Channel::Voice, lang: order.lang }
    }
}

/// What waits to be said by the loudspeaker.
#[derive(Debug, Clone)]
struct Announcement {
    to: Address,
    reply: Reply,
    /// The order's news that it tells, if it does.
    about: Option<About>,
}

/// What is said once a write is on disk.
#[derive(Debug, Clone)]
struct OnceStored {
    ticket: u32,
    replies: Vec<(Address, Reply)>,
    /// Also if it could not be written.
    anyway: bool,
}

/// A copy goes its own way from there: the simulation tries every continuation.
#[derive(Clone)]
pub struct Mind {
    pub(super) policy: Policy,
    pub(super) household: Household,
    pub(super) understanding: Understanding,
    pub(super) state: State,
    pub(super) ledger: Ledger,
    pub(super) pins: Pins,
    pub(super) siblings: Siblings,
    pub(super) chat: Chat,
    pub(super) notices: Notices,
    once_stored: Vec<OnceStored>,
    /// The effects of the event that is being handled.
    pub(super) out: Vec<Effect>,
    announcements: VecDeque<Announcement>,
    pub(super) telling: Telling,
    started: bool,
    deadline: Option<Deadline>,
    turns: u32,
    /// The number of the last saying.
    pub(super) says: u32,
    tickets: u32,
    pub(super) requests: u32,
    pub(super) link_up: Option<bool>,
    pub(super) shop_online: Option<bool>,
    pub(super) last_lang: Lang,
    /// For "repeat" and "why", once the conversation is over.
    pub(super) last_reply: Option<Reply>,
    pub(super) last_reasons: Vec<Reason>,
    /// Product names in what was read back last, for the echo guard.
    pub(super) last_said: Vec<String>,
    distrust_told_ms: Option<u64>,
}

impl Mind {
    /// A mind with what the store knows of the household. Open orders go on where they were
    /// as soon as the first event comes.
    pub fn new(policy: Policy, understanding: Understanding, household: Household) -> Mind {
        Mind {
            last_lang: policy.lang,
            policy,
            household,
            understanding,
            state: State::Idle,
            ledger: Ledger::default(),
            pins: Pins::default(),
            siblings: Siblings::default(),
            chat: Chat::default(),
            notices: Notices::default(),
            once_stored: vec![],
            out: vec![],
            announcements: VecDeque::new(),
            telling: Telling::default(),
            started: false,
            deadline: Some(Deadline { at_mono_ms: 0, why: "start" }),
            turns: 0,
            says: 0,
            tickets: 0,
            requests: 0,
            link_up: None,
            shop_online: None,
            last_reply: None,
            last_reasons: vec![],
            last_said: vec![],
            distrust_told_ms: None,
        }
    }

    /// What to do about `event`. The list is bounded, and carried out in its order.
    pub fn handle(&mut self, event: Event, now: Now) -> Vec<Effect> {
        self.start(now);
        match event {
            Event::Heard(heard) => self.heard(heard, now),
            Event::HeardAgain { id, nbest } => {
                if self.state.waits_for_second_ear(id) {
                    self.step(Cue::HeardAgain(nbest), now);
                }
            }
            Event::Woke { score: _ } => self.step(Cue::Woke, now),
            Event::Silence { turn } => {
                if self.state.is_of_turn(turn) {
                    self.step(Cue::Silence, now);
                }
            }
            Event::Played { say } => {
                self.heard_out(say);
                self.notices_heard(say, now);
                if self.state.waits_for_say(say) {
                    self.step(Cue::Played, now);
                }
            }
            Event::Unheard { say } => {
                self.not_heard(say, now);
                self.notices_unheard(say, now);
                // What nobody heard nobody can answer: it is as if its end never came.
                if self.state.waits_for_say(say) {
                    self.step(Cue::TimeUp, now);
                }
            }
            Event::Stored { ticket } => {
                self.order_stored(ticket, now);
                self.tell_stored(ticket, true);
                self.chat_stored(ticket, true);
                self.consent_stored(ticket, true);
                if self.state.waits_for_ticket(ticket) {
                    self.step(Cue::Stored, now);
                }
            }
            Event::StoreFailed { ticket, why: _ } => {
                self.order_not_stored(ticket, now);
                self.tell_stored(ticket, false);
                self.chat_stored(ticket, false);
                self.consent_stored(ticket, false);
                if self.state.waits_for_ticket(ticket) {
                    self.step(Cue::StoreFailed, now);
                }
            }
            Event::Quoted(quote) => {
                if self.state.waits_for_quote(&quote.request_id) {
                    self.step(Cue::Quoted(Box::new(quote)), now);
                }
            }
            Event::NotQuoted { request_id, code } => {
                if self.state.waits_for_quote(&request_id) {
                    self.step(Cue::NotQuoted(hostile_text::clean_code(&code)), now);
                }
            }
            Event::Found { request_id, found } => {
                if self.state.waits_for_found(&request_id) {
                    self.step(Cue::Found(Box::new(found)), now);
                }
            }
            Event::History { request_id, past } => {
                if self.state.waits_for_history(&request_id) {
                    self.step(Cue::History(past), now);
                }
            }
            Event::Receipt(receipt) => self.receipt(receipt, now),
            Event::Status(update) => self.status_update(update, now),
            Event::Link { up } => {
                self.link_up = Some(up);
                if up {
                    self.send_again(now);
                    self.ask_siblings_again();
                }
            }
            Event::Shop { shop, online } => {
                if shop == self.understanding.catalog().shop {
                    self.shop_online = Some(online);
                }
            }
            Event::Button(Button::Tap) => self.step(Cue::Tap, now),
            Event::Button(Button::Hold) => self.approve_newest(now),
            Event::PinGiven { order, channel, lang, right } => {
                self.pin_given(order, Address { channel, lang }, right, now);
            }
            Event::Muted { on: true } => self.step(Cue::Muted, now),
            // The catalogue itself comes through `set_understanding`.
            Event::Muted { on: false } | Event::CatalogChanged { version: _ } | Event::Deadline => {}
            Event::Distrusted { shop, why } => self.distrust(&shop, &why, now),
            Event::CancelOrder { order } => {
                let to = Address { channel: Channel::Voice, lang: self.last_lang };
                self.cancel_order(&order, to, now);
            }
            Event::WithdrawOrder { order, channel, lang } => {
                self.withdraw_at_hand(&order, Address { channel, lang }, now);
            }
            Event::SharedOrders { device, rev, orders } => self.shared_orders(device, rev, orders, now),
            Event::CancelAskedBy { device, order } => self.cancel_for(&order, device, now),
            Event::HeardThere(there) => self.heard_there(there, now),
            Event::Chat { message, entropy } => self.hear_from_shop(message, entropy, now),
            Event::ReadChat { channel, lang } => self.read_chat(&Address { channel, lang }, now),
            Event::News { notice } => self.notice_came(notice),
            Event::NewsWish { wish, channel, lang, entropy } => {
                let to = Address { channel, lang };
                if let Some(reply) = self.wish_news(&wish, &to, entropy, now) {
                    self.tell(to, reply);
                }
            }
        }
        self.finish(now)
    }

    /// What to do about an utterance whose hypotheses mean `parses`, one for each, best first.
    /// [`Mind::handle`] comes here after parsing; a simulation may come here directly.
    pub fn understood(&mut self, heard: Heard, parses: Vec<Parse>, now: Now) -> Vec<Effect> {
        self.start(now);
        match self.state.admits(&heard) {
            Admission::Yes => self.step(Cue::Said(Box::new((heard, parses))), now),
            Admission::Busy => self.answer_while_busy(&heard, &parses, now),
            Admission::Late => self.rest_if_idle(),
        }
        self.finish(now)
    }

    /// The next moment at which the mind wants an [`Event::Deadline`].
    pub fn deadline(&self) -> Option<Deadline> {
        self.deadline
    }

    pub fn household(&self) -> &Household {
        &self.household
    }

    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    pub fn understanding(&self) -> &Understanding {
        &self.understanding
    }

    /// For whom the conversation waits now.
    pub fn waits(&self) -> Waits {
        match &self.state {
            State::Idle
                if self.ledger.owes_an_answer()
                    || self.siblings.owes_an_answer()
                    || self.chat.owes_an_answer()
                    || self.notices.owes_an_answer() =>
            {
                Waits::Edge
            }
            State::Idle | State::Listening { .. } => Waits::Nothing,
            State::Answering { .. } => Waits::Household,
            State::Quoting(_)
            | State::Comparing(_)
            | State::Seeking(_)
            | State::Recalling(_)
            | State::Asking { .. }
            | State::Storing { .. }
            | State::Closing { .. } => Waits::Edge,
        }
    }

    /// Is somebody being listened to, asked or answered? An announcement is no conversation.
    pub fn is_in_conversation(&self) -> bool {
        !matches!(self.state, State::Idle)
    }

    /// Is no conversation going on and nothing waiting to be announced?
    pub fn is_idle(&self) -> bool {
        matches!(self.state, State::Idle)
            && self.announcements.is_empty()
            && self.siblings.is_quiet()
            && !self.chat.owes_an_answer()
            && !self.notices.owes_an_answer()
    }

    /// A renewed catalogue. What was already read back stays as it was quoted.
    pub fn set_understanding(&mut self, understanding: Understanding) {
        self.understanding = understanding;
    }

    /// Parses what was heard in the light of what the dialogue waits for.
    fn heard(&mut self, heard: Heard, now: Now) {
        match self.state.admits(&heard) {
            Admission::Yes => {
                let parses = self.parse(&heard, &self.state.expect());
                self.step(Cue::Said(Box::new((heard, parses))), now);
            }
            Admission::Busy => {
                let parses = self.parse(&heard, &Expect::Command);
                self.answer_while_busy(&heard, &parses, now);
            }
            Admission::Late => self.rest_if_idle(),
        }
    }

    pub(super) fn parse(&self, heard: &Heard, expect: &Expect) -> Vec<Parse> {
        let buys = |sku: &str| self.household.buys(sku);
        heard
            .nbest
            .iter()
            .take(MAX_PARSED)
            .map(|hypothesis| self.understanding.parse(&hypothesis.text, heard.lang, expect, &buys))
            .collect()
    }

    fn start(&mut self, now: Now) {
        if !std::mem::replace(&mut self.started, true) {
            self.ledger.starts(now);
            self.restore_news(now);
            self.restore_lock(now);
            self.restore_chat();
        }
    }

    /// What is due, what waits to be announced, and when to come back.
    fn finish(&mut self, now: Now) -> Vec<Effect> {
        self.orders_due(now);
        self.siblings_due(now);
        if self.state.until_ms().is_some_and(|until_ms| until_ms <= now.mono_ms) {
            self.step(Cue::TimeUp, now);
        }
        // Before what waits is announced: what falls due now is to be said now.
        self.chat_due(now);
        self.notices_due(now);
        self.announce(now);
        if matches!(self.state, State::Idle) && self.announcements.is_empty() && self.may_tell(now) {
            self.state = self.tell_from_person(now);
        }
        if self.is_idle() {
            self.suggest(now);
        }
        // Last of all: a shop's news are nothing that somebody waits for.
        if self.is_idle() {
            self.tell_notice(now);
        }
        let of_state = self.state.until_ms().map(|until_ms| (until_ms, self.state.why()));
        let of_orders = self.ledger.deadline(self, now);
        let of_habit = self.next_suggestion_ms(now).map(|at_ms| (at_ms, "a suggestion"));
        let of_siblings = self.siblings.deadline();
        // In a conversation, its own deadlines come first.
        let of_news = if matches!(self.state, State::Idle) { self.news_deadline(now) } else { None };
        let of_chat = self.chat_deadline(now).filter(|_| matches!(self.state, State::Idle));
        let of_shop_news = self.notice_deadline(now).filter(|_| self.is_idle());
        let of_disk = self.disk_deadline();
        let of_orders = of_orders.into_iter().chain(of_news).chain(of_siblings).chain(of_shop_news).chain(of_disk);
        let next = of_state.into_iter().chain(of_orders).chain(of_habit).chain(of_chat).min();
        self.deadline = next.map(|(at_mono_ms, why)| Deadline { at_mono_ms, why });
        std::mem::take(&mut self.out)
    }

    /// Says the next announcement that still is one, if no conversation is going on.
    fn announce(&mut self, now: Now) {
        if !matches!(self.state, State::Idle) {
            return;
        }
        if self.announcements.is_empty() {
            self.next_news(now);
        }
        while let Some(Announcement { to, reply, about }) = self.announcements.pop_front() {
            if let Some(reply) = self.still_true(reply, about.as_ref(), now) {
                self.state = self.close(to, reply, now, false);
                return self.is_said(&Channel::Voice, about);
            }
        }
    }

    /// Typed words while another conversation is going on: only taking back is possible.
    fn answer_while_busy(&mut self, heard: &Heard, parses: &[Parse], now: Now) {
        use crate::understand::intent::Intent;
        let to = Address { channel: heard.channel.clone(), lang: heard.lang };
        let cancels = parses.first().filter(|parse| parse.intent == Intent::Cancel);
        let taken_back = cancels.map_or(TakenBack::Nothing, |parse| {
            let skus: Vec<&str> = parse.lines.iter().map(|line| line.sku.as_str()).collect();
            self.take_back(&skus, &to, now)
        });
        let reply = match taken_back {
            TakenBack::Here => return,
            TakenBack::There(reply) => reply,
            TakenBack::Nothing => Reply::Busy,
        };
        self.say(&to, reply);
    }

    /// Ears that nobody listens to any more go back to the wake word.
    fn rest_if_idle(&mut self) {
        if matches!(self.state, State::Idle) {
            self.out.push(Effect::Rest);
        }
    }

    fn distrust(&mut self, shop: &str, why: &str, now: Now) {
        let verdict = guard::shop::distrusted(shop, why);
        self.write_down(vec![audit(None, "", vec![verdict], now)]);
        let told_lately = self.distrust_told_ms.is_some_and(|told_ms| now.mono_ms < told_ms + DISTRUST_EVERY_MS);
        if !told_lately {
            self.distrust_told_ms = Some(now.mono_ms);
            let to = Address { channel: Channel::Voice, lang: self.last_lang };
            self.tell(to, Reply::Distrusted { shop: hostile_text::clean(shop) });
        }
    }

    /// Writes it; the ticket of the writing.
    pub(super) fn write_down(&mut self, writes: Vec<Write>) -> u32 {
        let ticket = self.next_ticket();
        self.out.push(Effect::Store { ticket, writes });
        ticket
    }

    /// Writes, and says `replies` when it is on disk; if it could not be written, only if they are true `anyway`.
    pub(super) fn tell_once_stored(&mut self, writes: Vec<Write>, replies: Vec<(Address, Reply)>, anyway: bool) {
        let ticket = self.write_down(writes);
        self.once_stored.push(OnceStored { ticket, replies, anyway });
    }

    fn tell_stored(&mut self, ticket: u32, stored: bool) {
        let Some(at) = self.once_stored.iter().position(|told| told.ticket == ticket) else { return };
        let OnceStored { replies, anyway, .. } = self.once_stored.remove(at);
        for (to, reply) in replies.into_iter().filter(|_| stored || anyway) {
            self.tell(to, reply);
        }
    }

    /// Says it at once; the number of the saying.
    pub(super) fn say(&mut self, to: &Address, reply: Reply) -> u32 {
        self.says = self.says.wrapping_add(1);
        if let Reply::ReadBack { items, .. } | Reply::AskReturn { items, .. } = &reply {
            self.last_said = items.iter().map(|item| item.product.clone()).collect();
        }
        if let Reply::PersonSays { text, .. } = &reply {
            self.last_said = vec![text.clone()];
        }
        if let Reply::News { told, .. } = &reply {
            self.last_said = told.iter().map(|told| told.text.clone()).collect();
        }
        self.out.push(Effect::Say { say: self.says, channel: to.channel.clone(), lang: to.lang, reply });
        self.says
    }

    /// Says it when no conversation is going on; to a text channel at once.
    pub(super) fn tell(&mut self, to: Address, reply: Reply) {
        self.tell_about(to, reply, None);
    }

    pub(super) fn tell_about(&mut self, to: Address, reply: Reply, about: Option<About>) {
        match to.channel {
            Channel::Text(_) | Channel::Open(_) => {
                self.say(&to, reply);
                self.is_said(&to.channel, about);
            }
            Channel::Voice => {
                if self.announcements.len() == MAX_ANNOUNCEMENTS {
                    let dropped = self.announcements.pop_front();
                    self.not_said(dropped.and_then(|dropped| dropped.about));
                }
                self.announcements.push_back(Announcement { to, reply, about });
            }
        }
    }

    pub(super) fn next_ticket(&mut self) -> u32 {
        self.tickets = self.tickets.wrapping_add(1);
        self.tickets
    }

    pub(super) fn next_turn(&mut self) -> Turn {
        self.turns = self.turns.wrapping_add(1);
        Turn(self.turns)
    }

    /// What a person calls the product, else what the shop calls it; always cleaned.
    pub(super) fn product_name(&self, sku: &str, title: &str, lang: Lang) -> String {
        guard::short_name(self.understanding.catalog(), sku, lang).unwrap_or_else(|| hostile_text::clean(title))
    }
}
