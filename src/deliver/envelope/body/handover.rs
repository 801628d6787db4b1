//! A key is handed over to the next one: by a shop to all, by a speaker to its shop and to the other speakers of its home.

use crate::deliver::handover::Step;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The steps from the first key of a shop or speaker to the one that signed this. Retained, except to a shop.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Handover {
    /// The topic that this message is published on.
    pub aud: String,
    /// The oldest first.
    #[schemars(length(min = 1, max = 64))]
    pub steps: Vec<Step>,
}

/// The shop takes the speaker's new key for its key from now on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HandoverTaken {
    /// The topic that this message is published on.
    pub aud: String,
    /// The new key, `ed25519:...`.
    pub to: String,
}
