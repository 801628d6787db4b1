//! "With coupon spring ten", "use my coupon": which coupon is named, and the words without it. Pure.
//!
//! Looks at single words, folded, and takes the coupon's out before anything else is understood, so that no code is ever
//! taken for a product, a quantity or a confirmation. Never knows which coupons there are: that is the shop's.

use super::Lang;
use super::lexicon::Lexicon;
use super::number::number;
use super::text::Token;
use serde::{Deserialize, Serialize};

/// The longest code, characters.
pub const MAX_CODE: usize = 24;
/// Words that one code may be said in.
const MAX_WORDS: usize = 12;

/// The coupon that the household means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Coupon {
    /// Capital letters and digits alone.
    Code(String),
    /// The one that the shop gave it.
    Mine,
}

/// The words around a coupon in one language, folded.
struct Words {
    lang: Lang,
    /// What it is called,
    nouns: &'static [&'static str],
    /// in two words: "promo code".
    pairs: &'static [(&'static str, &'static str)],
    /// What leads to it,
    before: &'static [&'static str],
    /// what stands between it and its code,
    after: &'static [&'static str],
    /// and what ends the code.
    ends: &'static [&'static str],
}

const WORDS: [Words; 3] = [
    Words {
        lang: Lang::En,
        nouns: &["coupon", "voucher"],
        pairs: &[("promo", "code"), ("discount", "code"), ("coupon", "code"), ("voucher", "code")],
        before: &["with", "using", "use", "apply", "redeem", "and", "my", "the", "a", "this", "also", "please"],
        after: &["code", "number", "called", "named", "is"],
        ends: &["for", "on", "and", "to", "please", "too", "now", "order"],
    },
    Words {
        lang: Lang::Es,
        nouns: &["cupon"],
        pairs: &[("codigo", "promocional"), ("codigo", "descuento")],
        before: &[
            "con", "usa", "usando", "usar", "aplica", "aplicar", "canjea", "y", "mi", "el", "un", "este", "tambien",
        ],
        after: &["codigo", "numero", "llamado", "de", "descuento", "es"],
        ends: &["para", "en", "y", "por", "tambien", "ahora", "pide", "quiero"],
    },
    Words {
        lang: Lang::Ro,
        nouns: &["cupon", "cuponul", "voucher", "voucherul"],
        pairs: &[("cod", "promotional"), ("codul", "promotional"), ("codul", "reducere")],
        before: &["cu", "folosind", "foloseste", "aplica", "si", "un", "acest", "te", "rog"],
        after: &["cod", "codul", "numarul", "numit", "de", "reducere", "meu", "este", "e"],
        ends: &["pentru", "la", "si", "te", "acum", "comanda", "vreau"],
    },
];

/// Takes the coupon out of what was said.
pub fn take(tokens: &mut Vec<Token>, lexicon: &Lexicon) -> Option<Coupon> {
    let words = WORDS.iter().find(|words| words.lang == lexicon.lang)?;
    let has = |list: &[&str], at: usize| tokens.get(at).is_some_and(|token| list.contains(&token.fold.as_str()));
    let pair = |at: usize| words.pairs.iter().any(|(one, two)| has(&[one], at) && has(&[two], at + 1));
    let noun = (0..tokens.len()).find(|at| has(words.nouns, *at) || pair(*at))?;
    let mut start = noun;
    while start > 0 && has(words.before, start - 1) && !tokens[start].break_before {
        start -= 1;
    }
    let mut end = noun + if pair(noun) { 2 } else { 1 };
    while has(words.after, end) && !tokens[end].break_before {
        end += 1;
    }
    let first = end;
    let mut code = String::new();
    while end < tokens.len() && end - first < MAX_WORDS && !has(words.ends, end) {
        if end > first && tokens[end].break_before && !tokens[end].close {
            break;
        }
        // "Spring ten" is written SPRING10.
        let said = number(tokens, end, lexicon).filter(|_| !tokens[end].fold.bytes().all(|b| b.is_ascii_digit()));
        let (part, next) = match said {
            Some((value, next)) => (value.to_string(), next),
            None => (tokens[end].fold.clone(), end + 1),
        };
        let part: String = part.chars().filter(char::is_ascii_alphanumeric).collect();
        if code.len() + part.len() > MAX_CODE {
            break;
        }
        code.push_str(&part.to_ascii_uppercase());
        end = next;
    }
    tokens.drain(start..end);
    Some(if code.is_empty() { Coupon::Mine } else { Coupon::Code(code) })
}

/// How one asks at a read-back for the coupon that the shop gave, word for word: what a speech engine listens for.
pub fn phrase(lang: Lang) -> &'static str {
    match lang {
        Lang::En => "use my coupon",
        Lang::Es => "usa mi cupón",
        Lang::Ro => "folosește cuponul meu",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::understand::Understanding;
    use crate::understand::catalog::Catalog;
    use crate::understand::grammar::Expect;
    use crate::understand::intent::Intent;

    fn code(code: &str) -> Option<Coupon> {
        Some(Coupon::Code(code.into()))
    }

    #[test]
    fn a_coupon_is_found_and_the_rest_means_what_it_means_without_it() {
        let catalog =
            Catalog::from_json(include_str!("../../tests/dialogues/catalog.json")).expect("the tests' catalogue");
        let understanding = Understanding::new(catalog);
        let command = |text: &str, lang| understanding.parse(text, lang, &Expect::Command, &|_| false);
        let mine = || Some(Coupon::Mine);
        let cases = [
            (Lang::En, "order two packs of coffee with coupon SPRING10", "order two packs of coffee", code("SPRING10")),
            (Lang::En, "use coupon spring ten and order coffee", "order coffee", code("SPRING10")),
            (Lang::En, "with my coupon, order coffee", "order coffee", mine()),
            (Lang::En, "order coffee with the promo code X-25 please", "order coffee please", code("X25")),
            (Lang::En, "order coffee using voucher s p r i n g", "order coffee", code("SPRING")),
            (Lang::En, "order coffee", "order coffee", None),
            (Lang::En, "any discount on coffee", "any discount on coffee", None),
            (Lang::Es, "pide café con el cupón verano cinco", "pide café", code("VERANO5")),
            (Lang::Es, "pide café con mi cupón", "pide café", mine()),
            // Here that is no voucher, but a yes.
            (Lang::Es, "vale, pide café", "vale, pide café", None),
            (Lang::Ro, "comandă cafea cu cuponul vara cinci", "comandă cafea", code("VARA5")),
            (Lang::Ro, "comandă cafea cu cuponul meu", "comandă cafea", mine()),
        ];
        for (lang, text, rest, coupon) in cases {
            let (said, plain) = (command(text, lang), command(rest, lang));
            assert_eq!(said.coupon, coupon, "{text}");
            assert_eq!((said.intent, said.lines), (plain.intent, plain.lines), "{text}");
        }
        for lang in Lang::ALL {
            let alone = understanding.parse(phrase(lang), lang, &Expect::Confirm, &|_| false);
            assert_eq!((alone.coupon, alone.intent), (mine(), Intent::None), "{lang}");
        }
        // However long, and whatever it holds.
        for text in
            [format!("use coupon {}", "x ".repeat(150)), format!("use coupon {}", "9".repeat(500)), "coupon —".into()]
        {
            let found = command(&text, Lang::En).coupon;
            let fits = found.is_some_and(|found| match found {
                Coupon::Code(code) => code.len() <= MAX_CODE,
                Coupon::Mine => true,
            });
            assert!(fits, "{text}");
        }
    }
}
