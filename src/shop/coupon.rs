//! What a coupon takes off, or why it takes nothing off. Pure.

use crate::deliver::envelope::{CouponRefused, Discount, QuoteLine};
use serde::Serialize;

/// A coupon of the shop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Coupon {
    /// Capital letters and digits alone.
    pub code: String,
    pub off: Off,
    /// Of every amount in it, ISO 4217.
    pub currency: String,
    /// The goods must come to this much, minor units.
    pub minimum: i64,
    /// For these products alone; none: for all.
    pub skus: Vec<String>,
    pub until_unix_ms: Option<i64>,
    /// So many homes may use it.
    pub max_uses: Option<u32>,
    /// For this home alone,
    pub home: Option<String>,
    /// or for those that were told this news.
    pub news: Option<String>,
    /// Orders that use it now.
    pub used: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Off {
    /// Minor units, 1 or more.
    Amount(i64),
    /// Of the goods that it is for, 1 to 100; what is below a minor unit is not taken off.
    Percent(u32),
}

/// Why a coupon takes nothing off: the code on the wire.
fn no(code: &str) -> CouponRefused {
    CouponRefused { code: code.into(), minimum: None }
}

/// Nobody knows it, or it is for somebody else, which is nobody's business.
pub fn unknown() -> CouponRefused {
    no("unknown_coupon")
}

/// The home has none.
pub fn none() -> CouponRefused {
    no("no_coupon")
}

impl Coupon {
    /// What it takes off these lines; never more than the goods that it is for. `used`: this home uses it already.
    ///
    /// # Errors
    /// Why nothing.
    pub fn apply(&self, lines: &[QuoteLine], currency: &str, used: bool, now: i64) -> Result<Discount, CouponRefused> {
        if self.currency != currency {
            return Err(unknown());
        }
        if self.until_unix_ms.is_some_and(|until| now >= until) {
            return Err(no("coupon_expired"));
        }
        if used {
            return Err(no("coupon_used"));
        }
        if self.max_uses.is_some_and(|most| self.used >= most) {
            return Err(no("coupon_used_up"));
        }
        let is_for = |line: &&QuoteLine| self.skus.is_empty() || self.skus.contains(&line.sku);
        let sum =
            |lines: &mut dyn Iterator<Item = &QuoteLine>| lines.map(|line| line.total).fold(0, i64::saturating_add);
        let (goods, these) = (sum(&mut lines.iter()), sum(&mut lines.iter().filter(is_for)));
        if these == 0 {
            return Err(no("coupon_products"));
        }
        if goods < self.minimum {
            return Err(CouponRefused { minimum: Some(self.minimum), ..no("coupon_minimum") });
        }
        let off = match self.off {
            Off::Amount(amount) => amount.min(these),
            Off::Percent(percent) => {
                let part = i128::from(these) * i128::from(percent.min(100)) / 100;
                i64::try_from(part).expect("a part of a sum that fits is not larger than it")
            }
        };
        // Of a few cents a percent is nothing.
        if off > 0 { Ok(Discount { coupon: self.code.clone(), amount: off }) } else { Err(no("coupon_products")) }
    }
}

/// Of several, what takes off most; else why the first takes nothing off.
pub fn best(all: Vec<Result<Discount, CouponRefused>>) -> Option<Result<Discount, CouponRefused>> {
    let largest = all.iter().flatten().max_by_key(|discount| discount.amount).cloned();
    largest.map(Ok).or_else(|| all.into_iter().next())
}

/// A code as it is kept and compared: capital letters and digits alone. Empty: it is none.
pub fn canonical(code: &str) -> String {
    code.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect()
}

/// Two euros off, for everybody and everything.
#[cfg(test)]
pub(super) fn fixture(code: &str) -> Coupon {
    Coupon {
        code: code.into(),
        off: Off::Amount(200),
        currency: "EUR".into(),
        minimum: 0,
        skus: vec![],
        until_unix_ms: None,
        max_uses: None,
        home: None,
        news: None,
        used: 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(sku: &str, total: i64) -> QuoteLine {
        QuoteLine {
            sku: sku.into(),
            gtin: None,
            title: sku.into(),
            pack: None,
            qty: 1,
            unit_amount: total,
            total,
            options: Default::default(),
            last_paid: None,
        }
    }

    #[test]
    fn the_table_holds() {
        type Case<'a> = (&'a str, fn(&mut Coupon), bool, Result<i64, &'a str>);
        let cases: &[Case<'_>] = &[
            ("an amount", |_| {}, false, Ok(200)),
            ("never more than the goods", |c| c.off = Off::Amount(99_999), false, Ok(1_549)),
            ("the largest amount", |c| c.off = Off::Amount(i64::MAX), false, Ok(1_549)),
            ("a part, rounded down", |c| c.off = Off::Percent(15), false, Ok(232)),
            ("all of it", |c| c.off = Off::Percent(100), false, Ok(1_549)),
            ("of one product", |c| (c.off, c.skus) = (Off::Percent(10), vec!["tea".into()]), false, Ok(25)),
            (
                "not more than that product",
                |c| (c.off, c.skus) = (Off::Amount(900), vec!["tea".into()]),
                false,
                Ok(250),
            ),
            ("for another product", |c| c.skus = vec!["milk".into()], false, Err("coupon_products")),
            ("the minimum is reached", |c| c.minimum = 1_549, false, Ok(200)),
            ("a cent below the minimum", |c| c.minimum = 1_550, false, Err("coupon_minimum")),
            ("its last moment", |c| c.until_unix_ms = Some(1_001), false, Ok(200)),
            ("over", |c| c.until_unix_ms = Some(1_000), false, Err("coupon_expired")),
            ("used by this home", |_| {}, true, Err("coupon_used")),
            ("used by all others", |c| (c.used, c.max_uses) = (3, Some(3)), false, Err("coupon_used_up")),
            ("one use is left", |c| (c.used, c.max_uses) = (2, Some(3)), false, Ok(200)),
            ("in another currency", |c| c.currency = "RON".into(), false, Err("unknown_coupon")),
        ];
        let lines = [line("heads", 1_299), line("tea", 250)];
        for (what, change, used, expected) in cases {
            let mut coupon = fixture("SPRING10");
            change(&mut coupon);
            let found = coupon.apply(&lines, "EUR", *used, 1_000);
            let found = found.as_ref().map(|off| off.amount).map_err(|refused| refused.code.as_str());
            assert_eq!(found, *expected, "{what}");
        }
        let coupon = Coupon { off: Off::Percent(10), ..fixture("SPRING10") };
        assert_eq!(coupon.apply(&[line("gum", 5)], "EUR", false, 0), Err(no("coupon_products")));
    }

    #[test]
    fn the_best_counts_and_a_code_is_one_however_it_is_written() {
        let off = |amount| Ok(Discount { coupon: "A".into(), amount });
        assert_eq!(best(vec![Err(unknown()), off(1), off(3), off(2)]), Some(off(3)));
        assert_eq!((best(vec![Err(none()), Err(unknown())]), best(vec![])), (Some(Err(none())), None));
        assert_eq!((canonical(" spring-10 "), canonical("—")), ("SPRING10".into(), String::new()));
    }
}
