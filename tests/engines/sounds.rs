//! Sounds that every engine must bear, 16 kHz mono.

use crate::rng::Rng;

pub const SECOND: usize = 16_000;

pub fn white(seconds: f32, peak: i16, seed: u64) -> Vec<i16> {
    let mut rng = Rng::new(seed);
    let peak = u64::from(peak.unsigned_abs());
    (0..(seconds * SECOND as f32) as usize).map(|_| (rng.below(2 * peak + 1) as i64 - peak as i64) as i16).collect()
}

/// As of a fan: the high parts are taken out.
pub fn dull(seconds: f32, peak: i16, seed: u64) -> Vec<i16> {
    let mut level = 0.0;
    white(seconds, peak, seed)
        .into_iter()
        .map(|sample| {
            level += 0.05 * (f32::from(sample) - level);
            (level * 4.0) as i16
        })
        .collect()
}

pub fn hum(seconds: f32, hz: f32, peak: f32) -> Vec<i16> {
    let turn = |at: usize| (std::f32::consts::TAU * hz * at as f32 / SECOND as f32).sin();
    (0..(seconds * SECOND as f32) as usize).map(|at| (turn(at) * peak) as i16).collect()
}

pub fn click() -> Vec<i16> {
    (0..SECOND).map(|at| if at == 8_000 { i16::MAX } else { 0 }).collect()
}

/// What is no speech, and what a faulty card or a broken cable gives.
pub fn odd() -> Vec<(&'static str, Vec<i16>)> {
    let square = |at: usize| if (at / 40).is_multiple_of(2) { i16::MAX } else { i16::MIN };
    vec![
        ("nothing", vec![]),
        ("one sample", vec![77]),
        ("a hundredth of a second", vec![500; 160]),
        ("zeros", vec![0; SECOND]),
        ("the lowest value", vec![i16::MIN; SECOND]),
        ("the highest value", vec![i16::MAX; SECOND]),
        ("full scale", (0..2 * SECOND).map(square).collect()),
        (
            "each sample against the last",
            (0..SECOND).map(|at| if at.is_multiple_of(2) { i16::MAX } else { -i16::MAX }).collect(),
        ),
        ("a click", click()),
        ("30 s of zeros", vec![0; 30 * SECOND]),
        ("31 s of a quiet room", white(31.0, 30, 1)),
    ]
}

/// What a room is full of, and nobody says.
pub fn noises() -> Vec<(&'static str, Vec<i16>)> {
    vec![
        ("soft noise", white(2.0, 60, 2)),
        ("noise", white(2.0, 2_000, 3)),
        ("loud noise", white(2.0, 20_000, 4)),
        ("a fan", dull(3.0, 8_000, 5)),
        ("mains hum", hum(2.0, 50.0, 3_000.0)),
        ("a whistle", hum(2.0, 1_900.0, 6_000.0)),
    ]
}

/// espeak-ng's voice with silence around it.
#[cfg(feature = "espeak")]
pub fn spoken(text: &str, voice: &str, words_a_minute: u32) -> Vec<i16> {
    use tendero::hear::source::rate;
    let espeak = tendero::native::espeak::Espeak::open().expect("espeak-ng is installed: scripts/setup.sh test");
    let (rate_hz, samples) = espeak.synthesise(text, voice, words_a_minute, 50).unwrap();
    let speech = rate::to_16k(&samples, rate_hz).unwrap();
    let room = |seed| white(0.5, 12, seed);
    [room(6), speech, room(7)].concat()
}
