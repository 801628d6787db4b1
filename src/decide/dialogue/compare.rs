//! A second recogniser hears the last utterance again, and what it made of it is compared before anything else is done.

use super::super::Now;
use super::super::effect::Effect;
use super::super::event::{Channel, Heard, Hypothesis};
use super::super::guard::confidence;
use super::super::guard::hostile_text;
use super::super::mind::Mind;
use super::super::order::Wanted;
use super::super::reply::{Item, Reply};
use super::super::second_ear::{self, Opinion, Outcome, SecondEar};
use super::answer::{is_live, is_negative};
use super::command::holds_card_number;
use super::{Proposed, Question, State, Talk};
use crate::understand::grammar::Expect;
use crate::understand::intent::{Change, Intent};
use crate::understand::pick;

/// The second recogniser is at work.
#[derive(Debug, Clone)]
pub(in super::super) struct Comparing {
    pub(super) talk: Talk,
    pub(super) proposed: Proposed,
    /// What the utterance answered to.
    expect: Expect,
    pub(super) id: u32,
    pub(super) until_ms: u64,
}

impl Mind {
    /// Has the utterance heard again, if a second opinion on it is wanted and it can be had; else hands everything back.
    /// `confidence` is that in the utterance.
    pub(super) fn second_ear_first(
        &mut self,
        talk: Talk,
        mut proposed: Proposed,
        expect: Expect,
        confidence: f32,
        now: Now,
    ) -> Result<State, Box<(Talk, Proposed)>> {
        let is_there = proposed.second == SecondEar::CanBeAsked && talk.to.channel == Channel::Voice;
        if is_there {
            proposed.second = SecondEar::Unasked;
        }
        let wait_ms = self.policy.second_ear.as_ref().map_or(0, |policy| policy.wait_ms);
        if !is_there || !second_ear::is_wanted(&self.policy, self.understanding.catalog(), &proposed.lines, confidence)
        {
            return Err(Box::new((talk, proposed)));
        }
        self.requests = self.requests.wrapping_add(1);
        let id = self.requests;
        self.out.push(Effect::HearAgain { id });
        let until_ms = now.mono_ms + wait_ms;
        Ok(State::Comparing(Box::new(Comparing { talk, proposed, expect, id, until_ms })))
    }

    /// The second opinion is there, or `None` will come: what follows from it is for the guards.
    pub(super) fn compared(&mut self, comparing: Comparing, nbest: Option<Vec<Hypothesis>>, now: Now) -> State {
        let Comparing { talk, mut proposed, expect, .. } = comparing;
        proposed.second = SecondEar::Asked(self.opinion(&proposed, &expect, nbest));
        self.propose(talk, proposed, now)
    }

    fn opinion(&self, proposed: &Proposed, expect: &Expect, nbest: Option<Vec<Hypothesis>>) -> Opinion {
        let silent = || second_ear::compare(&proposed.lines, None);
        let Some(nbest) = nbest.filter(|nbest| nbest.first().is_some_and(|best| !best.text.trim().is_empty())) else {
            return silent();
        };
        let heard = Heard { nbest, ..proposed.heard.clone() };
        if holds_card_number(&heard) {
            return second_ear::compare(&proposed.lines, Some(&[]));
        }
        let parses = self.parse(&heard, expect);
        let other = Proposed::new(heard, parses);
        if !confidence::is_clear(other.confidence, &self.policy) {
            return silent();
        }
        match self.lines_of(proposed, other) {
            Some(lines) => second_ear::compare(&proposed.lines, Some(&lines)),
            None => silent(),
        }
    }

    /// What the other understanding would order; nothing, where it is no order; `None`, where it has no meaning.
    fn lines_of(&self, proposed: &Proposed, mut other: Proposed) -> Option<Vec<Wanted>> {
        let is_told = other.parse.not_an_order.is_some();
        match other.parse.intent {
            Intent::None if !is_told => return None,
            Intent::Reorder if !is_told => {}
            Intent::Change if !is_told => return Some(changed(proposed, &other)),
            Intent::None
            | Intent::Reorder
            | Intent::Change
            | Intent::Confirm
            | Intent::Affirm
            | Intent::Deny
            | Intent::Stop
            | Intent::ListAdd
            | Intent::Cancel
            | Intent::Status
            | Intent::History
            | Intent::Price
            | Intent::Repeat
            | Intent::Why
            | Intent::Help
            | Intent::Find
            | Intent::Handoff
            | Intent::Return
            | Intent::News => return Some(vec![]),
        }
        if other.parse.asks_for_usual() {
            self.repeat_last(&mut other);
        }
        self.fill_options(&mut other.lines);
        Some(other.lines)
    }

    /// The two differ, and nothing else stands in the way: which is it?
    pub(super) fn ask_about_difference(&mut self, talk: Talk, proposed: Proposed, now: Now) -> State {
        let SecondEar::Asked(opinion) = &proposed.second else { return self.not_understood(talk, now) };
        match opinion.outcome.clone() {
            Outcome::OtherQuantity { line, first, second } => {
                self.ask_how_many(talk, proposed, line, [first, second], now)
            }
            // What is chosen is put in the place of a product that was named.
            Outcome::OtherProduct { line, first, second }
                if proposed.parse.lines.get(line).is_some_and(|named| named.sku == first) =>
            {
                self.ask_which(talk, proposed, line, vec![first, second], now)
            }
            Outcome::OtherProduct { .. }
            | Outcome::Otherwise
            | Outcome::Agrees
            | Outcome::Silent
            | Outcome::Settled => self.not_understood(talk, now),
        }
    }

    fn ask_how_many(&mut self, talk: Talk, proposed: Proposed, line: usize, qtys: [u32; 2], now: Now) -> State {
        let sku = proposed.lines.get(line).map_or("", |line| line.sku.as_str());
        let product = self.product_name(sku, sku, talk.lang());
        let item = |qty| Item { product: hostile_text::clean(&product), qty };
        let reply = Reply::HowMany { first: item(qtys[0]), second: item(qtys[1]) };
        self.ask(talk, Question::HowMany { proposed, line, qtys }, reply, now)
    }

    /// The household said how many: one of the two numbers, and nothing that sounds like the other.
    pub(super) fn counted(
        &mut self,
        mut talk: Talk,
        mut proposed: Proposed,
        line: usize,
        qtys: [u32; 2],
        answer: Proposed,
        now: Now,
    ) -> State {
        if is_negative(&answer) {
            return self.close_talk(talk, Reply::NothingOrdered, now);
        }
        let said = qty_of(&answer, &proposed.lines, line, qtys);
        let clear = confidence::is_clear(answer.confidence, &self.policy) && is_live(&answer.heard);
        let Some(qty) = said.filter(|qty| qtys.contains(qty) && clear) else {
            talk.misses += 1;
            if talk.misses > 1 {
                return self.close_talk(talk, Reply::GivenUp, now);
            }
            return self.ask_how_many(talk, proposed, line, qtys, now);
        };
        talk.note(&answer.text);
        proposed.coupon = answer.coupon.or(proposed.coupon);
        let Some(wanted) = proposed.lines.get_mut(line) else { return self.not_understood(talk, now) };
        wanted.qty = qty;
        if let Some(named) = proposed.parse.lines.get_mut(line).filter(|named| named.sku == wanted.sku) {
            named.qty = qty;
            named.qty_spoken = true;
        }
        proposed.second.settle();
        self.propose(talk, proposed, now)
    }
}

/// What the other understanding of "make it two" or "no, the oat milk" would order instead; nothing, where it is another change.
fn changed(proposed: &Proposed, other: &Proposed) -> Vec<Wanted> {
    let mut lines = proposed.lines.clone();
    match (&proposed.parse.change, &other.parse.change) {
        (Some(Change::Qty(_)), Some(Change::Qty(qty))) => {
            if let [line] = lines.as_mut_slice() {
                line.qty = *qty;
                return lines;
            }
            vec![]
        }
        (Some(Change::Which(_)), Some(Change::Which(_))) => {
            let mut lines = other.lines.clone();
            // A number that nobody said is that of the read-back.
            for ((line, named), first) in lines.iter_mut().zip(&other.parse.lines).zip(&proposed.lines) {
                line.qty = if named.qty_spoken { line.qty } else { first.qty };
            }
            lines
        }
        (Some(Change::Qty(_) | Change::Which(_)) | None, _) => vec![],
    }
}

/// "Two", "two packs of milk", "the first one"; `None` also where another hypothesis says otherwise.
fn qty_of(answer: &Proposed, lines: &[Wanted], line: usize, qtys: [u32; 2]) -> Option<u32> {
    let of = |parse: &crate::understand::intent::Parse| match (&parse.change, parse.lines.as_slice()) {
        (_, [named]) if named.qty_spoken && lines.get(line).is_some_and(|wanted| wanted.sku == named.sku) => {
            Some(named.qty)
        }
        (Some(Change::Qty(qty)), []) => Some(*qty),
        (Some(Change::Which(words)), []) => pick::place(words, qtys.len()).and_then(|at| qtys.get(at).copied()),
        (_, _) => None,
    };
    let said = of(&answer.parse)?;
    answer.rivals.iter().all(|rival| of(rival).is_none_or(|other| other == said)).then_some(said)
}
