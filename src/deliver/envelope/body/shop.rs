//! What a shop says of itself.

use crate::understand::Lang;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Who a shop is. Retained.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Profile {
    /// The topic that this message is published on.
    pub aud: String,
    pub shop: String,
    /// The name that is read out.
    pub name: String,
    /// Public keys of the shop, the current one first.
    pub keys: Vec<String>,
    pub languages: Vec<Lang>,
    pub currency: String,
    /// Kinds that the shop understands.
    pub capabilities: Vec<String>,
}

/// Whether somebody is there. Retained; the last will says offline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Presence {
    /// The topic that this message is published on.
    pub aud: String,
    pub online: bool,
}

/// One part of a shop's catalogue. Retained.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CatalogPart {
    /// The topic that this message is published on.
    pub aud: String,
    pub catalog: crate::understand::catalog::Catalog,
}
