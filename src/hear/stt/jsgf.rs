//! A look at a JSGF grammar before a C library sees it: its words, its rules, its faults.
//!
//! Not a parser of the whole format: it takes what [`crate::understand::grammar`] writes and
//! refuses the rest (imports, quotes, tags, recursion other than at the end of a rule), since sphinxbase ends the process, or
//! goes on with half a grammar, where it should return an error.
//! Format: <https://www.w3.org/TR/jsgf/>.

use anyhow::{bail, ensure};
use std::collections::{BTreeMap, BTreeSet};

/// The largest grammar: some megabytes of catalogue would never be decoded in time.
const MAX_BYTES: usize = 4 << 20;
/// Words of a name that is written anew; a longer one stays as it is.
const MAX_NAME: usize = 40;
/// The reference that the engine defines.
pub const GARBAGE: &str = "garbage";
const BUILT_IN: [&str; 2] = ["NULL", "VOID"];

/// What a grammar consists of.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outline {
    /// Every word.
    pub words: BTreeSet<String>,
    /// Rule → the rules that it refers to.
    pub rules: BTreeMap<String, BTreeSet<String>>,
    /// The same without references that end an alternative: those may lead back to the rule.
    inner: BTreeMap<String, BTreeSet<String>>,
}

impl Outline {
    /// Does it refer to `<garbage>` and leave its definition to the engine?
    pub fn wants_garbage(&self) -> bool {
        !self.rules.contains_key(GARBAGE) && self.rules.values().any(|refs| refs.contains(GARBAGE))
    }
}

/// Reads `jsgf`, which must have a rule `<utterance>`.
///
/// # Errors
/// What is wrong with it, naming the rule.
pub fn outline(jsgf: &str) -> anyhow::Result<Outline> {
    ensure!(jsgf.len() <= MAX_BYTES, "the grammar has {} bytes; the largest is {MAX_BYTES}", jsgf.len());
    ensure!(jsgf.trim_start().starts_with("#JSGF"), "a grammar begins with the line #JSGF V1.0;");
    ensure!(!jsgf.contains('\0'), "the grammar holds a NUL byte");
    let mut outline = Outline::default();
    for statement in without_comments(jsgf).split(';').map(str::trim).skip(1).filter(|s| !s.is_empty()) {
        let first = statement.split_whitespace().next().unwrap_or_default();
        if first == "grammar" {
            continue;
        }
        ensure!(first != "import", "the grammar imports another file; write its rules out");
        read_rule(statement, &mut outline)?;
    }
    ensure!(outline.rules.contains_key("utterance"), "the grammar has no rule <utterance>");
    check_references(&outline)?;
    Ok(outline)
}

/// The same language, written so that what begins alike is searched once: `white cheese | white fish` becomes
/// `white (cheese | fish)`. PocketSphinx makes a copy of a word for each place where it stands. Only where
/// words and nothing else are listed, as names are: nothing there has a weight, so no path is worth more or less than it was.
pub fn factored(jsgf: &str) -> String {
    let plain = without_comments(jsgf);
    let statements = plain.split(';').map(|statement| match statement.split_once('=') {
        Some((head, body)) if is_list(body) => {
            let mut first = Words::default();
            body.split('|').for_each(|phrase| first.add(phrase));
            format!("{head}= {}", first.written())
        }
        _ => statement.to_owned(),
    });
    statements.collect::<Vec<_>>().join(";")
}

fn is_list(body: &str) -> bool {
    let is_phrase = |phrase: &str| (1..=MAX_NAME).contains(&phrase.split_whitespace().count());
    body.contains('|') && !body.contains(['<', '(', '[', '/', '*', '+']) && body.split('|').all(is_phrase)
}

/// What may come next: each word with what may follow it, in the order in which they were listed.
#[derive(Default)]
struct Words<'a> {
    next: Vec<(&'a str, Words<'a>)>,
    /// Where a word is in it.
    at: BTreeMap<&'a str, usize>,
    /// Nothing may come, too.
    may_end: bool,
}

impl<'a> Words<'a> {
    fn add(&mut self, phrase: &'a str) {
        let mut last = self;
        for word in phrase.split_whitespace() {
            let at = *last.at.entry(word).or_insert(last.next.len());
            if at == last.next.len() {
                last.next.push((word, Words::default()));
            }
            last = &mut last.next[at].1;
        }
        last.may_end = true;
    }

    fn written(&self) -> String {
        let one = |(word, then): &(&str, Words)| match (then.next.is_empty(), then.may_end) {
            (true, _) => (*word).to_owned(),
            (false, true) => format!("{word} [{}]", then.written()),
            (false, false) => format!("{word} ({})", then.written()),
        };
        self.next.iter().map(one).collect::<Vec<_>>().join(" | ")
    }
}

/// Does nothing follow in any path that comes here? `rest` is what stands behind a reference.
fn ends_here(rest: &str) -> bool {
    let (mut skipped, mut deep) = (false, 0_u32);
    for c in rest.chars() {
        match c {
            c if c.is_whitespace() => {}
            // Other alternatives of this bracket: they are not in our path.
            '|' if deep == 0 => skipped = true,
            '(' | '[' if skipped => deep += 1,
            ')' | ']' if deep > 0 => deep -= 1,
            ')' | ']' => skipped = false,
            _ if skipped => {}
            _ => return false,
        }
    }
    true
}

pub(super) fn without_comments(jsgf: &str) -> String {
    jsgf.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

fn read_rule(statement: &str, outline: &mut Outline) -> anyhow::Result<()> {
    let Some((head, body)) = statement.split_once('=') else { bail!("not a rule: {}", shorten(statement)) };
    let head = head.trim();
    let name = head.strip_prefix("public").unwrap_or(head).trim().strip_prefix('<').and_then(|h| h.strip_suffix('>'));
    let Some(name) = name.filter(|n| is_rule_name(n)) else { bail!("not the name of a rule: {}", shorten(head)) };
    ensure!(!body.trim().is_empty(), "rule <{name}> is empty");
    let (mut references, mut inner) = (BTreeSet::new(), BTreeSet::new());
    let mut open = Vec::new();
    let mut rest = body;
    while let Some(c) = rest.chars().next() {
        match c {
            '(' | '[' => open.push(c),
            ')' | ']' => {
                let opener = if c == ')' { '(' } else { '[' };
                ensure!(open.pop() == Some(opener), "rule <{name}> has an unmatched {c}");
            }
            '|' | '*' | '+' => {}
            '/' => {
                let Some((weight, after)) = rest[1..].split_once('/') else {
                    bail!("rule <{name}> has an unfinished weight")
                };
                // sphinxbase does not normalise weights, and ends the process over some above 1.
                let good = weight.trim().parse::<f32>().is_ok_and(|w| w > 0.0 && w <= 1.0);
                ensure!(
                    good,
                    "rule <{name}> has the weight {}, which is no number over 0 and up to 1",
                    shorten(weight)
                );
                rest = after;
                continue;
            }
            '<' => {
                let Some((target, after)) = rest[1..].split_once('>') else {
                    bail!("rule <{name}> has an unfinished <")
                };
                ensure!(is_rule_name(target), "rule <{name}> refers to <{}>", shorten(target));
                references.insert(target.to_owned());
                if !ends_here(after) {
                    inner.insert(target.to_owned());
                }
                rest = after;
                continue;
            }
            '"' | '{' | '}' | '>' | '\\' => bail!("rule <{name}> holds a {c}, which our grammars don't use"),
            c if c.is_whitespace() => {}
            _ => {
                let end =
                    rest.find(|c: char| c.is_whitespace() || "()[]|*+/<>\"{}\\".contains(c)).unwrap_or(rest.len());
                outline.words.insert(rest[..end].to_owned());
                rest = &rest[end..];
                continue;
            }
        }
        rest = &rest[c.len_utf8()..];
    }
    ensure!(open.is_empty(), "rule <{name}> has an unmatched bracket");
    outline.inner.insert(name.to_owned(), inner);
    ensure!(outline.rules.insert(name.to_owned(), references).is_none(), "rule <{name}> is there twice");
    Ok(())
}

/// Every reference has a rule, and no rule contains itself but at its end: sphinxbase follows
/// both blindly.
fn check_references(outline: &Outline) -> anyhow::Result<()> {
    let known = |name: &str| name == GARBAGE || BUILT_IN.contains(&name) || outline.rules.contains_key(name);
    for (rule, references) in &outline.rules {
        if let Some(missing) = references.iter().find(|r| !known(r)) {
            bail!("rule <{rule}> refers to <{missing}>, which is not there");
        }
    }
    // Take away rules that refer only to rules taken away before; what stays is in a circle.
    let mut left: BTreeMap<&str, BTreeSet<&str>> = outline
        .inner
        .iter()
        .map(|(name, refs)| {
            (name.as_str(), refs.iter().map(String::as_str).filter(|r| outline.rules.contains_key(*r)).collect())
        })
        .collect();
    loop {
        let done: Vec<&str> =
            left.iter().filter(|(_, refs)| refs.iter().all(|r| !left.contains_key(r))).map(|(name, _)| *name).collect();
        if done.is_empty() {
            break;
        }
        left.retain(|name, _| !done.contains(name));
    }
    match left.keys().next() {
        Some(rule) => bail!("rule <{rule}> contains itself"),
        None => Ok(()),
    }
}

fn is_rule_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || "_-.".contains(c))
}

fn shorten(text: &str) -> String {
    text.chars().take(40).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_rules_and_garbage() {
        let outline = outline("#JSGF V1.0;\ngrammar g; // a comment\n<n> = /0.5/ one | two+;\npublic <utterance> = [i'd] (order)* <n> | <garbage>;").unwrap();
        assert_eq!(outline.words.iter().map(String::as_str).collect::<Vec<_>>(), ["i'd", "one", "order", "two"]);
        assert!(outline.wants_garbage());
    }

    #[test]
    fn what_begins_alike_is_written_once() {
        let head = "#JSGF V1.0;\ngrammar g;\n";
        for (rules, written) in [
            ("<n> = a b | c | a b d | a e | a;", "<n> = a [b [d] | e] | c;"),
            ("<n> = a b c | a b d;", "<n> = a (b (c | d));"),
            // Whatever may have a weight, or is not a plain list, stays.
            ("<n> = /0.5/ a b | a c;", "<n> = /0.5/ a b | a c;"),
            ("<n> = a [b] | a <m>;", "<n> = a [b] | a <m>;"),
            ("<n> = a b;", "<n> = a b;"),
            ("<n> = a b | a c | ;", "<n> = a b | a c | ;"),
        ] {
            assert_eq!(factored(&format!("{head}{rules}")), format!("{head}{written}"));
        }
        let mixed = format!("{head}<n> = a b | a c; // a note\npublic <utterance> = x <n>;");
        assert_eq!(outline(&factored(&mixed)).unwrap(), outline(&mixed).unwrap());
    }

    #[test]
    fn a_rule_may_end_with_itself() {
        for body in ["<a> = x [<a>]", "<a> = x (<a> | y (z)) ", "<a> = x [[y] <a>]"] {
            outline(&format!("#JSGF V1.0;\ngrammar g;\npublic <utterance> = <a> z;\n{body};")).unwrap();
        }
        for body in ["<a> = [<a>] x", "<a> = x (<a> | y) z", "<a> = x <a>+"] {
            outline(&format!("#JSGF V1.0;\ngrammar g;\npublic <utterance> = <a>;\n{body};")).unwrap_err();
        }
    }

    #[test]
    fn faults_are_named() {
        for (body, says) in [
            ("public <utterance> = <n>;", "<n>, which is not there"),
            ("<a> = x;", "no rule <utterance>"),
            ("public <utterance> = a <b>; <b> = <c> y; <c> = [<b>] x;", "contains itself"),
            ("public <utterance> = (a ];", "unmatched ]"),
            ("public <utterance> = (a ;", "unmatched bracket"),
            ("public <utterance> = /x/ a;", "no number"),
            ("public <utterance> = ;", "is empty"),
            ("public <utterance> = a (/5/ <NULL> | b);", "up to 1"),
            ("import <x.y>; public <utterance> = a;", "imports"),
            ("public <utterance> = a {tag};", "holds a {"),
            ("public <utterance> = a; <utterance> = b;", "there twice"),
            ("nonsense;", "not a rule"),
        ] {
            let error = outline(&format!("#JSGF V1.0;\ngrammar g;\n{body}")).unwrap_err().to_string();
            assert!(error.contains(says), "{body}: {error}");
        }
        assert!(outline("<html>").is_err());
    }
}
