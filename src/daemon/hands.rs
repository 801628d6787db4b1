//! What interrupts the speaker and what gives a sign: the button, the wake word or "stop" while it talks, the wake sound.

use super::control::{self, Answer};
use super::mute::By;
use super::{Daemon, text};
use crate::decide::event::{Button, Event, Hypothesis};
use crate::hear::ears::EarCommand;
use crate::speak::voice::{Saying, What};
use crate::understand::Lang;
use crate::understand::grammar::Expect;
use crate::understand::intent::Intent;
use tokio::sync::mpsc;

/// The wake sound among the replies, whose numbers count from 0.
pub(super) const CHIME: u32 = u32::MAX;
/// A "stop" that was heard less surely than this may have been the rest of an echo.
const SURE: f32 = 0.3;

impl Daemon {
    pub(super) fn press(&mut self, hold: bool) -> Vec<Event> {
        if hold { vec![Event::Button(Button::Hold)] } else { self.tap() }
    }

    /// The speaker falls silent. One that was silent, or in a conversation, has the mind decide what else it means; an
    /// announcement that is cut short must not take back an order, too.
    pub(super) fn tap(&mut self) -> Vec<Event> {
        let announces = self.sounding > 0 && !self.parts.mind.is_in_conversation();
        self.parts.voice.hush();
        if announces { vec![] } else { vec![Event::Button(Button::Tap)] }
    }

    pub(super) fn mute_by_hand(&mut self, on: bool, client: &mpsc::Sender<Answer>) -> Vec<Event> {
        let events = self.mute(on, By::Hand);
        let text = if on { "muted: the microphone is closed" } else { "listening again" };
        text::answer(client, control::Answer::Reply { text: text.into() });
        text::done(client);
        events
    }

    /// The wake word, while the speaker talks: what it was saying is over as if by a tap, with nothing said about that,
    /// and what comes next is a command. A read-back that was cut short is never answered.
    pub(super) fn interrupted(&mut self, score: f32) -> Vec<Event> {
        if self.sounding == 0 {
            // It had just ended; the ears were still deaf.
            return vec![];
        }
        for event in self.tap() {
            self.step(event);
        }
        self.parts.voice.hush();
        self.step(Event::Woke { score });
        self.board.listening = true;
        self.tell_ears(EarCommand::ListenAfterWake);
        vec![]
    }

    /// Words, while the speaker talks: only those that stop it count.
    pub(super) fn heard_over(&mut self, lang: Lang, nbest: &[Hypothesis]) -> Vec<Event> {
        let Some(best) = nbest.first().filter(|best| self.sounding > 0 && best.confidence >= SURE) else {
            return vec![];
        };
        let understanding = self.parts.mind.understanding();
        let parse = understanding.parse(&best.text, lang, &Expect::Confirm, &|_| false);
        if parse.intent == Intent::Stop { self.tap() } else { vec![] }
    }

    /// Somebody said the wake word and waits. The ears are deaf to the sign as to every other sound of the speaker.
    pub(super) fn chime(&mut self) {
        let is_free = self.sounding == 0 && self.board.muted.is_none();
        if self.parts.wake_sound && is_free && self.parts.voice.say(Saying { say: CHIME, what: What::Chime }) {
            self.sounding += 1;
            self.tell_ears(EarCommand::Deafen);
        }
    }
}
