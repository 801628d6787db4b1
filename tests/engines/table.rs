//! What the suite tells of each engine, where a passing test is heard, too: straight to standard error.

use comfy_table::{Table, presets};
use std::io::Write;

/// What was tried of one engine.
pub struct Tried {
    pub engine: String,
    /// `Err`: it was left out, because.
    pub on: Result<String, String>,
    pub proven: String,
    pub not_proven: String,
}

impl Tried {
    /// One that can't start here. Fails where the set-up installs it.
    pub fn left_out(engine: &str, why: String, is_installed_by_setup: bool) -> Tried {
        assert!(!is_installed_by_setup, "{engine} is what scripts/setup.sh test installs, and it can't start: {why}");
        Tried { engine: engine.into(), on: Err(why), proven: String::new(), not_proven: "all of it".into() }
    }
}

pub fn print(what: &str, rows: &[Tried]) {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header([what, "ran on", "proven", "not proven"]);
    for Tried { engine, on, proven, not_proven } in rows {
        let on = on.clone().unwrap_or_else(|why| format!("LEFT OUT because {why}"));
        table.add_row([engine, &on, proven, not_proven]);
    }
    // Not by print!, which a test that passes keeps for itself.
    let _ = std::io::stderr().lock().write_all(format!("\n{table}\n").as_bytes());
}

/// Every name of `there` has one row in `rows`, and no row is of another engine.
pub fn covers(table: &str, there: &[&str], rows: &[&str]) {
    for name in there {
        let found = rows.iter().filter(|row| *row == name).count();
        assert_eq!(found, 1, "{name} of {table} needs one row in tests/engines, and has {found}");
    }
    assert!(
        rows.iter().all(|row| there.contains(row)),
        "{rows:?} has rows of engines that are not in {table}: {there:?}"
    );
}

/// The types under `src/FOLDER` for which somebody wrote `impl WHAT for`, tests left out.
pub fn implementors(folder: &str, what: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") && !path.ends_with("tests.rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                let text = text.split("#[cfg(test)]").next().unwrap();
                let lines = text.lines().filter(|line| line.trim_start().starts_with("impl"));
                let named = lines.filter_map(|line| line.split_once(&format!(" {what} for ")));
                found.extend(named.map(|(_, rest)| rest.split(['<', ' ', '{']).next().unwrap().to_owned()));
            }
        }
    }
    found.sort();
    found
}
