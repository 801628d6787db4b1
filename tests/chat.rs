//! A person at the shop, end to end: the real binary as device, as shop and as the person's terminal, at Debian's mosquitto
//! with TLS, passwords and access rules; shop and device are killed without warning in the middle of the conversation.
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

#[path = "support/mosquitto.rs"]
mod broker;

use broker::Mosquitto;
use serde_json::Value;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Output, Stdio};
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
        let data_dir = self.data_dir();
        let output = command(&[&["shop", args[0], "--data-dir", &data_dir], &args[1..]].concat());
        assert!(output.status.success(), "{args:?}: {}", stderr(&output));
        text(&output)
    }

    fn say(&self, words: &str) -> String {
        self.tendero(&["say", words])
    }

    /// The shop's bookings, oldest first.
    fn bookings(&self) -> Vec<Value> {
        self.shop(&["orders", "--json"]).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

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
        let mut child = Command::new(env!("CARGO_BIN_EXE_tendero"))
            .args(["shop", "chat", "--data-dir", &self.data_dir(), &thread[..8], "--as", "Maria", "--json"])
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
        let lines = json_lines(&std::fs::read_to_string(&self.out).unwrap());
        let theirs = lines.into_iter().filter(|line| line["up"] == true);
        theirs.map(|line| line["text"].as_str().unwrap_or_default().to_owned()).collect()
    }
}

#[test]
fn a_household_talks_to_a_person_and_takes_an_offer_although_everything_is_killed() {
    let Some(house) = House::new() else { return };
    let shop = house.start_shop();
    let device = house.start_device();
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
    let device = house.start_device();
    std::thread::sleep(Duration::from_millis(200));
    drop(device);
    let _shop = house.start_shop();
    let _device = house.start_device();
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
    let replayed = command(&["journal", "replay", &house.dir.path().join("home/journal.jsonl").display().to_string()]);
    assert!(text(&replayed).contains("every effect as it was recorded"), "{}", stderr(&replayed));
}

fn json_lines(text: &str) -> Vec<Value> {
    // A line that is being written is read the next time.
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
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
