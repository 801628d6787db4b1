//! What the household's answers do: only the phrase orders, a negative word anywhere ends it,
//! and whatever is not clear is not a yes.

use super::super::Now;
use super::super::event::Heard;
use super::super::guard::{Rung, confidence, echo, variant};
use super::super::mind::Mind;
use super::super::order::Wanted;
use super::super::reply::Reply;
use super::super::second_ear::SecondEar;
use super::command::holds_card_number;
use super::purchase::ask_of;
use super::{Asked, Offer, Proposed, Question, State, Talk, challenge};
use crate::understand::intent::{Change, Intent, Parse};
use crate::understand::{pick, random_words};

/// A challenge is over so long after the microphone opened.
const CHALLENGE_MS: u64 = 10_000;
/// Answers in one conversation, of any kind.
const MAX_ANSWERS: u8 = 10;

impl Mind {
    pub(super) fn answer(&mut self, asked: Asked, said: (Heard, Vec<Parse>), opened_ms: u64, now: Now) -> State {
        let Asked { mut talk, question } = asked;
        let (heard, parses) = said;
        if holds_card_number(&heard) {
            return self.close_talk(talk, Reply::CardNumber, now);
        }
        talk.answers += 1;
        talk.entropy = heard.entropy;
        if talk.answers > MAX_ANSWERS {
            return self.close_talk(talk, Reply::GivenUp, now);
        }
        match question {
            Question::Again => self.command((heard, parses), talk.misses, now),
            Question::Which { proposed, line, skus } => {
                let answer = Proposed::new(heard, parses);
                self.chosen(talk, proposed, line, skus, answer, now)
            }
            Question::HowMany { proposed, line, qtys } => {
                let answer = Proposed::new(heard, parses);
                self.counted(talk, proposed, line, qtys, answer, now)
            }
            Question::Confirm(offer) => {
                let own_voice = echo::is_own_voice(&heard, &self.last_said);
                let took_ms =
                    now.mono_ms.saturating_sub(opened_ms).saturating_sub(u64::from(heard.acoustics.speech_ms));
                let recorded = heard.acoustics.playback.is_some();
                let answer = Proposed::new(heard, parses);
                let late = offer.rung == Rung::Challenge && took_ms > CHALLENGE_MS;
                let usable = !own_voice && !recorded && !late && confidence::is_clear(answer.confidence, &self.policy);
                self.confirm_answer(talk, offer, answer, usable, now)
            }
            Question::PutOnList { lines } => {
                let answer = Proposed::new(heard, parses);
                self.list_answer(talk, lines, &answer, now)
            }
            Question::GoBack(back) => {
                let answer = Proposed::new(heard, parses);
                self.return_answer(talk, back, answer, now)
            }
            Question::Narrow(narrowing) => {
                let answer = Proposed::new(heard, parses);
                self.narrowed(talk, narrowing, &answer, now)
            }
            Question::Suggested(suggesting) => {
                let answer = Proposed::new(heard, parses);
                self.picked(talk, suggesting, &answer, now)
            }
            Question::ToPerson { name, greeted } => {
                let answer = Proposed::new(heard, parses);
                self.person_answer(talk, name, greeted, &answer, now)
            }
        }
    }

    /// The only match over intents while a confirmation is waited for.
    fn confirm_answer(&mut self, mut talk: Talk, mut offer: Offer, answer: Proposed, usable: bool, now: Now) -> State {
        if is_negative(&answer) {
            return self.close_talk(talk, Reply::NothingOrdered, now);
        }
        if !usable {
            return self.missed(talk, offer, now);
        }
        talk.note(&answer.text);
        if answer.coupon.is_some() && !matches!(answer.parse.intent, Intent::Reorder | Intent::Change | Intent::ListAdd)
        {
            // Another price, so another read-back: also where the phrase was said with it.
            let proposed = Proposed { coupon: answer.coupon, ..offer.proposed };
            return self.ask_quote(talk, proposed, now);
        }
        match answer.parse.intent {
            Intent::Confirm if is_whole(&answer, &offer) && !is_contested(&answer) => {
                offer.proposed.heard.acoustics.joined_by(&answer.heard.acoustics);
                self.confirm(talk, offer, now)
            }
            Intent::Affirm if !offer.reminded => self.remind(talk, offer, now),
            Intent::Affirm => self.close_talk(talk, Reply::GivenUp, now),
            Intent::Change => self.change(talk, offer, &answer, now),
            Intent::Reorder => {
                let heard_by = offer.proposed.heard_by;
                let second = match answer.parse.not_an_order {
                    None => SecondEar::CanBeAsked,
                    Some(_) => SecondEar::Unasked,
                };
                self.propose(talk, Proposed { heard_by, second, ..answer }, now)
            }
            Intent::ListAdd => {
                let lines = if answer.lines.is_empty() { offer.proposed.lines } else { answer.lines };
                self.put_on_list(talk, lines, None, now)
            }
            Intent::Repeat => self.read_back(talk, offer, now),
            Intent::Why => {
                let reasons = offer.reasons.clone();
                self.say(&talk.to.clone(), Reply::Because { reasons });
                self.read_back(talk, offer, now)
            }
            Intent::Help => self.remind(talk, offer, now),
            Intent::Confirm
            | Intent::Status
            | Intent::History
            | Intent::Price
            | Intent::Find
            | Intent::Handoff
            | Intent::Return
            | Intent::News
            | Intent::None => self.missed(talk, offer, now),
            // Negative words ended it above.
            Intent::Deny | Intent::Cancel | Intent::Stop => self.close_talk(talk, Reply::NothingOrdered, now),
        }
    }

    /// Not understood: the phrase once more, then no order.
    fn missed(&mut self, mut talk: Talk, offer: Offer, now: Now) -> State {
        talk.misses += 1;
        if talk.misses > 1 {
            return self.close_talk(talk, Reply::GivenUp, now);
        }
        self.say_phrase(talk, offer, false, now)
    }

    /// A bare yes does not buy: one reminder of the phrase.
    fn remind(&mut self, talk: Talk, offer: Offer, now: Now) -> State {
        self.say_phrase(talk, Offer { reminded: true, ..offer }, true, now)
    }

    /// Says the phrase again. The words of a challenge are accepted once: there are new ones.
    fn say_phrase(&mut self, talk: Talk, mut offer: Offer, understood: bool, now: Now) -> State {
        if offer.rung == Rung::Challenge {
            offer.words = challenge::words(talk.lang(), talk.entropy, talk.answers);
        }
        let reply = Reply::SayPhrase { ask: ask_of(&offer), understood };
        self.ask(talk, Question::Confirm(offer), reply, now)
    }

    /// "Make it two": a new quote and a new read-back, never a silent change.
    fn change(&mut self, talk: Talk, offer: Offer, answer: &Proposed, now: Now) -> State {
        let mut proposed = offer.proposed.clone();
        proposed.coupon = answer.coupon.clone().or(proposed.coupon);
        match (&answer.parse.change, proposed.lines.len()) {
            (Some(Change::Qty(qty)), 1) if *qty > 0 => {
                set_qty(&mut proposed, *qty);
                proposed.rivals = answer.rivals.iter().map(|rival| with_changed_qty(&proposed, rival)).collect();
                proposed.parse.change.clone_from(&answer.parse.change);
                proposed.second = SecondEar::CanBeAsked;
                let expect = Question::Confirm(offer).expect();
                match self.second_ear_first(talk, proposed, expect, answer.confidence, now) {
                    Ok(state) => state,
                    Err(both) => self.ask_quote(both.0, both.1, now),
                }
            }
            (Some(Change::Which(_)), _) if !answer.lines.is_empty() => {
                let coupon = proposed.coupon;
                let mut instead = Proposed { heard_by: proposed.heard_by, coupon, ..answer.clone() };
                for line in &mut instead.lines {
                    line.qty = offer.proposed.lines.first().map_or(line.qty, |old| old.qty.max(line.qty));
                }
                instead.second = SecondEar::CanBeAsked;
                let expect = Question::Confirm(offer).expect();
                match self.second_ear_first(talk, instead, expect, answer.confidence, now) {
                    Ok(state) => state,
                    Err(both) => self.propose(both.0, both.1, now),
                }
            }
            // Without a product there is nothing to change to; with several lines it is unclear which.
            (Some(Change::Which(_) | Change::Qty(_)) | None, _) => self.missed(talk, offer, now),
        }
    }

    /// The household chose one of two.
    fn chosen(
        &mut self,
        mut talk: Talk,
        mut proposed: Proposed,
        line: usize,
        skus: Vec<String>,
        answer: Proposed,
        now: Now,
    ) -> State {
        if is_negative(&answer) {
            return self.close_talk(talk, Reply::NothingOrdered, now);
        }
        let picked = pick_sku(&answer.parse, &skus);
        let clear = confidence::is_clear(answer.confidence, &self.policy) && is_live(&answer.heard);
        let Some(sku) = picked.filter(|_| clear) else {
            talk.misses += 1;
            if talk.misses > 1 {
                return self.close_talk(talk, Reply::GivenUp, now);
            }
            return self.ask_which(talk, proposed, line, skus, now);
        };
        talk.note(&answer.text);
        proposed.coupon = answer.coupon.or(proposed.coupon);
        if let Some(parsed) = proposed.parse.lines.get_mut(line) {
            if let Some(wanted) = proposed.lines.iter_mut().find(|wanted| wanted.sku == parsed.sku) {
                wanted.sku.clone_from(&sku);
            }
            parsed.sku = sku;
            parsed.rivals.clear();
        }
        proposed.second.settle();
        self.propose(talk, proposed, now)
    }

    fn list_answer(&mut self, talk: Talk, lines: Vec<Wanted>, answer: &Proposed, now: Now) -> State {
        let intent = answer.parse.intent;
        let agreed = intent.agrees() || intent == Intent::ListAdd;
        if agreed && !is_negative(answer) && is_live(&answer.heard) {
            self.put_on_list(talk, lines, None, now)
        } else {
            self.close_talk(talk, Reply::NothingOrdered, now)
        }
    }
}

/// Neither the speaker's own voice nor a recording that the ears know.
pub(super) fn is_live(heard: &Heard) -> bool {
    !heard.acoustics.while_speaking && heard.acoustics.playback.is_none()
}

/// A negative word in what was heard, or in what was heard nearly as well.
pub(super) fn is_negative(answer: &Proposed) -> bool {
    let negative = |parse: &Parse| matches!(parse.intent, Intent::Deny | Intent::Cancel | Intent::Stop);
    negative(&answer.parse) || answer.rivals.iter().any(negative)
}

/// Was something else than a confirmation heard nearly as well ("no, make it two")?
pub(super) fn is_contested(answer: &Proposed) -> bool {
    let other = |rival: &Parse| rival.intent != Intent::None && !rival.intent.agrees();
    answer.rivals.iter().any(|rival| other(rival) && rival.intent != answer.parse.intent)
}

/// Is it the whole confirmation that was asked for, and nothing told about one?
fn is_whole(answer: &Proposed, offer: &Offer) -> bool {
    let told = answer.parse.not_an_order.is_some();
    let words_said = offer.rung != Rung::Challenge || random_words::were_said(&answer.text, &offer.words);
    !told && words_said
}

/// The one of `skus` that was meant: by name, if the name fits only one, or by its place.
pub(super) fn pick_sku(parse: &Parse, skus: &[String]) -> Option<String> {
    if let Some(line) = parse.lines.first() {
        let also = variant::close_rival(line).is_some_and(|rival| skus.iter().any(|sku| sku == rival));
        return Some(line.sku.clone()).filter(|sku| !also && skus.contains(sku));
    }
    match &parse.change {
        Some(Change::Which(words)) => pick::place(words, skus.len()).and_then(|at| skus.get(at).cloned()),
        Some(Change::Qty(_)) | None => None,
    }
}

fn set_qty(proposed: &mut Proposed, qty: u32) {
    if let Some(line) = proposed.lines.first_mut() {
        line.qty = qty;
    }
    if let Some(line) = proposed.parse.lines.first_mut() {
        line.qty = qty;
        line.qty_spoken = true;
    }
}

/// A rival of "make it fifteen" is the same product in another quantity.
fn with_changed_qty(proposed: &Proposed, rival: &Parse) -> Parse {
    let mut parse = proposed.parse.clone();
    if let (Some(Change::Qty(qty)), Some(line)) = (&rival.change, parse.lines.first_mut()) {
        line.qty = *qty;
    }
    parse
}
