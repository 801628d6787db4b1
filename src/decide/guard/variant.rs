//! Stops the wrong size or brand: when two products fit the words nearly as well, the
//! household chooses between the two; a required option is never guessed.

use super::{Proposal, Rung, Verdict};
use crate::decide::reply::Reason;
use crate::understand::intent::{Because, Line};

/// Two products whose scores are closer than this (of 1.0) are told apart by asking.
pub const MARGIN: f32 = 0.1;

/// The verdict of this guard.
pub fn check(proposal: &Proposal) -> Verdict {
    let inputs = proposal.parse.lines.iter().map(describe).collect::<Vec<_>>().join(" ");
    for line in &proposal.parse.lines {
        if let Some(rival) = close_rival(line) {
            let (first, second) = (proposal.name(&line.sku), proposal.name(rival));
            return Verdict::object("variant", Rung::Refuse, Reason::Ambiguous { first, second }, inputs);
        }
    }
    for (line, product) in proposal.products() {
        if let Some(option) = product.options.iter().find(|o| o.required && !line.options.contains_key(&o.name)) {
            let reason = Reason::OptionMissing { product: proposal.name(&line.sku), option: option.name.clone() };
            return Verdict::object("variant", Rung::Refuse, reason, inputs);
        }
    }
    Verdict::fine("variant", inputs)
}

/// The best other product, if it fits nearly as well and the household's habit does not decide.
pub fn close_rival(line: &Line) -> Option<&str> {
    match line.because {
        Because::Usual => None,
        Because::Named | Because::SoundsLike => {
            line.rivals.first().filter(|rival| line.score - rival.score < MARGIN).map(|rival| rival.sku.as_str())
        }
    }
}

fn describe(line: &Line) -> String {
    let rival = line.rivals.first().map_or(String::new(), |rival| format!(" against {}={:.2}", rival.sku, rival.score));
    format!("{}={:.2}{rival}", line.sku, line.score)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::guard::fixture::{Case, Scene, check_table};
    use crate::understand::intent::Candidate;

    #[test]
    fn the_table_holds() {
        let cases: &[Case] = &[
            (
                "two fit equally",
                |s| rival(s, 0.94),
                Rung::Refuse,
                Some(Reason::Ambiguous { first: "coffee".into(), second: "latte".into() }),
            ),
            ("one fits clearly better", |s| rival(s, 0.6), Rung::Phrase, None),
            (
                "the household buys one of them",
                |s| {
                    rival(s, 0.94);
                    s.parse.lines[0].because = Because::Usual
                },
                Rung::Phrase,
                None,
            ),
            (
                "a required option is missing",
                |s| s.wants("latte", 1, 300),
                Rung::Refuse,
                Some(Reason::OptionMissing { product: "latte".into(), option: "size".into() }),
            ),
            (
                "the option was said",
                |s| {
                    s.wants("latte", 1, 300);
                    s.lines[0].options.insert("size".into(), "small".into());
                },
                Rung::Phrase,
                None,
            ),
        ];
        check_table(check, cases);
    }

    fn rival(scene: &mut Scene, score: f32) {
        scene.parse.lines[0].rivals = vec![Candidate { sku: "latte".into(), score }];
    }
}
