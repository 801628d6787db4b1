//! What a recording says about its microphone: level, noise floor, clipping, and what to do about it. Pure.

use super::frontend::{Frontend, SILENCE_DBFS, level_dbfs};
use super::{HOP, HOP_MS, RATE_HZ};
use serde::Serialize;

/// Speech below this is too quiet: half of the words are lost in the steps of 16 bits and the card's own noise.
const QUIET_DBFS: f32 = -42.0;
/// Speech above the room by less than this, dB: one order in five is then misheard.
const NOISY_DB: f32 = 12.0;
/// A sample from here on was cut off.
const CLIPPED: u16 = 32_100;
/// More cut off samples than this in a thousand are heard.
const CLIPPED_PERMILLE: f32 = 1.0;
/// Voice for less than this is nobody's sentence.
const VOICE_MS: u32 = 400;
/// A mean above this, of full scale, is a fault of the card or its wiring.
const OFFSET: f32 = 0.05;
/// The part of the quiet hops that lies below what is called the floor.
const FLOOR_QUANTILE: f32 = 0.5;

/// What was measured. Levels in dB relative to full scale (0 the loudest, -96 digital silence).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    pub seconds: f32,
    /// Of the hops with voice; `None` without any.
    pub speech_dbfs: Option<f32>,
    /// Of the hops without voice; `None` without any.
    pub floor_dbfs: Option<f32>,
    pub peak_dbfs: f32,
    /// Speech above the floor, dB.
    pub snr_db: Option<f32>,
    /// Samples at the end of the scale, in a thousand.
    pub clipped_permille: f32,
    /// The mean of all samples, of full scale.
    pub offset: f32,
    pub voice_ms: u32,
    /// Times that the device lost sound.
    pub overruns: u64,
    /// The worst first; empty: all is well.
    pub findings: Vec<Finding>,
    /// Level and voice of each hop of 80 ms.
    #[serde(skip)]
    pub hops: Vec<(f32, bool)>,
}

/// What is wrong with the sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// Nothing but zeros.
    Dead,
    /// Sound was lost on the way.
    Gaps,
    Clipped,
    TooQuiet,
    Noisy,
    Offset,
    NoVoice,
}

impl Finding {
    /// What it is and what to try, one line.
    pub fn advice(self) -> &'static str {
        match self {
            Finding::Dead => {
                "nothing but zeros: the microphone is switched off, its capture is muted, or it is another device. Try: \
                 alsamixer, F6 for the card, F4, space to unmute; then another name of `tendero audio list`"
            }
            Finding::Gaps => {
                "sound was lost: the microphone is starved. Try: plug it straight into the board, a stronger power supply \
                 (vcgencmd get_throttled must say 0x0), less other work on it"
            }
            Finding::Clipped => {
                "too loud, the tops are cut off. Try: alsamixer, F6 for the card, F4, capture down by 10, automatic gain \
                 off; or speak from farther away"
            }
            Finding::TooQuiet => {
                "too quiet. Try: alsamixer, F6 for the card, F4, capture up by 10 (and \"Mic Boost\", if there is one); then \
                 sudo alsactl store; or go nearer"
            }
            Finding::Noisy => {
                "the room is almost as loud as you. Try: move it away from fan, fridge and loudspeaker, or go nearer; a \
                 gain that is too high does it, too"
            }
            Finding::Offset => {
                "the sound is not centred: a cheap card, or an I2S microphone with the wrong wiring or format. Try: another \
                 channel ([microphone] channel), another microphone"
            }
            Finding::NoVoice => {
                "nobody was heard to speak. Try: say a whole sentence while it records, as you would to a person"
            }
        }
    }
}

/// Looks at `samples`, 16 kHz mono; `overruns` as the source counted them.
pub fn examine(samples: &[i16], overruns: u64) -> Report {
    let mut frontend = Frontend::default();
    let hops: Vec<(f32, bool)> = samples
        .chunks_exact(HOP)
        .map(|piece| frontend.push(&std::array::from_fn(|at| piece[at])))
        .map(|measure| (measure.level_dbfs, measure.voice))
        .collect();
    let voiced: Vec<i16> = samples
        .chunks_exact(HOP)
        .zip(&hops)
        .filter(|(_, (_, voice))| *voice)
        .flat_map(|(hop, _)| hop)
        .copied()
        .collect();
    let count = samples.len().max(1) as f32;
    let speech_dbfs = (!voiced.is_empty()).then(|| level_dbfs(&voiced));
    let floor_dbfs = floor(&hops);
    let peak = samples.iter().map(|sample| sample.unsigned_abs()).max().unwrap_or(0);
    let clipped = samples.iter().filter(|sample| sample.unsigned_abs() >= CLIPPED).count();
    let mut report = Report {
        seconds: samples.len() as f32 / RATE_HZ as f32,
        speech_dbfs,
        floor_dbfs,
        peak_dbfs: (20.0 * (f32::from(peak) / 32_768.0).max(1e-6).log10()).max(SILENCE_DBFS),
        snr_db: speech_dbfs.zip(floor_dbfs).map(|(speech, floor)| speech - floor),
        clipped_permille: clipped as f32 * 1_000.0 / count,
        offset: samples.iter().map(|&sample| f32::from(sample)).sum::<f32>() / count / 32_768.0,
        voice_ms: voiced.len() as u32 / HOP as u32 * HOP_MS,
        overruns,
        findings: vec![],
        hops,
    };
    report.findings = findings(&report);
    report
}

fn floor(hops: &[(f32, bool)]) -> Option<f32> {
    let mut quiet: Vec<f32> = hops.iter().filter(|(_, voice)| !voice).map(|(level, _)| *level).collect();
    quiet.sort_by(f32::total_cmp);
    let at = (quiet.len().saturating_sub(1) as f32 * FLOOR_QUANTILE) as usize;
    quiet.get(at).copied()
}

fn findings(report: &Report) -> Vec<Finding> {
    if report.peak_dbfs <= SILENCE_DBFS {
        return vec![Finding::Dead];
    }
    let spoke = report.voice_ms >= VOICE_MS;
    let quiet = match report.speech_dbfs.filter(|_| spoke) {
        Some(speech) => speech < QUIET_DBFS,
        // What is too quiet even for the detector of voices.
        None => report.peak_dbfs < QUIET_DBFS,
    };
    let all = [
        (Finding::Gaps, report.overruns > 0),
        (Finding::Clipped, report.clipped_permille > CLIPPED_PERMILLE),
        (Finding::TooQuiet, quiet),
        (Finding::Noisy, spoke && report.snr_db.is_some_and(|snr| snr < NOISY_DB)),
        (Finding::Offset, report.offset.abs() > OFFSET),
        (Finding::NoVoice, !spoke),
    ];
    all.into_iter().filter(|(_, is)| *is).map(|(finding, _)| finding).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeros_noise_and_a_tone_are_no_voice() {
        assert_eq!(examine(&[0; 16_000], 0).findings, [Finding::Dead]);
        assert_eq!(examine(&[], 0).findings, [Finding::Dead]);
        let tone = |size: f32| -> Vec<i16> {
            (0..32_000).map(|at| ((at as f32 * 0.4).sin() * size).clamp(-32_768.0, 32_767.0) as i16).collect()
        };
        assert!(examine(&tone(30.0), 0).findings.starts_with(&[Finding::TooQuiet]));
        assert!(examine(&tone(90_000.0), 3).findings.starts_with(&[Finding::Gaps, Finding::Clipped]));
        let shifted: Vec<i16> = tone(3_000.0).iter().map(|sample| sample + 5_000).collect();
        assert!(examine(&shifted, 0).findings.contains(&Finding::Offset));
    }

    /// The same sentence at other gains, over other noise.
    #[test]
    #[cfg(feature = "espeak")]
    fn a_sentence_is_judged_by_its_gain_and_its_noise() {
        let Some(voice) = crate::hear::ears::spoken("good morning, we ran out of oat milk again") else { return };
        let of = |gain: f32, noise: i32| -> Report {
            let mut chance: u32 = 7;
            let sound = [vec![0; 16_000], voice.clone(), vec![0; 16_000]].concat();
            let noisy = |sample: &i16| {
                chance = chance.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let hiss = (chance >> 8) as i32 % (2 * noise + 1) - noise;
                (f32::from(*sample) * gain + hiss as f32).clamp(-32_768.0, 32_767.0) as i16
            };
            examine(&sound.iter().map(noisy).collect::<Vec<_>>(), 0)
        };
        assert_eq!(of(0.7, 8).findings, [], "{:?}", of(0.7, 8).speech_dbfs);
        assert_eq!(of(12.0, 8).findings, [Finding::Clipped]);
        assert_eq!(of(0.02, 2).findings, [Finding::TooQuiet], "{:?}", of(0.02, 2));
        assert_eq!(of(0.3, 1_500).findings, [Finding::Noisy], "{:?}", of(0.3, 1_500).snr_db);
        let good = of(0.7, 8);
        assert!(good.snr_db.is_some_and(|snr| snr > 30.0) && good.voice_ms > 1_000, "{good:?}");
    }
}
