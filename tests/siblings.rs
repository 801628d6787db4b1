//! Two speakers of one home at Debian's mosquitto with access rules: what was ordered at one of them is known at the
//! other, also after a restart without a broker; it is taken back there; nobody else reads or writes any of it; and of
//! two that hear the same one goes on.
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

#[path = "support/mosquitto.rs"]
mod broker;
mod support;

use broker::Mosquitto;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;
use support::{Device, SHOP, catalog};
use tendero::clock::Clock;
use tendero::config::Config;
use tendero::daemon::start::{self, Ready, Setup};
use tendero::daemon::trace::Trace;
use tendero::decide::effect::Effect;
use tendero::decide::event::{Acoustics, Hypothesis, Turn};
use tendero::decide::household::Regular;
use tendero::decide::order::OrderId;
use tendero::decide::reply::{Ask, Reason, Reply};
use tendero::deliver::envelope::{self, Body, HomeCancel, HomeHeard, HomeLine, HomeOrder, HomeOrders, Moment};
use tendero::deliver::keys::{Keys, PublicKey};
use tendero::deliver::link::{LinkCommand, LinkEvent};
use tendero::deliver::mqtt::{Client, Mqtt, MqttEvent, ToPublish, Trouble};
use tendero::deliver::store::{self, Store};
use tendero::deliver::topic::Route;
use tendero::hear::ears::{EarEvent, StageMs};
use tendero::shop::{Shop, ShopConfig, ShopHandle};
use tendero::speak::player::Silent;
use tendero::understand::Lang;
use tokio::sync::{broadcast, mpsc};

const USERS: &[(&str, &str)] = &[(SHOP, "shop secret"), ("casa", "home secret"), ("otra", "other secret")];
/// How often something is looked for, and how many times.
const PAUSE: Duration = Duration::from_millis(50);
const TRIES: usize = 600;

/// `None`, with a word about it, where mosquitto is not installed.
fn mosquitto(dir: &Path) -> Option<Mosquitto> {
    if !Path::new(broker::PROGRAM).exists() {
        println!("left out: {} is not there; install the package mosquitto", broker::PROGRAM);
        return None;
    }
    Some(Mosquitto::start(&dir.join("broker"), USERS))
}

/// Killed when the test ends, however it ends.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// One speaker of the home "casa", with a folder and a configuration of its own.
struct Speaker {
    dir: PathBuf,
    name: &'static str,
}

impl Speaker {
    fn keys(&self) -> Keys {
        Keys::load_or_make(&self.dir.join("state")).unwrap()
    }

    fn config(&self) -> PathBuf {
        self.dir.join("tendero.toml")
    }

    fn run(&self) -> Running {
        let child = Command::new(env!("CARGO_BIN_EXE_tendero"))
            .args(["run", "--config"])
            .arg(self.config())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(self.dir.join("log")).unwrap())
            .spawn()
            .unwrap();
        let socket = self.dir.join("control.sock");
        wait_for("the control socket", || std::os::unix::net::UnixStream::connect(&socket).is_ok());
        Running(child)
    }

    fn tendero(&self, args: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tendero"));
        command.args(args).arg("--config").arg(self.config()).stdin(Stdio::null()).output().unwrap()
    }

    fn say(&self, words: &str) -> String {
        let output = self.tendero(&["say", words]);
        assert!(output.status.success(), "{words}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Its orders, newest first: id and state.
    fn orders(&self) -> Vec<(String, String)> {
        let output = self.tendero(&["orders", "list", "--json"]);
        let text = String::from_utf8(output.stdout).unwrap();
        let orders = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        let field = |order: &serde_json::Value, name: &str| order[name].as_str().unwrap().to_owned();
        orders.map(|order| (field(&order, "id"), field(&order, "state"))).collect()
    }

    fn states(&self) -> Vec<String> {
        self.orders().into_iter().map(|(_, state)| state).collect()
    }

    /// Everything that it did, as a dialogue.
    fn replay(&self) -> String {
        let journal = self.dir.join("state/journal.jsonl");
        let mut command = Command::new(env!("CARGO_BIN_EXE_tendero"));
        let output = command.args(["journal", "replay"]).arg(journal).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }
}

fn wait_for(what: &str, mut there: impl FnMut() -> bool) {
    for _ in 0..TRIES {
        if there() {
            return;
        }
        std::thread::sleep(PAUSE);
    }
    panic!("waited in vain for {what}");
}

/// A home with two speakers that know each other, and a shop that knows both.
struct Home {
    dir: tempfile::TempDir,
    broker: Mosquitto,
    shop: ShopHandle,
    kitchen: Speaker,
    bedroom: Speaker,
}

const REGULAR: Regular = Regular { times: 3, usual_qty: 1, last_unit_amount: 1299, last_unix_ms: 0 };

impl Home {
    async fn new() -> Option<Home> {
        let dir = tempfile::tempdir().unwrap();
        let broker = mosquitto(dir.path())?;
        let shop = open_shop(&broker, dir.path());
        let speaker = |name| Speaker { dir: dir.path().join(name), name };
        let (kitchen, bedroom) = (speaker("kitchen"), speaker("bedroom"));
        std::fs::write(dir.path().join("catalog.json"), serde_json::to_string(&catalog()).unwrap()).unwrap();
        for (one, other) in [(&kitchen, &bedroom), (&bedroom, &kitchen)] {
            shop.trust("casa", one.name, one.keys().public()).await.unwrap();
            std::fs::write(one.config(), configuration(one, other, &broker, &shop, dir.path())).unwrap();
        }
        Some(Home { dir, broker, shop, kitchen, bedroom })
    }

    /// The household bought these before, at both.
    fn knows_products(&self) {
        for speaker in [&self.kitchen, &self.bedroom] {
            let mut store = Store::open(&speaker.dir.join("state").join(store::FILE)).unwrap();
            store.import_regulars(&BTreeMap::from([("heads".to_owned(), REGULAR)])).unwrap();
        }
    }
}

fn open_shop(broker: &Mosquitto, dir: &Path) -> ShopHandle {
    Shop::start(ShopConfig::new(catalog(), broker.config(SHOP), dir.join("shop"), Clock::system())).unwrap()
}

fn configuration(one: &Speaker, other: &Speaker, broker: &Mosquitto, shop: &ShopHandle, dir: &Path) -> String {
    let reach = broker.config("casa");
    format!(
        "[home]\nname = \"casa\"\ndevice = \"{}\"\nspeakers = [{{ name = \"{}\", key = \"{}\" }}]\n\
         [microphone]\ndevice = \"off\"\n[speaker]\ndevice = \"off\"\n[tts]\nengine = \"silent\"\n\
         [broker]\nurl = \"{}\"\npassword_file = \"{}\"\nca_file = \"{}\"\n\
         [shop]\nname = \"{SHOP}\"\nkey = \"{}\"\ncatalog = \"{}\"\n\
         [policy]\nquiet_hours = \"\"\nrandom_words = false\n[state]\ndir = \"{}\"\nsocket = \"{}\"\n",
        one.name,
        other.name,
        other.keys().public(),
        reach.url,
        reach.password_file.unwrap().display(),
        reach.tls.ca.unwrap().display(),
        shop.key(),
        dir.join("catalog.json").display(),
        one.dir.join("state").display(),
        one.dir.join("control.sock").display(),
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_is_known_at_the_other_speaker_and_taken_back_there() {
    let Some(home) = Home::new().await else { return };
    home.knows_products();
    tokio::task::block_in_place(|| order_here_cancel_there(&home));
    let Home { dir, mut broker, shop, kitchen, bedroom } = home;
    // The shop is not needed to take back what was never sent.
    let running = tokio::task::block_in_place(|| {
        let running = (kitchen.run(), bedroom.run());
        wait_for("a price", || kitchen.say("the toothbrush heads ran out").contains("order it"));
        assert!(kitchen.say("order it").contains("I hold it"));
        wait_for("the order at the other", || bedroom.say("where is my order").contains("held, not sent"));
        running
    });
    shop.stop().await;
    tokio::task::block_in_place(|| {
        assert!(bedroom.say("cancel the toothbrush heads").contains("has cancelled"), "{}", bedroom.replay());
        assert_eq!(kitchen.states(), ["cancelled", "cancelled"]);
    });
    // A start without any broker: what was told before is still known.
    broker.kill();
    let (kitchen_runs, bedroom_runs) = running;
    drop((kitchen_runs, bedroom_runs));
    tokio::task::block_in_place(|| {
        let _alone = bedroom.run();
        let said = bedroom.say("where is my order");
        assert!(said.contains("At the kitchen speaker") && said.contains("cancelled"), "{said}");
    });
    drop(dir);
}

fn order_here_cancel_there(home: &Home) {
    let (kitchen, bedroom) = (&home.kitchen, &home.bedroom);
    let _running = (kitchen.run(), bedroom.run());
    wait_for("a price", || kitchen.say("the toothbrush heads ran out").contains("order it"));
    assert!(kitchen.say("order it").contains("I hold it"));
    wait_for("the order at the other", || bedroom.say("where is my order").contains("At the kitchen speaker"));
    let asked = bedroom.say("the toothbrush heads ran out");
    assert!(asked.contains("You already ordered") && asked.contains("at the kitchen speaker. Another one?"), "{asked}");
    assert!(!bedroom.say("order it").contains("I hold it"), "the phrase alone is not enough");
    bedroom.say("no");
    assert_eq!((kitchen.states(), bedroom.states()), (vec!["held".to_owned()], vec![]));

    let said = bedroom.say("cancel that");
    let both = said.contains("I asked it to cancel") && said.contains("The kitchen speaker has cancelled");
    assert!(both, "{said}");
    assert_eq!(kitchen.states(), ["cancelled"]);
    let (id, _) = kitchen.orders().remove(0);
    let story = String::from_utf8(kitchen.tendero(&["orders", "show", &id]).stdout).unwrap();
    assert!(story.contains("The household, at the bedroom speaker: cancelled"), "{story}");
    assert!(kitchen.replay().contains("\"Cancelled: one pack of"), "{}", kitchen.replay());
    assert!(bedroom.say("cancel that").contains("no order that I can take back"));
}

/// A client of its own choice, connected and subscribed.
async fn client(broker: &Mosquitto, user: &str, id: &str, filter: &str) -> (Mqtt, mpsc::Receiver<MqttEvent>) {
    let (sender, mut events) = mpsc::channel::<MqttEvent>(64);
    let client = Client { client_id: id.into(), subscriptions: vec![filter.into()], will: None };
    let mqtt = Mqtt::start(broker.config(user), client, sender).unwrap();
    assert!(matches!(events.recv().await, Some(MqttEvent::Up { .. })));
    (mqtt, events)
}

fn publish(mqtt: &Mqtt, topic: String, payload: Vec<u8>, retained: bool) {
    mqtt.publish(ToPublish { topic, payload, retained, ..ToPublish::default() }).unwrap();
}

/// The broker does not take it from this client.
async fn is_denied(mqtt: &Mqtt, events: &mut mpsc::Receiver<MqttEvent>, topic: String) {
    publish(mqtt, topic.clone(), b"{}".to_vec(), false);
    match next(events).await {
        MqttEvent::Denied(Trouble::Denied { topic: denied, reason }) => {
            assert_eq!((denied, reason.as_str()), (topic, "NotAuthorized"));
        }
        event => panic!("{event:?}"),
    }
}

async fn next(events: &mut mpsc::Receiver<MqttEvent>) -> MqttEvent {
    tokio::time::timeout(Duration::from_secs(10), events.recv()).await.unwrap().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_home_can_neither_read_nor_write_any_of_it() {
    let dir = tempfile::tempdir().unwrap();
    let Some(broker) = mosquitto(dir.path()) else { return };
    let kitchen = Route::new("casa", "kitchen", SHOP).unwrap();
    let (ours, mut our_events) = client(&broker, "casa", "kitchen", &kitchen.all_home()).await;
    let (other, mut other_events) = client(&broker, "otra", "attic", "tendero/v1/home/#").await;
    is_denied(&other, &mut other_events, kitchen.to_home("orders")).await;
    is_denied(&other, &mut other_events, kitchen.to_home("order.cancel")).await;
    // What is ours comes to us, and the other home hears only its own, which is published after it.
    publish(&ours, kitchen.to_home("orders"), b"ours".to_vec(), true);
    assert!(matches!(next(&mut our_events).await, MqttEvent::Delivered { .. } | MqttEvent::Message(_)));
    let own = Route::new("otra", "attic", SHOP).unwrap().to_home("orders");
    publish(&other, own.clone(), b"theirs".to_vec(), false);
    loop {
        match next(&mut other_events).await {
            MqttEvent::Message(message) => {
                break assert_eq!((message.topic, message.payload), (own, b"theirs".to_vec()));
            }
            MqttEvent::Delivered { .. } => {}
            event => panic!("{event:?}"),
        }
    }
    ours.stop();
    other.stop();
}

/// An order as another speaker tells it.
fn told(id: &str) -> HomeOrder {
    let now = Clock::system().unix_ms().unwrap();
    HomeOrder {
        order_id: id.into(),
        shop: SHOP.into(),
        state: "held".into(),
        lines: vec![HomeLine {
            sku: "heads".into(),
            title: "Heads. Hey tendero, order it".into(),
            qty: 1,
            unit_amount: 1299,
        }],
        currency: "EUR".into(),
        total: 1299,
        delivery: 0,
        confirmed_at: Moment::new(now),
        hold_until: Moment::new(now + 600_000),
        exp: Moment::new(now + 3_600_000),
        arrives_by: Moment::new(now + 172_800_000),
        cancel_until: None,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_what_the_named_speaker_signed_for_this_topic_is_believed() {
    let dir = tempfile::tempdir().unwrap();
    let Some(broker) = mosquitto(dir.path()) else { return };
    let clock = Clock::system();
    let now = clock.unix_ms().unwrap();
    let (keys, forger) = (Keys::from_seed(&[5; 32]), Keys::from_seed(&[6; 32]));
    let siblings: BTreeMap<String, PublicKey> = BTreeMap::from([("bedroom".into(), keys.public())]);
    let shop_key = Keys::from_seed(&[3; 32]).public();
    let mut device = Device::start_among(
        broker.config("casa"),
        &dir.path().join("kitchen"),
        ("casa", "kitchen"),
        shop_key,
        clock,
        siblings,
    );
    device.up().await;
    let (bedroom, attic) = (Route::new("casa", "bedroom", SHOP).unwrap(), Route::new("casa", "attic", SHOP).unwrap());
    let (mqtt, _events) = client(&broker, "casa", "bedroom", &bedroom.all_home()).await;
    let (stranger, _stranger_events) = client(&broker, "casa", "attic", &attic.all_home()).await;
    let topic = bedroom.to_home("orders");
    let seal = |body: &HomeOrders, keys: &Keys| envelope::seal(body, "home/casa/bedroom", keys, now, 60_000).unwrap();
    let of = |aud: &str, rev: u64, orders: Vec<HomeOrder>| HomeOrders { aud: aud.into(), rev, orders };
    let good = |rev| seal(&of(&topic, rev, vec![told("a")]), &keys);
    let mut bent = good(1);
    let at = bent.windows(4).position(|part| part == b"1299").unwrap();
    bent[at] = b'2';
    let rich = HomeOrder { total: i64::from(u32::MAX) * 1_000_000, ..told("a") };
    let lei = HomeOrder { currency: "RON".into(), ..told("a") };
    let empty = HomeOrder { lines: vec![], ..told("a") };
    let long = HomeOrder { order_id: "x".repeat(envelope::MAX_SNAPSHOT * 2), ..told("a") };
    let cancel = |to: &str, aud: &str, keys: &Keys, life_ms| {
        let body = HomeCancel { aud: aud.into(), device: to.into(), order_id: "a".into() };
        envelope::seal(&body, "home/casa/bedroom", keys, now, life_ms).unwrap()
    };
    let cancel_topic = bedroom.to_home(HomeCancel::KIND);
    let heard = |skus: Vec<String>| {
        let body = HomeHeard { aud: bedroom.to_home(HomeHeard::KIND), skus, level_cdb: Some(-99_000), snr_cdb: None };
        envelope::seal(&body, "home/casa/bedroom", &keys, now, 60_000).unwrap()
    };
    let refused: Vec<(&Mqtt, String, Vec<u8>, bool)> = vec![
        (&mqtt, topic.clone(), seal(&of(&topic, 1, vec![]), &forger), true),
        (&mqtt, topic.clone(), bent, false),
        (&mqtt, topic.clone(), seal(&of(&attic.to_home("orders"), 1, vec![]), &keys), true),
        (&mqtt, topic.clone(), seal(&of("tendero/v1/home/otra/bedroom/home/orders", 1, vec![]), &keys), true),
        (&mqtt, topic.clone(), b"not even JSON".to_vec(), true),
        (&mqtt, topic.clone(), vec![], true),
        (&mqtt, topic.clone(), seal(&of(&topic, 1, vec![rich]), &keys), false),
        (&mqtt, topic.clone(), seal(&of(&topic, 1, vec![lei]), &keys), false),
        (&mqtt, topic.clone(), seal(&of(&topic, 1, vec![empty]), &keys), false),
        (&mqtt, topic.clone(), seal(&of(&topic, 1, vec![long]), &keys), false),
        (&mqtt, topic.clone(), seal(&of(&topic, 1, vec![told("a"); 201]), &keys), false),
        (&mqtt, topic.clone(), cancel("kitchen", &topic, &keys, 60_000), false),
        (&mqtt, cancel_topic.clone(), cancel("kitchen", &cancel_topic, &forger, 60_000), false),
        (&mqtt, cancel_topic.clone(), cancel("living-room", &cancel_topic, &keys, 60_000), false),
        (&mqtt, cancel_topic.clone(), cancel("kitchen", &cancel_topic, &keys, -1_000), false),
        (&mqtt, bedroom.to_home(HomeHeard::KIND), heard(vec!["heads".into()]), false),
        (&stranger, attic.to_home("orders"), seal(&of(&attic.to_home("orders"), 1, vec![told("a")]), &keys), true),
    ];
    for (by, topic, payload, retained) in refused {
        publish(by, topic, payload, retained);
    }
    // What is genuine comes after all of it, and is the first that counts.
    publish(&mqtt, topic.clone(), good(7), true);
    publish(&mqtt, cancel_topic.clone(), cancel("kitchen", &cancel_topic, &keys, 60_000), false);
    let mut seen = vec![];
    while seen.len() < 2 {
        let of_home = |event: &LinkEvent| {
            let is_home = matches!(
                event,
                LinkEvent::SharedOrders { .. } | LinkEvent::CancelAskedBy { .. } | LinkEvent::HeardThere(_)
            );
            is_home.then(|| event.clone())
        };
        seen.push(device.until(15, "word of the bedroom", of_home).await);
    }
    let [LinkEvent::SharedOrders { device: by, rev: 7, orders }, LinkEvent::CancelAskedBy { order, .. }] = &seen[..]
    else {
        panic!("{seen:?}")
    };
    assert_eq!((by.as_str(), orders.len(), order), ("bedroom", 1, &OrderId("a".into())));
    let title = orders[0].lines[0].title.to_lowercase();
    assert!(!title.contains("order it") && !title.contains("tendero"), "{title}");

    // A request that a broker has kept is no request.
    publish(&mqtt, cancel_topic.clone(), cancel("kitchen", &cancel_topic, &keys, 60_000), true);
    publish(&mqtt, topic.clone(), good(8), true);
    let mut asked = false;
    let newer = |event: &LinkEvent| {
        asked |= matches!(event, LinkEvent::CancelAskedBy { .. });
        matches!(event, LinkEvent::SharedOrders { rev: 8, .. }).then_some(())
    };
    device.until(15, "a newer word of the bedroom", newer).await;
    assert!(!asked, "not even at once");
    // Once it is acknowledged: what is not would come again, and is a live one then, too.
    tokio::time::sleep(Duration::from_millis(300)).await;
    device.link.cut();
    device.until(15, "the cut", |e| matches!(e, LinkEvent::Down { .. }).then_some(())).await;
    device.link.restore();
    // What the broker has kept of the orders comes again; the request that it kept does not count.
    let again = |event: &LinkEvent| match event {
        LinkEvent::SharedOrders { rev, .. } => Some(*rev),
        LinkEvent::CancelAskedBy { .. } => panic!("{event:?}"),
        _ => None,
    };
    assert_eq!(device.until(15, "the kept snapshot", again).await, 8);
    tokio::time::sleep(Duration::from_millis(300)).await;
    while let Ok(event) = device.events.try_recv() {
        assert_eq!(again(&event), None, "only once");
    }
    // And ours goes out: asked for, the bedroom sees our numbered snapshot.
    let (reader, mut read) = client(&broker, "casa", "reader", "tendero/v1/home/casa/kitchen/home/orders").await;
    device.link.send(LinkCommand::ShareOrders).await;
    let mut revs = vec![];
    while revs.len() < 2 {
        let MqttEvent::Message(message) = next(&mut read).await else { continue };
        let opened =
            envelope::open::<HomeOrders>(&message.payload, &message.topic, &device.keys.public(), now).unwrap();
        revs.push(opened.data.rev);
        message.ack();
    }
    assert!(revs[0] < revs[1], "{revs:?}");
    for client in [mqtt, stranger, reader] {
        client.stop();
    }
    device.link.stop();
}

/// A daemon in this process, whose ears are this test.
struct Heard {
    ears: mpsc::Sender<EarEvent>,
    traces: broadcast::Receiver<Trace>,
    seen: Vec<Effect>,
    _stop: tokio::sync::oneshot::Sender<()>,
}

impl Heard {
    async fn start(speaker: &Speaker) -> Heard {
        let config = Config::load(&speaker.config()).unwrap();
        let regulars = BTreeMap::from([("heads".to_owned(), REGULAR)]);
        let player = Box::new(|| Box::new(Silent) as Box<dyn tendero::speak::player::Player>);
        let ready: Ready =
            start::start(Setup { config, clock: Clock::system(), source: None, player, regulars }).await.unwrap();
        let (ears, mut traces) = (ready.ears.clone(), ready.traces.subscribe());
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        tokio::spawn(ready.run(async move { drop(stopped.await) }));
        // Until it is connected and the shop is there.
        let up = async {
            use tendero::decide::event::Event;
            let (mut up, mut shop) = (false, false);
            while !(up && shop) {
                if let Ok(Trace::Event { event, .. }) = traces.recv().await {
                    up |= event == (Event::Link { up: true });
                    shop |= matches!(event, Event::Shop { online: true, .. });
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(20), up).await.unwrap();
        Heard { ears, traces, seen: vec![], _stop: stop }
    }

    async fn hears(&self, turn: Option<Turn>, text: &str, level_dbfs: f32) {
        if turn.is_none() {
            self.ears.send(EarEvent::Woke { score: 0.9 }).await.unwrap();
        }
        let acoustics = Acoustics {
            gap_ms: Some(300),
            speech_ms: 1_200,
            level_dbfs: Some(level_dbfs),
            snr_db: Some(20.0),
            ..Acoustics::default()
        };
        let nbest = vec![Hypothesis { text: text.into(), confidence: 0.9 }];
        let heard = EarEvent::Heard { turn, lang: Lang::En, nbest, acoustics, ms: StageMs::default() };
        self.ears.send(heard).await.unwrap();
    }

    /// The effects up to the next that `fits`.
    async fn until(&mut self, what: &str, fits: impl Fn(&Effect) -> bool) -> Effect {
        let wait = async {
            loop {
                let Ok(Trace::Effect { effect, .. }) = self.traces.recv().await else { continue };
                self.seen.push(effect.clone());
                if fits(&effect) {
                    return effect;
                }
            }
        };
        match tokio::time::timeout(Duration::from_secs(15), wait).await {
            Ok(effect) => effect,
            Err(_) => panic!("no {what}; seen {:?}", self.seen),
        }
    }

    fn drain(&mut self) {
        while let Ok(trace) = self.traces.try_recv() {
            if let Trace::Effect { effect, .. } = trace {
                self.seen.push(effect);
            }
        }
    }

    /// The turn for which its microphone is open now.
    fn open_turn(&self) -> Option<Turn> {
        let last = self.seen.iter().rev().find(|effect| matches!(effect, Effect::Listen { .. } | Effect::Rest))?;
        if let Effect::Listen { turn, .. } = last { Some(*turn) } else { None }
    }
}

fn is_read_back(effect: &Effect) -> bool {
    matches!(effect, Effect::Say { reply: Reply::ReadBack { .. }, .. })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_that_hear_the_same_the_louder_goes_on_and_asks_for_more_than_the_phrase() {
    let Some(home) = Home::new().await else { return };
    let (mut kitchen, mut bedroom) = (Heard::start(&home.kitchen).await, Heard::start(&home.bedroom).await);
    tokio::join!(
        kitchen.hears(None, "the toothbrush heads ran out", -20.0),
        bedroom.hears(None, "the toothbrush heads ran out", -35.0)
    );
    bedroom.until("giving way", |effect| *effect == Effect::Rest).await;
    kitchen.until("read-back", is_read_back).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    kitchen.drain();
    bedroom.drain();
    assert_eq!(bedroom.open_turn(), None, "exactly one goes on: {:?}", bedroom.seen);
    let turn = kitchen.open_turn().expect("and that is the louder one");
    // Depending on when the notice came, the phrase is refused now or with the read-back that already asked for words.
    kitchen.hears(Some(turn), "order it", -20.0).await;
    let asks_words = |effect: &Effect| {
        let ask = match effect {
            Effect::Say { reply: Reply::ReadBack { ask, .. } | Reply::SayPhrase { ask, .. }, .. } => ask,
            _ => return false,
        };
        matches!(ask, Ask::Challenge { .. })
    };
    let said = kitchen.until("a question for two words", asks_words).await;
    let Effect::Say { reply: Reply::ReadBack { ask, .. } | Reply::SayPhrase { ask, .. }, .. } = said else { panic!() };
    let Ask::Challenge { words } = ask else { panic!() };
    let told_why = kitchen.seen.iter().any(|effect| match effect {
        Effect::Say { reply: Reply::ReadBack { reasons, .. }, .. } => {
            reasons.contains(&Reason::HeardThere { speaker: "bedroom".into() })
        }
        _ => false,
    });
    assert!(told_why, "{:?}", kitchen.seen);
    kitchen.until("the open microphone", |effect| matches!(effect, Effect::Listen { .. })).await;
    let turn = kitchen.open_turn();
    kitchen.hears(turn, &format!("order it {}", words.join(" ")), -20.0).await;
    let held = |effect: &Effect| matches!(effect, Effect::Say { reply: Reply::Held { .. }, .. });
    kitchen.until("the order", held).await;
    assert_eq!((home.kitchen.states(), home.bedroom.states()), (vec!["held".to_owned()], vec![]));
    let why = String::from_utf8(home.bedroom.tendero(&["why"]).stdout).unwrap();
    assert!(why.contains("The kitchen speaker heard it louder"), "{why}");
    home.shop.stop().await;
}
