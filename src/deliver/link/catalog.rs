//! Puts the parts of a shop's catalogue together; the last good one stays until the next is whole.

use crate::understand::catalog::Catalog;
use std::collections::BTreeMap;

/// A catalogue of more parts than this is not taken.
const MAX_PARTS: u32 = 256;

#[derive(Default)]
pub struct Parts {
    /// The version that was handed on last.
    done: Option<u64>,
    version: u64,
    parts: BTreeMap<u32, Catalog>,
}

impl Parts {
    /// Takes one verified part; gives the whole catalogue out when it was the last one missing.
    ///
    /// # Errors
    /// What is wrong with the part or with the whole.
    pub fn add(&mut self, part: Catalog) -> Result<Option<Catalog>, String> {
        if part.parts > MAX_PARTS {
            return Err(format!("a catalogue of {} parts; at most {MAX_PARTS} are taken", part.parts));
        }
        if self.done.is_some_and(|done| part.version <= done) || part.version < self.version {
            return Ok(None); // an older one that was still under way
        }
        if part.version > self.version {
            self.version = part.version;
            self.parts.clear();
        }
        let total = part.parts;
        self.parts.retain(|_, known| known.parts == total && known.currency == part.currency);
        self.parts.insert(part.part, part);
        if self.parts.len() != usize::try_from(total).unwrap_or(usize::MAX) {
            return Ok(None);
        }
        let mut parts = std::mem::take(&mut self.parts).into_values();
        let Some(mut whole) = parts.next() else { return Ok(None) };
        whole.products.extend(parts.flat_map(|part| part.products));
        (whole.part, whole.parts) = (1, 1);
        // The same check as for a file: the parts may be fine and the whole not.
        let text = serde_json::to_string(&whole).map_err(|e| e.to_string())?;
        let whole = Catalog::from_json(&text).map_err(|e| e.to_string())?;
        self.done = Some(whole.version);
        Ok(Some(whole))
    }
}
