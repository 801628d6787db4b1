//! The conversation with a person at the shop, as the household and the shop know it: what each said, what the household
//! was told of it, and so what may be passed on, told and offered.

use super::super::ears::{Speaker, Utterance};
use super::{Cause, Model};
use crate::world::{Fault, Invariant, World};
use std::collections::BTreeMap;
use tendero::decide::chat::{ChatLine, FromShop, Handoff, Thread};
use tendero::decide::effect::{Effect, Write};
use tendero::decide::event::{Channel, Event, Heard};
use tendero::decide::guard::hostile_text::{clean, clean_chat, clean_name};
use tendero::decide::order::{OrderState, Quote};
use tendero::decide::reply::{Reason, Reply};

/// Name and text, as they may be spoken.
type Words = (String, String);

#[derive(Debug, Clone, Default)]
pub struct Talk {
    /// The conversation that the household asked for last.
    id: Option<String>,
    /// Somebody was told that the shop is asked, or that a person is there; and later that it is over.
    told_open: bool,
    told_over: bool,
    /// "What shall I say?", or a person's words, heard to their end at this time and by voice: the next words are an answer.
    asked_ms: Option<u64>,
    /// What the shop ever sent, by conversation and number; who lies may send other words under the same number.
    sent: BTreeMap<String, BTreeMap<u64, Vec<Words>>>,
    /// The number of the last line that was told, ever and in this life.
    told: u64,
    told_in_life: u64,
    /// When each offer came last.
    came: Vec<(Quote, u64)>,
    /// Our lines that are being written in this life, by ticket.
    writing: BTreeMap<u32, (String, u64)>,
    /// Our lines on disk of which the household has not heard that they are passed on; requests likewise.
    passed: u32,
    requested: u32,
}

impl Talk {
    pub fn begin_life(&mut self, thread: Option<&Thread>) {
        (self.asked_ms, self.told_in_life) = (None, 0);
        (self.passed, self.requested) = (0, 0);
        self.writing.clear();
        // A request that came to nothing leaves the one before it, with what was not told of it; and the end of that may not
        // have reached the disk either. Who asked for somebody knows of it, whether or not there was time to say so.
        if let Some(thread) = thread {
            self.id = Some(thread.id.clone());
            self.told_open |= thread.is_open();
        }
        self.told_over &= !thread.is_some_and(Thread::is_open);
        // What was about to be said counts as told on disk, and a restart can come in between.
        let of_it = thread.filter(|thread| self.id.as_ref() == Some(&thread.id));
        let marked = of_it.map_or(0, |thread| thread.heard.saturating_sub(thread.untold.len() as u64));
        self.told = self.told.max(marked);
    }

    /// Does the household believe that it is talking to somebody?
    pub fn is_open(&self) -> bool {
        self.id.is_some() && !self.told_over
    }

    pub fn is_answer(&self) -> bool {
        self.asked_ms.is_some()
    }

    /// Is this the price of an offer in the conversation that goes on?
    pub fn is_offer(&self, quote: &Quote) -> bool {
        self.id.as_ref() == Some(&quote.request_id)
    }

    pub fn offer_came_ms(&self, quote: &Quote) -> Option<u64> {
        self.came.iter().find(|(offer, _)| offer == quote).map(|(_, ms)| *ms)
    }

    /// The household hears `reply`.
    fn told(&mut self, channel: &Channel, reply: &Reply, heard_out_ms: u64) {
        let opens = matches!(
            reply,
            Reply::PersonJoined { .. } | Reply::PersonSays { .. } | Reply::OfferOver { .. } | Reply::TellAgain { .. }
        );
        if *channel == Channel::Voice {
            self.asked_ms = opens.then_some(heard_out_ms);
        }
        let over = matches!(
            reply,
            Reply::PersonLeft { .. }
                | Reply::ChatEnded { .. }
                | Reply::ChatTimedOut { .. }
                | Reply::PersonNotWanted
                | Reply::PersonOffline { .. }
        );
        // That the last one is over may be said only after the next one was asked for.
        let is_there = opens || matches!(reply, Reply::PersonCame { .. });
        self.told_over = (self.told_over || over) && !is_there && !matches!(reply, Reply::PersonAsked { .. });
        self.told_open |= is_there
            || matches!(
                reply,
                Reply::PersonAsked { .. } | Reply::PersonAskedAlready { .. } | Reply::NobodyThere { .. }
            );
    }

    /// The numbers of the lines which `words` are, one after the other, from the first that was not told in this life.
    fn lines_of(&self, words: &Words) -> Option<(u64, u64)> {
        let sent = self.sent.get(self.id.as_ref()?)?;
        let named = sent.values().flatten().any(|(name, _)| *name == words.0);
        if !named && !words.0.is_empty() {
            return None;
        }
        let is = |seq: u64, rest: &str| -> Option<usize> {
            let fits = |(_, text): &&Words| !text.is_empty() && rest.starts_with(text.as_str());
            sent.get(&seq)?.iter().filter(fits).map(|(_, text)| text.len()).max()
        };
        sent.range(self.told_in_life + 1..).find_map(|(first, _)| {
            let (mut at, mut rest) = (*first, words.1.as_str());
            loop {
                rest = rest[is(at, rest)?..].trim_start();
                if rest.is_empty() {
                    return Some((*first, at));
                }
                at += 1;
            }
        })
    }

    /// A line with words that nobody was told of before `first`.
    fn passed_over(&self, first: u64) -> Option<u64> {
        let sent = self.sent.get(self.id.as_ref()?)?;
        let all_speak = |words: &[Words]| words.iter().all(|(_, text)| !text.is_empty());
        sent.range(self.told + 1..first.max(self.told + 1)).find(|(_, words)| all_speak(words)).map(|(seq, _)| *seq)
    }
}

impl Model {
    pub fn person_wrote(&mut self, line: &FromShop) {
        if line.seq > 0 {
            let of_it = self.talk.sent.entry(line.thread.clone()).or_default().entry(line.seq).or_default();
            of_it.push((clean_name(&line.name), clean_chat(&line.text)));
        }
    }

    pub fn offer_came(&mut self, quote: &Quote, ms: u64) {
        self.talk.came.retain(|(offer, _)| offer != quote);
        self.talk.came.push((quote.clone(), ms));
    }

    pub fn talks(&mut self, channel: &Channel, reply: &Reply, heard_out_ms: u64) {
        // "Say that again" tells nothing new, and asks the same once more.
        if !self.repeats {
            self.talk.told(channel, reply, heard_out_ms);
        }
    }

    /// A line of ours is on disk.
    pub fn line_written(&mut self, line: &ChatLine) {
        match line.handoff {
            None => self.talk.passed += 1,
            Some(Handoff::Requested) => self.talk.requested += 1,
            Some(Handoff::Joined | Handoff::Ended) => {}
        }
    }
}

/// Was something of these words heard clearly, and by no loudspeaker?
fn was_said(heard: &Heard, utterance: &Utterance, fits: impl Fn(&str) -> bool) -> bool {
    let own = utterance.while_speaking || utterance.speaker == Speaker::Loudspeaker;
    let best = heard.nbest[0].confidence;
    let near = |confidence: f32| confidence >= 0.35 && best - confidence <= 0.15;
    !own && heard.nbest.iter().any(|one| near(one.confidence) && fits(&one.text))
}

impl World {
    /// What is about to be written of a conversation.
    pub(in crate::world) fn check_chat_write(&mut self, ticket: u32, writes: &[Write], cause: &Cause) {
        for write in writes {
            let Write::Chat { thread, line: Some(line) } = write else { continue };
            if !line.ours {
                continue;
            }
            match line.handoff {
                Some(Handoff::Requested) => self.check_request(thread, cause),
                None => self.check_passed_on(thread, line, cause),
                Some(Handoff::Ended) => self.tally.talks_ended += 1,
                Some(Handoff::Joined) => self.violate(Invariant::Person, "the household joins itself"),
            }
            let known = self.disk.said(&thread.id);
            let writing = self.model.talk.writing.values().filter(|(id, _)| *id == thread.id).map(|(_, seq)| *seq);
            let follows = line.seq == known + 1 || writing.max().is_some_and(|seq| line.seq == seq + 1);
            // Asked for twice with the same random bits, which a daemon never gives twice: the store refuses it.
            if !follows && line.handoff != Some(Handoff::Requested) {
                let what = format!("line {} follows line {known}, and nothing is on its way", line.seq);
                self.violate(Invariant::Person, what);
            }
            self.model.talk.writing.insert(ticket, (thread.id.clone(), line.seq));
        }
    }

    fn check_request(&mut self, thread: &Thread, cause: &Cause) {
        let asks = |text: &str| ["person", "talk"].iter().any(|word| text.contains(word));
        let asked = cause.heard.as_ref().zip(cause.utterance.as_ref()).is_some_and(|(h, u)| was_said(h, u, asks));
        if !asked {
            self.violate(Invariant::Person, "nobody asked for a person");
        }
        let talk = &mut self.model.talk;
        let sent = std::mem::take(&mut talk.sent);
        let (came, writing) = (std::mem::take(&mut talk.came), std::mem::take(&mut talk.writing));
        let (passed, requested) = (talk.passed, talk.requested);
        *talk = Talk { id: Some(thread.id.clone()), sent, came, writing, passed, requested, ..Talk::default() };
        self.tally.talks += 1;
    }

    /// Words go to the shop only if somebody said them to the person there, while the household knew of the conversation.
    fn check_passed_on(&mut self, thread: &Thread, line: &ChatLine, cause: &Cause) {
        self.tally.passed_on += 1;
        let (Some(heard), Some(utterance)) = (&cause.heard, &cause.utterance) else {
            return self.violate(Invariant::Person, format!("{line:?}: nobody said that"));
        };
        let talk = &self.model.talk;
        if talk.id.as_ref() != Some(&thread.id) || talk.told_over {
            return self.violate(Invariant::Person, format!("{:?} is passed on although it is over", line.text));
        }
        if !was_said(heard, utterance, |text| text.ends_with(&line.text)) {
            return self.violate(Invariant::Person, format!("{:?} is passed on, and not what was said", line.text));
        }
        let told = heard.nbest.iter().any(|one| one.text.starts_with("tell "));
        let answers = cause.turn.is_some() && talk.asked_ms.is_some_and(|ms| ms <= utterance.from_ms);
        let typed = heard.channel != Channel::Voice && talk.told_open;
        if !told && !answers && !typed {
            self.violate(Invariant::Person, format!("{:?} is passed on, and was not said to a person", line.text));
        }
    }

    /// A write of this life was answered: a line that is on disk goes out now.
    pub(in crate::world) fn check_goes_out(&mut self, event: &Event, effects: &[Effect]) {
        let (Event::Stored { ticket } | Event::StoreFailed { ticket, .. }) = event else { return };
        let Some((thread, seq)) = self.model.talk.writing.remove(ticket) else { return };
        let goes = effects.iter().any(|effect| matches!(effect, Effect::Chat { thread: of } if *of == thread));
        if matches!(event, Event::Stored { .. }) && !goes {
            self.violate(Invariant::Person, format!("line {seq} is on disk and does not go out"));
        }
    }

    /// What a person says makes, confirms, approves and takes back no order, and asks for no price.
    pub(in crate::world) fn check_from_person(&mut self, event: &Event, effects: &[Effect]) {
        let Event::Chat { .. } = event else { return };
        for effect in effects {
            let bad = match effect {
                Effect::AskQuote { .. }
                | Effect::HearAgain { .. }
                | Effect::AskFind { .. }
                | Effect::AskHistory { .. }
                | Effect::Listen { .. }
                | Effect::AskSibling { .. }
                | Effect::AskApprove { .. }
                | Effect::AskWithdraw { .. }
                | Effect::AskCancel { .. }
                | Effect::TellHeard { .. } => true,
                Effect::Store { writes, .. } => writes.iter().any(|write| self.is_deed(write)),
                Effect::Say { .. }
                | Effect::Rest
                | Effect::Send { .. }
                | Effect::AskStatus { .. }
                | Effect::TellConsent
                | Effect::Chat { .. } => false,
            };
            if bad {
                self.violate(Invariant::Person, format!("{event:?} led to {effect:?}"));
            }
        }
    }

    /// Does it order, approve or take back, other than by time or in another try?
    fn is_deed(&self, write: &Write) -> bool {
        let Write::Order(order) = write else { return false };
        let again = self.model.attempted.contains(&(order.id.clone(), order.state));
        let by_time = matches!(order.state, OrderState::Sending | OrderState::Expired | OrderState::Unknown);
        !again && !by_time
    }

    /// A person's words are told as theirs, as they were written, in their order and once in one life; that something is
    /// passed on is said once it is on disk.
    pub(in crate::world) fn check_talk(&mut self, channel: &Channel, reply: &Reply) {
        match reply {
            Reply::PersonSays { name, text } => self.check_person_says(channel, &(name.clone(), text.clone())),
            Reply::PersonAsked { .. } => {
                let fine = self.model.talk.requested > 0;
                self.model.talk.requested = self.model.talk.requested.saturating_sub(1);
                if !fine {
                    self.violate(Invariant::Told, "the shop is asked for a person before that is on disk");
                }
            }
            Reply::PassedOn { .. } | Reply::PassedOnEarly { .. } | Reply::PassedOnLater { .. } => {
                let fine = self.model.talk.passed > 0;
                self.model.talk.passed = self.model.talk.passed.saturating_sub(1);
                if !fine {
                    self.violate(Invariant::Told, "something is passed on before it is on disk");
                }
            }
            Reply::Refused { reason: Reason::NotInCatalog { product } } => {
                let title = |(offer, _): &(Quote, u64)| offer.lines.iter().any(|line| clean(&line.title) == *product);
                if !self.model.talk.came.iter().any(title) {
                    self.violate(
                        Invariant::Person,
                        format!("{product:?} is said as if it were the speaker's own word"),
                    );
                }
            }
            Reply::ReadBack { reasons, .. } if is_offered(reasons) => self.tally.offers += 1,
            _ => {}
        }
    }

    fn check_person_says(&mut self, channel: &Channel, words: &Words) {
        self.tally.person_said += 1;
        if *channel == Channel::Voice && self.ms < self.model.listens_until_ms {
            self.violate(Invariant::Person, format!("{words:?} is said while the household is asked something"));
        }
        let Some((first, last)) = self.model.talk.lines_of(words) else {
            return self.violate(Invariant::Person, format!("{words:?} is told, and nobody said it, or it was told"));
        };
        let lies = self.plan.faults.has(Fault::HostilePerson);
        if let Some(seq) = self.model.talk.passed_over(first).filter(|_| !lies) {
            self.violate(Invariant::Person, format!("line {seq} of the person was passed over before {first}"));
        }
        let talk = &mut self.model.talk;
        (talk.told, talk.told_in_life) = (talk.told.max(last), last);
    }
}

/// Is it the price of what a person at the shop offered?
pub fn is_offered(reasons: &[Reason]) -> bool {
    reasons.iter().any(|reason| matches!(reason, Reason::OfferedBy { .. }))
}
