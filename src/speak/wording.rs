//! Reply → sentence, one Fluent file for each language under `wording/`.
//!
//! Numbers, prices, days and times are worded as a person of the language says them, with the
//! plural forms of CLDR ([`plural`]). Decides nothing and adds nothing: every figure comes from the reply.

mod bought;
mod find;
mod log;
mod news;
mod pay;
mod person;
mod plural;
mod withdrawal;

use crate::decide::lifecycle::{BURST, NOT_RETURNABLE, TOO_LATE, UNKNOWN_ORDER};
use crate::decide::money::Money;
use crate::decide::reply::{Ask, Item, Reason, Reply};
use crate::decide::when::{Day, Moment};
use crate::understand::Lang;
use crate::understand::intent::NotAnOrder;
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use unic_langid::{LanguageIdentifier, langid};

const EN: &str = include_str!("wording/en.ftl");
const ES: &str = include_str!("wording/es.ftl");
const RO: &str = include_str!("wording/ro.ftl");

/// Days ahead that are named by their weekday alone.
const NEAR_DAYS: i64 = 6;

/// The compiled wordings of every language.
pub struct Wording {
    bundles: Vec<(Lang, FluentBundle<FluentResource>)>,
}

/// A wording file that cannot be used. They are compiled in, so this is a fault of the build.
#[derive(Debug, thiserror::Error)]
#[error("the wording file of language \"{lang}\" is broken: {what}; correct src/speak/wording/{lang}.ftl")]
pub struct WordingError {
    lang: Lang,
    what: String,
}

impl Wording {
    /// # Errors
    /// The first message that does not parse or is there twice.
    pub fn new() -> Result<Wording, WordingError> {
        let files = [(Lang::En, EN, langid!("en")), (Lang::Es, ES, langid!("es")), (Lang::Ro, RO, langid!("ro"))];
        let bundles =
            files.into_iter().map(|(lang, text, id)| Ok((lang, bundle(lang, text, id)?))).collect::<Result<_, _>>()?;
        Ok(Wording { bundles })
    }

    /// What to say, as one line of text that a speech engine reads well.
    pub fn sentence(&self, reply: &Reply, lang: Lang) -> String {
        capitalised(&self.speak(lang).reply(reply))
    }

    /// The reason of a guard, as a sentence: for the log that a person reads.
    pub fn reason(&self, reason: &Reason, lang: Lang) -> String {
        self.speak(lang).reason(reason)
    }

    /// An amount as it is spoken: "12 euros 99".
    pub fn money(&self, money: &Money, lang: Lang) -> String {
        self.speak(lang).money(money)
    }

    fn speak(&self, lang: Lang) -> Speak<'_> {
        let found = self.bundles.iter().find(|(of, _)| *of == lang);
        Speak { bundle: &found.expect("`new` makes a bundle for every language").1, lang }
    }
}

fn bundle(lang: Lang, text: &str, id: LanguageIdentifier) -> Result<FluentBundle<FluentResource>, WordingError> {
    let broken = |what: String| WordingError { lang, what };
    let resource =
        FluentResource::try_new(text.to_owned()).map_err(|(_, errors)| broken(format!("{:?}", errors.first())))?;
    let mut bundle = FluentBundle::new_concurrent(vec![id.clone()]);
    // Isolation marks are for screens; a speech engine would read them or stumble.
    bundle.set_use_isolating(false);
    plural::add(&mut bundle, lang, &id)?;
    bundle.add_resource(resource).map_err(|errors| broken(format!("{:?}", errors.first())))?;
    Ok(bundle)
}

/// One language at work.
struct Speak<'a> {
    bundle: &'a FluentBundle<FluentResource>,
    lang: Lang,
}

/// Argument lists are short and written where they are used.
type Args<'a> = &'a [(&'a str, FluentValue<'a>)];

fn text(value: impl Into<String>) -> FluentValue<'static> {
    FluentValue::String(std::borrow::Cow::Owned(value.into()))
}

fn number(value: impl Into<i64>) -> FluentValue<'static> {
    FluentValue::from(value.into())
}

impl Speak<'_> {
    /// The message `id`. What is missing is said by its name, so that a gap is heard in a test
    /// and never silences the speaker.
    fn say(&self, id: &str, args: Args) -> String {
        let Some(pattern) = self.bundle.get_message(id).and_then(|message| message.value()) else {
            return format!("{{{id}}}");
        };
        let args: FluentArgs = args.iter().cloned().collect();
        let mut errors = vec![];
        let said = self.bundle.format_pattern(pattern, Some(&args), &mut errors).into_owned();
        debug_assert!(errors.is_empty(), "{id} in {}: {errors:?}", self.lang);
        said
    }

    fn reply(&self, reply: &Reply) -> String {
        match reply {
            Reply::NotUnderstood => self.say("not-understood", &[]),
            Reply::GivenUp => self.say("given-up", &[]),
            Reply::NothingOrdered => self.say("nothing-ordered", &[]),
            Reply::TimedOut => self.say("timed-out", &[]),
            Reply::NothingToConfirm => self.say("nothing-to-confirm", &[]),
            Reply::Busy => self.say("busy", &[]),
            Reply::Help => self.say("help", &[]),
            Reply::NothingToApprove => self.say("nothing-to-approve", &[]),
            Reply::NothingToCancel => self.say("nothing-to-cancel", &[]),
            Reply::StoreFailed => self.say("store-failed", &[]),
            Reply::NoOrders => self.say("no-orders", &[]),
            Reply::WhichProduct => self.say("which-product", &[]),
            Reply::Because { reasons } if reasons.is_empty() => self.say("because-none", &[]),
            Reply::Because { reasons } => self.sentences(reasons.iter().map(|reason| self.reason(reason))),
            Reply::Refused { reason: Reason::Restricted { product } } => {
                self.say("reason-restricted-refused", &[("product", text(product))])
            }
            Reply::Refused { reason } => self.reason(reason),
            Reply::Listed { items, reason } => {
                let listed = self.say("listed", &[("items", text(self.items(items)))]);
                self.sentences(reason.iter().map(|reason| self.reason(reason)).chain([listed]))
            }
            Reply::HowMany { first, second } => {
                let (first, second) = (text(self.item(first)), text(self.item(second)));
                self.say("how-many", &[("first", first), ("second", second)])
            }
            Reply::Choose { first, second } => self.say("choose", &[("first", text(first)), ("second", text(second))]),
            Reply::ReadBack { .. } => self.read_back(reply),
            Reply::SayPhrase { ask, understood } => {
                let first = self.say(if *understood { "say-phrase" } else { "say-phrase-unclear" }, &[]);
                self.sentences([first, self.ask(ask)])
            }
            Reply::Held { items, minutes } => self.timed("held", items, *minutes),
            Reply::AwaitingAdult { items, minutes } => self.timed("awaiting-adult", items, *minutes),
            Reply::Resumed { items, minutes } => self.timed("resumed", items, *minutes),
            Reply::Booked { items, arrives: Some(day) } => {
                self.say("booked", &[("items", text(self.items(items))), ("day", text(self.bare_day(*day)))])
            }
            Reply::Booked { items, arrives: None } => self.about("booked-no-day", items),
            Reply::RejectedByShop { items, code } => {
                self.say("rejected", &[("items", text(self.items(items))), ("why", text(self.code(code)))])
            }
            Reply::NotSold { items, code } => {
                self.say("not-sold", &[("items", text(self.items(items))), ("why", text(self.code(code)))])
            }
            Reply::HeldByShop { items, code } if code == BURST => self.about("held-by-shop-burst", items),
            Reply::HeldByShop { items, .. } => self.about("held-by-shop", items),
            Reply::PaymentAsked { .. } | Reply::NotPaid { .. } | Reply::CouponAlone | Reply::CardNumber => {
                self.pay(reply)
            }
            Reply::ApprovalSent { items } => self.about("approval-sent", items),
            Reply::Cancelled { items } => self.about("cancelled", items),
            Reply::CancelAsked { items } => self.about("cancel-asked", items),
            Reply::CancelRefused { items } => self.about("cancel-refused", items),
            Reply::NothingToReturn => self.say("nothing-to-return", &[]),
            Reply::AskReturn { .. } | Reply::Withdrawn { .. } | Reply::WithdrawalRefused { .. } => self.back(reply),
            Reply::NotReturned { items, answered: true } => self.about("not-returned", items),
            Reply::NotReturned { items, answered: false } => self.about("not-returned-unclear", items),
            Reply::WithdrawalSent { items } => self.about("withdrawal-sent", items),
            Reply::WithdrawalStands { items } => self.about("withdrawal-stands", items),
            Reply::Refunded { items } => self.about("refunded", items),
            Reply::CancelAskedThere { speaker, items } => self.there("cancel-asked-there", speaker, items),
            Reply::CancelledThere { speaker, items } => self.there("cancelled-there", speaker, items),
            Reply::CancelPassedOn { speaker, items } => self.there("cancel-passed-on", speaker, items),
            Reply::CancelRefusedThere { speaker, items } => self.there("cancel-refused-there", speaker, items),
            Reply::SpeakerSilent { speaker, items } => self.there("speaker-silent", speaker, items),
            Reply::Expired { items } => self.about("expired", items),
            Reply::NotApproved { items } => self.about("not-approved", items),
            Reply::Lost { items } => self.about("lost", items),
            Reply::StoreTrouble { items } => self.about("store-trouble", items),
            Reply::ShopSilent { items } => self.about("shop-silent", items),
            Reply::OrderStatus { .. } | Reply::History { .. } | Reply::Bought { .. } => self.told(reply),
            Reply::OrderStatusThere { speaker, items, state, arrives } => {
                let status = Reply::OrderStatus { items: items.clone(), state: *state, arrives: *arrives };
                self.say("status-there", &[("speaker", text(speaker)), ("status", text(self.told(&status)))])
            }
            Reply::Price { product, amount } => {
                self.say("price", &[("product", text(product)), ("amount", text(self.money(amount)))])
            }
            Reply::AskingShop
            | Reply::ShopAsks { .. }
            | Reply::Ideas { .. }
            | Reply::FoundNothing { .. }
            | Reply::NobodyToAsk
            | Reply::OtherMoney { .. } => self.find(reply),
            Reply::Suggest { product, every_days, days_ago } => {
                let every = text(self.every(*every_days));
                self.say("suggest", &[("product", text(product)), ("every", every), ("days", number(*days_ago))])
            }
            Reply::PinWrong { left } => self.say("pin-wrong", &[("left", number(*left))]),
            Reply::PinLocked { minutes } => {
                let minutes = self.say("minutes", &[("minutes", number(*minutes))]);
                self.say("pin-locked", &[("minutes", text(minutes))])
            }
            Reply::Distrusted { shop } => self.say("distrusted", &[("shop", text(shop))]),
            Reply::PersonAsked { .. }
            | Reply::PersonAskedAlready { .. }
            | Reply::PersonOffline { .. }
            | Reply::NobodyThere { .. }
            | Reply::PersonNotWanted
            | Reply::PersonJoined { .. }
            | Reply::PersonCame { .. }
            | Reply::PersonSays { .. }
            | Reply::PassedOn { .. }
            | Reply::PassedOnEarly { .. }
            | Reply::PassedOnLater { .. }
            | Reply::ChatNotKept
            | Reply::TellAgain { .. }
            | Reply::TellLater { .. }
            | Reply::ChatEnded { .. }
            | Reply::PersonLeft { .. }
            | Reply::ChatTimedOut { .. }
            | Reply::OfferOver { .. }
            | Reply::NothingNew { .. }
            | Reply::NoConversation => self.person(reply),
            Reply::News { .. } | Reply::NoShopNews { .. } | Reply::Consent { .. } | Reply::ConsentNotKept => {
                self.news(reply)
            }
        }
    }

    /// Reasons, product, quantity, total, delivery, and directly after them what orders it.
    fn read_back(&self, reply: &Reply) -> String {
        let Reply::ReadBack { items, total, earliest, latest, ask, reasons, digits, payment, coupon } = reply else {
            return String::new();
        };
        let items =
            self.join(items.iter().map(|item| if *digits { self.item_by_digits(item) } else { self.item(item) }));
        let days = self.days(*earliest, *latest);
        let facts =
            self.say("read-back", &[("items", text(items)), ("total", text(self.money(total))), ("days", text(days))]);
        let coupon = coupon.iter().map(|coupon| self.coupon(coupon, &total.currency));
        let paid = payment.iter().map(|payment| self.paid_by(payment));
        let first = reasons.iter().map(|reason| self.reason(reason)).chain(coupon);
        self.sentences(first.chain([facts]).chain(paid).chain([self.ask(ask)]))
    }

    fn ask(&self, ask: &Ask) -> String {
        match ask {
            Ask::Phrase => self.say("ask-phrase", &[]),
            Ask::Adult => self.say("ask-adult", &[]),
            Ask::Challenge { words } => {
                let word = |at: usize| text(words.get(at).cloned().unwrap_or_default());
                self.say("ask-challenge", &[("first", word(0)), ("second", word(1))])
            }
        }
    }

    fn told(&self, reply: &Reply) -> String {
        match reply {
            Reply::OrderStatus { items, state, arrives } => {
                let items = ("items", text(self.items(items)));
                let name = ("state", text(self.say(&format!("state-{}", state.name()), &[])));
                match arrives.filter(|_| !state.is_final()) {
                    Some(day) => self.say("order-status-day", &[items, name, ("day", text(self.bare_day(day)))]),
                    None => self.say("order-status", &[items, name]),
                }
            }
            Reply::History { product, qty, at, more } => {
                let item = ("item", text(self.item(&Item { product: product.clone(), qty: *qty })));
                let moment = ("moment", text(self.moment(*at)));
                if *more == 0 {
                    self.say("history", &[item, moment])
                } else {
                    self.say("history-more", &[item, moment, ("more", number(*more))])
                }
            }
            Reply::Bought { orders, by_shop } => self.bought(orders, *by_shop),
            _ => String::new(),
        }
    }

    fn about(&self, id: &str, items: &[Item]) -> String {
        self.say(id, &[("items", text(self.items(items)))])
    }

    fn there(&self, id: &str, speaker: &str, items: &[Item]) -> String {
        self.say(id, &[("speaker", text(speaker)), ("items", text(self.items(items)))])
    }

    fn timed(&self, id: &str, items: &[Item], minutes: u32) -> String {
        let minutes = self.say("minutes", &[("minutes", number(minutes))]);
        self.say(id, &[("items", text(self.items(items))), ("minutes", text(minutes))])
    }

    fn code(&self, code: &str) -> String {
        match code {
            "" => self.say("code-none", &[]),
            "unknown_product" | "out_of_stock" | "price_changed" | "expired" | TOO_LATE | NOT_RETURNABLE
            | UNKNOWN_ORDER | "not_in_part" | "payment_refused" | "payment_changed" | "coupon_used" | "card_number" => {
                self.say(&format!("code-{code}"), &[])
            }
            other => self.say("code-other", &[("code", text(other.replace('_', " ")))]),
        }
    }

    fn reason(&self, reason: &Reason) -> String {
        let product = |id: &str, product: &str| self.say(id, &[("product", text(product))]);
        let over = |id: &str, total: &Money, cap: &Money| {
            self.say(id, &[("total", text(self.money(total))), ("cap", text(self.money(cap)))])
        };
        let moved = |id: &str, now: &Money, before: &Money, product: &str| {
            let (now, before) = (text(self.money(now)), text(self.money(before)));
            self.say(id, &[("now", now), ("before", before), ("product", text(product))])
        };
        match reason {
            Reason::ReportedSpeech { words } => self.say("reason-reported_speech", &[("words", text(words))]),
            Reason::NotAnOrder { kind, words } => self.say(not_an_order(*kind), &[("words", text(words))]),
            Reason::NoPause => self.say("reason-no_pause", &[]),
            Reason::FarAway => self.say("reason-far_away", &[]),
            Reason::OfferedBy { name } => self.say("reason-offered_by", &[("name", text(self.who(name)))]),
            Reason::NotInCatalog { product: named } => product("reason-not_in_catalog", named),
            Reason::RandomWords => self.say("reason-random_words", &[]),
            Reason::ManyHomes { .. } => self.say("reason-many_homes", &[]),
            Reason::RegisteredPlayback { name } => self.say("reason-registered_playback", &[("name", text(name))]),
            Reason::Replay => self.say("reason-replay", &[]),
            Reason::OwnVoice => self.say("reason-own_voice", &[]),
            Reason::ChildrenUp => self.say("reason-children_up", &[]),
            Reason::UnknownVoice => self.say("reason-unknown_voice", &[]),
            Reason::TextOrdersOff => self.say("reason-text_orders_off", &[]),
            Reason::OpenChannel => self.say("reason-open_channel", &[]),
            Reason::QuoteWrong => self.say("reason-quote_wrong", &[]),
            Reason::QuietHours => self.say("reason-quiet_hours", &[]),
            Reason::UnknownClock => self.say("reason-unknown_clock", &[]),
            Reason::QuoteStale => self.say("reason-quote_stale", &[]),
            Reason::Unclear => self.say("reason-unclear", &[]),
            Reason::SecondEarSilent => self.say("reason-second_ear_silent", &[]),
            Reason::EarsDiffer => self.say("reason-ears_differ", &[]),
            Reason::FirstPurchase { product: name } => product("reason-first_purchase", name),
            Reason::Recurring { product: name } => product("reason-recurring", name),
            Reason::Restricted { product: name } => product("reason-restricted", name),
            Reason::OtherName { product: name } => product("reason-other_name", name),
            Reason::HostileText { product: name } => product("reason-hostile_text", name),
            Reason::LargeQuantity { product: _, qty, usual } => {
                self.say("reason-large_quantity", &[("qty", number(*qty)), ("usual", number(*usual))])
            }
            Reason::UnsureQuantity { qty, other } => {
                self.say("reason-unsure_quantity", &[("qty", number(*qty)), ("other", number(*other))])
            }
            Reason::EasilyMisheard { qty } => self.say("reason-easily_misheard", &[("qty", number(*qty))]),
            Reason::AboveProductLimit { product, max } => {
                self.say("reason-above_product_limit", &[("product", text(product)), ("max", number(*max))])
            }
            Reason::Ambiguous { first, second } => {
                self.say("reason-ambiguous", &[("first", text(first)), ("second", text(second))])
            }
            Reason::OptionMissing { product, option } => {
                self.say("reason-option_missing", &[("product", text(product)), ("option", text(option))])
            }
            Reason::AsLastTime { at } => self.say("reason-as_last_time", &[("moment", text(self.moment(*at)))]),
            Reason::AlreadyOrdered { product, at } => {
                self.say("reason-already_ordered", &[("product", text(product)), ("moment", text(self.moment(*at)))])
            }
            Reason::AlreadyOrderedThere { product, at, speaker } => {
                let (moment, speaker) = (text(self.moment(*at)), text(speaker));
                let args = [("product", text(product)), ("moment", moment), ("speaker", speaker)];
                self.say("reason-already_ordered_there", &args)
            }
            Reason::HeardThere { speaker } => self.say("reason-heard_there", &[("speaker", text(speaker))]),
            Reason::LeftTo { speaker } => self.say("reason-left_to", &[("speaker", text(speaker))]),
            Reason::PriceJump { product, now, before } => moved("reason-price_jump", now, before, product),
            Reason::DeliveryJump { now, before } => moved("reason-delivery_jump", now, before, ""),
            Reason::OtherCurrency { currency } => self.say("reason-other_currency", &[("currency", text(currency))]),
            Reason::OverCap { total, cap } => over("reason-over_cap", total, cap),
            Reason::OverDayCap { total, cap } => over("reason-over_day_cap", total, cap),
            Reason::OverMonthCap { total, cap } => over("reason-over_month_cap", total, cap),
            Reason::OverHardCap { total, cap } => over("reason-over_hard_cap", total, cap),
            Reason::TooManyOrders { orders, hours } => {
                self.say("reason-too_many_orders", &[("orders", number(*orders)), ("hours", number(*hours))])
            }
            Reason::Substituted { asked, asked_qty, offered, offered_qty } => {
                let item = |product: &str, qty: u32| match qty {
                    0 => text(product),
                    qty => text(self.item(&Item { product: product.into(), qty })),
                };
                let key = match (asked.as_str(), offered.as_str()) {
                    (_, "") => "reason-not-offered",
                    ("", _) => "reason-added",
                    (_, _) => "reason-substituted",
                };
                self.say(key, &[("asked", item(asked, *asked_qty)), ("offered", item(offered, *offered_qty))])
            }
            Reason::BoughtBefore { product, days_ago } => self.since("reason-bought_before", product, *days_ago, &[]),
            Reason::RecallOfYours { product, order, days_ago } => {
                self.since("reason-recall_of_yours", product, *days_ago, &[("order", text(order))])
            }
            Reason::AgreedTo { kind } => self.say("reason-agreed_to", &[("kinds", text(self.kinds(&[*kind])))]),
            Reason::NotAgreedChildren => self.say("reason-not_agreed_children", &[]),
            Reason::NotAgreedOpen => self.say("reason-not_agreed_open", &[]),
            Reason::Suggested { product: name, because } if because.is_empty() => {
                product("reason-suggested-plain", name)
            }
            Reason::Suggested { product, because } => {
                self.say("reason-suggested", &[("product", text(product)), ("because", text(because))])
            }
            Reason::AboveLimit { product, now, limit } => {
                let (now, limit) = (text(self.money(now)), text(self.money(limit)));
                self.say("reason-above_limit", &[("product", text(product)), ("now", now), ("limit", limit)])
            }
            Reason::WrongPin { times } => self.say("reason-wrong_pin", &[("times", number(*times))]),
            Reason::UnknownShop { shop } => self.say("reason-unknown_shop", &[("shop", text(shop))]),
        }
    }

    fn sentences(&self, parts: impl IntoIterator<Item = String>) -> String {
        parts.into_iter().map(|part| capitalised(&part)).collect::<Vec<_>>().join(" ")
    }

    fn items(&self, items: &[Item]) -> String {
        self.join(items.iter().map(|item| self.item(item)))
    }

    fn item(&self, item: &Item) -> String {
        self.say("item", &[("qty", number(item.qty)), ("product", text(&item.product))])
    }

    /// "5 0, 50 packs": numbers that sound alike are told apart by their digits.
    fn item_by_digits(&self, item: &Item) -> String {
        let digits: Vec<String> = item.qty.to_string().chars().map(String::from).collect();
        if digits.len() < 2 {
            return self.item(item);
        }
        let args = [("digits", text(digits.join(" "))), ("qty", number(item.qty)), ("product", text(&item.product))];
        self.say("item-digits", &args)
    }

    /// "a, b and c".
    fn join(&self, parts: impl Iterator<Item = String>) -> String {
        let mut parts: Vec<String> = parts.collect();
        let Some(last) = parts.pop() else { return String::new() };
        if parts.is_empty() {
            return last;
        }
        self.say("and", &[("first", text(parts.join(", "))), ("second", text(last))])
    }

    fn money(&self, money: &Money) -> String {
        let per = money.minor_per_major();
        let known = matches!(money.currency.as_str(), "EUR" | "RON" | "USD" | "GBP") && money.minor >= 0;
        if !known {
            let amount = money.to_string();
            let amount = amount.strip_suffix(&money.currency).unwrap_or(&amount).trim();
            return self.say("money-other", &[("amount", text(amount)), ("currency", text(&money.currency))]);
        }
        let (major, minor) = (money.minor / per, money.minor % per);
        let form = match (major, minor) {
            (0, 1..) => "cents",
            (_, 0) => "whole",
            (_, _) => "both",
        };
        let args = [("form", text(form)), ("major", number(major)), ("minor", number(minor))];
        self.say(&format!("money-{}", money.currency), &args)
    }

    /// "tomorrow", "on Tuesday"; "by Tuesday", where it may come earlier.
    fn days(&self, earliest: Day, latest: Day) -> String {
        if earliest == latest {
            return self.day(latest);
        }
        self.say("days-by", &[("day", text(self.bare_day(latest)))])
    }

    fn day(&self, day: Day) -> String {
        self.day_as(day, "day-near", "day-far")
    }

    /// The day without a preposition: "Tuesday".
    fn bare_day(&self, day: Day) -> String {
        self.day_as(day, "day-bare-near", "day-bare-far")
    }

    fn day_as(&self, day: Day, near: &str, far: &str) -> String {
        match day.days_ahead {
            0 => self.say("day-today", &[]),
            1 => self.say("day-tomorrow", &[]),
            -1 => self.say("day-yesterday", &[]),
            2..=NEAR_DAYS => {
                let weekday = self.say(&format!("weekday-{}", day.weekday), &[]);
                self.say(near, &[("weekday", text(weekday))])
            }
            _ => {
                let month = self.say(&format!("month-{}", day.month), &[]);
                self.say(far, &[("day", number(day.day)), ("month", text(month))])
            }
        }
    }

    /// "about every 3 weeks", "about every 10 days".
    fn every(&self, days: u32) -> String {
        let weeks = (days + 3) / 7;
        if weeks >= 1 && days.abs_diff(weeks * 7) < weeks.min(2) {
            return self.say("every-weeks", &[("weeks", number(weeks))]);
        }
        self.say("every-days", &[("days", number(days))])
    }

    fn moment(&self, at: Moment) -> String {
        self.moment_on(self.day(at.day), at)
    }

    /// With its date, also of today: what is written down or quoted later.
    fn dated(&self, at: Moment) -> String {
        let far = Day { days_ahead: i64::MAX, ..at.day };
        self.moment_on(self.day(far), at)
    }

    fn moment_on(&self, day: String, at: Moment) -> String {
        let half = self.say(if at.hour < 12 { "half-am" } else { "half-pm" }, &[]);
        let hour12 = match at.hour % 12 {
            0 => 12,
            hour => hour,
        };
        let args = [
            ("hour", number(at.hour)),
            ("hour12", number(hour12)),
            ("minute", number(at.minute)),
            ("minute2", text(format!("{:02}", at.minute))),
            ("half", text(half)),
        ];
        let time = self.say("time", &args);
        self.say("moment", &[("day", text(day)), ("time", text(time))])
    }
}

fn not_an_order(kind: NotAnOrder) -> &'static str {
    match kind {
        NotAnOrder::Reported | NotAnOrder::Narrated => "reason-reported_speech",
        NotAnOrder::Negated => "reason-negated",
        NotAnOrder::Question => "reason-question",
        NotAnOrder::Conditional => "reason-conditional",
        NotAnOrder::Unexplained => "reason-unexplained",
    }
}

fn capitalised(sentence: &str) -> String {
    let mut chars = sentence.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
mod tests;
