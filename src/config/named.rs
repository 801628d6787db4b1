//! Others on the broker, as a person names them: each with a name of its own and a key of its own.

use crate::deliver::keys::PublicKey;
use crate::understand::catalog::is_name;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Entries of one list.
const MAX: usize = 16;

/// Another speaker of the home, or a program that brings typed words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NamedKey {
    /// A speaker's device, as its own configuration has it; a bridge's name as its answers have it.
    pub name: String,
    /// Its public key: nothing else is believed to come from it.
    pub key: String,
}

/// Each name with its key.
///
/// # Panics
/// Never after [`Config::load`](super::Config::load), which has checked every key.
pub(super) fn keys(list: &[NamedKey]) -> BTreeMap<String, PublicKey> {
    let key = |text: &str| text.parse().expect("the keys were checked when the configuration was loaded");
    list.iter().map(|one| (one.name.clone(), key(&one.key))).collect()
}

/// `what` one of them is called; `fits` looks at what is of such a name only. Two of one key can't be told apart: a message of one
/// could be said again as the other's.
///
/// # Errors
/// The first that can't be one, and why.
pub(super) fn check(list: &[NamedKey], what: &str, fits: impl Fn(&str) -> Result<(), String>) -> Result<(), String> {
    if list.len() > MAX {
        return Err(format!("{} of them; at most {MAX} are possible", list.len()));
    }
    for (at, NamedKey { name, key }) in list.iter().enumerate() {
        if !is_name(name) {
            return Err(format!("the name \"{name}\" must be 1 to 64 of the letters a-z, digits and hyphens"));
        }
        fits(name)?;
        let key: PublicKey = key.parse().map_err(|e| format!("the key of \"{name}\": {e}"))?;
        let earlier = &list[..at];
        if earlier.iter().any(|other| other.name == *name) {
            return Err(format!("\"{name}\" is named twice"));
        }
        if let Some(other) = earlier.iter().find(|other| other.key.trim() == key.to_string()) {
            return Err(format!("\"{}\" and \"{name}\" have the same key; each {what} has its own", other.name));
        }
    }
    Ok(())
}
