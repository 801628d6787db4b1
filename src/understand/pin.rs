//! A typed PIN: "4711", "pin 4711", "approve 4711". Pure.
//!
//! It is taken out of the conversation before anything is parsed, logged or written down. Only a whole line is a
//! PIN: nothing that a household orders is a row of four or more digits alone.

/// What may stand before the digits, in any of the languages: none of them means anything else in another.
const BEFORE: [&str; 7] = ["pin", "approve", "aprobar", "aprueba", "apruebo", "aprob", "aprobă"];
/// Shorter rows of digits are quantities.
const LEAST_DIGITS: usize = 4;

/// The digits of a line that is a PIN.
pub fn typed(line: &str) -> Option<&str> {
    let mut words = line.split_whitespace();
    let (first, second) = (words.next()?, words.next());
    if words.next().is_some() {
        return None;
    }
    let digits = match second {
        Some(digits) if BEFORE.contains(&first.to_lowercase().as_str()) => digits,
        Some(_) => return None,
        None => first,
    };
    (digits.len() >= LEAST_DIGITS && digits.bytes().all(|b| b.is_ascii_digit())).then_some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_line_that_is_a_pin_is_one() {
        let cases = [
            ("4711", Some("4711")),
            ("  PIN 4711 ", Some("4711")),
            ("Approve 123456789012", Some("123456789012")),
            ("aprobar 4711", Some("4711")),
            ("aprobă 4711", Some("4711")),
            ("12", None),
            ("milk 4711", None),
            ("order it 4711", None),
            ("4711 packs", None),
            ("pin", None),
            ("", None),
            ("٤٧١١", None),
        ];
        for (line, want) in cases {
            assert_eq!(typed(line), want, "{line}");
        }
    }
}
