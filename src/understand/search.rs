//! "Something for a six-year-old's birthday under thirty euros": the limits of a request without a product's name. Pure.
//!
//! Reads the price, the age and the occasion out of words that are already taken for a search, and leaves the rest as
//! they are. Never says what an utterance means, and nothing here can buy.

use super::Lang;
use super::number::number;
use super::sentence::Sentence;
use super::text::{self, Token};
use serde::{Deserialize, Serialize};

/// Characters of what else was said.
pub const MAX_CHARS: usize = 200;
/// Nobody is older, years.
const MAX_AGE: u32 = 120;
/// "Around thirty" may be so much more, percent.
const AROUND_PERCENT: i64 = 20;

/// What a request without a product's name asks for.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Search {
    /// The most that it may cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<Limit>,
    /// How old whom it is for is or becomes, years.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age: Option<u32>,
    /// `birthday`, `christmas`, ...: see [`OCCASIONS`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occasion: Option<String>,
    /// The words of weight that are none of these, in their order; at most [`MAX_CHARS`] characters.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
}

/// An amount of money, as it was said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limit {
    /// Minor units (cents, bani), more than 0.
    pub minor: i64,
    /// ISO 4217: as it was said, else the catalogue's.
    pub currency: String,
}

/// Minor units in one major unit, by the currency's ISO 4217 exponent.
pub fn minor_per_major(currency: &str) -> i64 {
    match currency {
        "JPY" | "KRW" | "ISK" | "VND" | "CLP" | "PYG" => 1,
        "BHD" | "KWD" | "OMR" | "TND" | "JOD" => 1000,
        _ => 100,
    }
}

/// An occasion by its code, and the words for it in each language, folded.
pub struct Occasion {
    pub code: &'static str,
    en: &'static [&'static str],
    es: &'static [&'static str],
    ro: &'static [&'static str],
}

/// Every occasion that is told from others.
pub const OCCASIONS: [Occasion; 8] = [
    Occasion {
        code: "birthday",
        en: &["birthday", "bday"],
        es: &["cumpleanos", "cumple"],
        ro: &["ziua de nastere", "zi de nastere", "aniversarea", "ziua", "implineste"],
    },
    Occasion {
        code: "christmas",
        en: &["christmas", "xmas", "santa"],
        es: &["navidad", "nochebuena", "reyes magos", "reyes"],
        ro: &["craciun", "mos craciun"],
    },
    Occasion { code: "easter", en: &["easter"], es: &["pascua"], ro: &["paste", "pasti"] },
    Occasion {
        code: "name-day",
        en: &["name day", "nameday"],
        es: &["santo", "onomastica"],
        ro: &["onomastica", "ziua numelui"],
    },
    Occasion { code: "wedding", en: &["wedding"], es: &["boda"], ro: &["nunta"] },
    Occasion {
        code: "anniversary",
        en: &["anniversary"],
        es: &["aniversario"],
        ro: &["aniversarea nuntii", "aniversare de casatorie"],
    },
    Occasion {
        code: "mothers-day",
        en: &["mother s day", "mothers day"],
        es: &["dia de la madre"],
        ro: &["ziua mamei", "opt martie"],
    },
    Occasion { code: "baptism", en: &["baptism", "christening"], es: &["bautizo"], ro: &["botez"] },
];

/// What stands between numbers, money and years in one language; all of it folded.
struct Words {
    /// What makes the amount after it the most: the longest first.
    limits: &'static [&'static str],
    /// The same, and not so strictly.
    around: &'static [&'static str],
    /// What may stand between a number and what it counts.
    of: &'static [&'static str],
    and: &'static [&'static str],
    cents: &'static [&'static str],
    years: &'static [&'static str],
    old: &'static [&'static str],
    /// What makes the number after it an age.
    aged: &'static [&'static str],
}

const ENGLISH: Words = Words {
    limits: &[
        "not more than",
        "no more than",
        "nothing above",
        "nothing over",
        "not over",
        "cheaper than",
        "less than",
        "up to",
        "at most",
        "maximum",
        "under",
        "below",
        "within",
        "max",
    ],
    around: &["around", "about", "roughly", "approximately"],
    of: &[],
    and: &["and"],
    cents: &["cent", "cents", "pence"],
    years: &["year", "years"],
    old: &["old"],
    aged: &["aged", "age", "turning", "turns"],
};

const SPANISH: Words = Words {
    limits: &[
        "que no pase de",
        "no mas de",
        "menos de",
        "como mucho",
        "como maximo",
        "un maximo de",
        "maximo",
        "debajo de",
        "hasta",
    ],
    around: &["alrededor de", "mas o menos", "unos", "sobre"],
    of: &["de"],
    and: &["con", "y"],
    cents: &["centimo", "centimos", "centavo", "centavos"],
    years: &["ano", "anos", "anitos"],
    old: &[],
    aged: &["cumple", "edad"],
};

const ROMANIAN: Words = Words {
    limits: &[
        "nu mai mult de",
        "mai putin de",
        "mai ieftin de",
        "cel mult",
        "maximum",
        "maxim",
        "pana in",
        "pana la",
        "pana",
        "sub",
    ],
    around: &["in jur de", "aproximativ", "vreo", "cam"],
    of: &["de"],
    and: &["si"],
    cents: &["cent", "centi", "ban", "bani"],
    years: &["an", "ani", "anisori"],
    old: &[],
    aged: &["implineste", "varsta"],
};

/// Words for currencies, folded. The same in every language: none means anything else in another.
const CURRENCIES: [(&str, &[&str]); 4] = [
    ("EUR", &["euro", "euros", "eur"]),
    ("RON", &["leu", "lei", "ron"]),
    ("USD", &["dollar", "dollars", "dolar", "dolares", "dolari", "usd", "bucks"]),
    ("GBP", &["pound", "pounds", "quid", "libra", "libras", "lira", "lire", "gbp"]),
];

/// What is asked for; `currency` is what prices are in where nobody says.
pub fn search(sentence: &Sentence<'_>, currency: &str) -> Search {
    let lexicon = sentence.context.lexicon;
    let words = match lexicon.lang {
        Lang::En => &ENGLISH,
        Lang::Es => &SPANISH,
        Lang::Ro => &ROMANIAN,
    };
    let mut reader = Reader { sentence, words, taken: vec![false; sentence.tokens.len()] };
    let age = reader.age();
    let max = reader.limit(currency);
    let occasion = reader.occasion();
    Search { max, age, occasion, text: reader.rest() }
}

struct Reader<'a> {
    sentence: &'a Sentence<'a>,
    words: &'static Words,
    /// Tokens that are explained.
    taken: Vec<bool>,
}

impl Reader<'_> {
    fn tokens(&self) -> &[Token] {
        &self.sentence.tokens
    }

    fn number(&self, at: usize) -> Option<(u32, usize)> {
        number(self.tokens(), at, self.sentence.context.lexicon)
    }

    fn is_one_of(&self, at: usize, words: &[&str]) -> bool {
        self.tokens().get(at).is_some_and(|token| words.contains(&token.fold.as_str()))
    }

    /// `at`, or the token after a word that means nothing there: "20 de lei".
    fn past(&self, at: usize, words: &[&str]) -> usize {
        if self.is_one_of(at, words) { at + 1 } else { at }
    }

    fn take(&mut self, from: usize, to: usize) {
        self.taken[from..to].fill(true);
    }

    /// "six-year-old", "de seis años", "aged six".
    fn age(&mut self) -> Option<u32> {
        let words = self.words;
        let found = (0..self.tokens().len()).find_map(|at| {
            let (value, end) = self.number(at)?;
            let years = self.past(end, words.of);
            let said_before = at > 0 && self.is_one_of(at - 1, words.aged);
            let counted = self.is_one_of(years, words.years);
            if !(said_before || counted) || self.currency(end).is_some() || value > MAX_AGE {
                return None;
            }
            let end = if counted { self.past(years + 1, words.old) } else { end };
            Some((value, at, end))
        });
        let (age, from, to) = found?;
        self.take(from, to);
        Some(age)
    }

    /// The last amount that is money or has a limit before it: of "between twenty and thirty euros" the larger.
    fn limit(&mut self, currency: &str) -> Option<Limit> {
        let mut found = None;
        let mut at = 0;
        while at < self.tokens().len() {
            let Some((amount, from, to)) = self.amount(at, currency) else {
                at += 1;
                continue;
            };
            self.take(from, to);
            found = Some(amount);
            at = to;
        }
        found
    }

    /// The money that begins at `at`, and the tokens that say it, its limit included.
    fn amount(&self, at: usize, currency: &str) -> Option<(Limit, usize, usize)> {
        if self.taken[at] {
            return None;
        }
        let (value, end) = self.number(at)?;
        let (limits, around) = (self.before(at, self.words.limits), self.before(at, self.words.around));
        let (fraction, end) = self.decimals(end).map_or((None, end), |(cents, end)| (Some(cents), end));
        let named = self.currency(end);
        if named.is_none() && limits.is_none() && around.is_none() {
            return None;
        }
        let (code, end) = named.map_or((currency, end), |(code, end)| (code, end));
        let (cents, end) = match fraction {
            Some(cents) => (cents, end),
            None => self.cents(end).filter(|_| named.is_some()).unwrap_or((0, end)),
        };
        let per = minor_per_major(code);
        let exact = i64::from(value).checked_mul(per)?.checked_add(i64::from(cents) * per / 100)?;
        let minor = if around.is_some() { exact + exact / 100 * AROUND_PERCENT } else { exact };
        let from = limits.or(around).unwrap_or(at);
        (minor > 0).then(|| (Limit { minor, currency: code.into() }, from, end))
    }

    /// Where the longest of `phrases` begins that ends before `at`.
    fn before(&self, at: usize, phrases: &[&str]) -> Option<usize> {
        let fits = |phrase: &str| {
            let parts: Vec<&str> = phrase.split(' ').collect();
            let from = at.checked_sub(parts.len())?;
            let said = self.tokens()[from..at].iter().map(|token| token.fold.as_str());
            said.eq(parts.iter().copied()).then_some(from)
        };
        phrases.iter().filter_map(|phrase| fits(phrase)).min()
    }

    /// The currency that is named at `at`, and the token after it.
    fn currency(&self, at: usize) -> Option<(&'static str, usize)> {
        let at = self.past(at, self.words.of);
        let found = CURRENCIES.iter().find(|(_, words)| self.is_one_of(at, words));
        found.map(|(code, _)| (*code, at + 1))
    }

    /// "29.90": two digits after a mark.
    fn decimals(&self, at: usize) -> Option<(u32, usize)> {
        let token = self.tokens().get(at).filter(|token| token.break_before && token.close)?;
        let is_cents = token.fold.len() == 2 && token.fold.bytes().all(|b| b.is_ascii_digit());
        Some((token.fold.parse().ok().filter(|_| is_cents)?, at + 1))
    }

    /// "... and ninety cents", "... con noventa".
    fn cents(&self, at: usize) -> Option<(u32, usize)> {
        let first = self.past(at, self.words.and);
        let (value, end) = self.number(first).filter(|(value, _)| *value < 100)?;
        let counted = self.past(end, self.words.of);
        if self.is_one_of(counted, self.words.cents) {
            return Some((value, counted + 1));
        }
        // "Twenty euros, two of them" counts something else.
        let at_end = end == self.tokens().len() || self.tokens()[end].break_before;
        (at_end && !self.tokens()[at].break_before).then_some((value, end))
    }

    /// The occasion whose words are the longest.
    fn occasion(&mut self) -> Option<String> {
        let lang = self.sentence.context.lexicon.lang;
        let mut best: Option<(usize, usize, &str)> = None;
        for Occasion { code, en, es, ro } in OCCASIONS {
            let phrases = match lang {
                Lang::En => en,
                Lang::Es => es,
                Lang::Ro => ro,
            };
            for phrase in phrases {
                let parts: Vec<String> = phrase.split(' ').map(|word| text::stem(word, lang)).collect();
                let at = (0..self.tokens().len()).find(|at| {
                    let here = self.tokens().get(*at..at + parts.len());
                    here.is_some_and(|here| here.iter().zip(&parts).all(|(token, part)| token.stem == *part))
                });
                if let Some(at) = at
                    && best.is_none_or(|(from, to, _)| to - from < parts.len())
                {
                    best = Some((at, at + parts.len(), code));
                }
            }
        }
        let (from, to, code) = best?;
        self.take(from, to);
        Some(code.into())
    }

    /// What is not explained and has weight.
    fn rest(&self) -> String {
        let light = &self.sentence.context.lexicon.light;
        let words = self.tokens().iter().zip(&self.taken);
        let left = words.filter(|(token, taken)| !**taken && !light.contains(&token.fold));
        let text = left.map(|(token, _)| token.text.as_str()).collect::<Vec<_>>().join(" ");
        text.chars().take(MAX_CHARS).collect::<String>().trim_end().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::understand::Understanding;
    use crate::understand::catalog::Catalog;
    use crate::understand::grammar::Expect;
    use crate::understand::intent::Intent;
    use std::sync::LazyLock;

    static SHOP: LazyLock<Understanding> = LazyLock::new(|| {
        Understanding::new(Catalog::from_json(include_str!("../../demo/catalog.json")).expect("it is valid"))
    });

    fn found(text: &str, lang: Lang) -> Search {
        let parse = SHOP.parse(text, lang, &Expect::Command, &|_| false);
        assert_eq!(parse.intent, Intent::Find, "{text}: {parse:?}");
        assert!(parse.lines.is_empty() || !parse.intent.can_buy(), "{text}");
        parse.search.unwrap_or_else(|| panic!("{text}: no search"))
    }

    /// Text, maximum in minor units and its currency, age, occasion.
    type Row = (Lang, &'static str, Option<(i64, &'static str)>, Option<u32>, Option<&'static str>);

    #[test]
    fn limits_are_read_in_every_language() {
        const THIRTY: Option<(i64, &str)> = Some((3_000, "EUR"));
        let rows: [Row; 27] = [
            (Lang::En, "something for a six-year-old's birthday under thirty euros", THIRTY, Some(6), Some("birthday")),
            (Lang::En, "find me a present for a six-year-old under thirty euros", THIRTY, Some(6), None),
            (Lang::En, "find me a gift for a six year old under thirty", THIRTY, Some(6), None),
            (Lang::En, "find me a present up to 29.90", Some((2_990, "EUR")), None, None),
            (Lang::En, "find me a present for 1,000 euros", Some((100_000, "EUR")), None, None),
            (Lang::En, "find me a present between twenty and thirty euros", THIRTY, None, None),
            (Lang::En, "find me a present for at most thirty lei", Some((3_000, "RON")), None, None),
            (Lang::En, "find me a gift for around ten euros", Some((1_200, "EUR")), None, None),
            (Lang::En, "find me a gift under twenty nine euros and ninety cents", Some((2_990, "EUR")), None, None),
            (Lang::En, "find me a gift for a boy aged nine", None, Some(9), None),
            (Lang::En, "find me a christmas present for a forty-year-old", None, Some(40), Some("christmas")),
            (Lang::En, "find me something for mother's day", None, None, Some("mothers-day")),
            (Lang::En, "find me a gift for my uncle", None, None, None),
            (
                Lang::Es,
                "algo para el cumpleaños de un niño de seis años por menos de treinta euros",
                THIRTY,
                Some(6),
                Some("birthday"),
            ),
            (Lang::Es, "busca un regalo para una niña de seis años por menos de treinta euros", THIRTY, Some(6), None),
            (Lang::Es, "busca un regalo que no pase de treinta", THIRTY, None, None),
            (Lang::Es, "búscame un regalo de navidad hasta 25 euros", Some((2_500, "EUR")), None, Some("christmas")),
            (Lang::Es, "busca un regalo por treinta y cinco euros con noventa", Some((3_590, "EUR")), None, None),
            (Lang::Es, "busca un regalo para mi hijo que cumple ocho", None, Some(8), Some("birthday")),
            (Lang::Es, "busca un regalo de boda de unos cien euros", Some((12_000, "EUR")), None, Some("wedding")),
            (
                Lang::Ro,
                "ceva pentru ziua unui copil de șase ani sub treizeci de lei",
                Some((3_000, "RON")),
                Some(6),
                Some("birthday"),
            ),
            (Lang::Ro, "cauta un cadou pentru o fetita de sase ani sub treizeci de euro", THIRTY, Some(6), None),
            (Lang::Ro, "caută un cadou până în douăzeci și cinci de euro", Some((2_500, "EUR")), None, None),
            (
                Lang::Ro,
                "caută un cadou de crăciun de cel mult 100 de lei",
                Some((10_000, "RON")),
                None,
                Some("christmas"),
            ),
            (Lang::Ro, "caută un cadou pentru un băiat de unsprezece ani", None, Some(11), None),
            (Lang::Ro, "caută un cadou pentru nuntă", None, None, Some("wedding")),
            (Lang::Ro, "recomandă-mi un cadou pentru unchiul meu", None, None, None),
        ];
        let mut wrong = vec![];
        for (lang, text, max, age, occasion) in rows {
            let search = found(text, lang);
            let max = max.map(|(minor, currency)| Limit { minor, currency: currency.into() });
            if (&search.max, search.age, search.occasion.as_deref()) != (&max, age, occasion) {
                wrong.push(format!("{text}: {search:?}"));
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    #[test]
    fn what_is_no_limit_stays_as_text() {
        let search = found("find me a present for a six-year-old who loves dinosaurs under thirty euros", Lang::En);
        assert!(search.text.contains("dinosaurs") && search.text.contains("present"), "{search:?}");
        assert!(!search.text.contains("thirty") && !search.text.contains("six"), "{search:?}");
        let long = format!("find me a present under thirty euros {}", "for a friend of mine ".repeat(8));
        assert!(found(&long, Lang::En).text.chars().count() <= MAX_CHARS);
    }

    /// Whatever is said, a search has no product that could be ordered, and an order has no search.
    #[test]
    fn only_a_search_has_limits() {
        for text in ["order two packs of butter", "how much is butter under thirty euros", "order it", "yes", ""] {
            let parse = SHOP.parse(text, Lang::En, &Expect::Command, &|_| false);
            assert!(parse.search.is_none() || parse.intent == Intent::Find, "{text}: {parse:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_words_make_it_panic(words in "(find me a present|under|up to|[0-9]{1,12}|euros|and|cents|years|old|million|thousand| |,|\\.){0,14}") {
            for lang in Lang::ALL {
                let parse = SHOP.parse(&words, lang, &Expect::Command, &|_| false);
                let limit = parse.search.and_then(|search| search.max);
                proptest::prop_assert!(limit.is_none_or(|limit| limit.minor > 0));
            }
        }
    }
}
