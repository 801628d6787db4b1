//! The conversation with a person at the shop, as the household hears it: what is passed on, what is told, and offers.
//!
//! Nothing that is said to a person orders, confirms or cancels, and nothing that a person says does: their words are
//! told as a quotation and never parsed. An offer is read back like any price, after every guard.

use super::super::Now;
use super::super::chat::{Handoff, Offered, Thread, ThreadState, Untold};
use super::super::event::{Acoustics, Channel, Heard, Hypothesis};
use super::super::guard::{Verdict, hostile_text};
use super::super::mind::{Address, Mind};
use super::super::order::{Quote, Wanted};
use super::super::reply::{Reason, Reply};
use super::{Proposed, Question, State, Talk};
use crate::understand::Lang;
use crate::understand::intent::{Intent, Parse};
use crate::understand::message;

/// Characters of a person's words that are said in one go.
const MAX_SPOKEN_CHARS: usize = 600;

/// Something to say, or an offer and when it came, monotonic milliseconds.
type Next = (Option<Reply>, Option<(Offered, u64)>);

impl Mind {
    /// "Let me talk to somebody": the shop is asked, and the household is not kept waiting at an open microphone.
    pub(super) fn ask_person(&mut self, talk: Talk, proposed: &Proposed, now: Now) -> State {
        if let Some(reason) = self.unfit(proposed) {
            return self.close_talk(talk, Reply::Refused { reason }, now);
        }
        match self.request_person(&talk.to, proposed.heard.entropy, now) {
            Some(Reply::PersonJoined { name, shop }) if talk.to.channel == Channel::Voice => {
                let question = Question::ToPerson { name: name.clone(), greeted: true };
                let reply = Reply::PersonJoined { name, shop };
                self.last_reply = Some(reply.clone());
                self.ask(talk, question, reply, now)
            }
            Some(reply) => self.close_talk(talk, reply, now),
            None => self.done(&talk),
        }
    }

    /// What goes to the person instead of being a command: "tell them ...", and typed words that are no command.
    pub(super) fn meant_for_person(&mut self, talk: &Talk, proposed: &Proposed, now: Now) -> Option<State> {
        let Some(thread) = self.thread() else {
            let lost = message::to_person(&proposed.text, talk.lang(), "").is_some() && proposed.lines.is_empty();
            return lost.then(|| self.close_talk(talk.clone(), Reply::NoConversation, now));
        };
        let typed = talk.to.channel != Channel::Voice;
        let said = message::to_person(&proposed.text, talk.lang(), &thread.person).map(str::to_owned);
        let text = match said {
            Some(text) => text,
            None if proposed.parse.intent == Intent::Stop && is_in_words(&proposed.parse) => {
                self.end_thread(&talk.to, now);
                return Some(self.done(talk));
            }
            None if typed && thread.state == ThreadState::Joined && is_talk(&proposed.parse) => proposed.text.clone(),
            None => return None,
        };
        Some(self.pass_words_on(talk.clone(), &text, proposed, now))
    }

    fn pass_words_on(&mut self, talk: Talk, text: &str, proposed: &Proposed, now: Now) -> State {
        if let Some(reason) = self.unfit(proposed) {
            return self.close_talk(talk, Reply::Refused { reason }, now);
        }
        let inputs = |thread: &Thread| format!("to={} line={}", thread.person, thread.said + 1);
        let verdict = self.thread().map(|thread| Verdict::passed_on(inputs(thread)));
        self.pass_on(text, &talk.to, verdict.into_iter().collect(), now);
        self.done(&talk)
    }

    /// Why words go to nobody: a recording, the speaker itself, or too unclear.
    pub(super) fn unfit(&self, proposed: &Proposed) -> Option<Reason> {
        let verdicts = self.verdicts_on_answer(proposed);
        verdicts.into_iter().find_map(|verdict| verdict.reason)
    }

    /// The only match over intents while the microphone is open for the person: only the end of the conversation and
    /// taking an order back are ours, all else is theirs and orders nothing.
    pub(super) fn person_answer(
        &mut self,
        mut talk: Talk,
        name: String,
        greeted: bool,
        answer: &Proposed,
        now: Now,
    ) -> State {
        if self.unfit(answer).is_some() || answer.text.trim().is_empty() {
            talk.misses += 1;
            if talk.misses > 1 {
                return self.close_talk(talk, Reply::TellLater { name }, now);
            }
            let reply = Reply::TellAgain { name: name.clone() };
            return self.ask(talk, Question::ToPerson { name, greeted }, reply, now);
        }
        match answer.parse.intent {
            Intent::Stop if is_in_words(&answer.parse) => {
                self.end_thread(&talk.to, now);
                self.done(&talk)
            }
            // "No, never mind", before a word was said. Later a no answers the person.
            Intent::Deny if greeted && is_in_words(&answer.parse) => {
                self.end_thread(&talk.to, now);
                self.done(&talk)
            }
            Intent::Cancel if is_in_words(&answer.parse) && answer.parse.leftover.is_empty() => {
                self.follow(talk, answer.clone(), now)
            }
            Intent::Repeat if answer.parse.leftover.is_empty() => match self.last_reply.clone() {
                Some(reply) => self.ask(talk, Question::ToPerson { name, greeted }, reply, now),
                None => self.close_talk(talk, Reply::TellLater { name }, now),
            },
            Intent::Reorder
            | Intent::ListAdd
            | Intent::Change
            | Intent::Confirm
            | Intent::Affirm
            | Intent::Deny
            | Intent::Cancel
            | Intent::Status
            | Intent::History
            | Intent::Price
            | Intent::Find
            | Intent::Handoff
            | Intent::Return
            | Intent::Repeat
            | Intent::Why
            | Intent::Help
            | Intent::News
            | Intent::Stop
            | Intent::None => {
                let said = message::to_person(&answer.text, talk.lang(), &name).unwrap_or(&answer.text).to_owned();
                self.pass_words_on(talk, &said, answer, now)
            }
        }
    }

    /// Nobody said anything to the person; the first time the household hears how it can.
    pub(super) fn nothing_for_person(&mut self, talk: Talk, name: String, greeted: bool, now: Now) -> State {
        if greeted {
            return self.close_talk(talk, Reply::TellLater { name }, now);
        }
        self.done(&talk)
    }

    /// Says aloud the next of what a person said. The microphone opens for the answer if the household spoke before.
    pub(in super::super) fn tell_from_person(&mut self, now: Now) -> State {
        let Some(thread) = self.household.thread.clone() else { return State::Idle };
        let to = Address { channel: Channel::Voice, lang: thread.lang };
        let Some((reply, offer)) = self.next_from_person(&thread, now) else { return State::Idle };
        let talk = talk_to(to, offer.as_ref());
        if let Some(offer) = offer {
            return self.offered(talk, offer.0, thread.person, offer.1, now);
        }
        let Some(reply) = reply else { return State::Idle };
        if thread.untold.first().is_some_and(|line| line.offer.is_some()) && matches!(reply, Reply::PersonSays { .. }) {
            // The offer follows at once: these words are no question that waits for an answer.
            self.say(&talk.to, reply);
            return self.tell_from_person(now);
        }
        let opens = self.thread().is_some() && thread.channel == Channel::Voice;
        if !opens {
            return self.close(talk.to, reply, now, false);
        }
        self.last_reply = Some(reply.clone());
        let greeted = matches!(reply, Reply::PersonJoined { .. });
        self.ask(talk, Question::ToPerson { name: thread.person, greeted }, reply, now)
    }

    /// All that a person said, for somebody who types.
    pub(in super::super) fn read_chat(&mut self, to: &Address, now: Now) {
        if let Some(thread) = self.household.thread.as_mut().filter(|thread| thread.is_open()) {
            (thread.channel, thread.lang) = (to.channel.clone(), to.lang);
        }
        if !matches!(self.state, State::Idle | State::Closing { rest: false, .. }) {
            self.say(to, Reply::Busy);
            return;
        }
        let mut told = false;
        while let Some(thread) = self.household.thread.clone() {
            let Some((reply, offer)) = self.next_from_person(&thread, now) else { break };
            told = true;
            if let Some((offered, came_ms)) = offer {
                let talk = talk_to(to.clone(), Some(&(offered.clone(), came_ms)));
                self.state = self.offered(talk, offered, thread.person, came_ms, now);
                return;
            }
            if let Some(reply) = reply {
                self.say(to, reply);
            }
        }
        if !told {
            let reply = match &self.household.thread {
                Some(thread) if thread.state == ThreadState::Joined => {
                    Reply::NothingNew { name: thread.person.clone() }
                }
                Some(thread) if thread.is_open() => Reply::PersonAskedAlready { shop: self.shop_name() },
                Some(_) | None => Reply::NoConversation,
            };
            self.say(to, reply);
        }
    }

    /// Takes the next of what is untold: something to say, or an offer and when it came.
    fn next_from_person(&mut self, thread: &Thread, now: Now) -> Option<Next> {
        let first = thread.untold.first()?.clone();
        let name = thread.person.clone();
        // The words that come with an offer are said first; then it is the offer's turn.
        if !first.text.is_empty() {
            let (text, count) = joined(&thread.untold);
            if first.offer.is_some() {
                if let Some(line) = self.household.thread.as_mut().and_then(|thread| thread.untold.first_mut()) {
                    line.text.clear();
                }
                return Some((Some(Reply::PersonSays { name, text: first.text }), None));
            }
            self.mark_told(count);
            return Some((Some(Reply::PersonSays { name, text }), None));
        }
        self.mark_told(1);
        if let Some(offer) = first.offer {
            let valid_ms = u64::from(offer.quote.valid_s) * 1000;
            let came_ms = first.came_ms.filter(|came_ms| now.mono_ms < came_ms + valid_ms);
            return Some(match came_ms {
                Some(came_ms) => (None, Some((offer, came_ms))),
                None => (Some(Reply::OfferOver { name }), None),
            });
        }
        let reply = match first.handoff {
            Some(Handoff::Joined) => Reply::PersonJoined { name, shop: self.shop_name() },
            Some(Handoff::Ended) => Reply::PersonLeft { name },
            Some(Handoff::Requested) | None => return self.next_from_person(&self.household.thread.clone()?, now),
        };
        Some((Some(reply), None))
    }

    /// A person's offer: as if the household had asked for it, through every guard, and read back.
    fn offered(&mut self, talk: Talk, offer: Offered, name: String, came_ms: u64, now: Now) -> State {
        let Offered { quote, entropy } = offer;
        let unknown = quote.lines.iter().find(|line| self.understanding.catalog().product(&line.sku).is_none());
        if let Some(line) = unknown {
            let reason = Reason::NotInCatalog { product: hostile_text::clean(&line.title) };
            self.last_reasons = vec![reason.clone()];
            return self.close_talk(talk, Reply::Refused { reason }, now);
        }
        // Nobody asked for a product by its number: what is read back must be what the number stands for.
        if let Some(product) = self.sold_as_another(&quote, talk.lang()) {
            let reason = Reason::OtherName { product };
            self.last_reasons = vec![reason.clone()];
            return self.close_talk(talk, Reply::Refused { reason }, now);
        }
        let lines = quote.lines.iter().map(|line| Wanted {
            sku: line.sku.clone(),
            qty: line.qty,
            options: line.options.clone(),
        });
        let lines: Vec<Wanted> = lines.collect();
        let heard = Heard {
            turn: None,
            channel: talk.to.channel.clone(),
            lang: talk.lang(),
            nbest: vec![Hypothesis { text: String::new(), confidence: 1.0 }],
            acoustics: Acoustics::default(),
            entropy,
        };
        let parse = Parse { intent: Intent::Reorder, ..Parse::nothing(vec![]) };
        let proposed =
            Proposed { parse, lines, confidence: 1.0, offered_by: Some(name), ..Proposed::new(heard, vec![]) };
        self.judge(talk, proposed, quote, came_ms, now)
    }

    /// The product of a line that goes by a name which our catalogue has in no language for it.
    fn sold_as_another(&self, quote: &Quote, lang: Lang) -> Option<String> {
        quote.lines.iter().find_map(|line| {
            let product = self.understanding.catalog().product(&line.sku)?;
            let offered = hostile_text::clean(&line.title);
            let is_its_name = |of: Lang| hostile_text::clean(product.title(of)) == offered;
            (!Lang::ALL.into_iter().any(is_its_name)).then(|| hostile_text::clean(product.title(lang)))
        })
    }
}

/// Was it said in words of the lexicon, and not only taken for it?
fn is_in_words(parse: &Parse) -> bool {
    parse.template.is_some()
}

/// Somebody who says this to a person does not ask us for anything.
fn is_talk(parse: &Parse) -> bool {
    match parse.intent {
        Intent::None | Intent::Affirm | Intent::Deny | Intent::Change | Intent::Find => true,
        Intent::Reorder
        | Intent::ListAdd
        | Intent::Confirm
        | Intent::Cancel
        | Intent::Status
        | Intent::History
        | Intent::Price
        | Intent::Handoff
        | Intent::Return
        | Intent::Repeat
        | Intent::Why
        | Intent::Help
        | Intent::News
        | Intent::Stop => false,
    }
}

fn talk_to(to: Address, offer: Option<&(Offered, u64)>) -> Talk {
    let entropy = offer.map(|(offer, _)| offer.entropy).unwrap_or_default();
    Talk { to, spoken: vec![], entropy, misses: 0, answers: 0 }
}

/// Plain lines that follow each other, as one text, and how many they are: the first always. What would be a phrase
/// only together is told apart.
fn joined(untold: &[Untold]) -> (String, usize) {
    let is_plain = |line: &&Untold| !line.text.is_empty() && line.offer.is_none();
    let mut text = String::new();
    let mut count = 0;
    for line in untold.iter().take_while(is_plain) {
        let more = if count == 0 { line.text.clone() } else { format!("{text} {}", line.text) };
        if count > 0 && (more.chars().count() > MAX_SPOKEN_CHARS || hostile_text::holds_phrase(&more)) {
            break;
        }
        text = more;
        count += 1;
    }
    (text, count)
}
