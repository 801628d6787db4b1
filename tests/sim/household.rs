//! The people: what they want, what they say and press, and what they answer to what they heard.

use super::ears::{Listening, Speaker, Utterance};
use super::model::{Question, is_offered};
use super::{Fault, Input, MINUTE, World, product, words};
use tendero::decide::event::{Button, Channel, Event, Turn};
use tendero::decide::reply::{Item, Reply};
use tendero::understand::Lang;
use tendero::understand::grammar::Expect;

/// Who types.
const CLIENT: &str = "app";
/// What people would buy of a person at the shop.
const OFFERED: [&str; 6] = ["milk-whole", "coffee-500", "milk-oat", "heads-4", "wine-red", "dollhouse"];

impl World {
    /// Something that the household does of its own accord.
    pub(super) fn household_acts(&mut self) {
        if self.strikes(Fault::Television, 25) {
            let said = self.rng.word(&words::BROADCAST);
            return self.command(said, Speaker::Television);
        }
        if self.model.talk.is_open() && self.rng.chance(35) {
            return self.talks_to_person();
        }
        match self.rng.below(25) {
            22 | 23 => {
                let said = self.rng.word(&words::FINDS);
                (self.model.wish, self.model.wished) = (None, said);
                self.command(said, Speaker::Household);
            }
            24 => {
                let said = self.rng.word(&words::FINDS);
                (self.model.wish, self.model.wished) = (None, said);
                self.types(said, 0, false);
            }
            20 => self.command("let me talk to a person", Speaker::Household),
            21 => self.types("let me talk to a person", 0, false),
            0..=10 => {
                let (said, lines) = *self.rng.pick(&words::ORDERS);
                self.model.wish = Some(lines.to_vec());
                self.model.wished = said;
                let typed = self.rng.chance(10);
                if typed { self.types(said, 0, false) } else { self.command(said, Speaker::Household) }
            }
            11 => self.command("cancel that", Speaker::Household),
            12 => self.command("i want to return it", Speaker::Household),
            13..=15 => {
                let said = self.rng.word(&words::OTHERS);
                self.command(said, Speaker::Household);
            }
            16 => self.give(Event::Button(Button::Tap)),
            17 => self.types("cancel that", 0, false),
            18 if self.rng.chance(50) => {
                self.sends_back();
            }
            18 => {
                let newest = self.disk.household.newest(|_| true).map(|order| order.id.clone());
                if let Some(order) = newest {
                    self.give(Event::CancelOrder { order });
                }
            }
            _ => {
                let (said, lines) = *self.rng.pick(&words::ORDERS);
                self.model.wish = Some(lines.to_vec());
                self.model.wished = said;
                // Two conversations at once.
                self.types(said, 0, false);
                self.command("where is my order", Speaker::Household);
            }
        }
    }

    /// Something that is meant for the person at the shop, or ends that.
    fn talks_to_person(&mut self) {
        let said = self.rng.word(&words::TO_PERSON);
        match self.rng.below(10) {
            0..=3 => self.command(said, Speaker::Household),
            4..=6 => self.types(said, 0, false),
            7 => {
                let said = self.rng.word(&words::ENDS_TALK);
                self.command(said, Speaker::Household);
            }
            _ => {
                let event = Event::ReadChat { channel: Channel::Text(CLIENT.into()), lang: Lang::En };
                self.give(event);
            }
        }
    }

    /// What a person at the shop offers is wanted, or not.
    fn considers(&mut self, items: &[Item]) {
        let known = |item: &Item| {
            OFFERED.into_iter().find(|sku| product(sku).title(Lang::En) == item.product).map(|sku| (sku, item.qty))
        };
        let lines: Option<Vec<_>> = items.iter().map(known).collect();
        if let Some(lines) = lines.filter(|_| self.rng.chance(60)) {
            self.model.wish = Some(lines);
        }
    }

    pub(super) fn types(&mut self, said: &str, after_ms: u64, careless: bool) {
        let from_ms = self.ms + after_ms;
        let channel = Channel::Text(CLIENT.into());
        let utterance = Utterance { channel, careless, ..self.utterance(said, Speaker::Household, from_ms) };
        self.put(utterance.to_ms, Input::Spoken(utterance));
    }

    /// The household hears (or reads) a reply.
    pub(super) fn hears(&mut self, channel: &Channel, reply: &Reply) {
        self.hears_of_search(channel, reply);
        if let Reply::ReadBack { items, reasons, .. } = reply
            && is_offered(reasons)
            && !self.stepping
        {
            self.considers(items);
        }
        let late_doubts =
            matches!(reply, Reply::ApprovalSent { .. } | Reply::HeldByShop { .. } | Reply::WithdrawalSent { .. });
        if late_doubts && !self.stepping && self.rng.chance(25) {
            let after_ms = self.rng.between(500, 60_000);
            self.types("cancel that", after_ms, true);
        }
        match reply {
            Reply::AwaitingAdult { .. } | Reply::HeldByShop { .. } if self.rng.chance(70) => {
                self.soon(10_000, 8 * MINUTE, Input::Approve);
            }
            Reply::AskReturn { .. } if *channel != Channel::Voice => {
                if let Some(said) = self.answer_back() {
                    let after_ms = self.rng.between(2_000, 30_000);
                    self.types(&said, after_ms, false);
                }
            }
            Reply::ReadBack { .. } | Reply::SayPhrase { .. } | Reply::ShopSilent { .. } | Reply::NotSold { .. }
                if *channel != Channel::Voice =>
            {
                let question = self.model.question(channel).cloned();
                if let Some((said, careless)) = self.answer(question.as_ref(), &[]) {
                    let after_ms = self.rng.between(2_000, 30_000);
                    self.types(&said, after_ms, careless);
                }
            }
            _ => {}
        }
    }

    /// An adult goes to the button, if the order is one that somebody meant.
    pub(super) fn approve(&mut self) {
        let meant = self.model.newest_is_meant();
        if meant || self.strikes(Fault::Careless, 50) {
            self.hold_button();
        }
    }

    /// What is said into the open microphone.
    pub(super) fn answers(&mut self, turn: Turn, expect: &Expect, window_ms: u32) {
        let window_ms = u64::from(window_ms);
        let none: &[String] = &[];
        let said = match expect {
            Expect::Words { .. } => Some((self.answers_question(), false)),
            Expect::Choice { .. } | Expect::Confirm if !self.model.search.ideas.is_empty() => {
                let ideas = self.model.search.ideas.clone();
                self.answers_idea(&ideas).map(|said| (said, false))
            }
            Expect::Command if self.model.talk.is_answer() => self.answer_person().map(|said| (said, false)),
            Expect::Command => Some((self.model.wished.to_owned(), false)),
            Expect::Choice { .. } => {
                let said = self.rng.word(&["the first one", "the second one", "oat milk", "whole milk", "no"]);
                Some((said.to_owned(), false))
            }
            Expect::Confirm if self.model.asked_back(&Channel::Voice) => self.answer_back().map(|said| (said, false)),
            Expect::Confirm | Expect::Challenge { .. } => {
                let words = if let Expect::Challenge { words } = expect { words } else { none };
                let question = self.model.question(&Channel::Voice).cloned();
                self.answer(question.as_ref(), words)
            }
        };
        let television = self.strikes(Fault::Television, 20);
        let (said, careless, speaker) = match said {
            _ if television => ("yes order it".to_owned(), true, Speaker::Television),
            Some((said, careless)) if !said.is_empty() => (said, careless, Speaker::Household),
            _ => {
                if !self.strikes(Fault::EngineHangs, 20) {
                    self.soon(window_ms, window_ms + 500, Input::Event(Event::Silence { turn: Some(turn) }));
                }
                return;
            }
        };
        let after_ms = if self.rng.chance(95) { self.rng.between(200, 5_000) } else { self.rng.between(9_000, 12_000) };
        let from_ms = self.ms + after_ms;
        let utterance = Utterance { careless, answers: Some(turn), ..self.utterance(&said, speaker, from_ms) };
        self.put(utterance.to_ms, Input::Spoken(utterance));
    }

    /// What somebody answers to a person at the shop.
    fn answer_person(&mut self) -> Option<String> {
        let said = match self.rng.below(10) {
            0..=6 => self.rng.word(&words::TALK),
            7 => self.rng.word(&words::ENDS_TALK),
            8 => self.rng.word(&words::ANSWERS),
            _ => return None,
        };
        Some(said.to_owned())
    }

    /// What a person answers to "shall I return it?".
    fn answer_back(&mut self) -> Option<String> {
        let said = match self.rng.below(10) {
            0..=4 => "yes",
            5 => "return it",
            6 => "no",
            7 => return None,
            _ => self.rng.word(&words::ANSWERS),
        };
        Some(said.to_owned())
    }

    /// Somebody withdraws from the newest order at the command line, which has asked twice. `false`: there is none.
    pub(super) fn sends_back(&mut self) -> bool {
        let Some(order) = self.disk.household.newest(|_| true).map(|order| order.id.clone()) else { return false };
        self.model.back_by_hand.insert(order.clone());
        self.give(Event::WithdrawOrder { order, channel: Channel::Text(CLIENT.into()), lang: Lang::En });
        true
    }

    /// What a person answers to `question`, and whether without having listened. `None`: nothing.
    fn answer(&mut self, question: Option<&Question>, challenge: &[String]) -> Option<(String, bool)> {
        let Some(question) = question else {
            // Shall it go on the list instead?
            return Some((self.rng.word(&["yes", "no", "put it on the list", "order it"]).to_owned(), false));
        };
        let phrase = format!("order it {}", challenge.join(" ")).trim().to_owned();
        let meant = self.model.wish.as_ref().is_some_and(|wish| question.is_for(wish));
        if !meant {
            if self.strikes(Fault::Careless, 30) {
                return Some((phrase, true));
            }
            return match self.rng.below(4) {
                0 => None,
                1 => Some(("cancel that".into(), false)),
                _ => Some(("no".into(), false)),
            };
        }
        match self.rng.below(100) {
            0..=66 => Some((phrase, false)),
            // The words of a challenge in another order, or others.
            67..=72 => Some(("order it window river".into(), false)),
            73..=78 => None,
            79..=82 => {
                self.model.wish_qty(2);
                Some(("make it two".into(), false))
            }
            _ => {
                let said = self.rng.word(&words::ANSWERS);
                if said == "make it fifteen" {
                    self.model.wish_qty(15);
                }
                if said == "make it two" {
                    self.model.wish_qty(2);
                }
                if said == "order red wine" {
                    self.model.wish = Some(vec![("wine-red", 1)]);
                }
                Some((said.to_owned(), false))
            }
        }
    }

    pub(super) fn mute(&mut self, on: bool) {
        self.muted = on;
        self.give(Event::Muted { on });
    }

    pub(super) fn mute_for_a_while(&mut self) {
        self.mute(true);
        let ms = self.rng.between(1_000, 30 * MINUTE);
        self.put(self.ms + ms, Input::Unmute);
    }

    /// An adult's hand.
    pub(super) fn hold_button(&mut self) {
        self.model.hand_ms = Some(self.ms);
        self.give(Event::Button(Button::Hold));
    }

    /// For steps by hand: says it now, as an answer if the microphone is open.
    pub(super) fn says_now(&mut self, said: &str) {
        if self.muted {
            return;
        }
        if self.ears.listening == Listening::Resting {
            self.ears.listening = Listening::Command;
            self.give(Event::Woke { score: 0.8 });
        }
        let turn = if let Listening::Turn(turn) = self.ears.listening { Some(turn) } else { None };
        self.ears.rest();
        let from_ms = self.ms;
        self.ms += 1_000;
        let mut utterance = Utterance { turn, gap_ms: 300, ..self.utterance(said, Speaker::Household, from_ms) };
        utterance.to_ms = self.ms;
        utterance.while_speaking = self.sounds_between(from_ms, self.ms);
        utterance.nbest = vec![tendero::decide::event::Hypothesis { text: said.into(), confidence: 0.9 }];
        self.recognised(utterance);
    }
}
