//! What an utterance means: the closed set of intents and the result of a parse.
//!
//! Never decides anything: whether something may be bought is for [`crate::decide`].

use super::coupon::Coupon;
use super::search::Search;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What the household wants. Only [`Intent::Reorder`] can begin a purchase and only
/// [`Intent::Confirm`] can complete one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Intent {
    /// "the toothbrush heads ran out", "order two packs of rice"
    Reorder,
    /// "put bread on the list"
    ListAdd,
    /// "make it two", "the large one"
    Change,
    /// The phrase that names the action: "order it", "pide eso", "comandă acum".
    Confirm,
    /// A bare yes. Never buys.
    Affirm,
    Deny,
    Cancel,
    Status,
    History,
    Price,
    Find,
    /// "let me talk to a person"
    Handoff,
    Return,
    Repeat,
    Why,
    Help,
    News,
    Stop,
    /// Talk that must never be able to buy.
    None,
}

impl Intent {
    /// Every intent, in the order of this list.
    pub const ALL: [Intent; 19] = [
        Intent::Reorder,
        Intent::ListAdd,
        Intent::Change,
        Intent::Confirm,
        Intent::Affirm,
        Intent::Deny,
        Intent::Cancel,
        Intent::Status,
        Intent::History,
        Intent::Price,
        Intent::Find,
        Intent::Handoff,
        Intent::Return,
        Intent::Repeat,
        Intent::Why,
        Intent::Help,
        Intent::News,
        Intent::Stop,
        Intent::None,
    ];

    /// As it is written in tables, lexicons and JSON: `list_add`.
    pub fn name(self) -> &'static str {
        match self {
            Intent::Reorder => "reorder",
            Intent::ListAdd => "list_add",
            Intent::Change => "change",
            Intent::Confirm => "confirm",
            Intent::Affirm => "affirm",
            Intent::Deny => "deny",
            Intent::Cancel => "cancel",
            Intent::Status => "status",
            Intent::History => "history",
            Intent::Price => "price",
            Intent::Find => "find",
            Intent::Handoff => "handoff",
            Intent::Return => "return",
            Intent::Repeat => "repeat",
            Intent::Why => "why",
            Intent::Help => "help",
            Intent::News => "news",
            Intent::Stop => "stop",
            Intent::None => "none",
        }
    }

    /// May this intent begin or complete a purchase?
    pub fn can_buy(self) -> bool {
        matches!(self, Intent::Reorder | Intent::Confirm)
    }

    /// Is it a yes, be it the phrase or not?
    pub fn agrees(self) -> bool {
        matches!(self, Intent::Confirm | Intent::Affirm)
    }
}

/// What a shop may tell besides what becomes of an order. Each is agreed to on its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NewsKind {
    /// Opening hours, a new product, a closed street.
    News,
    Offer,
    Recipe,
    /// A product is called back.
    Recall,
}

impl NewsKind {
    pub const ALL: [NewsKind; 4] = [NewsKind::News, NewsKind::Offer, NewsKind::Recipe, NewsKind::Recall];

    /// As it is written on the wire and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            NewsKind::News => "news",
            NewsKind::Offer => "offer",
            NewsKind::Recipe => "recipe",
            NewsKind::Recall => "recall",
        }
    }
}

impl std::str::FromStr for NewsKind {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = NewsKind::ALL.into_iter().find(|kind| kind.name() == text);
        found.ok_or_else(|| format!("unknown kind \"{text}\"; known are news, offer, recipe and recall"))
    }
}

/// Why words that name a product are still not an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotAnOrder {
    /// "Alexa ordered me a dollhouse", "she said she bought ..."
    Reported,
    /// "don't order milk", "we have not run out"
    Negated,
    Question,
    /// "if we run out of milk ..."
    Conditional,
    /// Someone else or another time: "yesterday", "my neighbour bought ..."
    Narrated,
    /// Too many words that no template explains.
    Unexplained,
}

/// One product that the utterance names.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Line {
    pub sku: String,
    /// Packs, 1 or more.
    pub qty: u32,
    /// Whether the quantity was spoken (false: the default of one pack).
    #[serde(default)]
    pub qty_spoken: bool,
    /// Option name → value, as in the catalogue.
    pub options: BTreeMap<String, String>,
    /// How well the words fit this product, 0.0 to 1.0.
    pub score: f32,
    /// The words that named it, as they were heard.
    pub words: String,
    /// Other products that fit nearly as well, best first, at most four.
    #[serde(default)]
    pub rivals: Vec<Candidate>,
    /// Why this product was chosen among them.
    #[serde(default)]
    pub because: Because,
}

/// A product and how well the words fit it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    pub sku: String,
    /// 0.0 to 1.0.
    pub score: f32,
}

/// Why a product was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Because {
    /// The words are its title or one of its names.
    #[default]
    Named,
    /// Several fit; this is the one that the household buys.
    Usual,
    /// The words sound like its name.
    SoundsLike,
}

/// What a [`Intent::Change`] asks for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// "make it two": the new quantity in packs.
    Qty(u32),
    /// "the large one", "the other one": words that name a variant, option or product.
    Which(String),
}

/// The meaning of one utterance, and how it was found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Parse {
    pub intent: Intent,
    pub lines: Vec<Line>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<Change>,
    /// For [`Intent::News`]: whether they are wanted from now on or no longer; `None` asks to hear them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub switch: Option<bool>,
    /// For [`Intent::News`]: the kinds that were named; none: all that the words may mean.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<NewsKind>,
    /// For [`Intent::News`]: these kinds and no other ("only recalls").
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub only: bool,
    /// For [`Intent::Find`]: the limits of what is looked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub search: Option<Search>,
    /// A coupon that was named; its words are in none of the other members.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coupon: Option<Coupon>,
    /// Set when products were named but buying was ruled out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_an_order: Option<NotAnOrder>,
    /// Words that no template or product explains, in order.
    pub leftover: Vec<String>,
    /// Name of the template that matched, for "why?" and for the log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// 0.0 to 1.0.
    pub score: f32,
    /// What each part of the text was taken for, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub spans: Vec<Span>,
    /// What the intent classifier thought, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Evidence>,
    /// What else the utterance asks for beside this, in order: "cancel the tea and order coffee". None of these can buy.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<Parse>,
}

/// A part of the text, and what it was taken for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// First word, counted from 0 without the wake word, and the first one after it.
    pub words: (usize, usize),
    /// As it was heard.
    pub text: String,
    pub is: Taken,
}

/// What a part of the text was taken for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Taken {
    /// A template of the lexicon, by name.
    Template(String),
    /// A product, by SKU.
    Product(String),
    /// An amount that stands apart from its product, in its unit.
    Amount(u32),
}

/// The classifier's opinion.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// The likeliest intent and how likely it is, 0.0 to 1.0,
    pub intent: Intent,
    pub share: f32,
    /// and the next one.
    pub rival: Intent,
    pub rival_share: f32,
    /// The features that speak most for the first against the second, with their weights in nats.
    pub because: Vec<(String, f32)>,
}

/// The template of an order that names no product.
pub const USUAL: &str = "usual";

impl Parse {
    /// "the usual", "same as last time": an order of what the household's history says.
    pub fn asks_for_usual(&self) -> bool {
        self.intent == Intent::Reorder && self.lines.is_empty() && self.template.as_deref() == Some(USUAL)
    }

    /// A parse that understood nothing.
    pub fn nothing(leftover: Vec<String>) -> Parse {
        Parse {
            intent: Intent::None,
            lines: vec![],
            change: None,
            switch: None,
            kinds: vec![],
            only: false,
            search: None,
            coupon: None,
            not_an_order: None,
            leftover,
            template: None,
            score: 0.0,
            spans: vec![],
            evidence: None,
            also: vec![],
        }
    }
}
