//! A speaker of the home "casa" as the real binary: its folder, its configuration without microphone and loudspeaker, and
//! what one says to it and reads from it.
#![allow(dead_code, reason = "each test uses its part")]

use super::process::{Running, command, json_lines, printed, start, stderr, text, wait_for};
use serde_json::Value;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Output;
use tendero::deliver::mqtt::BrokerConfig;

pub struct Speaker {
    dir: PathBuf,
}

/// What the configurations differ in: lines of TOML.
#[derive(Debug, Default)]
pub struct Settings {
    pub home: String,
    pub shop: String,
    pub policy: String,
    /// Whole tables.
    pub tables: String,
}

impl Speaker {
    pub fn new(dir: &Path) -> Speaker {
        Speaker { dir: dir.into() }
    }

    pub fn config(&self) -> PathBuf {
        self.dir.join("tendero.toml")
    }

    /// The folder with its keys, its database and its journal.
    pub fn state_dir(&self) -> PathBuf {
        self.dir.join("home")
    }

    pub fn configure(&self, broker: &BrokerConfig, shop_key: &str, catalog: &Path, settings: &Settings) {
        let Settings { home, shop, policy, tables } = settings;
        let file = |key: &str, path: &Option<PathBuf>| {
            path.as_ref().map_or(String::new(), |path| format!("{key} = \"{}\"\n", path.display()))
        };
        let written = format!(
            "[home]\nname = \"casa\"\n{home}\n[microphone]\ndevice = \"off\"\n[speaker]\ndevice = \"off\"\n{tables}\n\
             [broker]\nurl = \"{}\"\n{}{}[shop]\n{shop}\nkey = \"{shop_key}\"\ncatalog = \"{}\"\n\
             [policy]\nquiet_hours = \"\"\n{policy}\n[state]\ndir = \"{}\"\nsocket = \"{}\"\n",
            broker.url,
            file("password_file", &broker.password_file),
            file("ca_file", &broker.tls.ca),
            catalog.display(),
            self.state_dir().display(),
            self.socket().display(),
        );
        std::fs::write(self.config(), written).unwrap();
    }

    /// `tendero run`, once it answers.
    pub fn start(&self) -> Running {
        let running = start(&["run".as_ref(), "--config".as_ref(), self.config().as_os_str()]);
        self.wait_until_it_answers();
        running
    }

    /// After a kill the old socket is still there, and nobody answers at it.
    pub fn wait_until_it_answers(&self) {
        wait_for("the control socket", || UnixStream::connect(self.socket()).is_ok());
    }

    fn socket(&self) -> PathBuf {
        self.dir.join("control.sock")
    }

    pub fn run(&self, args: &[&str]) -> Output {
        command(&[args, &["--config", self.config().to_str().unwrap()]].concat())
    }

    /// What a subcommand prints; it must succeed.
    pub fn tendero(&self, args: &[&str]) -> String {
        printed(&[args, &["--config", self.config().to_str().unwrap()]].concat())
    }

    pub fn say(&self, words: &str) -> String {
        self.tendero(&["say", words])
    }

    /// Its orders as it was asked for them.
    pub fn orders(&self) -> Vec<Value> {
        json_lines(&self.tendero(&["orders", "list", "--json"]))
    }

    pub fn states(&self) -> Vec<String> {
        self.orders().iter().map(|order| order["state"].as_str().unwrap().to_owned()).collect()
    }

    /// Its newest order.
    pub fn order(&self) -> Value {
        self.orders().into_iter().max_by_key(|order| order["confirmed"]["at_unix_ms"].as_i64()).unwrap_or_default()
    }

    /// The newest order's.
    pub fn order_id(&self) -> String {
        self.order()["id"].as_str().unwrap().to_owned()
    }

    pub fn is(&self, state: &str) -> bool {
        self.order()["state"] == state
    }

    /// A typed order that an adult approves, booked by the shop.
    pub fn orders_coffee(&self) -> String {
        wait_for("a quote from the shop", || self.say("order coffee").contains("order it"));
        assert!(self.say("order it").contains("adult"));
        self.tendero(&["button", "hold"]);
        wait_for("the receipt", || self.is("accepted"));
        self.order_id()
    }

    /// Everything that it did, as a dialogue; each effect must be as it was recorded.
    pub fn replay(&self) -> String {
        let journal = self.state_dir().join("journal.jsonl");
        let replayed = command(&["journal", "replay", journal.to_str().unwrap()]);
        assert!(replayed.status.success(), "{}", stderr(&replayed));
        assert!(text(&replayed).contains("every effect as it was recorded"), "{}", stderr(&replayed));
        text(&replayed)
    }
}
