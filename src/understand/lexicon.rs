//! The words of a language: templates, numbers, units, and the short words of a dialogue.
//!
//! One data file for each language under `lexicon/`, compiled in; a maker may extend them ([`maker`]).
//! [`Lexicon::from_toml`] checks a file and says which template is wrong and how. Never looks
//! at a catalogue: products come in through the slots of the templates.

mod file;
mod guard;
pub mod maker;
pub mod template;

use super::Lang;
use super::intent::{Intent, NotAnOrder};
use super::text::{self, Token};
use file::{File, FileTemplate};
use std::collections::{BTreeMap, BTreeSet};
use template::{Automaton, Node, Slot, Sym};

const EN: &str = include_str!("lexicon/en.toml");
const ES: &str = include_str!("lexicon/es.toml");
const RO: &str = include_str!("lexicon/ro.toml");

/// What a phrase does to the meaning of the sentence that holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// It carries this intent.
    Means(Intent),
    /// It rules buying out, whatever else is said.
    Forbids(NotAnOrder),
    /// "we still have milk": these products are not wanted.
    Spares,
    /// Politeness, hesitation and reasons: explained, but without meaning.
    Filler,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Template {
    pub name: String,
    pub role: Role,
    /// It counts only where nothing else of weight is said.
    pub whole: bool,
    /// A number in it says what is left, not what is wanted.
    pub depletes: bool,
    /// It counts only at the beginning of a sentence.
    pub start: bool,
    /// It counts only at the end of a sentence or before a pause.
    pub end: bool,
    /// It counts only for products with options, which are made to order: "make me a latte".
    pub prepared: bool,
    /// Whether a recogniser may listen for it.
    pub heard: bool,
    pub node: Node,
}

/// A lexicon, checked and compiled.
#[derive(Debug, Clone)]
pub struct Lexicon {
    pub lang: Lang,
    pub templates: Vec<Template>,
    pub rules: BTreeMap<String, Node>,
    /// What a maker changed; `None` for a lexicon as it was built in.
    taught: Option<Taught>,
    /// What a recogniser listens for as a command; empty: every template that is `heard`.
    pub listen: Vec<Node>,
    pub wake: Vec<String>,
    /// Folded number words of every form → value.
    pub numbers: BTreeMap<String, u32>,
    pub amounts: Vec<(Vec<String>, u32)>,
    amount_words: BTreeMap<String, u32>,
    number_words: BTreeMap<String, u32>,
    /// As they are spoken, for the grammar of a recogniser.
    pub spoken_articles: Vec<String>,
    pub spoken_joiners: Vec<String>,
    /// Containers and measures that one listens for; the parser knows more.
    pub spoken_units: Vec<String>,
    /// "and": what stands between two products.
    pub spoken_and: Vec<String>,
    pub spoken_negative: Vec<String>,
    /// "of": what stands between a unit and its product.
    pub spoken_of: Vec<String>,
    /// First word of a unit → folded words and canonical unit ("pack", "kilogram", ...), the longest first.
    pub units: BTreeMap<String, Vec<(Vec<String>, String)>>,
    pub articles: BTreeSet<String>,
    pub links: BTreeSet<String>,
    pub joiners: BTreeSet<String>,
    pub corrections: Vec<Vec<String>>,
    /// "X rather": what stands after the product that takes another's place.
    pub corrections_after: Vec<Vec<String>>,
    /// "will do": what stands after the number that takes another's place.
    pub enough: Vec<Vec<String>>,
    /// "not" as in "not the butter".
    pub contrast: BTreeSet<String>,
    /// "with", "for": what leads to a product that only says more about the one before.
    pub about: BTreeSet<String>,
    /// "the", as in "milk, the oat one".
    pub pointing: BTreeSet<String>,
    /// "um": what may stand anywhere without a meaning.
    pub hesitations: BTreeSet<String>,
    /// "because": what leads from what is wanted to why.
    pub reasons: Vec<Vec<String>>,
    /// "times", "x": what makes the number after it a quantity.
    pub times: BTreeSet<String>,
    /// Names of products that are everyday words too: "honey, the coffee is gone".
    pub ambiguous: BTreeSet<String>,
    pub negative: Vec<Vec<String>>,
    pub number_joiner: String,
    /// Number words that begin no number.
    pub never_first: BTreeSet<String>,
    /// "half a", "a quarter of a": thousandths of the measure that follows,
    pub fractions: Vec<(Vec<String>, u32)>,
    /// and "and a half", which stands after a number or a measure.
    pub and_fractions: Vec<(Vec<String>, u32)>,
    pub not_quantity_after: BTreeSet<String>,
    pub each: Vec<Vec<String>>,
    pub light: BTreeSet<String>,
    /// Stem → stems of words of the same meaning.
    synonyms: BTreeMap<String, Vec<String>>,
    words: BTreeMap<String, u32>,
    /// Words of templates that carry an intent, and of rules.
    meaningful: BTreeSet<String>,
    /// Every word that has a part in the language: asked for each word of each text.
    known: BTreeSet<String>,
    /// Words of the rules that ask for something: `order` and `want`.
    asking: BTreeSet<String>,
    pub automaton: Automaton,
    /// Matches the rules: each is a class of words that stand for each other. Numbered as in `rules`.
    pub classes: Automaton,
}

/// How the rules were before a maker's file, and how they are where they forbid.
#[derive(Debug, Clone)]
struct Taught {
    /// The templates before this one are built in.
    first: usize,
    built_in: BTreeMap<String, Node>,
    /// A rule that was replaced goes on to stand for its old words here.
    guarding: BTreeMap<String, Node>,
}

impl Taught {
    /// The rules that the template at `at` is compiled with. What forbids knows the old words and the new ones; what may
    /// stand around the phrase that buys keeps to the old ones.
    fn rules_for<'a>(
        &'a self,
        at: usize,
        template: &Template,
        rules: &'a BTreeMap<String, Node>,
    ) -> &'a BTreeMap<String, Node> {
        let built_in = at < self.first;
        match template.role {
            Role::Forbids(_) | Role::Spares => &self.guarding,
            Role::Means(Intent::Confirm | Intent::Affirm) | Role::Filler if built_in => &self.built_in,
            Role::Means(_) | Role::Filler => rules,
        }
    }
}

/// What is wrong with a lexicon file, and where.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum LexiconError {
    #[error("{file}: not a valid lexicon: {what}")]
    Shape { file: String, what: String },
    #[error("{file}: template \"{template}\": {what}")]
    Template { file: String, template: String, what: String },
    #[error("{file}: rule <{rule}>: {what}")]
    Rule { file: String, rule: String, what: String },
    #[error("{file}: {list}: \"{word}\" {what}")]
    Word { file: String, list: String, word: String, what: String },
}

impl Lexicon {
    /// The lexicon that is compiled in.
    pub fn built_in(lang: Lang) -> Lexicon {
        Lexicon::from_toml(&format!("{}.toml", lang.code()), Lexicon::built_in_text(lang), lang)
            .expect("the files are compiled in, and a test checks them")
    }

    /// The file that is compiled in.
    pub fn built_in_text(lang: Lang) -> &'static str {
        match lang {
            Lang::En => EN,
            Lang::Es => ES,
            Lang::Ro => RO,
        }
    }

    /// Checks and compiles the text of a lexicon file; `file` is its name, for messages.
    ///
    /// # Errors
    /// The first thing that is wrong: file, template and what.
    pub fn from_toml(file: &str, text: &str, lang: Lang) -> Result<Lexicon, LexiconError> {
        let mut raw: File = file::read(file, text)?;
        let rules = rules(file, &raw.rules)?;
        known_everywhere(file, &rules)?;
        let listen = listen(file, &raw.listen, &rules)?;
        let templates = templates(file, std::mem::take(&mut raw.template), &rules)?;
        let mut lexicon = Lexicon::assemble(lang, raw, rules, listen, templates);
        lexicon.compile();
        Ok(lexicon)
    }

    /// Puts the checked parts together; [`Lexicon::compile`] has to follow.
    fn assemble(
        lang: Lang,
        raw: File,
        rules: BTreeMap<String, Node>,
        listen: Vec<Node>,
        templates: Vec<Template>,
    ) -> Lexicon {
        let numbers = numbers(&raw.numbers, &raw.number_variants, &raw.number_prefixes);
        Lexicon {
            lang,
            templates,
            rules,
            taught: None,
            listen,
            wake: raw.wake,
            numbers,
            amounts: raw.amounts.iter().map(|(w, n)| (folded(w, lang), *n)).collect(),
            amount_words: raw.amounts,
            number_words: raw.numbers,
            spoken_articles: raw.words.spoken_articles,
            spoken_joiners: raw.words.spoken_joiners,
            spoken_units: raw.words.spoken_units.unwrap_or_else(|| raw.units.values().flatten().cloned().collect()),
            spoken_and: raw.words.spoken_and,
            spoken_negative: raw.words.negative.clone(),
            spoken_of: raw.words.of,
            units: units(&raw.units, lang),
            articles: set(&raw.words.articles),
            links: set(&raw.words.links),
            joiners: set(&raw.words.joiners),
            corrections: phrases(&raw.words.corrections, lang),
            corrections_after: phrases(&raw.words.corrections_after, lang),
            enough: phrases(&raw.words.enough, lang),
            contrast: set(&raw.words.contrast),
            about: set(&raw.words.about),
            pointing: set(&raw.words.pointing),
            hesitations: set(&raw.words.hesitations),
            reasons: phrases(&raw.words.reasons, lang),
            times: set(&raw.words.times),
            ambiguous: set(&raw.words.ambiguous),
            negative: phrases(&raw.words.negative, lang),
            number_joiner: text::fold(&raw.words.number_joiner),
            never_first: set(&raw.words.never_first),
            fractions: raw.fractions.iter().map(|(w, n)| (folded(w, lang), *n)).collect(),
            and_fractions: raw.and_fractions.iter().map(|(w, n)| (folded(w, lang), *n)).collect(),
            not_quantity_after: set(&raw.words.not_quantity_after),
            each: phrases(&raw.words.each, lang),
            light: set(&raw.words.light),
            synonyms: synonyms(&raw.synonyms, lang),
            words: BTreeMap::new(),
            meaningful: BTreeSet::new(),
            known: BTreeSet::new(),
            asking: BTreeSet::new(),
            automaton: Automaton::default(),
            classes: Automaton::default(),
        }
    }

    fn compile(&mut self) {
        let lang = self.lang;
        let mut words = std::mem::take(&mut self.words);
        let mut number = |text: &str| -> Vec<u32> {
            folded(text, lang)
                .into_iter()
                .map(|w| {
                    let next = u32::try_from(words.len()).expect("a lexicon has far fewer words");
                    *words.entry(w).or_insert(next)
                })
                .collect()
        };
        for (at, template) in self.templates.iter().enumerate() {
            let id = u32::try_from(at).expect("a lexicon has far fewer templates");
            let rules = self.taught.as_ref().map_or(&self.rules, |t| t.rules_for(at, template, &self.rules));
            self.automaton.add(id, &template.node, rules, &mut number);
        }
        self.automaton.finish();
        for (at, (name, node)) in self.rules.iter().enumerate() {
            let id = u32::try_from(at).expect("a lexicon has far fewer rules");
            // Nothing was learned about a class that a maker makes, and it would hide one about which something was.
            if self.taught.as_ref().is_none_or(|t| t.built_in.contains_key(name)) {
                self.classes.add(id, node, &self.rules, &mut number);
            }
        }
        self.classes.finish();
        let carrying = self.templates.iter().filter(|t| matches!(t.role, Role::Means(_))).map(|t| &t.node);
        let meaningful = carrying.chain(self.rules.values()).flat_map(|node| words_of(node, lang)).collect();
        let asking = ["order", "want"].iter().filter_map(|rule| self.rules.get(*rule));
        self.asking = asking.flat_map(|node| words_of(node, lang)).collect();
        self.meaningful = meaningful;
        self.words = words;
        self.known = self.known_words().cloned().collect();
    }

    fn known_words(&self) -> impl Iterator<Item = &String> {
        let sets = [&self.articles, &self.links, &self.joiners, &self.light];
        let units = self.units.keys().filter(|word| self.is_unit(word));
        let parts = self.fractions.iter().chain(&self.and_fractions).flat_map(|(words, _)| words);
        self.words.keys().chain(self.numbers.keys()).chain(sets.into_iter().flatten()).chain(units).chain(parts)
    }

    /// The sentences that a recogniser listens for as a command.
    pub fn commands(&self) -> impl Iterator<Item = &Node> {
        let templates = self.templates.iter().filter(|t| self.listen.is_empty() && t.heard).filter(|t| {
            let framed = matches!(&t.node, Node::Seq(parts) if parts.contains(&Node::Slot(Slot::Items)));
            framed || (t.role != Role::Filler && !t.node.has(Slot::Items, &self.rules))
        });
        self.listen.iter().chain(templates.map(|t| &t.node))
    }

    /// What the automaton calls this folded word; `None` where no template uses it.
    pub fn sym(&self, fold: &str) -> Option<Sym> {
        self.words.get(fold).map(|id| Sym::Word(*id))
    }

    /// Whether the lexicon uses this folded word anywhere: such a word is not a misheard product.
    pub fn knows(&self, fold: &str) -> bool {
        self.known.contains(fold)
    }

    /// The number words and amounts that one listens for: nobody orders none, or a hundred.
    pub fn spoken_numbers(&self) -> Vec<String> {
        let few = self.number_words.iter().filter(|(_, n)| (1..100).contains(*n)).map(|(word, _)| word);
        let amounts = self.amount_words.keys().filter(|amount| amount.contains(' '));
        few.chain(amounts).cloned().collect()
    }

    /// How a small number is said; `None` where one word does not do.
    pub fn number_word(&self, number: u32) -> Option<String> {
        self.number_words.iter().find(|(_, n)| **n == number).map(|(word, _)| word.clone())
    }

    /// Whether a word has a part in the language itself, so that only its exact form names a product.
    pub fn grammatical(&self, fold: &str) -> bool {
        self.meaningful.contains(fold) || self.light.contains(fold)
    }

    /// Whether it is a word that asks for what follows it: "order", "need".
    pub fn asks(&self, fold: &str) -> bool {
        self.asking.contains(fold) && !self.light.contains(fold)
    }

    /// Whether it is a word for a container or a measure.
    pub fn is_unit(&self, fold: &str) -> bool {
        self.units.get(fold).is_some_and(|units| units.iter().any(|(words, _)| words.len() == 1))
    }

    /// Whether these folded words are a unit.
    pub fn has_unit(&self, words: &[String]) -> bool {
        words.first().and_then(|first| self.units.get(first)).is_some_and(|units| units.iter().any(|(w, _)| w == words))
    }

    /// The unit that begins at `at`, and the first token after it.
    pub fn unit(&self, tokens: &[Token], at: usize) -> Option<(String, usize)> {
        let first = tokens.get(at)?;
        self.units.get(&first.fold)?.iter().find_map(|(words, name)| {
            let all = tokens.get(at..at + words.len())?.iter().zip(words).all(|(token, word)| token.fold == *word);
            all.then(|| (name.clone(), at + words.len()))
        })
    }

    /// The stems of words that mean the same as `stem`.
    pub fn synonym(&self, stem: &str) -> impl Iterator<Item = &String> {
        self.synonyms.get(stem).into_iter().flatten()
    }
}

fn rules(file: &str, bodies: &BTreeMap<String, String>) -> Result<BTreeMap<String, Node>, LexiconError> {
    let rule = |(name, body): (&String, &String)| {
        let wrong = |what| LexiconError::Rule { file: file.into(), rule: name.clone(), what };
        Ok((name.clone(), Node::parse(body).map_err(wrong)?))
    };
    bodies.iter().map(rule).collect()
}

/// Whether every rule leads to rules that there are, and none back to itself.
fn known_everywhere(file: &str, rules: &BTreeMap<String, Node>) -> Result<(), LexiconError> {
    if let Some(rule) = template::circular(rules) {
        return Err(LexiconError::Rule { file: file.into(), rule, what: "it leads back to itself".into() });
    }
    for (name, node) in rules {
        known_rules(node, rules).map_err(|what| LexiconError::Rule { file: file.into(), rule: name.clone(), what })?;
    }
    Ok(())
}

fn listen(file: &str, list: &[String], rules: &BTreeMap<String, Node>) -> Result<Vec<Node>, LexiconError> {
    let sentence = |say: &String| {
        let node = Node::parse(say).and_then(|node| known_rules(&node, rules).map(|()| node));
        node.map_err(|what| LexiconError::Template {
            file: file.into(),
            template: "listen".into(),
            what: format!("\"{say}\": {what}"),
        })
    };
    list.iter().map(sentence).collect()
}

fn templates(
    file: &str,
    entries: Vec<FileTemplate>,
    rules: &BTreeMap<String, Node>,
) -> Result<Vec<Template>, LexiconError> {
    let mut out = Vec::new();
    for entry in entries {
        let wrong = |what: String| LexiconError::Template { file: file.into(), template: entry.name.clone(), what };
        let role = role(&entry).map_err(wrong)?;
        if entry.say.is_empty() {
            return Err(wrong("it has nothing to say; give it say = [\"...\"]".into()));
        }
        for say in &entry.say {
            let node = Node::parse(say).map_err(|what| wrong(format!("\"{say}\": {what}")))?;
            known_rules(&node, rules).map_err(|what| wrong(format!("\"{say}\": {what}")))?;
            out.push(Template {
                name: entry.name.clone(),
                role,
                whole: entry.whole,
                depletes: entry.depletes,
                prepared: entry.prepared,
                start: entry.start,
                end: entry.end,
                heard: !entry.unheard && !node.has(Slot::Any, rules),
                node,
            });
        }
    }
    Ok(out)
}

/// The number words, folded: those of the language, other forms of them, and tens with a unit in one word.
fn numbers(
    words: &BTreeMap<String, u32>,
    variants: &BTreeMap<String, u32>,
    prefixes: &BTreeMap<String, u32>,
) -> BTreeMap<String, u32> {
    let units = words.iter().filter(|(word, n)| (1..10).contains(*n) && word.len() > 1);
    let compounds = prefixes.iter().flat_map(|(prefix, ten)| {
        units.clone().map(move |(unit, n)| (text::fold(&format!("{prefix}{unit}")), ten + n))
    });
    let single = variants.iter().chain(words).map(|(word, n)| (text::fold(word), *n));
    compounds.chain(single).collect()
}

fn role(entry: &FileTemplate) -> Result<Role, String> {
    match (entry.intent, entry.forbids, entry.spares) {
        (Some(Intent::None), None, false) => Err("intent \"none\" is what no template says; use forbids".into()),
        (Some(intent), None, false) => Ok(Role::Means(intent)),
        (None, Some(why), false) => Ok(Role::Forbids(why)),
        (None, None, true) => Ok(Role::Spares),
        (None, None, false) => Ok(Role::Filler),
        _ => Err("give one of intent, forbids and spares, not two".into()),
    }
}

fn known_rules(node: &Node, rules: &BTreeMap<String, Node>) -> Result<(), String> {
    let mut unknown = None;
    node.walk(&mut |n| {
        if let Node::Rule(name) = n
            && !rules.contains_key(name)
        {
            unknown = Some(name.clone());
        }
    });
    match unknown {
        Some(name) => Err(format!("there is no rule <{name}>; add it under [rules]")),
        None => Ok(()),
    }
}

fn words_of(node: &Node, lang: Lang) -> Vec<String> {
    let mut out = Vec::new();
    node.walk(&mut |n| {
        if let Node::Word(text) = n {
            out.extend(folded(text, lang));
        }
    });
    out
}

fn folded(text: &str, lang: Lang) -> Vec<String> {
    text::tokens(text, lang).unwrap_or_default().into_iter().map(|t| t.fold).collect()
}

/// Units by their first word. A word of two units is the one that comes later in the alphabet.
fn units(raw: &BTreeMap<String, Vec<String>>, lang: Lang) -> BTreeMap<String, Vec<(Vec<String>, String)>> {
    let said = raw.iter().flat_map(|(unit, words)| words.iter().map(|w| (folded(w, lang), unit.clone())));
    let mut out: BTreeMap<String, Vec<(Vec<String>, String)>> = BTreeMap::new();
    for (words, unit) in said.collect::<BTreeMap<_, _>>() {
        let Some(first) = words.first() else { continue };
        out.entry(first.clone()).or_default().push((words, unit));
    }
    out.values_mut().for_each(|units| units.sort_by_key(|(words, _)| std::cmp::Reverse(words.len())));
    out
}

/// Each word of a group leads to all others of it.
fn synonyms(groups: &BTreeMap<String, Vec<String>>, lang: Lang) -> BTreeMap<String, Vec<String>> {
    let stem = |w: &String| text::stem(&text::fold(w), lang);
    let mut out: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (word, others) in groups {
        let all: BTreeSet<String> = others.iter().chain([word]).map(stem).collect();
        for one in &all {
            out.entry(one.clone()).or_default().extend(all.iter().filter(|o| *o != one).cloned());
        }
    }
    out
}

fn phrases(list: &[String], lang: Lang) -> Vec<Vec<String>> {
    let mut out: Vec<Vec<String>> = list.iter().map(|p| folded(p, lang)).collect();
    out.sort_by_key(|p| std::cmp::Reverse(p.len()));
    out
}

fn set(list: &[String]) -> BTreeSet<String> {
    list.iter().map(|w| text::fold(w)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_files_are_valid() {
        for lang in Lang::ALL {
            let lexicon =
                Lexicon::from_toml(lang.code(), Lexicon::built_in_text(lang), lang).unwrap_or_else(|e| panic!("{e}"));
            assert!(lexicon.templates.len() > 10);
        }
    }

    #[test]
    fn a_mistake_names_file_template_and_what() {
        let broken = EN.replace("{items}", "{milk}");
        let error = Lexicon::from_toml("mine.toml", &broken, Lang::En).expect_err("there is no such slot").to_string();
        assert!(error.starts_with("mine.toml: ") && error.contains("{milk}"), "{error}");
    }
}
