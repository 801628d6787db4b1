//! Everything that can happen to the mind: a closed set.

use super::chat::FromShop;
use super::find::Found;
use super::history::Past;
use super::notice::{Notice, consent::Wish};
use super::order::{OrderId, Quote, Receipt, StatusUpdate};
use super::sibling::{HeardThere, SharedOrder};
use crate::understand::Lang;
use serde::{Deserialize, Serialize};

/// A turn of the conversation. Results of slow engines carry the turn that they belong to;
/// a late one is dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default)]
#[serde(transparent)]
pub struct Turn(pub u32);

/// 256 random bits that came with an event; ids, nonces and challenge words are cut from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(transparent)]
pub struct Entropy(pub [u8; 32]);

/// By which way words came in; replies go back the same way.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// The device's own microphone.
    Voice,
    /// Typed: the command line, a messenger's bridge that signs. The text names the client.
    Text(String),
    /// Typed over a way that anybody can use who may write at the broker. The text names the client.
    Open(String),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The wake word; the ears are already taking down what follows.
    Woke {
        score: f32,
    },
    Heard(Heard),
    /// What a second recogniser made of an utterance, best first, that an `Effect::HearAgain` asked for.
    HeardAgain {
        id: u32,
        nbest: Vec<Hypothesis>,
    },
    /// The listening window of `turn` ended and nobody spoke. `None`: after the wake word.
    Silence {
        turn: Option<Turn>,
    },
    /// A reply has really ended, settling time included.
    Played {
        say: u32,
    },
    /// A reply ended and nobody could hear or read it: the voice failed, or who typed has gone.
    Unheard {
        say: u32,
    },
    /// What an `Effect::Store` asked for is on disk.
    Stored {
        ticket: u32,
    },
    StoreFailed {
        ticket: u32,
        why: String,
    },
    Quoted(Quote),
    /// The shop has no price for it: `code` is `unknown_product`, `out_of_stock`, ...
    NotQuoted {
        request_id: String,
        code: String,
    },
    /// What the shop asks or proposes where no product was named.
    Found {
        request_id: String,
        found: Found,
    },
    /// What the shop has of this home, the newest first; `None`: it does not say.
    History {
        request_id: String,
        past: Option<Vec<Past>>,
    },
    Receipt(Receipt),
    Status(StatusUpdate),
    /// The broker can be reached, or not any more.
    Link {
        up: bool,
    },
    /// The shop says that it is there (retained state and last will).
    Shop {
        shop: String,
        online: bool,
    },
    Button(Button),
    Muted {
        on: bool,
    },
    /// A message that failed verification; the household may want to know.
    Distrusted {
        shop: String,
        why: String,
    },
    /// The catalogue was renewed in the background; prices and names may have changed.
    CatalogChanged {
        version: u64,
    },
    /// Take an order back, from the command line or a page.
    CancelOrder {
        order: OrderId,
    },
    /// Withdraw from a purchase, from the command line or a page, which has asked twice.
    WithdrawOrder {
        order: OrderId,
        channel: Channel,
        lang: Lang,
    },
    /// A PIN was typed and checked, for `order` or for the newest that waits. Never by voice: a guest, a child and a
    /// television can repeat what was said.
    PinGiven {
        order: Option<OrderId>,
        channel: Channel,
        lang: Lang,
        right: bool,
    },
    /// Another speaker of the household tells of its orders. `rev` rises.
    SharedOrders {
        device: String,
        rev: u64,
        orders: Vec<SharedOrder>,
    },
    /// Somebody asked another speaker to take back an order of this one.
    CancelAskedBy {
        device: String,
        order: OrderId,
    },
    /// Another speaker just heard a wish to buy something.
    HeardThere(HeardThere),
    /// A person at the shop says something, or the shop acknowledges what was said. An offer may lead to an order, so
    /// random bits come with it.
    Chat {
        message: FromShop,
        entropy: Entropy,
    },
    /// Somebody who types wants to read what a person at the shop said.
    ReadChat {
        channel: Channel,
        lang: Lang,
    },
    /// The shop tells something; verified, cleaned, and on disk.
    News {
        notice: Notice,
    },
    /// Somebody says, at the command line, what the shop may tell. Random bits make a consent.
    NewsWish {
        wish: Wish,
        channel: Channel,
        lang: Lang,
        entropy: Entropy,
    },
    /// A deadline of the mind has come.
    Deadline,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Button {
    /// Stops the speaker, or takes back what is held.
    Tap,
    /// Held for two seconds: an adult's hand on the device.
    Hold,
}

/// An utterance, transcribed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Heard {
    /// `None`: it followed the wake word (or was typed first).
    pub turn: Option<Turn>,
    pub channel: Channel,
    pub lang: Lang,
    /// Best first; never empty; at most ten.
    pub nbest: Vec<Hypothesis>,
    pub acoustics: Acoustics,
    pub entropy: Entropy,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Hypothesis {
    /// Lower case, no punctuation, but as Whisper writes it; empty if nothing but noise or nonsense was heard.
    pub text: String,
    /// 0.0 to 1.0.
    pub confidence: f32,
}

/// What the sound itself tells, for the guards. Typed text has the default.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct Acoustics {
    /// Silence between the wake word and the command, milliseconds.
    pub gap_ms: Option<u32>,
    /// Length of the speech, milliseconds.
    pub speech_ms: u32,
    /// Mean level of the speech, dB relative to full scale (negative).
    pub level_dbfs: Option<f32>,
    /// Speech level over the noise floor, dB.
    pub snr_db: Option<f32>,
    /// The device's own voice was sounding at some time during the utterance.
    pub while_speaking: bool,
    /// The sound is a recording that the ears know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub playback: Option<Playback>,
    /// Whose voice it is; `None`: voices are not compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub voice: Option<Voice>,
}

impl Acoustics {
    /// Somebody goes on with what was begun: the voice is known only if both are.
    pub fn joined_by(&mut self, answer: &Acoustics) {
        if let Some(voice) = answer.voice.as_ref().filter(|voice| voice.name.is_none()) {
            self.voice = Some(voice.clone());
        }
    }
}

/// Whose voice it is, of those that the household has enrolled.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Voice {
    /// `None`: nobody's who is enrolled, or too little was said to tell.
    pub name: Option<String>,
    /// Cosine with the most alike enrolled voice, −1.0 to 1.0; `None`: nothing was compared.
    pub similarity: Option<f32>,
}

/// A recording that was played to the microphone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Playback {
    /// An advert or a show that the household or the shop has registered under this name.
    Registered(String),
    /// Exactly this was heard before: a person never says it twice with the same timing.
    Replay,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::history::PastItem;
    use crate::decide::notice::Because;
    use crate::understand::intent::NewsKind;

    /// A journal holds every event as it was; one that can't be written down would end it.
    #[test]
    fn each_event_of_a_hand_or_a_wire_can_be_written_down_and_read_back() {
        let order = || OrderId("a".into());
        let events = [
            Event::Woke { score: 0.5 },
            Event::Silence { turn: Some(Turn(1)) },
            Event::HeardAgain { id: 7, nbest: vec![Hypothesis { text: "order milk".into(), confidence: 0.5 }] },
            Event::Played { say: 1 },
            Event::Unheard { say: 1 },
            Event::Stored { ticket: 1 },
            Event::StoreFailed { ticket: 1, why: "full".into() },
            Event::NotQuoted { request_id: "r".into(), code: "out_of_stock".into() },
            Event::Found { request_id: "r".into(), found: Found::Nothing { code: "no_guide".into() } },
            Event::History { request_id: "r".into(), past: None },
            Event::History {
                request_id: "r".into(),
                past: Some(vec![Past {
                    state: super::super::order::OrderState::Shipped,
                    at_unix_ms: 5,
                    items: vec![PastItem { sku: "coffee".into(), title: "Coffee".into(), qty: 2 }],
                }]),
            },
            Event::Link { up: true },
            Event::Shop { shop: "corner".into(), online: false },
            Event::Button(Button::Tap),
            Event::Button(Button::Hold),
            Event::Muted { on: true },
            Event::Muted { on: false },
            Event::Distrusted { shop: "corner".into(), why: "forged".into() },
            Event::CatalogChanged { version: 2 },
            Event::CancelOrder { order: order() },
            Event::WithdrawOrder { order: order(), channel: Channel::Text("cli".into()), lang: Lang::Es },
            Event::PinGiven { order: Some(order()), channel: Channel::Text("cli".into()), lang: Lang::Ro, right: true },
            Event::SharedOrders { device: "bedroom".into(), rev: 3, orders: vec![] },
            Event::CancelAskedBy { device: "bedroom".into(), order: order() },
            Event::HeardThere(HeardThere {
                device: "bedroom".into(),
                skus: vec!["coffee".into()],
                level_cdb: Some(-2_350),
                snr_cdb: None,
            }),
            Event::Chat {
                message: FromShop {
                    thread: "00".repeat(16),
                    seq: 1,
                    ack: 1,
                    name: "Maria".into(),
                    text: "hello".into(),
                    handoff: Some(crate::decide::chat::Handoff::Joined),
                    offer: None,
                },
                entropy: Entropy::default(),
            },
            Event::ReadChat { channel: Channel::Text("cli".into()), lang: Lang::En },
            Event::News {
                notice: Notice {
                    id: "11".repeat(16),
                    kind: NewsKind::Offer,
                    consent: Some("22".repeat(16)),
                    texts: [(Lang::Es, "Café más barato".to_owned())].into(),
                    sku: Some("coffee".into()),
                    because: Because::BoughtBefore { sku: "coffee".into(), at_unix_ms: 5 },
                    expires_unix_ms: 9,
                    told_unix_ms: None,
                },
            },
            Event::NewsWish {
                wish: Wish { on: true, only: true, kinds: vec![NewsKind::Recall] },
                channel: Channel::Text("cli".into()),
                lang: Lang::Ro,
                entropy: Entropy::default(),
            },
            Event::Deadline,
        ];
        for event in events {
            let text = serde_json::to_string(&event).unwrap();
            assert_eq!(serde_json::from_str::<Event>(&text).unwrap(), event, "{text}");
        }
    }
}
