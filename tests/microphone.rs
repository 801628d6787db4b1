//! From the microphone to the loudspeaker and the shop: the real daemon with wake word, recogniser and voice at a sound card that
//! is none, spoken to and listened to as by a person in the room. The microphone hears the loudspeaker, too.

#![cfg(all(feature = "audio", feature = "espeak", feature = "pocketsphinx", feature = "demo-broker"))]
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

#[path = "support/house.rs"]
mod house;
#[path = "support/sound.rs"]
mod sound;

use house::House;
use house::process::{self, Running, program, text, wait_for};
use serde_json::Value;
use sound::{Listener, RATE_HZ, Shape, Sound, spoken};
use std::io::Read;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use tendero::hear::frontend::Frontend;
use tendero::hear::{HOP, HOP_MS};

/// A house with a sound card, and its daemon.
struct Room {
    house: House,
    card: Sound,
    daemon: Option<Running>,
    log: Arc<Mutex<String>>,
    air: Option<Running>,
    _dir: tempfile::TempDir,
}

impl Room {
    /// `None` without PulseAudio. `speaker`: lines of [speaker]; `policy`: of [policy].
    fn new(speaker: &str, policy: &str, shape: Shape) -> Option<Room> {
        let dir = tempfile::tempdir().unwrap();
        let card = Sound::start(dir.path(), shape)?;
        let wake = concat!(env!("CARGO_MANIFEST_DIR"), "/runtime/wake");
        let house = House::of_demo(0, &format!("[wake]\nmodels = \"{wake}\"\n"));
        let config = std::fs::read_to_string(house.config()).unwrap();
        // The first device line is the microphone's.
        let config = config
            .replacen("device = \"off\"", "device = \"kitchen\"", 1)
            .replacen("device = \"off\"", &format!("device = \"kitchen\"\n{speaker}"), 1)
            .replacen("[policy]\n", &format!("[policy]\n{policy}\n"), 1);
        std::fs::write(house.config(), config).unwrap();
        let mut room = Room { house, card, daemon: None, log: Arc::default(), air: None, _dir: dir };
        room.breathe();
        room.restart();
        Some(room)
    }

    /// A room is never as silent as zeros: a fan and the street, for ten minutes.
    fn breathe(&mut self) {
        let (mut chance, mut level): (u32, f32) = (1, 0.0);
        let noise = (0..600 * SECOND).map(|_| {
            chance = chance.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            level += 0.1 * ((chance >> 8) as f32 / (1 << 23) as f32 - 1.0 - level);
            (level * 600.0) as i16
        });
        self.air = Some(self.card.begin_to_say(&noise.collect::<Vec<_>>(), RATE_HZ, 1));
    }

    fn restart(&mut self) {
        self.daemon = None;
        let mut command = program();
        self.card.lend(&mut command);
        command.arg("run").arg("--config").arg(self.house.config()).env("RUST_LOG", "info");
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut out = child.stderr.take().unwrap();
        let log = Arc::clone(&self.log);
        // Ends with the daemon.
        std::thread::spawn(move || {
            let mut bytes = [0; 4_096];
            while let Ok(count @ 1..) = out.read(&mut bytes) {
                log.lock().unwrap().push_str(&String::from_utf8_lossy(&bytes[..count]));
            }
        });
        self.daemon = Some(Running(child));
        self.house.wait_until_it_answers();
    }

    fn logged(&self, what: &str) -> usize {
        self.log.lock().unwrap().matches(what).count()
    }

    fn status(&self) -> Value {
        serde_json::from_str(&self.house.tendero(&["status", "--json"])).unwrap()
    }

    fn is(&self, doing: &str) -> bool {
        self.status()["doing"] == doing
    }

    /// Waits until the daemon is open for words, and says them.
    fn answer(&self, words: &str) {
        wait_for("the microphone to open", || self.is("listening"));
        self.card.say(&voice(words));
    }

    /// What was heard, as the daemon wrote it down: all of it, in order.
    fn transcripts(&self) -> Vec<String> {
        let journal = std::fs::read_to_string(self.house.state_dir().join("journal.jsonl")).unwrap_or_default();
        journal
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok())
            .filter_map(|entry| entry.pointer("/event/nbest/0/text").and_then(Value::as_str).map(str::to_owned))
            .collect()
    }
}

/// A person with a little of the room before and after. A comma is a short pause.
fn voice(words: &str) -> Vec<i16> {
    [vec![0; SECOND / 2], shout(words)].concat()
}

/// The same without a pause before it.
fn shout(words: &str) -> Vec<i16> {
    let mut sound = vec![];
    for part in words.split(',') {
        let part = spoken(part.trim(), "en-us+m3", 150);
        let (first, last) = sound::loud(&part).unwrap();
        sound.extend(part[first..last].iter().map(|sample| sample / 10 * 7));
        sound.extend([0; SECOND / 4]);
    }
    sound.extend([0; SECOND / 2]);
    sound
}

/// Milliseconds of speech in it.
fn speech_ms(sound: &[i16]) -> u32 {
    let mut frontend = Frontend::default();
    let hops = sound.chunks_exact(HOP).map(|piece| std::array::from_fn(|at| piece[at]));
    hops.filter(|hop| frontend.push(hop).voice).count() as u32 * HOP_MS
}

/// The next reply, once the speaker has fallen silent.
fn reply(ears: &Listener, from: usize) -> u32 {
    speech_ms(&ears.reply(from, 1.5))
}

const SECOND: usize = RATE_HZ as usize;
const ECHO: Shape = Shape { rate_hz: RATE_HZ, channels: 1, echo: true };

/// The room echoes: whatever the speaker says comes back into its microphone, and it must neither answer itself nor take
/// its own words for the answer.
fn reorders(speaker: &str) {
    let Some(room) = Room::new(speaker, "random_words = false", ECHO) else { return };
    let _broker = room.house.start_broker();
    let _shop = room.house.start_shop();
    wait_for("a quote from the shop", || room.house.say("order coffee").contains("order it"));
    room.house.say("no");
    let ears = room.card.listen();
    wait_for("the microphone", || room.card.listeners() == 1);

    room.card.say(&voice("hey tendero, the toothbrush heads ran out"));
    let read_back = reply(&ears, 0);
    assert!(read_back > 4_000, "product, total, delivery and phrase in {read_back} ms? {:?}", room.transcripts());
    let asked = ears.position();
    room.answer("order it");
    assert!(reply(&ears, asked) > 1_000, "that an adult is needed for a first purchase");
    wait_for("the order", || room.house.states() == ["awaiting_adult"]);
    room.house.tendero(&["button", "hold"]);
    wait_for("the receipt", || room.house.is("accepted"));
    let booked = room.house.bookings();
    assert_eq!(booked.len(), 1);
    assert!(booked[0].to_string().contains("toothbrush-heads-4"), "{booked:?}");
    // It talked for many seconds into an open room; all that was heard is what was said to it.
    wait_for("rest", || room.is("resting"));
    let heard = room.transcripts();
    let [.., wish, answer] = &heard[..] else { panic!("{heard:?}") };
    assert!(wish.contains("toothbrush heads") && answer == "order it", "{heard:?}");
    let spoken = heard.iter().filter(|text| text.contains("toothbrush") || *text == "order it").count();
    assert_eq!(spoken, 2, "{heard:?}");
    room.house.replay();
}

#[test]
fn a_spoken_reorder_is_read_back_confirmed_and_booked() {
    reorders("");
}

/// With the microphone open all the time and the echo taken out of it, nothing of what the speaker says interrupts it.
#[test]
#[cfg(feature = "barge-in")]
fn a_speaker_that_listens_while_it_talks_does_not_hear_itself() {
    reorders("barge_in = true");
}

/// "Stop" and the wake word get through its own voice; then it is silent, and a read-back that was cut short is over.
#[test]
#[cfg(feature = "barge-in")]
fn stop_and_the_wake_word_interrupt_a_read_back() {
    let Some(room) = Room::new("barge_in = true", "random_words = false", ECHO) else { return };
    let _broker = room.house.start_broker();
    let _shop = room.house.start_shop();
    let ears = room.card.listen();
    wait_for("the microphone", || room.card.listeners() == 1);
    room.card.say(&voice("hey tendero, the toothbrush heads ran out"));
    let whole = ears.reply(0, 1.5).len();
    assert!(whole > 5 * SECOND, "{whole} samples: {:?}", room.transcripts());
    room.answer("no");
    wait_for("rest", || room.is("resting"));

    // On a machine that has no time to spare sound has gaps, and a word may be lost in one: as a person would, the test
    // says it again at the next read-back.
    for words in ["stop", "hey tendero"] {
        let interrupted = (0..4).any(|_| {
            let from = ears.position();
            room.card.say(&voice("hey tendero, the toothbrush heads ran out"));
            let sounds =
                |seconds: usize| sound::loud(&ears.heard()[from..]).is_some_and(|(_, to)| to > seconds * SECOND);
            // Nor does it read back a request of which a gap has taken the wake word.
            let passed = |seconds: usize| ears.position() > from + seconds * SECOND;
            wait_for("a read-back, or long enough without one", || sounds(4) || passed(25));
            if !sounds(4) {
                wait_for("rest", || room.is("resting"));
                return false;
            }
            room.card.say(&shout(words));
            let cut = ears.reply(from, 1.5).len();
            // After the wake word it listens, and after a whole read-back, too: nobody says anything more.
            wait_for("rest", || room.is("resting"));
            assert_eq!(room.house.states(), Vec::<String>::new(), "{words}");
            cut + SECOND < whole
        });
        assert!(interrupted, "{words} was not heard in four read-backs: {:?}", room.transcripts());
    }
}

#[test]
fn a_microphone_that_is_unplugged_is_told_and_taken_up_again_when_it_returns() {
    let Some(mut room) = Room::new("", "", Shape::default()) else { return };
    wait_for("the microphone", || room.card.listeners() == 1);
    assert_eq!(room.status()["microphone"], "on");
    for times in 1..=2 {
        room.card.unplug();
        wait_for("the loss to be told", || room.logged("the microphone \"kitchen\" is gone") == times);
        assert_eq!(room.status()["microphone"], "lost");
        room.card.plug_in();
        room.breathe();
        wait_for("its return to be told", || room.logged("the microphone is back") == times);
        wait_for("the microphone", || room.card.listeners() == 1);
        assert_eq!(room.status()["microphone"], "on");
    }
    // And it hears.
    room.card.say(&voice("hey tendero"));
    wait_for("the wake word", || room.is("listening"));
}

#[test]
fn muted_means_that_nobody_takes_a_sample() {
    let Some(mut room) = Room::new("", "", Shape::default()) else { return };
    wait_for("the microphone", || room.card.listeners() == 1);
    let said = room.house.tendero(&["mute", "on"]);
    assert!(said.contains("muted"), "{said}");
    wait_for("the microphone to be let go", || room.card.listeners() == 0);
    assert_eq!(room.status()["muted"], true);
    room.card.say(&voice("hey tendero, the toothbrush heads ran out"));
    assert_eq!((room.card.listeners(), room.transcripts().len()), (0, 0));
    // Not after a restart either, until a hand opens it.
    room.restart();
    room.card.say(&voice("hey tendero"));
    assert_eq!((room.card.listeners(), room.status()["muted"].as_bool()), (0, Some(true)));
    room.house.tendero(&["button", "mute"]);
    wait_for("the microphone", || room.card.listeners() == 1);
    room.card.say(&voice("hey tendero"));
    wait_for("the wake word", || room.is("listening"));
    assert_eq!(text(&room.house.run(&["mute", "toggle"])).trim(), "muted: the microphone is closed");
    wait_for("the microphone to be let go", || room.card.listeners() == 0);
}

/// A button that is tapped silences the speaker at once.
#[test]
fn a_tap_cuts_a_reply_short() {
    let Some(room) = Room::new("", "", Shape::default()) else { return };
    let _broker = room.house.start_broker();
    let _shop = room.house.start_shop();
    let ears = room.card.listen();
    wait_for("the microphone", || room.card.listeners() == 1);
    room.card.say(&voice("hey tendero, the toothbrush heads ran out"));
    wait_for("the read-back to begin", || sound::loud(&ears.heard()).is_some());
    room.house.tendero(&["button", "tap"]);
    let cut = ears.reply(0, 1.5).len();
    assert!(cut < 4 * SECOND, "{cut} samples of a read-back of eight seconds");
    wait_for("rest", || room.is("resting"));
}

/// Whoever only calls gets a sign, which is not taken for words; whoever speaks on is not interrupted by one.
#[test]
fn the_wake_sound_answers_a_call_and_is_not_heard_as_words() {
    let Some(room) = Room::new("wake_sound = true", "", ECHO) else { return };
    let ears = room.card.listen();
    wait_for("the microphone", || room.card.listeners() == 1);
    room.card.say(&voice("hey tendero"));
    let sign = ears.reply(0, 0.5).len();
    assert!(sign < SECOND / 3, "{sign} samples");
    wait_for("the end of its patience", || room.is("resting"));
    assert_eq!(room.transcripts(), Vec::<String>::new());
    let from = ears.position();
    room.card.say(&voice("hey tendero, the toothbrush heads ran out"));
    wait_for("the words", || !room.transcripts().is_empty());
    assert_eq!(sound::loud(&ears.heard()[from..]), None, "no sign in the middle of a wish");
    assert!(room.transcripts()[0].contains("toothbrush heads"), "{:?}", room.transcripts());
}
