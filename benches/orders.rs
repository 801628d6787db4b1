//! Orders: how fast they are booked, what 100,000 homes cost, and what is left after thousands of kills.
//!
//! `make bench`, or this alone with `cargo bench --features full --bench orders` (`-- speed`, `-- homes`, `-- kills` for one of them).
//! Everything is real: `tendero shop` in processes of its own, Debian's mosquitto with TLS, passwords and access rules, SQLite and
//! Debian's PostgreSQL. Clients, broker, workers and database share this machine, so that only figures of one run compare.

#![allow(clippy::unwrap_used, reason = "a bench ends at the first surprise")]

#[path = "../tests/support/house.rs"]
mod house;
#[path = "orders/kills.rs"]
mod kills;
#[path = "orders/many_homes.rs"]
mod many_homes;
#[path = "../tests/support/postgres.rs"]
mod postgres;
#[path = "orders/speed.rs"]
mod speed;
#[path = "../tests/support/mod.rs"]
mod support;

use comfy_table::{Table, presets};
use house::Running;
use house::broker::Mosquitto;
use house::process::program;
use house::shop_args;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use support::{SHOP, catalog};
use tendero::deliver::keys::{Keys, PublicKey};
use tendero::shop::book::Book;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    if words.first().is_some_and(|word| word == kills::DEVICE) {
        return kills::device(&words[1..]);
    }
    let wanted = |name: &str| words.is_empty() || words.iter().any(|word| word == name);
    if wanted("speed") {
        speed::print();
    }
    if wanted("homes") {
        many_homes::print();
    }
    if wanted("kills") {
        kills::print();
    }
}

/// A shop with its broker: nothing runs yet but that.
struct Corner {
    dir: tempfile::TempDir,
    broker: Mosquitto,
    /// `None`: SQLite.
    database: Option<String>,
    key: PublicKey,
}

impl Corner {
    /// `None` where mosquitto is not installed.
    fn new(homes: &[String], database: Option<String>) -> Option<Corner> {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let mut users = vec![(SHOP, "shop secret")];
        users.extend(homes.iter().map(|home| (home.as_str(), "home secret")));
        let broker = Mosquitto::start(&dir.path().join("broker"), &users)?;
        let products = serde_json::to_string(&catalog()).expect("a catalogue is JSON");
        std::fs::write(dir.path().join("catalog.json"), products).expect("the folder can be written");
        let key = Keys::load_or_make(&dir.path().join("shop")).expect("the folder can be written").public();
        Some(Corner { dir, broker, database, key })
    }

    fn data_dir(&self) -> PathBuf {
        self.dir.path().join("shop")
    }

    fn book(&self) -> Book {
        Book::of_shop(&self.data_dir(), self.database.as_deref()).expect("the book opens")
    }

    fn trust(&self, homes: &[(String, PublicKey)]) {
        let devices: Vec<_> =
            homes.iter().map(|(home, key)| (home.clone(), "kitchen".to_owned(), key.clone())).collect();
        self.book().trust_all(&devices).expect("the book can be written");
    }

    /// `tendero shop`, without limits that households never reach. The burst guard sees every order of the only product.
    fn worker(&self) -> Running {
        let mut args = shop_args(&self.broker.config(SHOP), &self.data_dir(), &self.dir.path().join("catalog.json"));
        args.extend(["--max-orders-hour", "1000000", "--burst-homes", "0"].map(str::to_owned));
        let log = self.dir.path().join("shop.log");
        let log = File::options().create(true).append(true).open(log).expect("the folder can be written");
        let mut command = program();
        command.args(args).stdout(Stdio::null()).stderr(log);
        if let Some(database) = &self.database {
            command.env("TENDERO_SHOP_DATABASE", database);
        }
        Running(command.spawn().expect("the binary was built for this"))
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("threads can be started")
}

fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY);
    table.set_header(header.iter().copied());
    table
}

/// Of a process, KiB.
fn memory_kib(pid: u32, name: &str) -> u64 {
    let status = std::fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("status")).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kib| kib.parse().ok()).unwrap_or(0)
}
