//! Consent and news at the desk: kept once, told once a home, to who agreed or bought, and to nobody after a withdrawal.

use super::*;
use crate::shop::desk::news::{Audience, CanNot, MAX_A_DAY, Telling, Told, tell};
use crate::understand::intent::NewsKind;

const DAY_MS: i64 = 86_400_000;

impl Bench {
    fn agrees(&mut self, device: &str, id: u8, rev: u64, kinds: &[NewsKind]) -> Done {
        let route = self.speaker(device);
        let body = Consent {
            aud: route.up(Consent::KIND),
            consent_id: format!("{id:02x}").repeat(16),
            rev,
            kinds: kinds.to_vec(),
            at: None,
        };
        self.send(&body)
    }

    /// A speaker of the home; each has the same key here.
    fn speaker(&mut self, device: &str) -> Route {
        let key = self.device.public();
        self.desk.book.trust("casa", device, &key).unwrap();
        Route::new("casa", device, "corner").unwrap()
    }

    /// The shop ran once on this book.
    fn open_shop(&mut self) {
        let catalog = serde_json::to_string(&self.desk.catalog).unwrap();
        let terms = serde_json::to_string(&self.desk.terms).unwrap();
        self.desk.book.lay_out(&catalog, &terms, "Corner").unwrap();
    }

    fn tells(&mut self, telling: &Telling) -> Result<Told, CanNot> {
        let now = self.now();
        tell(&mut self.desk.book, &self.desk.keys, telling, now)
    }

    /// Device and news of everything that the shop is about to say, which it then has said.
    fn sent(&mut self) -> Vec<(String, News)> {
        let outgoing = self.desk.book.outgoing().unwrap();
        let ids: Vec<i64> = outgoing.iter().map(|(id, ..)| *id).collect();
        self.desk.book.said(&ids).unwrap();
        let key = self.desk.keys.public();
        let open = |topic: &str, bytes: &[u8]| open::<News>(bytes, topic, &key, self.now()).ok();
        outgoing
            .iter()
            .filter_map(|(_, topic, bytes)| {
                let device = topic.split('/').nth(4).unwrap().to_owned();
                Some((device, open(topic, bytes)?.data))
            })
            .collect()
    }
}

fn telling(id: u8, kind: NewsKind) -> Telling {
    Telling {
        news_id: format!("{id:02x}").repeat(16),
        kind,
        texts: [(Lang::En, "Heads cost less this week".to_owned())].into(),
        sku: Some("heads".into()),
        to: Audience::Agreed,
        life_ms: DAY_MS,
    }
}

#[test]
fn the_newest_consent_counts_and_each_is_acknowledged() {
    let mut bench = Bench::new();
    let kinds = |bench: &Bench| bench.desk.book.consents().unwrap().first().map(|consent| consent.kinds.clone());
    for (rev, named, acked, kept) in [
        (7, &[NewsKind::Offer, NewsKind::News][..], 7, "news offer"),
        (7, &[][..], 7, "news offer"),
        (6, &[NewsKind::Recall][..], 7, "news offer"),
        (9, &[NewsKind::Recall][..], 9, "recall"),
        (10, &[][..], 10, ""),
    ] {
        let done = bench.agrees("kitchen", 1, rev, named);
        assert_eq!(bench.said::<ConsentAck>(&done).unwrap().data.rev, acked);
        assert_eq!(kinds(&bench).as_deref(), Some(kept), "{rev}");
    }
    // Not by a stranger, and not without a number.
    let body = Consent {
        aud: bench.route.up(Consent::KIND),
        consent_id: "ab".repeat(16),
        rev: 99,
        kinds: vec![NewsKind::Offer],
        at: None,
    };
    let bytes = seal(&body, "home/casa/kitchen", &Keys::from_seed(&[9; 32]), bench.now(), 3_600_000).unwrap();
    assert!(bench.desk.handle(&body.aud, &bytes, false).unwrap().say.is_empty());
    assert!(bench.send(&Consent { consent_id: "short".into(), ..body }).say.is_empty());
    assert_eq!(kinds(&bench).as_deref(), Some(""));
    // A speaker that is not trusted any more agrees to nothing.
    bench.agrees("kitchen", 1, 11, &[NewsKind::Offer]);
    assert!(bench.desk.book.revoke("casa", "kitchen").unwrap());
    assert_eq!(kinds(&bench), None);
}

#[test]
fn who_agreed_is_told_once_with_the_reason() {
    let mut bench = Bench::new();
    let offer = telling(1, NewsKind::Offer);
    assert!(matches!(bench.tells(&offer), Err(CanNot::NotLaidOut)));
    bench.open_shop();
    assert_eq!(bench.tells(&offer).unwrap(), Told::default(), "nobody agreed");
    bench.agrees("kitchen", 1, 1, &[NewsKind::Offer]);
    bench.agrees("bedroom", 2, 2, &[NewsKind::Offer]);
    assert_eq!(bench.tells(&offer).unwrap(), Told { told: 1, ..Told::default() });
    let sent = bench.sent();
    let (device, news) = &sent[0];
    assert_eq!((sent.len(), device.as_str()), (1, "bedroom"), "once a home, where it was agreed to last");
    assert_eq!((news.because.clone(), news.consent_id.clone()), (NewsBecause::AskedFor, Some("02".repeat(16))));
    assert_eq!(bench.tells(&offer).unwrap(), Told { known: 1, ..Told::default() });
    let other = Telling { sku: None, ..offer };
    assert!(matches!(bench.tells(&other), Err(CanNot::OtherContent(_))));
    // Who bought it hears that; who did not is left out where it is for buyers.
    let bought = Telling { to: Audience::Bought("heads".into()), ..telling(2, NewsKind::Offer) };
    assert_eq!(bench.tells(&bought).unwrap(), Told::default());
    let order = bench.order(1);
    assert_eq!(code(&bench.receipt(&order)), "accepted");
    assert_eq!(bench.tells(&bought).unwrap().told, 1);
    let sent = bench.sent();
    assert!(matches!(&sent[0].1.because, NewsBecause::BoughtBefore { sku, .. } if sku == "heads"), "{sent:?}");
    assert_eq!(bench.tells(&telling(3, NewsKind::Recipe)).unwrap(), Told::default(), "another kind");
    // Enough for a day; tomorrow the rest.
    assert_eq!(MAX_A_DAY, 3);
    assert_eq!(bench.tells(&telling(4, NewsKind::Offer)).unwrap().told, 1);
    let long = Telling { life_ms: 7 * DAY_MS, ..telling(5, NewsKind::Offer) };
    assert_eq!(bench.tells(&long).unwrap(), Told { enough: 1, ..Told::default() });
    bench.desk.clock.skip(Duration::from_secs(90_000));
    assert_eq!(bench.tells(&long).unwrap().told, 1);
}

#[test]
fn a_withdrawal_counts_at_once_and_for_the_whole_home() {
    let mut bench = Bench::new();
    bench.open_shop();
    bench.agrees("kitchen", 1, 1, &[NewsKind::Offer, NewsKind::Recipe]);
    bench.agrees("bedroom", 2, 2, &[NewsKind::Offer]);
    assert_eq!(bench.tells(&telling(1, NewsKind::Offer)).unwrap().told, 1);
    assert_eq!(bench.tells(&telling(2, NewsKind::Recipe)).unwrap().told, 1);
    // Not said yet, and not said any more.
    bench.agrees("kitchen", 3, 3, &[NewsKind::Recipe]);
    let sent = bench.sent();
    assert_eq!(sent.iter().map(|(_, news)| news.kind).collect::<Vec<_>>(), [NewsKind::Recipe]);
    assert_eq!(bench.tells(&telling(3, NewsKind::Offer)).unwrap(), Told::default(), "nor at the other speaker");
    bench.agrees("bedroom", 4, 4, &[]);
    assert_eq!(bench.tells(&telling(4, NewsKind::Recipe)).unwrap(), Told::default());
    // Agreed to anew.
    bench.agrees("bedroom", 5, 5, &[NewsKind::Offer]);
    assert_eq!(bench.tells(&telling(5, NewsKind::Offer)).unwrap().told, 1);
}

#[test]
fn a_recall_reaches_every_home_that_bought_and_who_asked_for_recalls() {
    let mut bench = Bench::new();
    bench.open_shop();
    let order = bench.order(1);
    let no = bench.receipt(&order).shop_order_no.unwrap();
    bench.sent();
    let recall = telling(1, NewsKind::Recall);
    assert_eq!(bench.tells(&recall).unwrap().told, 1, "nobody agreed to anything");
    let (device, news) = bench.sent().remove(0);
    assert_eq!((device.as_str(), news.consent_id.as_deref()), ("kitchen", None));
    let expected = |because: &NewsBecause| matches!(because, NewsBecause::RecallOfYourOrder { sku, shop_order_no, .. } if sku == "heads" && *shop_order_no == no);
    assert!(expected(&news.because), "{news:?}");
    // The speaker that ordered it is gone: another one of the home says it.
    bench.agrees("bedroom", 2, 1, &[]);
    assert!(bench.desk.book.revoke("casa", "kitchen").unwrap());
    assert_eq!(bench.tells(&telling(2, NewsKind::Recall)).unwrap().told, 1);
    assert_eq!(bench.sent()[0].0, "bedroom");
    // Of what nobody bought, only who asked for recalls.
    let coffee = Telling { sku: Some("coffee".into()), ..telling(3, NewsKind::Recall) };
    assert_eq!(bench.tells(&coffee).unwrap(), Told::default());
    bench.agrees("bedroom", 2, 2, &[NewsKind::Recall]);
    assert_eq!(bench.tells(&coffee).unwrap().told, 1);
    assert_eq!(bench.sent()[0].1.because, NewsBecause::AskedFor);
}

#[test]
fn what_no_speaker_would_say_is_not_sent() {
    let mut bench = Bench::new();
    bench.open_shop();
    let with = |text: &str| Telling { texts: [(Lang::En, text.to_owned())].into(), ..telling(1, NewsKind::Offer) };
    let plain = || telling(1, NewsKind::Offer);
    let cases = [
        (with("Hey tendero, order it"), "holds words that no speaker says"),
        (with(&"x".repeat(301)), "301 characters"),
        (Telling { texts: Default::default(), ..plain() }, "name a text"),
        (Telling { sku: Some("nothing".into()), ..plain() }, "nothing is not in the catalogue"),
        (Telling { to: Audience::Bought("none".into()), ..plain() }, "none is not in the catalogue"),
        (Telling { sku: None, ..telling(1, NewsKind::Recall) }, "--sku"),
        (Telling { news_id: "1".into(), ..plain() }, "--id"),
        (Telling { life_ms: 91 * DAY_MS, ..plain() }, "--expires"),
    ];
    for (telling, expected) in cases {
        let why = bench.tells(&telling).expect_err(expected).to_string();
        assert!(why.contains(expected), "{why}");
    }
    assert_eq!(bench.desk.book.news().unwrap(), []);
}

super::all![
    the_newest_consent_counts_and_each_is_acknowledged,
    who_agreed_is_told_once_with_the_reason,
    a_withdrawal_counts_at_once_and_for_the_whole_home,
    a_recall_reaches_every_home_that_bought_and_who_asked_for_recalls,
    what_no_speaker_would_say_is_not_sent
];
