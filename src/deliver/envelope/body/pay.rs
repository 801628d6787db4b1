//! How an order is paid, and what a coupon takes off. No card data: a token is the shop's, and only its id is here.

use crate::clean::holds_card_number;
use crate::decide::order;
use crate::understand::coupon::{Coupon, MAX_CODE};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The longest label, characters.
pub const MAX_LABEL: usize = 40;

/// How an order will be paid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Payment {
    pub method: PayMethod,
    /// The shop's name for this way of this home to pay: 128 random bits, 32 hex digits in lower case. It says nothing of a
    /// card or an account, and is another one whenever the shop changes it.
    #[schemars(regex(pattern = "^[0-9a-f]{32}$"))]
    pub id: String,
    /// What a household hears of it, with `token`: "the card ending in 42". A number of a card is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 40))]
    pub label: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PayMethod {
    /// The shop writes it down, and the household pays what has come together.
    Account,
    Invoice,
    /// With something that the shop and its payment provider keep under this id: a card, a bank account.
    Token,
}

/// The coupon that a household wants to use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CouponAsked {
    /// As it was typed or said: capital letters and digits alone.
    Code(#[schemars(regex(pattern = "^[A-Z0-9]{1,24}$"))] String),
    /// The one that the shop gave this home, or offered it with its news.
    Mine,
}

/// What a coupon takes off the goods.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Discount {
    /// The coupon, as the shop knows it.
    pub coupon: String,
    /// Minor units: the same as in the totals.
    #[schemars(range(min = 1))]
    pub amount: i64,
}

/// Why a coupon takes nothing off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CouponRefused {
    /// `unknown_coupon`, `coupon_expired`, `coupon_used`, `coupon_used_up`, `coupon_minimum`, `coupon_products`, `no_coupon`.
    pub code: String,
    /// With `coupon_minimum`: what the goods must come to, minor units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub minimum: Option<i64>,
}

/// Why a payment makes no sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadPayment {
    #[error("has an id that is not 32 hex digits")]
    Id,
    #[error("has no label of 1 to {MAX_LABEL} characters, which a token needs, or has one that nothing needs")]
    Label,
    #[error("holds what looks like the number of a card, which has no place here")]
    CardNumber,
}

impl Payment {
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn check(&self) -> Result<(), BadPayment> {
        if !crate::deliver::envelope::is_hex128(&self.id) {
            return Err(BadPayment::Id);
        }
        let label = self.label.as_deref();
        if label.is_some_and(holds_card_number) {
            return Err(BadPayment::CardNumber);
        }
        let fits = |label: &str| !label.trim().is_empty() && label.chars().count() <= MAX_LABEL;
        let is_right = match self.method {
            PayMethod::Token => label.is_some_and(fits),
            PayMethod::Account | PayMethod::Invoice => label.is_none(),
        };
        if is_right { Ok(()) } else { Err(BadPayment::Label) }
    }

    /// As the household keeps it, with its label through `clean`.
    pub fn into_order(self, clean: impl Fn(&str) -> String) -> order::Payment {
        let method = match self.method {
            PayMethod::Account => order::PayMethod::Account,
            PayMethod::Invoice => order::PayMethod::Invoice,
            PayMethod::Token => order::PayMethod::Token,
        };
        order::Payment { method, id: self.id, label: self.label.map(|label| clean(&label)) }
    }
}

impl PayMethod {
    /// As on the wire.
    pub fn name(self) -> &'static str {
        match self {
            PayMethod::Account => "account",
            PayMethod::Invoice => "invoice",
            PayMethod::Token => "token",
        }
    }
}

impl From<Coupon> for CouponAsked {
    fn from(coupon: Coupon) -> CouponAsked {
        match coupon {
            Coupon::Code(code) => CouponAsked::Code(code),
            Coupon::Mine => CouponAsked::Mine,
        }
    }
}

impl CouponAsked {
    /// Is it what a code can be, and no number of a card?
    pub fn is_sound(&self) -> bool {
        match self {
            CouponAsked::Mine => true,
            CouponAsked::Code(code) => {
                (1..=MAX_CODE).contains(&code.len())
                    && code.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
                    && !holds_card_number(code)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payment_is_checked() {
        let payment = |method, id: &str, label: Option<&str>| {
            Payment { method, id: id.into(), label: label.map(str::to_owned) }.check()
        };
        let id = "0a".repeat(16);
        let long = "x".repeat(MAX_LABEL + 1);
        let cases = [
            (PayMethod::Account, id.as_str(), None, Ok(())),
            (PayMethod::Invoice, &id, Some("as usual"), Err(BadPayment::Label)),
            (PayMethod::Token, &id, Some("card ending 42"), Ok(())),
            (PayMethod::Token, &id, None, Err(BadPayment::Label)),
            (PayMethod::Token, &id, Some("  "), Err(BadPayment::Label)),
            (PayMethod::Token, &id, Some(&long), Err(BadPayment::Label)),
            (PayMethod::Token, &id, Some("card 4111 1111 1111 1111"), Err(BadPayment::CardNumber)),
            (PayMethod::Account, "4111111111111111", None, Err(BadPayment::Id)),
        ];
        for (method, id, label, expected) in cases {
            assert_eq!(payment(method, id, label), expected, "{method:?} {id} {label:?}");
        }
    }

    #[test]
    fn a_code_is_capital_letters_and_digits_and_no_card() {
        let sound = |code: &str| CouponAsked::Code(code.into()).is_sound();
        assert!(sound("SPRING10") && CouponAsked::Mine.is_sound());
        for bad in ["", "spring", "A B", "4111111111111111", "PRIMĂVARA", &"A".repeat(25)] {
            assert!(!sound(bad), "{bad}");
        }
    }
}
