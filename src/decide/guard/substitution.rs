//! Stops a swapped product and figures that do not add up: the quote must be for exactly what
//! was asked, and its total must be the sum of its parts.

use super::hostile_text::clean;
use super::{Proposal, Rung, Verdict};
use crate::decide::order::{Quote, QuoteLine, Wanted};
use crate::decide::reply::Reason;

/// The verdict of this guard.
pub fn check(proposal: &Proposal) -> Verdict {
    let Some(quote) = proposal.quote else { return Verdict::fine("substitution", "quote=none".into()) };
    let asked: Vec<String> = proposal.lines.iter().map(|line| format!("{}x{}", line.qty, line.sku)).collect();
    let offered: Vec<String> = quote.lines.iter().map(|line| format!("{}x{}", line.qty, line.sku)).collect();
    let inputs = format!("asked={} offered={} total={}", asked.join(","), offered.join(","), quote.total);

    let odd = quote.lines.iter().find(|line| !proposal.lines.iter().any(|wanted| is_same(wanted, line)));
    let missing = proposal.lines.iter().find(|wanted| !quote.lines.iter().any(|line| is_same(wanted, line)));
    if odd.is_some() || missing.is_some() || quote.lines.len() != proposal.lines.len() {
        let first_asked = missing.or(proposal.lines.first()).map(|wanted| proposal.name(&wanted.sku));
        let first_offered = odd.or(quote.lines.first()).map(|line| clean(&line.title));
        let reason =
            Reason::Substituted { asked: first_asked.unwrap_or_default(), offered: first_offered.unwrap_or_default() };
        return Verdict::object("substitution", Rung::Refuse, reason, inputs);
    }
    if adds_up(quote) {
        Verdict::fine("substitution", inputs)
    } else {
        Verdict::object("substitution", Rung::Refuse, Reason::QuoteWrong, inputs)
    }
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
    quote.delivery.amount >= 0 && quote.lines.iter().all(line_adds_up) && sum == Some(quote.total)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::guard::fixture::{Case, check_table, quote};

    #[test]
    fn the_table_holds() {
        let cases: &[Case] = &[
            ("another product", |s| s.quote = Some(quote(&[("latte", 1, 700)])), Rung::Refuse, swapped("Fine latte")),
            (
                "another quantity",
                |s| s.quote = Some(quote(&[("coffee", 12, 700)])),
                Rung::Refuse,
                swapped("Fine coffee"),
            ),
            (
                "one more product",
                |s| s.quote = Some(quote(&[("coffee", 1, 700), ("latte", 1, 300)])),
                Rung::Refuse,
                swapped("Fine latte"),
            ),
            (
                "the same line twice",
                |s| s.quote = Some(quote(&[("coffee", 1, 700), ("coffee", 1, 700)])),
                Rung::Refuse,
                swapped("Fine coffee"),
            ),
            ("nothing at all", |s| s.quote = Some(quote(&[])), Rung::Refuse, swapped("")),
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

    fn swapped(offered: &str) -> Option<Reason> {
        Some(Reason::Substituted { asked: "coffee".into(), offered: offered.into() })
    }
}
