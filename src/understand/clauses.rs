//! Tokens and mentions → clauses: which templates match where, and the best cover of them. Pure.
//!
//! Time is bounded: every start runs the automaton over at most [`REACH`] tokens.

use super::lexicon::Lexicon;
use super::lexicon::template::{Automaton, Slot, Sym};
use super::mention::Mentions;
use super::text::Token;
use std::collections::{BTreeMap, BTreeSet};

/// A template that matches the tokens from `start` to `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Clause {
    pub start: usize,
    pub end: usize,
    /// Number of the template in the lexicon.
    pub template: usize,
}

impl Clause {
    pub fn len(&self) -> usize {
        self.end - self.start
    }

    pub fn holds(&self, other: &Clause) -> bool {
        self.start <= other.start && other.end <= self.end
    }
}

/// The longest clause, in tokens, apart from what slots swallow.
const REACH: usize = 60;

/// The most products of one list that a template's slot takes: without a bound, a text of nothing but products takes
/// time that grows with the cube of its length.
const MAX_LIST: usize = 12;

/// Every match of a template, for each start and template the longest.
pub fn all(tokens: &[Token], mentions: &Mentions, lexicon: &Lexicon) -> Vec<Clause> {
    matches(&lexicon.automaton, tokens, mentions, lexicon)
}

/// Every match of a rule: `template` is the number of the rule.
pub fn classes(tokens: &[Token], mentions: &Mentions, lexicon: &Lexicon) -> Vec<Clause> {
    matches(&lexicon.classes, tokens, mentions, lexicon)
}

fn matches(automaton: &Automaton, tokens: &[Token], mentions: &Mentions, lexicon: &Lexicon) -> Vec<Clause> {
    let edges: Vec<Vec<(Sym, usize)>> = (0..tokens.len()).map(|at| edges(tokens, mentions, lexicon, at)).collect();
    let mut out = Vec::new();
    for start in 0..tokens.len() {
        let mut longest: BTreeMap<usize, usize> = BTreeMap::new();
        let mut open: BTreeMap<usize, BTreeSet<u32>> = BTreeMap::new();
        for (sym, end) in &edges[start] {
            open.entry(*end).or_default().extend(automaton.begin(*sym));
        }
        while let Some((at, states)) = open.pop_first() {
            for &state in &states {
                if let Some(template) = automaton.accepted(state) {
                    longest.insert(template as usize, at);
                }
            }
            if at >= tokens.len() || at > start + REACH {
                continue;
            }
            for (sym, end) in &edges[at] {
                let next: Vec<u32> = states.iter().flat_map(|s| automaton.step(*s, *sym)).copied().collect();
                if !next.is_empty() {
                    open.entry(*end).or_default().extend(next);
                }
            }
        }
        out.extend(longest.into_iter().map(|(template, end)| Clause { start, end, template }));
    }
    out
}

/// What may be read at a token: the word, any word, products, an amount.
fn edges(tokens: &[Token], mentions: &Mentions, lexicon: &Lexicon, at: usize) -> Vec<(Sym, usize)> {
    let mut out = vec![(Sym::Slot(Slot::Any), at + 1)];
    out.extend(lexicon.sym(&tokens[at].fold).map(|sym| (sym, at + 1)));
    for (first, mention) in mentions.list.iter().enumerate() {
        if !(mention.span.0..=mention.core.0).contains(&at) {
            continue;
        }
        for (k, last) in mentions.list.iter().enumerate().skip(first).take(MAX_LIST) {
            if k > first && !last.joined {
                break;
            }
            out.extend([last.core.1, last.span.1].map(|end| (Sym::Slot(Slot::Items), end)));
        }
    }
    out.extend(mentions.amounts.iter().filter(|a| a.start == at).map(|a| (Sym::Slot(Slot::Qty), a.end)));
    out.sort_unstable();
    out.dedup();
    out
}

/// The cover of the tokens by clauses that do not overlap which explains most words with fewest
/// clauses; `weight` breaks ties between clauses of one length, higher first.
pub fn cover(clauses: &[Clause], tokens: usize, weight: &dyn Fn(&Clause) -> u32) -> Vec<Clause> {
    let mut best: Vec<(u32, Option<Clause>)> = vec![(0, None); tokens + 1];
    let mut by_end: Vec<Vec<&Clause>> = vec![Vec::new(); tokens + 1];
    for clause in clauses {
        by_end[clause.end].push(clause);
    }
    for end in 1..=tokens {
        best[end] = (best[end - 1].0, None);
        for clause in &by_end[end] {
            let length = u32::try_from(clause.len()).expect("a sentence has at most 200 tokens");
            let score = best[clause.start].0 + length * 100 - 60 + weight(clause);
            if score > best[end].0 {
                best[end] = (score, Some(**clause));
            }
        }
    }
    let mut out = Vec::new();
    let mut at = tokens;
    while at > 0 {
        match best[at].1 {
            Some(clause) => {
                out.push(clause);
                at = clause.start;
            }
            None => at -= 1,
        }
    }
    out.reverse();
    out
}
