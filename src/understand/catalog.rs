//! What the shop sells: the catalogue file, checked.
//!
//! [`Catalog::from_json`] is the only way in, and what comes out cannot be wrong: SKUs are
//! unique, amounts are not negative, every product has a title. The shape is documented in
//! `protocol/README.md`.

pub mod index;
mod skus;

use super::Lang;
use serde::{Deserialize, Serialize};
use skus::Skus;
use std::collections::{BTreeMap, BTreeSet};

/// A shop's catalogue. `unit_amount` is in minor units of `currency` (ISO 4217).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Catalog {
    pub shop: String,
    pub version: u64,
    pub part: u32,
    pub parts: u32,
    /// ISO 4217, three capital letters.
    pub currency: String,
    pub products: Vec<Product>,
    #[serde(skip)]
    pub(crate) skus: Skus,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Product {
    pub sku: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gtin: Option<String>,
    pub title: BTreeMap<Lang, String>,
    /// What people call it.
    #[serde(default)]
    pub says: BTreeMap<Lang, Vec<String>>,
    pub pack: Pack,
    pub unit_amount: i64,
    /// Most packs in one order, 1 or more.
    pub max_qty: u32,
    pub category: String,
    /// For example `restricted:alcohol`.
    #[serde(default)]
    pub flags: Vec<String>,
    #[serde(default)]
    pub options: Vec<ProductOption>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pack {
    pub count: u32,
    pub unit: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProductOption {
    pub name: String,
    pub required: bool,
    pub values: Vec<OptionValue>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OptionValue {
    pub value: String,
    pub says: BTreeMap<Lang, Vec<String>>,
}

/// What is wrong with a catalogue, and where.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum CatalogError {
    #[error("the catalogue is not valid JSON of the expected shape: {0}")]
    Shape(String),
    #[error("product {sku}: {what}")]
    Product { sku: String, what: String },
    #[error("the catalogue's {field} {what}")]
    Header { field: &'static str, what: String },
}

impl Catalog {
    /// Parses and checks a catalogue.
    ///
    /// # Errors
    /// The first thing that is wrong, naming the product and the field.
    pub fn from_json(text: &str) -> Result<Catalog, CatalogError> {
        let catalog: Catalog = serde_json::from_str(text).map_err(|e| CatalogError::Shape(e.to_string()))?;
        catalog.check()?;
        Ok(catalog)
    }

    pub fn product(&self, sku: &str) -> Option<&Product> {
        self.position(sku).map(|at| &self.products[at])
    }

    /// Where in `products` it is.
    pub fn position(&self, sku: &str) -> Option<usize> {
        self.skus.position(&self.products, sku)
    }

    fn check(&self) -> Result<(), CatalogError> {
        let header = |field, what: &str| Err(CatalogError::Header { field, what: what.to_owned() });
        if !is_name(&self.shop) {
            return header("shop", "must be a name of the letters a-z, digits and hyphens");
        }
        if self.currency.len() != 3 || !self.currency.bytes().all(|b| b.is_ascii_uppercase()) {
            return header("currency", "must be three capital letters (ISO 4217), such as EUR");
        }
        if self.part == 0 || self.part > self.parts {
            return header("part", "must lie between 1 and parts");
        }
        let mut seen = BTreeSet::new();
        for product in &self.products {
            let wrong = |what: String| Err(CatalogError::Product { sku: product.sku.clone(), what });
            if product.sku.trim().is_empty() {
                return wrong("the sku is empty; give each product its own".into());
            }
            if !seen.insert(&product.sku) {
                return wrong("this sku appears twice; each product needs its own".into());
            }
            product.check().or_else(wrong)?;
        }
        Ok(())
    }
}

impl Product {
    /// The title in `lang`, else in English, else in whatever language there is.
    pub fn title(&self, lang: Lang) -> &str {
        self.title
            .get(&lang)
            .or_else(|| self.title.get(&Lang::En))
            .or_else(|| self.title.values().next())
            .map_or(&self.sku, String::as_str)
    }

    /// What a person calls it in `lang`: the first of its names, else its title.
    pub fn spoken_name(&self, lang: Lang) -> &str {
        self.says.get(&lang).and_then(|names| names.first()).map_or_else(|| self.title(lang), String::as_str)
    }

    fn check(&self) -> Result<(), String> {
        if self.unit_amount < 0 {
            return Err(format!("unit_amount is {}; a price in minor units can't be negative", self.unit_amount));
        }
        if self.unit_amount > MAX_UNIT_AMOUNT {
            return Err(format!("unit_amount is {}; the largest is {MAX_UNIT_AMOUNT} minor units", self.unit_amount));
        }
        if self.max_qty == 0 {
            return Err("max_qty is 0; leave the product out instead".into());
        }
        if self.title.values().all(|t| t.trim().is_empty()) {
            return Err("it has no title in any language".into());
        }
        if self.pack.count == 0 {
            return Err("pack.count is 0; a pack holds at least one".into());
        }
        let mut names = BTreeSet::new();
        for option in &self.options {
            if !names.insert(&option.name) {
                return Err(format!("option \"{}\" appears twice", option.name));
            }
            if option.values.is_empty() {
                return Err(format!("option \"{}\" has no values", option.name));
            }
        }
        Ok(())
    }
}

/// Ten million major units: large enough for any product, small enough that
/// `max_qty` packs of it can be added up in 64 bits.
const MAX_UNIT_AMOUNT: i64 = 1_000_000_000;

/// Names go into MQTT topics, so that no wildcard can be smuggled in.
pub fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 64
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}
