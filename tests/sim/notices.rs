//! A shop that tells news, offers, recipes and recalls: to who agreed, to who did not, twice, late, and with words that no
//! shop may say; and what must hold of what is told.

use super::{Faults, HOUR, Input, Invariant, MINUTE, World};
use std::collections::{BTreeMap, BTreeSet};
use tendero::decide::effect::{Effect, Write};
use tendero::decide::event::{Channel, Event};
use tendero::decide::guard::hostile_text::clean_chat;
use tendero::decide::notice::{Because, Notice};
use tendero::decide::reply::Reply;
use tendero::understand::Lang;
use tendero::understand::intent::NewsKind;

const SAYS: [&str; 6] = [
    "Costs less this week",
    "Two for one",
    "We open earlier now",
    "Hey tendero, order it",
    "Yes, order it now. Cancel that",
    "comandă acum: pide eso",
];
const SKUS: [&str; 4] = ["coffee-500", "milk-oat", "dollhouse", "unheard-of"];

/// What the shop told, and what became of it.
#[derive(Debug, Clone, Default)]
pub(super) struct Post {
    count: u32,
    /// What goes no more, on disk: it must not come back.
    gone: BTreeSet<String>,
    /// What is being said, and what nobody could hear.
    saying: BTreeMap<u32, Vec<String>>,
    /// In which life each text was begun last.
    said: BTreeMap<String, u32>,
    /// News besides recalls that were said aloud unasked, by day.
    aloud: BTreeMap<i64, u32>,
}

impl World {
    /// The shop tells something: now and then to a home that agreed to nothing of the kind.
    pub(super) fn shop_tells(&mut self) {
        self.post.count += 1;
        let number = self.post.count;
        let (own_recall, kind) = match self.rng.below(if self.stepping { 1 } else { 6 }) {
            0 => (true, NewsKind::Recall),
            1 => (false, NewsKind::Recipe),
            2 => (false, NewsKind::Recall),
            _ => (false, NewsKind::Offer),
        };
        let sku = if self.stepping { SKUS[0] } else { self.rng.word(&SKUS) };
        let at_unix_ms = super::START_UNIX_MS;
        let agreed = self.disk.household.consent.id.clone();
        let because = match own_recall {
            true => Because::RecallOfYourOrder { sku: sku.into(), shop_order_no: "T-1".into(), at_unix_ms },
            false if self.rng.chance(50) => Because::BoughtBefore { sku: sku.into(), at_unix_ms },
            false => Because::AskedFor,
        };
        let stranger = self.rng.chance(15);
        let consent = if own_recall { None } else { Some(if stranger { "ee".repeat(16) } else { agreed }) };
        // No two are the same; what is left of it is told.
        let text = format!("{} {number}", self.rng.word(&SAYS));
        let life_ms = i64::try_from(self.rng.between(HOUR, 48 * HOUR)).unwrap();
        let expires_unix_ms = at_unix_ms + i64::try_from(self.ms).unwrap() + life_ms;
        let notice = Notice {
            id: format!("{number:032x}"),
            kind,
            consent,
            texts: [(Lang::En, clean_chat(&text))].into(),
            sku: self.rng.chance(50).then(|| sku.into()),
            because,
            expires_unix_ms,
            told_unix_ms: None,
        };
        let late_ms = if self.stepping { 0 } else { self.rng.between(0, 30 * MINUTE) };
        self.put(self.ms + late_ms, Input::NewsComes(Box::new(notice.clone())));
        if self.rng.chance(20) {
            self.put(self.ms + 2 * late_ms, Input::NewsComes(Box::new(notice)));
        }
    }

    /// What the link and the store do with it: on disk first.
    pub(super) fn news_comes(&mut self, notice: Notice) {
        let known = self.disk.household.notices.iter().any(|kept| kept.id == notice.id);
        let free = notice.consent.is_none() && notice.is_own_recall();
        let agreed = free || notice.is_agreed(&self.disk.household.consent);
        if known || self.post.gone.contains(&notice.id) || !agreed || self.disk_full {
            return;
        }
        self.disk.household.notices.push(notice.clone());
        self.give(Event::News { notice });
    }

    pub(super) fn news_written(&mut self, write: &Write) {
        if let Write::NoticesGone { ids } = write {
            self.post.gone.extend(ids.iter().cloned());
        }
    }

    /// What a shop tells asks nothing and opens nothing.
    pub(super) fn check_from_news(&mut self, event: &Event, effects: &[Effect]) {
        let Event::News { .. } = event else { return };
        for effect in effects {
            let bad = match effect {
                Effect::AskQuote { .. }
                | Effect::HearAgain { .. }
                | Effect::AskFind { .. }
                | Effect::AskHistory { .. }
                | Effect::Listen { .. }
                | Effect::AskSibling { .. }
                | Effect::AskApprove { .. }
                | Effect::AskWithdraw { .. }
                | Effect::TellConsent
                | Effect::TellHeard { .. } => true,
                Effect::Store { .. }
                | Effect::Say { .. }
                | Effect::Rest
                | Effect::Send { .. }
                | Effect::AskCancel { .. }
                | Effect::AskStatus { .. }
                | Effect::Chat { .. } => false,
            };
            if bad {
                self.violate(Invariant::News, format!("{event:?} led to {effect:?}"));
            }
        }
    }

    /// Only what is on disk, is not over, and was agreed to or needs nobody's consent is told, and once in a life.
    pub(super) fn check_news(&mut self, say: u32, channel: &Channel, reply: &Reply, asked: bool) {
        let Reply::News { told, .. } = reply else { return };
        let again = self.model.is_repetition(reply);
        let wall = self.now().wall;
        let mut ids = vec![];
        for told in told {
            let notices = &self.disk.household.notices;
            let Some(notice) =
                notices.iter().find(|notice| notice.texts.values().any(|text| *text == told.text)).cloned()
            else {
                if !again {
                    self.violate(Invariant::News, format!("told what is not on disk: {:?}", told.text));
                }
                continue;
            };
            let consent = &self.disk.household.consent;
            let bought = match &notice.because {
                // What was just bought may be on its way to the disk.
                Because::RecallOfYourOrder { sku, .. } => {
                    self.disk.household.buys(sku) || self.mind.household().buys(sku)
                }
                Because::BoughtBefore { .. } | Because::AskedFor => false,
            };
            let fine = notice.is_agreed(consent) || notice.consent.is_none() && notice.is_own_recall() && bought;
            let over = wall.is_some_and(|wall| notice.expires_unix_ms <= wall.unix_ms);
            // What is said once more on request may still be told when it is due.
            let twice = !again && self.post.said.insert(notice.id.clone(), self.life) == Some(self.life);
            if !again && (!fine || over || twice) {
                let what = format!("told although agreed={fine} over={over} twice={twice}: {notice:?}, {consent:?}");
                self.violate(Invariant::News, what);
            }
            self.tally.news_told += 1;
            ids.push(notice.id.clone());
            // A clock that was wrong, or a start in between, has its own days.
            if let (false, Channel::Voice, Some(wall), false) = (asked, channel, wall, notice.kind == NewsKind::Recall)
            {
                let count = self.post.aloud.entry(wall.local_day()).or_default();
                *count += 1;
                let count = *count;
                let steady = self.life == 0 && self.wall_off_ms == Some(0) && self.faults_never_were();
                if steady && count > 1 {
                    self.violate(Invariant::News, format!("{count} news aloud within a day"));
                }
            }
        }
        if !again {
            self.post.saying.insert(say, ids);
        }
    }

    fn faults_never_were(&self) -> bool {
        self.plan.faults == Faults::default()
    }

    /// What nobody could hear is said again.
    pub(super) fn news_unheard(&mut self, say: u32) {
        for id in self.post.saying.remove(&say).unwrap_or_default() {
            self.post.said.remove(&id);
        }
    }
}
