//! A request without a product's name, on the wire: what is asked, and the one answer to it.
//!
//! Never decides what may be said: [`Found::checked`](find::Found::checked) does, and the core asks it once more.

use super::{Ended, Link, LinkEvent, REQUEST_LIFE_MS};
use crate::clean;
use crate::decide::find::{self, HOSTILE, SENSELESS, Seek};
use crate::deliver::envelope::{self, Body, Find, FindAnswer};
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
        let request_id = found.request_id;
        self.requests.remove(&request_id).ok_or("proposals that we did not ask for")?;
        let texts = found.question.iter().flat_map(|question| {
            let words = question.choices.iter().map(|choice| choice.words.as_str());
            std::iter::once(question.text.as_str()).chain(words)
        });
        let mut texts = texts.chain(found.proposals.iter().map(|proposal| proposal.because.as_str()));
        // The household's own wake words, which the core does not know of.
        let hostile = texts.any(|text| self.holds_banned(text));
        let found = match (found.question, found.proposals, found.code) {
            _ if hostile => find::Found::Nothing { code: HOSTILE.into() },
            (Some(question), proposals, None) if proposals.is_empty() => find::Found::Question {
                question_id: question.question_id,
                text: question.text,
                choices: question
                    .choices
                    .into_iter()
                    .map(|choice| find::Choice { id: choice.id, words: choice.words })
                    .collect(),
            },
            (None, proposals, None) if !proposals.is_empty() => find::Found::Proposals {
                proposals: proposals
                    .into_iter()
                    .map(|proposal| find::Proposal { sku: proposal.sku, because: proposal.because })
                    .collect(),
            },
            (None, proposals, Some(code)) if proposals.is_empty() => find::Found::Nothing { code },
            _ => find::Found::Nothing { code: SENSELESS.into() },
        };
        let found = found.checked();
        if let find::Found::Nothing { code } = &found
            && [HOSTILE, SENSELESS].contains(&code.as_str())
        {
            tracing::warn!("an answer of the shop to a search is {code}, and not used");
        }
        Ok(LinkEvent::Found { request_id, found })
    }
}
