//! Effects are carried out as a device would, and shown as the lines that a dialogue has for them.

use super::{SAY_MS, SECOND_EAR_MS, Stage, Voice};
use tendero::decide::effect::{Effect, Write};
use tendero::decide::event::{Channel, Event};
use tendero::decide::guard::Rung;
use tendero::decide::order::OrderId;
use tendero::understand::coupon::Coupon;
use tendero::understand::grammar::Expect;

impl Stage {
    pub(super) fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::Say { say, channel, lang, reply } => {
                let to = match channel {
                    Channel::Voice => String::new(),
                    Channel::Text(who) | Channel::Open(who) => format!(" to {who}"),
                };
                self.shown.push(format!("<{to} {}", self.wording.sentence(&reply, lang)));
                match self.voice {
                    Voice::Works => self.events.push_back((SAY_MS, Event::Played { say })),
                    Voice::Fails => self.events.push_back((0, Event::Unheard { say })),
                    Voice::Cut => self.events.clear(),
                }
            }
            Effect::Listen { turn, expect, .. } => {
                self.turn = Some(turn);
                self.random_words =
                    if let Expect::Challenge { words } = &expect { words.join(" ") } else { String::new() };
                let expect = serde_json::to_string(&expect).unwrap().replace('"', "");
                self.shown.push(format!("= listen for {expect}"));
            }
            Effect::HearAgain { id } => {
                self.shown.push("= have the second ear hear that again".into());
                if let Some(nbest) = self.second.pop_front() {
                    self.events.push_back((SECOND_EAR_MS, Event::HeardAgain { id, nbest }));
                }
            }
            Effect::Rest => self.shown.push("= rest".into()),
            Effect::AskQuote { request_id, lines, coupon, .. } => {
                let asked: Vec<String> = lines.iter().map(|line| format!("{} {}", line.qty, line.sku)).collect();
                let with = match coupon {
                    Some(Coupon::Code(code)) => format!(" with coupon {code}"),
                    Some(Coupon::Mine) => " with my coupon".into(),
                    None => String::new(),
                };
                self.shown.push(format!("= ask the price of {}{with}", asked.join(", ")));
                self.answer_quote(request_id, &lines);
            }
            Effect::AskHistory { request_id, limit, .. } => self.answer_history(request_id, limit),
            Effect::AskFind { request_id, seek, .. } => self.answer_find(request_id, &seek),
            Effect::Store { ticket, writes } => {
                let is_shown = |write: &Write| match write {
                    Write::Step(step) => step.speaker.is_some(),
                    // What a restart tells shows that.
                    Write::Told { .. } => false,
                    _ => true,
                };
                for write in writes.into_iter().filter(is_shown) {
                    let shown = self.show_write(write);
                    self.shown.push(shown);
                }
                if self.shop.store_silent {
                    return;
                }
                let event = if self.shop.store_fails {
                    Event::StoreFailed { ticket, why: "disk full".into() }
                } else {
                    Event::Stored { ticket }
                };
                self.events.push_back((5, event));
            }
            Effect::Send { order } => {
                let number = self.number(&order);
                self.shown.push(format!("= send order {number}"));
            }
            Effect::AskApprove { order } => {
                let number = self.number(&order);
                self.shown.push(format!("= tell the shop that order {number} is approved"));
            }
            Effect::AskCancel { order, .. } => {
                let number = self.number(&order);
                self.shown.push(format!("= ask the shop to cancel order {number}"));
            }
            Effect::AskWithdraw { order } => {
                let number = self.number(&order);
                self.shown.push(format!("= tell the shop that order {number} goes back"));
            }
            Effect::AskSibling { device, order } => {
                self.shown.push(format!("= ask {device} to cancel its order {order}"));
            }
            Effect::TellHeard { skus, level_cdb, .. } => {
                let level = level_cdb.map_or(String::new(), |cdb| format!(" at {} dB", f64::from(cdb) / 100.0));
                self.shown.push(format!("= tell the other speakers: heard {}{level}", skus.join(", ")));
            }
            Effect::Chat { .. } => self.shown.push("= say the conversation to the shop".into()),
            Effect::TellConsent => self.shown.push("= tell the shop what it may tell".into()),
            Effect::AskStatus { order } => {
                let number = self.number(&order);
                self.shown.push(format!("= ask the shop about order {number}"));
            }
        }
    }

    pub(super) fn show_write(&mut self, write: Write) -> String {
        match write {
            Write::Order(order) => {
                let number = self.number(&order.id);
                self.newest = Some(order.id.clone());
                let lines: Vec<String> =
                    order.quote.lines.iter().map(|line| format!("{} {}", line.qty, line.sku)).collect();
                format!("= write order {number} {}: {}, {}", order.state.name(), lines.join(", "), order.quote.total())
            }
            Write::Audit { order, verdicts, .. } => {
                let rung = |rung: Rung| format!("{rung:?}").to_lowercase();
                let objections: Vec<String> = verdicts
                    .iter()
                    .filter(|verdict| verdict.reason.is_some())
                    .map(|verdict| format!("{} {} ({})", verdict.guard, rung(verdict.rung), verdict.inputs))
                    .collect();
                let of = order.map_or(String::new(), |id| format!(" of order {}", self.number(&id)));
                let said = if objections.is_empty() { "no objection".into() } else { objections.join("; ") };
                format!("= write audit{of}: {} guards, {said}", verdicts.len())
            }
            Write::Step(step) => {
                format!("= write step {}, asked for at {}", step.state.name(), step.speaker.unwrap_or_default())
            }
            Write::Shared { device, orders, .. } => format!("= write {} orders of {device}", orders.len()),
            Write::Chat { line: None, .. } => "= write how the conversation stands".into(),
            Write::Chat { thread, line: Some(line) } => {
                let who = if line.ours { "ours" } else { "theirs" };
                let handoff = line.handoff.map_or(String::new(), |handoff| format!(" {handoff:?}").to_lowercase());
                let order = line.order.map_or(String::new(), |id| format!(" about order {}", self.number(&id)));
                let text = if line.text.is_empty() { String::new() } else { format!(": {}", line.text) };
                self.thread = thread.id;
                format!("= write line {} of {who}{handoff}{order}{text}", line.seq)
            }
            Write::Offered { sku, .. } => format!("= write offered {sku}"),
            Write::Consent(consent) => {
                let kinds: Vec<&str> = consent.kinds.iter().map(|kind| kind.name()).collect();
                format!("= write consent to {}", if kinds.is_empty() { "nothing".into() } else { kinds.join(", ") })
            }
            Write::NoticesTold { ids, .. } => format!("= write {} told", ids.len()),
            Write::NoticesGone { ids } => format!("= write {} gone", ids.len()),
            Write::Told { order, number } => format!("= write told {number} of order {order}"),
            Write::WrongPins { count } => format!("= write {count} wrong PINs in a row"),
            Write::ListItem { sku, qty, why } => format!("= write list: {qty} {sku} ({why})"),
        }
    }

    /// Orders are numbered as they appear.
    pub(super) fn number(&mut self, id: &OrderId) -> usize {
        let found = self.orders.iter().position(|known| known == id);
        found.unwrap_or_else(|| {
            self.orders.push(id.clone());
            self.orders.len() - 1
        }) + 1
    }
}
