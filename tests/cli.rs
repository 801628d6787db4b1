//! The program as a user meets it: the real binary, its exit status and its messages.

#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

#[path = "support/process.rs"]
mod process;
#[path = "support/rng.rs"]
mod support_rng;

use process::{Running, command_fed as tendero, program, stderr, text as stdout};
use std::path::Path;
use std::process::{Output, Stdio};

const CATALOG: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/demo/catalog.json");

/// One line on standard error that holds every one of `parts`, exit status 1, and no panic.
fn assert_fails_with(output: &Output, parts: &[&str]) {
    let message = stderr(output);
    assert_eq!(output.status.code(), Some(1), "{message}");
    assert!(!message.contains("panicked"), "{message}");
    assert_eq!(message.trim().lines().count(), 1, "one line, not: {message}");
    for part in parts {
        assert!(message.contains(part), "{part:?} is missing from: {message}");
    }
}

#[test]
fn parse_takes_one_utterance_from_the_command_line() {
    let output = tendero(&["parse", "--catalog", CATALOG, "--json", "order milk"], "order bread\n");
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(text.lines().count(), 1, "{text}");
    let parse: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&parse["text"], &parse["intent"]), (&"order milk".into(), &"reorder".into()));
}

#[test]
fn parse_answers_each_line_with_one_line_of_json() {
    let lines = "the toothbrush heads ran out\nalexa ordered me a dollhouse\nwhat a lovely day\n";
    let output = tendero(&["parse", "--catalog", CATALOG, "--lang", "en", "--json"], lines);
    assert!(output.status.success(), "{}", stderr(&output));
    let answers: Vec<serde_json::Value> =
        stdout(&output).lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect();
    assert_eq!(answers.len(), 3);
    assert_eq!(answers[0]["intent"], "reorder");
    assert_eq!(answers[0]["lines"][0]["sku"], "toothbrush-heads-4");
    assert_eq!(answers[0]["lines"][0]["qty"], 1);
    assert_eq!(answers[1]["intent"], "none");
    assert_eq!(answers[2]["intent"], "none");
}

#[test]
fn a_wrong_catalogue_is_named_with_product_and_field() {
    let good = std::fs::read_to_string(CATALOG).expect("the demo's catalogue is in the repository");
    let mut catalog: serde_json::Value = serde_json::from_str(&good).expect("it is JSON");
    let dir = tempfile::tempdir().expect("a temporary folder");
    let write = |name: &str, catalog: &serde_json::Value| {
        let path = dir.path().join(name);
        std::fs::write(&path, catalog.to_string()).expect("the folder can be written");
        path.to_str().expect("a plain path").to_owned()
    };
    catalog["products"][1]["unit_amount"] = (-1).into();
    let negative = write("negative.json", &catalog);
    catalog["products"][1]["unit_amount"] = 1.into();
    let sku = catalog["products"][0]["sku"].clone();
    catalog["products"][1]["sku"] = sku.clone();
    let twice = write("twice.json", &catalog);
    let page = dir.path().join("page.json");
    std::fs::write(&page, "<!doctype html><title>404</title>").expect("the folder can be written");
    let page = page.to_str().expect("a plain path");

    let run = |path: &str| tendero(&["parse", "--catalog", path, "--lang", "en", "--json"], "");
    assert_fails_with(&run(&negative), &["negative.json", "unit_amount is -1"]);
    assert_fails_with(&run(&twice), &["twice.json", sku.as_str().expect("text"), "twice"]);
    assert_fails_with(&run(page), &["page.json", "not valid JSON"]);
    assert_fails_with(&run("/nowhere.json"), &["/nowhere.json"]);

    let data = dir.path().join("shop");
    let shop = [
        "shop",
        "--catalog",
        &negative,
        "--broker",
        "mqtt://127.0.0.1:1",
        "--data-dir",
        data.to_str().expect("a plain path"),
    ];
    assert_fails_with(&tendero(&shop, ""), &["unit_amount is -1"]);
    assert!(!data.exists(), "a shop that can't start leaves nothing behind");
}

#[test]
fn a_running_shop_tells_the_journal_what_goes_wrong_in_plain_lines() {
    use std::io::{BufRead, BufReader};
    let dir = tempfile::tempdir().expect("a temporary folder");
    let data = dir.path().join("shop");
    let data = data.to_str().expect("a plain path");
    // Nobody listens at that port.
    let mut command = program();
    command
        .args(["shop", "--catalog", CATALOG, "--broker", "mqtt://127.0.0.1:1", "--data-dir", data])
        .env_remove("RUST_LOG")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut shop = Running(command.spawn().expect("the binary was built for this test"));
    let line = |pipe: &mut dyn BufRead| {
        let mut line = String::new();
        pipe.read_line(&mut line).expect("it writes text");
        line
    };
    let announced = line(&mut BufReader::new(shop.0.stdout.take().expect("it was piped")));
    let logged = line(&mut BufReader::new(shop.0.stderr.take().expect("it was piped")));
    drop(shop);
    assert!(announced.starts_with("shop "), "{announced}");
    assert!(logged.contains("WARN") && logged.contains("127.0.0.1:1"), "{logged}");
    assert!(!logged.contains('\x1b'), "no colours in a journal: {logged:?}");
}

#[test]
fn a_wrong_configuration_is_named_with_line_and_key() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = dir.path().join("tendero.toml");
    let path_text = path.to_str().expect("a plain path");
    std::fs::write(&path, "[home]\nname = \"casa\"\n\n[polcy]\ncurrency = \"EUR\"\n")
        .expect("the folder can be written");
    for args in [
        vec!["run", "--config", path_text],
        vec!["say", "--config", path_text, "milk"],
        vec!["config", "--check", path_text],
    ] {
        assert_fails_with(&tendero(&args, ""), &["tendero.toml:4:", "\"polcy\"", "did you mean \"policy\"?"]);
    }
    assert_fails_with(&tendero(&["run", "--config", "/nowhere.toml"], ""), &["/nowhere.toml", "tendero config"]);
}

#[test]
fn the_reference_configuration_is_accepted_as_it_is_printed() {
    let printed = tendero(&["config"], "");
    assert!(printed.status.success());
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = dir.path().join("tendero.toml");
    std::fs::write(&path, &printed.stdout).expect("the folder can be written");
    let checked = tendero(&["config", "--check", path.to_str().expect("a plain path")], "");
    assert!(checked.status.success(), "{}", stderr(&checked));
}

#[test]
fn clients_say_how_to_start_a_daemon_that_is_not_there() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = write_config(dir.path(), "");
    assert_fails_with(
        &tendero(&["say", "--config", &path, "milk"], ""),
        &["no daemon answers", "tendero run --config"],
    );
    assert_fails_with(&tendero(&["orders", "--config", &path, "list"], ""), &["no order book", "tendero run"]);
}

#[test]
fn wrong_arguments_have_their_own_status() {
    assert_eq!(tendero(&["dance"], "").status.code(), Some(2));
    assert_eq!(tendero(&["parse", "--lang", "xx"], "").status.code(), Some(2));
    assert_eq!(tendero(&["--version"], "").status.code(), Some(0));
}

#[test]
fn a_journal_that_is_none_is_refused() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = dir.path().join("journal");
    std::fs::write(&path, "hello\n").expect("the folder can be written");
    let path = path.to_str().expect("a plain path");
    assert_fails_with(&tendero(&["journal", "replay", path], ""), &["journal:1", "not the beginning of a journal"]);
}

/// A configuration whose state lies in `dir`, with `more` appended.
fn write_config(dir: &Path, more: &str) -> String {
    let text = format!(
        "[state]\ndir = \"{dir}/state\"\nsocket = \"{dir}/control.sock\"\n\n[microphone]\ndevice = \"off\"\n\n[speaker]\ndevice = \"off\"\n{more}",
        dir = dir.display()
    );
    let path = dir.join("tendero.toml");
    std::fs::write(&path, text).expect("the folder can be written");
    path.to_str().expect("a plain path").to_owned()
}

#[test]
fn output_that_nobody_reads_any_more_ends_it_quietly() {
    let mut child = program().arg("config").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let errors = child.wait_with_output().unwrap().stderr;
    assert!(errors.is_empty(), "{}", String::from_utf8_lossy(&errors));
}

/// A lexicon folder in `dir` with `text` as its English file.
fn write_lexicon(dir: &Path, text: &str) -> String {
    let folder = dir.join("lexicon");
    std::fs::create_dir_all(&folder).expect("the folder can be made");
    std::fs::write(folder.join("en.toml"), text).expect("the folder can be written");
    folder.to_str().expect("a plain path").to_owned()
}

#[test]
fn a_maker_teaches_an_idiom() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let text = "[[template]]\nname = \"order\"\nintent = \"reorder\"\nsay = [\"(fetch us hither|the larder cries for) {items}\"]\n";
    let folder = write_lexicon(dir.path(), text);
    let said = "the larder cries for coffee\ndon't order milk\n";
    let run = |more: &[&str]| {
        let output = tendero(&[&["parse", "--catalog", CATALOG, "--json"], more].concat(), said);
        assert!(output.status.success(), "{}", stderr(&output));
        stdout(&output)
            .lines()
            .map(|line| serde_json::from_str(line).expect("a line of JSON"))
            .collect::<Vec<serde_json::Value>>()
    };
    let (before, after) = (run(&[]), run(&["--lexicon", &folder]));
    assert_eq!(before[0]["intent"], "none");
    assert_eq!(after[0]["intent"], "reorder");
    assert_eq!(after[0]["template"], "order");
    assert_eq!(after[0]["lines"].as_array().expect("a list").len(), 1);
    assert_eq!(after[1], before[1]);
    let checked = tendero(&["lexicon", "check", &folder], "");
    assert_eq!(stdout(&checked), "en: 1 templates, 0 rules, 0 words, 0 sentences to listen for\n");
}

#[test]
fn a_wrong_lexicon_stops_every_command_that_uses_it_at_its_start() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let text = "[[template]]\nname = \"mine\"\nintent = \"reorder\"\nsay = [\"don't order {items}\"]\n";
    let folder = write_lexicon(dir.path(), text);
    let config = write_config(
        dir.path(),
        &format!("[shop]\ncatalog = \"{CATALOG}\"\n[understand]\nlexicon_dir = \"{folder}\"\n"),
    );
    let parts = ["lexicon/en.toml: template \"mine\"", "forbids an order", "leave those words out"];
    for args in [
        vec!["lexicon", "check", &folder],
        vec!["parse", "--catalog", CATALOG, "--lexicon", &folder],
        vec!["run", "--config", &config],
        vec!["config", "--check", &config],
    ] {
        assert_fails_with(&tendero(&args, "milk\n"), &parts);
    }
    std::fs::rename(dir.path().join("lexicon/en.toml"), dir.path().join("lexicon/fr.toml")).expect("renamed");
    assert_fails_with(&tendero(&["lexicon", "check", &folder], ""), &["fr.toml", "unknown language", "rename"]);
    assert_fails_with(&tendero(&["lexicon", "check", "/nowhere"], ""), &["/nowhere", "en.toml"]);
}

#[test]
fn the_built_in_lexicon_is_printed() {
    let shown = tendero(&["lexicon", "show", "ro"], "");
    assert!(shown.status.success() && stdout(&shown).contains("[[template]]"), "{}", stderr(&shown));
}

/// Two seconds of a tune, as a WAV file.
fn tune(path: &std::path::Path, seed: u64) {
    let mut rng = support_rng::Rng::new(seed);
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 16_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(path, spec).expect("the folder of the test can be written");
    for _ in 0..16 {
        let hz = rng.between(400, 3_000) as f32;
        for i in 0..2_000 {
            writer
                .write_sample(((hz * i as f32 / 16_000.0 * std::f32::consts::TAU).sin() * 9_000.0) as i16)
                .expect("a WAV file takes samples");
        }
    }
    writer.finalize().expect("a WAV file can be ended");
}

#[test]
fn fingerprints_are_registered_handed_out_and_taken_out() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    for home in ["shop", "home"] {
        std::fs::write(at(&format!("{home}.toml")), format!("[state]\ndir = \"{}\"\n", at(home))).unwrap();
    }
    let run = |home: &str, args: &[&str]| {
        let config = at(&format!("{home}.toml"));
        let out = tendero(&[&["fingerprints", "--config", &config], args].concat(), "");
        (out.status.code(), String::from_utf8(out.stdout).unwrap(), String::from_utf8(out.stderr).unwrap())
    };
    tune(std::path::Path::new(&at("a.wav")), 1);
    tune(std::path::Path::new(&at("b.wav")), 2);
    assert!(run("shop", &["list"]).1.contains("no recordings"));
    assert!(run("shop", &["add", "the coffee advert", &at("a.wav")]).1.contains("restart"));
    assert_eq!(run("shop", &["add", "the show", &at("b.wav")]).0, Some(0));
    let (code, _, why) = run("shop", &["add", "nothing", &at("missing.wav")]);
    assert!(code == Some(1) && why.contains("missing.wav"), "{why}");
    assert_eq!(
        run("shop", &["list", "--json"]).1.lines().collect::<Vec<_>>(),
        [r#"{"name":"the coffee advert","length_ms":2000}"#, r#"{"name":"the show","length_ms":2000}"#,]
    );
    std::fs::write(at("adverts.json"), run("shop", &["export", "the coffee advert"]).1).unwrap();
    assert!(run("home", &["import", &at("adverts.json")]).1.contains("1 registered"));
    assert!(run("home", &["list"]).1.contains("the coffee advert") && !run("home", &["list"]).1.contains("the show"));
    assert_eq!(run("home", &["export"]).1, std::fs::read_to_string(at("adverts.json")).unwrap());
    assert_eq!(run("home", &["remove", "the coffee advert"]).0, Some(0));
    let (code, _, why) = run("home", &["remove", "the coffee advert"]);
    assert!(code == Some(1) && why.contains("fingerprints list"), "{why}");
    std::fs::write(at("home/fingerprints.json"), "{").unwrap();
    let (code, _, why) = run("home", &["list"]);
    assert!(code == Some(1) && why.contains("move the file away"), "{why}");
}
