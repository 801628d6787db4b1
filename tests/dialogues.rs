//! Golden dialogues: each file under `tests/dialogues/` is a scene with what goes in and what
//! comes out. `UPDATE=1 cargo test --test dialogues` writes the outcome into the files; read
//! the difference before you commit it. How the lines read is in `tests/dialogues/README.md`.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use tendero::decide::effect::{Effect, Write};
use tendero::decide::event::{Acoustics, Button, Channel, Entropy, Event, Heard, Hypothesis, Playback, Turn};
use tendero::decide::guard::Rung;
use tendero::decide::household::{Household, Regular};
use tendero::decide::mind::Mind;
use tendero::decide::order::{
    Delivery, OrderId, OrderState, Quote, QuoteLine, Receipt, ReceiptStatus, StatusUpdate, Surge, Wanted,
    WithdrawalAnswer,
};
use tendero::decide::policy::Policy;
use tendero::decide::sibling::{HeardThere, SharedLine, SharedOrder};
use tendero::decide::{Now, Wall};
use tendero::speak::wording::Wording;
use tendero::understand::catalog::Catalog;
use tendero::understand::grammar::Expect;
use tendero::understand::{Lang, Understanding};

/// Wednesday 2026-11-18, 00:00 UTC.
const DAY_0_UNIX_MS: i64 = 1_794_960_000_000;
const DAY_MS: i64 = 86_400_000;
/// How long the speaker takes for a reply, and the shop for an answer.
const SAY_MS: u64 = 3_000;
const SHOP_MS: u64 = 200;

#[test]
fn every_dialogue_goes_as_written() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dialogues");
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|ext| ext == "txt"));
    files.sort();
    assert!(files.len() >= 20, "only {} dialogues in {}", files.len(), folder.display());
    let update = std::env::var_os("UPDATE").is_some();
    let mut wrong = vec![];
    for path in files {
        let written = std::fs::read_to_string(&path).unwrap();
        let played = play(&written);
        if played != written {
            if update {
                std::fs::write(&path, &played).unwrap();
            } else {
                wrong.push(format!("--- {}\n{}", path.display(), difference(&written, &played)));
            }
        }
        assert_eq!(play(&written), played, "{}: the same events gave other effects", path.display());
    }
    assert!(wrong.is_empty(), "{}\n(UPDATE=1 writes what happens now)", wrong.join("\n"));
}

fn difference(written: &str, played: &str) -> String {
    let mut out = String::new();
    let (mut a, mut b) = (written.lines(), played.lines());
    loop {
        match (a.next(), b.next()) {
            (None, None) => return out,
            (x, y) if x == y => {}
            (x, y) => {
                writeln!(out, "  written: {}\n  now:     {}", x.unwrap_or("(end)"), y.unwrap_or("(end)")).unwrap()
            }
        }
    }
}

/// Plays the inputs of a scene and returns it with its outcome.
fn play(scene: &str) -> String {
    let mut stage = Stage::new();
    let mut out = String::new();
    for line in scene.lines().filter(|line| !line.starts_with("    ")) {
        writeln!(out, "{line}").unwrap();
        stage.act(line.trim());
        for said in stage.shown.drain(..) {
            writeln!(out, "    {said}").unwrap();
        }
    }
    out
}

struct Stage {
    mind: Option<Mind>,
    policy: Policy,
    /// What a challenge asks for.
    random_words: String,
    household: Household,
    wording: Wording,
    lang: Lang,
    mono_ms: u64,
    /// Wall clock at `mono_ms` 0; `None`: unknown.
    wall_0: Option<i64>,
    turn: Option<Turn>,
    utterances: u8,
    events: VecDeque<(u64, Event)>,
    shop: ShopManner,
    /// What other speakers have ordered: by speaker and product.
    theirs: BTreeMap<String, BTreeMap<String, SharedOrder>>,
    orders: Vec<OrderId>,
    newest: Option<OrderId>,
    rev: u64,
    /// When the newest order came.
    delivered_unix_ms: Option<i64>,
    voice: Voice,
    shown: Vec<String>,
    /// The conversation with a person, and the number of their last line.
    thread: String,
    person_seq: u64,
}

enum Voice {
    Works,
    /// Nobody can hear it.
    Fails,
    /// It is never said to its end: what comes next is the restart.
    Cut,
}

/// How the shop answers the next request for a price.
#[derive(Default, Clone)]
struct ShopManner {
    silent: bool,
    code: Option<String>,
    price: Option<i64>,
    fee: i64,
    sku: Option<String>,
    qty: Option<u32>,
    title: Option<String>,
    total_off: i64,
    recurring: bool,
    seller: Option<String>,
    currency: Option<String>,
    valid_s: Option<u32>,
    /// So many homes ask for it, says the shop.
    surge: Option<u32>,
    /// How long the household may withdraw.
    withdrawal_days: Option<u16>,
    store_fails: bool,
    store_silent: bool,
}

/// Compiling the lexicons takes long; once is enough.
fn understanding() -> Understanding {
    static ONCE: OnceLock<Understanding> = OnceLock::new();
    ONCE.get_or_init(|| Understanding::new(catalog())).clone()
}

fn catalog() -> Catalog {
    Catalog::from_json(include_str!("dialogues/catalog.json")).unwrap()
}

impl Stage {
    fn new() -> Stage {
        Stage {
            mind: None,
            policy: Policy::default(),
            random_words: String::new(),
            household: Household::default(),
            wording: Wording::new().unwrap(),
            lang: Lang::En,
            mono_ms: 0,
            wall_0: Some(DAY_0_UNIX_MS + 18 * 3_600_000),
            turn: None,
            utterances: 0,
            events: VecDeque::new(),
            shop: ShopManner::default(),
            theirs: BTreeMap::new(),
            orders: vec![],
            newest: None,
            rev: 0,
            delivered_unix_ms: None,
            voice: Voice::Works,
            shown: vec![],
            thread: String::new(),
            person_seq: 0,
        }
    }

    fn now(&self) -> Now {
        let unix_ms = self.wall_0.map(|wall_0| wall_0 + i64::try_from(self.mono_ms).unwrap());
        Now { mono_ms: self.mono_ms, wall: unix_ms.map(|unix_ms| Wall { unix_ms, offset_min: 0 }) }
    }

    fn act(&mut self, line: &str) {
        if line.is_empty() || line.starts_with('#') {
            return;
        }
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        let words: Vec<&str> = rest.split_whitespace().collect();
        match verb {
            "lang" => {
                self.lang = rest.parse().unwrap();
                self.policy.lang = self.lang;
            }
            "buys" => self.buys(&words),
            "rhythm" => self.rhythm(&words),
            "policy" => self.set_policy(&words),
            "at" => self.at(&words),
            "clock" => self.wall_0 = (rest == "known").then_some(DAY_0_UNIX_MS + 18 * 3_600_000),
            "wait" => self.wait(parse_ms(rest)),
            "hey" => {
                self.event(Event::Woke { score: 0.9 });
                self.hear(rest, None, Channel::Voice);
            }
            "say" => self.hear(rest, self.turn, Channel::Voice),
            "late" => self.hear(rest, Some(Turn(9_999)), Channel::Voice),
            "type" => {
                let (who, text) = rest.split_once(' ').unwrap();
                self.hear(text, None, Channel::Text(who.into()));
            }
            "silence" => self.event(Event::Silence { turn: self.turn }),
            "shop" => self.set_shop(&words, rest),
            "store" => (self.shop.store_fails, self.shop.store_silent) = (rest == "fails", rest == "silent"),
            "stored" => self.event(Event::Stored { ticket: rest.parse().unwrap() }),
            "receipt" => self.receipt(&words),
            "status" => self.status(&words),
            "button" => self.event(Event::Button(if rest == "hold" { Button::Hold } else { Button::Tap })),
            "pin" => {
                let right = words[0] == "right";
                let channel = Channel::Text(words[1].into());
                self.event(Event::PinGiven { order: None, channel, lang: self.lang, right });
            }
            "voice" => {
                self.voice = match rest {
                    "fails" => Voice::Fails,
                    "cut" => Voice::Cut,
                    _ => Voice::Works,
                }
            }
            "muted" => self.event(Event::Muted { on: true }),
            "link" => self.event(Event::Link { up: rest == "up" }),
            "forged" => self.event(Event::Distrusted { shop: "corner".into(), why: rest.into() }),
            "send-back" => self.event(Event::WithdrawOrder {
                order: self.newest.clone().unwrap(),
                channel: Channel::Text(rest.into()),
                lang: self.lang,
            }),
            "take-back" => self.event(Event::CancelOrder { order: self.newest.clone().unwrap() }),
            "person" => self.person(&words, rest),
            "read" => self.event(Event::ReadChat { channel: Channel::Text(rest.into()), lang: self.lang }),
            "speakers" => {
                self.household.device = "kitchen".into();
                self.household.siblings = words.iter().map(|name| ((*name).into(), Default::default())).collect();
            }
            "there" => self.there(&words),
            "also" => self.event(Event::HeardThere(HeardThere {
                device: words[0].into(),
                skus: vec![words[1].into()],
                level_cdb: words.get(2).map(|level| level.parse::<i32>().unwrap() * 100),
                snr_cdb: None,
            })),
            "asked" => {
                let order = self.newest.clone().unwrap_or(OrderId("unheard-of".into()));
                self.event(Event::CancelAskedBy { device: rest.into(), order });
            }
            "restart" => {
                self.household = self.mind.take().unwrap().household().clone();
                self.events.clear();
                self.voice = Voice::Works;
                self.mono_ms += if rest.is_empty() { 1_000 } else { parse_ms(rest) };
                self.event(Event::Link { up: true });
            }
            other => panic!("unknown line \"{other}\" in a dialogue"),
        }
    }

    fn buys(&mut self, words: &[&str]) {
        let regular = Regular {
            times: 3,
            usual_qty: words.get(1).map_or(1, |qty| qty.parse().unwrap()),
            last_unit_amount: words
                .get(2)
                .map_or_else(|| catalog().product(words[0]).unwrap().unit_amount, |amount| amount.parse().unwrap()),
            last_unix_ms: DAY_0_UNIX_MS - 20 * DAY_MS,
        };
        self.household.regulars.insert(words[0].into(), regular);
    }

    /// `rhythm SKU DAYS AGO`: a pack lasts so many days, and the last was bought so many days ago.
    fn rhythm(&mut self, words: &[&str]) {
        let days = |at: usize| words[at].parse::<i64>().unwrap() * DAY_MS;
        let unit_amount = catalog().product(words[0]).unwrap().unit_amount;
        let last_unix_ms = self.now().wall.unwrap().unix_ms - days(2);
        let regular = Regular { times: 5, usual_qty: 1, last_unit_amount: unit_amount, last_unix_ms };
        self.household.regulars.insert(words[0].into(), regular);
        self.household.pack_lasts_ms.insert(words[0].into(), days(1));
    }

    fn set_policy(&mut self, words: &[&str]) {
        let value = || words[1].parse::<i64>().unwrap();
        match words[0] {
            "suggestions" => self.policy.suggestions = true,
            "children_up" => self.policy.children_up = true,
            "phrase_alone" => self.policy.random_words = false,
            "no_text_orders" => self.policy.text_orders = false,
            "cap_order_minor" => self.policy.cap_order_minor = value(),
            "cap_day_minor" => self.policy.cap_day_minor = value(),
            "hard_cap_minor" => self.policy.hard_cap_minor = value(),
            "max_orders_hour" => self.policy.max_orders_hour = u32::try_from(value()).unwrap(),
            "duplicate_ms" => self.policy.duplicate_ms = u64::try_from(value()).unwrap(),
            "expiry_ms" => self.policy.expiry_ms = u64::try_from(value()).unwrap(),
            other => panic!("unknown policy {other}"),
        }
    }

    /// `at 18:00` on the first day, `at 3 18:00` three days later; time never goes back.
    fn at(&mut self, words: &[&str]) {
        let (day, time) = if words.len() == 2 { (words[0].parse::<i64>().unwrap(), words[1]) } else { (0, words[0]) };
        let (hour, minute) = time.split_once(':').unwrap();
        let of_day = hour.parse::<i64>().unwrap() * 3_600_000 + minute.parse::<i64>().unwrap() * 60_000;
        let at = DAY_0_UNIX_MS + day * DAY_MS + of_day;
        match self.now().wall {
            Some(wall) if self.mind.is_some() => self.wait(u64::try_from(at - wall.unix_ms).unwrap()),
            _ => self.wall_0 = Some(at),
        }
    }

    /// Lets time pass, with every deadline that falls into it.
    fn wait(&mut self, ms: u64) {
        let until_ms = self.mono_ms + ms;
        for _ in 0..10_000 {
            let due = self.mind.as_ref().and_then(Mind::deadline).map(|deadline| deadline.at_mono_ms);
            match due {
                Some(at_ms) if at_ms <= until_ms => {
                    self.mono_ms = self.mono_ms.max(at_ms);
                    self.event(Event::Deadline);
                    let next = self.mind.as_ref().and_then(Mind::deadline);
                    assert!(
                        next.is_none_or(|next| next.at_mono_ms > self.mono_ms),
                        "a deadline that comes at once: {next:?}"
                    );
                }
                Some(_) | None => {
                    self.mono_ms = self.mono_ms.max(until_ms);
                    return;
                }
            }
        }
        panic!("deadlines without end");
    }

    /// `words | confidence 0.2 | gap 40 | or other words | or_confidence 0.8`
    fn hear(&mut self, text: &str, turn: Option<Turn>, channel: Channel) {
        let text = text.replace("{words}", &self.random_words).replace("  ", " ");
        let mut parts = text.split('|').map(str::trim);
        let best = parts.next().unwrap_or_default();
        let mut nbest = vec![Hypothesis { text: best.into(), confidence: 0.9 }];
        let mut acoustics =
            Acoustics { gap_ms: Some(300), speech_ms: 1_500, snr_db: Some(18.0), ..Acoustics::default() };
        if channel != Channel::Voice {
            acoustics = Acoustics::default();
        }
        for part in parts {
            let (key, value) = part.split_once(' ').unwrap_or((part, ""));
            match key {
                "confidence" => nbest[0].confidence = value.parse().unwrap(),
                "gap" => acoustics.gap_ms = Some(value.parse().unwrap()),
                "level" => acoustics.level_dbfs = Some(value.parse().unwrap()),
                "snr" => acoustics.snr_db = Some(value.parse().unwrap()),
                "playback" => acoustics.playback = Some(Playback::Registered(value.into())),
                "replay" => acoustics.playback = Some(Playback::Replay),
                "while_speaking" => acoustics.while_speaking = true,
                "or" => nbest.push(Hypothesis { text: value.into(), confidence: 0.85 }),
                other => panic!("unknown mark \"{other}\""),
            }
        }
        self.utterances += 1;
        let entropy = Entropy(std::array::from_fn(|at| self.utterances.wrapping_mul(37).wrapping_add(at as u8)));
        self.event(Event::Heard(Heard { turn, channel, lang: self.lang, nbest, acoustics, entropy }));
    }

    fn set_shop(&mut self, words: &[&str], rest: &str) {
        let ShopManner { store_fails, store_silent, .. } = self.shop;
        self.shop = ShopManner { store_fails, store_silent, ..ShopManner::default() };
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
            "is" => self.shop.seller = Some(value().into()),
            "currency" => self.shop.currency = Some(value().into()),
            "valid_s" => self.shop.valid_s = Some(value().parse().unwrap()),
            "honest" => {}
            other => panic!("unknown manner {other}"),
        }
    }

    /// `there SPEAKER STATE SKU [AGO]`: that speaker tells of its order, and of those that it told of before.
    fn there(&mut self, words: &[&str]) {
        let now_ms = self.now().wall.unwrap().unix_ms;
        let product = catalog().product(words[2]).unwrap().clone();
        let ago_ms = words.get(3).map_or(0, |ago| i64::try_from(parse_ms(ago)).unwrap());
        let orders = self.theirs.entry(words[0].into()).or_default();
        let order = orders.entry(words[2].into()).or_insert_with(|| SharedOrder {
            id: OrderId(format!("{}-{}", words[0], words[2])),
            shop: "corner".into(),
            state: OrderState::Held,
            lines: vec![SharedLine {
                sku: product.sku.clone(),
                title: product.title(Lang::En).into(),
                qty: 1,
                unit_amount: product.unit_amount,
            }],
            currency: "EUR".into(),
            total: product.unit_amount,
            delivery_amount: 0,
            confirmed_unix_ms: now_ms - ago_ms,
            hold_until_unix_ms: now_ms - ago_ms + 600_000,
            expires_unix_ms: now_ms - ago_ms + DAY_MS,
            arrives_unix_ms: now_ms + 2 * DAY_MS,
            cancel_until_unix_ms: None,
        });
        order.state = state_of(words[1]);
        let orders = orders.values().cloned().collect();
        self.rev += 1;
        self.event(Event::SharedOrders { device: words[0].into(), rev: self.rev, orders });
    }

    fn receipt(&mut self, words: &[&str]) {
        let status = match words[0] {
            "accepted" => ReceiptStatus::Accepted,
            "rejected" => ReceiptStatus::Rejected,
            _ => ReceiptStatus::Held,
        };
        self.event(Event::Receipt(Receipt {
            order_id: self.newest.clone().unwrap_or(OrderId("unheard-of".into())),
            status,
            code: words.get(1).map(|code| (*code).to_owned()),
            // What is only held has no number yet.
            shop_order_no: (status != ReceiptStatus::Held).then(|| "4711".into()),
            cancel_until_unix_ms: None,
        }));
    }

    /// `status STATE [CODE]`: with a code, or `withdrawn`, it is the answer to a withdrawal.
    fn status(&mut self, words: &[&str]) {
        let state = state_of(words[0]);
        self.rev += 1;
        let code = (state == OrderState::HeldAtShop).then_some("burst").or(words.get(1).copied()).map(str::to_owned);
        let since_unix_ms = self.wall_0.map(|wall_0| wall_0 + i64::try_from(self.mono_ms).unwrap());
        let answers = state == OrderState::Withdrawn || words.len() > 1;
        let withdrawal = answers.then(|| {
            let until_unix_ms = self.delivered_unix_ms.map(|at| at + 14 * DAY_MS);
            WithdrawalAnswer { received_unix_ms: since_unix_ms, until_unix_ms }
        });
        if state == OrderState::Delivered && !answers {
            self.delivered_unix_ms = since_unix_ms;
        }
        let order_id = self.newest.clone().unwrap();
        let update = StatusUpdate { order_id, rev: self.rev, state, code, since_unix_ms, withdrawal };
        self.event(Event::Status(update));
    }

    /// `person NAME joins`, `person NAME ends`, `person NAME says WORDS`, `person NAME offers SKU QTY AMOUNT [WORDS]`,
    /// `person NAME again WORDS` (with the number of the line before), `person NAME skips WORDS` (a line is missing before
    /// it), `person NAME elsewhere WORDS` (in another thread), `person NAME acks`, `person NAME forgot`.
    fn person(&mut self, words: &[&str], rest: &str) {
        use tendero::decide::chat::{FromShop, Handoff};
        let verb = words[1];
        let text = rest.splitn(3, ' ').nth(2).unwrap_or_default().to_owned();
        self.person_seq = match verb {
            "joins" if words.len() == 2 => 1,
            "again" | "elsewhere" | "acks" | "forgot" => self.person_seq,
            "skips" => self.person_seq + 2,
            _ => self.person_seq + 1,
        };
        let handoff = match verb {
            "joins" => Some(Handoff::Joined),
            "ends" | "forgot" => Some(Handoff::Ended),
            _ => None,
        };
        let clean = tendero::decide::guard::hostile_text::clean_chat;
        let mut message = FromShop {
            thread: if verb == "elsewhere" { "ee".repeat(16) } else { self.thread.clone() },
            seq: if matches!(verb, "acks" | "forgot") { 0 } else { self.person_seq },
            ack: u64::MAX,
            name: tendero::decide::guard::hostile_text::clean_name(&words[0].replace('_', " ")),
            text: if matches!(verb, "joins" | "acks" | "forgot") { String::new() } else { clean(&text) },
            handoff,
            offer: None,
        };
        if verb == "offers" {
            let wanted = Wanted { sku: words[2].into(), qty: words[3].parse().unwrap(), options: BTreeMap::new() };
            message.text = clean(&words[5..].join(" "));
            let mut shop = std::mem::take(&mut self.shop);
            shop.price = Some(words[4].parse().unwrap());
            self.shop = shop.clone();
            message.offer = Some(Box::new(self.quote(self.thread.clone(), &[wanted])));
            shop.price = None;
            self.shop = shop;
        }
        self.utterances += 1;
        let entropy = Entropy(std::array::from_fn(|at| self.utterances.wrapping_mul(37).wrapping_add(at as u8)));
        self.event(Event::Chat { message, entropy });
    }

    /// Hands in an event and carries out what follows from it, until nothing moves any more.
    fn event(&mut self, event: Event) {
        self.events.push_back((0, event));
        let mut count = 0;
        while let Some((after_ms, event)) = self.events.pop_front() {
            count += 1;
            assert!(count < 1_000, "events without end");
            self.mono_ms += after_ms;
            let now = self.now();
            let mind = self
                .mind
                .get_or_insert_with(|| Mind::new(self.policy.clone(), understanding(), self.household.clone()));
            let effects = mind.handle(event, now);
            assert!(effects.len() <= 64, "{} effects of one event", effects.len());
            for effect in effects {
                self.carry_out(effect);
            }
        }
    }

    fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::Say { say, channel, lang, reply } => {
                let to = match channel {
                    Channel::Voice => String::new(),
                    Channel::Text(who) => format!(" to {who}"),
                };
                self.shown.push(format!("<{to} {}", self.wording.sentence(&reply, lang)));
                match self.voice {
                    Voice::Works => self.events.push_back((SAY_MS, Event::Played { say })),
                    Voice::Fails => self.events.push_back((0, Event::Unheard { say })),
                    Voice::Cut => self.events.clear(),
                }
            }
            Effect::Listen { turn, expect, .. } => {
                self.turn = Some(turn);
                self.random_words =
                    if let Expect::Challenge { words } = &expect { words.join(" ") } else { String::new() };
                let expect = serde_json::to_string(&expect).unwrap().replace('"', "");
                self.shown.push(format!("= listen for {expect}"));
            }
            Effect::Rest => self.shown.push("= rest".into()),
            Effect::AskQuote { request_id, lines, .. } => {
                let asked: Vec<String> = lines.iter().map(|line| format!("{} {}", line.qty, line.sku)).collect();
                self.shown.push(format!("= ask the price of {}", asked.join(", ")));
                self.answer_quote(request_id, &lines);
            }
            Effect::Store { ticket, writes } => {
                let is_shown = |write: &Write| match write {
                    Write::Step(step) => step.speaker.is_some(),
                    // What a restart tells shows that.
                    Write::Told { .. } => false,
                    _ => true,
                };
                for write in writes.into_iter().filter(is_shown) {
                    let shown = self.show_write(write);
                    self.shown.push(shown);
                }
                if self.shop.store_silent {
                    return;
                }
                let event = if self.shop.store_fails {
                    Event::StoreFailed { ticket, why: "disk full".into() }
                } else {
                    Event::Stored { ticket }
                };
                self.events.push_back((5, event));
            }
            Effect::Send { order } => {
                let number = self.number(&order);
                self.shown.push(format!("= send order {number}"));
            }
            Effect::AskApprove { order } => {
                let number = self.number(&order);
                self.shown.push(format!("= tell the shop that order {number} is approved"));
            }
            Effect::AskCancel { order, .. } => {
                let number = self.number(&order);
                self.shown.push(format!("= ask the shop to cancel order {number}"));
            }
            Effect::AskWithdraw { order } => {
                let number = self.number(&order);
                self.shown.push(format!("= tell the shop that order {number} goes back"));
            }
            Effect::AskSibling { device, order } => {
                self.shown.push(format!("= ask {device} to cancel its order {order}"));
            }
            Effect::TellHeard { skus, level_cdb, .. } => {
                let level = level_cdb.map_or(String::new(), |cdb| format!(" at {} dB", f64::from(cdb) / 100.0));
                self.shown.push(format!("= tell the other speakers: heard {}{level}", skus.join(", ")));
            }
            Effect::Chat { .. } => self.shown.push("= say the conversation to the shop".into()),
            Effect::AskStatus { order } => {
                let number = self.number(&order);
                self.shown.push(format!("= ask the shop about order {number}"));
            }
        }
    }

    fn show_write(&mut self, write: Write) -> String {
        match write {
            Write::Order(order) => {
                let number = self.number(&order.id);
                self.newest = Some(order.id.clone());
                let lines: Vec<String> =
                    order.quote.lines.iter().map(|line| format!("{} {}", line.qty, line.sku)).collect();
                format!("= write order {number} {}: {}, {}", order.state.name(), lines.join(", "), order.quote.total())
            }
            Write::Audit { order, verdicts, .. } => {
                let rung = |rung: Rung| format!("{rung:?}").to_lowercase();
                let objections: Vec<String> = verdicts
                    .iter()
                    .filter(|verdict| verdict.reason.is_some())
                    .map(|verdict| format!("{} {} ({})", verdict.guard, rung(verdict.rung), verdict.inputs))
                    .collect();
                let of = order.map_or(String::new(), |id| format!(" of order {}", self.number(&id)));
                let said = if objections.is_empty() { "no objection".into() } else { objections.join("; ") };
                format!("= write audit{of}: {} guards, {said}", verdicts.len())
            }
            Write::Step(step) => {
                format!("= write step {}, asked for at {}", step.state.name(), step.speaker.unwrap_or_default())
            }
            Write::Shared { device, orders, .. } => format!("= write {} orders of {device}", orders.len()),
            Write::Chat { line: None, .. } => "= write how the conversation stands".into(),
            Write::Chat { thread, line: Some(line) } => {
                let who = if line.ours { "ours" } else { "theirs" };
                let handoff = line.handoff.map_or(String::new(), |handoff| format!(" {handoff:?}").to_lowercase());
                let order = line.order.map_or(String::new(), |id| format!(" about order {}", self.number(&id)));
                let text = if line.text.is_empty() { String::new() } else { format!(": {}", line.text) };
                self.thread = thread.id;
                format!("= write line {} of {who}{handoff}{order}{text}", line.seq)
            }
            Write::Offered { sku, .. } => format!("= write offered {sku}"),
            Write::Told { order, number } => format!("= write told {number} of order {order}"),
            Write::WrongPins { count } => format!("= write {count} wrong PINs in a row"),
            Write::ListItem { sku, qty, why } => format!("= write list: {qty} {sku} ({why})"),
        }
    }

    fn answer_quote(&mut self, request_id: String, wanted: &[Wanted]) {
        if self.shop.silent {
            return;
        }
        let event = match self.shop.code.clone() {
            Some(code) => Event::NotQuoted { request_id, code },
            None => Event::Quoted(self.quote(request_id, wanted)),
        };
        self.events.push_back((SHOP_MS, event));
    }

    fn quote(&self, request_id: String, wanted: &[Wanted]) -> Quote {
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
        Quote {
            quote_id: format!("q-{request_id}"),
            request_id,
            hash: "00".repeat(32),
            shop: shop.seller.clone().unwrap_or_else(|| "corner".into()),
            seller: "Corner shop".into(),
            currency: shop.currency.clone().unwrap_or_else(|| "EUR".into()),
            total: lines.iter().map(|line| line.total).sum::<i64>() + shop.fee + shop.total_off,
            lines,
            delivery: Delivery { earliest_unix_ms: day_ms, latest_unix_ms: day_ms, amount: shop.fee },
            valid_s: shop.valid_s.unwrap_or(900),
            withdrawal_days: shop.withdrawal_days.unwrap_or(14),
            recurring: shop.recurring,
            because: None,
            surge: self.shop.surge.map(|homes| Surge { homes, minutes: 10 }),
        }
    }

    /// Orders are numbered as they appear.
    fn number(&mut self, id: &OrderId) -> usize {
        let found = self.orders.iter().position(|known| known == id);
        found.unwrap_or_else(|| {
            self.orders.push(id.clone());
            self.orders.len() - 1
        }) + 1
    }
}

/// `held`, `accepted`, ...
fn state_of(name: &str) -> OrderState {
    serde_json::from_value(name.into()).unwrap()
}

/// `10m`, `8s`, `25h`.
fn parse_ms(text: &str) -> u64 {
    let (number, unit) = text.split_at(text.len() - 1);
    let of_unit = match unit {
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        other => panic!("unknown unit {other}"),
    };
    number.parse::<u64>().unwrap() * of_unit
}
