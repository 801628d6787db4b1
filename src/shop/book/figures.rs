//! The shop's numbers: from its tables where rows stay, else from `tallies`, which every worker adds to. So all workers of one
//! book tell the same, and a restart loses none.
//!
//! No order pays for them: what the desk did is counted in memory and added every two seconds. Decides nothing.

use super::db::{Row, values};
use super::{Book, Page};
use crate::deliver::store::StoreError;
use std::collections::BTreeMap;

/// Upper bounds of the histogram of the time until a person came, seconds.
pub const HANDOVER_S: [u32; 8] = [15, 30, 60, 120, 300, 600, 1_800, 3_600];

/// Counted by name and label.
pub type Tallies = BTreeMap<(&'static str, String), i64>;

/// Everything that is counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Figures {
    /// Orders by the state that they are in.
    pub orders: BTreeMap<String, i64>,
    /// Orders that came in and were booked or held, since quotes are counted.
    pub ordered: i64,
    pub approved: i64,
    pub withdrawn: i64,
    pub quoted: i64,
    pub not_quoted: BTreeMap<String, i64>,
    pub rejected: BTreeMap<String, i64>,
    /// By the code with which they were held.
    pub held: BTreeMap<String, i64>,
    pub refused: BTreeMap<String, i64>,
    /// Conversations that began, and those that wait for a person now.
    pub requested: i64,
    pub waiting: i64,
    /// How many persons came within each of [`HANDOVER_S`], and later.
    pub handover: [i64; HANDOVER_S.len() + 1],
    pub handover_sum_ms: i64,
    /// Is there a webhook?
    pub webhook: bool,
    pub webhook_waiting: i64,
    pub webhook_oldest_unix_ms: Option<i64>,
    pub webhook_dead: i64,
    pub webhook_delivered: i64,
    pub webhook_failed: i64,
}

impl Figures {
    /// Of a hundred quotes, how many were ordered; `None` while there are none.
    pub fn conversion_percent(&self) -> Option<i64> {
        (self.quoted > 0).then(|| self.ordered.saturating_mul(100) / self.quoted)
    }

    /// How many persons came.
    pub fn handovers(&self) -> i64 {
        self.handover.iter().sum()
    }

    fn take(&mut self, name: &str, label: String, number: i64) {
        match (name, label.as_str()) {
            ("orders_before", _) => self.ordered -= number,
            ("quoted", _) => self.quoted += number,
            ("not_quoted", _) => drop(self.not_quoted.insert(label, number)),
            ("rejected", _) => drop(self.rejected.insert(label, number)),
            ("held", _) => drop(self.held.insert(label, number)),
            ("refused", _) => drop(self.refused.insert(label, number)),
            ("requested", _) => self.requested += number,
            ("handover", "sum_ms") => self.handover_sum_ms += number,
            ("handover", at) => {
                if let Some(place) = at.parse::<usize>().ok().and_then(|at| self.handover.get_mut(at)) {
                    *place += number;
                }
            }
            ("webhook", "delivered") => self.webhook_delivered += number,
            ("webhook", "failed") => self.webhook_failed += number,
            // Of a later version.
            _ => {}
        }
    }
}

impl Book {
    /// Adds what was counted since the last time.
    ///
    /// # Errors
    /// [`StoreError`]; nothing was added then.
    pub fn add_tallies(&mut self, tallies: &Tallies) -> Result<(), StoreError> {
        // In their order, so that two workers never wait for each other.
        self.write(|page| tallies.iter().try_for_each(|((name, label), number)| page.count(name, label, *number)))
    }

    /// The numbers as they are now.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn figures(&self) -> Result<Figures, StoreError> {
        let mut figures = Figures::default();
        let pair = |row: &Row| Ok((row.get::<String>(0)?, row.get::<i64>(1)?));
        figures.orders =
            self.db.all("SELECT state, count(*) FROM bookings GROUP BY state", &[], pair)?.into_iter().collect();
        figures.ordered = figures.orders.values().sum();
        let one = |sql: &str| self.db.one(sql, &[], |row| row.get::<i64>(0));
        figures.approved = one("SELECT count(*) FROM bookings WHERE approved = 1")?;
        figures.withdrawn = one("SELECT count(*) FROM bookings WHERE withdrawn_unix_ms IS NOT NULL")?;
        figures.waiting = one("SELECT count(*) FROM threads WHERE state = 'requested'")?;
        figures.webhook = self.webhook()?.is_some();
        figures.webhook_dead = one("SELECT count(*) FROM hooks WHERE dead_unix_ms IS NOT NULL")?;
        let waiting = "SELECT count(*), min(made_unix_ms) FROM hooks WHERE dead_unix_ms IS NULL";
        (figures.webhook_waiting, figures.webhook_oldest_unix_ms) =
            self.db.one(waiting, &[], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let tallies = "SELECT name, label, number FROM tallies";
        let all = self.db.all(tallies, &[], |row| Ok((row.get::<String>(0)?, row.get(1)?, row.get(2)?)))?;
        all.into_iter().for_each(|(name, label, number)| figures.take(&name, label, number));
        Ok(figures)
    }
}

impl Page<'_> {
    /// Adds to a tally.
    pub(super) fn count(&self, name: &str, label: &str, number: i64) -> Result<(), StoreError> {
        if number == 0 {
            return Ok(());
        }
        let sql = "INSERT INTO tallies (name, label, number) VALUES (?1, ?2, ?3)
                   ON CONFLICT (name, label) DO UPDATE SET number = tallies.number + excluded.number";
        self.run(sql, values![name, label, number])
    }

    /// A person came so long after the household had asked.
    pub fn count_handover(&self, after_ms: i64) -> Result<(), StoreError> {
        let after_ms = after_ms.max(0);
        let at = HANDOVER_S.iter().position(|bound| after_ms <= i64::from(*bound) * 1000).unwrap_or(HANDOVER_S.len());
        self.count("handover", &at.to_string(), 1)?;
        self.count("handover", "sum_ms", after_ms)
    }

    /// A person at the shop made an offer: a quote, too.
    pub fn count_offer(&self) -> Result<(), StoreError> {
        self.count("quoted", "", 1)
    }
}
