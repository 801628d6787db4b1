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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::guard::fixture::{Case, check_table};

    #[test]
    fn the_table_holds() {
        let cases: &[Case] = &[
            ("unsure", |s| s.confidence = 0.34, Rung::Refuse, Some(Reason::Unclear)),
            ("just sure enough", |s| s.confidence = 0.35, Rung::Phrase, None),
            ("not a number", |s| s.confidence = f32::NAN, Rung::Refuse, Some(Reason::Unclear)),
        ];
        check_table(check, cases);
    }
}
