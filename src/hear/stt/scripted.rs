//! An engine without ears: what it "hears" is what was written into its script.
//!
//! For tests of everything behind the recogniser. Looks at no sample and no grammar; an
//! utterance beyond the end of the script is silence.

use super::{Stt, nothing_heard};
use crate::decide::event::Hypothesis;
use crate::understand::grammar::Grammar;
use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

/// Most utterances that wait in a script; more are refused.
const MAX_WAITING: usize = 10_000;

/// The script: clones share it, so a test writes while the ears read.
#[derive(Debug, Clone, Default)]
pub struct Script(Arc<Mutex<VecDeque<Vec<Hypothesis>>>>);

impl Script {
    /// The next utterance will be heard as `text`, for certain.
    pub fn say(&self, text: &str) {
        self.say_nbest(vec![Hypothesis { text: text.to_owned(), confidence: 1.0 }]);
    }

    /// The next utterance will be heard as `nbest`, best first; an empty list is silence.
    pub fn say_nbest(&self, nbest: Vec<Hypothesis>) {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        assert!(waiting.len() < MAX_WAITING, "a script of more than {MAX_WAITING} utterances is a fault of the test");
        waiting.push_back(if nbest.is_empty() { nothing_heard() } else { nbest });
    }

    fn next(&self) -> Vec<Hypothesis> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop_front().unwrap_or_else(nothing_heard)
    }
}

/// The engine that reads a [`Script`].
#[derive(Debug, Clone, Default)]
pub struct Scripted {
    script: Script,
    prepared: BTreeSet<String>,
}

impl Scripted {
    pub fn new(script: Script) -> Scripted {
        Scripted { script, prepared: BTreeSet::new() }
    }
}

impl Stt for Scripted {
    fn name(&self) -> &'static str {
        "scripted"
    }

    fn prepare(&mut self, key: &str, _grammar: &Grammar) -> anyhow::Result<()> {
        self.prepared.insert(key.to_owned());
        Ok(())
    }

    fn forget(&mut self, key: &str) {
        self.prepared.remove(key);
    }

    fn transcribe(&mut self, key: &str, _samples: &[i16], n: usize) -> anyhow::Result<Vec<Hypothesis>> {
        anyhow::ensure!(self.prepared.contains(key), "no grammar \"{key}\" was prepared");
        let mut nbest = self.script.next();
        nbest.truncate(n.max(1));
        Ok(nbest)
    }

    /// A line of the script is read once.
    fn has_head_start(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_its_script_and_then_hears_nothing() {
        let script = Script::default();
        let mut stt = Scripted::new(script.clone());
        stt.prepare("g", &Grammar::default()).unwrap();
        script.say("order it");
        assert_eq!(stt.transcribe("g", &[], 5).unwrap()[0].text, "order it");
        assert_eq!(stt.transcribe("g", &[], 5).unwrap(), nothing_heard());
        stt.forget("g");
        assert!(stt.transcribe("g", &[], 5).is_err());
    }
}
