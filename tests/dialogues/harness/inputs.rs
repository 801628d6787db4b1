//! Lines of a scene that go in: what the household is, hears and says, and what comes from the broker.

use super::{DAY_0_UNIX_MS, DAY_MS, Stage, catalog, parse_ms};
use std::collections::BTreeMap;
use tendero::decide::event::{Acoustics, Channel, Entropy, Event, Heard, Hypothesis, Playback, Turn, Voice};
use tendero::decide::household::Regular;
use tendero::decide::order::{OrderId, OrderState, Receipt, ReceiptStatus, StatusUpdate, Wanted, WithdrawalAnswer};
use tendero::decide::policy::UnknownVoice;
use tendero::decide::second_ear::SecondEarPolicy;
use tendero::decide::sibling::{SharedLine, SharedOrder};
use tendero::understand::Lang;

impl Stage {
    pub(super) fn buys(&mut self, words: &[&str]) {
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
    pub(super) fn rhythm(&mut self, words: &[&str]) {
        let days = |at: usize| words[at].parse::<i64>().unwrap() * DAY_MS;
        let unit_amount = catalog().product(words[0]).unwrap().unit_amount;
        let last_unix_ms = self.now().wall.unwrap().unix_ms - days(2);
        let regular = Regular { times: 5, usual_qty: 1, last_unit_amount: unit_amount, last_unix_ms };
        self.household.regulars.insert(words[0].into(), regular);
        self.household.pack_lasts_ms.insert(words[0].into(), days(1));
    }

    pub(super) fn set_policy(&mut self, words: &[&str]) {
        let value = || words[1].parse::<i64>().unwrap();
        match words[0] {
            "news_a_day" => self.policy.news_a_day = u32::try_from(value()).unwrap(),
            "no_recalls" => self.policy.recalls = false,
            "suggestions" => self.policy.suggestions = true,
            "second_ear_from" => {
                let policy = SecondEarPolicy { from_minor: value(), below_permille: 600, wait_ms: 6_000 };
                self.policy.second_ear = Some(policy);
            }
            "children_up" => self.policy.children_up = true,
            "unknown_voice_adult" => self.policy.unknown_voice = UnknownVoice::Adult,
            "unknown_voice_list" => self.policy.unknown_voice = UnknownVoice::List,
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

    /// `words | confidence 0.2 | gap 40 | or other words | or_confidence 0.8`
    pub(super) fn hear(&mut self, text: &str, turn: Option<Turn>, channel: Channel) {
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
                "voice" => {
                    let name = (value != "unknown").then(|| value.to_owned());
                    acoustics.voice = Some(Voice { name, similarity: Some(0.6) });
                }
                "while_speaking" => acoustics.while_speaking = true,
                "or" => nbest.push(Hypothesis { text: value.into(), confidence: 0.85 }),
                other => panic!("unknown mark \"{other}\""),
            }
        }
        self.utterances += 1;
        let entropy = Entropy(std::array::from_fn(|at| self.utterances.wrapping_mul(37).wrapping_add(at as u8)));
        self.event(Event::Heard(Heard { turn, channel, lang: self.lang, nbest, acoustics, entropy }));
    }

    /// `there SPEAKER STATE SKU [AGO]`: that speaker tells of its order, and of those that it told of before.
    pub(super) fn there(&mut self, words: &[&str]) {
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

    pub(super) fn receipt(&mut self, words: &[&str]) {
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
    pub(super) fn status(&mut self, words: &[&str]) {
        let state = state_of(words[0]);
        self.rev += 1;
        let kept = state == OrderState::HeldAtShop;
        let code = words.get(1).copied().or(kept.then_some("burst")).map(str::to_owned);
        let since_unix_ms = self.wall_0.map(|wall_0| wall_0 + i64::try_from(self.mono_ms).unwrap());
        let answers = state == OrderState::Withdrawn || words.len() > 1 && !kept && state != OrderState::Expired;
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

    /// `news KIND BECAUSE TIME WORDS`: the shop tells something that is over after that time. BECAUSE is `agreed`,
    /// `bought:SKU:DAYS`, `recall:SKU:ORDER:DAYS` (which needs no consent) or `stranger` (of another consent); with `!SKU`
    /// behind KIND it is about that product. It has the words in the household's language alone.
    pub(super) fn news(&mut self, words: &[&str], rest: &str) {
        use tendero::decide::guard::hostile_text::clean_chat;
        use tendero::decide::notice::{Because, Notice};
        let (kind, sku) = words[0].split_once('!').map_or((words[0], None), |(kind, sku)| (kind, Some(sku)));
        let now_ms = self.wall_0.unwrap_or(DAY_0_UNIX_MS) + i64::try_from(self.mono_ms).unwrap();
        let ago = |days: &str| now_ms - days.parse::<i64>().unwrap() * DAY_MS;
        let because = match words[1].split(':').collect::<Vec<_>>()[..] {
            ["bought", sku, days] => Because::BoughtBefore { sku: sku.into(), at_unix_ms: ago(days) },
            ["recall", sku, order, days] => {
                Because::RecallOfYourOrder { sku: sku.into(), shop_order_no: order.into(), at_unix_ms: ago(days) }
            }
            _ => Because::AskedFor,
        };
        let agreed = self.mind.as_ref().map(|mind| mind.household().consent.id.clone()).unwrap_or_default();
        let consent = match words[1].split(':').next() {
            Some("recall") => None,
            Some("stranger") => Some("ee".repeat(16)),
            Some(_) | None => Some(agreed),
        };
        self.rev += 1;
        let text = clean_chat(rest.splitn(4, ' ').nth(3).unwrap_or_default());
        if !text.contains(char::is_alphanumeric) {
            return self.shown.push("= the link takes nothing that has no words left".into());
        }
        let notice = Notice {
            id: format!("{:032x}", self.rev),
            kind: kind.parse().unwrap(),
            consent,
            texts: [(self.lang, text)].into(),
            sku: sku.map(str::to_owned),
            because,
            expires_unix_ms: now_ms + i64::try_from(parse_ms(words[2])).unwrap(),
            told_unix_ms: None,
        };
        self.event(Event::News { notice });
    }

    /// `person NAME joins`, `person NAME ends`, `person NAME says WORDS`, `person NAME offers SKU QTY AMOUNT [WORDS]`,
    /// `person NAME brings SKU QTY AMOUNT [WORDS]` (an offer with which it joins), `person NAME again WORDS` (with the number of the line before), `person NAME skips WORDS` (a line is missing before
    /// it), `person NAME elsewhere WORDS` (in another thread), `person NAME acks`, `person NAME forgot`.
    pub(super) fn person(&mut self, words: &[&str], rest: &str) {
        use tendero::decide::chat::{FromShop, Handoff};
        let verb = words[1];
        let text = rest.splitn(3, ' ').nth(2).unwrap_or_default().to_owned();
        self.person_seq = match verb {
            "joins" if words.len() == 2 => 1,
            "brings" => 1,
            "again" | "elsewhere" | "acks" | "forgot" => self.person_seq,
            "skips" => self.person_seq + 2,
            _ => self.person_seq + 1,
        };
        let handoff = match verb {
            "joins" | "brings" => Some(Handoff::Joined),
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
        if matches!(verb, "offers" | "brings") {
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
}

/// `held`, `accepted`, ...
fn state_of(name: &str) -> OrderState {
    serde_json::from_value(name.into()).unwrap()
}
