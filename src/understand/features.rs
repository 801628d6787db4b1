//! A sentence → what the intent classifier looks at. Pure.
//!
//! Products are one symbol and numbers another, so that what was learned about milk holds for
//! a product that nobody trained with. What the templates found counts as well: a phrase that a
//! maker adds to a lexicon is evidence at once, without any training.

use super::clauses::{self, Clause};
use super::intent::{Intent, Parse};
use super::lexicon::Role;
use super::mention::Mention;
use super::quantity;
use super::sentence::Sentence;
use std::collections::BTreeSet;

const ITEM: &str = "{item}";
const NUMBER: &str = "{number}";
const PAUSE: &str = ",";

/// What is true of the sentence, each as a short text, sorted. `rules` is the meaning that the
/// templates alone give it.
pub fn features(sentence: &Sentence<'_>, rules: &Parse) -> BTreeSet<String> {
    let symbols = symbols(sentence, &[], false);
    let mut out = BTreeSet::new();
    words(&symbols, &mut out);
    let classes = clauses::classes(&sentence.tokens, &sentence.mentions, sentence.context.lexicon);
    let classed = self::symbols(sentence, &classes, false);
    if classed != symbols {
        shapes(&classed, &mut out, '<', "~");
    }
    stems(sentence, &mut out);
    if sentence.tokens.iter().any(|t| t.break_before) {
        shapes(&self::symbols(sentence, &[], true), &mut out, ',', "");
    }
    templates(sentence, rules, &mut out);
    let items = symbols.iter().filter(|s| *s == ITEM).count().min(3);
    out.insert(format!("items {items}"));
    out.insert(format!("length {}", length_class(symbols.len())));
    if sentence.tokens.iter().any(|t| t.asked) {
        out.insert("?".into());
    }
    out
}

/// 1, 2, 3 and then in steps: one word more matters less and less.
fn length_class(words: usize) -> usize {
    match words {
        0..=3 => words,
        4..=5 => 4,
        6..=8 => 6,
        9..=13 => 9,
        _ => 14,
    }
}

/// The words in order, folded; each product, each number and each match of a class is one symbol.
fn symbols(sentence: &Sentence<'_>, classes: &[Clause], pauses: bool) -> Vec<String> {
    let lexicon = sentence.context.lexicon;
    let names: Vec<&String> = lexicon.rules.keys().collect();
    let mut out = Vec::new();
    let mut at = 0;
    while at < sentence.tokens.len() {
        let token = &sentence.tokens[at];
        if pauses && token.break_before && at > 0 {
            out.push(PAUSE.to_owned());
        }
        // The options that are said with a product belong to it, on both sides of its name.
        let named = |m: &&Mention| if m.options.is_empty() { m.core.0 == at } else { m.span.0 == at };
        if let Some(mention) = sentence.mentions.list.iter().find(named) {
            out.push(ITEM.to_owned());
            let end = if mention.options.is_empty() { mention.core.1 } else { mention.span.1 };
            at = end.max(at + 1);
        } else if let Some(class) = classes.iter().filter(|c| c.start == at).max_by_key(|c| c.len()) {
            out.push(format!("<{}>", names[class.template]));
            at = class.end;
        } else if let Some((_, end)) =
            quantity::number(&sentence.tokens, at, lexicon).filter(|_| !lexicon.articles.contains(&token.fold))
        {
            out.push(NUMBER.to_owned());
            at = end.max(at + 1);
        } else {
            out.push(token.fold.clone());
            at += 1;
        }
    }
    out
}

/// Words, pairs and triples of neighbours, beginnings and endings.
fn words(symbols: &[String], out: &mut BTreeSet<String>) {
    let line = framed(symbols);
    for word in symbols {
        out.insert(word.clone());
        let letters: Vec<char> = word.chars().collect();
        if letters.len() > 3 && !word.starts_with('{') {
            out.insert(format!("{}-", letters[..4].iter().collect::<String>()));
            out.insert(format!("-{}", letters[letters.len() - 3..].iter().collect::<String>()));
        }
    }
    for pair in line.windows(2) {
        out.insert(pair.join(" "));
    }
    for triple in line.windows(3) {
        out.insert(triple.join(" "));
    }
    // A product or a number and what stands a little further off.
    for far in [2, 3] {
        for ends in line.windows(far + 1) {
            let (first, last) = (ends[0], ends[far]);
            if first.starts_with('{') || last.starts_with('{') {
                out.insert(format!("{first} _ {last}"));
            }
        }
    }
}

/// Words without their endings, and pairs of them; what belongs to a name is left out.
fn stems(sentence: &Sentence<'_>, out: &mut BTreeSet<String>) {
    let named = |at: usize| sentence.mentions.list.iter().any(|m| (m.core.0..m.core.1).contains(&at));
    let stem = |at: usize| if named(at) { "%".to_owned() } else { format!("%{}", sentence.tokens[at].stem) };
    let stems: Vec<String> = (0..sentence.tokens.len()).map(stem).collect();
    for size in [1, 2] {
        out.extend(stems.windows(size).map(|p| p.join(" ")));
    }
}

/// Single symbols, pairs and triples in which one that begins with `mark` stands.
fn shapes(symbols: &[String], out: &mut BTreeSet<String>, mark: char, prefix: &str) {
    let line = framed(symbols);
    let marked = |part: &[&str]| part.iter().any(|s| s.starts_with(mark));
    for size in 1..=3 {
        out.extend(line.windows(size).filter(|p| marked(p)).map(|p| format!("{prefix}{}", p.join(" "))));
    }
}

/// With the beginning and the end as symbols of their own.
fn framed(symbols: &[String]) -> Vec<&str> {
    std::iter::once("^").chain(symbols.iter().map(String::as_str)).chain(std::iter::once("$")).collect()
}

fn templates(sentence: &Sentence<'_>, rules: &Parse, out: &mut BTreeSet<String>) {
    let templates = &sentence.context.lexicon.templates;
    for clause in &sentence.chosen {
        let template = &templates[clause.template];
        if template.role != Role::Filler && !template.whole {
            out.insert(format!("<{}>", template.name));
        }
    }
    for clause in &sentence.all {
        if let Role::Forbids(_) = templates[clause.template].role {
            out.insert(format!("<{}>", templates[clause.template].name));
        }
    }
    let meaning = match (rules.intent, rules.not_an_order) {
        (Intent::None, Some(why)) => format!("{why:?}").to_lowercase(),
        (intent, _) => intent.name().to_owned(),
    };
    out.insert(format!("rules {meaning}"));
    let unexplained = match rules.leftover.len() {
        few @ 0..=2 => few,
        3..=4 => 3,
        _ => 5,
    };
    out.insert(format!("unexplained {unexplained}"));
}
