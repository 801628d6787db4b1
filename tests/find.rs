//! A household that names no product, end to end: the real binary as device and as shop with a guide, at Debian's mosquitto
//! with TLS, passwords and access rules. What comes over the wire from a shop that lies is in the dialogues.
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

#[path = "support/house.rs"]
mod house;

use house::process::program;
use house::{House, start, stderr, wait_for};
use std::path::PathBuf;

/// The device and the shop know this catalogue.
const TOYS: &str = r#"{"shop":"corner","version":1,"part":1,"parts":1,"currency":"EUR","products":[
    {"sku":"kite","title":{"en":"Rainbow kite"},"says":{"en":["kite"]},"pack":{"count":1,"unit":"piece"},
     "unit_amount":2799,"max_qty":9,"category":"toys"},
    {"sku":"ball","title":{"en":"Rubber ball"},"says":{"en":["rubber ball"]},"pack":{"count":1,"unit":"piece"},
     "unit_amount":799,"max_qty":9,"category":"toys"},
    {"sku":"blocks","title":{"en":"Wooden blocks"},"says":{"en":["wooden blocks"]},"pack":{"count":1,"unit":"piece"},
     "unit_amount":2499,"max_qty":9,"category":"toys"},
    {"sku":"castle","title":{"en":"Wooden castle"},"says":{"en":["wooden castle"]},"pack":{"count":1,"unit":"piece"},
     "unit_amount":8900,"max_qty":9,"category":"toys"}]}"#;

const GUIDE: &str = r#"{
 "tags": {"birthday": {"en": ["birthday"]}, "out": {}, "in": {}},
 "questions": [{"id": "place", "ask": {"en": "Where will they play?"}, "choices": [
   {"id": "out", "words": {"en": "outside"}, "tags": ["out"]},
   {"id": "in", "words": {"en": "at home"}, "tags": ["in"]}]}],
 "products": [
  {"sku": "kite", "ages": {"from": 5, "to": 12}, "tags": ["birthday", "out"]},
  {"sku": "ball", "ages": {"from": 2, "to": 9}, "tags": ["birthday", "out"]},
  {"sku": "blocks", "ages": {"from": 2, "to": 8}, "tags": ["birthday", "in"]},
  {"sku": "castle", "ages": {"from": 2, "to": 8}, "tags": ["birthday", "in"]}],
 "reasons": [
  {"when": "ages", "says": {"en": "it suits children from {from} to {to}"}},
  {"when": "price", "says": {"en": "it stays under {max}"}}]
}"#;

impl House {
    fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The shop's command line, with a guide.
    fn shop_args(&self, guide: Option<&str>) -> Vec<String> {
        let mut args = house::shop_args(&self.reach("corner"), &self.data_dir(), &self.file("catalog.json"));
        args.extend(guide.into_iter().flat_map(|name| ["--guide".into(), self.file(name).display().to_string()]));
        args
    }
}

#[test]
fn a_household_that_names_no_product_is_asked_and_proposed_to_and_buys_what_it_chose() {
    let Some(house) = House::without_shop() else { return };
    std::fs::write(house.file("catalog.json"), TOYS).unwrap();
    std::fs::write(house.file("guide.json"), GUIDE).unwrap();
    house.pair_with(house.shop(&["key"]).trim());
    let (name, key) = house.device();
    house.shop(&["trust", &name, &key]);
    let wish = "something for a six-year-old's birthday under thirty euros";

    // A shop that helps nobody to choose says so; nobody hears of a proposal.
    let shop = start(&house.shop_args(None));
    let device = house.start();
    wait_for("the way to the shop", || house.say(wish).contains("cannot help you choose. Tell me a product"));
    drop(shop);
    drop(device);

    let shop = start(&house.shop_args(Some("guide.json")));
    let device = house.start();
    wait_for("the shop's question", || {
        let asked = house.say(wish);
        asked.contains("Where will they play: outside, or at home?") || {
            house.say("stop");
            false
        }
    });
    let proposed = house.say("outside please");
    assert!(
        proposed.contains("kite for 27 euros 99, because it suits children from 5 to 12 and it stays under 30 euros")
            && proposed.contains("rubber ball for 7 euros 99, because it suits children from 2 to 9"),
        "{proposed}"
    );
    // Nothing is bought by picking: a price, every guard, and the phrase.
    let read_back = house.say("the first one");
    assert!(read_back.contains("First purchase of kite") && read_back.contains("27 euros 99"), "{read_back}");
    assert_eq!(house.bookings().len(), 0);
    assert!(house.say("yes").contains("not enough"));
    assert!(house.say("order it").contains("adult"));
    house.tendero(&["button", "hold"]);
    wait_for("the booking", || house.bookings().len() == 1);
    assert_eq!(house.bookings()[0]["order"]["lines"][0]["sku"], "kite");
    wait_for("the receipt", || house.tendero(&["orders", "list"]).contains("accepted"));
    let why = house.tendero(&["why"]);
    assert!(why.contains("The shop suggested kite, because it suits children from 5 to 12"), "{why}");

    // "At home" leaves one within the limit, and the castle is never heard of.
    assert!(house.say(wish).contains("Where will they play"));
    let one = house.say("at home");
    assert!(
        one.contains("wooden blocks for 24 euros 99") && one.contains("yes or no") && !one.contains("castle"),
        "{one}"
    );
    assert!(house.say("no").contains("nothing was ordered"));
    let nothing = house.say("something for a six-year-old under two euros");
    assert!(nothing.contains("found nothing that fits"), "{nothing}");
    drop(shop);
    wait_for("the news that the shop is away", || house.say(wish).contains("does not answer"));
    assert_eq!(house.bookings().len(), 1);
    drop(device);
    house.replay();
}

#[test]
fn a_guide_that_is_wrong_starts_nothing_and_says_everything_that_is_wrong() {
    let Some(house) = House::without_shop() else { return };
    std::fs::write(house.file("catalog.json"), TOYS).unwrap();
    let wrong = GUIDE.replace("\"sku\": \"ball\"", "\"sku\": \"bal\"").replace("\"id\": \"out\"", "\"id\": \"any\"");
    std::fs::write(house.file("wrong.json"), wrong).unwrap();
    let output = program().args(house.shop_args(Some("wrong.json"))).output().unwrap();
    let said = stderr(&output);
    assert!(!output.status.success());
    for part in ["wrong.json", "2 problems", "products[1] \"bal\"", "choices[0] \"any\"", "nothing was started"] {
        assert!(said.contains(part), "no {part:?} in {said}");
    }
    assert!(!house.data_dir().exists(), "nothing was made");
    let missing = program().args(house.shop_args(Some("missing.json"))).output().unwrap();
    assert!(stderr(&missing).contains("missing.json can't be read"), "{}", stderr(&missing));
}
