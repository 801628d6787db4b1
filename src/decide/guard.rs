//! The ladder, and one file for each guardrail under `guard/`.
//!
//! A guard is a pure function of a proposal, the household, its history and the time. The
//! highest answer wins; every answer is kept with its inputs, and every reason can be said.

use serde::{Deserialize, Serialize};

/// How hard a purchase is made, from nothing bought to not at all. Ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rung {
    /// Read back, then the two-word phrase that names the action.
    Phrase,
    /// The phrase and two random words, spoken once, within ten seconds.
    Challenge,
    /// A grown-up's hand: the button held for two seconds, or a PIN.
    Adult,
    /// Not bought; it goes on the shopping list.
    List,
    /// Not bought.
    Refuse,
}

/// One guard's answer about one proposal, with what it looked at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    pub guard: String,
    pub rung: Rung,
    /// Why, as a code that the wording can say aloud; `None` when the guard has no objection.
    pub reason: Option<super::reply::Reason>,
    /// What it looked at, for the audit log: short `name=value` pairs.
    pub inputs: String,
}
