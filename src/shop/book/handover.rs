//! Keys that change: the devices' and the shop's own.

use super::db::{Db, values};
use super::{Book, Page};
use crate::deliver::handover::{MAX_STEPS, Pins, Step};
use crate::deliver::keys::PublicKey;
use crate::deliver::store::StoreError;
use crate::deliver::topic::Route;

impl Book {
    /// Which key this book's shop signs with: `key`, unless it had another one before.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn sign_with(&self, key: &PublicKey) -> Result<String, StoreError> {
        let sql = "INSERT INTO shop_key (one, key) VALUES (1, ?1) ON CONFLICT DO NOTHING";
        self.db.run(sql, values![key.to_string()])?;
        self.db.one("SELECT key FROM shop_key", &[], |row| row.get(0))
    }

    /// How the shop's key was handed over, the oldest step first; empty: it never was.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn steps(&self) -> Result<Vec<Step>, StoreError> {
        steps(&self.db)
    }

    /// The shop signs with the key of this step from now on. `false`: it signs with another key than the step gives up.
    ///
    /// # Errors
    /// [`StoreError`]; nothing has changed then.
    pub fn change_key(&mut self, step: &Step) -> Result<bool, StoreError> {
        self.write(|page| {
            let mut steps = steps(page.db)?;
            steps.push(step.clone());
            steps.drain(..steps.len().saturating_sub(MAX_STEPS));
            let steps = serde_json::to_string(&steps).expect("strings alone are JSON");
            let sql = "UPDATE shop_key SET key = ?2, steps = ?3 WHERE key = ?1";
            Ok(page.db.run(sql, values![&step.from, &step.to, steps])? > 0)
        })
    }
}

impl Page<'_> {
    /// As [`Book::pins_of`].
    pub fn pins_of(&self, route: &Route) -> Result<Option<Pins>, StoreError> {
        pins_of(self.db, route)
    }

    /// From now on these count as this device's.
    pub fn pin(&self, route: &Route, pins: &Pins) -> Result<(), StoreError> {
        let earlier: Vec<_> =
            pins.earlier().iter().map(|(key, until_unix_ms)| (key.to_string(), until_unix_ms)).collect();
        let earlier = serde_json::to_string(&earlier).expect("texts and numbers are JSON");
        let sql = "UPDATE devices SET key = ?3, earlier = ?4 WHERE home = ?1 AND device = ?2";
        self.run(sql, values![route.home(), route.device(), pins.newest().to_string(), earlier])
    }
}

fn steps(db: &Db) -> Result<Vec<Step>, StoreError> {
    let steps: Option<Option<String>> = db.first("SELECT steps FROM shop_key", &[], |row| row.get(0))?;
    steps.flatten().map_or(Ok(vec![]), |steps| serde_json::from_str(&steps).map_err(|why| db.damaged(why)))
}

pub(super) fn pins_of(db: &Db, route: &Route) -> Result<Option<Pins>, StoreError> {
    let sql = "SELECT key, earlier FROM devices WHERE home = ?1 AND device = ?2";
    let row: Option<(String, Option<String>)> =
        db.first(sql, values![route.home(), route.device()], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let Some((newest, earlier)) = row else { return Ok(None) };
    let key = |text: &str| text.parse::<PublicKey>().map_err(|why| db.damaged(why));
    let earlier: Vec<(String, i64)> =
        earlier.map_or(Ok(vec![]), |text| serde_json::from_str(&text).map_err(|why| db.damaged(why)))?;
    let earlier = earlier.iter().map(|(text, until_unix_ms)| Ok((key(text)?, *until_unix_ms)));
    Ok(Some(Pins::with_earlier(key(&newest)?, earlier.collect::<Result<_, StoreError>>()?)))
}
