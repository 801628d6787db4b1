//! The stage: broker, shop, daemon and the room, and the patience to wait for each cue.

use super::Args;
use super::broker::Broker;
use super::household::{Household, LEAD_MS, Person};
use super::room::Air;
use super::tape::Tape;
use super::terminal::Terminal;
use crate::clock::Clock;
use crate::config::Config;
use crate::daemon::start::{Setup, start};
use crate::daemon::trace::Trace;
use crate::decide::effect::{Effect, Write};
use crate::decide::guard::Verdict;
use crate::decide::household::Regular;
use crate::decide::order::OrderState;
use crate::decide::reply::Reply;
use crate::deliver::keys::Keys;
use crate::deliver::link::LinkHandle;
use crate::deliver::mqtt::BrokerConfig;
use crate::shop::{Shop, ShopConfig, ShopHandle};
use crate::understand::Understanding;
use crate::understand::catalog::Catalog;
use crate::understand::grammar::Expect;
use anyhow::{Context, bail};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;
use tokio::sync::{broadcast, oneshot};
use tokio::task::JoinHandle;

/// Real time within which each cue must come. On a busy machine a recogniser has been seen to take ten seconds for
/// what takes it half a second, and a scene that is given up in the middle spoils the next.
const PATIENCE: Duration = Duration::from_secs(120);
/// How long nothing must happen for a scene to be over, real time.
const CALM: Duration = Duration::from_millis(500);
/// The catalogue that ships with the program.
const CATALOG: &str = include_str!("../../../demo/catalog.json");
/// Local time at which the demo begins, minutes since midnight: nobody's quiet hours.
const BEGINS_MINUTE: u16 = 18 * 60;
/// What this household has bought before: everything else would need an adult's hand.
const REGULARS: [&str; 3] = ["toothbrush-heads-4", "coffee-roast-500", "dishwasher-tablets-60"];
const TWO_MONTHS_MS: i64 = 60 * 24 * 3_600_000;

pub struct Stage {
    clock: Clock,
    room: Household,
    air: Air,
    tape: Tape,
    terminal: Terminal,
    traces: broadcast::Receiver<Trace>,
    link: LinkHandle,
    shop: ShopHandle,
    broker: Broker,
    hold: Duration,
    /// When the first sound of a request was made.
    request_began_ms: u64,
    /// Bookings that earlier scenes left.
    booked_before: usize,
    daemon: JoinHandle<anyhow::Result<()>>,
    stop: oneshot::Sender<()>,
    _dir: tempfile::TempDir,
}

impl Stage {
    /// Starts everything.
    ///
    /// # Errors
    /// What is missing, and what to do: usually `make setup`.
    pub async fn set(args: &Args) -> anyhow::Result<Stage> {
        let clock = Clock::system();
        begin_in_the_evening(&clock)?;
        let dir = tempfile::tempdir().context("can't make a temporary folder for the demo")?;
        let broker = Broker::raise(args.broker.as_deref()).await?;
        let catalog = Catalog::from_json(CATALOG).context("the demo's own catalogue")?;

        let mut config = Config::default();
        // The demo is the same on every machine.
        config.understand.lexicon_dir = "".into();
        // Its household speaks with a synthesiser, which says the same words in the same way each time.
        config.playback.refuse_replays = false;
        config.home.name = "casa".into();
        config.state.dir = dir.path().join("home");
        config.state.socket = dir.path().join("control.sock");
        config.broker.url = broker.url().to_owned();
        config.wake.models = args.wake_models.clone();
        config.shop.catalog = dir.path().join("catalog.json");
        std::fs::write(&config.shop.catalog, CATALOG).context("can't write the demo's catalogue")?;

        let shop = open_shop(&config, &catalog, &clock, dir.path())?;
        config.shop.key = shop.key().to_string();
        let hold = Duration::from_millis(config.policy().hold_ms);

        let tape = Tape::default();
        let (air, microphone, player) = Air::new(clock.clone(), tape.clone(), args.listen)?;
        let regulars = regulars(&catalog, clock.unix_ms().context("this machine's clock is not set")?);
        let ready =
            start(Setup { config, clock: clock.clone(), source: Some(microphone), player, canceller: None, regulars })
                .await?;
        let (traces, link) = (ready.traces.subscribe(), ready.link.clone());
        let (stop, stopped) = oneshot::channel::<()>();
        let daemon = tokio::spawn(ready.run(async move { drop(stopped.await) }));

        let mut stage = Stage {
            clock,
            room: Household::new(args.seed, tape.clone())?,
            air,
            tape,
            terminal: Terminal::new(Understanding::new(catalog)),
            traces,
            link,
            shop,
            broker,
            hold,
            request_began_ms: 0,
            booked_before: 0,
            daemon,
            stop,
            _dir: dir,
        };
        stage.terminal.title("The stage is set");
        stage.terminal.note("clock", "runs ahead where a scene needs time to pass; it begins at 18:00");
        stage.until("the device to reach the broker", |trace| is_link(trace, true)).await?;
        stage.settle().await?;
        Ok(stage)
    }

    /// What happens besides the daemon.
    pub fn note(&mut self, who: &str, what: &str) {
        self.terminal.set_time(self.clock.now());
        self.terminal.note(who, what);
    }

    pub fn shop(&self) -> &ShopHandle {
        &self.shop
    }

    pub fn shop_name(&self) -> &str {
        &self.terminal.understanding().catalog().shop
    }

    pub fn broker_url(&self) -> &str {
        self.broker.url()
    }

    pub fn clock(&self) -> Clock {
        self.clock.clone()
    }

    pub fn understanding(&self) -> Understanding {
        self.terminal.understanding().clone()
    }

    pub async fn begin(&mut self, title: &str) -> anyhow::Result<()> {
        self.terminal.title(title);
        self.booked_before = self.shop.bookings().await?.len();
        Ok(())
    }

    /// Somebody says something, with a short pause between the parts.
    pub async fn says(&mut self, person: Person, parts: &[&str]) -> anyhow::Result<()> {
        self.terminal.room(person.who, &parts.join(", "));
        let sound = self.room.says(person, parts)?;
        self.air.carry(sound).await
    }

    /// Somebody says the wake word and then `words`.
    pub async fn asks(&mut self, person: Person, words: &str) -> anyhow::Result<()> {
        self.request_began_ms = self.clock.now().mono_ms + LEAD_MS;
        self.says(person, &["hey tendero", words]).await
    }

    pub async fn reply(&mut self, what: &str, fits: impl FnMut(&Reply) -> bool) -> anyhow::Result<()> {
        self.said(what, fits).await.map(drop)
    }

    /// Until such a reply has been said; when its first sound was due, milliseconds of the clock.
    async fn said(&mut self, what: &str, mut fits: impl FnMut(&Reply) -> bool) -> anyhow::Result<u64> {
        let (mut wanted, mut began_ms) = (None, 0);
        self.until(&format!("the speaker to say {what}"), |trace| match trace {
            Trace::Effect { at, effect: Effect::Say { say, reply, .. } } if fits(reply) => {
                (wanted, began_ms) = (Some(*say), at.mono_ms);
                false
            }
            Trace::Spoken { spoken } => Some(spoken.say) == wanted,
            _ => false,
        })
        .await?;
        Ok(began_ms)
    }

    /// Until the speaker listens; what for.
    pub async fn listening(&mut self) -> anyhow::Result<Expect> {
        let mut expected = Expect::Command;
        self.until("the speaker to listen", |trace| match trace {
            Trace::Effect { effect: Effect::Listen { expect, .. }, .. } => {
                expected.clone_from(expect);
                true
            }
            _ => false,
        })
        .await?;
        Ok(expected)
    }

    /// Says the phrase with the random words that the speaker asks for: is it held? Whoever is not understood at the
    /// first try hears other words, and says those. False: what was heard ended it, and nothing is ordered.
    pub async fn confirms(&mut self, person: Person) -> anyhow::Result<bool> {
        loop {
            let expect = self.listening().await?;
            let words = if let Expect::Challenge { words } = &expect { words.as_slice() } else { &[] };
            let parts: Vec<&str> = std::iter::once("order it").chain(words.iter().map(String::as_str)).collect();
            self.says(person, &parts).await?;
            let (mut held, mut again) = (false, false);
            let what = "that it is held, that nothing is ordered, or the phrase once more";
            let said_ms = self
                .said(what, |reply| {
                    held |= matches!(reply, Reply::Held { .. });
                    again |= matches!(reply, Reply::SayPhrase { .. });
                    held || again || matches!(reply, Reply::NothingOrdered | Reply::GivenUp)
                })
                .await?;
            if held {
                let took_s = said_ms.saturating_sub(self.request_began_ms) as f64 / 1000.0;
                self.note("in all", &format!("{took_s:.1} s from the first sound to \"noted\""));
            }
            if !again {
                return Ok(held);
            }
        }
    }

    pub async fn resting(&mut self) -> anyhow::Result<()> {
        self.until("the speaker to rest", |trace| matches!(trace, Trace::Effect { effect: Effect::Rest, .. })).await
    }

    pub async fn verdict(&mut self, what: &str, fits: impl Fn(&Verdict) -> bool) -> anyhow::Result<()> {
        self.until(&format!("{what} to object"), |trace| {
            writes(trace).any(|write| match write {
                Write::Audit { verdicts, .. } => verdicts.iter().any(&fits),
                Write::Order(_)
                | Write::ListItem { .. }
                | Write::Offered { .. }
                | Write::Shared { .. }
                | Write::Chat { .. }
                | Write::WrongPins { .. }
                | Write::Told { .. }
                | Write::Consent(_)
                | Write::NoticesTold { .. }
                | Write::NoticesGone { .. }
                | Write::Step(_) => false,
            })
        })
        .await
    }

    /// Until the outbox holds an order that may leave.
    pub async fn sending(&mut self) -> anyhow::Result<()> {
        self.until("the order to be sent", |trace| {
            writes(trace).any(|write| matches!(write, Write::Order(order) if order.state == OrderState::Sending))
        })
        .await
    }

    /// Lets the clock run ahead.
    pub fn skip(&mut self, by: Duration, what: &str) {
        self.clock.skip(by);
        self.terminal.note("clock", &format!("runs ahead by {what}"));
    }

    pub fn skip_hold(&mut self) {
        let minutes = self.hold.as_secs() / 60;
        self.skip(self.hold, &format!("the {minutes} minutes of the hold"));
    }

    pub async fn kill_broker(&mut self) -> anyhow::Result<()> {
        let what = self.broker.kill(&self.link).await?;
        self.terminal.note("broker", &what);
        Ok(())
    }

    pub async fn raise_broker(&mut self) -> anyhow::Result<()> {
        let what = self.broker.raise_again(&self.link).await?;
        self.terminal.note("broker", &what);
        Ok(())
    }

    /// Shows what happens meanwhile.
    pub async fn pass_time(&mut self, real: Duration) -> anyhow::Result<()> {
        let end = tokio::time::Instant::now() + real;
        while let Ok(trace) = tokio::time::timeout_at(end, self.traces.recv()).await {
            self.terminal.show(&trace.context("the daemon stopped")?);
        }
        Ok(())
    }

    /// Waits until nothing happens any more.
    pub async fn settle(&mut self) -> anyhow::Result<()> {
        let end = tokio::time::Instant::now() + PATIENCE;
        while let Ok(trace) = tokio::time::timeout(CALM, self.traces.recv()).await {
            self.terminal.show(&trace.context("the daemon stopped")?);
            if tokio::time::Instant::now() > end {
                bail!("it does not come to rest");
            }
        }
        Ok(())
    }

    /// What the shop's books gained in this scene: `quantity × sku`.
    pub async fn booked(&mut self) -> anyhow::Result<Vec<String>> {
        let bookings = self.shop.bookings().await?;
        let lines = bookings.iter().skip(self.booked_before).flat_map(|booking| {
            let lines = booking.order["lines"].as_array().cloned().unwrap_or_default();
            lines.into_iter().map(|line| format!("{} × {}", line["qty"], line["sku"].as_str().unwrap_or("?")))
        });
        Ok(lines.collect())
    }

    /// Stops everything and saves the recording.
    pub async fn close(self, wav: &Path) -> anyhow::Result<()> {
        // The daemon may have stopped by itself: then its own error counts.
        let _ = self.stop.send(());
        drop(self.air);
        self.daemon.await.context("the daemon died")??;
        self.shop.stop().await;
        self.tape.save(wav)
    }

    async fn until(&mut self, what: &str, mut fits: impl FnMut(&Trace) -> bool) -> anyhow::Result<()> {
        let end = tokio::time::Instant::now() + if self.air.is_aloud() { 4 * PATIENCE } else { PATIENCE };
        loop {
            let Ok(trace) = tokio::time::timeout_at(end, self.traces.recv()).await else {
                bail!("waited in vain for {what}");
            };
            let trace = trace.context("the daemon stopped")?;
            self.terminal.show(&trace);
            if fits(&trace) {
                return Ok(());
            }
        }
    }
}

fn is_link(trace: &Trace, wanted: bool) -> bool {
    use crate::decide::event::Event;
    matches!(trace, Trace::Event { event: Event::Link { up }, .. } if *up == wanted)
}

fn writes(trace: &Trace) -> impl Iterator<Item = &Write> {
    let writes: &[Write] = match trace {
        Trace::Effect { effect: Effect::Store { writes, .. }, .. } => writes,
        _ => &[],
    };
    writes.iter()
}

/// Moves the clock on to the next 18:00.
fn begin_in_the_evening(clock: &Clock) -> anyhow::Result<()> {
    let wall = clock.now().wall.context("this machine's clock is not set; the demo needs to know the date")?;
    let day = 24 * 60;
    let minutes = (BEGINS_MINUTE + day - wall.minute_of_day()) % day;
    clock.skip(Duration::from_secs(u64::from(minutes) * 60));
    Ok(())
}

fn open_shop(config: &Config, catalog: &Catalog, clock: &Clock, dir: &Path) -> anyhow::Result<ShopHandle> {
    let home = &config.home;
    std::fs::create_dir_all(&config.state.dir).context("can't make the demo's state folder")?;
    let device = Keys::load_or_make(&config.state.dir)?.public();
    let broker = BrokerConfig::new(config.broker.url.clone());
    let mut shop = ShopConfig::new(catalog.clone(), broker, dir.join("shop"), clock.clone());
    shop.trusted = vec![(home.name.clone(), home.device.clone(), device)];
    Ok(Shop::start(shop)?)
}

fn regulars(catalog: &Catalog, now_unix_ms: i64) -> BTreeMap<String, Regular> {
    let bought = catalog.products.iter().filter(|product| REGULARS.contains(&product.sku.as_str()));
    bought
        .map(|product| {
            let regular = Regular {
                times: 3,
                usual_qty: 1,
                last_unit_amount: product.unit_amount,
                last_unix_ms: now_unix_ms - TWO_MONTHS_MS,
            };
            (product.sku.clone(), regular)
        })
        .collect()
}
