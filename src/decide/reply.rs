//! What the speaker can say, as data; `speak::wording` turns it into a sentence.

use super::money::Money;
use serde::{Deserialize, Serialize};

/// Why something is asked or refused. Each can be spoken in every language.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum Reason {
    ReportedSpeech { words: String },
    FirstPurchase { product: String },
    AlreadyOrdered { product: String, at_unix_ms: i64, offset_min: i16 },
    OverCap { total: Money, cap: Money },
    UnknownClock,
}

/// One reply of the speaker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "reply", rename_all = "snake_case")]
pub enum Reply {
    NotUnderstood,
    Because { reason: Reason },
}
