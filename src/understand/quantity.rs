//! Numbers and amounts in tokens: "two", "a couple of packs", "treinta y cinco", "2 kg". Pure.
//!
//! Never attaches an amount to a product: that is the work of [`mention`](super::mention).

use super::lexicon::Lexicon;
use super::text::Token;

/// An amount: how many of which unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Amount {
    pub start: usize,
    /// First token after it, a following "of" not included.
    pub end: usize,
    pub value: u32,
    /// As in the lexicon's `[units]`; `None` where only a number was said.
    pub unit: Option<String>,
    /// Whether it was a word like "dozen" that counts pieces.
    pub pieces: bool,
}

/// The largest quantity that is understood; more is surely a misunderstanding.
const MAX: u32 = 999_999;

/// The amount that begins at `at`, with its unit.
pub fn amount(tokens: &[Token], at: usize, lexicon: &Lexicon) -> Option<Amount> {
    if at > 0 && lexicon.not_quantity_after.contains(&tokens[at - 1].fold) {
        return None;
    }
    let (value, mut end, pieces) = match phrase(tokens, at, lexicon) {
        Some((value, end)) => (value, end, value % 6 == 0),
        None => match number(tokens, at, lexicon) {
            Some((value, end)) => (value, end, false),
            // "a pack", "another box": an article counts where a unit follows.
            None if lexicon.articles.contains(&tokens[at].fold) => (1, at + 1, false),
            None => return None,
        },
    };
    let article =
        end == at + 1 && lexicon.articles.contains(&tokens[at].fold) && !lexicon.numbers.contains_key(&tokens[at].fold);
    while tokens
        .get(end)
        .is_some_and(|t| !t.break_before && t.fold != tokens[at].fold && lexicon.articles.contains(&t.fold))
        && unit(tokens, end + 1, lexicon).is_some()
    {
        end += 1;
    }
    let unit = unit(tokens, end, lexicon);
    if article && unit.is_none() {
        return None;
    }
    if let Some((_, after)) = &unit {
        end = *after;
    }
    (1..=MAX).contains(&value).then_some(Amount { start: at, end, value, unit: unit.map(|(name, _)| name), pieces })
}

fn phrase(tokens: &[Token], at: usize, lexicon: &Lexicon) -> Option<(u32, usize)> {
    lexicon
        .amounts
        .iter()
        .filter(|(words, _)| starts_with(tokens, at, words))
        .max_by_key(|(words, _)| words.len())
        .map(|(words, value)| (*value, at + words.len()))
}

fn unit(tokens: &[Token], at: usize, lexicon: &Lexicon) -> Option<(String, usize)> {
    (1..=2usize).rev().find_map(|length| {
        let words: Vec<String> = tokens.get(at..at + length)?.iter().map(|t| t.fold.clone()).collect();
        lexicon.units.get(&words).map(|name| (name.clone(), at + length))
    })
}

/// Whether the words stand at `at`, with no pause inside.
pub fn starts_with(tokens: &[Token], at: usize, words: &[String]) -> bool {
    !words.is_empty()
        && tokens.get(at..at + words.len()).is_some_and(|span| {
            span.iter().zip(words).all(|(t, w)| t.fold == *w) && span.iter().skip(1).all(|t| !t.break_before)
        })
}

/// The number that begins at `at` and the first token after it.
pub fn number(tokens: &[Token], at: usize, lexicon: &Lexicon) -> Option<(u32, usize)> {
    let first = tokens.get(at)?;
    if let Ok(value) = first.fold.parse::<u32>() {
        return Some((value, at + 1));
    }
    let mut total = 0u32;
    let mut part = *lexicon.numbers.get(&first.fold)?;
    if part == 1000 {
        (total, part) = (1000, 0);
    }
    let mut end = at + 1;
    loop {
        // "thirty and five", "treinta y cinco": the joiner counts only where a number goes on.
        let joined = tokens.get(end).is_some_and(|t| t.fold == lexicon.number_joiner);
        let at_word = if joined { end + 1 } else { end };
        let Some(token) = tokens.get(at_word).filter(|t| !t.break_before) else { break };
        let Some(&value) = lexicon.numbers.get(&token.fold) else { break };
        let (next_total, next_part) = match value {
            100 if (1..10).contains(&(part % 1000)) && !joined => (total, part * 100),
            1000 if total == 0 && part > 0 && !joined => (part.saturating_mul(1000), 0),
            1..=9 if part % 100 >= 20 && part % 10 == 0 || (part % 100 == 0 && (part > 0 || total > 0)) => {
                (total, part + value)
            }
            10..=99 if part % 100 == 0 && (part > 0 || total > 0) => (total, part + value),
            100..=900 if part == 0 && total > 0 => (total, value),
            _ => break,
        };
        (total, part) = (next_total, next_part);
        end = at_word + 1;
    }
    Some((total.saturating_add(part), end))
}
