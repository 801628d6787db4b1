//! The grammar that a speech recogniser listens with, written from the same lexicon and
//! catalogue that the parser reads, so that what can be parsed can be heard.
//!
//! Neutral of any engine: a [`Grammar`] is JSGF text and the words in it.

use super::Lang;
use super::catalog::index::Index;
use super::catalog::{Catalog, ProductOption};
use super::coupon;
use super::intent::Intent;
use super::lexicon::template::{Node, Slot};
use super::lexicon::{Lexicon, Role};
use super::pick;
use super::random_words;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// Weights, 0 to 1, of what is said now and then only: without them a breath or an "a" is heard
/// as "eight", and the end of a word as "and". They stand on words, where engines keep them. So small because the
/// likelihood of sound, which they are weighed against, counts frames as if each knew nothing of the one before.
const NUMBER: &str = "1e-25";
const ANOTHER_PRODUCT: &str = "1e-16";
/// "A coffee, small" and not "a small coffee".
const LATE_OPTION: &str = "1e-14";
/// Names of products that are worth handing on: more than any recogniser of free text takes.
const MAX_NAMES: usize = 500;

/// What the dialogue expects next. A smaller grammar is heard better.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expect {
    /// Anything that one can say after the wake word.
    Command,
    /// After a read-back: confirm phrase, yes/no words, cancel, change, repeat, why.
    Confirm,
    /// Like `Confirm`, plus two random words: any two, of which only those that were spoken count.
    Challenge { words: Vec<String> },
    /// One of a few products, by name or "the first one".
    Choice { skus: Vec<String> },
    /// One of a few texts that were read out, in words of it or by its place, or none in particular.
    Words { choices: Vec<String> },
}

/// A grammar in JSGF and the words that it uses.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Grammar {
    /// JSGF text with one public rule, `<utterance>`. Words are lower case without punctuation.
    pub jsgf: String,
    /// Every word of the grammar; the engine finds a pronunciation for each.
    pub words: BTreeSet<String>,
    /// Of answers to a question, and not of commands, which name any product: so small that an engine can
    /// search widely for what else was said, which is worth most where a phrase buys.
    pub answers: bool,
    /// Wake words that may stand before everything else: nothing else can have been meant by them.
    pub wake: BTreeSet<String>,
    /// The language that is spoken.
    pub lang: Lang,
    /// Of what begins a conversation, in whatever language: an answer comes in the language of its question.
    pub opens: bool,
    /// Names that are said here and that a recogniser of free text would hardly expect, those that matter most first: of
    /// products, choices, the wake words. Never the words that confirm: who expects them hears them.
    pub names: Vec<String>,
}

/// Writes the grammar for `expect`.
pub fn write(catalog: &Catalog, lexicon: &Lexicon, index: &Index, expect: &Expect) -> Grammar {
    let mut writer = Writer {
        catalog,
        lexicon,
        index,
        out: String::new(),
        used: BTreeSet::new(),
        done: BTreeSet::new(),
        words: BTreeSet::new(),
        wake: BTreeSet::new(),
        names: Vec::new(),
    };
    let body = match expect {
        Expect::Command => writer.command(),
        Expect::Confirm => writer.answers(false),
        Expect::Challenge { words: _ } => writer.answers(true),
        Expect::Choice { skus } => writer.choice(skus),
        Expect::Words { choices } => writer.one_of(choices),
    };
    writer.rules();
    // The speech engine defines <garbage>, a loop of sounds, so that nonsense has a way out.
    let jsgf = format!(
        "#JSGF V1.0 UTF-8 {};\ngrammar tendero;\npublic <utterance> = {body} | <garbage>;\n{}",
        lexicon.lang, writer.out
    );
    let answers = matches!(expect, Expect::Confirm | Expect::Choice { .. } | Expect::Words { .. });
    let Writer { words, wake, names, .. } = writer;
    let opens = matches!(expect, Expect::Command);
    Grammar { jsgf, words, answers, wake, lang: lexicon.lang, opens, names }
}

struct Writer<'a> {
    catalog: &'a Catalog,
    lexicon: &'a Lexicon,
    index: &'a Index,
    out: String,
    /// Rules of the lexicon that something refers to.
    used: BTreeSet<String>,
    done: BTreeSet<String>,
    words: BTreeSet<String>,
    wake: BTreeSet<String>,
    names: Vec<String>,
}

/// How a template stands to its one {items}: what is said before it, and after it.
struct Frame<'a> {
    before: &'a [Node],
    after: &'a [Node],
}

impl Writer<'_> {
    /// An engine copies a rule for each reference to it, and the products are the largest of
    /// all: they are referred to twice, once after the words that ask for them and once before
    /// the words that tell what became of them.
    fn command(&mut self) -> String {
        let (mut before, mut end, mut after, mut plain) =
            (BTreeSet::new(), BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        for node in self.lexicon.commands() {
            match frame(node) {
                Some(Frame { before: first, after: last }) => {
                    let (first, last) = (self.sequence(first), self.sequence(last));
                    match first {
                        Some(first) => {
                            before.insert(first);
                            end.extend(last);
                        }
                        None => after.extend(last),
                    }
                }
                None => plain.extend(self.node(node)),
            }
        }
        for (name, alternatives) in [("before", &before), ("end", &end), ("after", &after), ("plain", &plain)] {
            self.rule(name, alternatives);
        }
        self.items();
        let wake: BTreeSet<String> = self.lexicon.wake.iter().filter_map(|w| self.text(w)).collect();
        self.rule("wake", &wake);
        self.names = wake.iter().cloned().chain(self.product_names()).collect();
        self.wake = wake;
        // The recursion of <items> leads back to where <items> began, so something must have been
        // said before it: else a sentence could begin again in its middle.
        "[<wake>] (<before> <items> [<end>] | <item> [<and> <items>] <after> | <plain>)".to_owned()
    }

    /// What a person calls each product, in the order of the catalogue.
    fn product_names(&self) -> Vec<String> {
        let names = self.catalog.products.iter().take(MAX_NAMES).map(|p| p.spoken_name(self.lexicon.lang).to_owned());
        let mut seen = BTreeSet::new();
        names.filter(|name| seen.insert(name.clone())).collect()
    }

    fn items(&mut self) {
        let lexicon = self.lexicon;
        let joiners: BTreeSet<String> = lexicon.spoken_joiners.iter().filter_map(|j| self.text(j)).collect();
        let articles: BTreeSet<String> = lexicon.spoken_articles.iter().filter_map(|j| self.text(j)).collect();
        let links: BTreeSet<String> = lexicon.spoken_of.iter().filter_map(|j| self.text(j)).collect();
        let and: BTreeSet<String> = lexicon.spoken_and.iter().filter_map(|j| self.text(j)).collect();
        self.rule("joiner", &joiners);
        self.weighted_rule("and", &and, ANOTHER_PRODUCT);
        self.rule("article", &articles);
        self.rule("of", &links);
        self.quantity();
        // Products that share their options share the rule of them.
        let mut sets: BTreeMap<usize, BTreeSet<String>> = BTreeMap::new();
        for (at, product) in self.catalog.products.iter().enumerate() {
            let names = product
                .says
                .get(&lexicon.lang)
                .cloned()
                .unwrap_or_else(|| vec![product.title(lexicon.lang).to_owned()]);
            let names: Vec<String> = names.iter().filter_map(|n| self.text(n)).collect();
            sets.entry(self.index.option_set(at)).or_default().extend(names);
        }
        let mut items = BTreeSet::new();
        for (set, names) in sets {
            let product = self
                .catalog
                .products
                .iter()
                .enumerate()
                .find(|(at, _)| self.index.option_set(*at) == set)
                .map(|(_, p)| p);
            self.rule(&format!("name{set}"), &names);
            let options = product.map_or(&[][..], |p| p.options.as_slice());
            items.insert(self.options(set, options));
        }
        self.rule("thing", &items);
        self.out.push_str("<item> = [<quantity>] <thing>;\n<items> = <item> [<and> <items>];\n");
    }

    /// The product names of `set` with their options, each at most once. Options that are
    /// measured ("a bit of sugar") follow the name after "with"; the others stand before it.
    fn options(&mut self, set: usize, options: &[ProductOption]) -> String {
        let lexicon = self.lexicon;
        let (mut before, mut late, mut after) = (Vec::new(), Vec::new(), Vec::new());
        for (at, option) in options.iter().enumerate() {
            let says: Vec<&String> = option
                .values
                .iter()
                .flat_map(|v| v.says.get(&lexicon.lang).or_else(|| v.says.get(&Lang::En)).into_iter().flatten())
                .collect();
            let measured = says.iter().any(|s| s.split(' ').any(|w| lexicon.spoken_of.iter().any(|of| of == w)));
            let phrases: BTreeSet<String> = says.iter().filter_map(|s| self.text(s)).collect();
            if phrases.is_empty() {
                continue;
            }
            self.rule(&format!("option{set}v{at}"), &phrases);
            if measured {
                after.push(format!("<option{set}v{at}>"));
            } else {
                before.push(format!("<option{set}v{at}>"));
                self.weighted_rule(&format!("late{set}v{at}"), &phrases, LATE_OPTION);
                late.push(format!("<late{set}v{at}>"));
            }
        }
        let mut body = format!("<name{set}>");
        if !before.is_empty() {
            body = format!("[{}] {body} [{}]", permutations(&before, ""), late.join(" | "));
        }
        if !after.is_empty() {
            body = format!("{body} [<joiner> {}]", permutations(&after, "[<joiner>] "));
        }
        body
    }

    fn quantity(&mut self) {
        let lexicon = self.lexicon;
        let numbers: BTreeSet<String> = lexicon.spoken_numbers().into_iter().filter_map(|w| self.text(&w)).collect();
        let units: BTreeSet<String> = lexicon.spoken_units.iter().filter_map(|w| self.text(w)).collect();
        self.weighted_rule("number", &numbers, NUMBER);
        self.rule("unit", &units);
        self.out.push_str("<amount> = <article> | <number>;\n<quantity> = <amount> | <amount> <unit> <of>;\n");
    }

    fn answers(&mut self, challenge: bool) -> String {
        let lexicon = self.lexicon;
        let (mut plain, mut confirm) = (BTreeSet::new(), BTreeSet::new());
        for template in lexicon.templates.iter().filter(|t| t.heard && !t.node.has(Slot::Items, &lexicon.rules)) {
            let Role::Means(intent) = template.role else { continue };
            if !answers(intent) {
                continue;
            }
            let said = self.node(&template.node);
            if intent == Intent::Confirm {
                confirm.extend(said.clone());
            }
            plain.extend(said);
        }
        plain.extend(self.text(coupon::phrase(lexicon.lang)));
        let negative: BTreeSet<String> = lexicon.spoken_negative.iter().filter_map(|w| self.text(w)).collect();
        self.quantity_rules();
        self.rule("plain", &plain);
        self.rule("negative", &negative);
        let without_words = "<plain> [<negative>] | <quantity>";
        if !challenge {
            return without_words.to_owned();
        }
        let random = random_words::of(lexicon.lang).iter().filter_map(|word| self.text(word)).collect();
        self.rule("random", &random);
        self.rule("confirm", &confirm);
        // Only the phrase goes with random words: the fewer paths, the better they are heard, and the sooner.
        let words = "<random> <random>";
        format!("{without_words} | <confirm> {words} [<negative>] | {words} [<confirm>]")
    }

    fn quantity_rules(&mut self) {
        let lexicon = self.lexicon;
        let articles: BTreeSet<String> = lexicon.spoken_articles.iter().filter_map(|j| self.text(j)).collect();
        let links: BTreeSet<String> = lexicon.spoken_of.iter().filter_map(|j| self.text(j)).collect();
        self.rule("article", &articles);
        self.rule("of", &links);
        self.quantity();
    }

    fn choice(&mut self, skus: &[String]) -> String {
        let answers = self.answers(false);
        let lang = self.lexicon.lang;
        let names: Vec<String> = self
            .catalog
            .products
            .iter()
            .filter(|p| skus.contains(&p.sku))
            .flat_map(|p| p.says.get(&lang).cloned().unwrap_or_default().into_iter().chain([p.title(lang).to_owned()]))
            .collect();
        self.names.clone_from(&names);
        let names: BTreeSet<String> = names.iter().filter_map(|n| self.text(n)).collect();
        self.rule("name", &names);
        if names.is_empty() { answers } else { format!("[<article>] <name> | {answers}") }
    }

    /// Each choice as it was read out, and each word that only it has.
    fn one_of(&mut self, choices: &[String]) -> String {
        let answers = self.answers(false);
        let lang = self.lexicon.lang;
        self.names = choices.to_vec();
        let mut said: BTreeSet<String> = choices.iter().filter_map(|choice| self.text(choice)).collect();
        for word in pick::telling_words(choices, lang).into_iter().flatten() {
            said.extend(self.text(&word));
        }
        let any: BTreeSet<String> = pick::any_words(lang).iter().filter_map(|words| self.text(words)).collect();
        self.rule("choice", &said);
        self.rule("any", &any);
        let choice = if said.is_empty() { String::new() } else { "[<article>] <choice> | ".to_owned() };
        format!("{choice}<any> | {answers}")
    }

    /// Each alternative begins with a word that costs `weight`.
    fn weighted_rule(&mut self, name: &str, alternatives: &BTreeSet<String>, weight: &str) {
        let weighted = alternatives.iter().map(|alternative| format!("/{weight}/ {alternative}")).collect();
        self.rule(name, &weighted);
    }

    fn rule(&mut self, name: &str, alternatives: &BTreeSet<String>) {
        let body: Vec<&str> = alternatives.iter().map(String::as_str).collect();
        let body = if body.is_empty() { "<NULL>".to_owned() } else { body.join(" | ") };
        let _ = writeln!(self.out, "<{name}> = {body};");
    }

    /// The rules of the lexicon that are referred to, and those that they refer to.
    fn rules(&mut self) {
        let lexicon = self.lexicon;
        while let Some(name) = self.used.difference(&self.done).next().cloned() {
            self.done.insert(name.clone());
            let body = lexicon.rules.get(&name).and_then(|rule| self.node(rule)).unwrap_or_else(|| "<NULL>".to_owned());
            let _ = writeln!(self.out, "<r_{}> = {body};", name.replace('-', "_"));
        }
    }

    fn sequence(&mut self, parts: &[Node]) -> Option<String> {
        let parts: Vec<String> = parts.iter().filter_map(|p| self.node(p)).collect();
        (!parts.is_empty()).then(|| parts.join(" "))
    }

    fn node(&mut self, node: &Node) -> Option<String> {
        match node {
            Node::Word(text) => self.text(text),
            Node::Slot(Slot::Items) => Some("<items>".to_owned()),
            Node::Slot(Slot::Qty) => Some("<quantity>".to_owned()),
            Node::Slot(Slot::Any) => Some("<garbage>".to_owned()),
            Node::Rule(name) => {
                self.used.insert(name.clone());
                Some(format!("<r_{}>", name.replace('-', "_")))
            }
            Node::Seq(parts) => self.sequence(parts),
            Node::Alt(parts) => {
                let parts: Vec<String> = parts.iter().filter_map(|p| self.node(p)).collect();
                (!parts.is_empty()).then(|| format!("({})", parts.join(" | ")))
            }
            Node::Opt(part) => self.node(part).map(|inner| format!("[{inner}]")),
        }
    }

    /// Words as a recogniser knows them: lower case, apostrophes inside words kept, digits as words.
    fn text(&mut self, text: &str) -> Option<String> {
        // "'s" alone has no sound of its own.
        if text.starts_with('\'') {
            return None;
        }
        let lower = text.to_lowercase();
        let mut words: Vec<String> = Vec::new();
        for raw in lower
            .split(|c: char| !c.is_alphanumeric() && c != '\'')
            .map(|w| w.trim_matches('\''))
            .filter(|w| !w.is_empty())
        {
            match raw.parse::<u32>() {
                Ok(number) => words.push(self.lexicon.number_word(number)?),
                Err(_) if raw.bytes().any(|b| b.is_ascii_digit()) => return None,
                Err(_) => words.push(raw.to_owned()),
            }
        }
        self.words.extend(words.iter().cloned());
        (!words.is_empty()).then(|| words.join(" "))
    }
}

/// Is it said in answer to a read-back?
fn answers(intent: Intent) -> bool {
    use Intent::*;
    match intent {
        Confirm | Affirm | Deny | Cancel | Change | Repeat | Why | Stop | Help => true,
        Reorder | ListAdd | Status | History | Price | Find | Handoff | Return | News | None => false,
    }
}

/// Some of `rules`, each at most once, in any order; more than four in the order of the list.
fn permutations(rules: &[String], link: &str) -> String {
    if rules.len() > 4 {
        return format!("({})", rules.iter().map(|r| format!("[{r}]")).collect::<Vec<_>>().join(" "));
    }
    let starts = rules.iter().enumerate().map(|(at, first)| {
        let rest: Vec<String> = rules.iter().enumerate().filter(|(i, _)| *i != at).map(|(_, r)| r.clone()).collect();
        if rest.is_empty() { first.clone() } else { format!("{first} [{link}{}]", permutations(&rest, link)) }
    });
    format!("({})", starts.collect::<Vec<_>>().join(" | "))
}

/// Splits a template at its {items}, where that stands at the top level and once.
fn frame(node: &Node) -> Option<Frame<'_>> {
    let parts = match node {
        Node::Seq(parts) => parts.as_slice(),
        Node::Slot(Slot::Items) => std::slice::from_ref(node),
        Node::Word(_) | Node::Slot(_) | Node::Rule(_) | Node::Alt(_) | Node::Opt(_) => return None,
    };
    let at = parts.iter().position(|p| *p == Node::Slot(Slot::Items))?;
    Some(Frame { before: &parts[..at], after: &parts[at + 1..] })
}
