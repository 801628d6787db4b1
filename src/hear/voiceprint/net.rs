//! What was said → one vector that is alike for the same voice.
//!
//! The network is a file of the household's choice, `[1, frames, 80]` log mel bands ([`super::fbank`]) → `[1, numbers]`: the shape
//! in which WeSpeaker and 3D-Speaker export theirs.

use super::fbank::{BANDS, Fbank};
use crate::hear::onnx;
use crate::hear::{HOP, Hop, RATE_HZ, frontend::Frontend};
use crate::models::onnx::{not_a_model, read_bounded};
use anyhow::{Context, bail, ensure};
use sha2::{Digest, Sha256};
use std::path::Path;

/// Less voice than this tells nothing: a second.
const MIN_SAMPLES: usize = RATE_HZ as usize;
/// More tells hardly more, and takes long on a small board: eight seconds.
const MAX_SAMPLES: usize = 8 * RATE_HZ as usize;
/// Such networks have 5 to 80 MB.
const MAX_BYTES: u64 = 256 << 20;
/// Vectors of such networks have 192 to 512 numbers.
const MAX_NUMBERS: usize = 8_192;

/// A speaker network.
pub struct Net {
    net: onnx::Net,
    fbank: Fbank,
    sum: String,
}

impl Net {
    /// Loads a network and tries it.
    ///
    /// # Errors
    /// The file is missing, is no such network, or is only a part of one; the message says what to do.
    pub fn open(path: &Path) -> anyhow::Result<Net> {
        Net::load(path).with_context(|| {
            format!(
                "the speaker network {} can't be used: give an ONNX file that takes [1, frames, {BANDS}] log mel bands and gives \
                 [1, numbers]",
                path.display()
            )
        })
    }

    /// The sum of the network in this file, as [`Net::sum`], without running it.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn sum_of(path: &Path) -> anyhow::Result<String> {
        Ok(sum(&read_bounded(path, MAX_BYTES)?))
    }

    fn load(path: &Path) -> anyhow::Result<Net> {
        let bytes = read_bounded(path, MAX_BYTES)?;
        if let Some(what) = not_a_model(&bytes) {
            bail!("the file is {what}");
        }
        let sum = sum(&bytes);
        let net = Net { net: onnx::Net::load(bytes)?, fbank: Fbank::default(), sum };
        // Two lengths: a network that was exported for one alone fails here, and not with somebody waiting.
        for frames in [120, 300] {
            let feats: Vec<f32> = (0..frames * BANDS).map(|n| (n % 7) as f32 - 3.0).collect();
            net.embed(&feats)?;
        }
        Ok(net)
    }

    /// The sha256 of the file: vectors of other networks are not comparable.
    pub fn sum(&self) -> &str {
        &self.sum
    }

    /// The voice in 16 kHz mono `samples` as a vector of length 1; `None`: there is less than a second of voice in it.
    ///
    /// # Errors
    /// The network fails.
    pub fn vector(&self, samples: &[i16]) -> anyhow::Result<Option<Vec<f32>>> {
        let mut voice = voiced(samples);
        if voice.len() < MIN_SAMPLES {
            return Ok(None);
        }
        voice.truncate(MAX_SAMPLES);
        let numbers = self.embed(&self.fbank.of(&voice))?;
        Ok(Some(numbers))
    }

    fn embed(&self, feats: &[f32]) -> anyhow::Result<Vec<f32>> {
        let output = self.net.run(&[1, feats.len() / BANDS, BANDS], feats)?;
        let (shape, mut numbers) = output.into_shape_vec::<f32, 2>()?;
        ensure!(shape[0] == 1 && (2..=MAX_NUMBERS).contains(&shape[1]), "it gives {shape:?}, not [1, numbers]");
        let length = numbers.iter().map(|number| number * number).sum::<f32>().sqrt();
        ensure!(length.is_finite() && length > 0.0, "it gives a vector of length {length}");
        numbers.iter_mut().for_each(|number| *number /= length);
        Ok(numbers)
    }
}

fn sum(bytes: &[u8]) -> String {
    base16ct::lower::encode_string(&Sha256::digest(bytes))
}

/// The hops with voice in them, one after the other.
fn voiced(samples: &[i16]) -> Vec<i16> {
    let mut frontend = Frontend::default();
    let hops = samples.chunks_exact(HOP).filter(|hop| {
        let hop: &Hop = (*hop).try_into().expect("chunks are hops");
        frontend.push(hop).voice
    });
    hops.flatten().copied().collect()
}
