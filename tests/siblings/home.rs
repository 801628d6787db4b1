//! A home with two speakers that know each other, and a shop in this process that knows both.

use super::house::broker::Mosquitto;
use super::house::speaker::{Settings, Speaker};
use super::support::{SHOP, catalog};
use std::collections::BTreeMap;
use std::path::Path;
use tendero::clock::Clock;
use tendero::decide::household::Regular;
use tendero::deliver::keys::Keys;
use tendero::deliver::store::{self, Store};
use tendero::shop::{Shop, ShopConfig, ShopHandle};

const USERS: &[(&str, &str)] = &[(SHOP, "shop secret"), ("casa", "home secret"), ("otra", "other secret")];

pub fn mosquitto(dir: &Path) -> Option<Mosquitto> {
    Mosquitto::start(&dir.join("broker"), USERS)
}

pub struct Home {
    pub dir: tempfile::TempDir,
    pub broker: Mosquitto,
    pub shop: ShopHandle,
    pub kitchen: Speaker,
    pub bedroom: Speaker,
}

pub const REGULAR: Regular = Regular { times: 3, usual_qty: 1, last_unit_amount: 1299, last_unix_ms: 0 };

impl Home {
    pub async fn new() -> Option<Home> {
        let dir = tempfile::tempdir().unwrap();
        let broker = mosquitto(dir.path())?;
        let config = ShopConfig::new(catalog(), broker.config(SHOP), dir.path().join("shop"), Clock::system());
        let shop = Shop::start(config).unwrap();
        let (kitchen, bedroom) = (Speaker::new(&dir.path().join("kitchen")), Speaker::new(&dir.path().join("bedroom")));
        let file = dir.path().join("catalog.json");
        std::fs::write(&file, serde_json::to_string(&catalog()).unwrap()).unwrap();
        for (one, name, other, other_name) in
            [(&kitchen, "kitchen", &bedroom, "bedroom"), (&bedroom, "bedroom", &kitchen, "kitchen")]
        {
            shop.trust("casa", name, keys(one).public()).await.unwrap();
            let other_key = keys(other).public();
            let settings = Settings {
                home: format!("device = \"{name}\"\nspeakers = [{{ name = \"{other_name}\", key = \"{other_key}\" }}]"),
                shop: format!("name = \"{SHOP}\""),
                policy: "random_words = false".into(),
                tables: "[tts]\nengines = [\"silent\"]".into(),
            };
            one.configure(&broker.config("casa"), &shop.key().to_string(), &file, &settings);
        }
        Some(Home { dir, broker, shop, kitchen, bedroom })
    }

    /// The household bought these before, at both.
    pub fn knows_products(&self) {
        for speaker in [&self.kitchen, &self.bedroom] {
            let mut store = Store::open(&speaker.state_dir().join(store::FILE)).unwrap();
            store.import_regulars(&BTreeMap::from([("heads".to_owned(), REGULAR)])).unwrap();
        }
    }
}

fn keys(speaker: &Speaker) -> Keys {
    Keys::load_or_make(&speaker.state_dir()).unwrap()
}
