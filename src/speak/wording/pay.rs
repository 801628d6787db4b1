//! What is said of paying and of coupons.

use super::{Speak, text};
use crate::decide::money::Money;
use crate::decide::order::{CouponSaid, PayMethod, Payment};
use crate::decide::reply::Reply;

impl Speak<'_> {
    pub(super) fn pay(&self, reply: &Reply) -> String {
        match reply {
            Reply::PaymentAsked { items, total, until } => {
                let items = ("items", text(self.items(items)));
                let total = ("total", text(self.money(total)));
                match until {
                    Some(until) => self.say("payment-asked", &[items, total, ("moment", text(self.moment(*until)))]),
                    None => self.say("payment-asked-no-time", &[items, total]),
                }
            }
            Reply::NotPaid { items } => self.about("not-paid", items),
            Reply::CouponAlone => self.say("coupon-alone", &[]),
            Reply::CardNumber => self.say("card-number", &[]),
            _ => String::new(),
        }
    }

    pub(super) fn paid_by(&self, payment: &Payment) -> String {
        match (payment.method, payment.label.as_deref()) {
            (PayMethod::Account, _) => self.say("paid-account", &[]),
            (PayMethod::Invoice, _) => self.say("paid-invoice", &[]),
            // Nothing may be left of a label once it is cleaned.
            (PayMethod::Token, None | Some("")) => self.say("paid-token-plain", &[]),
            (PayMethod::Token, Some(label)) => self.say("paid-token", &[("label", text(label))]),
        }
    }

    pub(super) fn coupon(&self, said: &CouponSaid, currency: &str) -> String {
        match said {
            CouponSaid::Taken { amount } => {
                self.say("coupon-taken", &[("amount", text(self.money(&Money::new(*amount, currency))))])
            }
            CouponSaid::Refused { code, minimum } => {
                let why = self.coupon_refused(code, minimum.map(|minimum| Money::new(minimum, currency)));
                self.sentences([why, self.say("coupon-normal-price", &[])])
            }
        }
    }

    fn coupon_refused(&self, code: &str, minimum: Option<Money>) -> String {
        match (code, minimum) {
            ("coupon_minimum", Some(minimum)) => self.say("coupon-minimum", &[("minimum", text(self.money(&minimum)))]),
            ("unknown_coupon", _) => self.say("coupon-unknown", &[]),
            ("coupon_expired", _) => self.say("coupon-expired", &[]),
            ("coupon_used", _) => self.say("coupon-used", &[]),
            ("coupon_used_up", _) => self.say("coupon-used-up", &[]),
            ("coupon_products", _) => self.say("coupon-products", &[]),
            ("no_coupon", _) => self.say("coupon-none", &[]),
            ("no_coupons", _) => self.say("coupon-never", &[]),
            (other, _) => self.sentences([self.say("coupon-refused", &[]), self.code(other)]),
        }
    }
}
