//! A wake word that is heard where a script says, for tests and for feeds without sound.
//! Never looks at the samples.

use super::Wake;
use crate::hear::Hop;
use std::collections::BTreeSet;

/// Fires at given hops.
#[derive(Debug, Clone)]
pub struct Scripted {
    hops: BTreeSet<u64>,
    next: u64,
}

impl Scripted {
    /// Fires at the hops with these numbers; the first hop that is pushed is number 0.
    pub fn at(hops: impl IntoIterator<Item = u64>) -> Scripted {
        Scripted { hops: hops.into_iter().collect(), next: 0 }
    }
}

impl Wake for Scripted {
    fn push(&mut self, _hop: &Hop) -> Option<f32> {
        let hop = self.next;
        self.next += 1;
        self.hops.contains(&hop).then_some(1.0)
    }

    /// Keeps counting: the script counts all hops, not those since the last reset.
    fn reset(&mut self) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hear::HOP;

    #[test]
    fn fires_at_its_hops_and_nowhere_else() {
        let mut wake = Scripted::at([1, 3]);
        let mut fired = Vec::new();
        for hop in 0..5 {
            if hop == 2 {
                wake.reset();
            }
            fired.push(wake.push(&[0; HOP]));
        }
        assert_eq!(fired, [None, Some(1.0), None, Some(1.0), None]);
    }
}
