//! Stops the night: in the household's quiet hours things go on the list.

use super::{Proposal, Rung, Verdict};
use crate::decide::reply::Reason;

/// The verdict of this guard.
pub fn check(proposal: &Proposal) -> Verdict {
    // An unknown time of day is the clock guard's business.
    let Some(wall) = proposal.now.wall else { return Verdict::fine("hours", "wall=unknown".into()) };
    let minute = wall.minute_of_day();
    let inputs =
        format!("minute_of_day={minute} quiet={}-{}", proposal.policy.quiet_from_min, proposal.policy.quiet_to_min);
    if proposal.policy.is_quiet(minute) {
        Verdict::object("hours", Rung::List, Reason::QuietHours, inputs)
    } else {
        Verdict::fine("hours", inputs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::guard::fixture::{Case, HOUR, Scene, check_table};

    #[test]
    fn the_table_holds() {
        let cases: &[Case] = &[
            ("a minute before", |s| later(s, 4 * HOUR - 60_000), Rung::Phrase, None),
            ("the quiet hours begin", |s| later(s, 4 * HOUR), Rung::List, Some(Reason::QuietHours)),
            ("three in the morning", |s| later(s, 9 * HOUR), Rung::List, Some(Reason::QuietHours)),
            ("they end", |s| later(s, 13 * HOUR), Rung::Phrase, None),
            (
                "there are none",
                |s| {
                    s.policy.quiet_to_min = s.policy.quiet_from_min;
                    later(s, 9 * HOUR)
                },
                Rung::Phrase,
                None,
            ),
            (
                "quiet hours within a day",
                |s| {
                    s.policy.quiet_from_min = 13 * 60;
                    s.policy.quiet_to_min = 19 * 60
                },
                Rung::List,
                Some(Reason::QuietHours),
            ),
            (
                "the household's own time of day",
                |s| s.now.wall = s.now.wall.map(|wall| crate::decide::Wall { offset_min: 300, ..wall }),
                Rung::List,
                Some(Reason::QuietHours),
            ),
            ("an unknown time", |s| s.now.wall = None, Rung::Phrase, None),
        ];
        check_table(check, cases);
    }

    fn later(scene: &mut Scene, ms: i64) {
        if let Some(wall) = &mut scene.now.wall {
            wall.unix_ms += ms;
        }
    }
}
