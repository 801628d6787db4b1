//! What is told to the siblings, what is believed of them, and which of several answers.

use super::*;
use crate::decide::effect::{Effect, Write};
use crate::decide::event::{Channel, Entropy, Event, Heard, Hypothesis};
use crate::decide::guard::fixture::{HOUR, Scene, WEDNESDAY_18};
use crate::decide::mind::{Mind, Waits};
use crate::decide::reply::Reply;
use crate::decide::{Now, Wall};
use crate::understand::{Lang, Understanding};
use std::sync::OnceLock;

fn scene(count: i64, state: impl Fn(i64) -> OrderState) -> Scene {
    let mut scene = Scene::new();
    for number in 0..count {
        scene.ordered(&format!("{number:04}"), "coffee", state(number), number * HOUR, 700);
    }
    scene
}

fn orders(scene: &Scene) -> Vec<Order> {
    scene.household.orders.values().cloned().collect()
}

#[test]
fn open_orders_are_told_however_old_and_others_for_forty_days() {
    let scene = scene(1_500, |number| if number % 300 == 299 { OrderState::Sending } else { OrderState::Delivered });
    let told = to_share(&orders(&scene), Some(WEDNESDAY_18));
    assert_eq!(told.len(), MAX_ORDERS);
    let ids = |told: &[SharedOrder], state| -> Vec<String> {
        told.iter().filter(|order| order.state == state).map(|order| order.id.0.clone()).collect()
    };
    assert_eq!(ids(&told, OrderState::Sending), ["0299", "0599", "0899", "1199", "1499"]);
    assert_eq!(ids(&told, OrderState::Delivered).first().map(String::as_str), Some("0000"), "the newest first");
    let few = to_share(&orders(&scene)[900..], Some(WEDNESDAY_18));
    assert_eq!(ids(&few, OrderState::Delivered).last().map(String::as_str), Some("0960"), "of 40 days ago");
    assert_eq!(to_share(&orders(&scene)[1_490..], None).len(), 10, "without a clock all are recent");
}

#[test]
fn a_name_is_spoken_without_hyphens_and_without_a_phrase() {
    assert_eq!(spoken("living-room"), "living room");
    assert_eq!(spoken("order-it"), "");
}

fn understanding() -> Understanding {
    static ONCE: OnceLock<Understanding> = OnceLock::new();
    ONCE.get_or_init(|| Understanding::new(Scene::new().catalog)).clone()
}

fn mind(device: &str) -> Mind {
    let mut household = Scene::new().household;
    household.device = device.into();
    for name in ["bedroom", "kitchen", "living-room"].into_iter().filter(|name| *name != device) {
        household.siblings.insert(name.into(), Sibling::default());
    }
    let policy = crate::decide::policy::Policy { random_words: false, ..Default::default() };
    Mind::new(policy, understanding(), household)
}

fn at(mono_ms: u64) -> Now {
    let unix_ms = WEDNESDAY_18 + i64::try_from(mono_ms).expect("a short time");
    Now { mono_ms, wall: Some(Wall { unix_ms, offset_min: 0 }) }
}

fn shared(id: &str, state: OrderState) -> SharedOrder {
    let mut scene = Scene::new();
    scene.ordered(id, "coffee", state, HOUR, 700);
    SharedOrder::of(&scene.household.orders[&OrderId(id.into())])
}

fn tells(device: &str, rev: u64, orders: Vec<SharedOrder>) -> Event {
    Event::SharedOrders { device: device.into(), rev, orders }
}

/// An utterance after the wake word, or typed.
fn says(mind: &mut Mind, text: &str, level_dbfs: Option<f32>, channel: Channel, mono_ms: u64) -> Vec<Effect> {
    let voice = channel == Channel::Voice;
    let mut effects = if voice { mind.handle(Event::Woke { score: 0.9 }, at(mono_ms)) } else { vec![] };
    let acoustics = crate::decide::event::Acoustics { level_dbfs, gap_ms: Some(300), ..Default::default() };
    let nbest = vec![Hypothesis { text: text.into(), confidence: 0.9 }];
    let heard = Heard { turn: None, channel, lang: Lang::En, nbest, acoustics, entropy: Entropy([7; 32]) };
    effects.extend(mind.handle(Event::Heard(heard), at(mono_ms)));
    effects
}

fn replies(effects: &[Effect]) -> Vec<&Reply> {
    effects
        .iter()
        .filter_map(|effect| if let Effect::Say { reply, .. } = effect { Some(reply) } else { None })
        .collect()
}

#[test]
fn an_old_or_doubled_snapshot_and_a_stranger_change_nothing() {
    let mut mind = mind("kitchen");
    let held = || vec![shared("a", OrderState::Held)];
    let written = |effects: &[Effect]| effects.iter().filter(|effect| matches!(effect, Effect::Store { .. })).count();
    assert_eq!(written(&mind.handle(tells("bedroom", 5, held()), at(0))), 1);
    for (device, rev) in [("bedroom", 5), ("bedroom", 4), ("bedroom", 0), ("attic", 9), ("kitchen", 9)] {
        let effects = mind.handle(tells(device, rev, vec![]), at(1));
        assert_eq!(effects, [], "{device} {rev}");
    }
    assert_eq!(mind.household().siblings["bedroom"].orders, held());
    assert_eq!(written(&mind.handle(tells("bedroom", 6, vec![]), at(2))), 1);
    assert_eq!(mind.household().siblings["bedroom"].orders, []);
}

#[test]
fn what_makes_no_sense_is_left_out_and_another_shops_number_is_not_ours() {
    let mut mind = mind("kitchen");
    let bent = |bend: fn(&mut SharedOrder)| {
        let mut order = shared("a", OrderState::Accepted);
        bend(&mut order);
        order
    };
    let nonsense = vec![
        bent(|order| order.total = -1),
        bent(|order| order.total = i64::MAX),
        bent(|order| order.lines.clear()),
        bent(|order| order.lines[0].qty = 0),
        bent(|order| order.lines[0].unit_amount = i64::MIN),
        bent(|order| order.lines[0].sku = "x".repeat(300)),
    ];
    mind.handle(tells("bedroom", 1, nonsense), at(0));
    assert_eq!(mind.household().siblings["bedroom"].orders, []);
    mind.handle(tells("bedroom", 2, vec![bent(|order| order.shop = "elsewhere".into())]), at(0));
    assert!(!mind.household().siblings["bedroom"].orders[0].has("coffee"), "it may be something else there");
    assert_eq!(mind.household().spent_since(0), 700, "but it was paid");
}

#[test]
fn an_order_of_another_speaker_is_asked_for_and_its_snapshot_answers() {
    use OrderState::*;
    let spoken_of = |reply: &Reply| serde_json::to_value(reply).expect("a reply is plain data")["reply"].clone();
    // What the other speaker tells next, and what is said then; nothing: it is waited for.
    let table: [(&[OrderState], &str); 8] = [
        (&[Cancelled], "cancelled_there"),
        (&[Held, Cancelled], "cancelled_there"),
        (&[Cancelling], "cancel_passed_on"),
        (&[Shipped], "cancel_refused_there"),
        (&[Delivered], "cancel_refused_there"),
        (&[Expired], "order_status_there"),
        (&[Rejected], "order_status_there"),
        (&[Held, Sending], "speaker_silent"),
    ];
    for (told, expected) in table {
        let mut mind = mind("bedroom");
        mind.handle(Event::Link { up: true }, at(0));
        mind.handle(tells("kitchen", 1, vec![shared("a", Held)]), at(0));
        let text = || Channel::Text("cli".into());
        let effects = says(&mut mind, "cancel that", None, text(), 10);
        let asked = Effect::AskSibling { device: "kitchen".into(), order: OrderId("a".into()) };
        assert!(effects.contains(&asked), "{effects:?}");
        assert_eq!(spoken_of(replies(&effects)[0]), "cancel_asked_there");
        let say =
            effects.iter().find_map(|effect| if let Effect::Say { say, .. } = effect { Some(*say) } else { None });
        mind.handle(Event::Played { say: say.expect("it says so") }, at(20));
        assert_eq!(mind.waits(), Waits::Edge, "who typed waits for the other speaker");
        let again = mind.handle(Event::Link { up: true }, at(25));
        assert!(again.contains(&asked), "a question may get lost with the broker");
        let mut said = vec![];
        for (rev, state) in told.iter().enumerate() {
            assert_eq!(said, [""; 0], "nothing yet");
            let effects = mind.handle(tells("kitchen", 2 + rev as u64, vec![shared("a", *state)]), at(30));
            said.extend(replies(&effects).into_iter().map(spoken_of));
        }
        let effects = mind.handle(Event::Deadline, at(31_000));
        said.extend(replies(&effects).into_iter().map(spoken_of));
        assert_eq!(said, [expected], "{told:?}");
        assert_ne!(mind.waits(), Waits::Edge);
    }
}

#[test]
fn without_a_broker_nobody_is_asked_and_that_is_said() {
    let mut mind = mind("bedroom");
    mind.handle(tells("kitchen", 1, vec![shared("a", OrderState::Held)]), at(0));
    mind.handle(Event::Link { up: false }, at(1));
    let effects = says(&mut mind, "cancel that", None, Channel::Voice, 10);
    assert!(matches!(replies(&effects)[..], [Reply::SpeakerSilent { .. }]), "{effects:?}");
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::AskSibling { .. })));
}

#[test]
fn a_sibling_takes_back_what_is_ours_and_can_do_nothing_else() {
    let mut household = scene(1, |_| OrderState::Held).household;
    household.orders.values_mut().for_each(|order| order.hold_until_unix_ms = WEDNESDAY_18 + HOUR);
    household.siblings.insert("bedroom".into(), Sibling::default());
    let mut mind = Mind::new(Default::default(), understanding(), household);
    let id = OrderId("0000".into());
    let asks = |device: &str, order: &str| Event::CancelAskedBy { device: device.into(), order: OrderId(order.into()) };
    let writes = |effects: Vec<Effect>| -> Vec<Write> {
        let writes = |effect| if let Effect::Store { writes, .. } = effect { writes } else { vec![] };
        effects.into_iter().flat_map(writes).collect()
    };
    mind.handle(Event::Link { up: true }, at(0));
    assert_eq!(writes(mind.handle(asks("attic", "0000"), at(1))), [], "a stranger");
    assert_eq!(writes(mind.handle(asks("bedroom", "ffff"), at(1))), [], "no order of ours");
    // It claims that our order is something else: ours counts.
    mind.handle(tells("bedroom", 1, vec![shared("0000", OrderState::Delivered)]), at(2));
    assert_eq!(mind.household().orders[&id].state, OrderState::Held);
    assert_eq!(mind.household().shared().count(), 0);
    let written = writes(mind.handle(asks("bedroom", "0000"), at(3)));
    let [Write::Order(order), Write::Step(step)] = &written[..] else { panic!("{written:?}") };
    assert_eq!((order.state, step.speaker.as_deref()), (OrderState::Cancelled, Some("bedroom")));
}

/// The loudest of those that hear the same goes on, however the notices come; it asks for more than the phrase.
#[test]
fn one_of_several_goes_on() {
    let notice = |effects: &[Effect], device: &str| {
        effects.iter().find_map(|effect| match effect {
            Effect::TellHeard { skus, level_cdb, snr_cdb } => Some(Event::HeardThere(HeardThere {
                device: device.into(),
                skus: skus.clone(),
                level_cdb: *level_cdb,
                snr_cdb: *snr_cdb,
            })),
            _ => None,
        })
    };
    let gave_way = |effects: &[Effect]| effects.contains(&Effect::Rest);
    // Level in the kitchen and in the bedroom, and who goes on.
    for (kitchen, bedroom, winner) in [
        (Some(-20.0), Some(-30.0), "kitchen"),
        (Some(-30.0), Some(-20.0), "bedroom"),
        (Some(-20.001), Some(-20.002), "bedroom"),
        (None, Some(-60.0), "bedroom"),
        (None, None, "bedroom"),
        (Some(f32::NAN), Some(-90.0), "bedroom"),
    ] {
        // Both notices cross; one comes before the other hears; one is lost.
        for order in ["cross", "kitchen first", "bedroom first"] {
            let (mut here, mut there) = (mind("kitchen"), mind("bedroom"));
            for mind in [&mut here, &mut there] {
                mind.handle(Event::Link { up: true }, at(0));
            }
            let (mut of_kitchen, mut of_bedroom) = (vec![], vec![]);
            if order != "bedroom first" {
                of_kitchen = says(&mut here, "order coffee", kitchen, Channel::Voice, 100);
            }
            if order == "kitchen first" {
                there.handle(notice(&of_kitchen, "kitchen").expect("it tells"), at(110));
            }
            if order != "kitchen first" || of_bedroom.is_empty() {
                of_bedroom = says(&mut there, "order coffee", bedroom, Channel::Voice, 150);
            }
            let told = notice(&of_bedroom, "bedroom").expect("it tells, also when it gives way");
            if order == "bedroom first" {
                here.handle(told.clone(), at(200));
                of_kitchen = says(&mut here, "order coffee", kitchen, Channel::Voice, 210);
            } else {
                of_kitchen.extend(here.handle(told, at(200)));
            }
            if order != "kitchen first" {
                let told = notice(&of_kitchen, "kitchen").expect("it tells, also when it gives way");
                of_bedroom.extend(there.handle(told, at(250)));
            }
            let went_on: Vec<&str> = [("kitchen", &of_kitchen), ("bedroom", &of_bedroom)]
                .into_iter()
                .filter(|(_, effects)| !gave_way(effects))
                .map(|(name, _)| name)
                .collect();
            assert_eq!(went_on, [winner], "{kitchen:?} {bedroom:?} {order}");
        }
    }
}

#[test]
fn what_was_heard_long_before_or_is_something_else_or_was_typed_is_no_concern() {
    let there = |sku: &str| HeardThere {
        device: "bedroom".into(),
        skus: vec![sku.into()],
        level_cdb: Some(-100),
        snr_cdb: None,
    };
    let begin = || {
        let mut mind = mind("kitchen");
        mind.handle(Event::Link { up: true }, at(0));
        mind
    };
    let asks = |effects: &[Effect]| effects.iter().any(|effect| matches!(effect, Effect::AskQuote { .. }));
    for (sku, heard_ms, goes_on) in
        [("coffee", 0, true), ("coffee", 10_000, false), ("wine", 10_000, true), ("coffee", 9_000, true)]
    {
        let mut mind = begin();
        mind.handle(Event::HeardThere(there(sku)), at(heard_ms));
        // Twenty seconds and a little after the start.
        let effects = says(&mut mind, "order coffee", Some(-40.0), Channel::Voice, 19_500);
        assert_eq!(asks(&effects), goes_on, "{sku} at {heard_ms}");
    }
    let mut mind = begin();
    mind.handle(Event::HeardThere(there("coffee")), at(100));
    let typed = says(&mut mind, "order coffee", None, Channel::Text("cli".into()), 200);
    assert!(asks(&typed) && !typed.iter().any(|effect| matches!(effect, Effect::TellHeard { .. })));
    assert!(!mind.handle(Event::HeardThere(there("coffee")), at(300)).contains(&Effect::Rest));
    let mut mind = begin();
    let stranger = HeardThere { device: "attic".into(), ..there("coffee") };
    mind.handle(Event::HeardThere(stranger), at(100));
    assert!(asks(&says(&mut mind, "order coffee", Some(-40.0), Channel::Voice, 200)), "nobody has named that one");
}
