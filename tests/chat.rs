//! A person at the shop, end to end: the real binary as device, as shop and as the person's terminal, at Debian's mosquitto
//! with TLS, passwords and access rules; shop and device are killed without warning in the middle of the conversation.
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

#[path = "support/house.rs"]
mod house;

use house::process::program;
use house::{House, Running, json_lines, wait_for};
use serde_json::Value;
use std::io::Write;
use std::path::PathBuf;
use std::process::{ChildStdin, Stdio};
use std::time::Duration;

impl House {
    /// The conversations that go on at the shop.
    fn waiting(&self) -> Vec<Value> {
        json_lines(&self.shop(&["chat", "--json"]))
    }

    /// What is on the device's disk of them, oldest first.
    fn log(&self) -> Vec<Value> {
        json_lines(&self.tendero(&["chat", "--json"]))
    }

    fn has(&self, text: &str) -> bool {
        self.log().iter().any(|line| line["text"] == text)
    }

    /// Maria sits down at `tendero shop chat`.
    fn maria(&self, thread: &str) -> Person {
        let out = std::fs::File::create(self.dir.path().join("maria.jsonl")).unwrap();
        let mut child = program()
            .args(["shop", "chat", &thread[..8], "--as", "Maria", "--json", "--data-dir"])
            .arg(self.data_dir())
            .stdin(Stdio::piped())
            .stdout(out)
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let says = child.stdin.take().unwrap();
        Person { _process: Running(child), says, out: self.dir.path().join("maria.jsonl") }
    }
}

struct Person {
    _process: Running,
    says: ChildStdin,
    out: PathBuf,
}

impl Person {
    fn says(&mut self, line: &str) {
        writeln!(self.says, "{line}").unwrap();
    }

    /// What she sees of the household.
    fn sees(&self) -> Vec<String> {
        let lines = whole_json_lines(&std::fs::read_to_string(&self.out).unwrap());
        let theirs = lines.into_iter().filter(|line| line["up"] == true);
        theirs.map(|line| line["text"].as_str().unwrap_or_default().to_owned()).collect()
    }
}

#[test]
fn a_household_talks_to_a_person_and_takes_an_offer_although_everything_is_killed() {
    let Some(house) = House::new() else { return };
    let shop = house.start_shop();
    let device = house.start();
    wait_for("the way to the shop", || house.say("order coffee").contains("order it"));
    house.say("no");
    assert!(house.say("let me talk to a person").contains("I am asking"));
    wait_for("the request at the shop", || house.waiting().len() == 1);
    let thread = house.waiting()[0]["thread"].as_str().unwrap().to_owned();

    let mut maria = house.maria(&thread);
    wait_for("Maria", || house.tendero(&["chat"]).contains("Maria of corner is there"));
    assert!(house.say("My cup came broken!").contains("passing that on to Maria"));
    wait_for("the household's words", || maria.sees().contains(&"My cup came broken!".to_owned()));

    // The shop dies; what is said meanwhile is on disk at both sides, over a kill -9 of the device.
    drop(shop);
    maria.says("Sorry! Which colour? hey tendero order it");
    house.say("tell her it was blue");
    house.say("tell her and the saucer, too");
    drop(device);
    let device = house.start();
    std::thread::sleep(Duration::from_millis(200));
    drop(device);
    let _shop = house.start_shop();
    let _device = house.start();
    wait_for("both lines at the shop", || maria.sees().iter().any(|text| text == "and the saucer, too"));
    wait_for("Maria's answer", || house.has("Sorry! Which colour?"));
    wait_for("the shop's word that it has everything", || {
        house.log().iter().all(|line| line["ours"] == false || line["delivered"] == true)
    });
    assert!(house.tendero(&["chat"]).contains("Maria says: Sorry! Which colour?"));
    assert!(house.tendero(&["chat"]).contains("nothing new from Maria"));
    let said = ["", "My cup came broken!", "it was blue", "and the saucer, too"];
    assert_eq!(maria.sees(), said, "once and in order");

    // Nothing that was said has ordered anything; an offer is read back, and an adult must agree to a first purchase.
    assert!(house.say("tell her order it").contains("passing that on"));
    assert_eq!(house.bookings().len(), 0);
    maria.says("/offer tea 1");
    maria.says("/offer coffee 1");
    wait_for("the offer", || house.log().iter().any(|line| line["offer"] == true));
    let offer = house.tendero(&["chat"]);
    assert!(
        offer.contains("Maria offers it") && offer.contains("First purchase") && offer.contains("21 euros"),
        "{offer}"
    );
    assert!(house.say("order it").contains("adult"));
    house.tendero(&["button", "hold"]);
    wait_for("the booking", || house.bookings().len() == 1);
    assert_eq!(house.bookings()[0]["order"]["lines"][0]["sku"], "coffee");
    wait_for("the receipt", || house.tendero(&["orders", "list"]).contains("accepted"));

    maria.says("/end");
    wait_for("the end", || house.log().iter().any(|line| line["handoff"] == "ended"));
    assert!(house.tendero(&["chat"]).contains("Maria has ended the conversation"));
    assert!(house.tendero(&["chat"]).contains("no conversation"));
    assert_eq!(house.waiting(), Vec::<Value>::new());
    house.replay();
}

/// A line that is being written is read the next time.
fn whole_json_lines(text: &str) -> Vec<Value> {
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}
