//! When the household's bank must be asked before an order is booked, and how a home pays. Pure.
//!
//! Who asks is the shop's payment provider: this shop only waits for its word ([`settle`](super::desk::settle)). Never knows
//! a card, and never shows a token.

use crate::clean::holds_card_number;
use crate::deliver::envelope::{BadPayment, PayMethod, Payment};
use std::collections::BTreeMap;

/// The longest token, characters.
pub const MAX_TOKEN: usize = 512;

/// Above which totals a payment with a token needs strong authentication.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// By currency (ISO 4217), minor units. Where a currency is not there, every such payment needs it.
    pub above_minor: BTreeMap<String, i64>,
}

impl Default for Rule {
    /// 30 EUR: below it a remote payment may go without (Delegated Regulation (EU) 2018/389, article 16).
    fn default() -> Rule {
        Rule { above_minor: BTreeMap::from([("EUR".into(), 3_000)]) }
    }
}

impl Rule {
    /// Must the household's bank be asked? What costs nothing is not paid at all.
    pub fn needs(&self, payment: Option<&Payment>, total: i64, currency: &str) -> bool {
        let by_token = payment.is_some_and(|payment| payment.method == PayMethod::Token);
        by_token && total > self.above_minor.get(currency).copied().unwrap_or(0)
    }
}

/// How a home pays, in the shop's book.
#[derive(Clone, PartialEq, Eq)]
pub struct Way {
    pub payment: Payment,
    /// The payment provider's name for it, with the method `token`. It never leaves the book.
    pub token: Option<String>,
}

impl std::fmt::Debug for Way {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Way")
            .field("payment", &self.payment)
            .field("token", &self.token.as_ref().map(|_| "..."))
            .finish()
    }
}

/// Why this is no way to pay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadWay {
    #[error("the payment {0}")]
    Payment(#[from] BadPayment),
    #[error(
        "a token is needed with the method token, of 1 to {MAX_TOKEN} visible ASCII characters, and with no other method"
    )]
    Token,
    #[error("the token looks like the number of a card; give the name that your payment provider has for it instead")]
    CardNumber,
}

impl Way {
    /// # Errors
    /// [`BadWay`].
    pub fn check(&self) -> Result<(), BadWay> {
        self.payment.check()?;
        let fits = |token: &str| (1..=MAX_TOKEN).contains(&token.len()) && token.bytes().all(|b| b.is_ascii_graphic());
        match (self.payment.method, self.token.as_deref()) {
            (_, Some(token)) if holds_card_number(token) => Err(BadWay::CardNumber),
            (PayMethod::Token, Some(token)) if fits(token) => Ok(()),
            (PayMethod::Token, _) => Err(BadWay::Token),
            (PayMethod::Account | PayMethod::Invoice, None) => Ok(()),
            (PayMethod::Account | PayMethod::Invoice, Some(_)) => Err(BadWay::Token),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payment(method: PayMethod) -> Payment {
        let label = (method == PayMethod::Token).then(|| "card ending 42".to_owned());
        Payment { method, id: "0a".repeat(16), label }
    }

    #[test]
    fn above_thirty_euros_the_bank_is_asked_and_elsewhere_as_configured() {
        use PayMethod::*;
        let rule = Rule::default();
        let cases = [
            (Some(Token), 3_000, "EUR", false),
            (Some(Token), 3_001, "EUR", true),
            (Some(Account), 9_999, "EUR", false),
            (Some(Invoice), 9_999, "EUR", false),
            (None, 9_999, "EUR", false),
            // Nobody said what is little in lei.
            (Some(Token), 1, "RON", true),
            (Some(Token), 0, "RON", false),
        ];
        for (method, total, currency, expected) in cases {
            let payment = method.map(payment);
            assert_eq!(rule.needs(payment.as_ref(), total, currency), expected, "{method:?} {total} {currency}");
        }
        let lei = Rule { above_minor: BTreeMap::from([("RON".into(), 15_000)]) };
        assert!(!lei.needs(Some(&payment(Token)), 15_000, "RON") && lei.needs(Some(&payment(Token)), 3_000, "EUR"));
    }

    #[test]
    fn no_number_of_a_card_is_a_token_or_a_label() {
        use PayMethod::*;
        let check =
            |method, token: Option<&str>| Way { payment: payment(method), token: token.map(str::to_owned) }.check();
        let long = "t".repeat(MAX_TOKEN + 1);
        let cases = [
            (Token, Some("pm_1Nx"), Ok(())),
            (Token, None, Err(BadWay::Token)),
            (Token, Some("two words"), Err(BadWay::Token)),
            (Token, Some(long.as_str()), Err(BadWay::Token)),
            (Token, Some("4111111111111111"), Err(BadWay::CardNumber)),
            (Token, Some("tok-4111-1111-1111-1111"), Err(BadWay::CardNumber)),
            (Invoice, Some("pm_1Nx"), Err(BadWay::Token)),
            (Account, None, Ok(())),
        ];
        for (method, token, expected) in cases {
            assert_eq!(check(method, token), expected, "{method:?} {token:?}");
        }
        let mut way = Way { payment: payment(Token), token: Some("pm_1Nx".into()) };
        way.payment.label = Some("4111 1111 1111 1111".into());
        assert_eq!(way.check(), Err(BadWay::Payment(BadPayment::CardNumber)));
        assert!(!format!("{way:?}").contains("pm_1Nx"));
    }
}
