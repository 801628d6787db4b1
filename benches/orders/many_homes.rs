//! What a worker costs whose book has 100,000 paired homes: until it takes orders, and in memory.

use super::house::wait_for;
use super::memory::memory_kib;
use super::{Corner, table, trust};
use crate::postgres::PostgresServer;
use tendero::clock::Clock;
use tendero::deliver::keys::Keys;

const HOMES: [u32; 2] = [1, 100_000];

pub fn print() {
    let mut table = table(&["a worker starts", "paired homes", "takes orders after", "memory", "the book"]);
    let postgres = PostgresServer::start();
    for homes in HOMES {
        let on_postgres = postgres.as_ref().map(|server| server.database(&format!("homes-{homes}")));
        for (name, database) in [("SQLite", None)].into_iter().chain(on_postgres.map(|url| ("PostgreSQL", Some(url)))) {
            let Some(corner) = Corner::new(&[], database) else { return };
            let devices: Vec<_> = (0..homes)
                .map(|n| {
                    let mut seed = [7; 32];
                    seed[..4].copy_from_slice(&n.to_le_bytes());
                    (format!("home-{n}"), Keys::from_seed(&seed).public())
                })
                .collect();
            trust(&corner, &devices);
            let clock = Clock::system();
            let began_ms = clock.machine_ms();
            let worker = corner.worker(0);
            let log = corner.log(0);
            wait_for("the shop to take orders", || {
                std::fs::read_to_string(&log).is_ok_and(|log| log.contains("taking orders"))
            });
            let took_ms = clock.machine_ms() - began_ms;
            let file = std::fs::metadata(corner.data_dir().join("shop.db")).map_or(0, |file| file.len());
            table.add_row([
                name.to_owned(),
                homes.to_string(),
                format!("{took_ms} ms"),
                format!("{:.1} MiB", memory_kib(&worker.0.id().to_string(), "VmRSS:") as f64 / 1024.0),
                if file > 0 { format!("{:.1} MiB", file as f64 / 1_048_576.0) } else { String::new() },
            ]);
        }
    }
    println!("{table}");
}
