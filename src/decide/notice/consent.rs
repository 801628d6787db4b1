//! Agreeing, and taking it back: what the household hears is read back to it once it is on disk, and told to the shop.

use super::super::Now;
use super::super::effect::{Effect, Write};
use super::super::event::Entropy;
use super::super::guard::who;
use super::super::mind::{Address, Mind};
use super::super::reply::Reply;
use super::{Consent, DAY_MS, Notice, Pending, STORING_MS};
use crate::understand::intent::NewsKind;
use base16ct::lower as hex;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What somebody wants of the shop's news from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wish {
    pub on: bool,
    /// These and no other.
    #[serde(default)]
    pub only: bool,
    /// None: news and offers, where they are switched on; whatever there is, where they are switched off.
    #[serde(default)]
    pub kinds: Vec<NewsKind>,
}

impl Wish {
    /// What is agreed to with it.
    pub(super) fn kinds_after(&self, before: &BTreeSet<NewsKind>) -> BTreeSet<NewsKind> {
        let named: BTreeSet<NewsKind> = match (self.kinds.is_empty(), self.on) {
            (false, _) => self.kinds.iter().copied().collect(),
            (true, true) => [NewsKind::News, NewsKind::Offer].into(),
            (true, false) => NewsKind::ALL.into(),
        };
        match (self.on, self.only) {
            (true, true) => named,
            (true, false) => before | &named,
            (false, _) => before - &named,
        }
    }
}

impl Mind {
    /// Changes what the shop may tell. The answer comes when it is on disk; `Some`: it can be given at once.
    pub(in super::super) fn wish_news(
        &mut self,
        wish: &Wish,
        to: &Address,
        entropy: Entropy,
        now: Now,
    ) -> Option<Reply> {
        let before = self.household.consent.clone();
        let kinds = wish.kinds_after(&before.kinds);
        // Hearing less is anybody's right; hearing more is an adult's to say.
        if let Some(reason) = who::why_not_agree(&to.channel, &self.policy).filter(|_| !kinds.is_subset(&before.kinds))
        {
            return Some(Reply::Refused { reason });
        }
        let reply = self.consent_reply(&kinds, &before.kinds, wish.on);
        if kinds == before.kinds && !wish.on {
            return Some(reply);
        }
        self.notices.on_disk.get_or_insert_with(|| before.clone());
        let withdraws = !before.kinds.is_subset(&kinds);
        let id = if before.id.is_empty() || before.kinds.is_empty() || withdraws {
            hex::encode_string(&entropy.0[..16])
        } else {
            before.id.clone()
        };
        let at_unix_ms = now.wall.map(|wall| wall.unix_ms);
        let consent = before.followed_by(id, kinds, at_unix_ms);
        let mut writes = vec![Write::Consent(consent.clone())];
        writes.extend(self.keep_agreed(&before.id, &consent));
        self.household.consent = consent.clone();
        let ticket = self.write_down(writes);
        let (reply, until_ms) = (Some((to.clone(), reply)), now.mono_ms + STORING_MS);
        self.notices.pending.push(Pending { ticket, after: consent, reply, late: None, until_ms });
        None
    }

    /// Drops what nobody wants to hear any more; the rest waits under the new consent.
    fn keep_agreed(&mut self, before: &str, after: &Consent) -> Option<Write> {
        let mut gone = vec![];
        self.household.notices.retain_mut(|notice| {
            let was_agreed = notice.consent.as_deref() == Some(before);
            if was_agreed && after.kinds.contains(&notice.kind) {
                notice.consent = Some(after.id.clone());
            }
            let stays = notice.told_unix_ms.is_some() || notice.is_agreed(after) || is_free(notice);
            if !stays {
                gone.push(notice.id.clone());
            }
            stays
        });
        (!gone.is_empty()).then_some(Write::NoticesGone { ids: gone })
    }

    /// What the shop may tell, in the household's ears.
    fn consent_reply(&self, after: &BTreeSet<NewsKind>, before: &BTreeSet<NewsKind>, on: bool) -> Reply {
        let list = |kinds: &BTreeSet<NewsKind>| kinds.iter().copied().collect::<Vec<_>>();
        let stopped = if on { vec![] } else { list(&(before - after)) };
        Reply::Consent { shop: self.shop_name(), kinds: list(after), stopped, recalls: self.policy.recalls }
    }

    /// A change is on disk, or could not be written: only then the household hears of it, and the shop.
    pub(in super::super) fn consent_stored(&mut self, ticket: u32, stored: bool) {
        let Some(at) = self.notices.pending.iter().position(|pending| pending.ticket == ticket) else { return };
        let Pending { after, reply, late, .. } = self.notices.pending.remove(at);
        if stored {
            self.notices.on_disk = Some(after);
            self.out.push(Effect::TellConsent);
        }
        if self.notices.pending.is_empty()
            && let Some(on_disk) = self.notices.on_disk.take()
        {
            self.keep_agreed(&self.household.consent.id.clone(), &on_disk);
            self.household.consent = on_disk;
        }
        if let Some((to, reply)) = reply {
            self.tell(to, if stored { reply } else { Reply::ConsentNotKept });
        }
        if let Some((to, reply)) = late.filter(|_| stored) {
            self.tell(to, reply);
        }
    }

    /// A disk that does not answer, and what is over.
    pub(in super::super) fn notices_due(&mut self, now: Now) {
        for at in 0..self.notices.pending.len() {
            let pending = &mut self.notices.pending[at];
            if pending.until_ms <= now.mono_ms
                && let Some((to, reply)) = pending.reply.take()
            {
                pending.late = Some((to.clone(), reply));
                self.tell(to, Reply::ConsentNotKept);
            }
        }
        let Some(wall) = now.wall else { return };
        // What was told stays for a day: it counts towards what is told in one.
        let over = |notice: &&Notice| {
            notice.expires_unix_ms <= wall.unix_ms
                && !self.is_being_told(&notice.id)
                && notice.told_unix_ms.is_none_or(|told| told.saturating_add(DAY_MS) <= wall.unix_ms)
        };
        let gone = self.household.notices.iter().filter(over).map(|notice| notice.id.clone()).collect();
        self.drop_notices(gone);
    }

    pub(super) fn drop_notices(&mut self, ids: Vec<String>) {
        if ids.is_empty() {
            return;
        }
        self.household.notices.retain(|notice| !ids.contains(&notice.id));
        self.write_down(vec![Write::NoticesGone { ids }]);
    }

    pub(in super::super) fn disk_deadline(&self) -> Option<(u64, &'static str)> {
        let asked = self.notices.pending.iter().filter(|pending| pending.reply.is_some());
        asked.map(|pending| (pending.until_ms, "the disk")).min()
    }
}

/// It needs nobody's consent.
fn is_free(notice: &Notice) -> bool {
    notice.consent.is_none() && notice.is_own_recall()
}
