//! One utterance while it is taken down: which of its sound is whose.

use super::WAKE_TAIL;
use crate::decide::event::{Acoustics, Turn};
use crate::hear::endpoint::Endpoint;
use crate::hear::frontend::{Measure, level_dbfs};
use crate::hear::transcriber::Utterance;
use crate::hear::{HOP, HOP_MS};
use crate::understand::Lang;
use crate::understand::grammar::Expect;

/// Sound before the speech that the recogniser gets, in hops.
const LEAD: usize = 6;
/// And behind it, where the detector of voices has lagged already. It decodes ahead as soon as that has come, so what stands
/// here comes off the time that it has.
const TRAIL: usize = 3;
/// Sound around the voice that is compared with recordings, in hops.
const VOICE_MARGIN: usize = 2;
/// Quiet hops after the wake word by which somebody waits for a sign.
const AWAITED: usize = 5;

/// An utterance that is being taken down.
pub struct Taking {
    pub turn: Option<Turn>,
    pub lang: Lang,
    pub expect: Expect,
    pub endpoint: Endpoint,
    pub samples: Vec<i16>,
    /// Of each hop in `samples`.
    pub measures: Vec<Measure>,
    /// Hops in `samples` from before the endpoint began to count.
    pub before: usize,
    /// Hops for which voice may still be the wake word's.
    pub tail: u32,
    /// Somebody waited after the wake word, and it was told.
    pub awaited: bool,
    pub while_speaking: bool,
    pub wake_ms: u32,
    pub endpoint_ms: u32,
}

impl Taking {
    /// The hop in `samples` at which the speech of this utterance began.
    pub fn first_hop(&self) -> usize {
        self.endpoint.speech_began_ms().map_or(0, |ms| self.before + (ms / HOP_MS) as usize)
    }

    /// What the recogniser gets: the speech with a margin. A command that follows the wake word
    /// closely is decoded with it, so that no first word is cut; the grammar knows the wake word.
    pub fn speech(&self) -> &[i16] {
        let first = self.first_hop();
        let close = self.before > 0 && first <= self.before + WAKE_TAIL as usize + LEAD;
        let from = if close { 0 } else { first.saturating_sub(LEAD) };
        let to = (first + (self.endpoint.speech_ms() / HOP_MS) as usize + TRAIL).min(self.measures.len());
        &self.samples[from.min(to) * HOP..to * HOP]
    }

    pub fn utterance(&self) -> Utterance {
        Utterance { lang: self.lang, expect: self.expect.clone(), samples: self.speech().to_vec() }
    }

    /// Has somebody said the wake word, and nothing since? True once.
    pub fn is_awaited(&self) -> bool {
        let quiet = self.measures.iter().rev().take_while(|measure| !measure.voice).count();
        !self.awaited && self.before > 0 && self.endpoint.speech_began_ms().is_none() && quiet >= AWAITED
    }

    /// Has everything come that the recogniser gets, if nobody says more? True once in each pause.
    pub fn may_be_all(&self) -> bool {
        self.endpoint.quiet_ms() == TRAIL as u32 * HOP_MS
    }

    /// From the first voice to the last, a request with its wake word: what is compared with
    /// recordings. The room on both sides of it is never the same.
    pub fn voiced(&self) -> &[i16] {
        let to =
            (self.first_hop() + (self.endpoint.speech_ms() / HOP_MS) as usize + VOICE_MARGIN).min(self.measures.len());
        let from = if self.before > 0 { 0 } else { self.first_hop().saturating_sub(VOICE_MARGIN).min(to) };
        let first = self.measures[from..to].iter().position(|measure| measure.voice).map_or(from, |at| from + at);
        &self.samples[first.saturating_sub(VOICE_MARGIN) * HOP..to * HOP]
    }

    pub fn acoustics(&self) -> Acoustics {
        let first = self.first_hop().min(self.measures.len());
        let count = (self.endpoint.speech_ms() / HOP_MS) as usize;
        let spoken: Vec<(usize, Measure)> =
            self.measures.iter().copied().enumerate().skip(first).take(count).filter(|(_, m)| m.voice).collect();
        let loud: Vec<i16> =
            spoken.iter().flat_map(|(at, _)| &self.samples[at * HOP..(at + 1) * HOP]).copied().collect();
        let level = (!loud.is_empty()).then(|| level_dbfs(&loud));
        let floor = self.measures.iter().map(|m| m.floor_dbfs).fold(f32::INFINITY, f32::min);
        let quiet_before = self.measures[..first].iter().rev().take_while(|m| !m.voice).count() as u32;
        Acoustics {
            gap_ms: (self.before > 0).then_some(quiet_before * HOP_MS),
            speech_ms: self.endpoint.speech_ms(),
            level_dbfs: level,
            snr_db: level.filter(|_| floor.is_finite()).map(|level| level - floor),
            while_speaking: self.while_speaking,
            playback: None,
            voice: None,
        }
    }
}
