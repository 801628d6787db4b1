//! Finds a product by its SKU without walking along all of them.

use super::Product;
use std::sync::OnceLock;

/// The products sorted by SKU, made at the first question.
///
/// It is no part of what a catalogue says: two catalogues are equal whether or not they were asked.
#[derive(Debug, Clone, Default)]
pub(crate) struct Skus {
    /// Places in the catalogue.
    sorted: OnceLock<Vec<u32>>,
}

impl PartialEq for Skus {
    fn eq(&self, _: &Skus) -> bool {
        true
    }
}

impl Skus {
    /// Where the product is. What is answered holds even where `products` changed since the first question:
    /// a hit is looked at, and where there is none, all are.
    pub(crate) fn position(&self, products: &[Product], sku: &str) -> Option<usize> {
        let has_it = |at: &u32| products.get(*at as usize).is_some_and(|product| product.sku == sku);
        let sorted = self.sorted.get_or_init(|| sort(products));
        let place = sorted.partition_point(|at| products.get(*at as usize).is_some_and(|p| p.sku.as_str() < sku));
        let hit = sorted.get(place).filter(|at| has_it(at)).map(|at| *at as usize);
        hit.or_else(|| products.iter().position(|product| product.sku == sku))
    }
}

fn sort(products: &[Product]) -> Vec<u32> {
    let mut places: Vec<u32> = (0..).take(products.len()).collect();
    places.sort_by(|a, b| products[*a as usize].sku.cmp(&products[*b as usize].sku));
    places
}

#[cfg(test)]
mod tests {
    use crate::understand::catalog::Catalog;

    fn catalog() -> Catalog {
        let product = |sku: &str| {
            format!(
                r#"{{"sku":"{sku}","title":{{"en":"{sku}"}},"pack":{{"count":1,"unit":"piece"}},
                "unit_amount":1,"max_qty":1,"category":"goods"}}"#
            )
        };
        let products = ["tea", "milk", "bread", "rice"].map(product).join(",");
        let text = format!(r#"{{"shop":"s","version":1,"part":1,"parts":1,"currency":"EUR","products":[{products}]}}"#);
        Catalog::from_json(&text).expect("a valid catalogue")
    }

    #[test]
    fn every_product_is_found_and_nothing_else() {
        let catalog = catalog();
        for (at, product) in catalog.products.iter().enumerate() {
            assert_eq!(catalog.position(&product.sku), Some(at));
        }
        assert_eq!(catalog.position("wine"), None);
        assert_eq!(catalog, self::catalog(), "a catalogue that was asked is still the same");
    }

    #[test]
    fn products_that_came_or_went_since_are_told_right() {
        let mut catalog = catalog();
        assert_eq!(catalog.position("milk"), Some(1));
        catalog.products.remove(0);
        assert_eq!((catalog.position("milk"), catalog.position("tea")), (Some(0), None));
        catalog.products[0].sku = "wine".to_owned();
        assert_eq!((catalog.position("wine"), catalog.position("milk")), (Some(0), None));
        catalog.products.clear();
        assert_eq!(catalog.position("rice"), None);
    }
}
