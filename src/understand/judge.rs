//! The templates' opinion and the classifier's → one meaning. Pure.
//!
//! Only here is decided whether a command may be an order, and it takes both: enough likelihood, and products.

use super::classifier::Likelihood;
use super::clauses::Clause;
use super::features::features;
use super::intent::{Evidence, Intent, Line, NotAnOrder, Parse, USUAL};
use super::lexicon::Role;
use super::mention::CERTAIN;
use super::sentence::Sentence;
use std::collections::BTreeSet;

/// Below this likelihood nothing is understood, unless the templates say the same.
const LEAST: f32 = 0.4;
/// Least likelihood of an order: where templates explain every word of it and its products are certain, where they
/// find one too, where they find nothing, and where they find what forbids one. Chosen by cross-validation over talk
/// that was written to be mistaken for orders: of what is no order, less than one row in a hundred passes, and of the
/// orders about four in five.
const EXPLAINED_ORDER: f32 = 0.2;
/// "Make me a latte": of what is made to order, where templates explain every word; few of the examples are about such things.
const PREPARED_ORDER: f32 = 0.02;
const RULED_ORDER: f32 = 0.75;
const LIKELY_ORDER: f32 = 0.90;
const FORBIDDEN_ORDER: f32 = 0.96;
/// And where templates take every word of it for a choice among products.
const SURE_ORDER: f32 = 0.97;

/// How many features a parse names as its evidence.
const MAX_EVIDENCE: usize = 3;

/// The templates of what an order can mean when no product is named, but none by itself.
const USUAL_ASKED: &str = "usual-asked";
/// The templates of statements that something is gone.
const RAN_OUT: &str = "ran-out";

impl Sentence<'_> {
    /// What the templates say, judged once more by what was learned from people's sentences.
    pub fn meaning(&self) -> Parse {
        let rules = self.by_rules();
        if self.context.classifier.is_empty() {
            return rules;
        }
        let features = features(self, &rules);
        let likely = self.context.classifier.likelihood(&features);
        let parse = self.judged(rules, &likely);
        Parse { evidence: self.evidence(&features, &likely), ..parse }
    }

    fn judged(&self, rules: Parse, likely: &Likelihood) -> Parse {
        let Some((intent, share)) = likely.best(&|_| true) else { return rules };
        if self.is_usual() {
            return usual(rules, 1.0);
        }
        if rules.intent != Intent::Reorder && self.is_said_in_full(rules.intent) {
            return rules;
        }
        if share < LEAST && !rules.intent.can_buy() && rules.intent != intent {
            return nothing(rules, share);
        }
        let lines = match intent {
            Intent::Reorder => return self.purchase(rules, likely),
            // "Brew an iced coffee" is told from talk by what is made to order, which the examples hardly know.
            Intent::None if self.least_share(&rules, &rules.lines) <= PREPARED_ORDER => {
                return self.purchase(rules, likely);
            }
            Intent::None => return nothing(rules, share),
            // Only a phrase of the lexicon is the phrase; what merely resembles it is a yes.
            Intent::Confirm if rules.intent != Intent::Confirm => {
                return Parse { intent: Intent::Affirm, lines: vec![], score: share, ..rules };
            }
            _ if rules.intent == intent => return Parse { score: share.min(rules.score), ..rules },
            Intent::ListAdd => self.listed_lines(),
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

    /// "yes, the usual please", and nothing else.
    fn is_usual(&self) -> bool {
        let nods = |c: &&Clause| self.role(c) == Role::Filler || self.means(c) == Some(Intent::Affirm);
        let mut said = self.chosen.iter().filter(|c| !nods(c));
        said.next().is_some_and(|c| self.asks_for_usual(c))
            && said.next().is_none()
            && self.leftover(&self.chosen, false).is_empty()
    }

    /// The template that says all that is said, fillers apart.
    fn said_by_one(&self) -> Option<Clause> {
        let mut said = self.chosen.iter().filter(|c| self.role(c) != Role::Filler);
        let only = said.next().filter(|c| self.leftover(&[**c], false).is_empty())?;
        said.next().is_none().then_some(*only)
    }

    /// Whether one template says all that is said, and means this.
    fn is_said_in_full(&self, intent: Intent) -> bool {
        self.said_by_one().is_some_and(|only| self.means(&only) == Some(intent))
            || self.whole(&|other| other == intent).is_some()
    }

    /// An order only where it is likely enough; templates that say so too need less.
    fn purchase(&self, rules: Parse, likely: &Likelihood) -> Parse {
        let share = likely.of(Intent::Reorder);
        let ruled = rules.intent == Intent::Reorder;
        let lines = if ruled { rules.lines.clone() } else { self.wanted_lines() };
        let asks_for_usual =
            lines.is_empty() && self.chosen.iter().any(|c| self.asks_for_usual(c) || self.names_usual(c));
        let only_asks = rules.leftover.is_empty() && self.asks_what_is_there();
        if !ruled && explains_otherwise(&rules, share) {
            return rules;
        }
        let enough = share >= self.least_share(&rules, &lines);
        let forbidden = self.said_by_one().is_some_and(|only| matches!(self.role(&only), Role::Forbids(_)));
        if !enough || forbidden || (lines.is_empty() && !asks_for_usual) || only_asks || self.only_resembles() {
            return nothing(rules, share);
        }
        if asks_for_usual {
            return usual(rules, share);
        }
        let weakest = lines.iter().map(|l| l.score).fold(1.0f32, f32::min);
        Parse { intent: Intent::Reorder, lines, change: None, not_an_order: None, score: share * weakest, ..rules }
    }

    fn least_share(&self, rules: &Parse, lines: &[Line]) -> f32 {
        let explained = rules.leftover.is_empty() && lines.iter().all(|l| l.score >= CERTAIN);
        let prepared = self.chosen.iter().any(|c| self.template(c).prepared);
        match (rules.intent == Intent::Reorder, rules.not_an_order) {
            (true, _) if explained && prepared => PREPARED_ORDER,
            (true, _) if explained => EXPLAINED_ORDER,
            (true, _) => RULED_ORDER,
            (false, None | Some(NotAnOrder::Unexplained)) => LIKELY_ORDER,
            (false, Some(_)) => FORBIDDEN_ORDER,
        }
    }

    /// "Has the milk run out?": what tells of want as a statement only asks with a question mark.
    fn asks_what_is_there(&self) -> bool {
        let mut orders = self.chosen.iter().filter(|c| self.means(c) == Some(Intent::Reorder)).peekable();
        self.tokens.last().is_some_and(|t| t.asked)
            && orders.peek().is_some()
            && orders.all(|c| self.template(c).name == RAN_OUT)
    }

    /// One product's name and nothing else is what noise is heard as, too: then it has to be the very name.
    fn only_resembles(&self) -> bool {
        matches!(self.mentions.list.as_slice(),
            [only] if only.core == (0, self.tokens.len()) && only.found.products[0].1 < CERTAIN)
    }

    /// "the usual": an order that names no product; the household's history has to.
    fn asks_for_usual(&self, clause: &Clause) -> bool {
        self.template(clause).name == USUAL && self.mentions.list.is_empty()
    }

    /// "what we always get": the same where something else asks for it.
    fn names_usual(&self, clause: &Clause) -> bool {
        self.template(clause).name == USUAL_ASKED && self.mentions.list.is_empty()
    }

    /// The likeliest intent and the next one, and what speaks most for the first.
    fn evidence(&self, features: &BTreeSet<String>, likely: &Likelihood) -> Option<Evidence> {
        let (intent, share) = likely.best(&|_| true)?;
        let (rival, rival_share) = likely.best(&|other| other != intent)?;
        let because = self.context.classifier.reasons(features, (intent, rival), MAX_EVIDENCE);
        let because = because.into_iter().map(|(feature, nats)| (feature.to_owned(), nats)).collect();
        Some(Evidence { intent, share, rival, rival_share, because })
    }
}

/// Whether templates explain every word of it as something that is no order: then it is none, however much it sounds like
/// one. But "a dozen eggs, the large ones" is more than a choice.
fn explains_otherwise(rules: &Parse, share: f32) -> bool {
    let chooses = matches!(rules.intent, Intent::Change | Intent::Find) && share >= SURE_ORDER;
    rules.leftover.is_empty() && rules.intent != Intent::None && !chooses
}

fn usual(rules: Parse, share: f32) -> Parse {
    let template = Some(USUAL.to_owned());
    Parse { intent: Intent::Reorder, lines: vec![], change: None, not_an_order: None, template, score: share, ..rules }
}

fn nothing(rules: Parse, share: f32) -> Parse {
    let why = rules.not_an_order.unwrap_or(NotAnOrder::Unexplained);
    Parse { intent: Intent::None, lines: vec![], change: None, not_an_order: Some(why), score: share, ..rules }
}
