//! Sound in and out through a sound card that is none (a PulseAudio of the test's own), with the real binary: what it
//! captures, what it makes of the capture, and what comes out of the loudspeaker.

#![cfg(feature = "audio")]
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

#[path = "support/process.rs"]
mod process;
#[path = "support/sound.rs"]
mod sound;

use process::{program, stderr, text, wait_for};
use serde_json::Value;
use sound::{RATE_HZ, Shape, Sound, loud};
use std::process::Output;

/// Runs `tendero audio` at the card.
fn audio(card: &Sound, args: &[&str]) -> Output {
    let mut command = program();
    card.lend(&mut command);
    command.arg("audio").args(args).output().unwrap()
}

fn json(output: &Output) -> Value {
    serde_json::from_str(&text(output)).unwrap_or_else(|_| panic!("{}{}", text(output), stderr(output)))
}

fn tone(hz: f32, seconds: f32, size: f32, rate_hz: u32) -> Vec<i16> {
    let turn = |at: usize| (std::f32::consts::TAU * hz * at as f32 / rate_hz as f32).sin();
    (0..(seconds * rate_hz as f32) as usize).map(|at| (turn(at) * size) as i16).collect()
}

/// Tones cross zero twice a period.
fn pitch_hz(samples: &[i16]) -> f32 {
    let crossings = samples.windows(2).filter(|pair| (pair[0] < 0) != (pair[1] < 0)).count();
    crossings as f32 / 2.0 * RATE_HZ as f32 / samples.len() as f32
}

#[test]
fn the_card_is_listed_for_both_ways_by_its_name() {
    let dir = tempfile::tempdir().unwrap();
    let Some(card) = Sound::start(dir.path(), Shape::default()) else { return };
    let listed = json(&audio(&card, &["list", "--json"]));
    for way in ["microphones", "speakers"] {
        let cards = listed[way].as_array().unwrap();
        let kitchen = cards.iter().find(|card| card["id"] == "kitchen").unwrap_or_else(|| panic!("{listed}"));
        assert!(kitchen["format"]["rate_hz"].as_u64().unwrap() >= 8_000, "{kitchen}");
    }
    assert!(text(&audio(&card, &["list"])).contains("kitchen"));
    let missing = audio(&card, &["record", "--microphone", "cellar", "/dev/null"]);
    assert_eq!(missing.status.code(), Some(1));
    assert!(stderr(&missing).contains("there is no microphone \"cellar\"; there are: default"), "{}", stderr(&missing));
}

/// The microphone's rate and channels, the channel that is asked for, and the tones in its first and its second channel.
#[test]
fn every_rate_and_the_channel_that_was_asked_for_are_recorded() {
    let (first, second) = (440.0, 1_000.0);
    for (rate_hz, channels, channel, expected_hz) in
        [(44_100, 2, "2", second), (8_000, 2, "1", first), (48_000, 6, "2", second), (96_000, 1, "0", first)]
    {
        let dir = tempfile::tempdir().unwrap();
        let Some(card) = Sound::start(dir.path(), Shape { rate_hz, channels, echo: false }) else { return };
        let tones = [tone(first, 30.0, 9_000.0, rate_hz), tone(second, 30.0, 9_000.0, rate_hz)];
        let frames = 0..tones[0].len();
        let silent = vec![0; tones[0].len()];
        let sides: Vec<&Vec<i16>> = (0..usize::from(channels)).map(|side| tones.get(side).unwrap_or(&silent)).collect();
        let sides = &sides;
        let frames: Vec<i16> = frames.flat_map(|at| sides.iter().map(move |side| side[at])).collect();
        let _voice = card.begin_to_say(&frames, rate_hz, channels);
        let file = dir.path().join("out.wav");
        // Where playing has not begun yet, the recording begins with silence: it is made again.
        let mut heard = vec![];
        wait_for("the tone", || {
            let args = ["record", "--microphone", "kitchen", "--channel", channel, "--seconds", "2"];
            let done = audio(&card, &[&args[..], &[file.to_str().unwrap()]].concat());
            assert!(done.status.success(), "{}", stderr(&done));
            heard = tendero::hear::source::read_file(&file).unwrap();
            loud(&heard[..RATE_HZ as usize / 4]).is_some()
        });
        assert_eq!(heard.len(), 2 * RATE_HZ as usize);
        let found_hz = pitch_hz(&heard[RATE_HZ as usize / 2..]);
        assert!((found_hz - expected_hz).abs() < 15.0, "{rate_hz} Hz, {channels} channels: {found_hz} Hz");
    }
}

#[test]
fn a_channel_that_is_not_there_is_refused_with_the_number_of_those_that_are() {
    let dir = tempfile::tempdir().unwrap();
    let Some(card) = Sound::start(dir.path(), Shape::default()) else { return };
    let refused = audio(&card, &["record", "--channel", "60000", "/dev/null"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(stderr(&refused).contains("channel 60000 is wanted"), "{}", stderr(&refused));
}

#[test]
fn what_is_played_is_heard_at_the_loudspeaker() {
    let dir = tempfile::tempdir().unwrap();
    let Some(card) = Sound::start(dir.path(), Shape::default()) else { return };
    let file = dir.path().join("in.wav");
    sound::write_wav(&file, &tone(700.0, 1.5, 12_000.0, 22_050), 22_050, 1);
    let ears = card.listen();
    let played = audio(&card, &["play", "--json", file.to_str().unwrap()]);
    assert!(played.status.success(), "{}", stderr(&played));
    let heard = ears.reply(0, 0.5);
    let seconds = heard.len() as f32 / RATE_HZ as f32;
    assert!((1.4..1.7).contains(&seconds) && (pitch_hz(&heard) - 700.0).abs() < 15.0, "{seconds} s");
}

/// What is said into the microphone, over and over, and what the test finds.
#[test]
#[cfg(feature = "espeak")]
fn the_test_plays_back_and_says_what_is_wrong() {
    let dir = tempfile::tempdir().unwrap();
    let Some(card) = Sound::start(dir.path(), Shape::default()) else { return };
    let silent = audio(&card, &["test", "--seconds", "1", "--json"]);
    assert_eq!(silent.status.code(), Some(1));
    assert_eq!(json(&silent)["findings"], serde_json::json!(["dead"]));

    let sentence = sound::spoken("hey tendero, the toothbrush heads ran out", "en-us", 160);
    let mut chance: u32 = 1;
    for (gain, finding) in [(0.5, None), (0.015, Some("too_quiet")), (14.0, Some("clipped"))] {
        let mut hiss = || {
            chance = chance.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            f32::from((chance >> 29) as u8) - 3.5
        };
        let once = [sentence.clone(), vec![0; RATE_HZ as usize]].concat();
        let said: Vec<i16> = once.repeat(12).iter().map(|s| (f32::from(*s) * gain + hiss()) as i16).collect();
        let _voice = card.begin_to_say(&said, RATE_HZ, 1);
        wait_for("the microphone to hear", || {
            let file = dir.path().join("probe.wav");
            audio(&card, &["record", "--seconds", "1", file.to_str().unwrap()]);
            tendero::hear::source::read_file(&file).is_ok_and(|heard| heard.iter().any(|sample| *sample != 0))
        });
        let ears = card.listen();
        let tested = audio(&card, &["test", "--seconds", "5", "--json"]);
        let verdict = json(&tested);
        assert_eq!(tested.status.success(), finding.is_none(), "{verdict}");
        assert_eq!(verdict["findings"], serde_json::json!(finding.iter().collect::<Vec<_>>()), "{verdict}");
        assert_eq!(verdict["advice"].as_array().unwrap().len(), finding.iter().count());
        assert_eq!((&verdict["overruns"], &verdict["speaker_error"]), (&Value::from(0), &Value::Null), "{verdict}");
        if finding.is_none() {
            let seconds = ears.reply(0, 1.5).len() as f32 / RATE_HZ as f32;
            assert!((2.0..5.2).contains(&seconds), "played back: {seconds} s");
            let shown = text(&audio(&card, &["test", "--seconds", "5", "--speaker", "off"]));
            assert!(shown.contains("verdict  good") && shown.contains('━'), "{shown}");
        }
    }
}
