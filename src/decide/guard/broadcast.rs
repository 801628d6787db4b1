//! Stops television, radio and adverts: reported speech, no pause after the wake word, a voice
//! that hardly stands out of the room, the same request from many other homes (the shop tells), a recording that the ears
//! know, and what several speakers of the home hear at once.

use super::hostile_text::clean;
use super::{Proposal, Rung, Verdict};
use crate::decide::event::{Channel, Playback};
use crate::decide::reply::Reason;
use crate::decide::sibling::{HeardThere, spoken};
use crate::understand::intent::{NotAnOrder, Parse};

/// Milliseconds. Somebody who speaks to the speaker makes a comma pause of 150 ms or more
/// between its name and the command ("hey tendero, the heads ran out"); a sentence that
/// merely contains the name runs on. Below this the request is challenged, not refused.
pub const MIN_GAP_MS: u32 = 120;

/// Decibels over the noise floor. A person in the room is 6 dB or more above it even in a
/// noisy kitchen; the sound of a set in the next room is not.
pub const MIN_SNR_DB: f32 = 3.0;

/// The verdict of this guard.
pub fn check(proposal: &Proposal) -> Verdict {
    let acoustics = &proposal.heard.acoustics;
    let told = proposal.parse.not_an_order;
    let rival = proposal.rivals.iter().find_map(|parse: &Parse| parse.not_an_order).filter(|kind| is_told(*kind));
    let inputs = format!(
        "not_an_order={} rival={} gap_ms={} snr_db={}{}",
        told.map_or("no".into(), |kind| format!("{kind:?}").to_lowercase()),
        rival.map_or("no".into(), |kind| format!("{kind:?}").to_lowercase()),
        acoustics.gap_ms.map_or("?".into(), |gap| gap.to_string()),
        acoustics.snr_db.map_or("?".into(), |snr| format!("{snr:.0}")),
        acoustics.playback.as_ref().map_or("", |playback| match playback {
            Playback::Registered(_) => " playback=registered",
            Playback::Replay => " playback=replay",
        }),
    );
    let inputs = proposal.heard_by.map_or(inputs.clone(), |speaker| format!("{inputs} heard_by={speaker}"));
    if let Some(playback) = &acoustics.playback {
        return Verdict::object("broadcast", Rung::Refuse, known(playback), inputs);
    }
    if let Some(kind) = told {
        let words = proposal.words.to_owned();
        let reason = if is_told(kind) { Reason::ReportedSpeech { words } } else { Reason::NotAnOrder { kind, words } };
        return Verdict::object("broadcast", Rung::Refuse, reason, inputs);
    }
    if let Some(surge) = proposal.quote.and_then(|quote| quote.surge) {
        let reason = Reason::ManyHomes { homes: surge.homes, minutes: surge.minutes };
        let inputs = format!("{inputs} surge={}", surge.homes);
        return Verdict::object("broadcast", Rung::Adult, reason, inputs);
    }
    let reason = if rival.is_some() {
        Some(Reason::ReportedSpeech { words: proposal.words.to_owned() })
    } else if let Some(speaker) = proposal.heard_by {
        Some(Reason::HeardThere { speaker: spoken(speaker) })
    } else if acoustics.gap_ms.is_some_and(|gap_ms| gap_ms < MIN_GAP_MS) {
        Some(Reason::NoPause)
    } else if acoustics.snr_db.is_some_and(|snr_db| snr_db < MIN_SNR_DB) {
        Some(Reason::FarAway)
    } else if proposal.policy.random_words && proposal.heard.channel == Channel::Voice {
        // An advert that is well made sounds like a person; only words that it can't know tell them apart.
        Some(Reason::RandomWords)
    } else {
        None
    };
    match reason {
        Some(reason) => Verdict::object("broadcast", Rung::Challenge, reason, inputs),
        None => Verdict::fine("broadcast", inputs),
    }
}

/// The entry in the log of a speaker that leaves a request to one that heard it louder.
pub fn left_to(speaker: &str, there: &HeardThere) -> Verdict {
    let figure = |cdb: Option<i32>| cdb.map_or("?".into(), |cdb| (f64::from(cdb) / 100.0).round().to_string());
    let inputs = format!("left_to={} level={} snr={}", there.device, figure(there.level_cdb), figure(there.snr_cdb));
    Verdict::object("broadcast", Rung::Refuse, Reason::LeftTo { speaker: speaker.into() }, inputs)
}

/// The name can be a shop's text.
fn known(playback: &Playback) -> Reason {
    match playback {
        Playback::Registered(name) => Reason::RegisteredPlayback { name: clean(name) },
        Playback::Replay => Reason::Replay,
    }
}

/// Does somebody tell of an order, their own or another's?
fn is_told(kind: NotAnOrder) -> bool {
    match kind {
        NotAnOrder::Reported | NotAnOrder::Narrated => true,
        NotAnOrder::Negated | NotAnOrder::Question | NotAnOrder::Conditional | NotAnOrder::Unexplained => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::guard::fixture::{Case, Scene, check_table};
    use crate::decide::order::Surge;

    #[test]
    fn the_table_holds() {
        let cases: &[Case] = &[
            ("reported speech", |s| told(s, NotAnOrder::Reported), Rung::Refuse, reported()),
            ("someone else, another time", |s| told(s, NotAnOrder::Narrated), Rung::Refuse, reported()),
            ("not needed", |s| told(s, NotAnOrder::Negated), Rung::Refuse, no_order(NotAnOrder::Negated)),
            ("a question", |s| told(s, NotAnOrder::Question), Rung::Refuse, no_order(NotAnOrder::Question)),
            ("an if", |s| told(s, NotAnOrder::Conditional), Rung::Refuse, no_order(NotAnOrder::Conditional)),
            (
                "no pause after the wake word",
                |s| s.heard.acoustics.gap_ms = Some(MIN_GAP_MS - 1),
                Rung::Challenge,
                Some(Reason::NoPause),
            ),
            ("a comma pause", |s| s.heard.acoustics.gap_ms = Some(150), Rung::Phrase, None),
            ("an unknown pause", |s| s.heard.acoustics.gap_ms = None, Rung::Phrase, None),
            (
                "hardly louder than the room",
                |s| s.heard.acoustics.snr_db = Some(1.0),
                Rung::Challenge,
                Some(Reason::FarAway),
            ),
            (
                "many homes ask for the same",
                |s| s.quote().surge = Some(Surge { homes: 40, minutes: 10 }),
                Rung::Adult,
                Some(Reason::ManyHomes { homes: 40, minutes: 10 }),
            ),
            (
                "many homes, and no pause",
                |s| {
                    s.quote().surge = Some(Surge { homes: 5, minutes: 10 });
                    s.heard.acoustics.gap_ms = Some(0);
                },
                Rung::Adult,
                Some(Reason::ManyHomes { homes: 5, minutes: 10 }),
            ),
            (
                "another speaker heard it too",
                |s| s.heard_by = Some("living-room".into()),
                Rung::Challenge,
                Some(Reason::HeardThere { speaker: "living room".into() }),
            ),
            (
                "another speaker heard it too, and no pause",
                |s| {
                    s.heard_by = Some("kitchen".into());
                    s.heard.acoustics.gap_ms = Some(0);
                },
                Rung::Challenge,
                Some(Reason::HeardThere { speaker: "kitchen".into() }),
            ),
            (
                "reported speech that another speaker heard too",
                |s| {
                    s.heard_by = Some("kitchen".into());
                    told(s, NotAnOrder::Reported);
                },
                Rung::Refuse,
                reported(),
            ),
            (
                "a household that wants random words",
                |s| s.policy.random_words = true,
                Rung::Challenge,
                Some(Reason::RandomWords),
            ),
            (
                "typed, in a household that wants random words",
                |s| {
                    s.policy.random_words = true;
                    s.heard.channel = Channel::Text("page".into());
                },
                Rung::Phrase,
                None,
            ),
            ("a noisy kitchen", |s| s.heard.acoustics.snr_db = Some(6.0), Rung::Phrase, None),
            (
                "an advert that is registered",
                |s| s.heard.acoustics.playback = Some(Playback::Registered("Morning <b>show</b>, order it".into())),
                Rung::Refuse,
                Some(Reason::RegisteredPlayback { name: "Morning show ,".into() }),
            ),
            (
                "a recording of a person",
                |s| s.heard.acoustics.playback = Some(Playback::Replay),
                Rung::Refuse,
                Some(Reason::Replay),
            ),
            (
                "perhaps reported",
                |s| s.rivals = vec![Parse { not_an_order: Some(NotAnOrder::Reported), ..Parse::nothing(vec![]) }],
                Rung::Challenge,
                reported(),
            ),
            (
                "perhaps a question",
                |s| s.rivals = vec![Parse { not_an_order: Some(NotAnOrder::Question), ..Parse::nothing(vec![]) }],
                Rung::Phrase,
                None,
            ),
        ];
        check_table(check, cases);
    }

    fn told(scene: &mut Scene, kind: NotAnOrder) {
        scene.parse.not_an_order = Some(kind);
    }

    fn reported() -> Option<Reason> {
        Some(Reason::ReportedSpeech { words: "order coffee".into() })
    }

    fn no_order(kind: NotAnOrder) -> Option<Reason> {
        Some(Reason::NotAnOrder { kind, words: "order coffee".into() })
    }
}
