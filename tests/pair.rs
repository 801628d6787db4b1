//! A speaker is paired with a shop as their owners do it: real programs at Debian's mosquitto with TLS, whose password file
//! the shop writes.
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

#[path = "support/house.rs"]
mod house;

use house::broker::Mosquitto;
use house::speaker::Speaker;
use house::{Running, command, stderr, text, wait_for};
use serde_json::Value;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Output;

/// A shop at its broker, where nobody else has a password yet.
struct Corner {
    dir: tempfile::TempDir,
    broker: Mosquitto,
    _shop: Running,
}

impl Corner {
    /// `None` where mosquitto is not installed.
    fn open() -> Option<Corner> {
        let dir = tempfile::tempdir().unwrap();
        let broker = Mosquitto::start(&dir.path().join("broker"), &[("corner", "shop secret")])?;
        let catalog = dir.path().join("catalog.json");
        std::fs::write(&catalog, house::CORNER).unwrap();
        let shop = house::start_shop(&broker.config("corner"), &dir.path().join("shop"), &catalog);
        wait_for("the shop's book", || dir.path().join("shop/shop.db").exists());
        let corner = Corner { dir, broker, _shop: shop };
        wait_for("the shop's catalogue in its book", || !stderr(&corner.pair("casa", &[])).contains("never started"));
        Some(corner)
    }

    fn shop(&self, args: &[&str]) -> Output {
        let data_dir = self.dir.path().join("shop").display().to_string();
        command(&[&["shop", args[0], "--data-dir", &data_dir], &args[1..]].concat())
    }

    fn file(&self, name: &str) -> PathBuf {
        self.broker.dir().join(name)
    }

    /// `tendero shop pair`, with more arguments.
    fn pair(&self, home: &str, more: &[&str]) -> Output {
        let (ca, url) = (self.file("ca.pem"), self.broker.config("corner").url);
        let args = ["pair", "--home", home, "--broker", &url, "--ca", ca.to_str().unwrap(), "--json"];
        self.shop(&[&args, more].concat())
    }

    /// A code that the broker knows.
    fn code(&self, home: &str) -> String {
        let (passwords, reload) = (self.file("passwords"), format!("kill -HUP {}", self.broker.pid()));
        let given = self.pair(home, &["--passwords", passwords.to_str().unwrap(), "--reload", &reload]);
        assert!(given.status.success(), "{}", stderr(&given));
        let given: Value = serde_json::from_str(&text(&given)).unwrap();
        assert_eq!(given["users"], Value::Array(vec![]), "no password is shown that nobody needs");
        given["code"].as_str().unwrap().into()
    }

    /// A device that knows nobody: only where its folders are.
    fn device(&self, name: &str) -> Speaker {
        let dir = self.dir.path().join(name);
        std::fs::create_dir(&dir).unwrap();
        let speaker = Speaker::new(&dir);
        let config = format!(
            "# by hand\n[home]\ndevice = \"{name}\"\n[microphone]\ndevice = \"off\"\n[speaker]\ndevice = \"off\"\n\
             [policy]\nquiet_hours = \"\"\nhold_minutes = 0\n[state]\ndir = \"{}\"\nsocket = \"{}/control.sock\"\n",
            speaker.state_dir().display(),
            dir.display(),
        );
        std::fs::write(speaker.config(), config).unwrap();
        speaker
    }
}

/// What a pairing that fails says; nothing of the configuration has changed.
fn refused(speaker: &Speaker, code: &str) -> String {
    let before = std::fs::read_to_string(speaker.config()).unwrap();
    let output = speaker.run(&["pair", code]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    assert_eq!(std::fs::read_to_string(speaker.config()).unwrap(), before);
    let said = stderr(&output);
    assert_eq!(said.trim().lines().count(), 1, "{said}");
    said
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn two_speakers_are_paired_and_order_and_one_is_revoked() {
    let Some(corner) = Corner::open() else { return };
    let kitchen = corner.device("kitchen");
    let code = corner.code("casa");
    // As somebody types it who reads it from a screen.
    let paired = kitchen.run(&["pair", &code.to_lowercase().replace('-', " ").replacen("tendero ", "tendero-", 1)]);
    assert!(paired.status.success(), "{}", stderr(&paired));
    assert!(text(&paired).contains("kitchen of casa now, paired with corner (1 products)"), "{}", text(&paired));
    for file in ["key", "broker-password", "broker-ca.pem", "catalog.json"] {
        assert_eq!(mode(&kitchen.state_dir().join(file)), 0o600, "{file}");
    }
    assert!(std::fs::read_to_string(kitchen.config()).unwrap().starts_with("# by hand\n[home]\n"));
    let running = kitchen.start();
    kitchen.orders_coffee();

    // The same code is of no use to anybody else, and the paired speaker is not paired by mistake.
    let bedroom = corner.device("bedroom");
    assert!(refused(&bedroom, &code).contains("another speaker has used the code"));
    assert!(refused(&kitchen, &code).contains("--again"));

    let paired = bedroom.run(&["pair", &corner.code("casa")]);
    assert!(paired.status.success(), "{}", stderr(&paired));
    let second = bedroom.start();
    bedroom.orders_coffee();
    // The first one is still let in.
    assert!(kitchen.say("order coffee").contains("order it"));
    drop(second);

    let listed = text(&corner.shop(&["devices"]));
    assert!(listed.contains("casa/bedroom ed25519:") && listed.contains("casa/kitchen ed25519:"), "{listed}");
    assert!(corner.shop(&["revoke", "casa/kitchen"]).status.success());
    assert!(!corner.shop(&["revoke", "casa/kitchen"]).status.success());
    wait_for("the shop's refusal", || kitchen.say("order coffee").contains("not paired"));
    drop(running);
}

#[test]
fn what_does_not_pair_says_why() {
    let Some(corner) = Corner::open() else { return };
    let kitchen = corner.device("kitchen");
    assert!(refused(&kitchen, "hello").contains("no pairing code"));
    assert!(refused(&kitchen, "TENDERO-0000-0000").contains("mistyped"));
    let code = corner.code("casa");
    assert!(refused(&kitchen, &code[..code.len() - 6]).contains("cut off or mistyped"));
    // The broker was not told.
    let given: Value = serde_json::from_str(&text(&corner.pair("casa", &[]))).unwrap();
    assert_eq!(given["users"].as_array().unwrap().len(), 2, "whoever keeps the broker lets them in");
    assert!(refused(&kitchen, given["code"].as_str().unwrap()).contains("does not know this code"));
    // Another kitchen is there.
    assert!(kitchen.run(&["pair", &code]).status.success());
    let dir = corner.dir.path().join("other");
    std::fs::create_dir(&dir).unwrap();
    let other = Speaker::new(&dir);
    let config = std::fs::read_to_string(kitchen.config()).unwrap();
    let own = config.replace(kitchen.state_dir().to_str().unwrap(), other.state_dir().to_str().unwrap());
    let own: String = own.lines().filter(|line| !line.starts_with("key =")).map(|line| format!("{line}\n")).collect();
    std::fs::write(other.config(), own).unwrap();
    assert!(refused(&other, &corner.code("casa")).contains("--device"));
    assert!(other.run(&["pair", &corner.code("casa"), "--device", "kitchen-2"]).status.success());

    for (home, why) in [("corner", "the name of the shop"), ("pair-1", "can't begin with"), ("Casa", "a-z")] {
        let given = corner.pair(home, &[]);
        assert!(!given.status.success() && stderr(&given).contains(why), "{home}: {}", stderr(&given));
    }
    let given = corner.pair("casa", &["--passwords", "/nowhere/passwords"]);
    assert!(stderr(&given).contains("/nowhere/passwords"), "{}", stderr(&given));
}

/// The code on the terminal, as somebody sees it who then goes to the speaker.
#[test]
fn the_shop_shows_the_code_and_waits_for_the_speaker() {
    let Some(corner) = Corner::open() else { return };
    let (passwords, reload) = (corner.file("passwords"), format!("kill -HUP {}", corner.broker.pid()));
    let (ca, data_dir) = (corner.file("ca.pem"), corner.dir.path().join("shop"));
    let url = corner.broker.config("corner").url;
    let shown = corner.dir.path().join("shown");
    let mut waiting = house::process::program();
    waiting.args(["shop", "pair", "--home", "casa", "--broker", &url, "--reload", &reload]);
    waiting.arg("--data-dir").arg(data_dir).arg("--ca").arg(ca).arg("--passwords").arg(passwords);
    let mut waiting = Running(waiting.stdout(std::fs::File::create(&shown).unwrap()).spawn().unwrap());
    let read = || std::fs::read_to_string(&shown).unwrap();
    wait_for("the code", || read().contains("Good for one speaker"));
    let code =
        read().lines().find_map(|line| line.split_once("tendero pair ").map(|(_, code)| code.to_owned())).unwrap();
    assert!(read().contains('█'), "{}", read());
    assert!(corner.device("kitchen").run(&["pair", &code]).status.success());
    assert!(waiting.0.wait().unwrap().success());
    assert!(read().contains("kitchen of casa is paired; its key is ed25519:"), "{}", read());
}
