//! Other clients prove the protocol: a shop and a device in Python, made from protocol/README.md and the JSON Schemas alone
//! (`tests/interop`), each against the real binary at Debian's mosquitto.
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

#[path = "support/house.rs"]
mod house;

use house::{House, Running, stderr, wait_for};
use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

/// Made by `scripts/setup.sh test`.
const PYTHON: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/runtime/interop/bin/python");
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/interop/");

/// A program in Python and the JSON lines that it printed so far.
struct Python {
    running: Running,
    said: Arc<Mutex<Vec<Value>>>,
}

impl Python {
    fn start(house: &House, program: &str, user: &str, args: &[&str]) -> Python {
        let config = house.reach(user);
        let (_, port) = config.url.rsplit_once(':').unwrap();
        let (password, ca) = (config.password_file.unwrap(), config.tls.ca.unwrap());
        let reach = ["--port", port, "--user", user, "--password-file", password.to_str().unwrap()];
        Python::run(program, &[&reach[..], &["--ca", ca.to_str().unwrap()], args].concat())
    }

    fn run(program: &str, args: &[&str]) -> Python {
        let mut child = Command::new(PYTHON)
            .arg(format!("{FOLDER}{program}"))
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let said = Arc::new(Mutex::new(vec![]));
        let (lines, keep) = (BufReader::new(child.stdout.take().unwrap()).lines(), said.clone());
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                keep.lock().unwrap().push(serde_json::from_str(&line).unwrap_or(Value::String(line)));
            }
        });
        Python { running: Running(child), said }
    }

    fn said(&self) -> Vec<Value> {
        self.said.lock().unwrap().clone()
    }

    fn count_steps(&self, step: &str) -> usize {
        self.said().iter().filter(|line| line["step"] == step).count()
    }

    fn count(&self, event: &str) -> usize {
        self.said().iter().filter(|line| line["event"] == event).count()
    }
}

/// Is Python there, with what the programs need?
fn is_there() -> bool {
    if !Path::new(PYTHON).exists() {
        println!("LEFT OUT: {PYTHON} is not there; run scripts/setup.sh test");
    }
    Path::new(PYTHON).exists()
}

#[test]
fn python_checks_itself_against_the_known_answers() {
    if !is_there() {
        return;
    }
    for program in ["wire.py", "pair.py"] {
        let out = Command::new(PYTHON).arg(format!("{FOLDER}{program}")).arg("vectors").output().unwrap();
        assert!(out.status.success(), "{program}: {}", String::from_utf8_lossy(&out.stderr));
    }
}

#[test]
fn a_shop_in_python_takes_an_order_once_although_its_first_receipt_is_lost() {
    let Some(house) = is_there().then(House::without_shop).flatten() else { return };
    // The device makes its keys before it knows a shop.
    house.pair_with("");
    let (name, key) = house.device();
    let book = house.dir.path().join("python.db").display().to_string();
    let args = ["--book", &book, "--trust", &name, &key, "--lose-receipts", "1"];
    let shop = Python::start(&house, "shop.py", "corner", &args);
    wait_for("the shop's key", || shop.count("ready") == 1);
    house.pair_with(shop.said()[0]["key"].as_str().unwrap());
    let _device = house.start();
    wait_for("a quote from the shop", || house.say("order two packs of coffee").contains("order it"));
    assert!(house.say("order it").contains("adult"), "a first purchase needs an adult");
    house.tendero(&["button", "hold"]);
    wait_for("the receipt", || house.is("accepted"));
    let order = house.order();
    assert_eq!((&order["shop_order_no"], order["quote"]["total"].as_i64()), (&"P-000001".into(), Some(1_398)));
    assert_eq!((shop.count("booked"), shop.count("receipt lost")), (1, 1), "{:?}", shop.said());
    assert!(shop.count("again") >= 1, "the same bytes came again: {:?}", shop.said());
    assert!(house.say("cancel the coffee").contains("cancel"));
    wait_for("the shop's word", || house.is("cancelled"));
    assert_eq!((shop.count("cancelled"), shop.count("refused")), (1, 0), "{:?}", shop.said());
}

#[test]
fn a_device_in_python_orders_from_tendero_shop_and_is_refused_what_must_be() {
    let Some(house) = is_there().then(House::without_shop).flatten() else { return };
    let shop_key = house.shop(&["key"]);
    let mut device = Python::start(&house, "device.py", "casa", &["--shop-key", shop_key.trim()]);
    wait_for("the device's key", || !device.said().is_empty());
    let hello = device.said().remove(0);
    house.shop(&["trust", hello["name"].as_str().unwrap(), hello["key"].as_str().unwrap()]);
    let _shop = house.start_shop();
    writeln!(device.running.0.stdin.take().unwrap(), "go").unwrap();
    let ended = device.running.0.wait().unwrap();
    assert!(ended.success(), "after {:?}", device.said());
    let bookings = house.bookings();
    let booked: Vec<&Value> = bookings.iter().map(|booking| &booking["state"]).collect();
    assert_eq!(booked, ["cancelled"], "one order was booked, and cancelled");
    wait_for("its last words", || device.said().iter().any(|line| line["step"] == "cancelled"));
}

/// A code for the home `villa`, which nobody knows yet.
fn code(house: &House) -> String {
    let broker = house.mosquitto();
    let (file, url) = (|name: &str| broker.dir().join(name).display().to_string(), house.reach("corner").url);
    let (ca, passwords, reload) = (file("ca.pem"), file("passwords"), format!("kill -HUP {}", broker.pid()));
    let pair = ["pair", "--home", "villa", "--broker", &url, "--ca", &ca, "--json"];
    let given = house.shop(&[&pair[..], &["--passwords", &passwords, "--reload", &reload]].concat());
    serde_json::from_str::<Value>(&given).unwrap()["code"].as_str().unwrap().into()
}

#[test]
fn a_device_in_python_pairs_itself_by_a_code_and_orders() {
    let Some(house) = is_there().then(House::without_shop).flatten() else { return };
    let _shop = house.start_shop();
    wait_for("the shop's book", || house.data_dir().join("shop.db").exists());
    wait_for("the shop's catalogue in its book", || {
        let pair = ["pair", "--home", "villa", "--broker", &house.reach("corner").url, "--json"];
        !stderr(&house.shop_tries(&pair)).contains("never started")
    });
    let code = code(&house);
    let mut device = Python::run("device.py", &["--code", &code.to_lowercase()]);
    let ended = device.running.0.wait().unwrap();
    assert!(ended.success(), "after {:?}", device.said());
    wait_for("its last words", || device.count_steps("cancelled") == 1);
    let paired = device.said().remove(0);
    assert_eq!((&paired["step"], &paired["name"]), (&"paired".into(), &"villa/python".into()));
    let listed = house.shop(&["devices"]);
    assert_eq!(listed.trim(), format!("villa/python {}", paired["key"].as_str().unwrap()));
    let bookings = house.bookings();
    assert_eq!(
        (bookings.len(), &bookings[0]["home"], &bookings[0]["state"]),
        (1, &"villa".into(), &"cancelled".into())
    );

    // Whoever comes second with it is not let in, nor is who mistypes it.
    for (code, why) in [(code.clone(), "used"), (code[..code.len() - 1].to_owned(), "mistyped")] {
        let mut late = Python::run("device.py", &["--code", &code, "--device", "attic"]);
        assert_eq!(late.running.0.wait().unwrap().code(), Some(3), "{:?}", late.said());
        wait_for("its last words", || late.said().iter().any(|line| line["refused"] == why));
    }
    assert_eq!(house.shop(&["devices"]), listed);
}
