//! What the household allows: validated, with safe defaults. Nothing here can be changed by voice.

use super::Now;
use super::money::Money;
use super::second_ear::SecondEarPolicy;
use crate::understand::Lang;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Caps are in minor units of `currency`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// What the household speaks, until somebody is heard.
    #[serde(default)]
    pub lang: Lang,
    pub currency: String,
    /// Above these an adult must approve.
    pub cap_order_minor: i64,
    pub cap_day_minor: i64,
    pub cap_month_minor: i64,
    /// Above this an order is refused, per order.
    pub hard_cap_minor: i64,
    /// At most so many confirmed orders.
    pub max_orders_hour: u32,
    pub max_orders_day: u32,
    /// How long a confirmed order is held, milliseconds.
    pub hold_ms: u64,
    /// How long an order may take to reach the shop after its hold, milliseconds.
    pub expiry_ms: u64,
    /// Quiet hours in minutes since local midnight, `[from, to)`, may wrap midnight.
    pub quiet_from_min: u16,
    pub quiet_to_min: u16,
    /// Children are up: everything needs an adult.
    pub children_up: bool,
    /// What becomes of an order in a voice that is not enrolled.
    #[serde(default)]
    pub unknown_voice: UnknownVoice,
    /// Every order by voice needs two random words beside the phrase.
    #[serde(default = "random_words")]
    pub random_words: bool,
    /// Orders that came in over text need no wake word; they may be switched off.
    pub text_orders: bool,
    /// Recogniser confidence below which the household is asked again, 0.0 to 1.0, in per mille.
    pub min_confidence_permille: u16,
    /// A product is a duplicate when it was ordered within this time, milliseconds.
    pub duplicate_ms: u64,
    /// A price is a jump above this many per cent or this many minor units over the last paid.
    pub price_jump_percent: u32,
    pub price_jump_minor: i64,
    /// How long the microphone stays open for an answer, milliseconds.
    pub answer_window_ms: u32,
    /// How long the shop has for a quote, milliseconds.
    pub quote_wait_ms: u64,
    /// How long an order waits for an adult's approval, milliseconds.
    pub adult_wait_ms: u64,
    /// Say when something should be running out.
    #[serde(default)]
    pub suggestions: bool,
    /// Not before this minute since local midnight.
    #[serde(default = "suggest_from_min")]
    pub suggest_from_min: u16,
    /// So many of the shop's news are told aloud in a day at most, besides recalls; 0: only to who asks.
    #[serde(default = "news_a_day")]
    pub news_a_day: u32,
    /// Recalls of what was bought are told without anybody's consent.
    #[serde(default = "recalls")]
    pub recalls: bool,
    /// So many wrong PINs in a row lock approval by PIN, 1 or more.
    #[serde(default = "pin_tries")]
    pub pin_tries: u32,
    /// For how long the first time, milliseconds; each further wrong PIN doubles it, up to a day.
    #[serde(default = "pin_lock_ms")]
    pub pin_lock_ms: u64,
    /// A second recogniser; `None`: there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second_ear: Option<SecondEarPolicy>,
}

/// What becomes of an order in a voice that the household has not enrolled. It never makes an order easier.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum UnknownVoice {
    /// As of any other: voices are not compared.
    #[default]
    Ignore,
    /// An adult must approve.
    Adult,
    /// It goes on the shopping list.
    List,
}

fn random_words() -> bool {
    true
}

fn suggest_from_min() -> u16 {
    10 * 60
}

fn news_a_day() -> u32 {
    1
}

fn recalls() -> bool {
    true
}

fn pin_tries() -> u32 {
    3
}

fn pin_lock_ms() -> u64 {
    15 * 60_000
}

impl Default for Policy {
    fn default() -> Policy {
        Policy {
            lang: Lang::default(),
            currency: "EUR".into(),
            cap_order_minor: 5_000,
            cap_day_minor: 10_000,
            cap_month_minor: 40_000,
            hard_cap_minor: 30_000,
            max_orders_hour: 6,
            max_orders_day: 20,
            hold_ms: 10 * 60_000,
            expiry_ms: 24 * 3_600_000,
            quiet_from_min: 22 * 60,
            quiet_to_min: 7 * 60,
            children_up: false,
            unknown_voice: UnknownVoice::Ignore,
            random_words: random_words(),
            text_orders: true,
            min_confidence_permille: 350,
            duplicate_ms: 24 * 3_600_000,
            price_jump_percent: 10,
            price_jump_minor: 200,
            answer_window_ms: 8_000,
            quote_wait_ms: 8_000,
            adult_wait_ms: 10 * 60_000,
            suggestions: false,
            suggest_from_min: suggest_from_min(),
            news_a_day: news_a_day(),
            recalls: recalls(),
            pin_tries: pin_tries(),
            pin_lock_ms: pin_lock_ms(),
            second_ear: None,
        }
    }
}

impl Policy {
    pub fn money(&self, minor: i64) -> Money {
        Money::new(minor, &self.currency)
    }

    /// Is that minute of the household's day within the quiet hours? Equal ends: there are none.
    pub fn is_quiet(&self, minute_of_day: u16) -> bool {
        let (from, to) = (self.quiet_from_min, self.quiet_to_min);
        if from <= to { (from..to).contains(&minute_of_day) } else { minute_of_day >= from || minute_of_day < to }
    }

    /// When the quiet hours end, monotonic, milliseconds; 0 outside of them, and while the wall clock is unknown.
    pub fn quiet_ends_ms(&self, now: Now) -> u64 {
        let Some(wall) = now.wall else { return 0 };
        let minute = wall.minute_of_day();
        if !self.is_quiet(minute) {
            return 0;
        }
        let minutes = u64::from((self.quiet_to_min + 24 * 60 - minute) % (24 * 60));
        let into_minute_ms = u64::try_from(wall.unix_ms.rem_euclid(60_000)).unwrap_or(0);
        now.mono_ms + (minutes * 60_000).saturating_sub(into_minute_ms)
    }
}
