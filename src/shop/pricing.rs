//! Prices for a request, from the catalogue. Pure.

use crate::deliver::envelope::{Delivery, Moment, QuoteLine, QuoteRequest, Totals, WantedLine};
use crate::understand::catalog::{Catalog, Product};

const DAY_MS: i64 = 24 * 3_600_000;
/// Lines in one request.
const MAX_LINES: usize = 50;

/// What the shop charges and promises for delivery.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Terms {
    /// Minor units; nothing from `free_from_minor` on.
    pub delivery_minor: i64,
    pub free_from_minor: i64,
    /// Days until the first and the last day of delivery.
    pub earliest_days: u16,
    pub latest_days: u16,
    /// How long a quote can be confirmed, seconds.
    pub valid_s: u32,
    pub withdrawal_days: u16,
}

impl Default for Terms {
    fn default() -> Terms {
        Terms {
            delivery_minor: 390,
            free_from_minor: 2_000,
            earliest_days: 1,
            latest_days: 2,
            valid_s: 900,
            withdrawal_days: 14,
        }
    }
}

/// Why there is no price: the code on the wire, and the product that it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoPrice {
    pub code: &'static str,
    pub sku: Option<String>,
}

/// Everything of a quote that follows from the catalogue.
pub struct Price {
    pub lines: Vec<QuoteLine>,
    pub totals: Totals,
    pub delivery: Delivery,
}

/// # Errors
/// [`NoPrice`] for the first line that can't be sold as asked.
pub fn price(catalog: &Catalog, terms: &Terms, request: &QuoteRequest, now_unix_ms: i64) -> Result<Price, NoPrice> {
    if request.lines.is_empty() || request.lines.len() > MAX_LINES {
        return Err(NoPrice { code: "too_many", sku: None });
    }
    let lines: Vec<QuoteLine> =
        request.lines.iter().map(|wanted| line(catalog, request, wanted)).collect::<Result<_, _>>()?;
    let too_much = || NoPrice { code: "quantity", sku: None };
    let goods = lines.iter().try_fold(0i64, |sum, line| sum.checked_add(line.total)).ok_or_else(too_much)?;
    let amount = if goods >= terms.free_from_minor { 0 } else { terms.delivery_minor };
    let total = goods.checked_add(amount).ok_or_else(too_much)?;
    let day = |days: u16| Moment::new((now_unix_ms.div_euclid(DAY_MS) + i64::from(days)) * DAY_MS);
    Ok(Price {
        lines,
        totals: Totals { goods, discount: 0, delivery: amount, total },
        delivery: Delivery {
            earliest: day(terms.earliest_days),
            latest: day(terms.latest_days.max(terms.earliest_days)),
            amount,
        },
    })
}

fn line(catalog: &Catalog, request: &QuoteRequest, wanted: &WantedLine) -> Result<QuoteLine, NoPrice> {
    let no = |code| NoPrice { code, sku: wanted.sku.clone() };
    let product = find(catalog, wanted).ok_or_else(|| no("unknown_product"))?;
    if wanted.qty == 0 || wanted.qty > product.max_qty {
        return Err(no("quantity"));
    }
    for (name, value) in &wanted.options {
        let option = product.options.iter().find(|option| option.name == *name).ok_or_else(|| no("unknown_option"))?;
        option.values.iter().find(|known| known.value == *value).ok_or_else(|| no("unknown_option"))?;
    }
    if product.options.iter().any(|option| option.required && !wanted.options.contains_key(&option.name)) {
        return Err(no("unknown_option"));
    }
    let total = product.unit_amount.checked_mul(i64::from(wanted.qty)).ok_or_else(|| no("quantity"))?;
    Ok(QuoteLine {
        sku: product.sku.clone(),
        gtin: product.gtin.clone(),
        title: product.title(request.language).into(),
        pack: Some(product.pack.clone()),
        qty: wanted.qty,
        unit_amount: product.unit_amount,
        total,
        options: wanted.options.clone(),
        last_paid: None,
    })
}

fn find<'a>(catalog: &'a Catalog, wanted: &WantedLine) -> Option<&'a Product> {
    match (&wanted.sku, &wanted.gtin) {
        (Some(sku), _) => catalog.product(sku),
        (None, Some(gtin)) => catalog.products.iter().find(|product| product.gtin.as_ref() == Some(gtin)),
        (None, None) => None,
    }
}
