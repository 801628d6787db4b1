//! The thread of the ears, and how it gets along with a source that is lost and one that is muted.

use super::{EarCommand, EarEvent, Ears};
use crate::hear::HOP;
use crate::hear::source::{Read, Source};
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::time::Duration;

/// Waiting between two tries to open a lost source.
const BACKOFF_S: std::ops::RangeInclusive<u64> = 1..=30;

/// Gives the ears a thread of their own, which reads `source` until it ends or nobody sends
/// commands any more. A lost source is announced once and tried again after 1 to 30 s.
///
/// # Errors
/// The thread can't be started.
pub fn spawn(
    mut ears: Ears,
    mut source: Box<dyn Source>,
    commands: Receiver<EarCommand>,
    events: impl Fn(EarEvent) + Send + 'static,
) -> std::io::Result<std::thread::JoinHandle<()>> {
    std::thread::Builder::new().name("ears".into()).spawn(move || {
        let mut hop = [0; HOP];
        let mut lost_s: Option<u64> = None;
        while obey(&mut ears, source.as_mut(), &commands, &events) {
            match source.read(&mut hop) {
                Ok(Read::Hop) => {
                    if lost_s.take().is_some() {
                        events(EarEvent::SourceBack);
                    }
                    ears.push(&hop).into_iter().for_each(&events);
                }
                Ok(Read::End) => {
                    ears.end().into_iter().for_each(&events);
                    return;
                }
                Err(why) => {
                    if lost_s.is_none() {
                        events(EarEvent::SourceLost { why: format!("{why:#}") });
                    }
                    let wait_s = lost_s.map_or(*BACKOFF_S.start(), |s| (s * 2).min(*BACKOFF_S.end()));
                    lost_s = Some(wait_s);
                    if !wait(&mut ears, &commands, &events, Duration::from_secs(wait_s)) {
                        return;
                    }
                }
            }
        }
    })
}

/// Carries out what waits; while muted it waits here and lets go of the source. False: nobody is left.
fn obey(ears: &mut Ears, source: &mut dyn Source, commands: &Receiver<EarCommand>, events: &impl Fn(EarEvent)) -> bool {
    loop {
        let command = if ears.muted() {
            source.pause();
            match commands.recv() {
                Ok(command) => command,
                Err(_) => return false,
            }
        } else {
            match commands.try_recv() {
                Ok(command) => command,
                Err(TryRecvError::Empty) => return true,
                Err(TryRecvError::Disconnected) => return false,
            }
        };
        ears.command(command).into_iter().for_each(events);
    }
}

/// Waits before the next try, and still obeys. False: nobody is left.
fn wait(ears: &mut Ears, commands: &Receiver<EarCommand>, events: &impl Fn(EarEvent), how_long: Duration) -> bool {
    match commands.recv_timeout(how_long) {
        Ok(command) => {
            ears.command(command).into_iter().for_each(events);
            true
        }
        Err(RecvTimeoutError::Timeout) => true,
        Err(RecvTimeoutError::Disconnected) => false,
    }
}
