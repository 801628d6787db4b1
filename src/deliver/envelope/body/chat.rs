//! The conversation between a household and a person at the shop.

use super::{Moment, Quote};
use crate::understand::Lang;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One line of a conversation between a household and a person at the shop, in both directions. Numbered from 1 in each
/// thread and direction: take only the next number, and repeat what is not acknowledged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Chat {
    /// The topic that this message is published on.
    pub aud: String,
    /// 128 random bits, 32 hex digits in lower case; the device makes them.
    #[schemars(regex(pattern = "^[0-9a-f]{32}$"))]
    pub thread: String,
    /// Rises by one. 0: nothing is said, only `ack` counts; with `handoff` `ended` the shop does not know the thread.
    pub seq: u64,
    /// The highest number of the other side that is on disk, with all before it.
    #[serde(default)]
    pub ack: u64,
    pub from: ChatFrom,
    /// Who it is, as it is said aloud. The household gives none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 40))]
    pub name: String,
    /// At most 500 characters from a household, 300 from a shop; what is beyond them is cut off.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handoff: Option<Handoff>,
    /// The language of the household, with `requested`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<Lang>,
    /// The order that it may be about, with `requested`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_id: Option<String>,
    /// When it was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Moment>,
    /// An offer, only from a person: a whole quote, with this message's `aud` and the thread as its `request_id`. An order
    /// names its hash, as that of any quote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quote: Option<Quote>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChatFrom {
    Household,
    /// The shop's or the device's program: nobody wrote it.
    Bot,
    Person,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Handoff {
    /// The household wants a person.
    Requested,
    /// A person is there.
    Joined,
    /// Either side ended it.
    Ended,
}

impl Chat {
    /// Says nothing: only that everything up to `ack` is on disk here.
    pub fn ack(aud: String, thread: &str, ack: u64) -> Chat {
        Chat {
            aud,
            thread: thread.into(),
            seq: 0,
            ack,
            from: ChatFrom::Bot,
            name: String::new(),
            text: String::new(),
            handoff: None,
            language: None,
            order_id: None,
            at: None,
            quote: None,
        }
    }
}
