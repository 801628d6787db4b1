//! A home and its shop as their owners run them: the real binary at Debian's mosquitto with TLS, passwords and access rules.
//! Programs are killed (SIGKILL) when they go out of scope, however a test ends.
#![allow(dead_code, reason = "each test uses its part")]

#[path = "mosquitto.rs"]
pub mod broker;

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

pub struct Running(pub Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub struct House {
    pub dir: tempfile::TempDir,
    pub broker: Mosquitto,
    pub config: PathBuf,
}

impl House {
    /// A device and `tendero shop` that know each other; nothing runs yet but the broker. `None` where mosquitto is not
    /// installed.
    pub fn new() -> Option<House> {
        let house = House::without_shop()?;
        house.pair_with(house.shop(&["key"]).trim());
        let (name, key) = house.device();
        house.shop(&["trust", &name, &key]);
        Some(house)
    }

    /// As [`House::new`], and nobody knows each other yet.
    pub fn without_shop() -> Option<House> {
        if !Path::new(broker::PROGRAM).exists() {
            println!("left out: {} is not there; install the package mosquitto", broker::PROGRAM);
            return None;
        }
        let dir = tempfile::tempdir().unwrap();
        let broker =
            Mosquitto::start(&dir.path().join("broker"), &[("corner", "shop secret"), ("casa", "home secret")]);
        let config = dir.path().join("tendero.toml");
        std::fs::write(dir.path().join("catalog.json"), CATALOG).unwrap();
        Some(House { dir, broker, config })
    }

    /// Tells the device the shop's key.
    pub fn pair_with(&self, shop_key: &str) {
        let at_broker = self.broker.config("casa");
        let d = self.dir.path().display().to_string();
        let written = format!(
            "[home]\nname = \"casa\"\n[microphone]\ndevice = \"off\"\n[speaker]\ndevice = \"off\"\n\
             [broker]\nurl = \"{}\"\npassword_file = \"{}\"\nca_file = \"{}\"\n\
             [shop]\nname = \"corner\"\nkey = \"{shop_key}\"\ncatalog = \"{d}/catalog.json\"\n\
             [policy]\nhold_minutes = 0\nquiet_hours = \"\"\n[state]\ndir = \"{d}/home\"\nsocket = \"{d}/control.sock\"\n",
            at_broker.url,
            at_broker.password_file.unwrap().display(),
            at_broker.tls.ca.unwrap().display(),
        );
        std::fs::write(&self.config, written).unwrap();
    }

    /// The device's name and public key.
    pub fn device(&self) -> (String, String) {
        let device = self.tendero(&["key"]);
        let (name, key) = device.trim().split_once(' ').unwrap();
        (name.into(), key.into())
    }

    pub fn data_dir(&self) -> String {
        self.dir.path().join("shop").display().to_string()
    }

    pub fn start_shop(&self) -> Running {
        let config = self.broker.config("corner");
        let path = |path: Option<PathBuf>| path.unwrap().display().to_string();
        let catalog = self.dir.path().join("catalog.json").display().to_string();
        let mut args = vec!["shop".to_owned(), "--broker".into(), config.url, "--username".into(), "corner".into()];
        args.extend(["--password-file".into(), path(config.password_file), "--ca".into(), path(config.tls.ca)]);
        args.extend(["--data-dir".into(), self.data_dir(), "--catalog".into(), catalog]);
        start(&args)
    }

    pub fn start_device(&self) -> Running {
        let device = start(&["run".to_owned(), "--config".into(), self.config.display().to_string()]);
        let socket = self.dir.path().join("control.sock");
        wait_for("the control socket", || std::os::unix::net::UnixStream::connect(&socket).is_ok());
        device
    }

    pub fn run(&self, args: &[&str]) -> Output {
        let config = self.config.display().to_string();
        command(&[args, &["--config", &config]].concat())
    }

    /// What a subcommand of the device prints; it must succeed.
    pub fn tendero(&self, args: &[&str]) -> String {
        let output = self.run(args);
        assert!(output.status.success(), "{args:?}: {}", stderr(&output));
        text(&output)
    }

    pub fn shop(&self, args: &[&str]) -> String {
        let output = self.shop_tries(args);
        assert!(output.status.success(), "{args:?}: {}", stderr(&output));
        text(&output)
    }

    pub fn shop_tries(&self, args: &[&str]) -> Output {
        let data_dir = self.data_dir();
        command(&[&["shop", args[0], "--data-dir", &data_dir], &args[1..]].concat())
    }

    pub fn say(&self, words: &str) -> String {
        self.tendero(&["say", words])
    }

    /// The device's newest order.
    pub fn order(&self) -> Value {
        let list = self.tendero(&["orders", "list", "--json"]);
        let orders = list.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        orders.max_by_key(|order| order["confirmed"]["at_unix_ms"].as_i64()).unwrap_or_default()
    }

    pub fn is(&self, state: &str) -> bool {
        self.order()["state"] == state
    }

    /// The shop's bookings, oldest first.
    pub fn bookings(&self) -> Vec<Value> {
        self.shop(&["orders", "--json"]).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// A typed order that an adult approves, booked by the shop.
    pub fn orders_coffee(&self) -> String {
        wait_for("a quote from the shop", || self.say("order coffee").contains("order it"));
        assert!(self.say("order it").contains("adult"));
        self.tendero(&["button", "hold"]);
        wait_for("the receipt", || self.is("accepted"));
        self.order()["id"].as_str().unwrap().to_owned()
    }
}

pub fn start(args: &[String]) -> Running {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tendero"));
    Running(command.args(args).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
}

pub fn command(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tendero")).args(args).stdin(Stdio::null()).output().unwrap()
}

pub fn wait_for(what: &str, mut there: impl FnMut() -> bool) {
    let until_ms = unix_ms() + PATIENCE_MS;
    while unix_ms() < until_ms {
        if there() {
            return;
        }
        std::thread::sleep(PAUSE);
    }
    panic!("waited in vain for {what}");
}

pub fn unix_ms() -> i64 {
    tendero::clock::Clock::system().unix_ms().unwrap()
}

pub fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
