//! Amounts in tokens: "two", "a couple of packs", "treinta y cinco", "2 kg". Pure.
//!
//! Never attaches an amount to a product: that is the work of [`mention`](super::mention).

use super::catalog::Pack;
use super::lexicon::Lexicon;
pub use super::number::number;
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
    /// "two packs of six": how many are in each.
    pub each: Option<u32>,
}

impl Amount {
    /// `None` for nothing, and for more than anybody orders.
    pub fn new(start: usize, end: usize, thousandths: u64, unit: Option<String>, pieces: bool) -> Option<Amount> {
        let value = u32::try_from(thousandths.div_ceil(1000)).ok().filter(|v| (1..=MAX).contains(v))?;
        Some(Amount { start, end, value, thousandths, unit, pieces, each: None })
    }

    /// Whether its unit is a measure (kilos, litres) or a container or the like that is sold.
    pub fn has_unit(&self) -> bool {
        self.unit.is_some()
    }

    /// Whether its unit is a weight or a volume.
    pub fn is_measure(&self) -> bool {
        self.unit.as_deref().and_then(measure).is_some()
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
        if let Some(each) = self.each.map(u64::from) {
            return if each == count { self.value } else { packs(value * each) };
        }
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
    // "vreo două sute": a phrase for two that a number begins in and goes on after is no amount.
    let goes_on = |end| (at..end).any(|s| number(tokens, s, lexicon).is_some_and(|(_, after)| after > end));
    let (value, mut end, pieces) = match phrase(tokens, at, &lexicon.amounts).filter(|(_, end)| !goes_on(*end)) {
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
        && lexicon.unit(tokens, end + 1).is_some()
    {
        end += 1;
    }
    let unit = lexicon.unit(tokens, end);
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
pub fn is_pack_size(tokens: &[Token], at: usize, lexicon: &Lexicon) -> bool {
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

/// "1.5 kg", "0,75 l": the tokens are two numbers with a mark between, and a measure. Three places of a gram or a
/// millilitre are a thousand of them: "1,500 g".
fn decimal(tokens: &[Token], at: usize, lexicon: &Lexicon) -> Option<Amount> {
    let (whole, part) =
        (tokens.get(at)?, tokens.get(at + 1).filter(|t| t.break_before && t.close && t.fold.len() <= 3)?);
    let (unit, end) = measured(tokens, at + 2, lexicon)?;
    let small = measure(&unit).is_some_and(|(_, size)| size < 1000);
    if small && super::number::thousands_mark(tokens, at).is_some() {
        return None;
    }
    let places = u32::try_from(part.fold.len()).ok()?;
    let thousandths = whole.fold.parse::<u32>().ok().map(u64::from)? * 1000
        + u64::from(part.fold.parse::<u32>().ok()?) * 10u64.pow(3 - places);
    Amount::new(at, end, thousandths, Some(unit), false)
}

fn measured(tokens: &[Token], at: usize, lexicon: &Lexicon) -> Option<(String, usize)> {
    lexicon.unit(tokens, at).filter(|(name, _)| measure(name).is_some())
}

fn phrase(tokens: &[Token], at: usize, phrases: &[(Vec<String>, u32)]) -> Option<(u32, usize)> {
    phrases
        .iter()
        .filter(|(words, _)| starts_with(tokens, at, words))
        .max_by_key(|(words, _)| words.len())
        .map(|(words, value)| (*value, at + words.len()))
}

/// Whether the words stand at `at`, with no pause inside.
pub fn starts_with(tokens: &[Token], at: usize, words: &[String]) -> bool {
    !words.is_empty()
        && tokens.get(at..at + words.len()).is_some_and(|span| {
            span.iter().zip(words).all(|(t, w)| t.fold == *w) && span.iter().skip(1).all(|t| !t.break_before)
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::understand::{Lang, text};

    #[test]
    fn an_amount_takes_its_whole_number_and_no_more() {
        for (said, lang, at, want) in [
            ("a hundred and five packs", Lang::En, 0, Some((105_000, 5))),
            ("1,500 g", Lang::En, 0, Some((1_500_000, 3))),
            ("1.500 ml", Lang::Es, 0, Some((1_500_000, 3))),
            ("1,250 kg", Lang::Es, 0, Some((1_250, 3))),
            ("0.750 l", Lang::En, 0, Some((750, 3))),
            ("2, 500 ml", Lang::En, 0, Some((2_000, 1))),
            ("1.000 de pachete", Lang::Ro, 0, Some((1_000_000, 4))),
            ("vreo două sute", Lang::Ro, 0, None),
            ("vreo două sute", Lang::Ro, 1, Some((200_000, 3))),
            ("vreo două pachete", Lang::Ro, 0, Some((2_000, 3))),
            ("încă o sută", Lang::Ro, 1, Some((100_000, 3))),
            ("a pack", Lang::En, 0, Some((1_000, 2))),
            ("a milk", Lang::En, 0, None),
            ("mie pâine", Lang::Ro, 0, None),
        ] {
            let tokens = text::tokens(said, lang).expect("it is short");
            let amount = amount(&tokens, at, &Lexicon::built_in(lang)).map(|a| (a.thousandths, a.end));
            assert_eq!(amount, want, "{said:?} from {at}");
        }
    }
}
