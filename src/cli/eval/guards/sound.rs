//! Voices and the way of their recordings to the microphone: level, echoes, a small loudspeaker, the room's noise.
//! Without espeak-ng there is no sound, and the rows say what they were judged by.

use crate::chance::Chance;
use crate::hear::fingerprint::index::Query;
use crate::understand::Lang;

/// A synthesiser, if one is there.
pub struct Voices {
    #[cfg(feature = "espeak")]
    espeak: crate::native::espeak::Espeak,
}

impl Voices {
    #[cfg(feature = "espeak")]
    pub fn open() -> Option<Voices> {
        crate::native::espeak::Espeak::open().ok().map(|espeak| Voices { espeak })
    }

    #[cfg(not(feature = "espeak"))]
    pub fn open() -> Option<Voices> {
        None
    }

    /// `text` by one of many people: 16 kHz mono. Nobody says it twice alike: the pace and the pitch of each
    /// saying are their own.
    ///
    /// # Errors
    /// A voice that espeak-ng does not have.
    #[cfg(feature = "espeak")]
    pub fn say(&self, text: &str, lang: Lang, person: usize, chance: &mut Chance) -> anyhow::Result<Vec<i16>> {
        use crate::hear::source::rate::to_16k;
        const VARIANTS: [&str; 6] = ["m1", "m3", "m7", "f2", "f3", "f4"];
        let (language, _) = crate::speak::tts::espeak::voice(lang);
        // As fast as people of the cases speak, however fast the speaker answers them.
        let usual_wpm = match lang {
            Lang::En => 175,
            Lang::Es => 190,
            Lang::Ro => 210,
        };
        let voice = format!("{language}+{}", VARIANTS[person % VARIANTS.len()]);
        let whole = |n: u64| u32::try_from(n).expect("a small number");
        let (pace_percent, pitch) = (whole(chance.between(77, 106)), whole(chance.between(38, 62)));
        let pace = usual_wpm * pace_percent / 100;
        let (rate_hz, samples) = self.espeak.synthesise(text, &voice, pace, pitch)?;
        to_16k(&samples, rate_hz)
    }

    /// How long the speaker itself takes to say `text`, milliseconds.
    ///
    /// # Errors
    /// The synthesiser's own.
    #[cfg(feature = "espeak")]
    pub fn speaker_ms(&self, text: &str, lang: Lang) -> anyhow::Result<u64> {
        use crate::speak::tts::Tts;
        Ok(crate::speak::tts::espeak::EspeakNg::open()?.synthesise(text, lang)?.duration_ms())
    }

    #[cfg(not(feature = "espeak"))]
    pub fn speaker_ms(&self, _: &str, _: Lang) -> anyhow::Result<u64> {
        anyhow::bail!("built without espeak-ng")
    }

    #[cfg(not(feature = "espeak"))]
    pub fn say(&self, _: &str, _: Lang, _: usize, _: &mut Chance) -> anyhow::Result<Vec<i16>> {
        anyhow::bail!("built without espeak-ng")
    }
}

/// Where a recording is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    /// A good loudspeaker in a quiet room.
    Quiet,
    /// A fan, the street: 12 dB under the voice.
    Noisy,
    /// Echoes of 0.3 s, 5 dB under the voice.
    Echoes,
    /// A telephone's loudspeaker in a room with echoes and noise.
    Telephone,
}

pub const ROOMS: [Room; 4] = [Room::Quiet, Room::Noisy, Room::Echoes, Room::Telephone];

/// A voice in the room itself, with the room's noise.
pub fn live(voice: &[i16], chance: &mut Chance) -> Query {
    Query::of(&heard(voice, 25.0, 0.6, chance))
}

/// What the microphone gets of a recording.
pub fn played(recording: &[i16], room: Room, chance: &mut Chance) -> Query {
    let mut sound: Vec<f32> = recording.iter().map(|&s| f32::from(s)).collect();
    if room == Room::Telephone {
        band(&mut sound);
    }
    if matches!(room, Room::Echoes | Room::Telephone) {
        echo(&mut sound, chance);
    }
    let sound: Vec<i16> = sound.into_iter().map(|s| s.clamp(-32_768.0, 32_767.0) as i16).collect();
    let snr_db = if matches!(room, Room::Noisy | Room::Telephone) { 12.0 } else { 28.0 };
    let gain = chance.float(0.25, 0.7);
    Query::of(&heard(&sound, snr_db, gain, chance))
}

/// With up to 0.3 s of the room before it, and noise that falls towards the treble.
fn heard(sound: &[i16], snr_db: f32, gain: f32, chance: &mut Chance) -> Vec<i16> {
    let lead = usize::try_from(chance.between(0, 4_800)).expect("a small number");
    let loud: Vec<f32> = sound.iter().map(|&s| f32::from(s)).filter(|s| s.abs() > 50.0).collect();
    let level = (loud.iter().map(|s| s * s).sum::<f32>() / loud.len().max(1) as f32).sqrt();
    let noise = level * 10_f32.powf(-snr_db / 20.0);
    let mut last = 0.0;
    let mut out = vec![0_i16; lead];
    out.extend_from_slice(sound);
    out.resize(out.len() + 3_200, 0);
    for sample in &mut out {
        // One pole at 0.9, its gain taken back; the sum of four uniform numbers is bell-shaped enough.
        let white: f32 = (0..4).map(|_| chance.float(-0.87, 0.87)).sum();
        last = 0.9 * last + 0.436 * white;
        *sample = ((f32::from(*sample) + last * noise) * gain).clamp(-32_768.0, 32_767.0) as i16;
    }
    out
}

/// Sparse echoes that fall by 60 dB in 0.3 s; their energy is 5 dB under the direct sound.
fn echo(sound: &mut [f32], chance: &mut Chance) {
    const LENGTH: u64 = 4_800;
    let taps: Vec<(usize, f32)> = (0..60)
        .map(|_| {
            let delay = chance.between(16, LENGTH);
            let gain = chance.float(-1.0, 1.0) * 10_f32.powf(-3.0 * delay as f32 / LENGTH as f32);
            (usize::try_from(delay).expect("a small number"), gain)
        })
        .collect();
    let energy: f32 = taps.iter().map(|(_, gain)| gain * gain).sum();
    let scale = (0.316 / energy).sqrt();
    let dry = sound.to_vec();
    for (delay, gain) in taps {
        for (wet, dry) in sound.iter_mut().skip(delay).zip(&dry) {
            *wet += scale * gain * dry;
        }
    }
}

/// About 300 to 3,400 Hz: what is left by a difference and two poles.
fn band(sound: &mut [f32]) {
    let (mut slow, mut low, mut lower) = (0.0, 0.0, 0.0);
    for sample in sound {
        slow += 0.11 * (*sample - slow);
        low += 0.6 * (*sample - slow - low);
        lower += 0.6 * (low - lower);
        *sample = lower;
    }
}
