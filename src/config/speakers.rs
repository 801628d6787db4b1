//! The other speakers of the home.

use super::{Home, named};
use crate::decide::sibling;
use crate::deliver::keys::PublicKey;
use std::collections::BTreeMap;

impl Home {
    /// The other speakers with their keys.
    ///
    /// # Panics
    /// Never after [`Config::load`](super::Config::load), which has checked every key.
    pub fn siblings(&self) -> BTreeMap<String, PublicKey> {
        named::keys(&self.speakers)
    }

    /// # Errors
    /// The first speaker that can't be one, and why.
    pub(super) fn check_speakers(&self) -> Result<(), String> {
        named::check(&self.speakers, "speaker", |name| {
            if name == self.device {
                return Err(format!("\"{name}\" is this speaker itself ([home] device); name only the others"));
            }
            if sibling::spoken(name) != name.replace('-', " ") {
                return Err(format!(
                    "the name \"{name}\" can't be said aloud: it holds a wake word or a phrase that orders"
                ));
            }
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::Config;
    use std::path::Path;

    fn error(text: &str) -> String {
        Config::parse(text, Path::new("t.toml")).expect_err("this configuration is wrong").to_string()
    }

    #[test]
    fn speakers_of_the_home_are_named_once_and_never_this_one() {
        let key = |seed| crate::deliver::keys::Keys::from_seed(&[seed; 32]).public().to_string();
        let speakers = |list: &[(&str, &str)]| {
            let list: Vec<String> =
                list.iter().map(|(name, key)| format!("{{ name = \"{name}\", key = \"{key}\" }}")).collect();
            format!("[home]\ndevice = \"kitchen\"\nspeakers = [{}]", list.join(", "))
        };
        let fine = speakers(&[("bedroom", &key(1)), ("living-room", &key(2))]);
        let config = Config::parse(&fine, Path::new("t.toml")).expect("two other speakers are fine");
        assert_eq!(config.home.siblings().keys().collect::<Vec<_>>(), ["bedroom", "living-room"]);
        let as_sections = format!("[home]\n[[home.speakers]]\nname = \"bedroom\"\nkey = \"{}\"", key(1));
        assert!(Config::parse(&as_sections, Path::new("t.toml")).is_ok());
        for (list, expected) in [
            (vec![("Bed room", key(1))], "must be 1 to 64"),
            (vec![("kitchen", key(1))], "this speaker itself"),
            (vec![("bedroom", key(1)), ("bedroom", key(2))], "named twice"),
            (vec![("bedroom", key(1)), ("attic", key(1))], "\"bedroom\" and \"attic\" have the same key"),
            (vec![("bedroom", "ed25519:x".into())], "the key of \"bedroom\""),
            (vec![("order-it", key(1))], "can't be said aloud"),
        ] {
            let list: Vec<(&str, &str)> = list.iter().map(|(name, key)| (*name, key.as_str())).collect();
            let message = error(&speakers(&list));
            assert!(message.contains("[home] speakers: ") && message.contains(expected), "{message}");
        }
        assert!(error("[home]\n[[home.speakers]]\nname = \"attic\"").contains("t.toml:2: missing field `key`"));
    }
}
