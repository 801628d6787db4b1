//! A JSGF grammar as a list of phrases, for engines that make a bigram model of a list.
//!
//! Each phrase is a run of words of the grammar as they can follow one another. Where a rule has too many ways to be said, it
//! is cut, and a list of phrases also lets through what the grammar would not ("milk order"): the parser judges that.

use super::jsgf;
use anyhow::{Context, ensure};
use std::collections::{BTreeMap, BTreeSet};

/// Ways to say one rule that are written out with what stands around it.
const INLINE: usize = 24;
/// Ways to say a sequence before it is cut into its parts.
const MAX_WAYS: usize = 400;
/// Of a whole grammar: some thousand products with their names.
const MAX_PHRASES: usize = 40_000;
/// Brackets and references within each other.
const MAX_DEPTH: usize = 60;

/// Words; `None` is a cut.
type Way = Vec<Option<String>>;

/// Every phrase of the grammar, each of words with one space between them.
///
/// # Errors
/// A faulty grammar, or one that is too large.
pub fn phrases(text: &str) -> anyhow::Result<BTreeSet<String>> {
    jsgf::outline(text)?;
    let plain = jsgf::without_comments(text);
    let mut bodies = BTreeMap::new();
    for statement in plain.split(';').skip(1) {
        if let Some((head, body)) = statement.split_once('=') {
            let name = head.trim().trim_start_matches("public").trim().trim_matches(['<', '>']);
            bodies.insert(name, body);
        }
    }
    let mut walk = Walk { bodies: &bodies, known: BTreeMap::new() };
    let mut found = BTreeSet::new();
    for body in bodies.values() {
        for way in walk.ways(body, 0)? {
            for phrase in way.split(Option::is_none).filter(|words| !words.is_empty()) {
                found.insert(phrase.iter().flatten().map(String::as_str).collect::<Vec<_>>().join(" "));
            }
        }
        ensure!(
            found.len() <= MAX_PHRASES,
            "the grammar has more than {MAX_PHRASES} phrases: the catalogue is too large"
        );
    }
    Ok(found)
}

struct Walk<'a> {
    bodies: &'a BTreeMap<&'a str, &'a str>,
    /// What stands in the place of a reference.
    known: BTreeMap<String, Vec<Way>>,
}

impl Walk<'_> {
    /// The ways to say `body`, never none.
    fn ways(&mut self, body: &str, depth: usize) -> anyhow::Result<Vec<Way>> {
        ensure!(depth < MAX_DEPTH, "the grammar is nested too deeply");
        let mut all = Vec::new();
        for alternative in split(body) {
            all.extend(self.sequence(alternative, depth)?);
            ensure!(all.len() <= MAX_PHRASES, "a rule has more than {MAX_PHRASES} ways to be said");
        }
        Ok(all)
    }

    fn sequence(&mut self, text: &str, depth: usize) -> anyhow::Result<Vec<Way>> {
        // What was cut off on the way, and what goes on.
        let (mut done, mut open): (Vec<Way>, Vec<Way>) = (Vec::new(), vec![vec![]]);
        let mut rest = text.trim_start();
        while let Some(first) = rest.chars().next() {
            let (inside, after) = match first {
                '(' | '[' => bracket(rest).context("a bracket is not closed")?,
                '<' => rest[1..].split_once('>').context("a reference is not closed")?,
                '/' => rest[1..].split_once('/').context("a weight is not closed")?,
                '+' | '*' => ("", &rest[1..]),
                _ => {
                    let end = rest.find(|c: char| c.is_whitespace() || "()[]<>/+*".contains(c)).unwrap_or(rest.len());
                    rest.split_at(end)
                }
            };
            rest = after.trim_start();
            let is_optional = first == '[' || (first == '(' && rest.starts_with('*'));
            let mut part = match first {
                '/' | '+' | '*' => continue,
                '(' | '[' => self.ways(inside, depth + 1)?,
                '<' => self.reference(inside, depth)?,
                _ => vec![vec![Some(inside.to_owned())]],
            };
            if is_optional {
                part.push(vec![]);
            }
            if open.len() * part.len() <= MAX_WAYS {
                open = open.iter().flat_map(|a| part.iter().map(move |b| [&a[..], &b[..]].concat())).collect();
            } else {
                done.append(&mut open);
                open = part;
            }
        }
        done.append(&mut open);
        Ok(done)
    }

    fn reference(&mut self, name: &str, depth: usize) -> anyhow::Result<Vec<Way>> {
        if let Some(known) = self.known.get(name) {
            return Ok(known.clone());
        }
        // While it is being looked at, for a rule that ends with itself.
        self.known.insert(name.to_owned(), vec![vec![None]]);
        let ways = match self.bodies.get(name) {
            Some(body) => self.ways(body, depth + 1)?,
            None if name == "NULL" => vec![vec![]],
            None => vec![vec![None]],
        };
        let ways = if ways.len() <= INLINE { ways } else { vec![vec![None]] };
        self.known.insert(name.to_owned(), ways.clone());
        Ok(ways)
    }
}

/// At each `|` outside of brackets.
fn split(body: &str) -> Vec<&str> {
    let (mut parts, mut from, mut deep) = (Vec::new(), 0, 0_u32);
    for (at, c) in body.char_indices() {
        match c {
            '(' | '[' => deep += 1,
            ')' | ']' => deep = deep.saturating_sub(1),
            '|' if deep == 0 => {
                parts.push(&body[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&body[from..]);
    parts
}

/// What is inside of the bracket with which `text` begins, and what is behind it.
fn bracket(text: &str) -> Option<(&str, &str)> {
    let mut deep = 0_u32;
    for (at, c) in text.char_indices() {
        match c {
            '(' | '[' => deep += 1,
            ')' | ']' => {
                deep -= 1;
                if deep == 0 {
                    return Some((&text[1..at], &text[at + 1..]));
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(rules: &str) -> Vec<String> {
        phrases(&format!("#JSGF V1.0;\ngrammar g;\n{rules}")).unwrap().into_iter().collect()
    }

    #[test]
    fn words_that_follow_one_another_stay_together() {
        assert_eq!(
            of("public <utterance> = [please] order (<thing> | it) | <garbage>; <thing> = /0.5/ milk | brown bread;"),
            [
                "brown bread",
                "milk",
                "order brown bread",
                "order it",
                "order milk",
                "please order brown bread",
                "please order it",
                "please order milk"
            ]
        );
        assert_eq!(of("public <utterance> = a <garbage> b;"), ["a", "b"]);
        assert_eq!(
            of("public <utterance> = <items> now; <items> = x [and <items>];"),
            ["now", "x", "x and", "x and x", "x and x and", "x now"]
        );
    }

    #[test]
    fn what_has_too_many_ways_is_cut_and_every_word_stays() {
        let names: Vec<String> = (0..500).map(|n| format!("thing{n}")).collect();
        let found = of(&format!("public <utterance> = order <name> now; <name> = {};", names.join(" | ")));
        assert_eq!(found.len(), 502);
        assert!(found.contains(&"order".to_owned()) && found.contains(&"thing499".to_owned()));
        let many = "(a | b | c | d | e | f) ".repeat(12);
        assert!(of(&format!("public <utterance> = {many};")).len() < 1000);
    }

    /// The demo's own grammars, in each language: bounded, and every word of them is in some phrase.
    #[test]
    fn the_real_grammars_become_phrases() {
        use crate::understand::{Lang, Understanding, catalog::Catalog, grammar::Expect};
        let catalog = Catalog::from_json(include_str!("../../../demo/catalog.json")).unwrap();
        let understanding = Understanding::new(catalog);
        for lang in [Lang::En, Lang::Es, Lang::Ro] {
            for expect in [Expect::Command, Expect::Confirm, Expect::Challenge { words: vec![] }] {
                let grammar = understanding.grammar(lang, &expect);
                let found = phrases(&grammar.jsgf).unwrap();
                assert!((100..20_000).contains(&found.len()), "{lang} {expect:?}: {}", found.len());
                let words: BTreeSet<&str> = found.iter().flat_map(|p| p.split(' ')).collect();
                let outline = jsgf::outline(&grammar.jsgf).unwrap();
                let lost: Vec<_> = outline.words.iter().filter(|w| !words.contains(w.as_str())).collect();
                assert!(lost.is_empty(), "{lang} {expect:?}: {lost:?}");
            }
        }
        let english = phrases(&understanding.grammar(Lang::En, &Expect::Confirm).jsgf).unwrap();
        assert!(english.contains("order it"), "the confirmation is one phrase");
    }
}
