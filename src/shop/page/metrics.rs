//! The numbers in Prometheus's text format 0.0.4. Pure.
//!
//! A writer of our own, since there is little to write and all of it comes from the book: the usual crates count in the
//! memory of one process.

use crate::shop::book::figures::{Figures, HANDOVER_S};
use std::collections::BTreeMap;
use std::fmt::Write;

/// `now_unix_ms` is for what is told as an age.
pub fn render(figures: &Figures, now_unix_ms: Option<i64>) -> String {
    let mut text = Text(String::with_capacity(4096));
    text.counter("quotes", "Quotes given, offers of people included.", figures.quoted);
    text.counters("quotes_refused", "Requests for which there was no price.", "code", &figures.not_quoted);
    text.counter("orders", "Orders that came and were booked or held, since quotes are counted.", figures.ordered);
    text.family("orders_by_state", "gauge", "Orders in the book by the state that they are in.");
    for (state, number) in &figures.orders {
        text.sample("orders_by_state", &[("state", state)], number);
    }
    text.counters("orders_rejected", "Orders that were rejected.", "code", &figures.rejected);
    text.counters("orders_held", "Orders that were held until an adult approves them.", "code", &figures.held);
    text.counter("orders_approved", "Held orders that an adult approved.", figures.approved);
    let cancelled = figures.orders.get("cancelled").copied().unwrap_or_default();
    text.counter("cancellations", "Orders in the book that were cancelled.", cancelled);
    text.counter("withdrawals", "Orders from which the household withdrew.", figures.withdrawn);
    text.counter("handover_requests", "Conversations in which a household asked for a person.", figures.requested);
    text.gauge("handover_waiting", "Conversations that wait for a person.", figures.waiting);
    handover(&mut text, figures);
    text.counters("messages_refused", "Messages that were not used.", "reason", &figures.refused);
    text.gauge("webhook_queue", "Events that wait for the shop system.", figures.webhook_waiting);
    let age = figures.webhook_oldest_unix_ms.zip(now_unix_ms).map_or(0, |(oldest, now)| (now - oldest).max(0) / 1000);
    text.gauge("webhook_oldest_seconds", "Age of the oldest event that waits.", age);
    text.gauge("webhook_dead_letters", "Events that the shop system never took.", figures.webhook_dead);
    text.counter("webhook_delivered", "Events that the shop system took.", figures.webhook_delivered);
    text.counter("webhook_failures", "Tries that failed.", figures.webhook_failed);
    text.0
}

fn handover(text: &mut Text, figures: &Figures) {
    text.family("handover_seconds", "histogram", "Time from a household's request until a person came.");
    let mut so_far = 0;
    for (bound, number) in HANDOVER_S.iter().zip(figures.handover) {
        so_far += number;
        text.sample("handover_seconds_bucket", &[("le", &bound.to_string())], so_far);
    }
    text.sample("handover_seconds_bucket", &[("le", "+Inf")], figures.handovers());
    let ms = figures.handover_sum_ms.max(0);
    text.sample("handover_seconds_sum", &[], format!("{}.{:03}", ms / 1000, ms % 1000));
    text.sample("handover_seconds_count", &[], figures.handovers());
}

struct Text(String);

impl Text {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        self.line(format_args!("# HELP tendero_shop_{name} {help}\n# TYPE tendero_shop_{name} {kind}"));
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: impl std::fmt::Display) {
        let labels: Vec<String> =
            labels.iter().map(|(label, value)| format!("{label}=\"{}\"", escaped(value))).collect();
        match labels.is_empty() {
            true => self.line(format_args!("tendero_shop_{name} {value}")),
            false => self.line(format_args!("tendero_shop_{name}{{{}}} {value}", labels.join(","))),
        }
    }

    fn gauge(&mut self, name: &str, help: &str, value: i64) {
        self.family(name, "gauge", help);
        self.sample(name, &[], value);
    }

    fn counter(&mut self, name: &str, help: &str, value: i64) {
        let name = format!("{name}_total");
        self.family(&name, "counter", help);
        self.sample(&name, &[], value);
    }

    fn counters(&mut self, name: &str, help: &str, label: &str, values: &BTreeMap<String, i64>) {
        let name = format!("{name}_total");
        self.family(&name, "counter", help);
        values.iter().for_each(|(value, number)| self.sample(&name, &[(label, value)], number));
    }

    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        writeln!(self.0, "{line}").expect("a string takes everything");
    }
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_number_is_told_in_the_format_that_prometheus_reads() {
        let figures = Figures {
            orders: BTreeMap::from([("accepted".into(), 3), ("cancelled".into(), 1)]),
            ordered: 4,
            quoted: 10,
            rejected: BTreeMap::from([("odd \"\\\n".into(), 2)]),
            handover: [1, 2, 0, 0, 0, 0, 0, 0, 1],
            handover_sum_ms: 5_021_500,
            webhook_waiting: 1,
            webhook_oldest_unix_ms: Some(1_000),
            ..Figures::default()
        };
        let text = render(&figures, Some(8_999));
        for line in [
            "# TYPE tendero_shop_orders_total counter",
            "tendero_shop_orders_total 4",
            "tendero_shop_orders_by_state{state=\"accepted\"} 3",
            "tendero_shop_cancellations_total 1",
            "tendero_shop_orders_rejected_total{code=\"odd \\\"\\\\\\n\"} 2",
            "tendero_shop_handover_seconds_bucket{le=\"15\"} 1",
            "tendero_shop_handover_seconds_bucket{le=\"3600\"} 3",
            "tendero_shop_handover_seconds_bucket{le=\"+Inf\"} 4",
            "tendero_shop_handover_seconds_sum 5021.500",
            "tendero_shop_handover_seconds_count 4",
            "tendero_shop_webhook_oldest_seconds 7",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} in\n{text}");
        }
        // A type is said once, before its samples.
        let mut types: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")).collect();
        let count = types.len();
        types.sort_unstable();
        types.dedup();
        assert_eq!(types.len(), count);
        assert!(text.ends_with('\n') && !text.contains("\n\n"));
    }
}
