//! `tendero models`: which models there are, and how they come onto the device, stay what they are, and go.
//!
//! Needs no daemon. What is installed is read by the daemon at its next start.

use crate::config::Config;
use crate::models::fetch::Wanted;
use crate::models::manifest::{Download, Manifest, Model};
use crate::models::store::{self, Record, Store};
use crate::models::{is_sum, sum_of};
use crate::understand::Lang;
use anyhow::{Context, bail, ensure};
use clap::Subcommand;
use comfy_table::{Table, presets};
use serde::Serialize;
use std::path::{Path, PathBuf};
#[cfg(any(feature = "vosk", feature = "whisper"))]
use std::{ffi::OsStr, time::Duration};

/// Of a model that is not in the manifest.
const OWN_LICENCE: &str = "unknown";
/// How long an engine may take to load a model.
#[cfg(any(feature = "vosk", feature = "whisper"))]
const TRIAL: Duration = Duration::from_secs(180);
const CONFIG: &str = "/etc/tendero/tendero.toml";

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The daemon's configuration; its defaults, where there is none yet.
    #[arg(long, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
    /// The folder of models instead of the configuration's.
    #[arg(long, value_name = "DIR", global = true)]
    dir: Option<PathBuf>,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Every model that is known or installed, and for which language and board (MB of memory) it is recommended.
    List {
        /// One JSON line for each.
        #[arg(long)]
        json: bool,
    },
    /// Download a model, check its sum and install it. Run again, it goes on where it was cut off.
    Pull(Pull),
    /// Sum every file of models that are installed: those named, or all.
    Verify { names: Vec<String> },
    /// Delete a model that was pulled.
    Remove { name: String },
    /// Load a Vosk model and end: in a process of its own, since a faulty one ends it.
    #[cfg(feature = "vosk")]
    #[command(hide = true)]
    Try { library: PathBuf, folder: PathBuf },
    /// Load a Whisper model, transcribe a second of silence and end: in a process of its own, for the same reason.
    #[cfg(feature = "whisper")]
    #[command(hide = true)]
    TryWhisper { folder: PathBuf },
}

#[derive(Debug, clap::Args)]
struct Pull {
    name: String,
    /// The sha256 sum of the file, for a model whose sum is not known.
    #[arg(long, value_name = "HEX")]
    sha256: Option<String>,
    /// Where it is, for a model of your own: a file, or a zip archive.
    #[arg(long, requires_all = ["engine", "lang"])]
    url: Option<String>,
    /// A file or a zip archive that is here already, instead of --url; you vouch for it.
    #[arg(long, requires_all = ["engine", "lang"], conflicts_with = "url")]
    file: Option<PathBuf>,
    /// The engine that loads it, for a model of your own: vosk, or piper (a zip archive of NAME.onnx and NAME.onnx.json).
    /// The engine that loads it, for a model of your own: vosk, or whisper.
    #[arg(long)]
    engine: Option<String>,
    /// Its languages, for a model of your own: en, es, ro.
    #[arg(long)]
    lang: Vec<Lang>,
}

pub fn run(args: Args) -> anyhow::Result<()> {
    let config = match &args.config {
        Some(path) => Config::load(path)?,
        None if Path::new(CONFIG).exists() => Config::load(Path::new(CONFIG))?,
        None => Config::default(),
    };
    let store = Store::new(args.dir.as_deref().unwrap_or(&config.stt.models));
    let manifest = Manifest::built_in()?;
    match args.what {
        What::List { json } => list(&rows(&manifest, &store, &config)?, json),
        What::Pull(pull) => {
            let record = match &pull.file {
                Some(file) => take(&manifest, &store, &pull, file)?,
                None => super::block_on(run_pull(&manifest, &store, pull))?,
            };
            installed(&store, &config, &record)
        }
        #[cfg(feature = "vosk")]
        What::Try { library, folder } => crate::hear::stt::vosk::try_model(&library, &folder),
        #[cfg(feature = "whisper")]
        What::TryWhisper { folder } => crate::hear::stt::whisper::try_model(&folder),
        What::Verify { names } => verify(&manifest, &store, &config, &names),
        What::Remove { name } => {
            store.remove(&name)?;
            println!("{name} is removed");
            Ok(())
        }
    }
}

/// Is it there?
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    BuiltIn,
    Installed,
    Missing,
    Damaged,
}

#[derive(Debug, Serialize)]
pub(super) struct Row {
    #[serde(flatten)]
    pub(super) model: Model,
    recommended: Vec<String>,
    pub(super) state: State,
    /// Where it is, or what brings it.
    pub(super) note: String,
}

/// By sizes alone: `verify` sums.
pub(super) fn rows(manifest: &Manifest, store: &Store, config: &Config) -> anyhow::Result<Vec<Row>> {
    let mut rows: Vec<Row> = Vec::new();
    let installed = store.installed()?;
    for model in &manifest.models {
        let (state, note) = match folder(model, config) {
            _ if model.in_repository.is_some() => (State::BuiltIn, String::new()),
            Some(folder) => elsewhere(model, &folder),
            None => match installed.iter().find(|(name, _)| *name == model.name) {
                Some((_, record)) => pulled(store, &model.name, record.as_ref()),
                None => (State::Missing, format!("tendero models pull {}", model.name)),
            },
        };
        rows.push(Row { model: model.clone(), recommended: manifest.recommended_for(&model.name), state, note });
    }
    for (name, record) in &installed {
        if manifest.model(name).is_none() {
            let (state, note) = pulled(store, name, record.as_ref());
            rows.push(Row { model: own(name, record.as_ref().ok()), recommended: vec![], state, note });
        }
    }
    Ok(rows)
}

/// Where something else puts it.
fn folder(model: &Model, config: &Config) -> Option<PathBuf> {
    let named = model.installed_in.as_ref()?;
    Some(if model.engine == "openwakeword" { config.wake.models.clone() } else { named.into() })
}

fn elsewhere(model: &Model, folder: &Path) -> (State, String) {
    if !folder.exists() {
        return (State::Missing, model.fetched_by.clone().unwrap_or_default());
    }
    let is_right = |file: &crate::models::manifest::File| {
        std::fs::metadata(folder.join(&file.name)).is_ok_and(|found| found.len() == file.bytes)
    };
    let state = if model.files.iter().all(is_right) { State::Installed } else { State::Damaged };
    (state, folder.display().to_string())
}

fn pulled(store: &Store, name: &str, record: Result<&Record, &anyhow::Error>) -> (State, String) {
    let folder = store.folder(name);
    let is_right = |file: &crate::models::manifest::File| {
        std::fs::metadata(folder.join(&file.name)).is_ok_and(|found| found.len() == file.bytes)
    };
    let whole = record.is_ok_and(|record| record.files.iter().all(is_right));
    (if whole { State::Installed } else { State::Damaged }, folder.display().to_string())
}

fn own(name: &str, record: Option<&Record>) -> Model {
    Model {
        name: name.to_owned(),
        does: "a model of your own".into(),
        languages: record.map_or(vec![], |r| r.languages.clone()),
        engine: record.map_or(String::new(), |r| r.engine.clone()),
        source: record.map_or(String::new(), |r| r.url.clone()),
        in_repository: None,
        installed_in: None,
        fetched_by: None,
        licence: record.map_or(String::new(), |r| r.licence.clone()),
        boards: vec![],
        files: record.map_or(vec![], |r| r.files.clone()),
        download: record.map(|r| Download { url: r.url.clone(), bytes: None, sha256: Some(r.sha256.clone()) }),
    }
}

fn list(rows: &[Row], json: bool) -> anyhow::Result<()> {
    if json {
        for row in rows {
            println!("{}", serde_json::to_string(row)?);
        }
        return Ok(());
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header([
        "model",
        "engine",
        "languages",
        "MB",
        "licence",
        "for",
        "state",
        "",
    ]);
    for Row { model, recommended, state, note } in rows {
        let download = model.download.as_ref().and_then(|d| d.bytes);
        let bytes = download.unwrap_or_else(|| model.files.iter().map(|f| f.bytes).sum());
        let state = match state {
            State::BuiltIn => "built in",
            State::Installed => "installed",
            State::Missing => "missing",
            State::Damaged => "damaged",
        };
        table.add_row([
            &model.name,
            &model.engine,
            &model.languages.join(" "),
            &format!("{:.1}", bytes as f64 / 1e6),
            &model.licence,
            &by_language(recommended),
            state,
            note,
        ]);
    }
    println!("{}", table.trim_fmt());
    Ok(())
}

/// `en 512, en 1024, es 512` → `en 512 1024, es 512`.
fn by_language(recommended: &[String]) -> String {
    let mut text = String::new();
    let mut last = "";
    for (lang, mb) in recommended.iter().filter_map(|set| set.split_once(' ')) {
        let between = if text.is_empty() || lang == last { "" } else { ", " };
        let lang_again = if lang == last { String::new() } else { lang.to_owned() };
        text.push_str(&format!("{between}{lang_again} {mb}"));
        last = lang;
    }
    text.trim().to_owned()
}

async fn run_pull(manifest: &Manifest, store: &Store, pull: Pull) -> anyhow::Result<Record> {
    let name = pull.name.as_str();
    if let Some(sum) = &pull.sha256 {
        ensure!(is_sum(sum), "--sha256 takes 64 digits 0-9 a-f, as sha256sum prints them");
    }
    let known = manifest.model(name);
    let (download, engine, languages, licence) = match (known, pull.url) {
        (Some(_), Some(_)) => bail!("{name} is in the manifest, which says where it is; give your own another name"),
        (Some(model), None) => {
            let by = model.fetched_by.as_deref().unwrap_or("the program itself");
            let download = model.download.clone().with_context(|| format!("{name} is brought by {by}"))?;
            (download, model.engine.clone(), model.languages.clone(), model.licence.clone())
        }
        (None, Some(url)) => {
            let download = Download { url, bytes: None, sha256: None };
            let languages = pull.lang.iter().map(Lang::to_string).collect();
            (download, pull.engine.unwrap_or_default(), languages, OWN_LICENCE.to_owned())
        }
        (None, None) => bail!(
            "no model is called {name}; `tendero models list` shows them, and --url, --engine, --lang and --sha256 bring one of your own"
        ),
    };
    let sha256 = match (download.sha256, pull.sha256) {
        (Some(known), Some(given)) if known != given => bail!("the manifest says that {name} has the sum {known}"),
        (Some(sum), _) | (None, Some(sum)) => sum,
        (None, None) => bail!(
            "the sum of {name} is not known, and what can't be checked is not installed; add --sha256 with the sum from whom you trust"
        ),
    };
    let (bytes, url) = (download.bytes, download.url);
    let record = Record {
        version: 1,
        name: name.to_owned(),
        engine,
        languages,
        licence,
        url: url.clone(),
        sha256: sha256.clone(),
        files: vec![],
    };
    let wanted = Wanted { url, sha256, bytes, ca: None };
    let bar = progress_bar(bytes);
    let pulled = store.pull(record, &wanted, |there, total| {
        if let Some(total) = total {
            bar.set_length(total);
        }
        bar.set_position(there);
    });
    let done = pulled.await;
    bar.finish_and_clear();
    done
}

fn take(manifest: &Manifest, store: &Store, pull: &Pull, file: &Path) -> anyhow::Result<Record> {
    let name = &pull.name;
    ensure!(
        manifest.model(name).is_none(),
        "{name} is in the manifest, which says where it is; give your own another name"
    );
    let opened = std::fs::File::open(file).with_context(|| format!("{} can't be read", file.display()))?;
    let sha256 = sum_of(opened).with_context(|| format!("{} can't be read", file.display()))?;
    ensure!(
        pull.sha256.as_ref().is_none_or(|given| *given == sha256),
        "{} is another file: its sha256 is {sha256}",
        file.display()
    );
    let record = Record {
        version: 1,
        name: name.clone(),
        engine: pull.engine.clone().unwrap_or_default(),
        languages: pull.lang.iter().map(Lang::to_string).collect(),
        licence: OWN_LICENCE.into(),
        url: file.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        sha256,
        files: vec![],
    };
    store.take(record, file)
}

fn installed(store: &Store, config: &Config, record: &Record) -> anyhow::Result<()> {
    let folder = store.folder(&record.name);
    let tried: anyhow::Result<()> = match record.engine.as_str() {
        #[cfg(feature = "vosk")]
        "vosk" => try_vosk(&config.stt.vosk_library, &folder),
        #[cfg(feature = "whisper")]
        "whisper" => try_whisper(&folder),
        "piper" => try_voice(&folder),
        _ => Ok(()),
    };
    if let Err(why) = tried {
        store.remove(&record.name)?;
        return Err(why.context(format!("{} was removed again", record.name)));
    }
    #[cfg(not(feature = "vosk"))]
    let _ = config;
    println!("{} is in {} ({} files, checked)", record.name, folder.display(), record.files.len());
    Ok(())
}

/// Are a voice's two files there, and what they should be? The network itself is not run.
///
/// # Errors
/// What is wrong with them.
#[cfg(feature = "piper")]
fn try_voice(folder: &Path) -> anyhow::Result<()> {
    use crate::speak::tts::piper::voice;
    voice::VoiceFiles::check(&voice::in_folder(folder)?)?;
    println!("a daemon speaks with it with [tts] engines = [\"piper\", \"espeak\"], after a restart");
    Ok(())
}

#[cfg(not(feature = "piper"))]
fn try_voice(_folder: &Path) -> anyhow::Result<()> {
    println!("not looked at: this build is without Piper; build it with --features piper");
    Ok(())
}

/// What no library refuses: an archive that was whole when its maker packed it, and wrong.
#[cfg(feature = "vosk")]
fn try_vosk(library: &Path, folder: &Path) -> anyhow::Result<()> {
    if crate::native::vosk::is_there(library).is_err() {
        println!("not tried: {}", crate::native::vosk::INSTALL);
    } else {
        try_out("Vosk", &["try".as_ref(), library.as_os_str(), folder.as_os_str()])?;
    }
    println!("a daemon uses it with [stt] engines = [\"vosk\", \"pocketsphinx\"], after a restart");
    Ok(())
}

/// First without the library, which tells more; then with it.
#[cfg(feature = "whisper")]
fn try_whisper(folder: &Path) -> anyhow::Result<()> {
    crate::hear::stt::whisper::look(folder)?;
    try_out("Whisper", &["try-whisper".as_ref(), folder.as_os_str()])?;
    println!("a daemon uses it with [stt] engines = [\"whisper\"], after a restart");
    Ok(())
}

/// # Errors
/// `engine` does not load the model, or ends with it.
#[cfg(any(feature = "vosk", feature = "whisper"))]
fn try_out(engine: &str, args: &[&OsStr]) -> anyhow::Result<()> {
    let ended = super::own_process::run(&[&["models".as_ref()], args].concat(), TRIAL)?;
    let Some((status, _)) = ended else { bail!("{engine} has not loaded the model within {} s", TRIAL.as_secs()) };
    ensure!(status.success(), "{engine} can't work with the model ({status})");
    Ok(())
}

/// Draws nothing where nobody watches.
fn progress_bar(bytes: Option<u64>) -> indicatif::ProgressBar {
    let bar = bytes.map_or_else(indicatif::ProgressBar::no_length, indicatif::ProgressBar::new);
    let style = indicatif::ProgressStyle::with_template("{bar:40} {bytes}/{total_bytes} {bytes_per_sec}, {eta} left");
    style.map(|s| bar.clone().with_style(s)).unwrap_or(bar)
}

fn verify(manifest: &Manifest, store: &Store, config: &Config, names: &[String]) -> anyhow::Result<()> {
    let rows = rows(manifest, store, config)?;
    if let Some(unknown) = names.iter().find(|name| rows.iter().all(|row| row.model.name != **name)) {
        bail!("no model is called {unknown}; `tendero models list` shows them");
    }
    let (mut wrong, mut right) = (0, 0);
    for Row { model, state, note, .. } in &rows {
        let is_asked = names.contains(&model.name);
        if !is_asked && (!names.is_empty() || matches!(state, State::Missing | State::BuiltIn)) {
            continue;
        }
        let result = match (state, folder(model, config)) {
            (State::BuiltIn, _) => Ok(()),
            (State::Missing, _) => Err(anyhow::anyhow!("not installed; {note}")),
            (_, Some(folder)) => model.files.iter().try_for_each(|file| store::verify_file(&folder, file)),
            (_, None) => {
                store.record(&model.name).and_then(|record| store::verify(&store.folder(&model.name), &record))
            }
        };
        match result {
            Ok(()) => {
                right += 1;
                println!("{}: as it should be", model.name);
            }
            Err(why) => {
                wrong += 1;
                println!("{}: {why:#}", model.name);
            }
        }
    }
    ensure!(wrong == 0, "{wrong} of {} models are not what they should be; remove and pull them again", wrong + right);
    Ok(())
}
