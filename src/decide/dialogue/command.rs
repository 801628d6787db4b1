//! What a first utterance leads to: a proposal, an answer, or nothing. Only
//! [`Intent::Reorder`] can lead to a purchase.

use super::super::Now;
use super::super::effect::Write;
use super::super::event::{Channel, Heard};
use super::super::guard::hostile_text;
use super::super::ledger::arrives;
use super::super::mind::Mind;
use super::super::notice::consent::Wish;
use super::super::order::{Order, QuoteLine, Wanted};
use super::super::reply::{Item, Reason, Reply};
use super::super::second_ear::SecondEar;
use super::super::sibling::{SharedOrder, TakenBack};
use super::super::when::Moment;
use super::{Proposed, Question, State, Talk};
use crate::understand::intent::{Intent, Line, NotAnOrder, Parse};
use std::collections::BTreeMap;

/// Products in one utterance.
const MAX_LINES: usize = 8;
/// Packs in one line; more is not something that a household says.
const MAX_QTY: u32 = 999;
/// Hypotheses whose confidence is this close to the best one's (of 1.0) count as rivals.
const CLOSE: f32 = 0.15;

/// What a first utterance leads to.
enum Outcome {
    Propose,
    /// Take an order back that the shop has.
    Return,
    /// Ask the shop for a person,
    Person,
    /// or what it would propose.
    Find,
    /// Hear what was bought from the shop.
    Recall,
    /// Hear the shop's news, or say which of them are wanted.
    News,
    NotUnderstood,
    Say(Reply),
    /// Done without a word, or with one that comes by itself.
    Done,
}

impl Mind {
    /// `misses`: how often it was asked for again already.
    pub(super) fn command(&mut self, said: (Heard, Vec<Parse>), misses: u8, now: Now) -> State {
        let (heard, parses) = said;
        self.last_lang = heard.lang;
        let mut talk = Talk { misses, ..Talk::new(&heard) };
        if heard.acoustics.while_speaking {
            // Our own voice: an answer would only be heard again.
            return if heard.channel == Channel::Voice { self.rest() } else { State::Idle };
        }
        if holds_card_number(&heard) {
            return self.close_talk(talk, Reply::CardNumber, now);
        }
        let proposed = Proposed::new(heard, parses);
        talk.spoken.push(proposed.text.clone());
        self.follow(talk, proposed, now)
    }

    pub(super) fn follow(&mut self, talk: Talk, mut proposed: Proposed, now: Now) -> State {
        if let Some(state) = self.meant_for_person(&talk, &proposed, now) {
            return state;
        }
        for parse in std::mem::take(&mut proposed.parse.also) {
            self.besides(&talk, &proposed, parse, now);
        }
        if proposed.parse.asks_for_usual() {
            self.repeat_last(&mut proposed);
        }
        // What is proposed now is what the words named, and they were the last that were said.
        let can_be_heard_again = proposed.parse.intent == Intent::Reorder && proposed.parse.not_an_order.is_none();
        if proposed.parse.intent == Intent::Confirm
            && let Some(wanted) = self.meant_by_order_it(now)
        {
            // Nothing was read back, so nothing is confirmed: it is a wish, and every guard looks at it.
            proposed.parse = Parse { intent: Intent::Reorder, ..proposed.parse };
            proposed.lines = vec![wanted];
        }
        match self.outcome(&talk, &proposed, now) {
            Outcome::Propose => {
                if can_be_heard_again {
                    proposed.second = SecondEar::CanBeAsked;
                }
                self.begin(talk, proposed, now)
            }
            Outcome::NotUnderstood => self.not_understood(talk, now),
            Outcome::Say(reply) => self.close_talk(talk, reply, now),
            Outcome::Return => self.ask_return(talk, &proposed.parse, now),
            Outcome::Person => self.ask_person(talk, &proposed, now),
            Outcome::News => self.news(talk, &proposed, now),
            Outcome::Find => self.find(talk, proposed, now),
            Outcome::Recall => self.recall(talk, now),
            Outcome::Done => self.done(&talk),
        }
    }

    /// Fills in the lines of the last order, as far as they are still sold.
    pub(super) fn repeat_last(&self, proposed: &mut Proposed) {
        let Some(last) = self.household.newest(|order| order.state.counts()) else { return };
        let sold = |line: &&QuoteLine| self.understanding.catalog().product(&line.sku).is_some();
        let again = |line: &QuoteLine| Wanted { sku: line.sku.clone(), qty: line.qty, options: line.options.clone() };
        proposed.lines = last.quote.lines.iter().filter(sold).map(again).take(MAX_LINES).collect();
        proposed.repeats_unix_ms = Some(last.confirmed.at_unix_ms);
    }

    /// What was asked for in the same breath: done at once, and told when the conversation leaves room for it. It never buys.
    fn besides(&mut self, talk: &Talk, said: &Proposed, parse: Parse, now: Now) {
        let lines = parse.lines.iter().take(MAX_LINES).map(wanted).collect();
        let other = Proposed { parse, lines, rivals: vec![], ..said.clone() };
        match self.outcome(talk, &other, now) {
            Outcome::Say(reply) => self.tell(talk.to.clone(), reply),
            Outcome::Recall => self.tell(talk.to.clone(), self.bought_here(talk.lang(), now)),
            Outcome::Done
            | Outcome::Propose
            | Outcome::Return
            | Outcome::Person
            | Outcome::News
            | Outcome::Find
            | Outcome::NotUnderstood => {}
        }
    }

    /// The only match over intents outside of a conversation.
    fn outcome(&mut self, talk: &Talk, proposed: &Proposed, now: Now) -> Outcome {
        Outcome::Say(match proposed.parse.intent {
            // "the usual" of a household that has not ordered yet.
            Intent::Reorder | Intent::ListAdd if proposed.lines.is_empty() => Reply::WhichProduct,
            Intent::Reorder => return Outcome::Propose,
            Intent::Return => return Outcome::Return,
            Intent::None if proposed.tells_of_buying() => return Outcome::Propose,
            Intent::None | Intent::Affirm if proposed.coupon.is_some() => Reply::CouponAlone,
            Intent::None => return Outcome::NotUnderstood,
            Intent::Change | Intent::Confirm | Intent::Affirm => Reply::NothingToConfirm,
            Intent::Deny | Intent::Stop => return Outcome::Done,
            Intent::ListAdd => self.listed(talk, &proposed.lines, None),
            Intent::Cancel => {
                let skus: Vec<&str> = proposed.parse.lines.iter().map(|line| line.sku.as_str()).collect();
                match self.take_back(&skus, &talk.to, now) {
                    TakenBack::Here => return Outcome::Done,
                    TakenBack::There(reply) => reply,
                    TakenBack::Nothing => Reply::NothingToCancel,
                }
            }
            Intent::Status => self.status_of(talk, proposed, now),
            Intent::History if proposed.parse.lines.is_empty() => return Outcome::Recall,
            Intent::History => self.history_of(proposed, now),
            Intent::Price => self.price_of(talk, proposed),
            Intent::Repeat => self.last_reply.clone().unwrap_or(Reply::NotUnderstood),
            Intent::Why => Reply::Because { reasons: self.reasons_to_tell(talk, now) },
            Intent::Help => Reply::Help,
            Intent::Find => return Outcome::Find,
            Intent::Handoff => return Outcome::Person,
            Intent::News => return Outcome::News,
        })
    }

    /// "What's new?", "tell me about offers", "only recalls".
    fn news(&mut self, talk: Talk, proposed: &Proposed, now: Now) -> State {
        let rest = talk.to.channel == Channel::Voice;
        let parse = &proposed.parse;
        let Some(on) = parse.switch else {
            return self.tell_whats_new(&parse.kinds, talk.to, rest, now);
        };
        if let Some(reason) = self.unfit(proposed).filter(|_| on) {
            return self.close_talk(talk, Reply::Refused { reason }, now);
        }
        let wish = Wish { on, only: parse.only, kinds: parse.kinds.clone() };
        match self.wish_news(&wish, &talk.to, proposed.heard.entropy, now) {
            Some(reply) => self.close_talk(talk, reply, now),
            None => self.done(&talk),
        }
    }

    /// Behind the last answer; else behind what the shop told last.
    fn reasons_to_tell(&self, talk: &Talk, now: Now) -> Vec<Reason> {
        if self.last_reasons.is_empty() {
            return self.why_told_last(talk.lang(), now).into_iter().collect();
        }
        self.last_reasons.clone()
    }

    /// Asks for the command once more, then gives up.
    pub(super) fn not_understood(&mut self, mut talk: Talk, now: Now) -> State {
        talk.misses += 1;
        if talk.misses > 1 {
            return self.close_talk(talk, Reply::GivenUp, now);
        }
        self.ask(talk, Question::Again, Reply::NotUnderstood, now)
    }

    /// Writes it on the shopping list and says so.
    pub(super) fn put_on_list(
        &mut self,
        talk: Talk,
        lines: Vec<Wanted>,
        why: Option<super::Reason>,
        now: Now,
    ) -> State {
        if lines.is_empty() {
            return self.close_talk(talk, Reply::WhichProduct, now);
        }
        let reply = self.listed(&talk, &lines, why);
        self.close_talk(talk, reply, now)
    }

    fn listed(&mut self, talk: &Talk, lines: &[Wanted], reason: Option<super::Reason>) -> Reply {
        let code = if reason.is_some() { "guard" } else { "asked" };
        self.write_down(list_items(lines, code));
        Reply::Listed { items: self.wanted_items(lines, talk), reason }
    }

    fn status_of(&self, talk: &Talk, proposed: &Proposed, now: Now) -> Reply {
        let named = |order: &Order| {
            let asked = &proposed.parse.lines;
            asked.is_empty() || asked.iter().any(|asked| order.has(&asked.sku))
        };
        let newest = self.household.newest(named);
        let named_there = |order: &SharedOrder| {
            let asked = &proposed.parse.lines;
            asked.is_empty() || asked.iter().any(|asked| order.has(&asked.sku))
        };
        let than_unix_ms = newest.map(|order| order.confirmed.at_unix_ms);
        if let Some(reply) = self.status_there(named_there, than_unix_ms, &talk.to, now) {
            return reply;
        }
        match newest {
            Some(order) => {
                Reply::OrderStatus { items: self.items(order), state: order.state, arrives: arrives(order, now) }
            }
            None => Reply::NoOrders,
        }
    }

    fn history_of(&self, proposed: &Proposed, now: Now) -> Reply {
        let named = |order: &Order| {
            let asked = &proposed.parse.lines;
            order.state.counts() && (asked.is_empty() || asked.iter().any(|asked| order.has(&asked.sku)))
        };
        let Some(wall) = now.wall else { return Reply::Refused { reason: super::Reason::UnknownClock } };
        let Some(order) = self.household.newest(named) else { return Reply::NoOrders };
        let Some(item) = self.items(order).into_iter().next() else { return Reply::NoOrders };
        let more = u32::try_from(order.quote.lines.len().saturating_sub(1)).unwrap_or(u32::MAX);
        Reply::History { product: item.product, qty: item.qty, at: Moment::of(order.confirmed.at_unix_ms, wall), more }
    }

    fn price_of(&self, talk: &Talk, proposed: &Proposed) -> Reply {
        let catalog = self.understanding.catalog();
        let product = proposed.parse.lines.first().and_then(|line| catalog.product(&line.sku));
        match product {
            Some(product) => Reply::Price {
                product: hostile_text::clean(product.spoken_name(talk.lang())),
                amount: super::super::money::Money::new(product.unit_amount, &catalog.currency),
            },
            None => Reply::WhichProduct,
        }
    }

    pub(super) fn wanted_items(&self, lines: &[Wanted], talk: &Talk) -> Vec<Item> {
        let item =
            |line: &Wanted| Item { product: self.product_name(&line.sku, &line.sku, talk.lang()), qty: line.qty };
        lines.iter().map(item).collect()
    }
}

/// The number of a card belongs in no log, to no shop, and in no answer.
pub(super) fn holds_card_number(heard: &Heard) -> bool {
    heard.nbest.iter().any(|hypothesis| crate::clean::holds_card_number(&hypothesis.text))
}

/// The durable side of putting `lines` on the list.
pub(super) fn list_items(lines: &[Wanted], why: &str) -> Vec<Write> {
    lines.iter().map(|line| Write::ListItem { sku: line.sku.clone(), qty: line.qty, why: why.into() }).collect()
}

impl Proposed {
    /// The best hypothesis that means something, and its rivals.
    pub(super) fn new(heard: Heard, parses: Vec<Parse>) -> Proposed {
        let (chosen, parse) = choose(&heard, &parses);
        let confidence = heard.nbest.get(chosen).map_or(0.0, |hypothesis| hypothesis.confidence);
        let text = heard.nbest.get(chosen).map_or_else(String::new, |hypothesis| hypothesis.text.clone());
        let rivals = rivals(&heard, parses, chosen);
        let lines = parse.lines.iter().take(MAX_LINES).map(wanted).collect();
        let coupon = parse.coupon.clone();
        Proposed {
            heard,
            text,
            parse,
            confidence,
            rivals,
            lines,
            repeats_unix_ms: None,
            heard_by: None,
            offered_by: None,
            suggested: None,
            coupon,
            second: SecondEar::Unasked,
        }
    }

    /// Words about buying that are no order: the guards say why, and the log keeps it.
    pub(super) fn tells_of_buying(&self) -> bool {
        self.parse.not_an_order.is_some_and(|kind| match kind {
            NotAnOrder::Reported | NotAnOrder::Narrated | NotAnOrder::Negated => true,
            NotAnOrder::Question | NotAnOrder::Conditional | NotAnOrder::Unexplained => !self.lines.is_empty(),
        })
    }
}

/// The first hypothesis that means something, if it is nearly as good as the best one.
/// An empty best hypothesis is noise, and nothing is made of what comes after it.
fn choose(heard: &Heard, parses: &[Parse]) -> (usize, Parse) {
    let best = heard.nbest.first().map_or(0.0, |best| best.confidence);
    let is_noise = heard.nbest.first().is_none_or(|best| best.text.trim().is_empty());
    let means_something = |parse: &Parse| parse.intent != Intent::None || parse.not_an_order.is_some();
    let found = parses
        .iter()
        .zip(&heard.nbest)
        .position(|(parse, hypothesis)| means_something(parse) && best - hypothesis.confidence <= CLOSE);
    match found.filter(|_| !is_noise) {
        Some(at) => (at, parses[at].clone()),
        None => (0, parses.first().filter(|_| !is_noise).cloned().unwrap_or_else(|| Parse::nothing(vec![]))),
    }
}

/// What the other hypotheses mean that are nearly as good as the chosen one.
fn rivals(heard: &Heard, parses: Vec<Parse>, chosen: usize) -> Vec<Parse> {
    let of_chosen = heard.nbest.get(chosen).map_or(0.0, |hypothesis| hypothesis.confidence);
    let numbered = parses.into_iter().zip(&heard.nbest).enumerate();
    numbered
        .filter(|(at, (_, hypothesis))| *at != chosen && of_chosen - hypothesis.confidence <= CLOSE)
        .map(|(_, (parse, _))| parse)
        .collect()
}

fn wanted(line: &Line) -> Wanted {
    let options: BTreeMap<String, String> = line.options.clone();
    Wanted { sku: line.sku.clone(), qty: line.qty.clamp(1, MAX_QTY), options }
}
