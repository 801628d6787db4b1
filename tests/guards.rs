//! `tendero eval guards`, as somebody would run it, with fewer replays: each goal is met; and without random words only the
//! few get through that are known to.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use serde_json::Value;
use std::process::Command;
use std::sync::OnceLock;

/// The seed, so that a fault can be looked at again.
const SEED: &str = "7";

fn table(arguments: &[&str]) -> (bool, Value) {
    let out = Command::new(env!("CARGO_BIN_EXE_tendero"))
        .args(["eval", "guards", "--json", "--seed", SEED])
        .args(arguments)
        .output()
        .unwrap();
    let text = String::from_utf8(out.stdout).unwrap();
    let errors = String::from_utf8_lossy(&out.stderr);
    (out.status.success(), serde_json::from_str(&text).unwrap_or_else(|why| panic!("{why}: {text} {errors}")))
}

/// The whole table, made once.
fn whole() -> &'static (bool, Value) {
    static ONCE: OnceLock<(bool, Value)> = OnceLock::new();
    ONCE.get_or_init(|| table(&["--broadcasts", "250", "--replays", "100"]))
}

fn row<'a>(table: &'a Value, name: &str) -> &'a Value {
    let rows = table["rows"].as_array().unwrap();
    rows.iter().find(|row| row["name"].as_str().unwrap().contains(name)).unwrap_or_else(|| panic!("no row {name}"))
}

#[test]
fn the_goals_are_met() {
    let (success, table) = whole();
    let rows = table["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 11);
    let with_sound = !row(table, "replays of genuine")["judged_by"].as_str().unwrap().starts_with("not judged");
    for row in rows {
        let name = row["name"].as_str().unwrap();
        let judged = with_sound || !name.contains("replays") && !name.contains("known reorders");
        assert!(!judged || row["met"] == true, "{row:#}");
    }
    // The exit status says whether every goal is met.
    assert_eq!(*success, rows.iter().all(|row| row["met"] == true));
}

#[test]
fn without_random_words_no_more_gets_through_than_is_known() {
    let (_, table) = whole();
    let broadcasts = row(table, "same broadcasts");
    let wrong = broadcasts["wrong"].as_u64().unwrap();
    assert!(wrong * 10 <= 250, "{broadcasts:#}");
    // Each of them passed for a person: it made a pause, stood out of the room, asked for what the home buys, and was
    // not registered.
    let arose = &broadcasts["arose"];
    for never in ["ordered without a pause", "ordered from far away", "ordered something new"] {
        assert_eq!(arose[never], 0, "{broadcasts:#}");
    }
    let replays = row(table, "fifth of the replays");
    assert!(replays["wrong"].as_u64().unwrap() <= 3, "{replays:#}");
}

#[test]
fn the_same_seed_gives_the_same_table() {
    let few = ["--broadcasts", "40", "--replays", "10"];
    assert_eq!(table(&few), table(&few));
}
