//! What really was: what the household meant, said and heard, what the shop quoted, what was confirmed. Kept apart
//! from the mind, and never asked of it.

mod news;
mod questions;
mod talk;

use super::World;
use super::ears::Utterance;
use super::find::Search;
use news::News;
use questions::Back;
pub(super) use questions::{Question, heard_confirms};
use std::collections::{BTreeMap, BTreeSet};
use talk::Talk;
pub(super) use talk::is_offered;
use tendero::decide::event::{Button, Channel, Event, Heard, Turn};
use tendero::decide::order::{Order, OrderId, OrderState, Quote, Wanted};
use tendero::decide::reply::{Item, Reply};

#[derive(Debug, Clone, Default)]
pub(super) struct Model {
    /// What the household wants now, and its words for it.
    pub wish: Option<Vec<(&'static str, u32)>>,
    pub wished: &'static str,
    /// The read-back that is waiting for an answer, one a channel.
    questions: Vec<Question>,
    /// The microphone is open for this turn.
    open: Option<OpenTurn>,
    /// Why a second recogniser is at work.
    pub again: Option<Cause>,
    utterances: Vec<Utterance>,
    requests: BTreeMap<String, Asked>,
    /// What the shop sent for each request, and when it was first heard of.
    quotes: BTreeMap<String, Vec<(Quote, u64)>>,
    pub orders: BTreeMap<OrderId, Confirmed>,
    /// What is on disk, and the household has not heard to its end yet.
    pub owed: BTreeMap<OrderId, News>,
    /// Since when, and in which life.
    owed_since: BTreeMap<OrderId, (u64, u32)>,
    /// What is being said of it, and has not ended as far as anybody knows.
    saying: Vec<(u32, OrderId, News)>,
    /// In which life something was said last, unless nobody could hear it.
    said: BTreeMap<(OrderId, News), u32>,
    /// What nobody had begun to say when newer news took its place on disk, which the mind hears of a little later.
    late: Vec<(OrderId, News)>,
    /// What was heard to its end with the event that is being handled, and whether the household was owed it.
    heard: Option<(OrderId, News, bool)>,
    /// What was said in this life: "say that again" says it once more, as it was.
    replies: Vec<Reply>,
    /// Somebody just said "say that again".
    asks_again: bool,
    /// ... and that is what is being said.
    repeats: bool,
    life: u32,
    /// Whether an order shall go back, one a channel.
    backs: Vec<Back>,
    /// What somebody agreed to send back, with both steps, and has not gone back yet.
    agreed: Vec<Vec<Item>>,
    /// Orders from which somebody withdrew at the command line.
    pub back_by_hand: BTreeSet<OrderId>,
    /// Withdrawals that were written, by order and moment.
    pub going_back: BTreeSet<(OrderId, Option<i64>)>,
    /// What was to be written of each order, though it may not have reached the disk.
    pub attempted: BTreeSet<(OrderId, OrderState)>,
    /// When an adult's hand was last on the button.
    pub hand_ms: Option<u64>,
    /// When the shop was first known to keep an order back.
    pub kept_ms: BTreeMap<OrderId, u64>,
    /// Orders that an adult approved in time, when the faults stopped: the shop has to learn of it.
    pub approved: Vec<OrderId>,
    /// Orders whose hold has ended.
    pub leaving: BTreeSet<OrderId>,
    /// Orders that the household believes were not made, or were taken back.
    pub denied: BTreeSet<OrderId>,
    /// Orders of which the household heard that they could not be written down.
    pub failed: BTreeSet<OrderId>,
    /// So long the microphone stays open, unless something is heard before, or nothing.
    pub listens_until_ms: u64,
    /// With a person at the shop.
    pub talk: Talk,
    /// What is looked for without a product's name.
    pub search: Search,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct OpenTurn {
    pub turn: Turn,
    pub opened_ms: u64,
}

#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub lines: Vec<Wanted>,
    /// The pause before the command that led here.
    pub gap_ms: Option<u32>,
    pub by_voice: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Confirmed {
    /// As it was first written.
    pub order: Order,
    pub at_ms: u64,
    /// Somebody in the household wants it.
    pub meant: bool,
}

/// Why the mind does something: the event that came in, and what is true of it.
#[derive(Debug, Clone, Default)]
pub(super) struct Cause {
    pub heard: Option<Heard>,
    pub utterance: Option<Utterance>,
    /// The turn that it answered while the microphone was open for that.
    pub turn: Option<OpenTurn>,
}

impl Model {
    /// In its first life, and there was one before it: what nobody could hear counts as said then.
    pub fn new() -> Model {
        Model { life: 1, ..Model::default() }
    }

    pub fn wish_qty(&mut self, qty: u32) {
        if let Some([line]) = self.wish.as_deref_mut() {
            line.1 = qty;
        }
    }

    pub fn opens(&mut self, turn: Turn, opened_ms: u64) {
        self.open = Some(OpenTurn { turn, opened_ms });
        self.listens_until_ms = opened_ms + 8_000;
    }

    pub fn hears(&mut self, utterance: Utterance) {
        if self.utterances.len() == 64 {
            self.utterances.remove(0);
        }
        self.utterances.push(utterance);
    }

    pub fn asked(&mut self, request_id: &str, lines: &[Wanted], cause: &Cause) {
        let gap_ms = cause.heard.as_ref().filter(|heard| heard.turn.is_none()).and_then(|heard| heard.acoustics.gap_ms);
        let by_voice = cause.heard.as_ref().is_some_and(|heard| heard.channel == Channel::Voice);
        self.requests.insert(request_id.into(), Asked { lines: lines.to_vec(), gap_ms, by_voice });
    }

    pub fn request(&self, request_id: &str) -> Option<&Asked> {
        self.requests.get(request_id)
    }

    pub fn some_request(&self) -> Option<String> {
        self.requests.keys().next().cloned()
    }

    pub fn quoted(&mut self, quote: &Quote) {
        self.quotes.entry(quote.request_id.clone()).or_default().push((quote.clone(), u64::MAX));
    }

    /// When exactly this quote of the shop came, if ever.
    pub fn came_ms(&self, quote: &Quote) -> Option<u64> {
        self.quotes.get(&quote.request_id)?.iter().find(|(sent, _)| sent == quote).map(|(_, ms)| *ms)
    }

    pub fn newest_is_meant(&self) -> bool {
        self.orders.values().max_by_key(|confirmed| confirmed.at_ms).is_some_and(|confirmed| confirmed.meant)
    }

    /// A fresh mind: what was open is not any more, and what was being said has to be said again. Of how many orders
    /// the household has still to hear.
    pub fn begin_life(&mut self) -> u64 {
        self.questions.clear();
        self.backs.clear();
        self.open = None;
        self.again = None;
        self.search = Search::default();
        self.listens_until_ms = 0;
        self.saying.clear();
        self.late.clear();
        self.replies.clear();
        self.life += 1;
        self.owed.len() as u64
    }
}

impl World {
    /// What is true of an event, before the mind sees it.
    pub(super) fn understand_cause(&mut self, event: &Event) -> Cause {
        let model = &mut self.model;
        model.heard = None;
        if matches!(
            event,
            Event::Heard(_) | Event::Silence { .. } | Event::Muted { .. } | Event::Button(_) | Event::HeardThere(_)
        ) {
            model.listens_until_ms = 0;
        }
        let again = |heard: &Heard| heard.nbest.iter().any(|heard| heard.text.contains("again"));
        model.asks_again = matches!(event, Event::Heard(heard) if again(heard));
        match event {
            Event::Heard(heard) => {
                model.again = None;
                let utterance = model.utterances.iter().find(|known| known.entropy == heard.entropy.0).cloned();
                let voice = heard.channel == Channel::Voice;
                let turn = model.open.take_if(|open| voice && Some(open.turn) == heard.turn);
                if let Some(utterance) = &utterance {
                    model.hears_back(heard, utterance, turn.is_some());
                }
                Cause { heard: Some(heard.clone()), utterance, turn }
            }
            Event::Played { say } => {
                model.heard_out(*say);
                Cause::default()
            }
            Event::Unheard { say } => {
                self.tally.told_again += model.not_heard(*say);
                Cause::default()
            }
            Event::Quoted(quote) => {
                let sent = model.quotes.get_mut(&quote.request_id).into_iter().flatten();
                for (_, ms) in sent.filter(|(sent, _)| sent == quote) {
                    *ms = self.ms.min(*ms);
                }
                Cause::default()
            }
            Event::Silence { turn } => {
                model.open.take_if(|open| Some(open.turn) == *turn);
                Cause::default()
            }
            Event::Muted { on: true } | Event::Button(Button::Tap) => {
                model.open = None;
                Cause::default()
            }
            _ => Cause::default(),
        }
    }
}
