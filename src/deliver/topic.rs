//! The topic tree, in one place.
//!
//! Names are `[a-z0-9-]`, checked before they become part of a topic, so that no wildcard and
//! no extra level can be smuggled in. Never talks to a broker.

pub use crate::understand::catalog::is_name;

const ROOT: &str = "tendero/v1";

/// A device at home and the shop that it talks to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Route {
    home: String,
    device: String,
    shop: String,
}

/// A name that can't be part of a topic.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the {what} \"{name}\" must be 1 to 64 of the letters a-z, digits and hyphens")]
pub struct BadName {
    pub what: &'static str,
    pub name: String,
}

/// # Errors
/// [`BadName`], saying which name it is.
pub fn check(what: &'static str, name: &str) -> Result<(), BadName> {
    if is_name(name) { Ok(()) } else { Err(BadName { what, name: name.chars().take(80).collect() }) }
}

impl Route {
    /// # Errors
    /// [`BadName`] for the first name that can't be part of a topic.
    pub fn new(home: &str, device: &str, shop: &str) -> Result<Route, BadName> {
        check("home", home)?;
        check("device", device)?;
        check("shop", shop)?;
        Ok(Route { home: home.into(), device: device.into(), shop: shop.into() })
    }

    /// The route and the kind of a message that goes up to a shop; `None` for any other topic.
    pub fn parse_up(topic: &str) -> Option<(Route, &str)> {
        let mut levels = topic.strip_prefix(ROOT)?.strip_prefix("/home/")?.split('/');
        let (home, device, shop, up, kind) =
            (levels.next()?, levels.next()?, levels.next()?, levels.next()?, levels.next()?);
        if up != "up" || levels.next().is_some() {
            return None;
        }
        Some((Route::new(home, device, shop).ok()?, kind))
    }

    /// From the device to the shop.
    pub fn up(&self, kind: &str) -> String {
        format!("{ROOT}/home/{}/{}/{}/up/{kind}", self.home, self.device, self.shop)
    }

    /// From the shop to the device.
    pub fn down(&self, kind: &str) -> String {
        format!("{ROOT}/home/{}/{}/{}/down/{kind}", self.home, self.device, self.shop)
    }

    /// What the device subscribes to, besides the shop's own topics.
    pub fn all_down(&self) -> String {
        self.down("#")
    }

    /// From the device to the other speakers of its home.
    pub fn to_home(&self, kind: &str) -> String {
        format!("{ROOT}/home/{}/{}/home/{kind}", self.home, self.device)
    }

    /// What every speaker of the home tells the others. No level more: a shop of the name `home` has its own.
    pub fn all_home(&self) -> String {
        format!("{ROOT}/home/{}/+/home/+", self.home)
    }

    /// The device and the kind of a message among the speakers of this very home; `None` for any other topic.
    pub fn parse_home<'a>(&self, topic: &'a str) -> Option<(&'a str, &'a str)> {
        let levels = topic.strip_prefix(ROOT)?.strip_prefix("/home/")?.strip_prefix(self.home.as_str())?;
        let mut levels = levels.strip_prefix('/')?.split('/');
        let (device, home, kind) = (levels.next()?, levels.next()?, levels.next()?);
        (home == "home" && levels.next().is_none() && is_name(device)).then_some((device, kind))
    }

    /// Typed words for the device, from programs of the home.
    pub fn text_in(&self) -> String {
        format!("{ROOT}/home/{}/{}/text/in", self.home, self.device)
    }

    /// The device's answers to them.
    pub fn text_out(&self) -> String {
        format!("{ROOT}/home/{}/{}/text/out", self.home, self.device)
    }

    /// "ON" or "OFF" by whoever may mute the device: plain text, as switches of Home Assistant send it.
    pub fn mute_set(&self) -> String {
        format!("{ROOT}/home/{}/{}/mute/set", self.home, self.device)
    }

    /// Retained, "ON" or "OFF": is the device muted?
    pub fn mute_state(&self) -> String {
        format!("{ROOT}/home/{}/{}/mute/state", self.home, self.device)
    }

    /// Retained: is the device there?
    pub fn device_state(&self) -> String {
        format!("{ROOT}/home/{}/{}/state", self.home, self.device)
    }

    /// `home/HOME/DEVICE`: the source of the device's messages.
    pub fn device_source(&self) -> String {
        sibling_source(&self.home, &self.device)
    }

    /// `HOME.DEVICE`: who it is at the broker, where client ids are one namespace and many homes have a kitchen. No
    /// name has a dot.
    pub fn client_id(&self) -> String {
        format!("{}.{}", self.home, self.device)
    }

    pub fn home(&self) -> &str {
        &self.home
    }

    pub fn device(&self) -> &str {
        &self.device
    }

    pub fn shop(&self) -> &str {
        &self.shop
    }
}

/// `home/HOME/DEVICE`: the source of the messages of any speaker of a home.
pub fn sibling_source(home: &str, device: &str) -> String {
    format!("home/{home}/{device}")
}

/// `shop/SHOP`: the source of a shop's messages.
pub fn shop_source(shop: &str) -> String {
    format!("shop/{shop}")
}

/// Retained: keys, name, languages, currency.
pub fn profile(shop: &str) -> String {
    format!("{ROOT}/shop/{shop}/profile")
}

/// Retained: how the shop's key was handed over, if ever.
pub fn shop_handover(shop: &str) -> String {
    format!("{ROOT}/shop/{shop}/handover")
}

/// Retained: is the shop there?
pub fn shop_state(shop: &str) -> String {
    format!("{ROOT}/shop/{shop}/state")
}

/// Retained: one part of the shop's catalogue, `part` from 1.
pub fn catalog(shop: &str, part: u32) -> String {
    format!("{ROOT}/shop/{shop}/catalog/{part}")
}

pub fn all_catalog(shop: &str) -> String {
    format!("{ROOT}/shop/{shop}/catalog/+")
}

/// Everything that goes up to `shop`, shared among its workers.
pub fn all_up_shared(shop: &str) -> String {
    format!("$share/orders/{}", all_up(shop))
}

/// Everything that goes up to `shop`.
pub fn all_up(shop: &str) -> String {
    format!("{ROOT}/home/+/+/{shop}/up/#")
}

/// From a device that is being paired, `id` as [`Secret::id`](super::pairing::Secret::id) gives it.
pub fn pair_up(id: &str) -> String {
    format!("{ROOT}/pair/{id}/up")
}

/// To a device that is being paired.
pub fn pair_down(id: &str) -> String {
    format!("{ROOT}/pair/{id}/down")
}

/// Everything from devices that are being paired.
pub fn all_pairs() -> String {
    pair_up("+")
}

/// The same, shared among a shop's workers.
pub fn all_pairs_shared() -> String {
    format!("$share/orders/{}", all_pairs())
}

/// The id of the pairing that a message comes from; `None` for any other topic.
pub fn parse_pair(topic: &str) -> Option<&str> {
    let id = topic.strip_prefix(ROOT)?.strip_prefix("/pair/")?.strip_suffix("/up")?;
    is_name(id).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairings_are_told_apart() {
        assert_eq!(parse_pair(&pair_up("pair-00ff")), Some("pair-00ff"));
        for other in [pair_down("pair-00ff"), all_pairs(), pair_up("a/b"), pair_up(""), "".into()] {
            assert_eq!(parse_pair(&other), None, "{other}");
        }
    }

    #[test]
    fn names_that_could_smuggle_a_level_or_a_wildcard_are_refused() {
        for bad in ["", "a/b", "+", "#", "Casa", "caffè", "a b", &"x".repeat(65)] {
            assert!(Route::new(bad, "kitchen", "corner").is_err(), "{bad}");
            assert!(Route::new("casa", "kitchen", bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_speakers_of_one_home_tell_each_other_is_told_apart_from_all_else() {
        let route = Route::new("casa-1", "kitchen", "corner").unwrap();
        let bedroom = Route::new("casa-1", "bedroom", "corner").unwrap();
        assert_eq!(route.parse_home(&bedroom.to_home("order.cancel")), Some(("bedroom", "order.cancel")));
        assert_eq!(route.parse_home(&route.to_home("orders")), Some(("kitchen", "orders")));
        // A shop may be called like that level.
        let shop = Route::new("casa-1", "kitchen", "home").unwrap();
        for other in [
            Route::new("casa-11", "kitchen", "corner").unwrap().to_home("orders"),
            Route::new("casa", "kitchen", "corner").unwrap().to_home("orders"),
            shop.up("order"),
            shop.down("quote"),
            route.device_state(),
            bedroom.to_home("orders/more"),
            "tendero/v1/home/casa-1/+/home/orders".into(),
            "tendero/v1/home/casa-1/bedroom/corner/orders".into(),
            "".into(),
        ] {
            assert_eq!(route.parse_home(&other), None, "{other}");
        }
    }

    #[test]
    fn what_goes_up_is_parsed_back_and_nothing_else() {
        let route = Route::new("casa-1", "kitchen", "corner").unwrap();
        assert_eq!(Route::parse_up(&route.up("order")), Some((route.clone(), "order")));
        for other in [
            route.down("quote"),
            route.device_state(),
            profile("corner"),
            "".into(),
            route.up("order/more"),
            "tendero/v1/home/casa/kitchen/+/up/order".into(),
            "tendero/v2/home/a/b/c/up/order".into(),
        ] {
            assert_eq!(Route::parse_up(&other), None, "{other}");
        }
    }
}
