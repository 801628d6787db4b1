//! When an utterance begins and ends. Pure.
