//! Words → [`Parse`]: never fails, says what it did not understand.
//!
//! The order of the rules is the safety: what forbids buying beats what buys, what cannot buy beats
//! what can, and too many words that nothing explains are not an order.

use super::Lang;
use super::clauses::Clause;
use super::coupon;
use super::features::features;
use super::grammar::Expect;
use super::intent::{Change, Intent, Line, NotAnOrder, Parse};
use super::lexicon::template::Node;
use super::lexicon::{Lexicon, Role};
use super::mention::Mention;
use super::news;
use super::parts;
use super::quantity;
use super::search;
use super::sentence::{Context, Sentence};
use super::text::{self, Token};

/// At most this many words of weight may stay unexplained in an order,
const MAX_UNEXPLAINED: usize = 6;
/// and at least this part of them must be explained.
const MIN_SCORE: f32 = 0.34;

/// The templates that switch news and offers.
const NEWS_ON: &str = "news-on";
/// The template that tells one of several from the others.
const CHANGE_WHICH: &str = "change-which";
const NEWS_OFF: &str = "news-off";

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
        Expect::Command | Expect::Confirm | Expect::Choice { .. } | Expect::Words { .. } => None,
    };
    let coupon = coupon::take(&mut tokens, context.lexicon);
    if tokens.is_empty() {
        return Parse { coupon, ..Parse::nothing(vec![]) };
    }
    let sentence = Sentence::new(context, tokens);
    let mut parse = match expect {
        Expect::Command => parts::meaning(&sentence),
        Expect::Confirm | Expect::Challenge { .. } => sentence.answer(),
        Expect::Choice { skus } => sentence.choice(skus),
        Expect::Words { .. } => sentence.picked(),
    };
    // The phrase without the words that were spoken for it is no more than a yes.
    if spoken == Some(false) && parse.intent == Intent::Confirm {
        parse.intent = Intent::Affirm;
    }
    if parse.intent == Intent::News {
        let said = sentence.tokens.iter().map(|token| token.fold.as_str());
        (parse.kinds, parse.only) = (news::kinds(said.clone(), lang), news::says_only(said, lang));
        parse.switch = sentence.news_switch();
    }
    parse.search = (parse.intent == Intent::Find).then(|| search::search(&sentence, context.catalog.currency.as_str()));
    Parse { spans: sentence.spans(), coupon, ..parse }
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

/// The rule of every lexicon that says when.
const WHEN: &str = "when";

impl Sentence<'_> {
    fn nothing(&self, why: NotAnOrder, by: Option<&Clause>) -> Parse {
        let leftover = self.leftover(&self.chosen, true);
        Parse { not_an_order: Some(why), template: by.and_then(|c| self.name(c)), ..Parse::nothing(leftover) }
    }

    fn forbidden(&self) -> Option<(NotAnOrder, Clause)> {
        self.forbidding().next()
    }

    /// Whether what forbids buying names this product.
    pub fn is_forbidden(&self, mention: &Mention) -> bool {
        self.forbidding().any(|(_, c)| c.start <= mention.core.0 && mention.core.1 <= c.end)
    }

    /// What forbids buying, unless a longer clause explains the same words otherwise.
    fn forbidding(&self) -> impl Iterator<Item = (NotAnOrder, Clause)> + '_ {
        self.all.iter().filter_map(|c| match self.role(c) {
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

    /// What the templates alone say.
    pub fn by_rules(&self) -> Parse {
        let named = self.mentions.list.iter().any(|m| !m.dropped);
        let buys = named && self.chosen.iter().any(|c| self.means(c) == Some(Intent::Reorder));
        if let Some(parse) = self.cannot_buy(buys) {
            return parse;
        }
        // "stai, ia-l": a phrase that holds a negative word confirms nothing, here no more than after a read-back.
        let denied = self.is_negative();
        let short = |intent: Intent| intent != Intent::Reorder && !(denied && intent == Intent::Confirm);
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
                Intent::ListAdd => self.listed_lines(),
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

    /// Whether any word takes back what is said. "two, no, three packs": that "no" takes back a number only.
    fn is_negative(&self) -> bool {
        let corrected = |at: usize| self.mentions.amounts.iter().any(|a| (a.start..a.end).contains(&at));
        let negative = &self.context.lexicon.negative;
        negative
            .iter()
            .any(|n| (0..self.tokens.len()).any(|at| !corrected(at) && quantity::starts_with(&self.tokens, at, n)))
    }

    /// Whether words around it say when: tomorrow, next week.
    fn names_a_time_beside(&self, said: &Clause) -> bool {
        let is_time = |c: &&Clause| matches!(&self.template(c).node, Node::Rule(rule) if rule == WHEN);
        self.all.iter().filter(is_time).any(|c| c.end <= said.start || c.start >= said.end)
    }

    /// After a read-back. Any negative word rules the confirmation out.
    pub fn answer(&self) -> Parse {
        let negative = self.is_negative();
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
        // Before numbers: "order this one", "comand-o" hold a word that counts elsewhere.
        if !negative
            && let Some(clause) = self.whole(&|intent| intent == Intent::Confirm)
            // "Order it tomorrow" is no order now.
            && !self.names_a_time_beside(&clause)
        {
            return self.result(Intent::Confirm, &clause, vec![]);
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
        let mut parse = self.meaning();
        if parse.intent == Intent::Confirm {
            parse.intent = Intent::None;
        }
        parse
    }

    pub fn change(&self) -> Option<Change> {
        let clause = self.chosen.iter().find(|c| self.means(c) == Some(Intent::Change));
        // "the other one": there it counts nothing.
        let counts = |amount: &&quantity::Amount| {
            clause.is_none_or(|c| {
                self.template(c).name != CHANGE_WHICH
                    || amount.start < c.start
                    || amount.end > c.end
                    || amount.value > 1
            })
        };
        if let Some(amount) = self.mentions.amounts.last().filter(counts) {
            return Some(Change::Qty(amount.value));
        }
        let clause = clause?;
        let words: Vec<&str> = self.tokens[clause.start..clause.end].iter().map(|t| t.text.as_str()).collect();
        Some(Change::Which(words.join(" ")))
    }

    /// Among a few things: none of them, or about the question itself.
    fn no_choice(&self) -> Option<Parse> {
        let about =
            |intent| matches!(intent, Intent::Deny | Intent::Stop | Intent::Repeat | Intent::Why | Intent::Help);
        if let Some(clause) = self.whole(&about) {
            let intent = self.means(&clause).unwrap_or(Intent::None);
            return Some(self.result(intent, &clause, vec![]));
        }
        let clause = self.chosen.iter().find(|c| self.means(c) == Some(Intent::Cancel))?;
        Some(self.result(Intent::Cancel, clause, vec![]))
    }

    /// One of a few products was asked for: by name, or "the first one".
    pub fn choice(&self, skus: &[String]) -> Parse {
        if let Some(parse) = self.no_choice() {
            return parse;
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

    /// One of the words that were offered, or what ends or repeats a question; which one is for [`super::pick`].
    pub fn picked(&self) -> Parse {
        if let Some(parse) = self.no_choice() {
            return parse;
        }
        let words: Vec<&str> = self.tokens.iter().map(|t| t.text.as_str()).collect();
        let which = Some(Change::Which(words.join(" ")));
        Parse { intent: Intent::Change, change: which, score: 0.8, ..Parse::nothing(vec![]) }
    }

    /// "turn the offers off", also where more is said around it.
    fn news_switch(&self) -> Option<bool> {
        let says = |name: &str| self.all.iter().any(|c| self.template(c).name == name);
        if says(NEWS_OFF) { Some(false) } else { says(NEWS_ON).then_some(true) }
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
            template: self.name(clause),
            score: fit.clamp(0.0, 1.0) * weakest,
            ..Parse::nothing(leftover)
        }
    }
}
