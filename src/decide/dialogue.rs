//! The states of a conversation and the only match over its transitions.
//!
//! [`command`] is what a first utterance leads to, [`purchase`] the way from a proposal to an
//! order on disk, [`answer`] what the household's answers do on that way, [`find`] how a proposal
//! comes about where no product was named, [`recall`] what was bought before, [`withdrawal`] the way back. None of them sends anything: that is for [`super::ledger`], after the hold.

mod answer;
mod challenge;
mod command;
mod compare;
mod elsewhere;
mod find;
mod person;
mod purchase;
mod recall;
mod state;
mod withdrawal;

use super::Now;
use super::effect::Effect;
use super::event::{Channel, Entropy, Heard, Hypothesis, Turn};
use super::find::{Found, Suggested};
use super::guard::Rung;
use super::history::Past;
use super::mind::{Address, Mind};
use super::order::{OrderId, Quote, Wanted};
use super::reply::{Reason, Reply};
use super::second_ear::SecondEar;
use super::sibling::HeardThere;
use crate::understand::Lang;
use crate::understand::coupon::Coupon;
use crate::understand::intent::Parse;
use compare::Comparing;
use find::{Narrowing, Seeking, Suggesting};
use recall::Recalling;
use withdrawal::GoingBack;

/// How long the ears may take for a command after the wake word.
const LISTENING_MS: u64 = 30_000;
/// An answer by voice may take this long after its window, for speech and recognition.
const ANSWER_GRACE_MS: u64 = 20_000;
/// An answer that is typed.
const TYPED_ANSWER_MS: u64 = 120_000;
/// The longest reply, with the queue before it.
const PLAYING_MS: u64 = 90_000;
/// Utterances that are kept as evidence.
const MAX_SPOKEN: usize = 8;
/// The slowest disk.
const STORING_MS: u64 = 30_000;

/// Where the conversation stands.
#[derive(Debug, Default, Clone)]
pub(super) enum State {
    #[default]
    Idle,
    /// Woken; the ears take down a command.
    Listening { until_ms: u64 },
    /// A second recogniser hears the utterance again.
    Comparing(Box<Comparing>),
    /// The shop was asked for a price.
    Quoting(Box<Quoting>),
    /// The shop was asked what it would propose.
    Seeking(Box<Seeking>),
    /// The shop was asked what it has of this home.
    Recalling(Box<Recalling>),
    /// A question is being said; the microphone is shut.
    Asking { ask: Box<Asked>, say: u32, until_ms: u64 },
    /// The question has really been said; the answer may come.
    Answering { ask: Box<Asked>, turn: Option<Turn>, opened_ms: u64, until_ms: u64 },
    /// A confirmed order is being written.
    Storing { talk: Talk, order: OrderId, ticket: u32, until_ms: u64 },
    /// The last words are being said.
    Closing { channel: Channel, say: u32, until_ms: u64, rest: bool },
}

/// Who talks, and what was said so far.
#[derive(Debug, Clone)]
pub(super) struct Talk {
    to: Address,
    /// Each utterance that led here.
    spoken: Vec<String>,
    entropy: Entropy,
    /// Answers that were not understood.
    misses: u8,
    /// Answers of any kind.
    answers: u8,
}

/// What somebody seems to want to buy.
#[derive(Debug, Clone)]
pub(super) struct Proposed {
    heard: Heard,
    /// The hypothesis that was chosen.
    text: String,
    parse: Parse,
    confidence: f32,
    rivals: Vec<Parse>,
    lines: Vec<Wanted>,
    /// When the order that this one repeats was confirmed, Unix ms: "the usual".
    repeats_unix_ms: Option<i64>,
    /// Another speaker of the household that heard the same.
    heard_by: Option<String>,
    /// The person at the shop who offered it; nobody asked for it.
    offered_by: Option<String>,
    /// The shop proposed it when no product was named.
    suggested: Option<Suggested>,
    /// A coupon to use with it.
    coupon: Option<Coupon>,
    /// What a second recogniser made of it.
    second: SecondEar,
}

#[derive(Debug, Clone)]
pub(super) struct Quoting {
    talk: Talk,
    proposed: Proposed,
    request_id: String,
    until_ms: u64,
}

/// A quote that was, or is about to be, read back.
#[derive(Debug, Clone)]
pub(super) struct Offer {
    proposed: Proposed,
    quote: Quote,
    quoted_ms: u64,
    rung: Rung,
    reasons: Vec<Reason>,
    /// The two random words of a challenge; other words each time it is read back.
    words: Vec<String>,
    reminded: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Asked {
    talk: Talk,
    question: Question,
}

#[derive(Debug, Clone)]
#[allow(clippy::large_enum_variant, reason = "there is one at a time, and it is boxed in its state")]
pub(super) enum Question {
    /// Please say the command again.
    Again,
    /// Which of the two? For the line of that index.
    Which {
        proposed: Proposed,
        line: usize,
        skus: Vec<String>,
    },
    /// One number or the other? For the line of that index.
    HowMany {
        proposed: Proposed,
        line: usize,
        qtys: [u32; 2],
    },
    Confirm(Offer),
    /// Shall it go on the list instead?
    PutOnList {
        lines: Vec<Wanted>,
    },
    /// Shall this order go back?
    GoBack(GoingBack),
    /// Which of these, asks the shop?
    Narrow(Narrowing),
    /// Which of what the shop proposes?
    Suggested(Suggesting),
    /// What shall the person at the shop be told? `greeted`: nothing was said between them yet.
    ToPerson {
        name: String,
        greeted: bool,
    },
}

/// What the conversation reacts to.
#[derive(Debug)]
pub(super) enum Cue {
    Woke,
    Said(Box<(Heard, Vec<Parse>)>),
    /// What a second recogniser heard.
    HeardAgain(Vec<Hypothesis>),
    Silence,
    Played,
    Quoted(Box<Quote>),
    NotQuoted(String),
    Found(Box<Found>),
    History(Option<Vec<Past>>),
    Stored,
    StoreFailed,
    Tap,
    Muted,
    /// Another speaker heard a wish to buy something.
    HeardThere(HeardThere),
    TimeUp,
}

/// May this utterance enter the conversation?
pub(super) enum Admission {
    Yes,
    /// Typed while another conversation is going on.
    Busy,
    /// It belongs to a turn that is over.
    Late,
}

impl Mind {
    /// Takes the conversation on by one cue. Cues of other turns never get here.
    pub(super) fn step(&mut self, cue: Cue, now: Now) {
        let state = std::mem::take(&mut self.state);
        self.state = match (state, cue) {
            (State::Idle | State::Listening { .. }, Cue::Woke) => {
                State::Listening { until_ms: now.mono_ms + LISTENING_MS }
            }
            (State::Closing { .. }, Cue::Woke) => State::Listening { until_ms: now.mono_ms + LISTENING_MS },
            (State::Idle | State::Listening { .. }, Cue::Said(said)) => self.command(*said, 0, now),
            (State::Closing { channel, rest, .. }, Cue::Said(said)) => {
                if rest && channel != said.0.channel {
                    self.out.push(Effect::Rest);
                }
                self.command(*said, 0, now)
            }
            (State::Listening { .. }, Cue::Silence | Cue::TimeUp | Cue::Tap | Cue::Muted) => self.rest(),
            (State::Closing { rest, .. }, Cue::Played | Cue::TimeUp | Cue::Tap | Cue::Muted) => {
                if rest {
                    self.rest()
                } else {
                    State::Idle
                }
            }
            (State::Idle, Cue::Tap) => self.take_back_held(now),
            (state @ State::Idle, Cue::Silence | Cue::Muted | Cue::TimeUp) => state,

            (State::Comparing(comparing), Cue::HeardAgain(nbest)) => self.compared(*comparing, Some(nbest), now),
            (State::Comparing(comparing), Cue::TimeUp) => self.compared(*comparing, None, now),
            (State::Comparing(comparing), Cue::Tap | Cue::Muted) => {
                self.abandon(comparing.talk, Reply::NothingOrdered, now)
            }
            // Its microphone is shut, as long as that takes.
            (state @ State::Comparing(_), Cue::Woke) => state,

            (State::Quoting(quoting), Cue::Quoted(quote)) => self.quoted(*quoting, *quote, now),
            (State::Quoting(quoting), Cue::NotQuoted(code)) => self.not_quoted(*quoting, code, now),
            (State::Quoting(quoting), Cue::TimeUp) => self.shop_silent(quoting.talk, quoting.proposed.lines, now),
            (State::Quoting(quoting), Cue::Tap | Cue::Muted) => self.abandon(quoting.talk, Reply::NothingOrdered, now),
            (State::Quoting(quoting), Cue::Woke) => self.interrupt(State::Quoting(quoting), now),

            (State::Seeking(seeking), Cue::Found(found)) => self.found(*seeking, *found, now),
            (State::Seeking(seeking), Cue::TimeUp) => self.seeks_long(*seeking, now),
            (State::Seeking(seeking), Cue::Tap | Cue::Muted) => self.abandon(seeking.talk, Reply::NothingOrdered, now),
            (State::Seeking(seeking), Cue::Woke) => self.interrupt(State::Seeking(seeking), now),

            (State::Recalling(recalling), Cue::History(past)) => self.recalled(recalling.talk, past, now),
            (State::Recalling(recalling), Cue::TimeUp) => self.recalls_long(*recalling, now),
            (State::Recalling(recalling), Cue::Tap | Cue::Muted) => match recalling.talk.to.channel {
                Channel::Voice => self.rest(),
                Channel::Text(_) | Channel::Open(_) => self.recall_here(recalling.talk, now),
            },
            (State::Recalling(recalling), Cue::Woke) => self.interrupt(State::Recalling(recalling), now),

            (State::Asking { ask, .. }, Cue::Played) => self.open_for_answer(ask, now),
            (State::Asking { ask, .. }, Cue::TimeUp) => self.unanswered(*ask, now),
            (State::Asking { ask, .. }, Cue::Tap | Cue::Muted) => self.dropped(*ask, now),
            (state @ State::Asking { .. }, Cue::Woke) => self.interrupt(state, now),

            (State::Answering { ask, opened_ms, .. }, Cue::Said(said)) => self.answer(*ask, *said, opened_ms, now),
            (State::Answering { ask, .. }, Cue::Silence | Cue::TimeUp) => self.unanswered(*ask, now),
            (State::Answering { ask, .. }, Cue::Tap | Cue::Muted) => self.dropped(*ask, now),
            (state @ State::Answering { .. }, Cue::Woke) => self.interrupt(state, now),

            (State::Storing { talk, order, .. }, Cue::Stored) => self.held(talk, &order, now),
            (State::Storing { talk, .. }, Cue::StoreFailed) => self.close_talk(talk, Reply::StoreFailed, now),
            (State::Storing { talk, order, .. }, Cue::TimeUp) => {
                // Should it reach the disk after all, it is taken back: the household heard that nothing was ordered.
                self.cancel_order(&order, talk.to.clone(), now);
                self.close_talk(talk, Reply::StoreFailed, now)
            }
            (State::Storing { talk, order, .. }, Cue::Tap) => {
                self.cancel_order(&order, talk.to.clone(), now);
                self.rest()
            }
            (state @ State::Storing { .. }, Cue::Woke | Cue::Muted) => state,

            (
                state @ (State::Comparing(_) | State::Quoting(_) | State::Asking { .. } | State::Answering { .. }),
                Cue::HeardThere(there),
            ) => self.same_was_heard(state, &there, now),
            // Not yet begun, or already on disk: the guard against duplicates is what is left then.
            (
                state @ (State::Idle
                | State::Listening { .. }
                | State::Seeking(_)
                | State::Recalling(_)
                | State::Storing { .. }
                | State::Closing { .. }),
                Cue::HeardThere(_),
            ) => state,

            // Filtered before they get here: see `admits` and `waits_for_...`.
            (
                state @ (State::Quoting(_)
                | State::Comparing(_)
                | State::Seeking(_)
                | State::Recalling(_)
                | State::Asking { .. }
                | State::Storing { .. }),
                Cue::Said(_) | Cue::Silence,
            ) => state,
            (state @ State::Closing { .. }, Cue::Silence) => state,
            (
                state @ (State::Idle
                | State::Comparing(_)
                | State::Listening { .. }
                | State::Quoting(_)
                | State::Seeking(_)
                | State::Recalling(_)
                | State::Answering { .. }
                | State::Storing { .. }),
                Cue::Played,
            ) => state,
            (
                state @ (State::Idle
                | State::Comparing(_)
                | State::Listening { .. }
                | State::Seeking(_)
                | State::Recalling(_)
                | State::Asking { .. }
                | State::Answering { .. }
                | State::Storing { .. }
                | State::Closing { .. }),
                Cue::Quoted(_) | Cue::NotQuoted(_),
            ) => state,
            (
                state @ (State::Idle
                | State::Comparing(_)
                | State::Listening { .. }
                | State::Quoting(_)
                | State::Recalling(_)
                | State::Asking { .. }
                | State::Answering { .. }
                | State::Storing { .. }
                | State::Closing { .. }),
                Cue::Found(_),
            ) => state,
            (
                state @ (State::Idle
                | State::Comparing(_)
                | State::Listening { .. }
                | State::Quoting(_)
                | State::Seeking(_)
                | State::Asking { .. }
                | State::Answering { .. }
                | State::Storing { .. }
                | State::Closing { .. }),
                Cue::History(_),
            ) => state,
            (
                state @ (State::Idle
                | State::Comparing(_)
                | State::Listening { .. }
                | State::Quoting(_)
                | State::Seeking(_)
                | State::Recalling(_)
                | State::Asking { .. }
                | State::Answering { .. }
                | State::Closing { .. }),
                Cue::Stored | Cue::StoreFailed,
            ) => state,
            (
                state @ (State::Idle
                | State::Listening { .. }
                | State::Quoting(_)
                | State::Seeking(_)
                | State::Recalling(_)
                | State::Asking { .. }
                | State::Answering { .. }
                | State::Storing { .. }
                | State::Closing { .. }),
                Cue::HeardAgain(_),
            ) => state,
        };
    }

    /// Back to the wake word.
    fn rest(&mut self) -> State {
        self.out.push(Effect::Rest);
        State::Idle
    }

    /// Says the last words; `rest`: the ears were open in this conversation.
    pub(super) fn close(&mut self, to: Address, reply: Reply, now: Now, rest: bool) -> State {
        self.last_reply = Some(reply.clone());
        self.last_said.clear();
        let say = self.say(&to, reply);
        State::Closing { channel: to.channel, say, until_ms: now.mono_ms + PLAYING_MS, rest }
    }

    fn close_talk(&mut self, talk: Talk, reply: Reply, now: Now) -> State {
        let rest = talk.to.channel == Channel::Voice;
        self.close(talk.to, reply, now, rest)
    }

    /// Nobody answered.
    fn unanswered(&mut self, ask: Asked, now: Now) -> State {
        if let Question::ToPerson { name, greeted } = ask.question {
            return self.nothing_for_person(ask.talk, name, greeted, now);
        }
        let reply = ask.question.kept(false).unwrap_or(Reply::TimedOut);
        self.abandon(ask.talk, reply, now)
    }

    /// The household ended it.
    fn dropped(&mut self, ask: Asked, now: Now) -> State {
        if let Question::ToPerson { .. } = ask.question {
            return self.done(&ask.talk);
        }
        let reply = ask.question.kept(true).unwrap_or(Reply::NothingOrdered);
        self.abandon(ask.talk, reply, now)
    }

    /// It is done, and the answer comes by itself.
    fn done(&mut self, talk: &Talk) -> State {
        match talk.to.channel {
            Channel::Voice => self.rest(),
            Channel::Text(_) | Channel::Open(_) => State::Idle,
        }
    }

    /// Ends a conversation in which something might have been ordered.
    fn abandon(&mut self, talk: Talk, reply: Reply, now: Now) -> State {
        self.close_talk(talk, reply, now)
    }

    /// Says a question; the answer may come only after it has really been said.
    fn ask(&mut self, talk: Talk, question: Question, reply: Reply, now: Now) -> State {
        let say = self.say(&talk.to, reply);
        State::Asking { ask: Box::new(Asked { talk, question }), say, until_ms: now.mono_ms + PLAYING_MS }
    }

    fn open_for_answer(&mut self, ask: Box<Asked>, now: Now) -> State {
        let opened_ms = now.mono_ms;
        match ask.talk.to.channel {
            Channel::Text(_) | Channel::Open(_) => {
                State::Answering { ask, turn: None, opened_ms, until_ms: opened_ms + TYPED_ANSWER_MS }
            }
            Channel::Voice => {
                let turn = self.next_turn();
                let window_ms = self.policy.answer_window_ms;
                self.out.push(Effect::Listen {
                    turn,
                    lang: ask.talk.to.lang,
                    expect: ask.question.expect(),
                    window_ms,
                });
                let until_ms = opened_ms + u64::from(window_ms) + ANSWER_GRACE_MS;
                State::Answering { ask, turn: Some(turn), opened_ms, until_ms }
            }
        }
    }

    /// The wake word during a conversation: a typed one gives way, a spoken one goes on, since
    /// its microphone is either shut or already listening for the answer.
    fn interrupt(&mut self, state: State, now: Now) -> State {
        let (to, kept) = match &state {
            State::Recalling(recalling) => (&recalling.talk.to, Some(self.bought_here(recalling.talk.lang(), now))),
            State::Quoting(quoting) => (&quoting.talk.to, None),
            State::Comparing(comparing) => (&comparing.talk.to, None),
            State::Seeking(seeking) => (&seeking.talk.to, None),
            State::Asking { ask, .. } | State::Answering { ask, .. } => (&ask.talk.to, ask.question.kept(true)),
            State::Storing { talk, .. } => (&talk.to, None),
            State::Idle | State::Listening { .. } | State::Closing { .. } => return state,
        };
        match to.channel {
            Channel::Voice => state,
            Channel::Text(_) | Channel::Open(_) => {
                let to = to.clone();
                self.say(&to, kept.unwrap_or(Reply::NothingOrdered));
                State::Listening { until_ms: now.mono_ms + LISTENING_MS }
            }
        }
    }

    fn take_back_held(&mut self, now: Now) -> State {
        let to = Address { channel: Channel::Voice, lang: self.last_lang };
        match self
            .cancellable(&[], now)
            .filter(|id| self.household.orders.get(id).is_some_and(super::ledger::is_unsent))
        {
            Some(id) => self.cancel_order(&id, to, now),
            None => self.tell(to, Reply::NothingToCancel),
        }
        State::Idle
    }
}

impl Talk {
    fn new(heard: &Heard) -> Talk {
        let to = Address { channel: heard.channel.clone(), lang: heard.lang };
        Talk { to, spoken: vec![], entropy: heard.entropy, misses: 0, answers: 0 }
    }

    fn lang(&self) -> Lang {
        self.to.lang
    }

    /// Keeps what was said as evidence, up to a bound.
    fn note(&mut self, said: &str) {
        if self.spoken.len() < MAX_SPOKEN {
            self.spoken.push(said.to_owned());
        }
    }
}
