use super::*;
#[cfg(feature = "espeak")]
use crate::{hear::source::rate, native::espeak::Espeak};

const NETWORK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/voices/statistics.onnx");

fn net() -> Net {
    Net::open(Path::new(NETWORK)).unwrap()
}

/// Sentences in one of the synthesiser's voices, at 16 kHz.
#[cfg(feature = "espeak")]
fn says(espeak: &Espeak, voice: &str, pitch: u32, sentences: &[&str]) -> Vec<Vec<i16>> {
    let say = |sentence: &&str| {
        let (rate_hz, samples) = espeak.synthesise(sentence, voice, 160, pitch).unwrap();
        rate::to_16k(&samples, rate_hz).unwrap()
    };
    sentences.iter().map(say).collect()
}

#[cfg(feature = "espeak")]
const ENROL: &[&str] = &[
    "hey tendero, the toothbrush heads ran out",
    "we are out of coffee, and there is little milk left",
    "please add washing powder to the list for saturday",
    "when does the order from last tuesday arrive",
];
#[cfg(feature = "espeak")]
const LATER: &[&str] = &["hey tendero, order two packs of dishwasher tablets", "order it, velvet, monkey, that is all"];

#[cfg(feature = "espeak")]
#[test]
fn who_is_enrolled_is_known_and_others_are_not() {
    let Ok(espeak) = Espeak::open().map_err(|why| eprintln!("left out: {why}")) else { return };
    let (net, mut book) = (net(), Book::default());
    book.enrol(" Ana ", &says(&espeak, "en-us+f5", 80, ENROL), &net, Some(1)).unwrap();
    book.enrol("Dan", &says(&espeak, "en-us+m3", 30, ENROL), &net, None).unwrap();
    let whose = |voice, pitch, sentence: &str| {
        let said = says(&espeak, voice, pitch, &[sentence]).remove(0);
        book.whose(net.sum(), &net.vector(&said).unwrap().unwrap())
    };
    for sentence in LATER {
        assert_eq!(whose("en-us+f5", 80, sentence).name.as_deref(), Some("Ana"), "{sentence}");
        assert_eq!(whose("en-us+m3", 30, sentence).name.as_deref(), Some("Dan"), "{sentence}");
        let stranger = whose("en-us+m7", 50, sentence);
        assert_eq!(stranger.name, None, "{sentence}: {stranger:?}");
    }
    // What was enrolled with another network is compared with nothing.
    let said = net.vector(&says(&espeak, "en-us+f5", 80, LATER)[0]).unwrap().unwrap();
    assert_eq!(book.whose("another", &said), Voice { name: None, similarity: None });
}

#[cfg(feature = "espeak")]
#[test]
fn what_says_nothing_of_a_voice_is_refused() {
    let Ok(espeak) = Espeak::open().map_err(|why| eprintln!("left out: {why}")) else { return };
    let (net, mut book) = (net(), Book::default());
    let good = says(&espeak, "en-us+f2", 60, ENROL);
    let mut refused = |name: &str, recordings: &[Vec<i16>], because: &str| {
        let why = book.enrol(name, recordings, &net, None).unwrap_err().to_string();
        assert!(why.contains(because), "{why}");
    };
    refused("Ana", &good[..2], "too few");
    refused("", &good, "is no name");
    refused("A\nna", &good, "is no name");
    refused("Ana", &[good[0].clone(), good[1].clone(), vec![0; 32_000]], "recording 3");
    assert_eq!(book.voices().count(), 0);
    assert_eq!(net.vector(&good[0][..8_000]).unwrap(), None, "half a second");
}

#[test]
fn the_file_is_the_owners_and_comes_back() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let file = path(dir.path());
    assert_eq!(Book::load(&file).unwrap(), Book::default());
    let vector = vec![0.6, -0.8];
    let voice = Enrolled {
        name: "Ana".into(),
        network: "sum".into(),
        vector: pack(&vector),
        at_least: 0.7,
        since_unix_ms: Some(1_795_000_000_000),
    };
    let book = Book { voices: vec![(voice, vector)] };
    book.save(&file).unwrap();
    assert_eq!(Book::load(&file).unwrap(), book);
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    for damaged in [
        "{",
        "<html>",
        r#"{"format":"x","version":1,"voices":[]}"#,
        r#"{"format":"tendero-voices","version":2,"voices":[]}"#,
    ] {
        std::fs::write(&file, damaged).unwrap();
        let why = Book::load(&file).unwrap_err().to_string();
        assert!(why.contains("voices.json") && why.contains("enrol them again"), "{why}");
    }
}

#[test]
fn the_most_alike_counts_and_only_if_alike_enough() {
    let voice = |name: &str, vector: Vec<f32>, at_least| {
        let enrolled =
            Enrolled { name: name.into(), network: "sum".into(), vector: pack(&vector), at_least, since_unix_ms: None };
        (enrolled, vector)
    };
    let book = Book { voices: vec![voice("Ana", vec![1.0, 0.0], 0.9), voice("Dan", vec![0.0, 1.0], 0.9)] };
    assert_eq!(book.whose("sum", &[0.96, 0.28]).name.as_deref(), Some("Ana"));
    assert_eq!(book.whose("sum", &[0.28, 0.96]).name.as_deref(), Some("Dan"));
    assert_eq!(book.whose("sum", &[0.8, 0.6]), Voice { name: None, similarity: Some(0.8) });
    assert_eq!(book.whose("sum", &[1.0]), Voice { name: None, similarity: None });
}

#[test]
fn another_file_is_no_network() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("net.onnx");
    let whole = std::fs::read(NETWORK).unwrap();
    for (bytes, because) in [
        (&b"<html>not found</html>"[..], "a web page"),
        (&whole[..whole.len() - 9], "only a part"),
        (include_bytes!("../../../../models/wake/hey_tendero.onnx"), "can't be used"),
    ] {
        std::fs::write(&file, bytes).unwrap();
        let why = format!("{:#}", Net::open(&file).err().unwrap());
        assert!(why.contains(because) && why.contains("[1, frames, 80]"), "{why}");
    }
    assert!(format!("{:#}", Net::open(Path::new("/nowhere.onnx")).err().unwrap()).contains("/nowhere.onnx"));
}
