//! The page itself: the numbers, and the orders newest first. Pure; what comes from outside goes through [`escaped`].

use super::rejected_in_all;
use crate::decide::money::Money;
use crate::deliver::envelope::rfc3339;
use crate::shop::book::Booking;
use crate::shop::book::figures::{Figures, HANDOVER_S};
use crate::shop::export;
use std::fmt::Write;

pub const STYLE: &str = "\
:root{color-scheme:light dark;font:16px/1.45 system-ui,sans-serif}body{margin:1.5rem auto;max-width:75rem;padding:0 1rem}\
h1{font-size:1.4rem}dl{display:grid;grid-template-columns:repeat(auto-fill,minmax(11rem,1fr));gap:.75rem;margin:1rem 0}\
dl div{border:1px solid #8886;border-radius:.4rem;padding:.5rem .75rem}dt{font-size:.85rem;opacity:.75}dd{margin:0;font-size:1.25rem}\
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.4rem .6rem;border-bottom:1px solid #8884;vertical-align:top}\
td.sum{text-align:right;white-space:nowrap}time{white-space:nowrap}tr.held{background:#fc03}b.held{color:#a50}nav{margin:1rem 0}nav a{margin-right:1rem}\
@media (prefers-color-scheme:dark){b.held{color:#fb5}}";

pub struct View<'a> {
    pub seller: &'a str,
    /// The newest first.
    pub orders: &'a [Booking],
    pub figures: &'a Figures,
    /// The number below which there are more.
    pub older: Option<i64>,
}

/// `is_back`: there are newer orders than these.
pub fn render(view: &View<'_>, is_back: bool) -> String {
    let seller = escaped(view.seller);
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Orders - {seller}</title>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><link rel=\"stylesheet\" href=\"/style.css\">\
         </head><body><h1>Orders of <bdi>{seller}</bdi></h1>\n"
    );
    numbers(&mut page, view);
    page.push_str(
        "<div class=\"wide\"><table><thead><tr><th>Number</th><th>Booked</th><th>Household</th><th>Lines</th>\
         <th>Total</th><th>State</th></tr></thead><tbody>\n",
    );
    view.orders.iter().for_each(|order| row(&mut page, order));
    page.push_str("</tbody></table></div>\n");
    if view.orders.is_empty() {
        page.push_str("<p>No orders here.</p>\n");
    }
    page.push_str("<nav>");
    if is_back {
        page.push_str("<a href=\"/\">Newest</a>");
    }
    if let Some(before) = view.older {
        put(&mut page, format_args!("<a rel=\"next\" href=\"/?before={before}\">Older</a>"));
    }
    page.push_str("<a href=\"/orders.csv\">All as CSV</a><a href=\"/metrics\">Metrics</a></nav></body></html>\n");
    page
}

fn numbers(page: &mut String, view: &View<'_>) {
    let figures = view.figures;
    let state = |name: &str| figures.orders.get(name).copied().unwrap_or_default();
    let conversion = figures.conversion_percent().map_or("-".into(), |percent| format!("{percent} %"));
    let webhook = match (figures.webhook, figures.webhook_dead) {
        (false, 0) => "off".to_owned(),
        (_, dead) => format!("{} waiting, {dead} dead", figures.webhook_waiting),
    };
    let refused: i64 = figures.refused.values().sum();
    page.push_str("<dl>");
    for (name, value) in [
        ("Quotes", figures.quoted.to_string()),
        ("Ordered of them", format!("{} ({conversion})", figures.ordered)),
        ("Held now", state("held").to_string()),
        ("Rejected", with_codes(rejected_in_all(figures), &figures.rejected)),
        ("Cancelled", state("cancelled").to_string()),
        ("Withdrawn", figures.withdrawn.to_string()),
        ("Ask for a person now", figures.waiting.to_string()),
        ("A person came within", handover(figures)),
        ("Messages not used", with_codes(refused, &figures.refused)),
        ("Webhook", webhook),
    ] {
        put(page, format_args!("<div><dt>{name}</dt><dd>{}</dd></div>", escaped(&value)));
    }
    page.push_str("</dl>\n");
}

/// The number, and what most of it was.
fn with_codes(all: i64, codes: &std::collections::BTreeMap<String, i64>) -> String {
    match codes.iter().max_by_key(|(_, number)| **number) {
        Some((code, number)) => format!("{all} ({code}: {number})"),
        None => all.to_string(),
    }
}

/// The bound below which at least half of the persons came.
fn handover(figures: &Figures) -> String {
    let all = figures.handovers();
    if all == 0 {
        return "-".into();
    }
    let mut so_far = 0;
    for (bound, number) in HANDOVER_S.iter().zip(figures.handover) {
        so_far += number;
        if so_far * 2 >= all {
            return format!("{bound} s, half of {all}");
        }
    }
    format!("over an hour, half of {all}")
}

fn row(page: &mut String, order: &Booking) {
    let is_held = order.state == "held";
    let booked = rfc3339(order.booked_unix_ms).unwrap_or_default();
    let state =
        if is_held { "<b class=\"held\">held: an adult must approve</b>".into() } else { escaped(&order.state) };
    put(
        page,
        format_args!(
            "<tr{}><td>{}</td><td><time datetime=\"{booked}\">{}</time></td><td><bdi>{}/{}</bdi></td><td><bdi>{}</bdi></td>\
             <td class=\"sum\">{}</td><td>{state}</td></tr>\n",
            if is_held { " class=\"held\"" } else { "" },
            escaped(&order.shop_order_no),
            escaped(&booked.replace('T', " ")),
            escaped(&order.home),
            escaped(&order.device),
            escaped(&export::lines(order)),
            escaped(&Money::new(order.total, &order.currency).to_string()),
        ),
    );
}

fn put(page: &mut String, text: std::fmt::Arguments<'_>) {
    page.write_fmt(text).expect("a string takes everything");
}

/// Text of others as text and nothing else, in an element or between quotation marks. Characters that nobody sees go: some
/// turn the order of the letters around.
pub fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {}
            c if c.is_control() => safe.push(' '),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn nothing_that_comes_from_outside_becomes_markup() {
        let hostile = "</title><script>alert(1)</script>\" onload='x' &amp; \u{202e}\n";
        let order = Booking {
            no: 1,
            shop_order_no: hostile.into(),
            home: hostile.into(),
            device: hostile.into(),
            order_id: hostile.into(),
            state: hostile.into(),
            rev: 1,
            order: json!({"lines": [{"sku": hostile, "qty": 1, "options": {hostile: hostile}}]}),
            total: 1,
            currency: hostile.into(),
            booked_unix_ms: 0,
            expires_unix_ms: None,
            since_unix_ms: None,
            delivered_unix_ms: None,
            withdrawn_unix_ms: None,
            withdrawal_days: None,
            held_for: None,
            payment: None,
            payment_state: None,
            coupon: None,
            discount: 0,
        };
        let figures = Figures {
            rejected: [(hostile.to_owned(), 1)].into(),
            refused: [(hostile.to_owned(), 1)].into(),
            ..Figures::default()
        };
        let view = View { seller: hostile, orders: &[order], figures: &figures, older: Some(1) };
        let page = render(&view, true);
        assert!(!page.contains("<script") && !page.contains("' ") && !page.contains('\u{202e}'), "{page}");
        assert_eq!(page.matches("</title>").count(), 1);
        assert_eq!(page.matches("&lt;script&gt;").count(), 12, "{page}");
    }
}
