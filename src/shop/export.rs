//! Orders as CSV (RFC 4180), for spreadsheets and whoever reads them. Pure.

use super::book::Booking;
use crate::decide::money::Money;
use crate::deliver::envelope::rfc3339;
use std::borrow::Cow;

/// Orders that are read from the book and written at once.
pub const CHUNK: u32 = 500;
const HEADER: [&str; 13] = [
    "number",
    "order_id",
    "home",
    "device",
    "state",
    "rev",
    "booked",
    "since",
    "delivered",
    "withdrawn",
    "currency",
    "total",
    "lines",
];

/// A part of the file: the header goes before the first.
///
/// # Errors
/// Never for what the book can hold; it is the writer's.
pub fn csv(bookings: &[Booking], with_header: bool) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(vec![]);
    if with_header {
        writer.write_record(HEADER)?;
    }
    for booking in bookings {
        let time = |unix_ms: Option<i64>| unix_ms.and_then(rfc3339).unwrap_or_default();
        let total = Money::new(booking.total, &booking.currency).decimal();
        let cells = [
            booking.shop_order_no.clone(),
            booking.order_id.clone(),
            booking.home.clone(),
            booking.device.clone(),
            booking.state.clone(),
            booking.rev.to_string(),
            time(Some(booking.booked_unix_ms)),
            time(booking.since_unix_ms),
            time(booking.delivered_unix_ms),
            time(booking.withdrawn_unix_ms),
            booking.currency.clone(),
            total,
            lines(booking),
        ];
        writer.write_record(cells.iter().map(|cell| harmless(cell).into_owned()))?;
    }
    writer.into_inner().map_err(|why| csv::Error::from(std::io::Error::other(why.to_string())))
}

/// What was ordered, in one line: `2 x heads, 1 x coffee (size: large)`.
pub fn lines(booking: &Booking) -> String {
    let lines = booking.order["lines"].as_array().map(Vec::as_slice).unwrap_or_default();
    let line = |line: &serde_json::Value| {
        let options = line["options"].as_object().into_iter().flatten();
        let options: Vec<String> =
            options.map(|(name, value)| format!("{name}: {}", value.as_str().unwrap_or("?"))).collect();
        let options = if options.is_empty() { String::new() } else { format!(" ({})", options.join(", ")) };
        format!("{} x {}{options}", line["qty"], line["sku"].as_str().unwrap_or("?"))
    };
    lines.iter().map(line).collect::<Vec<_>>().join(", ")
}

/// A spreadsheet takes a cell that begins like this for a formula, and formulas can do harm (OWASP, "CSV injection"): an
/// apostrophe makes it text. Numbers stay numbers.
fn harmless(cell: &str) -> Cow<'_, str> {
    let begins = cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    let is_number = cell.strip_prefix('-').unwrap_or(cell).bytes().all(|b| b.is_ascii_digit() || b == b'.');
    if begins && !is_number { format!("'{cell}").into() } else { cell.into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn booking(no: i64, sku: &str) -> Booking {
        Booking {
            no,
            shop_order_no: format!("T-{no:06}"),
            home: "casa".into(),
            device: "-kitchen".into(),
            order_id: "0".repeat(32),
            state: "accepted".into(),
            rev: 1,
            order: json!({"lines": [{"sku": sku, "qty": 2, "options": {"size": "large"}}]}),
            total: 1_689,
            currency: "EUR".into(),
            booked_unix_ms: 1_793_533_770_000,
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
        }
    }

    #[test]
    fn what_is_written_is_read_back_and_no_cell_is_a_formula() {
        let hostile = "a\"b,\r\nc;<script>";
        let text = csv(&[booking(7, hostile)], true).unwrap();
        let mut reader = csv::Reader::from_reader(&text[..]);
        assert_eq!(reader.headers().unwrap().iter().collect::<Vec<_>>(), HEADER);
        let row = reader.records().next().unwrap().unwrap();
        assert_eq!((&row[0], &row[3], &row[6]), ("T-000007", "'-kitchen", "2026-11-01T11:49:30Z"));
        assert_eq!((&row[10], &row[11]), ("EUR", "16.89"));
        assert_eq!(row[12], format!("2 x {hostile} (size: large)"));
        assert!(text.ends_with(b"\r\n"));
        for (cell, expected) in [
            ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
            ("+1+1", "'+1+1"),
            ("-1+1", "'-1+1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t=1"),
            ("＝1", "'＝1"),
            ("-16.89", "-16.89"),
            ("16.89", "16.89"),
            ("a=b", "a=b"),
            ("", ""),
        ] {
            assert_eq!(harmless(cell), expected);
        }
    }
}
