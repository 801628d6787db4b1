//! Stops a price jump and a surprise delivery fee: against what was paid last, at any speaker, else against
//! the catalogue. Another currency is refused.

use super::{Proposal, Rung, Verdict};
use crate::decide::money::Money;
use crate::decide::policy::Policy;
use crate::decide::reply::Reason;

/// The verdict of this guard.
pub fn check(proposal: &Proposal) -> Verdict {
    let Some(quote) = proposal.quote else { return Verdict::fine("price", "quote=none".into()) };
    if quote.currency != proposal.policy.currency {
        let reason = Reason::OtherCurrency { currency: super::hostile_text::clean(&quote.currency) };
        let inputs = format!("quote={} policy={}", quote.currency, proposal.policy.currency);
        return Verdict::object("price", Rung::Refuse, reason, inputs);
    }
    let mut inputs = vec![];
    let mut reason = None;
    for line in &quote.lines {
        let listed = proposal.catalog.product(&line.sku).map(|product| product.unit_amount);
        let Some(before) = proposal.household.last_unit_amount(&line.sku).or(listed) else { continue };
        inputs.push(format!("{}={} before={before}", line.sku, line.unit_amount));
        if is_jump(line.unit_amount, before, proposal.policy) && reason.is_none() {
            reason = Some(Reason::PriceJump {
                product: proposal.name(&line.sku),
                now: Money::new(line.unit_amount, &quote.currency),
                before: Money::new(before, &quote.currency),
            });
        }
    }
    if let Some(before) = proposal.household.last_delivery_amount() {
        let now = quote.delivery.amount;
        inputs.push(format!("delivery={now} before={before}"));
        if now > before.saturating_add(proposal.policy.price_jump_minor) && reason.is_none() {
            reason = Some(Reason::DeliveryJump {
                now: Money::new(now, &quote.currency),
                before: Money::new(before, &quote.currency),
            });
        }
    }
    match reason {
        Some(reason) => Verdict::object("price", Rung::Challenge, reason, inputs.join(" ")),
        None => Verdict::fine("price", inputs.join(" ")),
    }
}

/// More than the allowed per cent, or more than the allowed amount, above.
fn is_jump(now: i64, before: i64, policy: &Policy) -> bool {
    let (now, before) = (i128::from(now), i128::from(before));
    let per_cent = now * 100 > before * (100 + i128::from(policy.price_jump_percent));
    per_cent || now > before + i128::from(policy.price_jump_minor)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::guard::fixture::{Case, HOUR, check_table, quote};
    use crate::decide::order::OrderState;

    #[test]
    fn the_table_holds() {
        let cases: &[Case] = &[
            ("ten per cent more", |s| s.quote = Some(quote(&[("coffee", 1, 770)])), Rung::Phrase, None),
            (
                "a cent above ten per cent",
                |s| s.quote = Some(quote(&[("coffee", 1, 771)])),
                Rung::Challenge,
                jump(771, 700),
            ),
            ("cheaper", |s| s.quote = Some(quote(&[("coffee", 1, 350)])), Rung::Phrase, None),
            (
                "the last order counts",
                |s| {
                    s.ordered("1", "coffee", OrderState::Delivered, 90 * HOUR, 800);
                    s.quote = Some(quote(&[("coffee", 1, 850)]))
                },
                Rung::Phrase,
                None,
            ),
            (
                "the last order counts, also at another speaker",
                |s| {
                    s.ordered("1", "coffee", OrderState::Delivered, 90 * HOUR, 700);
                    s.ordered_there("bedroom", "2", "coffee", OrderState::Delivered, 80 * HOUR, 800);
                    s.quote = Some(quote(&[("coffee", 1, 850)]))
                },
                Rung::Phrase,
                None,
            ),
            (
                "dearer than at another speaker",
                |s| {
                    s.ordered_there("bedroom", "2", "coffee", OrderState::Delivered, 80 * HOUR, 600);
                    s.quote = Some(quote(&[("coffee", 1, 700)]))
                },
                Rung::Challenge,
                jump(700, 600),
            ),
            (
                "two euros on a dear thing",
                |s| {
                    s.policy.price_jump_percent = 50;
                    s.quote = Some(quote(&[("coffee", 1, 901)]))
                },
                Rung::Challenge,
                jump(901, 700),
            ),
            (
                "never bought: against the catalogue",
                |s| {
                    s.household.regulars.clear();
                    s.quote = Some(quote(&[("coffee", 1, 900)]))
                },
                Rung::Challenge,
                jump(900, 700),
            ),
            (
                "a surprise delivery fee",
                |s| {
                    s.ordered("1", "coffee", OrderState::Delivered, 90 * HOUR, 700);
                    s.quote().delivery.amount = 490;
                    s.quote().total += 490
                },
                Rung::Challenge,
                Some(Reason::DeliveryJump { now: Money::new(490, "EUR"), before: Money::new(0, "EUR") }),
            ),
            (
                "another currency",
                |s| s.quote().currency = "USD".into(),
                Rung::Refuse,
                Some(Reason::OtherCurrency { currency: "USD".into() }),
            ),
            ("no quote yet", |s| s.quote = None, Rung::Phrase, None),
        ];
        check_table(check, cases);
    }

    fn jump(now: i64, before: i64) -> Option<Reason> {
        Some(Reason::PriceJump {
            product: "coffee".into(),
            now: Money::new(now, "EUR"),
            before: Money::new(before, "EUR"),
        })
    }
}
