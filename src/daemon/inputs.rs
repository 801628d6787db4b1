//! What each edge tells → the [`Event`]s that the mind must hear of it.

use super::control::{self, Ask, Request};
use super::errand::StoreAnswer;
use super::hands::CHIME;
use super::mute::By;
use super::pin::Pin;
use super::trace::Trace;
use super::{Daemon, PinChecked, PinFrom, entropy, text};
use crate::decide::event::{Channel, Event, Heard};
use crate::decide::order::OrderId;
use crate::decide::reply::{Reason, Reply};
use crate::deliver::link::{LinkCommand, LinkEvent, Typed};
use crate::hear::ears::{EarCommand, EarEvent};
use crate::speak::voice::Spoken;
use crate::understand::Lang;

impl Daemon {
    pub(super) fn ear_events(&mut self, event: EarEvent) -> Vec<Event> {
        match &event {
            EarEvent::Woke { .. } => self.board.listening = true,
            EarEvent::Heard { .. } | EarEvent::Silence { .. } | EarEvent::End => self.board.listening = false,
            EarEvent::SourceLost { .. } => self.board.lost = true,
            EarEvent::SourceBack => self.board.lost = false,
            EarEvent::WokeOver { .. }
            | EarEvent::HeardOver { .. }
            | EarEvent::HeardAgain { .. }
            | EarEvent::Awaited => {}
        }
        match event {
            EarEvent::Woke { score } => vec![Event::Woke { score }],
            EarEvent::Heard { turn, lang, nbest, acoustics, ms } => {
                self.watch(Trace::Ears { ms });
                vec![Event::Heard(Heard { turn, channel: Channel::Voice, lang, nbest, acoustics, entropy: entropy() })]
            }
            EarEvent::HeardAgain { id, nbest } => vec![Event::HeardAgain { id, nbest }],
            EarEvent::Silence { turn } => vec![Event::Silence { turn }],
            EarEvent::WokeOver { score } => self.interrupted(score),
            EarEvent::HeardOver { lang, nbest } => self.heard_over(lang, &nbest),
            EarEvent::Awaited => {
                self.chime();
                vec![]
            }
            EarEvent::SourceLost { why } => {
                tracing::warn!("{why}");
                vec![]
            }
            EarEvent::SourceBack => {
                tracing::info!("the microphone is back");
                vec![]
            }
            EarEvent::End => {
                self.watch(Trace::SourceEnded);
                vec![]
            }
        }
    }

    pub(super) fn spoken_events(&mut self, spoken: Spoken) -> Vec<Event> {
        // Who cuts a reply short has heard enough of it; an answer to it is not waited for any more by then.
        let (say, heard) = (spoken.say, spoken.error.is_none());
        self.ended(spoken);
        if say == CHIME {
            return vec![];
        }
        vec![if heard { Event::Played { say } } else { Event::Unheard { say } }]
    }

    pub(super) fn ended(&mut self, spoken: Spoken) {
        self.sounding = self.sounding.saturating_sub(1);
        if self.sounding == 0 {
            self.tell_ears(EarCommand::Undeafen);
        }
        if let Some(error) = &spoken.error {
            tracing::error!("a reply could not be heard: {error}");
        }
        self.watch(Trace::Spoken { spoken });
    }

    pub(super) fn stored_events(&mut self, answer: StoreAnswer) -> Vec<Event> {
        self.writing = self.writing.saturating_sub(1);
        self.watch(Trace::Stored { ms: answer.ms });
        vec![match answer.result {
            Ok(()) => Event::Stored { ticket: answer.ticket },
            Err(why) => {
                tracing::error!("{why}");
                Event::StoreFailed { ticket: answer.ticket, why }
            }
        }]
    }

    pub(super) fn link_events(&mut self, event: LinkEvent) -> Vec<Event> {
        vec![match event {
            LinkEvent::Up => {
                tracing::info!("connected to the broker");
                self.tell_muted();
                Event::Link { up: true }
            }
            LinkEvent::Down { why } => {
                tracing::warn!("{why}");
                Event::Link { up: false }
            }
            LinkEvent::Denied { why } => {
                tracing::error!("{why}");
                return vec![];
            }
            LinkEvent::Quoted(quote) => Event::Quoted(quote),
            LinkEvent::NotQuoted { request_id, code } => Event::NotQuoted { request_id, code },
            LinkEvent::Found { request_id, found } => Event::Found { request_id, found },
            LinkEvent::History { request_id, past } => Event::History { request_id, past },
            LinkEvent::Receipt(receipt) => Event::Receipt(receipt),
            LinkEvent::Status(status) => Event::Status(status),
            LinkEvent::Shop { shop, online } => Event::Shop { shop, online },
            LinkEvent::SharedOrders { device, rev, orders } => Event::SharedOrders { device, rev, orders },
            LinkEvent::CancelAskedBy { device, order } => Event::CancelAskedBy { device, order },
            LinkEvent::HeardThere(there) => Event::HeardThere(there),
            LinkEvent::Typed(typed) => return self.typed_events(typed),
            LinkEvent::MuteAsked { on } => return self.mute(on, By::Broker),
            LinkEvent::News(notice) => Event::News { notice },
            LinkEvent::Chat(message) => Event::Chat { message, entropy: entropy() },
            LinkEvent::Distrusted { shop, why } => {
                tracing::warn!("a message from shop {shop} was dropped: {why}");
                Event::Distrusted { shop, why }
            }
            LinkEvent::Catalog(catalog) => {
                self.parts.catalogs.received(&catalog);
                return vec![];
            }
        }]
    }

    pub(super) fn control_events(&mut self, request: Request) -> Vec<Event> {
        match request.ask.clone() {
            Ask::Say { text, lang } => {
                let lang = lang.unwrap_or(self.parts.lang);
                if let Some(digits) = crate::understand::pin::typed(&text) {
                    self.check_pin(None, Pin::new(digits), lang, PinFrom::Client(request.answers));
                    return vec![];
                }
                vec![Event::Heard(self.text.says(text, lang, entropy(), request.answers))]
            }
            Ask::ReadChat { lang } => {
                let channel = self.text.reads(request.answers);
                vec![Event::ReadChat { channel, lang: lang.unwrap_or(self.parts.lang) }]
            }
            Ask::NewsWish { wish } => {
                let channel = self.text.answers_once(request.answers);
                vec![Event::NewsWish { wish, channel, lang: self.parts.lang, entropy: entropy() }]
            }
            Ask::CancelOrder { order } => {
                let order = OrderId(order);
                let unknown = || format!("there is no order {order}; `tendero orders list` shows them");
                if !self.knows_order(&order, &request, unknown) {
                    return vec![];
                }
                text::done(&request.answers);
                vec![Event::CancelOrder { order }]
            }
            Ask::WithdrawOrder { order } => {
                let order = OrderId(order);
                let unknown = || format!("the daemon does not know order {order} any more; ask the shop");
                if !self.knows_order(&order, &request, unknown) {
                    return vec![];
                }
                let channel = self.text.answers_once(request.answers);
                vec![Event::WithdrawOrder { order, channel, lang: self.parts.lang }]
            }
            Ask::Approve { order, pin } => {
                let order = order.map(OrderId);
                self.check_pin(order, pin, self.parts.lang, PinFrom::Client(request.answers));
                vec![]
            }
            Ask::Press { hold } => {
                text::done(&request.answers);
                self.press(hold)
            }
            Ask::Mute { on } => self.mute_by_hand(on, &request.answers),
            Ask::ToggleMute => self.mute_by_hand(self.board.muted.is_none(), &request.answers),
            Ask::Status { follow } => {
                self.follow(request.answers, follow);
                vec![]
            }
        }
    }

    /// Is there such an order? Whoever asked is told so if not.
    fn knows_order(&self, order: &OrderId, request: &Request, unknown: impl FnOnce() -> String) -> bool {
        let known = self.parts.mind.household().orders.contains_key(order);
        if !known {
            text::answer(&request.answers, control::Answer::Error { what: unknown() });
        }
        known
    }

    /// Words that came over the broker.
    fn typed_events(&mut self, typed: Typed) -> Vec<Event> {
        let lang = typed.lang.unwrap_or(self.parts.lang);
        let channel = text::channel(&typed.from);
        let Some(digits) = crate::understand::pin::typed(&typed.text) else {
            return vec![Event::Heard(text::heard(typed.text, channel, lang, entropy()))];
        };
        match channel {
            Channel::Text(_) => self.check_pin(None, Pin::new(digits), lang, PinFrom::Bridge(typed.from)),
            // It is neither tried nor kept.
            Channel::Open(_) | Channel::Voice => {
                let text = self.parts.wording.sentence(&Reply::Refused { reason: Reason::OpenChannel }, lang);
                self.parts.errands.send(LinkCommand::AnswerText { to: typed.from, lang, text });
            }
        }
        vec![]
    }

    /// Compares a PIN on a thread of its own: the hash is slow on purpose.
    fn check_pin(&self, order: Option<OrderId>, pin: Pin, lang: Lang, from: PinFrom) {
        let (file, checked) = (self.parts.pin.clone(), self.parts.checked_pins.clone());
        let Ok(seat) = checked.try_reserve_owned() else {
            return self.no_pin(from, lang, "other PINs are being checked; try again in a moment".into());
        };
        tokio::task::spawn_blocking(move || {
            let right = file.is_right(&pin).map_err(|error| format!("{error:#}"));
            seat.send(PinChecked { order, lang, right, from });
        });
    }

    pub(super) fn pin_events(&mut self, checked: PinChecked) -> Vec<Event> {
        let PinChecked { order, lang, right, from } = checked;
        match right {
            Ok(right) => {
                let channel = match from {
                    PinFrom::Client(answers) => self.text.answers_once(answers),
                    PinFrom::Bridge(typist) => text::channel(&typist),
                };
                vec![Event::PinGiven { order, channel, lang, right }]
            }
            Err(what) => {
                self.no_pin(from, lang, what);
                vec![]
            }
        }
    }

    /// The PIN could not be compared; why.
    fn no_pin(&self, from: PinFrom, lang: Lang, what: String) {
        match from {
            PinFrom::Client(answers) => drop(text::answer(&answers, control::Answer::Error { what })),
            PinFrom::Bridge(to) => self.parts.errands.send(LinkCommand::AnswerText { to, lang, text: what }),
        }
    }
}
