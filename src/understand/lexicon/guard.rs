//! What a maker's file may not do: weaken what forbids buying. Pure.
//!
//! A phrase that forbids counts unless a longer phrase explains its words otherwise, so no phrase of a maker may hold one.
//! That is decided for all sentences at once: a maker's template and the templates that forbid walk side by side, word by
//! word (the product of two automata). Where it is in doubt, such as whether an unknown word is a product, it says no.

use super::file::Addition;
use super::maker::Change;
use super::template::{Automaton, Node, Slot, Sym};
use super::{Lexicon, LexiconError, Role, Template, folded, words_of};
use crate::understand::intent::{Intent, NotAnOrder};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Lists that make it stricter the longer they are.
const STRICTER: [&str; 5] =
    ["words.negative", "words.contrast", "words.ambiguous", "words.reasons", "words.not_quantity_after"];

/// No word of a list may take part in what forbids: an article or a wake word is passed over.
///
/// # Errors
/// The list, the word and why.
pub fn words(file: &str, addition: &Addition, base: &Lexicon) -> Result<(), LexiconError> {
    let (no, forbidding) = (negations(base), forbidding_words(base));
    for (list, words) in addition.lists() {
        for word in words {
            let wrong = |what: &str| LexiconError::Word {
                file: file.into(),
                list: list.clone(),
                word: word.clone(),
                what: what.into(),
            };
            let parts = folded(word, base.lang);
            if parts.is_empty() {
                return Err(wrong("has no word in it; take it out"));
            }
            if STRICTER.contains(&list.as_str()) || knows(base, &list, &parts) {
                continue;
            }
            if parts.iter().any(|p| no.contains(p)) {
                return Err(wrong("holds a word that says no, which must keep its meaning; take it out"));
            }
            if parts.iter().all(|p| forbidding.contains(p)) {
                return Err(wrong(
                    "is made of words that forbid an order elsewhere, which must keep their meaning; take it out",
                ));
            }
        }
    }
    for (list, table) in
        [("numbers", &addition.numbers), ("number_variants", &addition.number_variants), ("amounts", &addition.amounts)]
    {
        if let Some((word, value)) = table.iter().find(|(_, value)| **value > 999_999) {
            let what = format!("is {value}, and nobody orders more than 999999");
            return Err(LexiconError::Word { file: file.into(), list: list.into(), word: word.clone(), what });
        }
    }
    Ok(())
}

/// Whether the list holds it already.
fn knows(base: &Lexicon, list: &str, parts: &[String]) -> bool {
    let one = |set: &BTreeSet<String>| parts.len() == 1 && set.contains(&parts[0]);
    match list {
        "words.articles" => one(&base.articles),
        "words.links" => one(&base.links),
        "words.joiners" => one(&base.joiners),
        "words.light" => one(&base.light),
        "words.about" => one(&base.about),
        "words.corrections" => base.corrections.iter().any(|c| c == parts),
        "numbers" | "number_variants" => parts.len() == 1 && base.numbers.contains_key(&parts[0]),
        "amounts" => base.amounts.iter().any(|(words, _)| words == parts),
        "fractions" => base.fractions.iter().any(|(words, _)| words == parts),
        "and_fractions" => base.and_fractions.iter().any(|(words, _)| words == parts),
        "words.spoken_articles" | "words.spoken_joiners" | "words.spoken_and" | "words.spoken_units" => true,
        _ => list.starts_with("units.") && base.has_unit(parts),
    }
}

/// Words that say no by themselves.
fn negations(base: &Lexicon) -> BTreeSet<String> {
    let single = base.negative.iter().filter(|n| n.len() == 1).map(|n| n[0].clone());
    // "don't" is two tokens, "don" and "t".
    let split = base.negative.iter().filter(|n| n.len() == 2 && n[1].len() == 1).map(|n| n[0].clone());
    single.chain(split).chain(base.contrast.iter().cloned()).collect()
}

fn forbidding_words(base: &Lexicon) -> BTreeSet<String> {
    let forbids = base.templates.iter().filter(|t| matches!(t.role, Role::Forbids(_)));
    forbids.flat_map(|t| all_words(&t.node, base)).collect()
}

/// The words of a tree and of the rules in it.
fn all_words(node: &Node, lexicon: &Lexicon) -> Vec<String> {
    let mut out = words_of(node, lexicon.lang);
    node.walk(&mut |n| {
        if let Node::Rule(name) = n
            && let Some(rule) = lexicon.rules.get(name)
        {
            out.extend(all_words(rule, lexicon));
        }
    });
    out
}

/// Whether a maker's own template may be.
///
/// # Errors
/// Why not.
pub fn own(template: &Template, base: &Lexicon, change: &Change) -> Result<(), String> {
    if let Some(old) = base.templates.iter().find(|t| t.name == template.name && t.role != template.role) {
        return Err(format!(
            "a built-in template has this name and another role ({}); choose another name",
            said(old.role)
        ));
    }
    if let Role::Forbids(_) = template.role {
        return Ok(());
    }
    if template.role == Role::Means(Intent::Confirm) {
        return Err("the phrase that completes a purchase is the same on every device and can't be taught; \
                    teach words for yes with intent = \"affirm\""
            .into());
    }
    if template.node.has(Slot::Any, &change.rules) {
        return Err("{any} could hide a word that forbids; use it only in a template that has forbids".into());
    }
    if template.role == Role::Means(Intent::Reorder) && !template.whole && !needs_word(&template.node, change) {
        return Err("every product's name alone would be an order; add a word, or whole = true".into());
    }
    if template.role == Role::Means(Intent::Affirm) {
        return affirms(template, base);
    }
    match Walk::new(base, change).find(&template.node, Origin::Maker, &|why| counts(template.role, why)) {
        Some((said, by)) => {
            Err(format!("it could say \"{said}\", which forbids an order (template \"{by}\"); leave those words out"))
        }
        None => Ok(()),
    }
}

fn said(role: Role) -> String {
    match role {
        Role::Means(intent) => format!("intent = \"{}\"", intent.name()),
        Role::Forbids(_) => "forbids".into(),
        Role::Spares => "spares".into(),
        Role::Filler => "none".into(),
    }
}

/// A yes stands beside the phrase that buys.
fn affirms(template: &Template, base: &Lexicon) -> Result<(), String> {
    let mut slot = false;
    let mut words = words_of(&template.node, base.lang);
    template.node.walk(&mut |n| slot |= matches!(n, Node::Slot(_) | Node::Rule(_)));
    if slot || !template.whole {
        return Err("a yes needs whole = true and only words, without slots and rules".into());
    }
    let yes = base.templates.iter().filter(|t| t.role == template.role).flat_map(|t| all_words(&t.node, base));
    let known: BTreeSet<String> = yes.collect();
    let (no, forbidding) = (negations(base), forbidding_words(base));
    words.retain(|w| !known.contains(w) && (no.contains(w) || forbidding.contains(w)));
    match words.first() {
        Some(word) => Err(format!("\"{word}\" forbids an order elsewhere and can't be part of a yes; leave it out")),
        None => Ok(()),
    }
}

/// Prices and the like are asked for: what cannot buy may hold a question.
fn counts(role: Role, why: NotAnOrder) -> bool {
    match role {
        Role::Means(intent) if !intent.can_buy() => why != NotAnOrder::Question,
        Role::Means(_) | Role::Forbids(_) | Role::Spares | Role::Filler => true,
    }
}

fn needs_word(node: &Node, change: &Change) -> bool {
    match node {
        Node::Word(_) => true,
        Node::Slot(_) | Node::Opt(_) => false,
        Node::Rule(name) => change.rules.get(name).is_some_and(|rule| needs_word(rule, change)),
        Node::Seq(parts) => parts.iter().any(|p| needs_word(p, change)),
        Node::Alt(parts) => parts.iter().all(|p| needs_word(p, change)),
    }
}

/// Whether the built-in templates may use a maker's rules.
///
/// # Errors
/// The rules and the phrase that must not be.
pub fn touched(file: &str, base: &Lexicon, change: &Change) -> Result<(), LexiconError> {
    let mut walk = Walk::new(base, change);
    for template in base.templates.iter().filter(|t| !matches!(t.role, Role::Forbids(_)) && change.touches(&t.node)) {
        if let Some((said, by)) = walk.find(&template.node, Origin::BuiltIn(0), &|why| counts(template.role, why)) {
            let mut used: BTreeSet<String> = BTreeSet::new();
            template.node.walk(&mut |n| {
                if let Node::Rule(name) = n
                    && change.touched.contains(name)
                {
                    used.insert(name.clone());
                }
            });
            return Err(LexiconError::Rule {
                file: file.into(),
                rule: used.into_iter().collect::<Vec<_>>().join("> or <"),
                what: format!(
                    "with it the built-in template \"{}\" could say \"{said}\", which forbids an order (template \"{by}\"); leave those words out",
                    template.name
                ),
            });
        }
    }
    Ok(())
}

/// A tree as states and steps, each with who wrote it.
#[derive(Default)]
struct Steps {
    next: Vec<Vec<(Option<Sym>, Origin, usize)>>,
    /// Built-in rules in a maker's template.
    rules: u32,
}

/// Who wrote a word of a tree.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Origin {
    Maker,
    /// A built-in template (0) or one reference of a maker's template to a built-in rule.
    BuiltIn(u32),
}

/// Whose words a phrase that forbids is made of.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Taken {
    /// So far only what a slot may swallow, and that it may in every template.
    Slots,
    /// All of it stands in one built-in template or rule, where it was before.
    BuiltIn(u32),
    /// Only a maker put it together.
    Made,
}

impl Taken {
    fn with(self, origin: Origin, sym: Sym) -> Taken {
        match (self, origin) {
            (Taken::Slots, Origin::Maker) if matches!(sym, Sym::Slot(_)) => Taken::Slots,
            (Taken::Slots, Origin::BuiltIn(part)) => Taken::BuiltIn(part),
            (Taken::BuiltIn(old), Origin::BuiltIn(new)) if old == new => self,
            (Taken::Slots | Taken::BuiltIn(_) | Taken::Made, Origin::Maker | Origin::BuiltIn(_)) => Taken::Made,
        }
    }
}

struct Walk<'a> {
    base: &'a Lexicon,
    change: &'a Change,
    words: Words,
    forbids: Automaton,
    reasons: Vec<NotAnOrder>,
    names: Vec<&'a str>,
    /// Whether a word that nobody knows may be a product's name: in a template of the maker's own. In a rule it is one
    /// word among those that ask.
    names_products: bool,
}

/// A place in the tree, one in what forbids, and whose words led there.
type Place = (usize, Option<u32>, Taken);

impl<'a> Walk<'a> {
    fn new(base: &'a Lexicon, change: &'a Change) -> Walk<'a> {
        let mut words = Words::default();
        let (mut forbids, mut reasons, mut names) = (Automaton::default(), Vec::new(), Vec::new());
        for template in &base.templates {
            if let Role::Forbids(why) = template.role {
                let id = u32::try_from(names.len()).expect("a lexicon has far fewer templates");
                forbids.add(id, &template.node, &base.rules, &mut |text| words.number(text, base));
                reasons.push(why);
                names.push(template.name.as_str());
            }
        }
        forbids.finish();
        Walk { base, change, words, forbids, reasons, names, names_products: false }
    }

    /// What the tree could say that holds a phrase which forbids, and the name of that template.
    fn find(&mut self, node: &Node, origin: Origin, counts: &dyn Fn(NotAnOrder) -> bool) -> Option<(String, String)> {
        let mut steps = Steps::default();
        let begin = steps.state();
        self.names_products = origin == Origin::Maker;
        self.steps(node, origin, begin, &mut steps);
        let mut seen: BTreeMap<Place, Option<(Place, Sym)>> =
            (0..steps.next.len()).map(|s| ((s, None, Taken::Slots), None)).collect();
        let mut open: VecDeque<Place> = seen.keys().copied().collect();
        while let Some(place) = open.pop_front() {
            let (state, at, taken) = place;
            if let Some(id) = at.filter(|_| taken == Taken::Made).and_then(|at| self.forbids.accepted(at))
                && counts(self.reasons[id as usize])
            {
                return Some((self.say(place, &seen), self.names[id as usize].to_owned()));
            }
            for &(sym, origin, to) in &steps.next[state] {
                let Some(sym) = sym else {
                    if at.is_some() && !seen.contains_key(&(to, at, taken)) {
                        let before = seen[&place];
                        seen.insert((to, at, taken), before);
                        open.push_back((to, at, taken));
                    }
                    continue;
                };
                for (state, next) in self.both(at, sym, state, to) {
                    // A word that only makes a product's name longer changes nothing.
                    let taken = if at == Some(next) { taken } else { taken.with(origin, sym) };
                    let next = (state, Some(next), taken);
                    if let std::collections::btree_map::Entry::Vacant(free) = seen.entry(next) {
                        free.insert(Some((place, sym)));
                        open.push_back(next);
                    }
                }
            }
        }
        None
    }

    /// Where one step of the tree and what forbids may get together. A slot takes several words, so either may wait.
    fn both(&self, at: Option<u32>, sym: Sym, state: usize, to: usize) -> Vec<(usize, u32)> {
        let mut out = Vec::new();
        let gap = |sym: Sym| matches!(sym, Sym::Slot(Slot::Items | Slot::Qty));
        for (other, next) in self.forbids.after(at) {
            if self.meet(sym, other) {
                // An article is not yet a product.
                if !gap(sym) || matches!(other, Sym::Slot(_)) {
                    out.push((to, next));
                }
                if gap(sym) {
                    out.push((state, next));
                }
            }
        }
        if let Some(at) = at.filter(|at| gap(self.forbids.takes(*at)) && self.meet(sym, self.forbids.takes(*at))) {
            out.push((to, at));
        }
        out
    }

    /// Whether there is a word that both take.
    fn meet(&self, sym: Sym, other: Sym) -> bool {
        match (sym, other) {
            (Sym::Word(a), Sym::Word(b)) => a == b,
            (Sym::Slot(_), Sym::Slot(_)) => true,
            (Sym::Word(_), Sym::Slot(Slot::Any)) => true,
            // Only built-in templates have it here, and what it hides in them it hid before.
            (Sym::Slot(Slot::Any), Sym::Word(_)) => false,
            (Sym::Slot(Slot::Items), Sym::Word(word)) => self.words.of(word).article,
            (Sym::Slot(Slot::Qty), Sym::Word(word)) | (Sym::Word(word), Sym::Slot(Slot::Qty)) => {
                self.words.of(word).counts
            }
            (Sym::Word(word), Sym::Slot(Slot::Items)) => self.words.of(word).may_be_product(self.names_products),
        }
    }

    fn steps(&mut self, node: &Node, origin: Origin, from: usize, steps: &mut Steps) -> usize {
        match node {
            Node::Word(text) => {
                let ids = self.words.number(text, self.base);
                ids.into_iter().fold(from, |from, id| steps.step(from, Some(Sym::Word(id)), origin))
            }
            Node::Slot(slot) => steps.step(from, Some(Sym::Slot(*slot)), origin),
            Node::Rule(name) => {
                let change = self.change;
                let kept = match origin {
                    Origin::BuiltIn(_) => origin,
                    Origin::Maker => steps.rule(),
                };
                let ways = [(change.kept.get(name), kept), (change.more.get(name), Origin::Maker)];
                let ends: Vec<usize> = ways
                    .into_iter()
                    .filter_map(|(node, origin)| Some(self.steps(node?, origin, from, steps)))
                    .collect();
                steps.meet(&ends)
            }
            Node::Seq(parts) => parts.iter().fold(from, |from, part| self.steps(part, origin, from, steps)),
            Node::Alt(parts) => {
                let ends: Vec<usize> = parts.iter().map(|part| self.steps(part, origin, from, steps)).collect();
                steps.meet(&ends)
            }
            Node::Opt(part) => {
                let end = self.steps(part, origin, from, steps);
                steps.meet(&[from, end])
            }
        }
    }

    /// The words on the way to `place`, products as "milk".
    fn say(&self, place: Place, seen: &BTreeMap<Place, Option<(Place, Sym)>>) -> String {
        let mut words = Vec::new();
        let mut at = place;
        while let Some((before, sym)) = seen[&at] {
            words.push(match sym {
                Sym::Word(word) => &self.words.of(word).fold,
                Sym::Slot(Slot::Items) => "{items}",
                Sym::Slot(Slot::Qty) => "{qty}",
                Sym::Slot(Slot::Any) => "{any}",
            });
            at = before;
        }
        words.reverse();
        words.dedup_by(|a, b| a == b && a.starts_with('{'));
        words.join(" ")
    }
}

impl Steps {
    fn state(&mut self) -> usize {
        self.next.push(Vec::new());
        self.next.len() - 1
    }

    fn step(&mut self, from: usize, sym: Option<Sym>, origin: Origin) -> usize {
        let to = self.state();
        self.next[from].push((sym, origin, to));
        to
    }

    fn rule(&mut self) -> Origin {
        self.rules += 1;
        Origin::BuiltIn(self.rules)
    }

    /// One state after all of `ends`.
    fn meet(&mut self, ends: &[usize]) -> usize {
        let to = self.state();
        for end in ends {
            self.next[*end].push((None, Origin::Maker, to));
        }
        to
    }
}

/// The words of both sides, numbered.
#[derive(Default)]
struct Words {
    numbers: BTreeMap<String, u32>,
    list: Vec<Word>,
}

struct Word {
    fold: String,
    /// It may be an amount or a part of one.
    counts: bool,
    /// It may stand before a product's name.
    article: bool,
    /// The built-in lexicon does not use it: it may name a product.
    unknown: bool,
}

impl Word {
    /// Whether it may be a part of what {items} stands for.
    fn may_be_product(&self, unknown_ones: bool) -> bool {
        self.counts || self.article || (self.unknown && unknown_ones)
    }
}

impl Words {
    fn number(&mut self, text: &str, base: &Lexicon) -> Vec<u32> {
        let words = folded(text, base.lang);
        words.into_iter().map(|word| self.one(word, base)).collect()
    }

    fn one(&mut self, fold: String, base: &Lexicon) -> u32 {
        if let Some(number) = self.numbers.get(&fold) {
            return *number;
        }
        let number = u32::try_from(self.list.len()).expect("a lexicon has far fewer words");
        let counts = base.numbers.contains_key(&fold) || base.is_unit(&fold);
        let article = base.articles.contains(&fold);
        self.list.push(Word { counts, article, unknown: !base.knows(&fold), fold: fold.clone() });
        self.numbers.insert(fold, number);
        number
    }

    fn of(&self, number: u32) -> &Word {
        &self.list[number as usize]
    }
}
