//! What no test with a real board can bring about: an unknown clock, a small disk, a library that ends its process.

use super::*;
use crate::daemon::status::{Doing, Status};
use crate::deliver::mqtt::Trouble;
use crate::understand::Lang;
use std::path::PathBuf;

fn shell() -> Shell {
    Shell { config: Some("t.toml".into()), sudo: true }
}

/// Mark, words, and words of the fix ("" is none).
fn judged(row: &Row, mark: Mark, says: &str, fix: &str) {
    let has = if fix.is_empty() { row.fix.is_none() } else { row.fix.as_ref().is_some_and(|f| f.contains(fix)) };
    assert!(row.mark == mark && row.says.contains(says) && has, "{mark:?} {says} {fix}: {row:?}");
}

#[test]
fn a_clock_that_nobody_set_stops_every_order() {
    let time = || Some("2026-11-23 04:57".to_owned());
    for (time, synchronised, mark, says, fix) in [
        (None, Some(false), Mark::Fault, "not known", "set-ntp true"),
        (time(), Some(false), Mark::Warning, "no time service", "set-ntp true"),
        (time(), Some(true), Mark::Well, "set by a time service", ""),
        (time(), None, Mark::Well, "does not say", ""),
    ] {
        judged(&clock(&ClockSeen { time, synchronised }), mark, says, fix);
    }
}

#[test]
fn a_board_is_judged_by_its_memory() {
    let board_of =
        |memory_mib, free_mib| Board { model: Some("Raspberry Pi 4".into()), cores: Some(4), memory_mib, free_mib };
    for (memory, free, mark, says) in [
        (Some(1_846), Some(1_500), Mark::Well, "Raspberry Pi 4, 4 cores, 1846 MiB of memory, 1500 MiB of it free"),
        (Some(1_846), Some(100), Mark::Warning, "100 MiB of it free"),
        (Some(230), Some(200), Mark::Warning, "230 MiB"),
        (None, None, Mark::Well, "Raspberry Pi 4, 4 cores"),
    ] {
        let [row] = &board(&board_of(memory, free))[..] else { panic!("one row") };
        assert!(row.mark == mark && row.says.contains(says), "{row:?}");
    }
    assert_eq!(board(&Board::default())[0].mark, Mark::Off);
}

fn folder(there: There) -> State {
    State { dir: "/var/lib/tendero".into(), there, uid: 1000, free_mib: Some(9_000), files: vec![] }
}

fn owned(owner: u32, mode: u32, writable: bool) -> There {
    There::Folder { owner, owner_name: "tendero".into(), mode, writable }
}

#[test]
fn the_state_folder_must_be_the_daemons_alone_and_have_room() {
    for (there, mark, says, fix) in [
        (owned(1000, 0o700, true), Mark::Well, "belongs to tendero, 9000 MiB free", ""),
        (owned(1000, 0o500, false), Mark::Fault, "can't be written by tendero", "chmod 700"),
        (owned(1000, 0o755, true), Mark::Warning, "looked into by everybody", "chmod 700"),
        (owned(990, 0o700, false), Mark::Warning, "this user can't see", "sudo tendero doctor"),
        (owned(1000, 0o700, false), Mark::Fault, "read-only", "remount"),
        (There::Missing { why_not: None }, Mark::Well, "is made at the first start", ""),
        (
            There::Missing { why_not: Some("no right".into()) },
            Mark::Fault,
            "(no right)",
            "install -d -m 700 -o tendero",
        ),
        (There::Not("it is no folder".into()), Mark::Fault, "it is no folder", "[state] dir"),
    ] {
        judged(&state(&folder(there))[0], mark, says, fix);
    }
    for (free, mark) in [(10, Mark::Fault), (100, Mark::Warning)] {
        let rows = state(&State { free_mib: Some(free), ..folder(owned(1000, 0o700, true)) });
        judged(&rows[1], mark, "MiB are free", "apt clean");
    }
}

#[test]
fn secrets_are_their_owners_and_what_root_left_behind_is_told() {
    let file = |path: &str, owner, mode| FileSeen { path: path.into(), owner, mode, secret: true };
    let key = "/var/lib/tendero/key";
    for (file, expected) in [
        (file(key, 1000, 0o600), None),
        (file(key, 1000, 0o640), Some((Mark::Fault, "orders could be signed", "chmod 600"))),
        (file(key, 0, 0o600), Some((Mark::Fault, "does not belong to tendero", "chown tendero:"))),
        // The folder is closed.
        (file("/var/lib/tendero/voices.json", 1000, 0o644), None),
        // As an administrator hands it to a service.
        (file("/etc/tendero/broker-password", 0, 0o640), None),
        (file("/etc/tendero/broker-password", 0, 0o644), Some((Mark::Warning, "everybody", "chmod o="))),
    ] {
        let rows = state(&State { files: vec![file.clone()], ..folder(owned(1000, 0o700, true)) });
        match (rows.get(1), expected) {
            (None, None) => {}
            (Some(row), Some((mark, says, fix))) => judged(row, mark, says, fix),
            (row, expected) => panic!("{file:?}: {row:?}, not {expected:?}"),
        }
    }
    let voices = file("/var/lib/tendero/voices.json", 1000, 0o644);
    let rows = state(&State { files: vec![voices], ..folder(owned(1000, 0o755, true)) });
    judged(&rows[1], Mark::Warning, "everybody", "chmod 600");
}

fn engine(name: &str, start: Option<Start>) -> EngineSeen {
    let known = Known { compiled: start.is_some(), feature: Some("vosk"), install: "get it".into() };
    EngineSeen { name: name.into(), known: Some(known), start, names: vec!["vosk", "pocketsphinx"] }
}

fn starts() -> Option<Start> {
    Some(Start::Starts { took_ms: 1_240, peak_mib: 61, did: "with the catalogue's 90 words".into() })
}

fn no_models() -> ModelsSeen {
    ModelsSeen { board_mb: Some(1024), models: vec![], writable: false }
}

#[test]
fn the_first_engine_that_starts_is_used_and_each_other_says_why_not() {
    let ends = Some(Start::Ends("it ended its process (signal: 6 (SIGABRT))".into()));
    let all = [
        EngineSeen { name: "whisperer".into(), known: None, start: None, names: vec!["vosk", "pocketsphinx"] },
        engine("vosk", None),
        engine("vosk", Some(Start::Fails("no library".into()))),
        engine("vosk", ends.clone()),
        engine("pocketsphinx", starts()),
        engine("vosk", starts()),
    ];
    let rows = engines::hearing(&all, Lang::En, &no_models(), &shell());
    for (row, (mark, says, fix)) in rows.iter().zip([
        (Mark::Warning, "no such engine; there are vosk, pocketsphinx", "[stt] engines"),
        (Mark::Warning, "this build is without it", "cargo build --release --locked --features vosk"),
        (Mark::Warning, "no library", "get it"),
        (Mark::Warning, "SIGABRT", "get it"),
        (Mark::Well, "pocketsphinx is used: starts in 1.2 s with the catalogue's 90 words, 61 MiB", ""),
        (Mark::Well, "vosk would start, too", ""),
    ]) {
        judged(row, mark, says, fix);
    }
    // None starts: each of them is what stops it.
    let none = engines::hearing(&[engine("vosk", ends)], Lang::En, &no_models(), &shell());
    judged(&none[0], Mark::Fault, "SIGABRT", "get it");
    // It starts, and it does not know the language.
    let deaf = engines::hearing(&[engine("pocketsphinx", starts())], Lang::Ro, &no_models(), &shell());
    judged(&deaf[1], Mark::Warning, "hears English", "no model of that language");
}

#[test]
fn a_model_that_is_missing_is_brought_by_name() {
    let vosk = ModelSeen {
        name: "vosk-small".into(),
        engine: "vosk".into(),
        state: models::State::Missing,
        note: String::new(),
        is_pulled: true,
    };
    let front = ModelSeen {
        name: "front".into(),
        engine: "openwakeword".into(),
        state: models::State::Installed,
        note: String::new(),
        is_pulled: false,
    };
    let seen = |vosk: ModelSeen| ModelsSeen { models: vec![front.clone(), vosk], ..no_models() };
    let mut config = Config::default();
    let row = |seen: &ModelsSeen, config: &Config| super::models(seen, config, true, &shell());
    judged(
        &row(&seen(vosk.clone()), &config),
        Mark::Well,
        "en and 1024 MB of memory there is also vosk-small",
        "models pull vosk-small",
    );
    config.stt.engines = vec!["vosk".into()];
    judged(
        &row(&seen(vosk.clone()), &config),
        Mark::Warning,
        "missing or damaged: vosk-small",
        "sudo tendero models pull vosk-small --config t.toml",
    );
    let damaged = seen(ModelSeen { state: models::State::Damaged, ..vosk.clone() });
    judged(
        &row(&damaged, &config),
        Mark::Warning,
        "vosk-small",
        "models remove vosk-small --config t.toml && sudo tendero models pull",
    );
    let there = seen(ModelSeen { state: models::State::Installed, ..vosk });
    judged(&row(&there, &config), Mark::Well, "all that are recommended", "");
    judged(&super::models(&there, &config, false, &shell()), Mark::Off, "microphone is off", "");
    let why = "no vosk model for \"en\" is in /models; `tendero models list` names them";
    let rows = engines::hearing(&[engine("vosk", Some(Start::Fails(why.into())))], Lang::En, &damaged, &shell());
    judged(&rows[0], Mark::Fault, why, "models pull vosk-small");
}

#[test]
fn a_broker_that_does_not_let_us_in_is_mended_where_the_fault_is() {
    let url = || "mqtts://broker:8883".to_owned();
    let mut config = Config::default();
    config.broker.url = url();
    let clock = ClockSeen { time: Some("2026-11-23".into()), synchronised: Some(true) };
    let unset = ClockSeen { time: None, ..clock.clone() };
    let unreachable = Trouble::Unreachable { url: url(), why: "Connection refused".into() };
    let tls = Trouble::Tls { why: "expired".into() };
    for (trouble, clock, says, fix) in [
        (unreachable, &clock, "Connection refused", "nc -vz broker 8883"),
        (tls.clone(), &clock, "expired", "[broker] ca_file"),
        (tls, &unset, "expired", "set the clock first"),
        (Trouble::Password { url: url(), user: "casa".into() }, &clock, "refused user", "password_file (none is set)"),
        (Trouble::Subscription { filters: "x".into(), why: "no".into() }, &clock, "does not grant", "broker-config"),
    ] {
        let row = shop::broker(&BrokerSeen::Trouble(trouble), &config, clock);
        judged(&row, Mark::Fault, says, fix);
        assert!(!row.says.contains("trying again"), "{row:?}");
    }
    let answers = |shop| shop::broker(&BrokerSeen::Answers { took_ms: 40, shop }, &config, &clock);
    judged(&answers(Some(true)), Mark::Well, "over TLS, after 40 ms; barrio is there", "");
    judged(&answers(Some(false)), Mark::Warning, "is away", "tendero-shop");
    judged(&answers(None), Mark::Warning, "no word of barrio", "shop key");
    judged(&shop::broker(&BrokerSeen::Silent(5), &config, &clock), Mark::Fault, "within 5 s", "nc -vz");
    assert_eq!(shop::broker(&BrokerSeen::NotAsked, &config, &clock).mark, Mark::Off);
}

fn book(pin: bool, wrong_pins: u32, dead: usize) -> Book {
    let store = BookState::Read { wrong_pins, orders: 5, held: 1, waiting: 2, dead };
    Book { pin: Ok(pin), store, journal_mib: Some(3) }
}

#[test]
fn pins_and_orders() {
    let config = Config::default();
    for (seen, mark, says, fix) in [
        (book(false, 0, 0), Mark::Warning, "none is set", "sudo tendero pin set --config t.toml"),
        (book(true, 3, 0), Mark::Warning, "locked, after 3 wrong ones", "button"),
        (book(true, 2, 0), Mark::Well, "2 wrong since", ""),
        (book(true, 0, 0), Mark::Well, "set", ""),
    ] {
        judged(&shop::pin(&seen, &config, &shell()), mark, says, fix);
    }
    let orders = |seen: &Book| shop::orders(seen, &config, &shell());
    judged(&orders(&book(true, 0, 0))[0], Mark::Well, "5 in the book; 1 wait for the household, 2 for the shop", "");
    judged(&orders(&book(true, 0, 1))[0], Mark::Warning, "1 are over without an answer", "orders list");
    let grown = Book { journal_mib: Some(40), ..book(true, 0, 0) };
    judged(&orders(&grown)[1], Mark::Warning, "40 MiB, and 8 are allowed", "restart");
    let damaged = Book { store: BookState::Trouble("damaged".into()), ..grown };
    judged(&orders(&damaged)[0], Mark::Fault, "damaged", "backup");
}

#[test]
fn what_is_unsafe_in_the_policy_is_named_and_fails_nothing() {
    assert_eq!(shop::policy(&Config::default())[0].mark, Mark::Well);
    let changed = |change: &dyn Fn(&mut Config)| {
        let mut config = Config::default();
        change(&mut config);
        shop::policy(&config)
    };
    type Change<'a> = &'a dyn Fn(&mut Config);
    let cases: [(Change<'_>, &str); 9] = [
        (&|c| c.policy.random_words = false, "an advert"),
        (&|c| c.playback.refuse_replays = false, "a recording"),
        (&|c| c.wake.threshold = 0.3, "little likeness"),
        (&|c| c.policy.hold_minutes = 0, "thought over"),
        (&|c| c.policy.hard_cap_minor = 1, "hard_cap_minor"),
        (&|c| c.policy.max_orders_day = 0, "no order is let through"),
        (&|c| c.text.open = true, "whoever may write"),
        (&|c| c.broker.url = "mqtt://shop.example".into(), "without TLS"),
        (&|c| c.policy.unknown_voice = crate::decide::policy::UnknownVoice::Adult, "voices"),
    ];
    for (change, says) in cases {
        let rows = changed(change);
        assert!(rows.len() == 1 && rows[0].mark == Mark::Warning && rows[0].says.contains(says), "{rows:?}");
    }
    // Who hears nothing need not fear what is said.
    let deaf = changed(&|c| {
        c.microphone.device = "off".into();
        c.policy.random_words = false;
    });
    assert_eq!(deaf[0].mark, Mark::Well);
}

#[test]
fn a_device_says_what_is_wrong_with_its_microphone() {
    let config = Config::default();
    let row = |device: DeviceSeen, muted| sound::microphone(&config, &MicrophoneSeen { device, muted }, &shell());
    let card = |opened| DeviceSeen::Card { name: "USB".into(), format: Some("48000 Hz, 1 channels".into()), opened };
    let held = DeviceSeen::Card { name: "USB".into(), format: None, opened: None };
    judged(&row(held, None), Mark::Well, "in use by another program", "");
    let muted = Some(crate::daemon::mute::By::Hand);
    judged(&row(card(None), None), Mark::Well, "USB: 48000 Hz, 1 channels; --sound tries it", "");
    judged(&row(card(Some(Ok("it gives sound".into()))), None), Mark::Well, "it gives sound", "");
    judged(&row(card(Some(Err("busy".into()))), None), Mark::Fault, "busy", "tendero audio test --config t.toml");
    judged(&row(card(None), muted), Mark::Warning, "muted", "mute off");
    judged(&row(DeviceSeen::Not("there is no microphone".into()), None), Mark::Fault, "there is no", "audio list");
    judged(&row(DeviceSeen::Off, None), Mark::Off, "text only", "");
    judged(&row(DeviceSeen::Recording(PathBuf::from("a.wav")), None), Mark::Well, "a.wav", "");
    let status = |microphone| Status { doing: Doing::Resting, muted: false, microphone };
    judged(&daemon(&DaemonSeen::Runs(status(Microphone::Lost)), &shell()), Mark::Warning, "gone", "audio list");
    judged(
        &daemon(&DaemonSeen::Runs(status(Microphone::On)), &shell()),
        Mark::Well,
        "runs, resting, microphone on",
        "",
    );
    judged(&daemon(&DaemonSeen::Silent, &shell()), Mark::Warning, "does not run", "systemctl enable");
    judged(&daemon(&DaemonSeen::Trouble("late".into()), &shell()), Mark::Fault, "late", "restart");
}
