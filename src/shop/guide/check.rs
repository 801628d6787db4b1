//! What is wrong with a guide file: everything at once, each with its place and what to do about it.

use super::{ANY, Ages, Choice, Entry, Guide, MAX_CHOICES, Question, Texts, When};
use crate::clean::{self, Hidden, Limits};
use crate::understand::Lang;
use crate::understand::catalog::Catalog;
use std::collections::BTreeSet;

/// Characters of a question or a reason, and of a choice: a device drops what is longer.
const MAX_TEXT_CHARS: usize = 200;
const MAX_WORDS_CHARS: usize = 60;
/// Nobody is older.
const MAX_AGE: u32 = 120;
/// Problems that are shown.
const MAX_SHOWN: usize = 20;

/// Why a guide can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GuideError {
    #[error("the guide is not valid JSON of the expected shape: {0}; protocol/README.md describes it")]
    Shape(String),
    #[error("the guide has {} problems, and nothing was started:{}", .0.len(), shown(.0))]
    Problems(Vec<Problem>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// `questions[0] "kind", choices[1] "read"`
    pub place: String,
    /// What is wrong, and what to do.
    pub what: String,
}

fn shown(problems: &[Problem]) -> String {
    let mut text: String =
        problems.iter().take(MAX_SHOWN).map(|problem| format!("\n  {}: {}", problem.place, problem.what)).collect();
    if let Some(more) = problems.len().checked_sub(MAX_SHOWN).filter(|more| *more > 0) {
        text.push_str(&format!("\n  and {more} more"));
    }
    text
}

impl Guide {
    /// Parses and checks a guide for a shop that sells `catalog`.
    ///
    /// # Errors
    /// [`GuideError`]: where it is no JSON of this shape, or everything that is wrong with it.
    pub fn from_json(text: &str, catalog: &Catalog) -> Result<Guide, GuideError> {
        let guide: Guide = serde_json::from_str(text).map_err(|why| GuideError::Shape(why.to_string()))?;
        let mut check = Check { guide: &guide, catalog, languages: languages(&guide), problems: vec![] };
        check.all();
        let problems = check.problems;
        if problems.is_empty() { Ok(guide) } else { Err(GuideError::Problems(problems)) }
    }
}

struct Check<'a> {
    guide: &'a Guide,
    catalog: &'a Catalog,
    /// Every language that any text is in.
    languages: BTreeSet<Lang>,
    problems: Vec<Problem>,
}

impl Check<'_> {
    fn all(&mut self) {
        let guide = self.guide;
        if guide.products.is_empty() {
            self.wrong("products", "there is none; name at least one that may be proposed");
        }
        let mut skus = BTreeSet::new();
        for (at, entry) in guide.products.iter().enumerate() {
            let place = format!("products[{at}] \"{}\"", entry.sku);
            if !skus.insert(&entry.sku) {
                self.wrong(&place, "this sku appears twice; put both into one entry");
            }
            self.entry(&place, entry);
        }
        let mut ids = BTreeSet::new();
        for (at, question) in guide.questions.iter().enumerate() {
            let place = format!("questions[{at}] \"{}\"", question.id);
            if !ids.insert(&question.id) {
                self.wrong(&place, "this id appears twice; each question needs its own");
            }
            self.question(&place, question);
        }
        for (at, reason) in guide.reasons.iter().enumerate() {
            let place = format!("reasons[{at}]");
            self.texts(&place, "says", &reason.says, MAX_TEXT_CHARS);
            let known: &[&str] = match &reason.when {
                When::Ages => &["{from}", "{to}", "{max}"],
                When::Price => &["{max}"],
                When::Tag(tag) => {
                    self.tag(&place, tag);
                    &[]
                }
            };
            self.placeholders(&place, &reason.says, known);
        }
    }

    fn entry(&mut self, place: &str, entry: &Entry) {
        if self.catalog.product(&entry.sku).is_none() {
            self.wrong(place, "the catalogue has no such sku; correct it or leave the entry out");
        }
        if let Some(Ages { from, to }) = entry.ages {
            if from > to {
                self.wrong(place, format!("ages go from {from} to {to}; from must not be above to"));
            }
            if to > MAX_AGE {
                self.wrong(place, format!("ages end at {to}; the largest is {MAX_AGE}"));
            }
        }
        entry.tags.iter().for_each(|tag| self.tag(place, tag));
        if !entry.because.is_empty() {
            self.texts(place, "because", &entry.because, MAX_TEXT_CHARS);
            self.placeholders(place, &entry.because, &["{from}", "{to}"]);
        }
    }

    fn question(&mut self, place: &str, question: &Question) {
        self.id(place, &question.id);
        self.texts(place, "ask", &question.ask, MAX_TEXT_CHARS);
        if !(2..=MAX_CHOICES).contains(&question.choices.len()) {
            let found = question.choices.len();
            self.wrong(place, format!("it has {found} choices; give it 2 to {MAX_CHOICES}, nobody keeps more in mind"));
        }
        let mut ids = BTreeSet::new();
        for (at, choice) in question.choices.iter().enumerate() {
            let place = format!("{place}, choices[{at}] \"{}\"", choice.id);
            self.id(&place, &choice.id);
            if choice.id == ANY {
                self.wrong(&place, "\"any\" is the answer \"it does not matter\"; give the choice another id");
            }
            if !ids.insert(&choice.id) {
                self.wrong(&place, "this id appears twice in its question; each choice needs its own");
            }
            self.texts(&place, "words", &choice.words, MAX_WORDS_CHARS);
            self.choice(&place, choice);
        }
        for lang in self.languages.clone() {
            let words: Vec<String> = question
                .choices
                .iter()
                .filter_map(|choice| choice.words.get(&lang))
                .map(|w| w.to_lowercase())
                .collect();
            if words.iter().collect::<BTreeSet<_>>().len() < words.len() {
                self.wrong(place, format!("two choices have the same words in {lang}; nobody could tell them apart"));
            }
            let all = format!("{} {}", question.ask.get(&lang).map_or("", String::as_str), words.join(" "));
            if holds_phrase(&all) {
                self.wrong(place, format!("read out in {lang} it holds {PHRASE}"));
            }
        }
    }

    fn choice(&mut self, place: &str, choice: &Choice) {
        choice.tags.iter().for_each(|tag| self.tag(place, tag));
        let (guide, catalog) = (self.guide, self.catalog);
        let category = |sku: &str| catalog.product(sku).map(|product| product.category.as_str());
        for wanted in &choice.categories {
            if !guide.products.iter().any(|entry| category(&entry.sku) == Some(wanted.as_str())) {
                self.wrong(place, format!("no product of this guide is of the category \"{wanted}\"; correct it"));
            }
        }
        let leads = guide.products.iter().any(|entry| {
            !choice.tags.is_disjoint(&entry.tags)
                || category(&entry.sku).is_some_and(|category| choice.categories.contains(category))
        });
        if !leads && choice.categories.is_empty() {
            self.wrong(place, "it leads to no product; give it tags or categories that products here have");
        }
    }

    fn tag(&mut self, place: &str, tag: &str) {
        if !self.guide.tags.contains_key(tag) {
            self.wrong(place, format!("the tag \"{tag}\" is not in \"tags\"; add it there or correct it"));
        }
    }

    fn id(&mut self, place: &str, id: &str) {
        let fits = !id.is_empty()
            && id.len() <= 64
            && id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
        if !fits {
            self.wrong(place, "the id must be 1 to 64 of the letters a-z, digits, dots, hyphens and underscores");
        }
    }

    fn texts(&mut self, place: &str, field: &str, texts: &Texts, max_chars: usize) {
        for lang in self.languages.clone() {
            let Some(text) = texts.get(&lang) else {
                self.wrong(place, format!("\"{field}\" has no text in {lang}, in which others are; add it"));
                continue;
            };
            if !text.contains(char::is_alphanumeric) {
                self.wrong(place, format!("\"{field}\" says nothing in {lang}; write what is to be said"));
            }
            let chars = text.chars().count();
            if chars > max_chars {
                self.wrong(
                    place,
                    format!("\"{field}\" has {chars} characters in {lang}; at most {max_chars} are read out"),
                );
            }
            if holds_phrase(text) {
                self.wrong(place, format!("\"{field}\" holds in {lang} {PHRASE}"));
            }
        }
    }

    fn placeholders(&mut self, place: &str, texts: &Texts, known: &[&str]) {
        for (lang, text) in texts {
            let rest = known.iter().fold(text.clone(), |rest, name| rest.replace(name, ""));
            if rest.contains(['{', '}']) {
                let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
                self.wrong(place, format!("in {lang} it has a placeholder that nothing fills; known here: {known}"));
            }
        }
    }

    fn wrong(&mut self, place: &str, what: impl Into<String>) {
        self.problems.push(Problem { place: place.into(), what: what.into() });
    }
}

const PHRASE: &str = "a wake word or words that confirm an order, and every device refuses it; say it otherwise";

fn holds_phrase(text: &str) -> bool {
    let limits: Limits<&str> =
        Limits { max_chars: MAX_TEXT_CHARS * 4, banned: &[], hidden: Hidden::Gap, drop_marks: true };
    clean::has_banned(text, &limits)
}

/// Every language that any text of the guide is in.
fn languages(guide: &Guide) -> BTreeSet<Lang> {
    let questions = guide
        .questions
        .iter()
        .flat_map(|question| question.ask.keys().chain(question.choices.iter().flat_map(|choice| choice.words.keys())));
    let reasons = guide.reasons.iter().flat_map(|reason| reason.says.keys());
    let products = guide.products.iter().flat_map(|entry| entry.because.keys());
    let all: BTreeSet<Lang> = questions.chain(reasons).chain(products).copied().collect();
    if all.is_empty() { BTreeSet::from([Lang::En]) } else { all }
}
