//! Who may type over the broker.

use super::named::{self, NamedKey};
use crate::deliver::keys::PublicKey;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Typed words that come over the broker.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Text {
    /// Programs that bring them and sign, at most 16: [{ name = "messenger", key = "ed25519:..." }]. What they bring counts as
    /// typed at the device, the PIN included: a bridge must know who types.
    pub bridges: Vec<NamedKey>,
    /// Take them without a signature, too, from whoever may write on the topic at the broker: enough for Home Assistant, say.
    /// Every order that is typed there needs an adult at the device, and no PIN is taken.
    pub open: bool,
}

impl Text {
    /// The bridges with their keys.
    ///
    /// # Panics
    /// Never after [`Config::load`](super::Config::load), which has checked every key.
    pub fn keys(&self) -> BTreeMap<String, PublicKey> {
        named::keys(&self.bridges)
    }

    /// # Errors
    /// The first bridge that can't be one, and why.
    pub(super) fn check(&self) -> Result<(), String> {
        named::check(&self.bridges, "bridge", |_| Ok(()))
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
