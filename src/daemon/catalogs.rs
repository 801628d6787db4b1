//! The last good catalogue: the file of the configuration, or a newer one from the shop.
//!
//! A newer catalogue is kept on disk at once and used from the next start on, when the
//! recogniser's grammars are made as well. Prices are no matter of the catalogue: every order
//! is read back with a fresh quote.

use crate::config::Shop;
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
    /// The configured file can't be read or is wrong; or none is configured, and the shop's own has not come yet.
    pub fn open(shop: &Shop, state_dir: &Path) -> anyhow::Result<(Catalog, Catalogs)> {
        let path = state_dir.join(FILE);
        let kept = kept(&path);
        let catalog = if shop.catalog.as_os_str().is_empty() {
            kept.filter(|kept| kept.shop == shop.name).with_context(|| {
                format!(
                    "there is no catalogue of {} yet; pair this device (tendero pair), or set [shop] catalog to the shop's file",
                    shop.name
                )
            })?
        } else {
            let configured = read(&shop.catalog)?;
            kept.filter(|kept| kept.shop == configured.shop && kept.version > configured.version).unwrap_or(configured)
        };
        let version = catalog.version;
        Ok((catalog, Catalogs { path, version }))
    }

    /// Keeps the first catalogue of a shop, whatever was there of another.
    ///
    /// # Errors
    /// The state folder can't be written.
    pub fn begin(catalog: &Catalog, state_dir: &Path) -> anyhow::Result<()> {
        Catalogs { path: state_dir.join(FILE), version: 0 }.keep(catalog)
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

fn read(configured: &Path) -> anyhow::Result<Catalog> {
    let text = std::fs::read_to_string(configured).with_context(|| {
        format!("can't read the catalogue {}; set [shop] catalog to the shop's file", configured.display())
    })?;
    Catalog::from_json(&text).with_context(|| configured.display().to_string())
}

fn kept(path: &Path) -> Option<Catalog> {
    let text = std::fs::read_to_string(path).ok()?;
    Catalog::from_json(&text).inspect_err(|error| tracing::warn!("{} is left aside: {error}", path.display())).ok()
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
        let shop = Shop { name: "s".into(), catalog: configured, ..Shop::default() };
        let open = || Catalogs::open(&shop, dir.path()).expect("a good catalogue");

        let (_, mut catalogs) = open();
        catalogs.received(&catalog(1));
        assert_eq!(open().0.version, 2);
        catalogs.received(&catalog(3));
        assert_eq!(open().0.version, 3);

        std::fs::write(dir.path().join(FILE), "<html>").expect("written");
        assert_eq!(open().0.version, 2);
    }

    #[test]
    fn the_shops_own_is_enough() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let shop = Shop { name: "s".into(), catalog: PathBuf::new(), ..Shop::default() };
        let missing = Catalogs::open(&shop, dir.path()).err().map(|error| error.to_string());
        assert!(missing.is_some_and(|text| text.contains("tendero pair")));
        Catalogs::begin(&catalog(4), dir.path()).expect("written");
        assert_eq!(Catalogs::open(&shop, dir.path()).expect("it was kept").0.version, 4);
        let other = Shop { name: "t".into(), ..shop };
        assert!(Catalogs::open(&other, dir.path()).is_err(), "the catalogue of another shop");
    }
}
