//! What the household was asked, as it heard it, and whether what it said is an answer to that: the read-back of a
//! price, and the question whether an order shall go back.

use super::super::ears::{Speaker, Utterance};
use super::super::{product, words};
use super::news::{is_news, names};
use super::{Model, is_offered};
use tendero::decide::event::{Channel, Heard, Hypothesis};
use tendero::decide::order::Order;
use tendero::decide::reply::{Ask, Item, Reply};
use tendero::understand::Lang;

/// A read-back, as it was heard.
#[derive(Debug, Clone)]
pub struct Question {
    pub channel: Channel,
    pub items: Vec<Item>,
    pub total_minor: i64,
    /// A person at the shop offered it: nobody asked for it.
    pub offered: bool,
    /// Of a challenge.
    pub words: Vec<String>,
    /// When it has really been heard to its end.
    pub heard_out_ms: u64,
}

/// The question whether an order shall go back, as it was heard.
#[derive(Debug, Clone)]
pub struct Back {
    channel: Channel,
    items: Vec<Item>,
    heard_out_ms: u64,
}

impl Question {
    pub fn is_for(&self, wish: &[(&'static str, u32)]) -> bool {
        let same =
            |item: &Item, (sku, qty): &(&str, u32)| item.qty == *qty && item.product == product(sku).title(Lang::En);
        self.items.len() == wish.len() && self.items.iter().zip(wish).all(|(item, wish)| same(item, wish))
    }
}

impl Model {
    pub fn question(&self, channel: &Channel) -> Option<&Question> {
        self.questions.iter().find(|question| question.channel == *channel)
    }

    /// The household hears it, on `channel`, to its end at `heard_out_ms`.
    pub fn told(&mut self, channel: &Channel, reply: &Reply, heard_out_ms: u64) {
        self.hears_news(reply);
        self.talks(channel, reply, heard_out_ms);
        self.told_back(channel, reply, heard_out_ms);
        let words = |ask: &Ask| if let Ask::Challenge { words } = ask { words.clone() } else { vec![] };
        let at = self.questions.iter().position(|question| question.channel == *channel);
        match (reply, at) {
            (Reply::ReadBack { items, total, ask, reasons, .. }, at) => {
                let before = at.map(|at| self.questions.remove(at));
                // An offer that is read back once more is the same offer: a guard has spoken in the meantime.
                let again =
                    before.is_some_and(|old| old.offered && old.items == *items && old.total_minor == total.minor);
                let (items, channel) = (items.clone(), channel.clone());
                self.questions.push(Question {
                    channel,
                    items,
                    total_minor: total.minor,
                    offered: is_offered(reasons) || again,
                    words: words(ask),
                    heard_out_ms,
                });
            }
            // The phrase alone is asked for again: the read-back before it still holds.
            (Reply::SayPhrase { ask, .. }, Some(at)) => {
                self.questions[at].words = words(ask);
                self.questions[at].heard_out_ms = self.questions[at].heard_out_ms.max(heard_out_ms);
            }
            (Reply::Because { .. } | Reply::Busy, _) => {}
            // To a client that types, news come at any time.
            (reply, Some(_)) if *channel != Channel::Voice && is_news(reply) => {}
            (_, Some(at)) => {
                self.questions.remove(at);
            }
            (_, None) => {}
        }
    }

    /// What is asked about an order that may go back.
    fn told_back(&mut self, channel: &Channel, reply: &Reply, heard_out_ms: u64) {
        if *channel != Channel::Voice && is_news(reply) || matches!(reply, Reply::Busy) {
            return;
        }
        self.backs.retain(|back| back.channel != *channel);
        if let Reply::AskReturn { items, .. } = reply {
            let (channel, items) = (channel.clone(), items.clone());
            self.backs.push(Back { channel, items, heard_out_ms });
        }
    }

    pub fn asked_back(&self, channel: &Channel) -> bool {
        self.backs.iter().any(|back| back.channel == *channel)
    }

    /// Somebody says the second step: after all of the question, into a microphone that is open for it.
    pub fn hears_back(&mut self, heard: &Heard, utterance: &Utterance, in_turn: bool) {
        let typed = heard.channel != Channel::Voice;
        let Some(at) = self.backs.iter().position(|back| back.channel == heard.channel) else { return };
        let own = utterance.while_speaking || utterance.speaker == Speaker::Loudspeaker;
        let after = typed || self.backs[at].heard_out_ms <= utterance.from_ms;
        if (typed || in_turn) && after && !own && heard_agrees(heard) {
            let items = self.backs.remove(at).items;
            self.agreed.push(items);
        }
    }

    /// Was this withdrawal said with both steps? Each agreement is good for one.
    pub fn takes_back(&mut self, order: &Order) -> bool {
        let asked_unix_ms = order.withdrawal.as_ref().and_then(|withdrawal| withdrawal.asked_unix_ms);
        if !self.going_back.insert((order.id.clone(), asked_unix_ms)) || self.back_by_hand.contains(&order.id) {
            return true;
        }
        let agreed = self.agreed.iter().position(|items| names(items, order));
        agreed.map(|at| self.agreed.remove(at)).is_some()
    }
}

/// Do the words that were heard agree that an order goes back, and none that were heard nearly as well object?
fn heard_agrees(heard: &Heard) -> bool {
    heard_as(heard, words::agrees)
}

/// Do the words that were heard confirm, whichever hypothesis is believed?
pub fn heard_confirms(heard: &Heard, challenge: &[String]) -> bool {
    heard_as(heard, |text| words::confirms(text, challenge))
}

/// Was something `fits` heard well enough? Every hypothesis that is nearly as good must say nothing against it.
fn heard_as(heard: &Heard, fits: impl Fn(&str) -> bool) -> bool {
    const CLOSE: f32 = 0.15;
    let best = heard.nbest[0].confidence;
    heard.nbest.iter().any(|chosen| {
        let near = |other: &&Hypothesis| chosen.confidence - other.confidence <= CLOSE;
        best - chosen.confidence <= CLOSE
            && chosen.confidence >= 0.35
            && fits(&chosen.text)
            && !heard.nbest.iter().filter(near).any(|other| words::is_negative(&other.text))
    })
}
