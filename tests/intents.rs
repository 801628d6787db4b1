//! Utterances and what they mean, one table for each language under `tests/intents/`.
//!
//! A case is added by adding a row: `{"text","lang","intent","lines":[{"sku","qty"}]}`.

use proptest::prelude::*;
use std::sync::LazyLock;
use tendero::understand::catalog::Catalog;
use tendero::understand::grammar::Expect;
use tendero::understand::intent::{Because, Change, Intent, NotAnOrder, Parse};
use tendero::understand::{Lang, Understanding};

static SHOP: LazyLock<Understanding> = LazyLock::new(|| {
    let text = include_str!("intents/catalog.json");
    Understanding::new(Catalog::from_json(text).expect("the test's catalogue is valid"))
});

fn table(lang: Lang) -> &'static str {
    match lang {
        Lang::En => include_str!("intents/en.jsonl"),
        Lang::Es => include_str!("intents/es.jsonl"),
        Lang::Ro => include_str!("intents/ro.jsonl"),
    }
}

fn demo_catalog() -> Catalog {
    Catalog::from_json(include_str!("../demo/catalog.json")).expect("the demo's catalogue is valid")
}

fn everyday(lang: Lang) -> &'static str {
    match lang {
        Lang::En => include_str!("intents/everyday/en.jsonl"),
        Lang::Es => include_str!("intents/everyday/es.jsonl"),
        Lang::Ro => include_str!("intents/everyday/ro.jsonl"),
    }
}

/// Words that people use, each as often as they do.
static VOCABULARY: LazyLock<[Vec<String>; 3]> = LazyLock::new(|| {
    Lang::ALL.map(|lang| {
        let rows = everyday(lang).lines().map(|l| serde_json::from_str::<Row>(l).expect("a row of the table"));
        rows.flat_map(|r| r.text.split_inclusive([' ', ',']).map(str::to_owned).collect::<Vec<_>>()).collect()
    })
});

static DEMO: LazyLock<Understanding> = LazyLock::new(|| Understanding::new(demo_catalog()));

fn parse(text: &str, lang: Lang, expect: &Expect) -> Parse {
    SHOP.parse(text, lang, expect, &|_| false)
}

#[derive(Debug, PartialEq, Eq, serde::Deserialize)]
struct Wanted {
    sku: String,
    qty: u32,
}

#[derive(serde::Deserialize)]
struct Row {
    text: String,
    intent: Intent,
    lines: Vec<Wanted>,
}

/// Least part of each table that must be exactly right, in percent.
const LEAST_EXACT: usize = 97;

#[test]
fn tables_of_utterances() {
    let mut failed = Vec::new();
    for lang in Lang::ALL {
        let rows: Vec<Row> =
            table(lang).lines().map(|l| serde_json::from_str(l).expect("a row of the table")).collect();
        assert!(rows.len() >= 120, "{lang}: {} rows", rows.len());
        assert!(rows.iter().filter(|r| !r.intent.can_buy()).count() * 3 >= rows.len());
        let mut wrong = Vec::new();
        for row in &rows {
            let parse = parse(&row.text, lang, &Expect::Command);
            let mut lines: Vec<Wanted> =
                parse.lines.iter().map(|l| Wanted { sku: l.sku.clone(), qty: l.qty }).collect();
            lines.sort_by(|a, b| a.sku.cmp(&b.sku));
            let mut wanted: Vec<&Wanted> = row.lines.iter().collect();
            wanted.sort_by(|a, b| a.sku.cmp(&b.sku));
            assert!(
                row.intent.can_buy() || !parse.intent.can_buy(),
                "{lang}: \"{}\" must never buy: {parse:?}",
                row.text
            );
            if parse.intent != row.intent || lines.iter().collect::<Vec<_>>() != wanted {
                wrong.push(format!(
                    "\"{}\": {:?} {:?}, not {:?} {:?} ({:?}, {:?}, left {:?})",
                    row.text,
                    parse.intent,
                    lines,
                    row.intent,
                    wanted,
                    parse.template,
                    parse.not_an_order,
                    parse.leftover
                ));
            }
        }
        let exact = rows.len() - wrong.len();
        println!("{lang}: {exact} of {} exact\n{}", rows.len(), wrong.join("\n"));
        if exact * 100 < rows.len() * LEAST_EXACT {
            failed.push(lang);
        }
    }
    assert!(failed.is_empty(), "less than {LEAST_EXACT} % exact: {failed:?}");
}

/// People's utterances in a folder beside the repository: `household.json`, `en.jsonl`, `es.jsonl`, `ro.jsonl`
/// and `other_talk_en.jsonl`. `TENDERO_TEXT_DIR` names it; without it this test is left out.
#[test]
fn tables_beside_the_repository() {
    let dir = std::path::PathBuf::from(std::env::var("TENDERO_TEXT_DIR").unwrap_or_else(|_| "../shared/text".into()));
    let read = |name: &str| std::fs::read_to_string(dir.join(name));
    let Ok(catalog) = read("household.json") else {
        eprintln!("left out: no utterances in {}; set TENDERO_TEXT_DIR", dir.display());
        return;
    };
    let shop = Understanding::new(Catalog::from_json(&catalog).expect("a valid catalogue"));
    for lang in Lang::ALL {
        let text = read(&format!("{lang}.jsonl")).expect("a table beside the catalogue");
        let rows: Vec<Row> = text.lines().map(|l| serde_json::from_str(l).expect("a row of the table")).collect();
        let mut exact = 0;
        for row in &rows {
            let parse = shop.parse(&row.text, lang, &Expect::Command, &|_| false);
            assert!(
                row.intent.can_buy() || !parse.intent.can_buy(),
                "{lang}: \"{}\" must never buy: {parse:?}",
                row.text
            );
            let same = row.lines.len() == parse.lines.len()
                && row.lines.iter().all(|w| parse.lines.iter().any(|l| l.sku == w.sku && l.qty == w.qty));
            exact += usize::from(parse.intent == row.intent && same);
        }
        println!("{lang}: {exact} of {} exact", rows.len());
        assert!(exact * 100 >= rows.len() * 90, "{lang}: {exact} of {}", rows.len());
    }
    for line in read("other_talk_en.jsonl").expect("a table beside the catalogue").lines() {
        let row: Row = serde_json::from_str(line).expect("a row of the table");
        let parse = shop.parse(&row.text, Lang::En, &Expect::Command, &|_| false);
        assert!(!parse.intent.can_buy(), "\"{}\" must never buy: {parse:?}", row.text);
    }
}

/// How often everyday talk is exactly right, in percent, and how many sentences that are no order parse as one
/// that can buy (the phrase and the guards still stand before a purchase). The goal is 97 and none; these are reached, and may
/// only get better.
const EVERYDAY: [(Lang, usize, usize); 3] = [(Lang::En, 65, 16), (Lang::Es, 63, 19), (Lang::Ro, 65, 16)];

#[test]
fn everyday_talk() {
    let shop = &*DEMO;
    for (lang, least_percent, most_bought) in EVERYDAY {
        let rows: Vec<Row> =
            everyday(lang).lines().map(|l| serde_json::from_str(l).expect("a row of the table")).collect();
        let (mut exact, mut bought) = (0, Vec::new());
        for row in &rows {
            let parse = shop.parse(&row.text, lang, &Expect::Command, &|_| false);
            let wanted = |p: &Wanted| parse.lines.iter().any(|l| l.sku == p.sku && l.qty == p.qty);
            let of_lines = matches!(row.intent, Intent::Reorder | Intent::ListAdd);
            let same = !of_lines || row.lines.len() == parse.lines.len() && row.lines.iter().all(wanted);
            exact += usize::from(parse.intent == row.intent && same);
            if parse.intent.can_buy() && !row.intent.can_buy() {
                bought.push(&row.text);
            }
        }
        println!("{lang}: {exact} of {} exact; {} that are no order could buy: {bought:#?}", rows.len(), bought.len());
        assert!(exact * 100 >= rows.len() * least_percent, "{lang}: {exact} of {}", rows.len());
        assert!(bought.len() <= most_bought, "{lang}: {bought:#?}");
    }
}

#[test]
fn a_correction_that_reaches_beyond_the_next_name_is_no_panic() {
    let text = "galletas de chocolate no, mejor galletas maría, dos paquetes";
    DEMO.parse(text, Lang::Es, &Expect::Command, &|_| false);
}

#[test]
fn answers_to_a_read_back() {
    for (lang, text, intent) in [
        (Lang::En, "order it", Intent::Confirm),
        (Lang::En, "yes", Intent::Affirm),
        (Lang::En, "yeah yeah stop", Intent::Deny),
        (Lang::En, "order it no", Intent::Deny),
        (Lang::En, "don't order it", Intent::Deny),
        (Lang::En, "no", Intent::Deny),
        (Lang::En, "cancel", Intent::Cancel),
        (Lang::En, "why", Intent::Why),
        (Lang::En, "say that again", Intent::Repeat),
        (Lang::Es, "pide eso", Intent::Confirm),
        (Lang::Es, "no pidas eso", Intent::Deny),
        (Lang::Es, "sí", Intent::Affirm),
        (Lang::Ro, "comandă acum", Intent::Confirm),
        (Lang::Ro, "nu comanda acum", Intent::Deny),
        (Lang::Ro, "da", Intent::Affirm),
    ] {
        let parse = parse(text, lang, &Expect::Confirm);
        let same =
            parse.intent == intent || (intent == Intent::Deny && matches!(parse.intent, Intent::Cancel | Intent::Stop));
        assert!(same, "{text}: {parse:?}");
    }
}

#[test]
fn a_quantity_after_a_read_back_is_a_change() {
    for (lang, text, qty) in [
        (Lang::En, "two", 2),
        (Lang::En, "two packs", 2),
        (Lang::En, "make it three", 3),
        (Lang::En, "two, no, three packs", 3),
        (Lang::Es, "dos", 2),
        (Lang::Es, "que sean tres", 3),
        (Lang::Ro, "două", 2),
        (Lang::Ro, "fă-le patru", 4),
    ] {
        let parse = parse(text, lang, &Expect::Confirm);
        assert_eq!((parse.intent, parse.change.clone()), (Intent::Change, Some(Change::Qty(qty))), "{text}: {parse:?}");
    }
}

#[test]
fn a_challenge_needs_its_words() {
    let expect = Expect::Challenge { words: vec!["amber".into(), "falcon".into()] };
    assert_eq!(parse("order it amber falcon", Lang::En, &expect).intent, Intent::Confirm);
    assert_eq!(parse("order it amber", Lang::En, &expect).intent, Intent::Affirm);
    assert_eq!(parse("order it", Lang::En, &expect).intent, Intent::Affirm);
    assert!(!parse("amber falcon", Lang::En, &expect).intent.can_buy());
    assert!(!parse("order it amber falcon no", Lang::En, &expect).intent.can_buy());
}

#[test]
fn a_choice_is_made_by_name_or_place() {
    let expect = Expect::Choice { skus: vec!["milk".into(), "goat-milk".into()] };
    let first = parse("the first one", Lang::En, &expect);
    assert_eq!((first.intent, first.change), (Intent::Change, Some(Change::Which("the first one".into()))));
    let named = parse("the goat milk", Lang::En, &expect);
    assert_eq!(named.lines.first().map(|l| l.sku.as_str()), Some("goat-milk"));
    assert_eq!(parse("no thanks", Lang::En, &expect).intent, Intent::Deny);
}

#[test]
fn options_stand_around_their_product() {
    let parse = parse(
        "two large flat whites with oat milk and a small flat white with a little bit of milk",
        Lang::En,
        &Expect::Command,
    );
    let line = &parse.lines[0];
    assert_eq!(
        (line.qty, line.options["size"].as_str(), line.options["milk"].as_str()),
        (2, "large", "oat"),
        "{parse:?}"
    );
}

#[test]
fn the_household_wins_ties() {
    let usual = SHOP.parse("order nappies", Lang::En, &Expect::Command, &|sku| sku == "nappies-3");
    assert_eq!((usual.lines[0].sku.as_str(), usual.lines[0].because), ("nappies-3", Because::Usual));
    assert!(usual.lines[0].rivals.iter().any(|r| r.sku == "nappies-2"));
    let named = SHOP.parse("order nappies size two", Lang::En, &Expect::Command, &|sku| sku == "nappies-3");
    assert_eq!((named.lines[0].sku.as_str(), named.lines[0].because), ("nappies-2", Because::Named));
}

#[test]
fn a_megabyte_is_refused() {
    let parse = parse(&"order milk ".repeat(100_000), Lang::En, &Expect::Command);
    assert_eq!((parse.intent, parse.not_an_order), (Intent::None, Some(NotAnOrder::Unexplained)));
}

/// What a recogniser for JSGF needs: every rule that is used is defined, once, and every bracket closed.
fn well_formed(jsgf: &str) {
    let mut defined = std::collections::BTreeSet::from(["garbage".to_owned(), "NULL".to_owned()]);
    let rules: Vec<(&str, &str)> =
        jsgf.split(';').filter_map(|r| r.trim().trim_start_matches("public ").split_once(" = ")).collect();
    for (name, _) in &rules {
        let name = name.rsplit('\n').next().expect("split gives one part").trim().trim_matches(['<', '>']);
        assert!(defined.insert(name.to_owned()), "<{name}> is defined twice");
    }
    for (name, body) in rules {
        for used in body.split('<').skip(1).filter_map(|r| r.split_once('>')).map(|(n, _)| n) {
            assert!(defined.contains(used), "{name} uses <{used}>, which is not defined");
        }
        for (open, close) in [('(', ')'), ('[', ']')] {
            assert_eq!(body.matches(open).count(), body.matches(close).count(), "{name}: {body}");
        }
    }
}

#[test]
fn grammars_are_well_formed() {
    let expects = [
        Expect::Command,
        Expect::Confirm,
        Expect::Challenge { words: vec!["amber".into(), "falcon".into()] },
        Expect::Choice { skus: vec!["milk".into(), "goat-milk".into()] },
    ];
    for lang in Lang::ALL {
        for expect in &expects {
            let grammar = SHOP.grammar(lang, expect);
            assert!(grammar.jsgf.contains("public <utterance> =") && grammar.jsgf.contains("| <garbage>"));
            assert!(grammar.words.iter().all(|w| *w == w.to_lowercase() && !w.contains(' ')));
            well_formed(&grammar.jsgf);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_the_parser_panic(text in "\\PC{0,120}", lang in 0usize..3) {
        let lang = Lang::ALL[lang];
        for expect in [Expect::Command, Expect::Confirm, Expect::Choice { skus: vec!["milk".into()] }] {
            let parse = parse(&text, lang, &expect);
            prop_assert!((0.0..=1.0).contains(&parse.score));
        }
    }

    #[test]
    fn no_heap_of_its_own_words_makes_it_panic(
        words in proptest::collection::vec(proptest::sample::select(vec![
            "order", "two", "no", "milk", "and", "of", "a", "dozen", "packs", "ran", "out", "sorry", "hundred", "thousand", "size", "three",
            "nappies", "not", "it", "large", "flat", "white", "with", "each", "the", "last", "cancel", ",", "7", "99999999999",
        ]), 0..60),
    ) {
        let text = words.join(" ");
        for expect in [Expect::Command, Expect::Confirm, Expect::Choice { skus: vec!["milk".into()] }] {
            let parse = parse(&text, Lang::En, &expect);
            prop_assert!(parse.lines.iter().all(|l| l.qty >= 1));
        }
    }

    #[test]
    fn no_heap_of_peoples_words_makes_it_panic(
        lang in 0usize..3,
        words in proptest::collection::vec(any::<proptest::sample::Index>(), 0..40),
    ) {
        let text: String = words.iter().map(|at| at.get(&VOCABULARY[lang]).as_str()).collect();
        let parse = DEMO.parse(&text, Lang::ALL[lang], &Expect::Command, &|_| false);
        prop_assert!(parse.lines.iter().all(|l| l.qty >= 1));
    }
}
