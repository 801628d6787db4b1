//! From a configuration to a daemon that runs: opens every edge, in the order in which one
//! that is missing is noticed cheapest.

use super::catalogs::Catalogs;
use super::errand::Errands;
use super::mute::MuteFile;
use super::pin::PinFile;
use super::{Daemon, Inbox, Parts, QUEUE, control};
use crate::clock::Clock;
use crate::config::{Config, lexicons};
use crate::decide::household::Regular;
use crate::decide::mind::Mind;
use crate::decide::policy::UnknownVoice;
use crate::deliver::handover::Pins;
use crate::deliver::keys::{Keys, PublicKey};
use crate::deliver::link::{self, LinkConfig, LinkHandle};
use crate::deliver::mqtt::{BrokerConfig, TlsFiles};
use crate::deliver::store::{self, Store, StoreHandle};
use crate::deliver::topic::{self, Route};
use crate::hear::ears::{self, Cleaner, EarCommand, EarEvent, Ears};
use crate::hear::fingerprint::Known;
use crate::hear::fingerprint::book::{self, Book};
use crate::hear::fingerprint::memory::{self, Memory};
use crate::hear::source::Source;
use crate::hear::stt;
use crate::hear::voiceprint::{self, Voices};
use crate::hear::wake::openwakeword::{HeadModel, OpenWakeWord};
use crate::journal::{self, Journal, Setup as JournalSetup};
use crate::speak::phrases::{self, Phrases};
use crate::speak::player::Player;
use crate::speak::tts::{self, Pace, Tts};
use crate::speak::voice::Voice;
use crate::speak::voice::synthesis::Synthesis;
use crate::speak::wording::Wording;
use crate::understand::{Lang, Understanding};
use anyhow::{Context, bail};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use tokio::sync::{broadcast, mpsc};

use super::trace::Trace;

/// PINs that are compared at the same time: each takes 19 MiB.
const PINS: usize = 2;
/// Traces that a watcher may be behind.
const TRACES: usize = 4096;

/// What a start needs besides the configuration; the demo brings its own microphone and player.
pub struct Setup {
    pub config: Config,
    pub clock: Clock,
    /// `None`: text only.
    pub source: Option<Box<dyn Source>>,
    pub player: Box<dyn FnOnce() -> Box<dyn Player> + Send>,
    /// Takes what the player plays out of what the source gives; `None`: nothing is heard while the speaker talks.
    pub canceller: Option<Cleaner>,
    /// What the household bought before, as the shop knows it.
    pub regulars: BTreeMap<String, Regular>,
}

/// A daemon that is ready, and what one can hold it by.
pub struct Ready {
    pub daemon: Daemon,
    pub link: LinkHandle,
    pub traces: broadcast::Sender<Trace>,
    /// Where ears put what they heard: also those that are no part of this daemon, such as a test's.
    pub ears: mpsc::Sender<EarEvent>,
    control: tokio::task::JoinHandle<()>,
}

impl Ready {
    /// Runs until `stop` completes.
    ///
    /// # Errors
    /// As [`Daemon::run`].
    pub async fn run(self, stop: impl Future<Output = ()>) -> anyhow::Result<()> {
        let Ready { daemon, link, control, .. } = self;
        let ended = daemon.run(stop).await;
        link.stop();
        control.abort();
        ended
    }
}

/// Opens everything.
///
/// # Errors
/// The first edge that a daemon can't do without, what is wrong with it, and what to do. A
/// missing microphone, voice or broker is no such edge: it is told, and looked for again.
pub async fn start(setup: Setup) -> anyhow::Result<Ready> {
    let Setup { config, clock, source, player, canceller, regulars } = setup;
    let state_dir = config.state.dir.clone();
    make_private_dir(&state_dir)?;
    let (catalog, catalogs) = Catalogs::open(&config.shop, &state_dir)?;
    let lexicons = lexicons::configured(&config.understand.lexicon_dir)?;
    for (lang, added) in lexicons.added() {
        tracing::info!("lexicon {lang}: {added} of your own");
    }
    let understanding = Understanding::with_lexicons(catalog, lexicons);
    let wording = Wording::new().context("the sentences of the speaker are damaged")?;

    let keys = Arc::new(Keys::load_or_make(&state_dir)?);
    let route = Route::new(&config.home.name, &config.home.device, &config.shop.name)?;
    let mut store = Store::open(&state_dir.join(store::FILE))?;
    store.import_regulars(&regulars)?;
    let mut household = store.household(clock.unix_ms())?;
    let siblings = siblings(&config, &keys.public())?;
    household.device.clone_from(&config.home.device);
    household.siblings.retain(|name, _| siblings.contains_key(name));
    for name in siblings.keys() {
        household.siblings.entry(name.clone()).or_default();
    }
    let link_config = link_config(&config, route.clone(), siblings, &store)?;
    let store = StoreHandle::spawn(store, link::sealer(keys.clone(), route, clock.clone()))?;

    let (link, link_events) = link::start(link_config, keys, store.clone(), clock.clone())?;
    let (stored_tx, stored) = mpsc::channel(QUEUE);
    let errands = Errands::start(store, link.clone(), clock.clone(), stored_tx);

    let (ear_events_tx, ear_events) = mpsc::channel(QUEUE);
    let ears = match source {
        Some(source) => {
            let muted = MuteFile::new(&state_dir).read().is_some();
            Some(open_ears(&config, &clock, &understanding, source, (canceller, muted), ear_events_tx.clone())?)
        }
        None => None,
    };
    let (checked_pins, pins) = mpsc::channel(PINS);
    let (spoken_tx, spoken) = mpsc::channel(QUEUE);
    let speaks = (config.clone(), clock.clone());
    let voice = Voice::spawn(
        move || open_synthesis(&speaks.0, &speaks.1),
        player,
        clock.clone(),
        // The loop outlives the voice; after it nobody needs to know.
        move |end| drop(spoken_tx.blocking_send(end)),
    )?;
    let (requests, control_rx) = mpsc::channel(QUEUE);
    let control = control::listen(&config.state.socket, requests).await?;

    let mind = Mind::new(config.policy(), understanding, household);
    let journal_path = state_dir.join(journal::FILE);
    let limit = u64::from(config.state.journal_mib) << 20;
    let journal = Journal::begin(&journal_path, limit, &JournalSetup::of(&mind))?;
    let (traces, _) = broadcast::channel(TRACES);
    let daemon = Daemon::new(Parts {
        mind,
        clock,
        lang: config.home.language,
        wording,
        ears,
        voice,
        errands,
        catalogs,
        pin: PinFile::new(&state_dir),
        mute_file: MuteFile::new(&state_dir),
        wake_sound: config.speaker.wake_sound,
        journal: Some(journal),
        inbox: Inbox { ears: ear_events, spoken, stored, link: link_events, control: control_rx, pins },
        keep_words_ms: u64::from(config.state.keep_words_days) * 24 * 3_600_000,
        checked_pins,
        traces: traces.clone(),
    });
    Ok(Ready { daemon, link, traces, ears: ear_events_tx, control })
}

/// What speaks. A voice that can't be had is told, and the next one in the configuration stands in.
pub(crate) fn open_engines(config: &Config) -> anyhow::Result<Vec<Box<dyn Tts>>> {
    let opened = tts::open(&config.tts.engines, &config.tts_setup())?;
    for (name, why) in &opened.passed_over {
        tracing::warn!("text to speech without {name}: {why}");
    }
    let speaks = |lang: &Lang| opened.engines.iter().find(|engine| engine.pace(*lang).is_some());
    let voices: Vec<String> = Lang::ALL
        .iter()
        .map(|lang| format!("{lang} {}", speaks(lang).map_or("nobody", |engine| engine.name())))
        .collect();
    tracing::info!("text to speech: {}", voices.join(", "));
    Ok(opened.engines)
}

/// As [`open_engines`], with what was kept of what they said.
fn open_synthesis(config: &Config, clock: &Clock) -> anyhow::Result<Synthesis> {
    let engines = open_engines(config)?;
    let slow = |lang: &Lang| engines.iter().any(|engine| matches!(engine.pace(*lang), Some(Pace::Slow { .. })));
    let is_slow = Lang::ALL.iter().any(slow);
    let synthesis = Synthesis::new(engines);
    let dir = &config.state.dir;
    if config.tts.cache_mib == 0 || !is_slow {
        // What was kept has no use any more.
        phrases::forget(dir).unwrap_or_else(|error| tracing::warn!("{error:#}"));
        return Ok(synthesis);
    }
    let keep_ms = u64::from(config.state.keep_words_days) * 24 * 3_600_000;
    match Phrases::open(dir, u64::from(config.tts.cache_mib) << 20, keep_ms, clock.clone()) {
        Ok(phrases) => Ok(synthesis.keeping(phrases)),
        Err(error) => {
            tracing::warn!("each sentence is made anew: {error:#}");
            Ok(synthesis)
        }
    }
}

/// The other speakers of the home and their keys.
fn siblings(config: &Config, own: &PublicKey) -> anyhow::Result<BTreeMap<String, PublicKey>> {
    let siblings = config.home.siblings();
    if let Some((name, _)) = siblings.iter().find(|(_, key)| *key == own) {
        bail!(
            "[home] speakers: the key of \"{name}\" is this speaker's own; put the one that `tendero key` prints at that \
             speaker"
        );
    }
    Ok(siblings)
}

/// How this device reaches its broker and its shop.
pub fn link_config(
    config: &Config,
    route: Route,
    siblings: BTreeMap<String, PublicKey>,
    store: &Store,
) -> anyhow::Result<LinkConfig> {
    let shop_key = shop_key(config, store)?;
    let sibling = |(name, key): (String, PublicKey)| {
        let who = topic::sibling_source(route.home(), &name);
        followed(&who, key, store).map(|pins| (name, pins))
    };
    let siblings = siblings.into_iter().map(sibling).collect::<anyhow::Result<_>>()?;
    let steps = store.key_steps(&route.device_source())?;
    let link = LinkConfig::new(broker(config), route, shop_key, config.policy.currency.clone());
    let bridges = config.text.keys();
    let mute_over_broker = config.microphone.mute_over_broker;
    Ok(LinkConfig { siblings, steps, bridges, open_text: config.text.open, mute_over_broker, ..link })
}

/// How the device reaches the broker.
pub(crate) fn broker(config: &Config) -> BrokerConfig {
    BrokerConfig {
        password_file: named(&config.broker.password_file),
        tls: TlsFiles { ca: named(&config.broker.ca_file), ..TlsFiles::default() },
        ..BrokerConfig::new(config.broker.url.clone())
    }
}

/// The key that the configuration pins for the shop, and what came of it.
pub(crate) fn shop_key(config: &Config, store: &Store) -> anyhow::Result<Pins> {
    let key: PublicKey = config.shop.key.parse().with_context(|| {
        "[shop] key is not set. `tendero shop key --data-dir DIR` prints it at the shop; without it nothing that \
         comes from a shop can be believed"
    })?;
    followed(&topic::shop_source(&config.shop.name), key, store)
}

/// The newest key after `key`, as far as is known.
fn followed(who: &str, key: PublicKey, store: &Store) -> anyhow::Result<Pins> {
    let mut pins = Pins::from(key);
    pins.follow(who, &store.key_steps(who)?);
    Ok(pins)
}

/// An empty path means "none" in the configuration.
fn named(path: &Path) -> Option<std::path::PathBuf> {
    (!path.as_os_str().is_empty()).then(|| path.to_owned())
}

fn open_ears(
    config: &Config,
    clock: &Clock,
    understanding: &Understanding,
    source: Box<dyn Source>,
    (canceller, muted): (Option<Cleaner>, bool),
    events: mpsc::Sender<EarEvent>,
) -> anyhow::Result<std::sync::mpsc::Sender<EarCommand>> {
    let head = match config.wake.head.as_str() {
        "" => HeadModel::HeyTendero,
        path => HeadModel::File(Path::new(path)),
    };
    let wake = OpenWakeWord::open(&config.wake.models, head, config.wake.threshold)?;
    let opened = stt::open_with(&config.stt.engines, &config.stt_setup())?;
    for (name, why) in &opened.passed_over {
        tracing::warn!("speech to text without {name}: {why}");
    }
    tracing::info!("speech to text: {}", opened.stt.name());
    let grammars = understanding.clone();
    let mut ears = Ears::new(
        Box::new(wake),
        opened.stt,
        Box::new(move |lang, expect| grammars.grammar(lang, expect)),
        config.home.language,
        clock.clone(),
    )
    .with_known(known_recordings(config, clock))
    .with_voices(known_voices(config));
    if let Some(canceller) = canceller {
        ears = ears.with_barge_in(canceller);
    }
    ears.warm_up().context("the recogniser does not take the catalogue's grammar")?;
    let (commands, commands_rx) = std::sync::mpsc::channel();
    // Before the first sample is read.
    commands.send(EarCommand::Mute(muted)).context("the ears' queue is open: both of its ends are here")?;
    ears::spawn(ears, source, commands_rx, move |event| drop(events.blocking_send(event)))?;
    Ok(commands)
}

/// What can't be read is told, and the daemon runs without it: the other guards stand.
fn known_recordings(config: &Config, clock: &Clock) -> Known {
    let dir = &config.state.dir;
    let book = Book::load(&book::path(dir)).unwrap_or_else(|error| {
        tracing::warn!("starting without registered recordings: {error:#}");
        Book::default()
    });
    let memory = if config.playback.refuse_replays {
        let opened = Memory::open(dir, clock.unix_ms());
        opened.inspect_err(|error| tracing::warn!("starting without a memory of what was heard: {error:#}")).ok()
    } else {
        // Switched off: what was kept has no use any more.
        memory::forget(dir).unwrap_or_else(|error| tracing::warn!("{error:#}"));
        None
    };
    tracing::info!("{} registered recordings", book.clips().count());
    Known::new(&book, memory)
}

/// `None`: the household does not want voices compared. Where they can't be, nobody is known, and the daemon runs: it asks for
/// an adult once too often, and never once too seldom.
fn known_voices(config: &Config) -> Option<Voices> {
    if config.policy.unknown_voice == UnknownVoice::Ignore {
        return None;
    }
    use voiceprint::book::{self, Book, Enrolled};
    let path = book::path(&config.state.dir);
    let book = Book::load(&path).unwrap_or_else(|error| {
        tracing::warn!("starting without enrolled voices: {error:#}");
        Book::default()
    });
    let net = match config.voices.network.as_os_str().is_empty() {
        true => Err(anyhow::anyhow!("[voices] network names none")),
        false => voiceprint::net::Net::open(&config.voices.network),
    };
    let net =
        net.inspect_err(|error| tracing::warn!("voices can't be compared, and so nobody's is known: {error:#}")).ok();
    let of_this_network = |voice: &&Enrolled| net.as_ref().is_some_and(|net| Book::is_of(voice, net.sum()));
    let known = book.voices().filter(of_this_network).count();
    tracing::info!("{} enrolled voices, {known} of them by this network", book.voices().count());
    Some(Voices::new(net, book))
}

/// The state folder, readable by the daemon's user only.
pub fn make_private_dir(dir: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir).with_context(|| {
        format!("can't make the state folder {}; set [state] dir to a place that can be written", dir.display())
    })
}
