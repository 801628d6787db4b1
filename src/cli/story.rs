//! What became of an order, or of a request, in plain words and in the household's language.

use super::orders::{lines, local_time};
use crate::clock::Clock;
use crate::decide::money::Money;
use crate::decide::order::{Order, QuoteLine};
use crate::decide::reply::{Item, Reply};
use crate::decide::second_ear;
use crate::decide::when::Moment;
use crate::deliver::store::{AuditEntry, Store};
use crate::speak::wording::Wording;
use crate::understand::Lang;

/// How it is shown.
#[derive(Debug, Clone, Copy)]
pub enum Format {
    /// For a person; `guards`: what each of them looked at, too.
    Words {
        guards: bool,
    },
    Json,
}

/// The whole story of an order.
///
/// # Errors
/// The store can't be read.
pub fn show(store: &Store, order: &Order, lang: Lang, format: Format) -> anyhow::Result<()> {
    let (audit, steps) = (store.audit(Some(&order.id))?, store.steps(&order.id)?);
    let guards = match format {
        Format::Words { guards } => guards,
        Format::Json => {
            println!("{}", serde_json::json!({ "order": order, "audit": audit, "steps": steps }));
            return Ok(());
        }
    };
    let wording = Wording::new()?;
    let delivery = Money::new(order.quote.delivery.amount, &order.quote.currency);
    println!("order      {}", order.id);
    println!("state      {}", order.state.name().replace('_', " "));
    println!("what       {}", lines(order));
    println!("total      {} (delivery {delivery})", order.quote.total());
    println!("seller     {}", order.quote.seller);
    println!("held until {}", local_time(order.hold_until_unix_ms));
    if let Some(delivered) = order.delivered_unix_ms {
        println!("delivered  {} (withdrawal: {} days)", local_time(delivered), order.quote.withdrawal_days);
    }
    if let Some(number) = &order.shop_order_no {
        println!("shop's no. {number}");
    }
    println!();
    for entry in &audit {
        tell(entry, &wording, lang, guards);
    }
    line(Some(order.confirmed.at_unix_ms), &wording.confirmed(&order.confirmed, lang));
    for step in &steps {
        line(step.at_unix_ms, &wording.step(step, lang));
    }
    acknowledgement(order, &wording, lang);
    Ok(())
}

/// That the shop has the household's withdrawal, and since when.
pub fn acknowledgement(order: &Order, wording: &Wording, lang: Lang) {
    let received = order.withdrawal.as_ref().and_then(|withdrawal| withdrawal.received_unix_ms);
    let (Some(received), Some(wall)) = (received, Clock::system().now().wall) else { return };
    let item = |line: &QuoteLine| Item { product: line.title.clone(), qty: line.qty };
    let items = order.quote.lines.iter().map(item).collect();
    let said = wording.sentence(&Reply::Withdrawn { items, at: Some(Moment::of(received, wall)) }, lang);
    line(Some(received), &said);
}

/// What was heard, and what the guards made of it: what each looked at, if `guards`, and what two recognisers understood always.
pub fn tell(entry: &AuditEntry, wording: &Wording, lang: Lang, guards: bool) {
    let mut at = Some(entry.at_unix_ms);
    for said in wording.audit(&entry.heard, &entry.verdicts, lang) {
        match at.take() {
            Some(at_unix_ms) => line(at_unix_ms, &said),
            None => println!("{:18}{said}", ""),
        }
    }
    for verdict in entry.verdicts.iter().filter(|verdict| guards || verdict.guard == second_ear::GUARD) {
        let rung = format!("{:?}", verdict.rung).to_lowercase();
        println!("{:20}{:<13} {rung:<10} {}", "", verdict.guard, verdict.inputs);
    }
}

fn line(at_unix_ms: Option<i64>, said: &str) {
    let at = at_unix_ms.map_or_else(|| "(time unknown)".into(), local_time);
    println!("{at:18}{said}");
}
