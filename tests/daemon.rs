//! The daemon as a maker runs it: the real binary with its broker and a shop, typed to, killed
//! without warning, and asked what it did.

#![cfg(feature = "demo-broker")]
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

#[path = "support/house.rs"]
mod house;

use house::process::command_fed;
use house::{House, stderr, text, wait_for};
use std::process::Output;

impl House {
    /// Runs a subcommand on this house with a PIN on its standard input.
    fn with_pin(&self, pin: &str, args: &[&str]) -> Output {
        let config = self.config().display().to_string();
        command_fed(&[args, &["--config", &config]].concat(), &format!("{pin}\n"))
    }
}

#[test]
fn forgetting_deletes_what_the_device_knows_and_nothing_else() {
    let house = House::of_demo(10, "");
    let home = house.state_dir();
    let daemon = house.start();
    house.say("put milk on the list");
    let forget = |more: &[&str]| house.run(&[&["forget"], more].concat());
    assert!(stderr(&forget(&["--yes"])).contains("stop it first"));
    drop(daemon);
    std::fs::write(home.join("photo.jpg"), "not ours").expect("the folder can be written");
    assert!(stderr(&forget(&[])).contains("--yes"), "a script must mean it");
    assert!(home.join("tendero.db").exists());
    let done = forget(&["--yes"]);
    assert!(text(&done).contains("forgotten"), "{}", stderr(&done));
    let left: Vec<_> =
        std::fs::read_dir(&home).expect("the folder is there").flatten().map(|e| e.file_name()).collect();
    assert_eq!(left, ["photo.jpg"]);
    assert!(text(&forget(&["--yes"])).contains("nothing to forget"));
    let _daemon = house.start();
    assert_eq!(house.states(), Vec::<String>::new(), "and it starts anew");
}

#[test]
fn an_adult_approves_with_the_pin_and_guessing_locks_it() {
    // Long enough not to stand in a hash by chance.
    const PIN: &str = "47110815";
    const WRONG: &str = "08154711";
    let house = House::of_demo(10, "");
    let _broker = house.start_broker();
    let _shop = house.start_shop();
    let daemon = house.start();
    wait_for("a quote from the shop", || house.say("the toothbrush heads ran out").contains("order it"));
    house.say("order it");
    assert_eq!(house.states(), ["awaiting_adult"]);

    let unset = house.with_pin(PIN, &["orders", "approve"]);
    assert!(stderr(&unset).contains("tendero pin set"), "{}", stderr(&unset));
    assert!(stderr(&house.with_pin("1234", &["pin", "set"])).contains("choose another"));
    assert!(house.with_pin(PIN, &["pin", "set"]).status.success());

    assert!(text(&house.with_pin(WRONG, &["orders", "approve"])).contains("not the PIN"));
    assert!(
        house.say(&format!("pin {WRONG}")).contains("One more try"),
        "typed into the conversation it is a PIN, too"
    );
    assert!(text(&house.with_pin(PIN, &["orders", "approve", &house.order_id()])).contains("I hold it"));
    assert_eq!(house.states(), ["held"]);
    assert!(house.say(PIN).contains("Nothing is waiting"));

    for _ in 0..3 {
        house.say(&format!("approve {WRONG}"));
    }
    drop(daemon);
    let daemon = house.start();
    assert!(house.say(PIN).contains("too many wrong PINs"), "a restart does not unlock it");
    drop(daemon);

    let kept = std::fs::read_dir(house.state_dir()).expect("the state folder can be read");
    for file in kept {
        let path = file.expect("an entry").path();
        let bytes = std::fs::read(&path).expect("the file can be read");
        for pin in [PIN, WRONG] {
            let found = bytes.windows(pin.len()).any(|part| part == pin.as_bytes());
            assert!(!found, "{} holds a PIN", path.display());
        }
    }
}

#[test]
fn a_typed_order_is_approved_survives_a_kill_in_its_hold_and_is_booked_once() {
    let house = House::of_demo(0, "");
    let _broker = house.start_broker();
    let shop = house.start_shop();
    let daemon = house.start();

    wait_for("a quote from the shop", || house.say("the toothbrush heads ran out").contains("order it"));
    assert!(house.say("order it").contains("adult"), "a first purchase needs an adult");
    assert_eq!(house.states(), ["awaiting_adult"]);

    // The shop is away, so the approved order must wait in the outbox, over a kill -9.
    drop(shop);
    house.tendero(&["button", "hold"]);
    wait_for("the order to leave its hold", || house.states() == ["sending"]);
    drop(daemon);
    assert_eq!(house.bookings().len(), 0);

    let _daemon = house.start();
    let _shop = house.start_shop();
    wait_for("the receipt", || house.states() == ["accepted"]);
    assert_eq!(house.bookings().len(), 1);
    assert!(house.say("the toothbrush heads ran out").contains("already"), "the second request hears of the first");
    house.say("no");

    let shown = house.tendero(&["orders", "show", &house.order_id()]);
    for part in ["toothbrush", "novelty", "order it", "accepted"] {
        assert!(shown.contains(part), "{part:?} is missing from:\n{shown}");
    }
    let why = house.tendero(&["why"]);
    assert!(why.contains("the toothbrush heads ran out") && why.contains("already"), "{why}");
    house.replay();
}

#[test]
fn an_order_that_is_cancelled_in_its_hold_never_reaches_the_shop() {
    let house = House::of_demo(10, "");
    let _broker = house.start_broker();
    let _shop = house.start_shop();
    let _daemon = house.start();

    wait_for("a quote from the shop", || house.say("we are out of coffee").contains("order it"));
    house.say("order it");
    house.run(&["button", "hold"]);
    wait_for("the hold", || house.states() == ["held"]);
    assert!(house.say("cancel that").to_lowercase().contains("cancel"));
    assert_eq!(house.states(), ["cancelled"]);
    assert_eq!(house.bookings().len(), 0);
}

#[test]
fn a_second_daemon_on_the_same_socket_is_refused() {
    let house = House::of_demo(10, "");
    let _daemon = house.start();
    let second = house.run(&["run"]);
    let message = stderr(&second);
    assert_eq!(second.status.code(), Some(1), "{message}");
    assert!(message.contains("another daemon already answers"), "{message}");
}
