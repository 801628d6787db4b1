//! A purchase goes back, end to end: the real binary as device and as shop, at Debian's mosquitto with TLS, passwords and
//! access rules; both are killed without warning between the household's word and the shop's acknowledgement.
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

#[path = "support/house.rs"]
mod house;

use house::{House, stderr, unix_ms, wait_for};
use std::time::Duration;

#[test]
fn what_came_goes_back_in_two_steps_once_and_with_a_time_although_everything_is_killed() {
    let Some(house) = House::new() else { return };
    let shop = house.start_shop();
    let device = house.start();
    let id = house.orders_coffee();
    // The shop's own hand, beside the running shop.
    assert!(house.shop(&["mark", "T-000001", "shipped"]).contains("T-000001 is shipped"));
    wait_for("the news that it was shipped", || house.is("shipped"));
    house.shop(&["mark", "T-000001", "delivered"]);
    wait_for("the news that it was delivered", || house.is("delivered"));
    assert_eq!(house.order()["delivered_unix_ms"], house.bookings()[0]["delivered_unix_ms"], "the shop's signed time");

    // A no, then both steps while the shop is away: the outbox has it, over a kill -9 of the device.
    drop(shop);
    assert!(house.say("i want to return the coffee").contains("Shall I return it?"));
    assert!(house.say("no").contains("nothing goes back"));
    assert!(house.is("delivered"));
    house.say("i want to return the coffee");
    assert!(house.say("yes").contains("I am telling the shop"));
    assert!(house.is("withdrawing"));
    drop(device);
    assert!(house.is("withdrawing"));
    let device = house.start();
    std::thread::sleep(Duration::from_millis(300));
    drop(device);

    // The shop gets it, perhaps several times, and dies, too, before it may have answered.
    let begun = unix_ms();
    for _ in 0..2 {
        let device = house.start();
        let shop = house.start_shop();
        std::thread::sleep(Duration::from_millis(150));
        drop(shop);
        drop(device);
    }
    let _shop = house.start_shop();
    let _device = house.start();
    wait_for("the acknowledgement", || house.is("withdrawn"));

    let booking = &house.bookings()[0];
    assert_eq!((booking["state"].as_str(), booking["rev"].as_u64()), (Some("withdrawn"), Some(4)), "moved once");
    let received = booking["withdrawn_unix_ms"].as_i64().unwrap();
    assert!((begun - 10_000..=unix_ms()).contains(&received), "{received}");
    assert_eq!(house.order()["withdrawal"]["received_unix_ms"].as_i64(), Some(received), "the shop's signed time");
    for told in [house.tendero(&["orders", "show", &id]), house.tendero(&["why"])] {
        assert!(told.contains("i want to return the coffee; yes"), "{told}");
        assert!(told.contains("The shop has your withdrawal of one pack of Ground coffee, 500 g, on "), "{told}");
    }
    assert!(house.say("i want to return the coffee").contains("The shop has your withdrawal"));
    assert!(house.tendero(&["orders", "withdraw", &id, "--yes"]).contains("has this withdrawal already"));

    // The money comes back; nothing of it is shipped again.
    house.shop(&["mark", "T-000001", "refunded"]);
    wait_for("the refund", || house.is("refunded"));
    let refused = house.shop_tries(&["mark", "T-000001", "delivered"]);
    assert!(!refused.status.success() && stderr(&refused).contains("it is refunded"), "{}", stderr(&refused));
    assert_eq!(house.bookings().len(), 1);
    house.replay();
}

#[test]
fn the_command_line_asks_once_more_and_says_what_can_not_go_back() {
    let Some(house) = House::new() else { return };
    let _shop = house.start_shop();
    let device = house.start();
    let id = house.orders_coffee();
    let unasked = house.run(&["orders", "withdraw", &id]);
    assert!(!unasked.status.success() && stderr(&unasked).contains("--yes"), "{}", stderr(&unasked));
    assert!(house.is("accepted"));
    let told = house.tendero(&["orders", "withdraw", &id[..8], "--yes"]);
    assert!(told.contains("21.00 EUR") && told.contains("I am telling the shop"), "{told}");
    wait_for("the acknowledgement", || house.is("withdrawn"));
    assert_eq!(house.bookings()[0]["state"], "withdrawn", "not shipped, and not to be shipped");

    wait_for("a quote from the shop", || house.say("order coffee").contains("order it"));
    house.say("order it");
    let waiting = house.order_id();
    let refused = house.run(&["orders", "withdraw", &waiting, "--yes"]);
    assert!(stderr(&refused).contains("orders cancel"), "{}", stderr(&refused));
    drop(device);
    let away = house.run(&["orders", "withdraw", "0000", "--yes"]);
    assert!(stderr(&away).contains("there is no order 0000"), "{}", stderr(&away));
}
