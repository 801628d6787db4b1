//! `tendero audio`: finds, tries and judges microphone and loudspeaker. For makers; stops no daemon and orders nothing.

mod picture;
mod say;

use crate::config::Config;
use crate::hear::check::{Report, examine};
use crate::hear::source::Read;
use crate::hear::{HOP, RATE_HZ};
use crate::speak::player::{Player, Stop};
use crate::speak::tts::Speech;
use anyhow::{Context, bail, ensure};
use serde::Serialize;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// The longest recording, seconds.
const MAX_SECONDS: u32 = 600;

/// Exit status of `test`: 0 all is well, 1 something is to be fixed.
#[derive(Debug, clap::Subcommand)]
pub enum Args {
    /// List microphones and loudspeakers.
    List {
        /// One JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Record a sentence, judge level, noise and clipping, and play it back.
    Test {
        #[command(flatten)]
        devices: Devices,
        /// How long to record, 1 to 600.
        #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_SECONDS)))]
        seconds: u32,
        /// One JSON object, and no picture.
        #[arg(long)]
        json: bool,
    },
    /// Record as the daemon hears it: 16 kHz mono.
    Record {
        #[command(flatten)]
        devices: Devices,
        /// How long, 1 to 600.
        #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_SECONDS)))]
        seconds: u32,
        /// One JSON object.
        #[arg(long)]
        json: bool,
        /// The WAV file to write.
        file: PathBuf,
    },
    /// Play a WAV or FLAC file as the daemon plays a reply.
    Play {
        #[command(flatten)]
        devices: Devices,
        /// One JSON object.
        #[arg(long)]
        json: bool,
        file: PathBuf,
    },
    /// Say a sentence in the daemon's voice, and how long that took.
    Say(say::Args),
}

/// Which of them; without any, the system's default.
#[derive(Debug, clap::Args)]
pub struct Devices {
    /// Take them from the daemon's configuration.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// As [microphone] device: a name or part of it, "default", "pipe", or a recording.
    #[arg(long, value_name = "NAME")]
    microphone: Option<String>,
    /// As [microphone] channel: the one that is heard, from 1; 0 for all, mixed.
    #[arg(long, value_name = "N")]
    channel: Option<u16>,
    /// As [speaker] device: a name or part of it, "default", or "off".
    #[arg(long, value_name = "NAME")]
    speaker: Option<String>,
}

impl Devices {
    fn config(&self) -> anyhow::Result<Config> {
        let mut config = self.config.as_deref().map_or_else(|| Ok(Config::default()), Config::load)?;
        if let Some(device) = &self.microphone {
            config.microphone.device.clone_from(device);
        }
        config.microphone.channel = self.channel.unwrap_or(config.microphone.channel);
        if let Some(device) = &self.speaker {
            config.speaker.device.clone_from(device);
        }
        Ok(config)
    }
}

pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    // Why a voice was passed over.
    super::init_logs(if matches!(args, Args::Say(_)) { "warn,ort=error" } else { "error" });
    match args {
        Args::Say(args) => say::run(args),
        Args::List { json } => list(json),
        Args::Test { devices, seconds, json } => test(&devices.config()?, seconds, json),
        Args::Record { devices, seconds, json, file } => record(&devices.config()?, seconds, json, &file),
        Args::Play { devices, json, file } => play(&devices.config()?, json, &file),
    }
}

#[cfg(feature = "audio")]
fn list(json: bool) -> anyhow::Result<ExitCode> {
    use crate::sound_card::{Card, Way, list};

    #[derive(Serialize)]
    struct Cards {
        microphones: Vec<Card>,
        speakers: Vec<Card>,
    }

    let cards = Cards { microphones: list(Way::In)?, speakers: list(Way::Out)? };
    if json {
        println!("{}", serde_json::to_string(&cards)?);
        return Ok(ExitCode::SUCCESS);
    }
    for (what, key, cards) in [
        ("microphones", "[microphone] device", cards.microphones),
        ("loudspeakers", "[speaker] device", cards.speakers),
    ] {
        println!("{what} ({key})");
        if cards.is_empty() {
            println!("  none");
        }
        for Card { id, about, format } in cards {
            let format = format.map_or_else(
                || "can't be opened now".to_owned(),
                |f| format!("{} Hz, {} channels, {}", f.rate_hz, f.channels, f.sample),
            );
            println!("  {id}\n      {about}; {format}");
        }
    }
    Ok(ExitCode::SUCCESS)
}

#[cfg(not(feature = "audio"))]
fn list(_json: bool) -> anyhow::Result<ExitCode> {
    bail!("this build is without sound cards; build it with --features audio")
}

/// What was recorded, and the times that sound was lost.
struct Recorded {
    samples: Vec<i16>,
    overruns: u64,
}

fn take_down(config: &Config, seconds: u32, watched: bool) -> anyhow::Result<Recorded> {
    let Some(mut source) = super::run::open_source(&config.microphone)? else {
        bail!("the microphone is \"off\"; name one with --microphone, see `tendero audio list`");
    };
    let wanted = (seconds * RATE_HZ) as usize;
    let mut samples = Vec::with_capacity(wanted + HOP);
    let mut hop = [0; HOP];
    let mut meter = picture::Meter::new(watched && std::io::stderr().is_terminal());
    while samples.len() < wanted {
        match source.read(&mut hop)? {
            Read::Hop => samples.extend_from_slice(&hop),
            Read::End => break,
        }
        meter.show(&hop, samples.len() as f32 / wanted as f32);
    }
    meter.clear();
    samples.truncate(wanted);
    Ok(Recorded { samples, overruns: source.overruns() })
}

#[derive(Serialize)]
struct Verdict<'a> {
    microphone: &'a str,
    channel: u16,
    good: bool,
    #[serde(flatten)]
    report: &'a Report,
    advice: Vec<&'static str>,
    speaker: &'a str,
    /// Why it could not be played back.
    speaker_error: Option<String>,
}

fn test(config: &Config, seconds: u32, json: bool) -> anyhow::Result<ExitCode> {
    let (microphone, speaker) = (config.microphone.device.as_str(), config.speaker.device.as_str());
    if !json {
        eprintln!(
            "Recording {seconds} s from \"{microphone}\". Stand where you will stand, and say a sentence, such as:"
        );
        eprintln!("  \"hey tendero, the toothbrush heads ran out\"");
    }
    let Recorded { samples, overruns } = take_down(config, seconds, !json)?;
    let report = examine(&samples, overruns);
    if !json {
        print!("{}", picture::draw(&report));
        if speaker != "off" {
            eprintln!("Playing it back on \"{speaker}\".");
        }
    }
    let played = play_on(config, Speech { rate_hz: RATE_HZ, samples });
    let speaker_error = played.err().map(|error| format!("{error:#}"));
    let good = report.findings.is_empty() && speaker_error.is_none();
    let advice: Vec<&str> = report.findings.iter().map(|finding| finding.advice()).collect();
    if json {
        let channel = config.microphone.channel;
        let verdict = Verdict { microphone, channel, good, report: &report, advice, speaker, speaker_error };
        println!("{}", serde_json::to_string(&verdict)?);
    } else {
        advice.iter().for_each(|line| println!("verdict  {line}"));
        if let Some(error) = speaker_error {
            println!("verdict  {error}");
        }
        if good {
            println!("verdict  good{}", if speaker == "off" { "" } else { ", if what you heard was clear" });
        }
    }
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn record(config: &Config, seconds: u32, json: bool, file: &Path) -> anyhow::Result<ExitCode> {
    let Recorded { samples, overruns } = take_down(config, seconds, !json)?;
    ensure!(!samples.is_empty(), "there was no sound to write to {}", file.display());
    write_wav(file, RATE_HZ, &samples)?;
    let seconds = samples.len() as f32 / RATE_HZ as f32;
    if json {
        let line = serde_json::json!({"file": file, "seconds": seconds, "rate_hz": RATE_HZ, "overruns": overruns});
        println!("{line}");
    } else {
        println!("{}: {seconds:.1} s, 16 kHz mono; sound was lost {overruns} times", file.display());
    }
    Ok(ExitCode::SUCCESS)
}

fn write_wav(file: &Path, rate_hz: u32, samples: &[i16]) -> anyhow::Result<()> {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: rate_hz,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let write = || -> Result<(), hound::Error> {
        let mut writer = hound::WavWriter::create(file, spec)?;
        samples.iter().try_for_each(|&sample| writer.write_sample(sample))?;
        writer.finalize()
    };
    write().with_context(|| format!("{} can't be written; give another name or folder", file.display()))
}

fn play(config: &Config, json: bool, file: &Path) -> anyhow::Result<ExitCode> {
    let samples = crate::hear::source::read_file(file)?;
    ensure!(
        config.speaker.device != "off",
        "the loudspeaker is \"off\"; name one with --speaker, see `tendero audio list`"
    );
    let seconds = samples.len() as f32 / RATE_HZ as f32;
    play_on(config, Speech { rate_hz: RATE_HZ, samples })?;
    if json {
        println!("{}", serde_json::json!({"file": file, "seconds": seconds, "speaker": config.speaker.device}));
    }
    Ok(ExitCode::SUCCESS)
}

fn play_on(config: &Config, speech: Speech) -> anyhow::Result<()> {
    let mut player: Box<dyn Player> = super::run::open_player(config.speaker.device.clone())?();
    player.play(&speech, &Stop::default()).map(drop)
}
