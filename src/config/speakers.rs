//! The other speakers of the home, as a person names them: each with a name of its own and a key of its own.

use super::Home;
use crate::decide::sibling;
use crate::deliver::keys::PublicKey;
use crate::understand::catalog::is_name;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Other speakers of one home.
const MAX_SPEAKERS: usize = 16;

/// Another speaker of the home.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HomeSpeaker {
    /// Its [home] device.
    pub name: String,
    /// Its public key: nothing else is believed to come from it.
    pub key: String,
}

impl Home {
    /// The other speakers with their keys.
    ///
    /// # Panics
    /// Never after [`Config::load`], which has checked every key.
    pub fn siblings(&self) -> BTreeMap<String, PublicKey> {
        let key = |text: &str| text.parse().expect("the keys were checked when the configuration was loaded");
        self.speakers.iter().map(|speaker| (speaker.name.clone(), key(&speaker.key))).collect()
    }

    /// # Errors
    /// The first speaker that can't be one, and why.
    pub(super) fn check_speakers(&self) -> Result<(), String> {
        if self.speakers.len() > MAX_SPEAKERS {
            return Err(format!("{} of them; at most {MAX_SPEAKERS} are possible", self.speakers.len()));
        }
        for (at, HomeSpeaker { name, key }) in self.speakers.iter().enumerate() {
            if !is_name(name) {
                return Err(format!("the name \"{name}\" must be 1 to 64 of the letters a-z, digits and hyphens"));
            }
            if *name == self.device {
                return Err(format!("\"{name}\" is this speaker itself ([home] device); name only the others"));
            }
            if sibling::spoken(name) != name.replace('-', " ") {
                return Err(format!(
                    "the name \"{name}\" can't be said aloud: it holds a wake word or a phrase that orders"
                ));
            }
            let key: PublicKey = key.parse().map_err(|e| format!("the key of \"{name}\": {e}"))?;
            let earlier = &self.speakers[..at];
            if earlier.iter().any(|other| other.name == *name) {
                return Err(format!("\"{name}\" is named twice"));
            }
            if let Some(other) = earlier.iter().find(|other| other.key.trim() == key.to_string()) {
                return Err(format!("\"{}\" and \"{name}\" have the same key; each speaker has its own", other.name));
            }
        }
        Ok(())
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
