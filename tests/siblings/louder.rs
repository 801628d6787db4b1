//! Of two speakers that hear the same, one goes on: two daemons in this process, whose ears are this test.

use super::home::{Home, REGULAR};
use super::house::speaker::Speaker;
use std::collections::BTreeMap;
use std::time::Duration;
use tendero::clock::Clock;
use tendero::config::Config;
use tendero::daemon::start::{self, Ready, Setup};
use tendero::daemon::trace::Trace;
use tendero::decide::effect::Effect;
use tendero::decide::event::{Acoustics, Hypothesis, Turn};
use tendero::decide::reply::{Ask, Reason, Reply};
use tendero::hear::ears::{EarEvent, StageMs};
use tendero::speak::player::Silent;
use tendero::understand::Lang;
use tokio::sync::{broadcast, mpsc};

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
            start::start(Setup { config, clock: Clock::system(), source: None, player, canceller: None, regulars })
                .await
                .unwrap();
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
    let why = home.bedroom.tendero(&["why"]);
    assert!(why.contains("The kitchen speaker heard it louder"), "{why}");
    home.shop.stop().await;
}
