//! The part of the book about paying: how each home pays, what waits for a bank, and coupons. Decides nothing.

use super::db::{Mismatch, Row, values};
use super::hooks::Kind;
use super::{Book, Page};
use crate::deliver::envelope::{self, CouponAsked, PayMethod, Payment, StatusState};
use crate::deliver::store::StoreError;
use crate::deliver::topic::Route;
use crate::shop::coupon::{Coupon, Off};
use crate::shop::payment::Way;

/// Why an order is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeldFor {
    /// An adult's approval: many homes ordered the same.
    Burst,
    /// The household must confirm the payment at its bank.
    Payment,
}

impl HeldFor {
    /// As on the wire and in the book.
    pub fn code(self) -> &'static str {
        match self {
            HeldFor::Burst => crate::decide::lifecycle::BURST,
            HeldFor::Payment => crate::decide::lifecycle::PAYMENT,
        }
    }
}

/// What the bank's answer is to an order's payment, in the book.
pub mod payment_state {
    /// It is, or will be, asked.
    pub const REQUIRED: &str = "required";
    pub const CONFIRMED: &str = "confirmed";
    pub const REFUSED: &str = "refused";
}

/// A home and how it pays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HomeWay {
    pub home: String,
    pub way: Way,
}

const WAY: &str = "SELECT home, method, id, label, token FROM payments WHERE is_current = 1";
const COUPON: &str =
    "SELECT code, amount, percent, currency, minimum, skus, until_unix_ms, max_uses, home, news, used FROM coupons";
/// Coupons of one home that are looked at.
const MINE: u32 = 50;

fn way(row: &Row) -> Result<HomeWay, Mismatch> {
    let method = match row.get::<String>(1)?.as_str() {
        "invoice" => PayMethod::Invoice,
        "token" => PayMethod::Token,
        _ => PayMethod::Account,
    };
    let payment = Payment { method, id: row.get(2)?, label: row.get(3)? };
    Ok(HomeWay { home: row.get(0)?, way: Way { payment, token: row.get(4)? } })
}

fn coupon(row: &Row) -> Result<Coupon, Mismatch> {
    let off = match (row.get::<Option<i64>>(1)?, row.get::<Option<u32>>(2)?) {
        (Some(amount), _) => Off::Amount(amount),
        (None, percent) => Off::Percent(percent.unwrap_or(0)),
    };
    let skus: String = row.get(5)?;
    Ok(Coupon {
        code: row.get(0)?,
        off,
        currency: row.get(3)?,
        minimum: row.get(4)?,
        skus: serde_json::from_str(&skus).unwrap_or_default(),
        until_unix_ms: row.get(6)?,
        max_uses: row.get(7)?,
        home: row.get(8)?,
        news: row.get(9)?,
        used: row.get(10)?,
    })
}

impl Book {
    /// How this home pays from now on; an order that was quoted otherwise is not booked any more. What it had already stays
    /// as it is. The id that stands.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn set_way(&mut self, home: &str, way: &Way, now_unix_ms: i64) -> Result<String, StoreError> {
        let Way { payment, token } = way;
        self.write_for(home, |page| {
            if let Some(now) = page.way(home)? {
                let is_same =
                    now.payment.method == payment.method && (&now.payment.label, &now.token) == (&payment.label, token);
                if is_same {
                    return Ok(now.payment.id);
                }
            }
            page.run("UPDATE payments SET is_current = 0 WHERE home = ?1", values![home])?;
            page.run(
                "INSERT INTO payments (id, home, method, label, token, is_current, made_unix_ms)
                 VALUES (?1, ?2, ?3, ?4, ?5, 1, ?6)",
                values![
                    &payment.id,
                    home,
                    payment.method.name(),
                    payment.label.as_deref(),
                    token.as_deref(),
                    now_unix_ms
                ],
            )?;
            Ok(payment.id.clone())
        })
    }

    /// How this home pays is agreed elsewhere from now on, and its tokens are forgotten. Was there anything?
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn forget_ways(&mut self, home: &str) -> Result<bool, StoreError> {
        self.write_for(home, |page| Ok(page.db.run("DELETE FROM payments WHERE home = ?1", values![home])? > 0))
    }

    /// How each home pays.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn ways(&self) -> Result<Vec<HomeWay>, StoreError> {
        self.db.all(&format!("{WAY} ORDER BY home"), &[], way)
    }

    /// Makes a coupon; false: there is one of this code.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn add_coupon(&mut self, coupon: &Coupon, now_unix_ms: i64) -> Result<bool, StoreError> {
        let (amount, percent) = match coupon.off {
            Off::Amount(amount) => (Some(amount), None),
            Off::Percent(percent) => (None, Some(percent)),
        };
        let skus = serde_json::to_string(&coupon.skus).map_err(|why| self.db.damaged(why))?;
        // Whoever uses one of this code already goes on counting.
        let sql =
            "INSERT INTO coupons (code, amount, percent, currency, minimum, skus, until_unix_ms, max_uses, home, news,
                       used, made_unix_ms)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10,
                       (SELECT count(*) FROM coupon_uses WHERE coupon_uses.code = ?1), ?11)
                   ON CONFLICT (code) DO NOTHING";
        let added = self.db.run(
            sql,
            values![
                &coupon.code,
                amount,
                percent,
                &coupon.currency,
                coupon.minimum,
                skus,
                coupon.until_unix_ms,
                coupon.max_uses,
                coupon.home.as_deref(),
                coupon.news.as_deref(),
                now_unix_ms
            ],
        )?;
        Ok(added > 0)
    }

    /// Nobody gets it any more; who has a price with it keeps that. Was there one?
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn remove_coupon(&mut self, code: &str) -> Result<bool, StoreError> {
        Ok(self.db.run("DELETE FROM coupons WHERE code = ?1", values![code])? > 0)
    }

    /// Every coupon, by its code.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn coupons(&self) -> Result<Vec<Coupon>, StoreError> {
        self.db.all(&format!("{COUPON} ORDER BY code"), &[], coupon)
    }
}

impl Page<'_> {
    /// How this home pays; `None`: as was agreed elsewhere.
    pub fn way(&self, home: &str) -> Result<Option<Way>, StoreError> {
        let found = self.db.first(&format!("{WAY} AND home = ?1"), values![home], way)?;
        Ok(found.map(|found| found.way))
    }

    /// The coupons that this home may mean, the newest first.
    pub fn coupons_of(&self, home: &str, asked: &CouponAsked) -> Result<Vec<Coupon>, StoreError> {
        let told = "EXISTS (SELECT 1 FROM news_homes WHERE news_homes.news = coupons.news AND news_homes.home = ?1)";
        match asked {
            CouponAsked::Code(code) => {
                let sql =
                    format!("{COUPON} WHERE code = ?2 AND (home IS NULL OR home = ?1) AND (news IS NULL OR {told})");
                self.db.all(&sql, values![home, code], coupon)
            }
            CouponAsked::Mine => {
                let sql = format!("{COUPON} WHERE home = ?1 OR {told} ORDER BY made_unix_ms DESC, code LIMIT ?2");
                self.db.all(&sql, values![home, MINE], coupon)
            }
        }
    }

    /// Does an order of this home use the coupon?
    pub fn uses_coupon(&self, home: &str, code: &str) -> Result<bool, StoreError> {
        self.db.exists("SELECT 1 FROM coupon_uses WHERE code = ?1 AND home = ?2", values![code, home])
    }

    /// An order uses the coupon from now on; false: it can't, since it is used. One that is not there any more is as good as
    /// the price that names it.
    pub fn use_coupon(&self, route: &Route, order_id: &str, code: &str, now_unix_ms: i64) -> Result<bool, StoreError> {
        if self.uses_coupon(route.home(), code)? {
            return Ok(false);
        }
        let sql = "UPDATE coupons SET used = used + 1 WHERE code = ?1 AND (max_uses IS NULL OR used < max_uses)";
        let counted = self.db.run(sql, values![code])? > 0;
        if !counted && self.db.exists("SELECT 1 FROM coupons WHERE code = ?1", values![code])? {
            return Ok(false);
        }
        self.run(
            "INSERT INTO coupon_uses (code, home, device, order_id, used_unix_ms) VALUES (?1, ?2, ?3, ?4, ?5)",
            values![code, route.home(), route.device(), order_id, now_unix_ms],
        )?;
        Ok(true)
    }

    /// An order came to nothing: its coupon is good again.
    pub(super) fn release_coupon(&self, route: &Route, order_id: &str) -> Result<(), StoreError> {
        let sql = "DELETE FROM coupon_uses WHERE home = ?1 AND device = ?2 AND order_id = ?3 RETURNING code";
        let values = values![route.home(), route.device(), order_id];
        let code: Option<String> = self.db.first(sql, values, |row| row.get(0))?;
        match code {
            Some(code) => self.run("UPDATE coupons SET used = used - 1 WHERE code = ?1 AND used > 0", values![code]),
            None => Ok(()),
        }
    }

    /// An adult approved what is held, and now its payment is waited for.
    pub fn hold_for_payment(&self, route: &Route, order_id: &str, now_unix_ms: i64) -> Result<(), StoreError> {
        self.run(
            "UPDATE bookings SET approved = 1, held_for = ?4, rev = rev + 1, since_unix_ms = ?5
             WHERE home = ?1 AND device = ?2 AND order_id = ?3",
            values![route.home(), route.device(), order_id, HeldFor::Payment.code(), now_unix_ms],
        )?;
        self.hook(Kind::AuthenticationRequired, (route.home(), route.device(), order_id), now_unix_ms)
    }

    /// Books what was held: its payment is confirmed.
    pub fn book_paid(&self, route: &Route, order_id: &str, now_unix_ms: i64) -> Result<(), StoreError> {
        self.put_payment_state(route, order_id, payment_state::CONFIRMED)?;
        self.now_booked(route, order_id, now_unix_ms)?;
        self.set_state(route, order_id, StatusState::Accepted, now_unix_ms).map(|_| ())
    }

    /// Its payment is refused: it is not booked, ever.
    pub fn refuse_payment(&self, route: &Route, order_id: &str, now_unix_ms: i64) -> Result<(), StoreError> {
        self.put_payment_state(route, order_id, payment_state::REFUSED)?;
        self.set_state(route, order_id, StatusState::Rejected, now_unix_ms)?;
        self.hook(Kind::PaymentRefused, (route.home(), route.device(), order_id), now_unix_ms)
    }

    fn put_payment_state(&self, route: &Route, order_id: &str, state: &str) -> Result<(), StoreError> {
        self.run(
            "UPDATE bookings SET payment_state = ?4 WHERE home = ?1 AND device = ?2 AND order_id = ?3",
            values![route.home(), route.device(), order_id, state],
        )
    }
}

/// A new name for a way to pay.
pub fn new_id() -> String {
    envelope::random_hex128()
}
