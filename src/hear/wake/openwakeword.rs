//! The wake word by openWakeWord's architecture (<https://github.com/dscripka/openWakeWord>),
//! run by `rten`: sound → mel spectrogram network → speech embedding network (Google, Apache-2.0)
//! → a small head of our own or of the maker. Each is computed once for each hop.
//!
//! Never downloads anything and never starts a thread beyond the one that computes: the two
//! front-end networks are files that `make setup` has put there, the head for "hey tendero" is
//! part of the binary.

use super::Wake;
use super::trigger::Trigger;
use crate::hear::onnx::Net;
use crate::hear::{HOP, Hop};
use crate::models::onnx::{not_a_model, read_bounded};
use anyhow::{Context, bail, ensure};
use sha2::{Digest, Sha256};
use std::path::Path;

/// The threshold at which the head for "hey tendero" was measured: `models/wake/README.md`.
pub const THRESHOLD: f32 = 0.8;
/// Hops in a row that must reach the threshold.
const PATIENCE_HOPS: u32 = 3;
/// Two seconds, as long as the head looks back: the same word cannot be reported twice.
const PAUSE_HOPS: u32 = 25;

/// Old samples that the first mel frames of a hop reach back to (three frame steps of 10 ms).
const CONTEXT: usize = 480;
/// Mel bands of a frame.
const BANDS: usize = 32;
/// Mel frames that a hop adds.
const HOP_FRAMES: usize = 8;
/// Mel frames that one embedding looks at (775 ms).
const WINDOW_FRAMES: usize = 76;
/// Numbers in an embedding.
pub const EMBEDDING: usize = 96;
/// Embeddings that the head looks at (almost two seconds).
const STEPS: usize = 16;
/// A head is some hundred kilobytes; a larger file is something else.
const MAX_HEAD_BYTES: u64 = 16 << 20;

/// sha256 sums of the front-end networks, the same file that the set-up checks them by.
const FRONTEND_SUMS: &str = include_str!("../../../models/wake/frontend.sha256");
/// "Hey tendero", trained by `models/wake/train`.
const HEY_TENDERO: &[u8] = include_bytes!("../../../models/wake/hey_tendero.onnx");

/// Sound → one speech embedding a hop. Shared by all heads.
#[derive(Clone)]
pub struct Frontend {
    mel: Net,
    embedding: Net,
    /// The last samples of the hop before and this hop, as the network wants them: i16 as f32.
    samples: Vec<f32>,
    /// The last [`WINDOW_FRAMES`] frames, oldest first.
    frames: Vec<f32>,
    /// Frames in `frames` that are from sound, up to [`WINDOW_FRAMES`].
    filled: usize,
}

impl Frontend {
    /// Loads `melspectrogram.onnx` and `embedding_model.onnx` from `models_dir` and tries them.
    ///
    /// # Errors
    /// A file that is missing, cannot be read, or is not the very network that was measured.
    pub fn open(models_dir: &Path) -> anyhow::Result<Frontend> {
        let load = |name: &str| {
            let bytes = read_frontend_network(models_dir, name)?;
            Net::load(bytes)
                .with_context(|| format!("the wake word network {} cannot be loaded", models_dir.join(name).display()))
        };
        let mut frontend = Frontend {
            mel: load("melspectrogram.onnx")?,
            embedding: load("embedding_model.onnx")?,
            samples: vec![0.0; CONTEXT + HOP],
            frames: vec![0.0; WINDOW_FRAMES * BANDS],
            filled: 0,
        };
        // Every later run has the same shapes, so what works once works always.
        frontend
            .try_push(&[0; HOP])
            .and_then(|_| frontend.embed())
            .context("the wake word networks do not fit together")?;
        frontend.reset();
        Ok(frontend)
    }

    /// The embedding of the 775 ms that end with `hop`; `None` for the first nine hops.
    pub fn push(&mut self, hop: &Hop) -> Option<[f32; EMBEDDING]> {
        self.try_push(hop).expect("open() has run both networks on the same shapes")
    }

    /// Forgets all sound.
    pub fn reset(&mut self) {
        self.samples.fill(0.0);
        self.frames.fill(0.0);
        self.filled = 0;
    }

    fn try_push(&mut self, hop: &Hop) -> anyhow::Result<Option<[f32; EMBEDDING]>> {
        self.samples.copy_within(HOP.., 0);
        for (sample, new) in self.samples[CONTEXT..].iter_mut().zip(hop) {
            *sample = f32::from(*new);
        }
        let mel = self.mel.run(&[1, CONTEXT + HOP], &self.samples)?;
        let (shape, mel) = mel.into_shape_vec::<f32, 4>()?;
        ensure!(
            shape == [1, 1, HOP_FRAMES, BANDS],
            "the mel network gives {shape:?}, not [1, 1, {HOP_FRAMES}, {BANDS}]"
        );
        self.frames.copy_within(HOP_FRAMES * BANDS.., 0);
        let new = (WINDOW_FRAMES - HOP_FRAMES) * BANDS;
        for (frame, mel) in self.frames[new..].iter_mut().zip(mel) {
            // What the embedding network was trained on is not quite this network's scale.
            *frame = mel / 10.0 + 2.0;
        }
        self.filled = (self.filled + HOP_FRAMES).min(WINDOW_FRAMES);
        if self.filled < WINDOW_FRAMES { Ok(None) } else { self.embed().map(Some) }
    }

    fn embed(&self) -> anyhow::Result<[f32; EMBEDDING]> {
        let output = self.embedding.run(&[1, WINDOW_FRAMES, BANDS, 1], &self.frames)?;
        let (shape, numbers) = output.into_shape_vec::<f32, 4>()?;
        numbers
            .try_into()
            .map_err(|_| anyhow::anyhow!("the embedding network gives {shape:?}, not [1, 1, 1, {EMBEDDING}]"))
    }
}

/// Where a head comes from.
#[derive(Debug, Clone, Copy)]
pub enum HeadModel<'a> {
    /// "Hey tendero", part of the binary.
    HeyTendero,
    /// A maker's own head: any ONNX file of openWakeWord's shape, `[1, 16, 96]` → `[1, 1]`.
    File(&'a Path),
}

/// The last two seconds of embeddings → the probability that the wake word has just ended.
#[derive(Clone)]
pub struct Head {
    net: Net,
}

impl Head {
    /// Loads a head and tries it.
    ///
    /// # Errors
    /// A file that is missing or is not a network of the right shape.
    pub fn open(model: HeadModel<'_>) -> anyhow::Result<Head> {
        match model {
            HeadModel::HeyTendero => Head::from_bytes(HEY_TENDERO.to_vec())
                .context("the wake word head in this binary is damaged: build it again"),
            HeadModel::File(path) => {
                let advice = || {
                    format!(
                        "the wake word head {} cannot be used: give an ONNX file of openWakeWord's shape, [1, 16, 96] → [1, 1]",
                        path.display()
                    )
                };
                read_bounded(path, MAX_HEAD_BYTES).and_then(Head::from_bytes).with_context(advice)
            }
        }
    }

    fn from_bytes(bytes: Vec<u8>) -> anyhow::Result<Head> {
        if let Some(what) = not_a_model(&bytes) {
            bail!("the file is {what}");
        }
        let head = Head { net: Net::load(bytes)? };
        head.try_score(&[0.0; STEPS * EMBEDDING])?;
        Ok(head)
    }

    /// `embeddings`: 16 of them, oldest first. 0 to 1.
    pub fn score(&self, embeddings: &[f32; STEPS * EMBEDDING]) -> f32 {
        self.try_score(embeddings).expect("open() has run the head on the same shape")
    }

    fn try_score(&self, embeddings: &[f32; STEPS * EMBEDDING]) -> anyhow::Result<f32> {
        let (shape, numbers) = self.net.run(&[1, STEPS, EMBEDDING], embeddings)?.into_shape_vec::<f32, 2>()?;
        let [probability] = numbers[..] else { bail!("it gives {shape:?}, not [1, 1]") };
        Ok(probability)
    }
}

/// The wake word engine: front end, head and trigger.
pub struct OpenWakeWord {
    now: Heard,
    /// As after two seconds in a quiet room, so that a word right after the start counts.
    quiet: Heard,
    head: Head,
    trigger: Trigger,
    probability: f32,
}

/// What the engine remembers of the sound.
#[derive(Clone)]
struct Heard {
    frontend: Frontend,
    /// The last 16 embeddings, oldest first.
    embeddings: Box<[f32; STEPS * EMBEDDING]>,
}

impl Heard {
    fn push(&mut self, hop: &Hop) {
        if let Some(new) = self.frontend.push(hop) {
            self.embeddings.copy_within(EMBEDDING.., 0);
            self.embeddings[(STEPS - 1) * EMBEDDING..].copy_from_slice(&new);
        }
    }

    /// The state after two seconds of near-silence (digital silence is unlike any room).
    fn quiet(mut frontend: Frontend) -> Heard {
        frontend.reset();
        let mut heard = Heard { frontend, embeddings: Box::new([0.0; STEPS * EMBEDDING]) };
        let mut noise: u32 = 0x9E37_79B9; // xorshift32, the same as in models/wake/train/features.py
        for _ in 0..STEPS + WINDOW_FRAMES.div_ceil(HOP_FRAMES) {
            let mut hop = [0; HOP];
            for sample in &mut hop {
                noise ^= noise << 13;
                noise ^= noise >> 17;
                noise ^= noise << 5;
                *sample = i16::try_from(noise % 5).expect("below 5") - 2;
            }
            heard.push(&hop);
        }
        heard
    }
}

impl OpenWakeWord {
    /// Loads the front end from `models_dir` (as `make setup` fills it) and `head`.
    /// `threshold`: 0 to 1, [`THRESHOLD`] for "hey tendero"; higher misses more and wakes less
    /// often by mistake.
    ///
    /// # Errors
    /// Which file is missing or wrong and what to do about it; a threshold outside 0 to 1.
    pub fn open(models_dir: &Path, head: HeadModel<'_>, threshold: f32) -> anyhow::Result<OpenWakeWord> {
        ensure!(
            threshold > 0.0 && threshold <= 1.0,
            "the wake word threshold is {threshold}: it must be above 0 and at most 1"
        );
        let quiet = Heard::quiet(Frontend::open(models_dir)?);
        let head = Head::open(head)?;
        Ok(OpenWakeWord {
            now: quiet.clone(),
            quiet,
            head,
            trigger: Trigger::new(threshold, PATIENCE_HOPS, PAUSE_HOPS),
            probability: 0.0,
        })
    }

    /// The head's probability for the last hop, for tuning and logs.
    pub fn probability(&self) -> f32 {
        self.probability
    }
}

impl Wake for OpenWakeWord {
    fn push(&mut self, hop: &Hop) -> Option<f32> {
        self.now.push(hop);
        self.probability = self.head.score(&self.now.embeddings);
        self.trigger.push(self.probability)
    }

    fn reset(&mut self) {
        self.now.clone_from(&self.quiet);
        self.trigger.reset();
        self.probability = 0.0;
    }
}

/// A front-end network, checked by its sum.
fn read_frontend_network(models_dir: &Path, name: &str) -> anyhow::Result<Vec<u8>> {
    let path = models_dir.join(name);
    let expected = FRONTEND_SUMS
        .lines()
        .find_map(|line| line.split_once("  ").filter(|(_, file)| *file == name))
        .map(|(sum, _)| sum)
        .expect("frontend.sha256 names both networks; a test checks it");
    let advice = || {
        format!(
            "the wake word network {} cannot be used: run `make setup`, or `scripts/fetch-wake-frontend.sh {}`",
            path.display(),
            models_dir.display()
        )
    };
    let bytes = read_bounded(&path, MAX_HEAD_BYTES).with_context(advice)?;
    let sum = base16ct::lower::encode_string(&Sha256::digest(&bytes));
    if sum != expected {
        let what = not_a_model(&bytes).unwrap_or("another file, or only a part of it");
        let size = bytes.len();
        return Err(anyhow::anyhow!("the file is {what} ({size} bytes, sha256 {sum}, expected {expected})"))
            .with_context(advice);
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests;
