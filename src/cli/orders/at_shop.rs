//! `tendero orders shop`: what the shop has on this home, by its own signed word.

use super::local_time;
use crate::clock::Clock;
use crate::config::Config;
use crate::daemon::start::{broker, make_private_dir, shop_key};
use crate::decide::money::Money;
use crate::deliver::envelope::PastOrder;
use crate::deliver::history::{self, Told};
use crate::deliver::keys::Keys;
use crate::deliver::store::{FILE, Store};
use crate::deliver::topic::Route;
use anyhow::ensure;
use comfy_table::{Table, presets};
use std::time::Duration;

/// # Errors
/// No shop that this device is paired with; a broker or a shop that does not answer, or refuses.
pub async fn list(config: &Config, limit: Option<u32>, json: bool) -> anyhow::Result<()> {
    let shop = &config.shop.name;
    ensure!(!config.shop.key.is_empty(), "this device is not paired with a shop; pair it with tendero pair CODE");
    make_private_dir(&config.state.dir)?;
    let route = Route::new(&config.home.name, &config.home.device, shop)?;
    let store = Store::open(&config.state.dir.join(FILE))?;
    let pins = shop_key(config, &store)?;
    drop(store);
    let keys = Keys::load_or_make(&config.state.dir)?;
    let bar = indicatif::ProgressBar::new_spinner().with_message(format!("asking {shop}"));
    bar.enable_steady_tick(Duration::from_millis(120));
    let (lang, clock) = (config.home.language, Clock::system());
    let limit = limit.map(|limit| limit as usize);
    let told = history::ask(broker(config), &route, &pins, &keys, lang, limit, &clock).await;
    bar.finish_and_clear();
    let Told { orders, all } = told?;
    if json {
        for order in &orders {
            println!("{}", serde_json::to_string(order)?);
        }
    } else if orders.is_empty() {
        println!("{shop} has no order of {}", config.home.name);
    } else {
        println!("{}", table(&orders));
    }
    if !all {
        eprintln!("{shop} has older ones, too; they were left out");
    }
    Ok(())
}

fn table(orders: &[PastOrder]) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(["number", "ordered", "speaker", "state", "total", "what"]);
    for order in orders {
        table.add_row([
            order.shop_order_no.clone(),
            local_time(order.booked.unix_ms),
            order.device.clone(),
            order.state.name().replace('_', " "),
            Money::new(order.total, &order.currency).to_string(),
            order.lines.iter().map(|line| format!("{} × {}", line.qty, line.title)).collect::<Vec<_>>().join(", "),
        ]);
    }
    table.trim_fmt()
}
