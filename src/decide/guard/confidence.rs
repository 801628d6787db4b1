//! Stops mis-heard words: below the household's threshold the request is asked for again.

use super::{Proposal, Rung, Verdict};
use crate::decide::policy::Policy;
use crate::decide::reply::Reason;

/// The verdict of this guard.
pub fn check(proposal: &Proposal) -> Verdict {
    let inputs = format!("confidence={:.2} min={}‰", proposal.confidence, proposal.policy.min_confidence_permille);
    if is_clear(proposal.confidence, proposal.policy) {
        Verdict::fine("confidence", inputs)
    } else {
        Verdict::object("confidence", Rung::Refuse, Reason::Unclear, inputs)
    }
}

/// Is that enough? A confidence that is not a number is not.
pub fn is_clear(confidence: f32, policy: &Policy) -> bool {
    confidence * 1000.0 >= f32::from(policy.min_confidence_permille)
}
