//! News for who agreed, end to end: the real binary as device and as shop at Debian's mosquitto with TLS, passwords and access
//! rules, on SQLite and on PostgreSQL; shop and device are killed without warning, and nobody is told what nobody asked for.
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

#[path = "support/house.rs"]
mod house;
#[cfg(feature = "postgres")]
#[path = "support/postgres.rs"]
mod postgres;

use house::process::program;
use house::{House, Running, json_lines, shop_args, stderr, text, wait_for};
use serde_json::Value;

/// A house, and where its shop keeps the book.
struct Street {
    house: House,
    database: Option<String>,
}

impl Street {
    fn new(database: Option<String>) -> Option<Street> {
        let street = Street { house: House::new()?, database };
        let (name, key) = street.house.device();
        street.shop(&["trust", &name, &key]);
        Some(street)
    }

    fn start_shop(&self) -> Running {
        let args = shop_args(&self.house.reach("corner"), &self.house.data_dir(), self.house.catalog_file());
        Running(self.with_book(&args).spawn().unwrap())
    }

    fn with_book(&self, args: &[String]) -> std::process::Command {
        let mut command = program();
        command.args(args).env("TENDERO_SHOP_DATABASE", self.database.as_deref().unwrap_or_default());
        command
    }

    /// `tendero shop WHAT` on the same book.
    fn shop(&self, args: &[&str]) -> String {
        let data_dir = self.house.data_dir().display().to_string();
        let words = if args[0] == "news" { 2 } else { 1 };
        let args = [&["shop"], &args[..words], &["--data-dir", &data_dir], &args[words..]].concat();
        let output = self.with_book(&args.iter().map(|arg| (*arg).to_owned()).collect::<Vec<_>>()).output().unwrap();
        assert!(output.status.success(), "{args:?}: {}", stderr(&output));
        text(&output)
    }

    fn agreed(&self) -> String {
        let consents = json_lines(&self.shop(&["news", "list", "--consents", "--json"]));
        consents.first().map_or(String::new(), |consent| consent["kinds"].as_str().unwrap().to_owned())
    }

    /// Homes that the shop tells.
    fn tells(&self, args: &[&str]) -> u64 {
        let told = self.shop(&[&["news", "send", "--json"], args].concat());
        json_lines(&told)[0]["told"].as_u64().unwrap()
    }

    /// What the device has on disk of it.
    fn news(&self) -> Value {
        json_lines(&self.house.tendero(&["news", "--json"]))[0].clone()
    }

    fn has(&self, text: &str) -> bool {
        self.news()["told"].as_array().unwrap().iter().any(|told| told["texts"]["en"] == text)
    }
}

fn a_household_is_told_what_it_agreed_to(street: &Street) {
    let house = &street.house;
    let shop = street.start_shop();
    let device = house.start();
    house.orders_coffee();

    // Nothing by default, whatever the shop wants.
    assert_eq!(street.tells(&["--kind", "offer", "--text-en", "Unasked for"]), 0);
    assert!(house.say("what's new").contains("nobody asked for them"));

    // The shop is away while somebody agrees; a kill -9 of the device later it still learns of it.
    drop(shop);
    assert!(house.say("tell me about offers").contains("may tell you offers. Say stop the offers"));
    assert!(house.tendero(&["news"]).contains("the shop does not know that yet"));
    drop(device);
    let device = house.start();
    let shop = street.start_shop();
    wait_for("the consent at the shop", || street.agreed() == "offer");
    wait_for("its word that it knows", || street.news()["shop_knows"] == true);

    // Told with the reason, in the household's language, once; over a restart of both.
    let offer = ["--kind", "offer", "--text-en", "Coffee costs less", "--text-es", "Más barato", "--sku", "coffee"];
    assert_eq!(street.tells(&offer), 1);
    wait_for("the offer", || street.has("Coffee costs less"));
    drop(shop);
    drop(device);
    let _shop = street.start_shop();
    let _device = house.start();
    wait_for("the offer, said to its end", || street.news()["told"][0]["told_unix_ms"].is_i64());
    assert!(house.say("why do you tell me this").contains("because you bought coffee today"));
    assert_eq!(street.tells(&["--kind", "recipe", "--text-en", "Soup"]), 0);

    // A second one is not said aloud today, and waits for who asks; "order it" confirms nothing.
    assert_eq!(street.tells(&["--kind", "offer", "--text-en", "Two for one", "--sku", "coffee"]), 1);
    wait_for("the second offer", || street.has("Two for one"));
    let said = house.say("what's new");
    assert!(said.contains("says: Two for one. I tell you because you bought coffee today."), "{said}");
    wait_for("the way to the shop", || house.say("order it").contains("To order and pay, say"));
    house.say("no");
    assert_eq!(house_bookings(street), 1);

    // Withdrawn: nothing is sent any more, and nothing waits.
    assert_eq!(street.tells(&["--kind", "offer", "--text-en", "A third one"]), 1);
    wait_for("the third offer", || street.has("A third one"));
    assert!(house.tendero(&["news", "off", "offer"]).contains("No offers any more"));
    wait_for("the withdrawal at the shop", || street.agreed().is_empty());
    assert!(!street.has("A third one"));
    assert_eq!(street.tells(&["--kind", "offer", "--text-en", "A fourth one"]), 0);

    // A recall of what was bought needs nobody's consent, and names the order.
    let number = bookings(street)[0]["shop_order_no"].as_str().unwrap().to_owned();
    assert_eq!(street.tells(&["--kind", "recall", "--sku", "coffee", "--text-en", "There is glass in it"]), 1);
    wait_for("the recall", || street.has("There is glass in it"));
    wait_for("the recall, said to its end", || {
        let told = street.news()["told"].clone();
        told.as_array().unwrap().iter().any(|told| told["kind"] == "recall" && told["told_unix_ms"].is_i64())
    });
    assert!(house.say("why").contains(&format!("order {number}")));
    house.replay();
}

fn bookings(street: &Street) -> Vec<Value> {
    json_lines(&street.shop(&["orders", "--json"]))
}

fn house_bookings(street: &Street) -> usize {
    bookings(street).len()
}

#[test]
fn a_household_is_told_what_it_agreed_to_and_no_more() {
    let Some(street) = Street::new(None) else { return };
    a_household_is_told_what_it_agreed_to(&street);
}

#[cfg(feature = "postgres")]
#[test]
fn the_same_of_a_shop_on_postgresql() {
    let Some(server) = postgres::PostgresServer::start() else { return };
    let Some(street) = Street::new(Some(server.database("shop"))) else { return };
    a_household_is_told_what_it_agreed_to(&street);
}

#[test]
fn who_forgets_everything_tells_the_shop_first() {
    let Some(street) = Street::new(None) else { return };
    let shop = street.start_shop();
    let device = street.house.start();
    street.house.tendero(&["news", "on", "offer", "recall"]);
    wait_for("the consent at the shop", || street.agreed() == "offer recall");
    drop(device);
    let said = street.house.tendero(&["forget", "--yes"]);
    assert!(said.contains("the shop knows that nobody here agrees"), "{said}");
    assert_eq!(street.agreed(), "");
    drop(shop);

    // Where it can't be told, that is said.
    let _device = street.house.start();
    street.house.tendero(&["news", "on", "offer"]);
    drop(_device);
    let said = street.house.tendero(&["forget", "--yes"]);
    assert!(said.contains("the shop could not be told"), "{said}");
    assert!(said.contains("forgotten:"), "{said}");
}
