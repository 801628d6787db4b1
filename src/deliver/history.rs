//! Asks the shop once what it has on this home: all orders, page by page.
//!
//! The shop's texts are cleaned before anybody sees them. Changes nothing, here and there.

use super::envelope::{self, Body, HISTORY_PAGE, History, HistoryGet, PastOrder, Presence, SealError};
use super::handover::Pins;
use super::keys::Keys;
use super::mqtt::{BrokerConfig, Client, ToPublish, Trouble};
use super::talk::{Ended, Talk};
use super::topic::{self, Route};
use crate::clean;
use crate::clock::Clock;
use crate::understand::Lang;
use std::collections::BTreeSet;
use std::time::Duration;

/// How long the shop has for each page.
const PATIENCE: Duration = Duration::from_secs(15);
/// The request is said again after this time.
const AGAIN: Duration = Duration::from_secs(3);
/// How long a request is worth an answer, milliseconds.
const LIFE_MS: i64 = 60_000;
/// Pages that are read; more than a shop gives within an hour.
const MAX_PAGES: usize = 100;
/// Longest text and longest name of a shop that is shown, characters.
const MAX_TEXT: usize = 120;
const MAX_NAME: usize = 64;

/// Why there is no history.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    #[error(transparent)]
    Broker(#[from] Trouble),
    #[error("the broker {0} could not be reached: {1}")]
    Unreachable(String, String),
    #[error(
        "the shop did not answer within {} s: perhaps it does not tell households what it has on them; the orders that this speaker knows: tendero orders list",
        PATIENCE.as_secs()
    )]
    NoAnswer,
    #[error("the shop is away; the orders that this speaker knows: tendero orders list")]
    Away,
    #[error("the shop does not know this speaker: pair it with tendero pair CODE")]
    NotPaired,
    #[error("the shop was asked too often; ask again in an hour")]
    Rate,
    #[error("the shop refused: {0}")]
    Refused(String),
    #[error("the shop's answer makes no sense: {0}")]
    Nonsense(&'static str),
    #[error(transparent)]
    Message(#[from] SealError),
}

/// What the shop has, the newest first. `all` is false where older ones were left out.
#[derive(Debug)]
pub struct Told {
    pub orders: Vec<PastOrder>,
    pub all: bool,
}

/// Asks for every order of the home, or for the newest `limit`.
///
/// # Errors
/// [`HistoryError`].
pub async fn ask(
    broker: BrokerConfig,
    route: &Route,
    shop: &Pins,
    keys: &Keys,
    lang: Lang,
    limit: Option<usize>,
    clock: &Clock,
) -> Result<Told, HistoryError> {
    let mut broker = BrokerConfig { session_expiry_s: 0, ..broker };
    broker.username.get_or_insert_with(|| route.home().into());
    let down = route.down(History::KIND);
    // Not the daemon's own client id: it may be running.
    let client_id = format!("{}.history", route.client_id());
    let client = Client { client_id, subscriptions: vec![down, topic::shop_state(route.shop())], will: None };
    let mut told = Told { orders: vec![], all: false };
    let mut after = None;
    let mut talk = Talk::start(broker, client, PATIENCE)?;
    for _ in 0..MAX_PAGES {
        let left = limit.map_or(HISTORY_PAGE as usize, |limit| limit - told.orders.len());
        let get = HistoryGet {
            aud: route.up(HistoryGet::KIND),
            request_id: envelope::random_hex128(),
            limit: u32::try_from(left).unwrap_or(HISTORY_PAGE).min(HISTORY_PAGE),
            after,
            language: lang,
        };
        talk.goes_on();
        let page = page(&mut talk, &get, route, shop, keys, clock).await?;
        let before = told.orders.len();
        told.orders.extend(page.orders);
        check(&told.orders, before)?;
        told.all = page.next.is_none();
        after = page.next;
        if told.all || limit.is_some_and(|limit| told.orders.len() >= limit) {
            break;
        }
        if told.orders.len() == before {
            return Err(HistoryError::Nonsense("an empty page, and more to come"));
        }
    }
    talk.mqtt.stop();
    Ok(told)
}

/// The answer to this request, asked for until it comes.
async fn page(
    talk: &mut Talk,
    get: &HistoryGet,
    route: &Route,
    shop: &Pins,
    keys: &Keys,
    clock: &Clock,
) -> Result<History, HistoryError> {
    let mut again = tokio::time::interval(AGAIN);
    loop {
        let event = tokio::select! {
            event = talk.next() => event.map_err(ended)?,
            _ = again.tick() => None,
        };
        let Some(message) = event else {
            let now = clock.unix_ms().unwrap_or(0);
            let payload = envelope::seal(get, &route.device_source(), keys, now, LIFE_MS)?;
            // Not connected yet: it is said again.
            let _ = talk.mqtt.publish(ToPublish { topic: get.aud.clone(), payload, ..ToPublish::default() });
            continue;
        };
        let now = clock.unix_ms().unwrap_or(i64::MIN);
        if message.topic == topic::shop_state(route.shop()) {
            let state = envelope::open::<Presence>(&message.payload, &message.topic, shop, now);
            message.ack();
            if state.is_ok_and(|state| !state.data.online) {
                talk.mqtt.stop();
                return Err(HistoryError::Away);
            }
            continue;
        }
        let opened = envelope::open::<History>(&message.payload, &message.topic, shop, now);
        let retained = message.retained;
        message.ack();
        let answer = opened.ok().filter(|_| !retained).map(|opened| opened.data);
        let Some(history) = answer.filter(|history| history.request_id == get.request_id) else { continue };
        return match history.code.as_deref() {
            None => Ok(cleaned(history)),
            Some("not_paired") => Err(HistoryError::NotPaired),
            Some("rate") => Err(HistoryError::Rate),
            Some(other) => Err(HistoryError::Refused(clean::plain(other, MAX_NAME))),
        };
    }
}

fn ended(ended: Ended) -> HistoryError {
    match ended {
        Ended::Trouble(trouble) => HistoryError::Broker(trouble),
        Ended::Unreachable(url, why) => HistoryError::Unreachable(url, why),
        Ended::Silence => HistoryError::NoAnswer,
    }
}

/// No order twice, so that pages without end are noticed.
fn check(orders: &[PastOrder], before: usize) -> Result<(), HistoryError> {
    if orders.len() - before > HISTORY_PAGE as usize {
        return Err(HistoryError::Nonsense("a page that is too long"));
    }
    let known: BTreeSet<&str> = orders[..before].iter().map(|order| order.shop_order_no.as_str()).collect();
    if orders[before..].iter().any(|order| known.contains(order.shop_order_no.as_str())) {
        return Err(HistoryError::Nonsense("the same order twice"));
    }
    Ok(())
}

/// For a screen: nobody says it aloud.
fn cleaned(mut history: History) -> History {
    for order in &mut history.orders {
        for name in [&mut order.order_id, &mut order.shop_order_no, &mut order.device, &mut order.currency] {
            *name = clean::plain(name, MAX_NAME);
        }
        for line in &mut order.lines {
            line.sku = clean::plain(&line.sku, MAX_TEXT);
            line.title = clean::plain(&line.title, MAX_TEXT);
            let options = std::mem::take(&mut line.options);
            line.options = options
                .iter()
                .map(|(name, value)| (clean::plain(name, MAX_NAME), clean::plain(value, MAX_NAME)))
                .collect();
        }
    }
    history
}
