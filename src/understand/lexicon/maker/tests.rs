use super::*;
use crate::understand::Understanding;
use crate::understand::catalog::Catalog;
use crate::understand::grammar::Expect;
use crate::understand::intent::{Intent, Parse};

fn lexicons(lang: Lang, text: &str) -> Result<Lexicons, LexiconError> {
    Lexicons::new([(lang, format!("mine/{lang}.toml"), text.to_owned())])
}

fn taught(lang: Lang, text: &str) -> Understanding {
    let catalog = Catalog::from_json(include_str!("../../../../demo/catalog.json")).expect("the demo's catalogue");
    Understanding::with_lexicons(catalog, lexicons(lang, text).unwrap_or_else(|e| panic!("{e}")))
}

fn parse(understanding: &Understanding, lang: Lang, text: &str) -> Parse {
    understanding.parse(text, lang, &Expect::Command, &|_| false)
}

fn template(head: &str, say: &str) -> String {
    format!("[[template]]\nname = \"mine\"\n{head}\nsay = [\"{say}\"]\n")
}

#[test]
fn each_mistake_is_named_with_file_place_and_what_to_do() {
    let reorder = |say| template("intent = \"reorder\"", say);
    let cases: Vec<(String, &[&str])> = vec![
        ("[wrods]".into(), &["line 1", "unknown field `wrods`", "`words`"]),
        ("\n[words]\nartikles = []".into(), &["line 3", "artikles"]),
        (template("intnet = \"price\"", "a"), &["line 3", "intnet"]),
        ("wake = [".into(), &["line 1"]),
        (template("intent = \"buy\"", "a"), &["`buy`", "`reorder`"]),
        (reorder("(fetch {items}"), &["template \"mine\"", "(fetch {items}", "not closed"]),
        (reorder("fetch {milk}"), &["template \"mine\"", "{milk}", "{items}"]),
        (reorder("fetch <nothing> {items}"), &["template \"mine\"", "<nothing>", "[rules]"]),
        ("[[template]]\nname = \"mine\"\nsay = []".into(), &["template \"mine\"", "say = "]),
        (template("intent = \"none\"", "a"), &["template \"mine\"", "use forbids"]),
        (template("intent = \"price\"\nspares = true", "a"), &["not two"]),
        (reorder("{items}"), &["template \"mine\"", "add a word"]),
        (reorder("[fetch] {items}"), &["add a word"]),
        (reorder("fetch {any} {items}"), &["{any}", "forbids"]),
        (template("intent = \"confirm\"\nwhole = true", "yes"), &["completes a purchase", "affirm"]),
        (template("intent = \"affirm\"\nwhole = true", "if my neighbour agrees"), &["\"if\"", "part of a yes"]),
        (template("intent = \"affirm\"", "aye"), &["whole = true"]),
        ("[[template]]\nname = \"negated\"\nintent = \"reorder\"\nsay = [\"a\"]".into(), &["another name"]),
        ("[rules]\nmine = \"(a\"".into(), &["rule <mine>", "not closed"]),
        ("[rules]\nmine = \"<yours>\"".into(), &["rule <mine>", "<yours>"]),
        ("[rules]\na = \"<b>\"\nb = \"<a>\"".into(), &["leads back to itself"]),
        ("[rules_more]\norder = \"(zorb|<lead>)\"\nlead = \"<order>\"".into(), &["leads back to itself"]),
        ("[rules]\n\"my rule\" = \"a\"".into(), &["rule <my rule>", "hyphens"]),
        ("[rules_more]\nmine = \"a\"".into(), &["rule <mine>", "under [rules]"]),
        ("[rules]\norder = \"zorb\"\n[rules_more]\norder = \"zorb\"".into(), &["rule <order>", "choose one"]),
        ("[amounts]\n\"a heap\" = 1000000".into(), &["amounts", "a heap", "999999"]),
        ("[words]\nlight = [\"!\"]".into(), &["words.light", "no word"]),
    ];
    for (text, parts) in cases {
        let error = lexicons(Lang::En, &text).expect_err(&text).to_string();
        assert!(error.starts_with("mine/en.toml: "), "{text}: {error}");
        assert_eq!(error.lines().count(), 1, "{text}: {error}");
        for part in parts {
            assert!(error.contains(part), "{part:?} is missing from: {error}\n{text}");
        }
    }
}

#[test]
fn nothing_that_forbids_can_be_taught_away() {
    let mine = |say| template("intent = \"reorder\"\ndepletes = true", say);
    let cases = [
        (Lang::En, mine("don't order {items}")),
        (Lang::En, mine("oh don't you ever order {items}")),
        (Lang::En, mine("alexa order {items}")),
        (Lang::En, mine("if we order {items}")),
        (Lang::En, template("", "said the girl")),
        (Lang::En, template("spares = true", "don't order {items}")),
        (Lang::En, template("intent = \"price\"", "don't order {items}")),
        (Lang::En, template("intent = \"deny\"\nwhole = true", "don't you dare")),
        (Lang::En, "[rules]\nmine = \"(don't|never)\"\n".to_owned() + &mine("<mine> order {items}")),
        (Lang::En, "[rules_more]\nlead = \"(don't)\"".into()),
        (Lang::En, "[rules_more]\nplease = \"(said the girl)\"".into()),
        (Lang::En, "[rules]\nlead = \"(don't)\"".into()),
        (Lang::En, "wake = [\"don't\"]".into()),
        (Lang::En, "wake = [\"tendero don't\"]".into()),
        (Lang::En, "[words]\narticles = [\"never\"]".into()),
        (Lang::En, "[words]\ncorrections = [\"don't order\"]".into()),
        (Lang::En, "[numbers]\ndon = 2".into()),
        (Lang::En, "[units]\npack = [\"not\"]".into()),
        (Lang::En, "[synonyms]\nmilk = [\"never\"]".into()),
        (Lang::Es, mine("no pidas {items}")),
        (Lang::Es, "wake = [\"no\"]".into()),
        (Lang::Ro, mine("nu comanda {items}")),
        (Lang::Ro, "wake = [\"nu\"]".into()),
    ];
    for (lang, text) in cases {
        let error = lexicons(lang, &text).expect_err(&text).to_string();
        assert!(error.contains("take it out") || error.contains("leave those words out"), "{text}: {error}");
    }
}

#[test]
fn a_replaced_rule_still_forbids_with_its_old_words() {
    let text = "[rules]\nthey = \"(zorb)\"\norder = \"(procure)\"\nwho = \"(zorb)\"\n";
    let understanding = taught(Lang::En, text);
    for said in ["my neighbour ordered coffee", "don't order milk", "don't procure milk", "never order coffee again"] {
        let parse = parse(&understanding, Lang::En, said);
        assert!(!parse.intent.can_buy() && parse.lines.is_empty(), "{said}: {parse:?}");
    }
    assert_eq!(parse(&understanding, Lang::En, "procure milk please").intent, Intent::Reorder);
}

#[test]
fn rules_are_extended_and_replaced() {
    let plain = Understanding::new(taught(Lang::En, "").catalog().clone());
    let more = taught(Lang::En, "[rules_more]\norder = \"(conjure up)\"\n");
    let instead = taught(Lang::En, "[rules]\norder = \"(conjure up)\"\n");
    let rules =
        |understanding: &Understanding, said: &str| understanding.features(said, Lang::En).contains("rules reorder");
    assert_eq!((rules(&plain, "conjure up two milk please"), rules(&plain, "reorder milk")), (false, true));
    assert_eq!((rules(&more, "conjure up two milk please"), rules(&more, "reorder milk")), (true, true));
    assert!(rules(&instead, "conjure up two milk please"));
    assert_eq!(parse(&more, Lang::En, "conjure up milk please").intent, Intent::Reorder);
}

#[test]
fn words_of_tables_are_understood() {
    let text =
        "[amounts]\n\"a brace of\" = 2\n[synonyms]\ncoffee = [\"joe\"]\n[units]\nroll = [\"scroll\", \"scrolls\"]\n";
    let understanding = taught(Lang::En, text);
    let line = |said: &str| {
        let lines = parse(&understanding, Lang::En, said).lines;
        lines.first().map(|l| (l.sku.clone(), l.qty))
    };
    let milk = line("order milk").expect("there is milk").0;
    assert_eq!(line("order a brace of milk"), Some((milk, 2)));
}

#[test]
fn what_stands_beside_the_phrase_that_buys_cannot_be_taught() {
    let text = template("", "oh my goodness gracious") + "[rules_more]\nplease = \"(pretty as a picture)\"\n";
    let understanding = taught(Lang::En, &text);
    let answer = |said: &str| understanding.parse(said, Lang::En, &Expect::Confirm, &|_| false).intent;
    assert_eq!(answer("order it"), Intent::Confirm);
    assert_ne!(answer("order it pretty as a picture"), Intent::Confirm);
    assert_eq!(answer("order it please"), Intent::Confirm);
}

#[test]
fn the_examples_of_the_guide_work() {
    let guide = include_str!("../README.md");
    for (lang, heading) in [(Lang::En, "### English"), (Lang::Es, "### Spanish"), (Lang::Ro, "### Romanian")] {
        let section = guide.split(heading).nth(1).expect("the guide has a section for each language");
        let block = |kind: &str| {
            let start = section.split(&format!("```{kind}\n")).nth(1).unwrap_or_else(|| panic!("{heading} has {kind}"));
            start.split("```").next().expect("a block ends").to_owned()
        };
        let understanding = taught(lang, &block("toml"));
        for line in block("text").lines() {
            let (said, meaning) = line.split_once(" → ").expect("a sentence and its meaning");
            let parse = parse(&understanding, lang, said.trim());
            let lines: Vec<String> = parse.lines.iter().map(|l| format!("{} × {}", l.qty, l.sku)).collect();
            let got = format!("{} {}", parse.intent.name(), lines.join(", "));
            assert_eq!(got.trim(), meaning.trim(), "{said}: {parse:?}");
        }
    }
}

#[test]
fn what_is_written_down_is_read_again() {
    let text = "[rules_more]\norder = \"(conjure up)\"\n";
    let lexicons = lexicons(Lang::En, text).expect("a good file");
    let json = serde_json::to_string(&lexicons).expect("texts are JSON");
    let again: Lexicons = serde_json::from_str(&json).expect("it was good before");
    assert_eq!(again.added().collect::<Vec<_>>(), lexicons.added().collect::<Vec<_>>());
    assert!(serde_json::from_str::<Lexicons>(r#"{"en":"[wrods]"}"#).is_err());
}
