//! Pairing at the desk: who may use a code, how often, and what becomes of whoever was there before.

use super::*;
use crate::deliver::pairing::{Answer, From, Request, Secret};
use crate::deliver::topic;
use crate::shop::book::pairing::Pairing;

const MINUTE_MS: i64 = 60_000;

impl Bench {
    /// A code for the home, good from now on for so many minutes.
    fn code(&mut self, home: &str, minutes: i64, replaces: bool) -> Secret {
        let secret = Secret::random().unwrap();
        let pairing = Pairing {
            secret: secret.clone(),
            home: home.into(),
            url: "mqtts://broker:8883".into(),
            ca: None,
            replaces,
            expires_unix_ms: self.now() + minutes * MINUTE_MS,
            used_by: None,
        };
        self.desk.book.give_out(&pairing, "a password").unwrap();
        secret
    }

    /// What the desk answers a device that comes with a code.
    fn come(&mut self, secret: &Secret, device: &str, keys: &Keys) -> (Option<Answer>, Vec<ShopEvent>) {
        let topic = topic::pair_up(&secret.id());
        let payload = secret.seal(From::Device, &topic, &Request::new(secret, device, keys)).unwrap();
        let done = self.desk.handle(&topic, &payload, false).unwrap();
        let down = topic::pair_down(&secret.id());
        let answer = done.say.first().map(|say| {
            assert_eq!(say.topic, down);
            secret.open(From::Shop, &down, &say.bytes).unwrap()
        });
        (answer, done.events)
    }
}

fn code_of(answer: Option<Answer>) -> String {
    match answer {
        Some(Answer::Refused { code }) => code,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_code_pairs_one_device_and_says_the_same_to_it_again() {
    let mut bench = Bench::new();
    let secret = bench.code("villa", 15, false);
    let (ours, theirs) = (Keys::from_seed(&[8; 32]), Keys::from_seed(&[9; 32]));
    let (first, events) = bench.come(&secret, "bath", &ours);
    let Some(Answer::Paired(paired)) = first.clone() else { panic!("{first:?}") };
    assert_eq!((paired.shop.as_str(), paired.home.as_str(), paired.device.as_str()), ("corner", "villa", "bath"));
    assert_eq!(paired.key, bench.desk.keys.public().to_string());
    assert_eq!((paired.broker.url.as_str(), paired.broker.password.as_str()), ("mqtts://broker:8883", "a password"));
    assert_eq!(events, [ShopEvent::Paired { home: "villa".into(), device: "bath".into() }]);
    let route = Route::new("villa", "bath", "corner").unwrap();
    assert_eq!(bench.desk.book.pins_of(&route).unwrap(), Some(ours.public().into()));
    // Its answer was lost.
    assert_eq!(bench.come(&secret, "bath", &ours), (first, vec![]));
    // Somebody who saw the code.
    assert_eq!(code_of(bench.come(&secret, "bath", &theirs).0), "used");
    assert_eq!(code_of(bench.come(&secret, "bedroom", &ours).0), "used");
    assert_eq!(bench.desk.book.pins_of(&route).unwrap(), Some(ours.public().into()));
}

#[test]
fn the_password_at_the_broker_is_the_homes() {
    let mut bench = Bench::new();
    let (first, second) = (bench.code("villa", 15, false), bench.code("villa", 15, false));
    let Some(Answer::Paired(bath)) = bench.come(&first, "bath", &Keys::from_seed(&[8; 32])).0 else { panic!() };
    let Some(Answer::Paired(bedroom)) = bench.come(&second, "bedroom", &Keys::from_seed(&[9; 32])).0 else { panic!() };
    assert_eq!(bath.broker.password, bedroom.broker.password);
    assert_eq!(bench.desk.book.open_pairings(bench.now()).unwrap(), Vec::<String>::new());
}

#[test]
fn what_does_not_pair() {
    let mut bench = Bench::new();
    let keys = Keys::from_seed(&[8; 32]);
    let over = bench.code("villa", 0, false);
    assert_eq!(code_of(bench.come(&over, "bath", &keys).0), "expired");
    let open = bench.code("villa", 15, false);
    assert_eq!(code_of(bench.come(&open, "a/b", &keys).0), "bad_name");
    // A key that is not the device's own.
    let topic = topic::pair_up(&open.id());
    let other = Keys::from_seed(&[9; 32]).public().to_string();
    let stolen = Request { key: other, ..Request::new(&open, "bath", &keys) };
    let payload = open.seal(From::Device, &topic, &stolen).unwrap();
    let done = bench.desk.handle(&topic, &payload, false).unwrap();
    assert_eq!(code_of(open.open(From::Shop, &topic::pair_down(&open.id()), &done.say[0].bytes)), "bad_key");
    // Neither a secret of its own, nor a retained message, nor another's message get any answer.
    assert_eq!(bench.come(&Secret::random().unwrap(), "bath", &keys).0, None);
    let payload = open.seal(From::Device, &topic, &Request::new(&open, "bath", &keys)).unwrap();
    assert!(bench.desk.handle(&topic, &payload, true).unwrap().say.is_empty());
    let elsewhere = topic::pair_up(&over.id());
    assert!(bench.desk.handle(&elsewhere, &payload, false).unwrap().say.is_empty());
    assert!(bench.desk.handle(&topic, b"{}", false).unwrap().say.is_empty());
    assert!(bench.desk.book.devices().unwrap().iter().all(|device| device.home == "casa"));
    // After all that the code is still good.
    assert!(matches!(bench.come(&open, "bath", &keys).0, Some(Answer::Paired(_))));
}

#[test]
fn a_device_gives_way_only_where_the_shop_said_so() {
    let mut bench = Bench::new();
    let keys = Keys::from_seed(&[8; 32]);
    let secret = bench.code("casa", 15, false);
    assert_eq!(code_of(bench.come(&secret, "kitchen", &keys).0), "device_taken");
    let old = bench.request(&[("heads", 1)]);
    assert!(bench.send(&old).say[0].topic.ends_with("/down/quote"));
    // The same device with the same key is no other.
    let same = bench.device.clone();
    assert!(matches!(bench.come(&secret, "kitchen", &same).0, Some(Answer::Paired(_))));
    let secret = bench.code("casa", 15, true);
    assert!(matches!(bench.come(&secret, "kitchen", &keys).0, Some(Answer::Paired(_))));
    // The old one's signature counts no longer, and the new one's does.
    assert!(bench.send(&old).say.is_empty());
    bench.device = keys;
    assert!(bench.send(&old).say[0].topic.ends_with("/down/quote"));
}

#[test]
fn a_device_that_was_revoked_is_a_stranger() {
    let mut bench = Bench::new();
    assert!(bench.desk.book.revoke("casa", "kitchen").unwrap());
    assert!(!bench.desk.book.revoke("casa", "kitchen").unwrap());
    let request = bench.request(&[("heads", 1)]);
    let done = bench.send(&request);
    assert_eq!(bench.said::<QuoteRefused>(&done).unwrap().data.code, "not_paired");
}

super::all![
    a_code_pairs_one_device_and_says_the_same_to_it_again,
    the_password_at_the_broker_is_the_homes,
    what_does_not_pair,
    a_device_gives_way_only_where_the_shop_said_so,
    a_device_that_was_revoked_is_a_stranger
];
