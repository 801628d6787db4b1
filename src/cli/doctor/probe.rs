//! Finds out. Changes nothing: no folder is made, no file written, the store is opened read-only.

use super::facts::*;
use crate::cli::models;
use crate::clock::Clock;
use crate::config::{Config, lexicons};
use crate::daemon::catalogs::{self, Catalogs};
use crate::daemon::control::{Ask, Client};
use crate::daemon::mute::MuteFile;
use crate::daemon::pin::{self, PinFile};
use crate::decide::order::OrderState;
use crate::deliver::keys::{KEY_FILE, Keys};
use crate::deliver::store::{self, Store, StoreError};
use crate::hear::fingerprint::memory as sounds;
use crate::hear::voiceprint;
use crate::hear::wake::openwakeword::{HeadModel, OpenWakeWord};
use crate::journal;
use crate::memory::kib;
use crate::models::manifest::Manifest;
use crate::models::store::Store as Models;
use rustix::fs::{Access, access, statvfs};
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long a daemon may take to answer.
const ANSWER: Duration = Duration::from_secs(3);
const MIB: u64 = 1 << 20;

pub fn board() -> Board {
    let memory = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let mib = |name: &str| kib(&memory, name).map(|kib| kib / 1024);
    // A device tree ends its texts with a NUL.
    let model = std::fs::read_to_string("/proc/device-tree/model").ok();
    Board {
        model: model.map(|text| text.trim_end_matches('\0').trim().to_owned()).filter(|text| !text.is_empty()),
        cores: std::thread::available_parallelism().ok().map(usize::from),
        memory_mib: mib("MemTotal:"),
        free_mib: mib("MemAvailable:"),
    }
}

pub fn clock() -> ClockSeen {
    let now = Clock::system().unix_ms();
    let time = now
        .and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok())
        .map(|at| at.to_zoned(jiff::tz::TimeZone::system()).strftime("%Y-%m-%d %H:%M, UTC%:z").to_string());
    ClockSeen { time, synchronised: crate::native::clock_sync::is_synchronised() }
}

/// The mistake in the household's own words, if there is one.
pub fn lexicon(config: &Config) -> Option<String> {
    lexicons::configured(&config.understand.lexicon_dir).err().map(|why| format!("{why:#}"))
}

pub fn state(config: &Config) -> State {
    let dir = config.state.dir.clone();
    // Of a process's own files: its effective user.
    let uid = std::fs::metadata("/proc/self").map_or(u32::MAX, |process| process.uid());
    let there = match std::fs::metadata(&dir) {
        Ok(found) if found.is_dir() => There::Folder {
            owner: found.uid(),
            owner_name: user_name(found.uid()),
            mode: found.mode() & 0o777,
            writable: access(&dir, Access::WRITE_OK | Access::READ_OK | Access::EXEC_OK).is_ok(),
        },
        Ok(_) => There::Not("it is no folder".into()),
        Err(why) if matches!(why.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => missing(&dir),
        Err(why) => There::Not(why.to_string()),
    };
    let free = statvfs(existing(&dir)).ok().map(|disk| disk.f_bavail.saturating_mul(disk.f_frsize) / MIB);
    State { there, uid, free_mib: free, files: files(config), dir }
}

/// Those that hold a secret, and those without which the daemon can't run.
fn files(config: &Config) -> Vec<FileSeen> {
    let of_state = |name: &str| config.state.dir.join(name);
    let secret =
        [KEY_FILE, pin::FILE, voiceprint::book::FILE, sounds::FILE, journal::FILE].map(|name| (of_state(name), true));
    let named = (config.broker.password_file.clone(), true);
    let all = secret.into_iter().chain([named, (of_state(store::FILE), true)]);
    all.filter_map(|(path, secret)| {
        let found = std::fs::metadata(&path).ok().filter(std::fs::Metadata::is_file)?;
        Some(FileSeen { owner: found.uid(), mode: found.mode() & 0o777, path, secret })
    })
    .collect()
}

/// The nearest folder above that is there.
fn existing(dir: &Path) -> PathBuf {
    let above = dir.ancestors().find(|above| !above.as_os_str().is_empty() && above.exists());
    above.unwrap_or(Path::new(".")).to_owned()
}

fn missing(dir: &Path) -> There {
    let above = existing(dir);
    if !above.is_dir() {
        return There::Not(format!("{} is no folder", above.display()));
    }
    let refused = access(&above, Access::WRITE_OK | Access::EXEC_OK).err();
    There::Missing { why_not: refused.map(|why| format!("in {}: {}", above.display(), std::io::Error::from(why))) }
}

fn user_name(uid: u32) -> String {
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let named = users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)? == uid.to_string()).then(|| name.to_owned())
    });
    named.unwrap_or_else(|| uid.to_string())
}

pub fn daemon(config: &Config) -> DaemonSeen {
    match std::os::unix::net::UnixStream::connect(&config.state.socket) {
        Ok(_) => {}
        Err(why) if why.kind() == ErrorKind::PermissionDenied => return DaemonSeen::Closed,
        Err(_) => return DaemonSeen::Silent,
    }
    let ask = async {
        let mut seen = None;
        let mut client = Client::connect(&config.state.socket).await?;
        let status = client.status(&Ask::Status { follow: false }, |status| {
            seen = Some(status);
            Ok(())
        });
        tokio::time::timeout(ANSWER, status).await??;
        seen.ok_or_else(|| anyhow::anyhow!("it says nothing"))
    };
    crate::cli::block_on(ask).map_or_else(|why| DaemonSeen::Trouble(format!("{why:#}")), DaemonSeen::Runs)
}

pub fn microphone(config: &Config, open: bool) -> MicrophoneSeen {
    let device = config.microphone.device.as_str();
    let path = Path::new(device);
    let seen = match device {
        "off" => DeviceSeen::Off,
        "pipe" => DeviceSeen::Pipe,
        _ if path.extension().is_some() && path.is_file() => match crate::hear::source::Recording::open(path) {
            Ok(_) => DeviceSeen::Recording(path.to_owned()),
            Err(why) => DeviceSeen::Not(format!("{:#}", anyhow::Error::from(why))),
        },
        name => card(Direction::In, name, open.then_some(&|| listen(config))),
    };
    MicrophoneSeen { device: seen, muted: MuteFile::new(&config.state.dir).read() }
}

pub fn speaker(config: &Config, open: bool) -> DeviceSeen {
    match config.speaker.device.as_str() {
        "off" => DeviceSeen::Off,
        name => card(Direction::Out, name, open.then_some(&|| play(config))),
    }
}

enum Direction {
    In,
    Out,
}

type TryOut<'a> = &'a dyn Fn() -> anyhow::Result<String>;

#[cfg(feature = "audio")]
fn card(direction: Direction, name: &str, open: Option<TryOut<'_>>) -> DeviceSeen {
    use crate::sound_card::{Way, find, format_of, is_busy, name_of, refused};
    let way = match direction {
        Direction::In => Way::In,
        Direction::Out => Way::Out,
    };
    let device = match find(way, name) {
        Ok(device) => device,
        Err(why) => return DeviceSeen::Not(format!("{why:#}")),
    };
    // A name such as "default" is there without any card behind it.
    let format = match format_of(&device, way) {
        Ok(format) => Some(format!("{} Hz, {} channels", format.rate_hz, format.channels)),
        Err(why) if is_busy(&why) => None,
        Err(why) => return DeviceSeen::Not(refused(way, name, &why).to_string()),
    };
    let opened = open.map(|open| open().map_err(|why| format!("{why:#}")));
    DeviceSeen::Card { name: name_of(&device), format, opened }
}

#[cfg(not(feature = "audio"))]
fn card(direction: Direction, _name: &str, _open: Option<TryOut<'_>>) -> DeviceSeen {
    let what = match direction {
        Direction::In => "[microphone]",
        Direction::Out => "[speaker]",
    };
    DeviceSeen::Not(format!(
        "this build is without sound cards: build with --features audio, or set {what} device to \"off\""
    ))
}

/// Half a second of the room.
fn listen(config: &Config) -> anyhow::Result<String> {
    use crate::hear::frontend::level_dbfs;
    const HOPS: usize = 6;
    let mut source = crate::cli::run::open_source(&config.microphone)?.expect("only a card is listened to");
    let (mut hop, mut loudest) = ([0; crate::hear::HOP], f32::NEG_INFINITY);
    for _ in 0..HOPS {
        source.read(&mut hop)?;
        loudest = loudest.max(level_dbfs(&hop));
    }
    anyhow::ensure!(
        hop.iter().any(|sample| *sample != 0),
        "it gives nothing but zeros; `tendero audio test` says what to try"
    );
    Ok(format!("it gives sound, {loudest:.0} dBFS"))
}

/// A tenth of a second of silence.
fn play(config: &Config) -> anyhow::Result<String> {
    use crate::speak::player::Stop;
    let mut player = crate::cli::run::open_player(config.speaker.device.clone())?();
    player.play(&crate::speak::tts::Speech { rate_hz: 16_000, samples: vec![0; 1_600] }, &Stop::default())?;
    Ok("it takes sound".into())
}

/// # Errors
/// Why it can't listen for its word.
pub fn wake(config: &Config) -> Result<(), String> {
    let head = match config.wake.head.as_str() {
        "" => HeadModel::HeyTendero,
        path => HeadModel::File(Path::new(path)),
    };
    OpenWakeWord::open(&config.wake.models, head, config.wake.threshold).map(drop).map_err(|why| format!("{why:#}"))
}

pub fn models(config: &Config, board: &Board) -> ModelsSeen {
    let writable = access(existing(&config.stt.models), Access::WRITE_OK).is_ok();
    let nothing = ModelsSeen { board_mb: None, models: vec![], writable };
    let Ok(manifest) = Manifest::built_in() else { return nothing };
    let rows = models::rows(&manifest, &Models::new(&config.stt.models), config).unwrap_or_default();
    let sets: BTreeMap<u32, &Vec<String>> = manifest
        .recommended
        .get(&config.home.language)
        .into_iter()
        .flatten()
        .filter_map(|(mb, set)| Some((mb.parse().ok()?, set)))
        .collect();
    // What a board with 1024 MB says it has is less by what its firmware and its graphics keep: an eighth at most.
    let most_mb = board.memory_mib.map_or(0, |mib| mib + mib / 7);
    let fitting = sets.iter().rev().find(|(mb, _)| u64::from(**mb) <= most_mb).or_else(|| sets.iter().next());
    let Some((mb, set)) = fitting else { return nothing };
    let seen = rows.into_iter().filter(|row| set.contains(&row.model.name)).map(|row| ModelSeen {
        is_pulled: row.model.download.is_some(),
        name: row.model.name,
        engine: row.model.engine,
        state: row.state,
        note: row.note,
    });
    ModelsSeen { board_mb: board.memory_mib.map(|_| *mb), models: seen.collect(), writable }
}

pub fn pairing(state: &State, config: &Config) -> Pairing {
    let own =
        Keys::there(&state.dir).map(|keys| keys.map(|keys| keys.public().to_string())).map_err(|why| why.to_string());
    let is_own = |key: &str| own.as_ref().is_ok_and(|own| own.as_deref() == Some(key));
    let twin = config.home.siblings().into_iter().find(|(_, key)| is_own(&key.to_string())).map(|(name, _)| name);
    Pairing { shop: config.shop.name.clone(), pinned: !config.shop.key.is_empty(), own, twin }
}

/// # Errors
/// Why there is none.
pub fn catalog(config: &Config) -> Result<CatalogSeen, String> {
    let (catalog, _) = Catalogs::open(&config.shop, &config.state.dir).map_err(|why| format!("{why:#}"))?;
    let written = |path: &Path| {
        let since = std::fs::metadata(path).ok()?.modified().ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
        i64::try_from(since.as_millis()).ok()
    };
    let kept = [config.state.dir.join(catalogs::FILE), config.shop.catalog.clone()];
    let newest = kept.iter().filter_map(|path| written(path)).max();
    let age_days = newest.zip(Clock::system().unix_ms()).map(|(then, now)| (now - then).max(0) / 86_400_000);
    Ok(CatalogSeen { shop: catalog.shop.clone(), version: catalog.version, products: catalog.products.len(), age_days })
}

pub fn book(state: &State, config: &Config) -> Book {
    let journal = std::fs::metadata(state.dir.join(journal::FILE)).ok().map(|file| file.len() / MIB);
    Book {
        pin: PinFile::new(&config.state.dir).is_set().map_err(|why| format!("{why:#}")),
        store: open(&state.dir.join(store::FILE)),
        journal_mib: journal,
    }
}

fn open(path: &Path) -> BookState {
    if matches!(std::fs::metadata(path), Err(why) if matches!(why.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory))
    {
        return BookState::New;
    }
    let read = || -> Result<BookState, StoreError> {
        let Some(store) = Store::open_to_read(path)? else { return Ok(BookState::Older) };
        let now = Clock::system().unix_ms().unwrap_or(i64::MIN);
        let orders = store.orders()?;
        let count =
            |of: &dyn Fn(OrderState, i64) -> bool| orders.iter().filter(|o| of(o.state, o.expires_unix_ms)).count();
        use OrderState::*;
        let over = |state: OrderState, until: i64| state == Unknown || (matches!(state, Sending | Held) && until < now);
        Ok(BookState::Read {
            wrong_pins: store.wrong_pins()?,
            orders: orders.len(),
            held: count(&|state, until| matches!(state, AwaitingAdult | Held) && !over(state, until)),
            waiting: count(&|state, until| {
                matches!(state, Sending | Approving | Cancelling | Withdrawing) && !over(state, until)
            }),
            dead: count(&over),
        })
    };
    read().unwrap_or_else(|why| BookState::Trouble(why.to_string()))
}
