//! Conversations: what a household says is written down once and acknowledged; what a person answers is written down
//! and said by the running shop.

use super::{At, Desk, Done, HOUR_MS, Say, Seller, distrusted, refused};
use crate::clean;
use crate::deliver::envelope::{self, Chat, ChatFrom, Handoff, Moment, Quote, QuoteRequest, WantedLine};
use crate::deliver::keys::Keys;
use crate::deliver::store::StoreError;
use crate::deliver::topic::Route;
use crate::shop::ShopEvent;
use crate::shop::book::Book;
use crate::shop::book::chat::{Line, Thread};
use crate::shop::pricing::{self, Terms};
use crate::understand::Lang;
use crate::understand::catalog::Catalog;

/// Characters of one line of a household; the rest is cut off.
const MAX_TEXT: usize = 500;
/// Conversations that a home may begin in an hour, and lines that it may say.
const MAX_THREADS_HOUR: u32 = 10;
const MAX_LINES_HOUR: u32 = 200;
/// A line is worth delivering for so long: speakers go offline.
const LIFE_MS: i64 = 24 * HOUR_MS;

/// What a person does in a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Does {
    Joins,
    Says(String),
    /// Number of the product and packs.
    Offers(String, u32),
    Ends,
}

/// Why a person can't do that.
#[derive(Debug, thiserror::Error)]
pub enum CanNot {
    #[error("there is no such conversation; tendero shop chat lists those that go on")]
    NoThread,
    #[error("this conversation is over")]
    Over,
    #[error("the shop never ran on this data folder, so its prices are not known; start it once")]
    NotLaidOut,
    #[error("there is no price for {sku}: {code}")]
    NoPrice { sku: String, code: &'static str },
    #[error("it can't be signed")]
    Unsigned,
    #[error(transparent)]
    Book(#[from] StoreError),
}

impl Desk {
    pub(super) fn chat(&mut self, at: At<'_>) -> Result<Done, StoreError> {
        let chat = match at.open::<Chat>(at.now) {
            Ok(opened) => opened.data,
            Err(why) => return Ok(distrusted(at.topic, &why)),
        };
        if !envelope::is_hex128(&chat.thread) || chat.from == ChatFrom::Person || chat.quote.is_some() {
            return Ok(refused(at.topic, "no_chat_line", "no line of a household in a conversation"));
        }
        let Desk { book, keys, catalog, .. } = self;
        let shop = Seller { keys, shop: &catalog.shop };
        book.write_for(at.route.home(), |page| {
            let (threads, lines) = page.chat_since(at.route.home(), at.now - HOUR_MS)?;
            let begins = chat.seq == 1 && chat.handoff == Some(Handoff::Requested);
            let mut thread = match page.thread(at.route, &chat.thread)? {
                Some(thread) => thread,
                None if begins && threads < MAX_THREADS_HOUR => new_thread(&at, &chat),
                // Not acknowledged: the device says it again, later.
                None if begins => {
                    return Ok(refused(at.topic, "chat_rate", "this home began too many conversations within an hour"));
                }
                None => {
                    let lost = Chat { handoff: Some(Handoff::Ended), ..blank(at.route, &chat.thread, 0) };
                    let say = shop.seal(&lost, at.now, LIFE_MS).into_iter().collect();
                    return Ok(Done { say, events: vec![] });
                }
            };
            let mut events = vec![];
            let acked = chat.ack.min(thread.said).max(thread.acked);
            let is_next = chat.seq == thread.heard + 1;
            if is_next && lines >= MAX_LINES_HOUR {
                return Ok(refused(at.topic, "chat_rate", "this home said too much within an hour"));
            }
            if is_next {
                thread.heard = chat.seq;
                let line = Line {
                    no: 0,
                    thread: thread.thread.clone(),
                    up: true,
                    seq: chat.seq,
                    name: String::new(),
                    text: clean::plain(&chat.text, MAX_TEXT),
                    handoff: chat.handoff.map(|handoff| name_of(handoff).into()),
                    offer: None,
                    at_unix_ms: at.now,
                };
                if chat.handoff == Some(Handoff::Ended) {
                    thread.state = "ended".into();
                }
                page.put_thread(&thread)?;
                page.put_chat_line(&thread, &line, None)?;
                events.push(ShopEvent::Chat {
                    home: thread.home.clone(),
                    device: thread.device.clone(),
                    thread: thread.thread.clone(),
                    handoff: line.handoff,
                });
            }
            if acked > thread.acked {
                thread.acked = acked;
                page.put_thread(&thread)?;
            }
            let topic = at.route.down(<Chat as envelope::Body>::KIND);
            let mut say = vec![];
            if chat.seq == 0 {
                let again = page.chat_bytes(&thread, thread.acked)?;
                say.extend(again.into_iter().map(|bytes| Say { topic: topic.clone(), bytes }));
            } else {
                say.extend(shop.seal(&blank(at.route, &thread.thread, thread.heard), at.now, LIFE_MS));
            }
            Ok(Done { say, events })
        })
    }
}

/// A person does something in a conversation, beside a shop that runs on the same book: that one then says it.
///
/// # Errors
/// [`CanNot`]; then nothing was written.
pub fn person(book: &mut Book, keys: &Keys, thread: &str, name: &str, does: &Does, now: i64) -> Result<Line, CanNot> {
    let found = book.find_thread(thread)?.ok_or(CanNot::NoThread)?;
    let laid_out = book.laid_out()?;
    let route = found.route().map_err(|_| CanNot::NoThread)?;
    let shop = Seller { keys, shop: route.shop() };
    let offer = match does {
        Does::Offers(sku, qty) => {
            let (quote, valid_ms) = offer(laid_out.ok_or(CanNot::NotLaidOut)?, &route, &found, name, sku, *qty, now)?;
            let payment = book.write(|page| page.way(route.home()))?.map(|way| way.payment);
            Some((Quote { payment, ..quote }, valid_ms))
        }
        Does::Joins | Does::Says(_) | Does::Ends => None,
    };
    book.write_for(route.home(), |page| {
        let Some(mut thread) = page.thread(&route, &found.thread)?.filter(|thread| thread.state != "ended") else {
            return Ok(Err(CanNot::Over));
        };
        thread.said += 1;
        let (text, handoff) = match does {
            Does::Joins => (String::new(), Some(Handoff::Joined)),
            Does::Says(text) => (clean::plain(text, MAX_TEXT), None),
            Does::Offers(..) => (String::new(), None),
            Does::Ends => (String::new(), Some(Handoff::Ended)),
        };
        thread.state = if handoff == Some(Handoff::Ended) { "ended".into() } else { "joined".into() };
        thread.person = name.into();
        if thread.joined_unix_ms.is_none() {
            thread.joined_unix_ms = Some(now);
            page.count_handover(now.saturating_sub(thread.opened_unix_ms))?;
        }
        let (quote, valid_ms) = offer.clone().map_or((None, 0), |(quote, valid_ms)| (Some(quote), valid_ms));
        let told = quote.as_ref().map(|quote| {
            let lines: Vec<String> = quote.lines.iter().map(|line| format!("{} x {}", line.qty, line.title)).collect();
            format!("{}, {} {}", lines.join(", "), quote.totals.total, quote.currency)
        });
        let body = Chat {
            seq: thread.said,
            from: ChatFrom::Person,
            name: name.into(),
            text: text.clone(),
            handoff,
            at: Some(Moment::new(now)),
            quote: quote.clone(),
            ..blank(&route, &thread.thread, thread.heard)
        };
        let life_ms = if valid_ms > 0 { valid_ms.max(HOUR_MS) } else { LIFE_MS };
        let Some(say) = shop.seal(&body, now, life_ms) else { return Ok(Err(CanNot::Unsigned)) };
        if let Some(quote) = &quote {
            let (Some(hash), Ok(body)) = (envelope::hash_of_member(&say.bytes, "quote"), serde_json::to_string(quote))
            else {
                return Ok(Err(CanNot::Unsigned));
            };
            page.add_quote(&route, &hash, &body, now + valid_ms)?;
            page.count_offer()?;
        }
        let line = Line {
            no: 0,
            thread: thread.thread.clone(),
            up: false,
            seq: thread.said,
            name: name.into(),
            text,
            handoff: handoff.map(|handoff| name_of(handoff).into()),
            offer: told,
            at_unix_ms: now,
        };
        page.put_thread(&thread)?;
        page.put_chat_line(&thread, &line, Some(&say.bytes))?;
        page.say(&say.topic, &say.bytes)?;
        Ok(Ok(line))
    })?
}

/// A quote at the catalogue's price, and for how long it can be confirmed.
fn offer(
    laid_out: (String, String, String),
    route: &Route,
    thread: &Thread,
    name: &str,
    sku: &str,
    qty: u32,
    now: i64,
) -> Result<(Quote, i64), CanNot> {
    let (catalog, terms, seller) = laid_out;
    let catalog = Catalog::from_json(&catalog).map_err(|_| CanNot::NotLaidOut)?;
    let terms: Terms = serde_json::from_str(&terms).map_err(|_| CanNot::NotLaidOut)?;
    let language: Lang = thread.language.parse().unwrap_or_default();
    let aud = route.down(<Chat as envelope::Body>::KIND);
    let wanted = WantedLine { sku: Some(sku.into()), gtin: None, text: None, qty, options: Default::default() };
    let request = QuoteRequest {
        aud: aud.clone(),
        request_id: thread.thread.clone(),
        lines: vec![wanted],
        intent: "offer".into(),
        language,
        coupon: None,
    };
    let price = pricing::price(&catalog, &terms, &request, now)
        .map_err(|none| CanNot::NoPrice { sku: sku.into(), code: none.code })?;
    let because = match language {
        Lang::En => format!("{name} offers it"),
        Lang::Es => format!("Lo ofrece {name}"),
        Lang::Ro => format!("Oferta e de la {name}"),
    };
    let quote = Quote {
        aud,
        quote_id: envelope::random_hex128(),
        request_id: thread.thread.clone(),
        nonce: envelope::random_hex128(),
        valid_s: terms.valid_s,
        currency: catalog.currency,
        lines: price.lines,
        totals: price.totals,
        delivery: price.delivery,
        seller,
        withdrawal_days: terms.withdrawal_days,
        recurring: false,
        because: Some(because),
        surge: None,
        payment: None,
        discount: None,
        coupon_refused: None,
    };
    Ok((quote, i64::from(terms.valid_s) * 1000))
}

fn new_thread(at: &At<'_>, chat: &Chat) -> Thread {
    Thread {
        home: at.route.home().into(),
        device: at.route.device().into(),
        thread: chat.thread.clone(),
        shop: at.route.shop().into(),
        language: chat.language.unwrap_or_default().code().into(),
        order_id: chat.order_id.clone().filter(|id| envelope::is_hex128(id)),
        state: "requested".into(),
        person: String::new(),
        opened_unix_ms: at.now,
        joined_unix_ms: None,
        heard: 0,
        said: 0,
        acked: 0,
    }
}

/// A line that only acknowledges.
fn blank(route: &Route, thread: &str, ack: u64) -> Chat {
    Chat::ack(route.down(<Chat as envelope::Body>::KIND), thread, ack)
}

fn name_of(handoff: Handoff) -> &'static str {
    match handoff {
        Handoff::Requested => "requested",
        Handoff::Joined => "joined",
        Handoff::Ended => "ended",
    }
}
