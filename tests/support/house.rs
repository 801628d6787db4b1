//! A home and its shop as their owners run them: the real binary at Debian's mosquitto with TLS, passwords and access rules,
//! or at the broker that is built in for demos.
#![allow(dead_code, unused_imports, reason = "each test uses its part")]

#[path = "mosquitto.rs"]
pub mod broker;
#[path = "process.rs"]
pub mod process;
#[path = "speaker.rs"]
pub mod speaker;

use broker::Mosquitto;
pub use process::{Running, command, json_lines, start, stderr, text, unix_ms, wait_for};
use serde_json::Value;
use speaker::{Settings, Speaker};
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::Output;
use tendero::deliver::mqtt::BrokerConfig;

/// What the shop of a house sells.
pub const CORNER: &str = r#"{"shop":"corner","version":1,"part":1,"parts":1,"currency":"EUR","products":[
    {"sku":"coffee","title":{"en":"Ground coffee, 500 g"},"says":{"en":["coffee"]},"pack":{"count":500,"unit":"gram"},
     "unit_amount":2100,"max_qty":9,"category":"drinks"}]}"#;
/// The demo's catalogue; its shop is the one that a configuration means when it names none.
const DEMO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/demo/catalog.json");

/// What is said to a house is said to its speaker.
pub struct House {
    pub dir: tempfile::TempDir,
    broker: Broker,
    catalog: PathBuf,
    speaker: Speaker,
    settings: Settings,
}

enum Broker {
    Mosquitto(Mosquitto),
    /// `tendero broker`, without passwords; started by [`House::start_broker`].
    Demo {
        port: u16,
    },
}

impl Deref for House {
    type Target = Speaker;

    fn deref(&self) -> &Speaker {
        &self.speaker
    }
}

impl House {
    /// A device and `tendero shop` that know each other; nothing runs yet but the broker. `None` where mosquitto is not
    /// installed.
    pub fn new() -> Option<House> {
        let house = House::without_shop()?;
        house.pair();
        Some(house)
    }

    /// As [`House::new`], with more tables in the device's configuration.
    pub fn with_tables(tables: &str) -> Option<House> {
        let mut house = House::without_shop()?;
        house.settings.tables = tables.into();
        house.pair();
        Some(house)
    }

    /// As [`House::new`], and nobody knows each other yet.
    pub fn without_shop() -> Option<House> {
        let dir = tempfile::tempdir().unwrap();
        let users = [("corner", "shop secret"), ("casa", "home secret")];
        let broker = Broker::Mosquitto(Mosquitto::start(&dir.path().join("broker"), &users)?);
        let catalog = dir.path().join("catalog.json");
        std::fs::write(&catalog, CORNER).unwrap();
        let settings =
            Settings { shop: "name = \"corner\"".into(), policy: "hold_minutes = 0".into(), ..Settings::default() };
        Some(House { speaker: Speaker::new(dir.path()), dir, broker, catalog, settings })
    }

    /// A device and a shop with the demo's catalogue that know each other, at the broker that is built in; nothing runs
    /// yet. `tables` are more of the device's configuration.
    #[cfg(feature = "demo-broker")]
    pub fn of_demo(hold_minutes: u32, tables: &str) -> House {
        let dir = tempfile::tempdir().unwrap();
        let broker = Broker::Demo { port: tendero::deliver::broker::free_port().unwrap() };
        let policy = format!("hold_minutes = {hold_minutes}");
        let settings = Settings { policy, tables: tables.into(), ..Settings::default() };
        let house = House { speaker: Speaker::new(dir.path()), dir, broker, catalog: DEMO.into(), settings };
        house.pair();
        house
    }

    fn pair(&self) {
        self.pair_with(self.shop(&["key"]).trim());
        let (name, key) = self.device();
        self.shop(&["trust", &name, &key]);
    }

    /// Tells the device the shop's key.
    pub fn pair_with(&self, shop_key: &str) {
        self.speaker.configure(&self.reach("casa"), shop_key, &self.catalog, &self.settings);
    }

    /// The device's name and public key.
    pub fn device(&self) -> (String, String) {
        let device = self.tendero(&["key"]);
        let (name, key) = device.trim().split_once(' ').unwrap();
        (name.into(), key.into())
    }

    /// How `user` reaches the broker.
    pub fn reach(&self, user: &str) -> BrokerConfig {
        match &self.broker {
            Broker::Mosquitto(mosquitto) => mosquitto.config(user),
            Broker::Demo { port } => BrokerConfig::new(format!("mqtt://127.0.0.1:{port}")),
        }
    }

    /// Debian's.
    pub fn mosquitto(&self) -> &Mosquitto {
        let Broker::Mosquitto(mosquitto) = &self.broker else { panic!("this house has the broker that is built in") };
        mosquitto
    }

    /// The broker that is built in.
    pub fn start_broker(&self) -> Running {
        let Broker::Demo { port } = self.broker else { panic!("mosquitto runs since the house was made") };
        start(&["broker", "--port", &port.to_string()])
    }

    pub fn data_dir(&self) -> PathBuf {
        self.dir.path().join("shop")
    }

    pub fn catalog_file(&self) -> &Path {
        &self.catalog
    }

    pub fn start_shop(&self) -> Running {
        start_shop(&self.reach("corner"), &self.data_dir(), &self.catalog)
    }

    pub fn shop(&self, args: &[&str]) -> String {
        let output = self.shop_tries(args);
        assert!(output.status.success(), "{args:?}: {}", stderr(&output));
        text(&output)
    }

    pub fn shop_tries(&self, args: &[&str]) -> Output {
        let data_dir = self.data_dir().display().to_string();
        command(&[&["shop", args[0], "--data-dir", &data_dir], &args[1..]].concat())
    }

    /// The shop's bookings, oldest first.
    pub fn bookings(&self) -> Vec<Value> {
        json_lines(&self.shop(&["orders", "--json"]))
    }
}

/// `tendero shop` in a process of its own.
pub fn start_shop(broker: &BrokerConfig, data_dir: &Path, catalog: &Path) -> Running {
    start(&shop_args(broker, data_dir, catalog))
}

/// What makes the binary that shop.
pub fn shop_args(broker: &BrokerConfig, data_dir: &Path, catalog: &Path) -> Vec<String> {
    let mut args = vec!["shop".to_owned(), "--broker".into(), broker.url.clone()];
    let mut option = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            args.extend([name.to_owned(), value]);
        }
    };
    let path = |path: &Path| path.display().to_string();
    option("--username", broker.username.clone());
    option("--password-file", broker.password_file.as_deref().map(path));
    option("--ca", broker.tls.ca.as_deref().map(path));
    option("--data-dir", Some(path(data_dir)));
    option("--catalog", Some(path(catalog)));
    args
}
