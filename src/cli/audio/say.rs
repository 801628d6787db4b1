//! `tendero audio say`: a sentence in the daemon's own voice, played or written, and how long it took.

use super::{Devices, write_wav};
use crate::clock::Clock;
use crate::daemon::start::open_engines;
use crate::speak::player::{Played, Player, Stop};
use crate::speak::tts::Speech;
use crate::speak::voice::synthesis::Synthesis;
use crate::speak::voice::{Saying, Voice, What};
use crate::understand::Lang;
use anyhow::{Context, bail, ensure};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

/// The longest that is said, characters: about two minutes.
const MAX_TEXT: usize = 2_000;
/// How long all of it may take.
const PATIENCE: Duration = Duration::from_secs(600);

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    devices: Devices,
    /// The language, without it that of the home: en, es or ro.
    #[arg(long)]
    lang: Option<Lang>,
    /// Write a WAV file and play nothing.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// One JSON object.
    #[arg(long)]
    json: bool,
    text: String,
}

/// Hands on what it would play.
struct Collects(Sender<Speech>);

impl Player for Collects {
    fn play(&mut self, speech: &Speech, _stop: &Stop) -> anyhow::Result<Played> {
        self.0.send(speech.clone())?;
        Ok(Played::Whole)
    }
}

pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let Args { devices, lang, out, json, text } = args;
    let length = text.chars().count();
    ensure!(length <= MAX_TEXT, "the text has {length} characters; say at most {MAX_TEXT}");
    let config = devices.config()?;
    let lang = lang.unwrap_or(config.home.language);
    ensure!(
        out.is_some() || config.speaker.device != "off",
        "the loudspeaker is \"off\"; name one with --speaker, or a file with --out"
    );
    let (collected_tx, collected) = channel();
    let player: crate::cli::run::OpenPlayer = match out {
        Some(_) => Box::new(move || Box::new(Collects(collected_tx))),
        None => crate::cli::run::open_player(config.speaker.device.clone())?,
    };
    let (ended_tx, ended) = channel();
    // Nothing is kept: what is tried out is none of the household's, and its time is the voice's own.
    let voice = Voice::spawn(
        move || Ok(Synthesis::new(open_engines(&config)?)),
        player,
        Clock::system(),
        move |spoken| drop(ended_tx.send(spoken)),
    )?;
    ensure!(voice.say(Saying { say: 0, what: What::Words { text, lang } }), "the voice did not start");
    let spoken = ended.recv_timeout(PATIENCE).context("the voice has not ended")?;
    drop(voice);
    if let Some(error) = spoken.error {
        bail!("{error}");
    }
    let pieces: Vec<Speech> = collected.try_iter().collect();
    if let Some(file) = &out {
        write(file, &pieces)?;
    }
    let (first_ms, speech_ms) = (spoken.synthesis_ms, spoken.speech_ms);
    if json {
        let pieces_ms: Vec<u64> = pieces.iter().map(Speech::duration_ms).collect();
        println!("{}", serde_json::json!({"first_ms": first_ms, "speech_ms": speech_ms, "pieces_ms": pieces_ms}));
    } else {
        println!("{:.1} s of speech, of which the first came after {first_ms} ms", f64::from(speech_ms) / 1000.0);
    }
    Ok(ExitCode::SUCCESS)
}

fn write(file: &Path, pieces: &[Speech]) -> anyhow::Result<()> {
    let rate_hz = pieces.first().map_or(16_000, |piece| piece.rate_hz);
    ensure!(pieces.iter().all(|piece| piece.rate_hz == rate_hz), "two voices spoke, at rates of their own; say less");
    let samples: Vec<i16> = pieces.iter().flat_map(|piece| piece.samples.iter().copied()).collect();
    write_wav(file, rate_hz, &samples)
}
