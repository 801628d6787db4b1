//! Stops a child, a guest, a parrot: while children are up everything needs an adult, and so does a voice that is not enrolled
//! where the household wants that; typed orders can be switched off, and what was typed where anybody can type needs an
//! adult, too. A known voice takes nothing away: voices are imitated and played back.

use super::{Proposal, Rung, Verdict};
use crate::decide::event::Channel;
use crate::decide::policy::{Policy, UnknownVoice};
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
    let unknown = !typed && policy.unknown_voice != UnknownVoice::Ignore && known_voice(proposal).is_none();
    let inputs =
        format!("typed={typed} open={open} text_orders={text_orders} children_up={children_up}{}", compared(proposal));
    if typed && !policy.text_orders {
        Verdict::object("who", Rung::Refuse, Reason::TextOrdersOff, inputs)
    } else if open {
        Verdict::object("who", Rung::Adult, Reason::OpenChannel, inputs)
    } else if unknown && policy.unknown_voice == UnknownVoice::List {
        Verdict::object("who", Rung::List, Reason::UnknownVoice, inputs)
    } else if policy.children_up {
        Verdict::object("who", Rung::Adult, Reason::ChildrenUp, inputs)
    } else if unknown {
        Verdict::object("who", Rung::Adult, Reason::UnknownVoice, inputs)
    } else {
        Verdict::fine("who", inputs)
    }
}

fn known_voice<'a>(proposal: &Proposal<'a>) -> Option<&'a str> {
    proposal.heard.acoustics.voice.as_ref()?.name.as_deref()
}

/// What the log says of the voice, where voices are compared.
fn compared(proposal: &Proposal) -> String {
    let Some(voice) = &proposal.heard.acoustics.voice else { return String::new() };
    let similarity = voice.similarity.map_or("?".into(), |similarity| format!("{similarity:.2}"));
    format!(" voice={} similarity={similarity}", known_voice(proposal).unwrap_or("unknown"))
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
    use crate::decide::event::Voice;
    use crate::decide::guard::fixture::{Case, Scene, check_table};

    fn voice(name: Option<&str>) -> Option<Voice> {
        Some(Voice { name: name.map(str::to_owned), similarity: Some(0.5) })
    }

    fn compares(scene: &mut Scene, unknown_voice: UnknownVoice, voice: Option<Voice>) {
        scene.policy.unknown_voice = unknown_voice;
        scene.heard.acoustics.voice = voice;
    }

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
            ("nobody's voice, and nobody minds", |s| s.heard.acoustics.voice = voice(None), Rung::Phrase, None),
            ("a known voice", |s| compares(s, UnknownVoice::Adult, voice(Some("Ana"))), Rung::Phrase, None),
            (
                "nobody's voice",
                |s| compares(s, UnknownVoice::Adult, voice(None)),
                Rung::Adult,
                Some(Reason::UnknownVoice),
            ),
            (
                "nobody's voice, for the list",
                |s| compares(s, UnknownVoice::List, voice(None)),
                Rung::List,
                Some(Reason::UnknownVoice),
            ),
            (
                "no voice was compared, although the household wants it",
                |s| compares(s, UnknownVoice::Adult, None),
                Rung::Adult,
                Some(Reason::UnknownVoice),
            ),
            (
                "a known voice while children are up",
                |s| {
                    compares(s, UnknownVoice::List, voice(Some("Ana")));
                    s.policy.children_up = true
                },
                Rung::Adult,
                Some(Reason::ChildrenUp),
            ),
            (
                "typed: there is no voice",
                |s| {
                    compares(s, UnknownVoice::List, None);
                    s.heard.channel = Channel::Text("ana".into())
                },
                Rung::Phrase,
                None,
            ),
        ];
        check_table(check, cases);
    }
}
