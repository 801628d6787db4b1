//! What must hold whatever happens, judged by what really was ([`super::model`]): checked after every effect, at the
//! shop, and at the end ([`super::rest`]).

use super::ears::Speaker;
use super::model::{Asked, Cause, Confirmed, heard_confirms};
use super::{Fault, REGULARS, World, policy, product};
use tendero::decide::effect::{Effect, Write};
use tendero::decide::event::Event;
use tendero::decide::guard::{Rung, Verdict};
use tendero::decide::order::{Order, OrderId, OrderState};
use tendero::decide::reply::Reply;
use tendero::decide::{Now, Wall};

/// The list of `lib.rs`, and what makes it checkable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Invariant {
    /// No order leaves without a verdict of the guards and an explicit confirmation in the same turn.
    Confirmed,
    /// The guards ask for at least what the facts ask for; an adult's hand is one, and a hold is a hold.
    Guarded,
    /// Product, quantity and total that were ordered are those that were read back, and those of the shop's quote.
    AsReadBack,
    /// Nobody gets what nobody meant, unless somebody was misheard or careless.
    Meant,
    /// Spending stays under the caps, over restarts too.
    UnderCaps,
    /// The same order id always has the same bytes; the shop books it once.
    SameBytes,
    /// Nothing heard while the speaker talks, or before the microphone was muted, can confirm, and the speaker says
    /// nothing that a shop made up to be heard.
    Deaf,
    /// Nothing goes back unless the household said both steps, or somebody at the command line; it is withdrawn only when
    /// the shop said so.
    Withdrawn,
    /// Announced only once it is on disk, as it is by then, and then it is: heard to its end, over restarts too, and not
    /// twice in one life.
    Told,
    /// When the faults stop: idle, outbox drained, each order in a known state.
    Rest,
    /// What another speaker says makes, approves and sends no order here, and takes back only what was asked for; and of
    /// several that hear the same one goes on.
    Sibling,
    /// What is said to a person at the shop and by one orders, confirms, approves and takes back nothing; words go there
    /// only while the household knows of the conversation and says them to a person; theirs are told as theirs, once and in
    /// order; and it ends.
    Person,
    /// What a shop tells is told only if somebody agreed to it or it needs nobody's consent, once, and while it is not over;
    /// it asks nothing, opens nothing and orders nothing.
    News,
    /// What a shop says to somebody who named no product orders nothing and asks for no price; it asks at most three times,
    /// and proposes what is sold and not dearer than was said.
    Found,
    /// A second recogniser hears again only what was just said by voice, and where it understood another product or quantity no
    /// price is asked for before the household has spoken.
    SecondEar,
    /// Bounded lists of effects, deadlines that make progress, events that end.
    Bounded,
    /// The journal of a run gives the same effects again, to the byte.
    Replay,
    /// No panic.
    Panic,
    /// Holds never: for trying out what a failure does.
    Artificial,
}

/// An invariant that did not hold.
#[derive(Debug, Clone)]
pub struct Violation {
    pub invariant: Invariant,
    pub what: String,
}

/// Every guard; a new one is added here.
const GUARDS: [&str; 19] = [
    "broadcast",
    "budget",
    "clock",
    "confidence",
    "duplicate",
    "echo",
    "hostile_text",
    "hours",
    "novelty",
    "price",
    "quantity",
    "rate",
    "recurring",
    "restricted",
    "shop",
    "stale",
    "substitution",
    "variant",
    "who",
];

impl World {
    pub(super) fn violate(&mut self, invariant: Invariant, what: impl Into<String>) {
        let what = what.into();
        self.violation.get_or_insert(Violation { invariant, what });
    }

    pub(super) fn must(&mut self, holds: bool, invariant: Invariant, what: &str, order: &Order) {
        if !holds {
            self.violate(invariant, format!("{what}: order {} of {}", order.id, lines(order)));
        }
    }

    pub(super) fn check_writes(&mut self, writes: &[Write], cause: &Cause, now: Now) {
        for write in writes {
            if let Write::Told { order, .. } = write {
                self.model.was_told_of(order);
            }
            let Write::Order(order) = write else { continue };
            self.model.attempted.insert((order.id.clone(), order.state));
            match self.model.orders.get(&order.id).cloned() {
                Some(known) => self.check_change(&known, order, now),
                None => {
                    self.check_confirmed(order, writes, cause);
                    self.check_read_back(order, cause);
                    self.check_meant(order, cause);
                    self.check_guarded(order, writes, now);
                    self.check_caps(order, now);
                    self.check_heard_twice(order, cause);
                    self.tally.confirmed += 1;
                    let proposed = |verdict: &Verdict| verdict.guard == "find";
                    let of_shop = verdicts_of(order, writes).is_some_and(|all| all.iter().any(proposed));
                    self.tally.ideas_ordered += u64::from(of_shop);
                    let wish = cause.utterance.as_ref().and_then(|utterance| utterance.wish.as_deref());
                    let meant = is_wish(order, wish);
                    let confirmed = Confirmed { order: order.clone(), at_ms: self.ms, meant };
                    self.model.orders.insert(order.id.clone(), confirmed);
                }
            }
        }
    }

    /// Somebody said the phrase, into a microphone that was open for it, after all of the question.
    fn check_confirmed(&mut self, order: &Order, writes: &[Write], cause: &Cause) {
        let (Some(heard), Some(utterance)) = (&cause.heard, &cause.utterance) else {
            return self.must(false, Invariant::Confirmed, "an order without a word", order);
        };
        let typed = utterance.channel != tendero::decide::event::Channel::Voice;
        let Some(question) = self.model.question(&utterance.channel).cloned() else {
            return self.must(false, Invariant::Confirmed, "an order without a read-back", order);
        };
        let in_turn = typed || cause.turn.is_some();
        self.must(in_turn, Invariant::Confirmed, "confirmed outside of its turn", order);
        self.must(heard_confirms(heard, &question.words), Invariant::Confirmed, "the words do not confirm", order);
        let after = typed || question.heard_out_ms <= utterance.from_ms;
        self.must(after, Invariant::Deaf, "confirmed before the read-back had ended", order);
        let own = utterance.while_speaking || utterance.speaker == Speaker::Loudspeaker;
        self.must(!own, Invariant::Deaf, "confirmed by what was heard while the speaker talked", order);
        let opened_ms = cause.turn.map_or(utterance.from_ms, |turn| turn.opened_ms);
        let in_time = question.words.is_empty() || utterance.from_ms <= opened_ms + 10_000;
        self.must(in_time, Invariant::Confirmed, "a challenge was answered after ten seconds", order);
        let asked = if question.words.is_empty() { Rung::Phrase } else { Rung::Challenge };
        let words_for_rung = order.confirmed.rung != Rung::Challenge || asked == Rung::Challenge;
        self.must(words_for_rung, Invariant::Confirmed, "a challenge without words", order);
        let verdicts = verdicts_of(order, writes).unwrap_or_default();
        let all = GUARDS.iter().all(|guard| verdicts.iter().any(|verdict| verdict.guard == *guard));
        self.must(all, Invariant::Confirmed, "a guard was not asked in the same transaction", order);
    }

    fn check_read_back(&mut self, order: &Order, cause: &Cause) {
        let channel = cause.heard.as_ref().map(|heard| &heard.channel);
        let Some(question) = channel.and_then(|channel| self.model.question(channel)).cloned() else { return };
        let total = question.total_minor == order.quote.total;
        self.must(total, Invariant::AsReadBack, "another total than was read back", order);
        let read: Vec<u32> = question.items.iter().map(|item| item.qty).collect();
        let ordered: Vec<u32> = order.quote.lines.iter().map(|line| line.qty).collect();
        self.must(read == ordered, Invariant::AsReadBack, "another quantity than was read back", order);
        let clean = tendero::decide::guard::hostile_text::clean;
        let mut lines = question.items.iter().zip(&order.quote.lines);
        let same = lines.all(|(item, line)| item.product == clean(&line.title));
        self.must(same, Invariant::AsReadBack, "another product than was read back", order);

        let quote = &order.quote;
        let offered = question.offered && self.model.talk.is_offer(quote);
        let came_ms = if offered { self.model.talk.offer_came_ms(quote) } else { self.model.came_ms(quote) };
        self.tally.offers_ordered += u64::from(offered);
        self.must(came_ms.is_some(), Invariant::AsReadBack, "the shop never sent that quote", order);
        let fresh = came_ms.is_none_or(|ms| self.ms.saturating_sub(ms) <= u64::from(quote.valid_s) * 1000);
        self.must(fresh, Invariant::AsReadBack, "the quote was too old", order);
        let asked = self.model.request(&quote.request_id).cloned();
        let as_asked = offered || asked.is_some_and(|asked| is_as_asked(order, &asked));
        self.must(as_asked, Invariant::AsReadBack, "the quote is not for what was asked", order);
        let sum = quote.lines.iter().fold(i128::from(quote.delivery.amount), |sum, line| {
            sum + i128::from(line.unit_amount) * i128::from(line.qty)
        });
        let plain = sum == i128::from(quote.total)
            && quote.delivery.amount >= 0
            && quote.lines.iter().all(|line| line.unit_amount >= 0)
            && !quote.recurring
            && quote.currency == "EUR"
            && quote.shop == "corner";
        self.must(plain, Invariant::AsReadBack, "a quote that nobody may agree to", order);
    }

    fn check_meant(&mut self, order: &Order, cause: &Cause) {
        let Some(utterance) = &cause.utterance else { return };
        // Late for one question, and taken for the answer to the next one.
        let for_another = utterance.answers.is_some() && utterance.answers != utterance.turn;
        let excused = utterance.was_misheard()
            || utterance.careless
            || for_another
            || utterance.speaker != Speaker::Household
            || self.stepping;
        let meant = is_wish(order, utterance.wish.as_deref());
        if !meant {
            self.tally.unmeant += 1;
        }
        let what = format!("nobody meant that: said {:?}, wished {:?}", utterance.said, utterance.wish);
        self.must(meant || excused, Invariant::Meant, &what, order);
    }

    /// The rung that the facts ask for, without asking the guards.
    fn check_guarded(&mut self, order: &Order, writes: &[Write], now: Now) {
        let verdicts = verdicts_of(order, writes).unwrap_or_default();
        let highest = verdicts.iter().map(|verdict| verdict.rung).max().unwrap_or(Rung::Refuse);
        let rung = order.confirmed.rung;
        self.must(highest <= rung, Invariant::Guarded, "confirmed on a lower rung than the guards ask for", order);
        self.must(rung <= Rung::Adult, Invariant::Guarded, "ordered what must not be bought", order);
        let waits = order.state == OrderState::AwaitingAdult;
        self.must(waits == (rung == Rung::Adult), Invariant::Guarded, "does not wait for an adult", order);
        let Some(wall) = now.wall else {
            return self.must(false, Invariant::Guarded, "ordered while the clock is unknown", order);
        };
        let least = self.least_rung(order, wall);
        self.must(
            rung >= least,
            Invariant::Guarded,
            &format!("confirmed on {rung:?}, the facts ask for {least:?}"),
            order,
        );
    }

    fn least_rung(&self, order: &Order, wall: Wall) -> Rung {
        let quote = &order.quote;
        let orders = || self.disk.household.orders.values().filter(|other| other.id != order.id);
        let is_bought = |state| matches!(state, OrderState::Accepted | OrderState::Shipped | OrderState::Delivered);
        let mut least = self.least_rung_of_sibling(order, wall);
        for line in &quote.lines {
            let before = || orders().filter(|other| other.quote.lines.iter().any(|old| old.sku == line.sku));
            let regular = REGULARS.contains(&line.sku.as_str());
            let is_wine = line.sku == "wine-red";
            if is_wine || !regular && !before().any(|other| is_bought(other.state)) {
                return Rung::Adult;
            }
            let lines = || before().flat_map(|other| &other.quote.lines).filter(|old| old.sku == line.sku);
            let usual = lines().map(|old| old.qty).chain([1]).max().unwrap_or(1);
            let dearest = lines().map(|old| old.unit_amount).chain([product(&line.sku).unit_amount]).max().unwrap_or(0);
            let sounds_alike = matches!(line.qty, 13..=19 | 30 | 40 | 50 | 60 | 70 | 80 | 90);
            let open = |state: OrderState| !state.is_final();
            let lately =
                |other: &Order| other.state.counts() && (wall.unix_ms - other.confirmed.at_unix_ms).abs() < 1_800_000;
            if sounds_alike
                || line.qty > 2 * usual
                || line.unit_amount * 10 > dearest * 11
                || before().any(|other| open(other.state) || lately(other))
            {
                least = Rung::Challenge;
            }
        }
        let asked = self.model.request(&quote.request_id);
        let no_pause = asked.and_then(|asked| asked.gap_ms).is_some_and(|gap_ms| gap_ms < 120);
        let random_words = self.plan.random_words && asked.is_some_and(|asked| asked.by_voice);
        if no_pause || random_words {
            least = Rung::Challenge;
        }
        least
    }

    /// By the device's own calendar: what is on disk as a purchase of that day, and this.
    fn check_caps(&mut self, order: &Order, now: Now) {
        let Some(wall) = now.wall else { return };
        let policy = policy(&self.plan);
        let total = order.quote.total;
        let counts: Vec<&Order> =
            self.disk.household.orders.values().filter(|other| other.id != order.id && other.state.counts()).collect();
        let day = |unix_ms: i64| (unix_ms + 3_600_000).div_euclid(86_400_000);
        let same_day = |other: &&&Order| day(other.confirmed.at_unix_ms) == day(wall.unix_ms);
        let today: i64 = counts.iter().filter(same_day).map(|other| other.quote.total).sum();
        let month_ago = wall.unix_ms - 30 * 86_400_000;
        let in_month = |other: &&&Order| (month_ago..=wall.unix_ms).contains(&other.confirmed.at_unix_ms);
        let month: i64 = counts.iter().filter(in_month).map(|other| other.quote.total).sum();
        let lately = |other: &&Order| (wall.unix_ms - 3_600_000..=wall.unix_ms).contains(&other.confirmed.at_unix_ms);
        let in_hour = self.disk.household.orders.values().filter(lately).count();

        self.must(total <= policy.hard_cap_minor, Invariant::UnderCaps, "over the hard cap", order);
        self.must(in_hour < policy.max_orders_hour as usize, Invariant::UnderCaps, "too many in an hour", order);
        if order.confirmed.rung < Rung::Adult {
            let under = total <= policy.cap_order_minor
                && today + total <= policy.cap_day_minor
                && month + total <= policy.cap_month_minor;
            self.must(under, Invariant::UnderCaps, "over a cap without an adult", order);
        }
    }

    /// What was confirmed stays as it is; only its state goes on.
    fn check_change(&mut self, known: &Confirmed, order: &Order, now: Now) {
        let first = &known.order;
        let same = first.quote == order.quote
            && first.nonce == order.nonce
            && first.lang == order.lang
            && first.confirmed == order.confirmed
            && first.expires_unix_ms == order.expires_unix_ms;
        self.must(same, Invariant::SameBytes, "an order changed after it was confirmed", order);
        let before = self.disk.household.orders.get(&order.id).map(|order| order.state);
        self.check_goes_back(order, before);
        let by_hand = self.model.hand_ms.filter(|ms| *ms >= known.at_ms);
        if first.state == OrderState::AwaitingAdult && matches!(order.state, OrderState::Held | OrderState::Sending) {
            self.must(by_hand.is_some(), Invariant::Guarded, "goes on without an adult's hand", order);
        }
        if order.state == OrderState::HeldAtShop {
            let again = before == Some(OrderState::Approving);
            self.must(!again, Invariant::Guarded, "an adult approved it, and it waits for one again", order);
            self.model.kept_ms.entry(order.id.clone()).or_insert(self.ms);
        }
        if order.state == OrderState::Approving && before != Some(OrderState::Approving) {
            let kept_ms = self.model.kept_ms.get(&order.id);
            let hand = kept_ms.is_some_and(|kept_ms| self.model.hand_ms.is_some_and(|ms| ms >= *kept_ms));
            self.must(hand, Invariant::Guarded, "the shop is told of an adult who was not there", order);
        }
        if order.state == OrderState::Sending && self.model.leaving.insert(order.id.clone()) {
            self.must(before == Some(OrderState::Held), Invariant::Guarded, "leaves without having been held", order);
            self.must(now.wall.is_some(), Invariant::Guarded, "leaves while the clock is unknown", order);
            let from_ms =
                if first.state == OrderState::AwaitingAdult { by_hand.unwrap_or(self.ms) } else { known.at_ms };
            let jumps = [Fault::Clock1970, Fault::Clock2099, Fault::ClockHours];
            let held = jumps.iter().any(|fault| self.plan.faults.has(*fault)) || self.stepping;
            // A second approval of the button does not begin a new hold, so the earliest hand is what counts.
            let slack_ms = if first.state == OrderState::AwaitingAdult { policy(&self.plan).hold_ms } else { 1_000 };
            let enough = held || self.ms + slack_ms >= from_ms + policy(&self.plan).hold_ms;
            self.must(enough, Invariant::Guarded, "left before its hold was over", order);
        }
        if let Some(before) = before.filter(|before| before.is_final() && *before != order.state) {
            let back = matches!(order.state, OrderState::Withdrawing | OrderState::Withdrawn | OrderState::Refunded);
            // The disk has not told yet that it had expired: that the household takes it back is as good.
            let known = self.mind.household().orders.get(&order.id).is_some_and(|order| order.state.is_final());
            let unanswered = before == OrderState::Expired && !known;
            let goes_on = back && before == OrderState::Delivered
                || unanswered && order.state == OrderState::Cancelled
                || before == OrderState::Withdrawn && order.state == OrderState::Refunded;
            self.must(goes_on, Invariant::Rest, &format!("{} after {}", order.state.name(), before.name()), order);
        }
    }

    fn check_goes_back(&mut self, order: &Order, before: Option<OrderState>) {
        if before == Some(order.state) {
            return;
        }
        if order.state == OrderState::Withdrawing {
            let agreed = self.model.takes_back(order);
            self.must(agreed, Invariant::Withdrawn, "goes back without both steps", order);
            let at_shop = matches!(before, Some(OrderState::Accepted | OrderState::Shipped | OrderState::Delivered));
            self.must(at_shop, Invariant::Withdrawn, "goes back although the shop does not have it", order);
        }
        let goes_on = matches!(order.state, OrderState::Accepted | OrderState::Shipped | OrderState::Delivered);
        if before == Some(OrderState::Withdrawing) && goes_on {
            let said = self.shop.keeps.contains(&order.id) || self.shop.lied.contains(&order.id);
            self.must(said, Invariant::Withdrawn, "does not go back although the shop never said so", order);
        }
        if matches!(order.state, OrderState::Withdrawn | OrderState::Refunded) {
            let said = self.shop.acknowledged.contains(&order.id) || self.shop.lied.contains(&order.id);
            self.must(said, Invariant::Withdrawn, "withdrawn although the shop never said so", order);
        }
    }

    /// The shop is to be told that an adult approved an order, or that it goes back: that is on disk.
    pub(super) fn check_errand(&mut self, id: &OrderId, state: OrderState) {
        if !self.disk.states.get(id).is_some_and(|states| states.contains(&state)) {
            self.violate(Invariant::Confirmed, format!("the shop is told {state:?} of {id} before that is on disk"));
        }
    }

    /// Who says "cancel that" of what the shop still keeps hears more than that there is nothing.
    pub(super) fn check_nothing_to_cancel(&mut self, event: &Event, effects: &[Effect]) {
        let Event::Heard(heard) = event else { return };
        let says = |effect: &Effect| matches!(effect, Effect::Say { reply: Reply::NothingToCancel, .. });
        if heard.nbest.iter().any(|one| one.text != "cancel that") || !effects.iter().any(says) {
            return;
        }
        let kept = |order: &&Order| {
            matches!(order.state, OrderState::HeldAtShop | OrderState::AwaitingPayment | OrderState::Approving)
        };
        let order =
            self.disk.household.orders.values().find(kept).filter(|order| !self.is_on_its_way(&order.id)).cloned();
        if let Some(order) = order {
            self.must(false, Invariant::Told, "there is nothing to cancel, and the shop keeps it", &order);
        }
    }

    /// Is a change of it being written, or just told to the mind?
    fn is_on_its_way(&self, id: &OrderId) -> bool {
        self.mind.household().orders.get(id).map(|order| order.state)
            != self.disk.household.orders.get(id).map(|order| order.state)
            || self.is_being_written(id)
    }

    /// A withdrawal comes to the shop: it was on disk before.
    pub(super) fn check_withdrawal_arrives(&mut self, id: &OrderId) {
        let on_disk = self.disk.states.get(id).is_some_and(|states| states.contains(&OrderState::Withdrawing));
        if !on_disk {
            self.violate(
                Invariant::Withdrawn,
                format!("the shop was told that {id} goes back before that was on disk"),
            );
        }
    }

    pub(super) fn check_send(&mut self, id: &OrderId) {
        let Some(order) = self.disk.household.orders.get(id).cloned() else {
            return self.violate(Invariant::Confirmed, format!("order {id} is sent and not on disk"));
        };
        self.must(order.state == OrderState::Sending, Invariant::Confirmed, "sent before that was on disk", &order);
        let verdicts = self.disk.audits.contains_key(id);
        self.must(verdicts, Invariant::Confirmed, "sent without verdicts on disk", &order);
    }

    /// An order comes to the shop.
    pub(super) fn check_arrival(&mut self, order: &Order) {
        let id = &order.id;
        let known = self.model.orders.contains_key(id);
        self.must(known, Invariant::Confirmed, "the shop gets what was never confirmed", order);
        self.must(self.model.leaving.contains(id), Invariant::Guarded, "sent without its hold having ended", order);
    }

    /// The shop books it: nobody may have told the household that it was not made.
    pub(super) fn check_booking(&mut self, order: &Order) {
        let denied = self.model.denied.contains(&order.id) && !self.shop.lied.contains(&order.id);
        self.must(!denied, Invariant::Told, "booked although the household heard that it was not ordered", order);
    }
}

fn verdicts_of<'a>(order: &Order, writes: &'a [Write]) -> Option<&'a [Verdict]> {
    writes.iter().find_map(|write| match write {
        Write::Audit { order: Some(id), verdicts, .. } if *id == order.id => Some(verdicts.as_slice()),
        Write::Audit { .. }
        | Write::Consent(_)
        | Write::NoticesTold { .. }
        | Write::NoticesGone { .. }
        | Write::Order(_)
        | Write::Step(_)
        | Write::WrongPins { .. }
        | Write::Told { .. }
        | Write::Offered { .. }
        | Write::Shared { .. }
        | Write::Chat { .. }
        | Write::ListItem { .. } => None,
    })
}

fn is_wish(order: &Order, wish: Option<&[(&'static str, u32)]>) -> bool {
    let lines = &order.quote.lines;
    wish.is_some_and(|wish| {
        wish.len() == lines.len()
            && lines.iter().zip(wish).all(|(line, (sku, qty))| line.sku == *sku && line.qty == *qty)
    })
}

fn is_as_asked(order: &Order, asked: &Asked) -> bool {
    let same = asked
        .lines
        .iter()
        .zip(&order.quote.lines)
        .all(|(asked, line)| (&asked.sku, asked.qty) == (&line.sku, line.qty));
    asked.lines.len() == order.quote.lines.len() && same
}

fn lines(order: &Order) -> String {
    let lines: Vec<String> = order.quote.lines.iter().map(|line| format!("{} {}", line.qty, line.sku)).collect();
    format!("{}, {}", lines.join(" and "), order.quote.total())
}
