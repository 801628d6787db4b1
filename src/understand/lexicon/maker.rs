//! A maker's lexicon files: what they add to the built-in ones.
//!
//! [`Lexicons::new`] checks and compiles them all at once, so that a mistake shows when the program starts and not when
//! somebody speaks. Never reads a file: texts come in.

use super::file::{self, Addition, File};
use super::template::Node;
use super::{
    Lexicon, LexiconError, Role, Taught, Template, guard, known_everywhere, known_rules, listen, rules, templates,
};
use crate::understand::Lang;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The languages that a maker extended. Written down as the text of each file, and checked again when it is read.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<Lang, String>", into = "BTreeMap<Lang, String>")]
pub struct Lexicons {
    languages: BTreeMap<Lang, Arc<Language>>,
}

#[derive(Debug)]
struct Language {
    text: String,
    lexicon: Lexicon,
    added: Added,
}

/// How much a maker's file adds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Added {
    /// Sentences of templates, each line of `say` one.
    pub templates: usize,
    /// New rules, replaced ones and extended ones.
    pub rules: usize,
    /// Words and phrases of lists and tables.
    pub words: usize,
    /// Sentences that a recogniser listens for.
    pub listen: usize,
}

impl std::fmt::Display for Added {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Added { templates, rules, words, listen } = self;
        write!(f, "{templates} templates, {rules} rules, {words} words, {listen} sentences to listen for")
    }
}

impl Lexicons {
    /// Checks and compiles `files`: language, name for messages, text.
    ///
    /// # Errors
    /// The first mistake: file, place, what is wrong and what to do.
    pub fn new(files: impl IntoIterator<Item = (Lang, String, String)>) -> Result<Lexicons, LexiconError> {
        let mut languages = BTreeMap::new();
        for (lang, name, text) in files {
            let (lexicon, added) = extended(lang, &name, &text)?;
            languages.insert(lang, Arc::new(Language { text, lexicon, added }));
        }
        Ok(Lexicons { languages })
    }

    /// Whether there is nothing but what is built in.
    pub fn is_empty(&self) -> bool {
        self.languages.is_empty()
    }

    /// What was added to each language that has a file.
    pub fn added(&self) -> impl Iterator<Item = (Lang, Added)> {
        self.languages.iter().map(|(lang, language)| (*lang, language.added))
    }

    /// The lexicon of a language, extended or as it is built in.
    pub fn lexicon(&self, lang: Lang) -> Lexicon {
        self.languages.get(&lang).map_or_else(|| Lexicon::built_in(lang), |language| language.lexicon.clone())
    }
}

impl TryFrom<BTreeMap<Lang, String>> for Lexicons {
    type Error = LexiconError;
    fn try_from(texts: BTreeMap<Lang, String>) -> Result<Self, Self::Error> {
        Lexicons::new(texts.into_iter().map(|(lang, text)| (lang, format!("{lang}.toml"), text)))
    }
}

impl From<Lexicons> for BTreeMap<Lang, String> {
    fn from(lexicons: Lexicons) -> Self {
        lexicons.languages.into_iter().map(|(lang, language)| (lang, language.text.clone())).collect()
    }
}

/// The built-in lexicon with a maker's file.
fn extended(lang: Lang, file: &str, text: &str) -> Result<(Lexicon, Added), LexiconError> {
    let base = Lexicon::built_in(lang);
    let addition: Addition = file::read(file, text)?;
    guard::words(file, &addition, &base)?;
    let change = Change::of(file, &addition, &base.rules)?;
    let mine = templates(file, addition.template.clone(), &change.rules)?;
    for template in &mine {
        guard::own(template, &base, &change).map_err(|what| LexiconError::Template {
            file: file.into(),
            template: template.name.clone(),
            what,
        })?;
    }
    guard::touched(file, &base, &change)?;
    let heard = listen(file, &addition.listen, &change.rules)?;
    let added = Added {
        templates: mine.len(),
        rules: addition.rules.len() + addition.rules_more.len(),
        words: addition.words(),
        listen: heard.len(),
    };

    let mut raw: File = file::read(file, Lexicon::built_in_text(lang))?;
    raw.add(addition);
    let first = base.templates.len();
    let mut all = base.templates;
    // The fillers themselves keep to the old words, because they may stand beside the phrase that buys; as copies that may
    // not, they know the new ones.
    let fillers: Vec<Template> = all
        .iter()
        .filter(|t| t.role == Role::Filler && change.touches(&t.node))
        .map(|t| Template { heard: false, ..t.clone() })
        .collect();
    all.extend(mine.into_iter().map(|t| Template { heard: t.heard && t.role != Role::Filler, ..t }));
    all.extend(fillers);
    let sentences = base.listen.into_iter().chain(heard).collect();
    let mut lexicon = Lexicon::assemble(lang, raw, change.rules, sentences, all);
    lexicon.taught = Some(Taught { first, built_in: base.rules, guarding: change.guarding });
    lexicon.compile();
    Ok((lexicon, added))
}

/// The rules of a maker's file, beside the built-in ones.
pub(super) struct Change {
    /// As they are from now on.
    pub rules: BTreeMap<String, Node>,
    /// As they are in templates that forbid: the old words and the new ones.
    pub guarding: BTreeMap<String, Node>,
    /// What was added to a built-in rule, or stands in its place; and rules of the maker's own.
    pub more: BTreeMap<String, Node>,
    /// Built-in rules whose old words still stand in `rules`.
    pub kept: BTreeMap<String, Node>,
    /// Built-in rules that say something else now, or lead to one that does.
    pub touched: BTreeSet<String>,
}

impl Change {
    fn of(file: &str, addition: &Addition, built_in: &BTreeMap<String, Node>) -> Result<Change, LexiconError> {
        let wrong =
            |rule: &str, what: &str| LexiconError::Rule { file: file.into(), rule: rule.into(), what: what.into() };
        let own = rules(file, &addition.rules)?;
        let more = rules(file, &addition.rules_more)?;
        if let Some(name) = own.keys().find(|name| !is_rule_name(name)) {
            return Err(wrong(name, "name it with a-z, 0-9 and hyphens only"));
        }
        for name in more.keys() {
            if own.contains_key(name) {
                return Err(wrong(
                    name,
                    "it is in [rules], which replaces, and in [rules_more], which adds; choose one",
                ));
            }
            if !built_in.contains_key(name) {
                return Err(wrong(name, "there is no such rule to add to; a rule of your own goes under [rules]"));
            }
        }
        let both = |old: &Node, new: &Node| Node::Alt(vec![old.clone(), new.clone()]);
        let (mut all, mut guarding) = (built_in.clone(), built_in.clone());
        let mut kept = built_in.clone();
        for (name, node) in &own {
            all.insert(name.clone(), node.clone());
            let old = kept.remove(name);
            guarding.insert(name.clone(), old.map_or_else(|| node.clone(), |old| both(&old, node)));
        }
        for (name, node) in &more {
            let longer = both(&built_in[name], node);
            all.insert(name.clone(), longer.clone());
            guarding.insert(name.clone(), longer);
        }
        known_everywhere(file, &guarding)?;
        let more: BTreeMap<String, Node> = own.into_iter().chain(more).collect();
        for (name, node) in &more {
            known_rules(node, &all).map_err(|what| wrong(name, &what))?;
        }
        let touched = built_in.keys().filter(|name| leads_to(name, &all, &more)).cloned().collect();
        Ok(Change { rules: all, guarding, more, kept, touched })
    }

    /// Whether a built-in tree says something else than before.
    pub fn touches(&self, node: &Node) -> bool {
        let mut found = false;
        node.walk(&mut |n| {
            if let Node::Rule(name) = n {
                found |= self.touched.contains(name);
            }
        });
        found
    }
}

/// A rule's name becomes one in the grammar of a recogniser.
fn is_rule_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// Whether rule `name` is one of `more` or refers to one. The rules are free of circles.
fn leads_to(name: &str, rules: &BTreeMap<String, Node>, more: &BTreeMap<String, Node>) -> bool {
    let mut found = more.contains_key(name);
    if let Some(node) = rules.get(name) {
        node.walk(&mut |n| {
            if let Node::Rule(inner) = n {
                found |= leads_to(inner, rules, more);
            }
        });
    }
    found
}

#[cfg(test)]
mod tests;
