//! The daemon as a maker runs it: the real binary with its broker and a shop, typed to, killed
//! without warning, and asked what it did.

#![cfg(feature = "demo-broker")]

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;
use tendero::deliver::broker::free_port;

const CATALOG: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/demo/catalog.json");
/// How often something is looked for, and how many times.
const PAUSE: Duration = Duration::from_millis(50);
const TRIES: usize = 400;

/// Killed when the test ends, however it ends.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

struct House {
    dir: tempfile::TempDir,
    config: PathBuf,
    port: u16,
}

impl House {
    /// A house with `hold_minutes`, whose shop and device know each other.
    fn new(hold_minutes: u32) -> House {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let port = free_port().expect("a free port");
        let config = dir.path().join("tendero.toml");
        let shop_key = text(&tendero(&["shop", "key", "--data-dir", path(&dir.path().join("shop"))]));
        let written = format!(
            "[home]\nname = \"casa\"\n[microphone]\ndevice = \"off\"\n[speaker]\ndevice = \"off\"\n\
             [broker]\nurl = \"mqtt://127.0.0.1:{port}\"\n[shop]\nkey = \"{}\"\ncatalog = \"{CATALOG}\"\n\
             [policy]\nhold_minutes = {hold_minutes}\nquiet_hours = \"\"\n[state]\ndir = \"{dir}/home\"\nsocket = \"{dir}/control.sock\"\n",
            shop_key.trim(),
            dir = dir.path().display(),
        );
        std::fs::write(&config, written).expect("the folder can be written");
        let house = House { dir, config, port };
        let device = text(&tendero(&["key", "--config", path(&house.config)]));
        let (name, key) = device.trim().split_once(' ').expect("a name and a key");
        let trusted = tendero(&["shop", "trust", "--data-dir", path(&house.shop_dir()), name, key]);
        assert!(trusted.status.success(), "{}", String::from_utf8_lossy(&trusted.stderr));
        house
    }

    fn shop_dir(&self) -> PathBuf {
        self.dir.path().join("shop")
    }

    fn start_daemon(&self) -> Running {
        let daemon = start(&["run", "--config", path(&self.config)]);
        // After a kill the old socket is still there, and nobody answers at it.
        let socket = self.dir.path().join("control.sock");
        wait_for("the control socket", || std::os::unix::net::UnixStream::connect(&socket).is_ok());
        daemon
    }

    fn start_shop(&self) -> Running {
        let broker = format!("mqtt://127.0.0.1:{}", self.port);
        start(&["shop", "--catalog", CATALOG, "--broker", &broker, "--data-dir", path(&self.shop_dir())])
    }

    fn say(&self, words: &str) -> String {
        let output = tendero(&["say", "--config", path(&self.config), words]);
        assert!(output.status.success(), "{words}: {}", String::from_utf8_lossy(&output.stderr));
        text(&output)
    }

    /// Runs a subcommand on this house with a PIN on its standard input.
    fn with_pin(&self, pin: &str, args: &[&str]) -> Output {
        use std::io::Write;
        let mut child = Command::new(env!("CARGO_BIN_EXE_tendero"))
            .args(args)
            .args(["--config", path(&self.config)])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut stdin = child.stdin.take().expect("its input is piped");
        writeln!(stdin, "{pin}").expect("it reads its input");
        drop(stdin);
        child.wait_with_output().expect("it ends")
    }

    /// The states of the device's orders, newest first.
    fn states(&self) -> Vec<String> {
        let output = tendero(&["orders", "--config", path(&self.config), "list", "--json"]);
        let lines = text(&output);
        let orders = lines.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON"));
        orders.map(|order| order["state"].as_str().expect("a state").to_owned()).collect()
    }

    fn booked(&self) -> usize {
        text(&tendero(&["shop", "orders", "--data-dir", path(&self.shop_dir()), "--json"])).lines().count()
    }
}

#[test]
fn forgetting_deletes_what_the_device_knows_and_nothing_else() {
    let house = House::new(10);
    let home = house.dir.path().join("home");
    let daemon = house.start_daemon();
    house.say("put milk on the list");
    let forget = |more: &[&str]| tendero(&[&["forget", "--config", path(&house.config)], more].concat());
    assert!(stderr(&forget(&["--yes"])).contains("stop it first"));
    drop(daemon);
    std::fs::write(home.join("photo.jpg"), "not ours").expect("the folder can be written");
    assert!(stderr(&forget(&[])).contains("--yes"), "a script must mean it");
    assert!(home.join("tendero.db").exists());
    let done = forget(&["--yes"]);
    assert!(text(&done).contains("forgotten"), "{}", stderr(&done));
    let left: Vec<_> =
        std::fs::read_dir(&home).expect("the folder is there").flatten().map(|e| e.file_name()).collect();
    assert_eq!(left, ["photo.jpg"]);
    assert!(text(&forget(&["--yes"])).contains("nothing to forget"));
    let _daemon = house.start_daemon();
    assert_eq!(house.states(), Vec::<String>::new(), "and it starts anew");
}

#[test]
fn an_adult_approves_with_the_pin_and_guessing_locks_it() {
    // Long enough not to stand in a hash by chance.
    const PIN: &str = "47110815";
    const WRONG: &str = "08154711";
    let house = House::new(10);
    let _broker = start(&["broker", "--port", &house.port.to_string()]);
    let _shop = house.start_shop();
    let daemon = house.start_daemon();
    wait_for("a quote from the shop", || house.say("the toothbrush heads ran out").contains("order it"));
    house.say("order it");
    assert_eq!(house.states(), ["awaiting_adult"]);

    let unset = house.with_pin(PIN, &["orders", "approve"]);
    assert!(stderr(&unset).contains("tendero pin set"), "{}", stderr(&unset));
    assert!(stderr(&house.with_pin("1234", &["pin", "set"])).contains("choose another"));
    assert!(house.with_pin(PIN, &["pin", "set"]).status.success());

    assert!(text(&house.with_pin(WRONG, &["orders", "approve"])).contains("not the PIN"));
    assert!(
        house.say(&format!("pin {WRONG}")).contains("One more try"),
        "typed into the conversation it is a PIN, too"
    );
    assert!(text(&house.with_pin(PIN, &["orders", "approve", &first_order(&house)])).contains("I hold it"));
    assert_eq!(house.states(), ["held"]);
    assert!(house.say(PIN).contains("Nothing is waiting"));

    for _ in 0..3 {
        house.say(&format!("approve {WRONG}"));
    }
    drop(daemon);
    let daemon = house.start_daemon();
    assert!(house.say(PIN).contains("too many wrong PINs"), "a restart does not unlock it");
    drop(daemon);

    let kept = std::fs::read_dir(house.dir.path().join("home")).expect("the state folder can be read");
    for file in kept {
        let path = file.expect("an entry").path();
        let bytes = std::fs::read(&path).expect("the file can be read");
        for pin in [PIN, WRONG] {
            let found = bytes.windows(pin.len()).any(|part| part == pin.as_bytes());
            assert!(!found, "{} holds a PIN", path.display());
        }
    }
}

#[test]
fn a_typed_order_is_approved_survives_a_kill_in_its_hold_and_is_booked_once() {
    let house = House::new(0);
    let _broker = start(&["broker", "--port", &house.port.to_string()]);
    let shop = house.start_shop();
    let daemon = house.start_daemon();

    wait_for("a quote from the shop", || house.say("the toothbrush heads ran out").contains("order it"));
    assert!(house.say("order it").contains("adult"), "a first purchase needs an adult");
    assert_eq!(house.states(), ["awaiting_adult"]);

    // The shop is away, so the approved order must wait in the outbox, over a kill -9.
    drop(shop);
    let pressed = tendero(&["button", "--config", path(&house.config), "hold"]);
    assert!(pressed.status.success(), "{}", String::from_utf8_lossy(&pressed.stderr));
    wait_for("the order to leave its hold", || house.states() == ["sending"]);
    drop(daemon);
    assert_eq!(house.booked(), 0);

    let _daemon = house.start_daemon();
    let _shop = house.start_shop();
    wait_for("the receipt", || house.states() == ["accepted"]);
    assert_eq!(house.booked(), 1);
    assert!(house.say("the toothbrush heads ran out").contains("already"), "the second request hears of the first");
    house.say("no");

    let shown = text(&tendero(&["orders", "--config", path(&house.config), "show", &first_order(&house)]));
    for part in ["toothbrush", "novelty", "order it", "accepted"] {
        assert!(shown.contains(part), "{part:?} is missing from:\n{shown}");
    }
    let why = text(&tendero(&["why", "--config", path(&house.config)]));
    assert!(why.contains("the toothbrush heads ran out") && why.contains("already"), "{why}");
    let journal = house.dir.path().join("home/journal.jsonl");
    let replayed = tendero(&["journal", "replay", path(&journal)]);
    assert!(replayed.status.success(), "{}", String::from_utf8_lossy(&replayed.stderr));
    assert!(text(&replayed).contains("every effect as it was recorded"));
}

#[test]
fn an_order_that_is_cancelled_in_its_hold_never_reaches_the_shop() {
    let house = House::new(10);
    let _broker = start(&["broker", "--port", &house.port.to_string()]);
    let _shop = house.start_shop();
    let _daemon = house.start_daemon();

    wait_for("a quote from the shop", || house.say("we are out of coffee").contains("order it"));
    house.say("order it");
    tendero(&["button", "--config", path(&house.config), "hold"]);
    wait_for("the hold", || house.states() == ["held"]);
    assert!(house.say("cancel that").to_lowercase().contains("cancel"));
    assert_eq!(house.states(), ["cancelled"]);
    assert_eq!(house.booked(), 0);
}

#[test]
fn a_second_daemon_on_the_same_socket_is_refused() {
    let house = House::new(10);
    let _daemon = house.start_daemon();
    let second = tendero(&["run", "--config", path(&house.config)]);
    let message = String::from_utf8_lossy(&second.stderr).into_owned();
    assert_eq!(second.status.code(), Some(1), "{message}");
    assert!(message.contains("another daemon already answers"), "{message}");
}

fn first_order(house: &House) -> String {
    let lines = text(&tendero(&["orders", "--config", path(&house.config), "list", "--json"]));
    let order: serde_json::Value = serde_json::from_str(lines.lines().next().expect("an order")).expect("JSON");
    order["id"].as_str().expect("an id").to_owned()
}

fn start(args: &[&str]) -> Running {
    let child = Command::new(env!("CARGO_BIN_EXE_tendero"))
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary was built for this test");
    Running(child)
}

fn tendero(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tendero")).args(args).stdin(Stdio::null()).output().expect("the binary was built")
}

fn wait_for(what: &str, mut there: impl FnMut() -> bool) {
    for _ in 0..TRIES {
        if there() {
            return;
        }
        std::thread::sleep(PAUSE);
    }
    panic!("waited in vain for {what}");
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn path(path: &Path) -> &str {
    path.to_str().expect("temporary folders have plain names")
}
