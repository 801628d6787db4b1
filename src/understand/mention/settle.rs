//! Which products of a sentence are meant: what it takes back, what only says more about another, and what is hardly a name.
//! Pure.

use super::{CERTAIN, Mention, Reader};

/// Words between a correction and the product that it puts in another's place.
const MAX_ASIDE: usize = 5;

impl Reader<'_> {
    /// Settles which products a sentence takes back, and which follow each other in a list.
    pub(super) fn correct(&self, list: &mut [Mention]) {
        for at in 1..list.len() {
            let gap = list[at - 1].span.1..list[at].span.0;
            if self.takes_back(&list[at - 1], &list[at]) {
                let inherited = list[at - 1].amount.clone();
                list[at - 1].dropped = true;
                list[at].joined = true;
                list[at].amount = list[at].amount.take().or(inherited);
                if let Some(found) = self.with_head_of(&list[at - 1], &list[at]) {
                    list[at].found = found;
                }
            } else if self.contrasts(&list[at]) && list[..at].iter().any(|m| !m.dropped) {
                list[at].dropped = true;
            } else {
                list[at].joined = gap.into_iter().all(|i| self.lexicon.joiners.contains(&self.tokens[i].fold));
            }
        }
    }

    /// "X, no wait, Y", "X, er, sorry, make that Y", "X ... Y rather": whether `new` stands for `old`.
    fn takes_back(&self, old: &Mention, new: &Mention) -> bool {
        let (start, end) = (old.span.1, new.core.0);
        // "... and make it snappy" takes no nappies.
        if new.found.fuzzy && new.found.products[0].1 < CERTAIN && old.found.products[0].1 >= CERTAIN {
            return false;
        }
        let slight = |at: usize| {
            let fold = &self.tokens[at].fold;
            (new.span.0..new.span.1).contains(&at)
                || self.lexicon.articles.contains(fold)
                || self.lexicon.joiners.contains(fold)
        };
        let after = |at: usize| {
            let fold = &self.tokens[at].fold;
            slight(at) || self.lexicon.light.contains(fold) || self.lexicon.grammatical(fold)
        };
        let before = (start..end).take_while(|at| slight(*at)).count();
        let marked = (start..=start + before).any(|at| {
            // "broccoli and, er, salami" only hesitates.
            let hesitates = at > start
                && self.lexicon.joiners.contains(&self.tokens[at].fold)
                && self.lexicon.spoken_and.contains(&self.tokens[at - 1].fold);
            self.corrections(at, end).filter(|_| !hesitates).is_some_and(|done| {
                // A lone "no" may begin another thought ("milk, no bread"); with a pause it takes back.
                let lone = done == at + 1 && self.lexicon.negative.iter().any(|n| self.words_at(at, n));
                let paused = self.tokens.get(done).is_some_and(|t| t.break_before);
                (done..end).all(after) && end - done <= MAX_ASIDE && (!lone || paused)
            })
        });
        let said_after = self.lexicon.corrections_after.iter().any(|c| self.words_at(new.span.1, c));
        marked || (said_after && (start..end).all(slight))
    }

    /// "nappies, size five", "the jam, the strawberry one", "cereals with chocolate": what only says more about the product
    /// before it is no other product.
    pub(super) fn qualify(&self, list: &mut Vec<Mention>) {
        let mut at = 1;
        while at < list.len() {
            let next = list.get(at + 1).map_or(self.tokens.len(), |next| next.span.0);
            let (before, after) = list.split_at_mut(at);
            let (old, new) = (&mut before[at - 1], &mut after[0]);
            let product = new.found.products[0].0;
            let known = |m: &Mention| m.found.products.iter().chain(&m.found.rivals).any(|(p, _)| *p == product);
            let qualifies = new.found.part || self.adds_words(old, new);
            if qualifies && !old.dropped && known(old) && self.led_by_nothing(old, new) {
                let said = if new.is_counted() || old.amount.is_none() { &mut new.amount } else { &mut old.amount };
                new.amount = said.take();
                new.core.0 = old.core.0;
                new.span.0 = old.span.0;
                new.joined = old.joined;
                list.remove(at - 1);
            } else if !old.dropped
                && !new.is_counted()
                && let Some(found) = self.pointed_out(old, new, next)
            {
                old.found = found;
                old.amount = old.amount.take().or(new.amount.take());
                list.remove(at);
            } else if !old.dropped && !new.is_counted() && self.is_about(old, new) {
                old.amount = old.amount.take().or(new.amount.take());
                list.remove(at);
            } else {
                at += 1;
            }
        }
    }

    /// "three litres of sunflower oil and one of olive": a name whose first word was said before.
    pub(super) fn complete(&self, list: &mut [Mention]) {
        for at in 1..list.len() {
            let of = list[at].core.0 - 1;
            let counted = self.lexicon.spoken_of.contains(&self.tokens[of].fold)
                && list[at].amount.as_ref().is_some_and(|a| a.end == of && !a.has_unit());
            if counted && let Some(found) = self.with_head_of(&list[at - 1], &list[at]) {
                list[at].found = found;
            }
        }
    }

    /// "rice, basmati": a name of its own that repeats no word of the one before.
    fn adds_words(&self, old: &Mention, new: &Mention) -> bool {
        let words = |m: &Mention| &self.tokens[m.core.0..m.core.1];
        !words(new).iter().any(|w| words(old).iter().any(|o| o.stem == w.stem))
    }

    fn led_by_nothing(&self, old: &Mention, new: &Mention) -> bool {
        (old.span.1..new.span.0).all(|at| {
            let fold = &self.tokens[at].fold;
            self.lexicon.articles.contains(fold) || self.lexicon.links.contains(fold)
        })
    }

    /// The last word before a name that is no article.
    fn leads_to(&self, before: std::ops::Range<usize>) -> Option<usize> {
        before.rev().find(|at| !self.lexicon.articles.contains(&self.tokens[*at].fold))
    }

    /// Whether a preposition leads from one product to another that it is made of or goes with.
    fn is_about(&self, old: &Mention, new: &Mention) -> bool {
        let gap = old.span.1..new.core.0;
        self.leads_to(gap.clone()).is_some_and(|at| self.lexicon.about.contains(&self.tokens[at].fold))
            && !gap.clone().any(|at| self.lexicon.spoken_and.contains(&self.tokens[at].fold))
    }

    /// Whether a word stands between two products of a list,
    fn led(&self, old: &Mention, new: &Mention) -> bool {
        old.span.1 < new.span.0
    }

    /// or a pause.
    fn paused(&self, new: &Mention) -> bool {
        self.tokens[new.span.0].break_before
    }

    /// "not the butter": a negative word right before a product means this one only.
    fn contrasts(&self, mention: &Mention) -> bool {
        self.leads_to(0..mention.core.0).is_some_and(|at| {
            self.lexicon.contrast.contains(&self.tokens[at].fold)
                && !self.tokens[at + 1].break_before
                && (at == 0 || !self.lexicon.contrast.contains(&self.tokens[at - 1].fold))
        })
    }

    /// Beside a product that was named for certain, a single word that merely resembles another, or that is an
    /// everyday word too, counts only where it is asked for like one.
    pub(super) fn doubt(&self, list: &mut Vec<Mention>) {
        let one_word = |m: &Mention| m.core.1 - m.core.0 == 1;
        let weak = |m: &Mention| one_word(m) && m.found.products[0].1 < CERTAIN;
        let everyday = |m: &Mention| one_word(m) && self.lexicon.ambiguous.contains(&self.tokens[m.core.0].fold);
        if !list.iter().any(|m| !weak(m) && !everyday(m)) {
            return;
        }
        let asked = |at: usize| {
            let mention = &list[at];
            // An everyday word after a mere pause begins another thought: "..., vin băieții".
            let led = mention.joined && (self.led(&list[at - 1], mention) || (weak(mention) && self.paused(mention)));
            let leads =
                list.get(at + 1).is_some_and(|next| next.joined && (self.led(mention, next) || self.paused(next)));
            let wanted = mention.span.0 > 0 && self.lexicon.asks(&self.tokens[mention.span.0 - 1].fold);
            led || leads || wanted || mention.is_counted()
        };
        let keep: Vec<bool> =
            (0..list.len()).map(|at| !(weak(&list[at]) || everyday(&list[at])) || asked(at)).collect();
        let mut keep = keep.into_iter();
        list.retain(|_| keep.next().unwrap_or(true));
    }

    /// "the bulb blew, get a pack of warm ones": an option that stands apart belongs to the only product that can have it.
    pub(super) fn stray_options(&self, list: &mut [Mention]) {
        let named: Vec<(usize, usize)> = list.iter().map(|m| m.span).collect();
        let mut choosy = list.iter_mut().filter(|m| !m.dropped && self.index.has_options(m.found.products[0].0));
        let (Some(mention), None) = (choosy.next(), choosy.next()) else { return };
        let product = mention.found.products[0].0;
        let negated =
            |at: usize| self.leads_to(0..at).is_some_and(|n| self.lexicon.contrast.contains(&self.tokens[n].fold));
        for at in mention.span.1..self.tokens.len() {
            if let Some((_, option, value)) = self.index.option(product, self.tokens, at)
                && !named.iter().any(|span| (span.0..span.1).contains(&at))
                && !negated(at)
            {
                mention.options.entry(option).or_insert(value);
            }
        }
    }
}
