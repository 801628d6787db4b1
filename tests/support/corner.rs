//! A shop with a mosquitto of its own, and its workers in processes of theirs. Nothing runs yet but the broker.
#![allow(dead_code, reason = "each test uses its part")]

use crate::house::broker::Mosquitto;
use crate::house::process::program;
use crate::house::{Running, shop_args};
use crate::support::{SHOP, catalog};
use std::fs::File;
use std::path::PathBuf;
use std::process::Stdio;
use tendero::deliver::keys::{Keys, PublicKey};
use tendero::shop::book::Book;

/// What all workers of the shop have in common.
pub struct Corner {
    pub dir: tempfile::TempDir,
    pub broker: Mosquitto,
    /// `None`: SQLite.
    pub database: Option<String>,
    pub key: PublicKey,
    /// What makes the binary a worker, without limits that a household could reach.
    pub args: Vec<String>,
}

impl Corner {
    /// `None` where mosquitto is not installed.
    pub fn new(homes: &[&str], database: Option<String>) -> Option<Corner> {
        let dir = tempfile::tempdir().unwrap();
        let mut users = vec![(SHOP, "shop secret")];
        users.extend(homes.iter().map(|home| (*home, "home secret")));
        let broker = Mosquitto::start(&dir.path().join("broker"), &users)?;
        let file = dir.path().join("catalog.json");
        std::fs::write(&file, serde_json::to_string(&catalog()).unwrap()).unwrap();
        let data_dir = dir.path().join("shop");
        let key = Keys::load_or_make(&data_dir).unwrap().public();
        let mut args = shop_args(&broker.config(SHOP), &data_dir, &file);
        args.extend(["--max-orders-hour", "1000000", "--burst-homes", "0"].map(str::to_owned));
        Some(Corner { dir, broker, database, key, args })
    }

    pub fn data_dir(&self) -> PathBuf {
        self.dir.path().join("shop")
    }

    /// What a worker of this name says.
    pub fn log(&self, worker: usize) -> PathBuf {
        self.dir.path().join(format!("worker-{worker}.log"))
    }

    pub fn worker(&self, worker: usize) -> Running {
        let log = File::options().create(true).append(true).open(self.log(worker)).unwrap();
        let mut command = program();
        command.args(&self.args).stdout(Stdio::null()).stderr(log);
        if let Some(database) = &self.database {
            command.env("TENDERO_SHOP_DATABASE", database);
        }
        Running(command.spawn().unwrap())
    }

    pub fn book(&self) -> Book {
        Book::of_shop(&self.data_dir(), self.database.as_deref()).unwrap()
    }
}
