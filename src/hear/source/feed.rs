//! A source that another thread pushes samples into: the demo, tests.

use super::{Read, Source};
use crate::hear::{HOP, Hop};
use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// The end that is pushed into. The feed ends when every feeder is dropped.
#[derive(Debug, Clone)]
pub struct Feeder(SyncSender<Vec<i16>>);

/// Nobody listens any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the ears have gone; nobody reads this feed any more")]
pub struct Unheard;

impl Feeder {
    /// Hands over `samples` (16 kHz mono, any number); waits while the feed is full.
    ///
    /// # Errors
    /// The feed was dropped.
    pub fn push(&self, samples: &[i16]) -> Result<(), Unheard> {
        samples.chunks(HOP).try_for_each(|chunk| self.0.send(chunk.to_vec()).map_err(|_| Unheard))
    }
}

/// The end that the ears read.
#[derive(Debug)]
pub struct Feed {
    chunks: Receiver<Vec<i16>>,
    waiting: VecDeque<i16>,
}

/// A feed that holds at most `hops` hops of 80 ms before [`Feeder::push`] waits.
pub fn feed(hops: usize) -> (Feeder, Feed) {
    let (send, receive) = sync_channel(hops.max(1));
    (Feeder(send), Feed { chunks: receive, waiting: VecDeque::new() })
}

impl Source for Feed {
    fn read(&mut self, hop: &mut Hop) -> anyhow::Result<Read> {
        while self.waiting.len() < HOP {
            match self.chunks.recv() {
                Ok(chunk) => self.waiting.extend(chunk),
                Err(_) => break, // every feeder is gone
            }
        }
        Ok(take_hop(&mut self.waiting, hop))
    }

    fn pause(&mut self) {
        self.waiting.clear();
    }
}

/// Moves a hop out of `waiting`; a last piece is filled up with silence.
pub(super) fn take_hop(waiting: &mut VecDeque<i16>, hop: &mut Hop) -> Read {
    hop.fill(0);
    if waiting.is_empty() {
        return Read::End;
    }
    let count = waiting.len().min(HOP);
    for (sample, to) in waiting.drain(..count).zip(hop.iter_mut()) {
        *to = sample;
    }
    Read::Hop
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_become_hops_and_the_last_is_padded() {
        let (feeder, mut feed) = feed(8);
        feeder.push(&[1; 1_000]).unwrap();
        feeder.push(&[2; 1_000]).unwrap();
        drop(feeder);
        let mut hop = [0; HOP];
        assert_eq!(feed.read(&mut hop).unwrap(), Read::Hop);
        assert_eq!((hop[999], hop[1_000], hop[HOP - 1]), (1, 2, 2));
        assert_eq!(feed.read(&mut hop).unwrap(), Read::Hop);
        assert_eq!((hop[719], hop[720]), (2, 0));
        assert_eq!(feed.read(&mut hop).unwrap(), Read::End);
        assert_eq!(hop, [0; HOP]);
    }

    #[test]
    fn a_feed_that_was_dropped_is_an_error() {
        let (feeder, feed) = feed(1);
        drop(feed);
        assert_eq!(feeder.push(&[0; 10]), Err(Unheard));
    }
}
