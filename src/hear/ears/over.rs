//! What is heard while the speaker talks: its own voice is taken out first, and what is left is looked at for the wake word
//! and for a word that stops it. Nothing of it is ever part of an answer.

use super::Cleaner;
use crate::hear::endpoint::{Endpoint, Verdict};
use crate::hear::frontend::{Frontend, Measure};
use crate::hear::{HOP, Hop};
use crate::understand::grammar::Expect;

/// Hops of sound that are kept before a voice is sure, and after it.
const MARGIN: usize = 4;
/// "Stop" is a word or two; what is longer is talk, milliseconds.
const LONGEST_MS: u32 = 1_600;
/// Hops that are kept at most: that, the silence that ends it, and margins.
const MOST: usize = 40;
/// A window that never ends: nobody is waited for.
const NO_WINDOW_MS: u32 = u32::MAX;

pub struct Over {
    clean: Cleaner,
    frontend: Frontend,
    endpoint: Endpoint,
    /// Of the voice that may be a word, with a margin.
    samples: Vec<i16>,
    ended: bool,
}

impl Over {
    pub fn new(clean: Cleaner) -> Over {
        Over { clean, frontend: Frontend::default(), endpoint: endpoint(), samples: Vec::new(), ended: false }
    }

    /// The next hop, without the speaker, and what it is like.
    pub fn take(&mut self, hop: &Hop) -> (Hop, Measure) {
        let clean = (self.clean)(hop);
        let measure = self.frontend.push(&clean);
        self.samples.extend_from_slice(&clean);
        match self.endpoint.push(measure.voice) {
            Verdict::Waiting | Verdict::Silence => {
                let over = self.samples.len().saturating_sub(MARGIN * HOP);
                self.samples.drain(..over);
            }
            Verdict::Speaking if self.samples.len() > MOST * HOP || self.endpoint.speech_ms() > LONGEST_MS => {
                self.begin()
            }
            Verdict::Speaking => {}
            Verdict::Ended => self.ended = true,
        }
        (clean, measure)
    }

    /// A word that has just ended.
    pub fn word(&mut self) -> Option<Vec<i16>> {
        let word = self.ended.then(|| std::mem::take(&mut self.samples));
        if word.is_some() {
            self.begin();
        }
        word
    }

    /// Forgets what it has heard, but not the room.
    pub fn reset(&mut self) {
        self.frontend.reset();
        self.begin();
    }

    fn begin(&mut self) {
        (self.endpoint, self.ended) = (endpoint(), false);
        self.samples.clear();
    }
}

fn endpoint() -> Endpoint {
    Endpoint::new(&Expect::Confirm, NO_WINDOW_MS)
}
