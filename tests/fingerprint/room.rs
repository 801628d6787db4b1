//! What happens to a recording on its way from a loudspeaker to the microphone: level, echoes, a
//! narrow band, noise. Seeded.

use super::rng::Rng;

/// A room and what stands in it.
pub struct Room {
    pub name: &'static str,
    /// Speech over noise, dB.
    snr_db: f32,
    /// Noise of a fan and the street, and not white.
    pink: bool,
    /// Until the echoes have fallen by 60 dB; 0 is outdoors. Their sum is 5 dB under the direct sound.
    decay_s: f32,
    /// 300 to 3,400 Hz, as a telephone or a very small loudspeaker.
    telephone: bool,
    gain: f32,
    /// What is to be recognised at least, of synthetic voices and of people.
    pub least_per_cent: usize,
    pub people_per_cent: usize,
}

pub const ROOMS: [Room; 6] = [
    Room {
        name: "quieter, 30 dB over the room",
        snr_db: 30.0,
        pink: true,
        decay_s: 0.0,
        telephone: false,
        gain: 0.3,
        least_per_cent: 99,
        people_per_cent: 95,
    },
    Room {
        name: "white noise at 10 dB",
        snr_db: 10.0,
        pink: false,
        decay_s: 0.0,
        telephone: false,
        gain: 0.5,
        least_per_cent: 97,
        people_per_cent: 90,
    },
    Room {
        name: "room noise at 12 dB",
        snr_db: 12.0,
        pink: true,
        decay_s: 0.0,
        telephone: false,
        gain: 0.5,
        least_per_cent: 99,
        people_per_cent: 90,
    },
    Room {
        name: "echoes of 0.3 s",
        snr_db: 30.0,
        pink: true,
        decay_s: 0.3,
        telephone: false,
        gain: 0.5,
        least_per_cent: 90,
        people_per_cent: 0,
    },
    Room {
        name: "telephone band",
        snr_db: 30.0,
        pink: true,
        decay_s: 0.0,
        telephone: true,
        gain: 0.5,
        least_per_cent: 99,
        people_per_cent: 0,
    },
    Room {
        name: "all of it, noise at 12 dB",
        snr_db: 12.0,
        pink: true,
        decay_s: 0.3,
        telephone: true,
        gain: 0.3,
        least_per_cent: 85,
        people_per_cent: 0,
    },
];

impl Room {
    /// What the microphone hears of `clip`, with up to 0.3 s of room before it.
    pub fn play(&self, clip: &[i16], rng: &mut Rng) -> Vec<i16> {
        let lead = 2_400 + rng.index(2_400);
        let mut sound = vec![0.0; lead];
        sound.extend(clip.iter().map(|&s| f32::from(s)));
        sound.resize(sound.len() + 3_200, 0.0);
        if self.telephone {
            for _ in 0..2 {
                pass(&mut sound, 300.0, true);
                pass(&mut sound, 3_400.0, false);
            }
        }
        let level = loud_rms(&sound);
        if self.decay_s > 0.0 {
            echo(&mut sound, self.decay_s, rng);
        }
        let noise = level * 10_f32.powf(-self.snr_db / 20.0);
        let mut last = 0.0;
        for sample in &mut sound {
            // A pole at 0.9 with its gain taken back.
            last = if self.pink { 0.9 * last + 0.436 * gauss(rng) } else { gauss(rng) };
            *sample = (*sample + last * noise) * self.gain;
        }
        sound.into_iter().map(|s| s.clamp(-32_768.0, 32_767.0) as i16).collect()
    }
}

/// Level of what is not silence.
fn loud_rms(sound: &[f32]) -> f32 {
    let loud: Vec<f32> = sound.iter().copied().filter(|s| s.abs() > 50.0).collect();
    (loud.iter().map(|s| s * s).sum::<f32>() / loud.len().max(1) as f32).sqrt()
}

fn echo(sound: &mut [f32], decay_s: f32, rng: &mut Rng) {
    let length = decay_s * 16_000.0;
    let taps: Vec<(usize, f32)> = (0..200)
        .map(|_| {
            let delay = 16.0 + rng.below(length as u64) as f32;
            (delay as usize, gauss(rng) * 10_f32.powf(-3.0 * delay / length))
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

/// A Butterworth of the second order (R. Bristow-Johnson's cookbook).
fn pass(sound: &mut [f32], hz: f32, high: bool) {
    let (sin, cos) = (std::f32::consts::TAU * hz / 16_000.0).sin_cos();
    let alpha = sin / std::f32::consts::SQRT_2;
    let a0 = 1.0 + alpha;
    let (b0, b1) = if high { ((1.0 + cos) / 2.0, -1.0 - cos) } else { ((1.0 - cos) / 2.0, 1.0 - cos) };
    let (mut x1, mut x2, mut y1, mut y2) = (0.0, 0.0, 0.0, 0.0);
    for sample in sound {
        let x = *sample;
        let y = (b0 * x + b1 * x1 + b0 * x2 + 2.0 * cos * y1 - (1.0 - alpha) * y2) / a0;
        (x2, x1, y2, y1) = (x1, x, y1, y);
        *sample = y;
    }
}

/// The sum of twelve uniform numbers: near enough.
fn gauss(rng: &mut Rng) -> f32 {
    (0..12).map(|_| (rng.next() >> 40) as f32 / (1_u64 << 24) as f32).sum::<f32>() - 6.0
}

/// Do the loudest 0.25 s of `a` stand in `b`, sample for sample? Two utterances never correlate so.
pub fn is_same_waveform(a: &[i16], b: &[i16]) -> bool {
    const WINDOW: usize = 4_000;
    let energy = |sound: &[i16]| sound.iter().map(|&s| f32::from(s).powi(2)).sum::<f32>();
    let Some(from) = (0..a.len().saturating_sub(WINDOW))
        .step_by(1_000)
        .max_by(|&i, &j| energy(&a[i..i + WINDOW]).total_cmp(&energy(&a[j..j + WINDOW])))
    else {
        return false;
    };
    let window = &a[from..from + WINDOW];
    let own = energy(window);
    b.windows(WINDOW).any(|place| {
        let product: f32 = window.iter().zip(place).map(|(&x, &y)| f32::from(x) * f32::from(y)).sum();
        product.abs() > 0.95 * (own * energy(place)).sqrt()
    })
}
