//! The template language: text → tree → automaton.
//!
//! `(a|b)` one of, `[a]` perhaps, `<rule>` a rule of the same file, `{slot}` a gap for products or
//! numbers. The language is that of OHF-Voice/hassil without its permutations. A tree becomes a
//! Glushkov automaton (Glushkov 1961): one position for each word, no empty steps, so matching takes
//! time bounded by the length of the text.

use std::collections::{BTreeMap, BTreeSet};

/// What a gap in a template stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Slot {
    /// One product or several, with quantities and options.
    Items,
    /// A quantity without a product: "two packs", "another one".
    Qty,
    /// Any one word.
    Any,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    Word(String),
    Slot(Slot),
    Rule(String),
    Seq(Vec<Node>),
    Alt(Vec<Node>),
    Opt(Box<Node>),
}

/// Trees nested deeper than this are refused: they would be unreadable anyway.
const MAX_DEPTH: usize = 24;

impl Node {
    /// Parses one template.
    ///
    /// # Errors
    /// What is wrong with it, for a person.
    pub fn parse(text: &str) -> Result<Node, String> {
        let chars: Vec<char> = text.chars().collect();
        let mut at = 0;
        let node = alternatives(&chars, &mut at, 0)?;
        if at < chars.len() {
            return Err(format!("\"{}\" at character {} closes nothing", chars[at], at + 1));
        }
        Ok(node)
    }

    /// Calls `see` for this node and all below it.
    pub fn walk(&self, see: &mut dyn FnMut(&Node)) {
        see(self);
        match self {
            Node::Seq(parts) | Node::Alt(parts) => parts.iter().for_each(|p| p.walk(see)),
            Node::Opt(part) => part.walk(see),
            Node::Word(_) | Node::Slot(_) | Node::Rule(_) => {}
        }
    }

    /// Whether it contains `slot`, here or in a rule.
    pub fn has(&self, slot: Slot, rules: &BTreeMap<String, Node>) -> bool {
        let mut found = false;
        self.walk(&mut |node| match node {
            Node::Slot(s) => found |= *s == slot,
            Node::Rule(name) => found |= rules.get(name).is_some_and(|rule| rule.has(slot, rules)),
            Node::Word(_) | Node::Seq(_) | Node::Alt(_) | Node::Opt(_) => {}
        });
        found
    }
}

fn alternatives(chars: &[char], at: &mut usize, depth: usize) -> Result<Node, String> {
    if depth > MAX_DEPTH {
        return Err(format!("brackets are nested deeper than {MAX_DEPTH}"));
    }
    let mut options = vec![sequence(chars, at, depth)?];
    while chars.get(*at) == Some(&'|') {
        *at += 1;
        options.push(sequence(chars, at, depth)?);
    }
    Ok(if options.len() == 1 { options.remove(0) } else { Node::Alt(options) })
}

fn sequence(chars: &[char], at: &mut usize, depth: usize) -> Result<Node, String> {
    let mut parts = Vec::new();
    while let Some(&c) = chars.get(*at) {
        match c {
            '|' | ')' | ']' => break,
            '(' | '[' => {
                *at += 1;
                let inner = alternatives(chars, at, depth + 1)?;
                let close = if c == '(' { ')' } else { ']' };
                if chars.get(*at) != Some(&close) {
                    return Err(format!("a \"{c}\" is not closed by \"{close}\""));
                }
                *at += 1;
                parts.push(if c == '(' { inner } else { Node::Opt(Box::new(inner)) });
            }
            '<' => parts.push(Node::Rule(name(chars, at, '>')?)),
            '{' => parts.push(Node::Slot(match name(chars, at, '}')?.as_str() {
                "items" => Slot::Items,
                "qty" => Slot::Qty,
                "any" => Slot::Any,
                other => return Err(format!("unknown slot {{{other}}}; known are {{items}}, {{qty}} and {{any}}")),
            })),
            // A word may begin with an apostrophe: "'s" in "the milk's finished".
            c if c.is_alphanumeric() || c == '\'' => {
                let start = *at;
                while chars.get(*at).is_some_and(|c| c.is_alphanumeric() || matches!(c, '\'' | '-')) {
                    *at += 1;
                }
                parts.push(Node::Word(chars[start..*at].iter().flat_map(|c| c.to_lowercase()).collect()));
            }
            c if c.is_whitespace() => *at += 1,
            other => return Err(format!("\"{other}\" has no meaning in a template")),
        }
    }
    if parts.is_empty() {
        return Err("an alternative is empty; write [ ] for what may be absent".into());
    }
    Ok(if parts.len() == 1 { parts.remove(0) } else { Node::Seq(parts) })
}

fn name(chars: &[char], at: &mut usize, close: char) -> Result<String, String> {
    let start = *at + 1;
    let Some(length) = chars[start..].iter().position(|&c| c == close) else {
        return Err(format!("a \"{}\" is not closed by \"{close}\"", chars[*at]));
    };
    *at = start + length + 1;
    Ok(chars[start..start + length].iter().collect())
}

/// What a position of an automaton takes: a word (its number in the lexicon) or a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sym {
    Word(u32),
    Slot(Slot),
}

/// All templates of a language in one automaton.
#[derive(Debug, Clone, Default)]
pub struct Automaton {
    /// (what it takes, template) of each position.
    positions: Vec<(Sym, u32)>,
    accepts: Vec<bool>,
    /// Positions that may follow, sorted by what they take.
    follow: Vec<Vec<u32>>,
    /// Positions in which a template may begin, by what they take.
    starts: BTreeMap<Sym, Vec<u32>>,
}

/// The positions at which a tree begins and ends, and whether it may be empty.
struct Part {
    first: Vec<u32>,
    last: Vec<u32>,
    empty: bool,
}

impl Automaton {
    /// Adds a template; `word` numbers the words, `rules` are inlined.
    pub fn add(
        &mut self,
        template: u32,
        node: &Node,
        rules: &BTreeMap<String, Node>,
        word: &mut dyn FnMut(&str) -> Vec<u32>,
    ) {
        let part = self.part(template, node, rules, word);
        for p in part.first {
            self.starts.entry(self.positions[p as usize].0).or_default().push(p);
        }
        for p in part.last {
            self.accepts[p as usize] = true;
        }
    }

    /// Call once after the last `add`: sorts what follows, so that steps can search.
    pub fn finish(&mut self) {
        for next in &mut self.follow {
            next.sort_unstable_by_key(|&p| (self.positions[p as usize].0, p));
            next.dedup();
        }
    }

    fn part(
        &mut self,
        template: u32,
        node: &Node,
        rules: &BTreeMap<String, Node>,
        word: &mut dyn FnMut(&str) -> Vec<u32>,
    ) -> Part {
        match node {
            Node::Word(text) => {
                let ids = word(text);
                let mut whole = Part { first: vec![], last: vec![], empty: true };
                for id in ids {
                    let next = self.position(Sym::Word(id), template);
                    whole = self.join(whole, next);
                }
                whole
            }
            Node::Slot(slot) => self.position(Sym::Slot(*slot), template),
            Node::Rule(name) => match rules.get(name) {
                Some(rule) => self.part(template, rule, rules, word),
                None => Part { first: vec![], last: vec![], empty: true },
            },
            Node::Seq(parts) => {
                let mut whole = Part { first: vec![], last: vec![], empty: true };
                for part in parts {
                    let next = self.part(template, part, rules, word);
                    whole = self.join(whole, next);
                }
                whole
            }
            Node::Alt(parts) => {
                let mut whole = Part { first: vec![], last: vec![], empty: false };
                for part in parts {
                    let next = self.part(template, part, rules, word);
                    whole.first.extend(next.first);
                    whole.last.extend(next.last);
                    whole.empty |= next.empty;
                }
                whole
            }
            Node::Opt(part) => Part { empty: true, ..self.part(template, part, rules, word) },
        }
    }

    fn position(&mut self, sym: Sym, template: u32) -> Part {
        let p = u32::try_from(self.positions.len()).expect("a lexicon is far smaller than four thousand million words");
        self.positions.push((sym, template));
        self.accepts.push(false);
        self.follow.push(Vec::new());
        Part { first: vec![p], last: vec![p], empty: false }
    }

    fn join(&mut self, a: Part, b: Part) -> Part {
        for &p in &a.last {
            self.follow[p as usize].extend(&b.first);
        }
        let mut first = a.first;
        if a.empty {
            first.extend(&b.first);
        }
        let mut last = b.last;
        if b.empty {
            last.extend(a.last);
        }
        Part { first, last, empty: a.empty && b.empty }
    }

    /// The positions reached from the beginning by `sym`.
    pub fn begin(&self, sym: Sym) -> &[u32] {
        self.starts.get(&sym).map_or(&[], Vec::as_slice)
    }

    /// The positions reached from `from` by `sym`.
    pub fn step(&self, from: u32, sym: Sym) -> &[u32] {
        let next = &self.follow[from as usize];
        let key = |p: &u32| self.positions[*p as usize].0;
        let low = next.partition_point(|p| key(p) < sym);
        let high = next.partition_point(|p| key(p) <= sym);
        &next[low..high]
    }

    /// The positions after `from`, or those in which a template may begin, and what they take.
    pub fn after(&self, from: Option<u32>) -> Vec<(Sym, u32)> {
        let next: Vec<u32> = match from {
            Some(at) => self.follow[at as usize].clone(),
            None => self.starts.values().flatten().copied().collect(),
        };
        next.into_iter().map(|p| (self.positions[p as usize].0, p)).collect()
    }

    /// What `position` takes.
    pub fn takes(&self, position: u32) -> Sym {
        self.positions[position as usize].0
    }

    /// The template that is complete at `position`, if one is.
    pub fn accepted(&self, position: u32) -> Option<u32> {
        self.accepts[position as usize].then(|| self.positions[position as usize].1)
    }
}

/// Rules that lead back to themselves, which no grammar here may have.
pub fn circular(rules: &BTreeMap<String, Node>) -> Option<String> {
    fn visit<'a>(
        name: &'a str,
        rules: &'a BTreeMap<String, Node>,
        open: &mut Vec<String>,
        done: &mut BTreeSet<String>,
    ) -> bool {
        if open.iter().any(|o| o == name) {
            return true;
        }
        if !done.insert(name.to_owned()) {
            return false;
        }
        let mut below = Vec::new();
        if let Some(rule) = rules.get(name) {
            rule.walk(&mut |node| {
                if let Node::Rule(inner) = node {
                    below.push(inner.clone());
                }
            });
        }
        open.push(name.to_owned());
        let found = below.iter().any(|inner| visit(inner, rules, open, done));
        open.pop();
        found
    }
    let mut done = BTreeSet::new();
    rules.keys().find(|name| visit(name, rules, &mut Vec::new(), &mut done)).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_are_named() {
        for (text, what) in [
            ("(a|b", "not closed"),
            ("a]", "closes nothing"),
            ("{milk}", "unknown slot"),
            ("(a|)", "empty"),
            ("a & b", "no meaning"),
        ] {
            let error = Node::parse(text).expect_err(text);
            assert!(error.contains(what), "{text}: {error}");
        }
    }

    #[test]
    fn an_automaton_takes_what_the_template_says() {
        let rules = BTreeMap::from([("want".to_owned(), Node::parse("(order|get me)").expect("valid"))]);
        let node = Node::parse("<want> [some] {items}").expect("valid");
        let words = ["order", "get", "me", "some"];
        let mut automaton = Automaton::default();
        automaton.add(7, &node, &rules, &mut |w| vec![words.iter().position(|x| *x == w).expect("listed") as u32]);
        automaton.finish();
        let items = Sym::Slot(Slot::Items);
        let get = automaton.begin(Sym::Word(1))[0];
        let me = automaton.step(get, Sym::Word(2))[0];
        assert_eq!(automaton.accepted(me), None);
        let end = automaton.step(me, items)[0];
        assert_eq!(automaton.accepted(end), Some(7));
        let some = automaton.step(me, Sym::Word(3))[0];
        assert_eq!(automaton.step(some, items).len(), 1);
        assert!(automaton.begin(items).is_empty());
    }

    #[test]
    fn a_circle_of_rules_is_found() {
        let rules =
            BTreeMap::from([("a".to_owned(), Node::Rule("b".into())), ("b".to_owned(), Node::Rule("a".into()))]);
        assert!(circular(&rules).is_some());
    }
}
