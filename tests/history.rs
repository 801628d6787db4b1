//! A household asks its shop what it has on it, aloud and by hand: the real binary at Debian's mosquitto with TLS.
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

#[path = "support/house.rs"]
mod house;

use house::{House, json_lines, stderr, text, wait_for};
use serde_json::Value;

#[test]
fn a_household_reads_what_the_shop_has_on_it_and_nobody_else_does() {
    let Some(house) = House::new() else { return };
    let shop = house.start_shop();
    let running = house.start();
    assert!(house.run(&["orders", "shop"]).status.success(), "also before anything was ordered");
    let order = house.orders_coffee();
    house.shop(&["mark", &order, "shipped"]);
    wait_for("the shop's word", || house.is("shipped"));

    // Beside the daemon, which goes on.
    let told = json_lines(&house.tendero(&["orders", "shop", "--json"]));
    let bookings = house.bookings();
    assert_eq!(told.len(), 1, "{told:?}");
    for (told, booking) in told.iter().zip(&bookings) {
        for name in ["order_id", "shop_order_no", "device", "state", "total", "currency"] {
            assert_eq!(told[name], booking[name], "{name}");
        }
        assert_eq!(told["lines"][0]["title"], "Ground coffee, 500 g");
        // What was said when it was ordered stays at the shop.
        assert_eq!((&told["confirm"], &told["spoken"]), (&Value::Null, &Value::Null));
    }
    let shown = house.tendero(&["orders", "shop", "--limit", "5"]);
    assert!(shown.contains("T-000001") && shown.contains("shipped") && shown.contains("Ground coffee"), "{shown}");
    let said = house.say("what did i buy from you");
    assert!(said.contains("From the shop's records") && said.contains("coffee"), "{said}");

    // Away: at once, and aloud from what the speaker knows.
    drop(shop);
    wait_for("the broker's word", || stderr(&house.run(&["orders", "shop"])).contains("the shop is away"));
    assert_eq!(house.run(&["orders", "shop"]).status.code(), Some(1));
    wait_for("its own memory", || house.say("what did i buy from you").contains("As far as I know"));

    let _shop = house.start_shop();
    let (name, _) = house.device();
    house.shop(&["revoke", &name]);
    wait_for("the shop's refusal", || stderr(&house.run(&["orders", "shop"])).contains("does not know this speaker"));
    drop(running);
}

#[test]
fn a_shop_that_never_answers_is_said_so() {
    let Some(house) = House::without_shop() else { return };
    house.pair_with("");
    let unpaired = house.run(&["orders", "shop"]);
    assert!(
        unpaired.status.code() == Some(1) && stderr(&unpaired).contains("tendero pair CODE"),
        "{}",
        text(&unpaired)
    );
    house.pair_with(house.shop(&["key"]).trim());
    let silent = house.run(&["orders", "shop"]);
    assert!(
        silent.status.code() == Some(1) && stderr(&silent).contains("did not answer within 15 s"),
        "{}",
        stderr(&silent)
    );
    assert_eq!(stderr(&silent).trim().lines().count(), 1, "{}", stderr(&silent));
}
