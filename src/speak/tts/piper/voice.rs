//! The two files of a voice, `NAME.onnx` and `NAME.onnx.json`, looked at before the runtime sees them.

use crate::models::onnx::{not_a_model, read_bounded};
use crate::models::sum_of;
use anyhow::{Context, bail, ensure};
use piper_rs::ModelConfig;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Published voices have 20 to 140 MB.
const MAX_BYTES: u64 = 512 << 20;
/// And 4 to 20 kB beside it.
const MAX_JSON_BYTES: u64 = 4 << 20;
/// Begin, end and padding, which every sentence gets.
const FRAME: [char; 3] = ['^', '$', '_'];
/// A voice knows some 150 phonemes; one with hardly any is something else.
const FEWEST_PHONEMES: usize = 20;
const WHERE: &str = "take both files of a voice, NAME.onnx and NAME.onnx.json, from where it was published";

/// A voice whose files are what they should be.
pub struct VoiceFiles {
    /// The network.
    pub path: PathBuf,
    /// Both files' sums: another voice sounds different.
    pub id: String,
    pub rate_hz: u32,
    /// espeak-ng's voice that gave the phonemes.
    pub espeak_voice: String,
    pub speakers: u32,
    /// All that it can say, but begin, end and padding.
    pub phonemes: BTreeSet<char>,
    /// What piper-rs parses; it gives its own copy away.
    json: String,
}

/// What piper-rs does not look at.
#[derive(Deserialize)]
struct More {
    #[serde(default)]
    phoneme_type: Option<String>,
    #[serde(default)]
    num_symbols: Option<i64>,
}

impl VoiceFiles {
    /// # Errors
    /// A file is missing or not what it should be; which one, and what to do.
    pub fn check(path: &Path) -> anyhow::Result<VoiceFiles> {
        VoiceFiles::read(path).with_context(|| format!("the voice {} can't be used", path.display()))
    }

    fn read(path: &Path) -> anyhow::Result<VoiceFiles> {
        let network = read_bounded(path, MAX_BYTES).with_context(|| format!("can't be read; {WHERE}"))?;
        if let Some(what) = not_a_model(&network) {
            bail!("the file is {what}; {WHERE}");
        }
        let beside = beside(path);
        let name = beside.display();
        let json = read_bounded(&beside, MAX_JSON_BYTES).with_context(|| format!("{name} can't be read; {WHERE}"))?;
        let json = String::from_utf8(json).with_context(|| format!("{name} is no JSON; {WHERE}"))?;
        let config: ModelConfig =
            serde_json::from_str(&json).with_context(|| format!("{name} describes no Piper voice; {WHERE}"))?;
        let more: More = serde_json::from_str(&json).with_context(|| format!("{name} describes no Piper voice"))?;
        sane(&config, &more).with_context(|| format!("{name} describes no voice that can speak"))?;
        let id = format!("{}{}", sum_of(network.as_slice())?, sum_of(json.as_bytes())?);
        let phonemes = config.phoneme_id_map.keys().copied().filter(|c| !FRAME.contains(c)).collect();
        Ok(VoiceFiles {
            path: path.to_owned(),
            id,
            rate_hz: config.audio.sample_rate,
            espeak_voice: config.espeak.voice,
            speakers: config.num_speakers,
            phonemes,
            json,
        })
    }

    /// For piper-rs.
    ///
    /// # Errors
    /// None that [`VoiceFiles::check`] had not found.
    pub fn config(&self) -> anyhow::Result<ModelConfig> {
        Ok(serde_json::from_str(&self.json)?)
    }
}

/// The one network in the folder of an installed voice.
///
/// # Errors
/// There is none, or more than one.
pub fn in_folder(folder: &Path) -> anyhow::Result<PathBuf> {
    let read =
        || -> std::io::Result<Vec<PathBuf>> { std::fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect() };
    let mut networks = read().with_context(|| format!("{} can't be read", folder.display()))?;
    networks.retain(|path| path.extension().is_some_and(|extension| extension == "onnx"));
    match networks.as_slice() {
        [network] => Ok(network.clone()),
        found => bail!("{} holds {} files .onnx, and a voice is one of them; {WHERE}", folder.display(), found.len()),
    }
}

fn beside(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".json");
    name.into()
}

fn sane(config: &ModelConfig, more: &More) -> anyhow::Result<()> {
    let rate = config.audio.sample_rate;
    ensure!((8_000..=48_000).contains(&rate), "a sample rate of {rate} Hz lies outside 8000 to 48000");
    ensure!((1..=10_000).contains(&config.num_speakers), "it has {} speakers", config.num_speakers);
    ensure!(
        config.speaker_id_map.values().all(|id| (0..i64::from(config.num_speakers)).contains(id)),
        "its speakers' numbers reach beyond the {} that it has",
        config.num_speakers
    );
    if let Some(kind) = more.phoneme_type.as_deref().filter(|kind| *kind != "espeak") {
        bail!("it was trained with phonemes of the kind \"{kind}\", and only those of \"espeak\" are known here");
    }
    let map = &config.phoneme_id_map;
    if let Some(lacking) = FRAME.iter().find(|c| !map.contains_key(c)) {
        bail!("its phonemes lack '{lacking}'");
    }
    ensure!(map.len() >= FEWEST_PHONEMES, "it knows {} phonemes, and a voice knows more", map.len());
    let most = more.num_symbols.unwrap_or(i64::from(u16::MAX));
    let wrong = map.iter().find(|(_, ids)| ids.is_empty() || ids.iter().any(|id| !(0..most).contains(id)));
    if let Some((phoneme, ids)) = wrong {
        bail!("the phoneme '{phoneme}' has the numbers {ids:?}, which lie outside 0 to {}", most - 1);
    }
    ensure!(!config.espeak.voice.is_empty(), "it names no voice of espeak-ng");
    let of = &config.inference;
    let scales = [of.noise_scale, of.noise_w].iter().all(|scale| (0.0..=5.0).contains(scale));
    ensure!(
        scales && (0.1..=5.0).contains(&of.length_scale),
        "its scales (noise {}, length {}, noise_w {}) are no voice's",
        of.noise_scale,
        of.length_scale,
        of.noise_w
    );
    Ok(())
}
