//! Codes that were given out and not used up, and the homes' passwords at the broker.

use super::db::values;
use super::{Book, Page, TRUST};
use crate::deliver::keys::PublicKey;
use crate::deliver::pairing::Secret;
use crate::deliver::store::StoreError;
use crate::deliver::topic::Route;

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
        self.db.first(
            "SELECT secret, home, url, ca, replaces, expires_unix_ms, device, key FROM pairings WHERE id = ?1",
            values![id],
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
    }

    /// Gives out a code, and gives the home's password at the broker: made at its first code, and the same for each device.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn give_out(&mut self, pairing: &Pairing, fresh_password: &str) -> Result<String, StoreError> {
        self.write(|page| {
            let sql = "INSERT INTO homes (home, password) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
            page.run(sql, values![&pairing.home, fresh_password])?;
            page.run(
                "INSERT INTO pairings (id, secret, home, url, ca, replaces, expires_unix_ms)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                values![
                    pairing.secret.id(),
                    &pairing.secret.bytes()[..],
                    &pairing.home,
                    &pairing.url,
                    pairing.ca.as_deref(),
                    pairing.replaces,
                    pairing.expires_unix_ms
                ],
            )
        })?;
        self.home_password(&pairing.home)
    }

    /// The home's password at the broker; it has one once a code was given out for it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn home_password(&self, home: &str) -> Result<String, StoreError> {
        self.db.one("SELECT password FROM homes WHERE home = ?1", values![home], |row| row.get(0))
    }

    /// The pairings that a device may still use: their users at the broker must stay.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn open_pairings(&self, now_unix_ms: i64) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT id FROM pairings WHERE device IS NULL AND expires_unix_ms > ?1 ORDER BY id";
        self.db.all(sql, values![now_unix_ms], |row| row.get(0))
    }

    /// Every device that is trusted, by home and name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn devices(&self) -> Result<Vec<Device>, StoreError> {
        self.db.all("SELECT home, device, key FROM devices ORDER BY home, device", &[], |row| {
            Ok(Device { home: row.get(0)?, device: row.get(1)?, key: row.get(2)? })
        })
    }

    /// From now on nothing of this device counts. `false`: it was not trusted.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn revoke(&mut self, home: &str, device: &str) -> Result<bool, StoreError> {
        self.db.run("DELETE FROM consents WHERE home = ?1 AND device = ?2", values![home, device])?;
        Ok(self.db.run("DELETE FROM devices WHERE home = ?1 AND device = ?2", values![home, device])? > 0)
    }
}

impl Page<'_> {
    /// The device takes the code for itself and is trusted; `false`: somebody else has taken it. Its orders are counted anew:
    /// a new device knows no number of the one that it replaces.
    pub fn pair(&self, id: &str, route: &Route, key: &PublicKey) -> Result<bool, StoreError> {
        let (home, device, key) = (route.home(), route.device(), key.to_string());
        let take = "UPDATE pairings SET device = ?2, key = ?3 WHERE id = ?1 AND device IS NULL";
        if self.db.run(take, values![id, device, &key])? == 0 {
            return Ok(false);
        }
        self.run(TRUST, values![home, device, &key])?;
        // What was agreed to at the one that it replaces, nobody agreed to at this one.
        self.run("DELETE FROM consents WHERE home = ?1 AND device = ?2", values![home, device])?;
        self.run("UPDATE idempotency SET seq = NULL WHERE home = ?1 AND device = ?2", values![home, device])?;
        Ok(true)
    }
}
