//! A purchase goes back, end to end: the real binary as device and as shop, at Debian's mosquitto with TLS, passwords and
//! access rules; both are killed without warning between the household's word and the shop's acknowledgement.
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

#[path = "support/mosquitto.rs"]
mod broker;

use broker::Mosquitto;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

const CATALOG: &str = r#"{"shop":"corner","version":1,"part":1,"parts":1,"currency":"EUR","products":[
    {"sku":"coffee","title":{"en":"Ground coffee, 500 g"},"says":{"en":["coffee"]},"pack":{"count":500,"unit":"gram"},
     "unit_amount":2100,"max_qty":9,"category":"drinks"}]}"#;
const PAUSE: Duration = Duration::from_millis(50);
/// How long anything may take.
const PATIENCE_MS: i64 = 60_000;

/// Killed (SIGKILL) when it goes out of scope, however the test ends.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

struct House {
    dir: tempfile::TempDir,
    broker: Mosquitto,
    config: PathBuf,
}

impl House {
    /// A device and a shop that know each other; nothing runs yet but the broker. `None` where mosquitto is not installed.
    fn new() -> Option<House> {
        if !Path::new(broker::PROGRAM).exists() {
            println!("left out: {} is not there; install the package mosquitto", broker::PROGRAM);
            return None;
        }
        let dir = tempfile::tempdir().unwrap();
        let broker =
            Mosquitto::start(&dir.path().join("broker"), &[("corner", "shop secret"), ("casa", "home secret")]);
        let at_broker = broker.config("casa");
        let config = dir.path().join("tendero.toml");
        let d = dir.path().display().to_string();
        std::fs::write(dir.path().join("catalog.json"), CATALOG).unwrap();
        let house = House { dir, broker, config };
        let shop_key = house.shop(&["key"]);
        let written = format!(
            "[home]\nname = \"casa\"\n[microphone]\ndevice = \"off\"\n[speaker]\ndevice = \"off\"\n\
             [broker]\nurl = \"{}\"\npassword_file = \"{}\"\nca_file = \"{}\"\n\
             [shop]\nname = \"corner\"\nkey = \"{}\"\ncatalog = \"{d}/catalog.json\"\n\
             [policy]\nhold_minutes = 0\nquiet_hours = \"\"\n[state]\ndir = \"{d}/home\"\nsocket = \"{d}/control.sock\"\n",
            at_broker.url,
            at_broker.password_file.unwrap().display(),
            at_broker.tls.ca.unwrap().display(),
            shop_key.trim(),
        );
        std::fs::write(&house.config, written).unwrap();
        let device = house.tendero(&["key"]);
        let (name, key) = device.trim().split_once(' ').unwrap();
        house.shop(&["trust", name, key]);
        Some(house)
    }

    fn data_dir(&self) -> String {
        self.dir.path().join("shop").display().to_string()
    }

    fn start_shop(&self) -> Running {
        let config = self.broker.config("corner");
        let path = |path: Option<PathBuf>| path.unwrap().display().to_string();
        let catalog = self.dir.path().join("catalog.json").display().to_string();
        let mut args = vec!["shop".to_owned(), "--broker".into(), config.url, "--username".into(), "corner".into()];
        args.extend(["--password-file".into(), path(config.password_file), "--ca".into(), path(config.tls.ca)]);
        args.extend(["--data-dir".into(), self.data_dir(), "--catalog".into(), catalog]);
        start(&args)
    }

    fn start_device(&self) -> Running {
        let device = start(&["run".to_owned(), "--config".into(), self.config.display().to_string()]);
        let socket = self.dir.path().join("control.sock");
        wait_for("the control socket", || std::os::unix::net::UnixStream::connect(&socket).is_ok());
        device
    }

    fn run(&self, args: &[&str]) -> Output {
        let config = self.config.display().to_string();
        command(&[args, &["--config", &config]].concat())
    }

    /// What a subcommand of the device prints; it must succeed.
    fn tendero(&self, args: &[&str]) -> String {
        let output = self.run(args);
        assert!(output.status.success(), "{args:?}: {}", stderr(&output));
        text(&output)
    }

    fn shop(&self, args: &[&str]) -> String {
        let output = self.shop_tries(args);
        assert!(output.status.success(), "{args:?}: {}", stderr(&output));
        text(&output)
    }

    fn shop_tries(&self, args: &[&str]) -> Output {
        let data_dir = self.data_dir();
        command(&[&["shop", args[0], "--data-dir", &data_dir], &args[1..]].concat())
    }

    fn say(&self, words: &str) -> String {
        self.tendero(&["say", words])
    }

    /// The device's newest order.
    fn order(&self) -> Value {
        let list = self.tendero(&["orders", "list", "--json"]);
        let orders = list.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        orders.max_by_key(|order| order["confirmed"]["at_unix_ms"].as_i64()).unwrap_or_default()
    }

    fn is(&self, state: &str) -> bool {
        self.order()["state"] == state
    }

    /// The shop's bookings, oldest first.
    fn bookings(&self) -> Vec<Value> {
        self.shop(&["orders", "--json"]).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// A typed order that an adult approves, booked by the shop.
    fn orders_coffee(&self) -> String {
        wait_for("a quote from the shop", || self.say("order coffee").contains("order it"));
        assert!(self.say("order it").contains("adult"));
        self.tendero(&["button", "hold"]);
        wait_for("the receipt", || self.is("accepted"));
        self.order()["id"].as_str().unwrap().to_owned()
    }
}

#[test]
fn what_came_goes_back_in_two_steps_once_and_with_a_time_although_everything_is_killed() {
    let Some(house) = House::new() else { return };
    let shop = house.start_shop();
    let device = house.start_device();
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
    let device = house.start_device();
    std::thread::sleep(Duration::from_millis(300));
    drop(device);

    // The shop gets it, perhaps several times, and dies, too, before it may have answered.
    let begun = unix_ms();
    for _ in 0..2 {
        let device = house.start_device();
        let shop = house.start_shop();
        std::thread::sleep(Duration::from_millis(150));
        drop(shop);
        drop(device);
    }
    let _shop = house.start_shop();
    let _device = house.start_device();
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
    let replayed = command(&["journal", "replay", &house.dir.path().join("home/journal.jsonl").display().to_string()]);
    assert!(text(&replayed).contains("every effect as it was recorded"), "{}", stderr(&replayed));
}

#[test]
fn the_command_line_asks_once_more_and_says_what_can_not_go_back() {
    let Some(house) = House::new() else { return };
    let _shop = house.start_shop();
    let device = house.start_device();
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
    let waiting = house.order()["id"].as_str().unwrap().to_owned();
    let refused = house.run(&["orders", "withdraw", &waiting, "--yes"]);
    assert!(stderr(&refused).contains("orders cancel"), "{}", stderr(&refused));
    drop(device);
    let away = house.run(&["orders", "withdraw", "0000", "--yes"]);
    assert!(stderr(&away).contains("there is no order 0000"), "{}", stderr(&away));
}

fn start(args: &[String]) -> Running {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tendero"));
    Running(command.args(args).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
}

fn command(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tendero")).args(args).stdin(Stdio::null()).output().unwrap()
}

fn wait_for(what: &str, mut there: impl FnMut() -> bool) {
    let until_ms = unix_ms() + PATIENCE_MS;
    while unix_ms() < until_ms {
        if there() {
            return;
        }
        std::thread::sleep(PAUSE);
    }
    panic!("waited in vain for {what}");
}

fn unix_ms() -> i64 {
    tendero::clock::Clock::system().unix_ms().unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
