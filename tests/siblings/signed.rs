//! What the speakers tell each other is for them alone, and only what the named one signed for this topic counts.

use super::home::mosquitto;
use super::house::broker::Mosquitto;
use super::support::{Device, SHOP};
use std::collections::BTreeMap;
use std::time::Duration;
use tendero::clock::Clock;
use tendero::decide::order::OrderId;
use tendero::deliver::envelope::{self, Body, HomeCancel, HomeHeard, HomeLine, HomeOrder, HomeOrders, Moment};
use tendero::deliver::keys::{Keys, PublicKey};
use tendero::deliver::link::{LinkCommand, LinkEvent};
use tendero::deliver::mqtt::{Client, Mqtt, MqttEvent, ToPublish, Trouble};
use tendero::deliver::topic::Route;
use tokio::sync::mpsc;

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
