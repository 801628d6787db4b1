//! Tokens → mentions: each product with the quantity and the options that belong to it. Pure.
//!
//! Corrections inside a sentence are settled here ("two, no, three packs"). Never asks what the
//! sentence wants with its products.

mod settle;
mod variant;

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

impl Mention {
    /// Whether an amount stands before the name.
    pub fn is_counted(&self) -> bool {
        self.amount.as_ref().is_some_and(|amount| amount.start < self.core.0)
    }
}

/// The products of a sentence in order, and the amounts that stand alone.
#[derive(Debug, Clone, Default)]
pub struct Mentions {
    pub list: Vec<Mention>,
    pub amounts: Vec<Amount>,
    /// "two of each": an amount for every product.
    pub each: Option<Amount>,
}

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
    reader.complete(&mut list);
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
            let found = found.filter(|f| !self.is_container(at, f, &list));
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
    /// And "yeast, five sachets" is about yeast.
    fn is_container(&self, at: usize, found: &Found, list: &[Mention]) -> bool {
        if found.end != at + 1 || !self.lexicon.is_unit(&self.tokens[at].fold) {
            return false;
        }
        let before = list.last().map(|old| old.core.1).and_then(|floor| self.amount_before(floor, found.end));
        if before.is_some_and(|amount| !self.follows_and(amount.start)) {
            return true;
        }
        let of = |at: usize| self.tokens.get(at).is_some_and(|t| self.lexicon.spoken_of.contains(&t.fold));
        let next = if of(at + 1) { at + 2 } else { at + 1 };
        let paused = self.tokens.get(at + 1).is_some_and(|t| t.break_before);
        next < self.tokens.len() && !paused && self.index.find(self.tokens, next, self.lexicon).is_some()
    }

    fn follows_and(&self, at: usize) -> bool {
        at > 0 && self.lexicon.spoken_and.contains(&self.tokens[at - 1].fold)
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
            } else if mention.amount.is_none()
                && let Some(amount) = self.packs_before(floor, at)
            {
                at = amount.start;
                mention.amount = Some(amount);
            } else if mention.amount.is_none()
                && let Some(amount) = self.amount_before(floor, at)
            {
                at = amount.start;
                mention.amount = Some(amount);
                at = self.older_amount(floor, at).unwrap_or(at);
            } else if self.lexicon.articles.contains(&self.tokens[at - 1].fold)
                || (self.is_link(at - 1, floor) && at - 1 > floor && self.amount_before(floor, at - 1).is_some())
            {
                at -= 1;
            } else {
                break;
            }
        }
        mention.span.0 = at;
    }

    /// Whether the word may stand between an amount and its product. After another product "for" leads to what that one
    /// is for: "sugar, ten kilos for the jam".
    fn is_link(&self, at: usize, floor: usize) -> bool {
        let fold = &self.tokens[at].fold;
        let about = floor > 0 && self.lexicon.about.contains(fold);
        (self.lexicon.links.contains(fold) && !about) || self.lexicon.times.contains(fold)
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

    /// "two packs of six" that ends at `end`: the packs, with what is in each.
    fn packs_before(&self, floor: usize, end: usize) -> Option<Amount> {
        let number = |s| quantity::number(self.tokens, s, self.lexicon).filter(|(_, after)| *after == end);
        let (start, each) = (end.saturating_sub(3)..end).find_map(|s| number(s).map(|(each, _)| (s, each)))?;
        if each == 0 || !quantity::is_pack_size(self.tokens, start, self.lexicon) {
            return None;
        }
        let packs = self.amount_before(floor, start - 1).filter(|a| a.has_unit() && !a.is_measure())?;
        Some(Amount { end, each: Some(each), ..packs })
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

    /// The end of the correction markers that follow each other from `at` on and end by `limit`: "no, sorry, make that".
    fn corrections(&self, at: usize, limit: usize) -> Option<usize> {
        let marker = |at: usize| self.correction(at).filter(|end| *end <= limit);
        let mut end = marker(at)?;
        while let Some(next) = marker(end) {
            end = next;
        }
        Some(end)
    }

    /// The end of a correction marker at `at`, the longest one.
    fn correction(&self, at: usize) -> Option<usize> {
        self.lexicon.corrections.iter().find(|c| self.words_at(at, c)).map(|c| at + c.len())
    }

    fn grow_right(&self, mention: &mut Mention, ceiling: usize) {
        let product = mention.found.products[0].0;
        let mut at = mention.span.1;
        let mut taken_back = false;
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
            if mention.amount.is_none()
                && let Some(amount) = quantity::amount(self.tokens, at, self.lexicon).filter(|a| a.end <= ceiling)
            {
                at = amount.end;
                mention.amount = Some(amount);
                continue;
            }
            let corrected = self
                .corrections(at, ceiling - 1)
                .and_then(|end| quantity::amount(self.tokens, end, self.lexicon).filter(|a| a.end <= ceiling));
            if let Some(mut amount) = corrected {
                at = amount.end;
                // "one pack, no, two": two packs.
                amount.unit = amount.unit.or(mention.amount.take().and_then(|old| old.unit));
                mention.amount = Some(amount);
                continue;
            }
            let corrected = self.renamed(mention, at, ceiling);
            taken_back |= corrected.is_some();
            // What was taken back is not qualified any more.
            let renamed = if taken_back { corrected } else { self.qualified(mention, at, ceiling) };
            let Some((end, found)) = renamed else { break };
            mention.found = Found { end, ..found };
            at = end;
        }
        mention.span.1 = at;
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
                let end = self.corrections(last.end, self.tokens.len())?;
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
