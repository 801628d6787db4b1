//! Numbers and amounts in tokens: "two", "a couple of packs", "treinta y cinco", "2 kg". Pure.
//!
//! Never attaches an amount to a product: that is the work of [`mention`](super::mention).

use super::catalog::Pack;
use super::lexicon::Lexicon;
use super::text::Token;

/// An amount: how many of which unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Amount {
    pub start: usize,
    /// First token after it, a following "of" not included.
    pub end: usize,
    /// Rounded up to a whole number: a quarter of a loaf is one.
    pub value: u32,
    /// The same in thousandths, so that half a kilo is 500.
    pub thousandths: u64,
    /// As in the lexicon's `[units]`; `None` where only a number was said.
    pub unit: Option<String>,
    /// Whether it was a word like "dozen" that counts pieces.
    pub pieces: bool,
}

impl Amount {
    /// `None` for nothing, and for more than anybody orders.
    pub fn new(start: usize, end: usize, thousandths: u64, unit: Option<String>, pieces: bool) -> Option<Amount> {
        let value = u32::try_from(thousandths.div_ceil(1000)).ok().filter(|v| (1..=MAX).contains(v))?;
        Some(Amount { start, end, value, thousandths, unit, pieces })
    }

    /// Whether its unit is a measure (kilos, litres) or a container or the like that is sold.
    pub fn has_unit(&self) -> bool {
        self.unit.is_some()
    }

    /// How many packs of `count` `unit`s each it is. A measure is divided by what a pack holds; a bare number and the unit
    /// that the pack counts in ("twelve rolls") are pieces where they fill a pack; everything else is packs.
    pub fn packs(&self, pack: &Pack) -> u32 {
        let count = u64::from(pack.count.max(1));
        let packs = |pieces: u64| u32::try_from(pieces.div_ceil(count)).unwrap_or(MAX);
        let unit = self.unit.as_deref();
        if let Some((dimension, size)) = unit.and_then(measure) {
            return match measure(&pack.unit) {
                Some((same, held)) if same == dimension => {
                    let wanted = self.thousandths * size;
                    u32::try_from(wanted.div_ceil(1000 * held * count)).unwrap_or(MAX)
                }
                _ => 1,
            };
        }
        if pack.count < 2 || measure(&pack.unit).is_some() {
            return self.value;
        }
        let value = u64::from(self.value);
        match unit {
            Some("pair") => packs(2 * value),
            None if self.pieces || value >= count => packs(value),
            Some(unit) if value >= count && same_container(unit, &pack.unit) => packs(value),
            Some(_) | None => self.value,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dimension {
    Mass,
    Volume,
}

/// What one of a unit is in grams or millilitres.
fn measure(unit: &str) -> Option<(Dimension, u64)> {
    match unit {
        "gram" => Some((Dimension::Mass, 1)),
        "kilogram" => Some((Dimension::Mass, 1000)),
        "ml" => Some((Dimension::Volume, 1)),
        "cl" => Some((Dimension::Volume, 10)),
        "litre" => Some((Dimension::Volume, 1000)),
        _ => None,
    }
}

/// Whether a word for a container may mean what the pack counts: a "can" is a tin.
fn same_container(said: &str, sold: &str) -> bool {
    let kind = |unit: &str| match unit {
        "tin" | "can" => 1,
        "bag" | "pouch" | "sachet" => 2,
        "tube" | "tablet" | "capsule" | "set" | "piece" => 3,
        _ => 0,
    };
    said == sold || (kind(said) != 0 && kind(said) == kind(sold))
}

/// The largest quantity that is understood; more is surely a misunderstanding.
const MAX: u32 = 999_999;

/// The amount that begins at `at`, with its unit.
pub fn amount(tokens: &[Token], at: usize, lexicon: &Lexicon) -> Option<Amount> {
    if at > 0 && lexicon.not_quantity_after.contains(&tokens[at - 1].fold) {
        return None;
    }
    if is_pack_size(tokens, at, lexicon) {
        return None;
    }
    if let Some(amount) = fraction(tokens, at, lexicon).or_else(|| decimal(tokens, at, lexicon)) {
        return Some(amount);
    }
    let (value, mut end, pieces) = match phrase(tokens, at, &lexicon.amounts) {
        Some((value, end)) => (value, end, value % 6 == 0),
        None => match number(tokens, at, lexicon) {
            Some((value, end)) => (value, end, false),
            // "a pack", "another box": an article counts where a unit follows.
            None if lexicon.articles.contains(&tokens[at].fold) => (1, at + 1, false),
            None => return None,
        },
    };
    let mut thousandths = u64::from(value) * 1000;
    let article =
        end == at + 1 && lexicon.articles.contains(&tokens[at].fold) && !lexicon.numbers.contains_key(&tokens[at].fold);
    // "one and a half kilos"
    if let Some((half, after)) = phrase(tokens, end, &lexicon.and_fractions)
        && measured(tokens, after, lexicon).is_some()
    {
        thousandths += u64::from(half);
        end = after;
    }
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
    if let Some((name, after)) = &unit {
        end = *after;
        // "a kilo and a half"
        if let (Some(_), Some((half, after))) = (measure(name), phrase(tokens, end, &lexicon.and_fractions)) {
            thousandths += u64::from(half);
            end = after;
        }
    }
    Amount::new(at, end, thousandths, unit.map(|(name, _)| name), pieces)
}

/// "the pack of twelve": what a container holds is not how many of them are wanted.
fn is_pack_size(tokens: &[Token], at: usize, lexicon: &Lexicon) -> bool {
    at >= 2
        && lexicon.spoken_of.contains(&tokens[at - 1].fold)
        && !tokens[at].break_before
        && lexicon.is_unit(&tokens[at - 2].fold)
}

/// "half a kilo", "three quarters of a litre", and in Spanish "kilo y medio": a part of a measure.
fn fraction(tokens: &[Token], at: usize, lexicon: &Lexicon) -> Option<Amount> {
    if let Some((part, after)) = phrase(tokens, at, &lexicon.fractions) {
        let (unit, end) = measured(tokens, after, lexicon)?;
        return Amount::new(at, end, u64::from(part), Some(unit), false);
    }
    let (unit, after) = measured(tokens, at, lexicon)?;
    let (part, end) = phrase(tokens, after, &lexicon.and_fractions)?;
    Amount::new(at, end, 1000 + u64::from(part), Some(unit), false)
}

/// "1.5 kg", "0,75 l": the tokens are two numbers with a mark between, and a measure.
fn decimal(tokens: &[Token], at: usize, lexicon: &Lexicon) -> Option<Amount> {
    let (whole, part) = (tokens.get(at)?, tokens.get(at + 1).filter(|t| t.break_before && t.fold.len() <= 3)?);
    let (unit, end) = measured(tokens, at + 2, lexicon)?;
    let places = u32::try_from(part.fold.len()).ok()?;
    let thousandths = whole.fold.parse::<u32>().ok().map(u64::from)? * 1000
        + u64::from(part.fold.parse::<u32>().ok()?) * 10u64.pow(3 - places);
    Amount::new(at, end, thousandths, Some(unit), false)
}

fn measured(tokens: &[Token], at: usize, lexicon: &Lexicon) -> Option<(String, usize)> {
    unit(tokens, at, lexicon).filter(|(name, _)| measure(name).is_some())
}

fn phrase(tokens: &[Token], at: usize, phrases: &[(Vec<String>, u32)]) -> Option<(u32, usize)> {
    phrases
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
    // "mie" alone is Romanian for "to me"; a thousand is "o mie".
    let counted = at > 0 && lexicon.articles.contains(&tokens[at - 1].fold);
    if lexicon.never_first.contains(&first.fold) && !counted {
        return None;
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
