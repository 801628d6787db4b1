//! Codes that were given out and not used up, and the homes' passwords at the broker.

use super::{Book, Page};
use crate::deliver::keys::PublicKey;
use crate::deliver::pairing::Secret;
use crate::deliver::store::StoreError;
use crate::deliver::store::error::at;
use crate::deliver::topic::Route;
use rusqlite::{OptionalExtension, params};

pub(super) const MIGRATION: &str = "
    CREATE TABLE pairings (
        id TEXT PRIMARY KEY, secret BLOB NOT NULL, home TEXT NOT NULL, url TEXT NOT NULL, ca TEXT,
        replaces INTEGER NOT NULL, expires_unix_ms INTEGER NOT NULL, device TEXT, key TEXT
    ) STRICT;
    CREATE TABLE homes (home TEXT PRIMARY KEY, password TEXT NOT NULL) STRICT;
";

/// A code that was given out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pairing {
    pub secret: Secret,
    pub home: String,
    /// The broker as the home reaches it.
    pub url: String,
    /// Its certificate authority, PEM; `None`: one that every system knows.
    pub ca: Option<String>,
    /// A device of the same name gives way to the new one.
    pub replaces: bool,
    pub expires_unix_ms: i64,
    /// The device that used it, and its key.
    pub used_by: Option<(String, String)>,
}

/// A device that the shop trusts.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Device {
    pub home: String,
    pub device: String,
    pub key: String,
}

impl Book {
    /// Everything of the pairing `id`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn pairing(&self, id: &str) -> Result<Option<Pairing>, StoreError> {
        let row = self
            .db
            .query_row(
                "SELECT secret, home, url, ca, replaces, expires_unix_ms, device, key FROM pairings WHERE id = ?1",
                [id],
                |row| {
                    let (device, key): (Option<String>, Option<String>) = (row.get(6)?, row.get(7)?);
                    Ok(Pairing {
                        secret: Secret::from_bytes(row.get(0)?),
                        home: row.get(1)?,
                        url: row.get(2)?,
                        ca: row.get(3)?,
                        replaces: row.get(4)?,
                        expires_unix_ms: row.get(5)?,
                        used_by: device.zip(key),
                    })
                },
            )
            .optional();
        row.map_err(at(&self.path))
    }

    /// Gives out a code, and gives the home's password at the broker: made at its first code, and the same for each device.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn give_out(&mut self, pairing: &Pairing, fresh_password: &str) -> Result<String, StoreError> {
        self.write(|page| {
            page.run("INSERT OR IGNORE INTO homes VALUES (?1, ?2)", [&pairing.home, fresh_password])?;
            page.run(
                "INSERT INTO pairings VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, NULL, NULL)",
                params![
                    pairing.secret.id(),
                    pairing.secret.bytes(),
                    pairing.home,
                    pairing.url,
                    pairing.ca,
                    pairing.replaces,
                    pairing.expires_unix_ms
                ],
            )?;
            page.home_password(&pairing.home)
        })
    }

    /// The pairings that are over or used: their users at the broker can go.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn open_pairings(&self, now_unix_ms: i64) -> Result<Vec<String>, StoreError> {
        let mut query = self
            .db
            .prepare("SELECT id FROM pairings WHERE device IS NULL AND expires_unix_ms > ?1 ORDER BY id")
            .map_err(at(&self.path))?;
        let rows = query.query_map([now_unix_ms], |row| row.get(0)).map_err(at(&self.path))?;
        rows.map(|row| row.map_err(at(&self.path))).collect()
    }

    /// Every device that is trusted, by home and name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn devices(&self) -> Result<Vec<Device>, StoreError> {
        let mut query =
            self.db.prepare("SELECT home, device, key FROM devices ORDER BY home, device").map_err(at(&self.path))?;
        let device = |row: &rusqlite::Row<'_>| Ok(Device { home: row.get(0)?, device: row.get(1)?, key: row.get(2)? });
        let rows = query.query_map([], device).map_err(at(&self.path))?;
        rows.map(|row| row.map_err(at(&self.path))).collect()
    }

    /// From now on nothing of this device counts. `false`: it was not trusted.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn revoke(&mut self, home: &str, device: &str) -> Result<bool, StoreError> {
        self.write(|page| {
            let deleted = page.tx.execute("DELETE FROM devices WHERE home = ?1 AND device = ?2", [home, device]);
            Ok(deleted.map_err(at(page.path))? > 0)
        })
    }
}

impl Page<'_> {
    pub fn home_password(&self, home: &str) -> Result<String, StoreError> {
        self.tx.query_row("SELECT password FROM homes WHERE home = ?1", [home], |row| row.get(0)).map_err(at(self.path))
    }

    /// The device takes the code for itself and is trusted. Its orders are counted anew: a new device knows no number of
    /// the one that it replaces.
    pub fn pair(&self, id: &str, route: &Route, key: &PublicKey) -> Result<(), StoreError> {
        let (home, device, key) = (route.home(), route.device(), key.to_string());
        self.run("INSERT OR REPLACE INTO devices VALUES (?1, ?2, ?3)", [home, device, key.as_str()])?;
        self.run("UPDATE idempotency SET seq = NULL WHERE home = ?1 AND device = ?2", [home, device])?;
        self.run("UPDATE pairings SET device = ?2, key = ?3 WHERE id = ?1", [id, device, key.as_str()])
    }
}
