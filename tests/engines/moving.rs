//! Where sound comes from and where it goes: what [`Source`] and [`Player`] promise, without a sound card. tests/audio.rs and
//! tests/microphone.rs have one.

use crate::sounds::{SECOND, hum};
use crate::table::{self, Tried};
use std::time::Duration;
use tendero::clock::Clock;
use tendero::hear::HOP;
use tendero::hear::source::{Pipe, Read, Recording, Source, feed};
use tendero::speak::player::{Played, Player, Silent, Stop, Virtual};
use tendero::speak::tts::Speech;

/// A name, and a source that has these samples to give.
type Given = (&'static str, fn(&[i16]) -> Box<dyn Source>);

const SOURCES: [Given; 3] = [
    ("Recording", |samples| {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("sound.wav");
        let spec = hound::WavSpec {
            channels: 1,
            sample_rate: SECOND as u32,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let mut writer = hound::WavWriter::create(&path, spec).unwrap();
        samples.iter().for_each(|&sample| writer.write_sample(sample).unwrap());
        writer.finalize().unwrap();
        Box::new(Recording::open(&path).unwrap())
    }),
    ("Pipe", |samples| {
        let bytes: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
        Box::new(Pipe::new(std::io::Cursor::new(bytes)))
    }),
    ("Feed", |samples| {
        let (feeder, feed) = feed(samples.len() / HOP + 1);
        feeder.push(samples).unwrap();
        Box::new(feed)
    }),
];

#[test]
fn every_source_gives_all_of_its_sound_in_hops_and_then_its_end() {
    let names: Vec<&str> = SOURCES.iter().map(|(name, _)| *name).chain(["Microphone"]).collect();
    let there = table::implementors("hear/source", "Source");
    table::covers("src/hear/source", &there.iter().map(String::as_str).collect::<Vec<_>>(), &names);
    let mut rows = Vec::new();
    for (name, open) in SOURCES {
        // A recording without sound is refused as such.
        let lengths = [0, 1, HOP, HOP + 1, SECOND].into_iter().skip(usize::from(name == "Recording"));
        for length in lengths {
            let sound = &hum(1.0, 440.0, 9_000.0)[..length];
            let mut source = open(sound);
            let (mut hop, mut heard) = ([77; HOP], vec![]);
            while source.read(&mut hop).unwrap() == Read::Hop {
                heard.extend(hop);
                assert!(heard.len() <= length + HOP, "{name}: more than there was");
            }
            assert_eq!(heard.len(), length.div_ceil(HOP) * HOP, "{name}, {length}");
            assert!(heard[..length] == *sound && heard[length..].iter().all(|sample| *sample == 0), "{name}, {length}");
            assert!(hop.iter().all(|sample| *sample == 0), "{name}: the end is silence");
            assert_eq!(source.read(&mut hop).unwrap(), Read::End, "{name}: the end stays the end");
            source.pause();
            assert_eq!(source.overruns(), 0, "{name}");
        }
        rows.push(Tried {
            engine: name.into(),
            on: Ok("a tone".into()),
            proven: "every sample, whole hops, its end".into(),
            not_proven: "rates and channels: its own tests".into(),
        });
    }
    rows.push(Tried::left_out("Microphone", "it needs a card: tests/audio.rs, tests/microphone.rs".into(), false));
    table::print("source", &rows);
}

#[test]
fn every_player_says_when_it_has_played() {
    let there = table::implementors("speak", "Player");
    table::covers("src/speak", &there.iter().map(String::as_str).collect::<Vec<_>>(), &["Silent", "Virtual", "Device"]);
    let clock = Clock::system();
    let players: [(&str, Box<dyn Player>); 2] =
        [("Silent", Box::new(Silent)), ("Virtual", Box::new(Virtual { clock: clock.clone(), heard: |_: &Speech| {} }))];
    let mut rows = Vec::new();
    for (name, mut player) in players {
        for samples in [vec![], vec![1], hum(1.0, 440.0, 9_000.0)] {
            let speech = Speech { rate_hz: SECOND as u32, samples };
            let before = clock.now().mono_ms;
            assert_eq!(player.play(&speech, &Stop::default()).unwrap(), Played::Whole, "{name}");
            let skipped = Duration::from_millis(clock.now().mono_ms - before);
            let is_virtual = name == "Virtual";
            assert!(!is_virtual || skipped >= Duration::from_millis(speech.duration_ms()), "{name}: {skipped:?}");
        }
        rows.push(Tried {
            engine: name.into(),
            on: Ok("a tone".into()),
            proven: "nothing, one sample, a second".into(),
            not_proven: "nothing more: it makes no sound".into(),
        });
    }
    rows.push(Tried::left_out("Device", "it needs a card: tests/audio.rs, tests/microphone.rs".into(), false));
    table::print("player", &rows);
}
