//! Orders: how fast they are booked, what 100,000 homes cost, and what is left after thousands of kills.
//!
//! `make bench`, or this alone with `cargo bench --features full --bench orders` (`-- speed`, `-- homes`, `-- kills` for one of them).
//! Everything is real: `tendero shop` in processes of its own, Debian's mosquitto with TLS, passwords and access rules, SQLite and
//! Debian's PostgreSQL. Clients, broker, workers and database share this machine, so that only figures of one run compare.

#![allow(clippy::unwrap_used, reason = "a bench ends at the first surprise")]

#[path = "../tests/support/corner.rs"]
mod corner;
#[path = "../tests/support/house.rs"]
mod house;
#[path = "orders/kills.rs"]
mod kills;
#[path = "orders/many_homes.rs"]
mod many_homes;
#[path = "support/memory.rs"]
mod memory;
#[path = "../tests/support/postgres.rs"]
mod postgres;
#[path = "orders/speed.rs"]
mod speed;
#[path = "../tests/support/mod.rs"]
mod support;

use comfy_table::{Table, presets};
use corner::Corner;
use tendero::deliver::keys::PublicKey;

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

/// All of these are at home in the kitchen.
fn trust(corner: &Corner, homes: &[(String, PublicKey)]) {
    let devices: Vec<_> = homes.iter().map(|(home, key)| (home.clone(), "kitchen".to_owned(), key.clone())).collect();
    corner.book().trust_all(&devices).expect("the book can be written");
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
