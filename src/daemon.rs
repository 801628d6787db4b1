//! The only loop: wait for an event → `mind.handle(event, now)` → carry out the effects.
//!
//! The daemon knows every edge and decides nothing. It turns what the edges tell into
//! [`Event`]s, in the order in which they come, and hands each [`Effect`] to the edge that can
//! carry it out; no edge is ever waited for on the loop.

pub mod catalogs;
pub mod control;
mod errand;
mod hands;
mod inputs;
pub mod mute;
pub mod pin;
pub mod start;
pub mod status;
mod text;
pub mod trace;

use crate::clean;
use crate::clock::Clock;
use crate::decide::Now;
use crate::decide::effect::Effect;
use crate::decide::event::{Channel, Entropy, Event, Heard};
use crate::decide::mind::Mind;
use crate::decide::order::OrderId;
use crate::deliver::link::{LinkCommand, LinkEvent, Typist};
use crate::hear::ears::{EarCommand, EarEvent};
use crate::journal::{Entry, Journal, Setup};
use crate::speak::voice::{Saying, Spoken, Voice, What};
use crate::speak::wording::Wording;
use crate::understand::Lang;
use catalogs::Catalogs;
use control::Request;
use errand::{Errands, StoreAnswer};
use mute::MuteFile;
use pin::PinFile;
use status::Board;
use std::time::Duration;
use text::TextClient;
use tokio::sync::{broadcast, mpsc};
use trace::Trace;

/// Events that an edge may have waiting.
pub const QUEUE: usize = 64;
/// How often old words are looked for, milliseconds.
const TIDY_EVERY_MS: u64 = 24 * 3_600_000;
/// The longest sleep, so that the watchdog is fed and a wall clock that was set is noticed.
const LONGEST_SLEEP: Duration = Duration::from_secs(10);

/// Everything that the loop is made of.
pub struct Parts {
    pub mind: Mind,
    pub clock: Clock,
    pub lang: Lang,
    pub wording: Wording,
    /// `None` without a microphone.
    pub ears: Option<std::sync::mpsc::Sender<EarCommand>>,
    pub voice: Voice,
    pub errands: Errands,
    pub catalogs: Catalogs,
    pub pin: PinFile,
    pub mute_file: MuteFile,
    /// A sign after the wake word.
    pub wake_sound: bool,
    pub journal: Option<Journal>,
    pub inbox: Inbox,
    /// How long what was said is kept, milliseconds.
    pub keep_words_ms: u64,
    pub checked_pins: mpsc::Sender<PinChecked>,
    /// Who watches, such as the demo's terminal.
    pub traces: broadcast::Sender<Trace>,
}

/// Where the edges put what they have to tell.
pub struct Inbox {
    pub ears: mpsc::Receiver<EarEvent>,
    pub spoken: mpsc::Receiver<Spoken>,
    pub stored: mpsc::Receiver<StoreAnswer>,
    pub link: mpsc::Receiver<LinkEvent>,
    pub control: mpsc::Receiver<Request>,
    pub pins: mpsc::Receiver<PinChecked>,
}

/// A PIN that was compared with the one that is set.
pub struct PinChecked {
    order: Option<OrderId>,
    lang: Lang,
    /// One line that says why it could not be compared.
    right: Result<bool, String>,
    from: PinFrom,
}

/// Who gave a PIN, and hears what came of it.
pub enum PinFrom {
    Client(mpsc::Sender<control::Answer>),
    /// A bridge that signs.
    Bridge(Typist),
}

/// One thing that woke the loop.
enum Woken {
    Ear(EarEvent),
    Spoken(Spoken),
    Stored(StoreAnswer),
    Link(LinkEvent),
    Control(Request),
    Pin(PinChecked),
    Time,
    Stop,
}

pub struct Daemon {
    parts: Parts,
    /// Replies that are being said or wait for it: the microphone stays deaf.
    sounding: usize,
    /// Replies for which the voice had no place.
    unsaid: Vec<u32>,
    /// The typed conversation, if there is one.
    text: TextClient,
    /// Writes without an answer yet.
    writing: usize,
    /// When old words are dropped next, and when the journal was begun; monotonic, milliseconds.
    tidy_ms: u64,
    journal_ms: u64,
    /// What the mind knows of the way to the shop, to be told again to a fresh one.
    link_up: Option<bool>,
    board: Board,
}

impl Daemon {
    pub fn new(parts: Parts) -> Daemon {
        let journal_ms = parts.clock.now().mono_ms;
        let board = Board::new(parts.mute_file.read());
        Daemon {
            parts,
            board,
            sounding: 0,
            unsaid: vec![],
            text: TextClient::default(),
            writing: 0,
            tidy_ms: 0,
            journal_ms,
            link_up: None,
        }
    }

    /// Runs until `stop` completes. What is on disk is all that the next start needs.
    ///
    /// # Errors
    /// Only what leaves the daemon unable to work at all; everything else is told and survived.
    pub async fn run(mut self, stop: impl Future<Output = ()>) -> anyhow::Result<()> {
        tokio::pin!(stop);
        loop {
            let woken = self.next(&mut stop).await;
            if let Woken::Stop = woken {
                return Ok(());
            }
            for event in self.events(woken) {
                self.step(event);
            }
            self.settle_text();
            self.tell_followers();
            self.renew_journal_if_due();
        }
    }

    async fn next(&mut self, stop: &mut (impl Future<Output = ()> + Unpin)) -> Woken {
        let moved = self.parts.clock.moved();
        let sleep = self.until_deadline();
        let inbox = &mut self.parts.inbox;
        // A closed channel (no microphone, say) never wakes the loop.
        tokio::select! {
            biased;
            () = stop => Woken::Stop,
            Some(answer) = inbox.stored.recv() => Woken::Stored(answer),
            Some(spoken) = inbox.spoken.recv() => Woken::Spoken(spoken),
            Some(event) = inbox.link.recv() => Woken::Link(event),
            Some(request) = inbox.control.recv() => Woken::Control(request),
            Some(checked) = inbox.pins.recv() => Woken::Pin(checked),
            Some(event) = inbox.ears.recv() => Woken::Ear(event),
            () = tokio::time::sleep(sleep) => Woken::Time,
            () = moved => Woken::Time,
        }
    }

    fn until_deadline(&self) -> Duration {
        let now_ms = self.parts.clock.now().mono_ms;
        let left = self.parts.mind.deadline().map(|deadline| deadline.at_mono_ms.saturating_sub(now_ms));
        left.map_or(LONGEST_SLEEP, |left_ms| Duration::from_millis(left_ms).min(LONGEST_SLEEP))
    }

    /// What the mind must hear of it.
    fn events(&mut self, woken: Woken) -> Vec<Event> {
        match woken {
            Woken::Ear(event) => self.ear_events(event),
            Woken::Spoken(spoken) => self.spoken_events(spoken),
            Woken::Stored(answer) => self.stored_events(answer),
            Woken::Link(event) => self.link_events(event),
            Woken::Control(request) => self.control_events(request),
            Woken::Pin(checked) => self.pin_events(checked),
            Woken::Time => self.time_events(),
            Woken::Stop => vec![],
        }
    }

    /// Begins a new journal when the old one is full or old, with a fresh mind from what the household
    /// is: the same as a restart, at a moment when nothing is going on.
    fn renew_journal_if_due(&mut self) {
        let mind = &self.parts.mind;
        let at_rest = mind.is_idle()
            && self.sounding == 0
            && self.writing == 0
            && mind.household().orders.values().all(|order| order.state.is_settled());
        // Half the time for this one and half for the one before: no word is older than is wanted.
        let now_ms = self.parts.clock.now().mono_ms;
        let is_old = now_ms.saturating_sub(self.journal_ms) > self.parts.keep_words_ms / 2;
        let is_due = |journal: &Journal| is_old || journal.is_full();
        if !at_rest || !self.parts.journal.as_ref().is_some_and(is_due) {
            return;
        }
        self.journal_ms = now_ms;
        self.parts.mind = Mind::new(mind.policy().clone(), mind.understanding().clone(), mind.household().clone());
        if let Some(journal) = self.parts.journal.take() {
            self.parts.journal = journal
                .renew(&Setup::of(&self.parts.mind))
                .inspect_err(|error| tracing::error!("{error:#}; going on without a journal"))
                .ok();
        }
        if let Some(up) = self.link_up {
            self.step(Event::Link { up });
        }
    }

    fn step(&mut self, mut event: Event) {
        if let Event::Heard(Heard { nbest, .. }) | Event::HeardAgain { nbest, .. } = &mut event {
            // No number of a card is kept, not even here: what the mind makes of it is the same.
            let cards = nbest.iter_mut().filter(|hypothesis| clean::holds_card_number(&hypothesis.text));
            cards.for_each(|hypothesis| hypothesis.text = clean::NO_CARD_NUMBER.into());
        }
        if let Event::Link { up } = event {
            self.link_up = Some(up);
        }
        let now = self.parts.clock.now();
        let began_us = self.parts.clock.machine_us();
        let effects = self.parts.mind.handle(event.clone(), now);
        let took_us = self.parts.clock.machine_us() - began_us;
        self.watch(Trace::Event { at: now, event: event.clone(), took_us });
        self.journal(now, event, &effects);
        for effect in effects {
            self.watch(Trace::Effect { at: now, effect: effect.clone() });
            self.carry_out(effect);
        }
    }

    fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::Say { say, channel, lang, reply } => {
                let text = self.parts.wording.sentence(&reply, lang);
                self.say(say, channel, lang, text);
            }
            Effect::Listen { turn, lang, expect, window_ms } => {
                self.board.listening = true;
                self.tell_ears(EarCommand::Listen { turn, lang, expect, window_ms });
            }
            Effect::HearAgain { id } => self.tell_ears(EarCommand::HearAgain { id }),
            Effect::Rest => {
                self.board.listening = false;
                self.tell_ears(EarCommand::Rest);
            }
            Effect::AskQuote { request_id, lang, lines, coupon } => {
                self.parts.errands.send(LinkCommand::AskQuote { request_id, lang, lines, coupon });
            }
            Effect::AskFind { request_id, lang, seek } => {
                self.parts.errands.send(LinkCommand::AskFind { request_id, lang, seek });
            }
            Effect::AskHistory { request_id, lang, limit } => {
                self.parts.errands.send(LinkCommand::AskHistory { request_id, lang, limit });
            }
            Effect::Store { ticket, writes } => {
                self.writing += 1;
                self.parts.errands.store(ticket, writes);
            }
            Effect::Send { order } => self.parts.errands.send(LinkCommand::Send { order }),
            Effect::AskCancel { order, reason } => self.parts.errands.send(LinkCommand::AskCancel { order, reason }),
            Effect::AskWithdraw { order } => self.parts.errands.send(LinkCommand::AskWithdraw { order }),
            Effect::AskApprove { order } => self.parts.errands.send(LinkCommand::AskApprove { order }),
            Effect::AskStatus { order } => self.parts.errands.send(LinkCommand::AskStatus { order }),
            Effect::AskSibling { device, order } => self.parts.errands.send(LinkCommand::AskSibling { device, order }),
            Effect::Chat { thread } => self.parts.errands.send(LinkCommand::Chat { thread }),
            Effect::TellConsent => self.parts.errands.send(LinkCommand::TellConsent),
            Effect::TellHeard { skus, level_cdb, snr_cdb } => {
                self.parts.errands.send(LinkCommand::TellHeard { skus, level_cdb, snr_cdb });
            }
        }
    }

    fn say(&mut self, say: u32, channel: Channel, lang: Lang, text: String) {
        self.watch(Trace::Sentence { say, channel: channel.clone(), text: text.clone() });
        match channel {
            Channel::Voice => {
                self.sounding += 1;
                self.tell_ears(EarCommand::Deafen);
                if !self.parts.voice.say(Saying { say, what: What::Words { text, lang } }) {
                    let error = Some("the voice can't keep up".into());
                    self.ended(Spoken { say, error, stopped: false, synthesis_ms: 0, speech_ms: 0 });
                    self.unsaid.push(say);
                }
            }
            Channel::Text(to) | Channel::Open(to) => {
                // Over the broker nobody waits for an answer: it goes out, or not.
                if let Some(typist) = text::typist(&to) {
                    self.parts.errands.send(LinkCommand::AnswerText { to: typist, lang, text });
                    self.text.went_out(say, self.link_up == Some(true));
                } else {
                    self.text.reply(&to, say, text);
                }
            }
        }
    }

    fn time_events(&mut self) -> Vec<Event> {
        let _ = sd_notify::notify(&[sd_notify::NotifyState::Watchdog]);
        self.tidy();
        let now_ms = self.parts.clock.now().mono_ms;
        let due = self.parts.mind.deadline().is_some_and(|deadline| deadline.at_mono_ms <= now_ms);
        if due { vec![Event::Deadline] } else { vec![] }
    }

    /// Once a day: what was said goes when the household no longer wants it kept.
    fn tidy(&mut self) {
        let now = self.parts.clock.now();
        let Some(wall) = now.wall.filter(|_| now.mono_ms >= self.tidy_ms) else { return };
        self.tidy_ms = now.mono_ms + TIDY_EVERY_MS;
        let keep_ms = self.parts.keep_words_ms;
        self.parts.errands.forget_words(wall.unix_ms.saturating_sub_unsigned(keep_ms));
        if let Some(journal) = &self.parts.journal {
            journal.drop_old(wall.unix_ms.saturating_sub_unsigned(keep_ms / 2));
        }
    }

    /// Typed words are answered at once: what was "said" on the text channel has been read, if somebody was there.
    fn settle_text(&mut self) {
        for say in std::mem::take(&mut self.unsaid) {
            self.step(Event::Unheard { say });
        }
        // Each round may bring further replies; the mind's replies to `Played` are bounded.
        for _ in 0..QUEUE {
            let Some((say, taken)) = self.text.next_read() else { break };
            self.step(if taken { Event::Played { say } } else { Event::Unheard { say } });
        }
        self.text.finish_if_settled(self.parts.mind.waits());
    }

    fn tell_ears(&self, command: EarCommand) {
        if let Some(ears) = &self.parts.ears {
            // The ears' thread ends only with the daemon.
            let _ = ears.send(command);
        }
    }

    fn journal(&mut self, at: Now, event: Event, effects: &[Effect]) {
        let Some(journal) = &mut self.parts.journal else { return };
        let written = journal.write(&Entry { at, event, effects: effects.to_vec() });
        if let Err(error) = written {
            tracing::error!("{error:#}; going on without a journal");
            self.parts.journal = None;
        }
    }

    fn watch(&self, trace: Trace) {
        // Nobody watching is fine.
        let _ = self.parts.traces.send(trace);
    }
}

/// Random bits from the system, for ids, nonces and challenge words.
fn entropy() -> Entropy {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).expect("the kernel gives random numbers once it has booted");
    Entropy(bytes)
}
