//! The typed conversation with a device, as a messenger's bridge or a panel carries it. No shop sees any of it.

use super::Moment;
use crate::understand::Lang;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What somebody typed: what one would say, without the wake word.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TextIn {
    /// The topic that this message is published on.
    pub aud: String,
    /// Who typed, as the bridge tells them apart: letters a-z, digits and hyphens. Answers name them.
    #[schemars(regex(pattern = "^[a-z0-9-]{1,64}$"))]
    pub client: String,
    #[schemars(length(min = 1, max = 500))]
    pub text: String,
    /// What it is in, if that is not the household's language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<Lang>,
    /// When it was typed: later than whatever the same bridge signed before, or it is taken for a repetition.
    pub at: Moment,
}

/// One answer of the device, as it would be said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TextOut {
    /// The topic that this message is published on.
    pub aud: String,
    /// Whom it answers.
    pub client: String,
    /// The bridge that brought their words; not there for who typed without a signature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bridge: Option<String>,
    pub text: String,
    pub language: Lang,
}
