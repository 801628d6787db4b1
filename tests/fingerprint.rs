//! How well recordings are recognised: voices of espeak-ng, and people's where they are there
//! (`TENDERO_SPEECH_DIR`). Prints its figures: `cargo test --test fingerprint -- --nocapture`.
#![cfg(feature = "espeak")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use std::path::PathBuf;
use tendero::hear::fingerprint::index::{Fit, Index, Print, Query};
use tendero::hear::frontend::Frontend;
use tendero::hear::source::rate::to_16k;
use tendero::hear::source::read_file;
use tendero::hear::{HOP, Hop};
use tendero::native::espeak::Espeak;

#[path = "support/rng.rs"]
mod rng;
#[path = "fingerprint/room.rs"]
mod room;

use rng::Rng;
use room::{ROOMS, Room};

/// None is a part of another: by the same voice that would be the same sound.
const SENTENCES: [&str; 25] = [
    "order it please",
    "yes order it candle river",
    "the toothbrush heads ran out",
    "order two packs of coffee",
    "get me three bags of rice",
    "we need more milk and two breads",
    "put washing powder on the list",
    "order it pocket mountain",
    "the second one",
    "make it two packs",
    "cancel that",
    "hey tendero, we are out of dishwasher tablets",
    "the same coffee as last time",
    "buy olive oil and tomatoes",
    "how much is the orange juice",
    "pide eso por favor",
    "se ha acabado el papel de cocina",
    "necesitamos dos paquetes de arroz",
    "comandă acum te rog",
    "s-a terminat laptele",
    "vreau două pachete de cafea",
    "where is my order",
    "no thank you",
    "what else did we buy in march",
    "tell me the price of butter",
];
/// Words a minute and pitch of the same voice: as far apart as a person who says it again.
const MANNERS: [(u32, u32); 4] = [(150, 50), (168, 50), (150, 60), (134, 42)];

fn spoken(espeak: &Espeak, text: &str, voice: &str, (rate_wpm, pitch): (u32, u32)) -> Vec<i16> {
    let (rate_hz, samples) = espeak.synthesise(text, voice, rate_wpm, pitch).unwrap();
    voiced(&to_16k(&samples, rate_hz).unwrap())
}

/// As the ears cut it: from the first voice to the last, with two hops on each side.
fn voiced(sound: &[i16]) -> Vec<i16> {
    let mut frontend = Frontend::default();
    let hops = sound.chunks_exact(HOP).map(|piece| <Hop>::try_from(piece).unwrap());
    let voice: Vec<bool> = hops.map(|hop| frontend.push(&hop).voice).collect();
    let first = voice.iter().position(|v| *v).unwrap_or(0).saturating_sub(2);
    let last = voice.iter().rposition(|v| *v).map_or(voice.len(), |last| (last + 3).min(voice.len()));
    sound[first * HOP..last * HOP].to_vec()
}

#[derive(Default)]
struct Tally {
    played: usize,
    recognised: usize,
    pairs: usize,
    mistaken: Vec<(usize, usize, Fit)>,
}

/// Plays every `step`th clip in `room` and looks it up among all of them.
fn play(clips: &[Vec<i16>], index: &Index, room: &Room, step: usize) -> Tally {
    let mut rng = Rng::new(17);
    let mut tally = Tally::default();
    for (number, clip) in clips.iter().enumerate().step_by(step) {
        let fits = index.fits(&Query::of(&room.play(clip, &mut rng)));
        let same: Vec<Fit> = fits.into_iter().filter(Fit::is_same).collect();
        tally.played += 1;
        tally.recognised += usize::from(same.iter().any(|fit| usize::from(fit.clip) == number));
        tally.pairs += clips.len() - 1;
        let others = same.into_iter().filter(|fit| usize::from(fit.clip) != number);
        tally.mistaken.extend(others.map(|fit| (number, usize::from(fit.clip), fit)));
    }
    tally
}

fn index_of(clips: &[Vec<i16>]) -> Index {
    let mut index = Index::default();
    assert!(index.add((0..).zip(clips).map(|(number, clip)| (number, Print::of(clip)))).is_empty());
    index
}

#[test]
fn replays_are_recognised_and_other_utterances_are_not() {
    let Ok(espeak) = Espeak::open() else { return eprintln!("left out: espeak-ng is not installed") };
    let mut clips = vec![];
    let mut labels = vec![];
    for (at, text) in SENTENCES.iter().enumerate() {
        let voices = match at {
            15..=17 => ["es+m3", "es+f2"],
            18..=20 => ["ro+m3", "ro+f2"],
            _ => ["en-us+m3", "en-us+f2"],
        };
        for voice in voices {
            for manner in MANNERS {
                clips.push(spoken(&espeak, text, voice, manner));
                labels.push(format!("{text} ({voice} {manner:?})"));
            }
        }
    }
    assert_eq!(clips.len(), 200);
    let index = index_of(&clips);
    let mut faults = vec![];
    for room in &ROOMS {
        let tally = play(&clips, &index, room, 1);
        let short = tally.mistaken.iter().map(|(a, b, fit)| format!("  {} ~ {} {fit:?}", labels[*a], labels[*b]));
        println!(
            "{:<34} {} of {} replays recognised, {} of {} other pairs taken for the same\n{}",
            room.name,
            tally.recognised,
            tally.played,
            tally.mistaken.len(),
            tally.pairs,
            short.collect::<Vec<_>>().join("\n")
        );
        if tally.recognised * 100 < tally.played * room.least_per_cent || !tally.mistaken.is_empty() {
            faults.push(room.name);
        }
    }
    assert!(faults.is_empty(), "{faults:?}");
}

#[test]
fn people_are_not_taken_for_recordings_and_their_recordings_are() {
    let dir = std::env::var_os("TENDERO_SPEECH_DIR").map_or_else(|| "../shared/speech".into(), PathBuf::from);
    for (folder, step) in [("cafe/audio", 3), ("wake/computer", 12)] {
        let Ok(entries) = std::fs::read_dir(dir.join(folder)) else {
            eprintln!("left out: no people's recordings in {}", dir.join(folder).display());
            continue;
        };
        let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
        files.retain(|path| path.extension().is_some_and(|ext| ext == "flac"));
        files.sort();
        let clips: Vec<Vec<i16>> = files.iter().map(|file| voiced(&read_file(file).unwrap())).collect();
        let index = index_of(&clips);
        for room in &ROOMS[..3] {
            let tally = play(&clips, &index, room, step);
            // The folders hold some recordings twice; the waveform itself tells.
            let (twice, wrong): (Vec<_>, Vec<_>) =
                tally.mistaken.iter().partition(|(a, b, _)| room::is_same_waveform(&clips[*a], &clips[*b]));
            println!(
                "{folder:<14} {:<34} {} of {} recognised, {} of {} other pairs taken for the same, {} pairs are the same file twice",
                room.name,
                tally.recognised,
                tally.played,
                wrong.len(),
                tally.pairs,
                twice.len()
            );
            for (a, b, fit) in &wrong {
                println!("  {} ~ {} {fit:?}", files[*a].display(), files[*b].display());
            }
            assert!(wrong.is_empty(), "{} {}", folder, room.name);
            if folder == "cafe/audio" {
                assert!(
                    tally.recognised * 100 >= tally.played * room.people_per_cent,
                    "{}: {}",
                    room.name,
                    tally.recognised
                );
            }
        }
    }
}
