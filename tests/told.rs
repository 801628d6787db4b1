//! What the household has to hear survives a kill: the receipt is on disk, the loudspeaker had not said so yet, the daemon is killed
//! (SIGKILL), and says it after the next start, once.
//!
//! The test runs its own binary again as the device: the whole daemon, with a player that prints what it is given or, in its
//! first life, never comes to an end of it.
#![cfg(feature = "demo-broker")]
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

#[path = "support/house.rs"]
mod house;

use house::{House, Running, wait_for};
use std::io::{BufRead, BufReader, Write as _};
use std::path::Path;
use std::process::{ChildStdout, Command, Stdio};
use std::time::Duration;
use tendero::clock::Clock;
use tendero::config::Config;
use tendero::daemon::start::{Setup, start};
use tendero::daemon::trace::Trace;
use tendero::decide::event::Channel;
use tendero::speak::player::{Played, Player, Stop};
use tendero::speak::tts::Speech;

/// The child's marker, its configuration; without it `child_is_the_device` is an empty test.
const CONFIG: &str = "TENDERO_TOLD_CONFIG";
/// Set: the loudspeaker never comes to an end.
const HANGS: &str = "TENDERO_TOLD_HANGS";

struct Loudspeaker {
    hangs: bool,
}

impl Player for Loudspeaker {
    fn play(&mut self, _speech: &Speech, _stop: &Stop) -> anyhow::Result<Played> {
        if self.hangs {
            loop {
                std::thread::park();
            }
        }
        Ok(Played::Whole)
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
        canceller: None,
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

impl House {
    /// This binary again, as the device.
    fn start_told(&self, hangs: bool) -> (Running, BufReader<ChildStdout>) {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "child_is_the_device", "--nocapture"]).env(CONFIG, self.config());
        if hangs {
            command.env(HANGS, "1");
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut device = Running(command.spawn().unwrap());
        let out = BufReader::new(device.0.stdout.take().unwrap());
        self.wait_until_it_answers();
        (device, out)
    }
}

#[test]
fn a_receipt_that_was_stored_and_not_spoken_is_spoken_after_a_kill_and_once() {
    let house = House::of_demo(0, "[tts]\nengines = [\"silent\"]");
    let _broker = house.start_broker();
    let _shop = house.start_shop();
    let (device, out) = house.start_told(true);
    wait_for("a quote from the shop", || house.say("the toothbrush heads ran out").contains("order it"));
    assert!(house.say("order it").contains("adult"));
    house.tendero(&["button", "hold"]);
    wait_for("the receipt", || house.is("accepted"));
    // The loudspeaker hangs at its first sentence: what came after it was never said.
    drop(device);
    let first: Vec<String> = sentences(out);
    assert!(!first.iter().any(|line| line == "said" || line.contains("It is ordered")), "{first:?}");

    let (device, mut out) = house.start_told(false);
    let told = next_line(&mut out, "says");
    assert!(told.contains("It is ordered: one pack of toothbrush heads"), "{told}");
    next_line(&mut out, "said");
    wait_for("that on disk", || is_told(&house));
    drop(device);
    let second = sentences(out);
    assert!(!second.iter().any(|line| line.contains("ordered")), "twice in one life: {second:?}");

    let (device, out) = house.start_told(false);
    assert!(house.say("where is my order").contains("toothbrush"), "it is up and has looked");
    std::thread::sleep(Duration::from_secs(2));
    drop(device);
    assert_eq!(sentences(out), Vec::<String>::new(), "told once, it is told");
}

/// Has the store what the newest order's news are, and that they were told?
fn is_told(house: &House) -> bool {
    let store = tendero::deliver::store::Store::open(&house.state_dir().join("tendero.db")).unwrap();
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
