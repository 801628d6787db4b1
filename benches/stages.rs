//! Time and memory of each stage, on real recordings where they are there.
//!
//! `make bench`. The café recordings come from `TENDERO_SPEECH_DIR` (default
//! `../shared/speech`); without them the stages that need speech are left out, and it says so.
//! Times are of this machine, in one run, so that their ratios can be compared.

#[path = "support/memory.rs"]
mod memory;

use memory::memory_kib;
use std::path::{Path, PathBuf};
use std::time::Instant;
use tendero::hear::source::read_file;
use tendero::hear::stt;
use tendero::hear::wake::Wake;
use tendero::hear::wake::openwakeword::{HeadModel, OpenWakeWord, THRESHOLD};
use tendero::hear::{HOP, RATE_HZ};
use tendero::speak::tts;
use tendero::understand::catalog::Catalog;
use tendero::understand::grammar::Expect;
use tendero::understand::{Lang, Understanding};

/// Recordings that are decoded; all of them take a minute more and change little.
const RECORDINGS: usize = 60;

fn main() {
    let mut table = Report::default();
    let speech = speech_dir();
    let catalog = catalog(speech.as_deref());
    let recordings = speech.as_deref().map(recordings).unwrap_or_default();

    understanding(&mut table, &catalog);
    rest(&mut table);
    echo(&mut table);
    if recordings.is_empty() {
        println!("The stages that need speech are left out: no recordings at TENDERO_SPEECH_DIR.");
    } else {
        wake(&mut table, &recordings);
        recognition(&mut table, &catalog, &recordings);
        fingerprints(&mut table, &recordings);
    }
    voice(&mut table);
    durable(&mut table);
    table.print();
}

#[derive(Default)]
struct Report {
    rows: Vec<[String; 6]>,
}

impl Report {
    /// `us`: microseconds of each call. `rss_kib`: what the stage added to the resident set.
    fn add(&mut self, stage: &str, unit: &str, mut us: Vec<f64>, rss_kib: i64, note: String) {
        us.sort_by(f64::total_cmp);
        let at = |part: f64| us[((us.len() - 1) as f64 * part).round() as usize];
        let show = |us: f64| if us < 1000.0 { format!("{us:.0} µs") } else { format!("{:.2} ms", us / 1000.0) };
        let memory = format!("{:+.1} MiB", rss_kib as f64 / 1024.0);
        self.rows.push([stage.into(), unit.into(), show(at(0.5)), show(at(0.99)), memory, note]);
    }

    fn print(&self) {
        let mut table = comfy_table::Table::new();
        table.load_style(comfy_table::presets::UTF8_HORIZONTAL_ONLY);
        table.set_header(["stage", "one call is", "median", "p99", "memory", ""]);
        for row in &self.rows {
            table.add_row(row.clone());
        }
        println!("{table}");
        println!("Peak resident set of the whole run: {:.0} MiB.", memory_kib("self", "VmHWM:") as f64 / 1024.0);
    }
}

fn understanding(table: &mut Report, catalog: &Catalog) {
    let lines = [
        "can i get a large latte with soy milk",
        "the toothbrush heads ran out",
        "what a lovely day",
        "order two packs of rice",
    ];
    let before = memory_kib("self", "VmRSS:");
    let understanding = Understanding::new(catalog.clone());
    let us = timed(400, |i| drop(understanding.parse(lines[i % lines.len()], Lang::En, &Expect::Command, &|_| false)));
    let note = format!("{} products", catalog.products.len());
    table.add("understand", "an utterance", us, memory_kib("self", "VmRSS:") - before, note);
}

fn wake(table: &mut Report, recordings: &[Vec<i16>]) {
    let before = memory_kib("self", "VmRSS:");
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("runtime/wake");
    let mut wake =
        OpenWakeWord::open(&models, HeadModel::HeyTendero, THRESHOLD).expect("`make setup` fetches the networks");
    let hops: Vec<&[i16; HOP]> = recordings
        .iter()
        .flat_map(|r| r.chunks_exact(HOP))
        .map(|hop| hop.try_into().expect("a whole hop"))
        .take(600)
        .collect();
    let us = timed(hops.len(), |i| {
        wake.push(hops[i]);
    });
    let share = us.iter().sum::<f64>() / us.len() as f64 / 80_000.0;
    table.add(
        "wake word",
        "a hop of 80 ms",
        us,
        memory_kib("self", "VmRSS:") - before,
        format!("{:.1} % of a core", share * 100.0),
    );
}

/// The whole of the ears in a room where nobody speaks, and with somebody who does: what the wake word costs behind the
/// detector of voices.
fn rest(table: &mut Report) {
    use tendero::hear::ears::Ears;
    use tendero::hear::stt::scripted::{Script, Scripted};
    let before = memory_kib("self", "VmRSS:");
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("runtime/wake");
    let wake =
        OpenWakeWord::open(&models, HeadModel::HeyTendero, THRESHOLD).expect("`make setup` fetches the networks");
    let stt = Box::new(Scripted::new(Script::default()));
    let grammars = Box::new(|_, _: &Expect| tendero::understand::grammar::Grammar::default());
    let mut ears = Ears::new(Box::new(wake), stt, grammars, Lang::En, tendero::clock::Clock::system());
    let (mut chance, mut level): (u32, f32) = (1, 0.0);
    let mut room = move || -> [i16; HOP] {
        std::array::from_fn(|_| {
            chance = chance.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            level += 0.1 * ((chance >> 8) as f32 / (1 << 23) as f32 - 1.0 - level);
            (level * 600.0) as i16
        })
    };
    // Two seconds until the networks sleep.
    (0..50).for_each(|_| drop(ears.push(&room())));
    let hops: Vec<[i16; HOP]> = (0..3_000).map(|_| room()).collect();
    let us = timed(hops.len(), |i| drop(ears.push(&hops[i])));
    let memory = memory_kib("self", "VmRSS:") - before;
    let share = |us: &[f64]| us.iter().sum::<f64>() / us.len() as f64 / 80_000.0 * 100.0;
    table.add("ears, silent room", "a hop of 80 ms", us.clone(), memory, format!("{:.2} % of a core", share(&us)));
    let mut voice = match tts::open(&["espeak".into()], &tts::Setup::default()) {
        Ok(mut opened) => opened.engines.remove(0),
        Err(error) => return println!("The ears with a voice are left out: {error:#}"),
    };
    let text = "the weather of today and of tomorrow, and then the news from all over the world ".repeat(4);
    let speech = voice.synthesise(&text, Lang::En).expect("a sentence can be spoken");
    let sound: Vec<f32> = speech.samples.iter().map(|&sample| f32::from(sample) / 32_768.0).collect();
    let sound = tendero::hear::source::rate::resample_all(&sound, speech.rate_hz).expect("a usual rate");
    let hops: Vec<[i16; HOP]> =
        sound.chunks_exact(HOP).map(|hop| std::array::from_fn(|at| (hop[at] * 16_000.0) as i16)).collect();
    let us = timed(hops.len(), |i| drop(ears.push(&hops[i])));
    table.add("ears, somebody talks", "a hop of 80 ms", us.clone(), 0, format!("{:.2} % of a core", share(&us)));
}

#[cfg(feature = "barge-in")]
fn echo(table: &mut Report) {
    use tendero::speak::player::Reference;
    let before = memory_kib("self", "VmRSS:");
    let (mut playback, mut canceller) = tendero::echo::pair();
    let speech: Vec<i16> = (0..60 * RATE_HZ).map(|at| ((at * at / 977) % 4_001) as i16 - 2_000).collect();
    playback.begins(&speech, RATE_HZ);
    let count = speech.len() / HOP - 2;
    let us = timed(count, |i| {
        playback.took((i + 2) as f64 / (count + 2) as f64);
        std::hint::black_box(canceller.clean(&std::array::from_fn(|at| speech[i * HOP + at] / 3)));
    });
    let share = us.iter().sum::<f64>() / us.len() as f64 / 80_000.0 * 100.0;
    let memory = memory_kib("self", "VmRSS:") - before;
    table.add(
        "echo canceller",
        "a hop of 80 ms",
        us,
        memory,
        format!("{share:.1} % of a core, while the speaker talks"),
    );
}

#[cfg(not(feature = "barge-in"))]
fn echo(_table: &mut Report) {}

fn recognition(table: &mut Report, catalog: &Catalog, recordings: &[Vec<i16>]) {
    let before = memory_kib("self", "VmRSS:");
    let mut engine = match stt::open(&["pocketsphinx".to_owned()]) {
        Ok(opened) => opened.stt,
        Err(error) => return println!("Speech to text is left out: {error:#}"),
    };
    let understanding = Understanding::new(catalog.clone());
    let grammar = understanding.grammar(Lang::En, &Expect::Command);
    let prepare = timed(1, |_| engine.prepare("command", &grammar).expect("the grammar of the catalogue compiles"));
    table.add("grammar", "a catalogue", prepare, 0, format!("{} words", grammar.words.len()));
    let us = timed(recordings.len(), |i| drop(engine.transcribe("command", &recordings[i], 5).expect("speech")));
    let seconds: f64 = recordings.iter().map(|r| r.len() as f64 / f64::from(RATE_HZ)).sum();
    let factor = us.iter().sum::<f64>() / 1e6 / seconds;
    table.add(
        "speech to text",
        "an utterance",
        us,
        memory_kib("self", "VmRSS:") - before,
        format!("{factor:.3} of real time"),
    );
}

/// People's recordings, and more clips of them that are slower or faster, which is another sound each time.
fn fingerprints(table: &mut Report, recordings: &[Vec<i16>]) {
    use tendero::hear::fingerprint::index::{Index, Print, Query};
    let clips = |count: usize| {
        (0..count).map(move |number| {
            let sound = &recordings[number % recordings.len()];
            let speed = 1.0 + (number / recordings.len()) as f64 * 0.013;
            let slower: Vec<i16> =
                (0..(sound.len() as f64 / speed) as usize).map(|at| sound[(at as f64 * speed) as usize]).collect();
            (number as u16, Print::of(&slower))
        })
    };
    let seconds = recordings.iter().map(|r| r.len() as f64 / f64::from(RATE_HZ)).sum::<f64>() / recordings.len() as f64;
    let us = timed(recordings.len(), |i| drop(Query::of(&recordings[i])));
    let queries: Vec<Query> = recordings.iter().map(|sound| Query::of(sound)).collect();
    table.add("fingerprint", "an utterance", us, 0, format!("of {seconds:.1} s"));
    for count in [400, 1_000, 4_000] {
        let before = memory_kib("self", "VmRSS:");
        let mut index = Index::default();
        let left_out = index.add(clips(count)).len();
        let us = timed(queries.len(), |i| {
            std::hint::black_box(index.find(&queries[i]));
        });
        let note = format!("among {} clips, {:.1} MB of index", count - left_out, index.bytes() as f64 / 1e6);
        table.add("known recording", "an utterance", us, memory_kib("self", "VmRSS:") - before, note);
    }
}

fn voice(table: &mut Report) {
    let before = memory_kib("self", "VmRSS:");
    let mut engine = match tts::open(&["espeak".into()], &tts::Setup::default()) {
        Ok(mut opened) => opened.engines.remove(0),
        Err(error) => return println!("Text to speech is left out: {error:#}"),
    };
    let text = "One pack of toothbrush heads, twelve euros ninety-nine in all, delivered on Tuesday.";
    let us = timed(20, |_| drop(engine.synthesise(text, Lang::En).expect("a sentence can be spoken")));
    table.add("text to speech", "a read-back", us, memory_kib("self", "VmRSS:") - before, String::new());
    // What a slow voice said is read from the disk; for this one that is hardly a gain.
    use tendero::speak::phrases::{Key, Phrases};
    let speech = engine.synthesise(text, Lang::En).expect("a sentence can be spoken");
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("the target folder can be written");
    let mut phrases =
        Phrases::open(dir.path(), 16 << 20, 1 << 40, tendero::clock::Clock::system()).expect("a new folder");
    let key = Key::new("bench", "voice", Lang::En, text);
    let us = timed(20, |_| phrases.put(&key, &speech));
    table.add("kept on disk", "a read-back", us, 0, format!("{:.1} s of sound", speech.duration_ms() as f64 / 1000.0));
    let us = timed(20, |_| drop(phrases.get(&key).expect("it was kept")));
    table.add("read from disk", "a read-back", us, 0, String::new());
}

fn durable(table: &mut Report) {
    use tendero::decide::effect::Write;
    use tendero::deliver::store::Store;
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("the target folder can be written");
    let before = memory_kib("self", "VmRSS:");
    let mut store = Store::open(&dir.path().join("bench.db")).expect("a new store");
    let us = timed(200, |i| {
        let write = Write::ListItem { sku: format!("sku-{i}"), qty: 1, why: "bench".into() };
        store.commit(&[write], &mut |_, _| anyhow::bail!("there is no order to sign")).expect("the disk takes it");
    });
    table.add("store", "a durable commit", us, memory_kib("self", "VmRSS:") - before, "WAL, synchronous=FULL".into());
}

/// Microseconds of each of `n` calls.
#[allow(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
fn timed(n: usize, mut call: impl FnMut(usize)) -> Vec<f64> {
    (0..n)
        .map(|i| {
            let began = Instant::now();
            call(i);
            began.elapsed().as_secs_f64() * 1e6
        })
        .collect()
}

fn speech_dir() -> Option<PathBuf> {
    let dir = std::env::var_os("TENDERO_SPEECH_DIR").map_or_else(|| "../shared/speech".into(), PathBuf::from);
    dir.join("cafe/audio").is_dir().then_some(dir)
}

fn catalog(speech: Option<&Path>) -> Catalog {
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("demo/catalog.json");
    let path = speech.map_or(demo, |dir| dir.join("cafe/cafe.json"));
    let text = std::fs::read_to_string(&path).expect("a catalogue is there");
    Catalog::from_json(&text).expect("a valid catalogue")
}

fn recordings(speech: &Path) -> Vec<Vec<i16>> {
    let mut files: Vec<_> = std::fs::read_dir(speech.join("cafe/audio"))
        .expect("the folder was there")
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .collect();
    files.sort();
    files.iter().take(RECORDINGS).map(|file| read_file(file).expect("a recording")).collect()
}
