//! The recording of the whole conversation, 16 kHz mono i16.

use crate::hear::RATE_HZ;
use crate::hear::source::rate;
use crate::speak::tts::Speech;
use anyhow::Context;
use std::path::Path;
use std::sync::{Arc, Mutex};

/// An hour: no demo is longer.
const MOST_SAMPLES: usize = 3_600 * RATE_HZ as usize;
/// Silence between two who speak, samples.
const BREATH: usize = RATE_HZ as usize / 4;

/// Cheap to clone; clones write to the same tape.
#[derive(Clone, Default)]
pub struct Tape(Arc<Mutex<Vec<i16>>>);

impl Tape {
    /// Appends what the household said, as the microphone heard it.
    pub fn household(&self, samples: &[i16]) {
        let mut tape = self.0.lock().expect("nobody panics while holding the tape");
        let room = MOST_SAMPLES.saturating_sub(tape.len());
        tape.extend_from_slice(&samples[..samples.len().min(room)]);
    }

    /// Appends a reply, brought to the tape's rate.
    pub fn speaker(&self, speech: &Speech) {
        let samples = resample(speech);
        self.household(&samples);
        self.household(&[0; BREATH]);
    }

    /// # Errors
    /// The file can't be written.
    pub fn save(&self, path: &Path) -> anyhow::Result<()> {
        let spec = hound::WavSpec {
            channels: 1,
            sample_rate: RATE_HZ,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let context = || format!("can't write {}", path.display());
        let mut writer = hound::WavWriter::create(path, spec).with_context(context)?;
        for &sample in self.0.lock().expect("nobody panics while holding the tape").iter() {
            writer.write_sample(sample).with_context(context)?;
        }
        writer.finalize().with_context(context)
    }
}

/// 16 kHz mono of whatever rate the voice has.
///
/// # Panics
/// Never with a voice's rates: they are whole numbers of hertz above zero.
pub fn resample(speech: &Speech) -> Vec<i16> {
    rate::to_16k(&speech.samples, speech.rate_hz).expect("a voice has a rate that can be resampled")
}
