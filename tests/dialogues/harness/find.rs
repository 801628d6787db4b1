//! A shop that helps to choose, as a dialogue tells it.

use super::{SHOP_MS, Stage};
use tendero::decide::event::Event;
use tendero::decide::find::{Choice, Found, Proposal, Seek};

impl Stage {
    /// `asks ID QUESTION | ID WORDS | ID WORDS`, `proposes SKU WHY | SKU WHY`, `has CODE`.
    pub(super) fn set_guide(&mut self, rest: &str) {
        let (verb, rest) = rest.split_once(' ').unwrap_or((rest, ""));
        let mut parts = rest.split('|').map(|part| {
            let part = part.trim();
            let (first, more) = part.split_once(' ').unwrap_or((part, ""));
            (first.to_owned(), more.to_owned())
        });
        self.found.push_back(match verb {
            "asks" => {
                let (question_id, text) = parts.next().unwrap();
                Found::Question { question_id, text, choices: parts.map(|(id, words)| Choice { id, words }).collect() }
            }
            "proposes" => {
                Found::Proposals { proposals: parts.map(|(sku, because)| Proposal { sku, because }).collect() }
            }
            "has" => Found::Nothing { code: rest.into() },
            other => panic!("unknown answer {other}"),
        });
    }

    pub(super) fn answer_find(&mut self, request_id: String, seek: &Seek) {
        let mut asked = vec![format!("\"{}\"", seek.text)];
        asked.extend(seek.occasion.clone());
        asked.extend(seek.age.map(|age| format!("age {age}")));
        asked.extend(seek.max.as_ref().map(|max| format!("at most {max}")));
        asked.extend(seek.answers.iter().map(|answer| format!("{}: {}", answer.question_id, answer.choice_id)));
        self.shown.push(format!("= ask the shop for proposals: {}", asked.join(", ")));
        if let Some(found) = self.found.pop_front() {
            self.events.push_back((SHOP_MS, Event::Found { request_id, found }));
        }
    }
}
