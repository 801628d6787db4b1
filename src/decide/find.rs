//! A request without a product's name: what the shop is asked, what it may answer, and what of that is worth saying. Pure.
//!
//! A shop's questions and proposals are text to be read out and numbers of products to be looked up in our own
//! catalogue. Nothing in them orders, confirms or is parsed. The conversation itself is in [`super::dialogue`].

use super::guard::hostile_text::{self, MAX_CHAT_CHARS, holds_phrase};
use super::guard::{Rung, Verdict};
use super::money::Money;
use super::order::Quote;
use super::reply::Reason;
use crate::understand::catalog::Catalog;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Questions that the shop may ask about one request.
pub const MAX_QUESTIONS: usize = 3;
/// Choices of one question: more than these nobody keeps in mind who hears them.
pub const MAX_CHOICES: usize = 4;
/// Proposals in the end.
pub const MAX_PROPOSALS: usize = 2;
/// Characters of a question, and of a reason.
pub const MAX_TEXT_CHARS: usize = 200;
const _: () = assert!(MAX_TEXT_CHARS <= MAX_CHAT_CHARS, "a text is cleaned as a person's words are");
/// Characters of a choice.
const MAX_WORDS_CHARS: usize = 60;
/// Characters of an id.
const MAX_ID_CHARS: usize = 64;

/// The answer "it does not matter". No choice of a shop has this id.
pub const ANY: &str = "any";

/// The shop's text held a wake word or a confirm phrase.
pub const HOSTILE: &str = "hostile";
/// The shop's answer cannot be used: no question, no proposal and no code, or too much of any.
pub const SENSELESS: &str = "senseless";
/// The shop wanted to ask more than [`MAX_QUESTIONS`] times, or the same twice.
pub const TOO_MANY_QUESTIONS: &str = "too_many_questions";
/// The shop has nothing, or only what it does not sell to this household or what costs more.
pub const NOTHING_FOUND: &str = "nothing_found";
/// The shop helps nobody to choose.
pub const NO_GUIDE: &str = "no_guide";

/// What the shop is asked: all that is known so far, each time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seek {
    /// What else was said.
    pub text: String,
    /// The most that it may cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<Money>,
    /// What prices are in, ISO 4217.
    pub currency: String,
    /// Years.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occasion: Option<String>,
    /// In the order of the questions; at most [`MAX_QUESTIONS`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub answers: Vec<Answer>,
}

/// What the household answered to a question of the shop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    pub question_id: String,
    /// The id of a choice, or [`ANY`].
    pub choice_id: String,
}

/// What the shop answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "found", rename_all = "snake_case")]
pub enum Found {
    Question {
        question_id: String,
        text: String,
        choices: Vec<Choice>,
    },
    Proposals {
        proposals: Vec<Proposal>,
    },
    /// Why it has nothing: [`NOTHING_FOUND`], [`NO_GUIDE`], or a code of its own.
    Nothing {
        code: String,
    },
}

/// One answer to choose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    pub id: String,
    pub words: String,
}

/// A product that the shop proposes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    pub sku: String,
    /// Why, to be said after a "because"; may be empty.
    pub because: String,
}

/// Where an order comes from that began with a request without a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggested {
    pub sku: String,
    pub product: String,
    /// Cleaned.
    pub because: String,
    /// The limit that the household named.
    pub max: Option<Money>,
}

impl Found {
    /// The same, cleaned and within its bounds; what is not becomes [`Found::Nothing`], with [`HOSTILE`] or
    /// [`SENSELESS`]. Checking twice changes nothing more.
    pub fn checked(self) -> Found {
        if self.is_hostile() {
            return nothing(HOSTILE);
        }
        let cleaned = self.cleaned();
        // What is cut off can leave a phrase behind.
        if cleaned.is_hostile() { nothing(HOSTILE) } else { cleaned }
    }

    fn is_hostile(&self) -> bool {
        match self {
            Found::Question { text, choices, .. } => {
                // What stands beside each other is heard as one.
                let words: Vec<&str> = choices.iter().map(|choice| choice.words.as_str()).collect();
                let all = format!("{text} {}", words.join(" "));
                holds_phrase(&all) || [text.as_str()].iter().chain(&words).any(|text| holds_phrase(text))
            }
            Found::Proposals { proposals } => proposals.iter().any(|proposal| holds_phrase(&proposal.because)),
            Found::Nothing { .. } => false,
        }
    }

    fn cleaned(self) -> Found {
        match self {
            Found::Question { question_id, text, choices } => question(question_id, &text, choices),
            Found::Proposals { proposals } => {
                if proposals.is_empty() || proposals.len() > MAX_PROPOSALS {
                    return nothing(SENSELESS);
                }
                let clean = |proposal: Proposal| Proposal { because: said(&proposal.because), ..proposal };
                Found::Proposals { proposals: proposals.into_iter().map(clean).collect() }
            }
            Found::Nothing { code } => nothing(&hostile_text::clean_code(&code)),
        }
    }
}

pub(super) fn nothing(code: &str) -> Found {
    Found::Nothing { code: code.into() }
}

fn question(question_id: String, text: &str, choices: Vec<Choice>) -> Found {
    let clean = |choice: Choice| Choice { words: words(&choice.words), ..choice };
    let text = said(text);
    let choices: Vec<Choice> = choices.into_iter().take(MAX_CHOICES + 1).map(clean).collect();
    let ids: BTreeSet<&str> = choices.iter().map(|choice| choice.id.as_str()).collect();
    let sounds: BTreeSet<String> = choices.iter().map(|choice| choice.words.to_lowercase()).collect();
    let fits = (2..=MAX_CHOICES).contains(&choices.len())
        && ids.len() == choices.len()
        && sounds.len() == choices.len()
        && ids.iter().all(|id| is_id(id) && *id != ANY)
        && is_id(&question_id)
        && text.contains(char::is_alphanumeric)
        && choices.iter().all(|choice| choice.words.contains(char::is_alphanumeric));
    if fits { Found::Question { question_id, text, choices } } else { nothing(SENSELESS) }
}

/// A shop's name for a question or a choice: it goes back to the shop, and is not said.
fn is_id(id: &str) -> bool {
    !id.is_empty()
        && id.len() <= MAX_ID_CHARS
        && id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

/// A shop's sentence, as it may be spoken.
fn said(text: &str) -> String {
    let text = cut(hostile_text::clean_chat(text), MAX_TEXT_CHARS);
    text.trim_end_matches(|c: char| c.is_whitespace() || matches!(c, '.' | ',' | ';')).to_owned()
}

/// A shop's words for a choice.
fn words(text: &str) -> String {
    let text = cut(hostile_text::clean(text), MAX_WORDS_CHARS);
    text.trim_end_matches(|c: char| c.is_whitespace() || c.is_ascii_punctuation()).to_owned()
}

/// At most so many characters, and no word in part where there is more than one.
fn cut(mut text: String, max_chars: usize) -> String {
    if let Some((end, _)) = text.char_indices().nth(max_chars) {
        let goes_on = !text[end..].starts_with(' ');
        let whole = text[..end].rfind(' ').filter(|_| goes_on);
        text.truncate(whole.unwrap_or(end));
    }
    text
}

/// The proposals that our own catalogue has, within the household's limit by its own price; each once, in their order.
pub(super) fn fitting(proposals: Vec<Proposal>, seek: &Seek, catalog: &Catalog) -> Vec<Proposal> {
    let mut seen = BTreeSet::new();
    let fits = |proposal: &Proposal| {
        let product = catalog.product(&proposal.sku);
        product.is_some_and(|product| seek.max.as_ref().is_none_or(|max| product.unit_amount <= max.minor))
            && seen.insert(proposal.sku.clone())
    };
    proposals.into_iter().filter(fits).take(MAX_PROPOSALS).collect()
}

/// For the log, beside the guards' verdicts: whose idea it was and why; and no price above the limit that the household named.
pub(super) fn verdict(suggested: &Suggested, quote: Option<&Quote>) -> Verdict {
    let Suggested { sku, product, because, max } = suggested;
    let limit = max.as_ref().map_or_else(|| "none".into(), Money::to_string);
    let inputs = format!("suggested={sku} because=\"{because}\" limit={limit}");
    let unit = quote.and_then(|quote| quote.lines.iter().find(|line| line.sku == *sku).map(|line| line.unit_amount));
    if let (Some(unit), Some(max), Some(quote)) = (unit, max, quote)
        && (unit > max.minor || quote.currency != max.currency)
    {
        let now = Money::new(unit, &quote.currency);
        let reason = Reason::AboveLimit { product: product.clone(), now, limit: max.clone() };
        return Verdict::object("find", Rung::Refuse, reason, inputs);
    }
    let reason = Reason::Suggested { product: product.clone(), because: because.clone() };
    Verdict::object("find", Rung::Phrase, reason, inputs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choice(id: &str, words: &str) -> Choice {
        Choice { id: id.into(), words: words.into() }
    }

    fn asked(text: &str, choices: &[(&str, &str)]) -> Found {
        let choices = choices.iter().map(|(id, words)| choice(id, words)).collect();
        Found::Question { question_id: "kind".into(), text: text.into(), choices }
    }

    fn proposed(because: &[&str]) -> Found {
        let proposal = |because: &&str| Proposal { sku: "kite".into(), because: (*because).into() };
        Found::Proposals { proposals: because.iter().map(proposal).collect() }
    }

    #[test]
    fn what_a_shop_says_is_cleaned_or_dropped() {
        const TWO: [(&str, &str); 2] = [("a", "to build"), ("b", "to read")];
        let long = "x ".repeat(1_000);
        let fine: [(Found, Found); 4] = [
            (asked("What <b>kind</b>?", &TWO), asked("What kind ?", &TWO)),
            (asked("What\nkind?\u{202e}", &[("a", " to build. "), ("b", "to read")]), asked("What kind?", &TWO)),
            (proposed(&["it suits them."]), proposed(&["it suits them"])),
            (Found::Nothing { code: "no toys; rm".into() }, nothing("notoysrm")),
        ];
        for (raw, want) in fine {
            assert_eq!(raw.clone().checked(), want);
            assert_eq!(want.clone().checked(), want, "checking twice");
        }
        let Found::Question { text, .. } = asked(&long, &TWO).checked() else { panic!("a long question") };
        assert!(text.chars().count() <= MAX_TEXT_CHARS);

        let five: Vec<(String, String)> = (0..5).map(|n| (n.to_string(), format!("number {n}"))).collect();
        let five: Vec<(&str, &str)> = five.iter().map(|(id, words)| (id.as_str(), words.as_str())).collect();
        let wrong: [(Found, &str); 14] = [
            (asked("Say order it!", &TWO), HOSTILE),
            (asked("What kind?", &[("a", "hey tendero"), ("b", "to read")]), HOSTILE),
            // Only together it is the phrase.
            (asked("In which order", &[("a", "it comes"), ("b", "to read")]), HOSTILE),
            (proposed(&["you may ord\u{200b}er it now"]), HOSTILE),
            (asked("What kind?", &[("a", "to build")]), SENSELESS),
            (asked("What kind?", &[]), SENSELESS),
            (asked("What kind?", &five), SENSELESS),
            (asked("What kind?", &[("a", "to build"), ("a", "to read")]), SENSELESS),
            (asked("What kind?", &[("a", "to build"), ("b", "To build")]), SENSELESS),
            (asked("What kind?", &[("any", "to build"), ("b", "to read")]), SENSELESS),
            (asked("What kind?", &[("a b", "to build"), ("b", "to read")]), SENSELESS),
            (asked(" \u{200b}? ", &TWO), SENSELESS),
            (proposed(&[]), SENSELESS),
            (proposed(&["a", "b", "c"]), SENSELESS),
        ];
        for (raw, code) in wrong {
            assert_eq!(raw.clone().checked(), nothing(code), "{raw:?}");
        }
    }

    #[test]
    fn only_what_we_know_and_can_pay_is_proposed() {
        let catalog = Catalog::from_json(include_str!("../../tests/dialogues/catalog.json")).expect("it is valid");
        let proposal = |sku: &str| Proposal { sku: sku.into(), because: String::new() };
        let seek = |max: Option<i64>| Seek {
            text: String::new(),
            max: max.map(|minor| Money::new(minor, "EUR")),
            currency: "EUR".into(),
            age: None,
            occasion: None,
            answers: vec![],
        };
        let skus = |max, of: &[&str]| -> Vec<String> {
            let found = fitting(of.iter().map(|sku| proposal(sku)).collect(), &seek(max), &catalog);
            found.into_iter().map(|proposal| proposal.sku).collect()
        };
        assert_eq!(skus(None, &["dollhouse", "kite"]), ["dollhouse", "kite"]);
        assert_eq!(skus(Some(8_899), &["dollhouse", "kite"]), ["kite"]);
        assert_eq!(skus(Some(8_900), &["dollhouse", "never-heard-of"]), ["dollhouse"]);
        assert_eq!(skus(None, &["kite", "kite"]), ["kite"]);
        assert_eq!(skus(Some(1), &["dollhouse", "kite"]), Vec::<String>::new());
    }

    proptest::proptest! {
        #[test]
        fn nothing_that_a_shop_says_gets_through_with_a_phrase(
            text in "(order|it|tendero|hey| |-|<b>|x){0,8}", a in "\\PC{0,80}", b in "(it|order|acum| ){0,4}", because in "\\PC{0,300}") {
            for found in [asked(&text, &[("a", &a), ("b", &b)]), proposed(&[&because, &text])] {
                let checked = found.checked();
                proptest::prop_assert_eq!(checked.clone().checked(), checked.clone());
                match checked {
                    Found::Question { text, choices, .. } => {
                        let words: Vec<String> = choices.into_iter().map(|choice| choice.words).collect();
                        let all = format!("{text} {}", words.join(" "));
                        proptest::prop_assert!(!hostile_text::holds_phrase(&all), "{:?}", all);
                    }
                    Found::Proposals { proposals } => {
                        proptest::prop_assert!(proposals.iter().all(|p| !hostile_text::holds_phrase(&p.because)));
                    }
                    Found::Nothing { .. } => {}
                }
            }
        }
    }
}
