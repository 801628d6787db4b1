//! A household looks for something and names no product: the guide asks back or proposes.
//!
//! Writes nothing and remembers nothing: each request says all that is known so far.

use super::{At, Desk, Done, MINUTE_MS, ShopEvent, distrusted, refused};
use crate::deliver::envelope::{Body, Find, Found};
use crate::deliver::store::StoreError;
use crate::shop::guide::Next;

/// The longest name of a request that is given back.
const MAX_ID_CHARS: usize = 64;

impl Desk {
    pub(super) fn find(&mut self, at: At<'_>) -> Result<Done, StoreError> {
        let find = match at.open::<Find>(at.now) {
            Ok(opened) => opened.data,
            Err(why) => return Ok(distrusted(at.topic, &why)),
        };
        if find.request_id.is_empty() || find.request_id.chars().count() > MAX_ID_CHARS {
            return Ok(refused(at.topic, "bad_request_id", "the request_id must have 1 to 64 characters"));
        }
        let next = self.guide.as_ref().map_or(Next::Nothing("no_guide"), |guide| guide.next(&self.catalog, &find));
        let (aud, request_id) = (at.route.down(Found::KIND), find.request_id);
        let empty = Found { aud, request_id, question: None, proposals: vec![], code: None };
        let found = match next {
            Next::Ask(question) => Found { question: Some(question), ..empty },
            Next::Propose(proposals) => Found { proposals, ..empty },
            Next::Nothing(code) => Found { code: Some(code.into()), ..empty },
        };
        let event = ShopEvent::Found {
            home: at.route.home().into(),
            device: at.route.device().into(),
            question: found.question.as_ref().map(|question| question.question_id.clone()),
            proposals: found.proposals.iter().map(|proposal| proposal.sku.clone()).collect(),
            code: found.code.clone(),
        };
        let say = self.seal(&found, at.now, MINUTE_MS).into_iter().collect();
        Ok(Done { say, events: vec![event] })
    }
}
