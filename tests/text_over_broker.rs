//! Typed words over the broker: a bridge that signs, and a panel that does not, at Debian's mosquitto with its access rules.
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

#[path = "support/house.rs"]
mod house;

use house::{House, wait_for};
use std::time::Duration;
use tendero::clock::Clock;
use tendero::deliver::envelope::{self, Moment, TextIn, TextOut};
use tendero::deliver::keys::{Keys, PublicKey};
use tendero::deliver::mqtt::{Client, Mqtt, MqttEvent, ToPublish};
use tendero::deliver::topic::Route;
use tokio::sync::mpsc;

/// A program of the home that publishes typed words and reads the answers.
struct Bridge {
    mqtt: Mqtt,
    events: mpsc::Receiver<MqttEvent>,
    route: Route,
    keys: Keys,
    device: PublicKey,
    clock: Clock,
}

impl Bridge {
    async fn connect(house: &House, keys: Keys) -> Bridge {
        let route = Route::new("casa", "kitchen", "corner").unwrap();
        let (events_tx, events) = mpsc::channel(16);
        let client = Client { client_id: "casa.bridge".into(), subscriptions: vec![route.text_out()], will: None };
        let mqtt = Mqtt::start(house.reach("casa"), client, events_tx).unwrap();
        let device = house.device().1.parse().unwrap();
        let mut bridge = Bridge { mqtt, events, route, keys, device, clock: Clock::system() };
        bridge.until(|event| matches!(event, MqttEvent::Up { .. }).then_some(())).await;
        bridge
    }

    async fn until<T>(&mut self, mut wanted: impl FnMut(MqttEvent) -> Option<T>) -> T {
        let waiting = async {
            loop {
                if let Some(found) = wanted(self.events.recv().await.unwrap()) {
                    return found;
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(60), waiting).await.unwrap()
    }

    fn publish(&self, payload: Vec<u8>, retained: bool) {
        self.mqtt
            .publish(ToPublish { topic: self.route.text_in(), payload, retained, ..ToPublish::default() })
            .unwrap();
    }

    fn signed(&self, text: &str) -> Vec<u8> {
        let now = self.clock.unix_ms().unwrap();
        let body = TextIn {
            aud: self.route.text_in(),
            client: "ana".into(),
            text: text.into(),
            language: None,
            at: Moment::new(now),
        };
        envelope::seal(&body, "home/casa/messenger", &self.keys, now, 30_000).unwrap()
    }

    /// The next answer, whose signature is the device's.
    async fn answer(&mut self) -> TextOut {
        let (device, now) = (self.device.clone(), self.clock.unix_ms().unwrap());
        self.until(|event| {
            let MqttEvent::Message(message) = event else { return None };
            let opened = envelope::open::<TextOut>(&message.payload, &message.topic, &device, now).unwrap();
            message.ack();
            Some(opened.data)
        })
        .await
    }

    async fn says(&mut self, text: &str) -> String {
        // No two messages of one moment.
        tokio::time::sleep(Duration::from_millis(5)).await;
        self.publish(self.signed(text), false);
        let answer = self.answer().await;
        assert_eq!((answer.client.as_str(), answer.bridge.as_deref()), ("ana", Some("messenger")));
        answer.text
    }
}

/// A house whose speaker knows the bridge, in `[text]`.
fn house(more: &str, keys: &Keys) -> Option<House> {
    let text = format!("[text]\nbridges = [{{ name = \"messenger\", key = \"{}\" }}]\n{more}", keys.public());
    House::with_tables(&text)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bridge_that_signs_orders_as_if_typed_at_the_device() {
    let keys = Keys::from_seed(&[5; 32]);
    let Some(house) = house("", &keys) else { return };
    let (_shop, _device) = (house.start_shop(), house.start());
    let mut bridge = Bridge::connect(&house, keys).await;
    loop {
        let answer = bridge.says("order coffee").await;
        if answer.contains("order it") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert!(bridge.says("order it").await.contains("adult"));
    house.tendero(&["button", "hold"]);
    wait_for("the receipt", || house.is("accepted"));
    assert!(bridge.says("where is my order").await.to_lowercase().contains("coffee"));

    // Neither a repetition, nor another key, nor a retained one, nor plain words are answered; what comes after them is.
    let again = bridge.signed("order coffee");
    bridge.publish(again.clone(), false);
    assert!(!bridge.answer().await.text.is_empty());
    bridge.publish(again.clone(), false);
    let own = std::mem::replace(&mut bridge.keys, Keys::from_seed(&[6; 32]));
    bridge.publish(bridge.signed("what did I buy"), false);
    bridge.keys = own;
    bridge.publish(b"what did I buy".to_vec(), false);
    bridge.publish(bridge.signed("what did I buy"), true);
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert!(bridge.says("no").await.contains("nothing"));
    assert_eq!(house.orders().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn plain_words_where_the_household_opened_that_way_need_an_adult() {
    let keys = Keys::from_seed(&[5; 32]);
    let Some(house) = house("open = true", &keys) else { return };
    let (_shop, _device) = (house.start_shop(), house.start());
    let mut bridge = Bridge::connect(&house, keys).await;
    let open = |text: &str| serde_json::to_vec(&serde_json::json!({"client": "panel", "text": text})).unwrap();
    loop {
        bridge.publish(open("order coffee"), false);
        let answer = bridge.answer().await;
        assert_eq!((answer.client.as_str(), answer.bridge), ("panel", None));
        if answer.text.contains("order it") {
            assert!(answer.text.contains("anybody can type"), "{}", answer.text);
            break;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    bridge.publish(open("order it"), false);
    assert!(bridge.answer().await.text.contains("adult"));
    // A PIN is neither tried there nor kept. It is long enough not to stand in a time or a hash by chance.
    bridge.publish(open("pin 47110815"), false);
    assert!(bridge.answer().await.text.contains("anybody can type"));
    assert!(house.is("awaiting_adult"));
    let journal = std::fs::read_to_string(house.state_dir().join("journal.jsonl")).unwrap();
    assert!(!journal.contains("47110815"));
    // The words alone will do; nonsense does no harm.
    for nonsense in [&b"\xff\xfe"[..], b"", b"{\"text\":1}", b"{\"client\":\"A/B\",\"text\":\"help\"}", &[b'x'; 20_000]]
    {
        bridge.publish(nonsense.to_vec(), false);
    }
    bridge.publish("¿dónde está mi pedido?".into(), false);
    let answer = bridge.answer().await;
    assert_eq!((answer.client.as_str(), answer.text.is_empty()), ("open", false));
    house.tendero(&["button", "hold"]);
    wait_for("the receipt", || house.is("accepted"));
}
