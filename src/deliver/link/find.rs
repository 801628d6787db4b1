//! A request without a product's name, on the wire: what is asked, and the one answer to it.
//!
//! Never decides what may be said: [`Found::checked`](find::Found::checked) does, and the core asks it once more.

use super::{Ended, Link, LinkEvent, REQUEST_LIFE_MS};
use crate::clean;
use crate::decide::find::{self, HOSTILE, SENSELESS, Seek};
use crate::deliver::envelope::{self, Body, Find, FindAnswer, FindChoice, FindProposal};
use crate::understand::Lang;

impl Link {
    pub(super) async fn ask_find(&mut self, request_id: String, lang: Lang, seek: Seek) -> Result<(), Ended> {
        let answer = |answer: find::Answer| FindAnswer { question_id: answer.question_id, choice_id: answer.choice_id };
        let body = Find {
            aud: self.config.route.up(Find::KIND),
            request_id: request_id.clone(),
            text: clean::plain(&seek.text, find::MAX_TEXT_CHARS),
            language: lang,
            max_amount: seek.max.map(|max| max.minor),
            currency: seek.currency,
            age: seek.age,
            occasion: seek.occasion,
            answers: seek.answers.into_iter().map(answer).collect(),
        };
        let sent =
            self.seal(&body, REQUEST_LIFE_MS).is_some_and(|payload| self.request(body.aud, payload, &request_id));
        if !sent {
            let found = find::Found::Nothing { code: "offline".into() };
            return self.tell(LinkEvent::Found { request_id, found }).await;
        }
        self.wait_for_answer(request_id);
        Ok(())
    }

    /// The only answer to a request of ours; what is more than one thing at once is none.
    pub(super) fn read_found(&mut self, found: envelope::Found) -> Result<LinkEvent, String> {
        let request_id = found.request_id.clone();
        self.requests.remove(&request_id).ok_or("proposals that we did not ask for")?;
        let texts = found.question.iter().flat_map(|question| {
            let words = question.choices.iter().map(|choice| choice.words.as_str());
            std::iter::once(question.text.as_str()).chain(words)
        });
        let mut texts = texts.chain(found.proposals.iter().map(|proposal| proposal.because.as_str()));
        // The household's own wake words, which the core does not know of.
        let hostile = texts.any(|text| self.holds_banned(text));
        let found = if hostile { find::Found::Nothing { code: HOSTILE.into() } } else { one_thing(found) };
        let found = found.checked();
        if let find::Found::Nothing { code } = &found
            && [HOSTILE, SENSELESS].contains(&code.as_str())
        {
            tracing::warn!("an answer of the shop to a search is {code}, and not used");
        }
        Ok(LinkEvent::Found { request_id, found })
    }
}

/// The one thing that an answer says, as the core knows it; not yet checked.
fn one_thing(found: envelope::Found) -> find::Found {
    match (found.question, found.proposals, found.code) {
        (Some(question), proposals, None) if proposals.is_empty() => {
            let choice = |choice: FindChoice| find::Choice { id: choice.id, words: choice.words };
            let choices = question.choices.into_iter().map(choice).collect();
            find::Found::Question { question_id: question.question_id, text: question.text, choices }
        }
        (None, proposals, None) if !proposals.is_empty() => {
            let proposal = |proposal: FindProposal| find::Proposal { sku: proposal.sku, because: proposal.because };
            find::Found::Proposals { proposals: proposals.into_iter().map(proposal).collect() }
        }
        (None, proposals, Some(code)) if proposals.is_empty() => find::Found::Nothing { code },
        (_, _, _) => find::Found::Nothing { code: SENSELESS.into() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deliver::envelope::FindQuestion;

    #[test]
    fn an_answer_says_one_thing_or_nothing_that_is_used() {
        let empty =
            envelope::Found { aud: "t".into(), request_id: "r".into(), question: None, proposals: vec![], code: None };
        let choice = |id: &str| FindChoice { id: id.into(), words: format!("to {id}") };
        let question = FindQuestion {
            question_id: "kind".into(),
            text: "What do they like?".into(),
            choices: vec![choice("build"), choice("read")],
        };
        let proposals = vec![FindProposal { sku: "kite".into(), because: "it flies".into() }];
        let (asks, proposes) = (Some(question), proposals);
        let code = Some("nothing_found".to_owned());
        let shape = |found: find::Found| match found {
            find::Found::Question { choices, .. } => format!("asks {}", choices.len()),
            find::Found::Proposals { proposals } => format!("proposes {}", proposals.len()),
            find::Found::Nothing { code } => code,
        };
        let cases = [
            (asks.clone(), vec![], None, "asks 2"),
            (None, proposes.clone(), None, "proposes 1"),
            (None, vec![], code.clone(), "nothing_found"),
            (None, vec![], None, SENSELESS),
            (asks.clone(), proposes.clone(), None, SENSELESS),
            (asks, vec![], code.clone(), SENSELESS),
            (None, proposes, code, SENSELESS),
        ];
        for (question, proposals, code, want) in cases {
            let found = envelope::Found { question, proposals, code, ..empty.clone() };
            assert_eq!(shape(one_thing(found.clone()).checked()), want, "{found:?}");
        }
    }
}
