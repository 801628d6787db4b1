//! A sentence with everything that was found in it: products, amounts, and the templates that match. Pure.
//!
//! Never says what it means: that is the work of [`parse`](super::parse).

use super::catalog::Catalog;
use super::catalog::index::Index;
use super::classifier::Classifier;
use super::clauses::{self, Clause};
use super::intent::{Intent, Span, Taken};
use super::lexicon::{Lexicon, Role, Template};
use super::mention::{self, Mention, Mentions};
use super::text::Token;

/// What a sentence is parsed with.
pub struct Context<'a> {
    pub lexicon: &'a Lexicon,
    pub index: &'a Index,
    pub classifier: &'a Classifier,
    pub catalog: &'a Catalog,
    pub regulars: &'a dyn Fn(&str) -> bool,
}

/// A sentence with everything that was found in it.
pub struct Sentence<'a> {
    pub context: &'a Context<'a>,
    pub tokens: Vec<Token>,
    pub mentions: Mentions,
    /// Every match of every template.
    pub all: Vec<Clause>,
    /// Those that together explain most of it.
    pub chosen: Vec<Clause>,
}

fn made_to_order(catalog: &Catalog, mentions: &Mentions, clause: &Clause) -> bool {
    let inside = |m: &&Mention| clause.start <= m.core.0 && m.core.1 <= clause.end;
    mentions.list.iter().filter(inside).all(|m| !catalog.products[m.found.products[0].0].options.is_empty())
}

fn role_weight(template: &Template) -> u32 {
    match template.role {
        Role::Forbids(_) => 4,
        Role::Spares => 3,
        // "we have only one egg" is more than "we have one egg?".
        Role::Means(_) if template.depletes => 5,
        Role::Means(intent) => {
            if intent.can_buy() {
                1
            } else {
                5
            }
        }
        Role::Filler => 0,
    }
}

impl<'a> Sentence<'a> {
    pub fn new(context: &'a Context<'a>, tokens: Vec<Token>) -> Sentence<'a> {
        let mentions = mention::mentions(&tokens, context.lexicon, context.index);
        let mut all = clauses::all(&tokens, &mentions, context.lexicon);
        let template = |c: &Clause| &context.lexicon.templates[c.template];
        all.retain(|c| !template(c).prepared || made_to_order(context.catalog, &mentions, c));
        let light = |t: &Token| context.lexicon.joiners.contains(&t.fold);
        all.retain(|c| !template(c).start || tokens[..c.start].iter().all(light));
        let goes_on = |c: &Clause| tokens.get(c.end).is_some_and(|t| !t.break_before);
        all.retain(|c| !template(c).end || !goes_on(c));
        let weight = |c: &Clause| role_weight(template(c));
        // What is only an order where it is all that is said must not hide a clause that says more.
        let bare = |c: &Clause| template(c).whole && template(c).role == Role::Means(Intent::Reorder);
        let part: Vec<Clause> = all.iter().filter(|c| !bare(c)).copied().collect();
        let chosen = clauses::cover(&part, tokens.len(), &weight);
        Sentence { context, tokens, mentions, all, chosen }
    }
}

impl Sentence<'_> {
    pub fn template(&self, clause: &Clause) -> &Template {
        &self.context.lexicon.templates[clause.template]
    }

    pub fn role(&self, clause: &Clause) -> Role {
        self.template(clause).role
    }

    pub fn name(&self, clause: &Clause) -> Option<String> {
        Some(self.template(clause).name.clone())
    }

    pub fn means(&self, clause: &Clause) -> Option<Intent> {
        match self.role(clause) {
            Role::Means(intent) => Some(intent),
            Role::Forbids(_) | Role::Spares | Role::Filler => None,
        }
    }

    pub fn is_whole(&self, clause: &Clause) -> bool {
        self.template(clause).whole
    }

    /// Words of weight that neither `by` nor fillers nor product names explain.
    pub fn leftover(&self, by: &[Clause], mentions: bool) -> Vec<String> {
        (0..self.tokens.len())
            .filter(|at| {
                let covered = by.iter().any(|c| (c.start..c.end).contains(at));
                let named = mentions && self.mentions.list.iter().any(|m| (m.span.0..m.span.1).contains(at));
                !covered && !named && !self.in_each(*at) && !self.context.lexicon.light.contains(&self.tokens[*at].fold)
            })
            .map(|at| self.tokens[at].text.clone())
            .collect()
    }

    pub fn in_each(&self, at: usize) -> bool {
        self.mentions.each.as_ref().is_some_and(|e| (e.start..e.end).contains(&at))
    }

    /// A clause that says all that is said, apart from fillers.
    pub fn whole(&self, wanted: &dyn Fn(Intent) -> bool) -> Option<Clause> {
        let candidates = self.all.iter().filter(|c| self.is_whole(c) && self.means(c).is_some_and(wanted));
        candidates
            .filter(|c| {
                // "alright, order that": a yes beside the phrase takes nothing from it.
                let nods = |f: &Clause| self.means(c) == Some(Intent::Confirm) && self.means(f) == Some(Intent::Affirm);
                let same = |f: &Clause| self.is_whole(f) && (self.means(f) == self.means(c) || nods(f));
                let rest: Vec<Clause> = self
                    .all
                    .iter()
                    .filter(|f| {
                        ((self.role(f) == Role::Filler && self.template(f).heard) || same(f))
                            && (f.end <= c.start || f.start >= c.end)
                    })
                    .copied()
                    .collect();
                let covered = |at: usize| {
                    (c.start..c.end).contains(&at)
                        || rest.iter().any(|f| (f.start..f.end).contains(&at))
                        || self.in_each(at)
                };
                (0..self.tokens.len()).all(covered)
            })
            .max_by_key(|c| c.len())
            .copied()
    }

    pub fn inside(&self, mention: &Mention, intent: Intent) -> bool {
        self.chosen.iter().any(|c| {
            self.means(c) == Some(intent) && !self.is_whole(c) && c.start <= mention.core.0 && mention.core.1 <= c.end
        })
    }

    pub fn spared(&self, mention: &Mention) -> bool {
        self.chosen.iter().any(|c| self.role(c) == Role::Spares && c.start <= mention.core.0 && mention.core.1 <= c.end)
    }

    pub fn words(&self, mention: &Mention) -> String {
        self.tokens[mention.core.0..mention.core.1].iter().map(|t| t.text.as_str()).collect::<Vec<_>>().join(" ")
    }

    pub fn content_beside_amounts(&self) -> usize {
        (0..self.tokens.len())
            .filter(|at| {
                let token = &self.tokens[*at];
                let counted = self.mentions.amounts.iter().any(|a| (a.start..a.end).contains(at));
                let filler = self.chosen.iter().any(|c| self.role(c) == Role::Filler && (c.start..c.end).contains(at));
                !counted && !filler && !self.context.lexicon.light.contains(&token.fold)
            })
            .count()
    }

    /// What each part was taken for: the templates that carry meaning, the products and the lone amounts.
    pub fn spans(&self) -> Vec<Span> {
        let span = |words: (usize, usize), is: Taken| {
            let text = self.tokens[words.0..words.1].iter().map(|t| t.text.as_str()).collect::<Vec<_>>().join(" ");
            Span { words, text, is }
        };
        let carries = |c: &&Clause| self.role(c) != Role::Filler;
        let templates = self.chosen.iter().filter(carries);
        let mut out: Vec<Span> =
            templates.map(|c| span((c.start, c.end), Taken::Template(self.template(c).name.clone()))).collect();
        out.extend(
            self.mentions.list.iter().filter(|m| !m.dropped).map(|m| {
                span(m.span, Taken::Product(self.context.catalog.products[m.found.products[0].0].sku.clone()))
            }),
        );
        out.extend(self.mentions.amounts.iter().map(|a| span((a.start, a.end), Taken::Amount(a.value))));
        out.sort_by_key(|s| s.words);
        out
    }
}
