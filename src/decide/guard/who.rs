//! Stops a child, a guest, a parrot: while children are up everything needs an adult, typed orders can be switched
//! off, and what was typed where anybody can type needs an adult, too. Enrolled voices are not known here yet.

use super::{Proposal, Rung, Verdict};
use crate::decide::event::Channel;
use crate::decide::policy::Policy;
use crate::decide::reply::Reason;

/// The verdict of this guard.
pub fn check(proposal: &Proposal) -> Verdict {
    let policy = proposal.policy;
    let (typed, open) = match proposal.heard.channel {
        Channel::Voice => (false, false),
        Channel::Text(_) => (true, false),
        Channel::Open(_) => (true, true),
    };
    let (text_orders, children_up) = (policy.text_orders, policy.children_up);
    let inputs = format!("typed={typed} open={open} text_orders={text_orders} children_up={children_up}");
    if typed && !policy.text_orders {
        Verdict::object("who", Rung::Refuse, Reason::TextOrdersOff, inputs)
    } else if open {
        Verdict::object("who", Rung::Adult, Reason::OpenChannel, inputs)
    } else if policy.children_up {
        Verdict::object("who", Rung::Adult, Reason::ChildrenUp, inputs)
    } else {
        Verdict::fine("who", inputs)
    }
}

/// Why nobody may agree to hear more of the shop: who can't be told from a child or a stranger. `None`: they may.
pub fn why_not_agree(channel: &Channel, policy: &Policy) -> Option<Reason> {
    match channel {
        Channel::Open(_) => Some(Reason::NotAgreedOpen),
        Channel::Text(_) if !policy.text_orders => Some(Reason::NotAgreedOpen),
        Channel::Voice | Channel::Text(_) => policy.children_up.then_some(Reason::NotAgreedChildren),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::guard::fixture::{Case, check_table};

    #[test]
    fn the_table_holds() {
        let cases: &[Case] = &[
            ("children are up", |s| s.policy.children_up = true, Rung::Adult, Some(Reason::ChildrenUp)),
            ("typed, allowed", |s| s.heard.channel = Channel::Text("ana".into()), Rung::Phrase, None),
            (
                "typed, switched off",
                |s| {
                    s.heard.channel = Channel::Text("ana".into());
                    s.policy.text_orders = false
                },
                Rung::Refuse,
                Some(Reason::TextOrdersOff),
            ),
            (
                "typed where anybody can type",
                |s| s.heard.channel = Channel::Open("panel".into()),
                Rung::Adult,
                Some(Reason::OpenChannel),
            ),
            (
                "typed where anybody can type, typed orders off",
                |s| {
                    s.heard.channel = Channel::Open("panel".into());
                    s.policy.text_orders = false
                },
                Rung::Refuse,
                Some(Reason::TextOrdersOff),
            ),
            ("spoken, typed orders off", |s| s.policy.text_orders = false, Rung::Phrase, None),
        ];
        check_table(check, cases);
    }
}
