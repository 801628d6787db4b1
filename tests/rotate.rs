//! Keys that change while a home and its shop go on, as their owners do it: real programs at Debian's mosquitto with TLS.
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

#[path = "support/house.rs"]
mod house;

use house::{House, Running, command, stderr, text, wait_for};
use tendero::deliver::store::{FILE, Store};

/// `tendero shop key rotate`, and a start with the new key.
fn rotate_shop(house: &House, running: Running) -> Running {
    let before = house.shop(&["key"]);
    let rotated = command(&["shop", "key", "rotate", "--data-dir", house.data_dir().to_str().unwrap()]);
    assert!(rotated.status.success(), "{}", stderr(&rotated));
    let after = house.shop(&["key"]);
    assert!(before != after && text(&rotated).starts_with(&after), "{}", text(&rotated));
    drop(running);
    house.start_shop()
}

/// Asks the shop for a binding price, and leaves it at that.
fn gets_a_price(house: &House) {
    wait_for("a price", || house.say("order coffee").contains("order it"));
    house.say("no");
}

#[test]
fn a_home_follows_its_shop_from_key_to_key() {
    let Some(house) = House::new() else { return };
    let mut shop = house.start_shop();
    let running = house.start();
    let order = house.orders_coffee();
    shop = rotate_shop(&house, shop);
    house.shop(&["mark", &order, "shipped"]);
    wait_for("word with the new key", || house.is("shipped"));
    drop(running);

    // Away while the key changes twice.
    shop = rotate_shop(&house, shop);
    let _shop = rotate_shop(&house, shop);
    house.shop(&["mark", &order, "delivered"]);
    let running = house.start();
    wait_for("word with a key of which it never heard", || house.is("delivered"));
    drop(running);
    let steps = Store::open(&house.state_dir().join(FILE)).unwrap().key_steps("shop/corner").unwrap();
    assert_eq!((steps.len(), steps[2].to.as_str()), (3, house.shop(&["key"]).trim()));
    // What it followed is known at the next start, before a broker says anything.
    let _running = house.start();
    gets_a_price(&house);
}

#[test]
fn a_speaker_hands_its_key_over_and_goes_on() {
    let Some(house) = House::new() else { return };
    let _shop = house.start_shop();
    let running = house.start();
    house.orders_coffee();
    let (name, old) = house.device();
    let said = house.tendero(&["key", "rotate"]);
    let (_, new) = house.device();
    assert!(old != new && said.starts_with(&format!("{name} {new}\n")), "{said}");
    assert_eq!(house.shop(&["devices"]).trim(), format!("{name} {new}"));
    // The daemon still signs with the old one, which counts; after a restart with the new one.
    gets_a_price(&house);
    drop(running);
    let running = house.start();
    gets_a_price(&house);
    // Both are gone with the device.
    house.shop(&["revoke", &name]);
    let said = house.say("order coffee");
    assert!(!said.contains("order it"), "{said}");
    drop(running);
}

#[test]
fn a_change_of_the_shops_key_that_was_cut_off_is_finished() {
    let Some(house) = House::new() else { return };
    let shop = house.start_shop();
    let running = house.start();
    let order = house.orders_coffee();
    let data_dir = house.data_dir();
    let old = std::fs::read(data_dir.join("key")).unwrap();
    let shop = rotate_shop(&house, shop);
    drop(shop);
    // The power went after the book knew of the new key, and before the file was in its place.
    std::fs::rename(data_dir.join("key"), data_dir.join("key.next")).unwrap();
    std::fs::write(data_dir.join("key"), old).unwrap();
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(data_dir.join("key"), std::fs::Permissions::from_mode(0o600)).unwrap();
    let _shop = house.start_shop();
    house.shop(&["mark", &order, "shipped"]);
    wait_for("word with the new key", || house.is("shipped"));
    drop(running);
}
