//! Messages that must change nothing, at both ends: mutated, moved, forged, expired, retained, oversized, replayed.
//!
//! Each is made of a genuine one, by its number alone. `cargo test --lib hostile` tries a few thousand;
//! `TENDERO_FUZZ_MESSAGES=1000000` as many as you like, half of them at the shop and half at the device.
//! A failure prints the number; `TENDERO_FUZZ_MESSAGE=4711` tries that one alone.
//!
//! That each genuine message does have an effect is shown afterwards: else nothing would be proven.

use super::*;
use crate::chance::Chance;
use crate::deliver::handover::{Pins, Step};
use crate::understand::intent::NewsKind;
use serde_json::Value;

const MESSAGES: u64 = 6_000;
/// The book is looked at so often; at the end as well.
const LOOK_EVERY: u64 = 500;
const HOUR_MS: i64 = 3_600_000;

/// A message as it came.
struct Arrived {
    topic: String,
    bytes: Vec<u8>,
    retained: bool,
}

/// What is done to a genuine message.
#[derive(Debug, Clone, Copy)]
enum Attack {
    /// One bit, anywhere.
    Flip,
    Cut,
    Append,
    /// A piece of another message in its place.
    Splice,
    /// A member has another value, or is there twice; the signature stays.
    Member,
    /// Another key signed it.
    Forged,
    /// Another key signed it, and says that it is the right one.
    Claimed,
    /// To another home, device, shop or kind.
    Moved,
    Expired,
    Retained,
    Oversized,
    /// Nothing of the kind at all.
    Noise,
}

const ATTACKS: [Attack; 12] = [
    Attack::Flip,
    Attack::Cut,
    Attack::Append,
    Attack::Splice,
    Attack::Member,
    Attack::Forged,
    Attack::Claimed,
    Attack::Moved,
    Attack::Expired,
    Attack::Retained,
    Attack::Oversized,
    Attack::Noise,
];

/// A message that its sender could send, and the same with another key or another time.
type Make = Box<dyn Fn(&Keys, i64) -> Vec<u8>>;

struct Genuine {
    topic: String,
    make: Make,
}

impl Genuine {
    fn of<T: Body + 'static>(body: T, source: &'static str) -> Genuine {
        Genuine {
            topic: body.aud().into(),
            make: Box::new(move |keys, now| seal(&body, source, keys, now, HOUR_MS).unwrap()),
        }
    }
}

impl Genuine {
    /// Where the sender would sign it, `next` does: a key that takes over says so itself.
    fn by_next(self, sender: &Keys, next: Keys) -> Genuine {
        let Genuine { topic, make } = self;
        let sender = sender.public();
        let make = move |keys: &Keys, now: i64| make(if keys.public() == sender { &next } else { keys }, now);
        Genuine { topic, make: Box::new(make) }
    }
}

fn key(number: u8) -> Keys {
    Keys::from_seed(&[number; 32])
}

/// Both ends of a conversation, and who would like to be one of them.
struct Sides<'a> {
    sender: &'a Keys,
    stranger: Keys,
    now: i64,
    topics: Vec<String>,
    /// What the sender says, sealed once.
    genuine: Vec<(&'a Genuine, Vec<u8>)>,
}

impl<'a> Sides<'a> {
    /// Messages also come on `elsewhere`.
    fn new(sender: &'a Keys, genuine: &'a [Genuine], elsewhere: Vec<String>, now: i64) -> Sides<'a> {
        let topics = genuine.iter().map(|genuine| genuine.topic.clone()).chain(elsewhere).collect();
        let genuine = genuine.iter().map(|genuine| (genuine, (genuine.make)(sender, now))).collect();
        Sides { sender, stranger: Keys::from_seed(&[8; 32]), now, topics, genuine }
    }

    /// `None` where nothing was changed after all.
    fn attack(&self, chance: &mut Chance) -> Option<(Attack, Arrived)> {
        let attack = *chance.pick(&ATTACKS);
        let (genuine, sealed) = chance.pick(&self.genuine);
        let mut arrived = Arrived { topic: genuine.topic.clone(), bytes: sealed.clone(), retained: false };
        let forged = || (genuine.make)(&self.stranger, self.now);
        match attack {
            Attack::Flip => {
                let at = index(chance, sealed.len());
                arrived.bytes[at] ^= 1 << index(chance, 8);
            }
            Attack::Cut => arrived.bytes.truncate(index(chance, sealed.len())),
            Attack::Append => {
                arrived.bytes.extend_from_slice(chance.pick::<&[u8]>(&[b"{}", b",", b"\0", b"]", b"null"]))
            }
            Attack::Splice => {
                let (_, other) = chance.pick(&self.genuine);
                splice(&mut arrived.bytes, other, chance);
                if arrived.bytes == *other {
                    return None;
                }
            }
            Attack::Member => arrived.bytes = with_other_member(sealed, chance),
            Attack::Forged => arrived.bytes = forged(),
            Attack::Claimed => arrived.bytes = claiming(&forged(), sealed),
            Attack::Moved => arrived.topic = chance.pick(&self.topics).clone(),
            Attack::Expired => {
                arrived.bytes = (genuine.make)(self.sender, self.now - HOUR_MS - index(chance, 1 << 40) as i64)
            }
            Attack::Retained => arrived.retained = true,
            Attack::Oversized => arrived.bytes = padded(sealed),
            Attack::Noise => arrived.bytes = noise(chance),
        }
        let unchanged = arrived.topic == genuine.topic && arrived.bytes == *sealed && !arrived.retained;
        (!unchanged).then_some((attack, arrived))
    }
}

/// Of another device, another home, and to another shop.
fn other_routes() -> [Route; 3] {
    let names = [("casa", "attic", "corner"), ("casb", "kitchen", "corner"), ("casa", "kitchen", "other")];
    names.map(|(home, device, shop)| Route::new(home, device, shop).unwrap())
}

fn index(chance: &mut Chance, length: usize) -> usize {
    usize::try_from(chance.next() % length as u64).unwrap()
}

fn splice(bytes: &mut [u8], other: &[u8], chance: &mut Chance) {
    let shorter = bytes.len().min(other.len());
    let from = index(chance, shorter);
    let to = from + index(chance, shorter - from) + 1;
    bytes[from..to].copy_from_slice(&other[from..to]);
}

/// Any member at any depth.
fn with_other_member(sealed: &[u8], chance: &mut Chance) -> Vec<u8> {
    let mut value: Value = serde_json::from_slice(sealed).unwrap();
    let mut path = String::new();
    while let Some(members) = value.pointer(&path).and_then(Value::as_object).filter(|members| !members.is_empty()) {
        let names: Vec<&String> = members.keys().collect();
        path = format!("{path}/{}", chance.pick(&names));
        if chance.in_100(10) {
            break;
        }
    }
    let member = value.pointer_mut(&path).unwrap();
    *member = match chance.next() % 8 {
        0 => Value::Null,
        1 => (member.as_i64().unwrap_or(7) + 1).into(),
        2 => (-1).into(),
        3 => serde_json::json!(1.5),
        4 => serde_json::json!(9_007_199_254_740_993_i64),
        5 => Value::String("x".repeat(index(chance, 3_000))),
        6 => serde_json::json!([[], {}, [null]]),
        _ => Value::String(format!("{}\u{202e}", member.as_str().unwrap_or("a"))),
    };
    let text = serde_json::to_string(&value).unwrap();
    match chance.next() % 5 {
        // Twice: whoever reads the first and whoever reads the last read different messages.
        0 => format!("{},\"data\":{{}}}}", text.trim_end_matches('}')).into_bytes(),
        _ => text.into_bytes(),
    }
}

/// The forger's signature under a header that names the genuine key.
fn claiming(forged: &[u8], sealed: &[u8]) -> Vec<u8> {
    let mut value: Value = serde_json::from_slice(forged).unwrap();
    let genuine: Value = serde_json::from_slice(sealed).unwrap();
    let header = genuine["sig"].as_str().unwrap().split("..").next().unwrap();
    let signature = value["sig"].as_str().unwrap().split("..").nth(1).unwrap();
    value["sig"] = format!("{header}..{signature}").into();
    serde_json::to_vec(&value).unwrap()
}

/// JSON may begin with any amount of white space, so this is the genuine message but for its size.
fn padded(sealed: &[u8]) -> Vec<u8> {
    let mut bytes = vec![b' '; MAX_BYTES + 1 - sealed.len().min(MAX_BYTES)];
    bytes.extend_from_slice(sealed);
    bytes
}

fn noise(chance: &mut Chance) -> Vec<u8> {
    match chance.next() % 5 {
        0 => b"[".repeat(index(chance, 100_000)),
        1 => (0..index(chance, 2_000)).map(|_| chance.next() as u8).collect(),
        2 => b"{\"sig\":\"..\",\"data\":1e999}".to_vec(),
        3 => format!("{{\"sig\":\"{}\"}}", "A".repeat(index(chance, 3_000))).into_bytes(),
        _ => b"{\"data\":{\"order_id\":\"0\"}}".to_vec(),
    }
}

/// Says which message it was when something panics.
struct Number(u64);

impl Drop for Number {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("message {}: TENDERO_FUZZ_MESSAGE={0} tries it alone", self.0);
        }
    }
}

/// The numbers of the messages that this end is to try.
fn numbers() -> std::ops::Range<u64> {
    let given = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().expect(name));
    match given("TENDERO_FUZZ_MESSAGE") {
        Some(one) => one..one + 1,
        None => 0..given("TENDERO_FUZZ_MESSAGES").unwrap_or(MESSAGES) / 2,
    }
}

/// What a device may say: an order that waits for nothing but to be sent, and everything that concerns one that is booked.
fn of_device(bench: &mut Bench) -> Vec<Genuine> {
    const SOURCE: &str = "home/casa/kitchen";
    let booked = bench.order(1);
    bench.receipt(&booked);
    let fresh = bench.order(2);
    let request = bench.request(&[("heads", 1)]);
    let up = |kind: &str| bench.route.up(kind);
    let order_id = booked.order_id;
    let chat = Chat {
        aud: up(Chat::KIND),
        thread: random_hex128(),
        seq: 1,
        ack: 0,
        from: ChatFrom::Household,
        name: String::new(),
        text: "is it fresh".into(),
        handoff: Some(Handoff::Requested),
        language: None,
        order_id: None,
        at: None,
        quote: None,
    };
    let consent =
        Consent { aud: up(Consent::KIND), consent_id: random_hex128(), rev: 1, kinds: vec![NewsKind::Offer], at: None };
    let step = Step::new(SOURCE, &key(1), &key(5), bench.now() + HOUR_MS);
    let answers = vec![FindAnswer { question_id: "kind".into(), choice_id: "any".into() }];
    let find = Find { answers, ..find::find(bench) };
    vec![
        Genuine::of(request, SOURCE),
        Genuine::of(find, SOURCE),
        Genuine::of(fresh, SOURCE),
        Genuine::of(history::get(bench, 10, None), SOURCE),
        Genuine::of(Handover { aud: up(Handover::KIND), steps: vec![step] }, SOURCE).by_next(&key(1), key(5)),
        Genuine::of(chat, SOURCE),
        Genuine::of(consent, SOURCE),
        Genuine::of(OrderGet { aud: up(OrderGet::KIND), order_id: order_id.clone() }, SOURCE),
        Genuine::of(OrderApprove { aud: up(OrderApprove::KIND), order_id: order_id.clone() }, SOURCE),
        Genuine::of(
            Cancel { aud: up(Cancel::KIND), order_id: order_id.clone(), reason_code: "household".into() },
            SOURCE,
        ),
        Genuine::of(Withdraw { aud: up(Withdraw::KIND), order_id, lines: vec![], at: None }, SOURCE),
    ]
}

/// Everything in the book that a message could have changed.
fn book_of(bench: &Bench) -> String {
    let book = &bench.desk.book;
    let conversations = book.open_threads().unwrap().len();
    let (consents, devices) = (book.consents().unwrap(), book.devices().unwrap());
    let pins = book.pins_of(&bench.route).unwrap();
    format!(
        "{:?} {:?} {conversations} {consents:?} {devices:?} {pins:?}",
        book.bookings().unwrap(),
        book.outgoing().unwrap()
    )
}

#[test]
fn nothing_hostile_changes_anything_at_the_shop() {
    let mut bench = Bench::new();
    bench.desk.max_orders_hour = u32::MAX;
    let genuine = of_device(&mut bench);
    bench.said::<Receipt>(&Done::default());
    let device = Keys::from_seed(&[1; 32]);
    let mut elsewhere = vec![bench.route.down("order"), "tendero/v1/home/#".into(), String::new()];
    elsewhere.extend(other_routes().iter().flat_map(|route| {
        ["order", "cancel", "chat", "consent", "history.get", "handover"].map(|kind| route.up(kind))
    }));
    let sides = Sides::new(&device, &genuine, elsewhere, bench.now());
    let before = book_of(&bench);
    let mut tried = 0_u64;
    for number in numbers() {
        let _number = Number(number);
        let Some((attack, arrived)) = sides.attack(&mut Chance::new(number)) else { continue };
        // An order that came too late has an answer of its own, which is remembered; another test has it.
        if matches!(attack, Attack::Expired) && arrived.topic.ends_with("/order") {
            continue;
        }
        let done = bench.desk.handle(&arrived.topic, &arrived.bytes, arrived.retained).unwrap();
        assert!(matches!(done.events[..], [ShopEvent::Refused(_)]), "{attack:?} on {}: {done:?}", arrived.topic);
        // Whoever is not paired hears that, and nobody hears anything else.
        assert!(done.say.is_empty() || !arrived.topic.contains("casa/kitchen"), "{attack:?}: {done:?}");
        tried += 1;
        if number % LOOK_EVERY == 0 {
            assert_eq!(book_of(&bench), before);
        }
    }
    assert_eq!(book_of(&bench), before, "after {tried} messages");
    assert!(tried * 10 >= (numbers().end - numbers().start) * 9, "only {tried} were hostile");
    for genuine in &genuine {
        let bytes = (genuine.make)(&device, bench.now());
        let done = bench.desk.handle(&genuine.topic, &bytes, false).unwrap();
        let refused = done.events.iter().any(|event| matches!(event, ShopEvent::Refused(_)));
        assert!(!refused, "{}: {done:?}", genuine.topic);
    }
    assert_eq!(bench.booked(), 2, "the order was worth attacking");
}

/// Replays are answered, and change nothing: an order is booked once however often its bytes come.
#[test]
fn hostile_replays_change_nothing() {
    let mut bench = Bench::new();
    let genuine = of_device(&mut bench);
    let device = Keys::from_seed(&[1; 32]);
    let sent: Vec<(String, Vec<u8>)> =
        genuine.iter().map(|genuine| (genuine.topic.clone(), (genuine.make)(&device, bench.now()))).collect();
    for (topic, bytes) in &sent {
        bench.desk.handle(topic, bytes, false).unwrap();
    }
    let said = |bench: &mut Bench| {
        let said: Vec<i64> = bench.desk.book.outgoing().unwrap().iter().map(|(id, ..)| *id).collect();
        bench.desk.book.said(&said).unwrap();
    };
    said(&mut bench);
    let before = book_of(&bench);
    let mut chance = Chance::new(7);
    for _ in 0..300 {
        let (topic, bytes) = chance.pick(&sent);
        bench.desk.handle(topic, bytes, false).unwrap();
        said(&mut bench);
    }
    assert_eq!(book_of(&bench), before);
}

/// What a shop may say, and how the device opens it.
type Opens = fn(&Arrived, &PublicKey, i64) -> Result<(), Distrust>;

fn opens<T: Body>(arrived: &Arrived, key: &PublicKey, now: i64) -> Result<(), Distrust> {
    open::<T>(&arrived.bytes, &arrived.topic, key, now).map(drop)
}

/// Whoever pinned the key before this one follows it.
fn opens_handover(arrived: &Arrived, _: &PublicKey, now: i64) -> Result<(), Distrust> {
    let pins = Pins::from(key(7).public());
    open_handover(&arrived.bytes, &arrived.topic, "shop/corner", &pins, now).map(drop)
}

fn of_shop(bench: &mut Bench) -> Vec<(Genuine, Opens)> {
    const SOURCE: &str = "shop/corner";
    let quote = bench.quote().data;
    let order = bench.order(1);
    let receipt = bench.receipt(&order);
    let down = |kind: &str| bench.route.down(kind);
    let status = Status {
        aud: down(Status::KIND),
        order_id: order.order_id.clone(),
        rev: 2,
        state: StatusState::Delivered,
        code: None,
        since: None,
        withdrawal: None,
    };
    let refused = QuoteRefused {
        aud: down(QuoteRefused::KIND),
        request_id: "r".into(),
        code: "unknown_product".into(),
        sku: None,
    };
    let news = News {
        aud: down(News::KIND),
        news_id: random_hex128(),
        kind: NewsKind::Offer,
        consent_id: Some(random_hex128()),
        texts: [(Lang::En, "Cheaper".to_owned())].into(),
        sku: None,
        because: NewsBecause::AskedFor,
    };
    let ack = ConsentAck { aud: down(ConsentAck::KIND), consent_id: random_hex128(), rev: 1 };
    let taken = HandoverTaken { aud: down(HandoverTaken::KIND), to: key(5).public().to_string() };
    let step = Step::new(SOURCE, &key(7), &key(2), bench.now() + HOUR_MS);
    let handover = Handover { aud: crate::deliver::topic::shop_handover("corner"), steps: vec![step] };
    let line = PastLine {
        sku: "heads".into(),
        title: "Heads".into(),
        qty: 2,
        unit_amount: 1_299,
        total: 2_598,
        options: Default::default(),
    };
    let past = PastOrder {
        order_id: order.order_id.clone(),
        shop_order_no: "T-000001".into(),
        device: "kitchen".into(),
        state: StatusState::Accepted,
        currency: "EUR".into(),
        total: 2_598,
        lines: vec![line],
        booked: Moment::new(bench.now()),
        since: None,
        delivered: None,
    };
    let (orders, next) = (vec![past], Some("1".to_owned()));
    let history = History { aud: down(History::KIND), request_id: "h".into(), orders, next, code: None };
    let choice = |id: &str| FindChoice { id: id.into(), words: format!("to {id}") };
    let question = FindQuestion {
        question_id: "kind".into(),
        text: "What do they like?".into(),
        choices: vec![choice("build"), choice("read")],
    };
    let proposals = vec![FindProposal { sku: "heads".into(), because: "it lasts".into() }];
    let nothing = Found::nothing(down(Found::KIND), "f".into(), "nothing_found");
    // On the wire they may stand together; that a device takes no such answer is for its link.
    let found = Found { question: Some(question), proposals, ..nothing };
    let presence = Presence { aud: crate::deliver::topic::shop_state("corner"), online: true };
    let catalog =
        CatalogPart { aud: crate::deliver::topic::catalog("corner", 1), catalog: Catalog::from_json(CATALOG).unwrap() };
    vec![
        (Genuine::of(quote, SOURCE), opens::<Quote>),
        (Genuine::of(receipt, SOURCE), opens::<Receipt>),
        (Genuine::of(status, SOURCE), opens::<Status>),
        (Genuine::of(refused, SOURCE), opens::<QuoteRefused>),
        (Genuine::of(news, SOURCE), opens::<News>),
        (Genuine::of(ack, SOURCE), opens::<ConsentAck>),
        (Genuine::of(found, SOURCE), opens::<Found>),
        (Genuine::of(history, SOURCE), opens::<History>),
        (Genuine::of(taken, SOURCE), opens::<HandoverTaken>),
        (Genuine::of(handover, SOURCE), opens_handover),
        (Genuine::of(presence, SOURCE), opens::<Presence>),
        (Genuine::of(catalog, SOURCE), opens::<CatalogPart>),
    ]
}

#[test]
fn nothing_hostile_is_opened_at_the_device() {
    let mut bench = Bench::new();
    let (genuine, opens): (Vec<Genuine>, Vec<Opens>) = of_shop(&mut bench).into_iter().unzip();
    let shop = Keys::from_seed(&[2; 32]);
    let elsewhere = other_routes().map(|route| route.down("receipt")).to_vec();
    let sides = Sides::new(&shop, &genuine, elsewhere, bench.now());
    let mut tried = 0_u64;
    for number in numbers() {
        let _number = Number(number);
        let Some((attack, arrived)) = sides.attack(&mut Chance::new(number)) else { continue };
        // The link refuses what is retained and may not be, before it is opened.
        if arrived.retained {
            continue;
        }
        // A message is opened as what its topic carries; on a topic of somebody else, as anything.
        let own = genuine.iter().position(|genuine| genuine.topic == arrived.topic);
        for opens in own.map_or(&opens[..], |at| &opens[at..=at]) {
            assert!(opens(&arrived, &shop.public(), sides.now).is_err(), "{attack:?} on {}", arrived.topic);
        }
        tried += 1;
    }
    assert!(tried * 10 >= (numbers().end - numbers().start) * 8, "only {tried} were hostile");
    for (genuine, opens) in genuine.iter().zip(opens) {
        let bytes = (genuine.make)(&shop, sides.now);
        opens(&Arrived { topic: genuine.topic.clone(), bytes, retained: false }, &shop.public(), sides.now).unwrap();
    }
}
