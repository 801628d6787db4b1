//! Words → [`Parse`](super::intent::Parse): never fails, says what it did not understand.
//!
//! The order of the rules is the safety: what forbids buying beats what buys, what cannot buy beats
//! what can, and too many words that nothing explains are not an order.

use super::Lang;
use super::catalog::Catalog;
use super::catalog::index::Index;
use super::classifier::{Classifier, Likelihood};
use super::clauses::{self, Clause};
use super::features::features;
use super::grammar::Expect;
use super::intent::{Because, Candidate, Change, Intent, Line, NotAnOrder, Parse};
use super::lexicon::{Lexicon, Role, Template};
use super::mention::{self, CERTAIN, Mention, Mentions};
use super::quantity::{self, Amount};
use super::text::{self, Token};

/// What a sentence is parsed with.
pub struct Context<'a> {
    pub lexicon: &'a Lexicon,
    pub index: &'a Index,
    pub classifier: &'a Classifier,
    pub catalog: &'a Catalog,
    pub regulars: &'a dyn Fn(&str) -> bool,
}

/// At most this many words of weight may stay unexplained in an order,
const MAX_UNEXPLAINED: usize = 6;
/// and at least this part of them must be explained.
const MIN_SCORE: f32 = 0.34;

/// Below this likelihood nothing is understood, unless the templates say the same.
const LEAST: f32 = 0.4;
/// Least likelihood of an order: where the templates explain every word of it, where they find one too, where they find nothing, and where they find what forbids
/// one. Chosen by cross-validation over talk that was written to be mistaken for orders: of what is no order, about two
/// rows in a hundred pass, and of the orders more than four in five.
const EXPLAINED_ORDER: f32 = 0.35;
const RULED_ORDER: f32 = 0.65;
const LIKELY_ORDER: f32 = 0.8;
const FORBIDDEN_ORDER: f32 = 0.93;

/// The template of an order that names no product.
const USUAL: &str = "usual";
/// The templates of statements that something is gone.
const RAN_OUT: &str = "ran-out";

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

/// What a sentence shows the classifier; `None` where there is nothing to look at.
pub fn look(context: &Context<'_>, text: &str) -> Option<std::collections::BTreeSet<String>> {
    let mut tokens = text::tokens(text, context.lexicon.lang)?;
    drop_wake(&mut tokens, context.lexicon);
    if tokens.is_empty() {
        return None;
    }
    let sentence = Sentence::new(context, tokens);
    let rules = sentence.by_rules();
    Some(features(&sentence, &rules))
}

/// The meaning of `text`.
pub fn parse(context: &Context<'_>, text: &str, expect: &Expect) -> Parse {
    let lang: Lang = context.lexicon.lang;
    let Some(mut tokens) = text::tokens(text, lang) else {
        return Parse { not_an_order: Some(NotAnOrder::Unexplained), ..Parse::nothing(vec![]) };
    };
    drop_wake(&mut tokens, context.lexicon);
    let spoken = match expect {
        Expect::Challenge { words } => Some(drop_challenge(&mut tokens, words, lang)),
        Expect::Command | Expect::Confirm | Expect::Choice { .. } => None,
    };
    if tokens.is_empty() {
        return Parse::nothing(vec![]);
    }
    let sentence = Sentence::new(context, tokens);
    let mut parse = match expect {
        Expect::Command => sentence.meaning(),
        Expect::Confirm | Expect::Challenge { .. } => sentence.answer(),
        Expect::Choice { skus } => sentence.choice(skus),
    };
    // The phrase without the words that were spoken for it is no more than a yes.
    if spoken == Some(false) && parse.intent == Intent::Confirm {
        parse.intent = Intent::Affirm;
    }
    parse
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

fn drop_wake(tokens: &mut Vec<Token>, lexicon: &Lexicon) {
    let wake = lexicon.wake.iter().filter_map(|w| {
        let words: Vec<String> = text::tokens(w, lexicon.lang)?.into_iter().map(|t| t.fold).collect();
        quantity::starts_with(tokens, 0, &words).then_some(words.len())
    });
    if let Some(length) = wake.max() {
        tokens.drain(..length);
    }
}

/// Takes the challenge words out, wherever they stand; false unless all of them were there.
fn drop_challenge(tokens: &mut Vec<Token>, words: &[String], lang: Lang) -> bool {
    let mut complete = !words.is_empty();
    for word in words {
        let parts: Vec<String> = text::tokens(word, lang).unwrap_or_default().into_iter().map(|t| t.fold).collect();
        match (0..tokens.len()).find(|at| quantity::starts_with(tokens, *at, &parts)) {
            Some(at) => drop(tokens.drain(at..at + parts.len())),
            None => complete = false,
        }
    }
    complete
}

impl<'a> Sentence<'a> {
    fn new(context: &'a Context<'a>, tokens: Vec<Token>) -> Sentence<'a> {
        let mentions = mention::mentions(&tokens, context.lexicon, context.index);
        let mut all = clauses::all(&tokens, &mentions, context.lexicon);
        all.retain(|c| !context.lexicon.templates[c.template].prepared || made_to_order(context.catalog, &mentions, c));
        let light = |t: &Token| context.lexicon.joiners.contains(&t.fold);
        all.retain(|c| !context.lexicon.templates[c.template].start || tokens[..c.start].iter().all(light));
        let weight = |c: &Clause| role_weight(&context.lexicon.templates[c.template]);
        // What is only an order where it is all that is said must not hide a clause that says more.
        let bare = |c: &Clause| {
            context.lexicon.templates[c.template].whole
                && context.lexicon.templates[c.template].role == Role::Means(Intent::Reorder)
        };
        let part: Vec<Clause> = all.iter().filter(|c| !bare(c)).copied().collect();
        let chosen = clauses::cover(&part, tokens.len(), &weight);
        Sentence { context, tokens, mentions, all, chosen }
    }
}

impl Sentence<'_> {
    fn role(&self, clause: &Clause) -> Role {
        self.context.lexicon.templates[clause.template].role
    }

    fn name(&self, clause: &Clause) -> Option<String> {
        Some(self.context.lexicon.templates[clause.template].name.clone())
    }

    fn means(&self, clause: &Clause) -> Option<Intent> {
        match self.role(clause) {
            Role::Means(intent) => Some(intent),
            Role::Forbids(_) | Role::Spares | Role::Filler => None,
        }
    }

    fn is_whole(&self, clause: &Clause) -> bool {
        self.context.lexicon.templates[clause.template].whole
    }

    /// Words of weight that neither `by` nor fillers nor product names explain.
    fn leftover(&self, by: &[Clause], mentions: bool) -> Vec<String> {
        (0..self.tokens.len())
            .filter(|at| {
                let covered = by.iter().any(|c| (c.start..c.end).contains(at));
                let named = mentions && self.mentions.list.iter().any(|m| (m.span.0..m.span.1).contains(at));
                !covered && !named && !self.in_each(*at) && !self.context.lexicon.light.contains(&self.tokens[*at].fold)
            })
            .map(|at| self.tokens[at].text.clone())
            .collect()
    }

    fn in_each(&self, at: usize) -> bool {
        self.mentions.each.as_ref().is_some_and(|e| (e.start..e.end).contains(&at))
    }

    fn nothing(&self, why: NotAnOrder, by: Option<&Clause>) -> Parse {
        let leftover = self.leftover(&self.chosen, true);
        Parse { not_an_order: Some(why), template: by.and_then(|c| self.name(c)), ..Parse::nothing(leftover) }
    }

    /// A clause that says all that is said, apart from fillers.
    fn whole(&self, wanted: &dyn Fn(Intent) -> bool) -> Option<Clause> {
        let candidates = self.all.iter().filter(|c| self.is_whole(c) && self.means(c).is_some_and(wanted));
        candidates
            .filter(|c| {
                // "alright, order that": a yes beside the phrase takes nothing from it.
                let nods = |f: &Clause| {
                    self.means(c) == Some(Intent::Confirm) && self.means(f) == Some(Intent::Affirm)
                };
                let same = |f: &Clause| self.is_whole(f) && (self.means(f) == self.means(c) || nods(f));
                let rest: Vec<Clause> = self
                    .all
                    .iter()
                    .filter(|f| {
                        ((self.role(f) == Role::Filler && self.context.lexicon.templates[f.template].heard) || same(f))
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

    /// What forbids buying, unless a longer clause explains the same words otherwise.
    fn forbidden(&self) -> Option<(NotAnOrder, Clause)> {
        self.all.iter().find_map(|c| match self.role(c) {
            Role::Forbids(why) => {
                let explained = self.chosen.iter().any(|other| {
                    other.holds(c)
                        && (other.len() > c.len() || self.depletes(other))
                        && !matches!(self.role(other), Role::Forbids(_))
                });
                (!explained).then_some((why, *c))
            }
            Role::Means(_) | Role::Spares | Role::Filler => None,
        })
    }

    /// What the templates say, judged once more by what was learned from people's sentences.
    fn meaning(&self) -> Parse {
        let rules = self.by_rules();
        if self.context.classifier.is_empty() {
            return rules;
        }
        let likely = self.context.classifier.likelihood(&features(self, &rules));
        let Some((intent, share)) = likely.best(&|_| true) else { return rules };
        if share < LEAST && !rules.intent.can_buy() && rules.intent != intent {
            let why = rules.not_an_order.unwrap_or(NotAnOrder::Unexplained);
            return Parse { intent: Intent::None, lines: vec![], change: None, not_an_order: Some(why), score: share, ..rules };
        }
        let lines = match intent {
            Intent::Reorder => return self.purchase(rules, &likely),
            // Only a phrase of the lexicon is the phrase; what merely resembles it is a yes.
            Intent::Confirm if rules.intent != Intent::Confirm => {
                return Parse { intent: Intent::Affirm, lines: vec![], score: share, ..rules };
            }
            Intent::None => {
                let why = rules.not_an_order.unwrap_or(NotAnOrder::Unexplained);
                return Parse { intent, lines: vec![], change: None, not_an_order: Some(why), score: share, ..rules };
            }
            _ if rules.intent == intent => return Parse { score: share.min(rules.score), ..rules },
            Intent::ListAdd => self.wanted_lines(),
            Intent::Price | Intent::Find | Intent::Cancel | Intent::Status | Intent::Return | Intent::History => {
                self.lines_where(&|_| true)
            }
            Intent::Change
            | Intent::Confirm
            | Intent::Affirm
            | Intent::Deny
            | Intent::Handoff
            | Intent::Repeat
            | Intent::Why
            | Intent::Help
            | Intent::News
            | Intent::Stop => vec![],
        };
        let change = (intent == Intent::Change).then(|| self.change()).flatten();
        Parse { intent, lines, change, not_an_order: None, score: share, ..rules }
    }

    /// An order only where it is likely enough; templates that say so too need less.
    fn purchase(&self, rules: Parse, likely: &Likelihood) -> Parse {
        let share = likely.of(Intent::Reorder);
        let ruled = rules.intent == Intent::Reorder;
        let lines = if ruled { rules.lines.clone() } else { self.wanted_lines() };
        let usual = lines.is_empty() && self.chosen.iter().any(|c| self.asks_for_usual(c));
        let enough = match (ruled, rules.not_an_order) {
            (true, _) if rules.leftover.is_empty() => EXPLAINED_ORDER,
            (true, _) => RULED_ORDER,
            (false, None | Some(NotAnOrder::Unexplained)) => LIKELY_ORDER,
            (false, Some(_)) => FORBIDDEN_ORDER,
        };
        if share < enough || (rules.leftover.is_empty() && self.asks_what_is_there()) || (lines.is_empty() && !usual) || self.only_resembles() {
            let why = rules.not_an_order.unwrap_or(NotAnOrder::Unexplained);
            return Parse { intent: Intent::None, lines: vec![], not_an_order: Some(why), score: share, ..rules };
        }
        let weakest = lines.iter().map(|l| l.score).fold(1.0f32, f32::min);
        Parse { intent: Intent::Reorder, lines, change: None, not_an_order: None, score: share * weakest, ..rules }
    }

    /// "Has the milk run out?": what tells of want as a statement only asks with a question mark.
    fn asks_what_is_there(&self) -> bool {
        let mut orders = self.chosen.iter().filter(|c| self.means(c) == Some(Intent::Reorder)).peekable();
        self.tokens.last().is_some_and(|t| t.asked)
            && orders.peek().is_some()
            && orders.all(|c| self.context.lexicon.templates[c.template].name == RAN_OUT)
    }

    /// One product's name and nothing else is what noise is heard as, too: then it has to be the very name.
    fn only_resembles(&self) -> bool {
        matches!(self.mentions.list.as_slice(),
            [only] if only.core == (0, self.tokens.len()) && only.found.products[0].1 < CERTAIN)
    }

    /// "the usual": an order that names no product; the household's history would have to.
    fn asks_for_usual(&self, clause: &Clause) -> bool {
        self.context.lexicon.templates[clause.template].name == USUAL && self.mentions.list.is_empty()
    }

    /// What the templates alone say.
    fn by_rules(&self) -> Parse {
        let named = self.mentions.list.iter().any(|m| !m.dropped);
        let buys = named && self.chosen.iter().any(|c| self.means(c) == Some(Intent::Reorder));
        if let Some(parse) = self.cannot_buy(buys) {
            return parse;
        }
        let short = |intent: Intent| !matches!(intent, Intent::Reorder);
        if let Some(clause) = self.whole(&short)
            && !buys
        {
            let intent = self.means(&clause).unwrap_or(Intent::None);
            return self.result(intent, &clause, vec![]);
        }
        if let Some((why, clause)) = self.forbidden() {
            return self.nothing(why, Some(&clause));
        }
        self.order()
    }

    /// Intents that need not be the whole sentence and cannot buy. Those earlier in the list win.
    fn cannot_buy(&self, buys: bool) -> Option<Parse> {
        const ORDER: [Intent; 9] = [
            Intent::Cancel,
            Intent::Return,
            Intent::Handoff,
            Intent::ListAdd,
            Intent::Price,
            Intent::Status,
            Intent::History,
            Intent::Find,
            Intent::Change,
        ];
        for intent in ORDER {
            if intent == Intent::Change && buys {
                continue;
            }
            let Some(clause) = self
                .chosen
                .iter()
                .filter(|c| self.means(c) == Some(intent) && !self.is_whole(c))
                .max_by_key(|c| c.len())
            else {
                continue;
            };
            let lines = match intent {
                Intent::ListAdd => self.wanted_lines(),
                Intent::Change | Intent::Find | Intent::Handoff => vec![],
                _ => self.lines_where(&|m| self.inside(m, intent)),
            };
            let left = self.leftover(&self.chosen, true).len();
            let most = match intent {
                Intent::ListAdd | Intent::Cancel | Intent::Find => MAX_UNEXPLAINED,
                _ => 3.max(clause.len()),
            };
            if left <= most {
                return Some(self.result(intent, clause, lines));
            }
        }
        None
    }

    fn inside(&self, mention: &Mention, intent: Intent) -> bool {
        self.chosen.iter().any(|c| {
            self.means(c) == Some(intent) && !self.is_whole(c) && c.start <= mention.core.0 && mention.core.1 <= c.end
        })
    }

    fn spared(&self, mention: &Mention) -> bool {
        self.chosen.iter().any(|c| self.role(c) == Role::Spares && c.start <= mention.core.0 && mention.core.1 <= c.end)
    }

    fn order(&self) -> Parse {
        let cues: Vec<&Clause> =
            self.chosen.iter().filter(|c| self.means(c) == Some(Intent::Reorder) && !self.is_whole(c)).collect();
        let lines = self.wanted_lines();
        let Some(clause) = cues.iter().max_by_key(|c| c.len()) else {
            return self.bare_order(lines);
        };
        if lines.is_empty() {
            let spared = self.mentions.list.iter().any(|m| self.spared(m));
            return self.nothing(if spared { NotAnOrder::Negated } else { NotAnOrder::Unexplained }, Some(clause));
        }
        if self.mentions.list.iter().any(|m| {
            !m.dropped && !self.spared(m) && lines.iter().any(|l| l.words == self.words(m)) && self.names_another(m)
        }) {
            return self.nothing(NotAnOrder::Unexplained, Some(clause));
        }
        let parse = self.result(Intent::Reorder, clause, lines);
        if parse.leftover.len() > MAX_UNEXPLAINED || parse.score < MIN_SCORE {
            return Parse { intent: Intent::None, lines: vec![], not_an_order: Some(NotAnOrder::Unexplained), ..parse };
        }
        parse
    }

    fn words(&self, mention: &Mention) -> String {
        self.tokens[mention.core.0..mention.core.1].iter().map(|t| t.text.as_str()).collect::<Vec<_>>().join(" ")
    }

    /// "rice cooker", "coconut milk", "leche condensada": a word that nothing explains stands right
    /// beside the name, so that the two together name something that the shop may not have.
    fn names_another(&self, mention: &Mention) -> bool {
        let strange = |at: usize| {
            let covered = self.chosen.iter().any(|c| (c.start..c.end).contains(&at));
            let named = self.mentions.list.iter().any(|m| (m.span.0..m.span.1).contains(&at));
            !covered
                && !named
                && !self.context.lexicon.light.contains(&self.tokens[at].fold)
                && !self.context.lexicon.is_unit(&self.tokens[at].fold)
        };
        let after = mention.core.1;
        let joined = |at: usize| at < self.tokens.len() && !self.tokens[at].break_before;
        let of = |at: usize| {
            joined(at)
                && self.context.lexicon.spoken_of.contains(&self.tokens[at].fold)
                && joined(at + 1)
                && strange(at + 1)
        };
        let follows = after == mention.span.1 && joined(after) && (strange(after) || of(after));
        let before = mention.core.0;
        let asked = self.inside(mention, Intent::Reorder);
        let precedes = (self.context.lexicon.lang == Lang::En || !asked)
            && before == mention.span.0
            && before > 0
            && !self.tokens[before].break_before
            && strange(before - 1);
        follows || precedes
    }

    /// Only products were said: with a quantity, an option or a "please" it is an order.
    fn bare_order(&self, lines: Vec<Line>) -> Parse {
        let named: usize = self.mentions.list.iter().map(|m| m.span.1 - m.span.0).sum();
        let asks = self.mentions.each.is_some()
            || self.mentions.list.iter().any(|m| !m.options.is_empty() || m.amount.is_some());
        match self.whole(&|intent| intent == Intent::Reorder) {
            Some(clause) if (asks || clause.len() > named) && !lines.is_empty() => {
                let mut parse = self.result(Intent::Reorder, &clause, lines);
                parse.score *= 0.8;
                parse
            }
            Some(_) | None => self.nothing(NotAnOrder::Unexplained, None),
        }
    }

    /// After a read-back. Any negative word rules the confirmation out.
    fn answer(&self) -> Parse {
        // "two, no, three packs": that "no" takes back a number, not the order.
        let corrected = |at: usize| self.mentions.amounts.iter().any(|a| (a.start..a.end).contains(&at));
        let negative = self
            .context
            .lexicon
            .negative
            .iter()
            .any(|n| (0..self.tokens.len()).any(|at| !corrected(at) && quantity::starts_with(&self.tokens, at, n)));
        let change = self.change();
        if let Some(clause) = self.chosen.iter().find(|c| self.means(c) == Some(Intent::Cancel)) {
            return self.result(Intent::Cancel, clause, vec![]);
        }
        if let (Some(change), Some(clause)) =
            (&change, self.chosen.iter().find(|c| self.means(c) == Some(Intent::Change)))
        {
            return Parse { change: Some(change.clone()), ..self.result(Intent::Change, clause, vec![]) };
        }
        if let Some(clause) = self.whole(&|intent| !(intent.can_buy() || negative && intent == Intent::Affirm)) {
            let intent = self.means(&clause).unwrap_or(Intent::None);
            return self.result(intent, &clause, vec![]);
        }
        let plain = self.content_beside_amounts() <= 1 && (!negative || self.leftover(&self.chosen, true).is_empty());
        if let Some(change) = change.filter(|_| plain) {
            return Parse {
                intent: Intent::Change,
                change: Some(change),
                template: None,
                score: 0.8,
                ..Parse::nothing(vec![])
            };
        }
        if negative {
            return Parse { intent: Intent::Deny, score: 0.7, ..Parse::nothing(self.leftover(&self.chosen, true)) };
        }
        if let Some(clause) = self.whole(&|intent| intent == Intent::Confirm) {
            return self.result(Intent::Confirm, &clause, vec![]);
        }
        let mut parse = self.meaning();
        if parse.intent == Intent::Confirm {
            parse.intent = Intent::None;
        }
        parse
    }

    fn content_beside_amounts(&self) -> usize {
        (0..self.tokens.len())
            .filter(|at| {
                let token = &self.tokens[*at];
                let counted = self.mentions.amounts.iter().any(|a| (a.start..a.end).contains(at));
                let filler = self.chosen.iter().any(|c| self.role(c) == Role::Filler && (c.start..c.end).contains(at));
                !counted && !filler && !self.context.lexicon.light.contains(&token.fold)
            })
            .count()
    }

    fn change(&self) -> Option<Change> {
        if let Some(amount) = self.mentions.amounts.last() {
            return Some(Change::Qty(amount.value));
        }
        let clause = self.chosen.iter().find(|c| self.means(c) == Some(Intent::Change))?;
        let words: Vec<&str> = self.tokens[clause.start..clause.end].iter().map(|t| t.text.as_str()).collect();
        Some(Change::Which(words.join(" ")))
    }

    /// One of a few products was asked for: by name, or "the first one".
    fn choice(&self, skus: &[String]) -> Parse {
        if let Some(clause) = self.whole(&|intent| {
            matches!(intent, Intent::Deny | Intent::Stop | Intent::Repeat | Intent::Why | Intent::Help)
        }) {
            let intent = self.means(&clause).unwrap_or(Intent::None);
            return self.result(intent, &clause, vec![]);
        }
        if let Some(clause) = self.chosen.iter().find(|c| self.means(c) == Some(Intent::Cancel)) {
            return self.result(Intent::Cancel, clause, vec![]);
        }
        let words: Vec<&str> = self.tokens.iter().map(|t| t.text.as_str()).collect();
        let lines: Vec<Line> = self.lines_where(&|_| true).into_iter().filter(|l| skus.contains(&l.sku)).collect();
        let left = self.leftover(&self.chosen, true);
        if left.len() <= 1 && self.forbidden().is_none() {
            let which = Some(Change::Which(words.join(" ")));
            return Parse { intent: Intent::Change, lines, change: which, score: 0.8, ..Parse::nothing(left) };
        }
        self.nothing(NotAnOrder::Unexplained, None)
    }

    fn result(&self, intent: Intent, clause: &Clause, lines: Vec<Line>) -> Parse {
        let leftover = self.leftover(&self.chosen, true);
        let content = self.tokens.iter().filter(|t| !self.context.lexicon.light.contains(&t.fold)).count();
        let fit = if content == 0 { 1.0 } else { 1.0 - leftover.len() as f32 / content as f32 };
        let weakest = lines.iter().map(|l| l.score).fold(1.0f32, f32::min);
        let change = (intent == Intent::Change).then(|| self.change()).flatten();
        Parse {
            intent,
            lines,
            change,
            not_an_order: None,
            leftover,
            template: self.name(clause),
            score: fit.clamp(0.0, 1.0) * weakest,
        }
    }

    /// The products that the sentence wants: those in a clause, and those that stand alone.
    fn wanted_lines(&self) -> Vec<Line> {
        let buys = |m: &Mention| self.inside(m, Intent::Reorder) || self.inside(m, Intent::ListAdd);
        let named = self.mentions.list.iter().any(|m| buys(m) && !self.spared(m));
        // Beside products that are asked for, another counts only where "and" leads to it: "... because I make jam" does not.
        let led = |m: &Mention| {
            m.joined
                || self.tokens[m.span.0.saturating_sub(1)..m.core.0]
                    .iter()
                    .any(|t| self.context.lexicon.joiners.contains(&t.fold))
        };
        self.lines_where(&|m| !self.spared(m) && (!named || buys(m) || led(m)))
    }

    fn lines_where(&self, wanted: &dyn Fn(&Mention) -> bool) -> Vec<Line> {
        let mut lines: Vec<(Line, usize)> = Vec::new();
        for mention in self.mentions.list.iter().filter(|m| !m.dropped && wanted(m)) {
            let line = self.line(mention);
            match lines.iter_mut().find(|(l, _)| l.sku == line.sku) {
                // Said twice ("no detergent ... get two bottles of detergent"): one line, the spoken quantity.
                Some((old, _)) if line.qty_spoken => *old = line,
                Some(_) => {}
                None => lines.push((line, mention.core.0)),
            }
        }
        for amount in &self.mentions.amounts {
            if let Some((line, _)) = self.counts_for(amount, &mut lines)
                && let Some(product) = self.context.catalog.position(&line.sku)
            {
                line.qty = amount.packs(&self.context.catalog.products[product].pack);
                line.qty_spoken = true;
            }
        }
        if let Some(each) = &self.mentions.each {
            for (line, _) in &mut lines {
                line.qty = each.value;
                line.qty_spoken = true;
            }
        }
        lines.into_iter().map(|(line, _)| line).collect()
    }

    /// The line that an amount which stands alone is about: "paper towels, two packs", "sardines, no, make it five".
    fn counts_for<'l>(&self, amount: &Amount, lines: &'l mut [(Line, usize)]) -> Option<&'l mut (Line, usize)> {
        let holds = |c: &&Clause| c.start <= amount.start && amount.end <= c.end;
        if self.chosen.iter().filter(holds).any(|c| self.depletes(c)) {
            return None;
        }
        let corrects = self.corrected_by(amount.start);
        let asked = self.chosen.iter().filter(holds).any(|c| {
            matches!(self.means(c), Some(Intent::Reorder | Intent::ListAdd | Intent::Change))
        });
        let lexicon = self.context.lexicon;
        let times_at = |at: Option<usize>| at.and_then(|at| self.tokens.get(at)).is_some_and(|t| lexicon.times.contains(&t.fold));
        let times = times_at(amount.start.checked_sub(1)) || times_at(Some(amount.end));
        // "for my two children": what follows the number is what is counted.
        let counts_others = self.tokens.get(amount.end).is_some_and(|t| !t.break_before && !lexicon.knows(&t.fold));
        if counts_others || !(asked || times || corrects || amount.has_unit() || self.alone(amount)) {
            return None;
        }
        let before = lines.iter().rposition(|(l, at)| *at < amount.start && (corrects || !l.qty_spoken));
        let after = lines.iter().position(|(l, _)| !l.qty_spoken).filter(|_| lines.len() == 1 && amount.has_unit());
        before.or(after).map(|at| &mut lines[at])
    }

    /// "..., make it": whether a correction ends right before `at`, apart from words of little weight.
    fn corrected_by(&self, at: usize) -> bool {
        let lexicon = self.context.lexicon;
        let slight = |i: &usize| {
            let fold = &self.tokens[*i].fold;
            lexicon.joiners.contains(fold) || lexicon.articles.contains(fold) || lexicon.asks(fold)
        };
        let end = at - (0..at).rev().take_while(slight).count();
        lexicon.corrections.iter().any(|c| c.len() <= end && quantity::starts_with(&self.tokens, end - c.len(), c))
            || lexicon.corrections.iter().any(|c| c.len() <= at && quantity::starts_with(&self.tokens, at - c.len(), c))
    }

    /// Between pauses: ", eight of them".
    fn alone(&self, amount: &Amount) -> bool {
        let begins = amount.start == 0 || self.tokens[amount.start].break_before;
        let lexicon = self.context.lexicon;
        begins && self.tokens.get(amount.end).is_none_or(|t| t.break_before || lexicon.articles.contains(&t.fold))
    }

    /// "only one egg left": a number there is what is left, not what is wanted.
    fn depletes(&self, clause: &Clause) -> bool {
        self.context.lexicon.templates[clause.template].depletes
    }

    fn line(&self, mention: &Mention) -> Line {
        let catalog = self.context.catalog;
        let regular = |product: usize| (self.context.regulars)(&catalog.products[product].sku);
        let mut ranked = mention.found.products.clone();
        let top = ranked[0].1;
        ranked.extend(mention.found.rivals.iter().map(|(p, s)| (*p, s * top)));
        let mut because = if mention.found.fuzzy { Because::SoundsLike } else { Because::Named };
        if ranked.len() > 1
            && !regular(ranked[0].0)
            && let Some(usual) = ranked.iter().position(|(p, _)| regular(*p))
        {
            let (product, _) = ranked.remove(usual);
            ranked.insert(0, (product, top));
            for other in &mut ranked[1..] {
                other.1 = other.1.min(top * 0.8);
            }
            because = Because::Usual;
        }
        let (product, score) = ranked[0];
        let chosen = &catalog.products[product];
        let depleted =
            self.chosen.iter().any(|c| self.depletes(c) && c.start <= mention.core.0 && mention.core.1 <= c.end);
        let amount = mention.amount.as_ref().filter(|_| !depleted);
        let options = mention.options.iter().filter_map(|(o, v)| {
            let option = chosen.options.get(*o)?;
            Some((option.name.clone(), option.values.get(*v)?.value.clone()))
        });
        Line {
            sku: chosen.sku.clone(),
            qty: amount.map_or(1, |a| a.packs(&catalog.products[product].pack)),
            qty_spoken: amount.is_some(),
            options: options.collect(),
            score,
            words: self.words(mention),
            rivals: ranked[1..]
                .iter()
                .take(4)
                .map(|(p, s)| Candidate { sku: catalog.products[*p].sku.clone(), score: *s })
                .collect(),
            because,
        }
    }
}
