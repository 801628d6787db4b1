//! Muting over the broker, at Debian's mosquitto with its access rules: it closes, it opens what it closed, and never what a
//! hand closed. And whoever follows what the device does is told.
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

#[path = "support/house.rs"]
mod house;

use house::House;
use house::process::program;
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::Duration;
use tendero::deliver::mqtt::{Client, Mqtt, MqttEvent, ToPublish};
use tendero::deliver::topic::Route;
use tokio::sync::mpsc;

/// A switch on a panel of the home.
struct Switch {
    mqtt: Mqtt,
    events: mpsc::Receiver<MqttEvent>,
    route: Route,
}

impl Switch {
    async fn connect(house: &House) -> Switch {
        let route = Route::new("casa", "kitchen", "corner").unwrap();
        let (events_tx, events) = mpsc::channel(16);
        let client = Client { client_id: "casa.panel".into(), subscriptions: vec![route.mute_state()], will: None };
        let mqtt = Mqtt::start(house.reach("casa"), client, events_tx).unwrap();
        let mut switch = Switch { mqtt, events, route };
        switch.until(|event| matches!(event, MqttEvent::Up { .. }).then_some(())).await;
        switch
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

    fn set(&self, payload: &str, retained: bool) {
        let topic = self.route.mute_set();
        self.mqtt.publish(ToPublish { topic, payload: payload.into(), retained, ..ToPublish::default() }).unwrap();
    }

    /// The next that the device says of itself.
    async fn state(&mut self) -> String {
        self.until(|event| {
            let MqttEvent::Message(message) = event else { return None };
            let said = String::from_utf8(message.payload.clone()).unwrap();
            message.ack();
            Some(said)
        })
        .await
    }
}

fn muted(house: &House) -> bool {
    let status: Value = serde_json::from_str(&house.tendero(&["status", "--json"])).unwrap();
    status["muted"].as_bool().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_switch_closes_it_and_opens_only_what_it_closed() {
    let Some(house) = House::new() else { return };
    let config = std::fs::read_to_string(house.config()).unwrap();
    let config = config.replacen("device = \"off\"", "device = \"off\"\nmute_over_broker = true", 1);
    std::fs::write(house.config(), config).unwrap();
    let mut switch = Switch::connect(&house).await;
    let device = house.start();
    assert_eq!(switch.state().await, "OFF", "it says so when it comes");

    switch.set("ON", false);
    assert_eq!(switch.state().await, "ON");
    assert!(muted(&house));
    switch.set("maybe", false);
    switch.set("OFF", true);
    switch.set("off", false);
    assert_eq!(switch.state().await, "OFF");
    assert!(!muted(&house));

    house.tendero(&["mute", "on"]);
    assert_eq!(switch.state().await, "ON");
    switch.set("OFF", false);
    assert_eq!(switch.state().await, "ON", "a hand closed it");
    assert!(muted(&house));
    drop(device);
    let _device = house.start();
    assert_eq!(switch.state().await, "ON", "after a restart, too");
    house.tendero(&["mute", "off"]);
    assert_eq!(switch.state().await, "OFF");
}

/// Without the setting the broker has no say: nothing is heard there, and nothing said.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_that_was_not_told_to_listens_to_no_switch() {
    let Some(house) = House::new() else { return };
    let switch = Switch::connect(&house).await;
    let _device = house.start();
    switch.set("ON", false);
    // Once the daemon has answered what came later it would have seen this.
    house.orders_nothing();
    assert!(!muted(&house));
}

trait Busy {
    fn orders_nothing(&self);
}

impl Busy for House {
    /// A round to the shop and back, over the same connection.
    fn orders_nothing(&self) {
        let _shop = self.start_shop();
        house::wait_for("a quote from the shop", || self.say("order coffee").contains("order it"));
        self.say("no");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_follows_is_told_of_each_change() {
    let Some(house) = House::new() else { return };
    let _device = house.start();
    let mut command = program();
    command.args(["status", "--follow", "--json", "--config", house.config().to_str().unwrap()]);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let _follower = house::Running(child);
    let mut next = move || serde_json::from_str::<Value>(&lines.next().unwrap().unwrap()).unwrap();
    let resting = serde_json::json!({"doing": "resting", "muted": false, "microphone": "off"});
    assert_eq!(next(), resting);
    house.tendero(&["mute", "on"]);
    assert_eq!(next()["muted"], true);
    house.tendero(&["mute", "off"]);
    assert_eq!(next(), resting);
    // Nobody is at the other end of the shop: it thinks, until it gives up.
    let say = std::thread::scope(|scope| {
        let asked = scope.spawn(|| house.say("order coffee"));
        let doing = next()["doing"].clone();
        assert_eq!(doing, "thinking");
        asked.join().unwrap()
    });
    assert!(!say.is_empty());
    assert_eq!(next(), resting);
}
