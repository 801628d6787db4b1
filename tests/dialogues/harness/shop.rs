//! The shop of a dialogue: what it answers, and how it cheats.

use super::{DAY_0_UNIX_MS, DAY_MS, SHOP_MS, Stage, catalog};
use std::collections::BTreeMap;
use tendero::decide::event::Event;
use tendero::decide::order::{CouponSaid, Delivery, Payment, Quote, QuoteLine, Surge, Wanted};

/// How the shop answers the next request for a price.
#[derive(Default, Clone)]
pub(super) struct ShopManner {
    pub(super) silent: bool,
    pub(super) code: Option<String>,
    pub(super) price: Option<i64>,
    pub(super) fee: i64,
    pub(super) sku: Option<String>,
    pub(super) qty: Option<u32>,
    pub(super) title: Option<String>,
    pub(super) total_off: i64,
    pub(super) recurring: bool,
    pub(super) seller: Option<String>,
    pub(super) currency: Option<String>,
    pub(super) valid_s: Option<u32>,
    /// So many homes ask for it, says the shop.
    pub(super) surge: Option<u32>,
    pub(super) payment: Option<Payment>,
    /// What a coupon takes off, or why nothing.
    pub(super) coupon: Option<CouponSaid>,
    /// How long the household may withdraw.
    pub(super) withdrawal_days: Option<u16>,
    pub(super) store_fails: bool,
    pub(super) store_silent: bool,
}

impl Stage {
    pub(super) fn set_shop(&mut self, words: &[&str], rest: &str) {
        let ShopManner { store_fails, store_silent, .. } = self.shop;
        let payment = self.shop.payment.take();
        self.shop = ShopManner { store_fails, store_silent, payment, ..ShopManner::default() };
        let value = || words[1];
        match words[0] {
            "silent" => self.shop.silent = true,
            "no" => self.shop.code = Some(value().into()),
            "price" => self.shop.price = Some(value().parse().unwrap()),
            "fee" => self.shop.fee = value().parse().unwrap(),
            "sends" => self.shop.sku = Some(value().into()),
            "qty" => self.shop.qty = Some(value().parse().unwrap()),
            "title" => self.shop.title = Some(rest.trim_start_matches("title ").into()),
            "total_off" => self.shop.total_off = value().parse().unwrap(),
            "recurring" => self.shop.recurring = true,
            "withdrawal_days" => self.shop.withdrawal_days = Some(value().parse().unwrap()),
            "surge" => self.shop.surge = Some(value().parse().unwrap()),
            "payment" => {
                let method = serde_json::from_value(value().into()).unwrap();
                let label = words.get(2..).filter(|words| !words.is_empty()).map(|words| words.join(" "));
                self.shop.payment = Some(Payment { method, id: format!("id of {}", words[1..].join(" ")), label });
            }
            "coupon" => self.shop.coupon = Some(CouponSaid::Taken { amount: value().parse().unwrap() }),
            "no_coupon" => {
                let minimum = words.get(2).map(|minimum| minimum.parse().unwrap());
                self.shop.coupon = Some(CouponSaid::Refused { code: value().into(), minimum });
            }
            "is" => self.shop.seller = Some(value().into()),
            "currency" => self.shop.currency = Some(value().into()),
            "valid_s" => self.shop.valid_s = Some(value().parse().unwrap()),
            "honest" => {}
            other => panic!("unknown manner {other}"),
        }
    }

    pub(super) fn answer_quote(&mut self, request_id: String, wanted: &[Wanted]) {
        if self.shop.silent {
            return;
        }
        let event = match self.shop.code.clone() {
            Some(code) => Event::NotQuoted { request_id, code },
            None => Event::Quoted(self.quote(request_id, wanted)),
        };
        self.events.push_back((SHOP_MS, event));
    }

    pub(super) fn quote(&self, request_id: String, wanted: &[Wanted]) -> Quote {
        let shop = &self.shop;
        let catalog = catalog();
        let lines: Vec<QuoteLine> = wanted
            .iter()
            .map(|line| {
                let sku = shop.sku.clone().unwrap_or_else(|| line.sku.clone());
                let product = catalog.product(&sku).unwrap();
                let qty = shop.qty.unwrap_or(line.qty);
                let unit_amount = shop.price.unwrap_or(product.unit_amount);
                let title = shop.title.clone().unwrap_or_else(|| product.title(self.lang).to_owned());
                QuoteLine {
                    sku,
                    title,
                    qty,
                    unit_amount,
                    total: unit_amount * i64::from(qty),
                    options: BTreeMap::new(),
                }
            })
            .collect();
        let day_ms = self.now().wall.map_or(DAY_0_UNIX_MS, |wall| wall.unix_ms) + 2 * DAY_MS;
        let discount = match &shop.coupon {
            Some(CouponSaid::Taken { amount }) => *amount,
            Some(CouponSaid::Refused { .. }) | None => 0,
        };
        Quote {
            quote_id: format!("q-{request_id}"),
            request_id,
            hash: "00".repeat(32),
            shop: shop.seller.clone().unwrap_or_else(|| "corner".into()),
            seller: "Corner shop".into(),
            currency: shop.currency.clone().unwrap_or_else(|| "EUR".into()),
            total: lines.iter().map(|line| line.total).sum::<i64>() + shop.fee + shop.total_off - discount,
            lines,
            delivery: Delivery { earliest_unix_ms: day_ms, latest_unix_ms: day_ms, amount: shop.fee },
            valid_s: shop.valid_s.unwrap_or(900),
            withdrawal_days: shop.withdrawal_days.unwrap_or(14),
            recurring: shop.recurring,
            because: None,
            payment: shop.payment.clone().map(Box::new),
            coupon: shop.coupon.clone().map(Box::new),
            surge: self.shop.surge.map(|homes| Surge { homes, minutes: 10 }),
        }
    }
}
