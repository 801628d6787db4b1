//! A request without a product's name: the shop is asked, asks back a few times, and proposes at most two products.
//!
//! Nothing that the shop says orders. What the household picks in the end is a wish like any other: a price, every
//! guard, a read-back, and the phrase.

use super::super::Now;
use super::super::effect::Effect;
use super::super::event::Channel;
use super::super::find::{
    ANY, Answer, Found, HOSTILE, MAX_QUESTIONS, NOTHING_FOUND, Proposal, SENSELESS, Seek, Suggested,
    TOO_MANY_QUESTIONS, fitting,
};
use super::super::guard::confidence;
use super::super::mind::Mind;
use super::super::money::Money;
use super::super::order::Wanted;
use super::super::reply::{Idea, Reason, Reply};
use super::answer::{is_live, is_negative, pick_sku};
use super::{Proposed, Question, State, Talk};
use crate::understand::intent::{Because, Intent, Line, Parse};
use crate::understand::pick::{self, Picked};
use crate::understand::search::Search;
use std::collections::BTreeMap;

/// After this time without an answer of the shop the household hears that it is being asked.
pub(super) const PATIENCE_MS: u64 = 2_500;

/// The shop was asked.
#[derive(Debug, Clone)]
pub(in super::super) struct Seeking {
    pub(super) talk: Talk,
    search: Searching,
    pub(super) request_id: String,
    /// When the household hears that it takes a while; `None`: it has, or it reads.
    tell_ms: Option<u64>,
    until_ms: u64,
}

/// What was asked for, and what is known of it so far.
#[derive(Debug, Clone)]
pub(in super::super) struct Searching {
    /// The utterance that began it.
    proposed: Proposed,
    seek: Seek,
}

/// A question of the shop.
#[derive(Debug, Clone)]
pub(in super::super) struct Narrowing {
    search: Searching,
    question_id: String,
    text: String,
    /// Id and words.
    choices: Vec<(String, String)>,
}

/// One or two products that the shop proposes.
#[derive(Debug, Clone)]
pub(in super::super) struct Suggesting {
    search: Searching,
    ideas: Vec<Suggested>,
}

impl Seeking {
    pub(super) fn until_ms(&self) -> u64 {
        self.tell_ms.unwrap_or(self.until_ms)
    }
}

impl Narrowing {
    pub(super) fn words(&self) -> Vec<String> {
        self.choices.iter().map(|(_, words)| words.clone()).collect()
    }
}

impl Suggesting {
    pub(super) fn skus(&self) -> Vec<String> {
        self.ideas.iter().map(|idea| idea.sku.clone()).collect()
    }
}

impl Mind {
    /// "Something for a six-year-old under thirty euros."
    pub(super) fn find(&mut self, talk: Talk, proposed: Proposed, now: Now) -> State {
        match self.unfit(&proposed) {
            Some(Reason::Unclear) => return self.not_understood(talk, now),
            Some(reason) => return self.close_talk(talk, Reply::Refused { reason }, now),
            None => {}
        }
        let currency = self.understanding.catalog().currency.clone();
        let search = proposed.parse.search.clone().unwrap_or_default();
        let max = search.max.map(|limit| Money::new(limit.minor, limit.currency));
        if let Some(limit) = max.as_ref().filter(|limit| limit.currency != currency) {
            let reply = Reply::OtherMoney { asked: limit.currency.clone(), shop: currency };
            return self.close_talk(talk, reply, now);
        }
        let Search { age, occasion, text, max: _ } = search;
        let seek = Seek { text, max, currency, age, occasion, answers: vec![] };
        self.seek(talk, Searching { proposed, seek }, now)
    }

    /// Asks the shop, with all that is known so far.
    fn seek(&mut self, mut talk: Talk, search: Searching, now: Now) -> State {
        if self.link_up == Some(false) || self.shop_online == Some(false) {
            return self.close_talk(talk, Reply::NobodyToAsk, now);
        }
        talk.misses = 0;
        let request_id = self.next_request(&talk);
        let seek = search.seek.clone();
        self.out.push(Effect::AskFind { request_id: request_id.clone(), lang: talk.lang(), seek });
        let tell_ms = (talk.to.channel == Channel::Voice).then_some(now.mono_ms + PATIENCE_MS);
        let until_ms = now.mono_ms + self.policy.quote_wait_ms;
        let tell_ms = tell_ms.filter(|tell_ms| *tell_ms < until_ms);
        State::Seeking(Box::new(Seeking { talk, search, request_id, tell_ms, until_ms }))
    }

    /// It takes long, or too long.
    pub(super) fn seeks_long(&mut self, mut seeking: Seeking, now: Now) -> State {
        if seeking.tell_ms.take().is_some() {
            self.say(&seeking.talk.to.clone(), Reply::AskingShop);
            return State::Seeking(Box::new(seeking));
        }
        self.close_talk(seeking.talk, Reply::NobodyToAsk, now)
    }

    /// The shop has answered.
    pub(super) fn found(&mut self, seeking: Seeking, found: Found, now: Now) -> State {
        let Seeking { talk, search, .. } = seeking;
        match found.checked() {
            Found::Question { question_id, text, choices } => {
                let answers = &search.seek.answers;
                if answers.len() >= MAX_QUESTIONS || answers.iter().any(|known| known.question_id == question_id) {
                    return self.found_nothing(talk, TOO_MANY_QUESTIONS, now);
                }
                let choices = choices.into_iter().map(|choice| (choice.id, choice.words)).collect();
                self.narrow(talk, Narrowing { search, question_id, text, choices }, now)
            }
            Found::Proposals { proposals } => {
                let proposals = fitting(proposals, &search.seek, self.understanding.catalog());
                if proposals.is_empty() {
                    return self.found_nothing(talk, NOTHING_FOUND, now);
                }
                let idea = |proposal: Proposal| Suggested {
                    product: self.product_name(&proposal.sku, &proposal.sku, talk.lang()),
                    sku: proposal.sku,
                    because: proposal.because,
                    max: search.seek.max.clone(),
                };
                let ideas = proposals.into_iter().map(idea).collect();
                self.suggest_ideas(talk, Suggesting { search, ideas }, now)
            }
            Found::Nothing { code } => self.found_nothing(talk, &code, now),
        }
    }

    fn found_nothing(&mut self, talk: Talk, code: &str, now: Now) -> State {
        let code = match code {
            // What the shop did wrong is its own affair: the household needs no more than that it has no help there.
            HOSTILE | SENSELESS => SENSELESS.to_owned(),
            code => code.to_owned(),
        };
        self.close_talk(talk, Reply::FoundNothing { code }, now)
    }

    fn narrow(&mut self, talk: Talk, narrowing: Narrowing, now: Now) -> State {
        let first = narrowing.search.seek.answers.is_empty();
        let reply = Reply::ShopAsks { text: narrowing.text.clone(), choices: narrowing.words(), first };
        self.last_reply = Some(reply.clone());
        self.ask(talk, Question::Narrow(narrowing), reply, now)
    }

    /// The only match over intents while the shop's question is open: nothing here orders.
    pub(super) fn narrowed(&mut self, mut talk: Talk, mut asked: Narrowing, answer: &Proposed, now: Now) -> State {
        let picked = pick::pick(&answer.text, &asked.words(), talk.lang());
        let usable = is_live(&answer.heard) && confidence::is_clear(answer.confidence, &self.policy);
        // "No sé", "I don't mind" deny nothing.
        if picked != Picked::Any && is_negative(answer) {
            return self.close_talk(talk, Reply::NothingOrdered, now);
        }
        match answer.parse.intent {
            Intent::Repeat | Intent::Why | Intent::Help if usable => return self.narrow(talk, asked, now),
            Intent::Repeat
            | Intent::Why
            | Intent::Help
            | Intent::Reorder
            | Intent::ListAdd
            | Intent::Change
            | Intent::Confirm
            | Intent::Affirm
            | Intent::Deny
            | Intent::Cancel
            | Intent::Status
            | Intent::History
            | Intent::Price
            | Intent::Find
            | Intent::Handoff
            | Intent::Return
            | Intent::News
            | Intent::Stop
            | Intent::None => {}
        }
        let choice_id = match picked {
            Picked::One(at) => asked.choices.get(at).map(|(id, _)| id.clone()),
            Picked::Any | Picked::None => Some(ANY.to_owned()),
            Picked::Unclear => None,
        };
        let Some(choice_id) = choice_id.filter(|_| usable) else {
            talk.misses += 1;
            if talk.misses > 1 {
                return self.close_talk(talk, Reply::GivenUp, now);
            }
            return self.narrow(talk, asked, now);
        };
        talk.note(&answer.text);
        asked.search.seek.answers.push(Answer { question_id: asked.question_id, choice_id });
        self.seek(talk, asked.search, now)
    }

    fn suggest_ideas(&mut self, talk: Talk, suggesting: Suggesting, now: Now) -> State {
        let catalog = self.understanding.catalog();
        let ideas = suggesting.ideas.iter().map(|idea| Idea {
            product: idea.product.clone(),
            amount: Money::new(catalog.product(&idea.sku).map_or(0, |product| product.unit_amount), &catalog.currency),
            because: idea.because.clone(),
        });
        let reply = Reply::Ideas { ideas: ideas.collect() };
        let reason =
            |idea: &Suggested| Reason::Suggested { product: idea.product.clone(), because: idea.because.clone() };
        self.last_reasons = suggesting.ideas.iter().map(reason).collect();
        self.last_reply = Some(reply.clone());
        self.ask(talk, Question::Suggested(suggesting), reply, now)
    }

    /// The only match over intents while a proposal is open: whatever is picked only leads to a price.
    pub(super) fn picked(&mut self, mut talk: Talk, asked: Suggesting, answer: &Proposed, now: Now) -> State {
        let titles: Vec<String> = asked.ideas.iter().map(|idea| idea.product.clone()).collect();
        let picked = pick::pick(&answer.text, &titles, talk.lang());
        if is_negative(answer) || picked == Picked::None {
            return self.close_talk(talk, Reply::NothingOrdered, now);
        }
        let usable = is_live(&answer.heard) && confidence::is_clear(answer.confidence, &self.policy);
        let skus = asked.skus();
        let only = if let [only] = skus.as_slice() { Some(only.clone()) } else { None };
        let by_place = match picked {
            Picked::One(at) => skus.get(at).cloned(),
            Picked::Any | Picked::None | Picked::Unclear => None,
        };
        let sku = match answer.parse.intent {
            Intent::Repeat | Intent::Why | Intent::Help if usable => return self.suggest_ideas(talk, asked, now),
            // A yes, or even the phrase, asks for the price of the only one. It orders nothing.
            Intent::Affirm | Intent::Confirm => only,
            Intent::Reorder | Intent::ListAdd | Intent::Change | Intent::Find | Intent::Price | Intent::None => {
                pick_sku(&answer.parse, &skus).or(by_place)
            }
            Intent::Repeat
            | Intent::Why
            | Intent::Help
            | Intent::Deny
            | Intent::Cancel
            | Intent::Status
            | Intent::History
            | Intent::Handoff
            | Intent::Return
            | Intent::News
            | Intent::Stop => None,
        };
        let idea = sku.and_then(|sku| asked.ideas.iter().find(|idea| idea.sku == sku)).filter(|_| usable);
        let Some(idea) = idea.cloned() else {
            talk.misses += 1;
            if talk.misses > 1 {
                return self.close_talk(talk, Reply::GivenUp, now);
            }
            return self.suggest_ideas(talk, asked, now);
        };
        talk.note(&answer.text);
        let mut proposed = wish(asked.search.proposed, idea);
        proposed.coupon = answer.coupon.clone().or(proposed.coupon);
        // From here on it is a wish like any other, for the other speakers of the home, too.
        self.begin(talk, proposed, now)
    }
}

/// One pack of it, as if the household had asked for it by name when it began.
fn wish(began: Proposed, idea: Suggested) -> Proposed {
    let line = Line {
        sku: idea.sku.clone(),
        qty: 1,
        qty_spoken: false,
        options: BTreeMap::new(),
        score: 1.0,
        words: idea.product.clone(),
        rivals: vec![],
        because: Because::Named,
    };
    let lines = vec![Wanted { sku: idea.sku.clone(), qty: 1, options: BTreeMap::new() }];
    let parse = Parse { intent: Intent::Reorder, lines: vec![line], score: 1.0, ..Parse::nothing(vec![]) };
    Proposed { parse, lines, rivals: vec![], suggested: Some(idea), ..began }
}
