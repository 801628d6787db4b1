//! When an utterance begins and ends. Pure: measures of hops in, a verdict out.
//!
//! Counts hops, not a clock, so that sound which is processed faster than it was spoken ends
//! where it would have ended live.

use super::HOP_MS;
use crate::understand::grammar::Expect;

/// Silence that ends a word, and an answer to a read-back: with what the detector of voices lags, 700 ms after it.
const WORD_TRAIL_MS: u32 = 480;
/// Silence that ends a longer answer: a name out of a few.
const ANSWER_TRAIL_MS: u32 = 640;
/// Silence that ends a command: people stop to think what else has run out. So they do between a phrase and two words
/// that they must remember.
const COMMAND_TRAIL_MS: u32 = 1_200;
/// A longer answer is more than a word.
const ONE_WORD_MS: u32 = 480;
/// The longest utterance; what is longer is talk, and is cut here.
const MAX_UTTERANCE_MS: u32 = 15_000;
/// Voice for less than this is a click or a cough.
const MIN_SPEECH_MS: u32 = 160;

/// What to do after a hop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Nobody has spoken so far.
    Waiting,
    /// In the utterance, or in a pause of it.
    Speaking,
    /// The utterance has ended.
    Ended,
    /// The window has passed and nobody spoke.
    Silence,
}

/// Watches one utterance.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// Silence that ends a word, and what is more than a word.
    word_trail_ms: u32,
    trail_ms: u32,
    window_ms: u32,
    elapsed_ms: u32,
    /// When voice was first and last heard, since the beginning, and how much of it.
    first_ms: Option<u32>,
    last_ms: u32,
    voice_ms: u32,
}

impl Endpoint {
    /// Silence is declared after `window_ms` without speech.
    pub fn new(expect: &Expect, window_ms: u32) -> Endpoint {
        let (word_trail_ms, trail_ms) = match expect {
            Expect::Command => (COMMAND_TRAIL_MS, COMMAND_TRAIL_MS),
            Expect::Challenge { .. } => (WORD_TRAIL_MS, COMMAND_TRAIL_MS),
            Expect::Confirm => (WORD_TRAIL_MS, WORD_TRAIL_MS),
            Expect::Choice { .. } | Expect::Words { .. } => (WORD_TRAIL_MS, ANSWER_TRAIL_MS),
        };
        Endpoint { word_trail_ms, trail_ms, window_ms, elapsed_ms: 0, first_ms: None, last_ms: 0, voice_ms: 0 }
    }

    /// The next hop: was there voice in it?
    pub fn push(&mut self, voice: bool) -> Verdict {
        let began_ms = self.elapsed_ms;
        self.elapsed_ms += HOP_MS;
        if voice {
            self.first_ms.get_or_insert(began_ms);
            self.last_ms = self.elapsed_ms;
            self.voice_ms += HOP_MS;
        }
        match self.first_ms {
            Some(first_ms) if self.elapsed_ms - first_ms >= MAX_UTTERANCE_MS => Verdict::Ended,
            Some(_) if self.quiet_ms() < self.trail_ms() => Verdict::Speaking,
            Some(_) if self.voice_ms >= MIN_SPEECH_MS => Verdict::Ended,
            Some(_) => {
                // A click: as if it had not been.
                (self.first_ms, self.voice_ms) = (None, 0);
                self.unspoken()
            }
            None => self.unspoken(),
        }
    }

    /// When voice was first heard, milliseconds since the beginning.
    pub fn speech_began_ms(&self) -> Option<u32> {
        self.first_ms
    }

    /// From the first to the last voice, milliseconds.
    pub fn speech_ms(&self) -> u32 {
        self.first_ms.map_or(0, |first| self.last_ms.saturating_sub(first))
    }

    /// How long nobody has spoken after having spoken, milliseconds.
    pub fn quiet_ms(&self) -> u32 {
        self.first_ms.map_or(0, |_| self.elapsed_ms - self.last_ms)
    }

    fn trail_ms(&self) -> u32 {
        if self.speech_ms() <= ONE_WORD_MS { self.word_trail_ms } else { self.trail_ms }
    }

    fn unspoken(&self) -> Verdict {
        if self.elapsed_ms >= self.window_ms { Verdict::Silence } else { Verdict::Waiting }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `v` is a hop of voice, anything else a quiet one. The verdicts that differ from the one
    /// before, and when they came.
    fn verdicts(expect: &Expect, window_ms: u32, hops: &str) -> Vec<(u32, Verdict)> {
        let mut endpoint = Endpoint::new(expect, window_ms);
        let mut out: Vec<(u32, Verdict)> = Vec::new();
        for (at, hop) in hops.chars().enumerate() {
            let verdict = endpoint.push(hop == 'v');
            if out.last().is_none_or(|(_, last)| *last != verdict) {
                out.push(((at as u32 + 1) * HOP_MS, verdict));
            }
        }
        out
    }

    #[test]
    fn a_one_word_answer_ends_within_700_ms() {
        let found = verdicts(&Expect::Confirm, 5_000, "..vvvv............");
        assert_eq!(found, [(80, Verdict::Waiting), (240, Verdict::Speaking), (480 + 480, Verdict::Ended)]);
    }

    #[test]
    fn a_pause_of_a_second_does_not_cut_a_command() {
        let hops = format!("vvvv{}vvvv{}", ".".repeat(12), ".".repeat(15));
        let ended = verdicts(&Expect::Command, 5_000, &hops).into_iter().find(|(_, v)| *v == Verdict::Ended).unwrap();
        assert_eq!(ended.0, (4 + 12 + 4 + 15) * HOP_MS);
    }

    #[test]
    fn a_phrase_with_words_to_remember_may_have_a_pause_and_a_bare_no_need_not() {
        let challenge = Expect::Challenge { words: vec!["turtle".into(), "dinner".into()] };
        let ended = |hops: &str| {
            verdicts(&challenge, 5_000, hops).into_iter().find(|(_, v)| *v == Verdict::Ended).unwrap().0 / HOP_MS
        };
        assert_eq!(ended(&format!("vvvvvvvvv{}vvvvv{}", ".".repeat(13), ".".repeat(20))), 9 + 13 + 5 + 15);
        assert_eq!(ended(&format!("vvv{}", ".".repeat(20))), 3 + 6);
    }

    #[test]
    fn a_window_without_speech_is_silence() {
        assert_eq!(verdicts(&Expect::Confirm, 800, &".".repeat(10)).last(), Some(&(800, Verdict::Silence)));
    }

    #[test]
    fn a_click_is_no_speech() {
        let found = verdicts(&Expect::Confirm, 2_000, &format!("...v{}", ".".repeat(21)));
        assert_eq!(found.last(), Some(&(2_000, Verdict::Silence)), "{found:?}");
    }

    #[test]
    fn endless_talk_is_cut() {
        let ended = verdicts(&Expect::Command, 5_000, &"v".repeat(300))
            .into_iter()
            .find(|(_, v)| *v == Verdict::Ended)
            .unwrap();
        assert!(ended.0 <= MAX_UTTERANCE_MS + HOP_MS);
    }

    #[test]
    fn lengths_are_measured() {
        let mut endpoint = Endpoint::new(&Expect::Command, 5_000);
        for voice in [false, false, true, true, false, true, false] {
            endpoint.push(voice);
        }
        assert_eq!((endpoint.speech_began_ms(), endpoint.speech_ms()), (Some(160), 320));
    }
}
