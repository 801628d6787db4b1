//! What the shop may tell, and what it told: before its message is acknowledged, until it is over.

use super::error::{damaged, json};
use super::{Store, StoreError, at};
use crate::decide::notice::{Consent, MAX_WAITING, Notice};
use crate::understand::intent::NewsKind;
use rusqlite::{Connection, OptionalExtension, Transaction, params};
use std::path::Path;

/// Kept until they are over, told or not; beyond that nothing is taken: a shop that says so much is none to listen to.
const MAX_KEPT: i64 = 1_000;

/// What became of something that the shop told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// On disk now.
    New,
    /// It was here before.
    Known,
    /// Nobody agreed to it, or too much waits; counted and forgotten.
    Dropped,
}

impl Store {
    /// Keeps what the shop tells, if somebody agreed to it or it needs nobody's agreement.
    ///
    /// # Errors
    /// [`StoreError`]: it must come again.
    pub fn take_notice(&mut self, notice: &Notice) -> Result<Taken, StoreError> {
        let path = self.path.clone();
        let tx = self.db.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).map_err(at(&path))?;
        let taken = take(&tx, &path, notice)?;
        tx.commit().map_err(at(&path))?;
        Ok(taken)
    }

    /// What the shop does not know yet of the consent.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn consent_due(&self) -> Result<Option<Consent>, StoreError> {
        let acked: Option<i64> =
            self.db.query_row("SELECT acked FROM consent", [], |row| row.get(0)).optional().map_err(self.at())?;
        let consent = consent(&self.db, &self.path)?;
        Ok(acked.filter(|acked| acked.unsigned_abs() < consent.rev).map(|_| consent))
    }

    /// The shop has the consent of this revision.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn consent_acked(&mut self, id: &str, rev: u64) -> Result<(), StoreError> {
        let sql = "UPDATE consent SET acked = max(acked, ?2) WHERE rev = ?2 AND id = ?1";
        self.db.execute(sql, params![id, rev.cast_signed()]).map(|_| ()).map_err(at(&self.path))
    }

    /// So much was told that nobody had agreed to.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn notices_dropped(&self) -> Result<u64, StoreError> {
        let sql = "SELECT notices_dropped FROM counter";
        self.db.query_row(sql, [], |row| row.get::<_, i64>(0)).map(i64::unsigned_abs).map_err(self.at())
    }
}

fn take(tx: &Transaction<'_>, path: &Path, notice: &Notice) -> Result<Taken, StoreError> {
    let known = "SELECT 1 FROM notices WHERE id = ?1";
    if tx.query_row(known, [&notice.id], |_| Ok(())).optional().map_err(at(path))?.is_some() {
        return Ok(Taken::Known);
    }
    let (kept, waiting): (i64, i64) = tx
        .query_row(
            "SELECT count(*), count(*) FILTER (WHERE told_unix_ms IS NULL AND gone = 0) FROM notices",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .map_err(at(path))?;
    let most = if notice.kind == NewsKind::Recall { 2 * MAX_WAITING } else { MAX_WAITING };
    let free = notice.consent.is_none() && notice.is_own_recall();
    let agreed = free || notice.is_agreed(&consent(tx, path)?);
    if !agreed || kept >= MAX_KEPT || usize::try_from(waiting).is_ok_and(|waiting| waiting >= most) {
        tx.execute("UPDATE counter SET notices_dropped = notices_dropped + 1", []).map_err(at(path))?;
        return Ok(Taken::Dropped);
    }
    let body = json(path, notice)?;
    tx.execute(
        "INSERT INTO notices (id, consent, expires_unix_ms, body) VALUES (?1, ?2, ?3, ?4)",
        params![notice.id, notice.consent, notice.expires_unix_ms, body],
    )
    .map_err(at(path))?;
    Ok(Taken::New)
}

/// Writes what the shop may tell; what waits under the consent before waits under this one.
pub fn put_consent(tx: &Transaction<'_>, path: &Path, new: &Consent) -> Result<(), StoreError> {
    let before = consent(tx, path)?;
    tx.execute("UPDATE notices SET consent = ?2 WHERE consent = ?1", [&before.id, &new.id]).map_err(at(path))?;
    tx.execute(
        "INSERT INTO consent (one, id, rev, acked, body) VALUES (1, ?1, ?2, 0, ?3)
         ON CONFLICT (one) DO UPDATE SET id = ?1, rev = ?2, body = ?3",
        params![new.id, new.rev.cast_signed(), json(path, new)?],
    )
    .map(|_| ())
    .map_err(at(path))
}

pub fn put_told(tx: &Transaction<'_>, path: &Path, ids: &[String], at_unix_ms: i64) -> Result<(), StoreError> {
    let sql = "UPDATE notices SET told_unix_ms = coalesce(told_unix_ms, ?2) WHERE id = ?1";
    ids.iter().try_for_each(|id| tx.execute(sql, params![id, at_unix_ms]).map(|_| ()).map_err(at(path)))
}

/// Their words go; their numbers stay until they are over, so that none of them comes back.
pub fn put_gone(tx: &Transaction<'_>, path: &Path, ids: &[String]) -> Result<(), StoreError> {
    let sql = "UPDATE notices SET gone = 1, body = '' WHERE id = ?1";
    ids.iter().try_for_each(|id| tx.execute(sql, params![id]).map(|_| ()).map_err(at(path)))
}

/// What is over by `before_unix_ms`: nobody may bring it any more.
pub fn forget(tx: &Transaction<'_>, path: &Path, before_unix_ms: i64) -> Result<(), StoreError> {
    tx.execute("DELETE FROM notices WHERE expires_unix_ms < ?1", [before_unix_ms]).map(|_| ()).map_err(at(path))
}

/// What the shop may tell; nothing, where nobody ever said so.
pub fn consent(db: &Connection, path: &Path) -> Result<Consent, StoreError> {
    let body: Option<String> =
        db.query_row("SELECT body FROM consent", [], |row| row.get(0)).optional().map_err(at(path))?;
    body.map_or_else(|| Ok(Consent::default()), |body| serde_json::from_str(&body).map_err(damaged(path)))
}

/// What the shop told, in the order in which it came.
pub fn all(db: &Connection, path: &Path) -> Result<Vec<Notice>, StoreError> {
    let sql = "SELECT body, consent, told_unix_ms FROM notices WHERE gone = 0 ORDER BY no";
    let mut query = db.prepare_cached(sql).map_err(at(path))?;
    let rows = query.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get(1)?, row.get(2)?))).map_err(at(path))?;
    rows.map(|row| {
        let (body, consent, told_unix_ms) = row.map_err(at(path))?;
        let notice: Notice = serde_json::from_str(&body).map_err(damaged(path))?;
        Ok(Notice { consent, told_unix_ms, ..notice })
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::effect::Write;
    use crate::decide::notice::Because;
    use crate::understand::Lang;
    use std::collections::BTreeSet;

    const NOW: i64 = 1_790_000_000_000;

    fn notice(id: u8, kind: NewsKind, consent: Option<u8>) -> Notice {
        let because = match consent {
            Some(_) => Because::AskedFor,
            None => Because::RecallOfYourOrder { sku: "heads".into(), shop_order_no: "T-1".into(), at_unix_ms: NOW },
        };
        Notice {
            id: hex(id),
            kind,
            consent: consent.map(hex),
            texts: [(Lang::En, "Cheaper this week".to_owned())].into(),
            sku: None,
            because,
            expires_unix_ms: NOW + 1_000,
            told_unix_ms: None,
        }
    }

    fn hex(id: u8) -> String {
        format!("{id:02x}").repeat(16)
    }

    fn agree(store: &mut Store, id: u8, kinds: &[NewsKind], rev: u64) {
        let kinds: BTreeSet<NewsKind> = kinds.iter().copied().collect();
        let consent = Consent { id: hex(id), kinds, rev, at_unix_ms: Some(NOW) };
        store.commit(&[Write::Consent(consent)], &mut |_, _| Ok(vec![])).expect("written");
    }

    #[test]
    fn only_what_somebody_agreed_to_is_kept_and_a_recall_of_ones_own() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("tendero.db");
        let mut store = Store::open(&path).expect("a store");
        let offer = |id, consent| notice(id, NewsKind::Offer, Some(consent));
        assert_eq!(store.take_notice(&offer(1, 1)).expect("done"), Taken::Dropped, "nobody agreed to anything");
        agree(&mut store, 1, &[NewsKind::Offer], 7);
        let cases = [
            (offer(1, 1), Taken::New),
            (offer(1, 1), Taken::Known),
            (offer(2, 9), Taken::Dropped),
            (notice(3, NewsKind::Recipe, Some(1)), Taken::Dropped),
            (notice(4, NewsKind::Offer, None), Taken::Dropped),
            (notice(5, NewsKind::Recall, None), Taken::New),
        ];
        for (notice, taken) in cases {
            assert_eq!(store.take_notice(&notice).expect("done"), taken, "{notice:?}");
        }
        assert_eq!(store.notices_dropped().expect("read"), 4);
        // A kind more: what waits is told under the new consent, and after a restart, too.
        agree(&mut store, 2, &[NewsKind::Offer, NewsKind::News], 8);
        drop(store);
        let mut store = Store::open(&path).expect("a store");
        let household = store.household(Some(NOW)).expect("read");
        assert_eq!(household.consent.rev, 8);
        assert!(household.notices[0].is_agreed(&household.consent));
        let ids: Vec<&str> = household.notices.iter().map(|notice| notice.id.as_str()).collect();
        assert_eq!(ids, [hex(1), hex(5)]);
        // Gone, it does not come back; what is over may go whole.
        let writes =
            [Write::NoticesTold { ids: vec![hex(5)], at_unix_ms: NOW }, Write::NoticesGone { ids: vec![hex(1)] }];
        store.commit(&writes, &mut |_, _| Ok(vec![])).expect("written");
        assert_eq!(store.take_notice(&offer(1, 2)).expect("done"), Taken::Known);
        let left = store.household(Some(NOW)).expect("read").notices;
        assert_eq!(left.iter().map(|notice| notice.told_unix_ms).collect::<Vec<_>>(), [Some(NOW)]);
        store.forget_words(NOW + 2_000).expect("done");
        assert_eq!(store.household(Some(NOW)).expect("read").notices, []);
    }

    #[test]
    fn a_consent_is_due_until_the_shop_has_this_very_one() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("tendero.db");
        let mut store = Store::open(&path).expect("a store");
        let due = |store: &Store| store.consent_due().expect("read").map(|consent| consent.rev);
        assert_eq!(due(&store), None, "nobody ever said anything");
        agree(&mut store, 1, &[NewsKind::Offer], 7);
        drop(store);
        let mut store = Store::open(&path).expect("after a restart");
        assert_eq!(due(&store), Some(7));
        store.consent_acked(&hex(9), 7).expect("of another consent");
        store.consent_acked(&hex(1), 6).expect("of an older one");
        assert_eq!(due(&store), Some(7));
        store.consent_acked(&hex(1), 7).expect("written");
        assert_eq!(due(&store), None);
        // The withdrawal, too.
        agree(&mut store, 2, &[], 8);
        assert_eq!(due(&store), Some(8));
    }
}
