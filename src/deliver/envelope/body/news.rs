//! News of a shop, and what a household agreed to hear of it.

use super::Moment;
use crate::understand::Lang;
use crate::understand::intent::NewsKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a shop may tell at a speaker from now on. Repeated until the shop answers with `consent.ack` of the same `rev`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Consent {
    /// The topic that this message is published on.
    pub aud: String,
    /// What news must carry to be told: another one with each consent, and after each withdrawal.
    #[schemars(regex(pattern = "^[0-9a-f]{32}$"))]
    pub consent_id: String,
    /// Rises with each change. A shop keeps the highest, and answers an older one with what it has.
    pub rev: u64,
    /// All that is agreed to. Empty: nothing any more. What is withdrawn at one speaker is withdrawn for the home.
    pub kinds: Vec<NewsKind>,
    /// When somebody said so; not there if the device did not know the time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Moment>,
}

/// The shop has a consent, or its withdrawal, on disk.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ConsentAck {
    /// The topic that this message is published on.
    pub aud: String,
    pub consent_id: String,
    /// The highest that the shop has of this speaker.
    pub rev: u64,
}

/// Something that the shop tells, once a home. It is a quotation: nothing in it orders, confirms or sets a price. It is over
/// when the envelope is (`expirytime`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct News {
    /// The topic that this message is published on.
    pub aud: String,
    /// The same however often it is sent.
    #[schemars(regex(pattern = "^[0-9a-f]{32}$"))]
    pub news_id: String,
    pub kind: NewsKind,
    /// The consent that allows it. Not there for a recall of something that the home bought, which needs none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consent_id: Option<String>,
    /// What is said, by language, one at least; what is beyond 300 characters is cut off.
    pub texts: BTreeMap<Lang, String>,
    /// The product that it is about: what "order it" asks the price of afterwards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub sku: Option<String>,
    pub because: NewsBecause,
}

/// Why this home was chosen. The device words it, and says it with the news.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum NewsBecause {
    /// It bought this product, last at that moment.
    BoughtBefore { sku: String, at: Moment },
    /// It agreed to hear such news, and nothing more is behind it.
    AskedFor,
    /// It bought what is called back, with this order.
    RecallOfYourOrder { sku: String, shop_order_no: String, at: Moment },
}
