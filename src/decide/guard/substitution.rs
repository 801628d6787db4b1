//! Stops a swapped product and figures that do not add up: the quote must be for exactly what
//! was asked, and its total must be the sum of its parts.

use super::hostile_text::clean;
use super::{Proposal, Rung, Verdict};
use crate::decide::order::{CouponSaid, Quote, QuoteLine, Wanted};
use crate::decide::reply::Reason;
use std::collections::BTreeMap;

/// The verdict of this guard.
pub fn check(proposal: &Proposal) -> Verdict {
    let Some(quote) = proposal.quote else { return Verdict::fine("substitution", "quote=none".into()) };
    let asked: Vec<String> = proposal.lines.iter().map(|line| format!("{}x{}", line.qty, line.sku)).collect();
    let offered: Vec<String> = quote.lines.iter().map(|line| format!("{}x{}", line.qty, line.sku)).collect();
    let inputs = format!("asked={} offered={} total={}", asked.join(","), offered.join(","), quote.total);

    if let Some(reason) = swapped(proposal, quote) {
        return Verdict::object("substitution", Rung::Refuse, reason, inputs);
    }
    if adds_up(quote) {
        Verdict::fine("substitution", inputs)
    } else {
        Verdict::object("substitution", Rung::Refuse, Reason::QuoteWrong, inputs)
    }
}

/// The first thing that was asked for and is not offered so, and the first that is offered instead.
fn swapped(proposal: &Proposal, quote: &Quote) -> Option<Reason> {
    let (wanted, lines) = (proposal.lines, &quote.lines);
    let odd = lines.iter().find(|line| !wanted.iter().any(|wanted| is_same(wanted, line)));
    let missing = wanted.iter().find(|wanted| !lines.iter().any(|line| is_same(wanted, line)));
    // The same line twice, or two lines made one.
    let odd = odd.or_else(|| lines.last().filter(|_| missing.is_none() && lines.len() > wanted.len()));
    let missing = missing.or_else(|| wanted.last().filter(|_| odd.is_none() && lines.len() < wanted.len()));
    if odd.is_none() && missing.is_none() {
        return None;
    }
    let only_options = missing.zip(odd).is_some_and(|(wanted, line)| wanted.sku == line.sku && wanted.qty == line.qty);
    let name = |product: String, options: &BTreeMap<String, String>| {
        let chosen = options.values().filter(|_| only_options).map(|value| clean(value));
        std::iter::once(product).chain(chosen).collect::<Vec<_>>().join(", ")
    };
    Some(Reason::Substituted {
        asked: missing.map(|wanted| name(proposal.name(&wanted.sku), &wanted.options)).unwrap_or_default(),
        asked_qty: missing.map_or(0, |wanted| wanted.qty),
        offered: odd.map(|line| name(clean(&line.title), &line.options)).unwrap_or_default(),
        offered_qty: odd.map_or(0, |line| line.qty),
    })
}

fn is_same(wanted: &Wanted, line: &QuoteLine) -> bool {
    wanted.sku == line.sku
        && wanted.qty == line.qty
        && wanted.options.iter().all(|(k, v)| line.options.get(k) == Some(v))
}

fn adds_up(quote: &Quote) -> bool {
    let line_adds_up = |line: &QuoteLine| {
        line.unit_amount >= 0 && line.unit_amount.checked_mul(i64::from(line.qty)) == Some(line.total)
    };
    let sum = quote.lines.iter().try_fold(quote.delivery.amount, |sum, line| sum.checked_add(line.total));
    let sum = sum.and_then(|sum| sum.checked_sub(quote.discount()));
    // A coupon takes something off the goods, and never more than they cost.
    let discount_fits = match quote.coupon.as_deref() {
        Some(CouponSaid::Taken { amount }) => *amount > 0 && quote.delivery.amount <= quote.total,
        Some(CouponSaid::Refused { .. }) | None => true,
    };
    let lines_add_up = quote.lines.iter().all(line_adds_up);
    quote.delivery.amount >= 0 && lines_add_up && discount_fits && sum == Some(quote.total)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::guard::fixture::{Case, Scene, check_table, quote};

    #[test]
    fn the_table_holds() {
        let cases: &[Case] = &[
            (
                "another product",
                |s| s.quote = Some(quote(&[("latte", 1, 700)])),
                Rung::Refuse,
                swapped(Some(("coffee", 1)), Some(("Fine latte", 1))),
            ),
            (
                "another quantity",
                |s| s.quote = Some(quote(&[("coffee", 12, 700)])),
                Rung::Refuse,
                swapped(Some(("coffee", 1)), Some(("Fine coffee", 12))),
            ),
            (
                "another product, and more of it",
                |s| s.quote = Some(quote(&[("latte", 2, 700)])),
                Rung::Refuse,
                swapped(Some(("coffee", 1)), Some(("Fine latte", 2))),
            ),
            (
                "one more product",
                |s| s.quote = Some(quote(&[("coffee", 1, 700), ("latte", 1, 300)])),
                Rung::Refuse,
                swapped(None, Some(("Fine latte", 1))),
            ),
            (
                "the same line twice",
                |s| s.quote = Some(quote(&[("coffee", 1, 700), ("coffee", 1, 700)])),
                Rung::Refuse,
                swapped(None, Some(("Fine coffee", 1))),
            ),
            ("nothing at all", |s| s.quote = Some(quote(&[])), Rung::Refuse, swapped(Some(("coffee", 1)), None)),
            ("the total is not the sum", |s| s.quote().total += 1, Rung::Refuse, Some(Reason::QuoteWrong)),
            (
                "a line is not its product",
                |s| {
                    s.quote().lines[0].total += 1;
                    s.quote().total += 1
                },
                Rung::Refuse,
                Some(Reason::QuoteWrong),
            ),
            (
                "a negative price",
                |s| s.quote = Some(quote(&[("coffee", 1, -700)])),
                Rung::Refuse,
                Some(Reason::QuoteWrong),
            ),
            (
                "a delivery fee that adds up",
                |s| {
                    s.quote().delivery.amount = 390;
                    s.quote().total += 390
                },
                Rung::Phrase,
                None,
            ),
            ("no quote yet", |s| s.quote = None, Rung::Phrase, None),
        ];
        check_table(check, cases);
    }

    #[test]
    fn another_option_is_named() {
        let mut scene = Scene::new();
        scene.lines[0].options.insert("grind".into(), "whole beans".into());
        scene.quote().lines[0].options.insert("grind".into(), "ground".into());
        let reason = check(&scene.proposal()).reason;
        assert_eq!(reason, swapped(Some(("coffee, whole beans", 1)), Some(("Fine coffee, ground", 1))));
    }

    fn swapped(asked: Option<(&str, u32)>, offered: Option<(&str, u32)>) -> Option<Reason> {
        let (asked, asked_qty) = asked.unwrap_or_default();
        let (offered, offered_qty) = offered.unwrap_or_default();
        Some(Reason::Substituted { asked: asked.into(), asked_qty, offered: offered.into(), offered_qty })
    }
}
