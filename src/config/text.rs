//! Who may type over the broker.

use crate::deliver::keys::PublicKey;
use crate::understand::catalog::is_name;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Bridges of one speaker.
const MAX_BRIDGES: usize = 16;

/// Typed words that come over the broker.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Text {
    /// Programs that bring them and sign, at most 16: [{ name = "messenger", key = "ed25519:..." }]. What they bring counts as
    /// typed at the device, the PIN included: a bridge must know who types.
    pub bridges: Vec<Bridge>,
    /// Take them without a signature, too, from whoever may write on the topic at the broker: enough for Home Assistant, say.
    /// Every order that is typed there needs an adult at the device, and no PIN is taken.
    pub open: bool,
}

/// A program that brings typed words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Bridge {
    /// As its answers name it: a-z, 0-9 and hyphens.
    pub name: String,
    /// Its public key.
    pub key: String,
}

impl Text {
    /// The bridges with their keys.
    ///
    /// # Panics
    /// Never after [`Config::load`](super::Config::load), which has checked every key.
    pub fn keys(&self) -> BTreeMap<String, PublicKey> {
        let key = |text: &str| text.parse().expect("the keys were checked when the configuration was loaded");
        self.bridges.iter().map(|bridge| (bridge.name.clone(), key(&bridge.key))).collect()
    }

    /// # Errors
    /// The first bridge that can't be one, and why.
    pub(super) fn check(&self) -> Result<(), String> {
        if self.bridges.len() > MAX_BRIDGES {
            return Err(format!("{} of them; at most {MAX_BRIDGES} are possible", self.bridges.len()));
        }
        for (at, Bridge { name, key }) in self.bridges.iter().enumerate() {
            if !is_name(name) {
                return Err(format!("the name \"{name}\" must be 1 to 64 of the letters a-z, digits and hyphens"));
            }
            let key: PublicKey = key.parse().map_err(|e| format!("the key of \"{name}\": {e}"))?;
            for earlier in &self.bridges[..at] {
                if earlier.name == *name {
                    return Err(format!("\"{name}\" is named twice"));
                }
                // Else a message of one could be said again as the other's.
                if earlier.key.trim() == key.to_string() {
                    return Err(format!("\"{}\" and \"{name}\" have the same key; each has its own", earlier.name));
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::Config;
    use std::path::Path;

    #[test]
    fn each_bridge_has_a_name_and_a_key_of_its_own() {
        let key = |seed| crate::deliver::keys::Keys::from_seed(&[seed; 32]).public().to_string();
        let parse = |list: &[(&str, String)]| {
            let list: Vec<String> =
                list.iter().map(|(name, key)| format!("{{ name = \"{name}\", key = \"{key}\" }}")).collect();
            Config::parse(&format!("[text]\nbridges = [{}]", list.join(", ")), Path::new("t.toml"))
        };
        let fine = parse(&[("messenger", key(1)), ("panel", key(2))]).expect("two bridges are fine");
        assert_eq!(fine.text.keys().keys().collect::<Vec<_>>(), ["messenger", "panel"]);
        assert!(!fine.text.open, "nothing is open that nobody opened");
        for (list, expected) in [
            (vec![("A b", key(1))], "must be 1 to 64"),
            (vec![("a", "ed25519:x".into())], "the key of \"a\""),
            (vec![("a", key(1)), ("a", key(2))], "named twice"),
            (vec![("a", key(1)), ("b", key(1))], "have the same key"),
        ] {
            let message = parse(&list).expect_err("this configuration is wrong").to_string();
            assert!(message.contains("[text] bridges: ") && message.contains(expected), "{message}");
        }
    }
}
