//! A second ear in the real binary: PocketSphinx hears a synthetic voice through the pipe, the order is heard again by Whisper, on a
//! model that says twelve whatever it hears (tests/whisper/make_model.py), and the household is asked which it was.
//!
//! What it proves is the way from the microphone to the question and to the log, not how well either hears.

#![cfg(all(feature = "whisper", feature = "pocketsphinx", feature = "espeak", feature = "demo-broker"))]
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

#[path = "support/house.rs"]
mod house;
#[path = "support/rng.rs"]
mod rng;

use house::process::program;
use house::{House, Running, command, stderr, wait_for};
use rng::Rng;
use std::io::Write;
use std::path::Path;
use std::process::{ChildStdin, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tendero::hear::HOP;
use tendero::hear::source::rate;
use tendero::native::espeak::Espeak;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
/// Sound passes eight times as fast as it was spoken.
const PACE: Duration = Duration::from_millis(10);

fn install(house: &House, says: &str) {
    let model = house.dir.path().join("says.bin");
    let script = format!("{ROOT}/tests/whisper/make_model.py");
    assert!(Command::new("python3").arg(script).arg(&model).args(["--says", says]).status().unwrap().success());
    let (config, model) = (house.config(), model.display().to_string());
    let args = ["models", "--config", config.to_str().unwrap(), "pull", "says", "--file", &model];
    let done = command(&[&args[..], &["--engine", "whisper", "--lang", "en"]].concat());
    assert!(done.status.success(), "{}", stderr(&done));
}

/// Somebody calls and asks, in a room with a little noise.
fn request(words: &str) -> Vec<i16> {
    let espeak = Espeak::open().expect("espeak-ng is installed: scripts/setup.sh test");
    let mut sound = vec![0; 32_000];
    for part in ["hey tendero", words] {
        let (rate_hz, samples) = espeak.synthesise(part, "en-us+m3", 150, 50).unwrap();
        let spoken = rate::to_16k(&samples, rate_hz).unwrap();
        let loud = |sample: &i16| sample.unsigned_abs() > 300;
        let (first, last) = (spoken.iter().position(loud).unwrap(), spoken.iter().rposition(loud).unwrap());
        sound.extend(spoken[first..=last].iter().map(|&sample| (f32::from(sample) * 0.7) as i16));
        sound.extend([0; 5_600]);
    }
    sound
}

/// The microphone: `sound`, and then the room, until `over`.
fn play(mut to: ChildStdin, sound: &[i16], over: &AtomicBool) {
    let mut rng = Rng::new(1907);
    let mut hops = sound.chunks(HOP);
    while !over.load(Ordering::SeqCst) {
        let hop = hops.next().unwrap_or_default();
        let room = |at: usize| hop.get(at).copied().unwrap_or(0).saturating_add(rng.between(0, 240) as i16 - 120);
        let bytes: Vec<u8> = (0..HOP).map(room).flat_map(i16::to_le_bytes).collect();
        if to.write_all(&bytes).is_err() {
            return;
        }
        std::thread::sleep(PACE);
    }
}

#[test]
fn what_two_recognisers_understand_differently_the_household_is_asked() {
    let wake = Path::new(ROOT).join("runtime/wake");
    if !wake.is_dir() {
        return println!("left out: {} is not there; scripts/setup.sh brings it", wake.display());
    }
    let tables = format!(
        "[wake]\nmodels = \"{}\"\n[stt]\nmodels = \"MODELS\"\nsecond_engine = \"whisper\"\nsecond_ear_from_amount = 0\n\
         second_ear_wait_ms = 30000\nwhisper_deadline_ms = 30000\n",
        wake.display()
    );
    let house = House::of_demo(10, &tables);
    let written = std::fs::read_to_string(house.config()).unwrap();
    let models = house.dir.path().join("models").display().to_string();
    let written = written.replacen("device = \"off\"", "device = \"pipe\"", 1).replace("MODELS", &models);
    std::fs::write(house.config(), written).unwrap();
    // Twelve heads are three packs of four.
    install(&house, "order twelve toothbrush heads");
    let _broker = house.start_broker();
    let _shop = house.start_shop();
    let mut run = program();
    run.args(["run", "--config", house.config().to_str().unwrap()]).stdin(Stdio::piped());
    let mut daemon = Running(run.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    let microphone = daemon.0.stdin.take().unwrap();
    house.wait_until_it_answers();
    let over = Arc::new(AtomicBool::new(false));
    let (sound, until) = (request("order toothbrush heads"), over.clone());
    let player = std::thread::spawn(move || play(microphone, &sound, &until));
    let differ = "first=1xtoothbrush-heads-4 second=3xtoothbrush-heads-4";
    wait_for("two opinions in the log", || house.tendero(&["why"]).contains(differ));
    over.store(true, Ordering::SeqCst);
    drop(daemon);
    player.join().unwrap();
    let said = house.replay();
    assert!(said.contains("second ear \"order twelve toothbrush heads\""), "{said}");
    assert!(said.contains("Did you say one pack of toothbrush heads, or 3 packs of toothbrush heads?"), "{said}");
    assert!(!said.contains("sent") && house.orders().is_empty(), "{said}");
    println!("proven: PocketSphinx and Whisper, each on its own thread, differ, and the household is asked");
    println!("not proven here: how often two published models differ, and which of them is right");
}
