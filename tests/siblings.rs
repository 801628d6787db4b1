//! Two speakers of one home at Debian's mosquitto with access rules: what was ordered at one of them is known at the
//! other, also after a restart without a broker; it is taken back there; nobody else reads or writes any of it; and of
//! two that hear the same one goes on.
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

#[path = "siblings/home.rs"]
mod home;
#[path = "support/house.rs"]
mod house;
#[path = "siblings/louder.rs"]
mod louder;
#[path = "siblings/signed.rs"]
mod signed;
mod support;

use home::Home;
use house::wait_for;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_is_known_at_the_other_speaker_and_taken_back_there() {
    let Some(home) = Home::new().await else { return };
    home.knows_products();
    tokio::task::block_in_place(|| order_here_cancel_there(&home));
    let Home { dir, mut broker, shop, kitchen, bedroom } = home;
    // The shop is not needed to take back what was never sent.
    let running = tokio::task::block_in_place(|| {
        let running = (kitchen.start(), bedroom.start());
        wait_for("a price", || kitchen.say("the toothbrush heads ran out").contains("order it"));
        assert!(kitchen.say("order it").contains("I hold it"));
        wait_for("the order at the other", || bedroom.say("where is my order").contains("held, not sent"));
        running
    });
    shop.stop().await;
    tokio::task::block_in_place(|| {
        assert!(bedroom.say("cancel the toothbrush heads").contains("has cancelled"), "{}", bedroom.replay());
        assert_eq!(kitchen.states(), ["cancelled", "cancelled"]);
    });
    // A start without any broker: what was told before is still known.
    broker.kill();
    let (kitchen_runs, bedroom_runs) = running;
    drop((kitchen_runs, bedroom_runs));
    tokio::task::block_in_place(|| {
        let _alone = bedroom.start();
        let said = bedroom.say("where is my order");
        assert!(said.contains("At the kitchen speaker") && said.contains("cancelled"), "{said}");
    });
    drop(dir);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_speaker_with_a_new_key_is_still_believed_by_the_other_one() {
    let Some(home) = Home::new().await else { return };
    home.knows_products();
    tokio::task::block_in_place(|| {
        let (kitchen, bedroom) = (&home.kitchen, &home.bedroom);
        let runs = kitchen.start();
        // The other one is away while it happens.
        let said = kitchen.tendero(&["key", "rotate"]);
        assert!(said.contains("corner knows it"), "{said}");
        drop(runs);
        let _running = (kitchen.start(), bedroom.start());
        wait_for("a price", || kitchen.say("the toothbrush heads ran out").contains("order it"));
        assert!(kitchen.say("order it").contains("I hold it"));
        wait_for("the order at the other", || bedroom.say("where is my order").contains("At the kitchen speaker"));
    });
}

fn order_here_cancel_there(home: &Home) {
    let (kitchen, bedroom) = (&home.kitchen, &home.bedroom);
    let _running = (kitchen.start(), bedroom.start());
    wait_for("a price", || kitchen.say("the toothbrush heads ran out").contains("order it"));
    assert!(kitchen.say("order it").contains("I hold it"));
    wait_for("the order at the other", || bedroom.say("where is my order").contains("At the kitchen speaker"));
    let asked = bedroom.say("the toothbrush heads ran out");
    assert!(asked.contains("You already ordered") && asked.contains("at the kitchen speaker. Another one?"), "{asked}");
    assert!(!bedroom.say("order it").contains("I hold it"), "the phrase alone is not enough");
    bedroom.say("no");
    assert_eq!((kitchen.states(), bedroom.states()), (vec!["held".to_owned()], vec![]));

    let said = bedroom.say("cancel that");
    let both = said.contains("I asked it to cancel") && said.contains("The kitchen speaker has cancelled");
    assert!(both, "{said}");
    assert_eq!(kitchen.states(), ["cancelled"]);
    let story = kitchen.tendero(&["orders", "show", &kitchen.order_id()]);
    assert!(story.contains("The household, at the bedroom speaker: cancelled"), "{story}");
    assert!(kitchen.replay().contains("\"Cancelled: one pack of"), "{}", kitchen.replay());
    assert!(bedroom.say("cancel that").contains("no order that I can take back"));
}
