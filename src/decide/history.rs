//! What the shop says that this home ordered, at whichever speaker: to be told, and never to be acted on. Pure.

use super::order::OrderState;
use serde::{Deserialize, Serialize};

/// The newest orders that the shop is asked for: some of them may have come to nothing.
pub const ASKED: u32 = 10;
/// Orders that are told: more nobody keeps in mind who hears them.
pub const MAX_TOLD: usize = 3;

/// An order as the shop has it now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Past {
    pub state: OrderState,
    /// Milliseconds since 1970.
    pub at_unix_ms: i64,
    pub items: Vec<PastItem>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastItem {
    pub sku: String,
    /// As the shop calls it; cleaned.
    pub title: String,
    /// Packs.
    pub qty: u32,
}
