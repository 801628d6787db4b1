//! What the household has to hear survives a kill: the receipt is on disk, the loudspeaker had not said so yet, the daemon is killed
//! (SIGKILL), and says it after the next start, once.
//!
//! The test runs its own binary again as the device: the whole daemon, with a player that prints what it is given or, in its
//! first life, never comes to an end of it.
#![cfg(feature = "demo-broker")]
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

use std::io::{BufRead, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;
use tendero::clock::Clock;
use tendero::config::Config;
use tendero::daemon::start::{Setup, start};
use tendero::daemon::trace::Trace;
use tendero::decide::event::Channel;
use tendero::deliver::broker::free_port;
use tendero::speak::player::Player;
use tendero::speak::tts::Speech;

const CATALOG: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/demo/catalog.json");
/// The child's marker, its configuration; without it `child_is_the_device` is an empty test.
const CONFIG: &str = "TENDERO_TOLD_CONFIG";
/// Set: the loudspeaker never comes to an end.
const HANGS: &str = "TENDERO_TOLD_HANGS";
const PAUSE: Duration = Duration::from_millis(50);
const TRIES: usize = 1_200;

struct Loudspeaker {
    hangs: bool,
}

impl Player for Loudspeaker {
    fn play(&mut self, _speech: &Speech) -> anyhow::Result<()> {
        if self.hangs {
            loop {
                std::thread::park();
            }
        }
        Ok(())
    }
}

/// Not a test: the device. It prints each sentence for the loudspeaker, and each end of one.
#[test]
fn child_is_the_device() {
    let Ok(config) = std::env::var(CONFIG) else { return };
    let hangs = std::env::var_os(HANGS).is_some();
    let setup = Setup {
        config: Config::load(Path::new(&config)).unwrap(),
        clock: Clock::system(),
        source: None,
        player: Box::new(move || Box::new(Loudspeaker { hangs })),
        regulars: Default::default(),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async move {
        let ready = start(setup).await.unwrap();
        let mut traces = ready.traces.subscribe();
        tokio::spawn(async move {
            let mut out = std::io::stdout();
            while let Ok(trace) = traces.recv().await {
                match trace {
                    Trace::Sentence { channel: Channel::Voice, text, .. } => writeln!(out, "\nsays {text}").unwrap(),
                    Trace::Spoken { spoken } if spoken.error.is_none() => writeln!(out, "\nsaid").unwrap(),
                    _ => continue,
                }
                out.flush().unwrap();
            }
        });
        ready.run(std::future::pending()).await.unwrap();
    });
}

/// Killed (SIGKILL) when it goes out of scope.
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
    fn new() -> House {
        let dir = tempfile::tempdir().unwrap();
        let port = free_port().unwrap();
        let config = dir.path().join("tendero.toml");
        let d = dir.path().display().to_string();
        let shop_key = tendero(&["shop", "key", "--data-dir", &format!("{d}/shop")]);
        let written = format!(
            "[home]\nname = \"casa\"\n[microphone]\ndevice = \"off\"\n[speaker]\ndevice = \"off\"\n[tts]\nengine = \"silent\"\n\
             [broker]\nurl = \"mqtt://127.0.0.1:{port}\"\n[shop]\nkey = \"{}\"\ncatalog = \"{CATALOG}\"\n\
             [policy]\nhold_minutes = 0\nquiet_hours = \"\"\n[state]\ndir = \"{d}/home\"\nsocket = \"{d}/control.sock\"\n",
            shop_key.trim(),
        );
        std::fs::write(&config, written).unwrap();
        let house = House { dir, config, port };
        let device = house.tendero(&["key"]);
        let (name, key) = device.trim().split_once(' ').unwrap();
        tendero(&["shop", "trust", "--data-dir", &format!("{d}/shop"), name, key]);
        house
    }

    fn tendero(&self, args: &[&str]) -> String {
        tendero(&[args, &["--config", self.config.to_str().unwrap()]].concat())
    }

    fn start_shop(&self) -> Running {
        let (broker, data) = (format!("mqtt://127.0.0.1:{}", self.port), self.dir.path().join("shop"));
        let args = ["shop", "--catalog", CATALOG, "--broker", &broker, "--data-dir", data.to_str().unwrap()];
        run(Command::new(env!("CARGO_BIN_EXE_tendero")).args(args).stdout(Stdio::null()))
    }

    fn start_device(&self, hangs: bool) -> (Running, BufReader<ChildStdout>) {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "child_is_the_device", "--nocapture"]).env(CONFIG, &self.config);
        if hangs {
            command.env(HANGS, "1");
        }
        let mut device = run(command.stdout(Stdio::piped()));
        let out = BufReader::new(device.0.stdout.take().unwrap());
        let socket = self.dir.path().join("control.sock");
        wait_for("the control socket", || std::os::unix::net::UnixStream::connect(&socket).is_ok());
        (device, out)
    }

    fn state(&self) -> String {
        let list = self.tendero(&["orders", "list", "--json"]);
        let newest = list.lines().next().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        newest.map(|order| order["state"].as_str().unwrap().to_owned()).unwrap_or_default()
    }
}

#[test]
fn a_receipt_that_was_stored_and_not_spoken_is_spoken_after_a_kill_and_once() {
    let house = House::new();
    let _broker = run(Command::new(env!("CARGO_BIN_EXE_tendero")).args(["broker", "--port", &house.port.to_string()]));
    let _shop = house.start_shop();
    let (device, out) = house.start_device(true);
    wait_for("a quote from the shop", || house.tendero(&["say", "the toothbrush heads ran out"]).contains("order it"));
    assert!(house.tendero(&["say", "order it"]).contains("adult"));
    house.tendero(&["button", "hold"]);
    wait_for("the receipt", || house.state() == "accepted");
    // The loudspeaker hangs at its first sentence: what came after it was never said.
    drop(device);
    let first: Vec<String> = sentences(out);
    assert!(!first.iter().any(|line| line == "said" || line.contains("It is ordered")), "{first:?}");

    let (device, mut out) = house.start_device(false);
    let told = next_line(&mut out, "says");
    assert!(told.contains("It is ordered: one pack of toothbrush heads"), "{told}");
    next_line(&mut out, "said");
    wait_for("that on disk", || is_told(&house));
    drop(device);
    let second = sentences(out);
    assert!(!second.iter().any(|line| line.contains("ordered")), "twice in one life: {second:?}");

    let (device, out) = house.start_device(false);
    assert!(house.tendero(&["say", "where is my order"]).contains("toothbrush"), "it is up and has looked");
    std::thread::sleep(Duration::from_secs(2));
    drop(device);
    assert_eq!(sentences(out), Vec::<String>::new(), "told once, it is told");
}

/// Has the store what the newest order's news are, and that they were told?
fn is_told(house: &House) -> bool {
    let store = tendero::deliver::store::Store::open(&house.dir.path().join("home/tendero.db")).unwrap();
    let household = store.household(None).unwrap();
    household
        .orders
        .values()
        .all(|order| household.told.get(&order.id) == order.to_tell.as_ref().map(|news| &news.number))
}

/// What the device printed until it was killed.
fn sentences(out: BufReader<ChildStdout>) -> Vec<String> {
    let lines = out.lines().map(|line| line.unwrap());
    lines.filter(|line| line == "said" || line.starts_with("says ")).collect()
}

fn next_line(out: &mut BufReader<ChildStdout>, begins: &str) -> String {
    let mut line = String::new();
    loop {
        line.clear();
        assert!(out.read_line(&mut line).unwrap() > 0, "the device ended before it {begins} anything");
        if line.starts_with(begins) {
            return line.trim().to_owned();
        }
    }
}

fn run(command: &mut Command) -> Running {
    Running(command.stdin(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
}

fn tendero(args: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_tendero")).args(args).stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn wait_for(what: &str, mut there: impl FnMut() -> bool) {
    for _ in 0..TRIES {
        if there() {
            return;
        }
        std::thread::sleep(PAUSE);
    }
    panic!("no {what}");
}
