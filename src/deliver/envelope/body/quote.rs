//! What a household asks the price of, and what the shop asks for it.

use super::Moment;
use super::pay::{BadPayment, CouponAsked, CouponRefused, Discount, Payment};
use crate::decide::order;
use crate::understand::Lang;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The household asks for a price.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct QuoteRequest {
    /// The topic that this message is published on.
    pub aud: String,
    /// Comes back in the answer.
    pub request_id: String,
    /// 1 to 50 lines.
    #[schemars(length(min = 1, max = 50))]
    pub lines: Vec<WantedLine>,
    /// `reorder`, or `find` for a request in free words.
    pub intent: String,
    pub language: Lang,
    /// A coupon that the household wants to use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coupon: Option<CouponAsked>,
}

/// One line of a request: `sku`, `gtin` or `text` says what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WantedLine {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sku: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gtin: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Packs.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub qty: u32,
    #[serde(default)]
    pub options: BTreeMap<String, String>,
}

/// The shop's binding price. The household's order names its hash.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Quote {
    /// The topic that this message is published on.
    pub aud: String,
    pub quote_id: String,
    /// The request that this answers.
    pub request_id: String,
    /// 128 random bits, 32 hex digits in lower case.
    #[schemars(regex(pattern = "^[0-9a-f]{32}$"))]
    pub nonce: String,
    /// For so many seconds the household may confirm it.
    #[schemars(range(min = 1))]
    pub valid_s: u32,
    /// ISO 4217.
    #[schemars(regex(pattern = "^[A-Z]{3}$"))]
    pub currency: String,
    #[schemars(length(min = 1, max = 50))]
    pub lines: Vec<QuoteLine>,
    pub totals: Totals,
    pub delivery: Delivery,
    /// Who sells: the name that is read out.
    pub seller: String,
    /// Days in which the household may withdraw.
    pub withdrawal_days: u16,
    /// True if it would order again by itself.
    #[serde(default)]
    pub recurring: bool,
    /// Why the shop proposes this, for the household.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
    /// Many homes ask for one of these products just now: a device then wants an adult's hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub surge: Option<Surge>,
    /// How it will be paid: an order that names this quote's hash agrees to it. Not there: as was agreed elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment: Option<Payment>,
    /// What a coupon takes off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub discount: Option<Discount>,
    /// Why the coupon that was asked for takes nothing off: this is the normal price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coupon_refused: Option<CouponRefused>,
}

/// So many homes asked for the same product within so many minutes, far more than usual.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Surge {
    pub homes: u32,
    pub minutes: u32,
}

/// One line of a quote. Amounts are integer minor units.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct QuoteLine {
    pub sku: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gtin: Option<String>,
    /// In the language of the request.
    pub title: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pack: Option<crate::understand::catalog::Pack>,
    /// Packs.
    #[schemars(range(min = 1))]
    pub qty: u32,
    /// Minor units a pack.
    #[schemars(range(min = 0))]
    pub unit_amount: i64,
    /// `qty` times `unit_amount`.
    #[schemars(range(min = 0))]
    pub total: i64,
    #[serde(default)]
    pub options: BTreeMap<String, String>,
    /// What this household last paid for a pack, minor units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_paid: Option<i64>,
}

/// Integer minor units; `total` is `goods` plus `delivery`, less `discount`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Totals {
    #[schemars(range(min = 0))]
    pub goods: i64,
    /// At most `goods`. Not there: none.
    #[serde(default, skip_serializing_if = "is_zero")]
    #[schemars(range(min = 0))]
    pub discount: i64,
    #[schemars(range(min = 0))]
    pub delivery: i64,
    #[schemars(range(min = 0))]
    pub total: i64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Delivery {
    pub earliest: Moment,
    pub latest: Moment,
    /// Minor units.
    #[schemars(range(min = 0))]
    pub amount: i64,
}

/// The shop has no price for a request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct QuoteRefused {
    /// The topic that this message is published on.
    pub aud: String,
    pub request_id: String,
    /// `unknown_product`, `out_of_stock`, `quantity`, `unknown_option`, `not_paired`, `too_many`, `card_number`.
    pub code: String,
    /// The product that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sku: Option<String>,
}

/// Why a quote makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadQuote {
    #[error("line {0}: the quantity or an amount is out of range")]
    Line(usize),
    #[error("line {0}: quantity times unit amount is not its total")]
    LineTotal(usize),
    #[error("the lines and the delivery do not add up to the total")]
    Total,
    #[error("it has no lines, or more than 50")]
    Lines,
    #[error("it is valid for no time at all")]
    Validity,
    #[error("its delivery ends before it begins")]
    Delivery,
    #[error("its discount is not what its total has, or more than the goods cost")]
    Discount,
    #[error("it takes a coupon and refuses one")]
    Coupon,
    #[error("its payment {0}")]
    Payment(#[from] BadPayment),
}

/// The most that one order may come to, minor units: sums of it stay far within 2^53.
const MAX_TOTAL: i64 = 1_000_000_000_000;

impl Quote {
    /// The quote as the household keeps it, with its texts through `clean`.
    pub fn into_order(self, shop: &str, hash: String, clean: impl Fn(&str) -> String) -> order::Quote {
        let lines = self.lines.into_iter().map(|line| order::QuoteLine {
            title: clean(&line.title),
            sku: line.sku,
            qty: line.qty,
            unit_amount: line.unit_amount,
            total: line.total,
            options: line.options,
        });
        let taken = self.discount.map(|discount| order::CouponSaid::Taken { amount: discount.amount });
        let refused = self
            .coupon_refused
            .map(|refused| order::CouponSaid::Refused { code: clean(&refused.code), minimum: refused.minimum });
        order::Quote {
            lines: lines.collect(),
            quote_id: self.quote_id,
            request_id: self.request_id,
            hash,
            shop: shop.into(),
            seller: clean(&self.seller),
            currency: self.currency,
            total: self.totals.total,
            delivery: order::Delivery {
                earliest_unix_ms: self.delivery.earliest.unix_ms,
                latest_unix_ms: self.delivery.latest.unix_ms,
                amount: self.delivery.amount,
            },
            valid_s: self.valid_s,
            withdrawal_days: self.withdrawal_days,
            recurring: self.recurring,
            because: self.because.map(|text| clean(&text)),
            surge: self.surge.map(|surge| order::Surge { homes: surge.homes, minutes: surge.minutes }),
            payment: self.payment.map(|payment| Box::new(payment.into_order(&clean))),
            coupon: taken.or(refused).map(Box::new),
        }
    }

    /// # Errors
    /// The first thing that does not add up.
    pub fn check(&self) -> Result<(), BadQuote> {
        if self.lines.is_empty() || self.lines.len() > 50 {
            return Err(BadQuote::Lines);
        }
        if self.valid_s == 0 {
            return Err(BadQuote::Validity);
        }
        if self.delivery.latest < self.delivery.earliest {
            return Err(BadQuote::Delivery);
        }
        let mut goods: i64 = 0;
        for (at, line) in self.lines.iter().enumerate() {
            if line.qty == 0 || !(0..=MAX_TOTAL).contains(&line.unit_amount) {
                return Err(BadQuote::Line(at + 1));
            }
            if line.unit_amount.checked_mul(i64::from(line.qty)) != Some(line.total) {
                return Err(BadQuote::LineTotal(at + 1));
            }
            goods = goods.checked_add(line.total).filter(|sum| *sum <= MAX_TOTAL).ok_or(BadQuote::Total)?;
        }
        self.check_discount(goods)?;
        if let Some(payment) = &self.payment {
            payment.check()?;
        }
        let delivery = self.delivery.amount;
        let adds_up = (0..=MAX_TOTAL).contains(&delivery)
            && self.totals.goods == goods
            && self.totals.delivery == delivery
            && self.totals.total == goods + delivery - self.totals.discount;
        if adds_up { Ok(()) } else { Err(BadQuote::Total) }
    }

    /// Nothing is taken off beyond the goods, so that no total is below the delivery.
    fn check_discount(&self, goods: i64) -> Result<(), BadQuote> {
        if self.discount.is_some() && self.coupon_refused.is_some() {
            return Err(BadQuote::Coupon);
        }
        let (amount, least) = self.discount.as_ref().map_or((0, 0), |discount| (discount.amount, 1));
        let fits = (least..=goods).contains(&amount) && amount == self.totals.discount;
        if fits { Ok(()) } else { Err(BadQuote::Discount) }
    }
}

fn is_zero(amount: &i64) -> bool {
    *amount == 0
}
