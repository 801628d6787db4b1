//! Every number as people say it, there and back; what is no number; and what another library reads.
//!
//! The spellers below know nothing of the lexicon's tables.

use super::*;
use crate::understand::text;
use std::collections::BTreeSet;

const EN: [&str; 20] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];
const EN_TENS: [&str; 8] = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];

/// How one person says a number: which of the forms that mean the same.
#[derive(Debug, Clone, Copy)]
struct Style {
    /// "a hundred and five" for "one hundred five"; "ciento una" for "ciento uno"; "două" for "doi".
    soft: bool,
    /// "twelve hundred"; "treintaiuno"; "douăj'doi", "cinșpe".
    short: bool,
    /// "twenty five" for "twenty-five"; "un" before what is counted; without diacritics.
    plain: bool,
}

fn styles() -> impl Iterator<Item = Style> {
    (0..8).map(|bits| Style { soft: bits & 1 > 0, short: bits & 2 > 0, plain: bits & 4 > 0 })
}

fn join(parts: &[String]) -> String {
    parts.iter().filter(|p| !p.is_empty()).cloned().collect::<Vec<_>>().join(" ")
}

fn english(n: u32, style: Style) -> String {
    let below_100 = |n: u32| match (n, n % 10) {
        (0..20, _) => EN[n as usize].to_owned(),
        (_, 0) => EN_TENS[n as usize / 10 - 2].to_owned(),
        (_, unit) => {
            let mark = if style.plain { " " } else { "-" };
            format!("{}{mark}{}", EN_TENS[n as usize / 10 - 2], EN[unit as usize])
        }
    };
    let tail = |n: u32| match n {
        0 => String::new(),
        _ if style.soft => format!("and {}", below_100(n)),
        _ => below_100(n),
    };
    let one = |n: u32, first: bool| match n {
        1 if style.soft && first => "a".to_owned(),
        _ => below_100(n),
    };
    let below_1000 = |n: u32, first: bool| match n / 100 {
        0 => below_100(n),
        hundreds => join(&[one(hundreds, first), "hundred".into(), tail(n % 100)]),
    };
    if style.short && (1_100..10_000).contains(&n) && !(n / 100).is_multiple_of(10) {
        return join(&[below_100(n / 100), "hundred".into(), tail(n % 100)]);
    }
    let rest = match n % 1000 {
        rest @ 0..100 => tail(rest),
        rest => below_1000(rest, false),
    };
    match n / 1000 {
        0 => below_1000(n, true),
        1 => join(&[one(1, true), "thousand".into(), rest]),
        thousands => join(&[below_1000(thousands, true), "thousand".into(), rest]),
    }
}

const ES: [&str; 30] = [
    "cero",
    "uno",
    "dos",
    "tres",
    "cuatro",
    "cinco",
    "seis",
    "siete",
    "ocho",
    "nueve",
    "diez",
    "once",
    "doce",
    "trece",
    "catorce",
    "quince",
    "dieciséis",
    "diecisiete",
    "dieciocho",
    "diecinueve",
    "veinte",
    "veintiuno",
    "veintidós",
    "veintitrés",
    "veinticuatro",
    "veinticinco",
    "veintiséis",
    "veintisiete",
    "veintiocho",
    "veintinueve",
];
const ES_TENS: [&str; 7] = ["treinta", "cuarenta", "cincuenta", "sesenta", "setenta", "ochenta", "noventa"];
const ES_HUNDREDS: [&str; 8] = [
    "doscientos",
    "trescientos",
    "cuatrocientos",
    "quinientos",
    "seiscientos",
    "setecientos",
    "ochocientos",
    "novecientos",
];

fn spanish(n: u32, style: Style) -> String {
    let below_100 = |n: u32| match (n, n % 10) {
        (0..30, _) => ES[n as usize].to_owned(),
        (_, 0) => ES_TENS[n as usize / 10 - 3].to_owned(),
        (_, unit) if style.short => format!("{}i{}", ES_TENS[n as usize / 10 - 3], ES[unit as usize]),
        (_, unit) => format!("{} y {}", ES_TENS[n as usize / 10 - 3], ES[unit as usize]),
    };
    let below_1000 = |n: u32| match (n / 100, n % 100) {
        (0, _) => below_100(n),
        (1, 0) => "cien".to_owned(),
        (1, rest) => format!("ciento {}", below_100(rest)),
        (hundreds, rest) => {
            let hundreds = ES_HUNDREDS[hundreds as usize - 2];
            if rest == 0 { hundreds.to_owned() } else { format!("{hundreds} {}", below_100(rest)) }
        }
    };
    let counting = |said: String| match said.strip_suffix("uno") {
        Some(stem) if stem.ends_with("veinti") => format!("{stem}ún"),
        Some(stem) => format!("{stem}un"),
        None => said,
    };
    let female = |said: String| match said.strip_suffix("uno") {
        Some(stem) => format!("{stem}una"),
        None => said,
    };
    let rest = if n.is_multiple_of(1000) && n > 0 { String::new() } else { below_1000(n % 1000) };
    let rest = match style {
        Style { soft: true, .. } => female(rest),
        Style { plain: true, .. } => counting(rest),
        _ => rest,
    };
    let thousands = match n / 1000 {
        0 => String::new(),
        1 => "mil".to_owned(),
        thousands => format!("{} mil", counting(below_1000(thousands))),
    };
    let said = join(&[thousands, rest]);
    if style.soft { said.replace("cientos", "cientas").replace("quinientos", "quinientas") } else { said }
}

const RO: [&str; 20] = [
    "zero",
    "unu",
    "doi",
    "trei",
    "patru",
    "cinci",
    "șase",
    "șapte",
    "opt",
    "nouă",
    "zece",
    "unsprezece",
    "doisprezece",
    "treisprezece",
    "paisprezece",
    "cincisprezece",
    "șaisprezece",
    "șaptesprezece",
    "optsprezece",
    "nouăsprezece",
];
const RO_SHORT: [&str; 9] =
    ["unșpe", "doișpe", "treișpe", "paișpe", "cinșpe", "șaișpe", "șapteșpe", "optișpe", "nouășpe"];
const RO_TENS: [&str; 8] =
    ["douăzeci", "treizeci", "patruzeci", "cincizeci", "șaizeci", "șaptezeci", "optzeci", "nouăzeci"];
const RO_SHORT_TENS: [&str; 8] = ["douăj'", "treij'", "patruș'", "cinzeci ", "șaij'", "șapteș'", "optzeș'", "nouăș'"];

fn romanian(n: u32, style: Style) -> String {
    let gendered = |n: u32, female: bool| match n {
        1 if female => "una",
        2 if female => "două",
        12 if female && style.short => "douășpe",
        12 if female => "douăsprezece",
        11..20 if style.short => RO_SHORT[n as usize - 11],
        _ => RO[n as usize],
    };
    let below_100 = |n: u32, female: bool| match (n, n % 10) {
        (0..20, _) => gendered(n, female).to_owned(),
        (_, 0) => RO_TENS[n as usize / 10 - 2].to_owned(),
        (_, unit) if style.short => format!("{}{}", RO_SHORT_TENS[n as usize / 10 - 2], gendered(unit, female)),
        (_, unit) => format!("{} și {}", RO_TENS[n as usize / 10 - 2], gendered(unit, female)),
    };
    let below_1000 = |n: u32, female: bool| {
        let hundreds = match n / 100 {
            0 => return below_100(n, female),
            1 => "o sută".to_owned(),
            hundreds => format!("{} sute", gendered(hundreds, true)),
        };
        let rest = if n.is_multiple_of(100) { String::new() } else { below_100(n % 100, female) };
        join(&[hundreds, rest])
    };
    let thousands = match (n / 1000, n / 1000 % 100) {
        (0, _) => String::new(),
        (1, _) => "o mie".to_owned(),
        (thousands, 1..20) => format!("{} mii", below_1000(thousands, true)),
        (thousands, _) => format!("{} de mii", below_1000(thousands, true)),
    };
    let rest = if n.is_multiple_of(1000) && n > 0 { String::new() } else { below_1000(n % 1000, style.soft) };
    let said = join(&[thousands, rest]);
    if style.plain { text::fold(&said) } else { said }
}

fn spell(n: u32, lang: Lang, style: Style) -> String {
    match lang {
        Lang::En => english(n, style),
        Lang::Es => spanish(n, style),
        Lang::Ro => romanian(n, style),
    }
}

/// Every number below ten thousand and a sample of those above, in all the ways in which the styles differ.
fn spellings(lang: Lang) -> impl Iterator<Item = (u32, String)> {
    // The constants are those of Numerical Recipes; the seed is any.
    let draws = std::iter::successors(Some(2_026u32), |n| Some(n.wrapping_mul(1_664_525).wrapping_add(1_013_904_223)));
    let sample = draws.take(3_000).map(|n| 10_000 + (n >> 8) % 990_000);
    (0..10_000).chain(sample).chain([999_999]).flat_map(move |n| {
        let said: BTreeSet<String> = styles().map(|style| spell(n, lang, style)).collect();
        said.into_iter().map(move |said| (n, said))
    })
}

/// The number that begins `said`, and how many tokens it leaves.
fn read(said: &str, lexicon: &Lexicon) -> Option<(u32, usize)> {
    let tokens = text::tokens(said, lexicon.lang).expect("it is short");
    number(&tokens, 0, lexicon).map(|(value, end)| (value, tokens.len() - end))
}

#[test]
fn every_number_is_read_as_it_is_spelled() {
    for lang in Lang::ALL {
        let lexicon = Lexicon::built_in(lang);
        for (n, said) in spellings(lang) {
            assert_eq!(read(&said, &lexicon), Some((n, 0)), "{lang}: {said:?}");
        }
    }
}

#[test]
fn the_spellers_say_what_people_say() {
    let style = |bits: u32| styles().nth(bits as usize).expect("there are eight");
    for (n, lang, bits, want) in [
        (105, Lang::En, 1, "a hundred and five"),
        (1_200, Lang::En, 0, "one thousand two hundred"),
        (1_250, Lang::En, 7, "twelve hundred and fifty"),
        (25, Lang::En, 0, "twenty-five"),
        (121, Lang::Es, 4, "ciento veintiún"),
        (32, Lang::Es, 0, "treinta y dos"),
        (2_500, Lang::Es, 1, "dos mil quinientas"),
        (31_001, Lang::Es, 2, "treintaiún mil uno"),
        (121, Lang::Ro, 0, "o sută douăzeci și unu"),
        (1_200, Lang::Ro, 0, "o mie două sute"),
        (22, Lang::Ro, 6, "douaj'doi"),
        (22_022, Lang::Ro, 1, "douăzeci și două de mii douăzeci și două"),
    ] {
        let said = spell(n, lang, style(bits));
        // Both spellings of 31 are read; only the accent differs.
        assert_eq!(text::fold(&said), text::fold(want));
    }
}

/// Value and tokens left over.
type Case<'a> = (&'a str, Option<(u32, usize)>);

fn check(lang: Lang, cases: &[Case]) {
    let lexicon = Lexicon::built_in(lang);
    for (said, want) in cases {
        assert_eq!(read(said, &lexicon), *want, "{lang}: {said:?}");
    }
}

#[test]
fn english_numbers_end_where_they_end() {
    check(
        Lang::En,
        &[
            ("one hundred and two hundred", Some((100, 3))),
            ("one hundred two hundred", Some((100, 2))),
            ("one hundred and two thousand", Some((102_000, 0))),
            ("two thousand twelve hundred", Some((2_000, 2))),
            ("a thousand and two hundred", Some((1_200, 0))),
            ("twentyfive packs", Some((25, 1))),
            ("two and three", Some((2, 2))),
            ("twenty, five", Some((20, 1))),
            ("five hundred, and six", Some((500, 2))),
            ("twenty and some milk", Some((20, 3))),
            ("hundred", Some((100, 0))),
            ("one of those", Some((1, 2))),
            ("one two three", Some((1, 2))),
            ("zero five", Some((0, 1))),
            ("1,000 packs", Some((1_000, 1))),
            ("12,345", Some((12_345, 0))),
            ("1, 000", Some((1, 1))),
            ("2, 500 ml", Some((2, 2))),
            ("0,750", Some((0, 1))),
            ("1,50", Some((1, 1))),
            ("2 thousand five hundred", Some((2_500, 0))),
            ("3 hundred", Some((300, 0))),
            ("24 rolls", Some((24, 1))),
            ("4294967296", None),
            ("2nd pack", None),
            ("21st", None),
            ("2 nd", Some((2, 1))),
            ("a pack", None),
            ("a, hundred", None),
            ("second", None),
            ("the second one", None),
            ("thousand", None),
            ("another one", None),
        ],
    );
}

#[test]
fn spanish_numbers_end_where_they_end() {
    check(
        Lang::Es,
        &[
            ("uno de leche", Some((1, 2))),
            ("una leche", Some((1, 1))),
            ("mil", Some((1_000, 0))),
            ("mil dos mil", Some((1_000, 2))),
            ("mil cien", Some((1_100, 0))),
            ("cien mil", Some((100_000, 0))),
            ("treinta dos", Some((32, 0))),
            ("diez y seis", Some((16, 0))),
            ("diez y dos", Some((10, 2))),
            ("dos y tres", Some((2, 2))),
            ("treinta y leche", Some((30, 2))),
            ("ciento y uno", None),
            ("ciento", None),
            ("mil ciento", Some((1_000, 1))),
            ("cuarentidós", Some((42, 0))),
            ("treinta y un mil", Some((31_000, 0))),
            ("1.000 paquetes", Some((1_000, 1))),
            ("2 mil quinientos", Some((2_500, 0))),
            ("2º", None),
            ("3ra", None),
            ("segundo", None),
            ("otra", None),
        ],
    );
}

#[test]
fn romanian_numbers_end_where_they_end() {
    check(
        Lang::Ro,
        &[
            ("mie", None),
            ("mie două", None),
            ("mii de scuze", None),
            ("o mie", Some((1_000, 0))),
            ("o, mie", Some((1, 1))),
            ("o pâine", Some((1, 1))),
            ("două mii o pâine", Some((2_000, 2))),
            ("o mie o sută", Some((1_100, 0))),
            ("o sută două sute", Some((100, 2))),
            ("o sută două mii", Some((102_000, 0))),
            ("o mie două mii", Some((1_000, 2))),
            ("douăzeci de pachete", Some((20, 2))),
            ("20 de mii", Some((20_000, 0))),
            ("2 mii 500", Some((2_000, 1))),
            ("douăzeci și una de mii", Some((21_000, 0))),
            ("douăzeci și o pâine", Some((20, 3))),
            ("douăzeci și un pachete", Some((21, 1))),
            ("doi și trei", Some((2, 2))),
            ("cincisprezece sute", Some((1_500, 0))),
            ("doișpe", Some((12, 0))),
            ("douăj'doi de lei", Some((22, 2))),
            ("douășcinci", Some((25, 0))),
            ("cinzeci și unu", Some((51, 0))),
            ("1.000 de pachete", Some((1_000, 2))),
            ("2-a", None),
            ("al doilea", None),
        ],
    );
    let lexicon = Lexicon::built_in(Lang::Ro);
    for (said, at, want) in [
        ("a doua cutie", 1, None),
        ("a două cutii", 1, Some((2, 2))),
        ("te rog mie două", 2, None),
        ("și mie două", 1, None),
        ("o mie", 1, Some((1_000, 2))),
        ("nouă mii", 1, Some((1_000, 2))),
        ("scuze mii", 1, None),
    ] {
        let tokens = text::tokens(said, Lang::Ro).expect("it is short");
        assert_eq!(number(&tokens, at, &lexicon), want, "{said:?} from {at}");
    }
}

/// `text2num` has no Romanian and knows neither a leading "a" nor "veintiún" nor "treintaiuno".
#[test]
fn another_library_reads_the_same() {
    let languages = [(Lang::En, text2num::Language::english()), (Lang::Es, text2num::Language::spanish())];
    for (lang, library) in languages {
        let lexicon = Lexicon::built_in(lang);
        let lacks = |said: &str| {
            lang == Lang::Es
                && (said.contains("veintiún") || ES_TENS.iter().any(|ten| said.contains(&format!("{ten}i"))))
        };
        for (_, said) in spellings(lang) {
            let known = said.strip_prefix("a ").map_or(said.clone(), |rest| format!("one {rest}"));
            if lacks(&known) {
                continue;
            }
            let theirs = text2num::text2digits(&known, &library).ok().and_then(|digits| digits.parse().ok());
            assert_eq!(theirs, read(&known, &lexicon).map(|(value, _)| value), "{lang}: {known:?}");
        }
    }
}
