//! What the shop tells, as the household hears it: when, with which reason, and what it may say to it.

use super::super::dialogue::State;
use super::super::effect::Write;
use super::super::event::Channel;
use super::super::mind::{Address, Mind};
use super::super::order::Wanted;
use super::super::reply::{Reason, Reply, ToldNews};
use super::super::{Now, Wall};
use super::{AGAIN_MS, Because, CLOCK_POLL_MS, DAY_MS, MAX_AT_ONCE, MAX_SAYING, MAX_WAITING, Notice, ORDER_IT_MS};
use crate::understand::Lang;
use crate::understand::intent::NewsKind;

impl Mind {
    /// The shop told something, and it is on disk. What nobody agreed to by now is dropped without a word.
    pub(in super::super) fn notice_came(&mut self, notice: Notice) {
        if self.household.notices.iter().any(|known| known.id == notice.id) {
            return;
        }
        let waiting = self.household.notices.iter().filter(|known| known.told_unix_ms.is_none()).count();
        let room = waiting < MAX_WAITING || notice.kind == NewsKind::Recall && waiting < 2 * MAX_WAITING;
        let (id, wanted) = (notice.id.clone(), room && self.may_be_told(&notice));
        // Dropped again, it goes from the disk, too.
        self.household.notices.push(notice);
        if !wanted {
            self.drop_notices(vec![id]);
        }
    }

    /// Says aloud the next that may be said now. It opens no microphone.
    pub(in super::super) fn tell_notice(&mut self, now: Now) {
        let Some((at_ms, id)) = self.next_notice(now) else { return };
        if at_ms <= now.mono_ms {
            let to = Address { channel: Channel::Voice, lang: self.last_lang };
            self.state = self.tell_notices(to, vec![id], 0, false, now);
        }
    }

    /// The next moment at which something may be told.
    pub(in super::super) fn notice_deadline(&self, now: Now) -> Option<(u64, &'static str)> {
        self.next_notice(now).map(|(at_ms, _)| (at_ms, "news of the shop"))
    }

    /// "What's new?": what waits, of the kinds that were named; recalls first.
    pub(in super::super) fn tell_whats_new(&mut self, kinds: &[NewsKind], to: Address, rest: bool, now: Now) -> State {
        let fits = |notice: &&Notice| kinds.is_empty() || kinds.contains(&notice.kind);
        let waiting = self.household.notices.iter().filter(|notice| self.is_waiting(notice, now)).filter(fits);
        let mut waiting: Vec<(bool, String)> = waiting.map(|n| (n.kind != NewsKind::Recall, n.id.clone())).collect();
        waiting.sort_by_key(|(later, _)| *later);
        let more = u32::try_from(waiting.len().saturating_sub(MAX_AT_ONCE)).unwrap_or(u32::MAX);
        let ids: Vec<String> = waiting.into_iter().take(MAX_AT_ONCE).map(|(_, id)| id).collect();
        if ids.is_empty() {
            let kinds = self.household.consent.kinds.iter().copied().collect();
            let reply = Reply::NoShopNews { shop: self.shop_name(), kinds };
            return self.close(to, reply, now, rest);
        }
        self.tell_notices(to, ids, more, rest, now)
    }

    fn tell_notices(&mut self, to: Address, ids: Vec<String>, more: u32, rest: bool, now: Now) -> State {
        let of = |id: &String| self.household.notices.iter().find(|notice| notice.id == *id);
        let told: Vec<ToldNews> = ids
            .iter()
            .filter_map(of)
            .map(|notice| ToldNews { text: notice.text(to.lang), because: self.why_told(notice, to.lang, now) })
            .collect();
        let about = match ids.as_slice() {
            [only] => of(only).and_then(|notice| notice.sku.clone()),
            // Of several nobody knows which one is meant.
            [] | [_, _, ..] => None,
        };
        self.notices.order_it = about.map(|sku| (sku, now.mono_ms));
        self.last_reasons = told.iter().map(|told| told.because.clone()).collect();
        let told = Reply::News { shop: self.shop_name(), told, more };
        let state = self.close(to, told, now, rest);
        if self.notices.saying.len() == MAX_SAYING {
            self.notices.saying.pop_front();
        }
        self.notices.saying.push_back((self.says, ids));
        state
    }

    /// It was said to its end, or read.
    pub(in super::super) fn notices_heard(&mut self, say: u32, now: Now) {
        let Some(ids) = self.take_told(say) else { return };
        if let Some((_, at_ms)) = &mut self.notices.order_it {
            *at_ms = now.mono_ms;
        }
        let at_unix_ms = now.wall.map_or(0, |wall| wall.unix_ms);
        let known = self.household.notices.iter_mut().filter(|notice| ids.contains(&notice.id));
        known.for_each(|notice| notice.told_unix_ms = Some(at_unix_ms));
        self.write_down(vec![Write::NoticesTold { ids, at_unix_ms }]);
    }

    /// Nobody could hear it: later again.
    pub(in super::super) fn notices_unheard(&mut self, say: u32, now: Now) {
        if self.take_told(say).is_some() {
            self.notices.not_before_ms = now.mono_ms + AGAIN_MS;
            self.notices.order_it = None;
        }
    }

    fn take_told(&mut self, say: u32) -> Option<Vec<String>> {
        let at = self.notices.saying.iter().position(|(of, _)| *of == say)?;
        self.notices.saying.remove(at).map(|(_, ids)| ids)
    }

    /// "Order it", right after the shop told of a product: an order like any other, which nothing was confirmed of.
    pub(in super::super) fn meant_by_order_it(&self, now: Now) -> Option<Wanted> {
        let (sku, at_ms) = self.notices.order_it.as_ref()?;
        let known = self.understanding.catalog().product(sku)?;
        let lately = now.mono_ms < at_ms + ORDER_IT_MS;
        lately.then(|| Wanted { sku: known.sku.clone(), qty: 1, options: Default::default() })
    }

    /// Why the last one was told, for who asks later.
    pub(in super::super) fn why_told_last(&self, lang: Lang, now: Now) -> Option<Reason> {
        let since = now.wall.map_or(i64::MAX, |wall| wall.unix_ms - DAY_MS);
        let told = self.household.notices.iter().filter(|notice| notice.told_unix_ms.is_some_and(|at| at >= since));
        told.max_by_key(|notice| notice.told_unix_ms).map(|notice| self.why_told(notice, lang, now))
    }

    /// The reason, as far as the household's own history bears it out.
    fn why_told(&self, notice: &Notice, lang: Lang, now: Now) -> Reason {
        let agreed = Reason::AgreedTo { kind: notice.kind };
        let days_ago = |unix_ms: i64| {
            let wall = now.wall?;
            u32::try_from(wall.local_day() - Wall { unix_ms, ..wall }.local_day()).ok()
        };
        match &notice.because {
            Because::AskedFor => agreed,
            Because::BoughtBefore { sku, .. } if !self.household.buys(sku) => agreed,
            Because::BoughtBefore { sku, at_unix_ms } => {
                let product = self.product_name(sku, sku, lang);
                Reason::BoughtBefore { product, days_ago: days_ago(*at_unix_ms) }
            }
            Because::RecallOfYourOrder { sku, shop_order_no, at_unix_ms } => Reason::RecallOfYours {
                product: self.product_name(sku, sku, lang),
                order: super::super::guard::hostile_text::clean(shop_order_no),
                days_ago: days_ago(*at_unix_ms),
            },
        }
    }

    /// The next to be told aloud, and from when on it may be; monotonic, milliseconds.
    fn next_notice(&self, now: Now) -> Option<(u64, String)> {
        let waiting = self.household.notices.iter().filter(|notice| self.is_waiting(notice, now));
        let mut next: Vec<(u64, bool, &Notice)> = waiting
            .filter_map(|notice| Some((self.aloud_ms(notice, now)?, notice.kind != NewsKind::Recall, notice)))
            .collect();
        // In the order in which they came; recalls first.
        next.sort_by_key(|(at_ms, later, _)| (*at_ms, *later));
        next.first().map(|(at_ms, _, notice)| (*at_ms, notice.id.clone()))
    }

    fn aloud_ms(&self, notice: &Notice, now: Now) -> Option<u64> {
        let recall = notice.kind == NewsKind::Recall;
        if !recall && (self.policy.children_up || self.policy.news_a_day == 0) {
            return None;
        }
        // Without the time nobody knows what is quiet, or over.
        let Some(wall) = now.wall else { return Some(now.mono_ms + CLOCK_POLL_MS) };
        let from_ms = if !recall && self.told_today(wall) >= self.policy.news_a_day {
            let into_day_ms = (wall.unix_ms + i64::from(wall.offset_min) * 60_000).rem_euclid(DAY_MS);
            now.mono_ms.saturating_add_signed(DAY_MS - into_day_ms)
        } else {
            now.mono_ms
        };
        Some(from_ms.max(self.policy.quiet_ends_ms(now)).max(self.notices.not_before_ms))
    }

    /// What was told today, aloud or not, besides recalls; with what is being said.
    fn told_today(&self, wall: Wall) -> u32 {
        let today = wall.local_day();
        let is_told = |notice: &&Notice| {
            let told = notice.told_unix_ms.is_some_and(|unix_ms| Wall { unix_ms, ..wall }.local_day() >= today);
            notice.kind != NewsKind::Recall && (told || self.is_being_told(&notice.id))
        };
        u32::try_from(self.household.notices.iter().filter(is_told).count()).unwrap_or(u32::MAX)
    }

    fn is_waiting(&self, notice: &Notice, now: Now) -> bool {
        // The clock may have jumped since it was last looked at.
        let is_over = now.wall.is_some_and(|wall| notice.expires_unix_ms <= wall.unix_ms);
        !is_over && notice.told_unix_ms.is_none() && !self.is_being_told(&notice.id) && self.may_be_told(notice)
    }

    pub(super) fn is_being_told(&self, id: &String) -> bool {
        self.notices.saying.iter().any(|(_, ids)| ids.contains(id))
    }

    /// Agreed to; or a recall of something that this household bought, unless it wants none of those.
    fn may_be_told(&self, notice: &Notice) -> bool {
        let bought = match &notice.because {
            Because::RecallOfYourOrder { sku, shop_order_no, .. } => {
                let is_it = |order: &super::super::order::Order| order.shop_order_no.as_ref() == Some(shop_order_no);
                self.household.buys(sku) || self.household.newest(is_it).is_some()
            }
            Because::BoughtBefore { .. } | Because::AskedFor => false,
        };
        notice.is_agreed(&self.household.consent)
            || notice.consent.is_none() && notice.is_own_recall() && self.policy.recalls && bought
    }
}
