//! Every reply in every language, and how figures sound.

use super::*;
use crate::decide::effect::{By, Step};
use crate::decide::guard::{Rung, Verdict};
use crate::decide::order::{Confirmation, OrderId, OrderState};
use crate::decide::reply::Idea;
use crate::decide::reply::ToldNews;
use crate::understand::intent::NewsKind;

fn item(qty: u32) -> Item {
    Item { product: "Ground coffee".into(), qty }
}

fn day(days_ahead: i64) -> Day {
    Day { days_ahead, weekday: 4, day: 20, month: 11 }
}

fn eur(minor: i64) -> Money {
    Money::new(minor, "EUR")
}

fn moment(hour: u8, minute: u8) -> Moment {
    Moment { day: day(0), hour, minute }
}

fn bought(more: u32) -> crate::decide::reply::Bought {
    crate::decide::reply::Bought { item: Item { product: "a".into(), qty: 2 }, more, at: moment(9, 0) }
}

/// One of each; the match makes sure that a new reason is added here.
fn reasons() -> Vec<Reason> {
    let product = || "coffee".to_owned();
    let kinds = [
        NotAnOrder::Reported,
        NotAnOrder::Negated,
        NotAnOrder::Question,
        NotAnOrder::Conditional,
        NotAnOrder::Narrated,
        NotAnOrder::Unexplained,
    ];
    let mut all = vec![
        Reason::ReportedSpeech { words: "she said".into() },
        Reason::NoPause,
        Reason::FarAway,
        Reason::RandomWords,
        Reason::ManyHomes { homes: 500, minutes: 10 },
        Reason::RegisteredPlayback { name: "the morning show".into() },
        Reason::Replay,
        Reason::OwnVoice,
        Reason::ChildrenUp,
        Reason::UnknownVoice,
        Reason::TextOrdersOff,
        Reason::OpenChannel,
        Reason::FirstPurchase { product: product() },
        Reason::LargeQuantity { product: product(), qty: 24, usual: 2 },
        Reason::UnsureQuantity { qty: 2, other: 3 },
        Reason::EasilyMisheard { qty: 50 },
        Reason::AboveProductLimit { product: product(), max: 20 },
        Reason::Ambiguous { first: "a".into(), second: "b".into() },
        Reason::OptionMissing { product: product(), option: "size".into() },
        Reason::AsLastTime { at: moment(9, 5) },
        Reason::AlreadyOrdered { product: product(), at: moment(9, 5) },
        Reason::AlreadyOrderedThere { product: product(), at: moment(9, 5), speaker: "living room".into() },
        Reason::HeardThere { speaker: "kitchen".into() },
        Reason::LeftTo { speaker: "kitchen".into() },
        Reason::PriceJump { product: product(), now: eur(900), before: eur(700) },
        Reason::DeliveryJump { now: eur(490), before: eur(0) },
        Reason::OtherCurrency { currency: "USD".into() },
        Reason::OverCap { total: eur(9_000), cap: eur(5_000) },
        Reason::OverDayCap { total: eur(9_000), cap: eur(5_000) },
        Reason::OverMonthCap { total: eur(9_000), cap: eur(5_000) },
        Reason::OverHardCap { total: eur(9_000), cap: eur(5_000) },
        Reason::TooManyOrders { orders: 6, hours: 1 },
        Reason::TooManyOrders { orders: 20, hours: 24 },
        Reason::Substituted { asked: "a".into(), asked_qty: 2, offered: "b".into(), offered_qty: 1 },
        Reason::Substituted { asked: "a".into(), asked_qty: 2, offered: String::new(), offered_qty: 0 },
        Reason::Substituted { asked: String::new(), asked_qty: 0, offered: "b".into(), offered_qty: 1 },
        Reason::Substituted { asked: "a".into(), asked_qty: 0, offered: "b".into(), offered_qty: 0 },
        Reason::QuoteWrong,
        Reason::Recurring { product: product() },
        Reason::Restricted { product: product() },
        Reason::QuietHours,
        Reason::UnknownClock,
        Reason::QuoteStale,
        Reason::UnknownShop { shop: "x".into() },
        Reason::WrongPin { times: 2 },
        Reason::Unclear,
        Reason::SecondEarSilent,
        Reason::EarsDiffer,
        Reason::HostileText { product: product() },
        Reason::OtherName { product: product() },
        Reason::Suggested { product: product(), because: "it suits children from 5 to 8".into() },
        Reason::Suggested { product: product(), because: String::new() },
        Reason::AboveLimit { product: product(), now: eur(3_500), limit: eur(3_000) },
    ];
    all.extend(kinds.map(|kind| Reason::NotAnOrder { kind, words: "words".into() }));
    all
}

fn read_back(ask: Ask) -> Reply {
    Reply::ReadBack {
        items: vec![item(2), item(1), item(50)],
        total: eur(1_299),
        earliest: day(1),
        latest: day(9),
        ask,
        reasons: reasons(),
        digits: true,
        payment: None,
        coupon: None,
    }
}

/// Why the shop told something, and why nobody agrees to more.
fn reasons_of_news() -> Vec<Reason> {
    let mut reasons = vec![Reason::NotAgreedChildren, Reason::NotAgreedOpen];
    for days_ago in [None, Some(0), Some(1), Some(2), Some(13), Some(14), Some(21), Some(150)] {
        reasons.push(Reason::BoughtBefore { product: "coffee".into(), days_ago });
        reasons.push(Reason::RecallOfYours { product: "coffee".into(), order: "T-000001".into(), days_ago });
    }
    reasons.extend(NewsKind::ALL.map(|kind| Reason::AgreedTo { kind }));
    reasons
}

fn news() -> Vec<Reply> {
    let shop = || "Corner shop".to_owned();
    let told: Vec<ToldNews> =
        reasons_of_news().into_iter().map(|because| ToldNews { text: "Cheaper".into(), because }).collect();
    let mut replies = vec![Reply::ConsentNotKept];
    for more in [0, 1, 3, 21] {
        replies.push(Reply::News { shop: shop(), told: told.clone(), more });
    }
    for count in 0..=NewsKind::ALL.len() {
        let (kinds, stopped) = NewsKind::ALL.split_at(count);
        replies.push(Reply::NoShopNews { shop: shop(), kinds: kinds.to_vec() });
        for recalls in [true, false] {
            let (kinds, stopped) = (kinds.to_vec(), stopped.to_vec());
            replies.push(Reply::Consent { shop: shop(), kinds, stopped, recalls });
        }
    }
    replies
}

/// One of each reply; those that name the phrase come first.
fn replies() -> (Vec<Reply>, Vec<Reply>) {
    let challenge = || Ask::Challenge { words: vec!["river".into(), "lamp".into()] };
    let mut asking: Vec<Reply> = [Ask::Phrase, challenge(), Ask::Adult].into_iter().map(read_back).collect();
    for understood in [true, false] {
        asking.extend([Ask::Phrase, challenge(), Ask::Adult].map(|ask| Reply::SayPhrase { ask, understood }));
    }
    let items = || vec![item(1), item(21)];
    let mut others = vec![
        Reply::NotUnderstood,
        Reply::GivenUp,
        Reply::NothingOrdered,
        Reply::TimedOut,
        Reply::NothingToConfirm,
        Reply::Busy,
        Reply::Help,
        Reply::Because { reasons: vec![] },
        Reply::Because { reasons: reasons() },
        Reply::Listed { items: items(), reason: None },
        Reply::Listed { items: items(), reason: Some(Reason::QuietHours) },
        Reply::Choose { first: "a".into(), second: "b".into() },
        Reply::HowMany { first: item(2), second: item(12) },
        Reply::Held { items: items(), minutes: 10 },
        Reply::AwaitingAdult { items: items(), minutes: 1 },
        Reply::Resumed { items: items(), minutes: 21 },
        Reply::NothingToApprove,
        Reply::Suggest { product: "coffee".into(), every_days: 20, days_ago: 22 },
        Reply::Suggest { product: "coffee".into(), every_days: 1, days_ago: 1 },
        Reply::PinWrong { left: 2 },
        Reply::PinLocked { minutes: 15 },
        Reply::Booked { items: items(), arrives: Some(day(2)) },
        Reply::Booked { items: items(), arrives: None },
        Reply::HeldByShop { items: items(), code: "held_by_shop".into() },
        Reply::HeldByShop { items: items(), code: "burst".into() },
        Reply::ApprovalSent { items: items() },
        Reply::Cancelled { items: items() },
        Reply::CancelAsked { items: items() },
        Reply::CancelRefused { items: items() },
        Reply::NothingToCancel,
        Reply::AskReturn { items: vec![item(1)], ordered: Some(day(-3)), total: eur(1_299) },
        Reply::AskReturn { items: items(), ordered: Some(day(-1)), total: eur(100) },
        Reply::AskReturn { items: items(), ordered: None, total: eur(100) },
        Reply::NotReturned { items: items(), answered: true },
        Reply::NotReturned { items: items(), answered: false },
        Reply::NothingToReturn,
        Reply::WithdrawalSent { items: items() },
        Reply::WithdrawalStands { items: items() },
        Reply::Withdrawn { items: items(), at: Some(moment(12, 31)) },
        Reply::Withdrawn { items: items(), at: None },
        Reply::Refunded { items: items() },
        Reply::CancelAskedThere { speaker: "kitchen".into(), items: items() },
        Reply::CancelledThere { speaker: "kitchen".into(), items: items() },
        Reply::CancelPassedOn { speaker: "kitchen".into(), items: items() },
        Reply::CancelRefusedThere { speaker: "kitchen".into(), items: items() },
        Reply::SpeakerSilent { speaker: "kitchen".into(), items: items() },
        Reply::OrderStatusThere {
            speaker: "kitchen".into(),
            items: items(),
            state: OrderState::Held,
            arrives: Some(day(3)),
        },
        Reply::Expired { items: items() },
        Reply::NotApproved { items: items() },
        Reply::Lost { items: items() },
        Reply::StoreFailed,
        Reply::StoreTrouble { items: items() },
        Reply::ShopSilent { items: items() },
        Reply::NoOrders,
        Reply::History { product: "a".into(), qty: 2, at: moment(13, 0), more: 0 },
        Reply::History { product: "a".into(), qty: 2, at: moment(1, 30), more: 3 },
        Reply::Bought { orders: vec![], by_shop: true },
        Reply::Bought { orders: vec![], by_shop: false },
        Reply::Bought { orders: vec![bought(0), bought(1), bought(3)], by_shop: true },
        Reply::Bought { orders: vec![bought(25)], by_shop: false },
        Reply::Price { product: "a".into(), amount: eur(99) },
        Reply::WhichProduct,
        Reply::Distrusted { shop: "x".into() },
    ];
    for (name, shop) in [("Maria", "Corner shop"), ("", "corner")] {
        let (name, shop) = (name.to_owned(), shop.to_owned());
        others.extend([
            Reply::PersonAsked { shop: shop.clone() },
            Reply::PersonAskedAlready { shop: shop.clone() },
            Reply::PersonOffline { shop: shop.clone() },
            Reply::NobodyThere { shop: shop.clone() },
            Reply::PersonNotWanted,
            Reply::PersonJoined { name: name.clone(), shop: shop.clone() },
            Reply::PersonCame { name: name.clone(), shop: shop.clone() },
            Reply::PersonSays { name: name.clone(), text: "The blue one is in stock.".into() },
            Reply::PassedOn { name: name.clone() },
            Reply::PassedOnEarly { shop },
            Reply::PassedOnLater { name: name.clone() },
            Reply::ChatNotKept,
            Reply::TellAgain { name: name.clone() },
            Reply::TellLater { name: name.clone() },
            Reply::ChatEnded { name: name.clone() },
            Reply::PersonLeft { name: name.clone() },
            Reply::ChatTimedOut { name: name.clone() },
            Reply::OfferOver { name: name.clone() },
            Reply::NothingNew { name },
            Reply::NoConversation,
        ]);
    }
    others.extend(news());
    let idea = |because: &str| Idea { product: "Kite".into(), amount: eur(1_799), because: because.into() };
    others.extend([Reply::AskingShop, Reply::NobodyToAsk]);
    for (asked, shop) in [("RON", "EUR"), ("GBP", "USD"), ("CHF", "JPY")] {
        others.push(Reply::OtherMoney { asked: asked.into(), shop: shop.into() });
    }
    for (text, first) in [("What would they like best?", true), ("¿Qué le gusta más?", false)] {
        let choices = vec!["to build".into(), "to read".into(), "to play outside".into()];
        others.push(Reply::ShopAsks { text: text.into(), choices, first });
    }
    others.push(Reply::Ideas { ideas: vec![idea("it flies"), idea("")] });
    others.push(Reply::Ideas { ideas: vec![idea("it flies")] });
    for code in ["", "no_guide", "nothing_found", "too_many_questions", "senseless", "moon_phase"] {
        others.push(Reply::FoundNothing { code: code.into() });
    }
    others.extend(reasons().into_iter().map(|reason| Reply::Refused { reason }));
    for code in ["", "unknown_product", "out_of_stock", "price_changed", "expired", "moon_phase"] {
        others.push(Reply::RejectedByShop { items: items(), code: code.into() });
        others.push(Reply::NotSold { items: items(), code: code.into() });
    }
    for code in ["", "too_late", "not_returnable", "not_in_part", "unknown_order", "moon_phase"] {
        for until in [None, Some(day(-1)), Some(day(-9))] {
            others.push(Reply::WithdrawalRefused { items: items(), code: code.into(), until });
        }
    }
    for until in [None, Some(moment(19, 10))] {
        others.push(Reply::PaymentAsked { items: items(), total: eur(4_197), until });
    }
    others.extend([Reply::NotPaid { items: items() }, Reply::CouponAlone, Reply::CardNumber]);
    for code in ["payment_refused", "payment_changed", "coupon_used"] {
        others.push(Reply::RejectedByShop { items: items(), code: code.into() });
    }
    use OrderState::*;
    let states = [
        AwaitingAdult,
        Held,
        Sending,
        HeldAtShop,
        AwaitingPayment,
        Approving,
        Accepted,
        Shipped,
        Delivered,
        Rejected,
        Cancelling,
        Cancelled,
        Expired,
        Withdrawing,
        Withdrawn,
        Refunded,
        Unknown,
    ];
    others.extend(states.map(|state| Reply::OrderStatus { items: items(), state, arrives: Some(day(3)) }));
    (asking, others)
}

#[test]
fn every_step_and_confirmation_is_worded_in_every_language() {
    let wording = Wording::new().unwrap();
    let (_, others) = replies();
    let states = others.iter().filter_map(|reply| match reply {
        Reply::OrderStatus { state, .. } => Some(*state),
        _ => None,
    });
    let verdict = |reason: Option<Reason>| Verdict { guard: "g".into(), rung: Rung::Adult, reason, inputs: "i".into() };
    let verdicts: Vec<Verdict> = reasons().into_iter().map(Some).chain([None, None]).map(verdict).collect();
    for lang in Lang::ALL {
        let mut lines = wording.audit("milk", &verdicts, lang);
        assert_eq!(lines.len(), reasons().len() + 2, "{lang}");
        lines.extend(wording.audit("", &[], lang));
        for state in states.clone() {
            for by in [By::Household, By::Button, By::Pin, By::Time, By::Shop] {
                let code = Some("out_of_stock".into());
                let speaker = (by == By::Household).then(|| "living-room".to_owned());
                let step = Step { order: OrderId("a".into()), at_unix_ms: None, state, by, code, speaker };
                lines.push(wording.step(&step, lang));
            }
        }
        for (rung, spoken) in [(Rung::Phrase, vec![]), (Rung::Challenge, vec!["x".into()]), (Rung::Adult, vec![])] {
            lines.push(wording.confirmed(&Confirmation { rung, spoken, at_unix_ms: 0 }, lang));
        }
        for line in lines {
            assert!(!line.is_empty() && !line.contains(['{', '}', '$', '_']), "{lang}: {line}");
        }
    }
}

const PHRASES: [&str; 3] = ["order it", "pide eso", "comandă acum"];

#[test]
fn every_reply_is_worded_in_every_language() {
    let wording = Wording::new().unwrap();
    let (asking, others) = replies();
    for lang in Lang::ALL {
        for reply in asking.iter().chain(&others) {
            let said = wording.sentence(reply, lang);
            let whole = !said.is_empty() && !said.contains(['{', '}', '$', '_', '\u{2068}', '\u{2069}', '\n']);
            assert!(whole && !said.contains("  "), "{lang}: {reply:?} → {said:?}");
            assert!(said.starts_with(|c: char| !c.is_lowercase()), "{lang}: {said:?}");
        }
    }
}

#[test]
fn only_a_question_for_the_phrase_says_it_and_with_the_duty_to_pay() {
    let wording = Wording::new().unwrap();
    let (asking, others) = replies();
    for (lang, phrase, duty) in [
        (Lang::En, "order it", "To order and pay"),
        (Lang::Es, "pide eso", "Para pedir y pagar"),
        (Lang::Ro, "comandă acum", "Pentru comandă cu plată"),
    ] {
        for reply in &asking {
            let said = wording.sentence(reply, lang);
            assert!(said.contains(phrase) && said.contains(duty), "{lang}: {said}");
        }
        for reply in &others {
            let said = wording.sentence(reply, lang).to_lowercase();
            assert!(PHRASES.iter().all(|phrase| !said.contains(phrase)), "{lang}: {reply:?} says the phrase: {said}");
        }
    }
}

#[test]
fn figures_are_said_as_people_say_them() {
    let wording = Wording::new().unwrap();
    let money = [
        (1_299, "EUR", Lang::En, "12 euros 99"),
        (100, "EUR", Lang::En, "1 euro"),
        (99, "EUR", Lang::En, "99 cents"),
        (1_299, "EUR", Lang::Es, "12 euros con 99"),
        (100, "EUR", Lang::Es, "un euro"),
        (1_299, "EUR", Lang::Ro, "12 euro și 99 de cenți"),
        (2_001, "EUR", Lang::Ro, "20 de euro și un cent"),
        (2_105, "RON", Lang::Ro, "21 de lei și 5 bani"),
        (1_250, "RON", Lang::Ro, "12 lei și 50 de bani"),
        (0, "EUR", Lang::En, "0 euros"),
        (1_299, "GBP", Lang::En, "12 pounds 99"),
        (1_299, "CHF", Lang::En, "12.99 CHF"),
        (1_299, "JPY", Lang::En, "1299 JPY"),
    ];
    for (minor, currency, lang, want) in money {
        assert_eq!(wording.money(&Money::new(minor, currency), lang), want);
    }
    let items = [
        (1, Lang::Ro, "un pachet de"),
        (2, Lang::Ro, "2 pachete de"),
        (19, Lang::Ro, "19 pachete de"),
        (20, Lang::Ro, "20 de pachete de"),
        (1, Lang::Es, "un paquete de"),
        (2, Lang::Es, "2 paquetes de"),
        (1, Lang::En, "one pack of"),
        (2, Lang::En, "2 packs of"),
    ];
    for (qty, lang, want) in items {
        let said = wording.sentence(&Reply::Cancelled { items: vec![item(qty)] }, lang);
        assert!(said.contains(want), "{said}");
    }
    let times = [
        (18, 0, Lang::En, "today at 6 PM"),
        (0, 30, Lang::En, "today at 12:30 AM"),
        (13, 5, Lang::Es, "hoy a las 13 y 5"),
        (1, 0, Lang::Es, "hoy a la una"),
        (9, 0, Lang::Ro, "azi la ora 9"),
    ];
    for (hour, minute, lang, want) in times {
        let reason = Reason::AlreadyOrdered { product: "x".into(), at: moment(hour, minute) };
        assert!(wording.reason(&reason, lang).contains(want), "{}", wording.reason(&reason, lang));
    }
    let acknowledged = [
        (Lang::En, "on 20 November at 12:31 PM."),
        (Lang::Es, "el 20 de noviembre a las 12 y 31."),
        (Lang::Ro, "pe 20 noiembrie la ora 12 și 31."),
    ];
    for (lang, want) in acknowledged {
        // With its date, although it is today.
        let said = wording.sentence(&Reply::Withdrawn { items: vec![item(1)], at: Some(moment(12, 31)) }, lang);
        assert!(said.ends_with(want), "{said}");
    }
    let days =
        [(0, 0, "today"), (1, 1, "tomorrow"), (3, 3, "on Friday"), (9, 9, "on 20 November"), (1, 3, "by Friday")];
    for (earliest, latest, want) in days {
        let Reply::ReadBack { items, total, ask, .. } = read_back(Ask::Phrase) else { panic!() };
        let (earliest, latest) = (day(earliest), day(latest));
        let reply = Reply::ReadBack {
            items,
            total,
            ask,
            earliest,
            latest,
            reasons: vec![],
            digits: true,
            payment: None,
            coupon: None,
        };
        let said = wording.sentence(&reply, Lang::En);
        assert!(said.contains(&format!("delivered {want}.")), "{said}");
        assert!(said.contains("5 0, 50 packs of"), "{said}");
    }
}

/// What is said of one, of another number, and in Romanian of 20 and more; "#" is the number.
const COUNTED: [(Lang, [&str; 6]); 3] = [
    (
        Lang::En,
        [
            "one pack of|# packs of",
            "1 euro|# euros",
            "1 leu|# lei",
            "1 pound|# pounds",
            "for one minute.|for # minutes.",
            "one other product,|# other products,",
        ],
    ),
    (
        Lang::Es,
        [
            "un paquete de|# paquetes de",
            "un euro|# euros",
            "un leu|# lei",
            "una libra|# libras",
            "retengo un minuto.|retengo # minutos.",
            "y otro producto,|y otros # productos,",
        ],
    ),
    (
        Lang::Ro,
        [
            "un pachet de|# pachete de|# de pachete de",
            "un euro|# euro|# de euro",
            "un leu|# lei|# de lei",
            "o liră|# lire|# de lire",
            "comanda un minut.|comanda # minute.|comanda # de minute.",
            "încă un produs,|încă # produse,|încă # de produse,",
        ],
    ),
];

#[test]
fn counts_take_the_plural_of_their_language() {
    let wording = Wording::new().unwrap();
    // In Romanian "de" stands after 20 to 99 and after 00, and what counts are the last two digits.
    let counts = [
        (0, 1),
        (1, 0),
        (2, 1),
        (19, 1),
        (20, 2),
        (21, 2),
        (99, 2),
        (100, 2),
        (101, 1),
        (102, 1),
        (119, 1),
        (120, 2),
        (121, 2),
        (1_000, 2),
        (1_001, 1),
        (1_019, 1),
        (1_020, 2),
        (999_999, 2),
    ];
    for (lang, forms) in COUNTED {
        for (n, form) in counts {
            let items = vec![item(n)];
            let said = [
                wording.sentence(&Reply::Cancelled { items: items.clone() }, lang),
                wording.money(&eur(i64::from(n) * 100), lang),
                wording.money(&Money::new(i64::from(n) * 100, "RON"), lang),
                wording.money(&Money::new(i64::from(n) * 100, "GBP"), lang),
                wording.sentence(&Reply::Held { items, minutes: n }, lang),
                wording
                    .sentence(&Reply::History { product: "a".into(), qty: 1, at: moment(9, 0), more: n.max(1) }, lang),
            ];
            for (said, form_of) in said.iter().zip(forms) {
                let all: Vec<&str> = form_of.split('|').collect();
                // Nothing more is told of no more products.
                let none_more = n == 0 && form_of == forms[5];
                let want = all[form.min(all.len() - 1)].replace('#', &n.to_string());
                assert!(none_more || said.contains(&want), "{lang}, {n}: {said:?} has no {want:?}");
            }
        }
    }
}

#[test]
fn cents_hours_and_limits_take_the_plural_of_their_language() {
    let wording = Wording::new().unwrap();
    for (minor, currency, lang, want) in [
        (10_201, "RON", Lang::Ro, "102 lei și un ban"),
        (10_202, "RON", Lang::Ro, "102 lei și 2 bani"),
        (12_020, "RON", Lang::Ro, "120 de lei și 20 de bani"),
        (10_119, "EUR", Lang::Ro, "101 euro și 19 cenți"),
        (10_200, "USD", Lang::Ro, "102 dolari"),
        (12_021, "GBP", Lang::Ro, "120 de lire și 21 de pence"),
        (1, "EUR", Lang::En, "1 cent"),
        (101, "USD", Lang::En, "1 dollar 1"),
        (10_101, "GBP", Lang::En, "101 pounds 1"),
        (1, "EUR", Lang::Es, "1 céntimo"),
        (2_101, "USD", Lang::Es, "21 dólares con 1"),
    ] {
        assert_eq!(wording.money(&Money::new(minor, currency), lang), want);
    }
    for (hours, lang, want) in [
        (1, Lang::Ro, "într-o oră"),
        (2, Lang::Ro, "2 ore"),
        (24, Lang::Ro, "24 de ore"),
        (101, Lang::Ro, "101 ore"),
        (1, Lang::En, "in one hour"),
        (24, Lang::En, "24 hours"),
        (1, Lang::Es, "en una hora"),
        (24, Lang::Es, "24 horas"),
    ] {
        let said = wording.reason(&Reason::TooManyOrders { orders: 6, hours }, lang);
        assert!(said.contains(want), "{said}");
    }
    for (count, lang, want) in [
        (1, Lang::Ro, "un pachet"),
        (102, Lang::Ro, "102 pachete"),
        (120, Lang::Ro, "120 de pachete"),
        (1, Lang::En, "one pack "),
        (102, Lang::En, "102 packs"),
        (1, Lang::Es, "un paquete"),
        (102, Lang::Es, "102 paquetes"),
    ] {
        let product = || "x".to_owned();
        for reason in [
            Reason::AboveProductLimit { product: product(), max: count },
            Reason::LargeQuantity { product: product(), qty: count, usual: 1 },
        ] {
            let said = wording.reason(&reason, lang);
            assert!(said.to_lowercase().contains(want), "{said}");
        }
    }
}

/// Fluent's own categories are not those of CLDR: see [`plural`].
#[test]
fn every_choice_of_a_plural_is_made_by_the_function() {
    for (lang, file) in [(Lang::En, EN), (Lang::Es, ES), (Lang::Ro, RO)] {
        let lines: Vec<&str> = file.lines().collect();
        for (at, pair) in lines.windows(2).enumerate().filter(|(_, pair)| pair[0].trim_end().ends_with("->")) {
            let key = pair[1].trim_start().trim_start_matches('*');
            let category =
                ["[zero]", "[one]", "[two]", "[few]", "[many]", "[other]"].iter().any(|k| key.starts_with(k));
            assert_eq!(pair[0].contains("{ PLURAL($"), category, "{lang}.ftl, line {}: {}", at + 1, pair[0]);
        }
    }
}
