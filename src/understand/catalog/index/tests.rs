mod plain;

use super::*;
use crate::understand::Lang;
use plain::Plain;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::sync::LazyLock;

static LEXICONS: LazyLock<[Lexicon; 3]> = LazyLock::new(|| Lang::ALL.map(Lexicon::built_in));

/// Words that are alike in sound or spelling, that join ("with"), count ("two"), measure ("size"), mean
/// the same in the lexicon, or are one word in two.
const WORDS: [&str; 44] = [
    "milk",
    "milks",
    "mild",
    "soy",
    "soya",
    "tea",
    "té",
    "te",
    "toothbrush",
    "tooth",
    "brush",
    "brushes",
    "heads",
    "paracetamol",
    "paracetomol",
    "para",
    "cetamol",
    "serial",
    "cereal",
    "cereals",
    "vaso",
    "baso",
    "basura",
    "vasura",
    "azucar",
    "azúcar",
    "pasta",
    "paste",
    "paștele",
    "lapte",
    "laptele",
    "cafea",
    "cafeaua",
    "size",
    "talla",
    "two",
    "2",
    "dos",
    "of",
    "with",
    "de",
    "cu",
    "washing",
    "detergent",
];

fn lexicon(lang: Lang) -> &'static Lexicon {
    LEXICONS.iter().find(|lexicon| lexicon.lang == lang).expect("every language has one")
}

fn catalog(products: &[Value]) -> Catalog {
    let whole = json!({"shop": "s", "version": 1, "part": 1, "parts": 1, "currency": "EUR", "products": products});
    Catalog::from_json(&whole.to_string()).expect("a valid catalogue")
}

/// A product; `names` are said in English, and the first of them in the other languages too.
fn product(at: usize, names: &[String], options: &[String]) -> Value {
    let values: Vec<Value> = options.iter().map(|o| json!({"value": o, "says": {"en": [o], "es": [o]}})).collect();
    let options =
        if values.is_empty() { vec![] } else { vec![json!({"name": "o", "required": false, "values": values})] };
    json!({
        "sku": format!("p{at}"),
        "title": {"en": format!("{}, 500 g", names[names.len() - 1])},
        "says": {"en": names, "es": [names[0]], "ro": [names[0]]},
        "pack": {"count": 1, "unit": "piece"}, "unit_amount": 1, "max_qty": 9, "category": "goods",
        "options": options,
    })
}

fn tokens(text: &str, lang: Lang) -> Vec<Token> {
    text::tokens(text, lang).expect("it is short")
}

fn find(products: &[Value], text: &str) -> Option<Found> {
    let index = Index::new(&catalog(products), lexicon(Lang::En));
    index.find(&tokens(text, Lang::En), 0, lexicon(Lang::En))
}

fn words(most: usize) -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(&WORDS[..]), 1..=most).prop_map(|words| words.join(" "))
}

fn products() -> impl Strategy<Value = Vec<Value>> {
    let one = (prop::collection::vec(words(5), 1..4), prop::collection::vec(words(2), 0..3));
    prop::collection::vec(one, 1..25)
        .prop_map(|list| list.iter().enumerate().map(|(at, (names, options))| product(at, names, options)).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn it_answers_what_the_plain_one_answers(products in products(), said in words(12), pause in 0usize..12) {
        let catalog = catalog(&products);
        for lang in Lang::ALL {
            let (index, plain) = (Index::new(&catalog, lexicon(lang)), Plain::new(&catalog, lexicon(lang)));
            let mut tokens = tokens(&said, lang);
            if let Some(token) = tokens.get_mut(pause) {
                token.break_before = true;
            }
            for at in 0..tokens.len() {
                // The plain one knows whole names only; a part of one counts where no whole one begins.
                let found = index.find(&tokens, at, lexicon(lang)).filter(|f| !f.part);
                prop_assert_eq!(found, plain.find(&tokens, at, lexicon(lang)));
                prop_assert_eq!(index.any_option(&tokens, at), plain.any_option(&tokens, at));
                for product in 0..products.len() {
                    prop_assert_eq!(index.option(product, &tokens, at), plain.option(product, &tokens, at));
                }
            }
        }
    }

    #[test]
    fn lists_have_in_common_what_each_of_them_holds(lists in prop::collection::vec(
        prop::collection::btree_set(0u32..60, 0..50), 1..5,
    )) {
        let wanted: Vec<u32> = lists[0].iter().copied().filter(|n| lists.iter().all(|l| l.contains(n))).collect();
        let lists: Vec<Vec<u32>> = lists.into_iter().map(|list| list.into_iter().collect()).collect();
        prop_assert_eq!(lists::common(lists.iter().map(Vec::as_slice).collect()).collect::<Vec<u32>>(), wanted);
    }

    #[test]
    fn a_list_holds_what_was_put_in(mut pairs in prop::collection::vec((0u32..9, 0u32..20), 0..60)) {
        pairs.sort_unstable_by_key(|(_, number)| *number);
        let lists = Lists::new(9, &pairs);
        pairs.sort_unstable();
        pairs.dedup();
        for key in 0..10 {
            let wanted: Vec<u32> = pairs.iter().filter(|(k, _)| *k == key).map(|(_, number)| *number).collect();
            prop_assert_eq!(lists.of(key), &wanted[..]);
        }
    }
}

#[test]
fn a_noun_of_thousands_of_products_finds_them_all_and_four_rivals() {
    let list: Vec<Value> = (0..6_000)
        .map(|at| {
            let own = format!("brand{} milk", char::from(b'a' + (at % 26) as u8));
            // The last thousand are not called "milk" alone.
            let names = if at < 5_000 { vec!["milk".to_owned(), own] } else { vec![own] };
            product(at, &names, &[])
        })
        .collect();
    let found = find(&list, "milk").expect("it is a name");
    assert_eq!(found.products, (0..5_000).map(|at| (at, 1.0)).collect::<Vec<_>>());
    assert_eq!(found.rivals.iter().map(|(p, _)| *p).collect::<Vec<_>>(), [5_000, 5_001, 5_002, 5_003]);
}

#[test]
fn a_word_that_is_like_thousands_is_taken_for_a_bounded_number_of_them() {
    // "velontara" with two letters changed that stand beside each other: all share a form, or a sound.
    let letters = || ('a'..='z').filter(|c| *c != 's');
    let spellings: Vec<String> =
        letters().flat_map(|a| letters().map(move |b| format!("velont{a}{b}a"))).chain(["velontara".into()]).collect();
    let list: Vec<Value> =
        spellings.iter().enumerate().map(|(at, word)| product(at, std::slice::from_ref(word), &[])).collect();
    let index = Index::new(&catalog(&list), lexicon(Lang::En));
    let alike = index.words.alike("velontxxxa", Lang::En);
    assert!(alike.len() <= 256 && alike.is_sorted(), "{} words", alike.len());
    let found = find(&list, "velontarra").expect("it is near to some");
    assert!(found.fuzzy && !found.products.is_empty());
}

#[test]
fn names_of_up_to_three_words_are_found_in_any_order_and_longer_ones_are_not() {
    let list = [
        product(0, &["dark roast coffee".into()], &[]),
        product(1, &["coffee dark roast".into()], &[]),
        product(2, &["very dark roast coffee".into()], &[]),
    ];
    let scores = |text: &str| find(&list, text).map(|found| (found.end, found.products));
    assert_eq!(scores("coffee dark roast"), Some((3, vec![(1, 1.0), (0, 0.97)])));
    assert_eq!(scores("roast dark coffee"), Some((3, vec![(0, 0.97), (1, 0.97)])));
    assert_eq!(scores("very dark roast coffee"), Some((4, vec![(2, 1.0)])));
    assert_eq!(scores("coffee roast dark very"), Some((3, vec![(0, 0.97), (1, 0.97)])));
}

#[test]
fn an_empty_catalogue_finds_nothing() {
    assert_eq!(find(&[], "two packs of milk"), None);
}
