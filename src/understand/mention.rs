//! Tokens → mentions: each product with the quantity and the options that belong to it. Pure.
//!
//! Corrections inside a sentence are settled here ("two, no, three packs"). Never asks what the
//! sentence wants with its products.

use super::catalog::index::{Found, Index};
use super::lexicon::Lexicon;
use super::quantity::{self, Amount};
use super::text::Token;
use std::collections::BTreeMap;

/// A product in a sentence.
#[derive(Debug, Clone, PartialEq)]
pub struct Mention {
    /// The name itself.
    pub core: (usize, usize),
    /// The name with its articles, quantity and options.
    pub span: (usize, usize),
    pub found: Found,
    pub amount: Option<Amount>,
    /// (option, value) numbers of the best product.
    pub options: BTreeMap<usize, usize>,
    /// Taken back by a correction: "bleach, I mean softener".
    pub dropped: bool,
    /// Whether nothing but "and" or a pause lies between this and the mention before it.
    pub joined: bool,
}

/// The products of a sentence in order, and the amounts that stand alone.
#[derive(Debug, Clone, Default)]
pub struct Mentions {
    pub list: Vec<Mention>,
    pub amounts: Vec<Amount>,
    /// "two of each": an amount for every product.
    pub each: Option<Amount>,
}

/// Words between a correction and the product that it puts in another's place.
const MAX_ASIDE: usize = 5;
/// From this score on a name is more than a resemblance.
pub const CERTAIN: f32 = 0.8;

struct Reader<'a> {
    tokens: &'a [Token],
    lexicon: &'a Lexicon,
    index: &'a Index,
}

/// Finds all of them.
pub fn mentions(tokens: &[Token], lexicon: &Lexicon, index: &Index) -> Mentions {
    let reader = Reader { tokens, lexicon, index };
    let mut list = reader.products();
    for at in 0..list.len() {
        let floor = if at == 0 { 0 } else { list[at - 1].span.1 };
        reader.grow_left(&mut list[at], floor);
        // What a later product took to its left is settled before this one grows to the right.
        let ceiling = list.get(at + 1).map_or(tokens.len(), |next| {
            let mut next = next.clone();
            reader.grow_left(&mut next, list[at].span.1);
            next.span.0
        });
        reader.grow_right(&mut list[at], ceiling);
    }
    reader.correct(&mut list);
    reader.qualify(&mut list);
    reader.doubt(&mut list);
    reader.stray_options(&mut list);
    let (amounts, each) = reader.free_amounts(&list);
    Mentions { list, amounts, each }
}

impl Reader<'_> {
    fn products(&self) -> Vec<Mention> {
        // Option words ("a little milk") stand aside only where a product with options is named.
        let plain = self.scan(false);
        let options = plain.iter().any(|m| self.index.has_options(m.found.products[0].0));
        if options { self.scan(true) } else { plain }
    }

    fn scan(&self, options: bool) -> Vec<Mention> {
        let mut list: Vec<Mention> = Vec::new();
        let mut at = 0;
        while at < self.tokens.len() {
            // An option of the product just named ("with milk") is not another product.
            let taken = list.last().and_then(|m| self.option_after(m, at));
            let found = self.index.find(self.tokens, at, self.lexicon);
            // "bottle of red | wine": a name that begins inside this one and reaches further is meant.
            let found = found.and_then(|f| self.furthest(f, at));
            let option_end =
                taken.map(|(end, ..)| end).or_else(|| self.index.any_option(self.tokens, at).filter(|_| options));
            let found = found.filter(|f| !self.is_container(at, f));
            match found {
                Some(found)
                    if option_end.is_none_or(|end| found.end > end || (taken.is_none() && found.end == end)) =>
                {
                    let end = found.end;
                    list.push(Mention {
                        core: (at, end),
                        span: (at, end),
                        found,
                        amount: None,
                        options: BTreeMap::new(),
                        dropped: false,
                        joined: false,
                    });
                    at = end;
                }
                _ => at = option_end.unwrap_or(at + 1),
            }
        }
        list
    }

    /// "five sachets of yeast": a word for a container, after a number and before another name, is no product.
    fn is_container(&self, at: usize, found: &Found) -> bool {
        if found.end != at + 1 || !self.lexicon.is_unit(&self.tokens[at].fold) {
            return false;
        }
        let of = |at: usize| self.tokens.get(at).is_some_and(|t| self.lexicon.spoken_of.contains(&t.fold));
        let next = if of(at + 1) { at + 2 } else { at + 1 };
        let paused = self.tokens.get(at + 1).is_some_and(|t| t.break_before);
        next < self.tokens.len() && !paused && self.index.find(self.tokens, next, self.lexicon).is_some()
    }

    /// `found`, unless a name that begins inside it reaches further; another name of the same product prolongs it.
    fn furthest(&self, found: Found, at: usize) -> Option<Found> {
        let later = (at + 1..found.end)
            .filter_map(|s| self.index.find(self.tokens, s, self.lexicon))
            .find(|l| l.end > found.end);
        match later {
            Some(later) if later.products[0].0 == found.products[0].0 => Some(Found { end: later.end, ..found }),
            Some(_) => None,
            None => Some(found),
        }
    }

    fn option_after(&self, mention: &Mention, at: usize) -> Option<(usize, usize, usize)> {
        let (product, _) = mention.found.products[0];
        self.index.option(product, self.tokens, at)
    }

    fn grow_left(&self, mention: &mut Mention, floor: usize) {
        let product = mention.found.products[0].0;
        let mut at = mention.span.0;
        while at > floor && !self.tokens[at].break_before {
            if let Some((start, option, value)) = (floor..at).find_map(|s| {
                self.index.option(product, self.tokens, s).filter(|(end, ..)| *end == at).map(|(_, o, v)| (s, o, v))
            }) {
                mention.options.entry(option).or_insert(value);
                at = start;
            } else if let Some(amount) = self.amount_before(floor, at).filter(|_| mention.amount.is_none()) {
                at = amount.start;
                mention.amount = Some(amount);
                at = self.older_amount(floor, at).unwrap_or(at);
            } else if self.lexicon.articles.contains(&self.tokens[at - 1].fold)
                || ((self.lexicon.links.contains(&self.tokens[at - 1].fold)
                    || self.lexicon.times.contains(&self.tokens[at - 1].fold))
                    && at - 1 > floor
                    && self.amount_before(floor, at - 1).is_some())
            {
                at -= 1;
            } else {
                break;
            }
        }
        mention.span.0 = at;
    }

    /// The longest amount that ends at `end`.
    fn amount_before(&self, floor: usize, end: usize) -> Option<Amount> {
        let starts = floor.max(end.saturating_sub(6))..end;
        let bare = |start| {
            // "five | bottles of red": the unit belongs to the name.
            let (value, after) = quantity::number(self.tokens, start, self.lexicon)?;
            let counts = start == 0 || !self.lexicon.not_quantity_after.contains(&self.tokens[start - 1].fold);
            (after == end && counts).then(|| Amount::new(start, end, u64::from(value) * 1000, None, false)).flatten()
        };
        starts
            .clone()
            .find_map(|s| quantity::amount(self.tokens, s, self.lexicon).filter(|a| a.end == end))
            .or_else(|| starts.clone().find_map(bare))
    }

    /// Where an amount begins that the one at `at` corrects: "one, sorry, two packs".
    fn older_amount(&self, floor: usize, at: usize) -> Option<usize> {
        let marker =
            self.lexicon.corrections.iter().find(|c| at >= floor + c.len() && self.words_at(at - c.len(), c))?;
        let before = at - marker.len();
        self.amount_before(floor, before).map(|a| a.start)
    }

    fn words_at(&self, at: usize, words: &[String]) -> bool {
        self.tokens.get(at..at + words.len()).is_some_and(|span| span.iter().zip(words).all(|(t, w)| t.fold == *w))
    }

    /// The end of a correction marker at `at`, the longest one.
    fn correction(&self, at: usize) -> Option<usize> {
        self.lexicon.corrections.iter().find(|c| self.words_at(at, c)).map(|c| at + c.len())
    }

    fn grow_right(&self, mention: &mut Mention, ceiling: usize) {
        let product = mention.found.products[0].0;
        let mut at = mention.span.1;
        while at < ceiling {
            let mut look = at;
            while look < ceiling
                && (self.lexicon.joiners.contains(&self.tokens[look].fold)
                    || self.lexicon.articles.contains(&self.tokens[look].fold))
                && self.index.option(product, self.tokens, look).is_none()
            {
                look += 1;
            }
            if look < ceiling
                && let Some((end, option, value)) =
                    self.index.option(product, self.tokens, look).filter(|(end, ..)| *end <= ceiling)
            {
                mention.options.insert(option, value);
                at = end;
                continue;
            }
            if let Some(amount) =
                quantity::amount(self.tokens, at, self.lexicon).filter(|a| a.end <= ceiling && mention.amount.is_none())
            {
                at = amount.end;
                mention.amount = Some(amount);
                continue;
            }
            let corrected = self.correction(at).filter(|end| *end < ceiling).and_then(|mut end| {
                while let Some(next) = self.correction(end).filter(|e| *e < ceiling) {
                    end = next;
                }
                quantity::amount(self.tokens, end, self.lexicon).filter(|a| a.end <= ceiling)
            });
            if let Some(mut amount) = corrected {
                at = amount.end;
                // "one pack, no, two": two packs.
                amount.unit = amount.unit.or(mention.amount.take().and_then(|old| old.unit));
                mention.amount = Some(amount);
                continue;
            }
            // "nappies size four, sorry, size five": the first word of the name holds, the rest is new.
            let Some((end, found)) = self.renamed(mention, at, ceiling) else { break };
            mention.found = Found { end, ..found };
            at = end;
        }
        mention.span.1 = at;
    }

    /// The product that a correction at `at` makes of the mention, and where the correction ends.
    fn renamed(&self, mention: &Mention, at: usize, ceiling: usize) -> Option<(usize, Found)> {
        let start = self.correction(at).filter(|end| *end < ceiling)?;
        let mut words = vec![self.tokens[mention.core.0].clone()];
        words.extend(self.tokens[start..ceiling.min(start + 6)].iter().cloned());
        words.iter_mut().for_each(|t| t.break_before = false);
        let found = self.index.find(&words, 0, self.lexicon)?;
        let other = found.products[0].0 != mention.found.products[0].0;
        (found.end > 1 && other).then(|| (start + found.end - 1, found))
    }

    /// Settles which products a sentence takes back, and which follow each other in a list.
    fn correct(&self, list: &mut [Mention]) {
        for at in 1..list.len() {
            let gap = list[at - 1].span.1..list[at].span.0;
            if self.takes_back(&list[at - 1], &list[at]) {
                let inherited = list[at - 1].amount.clone();
                list[at - 1].dropped = true;
                list[at].joined = true;
                list[at].amount = list[at].amount.take().or(inherited);
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
            self.correction(at).is_some_and(|mut done| {
                while let Some(next) = self.correction(done).filter(|next| *next <= end) {
                    done = next;
                }
                // A lone "no" may begin another thought ("milk, no bread"); with a pause it takes back.
                let lone = done == at + 1 && self.lexicon.negative.iter().any(|n| self.words_at(at, n));
                let paused = self.tokens.get(done).is_some_and(|t| t.break_before);
                done <= end && (done..end).all(after) && end - done <= MAX_ASIDE && (!lone || paused)
            })
        });
        let said_after = self.lexicon.corrections_after.iter().any(|c| self.words_at(new.span.1, c));
        marked || (said_after && (start..end).all(slight))
    }

    /// "nappies, size five", "the jam, the strawberry one", "cereals with chocolate": what only says more about the product
    /// before it is no other product.
    fn qualify(&self, list: &mut Vec<Mention>) {
        let mut at = 1;
        while at < list.len() {
            let (before, after) = list.split_at_mut(at);
            let (old, new) = (&mut before[at - 1], &mut after[0]);
            let product = new.found.products[0].0;
            let known = |m: &Mention| m.found.products.iter().chain(&m.found.rivals).any(|(p, _)| *p == product);
            let qualifies = new.found.part || self.adds_words(old, new);
            if qualifies && !old.dropped && known(old) && self.led_by_nothing(old, new) {
                new.amount = new.amount.take().or(old.amount.take());
                new.core.0 = old.core.0;
                new.span.0 = old.span.0;
                new.joined = old.joined;
                list.remove(at - 1);
            } else if !old.dropped && new.amount.is_none() && self.is_about(old, new) {
                list.remove(at);
            } else {
                at += 1;
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
    fn doubt(&self, list: &mut Vec<Mention>) {
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
            led || leads || wanted || mention.amount.as_ref().is_some_and(|a| a.start < mention.core.0)
        };
        let keep: Vec<bool> =
            (0..list.len()).map(|at| !(weak(&list[at]) || everyday(&list[at])) || asked(at)).collect();
        let mut keep = keep.into_iter();
        list.retain(|_| keep.next().unwrap_or(true));
    }

    /// "the bulb blew, get a pack of warm ones": an option that stands apart belongs to the only product that can have it.
    fn stray_options(&self, list: &mut [Mention]) {
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

    /// The end of "of each" at `at`.
    fn each_after(&self, at: usize) -> Option<usize> {
        self.lexicon.each.iter().find(|e| self.words_at(at, e)).map(|e| at + e.len())
    }

    fn free_amounts(&self, list: &[Mention]) -> (Vec<Amount>, Option<Amount>) {
        let mut free: Vec<Amount> = Vec::new();
        let mut each = None;
        let mut at = 0;
        while at < self.tokens.len() {
            if let Some(mention) = list.iter().find(|m| (m.span.0..m.span.1).contains(&at)) {
                if let Some(amount) = &mention.amount
                    && let Some(end) = self.each_after(amount.end)
                {
                    each = Some(Amount { end, ..amount.clone() });
                }
                at = mention.span.1;
                continue;
            }
            let Some(amount) = quantity::amount(self.tokens, at, self.lexicon) else {
                at += 1;
                continue;
            };
            at = amount.end;
            if let Some(end) = self.each_after(at) {
                each = Some(Amount { end, ..amount });
                at = end;
                continue;
            }
            let corrects = free.last().and_then(|last| {
                let mut end = self.correction(last.end)?;
                while let Some(next) = self.correction(end) {
                    end = next;
                }
                (end == amount.start).then_some(last.start)
            });
            match (corrects, free.pop()) {
                (Some(start), _) => free.push(Amount { start, ..amount }),
                (None, last) => {
                    free.extend(last);
                    free.push(amount);
                }
            }
        }
        (free, each)
    }
}
