//! What a household looks for without a product's name, and what the shop asks back or proposes.

use crate::understand::Lang;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The household looks for something and names no product. Each message says all that is known so far, so that a shop need
/// remember nothing. It orders nothing: what the household picks is asked for with `quote.request`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Find {
    /// The topic that this message is published on.
    pub aud: String,
    /// Comes back in the answer; another one for each message.
    #[schemars(length(min = 1, max = 64))]
    pub request_id: String,
    /// What was said beside the limits below; may be empty.
    #[schemars(length(max = 200))]
    pub text: String,
    /// Questions, choices and reasons are read out in it.
    pub language: Lang,
    /// The most that a pack may cost, minor units. What costs more is dropped by the device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub max_amount: Option<i64>,
    /// ISO 4217.
    #[schemars(regex(pattern = "^[A-Z]{3}$"))]
    pub currency: String,
    /// How old whom it is for is or becomes, years.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 120))]
    pub age: Option<u32>,
    /// `birthday`, `christmas`, `easter`, `name-day`, `wedding`, `anniversary`, `mothers-day` or `baptism`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occasion: Option<String>,
    /// What was answered so far, oldest first; with three answers the shop must not ask again.
    #[serde(default)]
    #[schemars(length(max = 3))]
    pub answers: Vec<FindAnswer>,
}

/// The household's answer to one question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FindAnswer {
    pub question_id: String,
    /// The id of a choice of that question, or `any`: it does not matter.
    pub choice_id: String,
}

/// The answer to `find`: exactly one of `question`, `proposals` and `code`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Found {
    /// The topic that this message is published on.
    pub aud: String,
    /// The request that this answers.
    pub request_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<FindQuestion>,
    /// The best first. A device looks each of them up in the shop's catalogue, and asks for a price before anything is bought.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 2))]
    pub proposals: Vec<FindProposal>,
    /// Why there is neither: `no_guide`, `nothing_found`, `too_many_questions`, `currency`, `not_paired`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}

/// A question to the household. A device asks at most three for one wish, and no question twice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FindQuestion {
    #[schemars(regex(pattern = "^[A-Za-z0-9._-]{1,64}$"))]
    pub question_id: String,
    /// In the language of the request, without the choices: they are read out after it.
    #[schemars(length(min = 1, max = 200))]
    pub text: String,
    #[schemars(length(min = 2, max = 4))]
    pub choices: Vec<FindChoice>,
}

/// One answer to choose. Its words must differ from those of the others: by them it is recognised.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FindChoice {
    /// Not `any`.
    #[schemars(regex(pattern = "^[A-Za-z0-9._-]{1,64}$"))]
    pub id: String,
    /// In the language of the request.
    #[schemars(length(min = 1, max = 60))]
    pub words: String,
}

/// A product that the shop proposes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FindProposal {
    pub sku: String,
    /// Said after a "because", in the language of the request: "it suits children from 5 to 8".
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 200))]
    pub because: String,
}

impl Found {
    /// Nothing to ask and nothing to propose.
    pub fn nothing(aud: String, request_id: String, code: &str) -> Found {
        Found { aud, request_id, question: None, proposals: vec![], code: Some(code.into()) }
    }
}
