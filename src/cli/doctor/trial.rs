//! Engines that are started to see whether they start: each in a process of its own, which a faulty library or model may end,
//! and whose memory is that of the engine.

use super::facts::{EngineSeen, Known, Start};
use crate::cli::own_process;
use crate::clock::Clock;
use crate::config::{Config, lexicons};
use crate::daemon::catalogs::Catalogs;
use crate::hear::stt;
use crate::memory::own_peak_kib;
use crate::speak::tts;
use crate::understand::Understanding;
use crate::understand::grammar::Expect;
use anyhow::{Context, bail, ensure};
use serde::{Deserialize, Serialize};
use std::ffi::OsStr;
use std::path::Path;
use std::process::ExitCode;
use std::str::FromStr;
use std::time::Duration;

/// How long an engine may take to start.
const PATIENCE: Duration = Duration::from_secs(90);
const KEY: &str = "command";
/// Short, and of every language's phones.
const SENTENCE: &str = "hola, hello, salut";

/// Which engine is tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    Hearing(String),
    Speaking(String),
}

impl FromStr for What {
    type Err = String;

    fn from_str(text: &str) -> Result<What, String> {
        match text.split_once(':') {
            Some(("stt", name)) => Ok(What::Hearing(name.into())),
            Some(("tts", name)) => Ok(What::Speaking(name.into())),
            _ => Err("it is stt:NAME or tts:NAME".into()),
        }
    }
}

/// What a trial says on its standard output.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    Started { took_ms: u64, peak_kib: u64, did: String },
    Failed { why: String },
}

/// In the process of its own.
pub fn run(what: &What, config: &Config) -> anyhow::Result<ExitCode> {
    let clock = Clock::system();
    let tried = match what {
        What::Hearing(name) => try_hearing(name, config),
        What::Speaking(name) => try_speaking(name, config),
    };
    let outcome = match tried {
        Ok(did) => Outcome::Started { took_ms: clock.machine_ms(), peak_kib: own_peak_kib().unwrap_or(0), did },
        Err(why) => Outcome::Failed { why: format!("{why:#}") },
    };
    println!("{}", serde_json::to_string(&outcome)?);
    Ok(ExitCode::SUCCESS)
}

/// As the daemon does it: with the grammar of the catalogue, where there is one.
fn try_hearing(name: &str, config: &Config) -> anyhow::Result<String> {
    let mut engine = stt::open_one(name, &config.stt_setup())?;
    let Ok((catalog, _)) = Catalogs::open(&config.shop, &config.state.dir) else {
        return Ok("without a catalogue".into());
    };
    let lexicons = lexicons::configured(&config.understand.lexicon_dir).unwrap_or_default();
    let grammar = Understanding::with_lexicons(catalog, lexicons).grammar(config.home.language, &Expect::Command);
    engine.prepare(KEY, &grammar).context("it does not take the catalogue's grammar")?;
    let heard = engine.transcribe(KEY, &[0; 16_000], 1)?;
    ensure!(heard.iter().all(|heard| heard.text.is_empty()), "it hears words in silence");
    Ok(format!("with the catalogue's {} words", grammar.words.len()))
}

fn try_speaking(name: &str, config: &Config) -> anyhow::Result<String> {
    let mut engine = tts::open_one(name, &config.tts_setup())?;
    let lang = config.home.language;
    ensure!(
        engine.pace(lang).is_some(),
        "it has no voice for \"{lang}\"; `tendero models list` names those that there are"
    );
    let speech = engine.synthesise(SENTENCE, lang)?;
    ensure!(name == "silent" || speech.samples.iter().any(|sample| *sample != 0), "it is silent");
    Ok(format!("at {} Hz", speech.rate_hz))
}

/// Every recogniser of the configuration.
pub fn hearing(file: &Path, config: &Config) -> Vec<EngineSeen> {
    let names: Vec<&str> = stt::ENGINES.iter().map(|engine| engine.name).collect();
    let seen = |name: &String| {
        let row = stt::ENGINES.iter().find(|engine| engine.name == name);
        let known = row.map(|engine| Known {
            compiled: engine.compiled(),
            feature: engine.feature,
            install: engine.install.to_owned(),
        });
        seen(file, name, known, names.clone(), What::Hearing(name.clone()))
    };
    config.stt.engines.iter().map(seen).collect()
}

/// Every voice of the configuration.
pub fn speaking(file: &Path, config: &Config) -> Vec<EngineSeen> {
    let names: Vec<&str> = tts::ENGINES.iter().map(|engine| engine.name).collect();
    let seen = |name: &String| {
        let row = tts::ENGINES.iter().find(|engine| engine.name == name);
        let known = row.map(|engine| Known {
            compiled: engine.compiled(),
            feature: engine.feature,
            install: engine.install.to_owned(),
        });
        seen(file, name, known, names.clone(), What::Speaking(name.clone()))
    };
    config.tts.engines.iter().map(seen).collect()
}

fn seen(file: &Path, name: &str, known: Option<Known>, names: Vec<&'static str>, what: What) -> EngineSeen {
    let start = known.as_ref().filter(|known| known.compiled).map(|_| start(file, &what));
    EngineSeen { name: name.to_owned(), known, start, names }
}

fn start(file: &Path, what: &What) -> Start {
    match tried(file, what) {
        Ok(Outcome::Started { took_ms, peak_kib, did }) => {
            Start::Starts { took_ms, peak_mib: peak_kib.div_ceil(1024), did }
        }
        Ok(Outcome::Failed { why }) => Start::Fails(why),
        Err(why) => Start::Ends(format!("{why:#}")),
    }
}

fn tried(file: &Path, what: &What) -> anyhow::Result<Outcome> {
    let what = match what {
        What::Hearing(name) => format!("stt:{name}"),
        What::Speaking(name) => format!("tts:{name}"),
    };
    let args = ["doctor", "--try-engine", &what, "--config"].map(OsStr::new);
    let ended = own_process::run(&[&args[..], &[file.as_os_str()]].concat(), PATIENCE)?;
    let Some((status, said)) = ended else { bail!("it was not ready within {} s", PATIENCE.as_secs()) };
    serde_json::from_str(said.trim()).with_context(|| format!("it ended its process ({status})"))
}
