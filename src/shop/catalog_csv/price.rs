//! A price as people write it, in minor units. No fraction of a number is ever computed.

use super::shown;
use crate::decide::money::Money;

/// `12.99`, `12,99`, `1.234,50`, `1 234.50`, `7`.
///
/// # Errors
/// What is wrong with it, and what to write instead; also where it could mean two prices.
pub fn minor(text: &str, currency: &str) -> Result<i64, String> {
    let written = shown(text, 40);
    if text.is_empty() {
        return Err("it is empty; write a number such as 12.99".into());
    }
    let per_major = Money::new(0, currency).minor_per_major();
    let places = per_major.to_string().len() - 1;
    let plain: String = text.chars().filter(|c| !matches!(c, ' ' | '\u{a0}' | '\u{202f}' | '\'' | '’')).collect();
    if plain.starts_with(['-', '−']) {
        return Err(format!("\"{written}\" is negative; a price is not"));
    }
    if !plain.chars().all(|c| c.is_ascii_digit() || c == '.' || c == ',')
        || !plain.contains(|c: char| c.is_ascii_digit())
    {
        return Err(format!("\"{written}\" is no number; write the number alone, such as 12.99, without a currency"));
    }
    let odd = || format!("\"{written}\" is no number; write it such as 12.99 or 1234.00");
    let (whole, fraction) = split(&plain, places).ok_or_else(|| {
        format!(
            "\"{written}\" could be {} or a fraction; write it with {}",
            plain.replace(['.', ','], ""),
            sample(places)
        )
    })?;
    if fraction.len() > places {
        return Err(format!(
            "\"{written}\" has {} digits after the separator; {currency} has {places}",
            fraction.len()
        ));
    }
    let whole = ungrouped(whole).ok_or_else(odd)?;
    let digits = format!("{whole}{fraction:0<places$}");
    digits.parse().map_err(|_| format!("\"{written}\" is too large"))
}

fn sample(places: usize) -> &'static str {
    if places == 0 { "no separator, such as 1234" } else { "both digits, such as 1234.00" }
}

/// Before and after the decimal separator; `None`: there is one separator, and it could be either.
fn split(text: &str, places: usize) -> Option<(&str, &str)> {
    let Some(last) = text.rfind(['.', ',']) else { return Some((text, "")) };
    let (whole, fraction) = (&text[..last], &text[last + 1..]);
    let separator = &text[last..=last];
    if whole.contains(separator) {
        // 1.234.567: all of them group.
        return Some((text, ""));
    }
    let is_alone = !whole.contains(['.', ',']);
    if is_alone && fraction.len() == 3 && places != 3 && !whole.is_empty() && whole != "0" && whole.len() <= 3 {
        return None;
    }
    Some((whole, fraction))
}

/// Without what groups three digits each; `None`: it groups something else.
fn ungrouped(whole: &str) -> Option<String> {
    let mut groups = whole.split(['.', ',']);
    let first = groups.next().unwrap_or_default();
    let mut digits = first.to_owned();
    let mut is_grouped = false;
    for group in groups {
        if group.len() != 3 {
            return None;
        }
        is_grouped = true;
        digits.push_str(group);
    }
    if is_grouped && !(1..=3).contains(&first.len()) {
        return None;
    }
    // Two kinds of separators group nothing.
    if whole.contains('.') && whole.contains(',') {
        return None;
    }
    Some(if digits.is_empty() { "0".into() } else { digits })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_are_read_as_they_are_written_here_and_there() {
        for (text, currency, expected) in [
            ("12.99", "EUR", 1_299),
            ("12,99", "EUR", 1_299),
            ("12,9", "EUR", 1_290),
            ("7", "RON", 700),
            ("0,05", "EUR", 5),
            (",5", "EUR", 50),
            ("5.", "EUR", 500),
            ("1.234,50", "EUR", 123_450),
            ("1,234.50", "EUR", 123_450),
            ("1.234.567,89", "EUR", 123_456_789),
            ("1.234.567", "EUR", 123_456_700),
            ("1 234,50", "EUR", 123_450),
            ("1\u{202f}234,50", "EUR", 123_450),
            ("1’234.50", "CHF", 123_450),
            ("1234", "JPY", 1_234),
            ("1.234.567", "JPY", 1_234_567),
            ("1.234", "KWD", 1_234),
            ("0.1", "KWD", 100),
            ("92233720368547758.07", "EUR", i64::MAX),
        ] {
            assert_eq!(minor(text, currency), Ok(expected), "{text} {currency}");
        }
    }

    #[test]
    fn a_price_that_could_be_two_or_none_is_told() {
        for (text, currency, expected) in [
            ("", "EUR", "empty"),
            ("12.99 €", "EUR", "the number alone"),
            ("free", "EUR", "the number alone"),
            (".", "EUR", "the number alone"),
            ("-1", "EUR", "negative"),
            ("1.234", "EUR", "could be 1234 or a fraction"),
            ("1,234", "EUR", "could be 1234 or a fraction"),
            ("1.234", "JPY", "such as 1234"),
            ("0.125", "EUR", "has 3 digits"),
            ("1234.567", "EUR", "has 3 digits"),
            ("12.5", "JPY", "JPY has 0"),
            ("12.34.56", "EUR", "is no number"),
            ("1,23,456.00", "EUR", "is no number"),
            ("1.234,567.00", "EUR", "is no number"),
            ("1e3", "EUR", "the number alone"),
            ("92233720368547758.08", "EUR", "too large"),
            ("１２", "EUR", "the number alone"),
        ] {
            let what = minor(text, currency).unwrap_err();
            assert!(what.contains(expected), "{text} {currency}: {what}");
        }
    }
}
