//! `tendero doctor` with the real binary: a home where all is well, and the same home with one thing broken at a time. Each
//! must be told in its row, with the command that mends it and the right exit status, and nothing may be changed by looking.

#![cfg(all(feature = "pocketsphinx", feature = "espeak", feature = "vosk", feature = "audio"))]
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

#[path = "support/house.rs"]
mod house;
#[path = "support/sound.rs"]
mod sound;

use house::process::{self, Running, command_fed, program};
use house::{House, command, stderr, text, wait_for};
use serde_json::Value;
use sound::{Shape, Sound};
use std::fs::{File, Permissions, read_to_string, set_permissions, write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::Output;

const WAKE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/runtime/wake");
/// What this machine is like is for no test to say.
const OF_THE_MACHINE: [&str; 3] = ["board", "clock", "disk"];

/// A house that is paired, has run once, and has a PIN; its shop runs.
struct Home {
    house: House,
    _shop: Running,
}

/// What it said.
struct Said {
    status: i32,
    rows: Vec<Value>,
}

impl Home {
    /// `None` where mosquitto is not installed.
    fn new() -> Option<Home> {
        let house = House::with_tables(&format!("[wake]\nmodels = \"{WAKE}\"\n[stt]\nmodels = \"/nowhere\"\n"))?;
        let shop = house.start_shop();
        let home = Home { house, _shop: shop };
        let password = home.house.reach("casa").password_file.unwrap();
        set_permissions(password, Permissions::from_mode(0o640)).unwrap();
        home.set("[microphone]\ndevice = \"off\"", "[microphone]\ndevice = \"pipe\"");
        home.set("hold_minutes = 0", "hold_minutes = 10");
        let config = home.house.config().display().to_string();
        assert!(command_fed(&["pin", "set", "--config", &config], "47110815\n").status.success());
        drop(home.house.start());
        // It was killed: this folds its log in, as a clean end does.
        home.house.tendero(&["orders", "list"]);
        wait_for("the shop's word that it is there", || home.looks(&[]).row("broker")["mark"] == "well");
        Some(home)
    }

    fn set(&self, from: &str, to: &str) {
        let config = read_to_string(self.house.config()).unwrap();
        assert!(config.contains(from), "{from}: {config}");
        write(self.house.config(), config.replacen(from, to, 1)).unwrap();
    }

    fn looks(&self, more: &[&str]) -> Said {
        Said::from(&[&["doctor", "--json", "--config", self.house.config().to_str().unwrap()], more].concat())
    }

    fn state(&self, name: &str) -> std::path::PathBuf {
        self.house.state_dir().join(name)
    }
}

impl Said {
    fn from(args: &[&str]) -> Said {
        Said::of(&command(args))
    }

    fn of(output: &Output) -> Said {
        let report: Value = serde_json::from_str(&text(output)).unwrap_or_else(|_| panic!("{}", stderr(output)));
        let said = Said { status: output.status.code().unwrap(), rows: report["rows"].as_array().unwrap().clone() };
        assert_eq!(report["well"], said.status == 0);
        let faults = said.rows.iter().filter(|row| row["mark"] == "fault").count();
        assert_eq!(faults == 0, said.status == 0, "{:?}", said.rows);
        said
    }

    /// The worst row of the area.
    fn row(&self, area: &str) -> &Value {
        let rank = |row: &&Value| ["off", "well", "warning", "fault"].iter().position(|mark| row["mark"] == *mark);
        self.rows.iter().filter(|row| row["area"] == area).max_by_key(rank).unwrap_or_else(|| panic!("{:?}", self.rows))
    }

    fn has(&self, area: &str, mark: &str, says: &str, fix: &str) {
        let row = self.row(area);
        let holds = |key: &str, part: &str| row[key].as_str().unwrap_or_default().contains(part);
        assert!(row["mark"] == mark && holds("says", says) && holds("fix", fix), "{area} {mark} {says} {fix}: {row}");
    }
}

/// Every file below, with all that looking could change.
fn contents(dir: &Path) -> Vec<(String, u64, i64, i64, u32, Vec<u8>)> {
    let mut files: Vec<_> = std::fs::read_dir(dir)
        .unwrap()
        .flatten()
        .map(|entry| {
            let found = entry.metadata().unwrap();
            // Locks of readers are taken in the shared memory of the log, which is no content.
            let is_kept = found.is_file() && !entry.file_name().to_string_lossy().ends_with("-shm");
            let bytes = if is_kept { std::fs::read(entry.path()).unwrap() } else { vec![] };
            let name = entry.file_name().to_string_lossy().into_owned();
            (name, found.len(), found.mtime(), found.mtime_nsec(), found.mode(), bytes)
        })
        .collect();
    files.sort();
    files
}

#[test]
fn a_home_where_all_is_well_has_no_warning_and_looking_changes_nothing() {
    let Some(home) = Home::new() else { return };
    let before = contents(&home.house.state_dir());
    let said = home.looks(&[]);
    assert_eq!(said.status, 0, "{:?}", said.rows);
    assert_eq!(contents(&home.house.state_dir()), before, "after a clean end");
    for row in &said.rows {
        let expected = match row["area"].as_str().unwrap() {
            area if OF_THE_MACHINE.contains(&area) => continue,
            "loudspeaker" => "off",
            "daemon" => "warning",
            _ => "well",
        };
        assert_eq!(row["mark"], expected, "{row}");
    }
    said.has("speech to text", "well", "pocketsphinx is used: starts in", "");
    said.has("speech to text", "well", "with the catalogue's", "");
    said.has("text to speech", "well", "espeak is used", "");
    said.has("catalogue", "well", "1 products of corner, version 1, from today", "");
    said.has("broker", "well", "over TLS", "");
    said.has("broker", "well", "corner is there", "");
    said.has("PIN", "well", "set", "");

    // Beside a daemon, and after one that was killed and left its log.
    let daemon = home.house.start();
    home.house.say("put coffee on the list");
    let beside = home.looks(&[]);
    assert_eq!(beside.status, 0, "{:?}", beside.rows);
    beside.has("daemon", "well", "runs, resting, microphone", "");
    beside.has("orders", "well", "0 in the book", "");
    drop(daemon);
    let before = contents(&home.house.state_dir());
    assert!(before.iter().any(|(name, ..)| name == "tendero.db-wal"), "a kill leaves the log");
    home.looks(&[]).has("orders", "well", "0 in the book", "");
    assert_eq!(contents(&home.house.state_dir()), before, "after a kill");

    // For people: no colours into a pipe, and the fix under its row.
    std::fs::remove_file(home.state("pin")).unwrap();
    let plain = text(&home.house.run(&["doctor"]));
    assert!(!plain.contains('\x1b'), "{plain}");
    let row = plain.lines().position(|line| line.starts_with("warn   PIN")).unwrap_or_else(|| panic!("{plain}"));
    assert!(plain.lines().nth(row + 1).unwrap().contains("→ tendero pin set --config"), "{plain}");
    assert!(plain.lines().last().unwrap().starts_with("Nothing stops the speaker from working"), "{plain}");
}

#[test]
fn what_is_wrong_with_the_configuration_is_told_with_its_line() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("tendero.toml");
    let at = file.to_str().unwrap();
    let looks = || Said::from(&["doctor", "--json", "--config", at]);
    let said = looks();
    said.has("configuration", "fault", "is not there", &format!("tendero config | sudo tee {at}"));
    assert!(said.rows.iter().any(|row| row["area"] == "clock"), "what needs no configuration is told: {:?}", said.rows);
    write(&file, "[home]\nlangage = \"en\"\n").unwrap();
    looks().has(
        "configuration",
        "fault",
        "tendero.toml:2: unknown key \"langage\"; did you mean \"language\"?",
        "nano +2",
    );
    write(&file, "[home\n").unwrap();
    looks().has("configuration", "fault", "tendero.toml:1:", "nano +1");
    write(&file, "[policy]\ncap_day_minor = -1\n").unwrap();
    looks().has("configuration", "fault", "[policy] cap_day_minor: -1 is negative", "tendero config");
    for row in [looks(), looks()].iter().flat_map(|said| &said.rows) {
        assert!(row["mark"] != "fault" || row["fix"].is_string(), "{row}");
    }
}

/// A change, what it must be told as (area, mark, words, words of the fix), and the exit status.
type Case<'a> = (&'a str, Box<dyn Fn(&Home) + 'a>, [&'a str; 4], i32);

#[test]
fn one_broken_thing_is_told_in_its_row_with_what_mends_it() {
    let Some(home) = Home::new() else { return };
    let empty = tempfile::tempdir().unwrap();
    let no_folder = empty.path().join("file");
    File::create(&no_folder).unwrap();
    let no_folder = no_folder.display().to_string();
    let set = |from: &'static str, to: String| move |home: &Home| home.set(from, &to);
    let engines = |names: &str| set("[stt]\n", format!("[stt]\nengines = [{names}]\n"));
    let dir = home.house.state_dir().display().to_string();
    let mode = |name: &'static str, mode| {
        move |home: &Home| set_permissions(home.state(name), Permissions::from_mode(mode)).unwrap()
    };
    let cases: Vec<Case<'_>> = vec![
        (
            "wake",
            Box::new(|home| home.set(WAKE, "/nowhere")),
            ["wake word", "fault", "/nowhere/melspectrogram.onnx cannot be used", "fetch-wake-frontend.sh /nowhere"],
            1,
        ),
        (
            "model",
            Box::new(engines("\"vosk\"")),
            [
                "speech to text",
                "fault",
                "vosk: no vosk model for \"en\"",
                "tendero models pull vosk-model-small-en-us-0.15",
            ],
            1,
        ),
        (
            "second engine",
            Box::new(engines("\"vosk\", \"pocketsphinx\"")),
            ["speech to text", "warning", "vosk: no vosk model", "tendero models pull vosk-model-small-en-us-0.15"],
            0,
        ),
        (
            "engine",
            Box::new(engines("\"whisperer\"")),
            ["speech to text", "fault", "whisperer: no such engine; there are pocketsphinx", "[stt] engines"],
            1,
        ),
        (
            "language",
            Box::new(|home| home.set("name = \"casa\"", "name = \"casa\"\nlanguage = \"es\"")),
            ["speech to text", "warning", "pocketsphinx hears English", "models pull vosk-model-small-es-0.42"],
            0,
        ),
        (
            "microphone",
            Box::new(|home| home.set("device = \"pipe\"", "device = \"no such card\"")),
            ["microphone", "fault", "no such card", "tendero audio list"],
            1,
        ),
        (
            "state",
            Box::new(|home| home.set(&dir, &format!("{no_folder}/state"))),
            ["state folder", "fault", "is no folder", "[state] dir"],
            1,
        ),
        ("mode", Box::new(mode("", 0o500)), ["state folder", "fault", "can't be written", "chmod 700"], 1),
        ("key", Box::new(mode("key", 0o644)), ["secret file", "fault", "orders could be signed", "chmod 600"], 1),
        (
            "book",
            Box::new(|home| write(home.state("tendero.db"), "<html>").unwrap()),
            ["orders", "fault", "is not a tendero store", "backup"],
            1,
        ),
        (
            "PIN",
            Box::new(|home| std::fs::remove_file(home.state("pin")).unwrap()),
            ["PIN", "warning", "none is set", "tendero pin set"],
            0,
        ),
        (
            "damaged PIN",
            Box::new(|home| write(home.state("pin"), "<html>").unwrap()),
            ["PIN", "fault", "does not hold a PIN's hash", "tendero pin set"],
            1,
        ),
        (
            "pairing",
            Box::new(|home| home.set("key = \"ed25519", "key = \"\" # \"ed25519")),
            ["pairing", "fault", "not paired", "tendero pair CODE"],
            1,
        ),
        (
            "catalogue",
            Box::new(|home| home.set("catalog.json", "nowhere.json")),
            ["catalogue", "fault", "can't read the catalogue", "[shop] catalog"],
            1,
        ),
        (
            "random words",
            Box::new(set("[policy]\n", "[policy]\nrandom_words = false\n".into())),
            ["policy", "warning", "an advert", "random_words = true"],
            0,
        ),
        (
            "password",
            Box::new(|home| home.set("casa.password", "corner.password")),
            ["broker", "fault", "refused user \"casa\"", "password_file"],
            1,
        ),
        ("authority", Box::new(|home| home.set("/ca.pem", "/other-ca.pem")), ["broker", "fault", "TLS", "ca_file"], 1),
        (
            "nobody at the port",
            Box::new(|home| home.set(&home.house.reach("casa").url, "mqtt://127.0.0.1:1")),
            ["broker", "fault", "can't be reached", "nc -vz 127.0.0.1 1"],
            1,
        ),
    ];
    let config = read_to_string(home.house.config()).unwrap();
    let kept: Vec<(&str, Vec<u8>)> =
        ["pin", "tendero.db"].map(|name| (name, std::fs::read(home.state(name)).unwrap())).into();
    for (name, change, [area, mark, says, fix], status) in cases {
        change(&home);
        let said = home.looks(&[]);
        println!("{name}: {}", said.row(area));
        said.has(area, mark, says, fix);
        assert_eq!(said.status, status, "{name}: {:?}", said.rows);
        write(home.house.config(), &config).unwrap();
        set_permissions(home.house.state_dir(), Permissions::from_mode(0o700)).unwrap();
        for (file, bytes) in &kept {
            write(home.state(file), bytes).unwrap();
        }
        for file in ["key", "pin", "tendero.db"] {
            set_permissions(home.state(file), Permissions::from_mode(0o600)).unwrap();
        }
    }
    assert_eq!(home.looks(&[]).status, 0, "and whole again");
}

#[test]
fn a_broker_that_is_down_is_told_and_offline_does_not_ask() {
    let Some(home) = Home::new() else { return };
    let Home { house, _shop } = home;
    let pid = house.mosquitto().pid();
    let config = house.config().display().to_string();
    assert!(std::process::Command::new("kill").args(["-9", &pid.to_string()]).status().unwrap().success());
    let looks = |more: &[&str]| Said::from(&[&["doctor", "--json", "--config", &config], more].concat());
    wait_for("the broker to be gone", || looks(&[]).row("broker")["mark"] == "fault");
    looks(&[]).has("broker", "fault", "can't be reached", "sudo systemctl start mosquitto");
    let offline = looks(&["--offline"]);
    assert_eq!(offline.status, 0, "{:?}", offline.rows);
    offline.has("broker", "off", "was not asked", "");
}

#[test]
fn sound_cards_are_found_by_name_and_tried_where_somebody_wants_that() {
    let Some(home) = Home::new() else { return };
    let dir = tempfile::tempdir().unwrap();
    let Some(card) = Sound::start(dir.path(), Shape::default()) else { return };
    home.set("[microphone]\ndevice = \"pipe\"", "[microphone]\ndevice = \"kitchen\"");
    home.set("[speaker]\ndevice = \"off\"", "[speaker]\ndevice = \"kitchen\"");
    let looks = |more: &[&str]| {
        let mut command = program();
        card.lend(&mut command);
        command.args(["doctor", "--json", "--offline", "--config"]).arg(home.house.config()).args(more);
        Said::of(&command.output().unwrap())
    };
    let found = looks(&[]);
    assert_eq!(found.status, 0, "{:?}", found.rows);
    found.has("microphone", "well", " Hz, ", "");
    found.has("loudspeaker", "well", " Hz, ", "");
    looks(&["--sound"]).has("microphone", "fault", "nothing but zeros", "tendero audio test --config");
    let noise: Vec<i16> = (0..60 * 16_000_i64).map(|at| (at * 7_919 % 2_001 - 1_000) as i16).collect();
    let _room = card.begin_to_say(&noise, 16_000, 1);
    wait_for("sound from the microphone", || looks(&["--sound"]).row("microphone")["mark"] == "well");
    let tried = looks(&["--sound"]);
    tried.has("microphone", "well", "it gives sound, -", "");
    tried.has("loudspeaker", "well", "it takes sound", "");
}

#[test]
fn a_device_without_ears_needs_none() {
    let Some(home) = Home::new() else { return };
    home.set("device = \"pipe\"", "device = \"off\"");
    home.set(WAKE, "/nowhere");
    let said = home.looks(&["--offline"]);
    assert_eq!(said.status, 0, "{:?}", said.rows);
    for area in ["microphone", "wake word", "speech to text", "models", "loudspeaker"] {
        said.has(area, "off", "", "");
    }
}
