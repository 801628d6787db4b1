//! One typed, documented configuration: defaults, units and limits beside each field.
//!
//! [`Config::load`] parses and then checks, so that what comes out can be used without a
//! further look. [`reference()`] writes the commented reference file from this very source; a
//! test keeps `systemd/tendero.toml` equal to it.

pub mod edit;
pub mod lexicons;
mod named;
mod reference;
mod sound;
mod speakers;
mod text;
pub use named::NamedKey;
pub use reference::reference;
pub use sound::{Microphone, PlaybackConfig, Speaker, SpeechToText, TextToSpeech, VoicesConfig, Wake};
pub use text::Text;

use crate::decide::policy::{Policy, UnknownVoice};
use crate::deliver::keys::PublicKey;
use crate::hear::stt::Setup;
use crate::speak::tts;
use crate::understand::Lang;
use crate::understand::catalog::is_name;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Everything that a person sets for one device.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Who this device is.
    pub home: Home,
    /// Where the sound comes from.
    pub microphone: Microphone,
    /// The word that wakes it.
    pub wake: Wake,
    /// Sound to words.
    pub stt: SpeechToText,
    /// Recordings that are no person.
    pub playback: PlaybackConfig,
    /// Whose voice it is.
    pub voices: VoicesConfig,
    /// Words to meaning.
    pub understand: Understand,
    /// Words to sound.
    pub tts: TextToSpeech,
    /// Where the sound goes.
    pub speaker: Speaker,
    /// The MQTT 5 broker between home and shop.
    pub broker: Broker,
    /// Typed words that come over the broker: from a messenger, a page, Home Assistant.
    pub text: Text,
    /// The shop that takes the orders.
    pub shop: Shop,
    /// What may be bought, and how hard it is made. Nothing here can be changed by voice.
    pub policy: PolicyConfig,
    /// Where the daemon keeps what must not be lost.
    pub state: State,
}

/// Who this device is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Home {
    /// The household's name at the shop, also the user name at the broker: a-z, 0-9 and hyphens.
    pub name: String,
    /// This device's name within the home: a-z, 0-9 and hyphens.
    pub device: String,
    /// The language that is spoken: "en", "es" or "ro".
    pub language: Lang,
    /// The home's other speakers, at most 16, which share their orders with this one. Of each its name and the key that
    /// `tendero key` prints there: [{ name = "bedroom", key = "ed25519:..." }]. Each of them must name this one, too.
    pub speakers: Vec<NamedKey>,
}

impl Default for Home {
    fn default() -> Self {
        Home { name: "home".into(), device: "kitchen".into(), language: Lang::En, speakers: vec![] }
    }
}

/// Words to meaning.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Understand {
    /// A folder with words and sentences of your own, in files en.toml, es.toml and ro.toml, or "" for none.
    /// `tendero lexicon show en` prints the built-in file, and `tendero lexicon check DIR` tries yours. The default need not
    /// be there.
    pub lexicon_dir: PathBuf,
}

impl Default for Understand {
    fn default() -> Self {
        Understand { lexicon_dir: lexicons::PACKAGED.into() }
    }
}

/// The MQTT 5 broker between home and shop.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Broker {
    /// mqtt://HOST or mqtts://HOST, with :PORT unless it is 1883 or 8883.
    pub url: String,
    /// A file with the password on its first line, or "" for none. The user name is the home's name.
    pub password_file: PathBuf,
    /// A PEM file with the broker's certificate authority, or "" for the system's own.
    pub ca_file: PathBuf,
}

impl Default for Broker {
    fn default() -> Self {
        Broker { url: "mqtt://127.0.0.1:1883".into(), password_file: PathBuf::new(), ca_file: PathBuf::new() }
    }
}

/// The shop that takes the orders.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Shop {
    /// The shop's name in the topics: a-z, 0-9 and hyphens.
    pub name: String,
    /// The shop's public key, `ed25519:...`, as `tendero shop key` prints it. Messages under any other key are dropped.
    pub key: String,
    /// The shop's catalogue as a file, or "" to take it from the shop itself, as `tendero pair` does.
    pub catalog: PathBuf,
}

impl Default for Shop {
    fn default() -> Self {
        Shop { name: "barrio".into(), key: String::new(), catalog: "/etc/tendero/catalog.json".into() }
    }
}

/// What may be bought, and how hard it is made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PolicyConfig {
    /// ISO 4217; the caps are in its minor units (cents).
    pub currency: String,
    /// One order above this needs an adult.
    pub cap_order_minor: i64,
    /// All orders of a day above this need an adult.
    pub cap_day_minor: i64,
    /// All orders of a month above this need an adult.
    pub cap_month_minor: i64,
    /// One order above this is refused.
    pub hard_cap_minor: i64,
    /// At most so many confirmed orders an hour.
    pub max_orders_hour: u32,
    /// At most so many confirmed orders a day.
    pub max_orders_day: u32,
    /// How long a confirmed order can be taken back before it leaves, minutes, 0 to 1440.
    pub hold_minutes: u32,
    /// How long an order may take to reach the shop after that, hours, 1 to 168.
    pub expiry_hours: u32,
    /// Nothing is bought in these hours, local time, "HH:MM-HH:MM"; "" for none.
    pub quiet_hours: String,
    /// Children are up: every order needs an adult.
    pub children_up: bool,
    /// Orders in a voice that is not enrolled (`tendero voices`): "ignore" (voices are not compared), "adult" (an adult must
    /// approve) or "list" (they go on the shopping list). A known voice makes nothing easier.
    pub unknown_voice: UnknownVoice,
    /// Every order by voice needs two random words beside the phrase, which no programme and no recording can know.
    /// Without them an advert that says the phrase at the right moment can order what the household buys anyway.
    pub random_words: bool,
    /// Orders may also be typed (`tendero say`).
    pub text_orders: bool,
    /// Say once a day when something should be running out, with the reason. It never orders by itself.
    pub suggestions: bool,
    /// Not before this local time, "HH:MM", and never in the quiet hours.
    pub suggest_from: String,
    /// So many of the shop's news are told aloud in a day at most, 0 to 20, and none in the quiet hours; 0: only when
    /// somebody asks "what's new?". Nothing is told that nobody agreed to: `tendero news`.
    pub news_a_day: u32,
    /// Recalls of products that this household bought are told without anybody's consent, outside the quiet hours.
    pub recalls: bool,
    /// So many wrong PINs in a row lock approval by PIN, 1 to 10. `tendero pin set` sets the PIN itself.
    pub pin_tries: u32,
    /// For how long the first time, minutes, 1 to 1440; each further wrong PIN doubles it, up to a day.
    pub pin_lock_minutes: u32,
}

impl Default for PolicyConfig {
    fn default() -> Self {
        let policy = Policy::default();
        PolicyConfig {
            currency: policy.currency,
            cap_order_minor: policy.cap_order_minor,
            cap_day_minor: policy.cap_day_minor,
            cap_month_minor: policy.cap_month_minor,
            hard_cap_minor: policy.hard_cap_minor,
            max_orders_hour: policy.max_orders_hour,
            max_orders_day: policy.max_orders_day,
            hold_minutes: 10,
            expiry_hours: 24,
            quiet_hours: "22:00-07:00".into(),
            children_up: policy.children_up,
            unknown_voice: policy.unknown_voice,
            random_words: policy.random_words,
            text_orders: policy.text_orders,
            suggestions: policy.suggestions,
            suggest_from: "10:00".into(),
            news_a_day: policy.news_a_day,
            recalls: policy.recalls,
            pin_tries: policy.pin_tries,
            pin_lock_minutes: 15,
        }
    }
}

/// Where the daemon keeps what must not be lost.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct State {
    /// Orders, keys and the journal.
    pub dir: PathBuf,
    /// The control socket for `tendero say` and `tendero orders cancel`.
    pub socket: PathBuf,
    /// Largest journal before a new one is begun, MiB, 1 to 1024; one older is kept.
    pub journal_mib: u32,
    /// How long what was said is kept, in the log, in orders that the shop has, in the journal, and as sentences of the speaker's own
    /// voice; days, 1 to 3650. The household's sound is never kept.
    pub keep_words_days: u32,
}

impl Default for State {
    fn default() -> Self {
        State {
            dir: "/var/lib/tendero".into(),
            socket: "/run/tendero/control.sock".into(),
            journal_mib: 8,
            keep_words_days: 30,
        }
    }
}

/// What is wrong with a configuration, and where.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("can't read the configuration {path}: {why}. `tendero config` prints a reference to start from")]
    Read { path: PathBuf, why: std::io::Error },
    #[error("{path}:{line}: {what}")]
    Syntax { path: PathBuf, line: usize, what: String },
    #[error("{path}: [{section}] {key}: {what}")]
    Value { path: PathBuf, section: &'static str, key: &'static str, what: String },
}

impl Config {
    /// Reads and checks a configuration file.
    ///
    /// # Errors
    /// The file, the line or key, what is wrong and what to do.
    pub fn load(path: &Path) -> Result<Config, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|why| ConfigError::Read { path: path.to_owned(), why })?;
        Config::parse(&text, path)
    }

    /// As [`Config::load`], from text; `path` is for messages.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn parse(text: &str, path: &Path) -> Result<Config, ConfigError> {
        let config: Config = toml::from_str(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            let line = text[..at.min(text.len())].matches('\n').count() + 1;
            ConfigError::Syntax { path: path.to_owned(), line, what: with_nearest(error.message()) }
        })?;
        config.check().map_err(|(section, key, what)| ConfigError::Value {
            path: path.to_owned(),
            section,
            key,
            what,
        })?;
        Ok(config)
    }

    /// The policy that the mind works with.
    ///
    /// # Panics
    /// Never after [`Config::load`], which has checked every field.
    pub fn policy(&self) -> Policy {
        let raw = &self.policy;
        let (quiet_from_min, quiet_to_min) =
            quiet_hours(&raw.quiet_hours).expect("the quiet hours were checked when the configuration was loaded");
        Policy {
            lang: self.home.language,
            currency: raw.currency.clone(),
            cap_order_minor: raw.cap_order_minor,
            cap_day_minor: raw.cap_day_minor,
            cap_month_minor: raw.cap_month_minor,
            hard_cap_minor: raw.hard_cap_minor,
            max_orders_hour: raw.max_orders_hour,
            max_orders_day: raw.max_orders_day,
            hold_ms: u64::from(raw.hold_minutes) * 60_000,
            expiry_ms: u64::from(raw.expiry_hours) * 3_600_000,
            quiet_from_min,
            quiet_to_min,
            children_up: raw.children_up,
            unknown_voice: raw.unknown_voice,
            random_words: raw.random_words,
            text_orders: raw.text_orders,
            suggestions: raw.suggestions,
            suggest_from_min: minute_of_day(&raw.suggest_from)
                .expect("the time was checked when the configuration was loaded"),
            news_a_day: raw.news_a_day,
            recalls: raw.recalls,
            pin_tries: raw.pin_tries,
            pin_lock_ms: u64::from(raw.pin_lock_minutes) * 60_000,
            ..Policy::default()
        }
    }

    /// What the speech-to-text engines need to know.
    pub fn stt_setup(&self) -> Setup {
        Setup {
            lang: self.home.language,
            models: self.stt.models.clone(),
            vosk_model: self.stt.vosk_model.clone(),
            vosk_library: self.stt.vosk_library.clone(),
            noise_removal: self.stt.noise_removal,
        }
    }

    /// What the text-to-speech engines need to know.
    pub fn tts_setup(&self) -> tts::Setup {
        tts::Setup {
            lang: self.home.language,
            models: self.stt.models.clone(),
            voices: self.tts.voices.clone(),
            onnxruntime: self.tts.onnxruntime.clone(),
        }
    }

    fn check(&self) -> Result<(), (&'static str, &'static str, String)> {
        for (section, key, name) in [
            ("home", "name", &self.home.name),
            ("home", "device", &self.home.device),
            ("shop", "name", &self.shop.name),
        ] {
            if !is_name(name) {
                return Err((
                    section,
                    key,
                    format!("\"{name}\" must be 1 to 64 of the letters a-z, digits and hyphens"),
                ));
            }
        }
        self.home.check_speakers().map_err(|what| ("home", "speakers", what))?;
        self.text.check().map_err(|what| ("text", "bridges", what))?;
        if !self.shop.key.is_empty() {
            self.shop.key.parse::<PublicKey>().map_err(|e| ("shop", "key", e.to_string()))?;
        }
        if !(self.wake.threshold > 0.0 && self.wake.threshold <= 1.0) {
            return Err(("wake", "threshold", format!("{} must be above 0.0 and at most 1.0", self.wake.threshold)));
        }
        if self.stt.engines.is_empty() {
            return Err(("stt", "engines", "name at least one engine, such as [\"pocketsphinx\"]".into()));
        }
        if self.tts.engines.is_empty() {
            let what = "name at least one engine, such as [\"espeak\"], or [\"silent\"] for no voice";
            return Err(("tts", "engines", what.into()));
        }
        if self.tts.cache_mib > 1024 {
            return Err(("tts", "cache_mib", format!("{} lies outside 0 to 1024", self.tts.cache_mib)));
        }
        let policy = &self.policy;
        if policy.currency.len() != 3 || !policy.currency.bytes().all(|b| b.is_ascii_uppercase()) {
            return Err((
                "policy",
                "currency",
                format!("\"{}\" must be three capital letters, such as EUR", policy.currency),
            ));
        }
        for (key, cap) in [
            ("cap_order_minor", policy.cap_order_minor),
            ("cap_day_minor", policy.cap_day_minor),
            ("cap_month_minor", policy.cap_month_minor),
            ("hard_cap_minor", policy.hard_cap_minor),
        ] {
            if cap < 0 {
                return Err(("policy", key, format!("{cap} is negative; 0 lets nothing through without an adult")));
            }
        }
        if policy.hold_minutes > 24 * 60 {
            return Err(("policy", "hold_minutes", format!("{} is more than a day (1440)", policy.hold_minutes)));
        }
        if !(1..=168).contains(&policy.expiry_hours) {
            return Err(("policy", "expiry_hours", format!("{} lies outside 1 to 168", policy.expiry_hours)));
        }
        if minute_of_day(&policy.suggest_from).is_none() {
            let what = format!("\"{}\" must look like \"10:00\"", policy.suggest_from);
            return Err(("policy", "suggest_from", what));
        }
        if policy.news_a_day > 20 {
            return Err(("policy", "news_a_day", format!("{} lies outside 0 to 20", policy.news_a_day)));
        }
        if !(1..=10).contains(&policy.pin_tries) {
            return Err(("policy", "pin_tries", format!("{} lies outside 1 to 10", policy.pin_tries)));
        }
        if !(1..=24 * 60).contains(&policy.pin_lock_minutes) {
            let what = format!("{} lies outside 1 to 1440", policy.pin_lock_minutes);
            return Err(("policy", "pin_lock_minutes", what));
        }
        quiet_hours(&policy.quiet_hours).map_err(|what| ("policy", "quiet_hours", what))?;
        if !(1..=1024).contains(&self.state.journal_mib) {
            return Err(("state", "journal_mib", format!("{} lies outside 1 to 1024", self.state.journal_mib)));
        }
        if !(1..=3650).contains(&self.state.keep_words_days) {
            let what = format!("{} lies outside 1 to 3650", self.state.keep_words_days);
            return Err(("state", "keep_words_days", what));
        }
        Ok(())
    }
}

/// `"22:00-07:00"` → minutes since midnight; `""` → an empty span.
fn quiet_hours(text: &str) -> Result<(u16, u16), String> {
    if text.is_empty() {
        return Ok((0, 0));
    }
    let wrong = || format!("\"{text}\" must look like \"22:00-07:00\", or be \"\" for none");
    let (from, to) = text.split_once('-').ok_or_else(wrong)?;
    minute_of_day(from).zip(minute_of_day(to)).ok_or_else(wrong)
}

/// `"10:30"` → minutes since midnight.
fn minute_of_day(text: &str) -> Option<u16> {
    let (hour, minute) = text.trim().split_once(':')?;
    let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
    (hour < 24 && minute < 60).then_some(hour * 60 + minute)
}

/// Adds "did you mean" to serde's message about an unknown key, which lists the known ones.
fn with_nearest(message: &str) -> String {
    let message = message.trim();
    let mut quoted = message.split('`').skip(1).step_by(2);
    let (Some(unknown), true) = (quoted.next(), message.starts_with("unknown field")) else {
        return message.to_owned();
    };
    let nearest = quoted.min_by_key(|known| strsim::damerau_levenshtein(known, unknown));
    match nearest {
        Some(known) if strsim::normalized_damerau_levenshtein(known, unknown) > 0.5 => {
            format!("unknown key \"{unknown}\"; did you mean \"{known}\"?")
        }
        _ => format!("unknown key \"{unknown}\". `tendero config` prints every key with its meaning"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        Config::parse(text, Path::new("t.toml")).expect_err("this configuration is wrong").to_string()
    }

    #[test]
    fn defaults_are_valid_and_give_the_default_policy() {
        let config = Config::parse("", Path::new("t.toml")).expect("an empty file takes the defaults");
        assert_eq!(config.policy(), Policy::default());
    }

    #[test]
    fn mistakes_name_the_line_and_the_nearest_key() {
        let cases = [
            ("[home]\nlangage = \"en\"", "t.toml:2: unknown key \"langage\"; did you mean \"language\"?"),
            ("[polcy]\n", "did you mean \"policy\"?"),
            ("[home]\nzzzz = 1", "`tendero config` prints every key"),
            ("[home]\nname = \"a/+\"", "[home] name: \"a/+\" must be"),
            ("[policy]\nquiet_hours = \"late\"", "must look like \"22:00-07:00\""),
            ("[policy]\ncap_day_minor = -1", "[policy] cap_day_minor: -1 is negative"),
            ("[home]\nlanguage = \"fr\"", "t.toml:2:"),
            ("[home\n", "t.toml:1:"),
            ("[tts]\nengine = \"espeak\"", "t.toml:2: unknown key \"engine\"; did you mean \"engines\"?"),
            ("[tts]\nengines = []", "[tts] engines: name at least one"),
            ("[tts]\nvoices = { fr = \"x.onnx\" }", "t.toml:2:"),
            ("[tts]\ncache_mib = 2000", "[tts] cache_mib: 2000 lies outside"),
            ("[shop]\nkey = \"nonsense\"", "[shop] key"),
        ];
        for (text, expected) in cases {
            let message = error(text);
            assert!(message.contains(expected), "{text:?} gave {message:?}");
        }
    }

    #[test]
    fn the_reference_is_a_valid_configuration_with_the_defaults() {
        let text = reference();
        assert_eq!(Config::parse(&text, Path::new("r.toml")).expect("the reference is valid"), Config::default());
    }

    #[test]
    fn the_packaged_reference_is_current() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/systemd/tendero.toml");
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(path, reference()).expect("the repository can be written");
        }
        let kept = std::fs::read_to_string(path).unwrap_or_default();
        assert_eq!(kept, reference(), "systemd/tendero.toml is out of date: UPDATE=1 cargo test packaged_reference");
    }
}
