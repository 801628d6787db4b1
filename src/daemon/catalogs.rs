//! The last good catalogue: the file of the configuration, or a newer one from the shop.
//!
//! A newer catalogue is kept on disk at once and used from the next start on, when the
//! recogniser's grammars are made as well. Prices are no matter of the catalogue: every order
//! is read back with a fresh quote.

use crate::understand::catalog::Catalog;
use anyhow::Context;
use std::path::{Path, PathBuf};

/// The file's name in the state folder.
pub const FILE: &str = "catalog.json";

pub struct Catalogs {
    path: PathBuf,
    version: u64,
}

impl Catalogs {
    /// The catalogue to work with, and where a newer one will be kept.
    ///
    /// # Errors
    /// The configured file can't be read or is wrong.
    pub fn open(configured: &Path, state_dir: &Path) -> anyhow::Result<(Catalog, Catalogs)> {
        let text = std::fs::read_to_string(configured).with_context(|| {
            format!("can't read the catalogue {}; set [shop] catalog to the shop's file", configured.display())
        })?;
        let mut catalog = Catalog::from_json(&text).with_context(|| configured.display().to_string())?;
        let path = state_dir.join(FILE);
        if let Ok(text) = std::fs::read_to_string(&path) {
            match Catalog::from_json(&text) {
                Ok(kept) if kept.shop == catalog.shop && kept.version > catalog.version => catalog = kept,
                Ok(_) => {}
                Err(error) => tracing::warn!("{} is left aside: {error}", path.display()),
            }
        }
        let version = catalog.version;
        Ok((catalog, Catalogs { path, version }))
    }

    /// A verified catalogue came from the shop.
    pub fn received(&mut self, catalog: &Catalog) {
        if catalog.version <= self.version {
            return;
        }
        if let Err(error) = self.keep(catalog) {
            tracing::error!("the shop's new catalogue could not be kept: {error:#}");
            return;
        }
        tracing::info!("the shop's catalogue {} is here; it is used from the next start on", catalog.version);
        self.version = catalog.version;
    }

    fn keep(&self, catalog: &Catalog) -> anyhow::Result<()> {
        Ok(crate::private_file::write(&self.path, &serde_json::to_vec(catalog)?)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn catalog(version: u64) -> Catalog {
        let text = format!(
            r#"{{"shop":"s","version":{version},"part":1,"parts":1,"currency":"EUR","products":[
                {{"sku":"milk","title":{{"en":"Milk"}},"pack":{{"count":1,"unit":"litre"}},"unit_amount":109,"max_qty":5,"category":"dairy"}}]}}"#
        );
        Catalog::from_json(&text).expect("a valid catalogue")
    }

    #[test]
    fn the_newest_good_catalogue_is_used_and_a_broken_one_is_left_aside() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let configured = dir.path().join("configured.json");
        std::fs::write(&configured, serde_json::to_string(&catalog(2)).expect("JSON")).expect("written");
        let open = || Catalogs::open(&configured, dir.path()).expect("a good catalogue");

        let (_, mut catalogs) = open();
        catalogs.received(&catalog(1));
        assert_eq!(open().0.version, 2);
        catalogs.received(&catalog(3));
        assert_eq!(open().0.version, 3);

        std::fs::write(dir.path().join(FILE), "<html>").expect("written");
        assert_eq!(open().0.version, 2);
    }
}
