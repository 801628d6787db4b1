//! The guide by itself: what it asks, when it stops, what it proposes and why, and what is wrong with a file.

use super::reason::money;
use super::*;
use crate::deliver::envelope::FindAnswer;

/// Eight toys, of two prices and two ages; a wine.
pub(in crate::shop) fn catalog() -> Catalog {
    let product = |sku: &str, amount: i64, category: &str, flags: &str| {
        format!(
            r#"{{"sku":"{sku}","title":{{"en":"{sku}"}},"pack":{{"count":1,"unit":"piece"}},"unit_amount":{amount},
                "max_qty":5,"category":"{category}","flags":[{flags}]}}"#
        )
    };
    let products = [
        product("blocks", 2_490, "toys", ""),
        product("castle", 4_990, "toys", ""),
        product("dino-book", 1_290, "books", ""),
        product("farm-book", 990, "books", ""),
        product("kite", 1_799, "toys", ""),
        product("ball", 799, "toys", ""),
        product("puzzle", 1_299, "toys", ""),
        product("rattle", 599, "toys", ""),
        product("wine", 799, "drinks", "\"restricted:alcohol\""),
    ];
    let text = format!(
        r#"{{"shop":"corner","version":1,"part":1,"parts":1,"currency":"EUR","products":[{}]}}"#,
        products.join(",")
    );
    Catalog::from_json(&text).expect("the catalogue is valid")
}

pub(in crate::shop) const GUIDE: &str = r#"{
 "tags": {
  "birthday": {"en": ["birthday"]},
  "dinosaurs": {"en": ["dinosaur"], "es": ["dinosaurio"]},
  "build": {}, "read": {}, "outside": {}, "calm": {}
 },
 "questions": [
  {"id": "place", "ask": {"en": "Where will they play?", "es": "¿Dónde va a jugar?"}, "choices": [
   {"id": "out", "words": {"en": "outside", "es": "fuera"}, "tags": ["outside"]},
   {"id": "in", "words": {"en": "at home", "es": "en casa"}, "tags": ["calm"]}]},
  {"id": "kind", "ask": {"en": "What do they like?", "es": "¿Qué le gusta?"}, "choices": [
   {"id": "build", "words": {"en": "to build", "es": "construir"}, "tags": ["build"]},
   {"id": "read", "words": {"en": "to read", "es": "leer"}, "categories": ["books"]},
   {"id": "run", "words": {"en": "to run about", "es": "correr"}, "tags": ["outside"]}]}
 ],
 "products": [
  {"sku": "blocks", "ages": {"from": 5, "to": 8}, "tags": ["birthday", "build", "calm"]},
  {"sku": "castle", "ages": {"from": 5, "to": 10}, "tags": ["birthday", "build", "calm"]},
  {"sku": "dino-book", "ages": {"from": 4, "to": 8}, "tags": ["read", "calm", "dinosaurs"]},
  {"sku": "farm-book", "ages": {"from": 2, "to": 6}, "tags": ["read", "calm"]},
  {"sku": "kite", "ages": {"from": 6, "to": 99}, "tags": ["birthday", "outside"],
   "because": {"en": "it flies in any wind", "es": "vuela con cualquier viento"}},
  {"sku": "ball", "ages": {"from": 2, "to": 9}, "tags": ["outside"]},
  {"sku": "puzzle", "ages": {"from": 5, "to": 8}, "tags": ["birthday", "build", "calm"]},
  {"sku": "rattle", "ages": {"from": 0, "to": 1}, "tags": ["calm"]},
  {"sku": "wine", "tags": ["calm"]}
 ],
 "reasons": [
  {"when": "ages", "says": {"en": "it suits children from {from} to {to}", "es": "es para niños de {from} a {to} años"}},
  {"when": "price", "says": {"en": "it stays under {max}", "es": "cuesta menos de {max}"}},
  {"when": {"tag": "dinosaurs"}, "says": {"en": "it is full of dinosaurs", "es": "está lleno de dinosaurios"}}
 ]
}"#;

fn guide() -> Guide {
    Guide::from_json(GUIDE, &catalog()).expect("the guide is valid")
}

fn find() -> Find {
    Find {
        aud: "t".into(),
        request_id: "r".into(),
        text: String::new(),
        language: Lang::En,
        max_amount: None,
        currency: "EUR".into(),
        age: None,
        occasion: None,
        answers: vec![],
    }
}

fn answers(of: &[(&str, &str)]) -> Vec<FindAnswer> {
    let answer =
        |(question, choice): &(&str, &str)| FindAnswer { question_id: (*question).into(), choice_id: (*choice).into() };
    of.iter().map(answer).collect()
}

fn next(find: &Find) -> Next {
    guide().next(&catalog(), find)
}

fn asked(next: &Next) -> (&str, Vec<&str>) {
    let Next::Ask(question) = next else { panic!("not a question: {next:?}") };
    (&question.question_id, question.choices.iter().map(|choice| choice.id.as_str()).collect())
}

fn proposed(next: &Next) -> Vec<(&str, &str)> {
    let Next::Propose(proposals) = next else { panic!("no proposals: {next:?}") };
    proposals.iter().map(|proposal| (proposal.sku.as_str(), proposal.because.as_str())).collect()
}

#[test]
fn the_question_that_splits_best_is_asked_until_two_remain() {
    let six = Find { age: Some(6), max_amount: Some(3_000), ..find() };
    // Six of nine fit: three ways to play tell more than two places.
    assert_eq!(asked(&next(&six)), ("kind", vec!["build", "read", "run"]));
    let built = next(&Find { answers: answers(&[("kind", "build")]), ..six.clone() });
    assert_eq!(
        proposed(&built),
        [
            ("blocks", "it suits children from 5 to 8 and it stays under 30 euros"),
            ("puzzle", "it suits children from 5 to 8 and it stays under 30 euros"),
        ]
    );
    // It does not matter: the other question, and then the best two of what is left.
    let any = Find { answers: answers(&[("kind", "any")]), ..six.clone() };
    assert_eq!(asked(&next(&any)), ("place", vec!["out", "in"]));
    let any = Find { answers: answers(&[("kind", "any"), ("place", "any")]), ..six.clone() };
    assert_eq!(proposed(&next(&any)).len(), 2, "nothing more can be learned");
    let three = Find { answers: answers(&[("a", "b"), ("c", "d"), ("e", "f")]), ..six.clone() };
    assert_eq!(proposed(&next(&three)).len(), 2, "after three questions there is no fourth");
    let four = Find { answers: answers(&[("a", "b"); 4]), ..six };
    assert_eq!(next(&four), Next::Nothing("too_many_questions"));
}

#[test]
fn only_what_fits_is_proposed() {
    let skus =
        |find: &Find| -> Vec<String> { proposed(&next(find)).into_iter().map(|(sku, _)| sku.to_owned()).collect() };
    assert_eq!(skus(&Find { age: Some(1), ..find() }), ["rattle"], "no wine for a child");
    assert_eq!(skus(&Find { age: Some(1), max_amount: Some(599), ..find() }), ["rattle"]);
    assert_eq!(next(&Find { age: Some(1), max_amount: Some(598), ..find() }), Next::Nothing("nothing_found"));
    assert_eq!(skus(&Find { age: Some(40), ..find() }), ["kite", "wine"]);
    assert_eq!(next(&Find { currency: "RON".into(), ..find() }), Next::Nothing("currency"));
    // Choices that lead nowhere are not offered.
    let cheap = Find { age: Some(6), max_amount: Some(1_299), ..find() };
    assert_eq!(asked(&next(&cheap)).0, "kind");
    // What is asked for in words narrows, where anything has it; what nothing has does not.
    let dinosaurs = Find { age: Some(6), text: "loves Dinosaurs and trains".into(), ..find() };
    assert_eq!(
        proposed(&next(&dinosaurs)),
        [("dino-book", "it suits children from 4 to 8 and it is full of dinosaurs")]
    );
    let birthday = Find { age: Some(6), occasion: Some("birthday".into()), max_amount: Some(2_000), ..find() };
    assert_eq!(skus(&birthday), ["puzzle", "kite"], "what suits an age most closely comes first");
}

#[test]
fn a_question_and_a_reason_are_in_the_language_of_the_request() {
    let six = Find { age: Some(6), max_amount: Some(3_000), language: Lang::Es, ..find() };
    let Next::Ask(question) = next(&six) else { panic!("no question") };
    assert_eq!((question.text.as_str(), question.choices[1].words.as_str()), ("¿Qué le gusta?", "leer"));
    let read = next(&Find { answers: answers(&[("kind", "read")]), ..six.clone() });
    assert_eq!(proposed(&read)[0].1, "es para niños de 4 a 8 años y cuesta menos de 30 euros");
    let romanian = next(&Find { language: Lang::Ro, ..six });
    assert_eq!(asked(&romanian).0, "kind", "a language that the guide does not have is answered in English");
    for (minor, currency, lang, want) in [
        (3_000, "EUR", Lang::En, "30 euros"),
        (100, "EUR", Lang::Es, "1 euro"),
        (2_990, "EUR", Lang::En, "29.90 euros"),
        (2_990, "EUR", Lang::Ro, "29,90 euro"),
        (3_000, "RON", Lang::Ro, "30 de lei"),
        (1_900, "RON", Lang::Ro, "19 lei"),
        (12_000, "EUR", Lang::Ro, "120 de euro"),
        (11_900, "EUR", Lang::Ro, "119 euro"),
        (10_100, "EUR", Lang::Ro, "101 euro"),
        (30, "JPY", Lang::En, "30 JPY"),
    ] {
        assert_eq!(money(minor, currency, lang), want);
    }
}

/// Whatever is asked and answered, it ends after three questions, within the limit.
#[test]
fn every_way_through_ends_with_what_fits() {
    let (guide, catalog) = (guide(), catalog());
    let mut ways = 0;
    for age in [None, Some(0), Some(6), Some(30)] {
        for max_amount in [None, Some(500), Some(1_300), Some(10_000)] {
            for text in ["", "dinosaurs for a birthday"] {
                let mut open = vec![Find { age, max_amount, text: text.into(), ..find() }];
                while let Some(find) = open.pop() {
                    ways += 1;
                    match guide.next(&catalog, &find) {
                        Next::Ask(question) => {
                            assert!(find.answers.len() < MAX_QUESTIONS && question.choices.len() >= 2, "{find:?}");
                            let ids = question.choices.iter().map(|choice| choice.id.as_str()).chain([ANY]);
                            for id in ids {
                                let mut more = find.clone();
                                more.answers.extend(answers(&[(&question.question_id, id)]));
                                open.push(more);
                            }
                        }
                        Next::Propose(proposals) => {
                            assert!((1..=MAX_PROPOSALS).contains(&proposals.len()), "{find:?}");
                            let dear = |sku: &str| {
                                catalog.product(sku).is_none_or(|p| max_amount.is_some_and(|max| p.unit_amount > max))
                            };
                            assert!(!proposals.iter().any(|proposal| dear(&proposal.sku)), "{find:?}: {proposals:?}");
                        }
                        // A choice that is offered leads somewhere.
                        Next::Nothing(code) => assert!(code == "nothing_found" && find.answers.is_empty(), "{find:?}"),
                    }
                }
            }
        }
    }
    assert!(ways > 60, "only {ways} ways");
}

#[test]
fn everything_that_is_wrong_is_said_with_its_place_and_what_to_do() {
    let wrong = |from: &str, to: &str| -> Vec<String> {
        let text = GUIDE.replacen(from, to, 1);
        assert_ne!(text, GUIDE, "{from} is not in the guide");
        match Guide::from_json(&text, &catalog()) {
            Err(GuideError::Problems(problems)) => {
                problems.into_iter().map(|problem| format!("{}: {}", problem.place, problem.what)).collect()
            }
            other => panic!("{from} → {to}: {other:?}"),
        }
    };
    let cases = [
        (r#""sku": "ball""#, r#""sku": "bal""#, r#"products[5] "bal": the catalogue has no such sku"#),
        (r#""sku": "ball""#, r#""sku": "kite""#, r#"products[5] "kite": this sku appears twice"#),
        (r#""from": 2, "to": 9"#, r#""from": 9, "to": 2"#, r#"products[5] "ball": ages go from 9 to 2"#),
        (r#""to": 99"#, r#""to": 999"#, r#"products[4] "kite": ages end at 999; the largest is 120"#),
        (
            r#"["outside"]},
  {"sku": "puzzle""#,
            r#"["outsid"]},
  {"sku": "puzzle""#,
            r#"products[5] "ball": the tag "outsid" is not in "tags""#,
        ),
        (r#""id": "kind""#, r#""id": "place""#, r#"questions[1] "place": this id appears twice"#),
        (r#""id": "out""#, r#""id": "any""#, r#"questions[0] "place", choices[0] "any": "any" is the answer"#),
        (r#""id": "out""#, r#""id": "in""#, r#"questions[0] "place", choices[1] "in": this id appears twice"#),
        (r#""id": "out""#, r#""id": "o t""#, r#"questions[0] "place", choices[0] "o t": the id must be"#),
        (r#""categories": ["books"]"#, r#""categories": ["bocks"]"#, r#"category "bocks"; correct it"#),
        (r#""tags": ["calm"]}]}"#, r#""tags": []}]}"#, r#"choices[1] "in": it leads to no product"#),
        (r#", "es": "en casa""#, "", r#"choices[1] "in": "words" has no text in es"#),
        (r#""at home""#, r#""Outside""#, r#"two choices have the same words in en"#),
        (
            r#""What do they like?""#,
            r#""Shall they order it?""#,
            r#""ask" holds in en a wake word or words that confirm"#,
        ),
        (r#""at home""#, r#"" ! ""#, r#""words" says nothing in en"#),
        (
            "{max}\", \"es\"",
            "{most}\", \"es\"",
            r#"reasons[1]: in en it has a placeholder that nothing fills; known here: {max}"#,
        ),
        (r#"{"tag": "dinosaurs"}"#, r#"{"tag": "dragons"}"#, r#"reasons[2]: the tag "dragons" is not in "tags""#),
    ];
    for (from, to, want) in cases {
        let found = wrong(from, to);
        assert!(found.iter().any(|problem| problem.contains(want)), "{from} → {to}: {found:#?}");
    }
    let two = GUIDE.replacen(r#""sku": "ball""#, r#""sku": "bal""#, 1).replacen(r#""id": "out""#, r#""id": "any""#, 1);
    let text = Guide::from_json(&two, &catalog()).map_err(|why| why.to_string()).expect_err("it is wrong");
    assert!(text.starts_with("the guide has 2 problems, and nothing was started:\n  products[5]"), "{text}");
    for shape in ["", "[]", "{\"products\": [], \"prices\": []}"] {
        assert!(matches!(Guide::from_json(shape, &catalog()), Err(GuideError::Shape(_))), "{shape}");
    }
}

/// The demo's own.
#[test]
fn the_demos_guide_is_valid() {
    let catalog = Catalog::from_json(include_str!("../../../demo/catalog.json")).expect("it is valid");
    let guide =
        Guide::from_json(include_str!("../../../demo/guide.json"), &catalog).unwrap_or_else(|why| panic!("{why}"));
    let six = Find { age: Some(6), max_amount: Some(3_000), occasion: Some("birthday".into()), ..find() };
    assert!(matches!(guide.next(&catalog, &six), Next::Ask(_)));
}
