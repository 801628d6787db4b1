//! What the inputs are made of: the words of the lexicons and catalogues, what people said, and the templates themselves.

use crate::rng::Rng;
use std::sync::LazyLock;
use tendero::understand::catalog::Catalog;
use tendero::understand::intent::Intent;
use tendero::understand::lexicon::template::{Node, Slot};
use tendero::understand::lexicon::{Lexicon, Role};
use tendero::understand::{Lang, Understanding};

/// The catalogue that a text is parsed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shop {
    Small,
    Demo,
}

impl Shop {
    pub fn understanding(self) -> &'static Understanding {
        static SMALL: LazyLock<Understanding> = LazyLock::new(|| ready(include_str!("../intents/catalog.json")));
        static DEMO: LazyLock<Understanding> = LazyLock::new(|| ready(include_str!("../../demo/catalog.json")));
        match self {
            Shop::Small => &SMALL,
            Shop::Demo => &DEMO,
        }
    }
}

fn ready(catalog: &str) -> Understanding {
    Understanding::new(Catalog::from_json(catalog).expect("the repository's catalogues are valid"))
}

/// What is known of one language.
pub struct Vocabulary {
    pub lexicon: Lexicon,
    /// Every word of the lexicon, and every name, option and SKU of both catalogues.
    pub words: Vec<String>,
    pub names: Vec<String>,
    /// Rows of the tables of utterances.
    pub rows: Vec<String>,
    pub numbers: Vec<String>,
    /// Phrases, as they are said.
    pub negative: Vec<String>,
    pub corrections: Vec<String>,
    /// Indices of the templates of the phrase that buys.
    confirm: Vec<usize>,
}

impl Vocabulary {
    pub fn of(lang: Lang) -> &'static Vocabulary {
        static ALL: LazyLock<[Vocabulary; 3]> = LazyLock::new(|| Lang::ALL.map(Vocabulary::new));
        ALL.iter().find(|vocabulary| vocabulary.lexicon.lang == lang).expect("each language has one")
    }

    fn new(lang: Lang) -> Vocabulary {
        let lexicon = Lexicon::built_in(lang);
        let joined = |phrases: &[Vec<String>]| phrases.iter().map(|words| words.join(" ")).collect::<Vec<_>>();
        let mut words: Vec<String> = Vec::new();
        let nodes = lexicon.templates.iter().map(|t| &t.node).chain(lexicon.rules.values()).chain(&lexicon.listen);
        for node in nodes {
            node.walk(&mut |node| {
                if let Node::Word(word) = node {
                    words.push(word.clone());
                }
            });
        }
        let numbers: Vec<String> =
            lexicon.numbers.keys().cloned().chain(lexicon.amounts.iter().map(|(words, _)| words.join(" "))).collect();
        words.extend(numbers.iter().cloned());
        let sets =
            [&lexicon.articles, &lexicon.links, &lexicon.joiners, &lexicon.light, &lexicon.contrast, &lexicon.times];
        words.extend(sets.into_iter().flatten().cloned());
        words.extend(lexicon.ambiguous.iter().chain(&lexicon.not_quantity_after).cloned());
        words.extend(lexicon.units.values().flatten().map(|(words, _)| words.join(" ")));
        words.extend(lexicon.fractions.iter().chain(&lexicon.and_fractions).map(|(words, _)| words.join(" ")));
        words
            .extend([&lexicon.each, &lexicon.corrections_after, &lexicon.negative].into_iter().flat_map(|p| joined(p)));
        words.extend(lexicon.wake.iter().cloned());
        let names = names(lang);
        words.extend(names.iter().cloned());
        words.sort();
        words.dedup();
        let buys = |at: &usize| lexicon.templates[*at].role == Role::Means(Intent::Confirm);
        Vocabulary {
            confirm: (0..lexicon.templates.len()).filter(buys).collect(),
            negative: joined(&lexicon.negative),
            corrections: joined(&lexicon.corrections),
            rows: rows(lang),
            lexicon,
            words,
            names,
            numbers,
        }
    }

    /// A sentence that a template makes; of the phrase that buys, if so wanted.
    pub fn sentence(&self, confirm: bool, rng: &mut Rng) -> Vec<String> {
        let template = if confirm { *rng.pick(&self.confirm) } else { rng.index(self.lexicon.templates.len()) };
        let mut out = Vec::new();
        self.say(&self.lexicon.templates[template].node, rng, &mut out);
        out
    }

    fn say(&self, node: &Node, rng: &mut Rng, out: &mut Vec<String>) {
        match node {
            Node::Word(word) => out.push(word.clone()),
            Node::Rule(name) => self.say(&self.lexicon.rules[name], rng, out),
            Node::Seq(parts) => parts.iter().for_each(|part| self.say(part, rng, out)),
            Node::Alt(parts) => self.say(rng.pick(parts), rng, out),
            Node::Opt(part) => {
                if rng.chance(40) {
                    self.say(part, rng, out);
                }
            }
            Node::Slot(Slot::Items) => self.items(rng, out),
            Node::Slot(Slot::Qty) => out.push(self.number(rng)),
            Node::Slot(Slot::Any) => out.push(rng.pick(&self.words).clone()),
        }
    }

    fn items(&self, rng: &mut Rng, out: &mut Vec<String>) {
        for nth in 0..[1, 1, 1, 1, 2, 3][rng.index(6)] {
            if nth > 0 {
                out.extend(rng.pick(&self.lexicon.spoken_and).split(' ').map(str::to_owned));
            }
            if rng.chance(50) {
                out.push(self.number(rng));
            }
            if rng.chance(30) {
                out.push(rng.pick(&self.lexicon.spoken_units).clone());
                out.push(rng.pick(&self.lexicon.spoken_of).clone());
            }
            out.extend(rng.pick(&self.names).split(' ').map(str::to_owned));
        }
    }

    /// In words or digits, sensible or not.
    pub fn number(&self, rng: &mut Rng) -> String {
        match rng.below(8) {
            0..=3 => rng.pick(&self.numbers).clone(),
            4..=5 => rng.below(200).to_string(),
            6 => ["0", "00", "1.000", "1,5", "½", "٣", "२", "-1", "1e9", "²", "007"][rng.index(11)].to_owned(),
            _ => rng.next().to_string(),
        }
    }
}

fn names(lang: Lang) -> Vec<String> {
    let products = [Shop::Small, Shop::Demo].into_iter().flat_map(|shop| &shop.understanding().catalog().products);
    let mut names = Vec::new();
    for product in products {
        names.push(product.title(lang).to_owned());
        names.extend(product.says.get(&lang).into_iter().flatten().cloned());
        let values = product.options.iter().flat_map(|option| &option.values);
        names.extend(values.flat_map(|value| value.says.get(&lang).into_iter().flatten()).cloned());
    }
    names.sort();
    names.dedup();
    names
}

fn rows(lang: Lang) -> Vec<String> {
    #[derive(serde::Deserialize)]
    struct Row {
        text: String,
    }
    let tables = match lang {
        Lang::En => [
            include_str!("../intents/en.jsonl"),
            include_str!("../../models/intent/examples/en.jsonl"),
            include_str!("../intents/aside/en.jsonl"),
        ],
        Lang::Es => [
            include_str!("../intents/es.jsonl"),
            include_str!("../../models/intent/examples/es.jsonl"),
            include_str!("../intents/aside/es.jsonl"),
        ],
        Lang::Ro => [
            include_str!("../intents/ro.jsonl"),
            include_str!("../../models/intent/examples/ro.jsonl"),
            include_str!("../intents/aside/ro.jsonl"),
        ],
    };
    let lines = tables.into_iter().flat_map(str::lines);
    lines.map(|line| serde_json::from_str::<Row>(line).expect("a row of the table").text).collect()
}
