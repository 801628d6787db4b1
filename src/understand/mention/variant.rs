//! Names that are said in two parts: "bread ... the rye one", "nappies size four, sorry, size five", "three litres of sunflower oil
//! and one of olive". Pure.

use super::{Mention, Reader};
use crate::understand::catalog::index::Found;
use std::collections::BTreeSet;
use std::ops::Range;

/// The most words in which the second part says which one.
const MAX_WORDS: usize = 4;

impl Reader<'_> {
    /// The product that a correction at `at` makes of the mention, and where it ends.
    pub(super) fn renamed(&self, mention: &Mention, at: usize, ceiling: usize) -> Option<(usize, Found)> {
        let start = self.correction(at)?;
        // "greek yoghurt, not the plain one"
        let contrasts = start == at + 1 && self.lexicon.contrast.contains(&self.tokens[at].fold);
        if contrasts && !self.pauses(start) {
            return None;
        }
        let other = |rest: &Range<usize>| self.variant(mention, rest).or_else(|| self.corrected(mention, rest));
        self.second_part(self.after_slight(start, ceiling), ceiling, &other)
    }

    /// The product that is meant where a pause or an article leads from the name to what says more of it.
    pub(super) fn qualified(&self, mention: &Mention, at: usize, ceiling: usize) -> Option<(usize, Found)> {
        let start = self.after_slight(at, ceiling);
        if start == at && !self.pauses(start) {
            return None;
        }
        self.second_part(start, ceiling, &|rest| self.variant(mention, rest))
    }

    /// "milk, the oat one": a name of its own, to which a pointing word leads, may only say which one is meant.
    pub(super) fn pointed_out(&self, old: &Mention, new: &Mention, ceiling: usize) -> Option<Found> {
        let lead = new.core.0.checked_sub(1).filter(|at| *at >= old.span.1)?;
        let leads = |list: &BTreeSet<String>| list.contains(&self.tokens[lead].fold);
        let paused = (old.span.1..new.core.0).any(|at| self.pauses(at));
        let points = leads(&self.lexicon.pointing) || (paused && leads(&self.lexicon.about));
        if !points || self.after_slight(old.span.1, new.core.0) != new.core.0 {
            return None;
        }
        (new.core.1..=ceiling.min(new.core.1 + 2)).rev().find_map(|end| self.variant(old, &(new.core.0..end)))
    }

    /// The product that the first word of `old` makes of `new`: "apple juice, sorry, of oranges".
    pub(super) fn with_head_of(&self, old: &Mention, new: &Mention) -> Option<Found> {
        let leads = |at: &usize| {
            let fold = &self.tokens[*at].fold;
            self.lexicon.spoken_of.contains(fold) || self.lexicon.about.contains(fold)
        };
        let link = new.core.0.checked_sub(1).filter(leads)?;
        self.other(new, &[[old.core.0..old.core.0 + 1, link..new.core.1]])
    }

    fn pauses(&self, at: usize) -> bool {
        self.tokens.get(at).is_some_and(|token| token.break_before)
    }

    fn after_slight(&self, at: usize, ceiling: usize) -> usize {
        let slight = |at: &usize| {
            let fold = &self.tokens[*at].fold;
            self.lexicon.articles.contains(fold)
                || self.lexicon.links.contains(fold)
                || self.lexicon.pointing.contains(fold)
                || self.lexicon.hesitations.contains(fold)
        };
        at + (at..ceiling).take_while(slight).count()
    }

    /// What `find` makes of the longest words from `start` on.
    fn second_part(
        &self,
        start: usize,
        ceiling: usize,
        find: &dyn Fn(&Range<usize>) -> Option<Found>,
    ) -> Option<(usize, Found)> {
        let length = (start + 1..ceiling).take_while(|at| !self.pauses(*at)).count() + 1;
        let mut ends = (start + 1..=start + length.min(MAX_WORDS)).rev().filter(|end| *end <= ceiling);
        ends.find_map(|end| find(&(start..end)).map(|found| (end, found)))
    }

    /// The other product that the words of `rest` make of the mention, before or behind its name.
    fn variant(&self, mention: &Mention, rest: &Range<usize>) -> Option<Found> {
        let name = mention.core.0..mention.core.1;
        let linked = self.linked(mention, rest);
        self.other(mention, &[[name.clone(), rest.clone()], [name.clone(), linked], [rest.clone(), name]])
    }

    /// The same of its first word or its last, where the others were taken back.
    fn corrected(&self, mention: &Mention, rest: &Range<usize>) -> Option<Found> {
        let (first, last) = (mention.core.0..mention.core.0 + 1, mention.core.1 - 1..mention.core.1);
        let linked = self.linked(mention, rest);
        self.other(mention, &[[first.clone(), rest.clone()], [first, linked], [rest.clone(), last]])
    }

    /// With the word before it, which may belong to the name: "milk of oats".
    fn linked(&self, mention: &Mention, rest: &Range<usize>) -> Range<usize> {
        rest.start.saturating_sub(1).max(mention.core.1)..rest.end
    }

    fn other(&self, mention: &Mention, orders: &[[Range<usize>; 2]]) -> Option<Found> {
        let found = orders.iter().find_map(|parts| self.named(parts))?;
        (found.products[0].0 != mention.found.products[0].0).then_some(found)
    }

    /// The product whose name these words are, all of them and without a doubt.
    fn named(&self, parts: &[Range<usize>]) -> Option<Found> {
        let mut words: Vec<_> = parts.iter().flat_map(|part| self.tokens[part.clone()].iter().cloned()).collect();
        words.iter_mut().for_each(|token| token.break_before = false);
        self.index.find(&words, 0, self.lexicon).filter(|found| found.end == words.len() && !found.fuzzy)
    }
}
