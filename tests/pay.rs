//! Paying within the conversation, end to end: the real binary as device and as shop at Debian's mosquitto with TLS, passwords
//! and access rules, on SQLite and on PostgreSQL; the bank is asked through the webhook and answers by the command line, and
//! device and shop are killed in between. And coupons.
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

#[path = "support/house.rs"]
mod house;
#[cfg(feature = "postgres")]
#[path = "support/postgres.rs"]
mod postgres;
#[path = "support/receiver.rs"]
mod receiver;

use house::process::program;
use house::{House, Running, json_lines, shop_args, stderr, text, wait_for};
use receiver::{Receiver, Reply};
use serde_json::Value;
use std::os::unix::fs::PermissionsExt;
use std::process::Output;

/// A house, where its shop keeps the book, and its shop system.
struct Street {
    house: House,
    database: Option<String>,
    system: Receiver,
}

impl Street {
    fn new(database: Option<String>) -> Option<Street> {
        let street = Street { house: House::new()?, database, system: Receiver::start(Reply::Status(200)) };
        let secret = street.file("secret");
        std::fs::write(&secret, receiver::SECRET).unwrap();
        std::fs::set_permissions(secret, std::fs::Permissions::from_mode(0o600)).unwrap();
        let (name, key) = street.house.device();
        street.shop(&["trust", &name, &key]);
        Some(street)
    }

    fn file(&self, name: &str) -> String {
        self.house.dir.path().join(name).display().to_string()
    }

    fn start_shop(&self) -> Running {
        let mut args = shop_args(&self.house.reach("corner"), &self.house.data_dir(), self.house.catalog_file());
        args.extend(["--webhook".into(), self.system.url(), "--webhook-secret-file".into(), self.file("secret")]);
        Running(self.with_book(&args).spawn().unwrap())
    }

    fn with_book(&self, args: &[String]) -> std::process::Command {
        let mut command = program();
        command.args(args).env("TENDERO_SHOP_DATABASE", self.database.as_deref().unwrap_or_default());
        command
    }

    /// `tendero shop WHAT` on the same book.
    fn asks(&self, args: &[&str]) -> Output {
        let data_dir = self.house.data_dir().display().to_string();
        let words = if matches!(args[0], "payment" | "coupon") { 2 } else { 1 };
        let args = [&["shop"], &args[..words], &["--data-dir", &data_dir], &args[words..]].concat();
        self.with_book(&args.iter().map(|arg| (*arg).to_owned()).collect::<Vec<_>>()).output().unwrap()
    }

    fn shop(&self, args: &[&str]) -> String {
        let output = self.asks(args);
        assert!(output.status.success(), "{args:?}: {}", stderr(&output));
        text(&output)
    }

    fn fails(&self, args: &[&str]) -> String {
        let output = self.asks(args);
        assert!(!output.status.success(), "{args:?}: {}", text(&output));
        stderr(&output)
    }

    fn bookings(&self) -> Vec<Value> {
        json_lines(&self.shop(&["orders", "--json"]))
    }

    /// The shop system hears that the bank must be asked: the shop's number of the order.
    fn to_ask(&self, nth: usize) -> String {
        let asked = || {
            let came = self.system.took();
            came.into_iter().filter(|came| came.kind() == "payment.authentication_required").collect::<Vec<_>>()
        };
        wait_for("the question to the bank", || asked().len() == nth);
        let came = asked().pop().unwrap();
        assert_eq!(came.body["data"]["payment"]["label"], "the card ending in 42");
        assert!(!came.body.to_string().contains("pm_1Nx"), "the token stays in the book");
        came.body["data"]["shop_order_no"].as_str().unwrap().to_owned()
    }

    /// Two packs, 42 euros: an adult approves, the hold is over, and the shop waits.
    fn orders_two(&self) {
        let words = "order two packs of coffee";
        let mut read_back = String::new();
        wait_for("a quote from the shop", || {
            read_back = self.house.say(words);
            read_back.contains("42 euros in all")
        });
        // The same again within a day wants random words, too.
        let phrase = read_back.split("say: ").nth(1).and_then(|rest| rest.split('.').next()).unwrap();
        let said = self.house.say(phrase);
        if said.contains("adult") {
            self.house.tendero(&["button", "hold"]);
        }
        wait_for("the shop's word that it waits", || self.house.is("awaiting_payment"));
    }
}

fn a_large_order_waits_for_the_bank(street: &Street) {
    let house = &street.house;
    std::fs::write(street.file("token"), "pm_1Nx\n").unwrap();
    let shop = street.start_shop();
    let device = house.start();
    wait_for("the shop's book", || street.asks(&["payment", "list"]).status.success());
    let token = ["--label", "the card ending in 42", "--token-file", &street.file("token")];
    let set = [&["payment", "set", "--home", "casa", "token"], &token[..]].concat();
    assert!(street.shop(&set).starts_with("casa pays token \"the card ending in 42\", id "));
    assert!(!street.shop(&["payment", "list", "--json"]).contains("pm_1Nx"));

    // The first order says how it is paid; everything dies while the bank is asked.
    wait_for("a quote", || house.say("order coffee").contains("You pay with the card ending in 42."));
    house.say("no");
    street.orders_two();
    let number = street.to_ask(1);
    drop(device);
    drop(shop);
    assert!(street.bookings().iter().all(|booking| booking["held_for"] == "payment_authentication"));
    assert_eq!(street.shop(&["payment", "confirmed", &number]), format!("{number} is booked\n"));
    assert!(street.shop(&["payment", "confirmed", &number]).contains("nothing has changed"));
    assert!(street.fails(&["payment", "refused", &number]).contains("confirmed before"));
    let device = house.start();
    assert!(house.say("where is my order").contains("confirm the payment in your bank's app"));
    let shop = street.start_shop();
    wait_for("the receipt", || house.is("accepted"));

    // Refused, and taken back while it waits: neither is booked, and a late yes changes nothing.
    street.orders_two();
    let number = street.to_ask(2);
    assert!(street.shop(&["payment", "refused", &number]).contains("its payment was refused"));
    wait_for("the refusal", || house.is("rejected"));
    street.orders_two();
    let number = street.to_ask(3);
    house.say("cancel that");
    wait_for("the cancellation", || house.is("cancelled"));
    assert!(street.fails(&["payment", "confirmed", &number]).contains("give back what the payment provider has taken"));
    let states: Vec<Value> = street.bookings().iter().map(|booking| booking["state"].clone()).collect();
    assert_eq!(states, ["accepted", "rejected", "cancelled"]);
    drop((shop, device));
    house.replay();
}

#[test]
fn a_large_order_waits_for_the_bank_and_is_booked_once() {
    let Some(street) = Street::new(None) else { return };
    a_large_order_waits_for_the_bank(&street);
}

#[cfg(feature = "postgres")]
#[test]
fn the_same_of_a_shop_on_postgresql() {
    let Some(server) = postgres::PostgresServer::start() else { return };
    let Some(street) = Street::new(Some(server.database("shop"))) else { return };
    a_large_order_waits_for_the_bank(&street);
}

#[test]
fn a_coupon_is_used_once_and_a_refused_one_is_said_before_anything_is_ordered() {
    let Some(street) = Street::new(None) else { return };
    let house = &street.house;
    let _shop = street.start_shop();
    let _device = house.start();
    wait_for("the shop's book", || street.asks(&["coupon", "list"]).status.success());
    wait_for("the shop's catalogue in its book", || {
        street.asks(&["coupon", "add", "spring-10", "--percent", "10", "--sku", "coffee"]).status.success()
    });
    wait_for("a quote", || house.say("order coffee with coupon SPRING10").contains("costs 2 euros 10 less"));
    let said = house.say("order it");
    assert!(said.contains("adult"), "{said}");
    house.tendero(&["button", "hold"]);
    wait_for("the receipt", || house.is("accepted"));
    let booking = street.bookings().remove(0);
    assert_eq!(
        (&booking["total"], &booking["coupon"], &booking["discount"]),
        (&1_890.into(), &"SPRING10".into(), &210.into())
    );
    assert_eq!(json_lines(&street.shop(&["coupon", "list", "--json"]))[0]["used"], 1);
    let said = house.say("order coffee with coupon spring ten");
    assert!(said.contains("You have used that coupon already. Do you want this at the normal price?"), "{said}");
    assert!(said.contains("21 euros in all"), "{said}");
    house.say("no");
    assert!(house.say("order coffee with coupon winter").contains("The shop does not know that coupon."));
    house.say("no");
    assert!(house.say("my card is 4111 1111 1111 1111").contains("the number of a card"));
    assert_eq!(street.bookings().len(), 1);
}

#[test]
fn what_is_wrong_is_named_and_changes_nothing() {
    let Some(street) = Street::new(None) else { return };
    let _shop = street.start_shop();
    wait_for("the shop's book", || street.asks(&["coupon", "list"]).status.success());
    wait_for("the shop's catalogue in its book", || {
        street.asks(&["coupon", "add", "A", "--off", "100"]).status.success()
    });
    std::fs::write(street.file("card"), "4111111111111111").unwrap();
    std::fs::write(street.file("token"), "pm_1Nx").unwrap();
    let (card, token) = (street.file("card"), street.file("token"));
    let set = ["payment", "set", "--home", "casa"];
    let cases: &[(&[&str], &str)] = &[
        (&[&set[..], &["token", "--label", "card", "--token-file", &card]].concat(), "the number of a card"),
        (
            &[&set[..], &["token", "--label", "4111 1111 1111 1111", "--token-file", &token]].concat(),
            "the number of a card",
        ),
        (&[&set[..], &["token", "--label", "card"]].concat(), "give --label and --token-file"),
        (&[&set[..], &["token", "--label", "card", "--token-file", "/no/such/file"]].concat(), "can't read the token"),
        (&[&set[..], &["invoice", "--label", "card"]].concat(), "with account or invoice neither of them"),
        (&["payment", "set", "--home", "Casa!", "account"], "Casa!"),
        (&["payment", "remove", "--home", "casa"], "nothing is known"),
        (&["payment", "confirmed", "T-000001"], "there is no such order"),
        (&["coupon", "add", "4111111111111111", "--off", "100"], "the number of a card"),
        (&["coupon", "add", "—", "--off", "100"], "is no code"),
        (&["coupon", "add", "B", "--off", "0"], "0"),
        (&["coupon", "add", "B", "--percent", "101"], "101"),
        (&["coupon", "add", "B"], "--off"),
        (&["coupon", "add", "B", "--off", "1", "--sku", "tea"], "no product tea"),
        (&["coupon", "add", "B", "--off", "1", "--until", "2020-01-01T00:00:00Z"], "over already"),
        (&["coupon", "add", "a", "--off", "5"], "there is a coupon A already"),
        (&["coupon", "remove", "B"], "there is no coupon B"),
    ];
    for (args, why) in cases {
        let said = street.fails(args);
        assert!(said.contains(why) && !said.contains("4111111111111111\n"), "{args:?}: {said}");
    }
    let pair = ["pair", "--json", "--home", "villa", "--broker", "mqtts://broker.example"];
    assert!(street.fails(&[&pair[..], &["--label", "card"]].concat()).contains("go with --payment token"));
    assert_eq!(street.shop(&["payment", "list"]), "");
    // A way to pay that is said with the pairing is there at once.
    street.shop(&[&pair[..], &["--payment", "token", "--label", "card ending 42", "--token-file", &token]].concat());
    assert!(street.shop(&["payment", "list"]).starts_with("villa token \"card ending 42\" "));
    assert_eq!(json_lines(&street.shop(&["coupon", "list", "--json"])).len(), 1);
}
