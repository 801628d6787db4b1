//! How keys were handed over: our own, the shop's, the other speakers'. The steps, by whose key it is, the oldest first.

use super::{Store, StoreError, at};
use crate::deliver::handover::{MAX_STEPS, Step};
use rusqlite::params;

impl Store {
    /// The steps of `who`: `shop/SHOP` or `home/HOME/DEVICE`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn key_steps(&self, who: &str) -> Result<Vec<Step>, StoreError> {
        let mut query =
            self.db.prepare_cached("SELECT step FROM handovers WHERE who = ?1 ORDER BY no").map_err(self.at())?;
        let steps = query.query_map([who], |row| row.get::<_, String>(0)).map_err(self.at())?;
        steps.map(|step| self.parse(&step.map_err(self.at())?)).collect()
    }

    /// Keeps more of them; of very many the newest.
    ///
    /// # Errors
    /// [`StoreError`]; none is kept then.
    pub fn keep_key_steps(&mut self, who: &str, steps: &[Step]) -> Result<(), StoreError> {
        let path = self.path.clone();
        let tx = self.db.transaction().map_err(at(&path))?;
        for step in steps {
            let step = serde_json::to_string(step).expect("strings alone are JSON");
            tx.execute("INSERT INTO handovers (who, step) VALUES (?1, ?2)", params![who, step]).map_err(at(&path))?;
        }
        let most = i64::try_from(MAX_STEPS).expect("a small number");
        let old = "DELETE FROM handovers WHERE who = ?1 AND no NOT IN
                   (SELECT no FROM handovers WHERE who = ?1 ORDER BY no DESC LIMIT ?2)";
        tx.execute(old, params![who, most]).map_err(at(&path))?;
        tx.commit().map_err(at(&path))
    }
}
