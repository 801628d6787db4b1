//! Stops the speaker's own voice: nothing that was heard while it spoke, and nothing that
//! repeats what it has just said, can order or confirm.

use super::{Proposal, Rung, Verdict};
use crate::decide::event::Heard;
use crate::decide::reply::Reason;

/// A text of the speaker with fewer words than this may be repeated by a person.
const MIN_WORDS: usize = 3;

/// The verdict of this guard.
pub fn check(proposal: &Proposal) -> Verdict {
    let inputs = format!("while_speaking={}", proposal.heard.acoustics.while_speaking);
    if is_own_voice(proposal.heard, &[]) {
        Verdict::object("echo", Rung::Refuse, Reason::OwnVoice, inputs)
    } else {
        Verdict::fine("echo", inputs)
    }
}

/// Was this the speaker itself? `last_said`: texts of its last reply, such as a product's
/// title: a confirmation that repeats one of them word for word is an echo of the read-back.
pub fn is_own_voice(heard: &Heard, last_said: &[String]) -> bool {
    if heard.acoustics.while_speaking {
        return true;
    }
    let Some(best) = heard.nbest.first() else { return false };
    let heard_words = words(&best.text);
    last_said.iter().map(|said| words(said)).any(|said| said.len() >= MIN_WORDS && contains(&heard_words, &said))
}

fn words(text: &str) -> Vec<String> {
    text.to_lowercase()
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

fn contains(hay: &[String], needle: &[String]) -> bool {
    hay.windows(needle.len()).any(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::guard::fixture::{Case, check_table};

    #[test]
    fn the_table_holds() {
        let cases: &[Case] = &[
            (
                "heard while the speaker talked",
                |s| s.heard.acoustics.while_speaking = true,
                Rung::Refuse,
                Some(Reason::OwnVoice),
            ),
            ("heard in silence", |s| s.heard.acoustics.while_speaking = false, Rung::Phrase, None),
        ];
        check_table(check, cases);
    }

    #[test]
    fn a_read_back_that_is_heard_again_is_no_confirmation() {
        let said = ["Toothbrush heads, 4 pieces".to_owned(), "Coffee".to_owned()];
        let cases = [
            ("toothbrush heads 4 pieces to order say order it", true),
            ("order it", false),
            ("order it the coffee", false),
            ("order it the toothbrush heads", false),
        ];
        for (text, own) in cases {
            let mut scene = crate::decide::guard::fixture::Scene::new();
            scene.heard.nbest[0].text = text.into();
            assert_eq!(is_own_voice(&scene.heard, &said), own, "{text}");
        }
    }
}
