//! From a proposal to an order on disk: guards, quote, guards again, read-back, and the guards
//! once more at the moment of confirmation.

use super::super::Now;
use super::super::effect::{Effect, audit};
use super::super::find;
use super::super::guard::{self, Proposal, Rung, Verdict, hostile_text, quantity, variant};
use super::super::ledger::minutes;
use super::super::mind::Mind;
use super::super::order::{Confirmation, CouponSaid, Order, OrderId, OrderState, Payment, Quote, ToTell, Wanted};
use super::super::reply::{Ask, Item, Reason, Reply};
use super::super::second_ear;
use super::super::told::About;
use super::super::when::{Day, Moment};
use super::command::list_items;
use super::{Offer, Proposed, Question, Quoting, State, Talk, challenge};
use crate::understand::grammar::Expect;
use base16ct::lower as hex;

/// Reasons that are said with a read-back; all of them are in the log and behind "why?".
const MAX_REASONS: usize = 2;
/// Why a coupon takes nothing off where the shop does not even mention it.
const NO_COUPONS: &str = "no_coupons";

impl Mind {
    /// The guards that need only words; then the shop is asked for a price.
    pub(super) fn propose(&mut self, talk: Talk, mut proposed: Proposed, now: Now) -> State {
        proposed.lines.retain(|line| self.understanding.catalog().product(&line.sku).is_some());
        if proposed.lines.is_empty() && !proposed.tells_of_buying() {
            return self.not_understood(talk, now);
        }
        self.fill_options(&mut proposed.lines);
        let confidence = proposed.confidence;
        let (mut talk, proposed) = match self.second_ear_first(talk, proposed, Expect::Command, confidence, now) {
            Ok(state) => return state,
            Err(both) => *both,
        };
        let verdicts = self.ladder(&proposed, None, 0, now);
        if guard::highest(&verdicts) > Rung::Adult {
            return self.turn_down(talk, proposed, verdicts, now);
        }
        talk.misses = 0;
        self.ask_quote(talk, proposed, now)
    }

    pub(super) fn ask_quote(&mut self, talk: Talk, proposed: Proposed, now: Now) -> State {
        if self.link_up == Some(false) || self.shop_online == Some(false) {
            return self.shop_silent(talk, proposed.lines, now);
        }
        let request_id = self.next_request(&talk);
        let lines = proposed.lines.clone();
        let coupon = proposed.coupon.clone();
        self.out.push(Effect::AskQuote { request_id: request_id.clone(), lang: talk.lang(), lines, coupon });
        let until_ms = now.mono_ms + self.policy.quote_wait_ms;
        State::Quoting(Box::new(Quoting { talk, proposed, request_id, until_ms }))
    }

    /// The id of something that the shop is asked.
    pub(super) fn next_request(&mut self, talk: &Talk) -> String {
        self.requests = self.requests.wrapping_add(1);
        format!("{}-{}", hex::encode_string(&talk.entropy.0[..8]), self.requests)
    }

    pub(super) fn quoted(&mut self, quoting: Quoting, mut quote: Quote, now: Now) -> State {
        let Quoting { talk, proposed, .. } = quoting;
        match (&proposed.coupon, quote.coupon.as_deref()) {
            // A shop that knows no coupons says nothing of one: the household must hear that, too.
            (Some(_), None) => {
                quote.coupon = Some(Box::new(CouponSaid::Refused { code: NO_COUPONS.into(), minimum: None }))
            }
            // Nobody asked.
            (None, Some(CouponSaid::Refused { .. })) => quote.coupon = None,
            (Some(_), Some(_)) | (None, Some(CouponSaid::Taken { .. }) | None) => {}
        }
        self.judge(talk, proposed, quote, now.mono_ms, now)
    }

    /// Every guard looks at a price; what they allow is read back.
    pub(super) fn judge(&mut self, talk: Talk, proposed: Proposed, quote: Quote, quoted_ms: u64, now: Now) -> State {
        let verdicts = self.ladder(&proposed, Some(&quote), now.mono_ms.saturating_sub(quoted_ms), now);
        let rung = guard::highest(&verdicts);
        if rung > Rung::Adult {
            return self.turn_down(talk, proposed, verdicts, now);
        }
        let mut reasons = guard::reasons(&verdicts);
        // "You already ordered it on Monday" says when, too.
        let told = reasons
            .iter()
            .any(|reason| matches!(reason, Reason::AlreadyOrdered { .. } | Reason::AlreadyOrderedThere { .. }));
        if let (false, Some(at), Some(wall)) = (told, proposed.repeats_unix_ms, now.wall) {
            reasons.insert(0, Reason::AsLastTime { at: Moment::of(at, wall) });
        }
        if let Some(name) = proposed.offered_by.clone() {
            reasons.insert(0, Reason::OfferedBy { name });
        }
        self.write_down(vec![audit(None, &proposed.text, verdicts, now)]);
        self.last_reasons.clone_from(&reasons);
        let offer = Offer { proposed, quote, quoted_ms, rung, reasons, words: vec![], reminded: false };
        self.read_back(talk, offer, now)
    }

    /// Says product, quantity, total and delivery, and what orders it. A challenge gets new words each time.
    pub(super) fn read_back(&mut self, talk: Talk, mut offer: Offer, now: Now) -> State {
        let Some(wall) = now.wall else {
            let reason = Reason::UnknownClock;
            return self.close_talk(talk, Reply::Refused { reason }, now);
        };
        if offer.rung == Rung::Challenge {
            offer.words = challenge::words(talk.lang(), talk.entropy, talk.answers);
        }
        let quote = &offer.quote;
        let reply = Reply::ReadBack {
            items: quote_items(quote),
            total: quote.total(),
            earliest: Day::of(quote.delivery.earliest_unix_ms, wall),
            latest: Day::of(quote.delivery.latest_unix_ms, wall),
            ask: ask_of(&offer),
            reasons: offer.reasons.iter().filter(|reason| is_news(reason)).take(MAX_REASONS).cloned().collect(),
            digits: quote.lines.iter().any(|line| quantity::is_easily_misheard(line.qty)),
            payment: self.unusual_payment(quote),
            coupon: quote.coupon.clone(),
        };
        self.ask(talk, Question::Confirm(offer), reply, now)
    }

    /// How it would be paid, unless that is how the newest order was, as far as this speaker knows.
    fn unusual_payment(&self, quote: &Quote) -> Option<Box<Payment>> {
        let last = self.household.newest(|order| order.quote.payment.is_some() && order.state.counts());
        let usual = last.and_then(|order| order.quote.payment.as_ref());
        let payment = quote.payment.as_ref().filter(|payment| usual != Some(payment))?;
        let label = payment.label.as_deref().map(hostile_text::clean);
        Some(Box::new(Payment { label, ..Payment::clone(payment) }))
    }

    /// The phrase was said: the guards once more, since time has passed; then the order is written.
    pub(super) fn confirm(&mut self, talk: Talk, offer: Offer, now: Now) -> State {
        let age_ms = now.mono_ms.saturating_sub(offer.quoted_ms);
        let verdicts = self.ladder(&offer.proposed, Some(&offer.quote), age_ms, now);
        let rung = guard::highest(&verdicts);
        let only_stale =
            verdicts.iter().filter(|verdict| verdict.rung > Rung::Adult).all(|verdict| verdict.guard == "stale");
        if rung > Rung::Adult && only_stale {
            // The price is too old: a new one, and a new read-back.
            return self.ask_quote(talk, offer.proposed, now);
        }
        if rung > Rung::Adult {
            return self.turn_down(talk, offer.proposed, verdicts, now);
        }
        if rung > offer.rung {
            let reasons = guard::reasons(&verdicts);
            self.write_down(vec![audit(None, &offer.proposed.text, verdicts, now)]);
            self.last_reasons.clone_from(&reasons);
            return self.read_back(talk, Offer { rung, reasons, ..offer }, now);
        }
        let Some(order) = self.order_of(&talk, &offer, now) else {
            return self.close_talk(talk, Reply::StoreFailed, now);
        };
        let id = order.id.clone();
        let audit = audit(Some(id.clone()), &offer.proposed.text, verdicts, now);
        let ticket = self.create_order(order, audit, now);
        State::Storing { talk, order: id, ticket, until_ms: now.mono_ms + super::STORING_MS }
    }

    /// It is on disk: only now the household hears so.
    pub(super) fn held(&mut self, talk: Talk, id: &OrderId, now: Now) -> State {
        let Some(order) = self.household.orders.get(id) else { return self.close_talk(talk, Reply::StoreFailed, now) };
        let items = self.items(order);
        let reply = if order.state == OrderState::AwaitingAdult {
            Reply::AwaitingAdult { items, minutes: minutes(self.policy.adult_wait_ms) }
        } else {
            Reply::Held { items, minutes: minutes(self.policy.hold_ms) }
        };
        let (channel, about) = (talk.to.channel.clone(), About::of(order));
        let state = self.close_talk(talk, reply, now);
        self.is_said(&channel, about);
        state
    }

    pub(super) fn not_quoted(&mut self, quoting: Quoting, code: String, now: Now) -> State {
        let Quoting { talk, proposed, .. } = quoting;
        let items = self.wanted_items(&proposed.lines, &talk);
        self.ask(talk, Question::PutOnList { lines: proposed.lines }, Reply::NotSold { items, code }, now)
    }

    pub(super) fn shop_silent(&mut self, talk: Talk, lines: Vec<Wanted>, now: Now) -> State {
        let items = self.wanted_items(&lines, &talk);
        self.ask(talk, Question::PutOnList { lines }, Reply::ShopSilent { items }, now)
    }

    fn ladder(&self, proposed: &Proposed, quote: Option<&Quote>, quote_age_ms: u64, now: Now) -> Vec<Verdict> {
        let mut verdicts = guard::ladder(&Proposal {
            lines: &proposed.lines,
            heard: &proposed.heard,
            words: &proposed.text,
            parse: &proposed.parse,
            confidence: proposed.confidence,
            rivals: &proposed.rivals,
            quote,
            quote_age_ms,
            heard_by: proposed.heard_by.as_deref(),
            household: &self.household,
            policy: &self.policy,
            catalog: self.understanding.catalog(),
            now,
        });
        verdicts.extend(proposed.suggested.as_ref().map(|suggested| find::verdict(suggested, quote)));
        let lang = proposed.heard.lang;
        verdicts.extend(second_ear::verdict(&proposed.second, |sku| self.product_name(sku, sku, lang)));
        verdicts
    }

    /// A guard says no: the log has all of them, the household hears the first.
    fn turn_down(&mut self, talk: Talk, proposed: Proposed, verdicts: Vec<Verdict>, now: Now) -> State {
        let rung = guard::highest(&verdicts);
        let stopping: Vec<&Verdict> = verdicts.iter().filter(|verdict| verdict.rung == rung).collect();
        let reason = stopping.iter().find_map(|verdict| verdict.reason.clone());
        let by = |name: &str| stopping.iter().all(|verdict| verdict.guard == name);
        let (unclear, ambiguous, differs) = (by("confidence"), by("variant"), by("second_ear"));
        // What only a person at the shop proposed is not for the household's list.
        let lists = rung == Rung::List && proposed.offered_by.is_none();
        let mut writes = if lists { list_items(&proposed.lines, "guard") } else { vec![] };
        self.last_reasons = guard::reasons(&verdicts);
        writes.push(audit(None, &proposed.text, verdicts, now));
        self.write_down(writes);
        if unclear {
            return self.not_understood(talk, now);
        }
        if ambiguous && let Some((line, skus)) = close_pair(&proposed) {
            return self.ask_which(talk, proposed, line, skus, now);
        }
        if differs {
            return self.ask_about_difference(talk, proposed, now);
        }
        match reason {
            Some(reason) if lists => {
                let items = self.wanted_items(&proposed.lines, &talk);
                self.close_talk(talk, Reply::Listed { items, reason: Some(reason) }, now)
            }
            Some(reason) => self.close_talk(talk, Reply::Refused { reason }, now),
            None => self.close_talk(talk, Reply::NothingOrdered, now),
        }
    }

    pub(super) fn ask_which(
        &mut self,
        talk: Talk,
        proposed: Proposed,
        line: usize,
        skus: Vec<String>,
        now: Now,
    ) -> State {
        let title = |sku: &String| {
            let product = self.understanding.catalog().product(sku);
            hostile_text::clean(product.map_or(sku.as_str(), |product| product.title(talk.lang())))
        };
        let reply = Reply::Choose { first: title(&skus[0]), second: title(&skus[1]) };
        self.ask(talk, Question::Which { proposed, line, skus }, reply, now)
    }

    /// What was read back, as an order. `None`: without a wall clock, or if the random bits of
    /// the confirmation made an id that is taken.
    fn order_of(&self, talk: &Talk, offer: &Offer, now: Now) -> Option<Order> {
        let wall = now.wall?;
        let id = OrderId(hex::encode_string(&talk.entropy.0[..16]));
        if self.household.orders.contains_key(&id) {
            return None;
        }
        let (state, wait_ms) = match offer.rung {
            Rung::Adult => (OrderState::AwaitingAdult, self.policy.adult_wait_ms),
            Rung::Phrase | Rung::Challenge => (OrderState::Held, 0),
            Rung::List | Rung::Refuse => return None,
        };
        let hold_ms = if wait_ms > 0 { wait_ms } else { self.policy.hold_ms };
        let lifetime_ms = wait_ms.saturating_add(self.policy.hold_ms).saturating_add(self.policy.expiry_ms);
        Some(Order {
            id,
            quote: offer.quote.clone(),
            nonce: hex::encode_string(&talk.entropy.0[16..32]),
            state,
            lang: talk.lang(),
            confirmed: Confirmation { rung: offer.rung, spoken: talk.spoken.clone(), at_unix_ms: wall.unix_ms },
            hold_until_unix_ms: wall.unix_ms.saturating_add_unsigned(hold_ms),
            expires_unix_ms: wall.unix_ms.saturating_add_unsigned(lifetime_ms),
            shop_order_no: None,
            cancel_until_unix_ms: None,
            code: None,
            delivered_unix_ms: None,
            withdrawal: None,
            to_tell: Some(ToTell::first(now)),
        })
    }

    /// A required option that was not said is the one of the last order of that product.
    pub(super) fn fill_options(&self, lines: &mut [Wanted]) {
        for line in lines {
            let Some(product) = self.understanding.catalog().product(&line.sku) else { continue };
            let last = self
                .household
                .newest_of(&line.sku)
                .and_then(|order| order.quote.lines.iter().find(|old| old.sku == line.sku));
            for option in product.options.iter().filter(|option| option.required) {
                if let Some(value) = last.and_then(|last| last.options.get(&option.name)) {
                    line.options.entry(option.name.clone()).or_insert_with(|| value.clone());
                }
            }
        }
    }
}

/// The line that the variant guard stopped, and the two products to choose between.
fn close_pair(proposed: &Proposed) -> Option<(usize, Vec<String>)> {
    proposed.parse.lines.iter().enumerate().find_map(|(at, line)| {
        let rival = variant::close_rival(line)?;
        Some((at, vec![line.sku.clone(), rival.to_owned()]))
    })
}

/// That each order needs random words is heard with the words, and why something was proposed was heard with the proposal;
/// only "why?" has to say so.
fn is_news(reason: &Reason) -> bool {
    !matches!(reason, Reason::RandomWords | Reason::Suggested { .. })
}

/// What the household must do to buy it.
pub(super) fn ask_of(offer: &Offer) -> Ask {
    match offer.rung {
        Rung::Challenge => Ask::Challenge { words: offer.words.clone() },
        Rung::Adult => Ask::Adult,
        Rung::Phrase | Rung::List | Rung::Refuse => Ask::Phrase,
    }
}

/// The lines of a quote as the shop calls them, cleaned: what is named is what comes.
fn quote_items(quote: &Quote) -> Vec<Item> {
    quote.lines.iter().map(|line| Item { product: hostile_text::clean(&line.title), qty: line.qty }).collect()
}
