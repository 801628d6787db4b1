use super::*;
use proptest::prelude::*;

const NOW: i64 = 1_790_000_000_000;

fn keys() -> Keys {
    Keys::from_seed(&[9; 32])
}

fn cancel() -> Cancel {
    Cancel { aud: "t/up/cancel".into(), order_id: "0".repeat(32), reason_code: "household".into() }
}

fn sealed() -> Vec<u8> {
    seal(&cancel(), "home/casa/kitchen", &keys(), NOW, 60_000).unwrap()
}

/// The sealed cancel with one change, signed again by `by`.
fn resigned(by: &Keys, change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let mut value: Value = serde_json::from_slice(&sealed()).unwrap();
    value.as_object_mut().unwrap().remove("sig");
    signed_again(&value, by, change).into_bytes()
}

fn signed_again(unsigned: &Value, by: &Keys, change: impl FnOnce(&mut Value)) -> String {
    let mut value = unsigned.clone();
    change(&mut value);
    String::from_utf8(sign_value(value, by).unwrap()).unwrap()
}

fn open_cancel(bytes: &[u8]) -> Result<Opened<Cancel>, Distrust> {
    open(bytes, "t/up/cancel", &keys().public(), NOW + 1)
}

#[test]
fn what_was_sealed_opens_and_its_hash_is_that_of_its_data() {
    let opened = open_cancel(&sealed()).unwrap();
    assert_eq!(opened.data, cancel());
    assert_eq!(opened.hash, hash_of(&cancel()).unwrap());
    assert_eq!(Some(opened.hash), hash_of_sealed(&sealed()));
    assert_eq!(opened.expires_unix_ms, NOW + 60_000);
}

#[test]
fn each_way_to_be_wrong_has_its_own_answer() {
    let mine = keys();
    let other = Keys::from_seed(&[1; 32]);
    type Check = fn(&Distrust) -> bool;
    let cases: Vec<(&str, Vec<u8>, Check)> = vec![
        ("empty", vec![], |d| matches!(d, Distrust::Shape(_))),
        ("array", b"[1]".to_vec(), |d| matches!(d, Distrust::Shape(_))),
        ("deep", b"[".repeat(200_000), |d| matches!(d, Distrust::Shape(_))),
        ("large", vec![b' '; MAX_BYTES + 1], |d| matches!(d, Distrust::TooLarge { .. })),
        ("unsigned", b"{\"specversion\":\"1.0\"}".to_vec(), |d| matches!(d, Distrust::Signature(_))),
        ("other key", resigned(&other, |_| {}), |d| matches!(d, Distrust::OtherKey { .. })),
        ("other kind", resigned(&mine, |v| v["type"] = "tendero.v1.order".into()), |d| {
            matches!(d, Distrust::Kind { .. })
        }),
        ("old version", resigned(&mine, |v| v["specversion"] = "0.3".into()), |d| matches!(d, Distrust::Shape(_))),
        ("expired", resigned(&mine, |v| v["expirytime"] = "2026-01-01T00:00:00Z".into()), |d| {
            matches!(d, Distrust::Expired { .. })
        }),
        ("no expiry", resigned(&mine, |v| v["expirytime"] = Value::Null), |d| matches!(d, Distrust::Shape(_))),
        ("other audience", resigned(&mine, |v| v["data"]["aud"] = "t/up/order".into()), |d| {
            matches!(d, Distrust::Audience { .. })
        }),
        ("no data", resigned(&mine, |v| v["data"] = Value::Null), |d| matches!(d, Distrust::Shape(_))),
    ];
    for (name, bytes, is_right) in cases {
        let distrust = open_cancel(&bytes).expect_err(name);
        assert!(is_right(&distrust), "{name}: {distrust}");
    }
}

#[test]
fn a_nonce_must_be_there_and_numbers_must_mean_one_thing() {
    let text = String::from_utf8(sealed()).unwrap();
    // 2^53 + 1 has the canonical form of 2^53: it must not pass even before the signature is checked.
    for number in ["9007199254740993", "1.5", "1e2", "-0.0", "123456789012345678901234567890"] {
        let bytes = text.replace("\"reason_code\"", &format!("\"n\":{number},\"reason_code\""));
        assert!(matches!(open_cancel(bytes.as_bytes()), Err(Distrust::Shape(_))), "{number}");
    }
    let key = keys();
    let mut quote = body_quote();
    quote.nonce = "short".into();
    let bytes = seal(&quote, "shop/corner", &key, NOW, 1000).unwrap();
    assert_eq!(open::<Quote>(&bytes, "t/down/quote", &key.public(), NOW), Err(Distrust::Nonce));
}

fn body_quote() -> Quote {
    Quote {
        aud: "t/down/quote".into(),
        quote_id: "q".into(),
        request_id: "r".into(),
        nonce: "a".repeat(32),
        valid_s: 900,
        currency: "EUR".into(),
        lines: vec![QuoteLine {
            sku: "heads".into(),
            gtin: None,
            title: "Heads".into(),
            pack: None,
            qty: 2,
            unit_amount: 1_299,
            total: 2_598,
            options: Default::default(),
            last_paid: None,
        }],
        totals: Totals { goods: 2_598, discount: 0, delivery: 390, total: 2_988 },
        delivery: Delivery { earliest: Moment::new(NOW), latest: Moment::new(NOW), amount: 390 },
        seller: "Corner".into(),
        withdrawal_days: 14,
        recurring: false,
        because: None,
        surge: None,
        payment: None,
        discount: None,
        coupon_refused: None,
    }
}

#[test]
fn a_quote_that_does_not_add_up_is_refused() {
    assert_eq!(body_quote().check(), Ok(()));
    type Spoil = fn(&mut Quote);
    let cases: Vec<(Spoil, BadQuote)> = vec![
        (|q| q.totals.total += 1, BadQuote::Total),
        (|q| q.totals.goods -= 1, BadQuote::Total),
        (|q| q.delivery.amount = -390, BadQuote::Total),
        (|q| q.lines[0].total += 1, BadQuote::LineTotal(1)),
        (|q| q.lines[0].qty = 0, BadQuote::Line(1)),
        (|q| q.lines[0].unit_amount = -1, BadQuote::Line(1)),
        (|q| (q.lines[0].unit_amount, q.lines[0].qty) = (i64::MAX, u32::MAX), BadQuote::Line(1)),
        (
            |q| (q.lines[0].unit_amount, q.lines[0].qty, q.lines[0].total) = (MAX_TOTAL_TEST, 2, 2 * MAX_TOTAL_TEST),
            BadQuote::Total,
        ),
        (|q| q.lines.clear(), BadQuote::Lines),
        (|q| q.valid_s = 0, BadQuote::Validity),
        (|q| q.delivery.latest.unix_ms -= 1, BadQuote::Delivery),
    ];
    for (spoil, expected) in cases {
        let mut quote = body_quote();
        spoil(&mut quote);
        assert_eq!(quote.check(), Err(expected));
    }
}

const MAX_TOTAL_TEST: i64 = 1_000_000_000_000;

proptest! {
    /// Whatever byte is changed: it is refused, or it is still exactly what was signed.
    #[test]
    fn a_changed_byte_never_changes_what_is_believed(at in 0usize..600, to in any::<u8>()) {
        let mut bytes = sealed();
        let at = at % bytes.len();
        bytes[at] = to;
        if let Ok(opened) = open_cancel(&bytes) {
            prop_assert_eq!(opened.data, cancel());
        }
    }

    #[test]
    fn noise_is_refused_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        prop_assert!(open_cancel(&bytes).is_err());
    }

    /// Text of any kind survives signing, and JSON that is only written differently still opens.
    #[test]
    fn any_text_survives(code in "\\PC*", pretty in any::<bool>()) {
        let body = Cancel { reason_code: code, ..cancel() };
        let mut bytes = seal(&body, "home/casa/kitchen", &keys(), NOW, 1000).unwrap();
        if pretty {
            let value: Value = serde_json::from_slice(&bytes).unwrap();
            bytes = serde_json::to_vec_pretty(&value).unwrap();
        }
        prop_assert_eq!(open_cancel(&bytes).unwrap().data, body);
    }
}

/// Fixed input and output for other languages; `UPDATE=1 cargo test --lib known_answers` writes them anew.
#[test]
fn known_answers() {
    let keys = keys();
    let unsigned = serde_json::json!({
        "specversion": "1.0",
        "id": "7d2f4a3e-5b6c-4d8e-9f01-23456789abcd",
        "source": "home/casa/kitchen",
        "type": type_of(Cancel::KIND),
        "time": rfc3339(NOW).unwrap(),
        "expirytime": rfc3339(NOW + 60_000).unwrap(),
        "datacontenttype": "application/json",
        "data": Cancel { reason_code: "ñ \"€\" 😀 \u{7}".into(), ..cancel() },
    });
    let canonical_text = String::from_utf8(canonical(&unsigned).unwrap()).unwrap();
    let signed = String::from_utf8(sign_value(unsigned.clone(), &keys).unwrap()).unwrap();
    let sig = serde_json::from_str::<Value>(&signed).unwrap()["sig"].as_str().unwrap().to_owned();
    let header = String::from_utf8(base64_url(sig.split("..").next().unwrap())).unwrap();
    let vectors = serde_json::json!({
        "about": "Ed25519 is deterministic: the same seed and message give the same signature.",
        "seed_hex": "09".repeat(32),
        "public_key": keys.public().to_string(),
        "topic": "t/up/cancel",
        "unsigned": unsigned,
        "canonical": canonical_text,
        "jws_header": header,
        "signing_input": format!("{}.{canonical_text}", sig.split("..").next().unwrap()),
        "message": signed,
        "data_sha256": hash_of_sealed(signed.as_bytes()),
        "checked_at": rfc3339(NOW + 1).unwrap(),
        "refused": [
            {"why": "a changed amount of data", "message": signed.replace("000000", "000001")},
            {"why": "a number that two parsers read differently", "message": signed.replace("\"reason_code\"", "\"n\":9007199254740993,\"reason_code\"")},
            {"why": "rightly signed, by a key that is not pinned", "message": signed_again(&unsigned, &Keys::from_seed(&[1; 32]), |_| {})},
            {"why": "its time is over", "message": signed_again(&unsigned, &keys, |v| v["expirytime"] = rfc3339(NOW).unwrap().into())},
            {"why": "meant for another topic", "message": signed_again(&unsigned, &keys, |v| v["data"]["aud"] = "t/up/order".into())},
            {"why": "of another kind", "message": signed_again(&unsigned, &keys, |v| v["type"] = "tendero.v1.order".into())},
        ],
    });
    let opened = open_cancel(signed.as_bytes()).unwrap();
    assert_eq!(opened.data.reason_code, "ñ \"€\" 😀 \u{7}");
    for refused in vectors["refused"].as_array().unwrap() {
        assert!(open_cancel(refused["message"].as_str().unwrap().as_bytes()).is_err(), "{}", refused["why"]);
    }
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("protocol/vectors/envelope.json");
    let text = serde_json::to_string_pretty(&vectors).unwrap() + "\n";
    if std::env::var_os("UPDATE").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &text).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == text,
        "protocol/vectors/envelope.json is out of date; run: UPDATE=1 cargo test --lib known_answers"
    );
}

fn base64_url(text: &str) -> Vec<u8> {
    use base64::Engine;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text).unwrap()
}
