//! Text → tokens: folding of case and diacritics, light stemming, sound keys. Pure.
//!
//! Never drops a word: whatever the speaker said is in the tokens, in order.

use super::Lang;
use unicode_normalization::UnicodeNormalization;

/// The longest text that is looked at, in bytes. A longer one is refused, not chewed.
pub const MAX_BYTES: usize = 2_000;
/// The most tokens that are looked at.
pub const MAX_TOKENS: usize = 200;

/// One word of an utterance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Lower case, as it was heard.
    pub text: String,
    /// Without diacritics.
    pub fold: String,
    /// Without endings of number, case and article; two forms of one noun share it.
    pub stem: String,
    /// A comma, a full stop or the like stood before it.
    pub break_before: bool,
    /// No space stood before it: "2kg", "1,000", "twenty-five".
    pub close: bool,
    /// A question mark stood after it.
    pub asked: bool,
}

/// Splits `text` into tokens, or `None` where it is longer than [`MAX_BYTES`] or [`MAX_TOKENS`].
///
/// An apostrophe or hyphen splits a word ("i'd" → "i", "d"), so that the ways in which people and
/// recognisers write a contraction meet in one form; so does the border of digits and letters.
pub fn tokens(text: &str, lang: Lang) -> Option<Vec<Token>> {
    if text.len() > MAX_BYTES {
        return None;
    }
    let mut out: Vec<Token> = Vec::new();
    let mut word = String::new();
    let (mut pause, mut space) = (false, true);
    // A space at the end closes the last word.
    for c in text.nfc().flat_map(char::to_lowercase).map(comma_below).chain(std::iter::once(' ')) {
        let border = word.chars().last().is_some_and(|last| last.is_numeric() != c.is_numeric());
        if !word.is_empty() && (border || !c.is_alphanumeric()) {
            let closed = std::mem::take(&mut word);
            let (break_before, close) = (std::mem::take(&mut pause), !std::mem::take(&mut space));
            out.push(Token { break_before, close, ..token(closed, lang) });
            if out.len() > MAX_TOKENS {
                return None;
            }
        }
        space |= c.is_whitespace();
        if c.is_alphanumeric() {
            word.push(c);
        } else if matches!(c, ',' | '.' | ';' | ':' | '?' | '!' | '…' | '¿' | '¡' | '"' | '(' | ')' | '–' | '—')
        {
            pause = true;
        }
        if c == '?'
            && let Some(last) = out.last_mut()
        {
            last.asked = true;
        }
    }
    Some(out)
}

/// Old fonts write the Romanian ș and ț with a cedilla.
fn comma_below(c: char) -> char {
    match c {
        'ş' => 'ș',
        'ţ' => 'ț',
        other => other,
    }
}

fn token(text: String, lang: Lang) -> Token {
    let fold = fold(&text);
    let stem = stem(&fold, lang);
    Token { text, fold, stem, break_before: false, close: false, asked: false }
}

/// Lower case without diacritics: "Pâine" → "paine".
pub fn fold(text: &str) -> String {
    text.nfd().filter(|c| !unicode_normalization::char::is_combining_mark(*c)).flat_map(char::to_lowercase).collect()
}

/// The light stem of a folded word: plural endings, and for Romanian the articles too.
/// Over-stemming is harmless where both sides go through it; the shortest stem has three letters.
pub fn stem(fold: &str, lang: Lang) -> String {
    if fold.bytes().any(|b| b.is_ascii_digit()) {
        return fold.to_owned();
    }
    match lang {
        Lang::En => stem_en(fold),
        Lang::Es => stem_es(fold),
        Lang::Ro => stem_ro(fold),
    }
}

fn stem_en(word: &str) -> String {
    if let Some(rest) = word.strip_suffix("ies").filter(|r| r.len() >= 3) {
        return format!("{rest}y");
    }
    for ending in ["sses", "xes", "ches", "shes", "oes"] {
        if word.len() > ending.len() + 1 && word.ends_with(ending) {
            return word[..word.len() - 2].to_owned();
        }
    }
    match word.strip_suffix('s') {
        Some(rest) if rest.len() >= 3 && !rest.ends_with('s') && !rest.ends_with('u') && !rest.ends_with('i') => {
            rest.to_owned()
        }
        _ => word.to_owned(),
    }
}

fn stem_es(word: &str) -> String {
    let bare = word.strip_suffix('s').filter(|r| r.len() >= 3).unwrap_or(word);
    bare.strip_suffix(['a', 'e', 'o']).filter(|r| r.len() >= 3).unwrap_or(bare).to_owned()
}

/// Endings of Romanian nouns with the article, longest first.
const RO_ENDINGS: [&str; 21] = [
    "elele", "urilor", "urile", "ului", "ilor", "elor", "uri", "ele", "ile", "lui", "lor", "ul", "ua", "le", "ei",
    "ii", "ea", "i", "a", "e", "u",
];

fn stem_ro(word: &str) -> String {
    let mut stem = word;
    // Two rounds are enough: an article on top of a plural ("cafeaua" → "cafea" → "caf"). In the second a single letter
    // goes only from what stays longer, or "lămâi" would meet "lame".
    for round in 0..2 {
        let least = |ending: &str| if round == 1 && ending.len() == 1 { 4 } else { 3 };
        match RO_ENDINGS.iter().find_map(|e| stem.strip_suffix(e).filter(|r| r.len() >= least(e))) {
            Some(shorter) => stem = shorter,
            None => break,
        }
    }
    // "grecesc", "grecești": the plural of -esc.
    match stem.strip_suffix("est").filter(|r| r.len() >= 3) {
        Some(root) => format!("{root}esc"),
        None => stem.to_owned(),
    }
}

/// A key that words which sound alike share: consonants in rough classes, vowels only at the start.
/// "cereal" and "serial" meet in it, and so do "basura" and "vasura".
pub fn sound_key(fold: &str, lang: Lang) -> String {
    let letters: Vec<char> = fold.chars().collect();
    let mut key = String::new();
    for (at, &c) in letters.iter().enumerate() {
        let next = letters.get(at + 1).copied().unwrap_or(' ');
        let soft = matches!(next, 'e' | 'i' | 'y');
        let class = match (c, lang) {
            ('a' | 'e' | 'i' | 'o' | 'u' | 'y', _) if at == 0 => 'a',
            ('a' | 'e' | 'i' | 'o' | 'u' | 'y' | 'h' | 'w', _) => continue,
            ('c', Lang::En | Lang::Es) if soft => 's',
            ('c' | 'q' | 'k', _) => 'k',
            ('z' | 's' | 'x', _) => 's',
            ('v', Lang::Es) => 'b',
            ('v' | 'f', _) => 'f',
            ('p', _) if next == 'h' => 'f',
            ('g', Lang::En) if soft => 'j',
            ('g', Lang::Es) if soft => 'j',
            (other, _) => other,
        };
        if !key.ends_with(class) {
            key.push(class);
        }
    }
    key
}

/// A spelling that is equal for words that many speakers pronounce alike: in Spanish z and s,
/// b and v, ll and y, silent h; in the other languages the word itself.
pub fn same_sound(fold: &str, lang: Lang) -> String {
    match lang {
        Lang::Es => {
            let soft = fold.replace("ce", "se").replace("ci", "si").replace("ll", "y").replace("qu", "k");
            soft.chars()
                .filter(|c| *c != 'h')
                .map(|c| match c {
                    'z' => 's',
                    'v' => 'b',
                    'c' => 'k',
                    other => other,
                })
                .collect()
        }
        Lang::En | Lang::Ro => fold.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_words_and_keeps_pauses() {
        let tokens = tokens("Sugar's run out, 2kg!", Lang::En).expect("it is short");
        let words: Vec<&str> = tokens.iter().map(|t| t.text.as_str()).collect();
        assert_eq!(words, ["sugar", "s", "run", "out", "2", "kg"]);
        assert!(tokens[4].break_before && !tokens[3].break_before);
        let close: Vec<bool> = tokens.iter().map(|t| t.close).collect();
        assert_eq!(close, [false, true, false, false, false, true]);
    }

    #[test]
    fn forms_of_one_noun_share_a_stem() {
        for (lang, forms) in [
            (Lang::En, &["battery", "batteries"][..]),
            (Lang::En, &["box", "boxes"]),
            (Lang::Es, &["leche", "leches"]),
            (Lang::Es, &["pañal", "pañales"]),
            (Lang::Ro, &["lapte", "laptele", "laptelui"]),
            (Lang::Ro, &["cafea", "cafeaua", "cafele"]),
            (Lang::Ro, &["baterii", "bateriile", "bateria"]),
            (Lang::Ro, &["becuri", "becurile"]),
        ] {
            let stems: Vec<String> = forms.iter().map(|f| stem(&fold(f), lang)).collect();
            assert!(stems.windows(2).all(|w| w[0] == w[1]), "{forms:?} gave {stems:?}");
        }
    }

    #[test]
    fn words_that_sound_alike_share_a_key() {
        for (lang, a, b) in
            [(Lang::En, "serial", "cereal"), (Lang::En, "raiser", "razor"), (Lang::Es, "vasura", "basura")]
        {
            assert_eq!(sound_key(a, lang), sound_key(b, lang), "{a} {b}");
        }
    }

    #[test]
    fn long_text_is_refused() {
        assert_eq!(tokens(&"a ".repeat(201), Lang::En), None);
        assert_eq!(tokens(&"a".repeat(2_001), Lang::En), None);
    }
}
